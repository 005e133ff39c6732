//! The least that a price-time book can do: one array of levels a side, one array of orders of 16
//! bytes at the index of their name, a bitmap of three layers for the next best. No check, no
//! owner, no generation; prices below 2^18 and names below 2^22. A product stands above it; how
//! far is the measurement.
//!
//! What happens is said to a [`Changes`], which may do nothing: the floor without events and the
//! floor with them are one book.

use engine::book::prefetch;
use engine::command::OrderCommand;
use engine::domain::TimeInForce;

use crate::pages::{Pages, Zeros};

const NONE: u32 = 0;
const LEVELS: usize = 1 << 18;
const ORDERS: usize = 1 << 22;
const NO_RANK: u32 = u32::MAX;
/// Which side an order is of; beside its rank.
const SELLS: u32 = 1 << 31;

/// Hears of each change of a book.
pub trait Changes {
    /// An incoming order took from one at the front.
    fn traded(&mut self, maker: u32, maker_side: u32, price: u32, lots: u32);
    /// An order rests behind all at its price.
    fn rested(&mut self, order: u32, side: u32, price: u32, lots: u32);
    /// An order left.
    fn left(&mut self, order: u32, side: u32, price: u32, lots: u32);
}

/// Hears nothing.
#[derive(Clone, Copy, Debug)]
pub struct Unheard;

impl Changes for Unheard {
    #[inline(always)]
    fn traded(&mut self, _: u32, _: u32, _: u32, _: u32) {}
    #[inline(always)]
    fn rested(&mut self, _: u32, _: u32, _: u32, _: u32) {}
    #[inline(always)]
    fn left(&mut self, _: u32, _: u32, _: u32, _: u32) {}
}

/// Writes 32 bytes a change, made in registers, into a ring that is never read.
#[derive(Debug)]
pub struct EventRing {
    events: Box<[[u64; 4]; 1024]>,
    count: u64,
}

impl EventRing {
    /// Makes an empty one.
    pub fn new() -> EventRing {
        EventRing {
            events: Box::new([[0; 4]; 1024]),
            count: 0,
        }
    }

    /// How many were written.
    pub fn count(&self) -> u64 {
        self.count
    }

    #[inline(always)]
    fn say(&mut self, kind: u64, order: u32, side: u32, price: u32, lots: u32) {
        self.count += 1;
        let pair = |high: u32, low: u32| u64::from(high) << 32 | u64::from(low);
        let event = [self.count, pair(order, side), pair(price, lots), kind];
        self.events[self.count as usize & 1023] = event;
    }
}

impl Default for EventRing {
    fn default() -> EventRing {
        EventRing::new()
    }
}

impl Changes for EventRing {
    #[inline(always)]
    fn traded(&mut self, maker: u32, side: u32, price: u32, lots: u32) {
        self.say(1, maker, side, price, lots);
    }
    #[inline(always)]
    fn rested(&mut self, order: u32, side: u32, price: u32, lots: u32) {
        self.say(2, order, side, price, lots);
    }
    #[inline(always)]
    fn left(&mut self, order: u32, side: u32, price: u32, lots: u32) {
        self.say(3, order, side, price, lots);
    }
}

#[derive(Clone, Copy, Default)]
struct Level {
    head: u32,
    tail: u32,
    total: u64,
}

#[derive(Clone, Copy, Default)]
#[repr(align(16))]
struct Order {
    next: u32,
    prev: u32,
    /// The price, or for bids the highest price less it, so that lower is better; and the side.
    rank: u32,
    leaves: u32,
}

struct Ladder {
    levels: Pages<Level, LEVELS>,
    words: Pages<u64, { LEVELS / 64 }>,
    summary: [u64; 64],
    top: u64,
    best: u32,
}

/// The floor's book.
pub struct FloorBook {
    orders: Pages<Order, ORDERS>,
    ladders: [Ladder; 2],
    trades: u64,
}

// SAFETY: they are numbers.
#[allow(unsafe_code, reason = "zeros are such")]
unsafe impl Zeros for Level {}

