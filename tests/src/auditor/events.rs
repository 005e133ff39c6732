use std::collections::BTreeMap;

use engine::command::OrderCommand;
use engine::domain::{OrderKey, Price, Side};
use engine::event::Event;

/// Watches the events of one matcher.
///
/// Holds that every command ends in exactly one last event about its own order, that the
/// sequence has no gap, that levels never go below nothing, and that the book is not crossed
/// between commands.
#[derive(Clone, Debug, Default)]
pub struct EventAuditor {
    sequence: u64,
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
        if fate(last) != Some(key(command)) {
            return Err("the end is about another order".to_owned());
        }
        for event in events {
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
        // M-3
        if matches!(last, Event::Rejected { .. }) && !before.is_empty() {
            return Err("something changed before the refusal".to_owned());
        }
        // M-7
        match (self.bids.last_key_value(), self.asks.first_key_value()) {
            (Some((bid, _)), Some((ask, _))) if bid >= ask => Err("the book is crossed".to_owned()),
            _ => Ok(()),
        }
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
        Event::Trade { .. } | Event::Decremented { .. } | Event::Replaced { .. } => None,
        Event::Rested { order, .. }
        | Event::Reduced { order, .. }
        | Event::Cancelled { order, .. }
        | Event::Filled { order, .. }
        | Event::Dropped { order, .. }
        | Event::Rejected { order, .. } => Some(order),
    }
}

fn key(command: &OrderCommand) -> OrderKey {
    match command {
        OrderCommand::Place(order) => order.key,
        OrderCommand::Replace(order) => order.key,
        OrderCommand::Cancel(order) => order.key,
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
            &[rested(1, Side::Buy, 5, false), refused],
            "something changed before the refusal",
        );
        check(
            &[
                rested(1, Side::Buy, 5, false),
                rested(2, Side::Sell, 5, true),
            ],
            "the book is crossed",
        );
    }
}
