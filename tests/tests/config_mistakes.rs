//! Promise: a configuration is checked as a whole, and all its mistakes are told at once, each
//! with file, key, what was found and what was expected.

#![allow(
    clippy::unwrap_used,
    reason = "a test may stop at what it did not expect"
)]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use expect_test::{Expect, expect};
use gateway::config::Config;
use gateway::server::{Funding, Server};

fn example() -> String {
    std::fs::read_to_string(example_path()).unwrap()
}

fn example_path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/gateway.example.toml")
}

#[track_caller]
fn check(text: &str, expected: &Expect) {
    let shown = match Config::parse(text, "gateway.toml", Path::new("")) {
        Ok(_) => "ok\n".to_owned(),
        Err(errors) => format!("{errors}\n"),
    };
    expected.assert_eq(&shown);
}

/// The example with `from` (there once) made `to`.
fn changed(changes: &[(&str, &str)]) -> String {
    let mut text = example();
    for (from, to) in changes {
        assert_eq!(text.matches(from).count(), 1, "{from} is there once");
        text = text.replace(from, to);
    }
    text
}

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

/// The example with its sections about other ledgers, whose lines begin with `#` and no space.
fn with_ledgers() -> String {
    let mut text = String::new();
    for line in example().lines() {
        let is_key = line.starts_with('#') && !line.starts_with("# ") && line.len() > 1;
        text += if is_key { &line[1..] } else { line };
        text.push('\n');
    }
    text
}

#[test]
fn the_example_s_other_ledgers_load_and_show_the_defaults() {
    assert_eq!(Config::load(&example_path()).unwrap().arbitrage, None);
    let load = |text: &str| Config::parse(text, "ledgers", Path::new("")).unwrap();
    let config = load(&with_ledgers()).arbitrage.unwrap();
    assert_eq!(config.xrpl.nodes.len(), 2);
    assert_eq!(config.xrpl.nodes[1].to_string(), "xrpl.example:443");
    assert_eq!(config.flare.nodes[0].path.as_ref(), "/ext/bc/C/rpc");
    let code = "4C55585552593030310000000000000000000000";
    assert_eq!(config.markets[0].currency.code(), code);
    let defaults = [
        "request_timeout_ms",
        "stale_after_ms",
        "poll_interval_ms",
        "xrp_feed",
        "price_scale",
        "amount_scale",
        "deep_value",
        "currency",
        "fee_bps",
        "pool_fee_bps",
        "volatility_move_bps",
        "volatility_window_seconds",
    ];
    let is_default = |line: &&str| {
        defaults
            .iter()
            .any(|key| line.starts_with(&format!("{key} =")))
    };
    let text = with_ledgers();
    let bare: Vec<&str> = text.lines().filter(|line| !is_default(line)).collect();
    assert_eq!(load(&bare.join("\n")).arbitrage, Some(config));
    assert_eq!(load(&bare.join("\n")).alerts, load(&text).alerts);
}

