//! A client's bytes, with what was deflated put as it would have been sent plainly.

use std::cell::RefCell;

use flate2::{Decompress, FlushDecompress, Status};
use thiserror::Error;

use super::TAIL;

/// After so much output the rest of the input waits for the next call.
const ENOUGH: usize = 4 * 1024;
/// By how much output grows while a message is inflated.
const STEP: usize = 4 * 1024;
/// The longest head of a frame: opcode, length, mask.
const HEAD: usize = 14;

/// A message that cannot be put plainly. The connection is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Broken {
    /// It has, or would have, more bytes than it may have.
    #[error("a message is too large")]
    TooBig,
    /// It is no deflated data.
    #[error("a message does not inflate")]
    Corrupt,
}

/// One connection's inbound frames.
///
/// Deflated ones become plain ones with a mask of zeros; all else passes as it is, so that whoever
/// reads on sees every other fault: frames that are not masked, marks that mean nothing, bad
/// lengths and orders. Bytes may be cut anywhere.
#[derive(Debug)]
pub struct Inflow {
    max_bytes: usize,
    /// What came of the next frame's head.
    head: [u8; HEAD],
    head_bytes: usize,
    state: State,
    /// The deflated message under way.
    message: Option<Message>,
}

#[derive(Debug)]
enum State {
    Head,
    /// So many bytes of a frame pass.
    Passing(u64),
    /// A deflated frame comes in.
    Frame(Frame),
}

#[derive(Debug)]
struct Frame {
    first: u8,
    length: usize,
    mask: [u8; 4],
    /// What came of it.
    body: Vec<u8>,
}

#[derive(Debug)]
struct Message {
    inflater: Box<Decompress>,
    /// How much it inflated to so far.
    bytes: usize,
}

/// The head of a frame.
pub(super) struct Head {
    first: u8,
    pub(super) length: u64,
    mask: Option<[u8; 4]>,
}

impl Inflow {
    /// Nothing came yet. No message may have more than `max_bytes`.
    pub fn new(max_bytes: usize) -> Inflow {
        Inflow {
            max_bytes,
            head: [0; HEAD],
            head_bytes: 0,
            state: State::Head,
            message: None,
        }
    }

    /// Takes from the front of `input`, and puts behind `out` what it is plainly. What it leaves
    /// of the input is to come again, once `out` was read.
    ///
    /// # Errors
    /// See [`Broken`]; what came before it is in `out`.
    pub fn feed(&mut self, input: &mut &[u8], out: &mut Vec<u8>) -> Result<(), Broken> {
        while !input.is_empty() && out.len() < ENOUGH {
            match &mut self.state {
                State::Head => {
                    self.head[self.head_bytes] = input[0];
                    self.head_bytes += 1;
                    *input = &input[1..];
                    if let Some(head) = Head::read(&self.head[..self.head_bytes]) {
                        self.begin(&head, out)?;
                        self.head_bytes = 0;
                        self.end_of_frame(out)?;
                    }
                }
                State::Passing(left) => {
                    let most = usize::try_from(*left).unwrap_or(usize::MAX);
                    let (passed, rest) = input.split_at(most.min(input.len()));
                    out.extend_from_slice(passed);
                    *input = rest;
                    *left -= passed.len() as u64;
                    self.end_of_frame(out)?;
                }
                State::Frame(frame) => {
                    let missing = frame.length - frame.body.len();
                    let (came, rest) = input.split_at(missing.min(input.len()));
                    frame.body.extend_from_slice(came);
                    *input = rest;
                    self.end_of_frame(out)?;
                }
            }
        }
        Ok(())
    }

    fn begin(&mut self, head: &Head, out: &mut Vec<u8>) -> Result<(), Broken> {
        let is_marked = head.first & 0x70 == 0x40;
        let is_plain = head.first & 0x70 == 0;
        let is_first = is_marked && matches!(head.opcode(), 1 | 2) && self.message.is_none();
        let is_next = is_plain && head.opcode() == 0 && self.message.is_some();
        match head.mask {
            Some(mask) if is_first || is_next => {
                let length = usize::try_from(head.length).unwrap_or(usize::MAX);
                // Deflated by blocks that are not, a message grows by a few bytes.
                if length > self.max_bytes + self.max_bytes / 1_024 + 64 {
                    return Err(Broken::TooBig);
                }
                if is_first {
                    self.message = Some(Message::begin());
                }
                self.state = State::Frame(Frame {
                    first: head.first,
                    length,
                    mask,
                    body: Vec::new(),
                });
            }
            _ => {
                out.extend_from_slice(&self.head[..self.head_bytes]);
                self.state = State::Passing(head.length);
            }
        }
        Ok(())
    }

