//! What must happen at a time to come, the earliest first.
//!
//! Expiry of orders, dead-man switches, and what circuit breakers do. Nothing here looks at a
//! clock: whoever has one asks [`Clearing::next_deadline`](super::Clearing::next_deadline) when to
//! look again.

use std::collections::BTreeSet;

use crate::domain::{AccountId, OrderId, PairId, Timestamp};

/// What happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::clearing) enum Due {
    /// An order ends by itself.
    Order(OrderId),
    /// All open orders of an account are cancelled.
    Account(AccountId),
    /// A price becomes a pair's reference.
    Reference(PairId),
    /// A pair that the circuit breaker halted opens.
    Reopening(PairId),
    /// A pair's positions owe interest.
    Interest(PairId),
    /// The time of a margin call is up.
    Grace(PairId, AccountId),
    /// A pair's positions are looked at: liquidations go on, debts are paid.
    Margin(PairId),
}

/// All that is to happen.
#[derive(Clone, Debug, Default)]
pub(in crate::clearing) struct Deadlines {
    /// The time of the first, kept apart because every request asks for it.
    first: Option<Timestamp>,
    all: BTreeSet<(Timestamp, Due)>,
}

impl Deadlines {
    /// When the first thing happens.
    #[inline]
    pub(in crate::clearing) fn first(&self) -> Option<Timestamp> {
        self.first
    }

    /// Whether something has to happen by `now`.
    #[inline]
    pub(in crate::clearing) fn is_due(&self, now: Timestamp) -> bool {
        self.first.is_some_and(|first| first <= now)
    }

    /// How many there are.
    pub(in crate::clearing) fn len(&self) -> usize {
        self.all.len()
    }

    pub(in crate::clearing) fn contains(&self, at: Timestamp, due: Due) -> bool {
        self.all.contains(&(at, due))
    }

    pub(in crate::clearing) fn add(&mut self, at: Timestamp, due: Due) {
        self.all.insert((at, due));
        self.find_first();
    }

    /// Takes it out, if it is still there.
    pub(in crate::clearing) fn remove(&mut self, at: Timestamp, due: Due) {
        self.all.remove(&(at, due));
        self.find_first();
    }

    /// Takes out the first that is due by `now`.
    pub(in crate::clearing) fn pop(&mut self, now: Timestamp) -> Option<Due> {
        if !self.is_due(now) {
            return None;
        }
        let (_, due) = self.all.pop_first()?;
        self.find_first();
        Some(due)
    }

    fn find_first(&mut self) {
        self.first = self.all.first().map(|(at, _)| *at);
    }
}
