//! What a user has, and what it is worth.

use engine::domain::{Amount, TradingStatus};
use expect_test::expect;
use gateway::config::Config;
use gateway::wire::*;

use super::{NOW, check, instruments, price, units, written};

#[test]
fn portfolios_and_balances() {
    let instruments = instruments();
    let xrp = instruments.asset_by_symbol("XRP").unwrap();
    let luxury = instruments.asset_by_symbol("LUXURY001").unwrap();
    let million = 1_000_000_000_000_i128;
    let positions = [
        PortfolioPosition {
            asset: luxury.id,
            balance: 50_000,
            available: 40_000,
            held: 10_000,
            value: Some(500_125_000_000),
            change: 125_000_000,
        },
        PortfolioPosition {
            asset: xrp.id,
            balance: 1_019_875_000_001,
            available: 1_019_875_000_001,
            held: 0,
            value: None,
            change: -5_000,
        },
    ];
    // The reference's own sum: 20,000 more than 1,500,000 is +1.33%.
    let update = PortfolioUpdate {
        assets: instruments.assets(),
        valuation: xrp,
        total_value: million * 152 / 100,
        change: million / 50,
        change_percent: Percent::of(million / 50, million * 3 / 2),
        positions: &positions,
        margin: None,
        user_sequence: 78,
    };
    check(
        |out| update.encode(out, NOW),
        &expect![[
            r#"{"type":"portfolio_update","channel":"portfolio","data":{"totalValue":"1520000.00","change":"+20000.00","changePercent":"+1.33%","positions":[{"symbol":"LUXURY001","balance":"500.00","value":"500125.00","change":"+125.00","available":"400.00","held":"100.00"},{"symbol":"XRP","balance":"1019875.000001","value":null,"change":"+0.00","available":"1019875.000001","held":"0.00"}],"valuationAsset":"XRP","userSequence":78},"timestamp":1700000000123}"#
        ]],
    );
    let balances = [
        BalanceData {
            asset: xrp,
            available: units(999_950_123_400),
            held: units(50_000_000),
        },
        BalanceData {
            asset: luxury,
            available: units(5),
            held: Amount::ZERO,
        },
    ];
    check(
        |out| encode_balances(balances.into_iter(), out, None, NOW),
        &expect![[
            r#"{"type":"get_balances","result":{"balances":[{"asset":"XRP","available":"999950.1234","held":"50.00","total":"1000000.1234"},{"asset":"LUXURY001","available":"0.05","held":"0.00","total":"0.05"}]},"timestamp":1700000000123}"#
        ]],
    );
    check(
        |out| {
            let all = instruments.all().iter().map(|instrument| InstrumentNow {
                instrument,
                status: TradingStatus::Open,
                reopens_at: None,
                reference: price(99_900),
            });
            encode_instruments(all.take(1), out, None, NOW);
        },
        &expect![[
            r#"{"type":"get_instruments","result":{"instruments":[{"pair":"LUXURY001/XRP","base":"LUXURY001","quote":"XRP","status":"open","tickSize":"0.01","lotSize":"0.01","priceScale":2,"amountScale":2,"totalScale":2,"minAmount":"0.01","maxAmount":"1000000.00","minNotional":"0.00","priceBand":"50.00%","makerFee":"0.00%","takerFee":"0.00%","referencePrice":"999.00","maxOpenOrders":200,"orderTypes":["limit","market","stop_loss","take_profit","oco","trailing_stop","iceberg"],"timesInForce":["GTC","IOC","FOK","GTD"],"minPrice":"499.50","maxPrice":"1498.50","margin":{"maxLeverage":"10.00","initialMarginRatio":"0.10","maintenanceMarginRatio":"0.05","liquidationFee":"0.50%","graceMs":3600000,"maxMarkAgeMs":300000,"maxPosition":"5000.00","maxOpenInterest":"50000.00"},"maxIcebergParts":100,"minTrailingDelta":"0.01","minTrailingPercent":"0.01","maxTrailingPercent":"50.00"}]},"timestamp":1700000000123}"#
        ]],
    );
}

/// The reference's `price_update`, field for field. Its +2.5% means a price of 975.85 a day ago,
/// below the day's low of 985.00: the price in force when the day began, not the day's first
/// trade.
#[test]
fn a_price_is_the_reference_s() {
    let example = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let example = example.join("../docs/gateway.example.toml");
    let text = std::fs::read_to_string(example).unwrap();
    let text = text
        .replace("scale = 4\n", "scale = 6\n")
        .replace("\"50000.0000\"", "\"49987.503124\"");
    let config = Config::parse(&text, "example", std::path::Path::new("")).unwrap();
    let instruments = config.instruments;
    let asset = instruments.asset_by_symbol("LUXURY001").unwrap().id;
    let source = instruments.price_source(asset).unwrap();
    let instrument = instruments.get(source.pair).unwrap();
    let supply = source.circulating_supply.unwrap();
    let update = PriceUpdate {
        name: "LUXURY001",
        instrument,
        last: price(100_025),
        open: price(97_585),
        high: price(100_500),
        low: price(98_500),
        lots: 12_500_000,
        tick_lots: 12_500_000 * 99_000,
        market_cap: instrument.capitalisation_units(price(100_025), supply),
    };
    check(
        |out| update.encode(out, NOW),
        &expect![[
            r#"{"type":"price_update","channel":"price_LUXURY001","data":{"symbol":"LUXURY001","price":"1000.25","change24h":"+2.5%","volume24h":"125000.00","high24h":"1005.00","low24h":"985.00","marketCap":"50000000.00","pair":"LUXURY001/XRP","open24h":"975.85","quoteVolume24h":"123750000.00"},"timestamp":1700000000123}"#
        ]],
    );
    // Two decimals where there are two, and one where the reference shows one.
    for (open, change) in [
        (100_025, "+0.0%"),
        (99_775, "+0.25%"),
        (99_025, "+1.01%"),
        (125_031, "-20.0%"),
        (33_342, "+200.0%"),
    ] {
        let open = price(open);
        let text = written(|out| PriceUpdate { open, ..update }.encode(out, NOW));
        assert!(
            text.contains(&format!(r#""change24h":"{change}""#)),
            "{text}"
        );
    }
    let market_cap = None;
    let text = written(|out| {
        PriceUpdate {
            market_cap,
            ..update
        }
        .encode(out, NOW)
    });
    assert!(text.contains(r#""marketCap":null"#), "{text}");
    let name = &*instrument.symbol;
    let text = written(|out| PriceUpdate { name, ..update }.encode(out, NOW));
    let named = r#""channel":"price_LUXURY001/XRP","data":{"symbol":"LUXURY001/XRP","price""#;
    assert!(text.contains(named), "{text}");
}
