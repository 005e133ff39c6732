//! The levels of 64 neighbouring ranks, side by side in a block that is as large as they need.
//!
//! A [`Leaf`] knows by bits which of its places hold a level; how many bits stand below a place says
//! where in the block its level is. In a block of 64, a level stands at its place. So a level alone
//! takes a line of 64 bytes, and looking it up touches that line and the leaf.
//!
//! Blocks have 4, 8, 16, 32 or 64 levels; a leaf that has too many for its block moves to the next
//! size, and gives its block back when it empties. They are cut from chunks of 16 KiB, each of one
//! size, so that nothing that was made is ever copied.
//!
//! Invariants: what a block holds beyond its leaf's levels is empty; a leaf without levels has no
//! block; every block is a leaf's or free, and linked with the free ones of its size by
//! [`Level::head`]. Complexity: constant; at most 31 levels move aside for one. Memory: what each size
//! needed at most.

use super::arena::NIL;
use super::ladder::Level;
use super::prefetch::prefetch;

/// How many ranks share a leaf.
pub(super) const PLACES: u32 = 64;
/// The levels of the smallest block: one line.
const SMALLEST: u32 = 4;
/// From the smallest to that of all places, by twos.
const SIZES: usize = (PLACES / SMALLEST).ilog2() as usize + 1;
/// Levels that are made at once: four pages of 4 KiB.
const CHUNK: u32 = 1024;

/// Which of 64 neighbouring ranks hold a level, and where those stand.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(16))]
pub(super) struct Leaf {
    pub(super) occupied: u64,
    /// The first level of its block, counted over all chunks.
    first: u32,
    /// How many levels its block has room for.
    room: u32,
}

const _: () = assert!(size_of::<Leaf>() == 16);

impl Leaf {
    pub(super) const EMPTY: Leaf = Leaf {
        occupied: 0,
        first: 0,
        room: 0,
    };

    #[inline]
    pub(super) const fn holds(&self, place: u32) -> bool {
        self.occupied >> place & 1 == 1
    }

    /// Where in its block the level of `place` stands or would.
    #[inline]
    const fn index(&self, place: u32) -> usize {
        if self.room == PLACES {
            return place as usize;
        }
        (self.occupied & !(u64::MAX << place)).count_ones() as usize
    }
}

/// The blocks of many leaves.
#[derive(Debug)]
pub(super) struct Blocks {
    chunks: Vec<Box<Chunk>>,
    /// The first free block of each size, or [`NIL`].
    free: [u32; SIZES],
}

#[derive(Debug)]
#[repr(align(64))]
struct Chunk([Level; CHUNK as usize]);

impl Default for Blocks {
    fn default() -> Blocks {
        Blocks {
            chunks: Vec::new(),
            free: [NIL; SIZES],
        }
    }
}

impl Blocks {
    /// The level at `place` of `leaf`.
    #[inline]
    pub(super) fn level(&self, leaf: &Leaf, place: u32) -> Option<&Level> {
        leaf.holds(place).then(|| self.at(leaf, leaf.index(place)))
    }

    /// The level at `place` of `leaf`.
    #[inline]
    pub(super) fn level_mut(&mut self, leaf: &Leaf, place: u32) -> Option<&mut Level> {
        leaf.holds(place)
            .then(|| &mut self.block(leaf)[leaf.index(place)])
    }

    /// Fetches the line of the level at `place` of `leaf`, or where it would stand.
    #[inline]
    pub(super) fn prefetch(&self, leaf: &Leaf, place: u32) {
        if leaf.room != 0 {
            prefetch(self.at(leaf, leaf.index(place).min(leaf.room as usize - 1)));
        }
    }

