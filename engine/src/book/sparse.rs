//! Levels at ranks that are far apart: a tree of four steps over all ranks, best first.
//!
//! The upper bits of a rank lead through two branches of 512 to a twig of 512 leaves, and each
//! [`Leaf`] to the levels of 64 neighbouring ranks, side by side in a block as large as they need;
//! each part knows by bits which of its places hold something. So a level is three links away,
//! without a comparison that could go wrong, however many there are, and of what it touches only
//! two lines are not those of many others: its leaf's and its own.
//!
//! Invariants: a bit is set exactly when the place holds something; a branch that holds nothing is
//! not linked but spare, and empty in every place. Nothing is made while there is a spare one.
//! Complexity: every operation touches at most one part a step. Memory: for 64 neighbouring ranks room for
//! 4 to 64 levels of 16 bytes, at most twice what they held at once since they were last empty; 8 KiB a twig of
//! 32,768 ranks, 4 KiB a branch; kept when they empty, so bounded by the most there was.

use super::ladder::Level;
use super::leaf::{Blocks, Leaf, PLACES};
use super::prefetch::prefetch;

/// The levels of some ranks, by rank.
#[derive(Debug, Default)]
pub(super) struct Sparse {
    root: Root,
    spare: <Root as Part>::Spare,
    blocks: Blocks,
    /// How many there are.
    levels: u32,
}

type Root = Branch<Branch<Twig>>;
const _: () = assert!(Root::BITS >= u32::BITS);

impl Sparse {
    /// From this many levels on, 32 KiB of leaves and as much of levels at least, none is expected to be near.
    const NEAR: u32 = 1 << 11;

    /// The level at `rank`.
    pub(super) fn level(&self, rank: u32) -> Option<&Level> {
        self.blocks.level(self.root.leaf(rank)?, rank % PLACES)
    }

    /// The level at `rank`.
    pub(super) fn level_mut(&mut self, rank: u32) -> Option<&mut Level> {
        self.blocks.level_mut(self.root.leaf(rank)?, rank % PLACES)
    }

    /// The level at `rank`, made without orders where there is none.
    pub(super) fn open(&mut self, rank: u32) -> &mut Level {
        let leaf = self.root.open(rank, &mut self.spare);
        self.levels += u32::from(!leaf.holds(rank % PLACES));
        self.blocks.open(leaf, rank % PLACES)
    }

    /// Takes the level at `rank`, which exists, away.
    pub(super) fn remove(&mut self, rank: u32) {
        let leaf = self.root.leaf_mut(rank);
        let leaf = leaf.expect("invariant: a level that is taken away exists");
        self.blocks.remove(leaf, rank % PLACES);
        self.levels -= 1;
        if leaf.occupied == 0 {
            self.root.close(rank, &mut self.spare);
        }
    }

    /// Whether there are so many that what leads to one is not expected to be near.
    #[inline(always)]
    pub(super) const fn is_large(&self) -> bool {
        self.levels > Self::NEAR
    }

    /// The lowest rank with a level that is not below `rank`.
    pub(super) fn next_from(&self, rank: u32) -> Option<u32> {
        self.root.next_from(rank)
    }

    /// Fetches the leaf of `rank`.
    #[inline]
    pub(super) fn prefetch_leaf(&self, rank: u32) {
        if let Some(leaf) = self.root.leaf(rank) {
            prefetch(leaf);
        }
    }

    /// Fetches the level at `rank`, whose leaf has been fetched, or where it would stand.
    #[inline]
    pub(super) fn prefetch_level(&self, rank: u32) {
        if let Some(leaf) = self.root.leaf(rank) {
            self.blocks.prefetch(leaf, rank % PLACES);
        }
    }

    /// Walks all parts, spare and free ones too, and says what is wrong.
    pub(super) fn verify(&self) -> Result<(), String> {
        Root::verify_spare(&self.spare)?;
        let held = self.root.verify(&self.blocks)?;
        let levels = self.root.levels();
        if levels != self.levels {
            return Err(format!("sparse: {levels} levels, not {}", self.levels));
        }
        self.blocks.verify_free(held)
    }
}

/// What stands at the ranks that share their bits above the lowest [`Part::BITS`]. Of a rank, a
/// part looks at those alone.
trait Part: Default {
    const BITS: u32;
    /// Empty parts of this kind's children, and theirs.
    type Spare: Default;

