use engine::book::BookConfig;
use engine::command::{CancelOrder, OrderCommand, PlaceOrder, ReplaceOrder};
use engine::domain::{OrderKey, Price, Side};
use engine::event::{CancelReason, Event};
use engine::matching::Matcher;

use crate::auditor::EventAuditor;
use crate::model::{PlainMatcher, PlainOrder};
use crate::workload::Op;

/// The two, and which generation lives in which slot.
#[derive(Debug)]
pub struct Lockstep {
    fast: Matcher,
    plain: PlainMatcher,
    auditor: EventAuditor,
    /// How many orders each slot was given to, by slot.
    given: Vec<u32>,
}

impl Lockstep {
    /// Two empty books of the same size.
    pub fn new(config: BookConfig) -> Lockstep {
        Lockstep {
            fast: Matcher::new(config),
            plain: PlainMatcher::new(config.max_orders()),
            auditor: EventAuditor::default(),
            given: vec![0; Op::SLOTS as usize],
        }
    }

    /// Applies `op` to both. The error says what differs.
    pub fn apply(&mut self, op: &Op) -> Result<Vec<Event>, String> {
        let command = self.command(op);
        let expected = self.plain.apply(&command);
        let mut events = Vec::new();
        self.fast.apply(&command, &mut events);
        if events != expected {
            return Err(format!(
                "{op}: the matcher says {events:#?}, the model {expected:#?}"
            ));
        }
        if self.fast.sequence() != self.plain.sequence() {
            return Err(format!("{op}: at {:?}", self.fast.sequence()));
        }
        self.auditor.command(&command, &events)?;
        self.fast.verify().map_err(|what| format!("{op}: {what}"))?;
        for side in [Side::Buy, Side::Sell] {
            self.compare(side).map_err(|what| format!("{op}: {what}"))?;
        }
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
            } => {
                let given = &mut self.given[slot as usize];
                let key = OrderKey {
                    slot,
                    generation: *given,
                };
                *given += 1;
                OrderCommand::Place(PlaceOrder {
                    key,
                    account,
                    side,
                    price,
                    quantity,
                    time_in_force,
                    post_only,
                    self_trade,
                })
            }
            Op::Replace {
                slot,
                stale,
                price,
                change,
            } => OrderCommand::Replace(ReplaceOrder {
                key: self.key(slot, stale),
                price: price
                    .or_else(|| self.resting(slot).map(|order| order.price))
                    .unwrap_or(Price::MIN),
                quantity_change: change,
            }),
            Op::Cancel { slot, stale } => OrderCommand::Cancel(CancelOrder {
                key: self.key(slot, stale),
                reason: CancelReason::Requested,
            }),
        }
    }

    fn resting(&self, slot: u32) -> Option<&PlainOrder> {
        let sides = [Side::Buy, Side::Sell].map(|side| self.plain.orders(side));
        let mut orders = sides.into_iter().flatten();
        orders.find(|order| order.key.slot == slot)
    }

    fn key(&self, slot: u32, stale: bool) -> OrderKey {
        let last = self.given[slot as usize].saturating_sub(1);
        let generation = self.resting(slot).map_or(last, |it| it.key.generation);
        OrderKey {
            slot,
            generation: generation.wrapping_add(u32::from(stale)),
        }
    }

    fn compare(&self, side: Side) -> Result<(), String> {
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
            seen.extend(self.fast.queue(side, price).map(|it| PlainOrder {
                key: it.key,
                account: it.account,
                side: it.side,
                price: it.price,
                leaves: it.leaves.lots(),
                post_only: it.post_only,
                self_trade: it.self_trade,
            }));
        }
        let expected = self.plain.orders(side);
        if seen != expected {
            return Err(format!("{side:?} has {seen:#?}, the model {expected:#?}"));
        }
        for order in expected {
            if self.fast.order(order.key).map(|it| it.key) != Some(order.key) {
                return Err(format!("{:?} is not found by its key", order.key));
            }
        }
        Ok(())
    }
}
