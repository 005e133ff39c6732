//! Direct answers: what a request gets back, once, with its `requestId`.
//!
//! Each type is what is said, in the engine's own numbers; `encode` writes it behind whatever
//! `out` holds already.

mod history;
mod instruments;
mod positions;

use crate::wire::MessageType;
use engine::domain::{Amount, ClientOrderId, OrderId, Price, Quantity, Timestamp};

use crate::instrument::{Asset, Instrument};

use super::client::{BookDepth, BookUpdates, ChannelType, OrderType};
use super::json::{Json, decimal_text, exact_text};
use super::{Param, Refusal, RequestId, RequestType};

pub use self::history::*;
pub use self::instruments::*;
pub use self::positions::*;

/// Every limit in force for one user, so that no client hard-codes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserLimits<'a> {
    /// The tier that the token named, or `default`.
    pub tier: &'a str,
    /// Connections of this user at the same time.
    pub connections: u32,
    /// Messages a second on one connection.
    pub messages_per_second: u32,
    /// Subscriptions on one connection.
    pub subscriptions: u32,
    /// Order placements and amends a minute.
    pub order_commands_per_minute: u32,
    /// Cancels a minute.
    pub cancels_per_minute: u32,
    /// Open orders in one pair.
    pub open_orders_per_pair: u32,
    /// Bytes of one message.
    pub message_bytes: u32,
    /// Bytes of messages a second on one connection.
    pub bytes_per_second: u32,
}

/// `authenticated`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authenticated<'a> {
    /// The token's `sub`.
    pub user: &'a str,
    /// The token's `exp`.
    pub expires_at: Timestamp,
    /// What is in force for this user.
    pub limits: UserLimits<'a>,
}

impl Authenticated<'_> {
    /// Writes the message.
    pub fn encode(&self, out: &mut Vec<u8>, request: Option<&RequestId>, now: Timestamp) {
        answer(out, MessageType::Authenticated, request, now, |json| {
            json.object("data");
            json.text("userId", self.user);
            json.number("expiresAt", self.expires_at.0);
            json.object("limits");
            let limits = &self.limits;
            json.text("tier", limits.tier);
            for (key, value) in [
                ("connectionsPerUser", limits.connections),
                ("messagesPerSecond", limits.messages_per_second),
                ("subscriptionsPerConnection", limits.subscriptions),
                ("orderCommandsPerMinute", limits.order_commands_per_minute),
                ("cancelsPerMinute", limits.cancels_per_minute),
                ("openOrdersPerPair", limits.open_orders_per_pair),
                ("messageBytes", limits.message_bytes),
                ("bytesPerSecond", limits.bytes_per_second),
            ] {
                json.number(key, u64::from(value));
            }
            json.close();
            json.close();
        });
    }
}

/// One subscription that a connection holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeldChannel<'a> {
    /// `orderbook`
    OrderBook {
        /// Which pair.
        pair: &'a str,
        /// How many levels a side.
        depth: BookDepth,
        /// What comes after the snapshot.
        updates: BookUpdates,
    },
    /// `trades`
    Trades {
        /// Which pair.
        pair: &'a str,
    },
    /// `price`
    Price {
        /// Of which symbol.
        symbol: &'a str,
    },
    /// `orders`
    Orders,
    /// `portfolio`
    Portfolio,
    /// `positions`
    Positions,
    /// `margin_calls`
    MarginCalls,
    /// `arbitrage`
    Arbitrage,
    /// `risk_alerts`
    RiskAlerts,
}

impl HeldChannel<'_> {
    fn write(&self, json: &mut Json<'_>) {
        json.item();
        json.open();
        match *self {
            HeldChannel::OrderBook {
                pair,
                depth,
                updates,
            } => {
                json.word("type", ChannelType::OrderBook.word());
                json.word("pair", pair);
                json.number("depth", u64::from(depth.levels()));
                json.word("updates", updates.word());
            }
            HeldChannel::Trades { pair } => {
                json.word("type", ChannelType::Trades.word());
                json.word("pair", pair);
            }
            HeldChannel::Price { symbol } => {
                json.word("type", ChannelType::Price.word());
                json.word("symbol", symbol);
            }
            HeldChannel::Orders => json.word("type", ChannelType::Orders.word()),
            HeldChannel::Portfolio => json.word("type", ChannelType::Portfolio.word()),
            HeldChannel::Positions => json.word("type", ChannelType::Positions.word()),
            HeldChannel::MarginCalls => json.word("type", ChannelType::MarginCalls.word()),
            HeldChannel::Arbitrage => json.word("type", ChannelType::Arbitrage.word()),
            HeldChannel::RiskAlerts => json.word("type", ChannelType::RiskAlerts.word()),
        }
        json.close();
    }
}

