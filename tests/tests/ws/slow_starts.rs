//! Who connects and does not go on: each phase has its time, whatever drips in.

use std::time::{Duration, Instant};

use gateway::config::Config;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::client::PATIENCE;
use super::gateway::TestGateway;
use super::raw::{Raw, TEXT};

const TIMEOUT_MS: u64 = 400;

fn quick(change: impl FnOnce(&mut Config)) -> TestGateway {
    TestGateway::with(|config| {
        config.limits.handshake_timeout_ms = TIMEOUT_MS;
        change(config);
    })
}

/// Says these bytes one after the other, slowly, until it is hung up on; how long that took.
async fn drip(gateway: &TestGateway, bytes: &[u8]) -> Duration {
    let mut stream = TcpStream::connect(gateway.address).await.unwrap();
    let began = Instant::now();
    let (mut read, mut write) = stream.split();
    let say = async {
        let mut tick = tokio::time::interval(Duration::from_millis(50));
        for byte in bytes {
            tick.tick().await;
            if write.write_all(&[*byte]).await.is_err() {
                break;
            }
        }
        std::future::pending::<()>().await;
    };
    let hear = async {
        let mut heard = Vec::new();
        let _ = read.read_to_end(&mut heard).await;
    };
    let ended = async {
        tokio::select! {
            () = say => {}
            () = hear => {}
        }
    };
    tokio::time::timeout(PATIENCE, ended)
        .await
        .expect("it is hung up on");
    began.elapsed()
}

#[tokio::test]
async fn a_request_has_its_time_whatever_drips_in() {
    let gateway = quick(|_| {});
    let request = "GET / HTTP/1.1\r\nHost: x\r\nX-Long: ".to_owned() + &"y".repeat(200);
    let kept = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n";
    let (silent, slow, kept) = tokio::join!(
        drip(&gateway, b""),
        drip(&gateway, request.as_bytes()),
        async {
            let mut stream = TcpStream::connect(gateway.address).await.unwrap();
            stream.write_all(kept).await.unwrap();
            let began = Instant::now();
            let mut heard = Vec::new();
            let read = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut heard));
            read.await
                .expect("a kept connection has its time too")
                .unwrap();
            began.elapsed()
        }
    );
    for (what, took) in [("silent", silent), ("slow", slow), ("kept", kept)] {
        assert!(
            took >= Duration::from_millis(TIMEOUT_MS - 50),
            "{what}: {took:?}"
        );
        assert!(took < Duration::from_secs(5), "{what}: {took:?}");
    }
}

#[tokio::test]
async fn a_proxy_s_header_has_its_time() {
    let gateway = quick(|config| {
        config.server.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
        config.server.proxy_protocol = true;
    });
    let (silent, slow) = tokio::join!(drip(&gateway, b""), drip(&gateway, b"\r\n\r\n\0\r\nQUIT"));
    assert!(silent < Duration::from_secs(5) && slow < Duration::from_secs(5));
}

/// What is open and says nothing takes a bounded number of places, and who behaves is served.
#[tokio::test]
async fn one_address_holds_so_many_sockets_and_no_more() {
    let gateway = TestGateway::with(|config| {
        config.limits.connections_per_address = 5;
        config.limits.handshake_timeout_ms = 3_600_000;
    });
    let mut held = Vec::new();
    for _ in 0..20 {
        held.push(TcpStream::connect(gateway.address).await.unwrap());
    }
    let mut over = TcpStream::connect(gateway.address).await.unwrap();
    let mut heard = Vec::new();
    let read = tokio::time::timeout(PATIENCE, over.read_to_end(&mut heard));
    let _ = read.await.expect("the 21st is hung up on");
    assert!(heard.is_empty());
    drop(held.pop());
    // The gateway hears of the end a moment later.
    loop {
        let stream = TcpStream::connect(gateway.address).await.unwrap();
        let asked = tokio::spawn(Raw::over(stream, ""));
        if let Ok(mut client) = asked.await {
            client.send(TEXT, br#"{"type":"ping"}"#).await;
            client.until("pong").await;
            return;
        }
    }
}
