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
        if order.marks.any() || command.linked {
            return self.replace_special(command, order, sink);
        }
        self.replace_resting(command, order, order.leaves, sink);
    }

    /// The same where something is kept beside the order, or was. // M-25, M-26
    #[cold]
    #[inline(never)]
    fn replace_special(
        &mut self,
        command: &ReplaceOrder,
        order: Resting,
        sink: &mut impl Sink<Event>,
    ) {
        let leaves = self.leaves_of(command.key, &order);
        self.replace_resting(command, order, leaves, sink);
    }

    #[inline(always)]
    fn replace_resting(
        &mut self,
        command: &ReplaceOrder,
        order: Resting,
        old_leaves: Quantity,
        sink: &mut impl Sink<Event>,
    ) {
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
            let last = self.ends_untraded();
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
        let entering = if order.marks.any() {
            self.take_to_reenter(command.key.slot, order.marks)
        } else {
            None
        };
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
        let time_in_force = TimeInForce::GoodTillCancelled;
        match entering {
            None => self.enter(command.key, incoming, time_in_force, sink),
            Some(_) => self.enter_special(command.key, incoming, time_in_force, entering, sink),
        }
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
