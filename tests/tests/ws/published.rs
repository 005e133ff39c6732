//! Keys that a login service publishes: read at the start, read again for a key that is new.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use gateway::config::{JwksSource, NodeKind, NodeUrl};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::client::why;
use super::folder::Folder;
use super::gateway::TestGateway;

struct Signer {
    id: &'static str,
    key: EncodingKey,
}

impl Signer {
    fn new(id: &'static str) -> Signer {
        let made = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        let key = EncodingKey::from_ec_pem(made.serialize_pem().as_bytes()).unwrap();
        Signer { id, key }
    }

    fn set(&self) -> String {
        let jwk = jsonwebtoken::jwk::Jwk::from_encoding_key(&self.key, Algorithm::ES256).unwrap();
        let mut jwk = serde_json::to_value(jwk).unwrap();
        jwk["kid"] = json!(self.id);
        json!({"keys": [jwk]}).to_string()
    }

    fn token(&self, gateway: &TestGateway) -> String {
        let exp = gateway.now().0 / 1_000 + 600;
        let header = Header {
            kid: Some(self.id.to_owned()),
            ..Header::new(Algorithm::ES256)
        };
        jsonwebtoken::encode(&header, &json!({"sub": "alice", "exp": exp}), &self.key).unwrap()
    }
}

/// A login service: says what is put in it, and counts.
#[derive(Clone, Default)]
struct Service {
    answer: Arc<Mutex<String>>,
    asked: Arc<AtomicUsize>,
}

impl Service {
    async fn start(&self) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let service = self.clone();
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut request = Vec::new();
                while !request.ends_with(b"\r\n\r\n") {
                    request.push(stream.read_u8().await.unwrap());
                }
                assert!(request.starts_with(b"GET /keys?a=b HTTP/1.1\r\n"));
                service.asked.fetch_add(1, Ordering::Relaxed);
                let answer = service.answer.lock().unwrap().clone();
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        address
    }

    fn says(&self, status: &str, body: &str) {
        let length = body.len();
        let answer = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\n\r\n{body}");
        *self.answer.lock().unwrap() = answer;
    }
}

fn gateway(source: JwksSource) -> TestGateway {
    TestGateway::with(|config| {
        config.auth.published = Some((source, 300));
        config.auth.rules.issuer = None;
    })
}

async fn log_in(gateway: &TestGateway, signer: &Signer) -> Value {
    let token = signer.token(gateway);
    gateway.client().await.log_in(&token).await
}

#[tokio::test]
async fn a_new_key_is_read_when_a_token_names_it() {
    let service = Service::default();
    let (first, second, stranger) = (Signer::new("1"), Signer::new("2"), Signer::new("3"));
    service.says("503 Service Unavailable", "");
    let address = service.start().await;
    let url = NodeUrl::parse(&format!("http://{address}/keys?a=b"), NodeKind::Http).unwrap();
    let gateway = gateway(JwksSource::Url(url));
    // The service is down when the gateway starts, and up when somebody comes.
    while service.asked.load(Ordering::Relaxed) == 0 {
        tokio::task::yield_now().await;
    }
    service.says("200 OK", &first.set());
    assert_eq!(log_in(&gateway, &first).await["type"], "authenticated");
    service.says("200 OK", &second.set());
    // Known keys ask nobody, and an unknown one does not so soon after the last.
    gateway.advance(9_000);
    let asked = service.asked.load(Ordering::Relaxed);
    assert_eq!(log_in(&gateway, &first).await["type"], "authenticated");
    let refused = log_in(&gateway, &second).await;
    assert_eq!(why(&refused), ("AUTH_FAILED", "TOKEN_INVALID"));
    assert_eq!(service.asked.load(Ordering::Relaxed), asked);
    gateway.advance(1_001);
    assert_eq!(log_in(&gateway, &second).await["type"], "authenticated");
    assert_eq!(
        log_in(&gateway, &first).await["type"],
        "error",
        "it was rotated out"
    );
    // What is no set changes nothing; neither does a set that never ends.
    for body in [
        "{}".to_owned(),
        format!("{{\"keys\":[\"{}\"]}}", "x".repeat(300_000)),
    ] {
        service.says("200 OK", &body);
        gateway.advance(10_001);
        assert_eq!(log_in(&gateway, &stranger).await["type"], "error");
        assert_eq!(log_in(&gateway, &second).await["type"], "authenticated");
    }
}

#[tokio::test]
async fn keys_come_from_a_file_too() {
    let folder = Folder::new("published");
    std::fs::create_dir_all(&folder.0).unwrap();
    let path = folder.0.join("keys.json");
    let (first, second) = (Signer::new("1"), Signer::new("2"));
    std::fs::write(&path, first.set()).unwrap();
    let gateway = gateway(JwksSource::File(path.clone()));
    assert_eq!(log_in(&gateway, &first).await["type"], "authenticated");
    std::fs::write(&path, second.set()).unwrap();
    gateway.advance(10_001);
    assert_eq!(log_in(&gateway, &second).await["type"], "authenticated");
}
