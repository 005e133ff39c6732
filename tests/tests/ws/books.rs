//! Order books: what a client folds is what the exchange has, at every checksum.

use std::collections::BTreeMap;

use engine::domain::Side;
use serde_json::json;

use super::client::{Client, PAIR, order, subscribe, why};
use super::folded::Folded;
use super::gateway::TestGateway;

#[tokio::test]
async fn what_is_folded_is_the_book_whoever_joins_when() {
    let gateway = TestGateway::with(|config| {
        config.limits.messages_per_second = 100_000;
        config.limits.order_commands_per_minute = 100_000;
    });
    let mut alice = gateway.trader("alice").await;
    let mut bob = gateway.trader("bob").await;
    let mut watchers: Vec<(Client, Folded)> = Vec::new();
    let shapes = [
        json!({"type": "orderbook", "pair": PAIR}),
        json!({"type": "orderbook", "pair": PAIR, "depth": 5}),
        json!({"type": "orderbook", "pair": PAIR, "depth": 5, "updates": "full"}),
        json!({"type": "orderbook", "pair": PAIR, "depth": 50}),
        json!({"type": "orderbook", "pair": PAIR, "depth": 5}),
    ];
    let mut state = 7_u64;
    let mut random = move |end: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33) % end
    };
    for round in 0..200 {
        if round % 40 == 10 {
            let mut client = gateway.client().await;
            let shape = shapes[round / 40].clone();
            client.send(subscribe(json!([shape]))).await;
            client.until("subscribed").await;
            watchers.push((client, Folded::default()));
        }
        let (trader, side) = match random(2) {
            0 => (&mut alice, "buy"),
            _ => (&mut bob, "sell"),
        };
        let price = format!("{}.{:02}", 990 + random(20), random(100));
        let amount = format!("0.{:02}", 1 + random(99));
        trader.place(side, &amount, &price).await;
    }
    // A last level at the top ends every watcher's stream with a known sequence.
    alice.ask(json!({"type": "cancel_all"})).await;
    bob.ask(json!({"type": "cancel_all"})).await;
    alice.place("buy", "7.77", "1000.00").await;
    for (client, folded) in &mut watchers {
        while folded.bids != BTreeMap::from([(100_000, "7.77".to_owned())]) {
            folded.take(&client.until("orderbook_update").await);
        }
        assert!(folded.asks.is_empty());
    }
    let exchange = gateway.stop();
    let matcher = exchange.matcher(engine::domain::PairId(0)).unwrap();
    assert_eq!(matcher.depth(Side::Buy).count(), 1);
    for (_, folded) in &watchers {
        assert_eq!(folded.sequence, matcher.sequence().0);
    }
}

#[tokio::test]
async fn subscriptions_are_held_once_and_bad_ones_told_apart() {
    let gateway = TestGateway::start();
    let mut client = gateway.client().await;
    let book = |depth: u32| json!({"type": "orderbook", "pair": PAIR, "depth": depth});
    let channels = json!([
        {"type": "invalid_channel"}, {"type": "orderbook", "pair": "NO/PAIR"},
        {"type": "orderbook"}, book(7), book(5)]);
    client.send_bad(subscribe(channels)).await;
    for index in 0..4 {
        let error = client.next().await;
        assert_eq!(why(&error).0, "INVALID_SUBSCRIPTION", "{error}");
        assert_eq!(error["error"]["params"]["index"], index, "{error}");
    }
    assert_eq!(client.next().await["data"]["subscriptions"], 1);
    assert_eq!(client.next().await["data"]["depth"], 5);
    client.send(subscribe(json!([book(50)]))).await;
    let held = client.next().await;
    assert_eq!(held["channels"].as_array().unwrap().len(), 1);
    assert_eq!(held["channels"][0]["depth"], 50);
    let snapshot = client.next().await;
    assert_eq!(
        (&snapshot["data"]["kind"], &snapshot["data"]["depth"]),
        (&json!("snapshot"), &json!(50))
    );
    let unsubscribe =
        json!({"type": "unsubscribe", "channels": [{"type": "orderbook", "pair": PAIR}]});
    let left = client.ask(unsubscribe).await;
    assert_eq!(left["type"], "unsubscribed");
    assert_eq!(left["data"]["subscriptions"], 0);
}

