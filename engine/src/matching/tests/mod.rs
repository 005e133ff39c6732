//! The rules as scenarios. Each is a text that a trader can read, run against the matcher, with
//! the book walked after every command; the expected output stands beside it.

#![allow(
    clippy::unwrap_used,
    reason = "a scenario that cannot be read stops its test"
)]

mod limits;
mod orders;
mod replace;
mod self_trade;

use std::fmt::Write as _;

use expect_test::Expect;

use super::Matcher;
use crate::book::BookConfig;
use crate::command::{CancelOrder, OrderCommand, PlaceOrder, ReplaceOrder};
use crate::domain::{
    AccountId, EventSequence, OrderKey, Price, Quantity, SelfTradePrevention, Side, TimeInForce,
};
use crate::event::{CancelReason, Event};

/// Runs `scenario` on a small book and compares what happened, then the book, with `expected`.
///
/// A line is `KEY OWNER buy|sell QUANTITY @ PRICE [ioc|fok] [post-only] [MODE]`, `cancel KEY` or
/// `replace KEY @ PRICE ±CHANGE`. A key is a slot, or `slot.generation`.
fn check(scenario: &str, expected: Expect) {
    check_on(BookConfig::new(64, 16).unwrap(), scenario, expected);
}

fn check_on(config: BookConfig, scenario: &str, expected: Expect) {
    let mut matcher = Matcher::new(config);
    let mut output = String::new();
    for line in scenario.lines().map(str::trim) {
        if line.is_empty() {
            continue;
        }
        let command = command(line);
        let mut events = Vec::new();
        let before = matcher.sequence();
        matcher.apply(&command, &mut events);
        writeln!(output, "> {line}").unwrap();
        for event in &events {
            writeln!(output, "  {}", describe(event)).unwrap();
        }
        check_contract(&command, &events, before, &matcher);
    }
    output.push_str(&book(&matcher));
    expected.assert_eq(&output);
}

/// What holds for every command. // M-1, M-2, M-3
fn check_contract(
    command: &OrderCommand,
    events: &[Event],
    before: EventSequence,
    matcher: &Matcher,
) {
    let lasts: Vec<bool> = events.iter().map(Event::is_last).collect();
    assert_eq!(lasts.iter().position(|last| *last), Some(lasts.len() - 1));
    let mut sequence = before;
    for stepped in events.iter().filter_map(Event::sequence) {
        sequence = sequence.next();
        assert_eq!(stepped, sequence, "{command:?}");
    }
    assert_eq!(matcher.sequence(), sequence, "{command:?}");
    if let [Event::Rejected { .. }] = events {
        assert_eq!(matcher.sequence(), before);
    }
    assert_eq!(matcher.verify(), Ok(()), "{command:?}");
}

fn key(text: &str) -> OrderKey {
    let (slot, generation) = text.split_once('.').unwrap_or((text, "0"));
    OrderKey {
        slot: slot.parse().unwrap(),
        generation: generation.parse().unwrap(),
    }
}

fn price(text: &str) -> Price {
    Price::new(text.parse().unwrap()).unwrap()
}

fn command(line: &str) -> OrderCommand {
    let words: Vec<&str> = line.split_whitespace().collect();
    match words[..] {
        ["cancel", order] => OrderCommand::Cancel(CancelOrder {
            key: key(order),
            reason: CancelReason::Requested,
        }),
        ["replace", order, "@", at, change] => OrderCommand::Replace(ReplaceOrder {
            key: key(order),
            price: price(at),
            quantity_change: change.parse().unwrap(),
            linked: false,
        }),
        [order, owner, side, quantity, "@", at, ref options @ ..] => {
            let has = |option: &str| options.contains(&option);
            let pick = |names: [&str; 3]| names.iter().position(|name| has(name));
            OrderCommand::Place(PlaceOrder {
                key: key(order),
                account: AccountId(u32::from(owner.as_bytes()[0])),
                side: if side == "buy" { Side::Buy } else { Side::Sell },
                price: price(at),
                quantity: Quantity::new(quantity.parse().unwrap()).unwrap(),
                time_in_force: if has("ioc") {
                    TimeInForce::ImmediateOrCancel
                } else if has("fok") {
                    TimeInForce::FillOrKill
                } else {
                    TimeInForce::GoodTillCancelled
                },
                post_only: has("post-only"),
                self_trade: match pick(["cancel-maker", "cancel-both", "decrement"]) {
                    Some(0) => SelfTradePrevention::CancelMaker,
                    Some(1) => SelfTradePrevention::CancelBoth,
                    Some(_) => SelfTradePrevention::Decrement,
                    None => SelfTradePrevention::CancelTaker,
                },
            })
        }
        _ => panic!("not a scenario line: {line}"),
    }
}

