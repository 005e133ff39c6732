//! From files to an exchange: the newest good snapshot, then the journal after it.
//!
//! Every decision is taken again and compared, and at each check so is what came of it: a
//! restart is a test of determinism. The first difference stops it. The same code makes
//! snapshots ([`compact`]): beside the running exchange, from the files alone, so that the
//! market does not wait and each run proves that the snapshot before can be loaded.

use std::collections::VecDeque;
use std::ops::ControlFlow;

use thiserror::Error;

use super::file_log::{FileLog, FileLogOptions, OpenError, Opened};
use super::log::{Check, Corrupt, Entry, Fatal, Tail};
use super::outcome::Outcome;
use super::reader::{self, Torn, Visit};
use super::snapshot::{self, Snapshot, snapshots};
use super::storage::Storage;
use crate::Sink;
use crate::clearing::{ConfigError, ExchangeConfig};
use crate::command::Command;
use crate::domain::CommandSequence;
use crate::exchange::Exchange;
use crate::report::Report;

/// Every how many commands progress is told.
const TELL_EVERY: u64 = 1 << 16;
/// The most checks that wait to be compared: more commands are never under way at once.
const MAX_CHECKS: usize = 1 << 12;

const DIFFERS: &str = "Nothing was changed. Start the program and configuration that wrote this \
                       journal, and report the difference";

/// What the rim keeps of an exchange's reports, and wants back after a restart.
pub trait Rim {
    /// Takes the next report of a replay. Answers are left out.
    fn take(&mut self, report: &Report);

    /// Appends all that it keeps to `out`.
    fn save(&self, out: &mut Vec<u8>);

    /// Takes up what [`Rim::save`] wrote; otherwise says what is wrong with it.
    fn load(&mut self, bytes: &[u8]) -> Result<(), String>;
}

/// A rim that keeps nothing.
impl Rim for () {
    fn take(&mut self, _: &Report) {}

    fn save(&self, _: &mut Vec<u8>) {}

    fn load(&mut self, _: &[u8]) -> Result<(), String> {
        Ok(())
    }
}

