//! What operators see of the gateway: logs, and what is counted and measured for metrics.
//!
//! Logs are key-values on standard error, filtered by `RUST_LOG`, as text or as JSON lines. Colours
//! are for terminals. `error` means our fault. Tokens and secrets print as `hidden` by their types.

mod exposition;
mod histogram;
mod meters;
mod stages;

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;

pub use self::exposition::{CONTENT_TYPE, Exposition, Labels, NAMESPACE, Value};
pub use self::histogram::{COUNTS, Histogram, LATENCIES, Reading};
pub use self::meters::{Count, JournalMeter, ShardMeter};
pub use self::stages::{Finder, Mark, Marks, Stage, Stages};

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// Starts logging, for the whole process. `RUST_LOG` wins over `default_filter`
/// (`"info"`, `"gateway=debug,info"`). A second call does nothing.
pub fn start(format: LogFormat, default_filter: &str) {
    let filter =
        EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default_filter));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    // A subscriber that is there already (a test's) stays.
    let _ = match format {
        LogFormat::Text => builder.try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
}
