//! Whether the cost of a command grows: with the orders that rest, the levels they rest on, the
//! range of prices, and how far apart their slots are.
//!
//! Every row is a book of `orders` resting ones, evenly over `levels`, which are as far apart as
//! `range` makes them; then orders come and go at random places, a cancel of a random order and a
//! new one at a random level in turn, so that all stays as it is.
//! Bids and asks keep to their halves.

#![allow(
    clippy::cast_possible_truncation,
    reason = "measuring: what there is of each fits"
)]

use std::hint::black_box;

use engine::book::BookConfig;
use engine::command::{CancelOrder, OrderCommand, PlaceOrder};
use engine::domain::{
    AccountId, OrderKey, Price, Quantity, SelfTradePrevention, Side, TimeInForce,
};
use engine::event::CancelReason;
use engine::matching::Matcher;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::matcher::Ring;
use crate::thread_time;

/// A book of some size.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// Orders that rest.
    pub orders: u32,
    /// Prices that they rest at, of both sides.
    pub levels: u32,
    /// From the lowest to the highest, in ticks.
    pub range: u32,
    /// Whether slots lie anywhere in the largest arena, not one beside the other.
    pub sparse: bool,
    /// Levels of a side's window.
    pub window: u32,
}

const MIDDLE: u32 = 1 << 30;
const COMMANDS: u32 = 400_000;
const LARGEST: u32 = 1 << 23;

/// Every row of the table, in the order in which it is printed.
pub fn shapes() -> Vec<Shape> {
    let plain = Shape {
        orders: 10_000,
        levels: 100,
        range: 100,
        sparse: false,
        window: 8_192,
    };
    let wide = Shape {
        window: 1 << 18,
        ..plain
    };
    let orders = [1_000, 10_000, 100_000, 1_000_000, 8_000_000];
    let levels = [10, 100, 1_000, 10_000, 100_000, 400_000];
    let mut shapes: Vec<Shape> = orders.map(|orders| Shape { orders, ..plain }).into();
    shapes.extend(orders.map(|orders| Shape {
        orders: orders.min(4_000_000),
        sparse: true,
        ..plain
    }));
    shapes.extend(levels.map(|levels| Shape {
        orders: 1_000_000,
        levels,
        range: levels,
        ..wide
    }));
    let far = [1_000, 10_000, 100_000, 1_000_000];
    shapes.extend(far.map(|levels| Shape {
        orders: 1_000_000,
        levels,
        range: 10_000_000,
        ..plain
    }));
    shapes.extend([100, 10_000, 1_000_000, 10_000_000].map(|range| Shape { range, ..plain }));
    shapes
}

/// Nanoseconds a command in a book of `shape`: the median of `rounds`.
pub fn cost(shape: Shape, rounds: usize) -> f64 {
    let mut book = Growing::new(shape);
    book.fill();
    let mut times: Vec<f64> = (0..rounds)
        .map(|_| {
            let commands = book.turns(COMMANDS);
            let began = thread_time();
            for command in &commands {
                book.matcher.apply(command, &mut book.ring);
            }
            let took = thread_time() - began;
            black_box(book.ring.count());
            took.as_nanos() as f64 / f64::from(COMMANDS)
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// Nanoseconds a fill of one order that sweeps `orders` others, one lot each, at one price.
pub fn sweep(orders: u32) -> f64 {
    let shape = Shape {
        orders,
        levels: 2,
        range: 2,
        sparse: false,
        window: 64,
    };
    let mut book = Growing::new(shape);
    let mut times = Vec::new();
    for _ in 0..9 {
        for slot in 0..orders {
            book.apply(&place(slot, Side::Sell, MIDDLE + 1, 1));
        }
        let taker = place(orders, Side::Buy, MIDDLE + 1, u64::from(orders));
        let began = thread_time();
        book.apply(&taker);
        times.push((thread_time() - began).as_nanos() as f64 / f64::from(orders));
    }
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

struct Growing {
    shape: Shape,
    matcher: Matcher,
    ring: Ring,
    rng: ChaCha8Rng,
    slots: Vec<u32>,
}

impl Growing {
    fn new(shape: Shape) -> Growing {
        let config = BookConfig::new(shape.window, LARGEST);
        let mut matcher = Matcher::new(config.expect("the sizes are in range"));
        let stride = if shape.sparse {
            LARGEST / (shape.orders + 1)
        } else {
            1
        };
        matcher.reserve((shape.orders as usize + 1) * stride as usize);
        Growing {
            shape,
            matcher,
            ring: Ring::new(),
            rng: ChaCha8Rng::seed_from_u64(1),
            slots: (0..shape.orders).map(|number| number * stride).collect(),
        }
    }

    fn apply(&mut self, command: &OrderCommand) {
        self.matcher.apply(command, &mut self.ring);
    }

    /// From the touch outward, as a book fills.
    fn fill(&mut self) {
        let per_level = self.shape.orders.div_ceil(self.shape.levels);
        for number in 0..self.shape.orders {
            let place = self.at_level(self.slots[number as usize], number / per_level);
            self.apply(&place);
        }
    }

    /// An order at one of the levels, which alternate between the sides.
    fn at_level(&self, slot: u32, level: u32) -> OrderCommand {
        let apart = (self.shape.range / self.shape.levels).max(1);
        let away = 1 + level / 2 * apart;
        match level % 2 {
            0 => place(slot, Side::Buy, MIDDLE - away, 10),
            _ => place(slot, Side::Sell, MIDDLE + away, 10),
        }
    }

    /// Cancels and places in turn; what is cancelled was placed in a turn before.
    fn turns(&mut self, commands: u32) -> Vec<OrderCommand> {
        let mut turns = Vec::with_capacity(commands as usize);
        for _ in 0..commands / 2 {
            let slot = self.slots[self.rng.random_range(0..self.slots.len())];
            let level = self.rng.random_range(0..self.shape.levels);
            turns.push(OrderCommand::Cancel(CancelOrder {
                key: key(slot),
                reason: CancelReason::Requested,
            }));
            turns.push(self.at_level(slot, level));
        }
        turns
    }
}

fn key(slot: u32) -> OrderKey {
    OrderKey {
        slot,
        generation: 0,
    }
}

fn place(slot: u32, side: Side, price: u32, lots: u64) -> OrderCommand {
    OrderCommand::Place(PlaceOrder {
        key: key(slot),
        account: AccountId(slot),
        side,
        price: Price::new(price).expect("the middle is far from zero"),
        quantity: Quantity::new(lots).expect("it is small"),
        time_in_force: TimeInForce::GoodTillCancelled,
        post_only: false,
        self_trade: SelfTradePrevention::CancelTaker,
    })
}
