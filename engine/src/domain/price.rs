use std::fmt;
use std::num::NonZeroU32;

/// A price in whole ticks of its pair, from 1 to 4,294,967,295.
///
/// What a tick is worth is the pair's business; zero and negative prices cannot be written.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Price(NonZeroU32);

impl Price {
    /// One tick, the lowest price.
    pub const MIN: Price = Price(NonZeroU32::MIN);
    /// The highest price, 2^32 − 1 ticks.
    pub const MAX: Price = Price(NonZeroU32::MAX);

    /// Makes a price of `ticks`; `None` for zero.
    #[inline]
    pub const fn new(ticks: u32) -> Option<Price> {
        match NonZeroU32::new(ticks) {
            Some(ticks) => Some(Price(ticks)),
            None => None,
        }
    }

    /// Makes a price of `ticks`; `None` for zero and for what no `u32` holds.
    #[inline]
    pub fn from_u64(ticks: u64) -> Option<Price> {
        u32::try_from(ticks).ok().and_then(Price::new)
    }

    /// The number of ticks.
    #[inline]
    pub const fn ticks(self) -> u32 {
        self.0.get()
    }
}

impl fmt::Debug for Price {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Price({})", self.0)
    }
}