    /// The level at `place` of `leaf`, made without orders where there is none.
    #[inline]
    pub(super) fn open(&mut self, leaf: &mut Leaf, place: u32) -> &mut Level {
        if !leaf.holds(place) {
            let count = leaf.occupied.count_ones();
            if count == leaf.room {
                self.enlarge(leaf);
            }
            if leaf.room < PLACES {
                let index = leaf.index(place);
                let block = self.block(leaf);
                block.copy_within(index..count as usize, index + 1);
                block[index] = Level::EMPTY;
            }
            leaf.occupied |= 1 << place;
        }
        let index = leaf.index(place);
        &mut self.block(leaf)[index]
    }

    /// Takes the level at `place` of `leaf`, which exists, away. Without a look at it: what has just been
    /// written by halves cannot be read whole before all writes ahead of it are through.
    #[inline]
    pub(super) fn remove(&mut self, leaf: &mut Leaf, place: u32) {
        assert!(
            leaf.holds(place),
            "invariant: a level that is taken away exists"
        );
        let (index, count) = (leaf.index(place), leaf.occupied.count_ones() as usize);
        let block = self.block(leaf);
        if leaf.room == PLACES {
            block[index] = Level::EMPTY;
        } else {
            block.copy_within(index + 1..count, index);
            block[count - 1] = Level::EMPTY;
        }
        leaf.occupied &= !(1 << place);
        if leaf.occupied == 0 {
            self.give_back(leaf);
            *leaf = Leaf::EMPTY;
        }
    }

    #[inline]
    fn at(&self, leaf: &Leaf, index: usize) -> &Level {
        let chunk = &self.chunks[(leaf.first / CHUNK) as usize];
        &chunk.0[(leaf.first % CHUNK) as usize + index]
    }

    #[inline]
    fn block(&mut self, leaf: &Leaf) -> &mut [Level] {
        let chunk = &mut self.chunks[(leaf.first / CHUNK) as usize];
        &mut chunk.0[(leaf.first % CHUNK) as usize..][..leaf.room as usize]
    }

    /// Moves `leaf`, whose block is full, to one of the next size.
    #[inline(never)]
    fn enlarge(&mut self, leaf: &mut Leaf) {
        let mut larger = *leaf;
        larger.room = (leaf.room * 2).max(SMALLEST);
        let size = size_of_room(larger.room);
        if self.free[size] == NIL {
            self.make(size);
        }
        larger.first = self.free[size];
        let first = &mut self.block(&larger)[0];
        let next = first.head;
        *first = Level::EMPTY;
        self.free[size] = next;
        let mut left = leaf.occupied;
        while left != 0 {
            let place = left.trailing_zeros();
            left &= left - 1;
            let level = *self.at(leaf, leaf.index(place));
            self.block(&larger)[larger.index(place)] = level;
        }
        if leaf.room != 0 {
            self.block(leaf).fill(Level::EMPTY);
            self.give_back(leaf);
        }
        *leaf = larger;
    }

    /// Puts the block of `leaf`, which is empty, in front of the free ones of its size.
    fn give_back(&mut self, leaf: &Leaf) {
        let free = &mut self.free[size_of_room(leaf.room)];
        let next = std::mem::replace(free, leaf.first);
        self.block(leaf)[0].head = next;
    }

    /// Makes a chunk of free blocks.
    #[cold]
    #[allow(
        clippy::cast_possible_truncation,
        reason = "a book holds less than 2^24 orders, so 2^14 chunks of every size are the most"
    )]
    fn make(&mut self, size: usize) {
        let made = self.chunks.len() as u32 * CHUNK;
        self.chunks
            .push(Box::new(Chunk([Level::EMPTY; CHUNK as usize])));
        let room = SMALLEST << size;
        for first in (made..made + CHUNK).step_by(room as usize).rev() {
            let occupied = 0;
            self.give_back(&Leaf {
                occupied,
                first,
                room,
            });
        }
    }
}

/// The number of the size that has room for `room` levels.
#[inline]
const fn size_of_room(room: u32) -> usize {
    (room / SMALLEST).ilog2() as usize
}

