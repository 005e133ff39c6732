//! Promise: whatever three clients were told over their sockets outlives kill -9 of the gateway,
//! again and again, and nothing happens twice.
//!
//! After every restart each client takes up its `orders` where it left off, with some events that
//! it knows already, and its fold of all events must be the server's orders and balances.
#![allow(clippy::unwrap_used)] // a failed unwrap fails the test

mod faults;
#[path = "../trader/market.rs"]
mod market;
mod operator;
mod place;
#[path = "../process/mod.rs"]
mod process;
mod secrets;
mod ties;
#[path = "../trader/trades.rs"]
#[allow(dead_code)] // the soak uses the rest
mod trades;
#[path = "../trader/user.rs"]
#[allow(dead_code)]
mod user;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fs;
use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::time::Duration;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::Value;

use market::{ASSETS, FUNDS, PAIRS};
use place::Place;
use process::Process;
use trades::Trades;
use user::{Expected, PATIENCE, Socket, User, hear, say, text};

/// How often the gateway is killed, and the variable that says otherwise.
const KILLS: u64 = 200;
const KILLS_VARIABLE: &str = "EXCHANGE_KILLS";
/// The most messages of one life.
const LONGEST_LIFE: u64 = 200_000;
const USERS: [&str; 3] = ["alice", "bob", "carol"];
/// How many requests of a client wait for their answers.
const WINDOW: usize = 8;

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
        let events = sum(|user| user.events);
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

impl User {
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
                    let is_known = self.names.contains_key(&name);
                    let known = if is_known {
                        Expected::Known
                    } else {
                        Expected::New
                    };
                    expected.insert(self.asked, known);
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
}
