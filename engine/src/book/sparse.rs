//! Levels at ranks that are far apart: a tree of four steps over all ranks, best first.
//!
//! The upper bits of a rank lead through three branches of 512 to a leaf of 64 levels side by
//! side; each part knows by bits which of its places hold something. So a level is three links
//! away, without a comparison that could go wrong, however many there are.
//!
//! Invariants: a bit is set exactly when the place holds something; a part that holds nothing is
//! not linked but spare, and empty in every place. Nothing is made while there is a spare one.
//! Complexity: every operation touches at most one part a step. Memory: 1 KiB for 64 neighbouring
//! ranks that hold a level, 4 KiB a branch; kept when they empty, so bounded by the most there was.

use super::ladder::Level;

/// The levels of some ranks, by rank.
#[derive(Debug, Default)]
pub(super) struct Sparse {
    root: Root,
    spare: <Root as Part>::Spare,
}

type Root = Branch<Branch<Branch<Leaf>>>;
const _: () = assert!(Root::BITS >= u32::BITS);

impl Sparse {
    /// The level at `rank`.
    pub(super) fn level(&self, rank: u32) -> Option<&Level> {
        self.root.level(rank)
    }

    /// The level at `rank`.
    pub(super) fn level_mut(&mut self, rank: u32) -> Option<&mut Level> {
        self.root.level_mut(rank)
    }

    /// The level at `rank`, made without orders where there is none.
    pub(super) fn open(&mut self, rank: u32) -> &mut Level {
        self.root.open(rank, &mut self.spare)
    }

    /// Takes the level at `rank`, which exists, and returns it.
    pub(super) fn take(&mut self, rank: u32) -> Level {
        self.root.take(rank, &mut self.spare)
    }

    /// The lowest rank with a level that is not below `rank`.
    pub(super) fn next_from(&self, rank: u32) -> Option<u32> {
        self.root.next_from(rank)
    }

    /// Walks all parts, spare ones too, and says which bit is wrong.
    pub(super) fn verify(&self) -> Result<(), String> {
        self.root.verify()?;
        Root::verify_spare(&self.spare)
    }
}

/// What stands at the ranks that share their bits above the lowest [`Part::BITS`]. Of a rank, a
/// part looks at those alone.
trait Part: Default {
    const BITS: u32;
    /// Empty parts of this kind's children, and theirs.
    type Spare: Default;

    fn level(&self, rank: u32) -> Option<&Level>;
    fn level_mut(&mut self, rank: u32) -> Option<&mut Level>;
    fn open(&mut self, rank: u32, spare: &mut Self::Spare) -> &mut Level;
    fn take(&mut self, rank: u32, spare: &mut Self::Spare) -> Level;
    fn is_empty(&self) -> bool;
    /// Without the bits above [`Part::BITS`].
    fn next_from(&self, rank: u32) -> Option<u32>;
    fn verify(&self) -> Result<(), String>;
    fn verify_spare(spare: &Self::Spare) -> Result<(), String>;
}

#[derive(Debug)]
struct Leaf {
    occupied: u64,
    levels: [Level; 64],
}

impl Default for Leaf {
    fn default() -> Leaf {
        Leaf {
            occupied: 0,
            levels: [Level::EMPTY; 64],
        }
    }
}

impl Part for Leaf {
    const BITS: u32 = 6;
    type Spare = ();

    #[inline]
    fn level(&self, rank: u32) -> Option<&Level> {
        let place = rank as usize % 64;
        (self.occupied >> place & 1 == 1).then(|| &self.levels[place])
    }

    #[inline]
    fn level_mut(&mut self, rank: u32) -> Option<&mut Level> {
        let place = rank as usize % 64;
        (self.occupied >> place & 1 == 1).then(|| &mut self.levels[place])
    }

    #[inline]
    fn open(&mut self, rank: u32, (): &mut ()) -> &mut Level {
        let place = rank as usize % 64;
        self.occupied |= 1 << place;
        &mut self.levels[place]
    }

    #[inline]
    fn take(&mut self, rank: u32, (): &mut ()) -> Level {
        let place = rank as usize % 64;
        self.occupied &= !(1 << place);
        std::mem::replace(&mut self.levels[place], Level::EMPTY)
    }

    #[inline]
    fn is_empty(&self) -> bool {
        self.occupied == 0
    }

    fn next_from(&self, rank: u32) -> Option<u32> {
        let bits = self.occupied & u64::MAX << (rank % 64);
        (bits != 0).then(|| bits.trailing_zeros())
    }

