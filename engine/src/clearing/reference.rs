//! The price around which a pair's circuit breaker stands: that of the last trade five minutes
//! ago, to the minute.
//!
//! Owns the last price of each of the last minutes that had a trade. In: trades, and the time of
//! commands. Constant time; at most [`MINUTES`] + 1 prices while [`Reference::roll`] is called
//! when it is due.

use std::collections::VecDeque;

use crate::domain::{Price, Timestamp};

/// How old a price is when it becomes the reference.
const MINUTES: u64 = 5;
const MINUTE_MS: u64 = 60_000;

/// A pair's reference price.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::clearing) struct Reference {
    price: Price,
    /// The minutes since in which there was a trade, with the last price of each.
    closes: VecDeque<(u64, Price)>,
}

impl Reference {
    pub(in crate::clearing) fn new(price: Price) -> Reference {
        Reference {
            price,
            closes: VecDeque::new(),
        }
    }

    /// A reference as it was once read; `None` where minutes are out of order.
    pub(in crate::clearing) fn of(price: Price, closes: &[(u64, Price)]) -> Option<Reference> {
        let in_order = closes.windows(2).all(|two| two[0].0 < two[1].0);
        in_order.then(|| Reference {
            price,
            closes: closes.iter().copied().collect(),
        })
    }

    pub(in crate::clearing) fn price(&self) -> Price {
        self.price
    }

    /// The minutes that are still to count, with the last price of each.
    pub(in crate::clearing) fn closes(&self) -> Vec<(u64, Price)> {
        self.closes.iter().copied().collect()
    }

    /// Takes down a trade. Where that starts a wait, says when [`Reference::roll`] is due.
    pub(in crate::clearing) fn note(&mut self, at: Timestamp, price: Price) -> Option<Timestamp> {
        let minute = at.0 / MINUTE_MS;
        let starts = self.closes.is_empty();
        match self.closes.back_mut() {
            Some((last, close)) if *last >= minute => *close = price,
            _ => self.closes.push_back((minute, price)),
        }
        if starts { self.due() } else { None }
    }

    /// When the next price becomes the reference.
    pub(in crate::clearing) fn due(&self) -> Option<Timestamp> {
        let (minute, _) = self.closes.front()?;
        Some(Timestamp((minute + MINUTES).saturating_mul(MINUTE_MS)))
    }

    /// Lets what is old enough at `now` become the reference, and says whether anything was.
    pub(in crate::clearing) fn roll(&mut self, now: Timestamp) -> bool {
        let mut rolled = false;
        while let Some(price) = self.closes.front().map(|(_, price)| *price)
            && self.due().is_some_and(|due| due <= now)
        {
            self.price = price;
            self.closes.pop_front();
            rolled = true;
        }
        rolled
    }

    /// Starts anew from `price`.
    pub(in crate::clearing) fn restart(&mut self, price: Price) {
        *self = Reference::new(price);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test stops where its table is wrong")]

    use super::*;

    fn price(ticks: u32) -> Price {
        Price::new(ticks).unwrap()
    }

    // L-31
    #[test]
    fn the_reference_is_the_close_of_five_minutes_ago() {
        let minute = |minute: u64| Timestamp(minute * MINUTE_MS);
        let mut reference = Reference::new(price(100));
        assert_eq!(reference.note(minute(10), price(101)), Some(minute(15)));
        assert_eq!(
            reference.note(Timestamp(minute(11).0 - 1), price(102)),
            None
        );
        assert_eq!(reference.note(minute(11), price(103)), None);
        assert_eq!(reference.note(minute(14), price(104)), None);
        assert!(!reference.roll(Timestamp(minute(15).0 - 1)));
        assert_eq!(reference.price(), price(100));
        assert!(reference.roll(minute(15)));
        assert_eq!(reference.price(), price(102));
        assert_eq!(reference.due(), Some(minute(16)));
        assert!(reference.roll(minute(19)));
        assert_eq!((reference.price(), reference.due()), (price(104), None));
        for number in 20..26 {
            reference.note(minute(number), price(200 + u32::try_from(number).unwrap()));
        }
        assert_eq!(reference.closes().len(), 6);
        assert!(reference.roll(minute(100)));
        assert_eq!(reference.price(), price(225));
        let closes = reference.closes();
        assert_eq!(Reference::of(price(225), &closes), Some(reference));
        assert_eq!(
            Reference::of(price(1), &[(2, price(1)), (2, price(1))]),
            None
        );
    }
}
