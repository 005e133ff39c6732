use crate::domain::{Amount, BasisPoints};

/// What one order has paid in fees, exact over all its fills.
///
/// The fee of an order is `ceil(Σ notional × rate / 10,000)`; each fill pays what that sum grew
/// by (L-9). So an order in a hundred pieces pays at most one unit more than the exact fee, not
/// a hundred, and what was held for the whole covers the pieces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(in crate::clearing) struct FeeMeter {
    paid: Amount,
    /// What was paid above the exact sum, in ten-thousandths of a unit, below 10,000.
    credit: u16,
}

impl FeeMeter {
    /// A meter as it was once read.
    pub(in crate::clearing) fn of(paid: Amount, credit: u16) -> FeeMeter {
        FeeMeter { paid, credit }
    }

    /// Takes back a part of what the last fill paid, for it was not there.
    pub(in crate::clearing) fn forgo(&mut self, missing: Amount) {
        self.paid = self.paid.checked_sub(missing).unwrap_or(Amount::ZERO);
        self.credit = 0;
    }

    /// What all fills paid. Stops at the largest amount, which no sum that is there at one time
    /// can reach.
    pub(in crate::clearing) fn paid(self) -> Amount {
        self.paid
    }

    /// What was paid above the exact sum, in ten-thousandths of a unit.
    pub(in crate::clearing) fn credit(self) -> u16 {
        self.credit
    }

    /// What a fill of `notional` at `rate` would pay.
    #[inline]
    pub(in crate::clearing) fn quote(self, notional: Amount, rate: BasisPoints) -> Amount {
        self.step(notional, rate).0
    }

    /// Books a fill of `notional` at `rate`, and returns what it pays.
    #[inline]
    pub(in crate::clearing) fn charge(&mut self, notional: Amount, rate: BasisPoints) -> Amount {
        let (fee, credit) = self.step(notional, rate);
        self.paid = self.paid.checked_add(fee).unwrap_or(Amount::MAX);
        self.credit = credit;
        fee
    }

    /// The fee of the next fill, rounded up after what was paid too much is used (L-9), and the
    /// credit after it.
    #[inline]
    fn step(self, notional: Amount, rate: BasisPoints) -> (Amount, u16) {
        let whole = BasisPoints::WHOLE;
        let due = u128::from(notional.units()) * u128::from(rate.get());
        let Some(rest) = due.checked_sub(u128::from(self.credit)) else {
            let due = u16::try_from(due).expect("invariant: it is below the credit");
            return (Amount::ZERO, self.credit - due);
        };
        // A 128-bit division costs more than all the rest of a fill.
        let (fee, over) = match u64::try_from(rest) {
            Ok(rest) => {
                let fee = rest.div_ceil(u64::from(whole));
                (
                    u128::from(fee),
                    u128::from(fee) * u128::from(whole) - u128::from(rest),
                )
            }
            Err(_) => {
                let fee = rest.div_ceil(u128::from(whole));
                (fee, fee * u128::from(whole) - rest)
            }
        };
        (
            Amount::from_u128(fee).expect("invariant: a rate is at most a tenth"),
            u16::try_from(over).expect("invariant: rounding adds less than one unit"),
        )
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test stops where its table is wrong")]

    use super::*;

    fn check(rate: u16, notionals: &[u64], expected: &[u64]) {
        let rate = BasisPoints::new(rate).unwrap();
        let mut meter = FeeMeter::default();
        let fees: Vec<u64> = notionals
            .iter()
            .map(|&n| meter.charge(Amount::new(n).unwrap(), rate).units())
            .collect();
        assert_eq!(fees, expected, "fees of {notionals:?} at {rate:?}");
        let exact: u128 = notionals
            .iter()
            .map(|&n| u128::from(n) * u128::from(rate.get()))
            .sum();
        assert_eq!(u128::from(meter.paid().units()), exact.div_ceil(10_000));
    }

    // L-9
    #[test]
    fn an_order_pays_the_rounded_sum_of_its_fills_not_the_sum_of_rounded_fees() {
        check(10, &[1_000], &[1]);
        check(10, &[1_001], &[2]);
        check(10, &[1, 1, 1], &[1, 0, 0]);
        check(10, &[500, 500, 1], &[1, 0, 1]);
        check(0, &[1_000_000], &[0]);
        check(1_000, &[1, 9, 1], &[1, 0, 1]);
        check(1_000, &[i64::MAX as u64], &[922_337_203_685_477_581]);
    }

    // L-9
    #[test]
    fn rates_may_differ_from_fill_to_fill() {
        let mut meter = FeeMeter::default();
        let taker = BasisPoints::new(25).unwrap();
        let maker = BasisPoints::new(10).unwrap();
        // 2.5 → 3, then 2.5 + 1.5 = 4.0 → 1, then 4.0 + 0.1 → 1.
        assert_eq!(meter.charge(Amount::new(1_000).unwrap(), taker).units(), 3);
        assert_eq!(meter.charge(Amount::new(1_500).unwrap(), maker).units(), 1);
        assert_eq!(meter.charge(Amount::new(100).unwrap(), maker).units(), 1);
    }
}
