//! Promise: every message of the server is written field for field as the documents print it, in
//! the pair's own scales.

#![allow(
    clippy::unwrap_used,
    reason = "a test may stop at what it did not expect"
)]

mod connection;
mod errors;
mod grid;
mod market_data;
mod orders;
mod portfolio;

use engine::domain::{Amount, Price, Quantity, Timestamp};
use expect_test::Expect;
use gateway::config::{Config, DemoOptions};
use gateway::instrument::{Instrument, Instruments};
use gateway::wire::*;

const NOW: Timestamp = Timestamp(1_700_000_000_123);

fn instruments() -> Instruments {
    (*Config::demo(&DemoOptions::default()).instruments).clone()
}

fn luxury() -> Instrument {
    instruments().by_symbol("LUXURY001/XRP").unwrap().clone()
}

fn price(ticks: u32) -> Price {
    Price::new(ticks).unwrap()
}

fn lots(lots: u64) -> Quantity {
    Quantity::new(lots).unwrap()
}

fn units(units: u64) -> Amount {
    Amount::new(units).unwrap()
}

fn level(ticks: u32, lots: u64) -> Level {
    Level {
        price: price(ticks),
        lots,
    }
}

/// What `encode` writes, which must be JSON.
fn written(encode: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut out = Vec::new();
    encode(&mut out);
    let text = String::from_utf8(out).unwrap();
    assert!(
        serde_json::from_str::<serde_json::Value>(&text).is_ok_and(|message| {
            // Whole messages, as the document describes them.
            let checked = testkit::contract::check_said(&message);
            checked.map_err(|what| println!("{what}")).is_ok()
        }),
        "{text}"
    );
    text
}

#[track_caller]
fn check(encode: impl FnOnce(&mut Vec<u8>), expected: &Expect) {
    expected.assert_eq(&written(encode));
}

const RATE: RateLimit = RateLimit {
    limit: 100,
    remaining: 97,
    reset_ms: 41_000,
};
