use engine::book::BookConfig;
use engine::command::{
    CancelOrder, OrderCommand, PlaceOrder, PriceLimits, ReplaceOrder, StopTerms, Terms,
};
use engine::domain::{OrderKey, Price, Quantity, Side, TimeInForce};
use engine::event::Event;
use engine::matching::{Matcher, RestoredTrigger, TriggerView};

use crate::auditor::EventAuditor;
use crate::model::{PlainMatcher, PlainOrder, PlainStop};
use crate::workload::Op;

/// The two, and which generation lives in which slot.
#[derive(Debug)]
pub struct Lockstep {
    config: BookConfig,
    fast: Matcher,
    plain: PlainMatcher,
    auditor: EventAuditor,
    /// How many orders each slot was given to, by slot.
    given: Vec<u32>,
    /// Whether the last order that was let in at a slot came with two ways.
    two_ways: Vec<bool>,
}

/// What lives at a slot, in the book or outside.
#[derive(Clone, Copy, Debug)]
struct Live {
    key: OrderKey,
    price: Price,
    /// Of an iceberg order, how much it has left and how much of it shows at a time.
    iceberg: Option<(u64, u64)>,
    is_linked: bool,
}

impl Lockstep {
    /// Two empty books of the same size.
    pub fn new(config: BookConfig) -> Lockstep {
        Lockstep {
            config,
            fast: Matcher::new(config),
            plain: PlainMatcher::new(config.max_orders()),
            auditor: EventAuditor::default(),
            given: vec![0; Op::SLOTS as usize],
            two_ways: vec![false; Op::SLOTS as usize],
        }
    }

    /// Applies `op` to both. The error says what differs.
    pub fn apply(&mut self, op: &Op) -> Result<Vec<Event>, String> {
        let command = self.command(op);
        let expected = self.plain.apply(&command);
        let mut events = Vec::new();
        // Whatever the key is, fetching ahead changes nothing.
        self.fast.prefetch(command.key());
        self.fast.prefetch_around(command.key());
        self.fast.apply(&command, &mut events);
        if events != expected {
            return Err(format!(
                "{op}: the matcher says {events:#?}, the model {expected:#?}"
            ));
        }
        self.auditor.command(&command, &events)?;
        self.note(op, &events);
        self.compare().map_err(|what| format!("{op}: {what}"))?;
        Ok(events)
    }

    /// Applies all `ops`. The error says what differs, and which lines led there.
    pub fn run(config: BookConfig, ops: &[Op]) -> Result<Vec<Event>, String> {
        let mut both = Lockstep::new(config);
        let mut events = Vec::new();
        for (index, op) in ops.iter().enumerate() {
            match both.apply(op) {
                Ok(more) => events.extend(more),
                Err(what) => {
                    let lines: Vec<_> = ops[..=index].iter().map(Op::to_string).collect();
                    return Err(format!("{what}\nafter\n{}", lines.join("\n")));
                }
            }
        }
        Ok(events)
    }

    /// The plain one of the two.
    pub fn plain(&self) -> &PlainMatcher {
        &self.plain
    }

    /// Makes the matcher anew of what it can be asked, as recovery does, and goes on with it.
    pub fn restore(&mut self) -> Result<(), String> {
        let fast = &self.fast;
        let mut again = Matcher::resuming(
            self.config,
            fast.sequence(),
            fast.last_trade(),
            fast.status(),
        )
        .limited(fast.limits());
        for side in [Side::Buy, Side::Sell] {
            for order in self.plain.orders(side) {
                let placed = placed(order);
                let shown = lots(order.leaves);
                if !again.restore_resting(&placed, shown, order.display.map(lots)) {
                    return Err(format!("{order:?} is not taken back"));
                }
            }
        }
        for stop in self.plain.stops() {
            let resting = || {
                self.plain
                    .orders(Side::Buy)
                    .iter()
                    .chain(self.plain.orders(Side::Sell))
            };
            let found = || resting().find(|it| it.key == stop.key).map(placed);
            let order = stop.waiting.or_else(found).ok_or("it rests or waits")?;
            let anchor = match stop.trigger.trailing {
                _ if stop.trigger.is_held => RestoredTrigger::Opening,
                Some((best, _)) => RestoredTrigger::Trailing(best),
                None => RestoredTrigger::Fixed,
            };
            if !again.restore_stop(&order, &stop.terms, anchor) {
                return Err(format!("{stop:?} is not taken back"));
            }
        }
        self.fast = again;
        self.compare()
    }

