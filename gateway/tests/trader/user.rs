//! A trader over a socket, who checks all that it is told: shared by the tests that kill the gateway
//! and by the soak.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

use super::market::{ASSETS, FUNDS, ONE, PAIRS};

/// How long anything may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);
/// How many events before the last are asked for again, at most.
const BACK: usize = 20;

pub(crate) type Socket = WebSocketStream<TcpStream>;

/// A client, what it asked, what it was told, and what follows from that.
pub(crate) struct User {
    pub(crate) name: String,
    pub(crate) token: String,
    /// Where it connects from.
    pub(crate) from: Ipv4Addr,
    /// How often it tries to connect.
    pub(crate) most_tries: usize,
    pub(crate) turned_away: usize,
    /// How many in twenty of its orders are in the second pair.
    pub(crate) in_second_pair: u32,
    pub(crate) random: ChaCha8Rng,
    pub(crate) asked: u64,
    /// By request id; what a killed gateway did not answer stays.
    pub(crate) waiting: BTreeMap<u64, Value>,
    pub(crate) retried: usize,
    /// How many events of `orders` came: the n-th has `userSequence` n, from 1.
    pub(crate) events: usize,
    /// The last of them.
    recent: VecDeque<Value>,
    pub(crate) open: BTreeMap<u64, Value>,
    pub(crate) ended: BTreeMap<u64, String>,
    /// Order by client order id.
    pub(crate) names: BTreeMap<String, String>,
    /// Order, price and amount of all updates.
    pub(crate) shapes: BTreeSet<(String, String, String)>,
    /// Fills that the trades did not take yet.
    pub(crate) fills: Vec<Value>,
    pub(crate) last_trade: BTreeMap<String, u64>,
    pub(crate) totals: [i128; ASSETS.len()],
    pub(crate) fees: i128,
    /// Acknowledged, and so not to be lost.
    pub(crate) placed: BTreeSet<u64>,
    pub(crate) cancelled: BTreeSet<u64>,
    pub(crate) amended: Vec<(String, String, String)>,
}

impl User {
    pub(crate) fn new(name: &str, token: String) -> User {
        let seed = name
            .bytes()
            .fold(0, |seed, byte| seed * 31 + u64::from(byte));
        User {
            name: name.to_owned(),
            token,
            from: Ipv4Addr::LOCALHOST,
            most_tries: 1,
            turned_away: 0,
            in_second_pair: 10,
            random: ChaCha8Rng::seed_from_u64(seed),
            asked: 0,
            waiting: BTreeMap::new(),
            retried: 0,
            events: 0,
            recent: VecDeque::new(),
            open: BTreeMap::new(),
            ended: BTreeMap::new(),
            names: BTreeMap::new(),
            shapes: BTreeSet::new(),
            fills: Vec::new(),
            last_trade: BTreeMap::new(),
            totals: [FUNDS; ASSETS.len()],
            fees: 0,
            placed: BTreeSet::new(),
            cancelled: BTreeSet::new(),
            amended: Vec::new(),
        }
    }

    /// Connects, and hears what it missed after a place shortly before the last it knows.
    pub(crate) async fn come_back(&mut self, address: &str) -> Socket {
        let mut socket = self.shake_hands(address).await;
        let login = json!({"type": "authenticate", "token": self.token});
        say(&mut socket, &login).await.unwrap();
        let answer = hear(&mut socket).await.unwrap();
        assert_eq!(answer["type"], "authenticated", "{answer}");
        let back = self.random.random_range(0..BACK);
        let mut at = self.events.saturating_sub(back);
        let channel = json!({"type": "orders", "since": at});
        let subscribe = json!({"type": "subscribe", "channels": [channel]});
        say(&mut socket, &subscribe).await.unwrap();
        assert_eq!(hear(&mut socket).await.unwrap()["type"], "subscribed");
        loop {
            let message = hear(&mut socket).await.unwrap();
            if message["type"] == "orders_snapshot" {
                let data = &message["data"];
                assert_eq!(data["resumed"], true, "{} after {at}: {message}", self.name);
                assert_eq!(data["userSequence"], self.events, "events lost");
                return socket;
            }
            at += 1;
            let missing = self.events - self.recent.len();
            if at <= self.events {
                let known = &self.recent[at - 1 - missing];
                assert_eq!(
                    *known, message["data"],
                    "an event is another after the restart"
                );
            } else {
                self.fold(&message);
            }
        }
    }

    /// Connects as often as it may until it is let in: who floods may be in the way.
    async fn shake_hands(&mut self, address: &str) -> Socket {
        let mut tries = 1;
        loop {
            let stream = connect(address, self.from).await;
            let url = format!("ws://{address}/");
            match tokio_tungstenite::client_async(url, stream).await {
                Ok((socket, _)) => return socket,
                Err(error) => assert!(tries < self.most_tries, "{}: {error}", self.name),
            }
            tries += 1;
            self.turned_away += 1;
        }
    }

