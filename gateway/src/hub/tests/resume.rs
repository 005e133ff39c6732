//! Promise: however fills, lost connections, returns and restarts interleave, what a client makes of
//! its `orders` stream is what the exchange has: no event missed, none applied twice.

#![allow(clippy::unwrap_used)] // a test may stop at what it did not expect

use std::collections::BTreeMap;

use engine::domain::{AccountId, UserName};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

use super::super::{ConnectionId, Mailbox};
use super::world::{USERS, World};
use crate::session::Frame;

const SEEDS: u64 = 150;
const STEPS: u32 = 400;
/// Small enough to be left behind by a long absence.
const WINDOW: u32 = 8;
/// Small enough to overflow now and then.
const OUTBOX: usize = 12_000;

/// One program of a user: it keeps its view over all its connections.
struct Client {
    user: &'static str,
    link: Option<(ConnectionId, Mailbox)>,
    /// The last `userSequence` that it applied; none before the first snapshot.
    at: Option<u64>,
    open: BTreeMap<String, Value>,
    /// Whether the snapshot of its subscription came.
    is_caught_up: bool,
    names: u32,
}

#[derive(Default)]
struct Seen {
    updates: u64,
    resumed: u64,
    started_over: u64,
    overflowed: u64,
    restarts: u64,
}

impl Client {
    fn new(user: &'static str) -> Client {
        Client {
            user,
            link: None,
            at: None,
            open: BTreeMap::new(),
            is_caught_up: false,
            names: 0,
        }
    }

    fn connect(&mut self, world: &mut World) {
        let link = world.open(OUTBOX);
        let id = link.0;
        self.link = Some(link);
        self.is_caught_up = false;
        world.log_in(id, self.user, None);
        let channel = match self.at {
            Some(at) => json!({"type": "orders", "since": at}),
            None => json!({"type": "orders"}),
        };
        world.send(id, &json!({"type": "subscribe", "channels": [channel]}));
    }

    /// What was not read is lost.
    fn hang_up(&mut self, world: &mut World) {
        if let Some((id, _)) = self.link.take() {
            world.hub.closed(id, world.now);
        }
    }

    /// Reads up to `most` messages.
    fn read(&mut self, most: usize, seen: &mut Seen) {
        for _ in 0..most {
            let frame = self.link.as_ref().and_then(|(_, mailbox)| mailbox.pop());
            match frame {
                None => return,
                Some(Frame::Text(text)) => {
                    let message = serde_json::from_slice(&text).unwrap();
                    testkit::contract::received(&message);
                    self.take(&message, seen);
                }
                Some(Frame::Ping(_)) => {}
                Some(Frame::Close(_)) => {
                    seen.overflowed += 1;
                    self.link = None;
                }
            }
        }
    }

    fn take(&mut self, message: &Value, seen: &mut Seen) {
        let data = &message["data"];
        match message["type"].as_str().unwrap() {
            "order_update" => {
                let sequence = data["userSequence"].as_u64().unwrap();
                assert_eq!(Some(sequence), self.at.map(|at| at + 1), "{message}");
                self.at = Some(sequence);
                self.apply(data);
                seen.updates += 1;
            }
            "orders_snapshot" => {
                let listed: BTreeMap<String, Value> = data["orders"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|order| (order["orderId"].to_string(), order.clone()))
                    .collect();
                if data["resumed"] == true {
                    assert_eq!(data["userSequence"].as_u64(), self.at, "{message}");
                    assert_eq!(listed, self.open, "{}", self.user);
                    seen.resumed += 1;
                } else {
                    seen.started_over += u64::from(self.at.is_some());
                    self.at = data["userSequence"].as_u64();
                    self.open = listed;
                }
                self.is_caught_up = true;
            }
            _ => {}
        }
    }

    fn apply(&mut self, update: &Value) {
        let mut order = update.clone();
        order.as_object_mut().unwrap().remove("userSequence");
        let id = order["orderId"].to_string();
        let is_open = matches!(
            order["status"].as_str(),
            Some("pending" | "open" | "partially_filled")
        );
        if is_open {
            self.open.insert(id, order);
        } else {
            self.open.remove(&id);
        }
    }

    /// Asks for something, most often an order of some type.
    fn ask(&mut self, world: &mut World, random: &mut ChaCha8Rng) {
        let Some((id, _)) = self.link else { return };
        self.names += 1;
        let message = request(self.user, self.names, &self.open, random);
        world.send(id, &message);
    }

