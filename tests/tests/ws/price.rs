//! Prices of symbols: what they say, how often, and that a restart remembers.

use serde_json::{Value, json};

use super::client::{Client, order, subscribe, why};
use super::folder::Folder;
use super::gateway::TestGateway;

const PRICE: &str = "price_update";

async fn watch(gateway: &TestGateway, symbol: &str) -> (Client, Value) {
    let mut client = gateway.client().await;
    let channels = json!([{"type": "price", "symbol": symbol}]);
    let subscribed = client.ask(subscribe(channels.clone())).await;
    assert_eq!(subscribed["type"], "subscribed");
    assert_eq!(subscribed["channels"], channels);
    let first = client.next().await;
    assert_eq!(first["type"], PRICE);
    assert_eq!(first["channel"], format!("price_{symbol}"));
    (client, first)
}

#[tokio::test]
async fn a_price_follows_the_trades_of_its_primary_pair() {
    // The clock jumps further than a client may be silent.
    let gateway = TestGateway::at_pace(10, |config| {
        config.limits.idle_timeout_ms = 1_000_000_000;
    });
    let (mut watcher, first) = watch(&gateway, "LUXURY001").await;
    assert_eq!(
        first["data"],
        json!({"symbol": "LUXURY001", "price": "1000.00", "change24h": "+0.0%",
            "volume24h": "0.00", "high24h": "1000.00", "low24h": "1000.00",
            "marketCap": "50000000.00", "pair": "LUXURY001/XRP", "open24h": "1000.00",
            "quoteVolume24h": "0.00"})
    );
    let mut alice = gateway.trader("alice").await;
    let mut bob = gateway.trader("bob").await;
    for price in ["1000.00", "1050.00", "1025.00"] {
        alice.place("buy", "2.00", price).await;
        bob.place("sell", "2.00", price).await;
    }
    // A pair that is not the primary one changes nothing.
    let mut other = order("buy", "1.00", "2000.00");
    other["orderData"]["pair"] = json!("LUXURY001/FLR");
    alice.send(other).await;
    let mut told = watcher.until(PRICE).await;
    while told["data"]["volume24h"] != "6.00" {
        told = watcher.until(PRICE).await;
    }
    assert_eq!(
        told["data"],
        json!({"symbol": "LUXURY001", "price": "1025.00", "change24h": "+2.5%",
            "volume24h": "6.00", "high24h": "1050.00", "low24h": "1000.00",
            "marketCap": "51250000.00", "pair": "LUXURY001/XRP", "open24h": "1000.00",
            "quoteVolume24h": "6150.00"})
    );
    // A day later it opens at the price in force then.
    gateway.advance(24 * 3_600_000);
    while told["data"]["volume24h"] != "0.00" {
        told = watcher.until(PRICE).await;
    }
    assert_eq!(told["data"]["open24h"], "1025.00");
    assert_eq!(told["data"]["high24h"], "1025.00");
    assert_eq!(told["data"]["change24h"], "+0.0%");
}

#[tokio::test]
async fn a_price_comes_once_a_second_at_most_and_every_five_at_least() {
    let gateway = TestGateway::at_pace(20, |config| {
        config.limits.messages_per_second = 1_000_000;
        config.limits.order_commands_per_minute = 1_000_000;
    });
    let (mut watcher, first) = watch(&gateway, "LUXURY001").await;
    let mut last = first["timestamp"].as_u64().unwrap();
    let mut alice = gateway.trader("alice").await;
    let mut bob = gateway.trader("bob").await;
    let trading = async {
        for _ in 0..200 {
            alice.place("buy", "0.01", "1000.00").await;
            bob.place("sell", "0.01", "1000.00").await;
        }
    };
    let mut is_quiet = 0;
    let watching = async {
        // Once all is told, two more come by themselves.
        while is_quiet < 3 {
            let told = watcher.until(PRICE).await;
            let at = told["timestamp"].as_u64().unwrap();
            assert!(at - last >= 1_000, "after {} ms: {told}", at - last);
            last = at;
            is_quiet += u32::from(told["data"]["volume24h"] == "2.00");
            if is_quiet > 1 {
                assert!(told["data"]["price"] == "1000.00");
            }
        }
    };
    let start = std::time::Instant::now();
    tokio::join!(trading, watching);
    // Two repeats are nearly ten seconds of the gateway's, half of one of ours.
    assert!(start.elapsed().as_millis() >= 450);
}

