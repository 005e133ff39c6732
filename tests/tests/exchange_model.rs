//! Promise: the exchange does what the plain model does. The same requests go to both; after
//! each, the answer, every fill and fee, all balances and holds, all orders open and remembered,
//! and all books are compared, and the auditor reads what was said.
//!
//! `EXCHANGE_CASES` sets how many sequences are tried (700 without it). What fails is shrunk and
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
        cases: cases.and_then(|cases| cases.parse().ok()).unwrap_or(700),
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

    // L-25 to L-29, M-21, M-27
    #[test]
    fn orders_that_set_each_other_off_equal_the_model(bytes in asks(120)) {
        ExchangeLockstep::run(World::roomy(), &bytes).map_err(TestCaseError::fail)?;
    }
}

/// Many users' long day, in which every answer and every refusal of clearing is given.
#[test]
fn a_long_flow_equals_the_model_and_meets_every_answer() {
    let mut seen = BTreeMap::<String, usize>::new();
    for seed in 0..40 {
        let world = match seed % 4 {
            0 => World::tight(),
            _ => World::roomy(),
        };
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
        1030 Account
        148 AccountLimitsSet
        591 AllCancelled
        64 AlreadyFilled
        1865 Amended
        1798 Booked
        592 CancelAfterSet
        3338 Cancelled
        7873 Placed
        48 Repeated
        607 Revoked
        704 TradingStatusSet
        352 Transferred
        444 refused AboveMaxAmount
        286 refused AlreadyClosed
        49 refused AmountBelowFilled
        88 refused BalanceTooLarge
        519 refused BelowMinAmount
        456 refused BelowMinNotional
        110 refused BookFull
        1257 refused DuplicateClientOrderId
        328 refused ExpiryInPast
        231 refused InsufficientBalance
        100 refused InsufficientReserve
        424 refused InvalidDisplayAmount
        569 refused NothingToAmend
        1733 refused OcoPriceRelation
        1884 refused OptionNotForOrderType
        4251 refused PairHalted
        152 refused PostOnlyNeedsGoodTillCancelled
        113 refused PostOnlyWouldTake
        534 refused PriceNotAmendable
        551 refused PriceOutsideBand
        183 refused TooManyAccounts
        41 refused TooManyOpenOrders
        55 refused TooManyRevocations
        290 refused TooManyTransfers
        86 refused TrailingOutOfRange
        782 refused TransferKeyReused
        675 refused UnknownAccount
        47 refused UnknownAsset
        3708 refused UnknownOrder
        521 refused UnknownPair
        577 refused WouldTriggerImmediately
        18 refused ZeroAmount
        408 transferred before
        1865 ~ Amended
        838 ~ CancelAfter
        3471 ~ CancelRequested
        189 ~ CircuitBreaker
        347 ~ CollarReached
        124 ~ Disconnected
        698 ~ Expired
        374 ~ FillOrKill
        324 ~ ImmediateOrCancel
        3480 ~ Open
        2627 ~ Pending
        675 ~ SelfTradePrevention
        263 ~ Triggered
        1906 ~ filled
    "#]]
    .assert_eq(&seen);
}

fn count<'a>(reports: impl Iterator<Item = &'a ReportKind>, seen: &mut BTreeMap<String, usize>) {
    for report in reports {
        let name = match report {
            ReportKind::Answer { answer, .. } => name_of(answer),
            ReportKind::Order(change) => match (change.fill, change.reason) {
                (Some(_), _) => "~ filled".to_owned(),
                (None, Some(reason)) => format!("~ {reason:?}"),
                (None, None) => format!("~ {:?}", change.status),
            },
            ReportKind::Accepted(_)
            | ReportKind::Balance { .. }
            | ReportKind::Book { .. }
            | ReportKind::Trade { .. }
            | ReportKind::TradingStatus { .. }
            | ReportKind::Position(_)
            | ReportKind::MarginCall(_)
            | ReportKind::MarginCallCleared { .. }
            | ReportKind::Liquidation { .. }
            | ReportKind::Deleveraged { .. }
            | ReportKind::Mark { .. }
            | ReportKind::Reserve { .. }
            | ReportKind::AccountLimits { .. }
            | ReportKind::Revoked(_) => continue,
        };
        *seen.entry(name).or_default() += 1;
    }
}

fn name_of(answer: &Answer) -> String {
    match answer {
        Answer::Rejected(reason) => format!("refused {reason:?}"),
        Answer::Placed {
            duplicate: true, ..
        } => "placed before".to_owned(),
        Answer::Transferred {
            duplicate: true, ..
        } => "transferred before".to_owned(),
        answer => {
            let name = format!("{answer:?}");
            let end = name.find(' ').unwrap_or(name.len());
            name[..end].to_owned()
        }
    }
}
