//! Promise: every message of the server is written field for field as the documents print it, in
//! the pair's own scales.

#![allow(
    clippy::unwrap_used,
    reason = "a test may stop at what it did not expect"
)]

use engine::domain::{
    AccountId, Amount, ClientOrderId, EventSequence, Funding, MarginRequest, OrderId, PairId,
    Price, Quantity, SelfTradePrevention, Side, Special, StopKind, TimeInForce, Timestamp, TradeId,
    TradingStatus, TrailingDistance, TriggerBy,
};
use engine::reject::Reject;
use engine::report::{AcceptedOrder, Fill, Liquidity, OrderChange, OrderReason, OrderStatus};
use engine::request::PlaceRequest;
use expect_test::{Expect, expect};
use gateway::config::{Config, DemoOptions};
use gateway::instrument::{Instrument, Instruments};
use gateway::wire::*;
use proptest::prelude::*;
use rust_decimal::Decimal;

const NOW: Timestamp = Timestamp(1_700_000_000_123);

fn instruments() -> Instruments {
    (*Config::demo(&DemoOptions::default()).instruments).clone()
}

fn luxury() -> Instrument {
    instruments().by_symbol("LUXURY001/XRP").unwrap().clone()
}

fn price(ticks: u32) -> Price {
    Price::new(ticks).unwrap()
}

fn lots(lots: u64) -> Quantity {
    Quantity::new(lots).unwrap()
}

fn units(units: u64) -> Amount {
    Amount::new(units).unwrap()
}

fn level(ticks: u32, lots: u64) -> Level {
    Level {
        price: price(ticks),
        lots,
    }
}

/// What `encode` writes, which must be JSON.
fn written(encode: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut out = Vec::new();
    encode(&mut out);
    let text = String::from_utf8(out).unwrap();
    assert!(
        serde_json::from_str::<serde_json::Value>(&text).is_ok_and(|message| {
            // Whole messages, as the document describes them.
            let checked = testkit::contract::check_said(&message);
            checked.map_err(|what| println!("{what}")).is_ok()
        }),
        "{text}"
    );
    text
}

#[track_caller]
fn check(encode: impl FnOnce(&mut Vec<u8>), expected: &Expect) {
    expected.assert_eq(&written(encode));
}

const RATE: RateLimit = RateLimit {
    limit: 100,
    remaining: 97,
    reset_ms: 41_000,
};