// SAFETY: they are numbers.
#[allow(unsafe_code, reason = "zeros are such")]
unsafe impl Zeros for Order {}

impl Ladder {
    fn new() -> Ladder {
        Ladder {
            levels: Pages::zeros(),
            words: Pages::zeros(),
            summary: [0; 64],
            top: 0,
            best: NO_RANK,
        }
    }

    #[inline(always)]
    fn level(&mut self, rank: u32) -> &mut Level {
        &mut self.levels[rank as usize & (LEVELS - 1)]
    }

    #[inline(always)]
    fn open(&mut self, rank: u32) {
        let word = rank as usize >> 6 & (LEVELS / 64 - 1);
        self.words[word] |= 1 << (rank & 63);
        self.summary[word >> 6] |= 1 << (word & 63);
        self.top |= 1 << (word >> 6);
        self.best = self.best.min(rank);
    }

    #[inline(always)]
    fn close(&mut self, rank: u32) {
        *self.level(rank) = Level::default();
        let word = rank as usize >> 6 & (LEVELS / 64 - 1);
        self.words[word] &= !(1 << (rank & 63));
        if self.words[word] == 0 {
            self.summary[word >> 6] &= !(1 << (word & 63));
            if self.summary[word >> 6] == 0 {
                self.top &= !(1 << (word >> 6));
            }
        }
        if rank == self.best {
            self.best = self.first();
        }
    }

    #[inline(always)]
    fn first(&self) -> u32 {
        if self.top == 0 {
            return NO_RANK;
        }
        let above = self.top.trailing_zeros() as usize & 63;
        let word = above << 6 | self.summary[above].trailing_zeros() as usize & 63;
        (word << 6) as u32 | self.words[word & (LEVELS / 64 - 1)].trailing_zeros()
    }
}

/// The rank of a price: bids are turned round, so that lower is better on both sides.
#[inline(always)]
fn flipped(side: u32, price: u32) -> u32 {
    (price ^ side.wrapping_sub(1)) & (LEVELS as u32 - 1)
}

impl FloorBook {
    /// Makes an empty book.
    pub fn new() -> FloorBook {
        FloorBook {
            orders: Pages::zeros(),
            ladders: [Ladder::new(), Ladder::new()],
            trades: 0,
        }
    }

    /// How many trades there were.
    pub fn trades(&self) -> u64 {
        self.trades
    }

    /// Takes every order out.
    pub fn clear(&mut self) {
        for side in 0..2 {
            while self.ladders[side].best != NO_RANK {
                let rank = self.ladders[side].best;
                let mut slot = self.ladders[side].level(rank).head;
                while slot != NONE {
                    let order = self.order(slot);
                    order.leaves = 0;
                    slot = order.next;
                }
                self.ladders[side].close(rank);
            }
        }
    }

    /// Applies a command of a plain order.
    #[inline]
    pub fn apply(&mut self, command: &OrderCommand, changes: &mut impl Changes) {
        match command {
            OrderCommand::Place(order) => {
                let rests = order.time_in_force == TimeInForce::GoodTillCancelled;
                let lots = order.quantity.lots() as u32;
                let (side, price) = (order.side as u32, order.price.ticks());
                self.add(order.key.slot, side, price, lots, rests, changes);
            }
            OrderCommand::Cancel(order) => {
                self.cancel(order.key.slot, changes);
            }
            OrderCommand::Replace(order) => {
                let slot = order.key.slot;
                if let Some((side, _, leaves)) = self.cancel(slot, changes) {
                    let lots = leaves.wrapping_add(order.quantity_change as u32);
                    self.add(slot, side, order.price.ticks(), lots, true, changes);
                }
            }
            OrderCommand::PlaceStop(..)
            | OrderCommand::PlaceIceberg(..)
            | OrderCommand::SetTradingStatus(_)
            | OrderCommand::SetPriceLimits(_)
            | OrderCommand::Pass => {
                panic!("the floor knows plain orders only")
            }
        }
    }

