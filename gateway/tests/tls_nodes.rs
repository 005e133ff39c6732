//! Nodes behind TLS: the gateway talks to one whose certificate it trusts, and to no other. The
//! certificate is made by `openssl`; where that is missing the test says so.

#![allow(clippy::unwrap_used)] // a test may stop at what it did not expect

mod process;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use process::Process;

const CONFIG: &str = r#"
[server]
listen = "127.0.0.1:0"
admin_listen = "127.0.0.1:0"
[[auth.keys]]
algorithm = "HS256"
secret = "0123456789abcdef0123456789abcdef"
[portfolio]
valuation_asset = "XRP"
[[assets]]
symbol = "XRP"
scale = 6
[[assets]]
symbol = "LUXURY001"
scale = 2
[[pairs]]
base = "LUXURY001"
quote = "XRP"
tick = "0.01"
lot = "0.01"
min_amount = "0.01"
max_amount = "100.00"
price_band_bps = 1000
reference_price = "1000.00"
[arbitrage.xrpl]
nodes = ["ws://127.0.0.1:9"]
[arbitrage.flare]
nodes = ["https://localhost:PORT/key"]
registry = "0x00000000000000000000000000000000000000f0"
[[arbitrage.tokens]]
symbol = "LUXURY001"
xrpl = { issuer = "rvYAfWj5gh67oV6fW32ZzP3Aw4Eubs59B" }
flare = { feed = "XAU/USD", depth = "1" }
"#;

/// A gateway that trusts one certificate alone, and its log.
struct Gateway {
    process: Process,
    log: PathBuf,
}

impl Gateway {
    fn start(folder: &Path, trusted: &str) -> Gateway {
        let mut serve = process::gateway(&["serve", "--config"]);
        serve
            .arg(folder.join("gateway.toml"))
            .env("SSL_CERT_FILE", folder.join(trusted))
            .env_remove("SSL_CERT_DIR");
        let log = folder.join("log");
        let process = Process::run(&mut serve, &log);
        Gateway { process, log }
    }

    /// Ends it and gives what it logged.
    fn end(mut self) -> String {
        self.process.kill();
        self.process.wait();
        std::fs::read_to_string(&self.log).unwrap()
    }
}

/// Makes a certificate of `localhost` that signs itself; `false` where nobody can.
fn certificate(folder: &Path, name: &str) -> bool {
    let file = |end: &str| folder.join(format!("{name}.{end}"));
    let made = Command::new("openssl")
        .args([
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
        ])
        .args([
            "-subj",
            "/CN=localhost",
            "-addext",
            "subjectAltName=DNS:localhost",
        ])
        .args(["-addext", "basicConstraints=critical,CA:FALSE"])
        .arg("-keyout")
        .arg(file("key"))
        .arg("-out")
        .arg(file("pem"))
        .output();
    made.is_ok_and(|output| output.status.success())
}

#[tokio::test]
async fn a_node_is_trusted_by_its_certificate() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("tls_nodes");
    std::fs::create_dir_all(&folder).unwrap();
    if !certificate(&folder, "node") || !certificate(&folder, "other") {
        eprintln!("\n******** LEFT OUT: openssl cannot make a certificate here ********\n");
        return;
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    std::fs::write(folder.join("gateway.toml"), CONFIG.replace("PORT", &port)).unwrap();
    let certificate = CertificateDer::from_pem_file(folder.join("node.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_file(folder.join("node.key")).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let handshake = async || {
        let accepted = tokio::time::timeout(Duration::from_secs(20), listener.accept()).await;
        acceptor.accept(accepted.unwrap().unwrap().0).await
    };

    let gateway = Gateway::start(&folder, "other.pem");
    let refused = handshake().await;
    assert!(refused.is_err(), "another certificate is trusted");
    drop(refused);
    let log = gateway.end();
    assert!(!log.contains("/key"), "{log}");

    let gateway = Gateway::start(&folder, "node.pem");
    let mut stream = handshake().await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    let head = String::from_utf8(head).unwrap().to_ascii_lowercase();
    assert!(head.starts_with("post /key http/1.1\r\n"), "{head}");
    assert!(
        head.contains(&format!("host: localhost:{port}\r\n")),
        "{head}"
    );
    stream
        .write_all(b"HTTP/1.1 429 no\r\ncontent-length: 0\r\n\r\n")
        .await
        .unwrap();
    // It comes again, as it should.
    handshake().await.unwrap();
    let log = gateway.end();
    assert!(log.contains("answered with HTTP status 429"), "{log}");
    assert!(!log.contains("/key"), "{log}");
}
