//! Tokens that the operator revokes: at once, on connections that stand, and over restarts.

use gateway::auth::{KeyMaterial, Secret};
use gateway::config::{AdminToken, Config};
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
    TestGateway::with(|config| configure(config, folder))
}

fn configure(config: &mut Config, folder: &Folder) {
    config.storage.data_dir = Some(folder.0.clone());
    config.storage.segment_mib = 1;
    config.storage.min_free_mib = 1;
    config.server.admin_token = AdminToken::new(OPERATOR);
    let secret = Secret::new(SECRET.as_bytes().to_vec()).unwrap();
    let key = gateway::auth::Key::new(
        None,
        gateway::auth::TokenAlgorithm::Hs256,
        &KeyMaterial::Secret(secret),
    );
    config.auth.keys.push(key.unwrap());
    config.auth.rules.issuer = None;
}

fn token(gateway: &TestGateway, user: &str, jti: &str) -> String {
    let now = gateway.now().0 / 1_000;
    let claims = json!({"sub": user, "iat": now, "exp": now + 600, "jti": jti});
    let key = EncodingKey::from_secret(SECRET.as_bytes());
    jsonwebtoken::encode(&Header::default(), &claims, &key).unwrap()
}

async fn operate(gateway: &TestGateway, method: &str, body: &str, token: &str) -> (u16, Value) {
    let (status, _, answer) = exchange(gateway, method, body, token).await;
    (status, answer)
}

/// The same, and whether it was said to be a repeat.
async fn exchange(
    gateway: &TestGateway,
    method: &str,
    body: &str,
    token: &str,
) -> (u16, bool, Value) {
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
    let is_repeat = head.contains("idempotency-replayed: true");
    (status, is_repeat, answer)
}

