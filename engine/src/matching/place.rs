use super::Matcher;
use super::cross::{End, Taker};
use super::special::resting;
use crate::Sink;
use crate::book::{Book, Resting};
use crate::command::PlaceOrder;
use crate::domain::{OrderKey, Quantity, Side, TimeInForce, TradingStatus};
use crate::event::{DropReason, Event};

impl Matcher {
    /// An order comes in: it is refused whole, or it trades, and then its rest rests or is dropped.
    #[inline(always)]
    pub(super) fn place(&mut self, order: &PlaceOrder, sink: &mut impl Sink<Event>) {
        if !self.admit(order, sink) {
            return;
        }
        self.enter(order.key, resting(order), order.time_in_force, sink);
    }

    /// Matches `incoming`, then says the fate of what is left. The slot of `key` is free.
    ///
    /// Inlined where plain orders come from, so that `incoming` stays in registers: written to
    /// the stack byte by byte and read back whole, it cost more than all the rest.
    #[inline(always)]
    pub(super) fn enter(
        &mut self,
        key: OrderKey,
        mut incoming: Resting,
        time_in_force: TimeInForce,
        sink: &mut impl Sink<Event>,
    ) {
        let reach = Book::reach(incoming.side, incoming.price);
        let end = if self.book.is_within(reach) {
            let taker = Taker {
                account: incoming.account,
                self_trade: incoming.self_trade,
            };
            let (leaves, end) = self.cross(taker, reach, incoming.leaves, sink);
            incoming.leaves = leaves;
            end
        } else {
            self.first_trade = None;
            End::NothingLeftToMeet
        };
        let reason = match end {
            End::Filled => {
                let last = self.ends();
                sink.push(Event::Filled { order: key, last });
                return;
            }
            End::SelfTrade => DropReason::SelfTrade,
            End::Tripped => {
                self.trip(incoming.side.opposite(), sink);
                DropReason::CircuitBreaker
            }
            End::NothingLeftToMeet => match time_in_force {
                // M-8
                TimeInForce::GoodTillCancelled => {
                    if incoming.marks.any() {
                        incoming.leaves = self.rest_special(key, incoming);
                    } else {
                        self.book.append(key, &incoming);
                    }
                    let last = self.ends();
                    sink.push(Event::Rested {
                        sequence: self.step(),
                        order: key,
                        side: incoming.side,
                        price: incoming.price,
                        quantity: incoming.leaves,
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

    /// Halts the pair: a trade would have printed at the best price of `side`. // M-28
    #[cold]
    #[inline(never)]
    fn trip(&mut self, side: Side, sink: &mut impl Sink<Event>) {
        let price = self.book.best_price(side);
        let price = price.expect("invariant: an order stands where the trade would print");
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
        self.first_trade = None;
        let last = self.ends();
        sink.push(Event::Dropped {
            order: key,
            quantity,
            reason: DropReason::FillOrKill,
            last,
        });
    }
}
