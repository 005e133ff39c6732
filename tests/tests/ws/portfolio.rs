//! Portfolios: worth at marks, compared with a day ago, across trades, deposits and restarts.

use serde_json::{Value, json};

use super::client::{Client, subscribe};
use super::folder::Folder;
use super::gateway::TestGateway;

const PORTFOLIO: &str = "portfolio_update";

async fn watch(client: &mut Client) -> Value {
    let channels = json!([{"type": "portfolio"}]);
    client.send(subscribe(channels)).await;
    client.until(PORTFOLIO).await
}

fn position<'a>(portfolio: &'a Value, symbol: &str) -> &'a Value {
    let positions = portfolio["data"]["positions"].as_array().unwrap();
    positions.iter().find(|it| it["symbol"] == symbol).unwrap()
}

/// The demo's users begin with 1,000,000 XRP, 10,000 LUXURY001 at 1,000.00, 10,000 LUXURY002 at
/// 500.00 and 10,000 FLR at 2.00 a XRP: 16,005,000 XRP.
#[tokio::test]
async fn marks_move_a_portfolio_and_what_is_held_still_counts() {
    let gateway = TestGateway::at_pace(10, |_| {});
    let mut alice = gateway.trader("alice").await;
    let mut bob = gateway.trader("bob").await;
    let first = watch(&mut alice).await;
    assert_eq!(first["data"]["totalValue"], "16005000.00");
    assert_eq!(
        first["data"]["change"], "+0.00",
        "what was deposited is no gain"
    );
    // The best bid lifts the mark above the last trade; no ask holds it.
    bob.place("buy", "100.00", "1010.00").await;
    let mut told = alice.until(PORTFOLIO).await;
    while position(&told, "LUXURY001")["value"] != "10100000.00" {
        told = alice.until(PORTFOLIO).await;
    }
    assert_eq!(told["data"]["change"], "+100000.00");
    assert_eq!(told["data"]["changePercent"], "+0.62%");
    // An ask between bid and last trade does not cross: the mark is the median of the three.
    alice
        .send(super::client::order("sell", "50.00", "1020.00"))
        .await;
    while position(&told, "LUXURY001")["held"] != "50.00" {
        told = alice.until(PORTFOLIO).await;
    }
    assert_eq!(
        position(&told, "LUXURY001"),
        &json!({"symbol": "LUXURY001", "balance": "10000.00", "value": "10100000.00",
            "change": "+100000.00", "available": "9950.00", "held": "50.00"})
    );
}

#[tokio::test]
async fn a_portfolio_comes_once_a_second_at_most_and_every_ten_at_least() {
    let gateway = TestGateway::at_pace(20, |config| {
        config.limits.messages_per_second = 1_000_000;
        config.limits.order_commands_per_minute = 1_000_000;
    });
    let mut watcher = gateway.trader("alice").await;
    let first = watch(&mut watcher).await;
    let mut last = first["timestamp"].as_u64().unwrap();
    let mut alice = gateway.trader("alice").await;
    let trading = async {
        for _ in 0..200 {
            alice.place("buy", "0.01", "900.00").await;
        }
    };
    let watching = async {
        let (mut repeats, mut before) = (0, first["data"].clone());
        while repeats < 2 {
            let told = watcher.until(PORTFOLIO).await;
            let at = told["timestamp"].as_u64().unwrap();
            assert!(at - last >= 1_000, "after {} ms: {told}", at - last);
            if before == told["data"] {
                // Within ten, as the hub's own tests say; but not much before.
                assert!(at - last >= 8_900, "unchanged after {} ms", at - last);
                repeats += 1;
            }
            (last, before) = (at, told["data"].clone());
        }
    };
    tokio::join!(trading, watching);
}

#[tokio::test]
async fn a_restart_remembers_yesterday() {
    let folder = Folder::new("yesterday");
    let gateway = |snapshot_every| {
        TestGateway::with(|config| {
            config.storage.data_dir = Some(folder.0.clone());
            config.storage.segment_mib = 1;
            config.storage.min_free_mib = 1;
            config.storage.snapshot_every = snapshot_every;
            config.limits.messages_per_second = 1_000_000;
            config.limits.idle_timeout_ms = 3_600_000;
        })
    };
    let first = gateway(5);
    {
        let mut alice = first.trader("alice").await;
        let mut bob = first.trader("bob").await;
        for _ in 0..10 {
            alice.place("buy", "1.00", "1010.00").await;
            bob.place("sell", "1.00", "1010.00").await;
        }
    }
    first.stop();
    // Ten were bought at 1,010.00, which is their mark; 10,000 gained ten each.
    for snapshot_every in [5, 1_000_000] {
        let again = gateway(snapshot_every);
        let mut alice = again.trader("alice").await;
        let told = watch(&mut alice).await;
        assert_eq!(told["data"]["change"], "+100000.00", "{told}");
        assert_eq!(position(&told, "LUXURY001")["balance"], "10010.00");
        assert_eq!(position(&told, "LUXURY001")["change"], "+110100.00");
        assert_eq!(position(&told, "XRP")["change"], "-10100.00");
    }
}
