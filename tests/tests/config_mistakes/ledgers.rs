//! Other ledgers, and alerts.

use std::path::Path;

use expect_test::expect;
use gateway::config::Config;

use super::{check, example, example_path, with_ledgers};

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