    /// Takes in the next event.
    pub(crate) fn fold(&mut self, message: &Value) {
        assert_eq!(message["type"], "order_update", "{message}");
        let update = &message["data"];
        self.events += 1;
        self.recent.push_back(update.clone());
        if self.recent.len() > BACK {
            self.recent.pop_front();
        }
        assert_eq!(update["userSequence"], self.events, "{}: a gap", self.name);
        let order = number(update, "orderId");
        let (id, name) = (text(update, "orderId"), text(update, "clientOrderId"));
        let first = self.names.entry(name).or_insert_with(|| id.clone());
        assert_eq!(*first, id, "placed twice: {update}");
        assert!(!self.ended.contains_key(&order), "after its end: {update}");
        if update["price"].is_string() {
            self.shapes
                .insert((id, text(update, "price"), text(update, "amount")));
        }
        if update["tradeId"].is_string() {
            self.fill(update);
        }
        if matches!(update["status"].as_str(), Some("open" | "partially_filled")) {
            self.open.insert(order, update.clone());
        } else {
            self.open.remove(&order);
            self.ended.insert(order, text(update, "status"));
        }
    }

    pub(crate) fn fill(&mut self, update: &Value) {
        let (pair, trade) = (text(update, "pair"), number(update, "tradeId"));
        let last = self.last_trade.insert(pair.clone(), trade);
        assert!(last < Some(trade), "trade ids step back: {update}");
        let amount = units(&update["lastFillAmount"]);
        let cost = units(&update["lastFillPrice"]) * amount / ONE;
        let fee = units(&update["fee"]);
        let sign = if update["side"] == "buy" { 1 } else { -1 };
        let base = ASSETS.iter().position(|it| pair.starts_with(it)).unwrap();
        self.totals[base] += sign * amount;
        self.totals[0] -= sign * cost + fee;
        self.fees += fee;
        self.fills.push(update.clone());
    }

    /// Holds what was acknowledged and folded against what the server says, and returns the
    /// server's totals. Nothing is under way.
    pub(crate) async fn compare(&mut self, socket: &mut Socket) -> [i128; ASSETS.len()] {
        say(socket, &json!({"type": "get_orders"})).await.unwrap();
        let answer = self.reply(socket).await;
        for order in &self.placed {
            let known = self.open.contains_key(order) || self.ended.contains_key(order);
            assert!(
                known,
                "{}: order_{order} was acknowledged and is lost",
                self.name
            );
        }
        for order in &self.cancelled {
            let end = self.ended.get(order).map(String::as_str);
            assert!(
                matches!(end, Some("cancelled" | "expired")),
                "order_{order}: {end:?}"
            );
        }
        for amended in &self.amended {
            assert!(
                self.shapes.contains(amended),
                "{}: {amended:?} is lost",
                self.name
            );
        }
        let folded: Vec<Value> = self.open.values().cloned().map(without_sequence).collect();
        assert_eq!(
            answer["result"]["orders"],
            Value::Array(folded),
            "{}",
            self.name
        );

        say(socket, &json!({"type": "get_balances"})).await.unwrap();
        let answer = self.reply(socket).await;
        let mut totals = [0; ASSETS.len()];
        for (index, asset) in ASSETS.iter().enumerate() {
            let balance = &answer["result"]["balances"][index];
            assert_eq!(balance["asset"], *asset);
            totals[index] = units(&balance["total"]);
            let (held, needed) = (units(&balance["held"]), self.needed(asset));
            if *asset == "XRP" {
                // Fees are held with it, of at most ten basis points and a unit each.
                let orders = i128::try_from(self.open.len()).unwrap();
                let most = needed + needed / 1_000 + orders;
                assert!(
                    (needed..=most).contains(&held),
                    "{held} held, {needed} to {most} due"
                );
            } else {
                assert_eq!(held, needed, "{}: held {asset}", self.name);
            }
        }
        assert_eq!(totals, self.totals, "{}", self.name);
        totals
    }

    /// The next message that is no event; what was told before it is taken in.
    async fn reply(&mut self, socket: &mut Socket) -> Value {
        loop {
            let message = hear(socket).await.expect("the connection broke");
            if message["type"] != "order_update" {
                return message;
            }
            self.fold(&message);
        }
    }

    /// What the open orders must hold of an asset, but for fees.
    pub(crate) fn needed(&self, asset: &str) -> i128 {
        let buys = asset == "XRP";
        let orders = self
            .open
            .values()
            .filter(|it| (it["side"] == "buy") == buys);
        let orders = orders.filter(|it| buys || text(it, "pair").starts_with(asset));
        let each = orders.map(|it| {
            let left = units(&it["remaining"]);
            if buys {
                left * units(&it["price"]) / ONE
            } else {
                left
            }
        });
        each.sum()
    }

    pub(crate) async fn ask(&mut self, socket: &mut Socket, mut request: Value) -> Result<(), ()> {
        request["requestId"] = json!(self.asked);
        self.waiting.insert(self.asked, request.clone());
        self.asked += 1;
        say(socket, &request).await
    }

