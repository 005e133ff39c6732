//! Promise: whatever three clients were told over their sockets outlives kill -9 of the gateway,
//! again and again, and nothing happens twice.
//!
//! After every restart each client takes up its `orders` where it left off, with some events that
//! it knows already, and its fold of all events must be the server's orders and balances.
#![allow(clippy::unwrap_used)] // a failed unwrap fails the test

mod faults;
mod operator;
mod place;
mod secrets;
mod ties;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

use place::{Place, Process};

/// How often the gateway is killed, and the variable that says otherwise.
const KILLS: u64 = 200;
const KILLS_VARIABLE: &str = "EXCHANGE_KILLS";
/// The most messages of one life.
const LONGEST_LIFE: u64 = 200_000;
const USERS: [&str; 3] = ["alice", "bob", "carol"];
const ASSETS: [&str; 3] = ["XRP", "LUXURY001", "LUXURY002"];
const PAIRS: [&str; 2] = ["LUXURY001/XRP", "LUXURY002/XRP"];
/// What each user has of each asset, in millionths.
const FUNDS: i128 = 100_000_000 * ONE;
const ONE: i128 = 1_000_000;
/// How many requests of a client wait for their answers.
const WINDOW: usize = 8;
const PATIENCE: Duration = Duration::from_secs(20);

#[test]
fn a_killed_gateway_loses_nothing_and_does_nothing_twice() {
    let kills = std::env::var(KILLS_VARIABLE).ok();
    let kills = kills.map_or(KILLS, |text| text.parse().unwrap());
    let mut history = History::new("crash");
    let mut random = ChaCha8Rng::seed_from_u64(3);
    for kill in 1..=kills {
        if random.random_bool(0.1) {
            // In the middle of its start.
            let process = history.place.spawn();
            std::thread::sleep(Duration::from_micros(random.random_range(0..60_000)));
            drop(process);
            continue;
        }
        // Some live long enough for snapshots.
        let long = kill % 10 == 0;
        let messages = if long { 1_000..4_000 } else { 1..250 };
        history.live(Some(random.random_range(messages)));
    }
    // Nobody kills it any more: all is checked once again, and the files too.
    history.live_until_trimmed();
    history.live(None);
    let place = &history.place;
    let mut verify = place.gateway(&["verify", "--data-dir"]);
    verify.arg(&place.data).arg("--config").arg(&place.config);
    let verified = verify.output().unwrap();
    assert!(verified.status.success(), "{verified:?}");
    history.tell(kills);
}

/// The canary: an end that was acknowledged and is not in the files, as if the gateway had
/// answered before it wrote, turns the checks above red.
#[test]
fn a_journal_that_lost_its_end_does_not_pass() {
    let mut history = History::new("crash-canary");
    history.live(Some(300));
    history.live(None);
    lose_the_end(&history.place.data);
    let checked = std::panic::catch_unwind(AssertUnwindSafe(|| history.live(None)));
    let found = checked.expect_err("the loss is not noticed");
    let found = found.downcast::<String>().unwrap();
    let lost = ["\"resumed\"", "events lost"].map(|word| found.contains(word));
    assert!(lost.contains(&true), "{found}");
}

/// Writes zeros over the second half of the journal: whole frames, and one that is torn.
fn lose_the_end(data: &Path) {
    let file = data.join("journal-0000000001");
    let mut bytes = fs::read(&file).unwrap();
    let end = bytes.iter().rposition(|&byte| byte != 0).unwrap();
    bytes[end / 2..].fill(0);
    fs::write(&file, bytes).unwrap();
}

/// A gateway's many lives, and its clients.
struct History {
    place: Place,
    users: [User; 3],
    trades: Trades,
    runtime: tokio::runtime::Runtime,
}

