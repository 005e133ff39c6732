//! Every order type from its placement to its end, as its owner hears of it.

use serde_json::{Value, json};

use super::client::{Client, PAIR, subscribe, typed, why};
use super::gateway::TestGateway;

/// A market that last traded at `last`, with a buyer below and a seller above: carol's orders.
/// What follows is alice's; she hears of her orders.
async fn market(gateway: &TestGateway, last: &str) -> (Client, Client) {
    let mut carol = gateway.trader("carol").await;
    let mut bob = gateway.trader("bob").await;
    carol.place("sell", "1.00", last).await;
    bob.place("buy", "1.00", last).await;
    let mut alice = gateway.trader("alice").await;
    alice.send(subscribe(json!([{"type": "orders"}]))).await;
    alice.until("orders_snapshot").await;
    (alice, carol)
}

/// Places it, and gives its id and its first update.
async fn placed(client: &mut Client, kind: &str, data: Value) -> (Value, Value) {
    let answer = client.ask(typed(kind, data)).await;
    assert_eq!(answer["type"], "order_placed", "{answer}");
    assert_eq!(answer["orderType"], kind);
    assert_eq!(answer["result"]["status"], "pending");
    assert_eq!(answer["result"]["message"], "Order placed successfully");
    let id = answer["result"]["orderId"].clone();
    let update = client.until("order_update").await;
    assert_eq!(update["data"]["orderId"], id);
    assert_eq!(update["data"]["type"], kind);
    (id, update["data"].clone())
}

/// Status, reason and filled of the next update.
async fn next(client: &mut Client) -> (String, String, String, Value) {
    let data = client.until("order_update").await["data"].clone();
    let word = |key: &str| data[key].as_str().unwrap_or("-").to_owned();
    (word("status"), word("reason"), word("filled"), data)
}

fn is(found: &(String, String, String, Value), status: &str, reason: &str, filled: &str) {
    let (a, b, c, data) = found;
    assert_eq!((&**a, &**b, &**c), (status, reason, filled), "{data}");
}

/// The reference's stop-loss, word for word.
#[tokio::test]
async fn a_stop_loss_waits_is_set_off_and_rests_at_its_limit() {
    let gateway = TestGateway::start();
    let (mut alice, mut carol) = market(&gateway, "1000.00").await;
    let stop = r#"{"type": "place_order", "orderType": "stop_loss", "orderData": {
        "pair": "LUXURY001/XRP", "side": "sell", "amount": "100.00",
        "stopPrice": "950.00", "limitPrice": "945.00"}}"#;
    alice.send_text(stop.to_owned()).await;
    let answer = alice.next().await;
    assert_eq!(answer["type"], "order_placed", "{answer}");
    assert_eq!(answer["orderType"], "stop_loss");
    let id = &answer["result"]["orderId"];
    let waiting = next(&mut alice).await;
    is(&waiting, "pending", "-", "0.00");
    let data = &waiting.3;
    for (field, expected) in [
        ("type", "stop_loss"),
        ("stopPrice", "950.00"),
        ("limitPrice", "945.00"),
        ("triggerBy", "last"),
        ("timeInForce", "GTC"),
        ("remaining", "100.00"),
    ] {
        assert_eq!(data[field], expected, "{field}: {data}");
    }
    assert_eq!(
        (&data["triggered"], &data["price"]),
        (&json!(false), &Value::Null)
    );
    // Nobody sees it, and its amount is held.
    let balances = alice.ask(json!({"type": "get_balances"})).await;
    assert_eq!(balances["result"]["balances"][2]["held"], "100.00");
    let mut watcher = gateway.client().await;
    watcher
        .send(subscribe(json!([{"type": "orderbook", "pair": PAIR}])))
        .await;
    let book = watcher.until("orderbook_update").await;
    assert_eq!(book["data"]["asks"], json!([]));

    carol.place("buy", "1.00", "950.00").await;
    let mut bob = gateway.trader("bob").await;
    bob.place("sell", "1.00", "950.00").await;
    is(&next(&mut alice).await, "pending", "TRIGGERED", "0.00");
    let resting = next(&mut alice).await;
    is(&resting, "open", "-", "0.00");
    assert_eq!(resting.3["triggered"], true);
    // A tick may have come between the two who set it off.
    let book = loop {
        let book = watcher.until("orderbook_update").await;
        if book["data"]["asks"] != json!([]) {
            break book;
        }
    };
    let asks = json!([{"price": "945.00", "amount": "100.00", "total": "94500.00"}]);
    assert_eq!(book["data"]["asks"], asks);
    carol.place("buy", "40.00", "945.00").await;
    is(&next(&mut alice).await, "partially_filled", "-", "40.00");
    let cancel = json!({"type": "cancel_order", "orderId": id});
    alice.send(cancel).await;
    is(
        &next(&mut alice).await,
        "cancelled",
        "CANCEL_REQUESTED",
        "40.00",
    );
}

