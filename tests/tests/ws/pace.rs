//! At ten times the pace of a clock: whoever watches a busy market, and joins and leaves at
//! will, has the exchange's own book at every message, and every trade once and in order.
//!
//! What is true is read from the journal afterwards: replayed, it tells the book after each of
//! its events, and each trade.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};

use engine::domain::{PairId, Side};
use engine::journal::{self, Directory, Rim};
use engine::report::{Report, ReportKind};
use gateway::config::Durability;
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

use super::client::{Client, subscribe};
use super::folded::Folded;
use super::folder::Folder;
use super::gateway::TestGateway;

const PACE: u32 = 10;
const COMMANDS: usize = 10_000;
const WATCHERS: u64 = 5;
/// The pairs, and whole units around which they trade.
const PAIRS: [(&str, u64); 2] = [("LUXURY001/XRP", 1_000), ("LUXURY002/XRP", 500)];
/// The last order of each pair, alone in its book.
const LAST: &str = "7.77";

#[derive(Clone, Debug, PartialEq)]
struct Trade {
    sequence: u64,
    id: String,
    price: String,
    amount: String,
    side: String,
}

impl Trade {
    fn read(data: &Value) -> Trade {
        let text = |field: &str| data[field].as_str().unwrap().to_owned();
        Trade {
            sequence: data["sequence"].as_u64().unwrap(),
            id: text("tradeId"),
            price: text("price"),
            amount: text("amount"),
            side: text("side"),
        }
    }
}

/// One side of a book, best first: prices in cents.
type Levels = Vec<(u64, String)>;

/// What a watcher had after a message.
struct Seen {
    sequence: u64,
    depth: usize,
    bids: Levels,
    asks: Levels,
}

/// What a watcher saw of one pair.
#[derive(Default)]
struct Log {
    books: Vec<Seen>,
    /// The trades of each stay: those of the snapshot, its sequence, those that followed.
    stays: Vec<(Vec<Trade>, u64, Vec<Trade>)>,
}

#[tokio::test]
async fn every_book_is_right_at_every_message_and_every_trade_comes_once() {
    let folder = Folder::new("pace");
    let gateway = TestGateway::at_pace(PACE, |config| {
        config.storage.data_dir = Some(folder.0.clone());
        config.storage.durability = Durability::Os;
        config.storage.min_free_mib = 1;
        config.runtime.shards = Some(2);
        let limits = &mut config.limits;
        limits.messages_per_second = 1_000_000;
        limits.order_commands_per_minute = 1_000_000;
        limits.cancels_per_minute = 1_000_000;
        limits.stats_interval_ms = 3_600_000;
        limits.idle_timeout_ms = 3_600_000;
        // Clients here are slower than any: what they do not read waits.
        limits.outbox_bytes = 1 << 28;
    });
    let is_over = AtomicBool::new(false);
    let trading = async {
        trade_on(&gateway).await;
        is_over.store(true, Ordering::Relaxed);
    };
    let watching = futures_util::future::join_all(
        (0..WATCHERS).map(|seed| watch(&gateway, ChaCha8Rng::seed_from_u64(seed), &is_over)),
    );
    let ((), logs) = tokio::join!(trading, watching);
    let config = gateway.config().exchange.clone();
    gateway.stop();

    let mut truth = [Truth::default(), Truth::default()];
    let storage = Directory::open(&folder.0).unwrap();
    journal::rebuild(&storage, &config, None, &mut Taken(&mut truth), &mut |_| {}).unwrap();
    let (mut books, mut trades, mut stays) = (0, 0, 0);
    for log in logs {
        for (truth, log) in truth.iter().zip(log) {
            books += log.books.len();
            stays += log.stays.len();
            truth.check_books(log.books);
            for (before, sequence, after) in &log.stays {
                trades += after.len();
                truth.check_trades(before, *sequence, after);
            }
        }
    }
    eprintln!("{books} book messages, {trades} trades, {stays} stays");
    assert!(books > 500 && trades > 5_000 && stays > 50);
}

/// Two traders send their commands as fast as they are answered, then leave one order a pair.
async fn trade_on(gateway: &TestGateway) {
    let trader = async |name, seed| {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut client = gateway.trader(name).await;
        for chunk in 0..COMMANDS / 2 / 5 {
            for number in 0..5 {
                client.send(command(&mut random, chunk * 5 + number)).await;
            }
            for _ in 0..5 {
                client.next().await;
            }
        }
        client
    };
    let (mut alice, mut bob) = tokio::join!(trader("alice", 100), trader("bob", 101));
    for client in [&mut alice, &mut bob] {
        assert_eq!(
            client.ask(json!({"type": "cancel_all"})).await["type"],
            "orders_cancelled"
        );
    }
    for (pair, middle) in PAIRS {
        let price = format!("{middle}.00");
        for (side, amount) in [("buy", "0.07"), ("sell", "0.07"), ("buy", LAST)] {
            let client = match side {
                "buy" => &mut alice,
                _ => &mut bob,
            };
            let placed = client.ask(place(pair, side, amount, &price)).await;
            assert_eq!(placed["type"], "order_placed", "{placed}");
        }
    }
}

