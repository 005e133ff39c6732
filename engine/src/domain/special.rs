use super::{BasisPoints, Price, Quantity, Side};

/// Which price sets a waiting order off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
#[repr(u8)]
pub enum TriggerBy {
    /// The pair's last trade.
    #[default]
    Last = 0,
    /// The median of best bid, best ask and last trade; none while one of them is missing.
    Mark = 1,
}

/// Which way the price must move to reach a trigger. A trigger is reached inclusively.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Crossing {
    /// Reached at the trigger and below.
    Falling = 0,
    /// Reached at the trigger and above.
    Rising = 1,
}

impl Crossing {
    /// Whether `price` reaches `trigger`.
    #[inline]
    pub fn is_reached(self, trigger: Price, price: Price) -> bool {
        match self {
            Crossing::Falling => price <= trigger,
            Crossing::Rising => price >= trigger,
        }
    }
}

/// What a stop order protects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum StopKind {
    /// Sets off when the price moves against the holder: a sell below, a buy above the market.
    StopLoss = 0,
    /// Sets off when the price moves in favour: a sell above, a buy below the market.
    TakeProfit = 1,
}

impl StopKind {
    /// The kind whose trigger an order of `side` reaches that way.
    pub const fn of(crossing: Crossing, side: Side) -> StopKind {
        match (crossing, side) {
            (Crossing::Falling, Side::Sell) | (Crossing::Rising, Side::Buy) => StopKind::StopLoss,
            (Crossing::Rising, Side::Sell) | (Crossing::Falling, Side::Buy) => StopKind::TakeProfit,
        }
    }

    /// Which way the price must move for an order of `side`.
    pub const fn crossing(self, side: Side) -> Crossing {
        match (self, side) {
            (StopKind::StopLoss, Side::Sell) | (StopKind::TakeProfit, Side::Buy) => {
                Crossing::Falling
            }
            (StopKind::StopLoss, Side::Buy) | (StopKind::TakeProfit, Side::Sell) => {
                Crossing::Rising
            }
        }
    }
}

/// How far behind the best price a trailing stop follows: ticks from 1 to 2^31 − 1, or basis
/// points of that price from 1 to 5,000.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TrailingDistance(u32);

/// The bit that tells basis points from ticks.
const IN_BASIS_POINTS: u32 = 1 << 31;

impl TrailingDistance {
    /// The largest distance in basis points, half of the price.
    pub const MAX_BASIS_POINTS: u16 = 5_000;

    /// A distance of so many ticks; `None` for zero and above 2^31 − 1.
    pub const fn ticks(ticks: u32) -> Option<TrailingDistance> {
        if ticks == 0 || ticks >= IN_BASIS_POINTS {
            return None;
        }
        Some(TrailingDistance(ticks))
    }

    /// A distance in basis points of the price that is followed; `None` for zero and above
    /// [`Self::MAX_BASIS_POINTS`].
    pub const fn basis_points(points: u16) -> Option<TrailingDistance> {
        if points == 0 || points > Self::MAX_BASIS_POINTS {
            return None;
        }
        Some(TrailingDistance(points as u32 | IN_BASIS_POINTS))
    }

    /// Whether it is a share of the price, not a number of ticks.
    pub const fn is_in_basis_points(self) -> bool {
        self.0 & IN_BASIS_POINTS != 0
    }

    /// The number, of ticks or of basis points.
    pub const fn number(self) -> u32 {
        self.0 & !IN_BASIS_POINTS
    }

    /// The raw form: a number of its own for each distance, as journals keep it.
    pub const fn raw(self) -> u32 {
        self.0
    }

    /// The distance of a raw form; `None` for a number that is none.
    pub fn from_raw(raw: u32) -> Option<TrailingDistance> {
        if raw & IN_BASIS_POINTS == 0 {
            return TrailingDistance::ticks(raw);
        }
        let points = u16::try_from(raw & !IN_BASIS_POINTS).ok()?;
        TrailingDistance::basis_points(points)
    }

    /// Where a stop that follows `anchor` stands: below it for a falling one, above it for a
    /// rising one. A share of the price is rounded down to ticks, at least one. `None` where
    /// there is no such price.
    pub fn trigger(self, anchor: Price, crossing: Crossing) -> Option<Price> {
        let anchor = u64::from(anchor.ticks());
        let number = u64::from(self.number());
        let distance = if self.is_in_basis_points() {
            (anchor * number / u64::from(BasisPoints::WHOLE)).max(1)
        } else {
            number
        };
        match crossing {
            Crossing::Falling => anchor.checked_sub(distance).and_then(Price::from_u64),
            Crossing::Rising => Price::from_u64(anchor + distance),
        }
    }
}

/// What is asked of an order beside its price and its amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Special {
    /// Nothing: a limit or a market order.
    #[default]
    None,
    /// It waits outside the book until the price reaches `trigger`; then it comes in at its
    /// limit, or without one at the market.
    Stop {
        /// Which way.
        kind: StopKind,
        /// Where it sets off.
        trigger: Price,
        /// Which price does it.
        by: TriggerBy,
    },
    /// It waits until the price turns back by `distance` from the best it has seen; then it
    /// comes in at the market.
    Trailing {
        /// How far behind it follows.
        distance: TrailingDistance,
        /// Which price it follows.
        by: TriggerBy,
    },
    /// It rests at its limit; when the price reaches `trigger` instead, it leaves the book and
    /// comes in at `limit`, or without one at the market.
    Oco {
        /// Where the stop sets off.
        trigger: Price,
        /// The limit from then on.
        limit: Option<Price>,
        /// Which price does it.
        by: TriggerBy,
    },
    /// It shows `display` of what rests, and brings the next slice when that is gone.
    Iceberg {
        /// How much shows at a time.
        display: Quantity,
    },
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test stops where its table is wrong")]

    use super::*;

    #[test]
    fn distances_are_checked_just_inside_and_just_outside() {
        assert_eq!(TrailingDistance::ticks(0), None);
        assert_eq!(TrailingDistance::ticks(1 << 31), None);
        assert!(TrailingDistance::ticks((1 << 31) - 1).is_some());
        assert_eq!(TrailingDistance::basis_points(0), None);
        assert_eq!(TrailingDistance::basis_points(5_001), None);
        assert!(TrailingDistance::basis_points(5_000).is_some());
        for raw in [
            0,
            1,
            5_000,
            (1 << 31) - 1,
            1 << 31,
            1 << 31 | 5_000,
            1 << 31 | 5_001,
            u32::MAX,
        ] {
            let distance = TrailingDistance::from_raw(raw);
            assert!(distance.is_none_or(|distance| distance.raw() == raw));
        }
    }

    #[test]
    fn a_trailing_stop_stands_behind_its_anchor() {
        let at = |distance: TrailingDistance, anchor, crossing| {
            let anchor = Price::new(anchor).unwrap();
            distance.trigger(anchor, crossing).map(Price::ticks)
        };
        let five = TrailingDistance::ticks(5).unwrap();
        assert_eq!(at(five, 100, Crossing::Falling), Some(95));
        assert_eq!(at(five, 100, Crossing::Rising), Some(105));
        assert_eq!(at(five, 5, Crossing::Falling), None);
        assert_eq!(at(five, u32::MAX, Crossing::Rising), None);
        let percent = TrailingDistance::basis_points(150).unwrap();
        assert_eq!(at(percent, 1_000, Crossing::Falling), Some(985));
        assert_eq!(at(percent, 999, Crossing::Falling), Some(985));
        assert_eq!(at(percent, 10, Crossing::Rising), Some(11));
    }
}
