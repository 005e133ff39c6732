//! The demo: simulated traders that keep the books alive, simulated ledgers beside them, and the
//! words it begins with.
//!
//! Traders come from a seed and enter through the same inbox as everybody, as accounts of
//! their own.

pub mod chains;
mod traders;
mod welcome;

pub use traders::{TICK_MS, Traders};
pub use welcome::{Style, Welcome};
