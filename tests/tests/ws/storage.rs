//! A restart goes on where the exchange was, and a full disk is seen coming.

use std::path::PathBuf;

use serde_json::json;

use super::client::{PAIR, order, subscribe, why};
use super::gateway::TestGateway;

/// A data directory of its own, gone with the test.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Folder {
        let name = format!("exchange-{name}-{}", std::process::id());
        Folder(std::env::temp_dir().join(name))
    }

    fn gateway(&self, min_free_mib: u32, snapshot_every: u64) -> TestGateway {
        TestGateway::with(|config| {
            config.storage.data_dir = Some(self.0.clone());
            config.storage.segment_mib = 1;
            config.storage.min_free_mib = min_free_mib;
            config.storage.snapshot_every = snapshot_every;
            config.limits.messages_per_second = 1_000_000;
            config.limits.order_commands_per_minute = 1_000_000;
        })
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Orders, balances, counters, the private window and the last trades go on, from the journal
/// alone and from a snapshot with what came after it.
#[tokio::test]
async fn a_restart_goes_on() {
    let folder = Folder::new("restart");
    for (round, snapshot_every) in [1_000_000, 50, 50].into_iter().enumerate() {
        let gateway = folder.gateway(1, snapshot_every);
        let mut alice = gateway.trader("alice").await;
        let mut bob = gateway.trader("bob").await;
        alice
            .send(subscribe(json!([{"type": "orders", "since": 0}])))
            .await;
        alice.until("subscribed").await;
        // Each round before this one: an order came, and forty fills.
        for sequence in 1..=round * 41 {
            assert_eq!(alice.next().await["data"]["userSequence"], sequence);
        }
        let snapshot = alice.next().await;
        assert_eq!(snapshot["type"], "orders_snapshot");
        assert_eq!(snapshot["data"]["userSequence"], round * 41);
        assert_eq!(
            snapshot["data"]["orders"].as_array().unwrap().len(),
            round.min(1)
        );

        let mut watcher = gateway.client().await;
        watcher
            .send(subscribe(json!([
            {"type": "trades", "pair": PAIR}, {"type": "orderbook", "pair": PAIR}])))
            .await;
        let trades = watcher.until("trades_snapshot").await;
        let count = trades["data"]["trades"].as_array().unwrap().len();
        assert_eq!(count, (round * 40).min(50));
        let book = watcher.until("orderbook_update").await;
        assert_eq!(book["data"]["sequence"], round * 41);
        let rest = format!("{round}.00");
        let level =
            json!({"price": "900.00", "amount": rest, "total": format!("{}.00", round * 900)});
        let bids = if round == 0 {
            json!([])
        } else {
            json!([level])
        };
        assert_eq!(book["data"]["bids"], bids);

        // The rest of the round before is filled first, so each round leaves one lot more.
        alice.place("buy", "41.00", "900.00").await;
        for _ in 0..40 {
            bob.place("sell", "1.00", "900.00").await;
        }
        let exchange = gateway.stop();
        exchange.verify().unwrap();
    }
}

#[tokio::test]
async fn a_disk_that_is_nearly_full_takes_cancels_only() {
    let folder = Folder::new("full");
    let id = {
        let gateway = folder.gateway(1, 1_000);
        let mut alice = gateway.trader("alice").await;
        alice.place("buy", "1.00", "900.00").await["result"]["orderId"].clone()
    };
    {
        // No disk has this much room.
        let gateway = folder.gateway(u32::MAX, 1_000);
        let mut alice = gateway.trader("alice").await;
        let error = alice.ask(order("buy", "1.00", "900.00")).await;
        assert_eq!(why(&error), ("ORDER_FAILED", "PAIR_HALTED"));
        let cancelled = alice
            .ask(json!({"type": "cancel_order", "orderId": id}))
            .await;
        assert_eq!(cancelled["type"], "order_cancelled");
    }
    let gateway = folder.gateway(1, 1_000);
    let mut alice = gateway.trader("alice").await;
    alice.place("buy", "1.00", "900.00").await;
}
