//! The matcher, spoken to in messages and answering in reports.
//!
//! What is between the two is small: names lead to keys ([`Names`]), and every order is an account
//! of its own, for the benchmark knows no self-trade prevention. The matcher is the exchange's,
//! whole, with every check that it has there.
//!
//! A modify that would let the order keep its place (M-16) is sent as cancel and place, for the
//! benchmark says that every modify loses it. A new order that the benchmark's interface has no
//! answer for (the name of a live order, a price that is none) is left without one.

use engine::Sink;
use engine::book::{BookConfig, prefetch};
use engine::command::{CancelOrder, OrderCommand, PlaceOrder, ReplaceOrder};
use engine::domain::{
    AccountId, OrderKey, Price, Quantity, SelfTradePrevention, Side, TimeInForce,
};
use engine::event::{CancelReason, Event};
use engine::matching::Matcher;

use crate::abi::{Cancel, Modify, NewOrder, Report, ReportKind};
use crate::names::Names;

/// One book behind the benchmark's interface.
#[derive(Debug)]
pub struct Engine {
    matcher: Matcher,
    names: Names,
    /// Whether the prices of the last messages were far apart.
    pub is_wide: bool,
}

impl Engine {
    /// Levels of one side's window: the flows of the benchmark stand within.
    const WINDOW_LEVELS: u32 = 1 << 16;

    /// From this many orders on, 512 KiB, they are not all in a second-level cache.
    const NEAR: u32 = 1 << 14;

    /// Slots that are made before the first order.
    const RESERVED: usize = 1 << 16;

    /// Makes an empty book.
    pub fn new() -> Engine {
        let config = BookConfig::new(Self::WINDOW_LEVELS, Names::SLOTS);
        let mut matcher = Matcher::new(config.expect("invariant: the sizes are in range"));
        matcher.reserve(Self::RESERVED);
        Engine {
            matcher,
            names: Names::new(),
            is_wide: false,
        }
    }

    /// Fetches where the slot of the order `name` is looked up.
    #[inline(always)]
    pub fn fetch_name(&self, name: u64) {
        if let Some(place) = self.names.place_of(name) {
            prefetch(place);
        }
    }

    /// Fetches the order `name`, where it lives.
    #[inline(always)]
    pub fn fetch_order(&self, name: u64) {
        self.matcher
            .prefetch(anyone_at(self.names.likely_slot(name)));
    }

    /// Fetches what stands around the order `name`.
    #[inline(always)]
    pub fn fetch_beside(&self, name: u64) {
        let slot = self.names.likely_slot(name);
        self.matcher.prefetch_around(anyone_at(slot));
    }

    /// Fetches the level that a message wants to join.
    #[inline(always)]
    pub fn fetch_level(&self, side: u8, price: i64) {
        let ticks = price.unsigned_abs().min(u64::from(u32::MAX));
        let price = Price::from_u64(ticks).unwrap_or(Price::MIN);
        self.matcher.prefetch_level(side_of(side), price);
    }

    /// Whether what stands around an order, or the level that it joins, is not likely to be near: there
    /// have been many orders at once, or prices are far apart.
    #[inline(always)]
    pub const fn is_far(&self) -> bool {
        self.is_wide || self.names.used() > Self::NEAR
    }

    /// An order comes in.
    #[inline(always)]
    pub fn new_order(&mut self, message: &NewOrder, reports: &mut impl Sink<Report>) {
        let Some((price, quantity)) = price_and_quantity(message.price, message.quantity) else {
            return;
        };
        let Some(key) = self.names.open(message.order) else {
            return;
        };
        reports.push(Report::of_order(
            ReportKind::OrderAck,
            message.side,
            message.sequence,
            message.order,
            u64::from(price.ticks()),
            quantity.lots(),
        ));
        let time_in_force = match message.immediate_or_cancel {
            0 => TimeInForce::GoodTillCancelled,
            _ => TimeInForce::ImmediateOrCancel,
        };
        let order = place(key, side_of(message.side), price, quantity, time_in_force);
        let mut answer = Answer {
            sequence: message.sequence,
            order: message.order,
            side: message.side,
            price,
            met: None,
            names: &mut self.names,
            reports,
        };
        self.matcher.apply(&OrderCommand::Place(order), &mut answer);
        let met = answer.met;
        self.close_met(met);
    }

    /// An order leaves.
    #[inline(always)]
    pub fn cancel(&mut self, message: &Cancel, reports: &mut impl Sink<Report>) {
        let (sequence, order) = (message.sequence, message.order);
        let Some(key) = self.names.key_of(order) else {
            let kind = ReportKind::CancelReject;
            return reports.push(Report::of_order(kind, 0, sequence, order, 0, 0));
        };
        let mut answer = Answer {
            sequence,
            order,
            side: 0,
            price: Price::MIN,
            met: None,
            names: &mut self.names,
            reports,
        };
        self.matcher.apply(&cancel(key), &mut answer);
    }

