//! What stands in for the world, from a seed: so far a disk that loses power and lies.

mod commands;
mod disk;

pub use commands::Commands;
pub use disk::{Disk, DiskFile, Fault, Lie};
