#![allow(clippy::unwrap_used)] // a test may stop at what it did not expect

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::config::{Config, DemoOptions};
use crate::wire::{BookDepth, BookUpdates};

const PAIR: PairId = PairId(0);

fn instruments() -> std::sync::Arc<Instruments> {
    Config::demo(&DemoOptions::default()).instruments
}

/// What a client makes of messages.
#[derive(Default)]
struct Folded {
    sides: [BTreeMap<u64, String>; 2],
    sequence: u64,
}

impl Folded {
    fn take(&mut self, bytes: &[u8]) -> Result<(), TestCaseError> {
        let mut bytes = bytes.to_vec();
        let message: simd_json::OwnedValue = simd_json::to_owned_value(&mut bytes).unwrap();
        use simd_json::prelude::*;
        let data = &message["data"];
        if data["kind"] == "delta" {
            prop_assert_eq!(data["previousSequence"].as_u64(), Some(self.sequence));
        } else {
            *self = Folded::default();
        }
        for (side, key) in self.sides.iter_mut().zip(["bids", "asks"]) {
            for level in data[key].as_array().unwrap() {
                let price = level["price"].as_str().unwrap().replace('.', "");
                let price = price.parse().unwrap();
                match level["amount"].as_str().unwrap() {
                    "0.00" => prop_assert!(side.remove(&price).is_some(), "nothing to remove"),
                    amount => {
                        side.insert(price, amount.to_owned());
                    }
                }
            }
        }
        self.sequence = data["sequence"].as_u64().unwrap();
        let text = |(price, amount): (&u64, &String)| {
            format!("{}.{:02}:{amount}", price / 100, price % 100)
        };
        let bids = self.sides[0].iter().rev().take(10).map(text);
        let all: Vec<String> = bids
            .chain(self.sides[1].iter().take(10).map(text))
            .collect();
        let checksum = crc32fast::hash(all.join(":").as_bytes());
        prop_assert_eq!(data["checksum"].as_u64(), Some(u64::from(checksum)));
        Ok(())
    }
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Change(Side, u32, u64),
    Publish,
    Join(BookDepth, BookUpdates),
    Again(usize),
    Leave(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let side = prop_oneof![Just(Side::Buy), Just(Side::Sell)];
    let change = (side, 1..40_u32, 0..4_u64).prop_map(|(side, away, lots)| match side {
        Side::Buy => Step::Change(side, 1_000 - away, lots),
        Side::Sell => Step::Change(side, 1_000 + away, lots),
    });
    let depth = prop::sample::select(BookDepth::ALL.to_vec());
    let updates = prop_oneof![3 => Just(BookUpdates::Delta), 1 => Just(BookUpdates::Full)];
    let join = (depth, updates).prop_map(|(depth, updates)| Step::Join(depth, updates));
    let step = prop_oneof![
        20 => change,
        4 => Just(Step::Publish),
        1 => join,
        1 => (0..8_usize).prop_map(Step::Again),
        1 => (0..8_usize).prop_map(Step::Leave),
    ];
    prop::collection::vec(step, 1..200)
}

proptest! {
    /// Whoever joins when: snapshot and deltas folded are the exchange's view, at every message.
    #[test]
    fn what_clients_fold_is_the_view(steps in steps()) {
        let instruments = instruments();
        let mut market = MarketData::new(&instruments, 50, 2);
        let mut levels: BTreeMap<(Side, u32), u64> = BTreeMap::new();
        let mut clients: Vec<(GroupKey, Folded)> = Vec::new();
        let mut sequence = EventSequence(0);
        let now = Timestamp(0);
        for step in steps.into_iter().chain([Step::Publish]) {
            match step {
                Step::Change(side, price, lots) => {
                    let level = levels.entry((side, price)).or_default();
                    let change = i64::try_from(lots).unwrap() - i64::try_from(*level).unwrap();
                    *level = lots;
                    if change != 0 {
                        sequence = sequence.next();
                        let price = Price::new(price).unwrap();
                        market.on_book(PAIR, sequence, side, price, change);
                    }
                }
                Step::Publish => {
                    let mut messages: Vec<GroupMessage> = Vec::new();
                    market.publish(0, &instruments, now, &mut messages);
                    for message in &messages {
                        for (key, folded) in &mut clients {
                            if *key == message.group {
                                folded.take(&message.bytes)?;
                            }
                        }
                    }
                    prop_assert!(!market.has_changes(0));
                }
                Step::Join(depth, updates) => {
                    let key = GroupKey { depth, updates };
                    market.join(0, PAIR, key);
                    let mut folded = Folded::default();
                    folded.take(&market.snapshot(0, PAIR, key, &instruments, now).unwrap())?;
                    clients.push((key, folded));
                }
                Step::Again(index) => {
                    if let Some((key, folded)) = clients.get_mut(index) {
                        folded.take(&market.snapshot(0, PAIR, *key, &instruments, now).unwrap())?;
                    }
                }
                Step::Leave(index) => {
                    if index < clients.len() {
                        let (key, _) = clients.remove(index);
                        market.leave(0, PAIR, key);
                    }
                }
            }
        }
        // After the last publication everybody has the book itself, as deep as they asked for.
        for (key, folded) in &clients {
            let depth = usize::from(key.depth.levels());
            for (index, side) in [Side::Buy, Side::Sell].into_iter().enumerate() {
                let all = levels.iter().filter(|((s, _), lots)| *s == side && **lots > 0);
                let mut prices: Vec<u64> = all.map(|((_, price), _)| u64::from(*price)).collect();
                if side == Side::Buy {
                    prices.reverse();
                }
                prices.truncate(depth);
                let mut seen: Vec<u64> = folded.sides[index].keys().copied().collect();
                if side == Side::Buy {
                    seen.reverse();
                }
                prop_assert_eq!(prices, seen);
            }
        }
    }
}

#[test]
fn nothing_is_scheduled_for_a_pair_that_nobody_watches() {
    let instruments = instruments();
    let mut market = MarketData::new(&instruments, 50, 2);
    let price = Price::new(1_000).unwrap();
    market.on_book(PAIR, EventSequence(1), Side::Buy, price, 5);
    assert!(!market.has_changes(0));
    let key = GroupKey {
        depth: BookDepth::Five,
        updates: BookUpdates::Delta,
    };
    market.join(0, PAIR, key);
    market.on_book(PAIR, EventSequence(2), Side::Buy, price, 5);
    assert!(market.has_changes(0));
    market.leave(0, PAIR, key);
    let mut messages: Vec<GroupMessage> = Vec::new();
    market.publish(0, &instruments, Timestamp(0), &mut messages);
    assert_eq!(messages, [], "nobody listens any more");
}

#[test]
fn a_checksum_covers_what_a_subscriber_of_its_depth_holds() {
    let instruments = instruments();
    let mut market = MarketData::new(&instruments, 50, 2);
    for level in 0..12 {
        let price = Price::new(1_000 - level).unwrap();
        market.on_book(
            PAIR,
            EventSequence(u64::from(level) + 1),
            Side::Buy,
            price,
            5,
        );
    }
    for (depth, levels) in [(BookDepth::Five, 5), (BookDepth::Fifteen, 10)] {
        let key = GroupKey {
            depth,
            updates: BookUpdates::Delta,
        };
        market.join(0, PAIR, key);
        let snapshot = market.snapshot(0, PAIR, key, &instruments, Timestamp(0));
        let text: Vec<String> = (0..levels)
            .map(|level| {
                format!(
                    "{}.{:02}:0.05",
                    (1_000 - level) / 100,
                    (1_000 - level) % 100
                )
            })
            .collect();
        let sum = format!(
            "\"checksum\":{}",
            crc32fast::hash(text.join(":").as_bytes())
        );
        let snapshot = String::from_utf8(snapshot.unwrap().to_vec()).unwrap();
        assert!(snapshot.contains(&sum), "{depth:?}: {snapshot}");
    }
}

#[test]
fn as_many_trades_are_kept_as_configured() {
    let instruments = instruments();
    let mut market = MarketData::new(&instruments, 3, 1);
    let price = Price::new(1_000).unwrap();
    let one = Quantity::new(1).unwrap();
    market.on_book(PAIR, EventSequence(1), Side::Buy, price, 9);
    for sequence in (2..7).map(EventSequence) {
        market.on_trade(PAIR, sequence, price, one, Side::Sell, Timestamp(7));
    }
    let view = &market.pairs[0].view;
    let sequences: Vec<u64> = view.trades().map(|trade| trade.sequence.0).collect();
    assert_eq!(sequences, [4, 5, 6]);
}

#[test]
fn the_last_fifty_trades_are_kept() {
    let instruments = instruments();
    let mut market = MarketData::new(&instruments, 50, 2);
    let price = Price::new(1_000).unwrap();
    let one = Quantity::new(1).unwrap();
    market.on_book(PAIR, EventSequence(1), Side::Buy, price, 60);
    for sequence in 2..62 {
        let sequence = EventSequence(sequence);
        market.on_trade(PAIR, sequence, price, one, Side::Sell, Timestamp(7));
    }
    let view = &market.pairs[0].view;
    let sequences: Vec<u64> = view.trades().map(|trade| trade.sequence.0).collect();
    assert_eq!(sequences, (12..62).collect::<Vec<u64>>());
    assert_eq!(
        market.best(PAIR),
        (None, None),
        "the trades took the whole level"
    );
    assert_eq!(market.last_trade(PAIR), Some(price));
}
