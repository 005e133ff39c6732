//! Users and their money by the operator's hand, and what the users see of it.

use gateway::config::{AdminToken, Config};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::client::{order, subscribe, why};
use super::folder::Folder;
use super::gateway::TestGateway;

const TOKEN: &str = "an-operator's-token-for-tests-only";

pub(crate) fn token() -> String {
    TOKEN.to_owned()
}

/// A gateway that an operator can reach.
pub(crate) fn gateway() -> TestGateway {
    TestGateway::with(open_port)
}

fn open_port(config: &mut Config) {
    config.server.admin_token = AdminToken::new(TOKEN);
}

/// One request to the operator's port; status and body.
pub(crate) async fn operate(
    gateway: &TestGateway,
    method: &str,
    path: &str,
    token: &str,
) -> (u16, Value) {
    operate_with(gateway, method, path, token, "").await
}

pub(crate) async fn operate_with(
    gateway: &TestGateway,
    method: &str,
    path: &str,
    token: &str,
    body: &str,
) -> (u16, Value) {
    let (status, _, answer) = exchange(gateway, method, path, token, body).await;
    let answer = serde_json::from_str(&answer).unwrap();
    testkit::contract::operated(method, path, body, status, &answer);
    (status, answer)
}

/// The same, with the head and the body as they came.
pub(crate) async fn exchange(
    gateway: &TestGateway,
    method: &str,
    path: &str,
    token: &str,
    body: &str,
) -> (u16, String, String) {
    let address = gateway.admin.unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, head.to_owned(), body.to_owned())
}

async fn ask(gateway: &TestGateway, method: &str, path: &str, body: &str) -> (u16, Value) {
    operate_with(
        gateway,
        method,
        &format!("/v1/accounts/{path}"),
        TOKEN,
        body,
    )
    .await
}

fn transfer(asset: &str, amount: &str, key: &str) -> String {
    json!({"asset": asset, "amount": amount, "idempotencyKey": key}).to_string()
}

/// Status and word of a refusal.
fn refused(answer: &(u16, Value)) -> (u16, &str) {
    (answer.0, answer.1["reason"].as_str().unwrap_or_default())
}

fn balance<'a>(account: &'a Value, asset: &str) -> &'a Value {
    let balances = account["balances"].as_array().unwrap();
    balances.iter().find(|it| it["asset"] == asset).unwrap()
}

#[tokio::test]
async fn an_account_is_opened_filled_and_told() {
    let gateway = gateway();
    let name = "dora%20%2F%20x";
    let answer = ask(&gateway, "GET", name, "").await;
    assert_eq!(refused(&answer), (404, "UNKNOWN_ACCOUNT"));
    let deposits = format!("{name}/deposits");
    let answer = ask(&gateway, "POST", &deposits, &transfer("XRP", "1", "a")).await;
    assert_eq!(refused(&answer), (404, "UNKNOWN_ACCOUNT"));
    let (status, opened) = ask(&gateway, "PUT", name, "").await;
    assert_eq!((status, &opened["user"]), (200, &json!("dora / x")));
    let none = json!({"asset": "XRP", "available": "0.00", "held": "0.00", "total": "0.00"});
    assert_eq!(balance(&opened, "XRP"), &none);
    let limits = json!({"orderCommandsPerMinute": null, "cancelsPerMinute": null,
        "messagesPerSecond": null});
    assert_eq!(
        (&opened["openOrders"], &opened["limits"]),
        (&json!(0), &limits)
    );
    assert_eq!(ask(&gateway, "PUT", name, "").await, (200, opened));

    let (status, booked) = ask(&gateway, "POST", &deposits, &transfer("XRP", "2000.5", "a")).await;
    assert_eq!(status, 200, "{booked}");
    assert_eq!(booked["user"], "dora / x");
    let mut dora = gateway.trader("dora / x").await;
    dora.place("buy", "1.00", "1000.00").await;
    let (_, account) = ask(&gateway, "GET", name, "").await;
    let held = json!({"asset": "XRP", "available": "1000.50", "held": "1000.00",
        "total": "2000.50"});
    assert_eq!(balance(&account, "XRP"), &held);
    assert_eq!(
        (&account["openOrders"], &account["positions"]),
        (&json!(1), &json!([]))
    );
    gateway.stop();
}

