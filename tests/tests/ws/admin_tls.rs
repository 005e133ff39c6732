//! The operator's port over TLS, and nowhere without it but on this machine.

use std::net::SocketAddr;
use std::sync::Arc;

use gateway::config::{AdminToken, Config, DemoOptions};
use gateway::server::{Funding, Server};
use gateway::tls::TlsFiles;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::version::{TLS12, TLS13};

use super::client::PATIENCE;
use super::folder::Folder;
use super::gateway::TestGateway;
use super::operator::token;
use super::tls::{certify, connect_to};

fn gateway(files: &TlsFiles) -> TestGateway {
    TestGateway::with(|config| {
        config.server.admin_token = AdminToken::new(&token());
        config.server.admin_tls = Some(files.clone());
        // Not of this machine alone.
        config.server.admin_listen = ([0, 0, 0, 0], 0).into();
    })
}

/// From this machine.
fn near(gateway: &TestGateway) -> SocketAddr {
    ([127, 0, 0, 1], gateway.admin.unwrap().port()).into()
}

/// The status of `GET /v1/accounts/alice`.
async fn status(
    gateway: &TestGateway,
    trusted: &CertificateDer<'static>,
    token: &str,
) -> std::io::Result<String> {
    let mut stream = connect_to(near(gateway), trusted, &TLS13, &["http/1.1"]).await?;
    let request = format!(
        "GET /v1/accounts/alice HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\
         Connection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer.split(' ').nth(1).unwrap_or_default().to_owned())
}

#[tokio::test]
async fn the_operator_talks_over_tls_and_the_certificate_is_taken_anew() {
    let folder = Folder::new("admin-tls");
    let (files, first) = certify(&folder.0, "server");
    let gateway = gateway(&files);
    assert_eq!(status(&gateway, &first, &token()).await.unwrap(), "200");
    assert_eq!(status(&gateway, &first, "no").await.unwrap(), "401");
    connect_to(near(&gateway), &first, &TLS12, &[])
        .await
        .unwrap();
    // Clients' port is plain all the while.
    gateway.trader("alice").await;

    let (other, second) = certify(&folder.0, "other");
    assert!(status(&gateway, &second, &token()).await.is_err());
    std::fs::copy(&other.key, &files.key).unwrap();
    std::fs::copy(&other.certificate, &files.certificate).unwrap();
    gateway.advance(1_000);
    assert_eq!(status(&gateway, &second, &token()).await.unwrap(), "200");
    assert!(status(&gateway, &first, &token()).await.is_err());
}

#[tokio::test]
async fn what_is_no_tls_gets_no_answer() {
    let folder = Folder::new("admin-tls-plain");
    let (files, _) = certify(&folder.0, "server");
    let gateway = gateway(&files);
    let mut plain = TcpStream::connect(near(&gateway)).await.unwrap();
    let request = format!(
        "GET /v1/reserves HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\r\n",
        token()
    );
    plain.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let ended = tokio::time::timeout(PATIENCE, plain.read_to_end(&mut answer)).await;
    let _ = ended.expect("it hangs up");
    assert!(!answer.starts_with(b"HTTP"), "{answer:?}");
}

/// However the configuration came about: the start itself refuses.
#[tokio::test]
async fn without_tls_the_operators_port_opens_on_this_machine_alone() {
    for (address, starts) in [
        (SocketAddr::from(([0, 0, 0, 0], 0)), false),
        (SocketAddr::from(([0_u16; 8], 0)), false),
        (SocketAddr::from(([127, 0, 0, 1], 0)), true),
        (SocketAddr::from(([127, 200, 0, 1], 0)), true),
    ] {
        let mut config = Config::demo(&DemoOptions {
            port: Some(0),
            admin_port: Some(0),
            ..DemoOptions::default()
        });
        config.storage.data_dir = None;
        config.server.admin_token = AdminToken::new(&token());
        config.server.admin_listen = address;
        let clock = Arc::new(gateway::clock::now);
        match Server::bind(&config, clock, &Funding::default()) {
            Ok(server) => {
                assert!(starts, "{address}");
                server.run(std::future::ready(())).await.unwrap();
            }
            Err(error) => {
                assert!(!starts, "{address}: {error:#}");
                assert!(error.to_string().contains("server.admin_tls"), "{error:#}");
            }
        }
    }
}
