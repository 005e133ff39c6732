//! One side of a book: its levels, best first.
//!
//! Owns the levels, not the orders. Prices are turned into *ranks*, in which lower is better on
//! both sides, so that one code serves both without a branch on the side. Levels of the ranks
//! from `base` on stand in a window, an array with a bitmap of the occupied places; all others
//! stand in a tree ([`Sparse`]). Where the window lies changes speed, never results.
//!
//! Invariants: a level stands in the window exactly when its rank does; a level that exists holds
//! orders; `best` is the lowest rank of all levels, `far_best` of those outside the window, each
//! or [`NO_RANK`].
//! Complexity: constant in the window, and a few times that outside. The window moves, at the cost
//! of a copy of it, when a level opens outside it after [`Ladder::recentre_after`] touches there and
//! the market is no longer where the window was put, so that the move is paid by the touches.

use super::arena::NIL;
use super::bitmap::Bitmap;
use super::prefetch::prefetch;
use super::sparse::Sparse;
use crate::domain::{Price, Side};

/// No level: worse than every rank.
pub(super) const NO_RANK: u32 = u32::MAX;

/// The queue of one price: first in, first out, linked through the arena.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C, align(16))]
pub(super) struct Level {
    /// Sum of the leaves, in lots: less than 2^24 orders of 2^40 lots.
    pub(super) total: u64,
    /// The oldest order, or [`NIL`] where there is no level.
    pub(super) head: u32,
    /// The youngest order, or [`NIL`] where there is no level.
    pub(super) tail: u32,
}

const _: () = assert!(size_of::<Level>() == 16);

impl Level {
    pub(super) const EMPTY: Level = Level {
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
    window: Box<[Level]>,
    occupied: Bitmap,
    far: Box<Sparse>,
    far_best: u32,
    far_touches: u32,
}

/// The rank of `price` on `side`: bids count down from the highest price, asks up from the
/// lowest, both from 0 to 2^32 − 2.
#[inline]
pub(super) const fn rank_of(side: Side, price: Price) -> u32 {
    let flip = (side as u32).wrapping_sub(1);
    (price.ticks() ^ flip).wrapping_add(!flip)
}

/// The price at `rank` of `side`, which came from [`rank_of`].
#[inline]
pub(super) fn price_of(side: Side, rank: u32) -> Price {
    let flip = (side as u32).wrapping_sub(1);
    Price::new(rank.wrapping_sub(!flip) ^ flip).expect("invariant: a rank comes from a price")
}

impl Ladder {
    /// Makes an empty side with a window of `window_levels`, a power of two from 64 to 2^18.
    pub(super) fn new(window_levels: u32) -> Ladder {
        assert!(
            window_levels.is_power_of_two() && window_levels >= 64,
            "invariant: a window is a power of two of at least 64 levels"
        );
        Ladder {
            best: NO_RANK,
            base: 0,
            window: vec![Level::EMPTY; window_levels as usize].into_boxed_slice(),
            occupied: Bitmap::new(window_levels as usize),
            far: Box::default(),
            far_best: NO_RANK,
            far_touches: 0,
        }
    }

    /// The rank of the best level, or [`NO_RANK`].
    #[inline]
    pub(super) const fn best(&self) -> u32 {
        self.best
    }

    /// Fetches the line of the level at `rank`, or for nothing that of the window's last, where `rank`
    /// is not in the window: there is no branch that could go wrong.
    #[inline(always)]
    pub(super) fn prefetch(&self, rank: u32) {
        prefetch(&self.window[self.index(rank).min(self.window.len() - 1)]);
    }

    /// Whether levels outside the window are so many that fetching them ahead pays.
    #[inline(always)]
    pub(super) const fn is_spread(&self) -> bool {
        self.far.is_large()
    }

    /// Fetches what leads to the level at `rank` outside the window.
    pub(super) fn prefetch_leaf(&self, rank: u32) {
        self.far.prefetch_leaf(rank);
    }

