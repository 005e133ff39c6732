//! Promise: every message of a client is read field for field, and what is wrong with one is told
//! with its code, reason and field, and with the `requestId` wherever that could be read.

#![allow(
    clippy::unwrap_used,
    reason = "a test may stop at what it did not expect"
)]

use expect_test::{Expect, expect};
use gateway::wire::{Decoder, ErrorMessage, WireError, decode};
use proptest::prelude::*;

/// Reads `message` and shows what it was taken for, or the error that answers it.
fn read(message: &str) -> String {
    match Decoder::new().read(message.as_bytes()) {
        Ok(envelope) => format!("{envelope:?}"),
        Err(error) => encoded(&error),
    }
}

fn encoded(error: &WireError) -> String {
    let mut out = Vec::new();
    ErrorMessage {
        refusal: &error.refusal,
        request_type: error.request_type,
        client_order_id: error.client_order_id,
        index: None,
    }
    .encode(
        &mut out,
        error.request_id.as_ref(),
        engine::domain::Timestamp(0),
    );
    String::from_utf8(out).unwrap()
}

#[track_caller]
fn check(messages: &[&str], expected: &Expect) {
    let mut shown = String::new();
    for message in messages {
        shown.push_str(message);
        shown.push_str("\n  → ");
        shown.push_str(&read(message));
        shown.push('\n');
    }
    expected.assert_eq(&shown);
}

