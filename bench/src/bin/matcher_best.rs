//! The matcher's flows in one screen: best of many runs, in nanoseconds a command, and the ratio
//! to the floor of the same minute, which is what to compare between machines and days.
//!
//! `matcher_best [RUNS] [FLOW]`: 50 runs of every flow unless told otherwise.

use bench::matcher::{Flow, all, time_floor, time_matcher};

fn main() {
    let mut arguments = std::env::args().skip(1);
    let runs = arguments
        .next()
        .and_then(|runs| runs.parse().ok())
        .unwrap_or(50);
    let only = arguments.next();
    println!(
        "{:<12} {:>10} {:>10} {:>10} {:>7}",
        "flow", "commands", "ns/cmd", "floor", "ratio"
    );
    for flow in all() {
        if only.as_deref().is_none_or(|only| only == flow.name) {
            row(&flow, runs);
        }
    }
}

fn row(flow: &Flow, runs: u32) {
    // Alternating, so that both meet the same neighbours.
    let (mut matcher, mut floor) = (u128::MAX, u128::MAX);
    for _ in 0..runs {
        matcher = matcher.min(time_matcher(flow, 1).as_nanos());
        floor = floor.min(time_floor(flow, 1).as_nanos());
    }
    let commands = flow.timed.len() as u128;
    // In hundredths, rounded down: the bench has no more digits than that to give.
    let hundredths = |value: u128| format!("{}.{:02}", value / 100, value % 100);
    println!(
        "{:<12} {commands:>10} {:>10} {:>10} {:>7}",
        flow.name,
        hundredths(matcher * 100 / commands),
        hundredths(floor * 100 / commands),
        hundredths(matcher * 100 / floor.max(1)),
    );
}
