//! Promise: the matcher does what the plain model does. The same commands go to both, and after
//! each the events and the whole book are compared, order by order.
//!
//! `EXCHANGE_CASES` sets how many sequences are tried (2,000 without it). What fails is shrunk
//! and printed as lines of a scenario.

use std::collections::BTreeMap;

use engine::book::BookConfig;
use engine::domain::Side;
use engine::event::Event;
use engine::matching::Matcher;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError};
use rand::SeedableRng;
use testkit::auditor::EventAuditor;
use testkit::lockstep::Lockstep;
use testkit::model::PlainMatcher;
use testkit::workload::{Flow, FlowShape, Op};

/// Small, so that levels slide in and out of the window and slots run out.
fn small_book() -> BookConfig {
    BookConfig::new(64, Op::SLOTS - 2).expect("these sizes are allowed")
}

fn config() -> Config {
    let cases = std::env::var("EXCHANGE_CASES").ok();
    Config {
        cases: cases.and_then(|cases| cases.parse().ok()).unwrap_or(2_000),
        failure_persistence: None,
        max_shrink_iters: 100_000,
        ..Config::default()
    }
}

fn ops(most: usize) -> impl Strategy<Value = Vec<Op>> {
    prop::collection::vec(any::<[u8; Op::BYTES]>().prop_map(Op::decode), 1..most)
}

proptest! {
    #![proptest_config(config())]

    // M-1 to M-28
    #[test]
    fn events_and_book_equal_the_model_after_every_command(ops in ops(120)) {
        Lockstep::run(small_book(), &ops).map_err(TestCaseError::fail)?;
    }
}

