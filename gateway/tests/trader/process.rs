//! The gateway as a process of its own.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use super::user::PATIENCE;

/// The gateway, to be run with these arguments: that of this build, or the one that the variable names.
pub(crate) fn gateway(arguments: &[&str]) -> Command {
    let program = std::env::var_os("EXCHANGE_GATEWAY");
    let program = program.unwrap_or_else(|| env!("CARGO_BIN_EXE_gateway").into());
    let mut command = Command::new(program);
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

/// A gateway that dies without notice when it is dropped.
pub(crate) struct Process {
    child: Child,
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
        let id = self.id().to_string();
        let asked = Command::new("kill").args(["-TERM", &id]).status();
        assert!(asked.unwrap().success());
    }

    /// Waits for its end by itself.
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
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may be dead already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
