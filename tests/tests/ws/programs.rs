//! Programs that others wrote, where `.ci/run prepare` put them, and how they are run.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A folder beside what cargo builds.
pub(crate) fn peers() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("../peers")
}

/// A program of the Python environment, if it is there.
pub(crate) fn python(program: &str) -> Option<PathBuf> {
    let path = peers().join("python/bin").join(program);
    path.exists().then_some(path)
}

/// The folder that node finds this package from, if it is there.
pub(crate) fn node(package: &str) -> Option<PathBuf> {
    let folder = peers().join("node");
    folder
        .join("node_modules")
        .join(package)
        .exists()
        .then_some(folder)
}

/// A program on the path, if it is there.
pub(crate) fn installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).exists())
}

/// Says that something was not tested.
pub(crate) fn left_out(what: &str) {
    eprintln!("\n******** LEFT OUT: {what} (.ci/run prepare installs it) ********\n");
}

/// Runs it to its end, which must be a good one, and gives what it printed.
pub(crate) fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let out = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}\n{out}\n{errors}");
    out
}
