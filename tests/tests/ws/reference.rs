//! The message flows that the customer's own examples make, and every field in its format.

use serde_json::{Value, json};

use super::client::{Client, PAIR, order, subscribe};
use super::gateway::TestGateway;

/// The flow of the printed Python class and React hook: authenticate and subscribe back to back,
/// waiting for nothing.
#[tokio::test]
async fn authenticate_subscribe_and_order_back_to_back() {
    let gateway = TestGateway::start();
    let mut seller = gateway.trader("bob").await;
    seller.place("sell", "40.00", "1000.50").await;

    let mut client = gateway.client().await;
    let token = gateway.token("alice", 3_600);
    client
        .send(json!({"type": "authenticate", "token": token}))
        .await;
    let channels = json!([
        {"type": "orderbook", "pair": PAIR}, {"type": "portfolio"},
        {"type": "trades", "pair": PAIR}, {"type": "orders"}]);
    client.send(subscribe(channels)).await;
    client.send(order("buy", "100.00", "1000.50")).await;

    let hello = client.next().await;
    assert_eq!(hello["type"], "authenticated");
    assert_eq!(hello["data"]["userId"], "alice");
    let subscribed = client.next().await;
    assert_eq!(subscribed["type"], "subscribed");
    assert_eq!(subscribed["data"]["subscriptions"], 4);

    let book = client.next().await;
    check_book(&book, "snapshot");
    assert_eq!(
        book["data"]["asks"],
        json!([{"price": "1000.50", "amount": "40.00", "total": "40020.00"}])
    );
    assert_eq!(book["data"]["spread"], Value::Null, "one side is empty");
    check_portfolio(&client.next().await);
    assert_eq!(client.next().await["type"], "trades_snapshot");
    assert_eq!(client.next().await["type"], "orders_snapshot");

    let placed = client.next().await;
    assert_eq!(placed["type"], "order_placed");
    assert_eq!(placed["orderType"], "limit");
    assert_eq!(placed["result"]["status"], "pending");
    assert_eq!(placed["result"]["message"], "Order placed successfully");
    let id = placed["result"]["orderId"].as_str().unwrap().to_owned();
    assert!(id.starts_with("order_"));

    let update = client.next().await;
    check_order(&update, &id, "partially_filled", "40.00", "60.00");
    assert_eq!(update["data"]["lastFillPrice"], "1000.50");
    assert_eq!(update["data"]["lastFillAmount"], "40.00");
    assert_eq!(update["data"]["averagePrice"], "1000.50");
    let trade = client.until("trade").await;
    assert_eq!(trade["channel"], format!("trades_{PAIR}"));
    let data = &trade["data"];
    assert!(data["tradeId"].as_str().unwrap().starts_with("trade_"));
    assert_eq!(
        (
            &data["pair"],
            &data["price"],
            &data["amount"],
            &data["side"]
        ),
        (
            &json!(PAIR),
            &json!("1000.50"),
            &json!("40.00"),
            &json!("buy")
        )
    );
    assert!(data["timestamp"].is_u64() && data["sequence"].is_u64());
    assert_eq!(update["data"]["tradeId"], data["tradeId"]);

    let delta = client.until("orderbook_update").await;
    check_book(&delta, "delta");
    assert_eq!(
        delta["data"]["bids"],
        json!([{"price": "1000.50", "amount": "60.00", "total": "60030.00"}])
    );
    assert_eq!(
        delta["data"]["asks"],
        json!([{"price": "1000.50", "amount": "0.00", "total": "0.00"}])
    );
    assert_eq!(delta["data"]["previousSequence"], book["data"]["sequence"]);
    let portfolio = client.until("portfolio_update").await;
    check_portfolio(&portfolio);
    let exchange = gateway.stop();
    assert_eq!(exchange.clearing().in_flight(), 0);
}

