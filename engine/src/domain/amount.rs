use std::fmt;

use super::{Price, Quantity};

/// An amount of one asset in its smallest unit, from 0 to 2^63 − 1.
///
/// Never negative: what can be owed is two accounts and a posting, not a sign.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Amount(u64);

impl Amount {
    /// Nothing.
    pub const ZERO: Amount = Amount(0);
    /// The largest amount, 2^63 − 1 units. No asset's deposits may sum to more.
    pub const MAX: Amount = Amount(i64::MAX as u64);

    /// Makes an amount of `units`; `None` above [`Amount::MAX`].
    #[inline]
    pub const fn new(units: u64) -> Option<Amount> {
        if units <= Amount::MAX.0 {
            Some(Amount(units))
        } else {
            None
        }
    }

    /// Makes an amount of `units`; `None` above [`Amount::MAX`].
    #[inline]
    pub fn from_u128(units: u128) -> Option<Amount> {
        u64::try_from(units).ok().and_then(Amount::new)
    }

    /// The number of smallest units.
    #[inline]
    pub const fn units(self) -> u64 {
        self.0
    }

    /// Whether there is nothing.
    #[inline]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The sum; `None` above [`Amount::MAX`].
    #[inline]
    pub const fn checked_add(self, other: Amount) -> Option<Amount> {
        // Both are below 2^63, so the sum cannot wrap.
        Amount::new(self.0 + other.0)
    }

    /// The difference; `None` below zero.
    #[inline]
    pub const fn checked_sub(self, other: Amount) -> Option<Amount> {
        match self.0.checked_sub(other.0) {
            Some(units) => Some(Amount(units)),
            None => None,
        }
    }

    /// What `quantity` costs at `price`, exactly: ticks × lots × `units_per_tick_lot`.
    /// `None` above [`Amount::MAX`].
    #[inline]
    pub fn notional(price: Price, quantity: Quantity, units_per_tick_lot: u64) -> Option<Amount> {
        // 2^32 ticks × 2^40 lots fits 2^72; times 2^64 could pass 2^128, hence the check.
        (u128::from(price.ticks()) * u128::from(quantity.lots()))
            .checked_mul(u128::from(units_per_tick_lot))
            .and_then(Amount::from_u128)
    }

    /// What `quantity` lots are in units of the base asset. `None` above [`Amount::MAX`].
    #[inline]
    pub fn of_lots(quantity: Quantity, units_per_lot: u64) -> Option<Amount> {
        // 2^40 × 2^64 fits 2^104.
        Amount::from_u128(u128::from(quantity.lots()) * u128::from(units_per_lot))
    }
}

impl fmt::Debug for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Amount({})", self.0)
    }
}
