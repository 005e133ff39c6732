//! The rules of matching, and the only way by which a book changes.
//!
//! In: [`OrderCommand`]s that clearing accepted. Out: [`Event`]s, ended by exactly one fate a
//! command. Knows no money, client or clock. The rules are numbered in `docs/matching-rules.md`.
//!
//! Invariants: the book is never crossed between commands; the sequence steps by one for each
//! event that changes the book or prints a trade; a refused command changes nothing.
//! Complexity: constant for each command and each order that it trades with or cancels, but for
//! fill-or-kill, which first walks what it would trade with. Nothing is allocated while slots
//! stay below the highest seen and prices inside the book's window.
//! Limits: those of [`BookConfig`]; a slot beyond them, or one that is taken, is refused.

mod cross;
mod fillable;
mod iceberg;
mod place;
mod quote;
mod replace;
mod restore;
mod special;
mod stop;
#[cfg(test)]
mod tests;
mod triggers;

use std::hint::select_unpredictable;

use crate::Sink;
use crate::book::{Book, BookConfig, Depth, LevelView, OrderView, Queue};
use crate::command::{CancelOrder, OrderCommand, PlaceOrder, PriceLimits};
use crate::domain::{
    AccountId, EventSequence, OrderKey, Price, Quantity, SelfTradePrevention, Side, TimeInForce,
    TradingStatus,
};
use crate::event::Event;
use crate::reject::Reject;

use quote::Quoting;
use special::Specials;

pub use restore::{RestoredTrigger, StopView, TriggerView};

/// The matcher of one pair.
#[derive(Debug)]
pub struct Matcher {
    book: Book,
    sequence: EventSequence,
    /// The price of the last trade.
    last_trade: Option<Price>,
    /// The price of the first trade of the incoming order.
    first_trade: Option<Price>,
    /// Whether the mark price may set something off.
    watches_mark: bool,
    /// Whether something was set off and is to come in.
    is_cascading: bool,
    status: TradingStatus,
    limits: PriceLimits,
    specials: Specials,
    /// What it keeps to say its quotes, where it was asked to.
    quoting: Option<Box<Quoting>>,
}

impl Matcher {
    /// How many commands before its turn an order is best fetched.
    pub const AHEAD: usize = 8;
    /// How many commands are looked at together.
    const GROUP: usize = Self::AHEAD / 2;

    /// Makes a matcher with an empty book, before its first event.
    pub fn new(config: BookConfig) -> Matcher {
        Matcher::starting_after(config, EventSequence(0))
    }

    /// Makes a matcher with an empty book whose next event carries the sequence after `sequence`.
    pub fn starting_after(config: BookConfig, sequence: EventSequence) -> Matcher {
        Matcher {
            book: Book::new(config),
            sequence,
            last_trade: None,
            first_trade: None,
            watches_mark: false,
            is_cascading: false,
            status: TradingStatus::default(),
            limits: PriceLimits::default(),
            specials: Specials::default(),
            quoting: None,
        }
    }

    /// Makes room for `orders` slots now, at most the book's limit, so that no command has to.
    pub fn reserve(&mut self, orders: usize) {
        self.book.reserve(orders);
    }

    /// Fetches what a command about `key` will need first. Worth it [`Matcher::AHEAD`]
    /// commands before, where a batch of them is at hand; changes nothing.
    #[inline]
    pub fn prefetch(&self, key: OrderKey) {
        self.book.prefetch(key.slot);
    }

    /// Fetches the level that an order of `side` at `price` will join.
    #[inline]
    pub fn prefetch_level(&self, side: Side, price: Price) {
        self.book.prefetch_level(side, price);
    }

    /// Fetches what stands around the order of `key`, which has been fetched itself.
    #[inline]
    pub fn prefetch_around(&self, key: OrderKey) {
        self.book.prefetch_around(key.slot);
    }

