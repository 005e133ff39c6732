//! Sockets, frames, HTTP, and the end.

use bytes::Bytes;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

use super::client::{Client, why};
use super::gateway::TestGateway;

#[tokio::test]
async fn frames_that_may_not_be_close_with_their_codes() {
    let gateway = TestGateway::start();
    let text = |bytes: Bytes| Message::Frame(Frame::message(bytes, OpCode::Data(Data::Text), true));
    for (message, code) in [
        (Message::binary(vec![1, 2, 3]), 1003),
        (text(Bytes::from_static(b"{\"type\":\"\xff\"}")), 1007),
        (Message::text(" ".repeat(65_537)), 1009),
    ] {
        let mut client = gateway.client().await;
        client.send_raw(message).await;
        assert_eq!(client.closed().await, code);
    }
    let mut client = gateway.client().await;
    client.send_text(" ".repeat(65_536)).await;
    let error = client.next().await;
    assert_eq!(
        why(&error).0,
        "INVALID_MESSAGE",
        "one byte less is only no JSON"
    );
    assert_eq!(client.ask(json!({"type": "ping"})).await["type"], "pong");
}

#[tokio::test]
async fn the_upgrade_is_taken_on_both_paths_and_http_answers_beside_it() {
    let gateway = TestGateway::start();
    for path in ["/", "/ws"] {
        let mut client = Client::connect(gateway.address, path).await;
        assert_eq!(client.ask(json!({"type": "ping"})).await["type"], "pong");
    }
    for (request, status) in [
        ("GET /health", "200 OK"),
        ("GET /ready", "200 OK"),
        ("HEAD /health", "200 OK"),
        ("HEAD /ready", "200 OK"),
        ("GET /", "200 OK"),
        ("GET /ws", "426 Upgrade Required"),
        ("GET /elsewhere", "404 Not Found"),
        ("POST /", "404 Not Found"),
    ] {
        let answer = http(
            &gateway,
            &format!("{request} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
        )
        .await;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}\r\n")),
            "{request}: {answer}"
        );
        let is_head = request.starts_with("HEAD");
        assert_eq!(answer.ends_with("\r\n\r\n"), is_head, "{request}: {answer}");
    }
}

pub(crate) async fn http(gateway: &TestGateway, request: &str) -> String {
    let mut stream = TcpStream::connect(gateway.address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

/// A frame in the same packet as the handshake is not lost.
#[tokio::test]
async fn what_comes_right_behind_the_handshake_is_read() {
    let gateway = TestGateway::start();
    let mut stream = TcpStream::connect(gateway.address).await.unwrap();
    let mut bytes = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
        Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        .to_vec();
    let ping = br#"{"type":"ping"}"#;
    // Final text frame, masked with zeros.
    bytes.extend([0x81, 0x80 | 15, 0, 0, 0, 0]);
    bytes.extend(ping);
    stream.write_all(&bytes).await.unwrap();
    let mut seen = Vec::new();
    while !seen.windows(4).any(|it| it == b"pong") {
        let mut buffer = [0; 1024];
        let read = stream.read(&mut buffer).await.unwrap();
        assert!(read > 0, "closed after {}", String::from_utf8_lossy(&seen));
        seen.extend(&buffer[..read]);
    }
    assert!(seen.starts_with(b"HTTP/1.1 101 Switching Protocols\r\n"));
}

#[tokio::test]
async fn who_is_silent_for_too_long_is_closed_and_pings_keep_alive() {
    let gateway = TestGateway::with(|config| {
        config.limits.ping_interval_ms = 1_000;
        config.limits.idle_timeout_ms = 600_000;
        config.limits.stats_interval_ms = 2_000;
    });
    let mut client = gateway.client().await;
    // Waiting for it answers the pings that come before it.
    let mut stats = client.until("connection_stats").await;
    while stats["data"]["latency"].is_null() {
        stats = client.until("connection_stats").await;
    }
    assert!(stats.get("requestId").is_none());
    let mut silent = gateway.client().await;
    silent.ask(json!({"type": "ping"})).await;
    gateway.advance(600_000);
    assert_eq!(silent.closed().await, 1008);
}

#[tokio::test]
async fn a_stop_is_announced() {
    let mut gateway = TestGateway::start();
    let mut clients = vec![gateway.client().await, gateway.trader("alice").await];
    gateway.begin_stop();
    for client in &mut clients {
        let notice = client.until("notice").await;
        assert_eq!(notice["data"]["category"], "maintenance");
        assert_eq!(client.closed().await, 1012);
    }
    gateway.stop();
}
