//! The matcher and the floor under the same commands, timed.

#![allow(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "measuring: inputs are known, and what cannot be read stops the measurement"
)]

mod flows;
mod triggers;

use std::hint::black_box;
use std::time::{Duration, Instant};

use engine::Sink;
use engine::book::BookConfig;
use engine::command::{CancelOrder, OrderCommand};
use engine::domain::{EventSequence, OrderKey, Price, Quantity, Side};
use engine::event::{CancelReason, Event};
use engine::matching::Matcher;

use crate::floor::{FloorBook, Unheard};
pub use flows::{Flow, all, mixed};
pub use triggers::{Waiting, ratio, time_beside};

/// A ring that is never read: where events go.
pub(crate) struct Ring {
    events: Box<[Event; 1024]>,
    next: usize,
}

impl Ring {
    pub(crate) fn new() -> Ring {
        let nothing = Event::Trade {
            sequence: EventSequence(0),
            maker: OrderKey {
                slot: 0,
                generation: 0,
            },
            maker_side: Side::Buy,
            price: Price::MIN,
            quantity: Quantity::ZERO,
        };
        Ring {
            events: Box::new([nothing; 1024]),
            next: 0,
        }
    }
}

impl Ring {
    /// How many events there were.
    pub(crate) fn count(&self) -> usize {
        self.next
    }
}

impl Sink<Event> for Ring {
    #[inline]
    fn push(&mut self, event: Event) {
        self.events[self.next & 1023] = event;
        self.next = self.next.wrapping_add(1);
    }
}

/// How long `iterations` times `flow.timed` take on a book that stands after `flow.before`, again and again.
pub fn time_matcher(flow: &Flow, iterations: u64) -> Duration {
    let mut matcher = Matcher::new(BookConfig::new(1 << 16, 1 << 16).unwrap());
    matcher.reserve(1 << 16);
    let mut ring = Ring::new();
    let took = sum_but_first(iterations, || time_once(&mut matcher, &mut ring, flow));
    black_box(ring.next);
    took
}

/// Builds the book of `flow`, times the flow, and empties the book again.
fn time_once(matcher: &mut Matcher, ring: &mut Ring, flow: &Flow) -> Duration {
    for command in &flow.before {
        matcher.apply(command, ring);
    }
    let began = Instant::now();
    for command in &flow.timed {
        matcher.apply(command, ring);
    }
    let took = began.elapsed();
    empty(matcher, ring);
    took
}

fn empty(matcher: &mut Matcher, ring: &mut Ring) {
    for side in [Side::Buy, Side::Sell] {
        while let Some(level) = matcher.best(side) {
            let keys: Vec<_> = matcher
                .queue(side, level.price)
                .map(|order| order.key)
                .collect();
            for key in keys {
                let reason = CancelReason::Requested;
                matcher.apply(&OrderCommand::Cancel(CancelOrder { key, reason }), ring);
            }
        }
    }
}

/// How long the same takes the floor.
pub fn time_floor(flow: &Flow, iterations: u64) -> Duration {
    let mut book = FloorBook::new();
    let took = sum_but_first(iterations, || {
        for command in &flow.before {
            book.apply(command, &mut Unheard);
        }
        let began = Instant::now();
        for command in &flow.timed {
            book.apply(command, &mut Unheard);
        }
        let took = began.elapsed();
        book.clear();
        took
    });
    black_box(book.trades());
    took
}

/// Runs once for pages and caches, then `iterations` times, and sums these.
fn sum_but_first(iterations: u64, mut run: impl FnMut() -> Duration) -> Duration {
    run();
    (0..iterations).map(|_| run()).sum()
}
