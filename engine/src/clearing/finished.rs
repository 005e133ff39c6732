//! The orders of one pair that ended, oldest first, kept for a time.
//!
//! A queue in pages of [`PAGE`] orders, so that growing never copies and never pauses. Each
//! order has a position, counted from the first that ever ended; positions wrap at 2^32, which
//! is more than are kept at once. Push, pop and look-up are O(1).

use std::collections::VecDeque;

use super::order::FinishedOrder;

const PAGE: usize = 512;

/// What ended in one pair.
#[derive(Clone, Debug, Default)]
pub(in crate::clearing) struct Finished {
    pages: VecDeque<Vec<FinishedOrder>>,
    /// How many of the first page are gone.
    gone: usize,
    len: usize,
    /// The position of the oldest.
    oldest: u32,
    spare: Option<Vec<FinishedOrder>>,
}

impl Finished {
    /// How many are kept.
    pub(in crate::clearing) fn len(&self) -> usize {
        self.len
    }

    /// Adds the newest, and returns its position.
    #[inline]
    pub(in crate::clearing) fn push(&mut self, order: FinishedOrder) -> u32 {
        let position = self
            .oldest
            .wrapping_add(u32::try_from(self.len).expect("invariant: at most 2^32 - 1 are kept"));
        match self.pages.back_mut() {
            Some(page) if page.len() < PAGE => page.push(order),
            _ => {
                let fresh = self.spare.take();
                let mut page = fresh.unwrap_or_else(|| Vec::with_capacity(PAGE));
                page.push(order);
                self.pages.push_back(page);
            }
        }
        self.len += 1;
        position
    }

    /// The oldest.
    #[inline]
    pub(in crate::clearing) fn front(&self) -> Option<&FinishedOrder> {
        self.pages.front()?.get(self.gone)
    }

    /// Forgets the oldest, which there is.
    pub(in crate::clearing) fn forget_front(&mut self) {
        self.gone += 1;
        self.len -= 1;
        self.oldest = self.oldest.wrapping_add(1);
        let first = self.pages.front().map_or(0, Vec::len);
        if self.gone == PAGE || (self.len == 0 && self.gone == first) {
            self.gone = 0;
            self.spare = self.pages.pop_front().map(|mut page| {
                page.clear();
                page
            });
        }
    }

    /// The order at `position`, if it is still kept.
    #[inline]
    pub(in crate::clearing) fn get(&self, position: u32) -> Option<&FinishedOrder> {
        let index = position.wrapping_sub(self.oldest) as usize;
        if index >= self.len {
            return None;
        }
        let index = index + self.gone;
        self.pages.get(index / PAGE)?.get(index % PAGE)
    }

    /// All, oldest first.
    pub(in crate::clearing) fn iter(&self) -> impl Iterator<Item = &FinishedOrder> {
        self.pages.iter().flatten().skip(self.gone)
    }
}
