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
        ExchangeLockstep::run(World::tight(), &bytes).map_err(TestCaseError::fail)?;
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
        let opening = Ask::opening(&world);
        for index in 0..opening.len() + 1_000 {
            let next = opening.get(index).copied();
            let (kind, now) = next.unwrap_or_else(|| ask.random(&mut rng, &both.known()));
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
        160 Account
        195 AllCancelled
        36 AlreadyFilled
        353 Amended
        550 Booked
        482 Cancelled
        1698 Placed
        184 TradingStatusSet
        98 refused AboveMaxAmount
        63 refused AlreadyClosed
        27 refused AmountBelowFilled
        20 refused BalanceTooLarge
        110 refused BelowMinAmount
        118 refused BelowMinNotional
        43 refused BookFull
        269 refused DuplicateClientOrderId
        134 refused InsufficientBalance
        92 refused NothingToAmend
        385 refused PairHalted
        86 refused PostOnlyNeedsGoodTillCancelled
        45 refused PostOnlyWouldTake
        143 refused PriceOutsideBand
        41 refused TooManyAccounts
        39 refused TooManyOpenOrders
        106 refused UnknownAccount
        13 refused UnknownAsset
        501 refused UnknownOrder
        74 refused UnknownPair
        7 refused ZeroAmount
    "#]]
    .assert_eq(&seen);
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
