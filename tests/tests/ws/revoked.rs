//! Tokens that the operator revokes: at once, on connections that stand, and over restarts.

use gateway::auth::{KeyMaterial, Secret};
use jsonwebtoken::{EncodingKey, Header};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::client::{order, subscribe, why};
use super::folder::Folder;
use super::gateway::TestGateway;

const OPERATOR: &str = "an-operator-s-token-for-tests-only";
const SECRET: &str = "a secret that only this test has to keep";

fn gateway(folder: &Folder) -> TestGateway {
    TestGateway::with(|config| {
        config.storage.data_dir = Some(folder.0.clone());
        config.storage.segment_mib = 1;
        config.storage.min_free_mib = 1;
        config.server.admin_token = gateway::config::AdminToken::new(OPERATOR);
        let secret = Secret::new(SECRET.as_bytes().to_vec()).unwrap();
        let key = gateway::auth::Key::new(
            None,
            gateway::auth::TokenAlgorithm::Hs256,
            &KeyMaterial::Secret(secret),
        );
        config.auth.keys.push(key.unwrap());
        config.auth.rules.issuer = None;
    })
}

fn token(gateway: &TestGateway, user: &str, jti: &str) -> String {
    let now = gateway.now().0 / 1_000;
    let claims = json!({"sub": user, "iat": now, "exp": now + 600, "jti": jti});
    let key = EncodingKey::from_secret(SECRET.as_bytes());
    jsonwebtoken::encode(&Header::default(), &claims, &key).unwrap()
}

async fn operate(gateway: &TestGateway, method: &str, body: &str, token: &str) -> (u16, Value) {
    let mut stream = TcpStream::connect(gateway.admin.unwrap()).await.unwrap();
    let length = body.len();
    let request = format!(
        "{method} /v1/revocations HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\
         Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, answered) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let answer = serde_json::from_str(answered).unwrap();
    testkit::contract::operated(method, "/v1/revocations", body, status, &answer);
    (status, answer)
}

#[tokio::test]
async fn a_revoked_token_ends_its_connections_and_lets_nobody_in_again() {
    let folder = Folder::new("revoked");
    let gateway = gateway(&folder);
    let (one, two) = (
        token(&gateway, "alice", "one"),
        token(&gateway, "alice", "two"),
    );
    let mut by_one = gateway.client().await;
    by_one.log_in(&one).await;
    by_one.send(order("buy", "1.00", "900.00")).await;
    by_one.until("order_placed").await;
    by_one.send(subscribe(json!([{"type": "orders"}]))).await;
    by_one.until("orders_snapshot").await;
    let mut by_two = gateway.client().await;
    by_two.log_in(&two).await;

    let body = r#"{"jti":"one","expiresAt":99999999999999}"#;
    let (status, _) = operate(&gateway, "POST", body, "wrong").await;
    assert_eq!(status, 401);
    let (status, answer) = operate(&gateway, "POST", body, OPERATOR).await;
    assert_eq!((status, answer), (200, json!({"endedConnections": 1})));
    let error = by_one.until("error").await;
    assert_eq!(why(&error), ("AUTH_FAILED", "TOKEN_REVOKED"));
    assert_eq!(by_one.closed().await, 1008);
    let mut again = gateway.client().await;
    let error = again.log_in(&one).await;
    assert_eq!(why(&error), ("AUTH_FAILED", "TOKEN_REVOKED"));
    assert_eq!(again.closed().await, 1008);
    // Orders stay, and so do other tokens.
    let orders = by_two.ask(json!({"type": "get_orders"})).await;
    assert_eq!(orders["result"]["orders"].as_array().unwrap().len(), 1);

    // All of a user's so far; the next one is good, unless it is of the same second.
    let (_, answer) = operate(&gateway, "POST", r#"{"sub":"alice"}"#, OPERATOR).await;
    assert_eq!(answer, json!({"endedConnections": 1}));
    assert_eq!(by_two.closed().await, 1008);
    gateway.advance(1_000);
    let three = token(&gateway, "alice", "three");
    gateway.stop();

    let gateway = self::gateway(&folder);
    gateway.advance(2_000);
    for (token, expected) in [(&one, "error"), (&two, "error"), (&three, "authenticated")] {
        let mut client = gateway.client().await;
        assert_eq!(client.log_in(token).await["type"], expected);
    }
    // Asked again with its moment, it takes nothing that was issued since.
    let again = json!({"sub": "alice", "issuedUpTo": 5}).to_string();
    let (status, answer) = operate(&gateway, "POST", &again, OPERATOR).await;
    assert_eq!((status, answer), (200, json!({"endedConnections": 0})));
    let mut client = gateway.client().await;
    assert_eq!(client.log_in(&three).await["type"], "authenticated");
    let (status, _) = operate(&gateway, "DELETE", r#"{"sub":"alice"}"#, OPERATOR).await;
    assert_eq!(status, 200);
    for (token, expected) in [(&one, "error"), (&two, "authenticated")] {
        let mut client = gateway.client().await;
        assert_eq!(client.log_in(token).await["type"], expected);
    }
}

#[tokio::test]
async fn what_revokes_nothing_is_refused() {
    let folder = Folder::new("revoked-nothing");
    let gateway = gateway(&folder);
    for (method, body, status) in [
        ("POST", "", 400),
        ("POST", "{}", 400),
        ("POST", r#"{"jti":""}"#, 400),
        ("POST", r#"{"jti":7}"#, 400),
        ("POST", r#"{"jti":"a","sub":"b"}"#, 400),
        ("POST", r#"{"sub":""}"#, 400),
        ("POST", r#"{"jti":"a","issuedUpTo":5}"#, 400),
        ("POST", r#"{"sub":"a","issuedUpTo":-1}"#, 400),
        ("DELETE", r#"{"sub":"a","issuedUpTo":5}"#, 400),
        ("POST", r#"{"sub":"a","else":1}"#, 400),
        ("DELETE", r#"{"jti":"a"}"#, 400),
        ("GET", "", 405),
    ] {
        let (answered, _) = operate(&gateway, method, body, OPERATOR).await;
        assert_eq!(answered, status, "{method} {body}");
    }
    let long = format!(r#"{{"jti":"{}"}}"#, "x".repeat(20_000));
    assert_eq!(operate(&gateway, "POST", &long, OPERATOR).await.0, 400);
}
