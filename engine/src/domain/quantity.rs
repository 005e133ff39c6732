use std::fmt;

/// A quantity in whole lots of its pair's base asset, from 0 to 2^40.
///
/// The upper bound and the bound of fewer than 2^24 resting orders a pair keep the total of a level inside
/// a `u64`, so sums of leaves never need a check.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Quantity(u64);

impl Quantity {
    /// No lots.
    pub const ZERO: Quantity = Quantity(0);
    /// The largest quantity of one order, 2^40 lots.
    pub const MAX: Quantity = Quantity(1 << 40);

    /// Makes a quantity of `lots`; `None` above [`Quantity::MAX`].
    #[inline]
    pub const fn new(lots: u64) -> Option<Quantity> {
        if lots <= Quantity::MAX.0 {
            Some(Quantity(lots))
        } else {
            None
        }
    }

    /// The number of lots.
    #[inline]
    pub const fn lots(self) -> u64 {
        self.0
    }

    /// Whether there is nothing.
    #[inline]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The sum; `None` above [`Quantity::MAX`].
    #[inline]
    pub const fn checked_add(self, other: Quantity) -> Option<Quantity> {
        // Both are at most 2^40, so the sum cannot wrap.
        Quantity::new(self.0 + other.0)
    }

    /// The difference; `None` below zero.
    #[inline]
    pub const fn checked_sub(self, other: Quantity) -> Option<Quantity> {
        match self.0.checked_sub(other.0) {
            Some(lots) => Some(Quantity(lots)),
            None => None,
        }
    }

    /// This quantity changed by `lots`, up or down; `None` outside 0 to [`Quantity::MAX`].
    #[inline]
    pub const fn checked_change(self, lots: i64) -> Option<Quantity> {
        match self.0.checked_add_signed(lots) {
            Some(lots) => Quantity::new(lots),
            None => None,
        }
    }
}

impl fmt::Debug for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Quantity({})", self.0)
    }
}
