//! Messages are about as large as the reference says.

use serde_json::json;

use super::client::{PAIR, order, subscribe};
use super::gateway::TestGateway;

#[tokio::test]
async fn messages_have_the_sizes_of_the_reference() {
    let gateway = TestGateway::with(|config| config.limits.messages_per_second = 1_000);
    let mut alice = gateway.trader("alice").await;
    let mut bob = gateway.trader("bob").await;
    for level in 1..=15 {
        alice
            .place("buy", "50.00", &format!("{}.50", 1_000 - level))
            .await;
        bob.place("sell", "50.00", &format!("{}.50", 1_000 + level))
            .await;
    }
    let mut watcher = gateway.client().await;
    let channels = json!([{"type": "trades", "pair": PAIR}, {"type": "orderbook", "pair": PAIR}]);
    watcher.send(subscribe(channels)).await;
    let snapshot = watcher.until("orderbook_update").await;
    assert_eq!(snapshot["data"]["bids"].as_array().unwrap().len(), 15);
    check("snapshot of 15 levels a side", &snapshot, 1_800..=2_400);
    // Six levels between the best ones.
    for (side, price) in [("buy", 999), ("sell", 1_001)] {
        for cents in [60, 70, 80] {
            let cents = if side == "buy" { cents } else { 100 - cents };
            let trader = if side == "buy" { &mut alice } else { &mut bob };
            trader
                .send(order(side, "20.00", &format!("{price}.{cents}")))
                .await;
        }
    }
    let mut levels = 0;
    while levels < 6 {
        let delta = watcher.until("orderbook_update").await;
        let count = |side: &str| delta["data"][side].as_array().unwrap().len();
        let new = count("bids") + count("asks");
        if new >= 6 && levels == 0 {
            // Levels that leave the window at the far end are in it as well.
            let each = (delta.to_string().len() - 250) / new;
            assert!(each <= 60, "{each} bytes a level: {delta}");
        }
        levels += new;
    }
    alice.send(order("buy", "1.00", "1001.30")).await;
    check("trade", &watcher.until("trade").await, 180..=260);
}

fn check(what: &str, message: &serde_json::Value, expected: std::ops::RangeInclusive<usize>) {
    let bytes = message.to_string().len();
    assert!(
        expected.contains(&bytes),
        "{what}: {bytes} bytes: {message}"
    );
}
