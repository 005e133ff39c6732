//! Where the order of an id is: the index from public ids to slots and to ended orders.
//!
//! Ids are a counter, so the index is an array of 8-byte cells in pages; a page goes when
//! nothing in it is known any more. No hashing, no rehashing pause. An old order that stays
//! open keeps its own page and, for each page after it, one pointer.
//!
//! All operations are O(1).

use std::collections::VecDeque;

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
    /// The number of the first page.
    first: u64,
    pages: VecDeque<Option<Page>>,
    /// An empty page kept for the next time one is needed.
    spare: Option<Page>,
}

impl OrderTable {
    /// Where the order is.
    #[inline]
    pub(in crate::clearing) fn get(&self, id: OrderId) -> Location {
        self.find(id).unwrap_or_default()
    }

    /// How many orders are somewhere.
    pub(in crate::clearing) fn known(&self) -> usize {
        let pages = self.pages.iter().flatten();
        pages.map(|page| page.known as usize).sum()
    }

    fn find(&self, id: OrderId) -> Option<Location> {
        let index = (id.0 / PAGE).checked_sub(self.first)?;
        let page = self.pages.get(usize::try_from(index).ok()?)?.as_ref()?;
        Some(page.cells[cell_of(id)])
    }

    /// Says where the order is now. An id is first set after all lower ones were.
    #[inline]
    pub(in crate::clearing) fn set(&mut self, id: OrderId, location: Location) {
        let number = id.0 / PAGE;
        if self.pages.is_empty() {
            self.first = number;
        }
        let index = number
            .checked_sub(self.first)
            .and_then(|index| usize::try_from(index).ok())
            .expect("invariant: a page is gone only when nothing in it is known");
        while self.pages.len() <= index {
            self.pages.push_back(None);
        }
        if self.pages[index].is_none() {
            self.pages[index] = Some(self.spare.take().unwrap_or_else(empty_page));
        }
        let page = self.pages[index]
            .as_mut()
            .expect("invariant: the page was just made");
        let cell = &mut page.cells[cell_of(id)];
        let was_known = *cell != Location::Nowhere;
        let is_known = location != Location::Nowhere;
        *cell = location;
        page.known = page.known + u32::from(is_known) - u32::from(was_known);
        if page.known == 0 && was_known {
            self.spare = self.pages[index].take();
            while let Some(None) = self.pages.front() {
                self.pages.pop_front();
                self.first += 1;
            }
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
        assert_eq!(table.pages.iter().flatten().count(), 1);
        table.set(OrderId(1), Location::Nowhere);
        assert!(table.pages.is_empty());
        table.set(OrderId(5_001), SOMEWHERE);
        assert_eq!(table.get(OrderId(5_001)), SOMEWHERE);
        for unknown in [0, 1, 5_000, 5_002, u64::MAX] {
            assert_eq!(table.get(OrderId(unknown)), Location::Nowhere);
        }
    }
}
