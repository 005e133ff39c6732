//! Promise: the repository is what its documents say it is.
//!
//! Each test gathers every violation and prints them all, one a line, so that one run is enough
//! to put things right. The tables at the top of each file are the rules; `docs/testing.md` says
//! how to change one.

// A test may stop at what it did not expect.
#![allow(clippy::unwrap_used)]

mod dependencies;
mod repository;
mod rooms;
mod rules;
mod security;
mod source;

/// Fails with all `violations`, sorted, and with what to do about them.
#[track_caller]
fn check(advice: &str, mut violations: Vec<String>) {
    violations.sort();
    violations.dedup();
    assert!(
        violations.is_empty(),
        "\n\n{}\n\n{} in all. {advice}\n",
        violations.join("\n"),
        violations.len()
    );
}
