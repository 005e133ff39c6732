//! Where the exchange's commands are kept: opened, recovered, and made shorter by snapshots.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::thread::JoinHandle;

use anyhow::{Context, bail};
use engine::clearing::ExchangeConfig;
use engine::domain::{AccountId, CommandSequence, Timestamp, TradingStatus};
use engine::exchange::Exchange;
use engine::journal::{
    self, Check, CommandLog, Directory, FileLogOptions, MemoryLog, Outcome, Storage, compact,
    recover,
};

use crate::config::{Config, Durability};

use super::markets::check_markets;
use super::memory::Memory;
use super::ties::TieFile;

/// What the exchange goes on from, and where it writes.
pub(super) struct Opened {
    pub(super) exchange: Exchange,
    pub(super) memory: Memory,
    pub(super) check: Check,
    pub(super) log: Box<dyn CommandLog + Send>,
    /// Whether the log syncs, so that it wants a thread of its own.
    pub(super) syncs: bool,
    pub(super) snapshots: Option<Snapshots>,
    pub(super) disk: Option<DiskWatch>,
    /// Whose orders go with their connections, and with whose the last process ended.
    pub(super) ties: Option<(TieFile, BTreeSet<AccountId>)>,
}

/// Opens the storage of the configuration and rebuilds the exchange out of it.
pub(super) fn open(config: &Config) -> anyhow::Result<Opened> {
    let durability = match config.storage.durability {
        Durability::Sync => Some(journal::Durability::Sync),
        Durability::Os => {
            tracing::warn!("durability is \"os\": what was answered can be lost with the power");
            Some(journal::Durability::Os)
        }
        Durability::None => {
            tracing::warn!("durability is \"none\": nothing outlives this process");
            None
        }
    };
    match (&config.storage.data_dir, durability) {
        (Some(folder), Some(durability)) => open_files(config, folder, durability),
        (None, Some(_)) => {
            tracing::warn!("no storage.data_dir: nothing outlives this process");
            in_memory(config)
        }
        (_, None) => in_memory(config),
    }
}

fn in_memory(config: &Config) -> anyhow::Result<Opened> {
    let check = Outcome::default().check(CommandSequence(0));
    Ok(Opened {
        exchange: Exchange::new(config.exchange.clone())?,
        memory: Memory::new(config),
        check,
        log: Box::new(MemoryLog::forgetful(CommandSequence(0))),
        syncs: false,
        snapshots: None,
        disk: None,
        ties: None,
    })
}

fn open_files(
    config: &Config,
    folder: &Path,
    durability: journal::Durability,
) -> anyhow::Result<Opened> {
    let directory = Directory::open(folder)?;
    check_markets(folder, config)?;
    let ties = TieFile::open(folder, durability == journal::Durability::Sync)
        .with_context(|| format!("cannot open {}", folder.display()))?;
    let segment_bytes = u64::from(config.storage.segment_mib) << 20;
    let options = FileLogOptions {
        durability,
        segment_bytes,
        reserve_bytes: segment_bytes / 4,
        ..FileLogOptions::default()
    };
    let mut memory = Memory::new(config);
    let mut told = 0;
    let mut progress = |at: CommandSequence, last: CommandSequence| {
        let percent = at.0.saturating_mul(100) / last.0.max(1);
        if percent >= told + 10 {
            told = percent;
            tracing::info!(command = at.0, last = last.0, "replaying the journal");
        }
    };
    let (rebuilt, log) = recover(
        &directory,
        &config.exchange,
        options,
        Some(config.storage.snapshot_every),
        &mut memory,
        &mut progress,
    )?;
    for skipped in &rebuilt.skipped {
        tracing::warn!(%skipped, "a snapshot could not be used");
    }
    if let Some(torn) = &rebuilt.torn {
        tracing::warn!(
            ?torn,
            "cut off the journal's end: a batch that nobody was told of"
        );
    }
    tracing::info!(
        commands = rebuilt.check.upto.0,
        replayed = rebuilt.replayed,
        checks = rebuilt.compared,
        snapshot = rebuilt.snapshot.map(|it| it.0),
        written = rebuilt.written.map(|it| it.0),
        "recovered"
    );
    Ok(Opened {
        exchange: rebuilt.exchange,
        memory,
        check: rebuilt.check,
        disk: Some(DiskWatch::new(
            directory.clone(),
            config.storage.min_free_mib,
        )),
        snapshots: Some(Snapshots {
            directory,
            exchange: config.exchange.clone(),
            config: config.clone(),
            every: config.storage.snapshot_every,
            last: rebuilt.written.or(rebuilt.snapshot).unwrap_or_default(),
            running: None,
        }),
        log: Box::new(log),
        syncs: true,
        ties: Some(ties),
    })
}