/// What a login with this token is answered with.
async fn log_in(gateway: &TestGateway, token: &str) -> String {
    let mut client = gateway.client().await;
    let answer = client.log_in(token).await;
    answer["type"].as_str().unwrap().to_owned()
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
        ("POST", r#"{"sub":"a","idempotencyKey":""}"#, 400),
        ("POST", r#"{"sub":"a","idempotencyKey":"a b"}"#, 400),
        ("POST", r#"{"idempotencyKey":"a"}"#, 400),
        ("DELETE", r#"{"jti":"a"}"#, 400),
        ("GET", "", 405),
    ] {
        let (answered, _) = operate(&gateway, method, body, OPERATOR).await;
        assert_eq!(answered, status, "{method} {body}");
    }
    let long = format!(r#"{{"jti":"{}"}}"#, "x".repeat(20_000));
    assert_eq!(operate(&gateway, "POST", &long, OPERATOR).await.0, 400);
}

/// A retry that comes late takes no token that was issued since the operator changed its mind.
#[tokio::test]
async fn a_revocation_counts_once_for_its_key() {
    let folder = Folder::new("revoked-once");
    let gateway = gateway(&folder);
    let one = token(&gateway, "alice", "one");
    let mut client = gateway.client().await;
    client.log_in(&one).await;
    let keyed = r#"{"sub":"alice","idempotencyKey":"incident-7"}"#;
    let ended = |count: u64| json!({"endedConnections": count});
    let answer = exchange(&gateway, "POST", keyed, OPERATOR).await;
    assert_eq!(answer, (200, false, ended(1)));
    assert_eq!(client.closed().await, 1008);
    let answer = exchange(&gateway, "POST", keyed, OPERATOR).await;
    assert_eq!(answer, (200, true, ended(0)));
    let lift = r#"{"sub":"alice","idempotencyKey":"incident-8"}"#;
    let answer = exchange(&gateway, "DELETE", lift, OPERATOR).await;
    assert_eq!(answer, (200, false, ended(0)));
    gateway.stop();

    let gateway = self::gateway(&folder);
    gateway.advance(60_000);
    let mut client = gateway.client().await;
    assert_eq!(client.log_in(&one).await["type"], "authenticated");
    let answer = exchange(&gateway, "POST", keyed, OPERATOR).await;
    assert_eq!(answer, (200, true, ended(0)));
    assert_eq!(client.ask(json!({"type": "ping"})).await["type"], "pong");
    // Anything else under the key is refused, and changes nothing.
    for (method, body) in [
        ("POST", r#"{"sub":"bob","idempotencyKey":"incident-7"}"#),
        ("DELETE", keyed),
        (
            "POST",
            r#"{"sub":"alice","issuedUpTo":5,"idempotencyKey":"incident-7"}"#,
        ),
        ("POST", r#"{"jti":"one","idempotencyKey":"incident-8"}"#),
    ] {
        let (status, _, answer) = exchange(&gateway, method, body, OPERATOR).await;
        assert_eq!(
            (status, answer["reason"].as_str()),
            (409, Some("IDEMPOTENCY_KEY_REUSED")),
            "{method} {body}"
        );
    }
    assert_eq!(log_in(&gateway, &one).await, "authenticated");
    // A day later the key is forgotten.
    gateway.advance(86_400_000);
    let answer = exchange(&gateway, "POST", keyed, OPERATOR).await;
    assert_eq!((answer.0, answer.1), (200, false));
    gateway.stop();
}

/// One inside and one outside of what may stand; what has ended makes room.
#[tokio::test]
async fn there_is_room_for_so_many_revocations() {
    let folder = Folder::new("revoked-many");
    let start = || {
        TestGateway::with(|config| {
            configure(config, &folder);
            config.exchange.max_revocations = 2;
        })
    };
    let gateway = start();
    let ends = gateway.now().0 + 60_000;
    let first = json!({"jti": "one", "expiresAt": ends}).to_string();
    let lives = token(&gateway, "alice", "three");
    for body in [&first, r#"{"sub":"bob"}"#] {
        assert_eq!(operate(&gateway, "POST", body, OPERATOR).await.0, 200);
    }
    let three = r#"{"jti":"three","idempotencyKey":"k"}"#;
    for body in [r#"{"jti":"three"}"#, r#"{"sub":"carol"}"#, three] {
        let (status, answer) = operate(&gateway, "POST", body, OPERATOR).await;
        assert_eq!(
            (status, &answer["reason"]),
            (507, &json!("NO_ROOM")),
            "{body}"
        );
    }
    // What stands can be changed, and what was refused is not in force.
    assert_eq!(operate(&gateway, "POST", &first, OPERATOR).await.0, 200);
    assert_eq!(log_in(&gateway, &lives).await, "authenticated");
    gateway.stop();
    let gateway = start();
    let one = token(&gateway, "alice", "one");
    assert_eq!(log_in(&gateway, &one).await, "error");
    gateway.advance(61_000);
    let answer = exchange(&gateway, "POST", three, OPERATOR).await;
    assert_eq!(
        (answer.0, answer.1),
        (200, false),
        "a refusal uses no key up"
    );
    assert_eq!(log_in(&gateway, &lives).await, "error");
    assert_eq!(
        log_in(&gateway, &one).await,
        "authenticated",
        "it said that it could be forgotten"
    );
    gateway.stop();
}

/// What was revoked before revocations were commands stood in a file.
#[tokio::test]
async fn an_old_file_of_revocations_is_taken_over_once() {
    let folder = Folder::new("revoked-file");
    let gateway = gateway(&folder);
    let (one, two) = (
        token(&gateway, "alice", "one"),
        token(&gateway, "alice", "two"),
    );
    let bob = token(&gateway, "bob", "three");
    let issued = gateway.now().0;
    gateway.stop();
    let old = folder.0.join("revocations");
    let lines = format!(
        "{{\"jti\":\"one\",\"expiresAt\":99999999999999}}\n{{\"sub\":\"bob\",\"at\":{issued}}}\n\
         {{\"sub\":\"alice\",\"at\":{issued}}}\n{{\"sub\":\"alice\"}}\n{{\"sub\":\"ali"
    );
    std::fs::write(&old, &lines).unwrap();
    for start in 0..3 {
        let gateway = self::gateway(&folder);
        for (token, expected) in [(&one, "error"), (&two, "authenticated"), (&bob, "error")] {
            assert_eq!(log_in(&gateway, token).await, expected, "start {start}");
        }
        gateway.stop();
        assert!(!old.exists(), "it is put aside");
        let migrated = std::fs::read_to_string(folder.0.join("revocations.migrated"));
        assert_eq!(migrated.unwrap(), lines);
        // As if the first start had ended before it put the file aside.
        if start == 0 {
            std::fs::write(&old, &lines).unwrap();
        }
    }
    // Lifted since, and the file comes no more.
    let gateway = self::gateway(&folder);
    let lift = r#"{"sub":"bob"}"#;
    assert_eq!(operate(&gateway, "DELETE", lift, OPERATOR).await.0, 200);
    gateway.stop();
    let gateway = self::gateway(&folder);
    assert_eq!(log_in(&gateway, &bob).await, "authenticated");
    gateway.stop();
}
