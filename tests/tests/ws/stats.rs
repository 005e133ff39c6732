//! `connection_stats`, asked for and by itself.

use serde_json::json;

use super::client::{PAIR, subscribe};
use super::gateway::TestGateway;

#[tokio::test]
async fn a_connection_s_figures_come_when_asked_for_and_every_minute() {
    // A minute of the gateway's is a second of ours.
    let gateway = TestGateway::at_pace(60, |config| {
        config.limits.idle_timeout_ms = 3_600_000;
    });
    let begin = gateway.now().0;
    let mut client = gateway.client().await;
    let channels = json!([{"type": "orderbook", "pair": PAIR}, {"type": "trades", "pair": PAIR}]);
    client.send(subscribe(channels)).await;
    for kind in ["subscribed", "orderbook_update", "trades_snapshot"] {
        assert_eq!(client.next().await["type"], kind);
    }
    let asked = client
        .ask(json!({"type": "connection_stats", "requestId": 9}))
        .await;
    assert_eq!(asked["type"], "connection_stats");
    assert_eq!(asked["requestId"], 9);
    assert_eq!(asked["data"]["messagesReceived"], 2);
    assert_eq!(asked["data"]["messagesSent"], 3);
    assert_eq!(asked["data"]["subscriptions"], 2);
    let connected = asked["data"]["connectedAt"].as_u64().unwrap();
    assert!(connected >= begin && connected <= gateway.now().0);

    let mut last = connected;
    for sent in [4, 5, 6] {
        let told = client.next().await;
        assert_eq!(told["type"], "connection_stats");
        assert_eq!(told.get("requestId"), None);
        assert_eq!(told["data"]["messagesSent"], sent);
        assert_eq!(told["data"]["connectedAt"], connected);
        let at = told["timestamp"].as_u64().unwrap();
        assert!(at - last >= 60_000, "after {} ms", at - last);
        last = at;
        // By now a ping was answered, on the same machine.
        assert!(told["data"]["latency"].is_u64(), "{told}");
    }
}
