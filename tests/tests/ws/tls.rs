//! TLS: versions, what is refused, a certificate that changes under a running gateway.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use gateway::tls::{TlsFiles, provider};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};

use super::client::{PAIR, PATIENCE, order, subscribe};
use super::folder::Folder;
use super::gateway::TestGateway;
use super::programs::{installed, left_out};
use super::raw::{DEFLATED, Raw, TEXT};

/// Writes a certificate for `localhost` that signs itself, and gives it.
pub(crate) fn certify(folder: &Path, name: &str) -> (TlsFiles, CertificateDer<'static>) {
    std::fs::create_dir_all(folder).unwrap();
    let names = vec!["localhost".to_owned()];
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(names).unwrap();
    let files = TlsFiles {
        certificate: folder.join(format!("{name}.pem")),
        key: folder.join(format!("{name}.key")),
    };
    std::fs::write(&files.certificate, cert.pem()).unwrap();
    std::fs::write(&files.key, signing_key.serialize_pem()).unwrap();
    (files, cert.der().clone())
}

fn gateway(files: &TlsFiles) -> TestGateway {
    TestGateway::with(|config| config.server.tls = Some(files.clone()))
}

async fn connect(
    gateway: &TestGateway,
    trusted: &CertificateDer<'static>,
    version: &'static SupportedProtocolVersion,
    protocols: &[&str],
) -> std::io::Result<TlsStream<TcpStream>> {
    connect_to(gateway.address, trusted, version, protocols).await
}

pub(crate) async fn connect_to(
    address: SocketAddr,
    trusted: &CertificateDer<'static>,
    version: &'static SupportedProtocolVersion,
    protocols: &[&str],
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).unwrap();
    let mut config = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&[version])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|it| it.as_bytes().to_vec()).collect();
    let stream = TcpStream::connect(address).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let connector = TlsConnector::from(Arc::new(config));
    let connected = tokio::time::timeout(PATIENCE, connector.connect(name, stream));
    connected.await.expect("the handshake ends")
}

#[tokio::test]
async fn a_client_trades_over_either_version() {
    let folder = Folder::new("tls");
    let (files, certificate) = certify(&folder.0, "server");
    let gateway = gateway(&files);
    for version in [&TLS12, &TLS13] {
        let stream = connect(&gateway, &certificate, version, &["h2", "http/1.1"]).await;
        let stream = stream.unwrap();
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
        let offer = "Sec-WebSocket-Extensions: permessage-deflate\r\n";
        let mut client = Raw::over(stream, offer).await;
        assert!(
            client.answer.starts_with("HTTP/1.1 101 "),
            "{}",
            client.answer
        );
        let log_in = json!({"type": "authenticate", "token": gateway.token("alice", 600)});
        client.send(TEXT, log_in.to_string().as_bytes()).await;
        client.until("authenticated").await;
        let watch = subscribe(json!([{"type": "orderbook", "pair": PAIR}]));
        client.send(TEXT, watch.to_string().as_bytes()).await;
        client.until("orderbook_update").await;
        for price in 900..930 {
            let order = order("buy", "0.01", &format!("{price}.00"));
            client.send(TEXT, order.to_string().as_bytes()).await;
            client.until("order_placed").await;
        }
        client.until("orderbook_update").await;
        // Large answers, one behind the other, to a client that does not read for a while.
        let ask = br#"{"type":"get_instruments"}"#;
        for _ in 0..15 {
            client.send(TEXT, ask).await;
        }
        for _ in 0..15 {
            assert!(client.until("get_instruments").await.1, "deflated");
        }
        client.send(TEXT | DEFLATED, &[0xff; 9]).await;
        assert_eq!(client.closed().await, 1007);
        // The end is told, not torn.
        let rest = client.stream.read(&mut [0; 10]).await;
        assert_eq!(rest.unwrap(), 0);
    }
}

#[tokio::test]
async fn what_is_no_tls_for_http_is_refused() {
    let folder = Folder::new("tls-refused");
    let (files, certificate) = certify(&folder.0, "server");
    let gateway = gateway(&files);
    let refused = connect(&gateway, &certificate, &TLS13, &["h2"]).await;
    assert!(refused.is_err(), "another protocol");
    let (_, stranger) = certify(&folder.0, "stranger");
    let refused = connect(&gateway, &stranger, &TLS13, &[]).await;
    assert!(refused.is_err(), "the client trusts another");
    let mut plain = TcpStream::connect(gateway.address).await.unwrap();
    plain
        .write_all(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
        .await
        .unwrap();
    let mut answer = Vec::new();
    let _ = tokio::time::timeout(PATIENCE, plain.read_to_end(&mut answer))
        .await
        .expect("it hangs up");
    assert!(!answer.starts_with(b"HTTP"), "{answer:?}");
    // Without an offer of protocols it is HTTP.
    let mut stream = connect(&gateway, &certificate, &TLS12, &[]).await.unwrap();
    stream
        .write_all(b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        .await
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
}

#[tokio::test]
async fn a_new_certificate_is_taken_without_a_restart() {
    let folder = Folder::new("tls-reload");
    let (files, first) = certify(&folder.0, "server");
    let gateway = gateway(&files);
    let stream = connect(&gateway, &first, &TLS13, &[]).await.unwrap();
    let mut before = Raw::over(stream, "").await;
    // Half a change, and nonsense: the old one stays.
    let (other, second) = certify(&folder.0, "other");
    let old = std::fs::read(&files.certificate).unwrap();
    for bytes in [
        std::fs::read(&other.certificate).unwrap(),
        b"nonsense".to_vec(),
    ] {
        std::fs::write(&files.certificate, bytes).unwrap();
        gateway.advance(1_000);
        connect(&gateway, &first, &TLS13, &[]).await.unwrap();
    }
    std::fs::write(&files.certificate, old).unwrap();
    gateway.advance(1_000);
    connect(&gateway, &first, &TLS13, &[]).await.unwrap();

    std::fs::copy(&other.key, &files.key).unwrap();
    std::fs::copy(&other.certificate, &files.certificate).unwrap();
    gateway.advance(1_000);
    assert!(connect(&gateway, &first, &TLS13, &[]).await.is_err());
    let stream = connect(&gateway, &second, &TLS13, &[]).await.unwrap();
    let mut after = Raw::over(stream, "").await;
    for client in [&mut before, &mut after] {
        client.send(TEXT, br#"{"type":"ping"}"#).await;
        client.until("pong").await;
    }
}

/// By another implementation, which still can.
#[test]
fn older_versions_are_refused() {
    if !installed("openssl") {
        return left_out("openssl");
    }
    let folder = Folder::new("tls-old");
    let (files, _) = certify(&folder.0, "server");
    let gateway = gateway(&files);
    for (version, is_spoken) in [("-tls1_1", false), ("-tls1_2", true), ("-tls1_3", true)] {
        let output = std::process::Command::new("openssl")
            .args([
                "s_client",
                version,
                "-cipher",
                "ALL:@SECLEVEL=0",
                "-connect",
            ])
            .arg(gateway.address.to_string())
            .stdin(std::process::Stdio::null())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.success(), is_spoken, "{version}: {said}");
        // TLS 1.2 only with forward secrecy and authenticated encryption.
        if version == "-tls1_2" {
            let is_modern = said.contains("Cipher is ECDHE-") && !said.contains("-SHA\n");
            assert!(is_modern, "{said}");
        }
    }
}
