//! Orders that a price sets off: how they wait, what sets them off, and how they come in.

use super::special::{At, Entering, Link, SetOff, Trigger, Waiting, resting, stop_crossing};
use super::triggers::Reached;
use super::{Matcher, reject};
use crate::Sink;
use crate::book::{Marks, Resting};
use crate::command::{PlaceOrder, ReplaceOrder, StopTerms};
use crate::domain::{Crossing, OrderKey, Price, Side, TimeInForce, TriggerBy};
use crate::event::{CancelReason, Event};
use crate::reject::Reject;

impl Matcher {
    /// An order with a stop comes in: it waits outside the book, or rests and is watched.
    // M-18, M-20, M-24, M-25
    #[cold]
    #[inline(never)]
    pub(super) fn place_stop(
        &mut self,
        order: &PlaceOrder,
        terms: &StopTerms,
        sink: &mut impl Sink<Event>,
    ) {
        assert!(
            !order.quantity.is_zero(),
            "invariant: an order has at least one lot"
        );
        // M-27
        if !self.status.is_open() {
            return reject(order.key, Reject::PairHalted, sink);
        }
        if !self.book.is_free(order.key.slot) {
            return reject(order.key, Reject::BookFull, sink);
        }
        let crossing = terms.crossing(order.side);
        let by = terms.by();
        let price = self.price_by(by);
        let (trigger, anchor, at) = match *terms {
            StopTerms::Fixed { trigger, .. } | StopTerms::Oco { trigger, .. } => {
                (trigger, trigger, At::Fixed(trigger))
            }
            StopTerms::Trailing {
                anchor, distance, ..
            } => {
                let anchor = price.map_or(anchor, |price| follow(crossing, anchor, price));
                let Some(trigger) = distance.trigger(anchor, crossing) else {
                    return reject(order.key, Reject::TrailingOutOfRange, sink);
                };
                (trigger, anchor, At::Trailing(distance))
            }
        };
        if price.is_some_and(|price| crossing.is_reached(trigger, price)) {
            return reject(order.key, Reject::WouldTriggerImmediately, sink);
        }
        let trigger = Trigger {
            by,
            crossing,
            at,
            arrival: self.specials.arrive(),
        };
        let collar = match *terms {
            StopTerms::Fixed { .. } => None,
            StopTerms::Trailing { collar, .. } => Some(collar),
            StopTerms::Oco { limit, market, .. } => {
                let link = Link {
                    trigger,
                    limit,
                    market,
                };
                return self.enter_special(
                    order.key,
                    resting(order),
                    TimeInForce::GoodTillCancelled,
                    Some(Entering::Linked(link)),
                    sink,
                );
            }
        };
        self.wait(order, trigger, collar, anchor);
        let last = self.ends_untraded();
        sink.push(Event::Waiting {
            order: order.key,
            last,
        });
    }

    /// Keeps `order` outside the book, where its slot stays reserved for it.
    pub(super) fn wait(
        &mut self,
        order: &PlaceOrder,
        trigger: Trigger,
        collar: Option<u16>,
        anchor: Price,
    ) {
        let slot = order.key.slot;
        self.book.reserve_slot(slot);
        self.specials.watch(&trigger, anchor, slot);
        let waiting = Waiting {
            order: *order,
            trigger,
            collar,
        };
        self.specials.waiting.insert(slot, waiting);
        self.find_watched();
    }

    /// A waiting order leaves; where there is none, the cancel is refused. Says
    /// whether the command ended with it. // M-14, M-18
    #[cold]
    #[inline(never)]
    pub(super) fn cancel_waiting(
        &mut self,
        key: OrderKey,
        reason: CancelReason,
        sink: &mut impl Sink<Event>,
    ) -> bool {
        if self.specials.find_waiting(key).is_none() {
            reject(key, Reject::UnknownOrder, sink);
            return true;
        }
        self.forget_waiting(key);
        let last = self.ends_untraded();
        sink.push(Event::Withdrawn {
            order: key,
            reason,
            last,
        });
        last
    }

