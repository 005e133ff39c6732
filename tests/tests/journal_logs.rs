//! Promise: every log keeps what it was given, in order and whole, over the end of its process;
//! and what a released version wrote is read for ever.
#![allow(clippy::unwrap_used)] // a failed unwrap fails the test

use std::fmt::Write;
use std::ops::ControlFlow;
use std::path::PathBuf;

use engine::command::Command;
use engine::domain::CommandSequence;
use engine::journal::{
    Check, CommandLog, Corrupt, Directory, DirectoryError, Entry, FileLog, FileLogOptions, RedbLog,
    Snapshot, Storage, StorageFile,
};
use expect_test::{expect, expect_file};
use testkit::sim::{Commands, Disk};

const SMALL: FileLogOptions = FileLogOptions {
    segment_bytes: 16 << 10,
    prepares_ahead: true,
    reserve_bytes: 4096,
    durability: engine::journal::Durability::Sync,
};

/// An empty folder of this name.
fn folder(name: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    if path.exists() {
        std::fs::remove_dir_all(&path).unwrap();
    }
    std::fs::create_dir_all(&path).unwrap();
    path
}

/// Opens a log that goes on where the last one of this closure ended.
type Open = Box<dyn Fn() -> Box<dyn CommandLog>>;

/// Every kind of log, by name.
fn logs(test: &str) -> Vec<(&'static str, Open)> {
    let files = folder(&format!("{test}-files"));
    let redb = folder(&format!("{test}-redb")).join("journal.redb");
    let disk = Disk::new(1);
    let inline = FileLogOptions {
        prepares_ahead: false,
        ..SMALL
    };
    vec![
        (
            "files",
            Box::new(move || {
                let folder = Directory::open(&files).unwrap();
                Box::new(FileLog::open(folder, SMALL).unwrap().0)
            }),
        ),
        (
            "simulated disk",
            Box::new(move || Box::new(FileLog::open(disk.clone(), inline).unwrap().0)),
        ),
        (
            "redb",
            Box::new(move || Box::new(RedbLog::open(&redb).unwrap().0)),
        ),
    ]
}

fn entries(log: &mut dyn CommandLog, from: u64) -> Result<Vec<Entry>, Corrupt> {
    let mut found = Vec::new();
    log.replay(CommandSequence(from), &mut |entry| {
        found.push(entry);
        ControlFlow::Continue(())
    })?;
    Ok(found)
}

fn commands(log: &mut dyn CommandLog, from: u64) -> Vec<Command> {
    let only = |entry| match entry {
        Entry::Command(command) => Some(command),
        Entry::Check(_) => None,
    };
    entries(log, from)
        .unwrap()
        .into_iter()
        .filter_map(only)
        .collect()
}

#[test]
fn what_is_appended_is_read_again_from_anywhere() {
    for (name, open) in logs("again") {
        let mut written = Vec::new();
        let mut source = Commands::new(3);
        for life in 0..3 {
            let mut log = open();
            for count in [1, 0, 30, 2, 200, 7] {
                let batch = source.batch(count);
                written.extend(batch.clone());
                let last = log.append(&batch).unwrap();
                assert_eq!(last.0, written.len() as u64, "{name}");
            }
            for from in [1, 2, 32, 100, 233, written.len() as u64] {
                let found = commands(&mut *log, from);
                let expected = &written[usize::try_from(from - 1).unwrap()..];
                assert_eq!(found, expected, "{name}, life {life}, from {from}");
            }
            assert_eq!(commands(&mut *log, written.len() as u64 + 1), [], "{name}");
        }
    }
}

#[test]
fn a_replay_stops_where_it_is_told() {
    for (name, open) in logs("stops") {
        let mut log = open();
        log.append(&Commands::new(3).batch(50)).unwrap();
        let mut last = 0;
        log.replay(CommandSequence(10), &mut |entry| match entry {
            Entry::Command(command) if command.sequence.0 == 20 => {
                last = 20;
                ControlFlow::Break(())
            }
            _ if last == 20 => panic!("{name}: it goes on"),
            _ => ControlFlow::Continue(()),
        })
        .unwrap();
        assert_eq!(last, 20, "{name}");
    }
}

#[test]
fn checks_come_with_the_next_batch() {
    for (name, open) in logs("checks") {
        let mut log = open();
        let mut source = Commands::new(3);
        log.append(&source.batch(3)).unwrap();
        let check = Check {
            upto: CommandSequence(3),
            outcome: 77,
        };
        log.note(check);
        log.append(&source.batch(2)).unwrap();
        let found = entries(&mut *log, 1).unwrap();
        assert_eq!(found[3], Entry::Check(check), "{name}");
        assert_eq!(found.len(), 6, "{name}");
    }
}

#[test]
fn what_is_trimmed_is_gone_and_nothing_else() {
    for (name, open) in logs("trims") {
        let mut source = Commands::new(3);
        let mut written = Vec::new();
        let mut log = open();
        for _ in 0..40 {
            let batch = source.batch(50);
            written.extend(batch.clone());
            log.append(&batch).unwrap();
        }
        log.trim(CommandSequence(1_234)).unwrap();
        assert_eq!(commands(&mut *log, 1_235), written[1_234..], "{name}");
        let gone = entries(&mut *log, 1).unwrap_err();
        assert!(
            gone.what.contains("command 1 is trimmed away"),
            "{name}: {gone}"
        );
        drop(log);
        let mut log = open();
        assert_eq!(commands(&mut *log, 1_235), written[1_234..], "{name}");
        log.trim(CommandSequence(2_000)).unwrap();
        let batch = source.batch(5);
        log.append(&batch).unwrap();
        assert_eq!(commands(&mut *log, 2_001), batch, "{name}");
    }
}

