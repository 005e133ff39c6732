//! The frames of one segment, one after the other, and the judgement of what comes after them.
//!
//! A frame is written by one call into zeros and synced before the next, so only the last can
//! be torn, and a torn one lacks whole sectors or its end: there it is still zero, as no whole
//! frame is. That tells a power cut from a medium that lies. Anything but a clean end or such a
//! torn frame is an error: nothing is guessed.

use super::frame::{self, Frame, HEADER, MAX_FRAME, SegmentHeader};
use crate::domain::CommandSequence;

/// What a disk writes whole or not at all, in bytes.
const SECTOR: usize = 512;

/// What is wrong in a segment, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    /// In bytes from the segment's start.
    pub(super) at: usize,
    pub(super) what: String,
}

/// What is after a segment's last frame, until the end of what was ever written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rest {
    /// Zeros only.
    Clean,
    /// So many bytes of a frame that was never acknowledged.
    Torn(usize),
}

/// Where reading stands.
#[derive(Clone, Debug)]
pub(super) struct Walk<'a> {
    bytes: &'a [u8],
    /// How far the frames are read, in bytes from the segment's start.
    pub(super) at: usize,
    /// The command that comes next.
    pub(super) next: CommandSequence,
    /// The chain value so far.
    pub(super) chain: [u8; 32],
    /// The last process that wrote.
    pub(super) epoch: u32,
}

impl<'a> Walk<'a> {
    /// Begins after the header of the segment whose content is `bytes`.
    pub(super) fn new(bytes: &'a [u8], header: &SegmentHeader) -> Walk<'a> {
        Walk {
            bytes,
            at: HEADER,
            next: header.first,
            chain: header.chain,
            epoch: header.epoch,
        }
    }

    /// The next frame; `None` where there is none, for [`Walk::rest`] to judge.
    pub(super) fn frame(&mut self) -> Result<Option<Frame<'a>>, Fault> {
        let Ok(frame) = Frame::decode(&self.bytes[self.at..]) else {
            return Ok(None);
        };
        let wrong = if frame.first != self.next {
            Some(format!(
                "a frame begins with command {}, command {} comes next",
                frame.first.0, self.next.0
            ))
        } else if frame.chain != self.chain {
            Some("the frame does not follow from the frame before it".to_owned())
        } else if frame.epoch < self.epoch {
            Some("the frame is of an earlier process than the one before it".to_owned())
        } else {
            None
        };
        if let Some(what) = wrong {
            return Err(Fault { at: self.at, what });
        }
        self.at += frame.size();
        self.next = frame.last().next();
        self.chain = frame.next_chain();
        self.epoch = frame.epoch;
        Ok(Some(frame))
    }

    /// Judges what is after the last frame.
    pub(super) fn rest(&self) -> Result<Rest, Fault> {
        let rest = &self.bytes[self.at..];
        let written = written(rest);
        if written == 0 {
            return Ok(Rest::Clean);
        }
        let fault = |at: usize, what: String| Fault {
            at: self.at + at,
            what,
        };
        if let Some((at, frame)) = find_frame(rest) {
            return Err(fault(
                0,
                format!(
                    "no valid frame is here, but one with command {} follows at byte {}",
                    frame.first.0,
                    self.at + at
                ),
            ));
        }
        if written > MAX_FRAME {
            return Err(fault(
                0,
                "more is written after the last valid frame than one frame can hold".to_owned(),
            ));
        }
        if is_zero_piece(rest, self.at, 0, rest.len()) {
            return Ok(Rest::Torn(written));
        }
        if written < frame::MAGIC.len() && frame::MAGIC.starts_with(&rest[..written]) {
            return Ok(Rest::Torn(written));
        }
        let why = Frame::decode(rest).err().unwrap_or("no frame begins here");
        let Some(size) = frame::begins(rest)
            .then(|| frame::announced(rest))
            .flatten()
        else {
            return Err(fault(0, why.to_owned()));
        };
        let lacks_end = rest.get(size - 1).is_none_or(|byte| *byte == 0);
        let has_hole = pieces(self.at, size).any(|at| is_zero_piece(rest, self.at, at, size));
        let ends_early = written < size && rest[..written].ends_with(&frame::FRAME_END);
        if written > size || ends_early || !(lacks_end || has_hole) {
            return Err(fault(0, format!("{why}, and it was written whole")));
        }
        Ok(Rest::Torn(written))
    }
}

/// Judges a segment without a valid header: how much of a first frame was written to it.
pub(super) fn unbegun(bytes: &[u8]) -> Result<Rest, Fault> {
    let written = written(bytes);
    let fault = |at, what: &str| Fault {
        at,
        what: what.to_owned(),
    };
    if written == 0 {
        return Ok(Rest::Clean);
    }
    if let Some((at, _)) = find_frame(bytes) {
        return Err(fault(
            at,
            "a valid frame follows, but the segment's header is lost",
        ));
    }
    let lacks_start = is_zero_piece(bytes, 0, 0, bytes.len());
    let prefix = written.min(frame::SEGMENT_MAGIC.len());
    let lacks_end = written < HEADER && frame::SEGMENT_MAGIC[..prefix] == bytes[..prefix];
    if written > HEADER + MAX_FRAME || !(lacks_start || lacks_end) {
        return Err(fault(0, "the segment's header is damaged"));
    }
    Ok(Rest::Torn(written))
}

/// How many bytes there are up to the last that is not zero.
fn written(bytes: &[u8]) -> usize {
    let blank = [0; SECTOR];
    let mut end = bytes.len();
    while end >= SECTOR && bytes[end - SECTOR..end] == blank {
        end -= SECTOR;
    }
    bytes[..end]
        .iter()
        .rposition(|byte| *byte != 0)
        .map_or(0, |last| last + 1)
}

/// The first valid frame in `bytes`, wherever it begins.
fn find_frame(bytes: &[u8]) -> Option<(usize, Frame<'_>)> {
    let written = written(bytes);
    (0..written)
        .step_by(8)
        .filter(|at| frame::begins(&bytes[*at..]))
        .find_map(|at| Frame::decode(&bytes[at..]).ok().map(|frame| (at, frame)))
}

/// Where the sectors' pieces of a frame begin, in bytes from the frame's start.
fn pieces(frame_at: usize, size: usize) -> impl Iterator<Item = usize> {
    let to_boundary = SECTOR - frame_at % SECTOR;
    std::iter::once(0).chain((to_boundary..size).step_by(SECTOR))
}

/// Whether the piece of the sector from `at` in `rest`, which stands at `rest_at` in its file,
/// up to `end` or the sector's end, is all zeros.
fn is_zero_piece(rest: &[u8], rest_at: usize, at: usize, end: usize) -> bool {
    let sector_end = at + SECTOR - (rest_at + at) % SECTOR;
    let end = sector_end.min(end).min(rest.len());
    rest.get(at..end)
        .is_none_or(|piece| piece.iter().all(|byte| *byte == 0))
}