    /// Takes in an answer; `expected` says of what is asked again whether it was placed before.
    pub(crate) fn answered(&mut self, answer: &Value, expected: &BTreeMap<u64, Expected>) {
        let number_of = answer["requestId"]
            .as_u64()
            .unwrap_or_else(|| panic!("{answer}"));
        let request = self.waiting.remove(&number_of).expect("answered twice");
        let result = &answer["result"];
        match answer["type"].as_str().unwrap() {
            "order_placed" => {
                let name = text(&request["orderData"], "clientOrderId");
                let id = text(result, "orderId");
                let first = self.names.entry(name).or_insert_with(|| id.clone());
                assert_eq!(*first, id, "placed twice: {answer}");
                let expected = expected.get(&number_of).copied();
                let is_duplicate = result["duplicate"] == true;
                match expected.unwrap_or(Expected::New) {
                    Expected::New => assert!(!is_duplicate, "{request}: {answer}"),
                    Expected::Known => assert!(is_duplicate, "{request}: {answer}"),
                    Expected::Either => {}
                }
                self.placed.insert(number(result, "orderId"));
            }
            "order_cancelled" => {
                self.cancelled.insert(number(answer, "orderId"));
            }
            "order_amended" => self.amended.push((
                text(answer, "orderId"),
                text(result, "price"),
                text(result, "amount"),
            )),
            "error" => {
                let code = answer["error"]["code"].as_str().unwrap();
                let known = ["ORDER_FAILED", "ORDER_NOT_FOUND", "INSUFFICIENT_BALANCE"];
                assert!(known.contains(&code), "{request}: {answer}");
                let again = expected.get(&number_of) == Some(&Expected::Known);
                assert!(!again, "placed before the kill, refused after: {answer}");
            }
            other => panic!("{other}: {answer}"),
        }
    }

    pub(crate) fn request(&mut self) -> Value {
        let random = &mut self.random;
        let cents = |n: u32| format!("{}.{:02}", n / 100, n % 100);
        let amount = cents(random.random_range(1..500));
        let price = cents(random.random_range(99_500..100_500));
        let kind = random.random_range(0..100);
        if let 50..85 = kind
            && !self.open.is_empty()
        {
            let one = random.random_range(0..self.open.len());
            let order = self.open.values().nth(one).unwrap();
            let id = &order["orderId"];
            return if kind < 70 {
                json!({"type": "cancel_order", "orderId": id})
            } else {
                json!({"type": "amend_order", "orderId": id, "price": price, "amount": amount})
            };
        }
        let name = format!("{}-{}", self.name, self.asked);
        let side = ["buy", "sell"][random.random_range(0..2)];
        let is_second = random.random_range(0..20) < self.in_second_pair;
        let pair = PAIRS[usize::from(is_second)];
        let mut data = json!({"pair": pair, "side": side, "amount": amount, "clientOrderId": name});
        let market = kind >= 85;
        if !market {
            data["price"] = json!(price);
        }
        let kind = if market { "market" } else { "limit" };
        json!({"type": "place_order", "orderType": kind, "orderData": data})
    }
}

pub(crate) async fn say(socket: &mut Socket, message: &Value) -> Result<(), ()> {
    testkit::contract::sent(message);
    let sent = socket.send(Message::text(message.to_string())).await;
    sent.map_err(drop)
}

/// The next message; none when the connection is broken.
pub(crate) async fn hear(socket: &mut Socket) -> Option<Value> {
    loop {
        let next = tokio::time::timeout(PATIENCE, socket.next()).await;
        match next.expect("nothing came")? {
            Ok(Message::Text(text)) => {
                let message = serde_json::from_str(&text).unwrap();
                testkit::contract::received(&message);
                return Some(message);
            }
            Ok(Message::Close(frame)) => panic!("the gateway closed: {frame:?}"),
            Ok(_) => {}
            Err(_) => return None,
        }
    }
}

pub(crate) fn without_sequence(mut update: Value) -> Value {
    update.as_object_mut().unwrap().remove("userSequence");
    update
}

pub(crate) fn text(value: &Value, key: &str) -> String {
    let found = value[key].as_str();
    found
        .unwrap_or_else(|| panic!("no {key} in {value}"))
        .to_owned()
}

/// The number of an id.
pub(crate) fn number(value: &Value, key: &str) -> u64 {
    text(value, key)
        .rsplit_once('_')
        .unwrap()
        .1
        .parse()
        .unwrap()
}

/// A decimal in millionths.
pub(crate) fn units(value: &Value) -> i128 {
    let text = value.as_str().unwrap();
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    format!("{whole}{part:0<6}").parse().unwrap()
}

/// What is expected of a placement that is asked again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    /// It never got there.
    New,
    /// It did.
    Known,
    /// It may be on its way.
    Either,
}

/// Connects from this address.
pub(crate) async fn connect(address: &str, from: Ipv4Addr) -> TcpStream {
    let address: SocketAddr = address.parse().unwrap();
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::from((from, 0))).unwrap();
    let stream = socket.connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}