/// Why there is no exchange again.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RecoverError {
    /// Something is not what was written, or leads elsewhere than it did.
    #[error(transparent)]
    Corrupt(#[from] Corrupt),
    /// The system refused a call.
    #[error(transparent)]
    Fatal(#[from] Fatal),
    /// The configuration is wrong by itself.
    #[error(transparent)]
    Config(#[from] ConfigError),
}

impl From<OpenError> for RecoverError {
    fn from(error: OpenError) -> RecoverError {
        match error {
            OpenError::Corrupt(corrupt) => RecoverError::Corrupt(corrupt),
            OpenError::Fatal(fatal) => RecoverError::Fatal(fatal),
        }
    }
}

/// An exchange out of files.
#[derive(Debug)]
pub struct Rebuilt {
    /// The exchange, at its last command.
    pub exchange: Exchange,
    /// What came of all commands, and which is the last.
    pub check: Check,
    /// The journal's chain value after it; zeros where that is not known.
    pub chain: [u8; 32],
    /// The snapshot that it began with.
    pub snapshot: Option<CommandSequence>,
    /// Newer snapshots that could not be used, and why.
    pub skipped: Vec<Corrupt>,
    /// How many commands were replayed.
    pub replayed: u64,
    /// How many checks were compared.
    pub compared: u64,
    /// The last snapshot that was written on the way.
    pub written: Option<CommandSequence>,
    /// What is torn at the end of the journal.
    pub torn: Option<Torn>,
}

/// Opens the journal in `storage`, cuts a torn end off, and rebuilds the exchange: what it was
/// when the last process ended, to the bit.
///
/// Every `snapshot_every` commands on the way, or a little less often where they are many, a
/// snapshot is written, and what is no longer needed is given back. So a process that is killed
/// while it recovers, or before it ever made a snapshot, leaves less for the next one to replay.
///
/// `progress` hears now and then which command was replayed, and which is the last.
pub fn recover<S: Storage>(
    storage: &S,
    config: &ExchangeConfig,
    options: FileLogOptions,
    snapshot_every: Option<u64>,
    rim: &mut impl Rim,
    progress: &mut dyn FnMut(CommandSequence, CommandSequence),
) -> Result<(Rebuilt, FileLog<S>), RecoverError> {
    let (log, Opened { tail, cut }) = FileLog::open(storage.clone(), options)?;
    let mut told = |at| progress(at, tail.last);
    let mut rebuilt = replay(storage, config, (None, snapshot_every), rim, &mut told)?;
    if tail.last != rebuilt.check.upto {
        let (file, offset) = reader::locate(storage, tail.last);
        let what = format!(
            "the journal ends with command {}, a snapshot has command {}",
            tail.last.0, rebuilt.check.upto.0
        );
        let remedy = "The journal lost its end: restore it from a copy, then start again";
        return Err(Corrupt {
            file,
            offset,
            what,
            remedy,
        }
        .into());
    }
    if let (Some(_), Some(loaded)) = (rebuilt.written, rebuilt.snapshot) {
        // What was written is newer, and what was loaded is good: no more is needed.
        give_back(storage, loaded)?;
    }
    rebuilt.torn = cut;
    Ok((rebuilt, log))
}

/// Rebuilds the exchange at command `upto`, or at the journal's end, and changes no file.
pub fn rebuild<S: Storage>(
    storage: &S,
    config: &ExchangeConfig,
    upto: Option<CommandSequence>,
    rim: &mut impl Rim,
    progress: &mut dyn FnMut(CommandSequence),
) -> Result<Rebuilt, RecoverError> {
    replay(storage, config, (upto, None), rim, progress)
}

/// Rebuilds the exchange at command `upto`, with a snapshot every so many commands.
fn replay<S: Storage>(
    storage: &S,
    config: &ExchangeConfig,
    (upto, snapshot_every): (Option<CommandSequence>, Option<u64>),
    rim: &mut impl Rim,
    progress: &mut dyn FnMut(CommandSequence),
) -> Result<Rebuilt, RecoverError> {
    let mut rebuilt = begin(storage, config, upto, rim)?;
    let from = rebuilt.check.upto.next();
    if upto == Some(rebuilt.check.upto) {
        return Ok(rebuilt);
    }
    let start = (rebuilt.snapshot.is_some() && rebuilt.chain != [0; 32]).then_some(rebuilt.chain);
    let mut replay = Replay {
        storage,
        exchange: &mut rebuilt.exchange,
        outcome: Outcome::after(rebuilt.check),
        last: rebuilt.check.upto,
        upto,
        checks: VecDeque::new(),
        compared: 0,
        snapshot_every,
        from: rebuilt.check.upto,
        snapshot_at: rebuilt.check.upto,
        written: None,
        failure: None,
        rim,
        progress,
    };
    let read = reader::replay(storage, from, start, &mut replay);
    let (check, compared) = (replay.outcome.check(replay.last), replay.compared);
    let (written, failure) = (replay.written, replay.failure);
    match failure {
        None => {}
        Some(Failure::Fatal(fatal)) => return Err(fatal.into()),
        Some(Failure::Difference(sequence, what)) => {
            let (file, offset) = reader::locate(storage, sequence);
            let remedy = DIFFERS;
            return Err(Corrupt {
                file,
                offset,
                what,
                remedy,
            }
            .into());
        }
    }
    let (tail, torn) = match (read, rebuilt.skipped.first()) {
        (Ok(read), _) => read,
        // Without that snapshot the journal may not reach back far enough: say the cause.
        (Err(_), Some(skipped)) if rebuilt.snapshot.is_none() => {
            return Err(skipped.clone().into());
        }
        (Err(corrupt), _) => return Err(corrupt.into()),
    };
    rebuilt.replayed = check.upto.0 - rebuilt.check.upto.0;
    if rebuilt.replayed > 0 {
        rebuilt.chain = if tail.last == check.upto {
            tail.chain
        } else {
            [0; 32]
        };
    }
    rebuilt.check = check;
    rebuilt.compared = compared;
    rebuilt.written = written;
    rebuilt.torn = torn;
    Ok(rebuilt)
}

/// Writes a snapshot of command `upto`, which must be durable, and gives back what is no
/// longer needed: the two newest good snapshots stay, and the journal after the older.
///
/// Runs beside an exchange that goes on writing to the same journal. The new snapshot is loaded
/// again before anything is removed. Returns its sequence; `None` where `upto` is no later than
/// the newest one.
pub fn compact<S: Storage>(
    storage: &S,
    config: &ExchangeConfig,
    upto: CommandSequence,
    rim: &mut impl Rim,
) -> Result<Option<CommandSequence>, RecoverError> {
    let rebuilt = rebuild(storage, config, Some(upto), rim, &mut |_| {})?;
    if rebuilt.replayed == 0 {
        return Ok(None);
    }
    let upto = rebuilt.check.upto;
    write(
        storage,
        &rebuilt.exchange,
        rebuilt.check,
        rebuilt.chain,
        rim,
    )?;
    // The first exchange goes before the second comes: there is room for one.
    drop(rebuilt.exchange);
    let again = Snapshot::read(storage, upto)?;
    again
        .restore(config)
        .map_err(|what| snapshot::damaged(storage, upto, 0, what))?;
    if let Some(older) = rebuilt.snapshot {
        give_back(storage, older)?;
    }
    Ok(Some(upto))
}

/// Writes the snapshot of an exchange at its last command.
fn write<S: Storage>(
    storage: &S,
    exchange: &Exchange,
    check: Check,
    chain: [u8; 32],
    rim: &impl Rim,
) -> Result<(), Fatal> {
    let mut snapshot = Snapshot {
        state: exchange.state(),
        check,
        chain,
        digest: exchange.state_digest(),
        rim: Vec::new(),
    };
    rim.save(&mut snapshot.rim);
    snapshot.write(storage)
}

/// Removes the snapshots before `older`, which was loaded and is not the newest, and the journal
/// up to it.
fn give_back<S: Storage>(storage: &S, older: CommandSequence) -> Result<(), RecoverError> {
    for gone in snapshots(storage)?.into_iter().filter(|it| *it < older) {
        snapshot::remove(storage, gone)?;
    }
    reader::trim(storage, older)?;
    Ok(())
}

/// The exchange to begin with: of the newest snapshot not after `upto` that can be used.
fn begin<S: Storage>(
    storage: &S,
    config: &ExchangeConfig,
    upto: Option<CommandSequence>,
    rim: &mut impl Rim,
) -> Result<Rebuilt, RecoverError> {
    config.check()?;
    let mut skipped = Vec::new();
    for at in snapshots(storage)? {
        if upto.is_some_and(|upto| at > upto) {
            continue;
        }
        let taken_up = Snapshot::read(storage, at).and_then(|snapshot| {
            let exchange = snapshot.restore(config);
            let exchange = exchange.map_err(|what| snapshot::damaged(storage, at, 0, what))?;
            let rim_loaded = rim.load(&snapshot.rim);
            rim_loaded.map_err(|what| snapshot::damaged(storage, at, 0, what))?;
            Ok((snapshot, exchange))
        });
        match taken_up {
            Ok((snapshot, exchange)) => {
                return Ok(Rebuilt {
                    exchange,
                    check: snapshot.check,
                    chain: snapshot.chain,
                    snapshot: Some(at),
                    skipped,
                    replayed: 0,
                    compared: 0,
                    written: None,
                    torn: None,
                });
            }
            Err(corrupt) => skipped.push(corrupt),
        }
    }
    Ok(Rebuilt {
        exchange: Exchange::new(config.clone())?,
        check: Outcome::default().check(CommandSequence(0)),
        chain: [0; 32],
        snapshot: None,
        skipped,
        replayed: 0,
        compared: 0,
        written: None,
        torn: None,
    })
}

/// Entries being applied again.
struct Replay<'a, S, R> {
    storage: &'a S,
    exchange: &'a mut Exchange,
    outcome: Outcome,
    last: CommandSequence,
    upto: Option<CommandSequence>,
    /// What a check will be compared with, the oldest first.
    checks: VecDeque<Check>,
    compared: u64,
    snapshot_every: Option<u64>,
    /// Where it began.
    from: CommandSequence,
    /// The newest snapshot.
    snapshot_at: CommandSequence,
    written: Option<CommandSequence>,
    /// What ended it.
    failure: Option<Failure>,
    rim: &'a mut R,
    progress: &'a mut dyn FnMut(CommandSequence),
}

/// Why entries cannot be applied again.
enum Failure {
    /// This command, or what came of those up to it, is not what was written.
    Difference(CommandSequence, String),
    /// No snapshot can be written.
    Fatal(Fatal),
}

impl<S: Storage, R: Rim> Visit for Replay<'_, S, R> {
    fn entry(&mut self, entry: &Entry) -> ControlFlow<()> {
        let taken = match entry {
            Entry::Command(command) => self.command(command),
            Entry::Check(check) => self.compare(*check),
        };
        if let Err((sequence, what)) = taken {
            self.failure = Some(Failure::Difference(sequence, what));
            return ControlFlow::Break(());
        }
        if self.last.0.is_multiple_of(TELL_EVERY) {
            (self.progress)(self.last);
        }
        match self.upto {
            Some(upto) if self.last >= upto => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        }
    }

    fn frame(&mut self, tail: Tail) -> ControlFlow<()> {
        // Ever further apart, so that a long replay is not spent on writing snapshots.
        let apart = (self.last.0 - self.from.0) / 4;
        let done = self.last.0 - self.snapshot_at.0;
        let is_due = self
            .snapshot_every
            .is_some_and(|every| done >= every.max(apart));
        if !is_due || tail.last != self.last {
            return ControlFlow::Continue(());
        }
        match self.snapshot(tail.chain) {
            Ok(()) => ControlFlow::Continue(()),
            Err(fatal) => {
                self.failure = Some(Failure::Fatal(fatal));
                ControlFlow::Break(())
            }
        }
    }
}

