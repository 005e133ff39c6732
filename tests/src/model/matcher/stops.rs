use std::cmp::Reverse;

use engine::command::{PlaceOrder, ReplaceOrder, StopTerms};
use engine::domain::{Crossing, OrderKey, Price, Side, TimeInForce, TrailingDistance, TriggerBy};
use engine::event::Event;
use engine::reject::Reject;

use super::{PlainMatcher, PlainOrder, changed};

/// What sets an order off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlainTrigger {
    /// By which price.
    pub by: TriggerBy,
    /// Which way.
    pub crossing: Crossing,
    /// Where it sets off now.
    pub price: Price,
    /// The best price that it has seen and how far behind it follows; of one that does not move,
    /// `None`.
    pub trailing: Option<(Price, TrailingDistance)>,
    /// Whether it was set off before the pair halted, and waits for its opening.
    pub is_held: bool,
    /// Its place in the order of arrival.
    pub arrival: u64,
}

/// An order whose stop is watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlainStop {
    /// Which.
    pub key: OrderKey,
    /// What sets it off.
    pub trigger: PlainTrigger,
    /// On what terms it came.
    pub terms: StopTerms,
    /// What it is while it waits; `None` for one that rests.
    pub waiting: Option<PlaceOrder>,
}

/// An order that waits outside the book. // M-18
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PlainWaiting {
    pub(super) order: PlaceOrder,
    terms: StopTerms,
    trigger: PlainTrigger,
}

/// The other way of an order that rests. // M-25
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PlainLink {
    terms: StopTerms,
    trigger: PlainTrigger,
}

/// An order that was set off and has not come in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Due {
    order: PlainOrder,
    time_in_force: TimeInForce,
    trigger: PlainTrigger,
    terms: StopTerms,
}

impl PlainMatcher {
    /// All whose stop is watched, in the order of arrival.
    pub fn stops(&self) -> Vec<PlainStop> {
        let waiting = self.waiting.iter().map(|it| PlainStop {
            key: it.order.key,
            trigger: it.trigger,
            terms: it.terms,
            waiting: Some(it.order),
        });
        let resting = self.bids.iter().chain(&self.asks);
        let linked = resting.filter_map(|it| {
            let PlainLink { terms, trigger } = it.link?;
            Some(PlainStop {
                key: it.key,
                trigger,
                terms,
                waiting: None,
            })
        });
        let mut stops: Vec<_> = waiting.chain(linked).collect();
        stops.sort_by_key(|it| it.trigger.arrival);
        stops
    }

    // M-20
    pub(super) fn place_stop(&mut self, order: &PlaceOrder, terms: &StopTerms) {
        if !self.is_free(order.key.slot) {
            return self.reject(order.key, Reject::BookFull);
        }
        let Some(mut trigger) = self.trigger_of(order.side, terms) else {
            return self.reject(order.key, Reject::TrailingOutOfRange); // M-24
        };
        let price = self.price_by(trigger.by);
        if price.is_some_and(|price| trigger.is_reached(price)) {
            return self.reject(order.key, Reject::WouldTriggerImmediately);
        }
        trigger.arrival = self.arrive();
        let terms = *terms;
        if let StopTerms::Oco { .. } = terms {
            let incoming = PlainOrder {
                link: Some(PlainLink { terms, trigger }),
                ..PlainOrder::new(order)
            };
            return self.enter(incoming, TimeInForce::GoodTillCancelled); // M-25
        }
        self.waiting.push(PlainWaiting {
            order: *order,
            terms,
            trigger,
        });
        self.events.push(Event::Waiting {
            order: order.key,
            last: false,
        });
    }

    fn trigger_of(&self, side: Side, terms: &StopTerms) -> Option<PlainTrigger> {
        let protecting = match side {
            Side::Sell => Crossing::Falling,
            Side::Buy => Crossing::Rising,
        };
        let fixed = |crossing, by, price| PlainTrigger {
            by,
            crossing,
            price,
            trailing: None,
            is_held: false,
            arrival: 0,
        };
        match *terms {
            StopTerms::Fixed {
                trigger,
                crossing,
                by,
            } => Some(fixed(crossing, by, trigger)),
            StopTerms::Oco { trigger, by, .. } => Some(fixed(protecting, by, trigger)),
            StopTerms::Trailing {
                anchor,
                distance,
                by,
                ..
            } => {
                // M-24
                let seen = self.price_by(by).unwrap_or(anchor);
                let best = better(protecting, anchor, seen);
                Some(PlainTrigger {
                    trailing: Some((best, distance)),
                    ..fixed(protecting, by, behind(best, distance, protecting)?)
                })
            }
        }
    }

