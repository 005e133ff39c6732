//! Which positions a mark price concerns: by the prices at which something about them changes.
//!
//! Finding those that a change of the mark price reaches is logarithmic in all positions and
//! linear in those found; the others are not touched.

use std::collections::BTreeSet;

use crate::domain::{AccountId, PositionSide, Price};

/// Between which prices nothing about a position changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(in crate::clearing) struct Bounds {
    /// At this price or a worse one something is called, or the position liquidated.
    pub(in crate::clearing) danger: Option<Price>,
    /// At this price or a better one a call is less severe, or over.
    pub(in crate::clearing) relief: Option<Price>,
}

/// The bounds of all positions of a pair.
#[derive(Clone, Debug, Default)]
pub(in crate::clearing) struct Watch {
    /// Reached at the price and below.
    falling: BTreeSet<(Price, AccountId)>,
    /// Reached at the price and above.
    rising: BTreeSet<(Price, AccountId)>,
}

impl Watch {
    /// Watches `now` in place of `before` for the position of `account`.
    pub(in crate::clearing) fn change(
        &mut self,
        account: AccountId,
        side: PositionSide,
        before: Bounds,
        now: Bounds,
    ) {
        if before == now {
            return;
        }
        let (danger, relief) = match side {
            PositionSide::Long => (&mut self.falling, &mut self.rising),
            PositionSide::Short => (&mut self.rising, &mut self.falling),
        };
        for (set, before, now) in [
            (danger, before.danger, now.danger),
            (relief, before.relief, now.relief),
        ] {
            if let Some(price) = before {
                set.remove(&(price, account));
            }
            if let Some(price) = now {
                set.insert((price, account));
            }
        }
    }

    /// Adds to `found` whom the mark price `mark` concerns, by number.
    pub(in crate::clearing) fn reached(&self, mark: Price, found: &mut Vec<AccountId>) {
        let falling = self.falling.range((mark, AccountId(0))..);
        let rising = self.rising.range(..=(mark, AccountId(u32::MAX)));
        found.extend(falling.chain(rising).map(|(_, account)| *account));
        found.sort_unstable();
        found.dedup();
    }

    /// How many bounds are watched.
    pub(in crate::clearing) fn len(&self) -> usize {
        self.falling.len() + self.rising.len()
    }
}
