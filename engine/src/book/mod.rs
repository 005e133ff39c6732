//! The state of one pair's order book, and its integrity. Knows no rule of matching.
//!
//! Owns the resting orders (arena), their queues and levels (ladder, one a side). In: put behind
//! the last, take out, take from the front. Out: the front of a side, and read-only views.
//!
//! Invariants, walked whole by [`Book::verify`]: every taken slot is linked in exactly one level,
//! that of its side and price; a level's total is the sum of its orders' leaves; queues are in
//! order of arrival; best bid is below best ask.
//! Complexity: every operation is constant, also where the price is outside the window of its side,
//! but for looking up the levels there, which costs a few times as much. Limits: [`BookConfig`].

mod arena;
mod bitmap;
mod config;
mod ladder;
mod leaf;
mod prefetch;
mod sparse;
mod verify;
mod view;

pub use config::{BookConfig, BookConfigError};
pub use prefetch::prefetch;
pub use view::{Depth, LevelView, OrderView, Queue};

pub(crate) use arena::{Marks, Resting};

use arena::{Arena, NIL, Node};
use ladder::{Ladder, NO_RANK, price_of, rank_of};

use crate::domain::{AccountId, OrderKey, Price, Quantity, Side};

/// The book of one pair.
#[derive(Debug)]
pub(crate) struct Book {
    arena: Arena,
    /// By [`Side`].
    ladders: [Ladder; 2],
}

/// One side of the book, down to a price: what an incoming order may meet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reach {
    /// Which side.
    pub(crate) side: Side,
    limit: u32,
}

/// The order at the front of a side: what an incoming order meets next.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Front {
    /// Which.
    pub(crate) key: OrderKey,
    /// Whose.
    pub(crate) account: AccountId,
    /// Where.
    pub(crate) price: Price,
    /// What it has left, of what shows.
    pub(crate) leaves: Quantity,
    /// What else there is of it.
    pub(crate) marks: Marks,
}

impl Book {
    pub(crate) fn new(config: BookConfig) -> Book {
        Book {
            arena: Arena::new(config.max_orders()),
            ladders: [(), ()].map(|()| Ladder::new(config.window_levels())),
        }
    }

    /// Makes room for `orders` slots now.
    pub(crate) fn reserve(&mut self, orders: usize) {
        self.arena.grow(orders);
    }

    /// Fetches the line of `slot`, so that it is near when a command about it comes.
    #[inline]
    pub(crate) fn prefetch(&self, slot: u32) {
        self.arena.prefetch(slot);
    }

    /// Fetches the level of `price` on `side`.
    #[inline(always)]
    pub(crate) fn prefetch_level(&self, side: Side, price: Price) {
        self.ladders[side as usize].prefetch(rank_of(side, price));
    }

    /// Fetches the level of the order at `slot` and the orders beside it, which taking it out will
    /// touch; its own line is looked at. Whatever stands there: what is fetched for nothing costs
    /// less than a wrong guess.
    #[inline(always)]
    pub(crate) fn prefetch_around(&self, slot: u32) {
        if let Some(node) = self.arena.nearest(slot) {
            self.arena.prefetch(node.prev);
            self.arena.prefetch(node.next);
            let price = node.price.unwrap_or(Price::MIN);
            self.prefetch_level(node.side, price);
        }
    }

    /// Where the order at `slot` stands, or anywhere, where none does: there is no branch that could go
    /// wrong.
    #[inline(always)]
    pub(crate) fn likely_level(&self, slot: u32) -> (Side, Price) {
        match self.arena.nearest(slot) {
            Some(node) => (node.side, node.price.unwrap_or(Price::MIN)),
            None => (Side::Buy, Price::MIN),
        }
    }

    /// Whether so many levels are outside the windows that [`Book::prefetch_leaf`] pays.
    #[inline(always)]
    pub(crate) const fn is_spread(&self) -> bool {
        let [bids, asks] = &self.ladders;
        bids.is_spread() || asks.is_spread()
    }

