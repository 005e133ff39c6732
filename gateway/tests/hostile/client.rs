//! A client that behaves: within its rates, and waits for its answers.

use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::{self, Message, WebSocket};

/// Below fifty messages a second.
const EVERY: Duration = Duration::from_millis(21);

pub(crate) struct Trader {
    socket: WebSocket<TcpStream>,
    placed: usize,
}

impl Trader {
    pub(crate) fn connect(address: SocketAddr, token: &str) -> Trader {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(20)))
            .unwrap();
        let (socket, _) = tungstenite::client(format!("ws://{address}/"), stream).unwrap();
        let mut trader = Trader { socket, placed: 0 };
        let answer = trader.ask(json!({"type": "authenticate", "token": token}));
        assert_eq!(answer["type"], "authenticated", "{answer}");
        trader
    }

    /// Places so many orders, one after the other, and says how long the slowest but one in a
    /// hundred took to be answered.
    pub(crate) fn place_for(&mut self, count: usize) -> Duration {
        let mut times: Vec<Duration> = (0..count).map(|_| self.place()).collect();
        times.sort_unstable();
        times[(count * 99 / 100).min(count - 1)]
    }

    fn place(&mut self) -> Duration {
        std::thread::sleep(EVERY);
        let data = json!({"pair": "LUXURY001/XRP", "side": "buy", "amount": "0.01",
            "price": format!("{}.00", 600 + self.placed % 300)});
        let order = json!({"type": "place_order", "orderType": "limit", "orderData": data});
        let began = Instant::now();
        let answer = self.ask(order);
        let took = began.elapsed();
        assert_eq!(answer["type"], "order_placed", "{answer}");
        self.placed += 1;
        took
    }

    pub(crate) fn check_that_nothing_is_forgotten(&mut self) {
        let mut known = 0;
        let mut after = Value::Null;
        loop {
            std::thread::sleep(EVERY);
            let answer = self.ask(json!({"type": "get_orders", "after": after}));
            known += answer["result"]["orders"].as_array().unwrap().len();
            after = answer["result"]["nextAfter"].clone();
            if after.is_null() {
                break;
            }
        }
        assert_eq!(known, self.placed);
    }

    fn ask(&mut self, message: Value) -> Value {
        testkit::contract::sent(&message);
        self.socket
            .send(Message::text(message.to_string()))
            .unwrap();
        loop {
            match self.socket.read().unwrap() {
                Message::Text(text) => {
                    let message: Value = serde_json::from_str(&text).unwrap();
                    testkit::contract::received(&message);
                    if message["type"] != "connection_stats" {
                        return message;
                    }
                }
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }
}
