//! The memory of a book without the book: what [`crate::growth`] reads its rows beside.

use engine::book::prefetch;
use engine::matching::Matcher;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// An order of the book, as far as it leads to what a command touches.
#[derive(Clone, Copy, Debug, Default)]
#[repr(align(32))]
struct Order {
    level: u32,
    prev: u32,
    next: u32,
    touched: u32,
}

/// A level of the book, likewise.
#[derive(Clone, Copy, Debug, Default)]
#[repr(align(16))]
struct Level {
    tail: u32,
    touched: u32,
}

/// A cancel of the order at `slot`, and one in its place that joins `level`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Turn {
    pub(crate) slot: u32,
    pub(crate) level: u32,
}

/// The memory of a book without the book.
pub(crate) struct Memory {
    orders: Vec<Order>,
    levels: Vec<Level>,
}

impl Memory {
    /// As long as an arena that has `slots`, and as `levels`; each order behind the last of a random level.
    pub(crate) fn new(slots: &[u32], levels: u32) -> Memory {
        let length = slots.iter().max().map_or(0, |&last| last as usize + 1);
        let mut memory = Memory {
            orders: vec![Order::default(); length],
            levels: vec![Level::default(); levels as usize],
        };
        let mut rng = ChaCha8Rng::seed_from_u64(2);
        for &slot in slots {
            let level = rng.random_range(0..levels);
            memory.join(Turn { slot, level });
        }
        memory
    }

    /// Touches what `turns` cannot but touch; `ahead` it is fetched as [`Matcher::apply_batch`] does,
    /// which has two commands where there is one turn, and else each waits for what was read before it.
    pub(crate) fn touch(&mut self, turns: &[Turn], ahead: bool) {
        // Nothing; but only who has read it knows.
        let mut read = 0;
        for (index, turn) in turns.iter().enumerate() {
            if ahead {
                if let Some(later) = turns.get(index + Matcher::AHEAD / 2) {
                    prefetch(&self.orders[later.slot as usize]);
                    self.fetch_around(turns[index + Matcher::AHEAD / 4]);
                }
                read = 0;
            }
            let slot = turn.slot + read;
            let order = &mut self.orders[slot as usize];
            order.touched += 1;
            let Order {
                level, prev, next, ..
            } = *order;
            for beside in [prev, next] {
                self.orders[beside as usize].next = slot;
            }
            let left = &mut self.levels[level as usize];
            left.touched += 1;
            let wait = if ahead { 0 } else { left.touched >> 31 };
            let joined = turn.level + wait;
            read = self.join(Turn {
                slot,
                level: joined,
            });
        }
    }

    #[inline(always)]
    fn fetch_around(&self, turn: Turn) {
        let order = self.orders[turn.slot as usize];
        prefetch(&self.orders[order.prev as usize]);
        prefetch(&self.orders[order.next as usize]);
        prefetch(&self.levels[order.level as usize]);
        prefetch(&self.levels[turn.level as usize]);
    }

    /// The order goes behind the last of the level; what was alone has itself beside it. Returns nothing,
    /// read from the level.
    #[inline(always)]
    fn join(&mut self, turn: Turn) -> u32 {
        let level = &mut self.levels[turn.level as usize];
        let prev = std::mem::replace(&mut level.tail, turn.slot);
        self.orders[prev as usize].next = turn.slot;
        self.orders[turn.slot as usize] = Order {
            level: turn.level,
            prev,
            next: turn.slot,
            touched: 0,
        };
        prev >> 31
    }
}
