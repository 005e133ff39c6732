//! Orders placed, changed, cancelled, and who hears of it.

use serde_json::json;

use super::client::{PAIR, order, subscribe, why};
use super::gateway::TestGateway;

#[tokio::test]
async fn answers_come_in_the_order_of_the_requests() {
    let gateway = TestGateway::start();
    let mut alice = gateway.trader("alice").await;
    // Commands pipeline; what reads waits for them; what is refused keeps its place.
    let place = |n: u32| {
        let mut place = order("buy", "1.00", "900.00");
        place["requestId"] = json!(n);
        place
    };
    let requests = [
        place(0),
        place(1),
        json!({"type": "nonsense", "requestId": 2}),
        place(3),
        json!({"type": "get_orders", "requestId": 4}),
        json!({"type": "cancel_order", "orderId": "order_999", "requestId": 5}),
        json!({"type": "ping", "requestId": 6}),
        json!({"type": "cancel_all", "requestId": 7}),
        json!({"type": "get_orders", "requestId": 8}),
    ];
    for request in requests {
        if request["type"] == "nonsense" {
            alice.send_bad(request).await;
        } else {
            alice.send(request).await;
        }
    }
    let mut answers = Vec::new();
    for id in 0..9 {
        let answer = alice.next().await;
        assert_eq!(answer["requestId"], id, "{answer}");
        answers.push(answer);
    }
    assert_eq!(why(&answers[2]), ("INVALID_MESSAGE", "UNKNOWN_TYPE"));
    assert_eq!(answers[4]["result"]["orders"].as_array().unwrap().len(), 3);
    assert_eq!(why(&answers[5]), ("ORDER_NOT_FOUND", "UNKNOWN_ORDER"));
    assert_eq!(answers[7]["result"]["count"], 3);
    assert_eq!(answers[8]["result"]["orders"], json!([]));
}

#[tokio::test]
async fn an_order_is_amended_and_cancelled_by_either_name() {
    let gateway = TestGateway::start();
    let mut alice = gateway.trader("alice").await;
    let mut place = order("buy", "2.00", "900.00");
    place["orderData"]["clientOrderId"] = json!("mine");
    let placed = alice.ask(place.clone()).await;
    assert_eq!(placed["result"]["clientOrderId"], "mine");
    let again = alice.ask(place.clone()).await;
    assert_eq!(again["result"]["duplicate"], true);
    assert_eq!(again["result"]["orderId"], placed["result"]["orderId"]);
    place["orderData"]["amount"] = json!("3.00");
    let other = alice.ask(place).await;
    assert_eq!(why(&other), ("ORDER_FAILED", "DUPLICATE_CLIENT_ORDER_ID"));

    let amend = json!({"type": "amend_order", "clientOrderId": "mine", "price": "901.00", "amount": "1.50"});
    let amended = alice.ask(amend).await;
    assert_eq!(amended["type"], "order_amended", "{amended}");
    assert_eq!(amended["result"]["price"], "901.00");
    assert_eq!(amended["result"]["remaining"], "1.50");
    let cancel = json!({"type": "cancel_order", "orderId": placed["result"]["orderId"]});
    let cancelled = alice.ask(cancel.clone()).await;
    assert_eq!(cancelled["type"], "order_cancelled");
    let again = alice.ask(cancel).await;
    assert_eq!(
        again["type"], "order_cancelled",
        "cancelling twice is harmless"
    );
    let balances = alice.ask(json!({"type": "get_balances"})).await;
    assert_eq!(
        balances["result"]["balances"][0],
        json!({"asset": "XRP", "available": "1000000.00", "held": "0.00", "total": "1000000.00"})
    );
}

#[tokio::test]
async fn orders_of_others_are_unknown_and_filled_ones_are_filled() {
    let gateway = TestGateway::start();
    let mut alice = gateway.trader("alice").await;
    let mut bob = gateway.trader("bob").await;
    let placed = alice.place("buy", "1.00", "1000.00").await;
    let id = &placed["result"]["orderId"];
    let cancel = json!({"type": "cancel_order", "orderId": id});
    let answer = bob.ask(cancel.clone()).await;
    assert_eq!(why(&answer), ("ORDER_NOT_FOUND", "UNKNOWN_ORDER"));
    bob.place("sell", "1.00", "1000.00").await;
    let answer = alice.ask(cancel).await;
    assert_eq!(why(&answer), ("ORDER_FAILED", "ALREADY_FILLED"));
    let params = &answer["error"]["params"];
    assert_eq!(
        (&params["filled"], &params["averagePrice"]),
        (&json!("1.00"), &json!("1000.00"))
    );
}

#[tokio::test]
async fn every_connection_of_a_user_hears_of_its_orders_and_nobody_else() {
    let gateway = TestGateway::start();
    let mut first = gateway.trader("alice").await;
    let mut second = gateway.trader("alice").await;
    let mut other = gateway.trader("bob").await;
    for client in [&mut first, &mut second, &mut other] {
        client.send(subscribe(json!([{"type": "orders"}]))).await;
        client.until("orders_snapshot").await;
    }
    first.place("buy", "1.00", "1000.00").await;
    let (a, b) = (
        first.until("order_update").await,
        second.until("order_update").await,
    );
    assert_eq!(a["data"], b["data"]);
    assert_eq!(a["data"]["status"], "open");
    assert_eq!(a["data"]["userSequence"], 1);
    other.send(order("sell", "1.00", "1000.00")).await;
    assert_eq!(other.next().await["type"], "order_placed");
    let own = other.next().await;
    assert_eq!(
        (&own["type"], &own["data"]["side"]),
        (&json!("order_update"), &json!("sell"))
    );
    let filled = second.until("order_update").await;
    assert_eq!(filled["data"]["status"], "filled");
    assert_eq!(filled["data"]["userSequence"], 2);
    assert_eq!(filled["data"]["tradeId"], own["data"]["tradeId"]);
    assert_eq!(filled["data"]["liquidity"], "maker");
    assert_eq!(own["data"]["liquidity"], "taker");
}

