//! Orders as their owners see them.

use crate::wire::MessageType;
use engine::domain::{
    Funding, Price, Quantity, SelfTradePrevention, Special, TimeInForce, Timestamp, TriggerBy,
};
use engine::report::{AcceptedOrder, Liquidity, OrderChange, OrderStatus};

use crate::instrument::Instrument;
use crate::wire::answer::{amount, client_order_id, price};
use crate::wire::json::Json;
use crate::wire::{OrderType, order_reason_word};

use super::{side_word, stream};

/// One order as its owner sees it, in `order_update`, `orders_snapshot` and `get_orders`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderData<'a> {
    /// In which pair.
    pub instrument: &'a Instrument,
    /// What it started with; of a one-cancels-other order with the target that it has.
    pub order: &'a AcceptedOrder,
    /// Whether its stop was reached.
    pub is_triggered: bool,
    /// Its last change; `None` as long as it is only accepted.
    pub change: Option<&'a OrderChange>,
}

impl OrderData<'_> {
    pub(in crate::wire) fn write(&self, json: &mut Json<'_>) {
        let (order, instrument) = (self.order, self.instrument);
        let quantity = self.change.map_or(order.quantity, |c| c.quantity);
        let filled = self.change.map_or(Quantity::ZERO, |c| c.filled);
        let leaves = self.change.map_or(order.quantity, |c| c.leaves);
        let fill = self.change.and_then(|change| change.fill);
        let status = self.change.map_or(OrderStatus::Pending, |c| c.status);
        json.id("orderId", "order_", order.order.0);
        json.word("status", order_status_word(status));
        json.word("side", side_word(order.side));
        json.word("type", OrderType::of(order).word());
        json.word("pair", &instrument.symbol);
        amount(json, "amount", instrument, quantity);
        amount(json, "filled", instrument, filled);
        amount(json, "remaining", instrument, leaves);
        match self
            .change
            .and_then(|c| instrument.average_price(c.notional, filled))
        {
            Some(average) => json.exact(
                "averagePrice",
                average,
                instrument.price_scale + 2,
                instrument.price_scale,
            ),
            None => json.null("averagePrice"),
        }
        match fill {
            Some(fill) => {
                price(json, "lastFillPrice", instrument, fill.price);
                amount(json, "lastFillAmount", instrument, fill.quantity);
            }
            None => {
                json.null("lastFillPrice");
                json.null("lastFillAmount");
            }
        }
        client_order_id(json, order.client_order_id);
        self.write_prices(json);
        json.word("timeInForce", time_in_force_of(order));
        if let Some(at) = order.expires_at {
            json.number("expiresAt", at.0);
        }
        if order.post_only {
            json.boolean("postOnly", true);
        }
        json.word("selfTradePrevention", self_trade_word(order.self_trade));
        write_funding(json, order.funding);
        self.write_change(json);
    }

    /// The prices of the order's type, as they are now.
    fn write_prices(&self, json: &mut Json<'_>) {
        let (order, instrument) = (self.order, self.instrument);
        let now = self.change.map_or(order.price, |c| c.price);
        // A market order has no price of its own; where it stops is its collar.
        let limit_key = |is_market, key| if is_market { "collarPrice" } else { key };
        let at = |json: &mut Json<'_>, key, it| price(json, key, instrument, it);
        match order.special {
            Special::None => at(json, limit_key(order.market, "price"), now),
            Special::Iceberg { display } => {
                at(json, "price", now);
                amount(json, "displayAmount", instrument, display);
            }
            Special::Stop { trigger, by, .. } => {
                at(json, "stopPrice", trigger);
                at(json, limit_key(order.market, "limitPrice"), now);
                self.write_trigger(json, by);
            }
            Special::Trailing { distance, by } => {
                let number = distance.number();
                if distance.is_in_basis_points() {
                    json.decimal("trailingPercent", u128::from(number), 2);
                } else {
                    let units = instrument.price_units(u64::from(number));
                    json.decimal("trailingDelta", units, instrument.price_scale);
                }
                at(json, "collarPrice", now);
                self.write_trigger(json, by);
            }
            Special::Oco { trigger, limit, by } => {
                at(json, "targetPrice", order.price);
                at(json, "stopPrice", trigger);
                let limit_now: Option<Price> = if self.is_triggered { Some(now) } else { limit };
                if let Some(limit_now) = limit_now {
                    at(json, limit_key(limit.is_none(), "limitPrice"), limit_now);
                }
                self.write_trigger(json, by);
            }
        }
    }

    fn write_trigger(&self, json: &mut Json<'_>, by: TriggerBy) {
        json.word("triggerBy", trigger_by_word(by));
        json.boolean("triggered", self.is_triggered);
    }

    fn write_change(&self, json: &mut Json<'_>) {
        let Some(change) = self.change else { return };
        let quote = &self.instrument.quote;
        let fee = |json: &mut Json<'_>, key, units: u64| {
            json.exact(key, u128::from(units), quote.scale, quote.display_scale);
        };
        if let Some(fill) = change.fill {
            json.id("tradeId", "trade_", fill.trade.0);
            json.word("liquidity", liquidity_word(fill.liquidity));
            fee(json, "fee", fill.fee.units());
        }
        fee(json, "totalFee", change.fees.units());
        json.word("feeAsset", &quote.symbol);
        if let Some(reason) = change.reason {
            json.word("reason", order_reason_word(reason));
        }
        if let Some(sequence) = change.sequence {
            json.number("sequence", sequence.0);
        }
    }
}

