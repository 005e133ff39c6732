//! What the gateway promises (`docs/protocol.md`), through real sockets: one module a promise.

#![allow(clippy::unwrap_used)] // a test may stop at what it did not expect

mod admin;
mod admin_tls;
mod auth;
mod autobahn;
mod bad_input;
mod books;
mod client;
mod clients;
mod contracts;
mod deflated;
mod echo;
mod folded;
mod folder;
mod gateway;
mod limits;
mod lists;
mod lost;
mod margin;
mod names;
mod nothing_lost;
mod operator;
mod order_types;
mod orders;
mod pace;
mod panics;
mod portfolio;
mod price;
mod programs;
mod proxies;
mod published;
mod queries;
mod raw;
mod reasons;
mod reference;
mod resume;
mod revoked;
mod sizes;
mod slow;
mod slow_starts;
mod stats;
mod storage;
mod tls;
mod transport;
mod upgrade;
