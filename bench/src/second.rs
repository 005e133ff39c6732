//! The second workload: `testkit::workload::Flow`, a million commands to warm up and four million
//! timed, with every change said; the matcher beside the floor, without events and with them.

#![allow(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "measuring: inputs are known, and what cannot be read stops the measurement"
)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use engine::Sink;
use engine::book::BookConfig;
use engine::command::OrderCommand;
use engine::event::Event;
use engine::matching::Matcher;
use testkit::model::PlainMatcher;
use testkit::workload::{Flow, FlowShape};

use crate::floor::{Changes, EventRing, FloorBook, Unheard};
use crate::matcher::Ring;
use crate::thread_time;

/// Commands that build the book before anything is timed.
pub const WARM_UP: usize = 1_000_000;
/// Commands that are timed.
pub const TIMED: usize = 4_000_000;
/// How many commands are given to [`Matcher::apply_batch`] at once.
const BATCH: usize = 64;

/// The trades of a flow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// How many.
    pub trades: u64,
    /// In lots.
    pub quantity: u64,
    /// In ticks times lots.
    pub notional: u128,
}

impl Totals {
    fn add(&mut self, price: u32, lots: u64) {
        self.trades += 1;
        self.quantity += lots;
        self.notional += u128::from(price) * u128::from(lots);
    }
}

impl Sink<Event> for Totals {
    fn push(&mut self, event: Event) {
        if let Event::Trade {
            price, quantity, ..
        } = event
        {
            self.add(price.ticks(), quantity.lots());
        }
    }
}

impl Changes for Totals {
    fn traded(&mut self, _: u32, _: u32, price: u32, lots: u32) {
        self.add(price, u64::from(lots));
    }
    fn rested(&mut self, _: u32, _: u32, _: u32, _: u32) {}
    fn left(&mut self, _: u32, _: u32, _: u32, _: u32) {}
}

/// A flow made ready.
pub struct Second {
    name: &'static str,
    commands: Vec<OrderCommand>,
    warm_up: usize,
}

impl Second {
    /// The flow of `shape`, a thousandth as long where it is only `tried`.
    pub fn new(shape: FlowShape, tried: bool) -> Second {
        let part = if tried { 1_000 } else { 1 };
        let name = match shape {
            FlowShape::Steady => "steady",
            FlowShape::Deep => "deep",
        };
        // The floor has no order 0: it means none there.
        let mut commands = Flow::commands(shape, 42, (WARM_UP + TIMED) / part);
        commands.iter_mut().for_each(one_slot_up);
        Second {
            name,
            commands,
            warm_up: WARM_UP / part,
        }
    }

    /// Prints nanoseconds a command, medians of `rounds` in turns, and tails.
    ///
    /// # Panics
    /// Where matcher and floor do not trade the same.
    pub fn print(&self, rounds: usize) {
        let totals = self.totals();
        println!("{}: {totals:?}", self.name);
        let runs: [(&str, &dyn Fn() -> Duration); 5] = [
            ("floor", &|| self.time_floor(&mut Unheard)),
            ("floor with events", &|| {
                self.time_floor(&mut EventRing::new())
            }),
            ("floor with events, ahead", &|| self.time_floor_ahead()),
            ("matcher", &|| self.time_matcher(false)),
            ("matcher, in batches of 64", &|| self.time_matcher(true)),
        ];
        let mut times = runs.map(|_| Vec::new());
        for _ in 0..rounds {
            for ((_, run), times) in runs.iter().zip(&mut times) {
                times.push(run().as_nanos() as f64 / self.timed().len() as f64);
            }
        }
        let medians = times.map(|mut times| {
            times.sort_by(f64::total_cmp);
            times[times.len() / 2]
        });
        for ((name, _), median) in runs.iter().zip(medians) {
            println!(
                "  {name:<28}{median:>7.1} ns a command {:>6.2} of the floor, {:>5.2} of that with events",
                median / medians[0],
                median / medians[1]
            );
        }
        let (own, tails) = self.tails();
        println!("  matcher, each by itself, less {own} ns of the clock: {tails}");
    }

    /// Whether the plain model trades what the matcher does, over the whole flow.
    ///
    /// # Panics
    /// Where it does not.
    pub fn check_with_model(&self) {
        let mut plain = PlainMatcher::new(1 << 20);
        let mut modelled = Totals::default();
        for command in &self.commands {
            plain
                .apply(command)
                .into_iter()
                .for_each(|event| modelled.push(event));
        }
        assert_eq!(self.totals(), modelled, "matcher and model trade the same");
        println!(
            "{}: the plain model trades the same, {modelled:?}",
            self.name
        );
    }

    fn timed(&self) -> &[OrderCommand] {
        &self.commands[self.warm_up..]
    }

