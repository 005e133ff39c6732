//! Tokens: good, bad, ending, changed.

use serde_json::json;

use super::client::{order, subscribe, why};
use super::gateway::TestGateway;

#[tokio::test]
async fn a_bad_token_closes_at_once() {
    let gateway = TestGateway::start();
    let expired = {
        let token = gateway.token("alice", 1);
        gateway.advance(2_000);
        token
    };
    let good = gateway.token("alice", 60);
    let (claims, signature) = good.rsplit_once('.').unwrap();
    let forged = format!("{claims}.{}", signature.chars().rev().collect::<String>());
    for (token, reason) in [
        ("your-jwt-token", "TOKEN_INVALID"),
        (&forged, "TOKEN_INVALID"),
        (&expired, "TOKEN_EXPIRED"),
    ] {
        let mut client = gateway.client().await;
        let answer = client.log_in(token).await;
        assert_eq!(why(&answer), ("AUTH_FAILED", reason));
        assert_eq!(client.closed().await, 1008);
    }
}

#[tokio::test]
async fn a_token_ends_on_a_live_connection() {
    // The clock jumps further than a client may be silent.
    let gateway = TestGateway::with(|config| {
        config.limits.idle_timeout_ms = 600_000;
        config.limits.stats_interval_ms = 600_000;
    });
    let mut alice = gateway.client().await;
    let token = gateway.token("alice", 120);
    alice.log_in(&token).await;
    let channels = json!([{"type": "orders"}, {"type": "trades", "pair": "XRP/FLR"}]);
    alice.send(subscribe(channels)).await;
    alice.until("orders_snapshot").await;
    alice.place("buy", "1.00", "900.00").await;

    gateway.advance(61_000);
    let notice = alice.until("notice").await;
    assert_eq!(notice["data"]["category"], "token_expiring");

    gateway.advance(60_000);
    let ended = alice.until("error").await;
    assert_eq!(why(&ended), ("AUTH_FAILED", "TOKEN_EXPIRED"));
    let left = alice.next().await;
    assert_eq!(left["type"], "unsubscribed");
    assert_eq!(left["data"]["subscriptions"], 1, "public channels stay");
    let refused = alice.ask(order("buy", "1.00", "900.00")).await;
    assert_eq!(why(&refused), ("AUTH_REQUIRED", "NOT_AUTHENTICATED"));

    let fresh = gateway.token("alice", 3_600);
    assert_eq!(alice.log_in(&fresh).await["type"], "authenticated");
    let orders = alice.ask(json!({"type": "get_orders"})).await;
    let orders = orders["result"]["orders"].as_array().unwrap();
    assert_eq!(orders.len(), 1, "open orders are untouched");
}

#[tokio::test]
async fn a_fresh_token_keeps_everything_and_another_users_closes() {
    let gateway = TestGateway::start();
    let mut alice = gateway.trader("alice").await;
    alice.send(subscribe(json!([{"type": "orders"}]))).await;
    alice.until("orders_snapshot").await;
    let fresh = gateway.token("alice", 7_200);
    assert_eq!(alice.log_in(&fresh).await["type"], "authenticated");
    alice.place("buy", "1.00", "900.00").await;
    alice.until("order_update").await;
    let others = gateway.token("bob", 60);
    alice
        .send(json!({"type": "authenticate", "token": others}))
        .await;
    let answer = alice.until("error").await;
    assert_eq!(why(&answer), ("AUTH_FAILED", "OTHER_USER"));
    assert_eq!(alice.closed().await, 1008);
}

#[tokio::test]
async fn private_channels_and_commands_need_a_token() {
    let gateway = TestGateway::start();
    let mut client = gateway.client().await;
    for message in [
        subscribe(json!([{"type": "orders"}])),
        subscribe(json!([{"type": "portfolio"}])),
        order("buy", "1.00", "900.00"),
        json!({"type": "cancel_order", "orderId": "order_1"}),
        json!({"type": "amend_order", "orderId": "order_1", "price": "1.00"}),
        json!({"type": "cancel_all"}),
        json!({"type": "get_orders"}),
        json!({"type": "get_balances"}),
    ] {
        let answer = client.ask(message).await;
        assert_eq!(why(&answer), ("AUTH_REQUIRED", "NOT_AUTHENTICATED"));
    }
    let public = json!([{"type": "trades", "pair": "XRP/FLR"}]);
    assert_eq!(client.ask(subscribe(public)).await["type"], "subscribed");
}
