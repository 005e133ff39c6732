//! What a matcher keeps beside its book, to be read, written down and taken up again; and the
//! walk of its invariants.

use super::Matcher;
use super::special::{At, Iceberg, Link, Trigger, resting, stop_crossing};
use crate::book::{BookConfig, Marks, less};
use crate::command::{PlaceOrder, StopTerms};
use crate::domain::{EventSequence, OrderKey, Price, Quantity, TradingStatus, TriggerBy};

/// One order whose stop is watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StopView {
    /// Which.
    pub key: OrderKey,
    /// What sets it off.
    pub trigger: TriggerView,
    /// What it is while it waits outside the book; `None` for one that rests.
    pub waiting: Option<PlaceOrder>,
}

/// What sets an order off, as it stands now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TriggerView {
    /// This price.
    Fixed(Price),
    /// A distance behind the best price seen, which this is.
    Trailing(Price),
    /// The opening of the pair: it was set off before the pair halted.
    Opening,
}

/// What an order waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RestoredTrigger {
    /// The price that its terms say.
    Fixed,
    /// Its distance behind the best price seen, which this is.
    Trailing(Price),
    /// The opening of the pair.
    Opening,
}

impl Matcher {
    /// Makes a matcher with an empty book that goes on after `sequence`, to be filled with
    /// [`Matcher::restore_resting`] and [`Matcher::restore_stop`].
    pub fn resuming(
        config: BookConfig,
        sequence: EventSequence,
        last_trade: Option<Price>,
        status: TradingStatus,
    ) -> Matcher {
        Matcher {
            last_trade,
            status,
            ..Matcher::starting_after(config, sequence)
        }
    }

    /// Puts an order back behind the last of its price, with `order.quantity` left, of which
    /// `shown` shows; `display` is that of an iceberg order. Says whether that could be.
    pub fn restore_resting(
        &mut self,
        order: &PlaceOrder,
        shown: Quantity,
        display: Option<Quantity>,
    ) -> bool {
        let fits = !shown.is_zero()
            && shown <= order.quantity
            && display.map_or(shown == order.quantity, |display| shown <= display)
            && self.book.is_free(order.key.slot)
            && !self.book.crosses(order.side, order.price);
        if !fits {
            return false;
        }
        let mut rests = resting(order);
        rests.leaves = shown;
        if let Some(display) = display {
            rests.marks = Marks::ICEBERG;
            let hidden = less(order.quantity, shown);
            let iceberg = Iceberg { display, hidden };
            self.specials.icebergs.insert(order.key.slot, iceberg);
        }
        self.book.append(order.key, &rests);
        true
    }