    /// Its view is the exchange's own, not the gateway's of it.
    fn compare(&self, world: &World) {
        let name = UserName::new(self.user).unwrap();
        let account: AccountId = world.exchange.clearing().account(&name).unwrap();
        let open = world.exchange.clearing().open_orders(account);
        assert_eq!(self.open.len(), open.len(), "{}", self.user);
        for view in open {
            let order = &self.open[&format!("\"order_{}\"", view.order.order.0)];
            let lots = |units: u64| format!("{}.{:02}", units / 100, units % 100);
            assert_eq!(order["filled"], lots(view.filled.lots()), "{order}");
            assert_eq!(order["remaining"], lots(view.leaves.lots()), "{order}");
        }
    }
}

fn request(
    user: &str,
    number: u32,
    open: &BTreeMap<String, Value>,
    random: &mut ChaCha8Rng,
) -> Value {
    let cents = |n: u32| format!("{}.{:02}", n / 100, n % 100);
    let price = |random: &mut ChaCha8Rng| cents(random.random_range(99_990..100_010));
    let amount = cents(random.random_range(1..9));
    let kind = random.random_range(0..100);
    if kind < 25 && !open.is_empty() {
        let at = random.random_range(0..open.len());
        let id = open.values().nth(at).unwrap()["orderId"].clone();
        return match kind {
            0..15 => json!({"type": "cancel_order", "orderId": id}),
            _ => json!({"type": "amend_order", "orderId": id, "amount": amount}),
        };
    }
    if kind < 28 {
        return json!({"type": "cancel_all"});
    }
    let side = ["buy", "sell"][random.random_range(0..2)];
    let mut data = json!({"pair": "LUXURY001/XRP", "side": side, "amount": amount,
        "clientOrderId": format!("{user}-{number}"), "selfTradePrevention": "cancel_maker"});
    let kind = [
        "limit",
        "limit",
        "limit",
        "market",
        "stop_loss",
        "take_profit",
        "trailing_stop",
        "oco",
        "iceberg",
    ][random.random_range(0..9)];
    let mut set = |field: &str, value: String| data[field] = json!(value);
    match kind {
        "limit" => set("price", price(random)),
        "stop_loss" | "take_profit" => {
            set("stopPrice", price(random));
            if random.random_bool(0.5) {
                set("limitPrice", price(random));
            }
        }
        "trailing_stop" => set("trailingDelta", cents(random.random_range(1..5))),
        "oco" => {
            set("targetPrice", price(random));
            set("stopPrice", price(random));
        }
        "iceberg" => {
            set("price", price(random));
            set("displayAmount", "0.01".to_owned());
        }
        _ => {}
    }
    json!({"type": "place_order", "orderType": kind, "orderData": data})
}

fn run(seed: u64, seen: &mut Seen) {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut world = World::new(|config| config.limits.replay_events = WINDOW);
    // Two programs of the first user: each hears all.
    let users = [USERS[0], USERS[0], USERS[1], USERS[2]];
    let mut clients = users.map(Client::new);
    for _ in 0..STEPS {
        world.now = world.now.plus(random.random_range(0..20));
        let one = random.random_range(0..clients.len());
        let client = &mut clients[one];
        match random.random_range(0..100) {
            0..45 => client.ask(&mut world, &mut random),
            45..60 => {
                for _ in 0..random.random_range(1..6) {
                    world.decide();
                }
            }
            60..75 => {
                for _ in 0..random.random_range(1..30) {
                    world.tell();
                }
            }
            75..90 => client.read(random.random_range(1..40), seen),
            90..93 => client.hang_up(&mut world),
            93..98 => {
                if client.link.is_none() {
                    client.connect(&mut world);
                }
            }
            98 => world.settle(),
            _ => {
                // All connections end, some with what they have not read.
                for client in &mut clients {
                    if random.random_bool(0.5) {
                        client.read(usize::MAX, seen);
                    }
                    client.link = None;
                }
                world.restart(random.random_bool(0.5));
                let asked = world.asked.clone();
                world.hub.connect(Box::new(asked));
                seen.restarts += 1;
            }
        }
    }
    world.settle();
    for client in &mut clients {
        client.read(usize::MAX, seen);
        if client.link.is_none() {
            client.connect(&mut world);
        }
        world.settle();
        client.read(usize::MAX, seen);
    }
    for client in &clients {
        assert!(client.is_caught_up, "{}", client.user);
        client.compare(&world);
    }
    world.exchange.verify().unwrap();
}

#[test]
fn a_client_s_view_is_the_exchange_s_however_it_was_interrupted() {
    let mut seen = Seen::default();
    for seed in 0..SEEDS {
        run(seed, &mut seen);
    }
    // It is no test if nothing of this happened.
    println!(
        "{} updates, {} resumed, {} started over, {} overflowed, {} restarts",
        seen.updates, seen.resumed, seen.started_over, seen.overflowed, seen.restarts
    );
    assert!(seen.updates > 5_000 && seen.resumed > 300 && seen.restarts > 300);
    assert!(seen.started_over > 20 && seen.overflowed > 5);
}
