use engine::command::{StopTerms, Terms};
use engine::domain::{
    AccountId, Amount, AssetId, ClientOrderId, Funding, MarginRequest, Movement, Pair, PairId,
    PositionId, PositionSide, Price, Quantity, Reserve, SelfTradePrevention, Side, Special,
    TimeInForce, Timestamp,
};
use engine::event::CancelReason;
use engine::reject::Reject;
use engine::report::{Answer, PositionReason};
use engine::request::PlaceRequest;

use super::figures::{WHOLE, base_units, units};
use super::{PlainExchange, PlainPosition, notional};
use crate::model::exchange::shape::Shape;
use crate::model::exchange::{Answered, PlainRecord, Stage};

/// Who would pay for an order, and at what worst price.
#[derive(Clone, Copy, Debug)]
pub(in crate::model::exchange) struct Asked {
    pub(in crate::model::exchange) funding: Funding,
    /// It closes a position of which nothing else is reduced. // G-9
    pub(in crate::model::exchange) closes_all: bool,
}

impl PlainExchange {
    /// What a placement asks of margin, as far as its type goes. // G-4, G-9
    pub(in crate::model::exchange) fn asked(
        &self,
        pair: &Pair,
        ask: &PlaceRequest,
        shape: &mut Shape,
    ) -> Result<Asked, Reject> {
        let spot = Asked {
            funding: Funding::Spot,
            closes_all: false,
        };
        if ask.margin == MarginRequest::None {
            return Ok(spot);
        }
        let terms = pair.margin().ok_or(Reject::MarginNotOffered)?;
        match ask.margin {
            MarginRequest::None => Ok(spot),
            MarginRequest::Leverage(leverage) => {
                if leverage > terms.max_leverage {
                    return Err(Reject::LeverageOutOfRange);
                }
                self.move_collar(pair, ask, shape);
                // G-3
                let bid = self.books[usize::from(pair.id().0)].best(Side::Buy);
                let market = self.reference(pair);
                let market = bid.map_or(market, |(bid, _)| bid.max(market));
                let own = match shape.stage {
                    Stage::Linked(limit) => shape.price.max(limit),
                    Stage::Book | Stage::Waiting => shape.price,
                };
                let floor = own.max(market);
                Ok(Asked {
                    funding: Funding::Margin { leverage, floor },
                    ..spot
                })
            }
            MarginRequest::ReduceOnly => {
                let position = self.margin.position(ask.account, pair.id());
                let position = position.filter(|it| it.side.closes() == ask.side);
                let others = self.margin_orders(ask.account, pair.id(), ask.side).count();
                self.move_collar(pair, ask, shape);
                let closes_all = position
                    .is_some_and(|it| it.size == i128::from(ask.quantity.lots()) && others == 0);
                Ok(Asked {
                    funding: Funding::ReduceOnly,
                    closes_all,
                })
            }
        }
    }

    /// A collar is moved to where nothing would be left of the position. // G-9
    fn move_collar(&self, pair: &Pair, ask: &PlaceRequest, shape: &mut Shape) {
        let position = self.margin.position(ask.account, pair.id());
        let Some(position) = position.filter(|it| it.side.closes() == ask.side) else {
            return;
        };
        let Some(bankrupt) = position.bankruptcy_price(pair) else {
            return;
        };
        // The other way of an order that has only a collar there.
        if let Special::Oco { limit: None, .. } = ask.special
            && let (Stage::Linked(then), Terms::Stop(StopTerms::Oco { limit, .. })) =
                (&mut shape.stage, &mut shape.terms)
        {
            *then = position.better(*then, bankrupt);
            *limit = *then;
        }
        // The widest band, as seen from where it starts, that does not end beyond it.
        let (trigger, price) = (shape.worth, shape.price);
        if let Terms::Stop(StopTerms::Trailing { collar, .. }) = &mut shape.terms
            && position.better(price, bankrupt) != price
        {
            let room = i64::from(trigger.ticks()) - i64::from(bankrupt.ticks());
            let room = match ask.side {
                Side::Sell => room,
                Side::Buy => -room,
            };
            let band = room.max(0) * 10_000 / i64::from(trigger.ticks());
            *collar = u16::try_from(band.max(1)).expect("it is narrower than the pair's");
            let (low, high) = trigger.band(*collar);
            shape.price = position.worst_of((low, high));
            shape.worst = shape.price;
        }
        let is_collar = ask.limit.is_none() && !matches!(ask.special, Special::Trailing { .. });
        if is_collar {
            shape.price = position.better(shape.price, bankrupt);
            shape.worst = position.better(shape.worst, bankrupt);
        }
    }

