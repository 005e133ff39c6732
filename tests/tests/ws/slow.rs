//! Clients that do not read.

use serde_json::json;

use super::client::{Client, PAIR, order, subscribe};
use super::gateway::TestGateway;

/// A client that never reads its trades is cut off; others notice nothing.
#[tokio::test]
async fn who_does_not_read_is_cut_off() {
    let gateway = TestGateway::with(|config| {
        config.limits.outbox_bytes = 65_536;
        config.limits.messages_per_second = 1_000_000;
        config.limits.order_commands_per_minute = 1_000_000;
    });
    let mut lazy = Client::connect_with(gateway.address, "/", Some(8_192)).await;
    lazy.send(subscribe(json!([{"type": "trades", "pair": PAIR}])))
        .await;
    let mut alice = gateway.trader("alice").await;
    let mut bob = gateway.trader("bob").await;
    // Kernels keep some hundred kilobytes for a socket, so it takes some thousand trades.
    for _ in 0..40 {
        alice.place("buy", "1.00", "1000.00").await;
        for _ in 0..100 {
            bob.send(order("sell", "0.01", "1000.00")).await;
        }
        for _ in 0..100 {
            assert_eq!(bob.next().await["type"], "order_placed");
        }
    }
    assert_eq!(lazy.closed().await, 1013);
    assert_eq!(bob.ask(json!({"type": "ping"})).await["type"], "pong");
}
