//! What a segment is made of: a header, then frames, then zeros to its end.
//!
//! ```text
//! header  magic 8 | crc u32 | epoch u32 | index u64 | first u64 | chain 32                = 64
//! frame   magic u32 | len u32 | crc u32 | epoch u32 | first u64 | count u32 | 0 u32 | chain 32 = 64
//!         records, `len` bytes | zeros to a multiple of 8 | end magic 8
//! ```
//!
//! `chain` is the BLAKE3 hash of the frame before, whole, which holds the one before that: the
//! last hash stands for every byte of the log. CRC-32C covers all but itself. `epoch` counts
//! the processes that wrote here. A frame fills its place without a gap and no aligned piece of
//! it is all zeros, so that a sector that was never written shows (see `reader`).

use super::log::{Check, Entry};
use super::output::Output;
use super::record::{self, RecordError};
use super::records::Records;
use crate::canary::{self, Canary};
use crate::domain::CommandSequence;

/// The first bytes of a segment; the last of them is the version.
pub(super) const SEGMENT_MAGIC: [u8; 8] = *b"\xF0XJRNL\x00\x01";
/// The first bytes of a frame. No text holds them.
pub(super) const MAGIC: [u8; 4] = [0xF5, 0xC1, 0xFA, 0xCE];
/// The last bytes of a frame.
pub(super) const FRAME_END: [u8; 8] = [0xFA, 0xCE, 0xF5, 0xC1, 0xFD, 0xED, 0xC0, 0xDE];

/// How long a segment's header is, in bytes.
pub(super) const HEADER: usize = 64;
/// How long a frame is without its records and what fills them up, in bytes.
const FRAME_HEADER: usize = 64;
/// The most commands in one frame.
pub const MAX_BATCH: usize = 8192;
/// The longest frame, in bytes.
pub(super) const MAX_FRAME: usize =
    FRAME_HEADER + (MAX_BATCH + 1) * record::MAX + FRAME_END.len() + 8;
/// The chain value before the first frame ever.
pub(super) const GENESIS: [u8; 32] = *b"the first frame of this journal\n";

/// What a segment begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SegmentHeader {
    /// The process that began it.
    pub(super) epoch: u32,
    /// Its number, as in its name.
    pub(super) index: u64,
    /// The first command in it.
    pub(super) first: CommandSequence,
    /// The chain value before it.
    pub(super) chain: [u8; 32],
}

impl SegmentHeader {
    pub(super) fn encode(&self) -> [u8; HEADER] {
        let mut bytes = [0; HEADER];
        bytes[..8].copy_from_slice(&SEGMENT_MAGIC);
        bytes[12..16].copy_from_slice(&self.epoch.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.index.to_le_bytes());
        bytes[24..32].copy_from_slice(&self.first.0.to_le_bytes());
        bytes[32..].copy_from_slice(&self.chain);
        let crc = checksum(&bytes[..8], &bytes[12..]);
        bytes[8..12].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    /// Reads a header; otherwise says what is wrong with it.
    pub(super) fn decode(bytes: &[u8; HEADER]) -> Result<SegmentHeader, String> {
        if bytes[..7] != SEGMENT_MAGIC[..7] {
            return Err("this is no journal segment".to_owned());
        }
        if bytes[7] != SEGMENT_MAGIC[7] {
            return Err(format!(
                "the segment has format version {}, this program reads {}",
                bytes[7], SEGMENT_MAGIC[7]
            ));
        }
        if u32_at(bytes, 8) != checksum(&bytes[..8], &bytes[12..]) {
            return Err("the segment's header does not match its checksum".to_owned());
        }
        Ok(SegmentHeader {
            epoch: u32_at(bytes, 12),
            index: u64_at(bytes, 16),
            first: CommandSequence(u64_at(bytes, 24)),
            chain: chain_at(bytes, 32),
        })
    }
}

/// Puts the frame of `runs`, which follow one another, into `out` from `at` on, and returns where it
/// ends. What is in `out` behind that means nothing: it is room that is used again.
pub(super) fn encode(
    runs: &[Records],
    check: Option<Check>,
    epoch: u32,
    chain: [u8; 32],
    out: &mut Vec<u8>,
    at: usize,
) -> usize {
    let records: usize = runs.iter().map(|run| run.bytes().len()).sum();
    let room = FRAME_HEADER + record::MAX + records + 8 + FRAME_END.len();
    if out.len() < at + room {
        out.resize(at + room, 0);
    }
    let frame = &mut out[at..];
    let mut len = FRAME_HEADER;
    if let Some(check) = check {
        let room = frame[len..].first_chunk_mut();
        let mut record = Output::new(room.expect("invariant: a frame has room for its check"));
        record::put_check(&check, &mut record);
        len += record.len();
    }
    for run in runs {
        let end = len + run.bytes().len();
        frame[len..end].copy_from_slice(run.bytes());
        len = end;
    }
    let end = len.next_multiple_of(8);
    frame[len..end].fill(0);
    frame[end..end + FRAME_END.len()].copy_from_slice(&FRAME_END);
    let frame = &mut frame[..end + FRAME_END.len()];

    let len = u32::try_from(len - FRAME_HEADER).expect("invariant: a frame is at most MAX_FRAME");
    let first = runs.iter().find_map(Records::span);
    let first = first.map_or(0, |(first, _)| first.0);
    let count: usize = runs.iter().map(Records::len).sum();
    let count = u32::try_from(count).expect("invariant: a batch is at most MAX_BATCH");
    frame[..4].copy_from_slice(&MAGIC);
    frame[4..8].copy_from_slice(&len.to_le_bytes());
    frame[12..16].copy_from_slice(&epoch.to_le_bytes());
    frame[16..24].copy_from_slice(&first.to_le_bytes());
    frame[24..28].copy_from_slice(&count.to_le_bytes());
    frame[28..32].fill(0);
    frame[32..FRAME_HEADER].copy_from_slice(&chain);
    let crc = checksum(&frame[..8], &frame[12..]);
    frame[8..12].copy_from_slice(&crc.to_le_bytes());
    at + frame.len()
}

/// The chain value after a frame.
pub(super) fn hash(frame: &[u8]) -> [u8; 32] {
    *blake3::hash(frame).as_bytes()
}

/// A frame whose checksum holds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame<'a> {
    /// The process that wrote it.
    pub(super) epoch: u32,
    /// The first command in it.
    pub(super) first: CommandSequence,
    /// How many commands it has, at least one.
    pub(super) count: u32,
    /// The chain value before it.
    pub(super) chain: [u8; 32],
    records: &'a [u8],
    whole: &'a [u8],
}

