//! What is told again although nothing changed: never later than was promised.

#![allow(clippy::unwrap_used)] // a test may stop at what it did not expect

use serde_json::{Value, json};

use super::world::World;
use crate::session::Frame;

/// How late a busy machine is with each thing that is due.
const LATE_MS: u64 = 30;

/// The times of the messages of `kind` within two minutes in which nothing happens.
fn told(channel: &Value, kind: &str) -> Vec<u64> {
    let mut world = World::new(|config| config.limits.idle_timeout_ms = u64::MAX / 4);
    let (id, mailbox) = world.open(1 << 20);
    world.log_in(id, "alice", None);
    world.settle();
    world.send(id, &json!({"type": "subscribe", "channels": [channel]}));
    let end = world.now.plus(120_000);
    let mut times = Vec::new();
    while world.now < end {
        while let Some(frame) = mailbox.pop() {
            let Frame::Text(text) = frame else { continue };
            let message: Value = serde_json::from_slice(&text).unwrap();
            testkit::contract::received(&message);
            if message["type"] == kind {
                times.push(message["timestamp"].as_u64().unwrap());
            }
        }
        world.now = world.hub.deadline().unwrap().plus(LATE_MS);
        world.settle();
    }
    times
}

#[track_caller]
fn check(times: &[u64], at_least: usize, at_most_ms: u64) {
    assert!(times.len() >= at_least, "{times:?}");
    for two in times.windows(2) {
        let passed = two[1] - two[0];
        assert!(passed <= at_most_ms, "{passed} ms: {times:?}");
        assert!(passed >= at_most_ms * 4 / 5, "{passed} ms: {times:?}");
    }
}

#[test]
fn a_price_is_told_at_least_every_five_seconds() {
    let channel = json!({"type": "price", "symbol": "LUXURY001"});
    check(&told(&channel, "price_update"), 24, 5_000);
}

#[test]
fn a_portfolio_is_told_at_least_every_ten_seconds() {
    let channel = json!({"type": "portfolio"});
    check(&told(&channel, "portfolio_update"), 12, 10_000);
}
