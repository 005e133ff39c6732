//! What margin trading is made of: leverage, ratios, the terms of a pair, positions' names.

use super::{Amount, BasisPoints, EventSequence, PairId, Price, Quantity, Side, TradeId};

/// How many times its margin an order may buy or sell, in hundredths, from 1.01 to 655.35.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Leverage(u16);

impl Leverage {
    /// What a leverage is divided by.
    pub const WHOLE: u16 = 100;

    /// Makes a leverage of `hundredths`; `None` where it is not above one.
    pub const fn new(hundredths: u16) -> Option<Leverage> {
        if hundredths > Leverage::WHOLE {
            Some(Leverage(hundredths))
        } else {
            None
        }
    }

    /// The leverage in hundredths.
    pub const fn hundredths(self) -> u16 {
        self.0
    }

    /// The margin that `notional` needs: divided by the leverage, rounded up. // G-3
    #[inline]
    pub fn margin(self, notional: Amount) -> Amount {
        let whole = u128::from(Leverage::WHOLE);
        let margin = (u128::from(notional.units()) * whole).div_ceil(u128::from(self.0));
        Amount::from_u128(margin).expect("invariant: a leverage is above one")
    }
}

/// A share of equity in what a position is worth at the mark price, in hundred-thousandths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MarginRatio(u32);

impl MarginRatio {
    /// The whole: what a ratio is divided by.
    pub const WHOLE: u32 = 100_000;

    /// Makes a ratio of `hundred_thousandths`; `None` above the whole.
    pub const fn new(hundred_thousandths: u32) -> Option<MarginRatio> {
        if hundred_thousandths <= MarginRatio::WHOLE {
            Some(MarginRatio(hundred_thousandths))
        } else {
            None
        }
    }

    /// The ratio in hundred-thousandths.
    pub const fn get(self) -> u32 {
        self.0
    }

    /// `tenths` tenths of it, rounded down, at most the whole.
    pub const fn tenths(self, tenths: u32) -> MarginRatio {
        let scaled = self.0.saturating_mul(tenths) / 10;
        if scaled > MarginRatio::WHOLE {
            MarginRatio(MarginRatio::WHOLE)
        } else {
            MarginRatio(scaled)
        }
    }
}

/// On what terms a pair is traded on margin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PairMargin {
    /// The highest leverage of an order.
    pub max_leverage: Leverage,
    /// The ratio that a call asks to restore, and below which no collateral may be taken out.
    pub initial: MarginRatio,
    /// The ratio at which a position is liquidated.
    pub maintenance: MarginRatio,
    /// How long a margin call waits before the position is reduced, in milliseconds.
    pub grace_ms: u64,
    /// What a liquidated position pays to the insurance fund, of the notional closed.
    pub liquidation_fee: BasisPoints,
    /// The largest position of one account, its open orders on that side included.
    pub max_position: Quantity,
    /// The most that all accounts may have on one side, open orders included.
    pub max_open_interest: Quantity,
    /// How old the mark price may be for a liquidation, in milliseconds.
    pub max_mark_age_ms: u64,
    /// How far from the index the mark price may be, in basis points; `None` without an index.
    pub index_band: Option<u16>,
}

impl PairMargin {
    /// A warning is called at or below this ratio. // G-12
    pub const fn warning(&self) -> MarginRatio {
        self.maintenance.tenths(15)
    }

    /// A warning ends above this ratio.
    pub const fn warning_ends(&self) -> MarginRatio {
        self.maintenance.tenths(16)
    }

    /// A call is critical at or below this ratio.
    pub const fn critical(&self) -> MarginRatio {
        self.maintenance.tenths(12)
    }

    /// A critical call is a warning again above this ratio.
    pub const fn critical_ends(&self) -> MarginRatio {
        self.maintenance.tenths(13)
    }
}

/// Which way a position profits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PositionSide {
    /// From a rise: base was bought with borrowed quote.
    Long,
    /// From a fall: borrowed base was sold.
    Short,
}

impl PositionSide {
    /// The side of an order that opens it.
    pub const fn opens(self) -> Side {
        match self {
            PositionSide::Long => Side::Buy,
            PositionSide::Short => Side::Sell,
        }
    }

    /// The side of an order that closes it.
    pub const fn closes(self) -> Side {
        self.opens().opposite()
    }

    /// The position that an order of `side` opens.
    pub const fn opened_by(side: Side) -> PositionSide {
        match side {
            Side::Buy => PositionSide::Long,
            Side::Sell => PositionSide::Short,
        }
    }
}

