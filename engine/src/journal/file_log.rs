use std::io;
use std::ops::ControlFlow;

use thiserror::Error;

use super::frame::{self, GENESIS, HEADER, SegmentHeader};
use super::log::{Check, CommandLog, Corrupt, Entry, Fatal, Tail};
use super::reader::{self, Each, End, Segments, Torn};
use super::records::{self, Records};
use super::spare::{self, Spare};
use super::storage::{Directory, PAGE, Storage, StorageFile, write_all};
use crate::canary::{self, Canary};
use crate::domain::CommandSequence;

/// What an acknowledged command survives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Durability {
    /// The end of the process, of the system, and of the power.
    #[default]
    Sync,
    /// The end of the process; not of the system or the power.
    Os,
}

/// How a [`FileLog`] keeps its files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileLogOptions {
    /// How long a segment is, in bytes.
    pub segment_bytes: u64,
    /// Whether a thread makes the next segment while the last one fills.
    pub prepares_ahead: bool,
    /// What is kept back for a clean stop on a full disk, in bytes; 0 for nothing.
    pub reserve_bytes: u64,
    /// What an acknowledged command survives.
    pub durability: Durability,
}

impl Default for FileLogOptions {
    /// Segments of 64 MiB made ahead, 16 MiB in reserve, every batch synced.
    fn default() -> FileLogOptions {
        FileLogOptions {
            segment_bytes: 64 << 20,
            prepares_ahead: true,
            reserve_bytes: 16 << 20,
            durability: Durability::Sync,
        }
    }
}

/// Why a log cannot be opened.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum OpenError {
    /// Something in it is not what was written there.
    #[error(transparent)]
    Corrupt(#[from] Corrupt),
    /// The system refused a call.
    #[error(transparent)]
    Fatal(#[from] Fatal),
}

/// What was found when a log was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// Where it ends.
    pub tail: Tail,
    /// What was cut off its end: a batch that nobody was told of.
    pub cut: Option<Torn>,
}

/// A log in files of its own: segments of zeros, one frame a batch, one write and one sync a
/// frame.
///
/// Constant time and no allocation a command; opening reads the last segment. The format is in
/// `frame`, the judgement of a damaged end in `walk`.
pub struct FileLog<S: Storage = Directory> {
    storage: S,
    options: FileLogOptions,
    spare: Spare<S>,
    file: S::File,
    /// Where the next frame goes in it.
    at: u64,
    file_len: u64,
    /// Its number.
    index: u64,
    epoch: u32,
    last: CommandSequence,
    chain: [u8; 32],
    check: Option<Check>,
    /// A header's room, then the frame, then what means nothing.
    buffer: Vec<u8>,
    failure: Option<String>,
}

impl<S: Storage> FileLog<S> {
    /// What is kept back for a clean stop.
    const RESERVE: &str = "reserve";

    /// Opens the log in `storage`, or begins one. A torn end is cut off, for good.
    pub fn open(storage: S, options: FileLogOptions) -> Result<(FileLog<S>, Opened), OpenError> {
        let segments = reader::segments(&storage)?;
        let end = reader::end(&storage, &segments)?;
        remove_spares(&storage, &segments)?;
        let index = segments.begun.last().map_or(1, |last| last.index);
        let (file, end) = match end {
            Some(end) => (reopen(&storage, index, &end)?, end),
            None => {
                let file = spare::make(&storage, options.segment_bytes, index)?;
                (file, first_end(segments.torn))
            }
        };
        keep_reserve(&storage, options.reserve_bytes)?;
        let fail = |action| {
            let file = storage.path(&reader::name(index));
            move |error| Fatal::new(file, action, &error)
        };
        let spare = if options.prepares_ahead {
            Spare::ahead(storage.clone(), options.segment_bytes, index + 1)
                .map_err(fail("start the thread that makes segments"))?
        } else {
            Spare::inline(storage.clone(), options.segment_bytes)
        };
        let opened = Opened {
            tail: end.tail,
            cut: end.torn,
        };
        let file_len = file.len().map_err(fail("measure the segment"))?;
        let log = FileLog {
            storage,
            options,
            spare,
            file,
            at: end.at as u64,
            file_len,
            index,
            epoch: end.epoch.saturating_add(1),
            last: end.tail.last,
            chain: end.tail.chain,
            check: None,
            buffer: Vec::new(),
            failure: None,
        };
        Ok((log, opened))
    }

    /// Reads a log as [`CommandLog::replay`] does, but changes nothing: a torn end stays, and
    /// is told of.
    pub fn read(
        storage: &S,
        from: CommandSequence,
        each: &mut dyn FnMut(Entry) -> ControlFlow<()>,
    ) -> Result<(Tail, Option<Torn>), Corrupt> {
        reader::replay(storage, from, None, &mut Each(each))
    }

    /// The first command that is still there; `None` where none ever was.
    pub fn first(storage: &S) -> Result<Option<CommandSequence>, Corrupt> {
        let segments = reader::segments(storage)?;
        Ok(segments.begun.first().map(|header| header.first))
    }

    /// The folder it is in.
    pub fn storage(&self) -> &S {
        &self.storage
    }

