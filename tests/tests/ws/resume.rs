//! Promise: over real sockets, lost connections and restarts, what a client makes of its `orders`
//! stream is what the exchange says: no event missed, none told twice.

use std::collections::BTreeMap;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

use super::client::{Client, PAIR, subscribe, typed};
use super::folder::Folder;
use super::gateway::TestGateway;

const LIVES: u64 = 6;
const CONNECTIONS: u64 = 8;

/// A user's own view, over all its connections.
struct View {
    user: &'static str,
    at: u64,
    open: BTreeMap<String, Value>,
    asked: u64,
    updates: u64,
}

impl View {
    fn new(user: &'static str) -> View {
        View {
            user,
            at: 0,
            open: BTreeMap::new(),
            asked: 0,
            updates: 0,
        }
    }

    fn take(&mut self, message: &Value) {
        let data = &message["data"];
        match message["type"].as_str().unwrap() {
            "order_update" => {
                assert_eq!(data["userSequence"], self.at + 1, "{message}");
                self.at += 1;
                self.updates += 1;
                let mut order = data.clone();
                order.as_object_mut().unwrap().remove("userSequence");
                let id = order["orderId"].to_string();
                match order["status"].as_str().unwrap() {
                    "pending" | "open" | "partially_filled" => self.open.insert(id, order),
                    _ => self.open.remove(&id),
                };
            }
            "orders_snapshot" => {
                assert_eq!(data["resumed"], true, "{message}");
                assert_eq!(data["userSequence"], self.at, "{message}");
                self.compare(&data["orders"]);
            }
            "error" => {
                let code = &message["error"]["code"];
                let known = ["ORDER_FAILED", "ORDER_NOT_FOUND", "INSUFFICIENT_BALANCE"];
                assert!(known.contains(&code.as_str().unwrap()), "{message}");
            }
            _ => {}
        }
    }

    fn compare(&self, orders: &Value) {
        let listed: BTreeMap<String, Value> = orders
            .as_array()
            .unwrap()
            .iter()
            .map(|order| (order["orderId"].to_string(), order.clone()))
            .collect();
        assert_eq!(listed, self.open, "{}", self.user);
    }

    async fn come_back(&self, gateway: &TestGateway) -> Client {
        let mut client = gateway.trader(self.user).await;
        let channel = json!({"type": "orders", "since": self.at});
        client.send(subscribe(json!([channel]))).await;
        client
    }

    fn request(&mut self, random: &mut ChaCha8Rng) -> Value {
        self.asked += 1;
        let cents = |n: u32| format!("{}.{:02}", n / 100, n % 100);
        let mut price = || cents(random.random_range(99_990..100_010));
        let (a, b) = (price(), price());
        if random.random_bool(0.2)
            && let Some(order) = self.open.values().next()
        {
            return json!({"type": "cancel_order", "orderId": order["orderId"]});
        }
        let side = ["buy", "sell"][random.random_range(0..2)];
        let mut data = json!({"pair": PAIR, "side": side,
            "amount": cents(random.random_range(1..9)), "selfTradePrevention": "cancel_maker",
            "clientOrderId": format!("{}-{}", self.user, self.asked)});
        let (kind, fields) = match random.random_range(0..6) {
            0 | 1 => ("limit", json!({"price": a})),
            2 => ("market", json!({})),
            3 => ("stop_loss", json!({"stopPrice": a, "limitPrice": b})),
            4 => ("oco", json!({"targetPrice": a, "stopPrice": b})),
            _ => ("iceberg", json!({"price": a, "displayAmount": "0.01"})),
        };
        for (field, value) in fields.as_object().unwrap() {
            data[field] = value.clone();
        }
        typed(kind, data)
    }
}

/// Three users trade over connections that end whenever it pleases them, some with what they have
/// not read; then the exchange is started anew.
#[tokio::test]
async fn a_view_is_the_exchange_s_over_connections_and_restarts() {
    let folder = Folder::new("resume");
    let mut random = ChaCha8Rng::seed_from_u64(4);
    let mut views = ["alice", "bob", "carol"].map(View::new);
    for life in 0..LIVES {
        // Every other start has a snapshot to begin from.
        let gateway = folder.gateway(1, if life % 2 == 0 { 150 } else { 1_000_000 });
        for _ in 0..CONNECTIONS {
            let mut clients = Vec::new();
            for view in &views {
                clients.push(view.come_back(&gateway).await);
            }
            for _ in 0..random.random_range(5..40) {
                let one = random.random_range(0..3);
                let request = views[one].request(&mut random);
                clients[one].send(request).await;
                for _ in 0..random.random_range(0..3) {
                    // Some of what came, if anything did.
                    let soon = std::time::Duration::from_millis(1);
                    if let Ok(message) = tokio::time::timeout(soon, clients[one].next()).await {
                        views[one].take(&message);
                    }
                }
            }
        }
        let mut clients = Vec::new();
        for view in &views {
            clients.push(view.come_back(&gateway).await);
        }
        // What the other users' last requests did is here when each has asked once more.
        for client in &mut clients {
            client.send(json!({"type": "get_balances"})).await;
        }
        for (view, client) in views.iter_mut().zip(&mut clients) {
            loop {
                let message = client.next().await;
                view.take(&message);
                if message["type"] == "get_balances" {
                    break;
                }
            }
            client.send(json!({"type": "get_orders"})).await;
            loop {
                let message = client.next().await;
                if message["type"] == "get_orders" {
                    view.compare(&message["result"]["orders"]);
                    break;
                }
                view.take(&message);
            }
        }
        gateway.stop();
    }
    let updates: u64 = views.iter().map(|view| view.updates).sum();
    println!("{updates} updates");
    assert!(updates > 500, "too little happened");
}
