//! What a position is worth, and what becomes of it: integers, each rounding named.

use crate::clearing::state::PositionState;
use crate::domain::{
    Amount, BasisPoints, MarginRatio, Pair, PairMargin, PositionSide, Price, Quantity,
};

const WHOLE: i128 = MarginRatio::WHOLE as i128;

/// What a reduction of a position moves, in quote units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(in crate::clearing) struct Reduction {
    /// To the pool, of what a long borrowed.
    pub(in crate::clearing) repaid: Amount,
    /// To the pool, as interest.
    pub(in crate::clearing) interest: Amount,
    /// To the owner's available.
    pub(in crate::clearing) paid_out: Amount,
    /// What is still owed for the closed lots, by nobody's position.
    pub(in crate::clearing) debt: Amount,
    /// What the owner gained, below zero what was lost.
    pub(in crate::clearing) realised: i128,
}

impl PositionState {
    /// What it is worth at `price`, in quote units.
    pub(in crate::clearing) fn value(&self, pair: &Pair, price: Price) -> i128 {
        i128::from(price.ticks()) * per_tick(pair, self.size)
    }

    // G-12
    pub(in crate::clearing) fn equity(&self, pair: &Pair, price: Price) -> i128 {
        let (cost, value) = (units(self.cost), self.value(pair, price));
        let profit = match self.side {
            PositionSide::Long => value - cost,
            PositionSide::Short => cost - value,
        };
        units(self.collateral) - units(self.interest) + profit
    }

    /// Whether equity is at most `ratio` of what it is worth at `price`. // G-12
    pub(in crate::clearing) fn is_at_most(
        &self,
        pair: &Pair,
        price: Price,
        ratio: MarginRatio,
    ) -> bool {
        let value = self.value(pair, price);
        self.equity(pair, price) * WHOLE <= i128::from(ratio.get()) * value
    }

    /// The price furthest on the safe side at which equity is at most `ratio` of its worth: the
    /// highest for a long, the lowest for a short; `None` where there is no such price.
    pub(in crate::clearing) fn threshold(&self, pair: &Pair, ratio: MarginRatio) -> Option<Price> {
        let (cost, collateral) = (units(self.cost), units(self.collateral));
        let (interest, lots) = (units(self.interest), per_tick(pair, self.size));
        let ratio = i128::from(ratio.get());
        let ticks = match self.side {
            PositionSide::Long => {
                let owed = (cost + interest - collateral) * WHOLE;
                let parts = lots * (WHOLE - ratio);
                if owed <= 0 {
                    return None;
                }
                if parts == 0 {
                    i128::from(u32::MAX)
                } else {
                    (owed / parts).min(i128::from(u32::MAX))
                }
            }
            PositionSide::Short => {
                let has = ((cost + collateral - interest) * WHOLE).max(0);
                let parts = lots * (WHOLE + ratio);
                ((has + parts - 1) / parts).max(1)
            }
        };
        u32::try_from(ticks).ok().and_then(Price::new)
    }

    /// The worst price at which all of it closes for what it owes, interest aside: rounded up for
    /// a long, down for a short; `None` where no price is bad enough, or none good enough.
    pub(in crate::clearing) fn bankruptcy(&self, pair: &Pair) -> Option<Price> {
        let (cost, collateral) = (units(self.cost), units(self.collateral));
        let lots = per_tick(pair, self.size);
        let ticks = match self.side {
            PositionSide::Long => ((cost - collateral).max(0) + lots - 1) / lots,
            PositionSide::Short => ((cost + collateral) / lots).min(i128::from(u32::MAX)),
        };
        u32::try_from(ticks).ok().and_then(Price::new)
    }

    /// The part of what all of it must bring, or may cost, that belongs to `quantity` lots: rounded
    /// down for a long, up for a short; not below zero.
    pub(in crate::clearing) fn bankruptcy_value(&self, quantity: Quantity) -> Amount {
        let (cost, collateral) = (units(self.cost), units(self.collateral));
        let (part, size) = (lots(quantity), lots(self.size));
        let value = match self.side {
            PositionSide::Long => (cost - collateral).max(0) * part / size,
            PositionSide::Short => ((cost + collateral) * part + size - 1) / size,
        };
        amount(value)
    }

