//! Promise: no input to a JSON parser, however hostile, is more than a refused message.
//!
//! The inputs are those of JSONTestSuite, found under `EXCHANGE_DATA`; without that variable the
//! test says that it was left out.

#![allow(
    clippy::unwrap_used,
    reason = "a test may stop at what it did not expect"
)]

use std::path::PathBuf;
use std::process::Command;

use gateway::wire::{ClientMessage, ErrorCode, MAX_MESSAGE_BYTES, Reason, WireError, decode};

#[test]
fn json_test_suite_is_refused_or_read() {
    let Some(files) = files() else { return };
    let (mut refused, mut accepted, mut either) = (0, 0, 0);
    let mut wrong = Vec::new();
    for (name, bytes) in &files {
        let result = decode(&mut bytes.clone());
        let embedded = decode(&mut embed(bytes));
        let is_malformed = |error: &WireError| {
            let reason = error.refusal.reason;
            reason == Reason::MalformedJson
                || reason == Reason::NestedTooDeeply
                || reason == Reason::MessageTooLarge
        };
        let right = match name.as_bytes()[0] {
            b'n' => {
                refused += 1;
                result.as_ref().is_err_and(is_malformed)
            }
            b'y' => {
                accepted += 1;
                let read = result.as_ref().is_err_and(|error| !is_malformed(error));
                let ignored = embedded.is_ok_and(|e| e.message == ClientMessage::Ping);
                read && ignored
            }
            _ => {
                either += 1;
                result.is_err()
            }
        };
        let code_is_right = result
            .as_ref()
            .is_err_and(|error| error.refusal.reason.code() == ErrorCode::InvalidMessage);
        if !right || !code_is_right {
            wrong.push(format!("{name}: {result:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(
        (refused, accepted, either),
        (188, 95, 35),
        "files of the suite"
    );
}

/// The input as the value of a field that nobody reads.
fn embed(bytes: &[u8]) -> Vec<u8> {
    let mut message = br#"{"type":"ping","x":"#.to_vec();
    message.extend_from_slice(bytes);
    message.push(b'}');
    message.truncate(MAX_MESSAGE_BYTES + 1);
    message
}

/// The `n_`, `y_` and `i_` files by name, unpacked by the machine's `tar`.
fn files() -> Option<Vec<(String, Vec<u8>)>> {
    let Some(data) = std::env::var_os("EXCHANGE_DATA") else {
        eprintln!("LEFT OUT: json_test_suite needs EXCHANGE_DATA");
        return None;
    };
    let archive = PathBuf::from(data)
        .join("json-hostile")
        .join("JSONTestSuite-test_parsing-test_transform.tar.gz");
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("json-hostile");
    std::fs::create_dir_all(&folder).unwrap();
    let status = Command::new("tar")
        .args([
            "-xzf".as_ref(),
            archive.as_os_str(),
            "-C".as_ref(),
            folder.as_os_str(),
        ])
        .status();
    if !status.as_ref().is_ok_and(|status| status.success()) {
        panic!("tar could not unpack {}: {status:?}", archive.display());
    }
    let mut files = Vec::new();
    collect(&folder, &mut files);
    files.sort();
    Some(files)
}

fn collect(folder: &std::path::Path, files: &mut Vec<(String, Vec<u8>)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            collect(&path, files);
        } else if ["n_", "y_", "i_"]
            .iter()
            .any(|start| name.starts_with(start))
        {
            files.push((name, std::fs::read(&path).unwrap()));
        }
    }
}
