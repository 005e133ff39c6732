use super::cross::End;
use super::{Matcher, reject};
use crate::Sink;
use crate::book::Resting;
use crate::command::PlaceOrder;
use crate::domain::{OrderKey, TimeInForce};
use crate::event::{DropReason, Event};
use crate::reject::Reject;

impl Matcher {
    /// An order comes in: it is refused whole, or it trades, and then its rest rests or is dropped.
    #[inline]
    pub(super) fn place(&mut self, order: &PlaceOrder, sink: &mut impl Sink<Event>) {
        assert!(
            !order.quantity.is_zero(),
            "invariant: an order has at least one lot"
        );
        // M-11: before everything that changes something.
        if order.post_only && self.book.crosses(order.side, order.price) {
            return reject(order.key, Reject::PostOnlyWouldTake, sink);
        }
        // M-13
        if !self.book.is_free(order.key.slot) {
            return reject(order.key, Reject::BookFull, sink);
        }
        // M-10
        if order.time_in_force == TimeInForce::FillOrKill && !self.is_fillable(order) {
            sink.push(Event::Dropped {
                order: order.key,
                quantity: order.quantity,
                reason: DropReason::FillOrKill,
                last: true,
            });
            return;
        }
        let incoming = Resting {
            account: order.account,
            side: order.side,
            price: order.price,
            leaves: order.quantity,
            post_only: order.post_only,
            self_trade: order.self_trade,
        };
        self.enter(order.key, incoming, order.time_in_force, sink);
    }

    /// Matches `incoming`, then ends its command with the fate of what is left. The slot of `key`
    /// is free.
    #[inline]
    pub(super) fn enter(
        &mut self,
        key: OrderKey,
        mut incoming: Resting,
        time_in_force: TimeInForce,
        sink: &mut impl Sink<Event>,
    ) {
        let end = self.cross(&mut incoming, sink);
        let reason = match end {
            End::Filled => {
                sink.push(Event::Filled {
                    order: key,
                    last: true,
                });
                return;
            }
            End::SelfTrade => DropReason::SelfTrade,
            End::NothingLeftToMeet => match time_in_force {
                // M-8
                TimeInForce::GoodTillCancelled => {
                    self.book.append(key, &incoming);
                    sink.push(Event::Rested {
                        sequence: self.step(),
                        order: key,
                        side: incoming.side,
                        price: incoming.price,
                        quantity: incoming.leaves,
                        last: true,
                    });
                    return;
                }
                // M-9
                TimeInForce::ImmediateOrCancel => DropReason::ImmediateOrCancel,
                TimeInForce::FillOrKill => {
                    unreachable!("invariant: a fill-or-kill order that starts is filled")
                }
            },
        };
        sink.push(Event::Dropped {
            order: key,
            quantity: incoming.leaves,
            reason,
            last: true,
        });
    }
}
