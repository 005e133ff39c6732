//! What a client may ask about what is, and what was.

use serde_json::{Value, json};

use super::client::{Client, PAIR, order, why};
use super::gateway::TestGateway;

fn ids(answer: &Value) -> Vec<u64> {
    let orders = answer["result"]["orders"].as_array().unwrap();
    let number = |order: &Value| {
        let id = order["orderId"].as_str().unwrap();
        id.strip_prefix("order_").unwrap().parse().unwrap()
    };
    orders.iter().map(number).collect()
}

async fn get(client: &mut Client, kind: &str, fields: Value) -> Value {
    let mut message = fields;
    message["type"] = json!(kind);
    let answer = client.ask(message).await;
    assert_eq!(answer["type"], kind, "{answer}");
    answer
}

#[tokio::test]
async fn orders_are_listed_by_pair_status_and_page() {
    let gateway = TestGateway::patient(|config| {
        config.limits.order_commands_per_minute = 1_000;
        config.limits.messages_per_second = 1_000;
    });
    let mut alice = gateway.trader("alice").await;
    for n in 0..10 {
        let mut order = order("buy", "1.00", "900.00");
        if n % 2 == 1 {
            order["orderData"]["pair"] = json!("LUXURY002/XRP");
            order["orderData"]["price"] = json!("450.00");
        }
        alice.ask(order).await;
    }
    let open = get(&mut alice, "get_orders", json!({})).await;
    assert_eq!(ids(&open), (1..=10).collect::<Vec<u64>>());
    assert_eq!(open["result"]["nextAfter"], Value::Null);
    let pair = get(
        &mut alice,
        "get_orders",
        json!({"pair": PAIR, "status": "open"}),
    )
    .await;
    assert_eq!(ids(&pair), [1, 3, 5, 7, 9]);
    let page = get(&mut alice, "get_orders", json!({"pair": PAIR, "limit": 2})).await;
    assert_eq!(
        (ids(&page), &page["result"]["nextAfter"]),
        (vec![1, 3], &json!("order_3"))
    );
    let page = json!({"pair": PAIR, "limit": 3, "after": "order_3"});
    let page = get(&mut alice, "get_orders", page).await;
    assert_eq!(
        (ids(&page), &page["result"]["nextAfter"]),
        (vec![5, 7, 9], &Value::Null)
    );

    for n in [2, 1, 4] {
        alice
            .ask(json!({"type": "cancel_order", "orderId": format!("order_{n}")}))
            .await;
    }
    let mut bob = gateway.trader("bob").await;
    bob.place("sell", "1.50", "900.00").await;
    let ended = get(&mut alice, "get_orders", json!({"status": "finished"})).await;
    assert_eq!(ids(&ended), [1, 2, 3, 4]);
    let orders = ended["result"]["orders"].as_array().unwrap();
    assert_eq!(
        (&orders[0]["status"], &orders[2]["status"]),
        (&json!("cancelled"), &json!("filled"))
    );
    let ended = json!({"status": "finished", "pair": "LUXURY002/XRP"});
    assert_eq!(ids(&get(&mut alice, "get_orders", ended).await), [2, 4]);
    let page = json!({"status": "finished", "limit": 1, "after": "order_1"});
    let page = get(&mut alice, "get_orders", page).await;
    assert_eq!(
        (ids(&page), &page["result"]["nextAfter"]),
        (vec![2], &json!("order_2"))
    );

    gateway.advance(86_400_000);
    assert_eq!(
        ids(&get(&mut alice, "get_orders", json!({"status": "finished"})).await).len(),
        4
    );
    gateway.advance(1);
    assert_eq!(
        ids(&get(&mut alice, "get_orders", json!({"status": "finished"})).await).len(),
        0
    );
    assert_eq!(
        ids(&get(&mut alice, "get_orders", json!({})).await).len(),
        6
    );
    for (field, value, reason) in [
        ("status", json!("closed"), "INVALID_VALUE"),
        ("limit", json!(0), "INVALID_VALUE"),
        ("limit", json!(501), "INVALID_VALUE"),
        ("limit", json!("5"), "WRONG_KIND"),
        ("after", json!("5"), "UNKNOWN_ORDER"),
    ] {
        let mut message = json!({"type": "get_orders"});
        message[field] = value;
        assert_eq!(why(&alice.ask_bad(message).await).1, reason, "{field}");
    }
    let other = json!({"type": "get_orders", "pair": "NO/PAIR"});
    assert_eq!(why(&alice.ask(other).await).1, "UNKNOWN_PAIR");
}

#[tokio::test]
async fn an_order_is_found_by_either_name_open_or_ended() {
    let gateway = TestGateway::start();
    let mut alice = gateway.trader("alice").await;
    let mut place = order("buy", "2.00", "900.00");
    place["orderData"]["clientOrderId"] = json!("mine");
    let id = alice.ask(place).await["result"]["orderId"].clone();
    let mut bob = gateway.trader("bob").await;
    bob.place("sell", "0.50", "900.00").await;
    for (cancelled, status) in [(false, "partially_filled"), (true, "cancelled")] {
        if cancelled {
            alice
                .ask(json!({"type": "cancel_order", "orderId": id}))
                .await;
        }
        let by_id = get(&mut alice, "get_order", json!({"orderId": id})).await;
        let by_name = get(&mut alice, "get_order", json!({"clientOrderId": "mine"})).await;
        assert_eq!(by_id["result"], by_name["result"]);
        let order = &by_id["result"]["order"];
        assert_eq!(
            (&order["status"], &order["filled"]),
            (&json!(status), &json!("0.50"))
        );
        assert_eq!(order["clientOrderId"], "mine");
    }
    for name in [
        json!({"orderId": id}),
        json!({"clientOrderId": "mine"}),
        json!({"orderId": "order_99"}),
    ] {
        let mut message = name;
        message["type"] = json!("get_order");
        let answer = bob.ask(message).await;
        assert_eq!(why(&answer), ("ORDER_NOT_FOUND", "UNKNOWN_ORDER"));
    }
    let missing = alice.ask_bad(json!({"type": "get_order"})).await;
    assert_eq!(why(&missing), ("INVALID_MESSAGE", "MISSING_FIELD"));
}