/// What only the walk of every invariant looks at.
impl Blocks {
    /// How many levels `leaf` has room for, where it and its block agree.
    pub(super) fn verify(&self, leaf: &Leaf) -> Result<u32, String> {
        if leaf.room == 0 || leaf.occupied == 0 {
            let is_empty = leaf.room == 0 && leaf.occupied == 0;
            return is_empty
                .then_some(0)
                .ok_or_else(|| format!("leaf: {leaf:?}"));
        }
        let places = (0..PLACES).filter(|&place| leaf.holds(place));
        let held: Vec<usize> = places.map(|place| leaf.index(place)).collect();
        for index in 0..leaf.room as usize {
            if (*self.at(leaf, index) == Level::EMPTY) == held.contains(&index) {
                return Err(format!("leaf: {leaf:?} is wrong about level {index}"));
            }
        }
        Ok(leaf.room)
    }

    /// Walks the free blocks; all others must have room for `held` levels.
    pub(super) fn verify_free(&self, held: u64) -> Result<(), String> {
        let made = self.chunks.len() as u64 * u64::from(CHUNK);
        let mut found = held;
        for (size, &free) in self.free.iter().enumerate() {
            let mut first = free;
            while first != NIL && found <= made {
                let leaf = Leaf {
                    occupied: 0,
                    first,
                    room: SMALLEST << size,
                };
                first = self.at(&leaf, 0).head;
                let rest = 1..leaf.room as usize;
                if !rest
                    .into_iter()
                    .all(|index| *self.at(&leaf, index) == Level::EMPTY)
                {
                    return Err(format!("leaf: the free block {leaf:?} holds something"));
                }
                found += u64::from(leaf.room);
            }
        }
        match found == made {
            true => Ok(()),
            false => Err(format!("leaf: of {made} levels, {found} are held or free")),
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    pub(in crate::book) fn level(total: u64) -> Level {
        Level {
            total,
            ..Level::EMPTY
        }
    }

    proptest! {
        /// Three leaves fill and empty, by all sizes of blocks.
        #[test]
        fn levels_are_those_of_a_sorted_map(
            steps in prop::collection::vec((0_usize..3, 0..PLACES, 0_u32..100), 1..600),
            adds in 20_u32..90,
        ) {
            let (mut blocks, mut leaves) = (Blocks::default(), [Leaf::EMPTY; 3]);
            let mut plain: BTreeMap<(usize, u32), u64> = BTreeMap::new();
            for (total, (number, place, kind)) in (1..).zip(steps) {
                let leaf = &mut leaves[number];
                if kind < adds {
                    *blocks.open(leaf, place) = level(total);
                    plain.insert((number, place), total);
                } else if let Some(total) = plain.remove(&(number, place)) {
                    let there = blocks.level_mut(leaf, place).expect("it is there");
                    prop_assert_eq!(*there, level(total));
                    there.total += 1;
                    blocks.remove(leaf, place);
                }
                let mut room = 0;
                for (number, leaf) in leaves.iter().enumerate() {
                    for place in 0..PLACES {
                        blocks.prefetch(leaf, place);
                        let expected = plain.get(&(number, place)).map(|&total| level(total));
                        prop_assert_eq!(blocks.level(leaf, place).copied(), expected);
                    }
                    room += u64::from(blocks.verify(leaf).expect("leaf and block agree"));
                }
                prop_assert_eq!(blocks.verify_free(room), Ok(()));
            }
        }
    }

    /// A leaf that fills goes through every size once, and one that comes after it makes nothing.
    #[test]
    fn what_was_made_once_serves_all_later_leaves() {
        let mut blocks = Blocks::default();
        for _ in 0..3 {
            let mut leaf = Leaf::EMPTY;
            for place in 0..PLACES {
                *blocks.open(&mut leaf, place) = level(1);
            }
            assert_eq!((leaf.room, blocks.chunks.len()), (PLACES, SIZES));
            for place in 0..PLACES {
                blocks.remove(&mut leaf, place);
            }
            assert_eq!(blocks.verify_free(0), Ok(()));
        }
    }
}