    /// Goes on to the next head where a frame has ended.
    fn end_of_frame(&mut self, out: &mut Vec<u8>) -> Result<(), Broken> {
        match &self.state {
            State::Passing(0) => self.state = State::Head,
            State::Frame(frame) if frame.body.len() == frame.length => {
                let State::Frame(frame) = std::mem::replace(&mut self.state, State::Head) else {
                    return Ok(());
                };
                self.inflate(frame, out)?;
            }
            State::Head | State::Passing(_) | State::Frame(_) => {}
        }
        Ok(())
    }

    fn inflate(&mut self, frame: Frame, out: &mut Vec<u8>) -> Result<(), Broken> {
        let Frame {
            first,
            mask,
            mut body,
            ..
        } = frame;
        for (byte, key) in body.iter_mut().zip(mask.iter().cycle()) {
            *byte ^= key;
        }
        let Some(message) = &mut self.message else {
            return Ok(());
        };
        let is_final = first & 0x80 != 0;
        if is_final {
            body.extend_from_slice(&TAIL);
        }
        let plain = message.inflate(&body, self.max_bytes)?;
        out.reserve(HEAD + plain.len());
        out.push(first & !0x40);
        // Masked, as everything of a client is, with zeros.
        match (u8::try_from(plain.len()), u16::try_from(plain.len())) {
            (Ok(length @ ..126), _) => out.push(0x80 | length),
            (_, Ok(length)) => {
                out.push(0x80 | 126);
                out.extend_from_slice(&length.to_be_bytes());
            }
            (_, Err(_)) => {
                out.push(0x80 | 127);
                out.extend_from_slice(&(plain.len() as u64).to_be_bytes());
            }
        }
        out.extend_from_slice(&[0; 4]);
        out.extend_from_slice(&plain);
        if is_final && let Some(message) = self.message.take() {
            message.end();
        }
        Ok(())
    }
}

thread_local! {
    /// So that one message after another needs no memory.
    static SPARE: RefCell<Option<Box<Decompress>>> = const { RefCell::new(None) };
}

impl Message {
    fn begin() -> Message {
        let spare = SPARE.with_borrow_mut(Option::take);
        let inflater = spare.unwrap_or_else(|| Box::new(Decompress::new(false)));
        Message { inflater, bytes: 0 }
    }

    fn end(self) {
        let mut inflater = self.inflater;
        inflater.reset(false);
        SPARE.with_borrow_mut(|spare| *spare = Some(inflater));
    }

    fn inflate(&mut self, mut deflated: &[u8], max_bytes: usize) -> Result<Vec<u8>, Broken> {
        let mut plain = Vec::new();
        loop {
            let left = max_bytes - self.bytes;
            if plain.len() == plain.capacity() {
                // One more than it may have tells that it has more.
                plain.reserve(STEP.min(left + 1));
            }
            let inflater = &mut self.inflater;
            let (taken, made) = (inflater.total_in(), inflater.total_out());
            let status = inflater.decompress_vec(deflated, &mut plain, FlushDecompress::Sync);
            let status = status.map_err(|_| Broken::Corrupt)?;
            let count = |total: u64, before| usize::try_from(total - before).unwrap_or(usize::MAX);
            let taken = count(inflater.total_in(), taken);
            let made = count(inflater.total_out(), made);
            deflated = deflated.get(taken..).unwrap_or_default();
            self.bytes = self.bytes.saturating_add(made);
            if self.bytes > max_bytes {
                return Err(Broken::TooBig);
            }
            // RFC 7692, 7.2.3.4: a final block may end before the message does.
            let is_end = status == Status::StreamEnd;
            if is_end {
                inflater.reset(false);
            }
            if deflated.is_empty() && (is_end || plain.len() < plain.capacity()) {
                return Ok(plain);
            }
            if taken == 0 && made == 0 && !is_end && plain.len() < plain.capacity() {
                return Err(Broken::Corrupt);
            }
        }
    }
}

