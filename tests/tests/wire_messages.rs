//! Promise: every message of the server is written field for field as the documents print it, in
//! the pair's own scales.

#![allow(
    clippy::unwrap_used,
    reason = "a test may stop at what it did not expect"
)]

use engine::domain::{
    AccountId, Amount, ClientOrderId, EventSequence, OrderId, PairId, Price, Quantity,
    SelfTradePrevention, Side, TimeInForce, Timestamp, TradeId, TradingStatus,
};
use engine::reject::Reject;
use engine::report::{AcceptedOrder, Fill, Liquidity, OrderChange, OrderReason, OrderStatus};
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
        serde_json::from_str::<serde_json::Value>(&text).is_ok(),
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
    };
    let authenticated = Authenticated {
        user: "alice",
        expires_at: Timestamp(1_700_000_060_000),
        limits,
    };
    check(
        |out| authenticated.encode(out, Some(&id), NOW),
        &expect![[
            r#"{"type":"authenticated","data":{"userId":"alice","expiresAt":1700000060000,"limits":{"tier":"default","connectionsPerUser":5,"messagesPerSecond":50,"subscriptionsPerConnection":20,"orderCommandsPerMinute":100,"cancelsPerMinute":300,"openOrdersPerPair":200,"messageBytes":65536}},"requestId":"r \"1\"","timestamp":1700000000123}"#
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
                r#"{"type":"order_placed","orderType":"limit","result":{"orderId":"order_42","status":"pending","message":"Order placed successfully","clientOrderId":"own\"id","duplicate":true},"rateLimit":{"limit":100,"remaining":97,"resetMs":41000},"timestamp":1700000000123}"#
            ]],
        ),
    ] {
        let placed = OrderPlaced {
            order_type: OrderType::Limit,
            order: OrderId(42),
            client_order_id,
            duplicate,
            rate_limit: RATE,
        };
        check(|out| placed.encode(out, None, NOW), &expected);
    }
    let cancelled = OrderCancelled {
        order: OrderId(42),
        client_order_id: own,
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
        change: Some(&fill),
    };
    let orders = || [order].into_iter();
    check(
        |out| encode_orders(orders(), out, None, NOW),
        &expect![[
            r#"{"type":"get_orders","result":{"orders":[{"orderId":"order_42","status":"partially_filled","side":"buy","type":"limit","pair":"LUXURY001/XRP","amount":"100.00","filled":"25.00","remaining":"75.00","averagePrice":"1000.10","lastFillPrice":"1000.25","lastFillAmount":"10.00","clientOrderId":"mine","price":"1001.00","timeInForce":"GTC","selfTradePrevention":"cancel_taker","tradeId":"trade_36864","liquidity":"taker","fee":"10.002501","totalFee":"25.0025","feeAsset":"XRP","sequence":9}]},"timestamp":1700000000123}"#
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
            let all = instruments
                .all()
                .iter()
                .map(|i| (i, TradingStatus::Open, price(99_900)));
            encode_instruments(all.take(1), out, None, NOW);
        },
        &expect![[
            r#"{"type":"get_instruments","result":{"instruments":[{"pair":"LUXURY001/XRP","base":"LUXURY001","quote":"XRP","status":"open","tickSize":"0.01","lotSize":"0.01","priceScale":2,"amountScale":2,"totalScale":2,"minAmount":"0.01","maxAmount":"1000000.00","minNotional":"0.00","priceBand":"50.00%","makerFee":"0.00%","takerFee":"0.00%","referencePrice":"999.00","maxOpenOrders":200,"orderTypes":["limit","market"]}]},"timestamp":1700000000123}"#
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
    let place = Known {
        request: Some(RequestType::PlaceOrder),
        instrument: Some(&instrument),
        reference: Some(price(120_000)),
        funds: Some((&instrument.quote, units(1_500_000))),
        ..Known::default()
    };
    let amend = Known {
        request: Some(RequestType::AmendOrder),
        by_client_order_id: true,
        ..place
    };
    let cancel = Known {
        request: Some(RequestType::CancelOrder),
        ..Known::default()
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
        {"type":"error","error":{"code":"ORDER_FAILED","message":"Post-only needs timeInForce GTC","details":"orderData.timeInForce: expected GTC, as postOnly is true","reason":"POST_ONLY_NEEDS_GTC","params":{"field":"orderData.timeInForce","pair":"LUXURY001/XRP"},"requestType":"place_order"},"timestamp":1700000000123}
        {"type":"error","error":{"code":"ORDER_FAILED","message":"The post-only order would trade at once","details":"orderData.price: expected a price at which nothing trades at once","reason":"POST_ONLY_WOULD_TAKE","params":{"field":"orderData.price","pair":"LUXURY001/XRP"},"requestType":"place_order"},"timestamp":1700000000123}
        {"type":"error","error":{"code":"ORDER_FAILED","message":"The clientOrderId was used for another order","details":"orderData.clientOrderId: expected one that no other order has","reason":"DUPLICATE_CLIENT_ORDER_ID","params":{"field":"orderData.clientOrderId","pair":"LUXURY001/XRP"},"requestType":"place_order"},"timestamp":1700000000123}
        {"type":"error","error":{"code":"ORDER_FAILED","message":"The amend names neither a new price nor a new amount","details":"price: expected another price, or another amount","reason":"NOTHING_TO_AMEND","params":{"field":"price","pair":"LUXURY001/XRP"},"requestType":"place_order"},"timestamp":1700000000123}
        {"type":"error","error":{"code":"ORDER_FAILED","message":"The new amount is not above what is filled","details":"amount: expected more than is filled","reason":"AMOUNT_BELOW_FILLED","params":{"field":"amount","pair":"LUXURY001/XRP"},"requestType":"place_order"},"timestamp":1700000000123}
        {"type":"error","error":{"code":"INSUFFICIENT_BALANCE","message":"Not enough funds are available","details":"expected no more than the 1.50 XRP available","reason":"INSUFFICIENT_AVAILABLE","params":{"asset":"XRP","available":"1.50","pair":"LUXURY001/XRP"},"requestType":"place_order"},"timestamp":1700000000123}
        {"type":"error","error":{"code":"ORDER_FAILED","message":"Too many open orders in this pair","details":"expected at most 200 open orders","reason":"TOO_MANY_OPEN_ORDERS","params":{"maxOpenOrders":200,"pair":"LUXURY001/XRP"},"requestType":"place_order"},"timestamp":1700000000123}
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
    let mut of_rejects: Vec<Reason> = Reject::ALL.into_iter().map(Reason::from).collect();
    of_rejects.sort_unstable();
    of_rejects.dedup();
    assert_eq!(
        of_rejects.len(),
        Reject::ALL.len(),
        "no two refusals look the same"
    );
}

fn order(price: &str, amount: &str) -> PlaceOrder {
    PlaceOrder {
        pair: "LUXURY001/XRP".into(),
        client_order_id: None,
        side: Side::Buy,
        amount: parse_decimal(amount).unwrap(),
        price: parse_decimal(price).ok(),
        time_in_force: None,
        post_only: false,
        self_trade: SelfTradePrevention::CancelTaker,
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
    let market = PlaceOrder {
        time_in_force: Some(TimeInForceWord::Gtc),
        ..order("", "1")
    };
    let market = resolve(&market).unwrap();
    assert_eq!(market.limit, None);
    assert_eq!(market.time_in_force, TimeInForce::ImmediateOrCancel);
    let gtd = PlaceOrder {
        time_in_force: Some(TimeInForceWord::Gtd),
        ..order("1", "1")
    };
    assert_eq!(
        resolve(&gtd).unwrap_err().reason,
        Reason::TimeInForceNotSupported
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