/// Which entry an error is about stands in it, whatever is wrong with the entry; without any that
/// is good the errors are the answer.
#[tokio::test]
async fn each_bad_entry_of_a_list_is_named_by_its_place() {
    let gateway = TestGateway::with(|config| config.limits.subscriptions_per_connection = 1);
    let mut client = gateway.client().await;
    let bad = json!([{"type": "orders"}, {"type": "price", "symbol": "GOLD"},
        {"type": "trades", "pair": "NO/PAIR"}, {"type": "portfolio"}, {"type": "gossip"}]);
    client
        .send_bad(json!({"type": "subscribe", "channels": bad, "requestId": 1}))
        .await;
    let reasons = [
        "NOT_AUTHENTICATED",
        "UNKNOWN_SYMBOL",
        "UNKNOWN_CHANNEL_PAIR",
        "NOT_AUTHENTICATED",
        "UNKNOWN_CHANNEL",
    ];
    let named = |error: &serde_json::Value, index: usize, reason: &str| {
        assert_eq!(why(error).1, reason, "{error}");
        assert_eq!(error["error"]["params"]["index"], index, "{error}");
    };
    for (index, reason) in reasons.into_iter().enumerate() {
        let error = client.next().await;
        named(&error, index, reason);
        assert_eq!(error["requestId"], 1);
    }
    let many = json!([{"type": "trades", "pair": PAIR}, {"type": "arbitrage"}]);
    let error = client.ask(subscribe(many)).await;
    named(&error, 1, "SUBSCRIPTION_LIMIT");
    assert_eq!(client.next().await["type"], "subscribed");
    client.until("trades_snapshot").await;
    let left = json!({"type": "unsubscribe", "channels": [{"type": "arbitrage"},
        {"type": "trades", "pair": "NO/PAIR"}]});
    named(&client.ask(left).await, 1, "UNKNOWN_CHANNEL_PAIR");
    assert_eq!(client.next().await["data"]["subscriptions"], 1);
}

#[tokio::test]
async fn a_quiet_pair_says_nothing_and_trades_are_all_told() {
    let gateway = TestGateway::start();
    let mut watcher = gateway.client().await;
    let channels = json!([
        {"type": "trades", "pair": PAIR}, {"type": "orderbook", "pair": "XRP/FLR"}]);
    watcher.send(subscribe(channels)).await;
    watcher.until("orderbook_update").await;
    let mut alice = gateway.trader("alice").await;
    let mut bob = gateway.trader("bob").await;
    alice.place("buy", "5.00", "1000.00").await;
    for _ in 0..5 {
        bob.send(order("sell", "1.00", "999.00")).await;
    }
    let mut sequence = 0;
    for _ in 0..5 {
        let trade = watcher.next().await;
        assert_eq!(trade["type"], "trade", "nothing else is said");
        assert_eq!(
            trade["data"]["price"], "1000.00",
            "the resting order's price"
        );
        assert_eq!(trade["data"]["side"], "sell");
        assert!(trade["data"]["sequence"].as_u64().unwrap() > sequence);
        sequence = trade["data"]["sequence"].as_u64().unwrap();
    }
    let mut late = gateway.client().await;
    late.send(subscribe(json!([{"type": "trades", "pair": PAIR}])))
        .await;
    let snapshot = late.until("trades_snapshot").await;
    let trades = snapshot["data"]["trades"].as_array().unwrap();
    assert_eq!(trades.len(), 5);
    assert_eq!(trades[4]["sequence"], sequence, "oldest first");
}