    // M-18
    pub(super) fn replace_waiting(&mut self, command: &ReplaceOrder) {
        let is_it = |it: &PlainWaiting| it.order.key == command.key;
        let Some(at) = self.waiting.iter().position(is_it) else {
            return self.reject(command.key, Reject::UnknownOrder);
        };
        let old = self.waiting[at];
        let had = old.order.quantity.lots();
        let left = match changed(had, command.quantity_change) {
            Ok(left) => left,
            Err(reason) => return self.reject(command.key, reason),
        };
        if command.price == old.order.price && left == had {
            return self.reject(command.key, Reject::NothingToAmend);
        }
        let keeps_its_place = command.price == old.order.price && left < had;
        let arrival = if keeps_its_place {
            old.trigger.arrival
        } else {
            self.arrive()
        };
        let waiting = &mut self.waiting[at];
        waiting.trigger.arrival = arrival;
        waiting.order.price = command.price;
        waiting.order.quantity = super::lots(left);
        self.events.push(Event::Amended {
            order: command.key,
            last: false,
        });
    }

    /// The link of an order that comes in again. // M-25
    pub(super) fn arrive_again(&mut self, link: PlainLink) -> PlainLink {
        let trigger = PlainTrigger {
            arrival: self.arrive(),
            ..link.trigger
        };
        PlainLink { trigger, ..link }
    }

    /// When an order has said its fate: what its trades and then the mark price reach is due, in
    /// the order of M-22. What rests leaves the book (M-25).
    pub(super) fn look_at_prices(&mut self) {
        let mut reached = Vec::new();
        for print in self.prints.clone() {
            self.reach(TriggerBy::Last, print, &mut reached);
        }
        // M-27
        if let Some(mark) = self.mark_price()
            && self.status.is_open()
        {
            self.reach(TriggerBy::Mark, mark, &mut reached);
        }
        for stop in reached {
            let due = match stop.waiting {
                Some(_) => self.wake(&stop),
                None => self.pull(stop.key),
            };
            self.due.push_back(due);
        }
    }

    /// Adds what `price` reaches, then lets the others follow it. // M-19, M-22, M-24
    fn reach(&mut self, by: TriggerBy, price: Price, reached: &mut Vec<PlainStop>) {
        let mut these = self.stops();
        these.retain(|it| it.trigger.by == by && it.trigger.is_reached(price));
        these.retain(|it| reached.iter().all(|before| before.key != it.key));
        these.sort_by_key(|it| {
            let trigger = it.trigger;
            match trigger.crossing {
                Crossing::Falling => (0, Reverse(trigger.price), None, trigger.arrival),
                Crossing::Rising => (1, Reverse(Price::MAX), Some(trigger.price), trigger.arrival),
            }
        });
        reached.extend(these);
        for waiting in &mut self.waiting {
            let is_reached = reached.iter().any(|it| it.key == waiting.order.key);
            if waiting.trigger.by == by && !is_reached {
                waiting.trigger.follow(price);
            }
        }
    }

    /// An order stops waiting. // M-23
    fn wake(&mut self, stop: &PlainStop) -> Due {
        let is_it = |it: &PlainWaiting| it.order.key == stop.key;
        let at = self.waiting.iter().position(is_it);
        let waiting = self.waiting.remove(at.expect("it waits"));
        let mut order = PlainOrder::new(&waiting.order);
        if let StopTerms::Trailing { collar: band, .. } = waiting.terms {
            order.price = collar(stop.trigger.price, order.side, band);
        }
        Due {
            order,
            time_in_force: waiting.order.time_in_force,
            trigger: stop.trigger,
            terms: waiting.terms,
        }
    }