/// Ours are millionths of XRP: the smallest there is, and one decimal more.
#[tokio::test]
async fn each_refusal_has_its_word_and_changes_nothing() {
    let gateway = gateway();
    let before = ask(&gateway, "GET", "alice", "").await;
    let long = "k".repeat(129);
    for (path, body, expected) in [
        ("alice/deposits", "{".to_owned(), (400, "MALFORMED_JSON")),
        ("alice/deposits", "[]".to_owned(), (400, "MALFORMED_JSON")),
        (
            "alice/deposits",
            transfer("GOLD", "1", "r"),
            (400, "UNKNOWN_ASSET"),
        ),
        (
            "alice/deposits",
            transfer("XRP", "0.0000001", "r"),
            (400, "INVALID_VALUE"),
        ),
        (
            "alice/deposits",
            transfer("XRP", "-1", "r"),
            (400, "INVALID_VALUE"),
        ),
        (
            "alice/deposits",
            transfer("XRP", "1e3", "r"),
            (400, "INVALID_DECIMAL"),
        ),
        (
            "alice/deposits",
            r#"{"asset":"XRP","amount":1,"idempotencyKey":"r"}"#.to_owned(),
            (400, "DECIMAL_NOT_A_STRING"),
        ),
        (
            "alice/deposits",
            r#"{"asset":"XRP","amount":"1"}"#.to_owned(),
            (400, "MISSING_FIELD"),
        ),
        (
            "alice/deposits",
            transfer("XRP", "1", ""),
            (400, "INVALID_VALUE"),
        ),
        (
            "alice/deposits",
            transfer("XRP", "1", "a b"),
            (400, "INVALID_VALUE"),
        ),
        (
            "alice/deposits",
            transfer("XRP", "1", &long),
            (400, "INVALID_VALUE"),
        ),
        (
            "alice/deposits",
            transfer("XRP", "0", "r"),
            (409, "ZERO_AMOUNT"),
        ),
        (
            "alice/deposits",
            transfer("XRP", "9300000000000", "r"),
            (400, "INVALID_VALUE"),
        ),
        (
            "alice/deposits",
            transfer("XRP", "9223372036854.775807", "r"),
            (409, "BALANCE_TOO_LARGE"),
        ),
        (
            "alice/withdrawals",
            transfer("XRP", "1000000.000001", "r"),
            (409, "INSUFFICIENT_AVAILABLE"),
        ),
        (
            "alice/withdrawals",
            transfer("XRP", "0", "r"),
            (409, "ZERO_AMOUNT"),
        ),
        (
            "nobody/withdrawals",
            transfer("XRP", "1", "r"),
            (404, "UNKNOWN_ACCOUNT"),
        ),
        (
            "%zz/deposits",
            transfer("XRP", "1", "r"),
            (400, "INVALID_VALUE"),
        ),
        (
            "/deposits",
            transfer("XRP", "1", "r"),
            (400, "INVALID_VALUE"),
        ),
        ("alice/gifts", transfer("XRP", "1", "r"), (404, "NOT_FOUND")),
        (
            "alice/deposits/x",
            transfer("XRP", "1", "r"),
            (404, "NOT_FOUND"),
        ),
        ("alice", String::new(), (405, "METHOD_NOT_ALLOWED")),
        ("alice/limits", String::new(), (405, "METHOD_NOT_ALLOWED")),
        (
            "alice/deposits",
            format!("\"{}\"", "x".repeat(16 * 1024)),
            (413, "BODY_TOO_LARGE"),
        ),
    ] {
        let answer = ask(&gateway, "POST", path, &body).await;
        assert_eq!(refused(&answer), expected, "{path} {body}");
    }
    let answer = ask(&gateway, "GET", "alice/deposits", "").await;
    assert_eq!(refused(&answer), (405, "METHOD_NOT_ALLOWED"));
    let path = "/v1/accounts/alice/deposits";
    let body = transfer("XRP", "1", "r");
    let answer = operate_with(&gateway, "POST", path, "no", &body).await;
    assert_eq!(refused(&answer), (401, "UNAUTHORIZED"));
    assert_eq!(ask(&gateway, "GET", "alice", "").await, before);
    // None of them used the key up; the smallest amount, all there is, and the longest key fit.
    let smallest = transfer("XRP", "0.000001", "r");
    assert_eq!(
        ask(&gateway, "POST", "alice/deposits", &smallest).await.0,
        200
    );
    let all = transfer("XRP", "1000000.000001", &"k".repeat(128));
    assert_eq!(
        ask(&gateway, "POST", "alice/withdrawals", &all).await.0,
        200
    );
    let (_, account) = ask(&gateway, "GET", "alice", "").await;
    assert_eq!(balance(&account, "XRP")["total"], "0.00");
    gateway.stop();
}