    /// Fetches the level at `rank` outside the window, when what leads to it has been fetched.
    pub(super) fn prefetch_far(&self, rank: u32) {
        self.far.prefetch_level(rank);
    }

    /// The level at `rank`, where there is one.
    #[inline]
    pub(super) fn level(&self, rank: u32) -> Option<&Level> {
        match self.window.get(self.index(rank)) {
            Some(level) => (level.head != NIL).then_some(level),
            None => self.far_level(rank),
        }
    }

    /// The level at `rank`, which exists.
    #[inline]
    pub(super) fn level_mut(&mut self, rank: u32) -> &mut Level {
        let index = self.index(rank);
        match self.window.get_mut(index) {
            Some(level) => level,
            None => far_level_mut(&mut self.far, &mut self.far_touches, rank),
        }
    }

    /// Puts `slot` with `leaves` behind the last order at `rank`, and returns the one before it,
    /// or [`NIL`] where it opened the level.
    #[inline(always)]
    pub(super) fn append(&mut self, rank: u32, slot: u32, leaves: u64) -> u32 {
        let index = self.index(rank);
        let Some(level) = self.window.get_mut(index) else {
            return self.append_far(rank, slot, leaves);
        };
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
    #[inline(always)]
    pub(super) fn close(&mut self, rank: u32) {
        let index = self.index(rank);
        match self.window.get_mut(index) {
            Some(level) => {
                assert!(
                    level.total == 0,
                    "invariant: a level without orders has no total"
                );
                *level = Level::EMPTY;
                self.occupied.clear(index);
            }
            None => self.close_far(rank),
        }
        if rank == self.best {
            self.best = self.first();
        }
    }

    /// The best rank that is worse than `rank`, or [`NO_RANK`].
    pub(super) fn next_after(&self, rank: u32) -> u32 {
        let from = (rank + 1).saturating_sub(self.base) as usize;
        let near = self.occupied.next_from(from);
        let near = near.map_or(NO_RANK, |index| self.rank_at(index));
        let far = self.far.next_from(rank + 1);
        near.min(far.unwrap_or(NO_RANK))
    }

    /// How many touches outside the window move it: as many as the bitmap has words, so that a
    /// move costs about a constant for each.
    const fn recentre_after(&self) -> u32 {
        self.size() / 64 + 16
    }

    #[allow(
        clippy::cast_possible_truncation,
        reason = "a window has at most 2^18 levels"
    )]
    const fn size(&self) -> u32 {
        self.window.len() as u32
    }

    /// Where `rank` stands in the window; beyond its end where it does not.
    #[inline]
    const fn index(&self, rank: u32) -> usize {
        rank.wrapping_sub(self.base) as usize
    }