    /// Fetches what leads to the level of `price` on `side` outside the window.
    #[inline(always)]
    pub(crate) fn prefetch_leaf(&self, side: Side, price: Price) {
        self.ladders[side as usize].prefetch_leaf(rank_of(side, price));
    }

    /// Fetches the level of `price` on `side` outside the window, when what leads to it has been fetched.
    #[inline(always)]
    pub(crate) fn prefetch_far(&self, side: Side, price: Price) {
        self.ladders[side as usize].prefetch_far(rank_of(side, price));
    }

    /// Whether an order is so often far that [`Book::prefetch_around`] pays.
    #[inline(always)]
    pub(crate) const fn is_large(&self) -> bool {
        self.arena.is_large()
    }

    /// Whether an order may rest at `slot`: it is below the limit, and vacant.
    #[inline]
    pub(crate) fn is_free(&self, slot: u32) -> bool {
        self.arena.is_free(slot)
    }

    /// Keeps the free `slot` for an order that is not in the book.
    pub(crate) fn reserve_slot(&mut self, slot: u32) {
        self.arena.reserve(slot);
    }

    /// Makes a reserved `slot` free again.
    pub(crate) fn release_slot(&mut self, slot: u32) {
        self.arena.release(slot);
    }

    /// How many slots are reserved. As long as the book is large.
    pub(crate) fn reserved_slots(&self) -> usize {
        self.arena.reserved()
    }

    /// Marks the resting order of `key`, which is in the book.
    pub(crate) fn mark(&mut self, key: OrderKey, marks: Marks) {
        let node = self.arena.find_mut(key);
        node.expect("invariant: an order that is marked rests")
            .marks = marks;
    }

    /// The key of the order that rests at `slot`.
    pub(crate) fn key_at(&self, slot: u32) -> OrderKey {
        OrderKey {
            slot,
            generation: self.arena.at(slot).generation,
        }
    }

    /// The best price of `side`.
    #[inline]
    pub(crate) fn best_price(&self, side: Side) -> Option<Price> {
        let rank = self.ladders[side as usize].best();
        (rank != NO_RANK).then(|| price_of(side, rank))
    }

    /// The resting order of `key`.
    #[inline]
    pub(crate) fn find(&self, key: OrderKey) -> Option<Resting> {
        self.arena.find(key).and_then(Node::resting)
    }

    /// Whether the order of `key` is in the book.
    #[inline]
    pub(crate) fn rests(&self, key: OrderKey) -> bool {
        self.arena.find(key).is_some()
    }

    /// Whether an order of `side` at `price` would trade at once.
    #[inline]
    pub(crate) fn crosses(&self, side: Side, price: Price) -> bool {
        self.is_within(Book::reach(side, price))
    }

    /// Whether anything rests within `reach`.
    #[inline]
    pub(crate) fn is_within(&self, reach: Reach) -> bool {
        self.ladders[reach.side as usize].best() <= reach.limit
    }

    /// How far an order of `side` at `price` reaches into the other side.
    #[inline]
    pub(crate) const fn reach(side: Side, price: Price) -> Reach {
        let opposite = side.opposite();
        Reach {
            side: opposite,
            limit: rank_of(opposite, price),
        }
    }

    /// The first order within `reach`.
    #[inline]
    pub(crate) fn front(&self, reach: Reach) -> Option<Front> {
        let ladder = &self.ladders[reach.side as usize];
        let rank = ladder.best();
        if rank > reach.limit {
            return None;
        }
        let level = ladder
            .level(rank)
            .expect("invariant: the best level exists");
        let node = self.arena.at(level.head);
        Some(Front {
            key: OrderKey {
                slot: level.head,
                generation: node.generation,
            },
            account: node.account,
            price: node.price.expect("invariant: a linked slot is taken"),
            leaves: node.leaves,
            marks: node.marks,
        })
    }

