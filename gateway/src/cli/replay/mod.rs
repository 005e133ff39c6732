//! Recorded order flow through the whole exchange, compared with what was recorded beside it.
//!
//! `gateway replay` runs files through the same inline [`Exchange`](engine::exchange::Exchange)
//! that tests and recovery run: clearing, matcher and settlement, no thread and no socket. Two
//! formats: LOBSTER's message and order book files ([`lobster`]), and the order flows of the
//! public matching-engine benchmark ([`mod@bench`]).
//!
//! One pair, two accounts: all buys are one account's and all sells another's, so that no
//! self-trade prevention comes between, and each has more than it can spend.

pub mod bench;
pub mod lobster;
mod market;

use std::fmt;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, ValueEnum};
use engine::clearing::ConfigError;
use engine::domain::PairError;
use engine::reject::Reject;
use indicatif::{ProgressBar, ProgressStyle};
use thiserror::Error;

/// Arguments of `gateway replay`.
#[derive(Args, Debug)]
pub struct ReplayArgs {
    /// How the file is written.
    #[arg(long)]
    pub format: Format,
    /// The recorded order flow: LOBSTER's message file, or a benchmark's order file.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// LOBSTER's order book file: compare the book after each message with its row.
    #[arg(long, value_name = "ORDERBOOK")]
    pub check: Option<PathBuf>,
    /// Write what the book answered, one line a report (format `bench`).
    #[arg(long, value_name = "OUT")]
    pub reports: Option<PathBuf>,
}

/// A format of recorded order flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// NASDAQ order messages as LOBSTER gives them out.
    Lobster,
    /// 40-byte records of the matching-engine benchmark.
    Bench,
}

/// Why a replay could not run to its end.
#[derive(Debug, Error)]
pub enum ReplayError {
    /// A file cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file or the terminal cannot be written.
    #[error("cannot write {}", path.display())]
    Write {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// An option does not go with the format.
    #[error("{option} goes with --format {format}")]
    Option {
        /// Which option.
        option: &'static str,
        /// The format it belongs to.
        format: &'static str,
    },
    /// A row is not as its format says.
    #[error("row {row} of the {file}: expected {expected}")]
    Row {
        /// Which file.
        file: &'static str,
        /// Which row, from 0.
        row: usize,
        /// What should stand there.
        expected: &'static str,
    },
    /// The exchange refused what the recording says was accepted.
    #[error("row {row}: the exchange refused: {reject:?}")]
    Refused {
        /// Which row, from 0.
        row: usize,
        /// Why.
        reject: Reject,
    },
    /// Our own bug: the exchange contradicts itself.
    #[error("the exchange is not sound: {0}")]
    Unsound(String),
    /// The recording does not fit an exchange.
    #[error("no pair can be made of this recording")]
    Pair(#[from] PairError),
    /// The recording does not fit an exchange.
    #[error("no exchange can be made of this recording")]
    Config(#[from] ConfigError),
}

/// Runs `args` and prints to `out`. Says whether all that was compared is equal.
///
/// # Errors
/// When a file cannot be read, written or understood, or the exchange refuses a row.
pub fn run(args: &ReplayArgs, out: &mut impl Write) -> Result<bool, ReplayError> {
    match args.format {
        Format::Lobster => {
            if args.reports.is_some() {
                return Err(ReplayError::Option {
                    option: "--reports",
                    format: "bench",
                });
            }
            let messages = read_text(&args.file)?;
            let published = args.check.as_deref().map(read_text).transpose()?;
            let outcome = lobster::run(&messages, published.as_deref())?;
            print(out, &outcome)?;
            Ok(outcome.is_equal())
        }
        Format::Bench => {
            if args.check.is_some() {
                return Err(ReplayError::Option {
                    option: "--check",
                    format: "lobster",
                });
            }
            let bytes = read(&args.file)?;
            let outcome = bench::run(&bench::read(&bytes)?)?;
            if let Some(path) = &args.reports {
                fs::write(path, &outcome.reports).map_err(|source| ReplayError::Write {
                    path: path.clone(),
                    source,
                })?;
            }
            print(out, &outcome)?;
            Ok(true)
        }
    }
}

/// How many commands went through in how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Throughput {
    /// Requests that the exchange answered.
    pub commands: u64,
    /// From the first to the last of them.
    pub elapsed: Duration,
}

impl fmt::Display for Throughput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = self.elapsed.as_nanos().max(1);
        let per_second = u128::from(self.commands) * 1_000_000_000 / nanos;
        write!(
            f,
            "{} commands in {:?}: {per_second} a second",
            self.commands, self.elapsed
        )
    }
}

/// A bar on standard error; nothing where that is no terminal.
fn progress(rows: usize) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} rows  {per_sec}  {eta} left")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(rows as u64).with_style(style)
}

fn read(path: &Path) -> Result<Vec<u8>, ReplayError> {
    fs::read(path).map_err(|source| ReplayError::Read {
        path: path.to_owned(),
        source,
    })
}

fn read_text(path: &Path) -> Result<String, ReplayError> {
    fs::read_to_string(path).map_err(|source| ReplayError::Read {
        path: path.to_owned(),
        source,
    })
}

fn print(out: &mut impl Write, outcome: &impl fmt::Display) -> Result<(), ReplayError> {
    match write!(out, "{outcome}").and_then(|()| out.flush()) {
        // Whoever reads has read enough (`| head`).
        Err(source) if source.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(source) => Err(ReplayError::Write {
            path: PathBuf::from("standard output"),
            source,
        }),
        Ok(()) => Ok(()),
    }
}