#[tokio::test]
async fn fills_are_listed_by_pair_order_and_page() {
    let gateway = TestGateway::start();
    let mut alice = gateway.trader("alice").await;
    let mut bob = gateway.trader("bob").await;
    let first = alice.place("buy", "2.00", "900.00").await["result"]["orderId"].clone();
    let mut other = order("buy", "1.00", "450.00");
    other["orderData"]["pair"] = json!("LUXURY002/XRP");
    other["orderData"]["clientOrderId"] = json!("other");
    alice.ask(other).await;
    bob.place("sell", "0.50", "900.00").await;
    let mut sell = order("sell", "1.00", "450.00");
    sell["orderData"]["pair"] = json!("LUXURY002/XRP");
    bob.ask(sell).await;
    bob.place("sell", "1.50", "900.00").await;
    let amounts = |answer: &Value| -> Vec<String> {
        let fills = answer["result"]["fills"].as_array().unwrap();
        let amount = |fill: &Value| fill["amount"].as_str().unwrap().to_owned();
        fills.iter().map(amount).collect()
    };
    let all = get(&mut alice, "get_fills", json!({})).await;
    assert_eq!(amounts(&all), ["0.50", "1.00", "1.50"]);
    let fill = &all["result"]["fills"][0];
    for (field, expected) in [
        ("orderId", first.clone()),
        ("pair", json!(PAIR)),
        ("side", json!("buy")),
        ("price", json!("900.00")),
        ("liquidity", json!("maker")),
        ("fee", json!("0.00")),
        ("feeAsset", json!("XRP")),
        ("userSequence", json!(3)),
    ] {
        assert_eq!(fill[field], expected, "{field}: {fill}");
    }
    assert!(fill["tradeId"].is_string() && fill["timestamp"].is_u64());
    let of_pair = get(&mut alice, "get_fills", json!({"pair": PAIR})).await;
    assert_eq!(amounts(&of_pair), ["0.50", "1.50"]);
    let of_order = get(&mut alice, "get_fills", json!({"clientOrderId": "other"})).await;
    assert_eq!(amounts(&of_order), ["1.00"]);
    let page = get(
        &mut alice,
        "get_fills",
        json!({"orderId": first, "limit": 1}),
    )
    .await;
    assert_eq!(amounts(&page), ["0.50"]);
    let after = page["result"]["nextAfter"].clone();
    let page = get(
        &mut alice,
        "get_fills",
        json!({"orderId": first, "after": after}),
    )
    .await;
    assert_eq!(
        (amounts(&page), &page["result"]["nextAfter"]),
        (vec!["1.50".to_owned()], &Value::Null)
    );
    let unknown = alice
        .ask(json!({"type": "get_fills", "orderId": "order_99"}))
        .await;
    assert_eq!(why(&unknown), ("ORDER_NOT_FOUND", "UNKNOWN_ORDER"));
    let other_side = get(&mut bob, "get_fills", json!({"pair": PAIR})).await;
    assert_eq!(other_side["result"]["fills"][0]["liquidity"], "taker");
    assert_eq!(other_side["result"]["fills"][0]["tradeId"], fill["tradeId"]);
}

/// Everything that an order is checked against, so that no client need try.
#[tokio::test]
async fn an_instrument_tells_its_filters() {
    let gateway = TestGateway::start();
    let mut client = gateway.client().await;
    let answer = get(&mut client, "get_instruments", json!({})).await;
    let instrument = &answer["result"]["instruments"][0];
    for (field, expected) in [
        ("pair", json!(PAIR)),
        ("status", json!("open")),
        ("tickSize", json!("0.01")),
        ("lotSize", json!("0.01")),
        ("minAmount", json!("0.01")),
        ("maxAmount", json!("1000000.00")),
        ("minNotional", json!("0.00")),
        ("priceBand", json!("50.00%")),
        ("minPrice", json!("500.00")),
        ("maxPrice", json!("1500.00")),
        ("makerFee", json!("0.00%")),
        ("takerFee", json!("0.00%")),
        ("maxOpenOrders", json!(200)),
        ("maxIcebergParts", json!(100)),
        ("minTrailingDelta", json!("0.01")),
        ("minTrailingPercent", json!("0.01")),
        ("maxTrailingPercent", json!("50.00")),
        ("timesInForce", json!(["GTC", "IOC", "FOK", "GTD"])),
    ] {
        assert_eq!(instrument[field], expected, "{field}: {instrument}");
    }
    let kinds = instrument["orderTypes"].as_array().unwrap();
    assert_eq!(kinds.len(), 7);
}
