//! The operator's port, and what traders see of what pairs do.

use engine::domain::CircuitBreaker;
use serde_json::json;

use super::client::{PAIR, order, subscribe, why};
use super::gateway::TestGateway;
use super::operator::{gateway, operate, operate_with, token};

#[tokio::test]
async fn the_operator_halts_and_opens_a_pair_and_everybody_hears_of_it() {
    let gateway = gateway();
    let mut alice = gateway.trader("alice").await;
    alice.send(order("buy", "1.00", "999.00")).await;
    alice.until("order_placed").await;
    let mut watcher = gateway.client().await;
    watcher
        .send(subscribe(json!([{"type": "risk_alerts"}])))
        .await;
    watcher.until("subscribed").await;

    let halt = "/v1/pairs/LUXURY001/XRP/halt";
    let (status, body) = operate(&gateway, "POST", halt, &token()).await;
    assert_eq!((status, body["status"].as_str()), (200, Some("halted")));
    let alert = watcher.until("risk_alert").await;
    assert_eq!(alert["data"]["category"], "trading_halt");
    assert_eq!(alert["data"]["pair"], PAIR);
    assert_eq!(alert["data"]["severity"], "critical");

    // Who comes later hears of it too; orders are refused, cancels are not.
    let mut late = gateway.client().await;
    late.send(subscribe(json!([{"type": "risk_alerts"}]))).await;
    let again = late.until("risk_alert").await;
    assert_eq!(again["data"]["alertId"], alert["data"]["alertId"]);
    let refused = alice.ask(order("buy", "1.00", "999.00")).await;
    assert_eq!(why(&refused), ("ORDER_FAILED", "PAIR_HALTED"));
    alice.send(json!({"type": "get_instruments"})).await;
    let instruments = alice.until("get_instruments").await;
    assert_eq!(instruments["result"]["instruments"][0]["status"], "halted");
    alice.send(json!({"type": "cancel_all"})).await;
    let cancelled = alice.until("orders_cancelled").await;
    assert_eq!(cancelled["type"], "orders_cancelled");

    let (status, body) = operate(&gateway, "POST", "/v1/pairs/LUXURY001/XRP/close", &token()).await;
    assert_eq!((status, body["status"].as_str()), (200, Some("closed")));
    let resume = "/v1/pairs/LUXURY001/XRP/resume";
    let (status, body) = operate(&gateway, "POST", resume, &token()).await;
    assert_eq!((status, body["status"].as_str()), (200, Some("open")));
    alice.place("buy", "1.00", "999.00").await;
}

#[tokio::test]
async fn nobody_operates_without_the_token() {
    let gateway = gateway();
    let halt = "/v1/pairs/LUXURY001/XRP/halt";
    for wrong in ["", "x", &token()[1..], &format!("{}x", token())] {
        let (status, body) = operate(&gateway, "POST", halt, wrong).await;
        assert_eq!(status, 401, "{wrong}: {body}");
    }
    for (method, path, expected) in [
        ("GET", "/v1/pairs/LUXURY001/XRP", 200),
        ("GET", halt, 405),
        ("POST", "/v1/pairs/LUXURY001/XRP", 405),
        ("POST", "/v1/pairs/LUXURY001/XRP/explode", 404),
        ("POST", "/v1/pairs/NOTHING/XRP/halt", 404),
        ("POST", "/metrics", 405),
    ] {
        let (status, body) = operate(&gateway, method, path, &token()).await;
        assert_eq!(status, expected, "{method} {path}: {body}");
    }
}

/// A trade beyond the band halts the pair; it opens by itself.
#[tokio::test]
async fn the_circuit_breaker_halts_a_pair_for_its_time() {
    let gateway = TestGateway::patient(|config| {
        let breaker = CircuitBreaker {
            band: 500,
            halt_ms: 60_000,
        };
        let pair = &mut config.exchange.pairs[0];
        *pair = pair.with_breaker(breaker).unwrap();
    });
    let mut watcher = gateway.client().await;
    watcher
        .send(subscribe(json!([{"type": "risk_alerts"}])))
        .await;
    watcher.until("subscribed").await;
    let mut bob = gateway.trader("bob").await;
    bob.place("sell", "1.00", "1000.00").await;
    bob.place("sell", "1.00", "1051.00").await;
    let mut alice = gateway.trader("alice").await;
    alice.send(subscribe(json!([{"type": "orders"}]))).await;
    alice.until("orders_snapshot").await;
    alice.place("buy", "2.00", "1100.00").await;
    let filled = alice.until("order_update").await;
    assert_eq!(filled["data"]["lastFillPrice"], "1000.00", "{filled}");
    let ended = loop {
        let update = alice.until("order_update").await;
        if update["data"]["status"] != "partially_filled" {
            break update;
        }
    };
    assert_eq!(ended["data"]["status"], "expired", "{ended}");
    assert_eq!(ended["data"]["reason"], "CIRCUIT_BREAKER");
    assert_eq!(ended["data"]["filled"], "1.00");

    let alert = watcher.until("risk_alert").await;
    assert_eq!(alert["data"]["category"], "circuit_breaker", "{alert}");
    let reopens = alert["data"]["endsAt"].as_u64().unwrap();
    alice.send(json!({"type": "get_instruments"})).await;
    let instruments = alice.until("get_instruments").await;
    let first = &instruments["result"]["instruments"][0];
    assert_eq!(first["status"], "halted");
    assert_eq!(first["reopensAt"].as_u64(), Some(reopens));
    let refused = bob.ask(order("buy", "1.00", "900.00")).await;
    assert_eq!(why(&refused), ("ORDER_FAILED", "PAIR_HALTED"));

    gateway.advance(60_000);
    bob.place("buy", "1.00", "990.00").await;
    let over = watcher.until("risk_alert").await;
    assert_eq!(over["data"]["alertId"], alert["data"]["alertId"], "{over}");
}

