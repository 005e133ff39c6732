//! What a pair did in the last 24 hours, from minute buckets.
//!
//! In: trades with their time, in order. Out: [`DayFigures`], exact at the grain of a bucket: of
//! the 1,440 minutes that end with the current one. A trade whose time falls counts in the minute
//! of the newest trade.
//!
//! Complexity: O(1) amortised a trade and a look: a bucket is added and dropped once, and stands
//! once in each of the two deques that know the extremes. Limit: 1,440 buckets.

use std::collections::VecDeque;

use bytes::{Buf, BufMut, TryGetError};
use engine::domain::{Price, Quantity, Timestamp};

/// How many minutes a day has.
const MINUTES: u64 = 24 * 60;
const MINUTE_MS: u64 = 60_000;

/// The last 24 hours of a pair.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Day {
    /// The newest minute that was looked at or traded in, since the epoch.
    now: u64,
    /// The minutes with a trade, oldest first.
    buckets: VecDeque<Bucket>,
    /// Falling prices, each with the last minute that reached it: the first is the highest.
    highs: VecDeque<(u64, Price)>,
    /// Rising prices, likewise: the first is the lowest.
    lows: VecDeque<(u64, Price)>,
    lots: u128,
    tick_lots: u128,
    /// The last price before the oldest bucket.
    before: Option<Price>,
}

/// What a pair did in the last 24 hours. Without any trade ever, there are no figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayFigures {
    /// The price in force when the 24 hours began: of the last trade before them, or of their
    /// first one where there was none.
    pub open: Price,
    /// The highest trade; without any, the price in force.
    pub high: Price,
    /// The lowest trade; without any, the price in force.
    pub low: Price,
    /// The last trade.
    pub last: Price,
    /// How many lots traded.
    pub lots: u128,
    /// What they came to, in ticks times lots.
    pub tick_lots: u128,
}

/// The trades of one minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Bucket {
    minute: u64,
    open: Price,
    high: Price,
    low: Price,
    close: Price,
    lots: u128,
    tick_lots: u128,
}

impl Bucket {
    fn of(minute: u64, price: Price) -> Bucket {
        Bucket {
            minute,
            open: price,
            high: price,
            low: price,
            close: price,
            lots: 0,
            tick_lots: 0,
        }
    }
}

impl Day {
    /// Takes a trade.
    pub fn trade(&mut self, time: Timestamp, price: Price, quantity: Quantity) {
        let newest = self.buckets.back().map_or(0, |it| it.minute);
        let minute = newest.max(time.0 / MINUTE_MS);
        if self.buckets.is_empty() || minute > newest {
            self.buckets.push_back(Bucket::of(minute, price));
        }
        let lots = u128::from(quantity.lots());
        // 1,440 minutes of 2^72 fit as long as no minute has 2^45 trades.
        let tick_lots = u128::from(price.ticks()) * lots;
        if let Some(bucket) = self.buckets.back_mut() {
            bucket.high = bucket.high.max(price);
            bucket.low = bucket.low.min(price);
            bucket.close = price;
            bucket.lots += lots;
            bucket.tick_lots += tick_lots;
        }
        self.lots += lots;
        self.tick_lots += tick_lots;
        self.reach(minute, price);
        self.advance(time);
    }

    /// The figures at `now`; `None` before the first trade.
    pub fn figures(&mut self, now: Timestamp) -> Option<DayFigures> {
        self.advance(now);
        let last = self.buckets.back().map(|it| it.close).or(self.before)?;
        let first = self.buckets.front().map_or(last, |it| it.open);
        Some(DayFigures {
            open: self.before.unwrap_or(first),
            high: self.highs.front().map_or(last, |(_, price)| *price),
            low: self.lows.front().map_or(last, |(_, price)| *price),
            last,
            lots: self.lots,
            tick_lots: self.tick_lots,
        })
    }

    /// Drops the minutes that are over a day old.
    fn advance(&mut self, time: Timestamp) {
        self.now = self.now.max(time.0 / MINUTE_MS);
        let Some(oldest) = (self.now + 1).checked_sub(MINUTES) else {
            return;
        };
        while let Some(bucket) = self.buckets.front().filter(|it| it.minute < oldest) {
            self.lots -= bucket.lots;
            self.tick_lots -= bucket.tick_lots;
            self.before = Some(bucket.close);
            self.buckets.pop_front();
        }
        for extremes in [&mut self.highs, &mut self.lows] {
            while extremes.front().is_some_and(|it| it.0 < oldest) {
                extremes.pop_front();
            }
        }
    }