#[tokio::test]
async fn a_key_counts_once_and_its_answer_is_said_again() {
    let folder = Folder::new("operator-keys");
    let change = |config: &mut Config| {
        open_port(config);
        config.storage.data_dir = Some(folder.0.clone());
        config.storage.snapshot_every = 5;
    };
    let gateway = TestGateway::with(change);
    let ten = transfer("XRP", "10.00", "order 1".replace(' ', "-").as_str());
    let path = "/v1/accounts/alice/deposits";
    let first = exchange(&gateway, "POST", path, TOKEN, &ten).await;
    assert!(
        first.0 == 200 && !first.1.contains("idempotency-replayed"),
        "{first:?}"
    );
    let mut running = Some(gateway);
    for _ in 0..3 {
        let gateway = running.take().unwrap_or_else(|| TestGateway::with(change));
        let again = exchange(&gateway, "POST", path, TOKEN, &ten).await;
        assert!(again.1.contains("idempotency-replayed: true"), "{again:?}");
        assert_eq!((again.0, &again.2), (200, &first.2));
        // The same amount in other words is the same; anything else is not.
        let spelt = ten.replace("10.00", "10");
        let same = exchange(&gateway, "POST", path, TOKEN, &spelt).await;
        assert_eq!((same.0, &same.2), (200, &first.2));
        for (path, body) in [
            ("alice/deposits", ten.replace("10.00", "10.01")),
            ("alice/deposits", ten.replace("XRP", "LUXURY001")),
            ("alice/withdrawals", ten.clone()),
            ("bob/deposits", ten.clone()),
        ] {
            let answer = ask(&gateway, "POST", path, &body).await;
            assert_eq!(refused(&answer), (409, "IDEMPOTENCY_KEY_REUSED"), "{path}");
        }
        let (_, account) = ask(&gateway, "GET", "alice", "").await;
        assert_eq!(balance(&account, "XRP")["total"], "1000010.00");
        // Enough commands for a snapshot before the next start.
        let mut carol = gateway.trader("carol").await;
        for _ in 0..6 {
            carol.place("buy", "1.00", "900.00").await;
        }
        gateway.stop();
    }
}

/// A day from the first on, and not a moment less.
#[tokio::test]
async fn a_key_is_known_for_a_day() {
    let gateway = TestGateway::patient(open_port);
    let one = transfer("XRP", "1", "daily");
    let deposit = async || ask(&gateway, "POST", "alice/deposits", &one).await;
    let first = deposit().await;
    gateway.advance(86_400_000 - 1);
    assert_eq!(deposit().await, first);
    gateway.advance(1);
    let second = deposit().await;
    assert_eq!(second.0, 200);
    assert_ne!(second.1["bookedAt"], first.1["bookedAt"]);
    let (_, account) = ask(&gateway, "GET", "alice", "").await;
    assert_eq!(balance(&account, "XRP")["total"], "1000002.00");
}

