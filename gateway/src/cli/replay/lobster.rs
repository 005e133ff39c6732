//! A NASDAQ day as LOBSTER gives it out: order messages, and the ten best levels after each.
//!
//! message: `time,type,order id,size,price × 10,000,direction`; type 1 adds an order, 2 reduces
//! it, 3 deletes it, 4 executes it, 5 executes a hidden one, 7 halts; direction 1 is a buy, −1 a
//! sell, of the resting order. order book: `ask price,ask size,bid price,bid size` × 10.
//!
//! How rows become requests: 1 → a limit order; 2 → an amend that lowers the amount and keeps
//! the place; 3 → a cancel; 4 → an opposite immediate-or-cancel order of that size at that price,
//! which must fill exactly the order that the row names; 5 and 7 → nothing. Where the published
//! book is given, the first row of it is put in as one nameless order per level, and a row about
//! an order that is older than the recording takes from the nameless ones of its level.
//!
//! After each row the book is compared with the published one, and only then, where they differ,
//! made equal to it, so that one difference is counted once. Levels that come into view from
//! below the tenth are not in the recording: the tenth level differs now and then, and counts
//! as no error. Levels one to nine must always agree.

mod day;
mod recording;

use std::fmt;

use engine::domain::{Price, Side};

use day::Day;
use recording::{read_books, read_messages};

use super::market::write_book;
use super::{ReplayError, Throughput, progress};

/// How many levels of a side are published.
const LEVELS: usize = 10;
/// The levels from the best on that must always agree.
const SURE_LEVELS: usize = LEVELS - 1;

/// What came of a recording.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// Messages read.
    pub messages: usize,
    /// Messages of hidden executions and halts, which are no order flow.
    pub left_out: usize,
    /// Rows about orders older than the recording, taken from nameless volume.
    pub nameless: usize,
    /// Rows about such orders that found no volume to take from.
    pub unknown: usize,
    /// Rows whose book was compared; 0 without a published book.
    pub rows_compared: usize,
    /// Of those, for each level from the best on, how many were equal.
    pub rows_equal: [usize; LEVELS],
    /// The first differences, by row and level.
    pub differences: Vec<Difference>,
    /// Executions of orders that the recording added itself.
    pub executions: usize,
    /// The first of them that hit something else.
    pub missed: Vec<Miss>,
    /// How many of them hit something else.
    pub misses: usize,
    /// How fast it went, comparison included.
    pub throughput: Throughput,
    /// The final book: price in cents and shares, best first.
    pub bids: Vec<(Price, u64)>,
    /// The other side of it.
    pub asks: Vec<(Price, u64)>,
}

/// A level of one row that is not as published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Which row, from 0.
    pub row: usize,
    /// Which level, from 1.
    pub level: usize,
    /// On which side.
    pub side: Side,
    /// Price and size as published; `None` for no level.
    pub published: Option<(Price, u64)>,
    /// Price and size here.
    pub ours: Option<(Price, u64)>,
}

/// An execution that did not hit the order, and only the order, that the recording names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Miss {
    /// Which row, from 0.
    pub row: usize,
    /// The order and the size that should have traded.
    pub named: (u64, u64),
    /// What traded: the recording's names, `None` for nameless volume.
    pub hit: Vec<(Option<u64>, u64)>,
}

impl Outcome {
    /// Whether every sure level of every row is as published, and every execution of a known
    /// order hit that order.
    pub fn is_equal(&self) -> bool {
        let sure = &self.rows_equal[..SURE_LEVELS];
        sure.iter().all(|&equal| equal == self.rows_compared) && self.misses == 0
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} messages, {} left out (hidden executions, halts)",
            self.messages, self.left_out
        )?;
        writeln!(
            f,
            "{} about orders older than the recording, {} of them not found",
            self.nameless + self.unknown,
            self.unknown
        )?;
        writeln!(f, "{}", self.throughput)?;
        if self.rows_compared > 0 {
            writeln!(
                f,
                "{} rows compared; rows equal per level:",
                self.rows_compared
            )?;
            for (index, equal) in self.rows_equal.iter().enumerate() {
                let note = if index < SURE_LEVELS {
                    ""
                } else {
                    "  (what comes into view from below is not recorded)"
                };
                writeln!(
                    f,
                    "  level {:>2}: {equal} of {}{note}",
                    index + 1,
                    self.rows_compared
                )?;
            }
        }
        let hits = self.executions - self.misses;
        writeln!(
            f,
            "executions of known orders that hit the order named: {hits} of {}",
            self.executions
        )?;
        write_book(f, &self.bids, &self.asks, dollars)?;
        for difference in self
            .differences
            .iter()
            .filter(|difference| difference.level <= SURE_LEVELS)
        {
            writeln!(f, "{difference}")?;
        }
        for miss in &self.missed {
            writeln!(f, "{miss}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let side = match self.side {
            Side::Buy => "bid",
            Side::Sell => "ask",
        };
        let show = |level: Option<(Price, u64)>| match level {
            Some((price, size)) => format!("{size} at {}", dollars(price)),
            None => "nothing".to_owned(),
        };
        write!(
            f,
            "WRONG row {}, level {}, {side}: published {}, ours {}",
            self.row,
            self.level,
            show(self.published),
            show(self.ours)
        )
    }
}

impl fmt::Display for Miss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (id, size) = self.named;
        write!(
            f,
            "WRONG row {}: {size} of order {id} should have traded; traded:",
            self.row
        )?;
        for (id, size) in &self.hit {
            match id {
                Some(id) => write!(f, " {size} of order {id}")?,
                None => write!(f, " {size} of nameless volume")?,
            }
        }
        if self.hit.is_empty() {
            write!(f, " nothing")?;
        }
        Ok(())
    }
}

/// Runs a message file, and compares with an order book file where one is given.
///
/// # Errors
/// When a row is not as the format says, or the exchange refuses what the recording accepted.
pub fn run(messages: &str, published: Option<&str>) -> Result<Outcome, ReplayError> {
    let messages = read_messages(messages)?;
    let published = published.map(read_books).transpose()?;
    if published
        .as_ref()
        .is_some_and(|published| published.len() != messages.len())
    {
        return Err(ReplayError::Row {
            file: "order book file",
            row: published.map_or(0, |published| published.len()),
            expected: "as many rows as the message file has",
        });
    }
    // The price band reaches from nothing to twice what traded last, and at first to twice this.
    let highest = messages.iter().map(|message| message.price).max();
    let mut day = Day::new(highest.ok_or(ReplayError::Row {
        file: "message file",
        row: 0,
        expected: "a message",
    })?)?;
    let bar = progress(messages.len());
    if let Some(published) = &published {
        day.adopt(0, &published[0])?;
    }
    // The first row of the book is after the first message, so that message is in already.
    let from = usize::from(published.is_some());
    for (row, message) in messages.iter().enumerate().skip(from) {
        day.apply(row, message)?;
        if let Some(published) = &published {
            day.compare(row, &published[row])?;
        }
        bar.set_position(row as u64);
    }
    let elapsed = bar.elapsed();
    bar.finish_and_clear();
    day.market.verify()?;
    let mut outcome = day.outcome;
    outcome.messages = messages.len();
    outcome.throughput = Throughput {
        commands: day.market.commands(),
        elapsed,
    };
    outcome.bids = day.market.depth(Side::Buy, usize::MAX);
    outcome.asks = day.market.depth(Side::Sell, usize::MAX);
    Ok(outcome)
}

fn dollars(price: Price) -> String {
    format!("{}.{:02}", price.ticks() / 100, price.ticks() % 100)
}
