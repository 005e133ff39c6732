//! One side of a book: its levels, best first.
//!
//! Owns the levels, not the orders. Prices are turned into *ranks*, in which lower is better on
//! both sides, so that one code serves both without a branch on the side. Levels of the ranks
//! from `base` to `base + window` stand in a ring indexed by rank, with a bitmap of the occupied
//! ones; all others stand in a sorted map. Where the window lies changes speed, never results.
//!
//! Invariants: a level stands in the ring exactly when its rank is in the window; a level that
//! exists holds orders; `best` is the lowest rank of all levels, or [`NO_RANK`].
//! Complexity: constant in the window, logarithmic outside. The window moves after
//! [`Ladder::recentre_after`] touches outside it, so that what moving costs is paid by touches.

use std::collections::BTreeMap;

use super::arena::NIL;
use super::bitmap::Bitmap;
use crate::domain::{Price, Side};

/// No level: worse than every rank.
pub(super) const NO_RANK: u32 = u32::MAX;

/// The queue of one price: first in, first out, linked through the arena.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C, align(16))]
pub(super) struct Level {
    /// Sum of the leaves, in lots: at most 2^23 orders of 2^40 lots.
    pub(super) total: u64,
    /// The oldest order, or [`NIL`] where there is no level.
    pub(super) head: u32,
    /// The youngest order, or [`NIL`] where there is no level.
    pub(super) tail: u32,
}

const _: () = assert!(size_of::<Level>() == 16);

impl Level {
    const EMPTY: Level = Level {
        total: 0,
        head: NIL,
        tail: NIL,
    };
}

/// The levels of one side.
#[derive(Debug)]
pub(super) struct Ladder {
    best: u32,
    base: u32,
    /// Turns prices into ranks: all ones for bids, zero for asks.
    flip: u32,
    /// The window's size less one; the size is a power of two.
    mask: u32,
    window: Box<[Level]>,
    occupied: Bitmap,
    far: BTreeMap<u32, Level>,
    far_touches: u32,
}

impl Ladder {
    /// Makes an empty side with a window of `window_levels`, a power of two from 64 to 2^18.
    pub(super) fn new(side: Side, window_levels: u32) -> Ladder {
        assert!(
            window_levels.is_power_of_two() && window_levels >= 64,
            "invariant: a window is a power of two of at least 64 levels"
        );
        Ladder {
            best: NO_RANK,
            base: 0,
            flip: match side {
                Side::Buy => u32::MAX,
                Side::Sell => 0,
            },
            mask: window_levels - 1,
            window: vec![Level::EMPTY; window_levels as usize].into_boxed_slice(),
            occupied: Bitmap::new(window_levels as usize),
            far: BTreeMap::new(),
            far_touches: 0,
        }
    }

    /// The rank of `price` on this side: bids count down from the highest price, asks up from
    /// the lowest, both from 0 to 2^32 − 2.
    #[inline]
    pub(super) const fn rank(&self, price: Price) -> u32 {
        (price.ticks() ^ self.flip).wrapping_add(!self.flip)
    }

    /// The price at `rank`, which came from [`Ladder::rank`].
    #[inline]
    pub(super) fn price(&self, rank: u32) -> Price {
        Price::new(rank.wrapping_sub(!self.flip) ^ self.flip)
            .expect("invariant: a rank comes from a price")
    }

    /// The rank of the best level, or [`NO_RANK`].
    #[inline]
    pub(super) const fn best(&self) -> u32 {
        self.best
    }

    /// The level at `rank`, where there is one.
    #[inline]
    pub(super) fn level(&self, rank: u32) -> Option<&Level> {
        if self.in_window(rank) {
            let level = &self.window[self.index(rank)];
            (level.head != NIL).then_some(level)
        } else {
            self.far.get(&rank)
        }
    }

    /// The level at `rank`, which exists.
    #[inline]
    pub(super) fn level_mut(&mut self, rank: u32) -> &mut Level {
        if self.in_window(rank) {
            let index = self.index(rank);
            &mut self.window[index]
        } else {
            self.far_touches = self.far_touches.saturating_add(1);
            self.far
                .get_mut(&rank)
                .expect("invariant: an order's level exists")
        }
    }

    /// Puts `slot` with `leaves` behind the last order at `rank`, and returns the one before it,
    /// or [`NIL`] where it opened the level.
    #[inline]
    pub(super) fn append(&mut self, rank: u32, slot: u32, leaves: u64) -> u32 {
        if !self.in_window(rank) {
            return self.append_far(rank, slot, leaves);
        }
        let index = self.index(rank);
        let level = &mut self.window[index];
        let before = level.tail;
        level.total += leaves;
        level.tail = slot;
        if before == NIL {
            level.head = slot;
            self.occupied.set(index);
            self.best = self.best.min(rank);
        }
        before
    }

