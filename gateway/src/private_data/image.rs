//! Private data as bytes, for snapshots: written by us, read as if by anybody.
//!
//! An image begins with the number of its [`Format`]. One that does not is of a time when there
//! were limit and market orders only and no history was kept.

use bytes::{Buf, BufMut, TryGetError};
use engine::domain::{
    AccountId, Amount, ClientOrderId, EventSequence, Funding, Leverage, OrderId, PairId, Price,
    Quantity, SelfTradePrevention, Side, Special, StopKind, TimeInForce, Timestamp, TradeId,
    TrailingDistance, TriggerBy,
};
use engine::report::{AcceptedOrder, Fill, Liquidity, OrderChange, OrderReason, OrderStatus};
use thiserror::Error;

use super::{FillEvent, OrderEvent, OrderRecord, PrivateData, UserEvent};

mod position;

/// What an image knows of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Format {
    /// Limit and market orders; begins with the number of users.
    Plain,
    /// Orders of all types, and history.
    Special,
    /// Margin orders, and events of positions.
    Margin,
}

impl Format {
    /// What the image begins with: no number of users is this large.
    const fn number(self) -> Option<u64> {
        match self {
            Format::Plain => None,
            Format::Special => Some(u64::MAX - 1),
            Format::Margin => Some(u64::MAX - 2),
        }
    }

    fn of(first: u64) -> Format {
        let known = [Format::Special, Format::Margin];
        let known = known.into_iter().find(|it| it.number() == Some(first));
        known.unwrap_or(Format::Plain)
    }
}

/// The one that is written.
const FORMAT: Format = Format::Margin;

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
const STATUSES: [OrderStatus; 6] = [
    OrderStatus::Open,
    OrderStatus::PartiallyFilled,
    OrderStatus::Filled,
    OrderStatus::Cancelled,
    OrderStatus::Expired,
    OrderStatus::Pending,
];
const STOPS: [StopKind; 2] = [StopKind::StopLoss, StopKind::TakeProfit];
const TRIGGERS: [TriggerBy; 2] = [TriggerBy::Last, TriggerBy::Mark];
const LIQUIDITIES: [Liquidity; 2] = [Liquidity::Maker, Liquidity::Taker];
const REASONS: [Option<OrderReason>; 15] = [
    None,
    Some(OrderReason::Amended),
    Some(OrderReason::CancelRequested),
    Some(OrderReason::SelfTradePrevention),
    Some(OrderReason::ImmediateOrCancel),
    Some(OrderReason::CollarReached),
    Some(OrderReason::FillOrKill),
    Some(OrderReason::Triggered),
    Some(OrderReason::Expired),
    Some(OrderReason::CancelAfter),
    Some(OrderReason::Disconnected),
    Some(OrderReason::CircuitBreaker),
    Some(OrderReason::Liquidation),
    Some(OrderReason::AutoDeleveraging),
    Some(OrderReason::Closing),
];

/// Stops compiling where a reason is new: it needs its place at the end of [`REASONS`].
const fn has_its_place(reason: OrderReason) -> bool {
    match reason {
        OrderReason::Amended
        | OrderReason::CancelRequested
        | OrderReason::SelfTradePrevention
        | OrderReason::ImmediateOrCancel
        | OrderReason::CollarReached
        | OrderReason::FillOrKill
        | OrderReason::Triggered
        | OrderReason::Expired
        | OrderReason::CancelAfter
        | OrderReason::Disconnected
        | OrderReason::CircuitBreaker
        | OrderReason::Liquidation
        | OrderReason::AutoDeleveraging
        | OrderReason::Closing => true,
    }
}
const _: () = assert!(has_its_place(OrderReason::CircuitBreaker));

impl PrivateData {
    /// Appends each user's counter, orders, kept events and history. Holdings and positions are left
    /// out: the exchange has them.
    pub fn save(&self, out: &mut Vec<u8>) {
        out.put_u64_le(FORMAT.number().unwrap_or_default());
        out.put_u64_le(self.users.len() as u64);
        for (account, user) in &self.users {
            out.put_u32_le(account.0);
            out.put_u64_le(user.user_sequence);
            out.put_u64_le(user.orders.len() as u64);
            for record in user.orders.values() {
                put_record(out, record);
            }
            out.put_u64_le(user.events.len() as u64);
            for event in &user.events {
                match event {
                    UserEvent::Order(event) => {
                        out.put_u8(0);
                        put_record(out, &event.record);
                    }
                    UserEvent::Position(event) => {
                        out.put_u8(1);
                        position::put_change(out, &event.change);
                    }
                }
            }
            let (ended, fills) = (user.history.ended(), user.history.fills());
            out.put_u64_le(ended.len() as u64);
            for (record, at) in ended {
                put_record(out, record);
                out.put_u64_le(at.0);
            }
            out.put_u64_le(fills.len() as u64);
            for fill in fills {
                put_fill_event(out, fill);
            }
        }
    }

