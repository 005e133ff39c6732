//! `gateway verify --data-dir DIR`: does what is on the disk lead to a sound exchange?
//!
//! Reads the whole journal and its chain, rebuilds the exchange from the newest snapshot and,
//! where the journal reaches back to its beginning, once more without any; compares the two,
//! walks every invariant. Changes nothing. The first difference ends it.

use std::io::Write;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, ensure};
use clap::Args;
use engine::clearing::ExchangeConfig;
use engine::domain::{Amount, CommandSequence};
use engine::exchange::{Discard, Exchange};
use engine::journal::{Directory, Entry, FileLog, Rebuilt, rebuild};
use indicatif::{ProgressBar, ProgressStyle};
use rust_decimal::Decimal;

use crate::config::{Config, DemoOptions};
use crate::instrument::Asset;

use super::demo::MAX_FINISHED;

/// Arguments of `gateway verify`.
#[derive(Args, Debug)]
pub(super) struct VerifyArgs {
    /// Where journal and snapshots are. No process may be using them.
    #[arg(long, value_name = "DIR")]
    data_dir: PathBuf,
    /// What the exchange is made of; without it, the demo's configuration.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// Prints what was found; an error is the first difference.
pub(super) fn run(args: &VerifyArgs, out: &mut impl Write) -> anyhow::Result<()> {
    let config = match &args.config {
        Some(file) => Config::load(file)
            .map_err(|errors| anyhow!("configuration mistakes: {}\n{errors}", errors.0.len()))?,
        None => {
            let mut config = Config::demo(&DemoOptions::default());
            config.exchange.max_finished_per_pair = MAX_FINISHED;
            config
        }
    };
    let directory = open(&args.data_dir)?;
    let bar = progress("commands rebuilt");
    let rebuilt = rebuild(&directory, &config.exchange, None, &mut (), &mut |at| {
        bar.set_position(at.0);
    })?;
    bar.finish_and_clear();
    say_files(&directory, &rebuilt, out)?;
    if let Some(skipped) = rebuilt.skipped.first() {
        return Err(anyhow!("a snapshot cannot be used: {skipped}"));
    }
    verify_from_start(&directory, &config.exchange, &rebuilt, out)?;
    rebuilt
        .exchange
        .verify()
        .map_err(|what| anyhow!("{what}"))?;
    writeln!(out, "state: {}", rebuilt.exchange.state_digest())?;
    say_totals(&config, &rebuilt.exchange, out)?;
    writeln!(out, "ok")?;
    Ok(())
}

/// Takes a data directory that is there.
pub(super) fn open(path: &Path) -> anyhow::Result<Directory> {
    ensure!(path.is_dir(), "{}: no such directory", path.display());
    Ok(Directory::open(path)?)
}

fn say_files(directory: &Directory, rebuilt: &Rebuilt, out: &mut impl Write) -> anyhow::Result<()> {
    let last = rebuilt.check.upto.0;
    match FileLog::first(directory)? {
        Some(first) => writeln!(out, "journal: commands {} to {last}", first.0)?,
        None => writeln!(out, "journal: empty")?,
    }
    if let Some(torn) = &rebuilt.torn {
        writeln!(
            out,
            "torn end: {} bytes at byte {} of {}, of a batch that nobody was told of",
            torn.bytes,
            torn.offset,
            torn.file.display()
        )?;
    }
    match rebuilt.snapshot {
        Some(at) => write!(out, "snapshot: command {}, ", at.0)?,
        None => write!(out, "snapshot: none, ")?,
    }
    writeln!(
        out,
        "{} commands replayed after it, {} checks compared",
        rebuilt.replayed, rebuilt.compared
    )?;
    Ok(())
}

/// Reads the journal from where it begins, and replays it if that is the beginning of all.
fn verify_from_start(
    directory: &Directory,
    config: &ExchangeConfig,
    rebuilt: &Rebuilt,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let Some(first) = FileLog::first(directory)? else {
        return Ok(());
    };
    let is_whole = first == CommandSequence(1) && rebuilt.snapshot.is_some();
    let mut exchange = Exchange::new(config.clone())?;
    let bar = progress("commands read");
    let mut failure = None;
    let (tail, _) = FileLog::read(directory, first, &mut |entry| {
        let Entry::Command(command) = entry else {
            return ControlFlow::Continue(());
        };
        if command.sequence.0.is_multiple_of(1 << 16) {
            bar.set_position(command.sequence.0);
        }
        if is_whole && let Err(error) = exchange.replay(&command, &mut Discard) {
            failure = Some(error);
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    })?;
    bar.finish_and_clear();
    if let Some(failure) = failure {
        return Err(failure).context("replayed from the beginning");
    }
    let chain: String = tail
        .chain
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    writeln!(out, "chain: {chain}")?;
    if is_whole {
        ensure!(
            exchange.state_digest() == rebuilt.exchange.state_digest(),
            "the journal alone leads to the state {}, the snapshot and what is after it to {}",
            exchange.state_digest(),
            rebuilt.exchange.state_digest()
        );
        writeln!(
            out,
            "the journal alone leads to the same state as the snapshot"
        )?;
    }
    Ok(())
}

fn say_totals(config: &Config, exchange: &Exchange, out: &mut impl Write) -> anyhow::Result<()> {
    writeln!(
        out,
        "{:<12} {:>24} {:>24} {:>20} {:>24} {:>20} {:>24} {:>24}",
        "asset", "available", "held", "fees", "pool", "insurance", "positions", "inside"
    )?;
    for asset in config.instruments.assets() {
        let totals = exchange.clearing().totals(asset.id);
        let totals = totals.context("the configuration has an asset that the exchange has not")?;
        let sum = totals.sum();
        let funds = totals.reserves;
        let both = |free: Amount, promised: Amount| {
            u128::from(free.units()) + u128::from(promised.units())
        };
        ensure!(
            sum == u128::from(totals.inside.units()),
            "{}: accounts, funds, positions and fees have {sum} units, {} came in",
            asset.symbol,
            totals.inside.units()
        );
        writeln!(
            out,
            "{:<12} {:>24} {:>24} {:>20} {:>24} {:>20} {:>24} {:>24}",
            asset.symbol,
            decimal(asset, totals.available),
            decimal(asset, totals.held),
            decimal(asset, totals.fees.units().into()),
            decimal(asset, both(funds.pool, funds.pool_promised)),
            decimal(asset, both(funds.insurance, funds.insurance_promised)),
            decimal(asset, funds.positions.units().into()),
            decimal(asset, totals.inside.units().into()),
        )?;
    }
    Ok(())
}

fn decimal(asset: &Asset, units: u128) -> String {
    let exact = i128::try_from(units)
        .ok()
        .and_then(|units| Decimal::try_from_i128_with_scale(units, asset.scale.into()).ok());
    exact.map_or_else(|| format!("{units} units"), |exact| exact.to_string())
}

/// A count on standard error; nothing where that is no terminal.
fn progress(what: &'static str) -> ProgressBar {
    let style = ProgressStyle::with_template(&format!("{{spinner}} {{pos}} {what}  {{per_sec}}"));
    ProgressBar::no_length().with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()))
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        reason = "a test may stop at what it did not expect"
    )]

    use engine::command::Command;
    use engine::domain::{AccountId, AssetId, Timestamp, UserName};
    use engine::journal::{CommandLog, FileLogOptions, compact};
    use engine::request::{Correlation, Request, RequestKind};
    use expect_test::expect;

    use super::super::journal;
    use super::*;

    /// A data directory of the demo's exchange: one user, a deposit, a withdrawal.
    fn data(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("verify-{name}-{}", std::process::id()));
        if path.exists() {
            std::fs::remove_dir_all(&path).unwrap();
        }
        let mut config = Config::demo(&DemoOptions::default()).exchange;
        config.max_finished_per_pair = MAX_FINISHED;
        let mut exchange = Exchange::new(config.clone()).unwrap();
        let mut commands: Vec<Command> = Vec::new();
        let (account, asset) = (AccountId(0), AssetId(0));
        let amount = |units| Amount::new(units).unwrap();
        for kind in [
            RequestKind::OpenAccount {
                name: UserName::new("alice \"a\"").unwrap(),
            },
            RequestKind::Deposit {
                account,
                asset,
                amount: amount(5_000_000),
            },
            RequestKind::Withdraw {
                account,
                asset,
                amount: amount(1_250_000),
            },
        ] {
            let correlation = Correlation(0);
            let request = Request { correlation, kind };
            let now = Timestamp(1_700_000_000_000);
            exchange.apply_logged(&request, now, &mut Discard, &mut commands);
        }
        let directory = Directory::open(&path).unwrap();
        let options = FileLogOptions {
            segment_bytes: 64 << 10,
            prepares_ahead: false,
            reserve_bytes: 0,
            ..FileLogOptions::default()
        };
        let (mut log, _) = FileLog::open(directory.clone(), options).unwrap();
        log.append(&commands[..2]).unwrap();
        compact(&directory, &config, CommandSequence(2), &mut ()).unwrap();
        log.append(&commands[2..]).unwrap();
        path
    }

    fn verify(path: &Path) -> String {
        let mut out = Vec::new();
        let args = VerifyArgs {
            data_dir: path.to_owned(),
            config: None,
        };
        let ended = run(&args, &mut out);
        let mut said = String::from_utf8(out).unwrap();
        if let Err(error) = ended {
            said += &format!("{error:#}").replace(&path.display().to_string(), "DIR");
        }
        said
    }

    #[test]
    fn a_sound_directory_is_summed_up() {
        let path = data("sound");
        expect![[r#"
            journal: commands 1 to 3
            snapshot: command 2, 1 commands replayed after it, 0 checks compared
            chain: 1b5a64d9f21543ebf60b7ec8bc329e5b667f308eeadd82b4409fb0249001a497
            the journal alone leads to the same state as the snapshot
            state: 43c3dca54d0d15d8a5dff2538f3d0b38
            asset                       available                     held                 fees                     pool            insurance                positions                   inside
            XRP                          3.750000                 0.000000             0.000000                 0.000000             0.000000                 0.000000                 3.750000
            FLR                          0.000000                 0.000000             0.000000                 0.000000             0.000000                 0.000000                 0.000000
            LUXURY001                        0.00                     0.00                 0.00                     0.00                 0.00                     0.00                     0.00
            LUXURY002                        0.00                     0.00                 0.00                     0.00                 0.00                     0.00                     0.00
            ok
        "#]].assert_eq(&verify(&path));
        std::fs::remove_dir_all(path).unwrap();
    }

    #[test]
    fn the_first_difference_is_named() {
        let path = data("damaged");
        let file = path.join("journal-0000000001");
        let mut bytes = std::fs::read(&file).unwrap();
        bytes[150] ^= 1;
        std::fs::write(&file, bytes).unwrap();
        expect!["DIR/journal-0000000001: at byte 64: no valid frame is here, but one with command 3 follows at byte 184. Nothing was changed. Restore this file from a copy, or the whole data directory from a backup, then start again."].assert_eq(&verify(&path));
        let held = Directory::open(&path).unwrap();
        expect!["DIR is in use by another process: stop that one first"].assert_eq(&verify(&path));
        drop(held);
        std::fs::remove_dir_all(&path).unwrap();
        expect!["DIR: no such directory"].assert_eq(&verify(&path));
    }

    #[test]
    fn the_journal_is_printed_for_people_and_for_programs() {
        let path = data("printed");
        let mut out = Vec::new();
        journal::print(&path, CommandSequence(2), false, &mut out).unwrap();
        journal::print(&path, CommandSequence(1), true, &mut out).unwrap();
        expect![[r#"
            2 1700000000000 deposit account=0 asset=0 amount=5000000
            3 1700000000000 withdraw account=0 asset=0 amount=1250000
            {"sequence":1,"time":1700000000000,"kind":"open_account","account":0,"name":"alice \"a\""}
            {"sequence":2,"time":1700000000000,"kind":"deposit","account":0,"asset":0,"amount":5000000}
            {"sequence":3,"time":1700000000000,"kind":"withdraw","account":0,"asset":0,"amount":1250000}
        "#]].assert_eq(&String::from_utf8(out).unwrap());
        std::fs::remove_dir_all(path).unwrap();
    }
}