    /// Takes away the level at `rank`, whose last order has just left.
    #[inline]
    pub(super) fn close(&mut self, rank: u32) {
        if self.in_window(rank) {
            let index = self.index(rank);
            let level = &mut self.window[index];
            assert!(
                level.total == 0,
                "invariant: a level without orders has no total"
            );
            *level = Level::EMPTY;
            self.occupied.clear(index);
        } else {
            self.close_far(rank);
        }
        if rank == self.best {
            self.best = self.next_after(rank);
        }
    }

    /// The best rank that is worse than `rank`, or [`NO_RANK`].
    #[inline]
    pub(super) fn next_after(&self, rank: u32) -> u32 {
        if self.far.is_empty() {
            self.window_from(rank + 1)
        } else {
            let far = self.far.range(rank + 1..).next();
            self.window_from(rank + 1)
                .min(far.map_or(NO_RANK, |(&rank, _)| rank))
        }
    }

    /// Moves the window to the best level once enough was touched outside it. Called between
    /// commands; what it costs is what it moves.
    #[inline]
    pub(super) fn settle_window(&mut self) {
        if self.far_touches >= self.recentre_after() {
            self.recentre();
        }
    }

    /// How many touches outside the window move it: as many as the bitmap has words, so that a
    /// move costs about a constant for each.
    const fn recentre_after(&self) -> u32 {
        self.mask / 64 + 16
    }

    #[inline]
    const fn in_window(&self, rank: u32) -> bool {
        rank.wrapping_sub(self.base) <= self.mask
    }

    #[inline]
    const fn index(&self, rank: u32) -> usize {
        (rank & self.mask) as usize
    }

    /// How far `to` lies ahead of `from` in the ring.
    #[inline]
    fn index_distance(&self, from: usize, to: usize) -> u32 {
        let size = self.window.len();
        let ahead = if to >= from {
            to - from
        } else {
            to + size - from
        };
        u32::try_from(ahead).expect("invariant: a window is at most 2^18 levels")
    }

    /// The best occupied rank in the window that is not better than `rank`, or [`NO_RANK`].
    #[inline]
    fn window_from(&self, rank: u32) -> u32 {
        let end = self.base + self.mask;
        let rank = rank.max(self.base);
        if rank > end {
            return NO_RANK;
        }
        // The ring: first from the rank's place to its end, then from its start.
        let from = self.index(rank);
        let Some(index) = self
            .occupied
            .next_from(from)
            .or_else(|| self.occupied.next_from(0))
        else {
            return NO_RANK;
        };
        let ahead = self.index_distance(from, index);
        // Beyond the end the ring has come round to what is better than `rank`.
        if ahead <= end - rank {
            rank + ahead
        } else {
            NO_RANK
        }
    }

    #[cold]
    #[inline(never)]
    fn append_far(&mut self, rank: u32, slot: u32, leaves: u64) -> u32 {
        if self.best == NO_RANK {
            // Nothing to move: put the window where the market is.
            self.base = self.base_around(rank);
            return self.append(rank, slot, leaves);
        }
        self.far_touches = self.far_touches.saturating_add(1);
        let level = self.far.entry(rank).or_insert(Level::EMPTY);
        let before = level.tail;
        level.total += leaves;
        level.tail = slot;
        if before == NIL {
            level.head = slot;
            self.best = self.best.min(rank);
        }
        before
    }

    #[cold]
    #[inline(never)]
    fn close_far(&mut self, rank: u32) {
        let level = self.far.remove(&rank);
        assert!(
            level.is_some_and(|level| level.total == 0),
            "invariant: a closed level existed and has no total"
        );
    }

    /// Where a window begins that has `rank` at a quarter: most orders arrive behind the best.
    const fn base_around(&self, rank: u32) -> u32 {
        let base = rank.saturating_sub(self.mask / 4);
        let highest = NO_RANK - 1 - self.mask;
        if base < highest { base } else { highest }
    }

