use std::io;
use std::ops::ControlFlow;
use std::path::PathBuf;

use thiserror::Error;

use super::records::Records;
use crate::command::Command;
use crate::domain::CommandSequence;

/// Where accepted commands become final. One writer.
pub trait CommandLog {
    /// Writes `runs`, which follow one another, as one batch, and returns when it is durable, with
    /// the last sequence that is.
    ///
    /// A batch is atomic: after a crash it is there whole or not at all. Its first command
    /// comes right after the last one appended, and it has at most [`MAX_BATCH`] commands; that it
    /// does is the caller's invariant. An empty batch writes nothing.
    ///
    /// # Errors
    /// Any error is final: nobody knows what the disk holds. The log takes nothing more, and
    /// nothing of this batch may be answered.
    ///
    /// [`MAX_BATCH`]: super::MAX_BATCH
    fn append_records(&mut self, runs: &[Records]) -> Result<CommandSequence, Fatal>;

    /// Writes `batch` as [`CommandLog::append_records`] does.
    ///
    /// # Errors
    /// Those of [`CommandLog::append_records`].
    fn append(&mut self, batch: &[Command]) -> Result<CommandSequence, Fatal> {
        self.append_records(&[Records::of(batch)])
    }

    /// Takes a check of what came of the commands so far, to be written with the next batch.
    /// Lost without harm if there is none.
    fn note(&mut self, check: Check);

    /// Reads again what was appended, from the command `from` on, and hands it to `each` in
    /// order until that breaks off.
    ///
    /// # Errors
    /// [`Corrupt`] where something was appended and cannot be read as it was, or where `from`
    /// has been trimmed away. What came before was handed over.
    fn replay(
        &mut self,
        from: CommandSequence,
        each: &mut dyn FnMut(Entry) -> ControlFlow<()>,
    ) -> Result<Tail, Corrupt>;

    /// Gives back the room of commands up to and with `upto`; some of them may stay. The newest
    /// always stay.
    ///
    /// # Errors
    /// Final, like those of [`CommandLog::append`].
    fn trim(&mut self, upto: CommandSequence) -> Result<(), Fatal>;
}

/// One thing that a log hands back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A command. Keys of orders are not kept: they come back as [`OrderKey::NONE`].
    ///
    /// [`OrderKey::NONE`]: crate::domain::OrderKey::NONE
    Command(Command),
    /// What had come of the commands up to some sequence before this one.
    Check(Check),
}

/// What had come of the commands so far: a hash over all that they did, so that a replay which
/// does anything else is found out at the next check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Check {
    /// The last command that it covers.
    pub upto: CommandSequence,
    /// The hash over what commands did, from the first to that one.
    pub outcome: u64,
}

/// How far a replay came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Tail {
    /// The last command handed over, or the one before `from`.
    pub last: CommandSequence,
    /// The chain value after it: it stands for every byte of the log before. Zero where a log
    /// keeps none.
    pub chain: [u8; 32],
}

/// The log cannot go on. Stop accepting, say so, end the process; after a restart recovery
/// tells what is there.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Fatal {
    /// The disk is full.
    #[error("{}: no room left to {action}; free space on this disk, then start again", file.display())]
    Full {
        /// Which file.
        file: PathBuf,
        /// What was tried.
        action: &'static str,
    },
    /// The system refused a call.
    #[error("{}: could not {action}: {error}; start again, recovery tells what is there", file.display())]
    Io {
        /// Which file.
        file: PathBuf,
        /// What was tried.
        action: &'static str,
        /// What the system said.
        error: String,
    },
    /// A call failed before: nothing is taken any more.
    #[error("the journal failed before: {first}")]
    Failed {
        /// What it said then.
        first: String,
    },
}

impl Fatal {
    /// What an error of the system is, met by `action` on `file`.
    pub(super) fn new(file: PathBuf, action: &'static str, error: &io::Error) -> Fatal {
        match error.kind() {
            io::ErrorKind::StorageFull
            | io::ErrorKind::QuotaExceeded
            | io::ErrorKind::WriteZero => Fatal::Full { file, action },
            _ => Fatal::Io {
                file,
                action,
                error: error.to_string(),
            },
        }
    }
}

/// Something in a log is not what was written there. Nothing is guessed: the reader stops.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{}: at byte {offset}: {what}. {remedy}.", file.display())]
pub struct Corrupt {
    /// Which file.
    pub file: PathBuf,
    /// Where in it, in bytes from its start.
    pub offset: u64,
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub remedy: &'static str,
}
