//! What is no message at all.

use expect_test::expect;
use gateway::wire::decode;

use super::check;

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
