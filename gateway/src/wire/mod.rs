//! Bytes to typed messages and back. Knows the reference's shapes, no state, no clock.
//!
//! In: [`Decoder::decode`] makes an [`Envelope`] of a text frame, or a [`WireError`] that is
//! ready to be answered. Names and decimals stay as they came; `resolve` turns them into the
//! engine's numbers, exactly or not at all. Out: each answer and each stream message is a type
//! with an `encode` that writes into the caller's buffer.
//!
//! # Limits
//! A message has at most [`MAX_MESSAGE_BYTES`], nests [`MAX_DEPTH`] deep, lists
//! [`MAX_CHANNELS`] channels or [`MAX_BATCH`] orders, and a decimal has [`MAX_DECIMAL_DIGITS`]. Parsing is one pass over
//! a flat tape: no recursion, and memory within a constant times the message.

mod admin;
mod alert;
mod answer;
mod arbitrage;
mod client;
mod decimal;
mod decode;
mod fields;
mod json;
mod order;
mod price;
mod reason;
mod refusal;
mod resolve;
mod said;
mod stream;

pub use admin::*;
pub use alert::{About, RiskAlert};
pub use answer::*;
pub use arbitrage::{ArbitrageClosed, ArbitrageOpportunity};
pub use client::*;
pub use decimal::{DecimalError, parse_decimal};
pub use decode::{Decoder, decode};
pub use order::*;
pub use price::PriceUpdate;
pub use reason::{ErrorCode, Reason, order_reason_word};
pub use refusal::{Param, Refusal, WireError};
pub use resolve::{Known, explain, pair, priced};
pub use said::*;
pub use stream::*;

/// The most bytes of one message, before and after inflation.
pub const MAX_MESSAGE_BYTES: usize = 64 * 1024;
/// How deep a message may nest.
pub const MAX_DEPTH: usize = 16;
/// The most channels that one `subscribe` or `unsubscribe` may list.
pub const MAX_CHANNELS: usize = 100;
/// The most orders that one `place_orders` or `cancel_orders` may list.
pub const MAX_BATCH: usize = 20;
/// The most entries of a page of `get_orders` or `get_fills`.
pub const MAX_PAGE: usize = 500;
/// The most parts in which an iceberg order may come in: the engine refuses more.
pub const MAX_ICEBERG_PARTS: u64 = 100;
/// The shortest and the longest time of `cancel_all_after`, in milliseconds.
pub const MIN_CANCEL_AFTER_MS: u64 = 1_000;
/// See [`MIN_CANCEL_AFTER_MS`].
pub const MAX_CANCEL_AFTER_MS: u64 = 86_400_000;
/// The last moment that an `expiresAt` may name: what every JSON reader holds exactly.
pub const MAX_TIME_MS: u64 = (1 << 53) - 1;
/// The most digits of a decimal, before and after the point together.
pub const MAX_DECIMAL_DIGITS: usize = 28;
/// The most characters of a `requestId`.
pub const MAX_REQUEST_ID_CHARACTERS: usize = 64;
/// The most characters of a `pair`.
pub const MAX_PAIR_CHARACTERS: usize = 64;
