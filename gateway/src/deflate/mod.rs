//! permessage-deflate (RFC 7692): the offer, what comes in, what goes out.
//!
//! Neither side keeps a window between two messages (`…_no_context_takeover`, always), so that one
//! deflated message is good for every subscriber and an idle connection keeps no state of a
//! compressor. `docs/decisions/0015-deflate.md` says why.
//!
//! In: an upgrade's headers; a connection's bytes as they come. Out: the answer's header; bytes
//! that a WebSocket library without extensions reads; payloads, deflated at most once.
//!
//! Limits: an inflated message has at most as many bytes as a plain one may have, and inflating
//! stops there. A frame is kept as far as it came, never as long as it says it will be. Scratch
//! space is a thread's: one compressor, one spare inflater.

mod frames;
mod inflow;
mod offer;
mod payload;

pub use frames::FrameCount;
pub use inflow::{Broken, Inflow};
pub use offer::{Agreement, negotiate};
pub use payload::{Outflow, Payload};

/// The widest window there is, as a power of two.
pub const MAX_WINDOW_BITS: u8 = 15;
/// What ends a flushed block. RFC 7692, 7.2.1: it is not sent.
const TAIL: [u8; 4] = [0, 0, 0xff, 0xff];