impl History {
    fn new(folder: &str) -> History {
        let place = Place::new(folder);
        let users = USERS.map(|name| User::new(name, place.token(name)));
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_all().build().unwrap();
        let trades = Trades::default();
        History {
            place,
            users,
            trades,
            runtime,
        }
    }

    /// One process from its start to its kill after so many messages, or without that to the
    /// end of the checks.
    fn live(&mut self, messages: Option<u64>) {
        self.live_while(messages, None);
    }

    /// One process from its start until snapshots let the first of the journal go, however long
    /// they take on this machine; lives that end early lose the snapshot that they were making.
    fn live_until_trimmed(&mut self) {
        let first = self.place.data.join("journal-0000000001");
        self.live_while(Some(LONGEST_LIFE), Some(&first));
        assert!(!first.exists(), "no snapshot let the journal be trimmed");
    }

    /// As [`History::live`]; a life may end earlier, when `file` is gone.
    fn live_while(&mut self, messages: Option<u64>, file: Option<&Path>) {
        let (users, trades) = (&mut self.users, &mut self.trades);
        let mut process = self.place.spawn();
        let address = process.listening();
        self.runtime.block_on(async {
            let mut sockets = Vec::new();
            for user in users.iter_mut() {
                sockets.push(user.come_back(&address).await);
            }
            check(users, &mut sockets, trades).await;
            let Some(messages) = messages else { return };
            let left = Cell::new(messages);
            let kill = Kill {
                process: RefCell::new(&mut process),
                left,
                file,
            };
            let mut parts = users.iter_mut().zip(&mut sockets);
            let mut trade = || {
                let (user, socket) = parts.next().unwrap();
                user.trade(socket, &kill)
            };
            tokio::join!(trade(), trade(), trade());
        });
    }

    fn tell(&self, kills: u64) {
        let sum = |count: fn(&User) -> usize| self.users.iter().map(count).sum::<usize>();
        let placed = sum(|user| user.placed.len());
        let retried = sum(|user| user.retried);
        let events = sum(|user| user.updates.len());
        let trades = self.trades.whole.len();
        println!(
            "{kills} kills, {placed} orders acknowledged, {retried} asked again, {events} order \
             events, {trades} trades"
        );
        if kills >= KILLS {
            assert!(trades > 1_000 && retried > 100, "too little happened");
        }
    }
}

/// Each client's view is the server's, each trade has two sides, and assets stay.
async fn check(users: &mut [User; 3], sockets: &mut [Socket], trades: &mut Trades) {
    let mut fees = 0;
    let mut sums = [0; ASSETS.len()];
    for (user, socket) in users.iter_mut().zip(sockets) {
        for (sum, total) in sums.iter_mut().zip(user.compare(socket).await) {
            *sum += total;
        }
        fees += user.fees;
        trades.take(user);
    }
    trades.check();
    sums[0] += fees;
    assert_eq!(sums, [FUNDS * 3; 3], "assets appear or disappear");
}

/// Kills the process when so many messages came, or when `file` is gone.
struct Kill<'a> {
    process: RefCell<&'a mut Process>,
    left: Cell<u64>,
    file: Option<&'a Path>,
}

impl Kill<'_> {
    fn message(&self) {
        if self.left.get() > 1 && self.file.is_some_and(|file| !file.exists()) {
            self.left.set(1);
        }
        if self.left.get() == 1 {
            self.process.borrow_mut().kill();
        }
        self.left.set(self.left.get().saturating_sub(1));
    }
}

/// All trades that anybody was told of: each has two sides, and no third.
#[derive(Default)]
struct Trades {
    halves: BTreeMap<String, Value>,
    whole: BTreeSet<String>,
}

