//! What the benches share: flows of commands, floors, and how they are timed.

pub mod floor;
pub mod foreign;
pub mod matcher;
mod pages;
pub mod second;
