//! Bad input: a clear error, the connection open, nothing changed.

use serde_json::{Value, json};

use super::client::{PAIR, order, why};
use super::gateway::TestGateway;

#[tokio::test]
async fn each_mistake_gets_its_own_error_and_changes_nothing() {
    let gateway = TestGateway::with(|config| {
        config.limits.messages_per_second = 10_000;
        config.limits.order_commands_per_minute = 10_000;
    });
    let mut alice = gateway.trader("alice").await;
    let with = |field: &str, value: Value| {
        let mut message = order("buy", "1.00", "900.00");
        message["orderData"][field] = value;
        message.to_string()
    };
    let digits = "9".repeat(10_000);
    let cases = [
        ("{".to_owned(), "INVALID_MESSAGE", "MALFORMED_JSON"),
        ("[]".to_owned(), "INVALID_MESSAGE", "NOT_AN_OBJECT"),
        ("{}".to_owned(), "INVALID_MESSAGE", "MISSING_FIELD"),
        (r#"{"type":5}"#.to_owned(), "INVALID_MESSAGE", "WRONG_KIND"),
        (
            r#"{"type":"pong"}"#.to_owned(),
            "INVALID_MESSAGE",
            "UNKNOWN_TYPE",
        ),
        ("[".repeat(60_000), "INVALID_MESSAGE", "*"),
        (
            with("price", json!(900)),
            "INVALID_MESSAGE",
            "DECIMAL_NOT_A_STRING",
        ),
        (
            with("price", json!(digits)),
            "INVALID_MESSAGE",
            "DECIMAL_TOO_LONG",
        ),
        (
            with("price", json!("1e3")),
            "INVALID_MESSAGE",
            "INVALID_DECIMAL",
        ),
        (
            with("pair", json!("NO/PAIR")),
            "ORDER_FAILED",
            "UNKNOWN_PAIR",
        ),
        (
            with("price", json!("900.001")),
            "ORDER_FAILED",
            "PRICE_NOT_ON_TICK",
        ),
        (
            with("amount", json!("1.001")),
            "ORDER_FAILED",
            "AMOUNT_NOT_ON_LOT",
        ),
        (
            with("amount", json!("-1.00")),
            "ORDER_FAILED",
            "AMOUNT_NOT_POSITIVE",
        ),
        (
            with("amount", json!("0.00")),
            "ORDER_FAILED",
            "AMOUNT_NOT_POSITIVE",
        ),
        (
            with("price", json!("0")),
            "ORDER_FAILED",
            "PRICE_NOT_POSITIVE",
        ),
        (
            with("price", json!("99999999999.00")),
            "ORDER_FAILED",
            "PRICE_TOO_LARGE",
        ),
        (
            with("price", json!("2000.00")),
            "ORDER_FAILED",
            "PRICE_OUTSIDE_BAND",
        ),
        (
            with("amount", json!("1000000.01")),
            "ORDER_FAILED",
            "ABOVE_MAX_AMOUNT",
        ),
        (
            with("amount", json!("999999.00")),
            "INSUFFICIENT_BALANCE",
            "INSUFFICIENT_AVAILABLE",
        ),
        (
            with("clientOrderId", json!("x".repeat(37))),
            "INVALID_MESSAGE",
            "INVALID_CLIENT_ORDER_ID",
        ),
        (
            with("side", json!("hold")),
            "INVALID_MESSAGE",
            "INVALID_VALUE",
        ),
        (
            json!({"type": "cancel_order", "orderId": "order_1"}).to_string(),
            "ORDER_NOT_FOUND",
            "UNKNOWN_ORDER",
        ),
        (
            json!({"type": "cancel_order"}).to_string(),
            "INVALID_MESSAGE",
            "MISSING_FIELD",
        ),
        (
            json!({"type": "amend_order", "orderId": "order_1", "price": "1.00"}).to_string(),
            "ORDER_NOT_FOUND",
            "UNKNOWN_ORDER",
        ),
        (
            json!({"type": "ping", "requestId": ""}).to_string(),
            "INVALID_MESSAGE",
            "INVALID_REQUEST_ID",
        ),
    ];
    for (message, code, reason) in cases {
        let shown: String = message.chars().take(120).collect();
        alice.send_text(message).await;
        let answer = alice.next().await;
        let found = why(&answer);
        assert_eq!(found.0, code, "{shown}: {answer}");
        assert!(reason == "*" || found.1 == reason, "{shown}: {answer}");
        assert!(!answer["error"]["message"].as_str().unwrap().is_empty());
        assert!(answer["error"]["details"].is_string());
    }
    let balances = alice.ask(json!({"type": "get_balances"})).await;
    assert_eq!(balances["result"]["balances"][0]["available"], "1000000.00");
    let orders = alice.ask(json!({"type": "get_orders"})).await;
    assert_eq!(orders["result"]["orders"], json!([]));
    assert_eq!(gateway.stop().clearing().next_order_id().0, 1);
}

#[tokio::test]
async fn hostile_json_is_answered_and_survived() {
    let Ok(data) = std::env::var("EXCHANGE_DATA") else {
        eprintln!("LEFT OUT: EXCHANGE_DATA is not set, so the hostile JSON files are not there");
        return;
    };
    let gateway = TestGateway::with(|config| config.limits.messages_per_second = 100_000);
    let mut client = gateway.client().await;
    let mut files = Vec::new();
    let archive = "json-hostile/JSONTestSuite-test_parsing-test_transform.tar.gz";
    let archive = std::path::Path::new(&data).join(archive);
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("ws-json-hostile");
    std::fs::create_dir_all(&folder).unwrap();
    let mut tar = std::process::Command::new("tar");
    let status = tar.arg("-xzf").arg(archive).arg("-C").arg(&folder).status();
    assert!(status.unwrap().success());
    collect(&folder, &mut files);
    assert!(files.len() >= 188, "only {} files", files.len());
    for file in files {
        let bytes = std::fs::read(&file).unwrap();
        let Ok(text) = String::from_utf8(bytes) else {
            continue; // Closes with 1007: `transport` has that.
        };
        if text.len() > 65_536 {
            continue; // Closes with 1009.
        }
        client.send_text(text).await;
        let answer = client.next().await;
        assert_eq!(
            why(&answer).0,
            "INVALID_MESSAGE",
            "{}: {answer}",
            file.display()
        );
    }
    let pong = client.ask(json!({"type": "ping", "pair": PAIR})).await;
    assert_eq!(pong["type"], "pong");
}

/// The files whose names say that they are no JSON.
fn collect(folder: &std::path::Path, files: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path
            .file_name()
            .unwrap()
            .to_string_lossy()
            .starts_with("n_")
        {
            files.push(path);
        }
    }
}