/// Makes a snapshot every so many commands, on a thread beside the exchange.
pub(super) struct Snapshots {
    directory: Directory,
    exchange: ExchangeConfig,
    config: Config,
    every: u64,
    last: CommandSequence,
    running: Option<JoinHandle<anyhow::Result<()>>>,
}

impl Snapshots {
    /// Hears that all up to `durable` is durable; begins a snapshot of it when it is time.
    ///
    /// # Errors
    /// The failure of the one before: the disk or the journal cannot be trusted any more.
    pub(super) fn durable(&mut self, durable: CommandSequence) -> anyhow::Result<()> {
        if durable.0 < self.last.0.saturating_add(self.every) {
            return Ok(());
        }
        if self.running.as_ref().is_some_and(|it| !it.is_finished()) {
            return Ok(());
        }
        self.finish()?;
        self.last = durable;
        let (directory, exchange) = (self.directory.clone(), self.exchange.clone());
        let mut memory = Memory::new(&self.config);
        let work = move || {
            let made = compact(&directory, &exchange, durable, &mut memory)
                .context("cannot make a snapshot")?;
            tracing::info!(command = made.map(|it| it.0), "made a snapshot");
            Ok(())
        };
        let thread = std::thread::Builder::new().name("snapshot".to_owned());
        self.running = Some(thread.spawn(work).context("cannot start a thread")?);
        Ok(())
    }

    /// Waits for the one under way.
    ///
    /// # Errors
    /// Its failure.
    pub(super) fn finish(&mut self) -> anyhow::Result<()> {
        match self.running.take().map(JoinHandle::join) {
            None | Some(Ok(Ok(()))) => Ok(()),
            Some(Ok(Err(error))) => Err(error),
            Some(Err(_)) => bail!("the snapshot thread panicked"),
        }
    }
}

/// Sees a full disk coming: below the least free space every pair takes cancels only, and twice
/// that opens them again.
pub(super) struct DiskWatch {
    directory: Directory,
    min_free: u64,
    looked: Timestamp,
    is_low: bool,
}

impl DiskWatch {
    /// How often it looks, in milliseconds.
    const INTERVAL_MS: u64 = 1_000;
    /// There while pairs are halted for want of space, so that a restart knows why they are.
    const MARK: &str = "cancel-only";

    fn new(directory: Directory, min_free_mib: u32) -> DiskWatch {
        let is_low = directory.path(Self::MARK).exists();
        DiskWatch {
            directory,
            min_free: u64::from(min_free_mib) << 20,
            looked: Timestamp(0),
            is_low,
        }
    }

    /// Looks at most once a second; what pairs are to be set to, where that changed.
    pub(super) fn look(&mut self, now: Timestamp) -> Option<TradingStatus> {
        if now.since(self.looked) < Self::INTERVAL_MS {
            return None;
        }
        self.looked = now;
        let free = match self.directory.free_bytes() {
            Ok(free) => free,
            Err(error) => {
                tracing::error!(%error, "cannot tell how full the disk is");
                return None;
            }
        };
        let enough = if self.is_low {
            self.min_free.saturating_mul(2)
        } else {
            self.min_free
        };
        if (free < enough) == self.is_low {
            return None;
        }
        self.is_low = !self.is_low;
        let mark = self.directory.path(Self::MARK);
        let (status, marked) = if self.is_low {
            tracing::error!(
                free,
                least = self.min_free,
                "the disk is nearly full: cancels only"
            );
            (TradingStatus::CancelOnly, fs::File::create(&mark).map(drop))
        } else {
            tracing::info!(free, "the disk has room again: pairs open");
            (TradingStatus::Open, fs::remove_file(&mark))
        };
        if let Err(error) = marked {
            tracing::error!(%error, file = %mark.display(), "cannot be written or removed");
        }
        Some(status)
    }

    /// Whether every pair takes cancels only.
    pub(super) fn is_low(&self) -> bool {
        self.is_low
    }

    /// Takes the last look back: what it said could not be done.
    pub(super) fn again(&mut self) {
        self.is_low = !self.is_low;
    }
}
