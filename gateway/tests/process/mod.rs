//! The gateway as a process of its own: how a test starts it, hears what it prints, and ends it.

#![allow(dead_code)] // no test needs all of it

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// How long it may take to end by itself.
const PATIENCE: Duration = Duration::from_secs(20);

/// The gateway that is run: that of this build, or the one that the variable names.
pub(crate) fn program() -> PathBuf {
    let named = std::env::var_os("EXCHANGE_GATEWAY");
    named.map_or_else(|| env!("CARGO_BIN_EXE_gateway").into(), PathBuf::from)
}

/// The gateway, to be run with these arguments.
pub(crate) fn gateway(arguments: &[&str]) -> Command {
    let mut command = Command::new(program());
    command.args(arguments);
    command
}

/// A token of a user.
pub(crate) fn token(config: &Path, user: &str) -> String {
    let mut command = gateway(&["token", "--user", user, "--ttl", "1d", "--config"]);
    let output = command.arg(config).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// A folder of this run's own, empty: what an earlier version left may belong to other pairs.
pub(crate) fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder).unwrap();
    }
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// Sends a signal, like `STOP`.
pub(crate) fn signal(id: u32, name: &str) {
    let mut kill = Command::new("kill");
    kill.args([&format!("-{name}"), &id.to_string()]);
    assert!(kill.status().unwrap().success(), "{name}");
}

/// The word that follows `mark`.
pub(crate) fn word_after<'a>(text: &'a str, mark: &str) -> &'a str {
    let (_, rest) = text
        .split_once(mark)
        .unwrap_or_else(|| panic!("no {mark:?} in {text}"));
    rest.split_whitespace().next().unwrap()
}

/// A gateway that dies without notice when it is dropped.
pub(crate) struct Process {
    child: Child,
    /// Kept: who prints into a closed pipe is ended.
    out: BufReader<ChildStdout>,
}

impl Process {
    /// Starts one; what it logs goes to this file.
    pub(crate) fn spawn(config: &Path, log: &Path) -> Process {
        Process::run(gateway(&["serve", "--config"]).arg(config), log)
    }

    /// A gateway as `command` says; what it logs goes to this file.
    pub(crate) fn run(command: &mut Command, log: &Path) -> Process {
        let log = fs::File::create(log).unwrap();
        command.stdout(Stdio::piped()).stderr(log);
        let mut child = command.spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        Process { child, out }
    }

    /// As kill -9 does.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Asks it to stop in good order.
    pub(crate) fn terminate(&self) {
        signal(self.id(), "TERM");
    }

    /// Waits for its end.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(begun.elapsed() < PATIENCE, "it does not end");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Waits until it serves, and says where.
    pub(crate) fn listening(&mut self) -> String {
        self.says("listening on ws://")
    }

    /// The next line that it prints, behind how that begins.
    pub(crate) fn says(&mut self, begin: &str) -> String {
        let mut line = String::new();
        self.out.read_line(&mut line).unwrap();
        let said = line.trim().strip_prefix(begin);
        said.unwrap_or_else(|| panic!("the gateway does not start: {line:?}"))
            .to_owned()
    }

    /// All that it prints up to the line that has `mark`.
    pub(crate) fn says_until(&mut self, mark: &str) -> String {
        let mut said = String::new();
        while !said.contains(mark) {
            let read = self.out.read_line(&mut said).unwrap();
            assert!(read > 0, "it ended early: {said}");
        }
        said
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may be dead already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