    /// A user's open margin orders of a pair and side.
    fn margin_orders(
        &self,
        account: AccountId,
        pair: PairId,
        side: Side,
    ) -> impl Iterator<Item = &PlainRecord> {
        self.open().filter(move |it| {
            it.funding.is_margin() && (it.account(), it.pair(), it.side()) == (account, pair, side)
        })
    }

    /// What margin asks for beside an order's type, in the order of the reasons' numbers.
    pub(in crate::model::exchange) fn check_margin(
        &self,
        pair: &Pair,
        ask: &PlaceRequest,
        funding: Funding,
        (worst, trades_at): (Price, Price),
    ) -> Result<(), Reject> {
        if funding == Funding::Spot {
            return Ok(());
        }
        let position = self.margin.position(ask.account, pair.id());
        let others = || self.margin_orders(ask.account, pair.id(), ask.side);
        if funding != Funding::ReduceOnly {
            if position.is_some_and(|it| it.liquidation.is_some()) {
                return Err(Reject::PositionInLiquidation); // G-16
            }
            if others().any(|it| it.funding == Funding::ReduceOnly) {
                return Err(Reject::OrdersConflict); // G-9
            }
            if let Some(position) = position.filter(|it| it.side.closes() == ask.side) {
                self.check_bankruptcy(pair, position, trades_at)?;
            }
            return self.check_room(pair, ask, worst);
        }
        let position = position.ok_or(Reject::NoPosition)?;
        if position.liquidation.is_some() {
            return Err(Reject::PositionInLiquidation);
        }
        let open: u64 = others().map(|it| it.leaves).sum();
        let wanted = i128::from(open) + i128::from(ask.quantity.lots());
        if ask.side != position.side.closes() || wanted > position.size {
            return Err(Reject::ReduceOnlyExceedsPosition);
        }
        if others().any(|it| it.funding != Funding::ReduceOnly) {
            return Err(Reject::OrdersConflict);
        }
        self.check_bankruptcy(pair, position, trades_at)?;
        match self.can_set_aside(pair, position, ask, worst) {
            true => Ok(()),
            false => Err(Reject::OrdersConflict),
        }
    }

    /// An order that reduces may not trade where nothing is left. // G-9
    fn check_bankruptcy(
        &self,
        pair: &Pair,
        position: &PlainPosition,
        trades_at: Price,
    ) -> Result<(), Reject> {
        let bankrupt = position.bankruptcy_price(pair);
        match bankrupt {
            Some(bankrupt) if position.better(trades_at, bankrupt) == trades_at => Ok(()),
            _ => Err(Reject::BeyondBankruptcy),
        }
    }

    /// Whether a short has what a buy would set aside, whatever its other orders do. // G-9
    fn can_set_aside(
        &self,
        pair: &Pair,
        position: &PlainPosition,
        ask: &PlaceRequest,
        worst: Price,
    ) -> bool {
        if ask.side == Side::Sell {
            return true;
        }
        let needs = self.aside(pair, (worst, ask.quantity.lots()));
        let share = position.share(i128::from(ask.quantity.lots()));
        needs.max(share) <= self.spare(pair, position)
    }

    /// Limits of positions and of the pool. // G-4
    fn check_room(&self, pair: &Pair, ask: &PlaceRequest, worst: Price) -> Result<(), Reject> {
        let terms = pair.margin().ok_or(Reject::MarginNotOffered)?;
        let quantity = i128::from(ask.quantity.lots());
        let positions = self.margin.positions.iter();
        let positions = positions
            .filter(|it| it.pair == pair.id() && it.side.opens() == ask.side)
            .map(|it| (it.account, it.size));
        let orders = self
            .open()
            .filter(|it| it.pair() == pair.id() && it.side() == ask.side)
            .filter(|it| matches!(it.funding, Funding::Margin { .. }))
            .map(|it| (it.account(), i128::from(it.leaves)));
        let all: Vec<_> = positions.chain(orders).collect();
        let of_all: i128 = all.iter().map(|(_, size)| size).sum();
        let own = all.iter().filter(|(account, _)| *account == ask.account);
        let own: i128 = own.map(|(_, size)| size).sum();
        if own + quantity > i128::from(terms.max_position.lots())
            || of_all + quantity > i128::from(terms.max_open_interest.lots())
        {
            return Err(Reject::PositionLimit);
        }
        let (asset, needs) = match ask.side {
            Side::Buy => (pair.quote(), notional(pair, worst, quantity)),
            Side::Sell => (pair.base(), base_units(pair, quantity)),
        };
        let (free, promised, lent) = self.reserves(asset).pool;
        let lending = self.config.lending.get(usize::from(asset.0));
        let limit = lending.map_or(0, |it| i128::from(it.limit.units()));
        if needs > free || promised + lent + needs > limit {
            return Err(Reject::PoolExhausted);
        }
        Ok(())
    }

