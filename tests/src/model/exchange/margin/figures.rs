use engine::domain::{BasisPoints, Pair, PairMargin, PositionSide, Price, Quantity};
use engine::report::PositionView;

use super::PlainPosition;
use crate::model::exchange::{amount, lots};

/// Ratios are in hundred-thousandths.
pub(super) const WHOLE: i128 = 100_000;

/// n(p, q)
pub(in crate::model::exchange) fn notional(pair: &Pair, price: Price, lots: i128) -> i128 {
    let lots = u64::try_from(lots).ok().and_then(Quantity::new);
    let worth = pair.notional(price, lots.expect("it is a quantity"));
    i128::from(worth.expect("it was looked at").units())
}

/// What so many lots are, in base units.
pub(super) fn base_units(pair: &Pair, lots: i128) -> i128 {
    let lots = u64::try_from(lots).ok().and_then(Quantity::new);
    let units = pair.base_amount(lots.expect("it is a quantity"));
    i128::from(units.expect("it was looked at").units())
}

/// Rounds up, also below zero.
pub(super) fn div_up(number: i128, by: i128) -> i128 {
    -(-number).div_euclid(by)
}

impl PlainPosition {
    /// d
    pub(super) fn sign(&self) -> i128 {
        match self.side {
            PositionSide::Long => 1,
            PositionSide::Short => -1,
        }
    }

    /// M − I + d·(n(P, Q) − C) // G-12
    pub(super) fn equity(&self, pair: &Pair, mark: Price) -> i128 {
        let worth = notional(pair, mark, self.size);
        self.collateral - self.interest + self.sign() * (worth - self.cost)
    }

    /// Whether equity / n(P, Q) is at most `tenths` tenths of a ratio. // G-12
    pub(super) fn is_at_most(&self, pair: &Pair, mark: Price, ratio: u32, tenths: i128) -> bool {
        let worth = notional(pair, mark, self.size);
        self.equity(pair, mark) * WHOLE * 10 <= i128::from(ratio) * tenths * worth
    }

    /// What q lots must bring, or may cost, for nothing to be left of them. // G-20
    pub(super) fn bankruptcy_value(&self, q: i128) -> i128 {
        let value = (self.cost - self.sign() * self.collateral) * q;
        match self.side {
            PositionSide::Long => div_up(value.max(0), self.size),
            PositionSide::Short => value.div_euclid(self.size),
        }
    }

    /// As [`PlainPosition::bankruptcy_value`], rounded so that the fund pays less. // G-18
    pub(super) fn insured_value(&self, q: i128) -> i128 {
        let value = (self.cost - self.sign() * self.collateral) * q;
        match self.side {
            PositionSide::Long => value.max(0) / self.size,
            PositionSide::Short => div_up(value, self.size),
        }
    }

    /// The worst price at which it has something left, where there is one. // G-9, G-17
    pub(super) fn bankruptcy_price(&self, pair: &Pair) -> Option<Price> {
        let by = self.size * notional(pair, Price::MIN, 1);
        let value = self.cost - self.sign() * self.collateral;
        let ticks = match self.side {
            PositionSide::Long => div_up(value, by).max(1),
            PositionSide::Short => value.div_euclid(by).min(i128::from(u32::MAX)),
        };
        u64::try_from(ticks).ok().and_then(Price::from_u64)
    }

    /// The better of two prices for whoever closes it.
    pub(super) fn better(&self, one: Price, other: Price) -> Price {
        match self.side {
            PositionSide::Long => one.max(other),
            PositionSide::Short => one.min(other),
        }
    }

    /// The end of a band at which it is closed worst.
    pub(super) fn worst_of(&self, (low, high): (Price, Price)) -> Price {
        match self.side {
            PositionSide::Long => low,
            PositionSide::Short => high,
        }
    }

    /// How many lots restore r, or all of them. // G-17
    pub(super) fn slice(&self, pair: &Pair, terms: &PairMargin, mark: Price) -> i128 {
        let (initial, fee) = (
            i128::from(terms.initial.get()),
            basis(terms.liquidation_fee),
        );
        if initial <= fee {
            return self.size;
        }
        let missing = initial * notional(pair, mark, self.size) - self.equity(pair, mark) * WHOLE;
        let restores = div_up(missing, notional(pair, mark, 1) * (initial - fee));
        let rest = self.size - restores;
        let is_dust = rest <= 0
            || rest < i128::from(pair.limits().min_quantity.lots())
            || notional(pair, mark, rest) < i128::from(pair.limits().min_notional.units());
        if is_dust { self.size } else { restores }
    }

    pub(super) fn view(&self) -> PositionView {
        PositionView {
            account: self.account,
            position: self.id,
            pair: self.pair,
            side: self.side,
            size: lots(u64::try_from(self.size).expect("it is a quantity")),
            cost: units(self.cost),
            collateral: units(self.collateral),
            interest: units(self.interest),
            liquidating: self.liquidation.is_some(),
            opened_at: self.opened_at,
        }
    }
}

pub(super) fn units(number: i128) -> engine::domain::Amount {
    amount(u128::try_from(number).expect("no figure of a position is below zero"))
}

/// Basis points in hundred-thousandths.
fn basis(points: BasisPoints) -> i128 {
    i128::from(points.get()) * 10
}
