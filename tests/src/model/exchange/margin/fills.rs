use engine::domain::{
    AccountId, EventSequence, Funding, Leverage, PairId, PositionId, PositionSide, Price, Timestamp,
};
use engine::report::{LiquidationStage, PositionReason};

use super::figures::div_up;
use super::{PlainDebt, PlainExchange, PlainPosition, notional};
use crate::model::exchange::PlainRecord;

/// One side of a trade that a position takes part in.
#[derive(Clone, Copy, Debug)]
pub(in crate::model::exchange) struct MarginFill {
    pub(in crate::model::exchange) sequence: EventSequence,
    pub(in crate::model::exchange) price: Price,
    pub(in crate::model::exchange) quantity: i128,
    pub(in crate::model::exchange) fee: i128,
    /// What its order held before it.
    pub(in crate::model::exchange) held: i128,
}

/// How a position is reduced.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reduction {
    pub(super) quantity: i128,
    /// What the lots bring, or cost.
    pub(super) notional: i128,
    /// What the position pays for it.
    pub(super) fee: i128,
    /// What its owner paid beside it.
    pub(super) paid: i128,
    pub(super) reason: PositionReason,
}

impl PlainExchange {
    /// One side of a trade changes its owner's position.
    pub(in crate::model::exchange) fn margin_fill(
        &mut self,
        order: &PlainRecord,
        fill: MarginFill,
        now: Timestamp,
    ) {
        let (account, pair) = (order.account(), order.pair());
        let terms = self.pair_of(pair);
        let price = |lots| notional(&terms, fill.price, lots);
        match order.funding {
            Funding::Spot => {}
            Funding::Margin { leverage, .. } => self.leveraged_fill(order, leverage, fill, now),
            Funding::ReduceOnly => {
                let reduction = Reduction {
                    quantity: fill.quantity,
                    notional: price(fill.quantity),
                    fee: fill.fee,
                    paid: 0,
                    reason: PositionReason::Reduced,
                };
                self.reduce(account, pair, reduction);
            }
            Funding::Liquidation => {
                self.insure(pair, fill.fee);
                let reduction = Reduction {
                    quantity: fill.quantity,
                    notional: price(fill.quantity),
                    fee: fill.fee,
                    paid: 0,
                    reason: PositionReason::Liquidated,
                };
                self.reduce(account, pair, reduction);
            }
            Funding::Backstop => {
                let fetched = price(fill.quantity);
                let position = *self.margin.position_mut(account, pair);
                // G-18
                let value = position.insured_value(fill.quantity);
                let missing = (position.sign() * (value - fetched)).max(0);
                self.insure(pair, -missing);
                let reduction = Reduction {
                    quantity: fill.quantity,
                    notional: fetched + position.sign() * missing,
                    fee: 0,
                    paid: 0,
                    reason: PositionReason::Liquidated,
                };
                self.reduce(account, pair, reduction);
            }
        }
    }

    /// The most that the position of a liquidation order can pay for a fill. // G-17
    pub(in crate::model::exchange) fn most_fee(
        &self,
        order: &PlainRecord,
        price: Price,
        quantity: i128,
    ) -> Option<u128> {
        if order.funding != Funding::Liquidation {
            return None;
        }
        let pair = self.pair_of(order.pair());
        let position = self.margin.position(order.account(), order.pair())?;
        let share = position.share(quantity);
        let gain = position.sign() * (notional(&pair, price, quantity) - share);
        let collateral = position.collateral + gain;
        let rest = position.size - quantity;
        // What the rest needs for nothing to be lost at the order's limit.
        let needs = match rest {
            0 => 0,
            rest => {
                let brings = notional(&pair, order.price, rest);
                position.sign() * (position.cost - share - brings)
            }
        };
        let most = (collateral - needs).clamp(0, collateral.max(0));
        Some(most.cast_unsigned())
    }

