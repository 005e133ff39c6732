//! Promise: what a process acknowledged is there after kill -9, after a power cut under its file
//! system, and after the system refused a sync; over real files and real processes.
//!
//! The process under test is this program, started again as a writer (see [`as_writer`]). What a
//! machine lacks for a proof is said loudly, and the proof left out.
#![allow(clippy::unwrap_used)] // a failed unwrap fails the test

use std::io::{BufRead, BufReader, Read, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, RwLock};
use std::thread::JoinHandle;
use std::time::Duration;

use engine::domain::CommandSequence;
use engine::journal::{CommandLog, Directory, Durability, Entry, FileLog, FileLogOptions};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use testkit::sim::Commands;

/// The variable that makes this program a writer: the data directory.
const WRITER: &str = "JOURNAL_WRITER_DIRECTORY";
const SEED: u64 = 11;
/// Small enough that a short life begins several segments.
const OPTIONS: FileLogOptions = FileLogOptions {
    segment_bytes: 256 << 10,
    prepares_ahead: true,
    reserve_bytes: 64 << 10,
    durability: Durability::Sync,
};

/// A process being started has, until its own program begins, what this one has open: the lock of a
/// log too, even if this one has closed it meanwhile. Who opens a log holds this to read, who starts
/// a process to write, so that no child ever has a log.
static FORKS: RwLock<()> = RwLock::new(());

/// Starts a process that has no log of this one. It runs its program when this returns.
fn start(command: &mut Command) -> Child {
    let _alone = FORKS.write().unwrap();
    command.spawn().unwrap()
}

/// Runs a process to its end, and says what it said.
fn run(command: &mut Command) -> Output {
    start(command.stdout(Stdio::piped()).stderr(Stdio::piped()))
        .wait_with_output()
        .unwrap()
}

/// Not a proof: what the started process does. Appends until it is killed or fails, and says
/// each acknowledged sequence.
#[test]
fn as_writer() {
    let Some(directory) = std::env::var_os(WRITER) else {
        return;
    };
    let ended = write(Path::new(&directory));
    eprintln!("{ended}");
    std::process::exit(3);
}

fn write(directory: &Path) -> String {
    let directory = match Directory::open(directory) {
        Ok(directory) => directory,
        Err(error) => return error.to_string(),
    };
    let (mut log, opened) = match FileLog::open(directory, OPTIONS) {
        Ok(opened) => opened,
        Err(error) => return error.to_string(),
    };
    let mut commands = Commands::new(SEED);
    let mut random = ChaCha8Rng::seed_from_u64(opened.tail.last.0);
    commands
        .by_ref()
        .take(usize::try_from(opened.tail.last.0).unwrap())
        .for_each(drop);
    let mut out = std::io::stdout().lock();
    loop {
        // Some fill many pages.
        let large = random.random_bool(0.02);
        let batch = commands.batch(random.random_range(if large { 800..1_600 } else { 1..200 }));
        match log.append(&batch) {
            // Whole lines only: what is read is what was acknowledged.
            Ok(durable) => writeln!(out, "durable {}", durable.0).unwrap(),
            Err(failure) => return failure.to_string(),
        }
        out.flush().unwrap();
    }
}

/// A process that writes, and what it acknowledged so far.
struct Writer {
    child: Child,
    acknowledged: Arc<AtomicU64>,
    reader: JoinHandle<()>,
}