#[tokio::test]
async fn a_stop_without_a_limit_trades_at_the_market_up_to_its_collar() {
    let gateway = TestGateway::start();
    let (mut alice, mut carol) = market(&gateway, "1000.00").await;
    let data = json!({"pair": PAIR, "side": "sell", "amount": "3.00", "stopPrice": "1010.00"});
    let (_, waiting) = placed(&mut alice, "take_profit", data).await;
    assert_eq!(waiting["status"], "pending");
    // Half of the trigger: the demo's band is 50%.
    assert_eq!(waiting["collarPrice"], "505.00");
    carol.place("sell", "1.00", "1010.00").await;
    carol.place("buy", "2.00", "600.00").await;
    let mut bob = gateway.trader("bob").await;
    bob.place("buy", "1.00", "1010.00").await;
    is(&next(&mut alice).await, "pending", "TRIGGERED", "0.00");
    let fill = next(&mut alice).await;
    is(&fill, "partially_filled", "-", "2.00");
    assert_eq!(fill.3["lastFillPrice"], "600.00");
    assert_eq!(fill.3["liquidity"], "taker");
    is(&next(&mut alice).await, "expired", "COLLAR_REACHED", "2.00");
}

#[tokio::test]
async fn a_trailing_stop_follows_and_turns() {
    let gateway = TestGateway::start();
    let (mut alice, mut carol) = market(&gateway, "1000.00").await;
    let mut bob = gateway.trader("bob").await;
    let data = json!({"pair": PAIR, "side": "sell", "amount": "1.00", "trailingPercent": "1.5"});
    let (percent, waiting) = placed(&mut alice, "trailing_stop", data).await;
    assert_eq!(waiting["trailingPercent"], "1.50");
    let data = json!({"pair": PAIR, "side": "sell", "amount": "1.00", "trailingDelta": "20.00"});
    let (delta, waiting) = placed(&mut alice, "trailing_stop", data).await;
    assert_eq!(waiting["trailingDelta"], "20.00");
    carol.place("buy", "5.00", "900.00").await;
    // Up to 1100: the stops stand at 1083.50 and 1080.00 from then on.
    for (last, set_off) in [
        ("1100.00", None),
        ("1083.51", None),
        ("1083.50", Some(&percent)),
        ("1080.00", Some(&delta)),
    ] {
        carol.place("sell", "1.00", last).await;
        bob.place("buy", "1.00", last).await;
        let Some(id) = set_off else { continue };
        let triggered = next(&mut alice).await;
        is(&triggered, "pending", "TRIGGERED", "0.00");
        assert_eq!(&triggered.3["orderId"], id);
        is(&next(&mut alice).await, "filled", "-", "1.00");
    }
}

/// The reference's OCO, word for word; its target is filled in part, then its stop takes the rest.
#[tokio::test]
async fn an_oco_is_one_order_with_two_ways() {
    let gateway = TestGateway::start();
    let (mut alice, mut carol) = market(&gateway, "1000.00").await;
    let oco = r#"{"type": "place_order", "orderType": "oco", "orderData": {
        "pair": "LUXURY001/XRP", "side": "sell", "amount": "100.00",
        "stopPrice": "950.00", "limitPrice": "945.00", "targetPrice": "1050.00"}}"#;
    alice.send_text(oco.to_owned()).await;
    let answer = alice.next().await;
    assert_eq!(
        (&answer["type"], &answer["orderType"]),
        (&json!("order_placed"), &json!("oco"))
    );
    let id = answer["result"]["orderId"].clone();
    let resting = next(&mut alice).await;
    is(&resting, "open", "-", "0.00");
    let data = &resting.3;
    assert_eq!(data["targetPrice"], "1050.00");
    assert_eq!(data["stopPrice"], "950.00");
    assert_eq!(data["limitPrice"], "945.00");
    let balances = alice.ask(json!({"type": "get_balances"})).await;
    assert_eq!(
        balances["result"]["balances"][2]["held"], "100.00",
        "held once"
    );

    carol.place("buy", "30.00", "1050.00").await;
    is(&next(&mut alice).await, "partially_filled", "-", "30.00");
    let amend = json!({"type": "amend_order", "orderId": id, "price": "1060.00"});
    alice.send(amend).await;
    let amended = alice.until("order_amended").await;
    assert_eq!(amended["result"]["price"], "1060.00");
    let amended = next(&mut alice).await;
    is(&amended, "partially_filled", "AMENDED", "30.00");
    assert_eq!(amended.3["targetPrice"], "1060.00");
    loop {
        // The order comes out of its place and in again: two updates, the second says open.
        let orders = alice.ask(json!({"type": "get_order", "orderId": id})).await;
        if orders["type"] == "get_order" {
            assert_eq!(orders["result"]["order"]["targetPrice"], "1060.00");
            break;
        }
    }
    carol.place("buy", "1.00", "950.00").await;
    let mut bob = gateway.trader("bob").await;
    bob.place("sell", "1.00", "950.00").await;
    let triggered = loop {
        let update = next(&mut alice).await;
        if update.1 == "TRIGGERED" {
            break update;
        }
    };
    assert_eq!(triggered.3["triggered"], true);
    assert_eq!(triggered.3["limitPrice"], "945.00");
    assert_eq!(triggered.3["targetPrice"], "1060.00");
    carol.place("buy", "70.00", "945.00").await;
    loop {
        let update = next(&mut alice).await;
        if update.0 == "filled" {
            is(&update, "filled", "-", "100.00");
            break;
        }
    }
}