    /// Notes a price that was reached: those before it that it outdoes count no more.
    fn reach(&mut self, minute: u64, price: Price) {
        keep(&mut self.highs, (minute, price), |other| other <= price);
        keep(&mut self.lows, (minute, price), |other| other >= price);
    }

    /// Appends all of it to `out`.
    pub fn save(&self, out: &mut Vec<u8>) {
        out.put_u64_le(self.now);
        out.put_u32_le(self.before.map_or(0, Price::ticks));
        out.put_u64_le(self.buckets.len() as u64);
        for bucket in &self.buckets {
            out.put_u64_le(bucket.minute);
            for price in [bucket.open, bucket.high, bucket.low, bucket.close] {
                out.put_u32_le(price.ticks());
            }
            out.put_u128_le(bucket.lots);
            out.put_u128_le(bucket.tick_lots);
        }
    }

    /// Reads what [`Day::save`] wrote from the front of `bytes`, and leaves the rest; `None`
    /// where it is no such thing.
    pub fn load(bytes: &mut &[u8]) -> Option<Day> {
        Day::read(bytes).ok().flatten()
    }

    fn read(bytes: &mut &[u8]) -> Result<Option<Day>, TryGetError> {
        let mut day = Day {
            now: bytes.try_get_u64_le()?,
            before: Price::new(bytes.try_get_u32_le()?),
            ..Day::default()
        };
        let count = bytes.try_get_u64_le()?;
        for _ in 0..count {
            let minute = bytes.try_get_u64_le()?;
            let mut prices = [None; 4];
            for price in &mut prices {
                *price = Price::new(bytes.try_get_u32_le()?);
            }
            let (lots, tick_lots) = (bytes.try_get_u128_le()?, bytes.try_get_u128_le()?);
            let [Some(open), Some(high), Some(low), Some(close)] = prices else {
                return Ok(None);
            };
            let is_later = day.buckets.back().is_none_or(|it| it.minute < minute);
            let sums = (
                day.lots.checked_add(lots),
                day.tick_lots.checked_add(tick_lots),
            );
            let (Some(all_lots), Some(all_tick_lots), true) =
                (sums.0, sums.1, is_later && minute <= day.now)
            else {
                return Ok(None);
            };
            (day.lots, day.tick_lots) = (all_lots, all_tick_lots);
            day.reach(minute, high);
            day.reach(minute, low);
            day.buckets.push_back(Bucket {
                minute,
                open,
                high,
                low,
                close,
                lots,
                tick_lots,
            });
        }
        Ok(Some(day))
    }
}

