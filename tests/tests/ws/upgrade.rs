//! Refusals before the upgrade, and who a request shows to be.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::client::PATIENCE;
use super::gateway::TestGateway;
use super::raw::Raw;

const GOOD: &str = "Host: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

/// The status of the answer, and all of it.
async fn ask(gateway: &TestGateway, request: &str) -> (String, String) {
    let mut stream = TcpStream::connect(gateway.address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let read = async {
        let mut byte = [0];
        while !answer.ends_with(b"\r\n\r\n") && stream.read(&mut byte).await.unwrap_or(0) > 0 {
            answer.push(byte[0]);
        }
    };
    tokio::time::timeout(PATIENCE, read)
        .await
        .expect("it answers or hangs up");
    let answer = String::from_utf8(answer).unwrap();
    let status = answer.get(9..12).unwrap_or("none").to_owned();
    (status, answer)
}

#[tokio::test]
async fn what_is_no_handshake_is_told_so() {
    let gateway = TestGateway::start();
    let without = |line: &str| GOOD.replace(line, "");
    let many = format!("{GOOD}{}", "X-Header: y\r\n".repeat(100));
    let long = format!("{GOOD}X-Header: {}\r\n", "y".repeat(100_000));
    for (method, version, headers, status) in [
        ("GET", "1.1", GOOD.to_owned(), "101"),
        ("GET", "1.1", GOOD.replace("13", "8"), "426"),
        (
            "GET",
            "1.1",
            without("Sec-WebSocket-Version: 13\r\n"),
            "426",
        ),
        (
            "GET",
            "1.1",
            without("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"),
            "400",
        ),
        ("GET", "1.1", without("Connection: Upgrade\r\n"), "400"),
        ("GET", "1.0", GOOD.to_owned(), "400"),
        ("POST", "1.1", GOOD.to_owned(), "404"),
        ("GET", "2.7", GOOD.to_owned(), "400"),
        (
            "GET",
            "1.1",
            GOOD.replace("Host: x", "Host: x\r\nBad\u{1}: y"),
            "400",
        ),
        ("GET", "1.1", many, "431"),
        ("GET", "1.1", long, "431"),
    ] {
        let request = format!("{method} / HTTP/{version}\r\n{headers}\r\n");
        let (answered, answer) = ask(&gateway, &request).await;
        let shown = &request[..request.len().min(200)];
        assert_eq!(answered, status, "{shown}\n{answer}");
        if status == "426" {
            let answer = answer.to_ascii_lowercase();
            assert!(
                answer.contains("\r\nsec-websocket-version: 13\r\n"),
                "{answer}"
            );
            assert!(answer.contains("\r\nupgrade: websocket\r\n"), "{answer}");
        }
    }
}

#[tokio::test]
async fn browsers_are_taken_from_the_origins_that_are_listed() {
    let gateway = TestGateway::with(|config| {
        config.server.allowed_origins = vec!["https://good.com".to_owned()];
    });
    for (origin, status) in [
        ("", "101"),
        ("Origin: https://good.com\r\n", "101"),
        ("Origin: https://evil.com\r\n", "403"),
        ("Origin: null\r\n", "403"),
        ("Origin: https://good.com.evil.com\r\n", "403"),
        ("Origin: https://evil.com/https://good.com\r\n", "403"),
        ("Origin: https://good.com:8443\r\n", "403"),
        ("Origin: http://good.com\r\n", "403"),
        (
            "Origin: https://good.com\r\nOrigin: https://evil.com\r\n",
            "403",
        ),
        ("Origin: https://evil.com\r\nCookie: session=1\r\n", "403"),
    ] {
        let request = format!("GET /ws HTTP/1.1\r\n{GOOD}{origin}\r\n");
        assert_eq!(ask(&gateway, &request).await.0, status, "{origin}");
    }
}

#[tokio::test]
async fn a_token_in_the_request_s_header_logs_in_and_a_bad_one_keeps_out() {
    let gateway = TestGateway::start();
    let token = gateway.token("alice", 600);
    let header = format!("Authorization: Bearer {token}\r\n");
    let mut client = Raw::connect(gateway.address, &header).await;
    let (answer, _) = client.until("authenticated").await;
    assert_eq!(answer["data"]["userId"], "alice");
    for header in [
        "Authorization: Bearer nonsense\r\n".to_owned(),
        format!("Authorization: Bearer {token}x\r\n"),
        format!("Authorization: Basic {token}\r\n"),
        format!("Authorization: Bearer {token}\r\n").repeat(2),
    ] {
        let client = Raw::connect(gateway.address, &header).await;
        assert!(
            client.answer.starts_with("HTTP/1.1 401 "),
            "{}",
            client.answer
        );
        let scheme = client.header("www-authenticate");
        assert_eq!(scheme, Some("Bearer error=\"invalid_token\""));
    }
    // An address is logged by everybody on the way, so none is read there.
    let request = format!("GET /ws?token={token}&access_token={token} HTTP/1.1\r\n{GOOD}\r\n");
    let mut stream = TcpStream::connect(gateway.address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        answer.push(stream.read_u8().await.unwrap());
    }
    let answer = String::from_utf8(answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 101 "), "{answer}");
    let mut client = Raw { stream, answer };
    client
        .send(super::raw::TEXT, br#"{"type":"get_balances"}"#)
        .await;
    let (error, _) = client.until("error").await;
    assert_eq!(error["error"]["code"], "AUTH_REQUIRED");
}