/// `subscribed` and `unsubscribed`: all that the connection now holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subscriptions<'a> {
    /// Whether it answers `subscribe`; otherwise `unsubscribe`.
    pub subscribed: bool,
    /// The channels now held, in the order in which they came.
    pub channels: &'a [HeldChannel<'a>],
}

impl Subscriptions<'_> {
    /// Writes the message.
    pub fn encode(&self, out: &mut Vec<u8>, request: Option<&RequestId>, now: Timestamp) {
        let kind = if self.subscribed {
            MessageType::Subscribed
        } else {
            MessageType::Unsubscribed
        };
        answer(out, kind, request, now, |json| {
            json.list("channels");
            for channel in self.channels {
                channel.write(json);
            }
            json.close_list();
            json.object("data");
            json.number("subscriptions", count(self.channels));
            json.close();
        });
    }
}

/// `pong`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pong;

impl Pong {
    /// Writes the message.
    pub fn encode(self, out: &mut Vec<u8>, request: Option<&RequestId>, now: Timestamp) {
        answer(out, MessageType::Pong, request, now, |_| {});
    }
}

/// `connection_stats`, asked for or by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectionStats {
    /// When the connection was opened.
    pub connected_at: Timestamp,
    /// Messages from the client.
    pub messages_received: u64,
    /// Messages to the client, this one not counted.
    pub messages_sent: u64,
    /// Channels held.
    pub subscriptions: u32,
    /// The round trip of the last server ping in milliseconds; `None` before the first.
    pub latency_ms: Option<u64>,
}

impl ConnectionStats {
    /// Writes the message.
    pub fn encode(&self, out: &mut Vec<u8>, request: Option<&RequestId>, now: Timestamp) {
        answer(out, MessageType::ConnectionStats, request, now, |json| {
            json.object("data");
            json.number("connectedAt", self.connected_at.0);
            json.number("messagesReceived", self.messages_received);
            json.number("messagesSent", self.messages_sent);
            json.number("subscriptions", u64::from(self.subscriptions));
            match self.latency_ms {
                Some(latency) => json.number("latency", latency),
                None => json.null("latency"),
            }
            json.close();
        });
    }
}

/// What is left of a rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    /// Commands in a full window.
    pub limit: u32,
    /// Commands left now.
    pub remaining: u32,
    /// Milliseconds until all of them are back.
    pub reset_ms: u64,
}

/// `order_placed`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderPlaced {
    /// As it was asked.
    pub order_type: OrderType,
    /// The order's name.
    pub order: OrderId,
    /// The client's own name for it.
    pub client_order_id: Option<ClientOrderId>,
    /// Its place in the list, where it came in one.
    pub index: Option<u16>,
    /// Whether this repeats the answer to a repeated client order id.
    pub duplicate: bool,
    /// What is left of the user's order commands.
    pub rate_limit: RateLimit,
}

impl OrderPlaced {
    /// Writes the message.
    pub fn encode(&self, out: &mut Vec<u8>, request: Option<&RequestId>, now: Timestamp) {
        answer(out, MessageType::OrderPlaced, request, now, |json| {
            json.word("orderType", self.order_type.word());
            json.object("result");
            json.id("orderId", "order_", self.order.0);
            json.word("status", "pending");
            json.word("message", "Order placed successfully");
            client_order_id(json, self.client_order_id);
            if self.duplicate {
                json.boolean("duplicate", true);
            }
            json.close();
            rate_limit(json, &self.rate_limit);
            index(json, self.index);
        });
    }
}

/// `order_cancelled`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderCancelled<'a> {
    /// The order's name.
    pub order: OrderId,
    /// The client's own name for it, where it was cancelled by that.
    pub client_order_id: Option<ClientOrderId>,
    /// Its place in the list, where it came in one.
    pub index: Option<u16>,
    /// What was filled of it, where its pair is known.
    pub filled: Option<(&'a Instrument, Quantity)>,
}