#[tokio::test]
async fn a_pair_has_a_price_of_its_own() {
    let gateway = TestGateway::start();
    let (mut watcher, first) = watch(&gateway, "LUXURY001/FLR").await;
    assert_eq!(first["channel"], "price_LUXURY001/FLR");
    assert_eq!(first["data"]["symbol"], "LUXURY001/FLR");
    assert_eq!(first["data"]["pair"], "LUXURY001/FLR");
    assert_eq!(first["data"]["volume24h"], "0.00");
    assert!(first["data"]["marketCap"].is_null());
    // The primary pair by its name too, beside its symbol.
    let both = json!([
        {"type": "price", "symbol": "LUXURY001"},
        {"type": "price", "symbol": "LUXURY001/XRP"},
    ]);
    let held = watcher.ask(subscribe(both)).await;
    assert_eq!(held["data"]["subscriptions"], 3);
    let mut names = vec![];
    for _ in 0..2 {
        let told = watcher.until(PRICE).await;
        assert_eq!(told["data"]["pair"], "LUXURY001/XRP");
        names.push(told["data"]["symbol"].as_str().unwrap().to_owned());
    }
    names.sort();
    assert_eq!(names, ["LUXURY001", "LUXURY001/XRP"]);

    let mut alice = gateway.trader("alice").await;
    let mut bob = gateway.trader("bob").await;
    for (pair, price, told_of) in [
        ("LUXURY001/FLR", "2010.00", &["LUXURY001/FLR"][..]),
        ("LUXURY001/XRP", "1010.00", &["LUXURY001", "LUXURY001/XRP"]),
    ] {
        for (trader, side) in [(&mut alice, "buy"), (&mut bob, "sell")] {
            let order = json!({"type": "place_order", "orderType": "limit", "orderData": {
                "pair": pair, "side": side, "amount": "1.00", "price": price, "timeInForce": "GTC",
            }});
            assert_eq!(trader.ask(order).await["type"], "order_placed");
        }
        let mut waiting: Vec<&str> = told_of.to_vec();
        while !waiting.is_empty() {
            let told = watcher.until(PRICE).await;
            if told["data"]["price"] == price {
                waiting.retain(|name| told["data"]["symbol"] != *name);
            }
        }
    }
    let left =
        json!({"type": "unsubscribe", "channels": [{"type": "price", "symbol": "LUXURY001/XRP"}]});
    assert_eq!(watcher.ask(left).await["data"]["subscriptions"], 2);
}

#[tokio::test]
async fn a_symbol_without_a_price_is_refused() {
    let gateway = TestGateway::start();
    let mut client = gateway.client().await;
    for symbol in ["FLR", "GOLD"] {
        let channels = json!([{"type": "price", "symbol": symbol}]);
        let error = client.ask(subscribe(channels)).await;
        assert_eq!(why(&error), ("INVALID_SUBSCRIPTION", "UNKNOWN_SYMBOL"));
        assert_eq!(error["error"]["params"]["symbol"], symbol);
    }
    let (mut watcher, _) = watch(&gateway, "XRP").await;
    let channels = json!([{"type": "price", "symbol": "XRP"}]);
    let left = json!({"type": "unsubscribe", "channels": channels});
    let left = watcher.ask(left).await;
    assert_eq!(left["data"]["subscriptions"], 0);
}

#[tokio::test]
async fn a_restart_remembers_the_day() {
    let folder = Folder::new("day");
    for (round, snapshot_every) in [1_000_000, 10, 10].into_iter().enumerate() {
        let gateway = TestGateway::with(|config| {
            config.storage.data_dir = Some(folder.0.clone());
            config.storage.segment_mib = 1;
            config.storage.min_free_mib = 1;
            config.storage.snapshot_every = snapshot_every;
            config.limits.messages_per_second = 1_000_000;
        });
        let (_, told) = watch(&gateway, "LUXURY001").await;
        assert_eq!(told["data"]["volume24h"], format!("{}.00", 12 * round));
        let open = if round == 0 { "1000.00" } else { "900.00" };
        assert_eq!(told["data"]["open24h"], open);
        let mut alice = gateway.trader("alice").await;
        let mut bob = gateway.trader("bob").await;
        for _ in 0..12 {
            alice.place("buy", "1.00", "900.00").await;
            bob.place("sell", "1.00", "900.00").await;
        }
    }
}
