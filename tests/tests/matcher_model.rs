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

    // M-1 to M-27
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
        2199 amended
        322 cancelled CancelAfter
        321 cancelled Disconnected
        324 cancelled Expired
        1586 cancelled Requested
        1596 cancelled SelfTrade
        1326 decremented
        2227 dropped FillOrKill
        4278 dropped ImmediateOrCancel
        1742 dropped SelfTrade
        5774 filled
        964 pulled
        341 reduced
        6151 refilled
        180 rejected AboveMaxAmount
        63 rejected AlreadyTriggered
        1022 rejected AmountBelowFilled
        16598 rejected BookFull
        117 rejected NothingToAmend
        1663 rejected PostOnlyWouldTake
        110 rejected TrailingOutOfRange
        26146 rejected UnknownOrder
        5443 rejected WouldTriggerImmediately
        2358 replaced
        12034 rested
        3021 status set
        14959 trade
        5444 triggered
        6364 waiting
        219 withdrawn CancelAfter
        227 withdrawn Disconnected
        257 withdrawn Expired
        1175 withdrawn Requested
        1027 ~ a few set off
        251 ~ five and more set off
        1201 ~ one set off
        113 ~ pulled as soon as it rests
        122 ~ pulled by what was set off
        2 ~ set off by opening
        1770 ~ trade of what was set off
        5223 ~ traded with the next slice
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
    found.into_iter().map(|it| format!("~ {it}")).collect()
}

fn kind(event: &Event) -> String {
    match event {
        Event::Pulled { .. } => "pulled".to_owned(),
        Event::Refilled { .. } => "refilled".to_owned(),
        Event::Triggered { .. } => "triggered".to_owned(),
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
