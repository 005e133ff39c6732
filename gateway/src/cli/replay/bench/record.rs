//! A benchmark's order file, record by record.

use engine::domain::{Quantity, Side};

use super::super::ReplayError;

const MAGIC: u64 = u64::from_be_bytes(*b"MEBW_001");
const VERSION: u32 = 1;
const HEADER_BYTES: usize = 16;
const RECORD_BYTES: usize = 40;

/// One message of a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its number, carried into its report lines.
    pub sequence: u64,
    /// The flow's own name for the order.
    pub id: u64,
    /// What is asked.
    pub action: Action,
}

/// What a message asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// A new limit order.
    New {
        /// Which way.
        side: Side,
        /// Whether what does not trade at once is dropped.
        immediate_or_cancel: bool,
        /// In ticks, above 0.
        price: u32,
        /// In lots.
        quantity: Quantity,
    },
    /// Takes the order out.
    Cancel,
    /// Gives the order another price and another quantity, and the last place there.
    Replace {
        /// In ticks, above 0.
        price: u32,
        /// What shall be left of it, in lots.
        quantity: Quantity,
    },
}

/// Reads a file of records.
///
/// # Errors
/// [`ReplayError::Row`] when the header or a record is not as the format says.
pub fn read(bytes: &[u8]) -> Result<Vec<Record>, ReplayError> {
    let wrong = |row, expected| ReplayError::Row {
        file: "order file",
        row,
        expected,
    };
    let Some((header, body)) = bytes.split_at_checked(HEADER_BYTES) else {
        return Err(wrong(0, "a header of 16 bytes"));
    };
    if u64::from_le_bytes(field(header, 0)) != MAGIC {
        return Err(wrong(0, "the magic number of a benchmark's order file"));
    }
    if u32::from_le_bytes(field(header, 8)) != VERSION {
        return Err(wrong(0, "version 1"));
    }
    let count = u32::from_le_bytes(field(header, 12));
    let (records, rest) = body.as_chunks::<RECORD_BYTES>();
    if !rest.is_empty() || u32::try_from(records.len()) != Ok(count) {
        return Err(wrong(0, "as many whole records as the header says"));
    }
    let record = |(row, bytes)| read_record(bytes).map_err(|expected| wrong(row, expected));
    records.iter().enumerate().map(record).collect()
}

fn read_record(bytes: &[u8; RECORD_BYTES]) -> Result<Record, &'static str> {
    let side = match bytes[1] {
        0 => Side::Buy,
        1 => Side::Sell,
        _ => return Err("side 0 or 1"),
    };
    let price = || {
        u32::try_from(i64::from_le_bytes(field(bytes, 24)))
            .ok()
            .filter(|&price| price > 0)
    };
    let quantity = Quantity::new(u64::from(u32::from_le_bytes(field(bytes, 4))));
    let quantity = quantity.filter(|quantity| !quantity.is_zero());
    let action = match bytes[0] {
        0 => Action::New {
            side,
            immediate_or_cancel: bytes[2] != 0,
            price: price().ok_or("a price above zero")?,
            quantity: quantity.ok_or("a quantity above zero")?,
        },
        1 => Action::Cancel,
        2 => Action::Replace {
            price: price().ok_or("a price above zero")?,
            quantity: quantity.ok_or("a quantity above zero")?,
        },
        _ => return Err("type 0, 1 or 2"),
    };
    Ok(Record {
        sequence: u64::from_le_bytes(field(bytes, 8)),
        id: u64::from_le_bytes(field(bytes, 16)),
        action,
    })
}

fn field<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    let mut field = [0; N];
    field.copy_from_slice(&bytes[at..at + N]);
    field
}
