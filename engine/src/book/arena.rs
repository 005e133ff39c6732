//! Where the orders of a book stand: one slot each, at the index that its key names.
//!
//! Owns every resting order. A slot is vacant while its price is zero; the generation in it is
//! then of the past. A lookup is one index and two comparisons. The arena grows to the next
//! power of two when a slot beyond its end is first used, never shrinks, and never holds more
//! than [`Arena::LIMIT`] orders.

use crate::domain::{AccountId, OrderKey, Price, Quantity, SelfTradePrevention, Side};

/// The link that leads nowhere.
pub(super) const NIL: u32 = u32::MAX;

const SELL: u32 = 1;
const POST_ONLY: u32 = 1 << 1;
const SELF_TRADE_SHIFT: u32 = 2;

/// One resting order: half a cache line, so no order lies across two.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(32))]
pub(super) struct Node {
    /// What is left, in lots; at least one while the slot is taken.
    pub(super) leaves: u64,
    /// The price in ticks; zero while the slot is vacant.
    pub(super) price: u32,
    /// Whose it is.
    pub(super) owner: u32,
    /// The next order of the level, or [`NIL`].
    pub(super) next: u32,
    /// The order before it in the level. Means nothing at the head, so that taking the head
    /// does not touch the order behind it.
    pub(super) prev: u32,
    /// The generation of the key that stands here.
    pub(super) generation: u32,
    flags: u32,
}

const _: () = assert!(size_of::<Node>() == 32);

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
}

impl Node {
    const VACANT: Node = Node {
        leaves: 0,
        price: 0,
        owner: 0,
        next: NIL,
        prev: NIL,
        generation: 0,
        flags: 0,
    };

    #[inline]
    pub(super) fn new(generation: u32, order: &Resting) -> Node {
        Node {
            leaves: order.leaves.lots(),
            price: order.price.ticks(),
            owner: order.account.0,
            next: NIL,
            prev: NIL,
            generation,
            flags: order.side as u32
                | if order.post_only { POST_ONLY } else { 0 }
                | (order.self_trade as u32) << SELF_TRADE_SHIFT,
        }
    }

    #[inline]
    pub(super) const fn is_taken(&self) -> bool {
        self.price != 0
    }

    #[inline]
    pub(super) const fn side(&self) -> Side {
        if self.flags & SELL == 0 {
            Side::Buy
        } else {
            Side::Sell
        }
    }

    /// The price of a taken slot.
    #[inline]
    pub(super) fn price(&self) -> Price {
        Price::new(self.price).expect("invariant: a taken slot has a price")
    }

    /// What is left of a taken slot's order.
    #[inline]
    pub(super) fn leaves(&self) -> Quantity {
        Quantity::new(self.leaves).expect("invariant: leaves never grow past a quantity")
    }

    #[inline]
    pub(super) fn resting(&self) -> Resting {
        Resting {
            account: AccountId(self.owner),
            side: self.side(),
            price: self.price(),
            leaves: self.leaves(),
            post_only: self.flags & POST_ONLY != 0,
            self_trade: match self.flags >> SELF_TRADE_SHIFT & 3 {
                0 => SelfTradePrevention::CancelTaker,
                1 => SelfTradePrevention::CancelMaker,
                2 => SelfTradePrevention::CancelBoth,
                _ => SelfTradePrevention::Decrement,
            },
        }
    }
}

/// The slots of one book.
#[derive(Debug)]
pub(super) struct Arena {
    nodes: Vec<Node>,
    max_orders: u32,
}

impl Arena {
    /// The most slots that any book may have, 2^23.
    pub(super) const LIMIT: u32 = 1 << 23;
    const FIRST: usize = 1024;

    /// Makes an arena that grows to at most `max_orders` slots.
    pub(super) fn new(max_orders: u32) -> Arena {
        let mut arena = Arena {
            nodes: Vec::new(),
            max_orders,
        };
        arena.grow(Self::FIRST.min(max_orders as usize));
        arena
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
            Some(node) => !node.is_taken(),
            None => slot < self.max_orders,
        }
    }

    /// The slot of `key`, where its order is in the book.
    #[inline]
    pub(super) fn find(&self, key: OrderKey) -> Option<&Node> {
        self.nodes
            .get(key.slot as usize)
            .filter(|node| node.is_taken() && node.generation == key.generation)
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

    /// Makes `slot` vacant. Its node stays readable until the next order.
    #[inline]
    pub(super) fn free(&mut self, slot: u32) {
        self.nodes[slot as usize].price = 0;
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
        self.grow((slot as usize + 1).next_power_of_two());
    }
}
