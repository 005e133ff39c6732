use engine::command::{CancelOrder, OrderCommand, PlaceOrder, ReplaceOrder};
use engine::domain::{
    AccountId, EventSequence, OrderKey, Price, Quantity, SelfTradePrevention, Side, TimeInForce,
};
use engine::event::{CancelReason, DropReason, Event};
use engine::reject::Reject;

/// One resting order of a [`PlainMatcher`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlainOrder {
    /// Which.
    pub key: OrderKey,
    /// Whose.
    pub account: AccountId,
    /// Which way.
    pub side: Side,
    /// Where.
    pub price: Price,
    /// What it has left, in lots.
    pub leaves: u64,
    /// Whether it refuses to take when it is replaced.
    pub post_only: bool,
    /// What happens when it is replaced and meets its owner.
    pub self_trade: SelfTradePrevention,
}

/// The rules of `docs/matching-rules.md` over two sorted lists.
#[derive(Clone, Debug)]
pub struct PlainMatcher {
    max_orders: u32,
    sequence: u64,
    /// First to trade first.
    bids: Vec<PlainOrder>,
    asks: Vec<PlainOrder>,
    events: Vec<Event>,
}

impl PlainMatcher {
    /// An empty book that gives a place to slots below `max_orders`.
    pub fn new(max_orders: u32) -> PlainMatcher {
        PlainMatcher {
            max_orders,
            sequence: 0,
            bids: Vec::new(),
            asks: Vec::new(),
            events: Vec::new(),
        }
    }

    /// Applies `command` and returns what happened.
    pub fn apply(&mut self, command: &OrderCommand) -> Vec<Event> {
        match command {
            OrderCommand::Place(order) => self.place(order),
            OrderCommand::Replace(order) => self.replace(order),
            OrderCommand::Cancel(order) => self.cancel(order),
        }
        std::mem::take(&mut self.events)
    }

    /// The sequence of the last event that had one.
    pub const fn sequence(&self) -> EventSequence {
        EventSequence(self.sequence)
    }

    /// The orders of `side`, in the order in which they would trade.
    pub fn orders(&self, side: Side) -> &[PlainOrder] {
        match side {
            Side::Buy => &self.bids,
            Side::Sell => &self.asks,
        }
    }

    /// The prices of `side`, best first, with the sum of what rests there, in lots.
    pub fn depth(&self, side: Side) -> Vec<(Price, u64)> {
        let mut levels: Vec<(Price, u64)> = Vec::new();
        for order in self.orders(side) {
            match levels.last_mut() {
                Some((price, total)) if *price == order.price => *total += order.leaves,
                _ => levels.push((order.price, order.leaves)),
            }
        }
        levels
    }

    /// The best price of `side` with the sum of what rests there, in lots.
    pub fn best(&self, side: Side) -> Option<(Price, u64)> {
        let best = self.orders(side).first()?.price;
        let level = self
            .orders(side)
            .iter()
            .take_while(|order| order.price == best);
        Some((best, level.map(|order| order.leaves).sum()))
    }

    fn place(&mut self, order: &PlaceOrder) {
        let incoming = PlainOrder {
            key: order.key,
            account: order.account,
            side: order.side,
            price: order.price,
            leaves: order.quantity.lots(),
            post_only: order.post_only,
            self_trade: order.self_trade,
        };
        if incoming.post_only && self.would_trade(&incoming) {
            return self.reject(order.key, Reject::PostOnlyWouldTake); // M-11
        }
        let mut resting = self.bids.iter().chain(&self.asks);
        let is_taken = resting.any(|other| other.key.slot == order.key.slot);
        if is_taken || order.key.slot >= self.max_orders {
            return self.reject(order.key, Reject::BookFull); // M-13
        }
        if order.time_in_force == TimeInForce::FillOrKill && !self.is_fillable(&incoming) {
            return self.events.push(Event::Dropped {
                order: order.key,
                quantity: order.quantity,
                reason: DropReason::FillOrKill, // M-10
                last: true,
            });
        }
        self.enter(incoming, order.time_in_force);
    }

    fn cancel(&mut self, command: &CancelOrder) {
        let Some(order) = self.take(command.key) else {
            return self.reject(command.key, Reject::UnknownOrder); // M-14
        };
        let sequence = self.step();
        self.events.push(Event::Cancelled {
            sequence,
            order: order.key,
            side: order.side,
            price: order.price,
            quantity: lots(order.leaves),
            reason: command.reason,
            last: true,
        });
    }