#[tokio::test]
async fn an_order_is_cancelled_as_printed() {
    let gateway = TestGateway::start();
    let mut alice = gateway.trader("alice").await;
    let placed = alice.place("buy", "100.00", "995.00").await;
    let id = &placed["result"]["orderId"];
    let answer = alice
        .ask(json!({"type": "cancel_order", "orderId": id}))
        .await;
    assert_eq!(answer["type"], "order_cancelled");
    assert_eq!(&answer["orderId"], id);
    assert_eq!(answer["result"]["status"], "cancelled");
    assert_eq!(answer["result"]["message"], "Order cancelled successfully");
}

#[tokio::test]
async fn small_talk() {
    let gateway = TestGateway::start();
    let mut client: Client = gateway.client().await;
    let pong = client.ask(json!({"type": "ping"})).await;
    assert_eq!(pong["type"], "pong");
    let stats = client
        .ask(json!({"type": "connection_stats", "requestId": "s"}))
        .await;
    assert_eq!(stats["requestId"], "s");
    assert_eq!(stats["data"]["messagesReceived"], 2);
    assert_eq!(stats["data"]["messagesSent"], 1);
    assert_eq!(stats["data"]["subscriptions"], 0);
    assert!(stats["data"]["connectedAt"].is_u64());
    let time = client
        .ask(json!({"type": "get_time", "requestId": 5}))
        .await;
    assert_eq!(time["requestId"], 5);
    assert!(time["result"]["time"].is_u64());
    let instruments = client.ask(json!({"type": "get_instruments"})).await;
    let list = instruments["result"]["instruments"].as_array().unwrap();
    assert_eq!(list.len(), 4);
    assert_eq!(list[0]["pair"], PAIR);
    assert_eq!(list[0]["tickSize"], "0.01");
    let refused = client.ask(json!({"type": "get_balances"})).await;
    assert_eq!(refused["error"]["code"], "AUTH_REQUIRED");
}

fn check_book(book: &Value, kind: &str) {
    assert_eq!(book["type"], "orderbook_update");
    assert_eq!(book["channel"], format!("orderbook_{PAIR}"));
    assert_eq!(book["data"]["pair"], PAIR);
    assert_eq!(book["data"]["kind"], kind, "{book}");
    assert!(book["data"]["bids"].is_array() && book["data"]["asks"].is_array());
    assert!(book["data"]["sequence"].is_u64() && book["data"]["checksum"].is_u64());
}

fn check_portfolio(portfolio: &Value) {
    assert_eq!(portfolio["type"], "portfolio_update", "{portfolio}");
    assert_eq!(portfolio["channel"], "portfolio");
    let data = &portfolio["data"];
    assert_decimal(&data["totalValue"]);
    assert_signed(&data["change"], "");
    assert_signed(&data["changePercent"], "%");
    for position in data["positions"].as_array().unwrap() {
        assert!(position["symbol"].is_string());
        assert_decimal(&position["balance"]);
        assert_decimal(&position["value"]);
        assert_signed(&position["change"], "");
    }
}

fn check_order(update: &Value, id: &str, status: &str, filled: &str, remaining: &str) {
    assert_eq!(update["type"], "order_update", "{update}");
    assert_eq!(update["channel"], "orders");
    let data = &update["data"];
    for (field, expected) in [
        ("orderId", id),
        ("status", status),
        ("side", "buy"),
        ("type", "limit"),
        ("pair", PAIR),
        ("amount", "100.00"),
        ("filled", filled),
        ("remaining", remaining),
    ] {
        assert_eq!(data[field], expected, "{field}: {update}");
    }
}

fn assert_decimal(value: &Value) {
    let text = value
        .as_str()
        .unwrap_or_else(|| panic!("{value} is no string"));
    let (whole, cents) = text.split_once('.').unwrap();
    assert!(
        cents.len() == 2
            && (whole.to_owned() + cents)
                .bytes()
                .all(|b| b.is_ascii_digit())
    );
}

fn assert_signed(value: &Value, suffix: &str) {
    let text = value.as_str().unwrap().strip_suffix(suffix).unwrap();
    assert!(text.starts_with(['+', '-']), "{value}");
    assert_decimal(&json!(text[1..]));
}