    /// A waiting order changes its limit or its quantity. // M-15, M-18
    #[cold]
    #[inline(never)]
    pub(super) fn replace_waiting(&mut self, command: &ReplaceOrder, sink: &mut impl Sink<Event>) {
        let Some(waiting) = self.specials.find_waiting(command.key).copied() else {
            return reject(command.key, Reject::UnknownOrder, sink);
        };
        let old = waiting.order;
        let leaves = super::replace::new_leaves(old.quantity, command.quantity_change);
        let leaves = match leaves {
            Ok(leaves) => leaves,
            Err(reason) => return reject(command.key, reason, sink),
        };
        let same_price = command.price == old.price;
        if same_price && leaves == old.quantity {
            return reject(command.key, Reject::NothingToAmend, sink);
        }
        let mut order = old;
        order.price = command.price;
        order.quantity = leaves;
        if same_price && leaves < old.quantity {
            let kept = self.specials.waiting.get_mut(&order.key.slot);
            kept.expect("invariant: it was just found").order = order;
        } else {
            let anchor = self.specials.anchor_of(&waiting.trigger);
            self.forget_waiting(order.key);
            let trigger = Trigger {
                arrival: self.specials.arrive(),
                ..waiting.trigger
            };
            let anchor = anchor.unwrap_or(order.price);
            self.wait(&order, trigger, waiting.collar, anchor);
        }
        let last = self.ends_untraded();
        sink.push(Event::Amended {
            order: command.key,
            last,
        });
    }

    /// Whether the command ends here: nothing it did sets anything off. What is set off is
    /// queued, and leaves the book where it rested; that is said behind the fate. Called once,
    /// when all that the incoming order does is done, just before its fate is said.
    // M-19, M-21, M-22
    #[inline]
    pub(super) fn ends(&mut self) -> bool {
        if self.first_trade.is_some() || self.watches_mark {
            self.look_at_prices();
        }
        !self.is_cascading
    }

    /// The same for a command that traded nothing and before which nothing was set off.
    #[inline]
    pub(super) fn ends_untraded(&mut self) -> bool {
        !self.watches_mark || self.ends_watched()
    }

    #[inline(never)]
    fn ends_watched(&mut self) -> bool {
        self.first_trade = None;
        self.look_at_prices();
        !self.is_cascading
    }

    #[inline]
    fn look_at_prices(&mut self) {
        let index = self.specials.index(TriggerBy::Last);
        let touches = |price: Option<Price>| price.is_some_and(|it| index.is_touched(it));
        let by_last =
            self.first_trade.is_some() && (touches(self.first_trade) || touches(self.last_trade));
        if by_last || (self.watches_mark && self.is_mark_touched()) {
            self.set_off();
        }
    }

    #[cold]
    fn is_mark_touched(&self) -> bool {
        if !self.status.is_open() {
            return false;
        }
        let index = self.specials.index(TriggerBy::Mark);
        self.mark_price().is_some_and(|it| index.is_touched(it))
    }

    /// Queues what the trades of this command and the mark price after it reach.
    #[cold]
    #[inline(never)]
    fn set_off(&mut self) {
        let mut reached = Vec::new();
        if let (Some(first), Some(last)) = (self.first_trade, self.last_trade) {
            // One order's trades go one way, so between its first and its last there is no price
            // that one of these two does not reach before or after it.
            let index = self.specials.index_mut(TriggerBy::Last);
            index.take_reached(first, &mut reached);
            index.take_reached(last, &mut reached);
        }
        // M-27: what traded before a trade that halted the pair counts, the mark price does not.
        if let Some(mark) = self.mark_price().filter(|_| self.status.is_open()) {
            let index = self.specials.index_mut(TriggerBy::Mark);
            index.take_reached(mark, &mut reached);
        }
        for it in reached {
            let set_off = self.take_set_off(&it);
            self.specials.queue.push_back(set_off);
        }
        self.find_watched();
    }

    /// Takes what was reached from where it waits or rests, and says as what it comes in.
    fn take_set_off(&mut self, reached: &Reached) -> SetOff {
        if let Some(waiting) = self.specials.waiting.remove(&reached.slot) {
            // M-23
            let Waiting { order, collar, .. } = waiting;
            let mut incoming = resting(&order);
            if let Some(collar) = collar {
                incoming.price = reached.trigger.collar(order.side, collar);
            }
            return SetOff {
                key: order.key,
                order: incoming,
                time_in_force: order.time_in_force,
            };
        }
        // M-25
        let link = self.specials.links.remove(&reached.slot);
        let link = link.expect("invariant: what is watched waits or rests");
        let key = self.book.key_at(reached.slot);
        let order = self.book.remove(key);
        let order = order.expect("invariant: an order whose stop is watched rests");
        self.book.reserve_slot(key.slot);
        self.specials.pulled.push((key, order));
        let mut incoming = order;
        incoming.price = link.limit;
        incoming.marks = Marks::NONE;
        SetOff {
            key,
            order: incoming,
            time_in_force: if link.market {
                TimeInForce::ImmediateOrCancel
            } else {
                TimeInForce::GoodTillCancelled
            },
        }
    }

