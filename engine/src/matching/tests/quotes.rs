//! What a matcher says of its best prices and its last trade.

use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::scenario::{command, describe};
use crate::book::BookConfig;
use crate::domain::Side;
use crate::event::Event;
use crate::matching::Matcher;

fn config() -> BookConfig {
    BookConfig::new(64, 16).unwrap()
}

/// Runs `scenario`, as all are written, against a matcher that says its quotes.
fn check(scenario: &str, expected: Expect) {
    let mut matcher = Matcher::new(config()).quoting();
    let mut output = String::new();
    for line in scenario.lines().map(str::trim) {
        let mut events = Vec::new();
        matcher.run(&command(line), &mut events);
        output.push_str(&format!("> {line}\n"));
        for event in &events {
            output.push_str(&format!("  {}\n", describe(event)));
        }
    }
    expected.assert_eq(&output);
}

// G-12
#[test]
fn quotes_are_said_before_the_end_of_what_changes_them() {
    check(
        "1 m buy 2 @ 99
         2 m sell 2 @ 101
         3 n buy 1 @ 98
         4 n sell 5 @ 101
         5 t buy 2 @ 101
         6 t buy 1 @ 101 ioc
         7 t buy 9 @ 101 fok
         pass
         replace 1 @ 99 -1
         cancel 1
         cancel 9
         status halted
         cancel 4
         status open",
        expect![[r#"
            > 1 m buy 2 @ 99
              quoted 99 - -
              #1 1 rests, Buy 2 @ 99
            > 2 m sell 2 @ 101
              quoted 99 101 -
              #2 2 rests, Sell 2 @ 101
            > 3 n buy 1 @ 98
              #3 3 rests, Buy 1 @ 98
            > 4 n sell 5 @ 101
              #4 4 rests, Sell 5 @ 101
            > 5 t buy 2 @ 101
              #5 trade 2 @ 101 with 2
              quoted 99 101 101
              5 filled
            > 6 t buy 1 @ 101 ioc
              #6 trade 1 @ 101 with 4
              6 filled
            > 7 t buy 9 @ 101 fok
              7 dropped 9 (FillOrKill)
            > pass
              status set
            > replace 1 @ 99 -1
              #7 1 reduced by 1
            > cancel 1
              quoted 98 101 101
              #8 1 cancelled, 1 @ 99 (Requested)
            > cancel 9
              9 rejected (UnknownOrder)
            > status halted
              status set
            > cancel 4
              quoted 98 - 101
              #9 4 cancelled, 4 @ 101 (Requested)
            > status open
              status set
        "#]],
    );
}

/// A command that sets others off says them once, before its very last event.
// G-12, M-21
#[test]
fn a_cascade_says_its_quotes_once() {
    check(
        "1 m buy 1 @ 100
         2 m buy 1 @ 97
         3 m buy 1 @ 95
         4 m sell 1 @ 110
         5 a sell 1 @ 90 ioc stop 100
         6 b sell 1 @ 90 ioc stop 97
         7 t sell 1 @ 100 ioc
         8 c buy 1 @ 96 stop 95
         9 m sell 1 @ 96
         10 m buy 1 @ 94
         11 t sell 1 @ 94",
        expect![[r#"
            > 1 m buy 1 @ 100
              quoted 100 - -
              #1 1 rests, Buy 1 @ 100
            > 2 m buy 1 @ 97
              #2 2 rests, Buy 1 @ 97
            > 3 m buy 1 @ 95
              #3 3 rests, Buy 1 @ 95
            > 4 m sell 1 @ 110
              quoted 100 110 -
              #4 4 rests, Sell 1 @ 110
            > 5 a sell 1 @ 90 ioc stop 100
              5 waits
            > 6 b sell 1 @ 90 ioc stop 97
              6 waits
            > 7 t sell 1 @ 100 ioc
              #5 trade 1 @ 100 with 1
              7 filled
              5 set off, @ 90
              #6 trade 1 @ 97 with 2
              5 filled
              6 set off, @ 90
              #7 trade 1 @ 95 with 3
              quoted - 110 95
              6 filled
            > 8 c buy 1 @ 96 stop 95
              8 rejected (WouldTriggerImmediately)
            > 9 m sell 1 @ 96
              quoted - 96 95
              #8 9 rests, Sell 1 @ 96
            > 10 m buy 1 @ 94
              quoted 94 96 95
              #9 10 rests, Buy 1 @ 94
            > 11 t sell 1 @ 94
              #10 trade 1 @ 94 with 10
              quoted - 96 94
              11 filled
        "#]],
    );
}

/// What stands in the book when the asking begins counts as said.
#[test]
fn what_is_there_counts_as_said() {
    let mut matcher = Matcher::new(config());
    let mut events = Vec::new();
    for line in ["1 m buy 2 @ 99", "2 m sell 2 @ 101", "3 t buy 1 @ 101"] {
        matcher.run(&command(line), &mut events);
    }
    assert!(!events.iter().any(|it| matches!(it, Event::Quoted { .. })));
    assert!(!matcher.is_quoting());
    let mut matcher = matcher.quoting();
    assert!(matcher.is_quoting());
    events.clear();
    matcher.run(&command("4 n buy 1 @ 98"), &mut events);
    assert!(!events.iter().any(|it| matches!(it, Event::Quoted { .. })));
    events.clear();
    matcher.run(&command("cancel 1"), &mut events);
    let said: Vec<_> = events.iter().map(describe).collect();
    assert_eq!(said[0], "quoted 98 101 101");
    assert_eq!(said.len(), 2);
}

/// Runs `scenario` with and without quotes: but for them both say the same; and they are what the
/// book has once a command is through, said when they changed, at one place. // G-12
pub(super) fn check_quotes(config: BookConfig, scenario: &str) {
    let (mut plain, mut asked) = (Matcher::new(config), Matcher::new(config).quoting());
    let mut said = (None, None, None);
    let lines = scenario.lines();
    let lines = lines.map(|line| line.trim().trim_matches(['(', ')']));
    for line in lines.filter(|line| !line.is_empty()) {
        let command = command(line);
        let (mut expected, mut events) = (Vec::new(), Vec::new());
        plain.apply(&command, &mut expected);
        asked.run(&command, &mut events);
        let best = |side| plain.best(side).map(|level| level.price);
        let (bid, ask, last) = (best(Side::Buy), best(Side::Sell), plain.last_trade());
        if said != (bid, ask, last) {
            said = (bid, ask, last);
            expected.insert(expected.len() - 1, Event::Quoted { bid, ask, last });
        }
        assert_eq!(events, expected, "{line}");
    }
}

/// Orders of all kinds, cancels, replaces and halts, as lines of a scenario.
fn line() -> impl Strategy<Value = String> {
    let terms = prop_oneof![
        6 => Just(String::new()),
        1 => Just(" ioc".to_owned()),
        1 => Just(" fok".to_owned()),
        1 => Just(" post-only".to_owned()),
        1 => Just(" decrement".to_owned()),
        1 => Just(" cancel-both".to_owned()),
        1 => Just(" show 1".to_owned()),
        2 => (95..106_u32).prop_map(|at| format!(" stop {at}")),
        1 => (95..106_u32).prop_map(|at| format!(" profit {at} by-mark")),
        1 => (1..4_u32).prop_map(|by| format!(" trail {by} from 100 band 1000")),
    ];
    let side = prop_oneof![Just("buy"), Just("sell")];
    let owner = prop_oneof![Just('a'), Just('b'), Just('c')];
    let place = (1..12_u32, owner, side, 1..5_u32, 95..106_u32, terms).prop_map(
        |(slot, owner, side, lots, at, terms)| {
            format!("{slot} {owner} {side} {lots} @ {at}{terms}")
        },
    );
    prop_oneof![
        12 => place,
        3 => (1..12_u32).prop_map(|slot| format!("cancel {slot}")),
        2 => (1..12_u32, 95..106_u32, -2..3_i32)
            .prop_map(|(slot, at, change)| format!("replace {slot} @ {at} {change}")),
        1 => Just("pass".to_owned()),
        1 => Just("status halted".to_owned()),
        2 => Just("status open".to_owned()),
        1 => (90..98_u32, 102..110_u32).prop_map(|(low, high)| format!("limits {low} {high}")),
    ]
}

proptest! {
    #[test]
    fn quotes_agree_with_the_book(lines in prop::collection::vec(line(), 1..60)) {
        check_quotes(config(), &lines.join("\n"));
    }
}
