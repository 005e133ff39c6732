//! Promise: the matcher does what the plain model does. The same commands go to both, and after
//! each the events and the whole book are compared, order by order.
//!
//! `EXCHANGE_CASES` sets how many sequences are tried (2,000 without it). What fails is shrunk
//! and printed as lines of a scenario.

use engine::book::BookConfig;
use engine::domain::Side;
use engine::event::Event;
use engine::matching::Matcher;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError};
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
    use rand::SeedableRng;
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(20_240_607);
    let ops: Vec<Op> = (0..60_000).map(|_| Op::random(&mut rng)).collect();
    let events = match Lockstep::run(small_book(), &ops) {
        Ok(events) => events,
        Err(what) => panic!("{what}"),
    };
    let mut seen = std::collections::BTreeMap::<String, usize>::new();
    for event in &events {
        *seen.entry(kind(event)).or_default() += 1;
    }
    let seen: String = seen
        .iter()
        .map(|(kind, n)| format!("{n} {kind}\n"))
        .collect();
    expect_test::expect![[r#"
        2886 cancelled Requested
        1442 cancelled SelfTrade
        753 decremented
        2183 dropped FillOrKill
        3704 dropped ImmediateOrCancel
        1641 dropped SelfTrade
        5400 filled
        441 reduced
        129 rejected AboveMaxAmount
        647 rejected AmountBelowFilled
        9721 rejected BookFull
        75 rejected NothingToAmend
        2413 rejected PostOnlyWouldTake
        19466 rejected UnknownOrder
        2626 replaced
        11294 rested
        9058 trade
    "#]]
    .assert_eq(&seen);
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