impl Trades {
    fn take(&mut self, user: &mut User) {
        for fill in user.fills.drain(..) {
            let id = text(&fill, "tradeId");
            let Some(other) = self.halves.remove(&id) else {
                assert!(!self.whole.contains(&id), "a third side: {fill}");
                self.halves.insert(id, fill);
                continue;
            };
            for key in ["pair", "lastFillPrice", "lastFillAmount", "sequence"] {
                assert_eq!(fill[key], other[key], "{key}: {fill} and {other}");
            }
            assert_ne!(fill["side"], other["side"]);
            assert_ne!(fill["liquidity"], other["liquidity"]);
            self.whole.insert(id);
        }
    }

    fn check(&self) {
        assert!(self.halves.is_empty(), "one side only: {:?}", self.halves);
    }
}

type Socket = WebSocketStream<TcpStream>;

/// A client, what it asked, what it was told, and what follows from that.
struct User {
    name: &'static str,
    token: String,
    random: ChaCha8Rng,
    asked: u64,
    /// By request id; what a killed gateway did not answer stays.
    waiting: BTreeMap<u64, Value>,
    retried: usize,
    /// Every event of `orders`: the n-th has `userSequence` n, from 1.
    updates: Vec<Value>,
    open: BTreeMap<u64, Value>,
    ended: BTreeMap<u64, String>,
    /// Order by client order id.
    names: BTreeMap<String, String>,
    /// Order, price and amount of all updates.
    shapes: BTreeSet<(String, String, String)>,
    /// Fills that the trades did not take yet.
    fills: Vec<Value>,
    last_trade: BTreeMap<String, u64>,
    totals: [i128; ASSETS.len()],
    fees: i128,
    /// Acknowledged, and so not to be lost.
    placed: BTreeSet<u64>,
    cancelled: BTreeSet<u64>,
    amended: Vec<(String, String, String)>,
}