    fn verify(&self) -> Result<(), String> {
        for (place, level) in self.levels.iter().enumerate() {
            if (self.occupied >> place & 1 == 1) == (*level == Level::EMPTY) {
                return Err(format!("sparse: a leaf is wrong about place {place}"));
            }
        }
        Ok(())
    }

    fn verify_spare((): &()) -> Result<(), String> {
        Ok(())
    }
}

const CHILDREN: usize = 512;

#[derive(Debug)]
struct Branch<Child> {
    occupied: [u64; CHILDREN / 64],
    children: [Option<Box<Child>>; CHILDREN],
}

impl<Child> Default for Branch<Child> {
    fn default() -> Branch<Child> {
        Branch {
            occupied: [0; CHILDREN / 64],
            children: [const { None }; CHILDREN],
        }
    }
}

impl<Child: Part> Branch<Child> {
    #[inline]
    const fn place(rank: u32) -> usize {
        (rank >> Child::BITS) as usize % CHILDREN
    }

    #[inline]
    const fn is_occupied(&self, place: usize) -> bool {
        self.occupied[place / 64] >> (place % 64) & 1 == 1
    }

    /// The lowest place that holds something and is not below `place`.
    fn occupied_from(&self, place: usize) -> Option<usize> {
        let first = place / 64;
        let mut bits = self.occupied.get(first)? & u64::MAX << (place % 64);
        let mut word = first;
        while bits == 0 {
            word += 1;
            bits = *self.occupied.get(word)?;
        }
        Some(word * 64 + bits.trailing_zeros() as usize)
    }
}

impl<Child: Part> Part for Branch<Child> {
    const BITS: u32 = Child::BITS + CHILDREN.ilog2();
    type Spare = (Vec<Box<Child>>, Child::Spare);

    #[inline]
    fn level(&self, rank: u32) -> Option<&Level> {
        self.children[Self::place(rank)].as_ref()?.level(rank)
    }

    #[inline]
    fn level_mut(&mut self, rank: u32) -> Option<&mut Level> {
        self.children[Self::place(rank)].as_mut()?.level_mut(rank)
    }

    #[inline]
    fn open(&mut self, rank: u32, (spare, below): &mut Self::Spare) -> &mut Level {
        let place = Self::place(rank);
        self.occupied[place / 64] |= 1 << (place % 64);
        self.children[place]
            .get_or_insert_with(|| spare.pop().unwrap_or_default())
            .open(rank, below)
    }

    #[inline]
    fn take(&mut self, rank: u32, (spare, below): &mut Self::Spare) -> Level {
        let place = Self::place(rank);
        let child = &mut self.children[place];
        let part = child
            .as_mut()
            .expect("invariant: a level that is taken exists");
        let level = part.take(rank, below);
        if part.is_empty() {
            self.occupied[place / 64] &= !(1 << (place % 64));
            spare.extend(child.take());
        }
        level
    }

    #[inline]
    fn is_empty(&self) -> bool {
        self.occupied == [0; CHILDREN / 64]
    }

    #[allow(clippy::cast_possible_truncation, reason = "a place is below 512")]
    fn next_from(&self, rank: u32) -> Option<u32> {
        let found = |place: usize, rank: u32| {
            let low = self.children[place].as_ref()?.next_from(rank)?;
            Some((place as u32) << Child::BITS | low)
        };
        let place = Self::place(rank);
        let here = found(place, rank % (1 << Child::BITS));
        here.or_else(|| found(self.occupied_from(place + 1)?, 0))
    }

    fn verify(&self) -> Result<(), String> {
        for (place, child) in self.children.iter().enumerate() {
            if self.is_occupied(place) != child.as_ref().is_some_and(|child| !child.is_empty()) {
                return Err(format!("sparse: a branch is wrong about place {place}"));
            }
        }
        self.children
            .iter()
            .flatten()
            .try_for_each(|child| child.verify())
    }

    fn verify_spare((spare, below): &Self::Spare) -> Result<(), String> {
        for part in spare {
            if !part.is_empty() {
                return Err("sparse: a spare part holds something".to_owned());
            }
            part.verify()?;
        }
        Child::verify_spare(below)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn level(total: u64) -> Level {
        Level {
            total,
            ..Level::EMPTY
        }
    }

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
                    prop_assert_eq!(Some(sparse.take(rank).total), plain.remove(&rank).map(|total| total + 1));
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
                sparse.take(rank);
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
            sparse.take(step << 20);
        }
        let (branches, (lower, (leaves, ()))) = &sparse.spare;
        assert_eq!((branches.len(), lower.len(), leaves.len()), (1, 1, 1));
    }
}