/// What an order holds cannot leave, whichever of the two comes first.
#[tokio::test]
async fn a_withdrawal_takes_nothing_from_under_an_order() {
    let gateway = gateway();
    let mut alice = gateway.trader("alice").await;
    alice.place("buy", "900.00", "1000.00").await;
    let more = transfer("XRP", "100000.01", "w1");
    let answer = ask(&gateway, "POST", "alice/withdrawals", &more).await;
    assert_eq!(refused(&answer), (409, "INSUFFICIENT_AVAILABLE"));
    let rest = transfer("XRP", "100000.00", "w1");
    assert_eq!(
        ask(&gateway, "POST", "alice/withdrawals", &rest).await.0,
        200
    );
    let refused_order = alice.ask(order("buy", "1.00", "1000.00")).await;
    assert_eq!(
        why(&refused_order),
        ("INSUFFICIENT_BALANCE", "INSUFFICIENT_AVAILABLE")
    );
    alice.send(json!({"type": "cancel_all"})).await;
    alice.until("orders_cancelled").await;

    // One of the two has all of it: never both, never neither.
    let mut taken = 0;
    for round in 0..20 {
        let all = transfer("XRP", "900000.00", &format!("race-{round}"));
        let withdrawal = ask(&gateway, "POST", "alice/withdrawals", &all);
        let placed = alice.ask(order("buy", "900.00", "1000.00"));
        let (withdrawal, placed) = tokio::join!(withdrawal, placed);
        match (withdrawal.0, placed["type"].as_str().unwrap()) {
            (200, "error") => {
                assert_eq!(why(&placed).1, "INSUFFICIENT_AVAILABLE");
                taken += 1;
                let back = transfer("XRP", "900000.00", &format!("back-{round}"));
                assert_eq!(ask(&gateway, "POST", "alice/deposits", &back).await.0, 200);
            }
            (409, "order_placed") => {
                alice.send(json!({"type": "cancel_all"})).await;
                alice.until("orders_cancelled").await;
            }
            other => panic!("{other:?}: {withdrawal:?} {placed}"),
        }
    }
    println!("the withdrawal was first {taken} times of 20");
    gateway.stop();
}