    /// The leaf of `rank`, where all that leads to it exists; it may be empty.
    fn leaf(&self, rank: u32) -> Option<&Leaf>;
    fn leaf_mut(&mut self, rank: u32) -> Option<&mut Leaf>;
    /// The leaf of `rank`, which is about to hold something.
    fn open(&mut self, rank: u32, spare: &mut Self::Spare) -> &mut Leaf;
    /// The leaf of `rank` has emptied.
    fn close(&mut self, rank: u32, spare: &mut Self::Spare);
    fn is_empty(&self) -> bool;
    /// Without the bits above [`Part::BITS`].
    fn next_from(&self, rank: u32) -> Option<u32>;
    /// For how many levels its leaves have room.
    fn verify(&self, blocks: &Blocks) -> Result<u64, String>;
    /// How many levels there are, counted.
    fn levels(&self) -> u32;
    fn verify_spare(spare: &Self::Spare) -> Result<(), String>;
}

const CHILDREN: usize = 512;

/// Which of the children hold something.
#[derive(Debug, Default, PartialEq, Eq)]
struct Occupied([u64; CHILDREN / 64]);

impl Occupied {
    #[inline]
    const fn set(&mut self, place: usize) {
        self.0[place / 64] |= 1 << (place % 64);
    }

    #[inline]
    const fn clear(&mut self, place: usize) {
        self.0[place / 64] &= !(1 << (place % 64));
    }

    const fn contains(&self, place: usize) -> bool {
        self.0[place / 64] >> (place % 64) & 1 == 1
    }

    /// The lowest place that holds something and is not below `place`.
    fn next_from(&self, place: usize) -> Option<usize> {
        let first = place / 64;
        let mut bits = self.0.get(first)? & u64::MAX << (place % 64);
        let mut word = first;
        while bits == 0 {
            word += 1;
            bits = *self.0.get(word)?;
        }
        Some(word * 64 + bits.trailing_zeros() as usize)
    }
}

#[derive(Debug)]
struct Twig {
    occupied: Occupied,
    leaves: [Leaf; CHILDREN],
}

impl Default for Twig {
    fn default() -> Twig {
        Twig {
            occupied: Occupied::default(),
            leaves: [Leaf::EMPTY; CHILDREN],
        }
    }
}

impl Twig {
    #[inline]
    const fn place(rank: u32) -> usize {
        (rank / PLACES) as usize % CHILDREN
    }
}

impl Part for Twig {
    const BITS: u32 = PLACES.ilog2() + CHILDREN.ilog2();
    type Spare = ();

    #[inline]
    fn leaf(&self, rank: u32) -> Option<&Leaf> {
        Some(&self.leaves[Self::place(rank)])
    }

    #[inline]
    fn leaf_mut(&mut self, rank: u32) -> Option<&mut Leaf> {
        Some(&mut self.leaves[Self::place(rank)])
    }

    #[inline]
    fn open(&mut self, rank: u32, (): &mut ()) -> &mut Leaf {
        let place = Self::place(rank);
        self.occupied.set(place);
        &mut self.leaves[place]
    }

    #[inline]
    fn close(&mut self, rank: u32, (): &mut ()) {
        self.occupied.clear(Self::place(rank));
    }

    #[inline]
    fn is_empty(&self) -> bool {
        self.occupied == Occupied::default()
    }

    #[allow(clippy::cast_possible_truncation, reason = "a place is below 512")]
    fn next_from(&self, rank: u32) -> Option<u32> {
        let found = |place: usize, from: u32| {
            let bits = self.leaves[place].occupied & u64::MAX << from;
            (bits != 0).then(|| place as u32 * PLACES + bits.trailing_zeros())
        };
        let place = Self::place(rank);
        let here = found(place, rank % PLACES);
        here.or_else(|| found(self.occupied.next_from(place + 1)?, 0))
    }

    fn verify(&self, blocks: &Blocks) -> Result<u64, String> {
        let mut room = 0;
        for (place, leaf) in self.leaves.iter().enumerate() {
            if self.occupied.contains(place) != (leaf.occupied != 0) {
                return Err(format!("sparse: a twig is wrong about place {place}"));
            }
            room += u64::from(blocks.verify(leaf)?);
        }
        Ok(room)
    }

    fn levels(&self) -> u32 {
        let held = self.leaves.iter().map(|leaf| leaf.occupied.count_ones());
        held.sum()
    }

    fn verify_spare((): &()) -> Result<(), String> {
        Ok(())
    }
}

#[derive(Debug)]
struct Branch<Child> {
    occupied: Occupied,
    children: [Option<Box<Child>>; CHILDREN],
}

impl<Child> Default for Branch<Child> {
    fn default() -> Branch<Child> {
        Branch {
            occupied: Occupied::default(),
            children: [const { None }; CHILDREN],
        }
    }
}

impl<Child: Part> Branch<Child> {
    #[inline]
    const fn place(rank: u32) -> usize {
        (rank >> Child::BITS) as usize % CHILDREN
    }
}

impl<Child: Part> Part for Branch<Child> {
    const BITS: u32 = Child::BITS + CHILDREN.ilog2();
    type Spare = (Vec<Box<Child>>, Child::Spare);

