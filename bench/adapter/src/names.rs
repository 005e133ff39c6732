//! Which slot an order has, from the name that its sender gave it.
//!
//! In the exchange this is clearing's business: orders have ids of the exchange, and slots that
//! are handed out and taken back. The benchmark counts its names from 1, so the name itself is
//! the slot, below [`Names::DENSE`]. Others go through a map and get slots above. A slot there is
//! free again when its order has left the book, which is looked at when none is left.

use std::collections::HashMap;

/// The names of one book's orders.
#[derive(Debug, Default)]
pub struct Names {
    sparse: HashMap<u64, u32>,
    /// Names of the slots from [`Names::DENSE`] on.
    by_slot: Vec<u64>,
    free: Vec<u32>,
}

impl Names {
    /// Names below are slots.
    pub const DENSE: u32 = 1 << 22;
    /// How many slots there are in all.
    pub const SLOTS: u32 = 1 << 23;
    /// How many names the benchmark's flow has, rounded up.
    pub const EXPECTED: usize = 1 << 20;

    /// The slot of `name`; one that no order has where the name is not known.
    #[inline]
    pub fn slot_of(&self, name: u64) -> u32 {
        match u32::try_from(name) {
            Ok(name) if name < Self::DENSE => name,
            _ => self.sparse_slot(name),
        }
    }

    /// The name of the order at `slot`.
    #[inline]
    pub fn name_of(&self, slot: u32) -> u64 {
        match slot.checked_sub(Self::DENSE) {
            None => u64::from(slot),
            Some(index) => self.by_slot[index as usize],
        }
    }

    /// A slot for the new order `name`; `None` where all are taken by orders that rest.
    #[inline]
    pub fn open(&mut self, name: u64, rests: impl Fn(u32) -> bool) -> Option<u32> {
        match u32::try_from(name) {
            Ok(name) if name < Self::DENSE => Some(name),
            _ => self.open_sparse(name, rests),
        }
    }

    #[cold]
    fn sparse_slot(&self, name: u64) -> u32 {
        self.sparse.get(&name).copied().unwrap_or(u32::MAX)
    }

    #[cold]
    fn open_sparse(&mut self, name: u64, rests: impl Fn(u32) -> bool) -> Option<u32> {
        if let Some(&slot) = self.sparse.get(&name) {
            return Some(slot);
        }
        let room = (Self::SLOTS - Self::DENSE) as usize;
        if self.free.is_empty() && self.by_slot.len() == room {
            self.sparse.retain(|_, &mut slot| rests(slot));
            let free = (Self::DENSE..Self::SLOTS).filter(|&slot| !rests(slot));
            self.free.extend(free);
        }
        let slot = match self.free.pop() {
            Some(slot) => slot,
            None if self.by_slot.len() < room => {
                self.by_slot.push(name);
                let index = u32::try_from(self.by_slot.len() - 1);
                Self::DENSE + index.expect("invariant: there are fewer slots than that")
            }
            None => return None,
        };
        self.by_slot[(slot - Self::DENSE) as usize] = name;
        self.sparse.insert(name, slot);
        Some(slot)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_names_are_slots_and_others_get_one() {
        let mut names = Names::default();
        assert_eq!(names.open(7, |_| false), Some(7));
        assert_eq!((names.slot_of(7), names.name_of(7)), (7, 7));
        let large = u64::MAX - 3;
        assert_eq!(names.slot_of(large), u32::MAX);
        let slot = names.open(large, |_| false).expect("there is room");
        assert_eq!(slot, Names::DENSE);
        assert_eq!((names.slot_of(large), names.name_of(slot)), (slot, large));
        assert_eq!(names.open(large, |_| true), Some(slot));
        let next = names.open(u64::from(Names::DENSE), |_| false);
        assert_eq!(next, Some(Names::DENSE + 1));
    }
}