    /// An order leaves and comes in again.
    #[inline(always)]
    pub fn modify(&mut self, message: &Modify, reports: &mut impl Sink<Report>) {
        let (sequence, name) = (message.sequence, message.order);
        let key = self.names.key_of(name);
        let order = key.and_then(|key| self.matcher.order(key));
        let wanted = price_and_quantity(message.price, message.quantity);
        let (Some(order), Some((price, quantity))) = (order, wanted) else {
            let kind = ReportKind::ModifyReject;
            return reports.push(Report::of_order(kind, 0, sequence, name, 0, 0));
        };
        let mut answer = Answer {
            sequence,
            order: name,
            side: order.side as u8,
            price,
            met: None,
            names: &mut self.names,
            reports,
        };
        if order.price == price && quantity <= order.leaves {
            self.matcher.apply(&cancel(order.key), &mut Unsaid);
            let time_in_force = TimeInForce::GoodTillCancelled;
            let again = place(order.key, order.side, price, quantity, time_in_force);
            self.matcher.apply(&OrderCommand::Place(again), &mut answer);
        } else {
            let change = ReplaceOrder {
                key: order.key,
                price,
                quantity_change: lots(quantity) - lots(order.leaves),
                linked: false,
            };
            self.matcher
                .apply(&OrderCommand::Replace(change), &mut answer);
        }
        let met = answer.met;
        reports.push(Report::of_order(
            ReportKind::ModifyAck,
            order.side as u8,
            sequence,
            name,
            u64::from(price.ticks()),
            quantity.lots(),
        ));
        self.close_met(met);
    }

    /// Closes `met`, which the last fill of a message was with, where it is through.
    #[inline(always)]
    fn close_met(&mut self, met: Option<OrderKey>) {
        if let Some(met) = met
            && !self.matcher.rests(met)
        {
            self.names.close(met);
        }
    }

    /// The best price of a side.
    pub fn best(&self, side: Side) -> Option<u32> {
        self.matcher.best(side).map(|level| level.price.ticks())
    }

    /// What rests at a price of a side.
    pub fn depth_at(&self, price: i64, side: u8) -> u64 {
        let price = u64::try_from(price).ok().and_then(Price::from_u64);
        let orders = price.map(|price| self.matcher.queue(side_of(side), price));
        let leaves = orders
            .into_iter()
            .flatten()
            .map(|order| order.leaves.lots());
        leaves.sum()
    }
}

impl Default for Engine {
    fn default() -> Engine {
        Engine::new()
    }
}

/// Turns what the matcher says of one message into reports, and takes slots back.
struct Answer<'a, R> {
    sequence: u64,
    order: u64,
    side: u8,
    price: Price,
    /// The order that the last fill was with, where it is not known to be through.
    met: Option<OrderKey>,
    names: &'a mut Names,
    reports: &'a mut R,
}

impl<R: Sink<Report>> Answer<'_, R> {
    /// What was met is through: the incoming order had something left for others.
    #[inline(always)]
    fn met_is_through(&mut self) {
        if let Some(met) = self.met.take() {
            self.names.close(met);
        }
    }
}

impl<R: Sink<Report>> Sink<Event> for Answer<'_, R> {
    #[inline(always)]
    fn push(&mut self, event: Event) {
        let (sequence, order) = (self.sequence, self.order);
        let report = match event {
            Event::Trade {
                maker,
                price,
                quantity,
                ..
            } => {
                self.met_is_through();
                self.met = Some(maker);
                let maker = self.names.name_of(maker);
                let price = u64::from(price.ticks());
                Report::trade(sequence, maker, order, price, quantity.lots())
            }
            Event::Cancelled {
                order: key,
                side,
                price,
                ..
            } => {
                self.names.close(key);
                let (kind, price) = (ReportKind::CancelAck, u64::from(price.ticks()));
                Report::of_order(kind, side as u8, sequence, order, price, 0)
            }
            Event::Dropped { order: key, .. } => {
                self.met_is_through();
                self.names.close(key);
                let (kind, price) = (ReportKind::CancelAck, u64::from(self.price.ticks()));
                Report::of_order(kind, self.side, sequence, order, price, 0)
            }
            Event::Rested { .. } => return self.met_is_through(),
            Event::Filled { order: key, .. } => return self.names.close(key),
            Event::Replaced { .. } => return,
            Event::Rejected { .. }
            | Event::Decremented { .. }
            | Event::Pulled { .. }
            | Event::Refilled { .. }
            | Event::Triggered { .. }
            | Event::Reduced { .. }
            | Event::Waiting { .. }
            | Event::Amended { .. }
            | Event::Withdrawn { .. }
            | Event::Tripped { .. }
            | Event::Quoted { .. }
            | Event::StatusSet { .. } => {
                unreachable!("invariant: all orders are plain, and a modify loses its place")
            }
        };
        self.reports.push(report);
    }
}

/// Takes what is half of an answer.
struct Unsaid;

impl Sink<Event> for Unsaid {
    #[inline]
    fn push(&mut self, _: Event) {}
}

fn price_and_quantity(price: i64, quantity: u32) -> Option<(Price, Quantity)> {
    let price = u64::try_from(price).ok().and_then(Price::from_u64)?;
    let quantity = Quantity::new(u64::from(quantity)).filter(|lots| !lots.is_zero())?;
    Some((price, quantity))
}

#[inline]
const fn side_of(side: u8) -> Side {
    match side {
        0 => Side::Buy,
        _ => Side::Sell,
    }
}

/// A key to fetch by, where the generation is not asked for.
#[inline]
const fn anyone_at(slot: u32) -> OrderKey {
    OrderKey {
        slot,
        generation: 0,
    }
}

#[inline]
const fn cancel(key: OrderKey) -> OrderCommand {
    OrderCommand::Cancel(CancelOrder {
        key,
        reason: CancelReason::Requested,
    })
}

#[inline]
const fn place(
    key: OrderKey,
    side: Side,
    price: Price,
    quantity: Quantity,
    time_in_force: TimeInForce,
) -> PlaceOrder {
    PlaceOrder {
        key,
        account: AccountId(key.slot),
        side,
        price,
        quantity,
        time_in_force,
        post_only: false,
        self_trade: SelfTradePrevention::CancelTaker,
    }
}

fn lots(quantity: Quantity) -> i64 {
    i64::try_from(quantity.lots()).expect("invariant: a quantity is at most 2^40 lots")
}
