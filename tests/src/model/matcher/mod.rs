//! The rules of `docs/matching-rules.md` over sorted lists, one order at a time.

mod enter;
mod stops;

use std::collections::VecDeque;

use engine::command::{CancelOrder, OrderCommand, PlaceOrder, PriceLimits, ReplaceOrder};
use engine::domain::{
    AccountId, EventSequence, OrderKey, Price, Quantity, SelfTradePrevention, Side, TimeInForce,
    TradingStatus,
};
use engine::event::{CancelReason, DropReason, Event};
use engine::reject::Reject;

use stops::{Due, PlainLink, PlainWaiting};
pub use stops::{PlainStop, PlainTrigger};

/// One resting order of a [`PlainMatcher`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlainOrder {
    /// Which.
    pub key: OrderKey,
    /// Whose.
    pub account: AccountId,
    /// Which way.
    pub side: Side,
    /// Where.
    pub price: Price,
    /// What shows of it, in lots; while it comes in, all that it has left.
    pub leaves: u64,
    /// What does not show, in lots.
    pub hidden: u64,
    /// How much shows at a time, of an iceberg order.
    pub display: Option<u64>,
    /// Whether it refuses to take when it is replaced.
    pub post_only: bool,
    /// What happens when it is replaced and meets its owner.
    pub self_trade: SelfTradePrevention,
    link: Option<PlainLink>,
}

impl PlainOrder {
    fn new(order: &PlaceOrder) -> PlainOrder {
        PlainOrder {
            key: order.key,
            account: order.account,
            side: order.side,
            price: order.price,
            leaves: order.quantity.lots(),
            hidden: 0,
            display: None,
            post_only: order.post_only,
            self_trade: order.self_trade,
            link: None,
        }
    }

    /// Whether its stop is watched while it rests.
    pub const fn is_linked(&self) -> bool {
        self.link.is_some()
    }
}

/// The rules of `docs/matching-rules.md` over two sorted lists and one of those who wait.
#[derive(Clone, Debug)]
pub struct PlainMatcher {
    max_orders: u32,
    sequence: u64,
    status: TradingStatus,
    limits: PriceLimits,
    last_trade: Option<Price>,
    /// First to trade first.
    bids: Vec<PlainOrder>,
    asks: Vec<PlainOrder>,
    /// Outside the book.
    waiting: Vec<PlainWaiting>,
    /// How many triggers arrived.
    arrivals: u64,
    /// The trades of the order that came in last, in their order.
    prints: Vec<Price>,
    /// What was set off and has not come in.
    due: VecDeque<Due>,
    events: Vec<Event>,
}

impl PlainMatcher {
    /// An empty book that gives a place to slots below `max_orders`.
    pub fn new(max_orders: u32) -> PlainMatcher {
        PlainMatcher {
            max_orders,
            sequence: 0,
            status: TradingStatus::Open,
            limits: PriceLimits::default(),
            last_trade: None,
            bids: Vec::new(),
            asks: Vec::new(),
            waiting: Vec::new(),
            arrivals: 0,
            prints: Vec::new(),
            due: VecDeque::new(),
            events: Vec::new(),
        }
    }

    /// Applies `command` and returns what happened.
    pub fn apply(&mut self, command: &OrderCommand) -> Vec<Event> {
        self.prints.clear();
        match command {
            OrderCommand::Place(_)
            | OrderCommand::PlaceStop(..)
            | OrderCommand::PlaceIceberg(..)
            | OrderCommand::Replace(_)
                if !self.status.is_open() =>
            {
                self.reject(command.key(), Reject::PairHalted); // M-27
            }
            OrderCommand::Place(order) => self.place(order, PlainOrder::new(order)),
            OrderCommand::PlaceStop(order, terms) => self.place_stop(order, terms),
            OrderCommand::PlaceIceberg(order, display) => {
                let display = Some(display.lots());
                let incoming = PlainOrder {
                    display,
                    ..PlainOrder::new(order)
                };
                self.place(order, incoming);
            }
            OrderCommand::Replace(order) => self.replace(order),
            OrderCommand::Cancel(order) => self.cancel(order),
            OrderCommand::SetTradingStatus(status) => {
                self.status = *status; // M-27
                self.events.push(Event::StatusSet { last: false });
                if status.is_open() {
                    self.let_in_held(); // M-28
                }
            }
            OrderCommand::SetPriceLimits(limits) => {
                self.limits = *limits; // M-28
                self.events.push(Event::StatusSet { last: false });
            }
            OrderCommand::Pass => self.events.push(Event::StatusSet { last: false }),
        }
        self.look_at_prices();
        while let Some(due) = self.due.pop_front() {
            self.prints.clear();
            match self.status.is_open() {
                true => self.enter_due(due), // M-21
                false => self.hold(due),     // M-28
            }
            self.look_at_prices();
        }
        let mut events = std::mem::take(&mut self.events);
        end_with_last(&mut events);
        events
    }

