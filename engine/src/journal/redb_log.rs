use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use redb::{Database, ReadableDatabase, ReadableTable, TableDefinition};

use super::file_log::{OpenError, Opened};
use super::frame::{self, Frame, GENESIS};
use super::log::{Check, CommandLog, Corrupt, Entry, Fatal, Tail};
use super::records::{self, Records};
use crate::domain::CommandSequence;

/// A frame under the sequence of its first command.
const FRAMES: TableDefinition<u64, &[u8]> = TableDefinition::new("frames");

const RESTORE: &str = "Nothing was changed. Restore this file from a copy, then start again";

/// A log in a redb database: the reference that [`FileLog`] is held to, and
/// enough for a venue below some ten thousand commands a second.
///
/// One transaction a batch, synced by the database. Its frames are those of a [`FileLog`], so
/// that checksums and chain bear witness here too.
///
/// [`FileLog`]: super::FileLog
#[derive(Debug)]
pub struct RedbLog {
    database: Database,
    path: PathBuf,
    epoch: u32,
    last: CommandSequence,
    chain: [u8; 32],
    check: Option<Check>,
    buffer: Vec<u8>,
    failure: Option<String>,
}

impl RedbLog {
    /// Opens the database at `path`, or makes it.
    pub fn open(path: &Path) -> Result<(RedbLog, Opened), OpenError> {
        let fail = |action| move |error: redb::Error| fatal(path, action, &error);
        let database = Database::create(path);
        let database = database.map_err(|error| fail("open the database")(error.into()))?;
        make_table(&database).map_err(fail("make the table"))?;
        let end = last_frame(&database).map_err(fail("read the last frame"))?;
        let mut log = RedbLog {
            database,
            path: path.to_owned(),
            epoch: 1,
            last: CommandSequence(0),
            chain: GENESIS,
            check: None,
            buffer: Vec::new(),
            failure: None,
        };
        if let Some((first, bytes)) = end {
            let frame = log.decode(first, &bytes)?;
            log.epoch = frame.epoch.saturating_add(1);
            log.last = frame.last();
            log.chain = frame.next_chain();
        }
        let tail = Tail {
            last: log.last,
            chain: log.chain,
        };
        Ok((log, Opened { tail, cut: None }))
    }

    fn write(&mut self, first: CommandSequence, runs: &[Records]) -> Result<[u8; 32], redb::Error> {
        let check = self.check.take();
        let end = frame::encode(runs, check, self.epoch, self.chain, &mut self.buffer, 0);
        let frame = &self.buffer[..end];
        let transaction = self.database.begin_write()?;
        let mut table = transaction.open_table(FRAMES)?;
        table.insert(first.0, frame)?;
        drop(table);
        transaction.commit()?;
        Ok(frame::hash(frame))
    }

    fn remove(&mut self, upto: CommandSequence) -> Result<(), redb::Error> {
        let transaction = self.database.begin_write()?;
        let mut table = transaction.open_table(FRAMES)?;
        // A frame may go when the one after it begins at or before what must stay.
        let mut firsts = table.range(..=upto.0.saturating_add(1))?;
        let stays = match firsts.next_back() {
            Some(last) => last?.0.value(),
            None => 0,
        };
        drop(firsts);
        table.retain_in(..stays, |_, _| false)?;
        drop(table);
        transaction.commit()?;
        Ok(())
    }

