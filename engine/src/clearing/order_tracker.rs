//! The open orders of one pair, by slot.
//!
//! Owns the slots that the pair's matcher uses too: hands one out when an order is accepted,
//! takes it back when the order's end is settled. A key is a slot and a generation, and finds
//! its order only while both agree.
//!
//! Every order is on the list of its account's orders in this pair, oldest first, which is by
//! id. All operations are O(1); memory is that of the most orders ever open at once.

use crate::domain::OrderKey;

use super::order::OpenOrder;

/// Open orders by slot.
#[derive(Clone, Debug, Default)]
pub(in crate::clearing) struct OrderTracker {
    slots: Vec<Slot>,
    free: Vec<u32>,
}

#[derive(Clone, Debug)]
struct Slot {
    generation: u32,
    order: Option<OpenOrder>,
}

/// The open orders of one account in one pair: a list through the pair's slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(in crate::clearing) struct OpenList {
    pub(in crate::clearing) count: u32,
    pub(in crate::clearing) oldest: Option<u32>,
    pub(in crate::clearing) newest: Option<u32>,
}

impl OrderTracker {
    /// How many orders are open.
    #[inline]
    pub(in crate::clearing) fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// Puts `order` into a free slot and at the end of `list`.
    #[inline]
    pub(in crate::clearing) fn insert(
        &mut self,
        mut order: OpenOrder,
        list: &mut OpenList,
    ) -> OrderKey {
        order.older = list.newest;
        order.newer = None;
        let key = match self.free.pop() {
            Some(slot) => {
                let cell = &mut self.slots[slot as usize];
                cell.order = Some(order);
                OrderKey {
                    slot,
                    generation: cell.generation,
                }
            }
            None => {
                let slot = u32::try_from(self.slots.len())
                    .expect("invariant: the cap on open orders is below 2^32");
                self.slots.push(Slot {
                    generation: 0,
                    order: Some(order),
                });
                OrderKey {
                    slot,
                    generation: 0,
                }
            }
        };
        match list.newest {
            Some(newest) => self.linked(newest).newer = Some(key.slot),
            None => list.oldest = Some(key.slot),
        }
        list.newest = Some(key.slot);
        list.count += 1;
        key
    }

    /// Takes the order out of its slot, which is free then, and off `list`.
    #[inline]
    pub(in crate::clearing) fn remove(&mut self, key: OrderKey, list: &mut OpenList) -> OpenOrder {
        let cell = &mut self.slots[key.slot as usize];
        assert_eq!(
            cell.generation, key.generation,
            "invariant: an order leaves its slot once"
        );
        let order = cell
            .order
            .take()
            .expect("invariant: an order leaves its slot once");
        cell.generation = cell.generation.wrapping_add(1);
        self.free.push(key.slot);
        match order.older {
            Some(older) => self.linked(older).newer = order.newer,
            None => list.oldest = order.newer,
        }
        match order.newer {
            Some(newer) => self.linked(newer).older = order.older,
            None => list.newest = order.older,
        }
        list.count -= 1;
        order
    }

    /// The order of this key, if it has not ended.
    #[inline]
    pub(in crate::clearing) fn get(&self, key: OrderKey) -> Option<&OpenOrder> {
        let cell = self.slots.get(key.slot as usize)?;
        cell.order
            .as_ref()
            .filter(|_| cell.generation == key.generation)
    }

    /// The order of this key, if it has not ended.
    #[inline]
    pub(in crate::clearing) fn get_mut(&mut self, key: OrderKey) -> Option<&mut OpenOrder> {
        let cell = self.slots.get_mut(key.slot as usize)?;
        let generation = cell.generation;
        cell.order.as_mut().filter(|_| generation == key.generation)
    }

    /// The order in this slot, with its key.
    pub(in crate::clearing) fn in_slot(&self, slot: u32) -> Option<(OrderKey, &OpenOrder)> {
        let cell = self.slots.get(slot as usize)?;
        let generation = cell.generation;
        let order = cell.order.as_ref()?;
        Some((OrderKey { slot, generation }, order))
    }

    /// All open orders with their keys, by slot: in no order that may reach an output.
    pub(in crate::clearing) fn iter(&self) -> impl Iterator<Item = (OrderKey, &OpenOrder)> {
        let slots = 0..u32::try_from(self.slots.len()).unwrap_or(u32::MAX);
        slots.filter_map(|slot| self.in_slot(slot))
    }

    /// The orders of `list`, oldest first.
    pub(in crate::clearing) fn of_list<'a>(
        &'a self,
        list: &OpenList,
    ) -> impl Iterator<Item = (OrderKey, &'a OpenOrder)> {
        let mut next = list.oldest;
        std::iter::from_fn(move || {
            let found = self
                .in_slot(next?)
                .expect("invariant: a list names open orders only");
            next = found.1.newer;
            Some(found)
        })
    }

    fn linked(&mut self, slot: u32) -> &mut OpenOrder {
        self.slots[slot as usize]
            .order
            .as_mut()
            .expect("invariant: a list names open orders only")
    }
}
