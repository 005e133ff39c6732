//! All segments of a journal, in order: which there are, where they end, what is in them.

use std::io;
use std::ops::ControlFlow;
use std::path::PathBuf;

use super::frame::{GENESIS, HEADER, SegmentHeader};
use super::log::{Corrupt, Entry, Fatal, Tail};
use super::storage::{Storage, StorageFile};
use super::walk::{self, Fault, Rest, Walk};
use crate::domain::CommandSequence;

/// What the names of segments begin with.
const PREFIX: &str = "journal-";
/// The longest segment that is read, in bytes: what is longer was not written by this program.
const LONGEST: u64 = 1 << 30;

const RESTORE: &str = "Nothing was changed. Restore this file from a copy, or the whole data \
                       directory from a backup, then start again";
const TRIMMED: &str = "Recover from a snapshot of a later command";

/// The name of the segment of this number.
pub(super) fn name(index: u64) -> String {
    format!("{PREFIX}{index:010}")
}

/// A torn frame at the end of a log: what a power cut left of a batch that nobody was told of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Torn {
    /// In which file.
    pub file: PathBuf,
    /// Where in it, in bytes from its start.
    pub offset: u64,
    /// How many bytes of it are there.
    pub bytes: u64,
}

/// The segments that there are.
#[derive(Clone, Debug)]
pub(super) struct Segments {
    /// Those with a header, by number, without a gap.
    pub(super) begun: Vec<SegmentHeader>,
    /// The names of those without, after the others.
    pub(super) spare: Vec<String>,
    /// What was written to the first of those.
    pub(super) torn: Option<Torn>,
}

/// The end of a log.
#[derive(Clone, Debug)]
pub(super) struct End {
    pub(super) tail: Tail,
    /// The last process that wrote.
    pub(super) epoch: u32,
    /// Where the next frame goes, in bytes from the last segment's start.
    pub(super) at: usize,
    /// What was written there last: the last frame, and the header where it is the first.
    pub(super) last_write: Vec<u8>,
    /// Where, in bytes from the last segment's start.
    pub(super) last_write_at: usize,
    pub(super) torn: Option<Torn>,
}

/// Takes what a replay reads.
pub(super) trait Visit {
    /// Takes the next entry; whether to go on.
    fn entry(&mut self, entry: &Entry) -> ControlFlow<()>;

    /// Hears how far the log is read, at the end of a frame; whether to go on.
    fn frame(&mut self, _: Tail) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

/// A visit that only takes entries.
pub(super) struct Each<'a>(pub(super) &'a mut dyn FnMut(Entry) -> ControlFlow<()>);

impl Visit for Each<'_> {
    fn entry(&mut self, entry: &Entry) -> ControlFlow<()> {
        (self.0)(*entry)
    }
}

/// Finds the segments, and reads their headers.
pub(super) fn segments<S: Storage>(storage: &S) -> Result<Segments, Corrupt> {
    let names = storage
        .list()
        .map_err(|error| unreadable(storage, "", &error))?;
    let mut indexes: Vec<u64> = names.iter().filter_map(|name| index_of(name)).collect();
    indexes.sort_unstable();
    let mut found = Segments {
        begun: Vec::new(),
        spare: Vec::new(),
        torn: None,
    };
    for (place, &index) in indexes.iter().enumerate() {
        let name = name(index);
        if index != indexes[0].saturating_add(place as u64) {
            return Err(corrupt(
                storage,
                &name,
                0,
                "the segment before it is missing",
            ));
        }
        let file = storage
            .open(&name)
            .map_err(|error| unreadable(storage, &name, &error))?;
        let mut header = [0; HEADER];
        let len = file
            .len()
            .map_err(|error| unreadable(storage, &name, &error))?;
        if len >= HEADER as u64 {
            file.read_at(&mut header, 0)
                .map_err(|error| unreadable(storage, &name, &error))?;
        }
        let begun = SegmentHeader::decode(&header);
        if let Err(damage) = &begun
            && found.spare.is_empty()
        {
            let bytes = load(storage, &name)?;
            let rest = walk::unbegun(&bytes)
                .map_err(|fault| corrupt(storage, &name, fault.at as u64, damage))?;
            found.torn = torn(storage, &name, 0, rest);
        }
        match begun {
            Ok(begun) if begun.index != index => {
                let what = format!("this is segment {}", begun.index);
                return Err(corrupt(storage, &name, 0, &what));
            }
            Ok(_) if !found.spare.is_empty() => {
                let what = "it is begun, but the segment before it is not";
                return Err(corrupt(storage, &name, 0, what));
            }
            Ok(begun) => found.begun.push(begun),
            Err(damage) if !found.spare.is_empty() && header != [0; HEADER] => {
                return Err(corrupt(storage, &name, 0, &damage));
            }
            Err(_) => found.spare.push(name),
        }
    }
    if let Some(first) = found.begun.first()
        && first.first == CommandSequence(1)
        && first.chain != GENESIS
    {
        let what = "the first segment does not begin as a journal does";
        return Err(corrupt(storage, &name(first.index), 0, what));
    }
    Ok(found)
}