    #[inline]
    fn leaf(&self, rank: u32) -> Option<&Leaf> {
        self.children[Self::place(rank)].as_ref()?.leaf(rank)
    }

    #[inline]
    fn leaf_mut(&mut self, rank: u32) -> Option<&mut Leaf> {
        self.children[Self::place(rank)].as_mut()?.leaf_mut(rank)
    }

    #[inline]
    fn open(&mut self, rank: u32, (spare, below): &mut Self::Spare) -> &mut Leaf {
        let place = Self::place(rank);
        self.occupied.set(place);
        self.children[place]
            .get_or_insert_with(|| spare.pop().unwrap_or_default())
            .open(rank, below)
    }

    #[inline]
    fn close(&mut self, rank: u32, (spare, below): &mut Self::Spare) {
        let place = Self::place(rank);
        let child = &mut self.children[place];
        if let Some(part) = child {
            part.close(rank, below);
            if part.is_empty() {
                self.occupied.clear(place);
                spare.extend(child.take());
            }
        }
    }

    #[inline]
    fn is_empty(&self) -> bool {
        self.occupied == Occupied::default()
    }

    #[allow(clippy::cast_possible_truncation, reason = "a place is below 512")]
    fn next_from(&self, rank: u32) -> Option<u32> {
        let found = |place: usize, rank: u32| {
            let low = self.children[place].as_ref()?.next_from(rank)?;
            Some((place as u32) << Child::BITS | low)
        };
        let place = Self::place(rank);
        let here = found(place, rank % (1 << Child::BITS));
        here.or_else(|| found(self.occupied.next_from(place + 1)?, 0))
    }

    fn verify(&self, blocks: &Blocks) -> Result<u64, String> {
        let mut room = 0;
        for (place, child) in self.children.iter().enumerate() {
            if self.occupied.contains(place)
                != child.as_ref().is_some_and(|child| !child.is_empty())
            {
                return Err(format!("sparse: a branch is wrong about place {place}"));
            }
            if let Some(child) = child {
                room += child.verify(blocks)?;
            }
        }
        Ok(room)
    }

    fn levels(&self) -> u32 {
        let parts = self.children.iter().flatten();
        parts.map(|child| child.levels()).sum()
    }

    fn verify_spare((spare, below): &Self::Spare) -> Result<(), String> {
        for part in spare {
            if !part.is_empty() || part.verify(&Blocks::default())? != 0 {
                return Err("sparse: a spare part holds something".to_owned());
            }
        }
        Child::verify_spare(below)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::super::leaf::tests::level;
    use super::*;

    /// Ranks that share all, some or none of their steps, and both ends.
    fn rank() -> impl Strategy<Value = u32> {
        let near = |from: u32| (0_u32..70).prop_map(move |off| from.wrapping_add(off));
        prop_oneof![
            near(0),
            near(1 << 15),
            near((1 << 24) - 35),
            near(u32::MAX - 69),
            any::<u32>(),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn levels_are_those_of_a_sorted_map(
            steps in prop::collection::vec((rank(), 1_u64..1_000, any::<bool>()), 1..300),
        ) {
            let mut sparse = Sparse::default();
            let mut plain: BTreeMap<u32, u64> = BTreeMap::new();
            for (rank, total, adds) in steps {
                let nearest = plain.range(rank..).next().map(|(&rank, _)| rank);
                if adds {
                    *sparse.open(rank) = level(total);
                    plain.insert(rank, total);
                } else if let Some(rank) = nearest {
                    sparse.level_mut(rank).expect("it is there").total += 1;
                    let there = sparse.level(rank).map(|level| level.total);
                    prop_assert_eq!(there, plain.remove(&rank).map(|total| total + 1));
                    sparse.remove(rank);
                }
                prop_assert_eq!(sparse.level(rank).copied(), plain.get(&rank).map(|&total| level(total)));
                prop_assert_eq!(sparse.level_mut(rank).is_some(), plain.contains_key(&rank));
                for from in [0, rank, rank.saturating_add(1), u32::MAX] {
                    let expected = plain.range(from..).next().map(|(&rank, _)| rank);
                    prop_assert_eq!(sparse.next_from(from), expected);
                }
            }
            prop_assert_eq!(sparse.verify(), Ok(()));
            for rank in plain.into_keys() {
                sparse.remove(rank);
            }
            prop_assert_eq!(sparse.next_from(0), None);
            prop_assert_eq!(sparse.verify(), Ok(()));
        }
    }

    /// What was made once serves all later levels.
    #[test]
    fn a_level_that_goes_leaves_its_parts_to_the_next() {
        let mut sparse = Sparse::default();
        for step in 0..100 {
            *sparse.open(step << 20) = level(1);
            sparse.remove(step << 20);
        }
        let (branches, (twigs, ())) = &sparse.spare;
        assert_eq!((branches.len(), twigs.len()), (1, 1));
    }
}