    fn decode<'a>(&self, first: u64, bytes: &'a [u8]) -> Result<Frame<'a>, Corrupt> {
        let frame = Frame::decode(bytes).map_err(|what| self.corrupt(first, what))?;
        match frame.first.0 == first && frame.size() == bytes.len() {
            true => Ok(frame),
            false => Err(self.corrupt(first, "the frame is another one")),
        }
    }

    fn corrupt(&self, first: u64, what: &str) -> Corrupt {
        Corrupt {
            file: self.path.clone(),
            offset: 0,
            what: format!("the frame of command {first}: {what}"),
            remedy: RESTORE,
        }
    }

    fn unreadable(&self, error: &redb::Error) -> Corrupt {
        Corrupt {
            file: self.path.clone(),
            offset: 0,
            what: format!("it cannot be read: {error}"),
            remedy: RESTORE,
        }
    }

    /// Hands over what the frame `first` holds from `from` on; whether to go on.
    fn hand_over(
        &self,
        (first, bytes): (u64, &[u8]),
        from: CommandSequence,
        tail: &mut Option<Tail>,
        each: &mut dyn FnMut(Entry) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, Corrupt> {
        let frame = self.decode(first, bytes)?;
        if tail.is_some_and(|it| it.last.next() != frame.first || it.chain != frame.chain) {
            return Err(self.corrupt(first, "it does not follow from the frame before it"));
        }
        *tail = Some(Tail {
            last: frame.last(),
            chain: frame.next_chain(),
        });
        for entry in frame.entries() {
            let entry = entry.map_err(|error| self.corrupt(first, &error.to_string()))?;
            let sequence = match entry {
                Entry::Command(command) => command.sequence,
                Entry::Check(check) => check.upto,
            };
            if sequence >= from && each(entry).is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    fn check_alive(&self) -> Result<(), Fatal> {
        match &self.failure {
            None => Ok(()),
            Some(first) => Err(Fatal::Failed {
                first: first.clone(),
            }),
        }
    }

    fn fail(&mut self, action: &'static str, error: &redb::Error) -> Fatal {
        let fatal = fatal(&self.path, action, error);
        self.failure = Some(fatal.to_string());
        fatal
    }
}

impl CommandLog for RedbLog {
    fn append_records(&mut self, runs: &[Records]) -> Result<CommandSequence, Fatal> {
        self.check_alive()?;
        let Some((first, last)) = records::span(runs, self.last) else {
            return Ok(self.last);
        };
        match self.write(first, runs) {
            Ok(chain) => self.chain = chain,
            Err(error) => return Err(self.fail("write a batch", &error)),
        }
        self.last = last;
        Ok(self.last)
    }

    fn note(&mut self, check: Check) {
        self.check = Some(check);
    }

    fn replay(
        &mut self,
        from: CommandSequence,
        each: &mut dyn FnMut(Entry) -> ControlFlow<()>,
    ) -> Result<Tail, Corrupt> {
        let none = Tail {
            last: CommandSequence(from.0.saturating_sub(1)),
            chain: GENESIS,
        };
        let frames = || -> Result<_, redb::Error> {
            let table = self.database.begin_read()?.open_table(FRAMES)?;
            let begin = table.range(..=from.0)?.next_back().transpose()?;
            let begin = begin.map(|(first, _)| first.value());
            let first = table.first()?.map(|(first, _)| first.value());
            Ok((table.range(begin.unwrap_or(0)..)?, begin, first))
        };
        let (frames, begin, first) = frames().map_err(|error| self.unreadable(&error))?;
        if let (None, Some(first)) = (begin, first) {
            return Err(Corrupt {
                file: self.path.clone(),
                offset: 0,
                what: format!(
                    "it begins with command {first}, command {} is trimmed away",
                    from.0
                ),
                remedy: "Recover from a snapshot of a later command",
            });
        }
        let mut tail = None;
        for frame in frames {
            let (first, bytes) = frame.map_err(|error| self.unreadable(&error.into()))?;
            let frame = (first.value(), bytes.value());
            if self.hand_over(frame, from, &mut tail, each)?.is_break() {
                break;
            }
        }
        Ok(tail.unwrap_or(none))
    }

    fn trim(&mut self, upto: CommandSequence) -> Result<(), Fatal> {
        self.check_alive()?;
        let removed = self.remove(upto);
        removed.map_err(|error| self.fail("remove old frames", &error))
    }
}

fn make_table(database: &Database) -> Result<(), redb::Error> {
    let transaction = database.begin_write()?;
    transaction.open_table(FRAMES)?;
    Ok(transaction.commit()?)
}

fn last_frame(database: &Database) -> Result<Option<(u64, Vec<u8>)>, redb::Error> {
    let table = database.begin_read()?.open_table(FRAMES)?;
    let last = table.last()?;
    Ok(last.map(|(first, bytes)| (first.value(), bytes.value().to_vec())))
}

fn fatal(path: &Path, action: &'static str, error: &redb::Error) -> Fatal {
    let file = path.to_owned();
    match error {
        redb::Error::Io(error) => Fatal::new(file, action, error),
        other => Fatal::Io {
            file,
            action,
            error: other.to_string(),
        },
    }
}