#[test]
fn the_reference_s_messages_are_read() {
    check(
        &[
            r#"{"type":"authenticate","token":"a.b.c"}"#,
            r#"{"type":"subscribe","channels":[{"type":"orderbook","pair":"LUXURY001/XRP"},{"type":"portfolio"}]}"#,
            r#"{"type":"unsubscribe","channels":[{"type":"orderbook","pair":"LUXURY001/XRP"}]}"#,
            r#"{"type":"place_order","orderType":"limit","orderData":{"pair":"LUXURY001/XRP","side":"buy","amount":"100.00","price":"995.00","timeInForce":"GTC"}}"#,
            r#"{"type":"cancel_order","orderId":"order_123456789"}"#,
            r#"{"type":"place_order","orderType":"stop_loss","orderData":{"pair":"LUXURY001/XRP","side":"sell","amount":"100.00","stopPrice":"950.00","limitPrice":"945.00"}}"#,
            r#"{"type":"place_order","orderType":"oco","orderData":{"pair":"LUXURY001/XRP","side":"sell","amount":"100.00","stopPrice":"950.00","limitPrice":"945.00","targetPrice":"1050.00"}}"#,
            r#"{"type":"ping"}"#,
        ],
        &expect![[r#"
            {"type":"authenticate","token":"a.b.c"}
              → Envelope { request_id: None, message: Authenticate(Authenticate { token: "hidden", cancel_on_disconnect: None }) }
            {"type":"subscribe","channels":[{"type":"orderbook","pair":"LUXURY001/XRP"},{"type":"portfolio"}]}
              → Envelope { request_id: None, message: Subscribe([Ok(OrderBook { pair: "LUXURY001/XRP", depth: Fifteen, updates: Delta }), Ok(Portfolio)]) }
            {"type":"unsubscribe","channels":[{"type":"orderbook","pair":"LUXURY001/XRP"}]}
              → Envelope { request_id: None, message: Unsubscribe([Ok(OrderBook { pair: "LUXURY001/XRP", depth: Fifteen, updates: Delta })]) }
            {"type":"place_order","orderType":"limit","orderData":{"pair":"LUXURY001/XRP","side":"buy","amount":"100.00","price":"995.00","timeInForce":"GTC"}}
              → Envelope { request_id: None, message: PlaceOrder(PlaceOrder { pair: "LUXURY001/XRP", client_order_id: None, side: Buy, amount: 100.00, terms: Limit { price: 995.00 }, lasting: Gtc, post_only: false, self_trade: CancelTaker, margin: None }) }
            {"type":"cancel_order","orderId":"order_123456789"}
              → Envelope { request_id: None, message: CancelOrder(Id(OrderId(123456789))) }
            {"type":"place_order","orderType":"stop_loss","orderData":{"pair":"LUXURY001/XRP","side":"sell","amount":"100.00","stopPrice":"950.00","limitPrice":"945.00"}}
              → Envelope { request_id: None, message: PlaceOrder(PlaceOrder { pair: "LUXURY001/XRP", client_order_id: None, side: Sell, amount: 100.00, terms: Stop { kind: StopLoss, stop_price: 950.00, limit_price: Some(945.00), by: Last }, lasting: Gtc, post_only: false, self_trade: CancelTaker, margin: None }) }
            {"type":"place_order","orderType":"oco","orderData":{"pair":"LUXURY001/XRP","side":"sell","amount":"100.00","stopPrice":"950.00","limitPrice":"945.00","targetPrice":"1050.00"}}
              → Envelope { request_id: None, message: PlaceOrder(PlaceOrder { pair: "LUXURY001/XRP", client_order_id: None, side: Sell, amount: 100.00, terms: Oco { target_price: 1050.00, stop_price: 950.00, limit_price: Some(945.00), by: Last }, lasting: Gtc, post_only: false, self_trade: CancelTaker, margin: None }) }
            {"type":"ping"}
              → Envelope { request_id: None, message: Ping }
        "#]],
    );
}

#[test]
fn the_protocol_s_additions_are_read() {
    check(
        &[
            r#"{"type":"authenticate","token":"t","options":{"cancel_on_disconnect":true},"requestId":"login"}"#,
            r#"{"type":"subscribe","channels":[{"type":"orderbook","pair":"A/B","depth":50,"updates":"full"},{"type":"trades","pair":"A/B"},{"type":"orders","since":17}],"requestId":-1}"#,
            r#"{"type":"place_order","orderType":"market","orderData":{"pair":"A/B","side":"sell","amount":"1","clientOrderId":"mine-1","selfTradePrevention":"decrement"},"requestId":18446744073709551615}"#,
            r#"{"type":"place_order","orderType":"limit","clientOrderId":"mine","orderData":{"pair":"A/B","side":"sell","amount":"1","price":"2","postOnly":true,"reduceOnly":false}}"#,
            r#"{"type":"cancel_order","clientOrderId":"mine-1"}"#,
            r#"{"type":"amend_order","orderId":"order_7","price":"1.5"}"#,
            r#"{"type":"amend_order","clientOrderId":"mine-1","amount":"2"}"#,
            r#"{"type":"cancel_all"}"#,
            r#"{"type":"cancel_all","pair":"A/B","side":"buy"}"#,
            r#"{"type":"get_orders","pair":"A/B"}"#,
            r#"{"type":"get_balances"}"#,
            r#"{"type":"get_instruments"}"#,
            r#"{"type":"get_time"}"#,
            r#"{"type":"connection_stats"}"#,
            r#"  {"pi" : [1.5e3, {"deep":[null]}], "type":"p\u0069ng", "requestId":null} "#,
        ],
        &expect![[r#"
            {"type":"authenticate","token":"t","options":{"cancel_on_disconnect":true},"requestId":"login"}
              → Envelope { request_id: Some(Text("login")), message: Authenticate(Authenticate { token: "hidden", cancel_on_disconnect: Some(true) }) }
            {"type":"subscribe","channels":[{"type":"orderbook","pair":"A/B","depth":50,"updates":"full"},{"type":"trades","pair":"A/B"},{"type":"orders","since":17}],"requestId":-1}
              → Envelope { request_id: Some(Integer(-1)), message: Subscribe([Ok(OrderBook { pair: "A/B", depth: Fifty, updates: Full }), Ok(Trades { pair: "A/B" }), Ok(Orders { since: Some(17) })]) }
            {"type":"place_order","orderType":"market","orderData":{"pair":"A/B","side":"sell","amount":"1","clientOrderId":"mine-1","selfTradePrevention":"decrement"},"requestId":18446744073709551615}
              → Envelope { request_id: Some(Integer(18446744073709551615)), message: PlaceOrder(PlaceOrder { pair: "A/B", client_order_id: Some("mine-1"), side: Sell, amount: 1, terms: Market, lasting: Gtc, post_only: false, self_trade: Decrement, margin: None }) }
            {"type":"place_order","orderType":"limit","clientOrderId":"mine","orderData":{"pair":"A/B","side":"sell","amount":"1","price":"2","postOnly":true,"reduceOnly":false}}
              → Envelope { request_id: None, message: PlaceOrder(PlaceOrder { pair: "A/B", client_order_id: Some("mine"), side: Sell, amount: 1, terms: Limit { price: 2 }, lasting: Gtc, post_only: true, self_trade: CancelTaker, margin: None }) }
            {"type":"cancel_order","clientOrderId":"mine-1"}
              → Envelope { request_id: None, message: CancelOrder(Client("mine-1")) }
            {"type":"amend_order","orderId":"order_7","price":"1.5"}
              → Envelope { request_id: None, message: AmendOrder(AmendOrder { order: Id(OrderId(7)), price: Some(1.5), amount: None }) }
            {"type":"amend_order","clientOrderId":"mine-1","amount":"2"}
              → Envelope { request_id: None, message: AmendOrder(AmendOrder { order: Client("mine-1"), price: None, amount: Some(2) }) }
            {"type":"cancel_all"}
              → Envelope { request_id: None, message: CancelAll(CancelAll { pair: None, side: None }) }
            {"type":"cancel_all","pair":"A/B","side":"buy"}
              → Envelope { request_id: None, message: CancelAll(CancelAll { pair: Some("A/B"), side: Some(Buy) }) }
            {"type":"get_orders","pair":"A/B"}
              → Envelope { request_id: None, message: GetOrders(GetOrders { pair: Some("A/B"), finished: false, after: None, limit: 500 }) }
            {"type":"get_balances"}
              → Envelope { request_id: None, message: GetBalances }
            {"type":"get_instruments"}
              → Envelope { request_id: None, message: GetInstruments }
            {"type":"get_time"}
              → Envelope { request_id: None, message: GetTime }
            {"type":"connection_stats"}
              → Envelope { request_id: None, message: ConnectionStats }
              {"pi" : [1.5e3, {"deep":[null]}], "type":"p\u0069ng", "requestId":null} 
              → Envelope { request_id: None, message: Ping }
        "#]],
    );
}

#[test]
fn malformed_messages_are_told_what_is_wrong() {
    check(
        &[
            "",
            "{",
            "nonsense",
            "[]",
            "\"ping\"",
            "null",
            "5",
            "-1.5",
            "true",
            "{}",
            r#"{"type":5}"#,
            r#"{"type":null}"#,
            r#"{"type":"dance","requestId":"r"}"#,
            r#"{"type":"ping","type":"ping"}"#,
            r#"{"type":"ping","requestId":""}"#,
            r#"{"type":"ping","requestId":1.5}"#,
            r#"{"type":"ping","requestId":{}}"#,
            r#"{"type":"ping","requestId":"a","requestId":"b"}"#,
            r#"{"type":"authenticate","requestId":"r"}"#,
            r#"{"type":"authenticate","token":17}"#,
            r#"{"type":"authenticate","token":"t","options":[]}"#,
            r#"{"type":"authenticate","token":"t","options":{"cancel_on_disconnect":"yes"}}"#,
            r#"{"type":"subscribe"}"#,
            r#"{"type":"subscribe","channels":{}}"#,
            r#"{"type":"cancel_order"}"#,
            r#"{"type":"cancel_order","orderId":7}"#,
            r#"{"type":"cancel_order","orderId":"7"}"#,
            r#"{"type":"cancel_order","orderId":"order_07"}"#,
            r#"{"type":"cancel_order","orderId":"order_99999999999999999999"}"#,
            r#"{"type":"cancel_order","clientOrderId":"1234567890123456789012345678901234567"}"#,
            r#"{"type":"amend_order","orderId":"order_1","price":1.5}"#,
            r#"{"type":"cancel_all","side":"both"}"#,
            r#"{"type":"get_orders","pair":""}"#,
        ],
        &expect![[r#"

              → {"type":"error","error":{"code":"INVALID_MESSAGE","message":"The message is not valid JSON","details":"expected a JSON object","reason":"MALFORMED_JSON"},"timestamp":0}
            {
              → {"type":"error","error":{"code":"INVALID_MESSAGE","message":"The message is not valid JSON","details":"expected a JSON object","reason":"MALFORMED_JSON"},"timestamp":0}
            nonsense
              → {"type":"error","error":{"code":"INVALID_MESSAGE","message":"The message is not valid JSON","details":"expected a JSON object","reason":"MALFORMED_JSON"},"timestamp":0}
            []
              → {"type":"error","error":{"code":"INVALID_MESSAGE","message":"The message is not a JSON object","details":"expected an object, found an array","reason":"NOT_AN_OBJECT"},"timestamp":0}
            "ping"
              → {"type":"error","error":{"code":"INVALID_MESSAGE","message":"The message is not a JSON object","details":"expected an object, found a string","reason":"NOT_AN_OBJECT"},"timestamp":0}
            null
              → {"type":"error","error":{"code":"INVALID_MESSAGE","message":"The message is not a JSON object","details":"expected an object, found null","reason":"NOT_AN_OBJECT"},"timestamp":0}
            5
              → {"type":"error","error":{"code":"INVALID_MESSAGE","message":"The message is not a JSON object","details":"expected an object, found a number","reason":"NOT_AN_OBJECT"},"timestamp":0}
            -1.5
              → {"type":"error","error":{"code":"INVALID_MESSAGE","message":"The message is not a JSON object","details":"expected an object, found a number","reason":"NOT_AN_OBJECT"},"timestamp":0}
            true
              → {"type":"error","error":{"code":"INVALID_MESSAGE","message":"The message is not a JSON object","details":"expected an object, found a boolean","reason":"NOT_AN_OBJECT"},"timestamp":0}
            {}
              → {"type":"error","error":{"code":"INVALID_MESSAGE","message":"A required field is missing","details":"type: expected a string","reason":"MISSING_FIELD","params":{"field":"type"}},"timestamp":0}
            {"type":5}
              → {"type":"error","error":{"code":"INVALID_MESSAGE","message":"A field is of the wrong JSON kind","details":"type: expected a string","reason":"WRONG_KIND","params":{"field":"type"}},"timestamp":0}
            {"type":null}
              → {"type":"error","error":{"code":"INVALID_MESSAGE","message":"A required field is missing","details":"type: expected a string","reason":"MISSING_FIELD","params":{"field":"type"}},"timestamp":0}
            {"type":"dance","requestId":"r"}
              → {"type":"error","error":{"code":"INVALID_MESSAGE","message":"Message type 'dance' is not supported","details":"type: expected one of authenticate, subscribe, unsubscribe, ping, connection_stats, place_order, place_orders, cancel_order, cancel_orders, amend_order, cancel_all, cancel_all_after, close_position, adjust_margin, get_orders, get_order, get_fills, get_balances, get_positions, get_instruments, get_time","reason":"UNKNOWN_TYPE","params":{"field":"type"}},"requestId":"r","timestamp":0}
            {"type":"ping","type":"ping"}
              → {"type":"error","error":{"code":"INVALID_MESSAGE","message":"A field stands twice in one object","details":"type: expected it once","reason":"DUPLICATE_FIELD","params":{"field":"type"}},"timestamp":0}
            {"type":"ping","requestId":""}
              → {"type":"error","error":{"code":"INVALID_MESSAGE","message":"The requestId is not valid","details":"requestId: expected a string of 1 to 64 characters, or an integer","reason":"INVALID_REQUEST_ID","params":{"field":"requestId"}},"timestamp":0}
            {"type":"ping","requestId":1.5}
              → {"type":"error","error":{"code":"INVALID_MESSAGE","message":"The requestId is not valid","details":"requestId: expected a string of 1 to 64 characters, or an integer","reason":"INVALID_REQUEST_ID","params":{"field":"requestId"}},"timestamp":0}
            {"type":"ping","requestId":{}}
              → {"type":"error","error":{"code":"INVALID_MESSAGE","message":"The requestId is not valid","details":"requestId: expected a string of 1 to 64 characters, or an integer","reason":"INVALID_REQUEST_ID","params":{"field":"requestId"}},"timestamp":0}
            {"type":"ping","requestId":"a","requestId":"b"}
              → {"type":"error","error":{"code":"INVALID_MESSAGE","message":"A field stands twice in one object","details":"requestId: expected it once","reason":"DUPLICATE_FIELD","params":{"field":"requestId"}},"timestamp":0}
            {"type":"authenticate","requestId":"r"}
              → {"type":"error","error":{"code":"INVALID_MESSAGE","message":"A required field is missing","details":"token: expected a JWT in a string","reason":"MISSING_FIELD","params":{"field":"token"},"requestType":"authenticate"},"requestId":"r","timestamp":0}
            {"type":"authenticate","token":17}
              → {"type":"error","error":{"code":"INVALID_MESSAGE","message":"A field is of the wrong JSON kind","details":"token: expected a string","reason":"WRONG_KIND","params":{"field":"token"},"requestType":"authenticate"},"timestamp":0}
            {"type":"authenticate","token":"t","options":[]}
              → {"type":"error","error":{"code":"INVALID_MESSAGE","message":"A field is of the wrong JSON kind","details":"options: expected an object","reason":"WRONG_KIND","params":{"field":"options"},"requestType":"authenticate"},"timestamp":0}
            {"type":"authenticate","token":"t","options":{"cancel_on_disconnect":"yes"}}
              → {"type":"error","error":{"code":"INVALID_MESSAGE","message":"A field is of the wrong JSON kind","details":"options.cancel_on_disconnect: expected true or false","reason":"WRONG_KIND","params":{"field":"options.cancel_on_disconnect"},"requestType":"authenticate"},"timestamp":0}
            {"type":"subscribe"}
              → {"type":"error","error":{"code":"INVALID_MESSAGE","message":"A required field is missing","details":"channels: expected a list of channels","reason":"MISSING_FIELD","params":{"field":"channels"},"requestType":"subscribe"},"timestamp":0}
            {"type":"subscribe","channels":{}}
              → {"type":"error","error":{"code":"INVALID_MESSAGE","message":"A field is of the wrong JSON kind","details":"channels: expected a list","reason":"WRONG_KIND","params":{"field":"channels"},"requestType":"subscribe"},"timestamp":0}
            {"type":"cancel_order"}
              → {"type":"error","error":{"code":"INVALID_MESSAGE","message":"A required field is missing","details":"orderId: expected orderId or clientOrderId, a string","reason":"MISSING_FIELD","params":{"field":"orderId"},"requestType":"cancel_order"},"timestamp":0}
            {"type":"cancel_order","orderId":7}
              → {"type":"error","error":{"code":"INVALID_MESSAGE","message":"A field is of the wrong JSON kind","details":"orderId: expected a string","reason":"WRONG_KIND","params":{"field":"orderId"},"requestType":"cancel_order"},"timestamp":0}
            {"type":"cancel_order","orderId":"7"}
              → {"type":"error","error":{"code":"ORDER_NOT_FOUND","message":"The order does not exist","details":"orderId: expected the id of an order","reason":"UNKNOWN_ORDER","params":{"field":"orderId"},"requestType":"cancel_order"},"timestamp":0}
            {"type":"cancel_order","orderId":"order_07"}
              → {"type":"error","error":{"code":"ORDER_NOT_FOUND","message":"The order does not exist","details":"orderId: expected the id of an order","reason":"UNKNOWN_ORDER","params":{"field":"orderId"},"requestType":"cancel_order"},"timestamp":0}
            {"type":"cancel_order","orderId":"order_99999999999999999999"}
              → {"type":"error","error":{"code":"ORDER_NOT_FOUND","message":"The order does not exist","details":"orderId: expected the id of an order","reason":"UNKNOWN_ORDER","params":{"field":"orderId"},"requestType":"cancel_order"},"timestamp":0}
            {"type":"cancel_order","clientOrderId":"1234567890123456789012345678901234567"}
              → {"type":"error","error":{"code":"INVALID_MESSAGE","message":"The clientOrderId is not valid","details":"clientOrderId: expected 1 to 36 printable ASCII characters","reason":"INVALID_CLIENT_ORDER_ID","params":{"field":"clientOrderId","maxCharacters":36},"requestType":"cancel_order"},"timestamp":0}
            {"type":"amend_order","orderId":"order_1","price":1.5}
              → {"type":"error","error":{"code":"INVALID_MESSAGE","message":"Decimals are sent as strings","details":"price: expected a decimal in a string like \"995.00\", not a number","reason":"DECIMAL_NOT_A_STRING","params":{"field":"price"},"requestType":"amend_order"},"timestamp":0}
            {"type":"cancel_all","side":"both"}
              → {"type":"error","error":{"code":"INVALID_MESSAGE","message":"A field has a value that it may not have","details":"side: expected \"buy\" or \"sell\"","reason":"INVALID_VALUE","params":{"field":"side"},"requestType":"cancel_all"},"timestamp":0}
            {"type":"get_orders","pair":""}
              → {"type":"error","error":{"code":"INVALID_MESSAGE","message":"A field has a value that it may not have","details":"pair: expected a pair like \"BASE/QUOTE\"","reason":"INVALID_VALUE","params":{"field":"pair"},"requestType":"get_orders"},"timestamp":0}
        "#]],
    );
}

#[test]
fn numbers_too_large_are_told_from_what_is_no_json() {
    let digits = "9".repeat(400);
    for (value, reason) in [
        ("1e999", "NUMBER_TOO_LARGE"),
        ("-1.5E+0999", "NUMBER_TOO_LARGE"),
        (&*digits, "NUMBER_TOO_LARGE"),
        ("[1,-1e999 ]", "NUMBER_TOO_LARGE"),
        ("1e-999", "read"),
        ("18446744073709551616", "read"),
        ("1e999x", "MALFORMED_JSON"),
        ("01e999", "MALFORMED_JSON"),
        ("1e", "MALFORMED_JSON"),
        ("-", "MALFORMED_JSON"),
        ("1.", "MALFORMED_JSON"),
        (".5", "MALFORMED_JSON"),
        ("+1", "MALFORMED_JSON"),
        ("00", "MALFORMED_JSON"),
    ] {
        let message = format!(r#"{{"type":"ping","a\u0020":"\n","x":{value}}}"#);
        let read = decode(&mut message.into_bytes());
        let word = read.map_or_else(|error| error.refusal.reason.word(), |_| "read");
        assert_eq!(word, reason, "{value}");
    }
    check(
        &[
            "1e999",
            r#"{"type":"ping","requestId":18446744073709551616}"#,
            r#"{"type":"ping","requestId":-9223372036854775809}"#,
            r#"{"type":"ping","requestId":1e999}"#,
            r#"{"type":"amend_order","orderId":"order_1","price":18446744073709551616}"#,
        ],
        &expect![[r#"
            1e999
              → {"type":"error","error":{"code":"INVALID_MESSAGE","message":"A number in the message is too large","details":"expected numbers below 1.8e308; reading stopped at byte 0","reason":"NUMBER_TOO_LARGE","params":{"byte":0}},"timestamp":0}
            {"type":"ping","requestId":18446744073709551616}
              → {"type":"error","error":{"code":"INVALID_MESSAGE","message":"The requestId is not valid","details":"requestId: expected a string of 1 to 64 characters, or an integer","reason":"INVALID_REQUEST_ID","params":{"field":"requestId"}},"timestamp":0}
            {"type":"ping","requestId":-9223372036854775809}
              → {"type":"error","error":{"code":"INVALID_MESSAGE","message":"The requestId is not valid","details":"requestId: expected a string of 1 to 64 characters, or an integer","reason":"INVALID_REQUEST_ID","params":{"field":"requestId"}},"timestamp":0}
            {"type":"ping","requestId":1e999}
              → {"type":"error","error":{"code":"INVALID_MESSAGE","message":"A number in the message is too large","details":"expected numbers below 1.8e308; reading stopped at byte 27","reason":"NUMBER_TOO_LARGE","params":{"byte":27},"requestType":"ping"},"timestamp":0}
            {"type":"amend_order","orderId":"order_1","price":18446744073709551616}
              → {"type":"error","error":{"code":"INVALID_MESSAGE","message":"Decimals are sent as strings","details":"price: expected a decimal in a string like \"995.00\", not a number","reason":"DECIMAL_NOT_A_STRING","params":{"field":"price"},"requestType":"amend_order"},"timestamp":0}
        "#]],
    );
}

#[test]
fn each_channel_is_taken_or_refused_by_itself() {
    check(
        &[
            r#"{"type":"subscribe","channels":[]}"#,
            r#"{"type":"subscribe","requestId":"r","channels":[{"type":"trades","pair":"A/B"},{"type":"invalid_channel"},{"type":"price","symbol":"A"},{"type":"price"},{"type":"price","symbol":""},{"type":"arbitrage"},{"type":"positions"},"orderbook",{},{"type":"orderbook"},{"type":"orderbook","pair":5},{"type":"orderbook","pair":"A/B","depth":7},{"type":"orderbook","pair":"A/B","depth":"5"},{"type":"orderbook","pair":"A/B","updates":"some"},{"type":"orders","since":-1},{"type":"trades","pair":"A/B","pair":"A/B"}]}"#,
        ],
        &expect![[r#"
            {"type":"subscribe","channels":[]}
              → Envelope { request_id: None, message: Subscribe([]) }
            {"type":"subscribe","requestId":"r","channels":[{"type":"trades","pair":"A/B"},{"type":"invalid_channel"},{"type":"price","symbol":"A"},{"type":"price"},{"type":"price","symbol":""},{"type":"arbitrage"},{"type":"positions"},"orderbook",{},{"type":"orderbook"},{"type":"orderbook","pair":5},{"type":"orderbook","pair":"A/B","depth":7},{"type":"orderbook","pair":"A/B","depth":"5"},{"type":"orderbook","pair":"A/B","updates":"some"},{"type":"orders","since":-1},{"type":"trades","pair":"A/B","pair":"A/B"}]}
              → Envelope { request_id: Some(Text("r")), message: Subscribe([Ok(Trades { pair: "A/B" }), Err(WireError { refusal: Refusal { reason: UnknownChannel, message: Some("Channel 'invalid_channel' is not supported"), details: "Supported channels: orderbook, trades, price, arbitrage, risk_alerts, portfolio, orders, positions, margin_calls", params: [("channel", Text("invalid_channel")), ("index", Number(1))] }, request_id: None, request_type: Some(Subscribe), client_order_id: None }), Ok(Price { symbol: "A" }), Err(WireError { refusal: Refusal { reason: InvalidChannel, message: None, details: "channels[].symbol: expected a symbol like \"XRP\"", params: [("field", Text("channels[].symbol")), ("index", Number(3))] }, request_id: None, request_type: Some(Subscribe), client_order_id: None }), Err(WireError { refusal: Refusal { reason: InvalidChannel, message: None, details: "channels[].symbol: expected a symbol like \"XRP\"", params: [("field", Text("channels[].symbol")), ("index", Number(4))] }, request_id: None, request_type: Some(Subscribe), client_order_id: None }), Ok(Arbitrage), Ok(Positions { since: None }), Err(WireError { refusal: Refusal { reason: InvalidChannel, message: None, details: "channels[]: expected an object like {\"type\": \"orderbook\"}", params: [("field", Text("channels[]")), ("index", Number(7))] }, request_id: None, request_type: Some(Subscribe), client_order_id: None }), Err(WireError { refusal: Refusal { reason: InvalidChannel, message: None, details: "channels[].type: expected the name of a channel", params: [("field", Text("channels[].type")), ("index", Number(8))] }, request_id: None, request_type: Some(Subscribe), client_order_id: None }), Err(WireError { refusal: Refusal { reason: InvalidChannel, message: None, details: "channels[].pair: expected a pair like \"BASE/QUOTE\"", params: [("field", Text("channels[].pair")), ("index", Number(9))] }, request_id: None, request_type: Some(Subscribe), client_order_id: None }), Err(WireError { refusal: Refusal { reason: InvalidChannel, message: None, details: "channels[].pair: expected a string", params: [("field", Text("channels[].pair")), ("index", Number(10))] }, request_id: None, request_type: Some(Subscribe), client_order_id: None }), Err(WireError { refusal: Refusal { reason: InvalidChannel, message: None, details: "channels[].depth: expected 5, 15, 50 or 200", params: [("field", Text("channels[].depth")), ("index", Number(11))] }, request_id: None, request_type: Some(Subscribe), client_order_id: None }), Err(WireError { refusal: Refusal { reason: InvalidChannel, message: None, details: "channels[].depth: expected 5, 15, 50 or 200", params: [("field", Text("channels[].depth")), ("index", Number(12))] }, request_id: None, request_type: Some(Subscribe), client_order_id: None }), Err(WireError { refusal: Refusal { reason: InvalidChannel, message: None, details: "channels[].updates: expected \"delta\" or \"full\"", params: [("field", Text("channels[].updates")), ("index", Number(13))] }, request_id: None, request_type: Some(Subscribe), client_order_id: None }), Err(WireError { refusal: Refusal { reason: InvalidChannel, message: None, details: "channels[].since: expected a userSequence, a whole number", params: [("field", Text("channels[].since")), ("index", Number(14))] }, request_id: None, request_type: Some(Subscribe), client_order_id: None }), Err(WireError { refusal: Refusal { reason: InvalidChannel, message: None, details: "channels[].pair: expected it once", params: [("field", Text("channels[].pair")), ("index", Number(15))] }, request_id: None, request_type: Some(Subscribe), client_order_id: None })]) }
        "#]],
    );
}

#[test]
fn orders_are_read_whole_or_refused() {
    let order = |data: &str| {
        format!(
            r#"{{"type":"place_order","orderType":"limit","requestId":1,"orderData":{{"clientOrderId":"c",{data}}}}}"#
        )
    };
    let good = r#""pair":"A/B","side":"buy","amount":"1","price":"2""#;
    let messages = [
        r#"{"type":"place_order","orderType":"limit"}"#.to_owned(),
        r#"{"type":"place_order","orderType":"limit","orderData":[]}"#.to_owned(),
        r#"{"type":"place_order","orderData":{}}"#.to_owned(),
        r#"{"type":"place_order","orderType":"guess","orderData":{}}"#.to_owned(),
        r#"{"type":"place_order","orderType":"limit","clientOrderId":"a","orderData":{"clientOrderId":"b"}}"#.to_owned(),
        r#"{"type":"place_order","orderType":"market","orderData":{"pair":"A/B","side":"buy","amount":"1","price":"2"}}"#.to_owned(),
        order(r#""side":"buy","amount":"1","price":"2""#),
        order(r#""pair":"A/B","amount":"1","price":"2""#),
        order(r#""pair":"A/B","side":"BUY","amount":"1","price":"2""#),
        order(r#""pair":"A/B","side":"buy","price":"2""#),
        order(r#""pair":"A/B","side":"buy","amount":"1""#),
        order(r#""pair":"A/B","side":"buy","amount":1,"price":"2""#),
        order(r#""pair":"A/B","side":"buy","amount":"1","price":2.5"#),
        order(r#""pair":"A/B","side":"buy","amount":"1e3","price":"2""#),
        order(r#""pair":"A/B","side":"buy","amount":"+1","price":"2""#),
        order(r#""pair":"A/B","side":"buy","amount":"01","price":"2""#),
        order(r#""pair":"A/B","side":"buy","amount":"1","price":"2","price":"3""#),
        order(r#""pair":"A/B","side":"buy","amount":true,"price":"2""#),
        order(&format!(r#"{good},"timeInForce":"DAY""#)),
        order(&format!(r#"{good},"timeInForce":"GTD""#)),
        order(&format!(r#"{good},"postOnly":"true""#)),
        order(&format!(r#"{good},"selfTradePrevention":"none""#)),
        order(&format!(r#"{good},"leverage":"5""#)),
        order(&format!(r#"{good},"reduceOnly":true"#)),
        order(&format!(r#"{good},"trailingPercent":"1""#)),
        order(&format!(r#"{good},"limitPrice":"2""#)),
        order(&format!(r#"{good},"targetPrice":"2""#)),
        order(&format!(r#"{good},"triggerBy":"last""#)),
    ];
    let messages: Vec<&str> = messages.iter().map(String::as_str).collect();
    check(
        &messages,
        &expect![[r#"
            {"type":"place_order","orderType":"limit"}
              → {"type":"error","error":{"code":"INVALID_MESSAGE","message":"A required field is missing","details":"orderData: expected an object","reason":"MISSING_FIELD","params":{"field":"orderData"},"requestType":"place_order"},"timestamp":0}
            {"type":"place_order","orderType":"limit","orderData":[]}
              → {"type":"error","error":{"code":"INVALID_MESSAGE","message":"A field is of the wrong JSON kind","details":"orderData: expected an object","reason":"WRONG_KIND","params":{"field":"orderData"},"requestType":"place_order"},"timestamp":0}
            {"type":"place_order","orderData":{}}
              → {"type":"error","error":{"code":"INVALID_MESSAGE","message":"A required field is missing","details":"orderType: expected one of limit, market, stop_loss, take_profit, oco, trailing_stop, iceberg","reason":"MISSING_FIELD","params":{"field":"orderType"},"requestType":"place_order"},"timestamp":0}
            {"type":"place_order","orderType":"guess","orderData":{}}
              → {"type":"error","error":{"code":"INVALID_MESSAGE","message":"A field has a value that it may not have","details":"orderType: expected one of limit, market, stop_loss, take_profit, oco, trailing_stop, iceberg","reason":"INVALID_VALUE","params":{"field":"orderType"},"requestType":"place_order"},"timestamp":0}
            {"type":"place_order","orderType":"limit","clientOrderId":"a","orderData":{"clientOrderId":"b"}}
              → {"type":"error","error":{"code":"INVALID_MESSAGE","message":"A field stands twice in one object","details":"clientOrderId: expected it once, in orderData","reason":"DUPLICATE_FIELD","params":{"field":"clientOrderId"},"requestType":"place_order"},"timestamp":0}
            {"type":"place_order","orderType":"market","orderData":{"pair":"A/B","side":"buy","amount":"1","price":"2"}}
              → {"type":"error","error":{"code":"ORDER_FAILED","message":"A market order has no price","details":"orderData.price: expected a market order without it","reason":"PRICE_ON_MARKET_ORDER","params":{"field":"orderData.price"},"requestType":"place_order"},"timestamp":0}
            {"type":"place_order","orderType":"limit","requestId":1,"orderData":{"clientOrderId":"c","side":"buy","amount":"1","price":"2"}}
              → {"type":"error","error":{"code":"INVALID_MESSAGE","message":"A required field is missing","details":"orderData.pair: expected a pair like \"BASE/QUOTE\"","reason":"MISSING_FIELD","params":{"field":"orderData.pair"},"requestType":"place_order","clientOrderId":"c"},"requestId":1,"timestamp":0}
            {"type":"place_order","orderType":"limit","requestId":1,"orderData":{"clientOrderId":"c","pair":"A/B","amount":"1","price":"2"}}
              → {"type":"error","error":{"code":"INVALID_MESSAGE","message":"A required field is missing","details":"orderData.side: expected \"buy\" or \"sell\"","reason":"MISSING_FIELD","params":{"field":"orderData.side"},"requestType":"place_order","clientOrderId":"c"},"requestId":1,"timestamp":0}
            {"type":"place_order","orderType":"limit","requestId":1,"orderData":{"clientOrderId":"c","pair":"A/B","side":"BUY","amount":"1","price":"2"}}
              → {"type":"error","error":{"code":"INVALID_MESSAGE","message":"A field has a value that it may not have","details":"orderData.side: expected \"buy\" or \"sell\"","reason":"INVALID_VALUE","params":{"field":"orderData.side"},"requestType":"place_order","clientOrderId":"c"},"requestId":1,"timestamp":0}
            {"type":"place_order","orderType":"limit","requestId":1,"orderData":{"clientOrderId":"c","pair":"A/B","side":"buy","price":"2"}}
              → {"type":"error","error":{"code":"INVALID_MESSAGE","message":"A required field is missing","details":"orderData.amount: expected a decimal string like \"100.00\"","reason":"MISSING_FIELD","params":{"field":"orderData.amount"},"requestType":"place_order","clientOrderId":"c"},"requestId":1,"timestamp":0}
            {"type":"place_order","orderType":"limit","requestId":1,"orderData":{"clientOrderId":"c","pair":"A/B","side":"buy","amount":"1"}}
              → {"type":"error","error":{"code":"INVALID_MESSAGE","message":"A required field is missing","details":"orderData.price: expected a decimal string like \"995.00\"","reason":"MISSING_FIELD","params":{"field":"orderData.price"},"requestType":"place_order","clientOrderId":"c"},"requestId":1,"timestamp":0}
            {"type":"place_order","orderType":"limit","requestId":1,"orderData":{"clientOrderId":"c","pair":"A/B","side":"buy","amount":1,"price":"2"}}
              → {"type":"error","error":{"code":"INVALID_MESSAGE","message":"Decimals are sent as strings","details":"orderData.amount: expected a decimal in a string like \"995.00\", not a number","reason":"DECIMAL_NOT_A_STRING","params":{"field":"orderData.amount"},"requestType":"place_order","clientOrderId":"c"},"requestId":1,"timestamp":0}
            {"type":"place_order","orderType":"limit","requestId":1,"orderData":{"clientOrderId":"c","pair":"A/B","side":"buy","amount":"1","price":2.5}}
              → {"type":"error","error":{"code":"INVALID_MESSAGE","message":"Decimals are sent as strings","details":"orderData.price: expected a decimal in a string like \"995.00\", not a number","reason":"DECIMAL_NOT_A_STRING","params":{"field":"orderData.price"},"requestType":"place_order","clientOrderId":"c"},"requestId":1,"timestamp":0}
            {"type":"place_order","orderType":"limit","requestId":1,"orderData":{"clientOrderId":"c","pair":"A/B","side":"buy","amount":"1e3","price":"2"}}
              → {"type":"error","error":{"code":"INVALID_MESSAGE","message":"A decimal is not written as one","details":"orderData.amount: expected digits with at most one point between them like \"995.00\"","reason":"INVALID_DECIMAL","params":{"field":"orderData.amount"},"requestType":"place_order","clientOrderId":"c"},"requestId":1,"timestamp":0}
            {"type":"place_order","orderType":"limit","requestId":1,"orderData":{"clientOrderId":"c","pair":"A/B","side":"buy","amount":"+1","price":"2"}}
              → {"type":"error","error":{"code":"INVALID_MESSAGE","message":"A decimal is not written as one","details":"orderData.amount: expected digits with at most one point between them like \"995.00\"","reason":"INVALID_DECIMAL","params":{"field":"orderData.amount"},"requestType":"place_order","clientOrderId":"c"},"requestId":1,"timestamp":0}
            {"type":"place_order","orderType":"limit","requestId":1,"orderData":{"clientOrderId":"c","pair":"A/B","side":"buy","amount":"01","price":"2"}}
              → {"type":"error","error":{"code":"INVALID_MESSAGE","message":"A decimal is not written as one","details":"orderData.amount: expected digits with at most one point between them like \"995.00\"","reason":"INVALID_DECIMAL","params":{"field":"orderData.amount"},"requestType":"place_order","clientOrderId":"c"},"requestId":1,"timestamp":0}
            {"type":"place_order","orderType":"limit","requestId":1,"orderData":{"clientOrderId":"c","pair":"A/B","side":"buy","amount":"1","price":"2","price":"3"}}
              → {"type":"error","error":{"code":"INVALID_MESSAGE","message":"A field stands twice in one object","details":"orderData.price: expected it once","reason":"DUPLICATE_FIELD","params":{"field":"orderData.price"},"requestType":"place_order","clientOrderId":"c"},"requestId":1,"timestamp":0}
            {"type":"place_order","orderType":"limit","requestId":1,"orderData":{"clientOrderId":"c","pair":"A/B","side":"buy","amount":true,"price":"2"}}
              → {"type":"error","error":{"code":"INVALID_MESSAGE","message":"A field is of the wrong JSON kind","details":"orderData.amount: expected a string","reason":"WRONG_KIND","params":{"field":"orderData.amount"},"requestType":"place_order","clientOrderId":"c"},"requestId":1,"timestamp":0}
            {"type":"place_order","orderType":"limit","requestId":1,"orderData":{"clientOrderId":"c","pair":"A/B","side":"buy","amount":"1","price":"2","timeInForce":"DAY"}}
              → {"type":"error","error":{"code":"INVALID_MESSAGE","message":"A field has a value that it may not have","details":"orderData.timeInForce: expected GTC, IOC, FOK or GTD","reason":"INVALID_VALUE","params":{"field":"orderData.timeInForce"},"requestType":"place_order","clientOrderId":"c"},"requestId":1,"timestamp":0}
            {"type":"place_order","orderType":"limit","requestId":1,"orderData":{"clientOrderId":"c","pair":"A/B","side":"buy","amount":"1","price":"2","timeInForce":"GTD"}}
              → {"type":"error","error":{"code":"INVALID_MESSAGE","message":"A required field is missing","details":"orderData.expiresAt: expected milliseconds since the epoch, a whole number below 2^53","reason":"MISSING_FIELD","params":{"field":"orderData.expiresAt"},"requestType":"place_order","clientOrderId":"c"},"requestId":1,"timestamp":0}
            {"type":"place_order","orderType":"limit","requestId":1,"orderData":{"clientOrderId":"c","pair":"A/B","side":"buy","amount":"1","price":"2","postOnly":"true"}}
              → {"type":"error","error":{"code":"INVALID_MESSAGE","message":"A field is of the wrong JSON kind","details":"orderData.postOnly: expected true or false","reason":"WRONG_KIND","params":{"field":"orderData.postOnly"},"requestType":"place_order","clientOrderId":"c"},"requestId":1,"timestamp":0}
            {"type":"place_order","orderType":"limit","requestId":1,"orderData":{"clientOrderId":"c","pair":"A/B","side":"buy","amount":"1","price":"2","selfTradePrevention":"none"}}
              → {"type":"error","error":{"code":"INVALID_MESSAGE","message":"A field has a value that it may not have","details":"orderData.selfTradePrevention: expected cancel_taker, cancel_maker, cancel_both or decrement","reason":"INVALID_VALUE","params":{"field":"orderData.selfTradePrevention"},"requestType":"place_order","clientOrderId":"c"},"requestId":1,"timestamp":0}
            {"type":"place_order","orderType":"limit","requestId":1,"orderData":{"clientOrderId":"c","pair":"A/B","side":"buy","amount":"1","price":"2","leverage":"5"}}
              → Envelope { request_id: Some(Integer(1)), message: PlaceOrder(PlaceOrder { pair: "A/B", client_order_id: Some("c"), side: Buy, amount: 1, terms: Limit { price: 2 }, lasting: Gtc, post_only: false, self_trade: CancelTaker, margin: Leverage(5) }) }
            {"type":"place_order","orderType":"limit","requestId":1,"orderData":{"clientOrderId":"c","pair":"A/B","side":"buy","amount":"1","price":"2","reduceOnly":true}}
              → Envelope { request_id: Some(Integer(1)), message: PlaceOrder(PlaceOrder { pair: "A/B", client_order_id: Some("c"), side: Buy, amount: 1, terms: Limit { price: 2 }, lasting: Gtc, post_only: false, self_trade: CancelTaker, margin: ReduceOnly }) }
            {"type":"place_order","orderType":"limit","requestId":1,"orderData":{"clientOrderId":"c","pair":"A/B","side":"buy","amount":"1","price":"2","trailingPercent":"1"}}
              → {"type":"error","error":{"code":"ORDER_FAILED","message":"The option does not go with this order type","details":"orderData.trailingPercent: expected limit without it","reason":"OPTION_NOT_FOR_ORDER_TYPE","params":{"field":"orderData.trailingPercent","orderType":"limit"},"requestType":"place_order","clientOrderId":"c"},"requestId":1,"timestamp":0}
            {"type":"place_order","orderType":"limit","requestId":1,"orderData":{"clientOrderId":"c","pair":"A/B","side":"buy","amount":"1","price":"2","limitPrice":"2"}}
              → {"type":"error","error":{"code":"ORDER_FAILED","message":"The option does not go with this order type","details":"orderData.limitPrice: expected limit without it","reason":"OPTION_NOT_FOR_ORDER_TYPE","params":{"field":"orderData.limitPrice","orderType":"limit"},"requestType":"place_order","clientOrderId":"c"},"requestId":1,"timestamp":0}
            {"type":"place_order","orderType":"limit","requestId":1,"orderData":{"clientOrderId":"c","pair":"A/B","side":"buy","amount":"1","price":"2","targetPrice":"2"}}
              → {"type":"error","error":{"code":"ORDER_FAILED","message":"The option does not go with this order type","details":"orderData.targetPrice: expected limit without it","reason":"OPTION_NOT_FOR_ORDER_TYPE","params":{"field":"orderData.targetPrice","orderType":"limit"},"requestType":"place_order","clientOrderId":"c"},"requestId":1,"timestamp":0}
            {"type":"place_order","orderType":"limit","requestId":1,"orderData":{"clientOrderId":"c","pair":"A/B","side":"buy","amount":"1","price":"2","triggerBy":"last"}}
              → {"type":"error","error":{"code":"ORDER_FAILED","message":"The option does not go with this order type","details":"orderData.triggerBy: expected limit without it","reason":"OPTION_NOT_FOR_ORDER_TYPE","params":{"field":"orderData.triggerBy","orderType":"limit"},"requestType":"place_order","clientOrderId":"c"},"requestId":1,"timestamp":0}
        "#]],
    );
}

#[test]
fn long_decimals_are_refused_by_their_length() {
    let message = format!(
        r#"{{"type":"amend_order","orderId":"order_1","price":"1.{}"}}"#,
        "0".repeat(10_000)
    );
    expect![[r#"{"type":"error","error":{"code":"INVALID_MESSAGE","message":"A decimal has too many digits","details":"price: expected at most 28 digits","reason":"DECIMAL_TOO_LONG","params":{"field":"price","maxDigits":28},"requestType":"amend_order"},"timestamp":0}"#]].assert_eq(&read(&message));
}

#[test]
fn limits_hold_just_inside_and_refuse_just_outside() {
    let id = |length| format!(r#"{{"type":"ping","requestId":"{}"}}"#, "é".repeat(length));
    assert!(decode(&mut id(64).into_bytes()).is_ok());
    assert!(decode(&mut id(65).into_bytes()).is_err());

    let nested = |depth: usize| {
        let (open, close) = ("[".repeat(depth - 1), "]".repeat(depth - 1));
        format!(r#"{{"type":"ping","x":{open}{close}}}"#)
    };
    assert!(decode(&mut nested(16).into_bytes()).is_ok());
    let error = decode(&mut nested(17).into_bytes()).unwrap_err();
    assert_eq!(error.refusal.reason.word(), "NESTED_TOO_DEEPLY");

    let channels = |count| {
        let channels = vec![r#"{"type":"portfolio"}"#; count].join(",");
        format!(r#"{{"type":"subscribe","channels":[{channels}]}}"#)
    };
    assert!(decode(&mut channels(100).into_bytes()).is_ok());
    let error = decode(&mut channels(101).into_bytes()).unwrap_err();
    assert_eq!(error.refusal.reason.word(), "TOO_MANY_ITEMS");

    let padded = |length: usize| {
        let frame = r#"{"type":"ping","x":""}"#.len();
        format!(r#"{{"type":"ping","x":"{}"}}"#, "x".repeat(length - frame))
    };
    assert!(decode(&mut padded(65_536).into_bytes()).is_ok());
    let error = decode(&mut padded(65_537).into_bytes()).unwrap_err();
    assert_eq!(error.refusal.reason.word(), "MESSAGE_TOO_LARGE");
}

#[test]
fn thirty_thousand_brackets_are_refused_on_a_small_stack() {
    let brackets = "[".repeat(30_000);
    let messages = [
        brackets.clone(),
        format!("{brackets}{}", "]".repeat(30_000)),
        format!(r#"{{"type":"ping","x":{brackets}"#),
        "{\"a\":".repeat(13_000),
    ];
    let small = std::thread::Builder::new().stack_size(128 * 1024);
    let thread = small.spawn(move || {
        for message in messages {
            assert!(decode(&mut message.into_bytes()).is_err());
        }
    });
    thread.unwrap().join().unwrap();
}

#[test]
fn a_token_is_never_shown() {
    let shown = read(r#"{"type":"authenticate","token":"do-not-show-this"}"#);
    assert!(!shown.contains("do-not-show-this"), "{shown}");
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        if let Err(error) = decode(&mut bytes.clone()) {
            let encoded = encoded(&error);
            prop_assert!(serde_json::from_str::<serde_json::Value>(&encoded).is_ok(), "{encoded}");
        }
    }

    #[test]
    fn broken_messages_are_read_or_refused(
        at in 0_usize..200,
        cut in 0_usize..8,
        put in prop::collection::vec(any::<u8>(), 0..8),
    ) {
        let message = br#"{"type":"place_order","orderType":"limit","requestId":"r","orderData":{"pair":"A/B","side":"buy","amount":"100.00","price":"995.00","timeInForce":"GTC"}}"#;
        let at = at.min(message.len());
        let mut bytes = message[..at].to_vec();
        bytes.extend_from_slice(&put);
        bytes.extend_from_slice(&message[(at + cut).min(message.len())..]);
        if let Err(error) = decode(&mut bytes) {
            let encoded = encoded(&error);
            prop_assert!(serde_json::from_str::<serde_json::Value>(&encoded).is_ok(), "{encoded}");
        }
    }
}

/// What each type needs and what it does not have.
#[test]
fn orders_of_every_type_are_read() {
    let order = |kind: &str, rest: &str| {
        format!(
            r#"{{"type":"place_order","orderType":"{kind}","orderData":{{"pair":"A/B","side":"buy","amount":"1"{rest}}}}}"#
        )
    };
    let messages = [
        order("take_profit", r#","stopPrice":"5","triggerBy":"mark""#),
        order(
            "stop_loss",
            r#","stopPrice":"5","limitPrice":"6","timeInForce":"FOK""#,
        ),
        order("trailing_stop", r#","trailingDelta":"0.5""#),
        order(
            "trailing_stop",
            r#","trailingPercent":"1.5","timeInForce":"GTC""#,
        ),
        order(
            "oco",
            r#","stopPrice":"9","targetPrice":"5","timeInForce":"GTD","expiresAt":1"#,
        ),
        order(
            "iceberg",
            r#","price":"5","displayAmount":"0.1","postOnly":true"#,
        ),
        order(
            "limit",
            r#","price":"5","timeInForce":"GTD","expiresAt":9007199254740991"#,
        ),
        order(
            "market",
            r#","timeInForce":"FOK","reduceOnly":false,"leverage":null"#,
        ),
        // And what is wrong.
        order("stop_loss", r#","limitPrice":"6""#),
        order("stop_loss", r#","stopPrice":"5","price":"6""#),
        order("stop_loss", r#","stopPrice":"5","timeInForce":"IOC""#),
        order(
            "stop_loss",
            r#","stopPrice":"5","limitPrice":"6","postOnly":true"#,
        ),
        order("take_profit", r#","stopPrice":"5","triggerBy":"index""#),
        order("trailing_stop", ""),
        order(
            "trailing_stop",
            r#","trailingDelta":"1","trailingPercent":"1""#,
        ),
        order("trailing_stop", r#","trailingPercent":1"#),
        order(
            "trailing_stop",
            r#","trailingPercent":"1","timeInForce":"IOC""#,
        ),
        order("oco", r#","stopPrice":"9""#),
        order(
            "oco",
            r#","stopPrice":"9","targetPrice":"5","timeInForce":"FOK""#,
        ),
        order("iceberg", r#","price":"5""#),
        order(
            "iceberg",
            r#","price":"5","displayAmount":"1","timeInForce":"IOC""#,
        ),
        order("limit", r#","price":"5","displayAmount":"1""#),
        order("limit", r#","price":"5","timeInForce":"GTD""#),
        order("limit", r#","price":"5","expiresAt":1"#),
        order(
            "limit",
            r#","price":"5","timeInForce":"GTD","expiresAt":9007199254740992"#,
        ),
        order(
            "limit",
            r#","price":"5","timeInForce":"GTD","expiresAt":"tomorrow""#,
        ),
        order("market", r#","price":"5""#),
        order("market", r#","timeInForce":"GTD","expiresAt":1"#),
        order("market", r#","postOnly":true"#),
        order("market", r#","leverage":2"#),
        order("market", r#","leverage":"2""#),
        order("market", r#","reduceOnly":true"#),
    ];
    let messages: Vec<&str> = messages.iter().map(String::as_str).collect();
    check(
        &messages,
        &expect![[r#"
            {"type":"place_order","orderType":"take_profit","orderData":{"pair":"A/B","side":"buy","amount":"1","stopPrice":"5","triggerBy":"mark"}}
              → Envelope { request_id: None, message: PlaceOrder(PlaceOrder { pair: "A/B", client_order_id: None, side: Buy, amount: 1, terms: Stop { kind: TakeProfit, stop_price: 5, limit_price: None, by: Mark }, lasting: Gtc, post_only: false, self_trade: CancelTaker, margin: None }) }
            {"type":"place_order","orderType":"stop_loss","orderData":{"pair":"A/B","side":"buy","amount":"1","stopPrice":"5","limitPrice":"6","timeInForce":"FOK"}}
              → Envelope { request_id: None, message: PlaceOrder(PlaceOrder { pair: "A/B", client_order_id: None, side: Buy, amount: 1, terms: Stop { kind: StopLoss, stop_price: 5, limit_price: Some(6), by: Last }, lasting: Fok, post_only: false, self_trade: CancelTaker, margin: None }) }
            {"type":"place_order","orderType":"trailing_stop","orderData":{"pair":"A/B","side":"buy","amount":"1","trailingDelta":"0.5"}}
              → Envelope { request_id: None, message: PlaceOrder(PlaceOrder { pair: "A/B", client_order_id: None, side: Buy, amount: 1, terms: Trailing { distance: Delta(0.5), by: Last }, lasting: Gtc, post_only: false, self_trade: CancelTaker, margin: None }) }
            {"type":"place_order","orderType":"trailing_stop","orderData":{"pair":"A/B","side":"buy","amount":"1","trailingPercent":"1.5","timeInForce":"GTC"}}
              → Envelope { request_id: None, message: PlaceOrder(PlaceOrder { pair: "A/B", client_order_id: None, side: Buy, amount: 1, terms: Trailing { distance: Percent(1.5), by: Last }, lasting: Gtc, post_only: false, self_trade: CancelTaker, margin: None }) }
            {"type":"place_order","orderType":"oco","orderData":{"pair":"A/B","side":"buy","amount":"1","stopPrice":"9","targetPrice":"5","timeInForce":"GTD","expiresAt":1}}
              → Envelope { request_id: None, message: PlaceOrder(PlaceOrder { pair: "A/B", client_order_id: None, side: Buy, amount: 1, terms: Oco { target_price: 5, stop_price: 9, limit_price: None, by: Last }, lasting: Gtd(Timestamp(1)), post_only: false, self_trade: CancelTaker, margin: None }) }
            {"type":"place_order","orderType":"iceberg","orderData":{"pair":"A/B","side":"buy","amount":"1","price":"5","displayAmount":"0.1","postOnly":true}}
              → Envelope { request_id: None, message: PlaceOrder(PlaceOrder { pair: "A/B", client_order_id: None, side: Buy, amount: 1, terms: Iceberg { price: 5, display_amount: 0.1 }, lasting: Gtc, post_only: true, self_trade: CancelTaker, margin: None }) }
            {"type":"place_order","orderType":"limit","orderData":{"pair":"A/B","side":"buy","amount":"1","price":"5","timeInForce":"GTD","expiresAt":9007199254740991}}
              → Envelope { request_id: None, message: PlaceOrder(PlaceOrder { pair: "A/B", client_order_id: None, side: Buy, amount: 1, terms: Limit { price: 5 }, lasting: Gtd(Timestamp(9007199254740991)), post_only: false, self_trade: CancelTaker, margin: None }) }
            {"type":"place_order","orderType":"market","orderData":{"pair":"A/B","side":"buy","amount":"1","timeInForce":"FOK","reduceOnly":false,"leverage":null}}
              → Envelope { request_id: None, message: PlaceOrder(PlaceOrder { pair: "A/B", client_order_id: None, side: Buy, amount: 1, terms: Market, lasting: Fok, post_only: false, self_trade: CancelTaker, margin: None }) }
            {"type":"place_order","orderType":"stop_loss","orderData":{"pair":"A/B","side":"buy","amount":"1","limitPrice":"6"}}
              → {"type":"error","error":{"code":"INVALID_MESSAGE","message":"A required field is missing","details":"orderData.stopPrice: expected a decimal string like \"995.00\"","reason":"MISSING_FIELD","params":{"field":"orderData.stopPrice"},"requestType":"place_order"},"timestamp":0}
            {"type":"place_order","orderType":"stop_loss","orderData":{"pair":"A/B","side":"buy","amount":"1","stopPrice":"5","price":"6"}}
              → {"type":"error","error":{"code":"ORDER_FAILED","message":"The option does not go with this order type","details":"orderData.price: expected stop_loss without it","reason":"OPTION_NOT_FOR_ORDER_TYPE","params":{"field":"orderData.price","orderType":"stop_loss"},"requestType":"place_order"},"timestamp":0}
            {"type":"place_order","orderType":"stop_loss","orderData":{"pair":"A/B","side":"buy","amount":"1","stopPrice":"5","timeInForce":"IOC"}}
              → {"type":"error","error":{"code":"ORDER_FAILED","message":"The option does not go with this order type","details":"orderData.timeInForce: expected GTC or GTD","reason":"OPTION_NOT_FOR_ORDER_TYPE","params":{"field":"orderData.timeInForce","orderType":"stop_loss","timeInForce":"IOC"},"requestType":"place_order"},"timestamp":0}
            {"type":"place_order","orderType":"stop_loss","orderData":{"pair":"A/B","side":"buy","amount":"1","stopPrice":"5","limitPrice":"6","postOnly":true}}
              → {"type":"error","error":{"code":"ORDER_FAILED","message":"The option does not go with this order type","details":"orderData.postOnly: expected stop_loss without it","reason":"OPTION_NOT_FOR_ORDER_TYPE","params":{"field":"orderData.postOnly","orderType":"stop_loss"},"requestType":"place_order"},"timestamp":0}
            {"type":"place_order","orderType":"take_profit","orderData":{"pair":"A/B","side":"buy","amount":"1","stopPrice":"5","triggerBy":"index"}}
              → {"type":"error","error":{"code":"INVALID_MESSAGE","message":"A field has a value that it may not have","details":"orderData.triggerBy: expected \"last\" or \"mark\"","reason":"INVALID_VALUE","params":{"field":"orderData.triggerBy"},"requestType":"place_order"},"timestamp":0}
            {"type":"place_order","orderType":"trailing_stop","orderData":{"pair":"A/B","side":"buy","amount":"1"}}
              → {"type":"error","error":{"code":"INVALID_MESSAGE","message":"A required field is missing","details":"orderData.trailingDelta: expected trailingDelta or trailingPercent, a decimal string","reason":"MISSING_FIELD","params":{"field":"orderData.trailingDelta"},"requestType":"place_order"},"timestamp":0}
            {"type":"place_order","orderType":"trailing_stop","orderData":{"pair":"A/B","side":"buy","amount":"1","trailingDelta":"1","trailingPercent":"1"}}
              → {"type":"error","error":{"code":"INVALID_MESSAGE","message":"A field stands twice in one object","details":"orderData.trailingPercent: expected it or trailingDelta, not both","reason":"DUPLICATE_FIELD","params":{"field":"orderData.trailingPercent"},"requestType":"place_order"},"timestamp":0}
            {"type":"place_order","orderType":"trailing_stop","orderData":{"pair":"A/B","side":"buy","amount":"1","trailingPercent":1}}
              → {"type":"error","error":{"code":"INVALID_MESSAGE","message":"Decimals are sent as strings","details":"orderData.trailingPercent: expected a decimal in a string like \"995.00\", not a number","reason":"DECIMAL_NOT_A_STRING","params":{"field":"orderData.trailingPercent"},"requestType":"place_order"},"timestamp":0}
            {"type":"place_order","orderType":"trailing_stop","orderData":{"pair":"A/B","side":"buy","amount":"1","trailingPercent":"1","timeInForce":"IOC"}}
              → {"type":"error","error":{"code":"ORDER_FAILED","message":"The option does not go with this order type","details":"orderData.timeInForce: expected GTC or GTD","reason":"OPTION_NOT_FOR_ORDER_TYPE","params":{"field":"orderData.timeInForce","orderType":"trailing_stop","timeInForce":"IOC"},"requestType":"place_order"},"timestamp":0}
            {"type":"place_order","orderType":"oco","orderData":{"pair":"A/B","side":"buy","amount":"1","stopPrice":"9"}}
              → {"type":"error","error":{"code":"INVALID_MESSAGE","message":"A required field is missing","details":"orderData.targetPrice: expected a decimal string like \"995.00\"","reason":"MISSING_FIELD","params":{"field":"orderData.targetPrice"},"requestType":"place_order"},"timestamp":0}
            {"type":"place_order","orderType":"oco","orderData":{"pair":"A/B","side":"buy","amount":"1","stopPrice":"9","targetPrice":"5","timeInForce":"FOK"}}
              → {"type":"error","error":{"code":"ORDER_FAILED","message":"The option does not go with this order type","details":"orderData.timeInForce: expected GTC or GTD","reason":"OPTION_NOT_FOR_ORDER_TYPE","params":{"field":"orderData.timeInForce","orderType":"oco","timeInForce":"FOK"},"requestType":"place_order"},"timestamp":0}
            {"type":"place_order","orderType":"iceberg","orderData":{"pair":"A/B","side":"buy","amount":"1","price":"5"}}
              → {"type":"error","error":{"code":"INVALID_MESSAGE","message":"A required field is missing","details":"orderData.displayAmount: expected a decimal string like \"100.00\"","reason":"MISSING_FIELD","params":{"field":"orderData.displayAmount"},"requestType":"place_order"},"timestamp":0}
            {"type":"place_order","orderType":"iceberg","orderData":{"pair":"A/B","side":"buy","amount":"1","price":"5","displayAmount":"1","timeInForce":"IOC"}}
              → {"type":"error","error":{"code":"ORDER_FAILED","message":"The option does not go with this order type","details":"orderData.timeInForce: expected GTC or GTD","reason":"OPTION_NOT_FOR_ORDER_TYPE","params":{"field":"orderData.timeInForce","orderType":"iceberg","timeInForce":"IOC"},"requestType":"place_order"},"timestamp":0}
            {"type":"place_order","orderType":"limit","orderData":{"pair":"A/B","side":"buy","amount":"1","price":"5","displayAmount":"1"}}
              → {"type":"error","error":{"code":"ORDER_FAILED","message":"The option does not go with this order type","details":"orderData.displayAmount: expected limit without it","reason":"OPTION_NOT_FOR_ORDER_TYPE","params":{"field":"orderData.displayAmount","orderType":"limit"},"requestType":"place_order"},"timestamp":0}
            {"type":"place_order","orderType":"limit","orderData":{"pair":"A/B","side":"buy","amount":"1","price":"5","timeInForce":"GTD"}}
              → {"type":"error","error":{"code":"INVALID_MESSAGE","message":"A required field is missing","details":"orderData.expiresAt: expected milliseconds since the epoch, a whole number below 2^53","reason":"MISSING_FIELD","params":{"field":"orderData.expiresAt"},"requestType":"place_order"},"timestamp":0}
            {"type":"place_order","orderType":"limit","orderData":{"pair":"A/B","side":"buy","amount":"1","price":"5","expiresAt":1}}
              → {"type":"error","error":{"code":"ORDER_FAILED","message":"expiresAt needs timeInForce GTD","details":"orderData.expiresAt: expected it with timeInForce GTD only","reason":"EXPIRY_NEEDS_GTD","params":{"field":"orderData.expiresAt"},"requestType":"place_order"},"timestamp":0}
            {"type":"place_order","orderType":"limit","orderData":{"pair":"A/B","side":"buy","amount":"1","price":"5","timeInForce":"GTD","expiresAt":9007199254740992}}
              → {"type":"error","error":{"code":"INVALID_MESSAGE","message":"A field has a value that it may not have","details":"orderData.expiresAt: expected milliseconds since the epoch, a whole number below 2^53","reason":"INVALID_VALUE","params":{"field":"orderData.expiresAt"},"requestType":"place_order"},"timestamp":0}
            {"type":"place_order","orderType":"limit","orderData":{"pair":"A/B","side":"buy","amount":"1","price":"5","timeInForce":"GTD","expiresAt":"tomorrow"}}
              → {"type":"error","error":{"code":"INVALID_MESSAGE","message":"A field is of the wrong JSON kind","details":"orderData.expiresAt: expected milliseconds since the epoch, a whole number below 2^53","reason":"WRONG_KIND","params":{"field":"orderData.expiresAt"},"requestType":"place_order"},"timestamp":0}
            {"type":"place_order","orderType":"market","orderData":{"pair":"A/B","side":"buy","amount":"1","price":"5"}}
              → {"type":"error","error":{"code":"ORDER_FAILED","message":"A market order has no price","details":"orderData.price: expected a market order without it","reason":"PRICE_ON_MARKET_ORDER","params":{"field":"orderData.price"},"requestType":"place_order"},"timestamp":0}
            {"type":"place_order","orderType":"market","orderData":{"pair":"A/B","side":"buy","amount":"1","timeInForce":"GTD","expiresAt":1}}
              → {"type":"error","error":{"code":"ORDER_FAILED","message":"The option does not go with this order type","details":"orderData.timeInForce: expected IOC or FOK","reason":"OPTION_NOT_FOR_ORDER_TYPE","params":{"field":"orderData.timeInForce","orderType":"market","timeInForce":"GTD"},"requestType":"place_order"},"timestamp":0}
            {"type":"place_order","orderType":"market","orderData":{"pair":"A/B","side":"buy","amount":"1","postOnly":true}}
              → {"type":"error","error":{"code":"ORDER_FAILED","message":"The option does not go with this order type","details":"orderData.postOnly: expected market without it","reason":"OPTION_NOT_FOR_ORDER_TYPE","params":{"field":"orderData.postOnly","orderType":"market"},"requestType":"place_order"},"timestamp":0}
            {"type":"place_order","orderType":"market","orderData":{"pair":"A/B","side":"buy","amount":"1","leverage":2}}
              → {"type":"error","error":{"code":"INVALID_MESSAGE","message":"Decimals are sent as strings","details":"orderData.leverage: expected a decimal in a string like \"995.00\", not a number","reason":"DECIMAL_NOT_A_STRING","params":{"field":"orderData.leverage"},"requestType":"place_order"},"timestamp":0}
            {"type":"place_order","orderType":"market","orderData":{"pair":"A/B","side":"buy","amount":"1","leverage":"2"}}
              → Envelope { request_id: None, message: PlaceOrder(PlaceOrder { pair: "A/B", client_order_id: None, side: Buy, amount: 1, terms: Market, lasting: Gtc, post_only: false, self_trade: CancelTaker, margin: Leverage(2) }) }
            {"type":"place_order","orderType":"market","orderData":{"pair":"A/B","side":"buy","amount":"1","reduceOnly":true}}
              → Envelope { request_id: None, message: PlaceOrder(PlaceOrder { pair: "A/B", client_order_id: None, side: Buy, amount: 1, terms: Market, lasting: Gtc, post_only: false, self_trade: CancelTaker, margin: ReduceOnly }) }
        "#]],
    );
}

#[test]
fn lists_and_queries_are_read() {
    check(
        &[
            r#"{"type":"place_orders","orders":[{"orderType":"market","orderData":{"pair":"A/B","side":"buy","amount":"1"}},{"orderType":"limit","clientOrderId":"c","orderData":{"pair":"A/B","side":"buy","amount":"1"}},5],"requestId":1}"#,
            r#"{"type":"cancel_orders","orders":[{"orderId":"order_1"},{"clientOrderId":"c"},{"orderId":"1"},{}]}"#,
            r#"{"type":"cancel_orders","orders":[]}"#,
            r#"{"type":"cancel_all_after","timeoutMs":0}"#,
            r#"{"type":"cancel_all_after","timeoutMs":1000}"#,
            r#"{"type":"cancel_all_after","timeoutMs":999}"#,
            r#"{"type":"cancel_all_after"}"#,
            r#"{"type":"get_orders","status":"finished","after":"order_3","limit":10}"#,
            r#"{"type":"get_orders","status":"ended"}"#,
            r#"{"type":"get_order","clientOrderId":"c"}"#,
            r#"{"type":"get_fills","orderId":"order_3","after":7,"limit":500}"#,
            r#"{"type":"get_fills","limit":501}"#,
        ],
        &expect![[r#"
            {"type":"place_orders","orders":[{"orderType":"market","orderData":{"pair":"A/B","side":"buy","amount":"1"}},{"orderType":"limit","clientOrderId":"c","orderData":{"pair":"A/B","side":"buy","amount":"1"}},5],"requestId":1}
              → Envelope { request_id: Some(Integer(1)), message: PlaceOrders([Ok(PlaceOrder { pair: "A/B", client_order_id: None, side: Buy, amount: 1, terms: Market, lasting: Gtc, post_only: false, self_trade: CancelTaker, margin: None }), Err(WireError { refusal: Refusal { reason: MissingField, message: None, details: "orderData.price: expected a decimal string like \"995.00\"", params: [("field", Text("orderData.price"))] }, request_id: None, request_type: Some(PlaceOrders), client_order_id: Some("c") }), Err(WireError { refusal: Refusal { reason: WrongKind, message: None, details: "orders[]: expected an object, not a number", params: [("field", Text("orders[]"))] }, request_id: None, request_type: Some(PlaceOrders), client_order_id: None })]) }
            {"type":"cancel_orders","orders":[{"orderId":"order_1"},{"clientOrderId":"c"},{"orderId":"1"},{}]}
              → Envelope { request_id: None, message: CancelOrders([Ok(Id(OrderId(1))), Ok(Client("c")), Err(WireError { refusal: Refusal { reason: UnknownOrder, message: None, details: "orderId: expected the id of an order", params: [("field", Text("orderId"))] }, request_id: None, request_type: Some(CancelOrders), client_order_id: None }), Err(WireError { refusal: Refusal { reason: MissingField, message: None, details: "orderId: expected orderId or clientOrderId, a string", params: [("field", Text("orderId"))] }, request_id: None, request_type: Some(CancelOrders), client_order_id: None })]) }
            {"type":"cancel_orders","orders":[]}
              → {"type":"error","error":{"code":"INVALID_MESSAGE","message":"A list has no entries","details":"orders: expected a list of 1 to 20 orders","reason":"EMPTY_LIST","params":{"field":"orders"},"requestType":"cancel_orders"},"timestamp":0}
            {"type":"cancel_all_after","timeoutMs":0}
              → Envelope { request_id: None, message: CancelAllAfter { timeout_ms: 0 } }
            {"type":"cancel_all_after","timeoutMs":1000}
              → Envelope { request_id: None, message: CancelAllAfter { timeout_ms: 1000 } }
            {"type":"cancel_all_after","timeoutMs":999}
              → {"type":"error","error":{"code":"INVALID_MESSAGE","message":"A field has a value that it may not have","details":"timeoutMs: expected 0, or a whole number from 1000 to 86400000","reason":"INVALID_VALUE","params":{"field":"timeoutMs","minTimeoutMs":1000,"maxTimeoutMs":86400000},"requestType":"cancel_all_after"},"timestamp":0}
            {"type":"cancel_all_after"}
              → {"type":"error","error":{"code":"INVALID_MESSAGE","message":"A required field is missing","details":"timeoutMs: expected 0, or a whole number from 1000 to 86400000","reason":"MISSING_FIELD","params":{"field":"timeoutMs"},"requestType":"cancel_all_after"},"timestamp":0}
            {"type":"get_orders","status":"finished","after":"order_3","limit":10}
              → Envelope { request_id: None, message: GetOrders(GetOrders { pair: None, finished: true, after: Some(OrderId(3)), limit: 10 }) }
            {"type":"get_orders","status":"ended"}
              → {"type":"error","error":{"code":"INVALID_MESSAGE","message":"A field has a value that it may not have","details":"status: expected \"open\" or \"finished\"","reason":"INVALID_VALUE","params":{"field":"status"},"requestType":"get_orders"},"timestamp":0}
            {"type":"get_order","clientOrderId":"c"}
              → Envelope { request_id: None, message: GetOrder(Client("c")) }
            {"type":"get_fills","orderId":"order_3","after":7,"limit":500}
              → Envelope { request_id: None, message: GetFills(GetFills { pair: None, order: Some(Id(OrderId(3))), after: 7, limit: 500 }) }
            {"type":"get_fills","limit":501}
              → {"type":"error","error":{"code":"INVALID_MESSAGE","message":"A field has a value that it may not have","details":"limit: expected a whole number from 1 to 500","reason":"INVALID_VALUE","params":{"field":"limit","maxLimit":500},"requestType":"get_fills"},"timestamp":0}
        "#]],
    );
}

/// The parser stops at such a number, and the answer still finds its request.
#[test]
fn a_number_too_large_hides_nothing_of_the_rest() {
    check(
        &[
            r#"{"type":"place_order","x":1e999,"orderData":{"clientOrderId":"mine"},"requestId":"r"}"#,
            r#"{"requestId":-1e400,"type":"ping"}"#,
            r#"{"a":[1e400,{"b":-2E+500}],"type":"pi\u006eg","requestId":7}"#,
            r#"{"a":[1e400,1e400,1e400,1e400,1e400,1e400,1e400,1e400,1e400],"requestId":7}"#,
            r#"{"requestId":7,"a":1e400,"#,
        ],
        &expect![[r#"
            {"type":"place_order","x":1e999,"orderData":{"clientOrderId":"mine"},"requestId":"r"}
              → {"type":"error","error":{"code":"INVALID_MESSAGE","message":"A number in the message is too large","details":"expected numbers below 1.8e308; reading stopped at byte 26","reason":"NUMBER_TOO_LARGE","params":{"byte":26},"requestType":"place_order","clientOrderId":"mine"},"requestId":"r","timestamp":0}
            {"requestId":-1e400,"type":"ping"}
              → {"type":"error","error":{"code":"INVALID_MESSAGE","message":"A number in the message is too large","details":"expected numbers below 1.8e308; reading stopped at byte 13","reason":"NUMBER_TOO_LARGE","params":{"byte":13},"requestType":"ping"},"timestamp":0}
            {"a":[1e400,{"b":-2E+500}],"type":"pi\u006eg","requestId":7}
              → {"type":"error","error":{"code":"INVALID_MESSAGE","message":"A number in the message is too large","details":"expected numbers below 1.8e308; reading stopped at byte 6","reason":"NUMBER_TOO_LARGE","params":{"byte":6},"requestType":"ping"},"requestId":7,"timestamp":0}
            {"a":[1e400,1e400,1e400,1e400,1e400,1e400,1e400,1e400,1e400],"requestId":7}
              → {"type":"error","error":{"code":"INVALID_MESSAGE","message":"A number in the message is too large","details":"expected numbers below 1.8e308; reading stopped at byte 6","reason":"NUMBER_TOO_LARGE","params":{"byte":6}},"timestamp":0}
            {"requestId":7,"a":1e400,
              → {"type":"error","error":{"code":"INVALID_MESSAGE","message":"A number in the message is too large","details":"expected numbers below 1.8e308; reading stopped at byte 19","reason":"NUMBER_TOO_LARGE","params":{"byte":19}},"timestamp":0}
        "#]],
    );
}

/// A position is named like an order is; what goes out of it is below zero.
#[test]
fn what_is_said_of_positions() {
    check(
        &[
            r#"{"type":"subscribe","channels":[{"type":"positions"},{"type":"positions","since":7},{"type":"margin_calls"},{"type":"positions","since":-1}]}"#,
            r#"{"type":"get_positions","requestId":3}"#,
            r#"{"type":"close_position","positionId":"pos_42"}"#,
            r#"{"type":"close_position","positionId":"pos_18446744073709551615","clientOrderId":"c"}"#,
            r#"{"type":"close_position","positionId":"pos_042","clientOrderId":"c"}"#,
            r#"{"type":"close_position","positionId":"order_42"}"#,
            r#"{"type":"close_position","positionId":42}"#,
            r#"{"type":"close_position","clientOrderId":"c"}"#,
            r#"{"type":"adjust_margin","positionId":"pos_42","amount":"100.00"}"#,
            r#"{"type":"adjust_margin","positionId":"pos_42","amount":"-0.5"}"#,
            r#"{"type":"adjust_margin","positionId":"pos_42","amount":"+1"}"#,
            r#"{"type":"adjust_margin","positionId":"pos_42","amount":1}"#,
            r#"{"type":"adjust_margin","positionId":"pos_42"}"#,
            r#"{"type":"place_order","orderType":"stop_loss","orderData":{"pair":"A/B","side":"buy","amount":"1","stopPrice":"5","reduceOnly":true}}"#,
            r#"{"type":"place_order","orderType":"stop_loss","orderData":{"pair":"A/B","side":"buy","amount":"1","stopPrice":"5","reduceOnly":true,"triggerBy":"last"}}"#,
            r#"{"type":"place_order","orderType":"market","orderData":{"pair":"A/B","side":"buy","amount":"1","reduceOnly":true,"leverage":"2"}}"#,
            r#"{"type":"place_order","orderType":"market","orderData":{"pair":"A/B","side":"buy","amount":"1","reduceOnly":"true"}}"#,
        ],
        &expect![[r#"
            {"type":"subscribe","channels":[{"type":"positions"},{"type":"positions","since":7},{"type":"margin_calls"},{"type":"positions","since":-1}]}
              → Envelope { request_id: None, message: Subscribe([Ok(Positions { since: None }), Ok(Positions { since: Some(7) }), Ok(MarginCalls), Err(WireError { refusal: Refusal { reason: InvalidChannel, message: None, details: "channels[].since: expected a userSequence, a whole number", params: [("field", Text("channels[].since")), ("index", Number(3))] }, request_id: None, request_type: Some(Subscribe), client_order_id: None })]) }
            {"type":"get_positions","requestId":3}
              → Envelope { request_id: Some(Integer(3)), message: GetPositions }
            {"type":"close_position","positionId":"pos_42"}
              → Envelope { request_id: None, message: ClosePosition(ClosePosition { position: PositionId(42), client_order_id: None }) }
            {"type":"close_position","positionId":"pos_18446744073709551615","clientOrderId":"c"}
              → Envelope { request_id: None, message: ClosePosition(ClosePosition { position: PositionId(18446744073709551615), client_order_id: Some("c") }) }
            {"type":"close_position","positionId":"pos_042","clientOrderId":"c"}
              → {"type":"error","error":{"code":"ORDER_FAILED","message":"There is no such position","details":"positionId: expected the id of a position","reason":"NO_POSITION","params":{"field":"positionId"},"requestType":"close_position","clientOrderId":"c"},"timestamp":0}
            {"type":"close_position","positionId":"order_42"}
              → {"type":"error","error":{"code":"ORDER_FAILED","message":"There is no such position","details":"positionId: expected the id of a position","reason":"NO_POSITION","params":{"field":"positionId"},"requestType":"close_position"},"timestamp":0}
            {"type":"close_position","positionId":42}
              → {"type":"error","error":{"code":"INVALID_MESSAGE","message":"A field is of the wrong JSON kind","details":"positionId: expected a string","reason":"WRONG_KIND","params":{"field":"positionId"},"requestType":"close_position"},"timestamp":0}
            {"type":"close_position","clientOrderId":"c"}
              → {"type":"error","error":{"code":"INVALID_MESSAGE","message":"A required field is missing","details":"positionId: expected a position like \"pos_42\"","reason":"MISSING_FIELD","params":{"field":"positionId"},"requestType":"close_position","clientOrderId":"c"},"timestamp":0}
            {"type":"adjust_margin","positionId":"pos_42","amount":"100.00"}
              → Envelope { request_id: None, message: AdjustMargin(AdjustMargin { position: PositionId(42), amount: 100.00 }) }
            {"type":"adjust_margin","positionId":"pos_42","amount":"-0.5"}
              → Envelope { request_id: None, message: AdjustMargin(AdjustMargin { position: PositionId(42), amount: -0.5 }) }
            {"type":"adjust_margin","positionId":"pos_42","amount":"+1"}
              → {"type":"error","error":{"code":"INVALID_MESSAGE","message":"A decimal is not written as one","details":"amount: expected digits with at most one point between them like \"995.00\"","reason":"INVALID_DECIMAL","params":{"field":"amount"},"requestType":"adjust_margin"},"timestamp":0}
            {"type":"adjust_margin","positionId":"pos_42","amount":1}
              → {"type":"error","error":{"code":"INVALID_MESSAGE","message":"Decimals are sent as strings","details":"amount: expected a decimal in a string like \"995.00\", not a number","reason":"DECIMAL_NOT_A_STRING","params":{"field":"amount"},"requestType":"adjust_margin"},"timestamp":0}
            {"type":"adjust_margin","positionId":"pos_42"}
              → {"type":"error","error":{"code":"INVALID_MESSAGE","message":"A required field is missing","details":"amount: expected a decimal string like \"100.00\" to add, \"-100.00\" to take out","reason":"MISSING_FIELD","params":{"field":"amount"},"requestType":"adjust_margin"},"timestamp":0}
            {"type":"place_order","orderType":"stop_loss","orderData":{"pair":"A/B","side":"buy","amount":"1","stopPrice":"5","reduceOnly":true}}
              → Envelope { request_id: None, message: PlaceOrder(PlaceOrder { pair: "A/B", client_order_id: None, side: Buy, amount: 1, terms: Stop { kind: StopLoss, stop_price: 5, limit_price: None, by: Mark }, lasting: Gtc, post_only: false, self_trade: CancelTaker, margin: ReduceOnly }) }
            {"type":"place_order","orderType":"stop_loss","orderData":{"pair":"A/B","side":"buy","amount":"1","stopPrice":"5","reduceOnly":true,"triggerBy":"last"}}
              → Envelope { request_id: None, message: PlaceOrder(PlaceOrder { pair: "A/B", client_order_id: None, side: Buy, amount: 1, terms: Stop { kind: StopLoss, stop_price: 5, limit_price: None, by: Last }, lasting: Gtc, post_only: false, self_trade: CancelTaker, margin: ReduceOnly }) }
            {"type":"place_order","orderType":"market","orderData":{"pair":"A/B","side":"buy","amount":"1","reduceOnly":true,"leverage":"2"}}
              → {"type":"error","error":{"code":"INVALID_MESSAGE","message":"A field has a value that it may not have","details":"orderData.leverage: expected a reduce-only order without it","reason":"INVALID_VALUE","params":{"field":"orderData.leverage"},"requestType":"place_order"},"timestamp":0}
            {"type":"place_order","orderType":"market","orderData":{"pair":"A/B","side":"buy","amount":"1","reduceOnly":"true"}}
              → {"type":"error","error":{"code":"INVALID_MESSAGE","message":"A field is of the wrong JSON kind","details":"orderData.reduceOnly: expected true or false","reason":"WRONG_KIND","params":{"field":"orderData.reduceOnly"},"requestType":"place_order"},"timestamp":0}
        "#]],
    );
}