#[test]
fn answers_about_the_connection() {
    let id = RequestId::Text("r \"1\"".into());
    let limits = UserLimits {
        tier: "default",
        connections: 5,
        messages_per_second: 50,
        subscriptions: 20,
        order_commands_per_minute: 100,
        cancels_per_minute: 300,
        open_orders_per_pair: 200,
        message_bytes: 65_536,
        bytes_per_second: 524_288,
    };
    let authenticated = Authenticated {
        user: "alice",
        expires_at: Timestamp(1_700_000_060_000),
        limits,
    };
    check(
        |out| authenticated.encode(out, Some(&id), NOW),
        &expect![[
            r#"{"type":"authenticated","data":{"userId":"alice","expiresAt":1700000060000,"limits":{"tier":"default","connectionsPerUser":5,"messagesPerSecond":50,"subscriptionsPerConnection":20,"orderCommandsPerMinute":100,"cancelsPerMinute":300,"openOrdersPerPair":200,"messageBytes":65536,"bytesPerSecond":524288}},"requestId":"r \"1\"","timestamp":1700000000123}"#
        ]],
    );
    let held = [
        HeldChannel::OrderBook {
            pair: "LUXURY001/XRP",
            depth: BookDepth::Fifteen,
            updates: BookUpdates::Delta,
        },
        HeldChannel::Trades {
            pair: "LUXURY001/XRP",
        },
        HeldChannel::Price {
            symbol: "LUXURY001",
        },
        HeldChannel::Orders,
        HeldChannel::Portfolio,
    ];
    for (subscribed, channels, expected) in [
        (
            true,
            held.as_slice(),
            expect![[
                r#"{"type":"subscribed","channels":[{"type":"orderbook","pair":"LUXURY001/XRP","depth":15,"updates":"delta"},{"type":"trades","pair":"LUXURY001/XRP"},{"type":"price","symbol":"LUXURY001"},{"type":"orders"},{"type":"portfolio"}],"data":{"subscriptions":5},"requestId":-7,"timestamp":1700000000123}"#
            ]],
        ),
        (
            false,
            &[],
            expect![[
                r#"{"type":"unsubscribed","channels":[],"data":{"subscriptions":0},"requestId":-7,"timestamp":1700000000123}"#
            ]],
        ),
    ] {
        let answer = Subscriptions {
            subscribed,
            channels,
        };
        check(
            |out| answer.encode(out, Some(&RequestId::Integer(-7)), NOW),
            &expected,
        );
    }
    check(
        |out| Pong.encode(out, None, NOW),
        &expect![[r#"{"type":"pong","timestamp":1700000000123}"#]],
    );
    check(
        |out| Time.encode(out, None, NOW),
        &expect![[
            r#"{"type":"get_time","result":{"time":1700000000123},"timestamp":1700000000123}"#
        ]],
    );
    for (latency_ms, expected) in [
        (
            Some(45),
            expect![[
                r#"{"type":"connection_stats","data":{"connectedAt":1700000000000,"messagesReceived":1250,"messagesSent":850,"subscriptions":5,"latency":45},"timestamp":1700000000123}"#
            ]],
        ),
        (
            None,
            expect![[
                r#"{"type":"connection_stats","data":{"connectedAt":1700000000000,"messagesReceived":1250,"messagesSent":850,"subscriptions":5,"latency":null},"timestamp":1700000000123}"#
            ]],
        ),
    ] {
        let stats = ConnectionStats {
            connected_at: Timestamp(1_700_000_000_000),
            messages_received: 1_250,
            messages_sent: 850,
            subscriptions: 5,
            latency_ms,
        };
        check(|out| stats.encode(out, None, NOW), &expected);
    }
    check(
        |out| Notice::Maintenance.encode(out, NOW),
        &expect![[
            r#"{"type":"notice","data":{"category":"maintenance","message":"The exchange is stopping; please connect again"},"timestamp":1700000000123}"#
        ]],
    );
    let expiring = Notice::TokenExpiring {
        expires_at: Timestamp(1_700_000_060_000),
    };
    check(
        |out| expiring.encode(out, NOW),
        &expect![[
            r#"{"type":"notice","data":{"category":"token_expiring","message":"The token is about to expire; please authenticate again","expiresAt":1700000060000},"timestamp":1700000000123}"#
        ]],
    );
}

#[test]
fn answers_about_orders() {
    let instrument = luxury();
    let own = ClientOrderId::new("own\"id").ok();
    for (duplicate, client_order_id, expected) in [
        (
            false,
            None,
            expect![[
                r#"{"type":"order_placed","orderType":"limit","result":{"orderId":"order_42","status":"pending","message":"Order placed successfully"},"rateLimit":{"limit":100,"remaining":97,"resetMs":41000},"timestamp":1700000000123}"#
            ]],
        ),
        (
            true,
            own,
            expect![[
                r#"{"type":"order_placed","orderType":"limit","result":{"orderId":"order_42","status":"pending","message":"Order placed successfully","clientOrderId":"own\"id","duplicate":true},"rateLimit":{"limit":100,"remaining":97,"resetMs":41000},"index":3,"timestamp":1700000000123}"#
            ]],
        ),
    ] {
        let placed = OrderPlaced {
            order_type: OrderType::Limit,
            order: OrderId(42),
            client_order_id,
            index: duplicate.then_some(3),
            duplicate,
            rate_limit: RATE,
        };
        check(|out| placed.encode(out, None, NOW), &expected);
    }
    let cancelled = OrderCancelled {
        order: OrderId(42),
        client_order_id: own,
        index: None,
        filled: Some((&instrument, lots(2_500))),
    };
    check(
        |out| cancelled.encode(out, None, NOW),
        &expect![[
            r#"{"type":"order_cancelled","orderId":"order_42","result":{"status":"cancelled","message":"Order cancelled successfully","clientOrderId":"own\"id","filled":"25.00"},"timestamp":1700000000123}"#
        ]],
    );
    let amended = OrderAmended {
        instrument: &instrument,
        order: OrderId(42),
        client_order_id: None,
        price_key: "price",
        price: price(99_500),
        quantity: lots(10_000),
        leaves: lots(7_500),
        rate_limit: RATE,
    };
    check(
        |out| amended.encode(out, None, NOW),
        &expect![[
            r#"{"type":"order_amended","orderId":"order_42","result":{"pair":"LUXURY001/XRP","price":"995.00","amount":"100.00","remaining":"75.00","message":"Order amended successfully"},"rateLimit":{"limit":100,"remaining":97,"resetMs":41000},"timestamp":1700000000123}"#
        ]],
    );
    check(
        |out| OrdersCancelled { count: 3 }.encode(out, None, NOW),
        &expect![[
            r#"{"type":"orders_cancelled","result":{"count":3,"message":"Orders cancelled successfully"},"timestamp":1700000000123}"#
        ]],
    );
}

fn accepted(market: bool) -> AcceptedOrder {
    AcceptedOrder {
        account: AccountId(0),
        order: OrderId(42),
        client_order_id: ClientOrderId::new("mine").ok(),
        pair: PairId(0),
        side: Side::Buy,
        market,
        price: price(100_100),
        quantity: lots(10_000),
        time_in_force: if market {
            TimeInForce::ImmediateOrCancel
        } else {
            TimeInForce::GoodTillCancelled
        },
        post_only: false,
        self_trade: SelfTradePrevention::CancelTaker,
        special: Special::None,
        expires_at: None,
        funding: Funding::Spot,
    }
}

/// 15.00 at 1000.00 and then 10.00 at 1000.25: 25,002.50 in all, 1000.10 on average.
fn change() -> OrderChange {
    OrderChange {
        account: AccountId(0),
        order: OrderId(42),
        pair: PairId(0),
        status: OrderStatus::PartiallyFilled,
        price: price(100_100),
        quantity: lots(10_000),
        filled: lots(2_500),
        leaves: lots(7_500),
        notional: units(25_002_500_000),
        fees: units(25_002_500),
        fill: Some(Fill {
            trade: TradeId::new(PairId(0), EventSequence(9)),
            price: price(100_025),
            quantity: lots(1_000),
            fee: units(10_002_501),
            liquidity: Liquidity::Taker,
        }),
        reason: None,
        sequence: Some(EventSequence(9)),
    }
}

#[test]
fn private_messages() {
    let instrument = luxury();
    let (limit, market, fill) = (accepted(false), accepted(true), change());
    let ended = OrderChange {
        status: OrderStatus::Expired,
        leaves: Quantity::ZERO,
        fill: None,
        reason: Some(OrderReason::CollarReached),
        sequence: None,
        // A third of a tick more: the average is told to two digits beyond the tick.
        notional: units(25_002_583_333),
        ..fill
    };
    for (order, change, expected) in [
        (
            &limit,
            None,
            expect![[
                r#"{"type":"order_update","channel":"orders","data":{"orderId":"order_42","status":"pending","side":"buy","type":"limit","pair":"LUXURY001/XRP","amount":"100.00","filled":"0.00","remaining":"100.00","averagePrice":null,"lastFillPrice":null,"lastFillAmount":null,"clientOrderId":"mine","price":"1001.00","timeInForce":"GTC","selfTradePrevention":"cancel_taker","userSequence":77},"timestamp":1700000000123}"#
            ]],
        ),
        (
            &limit,
            Some(&fill),
            expect![[
                r#"{"type":"order_update","channel":"orders","data":{"orderId":"order_42","status":"partially_filled","side":"buy","type":"limit","pair":"LUXURY001/XRP","amount":"100.00","filled":"25.00","remaining":"75.00","averagePrice":"1000.10","lastFillPrice":"1000.25","lastFillAmount":"10.00","clientOrderId":"mine","price":"1001.00","timeInForce":"GTC","selfTradePrevention":"cancel_taker","tradeId":"trade_36864","liquidity":"taker","fee":"10.002501","totalFee":"25.0025","feeAsset":"XRP","sequence":9,"userSequence":77},"timestamp":1700000000123}"#
            ]],
        ),
        (
            &market,
            Some(&ended),
            expect![[
                r#"{"type":"order_update","channel":"orders","data":{"orderId":"order_42","status":"expired","side":"buy","type":"market","pair":"LUXURY001/XRP","amount":"100.00","filled":"25.00","remaining":"0.00","averagePrice":"1000.1033","lastFillPrice":null,"lastFillAmount":null,"clientOrderId":"mine","collarPrice":"1001.00","timeInForce":"IOC","selfTradePrevention":"cancel_taker","totalFee":"25.0025","feeAsset":"XRP","reason":"COLLAR_REACHED","userSequence":77},"timestamp":1700000000123}"#
            ]],
        ),
    ] {
        let order = OrderData {
            instrument: &instrument,
            order,
            is_triggered: false,
            change,
        };
        let update = OrderUpdate {
            order,
            user_sequence: 77,
        };
        check(|out| update.encode(out, NOW), &expected);
    }
    let order = OrderData {
        instrument: &instrument,
        order: &limit,
        is_triggered: false,
        change: Some(&fill),
    };
    let orders = || [order].into_iter();
    check(
        |out| encode_orders(&[order], Some(OrderId(42)), out, None, NOW),
        &expect![[
            r#"{"type":"get_orders","result":{"orders":[{"orderId":"order_42","status":"partially_filled","side":"buy","type":"limit","pair":"LUXURY001/XRP","amount":"100.00","filled":"25.00","remaining":"75.00","averagePrice":"1000.10","lastFillPrice":"1000.25","lastFillAmount":"10.00","clientOrderId":"mine","price":"1001.00","timeInForce":"GTC","selfTradePrevention":"cancel_taker","tradeId":"trade_36864","liquidity":"taker","fee":"10.002501","totalFee":"25.0025","feeAsset":"XRP","sequence":9}],"nextAfter":"order_42"},"timestamp":1700000000123}"#
        ]],
    );
    for (resumed, expected) in [
        (
            None,
            expect![[
                r#"{"type":"orders_snapshot","channel":"orders","data":{"orders":[],"userSequence":77},"timestamp":1700000000123}"#
            ]],
        ),
        (
            Some(false),
            expect![[
                r#"{"type":"orders_snapshot","channel":"orders","data":{"orders":[],"resumed":false,"userSequence":77},"timestamp":1700000000123}"#
            ]],
        ),
    ] {
        let none = std::iter::empty::<OrderData<'_>>;
        check(
            |out| encode_orders_snapshot(none(), 77, resumed, out, NOW),
            &expected,
        );
    }
    check(
        |out| encode_orders_snapshot(orders(), 77, None, out, NOW),
        &expect![[
            r#"{"type":"orders_snapshot","channel":"orders","data":{"orders":[{"orderId":"order_42","status":"partially_filled","side":"buy","type":"limit","pair":"LUXURY001/XRP","amount":"100.00","filled":"25.00","remaining":"75.00","averagePrice":"1000.10","lastFillPrice":"1000.25","lastFillAmount":"10.00","clientOrderId":"mine","price":"1001.00","timeInForce":"GTC","selfTradePrevention":"cancel_taker","tradeId":"trade_36864","liquidity":"taker","fee":"10.002501","totalFee":"25.0025","feeAsset":"XRP","sequence":9}],"userSequence":77},"timestamp":1700000000123}"#
        ]],
    );
}

/// Every type with the prices that it has, before and after its stop.
#[test]
fn orders_of_every_type() {
    let instrument = luxury();
    let (by, trigger) = (TriggerBy::Last, price(95_000));
    let kind = StopKind::StopLoss;
    let stop = Special::Stop { kind, trigger, by };
    let trailing = |distance: Option<TrailingDistance>| Special::Trailing {
        distance: distance.unwrap(),
        by,
    };
    let oco = |limit| Special::Oco { trigger, limit, by };
    let display = lots(1_000);
    let gtd = Some(Timestamp(1_700_000_600_000));
    let orders = [
        (stop, false, None),
        (stop, true, gtd),
        (trailing(TrailingDistance::ticks(1_250)), true, None),
        (trailing(TrailingDistance::basis_points(150)), true, None),
        (oco(Some(price(94_500))), false, None),
        (oco(None), false, None),
        (Special::Iceberg { display }, false, gtd),
    ];
    let mut shown = String::new();
    for (special, market, expires_at) in orders {
        let order = AcceptedOrder {
            special,
            expires_at,
            ..accepted(market)
        };
        for is_triggered in [false, true] {
            let now = OrderChange {
                status: OrderStatus::Pending,
                price: price(if is_triggered { 94_000 } else { 100_100 }),
                ..change()
            };
            let data = OrderData {
                instrument: &instrument,
                order: &order,
                is_triggered,
                change: Some(&now),
            };
            let text = written(|out| encode_order(&data, out, None, NOW));
            let (_, from_type) = text.split_once(r#","type":"#).unwrap();
            let (_, from_type) = from_type
                .split_once(r#","type":"#)
                .unwrap_or(("", from_type));
            let (kind, rest) = from_type.split_once(',').unwrap();
            let (_, own) = rest.split_once(r#""clientOrderId":"mine","#).unwrap();
            let (own, _) = own.split_once(r#","selfTradePrevention""#).unwrap();
            shown.push_str(&format!("{kind} {own}\n"));
        }
    }
    expect![[r#"
        "stop_loss" "stopPrice":"950.00","limitPrice":"1001.00","triggerBy":"last","triggered":false,"timeInForce":"GTC"
        "stop_loss" "stopPrice":"950.00","limitPrice":"940.00","triggerBy":"last","triggered":true,"timeInForce":"GTC"
        "stop_loss" "stopPrice":"950.00","collarPrice":"1001.00","triggerBy":"last","triggered":false,"timeInForce":"GTD","expiresAt":1700000600000
        "stop_loss" "stopPrice":"950.00","collarPrice":"940.00","triggerBy":"last","triggered":true,"timeInForce":"GTD","expiresAt":1700000600000
        "trailing_stop" "trailingDelta":"12.50","collarPrice":"1001.00","triggerBy":"last","triggered":false,"timeInForce":"GTC"
        "trailing_stop" "trailingDelta":"12.50","collarPrice":"940.00","triggerBy":"last","triggered":true,"timeInForce":"GTC"
        "trailing_stop" "trailingPercent":"1.50","collarPrice":"1001.00","triggerBy":"last","triggered":false,"timeInForce":"GTC"
        "trailing_stop" "trailingPercent":"1.50","collarPrice":"940.00","triggerBy":"last","triggered":true,"timeInForce":"GTC"
        "oco" "targetPrice":"1001.00","stopPrice":"950.00","limitPrice":"945.00","triggerBy":"last","triggered":false,"timeInForce":"GTC"
        "oco" "targetPrice":"1001.00","stopPrice":"950.00","limitPrice":"940.00","triggerBy":"last","triggered":true,"timeInForce":"GTC"
        "oco" "targetPrice":"1001.00","stopPrice":"950.00","triggerBy":"last","triggered":false,"timeInForce":"GTC"
        "oco" "targetPrice":"1001.00","stopPrice":"950.00","collarPrice":"940.00","triggerBy":"last","triggered":true,"timeInForce":"GTC"
        "iceberg" "price":"1001.00","displayAmount":"10.00","timeInForce":"GTD","expiresAt":1700000600000
        "iceberg" "price":"940.00","displayAmount":"10.00","timeInForce":"GTD","expiresAt":1700000600000
    "#]].assert_eq(&shown);
}

#[test]
fn queries_of_what_was() {
    let instrument = luxury();
    let fill = FillData {
        instrument: &instrument,
        order: OrderId(42),
        client_order_id: ClientOrderId::new("mine").ok(),
        side: Side::Sell,
        fill: change().fill.unwrap(),
        time: Timestamp(1_700_000_000_100),
        user_sequence: 77,
    };
    check(
        |out| encode_fills(&[fill], Some(77), out, None, NOW),
        &expect![[
            r#"{"type":"get_fills","result":{"fills":[{"tradeId":"trade_36864","orderId":"order_42","clientOrderId":"mine","pair":"LUXURY001/XRP","side":"sell","price":"1000.25","amount":"10.00","liquidity":"taker","fee":"10.002501","feeAsset":"XRP","timestamp":1700000000100,"userSequence":77}],"nextAfter":77},"timestamp":1700000000123}"#
        ]],
    );
    check(
        |out| encode_fills(&[], None, out, None, NOW),
        &expect![[
            r#"{"type":"get_fills","result":{"fills":[],"nextAfter":null},"timestamp":1700000000123}"#
        ]],
    );
    let set = |deadline| CancelAfterSet { deadline };
    check(
        |out| set(Some(Timestamp(1_700_000_060_123))).encode(out, None, NOW),
        &expect![[
            r#"{"type":"cancel_all_after","result":{"deadline":1700000060123,"message":"All open orders are cancelled then unless this is sent again before"},"timestamp":1700000000123}"#
        ]],
    );
    check(
        |out| set(None).encode(out, None, NOW),
        &expect![[
            r#"{"type":"cancel_all_after","result":{"deadline":null,"message":"The open orders stay"},"timestamp":1700000000123}"#
        ]],
    );
}

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

#[test]
fn market_data() {
    let instrument = luxury();
    let bids = [level(100_000, 50_000), level(99_950, 30_000)];
    let asks = [level(100_050, 20_000), level(100_100, 40_000)];
    let snapshot = OrderBookUpdate {
        instrument: &instrument,
        kind: BookKind::Snapshot,
        depth: 15,
        bids: &bids,
        asks: &asks,
        sequence: EventSequence(12_345),
        previous_sequence: None,
        best: Some((price(100_000), price(100_050))),
        checksum: checksum(&instrument, &bids, &asks),
    };
    check(
        |out| snapshot.encode(out, NOW),
        &expect![[
            r#"{"type":"orderbook_update","channel":"orderbook_LUXURY001/XRP","data":{"pair":"LUXURY001/XRP","bids":[{"price":"1000.00","amount":"500.00","total":"500000.00"},{"price":"999.50","amount":"300.00","total":"299850.00"}],"asks":[{"price":"1000.50","amount":"200.00","total":"200100.00"},{"price":"1001.00","amount":"400.00","total":"400400.00"}],"sequence":12345,"spread":"0.50","kind":"snapshot","depth":15,"checksum":3274522511},"timestamp":1700000000123}"#
        ]],
    );
    let delta = OrderBookUpdate {
        kind: BookKind::Delta,
        bids: &[level(100_000, 0)],
        asks: &[],
        sequence: EventSequence(12_347),
        previous_sequence: Some(EventSequence(12_345)),
        best: None,
        checksum: 0,
        ..snapshot
    };
    check(
        |out| delta.encode(out, NOW),
        &expect![[
            r#"{"type":"orderbook_update","channel":"orderbook_LUXURY001/XRP","data":{"pair":"LUXURY001/XRP","bids":[{"price":"1000.00","amount":"0.00","total":"0.00"}],"asks":[],"sequence":12347,"spread":null,"kind":"delta","depth":15,"previousSequence":12345,"checksum":0},"timestamp":1700000000123}"#
        ]],
    );
    let trade = TradeData {
        trade: TradeId::new(PairId(0), EventSequence(12_346)),
        price: price(100_025),
        quantity: lots(5_000),
        taker_side: Side::Buy,
        time: Timestamp(1_700_000_000_100),
        sequence: EventSequence(12_346),
    };
    check(
        |out| trade.encode(&instrument, out, NOW),
        &expect![[
            r#"{"type":"trade","channel":"trades_LUXURY001/XRP","data":{"pair":"LUXURY001/XRP","tradeId":"trade_50569216","price":"1000.25","amount":"50.00","side":"buy","timestamp":1700000000100,"sequence":12346},"timestamp":1700000000123}"#
        ]],
    );
    check(
        |out| {
            let sequence = EventSequence(12_347);
            encode_trades_snapshot(&instrument, [trade].iter(), sequence, out, NOW);
        },
        &expect![[
            r#"{"type":"trades_snapshot","channel":"trades_LUXURY001/XRP","data":{"pair":"LUXURY001/XRP","trades":[{"pair":"LUXURY001/XRP","tradeId":"trade_50569216","price":"1000.25","amount":"50.00","side":"buy","timestamp":1700000000100,"sequence":12346}],"sequence":12347},"timestamp":1700000000123}"#
        ]],
    );
}

#[test]
fn errors_carry_what_a_machine_needs() {
    let instrument = luxury();
    let filled = already_filled(
        &instrument,
        OrderId(42),
        lots(10_000),
        units(100_000_000_000),
    );
    let buy = PlaceRequest {
        account: AccountId(0),
        pair: PairId(0),
        client_order_id: None,
        side: Side::Buy,
        limit: Some(price(100_000)),
        quantity: lots(10_000),
        time_in_force: TimeInForce::GoodTillCancelled,
        post_only: false,
        self_trade: SelfTradePrevention::CancelTaker,
        special: Special::None,
        expires_at: None,
        margin: MarginRequest::None,
    };
    let oco = PlaceRequest {
        special: Special::Oco {
            trigger: price(130_000),
            limit: Some(price(300_000)),
            by: TriggerBy::Last,
        },
        ..buy
    };
    let trailing = PlaceRequest {
        special: Special::Trailing {
            distance: TrailingDistance::basis_points(100).unwrap(),
            by: TriggerBy::Mark,
        },
        limit: None,
        ..buy
    };
    let place = Known {
        request: Some(RequestType::PlaceOrder),
        placed: Some(&buy),
        instrument: Some(&instrument),
        reference: Some(price(120_000)),
        funds: Some((&instrument.quote, units(1_500_000))),
        ..Known::default()
    };
    let amend = Known {
        request: Some(RequestType::AmendOrder),
        by_client_order_id: true,
        placed: None,
        amended: Some((None, Some(lots(1)))),
        filled: Some(lots(2_500)),
        ..place
    };
    let cancel = Known {
        request: Some(RequestType::CancelOrder),
        ..Known::default()
    };
    let with = |placed| Known {
        placed: Some(placed),
        ..place
    };
    let refusals = [
        filled,
        explain(Reject::BelowMinAmount, &place),
        explain(Reject::AboveMaxAmount, &amend),
        explain(Reject::BelowMinNotional, &place),
        explain(Reject::PriceOutsideBand, &place),
        explain(Reject::PriceOutsideBand, &amend),
        explain(Reject::PostOnlyNeedsGoodTillCancelled, &place),
        explain(Reject::PostOnlyWouldTake, &place),
        explain(Reject::DuplicateClientOrderId, &place),
        explain(Reject::NothingToAmend, &amend),
        explain(Reject::AmountBelowFilled, &amend),
        explain(Reject::InsufficientBalance, &place),
        explain(Reject::TooManyOpenOrders, &place),
        explain(Reject::InsufficientBalance, &with(&oco)),
        explain(Reject::InsufficientBalance, &with(&trailing)),
        explain(Reject::PriceOutsideBand, &with(&oco)),
        explain(Reject::WouldTriggerImmediately, &with(&oco)),
        explain(Reject::WouldTriggerImmediately, &with(&trailing)),
        explain(Reject::OcoPriceRelation, &with(&oco)),
        explain(Reject::InvalidDisplayAmount, &place),
        explain(Reject::TrailingOutOfRange, &with(&trailing)),
        explain(Reject::ExpiryInPast, &place),
        explain(Reject::OptionNotForOrderType, &place),
        explain(Reject::AlreadyTriggered, &amend),
        explain(Reject::PriceNotAmendable, &amend),
        explain(Reject::UnknownOrder, &cancel),
        explain(Reject::UnknownOrder, &amend),
        Refusal::new(Reason::MessageRate)
            .details("messages per second on one connection: at most 50")
            .number("limit", 50)
            .number("retryAfterMs", 20),
    ];
    let mut shown = String::new();
    for refusal in &refusals {
        let error = ErrorMessage {
            refusal,
            request_type: Some(RequestType::PlaceOrder),
            client_order_id: None,
            index: None,
        };
        shown.push_str(&written(|out| error.encode(out, None, NOW)));
        shown.push('\n');
    }
    expect![[r#"
        {"type":"error","error":{"code":"ORDER_FAILED","message":"The order is already filled","details":"order_42 is filled: 100.00 of 100.00","reason":"ALREADY_FILLED","params":{"orderId":"order_42","status":"filled","filled":"100.00","remaining":"0.00","averagePrice":"1000.00"},"requestType":"place_order"},"timestamp":1700000000123}
        {"type":"error","error":{"code":"ORDER_FAILED","message":"The amount is below the minimum","details":"orderData.amount: expected at least 0.01","reason":"BELOW_MIN_AMOUNT","params":{"field":"orderData.amount","minAmount":"0.01","pair":"LUXURY001/XRP"},"requestType":"place_order"},"timestamp":1700000000123}
        {"type":"error","error":{"code":"ORDER_FAILED","message":"The amount is above the maximum","details":"amount: expected at most 1000000.00","reason":"ABOVE_MAX_AMOUNT","params":{"field":"amount","maxAmount":"1000000.00","pair":"LUXURY001/XRP"},"requestType":"place_order"},"timestamp":1700000000123}
        {"type":"error","error":{"code":"ORDER_FAILED","message":"Price times amount is below the minimum","details":"orderData.amount: expected price × amount of at least 0.00","reason":"BELOW_MIN_NOTIONAL","params":{"field":"orderData.amount","minNotional":"0.00","pair":"LUXURY001/XRP"},"requestType":"place_order"},"timestamp":1700000000123}
        {"type":"error","error":{"code":"ORDER_FAILED","message":"The price is outside the price band","details":"orderData.price: expected from 600.00 to 1800.00","reason":"PRICE_OUTSIDE_BAND","params":{"field":"orderData.price","lowPrice":"600.00","highPrice":"1800.00","priceBand":"50.00%","pair":"LUXURY001/XRP"},"requestType":"place_order"},"timestamp":1700000000123}
        {"type":"error","error":{"code":"ORDER_FAILED","message":"The price is outside the price band","details":"price: expected from 600.00 to 1800.00","reason":"PRICE_OUTSIDE_BAND","params":{"field":"price","lowPrice":"600.00","highPrice":"1800.00","priceBand":"50.00%","pair":"LUXURY001/XRP"},"requestType":"place_order"},"timestamp":1700000000123}
        {"type":"error","error":{"code":"ORDER_FAILED","message":"Post-only needs timeInForce GTC or GTD","details":"orderData.timeInForce: expected GTC or GTD, as postOnly is true","reason":"POST_ONLY_NEEDS_GTC","params":{"field":"orderData.timeInForce","pair":"LUXURY001/XRP"},"requestType":"place_order"},"timestamp":1700000000123}
        {"type":"error","error":{"code":"ORDER_FAILED","message":"The post-only order would trade at once","details":"orderData.price: expected a price at which nothing trades at once","reason":"POST_ONLY_WOULD_TAKE","params":{"field":"orderData.price","pair":"LUXURY001/XRP"},"requestType":"place_order"},"timestamp":1700000000123}
        {"type":"error","error":{"code":"ORDER_FAILED","message":"The clientOrderId was used for another order","details":"orderData.clientOrderId: expected one that no other order has","reason":"DUPLICATE_CLIENT_ORDER_ID","params":{"field":"orderData.clientOrderId","pair":"LUXURY001/XRP"},"requestType":"place_order"},"timestamp":1700000000123}
        {"type":"error","error":{"code":"ORDER_FAILED","message":"The amend names neither a new price nor a new amount","details":"amount: expected another price, or another amount","reason":"NOTHING_TO_AMEND","params":{"field":"amount","pair":"LUXURY001/XRP"},"requestType":"place_order"},"timestamp":1700000000123}
        {"type":"error","error":{"code":"ORDER_FAILED","message":"The new amount is not above what is filled","details":"amount: expected more than the filled 25.00","reason":"AMOUNT_BELOW_FILLED","params":{"field":"amount","filled":"25.00","pair":"LUXURY001/XRP"},"requestType":"place_order"},"timestamp":1700000000123}
        {"type":"error","error":{"code":"INSUFFICIENT_BALANCE","message":"Not enough funds are available","details":"expected no more than the 1.50 XRP available, found 100000.00","reason":"INSUFFICIENT_AVAILABLE","params":{"asset":"XRP","available":"1.50","required":"100000.00","pair":"LUXURY001/XRP"},"requestType":"place_order"},"timestamp":1700000000123}
        {"type":"error","error":{"code":"ORDER_FAILED","message":"Too many open orders in this pair","details":"expected at most 200 open orders","reason":"TOO_MANY_OPEN_ORDERS","params":{"maxOpenOrders":200,"pair":"LUXURY001/XRP"},"requestType":"place_order"},"timestamp":1700000000123}
        {"type":"error","error":{"code":"INSUFFICIENT_BALANCE","message":"Not enough funds are available","details":"expected no more than the 1.50 XRP available, found 300000.00","reason":"INSUFFICIENT_AVAILABLE","params":{"asset":"XRP","available":"1.50","required":"300000.00","pair":"LUXURY001/XRP"},"requestType":"place_order"},"timestamp":1700000000123}
        {"type":"error","error":{"code":"INSUFFICIENT_BALANCE","message":"Not enough funds are available","details":"expected no more than the 1.50 XRP available","reason":"INSUFFICIENT_AVAILABLE","params":{"asset":"XRP","available":"1.50","pair":"LUXURY001/XRP"},"requestType":"place_order"},"timestamp":1700000000123}
        {"type":"error","error":{"code":"ORDER_FAILED","message":"The price is outside the price band","details":"orderData.limitPrice: expected from 650.00 to 1950.00","reason":"PRICE_OUTSIDE_BAND","params":{"field":"orderData.limitPrice","lowPrice":"650.00","highPrice":"1950.00","priceBand":"50.00%","pair":"LUXURY001/XRP"},"requestType":"place_order"},"timestamp":1700000000123}
        {"type":"error","error":{"code":"ORDER_FAILED","message":"The stop would be set off at once","details":"orderData.stopPrice: expected a stop that the price has not reached","reason":"WOULD_TRIGGER_IMMEDIATELY","params":{"field":"orderData.stopPrice","lastPrice":"1200.00","pair":"LUXURY001/XRP"},"requestType":"place_order"},"timestamp":1700000000123}
        {"type":"error","error":{"code":"ORDER_FAILED","message":"The stop would be set off at once","details":"orderData.trailingPercent: expected a stop that the mark price has not reached","reason":"WOULD_TRIGGER_IMMEDIATELY","params":{"field":"orderData.trailingPercent","pair":"LUXURY001/XRP"},"requestType":"place_order"},"timestamp":1700000000123}
        {"type":"error","error":{"code":"ORDER_FAILED","message":"The prices are not on their sides of the market","details":"orderData.stopPrice: expected targetPrice < the last price < stopPrice ≤ limitPrice","reason":"OCO_PRICE_RELATION","params":{"field":"orderData.stopPrice","lastPrice":"1200.00","pair":"LUXURY001/XRP"},"requestType":"place_order"},"timestamp":1700000000123}
        {"type":"error","error":{"code":"ORDER_FAILED","message":"The display amount is out of range","details":"orderData.displayAmount: expected at least 0.01, at most the amount, and a part in 100 of it or more","reason":"INVALID_DISPLAY_AMOUNT","params":{"field":"orderData.displayAmount","minAmount":"0.01","maxIcebergParts":100,"pair":"LUXURY001/XRP"},"requestType":"place_order"},"timestamp":1700000000123}
        {"type":"error","error":{"code":"ORDER_FAILED","message":"The trailing distance is out of range","details":"orderData.trailingPercent: expected a distance that leaves a price for the stop","reason":"TRAILING_OUT_OF_RANGE","params":{"field":"orderData.trailingPercent","pair":"LUXURY001/XRP"},"requestType":"place_order"},"timestamp":1700000000123}
        {"type":"error","error":{"code":"ORDER_FAILED","message":"The expiry is not in the future","details":"orderData.expiresAt: expected a time to come","reason":"EXPIRY_IN_PAST","params":{"field":"orderData.expiresAt","pair":"LUXURY001/XRP"},"requestType":"place_order"},"timestamp":1700000000123}
        {"type":"error","error":{"code":"ORDER_FAILED","message":"The option does not go with this order type","details":"The option does not go with this order type","reason":"OPTION_NOT_FOR_ORDER_TYPE","params":{"pair":"LUXURY001/XRP"},"requestType":"place_order"},"timestamp":1700000000123}
        {"type":"error","error":{"code":"ORDER_FAILED","message":"The stop was reached before the amend","details":"price: expected an amend of the order as it is now","reason":"ALREADY_TRIGGERED","params":{"field":"price","pair":"LUXURY001/XRP"},"requestType":"place_order"},"timestamp":1700000000123}
        {"type":"error","error":{"code":"ORDER_FAILED","message":"The order has no price that can be amended","details":"price: expected an amend of the amount alone","reason":"PRICE_NOT_AMENDABLE","params":{"field":"price","pair":"LUXURY001/XRP"},"requestType":"place_order"},"timestamp":1700000000123}
        {"type":"error","error":{"code":"ORDER_NOT_FOUND","message":"The order does not exist","details":"orderId: expected an order of this user","reason":"UNKNOWN_ORDER","params":{"field":"orderId"},"requestType":"place_order"},"timestamp":1700000000123}
        {"type":"error","error":{"code":"ORDER_NOT_FOUND","message":"The order does not exist","details":"clientOrderId: expected an order of this user","reason":"UNKNOWN_ORDER","params":{"field":"clientOrderId","pair":"LUXURY001/XRP"},"requestType":"place_order"},"timestamp":1700000000123}
        {"type":"error","error":{"code":"RATE_LIMIT_EXCEEDED","message":"Too many messages","details":"messages per second on one connection: at most 50","reason":"MESSAGE_RATE","params":{"limit":50,"retryAfterMs":20},"requestType":"place_order"},"timestamp":1700000000123}
    "#]].assert_eq(&shown);
}

/// How large the messages may be that the reference gives a size for.
#[test]
fn sizes_are_the_reference_s() {
    let instrument = luxury();
    let bids: Vec<Level> = (0..15).map(|i| level(100_000 - i, 50_000)).collect();
    let asks: Vec<Level> = (1..16).map(|i| level(100_000 + i, 50_000)).collect();
    let book = |kind, bids, asks| OrderBookUpdate {
        instrument: &instrument,
        kind,
        depth: 15,
        bids,
        asks,
        sequence: EventSequence(12_345),
        previous_sequence: Some(EventSequence(12_340)),
        best: Some((price(100_000), price(100_001))),
        checksum: 3_000_000_000,
    };
    let snapshot = book(BookKind::Snapshot, &bids, &asks);
    let delta = book(BookKind::Delta, &bids[..3], &asks[..3]);
    let sizes = [
        written(|out| snapshot.encode(out, NOW)).len(),
        written(|out| delta.encode(out, NOW)).len(),
    ];
    assert!(sizes[0] < 2_200 && sizes[1] < 650, "{sizes:?}");
}

#[test]
fn checksums_are_the_documented_vectors() {
    let document = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/protocol.md");
    let document = std::fs::read_to_string(document).unwrap();
    let instrument = luxury();
    let deep: Vec<Level> = (1..=12)
        .map(|i| level(100_000 - i, u64::from(i) * 100))
        .collect();
    let both = [level(100_000, 50_000), level(99_950, 30_000)];
    let asks = [level(100_050, 20_000), level(100_100, 40_000)];
    for (bids, asks, text) in [
        (&[] as &[Level], &[] as &[Level], ""),
        (
            &both,
            &asks,
            "1000.00:500.00:999.50:300.00:1000.50:200.00:1001.00:400.00",
        ),
        (&[], &asks[..1], "1000.50:200.00"),
        (
            &deep,
            &[],
            "999.99:1.00:999.98:2.00:999.97:3.00:999.96:4.00:999.95:5.00:999.94:6.00:999.93:7.00:\
             999.92:8.00:999.91:9.00:999.90:10.00",
        ),
    ] {
        let sum = checksum(&instrument, bids, asks);
        assert_eq!(sum, crc32fast::hash(text.as_bytes()), "{text}");
        let row = format!("| `{text}` | {sum} |");
        assert!(document.contains(&row), "docs/protocol.md lacks: {row}");
    }
}

#[test]
fn the_document_lists_every_reason_and_no_other() {
    let document = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/protocol.md");
    let document = std::fs::read_to_string(document).unwrap();
    let table = document.split("## Reasons").nth(1).unwrap();
    let table = table.split("\n## ").next().unwrap();
    let listed: Vec<&str> = table
        .lines()
        .filter(|line| line.starts_with("| `"))
        .collect();
    let expected: Vec<String> = Reason::ALL
        .iter()
        .map(|reason| {
            let (code, word) = (reason.code().word(), reason.word());
            format!("| `{code}` | `{word}` | {} |", reason.message())
        })
        .collect();
    assert_eq!(listed.join("\n"), expected.join("\n"));
    let mut words: Vec<&str> = Reason::ALL.iter().map(|reason| reason.word()).collect();
    words.sort_unstable();
    words.dedup();
    assert_eq!(
        words.len(),
        Reason::ALL.len(),
        "each reason stands under one code"
    );
    for code in ErrorCode::ALL {
        assert!(
            Reason::ALL.iter().any(|reason| reason.code() == code),
            "{code:?}"
        );
    }
    // What only an operator meets has words of that port.
    let (operators, clients): (Vec<Reject>, Vec<Reject>) =
        Reject::ALL.into_iter().partition(|reject| {
            matches!(
                reject,
                Reject::TransferKeyReused | Reject::TooManyTransfers | Reject::TooManyRevocations
            )
        });
    assert!(
        operators
            .iter()
            .all(|it| Reason::from(*it) == Reason::Internal)
    );
    let mut of_rejects: Vec<Reason> = clients.iter().copied().map(Reason::from).collect();
    of_rejects.sort_unstable();
    of_rejects.dedup();
    assert_eq!(
        of_rejects.len(),
        clients.len(),
        "no two refusals look the same"
    );
}

/// Each type with its prices on the grid, and each price off it by itself.
#[test]
fn every_type_is_resolved_or_refused_by_the_field_that_is_wrong() {
    let instruments = instruments();
    let by = TriggerBy::Mark;
    let resolve = |terms: OrderTerms| {
        let order = PlaceOrder {
            terms,
            ..order("1", "10.00")
        };
        order.resolve(AccountId(1), &instruments)
    };
    let decimal = |text: &str| parse_decimal(text).unwrap();
    let stop = |stop: &str, limit: Option<&str>| OrderTerms::Stop {
        kind: StopKind::TakeProfit,
        stop_price: decimal(stop),
        limit_price: limit.map(decimal),
        by,
    };
    let oco = |target: &str, stop: &str, limit: Option<&str>| OrderTerms::Oco {
        target_price: decimal(target),
        stop_price: decimal(stop),
        limit_price: limit.map(decimal),
        by,
    };
    let trailing = |distance| OrderTerms::Trailing { distance, by };
    let delta = |text: &str| trailing(TrailingTerms::Delta(decimal(text)));
    let percent = |text: &str| trailing(TrailingTerms::Percent(decimal(text)));
    let iceberg = |at: &str, display: &str| OrderTerms::Iceberg {
        price: decimal(at),
        display_amount: decimal(display),
    };
    let follows = |distance: Option<TrailingDistance>| Special::Trailing {
        distance: distance.unwrap(),
        by,
    };
    let trigger = price(95_000);
    let kind = StopKind::TakeProfit;
    for (terms, limit, special) in [
        (
            stop("950.00", Some("945")),
            Some(94_500),
            Special::Stop { kind, trigger, by },
        ),
        (
            oco("1050", "950", None),
            Some(105_000),
            Special::Oco {
                trigger,
                limit: None,
                by,
            },
        ),
        (delta("0.01"), None, follows(TrailingDistance::ticks(1))),
        (
            percent("1.5"),
            None,
            follows(TrailingDistance::basis_points(150)),
        ),
        (
            percent("50"),
            None,
            follows(TrailingDistance::basis_points(5_000)),
        ),
        (
            iceberg("995", "1.00"),
            Some(99_500),
            Special::Iceberg { display: lots(100) },
        ),
    ] {
        let resolved = resolve(terms).unwrap();
        let found = (resolved.limit, resolved.special);
        assert_eq!(found, (limit.map(price), special));
    }
    for (terms, reason, field) in [
        (stop("950.001", None), "PRICE_NOT_ON_TICK", "stopPrice"),
        (stop("950", Some("0")), "PRICE_NOT_POSITIVE", "limitPrice"),
        (oco("1.001", "1", None), "PRICE_NOT_ON_TICK", "targetPrice"),
        (
            oco("2", "1", Some("1.001")),
            "PRICE_NOT_ON_TICK",
            "limitPrice",
        ),
        (delta("0.001"), "PRICE_NOT_ON_TICK", "trailingDelta"),
        (delta("0"), "PRICE_NOT_POSITIVE", "trailingDelta"),
        (delta("30000000"), "TRAILING_OUT_OF_RANGE", "trailingDelta"),
        (percent("0"), "TRAILING_OUT_OF_RANGE", "trailingPercent"),
        (percent("0.001"), "TRAILING_OUT_OF_RANGE", "trailingPercent"),
        (percent("1.500"), "TRAILING_OUT_OF_RANGE", "trailingPercent"),
        (percent("50.01"), "TRAILING_OUT_OF_RANGE", "trailingPercent"),
        (percent("-1"), "TRAILING_OUT_OF_RANGE", "trailingPercent"),
        (
            iceberg("995", "0.001"),
            "AMOUNT_NOT_ON_LOT",
            "displayAmount",
        ),
        (iceberg("995", "0"), "AMOUNT_NOT_POSITIVE", "displayAmount"),
    ] {
        let refusal = resolve(terms).unwrap_err();
        assert_eq!(refusal.reason.word(), reason, "{terms:?}");
        let named = Param::Text(format!("orderData.{field}").into());
        assert!(refusal.params.contains(&("field", named)), "{refusal:?}");
    }
}

fn order(price: &str, amount: &str) -> PlaceOrder {
    PlaceOrder {
        pair: "LUXURY001/XRP".into(),
        client_order_id: None,
        side: Side::Buy,
        amount: parse_decimal(amount).unwrap(),
        terms: match parse_decimal(price) {
            Ok(price) => OrderTerms::Limit { price },
            Err(_) => OrderTerms::Market,
        },
        lasting: Lasting::Gtc,
        post_only: false,
        self_trade: SelfTradePrevention::CancelTaker,
        margin: MarginTerms::None,
    }
}

#[test]
fn orders_are_on_the_grid_or_refused() {
    let instruments = instruments();
    let resolve = |order: &PlaceOrder| order.resolve(AccountId(1), &instruments);
    let good = resolve(&order("995.00", "100.00")).unwrap();
    assert_eq!(
        (good.limit, good.quantity),
        (Some(price(99_500)), lots(10_000))
    );
    assert_eq!(
        resolve(&order("995", "1")).unwrap().limit,
        Some(price(99_500))
    );
    assert_eq!(resolve(&order("0.01", "0.01")).unwrap().quantity, lots(1));
    for (at, amount, reason) in [
        ("995.001", "100.00", "PRICE_NOT_ON_TICK"),
        ("995.000", "100.00", "PRICE_NOT_ON_TICK"),
        ("0", "1", "PRICE_NOT_POSITIVE"),
        ("-1", "1", "PRICE_NOT_POSITIVE"),
        ("42949672.95", "1", ""),
        ("42949672.96", "1", "PRICE_TOO_LARGE"),
        ("9999999999999999999999999999", "1", "PRICE_TOO_LARGE"),
        ("995.00", "0.001", "AMOUNT_NOT_ON_LOT"),
        ("995.00", "0.00", "AMOUNT_NOT_POSITIVE"),
        ("995.00", "-0.01", "AMOUNT_NOT_POSITIVE"),
        ("995.00", "10995116277.76", ""),
        ("995.00", "10995116277.77", "ABOVE_MAX_AMOUNT"),
        ("995.00", "9999999999999999999999999999", "ABOVE_MAX_AMOUNT"),
    ] {
        let refusal = resolve(&order(at, amount)).err();
        let word = refusal.as_ref().map_or("", |refusal| refusal.reason.word());
        assert_eq!(word, reason, "{amount} at {at}");
        if let Some(refusal) = refusal {
            let names: Vec<&str> = refusal.params.iter().map(|(name, _)| *name).collect();
            assert!(names.contains(&"field") && names.len() >= 2, "{refusal:?}");
        }
    }
    let market = resolve(&order("", "1")).unwrap();
    assert_eq!(market.limit, None);
    assert_eq!(market.time_in_force, TimeInForce::ImmediateOrCancel);
    let gtd = PlaceOrder {
        lasting: Lasting::Gtd(NOW),
        ..order("1", "1")
    };
    let gtd = resolve(&gtd).unwrap();
    assert_eq!(
        (gtd.time_in_force, gtd.expires_at),
        (TimeInForce::GoodTillCancelled, Some(NOW))
    );
    let unknown = PlaceOrder {
        pair: "NO/PAIR".into(),
        ..order("1", "1")
    };
    assert_eq!(resolve(&unknown).unwrap_err().reason, Reason::UnknownPair);
}

proptest! {
    #[test]
    fn decimals_round_trip(ticks in 1_u32.., amount in 1_u64..=1 << 40, pair in 0_usize..4) {
        let instruments = instruments();
        let instrument = &instruments.all()[pair];
        let text = |units: u128, scale: u8| {
            let units = i128::try_from(units).unwrap();
            Decimal::from_i128_with_scale(units, u32::from(scale)).to_string()
        };
        let at = text(instrument.price_units(u64::from(ticks)), instrument.price_scale);
        prop_assert_eq!(instrument.price(parse_decimal(&at).unwrap()), Ok(price(ticks)));
        let amount_text = text(instrument.amount_units(amount), instrument.amount_scale);
        prop_assert_eq!(
            instrument.quantity(parse_decimal(&amount_text).unwrap()),
            Ok(lots(amount))
        );
    }

    #[test]
    fn an_average_is_exact_to_half_a_digit(
        fills in prop::collection::vec((1_u32..10_000_000, 1_u64..1_000_000), 1..20),
    ) {
        let instrument = luxury();
        let (mut notional, mut filled) = (0_u128, 0_u64);
        for (ticks, amount) in fills {
            notional += u128::from(ticks) * u128::from(amount);
            filled += amount;
        }
        let worth = units(u64::try_from(notional * 100).unwrap());
        let average = instrument.average_price(worth, lots(filled)).unwrap();
        // 100 units of the average are one tick; twice the error is at most one unit.
        let exact = notional * 100;
        let told = average * u128::from(filled);
        prop_assert!(exact.abs_diff(told) * 2 <= u128::from(filled));
    }
}
