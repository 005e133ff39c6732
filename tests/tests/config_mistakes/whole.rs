//! Files as a whole: the example, an empty one, one that is not there, one with mistakes everywhere.

use std::path::Path;

use expect_test::expect;
use gateway::config::Config;

use super::{changed, check, example, example_path};

#[test]
fn the_example_loads_and_shows_the_defaults() {
    let config = Config::load(&example_path()).unwrap();
    // All lines of the limits are defaults: without them the same comes out.
    let text = example();
    let from = text.find("[limits]").unwrap();
    let to = text.find("# A token with the claim").unwrap();
    let bare = Config::parse(
        &format!("{}{}", &text[..from], &text[to..]),
        "bare",
        Path::new(""),
    );
    assert_eq!(bare.unwrap().limits, config.limits);
    let pair = config.instruments.by_symbol("XRP/FLR").unwrap();
    assert_eq!((pair.price_scale, pair.amount_scale), (4, 1));
    assert_eq!(pair.quote_units_per_tick_lot, 1_000);
    assert_eq!(pair.pair.limits().min_notional.units(), 0);
    assert_eq!(
        config
            .limits
            .tier("market_maker")
            .unwrap()
            .messages_per_second,
        500
    );
    assert_eq!(config.limits.tier("other"), None);
}

#[test]
fn nothing_is_configured_by_an_empty_file() {
    check(
        "",
        &expect![[r#"
            gateway.toml: auth.keys: found nothing; expected at least one [[auth.keys]], jwks_file or jwks_url
            gateway.toml: assets: found 0; expected two to 65,535 [[assets]]
            gateway.toml: pairs: found nothing; expected at least one [[pairs]]
            gateway.toml: portfolio.valuation_asset: found nothing; expected the symbol of an asset
        "#]],
    );
}

#[test]
fn no_toml_is_one_mistake_with_its_line() {
    check(
        "[server]\nlisten = \n",
        &expect![[r#"
        gateway.toml: line 2: found string values must be quoted, expected literal string; expected valid TOML
    "#]],
    );
}

#[test]
fn all_mistakes_are_told_at_once() {
    let text = changed(&[
        (
            "listen = \"127.0.0.1:8080\"\n# Where",
            "listen = \"localhost\"\nlisten_port = 1\n# Where",
        ),
        ("trusted_proxies = []", "trusted_proxies = [\"10.0.0\", 5]"),
        ("leeway_seconds = 0", "leeway_seconds = 60"),
        ("replace this secret before anyone can reach you", "short"),
        ("durability = \"sync\"", "durability = \"fast\""),
        ("matcher_threads = 1", "matcher_threads = 0"),
        ("spin = false", "spin = \"no\""),
        ("connections_per_user = 5", "connections_per_user = -1"),
        ("idle_timeout_ms = 45000", "idle_timeout_ms = 1000"),
        ("bytes_per_second = 524288", "bytes_per_second = 65535"),
        ("messages_per_second = 500\n\n[portfolio]", "\n[portfolio]"),
        ("valuation_asset = \"XRP\"", "valuation_asset = \"EUR\""),
        ("base = \"LUXURY001\"", "base = \"LUXURY009\""),
        ("tick = \"0.0001\"", "tick = 0.0001"),
        ("user = \"tester\"", "user = \"\""),
        ("LUXURY001 = \"50\"", "LUXURY001 = \"0.00001\", EUR = \"1\""),
    ]);
    check(
        &text,
        &expect![[r#"
            gateway.toml: server.listen: found "localhost"; expected an address and a port like "127.0.0.1:8080"
            gateway.toml: server.trusted_proxies[1]: found 5; expected a string
            gateway.toml: server.trusted_proxies[0]: found "10.0.0"; expected an address like "10.0.0.1" or a network like "10.0.0.0/8"
            gateway.toml: server.listen_port: found an unknown key; expected one of admin_listen, admin_tls, admin_token, allowed_origins, compression, listen, proxy_protocol, tls, trusted_proxies
            gateway.toml: auth.leeway_seconds: found 60; expected a whole number from 0 to 5
            gateway.toml: auth.keys[0].secret: found a shorter secret; expected at least 32 bytes
            gateway.toml: storage.durability: found "fast"; expected one of sync, os, none
            gateway.toml: runtime.matcher_threads: found 0; expected a whole number from 1 to 256
            gateway.toml: runtime.spin: found "no"; expected true or false
            gateway.toml: limits.connections_per_user: found -1; expected a whole number from 1 to 10000000
            gateway.toml: limits.bytes_per_second: found 65535; expected a whole number from 65536 to 1073741824
            gateway.toml: limits.idle_timeout_ms: found 1000; expected more than ping_interval_ms, 15000
            gateway.toml: limits.tiers.market_maker.messages_per_second: found nothing; expected a whole number from 1 to 10000000
            gateway.toml: pairs[0].base: found "LUXURY009"; expected one of XRP, FLR, LUXURY001
            gateway.toml: pairs[1].tick: found 0.0001; expected a decimal string like "0.01"
            gateway.toml: portfolio.valuation_asset: found "EUR"; expected one of XRP, FLR, LUXURY001
            gateway.toml: accounts[0].user: found ""; expected 1 to 64 printable ASCII characters, each user once
            gateway.toml: accounts[0].balances.EUR: found an unknown asset; expected the symbol of an asset
            gateway.toml: accounts[0].balances.LUXURY001: found 0.00001; expected above zero, with at most 4 decimals
        "#]],
    );
}

#[test]
fn a_file_that_is_not_there_is_a_mistake() {
    let errors = Config::load(Path::new("no/such/file.toml")).unwrap_err();
    assert_eq!(errors.0.len(), 1);
    assert!(
        errors.to_string().starts_with("no/such/file.toml: found "),
        "{errors}"
    );
}