    // M-15
    fn replace(&mut self, command: &ReplaceOrder) {
        let resting = self.bids.iter().chain(&self.asks);
        let Some(old) = resting.copied().find(|order| order.key == command.key) else {
            return self.reject(command.key, Reject::UnknownOrder);
        };
        let leaves = i128::from(old.leaves) + i128::from(command.quantity_change);
        if leaves > i128::from(Quantity::MAX.lots()) {
            return self.reject(command.key, Reject::AboveMaxAmount);
        }
        let Some(leaves) = u64::try_from(leaves).ok().filter(|leaves| *leaves > 0) else {
            return self.reject(command.key, Reject::AmountBelowFilled);
        };
        let new = PlainOrder {
            price: command.price,
            leaves,
            ..old
        };
        if new == old {
            return self.reject(command.key, Reject::NothingToAmend);
        }
        if new.price == old.price && new.leaves < old.leaves {
            let side = self.side_mut(old.side);
            if let Some(order) = side.iter_mut().find(|order| order.key == old.key) {
                order.leaves = new.leaves; // M-16
            }
            let sequence = self.step();
            return self.events.push(Event::Reduced {
                sequence,
                order: old.key,
                side: old.side,
                price: old.price,
                quantity: lots(old.leaves - new.leaves),
                last: true,
            });
        }
        if new.post_only && self.would_trade(&new) {
            return self.reject(command.key, Reject::PostOnlyWouldTake); // M-11
        }
        self.take(old.key); // M-17
        let sequence = self.step();
        self.events.push(Event::Replaced {
            sequence,
            order: old.key,
            side: old.side,
            price: old.price,
            quantity: lots(old.leaves),
        });
        self.enter(new, TimeInForce::GoodTillCancelled);
    }

    /// Trades what can be traded, then says what becomes of the rest.
    fn enter(&mut self, mut incoming: PlainOrder, time_in_force: TimeInForce) {
        while let Some(resting) = self.first_to_meet(&incoming) {
            if resting.account == incoming.account {
                if self.meet_own(&mut incoming, &resting) {
                    return self.drop_rest(&incoming, DropReason::SelfTrade); // M-12
                }
                continue;
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
            self.lessen_first(resting.side, quantity);
            incoming.leaves -= quantity;
            if incoming.leaves == 0 {
                return self.events.push(Event::Filled {
                    order: incoming.key,
                    last: true,
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
    fn first_to_meet(&self, incoming: &PlainOrder) -> Option<PlainOrder> {
        let first = *self.orders(incoming.side.opposite()).first()?;
        let is_reached = match incoming.side {
            Side::Buy => first.price <= incoming.price,
            Side::Sell => first.price >= incoming.price,
        };
        is_reached.then_some(first)
    }

    fn would_trade(&self, incoming: &PlainOrder) -> bool {
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
            let quantity = rest.leaves.min(resting.leaves);
            copy.lessen_first(resting.side, quantity);
            rest.leaves -= quantity;
            if rest.leaves == 0 {
                return true;
            }
        }
        false
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
        let sequence = self.step();
        self.events.push(Event::Cancelled {
            sequence,
            order: resting.key,
            side: resting.side,
            price: resting.price,
            quantity: lots(resting.leaves),
            reason: CancelReason::SelfTrade,
            last: false,
        });
    }

    fn rest(&mut self, order: PlainOrder) {
        let side = self.side_mut(order.side);
        let goes_before = |other: &PlainOrder| match order.side {
            Side::Buy => other.price >= order.price,
            Side::Sell => other.price <= order.price,
        };
        let place = side.iter().take_while(|other| goes_before(other)).count();
        side.insert(place, order);
        let sequence = self.step();
        self.events.push(Event::Rested {
            sequence,
            order: order.key,
            side: order.side,
            price: order.price,
            quantity: lots(order.leaves),
            last: true,
        });
    }

    fn drop_rest(&mut self, order: &PlainOrder, reason: DropReason) {
        self.events.push(Event::Dropped {
            order: order.key,
            quantity: lots(order.leaves),
            reason,
            last: true,
        });
    }

    fn reject(&mut self, order: OrderKey, reason: Reject) {
        self.events.push(Event::Rejected {
            order,
            reason,
            last: true,
        });
    }

    /// Takes `quantity` from the first order of `side`, and it out of the list if that is all.
    fn lessen_first(&mut self, side: Side, quantity: u64) {
        let side = self.side_mut(side);
        side[0].leaves -= quantity;
        if side[0].leaves == 0 {
            side.remove(0);
        }
    }

    fn take(&mut self, key: OrderKey) -> Option<PlainOrder> {
        for side in [&mut self.bids, &mut self.asks] {
            if let Some(at) = side.iter().position(|order| order.key == key) {
                return Some(side.remove(at));
            }
        }
        None
    }

    fn side_mut(&mut self, side: Side) -> &mut Vec<PlainOrder> {
        match side {
            Side::Buy => &mut self.bids,
            Side::Sell => &mut self.asks,
        }
    }

    // M-2
    const fn step(&mut self) -> EventSequence {
        self.sequence += 1;
        EventSequence(self.sequence)
    }
}

fn lots(lots: u64) -> Quantity {
    Quantity::new(lots).expect("no order has more than the largest quantity")
}
