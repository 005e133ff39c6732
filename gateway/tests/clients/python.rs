//! The Python package.

use std::path::PathBuf;
use std::process::Command;

use testkit::contract::{Recorded, recorded};

use super::process::program;
use super::programs::{RECORDING, python, run, scratch, source};

/// The interpreter with the package and the recorder on its path, which knows where the gateway is;
/// and the recording of what clients send and receive after `import frames`.
pub(crate) fn interpreter(name: &str) -> Option<(Command, PathBuf)> {
    let interpreter = python("python3")?;
    // What the package goes on.
    python("websockets")?;
    let folder = scratch(name);
    let recording = folder.join(RECORDING);
    let path = [source("clients/python/src"), source("tests/recorder")];
    let mut command = Command::new(interpreter);
    command
        .current_dir(source("tests/clients/python"))
        .env("PYTHONPATH", std::env::join_paths(path).unwrap())
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("GATEWAY", program())
        .env("CONFIG", source("tests/clients/exchange.toml"))
        .env("FRAMES", &recording)
        .env("SCRATCH", folder);
    Some((command, recording))
}

/// Runs a file of tests; `least` is how many frames there are, where it has connections.
fn test(file: &str, least: Option<Recorded>) {
    let Some((mut command, recording)) = interpreter(file) else {
        return;
    };
    // A coroutine that nobody awaits is a mistake.
    run(command.args(["-W", "error::RuntimeWarning", "-m", "unittest", file]));
    if let Some(least) = least {
        recorded(&recording, least);
    }
}

#[test]
fn parts() {
    test("test_parts", None);
}

#[test]
fn sessions() {
    let least = Recorded {
        sent: 90,
        received: 130,
        bad: 1,
    };
    test("test_sessions", Some(least));
}

#[test]
fn folded_views_over_cuts_and_crashes() {
    let least = Recorded {
        sent: 200,
        received: 300,
        bad: 0,
    };
    test("test_property", Some(least));
}

/// `mypy --strict`; whoever installs the package is told its types.
#[test]
fn types() {
    let package = source("clients/python");
    assert!(package.join("src/nexvestxr/py.typed").exists());
    let Some(mypy) = python("mypy") else {
        return;
    };
    let mut command = Command::new(mypy);
    command
        .current_dir(&package)
        .args(["--config-file", "pyproject.toml", "--cache-dir"])
        .arg(scratch("mypy"))
        .arg("src");
    run(&mut command);
}
