//! Those who trade on margin: their counter has no gap, and their positions are the server's.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::time::Duration;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};
use tokio::time::{MissedTickBehavior, interval};

use super::market::PAIRS;
use super::user::{Socket, connect, hear, say, text};

const EVERY: Duration = Duration::from_millis(700);

/// One of them, and what it was told.
pub(crate) struct MarginTrader {
    pub(crate) name: String,
    token: String,
    random: ChaCha8Rng,
    asked: u64,
    waiting: usize,
    sequence: u64,
    placed: BTreeSet<String>,
    pub(crate) orders: BTreeSet<String>,
    pub(crate) fills: Vec<Value>,
    positions: BTreeMap<String, Value>,
    pub(crate) opened: usize,
}

impl MarginTrader {
    pub(crate) fn new(number: u8, name: String, token: String) -> MarginTrader {
        MarginTrader {
            name,
            token,
            random: ChaCha8Rng::seed_from_u64(u64::from(number)),
            asked: 0,
            waiting: 0,
            sequence: 0,
            placed: BTreeSet::new(),
            orders: BTreeSet::new(),
            fills: Vec::new(),
            positions: BTreeMap::new(),
            opened: 0,
        }
    }

    /// Trades until the end.
    pub(crate) async fn trade(
        &mut self,
        address: &str,
        from: Ipv4Addr,
        is_over: &Cell<bool>,
    ) -> Socket {
        let stream = connect(address, from).await;
        let url = format!("ws://{address}/");
        let (mut socket, _) = tokio_tungstenite::client_async(url, stream).await.unwrap();
        let channels = json!([{"type": "orders"}, {"type": "positions"}, {"type": "margin_calls"}]);
        for ask in [
            json!({"type": "authenticate", "token": self.token}),
            json!({"type": "subscribe", "channels": channels}),
        ] {
            say(&mut socket, &ask).await.unwrap();
        }
        let mut tick = interval(EVERY);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while !is_over.get() || self.waiting > 0 {
            tokio::select! {
                // See the traders without margin.
                message = hear(&mut socket) => {
                    self.take(message.expect("the gateway hung up on a margin trader"));
                }
                _ = tick.tick() => {
                    if !is_over.get() && self.waiting < 4 {
                        self.ask(&mut socket).await;
                    }
                }
            }
        }
        socket
    }

    async fn ask(&mut self, socket: &mut Socket) {
        let random = &mut self.random;
        let cents = |n: u32| format!("{}.{:02}", n / 100, n % 100);
        let side = ["buy", "sell"][random.random_range(0..2)];
        let mut request = match random.random_range(0..10) {
            0 => json!({"type": "cancel_all"}),
            1 if !self.positions.is_empty() => {
                let one = random.random_range(0..self.positions.len());
                let position = self.positions.keys().nth(one);
                json!({"type": "close_position", "positionId": position})
            }
            _ => json!({"type": "place_order", "orderType": "limit", "orderData": {
                "pair": PAIRS[0], "side": side,
                "amount": cents(random.random_range(1..300)),
                "price": cents(random.random_range(99_500..100_500)),
                "leverage": cents(random.random_range(150..1_000))}}),
        };
        request["requestId"] = json!(self.asked);
        self.asked += 1;
        self.waiting += 1;
        say(socket, &request).await.unwrap();
    }

    fn take(&mut self, message: Value) {
        let data = &message["data"];
        let is_event = match message["type"].as_str().unwrap() {
            "order_update" => true,
            "position_update" => data.get("reason").is_some(),
            _ => false,
        };
        self.sequence += u64::from(is_event);
        if let Some(sequence) = data["userSequence"].as_u64() {
            assert_eq!(sequence, self.sequence, "{}: {message}", self.name);
        }
        match message["type"].as_str().unwrap() {
            "order_update" => {
                self.orders.insert(text(data, "orderId"));
                if data["tradeId"].is_string() {
                    self.fills.push(data.clone());
                }
            }
            "position_update" => {
                let id = text(data, "positionId");
                if data["size"] == "0.00" {
                    self.positions.remove(&id);
                } else {
                    let known = self.positions.insert(id, data.clone());
                    self.opened += usize::from(known.is_none());
                }
            }
            "order_placed" => {
                self.waiting -= 1;
                self.placed.insert(text(&message["result"], "orderId"));
            }
            "orders_cancelled" => self.waiting -= 1,
            "error" => {
                self.waiting -= 1;
                let code = message["error"]["code"].as_str().unwrap();
                let known = ["ORDER_FAILED", "INSUFFICIENT_BALANCE"];
                assert!(known.contains(&code), "{}: {message}", self.name);
            }
            "authenticated"
            | "subscribed"
            | "orders_snapshot"
            | "margin_call"
            | "margin_call_cleared" => {}
            other => panic!("{other}: {message}"),
        }
    }

    /// Holds the positions that it was told of against the server's; gives their number.
    pub(crate) async fn compare(&mut self, socket: &mut Socket) -> usize {
        let ask = json!({"type": "get_positions"});
        say(socket, &ask).await.unwrap();
        let answer = loop {
            let message = hear(socket).await.expect("the connection broke");
            if message["type"] == "get_positions" {
                break message;
            }
            self.take(message);
        };
        let positions = answer["result"]["positions"].as_array().unwrap();
        for position in positions {
            let told = &self.positions[position["positionId"].as_str().unwrap()];
            for key in ["size", "side", "entryPrice", "margin"] {
                assert_eq!(position[key], told[key], "{}: {position} {told}", self.name);
            }
        }
        assert_eq!(positions.len(), self.positions.len(), "{}", self.name);
        let lost: Vec<&String> = self.placed.difference(&self.orders).collect();
        assert!(
            lost.is_empty(),
            "{}: acknowledged and lost: {lost:?}",
            self.name
        );
        positions.len()
    }
}