    fn write(&mut self, first: CommandSequence, runs: &[Records]) -> Result<(), Fatal> {
        let check = self.check.take();
        let buffer = &mut self.buffer;
        let end = frame::encode(runs, check, self.epoch, self.chain, buffer, HEADER);
        let mut from = HEADER;
        if self.at == 0 {
            from = self.begin(first);
        } else if self.at + (end - HEADER) as u64 > self.file_len {
            self.index += 1;
            self.file = self.spare.take(self.index)?;
            self.file_len = self.options.segment_bytes;
            from = self.begin(first);
        }
        let failed = |log: &Self, action, error: io::Error| {
            let name = reader::name(log.index);
            Fatal::new(log.storage.path(&name), action, &error)
        };
        // What follows in the last page is zeros, on the disk as here: so the system need not read
        // that page before it takes what is new in it.
        let len = (end - from) as u64;
        let page_end = (self.at + len).next_multiple_of(PAGE as u64);
        let fill = page_end.min(self.file_len).saturating_sub(self.at + len);
        let filled = end + usize::try_from(fill).unwrap_or(0);
        if self.buffer.len() < filled {
            self.buffer.resize(filled, 0);
        }
        self.buffer[end..filled].fill(0);
        let written = write_all(&mut self.file, &self.buffer[from..filled], self.at);
        written.map_err(|error| failed(self, "write a batch", error))?;
        if self.options.durability == Durability::Sync && !canary::has(Canary::SyncSkipped) {
            let synced = self.file.sync_data();
            synced.map_err(|error| failed(self, "sync a batch", error))?;
        }
        self.chain = frame::hash(&self.buffer[HEADER..end]);
        self.at += len;
        Ok(())
    }

    /// Puts the header of the current segment before the frame; returns where it begins.
    fn begin(&mut self, first: CommandSequence) -> usize {
        let header = SegmentHeader {
            epoch: self.epoch,
            index: self.index,
            first,
            chain: self.chain,
        };
        self.buffer[..HEADER].copy_from_slice(&header.encode());
        self.at = 0;
        0
    }

    /// Remembers that a call failed, and makes room for the process to end in.
    fn fail(&mut self, failure: &Fatal) {
        self.failure = Some(failure.to_string());
        if let Fatal::Full { .. } = failure {
            // Best effort: the log has failed already.
            let _ = self.storage.remove(Self::RESERVE);
        }
    }

    fn check_alive(&self) -> Result<(), Fatal> {
        match &self.failure {
            None => Ok(()),
            Some(first) => Err(Fatal::Failed {
                first: first.clone(),
            }),
        }
    }
}

impl<S: Storage> CommandLog for FileLog<S> {
    fn append_records(&mut self, runs: &[Records]) -> Result<CommandSequence, Fatal> {
        self.check_alive()?;
        let Some((first, last)) = records::span(runs, self.last) else {
            return Ok(self.last);
        };
        if let Err(failure) = self.write(first, runs) {
            self.fail(&failure);
            return Err(failure);
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
        reader::replay(&self.storage, from, None, &mut Each(each)).map(|(tail, _)| tail)
    }

    fn trim(&mut self, upto: CommandSequence) -> Result<(), Fatal> {
        self.check_alive()?;
        let removed = reader::trim(&self.storage, upto);
        removed.inspect_err(|failure| self.fail(failure))
    }
}

/// The end of a log that has nothing.
fn first_end(torn: Option<Torn>) -> End {
    End {
        tail: Tail {
            last: CommandSequence(0),
            chain: GENESIS,
        },
        epoch: 0,
        at: 0,
        last_write: Vec::new(),
        last_write_at: 0,
        torn,
    }
}

/// Removes segments that were made ahead: what is torn in them goes with them, and whether
/// their zeros were synced nobody knows.
fn remove_spares<S: Storage>(storage: &S, segments: &Segments) -> Result<(), Fatal> {
    for name in segments.spare.iter().rev() {
        let fail = |error| Fatal::new(storage.path(name), "remove an unused segment", &error);
        storage.remove(name).map_err(fail)?;
    }
    if segments.spare.is_empty() {
        return Ok(());
    }
    let synced = storage.sync_names();
    synced.map_err(|error| Fatal::new(storage.path(""), "sync the removal of segments", &error))
}

/// Opens the last segment to go on in it, with nothing after its last frame.
fn reopen<S: Storage>(storage: &S, index: u64, end: &End) -> Result<S::File, Fatal> {
    let name = reader::name(index);
    let path = storage.path(&name);
    let fail = |action| {
        let path = path.clone();
        move |error| Fatal::new(path, action, &error)
    };
    let mut file = storage.open(&name).map_err(fail("open the last segment"))?;
    if let Some(torn) = &end.torn
        && torn.file == path
    {
        let zeros = vec![0; usize::try_from(torn.bytes).unwrap_or(0)];
        write_all(&mut file, &zeros, torn.offset).map_err(fail("cut the torn end off"))?;
    }
    // What was read may be in memory only, and after a failed sync even taken for written: it is
    // written once more, and must be on the disk before anything follows it.
    write_all(&mut file, &end.last_write, end.last_write_at as u64)
        .map_err(fail("write the last batch again"))?;
    file.sync_all().map_err(fail("sync the last segment"))?;
    Ok(file)
}

/// Has a file of `bytes` zeros, or none.
fn keep_reserve<S: Storage>(storage: &S, bytes: u64) -> Result<(), Fatal> {
    let name = FileLog::<S>::RESERVE;
    let fail = |error| Fatal::new(storage.path(name), "keep a reserve", &error);
    let names = storage.list().map_err(fail)?;
    if names.iter().any(|it| it == name) {
        let len = storage.open(name).and_then(|file| file.len());
        if len.map_err(fail)? == bytes {
            return Ok(());
        }
        storage.remove(name).map_err(fail)?;
    }
    if bytes == 0 {
        return Ok(());
    }
    let fill = |mut file: S::File| {
        file.write_zeros(bytes)?;
        file.sync_all()
    };
    storage.create(name).and_then(fill).map_err(fail)
}
