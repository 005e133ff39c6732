//! The obviously right exchange: what the fast one is held to.
//!
//! Lists that are searched from one end to the other, and sums that are made anew each time they
//! are asked for. Slow, short, and without a line of code from `engine::book`, `engine::matching`
//! or `engine::clearing`; only the contract's types are shared.

mod exchange;
mod ledger;
mod matcher;

pub use exchange::{PlainExchange, PlainReserves};
pub use matcher::{PlainMatcher, PlainOrder, PlainStop, PlainTrigger};