    /// An order leaves the book for its stop. // M-25
    fn pull(&mut self, key: OrderKey) -> Due {
        let order = self.take(key).expect("it rests");
        let link = order.link.expect("its stop was watched");
        let StopTerms::Oco { limit, market, .. } = link.terms else {
            panic!("only such an order rests and is watched");
        };
        let sequence = self.step();
        self.events.push(Event::Pulled {
            sequence,
            order: order.key,
            side: order.side,
            price: order.price,
            quantity: super::lots(order.leaves),
        });
        Due {
            order: PlainOrder {
                price: limit,
                link: None,
                ..order
            },
            time_in_force: match market {
                true => TimeInForce::ImmediateOrCancel,
                false => TimeInForce::GoodTillCancelled,
            },
            trigger: link.trigger,
            terms: link.terms,
        }
    }

    // M-21
    pub(super) fn enter_due(&mut self, due: Due) {
        self.events.push(Event::Triggered {
            order: due.order.key,
            price: due.order.price,
        });
        self.enter(due.order, due.time_in_force);
    }

    /// An order that was set off waits for the pair to open. // M-28
    pub(super) fn hold(&mut self, due: Due) {
        let key = due.order.key;
        self.events.push(Event::Triggered {
            order: key,
            price: due.order.price,
        });
        let trigger = PlainTrigger {
            is_held: true,
            arrival: self.arrive(),
            ..due.trigger
        };
        self.waiting.push(PlainWaiting {
            order: PlaceOrder {
                key,
                account: due.order.account,
                side: due.order.side,
                price: due.order.price,
                quantity: super::lots(due.order.leaves),
                time_in_force: due.time_in_force,
                post_only: due.order.post_only,
                self_trade: due.order.self_trade,
            },
            terms: due.terms,
            trigger,
        });
        let last = false;
        self.events.push(Event::Waiting { order: key, last });
    }

    /// What waited for the pair to open comes in first, in its order. // M-28
    pub(super) fn let_in_held(&mut self) {
        let (held, waiting) = self.waiting.iter().partition(|it| it.trigger.is_held);
        self.waiting = waiting;
        let mut held: Vec<PlainWaiting> = held;
        held.sort_by_key(|it| it.trigger.arrival);
        self.due.extend(held.iter().map(|it| Due {
            order: PlainOrder::new(&it.order),
            time_in_force: it.order.time_in_force,
            trigger: it.trigger,
            terms: it.terms,
        }));
    }

    fn price_by(&self, by: TriggerBy) -> Option<Price> {
        match by {
            TriggerBy::Last => self.last_trade,
            TriggerBy::Mark => self.mark_price(),
        }
    }

    const fn arrive(&mut self) -> u64 {
        self.arrivals += 1;
        self.arrivals
    }
}

impl PlainTrigger {
    // M-19
    fn is_reached(&self, price: Price) -> bool {
        if self.is_held {
            return false;
        }
        match self.crossing {
            Crossing::Falling => price <= self.price,
            Crossing::Rising => price >= self.price,
        }
    }

    // M-24
    fn follow(&mut self, price: Price) {
        if let Some((best, distance)) = self.trailing
            && !self.is_held
        {
            let best = better(self.crossing, best, price);
            let behind = behind(best, distance, self.crossing);
            self.price = behind.expect("it moved away from the end of the range");
            self.trailing = Some((best, distance));
        }
    }
}

/// The better of two prices for the holder.
fn better(crossing: Crossing, one: Price, other: Price) -> Price {
    match crossing {
        Crossing::Falling => one.max(other),
        Crossing::Rising => one.min(other),
    }
}

/// Where a trailing stop stands; `None` where there is no price. // M-24
fn behind(best: Price, distance: TrailingDistance, crossing: Crossing) -> Option<Price> {
    let best = i128::from(best.ticks());
    let number = i128::from(distance.number());
    let distance = match distance.is_in_basis_points() {
        true => (best * number / 10_000).max(1),
        false => number,
    };
    let stands = match crossing {
        Crossing::Falling => best - distance,
        Crossing::Rising => best + distance,
    };
    u32::try_from(stands).ok().and_then(Price::new)
}

/// The far end of the band around `price`, rounded inward. // M-23
fn collar(price: Price, side: Side, band: u16) -> Price {
    let (ticks, band) = (u128::from(price.ticks()), u128::from(band));
    let far = match side {
        Side::Buy => ticks * (10_000 + band) / 10_000,
        Side::Sell => (ticks * (10_000 - band)).div_ceil(10_000),
    };
    let far = far.clamp(1, u128::from(u32::MAX));
    Price::new(u32::try_from(far).expect("it is in range")).expect("it is above zero")
}
