//! The public matching-engine benchmark's adapters, driven on one core.
//!
//! The benchmark itself hands reports to a second core, which on a small virtual machine measures
//! the way between the cores. Here the same libraries get the same messages from one thread, and
//! what they report goes into a small ring of that thread. A library that takes runs of messages
//! gets [`RUN`] at a time, as the consumer of a ring would; others get them one by one.

#![allow(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "measuring: inputs are known, and what cannot be read stops the measurement"
)]

mod floor;
mod library;
mod reports;

use std::path::Path;
use std::time::Duration;

use adapter::abi::{Body, Cancel, Message, Modify, NewOrder};

pub use floor::run_floor;
pub use library::run_library;

/// How many messages a library that takes runs gets at once.
pub const RUN: usize = 256;

/// What came of one pass over a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pass {
    /// How long the thread ran, of its own time, not the clock's.
    pub took: Duration,
    /// How many reports there were.
    pub reports: u64,
    /// A sum over what the benchmark compares of each report; zero where that was not asked for.
    pub digest: u64,
}

/// What is asked of a pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Its time.
    Time,
    /// Its digest.
    Check,
}

/// Reads a flow that the benchmark's generator wrote: a header of 16 bytes, then 40 a message.
pub fn read_flow(path: &Path) -> Vec<Message> {
    let file = std::fs::read(path).unwrap();
    let records = file[16..].chunks_exact(40);
    records.map(message).collect()
}

fn message(record: &[u8]) -> Message {
    let word = |at: usize| u64::from_le_bytes(record[at..at + 8].try_into().unwrap());
    let (sequence, order, price) = (word(8), word(16), word(24) as i64);
    let quantity = u32::from_le_bytes(record[4..8].try_into().unwrap());
    let body = match record[0] {
        0 => Body {
            new: NewOrder {
                order,
                sequence,
                price,
                quantity,
                side: record[1],
                immediate_or_cancel: record[2],
                reserved: [0; 2],
            },
        },
        1 => Body {
            cancel: Cancel { order, sequence },
        },
        2 => Body {
            modify: Modify {
                order,
                sequence,
                price,
                quantity,
                side: record[1],
                reserved: [0; 3],
            },
        },
        other => panic!("a message of kind {other}"),
    };
    Message {
        kind: record[0],
        reserved: [0; 7],
        body,
    }
}

/// What the calling thread has run, where the purpose is to know. Tools that count instructions
/// have no such clock.
fn thread_time(purpose: Purpose) -> Duration {
    match purpose {
        Purpose::Time => crate::thread_time(),
        Purpose::Check => Duration::ZERO,
    }
}