    /// The sequence of the last event that had one.
    pub const fn sequence(&self) -> EventSequence {
        EventSequence(self.sequence)
    }

    /// The price of the last trade.
    pub const fn last_trade(&self) -> Option<Price> {
        self.last_trade
    }

    /// Whether the pair is open.
    pub const fn status(&self) -> TradingStatus {
        self.status
    }

    /// Which prices may print.
    pub const fn limits(&self) -> PriceLimits {
        self.limits
    }

    /// The orders of `side`, in the order in which they would trade.
    pub fn orders(&self, side: Side) -> &[PlainOrder] {
        match side {
            Side::Buy => &self.bids,
            Side::Sell => &self.asks,
        }
    }

    /// The prices of `side`, best first, with the sum of what shows there, in lots.
    pub fn depth(&self, side: Side) -> Vec<(Price, u64)> {
        let mut levels: Vec<(Price, u64)> = Vec::new();
        for order in self.orders(side) {
            match levels.last_mut() {
                Some((price, total)) if *price == order.price => *total += order.leaves,
                _ => levels.push((order.price, order.leaves)),
            }
        }
        levels
    }

    /// The best price of `side` with the sum of what shows there, in lots.
    pub fn best(&self, side: Side) -> Option<(Price, u64)> {
        let best = self.orders(side).first()?.price;
        let level = self
            .orders(side)
            .iter()
            .take_while(|order| order.price == best);
        Some((best, level.map(|order| order.leaves).sum()))
    }

    fn place(&mut self, order: &PlaceOrder, incoming: PlainOrder) {
        if incoming.post_only && self.would_trade(&incoming) {
            return self.reject(order.key, Reject::PostOnlyWouldTake); // M-11
        }
        if !self.is_free(order.key.slot) {
            return self.reject(order.key, Reject::BookFull); // M-13
        }
        self.enter(incoming, order.time_in_force);
    }

    fn cancel(&mut self, command: &CancelOrder) {
        if let Some(order) = self.take(command.key) {
            return self.say_cancelled(&order, command.reason);
        }
        let is_it = |it: &PlainWaiting| it.order.key == command.key;
        let Some(at) = self.waiting.iter().position(is_it) else {
            return self.reject(command.key, Reject::UnknownOrder); // M-14
        };
        self.waiting.remove(at);
        self.events.push(Event::Withdrawn {
            order: command.key,
            reason: command.reason,
            last: false,
        });
    }

    // M-15
    fn replace(&mut self, command: &ReplaceOrder) {
        let resting = self.bids.iter().chain(&self.asks);
        let Some(old) = resting.copied().find(|order| order.key == command.key) else {
            return self.replace_waiting(command);
        };
        let had = old.leaves + old.hidden;
        let left = match changed(had, command.quantity_change) {
            Ok(left) => left,
            Err(reason) => return self.reject(command.key, reason),
        };
        if command.price == old.price && left == had {
            return self.reject(command.key, Reject::NothingToAmend);
        }
        if command.price == old.price && left < had {
            if command.linked && !old.is_linked() {
                return self.reject(command.key, Reject::AlreadyTriggered);
            }
            return self.reduce(&old, had - left);
        }
        let new = PlainOrder {
            price: command.price,
            leaves: left,
            hidden: 0,
            ..old
        };
        if new.post_only && self.would_trade(&new) {
            return self.reject(command.key, Reject::PostOnlyWouldTake); // M-11
        }
        if command.linked && !old.is_linked() {
            return self.reject(command.key, Reject::AlreadyTriggered); // M-25
        }
        self.take(old.key); // M-17
        let sequence = self.step();
        self.events.push(Event::Replaced {
            sequence,
            order: old.key,
            side: old.side,
            price: old.price,
            quantity: lots(old.leaves),
        });
        let link = old.link.map(|link| self.arrive_again(link));
        let new = PlainOrder { link, ..new };
        self.enter(new, TimeInForce::GoodTillCancelled);
    }

