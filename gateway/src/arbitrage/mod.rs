//! Eyes on other ledgers: what the same token costs there, and where the difference pays.
//!
//! The [`detector`] compares quotes. [`xrpl`] and [`flare`] know what the nodes of those ledgers
//! say and how quotes are made of it; [`nodes`] knows which node is asked next, and when. All are
//! pure: they take messages, answers and the time, and say what is to be sent. `server::feeds`
//! holds the sockets.

pub mod detector;
mod fixed;
pub mod flare;
mod json;
pub mod nodes;
pub mod xrpl;

pub use fixed::Fixed;