/// Reads the last segment, to find the end of the log.
pub(super) fn end<S: Storage>(storage: &S, segments: &Segments) -> Result<Option<End>, Corrupt> {
    let Some(header) = segments.begun.last() else {
        return Ok(None);
    };
    let name = name(header.index);
    let bytes = load(storage, &name)?;
    let mut walk = Walk::new(&bytes, header);
    let mut last_write_at = 0;
    loop {
        let frame_at = walk.at;
        match walk.frame().map_err(at(storage, &name))? {
            Some(_) if frame_at > HEADER => last_write_at = frame_at,
            Some(_) => {}
            None => break,
        }
    }
    let (tail, torn) = finish(storage, segments, &name, &walk)?;
    Ok(Some(End {
        tail,
        epoch: walk.epoch,
        at: walk.at,
        last_write: bytes[last_write_at..walk.at].to_vec(),
        last_write_at,
        torn,
    }))
}

/// Reads the commands from `from` on, and the checks between them, until `visit` breaks off.
///
/// Where it is known, `start` is the chain value before `from`: it is compared, if a frame
/// begins there.
pub(super) fn replay<S: Storage>(
    storage: &S,
    from: CommandSequence,
    start: Option<[u8; 32]>,
    visit: &mut impl Visit,
) -> Result<(Tail, Option<Torn>), Corrupt> {
    let segments = segments(storage)?;
    let begin = segments.begun.iter().rposition(|it| it.first <= from);
    let Some(begin) = begin else {
        return match segments.begun.first() {
            None => Ok((empty(from), segments.torn)),
            Some(first) => Err(Corrupt {
                file: storage.path(&name(first.index)),
                offset: 0,
                what: format!(
                    "the journal begins with command {}, command {} is trimmed away",
                    first.first.0, from.0
                ),
                remedy: TRIMMED,
            }),
        };
    };
    let mut before: Option<(CommandSequence, [u8; 32])> = None;
    let mut bytes = Vec::new();
    for (place, header) in segments.begun.iter().enumerate().skip(begin) {
        let name = name(header.index);
        if before.is_some_and(|before| before != (header.first, header.chain)) {
            let what = "the segment does not follow from the one before it";
            return Err(corrupt(storage, &name, 0, what));
        }
        load_into(storage, &name, &mut bytes)?;
        let mut walk = Walk::new(&bytes, header);
        loop {
            let frame_at = walk.at;
            let Some(frame) = walk.frame().map_err(at(storage, &name))? else {
                break;
            };
            if frame.last() < from {
                continue;
            }
            if frame.first == from && start.is_some_and(|start| start != frame.chain) {
                let what = "what comes before is not what it was when the snapshot was taken";
                return Err(corrupt(storage, &name, frame_at as u64, what));
            }
            for entry in frame.entries() {
                let entry = entry.map_err(|error| {
                    let what = format!("a record of a valid frame cannot be read: {error}");
                    corrupt(storage, &name, frame_at as u64, &what)
                })?;
                let sequence = match entry {
                    Entry::Command(command) => command.sequence,
                    Entry::Check(check) => check.upto,
                };
                if sequence >= from && visit.entry(&entry).is_break() {
                    return Ok((tail(&walk), None));
                }
            }
            if visit.frame(tail(&walk)).is_break() {
                return Ok((tail(&walk), None));
            }
        }
        if place + 1 == segments.begun.len() {
            return finish(storage, &segments, &name, &walk);
        }
        if let Rest::Torn(_) = walk.rest().map_err(at(storage, &name))? {
            let what = "a frame is torn here, but a later segment is begun";
            return Err(corrupt(storage, &name, walk.at as u64, what));
        }
        before = Some((walk.next, walk.chain));
    }
    Ok((empty(from), segments.torn))
}

/// Removes segments, the oldest first, whose commands are all at or before `upto`; never the
/// last one.
pub(super) fn trim<S: Storage>(storage: &S, upto: CommandSequence) -> Result<(), Fatal> {
    let listed = storage.list();
    let names = listed.map_err(|error| Fatal::new(storage.path(""), "list segments", &error))?;
    let mut indexes: Vec<u64> = names.iter().filter_map(|name| index_of(name)).collect();
    indexes.sort_unstable();
    for pair in indexes.windows(2) {
        let next = header(storage, pair[1]).map_err(|error| {
            Fatal::new(
                storage.path(&name(pair[1])),
                "read a segment's header",
                &error,
            )
        })?;
        // The last one may be in the making, beside this thread.
        if next.is_none_or(|next| next.first > upto.next()) {
            return Ok(());
        }
        let name = name(pair[0]);
        let fail = |error| Fatal::new(storage.path(&name), "remove a segment", &error);
        storage.remove(&name).map_err(fail)?;
        // One by one: a gap would be taken for a loss.
        storage.sync_names().map_err(fail)?;
    }
    Ok(())
}

