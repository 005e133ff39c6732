//! What the benches share: flows of commands, floors, and how they are timed.

pub mod floor;
pub mod foreign;
pub mod growth;
mod growth_memory;
pub mod growth_plot;
pub mod matcher;
mod pages;
pub mod second;

use std::time::Duration;

/// What the calling thread has run: a neighbour on the same core does not count.
pub(crate) fn thread_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(
        time.tv_sec.unsigned_abs(),
        time.tv_nsec.unsigned_abs() as u32,
    )
}