    /// Takes `quantity`, at most its leaves, from the order at the front of `side`; the order
    /// leaves the book when that is all it had.
    #[inline(always)]
    pub(crate) fn take_front(&mut self, side: Side, quantity: Quantity) {
        let ladder = &mut self.ladders[side as usize];
        let rank = ladder.best();
        let level = ladder.level_mut(rank);
        let node = self.arena.at_mut(level.head);
        level.total -= quantity.lots();
        node.leaves = less(node.leaves, quantity);
        if node.leaves.is_zero() {
            node.price = None;
            node.marks = Marks::NONE;
            // Its next order keeps a stale `prev`: a head's means nothing.
            level.head = node.next;
            if level.head == NIL {
                ladder.close(rank);
            }
        }
    }

    /// Puts `order` behind the last of its price, at the slot of `key`, which is free.
    #[inline(always)]
    pub(crate) fn append(&mut self, key: OrderKey, order: &Resting) {
        let ladder = &mut self.ladders[order.side as usize];
        let rank = rank_of(order.side, order.price);
        let before = ladder.append(rank, key.slot, order.leaves.lots());
        self.arena
            .put(key.slot, Node::new(key.generation, order, before));
        if before != NIL {
            self.arena.at_mut(before).next = key.slot;
        }
    }

    /// Takes the order of `key` out of its level and returns it, where it is in the book.
    #[inline(always)]
    pub(crate) fn remove(&mut self, key: OrderKey) -> Option<Resting> {
        let node = self.arena.find_mut(key)?;
        let order = node.resting()?;
        node.price = None;
        node.marks = Marks::NONE;
        let (prev, next) = (node.prev, node.next);
        let ladder = &mut self.ladders[order.side as usize];
        let rank = rank_of(order.side, order.price);
        let level = ladder.level_mut(rank);
        level.total -= order.leaves.lots();
        if level.head == key.slot {
            level.head = next;
            if next == NIL {
                ladder.close(rank);
            }
            return Some(order);
        }
        if next == NIL {
            level.tail = prev;
        } else {
            self.arena.at_mut(next).prev = prev;
        }
        self.arena.at_mut(prev).next = next;
        Some(order)
    }

    /// Takes `quantity`, less than its leaves, from the order at `slot`; it keeps its place.
    #[inline]
    pub(crate) fn reduce(&mut self, slot: u32, order: &Resting, quantity: Quantity) {
        let node = self.arena.at_mut(slot);
        node.leaves = less(node.leaves, quantity);
        assert!(
            !node.leaves.is_zero(),
            "invariant: a reduced order keeps a lot"
        );
        let ladder = &mut self.ladders[order.side as usize];
        ladder.level_mut(rank_of(order.side, order.price)).total -= quantity.lots();
    }

    /// Sum of what rests opposite to `side` within `price`, counted up to `enough`, by levels.
    pub(crate) fn opposite_total(&self, side: Side, price: Price, enough: Quantity) -> u64 {
        let Reach { side, limit } = Book::reach(side, price);
        let ladder = &self.ladders[side as usize];
        let mut total = 0;
        for (rank, level) in ladder.levels() {
            if rank > limit || total >= enough.lots() {
                break;
            }
            total += level.total;
        }
        total
    }

    /// The levels opposite to `side` within `price`, best first, each with its orders in the
    /// order in which they would trade.
    pub(crate) fn opposite_levels(
        &self,
        side: Side,
        price: Price,
    ) -> impl Iterator<Item = Queue<'_>> {
        let Reach { side, limit } = Book::reach(side, price);
        let ladder = &self.ladders[side as usize];
        ladder
            .levels()
            .take_while(move |(rank, _)| *rank <= limit)
            .map(|(_, level)| Queue::new(&self.arena, level))
    }
}

/// `quantity` less a part of it.
#[inline]
pub(crate) fn less(quantity: Quantity, part: Quantity) -> Quantity {
    quantity
        .checked_sub(part)
        .expect("invariant: a part is at most the whole")
}