/// What the platform lends and pays with comes in and leaves by the operator's word.
#[tokio::test]
async fn the_operator_funds_the_pool_and_the_insurance_fund() {
    let gateway = gateway();
    let token = token();
    let (status, body) = operate(&gateway, "GET", "/v1/reserves", &token).await;
    assert_eq!(status, 200);
    let expected = json!({"asset": "XRP",
        "pool": {"available": "5000000.00", "lent": "0.00", "limit": "10000000.00",
            "hourlyRate": "0"},
        "insurance": {"available": "100000.00"}});
    assert_eq!(body["reserves"][0], expected);
    let path = |fund: &str, deed: &str| format!("/v1/reserves/{fund}/{deed}");
    let move_it = async |fund: &str, deed: &str, body: &str| {
        operate_with(&gateway, "POST", &path(fund, deed), &token, body).await
    };
    let ten = r#"{"asset": "XRP", "amount": "10.5", "idempotencyKey": "pool-1"}"#;
    let (status, mut body) = move_it("pool", "deposits", ten).await;
    let first = body.clone();
    assert!(body["bookedAt"].take().as_u64() > Some(0), "{first}");
    let booked = json!({"idempotencyKey": "pool-1", "reserve": "pool", "direction": "deposit",
        "asset": "XRP", "amount": "10.50", "bookedAt": null});
    assert_eq!((status, body), (200, booked));
    assert_eq!(move_it("pool", "deposits", ten).await, (200, first));
    let other = ten.replace("pool-1", "fund-1");
    let (status, body) = move_it("insurance", "withdrawals", &other).await;
    assert_eq!((status, &body["amount"]), (200, &json!("10.50")), "{body}");
    for (fund, deed, body, status, words) in [
        (
            "insurance",
            "withdrawals",
            r#"{"asset": "XRP", "amount": "99989.51", "idempotencyKey": "a"}"#,
            409,
            "The fund has not enough free",
        ),
        (
            "pool",
            "deposits",
            r#"{"asset": "XRP", "amount": "0", "idempotencyKey": "a"}"#,
            409,
            "The amount must be above zero",
        ),
        (
            "pool",
            "deposits",
            "{",
            400,
            "The message is not valid JSON",
        ),
        (
            "pool",
            "deposits",
            r#"{"asset": "GOLD", "amount": "1", "idempotencyKey": "a"}"#,
            400,
            "asset: no such asset",
        ),
        (
            "pool",
            "deposits",
            r#"{"asset": "XRP", "amount": "0.0000001", "idempotencyKey": "a"}"#,
            400,
            "amount: expected zero or more, with no more decimals than the asset has",
        ),
        (
            "pool",
            "deposits",
            r#"{"asset": "XRP", "amount": "1"}"#,
            400,
            "idempotencyKey: expected 1 to 128 visible ASCII characters",
        ),
        (
            "insurance",
            "deposits",
            ten,
            409,
            "idempotencyKey: another request has it",
        ),
        (
            "vault",
            "deposits",
            ten,
            404,
            "the funds are pool and insurance",
        ),
    ] {
        let (found, answer) = move_it(fund, deed, body).await;
        assert_eq!((found, answer["error"].as_str()), (status, Some(words)));
    }
    let (status, _) = operate(&gateway, "GET", &path("pool", "deposits"), &token).await;
    assert_eq!(status, 405);
    let (status, _) = operate_with(&gateway, "POST", &path("pool", "deposits"), "no", ten).await;
    assert_eq!(status, 401);
    let (_, body) = operate(&gateway, "GET", "/v1/reserves", &token).await;
    assert_eq!(body["reserves"][0]["pool"]["available"], "5000010.50");
    assert_eq!(body["reserves"][0]["insurance"]["available"], "99989.50");
    gateway.stop();
}
