//! Alerts about pairs: halts, from the exchange's own statuses, and fast moves, from trades.

use gateway::alerts::VolatilityRules;
use serde_json::json;

use super::client::{PAIR, order, subscribe};
use super::gateway_process::TestGateway;
use super::rig::expect;

#[tokio::test]
async fn a_fast_move_is_said_once_and_told_to_who_comes_later() {
    let gateway = TestGateway::with(|config| {
        config.alerts.volatility[0] = VolatilityRules {
            move_bps: 500,
            window_ms: 60_000,
        };
    });
    let mut watcher = gateway.client().await;
    watcher
        .ask(subscribe(json!([{"type": "risk_alerts"}])))
        .await;
    let mut alice = gateway.trader("alice").await;
    let mut bob = gateway.trader("bob").await;
    for price in ["1000.00", "1049.99", "1050.00", "1050.00", "1100.00"] {
        alice.place("sell", "1.00", price).await;
        bob.place("buy", "1.00", price).await;
    }
    let warning = expect(&mut watcher, "risk_alert").await;
    assert_eq!(warning["severity"], "warning");
    assert_eq!(warning["category"], "volatility");
    assert_eq!(warning["pair"], PAIR);
    assert_eq!(warning["symbol"], json!(null));
    assert_eq!(
        warning["message"],
        "LUXURY001/XRP moved by 5.00% or more within 60 s"
    );
    assert_eq!(warning["inForce"], true);
    let span = warning["endsAt"].as_u64().unwrap() - warning["startedAt"].as_u64().unwrap();
    assert!((50_000..=61_000).contains(&span), "{warning}");
    let critical = expect(&mut watcher, "risk_alert").await;
    assert_eq!(critical["severity"], "critical");
    assert_eq!(critical["alertId"], warning["alertId"]);
    assert_eq!(critical["startedAt"], warning["startedAt"]);
    let mut later = gateway.client().await;
    later.ask(subscribe(json!([{"type": "risk_alerts"}]))).await;
    assert_eq!(expect(&mut later, "risk_alert").await, critical);
    // Once it is over nobody is told any more.
    gateway.advance(61_001);
    let mut last = gateway.client().await;
    last.ask(subscribe(json!([{"type": "risk_alerts"}]))).await;
    assert_eq!(last.ask(json!({"type": "ping"})).await["type"], "pong");
}

#[tokio::test]
async fn halts_are_said_from_the_exchange_s_statuses() {
    let folder = std::env::temp_dir().join(format!("exchange-alerts-{}", std::process::id()));
    {
        // No disk has this much room: all pairs take cancels only.
        let gateway = TestGateway::with(|config| {
            config.storage.data_dir = Some(folder.clone());
            config.storage.min_free_mib = u32::MAX;
        });
        let mut alice = gateway.trader("alice").await;
        let refused = alice.ask(order("buy", "1.00", "900.00")).await;
        assert_eq!(refused["error"]["reason"], "PAIR_HALTED");
        let mut watcher = gateway.client().await;
        watcher
            .ask(subscribe(json!([{"type": "risk_alerts"}])))
            .await;
        let mut halted = Vec::new();
        for _ in 0..4 {
            let alert = expect(&mut watcher, "risk_alert").await;
            assert_eq!(alert["category"], "trading_halt");
            assert_eq!(
                (&alert["severity"], &alert["endsAt"]),
                (&json!("critical"), &json!(null))
            );
            halted.push(alert["pair"].as_str().unwrap().to_owned());
        }
        assert_eq!(
            halted,
            ["LUXURY001/XRP", "LUXURY002/XRP", "LUXURY001/FLR", "XRP/FLR"]
        );
    }
    // Again with room: what stood is said to who comes before it ends, or not at all.
    let gateway = TestGateway::with(|config| {
        config.storage.data_dir = Some(folder.clone());
        config.storage.min_free_mib = 1;
    });
    let mut alice = gateway.trader("alice").await;
    alice.place("buy", "1.00", "900.00").await;
    let mut watcher = gateway.client().await;
    watcher
        .ask(subscribe(json!([{"type": "risk_alerts"}])))
        .await;
    assert_eq!(watcher.ask(json!({"type": "ping"})).await["type"], "pong");
    drop(gateway);
    let _ = std::fs::remove_dir_all(&folder);
}

#[tokio::test]
async fn both_channels_are_public_and_can_be_left() {
    let gateway = TestGateway::start();
    let mut client = gateway.client().await;
    let both = json!([{"type": "arbitrage"}, {"type": "risk_alerts"}]);
    let held = client.ask(subscribe(both.clone())).await;
    assert_eq!(
        (&held["type"], &held["channels"]),
        (&json!("subscribed"), &both)
    );
    assert_eq!(
        client.ask(subscribe(both.clone())).await["data"]["subscriptions"],
        2
    );
    let left = client
        .ask(json!({"type": "unsubscribe", "channels": both}))
        .await;
    assert_eq!(
        (&left["type"], &left["channels"]),
        (&json!("unsubscribed"), &json!([]))
    );
    assert_eq!(client.ask(json!({"type": "ping"})).await["type"], "pong");
}
