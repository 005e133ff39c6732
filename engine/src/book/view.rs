//! Read-only views of a book: what tests, snapshots and tools see. Nothing here is on the way of
//! an order but the walk of fill-or-kill.

use super::Book;
use super::arena::{Arena, Marks, NIL, Node};
use super::ladder::{Level, Levels, price_of, rank_of};
use crate::domain::{AccountId, OrderKey, Price, Quantity, SelfTradePrevention, Side};

/// One price of one side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LevelView {
    /// The price.
    pub price: Price,
    /// Sum of what its orders have left, in lots, at least 1. May be more than one order's
    /// largest quantity.
    pub total: u64,
}

/// One resting order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderView {
    /// Which.
    pub key: OrderKey,
    /// Whose.
    pub account: AccountId,
    /// Which way.
    pub side: Side,
    /// Where.
    pub price: Price,
    /// What it has left, at least one lot; of an iceberg order what shows.
    pub leaves: Quantity,
    /// Whether it refuses to take when it is replaced.
    pub post_only: bool,
    /// What happens when it is replaced and meets its owner.
    pub self_trade: SelfTradePrevention,
    /// Whether a part of it is hidden.
    pub iceberg: bool,
    /// Whether its stop is watched while it rests.
    pub linked: bool,
}

/// The levels of one side, best first.
#[derive(Clone, Debug)]
pub struct Depth<'a> {
    side: Side,
    levels: Levels<'a>,
}

impl Iterator for Depth<'_> {
    type Item = LevelView;

    fn next(&mut self) -> Option<LevelView> {
        self.levels.next().map(|(rank, level)| LevelView {
            price: price_of(self.side, rank),
            total: level.total,
        })
    }
}

/// The orders of one level, first to trade first.
#[derive(Clone, Debug)]
pub struct Queue<'a> {
    arena: &'a Arena,
    slot: u32,
}

impl<'a> Queue<'a> {
    pub(super) fn new(arena: &'a Arena, level: &Level) -> Queue<'a> {
        Queue {
            arena,
            slot: level.head,
        }
    }
}

impl Iterator for Queue<'_> {
    type Item = OrderView;

    #[inline]
    fn next(&mut self) -> Option<OrderView> {
        if self.slot == NIL {
            return None;
        }
        let node = self.arena.at(self.slot);
        let view = order_view(self.slot, node);
        self.slot = node.next;
        view
    }
}

impl Book {
    /// The best price of `side` and its total.
    pub(crate) fn best(&self, side: Side) -> Option<LevelView> {
        self.depth(side).next()
    }

    /// The levels of `side`, best first.
    pub(crate) fn depth(&self, side: Side) -> Depth<'_> {
        Depth {
            side,
            levels: self.ladders[side as usize].levels(),
        }
    }

    /// The orders of `side` at `price`, in the order in which they would trade.
    pub(crate) fn queue(&self, side: Side, price: Price) -> Queue<'_> {
        let ladder = &self.ladders[side as usize];
        Queue {
            arena: &self.arena,
            slot: ladder
                .level(rank_of(side, price))
                .map_or(NIL, |level| level.head),
        }
    }

    /// The order of `key`, where it rests.
    #[inline]
    pub(crate) fn order(&self, key: OrderKey) -> Option<OrderView> {
        self.arena
            .find(key)
            .and_then(|node| order_view(key.slot, node))
    }
}

#[inline]
fn order_view(slot: u32, node: &Node) -> Option<OrderView> {
    node.resting().map(|resting| OrderView {
        key: OrderKey {
            slot,
            generation: node.generation,
        },
        account: resting.account,
        side: resting.side,
        price: resting.price,
        leaves: resting.leaves,
        post_only: resting.post_only,
        self_trade: resting.self_trade,
        iceberg: resting.marks.has(Marks::ICEBERG),
        linked: resting.marks.has(Marks::LINKED),
    })
}