    /// Watches the stop of an order again, behind all that are watched: one that rests already,
    /// or one that waits, for what `until` says. Says whether that could be.
    pub fn restore_stop(
        &mut self,
        order: &PlaceOrder,
        terms: &StopTerms,
        until: RestoredTrigger,
    ) -> bool {
        let crossing = terms.crossing(order.side);
        let (at, trigger, anchor) = match (*terms, until) {
            (_, RestoredTrigger::Opening) => return self.restore_held(order),
            (
                StopTerms::Fixed { trigger, .. } | StopTerms::Oco { trigger, .. },
                RestoredTrigger::Fixed,
            ) => (At::Fixed(trigger), Some(trigger), trigger),
            (StopTerms::Trailing { distance, .. }, RestoredTrigger::Trailing(anchor)) => {
                let trigger = distance.trigger(anchor, crossing);
                (At::Trailing(distance), trigger, anchor)
            }
            (StopTerms::Fixed { .. } | StopTerms::Oco { .. }, RestoredTrigger::Trailing(_))
            | (StopTerms::Trailing { .. }, RestoredTrigger::Fixed) => return false,
        };
        let by = terms.by();
        let seen = match by {
            TriggerBy::Last => self.last_trade,
            TriggerBy::Mark => None,
        };
        let reached = |trigger| seen.is_some_and(|seen| crossing.is_reached(trigger, seen));
        if trigger.is_none_or(reached) {
            return false;
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
                return self.restore_link(order.key, link);
            }
        };
        if order.quantity.is_zero() || !self.book.is_free(order.key.slot) {
            return false;
        }
        self.wait(order, trigger, collar, anchor);
        true
    }

    fn restore_held(&mut self, order: &PlaceOrder) -> bool {
        let waits = !self.status.is_open()
            && !order.quantity.is_zero()
            && self.book.is_free(order.key.slot);
        if waits {
            let trigger = Trigger {
                by: TriggerBy::Last,
                crossing: stop_crossing(order.side),
                at: At::Opening,
                arrival: self.specials.arrive(),
            };
            self.wait(order, trigger, None, order.price);
        }
        waits
    }

    fn restore_link(&mut self, key: OrderKey, link: Link) -> bool {
        let rests = self.book.find(key);
        if !rests.is_some_and(|order| order.marks == Marks::NONE) {
            return false;
        }
        self.book.mark(key, Marks::LINKED);
        self.specials.watch(&link.trigger, link.limit, key.slot);
        self.specials.links.insert(key.slot, link);
        self.find_watched();
        true
    }

    /// Every order whose stop is watched, in the order of arrival. Time grows with them.
    pub fn stops(&self) -> Vec<StopView> {
        let specials = &self.specials;
        let waiting = specials.waiting.values().map(|waiting| {
            let order = waiting.order;
            (waiting.trigger, order.key, Some(order))
        });
        let links = specials.links.iter().map(|(slot, link)| {
            let key = self.book.key_at(*slot);
            (link.trigger, key, None)
        });
        let mut stops: Vec<_> = waiting.chain(links).collect();
        stops.sort_unstable_by_key(|(trigger, ..)| trigger.arrival);
        let view = |(trigger, key, waiting): (Trigger, OrderKey, _)| StopView {
            key,
            trigger: match trigger.at {
                At::Opening => TriggerView::Opening,
                At::Fixed(price) => TriggerView::Fixed(price),
                At::Trailing(_) => TriggerView::Trailing(
                    specials
                        .anchor_of(&trigger)
                        .expect("invariant: what waits stands in its index"),
                ),
            },
            waiting,
        };
        stops.into_iter().map(view).collect()
    }

    /// What the resting order of `key` hides.
    pub fn hidden(&self, key: OrderKey) -> Quantity {
        let iceberg = self.book.find(key).and_then(|order| {
            let iceberg = self.specials.icebergs.get(&key.slot)?;
            order.marks.has(Marks::ICEBERG).then_some(iceberg.hidden)
        });
        iceberg.unwrap_or(Quantity::ZERO)
    }

    /// Walks what is special and says the first thing that is wrong.
    pub(super) fn verify_specials(&self) -> Result<(), String> {
        let specials = &self.specials;
        let reserved = self.book.reserved_slots();
        if reserved != specials.waiting.len() || !specials.queue.is_empty() {
            return Err(format!(
                "{reserved} slots are reserved for {} waiting orders, {} are set off",
                specials.waiting.len(),
                specials.queue.len()
            ));
        }
        let (mut linked, mut hiding) = (0, 0);
        for side in [crate::domain::Side::Buy, crate::domain::Side::Sell] {
            for level in self.book.depth(side) {
                for order in self.book.queue(side, level.price) {
                    let slot = order.key.slot;
                    linked += usize::from(order.linked);
                    hiding += usize::from(order.iceberg);
                    let iceberg = specials.icebergs.get(&slot);
                    let fits = iceberg.is_none_or(|it| order.leaves <= it.display);
                    if order.linked != specials.links.contains_key(&slot)
                        || order.iceberg != iceberg.is_some()
                        || !fits
                    {
                        return Err(format!("{order:?} is not as it is marked"));
                    }
                }
            }
        }
        let counts = (specials.links.len(), specials.icebergs.len());
        if counts != (linked, hiding) {
            return Err(format!("{counts:?} are kept, {linked} and {hiding} marked"));
        }
        let watched: usize = [TriggerBy::Last, TriggerBy::Mark]
            .map(|by| specials.index(by).len())
            .into_iter()
            .sum();
        let held = specials.held.len();
        if held > 0 && self.status.is_open() {
            return Err(format!("{held} orders wait for a pair that is open"));
        }
        if watched + held != specials.waiting.len() + specials.links.len() {
            return Err(format!("{watched} triggers are watched"));
        }
        for (trigger, price) in specials.fixed() {
            let reached = self.status.is_open()
                && trigger.by == TriggerBy::Last
                && self
                    .last_trade
                    .is_some_and(|last| trigger.crossing.is_reached(price, last));
            if reached {
                return Err(format!("{trigger:?} was reached and waits"));
            }
        }
        [TriggerBy::Last, TriggerBy::Mark]
            .into_iter()
            .try_for_each(|by| specials.index(by).verify())
    }
}
