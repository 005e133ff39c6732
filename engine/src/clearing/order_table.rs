//! Where the order of an id is: the index from public ids to slots and to ended orders.
//!
//! Ids are a counter, so the index is an array of 8-byte cells in pages; a page goes when
//! nothing in it is known any more. Only pages are hashed, so the map stays small and its
//! growing is not felt.
//!
//! All operations are O(1). Memory is at most a page for each known order, in practice 8 bytes.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use crate::domain::{OrderId, PairId};

/// Ids a page: 8 KiB.
const PAGE: u64 = 1_024;

/// Where an order is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(in crate::clearing) enum Location {
    /// Nowhere: not given out yet, refused by the matcher, or forgotten.
    #[default]
    Nowhere,
    /// In this slot of the pair's tracker.
    Open { pair: PairId, slot: u32 },
    /// At this position among what ended in the pair, counted from the first, modulo 2^32.
    Ended { pair: PairId, position: u32 },
}

#[derive(Clone, Debug)]
struct Page {
    known: u32,
    cells: Box<[Location]>,
}

/// The index from order ids to where the orders are.
#[derive(Clone, Debug, Default)]
pub(in crate::clearing) struct OrderTable {
    pages: HashMap<u64, Page, BuildHasherDefault<PageHasher>>,
    /// An empty page kept for the next time one is needed.
    spare: Option<Page>,
}

/// Spreads page numbers, which are ours: nobody outside chooses which exist.
#[derive(Clone, Copy, Debug, Default)]
struct PageHasher(u64);

impl Hasher for PageHasher {
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u64(byte.into());
        }
    }

    #[inline]
    fn write_u64(&mut self, number: u64) {
        // Fibonacci hashing: the high bits depend on all of the number's.
        self.0 = (self.0 ^ number)
            .wrapping_mul(0x9E37_79B9_7F4A_7C15)
            .rotate_left(32);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

impl OrderTable {
    /// Where the order is.
    #[inline]
    pub(in crate::clearing) fn get(&self, id: OrderId) -> Location {
        let page = self.pages.get(&(id.0 / PAGE));
        page.map_or(Location::Nowhere, |page| page.cells[cell_of(id)])
    }

    /// How many orders are somewhere.
    pub(in crate::clearing) fn known(&self) -> usize {
        self.pages.values().map(|page| page.known as usize).sum()
    }

    /// Says where the order is now.
    #[inline]
    pub(in crate::clearing) fn set(&mut self, id: OrderId, location: Location) {
        let number = id.0 / PAGE;
        let spare = &mut self.spare;
        let page = self
            .pages
            .entry(number)
            .or_insert_with(|| spare.take().unwrap_or_else(empty_page));
        let cell = &mut page.cells[cell_of(id)];
        let was_known = *cell != Location::Nowhere;
        let is_known = location != Location::Nowhere;
        *cell = location;
        page.known = page.known + u32::from(is_known) - u32::from(was_known);
        if page.known == 0 {
            self.spare = self.pages.remove(&number);
        }
    }
}

fn cell_of(id: OrderId) -> usize {
    usize::try_from(id.0 % PAGE).expect("invariant: a page is small")
}

fn empty_page() -> Page {
    let len = usize::try_from(PAGE).expect("invariant: a page is small");
    Page {
        known: 0,
        cells: vec![Location::Nowhere; len].into_boxed_slice(),
    }
}

const _: () = assert!(size_of::<Location>() == 8);

#[cfg(test)]
mod tests {
    use super::*;

    const SOMEWHERE: Location = Location::Open {
        pair: PairId(3),
        slot: 7,
    };

    #[test]
    fn pages_come_and_go_with_what_is_known() {
        let mut table = OrderTable::default();
        for id in 1..=5_000 {
            table.set(OrderId(id), SOMEWHERE);
        }
        for id in 2..=5_000 {
            table.set(OrderId(id), Location::Nowhere);
        }
        assert_eq!(table.get(OrderId(1)), SOMEWHERE);
        assert_eq!(table.get(OrderId(2)), Location::Nowhere);
        assert_eq!(table.pages.len(), 1);
        table.set(OrderId(1), Location::Nowhere);
        assert!(table.pages.is_empty());
        table.set(OrderId(5_001), SOMEWHERE);
        assert_eq!(table.get(OrderId(5_001)), SOMEWHERE);
        for unknown in [0, 1, 5_000, 5_002, u64::MAX] {
            assert_eq!(table.get(OrderId(unknown)), Location::Nowhere);
        }
    }
}
