//! Promise: no acknowledged command is lost, none comes twice, and a medium that lies is found
//! out; over a simulated disk that loses power at every call and does the worst.
#![allow(clippy::unwrap_used)] // a failed unwrap fails the test

use std::ops::ControlFlow;

use engine::command::Command;
use engine::domain::CommandSequence;
use engine::journal::{
    Check, CommandLog, Corrupt, Durability, Entry, Fatal, FileLog, FileLogOptions, OpenError,
    Storage,
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use testkit::sim::{Commands, Disk, Fault, Lie};

/// Small segments, so that a short history has many.
const OPTIONS: FileLogOptions = FileLogOptions {
    segment_bytes: 4096,
    prepares_ahead: false,
    reserve_bytes: 1024,
    durability: Durability::Sync,
};

/// What a process did to its log, and what it was told.
struct History {
    commands: Commands,
    random: ChaCha8Rng,
    /// All that was ever handed to `append`, acknowledged or not.
    appended: Vec<Command>,
    /// The last command that was acknowledged.
    acknowledged: usize,
    /// The first command that no trim gave up.
    kept_from: u64,
    options: FileLogOptions,
    /// Whether batches fill many pages of the disk, and segments after few.
    large: bool,
}

impl History {
    fn new(seed: u64) -> History {
        History {
            commands: Commands::new(seed),
            random: ChaCha8Rng::seed_from_u64(seed),
            appended: Vec::new(),
            acknowledged: 0,
            kept_from: 1,
            options: OPTIONS,
            large: false,
        }
    }

    /// Appends `batches` batches, trimming and opening again now and then.
    fn live(&mut self, disk: &Disk, batches: usize) -> Result<(), OpenError> {
        let mut log = self.recover(disk)?;
        for _ in 0..batches {
            let count = match self.random.random_range(0..10) {
                _ if self.large => self.random.random_range(500..1_500),
                0..5 => self.random.random_range(1..4),
                5..9 => self.random.random_range(4..20),
                _ => self.random.random_range(20..60),
            };
            let batch = self.commands.batch(count);
            if self.random.random_bool(0.2) {
                log.note(Check {
                    upto: CommandSequence(self.appended.len() as u64),
                    outcome: self.appended.len() as u64,
                });
            }
            self.appended.extend(&batch);
            let durable = log.append(&batch)?;
            assert_eq!(durable, batch.last().unwrap().sequence);
            self.acknowledged = self.appended.len();
            if self.random.random_bool(0.1) {
                let upto = self.random.random_range(0..=self.acknowledged as u64);
                self.kept_from = self.kept_from.max(upto + 1);
                log.trim(CommandSequence(upto))?;
            }
            if self.random.random_bool(0.05) {
                drop(log);
                log = self.recover(disk)?;
            }
        }
        Ok(())
    }

    /// Opens the log, and compares all that is in it with what was appended.
    fn recover(&mut self, disk: &Disk) -> Result<FileLog<Disk>, OpenError> {
        let (mut log, opened) = FileLog::open(disk.clone(), self.options)?;
        let last = usize::try_from(opened.tail.last.0).unwrap();
        assert!(
            (self.acknowledged..=self.appended.len()).contains(&last),
            "{} acknowledged, {} appended, {last} found",
            self.acknowledged,
            self.appended.len(),
        );
        let mut next = self.kept_from;
        let tail = log.replay(CommandSequence(self.kept_from), &mut |entry| {
            match entry {
                Entry::Command(command) => {
                    assert_eq!(command, self.appended[usize::try_from(next - 1).unwrap()]);
                    next += 1;
                }
                Entry::Check(check) => assert_eq!(check.upto.0, check.outcome),
            }
            ControlFlow::Continue(())
        })?;
        assert_eq!(next, tail.last.0 + 1);
        assert_eq!(tail, opened.tail);
        // What was not acknowledged is lost or kept, but decided now: others take its place.
        if last < self.appended.len() {
            self.commands = Commands::new(self.random.random());
            self.commands.by_ref().take(last).for_each(drop);
            self.appended.truncate(last);
        }
        self.acknowledged = last;
        Ok(log)
    }
}

/// How many seeds; `EXCHANGE_SEEDS` multiplies it for a long night.
fn seeds(count: u64) -> std::ops::Range<u64> {
    let times = std::env::var("EXCHANGE_SEEDS").ok();
    0..count * times.and_then(|times| times.parse().ok()).unwrap_or(1)
}

#[test]
fn power_cuts_at_random_lose_nothing_acknowledged() {
    for seed in seeds(4_000) {
        let disk = Disk::new(seed);
        if seed % 2 == 1 {
            disk.write_short();
        }
        let mut history = History::new(seed);
        for life in 0..4 {
            disk.fail_at(
                disk.calls() + 1 + history.random.random_range(0..160),
                Fault::PowerCut,
            );
            // A power cut ends the life with an error, or comes after it.
            let _ = history.live(&disk, 12);
            disk.lose_power();
            let recovered = history.recover(&disk);
            assert!(
                recovered.is_ok(),
                "seed {seed}, life {life}: {:?}",
                recovered.err()
            );
        }
    }
}

#[test]
fn power_cuts_in_large_frames_lose_nothing_acknowledged() {
    let mut appended = 0;
    for seed in seeds(40) {
        let disk = Disk::new(seed);
        let mut history = History::new(seed);
        history.large = true;
        history.options.segment_bytes = 256 << 10;
        for life in 0..2 {
            let cut = disk.calls() + 8 + history.random.random_range(0..24);
            disk.fail_at(cut, Fault::PowerCut);
            let _ = history.live(&disk, 4);
            disk.lose_power();
            if let Err(error) = history.recover(&disk) {
                panic!("seed {seed}, life {life}: {error}");
            }
        }
        appended += history.appended.len();
    }
    assert!(appended > 40_000, "{appended} commands are too few");
}

/// The proof of the proof: a log that skips its syncs must not pass.
#[test]
fn a_log_without_syncs_is_caught() {
    let caught = (0..40).filter(|&seed| {
        let lives = std::panic::catch_unwind(|| {
            let disk = Disk::new(seed);
            let mut history = History::new(seed);
            history.options.durability = Durability::Os;
            disk.fail_at(40 + seed, Fault::PowerCut);
            let _ = history.live(&disk, 12);
            disk.lose_power();
            history.recover(&disk).is_ok()
        });
        !matches!(lives, Ok(true))
    });
    assert!(caught.count() > 10);
}

/// Lets every call of a whole history fail, one after the other.
fn fail_each_call(fault: Fault, loses_power: bool) {
    for seed in 0..4 {
        let calls = {
            let disk = Disk::new(seed);
            History::new(seed).live(&disk, 25).unwrap();
            disk.calls()
        };
        for call in 0..calls {
            let disk = Disk::new(seed);
            let mut history = History::new(seed);
            disk.fail_at(call, fault);
            let lived = history.live(&disk, 25);
            assert!(lived.is_err(), "call {call} failed and nobody was told");
            if loses_power {
                disk.lose_power();
            } else {
                disk.restart();
            }
            history.live(&disk, 5).unwrap();
            disk.lose_power();
            if let Err(error) = history.recover(&disk) {
                panic!("seed {seed}, {fault:?} at call {call} of {calls}: {error}");
            }
        }
    }
}

#[test]
fn a_power_cut_at_each_call_loses_nothing_acknowledged() {
    fail_each_call(Fault::PowerCut, true);
}

#[test]
fn an_error_at_each_call_is_final_and_loses_nothing_acknowledged() {
    fail_each_call(Fault::Io, false);
    fail_each_call(Fault::Io, true);
}

#[test]
fn a_full_disk_at_each_call_is_final_and_loses_nothing_acknowledged() {
    fail_each_call(Fault::Full, false);
    fail_each_call(Fault::Full, true);
}

#[test]
fn after_a_failure_nothing_is_taken() {
    let disk = Disk::new(1);
    let (mut log, _) = FileLog::open(disk.clone(), OPTIONS).unwrap();
    let mut commands = Commands::new(1);
    log.append(&commands.batch(3)).unwrap();
    disk.fail_at(disk.calls() + 1, Fault::Io);
    let failed = commands.batch(3);
    assert!(matches!(log.append(&failed), Err(Fatal::Io { .. })));
    assert!(matches!(log.append(&failed), Err(Fatal::Failed { .. })));
    assert!(matches!(
        log.trim(CommandSequence(1)),
        Err(Fatal::Failed { .. })
    ));
}

#[test]
fn a_full_disk_ends_the_log_and_frees_the_reserve() {
    let disk = Disk::new(1);
    let (mut log, _) = FileLog::open(disk.clone(), OPTIONS).unwrap();
    let mut commands = Commands::new(1);
    disk.set_capacity(disk.used() + 5_000);
    let failure = loop {
        if let Err(failure) = log.append(&commands.batch(5)) {
            break failure;
        }
    };
    assert!(matches!(failure, Fatal::Full { .. }), "{failure}");
    assert!(!disk.names().contains(&"reserve".to_owned()));
    assert!(disk.free_bytes().unwrap() >= OPTIONS.reserve_bytes);
}

/// Where the medium lies, what was acknowledged is there or recovery says that it is not.
/// Only what no later write bears witness of may be missing unseen: the end.
#[test]
fn a_medium_that_lies_is_found_out() {
    let (mut refused, mut harmless, mut end_lost) = (0, 0, 0);
    for seed in seeds(3_000) {
        let disk = Disk::new(seed);
        let mut history = History::new(seed);
        let lie = [Lie::Lost, Lie::Misdirected, Lie::Unsynced][usize::try_from(seed % 3).unwrap()];
        disk.lie_at(history.random.random_range(8..150), lie);
        let lived = history.live(&disk, 25);
        assert!(
            lived.is_ok() || disk.has_lied(),
            "seed {seed}: {:?}",
            lived.err()
        );
        if !disk.has_lied() {
            continue;
        }
        disk.lose_power();
        let appended = history.appended.clone();
        match read(&disk, history.kept_from) {
            Err(_) => refused += 1,
            Ok(found) => {
                let from = usize::try_from(history.kept_from - 1).unwrap();
                let end = from + found.len();
                assert_eq!(found, appended[from..end], "seed {seed}: {lie:?}");
                if end == appended.len() {
                    harmless += 1;
                } else {
                    end_lost += 1;
                }
            }
        }
    }
    println!("{refused} refused, {harmless} harmless, {end_lost} lost an end without witness");
    assert!(refused > 100 && end_lost < refused);
}

/// All commands from `from` on; an error where opening or reading refuses.
fn read(disk: &Disk, from: u64) -> Result<Vec<Command>, Box<dyn std::error::Error>> {
    let (mut log, _) = FileLog::open(disk.clone(), OPTIONS)?;
    let mut found = Vec::new();
    log.replay(CommandSequence(from), &mut |entry| {
        if let Entry::Command(command) = entry {
            found.push(command);
        }
        ControlFlow::Continue(())
    })?;
    Ok(found)
}

#[test]
fn every_flipped_bit_is_found_out() {
    let clean = Disk::new(3);
    let mut commands = Commands::new(3);
    let (mut log, _) = FileLog::open(clean.clone(), OPTIONS).unwrap();
    for count in [1, 7, 30, 60, 2, 1] {
        log.append(&commands.batch(count)).unwrap();
    }
    drop(log);
    let segments: Vec<String> = clean
        .names()
        .into_iter()
        .filter(|name| name.starts_with("journal-"))
        .collect();
    assert!(segments.len() >= 2, "{segments:?}");
    let mut cut = 0;
    for flipped in &segments {
        for bit in 0..clean.content(flipped).len() * 8 {
            let disk = Disk::new(0);
            for name in &segments {
                disk.put(name, &clean.content(name));
            }
            disk.flip(flipped, bit);
            match whole(&disk) {
                Err(_) => {}
                Ok((found, Some(torn))) => {
                    // In zeros that nobody wrote to yet: nothing is lost, and it is told of.
                    assert_eq!(found, 101, "{flipped}, bit {bit}");
                    assert!(
                        torn.offset <= (bit / 8) as u64,
                        "{flipped}, bit {bit}: {torn:?}"
                    );
                    cut += 1;
                }
                Ok((_, None)) => panic!("{flipped}, bit {bit}: nobody saw it"),
            }
        }
    }
    println!("{cut} flips were in unused zeros, and cut off");
}

/// How many commands there are, and what is torn, without a change.
fn whole(disk: &Disk) -> Result<(u64, Option<engine::journal::Torn>), Corrupt> {
    let mut count = 0;
    let (_, torn) = FileLog::read(disk, CommandSequence(1), &mut |_| {
        count += 1;
        ControlFlow::Continue(())
    })?;
    Ok((count, torn))
}

#[test]
fn a_missing_segment_is_found_out() {
    let disk = Disk::new(5);
    let (mut log, _) = FileLog::open(disk.clone(), OPTIONS).unwrap();
    let mut commands = Commands::new(5);
    for _ in 0..30 {
        log.append(&commands.batch(10)).unwrap();
    }
    drop(log);
    disk.remove("journal-0000000002").unwrap();
    let refused = whole(&disk).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "(simulated)/journal-0000000003: at byte 0: the segment before it is missing. Nothing \
         was changed. Restore this file from a copy, or the whole data directory from a backup, \
         then start again."
    );
}
