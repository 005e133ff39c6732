//! The trades that traders were told of.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::user::{User, text};

/// All trades that anybody was told of: each has two sides, and no third.
#[derive(Default)]
pub(crate) struct Trades {
    halves: BTreeMap<String, Value>,
    pub(crate) whole: BTreeSet<String>,
    /// How many of each pair are whole.
    pub(crate) by_pair: BTreeMap<String, usize>,
}

impl Trades {
    pub(crate) fn take(&mut self, user: &mut User) {
        for fill in user.fills.drain(..) {
            self.take_fill(fill);
        }
    }

    /// One side of a trade.
    pub(crate) fn take_fill(&mut self, fill: Value) {
        let id = text(&fill, "tradeId");
        let Some(other) = self.halves.remove(&id) else {
            assert!(!self.whole.contains(&id), "a third side: {fill}");
            self.halves.insert(id, fill);
            return;
        };
        for key in ["pair", "lastFillPrice", "lastFillAmount", "sequence"] {
            assert_eq!(fill[key], other[key], "{key}: {fill} and {other}");
        }
        assert_ne!(fill["side"], other["side"]);
        assert_ne!(fill["liquidity"], other["liquidity"]);
        self.whole.insert(id);
        *self.by_pair.entry(text(&fill, "pair")).or_default() += 1;
    }

    pub(crate) fn check(&self) {
        assert!(self.halves.is_empty(), "one side only: {:?}", self.halves);
    }
}
