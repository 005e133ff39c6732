//! Promise: every input that a fuzzer ever kept still does no harm. `fuzz/seeds/TARGET` holds
//! one file an input; a new finding goes there under the name of what it broke.

use std::path::{Path, PathBuf};

use testkit::saved;

#[path = "../../fuzz/checks/session_input.rs"]
mod session_input;
#[path = "../../fuzz/checks/wire_decode.rs"]
mod wire_decode;

/// Does with the bytes what the target does.
type Target = fn(&[u8]) -> Result<(), String>;

const TARGETS: &[(&str, Target)] = &[
    ("matcher_ops", saved::matcher_ops),
    ("exchange_asks", saved::exchange_asks),
    ("wire_decode", wire_decode::run),
    ("session_input", session_input::run),
];

fn seeds() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/seeds")
}

fn inputs(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = seeds().join(target);
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|what| panic!("{folder:?}: {what}"));
    let paths = entries.map(|entry| entry.expect("an entry can be read").path());
    let mut inputs: Vec<_> = paths
        .map(|path| {
            let bytes = std::fs::read(&path).unwrap_or_else(|what| panic!("{path:?}: {what}"));
            (path, bytes)
        })
        .collect();
    inputs.sort();
    inputs
}

#[test]
fn saved_inputs_do_no_harm() {
    let mut failures = Vec::new();
    for (target, run) in TARGETS {
        let inputs = inputs(target);
        assert!(!inputs.is_empty(), "{target} has no saved input");
        for (path, bytes) in inputs {
            if let Err(what) = run(&bytes) {
                failures.push(format!("{}: {what}", path.display()));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

#[test]
fn every_target_has_saved_inputs_and_every_folder_a_target() {
    let entries = std::fs::read_dir(seeds()).expect("the folder is there");
    let names = entries.map(|entry| entry.expect("an entry can be read").file_name());
    let mut folders: Vec<_> = names
        .map(|name| name.to_string_lossy().into_owned())
        .collect();
    folders.sort();
    let mut targets: Vec<_> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    targets.sort();
    assert_eq!(folders, targets);
}