    #[cold]
    #[inline(never)]
    fn recentre(&mut self) {
        self.far_touches = 0;
        if self.best == NO_RANK {
            return;
        }
        let base = self.base_around(self.best);
        let (old, size) = (self.base, self.mask + 1);
        if base == old {
            return;
        }
        // Out go the ranks that only the old window has, …
        let (from, until) = if base > old {
            (old, (old + size).min(base))
        } else {
            (old.max(base + size), old + size)
        };
        let mut rank = self.window_from(from);
        while rank < until {
            let index = self.index(rank);
            self.far.insert(rank, self.window[index]);
            self.window[index] = Level::EMPTY;
            self.occupied.clear(index);
            rank = self.window_from(rank + 1);
        }
        self.base = base;
        // … in come those that only the new one has. The others keep their place in the ring.
        while let Some((&rank, _)) = self.far.range(base..base + size).next() {
            let level = self.far.remove(&rank).expect("invariant: it was just seen");
            let index = self.index(rank);
            self.window[index] = level;
            self.occupied.set(index);
        }
    }
}

/// What only the walk of every invariant and the views look at.
impl Ladder {
    /// Every level with its rank, best first.
    pub(super) fn levels(&self) -> Levels<'_> {
        Levels {
            ladder: self,
            rank: self.best,
        }
    }

    /// Walks the structure and says what is wrong with it; the queues are the book's to walk.
    pub(super) fn verify(&self) -> Result<(), String> {
        self.occupied.verify()?;
        for (index, level) in self.window.iter().enumerate() {
            if (level.head != NIL) != self.occupied.contains(index) {
                return Err(format!("ladder: the bitmap is wrong about place {index}"));
            }
            if level.head == NIL && *level != Level::EMPTY {
                return Err(format!("ladder: place {index} is empty but for {level:?}"));
            }
        }
        for (rank, level) in &self.far {
            if self.in_window(*rank) || level.head == NIL {
                return Err(format!("ladder: far rank {rank} does not belong there"));
            }
        }
        let far = self.far.keys().next().copied().unwrap_or(NO_RANK);
        let best = self.window_from(0).min(far);
        if best != self.best {
            return Err(format!("ladder: best is {best}, not {}", self.best));
        }
        Ok(())
    }
}

/// An iterator over the levels of a side, best first. Each step costs a search for the next.
#[derive(Clone, Debug)]
pub(super) struct Levels<'a> {
    ladder: &'a Ladder,
    rank: u32,
}

impl<'a> Iterator for Levels<'a> {
    type Item = (u32, &'a Level);

    fn next(&mut self) -> Option<Self::Item> {
        let rank = self.rank;
        let level = self.ladder.level(rank).filter(|_| rank != NO_RANK)?;
        self.rank = self.ladder.next_after(rank);
        Some((rank, level))
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        reason = "a test may stop where its input is wrong"
    )]

    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ranks_are_better_when_lower_and_leave_room_for_none() {
        for side in [Side::Buy, Side::Sell] {
            let ladder = Ladder::new(side, 64);
            for price in [1, 2, 1000, u32::MAX - 1, u32::MAX] {
                let price = Price::new(price).unwrap();
                assert!(ladder.rank(price) < NO_RANK);
                assert_eq!(ladder.price(ladder.rank(price)), price);
            }
            let (low, high) = (ladder.rank(Price::MIN), ladder.rank(Price::MAX));
            assert_eq!(low < high, side == Side::Sell);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// The window jumps about under orders that are near, far and at both ends of the range;
        /// the levels stay those of a sorted map.
        #[test]
        fn levels_are_those_of_a_sorted_map_wherever_the_window_is(
            side in prop::sample::select(vec![Side::Buy, Side::Sell]),
            steps in prop::collection::vec((0_u32..4, 0_u32..300, any::<bool>()), 1..600),
        ) {
            let mut ladder = Ladder::new(side, 64);
            let mut plain: BTreeMap<u32, u32> = BTreeMap::new();
            let mut slot = 0;
            for (region, offset, add) in steps {
                let rank = [0, 1000, 1200, NO_RANK - 300][region as usize] + offset;
                if add {
                    slot += 1;
                    let before = ladder.append(rank, slot, 1);
                    prop_assert_eq!(before, plain.insert(rank, slot).unwrap_or(NIL));
                } else if plain.remove(&rank).is_some() {
                    ladder.level_mut(rank).total = 0;
                    ladder.close(rank);
                }
                ladder.settle_window();
                prop_assert_eq!(ladder.verify(), Ok(()));
                let levels: Vec<(u32, u32)> =
                    ladder.levels().map(|(rank, level)| (rank, level.tail)).collect();
                let expected: Vec<(u32, u32)> =
                    plain.iter().map(|(&rank, &slot)| (rank, slot)).collect();
                prop_assert_eq!(levels, expected);
            }
        }
    }
}
