//! Where the orders of a book stand: one slot each, at the index that its key names.
//!
//! Owns every resting order. A slot is vacant while it has no price; the generation in it is
//! then of the past. A vacant slot may be reserved for an order that waits outside the book. A
//! lookup is one index and two comparisons. Addresses for all slots are taken at the start, memory
//! for them by [`Arena::STEP`] when one beyond the end is first used: nothing is ever copied. The
//! arena never shrinks, and never holds more than [`Arena::LIMIT`] orders.

use super::prefetch::prefetch;
use crate::domain::{AccountId, OrderKey, Price, Quantity, SelfTradePrevention, Side};

/// The link that leads nowhere.
pub(super) const NIL: u32 = u32::MAX;

/// One resting order: half a cache line, so no order lies across two.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(32))]
pub(super) struct Node {
    /// What is left, at least one lot while the slot is taken.
    pub(super) leaves: Quantity,
    /// The price; none while the slot is vacant.
    pub(super) price: Option<Price>,
    /// Whose it is.
    pub(super) account: AccountId,
    /// The next order of the level, or [`NIL`].
    pub(super) next: u32,
    /// The order before it in the level. Means nothing at the head, so that taking the head
    /// does not touch the order behind it.
    pub(super) prev: u32,
    /// The generation of the key that stands here.
    pub(super) generation: u32,
    pub(super) side: Side,
    post_only: bool,
    self_trade: SelfTradePrevention,
    pub(super) marks: Marks,
}

const _: () = assert!(size_of::<Node>() == 32);

/// What is known of an order elsewhere; nothing for a plain one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) struct Marks(u8);

impl Marks {
    /// A plain order.
    pub(crate) const NONE: Marks = Marks(0);
    /// Its stop is watched while it rests.
    pub(crate) const LINKED: Marks = Marks(1);
    /// Part of it is hidden.
    pub(crate) const ICEBERG: Marks = Marks(2);
    /// On a vacant slot: an order that is not in the book will need it.
    pub(super) const RESERVED: Marks = Marks(4);

    /// Whether there is any.
    #[inline]
    pub(crate) const fn any(self) -> bool {
        self.0 != 0
    }

    /// Whether there are all of `others`.
    #[inline]
    pub(crate) const fn has(self, others: Marks) -> bool {
        self.0 & others.0 == others.0
    }
}

/// What a resting order keeps of the order that was placed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Resting {
    /// Whose it is.
    pub(crate) account: AccountId,
    /// Which way.
    pub(crate) side: Side,
    /// Where.
    pub(crate) price: Price,
    /// What is left.
    pub(crate) leaves: Quantity,
    /// Whether it refuses to take when it is replaced.
    pub(crate) post_only: bool,
    /// What happens when it comes in again and meets its owner.
    pub(crate) self_trade: SelfTradePrevention,
    /// What else there is of it.
    pub(crate) marks: Marks,
}

impl Node {
    const VACANT: Node = Node {
        leaves: Quantity::ZERO,
        price: None,
        account: AccountId(0),
        next: NIL,
        prev: NIL,
        generation: 0,
        side: Side::Buy,
        post_only: false,
        self_trade: SelfTradePrevention::CancelTaker,
        marks: Marks::NONE,
    };

    /// A node of `order` behind the order at `prev`.
    #[inline]
    pub(super) const fn new(generation: u32, order: &Resting, prev: u32) -> Node {
        Node {
            leaves: order.leaves,
            price: Some(order.price),
            account: order.account,
            next: NIL,
            prev,
            generation,
            side: order.side,
            post_only: order.post_only,
            self_trade: order.self_trade,
            marks: order.marks,
        }
    }

    #[inline]
    pub(super) const fn is_taken(&self) -> bool {
        self.price.is_some()
    }

    /// The order, where the slot is taken.
    #[inline]
    pub(super) fn resting(&self) -> Option<Resting> {
        Some(Resting {
            account: self.account,
            side: self.side,
            price: self.price?,
            leaves: self.leaves,
            post_only: self.post_only,
            self_trade: self.self_trade,
            marks: self.marks,
        })
    }
}

/// The slots of one book.
#[derive(Debug)]
pub(super) struct Arena {
    nodes: Vec<Node>,
    max_orders: u32,
}

impl Arena {
    /// The most slots that any book may have, 2^24 - 1.
    pub(super) const LIMIT: u32 = (1 << 24) - 1;
    /// How many slots are made at once: eight pages of 4 KiB, a few microseconds.
    const STEP: usize = 1024;
    /// From this many slots on, 512 KiB, an order is not expected to be near.
    const NEAR: usize = 1 << 14;

    /// Makes an arena that grows to at most `max_orders` slots.
    pub(super) fn new(max_orders: u32) -> Arena {
        Arena {
            nodes: Vec::with_capacity(max_orders as usize),
            max_orders,
        }
    }

