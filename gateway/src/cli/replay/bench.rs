//! Order flows of the public matching-engine benchmark, answered line by line.
//!
//! A file is a header (`u64` magic, `u32` version, `u32` count) and 40-byte little-endian
//! records. The report lines, each beginning with its kind and the record's sequence:
//! `0,…,side,id,price,quantity` accepted · `1,…,price,quantity,maker,taker` trade ·
//! `2,…,side,id,price` cancelled, also the rest of an immediate-or-cancel order ·
//! `3,…,side,id,price,quantity` replaced, after its trades · `4,…,id` cancel refused ·
//! `5,…,id` replace refused. Kinds of one sequence ascend; the last line has no newline.
//!
//! Two differences are bridged here. A replace of this format states what shall be left and
//! always loses priority; ours states the whole amount, and one that only lowers it keeps its
//! place, so that such a replace goes in as a cancel and a new order. And prices are moved up by
//! the highest of the file, so that the exchange's price band never comes between.

mod record;

use std::collections::HashMap;
use std::fmt::{self, Write};

use engine::domain::{OrderId, Price, Quantity, Side, TimeInForce, Timestamp};
use engine::reject::Reject;

use super::market::{Market, write_book};
pub use record::{Action, Record, read};

use super::{ReplayError, Throughput, progress};

/// What came of a flow.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The report lines, without a newline at the end.
    pub reports: String,
    /// How many lines of each kind.
    pub lines: [u64; 6],
    /// How fast it went.
    pub throughput: Throughput,
    /// The final book: price in ticks and lots, best first.
    pub bids: Vec<(Price, u64)>,
    /// The other side of it.
    pub asks: Vec<(Price, u64)>,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.throughput)?;
        let names = [
            "accepted",
            "trades",
            "cancelled",
            "replaced",
            "cancels refused",
            "replaces refused",
        ];
        for (name, lines) in names.iter().zip(self.lines) {
            writeln!(f, "{lines:>9} {name}")?;
        }
        write_book(f, &self.bids, &self.asks, |price| price.ticks().to_string())
    }
}

/// Runs a flow through an exchange of its own.
///
/// # Errors
/// When the exchange refuses a new order, or is not sound at the end.
pub fn run(records: &[Record]) -> Result<Outcome, ReplayError> {
    let mut flow = Flow::new(records)?;
    let bar = progress(records.len());
    for (row, record) in records.iter().enumerate() {
        flow.apply(record)
            .map_err(|reject| ReplayError::Refused { row, reject })?;
        if row % 1_024 == 0 {
            bar.set_position(row as u64);
        }
    }
    let elapsed = bar.elapsed();
    bar.finish_and_clear();
    flow.verify()?;
    flow.reports.pop();
    Ok(Outcome {
        bids: flow.depth(Side::Buy, usize::MAX),
        asks: flow.depth(Side::Sell, usize::MAX),
        lines: flow.lines,
        throughput: Throughput {
            commands: flow.market.commands(),
            elapsed,
        },
        reports: flow.reports,
    })
}

/// An order that the flow named.
#[derive(Clone, Copy)]
struct Named {
    order: OrderId,
    side: Side,
    price: Price,
    filled: Quantity,
    leaves: Quantity,
}

/// A flow on its way through an exchange of its own.
pub struct Flow {
    market: Market,
    /// Added to every price of the file.
    moved_by: u32,
    /// By the flow's name, the last order that had it; ended ones too.
    named: HashMap<u64, Named>,
    /// By the exchange's name.
    names: HashMap<OrderId, u64>,
    reports: String,
    lines: [u64; 6],
}

impl Flow {
    /// An exchange for the prices of `records`.
    ///
    /// # Errors
    /// When a price is 2^31 ticks or more.
    pub fn new(records: &[Record]) -> Result<Flow, ReplayError> {
        let price = |record: &Record| match record.action {
            Action::New { price, .. } | Action::Replace { price, .. } => price,
            Action::Cancel => 1,
        };
        // A band of 100% around a price of at least `highest` reaches from nothing to at least
        // twice that, so no price of the file is outside it, whatever traded last.
        let highest = records.iter().map(price).max().unwrap_or(1);
        let reference = Price::new(highest).filter(|_| highest <= u32::MAX / 2);
        let reference = reference.ok_or(ReplayError::Row {
            file: "order file",
            row: 0,
            expected: "prices below 2^31 ticks",
        })?;
        Ok(Flow {
            market: Market::new(reference)?,
            moved_by: highest,
            named: HashMap::new(),
            names: HashMap::new(),
            reports: String::new(),
            lines: [0; 6],
        })
    }

    /// Sends one message and writes down what it was answered.
    ///
    /// # Errors
    /// When the exchange refuses a new order.
    pub fn apply(&mut self, record: &Record) -> Result<(), Reject> {
        self.market.at(Timestamp(record.sequence));
        match record.action {
            Action::New {
                side,
                immediate_or_cancel,
                price,
                quantity,
            } => {
                let args = format_args!(
                    "{},{},{price},{}",
                    side_number(side),
                    record.id,
                    quantity.lots()
                );
                line(&mut self.reports, &mut self.lines, 0, record.sequence, args);
                let time_in_force = if immediate_or_cancel {
                    TimeInForce::ImmediateOrCancel
                } else {
                    TimeInForce::GoodTillCancelled
                };
                let leaves =
                    self.place(record, side, self.moved(price), quantity, time_in_force)?;
                if immediate_or_cancel && !leaves.is_zero() {
                    self.end(record.id);
                    self.cancelled(record.sequence, record.id);
                }
                Ok(())
            }
            Action::Cancel => {
                if self.cancel(record.id) {
                    self.cancelled(record.sequence, record.id);
                } else {
                    let args = format_args!("{}", record.id);
                    line(&mut self.reports, &mut self.lines, 4, record.sequence, args);
                }
                Ok(())
            }
            Action::Replace { price, quantity } => self.replace(record, price, quantity),
        }
    }

