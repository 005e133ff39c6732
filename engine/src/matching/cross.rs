use super::Matcher;
use crate::Sink;
use crate::book::{Book, Front, Resting, less};
use crate::domain::{Price, SelfTradePrevention};
use crate::event::{CancelReason, Event};

/// Why an incoming order stopped matching.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// A trade took the last of it.
    Filled,
    /// Its own account's resting order ended it.
    SelfTrade,
    /// It has something left and nothing within its price to meet.
    NothingLeftToMeet,
    /// The next trade would print beyond the limits, at this price.
    Tripped(Price),
}

impl Matcher {
    /// Matches `incoming` with what rests opposite within its price, best price first, then
    /// first come first served, and leaves in it what is left. // M-4, M-5, M-7
    ///
    /// Each turn takes at least a lot from the incoming order or an order from the book, so there
    /// are at most as many turns as resting orders, and one.
    #[inline]
    pub(super) fn cross(&mut self, incoming: &mut Resting, sink: &mut impl Sink<Event>) -> End {
        let reach = Book::reach(incoming.side, incoming.price);
        let mut first = None;
        while let Some(front) = self.book.front(reach) {
            if front.account == incoming.account {
                if self.meet_own(incoming, &front, sink) {
                    self.first_trade = first;
                    return End::SelfTrade;
                }
                continue;
            }
            // M-28
            if !self.limits.allow(front.price) {
                self.first_trade = first;
                return End::Tripped(front.price);
            }
            let quantity = front.leaves.min(incoming.leaves);
            // M-6
            let trade = Event::Trade {
                sequence: self.step(),
                maker: front.key,
                maker_side: reach.side,
                price: front.price,
                quantity,
            };
            if front.marks.any() && quantity == front.leaves {
                self.take_special(reach.side, &front, trade, sink);
            } else {
                self.book.take_front(reach.side, quantity);
                sink.push(trade);
            }
            first = first.or(Some(front.price));
            self.last_trade = Some(front.price);
            incoming.leaves = less(incoming.leaves, quantity);
            if incoming.leaves.is_zero() {
                self.first_trade = first;
                return End::Filled;
            }
        }
        self.first_trade = first;
        End::NothingLeftToMeet
    }

    /// Does what the incoming order's mode says where it meets its own account at the front, and
    /// says whether that ends it. // M-12
    #[cold]
    #[inline(never)]
    fn meet_own(
        &mut self,
        incoming: &mut Resting,
        front: &Front,
        sink: &mut impl Sink<Event>,
    ) -> bool {
        match incoming.self_trade {
            SelfTradePrevention::CancelTaker => true,
            SelfTradePrevention::CancelMaker => {
                self.cancel_own(incoming, front, sink);
                false
            }
            SelfTradePrevention::CancelBoth => {
                self.cancel_own(incoming, front, sink);
                true
            }
            SelfTradePrevention::Decrement => {
                let maker_side = incoming.side.opposite();
                let quantity = front.leaves.min(incoming.leaves);
                let decremented = Event::Decremented {
                    sequence: self.step(),
                    maker: front.key,
                    maker_side,
                    price: front.price,
                    quantity,
                };
                if front.marks.any() && quantity == front.leaves {
                    self.take_special(maker_side, front, decremented, sink);
                } else {
                    self.book.take_front(maker_side, quantity);
                    sink.push(decremented);
                }
                incoming.leaves = less(incoming.leaves, quantity);
                incoming.leaves.is_zero()
            }
        }
    }

    fn cancel_own(&mut self, incoming: &Resting, front: &Front, sink: &mut impl Sink<Event>) {
        self.book.remove(front.key);
        if front.marks.any() {
            self.forget_special(front.key.slot, front.marks);
        }
        sink.push(Event::Cancelled {
            sequence: self.step(),
            order: front.key,
            side: incoming.side.opposite(),
            price: front.price,
            quantity: front.leaves,
            reason: CancelReason::SelfTrade,
            last: false,
        });
    }
}
