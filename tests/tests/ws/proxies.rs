//! Who is behind a proxy, and who only says so: seen by the limits of addresses.

use gateway::config::Config;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::client::PATIENCE;
use super::gateway::TestGateway;
use super::raw::Raw;

/// Two connections an address.
fn gateway(change: impl FnOnce(&mut Config)) -> TestGateway {
    TestGateway::with(|config| {
        config.limits.connections_per_address = 2;
        change(config);
    })
}

fn trust(config: &mut Config) {
    config.server.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
}

fn status<S>(client: &Raw<S>) -> &str {
    &client.answer[9..12]
}

#[tokio::test]
async fn a_forwarded_address_counts_only_from_a_proxy_and_only_its_last_word() {
    let direct = gateway(|_| {});
    let mut held = Vec::new();
    for (index, expected) in ["101", "101", "429"].into_iter().enumerate() {
        let forged = format!("X-Forwarded-For: 198.51.100.{index}\r\n");
        let client = Raw::connect(direct.address, &forged).await;
        assert_eq!(status(&client), expected, "{index}");
        held.push(client);
    }
    let behind = gateway(trust);
    for (forwarded, expected) in [
        ("198.51.100.1", "101"),
        ("203.0.113.9, 198.51.100.1", "101"),
        ("203.0.113.8, 198.51.100.1, 127.0.0.2", "429"),
        ("198.51.100.2", "101"),
        // One household.
        ("2001:db8:1:2::1", "101"),
        ("2001:db8:1:2:ffff::1", "101"),
        ("2001:db8:1:2:3::1", "429"),
        ("2001:db8:1:3::1", "101"),
    ] {
        let header = format!("X-Forwarded-For: {forwarded}\r\n");
        let client = Raw::connect(behind.address, &header).await;
        assert_eq!(status(&client), expected, "{forwarded}");
        held.push(client);
    }
}

/// A header of the PROXY protocol, version 2, for a client of this last byte; `None` is the proxy
/// itself.
fn header(client: Option<u8>) -> Vec<u8> {
    let mut header = b"\r\n\r\n\0\r\nQUIT\n".to_vec();
    match client {
        Some(last) => {
            header.extend([0x21, 0x11, 0, 12]);
            header.extend([198, 51, 100, last, 127, 0, 0, 1, 0x30, 0x39, 0x1f, 0x90]);
        }
        None => header.extend([0x20, 0x00, 0, 0]),
    }
    header
}

async fn behind(gateway: &TestGateway, header: &[u8]) -> Raw {
    let mut stream = TcpStream::connect(gateway.address).await.unwrap();
    for byte in header.chunks(5) {
        stream.write_all(byte).await.unwrap();
    }
    Raw::over(stream, "").await
}

#[tokio::test]
async fn the_proxy_protocol_names_the_client() {
    let gateway = gateway(|config| {
        trust(config);
        config.server.proxy_protocol = true;
    });
    let mut held = Vec::new();
    for (client, expected) in [
        (Some(1), "101"),
        (Some(1), "101"),
        (Some(1), "429"),
        (Some(2), "101"),
        (None, "101"),
    ] {
        let client_of = behind(&gateway, &header(client)).await;
        assert_eq!(status(&client_of), expected, "{client:?}");
        held.push(client_of);
    }
    // A proxy that does not speak it, an older version, a length that nobody needs.
    let mut long = header(Some(3));
    long[14] = 0xff;
    for bytes in [
        b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n".to_vec(),
        b"PROXY TCP4 198.51.100.3 127.0.0.1 1 2\r\n".to_vec(),
        long,
    ] {
        let mut stream = TcpStream::connect(gateway.address).await.unwrap();
        stream.write_all(&bytes).await.unwrap();
        let mut answer = Vec::new();
        let read = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer));
        let _ = read.await.expect("it hangs up");
        assert!(answer.is_empty(), "{answer:?}");
    }
}

/// Without the proxies' networks in the configuration the header is what it is: no HTTP.
#[tokio::test]
async fn a_stranger_s_header_is_no_header() {
    let gateway = gateway(|config| {
        config.server.trusted_proxies = vec!["10.0.0.0/8".parse().unwrap()];
        config.server.proxy_protocol = true;
    });
    let client = Raw::connect(gateway.address, "").await;
    assert_eq!(status(&client), "101");
    let mut stream = TcpStream::connect(gateway.address).await.unwrap();
    stream.write_all(&header(Some(1))).await.unwrap();
    let mut answer = Vec::new();
    let read = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer));
    let _ = read.await.expect("it hangs up");
    let answer = String::from_utf8_lossy(&answer);
    assert!(
        answer.is_empty() || answer.starts_with("HTTP/1.1 400 "),
        "{answer}"
    );
}