    /// Takes up what [`PrivateData::save`] wrote, from the front of `bytes`, and leaves the rest.
    ///
    /// # Errors
    /// [`ImageError`]; what was taken up until then stays.
    pub fn load(&mut self, bytes: &mut &[u8]) -> Result<(), ImageError> {
        let first = bytes.try_get_u64_le()?;
        let format = Format::of(first);
        let users = match format {
            Format::Plain => first,
            Format::Special | Format::Margin => bytes.try_get_u64_le()?,
        };
        for _ in 0..users {
            let account = AccountId(bytes.try_get_u32_le()?);
            let user_sequence = bytes.try_get_u64_le()?;
            for _ in 0..bytes.try_get_u64_le()? {
                let record = record(bytes, account, format)?;
                self.user_mut(account).insert(record);
            }
            self.load_events(bytes, account, user_sequence, format)?;
            if format >= Format::Special {
                self.load_history(bytes, account, format)?;
            }
            self.user_mut(account).user_sequence = user_sequence;
        }
        Ok(())
    }

    fn load_events(
        &mut self,
        bytes: &mut &[u8],
        account: AccountId,
        user_sequence: u64,
        format: Format,
    ) -> Result<(), ImageError> {
        let count = bytes.try_get_u64_le()?;
        let kept = self.kept.events as u64;
        for index in 0..count {
            let before = count - 1 - index;
            let at = user_sequence.checked_sub(before);
            let user_sequence = at.ok_or(ImageError::Field("count of events"))?;
            let event = event(bytes, account, user_sequence, format)?;
            // A window that was made smaller since keeps the newest.
            if before < kept {
                self.user_mut(account).events.push_back(event);
            }
        }
        Ok(())
    }

    fn load_history(
        &mut self,
        bytes: &mut &[u8],
        account: AccountId,
        format: Format,
    ) -> Result<(), ImageError> {
        for _ in 0..bytes.try_get_u64_le()? {
            let record = record(bytes, account, format)?;
            let at = Timestamp(bytes.try_get_u64_le()?);
            let user = self.user_mut(account);
            // The newest order of a name has it, and an open one is newer than one that ended.
            if let Some(name) = record.order.client_order_id {
                let newest = user.names.entry(name).or_insert(record.order.order);
                *newest = record.order.order.max(*newest);
            }
            user.history.finish(record, at);
        }
        for _ in 0..bytes.try_get_u64_le()? {
            let fill = fill_event(bytes)?;
            self.user_mut(account).history.fill(fill);
        }
        Ok(())
    }
}

fn event(
    bytes: &mut &[u8],
    account: AccountId,
    user_sequence: u64,
    format: Format,
) -> Result<UserEvent, ImageError> {
    let record = match format {
        Format::Plain => {
            let order = order(bytes, account)?;
            OrderRecord {
                order,
                is_triggered: false,
                change: Some(change(bytes, &order)?),
            }
        }
        Format::Special => record(bytes, account, format)?,
        Format::Margin => match bytes.try_get_u8()? {
            0 => record(bytes, account, format)?,
            1 => return position::event(bytes, account, user_sequence),
            _ => return Err(ImageError::Field("kind of event")),
        },
    };
    if record.change.is_none() {
        return Err(ImageError::Field("event"));
    }
    Ok(UserEvent::Order(OrderEvent {
        user_sequence,
        record,
    }))
}

fn put_record(out: &mut Vec<u8>, record: &OrderRecord) {
    put_order(out, &record.order);
    put_special(out, record.order.special);
    put_funding(out, record.order.funding);
    out.put_u64_le(record.order.expires_at.map_or(0, |at| at.0));
    out.put_u8(u8::from(record.is_triggered));
    out.put_u8(u8::from(record.change.is_some()));
    if let Some(change) = &record.change {
        put_change(out, change);
    }
}

fn record(
    bytes: &mut &[u8],
    account: AccountId,
    format: Format,
) -> Result<OrderRecord, ImageError> {
    let mut order = order(bytes, account)?;
    let mut is_triggered = false;
    if format >= Format::Special {
        order.special = special(bytes)?;
        if format >= Format::Margin {
            order.funding = funding(bytes)?;
        }
        order.expires_at = match bytes.try_get_u64_le()? {
            0 => None,
            at => Some(Timestamp(at)),
        };
        is_triggered = bytes.try_get_u8()? != 0;
    }
    let change = match bytes.try_get_u8()? {
        0 => None,
        _ => Some(change(bytes, &order)?),
    };
    Ok(OrderRecord {
        order,
        is_triggered,
        change,
    })
}

