//! Lists of orders: to twenty, each answered by itself, in their order.

use serde_json::{Value, json};

use super::client::{Client, PAIR, order, typed, why};
use super::gateway::TestGateway;

/// An entry of `place_orders`.
fn entry(side: &str, amount: &str, price: &str) -> Value {
    let mut entry = order(side, amount, price);
    entry.as_object_mut().unwrap().remove("type");
    entry
}

async fn answers(client: &mut Client, count: usize, id: &str) -> Vec<Value> {
    let mut answers = Vec::new();
    for index in 0..count {
        let answer = client.next().await;
        assert_eq!(answer["index"], index, "{answer}");
        assert_eq!(answer["requestId"], id, "{answer}");
        answers.push(answer);
    }
    answers
}

#[tokio::test]
async fn twenty_orders_are_placed_and_cancelled_each_by_itself() {
    let gateway = TestGateway::start();
    let mut alice = gateway.trader("alice").await;
    let mut orders: Vec<Value> = (0..20)
        .map(|n| entry("buy", "1.00", &format!("{}.00", 900 + n)))
        .collect();
    orders[3]["orderData"]["price"] = json!("900.001");
    orders[4] = json!("no order");
    orders[5] = json!({"orderType": "limit"});
    orders[6]["orderData"]["clientOrderId"] = json!("mine");
    orders[7] = orders[6].clone();
    orders[8]["orderData"]["clientOrderId"] = json!("mine");
    orders[9]["orderData"]["amount"] = json!("999999.00");
    orders[9]["orderData"]["clientOrderId"] = json!("dear");
    let place = json!({"type": "place_orders", "orders": orders, "requestId": "p"});
    alice.send_bad(place).await;
    let placed = answers(&mut alice, 20, "p").await;
    let refused = [
        (3, "ORDER_FAILED", "PRICE_NOT_ON_TICK"),
        (4, "INVALID_MESSAGE", "WRONG_KIND"),
        (5, "INVALID_MESSAGE", "MISSING_FIELD"),
        (8, "ORDER_FAILED", "DUPLICATE_CLIENT_ORDER_ID"),
        (9, "INSUFFICIENT_BALANCE", "INSUFFICIENT_AVAILABLE"),
    ];
    for (index, answer) in placed.iter().enumerate() {
        match refused.iter().find(|(at, ..)| *at == index) {
            Some((_, code, reason)) => {
                assert_eq!(why(answer), (*code, *reason), "{index}");
                assert_eq!(answer["error"]["requestType"], "place_orders");
            }
            None => assert_eq!(answer["type"], "order_placed", "{index}: {answer}"),
        }
    }
    assert_eq!(placed[7]["result"]["duplicate"], true);
    assert_eq!(
        placed[7]["result"]["orderId"],
        placed[6]["result"]["orderId"]
    );
    assert_eq!(placed[8]["error"]["clientOrderId"], "mine");
    assert_eq!(placed[9]["error"]["clientOrderId"], "dear");
    let params = &placed[9]["error"]["params"];
    assert_eq!(
        params["available"], "996391.00",
        "after four placements: {params}"
    );
    assert_eq!(params["required"], "908999091.00");

    let mut names: Vec<Value> = placed[10..20]
        .iter()
        .map(|answer| json!({"orderId": answer["result"]["orderId"]}))
        .collect();
    names.push(json!({"clientOrderId": "mine"}));
    names.push(json!({"orderId": "order_999"}));
    names.push(json!({}));
    names.push(json!({"orderId": placed[10]["result"]["orderId"]}));
    let count = names.len();
    alice
        .send_bad(json!({"type": "cancel_orders", "orders": names, "requestId": "c"}))
        .await;
    let cancelled = answers(&mut alice, count, "c").await;
    for answer in &cancelled[..11] {
        assert_eq!(answer["type"], "order_cancelled", "{answer}");
    }
    assert_eq!(cancelled[10]["result"]["clientOrderId"], "mine");
    assert_eq!(why(&cancelled[11]), ("ORDER_NOT_FOUND", "UNKNOWN_ORDER"));
    assert_eq!(why(&cancelled[12]), ("INVALID_MESSAGE", "MISSING_FIELD"));
    assert_eq!(
        cancelled[13]["type"], "order_cancelled",
        "cancelling twice is harmless"
    );
    let orders = alice.ask(json!({"type": "get_orders"})).await;
    assert_eq!(orders["result"]["orders"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn a_list_has_one_to_twenty_orders() {
    let gateway = TestGateway::start();
    let mut alice = gateway.trader("alice").await;
    for (kind, one) in [
        ("place_orders", entry("buy", "1.00", "900.00")),
        ("cancel_orders", json!({"orderId": "order_1"})),
    ] {
        let list = |count: usize| {
            let orders: Vec<Value> = vec![one.clone(); count];
            json!({"type": kind, "orders": orders})
        };
        let many = alice.ask_bad(list(21)).await;
        assert_eq!(why(&many), ("INVALID_MESSAGE", "TOO_MANY_ITEMS"));
        assert_eq!(many["error"]["params"]["maxItems"], 20);
        let none = alice.ask_bad(list(0)).await;
        assert_eq!(why(&none), ("INVALID_MESSAGE", "EMPTY_LIST"));
        assert_eq!(none["error"]["requestType"], kind);
        let missing = alice.ask_bad(json!({"type": kind})).await;
        assert_eq!(why(&missing), ("INVALID_MESSAGE", "MISSING_FIELD"));
        let other = alice.ask_bad(json!({"type": kind, "orders": {}})).await;
        assert_eq!(why(&other), ("INVALID_MESSAGE", "WRONG_KIND"));
    }
    let orders = alice.ask(json!({"type": "get_orders"})).await;
    assert_eq!(orders["result"]["orders"], json!([]), "nothing was done");
}

/// A stranger's list is refused one by one, too, and a list over the rate does not end anybody.
#[tokio::test]
async fn a_list_keeps_to_the_budgets_and_counts_as_one_strike() {
    let gateway = TestGateway::standing_still(|config| config.limits.messages_per_second = 1_000);
    let mut stranger = gateway.client().await;
    let list = json!({"type": "place_orders", "requestId": "s",
        "orders": vec![entry("buy", "0.01", "900.00"); 2]});
    stranger.send(list).await;
    for answer in answers(&mut stranger, 2, "s").await {
        assert_eq!(why(&answer), ("AUTH_REQUIRED", "NOT_AUTHENTICATED"));
    }
    let mut alice = gateway.trader("alice").await;
    let list = json!({"type": "place_orders", "requestId": "p",
        "orders": vec![entry("buy", "0.01", "900.00"); 15]});
    let mut placed = 0;
    for _ in 0..10 {
        alice.send(list.clone()).await;
        for answer in answers(&mut alice, 15, "p").await {
            if answer["type"] == "order_placed" {
                placed += 1;
            } else {
                assert_eq!(why(&answer), ("RATE_LIMIT_EXCEEDED", "ORDER_RATE"));
            }
        }
    }
    assert_eq!(placed, 100, "and the connection lives after 50 refusals");
    let all = alice.ask(json!({"type": "cancel_all", "pair": PAIR})).await;
    assert_eq!(all["result"]["count"], 100);
}

#[tokio::test]
async fn all_of_a_pair_and_a_side_are_cancelled() {
    let gateway = TestGateway::start();
    let mut alice = gateway.trader("alice").await;
    let pairs = [PAIR, "LUXURY002/XRP"];
    for (pair, low, high) in [
        (pairs[0], "900.00", "1100.00"),
        (pairs[1], "450.00", "550.00"),
    ] {
        for (side, price) in [("buy", low), ("sell", high)] {
            let mut order = order(side, "1.00", price);
            order["orderData"]["pair"] = json!(pair);
            assert_eq!(alice.ask(order).await["type"], "order_placed");
        }
        // What waits outside the book is an open order, too.
        let stop = json!({"pair": pair, "side": "sell", "amount": "1.00", "stopPrice": low});
        let placed = alice.ask(typed("stop_loss", stop)).await;
        assert_eq!(placed["type"], "order_placed", "{placed}");
    }
    let ask = |pair: Option<&str>, side: Option<&str>| json!({"type": "cancel_all", "pair": pair, "side": side});
    for (request, count) in [
        (ask(Some(pairs[1]), Some("buy")), 1),
        (ask(None, Some("sell")), 4),
        (ask(Some(pairs[1]), None), 0),
        (ask(None, None), 1),
    ] {
        let answer = alice.ask(request).await;
        assert_eq!(answer["result"]["count"], count, "{answer}");
    }
    let unknown = alice.ask(ask(Some("NO/PAIR"), None)).await;
    assert_eq!(why(&unknown), ("ORDER_FAILED", "UNKNOWN_PAIR"));
}
