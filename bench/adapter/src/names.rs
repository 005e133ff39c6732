//! Which order a name means, as a key of the matcher.
//!
//! In the exchange this is clearing's business: it hands slots out, last in, first out, and takes
//! one back when its order has ended, so that the live orders stand close together however many
//! there have been. The benchmark counts its names from 1: names below [`Names::DENSE`] are
//! looked up in an array, others in a map, at the cost of a hash.
//!
//! The generation of a key is the name, so that the way back is in the key that the matcher says
//! an order by; for the names in the map it is [`FAR`], and another map leads back.
//!
//! Invariant: a name leads to a key exactly while its order lives.

use std::collections::HashMap;

use engine::domain::OrderKey;

/// Leads nowhere.
const NONE: u32 = 0;

/// The generation of keys whose name is in the map.
const FAR: u32 = u32::MAX;

/// The names of one book's live orders.
#[derive(Debug)]
pub struct Names {
    /// By name: the slot and one, or [`NONE`].
    dense: Vec<u32>,
    /// By name, where the array has no place for it.
    far: HashMap<u64, u32>,
    /// The way back, by slot.
    far_names: HashMap<u32, u64>,
    free: Vec<u32>,
    /// How many slots there have been.
    used: u32,
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
            far: HashMap::new(),
            far_names: HashMap::new(),
            free: Vec::new(),
            used: 0,
        }
    }

    /// How many slots there have been: the most orders that lived at once.
    #[inline(always)]
    pub const fn used(&self) -> u32 {
        self.used
    }

    /// The key of the live order `name`.
    #[inline(always)]
    pub fn key_of(&self, name: u64) -> Option<OrderKey> {
        match self.dense.get(index(name)) {
            Some(&slot) => Some(key(slot.checked_sub(1)?, name)),
            None => self.far_key(name),
        }
    }

    /// The slot of `name` where it has one in the array, and else one that is none: to fetch it,
    /// without a branch that could go wrong.
    #[inline(always)]
    pub fn likely_slot(&self, name: u64) -> u32 {
        let place = self.place_of(name);
        place.copied().unwrap_or(NONE).wrapping_sub(1)
    }

    /// Where the slot of `name` is looked up, to fetch it.
    #[inline(always)]
    pub fn place_of(&self, name: u64) -> Option<&u32> {
        self.dense.get(index(name))
    }

    /// The name of the live order at `key`.
    #[inline(always)]
    pub fn name_of(&self, key: OrderKey) -> u64 {
        match key.generation {
            FAR => self.far_names[&key.slot],
            name => u64::from(name),
        }
    }

    /// Gives the order `name` a key; `None` where it lives already, or all slots are taken.
    #[inline(always)]
    pub fn open(&mut self, name: u64) -> Option<OrderKey> {
        match self.dense.get_mut(index(name)) {
            Some(place) if *place == NONE => {
                let slot = match self.free.pop() {
                    Some(slot) => slot,
                    None => new_slot(&mut self.used)?,
                };
                *place = slot + 1;
                Some(key(slot, name))
            }
            Some(_) => None,
            None => self.open_beyond(name),
        }
    }

    /// Takes the slot of an order back that lives no more.
    #[inline(always)]
    pub fn close(&mut self, key: OrderKey) {
        match self.dense.get_mut(key.generation as usize) {
            Some(place) => *place = NONE,
            None => self.close_far(key.slot),
        }
        self.free.push(key.slot);
    }

    #[cold]
    #[inline(never)]
    fn far_key(&self, name: u64) -> Option<OrderKey> {
        self.far.get(&name).map(|&slot| far_key(slot))
    }

    /// The same for a name beyond the end of the array, which grows where the name is small.
    #[cold]
    #[inline(never)]
    fn open_beyond(&mut self, name: u64) -> Option<OrderKey> {
        if name < Self::DENSE {
            let names = (index(name) + 1).next_power_of_two();
            self.dense.resize(names, NONE);
            return self.open(name);
        }
        if self.far.contains_key(&name) {
            return None;
        }
        let slot = match self.free.pop() {
            Some(slot) => slot,
            None => new_slot(&mut self.used)?,
        };
        self.far.insert(name, slot);
        self.far_names.insert(slot, name);
        Some(far_key(slot))
    }

    #[cold]
    #[inline(never)]
    fn close_far(&mut self, slot: u32) {
        if let Some(name) = self.far_names.remove(&slot) {
            self.far.remove(&name);
        }
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

/// The key of a name that the array has a place for.
#[inline(always)]
const fn key(slot: u32, name: u64) -> OrderKey {
    #[allow(
        clippy::cast_possible_truncation,
        reason = "names in the array have 24 bits"
    )]
    let generation = name as u32;
    OrderKey { slot, generation }
}

/// The key of a name that the map has.
const fn far_key(slot: u32) -> OrderKey {
    let generation = FAR;
    OrderKey { slot, generation }
}

/// A slot that no order has had.
#[cold]
#[inline(never)]
fn new_slot(used: &mut u32) -> Option<u32> {
    let slot = Some(*used).filter(|&slot| slot < Names::SLOTS)?;
    *used += 1;
    Some(slot)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_leads_to_a_key_while_its_order_lives() {
        let mut names = Names::new();
        for name in [7, 5_000_000, Names::DENSE, u64::MAX] {
            assert_eq!(names.key_of(name), None);
            let key = names.open(name).expect("there is room");
            assert_eq!((names.key_of(name), names.name_of(key)), (Some(key), name));
            assert_eq!(names.open(name), None, "it lives");
        }
        let last = names.key_of(u64::MAX).expect("it lives");
        names.close(last);
        assert_eq!(names.key_of(u64::MAX), None);
        let again = names.open(8).expect("there is room");
        assert_eq!(again.slot, last.slot, "the slot that fell free last");
        let first = names.key_of(7).expect("it lives");
        names.close(first);
        assert_eq!(names.open(7), Some(first));
    }

    #[test]
    fn what_is_fetched_is_the_slot_of_a_live_order() {
        let mut names = Names::new();
        let key = names.open(7).expect("there is room");
        assert_eq!(names.likely_slot(7), key.slot);
        for other in [8, Names::DENSE, u64::MAX] {
            assert_eq!(names.likely_slot(other), u32::MAX);
        }
    }
}