impl Writer {
    /// Starts a writer; `wrap` is the program that starts it, if not itself.
    fn start(directory: &Path, wrap: &[&str]) -> Writer {
        let this = std::env::current_exe().unwrap();
        let mut words = wrap
            .iter()
            .map(std::ffi::OsStr::new)
            .chain([this.as_os_str()]);
        let mut command = Command::new(words.next().unwrap());
        command
            .args(words)
            .args(["--exact", "as_writer", "--nocapture", "--test-threads=1"]);
        command
            .env(WRITER, directory)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = start(&mut command);
        let acknowledged = Arc::new(AtomicU64::new(0));
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let latest = acknowledged.clone();
        let reader = std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                // The test harness may begin the first line.
                if let Some((_, number)) = line.rsplit_once("durable ") {
                    latest.store(number.parse().unwrap(), Ordering::Release);
                }
            }
        });
        Writer {
            child,
            acknowledged,
            reader,
        }
    }

    fn acknowledged(&self) -> u64 {
        self.acknowledged.load(Ordering::Acquire)
    }

    /// Waits until something was acknowledged after `from`.
    fn wait_past(&mut self, from: u64) {
        while self.acknowledged() <= from {
            if let Some(status) = self.child.try_wait().unwrap() {
                let mut said = String::new();
                let stderr = self.child.stderr.as_mut().unwrap();
                stderr.read_to_string(&mut said).unwrap();
                panic!("the writer ended by itself, {status}: {said}");
            }
            std::thread::yield_now();
        }
    }

    /// Kills it as nobody can refuse, and says what it acknowledged.
    fn kill(mut self) -> u64 {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.reader.join().unwrap();
        self.acknowledged.load(Ordering::Acquire)
    }

    /// Waits for its end, and says what it acknowledged and what it said.
    fn end(self) -> (u64, String) {
        let output = self.child.wait_with_output().unwrap();
        self.reader.join().unwrap();
        assert_eq!(output.status.code(), Some(3), "{output:?}");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        (self.acknowledged.load(Ordering::Acquire), said)
    }
}

fn folder(name: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    if path.exists() {
        std::fs::remove_dir_all(&path).unwrap();
    }
    std::fs::create_dir_all(&path).unwrap();
    path
}

/// Opens what a dead process left; everything up to `acknowledged` is there, and nothing else
/// than what it would have written. Returns the last command.
fn recovered(directory: &Path, acknowledged: u64) -> u64 {
    let _no_forks = FORKS.read().unwrap();
    let directory = Directory::open(directory).unwrap();
    let (mut log, opened) = FileLog::open(directory, OPTIONS).unwrap();
    let mut expected = Commands::new(SEED);
    let tail = log.replay(CommandSequence(1), &mut |entry| {
        assert_eq!(Some(entry), expected.next().map(Entry::Command));
        ControlFlow::Continue(())
    });
    assert_eq!(tail.unwrap(), opened.tail);
    let last = opened.tail.last.0;
    assert!(
        last >= acknowledged,
        "{acknowledged} acknowledged, {last} there"
    );
    last
}

/// How many times; `EXCHANGE_SEEDS` multiplies it.
fn times(count: u64) -> u64 {
    let times = std::env::var("EXCHANGE_SEEDS").ok();
    count * times.and_then(|times| times.parse().ok()).unwrap_or(1)
}

#[test]
fn a_killed_process_loses_nothing_acknowledged() {
    let directory = folder("killed");
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let mut last = 0;
    for _ in 0..times(30) {
        let mut writer = Writer::start(&directory, &[]);
        if random.random_bool(0.8) {
            writer.wait_past(last);
        }
        std::thread::sleep(Duration::from_micros(random.random_range(0..20_000)));
        let acknowledged = writer.kill().max(last);
        last = recovered(&directory, acknowledged);
    }
    println!("{last} commands survived {} kills", times(30));
}