    /// Applies `command` and pushes what happened: any number of changes, then one fate; then
    /// the same for each order that it sets off. // M-1
    ///
    /// Inlined whole: where the kind of a command is known, the others are not there.
    #[inline(always)]
    pub fn apply(&mut self, command: &OrderCommand, sink: &mut impl Sink<Event>) {
        // In this form it is compared with, not jumped by a table.
        if let OrderCommand::Place(order) = command {
            self.place(order, sink);
        } else if let OrderCommand::Cancel(order) = command {
            if self.cancel(order, sink) {
                return;
            }
        } else if let OrderCommand::Replace(order) = command {
            self.replace(order, sink);
        } else {
            self.apply_special(command, sink);
        }
        if self.is_cascading {
            self.cascade(sink);
        }
    }

    /// Applies what is not on the way of a plain order: which of these it is costs that one
    /// nothing.
    #[cold]
    #[inline(never)]
    fn apply_special(&mut self, command: &OrderCommand, sink: &mut impl Sink<Event>) {
        match command {
            OrderCommand::PlaceStop(order, terms) => self.place_stop(order, terms, sink),
            OrderCommand::PlaceIceberg(order, display) => {
                self.place_iceberg(order, *display, sink);
            }
            OrderCommand::SetTradingStatus(status) => self.set_status(*status, sink),
            OrderCommand::SetPriceLimits(limits) => self.set_limits(*limits, sink),
            OrderCommand::Pass => sink.push(Event::StatusSet { last: true }),
            OrderCommand::Place(_) | OrderCommand::Cancel(_) | OrderCommand::Replace(_) => {
                unreachable!("invariant: plain commands do not come here")
            }
        }
    }

    /// Applies `commands` one after the other, as [`Matcher::apply`] does, and fetches the orders
    /// of later ones while it is at it: which of many orders a command is about cannot be guessed
    /// by the processor, but stands in the batch.
    pub fn apply_batch(&mut self, commands: &[OrderCommand], sink: &mut impl Sink<Event>) {
        if self.book.is_spread() {
            return self.apply_spread(commands, sink);
        }
        for (index, command) in commands.iter().enumerate() {
            if let Some(later) = commands.get(index + Self::AHEAD) {
                self.prefetch(later.key());
                if self.book.is_large() {
                    self.prefetch_around(commands[index + Self::AHEAD / 2].key());
                }
            }
            self.apply(command, sink);
        }
    }

    /// The same for a book most of whose levels are outside the windows: those are fetched too, by
    /// groups of commands. A loop of its own, for in that of all others it cost more than it gained.
    #[inline(never)]
    fn apply_spread(&mut self, commands: &[OrderCommand], sink: &mut impl Sink<Event>) {
        let group = |from: usize| {
            let from = from.min(commands.len());
            &commands[from..commands.len().min(from + Self::GROUP)]
        };
        self.prefetch_orders(group(0));
        self.prefetch_orders(group(Self::GROUP));
        self.prefetch_levels(group(0));
        for start in (0..commands.len()).step_by(Self::GROUP) {
            self.prefetch_orders(group(start + 2 * Self::GROUP));
            self.prefetch_levels(group(start + Self::GROUP));
            for command in group(start) {
                self.apply(command, sink);
            }
        }
    }

    fn prefetch_orders(&self, commands: &[OrderCommand]) {
        for command in commands {
            self.prefetch(command.key());
        }
    }

    /// Fetches what stands around the orders of `commands`, which have been fetched themselves, and the
    /// levels that they leave or join.
    #[inline(never)]
    fn prefetch_levels(&self, commands: &[OrderCommand]) {
        for command in commands {
            self.prefetch_around(command.key());
            let (side, price) = self.level_of(command);
            self.book.prefetch_leaf(side, price);
        }
        for command in commands {
            let (side, price) = self.level_of(command);
            self.book.prefetch_far(side, price);
        }
    }

    /// The level that `command` joins, where it places an order, or else leaves. Chosen, not branched:
    /// what a later command is cannot be guessed.
    #[inline(always)]
    fn level_of(&self, command: &OrderCommand) -> (Side, Price) {
        let (side, price) = self.book.likely_level(command.key().slot);
        let none = NO_ORDER;
        let (places, order) = match command {
            OrderCommand::Place(order) => (true, order),
            _ => (false, &none),
        };
        (
            select_unpredictable(places, order.side, side),
            select_unpredictable(places, order.price, price),
        )
    }