#[test]
fn other_ledgers_mistakes_are_told_with_their_keys() {
    let mut text = with_ledgers();
    for (from, to) in [
        ("network_fee = \"0.05\"", "network_fee = \"-1\""),
        (
            "\"wss://xrpl.example/\"]",
            "\"https://xrpl.example/a-key\"]",
        ),
        (
            "nodes = [\"http://127.0.0.1:9650/ext/bc/C/rpc\", \"https://flare.example/ext/C/rpc\"]",
            "nodes = []",
        ),
        (
            "registry = \"0xaD67FE66660Fb8dFE9d6b1b4240d8650e30F6019\"",
            "registry = \"0xaD67\"",
        ),
        ("xrp_feed = \"XRP/USD\"", "xrp_feed = \"XRP\""),
        ("amount_scale = 2", "amount_scale = 19"),
        ("currency = \"LUXURY001\"", "currency = \"XRP\""),
        (
            "issuer = \"rvYAfWj5gh67oV6fW32ZzP3Aw4Eubs59B\"",
            "issuer = \"0x12\"",
        ),
        ("quote_feed = \"FLR/USD\"", "quote_feed = \"0x01\""),
        ("pool_fee_bps = 30", "pool_fee_bps = 10000"),
        (
            "[alerts.volatility.\"LUXURY001/XRP\"]",
            "[alerts.volatility.\"EUR/XRP\"]",
        ),
        ("volatility_move_bps = 500", "volatility_move_bps = 0"),
    ] {
        assert_eq!(text.matches(from).count(), 1, "{from} is there once");
        text = text.replace(from, to);
    }
    check(
        &text,
        &expect![[r#"
            gateway.toml: alerts.volatility_move_bps: found 0; expected a whole number from 1 to 1000000
            gateway.toml: alerts.volatility.EUR/XRP: found an unknown pair; expected the symbol of a pair, in quotes like "BASE/QUOTE"
            gateway.toml: arbitrage.network_fee: found -1; expected zero or more
            gateway.toml: arbitrage.xrpl.nodes[1]: found something else; expected an URL like "wss://host:443/"
            gateway.toml: arbitrage.flare.nodes: found nothing; expected at least one of an URL like "https://host:443/path"
            gateway.toml: arbitrage.flare.registry: found "0xaD67"; expected an address, 0x and 40 hex digits
            gateway.toml: arbitrage.flare.xrp_feed: found "XRP"; expected a feed like "XRP/USD", or 0x and 42 hex digits
            gateway.toml: arbitrage.tokens[0].amount_scale: found 19; expected a whole number from 0 to 18
            gateway.toml: arbitrage.tokens[0].xrpl.currency: found "XRP", which is XRP itself; expected three characters, a longer name, or 40 hex digits, and not XRP
            gateway.toml: arbitrage.tokens[0].xrpl.issuer: found "0x12"; expected an address of the XRP Ledger like "rvYAfWj5gh67oV6fW32ZzP3Aw4Eubs59B"
            gateway.toml: arbitrage.tokens[0].flare.quote_feed: found "0x01"; expected a feed like "XRP/USD", or 0x and 42 hex digits
            gateway.toml: arbitrage.tokens[0].flare.pool_fee_bps: found 10000; expected a whole number from 0 to 9999
        "#]],
    );
    let nothing = "[arbitrage]\nnodes = 5\n";
    check(
        &(example() + nothing),
        &expect![[r#"
        gateway.toml: arbitrage.xrpl.nodes: found nothing; expected at least one of an URL like "wss://host:443/"
        gateway.toml: arbitrage.flare.nodes: found nothing; expected at least one of an URL like "https://host:443/path"
        gateway.toml: arbitrage.flare.registry: found nothing; expected an address, 0x and 40 hex digits
        gateway.toml: arbitrage.tokens: found 0; expected one to 50 [[arbitrage.tokens]]
        gateway.toml: arbitrage.nodes: found an unknown key; expected one of flare, network_fee, tokens, xrpl
    "#]],
    );
    let twice = with_ledgers();
    let token = &twice[twice.find("[[arbitrage.tokens]]").unwrap()..];
    let token = token.replace("symbol = \"LUXURY001\"", "symbol = \"LUXURY009\"");
    let feed = "[[arbitrage.tokens]]\nsymbol = \"LUXURY001\"\nxrpl = { issuer = \"rvYAfWj5gh67oV6fW32ZzP3Aw4Eubs59B\" }\nflare = { feed = \"XAU/USD\" }\n";
    check(
        &format!("{twice}{token}{feed}"),
        &expect![[r#"
        gateway.toml: arbitrage.tokens[1].symbol: found "LUXURY009"; expected the symbol of an asset
        gateway.toml: arbitrage.tokens[2].flare.depth: found nothing; expected how many tokens can be traded at the feed's price
    "#]],
    );
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

/// The operator's port is for this machine, behind a token that nobody guesses; its secret is in
/// no message.
#[test]
fn the_operator_is_let_in_with_a_long_token_on_this_machine_alone() {
    let text = changed(&[
        (
            "admin_listen = \"127.0.0.1:9090\"\n# admin_token = \"…\"",
            "admin_listen = \"0.0.0.0:9090\"\nadmin_token = \"hunter2\"",
        ),
        ("circuit_breaker_bps = 1500", "circuit_breaker_bps = 10001"),
        (
            "circuit_breaker_halt_seconds = 300",
            "circuit_breaker_halt_seconds = 0",
        ),
    ]);
    check(
        &text,
        &expect![[r#"
        gateway.toml: server.admin_listen: found 0.0.0.0:9090; expected an address of this machine alone, like "127.0.0.1:9090", or [server.admin_tls] beside it
        gateway.toml: server.admin_token: found something else (hidden); expected at least 32 visible ASCII characters
        gateway.toml: pairs[0].circuit_breaker_bps: found 10001; expected a whole number from 0 to 10000
        gateway.toml: pairs[0].circuit_breaker_halt_seconds: found 0; expected a whole number from 1 to 604800
    "#]],
    );
}

/// Elsewhere it is let in over TLS, with files that are good.
#[test]
fn the_operator_is_let_in_from_elsewhere_over_tls_alone() {
    let text = changed(&[(
        "admin_listen = \"127.0.0.1:9090\"",
        "admin_listen = \"0.0.0.0:9090\"\n\
         admin_tls = { certificate = \"no/such.pem\", key = \"no/such.key\", other = 1 }",
    )]);
    check(
        &text,
        &expect![[r#"
        gateway.toml: server.admin_tls.other: found an unknown key; expected one of certificate, key
        gateway.toml: server.admin_tls.certificate: found I/O error: No such file or directory (os error 2); expected a readable PEM with a chain, the server's own first
    "#]],
    );
}

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

#[test]
fn shards_are_counted() {
    check(
        &changed(&[("shards = 2", "shards = 0")]),
        &expect![[r#"
            gateway.toml: runtime.shards: found 0; expected a whole number from 1 to 256
        "#]],
    );
}

#[test]
fn keys_fit_their_algorithm_and_are_never_shown() {
    let secret = "secret = \"replace this secret before anyone can reach you\"";
    for (key, expected) in [
        (
            "",
            expect![[r#"
            gateway.toml: auth.keys[0].secret: found nothing; expected one of secret, secret_file, secret_env
        "#]],
        ),
        (
            "secret_env = \"SURELY_NOT_SET_ANYWHERE\"",
            expect![[r#"
            gateway.toml: auth.keys[0].secret_env: found no environment variable SURELY_NOT_SET_ANYWHERE; expected the name of an environment variable that is set
        "#]],
        ),
        (
            "secret_file = \"no/such/file\"",
            expect![[r#"
            gateway.toml: auth.keys[0].secret_file: found no/such/file: No such file or directory (os error 2); expected a readable file
        "#]],
        ),
        (
            "secret_env = \"A\"\nsecret_file = \"B\"",
            expect![[r#"
            gateway.toml: auth.keys[0].secret: found several; expected one of secret, secret_file, secret_env
        "#]],
        ),
    ] {
        check(&changed(&[(secret, key)]), &expected);
    }
    check(
        &changed(&[("algorithm = \"HS256\"", "algorithm = \"none\"")]),
        &expect![[r#"
            gateway.toml: auth.keys[0].algorithm: found "none"; expected one of HS256, EdDSA, ES256, RS256
        "#]],
    );
    check(
        &changed(&[("algorithm = \"HS256\"", "algorithm = \"EdDSA\"")]),
        &expect![[r#"
            gateway.toml: auth.keys[0].public_key_file: found nothing; expected public_key_file, a path
            gateway.toml: auth.keys[0].secret: found an unknown key; expected one of algorithm, id, public_key_file
        "#]],
    );
    let config = Config::load(&example_path()).unwrap();
    assert!(!format!("{config:?}").contains("replace this"));
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

/// What the start says over the journal in `folder`, under the example with `changes`.
async fn start(folder: &Path, changes: &[(&str, &str)]) -> String {
    let mut config = Config::parse(&changed(changes), "gateway.toml", Path::new("")).unwrap();
    config.server.listen = ([127, 0, 0, 1], 0).into();
    config.server.admin_token = None;
    config.storage.data_dir = Some(folder.to_owned());
    config.storage.segment_mib = 1;
    config.storage.min_free_mib = 0;
    let clock = Arc::new(gateway::clock::now);
    match Server::bind(&config, clock, &Funding::default()) {
        Ok(server) => {
            server.run(std::future::ready(())).await.unwrap();
            "starts".to_owned()
        }
        Err(error) => {
            let text = format!("{error:#}");
            text.replace(&folder.display().to_string(), "DIR")
        }
    }
}

#[tokio::test]
async fn a_journal_keeps_the_circuit_breaker_that_it_was_written_under() {
    let name = format!("exchange-breaker-{}", std::process::id());
    let folder = std::env::temp_dir().join(name);
    let none = ("circuit_breaker_bps = 1500", "circuit_breaker_bps = 0");
    assert_eq!(start(&folder, &[]).await, "starts");
    assert_eq!(start(&folder, &[]).await, "starts");
    let without = start(&folder, &[none]).await;
    let narrower = start(
        &folder,
        &[("circuit_breaker_bps = 1500", "circuit_breaker_bps = 500")],
    )
    .await;
    std::fs::remove_dir_all(&folder).unwrap();
    assert_eq!(start(&folder, &[none]).await, "starts");
    let given = start(&folder, &[]).await;
    assert_eq!(start(&folder, &[none]).await, "starts");
    std::fs::remove_dir_all(&folder).unwrap();
    expect![[r#"
        DIR/markets: the journal was written with "breaker 0 LUXURY001/XRP band 1500 halt 300000 from 100000", which the configuration does not have: start with the configuration that it was written under, or another data_dir
        DIR/markets: the journal was written with "breaker 0 LUXURY001/XRP band 1500 halt 300000 from 100000", which the configuration does not have: start with the configuration that it was written under, or another data_dir
        DIR/markets: the journal was written without "breaker 0 LUXURY001/XRP band 1500 halt 300000 from 100000", which the configuration has: a circuit breaker cannot be given to a pair that has traded without it; start without, or with another data_dir
    "#]].assert_eq(&format!("{without}\n{narrower}\n{given}\n"));
}

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

#[tokio::test]
async fn a_journal_keeps_the_margin_terms_that_it_was_written_under() {
    let name = format!("exchange-margin-terms-{}", std::process::id());
    let folder = std::env::temp_dir().join(name);
    assert_eq!(start(&folder, &[]).await, "starts");
    // What only decides what is taken from now on may change.
    let limits = [
        ("max_leverage = \"10\"", "max_leverage = \"5\""),
        ("max_position = \"100.00\"", "max_position = \"50.00\""),
        ("max_mark_age_seconds = 300", "max_mark_age_seconds = 60"),
        ("limit = \"1000000.00\"", "limit = \"2000000.00\""),
        ("pool = \"500000.00\"", "pool = \"1.00\""),
    ];
    assert_eq!(start(&folder, &limits).await, "starts");
    let lower = (
        "maintenance_ratio = \"0.05\"",
        "maintenance_ratio = \"0.04\"",
    );
    let dearer = ("hourly_rate = \"0.00001\"", "hourly_rate = \"0.00002\"");
    let (lower, dearer) = (
        start(&folder, &[lower]).await,
        start(&folder, &[dearer]).await,
    );
    std::fs::remove_dir_all(&folder).unwrap();
    let text = example();
    let from = text.find("[pairs.margin]").unwrap();
    let to = text[from..].find("[[pairs]]").unwrap() + from;
    let none = (&text[from..to], "");
    assert_eq!(start(&folder, &[none]).await, "starts");
    let given = start(&folder, &[]).await;
    std::fs::remove_dir_all(&folder).unwrap();
    expect![[r#"
        DIR/markets: the journal was written with "margin 0 LUXURY001/XRP initial 10000 maintenance 5000 grace 3600000 fee 50 index 0 rates 0 10000", which the configuration does not have: start with the configuration that it was written under, or another data_dir
        DIR/markets: the journal was written with "margin 0 LUXURY001/XRP initial 10000 maintenance 5000 grace 3600000 fee 50 index 0 rates 0 10000", which the configuration does not have: start with the configuration that it was written under, or another data_dir
        DIR/markets: the journal was written without "margin 0 LUXURY001/XRP initial 10000 maintenance 5000 grace 3600000 fee 50 index 0 rates 0 10000", which the configuration has: margin trading cannot be given to a pair that has traded without it; start without, or with another data_dir
    "#]].assert_eq(&format!("{lower}\n{dearer}\n{given}\n"));
}

#[test]
fn the_edge_s_mistakes_are_told() {
    let text = changed(&[
        ("proxy_protocol = false", "proxy_protocol = true"),
        (
            "[auth]\n",
            "[server.tls]\ncertificate = \"no such file\"\n[auth]\n",
        ),
    ]);
    check(
        &text,
        &expect![[r#"
        gateway.toml: server.proxy_protocol: found true; expected false, or trusted_proxies that speak it
        gateway.toml: server.tls.key: found nothing; expected the path of a PEM
    "#]],
    );
    let text = changed(&[(
        "[auth]\n",
        "[server.tls]\ncertificate = \"no such file\"\nkey = \"none\"\n[auth]\n",
    )]);
    check(
        &text,
        &expect![[r#"
        gateway.toml: server.tls.certificate: found I/O error: No such file or directory (os error 2); expected a readable PEM with a chain, the server's own first
    "#]],
    );
}
