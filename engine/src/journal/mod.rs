//! What makes a command final: it is written down before anybody hears of it.
//!
//! Owns the seam ([`CommandLog`]) between the exchange and its log, and the logs behind it. In:
//! accepted commands, in order, without a gap. Out: the same commands, in the same order, after
//! a crash. Knows nothing of what a command does.
//!
//! Invariants: what `append` returned is read again by every later `replay`, or reading says
//! loudly why not; a batch is read whole or not at all; nothing is read that was not appended.

mod file_log;
mod frame;
mod image;
mod input;
mod log;
mod margin;
mod memory_log;
mod operator;
mod outcome;
mod output;
mod reader;
pub mod record;
mod records;
mod recovery;
#[cfg(feature = "redb")]
mod redb_log;
mod snapshot;
mod spare;
mod special;
mod storage;
mod walk;

pub use file_log::{Durability, FileLog, FileLogOptions, OpenError, Opened};
pub use frame::MAX_BATCH;
pub use log::{Check, CommandLog, Corrupt, Entry, Fatal, Tail};
pub use memory_log::MemoryLog;
pub use outcome::Outcome;
pub use reader::Torn;
pub use records::Records;
pub use recovery::{Rebuilt, RecoverError, Rim, compact, rebuild, recover};
#[cfg(feature = "redb")]
pub use redb_log::RedbLog;
pub use snapshot::{Snapshot, snapshots};
pub use storage::{Directory, DirectoryError, Storage, StorageFile};
