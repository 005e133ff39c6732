//! What was accepted is answered, and what happened is told, whatever ends or swells meanwhile.

use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use super::client::{PAIR, order, subscribe, why};
use super::gateway::TestGateway;

fn busy() -> TestGateway {
    TestGateway::with(|config| {
        config.limits.outbox_bytes = 65_536;
        config.limits.messages_per_second = 1_000_000;
        config.limits.order_commands_per_minute = 1_000_000;
        config.limits.cancels_per_minute = 1_000_000;
    })
}

/// A window many times as large as the outbox is replayed whole to a client that reads.
#[tokio::test]
async fn a_long_absence_is_replayed_whole() {
    let gateway = busy();
    let mut alice = gateway.trader("alice").await;
    for _ in 0..300 {
        let placed = alice.place("buy", "1.00", "900.00").await;
        let id = &placed["result"]["orderId"];
        alice
            .send(json!({"type": "cancel_order", "orderId": id}))
            .await;
        alice.until("order_cancelled").await;
    }
    let mut back = gateway.trader("alice").await;
    back.send(subscribe(json!([{"type": "orders", "since": 0}])))
        .await;
    assert_eq!(back.next().await["type"], "subscribed");
    for sequence in 1..=600 {
        assert_eq!(back.next().await["data"]["userSequence"], sequence);
    }
    let snapshot = back.next().await;
    assert_eq!(snapshot["data"]["resumed"], true);
    assert_eq!(snapshot["data"]["userSequence"], 600);
}

/// One order that trades with hundreds fills nobody's outbox who reads.
#[tokio::test]
async fn a_sweep_does_not_cut_off_its_reader() {
    let gateway = busy();
    let mut makers = [gateway.trader("alice").await, gateway.trader("bob").await];
    for maker in &mut makers {
        for _ in 0..190 {
            maker.place("sell", "1.00", "1000.00").await;
        }
    }
    let mut carol = gateway.trader("carol").await;
    carol.send(subscribe(json!([{"type": "orders"}]))).await;
    carol.until("orders_snapshot").await;
    carol.send(order("buy", "380.00", "1000.00")).await;
    assert_eq!(carol.next().await["type"], "order_placed");
    for fill in 1..=380 {
        let update = carol.next().await;
        assert_eq!(update["data"]["filled"], format!("{fill}.00"));
    }
}

#[tokio::test]
async fn a_command_before_the_end_is_answered_first() {
    let gateway = TestGateway::start();
    let mut alice = gateway.trader("alice").await;
    alice.send(order("buy", "1.00", "900.00")).await;
    alice.send_raw(Message::binary(vec![1])).await;
    let mut kinds = Vec::new();
    let code = loop {
        match alice.next_or_close().await {
            Ok(message) => kinds.push(message["type"].as_str().unwrap().to_owned()),
            Err(code) => break code,
        }
    };
    kinds.sort();
    assert_eq!(
        (code, kinds),
        (1003, vec!["error".to_owned(), "order_placed".to_owned()])
    );
}

#[tokio::test]
async fn a_stop_answers_what_it_took() {
    let mut gateway = busy();
    let mut alice = gateway.trader("alice").await;
    for _ in 0..100 {
        alice.send(order("buy", "0.01", "900.00")).await;
    }
    // One answer is here, so the rest is on its way.
    assert_eq!(alice.next().await["type"], "order_placed");
    gateway.begin_stop();
    let (mut placed, mut refused) = (1, 0);
    let code = loop {
        match alice.next_or_close().await {
            Ok(message) if message["type"] == "order_placed" => placed += 1,
            Ok(message) if message["type"] == "error" => {
                assert_eq!(why(&message).0, "SERVICE_UNAVAILABLE");
                refused += 1;
            }
            Ok(message) => assert_eq!(message["type"], "notice", "{message}"),
            Err(code) => break code,
        }
    };
    assert_eq!(code, 1012);
    let exchange = gateway.stop();
    let alice = engine::domain::UserName::new("alice").unwrap();
    let alice = exchange.clearing().account(&alice).unwrap();
    assert_eq!(
        exchange.clearing().open_orders(alice).len(),
        placed,
        "{refused} refused"
    );
}

/// From the moment a token ends nothing private is said under it.
#[tokio::test]
async fn nothing_private_comes_after_the_end_of_a_token() {
    let gateway = TestGateway::standing_still(|_| {});
    let mut short = gateway.client().await;
    let token = gateway.token("alice", 2);
    let login = short.log_in(&token).await;
    let end = login["data"]["expiresAt"].as_u64().unwrap();
    short
        .send(subscribe(
            json!([{"type": "orders"}, {"type": "trades", "pair": PAIR}]),
        ))
        .await;
    short.until("orders_snapshot").await;
    let mut long = gateway.trader("alice").await;
    long.place("buy", "1.00", "900.00").await;
    assert_eq!(short.until("order_update").await["data"]["userSequence"], 1);

    gateway.advance(end - gateway.now().0);
    long.place("buy", "1.00", "900.00").await;
    let error = short.until("error").await;
    assert_eq!(why(&error), ("AUTH_FAILED", "TOKEN_EXPIRED"));
    assert_eq!(short.next().await["type"], "unsubscribed");
    assert_eq!(short.ask(json!({"type": "ping"})).await["type"], "pong");
}
