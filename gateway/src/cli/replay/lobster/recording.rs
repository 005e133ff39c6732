//! The two files of a LOBSTER recording, row by row.

use engine::domain::{Price, Quantity, Side, Timestamp};

use super::super::ReplayError;
use super::LEVELS;

/// One cent, the exchange's tick, in the recording's prices.
const PRICE_PER_TICK: u32 = 100;

/// What a message says happened.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Add,
    Reduce,
    Delete,
    Execute,
    LeftOut,
}

/// One row of the message file.
pub(super) struct Message {
    pub(super) time: Timestamp,
    pub(super) kind: Kind,
    pub(super) id: u64,
    pub(super) size: Quantity,
    pub(super) price: Price,
    pub(super) side: Side,
}

/// Bids and asks, best first.
pub(super) struct Book {
    pub(super) bids: Vec<(Price, u64)>,
    pub(super) asks: Vec<(Price, u64)>,
}

impl Book {
    /// The levels of a side.
    pub(super) fn side(&self, side: Side) -> &[(Price, u64)] {
        match side {
            Side::Buy => &self.bids,
            Side::Sell => &self.asks,
        }
    }
}

/// Reads the message file.
pub(super) fn read_messages(text: &str) -> Result<Vec<Message>, ReplayError> {
    let row = |(row, line): (usize, &str)| {
        read_message(line).map_err(|expected| ReplayError::Row {
            file: "message file",
            row,
            expected,
        })
    };
    text.lines().enumerate().map(row).collect()
}

fn read_message(line: &str) -> Result<Message, &'static str> {
    let fields: Vec<&str> = line.split(',').collect();
    let [time, kind, id, size, price, direction] = fields[..] else {
        return Err("time,type,order id,size,price,direction");
    };
    let kind = match kind {
        "1" => Kind::Add,
        "2" => Kind::Reduce,
        "3" => Kind::Delete,
        "4" => Kind::Execute,
        "5" | "6" | "7" => Kind::LeftOut,
        _ => return Err("a type from 1 to 7"),
    };
    // Hidden executions trade between ticks and halts have no price: neither is read further.
    let price = match kind {
        Kind::LeftOut => Some(Price::MIN),
        _ => read_price(price),
    };
    Ok(Message {
        time: read_time(time).ok_or("seconds since midnight")?,
        kind,
        id: id.parse().map_err(|_| "a number as order id")?,
        size: size.parse().ok().and_then(Quantity::new).ok_or("a size")?,
        price: price.ok_or("a price of whole cents")?,
        side: match direction {
            "1" => Side::Buy,
            "-1" => Side::Sell,
            _ => return Err("direction 1 or -1"),
        },
    })
}

/// Seconds with nine digits after the point, as whole milliseconds.
fn read_time(text: &str) -> Option<Timestamp> {
    let (seconds, fraction) = text.split_once('.').unwrap_or((text, ""));
    let millis: String = fraction.chars().chain("000".chars()).take(3).collect();
    let seconds: u64 = seconds.parse().ok()?;
    let millis: u64 = millis.parse().ok()?;
    Some(Timestamp(seconds.checked_mul(1_000)?.checked_add(millis)?))
}

fn read_price(text: &str) -> Option<Price> {
    let price: u32 = text.parse().ok()?;
    let is_whole = price.is_multiple_of(PRICE_PER_TICK);
    is_whole
        .then(|| Price::new(price / PRICE_PER_TICK))
        .flatten()
}

/// Reads the order book file.
pub(super) fn read_books(text: &str) -> Result<Vec<Book>, ReplayError> {
    let row = |(row, line): (usize, &str)| {
        read_book(line).ok_or(ReplayError::Row {
            file: "order book file",
            row,
            expected: "ask price,ask size,bid price,bid size for each of ten levels, in whole cents",
        })
    };
    text.lines().enumerate().map(row).collect()
}

fn read_book(line: &str) -> Option<Book> {
    let fields: Vec<&str> = line.split(',').collect();
    if fields.len() != 4 * LEVELS {
        return None;
    }
    let mut book = Book {
        bids: Vec::new(),
        asks: Vec::new(),
    };
    for level in fields.chunks(4) {
        for (levels, fields) in [(&mut book.asks, &level[..2]), (&mut book.bids, &level[2..])] {
            // A level that is not there has size 0 and a price beyond all others.
            if fields[1] != "0" {
                levels.push((read_price(fields[0])?, fields[1].parse().ok()?));
            }
        }
    }
    Some(book)
}
