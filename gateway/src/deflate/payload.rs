//! What is written to clients: deflated once, when the first who can read it so is written to.

use std::cell::RefCell;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use flate2::{Compress, Compression, FlushCompress};

use super::{Agreement, MAX_WINDOW_BITS, TAIL};

/// From so many bytes on what many get is deflated: below, there is nothing to gain.
const SHARED_FROM: usize = 128;
/// From so many bytes on what one client gets is deflated: below, an answer would wait longer for
/// the compressor than it saves on the way.
const OWN_FROM: usize = 1_024;
/// Within a twentieth as small as the highest levels make it, at the least cost of those that look
/// for strings at all.
const LEVEL: u32 = 2;

const FINAL: u8 = 0x80;
const TEXT: u8 = 0x1;
const BINARY: u8 = 0x2;
/// RFC 7692, 6: RSV1 says that the message is deflated.
const DEFLATED: u8 = 0x40;

/// One message on its way to clients. Clones are the same message.
#[derive(Clone, Debug)]
pub struct Payload(Form);

#[derive(Clone, Debug)]
enum Form {
    /// For one client.
    Own(Bytes),
    /// For many.
    Shared(Arc<Shared>),
    /// For one client that says binary messages: the exchange never does, conformance suites do.
    Binary(Bytes),
}

#[derive(Debug)]
struct Shared {
    plain: Bytes,
    /// What it deflates to, if that is less; found out by whoever needs it first.
    deflated: OnceLock<Option<Bytes>>,
}

/// How messages are deflated for one connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outflow {
    window_bits: u8,
    /// Whether even what grows by it is deflated: what conformance suites ask for.
    is_thorough: bool,
}

impl Outflow {
    /// As agreed.
    pub fn new(agreement: &Agreement) -> Outflow {
        Outflow {
            window_bits: agreement.window_bits,
            is_thorough: false,
        }
    }

    /// As agreed, and every message, however short.
    pub fn thorough(agreement: &Agreement) -> Outflow {
        Outflow {
            is_thorough: true,
            ..Outflow::new(agreement)
        }
    }

    fn window(self) -> usize {
        1 << self.window_bits
    }
}

impl Payload {
    /// A message that many clients get.
    pub fn shared(plain: Bytes) -> Payload {
        let deflated = OnceLock::new();
        Payload(Form::Shared(Arc::new(Shared { plain, deflated })))
    }

    /// A binary message for one client.
    pub fn binary(plain: Bytes) -> Payload {
        Payload(Form::Binary(plain))
    }

    /// The message itself.
    pub fn plain(&self) -> &Bytes {
        match &self.0 {
            Form::Own(plain) | Form::Binary(plain) => plain,
            Form::Shared(shared) => &shared.plain,
        }
    }

    /// The first byte and the payload of its one frame.
    pub fn frame(&self, outflow: Option<Outflow>) -> (u8, Bytes) {
        let first = FINAL
            | match &self.0 {
                Form::Own(_) | Form::Shared(_) => TEXT,
                Form::Binary(_) => BINARY,
            };
        match outflow.and_then(|outflow| self.deflated(outflow)) {
            Some(deflated) => (first | DEFLATED, deflated),
            None => (first, self.plain().clone()),
        }
    }

    /// What it deflates to for a client, if that is to be sent.
    fn deflated(&self, outflow: Outflow) -> Option<Bytes> {
        let plain = self.plain();
        if outflow.is_thorough {
            return Some(deflate(plain, outflow.window()));
        }
        match &self.0 {
            // One that is no longer than the window cannot refer back beyond it, so that the one
            // form serves every client but those with a small window, who get the plain one.
            Form::Shared(shared) if (SHARED_FROM..=outflow.window()).contains(&plain.len()) => {
                let widest = 1 << MAX_WINDOW_BITS;
                let deflated = || shorter(deflate(plain, widest), plain);
                shared.deflated.get_or_init(deflated).clone()
            }
            Form::Own(_) | Form::Binary(_) if plain.len() >= OWN_FROM => {
                shorter(deflate(plain, outflow.window()), plain)
            }
            Form::Shared(_) | Form::Own(_) | Form::Binary(_) => None,
        }
    }
}

impl From<Bytes> for Payload {
    fn from(plain: Bytes) -> Payload {
        Payload(Form::Own(plain))
    }
}

impl From<Vec<u8>> for Payload {
    fn from(plain: Vec<u8>) -> Payload {
        Payload::from(Bytes::from(plain))
    }
}

impl Deref for Payload {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.plain()
    }
}

/// By what is said.
impl PartialEq for Payload {
    fn eq(&self, other: &Payload) -> bool {
        self.plain() == other.plain()
    }
}

impl Eq for Payload {}

fn shorter(deflated: Bytes, plain: &Bytes) -> Option<Bytes> {
    (deflated.len() < plain.len()).then_some(deflated)
}

/// A thread's compressor, made when it is first needed, and its output, kept for its memory.
struct Deflater {
    compress: Compress,
    out: Vec<u8>,
}

