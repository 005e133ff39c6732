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
use super::log::{Check, Corrupt, Entry, Fatal};
use super::outcome::Outcome;
use super::reader::{self, Torn};
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
    /// What is torn at the end of the journal.
    pub torn: Option<Torn>,
}

/// Opens the journal in `storage`, cuts a torn end off, and rebuilds the exchange: what it was
/// when the last process ended, to the bit.
///
/// `progress` hears now and then which command was replayed, and which is the last.
pub fn recover<S: Storage>(
    storage: &S,
    config: &ExchangeConfig,
    options: FileLogOptions,
    rim: &mut impl Rim,
    progress: &mut dyn FnMut(CommandSequence, CommandSequence),
) -> Result<(Rebuilt, FileLog<S>), RecoverError> {
    let (log, Opened { tail, cut }) = FileLog::open(storage.clone(), options)?;
    let mut rebuilt = rebuild(storage, config, None, rim, &mut |at| {
        progress(at, tail.last)
    })?;
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
    let mut rebuilt = begin(storage, config, upto, rim)?;
    let from = rebuilt.check.upto.next();
    if upto == Some(rebuilt.check.upto) {
        return Ok(rebuilt);
    }
    let mut replay = Replay {
        exchange: &mut rebuilt.exchange,
        outcome: Outcome::after(rebuilt.check),
        last: rebuilt.check.upto,
        checks: VecDeque::new(),
        compared: 0,
        rim,
    };
    let start = (rebuilt.snapshot.is_some() && rebuilt.chain != [0; 32]).then_some(rebuilt.chain);
    let mut difference = None;
    let read = reader::replay(storage, from, start, &mut |entry| {
        match replay.take(entry) {
            Ok(()) => {}
            Err(found) => {
                difference = Some(found);
                return ControlFlow::Break(());
            }
        }
        if replay.last.0.is_multiple_of(TELL_EVERY) {
            progress(replay.last);
        }
        match upto {
            Some(upto) if replay.last >= upto => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        }
    });
    let (check, compared) = (replay.outcome.check(replay.last), replay.compared);
    if let Some((sequence, what)) = difference {
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
    let mut snapshot = Snapshot {
        state: rebuilt.exchange.state(),
        check: rebuilt.check,
        chain: rebuilt.chain,
        digest: rebuilt.exchange.state_digest(),
        rim: Vec::new(),
    };
    rim.save(&mut snapshot.rim);
    snapshot.write(storage)?;
    // The first exchange goes before the second comes: there is room for one.
    drop((snapshot, rebuilt.exchange));
    let again = Snapshot::read(storage, upto)?;
    again
        .restore(config)
        .map_err(|what| snapshot::damaged(storage, upto, 0, what))?;
    if let Some(older) = rebuilt.snapshot {
        for gone in snapshots(storage)?.into_iter().filter(|it| *it < older) {
            snapshot::remove(storage, gone)?;
        }
        reader::trim(storage, older)?;
    }
    Ok(Some(upto))
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
        torn: None,
    })
}

/// Entries being applied again.
struct Replay<'a, R> {
    exchange: &'a mut Exchange,
    outcome: Outcome,
    last: CommandSequence,
    /// What a check will be compared with, the oldest first.
    checks: VecDeque<Check>,
    compared: u64,
    rim: &'a mut R,
}

impl<R: Rim> Replay<'_, R> {
    /// Applies an entry; otherwise says at which command what differs.
    fn take(&mut self, entry: Entry) -> Result<(), (CommandSequence, String)> {
        match entry {
            Entry::Command(command) => self.command(&command),
            Entry::Check(check) => self.compare(check),
        }
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