#[tokio::test]
async fn an_iceberg_shows_a_slice_at_a_time() {
    let gateway = TestGateway::start();
    let (mut alice, _carol) = market(&gateway, "1000.00").await;
    let mut watcher = gateway.client().await;
    watcher
        .send(subscribe(json!([{"type": "orderbook", "pair": PAIR}])))
        .await;
    watcher.until("orderbook_update").await;
    let data = json!({"pair": PAIR, "side": "buy", "amount": "10.00", "price": "990.00",
        "displayAmount": "2.00"});
    let (id, resting) = placed(&mut alice, "iceberg", data).await;
    assert_eq!(
        (
            &resting["displayAmount"],
            &resting["remaining"],
            &resting["price"]
        ),
        (&json!("2.00"), &json!("10.00"), &json!("990.00"))
    );
    let slice = json!([{"price": "990.00", "amount": "2.00", "total": "1980.00"}]);
    let book = watcher.until("orderbook_update").await;
    assert_eq!(book["data"]["bids"], slice);
    let mut bob = gateway.trader("bob").await;
    bob.place("sell", "5.00", "990.00").await;
    let mut filled = Vec::new();
    while filled.last().is_none_or(|last| last != "5.00") {
        let update = next(&mut alice).await;
        assert_eq!(update.3["orderId"], id, "one order");
        filled.push(update.2);
    }
    assert_eq!(filled, ["2.00", "4.00", "5.00"]);
    let book = watcher.until("orderbook_update").await;
    let rest = json!([{"price": "990.00", "amount": "1.00", "total": "990.00"}]);
    assert_eq!(book["data"]["bids"], rest, "the hidden rest never shows");
}

#[tokio::test]
async fn good_till_date_ends_at_its_time() {
    let gateway = TestGateway::patient(|_| {});
    let (mut alice, mut carol) = market(&gateway, "1000.00").await;
    let at = gateway.now().0 + 3_600_000;
    let limit = json!({"pair": PAIR, "side": "buy", "amount": "1.00", "price": "900.00",
        "timeInForce": "GTD", "expiresAt": at, "postOnly": true});
    let (_, resting) = placed(&mut alice, "limit", limit).await;
    assert_eq!(
        (
            &resting["timeInForce"],
            &resting["expiresAt"],
            &resting["postOnly"]
        ),
        (&json!("GTD"), &json!(at), &json!(true))
    );
    let stop = json!({"pair": PAIR, "side": "buy", "amount": "1.00", "stopPrice": "1100.00",
        "timeInForce": "GTD", "expiresAt": at + 1});
    let (_, waiting) = placed(&mut alice, "stop_loss", stop).await;
    assert_eq!(
        (&waiting["status"], &waiting["timeInForce"]),
        (&json!("pending"), &json!("GTD"))
    );
    gateway.advance(3_600_001);
    carol.place("sell", "1.00", "1200.00").await;
    is(&next(&mut alice).await, "expired", "EXPIRED", "0.00");
    let last = next(&mut alice).await;
    is(&last, "expired", "EXPIRED", "0.00");
    assert_eq!(last.3["type"], "stop_loss");
    let balances = alice.ask(json!({"type": "get_balances"})).await;
    assert_eq!(
        balances["result"]["balances"][0]["held"], "0.00",
        "all is given back"
    );
}

