use super::Matcher;
use super::cross::End;
use crate::Sink;
use crate::book::Resting;
use crate::command::PlaceOrder;
use crate::domain::{OrderKey, Price, Quantity, TimeInForce, TradingStatus};
use crate::event::{DropReason, Event};

impl Matcher {
    /// An order comes in: it is refused whole, or it trades, and then its rest rests or is dropped.
    #[inline]
    pub(super) fn place(&mut self, order: &PlaceOrder, sink: &mut impl Sink<Event>) {
        let Some(incoming) = self.admit(order, sink) else {
            return;
        };
        // M-10
        if order.time_in_force == TimeInForce::FillOrKill && !self.is_fillable(&incoming) {
            return self.drop_unfillable(order.key, order.quantity, sink);
        }
        self.enter(order.key, incoming, order.time_in_force, sink);
    }

    /// Matches `incoming`, then says the fate of what is left. The slot of `key` is free.
    #[inline]
    pub(super) fn enter(
        &mut self,
        key: OrderKey,
        mut incoming: Resting,
        time_in_force: TimeInForce,
        sink: &mut impl Sink<Event>,
    ) {
        let end = self.cross(&mut incoming, sink);
        let entering = self.specials.entering.take();
        let reason = match end {
            End::Filled => {
                let last = self.ends();
                sink.push(Event::Filled { order: key, last });
                return;
            }
            End::SelfTrade => DropReason::SelfTrade,
            End::Tripped(price) => {
                self.trip(price, sink);
                DropReason::CircuitBreaker
            }
            End::NothingLeftToMeet => match time_in_force {
                // M-8
                TimeInForce::GoodTillCancelled => {
                    let shown = match entering {
                        None => {
                            self.book.append(key, &incoming);
                            incoming.leaves
                        }
                        Some(entering) => self.rest_special(key, &incoming, entering),
                    };
                    let last = self.ends();
                    sink.push(Event::Rested {
                        sequence: self.step(),
                        order: key,
                        side: incoming.side,
                        price: incoming.price,
                        quantity: shown,
                        last,
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
        let last = self.ends();
        sink.push(Event::Dropped {
            order: key,
            quantity: incoming.leaves,
            reason,
            last,
        });
    }

    /// Halts the pair: a trade would have printed at `price`. // M-28
    #[cold]
    #[inline(never)]
    fn trip(&mut self, price: Price, sink: &mut impl Sink<Event>) {
        self.status = TradingStatus::Halted;
        sink.push(Event::Tripped { price });
    }

    /// Ends a fill-or-kill order that the book would not fill. // M-10
    #[cold]
    pub(super) fn drop_unfillable(
        &mut self,
        key: OrderKey,
        quantity: Quantity,
        sink: &mut impl Sink<Event>,
    ) {
        let last = self.ends();
        sink.push(Event::Dropped {
            order: key,
            quantity,
            reason: DropReason::FillOrKill,
            last,
        });
    }
}