fn place(pair: &str, side: &str, amount: &str, price: &str) -> Value {
    json!({"type": "place_order", "orderType": "limit", "orderData":
        {"pair": pair, "side": side, "amount": amount, "price": price}})
}

fn command(random: &mut ChaCha8Rng, number: usize) -> Value {
    let (pair, middle) = PAIRS[usize::from(random.random_range(0..5) == 0)];
    let cents = middle * 100 + random.random_range(0..800) - 400;
    let price = format!("{}.{:02}", cents / 100, cents % 100);
    let amount = format!(
        "{}.{:02}",
        random.random_range(0..3),
        random.random_range(1..100)
    );
    let side = ["buy", "sell"][random.random_range(0..2)];
    let earlier = number.saturating_sub(random.random_range(1..60));
    match random.random_range(0..100) {
        0..55 => {
            let mut place = place(pair, side, &amount, &price);
            place["orderData"]["clientOrderId"] = json!(format!("o{number}"));
            place
        }
        55..65 => json!({"type": "place_order", "orderType": "market", "orderData":
            {"pair": pair, "side": side, "amount": amount}}),
        65..72 => json!({"type": "amend_order", "clientOrderId": format!("o{earlier}"),
            "amount": amount}),
        72..99 => json!({"type": "cancel_order", "clientOrderId": format!("o{earlier}")}),
        _ => json!({"type": "cancel_all", "pair": pair}),
    }
}

/// Joins and leaves until all is over, and then stays to the end.
async fn watch(gateway: &TestGateway, mut random: ChaCha8Rng, is_over: &AtomicBool) -> [Log; 2] {
    let mut logs = [Log::default(), Log::default()];
    loop {
        let mut visit = Visit {
            client: gateway.client().await,
            pairs: Default::default(),
        };
        visit.join(&mut random, &mut logs).await;
        loop {
            let most = random.random_range(20..400);
            for _ in 0..most {
                visit.next(&mut logs).await;
                if visit.pairs.iter().all(PairVisit::has_ended) {
                    return logs;
                }
            }
            if is_over.load(Ordering::Relaxed) {
                continue;
            }
            match random.random_range(0..3) {
                0 => visit.join(&mut random, &mut logs).await,
                1 => {
                    visit.leave(&mut logs).await;
                    visit.join(&mut random, &mut logs).await;
                }
                _ => break,
            }
        }
    }
}

/// One connection of a watcher.
struct Visit {
    client: Client,
    pairs: [PairVisit; 2],
}

#[derive(Default)]
struct PairVisit {
    folded: Folded,
    /// Snapshots that were asked for.
    asked: usize,
    has_trades: bool,
    /// When the last ten messages came that nobody asked for.
    stamps: VecDeque<u64>,
}

impl PairVisit {
    fn has_ended(&self) -> bool {
        let bids: Vec<&String> = self.folded.bids.values().collect();
        self.folded.asks.is_empty() && bids == [LAST]
    }
}

impl Visit {
    /// Subscribes to everything, books in a shape of the moment.
    async fn join(&mut self, random: &mut impl Rng, logs: &mut [Log; 2]) {
        let mut channels = Vec::new();
        for (index, (pair, _)) in PAIRS.iter().enumerate() {
            let depth = [5, 15, 50, 200][random.random_range(0..4)];
            let updates = ["delta", "delta", "full"][random.random_range(0..3)];
            channels.push(
                json!({"type": "orderbook", "pair": pair, "depth": depth, "updates": updates}),
            );
            channels.push(json!({"type": "trades", "pair": pair}));
            self.pairs[index].asked += 1;
            self.pairs[index].has_trades = true;
        }
        self.client.send(subscribe(json!(channels))).await;
        while self.next(logs).await != "subscribed" {}
    }

    async fn leave(&mut self, logs: &mut [Log; 2]) {
        let channels: Vec<Value> = PAIRS
            .iter()
            .flat_map(|(pair, _)| {
                ["orderbook", "trades"].map(|kind| json!({"type": kind, "pair": pair}))
            })
            .collect();
        let message = json!({"type": "unsubscribe", "channels": channels});
        self.client.send(message).await;
        while self.next(logs).await != "unsubscribed" {}
        for pair in &mut self.pairs {
            pair.has_trades = false;
        }
    }