    #[inline]
    #[allow(
        clippy::cast_possible_truncation,
        reason = "a window has at most 2^18 levels"
    )]
    const fn rank_at(&self, index: usize) -> u32 {
        self.base + index as u32
    }

    /// The best rank of all.
    #[inline]
    fn first(&self) -> u32 {
        match self.occupied.first() {
            Some(index) => self.rank_at(index).min(self.far_best),
            None => self.far_best,
        }
    }

    #[cold]
    #[inline(never)]
    fn far_level(&self, rank: u32) -> Option<&Level> {
        self.far.level(rank)
    }

    #[cold]
    #[inline(never)]
    fn append_far(&mut self, rank: u32, slot: u32, leaves: u64) -> u32 {
        if self.best == NO_RANK {
            // Nothing to move: put the window where the market is.
            self.base = self.base_around(rank);
            return self.append(rank, slot, leaves);
        }
        if self.far_touches >= self.recentre_after() {
            self.recentre(rank);
            if self.index(rank) < self.window.len() {
                return self.append(rank, slot, leaves);
            }
        }
        self.far_touches += 1;
        let level = self.far.open(rank);
        let before = level.tail;
        level.total += leaves;
        level.tail = slot;
        if before == NIL {
            level.head = slot;
            self.far_best = self.far_best.min(rank);
            self.best = self.best.min(rank);
        }
        before
    }

    #[cold]
    #[inline(never)]
    fn close_far(&mut self, rank: u32) {
        assert!(
            self.far.level(rank).is_some_and(|level| level.total == 0),
            "invariant: a level without orders has no total"
        );
        self.far.remove(rank);
        if rank == self.far_best {
            self.find_far_best();
        }
    }

    fn find_far_best(&mut self) {
        self.far_best = self.far.next_from(0).unwrap_or(NO_RANK);
    }

    /// Where a window begins that has `rank` at a quarter: most orders arrive behind the best.
    const fn base_around(&self, rank: u32) -> u32 {
        let base = rank.saturating_sub(self.size() / 4);
        let highest = NO_RANK - self.size();
        if base < highest { base } else { highest }
    }

    /// Moves the window to the best level, or to `rank` where that is better; not for a part of what
    /// it has in front of the best, for then the touches were of orders far behind it.
    fn recentre(&mut self, rank: u32) {
        self.far_touches = 0;
        let base = self.base_around(self.best.min(rank));
        let (old, size) = (self.base, self.window.len());
        let moved = (base.abs_diff(old) as usize).min(size);
        if moved <= size / 8 {
            return;
        }
        // Out go the levels that only the old window has, …
        let out = if base > old {
            0..moved
        } else {
            size - moved..size
        };
        for index in out {
            let level = std::mem::replace(&mut self.window[index], Level::EMPTY);
            if level.head != NIL {
                *self.far.open(self.rank_at(index)) = level;
            }
        }
        // … the others take their new places, …
        if base > old {
            self.window.rotate_left(moved);
        } else {
            self.window.rotate_right(moved);
        }
        self.base = base;
        // … and in come those that only the new one has.
        let end = base + self.size();
        while let Some(rank) = self.far.next_from(base).filter(|&rank| rank < end) {
            let index = self.index(rank);
            let level = self.far.level(rank);
            self.window[index] = *level.expect("invariant: the tree found it");
            self.far.remove(rank);
        }
        self.occupied.clear_all();
        for (index, level) in self.window.iter().enumerate() {
            if level.head != NIL {
                self.occupied.set(index);
            }
        }
        self.find_far_best();
    }
}

/// A level outside the window, which exists.
#[cold]
#[inline(never)]
fn far_level_mut<'a>(far: &'a mut Sparse, touches: &mut u32, rank: u32) -> &'a mut Level {
    *touches = touches.saturating_add(1);
    far.level_mut(rank)
        .expect("invariant: an order's level exists")
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
        self.far.verify()?;
        let mut next = self.far.next_from(0);
        while let Some(rank) = next {
            if self.index(rank) < self.window.len() {
                return Err(format!("ladder: far rank {rank} does not belong there"));
            }
            next = self.far.next_from(rank + 1);
        }
        let far = self.far.next_from(0).unwrap_or(NO_RANK);
        if far != self.far_best {
            return Err(format!("ladder: far best is {far}, not {}", self.far_best));
        }
        let near = self.window.iter().position(|level| level.head != NIL);
        let best = near.map_or(NO_RANK, |index| self.rank_at(index)).min(far);
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
            for price in [1, 2, 1000, u32::MAX - 1, u32::MAX] {
                let price = Price::new(price).unwrap();
                assert!(rank_of(side, price) < NO_RANK);
                assert_eq!(price_of(side, rank_of(side, price)), price);
            }
            let (low, high) = (rank_of(side, Price::MIN), rank_of(side, Price::MAX));
            assert_eq!(low < high, side == Side::Sell);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// The window jumps about under orders that are near, far and at both ends of the range;
        /// the levels stay those of a sorted map.
        #[test]
        fn levels_are_those_of_a_sorted_map_wherever_the_window_is(
            steps in prop::collection::vec((0_u32..4, 0_u32..300, any::<bool>()), 1..600),
        ) {
            let mut ladder = Ladder::new(64);
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
