//! Orders of every type, and what is wrong with one.

use expect_test::expect;

use super::{check, read};

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
