//! Promise: a configuration is checked as a whole, and all its mistakes are told at once, each
//! with file, key, what was found and what was expected.

#![allow(
    clippy::unwrap_used,
    reason = "a test may stop at what it did not expect"
)]

mod journal;
mod ledgers;
mod margin;
mod markets;
mod server;
mod whole;

use std::path::{Path, PathBuf};

use expect_test::Expect;
use gateway::config::Config;

fn example() -> String {
    std::fs::read_to_string(example_path()).unwrap()
}

fn example_path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/gateway.example.toml")
}

#[track_caller]
fn check(text: &str, expected: &Expect) {
    let shown = match Config::parse(text, "gateway.toml", Path::new("")) {
        Ok(_) => "ok\n".to_owned(),
        Err(errors) => format!("{errors}\n"),
    };
    expected.assert_eq(&shown);
}

/// The example with `from` (there once) made `to`.
fn changed(changes: &[(&str, &str)]) -> String {
    let mut text = example();
    for (from, to) in changes {
        assert_eq!(text.matches(from).count(), 1, "{from} is there once");
        text = text.replace(from, to);
    }
    text
}

/// The example with its sections about other ledgers, whose lines begin with `#` and no space.
fn with_ledgers() -> String {
    let mut text = String::new();
    for line in example().lines() {
        let is_key = line.starts_with('#') && !line.starts_with("# ") && line.len() > 1;
        text += if is_key { &line[1..] } else { line };
        text.push('\n');
    }
    text
}
