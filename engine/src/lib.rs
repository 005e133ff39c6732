//! The exchange's pure core: commands in, events out.
//!
//! Three state machines stand in the middle: [`matching::Matcher`] (one a pair), clearing (money
//! and risk) and, in the gateway, market data. Each takes an input and the time, changes
//! itself, and pushes outputs to a [`Sink`] that its caller owns. None knows a thread, a clock,
//! a socket, a file or a random number, so the same three run inline in tests, over the journal
//! in recovery, and on threads and rings in production.
//!
//! # Rooms
//! [`domain`] ← [`book`] ← [`matching`] ← [`exchange`] ← `runtime`; [`clearing`] knows commands and
//! events, not the book. A [`request::Request`] is what somebody asks, a [`command::Command`]
//! what was accepted, an [`event::Event`] what a matcher did, a [`report::Report`] what is said
//! of it outside.

pub mod book;
mod canary;
pub mod clearing;
pub mod command;
pub mod domain;
pub mod event;
pub mod exchange;
pub mod journal;
pub mod matching;
pub mod reject;
pub mod report;
pub mod request;
pub mod runtime;
mod sink;

pub use sink::Sink;
