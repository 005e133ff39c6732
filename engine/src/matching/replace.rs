use super::{Matcher, reject};
use crate::Sink;
use crate::book::{Marks, Resting};
use crate::command::ReplaceOrder;
use crate::domain::{Quantity, TimeInForce};
use crate::event::Event;
use crate::reject::Reject;

impl Matcher {
    /// An order changes its price or its quantity, all or nothing. // M-15
    #[inline]
    pub(super) fn replace(&mut self, command: &ReplaceOrder, sink: &mut impl Sink<Event>) {
        // M-27
        if !self.status.is_open() {
            return reject(command.key, Reject::PairHalted, sink);
        }
        let Some(order) = self.book.find(command.key) else {
            return self.replace_waiting(command, sink);
        };
        let old_leaves = if order.marks.any() {
            self.leaves_of(command.key, &order)
        } else {
            order.leaves
        };
        let leaves = match new_leaves(old_leaves, command.quantity_change) {
            Ok(leaves) => leaves,
            Err(reason) => return reject(command.key, reason, sink),
        };
        let same_price = command.price == order.price;
        if same_price && leaves == old_leaves {
            return reject(command.key, Reject::NothingToAmend, sink);
        }
        // M-25
        if command.linked && !order.marks.has(Marks::LINKED) {
            return reject(command.key, Reject::AlreadyTriggered, sink);
        }
        // M-16
        if same_price && let Some(lost) = old_leaves.checked_sub(leaves) {
            if order.marks.has(Marks::ICEBERG) {
                return self.reduce_iceberg(command, &order, lost, sink);
            }
            self.book.reduce(command.key.slot, &order, lost);
            let last = self.ends();
            sink.push(Event::Reduced {
                sequence: self.step(),
                order: command.key,
                side: order.side,
                price: order.price,
                quantity: lost,
                last,
            });
            return;
        }
        // M-11
        if order.post_only && self.book.crosses(order.side, command.price) {
            return reject(command.key, Reject::PostOnlyWouldTake, sink);
        }
        // M-17
        self.book.remove(command.key);
        if order.marks.any() {
            self.specials.entering = self.take_to_reenter(command.key.slot, order.marks);
        }
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
            marks: Marks::NONE,
            ..order
        };
        self.enter(command.key, incoming, TimeInForce::GoodTillCancelled, sink);
    }
}

/// What an order with `leaves` has left after `change`: at least a lot, at most what a quantity
/// may be.
#[inline]
pub(super) fn new_leaves(leaves: Quantity, change: i64) -> Result<Quantity, Reject> {
    match leaves.checked_change(change) {
        Some(leaves) if !leaves.is_zero() => Ok(leaves),
        None if change > 0 => Err(Reject::AboveMaxAmount),
        _ => Err(Reject::AmountBelowFilled),
    }
}
