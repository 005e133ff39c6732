//! What fuzz targets do with their bytes, so that saved inputs run as ordinary tests too.

use engine::book::BookConfig;

use crate::lockstep::{ExchangeLockstep, Lockstep};
use crate::workload::{Ask, Op};
use crate::world::World;

pub use crate::sim::inputs::{journal_log, journal_record, journal_snapshot};

/// How many commands or requests of an input are looked at: more makes it slower, not deeper.
const MOST: usize = 400;

/// A small book and the plain model do what `bytes` mean. The error says where they differ.
pub fn matcher_ops(bytes: &[u8]) -> Result<(), String> {
    let config = BookConfig::new(64, Op::SLOTS - 2).map_err(|what| what.to_string())?;
    let mut ops = Op::decode_all(bytes);
    ops.truncate(MOST);
    Lockstep::run(config, &ops).map(|_| ())
}

/// A tight exchange and the plain model answer what `bytes` mean. The error says where they
/// differ.
pub fn exchange_asks(bytes: &[u8]) -> Result<(), String> {
    let (asks, _) = bytes.as_chunks::<{ Ask::BYTES }>();
    let asks = &asks[..asks.len().min(MOST)];
    ExchangeLockstep::run(World::tight(), asks).map(|_| ())
}