#[tokio::test]
async fn who_comes_back_is_told_what_was_missed() {
    let gateway = TestGateway::start();
    let mut alice = gateway.trader("alice").await;
    for _ in 0..3 {
        alice.place("buy", "1.00", "900.00").await;
    }
    let mut back = gateway.trader("alice").await;
    back.send(subscribe(json!([{"type": "orders", "since": 1}])))
        .await;
    assert_eq!(back.next().await["type"], "subscribed");
    assert_eq!(back.next().await["data"]["userSequence"], 2);
    assert_eq!(back.next().await["data"]["userSequence"], 3);
    let snapshot = back.next().await;
    assert_eq!(snapshot["type"], "orders_snapshot");
    assert_eq!(snapshot["data"]["resumed"], true);
    assert_eq!(snapshot["data"]["orders"].as_array().unwrap().len(), 3);
    back.send(subscribe(json!([{"type": "orders", "since": 77}])))
        .await;
    let snapshot = back.until("orders_snapshot").await;
    assert_eq!(snapshot["data"]["resumed"], false);
}

#[tokio::test]
async fn orders_are_cancelled_when_their_connection_ends_where_that_was_asked_for() {
    let gateway = TestGateway::start();
    let mut watcher = gateway.client().await;
    let mut alice = gateway.client().await;
    let token = gateway.token("alice", 3_600);
    let login =
        json!({"type": "authenticate", "token": token, "options": {"cancel_on_disconnect": true}});
    assert_eq!(alice.ask(login).await["type"], "authenticated");
    // A fresh token without the option changes nothing of it.
    let fresh = gateway.token("alice", 7_200);
    assert_eq!(alice.log_in(&fresh).await["type"], "authenticated");
    alice.place("buy", "1.00", "900.00").await;
    watcher
        .send(subscribe(json!([{"type": "orderbook", "pair": PAIR}])))
        .await;
    let snapshot = watcher.until("orderbook_update").await;
    assert_eq!(snapshot["data"]["bids"][0]["amount"], "1.00");
    drop(alice);
    let delta = watcher.until("orderbook_update").await;
    assert_eq!(delta["data"]["bids"][0]["amount"], "0.00");
}

#[tokio::test]
async fn the_reference_price_is_the_last_trade_s_and_refusals_name_the_band() {
    let gateway = TestGateway::start();
    let mut alice = gateway.trader("alice").await;
    let mut bob = gateway.trader("bob").await;
    let instruments = json!({"type": "get_instruments"});
    let reference = |answer: &serde_json::Value| {
        let first = &answer["result"]["instruments"][0];
        assert_eq!(first["pair"], PAIR);
        first["referencePrice"].clone()
    };
    assert_eq!(reference(&alice.ask(instruments.clone()).await), "1000.00");
    alice.place("buy", "1.00", "1200.00").await;
    bob.place("sell", "1.00", "1200.00").await;
    assert_eq!(reference(&alice.ask(instruments).await), "1200.00");
    let outside = alice.ask(order("buy", "1.00", "1800.01")).await;
    assert_eq!(why(&outside), ("ORDER_FAILED", "PRICE_OUTSIDE_BAND"));
    let band = json!({"field": "orderData.price", "lowPrice": "600.00", "highPrice": "1800.00",
        "priceBand": "50.00%", "pair": PAIR});
    assert_eq!(outside["error"]["params"], band);
    // The welcome gift of one asset less the trade, and what is left of it for an order.
    let poor = alice.ask(order("buy", "1000000.00", "1000.00")).await;
    assert_eq!(why(&poor).1, "INSUFFICIENT_AVAILABLE");
    let funds = json!({"asset": "XRP", "available": "998800.00",
        "required": "1000000000.00", "pair": PAIR});
    assert_eq!(poor["error"]["params"], funds);
    let unknown = json!({"type": "cancel_order", "clientOrderId": "nobody's"});
    let unknown = alice.ask(unknown).await;
    assert_eq!(unknown["error"]["params"]["field"], "clientOrderId");
}

#[tokio::test]
async fn a_market_order_takes_and_expires() {
    let gateway = TestGateway::start();
    let mut bob = gateway.trader("bob").await;
    bob.place("sell", "1.00", "1001.00").await;
    let mut alice = gateway.trader("alice").await;
    alice.send(subscribe(json!([{"type": "orders"}]))).await;
    alice.until("orders_snapshot").await;
    let market = json!({"type": "place_order", "orderType": "market",
        "orderData": {"pair": PAIR, "side": "buy", "amount": "3.00"}});
    let placed = alice.ask(market).await;
    assert_eq!(
        (&placed["type"], &placed["orderType"]),
        (&json!("order_placed"), &json!("market"))
    );
    let fill = alice.next().await;
    assert_eq!(fill["data"]["status"], "partially_filled");
    assert_eq!(fill["data"]["type"], "market");
    let end = alice.next().await;
    assert_eq!(end["data"]["status"], "expired");
    assert_eq!(end["data"]["reason"], "COLLAR_REACHED");
    assert_eq!(
        (&end["data"]["filled"], &end["data"]["remaining"]),
        (&json!("1.00"), &json!("0.00"))
    );
}