    /// The price of the last trade; `None` before the first.
    pub const fn last_trade(&self) -> Option<Price> {
        self.last_trade
    }

    /// Which prices may print.
    pub const fn limits(&self) -> PriceLimits {
        self.limits
    }

    /// The same matcher with other limits, before its first command.
    #[must_use]
    pub fn limited(mut self, limits: PriceLimits) -> Matcher {
        self.limits = limits;
        self
    }

    /// Whether the pair is open.
    pub const fn status(&self) -> TradingStatus {
        self.status
    }

    /// The sequence of the last event that had one.
    pub const fn sequence(&self) -> EventSequence {
        self.sequence
    }

    /// The best price of `side` and its total.
    pub fn best(&self, side: Side) -> Option<LevelView> {
        self.book.best(side)
    }

    /// The highest bid.
    pub fn best_bid(&self) -> Option<LevelView> {
        self.best(Side::Buy)
    }

    /// The lowest ask.
    pub fn best_ask(&self) -> Option<LevelView> {
        self.best(Side::Sell)
    }

    /// The levels of `side`, best first.
    pub fn depth(&self, side: Side) -> Depth<'_> {
        self.book.depth(side)
    }

    /// The orders of `side` at `price`, in the order in which they would trade.
    pub fn queue(&self, side: Side, price: Price) -> Queue<'_> {
        self.book.queue(side, price)
    }

    /// Whether the order of `key` rests.
    #[inline]
    pub fn rests(&self, key: OrderKey) -> bool {
        self.book.rests(key)
    }

    /// The resting order of `key`.
    #[inline]
    pub fn order(&self, key: OrderKey) -> Option<OrderView> {
        self.book.order(key)
    }

    /// Walks every invariant of the book and says the first that is broken. As long as the book
    /// is large: for tests.
    pub fn verify(&self) -> Result<(), String> {
        self.book.verify()?;
        self.verify_specials()
    }

    /// The pair opens or stops. What the mark price reached while nothing was set off is set off
    /// when it opens. // M-27
    #[cold]
    fn set_status(&mut self, status: TradingStatus, sink: &mut impl Sink<Event>) {
        self.status = status;
        if status.is_open() {
            self.set_off_held();
        }
        self.first_trade = None;
        let last = self.ends();
        sink.push(Event::StatusSet { last });
    }

    // M-28
    #[cold]
    fn set_limits(&mut self, limits: PriceLimits, sink: &mut impl Sink<Event>) {
        self.limits = limits;
        sink.push(Event::StatusSet { last: true });
    }

    /// Says whether the command ended with it. // M-14
    #[inline(always)]
    fn cancel(&mut self, command: &CancelOrder, sink: &mut impl Sink<Event>) -> bool {
        let Some(order) = self.book.remove(command.key) else {
            return self.cancel_waiting(command.key, command.reason, sink);
        };
        if order.marks.any() {
            self.forget_special(command.key.slot, order.marks);
        }
        let last = self.ends_untraded();
        sink.push(Event::Cancelled {
            sequence: self.step(),
            order: command.key,
            side: order.side,
            price: order.price,
            quantity: order.leaves,
            reason: command.reason,
            last,
        });
        last
    }

    /// The sequence of the next event that has one. // M-2
    #[inline]
    const fn step(&mut self) -> EventSequence {
        self.sequence = self.sequence.next();
        self.sequence
    }
}

/// Stands where a command has no order.
const NO_ORDER: PlaceOrder = PlaceOrder {
    key: OrderKey::NONE,
    quantity: Quantity::ZERO,
    account: AccountId(0),
    price: Price::MIN,
    side: Side::Buy,
    time_in_force: TimeInForce::GoodTillCancelled,
    post_only: false,
    self_trade: SelfTradePrevention::CancelTaker,
};

/// Ends a command that changes nothing. // M-3
#[inline]
fn reject(order: OrderKey, reason: Reject, sink: &mut impl Sink<Event>) {
    sink.push(Event::Rejected {
        order,
        reason,
        last: true,
    });
}