    /// Fetches the line of an order.
    #[inline(always)]
    pub fn prefetch(&self, slot: u32) {
        prefetch(&self.orders[slot as usize & (ORDERS - 1)]);
    }

    /// Fetches the level that an order will join.
    #[inline(always)]
    pub fn prefetch_level(&self, side: u32, price: u32) {
        let rank = flipped(side, price);
        prefetch(&self.ladders[side as usize & 1].levels[rank as usize & (LEVELS - 1)]);
    }

    /// Fetches the level of an order and what stands beside it.
    #[inline(always)]
    pub fn prefetch_around(&self, slot: u32) {
        let order = self.orders[slot as usize & (ORDERS - 1)];
        self.prefetch(order.prev);
        self.prefetch(order.next);
        let (side, rank) = (order.rank >> 31, order.rank & !SELLS);
        prefetch(&self.ladders[side as usize & 1].levels[rank as usize & (LEVELS - 1)]);
    }

    /// Trades what it can, and lets the rest rest where `rests`; returns the rest.
    #[inline(always)]
    pub fn add(
        &mut self,
        slot: u32,
        side: u32,
        price: u32,
        mut lots: u32,
        rests: bool,
        changes: &mut impl Changes,
    ) -> u32 {
        let rank = flipped(side, price);
        let other = side ^ 1;
        let limit = flipped(other, price);
        while self.ladders[other as usize & 1].best <= limit {
            let opposite = &mut self.ladders[other as usize & 1];
            let best = opposite.best;
            let level = opposite.level(best);
            let head = level.head;
            let order = &mut self.orders[head as usize & (ORDERS - 1)];
            let traded = order.leaves.min(lots);
            order.leaves -= traded;
            level.total -= u64::from(traded);
            lots -= traded;
            self.trades += 1;
            changes.traded(head, other, flipped(other, best), traded);
            if order.leaves == 0 {
                level.head = order.next;
                if level.head == NONE {
                    opposite.close(best);
                }
            }
            if lots == 0 {
                return 0;
            }
        }
        if rests {
            self.rest(slot, side, rank, lots);
            changes.rested(slot, side, price, lots);
        }
        lots
    }

    #[inline(always)]
    fn rest(&mut self, slot: u32, side: u32, rank: u32, lots: u32) {
        let ladder = &mut self.ladders[side as usize & 1];
        let level = ladder.level(rank);
        let prev = level.tail;
        level.tail = slot;
        level.total += u64::from(lots);
        if prev == NONE {
            level.head = slot;
            ladder.open(rank);
        } else {
            self.order(prev).next = slot;
        }
        *self.order(slot) = Order {
            next: NONE,
            prev,
            rank: rank | if side == 0 { 0 } else { SELLS },
            leaves: lots,
        };
    }

    /// Takes an order out; returns its side, its price and what it had left, where it rests.
    #[inline(always)]
    pub fn cancel(&mut self, slot: u32, changes: &mut impl Changes) -> Option<(u32, u32, u32)> {
        let order = *self.order(slot);
        if order.leaves == 0 {
            return None;
        }
        self.order(slot).leaves = 0;
        let (side, rank) = (order.rank >> 31, order.rank & !SELLS);
        let price = flipped(side, rank);
        changes.left(slot, side, price, order.leaves);
        let ladder = &mut self.ladders[side as usize & 1];
        let level = ladder.level(rank);
        level.total -= u64::from(order.leaves);
        if level.head == slot {
            level.head = order.next;
            if order.next == NONE {
                ladder.close(rank);
            }
        } else {
            if order.next == NONE {
                level.tail = order.prev;
            } else {
                self.order(order.next).prev = order.prev;
            }
            self.order(order.prev).next = order.next;
        }
        Some((side, price, order.leaves))
    }

    #[inline(always)]
    fn order(&mut self, slot: u32) -> &mut Order {
        &mut self.orders[slot as usize & (ORDERS - 1)]
    }
}

impl Default for FloorBook {
    fn default() -> FloorBook {
        FloorBook::new()
    }
}
