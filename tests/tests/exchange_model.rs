//! Promise: the exchange does what the plain model does. The same requests go to both; after
//! each, the answer, every fill and fee, all balances and holds, all orders open and remembered,
//! and all books are compared, and the auditor reads what was said.
//!
//! `EXCHANGE_CASES` sets how many sequences are tried (500 without it). What fails is shrunk and
//! printed as lines of a scenario.

use std::collections::BTreeMap;

use engine::report::{Answer, ReportKind};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError};
use rand::SeedableRng;
use testkit::lockstep::ExchangeLockstep;
use testkit::workload::Ask;
use testkit::world::World;

fn config() -> Config {
    let cases = std::env::var("EXCHANGE_CASES").ok();
    Config {
        cases: cases.and_then(|cases| cases.parse().ok()).unwrap_or(500),
        failure_persistence: None,
        max_shrink_iters: 20_000,
        ..Config::default()
    }
}

fn asks(most: usize) -> impl Strategy<Value = Vec<[u8; Ask::BYTES]>> {
    prop::collection::vec(any::<[u8; Ask::BYTES]>(), 1..most)
}

proptest! {
    #![proptest_config(config())]

    // L-1 to L-24, but L-13 and L-20, which need what is in flight or recorded
    #[test]
    fn answers_and_state_equal_the_model_after_every_request(bytes in asks(60)) {
        let world = World::tight();
        let asks = Ask::decode_all(&world, &bytes);
        ExchangeLockstep::run(world, asks).map_err(TestCaseError::fail)?;
    }
}

/// Many users' long day, in which every answer and every refusal of clearing is given.
#[test]
fn a_long_flow_equals_the_model_and_meets_every_answer() {
    let world = World::tight();
    let mut seen = BTreeMap::<String, usize>::new();
    for seed in 0..6 {
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
        let mut both = ExchangeLockstep::new(world.clone());
        let mut ask = Ask::new();
        let asks = Ask::opening(&world);
        let random = (0..700).map(|_| ask.random(&mut rng));
        for (kind, now) in asks.into_iter().chain(random) {
            match both.apply(kind, now) {
                Ok(reports) => count(reports.iter().map(|report| &report.kind), &mut seen),
                Err(what) => panic!("seed {seed}: {what}"),
            }
        }
    }
    let seen: String = seen
        .iter()
        .map(|(kind, n)| format!("{n} {kind}\n"))
        .collect();
    expect_test::expect![[r#"
        116 Account
        126 AllCancelled
        16 AlreadyFilled
        16 Amended
        399 Booked
        26 Cancelled
        1007 Placed
        140 TradingStatusSet
        55 refused AboveMaxAmount
        31 refused AlreadyClosed
        12 refused BalanceTooLarge
        60 refused BelowMinAmount
        67 refused BelowMinNotional
        30 refused BookFull
        174 refused DuplicateClientOrderId
        81 refused InsufficientBalance
        2 refused NothingToAmend
        419 refused PairHalted
        56 refused PostOnlyNeedsGoodTillCancelled
        38 refused PostOnlyWouldTake
        74 refused PriceOutsideBand
        30 refused TooManyAccounts
        95 refused TooManyOpenOrders
        85 refused UnknownAccount
        8 refused UnknownAsset
        1049 refused UnknownOrder
        54 refused UnknownPair
        6 refused ZeroAmount
    "#]].assert_eq(&seen);
}

fn count<'a>(reports: impl Iterator<Item = &'a ReportKind>, seen: &mut BTreeMap<String, usize>) {
    for report in reports {
        let ReportKind::Answer { answer, .. } = report else {
            continue;
        };
        let name = match answer {
            Answer::Rejected(reason) => format!("refused {reason:?}"),
            Answer::Placed {
                duplicate: true, ..
            } => "placed before".to_owned(),
            answer => {
                let name = format!("{answer:?}");
                let end = name.find(' ').unwrap_or(name.len());
                name[..end].to_owned()
            }
        };
        *seen.entry(name).or_default() += 1;
    }
}
