//! Scenarios of money: each through one `check`, with what is said written beside it.
#![allow(
    clippy::unwrap_used,
    reason = "a test stops where its scenario is wrong"
)]

mod breaker;
mod changes;
mod entry;
mod flows;
mod iceberg;
mod memory;
mod money;
mod oco;
mod operations;
mod scenario;
mod stops;
mod timed;
mod transfers;