    /// A resting order loses `lost` lots where it stands: first what is hidden. // M-16, M-26
    fn reduce(&mut self, old: &PlainOrder, lost: u64) {
        let of_hidden = lost.min(old.hidden);
        let of_shown = lost - of_hidden;
        let side = self.side_mut(old.side);
        if let Some(order) = side.iter_mut().find(|order| order.key == old.key) {
            order.hidden -= of_hidden;
            order.leaves -= of_shown;
        }
        if of_shown == 0 {
            return self.events.push(Event::Amended {
                order: old.key,
                last: false,
            });
        }
        let sequence = self.step();
        self.events.push(Event::Reduced {
            sequence,
            order: old.key,
            side: old.side,
            price: old.price,
            quantity: lots(of_shown),
            last: false,
        });
    }

    /// Whether an order may be given this place. // M-13, M-18
    fn is_free(&self, slot: u32) -> bool {
        let resting = self.bids.iter().chain(&self.asks).map(|it| it.key.slot);
        let waiting = self.waiting.iter().map(|it| it.order.key.slot);
        slot < self.max_orders && resting.chain(waiting).all(|taken| taken != slot)
    }

    fn say_cancelled(&mut self, order: &PlainOrder, reason: CancelReason) {
        let sequence = self.step();
        self.events.push(Event::Cancelled {
            sequence,
            order: order.key,
            side: order.side,
            price: order.price,
            quantity: lots(order.leaves),
            reason,
            last: false,
        });
    }

    fn drop_rest(&mut self, order: &PlainOrder, reason: DropReason) {
        self.events.push(Event::Dropped {
            order: order.key,
            quantity: lots(order.leaves),
            reason,
            last: false,
        });
    }

    fn reject(&mut self, order: OrderKey, reason: Reject) {
        self.events.push(Event::Rejected {
            order,
            reason,
            last: false,
        });
    }

    fn take(&mut self, key: OrderKey) -> Option<PlainOrder> {
        for side in [&mut self.bids, &mut self.asks] {
            if let Some(at) = side.iter().position(|order| order.key == key) {
                return Some(side.remove(at));
            }
        }
        None
    }

    fn side_mut(&mut self, side: Side) -> &mut Vec<PlainOrder> {
        match side {
            Side::Buy => &mut self.bids,
            Side::Sell => &mut self.asks,
        }
    }

    // M-2
    const fn step(&mut self) -> EventSequence {
        self.sequence += 1;
        EventSequence(self.sequence)
    }
}

/// What is left after a change of quantity. // M-15
fn changed(had: u64, change: i64) -> Result<u64, Reject> {
    let left = i128::from(had) + i128::from(change);
    if left > i128::from(Quantity::MAX.lots()) {
        return Err(Reject::AboveMaxAmount);
    }
    let left = u64::try_from(left).ok().filter(|left| *left > 0);
    left.ok_or(Reject::AmountBelowFilled)
}

/// Marks the last event as the end of the command. // M-1
fn end_with_last(events: &mut [Event]) {
    match events.last_mut().expect("a command is answered") {
        Event::Rested { last, .. }
        | Event::Reduced { last, .. }
        | Event::Cancelled { last, .. }
        | Event::Waiting { last, .. }
        | Event::Amended { last, .. }
        | Event::Withdrawn { last, .. }
        | Event::StatusSet { last }
        | Event::Filled { last, .. }
        | Event::Dropped { last, .. }
        | Event::Rejected { last, .. } => *last = true,
        event => panic!("{event:?} is nobody's fate"),
    }
}

fn lots(lots: u64) -> Quantity {
    Quantity::new(lots).expect("no order has more than the largest quantity")
}