    /// How many slots there may be.
    #[inline]
    pub(super) const fn max_orders(&self) -> u32 {
        self.max_orders
    }

    /// Every slot that exists, in order.
    pub(super) fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// Whether an order may be put at `slot`: it is in range, and vacant.
    #[inline]
    pub(super) fn is_free(&self, slot: u32) -> bool {
        match self.nodes.get(slot as usize) {
            // A vacant slot has no mark but that it is reserved.
            Some(node) => !node.is_taken() && !node.marks.any(),
            None => slot < self.max_orders,
        }
    }

    /// Keeps the free `slot` for an order that is not in the book.
    pub(super) fn reserve(&mut self, slot: u32) {
        if slot as usize >= self.nodes.len() {
            self.grow_for(slot);
        }
        let node = &mut self.nodes[slot as usize];
        assert!(
            !node.is_taken(),
            "invariant: a slot is reserved while it is vacant"
        );
        node.marks = Marks::RESERVED;
    }

    /// Makes a reserved `slot` free again.
    pub(super) fn release(&mut self, slot: u32) {
        let node = &mut self.nodes[slot as usize];
        assert!(
            node.marks == Marks::RESERVED,
            "invariant: only a reserved slot is released"
        );
        node.marks = Marks::NONE;
    }

    /// How many slots are reserved; O(slots).
    pub(super) fn reserved(&self) -> usize {
        let nodes = self.nodes.iter();
        nodes.filter(|node| node.marks == Marks::RESERVED).count()
    }

    /// The slot of `key`, where its order is in the book.
    #[inline]
    pub(super) fn find(&self, key: OrderKey) -> Option<&Node> {
        self.nodes
            .get(key.slot as usize)
            .filter(|node| node.is_taken() && node.generation == key.generation)
    }

    /// The slot of `key`, where its order is in the book.
    #[inline]
    pub(super) fn find_mut(&mut self, key: OrderKey) -> Option<&mut Node> {
        self.nodes
            .get_mut(key.slot as usize)
            .filter(|node| node.is_taken() && node.generation == key.generation)
    }

    /// Fetches the line of `slot`, or for nothing that of the last, where it does not exist.
    #[inline(always)]
    pub(super) fn prefetch(&self, slot: u32) {
        if let Some(node) = self.nearest(slot) {
            prefetch(node);
        }
    }

    /// The node at `slot`, vacant or not, or the last, where it does not exist: there is no branch
    /// that could go wrong.
    #[inline(always)]
    pub(super) fn nearest(&self, slot: u32) -> Option<&Node> {
        let last = self.nodes.len().checked_sub(1)?;
        Some(&self.nodes[last.min(slot as usize)])
    }

    /// Whether there are so many slots that what stands around an order is worth fetching.
    #[inline(always)]
    pub(super) const fn is_large(&self) -> bool {
        self.nodes.len() > Self::NEAR
    }

    /// The node at `slot`, which a link or a successful lookup led to.
    #[inline]
    pub(super) fn at(&self, slot: u32) -> &Node {
        &self.nodes[slot as usize]
    }

    /// The node at `slot`, which a link or a successful lookup led to.
    #[inline]
    pub(super) fn at_mut(&mut self, slot: u32) -> &mut Node {
        &mut self.nodes[slot as usize]
    }

    /// Puts `node` at `slot`, which is free.
    #[inline]
    pub(super) fn put(&mut self, slot: u32, node: Node) {
        if slot as usize >= self.nodes.len() {
            self.grow_for(slot);
        }
        let place = &mut self.nodes[slot as usize];
        assert!(
            !place.is_taken(),
            "invariant: an order goes into a vacant slot"
        );
        *place = node;
    }

    /// Makes room for `orders` slots, at most the limit, so that none is made later.
    pub(super) fn grow(&mut self, orders: usize) {
        let wanted = orders.min(self.max_orders as usize);
        if wanted > self.nodes.len() {
            self.nodes.reserve_exact(wanted - self.nodes.len());
            self.nodes.resize(wanted, Node::VACANT);
        }
    }

    #[cold]
    fn grow_for(&mut self, slot: u32) {
        assert!(
            slot < self.max_orders,
            "invariant: a slot is below the book's limit"
        );
        self.grow((slot as usize + 1).next_multiple_of(Self::STEP));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growing_moves_no_order_and_goes_by_the_step() {
        let mut arena = Arena::new(5_000);
        let place = arena.nodes.as_ptr();
        assert!(arena.is_free(4_999) && !arena.is_free(5_000));
        for (slot, length) in [(0, 1_024), (1_023, 1_024), (1_024, 2_048), (4_999, 5_000)] {
            arena.reserve(slot);
            assert_eq!(arena.nodes.len(), length, "after slot {slot}");
        }
        assert_eq!(arena.nodes.as_ptr(), place);
        assert_eq!(arena.reserved(), 4);
    }
}
