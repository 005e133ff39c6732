use engine::domain::{Price, SelfTradePrevention, Side, TimeInForce, TradingStatus};
use engine::event::{CancelReason, DropReason, Event};

use super::{PlainMatcher, PlainOrder, lots};

impl PlainMatcher {
    /// Trades what can be traded, then says what becomes of the rest.
    pub(super) fn enter(&mut self, mut incoming: PlainOrder, time_in_force: TimeInForce) {
        if time_in_force == TimeInForce::FillOrKill && !self.is_fillable(&incoming) {
            return self.drop_rest(&incoming, DropReason::FillOrKill); // M-10
        }
        while let Some(resting) = self.first_to_meet(&incoming) {
            if resting.account == incoming.account {
                if self.meet_own(&mut incoming, &resting) {
                    return self.drop_rest(&incoming, DropReason::SelfTrade); // M-12
                }
                continue;
            }
            if !self.may_print(resting.price) {
                let price = resting.price;
                self.status = TradingStatus::Halted; // M-28
                self.events.push(Event::Tripped { price });
                return self.drop_rest(&incoming, DropReason::CircuitBreaker);
            }
            let quantity = incoming.leaves.min(resting.leaves);
            let sequence = self.step();
            // M-6
            self.events.push(Event::Trade {
                sequence,
                maker: resting.key,
                maker_side: resting.side,
                price: resting.price,
                quantity: lots(quantity),
            });
            self.last_trade = Some(resting.price);
            self.prints.push(resting.price);
            self.lessen_first(resting.side, quantity);
            incoming.leaves -= quantity;
            if incoming.leaves == 0 {
                return self.events.push(Event::Filled {
                    order: incoming.key,
                    last: false,
                });
            }
        }
        match time_in_force {
            TimeInForce::GoodTillCancelled => self.rest(incoming), // M-8
            TimeInForce::ImmediateOrCancel => {
                self.drop_rest(&incoming, DropReason::ImmediateOrCancel); // M-9
            }
            TimeInForce::FillOrKill => panic!("the book was asked whether it fills this order"),
        }
    }

    /// The best, then oldest, order opposite to `incoming` that its price reaches. // M-4, M-5, M-7
    pub(super) fn first_to_meet(&self, incoming: &PlainOrder) -> Option<PlainOrder> {
        let first = *self.orders(incoming.side.opposite()).first()?;
        let is_reached = match incoming.side {
            Side::Buy => first.price <= incoming.price,
            Side::Sell => first.price >= incoming.price,
        };
        is_reached.then_some(first)
    }

    pub(super) fn would_trade(&self, incoming: &PlainOrder) -> bool {
        self.first_to_meet(incoming).is_some()
    }

    /// Whether trades with others fill `incoming` whole: tried on a copy, one by one. // M-10
    fn is_fillable(&self, incoming: &PlainOrder) -> bool {
        let mut copy = self.clone();
        let mut rest = *incoming;
        while let Some(resting) = copy.first_to_meet(&rest) {
            if resting.account == rest.account {
                if rest.self_trade != SelfTradePrevention::CancelMaker {
                    return false;
                }
                copy.take(resting.key);
                continue;
            }
            if !self.may_print(resting.price) {
                return false; // M-28
            }
            let quantity = rest.leaves.min(resting.leaves);
            copy.lessen_first(resting.side, quantity);
            rest.leaves -= quantity;
            if rest.leaves == 0 {
                return true;
            }
        }
        false
    }

    // M-28
    fn may_print(&self, price: Price) -> bool {
        self.limits.low <= price && price <= self.limits.high
    }

    /// Two orders of one account meet; whether that ends the incoming one. // M-12
    fn meet_own(&mut self, incoming: &mut PlainOrder, resting: &PlainOrder) -> bool {
        match incoming.self_trade {
            SelfTradePrevention::CancelTaker => true,
            SelfTradePrevention::CancelMaker => {
                self.cancel_own(resting);
                false
            }
            SelfTradePrevention::CancelBoth => {
                self.cancel_own(resting);
                true
            }
            SelfTradePrevention::Decrement => {
                let quantity = incoming.leaves.min(resting.leaves);
                let sequence = self.step();
                self.events.push(Event::Decremented {
                    sequence,
                    maker: resting.key,
                    maker_side: resting.side,
                    price: resting.price,
                    quantity: lots(quantity),
                });
                self.lessen_first(resting.side, quantity);
                incoming.leaves -= quantity;
                incoming.leaves == 0
            }
        }
    }

    fn cancel_own(&mut self, resting: &PlainOrder) {
        self.take(resting.key);
        self.say_cancelled(resting, CancelReason::SelfTrade);
    }

    fn rest(&mut self, mut order: PlainOrder) {
        // M-26
        let shown = order.leaves.min(order.display.unwrap_or(u64::MAX));
        order.hidden = order.leaves - shown;
        order.leaves = shown;
        self.put(order);
        let sequence = self.step();
        self.events.push(Event::Rested {
            sequence,
            order: order.key,
            side: order.side,
            price: order.price,
            quantity: lots(order.leaves),
            last: false,
        });
    }

    /// Behind all others at its price.
    fn put(&mut self, order: PlainOrder) {
        let side = self.side_mut(order.side);
        let goes_before = |other: &PlainOrder| match order.side {
            Side::Buy => other.price >= order.price,
            Side::Sell => other.price <= order.price,
        };
        let place = side.iter().take_while(|other| goes_before(other)).count();
        side.insert(place, order);
    }

    /// Takes `quantity` from the first order of `side`; when nothing of it shows any more, it
    /// leaves, or comes with its next slice. // M-26
    fn lessen_first(&mut self, side: Side, quantity: u64) {
        let list = self.side_mut(side);
        list[0].leaves -= quantity;
        if list[0].leaves > 0 {
            return;
        }
        let mut order = list.remove(0);
        if order.hidden == 0 {
            return;
        }
        order.leaves = order.hidden.min(order.display.unwrap_or(u64::MAX));
        order.hidden -= order.leaves;
        self.put(order);
        let sequence = self.step();
        self.events.push(Event::Refilled {
            sequence,
            order: order.key,
            side,
            price: order.price,
            quantity: lots(order.leaves),
        });
    }

    /// The middle one of best bid, best ask and last trade. // M-19
    pub(super) fn mark_price(&self) -> Option<Price> {
        let bid = self.bids.first()?.price;
        let ask = self.asks.first()?.price;
        let mut three = [bid, ask, self.last_trade?];
        three.sort_unstable();
        Some(three[1])
    }
}
