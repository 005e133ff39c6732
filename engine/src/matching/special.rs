//! What a matcher keeps of orders that are more than a price and a quantity: those that wait
//! outside the book, those in it whose stop is watched, and what icebergs hide.
//!
//! Nothing here is looked at on the way of a plain order. Orders are found by slot; nothing is
//! iterated but in the order of slots or arrival.

use std::collections::{BTreeMap, VecDeque};

use super::triggers::TriggerIndex;
use crate::book::Resting;
use crate::command::{PlaceOrder, StopTerms};
use crate::domain::{
    Crossing, OrderKey, Price, Quantity, Side, TimeInForce, TrailingDistance, TriggerBy,
};

/// All that is special in one pair.
#[derive(Debug, Default)]
pub(super) struct Specials {
    /// Orders outside the book, by slot.
    pub(super) waiting: BTreeMap<u32, Waiting>,
    /// Stops of orders in the book, by slot.
    pub(super) links: BTreeMap<u32, Link>,
    /// What icebergs in the book hide, by slot.
    pub(super) icebergs: BTreeMap<u32, Iceberg>,
    /// Who came first: the number of the next order with a trigger.
    pub(super) next_arrival: u64,
    by_last: TriggerIndex,
    by_mark: TriggerIndex,
    /// What was set off before the pair halted, by arrival: the slots of waiting orders.
    pub(super) held: BTreeMap<u64, u32>,
    /// What was set off and has not come in.
    pub(super) queue: VecDeque<SetOff>,
    /// What left the book for it, and has not been said.
    pub(super) pulled: Vec<(OrderKey, Resting)>,
    /// What comes in now is, where it is special.
    pub(super) entering: Option<Entering>,
}

/// An order that waits outside the book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Waiting {
    pub(super) order: PlaceOrder,
    pub(super) trigger: Trigger,
    /// For one that trails, the band of its collar in basis points.
    pub(super) collar: Option<u16>,
}

/// Where an order stands in an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Trigger {
    pub(super) by: TriggerBy,
    pub(super) crossing: Crossing,
    pub(super) at: At,
    pub(super) arrival: u64,
}

/// What sets it off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum At {
    /// This price.
    Fixed(Price),
    /// One so far behind the best.
    Trailing(TrailingDistance),
    /// The pair's opening: it was set off before the pair halted.
    Opening,
}

/// The stop of an order that rests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) trigger: Trigger,
    pub(super) limit: Price,
    pub(super) market: bool,
}

/// What of a resting order does not show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Iceberg {
    pub(super) display: Quantity,
    pub(super) hidden: Quantity,
}

/// What is kept when an order that comes in rests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Entering {
    Linked(Link),
    Iceberg { display: Quantity },
}

/// An order that was set off and is to come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SetOff {
    pub(super) key: OrderKey,
    pub(super) order: Resting,
    pub(super) time_in_force: TimeInForce,
}

impl Specials {
    pub(super) fn index(&self, by: TriggerBy) -> &TriggerIndex {
        match by {
            TriggerBy::Last => &self.by_last,
            TriggerBy::Mark => &self.by_mark,
        }
    }

    pub(super) fn index_mut(&mut self, by: TriggerBy) -> &mut TriggerIndex {
        match by {
            TriggerBy::Last => &mut self.by_last,
            TriggerBy::Mark => &mut self.by_mark,
        }
    }

    /// The next place in the order of arrival.
    pub(super) fn arrive(&mut self) -> u64 {
        let arrival = self.next_arrival;
        self.next_arrival += 1;
        arrival
    }

    /// Lets the index watch `trigger` for the order at `slot`. One that trails has seen
    /// `anchor`.
    pub(super) fn watch(&mut self, trigger: &Trigger, anchor: Price, slot: u32) {
        let index = self.index_mut(trigger.by);
        match trigger.at {
            At::Opening => {
                self.held.insert(trigger.arrival, slot);
            }
            At::Fixed(price) => index.add(trigger.crossing, price, trigger.arrival, slot),
            At::Trailing(distance) => {
                index.add_trail(trigger.crossing, anchor, distance, trigger.arrival, slot);
            }
        }
    }

    /// Lets the index forget `trigger`, which it watches.
    pub(super) fn unwatch(&mut self, trigger: &Trigger) {
        let index = self.index_mut(trigger.by);
        match trigger.at {
            At::Opening => {
                self.held.remove(&trigger.arrival);
            }
            At::Fixed(price) => index.remove(trigger.crossing, price, trigger.arrival),
            At::Trailing(distance) => {
                index.remove_trail(trigger.crossing, distance, trigger.arrival);
            }
        }
    }

    /// Every fixed trigger with its price, waiting ones first.
    pub(super) fn fixed(&self) -> impl Iterator<Item = (Trigger, Price)> {
        let waiting = self.waiting.values().map(|waiting| waiting.trigger);
        let links = self.links.values().map(|link| link.trigger);
        waiting.chain(links).filter_map(|trigger| match trigger.at {
            At::Fixed(price) => Some((trigger, price)),
            At::Trailing(_) | At::Opening => None,
        })
    }

    /// The order that waits under `key`.
    pub(super) fn find_waiting(&self, key: OrderKey) -> Option<&Waiting> {
        let waiting = self.waiting.get(&key.slot);
        waiting.filter(|waiting| waiting.order.key == key)
    }

    /// The best price that a trailing stop has seen; `None` for a fixed one.
    pub(super) fn anchor_of(&self, trigger: &Trigger) -> Option<Price> {
        match trigger.at {
            At::Fixed(_) | At::Opening => None,
            At::Trailing(_) => self
                .index(trigger.by)
                .anchor(trigger.crossing, trigger.arrival),
        }
    }
}

/// Which way the price must move for the stop of an order of `side` that protects it.
pub(super) const fn stop_crossing(side: Side) -> Crossing {
    match side {
        Side::Buy => Crossing::Rising,
        Side::Sell => Crossing::Falling,
    }
}

impl StopTerms {
    /// Which way the price must move for an order of `side`.
    pub const fn crossing(&self, side: Side) -> Crossing {
        match *self {
            StopTerms::Fixed { crossing, .. } => crossing,
            StopTerms::Trailing { .. } | StopTerms::Oco { .. } => stop_crossing(side),
        }
    }

    /// By which price.
    pub const fn by(&self) -> TriggerBy {
        match *self {
            StopTerms::Fixed { by, .. }
            | StopTerms::Trailing { by, .. }
            | StopTerms::Oco { by, .. } => by,
        }
    }
}

/// What of a placement rests.
pub(super) const fn resting(order: &PlaceOrder) -> Resting {
    Resting {
        account: order.account,
        side: order.side,
        price: order.price,
        leaves: order.quantity,
        post_only: order.post_only,
        self_trade: order.self_trade,
        marks: crate::book::Marks::NONE,
    }
}