fn put_special(out: &mut Vec<u8>, special: Special) {
    match special {
        Special::None => out.put_u8(0),
        Special::Stop { kind, trigger, by } => {
            out.put_u8(1);
            put_one_of(out, &STOPS, kind);
            out.put_u32_le(trigger.ticks());
            put_one_of(out, &TRIGGERS, by);
        }
        Special::Trailing { distance, by } => {
            out.put_u8(2);
            out.put_u32_le(distance.raw());
            put_one_of(out, &TRIGGERS, by);
        }
        Special::Oco { trigger, limit, by } => {
            out.put_u8(3);
            out.put_u32_le(trigger.ticks());
            // No price is zero.
            out.put_u32_le(limit.map_or(0, Price::ticks));
            put_one_of(out, &TRIGGERS, by);
        }
        Special::Iceberg { display } => {
            out.put_u8(4);
            out.put_u64_le(display.lots());
        }
    }
}

fn special(bytes: &mut &[u8]) -> Result<Special, ImageError> {
    Ok(match bytes.try_get_u8()? {
        0 => Special::None,
        1 => Special::Stop {
            kind: one_of(bytes, &STOPS, "stop")?,
            trigger: price(bytes)?,
            by: one_of(bytes, &TRIGGERS, "trigger")?,
        },
        2 => {
            let distance = TrailingDistance::from_raw(bytes.try_get_u32_le()?);
            Special::Trailing {
                distance: distance.ok_or(ImageError::Field("trailing distance"))?,
                by: one_of(bytes, &TRIGGERS, "trigger")?,
            }
        }
        3 => Special::Oco {
            trigger: price(bytes)?,
            limit: Price::new(bytes.try_get_u32_le()?),
            by: one_of(bytes, &TRIGGERS, "trigger")?,
        },
        4 => Special::Iceberg {
            display: quantity(bytes)?,
        },
        _ => return Err(ImageError::Field("type")),
    })
}

fn put_funding(out: &mut Vec<u8>, funding: Funding) {
    match funding {
        Funding::Spot => out.put_u8(0),
        Funding::Margin { leverage, floor } => {
            out.put_u8(1);
            out.put_u16_le(leverage.hundredths());
            out.put_u32_le(floor.ticks());
        }
        Funding::ReduceOnly => out.put_u8(2),
        Funding::Liquidation => out.put_u8(3),
        Funding::Backstop => out.put_u8(4),
    }
}

fn funding(bytes: &mut &[u8]) -> Result<Funding, ImageError> {
    Ok(match bytes.try_get_u8()? {
        0 => Funding::Spot,
        1 => {
            let leverage = Leverage::new(bytes.try_get_u16_le()?);
            Funding::Margin {
                leverage: leverage.ok_or(ImageError::Field("leverage"))?,
                floor: price(bytes)?,
            }
        }
        2 => Funding::ReduceOnly,
        3 => Funding::Liquidation,
        4 => Funding::Backstop,
        _ => return Err(ImageError::Field("funding")),
    })
}

fn put_fill_event(out: &mut Vec<u8>, event: &FillEvent) {
    out.put_u64_le(event.user_sequence);
    out.put_u64_le(event.order.0);
    put_name(out, event.client_order_id.as_ref());
    out.put_u16_le(event.pair.0);
    put_one_of(out, &SIDES, event.side);
    put_fill(out, &event.fill);
    out.put_u64_le(event.time.0);
}

fn fill_event(bytes: &mut &[u8]) -> Result<FillEvent, ImageError> {
    Ok(FillEvent {
        user_sequence: bytes.try_get_u64_le()?,
        order: OrderId(bytes.try_get_u64_le()?),
        client_order_id: name(bytes)?,
        pair: PairId(bytes.try_get_u16_le()?),
        side: one_of(bytes, &SIDES, "side")?,
        fill: fill(bytes)?,
        time: Timestamp(bytes.try_get_u64_le()?),
    })
}

fn put_order(out: &mut Vec<u8>, order: &AcceptedOrder) {
    out.put_u64_le(order.order.0);
    put_name(out, order.client_order_id.as_ref());
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
        special: Special::None,
        expires_at: None,
        funding: Funding::Spot,
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
        put_fill(out, fill);
    }
}

fn put_fill(out: &mut Vec<u8>, fill: &Fill) {
    out.put_u64_le(fill.trade.0);
    out.put_u32_le(fill.price.ticks());
    out.put_u64_le(fill.quantity.lots());
    out.put_u64_le(fill.fee.units());
    put_one_of(out, &LIQUIDITIES, fill.liquidity);
}

fn fill(bytes: &mut &[u8]) -> Result<Fill, ImageError> {
    Ok(Fill {
        trade: TradeId(bytes.try_get_u64_le()?),
        price: price(bytes)?,
        quantity: quantity(bytes)?,
        fee: amount(bytes)?,
        liquidity: one_of(bytes, &LIQUIDITIES, "liquidity")?,
    })
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
            _ => Some(fill(bytes)?),
        },
    })
}

fn put_name(out: &mut Vec<u8>, name: Option<&ClientOrderId>) {
    let name = name.map_or("", ClientOrderId::as_str);
    // A name has at most 36 bytes.
    out.put_u8(u8::try_from(name.len()).unwrap_or(0));
    out.put_slice(name.as_bytes());
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
