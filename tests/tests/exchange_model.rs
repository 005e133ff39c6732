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
        1011 Account
        132 AccountLimitsSet
        591 AllCancelled
        53 AlreadyFilled
        1922 Amended
        2360 Booked
        592 CancelAfterSet
        3426 Cancelled
        8211 Placed
        1207 TradingStatusSet
        476 Transferred
        465 refused AboveMaxAmount
        279 refused AlreadyClosed
        44 refused AmountBelowFilled
        132 refused BalanceTooLarge
        516 refused BelowMinAmount
        509 refused BelowMinNotional
        126 refused BookFull
        1340 refused DuplicateClientOrderId
        336 refused ExpiryInPast
        211 refused InsufficientBalance
        99 refused InsufficientReserve
        451 refused InvalidDisplayAmount
        595 refused NothingToAmend
        1832 refused OcoPriceRelation
        1951 refused OptionNotForOrderType
        3549 refused PairHalted
        156 refused PostOnlyNeedsGoodTillCancelled
        116 refused PostOnlyWouldTake
        585 refused PriceNotAmendable
        551 refused PriceOutsideBand
        174 refused TooManyAccounts
        57 refused TooManyOpenOrders
        147 refused TooManyTransfers
        84 refused TrailingOutOfRange
        263 refused TransferKeyReused
        690 refused UnknownAccount
        65 refused UnknownAsset
        3505 refused UnknownOrder
        538 refused UnknownPair
        570 refused WouldTriggerImmediately
        21 refused ZeroAmount
        542 transferred before
        1922 ~ Amended
        943 ~ CancelAfter
        3593 ~ CancelRequested
        192 ~ CircuitBreaker
        322 ~ CollarReached
        153 ~ Disconnected
        711 ~ Expired
        419 ~ FillOrKill
        322 ~ ImmediateOrCancel
        3637 ~ Open
        2748 ~ Pending
        696 ~ SelfTradePrevention
        256 ~ Triggered
        1938 ~ filled
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