    fn totals(&self) -> Totals {
        let mut said = Totals::default();
        let mut matcher = matcher();
        for command in &self.commands {
            matcher.apply(command, &mut said);
        }
        let (mut least, mut floor) = (Totals::default(), FloorBook::new());
        for command in &self.commands {
            floor.apply(command, &mut least);
        }
        assert_eq!(said, least, "matcher and floor trade the same");
        said
    }

    fn time_matcher(&self, batched: bool) -> Duration {
        let (mut matcher, mut ring) = (matcher(), Ring::new());
        for command in &self.commands[..self.warm_up] {
            matcher.apply(command, &mut ring);
        }
        let began = thread_time();
        if batched {
            for batch in self.timed().chunks(BATCH) {
                matcher.apply_batch(batch, &mut ring);
            }
        } else {
            for command in self.timed() {
                matcher.apply(command, &mut ring);
            }
        }
        let took = thread_time() - began;
        black_box(ring.count());
        took
    }

    fn time_floor(&self, changes: &mut impl Changes) -> Duration {
        let mut book = FloorBook::new();
        for command in &self.commands[..self.warm_up] {
            book.apply(command, changes);
        }
        let began = thread_time();
        for command in self.timed() {
            book.apply(command, changes);
        }
        let took = thread_time() - began;
        black_box(book.trades());
        took
    }

    fn time_floor_ahead(&self) -> Duration {
        let (mut book, mut changes) = (FloorBook::new(), EventRing::new());
        for command in &self.commands[..self.warm_up] {
            book.apply(command, &mut changes);
        }
        let began = thread_time();
        let timed = self.timed();
        for (index, command) in timed.iter().enumerate() {
            if let Some(later) = timed.get(index + 8) {
                book.prefetch(later.key().slot);
                match &timed[index + 4] {
                    OrderCommand::Place(order) => {
                        book.prefetch_level(order.side as u32, order.price.ticks());
                    }
                    other => book.prefetch_around(other.key().slot),
                }
            }
            book.apply(command, &mut changes);
        }
        let took = thread_time() - began;
        black_box((book.trades(), changes.count()));
        took
    }

    /// What reading the clock takes, and the percentiles of a command without that.
    fn tails(&self) -> (u64, String) {
        let mut alone: Vec<u64> = (0..100_000).map(|_| lap(|| {})).collect();
        let own = percentile(&mut alone, 500);
        let (mut matcher, mut ring) = (matcher(), Ring::new());
        for command in &self.commands[..self.warm_up] {
            matcher.apply(command, &mut ring);
        }
        let timed = self.timed().iter();
        let mut laps: Vec<u64> = timed
            .map(|command| lap(|| matcher.apply(command, &mut ring)).saturating_sub(own))
            .collect();
        black_box(ring.count());
        let [p50, p99, p999] = [500, 990, 999].map(|mille| percentile(&mut laps, mille));
        (own, format!("p50 {p50}, p99 {p99}, p99.9 {p999} ns"))
    }

    /// The flow as the public benchmark's generator would write it: names from 1, none twice.
    pub fn to_file(&self) -> Vec<u8> {
        let mut file = vec![0; 16];
        let mut names = Vec::new();
        let mut next = 0_u64;
        for (sequence, command) in (0_u64..).zip(&self.commands) {
            let slot = command.key().slot as usize;
            names.resize(names.len().max(slot + 1), 0);
            let (kind, side, price, lots) = match command {
                OrderCommand::Place(order) => {
                    next += 1;
                    names[slot] = next;
                    let (price, lots) = (order.price.ticks(), order.quantity.lots());
                    (0, order.side as u8, price, lots as u32)
                }
                _ => (1, 0, 0, 0),
            };
            file.extend([kind, side, 0, 0]);
            file.extend(lots.to_le_bytes());
            file.extend(sequence.to_le_bytes());
            file.extend(names[slot].to_le_bytes());
            file.extend(u64::from(price).to_le_bytes());
            file.extend([0; 8]);
        }
        file
    }
}

fn matcher() -> Matcher {
    let mut matcher = Matcher::new(BookConfig::default());
    matcher.reserve(1 << 18);
    matcher
}

fn one_slot_up(command: &mut OrderCommand) {
    match command {
        OrderCommand::Place(order) => order.key.slot += 1,
        OrderCommand::Cancel(order) => order.key.slot += 1,
        OrderCommand::Replace(_)
        | OrderCommand::PlaceStop(..)
        | OrderCommand::PlaceIceberg(..)
        | OrderCommand::SetTradingStatus(_)
        | OrderCommand::SetPriceLimits(_)
        | OrderCommand::Pass => unreachable!("the flow adds and cancels"),
    }
}

#[inline(always)]
fn lap(run: impl FnOnce()) -> u64 {
    let began = Instant::now();
    run();
    began.elapsed().as_nanos() as u64
}

/// The value that so many in a thousand do not exceed.
fn percentile(values: &mut [u64], mille: usize) -> u64 {
    let index = (values.len() * mille / 1_000).min(values.len() - 1);
    *values.select_nth_unstable(index).1
}