impl OrderCancelled<'_> {
    /// Writes the message.
    pub fn encode(&self, out: &mut Vec<u8>, request: Option<&RequestId>, now: Timestamp) {
        answer(out, MessageType::OrderCancelled, request, now, |json| {
            json.id("orderId", "order_", self.order.0);
            json.object("result");
            json.word("status", "cancelled");
            json.word("message", "Order cancelled successfully");
            client_order_id(json, self.client_order_id);
            if let Some((instrument, filled)) = self.filled {
                amount(json, "filled", instrument, filled);
            }
            json.close();
            index(json, self.index);
        });
    }
}

/// `order_amended`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderAmended<'a> {
    /// In which pair.
    pub instrument: &'a Instrument,
    /// The order's name.
    pub order: OrderId,
    /// The client's own name for it, where it was changed by that.
    pub client_order_id: Option<ClientOrderId>,
    /// What its price is called: `price`, or `collarPrice` where it has none of its own.
    pub price_key: &'static str,
    /// Its limit now.
    pub price: Price,
    /// Its amount now, what is filled included.
    pub quantity: Quantity,
    /// What is left of it now.
    pub leaves: Quantity,
    /// What is left of the user's order commands.
    pub rate_limit: RateLimit,
}

impl OrderAmended<'_> {
    /// Writes the message.
    pub fn encode(&self, out: &mut Vec<u8>, request: Option<&RequestId>, now: Timestamp) {
        answer(out, MessageType::OrderAmended, request, now, |json| {
            let instrument = self.instrument;
            json.id("orderId", "order_", self.order.0);
            json.object("result");
            json.word("pair", &instrument.symbol);
            price(json, self.price_key, instrument, self.price);
            amount(json, "amount", instrument, self.quantity);
            amount(json, "remaining", instrument, self.leaves);
            json.word("message", "Order amended successfully");
            client_order_id(json, self.client_order_id);
            json.close();
            rate_limit(json, &self.rate_limit);
        });
    }
}

/// `orders_cancelled`, the answer to `cancel_all`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrdersCancelled {
    /// How many orders were cancelled.
    pub count: u32,
}

impl OrdersCancelled {
    /// Writes the message.
    pub fn encode(&self, out: &mut Vec<u8>, request: Option<&RequestId>, now: Timestamp) {
        answer(out, MessageType::OrdersCancelled, request, now, |json| {
            json.object("result");
            json.number("count", u64::from(self.count));
            json.word("message", "Orders cancelled successfully");
            json.close();
        });
    }
}

/// `cancel_all_after`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CancelAfterSet {
    /// When all open orders are cancelled; `None` for never.
    pub deadline: Option<Timestamp>,
}

impl CancelAfterSet {
    /// Writes the message.
    pub fn encode(&self, out: &mut Vec<u8>, request: Option<&RequestId>, now: Timestamp) {
        answer(out, MessageType::CancelAllAfter, request, now, |json| {
            json.object("result");
            match self.deadline {
                Some(deadline) => json.number("deadline", deadline.0),
                None => json.null("deadline"),
            }
            let message = match self.deadline {
                Some(_) => "All open orders are cancelled then unless this is sent again before",
                None => "The open orders stay",
            };
            json.word("message", message);
            json.close();
        });
    }
}

/// What a user has of one asset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BalanceData<'a> {
    /// Of which.
    pub asset: &'a Asset,
    /// What can be spent.
    pub available: Amount,
    /// What is held for open orders.
    pub held: Amount,
}

impl BalanceData<'_> {
    pub(super) fn write(&self, json: &mut Json<'_>) {
        let asset = self.asset;
        let (available, held) = (self.available.units(), self.held.units());
        json.word("asset", &asset.symbol);
        for (key, units) in [
            ("available", u128::from(available)),
            ("held", u128::from(held)),
            ("total", u128::from(available) + u128::from(held)),
        ] {
            json.exact(key, units, asset.scale, asset.display_scale);
        }
    }
}

/// `get_balances`: every asset, by its place in the configuration.
pub fn encode_balances<'a>(
    balances: impl Iterator<Item = BalanceData<'a>>,
    out: &mut Vec<u8>,
    request: Option<&RequestId>,
    now: Timestamp,
) {
    answer(out, MessageType::GetBalances, request, now, |json| {
        json.object("result");
        json.list("balances");
        for balance in balances {
            json.item();
            json.open();
            balance.write(json);
            json.close();
        }
        json.close_list();
        json.close();
    });
}

/// `get_time`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Time;

