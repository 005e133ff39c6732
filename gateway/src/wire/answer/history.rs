//! `get_orders`, `get_order` and `get_fills`.

use crate::wire::MessageType;
use engine::domain::{ClientOrderId, OrderId, Side, Timestamp};
use engine::report::Fill;

use crate::instrument::Instrument;
use crate::wire::json::Json;
use crate::wire::stream::liquidity_word;
use crate::wire::{OrderData, RequestId, side_word};

use super::{amount, answer, client_order_id, price};

/// `get_orders`: a page of orders, by ascending id, and the last of them where more follow.
pub fn encode_orders(
    orders: &[OrderData<'_>],
    next_after: Option<OrderId>,
    out: &mut Vec<u8>,
    request: Option<&RequestId>,
    now: Timestamp,
) {
    answer(out, MessageType::GetOrders, request, now, |json| {
        json.object("result");
        json.list("orders");
        for order in orders {
            item(json, |json| order.write(json));
        }
        json.close_list();
        match next_after {
            Some(order) => json.id("nextAfter", "order_", order.0),
            None => json.null("nextAfter"),
        }
        json.close();
    });
}

/// `get_order`
pub fn encode_order(
    order: &OrderData<'_>,
    out: &mut Vec<u8>,
    request: Option<&RequestId>,
    now: Timestamp,
) {
    answer(out, MessageType::GetOrder, request, now, |json| {
        json.object("result");
        json.object("order");
        order.write(json);
        json.close();
        json.close();
    });
}

/// One fill of one order as its owner sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FillData<'a> {
    /// In which pair.
    pub instrument: &'a Instrument,
    /// Of which order.
    pub order: OrderId,
    /// The client's own name for that.
    pub client_order_id: Option<ClientOrderId>,
    /// Which way the order went.
    pub side: Side,
    /// The fill.
    pub fill: Fill,
    /// When it happened.
    pub time: Timestamp,
    /// The place of the `order_update` that told of it.
    pub user_sequence: u64,
}

impl FillData<'_> {
    fn write(&self, json: &mut Json<'_>) {
        let (instrument, fill) = (self.instrument, &self.fill);
        let quote = &instrument.quote;
        json.id("tradeId", "trade_", fill.trade.0);
        json.id("orderId", "order_", self.order.0);
        client_order_id(json, self.client_order_id);
        json.word("pair", &instrument.symbol);
        json.word("side", side_word(self.side));
        price(json, "price", instrument, fill.price);
        amount(json, "amount", instrument, fill.quantity);
        json.word("liquidity", liquidity_word(fill.liquidity));
        let fee = u128::from(fill.fee.units());
        json.exact("fee", fee, quote.scale, quote.display_scale);
        json.word("feeAsset", &quote.symbol);
        json.number("timestamp", self.time.0);
        json.number("userSequence", self.user_sequence);
    }
}

/// `get_fills`: a page of fills, oldest first, and the place of the last of them where more
/// follow.
pub fn encode_fills(
    fills: &[FillData<'_>],
    next_after: Option<u64>,
    out: &mut Vec<u8>,
    request: Option<&RequestId>,
    now: Timestamp,
) {
    answer(out, MessageType::GetFills, request, now, |json| {
        json.object("result");
        json.list("fills");
        for fill in fills {
            item(json, |json| fill.write(json));
        }
        json.close_list();
        match next_after {
            Some(user_sequence) => json.number("nextAfter", user_sequence),
            None => json.null("nextAfter"),
        }
        json.close();
    });
}

fn item(json: &mut Json<'_>, write: impl FnOnce(&mut Json<'_>)) {
    json.item();
    json.open();
    write(json);
    json.close();
}
