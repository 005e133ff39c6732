//! Margin trading and lending.

use std::path::Path;

use expect_test::expect;
use gateway::config::Config;

use super::{changed, check, example, example_path, with_ledgers};

#[test]
fn margin_has_defaults_and_needs_its_limits() {
    let config = Config::load(&example_path()).unwrap();
    let terms = *config.instruments.all()[0].pair.margin().unwrap();
    assert_eq!(config.instruments.all()[1].pair.margin(), None);
    let text = example();
    let defaults = [
        "max_leverage",
        "initial_ratio",
        "maintenance_ratio",
        "grace_seconds",
        "liquidation_fee_bps",
        "max_mark_age_seconds",
    ];
    let is_default = |line: &str| defaults.iter().any(|key| line.starts_with(key));
    let bare: Vec<&str> = text.lines().filter(|line| !is_default(line)).collect();
    let bare = Config::parse(&bare.join("\n"), "bare", Path::new("")).unwrap();
    assert_eq!(bare.instruments.all()[0].pair.margin(), Some(&terms));
    assert_eq!(terms.index_band, None);
    let rate = |asset: usize| config.exchange.lending[asset].hourly_rate;
    assert_eq!((rate(0), rate(1), rate(2)), (10_000, 0, 0));
    assert_eq!(config.exchange.lending[1].limit.units(), 0);
    let reserves: Vec<u64> = config.reserves.iter().map(|it| it.amount.units()).collect();
    assert_eq!(reserves, [500_000_000_000, 10_000_000_000, 10_000_000]);
    let indexed = Config::parse(&with_ledgers(), "ledgers", Path::new("")).unwrap();
    assert_eq!(indexed.indices.len(), 1);
    let band = indexed.instruments.all()[0]
        .pair
        .margin()
        .unwrap()
        .index_band;
    assert_eq!(band, Some(500));
}

#[test]
fn what_does_not_fit_together_on_margin_is_told() {
    for (changes, expected) in [
        (
            vec![
                ("max_leverage = \"10\"", "max_leverage = \"1\""),
                ("initial_ratio = \"0.10\"", "initial_ratio = \"1.1\""),
                ("max_position = \"100.00\"", "max_position = \"0.001\""),
                ("max_open_interest = \"1000.00\"\n", ""),
                ("grace_seconds = 3600", "grace_seconds = 0"),
                (
                    "hourly_rate = \"0.00001\"",
                    "hourly_rate = \"0.0000000001\"",
                ),
                ("limit = \"1000000.00\"", "limit = \"-1\""),
                ("insurance_fund = \"10000.00\"", "insurance = \"10000.00\""),
            ],
            expect![[r#"
                gateway.toml: assets[0].lending.hourly_rate: found 0.0000000001; expected from 0 to 1, with at most 9 decimals
                gateway.toml: assets[0].lending.insurance: found an unknown key; expected one of hourly_rate, insurance_fund, limit, pool
                gateway.toml: pairs[0].margin.max_leverage: found 1; expected above 1 and at most 655.35, with at most 2 decimals
                gateway.toml: pairs[0].margin.initial_ratio: found 1.1; expected from 0 to 1, with at most 5 decimals
                gateway.toml: pairs[0].margin.grace_seconds: found 0; expected a whole number from 1 to 604800
                gateway.toml: pairs[0].margin.max_open_interest: found nothing; expected a decimal string like "0.01"
                gateway.toml: pairs[0].margin.max_position: found 0.001; expected a multiple of the lot, at least one and at most 2^40 lots
                gateway.toml: assets[0].lending.limit: found -1; expected zero or more, with at most 6 decimals
            "#]],
        ),
        (
            vec![
                ("max_leverage = \"10\"", "max_leverage = \"10.01\""),
                (
                    "maintenance_ratio = \"0.05\"",
                    "maintenance_ratio = \"0.10\"",
                ),
                ("liquidation_fee_bps = 50", "liquidation_fee_bps = 1000"),
            ],
            expect![[r#"
                gateway.toml: pairs[0].margin.maintenance_ratio: found 0.1; expected less than initial_ratio
                gateway.toml: pairs[0].margin.max_leverage: found 10.01; expected at most 1 / initial_ratio
                gateway.toml: pairs[0].margin.liquidation_fee_bps: found 1000; expected less than initial_ratio
            "#]],
        ),
        (
            vec![("#index_band_bps = 500", "index_band_bps = 500")],
            expect![[r#"
                gateway.toml: pairs[0].margin.index: found nothing; expected where it comes from: "flare:SYMBOL" or "xrpl:SYMBOL"
            "#]],
        ),
        (
            vec![(
                "#index = \"flare:LUXURY001\"",
                "index = \"flare:LUXURY001\"",
            )],
            expect![[r#"
                gateway.toml: pairs[0].margin.index_band_bps: found nothing; expected how far the mark price may be from the index
            "#]],
        ),
        (
            vec![
                (
                    "#index = \"flare:LUXURY001\"",
                    "index = \"flare:LUXURY001\"",
                ),
                ("#index_band_bps = 500", "index_band_bps = 500"),
            ],
            expect![[r#"
                gateway.toml: pairs[0].margin.index: found "flare:LUXURY001"; expected a token of [[arbitrage.tokens]]
            "#]],
        ),
        (
            vec![
                ("#index = \"flare:LUXURY001\"", "index = \"LUXURY001\""),
                ("#index_band_bps = 500", "index_band_bps = 500"),
            ],
            expect![[r#"
                gateway.toml: pairs[0].margin.index: found "LUXURY001"; expected where it comes from: "flare:SYMBOL" or "xrpl:SYMBOL"
            "#]],
        ),
    ] {
        check(&changed(&changes), &expected);
    }
}