/// The name of a position: that of the trade that opened it, and whether the trade's buyer or
/// its seller opened it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PositionId(pub u64);

impl PositionId {
    /// Names the position of `side` that the trade of `pair` at `sequence`, below 2^51, opened.
    pub const fn new(pair: PairId, sequence: EventSequence, side: PositionSide) -> PositionId {
        let TradeId(trade) = TradeId::new(pair, sequence);
        let side = match side {
            PositionSide::Long => 0,
            PositionSide::Short => 1,
        };
        PositionId(trade * 2 + side)
    }

    /// The pair of the position.
    pub fn pair(self) -> PairId {
        let pair = self.0 / 2 % u64::from(PairId::LIMIT);
        PairId(u16::try_from(pair).expect("invariant: the limit is a u16"))
    }
}

/// Who pays for an order, and what it may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Funding {
    /// Its owner, whole.
    #[default]
    Spot,
    /// Its owner the margin, the lending pool the rest.
    Margin {
        /// How many times the margin it may trade.
        leverage: Leverage,
        /// The price at which the margin of a sell is computed, for it may trade above its limit:
        /// the highest of its own and the market's when it came.
        floor: Price,
    },
    /// The owner's position, which it may only reduce.
    ReduceOnly,
    /// The position, which is being liquidated. Placed by the exchange alone.
    Liquidation,
    /// As a liquidation, below what the position is worth: the insurance fund pays the rest.
    Backstop,
}

impl Funding {
    /// Whether a position is involved.
    #[inline]
    pub const fn is_margin(self) -> bool {
        !matches!(self, Funding::Spot)
    }
}

/// What a placement asks of margin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum MarginRequest {
    /// Nothing: it is a spot order.
    #[default]
    None,
    /// To trade so many times the margin.
    Leverage(Leverage),
    /// To reduce a position and nothing else.
    ReduceOnly,
}

/// How bad a margin call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CallSeverity {
    /// The ratio is at most one and a half times the maintenance ratio.
    Warning,
    /// At most 1.2 times.
    Critical,
}

/// A fund of the platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reserve {
    /// What positions borrow from.
    LendingPool,
    /// What pays where a position's own money does not reach.
    InsuranceFund,
}

/// An amount that comes in or goes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Movement {
    /// In.
    In(Amount),
    /// Out.
    Out(Amount),
}

impl Movement {
    /// How much.
    pub const fn amount(self) -> Amount {
        match self {
            Movement::In(amount) | Movement::Out(amount) => amount,
        }
    }
}

/// How one asset is lent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Lending {
    /// The most that may be lent and promised to open orders at one time.
    pub limit: Amount,
    /// Interest an hour, in billionths of what is lent.
    pub hourly_rate: u32,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test stops where its table is wrong")]

    use super::*;

    #[test]
    fn a_leverage_divides_and_rounds_up() {
        let margin = |leverage: u16, notional: u64| {
            let leverage = Leverage::new(leverage).unwrap();
            leverage.margin(Amount::new(notional).unwrap()).units()
        };
        assert_eq!(margin(1_000, 1_000_000), 100_000);
        assert_eq!(margin(1_000, 1), 1);
        assert_eq!(margin(300, 100), 34);
        assert_eq!(margin(101, 101), 100);
        assert_eq!(Leverage::new(100), None);
        assert!(Leverage::new(u16::MAX).is_some());
    }

    #[test]
    fn a_position_is_named_by_its_pair_trade_and_side() {
        let sequence = EventSequence(77);
        let pair = PairId(4_095);
        let long = PositionId::new(pair, sequence, PositionSide::Long);
        let short = PositionId::new(pair, sequence, PositionSide::Short);
        assert_ne!(long, short);
        assert_eq!((long.pair(), short.pair()), (pair, pair));
    }

    #[test]
    fn calls_begin_and_end_around_the_maintenance_ratio() {
        let maintenance = MarginRatio::new(5_000).unwrap();
        let terms = PairMargin {
            max_leverage: Leverage::new(1_000).unwrap(),
            initial: MarginRatio::new(10_000).unwrap(),
            maintenance,
            grace_ms: 3_600_000,
            liquidation_fee: BasisPoints::new(50).unwrap(),
            max_position: Quantity::MAX,
            max_open_interest: Quantity::MAX,
            max_mark_age_ms: 3_600_000,
            index_band: None,
        };
        assert_eq!(terms.critical().get(), 6_000);
        assert_eq!(terms.critical_ends().get(), 6_500);
        assert_eq!(terms.warning().get(), 7_500);
        assert_eq!(terms.warning_ends().get(), 8_000);
    }
}