fn describe(event: &Event) -> String {
    let name = |key: OrderKey| match key.generation {
        0 => key.slot.to_string(),
        generation => format!("{}.{generation}", key.slot),
    };
    let text = match *event {
        Event::Trade {
            maker,
            price,
            quantity,
            ..
        } => format!(
            "trade {} @ {} with {}",
            quantity.lots(),
            price.ticks(),
            name(maker)
        ),
        Event::Decremented {
            maker,
            price,
            quantity,
            ..
        } => format!(
            "decremented {} @ {} with {}",
            quantity.lots(),
            price.ticks(),
            name(maker)
        ),
        Event::Replaced {
            order,
            price,
            quantity,
            ..
        } => format!(
            "{} replaced, left {} @ {}",
            name(order),
            quantity.lots(),
            price.ticks()
        ),
        Event::Rested {
            order,
            side,
            price,
            quantity,
            ..
        } => format!(
            "{} rests, {side:?} {} @ {}",
            name(order),
            quantity.lots(),
            price.ticks()
        ),
        Event::Reduced {
            order, quantity, ..
        } => format!("{} reduced by {}", name(order), quantity.lots()),
        Event::Cancelled {
            order,
            price,
            quantity,
            reason,
            ..
        } => format!(
            "{} cancelled, {} @ {} ({reason:?})",
            name(order),
            quantity.lots(),
            price.ticks()
        ),
        Event::Pulled {
            order,
            price,
            quantity,
            ..
        } => format!(
            "{} pulled, left {} @ {}",
            name(order),
            quantity.lots(),
            price.ticks()
        ),
        Event::Refilled {
            order,
            price,
            quantity,
            ..
        } => format!(
            "{} refilled, {} @ {}",
            name(order),
            quantity.lots(),
            price.ticks()
        ),
        Event::Triggered { order, price } => {
            format!("{} triggered @ {}", name(order), price.ticks())
        }
        Event::Waiting { order, .. } => format!("{} waits", name(order)),
        Event::Amended { order, .. } => format!("{} amended", name(order)),
        Event::Withdrawn { order, reason, .. } => {
            format!("{} withdrawn ({reason:?})", name(order))
        }
        Event::StatusSet { .. } => "status set".to_owned(),
        Event::Filled { order, .. } => format!("{} filled", name(order)),
        Event::Dropped {
            order,
            quantity,
            reason,
            ..
        } => format!("{} dropped {} ({reason:?})", name(order), quantity.lots()),
        Event::Rejected { order, reason, .. } => format!("{} rejected ({reason:?})", name(order)),
    };
    match event.sequence() {
        Some(sequence) => format!("#{} {text}", sequence.0),
        None => text,
    }
}

/// Every level, highest price first, with its queue.
fn book(matcher: &Matcher) -> String {
    let mut output = String::new();
    let mut asks: Vec<_> = matcher.depth(Side::Sell).collect();
    asks.reverse();
    let sides = [
        (Side::Sell, asks),
        (Side::Buy, matcher.depth(Side::Buy).collect()),
    ];
    for (side, levels) in sides {
        for level in levels {
            write!(
                output,
                "{side:?} {} = {}:",
                level.price.ticks(),
                level.total
            )
            .unwrap();
            for order in matcher.queue(side, level.price) {
                assert_eq!(matcher.order(order.key), Some(order));
                let owner = char::from_u32(order.account.0).unwrap();
                write!(output, " {}{owner}{}", order.key.slot, order.leaves.lots()).unwrap();
            }
            output.push('\n');
        }
    }
    if output.is_empty() {
        output.push_str("empty\n");
    }
    output
}