    /// What `op` tells the matcher.
    fn command(&mut self, op: &Op) -> OrderCommand {
        match *op {
            Op::Place {
                slot,
                account,
                side,
                price,
                quantity,
                time_in_force,
                post_only,
                self_trade,
                terms,
            } => {
                let given = &mut self.given[slot as usize];
                let key = OrderKey {
                    slot,
                    generation: *given,
                };
                *given += 1;
                let order = PlaceOrder {
                    key,
                    account,
                    side,
                    price,
                    quantity,
                    time_in_force,
                    post_only,
                    self_trade,
                };
                OrderCommand::place(order, terms)
            }
            Op::Replace {
                slot,
                stale,
                price,
                change,
                before,
            } => {
                let live = self.live(slot);
                let is_linked = live.is_some_and(|live| live.is_linked);
                OrderCommand::Replace(ReplaceOrder {
                    key: self.key(slot, stale),
                    price: price
                        .or_else(|| live.map(|live| live.price))
                        .unwrap_or(Price::MIN),
                    quantity_change: bounded(change, live),
                    linked: is_linked || (before && self.two_ways[slot as usize]),
                })
            }
            Op::Cancel {
                slot,
                stale,
                reason,
            } => OrderCommand::Cancel(CancelOrder {
                key: self.key(slot, stale),
                reason,
            }),
            Op::Status(status) => OrderCommand::SetTradingStatus(status),
            Op::Limits(low, high) => OrderCommand::SetPriceLimits(PriceLimits { low, high }),
        }
    }

    /// Remembers what was let in.
    fn note(&mut self, op: &Op, events: &[Event]) {
        if let Op::Place { slot, terms, .. } = op
            && !matches!(events, [Event::Rejected { .. }])
        {
            self.two_ways[*slot as usize] = matches!(terms, Terms::Stop(StopTerms::Oco { .. }));
        }
    }

    fn live(&self, slot: u32) -> Option<Live> {
        let sides = [Side::Buy, Side::Sell].map(|side| self.plain.orders(side));
        let resting = sides.into_iter().flatten().map(|order| Live {
            key: order.key,
            price: order.price,
            iceberg: order
                .display
                .map(|display| (order.leaves + order.hidden, display)),
            is_linked: order.is_linked(),
        });
        let stops = self.plain.stops();
        let waiting = stops.iter().filter_map(|stop| {
            let order = stop.waiting?;
            Some(Live {
                key: order.key,
                price: order.price,
                iceberg: None,
                is_linked: false,
            })
        });
        let mut all = resting.chain(waiting);
        all.find(|live| live.key.slot == slot)
    }

    fn key(&self, slot: u32, stale: bool) -> OrderKey {
        let last = self.given[slot as usize].saturating_sub(1);
        let generation = self.live(slot).map_or(last, |it| it.key.generation);
        OrderKey {
            slot,
            generation: generation.wrapping_add(u32::from(stale)),
        }
    }

