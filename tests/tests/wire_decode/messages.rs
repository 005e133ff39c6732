//! What is read: the reference's messages, and those that the protocol adds.

use expect_test::expect;

use super::check;

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