    /// Lets in what was set off, in its order; what that sets off goes behind. Each order is set
    /// off once, so there are at most as many as waited. // M-21, M-22
    #[cold]
    #[inline(never)]
    pub(super) fn cascade(&mut self, sink: &mut impl Sink<Event>) {
        loop {
            self.say_pulled(sink);
            let Some(next) = self.specials.queue.pop_front() else {
                return;
            };
            self.is_cascading = !self.specials.queue.is_empty();
            if !self.status.is_open() {
                self.hold(&next, sink);
                continue;
            }
            let SetOff {
                key,
                order,
                time_in_force,
            } = next;
            self.book.release_slot(key.slot);
            sink.push(Event::Triggered {
                order: key,
                price: order.price,
            });
            self.enter_set_off(key, order, time_in_force, sink);
        }
    }

    /// Lets in what was set off, if it need not be filled whole or can be. // M-10
    #[cold]
    #[inline(never)]
    fn enter_set_off(
        &mut self,
        key: OrderKey,
        incoming: Resting,
        time_in_force: TimeInForce,
        sink: &mut impl Sink<Event>,
    ) {
        if time_in_force == TimeInForce::FillOrKill && !self.is_fillable(&incoming) {
            return self.drop_unfillable(key, incoming.leaves, sink);
        }
        self.enter_special(key, incoming, time_in_force, None, sink);
    }

    /// Keeps an order that was set off before the pair halted until it opens. // M-28
    #[cold]
    fn hold(&mut self, next: &SetOff, sink: &mut impl Sink<Event>) {
        let SetOff {
            key,
            order,
            time_in_force,
        } = *next;
        sink.push(Event::Triggered {
            order: key,
            price: order.price,
        });
        let place = PlaceOrder {
            key,
            account: order.account,
            side: order.side,
            price: order.price,
            quantity: order.leaves,
            time_in_force,
            post_only: order.post_only,
            self_trade: order.self_trade,
        };
        let trigger = Trigger {
            by: TriggerBy::Last,
            crossing: stop_crossing(order.side),
            at: At::Opening,
            arrival: self.specials.arrive(),
        };
        self.book.release_slot(key.slot);
        self.wait(&place, trigger, None, order.price);
        sink.push(Event::Waiting {
            order: key,
            last: !self.is_cascading,
        });
    }

    /// Queues what was set off before the pair halted, in its order. // M-28
    pub(super) fn set_off_held(&mut self) {
        while let Some((_, slot)) = self.specials.held.pop_first() {
            let waiting = self.specials.waiting.remove(&slot);
            let order = waiting.expect("invariant: what is held waits").order;
            self.specials.queue.push_back(SetOff {
                key: order.key,
                order: resting(&order),
                time_in_force: order.time_in_force,
            });
        }
        self.find_watched();
    }

    /// Says which orders left the book for their stops, behind the fate of the order that
    /// reached these, which may be one of them. // M-25
    fn say_pulled(&mut self, sink: &mut impl Sink<Event>) {
        for (key, order) in std::mem::take(&mut self.specials.pulled) {
            sink.push(Event::Pulled {
                sequence: self.step(),
                order: key,
                side: order.side,
                price: order.price,
                quantity: order.leaves,
            });
        }
    }

    /// Forgets the order that waits under `key`, and frees its slot.
    fn forget_waiting(&mut self, key: OrderKey) {
        let waiting = self.specials.waiting.remove(&key.slot);
        let waiting = waiting.expect("invariant: it was just found");
        self.specials.unwatch(&waiting.trigger);
        self.book.release_slot(key.slot);
        self.find_watched();
    }

    /// The price that sets off by `by`, where there is one. // M-19
    fn price_by(&self, by: TriggerBy) -> Option<Price> {
        match by {
            TriggerBy::Last => self.last_trade,
            TriggerBy::Mark => self.mark_price(),
        }
    }

    /// The median of best bid, best ask and last trade; `None` while one of them is missing.
    // M-19
    pub fn mark_price(&self) -> Option<Price> {
        let bid = self.book.best_price(Side::Buy)?;
        let ask = self.book.best_price(Side::Sell)?;
        let last = self.last_trade?;
        // The bid is below the ask.
        Some(last.clamp(bid, ask))
    }

    /// Keeps what the way of a plain order looks at: whether anything is set off by the mark
    /// price, and whether something is to come in.
    pub(super) fn find_watched(&mut self) {
        self.watches_mark = !self.specials.index(TriggerBy::Mark).is_empty();
        self.is_cascading = !self.specials.queue.is_empty();
    }
}

/// The better of two prices for a trailing stop to follow. // M-24
fn follow(crossing: Crossing, anchor: Price, price: Price) -> Price {
    match crossing {
        Crossing::Falling => anchor.max(price),
        Crossing::Rising => anchor.min(price),
    }
}
