//! Promise: positions are what the plain model of `docs/margin.md` says. The same requests go to
//! both exchanges, with thin books, prices that jump, hours that pass, halts and flips; after each,
//! positions, debts, funds, balances and all that is said are compared, every asset is summed, and
//! each liquidation step that the exchange took is one that the rules demand.
//!
//! `MARGIN_CASES` sets how many sequences are tried (150 without it), `MARGIN_SEED` which ones: without it
//! always the same, so that a commit has one outcome. What fails is shrunk and printed as lines of a
//! scenario.

use std::collections::BTreeSet;

use engine::exchange::Exchange;
use engine::report::{Answer, Report, ReportKind};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestCaseError};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use testkit::lockstep::ExchangeLockstep;
use testkit::workload::MarginAsk;
use testkit::world::World;

fn config() -> Config {
    let number = |name| std::env::var(name).ok()?.parse().ok();
    Config {
        cases: number("MARGIN_CASES").unwrap_or(150),
        rng_seed: RngSeed::Fixed(number("MARGIN_SEED").unwrap_or(1).into()),
        failure_persistence: None,
        max_shrink_iters: 20_000,
        ..Config::default()
    }
}

fn asks(most: usize) -> impl Strategy<Value = Vec<[u8; MarginAsk::BYTES]>> {
    prop::collection::vec(any::<[u8; MarginAsk::BYTES]>(), 1..most)
}

proptest! {
    #![proptest_config(config())]

    // G-1 to G-24
    #[test]
    fn positions_equal_the_model_after_every_request(bytes in asks(150)) {
        let both = ExchangeLockstep::run_margin(World::margin(), &bytes);
        let both = both.map_err(TestCaseError::fail)?;
        same_again(&both).map_err(TestCaseError::fail)?;
    }
}

/// Found by the property above: a grace ends while an order expires whose going moves the mark, so that
/// the reduction is decided at one mark price and begins at another. // G-14, G-16
#[test]
fn a_grace_that_ends_as_the_mark_moves_reduces_nonetheless() {
    let asked = "\
        0 120f 0 000044 28 92487d3bb60048 000031 00440800d0004 0 0 0 0 0 000046 00002e 000006 \
        000046 000002 00000000000000000000a 40293d0004004 a8 00c8 000089 529e0000020000000000a \
        00c8 6d 4000647d03e04 0 9218dbc519004c 00008d16000000000000f 40002b02020000000000c8 \
        4011120002 7c000000000000000000c8 68 4007052318 000018 00000000000000000000a \
        00050c070b00000000fa 0000000000000000000000fe";
    let both = ExchangeLockstep::run_margin(World::margin(), &bytes_of(asked));
    assert!(both.is_ok(), "{}", both.err().unwrap_or_default());
}

/// Found by the property above: the fund takes the last bid, so there is no mark price any more, and the
/// request in whose course that happened brings the next: it is tried from the book on again. // G-15, G-21
#[test]
fn a_market_that_comes_back_within_a_request_is_tried_from_the_beginning() {
    let asked = "\
        402f5a0007 00c80200020000d00f 0 0 c0ce25670d 92d52e000d0094 00c85b0002004 92498a880800d4 \
        00000000000000000000fe a8000000000000000000f6 0000000428 0 00000000000000000000c8 0000002f \
        00000000000000000000a 00040078000000000000c8 005e45 40c8bd4117 40c90238030000000000f 0 \
        004a5b0003 0 a8 40db74006f 00c8140003000000000000c8";
    let both = ExchangeLockstep::run_margin(World::margin(), &bytes_of(asked));
    assert!(both.is_ok(), "{}", both.err().unwrap_or_default());
}

/// A word a request, without its last zeros.
fn bytes_of(words: &str) -> Vec<[u8; MarginAsk::BYTES]> {
    words
        .split_whitespace()
        .map(|word| {
            let mut bytes = [0; MarginAsk::BYTES];
            for (place, digit) in word.bytes().enumerate() {
                let digit = char::from(digit).to_digit(16).unwrap() as u8;
                bytes[place / 2] |= digit << (4 * (1 - place % 2));
            }
            bytes
        })
        .collect()
}

