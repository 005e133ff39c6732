//! `clientOrderId`: the same order twice is placed once, over connections, restarts and a day.

use serde_json::{Value, json};

use super::client::{PAIR, typed, why};
use super::folder::Folder;
use super::gateway::TestGateway;

/// One body of every type; `name` is its clientOrderId.
fn bodies(name: &str, expires_at: u64) -> Vec<(&'static str, Value)> {
    let with = |kind, mut data: Value| {
        data["pair"] = json!(PAIR);
        data["amount"] = json!("2.00");
        data["clientOrderId"] = json!(format!("{name}-{kind}"));
        (kind, data)
    };
    vec![
        with(
            "limit",
            json!({"side": "buy", "price": "900.00", "timeInForce": "GTD",
            "expiresAt": expires_at}),
        ),
        with("market", json!({"side": "buy"})),
        with(
            "stop_loss",
            json!({"side": "sell", "stopPrice": "800.00", "limitPrice": "790.00"}),
        ),
        with(
            "take_profit",
            json!({"side": "sell", "stopPrice": "1300.00"}),
        ),
        with(
            "trailing_stop",
            json!({"side": "sell", "trailingPercent": "10"}),
        ),
        with(
            "oco",
            json!({"side": "sell", "stopPrice": "800.00", "targetPrice": "1300.00"}),
        ),
        with(
            "iceberg",
            json!({"side": "buy", "price": "900.00", "displayAmount": "1.00"}),
        ),
    ]
}

#[tokio::test]
async fn a_repeat_is_answered_as_the_first_time_on_any_connection_and_after_a_restart() {
    let folder = Folder::new("names");
    let mut first: Vec<Value> = Vec::new();
    let mut expires_at = 0;
    for round in 0..3 {
        // The second start replays the journal, the third has a snapshot.
        let gateway = folder.gateway(1, if round == 1 { 10 } else { 1_000_000 });
        if round == 0 {
            expires_at = gateway.now().0 + 3_600_000;
        }
        let mut connections = [gateway.trader("alice").await, gateway.trader("alice").await];
        for client in &mut connections {
            for (at, (kind, data)) in bodies("a", expires_at).into_iter().enumerate() {
                let answer = client.ask(typed(kind, data.clone())).await;
                assert_eq!(answer["type"], "order_placed", "{kind}: {answer}");
                if first.len() <= at {
                    assert_eq!(answer["result"]["duplicate"], Value::Null);
                    first.push(answer["result"]["orderId"].clone());
                } else {
                    assert_eq!(answer["result"]["duplicate"], true, "{kind}");
                    assert_eq!(answer["result"]["orderId"], first[at], "{kind}");
                }
                let mut other = data;
                other["amount"] = json!("3.00");
                let refused = client.ask(typed(kind, other)).await;
                assert_eq!(
                    why(&refused),
                    ("ORDER_FAILED", "DUPLICATE_CLIENT_ORDER_ID"),
                    "{kind}"
                );
            }
        }
        // Somebody else's name is free.
        let mut bob = gateway.trader("bob").await;
        let (kind, data) = bodies("a", expires_at).remove(0);
        let answer = bob.ask(typed(kind, data)).await;
        assert_eq!(answer["type"], "order_placed");
        if round == 1 {
            // Enough commands for a snapshot.
            for _ in 0..20 {
                bob.place("buy", "1.00", "900.00").await;
            }
        }
    }
}

/// Each thing that a body says makes it another one.
#[tokio::test]
async fn another_body_is_another_order() {
    let gateway = TestGateway::start();
    let mut alice = gateway.trader("alice").await;
    let at = gateway.now().0 + 3_600_000;
    for (kind, data) in bodies("b", at) {
        let answer = alice.ask(typed(kind, data.clone())).await;
        assert_eq!(answer["type"], "order_placed", "{answer}");
        let mut others = Vec::new();
        for (field, value) in [
            ("stopPrice", json!("801.00")),
            ("limitPrice", json!("789.00")),
            ("targetPrice", json!("1299.00")),
            ("trailingPercent", json!("9")),
            ("displayAmount", json!("2.00")),
            ("price", json!("901.00")),
            ("expiresAt", json!(at + 1)),
        ] {
            if data.get(field).is_some() {
                others.push((field, value));
            }
        }
        others.push(("selfTradePrevention", json!("decrement")));
        for (field, value) in others {
            let mut other = data.clone();
            other[field] = value;
            let refused = alice.ask(typed(kind, other)).await;
            let expected = ("ORDER_FAILED", "DUPLICATE_CLIENT_ORDER_ID");
            assert_eq!(
                why(&refused),
                expected,
                "{kind} with another {field}: {refused}"
            );
        }
    }
}

/// A day after its end a name is free again; until then it is not, and what it stood for is told
/// although the body's expiry is past.
#[tokio::test]
async fn a_name_is_remembered_for_a_day_after_the_order_s_end() {
    let gateway = TestGateway::patient(|_| {});
    let mut alice = gateway.trader("alice").await;
    let at = gateway.now().0 + 60_000;
    let (kind, data) = bodies("c", at).remove(0);
    let order = typed(kind, data);
    let placed = alice.ask(order.clone()).await;
    assert_eq!(placed["type"], "order_placed", "{placed}");
    gateway.advance(60_000);
    let again = alice.ask(order.clone()).await;
    assert_eq!(again["result"]["duplicate"], true, "{again}");
    gateway.advance(86_400_000 - 1);
    let again = alice.ask(order.clone()).await;
    assert_eq!(again["result"]["duplicate"], true, "{again}");
    gateway.advance(2);
    let late = alice.ask(order).await;
    assert_eq!(
        why(&late),
        ("ORDER_FAILED", "EXPIRY_IN_PAST"),
        "it is a new order"
    );
}
