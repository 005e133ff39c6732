//! The rules as scenarios. Each is a text that a trader can read, run against the matcher, with
//! the book walked after every command; the expected output stands beside it.

#![allow(
    clippy::unwrap_used,
    reason = "a scenario that cannot be read stops its test"
)]

mod batches;
mod halts;
mod icebergs;
mod limits;
mod oco;
mod orders;
mod quotes;
mod replace;
mod scenario;
mod self_trade;
mod self_trade_published;
mod stops;
mod trailing;

use std::fmt::Write as _;

use expect_test::Expect;

use super::Matcher;
use crate::book::BookConfig;
use crate::command::OrderCommand;
use crate::domain::EventSequence;
use crate::event::Event;

use scenario::{book, command, describe};

/// Runs `scenario` on a small book and compares what happened, then the book, with `expected`.
///
/// A line is `KEY OWNER buy|sell QUANTITY @ PRICE [ioc|fok] [post-only] [MODE] [TERMS]`, `cancel
/// KEY`, `replace KEY @ PRICE ±CHANGE [linked]`, `status open|halted`, `limits 95 105` or `pass`. A
/// key is a slot, or `slot.generation`. Terms are `stop 95`, `profit 105`, `trail 5 from 100 band 1000`
/// (`5bp` for basis points), `oco 95 then 94`, `oco 95 market 90`, each with or without `by-mark`,
/// or `show 2`. Of lines in brackets only refusals are shown.
fn check(scenario: &str, expected: Expect) {
    check_on(BookConfig::new(64, 16).unwrap(), scenario, expected);
}

fn check_on(config: BookConfig, scenario: &str, expected: Expect) {
    quotes::check_quotes(config, scenario);
    let mut matcher = Matcher::new(config);
    let mut output = String::new();
    for line in scenario.lines().map(str::trim) {
        if line.is_empty() {
            continue;
        }
        let is_quiet = line.starts_with('(') && line.ends_with(')');
        let line = line.trim_start_matches('(').trim_end_matches(')');
        let command = command(line);
        let mut events = Vec::new();
        let before = matcher.sequence();
        matcher.apply(&command, &mut events);
        check_contract(&command, &events, before, &matcher);
        if is_quiet && !matches!(events[..], [Event::Rejected { .. }]) {
            continue;
        }
        writeln!(output, "> {line}").unwrap();
        for event in &events {
            writeln!(output, "  {}", describe(event)).unwrap();
        }
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