#[test]
fn two_processes_do_not_share_a_folder() {
    let path = folder("shared");
    let first = Directory::open(&path).unwrap();
    assert!(matches!(
        Directory::open(&path),
        Err(DirectoryError::InUse { .. })
    ));
    drop(first);
    assert!(Directory::open(&path).is_ok());
}

/// The bytes of a file that a released version wrote. `UPDATE_GOLDEN=1` writes a missing one.
fn golden(name: &str, made: &[u8]) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name);
    if !path.exists() && std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, made).unwrap();
    }
    std::fs::read(&path).unwrap()
}

#[test]
fn a_journal_of_version_1_is_read_and_written_as_it_was() {
    let options = FileLogOptions {
        segment_bytes: 2048,
        prepares_ahead: false,
        reserve_bytes: 0,
        ..SMALL
    };
    let write = |batches: &[Vec<Command>]| {
        let disk = Disk::new(0);
        let (mut log, _) = FileLog::open(disk.clone(), options).unwrap();
        for (place, batch) in (0..).zip(batches) {
            if place == 2 {
                log.note(Check {
                    upto: CommandSequence(5),
                    outcome: 0x0123_4567_89ab_cdef,
                });
            }
            log.append(batch).unwrap();
        }
        disk.content("journal-0000000001")
    };
    let mut source = Commands::new(0);
    let made = write(&[source.batch(1), source.batch(4), source.batch(16)]);
    let kept = golden("journal-1", &made);
    let disk = Disk::new(0);
    disk.put("journal-0000000001", &kept);
    let mut text = String::new();
    let mut batches = vec![Vec::new(); 3];
    FileLog::read(&disk, CommandSequence(1), &mut |entry| {
        writeln!(text, "{entry:?}").unwrap();
        if let Entry::Command(command) = entry {
            batches[match command.sequence.0 {
                1 => 0,
                2..6 => 1,
                _ => 2,
            }]
            .push(command);
        }
        ControlFlow::Continue(())
    })
    .unwrap();
    expect_file!["golden/journal-1.txt"].assert_eq(&text);
    assert_eq!(write(&batches), kept);
}

#[test]
fn a_snapshot_of_version_1_is_read_and_written_as_it_was() {
    let kept = golden("snapshot-1", &testkit::sim::snapshot().encode());
    let snapshot = Snapshot::decode(&kept).unwrap();
    assert_eq!(snapshot.encode(), kept);
    let state = &snapshot.state;
    expect![[r#"
        Check { upto: CommandSequence(53), outcome: 7640891576956012808 } b324d7e648ccf673f82beeaaea9580a3 [119, 104, 97, 116, 32, 116, 104, 101, 32, 114, 105, 109, 32, 107, 101, 101, 112, 115]
        [
            AssetState {
                inside: Amount(96882),
                fees: Amount(0),
                pool: Amount(0),
                insurance: Amount(0),
            },
            AssetState {
                inside: Amount(97517),
                fees: Amount(11),
                pool: Amount(0),
                insurance: Amount(0),
            },
            AssetState {
                inside: Amount(133159),
                fees: Amount(275),
                pool: Amount(0),
                insurance: Amount(0),
            },
        ]"#]].assert_eq(&format!(
        "{:?} {} {:?}\n{:#?}",
        snapshot.check, snapshot.digest, snapshot.rim, state.clearing.assets
    ));
}

/// Zeros of any length, on disks that take them past the cache and on those that do not.
#[test]
fn a_file_is_zeros_whatever_its_length() {
    let mut folders = vec![folder("zeros")];
    let memory = PathBuf::from("/dev/shm");
    if memory.is_dir() {
        let memory = memory.join(format!("exchange-zeros-{}", std::process::id()));
        std::fs::create_dir_all(&memory).unwrap();
        folders.push(memory);
    }
    for path in folders {
        let directory = Directory::open(&path).unwrap();
        for len in [0, 1, 511, 4_096, 4_097, 3 << 20, (1 << 20) + 4_096 + 7] {
            let name = format!("zeros-{len}");
            let mut file = directory.create(&name).unwrap();
            file.write_at(b"what was here before", 0).unwrap();
            file.write_zeros(len).unwrap();
            file.sync_all().unwrap();
            let mut bytes = std::fs::read(path.join(&name)).unwrap();
            assert!(bytes.len() as u64 >= len);
            bytes.truncate(usize::try_from(len).unwrap());
            assert!(bytes.iter().all(|byte| *byte == 0), "{len} in {path:?}");
            // It is a file like any other again.
            assert_eq!(file.write_at(b"abc", 5).unwrap(), 3);
            let mut read = [0; 3];
            file.read_at(&mut read, 5).unwrap();
            assert_eq!(&read, b"abc");
        }
        std::fs::remove_dir_all(&path).unwrap();
    }
}