/// Collateral is the position's: it is no one's to withdraw.
#[tokio::test]
async fn a_withdrawal_takes_nothing_from_under_a_position() {
    let gateway = gateway();
    let mut bob = gateway.trader("bob").await;
    bob.place("sell", "10.00", "1000.00").await;
    let mut alice = gateway.trader("alice").await;
    let mut margin = order("buy", "10.00", "1000.00");
    margin["orderData"]["leverage"] = json!("10");
    alice.send(margin).await;
    alice.until("order_placed").await;
    let (_, account) = ask(&gateway, "GET", "alice", "").await;
    let position = &account["positions"][0];
    assert_eq!(
        (&position["size"], &position["side"]),
        (&json!("10.00"), &json!("long"))
    );
    let total = balance(&account, "XRP")["total"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(total, "999000.00", "{account}");
    let more = transfer("XRP", "999000.01", "m1");
    let answer = ask(&gateway, "POST", "alice/withdrawals", &more).await;
    assert_eq!(refused(&answer), (409, "INSUFFICIENT_AVAILABLE"));
    let all = transfer("XRP", &total, "m1");
    assert_eq!(
        ask(&gateway, "POST", "alice/withdrawals", &all).await.0,
        200
    );
    gateway.stop();
}

/// The streams tell of it, and what came in is no gain.
#[tokio::test]
async fn users_see_what_the_operator_books() {
    let gateway = TestGateway::at_pace(10, open_port);
    let mut alice = gateway.trader("alice").await;
    alice.send(subscribe(json!([{"type": "portfolio"}]))).await;
    let first = alice.until("portfolio_update").await;
    assert_eq!(first["data"]["totalValue"], "16005000.00");
    for (deed, key, expected) in [
        ("deposits", "p1", "16005500.00"),
        ("withdrawals", "p2", "16005000.00"),
    ] {
        let body = transfer("XRP", "500.00", key);
        let path = format!("alice/{deed}");
        assert_eq!(ask(&gateway, "POST", &path, &body).await.0, 200);
        let told = loop {
            let told = alice.until("portfolio_update").await;
            if told["data"]["totalValue"] == expected {
                break told;
            }
        };
        assert_eq!(told["data"]["change"], "+0.00", "{told}");
    }
    alice.send(json!({"type": "get_balances"})).await;
    let balances = alice.until("get_balances").await;
    assert_eq!(balances["result"]["balances"][0]["total"], "1000000.00");
}

#[tokio::test]
async fn limits_hold_at_once_and_over_restarts() {
    let folder = Folder::new("operator-limits");
    let change = |config: &mut Config| {
        open_port(config);
        config.storage.data_dir = Some(folder.0.clone());
    };
    let gateway = TestGateway::with(change);
    let mut alice = gateway.trader("alice").await;
    alice.place("buy", "1.00", "900.00").await;
    let body = r#"{"orderCommandsPerMinute": 3, "cancelsPerMinute": 2}"#;
    let (status, account) = ask(&gateway, "PUT", "alice/limits", body).await;
    let limits = json!({"orderCommandsPerMinute": 3, "cancelsPerMinute": 2,
        "messagesPerSecond": null});
    assert_eq!((status, &account["limits"]), (200, &limits));
    // The third within the minute, and one more.
    alice.place("buy", "1.00", "900.00").await;
    alice.place("buy", "1.00", "900.00").await;
    let over = alice.ask(order("buy", "1.00", "900.00")).await;
    assert_eq!(why(&over), ("RATE_LIMIT_EXCEEDED", "ORDER_RATE"));
    for _ in 0..2 {
        alice.send(json!({"type": "cancel_all"})).await;
        alice.until("orders_cancelled").await;
    }
    let over = alice.ask(json!({"type": "cancel_all"})).await;
    assert_eq!(why(&over), ("RATE_LIMIT_EXCEEDED", "CANCEL_RATE"));
    gateway.stop();

    let gateway = TestGateway::with(change);
    let (_, account) = ask(&gateway, "GET", "alice", "").await;
    assert_eq!(account["limits"], limits);
    let mut alice = gateway.trader("alice").await;
    for _ in 0..3 {
        alice.place("buy", "1.00", "900.00").await;
    }
    let over = alice.ask(order("buy", "1.00", "900.00")).await;
    assert_eq!(why(&over), ("RATE_LIMIT_EXCEEDED", "ORDER_RATE"));
    // Others have theirs, and what is taken back is as configured.
    let mut bob = gateway.trader("bob").await;
    for _ in 0..4 {
        bob.place("buy", "1.00", "900.00").await;
    }
    let (status, account) = ask(&gateway, "PUT", "alice/limits", "{}").await;
    assert_eq!(
        (status, &account["limits"]["orderCommandsPerMinute"]),
        (200, &json!(null))
    );
    alice.place("buy", "1.00", "900.00").await;

    for wrong in [
        "",
        "[]",
        r#"{"orderCommandsPerMinute": 0}"#,
        r#"{"orderCommandsPerMinute": 10000001}"#,
        r#"{"orderCommandsPerMinute": -1}"#,
        r#"{"orderCommandsPerMinute": "5"}"#,
        r#"{"ordersPerMinute": 5}"#,
    ] {
        let answer = ask(&gateway, "PUT", "alice/limits", wrong).await;
        assert_eq!(refused(&answer), (400, "INVALID_VALUE"), "{wrong}");
    }
    let most = r#"{"orderCommandsPerMinute": 10000000, "messagesPerSecond": 1}"#;
    assert_eq!(ask(&gateway, "PUT", "alice/limits", most).await.0, 200);
    let answer = ask(&gateway, "PUT", "nobody/limits", "{}").await;
    assert_eq!(refused(&answer), (404, "UNKNOWN_ACCOUNT"));
    gateway.stop();
}

/// A limit on messages is one of each connection of the user.
#[tokio::test]
async fn a_limit_on_messages_holds_at_once() {
    let gateway = TestGateway::standing_still(open_port);
    let mut alice = gateway.trader("alice").await;
    let body = r#"{"messagesPerSecond": 3}"#;
    assert_eq!(ask(&gateway, "PUT", "alice/limits", body).await.0, 200);
    // The login was the first.
    for _ in 0..2 {
        alice.send(json!({"type": "ping"})).await;
        assert_eq!(alice.next().await["type"], "pong");
    }
    let over = alice.ask(json!({"type": "ping"})).await;
    assert_eq!(why(&over), ("RATE_LIMIT_EXCEEDED", "MESSAGE_RATE"));
    let mut bob = gateway.trader("bob").await;
    for _ in 0..5 {
        assert_eq!(bob.ask(json!({"type": "ping"})).await["type"], "pong");
    }
}

/// One inside and one outside of what is remembered, and of how many accounts there may be.
#[tokio::test]
async fn there_is_room_for_so_many_transfers_and_accounts() {
    let gateway = TestGateway::patient(|config| {
        open_port(config);
        config.exchange.max_transfers = 2;
        // Three users are there from the start.
        config.exchange.max_accounts = 4;
    });
    assert_eq!(ask(&gateway, "PUT", "dora", "").await.0, 200);
    let full = ask(&gateway, "PUT", "erin", "").await;
    assert_eq!(refused(&full), (507, "TOO_MANY_ACCOUNTS"));
    assert_eq!(ask(&gateway, "PUT", "dora", "").await.0, 200);
    let book = async |key| {
        ask(
            &gateway,
            "POST",
            "dora/deposits",
            &transfer("XRP", "1", key),
        )
        .await
    };
    let first = book("one").await;
    assert_eq!((first.0, book("two").await.0), (200, 200));
    assert_eq!(refused(&book("three").await), (507, "TOO_MANY_TRANSFERS"));
    assert_eq!(book("one").await, first, "what is remembered is answered");
    gateway.advance(86_400_000);
    assert_eq!(book("three").await.0, 200);
    let (_, account) = ask(&gateway, "GET", "dora", "").await;
    assert_eq!(balance(&account, "XRP")["total"], "3.00");
}

/// A retry of a halt that comes after somebody else opened the pair must not halt it again.
#[tokio::test]
async fn a_halt_that_comes_late_halts_nothing_again() {
    let folder = Folder::new("operator-halts");
    let change = |config: &mut Config| {
        open_port(config);
        config.storage.data_dir = Some(folder.0.clone());
    };
    let pair = "/v1/pairs/LUXURY001/XRP";
    let set = async |gateway: &TestGateway, deed: &str, key: Option<&str>| {
        let body = key.map_or(String::new(), |key| {
            json!({"idempotencyKey": key}).to_string()
        });
        let path = format!("{pair}/{deed}");
        let (status, head, answer) = exchange(gateway, "POST", &path, TOKEN, &body).await;
        let answer: Value = serde_json::from_str(&answer).unwrap();
        testkit::contract::operated("POST", &path, &body, status, &answer);
        let word = answer["status"].as_str().or(answer["reason"].as_str());
        let word = word.unwrap_or_default().to_owned();
        (status, head.contains("idempotency-replayed: true"), word)
    };
    let done = |word: &str| (200, false, word.to_owned());
    let repeated = |word: &str| (200, true, word.to_owned());

    let gateway = TestGateway::with(change);
    assert_eq!(set(&gateway, "halt", Some("h1")).await, done("halted"));
    assert_eq!(set(&gateway, "halt", Some("h1")).await, repeated("halted"));
    assert_eq!(set(&gateway, "resume", None).await, done("open"));
    assert_eq!(set(&gateway, "halt", Some("h1")).await, repeated("open"));
    let mut alice = gateway.trader("alice").await;
    alice.place("buy", "1.00", "900.00").await;
    // One that found nothing to do is remembered, too.
    assert_eq!(set(&gateway, "resume", Some("r1")).await, done("open"));
    assert_eq!(set(&gateway, "halt", None).await, done("halted"));
    assert_eq!(
        set(&gateway, "resume", Some("r1")).await,
        repeated("halted")
    );
    let refused = (409, false, "IDEMPOTENCY_KEY_REUSED".to_owned());
    assert_eq!(set(&gateway, "resume", Some("h1")).await, refused);
    assert_eq!(set(&gateway, "close", Some("h1")).await, refused);
    // Without a key it does what it says, each time.
    assert_eq!(set(&gateway, "resume", None).await, done("open"));
    gateway.stop();

    let gateway = TestGateway::with(change);
    assert_eq!(set(&gateway, "halt", Some("h1")).await, repeated("open"));
    let mut alice = gateway.trader("alice").await;
    alice.place("buy", "1.00", "900.00").await;
    gateway.advance(86_400_000);
    assert_eq!(set(&gateway, "halt", Some("h1")).await, done("halted"));
    gateway.stop();
}

/// Transfers, limits, accounts and statuses share the keys, and the room for them.
#[tokio::test]
async fn a_key_is_of_one_request_over_restarts() {
    let folder = Folder::new("operator-one-key");
    let change = |config: &mut Config| {
        open_port(config);
        config.storage.data_dir = Some(folder.0.clone());
        config.exchange.max_transfers = 3;
    };
    let put = async |gateway: &TestGateway, path: &str, body: &str| {
        let path = format!("/v1/accounts/{path}");
        let (status, head, answer) = exchange(gateway, "PUT", &path, TOKEN, body).await;
        let answer: Value = serde_json::from_str(&answer).unwrap();
        testkit::contract::operated("PUT", &path, body, status, &answer);
        (status, head.contains("idempotency-replayed: true"), answer)
    };
    let opening = r#"{"idempotencyKey": "a1"}"#;
    let limits = r#"{"orderCommandsPerMinute": 3, "idempotencyKey": "l1"}"#;
    let gateway = TestGateway::with(change);
    let (status, again, dora) = put(&gateway, "dora", opening).await;
    assert_eq!((status, again, &dora["user"]), (200, false, &json!("dora")));
    assert_eq!(put(&gateway, "dora", opening).await, (200, true, dora));
    let (status, again, account) = put(&gateway, "dora/limits", limits).await;
    let limit = &account["limits"]["orderCommandsPerMinute"];
    assert_eq!((status, again, limit), (200, false, &json!(3)));
    let (status, _, _) = put(&gateway, "dora/limits", "{}").await;
    assert_eq!(status, 200);
    let body = transfer("XRP", "1", "t1");
    let answer = ask(&gateway, "POST", "dora/deposits", &body).await;
    assert_eq!(answer.0, 200);
    gateway.stop();

    let gateway = TestGateway::with(change);
    // It was set since by somebody else, and stays so.
    let (status, again, account) = put(&gateway, "dora/limits", limits).await;
    let limit = &account["limits"]["orderCommandsPerMinute"];
    assert_eq!((status, again, limit), (200, true, &json!(null)));
    for (path, body, expected) in [
        (
            "dora",
            r#"{"idempotencyKey": "l1"}"#,
            (409, "IDEMPOTENCY_KEY_REUSED"),
        ),
        (
            "dora",
            r#"{"idempotencyKey": "t1"}"#,
            (409, "IDEMPOTENCY_KEY_REUSED"),
        ),
        ("erin", opening, (409, "IDEMPOTENCY_KEY_REUSED")),
        (
            "dora/limits",
            r#"{"orderCommandsPerMinute": 4, "idempotencyKey": "l1"}"#,
            (409, "IDEMPOTENCY_KEY_REUSED"),
        ),
        (
            "erin",
            r#"{"idempotencyKey": "a2"}"#,
            (507, "TOO_MANY_TRANSFERS"),
        ),
        ("erin", r#"{"idempotencyKey": ""}"#, (400, "INVALID_VALUE")),
        ("erin", r#"{"key": "a"}"#, (400, "INVALID_VALUE")),
        (
            "dora/limits",
            r#"{"idempotencyKey": "a b"}"#,
            (400, "INVALID_VALUE"),
        ),
    ] {
        let (status, _, answer) = put(&gateway, path, body).await;
        assert_eq!(refused(&(status, answer)), expected, "{path} {body}");
    }
    let body = transfer("XRP", "1", "a1");
    let answer = ask(&gateway, "POST", "dora/deposits", &body).await;
    assert_eq!(refused(&answer), (409, "IDEMPOTENCY_KEY_REUSED"));
    let answer = ask(&gateway, "GET", "erin", "").await;
    assert_eq!(refused(&answer), (404, "UNKNOWN_ACCOUNT"));
    let large = "x".repeat(16 * 1024 + 1);
    let halt = "/v1/pairs/LUXURY001/XRP/halt";
    for (body, expected) in [
        (r#"{"idempotencyKey": 5}"#, (400, "INVALID_VALUE")),
        ("halt", (400, "INVALID_VALUE")),
        (&large, (413, "BODY_TOO_LARGE")),
    ] {
        let answer = operate_with(&gateway, "POST", halt, TOKEN, body).await;
        assert_eq!(refused(&answer), expected, "{body:.30}");
    }
    gateway.stop();
}