/// Deflates a message so that nothing in it refers back farther than `window`, by forgetting
/// everything that often.
fn deflate(plain: &[u8], window: usize) -> Bytes {
    thread_local! {
        static DEFLATER: RefCell<Option<Deflater>> = const { RefCell::new(None) };
    }
    // RFC 7692, 7.2.3.6: an empty message is one empty block.
    if plain.is_empty() {
        return Bytes::from_static(&[0]);
    }
    DEFLATER.with_borrow_mut(|deflater| {
        let deflater = deflater.get_or_insert_with(|| Deflater {
            compress: Compress::new(Compression::new(LEVEL), false),
            out: Vec::new(),
        });
        let Deflater { compress, out } = deflater;
        out.clear();
        for part in plain.chunks(window) {
            compress.reset();
            flush(compress, part, out);
        }
        let end = out.strip_suffix(&TAIL).unwrap_or(out).len();
        let deflated = Bytes::copy_from_slice(&out[..end]);
        // A thread that once wrote something large does not keep it.
        out.shrink_to(1 << 16);
        deflated
    })
}

/// Deflates `part` to its end, up to the end of a block.
fn flush(compress: &mut Compress, mut part: &[u8], out: &mut Vec<u8>) {
    loop {
        out.reserve(part.len() / 2 + 64);
        let before = compress.total_in();
        let status = compress.compress_vec(part, out, FlushCompress::Sync);
        status.expect("invariant: a compressor that nobody finished takes what it is given");
        let taken = usize::try_from(compress.total_in() - before).unwrap_or(usize::MAX);
        part = part.get(taken..).unwrap_or_default();
        // With room left, all that there was is out.
        if part.is_empty() && out.len() < out.capacity() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a test may stop at what it did not expect

    use flate2::{Decompress, FlushDecompress};
    use proptest::prelude::*;

    use super::super::negotiate;
    use super::*;

    fn agreed(bits: u8) -> Outflow {
        let offer = format!("permessage-deflate; server_max_window_bits={bits}");
        Outflow::new(&negotiate([&*offer], "").unwrap())
    }

    /// As a client with this window does it, which keeps nothing.
    fn inflate(deflated: &[u8], bits: u8) -> Vec<u8> {
        // The library's smallest window is nine bits.
        let mut inflater = Decompress::new_with_window_bits(false, bits.max(9));
        let mut out = Vec::with_capacity(1 << 22);
        let whole = [deflated, &TAIL].concat();
        inflater
            .decompress_vec(&whole, &mut out, FlushDecompress::Sync)
            .unwrap();
        out
    }

    fn book(levels: usize) -> Vec<u8> {
        let level =
            |at: usize| format!(r#"{{"price":"{}.00","amount":"{}.5"}},"#, 900 + at, at * 7);
        (0..levels).map(level).collect::<String>().into_bytes()
    }

    proptest! {
        #[test]
        fn every_window_reads_what_was_written(
            bits in 8_u8..=15,
            bytes in proptest::collection::vec(0_u8..4, 0..70_000),
            thorough: bool,
        ) {
            let outflow = Outflow { is_thorough: thorough, ..agreed(bits) };
            for payload in [Payload::from(bytes.clone()), Payload::shared(bytes.clone().into())] {
                let (first, frame) = payload.frame(Some(outflow));
                prop_assert_eq!(first & 0x8f, 0x81);
                let read = match first & DEFLATED {
                    0 => frame.to_vec(),
                    _ => inflate(&frame, bits),
                };
                prop_assert!(read == bytes);
            }
        }
    }

    #[test]
    fn what_many_get_is_deflated_once_and_what_is_short_never() {
        let message = book(20);
        assert!(message.len() > 512);
        let shared = Payload::shared(message.clone().into());
        let (first, one) = shared.frame(Some(agreed(15)));
        let (_, other) = shared.clone().frame(Some(agreed(10)));
        assert_eq!(first, 0xc1);
        assert_eq!(one.as_ptr(), other.as_ptr(), "the same bytes");
        assert!(one.len() * 2 < message.len());
        for (outflow, expected) in [(None, 0x81), (Some(agreed(9)), 0x81)] {
            let (first, plain) = shared.frame(outflow);
            assert_eq!(first, expected, "no offer, or a window that is too small");
            assert_eq!(plain.as_ptr(), shared.plain().as_ptr());
        }
        for (length, first) in [(127, 0x81), (128, 0xc1)] {
            let payload = Payload::shared(vec![b'x'; length].into());
            assert_eq!(payload.frame(Some(agreed(15))).0, first, "{length}");
        }
        for (length, first) in [(1_023, 0x81), (1_024, 0xc1)] {
            let payload = Payload::from(vec![b'x'; length]);
            assert_eq!(payload.frame(Some(agreed(9))).0, first, "{length}");
        }
        let noise: Vec<u8> = (0..1_u32 << 12)
            .flat_map(|it| blake3::hash(&it.to_le_bytes()).as_bytes()[..2].to_vec())
            .collect();
        let (first, frame) = Payload::shared(noise.clone().into()).frame(Some(agreed(15)));
        assert_eq!((first, frame.len()), (0x81, noise.len()), "it only grew");
        let thorough = Outflow {
            is_thorough: true,
            ..agreed(15)
        };
        let (first, frame) = Payload::from(Vec::new()).frame(Some(thorough));
        assert_eq!((first, &frame[..]), (0xc1, &[0][..]));
    }
}