    /// Takes the next message and says what it was.
    async fn next(&mut self, logs: &mut [Log; 2]) -> String {
        let message = self.client.next().await;
        let data = &message["data"];
        let kind = message["type"].as_str().unwrap().to_owned();
        let index = PAIRS.iter().position(|(pair, _)| data["pair"] == *pair);
        let Some(index) = index else {
            assert!(kind.ends_with("subscribed"), "{message}");
            return kind;
        };
        let (visit, log) = (&mut self.pairs[index], &mut logs[index]);
        match kind.as_str() {
            "orderbook_update" => visit.book(&message, log),
            "trades_snapshot" => {
                let trades = data["trades"].as_array().unwrap();
                let sequence = data["sequence"].as_u64().unwrap();
                let trades = trades.iter().map(Trade::read).collect();
                log.stays.push((trades, sequence, Vec::new()));
            }
            "trade" => {
                assert!(visit.has_trades, "nobody asked for {message}");
                let (_, _, trades) = log.stays.last_mut().unwrap();
                trades.push(Trade::read(data));
            }
            other => panic!("{other}"),
        }
        kind
    }
}

impl PairVisit {
    fn book(&mut self, message: &Value, log: &mut Log) {
        let data = &message["data"];
        // Folding checks the link to the message before and the checksum.
        self.folded.take(message);
        if data["kind"] == "snapshot" && self.asked > 0 {
            self.asked -= 1;
        } else {
            let stamp = message["timestamp"].as_u64().unwrap();
            self.stamps.push_back(stamp);
            if self.stamps.len() > 10 {
                let tenth_before = self.stamps.pop_front().unwrap();
                assert!(
                    stamp - tenth_before >= 1_000,
                    "eleven in a second: {message}"
                );
            }
        }
        let own = |(price, amount): (&u64, &String)| (*price, amount.clone());
        let bids: Levels = self.folded.bids.iter().rev().map(own).collect();
        let asks: Levels = self.folded.asks.iter().map(own).collect();
        if let (Some((bid, _)), Some((ask, _))) = (bids.first(), asks.first()) {
            assert!(bid < ask, "crossed: {message}");
        }
        log.books.push(Seen {
            sequence: self.folded.sequence,
            depth: usize::try_from(data["depth"].as_u64().unwrap()).unwrap(),
            bids,
            asks,
        });
    }
}

/// What the journal says of one pair.
#[derive(Default)]
struct Truth {
    changes: Vec<(u64, Side, u64, i64)>,
    trades: Vec<Trade>,
}

impl Truth {
    fn check_books(&self, mut seen: Vec<Seen>) {
        seen.sort_by_key(|it| it.sequence);
        let mut book: BTreeMap<(bool, u64), i64> = BTreeMap::new();
        let mut changes = self.changes.iter().peekable();
        for seen in seen {
            while let Some((_, side, price, lots)) =
                changes.next_if(|change| change.0 <= seen.sequence)
            {
                *book.entry((*side == Side::Buy, *price)).or_default() += lots;
            }
            book.retain(|_, lots| *lots != 0);
            let level = |((_, price), lots): (&(bool, u64), &i64)| {
                (*price, format!("{}.{:02}", lots / 100, lots % 100))
            };
            let bids = book.range((true, 0)..).rev().take(seen.depth).map(level);
            let asks = book.range(..(true, 0)).take(seen.depth).map(level);
            let at = seen.sequence;
            assert_eq!(seen.bids, bids.collect::<Levels>(), "bids at {at}");
            assert_eq!(seen.asks, asks.collect::<Levels>(), "asks at {at}");
        }
    }

    fn check_trades(&self, before: &[Trade], sequence: u64, after: &[Trade]) {
        let split = self.trades.partition_point(|it| it.sequence <= sequence);
        assert_eq!(before, &self.trades[split.saturating_sub(50)..split]);
        assert_eq!(after, &self.trades[split..split + after.len()]);
    }
}

/// Takes what a replay tells.
struct Taken<'a>(&'a mut [Truth; 2]);

impl Rim for Taken<'_> {
    fn take(&mut self, report: &Report) {
        let names = ["buy", "sell"];
        match report.kind {
            ReportKind::Book {
                pair,
                sequence,
                side,
                price,
                change,
            } => {
                let change = (sequence.0, side, u64::from(price.ticks()), change);
                self.0[usize::from(pair.0)].changes.push(change);
            }
            ReportKind::Trade {
                pair,
                sequence,
                price,
                quantity,
                taker_side,
            } => {
                let ticks = u64::from(price.ticks());
                let lots = i64::try_from(quantity.lots()).unwrap();
                let truth = &mut self.0[usize::from(pair.0)];
                let maker_side = taker_side.opposite();
                truth.changes.push((sequence.0, maker_side, ticks, -lots));
                let cents = |units: u64| format!("{}.{:02}", units / 100, units % 100);
                let id = engine::domain::TradeId::new(PairId(pair.0), sequence);
                truth.trades.push(Trade {
                    sequence: sequence.0,
                    id: format!("trade_{}", id.0),
                    price: cents(ticks),
                    amount: cents(quantity.lots()),
                    side: names[usize::from(taker_side == Side::Sell)].to_owned(),
                });
            }
            _ => {}
        }
    }

    fn save(&self, _: &mut Vec<u8>) {}

    fn load(&mut self, _: &[u8]) -> Result<(), String> {
        Ok(())
    }
}
