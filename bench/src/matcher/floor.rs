//! The least that a price-time book can do: one array of levels a side, one array of orders at
//! the index of their name, a bitmap of two layers for the next best. No event, no check, no
//! owner, prices and names below 65,536. A product stands above it; how far is the measurement.

use engine::command::OrderCommand;
use engine::domain::{Side, TimeInForce};

const NONE: u16 = 0;

#[derive(Clone, Copy, Default)]
struct Level {
    head: u16,
    tail: u16,
    total: u32,
}

#[derive(Clone, Copy, Default)]
struct Order {
    next: u16,
    prev: u16,
    /// By rank: the price, or for bids 65,535 less the price, so that lower is better.
    rank: u16,
    side: u8,
    leaves: u32,
}

struct Ladder {
    levels: Box<[Level; 65_536]>,
    words: Box<[u64; 1024]>,
    summary: [u64; 16],
    best: u32,
}

/// The floor's book.
pub(crate) struct FloorBook {
    orders: Box<[Order; 65_536]>,
    ladders: [Ladder; 2],
    trades: u64,
}

impl Ladder {
    fn new() -> Ladder {
        Ladder {
            levels: vec![Level::default(); 65_536]
                .into_boxed_slice()
                .try_into()
                .ok()
                .unwrap(),
            words: Box::new([0; 1024]),
            summary: [0; 16],
            best: u32::MAX,
        }
    }

    #[inline]
    fn close(&mut self, rank: u16) {
        self.levels[usize::from(rank)] = Level::default();
        let word = usize::from(rank >> 6);
        self.words[word] &= !(1 << (rank & 63));
        if self.words[word] == 0 {
            self.summary[word >> 6] &= !(1 << (word & 63));
        }
        if u32::from(rank) == self.best {
            self.best = self.first_from(word);
        }
    }

    #[inline]
    fn first_from(&self, word: usize) -> u32 {
        if self.words[word] != 0 {
            return (word << 6) as u32 | self.words[word].trailing_zeros();
        }
        let mut at = word >> 6;
        let mut words = self.summary[at] & (u64::MAX << (word & 63));
        while words == 0 {
            at += 1;
            if at == 16 {
                return u32::MAX;
            }
            words = self.summary[at];
        }
        let word = (at << 6 | words.trailing_zeros() as usize) & 1023;
        (word << 6) as u32 | self.words[word].trailing_zeros()
    }
}

impl FloorBook {
    pub(crate) fn new() -> FloorBook {
        FloorBook {
            orders: vec![Order::default(); 65_536]
                .into_boxed_slice()
                .try_into()
                .ok()
                .unwrap(),
            ladders: [Ladder::new(), Ladder::new()],
            trades: 0,
        }
    }

    pub(crate) fn trades(&self) -> u64 {
        self.trades
    }

    /// Takes every order out.
    pub(crate) fn clear(&mut self) {
        for ladder in &mut self.ladders {
            while ladder.best != u32::MAX {
                let rank = ladder.best as u16;
                let mut slot = ladder.levels[usize::from(rank)].head;
                while slot != NONE {
                    self.orders[usize::from(slot)].leaves = 0;
                    slot = self.orders[usize::from(slot)].next;
                }
                ladder.close(rank);
            }
        }
    }

    #[inline]
    pub(crate) fn apply(&mut self, command: &OrderCommand) {
        match command {
            OrderCommand::Place(order) => {
                let rests = order.time_in_force == TimeInForce::GoodTillCancelled;
                let price = order.price.ticks() as u16;
                let lots = order.quantity.lots() as u32;
                self.add(order.key.slot as u16, order.side, price, lots, rests);
            }
            OrderCommand::Cancel(order) => self.cancel(order.key.slot as u16),
            OrderCommand::Replace(order) => {
                let slot = order.key.slot as u16;
                let old = self.orders[usize::from(slot)];
                if old.leaves != 0 {
                    self.cancel(slot);
                    let lots = old.leaves.wrapping_add(order.quantity_change as u32);
                    let side = [Side::Buy, Side::Sell][usize::from(old.side & 1)];
                    self.add(slot, side, order.price.ticks() as u16, lots, true);
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

    #[inline]
    fn add(&mut self, slot: u16, side: Side, price: u16, mut lots: u32, rests: bool) {
        let flip = (side as u16).wrapping_sub(1);
        let rank = price ^ flip;
        let opposite = &mut self.ladders[side as usize ^ 1];
        while opposite.best <= u32::from(!rank) {
            let best = opposite.best as u16;
            let level = &mut opposite.levels[usize::from(best)];
            let head = level.head;
            let order = &mut self.orders[usize::from(head)];
            let traded = order.leaves.min(lots);
            order.leaves -= traded;
            level.total -= traded;
            lots -= traded;
            self.trades += 1;
            if order.leaves == 0 {
                level.head = order.next;
                if level.head == NONE {
                    opposite.close(best);
                }
            }
            if lots == 0 {
                return;
            }
        }
        if rests {
            self.rest(slot, side, rank, lots);
        }
    }

    #[inline]
    fn rest(&mut self, slot: u16, side: Side, rank: u16, lots: u32) {
        let ladder = &mut self.ladders[side as usize];
        let level = &mut ladder.levels[usize::from(rank)];
        let prev = level.tail;
        level.tail = slot;
        level.total += lots;
        self.orders[usize::from(slot)] = Order {
            next: NONE,
            prev,
            rank,
            side: side as u8,
            leaves: lots,
        };
        if prev == NONE {
            level.head = slot;
            let word = usize::from(rank >> 6);
            ladder.words[word] |= 1 << (rank & 63);
            ladder.summary[word >> 6] |= 1 << (word & 63);
            ladder.best = ladder.best.min(u32::from(rank));
        } else {
            self.orders[usize::from(prev)].next = slot;
        }
    }

    #[inline]
    fn cancel(&mut self, slot: u16) {
        let order = self.orders[usize::from(slot)];
        if order.leaves == 0 {
            return;
        }
        self.orders[usize::from(slot)].leaves = 0;
        let ladder = &mut self.ladders[usize::from(order.side & 1)];
        let level = &mut ladder.levels[usize::from(order.rank)];
        level.total -= order.leaves;
        if level.head == slot {
            level.head = order.next;
            if order.next == NONE {
                ladder.close(order.rank);
            }
            return;
        }
        self.orders[usize::from(order.prev)].next = order.next;
        if order.next == NONE {
            level.tail = order.prev;
        } else {
            self.orders[usize::from(order.next)].prev = order.prev;
        }
    }
}