    /// What `quantity` lots change hands for when the position is closed against an opposite one:
    /// rounded so that it does not fall short. // G-20
    pub(in crate::clearing) fn deleveraging_value(&self, quantity: Quantity) -> Amount {
        let (cost, collateral) = (units(self.cost), units(self.collateral));
        let (part, size) = (lots(quantity), lots(self.size));
        amount(match self.side {
            PositionSide::Long => ((cost - collateral).max(0) * part + size - 1) / size,
            PositionSide::Short => (cost + collateral) * part / size,
        })
    }

    /// The part of the cost that belongs to `quantity` lots, rounded down. // G-6
    pub(in crate::clearing) fn share_of_cost(&self, quantity: Quantity) -> Amount {
        amount(units(self.cost) * lots(quantity) / lots(self.size))
    }

    /// How many lots, at least one, must go at `price` to restore the initial ratio; all of them
    /// where that is not fewer, or where too little would be left. // G-17
    pub(in crate::clearing) fn slice(
        &self,
        pair: &Pair,
        terms: &PairMargin,
        price: Price,
    ) -> Quantity {
        let initial = i128::from(terms.initial.get());
        // A basis point is ten hundred-thousandths.
        let fee = i128::from(terms.liquidation_fee.get()) * 10;
        let missing = initial * self.value(pair, price) - self.equity(pair, price) * WHOLE;
        let one = i128::from(price.ticks()) * per_tick_lot(pair);
        let per_lot = one * (initial - fee);
        if per_lot <= 0 {
            return self.size;
        }
        let slice = ((missing + per_lot - 1) / per_lot).max(1);
        let slice = u64::try_from(slice).ok().and_then(Quantity::new);
        let rest = slice.and_then(|slice| Some((slice, self.size.checked_sub(slice)?)));
        match rest {
            Some((slice, rest))
                if rest >= pair.limits().min_quantity
                    && pair
                        .notional(price, rest)
                        .is_none_or(|rest| rest >= pair.limits().min_notional) =>
            {
                slice
            }
            Some(_) | None => self.size,
        }
    }

    /// Adds lots that cost, or brought, `notional`. // G-5
    pub(in crate::clearing) fn grow(
        &mut self,
        quantity: Quantity,
        notional: Amount,
        collateral: Amount,
    ) {
        self.size = self
            .size
            .checked_add(quantity)
            .expect("invariant: the limit of a position was checked");
        self.cost = plus(self.cost, notional);
        self.collateral = plus(self.collateral, collateral);
    }

    /// Takes lots off that brought, or cost, `notional`, of which `fee` comes off too. What is
    /// gained stays as collateral where it is to be kept. // G-6
    pub(in crate::clearing) fn reduce(
        &mut self,
        quantity: Quantity,
        notional: Amount,
        fee: Amount,
        keeps_gain: bool,
    ) -> Reduction {
        let share = self.share_of_cost(quantity);
        let rest = minus(self.cost, share);
        let realised = match self.side {
            PositionSide::Long => units(notional) - units(fee) - units(share),
            PositionSide::Short => units(share) - units(notional) - units(fee),
        };
        let mut told = Reduction {
            realised,
            ..Reduction::default()
        };
        let gain = amount(realised.max(0));
        let loss = amount((-realised).max(0));
        let from_collateral = loss.min(self.collateral);
        let missing = minus(loss, from_collateral);
        self.collateral = minus(self.collateral, from_collateral);
        match self.side {
            PositionSide::Long => {
                self.cost = plus(rest, missing);
                told.repaid = minus(share, missing);
            }
            PositionSide::Short => {
                let from_cost = missing.min(rest);
                self.cost = minus(rest, from_cost);
                told.debt = minus(missing, from_cost);
            }
        }
        self.size = self
            .size
            .checked_sub(quantity)
            .expect("invariant: no more is reduced than there is");
        if self.size.is_zero() {
            self.close(gain, &mut told);
        } else if keeps_gain {
            self.collateral = plus(self.collateral, gain);
        } else {
            told.paid_out = gain;
        }
        told
    }