impl<S: Storage, R: Rim> Replay<'_, S, R> {
    /// Writes a snapshot of what is replayed; the one that was written before it may go.
    fn snapshot(&mut self, chain: [u8; 32]) -> Result<(), Fatal> {
        let check = self.outcome.check(self.last);
        write(self.storage, self.exchange, check, chain, self.rim)?;
        if let Some(before) = self.written.replace(self.last) {
            snapshot::remove(self.storage, before)?;
        }
        self.snapshot_at = self.last;
        Ok(())
    }

    fn command(&mut self, command: &Command) -> Result<(), (CommandSequence, String)> {
        let mut out = Heard {
            outcome: &mut self.outcome,
            rim: &mut *self.rim,
        };
        let replayed = self.exchange.replay(command, &mut out);
        replayed.map_err(|error| (command.sequence, format!("{error}; it is {command:?}")))?;
        self.last = command.sequence;
        if Outcome::is_due(self.last) {
            self.checks.push_back(self.outcome.check(self.last));
            if self.checks.len() > MAX_CHECKS {
                self.checks.pop_front();
            }
        }
        Ok(())
    }

    fn compare(&mut self, written: Check) -> Result<(), (CommandSequence, String)> {
        while let Some(found) = self.checks.front() {
            if found.upto > written.upto {
                break;
            }
            if found.upto == written.upto && found.outcome != written.outcome {
                let what = format!(
                    "what came of the commands up to {} was {:016x}, now it is {:016x}",
                    written.upto.0, written.outcome, found.outcome
                );
                return Err((written.upto, what));
            }
            self.compared += u64::from(found.upto == written.upto);
            self.checks.pop_front();
        }
        Ok(())
    }
}

/// Hears the reports of a replay.
struct Heard<'a, R> {
    outcome: &'a mut Outcome,
    rim: &'a mut R,
}

impl<R: Rim> Sink<Report> for Heard<'_, R> {
    fn push(&mut self, report: Report) {
        self.outcome.take(&report);
        self.rim.take(&report);
    }
}