/// One long life: a full book, refused slots, and every kind of event many times.
#[test]
fn a_long_flow_equals_the_model_and_meets_everything() {
    let mut both = Lockstep::new(small_book());
    let mut seen = BTreeMap::<String, usize>::new();
    for op in flow(20_240_607, 100_000) {
        let events = match both.apply(&op) {
            Ok(events) => events,
            Err(what) => panic!("{what}"),
        };
        let kinds = events.iter().map(kind).chain(situations(&events));
        kinds.for_each(|kind| *seen.entry(kind).or_default() += 1);
    }
    let seen: String = seen
        .iter()
        .map(|(kind, n)| format!("{n} {kind}\n"))
        .collect();
    expect_test::expect![[r#"
        1624 amended
        316 cancelled CancelAfter
        271 cancelled Disconnected
        290 cancelled Expired
        1558 cancelled Requested
        1188 cancelled SelfTrade
        1167 decremented
        1165 dropped CircuitBreaker
        1829 dropped FillOrKill
        3263 dropped ImmediateOrCancel
        1349 dropped SelfTrade
        3833 filled
        702 pulled
        221 reduced
        4824 refilled
        155 rejected AboveMaxAmount
        39 rejected AlreadyTriggered
        789 rejected AmountBelowFilled
        14004 rejected BookFull
        87 rejected NothingToAmend
        22701 rejected PairHalted
        1436 rejected PostOnlyWouldTake
        82 rejected TrailingOutOfRange
        21197 rejected UnknownOrder
        4441 rejected WouldTriggerImmediately
        1707 replaced
        9280 rested
        6851 status set
        10588 trade
        4091 triggered
        1165 tripped
        5355 waiting
        241 withdrawn CancelAfter
        252 withdrawn Disconnected
        262 withdrawn Expired
        1200 withdrawn Requested
        723 ~ a few set off
        215 ~ five and more set off
        51 ~ held until the pair opens
        772 ~ one set off
        75 ~ pulled as soon as it rests
        85 ~ pulled by what was set off
        54 ~ set off by opening
        1363 ~ trade of what was set off
        3969 ~ traded with the next slice
    "#]]
    .assert_eq(&seen);
}

/// A matcher that is made anew of what it can be asked goes on as it would have.
#[test]
fn a_restored_matcher_goes_on_as_the_model() {
    for seed in 0..10 {
        let mut both = Lockstep::new(small_book());
        for (index, op) in flow(seed, 2_000).enumerate() {
            if index % 7 == 0 {
                assert_eq!(both.restore(), Ok(()), "seed {seed} before {op}");
            }
            if let Err(what) = both.apply(&op) {
                panic!("seed {seed}: {what}");
            }
        }
    }
}

/// The flow that benches measure with: trades, quantities and all else as the model has it.
#[test]
fn the_benched_flow_equals_the_model() {
    for shape in [FlowShape::Steady, FlowShape::Deep] {
        let mut fast = Matcher::new(BookConfig::default());
        let mut plain = PlainMatcher::new(BookConfig::default().max_orders());
        let mut auditor = EventAuditor::default();
        for command in Flow::commands(shape, 7, 6_000) {
            let mut events = Vec::new();
            fast.apply(&command, &mut events);
            assert_eq!(events, plain.apply(&command), "{shape:?}: {command:?}");
            assert_eq!(auditor.command(&command, &events), Ok(()));
        }
        for side in [Side::Buy, Side::Sell] {
            let depth = fast.depth(side).map(|it| (it.price, it.total));
            assert!(depth.eq(plain.depth(side)), "{shape:?} {side:?}");
        }
    }
}

fn flow(seed: u64, ops: usize) -> impl Iterator<Item = Op> {
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
    (0..ops).map(move |_| Op::random(&mut rng))
}

/// What a flow must lead to for its test to be one.
fn situations(events: &[Event]) -> Vec<String> {
    let mut found = Vec::new();
    let triggered = |event: &&Event| matches!(event, Event::Triggered { .. });
    match events.iter().filter(triggered).count() {
        0 => {}
        1 => found.push("one set off"),
        2..5 => found.push("a few set off"),
        _ => found.push("five and more set off"),
    }
    let mut is_cascading = false;
    let (mut rested, mut refilled) = (Vec::new(), Vec::new());
    for event in events {
        match *event {
            Event::Triggered { .. } => {
                is_cascading = true;
                refilled.clear();
            }
            Event::Rested { order, .. } => rested.push(order),
            Event::Pulled { .. } if is_cascading => found.push("pulled by what was set off"),
            Event::Pulled { order, .. } if rested.contains(&order) => {
                found.push("pulled as soon as it rests");
            }
            Event::Refilled { order, .. } => refilled.push(order),
            Event::Trade { maker, .. } if refilled.contains(&maker) => {
                found.push("traded with the next slice");
            }
            Event::Trade { .. } if is_cascading => found.push("trade of what was set off"),
            _ => {}
        }
    }
    if let [Event::StatusSet { last: false }, ..] = events {
        found.push("set off by opening");
    }
    let is_fate =
        |event: &&[Event]| matches!(event, [Event::Triggered { .. }, Event::Waiting { .. }]);
    if events.windows(2).any(|two| is_fate(&two)) {
        found.push("held until the pair opens");
    }
    found.into_iter().map(|it| format!("~ {it}")).collect()
}

fn kind(event: &Event) -> String {
    match event {
        Event::Pulled { .. } => "pulled".to_owned(),
        Event::Refilled { .. } => "refilled".to_owned(),
        Event::Triggered { .. } => "triggered".to_owned(),
        Event::Quoted { .. } => "quoted".to_owned(),
        Event::Tripped { .. } => "tripped".to_owned(),
        Event::Waiting { .. } => "waiting".to_owned(),
        Event::Amended { .. } => "amended".to_owned(),
        Event::Withdrawn { reason, .. } => format!("withdrawn {reason:?}"),
        Event::StatusSet { .. } => "status set".to_owned(),
        Event::Trade { .. } => "trade".to_owned(),
        Event::Decremented { .. } => "decremented".to_owned(),
        Event::Replaced { .. } => "replaced".to_owned(),
        Event::Rested { .. } => "rested".to_owned(),
        Event::Reduced { .. } => "reduced".to_owned(),
        Event::Filled { .. } => "filled".to_owned(),
        Event::Cancelled { reason, .. } => format!("cancelled {reason:?}"),
        Event::Dropped { reason, .. } => format!("dropped {reason:?}"),
        Event::Rejected { reason, .. } => format!("rejected {reason:?}"),
    }
}
