//! Private data as bytes, for snapshots: written by us, read as if by anybody.

use bytes::{Buf, BufMut, TryGetError};
use engine::domain::{
    AccountId, Amount, ClientOrderId, EventSequence, OrderId, PairId, Price, Quantity,
    SelfTradePrevention, Side, TimeInForce, TradeId,
};
use engine::report::{AcceptedOrder, Fill, Liquidity, OrderChange, OrderReason, OrderStatus};
use thiserror::Error;

use super::{OrderEvent, PrivateData};

/// Bytes that are no image of private data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ImageError {
    /// They end too early.
    #[error("it is cut short")]
    Short,
    /// A field holds what its type does not.
    #[error("its {0} is out of range")]
    Field(&'static str),
}

impl From<TryGetError> for ImageError {
    fn from(_: TryGetError) -> ImageError {
        ImageError::Short
    }
}

const SIDES: [Side; 2] = [Side::Buy, Side::Sell];
const TIMES: [TimeInForce; 3] = [
    TimeInForce::GoodTillCancelled,
    TimeInForce::ImmediateOrCancel,
    TimeInForce::FillOrKill,
];
const SELF_TRADES: [SelfTradePrevention; 4] = [
    SelfTradePrevention::CancelTaker,
    SelfTradePrevention::CancelMaker,
    SelfTradePrevention::CancelBoth,
    SelfTradePrevention::Decrement,
];
const STATUSES: [OrderStatus; 5] = [
    OrderStatus::Open,
    OrderStatus::PartiallyFilled,
    OrderStatus::Filled,
    OrderStatus::Cancelled,
    OrderStatus::Expired,
];
const LIQUIDITIES: [Liquidity; 2] = [Liquidity::Maker, Liquidity::Taker];
const REASONS: [Option<OrderReason>; 7] = [
    None,
    Some(OrderReason::Amended),
    Some(OrderReason::CancelRequested),
    Some(OrderReason::SelfTradePrevention),
    Some(OrderReason::ImmediateOrCancel),
    Some(OrderReason::CollarReached),
    Some(OrderReason::FillOrKill),
];

impl PrivateData {
    /// Appends each user's counter, open orders and kept events. Holdings are left out: the
    /// exchange has them.
    pub fn save(&self, out: &mut Vec<u8>) {
        out.put_u64_le(self.users.len() as u64);
        for (account, user) in &self.users {
            out.put_u32_le(account.0);
            out.put_u64_le(user.user_sequence);
            out.put_u64_le(user.orders.len() as u64);
            for (order, change) in user.orders.values() {
                put_order(out, order);
                out.put_u8(u8::from(change.is_some()));
                if let Some(change) = change {
                    put_change(out, change);
                }
            }
            out.put_u64_le(user.events.len() as u64);
            for event in &user.events {
                put_order(out, &event.order);
                put_change(out, &event.change);
            }
        }
    }

    /// Takes up what [`PrivateData::save`] wrote, from the front of `bytes`, and leaves the rest.
    ///
    /// # Errors
    /// [`ImageError`]; what was taken up until then stays.
    pub fn load(&mut self, bytes: &mut &[u8]) -> Result<(), ImageError> {
        for _ in 0..bytes.try_get_u64_le()? {
            let account = AccountId(bytes.try_get_u32_le()?);
            let user_sequence = bytes.try_get_u64_le()?;
            for _ in 0..bytes.try_get_u64_le()? {
                let order = order(bytes, account)?;
                let change = match bytes.try_get_u8()? {
                    0 => None,
                    _ => Some(change(bytes, &order)?),
                };
                self.user_mut(account)
                    .orders
                    .insert(order.order, (order, change));
            }
            let count = bytes.try_get_u64_le()?;
            let kept = self.replay_events as u64;
            for index in 0..count {
                let order = order(bytes, account)?;
                let change = change(bytes, &order)?;
                let before = count - 1 - index;
                let at = user_sequence.checked_sub(before);
                let user_sequence = at.ok_or(ImageError::Field("count of events"))?;
                // A window that was made smaller since keeps the newest.
                if before < kept {
                    let event = OrderEvent {
                        user_sequence,
                        order,
                        change,
                    };
                    self.user_mut(account).events.push_back(event);
                }
            }
            self.user_mut(account).user_sequence = user_sequence;
        }
        Ok(())
    }
}

fn put_order(out: &mut Vec<u8>, order: &AcceptedOrder) {
    let name = order
        .client_order_id
        .as_ref()
        .map_or("", ClientOrderId::as_str);
    out.put_u64_le(order.order.0);
    // A name has at most 36 bytes.
    out.put_u8(u8::try_from(name.len()).unwrap_or(0));
    out.put_slice(name.as_bytes());
    out.put_u16_le(order.pair.0);
    put_one_of(out, &SIDES, order.side);
    out.put_u8(u8::from(order.market));
    out.put_u32_le(order.price.ticks());
    out.put_u64_le(order.quantity.lots());
    put_one_of(out, &TIMES, order.time_in_force);
    out.put_u8(u8::from(order.post_only));
    put_one_of(out, &SELF_TRADES, order.self_trade);
}