    /// What a reduce-only buy sets aside of what its position has. // G-9
    fn aside(&self, pair: &Pair, (worst, quantity): (Price, u64)) -> i128 {
        let worth = notional(pair, worst, quantity.into());
        worth + crate::model::ledger::fee_on(pair, worth.cast_unsigned(), 0).cast_signed()
    }

    /// What a margin order must hold at its worst price: the fee rounded up, whatever was paid
    /// before. // G-3
    pub(in crate::model) fn margin_hold(
        &self,
        pair: &Pair,
        funding: Funding,
        (worst, quantity): (Price, u64),
    ) -> Option<u128> {
        let quantity = Quantity::new(quantity)?;
        let worth = u128::from(pair.notional(worst, quantity)?.units());
        let fee = crate::model::ledger::fee_on(pair, worth, 0);
        match funding {
            Funding::Margin { leverage, .. } => {
                Some((worth * 100).div_ceil(u128::from(leverage.hundredths())) + fee)
            }
            // G-9: nothing of what its owner has available.
            _ => Some(0),
        }
    }

    // G-10
    pub(in crate::model::exchange) fn close_position(
        &mut self,
        account: AccountId,
        position: PositionId,
        client_order_id: Option<ClientOrderId>,
        now: Timestamp,
    ) -> Answered {
        self.check_account(account)?;
        let place = |found: &PlainPosition| PlaceRequest {
            account,
            pair: found.pair,
            client_order_id,
            side: found.side.closes(),
            limit: None,
            quantity: super::super::lots(u64::try_from(found.size).expect("it is a quantity")),
            time_in_force: TimeInForce::ImmediateOrCancel,
            post_only: false,
            self_trade: SelfTradePrevention::CancelMaker,
            special: Special::None,
            expires_at: None,
            margin: MarginRequest::ReduceOnly,
        };
        let found = self.find_position(account, position)?;
        if found.liquidation.is_some() {
            return Err(Reject::PositionInLiquidation); // F11b
        }
        self.check_open(found.pair)?;
        let others = self.margin_orders(account, found.pair, found.side.closes());
        let others = others.filter(|it| it.funding == Funding::ReduceOnly);
        let others: Vec<_> = others.copied().collect();
        for order in &others {
            self.cancel_open(order, CancelReason::Closing, now);
        }
        let is_command = !others.is_empty();
        let Ok(found) = self.find_position(account, position) else {
            return Ok((Answer::Rejected(Reject::NoPosition), is_command));
        };
        match self.place(&place(&found), now) {
            Ok((answer, _)) => Ok((answer, true)),
            Err(reject) => Ok((Answer::Rejected(reject), is_command)),
        }
    }

    fn find_position(
        &self,
        account: AccountId,
        position: PositionId,
    ) -> Result<PlainPosition, Reject> {
        let mut all = self.margin.positions.iter();
        let found = all.find(|it| (it.account, it.id) == (account, position));
        found.copied().ok_or(Reject::NoPosition)
    }

    // G-10
    pub(in crate::model::exchange) fn adjust_margin(
        &mut self,
        account: AccountId,
        position: PositionId,
        change: Movement,
    ) -> Answered {
        self.check_account(account)?;
        let found = self.find_position(account, position);
        let pair = found.map(|it| self.pair_of(it.pair));
        let by = i128::from(change.amount().units());
        if let (Movement::In(_), Ok(pair)) = (change, &pair)
            && self.balance(account, pair.quote()).0.cast_signed() < by
        {
            return Err(Reject::InsufficientBalance);
        }
        if by == 0 {
            return Err(Reject::ZeroAmount);
        }
        let (found, pair) = (found?, pair?);
        let by = match change {
            Movement::In(_) => by,
            Movement::Out(_) => {
                self.check_takes_out(&pair, &found, by)?;
                -by
            }
        };
        self.pay(account, pair.quote(), -by);
        let position = self.margin.position_mut(account, pair.id());
        position.collateral += by;
        let position = *position;
        self.say_position(&position, PositionReason::Adjusted, 0);
        let answer = Answer::MarginAdjusted {
            position: position.id,
            collateral: units(position.collateral),
        };
        Ok((answer, true))
    }

