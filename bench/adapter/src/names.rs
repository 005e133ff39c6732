//! Which slot an order has, from the name that its sender gave it.
//!
//! In the exchange this is clearing's business: it hands slots out, last in, first out, and takes
//! one back when its order has ended, so that the live orders stand close together however many
//! there have been. The benchmark counts its names from 1: names below [`Names::DENSE`] are
//! looked up in an array, others in a map, at the cost of a hash.
//!
//! Invariant: a name leads to a slot exactly while its order lives.

use std::collections::HashMap;

/// Leads nowhere.
const NONE: u32 = 0;

/// The names of one book's live orders.
#[derive(Debug)]
pub struct Names {
    /// By name: the slot and one, or [`NONE`].
    dense: Vec<u32>,
    sparse: HashMap<u64, u32>,
    /// By slot.
    names: Vec<u64>,
    free: Vec<u32>,
}

impl Names {
    /// Names below are looked up without a hash.
    pub const DENSE: u64 = 1 << 24;
    /// How many slots there are.
    pub const SLOTS: u32 = 1 << 23;
    /// How many names the benchmark's flow has, rounded up.
    const EXPECTED: usize = 1 << 20;

    /// Makes room for the names that the benchmark's flow has.
    pub fn new() -> Names {
        Names {
            dense: vec![NONE; Names::EXPECTED],
            sparse: HashMap::new(),
            names: Vec::new(),
            free: Vec::new(),
        }
    }

    /// The slot of the live order `name`.
    #[inline(always)]
    pub fn slot_of(&self, name: u64) -> Option<u32> {
        match self.dense.get(index(name)) {
            Some(&slot) => slot.checked_sub(1),
            None => self.sparse_slot(name),
        }
    }

    /// Where the slot of `name` is looked up, to fetch it.
    #[inline(always)]
    pub fn place_of(&self, name: u64) -> Option<&u32> {
        self.dense.get(index(name))
    }

    /// The name of the live order at `slot`.
    #[inline(always)]
    pub fn name_of(&self, slot: u32) -> u64 {
        self.names[slot as usize]
    }

    /// Gives the order `name` a slot; `None` where it lives already, or all slots are taken.
    #[inline(always)]
    pub fn open(&mut self, name: u64) -> Option<u32> {
        match self.dense.get_mut(index(name)) {
            Some(place) if *place == NONE => {
                let slot = match self.free.pop() {
                    Some(slot) => slot,
                    None => new_slot(&mut self.names)?,
                };
                *place = slot + 1;
                self.names[slot as usize] = name;
                Some(slot)
            }
            Some(_) => None,
            None => self.open_beyond(name),
        }
    }

    /// Takes the slot of an order back that lives no more.
    #[inline(always)]
    pub fn close(&mut self, slot: u32) {
        let name = self.names[slot as usize];
        match self.dense.get_mut(index(name)) {
            Some(place) => *place = NONE,
            None => self.close_sparse(name),
        }
        self.free.push(slot);
    }

    #[cold]
    #[inline(never)]
    fn sparse_slot(&self, name: u64) -> Option<u32> {
        self.sparse.get(&name).copied()
    }

    /// The same for a name beyond the end of the array, which grows where the name is small.
    #[cold]
    #[inline(never)]
    fn open_beyond(&mut self, name: u64) -> Option<u32> {
        if name < Self::DENSE {
            let names = (index(name) + 1).next_power_of_two();
            self.dense.resize(names, NONE);
            return self.open(name);
        }
        if self.sparse.contains_key(&name) {
            return None;
        }
        let slot = match self.free.pop() {
            Some(slot) => slot,
            None => new_slot(&mut self.names)?,
        };
        self.names[slot as usize] = name;
        self.sparse.insert(name, slot);
        Some(slot)
    }

    #[cold]
    #[inline(never)]
    fn close_sparse(&mut self, name: u64) {
        self.sparse.remove(&name);
    }
}

impl Default for Names {
    fn default() -> Names {
        Names::new()
    }
}

/// Where a name is looked up: beyond every end where no index is that large.
#[inline(always)]
fn index(name: u64) -> usize {
    usize::try_from(name).unwrap_or(usize::MAX)
}

/// A slot that no order has had.
#[cold]
#[inline(never)]
fn new_slot(names: &mut Vec<u64>) -> Option<u32> {
    let slot = u32::try_from(names.len()).ok();
    let slot = slot.filter(|&slot| slot < Names::SLOTS)?;
    names.push(0);
    Some(slot)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_leads_to_a_slot_while_its_order_lives() {
        let mut names = Names::new();
        for name in [7, 5_000_000, Names::DENSE, u64::MAX] {
            assert_eq!(names.slot_of(name), None);
            let slot = names.open(name).expect("there is room");
            assert_eq!(
                (names.slot_of(name), names.name_of(slot)),
                (Some(slot), name)
            );
            assert_eq!(names.open(name), None, "it lives");
        }
        let last = names.slot_of(u64::MAX).expect("it lives");
        names.close(last);
        assert_eq!(names.slot_of(u64::MAX), None);
        assert_eq!(names.open(8), Some(last), "the slot that fell free last");
        names.close(0);
        assert_eq!(names.open(7), Some(0));
    }
}
