//! Which levels of a window hold orders: one bit a level under two layers of summary.
//!
//! Invariant: a bit of a summary is set exactly when the word below it is not zero. Setting,
//! clearing and finding the next set bit touch at most one word a layer: constant time.
//! Limit: [`Bitmap::MAX_BITS`].

/// A set of small numbers with a fast "next one from here".
#[derive(Debug)]
pub(super) struct Bitmap {
    words: Box<[u64]>,
    summary: Box<[u64]>,
    top: u64,
}

impl Bitmap {
    /// The most bits that three layers of 64 reach.
    pub(super) const MAX_BITS: usize = 64 * 64 * 64;

    /// Makes an empty set of the numbers below `bits`, which is at most [`Self::MAX_BITS`].
    pub(super) fn new(bits: usize) -> Bitmap {
        assert!(
            bits <= Self::MAX_BITS,
            "invariant: a bitmap has three layers"
        );
        let words = bits.div_ceil(64);
        Bitmap {
            words: vec![0; words].into_boxed_slice(),
            summary: vec![0; words.div_ceil(64)].into_boxed_slice(),
            top: 0,
        }
    }

    /// Adds `index`.
    #[inline]
    pub(super) fn set(&mut self, index: usize) {
        let word = index >> 6;
        let before = self.words[word];
        self.words[word] = before | (1 << (index & 63));
        if before == 0 {
            self.summary[word >> 6] |= 1 << (word & 63);
            self.top |= 1 << (word >> 6);
        }
    }

    /// Takes `index` out.
    #[inline]
    pub(super) fn clear(&mut self, index: usize) {
        let word = index >> 6;
        let left = self.words[word] & !(1 << (index & 63));
        self.words[word] = left;
        if left == 0 {
            let above = word >> 6;
            let left = self.summary[above] & !(1 << (word & 63));
            self.summary[above] = left;
            if left == 0 {
                self.top &= !(1 << above);
            }
        }
    }

    /// Whether `index` is in the set.
    #[inline]
    pub(super) fn contains(&self, index: usize) -> bool {
        self.words[index >> 6] & (1 << (index & 63)) != 0
    }

    /// Takes everything out.
    pub(super) fn clear_all(&mut self) {
        self.words.fill(0);
        self.summary.fill(0);
        self.top = 0;
    }

    /// The lowest number in the set. One step a layer, without a branch that could go wrong.
    #[inline]
    pub(super) fn first(&self) -> Option<usize> {
        if self.top == 0 {
            return None;
        }
        let above = lowest(self.top);
        let word = above << 6 | lowest(self.summary[above]);
        Some(word << 6 | lowest(self.words[word]))
    }

    /// The lowest number in the set that is not below `index`.
    pub(super) fn next_from(&self, index: usize) -> Option<usize> {
        let word = index >> 6;
        let bits = *self.words.get(word)? & (u64::MAX << (index & 63));
        if bits != 0 {
            return Some(word << 6 | lowest(bits));
        }
        let above = word >> 6;
        let words = self.summary[above] & higher_than(word & 63);
        if words != 0 {
            let word = above << 6 | lowest(words);
            return Some(word << 6 | lowest(self.words[word]));
        }
        let aboves = self.top & higher_than(above);
        if aboves == 0 {
            return None;
        }
        let above = lowest(aboves);
        let word = above << 6 | lowest(self.summary[above]);
        Some(word << 6 | lowest(self.words[word]))
    }

    /// Walks both summaries and says where one is wrong.
    pub(super) fn verify(&self) -> Result<(), String> {
        for (index, word) in self.words.iter().enumerate() {
            if (self.summary[index >> 6] >> (index & 63) & 1 == 1) != (*word != 0) {
                return Err(format!("bitmap: summary is wrong about word {index}"));
            }
        }
        for (index, word) in self.summary.iter().enumerate() {
            if (self.top >> index & 1 == 1) != (*word != 0) {
                return Err(format!("bitmap: top is wrong about summary {index}"));
            }
        }
        Ok(())
    }
}

/// The position of the lowest bit of `bits`, which is not zero.
#[inline]
fn lowest(bits: u64) -> usize {
    bits.trailing_zeros() as usize
}

/// All bits above `bit`.
#[inline]
fn higher_than(bit: usize) -> u64 {
    (u64::MAX - 1) << bit
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::Bitmap;

    proptest! {
        #[test]
        fn finds_what_a_sorted_set_finds(
            bits in prop::sample::select(vec![64_usize, 4096, 65_536, Bitmap::MAX_BITS]),
            steps in prop::collection::vec((any::<u32>(), any::<bool>()), 1..200),
        ) {
            let mut bitmap = Bitmap::new(bits);
            let mut plain = BTreeSet::new();
            for (number, add) in steps {
                let index = number as usize % bits;
                if add {
                    bitmap.set(index);
                    plain.insert(index);
                } else {
                    bitmap.clear(index);
                    plain.remove(&index);
                }
                prop_assert_eq!(bitmap.contains(index), add);
                prop_assert_eq!(bitmap.first(), plain.first().copied());
                for from in [0, index, index + 1, bits - 1] {
                    let expected = plain.range(from..).next().copied();
                    prop_assert_eq!(bitmap.next_from(from), expected);
                }
            }
            prop_assert_eq!(bitmap.verify(), Ok(()));
            bitmap.clear_all();
            prop_assert_eq!(bitmap.first(), None);
        }
    }
}