/// What makes it a margin order, where it is one.
fn write_funding(json: &mut Json<'_>, funding: Funding) {
    match funding {
        Funding::Spot => {}
        Funding::Margin { leverage, .. } => {
            json.decimal("leverage", u128::from(leverage.hundredths()), 2);
        }
        Funding::ReduceOnly => json.boolean("reduceOnly", true),
        Funding::Liquidation | Funding::Backstop => {
            json.boolean("reduceOnly", true);
            json.boolean("liquidation", true);
        }
    }
}

/// `order_update`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderUpdate<'a> {
    /// The order after the change.
    pub order: OrderData<'a>,
    /// The user's own counter.
    pub user_sequence: u64,
}

impl OrderUpdate<'_> {
    /// Writes the message.
    pub fn encode(&self, out: &mut Vec<u8>, now: Timestamp) {
        stream(out, MessageType::OrderUpdate, &["orders"], now, |json| {
            self.order.write(json);
            json.number("userSequence", self.user_sequence);
        });
    }
}

/// `orders_snapshot`: all open orders, by ascending id. `resumed` is told only where a client
/// asked to go on after a sequence.
pub fn encode_orders_snapshot<'a>(
    orders: impl Iterator<Item = OrderData<'a>>,
    user_sequence: u64,
    resumed: Option<bool>,
    out: &mut Vec<u8>,
    now: Timestamp,
) {
    stream(out, MessageType::OrdersSnapshot, &["orders"], now, |json| {
        json.list("orders");
        for order in orders {
            json.item();
            json.open();
            order.write(json);
            json.close();
        }
        json.close_list();
        if let Some(resumed) = resumed {
            json.boolean("resumed", resumed);
        }
        json.number("userSequence", user_sequence);
    });
}

/// The word of an order's status.
pub const fn order_status_word(status: OrderStatus) -> &'static str {
    match status {
        OrderStatus::Pending => "pending",
        OrderStatus::Open => "open",
        OrderStatus::PartiallyFilled => "partially_filled",
        OrderStatus::Filled => "filled",
        OrderStatus::Cancelled => "cancelled",
        OrderStatus::Expired => "expired",
    }
}

/// The word of how long an order stays, as its owner asked. A stop that becomes a market order is
/// immediate once it comes in; until then it waits.
pub const fn time_in_force_of(order: &AcceptedOrder) -> &'static str {
    let waits = matches!(
        order.special,
        Special::Stop { .. } | Special::Trailing { .. }
    );
    match order.time_in_force {
        _ if order.expires_at.is_some() => "GTD",
        TimeInForce::GoodTillCancelled => "GTC",
        TimeInForce::ImmediateOrCancel if waits && order.market => "GTC",
        TimeInForce::ImmediateOrCancel => "IOC",
        TimeInForce::FillOrKill => "FOK",
    }
}

/// The word of a mode of self-trade prevention.
pub const fn self_trade_word(mode: SelfTradePrevention) -> &'static str {
    match mode {
        SelfTradePrevention::CancelTaker => "cancel_taker",
        SelfTradePrevention::CancelMaker => "cancel_maker",
        SelfTradePrevention::CancelBoth => "cancel_both",
        SelfTradePrevention::Decrement => "decrement",
    }
}

/// The word of the price that sets an order off.
pub const fn trigger_by_word(by: TriggerBy) -> &'static str {
    match by {
        TriggerBy::Last => "last",
        TriggerBy::Mark => "mark",
    }
}

pub(in crate::wire) const fn liquidity_word(liquidity: Liquidity) -> &'static str {
    match liquidity {
        Liquidity::Maker => "maker",
        Liquidity::Taker => "taker",
    }
}
