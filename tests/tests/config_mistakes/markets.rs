//! Pairs and assets.

use std::path::Path;

use expect_test::expect;
use gateway::config::Config;

use super::{changed, check};

#[test]
fn pairs_must_settle_without_rounding() {
    check(
        &changed(&[(
            "tick = \"0.01\"\nlot = \"0.01\"",
            "tick = \"0.0001\"\nlot = \"0.001\"",
        )]),
        &expect![[r#"
            gateway.toml: pairs[0].tick: found tick × lot of 0.0000001; expected tick × lot to be a whole number of the smallest unit of XRP, with at most 6 decimals
        "#]],
    );
    check(
        &changed(&[("lot = \"0.01\"", "lot = \"0.00001\"")]),
        &expect![[r#"
            gateway.toml: pairs[0].lot: found 0.00001; expected a whole number of the smallest unit of LUXURY001, with at most 4 decimals
            gateway.toml: pairs[0].tick: found tick × lot of 0.0000001; expected tick × lot to be a whole number of the smallest unit of XRP, with at most 6 decimals
        "#]],
    );
    check(
        &changed(&[
            (
                "min_amount = \"0.01\"\nmax_amount = \"100000.00\"",
                "min_amount = \"0.015\"\nmax_amount = \"0\"",
            ),
            ("min_notional = \"1.00\"", "min_notional = \"-1\""),
            (
                "reference_price = \"1000.00\"",
                "reference_price = \"1000.005\"",
            ),
        ]),
        &expect![[r#"
            gateway.toml: pairs[0].min_amount: found 0.015; expected a multiple of the lot, at least one and at most 2^40 lots
            gateway.toml: pairs[0].max_amount: found 0; expected a multiple of the lot, at least one and at most 2^40 lots
            gateway.toml: pairs[0].min_notional: found -1; expected zero or more, with at most 6 decimals
            gateway.toml: pairs[0].reference_price: found 1000.005; expected a multiple of the tick, at least one and at most 2^32 − 1 ticks
        "#]],
    );
    check(
        &changed(&[
            (
                "min_notional = \"1.00\"",
                "min_notional = \"9223372036855\"",
            ),
            ("LUXURY001 = \"50\"", "LUXURY001 = \"999999999999999999\""),
        ]),
        &expect![[r#"
            gateway.toml: pairs[0].min_notional: found 9223372036855; expected at most 9223372036854.775807, which is 2^63 − 1 of the smallest unit of XRP
            gateway.toml: accounts[0].balances.LUXURY001: found 999999999999999999; expected at most 922337203685477.5807, which is 2^63 − 1 of the smallest unit of LUXURY001
        "#]],
    );
    check(
        &changed(&[
            ("quote = \"XRP\"", "quote = \"LUXURY001\""),
            ("price_band_bps = 1000", "price_band_bps = 10001"),
        ]),
        &expect![[r#"
            gateway.toml: pairs[0].quote: found the base; expected another asset than the base
            gateway.toml: pairs[0].price_band_bps: found 10001; expected a whole number from 1 to 10000
        "#]],
    );
    check(
        &changed(&[(
            "base = \"XRP\"\nquote = \"FLR\"",
            "base = \"LUXURY001\"\nquote = \"XRP\"",
        )]),
        &expect![[r#"
            gateway.toml: pairs[1].base: found "LUXURY001/XRP"; expected a pair that was not named before
        "#]],
    );
}

#[test]
fn assets_are_named_once_and_plainly() {
    check(
        &changed(&[
            ("symbol = \"FLR\"", "symbol = \"XRP\""),
            ("scale = 4", "scale = 19"),
        ]),
        &expect![[r#"
            gateway.toml: assets[1].symbol: found "XRP"; expected a symbol that was not named before
            gateway.toml: assets[2].scale: found 19; expected a whole number from 0 to 18
        "#]],
    );
    check(
        &changed(&[("symbol = \"FLR\"", "symbol = \"flr\"")]),
        &expect![[r#"
        gateway.toml: assets[1].symbol: found "flr"; expected 1 to 20 characters of A to Z and 0 to 9
    "#]],
    );
    check(
        &changed(&[("display_scale = 2", "display_scale = 7")]),
        &expect![[r#"
        gateway.toml: assets[0].display_scale: found 7; expected a whole number from 0 to 6
    "#]],
    );
}

#[test]
fn a_price_comes_from_a_pair_with_the_asset_as_its_base() {
    let supply = "circulating_supply = \"50000.0000\"";
    check(
        &changed(&[
            ("scale = 8", "scale = 8\nprimary_pair = \"XRP/FLR\""),
            (
                "primary_pair = \"LUXURY001/XRP\"",
                "primary_pair = \"LUXURY009/XRP\"",
            ),
        ]),
        &expect![[r#"
            gateway.toml: assets[1].primary_pair: found "XRP/FLR"; expected one of [[pairs]] with the base FLR
            gateway.toml: assets[2].primary_pair: found "LUXURY009/XRP"; expected one of [[pairs]] with the base LUXURY001
        "#]],
    );
    check(
        &changed(&[
            ("scale = 8", "scale = 8\ncirculating_supply = \"1\""),
            (supply, "circulating_supply = \"0.00001\""),
        ]),
        &expect![[r#"
            gateway.toml: assets[1].circulating_supply: found a supply; expected none, as FLR is the base of no pair
            gateway.toml: assets[2].circulating_supply: found 0.00001; expected above zero, with at most 4 decimals
        "#]],
    );
    check(
        &changed(&[(supply, "circulating_supply = 50000")]),
        &expect![[r#"
            gateway.toml: assets[2].circulating_supply: found 50000; expected a decimal string like "0.01"
        "#]],
    );
    let without = changed(&[(supply, ""), ("primary_pair = \"LUXURY001/XRP\"", "")]);
    let config = Config::parse(&without, "gateway.toml", Path::new("")).unwrap();
    let instruments = config.instruments;
    let source = |symbol| instruments.price_source(instruments.asset_by_symbol(symbol).unwrap().id);
    let luxury = source("LUXURY001").unwrap();
    assert_eq!((luxury.pair.0, luxury.circulating_supply), (0, None));
    assert_eq!(
        source("XRP").unwrap().pair.0,
        1,
        "the first pair of its own"
    );
    assert_eq!(source("FLR"), None);
}
