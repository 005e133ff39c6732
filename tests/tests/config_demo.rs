//! Promise: the demo is configured as the protocol says.

#![allow(
    clippy::unwrap_used,
    reason = "a test may stop at what it did not expect"
)]

use gateway::config::{Config, DemoOptions};

#[test]
fn the_demo_is_what_the_protocol_says() {
    let config = Config::demo(&DemoOptions::default());
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.server.admin_listen.to_string(), "127.0.0.1:9090");
    let symbols: Vec<&str> = config
        .instruments
        .all()
        .iter()
        .map(|i| &*i.symbol)
        .collect();
    assert_eq!(
        symbols,
        ["LUXURY001/XRP", "LUXURY002/XRP", "LUXURY001/FLR", "XRP/FLR"]
    );
    for instrument in config.instruments.all() {
        assert_eq!((instrument.tick_units, instrument.price_scale), (1, 2));
        assert_eq!((instrument.lot_units, instrument.amount_scale), (1, 2));
        assert_eq!(instrument.pair.maker_fee().get(), 0);
        assert_eq!(instrument.pair.taker_fee().get(), 0);
        assert_eq!(instrument.pair.limits().price_band, 5_000);
    }
    let luxury = config.instruments.by_symbol("LUXURY001/XRP").unwrap();
    assert_eq!(luxury.pair.reference_price().ticks(), 100_000);
    let users: Vec<&str> = config.accounts.iter().map(|a| a.user.as_str()).collect();
    assert_eq!(users, ["alice", "bob", "carol"]);
    for account in &config.accounts {
        for asset in config.instruments.assets() {
            let whole = if &*asset.symbol == "XRP" {
                1_000_000
            } else {
                10_000
            };
            let units = whole * 10_u64.pow(u32::from(asset.scale));
            let (_, amount) = account
                .balances
                .iter()
                .find(|(id, _)| *id == asset.id)
                .unwrap();
            assert_eq!(
                amount.units(),
                units,
                "{} of {}",
                account.user.as_str(),
                asset.symbol
            );
        }
    }
    assert_eq!(&*config.valuation_asset().symbol, "XRP");
}

#[test]
fn the_command_line_chooses_ports_and_directory() {
    let config = Config::demo(&DemoOptions {
        port: Some(0),
        admin_port: Some(1),
        data_dir: Some("elsewhere".into()),
        nodes: None,
    });
    assert_eq!(config.server.listen.port(), 0);
    assert_eq!(config.server.admin_listen.port(), 1);
    assert_eq!(config.storage.data_dir.unwrap().to_str(), Some("elsewhere"));
}
