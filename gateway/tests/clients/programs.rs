//! Programs and packages of others, where `.ci/run prepare` put them, and how they are run.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::process;

/// The file of a scratch folder into which programs write their frames.
pub(crate) const RECORDING: &str = "frames";

/// A folder beside what cargo builds.
pub(crate) fn peers() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("../peers")
}

/// Where the clients and their tests are.
pub(crate) fn source(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// A folder of this run's own.
pub(crate) fn scratch(name: &str) -> PathBuf {
    process::folder(&format!("clients/{name}"))
}

/// The folder of Node's packages, if node and all of these are there; else it is said.
pub(crate) fn node_packages(names: &[&str]) -> Option<PathBuf> {
    let folder = peers().join("node/node_modules");
    let are_there = names.iter().all(|name| folder.join(name).exists());
    if !is_installed("node") || !are_there {
        left_out(&format!("node with {}", names.join(", ")));
        return None;
    }
    Some(folder)
}

/// A program of the Python environment, if it is there; else it is said.
pub(crate) fn python(program: &str) -> Option<PathBuf> {
    let path = peers().join("python/bin").join(program);
    if !path.exists() {
        left_out(&format!("python's {program}"));
        return None;
    }
    Some(path)
}

fn is_installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).exists())
}

fn left_out(what: &str) {
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

/// Copies a folder and all that is in it.
pub(crate) fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