/// What its type lets an owner change.
#[tokio::test]
async fn waiting_orders_are_amended_as_far_as_they_can_be() {
    let gateway = TestGateway::start();
    let (mut alice, _carol) = market(&gateway, "1000.00").await;
    let stop = json!({"pair": PAIR, "side": "sell", "amount": "2.00", "stopPrice": "950.00",
        "limitPrice": "945.00"});
    let (with_limit, _) = placed(&mut alice, "stop_loss", stop).await;
    let amend = |id: &Value, field: &str, value: &str| {
        let mut amend = json!({"type": "amend_order", "orderId": id});
        amend[field] = json!(value);
        amend
    };
    alice.send(amend(&with_limit, "price", "944.00")).await;
    let amended = alice.until("order_amended").await;
    assert_eq!(amended["result"]["price"], "944.00");
    let update = next(&mut alice).await;
    is(&update, "pending", "AMENDED", "0.00");
    assert_eq!(update.3["limitPrice"], "944.00");
    let trailing = json!({"pair": PAIR, "side": "sell", "amount": "2.00", "trailingDelta": "5.00"});
    let (trailing, _) = placed(&mut alice, "trailing_stop", trailing).await;
    alice.send(amend(&trailing, "amount", "1.00")).await;
    let amended = alice.until("order_amended").await;
    assert_eq!(amended["result"]["remaining"], "1.00");
    assert!(amended["result"]["collarPrice"].is_string() && amended["result"]["price"].is_null());
    is(&next(&mut alice).await, "pending", "AMENDED", "0.00");
    let refused = alice.ask(amend(&trailing, "price", "900.00")).await;
    assert_eq!(why(&refused), ("ORDER_FAILED", "PRICE_NOT_AMENDABLE"));
    assert_eq!(refused["error"]["params"]["field"], "price");
    // The band of its limit is the one around its stop, and the refusal says so.
    for (price, is_taken) in [
        ("475.00", true),
        ("474.99", false),
        ("1425.00", true),
        ("1425.01", false),
    ] {
        alice.send(amend(&with_limit, "price", price)).await;
        if is_taken {
            let amended = alice.until("order_amended").await;
            assert_eq!(amended["result"]["price"], price);
            continue;
        }
        let refused = alice.until("error").await;
        assert_eq!(why(&refused), ("ORDER_FAILED", "PRICE_OUTSIDE_BAND"));
        let params = &refused["error"]["params"];
        assert_eq!(params["lowPrice"], "475.00", "{refused}");
        assert_eq!(params["highPrice"], "1425.00", "{refused}");
    }
    let iceberg = json!({"pair": PAIR, "side": "sell", "amount": "1.00", "price": "1200.00",
        "displayAmount": "0.10"});
    let (iceberg, _) = placed(&mut alice, "iceberg", iceberg).await;
    alice.send(amend(&iceberg, "amount", "10.01")).await;
    let refused = alice.until("error").await;
    assert_eq!(why(&refused), ("ORDER_FAILED", "INVALID_DISPLAY_AMOUNT"));
    let details = "amount: expected at most 100 times the displayAmount 0.10";
    assert_eq!(refused["error"]["details"], details);
    assert_eq!(refused["error"]["params"]["displayAmount"], "0.10");
}

/// An order by the mark price: the last trade alone does not set it off.
#[tokio::test]
async fn the_mark_price_sets_off_what_asked_for_it() {
    let gateway = TestGateway::start();
    let (mut alice, mut carol) = market(&gateway, "1000.00").await;
    let mut bob = gateway.trader("bob").await;
    carol.place("sell", "9.00", "1005.00").await;
    carol.place("buy", "9.00", "995.00").await;
    let stop = json!({"pair": PAIR, "side": "sell", "amount": "1.00", "stopPrice": "990.00",
        "triggerBy": "mark"});
    let (_, waiting) = placed(&mut alice, "stop_loss", stop).await;
    assert_eq!(waiting["triggerBy"], "mark");
    // The mark is 1000.00; the last trade is not what counts, and not what is told.
    let reached = json!({"pair": PAIR, "side": "sell", "amount": "1.00", "stopPrice": "1000.00",
        "triggerBy": "mark"});
    let refused = alice.ask(typed("stop_loss", reached)).await;
    assert_eq!(why(&refused).1, "WOULD_TRIGGER_IMMEDIATELY");
    let error = &refused["error"];
    let details = "orderData.stopPrice: expected a stop that the mark price has not reached";
    assert_eq!(error["details"], details);
    assert_eq!(error["params"]["lastPrice"], Value::Null, "{error}");
    // A sweep prints 985.00, and the quotes come back: the median is 990.00 only when the bid is.
    bob.place("sell", "9.00", "995.00").await;
    carol.place("buy", "1.00", "985.00").await;
    bob.place("sell", "0.50", "985.00").await;
    is(&next(&mut alice).await, "pending", "TRIGGERED", "0.00");
    is(&next(&mut alice).await, "partially_filled", "-", "0.50");
}
