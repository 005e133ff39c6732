use super::{Matcher, reject};
use crate::Sink;
use crate::book::Resting;
use crate::command::ReplaceOrder;
use crate::domain::{Quantity, TimeInForce};
use crate::event::Event;
use crate::reject::Reject;

impl Matcher {
    /// A resting order changes its price or its quantity, all or nothing. // M-15
    #[inline]
    pub(super) fn replace(&mut self, command: &ReplaceOrder, sink: &mut impl Sink<Event>) {
        let Some(order) = self.book.find(command.key) else {
            return reject(command.key, Reject::UnknownOrder, sink);
        };
        let leaves = match new_leaves(&order, command.quantity_change) {
            Ok(leaves) => leaves,
            Err(reason) => return reject(command.key, reason, sink),
        };
        let same_price = command.price == order.price;
        if same_price && leaves == order.leaves {
            return reject(command.key, Reject::NothingToAmend, sink);
        }
        // M-16
        if same_price && let Some(lost) = order.leaves.checked_sub(leaves) {
            self.book.reduce(command.key.slot, &order, lost);
            sink.push(Event::Reduced {
                sequence: self.step(),
                order: command.key,
                side: order.side,
                price: order.price,
                quantity: lost,
                last: true,
            });
            return;
        }
        // M-11
        if order.post_only && self.book.crosses(order.side, command.price) {
            return reject(command.key, Reject::PostOnlyWouldTake, sink);
        }
        // M-17
        self.book.remove(command.key);
        sink.push(Event::Replaced {
            sequence: self.step(),
            order: command.key,
            side: order.side,
            price: order.price,
            quantity: order.leaves,
        });
        let incoming = Resting {
            price: command.price,
            leaves,
            ..order
        };
        self.enter(command.key, incoming, TimeInForce::GoodTillCancelled, sink);
    }
}

/// What `order` has left after `change`: at least a lot, at most what a quantity may be.
#[inline]
fn new_leaves(order: &Resting, change: i64) -> Result<Quantity, Reject> {
    match order.leaves.checked_change(change) {
        Some(leaves) if !leaves.is_zero() => Ok(leaves),
        None if change > 0 => Err(Reject::AboveMaxAmount),
        _ => Err(Reject::AmountBelowFilled),
    }
}
