//! The Python package.

use std::process::Command;

use super::programs::{python, run, scratch, source};

/// The interpreter with the package on its path, which knows where the gateway is.
pub(crate) fn interpreter(name: &str) -> Option<Command> {
    let interpreter = python("python3")?;
    // What the package goes on.
    python("websockets")?;
    let mut command = Command::new(interpreter);
    command
        .current_dir(source("tests/clients/python"))
        .env("PYTHONPATH", source("clients/python/src"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("GATEWAY", env!("CARGO_BIN_EXE_gateway"))
        .env("CONFIG", source("tests/clients/exchange.toml"))
        .env("SCRATCH", scratch(name));
    Some(command)
}

fn test(file: &str) {
    let Some(mut command) = interpreter(file) else {
        return;
    };
    // A coroutine that nobody awaits is a mistake.
    run(command.args(["-W", "error::RuntimeWarning", "-m", "unittest", file]));
}

#[test]
fn parts() {
    test("test_parts");
}

#[test]
fn sessions() {
    test("test_sessions");
}

#[test]
fn folded_views_over_cuts_and_crashes() {
    test("test_property");
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