/// Adds an extreme in place of those at the end that it outdoes. Of one minute one is enough: all
/// of it ends at once.
fn keep(
    extremes: &mut VecDeque<(u64, Price)>,
    (minute, price): (u64, Price),
    is_outdone: impl Fn(Price) -> bool,
) {
    while extremes.back().is_some_and(|it| is_outdone(it.1)) {
        extremes.pop_back();
    }
    if extremes.back().is_none_or(|it| it.0 != minute) {
        extremes.push_back((minute, price));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a test may stop at what it did not expect

    use proptest::prelude::*;

    use super::*;

    fn price(ticks: u32) -> Price {
        Price::new(ticks).unwrap()
    }

    fn lots(lots: u64) -> Quantity {
        Quantity::new(lots).unwrap()
    }

    /// The same from a plain list of all trades ever.
    fn recomputed(trades: &[(u64, Price, u64)], now: u64) -> Option<DayFigures> {
        let last = trades.last()?.1;
        let is_in = |it: &&(u64, Price, u64)| it.0 + MINUTES > now;
        let day: Vec<_> = trades.iter().filter(is_in).collect();
        let before = trades.iter().rev().find(|it| !is_in(it));
        let prices = || day.iter().map(|it| it.1);
        Some(DayFigures {
            open: before.map_or(day.first().map_or(last, |it| it.1), |it| it.1),
            high: prices().max().unwrap_or(last),
            low: prices().min().unwrap_or(last),
            last,
            lots: day.iter().map(|it| u128::from(it.2)).sum(),
            tick_lots: day
                .iter()
                .map(|it| u128::from(it.1.ticks()) * u128::from(it.2))
                .sum(),
        })
    }

    /// A trade, or only a look; and how far the clock jumps before it, backwards too.
    fn step() -> impl Strategy<Value = (i64, Option<(u32, u64)>)> {
        let minute = 60_000_i64;
        let jump = prop_oneof![
            8 => 0..30_000_i64,
            4 => 0..20 * minute,
            2 => 600 * minute..900 * minute,
            1 => 1_430 * minute..1_450 * minute,
            1 => 3_000 * minute..4_000 * minute,
            1 => -90 * minute..0_i64,
        ];
        let trade = prop::option::weighted(0.8, (1..50_u32, 1..1_000_u64));
        (jump, trade)
    }

    proptest! {
        #[test]
        fn a_day_is_what_a_plain_sum_over_its_trades_says(
            steps in prop::collection::vec(step(), 1..300),
            saved_at in 0..300_usize,
        ) {
            let mut day = Day::default();
            let mut trades = Vec::new();
            let (mut clock, mut newest, mut traded) = (1_640_995_200_000_i64, 0, 0);
            for (index, (jump, trade)) in steps.into_iter().enumerate() {
                clock += jump;
                let time = Timestamp(u64::try_from(clock).unwrap());
                newest = newest.max(time.0 / MINUTE_MS);
                if let Some((ticks, quantity)) = trade {
                    day.trade(time, price(ticks), lots(quantity));
                    traded = traded.max(time.0 / MINUTE_MS);
                    trades.push((traded, price(ticks), quantity));
                }
                prop_assert_eq!(day.figures(time), recomputed(&trades, newest));
                prop_assert!(day.buckets.len() as u64 <= MINUTES);
                prop_assert!(day.highs.len() as u64 <= MINUTES);
                if index == saved_at {
                    let mut saved = Vec::new();
                    day.save(&mut saved);
                    saved.push(7);
                    let mut bytes = &saved[..];
                    let loaded = Day::load(&mut bytes).unwrap();
                    prop_assert_eq!(bytes, &[7]);
                    prop_assert_eq!(&loaded, &day);
                    day = loaded;
                }
            }
        }
    }

    /// A full day of trades in every minute, each lower than the one before: the worst case for
    /// the highs.
    #[test]
    fn a_minute_leaves_the_day_with_all_that_it_was() {
        let mut day = Day::default();
        for minute in 0..MINUTES + 1 {
            let at = Timestamp(minute * MINUTE_MS + 59_999);
            day.trade(at, price(u32::try_from(5_000 - minute).unwrap()), lots(2));
        }
        let at = Timestamp(MINUTES * MINUTE_MS + 59_999);
        let figures = day.figures(at).unwrap();
        assert_eq!(figures.lots, u128::from(2 * MINUTES));
        assert_eq!(figures.open, price(5_000), "in force when the day began");
        assert_eq!(figures.high, price(4_999), "the first minute is out");
        let next = day.figures(Timestamp(at.0 + 1)).unwrap();
        assert_eq!((next.open, next.high), (price(4_999), price(4_998)));
        let quiet = day.figures(at.plus(2 * MINUTES * MINUTE_MS)).unwrap();
        let last = price(u32::try_from(5_000 - MINUTES).unwrap());
        assert_eq!((quiet.open, quiet.high, quiet.low), (last, last, last));
        assert_eq!((quiet.lots, quiet.tick_lots), (0, 0));
    }

    #[test]
    fn bytes_that_are_no_day_are_refused() {
        let mut day = Day::default();
        day.trade(Timestamp(60_000), price(5), lots(1));
        day.trade(Timestamp(120_000), price(6), lots(1));
        let mut saved = Vec::new();
        day.save(&mut saved);
        for end in 0..saved.len() {
            assert_eq!(Day::load(&mut &saved[..end]), None, "{end}");
        }
        // A later minute than the last look, and no price.
        for (at, byte) in [(0, 0), (20 + 8, 0)] {
            let mut changed = saved.clone();
            changed[at] = byte;
            assert_eq!(Day::load(&mut &changed[..]), None, "{at}");
        }
    }
}