impl User {
    fn new(name: &'static str, token: String) -> User {
        User {
            name,
            token,
            random: ChaCha8Rng::seed_from_u64(u64::from(name.as_bytes()[0])),
            asked: 0,
            waiting: BTreeMap::new(),
            retried: 0,
            updates: Vec::new(),
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
    async fn come_back(&mut self, address: &str) -> Socket {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let url = format!("ws://{address}/");
        let (mut socket, _) = tokio_tungstenite::client_async(url, stream).await.unwrap();
        let login = json!({"type": "authenticate", "token": self.token});
        say(&mut socket, &login).await.unwrap();
        let answer = hear(&mut socket).await.unwrap();
        assert_eq!(answer["type"], "authenticated", "{answer}");
        let back = self.random.random_range(0..20_usize);
        let mut at = self.updates.len().saturating_sub(back);
        let channel = json!({"type": "orders", "since": at});
        let subscribe = json!({"type": "subscribe", "channels": [channel]});
        say(&mut socket, &subscribe).await.unwrap();
        assert_eq!(hear(&mut socket).await.unwrap()["type"], "subscribed");
        loop {
            let message = hear(&mut socket).await.unwrap();
            if message["type"] == "orders_snapshot" {
                let data = &message["data"];
                assert_eq!(data["resumed"], true, "{} after {at}: {message}", self.name);
                assert_eq!(data["userSequence"], self.updates.len(), "events lost");
                return socket;
            }
            at += 1;
            if let Some(known) = self.updates.get(at - 1) {
                assert_eq!(
                    *known, message["data"],
                    "an event is another after the restart"
                );
            } else {
                self.fold(&message);
            }
        }
    }

    /// Takes in the next event.
    fn fold(&mut self, message: &Value) {
        assert_eq!(message["type"], "order_update", "{message}");
        let update = &message["data"];
        self.updates.push(update.clone());
        assert_eq!(
            update["userSequence"],
            self.updates.len(),
            "{}: a gap",
            self.name
        );
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

    fn fill(&mut self, update: &Value) {
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
    async fn compare(&mut self, socket: &mut Socket) -> [i128; ASSETS.len()] {
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
        say(socket, &json!({"type": "get_orders"})).await.unwrap();
        let answer = hear(socket).await.unwrap();
        let folded: Vec<Value> = self.open.values().cloned().map(without_sequence).collect();
        assert_eq!(
            answer["result"]["orders"],
            Value::Array(folded),
            "{}",
            self.name
        );

        say(socket, &json!({"type": "get_balances"})).await.unwrap();
        let answer = hear(socket).await.unwrap();
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

    /// What the open orders must hold of an asset, but for fees.
    fn needed(&self, asset: &str) -> i128 {
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

    /// Asks again what was not answered, then trades until the connection breaks, and reads all
    /// that had come until then.
    async fn trade(&mut self, socket: &mut Socket, kill: &Kill<'_>) {
        let unanswered = std::mem::take(&mut self.waiting);
        let placements = unanswered
            .into_values()
            .filter(|it| it["type"] == "place_order");
        let mut again: Vec<Value> = placements.collect();
        again.reverse();
        let (mut expected, mut up) = (BTreeMap::new(), true);
        while up || !self.waiting.is_empty() {
            if up && self.waiting.len() < WINDOW {
                let request = if let Some(request) = again.pop() {
                    self.retried += 1;
                    let name = text(&request["orderData"], "clientOrderId");
                    expected.insert(self.asked, self.names.contains_key(&name));
                    request
                } else {
                    self.request()
                };
                up = self.ask(socket, request).await.is_ok();
                continue;
            }
            let Some(message) = hear(socket).await else {
                break;
            };
            kill.message();
            if message["type"] == "order_update" {
                self.fold(&message);
            } else {
                self.answered(&message, &expected);
            }
        }
        // What there was no time to ask again is asked in the next life.
        for request in again {
            self.waiting.insert(self.asked, request);
            self.asked += 1;
        }
    }

    async fn ask(&mut self, socket: &mut Socket, mut request: Value) -> Result<(), ()> {
        request["requestId"] = json!(self.asked);
        self.waiting.insert(self.asked, request.clone());
        self.asked += 1;
        say(socket, &request).await
    }

    /// Takes in an answer; `expected` says of what is asked again whether it was placed before.
    fn answered(&mut self, answer: &Value, expected: &BTreeMap<u64, bool>) {
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
                let before = expected.get(&number_of).copied().unwrap_or_default();
                assert_eq!(result["duplicate"] == true, before, "{request}: {answer}");
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
                let again = expected.get(&number_of) == Some(&true);
                assert!(!again, "placed before the kill, refused after: {answer}");
            }
            other => panic!("{other}: {answer}"),
        }
    }

    fn request(&mut self) -> Value {
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
        let pair = PAIRS[random.random_range(0..2)];
        let mut data = json!({"pair": pair, "side": side, "amount": amount, "clientOrderId": name});
        let market = kind >= 85;
        if !market {
            data["price"] = json!(price);
        }
        let kind = if market { "market" } else { "limit" };
        json!({"type": "place_order", "orderType": kind, "orderData": data})
    }
}

async fn say(socket: &mut Socket, message: &Value) -> Result<(), ()> {
    testkit::contract::sent(message);
    let sent = socket.send(Message::text(message.to_string())).await;
    sent.map_err(drop)
}

/// The next message; none when the connection is broken.
async fn hear(socket: &mut Socket) -> Option<Value> {
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

fn without_sequence(mut update: Value) -> Value {
    update.as_object_mut().unwrap().remove("userSequence");
    update
}

fn text(value: &Value, key: &str) -> String {
    let found = value[key].as_str();
    found
        .unwrap_or_else(|| panic!("no {key} in {value}"))
        .to_owned()
}

/// The number of an id.
fn number(value: &Value, key: &str) -> u64 {
    text(value, key)
        .rsplit_once('_')
        .unwrap()
        .1
        .parse()
        .unwrap()
}

/// A decimal in millionths.
fn units(value: &Value) -> i128 {
    let text = value.as_str().unwrap();
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    format!("{whole}{part:0<6}").parse().unwrap()
}
