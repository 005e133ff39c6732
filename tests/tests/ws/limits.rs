//! Each limit, one inside and one outside.

use serde_json::json;
use tokio::io::AsyncWriteExt;

use super::client::{order, subscribe, why};
use super::gateway::TestGateway;
use super::raw::{DEFLATED, Raw, TEXT, deflate, frame};

#[tokio::test]
async fn fifty_messages_a_second_and_ten_over_in_a_row() {
    let gateway = TestGateway::standing_still(|config| config.limits.messages_per_second = 50);
    let mut client = gateway.client().await;
    // The window is a second: all of this is sent at once.
    for _ in 0..60 {
        client.send(json!({"type": "ping"})).await;
    }
    for index in 0..50 {
        assert_eq!(client.next().await["type"], "pong", "{index}");
    }
    for _ in 0..10 {
        let error = client.next().await;
        assert_eq!(why(&error), ("RATE_LIMIT_EXCEEDED", "MESSAGE_RATE"));
        assert!(error["error"]["params"]["retryAfterMs"].is_u64());
    }
    assert_eq!(client.closed().await, 1008);
}

#[tokio::test]
async fn a_message_within_the_rate_forgives() {
    let gateway = TestGateway::standing_still(|config| config.limits.messages_per_second = 5);
    let mut client = gateway.client().await;
    for _ in 0..2 {
        for _ in 0..14 {
            client.send(json!({"type": "ping"})).await;
        }
        for _ in 0..5 {
            assert_eq!(client.next().await["type"], "pong");
        }
        for _ in 0..9 {
            assert_eq!(client.next().await["type"], "error");
        }
        gateway.advance(1_000);
    }
    assert_eq!(client.ask(json!({"type": "ping"})).await["type"], "pong");
}

#[tokio::test]
async fn a_hundred_order_commands_a_minute_and_cancels_apart() {
    let gateway = TestGateway::patient(|config| config.limits.messages_per_second = 1_000);
    let mut alice = gateway.trader("alice").await;
    let mut last = json!(null);
    for left in (0..100).rev() {
        last = alice.place("buy", "0.01", "900.00").await;
        assert_eq!(last["rateLimit"]["remaining"], left);
        assert_eq!(last["rateLimit"]["limit"], 100);
    }
    let refused = alice.ask(order("buy", "0.01", "900.00")).await;
    assert_eq!(why(&refused), ("RATE_LIMIT_EXCEEDED", "ORDER_RATE"));
    let cancel = json!({"type": "cancel_order", "orderId": last["result"]["orderId"]});
    assert_eq!(alice.ask(cancel).await["type"], "order_cancelled");
    let orders = alice.ask(json!({"type": "get_orders"})).await;
    let open = orders["result"]["orders"].as_array().unwrap();
    assert_eq!(open.len(), 99, "what was refused had no effect");
    gateway.advance(60_000);
    alice.place("buy", "0.01", "900.00").await;
}

#[tokio::test]
async fn twenty_subscriptions_on_a_connection() {
    let gateway = TestGateway::with(|config| config.limits.subscriptions_per_connection = 3);
    let mut client = gateway.client().await;
    let trades = |pair: &str| json!({"type": "trades", "pair": pair});
    let channels = json!([
        trades("LUXURY001/XRP"),
        trades("LUXURY002/XRP"),
        trades("LUXURY001/FLR"),
        trades("XRP/FLR")
    ]);
    client.send(subscribe(channels)).await;
    let error = client.next().await;
    assert_eq!(why(&error), ("RATE_LIMIT_EXCEEDED", "SUBSCRIPTION_LIMIT"));
    assert_eq!(
        client.next().await["data"]["subscriptions"],
        3,
        "the first stand"
    );
    for _ in 0..3 {
        assert_eq!(client.next().await["type"], "trades_snapshot");
    }
    let again = client
        .ask(subscribe(json!([trades("LUXURY002/XRP")])))
        .await;
    assert_eq!(again["data"]["subscriptions"], 3, "a repeat needs no room");
    assert_eq!(client.next().await["type"], "trades_snapshot");
}

#[tokio::test]
async fn five_connections_of_a_user() {
    let gateway = TestGateway::start();
    let mut five = Vec::new();
    for _ in 0..5 {
        five.push(gateway.trader("alice").await);
    }
    let mut sixth = gateway.client().await;
    let token = gateway.token("alice", 60);
    let refused = sixth.log_in(&token).await;
    assert_eq!(why(&refused), ("RATE_LIMIT_EXCEEDED", "CONNECTION_LIMIT"));
    assert_eq!(
        refused["error"]["details"], "at most 5 connections of one user at the same time",
        "waiting would not help"
    );
    assert_eq!(refused["error"]["params"], json!({"limit": 5}));
    assert_eq!(sixth.closed().await, 1008);
    for client in &mut five {
        assert_eq!(client.ask(json!({"type": "ping"})).await["type"], "pong");
    }
    gateway.trader("bob").await;
    five.pop();
    // The hub hears of the end a moment later.
    loop {
        let mut again = gateway.client().await;
        if again.log_in(&token).await["type"] == "authenticated" {
            break;
        }
    }
}

