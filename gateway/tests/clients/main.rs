//! The clients of `gateway/clients`, run by their own languages against the gateway as a process.

#![allow(clippy::unwrap_used)] // a test may stop at what it did not expect

mod document;
mod javascript;
#[path = "../process/mod.rs"]
mod process;
mod programs;
mod python;
