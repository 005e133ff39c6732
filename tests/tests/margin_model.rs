//! Promise: positions are what the plain model of `docs/margin.md` says. The same requests go to
//! both exchanges, with thin books, prices that jump, hours that pass, halts and flips; after each,
//! positions, debts, funds, balances and all that is said are compared, every asset is summed, and
//! each liquidation step that the exchange took is one that the rules demand.
//!
//! `MARGIN_CASES` sets how many sequences are tried (150 without it). What fails is shrunk and
//! printed as lines of a scenario.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError};
use testkit::lockstep::ExchangeLockstep;
use testkit::workload::MarginAsk;
use testkit::world::World;

fn config() -> Config {
    let cases = std::env::var("MARGIN_CASES").ok();
    Config {
        cases: cases.and_then(|cases| cases.parse().ok()).unwrap_or(150),
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
        ExchangeLockstep::run_margin(World::margin(), &bytes).map_err(TestCaseError::fail)?;
    }
}
