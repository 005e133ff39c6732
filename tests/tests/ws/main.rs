//! What the gateway promises (`docs/protocol.md`), through real sockets: one module a promise.

#![allow(clippy::unwrap_used)] // a test may stop at what it did not expect

mod auth;
mod bad_input;
mod books;
mod client;
mod folded;
mod gateway;
mod limits;
mod nothing_lost;
mod orders;
mod pace;
mod portfolio;
mod price;
mod reference;
mod sizes;
mod slow;
mod stats;
mod storage;
mod transport;
