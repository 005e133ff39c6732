//! Errors, and the document's table of their reasons.

use engine::domain::{
    AccountId, MarginRequest, OrderId, PairId, SelfTradePrevention, Side, Special, TimeInForce,
    TrailingDistance, TriggerBy,
};
use engine::reject::Reject;
use engine::request::PlaceRequest;
use expect_test::expect;
use gateway::wire::*;

use super::{NOW, lots, luxury, price, units, written};

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