    // G-7, G-11
    fn close(&mut self, gain: Amount, told: &mut Reduction) {
        let left = plus(self.collateral, gain);
        // What a short has left of its cost belongs to its owner too; a long still owes it.
        let left = match self.side {
            PositionSide::Long => {
                told.debt = self.cost;
                left
            }
            PositionSide::Short => plus(left, self.cost),
        };
        told.interest = self.interest.min(left);
        told.paid_out = minus(left, told.interest);
        self.cost = Amount::ZERO;
        self.collateral = Amount::ZERO;
        self.interest = Amount::ZERO;
    }

    /// The interest of one hour, rounded up. // G-11
    pub(in crate::clearing) fn hourly_interest(
        &self,
        pair: &Pair,
        mark: Option<Price>,
        (base_rate, quote_rate): (u32, u32),
    ) -> Amount {
        let (loan, rate) = match (self.side, mark) {
            (PositionSide::Long, _) => (units(self.cost), quote_rate),
            (PositionSide::Short, Some(mark)) => (self.value(pair, mark), base_rate),
            (PositionSide::Short, None) => (units(self.cost), base_rate),
        };
        const BILLION: i128 = 1_000_000_000;
        let due = (loan * i128::from(rate) + BILLION - 1) / BILLION;
        u128::try_from(due)
            .ok()
            .and_then(Amount::from_u128)
            .unwrap_or(Amount::MAX)
    }

    /// How early it is reduced against a bankrupt one: profit by cost, times worth by equity, in
    /// rounded parts; `None` where nothing is gained or nothing is left. // G-20
    pub(in crate::clearing) fn deleveraging_rank(&self, pair: &Pair, price: Price) -> Option<u128> {
        let equity = self.equity(pair, price);
        let value = self.value(pair, price);
        let profit = match self.side {
            PositionSide::Long => value - units(self.cost),
            PositionSide::Short => units(self.cost) - value,
        };
        if profit <= 0 || equity <= 0 || self.cost.is_zero() {
            return None;
        }
        const PARTS: i128 = 1 << 24;
        let most = i128::from(u64::MAX);
        let gain = (profit * PARTS / units(self.cost)).min(most);
        let leverage = (value * PARTS / equity).min(most);
        Some(gain.unsigned_abs() * leverage.unsigned_abs())
    }
}

/// The fee on `notional` at `rate`, rounded up: what is held for it whatever was paid before.
pub(in crate::clearing) fn fee_ceiling(notional: Amount, rate: BasisPoints) -> Amount {
    let due = u128::from(notional.units()) * u128::from(rate.get());
    Amount::from_u128(due.div_ceil(u128::from(BasisPoints::WHOLE)))
        .expect("invariant: a rate is at most a tenth")
}

/// What one lot costs at one tick.
fn per_tick_lot(pair: &Pair) -> i128 {
    let one = Quantity::new(1).expect("invariant: one is a quantity");
    per_tick(pair, one)
}

/// What `quantity` costs at one tick. At least one; it fits, for it was paid once.
fn per_tick(pair: &Pair, quantity: Quantity) -> i128 {
    let one = pair.notional(Price::MIN, quantity);
    units(one.expect("invariant: more than a tick a lot was paid for it")).max(1)
}

pub(in crate::clearing) fn units(amount: Amount) -> i128 {
    i128::from(amount.units())
}

fn lots(quantity: Quantity) -> i128 {
    i128::from(quantity.lots())
}

fn amount(units: i128) -> Amount {
    let units = u128::try_from(units).ok().and_then(Amount::from_u128);
    units.expect("invariant: it is a part of what there is")
}

pub(in crate::clearing) fn plus(amount: Amount, more: Amount) -> Amount {
    amount
        .checked_add(more)
        .expect("invariant: an asset's total is at most the largest amount")
}

pub(in crate::clearing) fn minus(amount: Amount, less: Amount) -> Amount {
    amount
        .checked_sub(less)
        .expect("invariant: no more is taken than there is")
}
