//! What becomes of orders when their owner is lost: the dead-man switch, and orders that go with
//! a connection.

use serde_json::{Value, json};

use super::client::{Client, order, subscribe, why};
use super::folder::Folder;
use super::gateway::TestGateway;

async fn tied(gateway: &TestGateway, user: &str) -> Client {
    let mut client = gateway.client().await;
    let token = gateway.token(user, 3_600);
    let login = json!({"type": "authenticate", "token": token,
        "options": {"cancel_on_disconnect": true}});
    let answer = client.ask(login).await;
    assert_eq!(answer["type"], "authenticated", "{answer}");
    client
}

async fn open_orders(client: &mut Client) -> usize {
    client.send(json!({"type": "get_orders"})).await;
    let orders = client.until("get_orders").await;
    orders["result"]["orders"].as_array().unwrap().len()
}

fn after(timeout_ms: impl Into<Value>) -> Value {
    json!({"type": "cancel_all_after", "timeoutMs": timeout_ms.into()})
}

#[tokio::test]
async fn the_switch_cancels_all_unless_it_is_set_again() {
    let gateway = TestGateway::patient(|_| {});
    let mut alice = gateway.trader("alice").await;
    let mut bob = gateway.trader("bob").await;
    bob.place("buy", "1.00", "900.00").await;
    alice.place("buy", "1.00", "900.00").await;
    let set = alice.ask(after(60_000)).await;
    assert_eq!(set["type"], "cancel_all_after", "{set}");
    assert_eq!(set["result"]["deadline"], gateway.now().0 + 60_000);
    gateway.advance(59_000);
    let again = alice.ask(after(60_000)).await;
    assert_eq!(again["result"]["deadline"], gateway.now().0 + 60_000);
    gateway.advance(59_999);
    assert_eq!(
        open_orders(&mut alice).await,
        1,
        "one millisecond too early"
    );
    alice.send(subscribe(json!([{"type": "orders"}]))).await;
    alice.until("orders_snapshot").await;
    gateway.advance(1);
    // The exchange looks at its clock when it is asked something, or a moment later by itself.
    bob.ask(order("buy", "1.00", "900.00")).await;
    let update = alice.until("order_update").await;
    assert_eq!(update["data"]["status"], "cancelled");
    assert_eq!(update["data"]["reason"], "CANCEL_AFTER");
    assert_eq!(open_orders(&mut bob).await, 2, "nobody else's");
    // It went off once; what is placed from now on stays.
    alice.place("buy", "1.00", "900.00").await;
    gateway.advance(1_000_000);
    bob.ask(order("buy", "1.00", "900.00")).await;
    assert_eq!(open_orders(&mut alice).await, 1);
}

#[tokio::test]
async fn the_switch_is_taken_back_and_has_bounds() {
    let gateway = TestGateway::patient(|_| {});
    let mut alice = gateway.trader("alice").await;
    alice.place("buy", "1.00", "900.00").await;
    for timeout in [json!(999), json!(86_400_001), json!(1)] {
        let refused = alice.ask_bad(after(timeout)).await;
        assert_eq!(why(&refused), ("INVALID_MESSAGE", "INVALID_VALUE"));
        assert_eq!(refused["error"]["params"]["minTimeoutMs"], 1_000);
        assert_eq!(refused["error"]["params"]["maxTimeoutMs"], 86_400_000);
    }
    for timeout in [json!("5000"), json!(-1), json!(1.5)] {
        let refused = alice.ask_bad(after(timeout)).await;
        assert_eq!(why(&refused), ("INVALID_MESSAGE", "WRONG_KIND"));
    }
    for timeout in [1_000, 86_400_000] {
        let set = alice.ask(after(timeout)).await;
        assert_eq!(set["result"]["deadline"], gateway.now().0 + timeout);
    }
    let back = alice.ask(after(0)).await;
    assert_eq!(back["result"]["deadline"], Value::Null);
    gateway.advance(100_000_000);
    alice.place("buy", "1.00", "900.00").await;
    assert_eq!(open_orders(&mut alice).await, 2);
    let mut stranger = gateway.client().await;
    let refused = stranger.ask(after(5_000)).await;
    assert_eq!(why(&refused), ("AUTH_REQUIRED", "NOT_AUTHENTICATED"));
}

