//! The state of one pair's order book, and its integrity. Knows no rule of matching.
//!
//! Owns the resting orders (arena), their queues and levels (ladder, one a side). In: put behind
//! the last, take out, take from the front. Out: the front of a side, and read-only views.
//!
//! Invariants, walked whole by [`Book::verify`]: every taken slot is linked in exactly one level,
//! that of its side and price; a level's total is the sum of its orders' leaves; queues are in
//! order of arrival; best bid is below best ask.
//! Complexity: every operation is constant while the price is in the window of its side,
//! logarithmic outside. Limits: [`BookConfig`].

mod arena;
mod bitmap;
mod config;
mod ladder;
mod verify;
mod view;

pub use config::{BookConfig, BookConfigError};
pub use view::{Depth, LevelView, OrderView, Queue};

pub(crate) use arena::Resting;

use arena::{Arena, NIL, Node};
use ladder::Ladder;

use crate::domain::{AccountId, OrderKey, Price, Quantity, Side};

/// The book of one pair.
#[derive(Debug)]
pub(crate) struct Book {
    arena: Arena,
    /// By [`Side`].
    ladders: [Ladder; 2],
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
    /// What it has left.
    pub(crate) leaves: Quantity,
}

impl Book {
    pub(crate) fn new(config: BookConfig) -> Book {
        Book {
            arena: Arena::new(config.max_orders()),
            ladders: [Side::Buy, Side::Sell].map(|side| Ladder::new(side, config.window_levels())),
        }
    }

    /// Makes room for `orders` slots now.
    pub(crate) fn reserve(&mut self, orders: usize) {
        self.arena.grow(orders);
    }

    /// Whether an order may rest at `slot`: it is below the limit, and vacant.
    #[inline]
    pub(crate) fn is_free(&self, slot: u32) -> bool {
        self.arena.is_free(slot)
    }

    /// The resting order of `key`.
    #[inline]
    pub(crate) fn find(&self, key: OrderKey) -> Option<Resting> {
        self.arena.find(key).map(Node::resting)
    }

    /// Whether an order of `side` at `price` would trade at once.
    #[inline]
    pub(crate) fn crosses(&self, side: Side, price: Price) -> bool {
        let ladder = &self.ladders[side.opposite() as usize];
        ladder.best() <= ladder.rank(price)
    }

    /// The front of the side opposite to `side`, where `price` reaches it.
    #[inline]
    pub(crate) fn front(&self, side: Side, price: Price) -> Option<Front> {
        let ladder = &self.ladders[side.opposite() as usize];
        let rank = ladder.best();
        if rank > ladder.rank(price) {
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
            account: AccountId(node.owner),
            price: node.price(),
            leaves: node.leaves(),
        })
    }

    /// Takes `quantity`, at most its leaves, from the order at the front of `side`; the order
    /// leaves the book when that is all it had.
    #[inline]
    pub(crate) fn take_front(&mut self, side: Side, quantity: Quantity) {
        let ladder = &mut self.ladders[side as usize];
        let rank = ladder.best();
        let level = ladder.level_mut(rank);
        let slot = level.head;
        let node = self.arena.at_mut(slot);
        level.total -= quantity.lots();
        node.leaves -= quantity.lots();
        if node.leaves == 0 {
            // Its next order keeps a stale `prev`: a head's means nothing.
            level.head = node.next;
            self.arena.free(slot);
            if level.head == NIL {
                ladder.close(rank);
            }
        }
    }

    /// Puts `order` behind the last of its price, at the slot of `key`, which is free.
    #[inline]
    pub(crate) fn append(&mut self, key: OrderKey, order: &Resting) {
        let ladder = &mut self.ladders[order.side as usize];
        let mut node = Node::new(key.generation, order);
        node.prev = ladder.append(ladder.rank(order.price), key.slot, node.leaves);
        self.arena.put(key.slot, node);
        if node.prev != NIL {
            self.arena.at_mut(node.prev).next = key.slot;
        }
    }

    /// Takes the order at `slot`, which is in the book, out of its level.
    #[inline]
    pub(crate) fn remove(&mut self, slot: u32) {
        let node = *self.arena.at(slot);
        let ladder = &mut self.ladders[node.side() as usize];
        let rank = ladder.rank(node.price());
        let level = ladder.level_mut(rank);
        level.total -= node.leaves;
        self.arena.free(slot);
        if level.head == slot {
            level.head = node.next;
            if node.next == NIL {
                ladder.close(rank);
            }
            return;
        }
        self.arena.at_mut(node.prev).next = node.next;
        if node.next == NIL {
            level.tail = node.prev;
        } else {
            self.arena.at_mut(node.next).prev = node.prev;
        }
    }

    /// Takes `quantity`, less than its leaves, from the order at `slot`; it keeps its place.
    #[inline]
    pub(crate) fn reduce(&mut self, slot: u32, quantity: Quantity) {
        let node = self.arena.at_mut(slot);
        assert!(
            quantity.lots() < node.leaves,
            "invariant: a reduced order keeps a lot"
        );
        node.leaves -= quantity.lots();
        let (side, price) = (node.side(), node.price());
        let ladder = &mut self.ladders[side as usize];
        ladder.level_mut(ladder.rank(price)).total -= quantity.lots();
    }

    /// Does between commands what need not be done within one.
    #[inline]
    pub(crate) fn settle(&mut self) {
        for ladder in &mut self.ladders {
            ladder.settle_window();
        }
    }

    /// Sum of what rests opposite to `side` within `price`, counted up to `enough`, by levels.
    pub(crate) fn opposite_total(&self, side: Side, price: Price, enough: Quantity) -> u64 {
        let ladder = &self.ladders[side.opposite() as usize];
        let limit = ladder.rank(price);
        let mut total = 0;
        for (rank, level) in ladder.levels() {
            if rank > limit || total >= enough.lots() {
                break;
            }
            total += level.total;
        }
        total
    }

    /// The orders opposite to `side` within `price`, in the order in which they would trade.
    pub(crate) fn opposite_orders(
        &self,
        side: Side,
        price: Price,
    ) -> impl Iterator<Item = OrderView> + '_ {
        let ladder = &self.ladders[side.opposite() as usize];
        let limit = ladder.rank(price);
        ladder
            .levels()
            .take_while(move |(rank, _)| *rank <= limit)
            .flat_map(|(_, level)| Queue::new(&self.arena, level))
    }
}