/// The flow is worth something: it meets every refusal, stage and reason of margin.
#[test]
fn random_flow_meets_every_word_of_margin() {
    let mut seen = BTreeSet::new();
    for seed in 0..30 {
        let world = World::margin();
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut both = ExchangeLockstep::new(world.clone());
        let mut ask = MarginAsk::new();
        let mut next = MarginAsk::opening(&world).into_iter();
        for _ in 0..400 {
            let opening = next.next();
            let (kind, now) = opening.unwrap_or_else(|| ask.random(&mut random, &both.known()));
            match both.apply(kind, now) {
                Ok(reports) => seen.extend(reports.iter().filter_map(word)),
                Err(what) => panic!("seed {seed}: {what}"),
            }
        }
    }
    let seen: Vec<_> = seen.into_iter().collect();
    expect_test::expect![[r#"
        call Critical
        call Warning
        call cleared
        deleveraged
        liquidation Backstop
        liquidation Began(Grace)
        liquidation Began(Maintenance)
        liquidation Closed
        liquidation Deleveraging
        liquidation Recovered
        liquidation SuspendedLiquidity
        liquidation SuspendedMarket
        position Adjusted
        position Closed
        position Deleveraged
        position Grown
        position Interest
        position Liquidated
        position Liquidation
        position Opened
        position Reduced
        refused BelowInitialMargin
        refused BeyondBankruptcy
        refused InsufficientReserve
        refused LeverageOutOfRange
        refused MarginNotAmendable
        refused NoMarkPrice
        refused NoPosition
        refused OrdersConflict
        refused PoolExhausted
        refused PositionInLiquidation
        refused PositionLimit
        refused ReduceOnlyExceedsPosition
        refused TooManyTransfers
        refused TransferKeyReused"#]]
    .assert_eq(&seen.join("\n"));
}

/// What a report says of margin, without its figures.
fn word(report: &Report) -> Option<String> {
    match report.kind {
        ReportKind::Answer {
            answer: Answer::Rejected(reason),
            ..
        } if reason.number() >= 33 => Some(format!("refused {reason:?}")),
        ReportKind::Position(change) => Some(format!("position {:?}", change.reason)),
        ReportKind::MarginCall(call) => Some(format!("call {:?}", call.severity)),
        ReportKind::MarginCallCleared { .. } => Some("call cleared".to_owned()),
        ReportKind::Liquidation { stage, .. } => Some(format!("liquidation {stage:?}")),
        ReportKind::Deleveraged { .. } => Some("deleveraged".to_owned()),
        _ => None,
    }
}

/// The log replays to the same digest, also from a snapshot in the middle, and the model's state is
/// one that an exchange can take up. // G-22
fn same_again(both: &ExchangeLockstep) -> Result<(), String> {
    let config = &both.world().config;
    let log = both.log();
    let expected = both.fast().state_digest();
    let mut again = Exchange::new(config.clone()).map_err(|what| what.to_string())?;
    let (first, rest) = log.split_at(log.len() / 2);
    for command in first {
        let replayed = again.replay(command, &mut Vec::new());
        replayed.map_err(|what| what.to_string())?;
    }
    let resumed = Exchange::restore(config.clone(), &again.state());
    let mut resumed = resumed.map_err(|what| what.to_string())?;
    for command in rest {
        for exchange in [&mut again, &mut resumed] {
            let replayed = exchange.replay(command, &mut Vec::new());
            replayed.map_err(|what| what.to_string())?;
        }
    }
    let of_model = both.plain().state(log.len() as u64);
    let of_model = Exchange::restore(config.clone(), &of_model);
    let of_model = of_model.map_err(|what| format!("the model's state: {what}"))?;
    let digests = [
        again.state_digest(),
        resumed.state_digest(),
        of_model.state_digest(),
    ];
    match digests.iter().all(|digest| *digest == expected) {
        true => Ok(()),
        false => Err(format!(
            "{expected} is, again, resumed and modelled, {digests:?}"
        )),
    }
}