impl<'a> Frame<'a> {
    /// Reads the frame that `bytes` begins with; otherwise says what is wrong with it.
    pub(super) fn decode(bytes: &'a [u8]) -> Result<Frame<'a>, &'static str> {
        if !begins(bytes) {
            return Err("no frame begins here");
        }
        let Some(size) = announced(bytes) else {
            return Err("the frame's length is out of range");
        };
        let whole = bytes
            .get(..size)
            .ok_or("the frame is longer than its segment")?;
        let holds = u32_at(whole, 8) == checksum(&whole[..8], &whole[12..]);
        if !holds && !canary::has(Canary::FrameUnchecked) {
            return Err("the frame does not match its checksum");
        }
        let len = records_len(whole);
        let (count, unused) = (u32_at(whole, 24), u32_at(whole, 28));
        let fill = &whole[FRAME_HEADER + len..size - FRAME_END.len()];
        if unused != 0
            || count == 0
            || usize::try_from(count).map_or(true, |count| count > MAX_BATCH)
            || !whole.ends_with(&FRAME_END)
            || fill.iter().any(|byte| *byte != 0)
        {
            return Err("the frame's checksum holds but its fields do not");
        }
        Ok(Frame {
            epoch: u32_at(whole, 12),
            first: CommandSequence(u64_at(whole, 16)),
            count,
            chain: chain_at(whole, 32),
            records: &whole[FRAME_HEADER..FRAME_HEADER + len],
            whole,
        })
    }

    /// How long it is, in bytes.
    pub(super) fn size(&self) -> usize {
        self.whole.len()
    }

    /// The last command in it.
    pub(super) fn last(&self) -> CommandSequence {
        CommandSequence(self.first.0.saturating_add(u64::from(self.count) - 1))
    }

    /// The chain value after it.
    pub(super) fn next_chain(&self) -> [u8; 32] {
        hash(self.whole)
    }

    /// What is in it, in order.
    pub(super) fn entries(&self) -> Entries<'a> {
        let count = usize::try_from(self.count).unwrap_or(usize::MAX);
        Entries::new(self.records, self.first, count)
    }
}

/// Reads a frame's records; ends with an error where they are not what the header says.
pub(super) struct Entries<'a> {
    rest: &'a [u8],
    next: CommandSequence,
    left: usize,
}

impl<'a> Entries<'a> {
    /// Of `count` records, the first of them of command `first`.
    pub(super) fn new(records: &'a [u8], first: CommandSequence, count: usize) -> Entries<'a> {
        Entries {
            rest: records,
            next: first,
            left: count,
        }
    }
}

impl Iterator for Entries<'_> {
    type Item = Result<Entry, RecordError>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return (std::mem::take(&mut self.left) != 0).then_some(Err(RecordError::Short));
        }
        let item = record::decode(self.rest, self.next).and_then(|(entry, len)| {
            self.rest = &self.rest[len..];
            if let Entry::Command(_) = entry {
                self.left = self
                    .left
                    .checked_sub(1)
                    .ok_or(RecordError::Field("place, after the last command,"))?;
                self.next = CommandSequence(self.next.0.saturating_add(1));
            }
            Ok(entry)
        });
        if item.is_err() {
            (self.rest, self.left) = (&[], 0);
        }
        Some(item)
    }
}

/// Whether `bytes` begin as a frame does.
pub(super) fn begins(bytes: &[u8]) -> bool {
    bytes.len() >= FRAME_HEADER && bytes.starts_with(&MAGIC)
}

/// How long the frame at the start of `bytes` says that it is; `None` if no frame is so long.
pub(super) fn announced(bytes: &[u8]) -> Option<usize> {
    let size = FRAME_HEADER + records_len(bytes).checked_next_multiple_of(8)? + FRAME_END.len();
    (size <= MAX_FRAME).then_some(size)
}

fn records_len(frame: &[u8]) -> usize {
    usize::try_from(u32_at(frame, 4)).unwrap_or(usize::MAX - HEADER - FRAME_HEADER)
}

fn checksum(before: &[u8], after: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(before), after)
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let field = bytes[at..].first_chunk();
    u32::from_le_bytes(*field.expect("invariant: headers are checked to be whole"))
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    let field = bytes[at..].first_chunk();
    u64::from_le_bytes(*field.expect("invariant: headers are checked to be whole"))
}

fn chain_at(bytes: &[u8], at: usize) -> [u8; 32] {
    *bytes[at..]
        .first_chunk()
        .expect("invariant: headers are checked to be whole")
}
