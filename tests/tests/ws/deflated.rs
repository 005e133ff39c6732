//! permessage-deflate: what is offered and agreed on, what leaves, what may come.

use serde_json::json;

use super::client::{PAIR, order, subscribe};
use super::gateway::TestGateway;
use super::raw::{DEFLATED, Raw, TEXT, deflate, inflate};

const OFFER: &str = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n";
const ALONE: &str = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

#[tokio::test]
async fn what_is_offered_is_taken_in_order() {
    let gateway = TestGateway::start();
    let narrow = format!("{ALONE}; server_max_window_bits=10");
    let safari = "User-Agent: Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 \
                  (KHTML, like Gecko) Version/15.2 Safari/605.1.15\r\n";
    for (headers, answer) in [
        (String::new(), None),
        (OFFER.to_owned(), Some(ALONE)),
        (
            "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=10\r\n"
                .to_owned(),
            Some(&*narrow),
        ),
        (
            "Sec-WebSocket-Extensions: permessage-deflate; unheard_of, permessage-deflate\r\n"
                .to_owned(),
            Some(ALONE),
        ),
        (
            "Sec-WebSocket-Extensions: other\r\n".to_owned() + OFFER,
            Some(ALONE),
        ),
        (
            "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=16\r\n"
                .to_owned(),
            None,
        ),
        (OFFER.to_owned() + safari, None),
    ] {
        let client = Raw::connect(gateway.address, &headers).await;
        assert!(
            client.answer.starts_with("HTTP/1.1 101 "),
            "{}",
            client.answer
        );
        assert_eq!(
            client.header("sec-websocket-extensions"),
            answer,
            "{headers}"
        );
    }
    let plain = TestGateway::with(|config| config.server.compression = false);
    let client = Raw::connect(plain.address, OFFER).await;
    assert_eq!(client.header("sec-websocket-extensions"), None);
}

/// What many get comes deflated to those who agreed, as the same bytes, and plainly to the others;
/// what is short never is, and what one client gets only when it is long.
#[tokio::test]
async fn streams_come_deflated_and_short_answers_do_not() {
    let gateway = TestGateway::start();
    let watch = subscribe(json!([{"type": "orderbook", "pair": PAIR, "depth": 50}])).to_string();
    let mut watchers = Vec::new();
    for headers in [
        OFFER,
        OFFER,
        "",
        "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=8\r\n",
    ] {
        let mut client = Raw::connect(gateway.address, headers).await;
        client.send(TEXT, watch.as_bytes()).await;
        client.until("orderbook_update").await;
        watchers.push(client);
    }
    let mut trader = gateway.trader("alice").await;
    trader.send(order("buy", "1.00", "990.00")).await;
    trader.until("order_placed").await;
    let mut told = Vec::new();
    for client in &mut watchers {
        told.push(client.next().await);
    }
    let plain = told[2].1.clone();
    assert!(plain.len() > 256, "{}", plain.len());
    assert_eq!(told[0].0, TEXT | DEFLATED);
    assert_eq!(told[2].0, TEXT);
    // Longer than the window that it asked for.
    assert_eq!(told[3].0, TEXT);
    let said = |text: &[u8]| -> serde_json::Value { serde_json::from_slice(text).unwrap() };
    assert_eq!(said(&inflate(&told[0].1))["data"], said(&plain)["data"]);

    let client = &mut watchers[0];
    client.send_deflated(r#"{"type":"ping"}"#).await;
    assert!(!client.until("pong").await.1, "too short to gain by it");
    client.send_deflated(r#"{"type":"get_instruments"}"#).await;
    assert!(client.until("get_instruments").await.1, "long enough");
}

#[tokio::test]
async fn deflated_messages_may_come_in_pieces_and_between_plain_ones() {
    let gateway = TestGateway::start();
    let mut client = Raw::connect(gateway.address, OFFER).await;
    let text = format!(r#"{{"type":"ping","requestId":"{}"}}"#, "a".repeat(60));
    let deflated = deflate(text.as_bytes());
    for pieces in 1..=deflated.len() {
        let size = deflated.len().div_ceil(pieces);
        let count = deflated.chunks(size).count();
        for (index, piece) in deflated.chunks(size).enumerate() {
            let last = if index + 1 == count { 0x80 } else { 0 };
            let first = if index == 0 { 0x41 } else { 0 };
            client.send(last | first, piece).await;
        }
        client.send(TEXT, br#"{"type":"ping"}"#).await;
        let (pong, _) = client.until("pong").await;
        assert_eq!(pong["requestId"], "a".repeat(60));
        let (pong, _) = client.until("pong").await;
        assert!(pong.get("requestId").is_none());
        // The next of them counts in another second.
        gateway.advance(1_000);
    }
}

#[tokio::test]
async fn what_may_not_come_closes_with_its_code() {
    let gateway = TestGateway::start();
    let bomb = deflate(&vec![b' '; 40 * 1024 * 1024]);
    assert!(bomb.len() < 48 * 1024, "{}", bomb.len());
    for (first, payload, code) in [
        (TEXT | DEFLATED, bomb, 1009),
        (TEXT | DEFLATED, deflate(&vec![b' '; 65_537]), 1009),
        (TEXT | DEFLATED, vec![0xff; 9], 1007),
        (TEXT | DEFLATED, deflate(b"{\"\xff\"}"), 1007),
        (0x82 | DEFLATED, deflate(b"binary"), 1003),
        // A mark on a ping, on a piece that is not the first, and one that means nothing.
        (0x89 | DEFLATED, b"x".to_vec(), 1002),
        (0x80 | DEFLATED, deflate(b"x"), 1002),
        (TEXT | 0x20, b"x".to_vec(), 1002),
    ] {
        let mut client = Raw::connect(gateway.address, OFFER).await;
        client.send(first, &payload).await;
        assert_eq!(client.closed().await, code, "{first:x}");
    }
    // The largest there may be.
    let mut client = Raw::connect(gateway.address, OFFER).await;
    client
        .send(TEXT | DEFLATED, &deflate(&vec![b' '; 65_536]))
        .await;
    assert_eq!(
        client.until("error").await.0["error"]["code"],
        "INVALID_MESSAGE"
    );
    // Without an agreement the mark means nothing either.
    let mut client = Raw::connect(gateway.address, "").await;
    client.send_deflated(r#"{"type":"ping"}"#).await;
    assert_eq!(client.closed().await, 1002);
}