/// Where the frame with this command is: its file, and the offset in it.
pub(super) fn locate<S: Storage>(storage: &S, sequence: CommandSequence) -> (PathBuf, u64) {
    let begun = segments(storage)
        .map(|found| found.begun)
        .unwrap_or_default();
    let Some(header) = begun.iter().rfind(|header| header.first <= sequence) else {
        return (storage.path(""), 0);
    };
    let name = name(header.index);
    let mut at = 0;
    if let Ok(bytes) = load(storage, &name) {
        let mut walk = Walk::new(&bytes, header);
        while walk.next <= sequence {
            at = walk.at;
            if !matches!(walk.frame(), Ok(Some(_))) {
                break;
            }
        }
    }
    (storage.path(&name), at as u64)
}

/// The header of a segment; `None` where it has none yet, or is gone or too short for one.
fn header<S: Storage>(storage: &S, index: u64) -> io::Result<Option<SegmentHeader>> {
    let mut bytes = [0; HEADER];
    let read = storage.open(&name(index));
    match read.and_then(|file| file.read_at(&mut bytes, 0)) {
        Ok(()) => Ok(SegmentHeader::decode(&bytes).ok()),
        Err(error) => match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::UnexpectedEof => Ok(None),
            _ => Err(error),
        },
    }
}

fn index_of(name: &str) -> Option<u64> {
    name.strip_prefix(PREFIX)?.parse().ok()
}

fn finish<S: Storage>(
    storage: &S,
    segments: &Segments,
    name: &str,
    walk: &Walk<'_>,
) -> Result<(Tail, Option<Torn>), Corrupt> {
    let rest = walk.rest().map_err(at(storage, name))?;
    let here = torn(storage, name, walk.at, rest);
    if let (Some(_), Some(there)) = (&here, &segments.torn) {
        return Err(Corrupt {
            file: there.file.clone(),
            offset: 0,
            what: "it is written to, but the segment before it has room and a torn end".to_owned(),
            remedy: RESTORE,
        });
    }
    Ok((tail(walk), here.or_else(|| segments.torn.clone())))
}

fn tail(walk: &Walk<'_>) -> Tail {
    Tail {
        last: CommandSequence(walk.next.0.saturating_sub(1)),
        chain: walk.chain,
    }
}

fn empty(from: CommandSequence) -> Tail {
    Tail {
        last: CommandSequence(from.0.saturating_sub(1)),
        chain: GENESIS,
    }
}

fn torn<S: Storage>(storage: &S, name: &str, at: usize, rest: Rest) -> Option<Torn> {
    match rest {
        Rest::Clean => None,
        Rest::Torn(bytes) => Some(Torn {
            file: storage.path(name),
            offset: at as u64,
            bytes: bytes as u64,
        }),
    }
}

fn load<S: Storage>(storage: &S, name: &str) -> Result<Vec<u8>, Corrupt> {
    let mut bytes = Vec::new();
    load_into(storage, name, &mut bytes).map(|()| bytes)
}

/// Reads a segment into `bytes`, in place of what is there: one after the other needs no new memory.
fn load_into<S: Storage>(storage: &S, name: &str, bytes: &mut Vec<u8>) -> Result<(), Corrupt> {
    let mut read = || -> io::Result<bool> {
        let file = storage.open(name)?;
        let len = file.len()?;
        let Some(len) = usize::try_from(len).ok().filter(|_| len <= LONGEST) else {
            return Ok(false);
        };
        if bytes.len() != len {
            *bytes = vec![0; len];
        }
        file.read_at(bytes, 0)?;
        Ok(true)
    };
    match read() {
        Ok(true) => Ok(()),
        Ok(false) => Err(corrupt(storage, name, LONGEST, "no segment is so long")),
        Err(error) => Err(unreadable(storage, name, &error)),
    }
}

fn at<S: Storage>(storage: &S, name: &str) -> impl Fn(Fault) -> Corrupt {
    move |fault| corrupt(storage, name, fault.at as u64, &fault.what)
}

fn unreadable<S: Storage>(storage: &S, name: &str, error: &io::Error) -> Corrupt {
    Corrupt {
        file: storage.path(name),
        offset: 0,
        what: format!("it cannot be read: {error}"),
        remedy: "Nothing was changed. Check the disk and who may read this file, then start again",
    }
}

fn corrupt<S: Storage>(storage: &S, name: &str, offset: u64, what: &str) -> Corrupt {
    Corrupt {
        file: storage.path(name),
        offset,
        what: what.to_owned(),
        remedy: RESTORE,
    }
}
