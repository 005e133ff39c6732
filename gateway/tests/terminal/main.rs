//! Promise: who opens the gateway's address in a browser can trade there.
//!
//! `serving` asks over HTTP for all there is. The others drive Chromium, by the scripts in
//! `browser/`, against the demo as a process: a gateway each, on ports of their own. They say so
//! loudly where node, `playwright-core` or Chromium is missing; `.ci/run prepare` installs them.

#![allow(clippy::unwrap_used)] // a failed unwrap fails the test

mod browser;
mod gateway;
#[path = "../process/mod.rs"]
mod process;
mod serving;
