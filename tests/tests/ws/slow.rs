//! Clients that do not read.

use serde_json::json;

use super::client::{Client, PAIR, order, subscribe};
use super::gateway::TestGateway;
use super::metrics::{self, scrape};

const TOO_SLOW: &str = "nexvestxr_connections_ended_total{reason=\"too_slow\"}";

/// A client that never reads its trades is cut off; others notice nothing.
#[tokio::test]
async fn who_does_not_read_is_cut_off() {
    let gateway = TestGateway::with(|config| {
        metrics::shown(config);
        config.limits.outbox_bytes = 65_536;
        config.limits.messages_per_second = 1_000_000;
        config.limits.order_commands_per_minute = 1_000_000;
    });
    let mut lazy = Client::connect_with(gateway.address, "/", Some(8_192)).await;
    lazy.send(subscribe(json!([{"type": "trades", "pair": PAIR}])))
        .await;
    let mut alice = gateway.trader("alice").await;
    let mut bob = gateway.trader("bob").await;
    // Kernels keep some hundred kilobytes for a socket, so it takes some thousand trades. With the
    // one that is too much begin the five seconds that are left to read how it ended: only a few
    // more follow it, however long all of them take.
    let mut rounds = 0;
    while scrape(&gateway).await.get(TOO_SLOW) == 0.0 {
        rounds += 1;
        assert!(rounds <= 160, "it is never cut off");
        alice.place("buy", "0.25", "1000.00").await;
        for _ in 0..25 {
            bob.send(order("sell", "0.01", "1000.00")).await;
        }
        for _ in 0..25 {
            assert_eq!(bob.next().await["type"], "order_placed");
        }
    }
    assert_eq!(lazy.closed().await, 1013);
    assert_eq!(bob.ask(json!({"type": "ping"})).await["type"], "pong");
}