    /// Closes what is opposite, then opens the rest. // G-5, G-8
    fn leveraged_fill(
        &mut self,
        order: &PlainRecord,
        leverage: Leverage,
        fill: MarginFill,
        now: Timestamp,
    ) {
        let (account, pair) = (order.account(), order.pair());
        let terms = self.pair_of(pair);
        let side = PositionSide::opened_by(order.side());
        let released = fill.held - self.need(order).cast_signed();
        self.pay(account, terms.quote(), -fill.fee);
        let opposite = self.margin.position(account, pair).copied();
        let opposite = opposite.filter(|it| it.side != side);
        let closes = opposite.map_or(0, |it| it.size.min(fill.quantity));
        if closes > 0 {
            let reduction = Reduction {
                quantity: closes,
                notional: notional(&terms, fill.price, closes),
                fee: 0,
                paid: 0, //
                reason: PositionReason::Reduced,
            };
            self.reduce(account, pair, reduction);
        }
        let opens = fill.quantity - closes;
        if opens == 0 {
            return;
        }
        let cost = notional(&terms, fill.price, opens);
        // G-5: the margin, as far as the hold of these lots has it beside the fee.
        let margin = div_up(cost * 100, i128::from(leverage.hundredths()));
        let margin = margin.min(released - fill.fee);
        self.pay(account, terms.quote(), -margin);
        let opened = PlainPosition {
            account,
            id: PositionId::new(pair, fill.sequence, side),
            pair,
            side,
            size: 0,
            cost: 0,
            collateral: 0,
            interest: 0,
            opened_at: now,
            call: None,
            liquidation: None,
            tried_at: Timestamp(0),
            tried_in: 0,
            judged: [0; 4],
        };
        let is_new = self.margin.position(account, pair).is_none();
        if is_new {
            self.margin.positions.push(opened);
            self.expect_interest(pair, now);
        }
        let position = self.margin.position_mut(account, pair);
        position.size += opens;
        position.cost += cost;
        position.collateral += margin;
        let position = *position;
        let reason = match is_new {
            true => PositionReason::Opened,
            false => PositionReason::Grown,
        };
        self.say_position(&position, reason, 0);
    }

    /// A position loses lots. // G-6, G-7
    pub(super) fn reduce(&mut self, account: AccountId, pair: PairId, by: Reduction) {
        let quote = self.pair_of(pair).quote();
        let position = self.margin.position_mut(account, pair);
        let share = position.share(by.quantity);
        let gain = position.sign() * (by.notional - share) - by.fee;
        position.size -= by.quantity;
        position.cost -= share;
        if position.size == 0 {
            return self.close(account, pair, gain, by);
        }
        let lost = (-gain).max(0);
        let from_collateral = lost.min(position.collateral);
        position.collateral -= from_collateral;
        position.cost += position.sign() * (lost - from_collateral);
        let debt = (-position.cost).max(0);
        position.cost += debt;
        let position = *position;
        if debt > 0 {
            self.owe(&position, debt);
        }
        // G-17: what a liquidation gains makes the rest safer.
        if by.reason == PositionReason::Liquidated {
            let position = self.margin.position_mut(account, pair);
            position.collateral += gain.max(0);
        } else {
            self.pay(account, quote, gain.max(0));
        }
        let position = *self.margin.position_mut(account, pair);
        self.say_position(&position, by.reason, gain - by.paid);
    }

    /// The last lot is gone: interest, then all that is left to the owner. // G-7, G-11
    fn close(&mut self, account: AccountId, pair: PairId, gain: i128, by: Reduction) {
        let quote = self.pair_of(pair).quote();
        let position = *self.margin.position_mut(account, pair);
        let left = position.collateral + gain;
        let interest = position.interest.min(left).max(0);
        self.margin.interest.push((quote, interest));
        self.pay(account, quote, (left - interest).max(0));
        if left < 0 {
            self.owe(&position, -left);
        }
        let all = &mut self.margin.positions;
        all.retain(|it| (it.account, it.pair) != (account, pair));
        let closed = PlainPosition {
            cost: 0,
            collateral: 0,
            interest: 0,
            ..position
        };
        let reason = match by.reason {
            PositionReason::Reduced => PositionReason::Closed,
            reason => reason,
        };
        self.say_position(&closed, reason, gain - by.paid);
        if position.liquidation.is_some() {
            self.say_stage(&position, LiquidationStage::Closed);
        }
        self.say_call_over(&position);
    }

    /// A debt to the pool. // G-19
    fn owe(&mut self, position: &PlainPosition, amount: i128) {
        self.margin.debts.push(PlainDebt {
            account: position.account,
            position: position.id,
            pair: position.pair,
            amount,
        });
    }

    /// The insurance fund gets, or below zero pays.
    fn insure(&mut self, pair: PairId, amount: i128) {
        let quote = self.pair_of(pair).quote();
        self.margin.insured.push((quote, amount));
    }

    /// The fund pays a debt, or part of it. // G-19
    pub(super) fn cover(&mut self, at: usize, amount: i128) {
        let debt = self.margin.debts[at];
        self.insure(debt.pair, -amount);
        self.margin.debts[at].amount -= amount;
        self.margin.debts.retain(|debt| debt.amount > 0);
    }
}

impl PlainPosition {
    /// The share of the cost. // G-6
    pub(super) fn share(&self, quantity: i128) -> i128 {
        self.cost * quantity / self.size
    }
}