impl Head {
    /// The head, once `bytes` hold it.
    pub(super) fn read(bytes: &[u8]) -> Option<Head> {
        let (&first, &second) = (bytes.first()?, bytes.get(1)?);
        let (length, rest) = match second & 0x7f {
            126 => {
                let (length, rest) = bytes[2..].split_first_chunk()?;
                (u64::from(u16::from_be_bytes(*length)), rest)
            }
            127 => {
                let (length, rest) = bytes[2..].split_first_chunk()?;
                (u64::from_be_bytes(*length), rest)
            }
            length => (u64::from(length), &bytes[2..]),
        };
        let mask = match second & 0x80 {
            0 => None,
            _ => Some(*rest.first_chunk()?),
        };
        Some(Head {
            first,
            length,
            mask,
        })
    }

    pub(super) fn opcode(&self) -> u8 {
        self.first & 0xf
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a test may stop at what it did not expect

    use flate2::{Compress, Compression, FlushCompress};
    use proptest::prelude::*;

    use super::*;

    const MAX: usize = 20_000;

    /// A frame as a client sends it.
    fn frame(first: u8, mask: [u8; 4], payload: &[u8]) -> Vec<u8> {
        let mut frame = vec![first];
        match payload.len() {
            length @ ..126 => frame.push(0x80 | u8::try_from(length).unwrap()),
            length @ ..65_536 => {
                frame.push(0x80 | 126);
                frame.extend(u16::try_from(length).unwrap().to_be_bytes());
            }
            length => {
                frame.push(0x80 | 127);
                frame.extend((length as u64).to_be_bytes());
            }
        }
        frame.extend(mask);
        let masked = payload.iter().zip(mask.iter().cycle()).map(|(a, b)| a ^ b);
        frame.extend(masked);
        frame
    }

    fn deflate(plain: &[u8], level: u32) -> Vec<u8> {
        let mut compress = Compress::new(Compression::new(level), false);
        let mut out = Vec::with_capacity(plain.len() + 1_000);
        compress
            .compress_vec(plain, &mut out, FlushCompress::Sync)
            .unwrap();
        out.truncate(out.len() - TAIL.len());
        out
    }

    /// What comes of `bytes`, given in pieces that end at `cuts`.
    fn feed(bytes: &[u8], cuts: impl IntoIterator<Item = usize>) -> (Vec<u8>, Option<Broken>) {
        let mut inflow = Inflow::new(MAX);
        let (mut all, mut out, mut from) = (Vec::new(), Vec::new(), 0);
        for to in cuts.into_iter().chain([bytes.len()]) {
            let mut input = &bytes[from..to];
            from = to;
            while !input.is_empty() {
                let fed = inflow.feed(&mut input, &mut out);
                assert!(out.len() <= ENOUGH + MAX + HEAD, "{}", out.len());
                all.append(&mut out);
                if let Err(broken) = fed {
                    return (all, Some(broken));
                }
            }
        }
        (all, None)
    }

    #[derive(Clone, Debug)]
    struct Said {
        plain: Vec<u8>,
        level: Option<u32>,
        pieces: usize,
        ping: bool,
        mask: [u8; 4],
    }

    impl Said {
        /// The same as a client with the extension sends it, and one without.
        fn frames(&self, sent: &mut Vec<u8>, expected: &mut Vec<u8>) {
            let deflated = self.level.map(|level| deflate(&self.plain, level));
            let body = deflated.as_ref().unwrap_or(&self.plain);
            let size = body.len().div_ceil(self.pieces).max(1);
            let mut pieces: Vec<&[u8]> = body.chunks(size).collect();
            if pieces.is_empty() {
                pieces.push(&[]);
            }
            let last = pieces.len() - 1;
            let mut message = self.level.map(|_| Message::begin());
            for (index, piece) in pieces.into_iter().enumerate() {
                let first = u8::from(index == 0) | if index == last { 0x80 } else { 0 };
                let mark = if index == 0 && message.is_some() {
                    0x40
                } else {
                    0
                };
                sent.extend(frame(first | mark, self.mask, piece));
                match &mut message {
                    None => expected.extend(frame(first, self.mask, piece)),
                    Some(message) => {
                        let tail: &[u8] = if index == last { &TAIL } else { &[] };
                        let whole = [piece, tail].concat();
                        let plain = message.inflate(&whole, MAX).unwrap();
                        expected.extend(frame(first, [0; 4], &plain));
                    }
                }
                if self.ping {
                    sent.extend(frame(0x89, self.mask, b"between"));
                    expected.extend(frame(0x89, self.mask, b"between"));
                }
            }
        }
    }

    fn said() -> impl Strategy<Value = Said> {
        let plain = proptest::collection::vec(0_u8..6, 0..3_000);
        let level = proptest::option::of(0_u32..=9);
        (plain, level, 1_usize..5, any::<bool>(), any::<[u8; 4]>()).prop_map(
            |(plain, level, pieces, ping, mask)| Said {
                plain,
                level,
                pieces,
                ping,
                mask,
            },
        )
    }

    proptest! {
        #[test]
        fn cut_at_any_byte_it_is_the_same(messages in proptest::collection::vec(said(), 1..6)) {
            let (mut sent, mut expected) = (Vec::new(), Vec::new());
            for message in &messages {
                message.frames(&mut sent, &mut expected);
            }
            prop_assert_eq!(feed(&sent, []), (expected.clone(), None));
            prop_assert_eq!(feed(&sent, 0..sent.len()), (expected.clone(), None));
            for cut in (0..sent.len()).step_by(sent.len() / 64 + 1) {
                prop_assert_eq!(&feed(&sent, [cut]).0, &expected);
            }
        }

        #[test]
        fn any_bytes_do_the_same_however_they_are_cut(
            bytes in proptest::collection::vec(any::<u8>(), 0..200),
            first in prop_oneof![Just(0xc1_u8), Just(0x41), any::<u8>()],
        ) {
            let bytes = [&[first, 0x80 | 60, 0, 0, 0, 0], &bytes[..]].concat();
            prop_assert_eq!(feed(&bytes, []), feed(&bytes, 0..bytes.len()));
        }
    }

    #[test]
    fn a_message_inflates_to_its_limit_and_not_a_byte_more() {
        for (bytes, expected) in [(MAX, None), (MAX + 1, Some(Broken::TooBig))] {
            let sent = frame(0xc1, [1, 2, 3, 4], &deflate(&vec![b' '; bytes], 6));
            assert!(sent.len() < 100, "it is a small bomb");
            let (out, broken) = feed(&sent, []);
            assert_eq!(broken, expected);
            assert_eq!(out.len(), if broken.is_none() { MAX + 8 } else { 0 });
            // In two pieces, each of which is within the limit.
            let half = deflate(&vec![b' '; bytes / 2 + 1], 0);
            let whole = [&half[..], &TAIL].concat();
            let mut sent = frame(0x41, [9; 4], &whole);
            sent.extend(frame(
                0x80,
                [9; 4],
                &deflate(&vec![b' '; bytes - bytes / 2 - 1], 0),
            ));
            assert_eq!(feed(&sent, []).1, expected);
        }
        // What it says it will be is not believed, and costs nothing.
        for length in [(MAX as u64) * 2, 1 << 40, u64::MAX] {
            let mut sent = vec![0xc1, 0xff];
            sent.extend(length.to_be_bytes());
            sent.extend([0; 4]);
            assert_eq!(feed(&sent, []), (Vec::new(), Some(Broken::TooBig)));
        }
    }

    #[test]
    fn marks_that_mean_nothing_pass_for_the_reader_to_refuse() {
        let hello = [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
        for sent in [
            // Another mark, a marked ping, a marked continuation.
            frame(0xa1, [7; 4], b"x"),
            frame(0xd1, [7; 4], &hello),
            frame(0xc9, [7; 4], &hello),
            frame(0xc0, [7; 4], &hello),
            // Marked and not masked.
            [&[0xc1, 7][..], &hello].concat(),
        ] {
            assert_eq!(feed(&sent, []), (sent.clone(), None));
        }
        // A marked frame amid a deflated message: what came before stands.
        let mut sent = frame(0x41, [7; 4], &hello);
        sent.extend(frame(0xc1, [7; 4], &hello));
        let (out, broken) = feed(&sent, []);
        assert_eq!(broken, None);
        assert_eq!(out[..2], [0x01, 0x85]);
        assert_eq!(out[11], 0xc1);
    }

    #[test]
    fn a_final_block_and_an_empty_message_are_messages() {
        // RFC 7692, 7.2.3.4 and 7.2.3.6.
        let last = frame(
            0xc1,
            [1; 4],
            &[0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00],
        );
        let (out, broken) = feed(&last.repeat(2), []);
        assert_eq!(broken, None);
        assert_eq!(out, frame(0x81, [0; 4], b"Hello").repeat(2));
        let (out, _) = feed(&frame(0xc1, [1; 4], &[0]), []);
        assert_eq!(out, frame(0x81, [0; 4], b""));
        let garbage = frame(0xc1, [1; 4], &[0xff, 0xff, 0xff]);
        assert_eq!(feed(&garbage, []).1, Some(Broken::Corrupt));
    }
}
