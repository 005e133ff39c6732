use std::collections::{BTreeMap, BTreeSet};

use engine::command::{OrderCommand, PriceLimits};
use engine::domain::{OrderKey, Price, Side};
use engine::event::{CancelReason, Event};

/// Watches the events of one matcher.
///
/// Holds that every command ends in exactly one last event, that each order that comes in has
/// one fate, first the command's own and then each that is set off, which waited or was pulled
/// out of the book, that the sequence has no gap, that levels never go below nothing, and that
/// the book is not crossed between commands, and that nothing trades beyond the limits or while
/// the pair is stopped.
#[derive(Clone, Debug, Default)]
pub struct EventAuditor {
    sequence: u64,
    /// Orders outside the book, to be set off.
    waiting: BTreeSet<OrderKey>,
    /// Orders that left the book to come in again.
    pulled: BTreeSet<OrderKey>,
    /// Whether the pair is stopped.
    stopped: bool,
    limits: PriceLimits,
    /// Lots by price, made of the changes that events tell.
    bids: BTreeMap<Price, u64>,
    asks: BTreeMap<Price, u64>,
}

impl EventAuditor {
    /// Takes note of a command and all its events. The error says what may not be.
    pub fn command(&mut self, command: &OrderCommand, events: &[Event]) -> Result<(), String> {
        self.check(command, events)
            .map_err(|what| format!("{command:?}: {what}, in {events:#?}"))
    }

    /// The prices of `side` in ascending order, with what rests there, in lots.
    pub fn levels(&self, side: Side) -> &BTreeMap<Price, u64> {
        match side {
            Side::Buy => &self.bids,
            Side::Sell => &self.asks,
        }
    }

    fn check(&mut self, command: &OrderCommand, events: &[Event]) -> Result<(), String> {
        // M-1
        let Some((last, before)) = events.split_last() else {
            return Err("no event".to_owned());
        };
        if !last.is_last() || before.iter().any(Event::is_last) {
            return Err("not exactly one end, at the end".to_owned());
        }
        match command {
            OrderCommand::SetTradingStatus(status) => self.stopped = !status.is_open(),
            OrderCommand::SetPriceLimits(limits) => self.limits = *limits,
            _ => {}
        }
        // Whose fate is to be said.
        let mut incoming = Some(command.key());
        for event in events {
            incoming = self.follow(event, incoming)?;
            self.check_halt(event)?;
            // M-2
            if let Some(sequence) = event.sequence() {
                self.sequence += 1;
                if sequence.0 != self.sequence {
                    return Err(format!(
                        "{} is expected, {} came",
                        self.sequence, sequence.0
                    ));
                }
            }
            if event.level_change().is_some() && event.sequence().is_none() {
                return Err("the book changed without a step".to_owned());
            }
            self.change_level(event)?;
        }
        if incoming.is_some() || !self.pulled.is_empty() {
            return Err("somebody's fate is not said".to_owned());
        }
        // M-3
        let is_refusal = |event: &Event| matches!(event, Event::Rejected { .. });
        if events.iter().any(is_refusal) && !before.is_empty() {
            return Err("something changed before the refusal".to_owned());
        }
        // M-7
        match (self.bids.last_key_value(), self.asks.first_key_value()) {
            (Some((bid, _)), Some((ask, _))) if bid >= ask => Err("the book is crossed".to_owned()),
            _ => Ok(()),
        }
    }

    /// Who comes in after `event`, if `incoming` did before it. // M-1, M-21
    fn follow(
        &mut self,
        event: &Event,
        incoming: Option<OrderKey>,
    ) -> Result<Option<OrderKey>, String> {
        match *event {
            Event::Pulled { order, .. } => {
                self.pulled.insert(order);
                return match incoming {
                    None => Ok(None),
                    Some(_) => Err("an order is pulled on the way of another".to_owned()),
                };
            }
            Event::Triggered { order, .. } => {
                if incoming.is_some() {
                    return Err("an order comes in before the one before it ends".to_owned());
                }
                if !self.waiting.remove(&order) && !self.pulled.remove(&order) {
                    return Err("an order is set off that did not wait".to_owned());
                }
                return Ok(Some(order));
            }
            Event::Waiting { order, .. } => {
                self.waiting.insert(order);
            }
            Event::Withdrawn { order, .. } if !self.waiting.remove(&order) => {
                return Err("an order is withdrawn that did not wait".to_owned());
            }
            _ => {}
        }
        let Some(order) = fate(event) else {
            return match incoming {
                Some(_) => Ok(incoming),
                None => Err("something happens while nobody comes in".to_owned()),
            };
        };
        if incoming != Some(order) {
            return Err("the end is about another order".to_owned());
        }
        Ok(None)
    }