    fn check_takes_out(
        &self,
        pair: &Pair,
        position: &PlainPosition,
        by: i128,
    ) -> Result<(), Reject> {
        if position.liquidation.is_some() {
            return Err(Reject::PositionInLiquidation);
        }
        let initial = pair.margin().map_or(0, |it| i128::from(it.initial.get()));
        if by > position.collateral {
            return Err(Reject::BelowInitialMargin);
        }
        let mark = self.mark(pair.id()).ok_or(Reject::NoMarkPrice)?;
        let after = position.equity(pair, mark) - by;
        let is_low = after * WHOLE < initial * notional(pair, mark, position.size);
        if is_low || by > self.spare(pair, position) {
            return Err(Reject::BelowInitialMargin);
        }
        Ok(())
    }

    /// What an open order holds, or of its position set aside.
    pub(in crate::model::exchange) fn held_for(&self, order: &PlainRecord) -> u128 {
        let is_aside = order.funding == Funding::ReduceOnly && order.side() == Side::Buy;
        if !is_aside {
            return self.need(order);
        }
        let worst = order.worst(order.price);
        let aside = self.aside(&self.pair_of(order.pair()), (worst, order.leaves));
        aside.cast_unsigned()
    }

    /// What of a position's quote no order of its owner could need. // G-9, G-10
    fn spare(&self, pair: &Pair, position: &PlainPosition) -> i128 {
        let mut spare = match position.side {
            PositionSide::Long => position.collateral,
            PositionSide::Short => position.cost + position.collateral,
        };
        for order in self.margin_orders(position.account, pair.id(), position.side.closes()) {
            if order.funding != Funding::ReduceOnly {
                return -1; // It could need all.
            }
            let (worst, lots) = (order.worst(order.price), i128::from(order.leaves));
            let share = position.share(lots);
            spare -= match position.side {
                PositionSide::Short => share.max(self.aside(pair, (worst, order.leaves))),
                PositionSide::Long => {
                    let brings = notional(pair, worst, lots);
                    let fee = self.aside(pair, (worst, order.leaves)) - brings;
                    (share + 1 + fee - brings).max(0)
                }
            };
        }
        spare
    }

    // G-23
    pub(in crate::model::exchange) fn fund_reserve(
        &mut self,
        reserve: Reserve,
        asset: AssetId,
        change: Movement,
    ) -> Answered {
        let answered = self.try_fund(reserve, asset, change);
        if answered.is_ok() {
            let by = i128::from(change.amount().units());
            let by = match change {
                Movement::In(_) => by,
                Movement::Out(_) => -by,
            };
            self.margin.booked.push((reserve, asset, by));
        }
        answered
    }

    /// What would be answered.
    pub(in crate::model::exchange) fn try_fund(
        &self,
        reserve: Reserve,
        asset: AssetId,
        change: Movement,
    ) -> Answered {
        if asset.0 >= self.config.assets {
            return Err(Reject::UnknownAsset);
        }
        let by = i128::from(change.amount().units());
        if by == 0 {
            return Err(Reject::ZeroAmount);
        }
        let reserves = self.reserves(asset);
        let free = match reserve {
            Reserve::LendingPool => reserves.pool.0,
            Reserve::InsuranceFund => reserves.insurance,
        };
        let by = match change {
            Movement::In(_) => by,
            Movement::Out(_) => -by,
        };
        if self.inside(asset) + by > i128::from(i64::MAX) {
            return Err(Reject::BalanceTooLarge);
        }
        if free + by < 0 {
            return Err(Reject::InsufficientReserve);
        }
        let free: Amount = units(free + by);
        Ok((Answer::ReserveBooked { free }, true))
    }

    // G-24
    pub(in crate::model::exchange) fn set_index(
        &mut self,
        pair: PairId,
        index: Option<Price>,
    ) -> Answered {
        let terms = self.check_pair(pair)?;
        if terms.margin().is_none() {
            return Err(Reject::MarginNotOffered);
        }
        let market = &mut self.margin.markets[usize::from(pair.0)];
        let is_other = market.index != index;
        market.index = index;
        Ok((Answer::IndexSet, is_other))
    }

    /// What came in from outside. // L-1
    pub(in crate::model::exchange) fn inside(&self, asset: AssetId) -> i128 {
        self.ledger.inside(asset) + self.margin.inside(asset)
    }
}