#[tokio::test]
async fn connections_and_handshakes_of_an_address() {
    let gateway = TestGateway::with(|config| config.limits.connections_per_address = 2);
    let (first, _second) = (gateway.client().await, gateway.client().await);
    let stream = tokio::net::TcpStream::connect(gateway.address)
        .await
        .unwrap();
    let url = format!("ws://{}/", gateway.address);
    let error = tokio_tungstenite::client_async(url, stream)
        .await
        .unwrap_err();
    assert_eq!(error.to_string(), "HTTP error: 429 Too Many Requests");
    drop(first);

    let gateway =
        TestGateway::standing_still(|config| config.limits.handshakes_per_second_per_address = 2);
    let _two = (gateway.client().await, gateway.client().await);
    let stream = tokio::net::TcpStream::connect(gateway.address)
        .await
        .unwrap();
    let url = format!("ws://{}/", gateway.address);
    let error = tokio_tungstenite::client_async(url, stream)
        .await
        .unwrap_err();
    assert_eq!(error.to_string(), "HTTP error: 429 Too Many Requests");
    gateway.advance(1_000);
    gateway.client().await;
}

/// A message of exactly so many bytes.
fn ping_of(bytes: usize) -> String {
    let empty = r#"{"type":"ping","words":""}"#.len();
    json!({"type": "ping", "words": "x".repeat(bytes - empty)}).to_string()
}

/// What is over the rate of bytes is not decoded; ten in a row end the connection.
#[tokio::test]
async fn bytes_a_second_on_a_connection_and_ten_over_in_a_row() {
    let gateway = TestGateway::patient(|config| config.limits.bytes_per_second = 100_000);
    let mut client = gateway.client().await;
    client.send_text(ping_of(60_000)).await;
    client.send_text(ping_of(40_000)).await;
    client.send_text(ping_of(30)).await;
    for _ in 0..2 {
        assert_eq!(client.next().await["type"], "pong");
    }
    let error = client.next().await;
    assert_eq!(why(&error), ("RATE_LIMIT_EXCEEDED", "BYTE_RATE"));
    assert_eq!(
        error["error"]["details"],
        "at most 100000 bytes a second on one connection; try again in 1 ms"
    );
    let params = json!({"limit": 100_000, "retryAfterMs": 1});
    assert_eq!(error["error"]["params"], params);
    gateway.advance(1);
    let pong = client.ask(json!({"type": "ping", "requestId": 7})).await;
    assert_eq!(
        (&pong["type"], &pong["requestId"]),
        (&json!("pong"), &json!(7))
    );
    // A message within the rate forgives: nine, one that is, and then ten.
    for count in [9, 10] {
        for _ in 0..count {
            client.send_text(ping_of(60_000)).await;
        }
        for _ in 0..count {
            assert_eq!(why(&client.next().await).1, "BYTE_RATE");
        }
        if count == 9 {
            gateway.advance(1);
            assert_eq!(client.ask(json!({"type": "ping"})).await["type"], "pong");
        }
    }
    assert_eq!(client.closed().await, 1008);
}

#[tokio::test]
async fn bytes_a_second_from_an_address_whatever_they_were_deflated_to() {
    let gateway = TestGateway::patient(|config| {
        config.limits.bytes_per_second = 65_536;
        config.limits.bytes_per_second_per_address = 100_000;
    });
    let mut first = gateway.client().await;
    first.send_text(ping_of(60_000)).await;
    assert_eq!(first.next().await["type"], "pong");
    let offer = "Sec-WebSocket-Extensions: permessage-deflate\r\n";
    let mut second = Raw::connect(gateway.address, offer).await;
    // A few dozen bytes that become 40,000, and then 100 that do not fit.
    let deflated = deflate(ping_of(40_000).as_bytes());
    assert!(deflated.len() < 300);
    second.send(DEFLATED | TEXT, &deflated).await;
    second.until("pong").await;
    second.send(TEXT, ping_of(100).as_bytes()).await;
    let (error, _) = second.until("error").await;
    assert_eq!(why(&error), ("RATE_LIMIT_EXCEEDED", "ADDRESS_RATE"));
    assert_eq!(
        error["error"]["details"],
        "at most 100000 bytes a second from one address; try again in 1 ms"
    );
    // Leaving and coming back makes no room.
    drop((first, second));
    let mut third = gateway.client().await;
    let error = third.ask(json!({"type": "ping"})).await;
    assert_eq!(why(&error), ("RATE_LIMIT_EXCEEDED", "ADDRESS_RATE"));
    gateway.advance(1);
    assert_eq!(third.ask(json!({"type": "ping"})).await["type"], "pong");
}

#[tokio::test]
async fn authenticated_tells_the_rate_of_bytes() {
    let gateway = TestGateway::with(|config| config.limits.bytes_per_second = 123_456);
    let mut client = gateway.client().await;
    let answer = client.log_in(&gateway.token("alice", 60)).await;
    assert_eq!(answer["data"]["limits"]["bytesPerSecond"], 123_456);
}

/// Frames that make no message have a rate too: a control frame counts as five.
#[tokio::test]
async fn two_hundred_and_fifty_frames_a_second_whatever_they_are() {
    let gateway = TestGateway::patient(|_| {});
    let begun = frame(0x01, b"");
    for (first, payload, most) in [(0x00, &b""[..], 248), (0x89, b"x", 49), (0x8a, b"x", 49)] {
        for (more, is_kept) in [(0, true), (1, false)] {
            let mut client = Raw::connect(gateway.address, "").await;
            // One of 250 or, beside pings, one as good as none.
            client.stream.write_all(&begun).await.unwrap();
            for _ in 0..most + more {
                client
                    .stream
                    .write_all(&frame(first, payload))
                    .await
                    .unwrap();
            }
            if is_kept {
                client.send(0x80, b" ").await;
                let (error, _) = client.until("error").await;
                assert_eq!(error["error"]["code"], "INVALID_MESSAGE");
            } else {
                // It may be gone by now.
                let more = frame(first, payload).repeat(5);
                let _ = client.stream.write_all(&more).await;
                assert_eq!(client.closed().await, 1008, "{first:x}");
            }
        }
    }
}