impl Time {
    /// Writes the message.
    pub fn encode(self, out: &mut Vec<u8>, request: Option<&RequestId>, now: Timestamp) {
        answer(out, MessageType::GetTime, request, now, |json| {
            json.object("result");
            json.number("time", now.0);
            json.close();
        });
    }
}

/// `error`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ErrorMessage<'a> {
    /// Why.
    pub refusal: &'a Refusal,
    /// The `type` of the message that it answers.
    pub request_type: Option<RequestType>,
    /// The order's own name that the message brought.
    pub client_order_id: Option<ClientOrderId>,
    /// The order's place in the list, where it came in one.
    pub index: Option<u16>,
}

impl ErrorMessage<'_> {
    /// Writes the message.
    pub fn encode(&self, out: &mut Vec<u8>, request: Option<&RequestId>, now: Timestamp) {
        let refusal = self.refusal;
        answer(out, MessageType::Error, request, now, |json| {
            json.object("error");
            json.word("code", refusal.reason.code().word());
            json.text("message", refusal.message_text());
            json.text("details", &refusal.details);
            json.word("reason", refusal.reason.word());
            if !refusal.params.is_empty() {
                json.object("params");
                for (key, param) in &refusal.params {
                    match param {
                        Param::Text(text) => json.text(key, text),
                        Param::Number(number) => json.number(key, *number),
                    }
                }
                json.close();
            }
            if let Some(request_type) = self.request_type {
                json.word("requestType", request_type.word());
            }
            client_order_id(json, self.client_order_id);
            json.close();
            index(json, self.index);
        });
    }
}

/// The refusal to cancel or change an order that is filled, with its final figures.
pub fn already_filled(
    instrument: &Instrument,
    order: OrderId,
    filled: Quantity,
    notional: Amount,
) -> Refusal {
    let amount = decimal_text(
        instrument.amount_units(filled.lots()),
        instrument.amount_scale,
    );
    let refusal = Refusal::new(super::Reason::AlreadyFilled)
        .details(format!("order_{} is filled: {amount} of {amount}", order.0))
        .text("orderId", format!("order_{}", order.0))
        .text("status", "filled")
        .text("filled", amount)
        .text("remaining", decimal_text(0, instrument.amount_scale));
    match instrument.average_price(notional, filled) {
        Some(average) => refusal.text(
            "averagePrice",
            exact_text(average, instrument.price_scale + 2, instrument.price_scale),
        ),
        None => refusal,
    }
}

/// A member `index`, where a message answers one of a list.
fn index(json: &mut Json<'_>, index: Option<u16>) {
    if let Some(index) = index {
        json.number("index", u64::from(index));
    }
}

/// Writes the frame of an answer around `body`.
fn answer(
    out: &mut Vec<u8>,
    kind: MessageType,
    request: Option<&RequestId>,
    now: Timestamp,
    body: impl FnOnce(&mut Json<'_>),
) {
    let json = &mut Json::new(out);
    json.open();
    json.word("type", kind.word());
    body(json);
    match request {
        Some(RequestId::Text(text)) => json.text("requestId", text),
        Some(RequestId::Integer(integer)) => {
            json.key("requestId");
            json.integer(*integer);
        }
        None => {}
    }
    json.number("timestamp", now.0);
    json.close();
}

fn rate_limit(json: &mut Json<'_>, rate: &RateLimit) {
    json.object("rateLimit");
    json.number("limit", u64::from(rate.limit));
    json.number("remaining", u64::from(rate.remaining));
    json.number("resetMs", rate.reset_ms);
    json.close();
}

/// A member `clientOrderId`, where there is one.
pub(super) fn client_order_id(json: &mut Json<'_>, id: Option<ClientOrderId>) {
    if let Some(id) = id {
        json.text("clientOrderId", id.as_str());
    }
}

/// A member that is a price of `instrument`.
pub(super) fn price(json: &mut Json<'_>, key: &str, instrument: &Instrument, price: Price) {
    json.decimal(
        key,
        instrument.price_units(u64::from(price.ticks())),
        instrument.price_scale,
    );
}

/// A member that is an amount of `instrument`.
pub(super) fn amount(json: &mut Json<'_>, key: &str, instrument: &Instrument, quantity: Quantity) {
    json.decimal(
        key,
        instrument.amount_units(quantity.lots()),
        instrument.amount_scale,
    );
}

fn count<T>(items: &[T]) -> u64 {
    u64::try_from(items.len()).expect("invariant: a length fits 64 bits")
}
