use std::fmt;
use std::num::NonZeroU32;

use super::{BasisPoints, Side};

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

    /// The lowest and the highest price within `band` basis points, at most 10,000, around this
    /// one, both allowed: rounded inward to ticks, never beyond the range of prices.
    pub fn band(self, band: u16) -> (Price, Price) {
        let whole = u64::from(BasisPoints::WHOLE);
        let ticks = u64::from(self.ticks());
        let band = u64::from(band.min(BasisPoints::WHOLE));
        let low = (ticks * (whole - band)).div_ceil(whole);
        let high = ticks * (whole + band) / whole;
        (
            Price::from_u64(low).unwrap_or(Price::MIN),
            Price::from_u64(high).unwrap_or(Price::MAX),
        )
    }

    /// The worst price that an order of `side` may trade at when it is let in at the market near
    /// this price: the far end of the band on its side.
    pub fn collar(self, side: Side, band: u16) -> Price {
        let (low, high) = self.band(band);
        match side {
            Side::Buy => high,
            Side::Sell => low,
        }
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
