//! A client that behaves: within its rates, and waits for its answers.

use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::{self, Message, WebSocket};

use super::measure::Window;

/// On two connections in turn: below fifty messages a second on each, and a hundred from its address.
const EVERY: Duration = Duration::from_micros(10_500);

/// On two connections, of which each lives on another shard where there are two.
pub(crate) struct Trader {
    sockets: [WebSocket<TcpStream>; 2],
    turn: usize,
    placed: usize,
}

impl Trader {
    pub(crate) fn connect(address: SocketAddr, token: &str) -> Trader {
        let mut trader = Trader {
            sockets: [open(address), open(address)],
            turn: 0,
            placed: 0,
        };
        for _ in 0..trader.sockets.len() {
            let (answer, _) = trader.ask(json!({"type": "authenticate", "token": token}));
            assert_eq!(answer["type"], "authenticated", "{answer}");
        }
        trader
    }

    /// Places so many orders, one after the other, and says how long they took to be answered.
    pub(crate) fn place_for(&mut self, count: usize) -> Window {
        Window::of((0..count).map(|_| self.place()).collect())
    }

    fn place(&mut self) -> Duration {
        std::thread::sleep(EVERY);
        let data = json!({"pair": "LUXURY001/XRP", "side": "buy", "amount": "0.01",
            "price": format!("{}.00", 600 + self.placed % 300)});
        let order = json!({"type": "place_order", "orderType": "limit", "orderData": data});
        let (answer, took) = self.ask(order);
        assert_eq!(answer["type"], "order_placed", "{answer}");
        self.placed += 1;
        took
    }

    pub(crate) fn check_that_nothing_is_forgotten(&mut self) {
        let mut known = 0;
        let mut after = Value::Null;
        loop {
            std::thread::sleep(EVERY);
            let (answer, _) = self.ask(json!({"type": "get_orders", "after": after}));
            known += answer["result"]["orders"].as_array().unwrap().len();
            after = answer["result"]["nextAfter"].clone();
            if after.is_null() {
                break;
            }
        }
        assert_eq!(known, self.placed);
    }

    /// The answer, and how long it took: from the send call until its last byte was here. What the test
    /// does to check it is not the gateway's.
    fn ask(&mut self, message: Value) -> (Value, Duration) {
        testkit::contract::sent(&message);
        let message = Message::text(message.to_string());
        self.turn = (self.turn + 1) % self.sockets.len();
        let socket = &mut self.sockets[self.turn];
        let began = Instant::now();
        socket.send(message).unwrap();
        loop {
            let read = socket.read().unwrap();
            let took = began.elapsed();
            match read {
                Message::Text(text) => {
                    let message: Value = serde_json::from_str(&text).unwrap();
                    testkit::contract::received(&message);
                    if message["type"] != "connection_stats" {
                        return (message, took);
                    }
                }
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }
}

fn open(address: SocketAddr) -> WebSocket<TcpStream> {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_nodelay(true).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    let (socket, _) = tungstenite::client(format!("ws://{address}/"), stream).unwrap();
    socket
}
