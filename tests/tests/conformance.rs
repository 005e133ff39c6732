//! Recorded order flow through the matcher: every report line equals what three independent
//! engines agree on; after every command the book
//! is whole and its best levels are the plain model's.
//!
//! The window is kept small, so that levels move in and out of it all the time.

#![allow(
    clippy::unwrap_used,
    reason = "a file that cannot be read stops its test"
)]

use std::path::PathBuf;

use engine::book::BookConfig;
use engine::domain::{Price, Quantity, Side};
use serde::Deserialize;
use testkit::model::PlainMatcher;
use testkit::order_flow::{FlowDriver, Line, Message, MessageKind, Slots, read_messages};

const FLOWS: [&str; 5] = ["static", "normal", "swing-25", "swing-40", "flash-crash"];

fn data() -> Option<PathBuf> {
    let folder = std::env::var_os("EXCHANGE_DATA").map(PathBuf::from);
    if folder.is_none() {
        println!("******** LEFT OUT: EXCHANGE_DATA does not name the recorded inputs ********");
    }
    folder.map(|folder| folder.join("order-flow"))
}

/// Runs `messages` and returns the sorted report lines.
fn run(messages: &[Message], window_levels: u32) -> Vec<String> {
    let config = BookConfig::new(window_levels, 1 << 16).unwrap();
    let mut driver = FlowDriver::new(config, Slots::Recycled);
    let mut plain = PlainMatcher::new(1 << 16);
    let mut lines: Vec<Line> = Vec::new();
    for message in messages {
        driver.apply(message, &mut lines);
        // M-2, M-7: the walk finds no gap and no crossed book; depth is what the events say.
        assert_eq!(driver.matcher().verify(), Ok(()), "{message:?}");
        assert_tops(&driver, message);
        for command in driver.commands() {
            plain.apply(command);
        }
        for side in [Side::Buy, Side::Sell] {
            let best = driver.matcher().best(side).map(|it| (it.price, it.total));
            assert_eq!(best, plain.best(side), "the model's best after {message:?}");
        }
    }
    lines.sort_by_key(|line| (line.sequence, line.kind));
    lines.iter().map(Line::to_string).collect()
}

fn assert_tops(driver: &FlowDriver, message: &Message) {
    let views = |side| {
        let levels = driver.matcher().depth(side).take(10);
        levels.map(|level| (level.price.ticks(), level.total))
    };
    let pair = |(price, total): (&u32, &u64)| (*price, *total);
    let bids = driver.levels(Side::Buy).iter().rev().take(10).map(pair);
    assert!(views(Side::Buy).eq(bids), "bids after {message:?}");
    let asks = driver.levels(Side::Sell).iter().take(10).map(pair);
    assert!(views(Side::Sell).eq(asks), "asks after {message:?}");
}

#[test]
fn five_recorded_flows_answer_byte_for_byte() {
    let Some(folder) = data() else { return };
    std::thread::scope(|scope| {
        for flow in FLOWS {
            let folder = &folder;
            scope.spawn(move || {
                let file = std::fs::read(folder.join(format!("{flow}.bin"))).unwrap();
                let expected = folder.join(format!("{flow}.expected.txt"));
                let expected = std::fs::read_to_string(expected).unwrap();
                let lines = run(&read_messages(&file).unwrap(), 64);
                for (index, (line, expected)) in lines.iter().zip(expected.lines()).enumerate() {
                    assert_eq!(line, expected, "{flow}, line {}", index + 1);
                }
                assert!(lines.join("\n") == expected, "{flow}: lines are missing");
            });
        }
    });
}

#[derive(Deserialize)]
struct Case {
    name: String,
    commands: Vec<Step>,
    reports: Vec<String>,
}

#[derive(Deserialize)]
struct Step {
    op: String,
    order: u64,
    #[serde(default)]
    side: String,
    #[serde(default)]
    ioc: bool,
    #[serde(default)]
    quantity: u64,
    #[serde(default)]
    price: u64,
}

impl Step {
    fn message(&self, sequence: u64) -> Message {
        let price = || Price::from_u64(self.price).unwrap();
        let quantity = || Quantity::new(self.quantity).unwrap();
        let side = match self.side.as_str() {
            "sell" => Side::Sell,
            _ => Side::Buy,
        };
        Message {
            sequence,
            order: self.order,
            kind: match self.op.as_str() {
                "new" => MessageKind::New {
                    side,
                    price: price(),
                    quantity: quantity(),
                    immediate_or_cancel: self.ioc,
                },
                "cancel" => MessageKind::Cancel,
                "replace" => MessageKind::Replace {
                    price: price(),
                    quantity: quantity(),
                },
                other => panic!("unknown op {other}"),
            },
        }
    }
}

#[test]
fn every_conformance_case_answers_as_three_engines_do() {
    let Some(folder) = data() else { return };
    let file = std::fs::read(folder.join("conformance.json")).unwrap();
    let cases: Vec<Case> = serde_json::from_slice(&file).unwrap();
    assert_eq!(cases.len(), 34);
    for case in cases {
        let messages: Vec<Message> = case
            .commands
            .iter()
            .enumerate()
            .map(|(index, step)| step.message(index as u64))
            .collect();
        assert_eq!(run(&messages, 64), case.reports, "{}", case.name);
    }
}