#[tokio::test]
async fn orders_go_with_the_connection_that_they_are_tied_to() {
    let gateway = TestGateway::start();
    let mut other = gateway.trader("alice").await;
    other.send(subscribe(json!([{"type": "orders"}]))).await;
    other.until("orders_snapshot").await;
    let mut bob = gateway.trader("bob").await;
    bob.place("buy", "1.00", "900.00").await;
    let mut tied_one = tied(&gateway, "alice").await;
    tied_one.place("buy", "1.00", "900.00").await;
    other.until("order_update").await;
    other.place("sell", "1.00", "1100.00").await;
    other.until("order_update").await;
    drop(tied_one);
    for _ in 0..2 {
        let update = other.until("order_update").await;
        assert_eq!(update["data"]["status"], "cancelled");
        assert_eq!(update["data"]["reason"], "DISCONNECTED");
    }
    assert_eq!(open_orders(&mut bob).await, 1);
    // Taken back, it does nothing; a connection that never asked for it does nothing either.
    let mut again = tied(&gateway, "alice").await;
    let token = gateway.token("alice", 3_600);
    let login = json!({"type": "authenticate", "token": token,
        "options": {"cancel_on_disconnect": false}});
    again.ask(login).await;
    again.place("buy", "1.00", "900.00").await;
    other.until("order_update").await;
    drop(again);
    drop(gateway.trader("alice").await);
    for _ in 0..20 {
        assert_eq!(open_orders(&mut other).await, 1);
    }
}

/// Nothing comes from a client, and no end of its connection either.
#[tokio::test]
async fn orders_go_when_the_peer_is_dead() {
    let gateway = TestGateway::start();
    let mut silent = tied(&gateway, "alice").await;
    silent.place("buy", "1.00", "900.00").await;
    let mut other = gateway.trader("alice").await;
    other.send(subscribe(json!([{"type": "orders"}]))).await;
    other.until("orders_snapshot").await;
    gateway.advance(30_000);
    other.ask(json!({"type": "ping"})).await;
    gateway.advance(15_001);
    let update = other.until("order_update").await;
    assert_eq!(update["data"]["reason"], "DISCONNECTED");
    drop(silent);
}

/// A stop is the end of every connection: what was tied is cancelled when the exchange starts
/// again, before anybody can trade with it.
#[tokio::test]
async fn orders_go_with_a_gateway_that_stops() {
    let folder = Folder::new("tied");
    let first = folder.gateway(1, 1_000_000);
    let mut alice = tied(&first, "alice").await;
    alice.place("buy", "1.00", "900.00").await;
    let mut bob = first.trader("bob").await;
    bob.place("buy", "1.00", "900.00").await;
    first.stop();
    let second = folder.gateway(1, 1_000_000);
    let mut alice = second.trader("alice").await;
    alice
        .send(subscribe(json!([{"type": "orders", "since": 0}])))
        .await;
    let placed = alice.until("order_update").await;
    assert_eq!(placed["data"]["status"], "open");
    let cancelled = alice.next().await;
    assert_eq!(cancelled["data"]["reason"], "DISCONNECTED", "{cancelled}");
    let mut bob = second.trader("bob").await;
    assert_eq!(open_orders(&mut bob).await, 1);
    // That was that: the next start cancels nothing more.
    alice.place("buy", "1.00", "900.00").await;
    second.stop();
    let third = folder.gateway(1, 1_000_000);
    let mut alice = third.trader("alice").await;
    assert_eq!(open_orders(&mut alice).await, 1);
}
