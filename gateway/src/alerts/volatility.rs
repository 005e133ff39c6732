use std::collections::VecDeque;

use engine::domain::{Price, Timestamp};

use super::Severity;

/// When a pair counts as volatile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VolatilityRules {
    /// How far the highest price is above the lowest, in basis points of the lowest.
    pub move_bps: u32,
    /// Within how long, in milliseconds, at least sixty.
    pub window_ms: u64,
}

/// Into how many parts the window is cut.
const BUCKETS: u64 = 60;

/// The lowest and the highest price of one pair's last trades.
///
/// Prices are kept by parts of the window, so that memory does not depend on the number of
/// trades; what is in the oldest part counts until all of it is too old, a sixtieth of the window
/// late at most. Time is linear in the number of parts.
#[derive(Clone, Debug)]
pub struct Volatility {
    rules: VolatilityRules,
    /// By number of the part, ascending.
    buckets: VecDeque<Bucket>,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    number: u64,
    low: u32,
    high: u32,
}

/// A move that is worth an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Move {
    /// In basis points of the lowest price, rounded down.
    pub bps: u64,
    /// The limit that it reached: what is configured, or twice that.
    pub limit_bps: u64,
    /// A warning; critical from twice the configured move on.
    pub severity: Severity,
    /// When it is out of the window, if no trade renews it.
    pub ends_at: Timestamp,
}

impl Volatility {
    /// Without a trade.
    pub fn new(rules: VolatilityRules) -> Volatility {
        Volatility {
            rules,
            buckets: VecDeque::new(),
        }
    }

    /// When it counts as volatile.
    pub const fn rules(&self) -> VolatilityRules {
        self.rules
    }

    /// Takes a trade; `Some` while the pair is volatile.
    pub fn on_trade(&mut self, price: Price, time: Timestamp) -> Option<Move> {
        let span = (self.rules.window_ms / BUCKETS).max(1);
        // A clock that was put back does not open a second past.
        let last = self.buckets.back().map_or(0, |it| it.number);
        let number = (time.0 / span).max(last);
        let ticks = price.ticks();
        match self.buckets.back_mut().filter(|it| it.number == number) {
            Some(bucket) => {
                bucket.low = bucket.low.min(ticks);
                bucket.high = bucket.high.max(ticks);
            }
            None => self.buckets.push_back(Bucket {
                number,
                low: ticks,
                high: ticks,
            }),
        }
        while self
            .buckets
            .front()
            .is_some_and(|it| number - it.number > BUCKETS)
        {
            self.buckets.pop_front();
        }
        let low = self.buckets.iter().map(|it| it.low).min()?;
        let high = self.buckets.iter().map(|it| it.high).max()?;
        let bps = u64::from(high - low) * 10_000 / u64::from(low.max(1));
        let limit = u64::from(self.rules.move_bps);
        if bps < limit {
            return None;
        }
        // Over once either end of it is: the one that was seen last counts.
        let last = |is_end: fn(&Bucket, u32) -> bool, end| {
            let newest = self.buckets.iter().rev().find(|it| is_end(it, end));
            newest.map_or(0, |it| it.number)
        };
        let (low, high) = (
            last(|it, end| it.low == end, low),
            last(|it, end| it.high == end, high),
        );
        let (severity, limit_bps) = if bps >= 2 * limit {
            (Severity::Critical, 2 * limit)
        } else {
            (Severity::Warning, limit)
        };
        Some(Move {
            bps,
            limit_bps,
            severity,
            ends_at: Timestamp((low.min(high) + BUCKETS + 1).saturating_mul(span)),
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a test may stop at what it did not expect

    use proptest::prelude::*;

    use super::*;

    fn pair() -> Volatility {
        Volatility::new(VolatilityRules {
            move_bps: 500,
            window_ms: 60_000,
        })
    }

    fn price(ticks: u32) -> Price {
        Price::new(ticks).unwrap()
    }

    #[test]
    fn a_move_counts_from_its_limit_on_and_within_its_window() {
        let mut pair = pair();
        assert_eq!(pair.on_trade(price(100_000), Timestamp(1_000)), None);
        assert_eq!(pair.on_trade(price(104_999), Timestamp(2_000)), None);
        let warning = pair.on_trade(price(105_000), Timestamp(3_000)).unwrap();
        assert_eq!((warning.bps, warning.severity), (500, Severity::Warning));
        assert_eq!(
            warning.ends_at,
            Timestamp(62_000),
            "when the low is out of the window"
        );
        let critical = pair.on_trade(price(110_000), Timestamp(4_000)).unwrap();
        assert_eq!(
            (critical.bps, critical.severity),
            (1_000, Severity::Critical)
        );
        assert!(pair.on_trade(price(110_000), Timestamp(61_999)).is_some());
        assert_eq!(
            pair.on_trade(price(110_000), Timestamp(62_000)),
            None,
            "476 are left"
        );
    }

    proptest! {
        /// Against all trades, kept one by one.
        #[test]
        fn the_move_is_that_of_the_trades_in_the_window(
            trades in prop::collection::vec((90_000_u32..112_000, 0_u64..9_000), 1..120),
        ) {
            let mut pair = pair();
            let (mut all, mut now) = (Vec::new(), 1_000_000_u64);
            for (ticks, later) in trades {
                now += later;
                all.push((ticks, now));
                let found = pair.on_trade(price(ticks), Timestamp(now));
                let second = now / 1_000;
                let kept = all.iter().filter(|(_, at)| second - at / 1_000 <= 60);
                let kept: Vec<u64> = kept.map(|(ticks, _)| u64::from(*ticks)).collect();
                let (low, high) = (kept.iter().min().unwrap(), kept.iter().max().unwrap());
                let bps = (high - low) * 10_000 / low;
                prop_assert_eq!(found.map(|it| it.bps), (bps >= 500).then_some(bps));
                prop_assert!(found.is_none_or(|it| it.ends_at.0 > now));
            }
        }
    }
}