    // M-27, M-28
    fn check_halt(&mut self, event: &Event) -> Result<(), String> {
        match *event {
            Event::Tripped { .. } => self.stopped = true,
            Event::Trade { price, .. } if price < self.limits.low || price > self.limits.high => {
                return Err("a trade beyond the limits".to_owned());
            }
            Event::Trade { .. }
            | Event::Decremented { .. }
            | Event::Replaced { .. }
            | Event::Refilled { .. }
            | Event::Rested { .. }
            | Event::Reduced { .. }
            | Event::Amended { .. }
                if self.stopped =>
            {
                return Err("the pair is stopped".to_owned());
            }
            _ => {}
        }
        Ok(())
    }

    fn change_level(&mut self, event: &Event) -> Result<(), String> {
        let Some((side, price, change)) = event.level_change() else {
            return Ok(());
        };
        let levels = match side {
            Side::Buy => &mut self.bids,
            Side::Sell => &mut self.asks,
        };
        let total = levels.entry(price).or_default();
        *total = total
            .checked_add_signed(change)
            .ok_or_else(|| format!("{side:?} {price:?} has {total}, and changes by {change}"))?;
        if *total == 0 {
            levels.remove(&price);
        }
        Ok(())
    }
}

/// Whose fate the event is.
fn fate(event: &Event) -> Option<OrderKey> {
    match *event {
        Event::Trade { .. }
        | Event::Decremented { .. }
        | Event::Replaced { .. }
        | Event::Pulled { .. }
        | Event::Refilled { .. }
        | Event::Triggered { .. }
        | Event::Tripped { .. }
        | Event::Quoted { .. }
        | Event::Cancelled {
            reason: CancelReason::SelfTrade,
            ..
        } => None,
        Event::StatusSet { .. } => Some(OrderKey::NONE),
        Event::Rested { order, .. }
        | Event::Reduced { order, .. }
        | Event::Cancelled { order, .. }
        | Event::Waiting { order, .. }
        | Event::Amended { order, .. }
        | Event::Withdrawn { order, .. }
        | Event::Filled { order, .. }
        | Event::Dropped { order, .. }
        | Event::Rejected { order, .. } => Some(order),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::command::CancelOrder;
    use engine::domain::{EventSequence, Quantity};
    use engine::event::CancelReason;
    use engine::reject::Reject;

    const KEY: OrderKey = OrderKey {
        slot: 0,
        generation: 0,
    };

    fn rested(sequence: u64, side: Side, ticks: u32, last: bool) -> Event {
        Event::Rested {
            sequence: EventSequence(sequence),
            order: KEY,
            side,
            price: Price::new(ticks).unwrap_or(Price::MIN),
            quantity: Quantity::new(1).unwrap_or_default(),
            last,
        }
    }

    fn refilled(sequence: u64) -> Event {
        Event::Refilled {
            sequence: EventSequence(sequence),
            order: KEY,
            side: Side::Sell,
            price: Price::new(5).unwrap_or(Price::MIN),
            quantity: Quantity::new(1).unwrap_or_default(),
        }
    }

    fn check(events: &[Event], expected: &str) {
        let command = OrderCommand::Cancel(CancelOrder {
            key: KEY,
            reason: CancelReason::Requested,
        });
        let found = EventAuditor::default().check(&command, events);
        assert_eq!(found.err().unwrap_or_default(), expected);
    }

    #[test]
    fn each_fault_is_found() {
        let refused = Event::Rejected {
            order: KEY,
            reason: Reject::UnknownOrder,
            last: true,
        };
        let one_end = "not exactly one end, at the end";
        check(&[refused], "");
        check(&[rested(1, Side::Buy, 5, true)], "");
        check(&[], "no event");
        check(&[rested(1, Side::Buy, 5, false)], one_end);
        check(&[refused, refused], one_end);
        check(&[rested(2, Side::Buy, 5, true)], "1 is expected, 2 came");
        check(
            &[refilled(1), refused],
            "something changed before the refusal",
        );
        check(
            &[refilled(1), rested(2, Side::Buy, 5, true)],
            "the book is crossed",
        );
    }

    #[test]
    fn each_fault_of_a_cascade_is_found() {
        let waiting = Event::Waiting {
            order: KEY,
            last: false,
        };
        let price = Price::MIN;
        let triggered = Event::Triggered { order: KEY, price };
        let filled = Event::Filled {
            order: KEY,
            last: true,
        };
        check(&[waiting, triggered, filled], "");
        let twice = [waiting, triggered, triggered, filled];
        let once = "an order comes in before the one before it ends";
        check(&twice, once);
        let quantity = Quantity::new(1).unwrap_or_default();
        let pulled = |sequence| Event::Pulled {
            sequence: EventSequence(sequence),
            order: KEY,
            side: Side::Sell,
            price,
            quantity,
        };
        check(
            &[pulled(1), filled],
            "an order is pulled on the way of another",
        );
        let out_of_nothing = "Sell Price(1) has 0, and changes by -1";
        check(&[waiting, pulled(1), triggered, filled], out_of_nothing);
        let never = "an order is set off that did not wait";
        check(&[rested(1, Side::Buy, 5, false), triggered, filled], never);
        let nobody = "something happens while nobody comes in";
        check(&[waiting, refilled(1), triggered, filled], nobody);
    }
}