fn order(bytes: &mut &[u8], account: AccountId) -> Result<AcceptedOrder, ImageError> {
    Ok(AcceptedOrder {
        account,
        order: OrderId(bytes.try_get_u64_le()?),
        client_order_id: name(bytes)?,
        pair: PairId(bytes.try_get_u16_le()?),
        side: one_of(bytes, &SIDES, "side")?,
        market: bytes.try_get_u8()? != 0,
        price: price(bytes)?,
        quantity: quantity(bytes)?,
        time_in_force: one_of(bytes, &TIMES, "time in force")?,
        post_only: bytes.try_get_u8()? != 0,
        self_trade: one_of(bytes, &SELF_TRADES, "self-trade prevention")?,
    })
}

fn put_change(out: &mut Vec<u8>, change: &OrderChange) {
    put_one_of(out, &STATUSES, change.status);
    out.put_u32_le(change.price.ticks());
    out.put_u64_le(change.quantity.lots());
    out.put_u64_le(change.filled.lots());
    out.put_u64_le(change.leaves.lots());
    out.put_u64_le(change.notional.units());
    out.put_u64_le(change.fees.units());
    put_one_of(out, &REASONS, change.reason);
    out.put_u64_le(change.sequence.map_or(0, |sequence| sequence.0));
    out.put_u8(u8::from(change.fill.is_some()));
    if let Some(fill) = &change.fill {
        out.put_u64_le(fill.trade.0);
        out.put_u32_le(fill.price.ticks());
        out.put_u64_le(fill.quantity.lots());
        out.put_u64_le(fill.fee.units());
        put_one_of(out, &LIQUIDITIES, fill.liquidity);
    }
}

fn change(bytes: &mut &[u8], order: &AcceptedOrder) -> Result<OrderChange, ImageError> {
    Ok(OrderChange {
        account: order.account,
        order: order.order,
        pair: order.pair,
        status: one_of(bytes, &STATUSES, "status")?,
        price: price(bytes)?,
        quantity: quantity(bytes)?,
        filled: quantity(bytes)?,
        leaves: quantity(bytes)?,
        notional: amount(bytes)?,
        fees: amount(bytes)?,
        reason: one_of(bytes, &REASONS, "reason")?,
        sequence: match bytes.try_get_u64_le()? {
            0 => None,
            sequence => Some(EventSequence(sequence)),
        },
        fill: match bytes.try_get_u8()? {
            0 => None,
            _ => Some(Fill {
                trade: TradeId(bytes.try_get_u64_le()?),
                price: price(bytes)?,
                quantity: quantity(bytes)?,
                fee: amount(bytes)?,
                liquidity: one_of(bytes, &LIQUIDITIES, "liquidity")?,
            }),
        },
    })
}

fn name(bytes: &mut &[u8]) -> Result<Option<ClientOrderId>, ImageError> {
    let len = usize::from(bytes.try_get_u8()?);
    let (name, rest) = bytes.split_at_checked(len).ok_or(ImageError::Short)?;
    *bytes = rest;
    if name.is_empty() {
        return Ok(None);
    }
    let name = std::str::from_utf8(name)
        .ok()
        .and_then(|it| ClientOrderId::new(it).ok());
    name.map(Some).ok_or(ImageError::Field("client order id"))
}

fn price(bytes: &mut &[u8]) -> Result<Price, ImageError> {
    Price::new(bytes.try_get_u32_le()?).ok_or(ImageError::Field("price"))
}

fn quantity(bytes: &mut &[u8]) -> Result<Quantity, ImageError> {
    Quantity::new(bytes.try_get_u64_le()?).ok_or(ImageError::Field("quantity"))
}

fn amount(bytes: &mut &[u8]) -> Result<Amount, ImageError> {
    Amount::new(bytes.try_get_u64_le()?).ok_or(ImageError::Field("amount"))
}

/// Writes the place of `value` among `all`, which are all that there are.
fn put_one_of<T: PartialEq>(out: &mut Vec<u8>, all: &[T], value: T) {
    let place = all.iter().position(|it| *it == value);
    let place = place.and_then(|it| u8::try_from(it).ok());
    out.put_u8(place.expect("invariant: every value has its place in the table"));
}

fn one_of<T: Copy>(bytes: &mut &[u8], all: &[T], what: &'static str) -> Result<T, ImageError> {
    let place = usize::from(bytes.try_get_u8()?);
    all.get(place).copied().ok_or(ImageError::Field(what))
}
