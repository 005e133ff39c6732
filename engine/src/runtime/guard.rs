//! Threads of the exchange: a panic in one is a broken invariant, and ends the process before
//! anybody trades on what it left behind. The journal has what was acknowledged.

use std::thread::{self, Builder, JoinHandle};

struct AbortOnPanic;

impl Drop for AbortOnPanic {
    fn drop(&mut self) {
        if thread::panicking() {
            std::process::abort();
        }
    }
}

/// Starts a thread that takes the process with it when it panics.
pub(super) fn spawn<T: Send + 'static>(
    name: String,
    body: impl FnOnce() -> T + Send + 'static,
) -> std::io::Result<JoinHandle<T>> {
    Builder::new().name(name).spawn(move || {
        let _guard = AbortOnPanic;
        body()
    })
}
