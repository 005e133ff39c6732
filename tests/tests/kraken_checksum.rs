//! Promise: our checksum is the CRC-32 that exchanges use. A recorded session carries the other
//! exchange's checksum of its ten best levels with each update: the same CRC over its strings
//! gives each of them. And over our own strings of the same levels, ours is the CRC of the text
//! that `docs/protocol.md` describes.

#![allow(
    clippy::unwrap_used,
    reason = "a file that cannot be read stops its test"
)]

use std::collections::BTreeMap;
use std::path::PathBuf;

use engine::domain::{AssetId, PairId, Price};
use gateway::instrument::{Asset, Instrument};
use gateway::wire::{CHECKSUM_LEVELS, Level, checksum};
use serde_json::Value;
use testkit::world::{Terms, pair};

/// One side, by price without its point: what stands at it, as printed.
type Levels = BTreeMap<u64, (String, String)>;

/// How many levels a side the recorded subscription keeps.
const DEPTH: usize = 1_000;

#[derive(Default)]
struct Book {
    bids: Levels,
    asks: Levels,
}

impl Book {
    fn apply(&mut self, update: &Value) {
        for (key, levels) in update.as_object().unwrap() {
            let side = match key.as_str() {
                "as" | "a" => &mut self.asks,
                "bs" | "b" => &mut self.bids,
                _ => continue,
            };
            for level in levels.as_array().unwrap() {
                let [price, volume] = [0, 1].map(|at| level[at].as_str().unwrap().to_owned());
                if digits(&volume) == 0 {
                    side.remove(&digits(&price));
                } else {
                    side.insert(digits(&price), (price, volume));
                }
            }
        }
        while self.asks.len() > DEPTH {
            self.asks.pop_last();
        }
        while self.bids.len() > DEPTH {
            self.bids.pop_first();
        }
    }

    fn best_bids(&self) -> impl Iterator<Item = &(String, String)> {
        self.bids.values().rev().take(CHECKSUM_LEVELS)
    }

    fn best_asks(&self) -> impl Iterator<Item = &(String, String)> {
        self.asks.values().take(CHECKSUM_LEVELS)
    }

    /// Theirs: asks, then bids, each number without point and leading zeros, nothing between.
    fn their_checksum(&self) -> u32 {
        let numbers = self.best_asks().chain(self.best_bids());
        let text: String = numbers
            .map(|(price, volume)| format!("{}{}", digits(price), digits(volume)))
            .collect();
        crc32fast::hash(text.as_bytes())
    }

    /// Ours, as the document says it: bids, then asks, `price:amount` joined by `:`.
    fn our_text(&self) -> String {
        let levels = self.best_bids().chain(self.best_asks());
        let texts: Vec<_> = levels
            .map(|(price, volume)| format!("{price}:{volume}"))
            .collect();
        texts.join(":")
    }

    /// Ours, as the gateway computes it.
    fn our_checksum(&self) -> u32 {
        let (price, volume) = self.asks.values().next().unwrap();
        let prices = self
            .best_bids()
            .chain(self.best_asks())
            .map(|it| digits(&it.0));
        let tick_units = prices.fold(0, greatest_common_divisor);
        let instrument = instrument(decimals(price), decimals(volume), tick_units);
        let level = |(price, volume): &(String, String)| Level {
            price: Price::from_u64(digits(price) / tick_units).unwrap(),
            lots: digits(volume),
        };
        let bids: Vec<_> = self.best_bids().map(level).collect();
        let asks: Vec<_> = self.best_asks().map(level).collect();
        checksum(&instrument, &bids, &asks)
    }
}

fn digits(number: &str) -> u64 {
    number.replace('.', "").parse().unwrap()
}

fn decimals(number: &str) -> u8 {
    let fraction = number.split_once('.').map_or(0, |(_, it)| it.len());
    u8::try_from(fraction).unwrap()
}

fn greatest_common_divisor(a: u64, b: u64) -> u64 {
    if b == 0 {
        a
    } else {
        greatest_common_divisor(b, a % b)
    }
}

fn instrument(price_scale: u8, amount_scale: u8, tick_units: u64) -> Instrument {
    let asset = |id, symbol: &str| Asset {
        id: AssetId(id),
        symbol: symbol.into(),
        scale: 8,
        display_scale: 2,
    };
    let pair = pair(0, (0, 1), Terms::plain());
    assert_eq!(pair.id(), PairId(0));
    Instrument {
        pair,
        symbol: "BASE/QUOTE".into(),
        base: asset(0, "BASE"),
        quote: asset(1, "QUOTE"),
        price_scale,
        amount_scale,
        tick_units,
        lot_units: 1,
        quote_units_per_tick_lot: 1,
    }
}

#[test]
fn every_recorded_checksum_is_reproduced() {
    let Some(folder) = std::env::var_os("EXCHANGE_DATA").map(PathBuf::from) else {
        println!("******** LEFT OUT: EXCHANGE_DATA does not name the recorded inputs ********");
        return;
    };
    let file = folder.join("kraken-book-crc/KRAKEN.ws.50.0");
    let capture = std::fs::read_to_string(file).unwrap();
    let mut books = BTreeMap::<String, Book>::new();
    let mut compared = 0;
    for (index, line) in capture.lines().enumerate() {
        let Some((_, body)) = line.split_once(": [") else {
            continue;
        };
        let message: Vec<Value> = serde_json::from_str(&format!("[{body}")).unwrap();
        let name = message.last().unwrap().as_str().unwrap();
        let book = books.entry(name.to_owned()).or_default();
        let updates = message.iter().filter(|part| part.is_object());
        let mut expected = None;
        for update in updates {
            book.apply(update);
            expected = update.get("c").or(expected);
        }
        let Some(expected) = expected else { continue };
        let expected: u32 = expected.as_str().unwrap().parse().unwrap();
        assert_eq!(
            book.their_checksum(),
            expected,
            "{name}, line {}",
            index + 1
        );
        let ours = crc32fast::hash(book.our_text().as_bytes());
        assert_eq!(book.our_checksum(), ours, "{name}, line {}", index + 1);
        compared += 1;
    }
    assert_eq!((books.len(), compared), (10, 4_269));
}