    /// What the public knows of a side: price in the file's ticks and lots, best first.
    pub fn depth(&self, side: Side, levels: usize) -> Vec<(Price, u64)> {
        let level = |(price, lots)| Some((Price::new(self.shown(price))?, lots));
        self.market
            .depth(side, levels)
            .into_iter()
            .filter_map(level)
            .collect()
    }

    /// Walks the whole exchange, and holds the public book to the matcher's.
    ///
    /// # Errors
    /// [`ReplayError::Unsound`] with the first thing that is wrong: a bug of ours.
    pub fn verify(&self) -> Result<(), ReplayError> {
        self.market.verify()
    }

    fn replace(&mut self, record: &Record, price: u32, quantity: Quantity) -> Result<(), Reject> {
        let refused = format_args!("{}", record.id);
        let Some(&named) = self.named.get(&record.id) else {
            line(
                &mut self.reports,
                &mut self.lines,
                5,
                record.sequence,
                refused,
            );
            return Ok(());
        };
        let price = self.moved(price);
        let keeps_priority = price == named.price && quantity <= named.leaves;
        if keeps_priority {
            if !self.cancel(record.id) {
                line(
                    &mut self.reports,
                    &mut self.lines,
                    5,
                    record.sequence,
                    refused,
                );
                return Ok(());
            }
            let time_in_force = TimeInForce::GoodTillCancelled;
            self.place(record, named.side, price, quantity, time_in_force)?;
        } else {
            let whole = named
                .filled
                .checked_add(quantity)
                .ok_or(Reject::AboveMaxAmount)?;
            if self
                .market
                .amend(named.side, named.order, price, whole)
                .is_err()
            {
                line(
                    &mut self.reports,
                    &mut self.lines,
                    5,
                    record.sequence,
                    refused,
                );
                return Ok(());
            }
            self.named.insert(
                record.id,
                Named {
                    price,
                    leaves: quantity,
                    ..named
                },
            );
            self.book_fills(record);
        }
        let args = format_args!(
            "{},{},{},{}",
            side_number(named.side),
            record.id,
            self.shown(price),
            quantity.lots()
        );
        line(&mut self.reports, &mut self.lines, 3, record.sequence, args);
        Ok(())
    }

    /// Places an order under the record's name and says what is left of it after its trades.
    fn place(
        &mut self,
        record: &Record,
        side: Side,
        price: Price,
        quantity: Quantity,
        time_in_force: TimeInForce,
    ) -> Result<Quantity, Reject> {
        let order = self.market.place(side, price, quantity, time_in_force)?;
        let named = Named {
            order,
            side,
            price,
            filled: Quantity::ZERO,
            leaves: quantity,
        };
        self.named.insert(record.id, named);
        self.names.insert(order, record.id);
        self.book_fills(record);
        Ok(self.named[&record.id].leaves)
    }

    /// Writes the trades of the last request, and takes them from both orders.
    fn book_fills(&mut self, record: &Record) {
        for index in 0..self.market.fills().len() {
            let fill = self.market.fills()[index];
            let maker = self.names[&fill.order];
            for id in [maker, record.id] {
                let named = self
                    .named
                    .get_mut(&id)
                    .expect("invariant: who trades is named");
                let rest = named.leaves.checked_sub(fill.quantity);
                named.leaves = rest.expect("invariant: an order trades what it has left at most");
                let filled = named.filled.checked_add(fill.quantity);
                named.filled = filled.expect("invariant: an order trades its quantity at most");
            }
            let args = format_args!(
                "{},{},{maker},{}",
                self.shown(fill.price),
                fill.quantity.lots(),
                record.id
            );
            line(&mut self.reports, &mut self.lines, 1, record.sequence, args);
        }
    }

    /// Asks for a cancel, of an unknown name too, and says whether it took an order out.
    fn cancel(&mut self, id: u64) -> bool {
        let named = self.named.get(&id);
        let (side, order) =
            named.map_or((Side::Buy, OrderId(0)), |named| (named.side, named.order));
        let is_cancelled = self.market.cancel(side, order).is_ok();
        if is_cancelled {
            self.end(id);
        }
        is_cancelled
    }

    fn end(&mut self, id: u64) {
        if let Some(named) = self.named.get_mut(&id) {
            named.leaves = Quantity::ZERO;
        }
    }

    fn cancelled(&mut self, sequence: u64, id: u64) {
        let named = self.named[&id];
        let args = format_args!(
            "{},{id},{}",
            side_number(named.side),
            self.shown(named.price)
        );
        line(&mut self.reports, &mut self.lines, 2, sequence, args);
    }

    fn moved(&self, price: u32) -> Price {
        Price::new(price + self.moved_by).expect("invariant: twice the highest price fits, see new")
    }

    fn shown(&self, price: Price) -> u32 {
        price.ticks() - self.moved_by
    }
}

fn line(
    reports: &mut String,
    lines: &mut [u64; 6],
    kind: usize,
    sequence: u64,
    rest: fmt::Arguments<'_>,
) {
    lines[kind] += 1;
    writeln!(reports, "{kind},{sequence},{rest}")
        .expect("invariant: a string takes what is written");
}

fn side_number(side: Side) -> u8 {
    match side {
        Side::Buy => 0,
        Side::Sell => 1,
    }
}