#[test]
fn a_refused_sync_or_write_ends_the_process_and_nothing_unwritten_is_acknowledged() {
    if !system("strace -V") {
        println!("LEFT OUT: strace is not there, so no system call can be refused");
        return;
    }
    for (call, error, expected) in [
        ("fdatasync", "EIO", "could not sync a batch"),
        ("pwrite64", "EIO", "could not"),
        ("pwrite64", "ENOSPC", "no room left"),
        ("fsync", "EIO", "could not sync"),
    ] {
        let directory = folder(&format!("refused-{call}-{error}"));
        let first = {
            let mut writer = Writer::start(&directory, &[]);
            writer.wait_past(300);
            let acknowledged = writer.kill();
            recovered(&directory, acknowledged)
        };
        for when in [1, 4, 9] {
            let trace = format!("trace={call}");
            let inject = format!("inject={call}:error={error}:when={when}");
            let strace = [
                "strace",
                "-f",
                "-qq",
                "-o",
                "/dev/null",
                "-e",
                &trace,
                "-e",
                &inject,
            ];
            let (acknowledged, said) = Writer::start(&directory, &strace).end();
            assert!(said.contains(expected), "{call} {error} {when}: {said}");
            recovered(&directory, acknowledged.max(first));
        }
    }
}

/// Runs a command line of a machine's administrator; whether it went well.
fn system(line: &str) -> bool {
    let run = run(Command::new("sh").args(["-c", line]));
    if !run.status.success() {
        println!("`{line}`: {}", String::from_utf8_lossy(&run.stderr).trim());
    }
    run.status.success()
}

/// File systems in a file on a file system that can clone it: a clone is a power cut, for it
/// has what was flushed and nothing else.
struct Cuttable {
    root: PathBuf,
}

impl Cuttable {
    fn new() -> Option<Cuttable> {
        let root = folder("power");
        let mounts = Cuttable { root };
        let line = "cd {} && truncate -s 6G outer.img && mkfs.xfs -q -m reflink=1 outer.img \
                    && mkdir outer && mount -o loop outer.img outer \
                    && truncate -s 1500M outer/inner.img && mkfs.ext4 -q outer/inner.img \
                    && mkdir inner cut && mount -o loop outer/inner.img inner";
        system(&line.replace("{}", mounts.root.to_str()?)).then_some(mounts)
    }

    /// Cuts the power of the inner file system, so to say, and hands over what is left.
    fn cut(&self, check: impl FnOnce(&Path)) {
        let root = self.root.to_str().unwrap();
        let line = format!(
            "cd {root} && cp --reflink=always outer/inner.img outer/cut.img \
             && mount -o loop outer/cut.img cut"
        );
        assert!(system(&line));
        check(&self.root.join("cut"));
        assert!(system(&format!(
            "umount {root}/cut && rm {root}/outer/cut.img"
        )));
    }
}

impl Drop for Cuttable {
    fn drop(&mut self) {
        for mount in ["cut", "inner", "outer"] {
            let path = self.root.join(mount);
            // What is not mounted cannot be unmounted, and need not.
            run(Command::new("umount").arg(path));
        }
        let _ = std::fs::remove_dir_all(&self.root);
    }
}

#[test]
fn a_power_cut_loses_nothing_acknowledged() {
    let Some(disk) = Cuttable::new() else {
        println!("LEFT OUT: power cuts need root, loop devices, mkfs.xfs and mkfs.ext4");
        return;
    };
    let directory = disk.root.join("inner/data");
    let mut random = ChaCha8Rng::seed_from_u64(2);
    let mut writer = Writer::start(&directory, &[]);
    let mut least = 0;
    for _ in 0..times(20) {
        writer.wait_past(least);
        std::thread::sleep(Duration::from_millis(random.random_range(0..40)));
        // Before the cut: what is acknowledged now must be in it.
        let acknowledged = writer.acknowledged();
        disk.cut(|cut| {
            recovered(&cut.join("data"), acknowledged);
        });
        least = acknowledged;
    }
    let acknowledged = writer.kill();
    recovered(&directory, acknowledged);
    println!("{acknowledged} commands through {} power cuts", times(20));
}

#[test]
fn a_second_process_is_refused() {
    let directory = folder("second");
    let mut writer = Writer::start(&directory, &[]);
    writer.wait_past(0);
    let (_, said) = Writer::start(&directory, &[]).end();
    assert!(said.contains("in use by another process"), "{said}");
    writer.kill();
}
