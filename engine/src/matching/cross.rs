use super::Matcher;
use crate::Sink;
use crate::book::{Front, Reach, less};
use crate::domain::{AccountId, Quantity, SelfTradePrevention, Side};
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
    /// The next trade would print beyond the limits.
    Tripped,
}

/// Whose order comes in, and what happens where it meets its owner.
#[derive(Clone, Copy, Debug)]
pub(super) struct Taker {
    pub(super) account: AccountId,
    pub(super) self_trade: SelfTradePrevention,
}

impl Matcher {
    /// Matches an order with what rests opposite within its price, best price first, then first
    /// come first served, and says what is left of it. // M-4, M-5, M-7
    ///
    /// Each turn takes at least a lot from the incoming order or an order from the book, so there
    /// are at most as many turns as resting orders, and one.
    #[inline(always)]
    pub(super) fn cross(
        &mut self,
        taker: Taker,
        reach: Reach,
        mut leaves: Quantity,
        sink: &mut impl Sink<Event>,
    ) -> (Quantity, End) {
        self.first_trade = None;
        while let Some(front) = self.book.front(reach) {
            if front.account == taker.account {
                let (left, ends) = self.meet_own(taker, leaves, front, reach.side, sink);
                leaves = left;
                if ends {
                    return (leaves, End::SelfTrade);
                }
                continue;
            }
            // M-28
            if !self.limits.allow(front.price) {
                return (leaves, End::Tripped);
            }
            let quantity = front.leaves.min(leaves);
            // M-6
            if front.marks.any() && quantity == front.leaves {
                self.trade_special(reach.side, front, sink);
            } else {
                self.book.take_front(reach.side, quantity);
                sink.push(Event::Trade {
                    sequence: self.step(),
                    maker: front.key,
                    maker_side: reach.side,
                    price: front.price,
                    quantity,
                });
            }
            if self.first_trade.is_none() {
                self.first_trade = Some(front.price);
            }
            self.last_trade = Some(front.price);
            leaves = less(leaves, quantity);
            if leaves.is_zero() {
                return (leaves, End::Filled);
            }
        }
        (leaves, End::NothingLeftToMeet)
    }

    /// A trade takes all that shows of the special order at the front of `side`.
    #[cold]
    #[inline(never)]
    fn trade_special(&mut self, side: Side, front: Front, sink: &mut impl Sink<Event>) {
        let trade = Event::Trade {
            sequence: self.step(),
            maker: front.key,
            maker_side: side,
            price: front.price,
            quantity: front.leaves,
        };
        self.take_special(side, &front, trade, sink);
    }

    /// Does what the incoming order's mode says where it meets its own account at the front, and
    /// says what it has left and whether that ends it. // M-12
    #[cold]
    #[inline(never)]
    fn meet_own(
        &mut self,
        taker: Taker,
        leaves: Quantity,
        front: Front,
        maker_side: Side,
        sink: &mut impl Sink<Event>,
    ) -> (Quantity, bool) {
        match taker.self_trade {
            SelfTradePrevention::CancelTaker => (leaves, true),
            SelfTradePrevention::CancelMaker => {
                self.cancel_own(maker_side, &front, sink);
                (leaves, false)
            }
            SelfTradePrevention::CancelBoth => {
                self.cancel_own(maker_side, &front, sink);
                (leaves, true)
            }
            SelfTradePrevention::Decrement => {
                let quantity = front.leaves.min(leaves);
                let decremented = Event::Decremented {
                    sequence: self.step(),
                    maker: front.key,
                    maker_side,
                    price: front.price,
                    quantity,
                };
                if front.marks.any() && quantity == front.leaves {
                    self.take_special(maker_side, &front, decremented, sink);
                } else {
                    self.book.take_front(maker_side, quantity);
                    sink.push(decremented);
                }
                let leaves = less(leaves, quantity);
                (leaves, leaves.is_zero())
            }
        }
    }

    fn cancel_own(&mut self, side: Side, front: &Front, sink: &mut impl Sink<Event>) {
        self.book.remove(front.key);
        if front.marks.any() {
            self.forget_special(front.key.slot, front.marks);
        }
        sink.push(Event::Cancelled {
            sequence: self.step(),
            order: front.key,
            side,
            price: front.price,
            quantity: front.leaves,
            reason: CancelReason::SelfTrade,
            last: false,
        });
    }
}