    fn compare(&self) -> Result<(), String> {
        let (fast, plain) = (&self.fast, &self.plain);
        fast.verify()?;
        let seen = (
            fast.sequence(),
            fast.status(),
            fast.last_trade(),
            fast.limits(),
        );
        let expected = (
            plain.sequence(),
            plain.status(),
            plain.last_trade(),
            plain.limits(),
        );
        if seen != expected {
            return Err(format!("{seen:?}, the model has {expected:?}"));
        }
        self.compare_stops()?;
        for side in [Side::Buy, Side::Sell] {
            self.compare_side(side)?;
            // What the events tell is what is there.
            let mut levels = plain.depth(side);
            levels.sort_unstable();
            if !self
                .auditor
                .levels(side)
                .iter()
                .map(|(at, lots)| (*at, *lots))
                .eq(levels)
            {
                return Err(format!("{side:?} is not what the events say"));
            }
        }
        Ok(())
    }

    /// Whose stop is watched, in the order of arrival, and where each stands.
    fn compare_stops(&self) -> Result<(), String> {
        let trigger = |stop: &PlainStop| match stop.trigger.trailing {
            _ if stop.trigger.is_held => TriggerView::Opening,
            Some((best, _)) => TriggerView::Trailing(best),
            None => TriggerView::Fixed(stop.trigger.price),
        };
        let stops = self.plain.stops();
        let expected: Vec<_> = stops
            .iter()
            .map(|it| (it.key, trigger(it), it.waiting))
            .collect();
        let seen = self.fast.stops();
        let seen: Vec<_> = seen
            .iter()
            .map(|it| (it.key, it.trigger, it.waiting))
            .collect();
        if seen != expected {
            return Err(format!("stops are {seen:#?}, the model has {expected:#?}"));
        }
        Ok(())
    }

    fn compare_side(&self, side: Side) -> Result<(), String> {
        let depth: Vec<_> = self
            .fast
            .depth(side)
            .map(|it| (it.price, it.total))
            .collect();
        let expected = self.plain.depth(side);
        if depth != expected {
            return Err(format!("{side:?} is {depth:?}, the model has {expected:?}"));
        }
        let mut seen = Vec::new();
        for (price, _) in depth {
            seen.extend(self.fast.queue(side, price).map(|it| {
                let hidden = self.fast.hidden(it.key).lots();
                let order = (it.key, it.account, it.side, it.price, it.leaves.lots());
                let rest = (it.post_only, it.self_trade, it.iceberg, it.linked);
                (order, hidden, rest)
            }));
        }
        let orders = self.plain.orders(side).iter();
        let expected: Vec<_> = orders
            .map(|it| {
                let order = (it.key, it.account, it.side, it.price, it.leaves);
                let (is_iceberg, is_linked) = (it.display.is_some(), it.is_linked());
                let rest = (it.post_only, it.self_trade, is_iceberg, is_linked);
                (order, it.hidden, rest)
            })
            .collect();
        if seen != expected {
            return Err(format!("{side:?} has {seen:#?}, the model {expected:#?}"));
        }
        for order in self.plain.orders(side) {
            if self.fast.order(order.key).map(|it| it.key) != Some(order.key) {
                return Err(format!("{:?} is not found by its key", order.key));
            }
        }
        Ok(())
    }
}

/// A change that leaves an iceberg order at most a hundred slices, as clearing sees to.
fn bounded(change: i64, live: Option<Live>) -> i64 {
    let Some((leaves, display)) = live.and_then(|live| live.iceberg) else {
        return change;
    };
    let most = i64::try_from(display * 100).unwrap_or(i64::MAX);
    let has = i64::try_from(leaves).unwrap_or(i64::MAX);
    change.min(most.saturating_sub(has))
}

/// The placement that a resting order might have come by.
fn placed(order: &PlainOrder) -> PlaceOrder {
    PlaceOrder {
        key: order.key,
        account: order.account,
        side: order.side,
        price: order.price,
        quantity: lots(order.leaves + order.hidden),
        time_in_force: TimeInForce::GoodTillCancelled,
        post_only: order.post_only,
        self_trade: order.self_trade,
    }
}

fn lots(lots: u64) -> Quantity {
    Quantity::new(lots).expect("no order has more than the largest quantity")
}
