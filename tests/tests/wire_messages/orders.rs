//! Orders: answers to their commands, what their owner is told of them, and queries.

use engine::domain::{
    AccountId, ClientOrderId, EventSequence, Funding, OrderId, PairId, Quantity,
    SelfTradePrevention, Side, Special, StopKind, TimeInForce, Timestamp, TradeId,
    TrailingDistance, TriggerBy,
};
use engine::report::{AcceptedOrder, Fill, Liquidity, OrderChange, OrderReason, OrderStatus};
use expect_test::expect;
use gateway::wire::*;

use super::{NOW, RATE, check, lots, luxury, price, units, written};

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
