//! The Autobahn test suite, run by `kosoku`, against an echo on the gateway's own connections.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::{echo, programs};

/// What the suite has beside its cases of limits (9) and of compression (12, 13).
const BASE_CASES: usize = 247;
/// Cases that may be other than `OK`, and why.
const NOT_OK: &[(&str, &str, &str)] = &[
    // Invalid UTF-8 is found when the message is whole, not at the byte that makes it invalid.
    ("6.4.3", "NON-STRICT", "found at the end of the message"),
    ("6.4.4", "NON-STRICT", "found at the end of the message"),
    // What the suite only reports.
    (
        "7.1.6",
        "INFORMATIONAL",
        "a close behind a message of 256 KiB",
    ),
    (
        "7.13.1",
        "INFORMATIONAL",
        "a close code beyond those that are registered",
    ),
    (
        "7.13.2",
        "INFORMATIONAL",
        "a close code beyond those that are registered",
    ),
];

/// In seconds: the others take minutes, and are run by hand (`docs/testing.md`).
#[test]
fn the_base_cases_pass() {
    let Some(kosoku) = programs::python("kosoku") else {
        return programs::left_out("the conformance suite, kosoku");
    };
    let reports = Path::new(env!("CARGO_TARGET_TMPDIR")).join("autobahn");
    let _ = std::fs::remove_dir_all(&reports);
    let address = echo::start().to_string();
    programs::run(
        Command::new(kosoku)
            .args(["-m", "fuzzingclient", "-p", "4"])
            .args(["-x", "9.*", "-x", "12.*", "-x", "13.*"])
            .arg("-o")
            .arg(&reports)
            .arg(address),
    );
    let results = read(&reports);
    assert_eq!(results.len(), BASE_CASES);
    let unexpected: Vec<_> = results
        .iter()
        .filter(|(case, result)| {
            let known = NOT_OK.iter().find(|(name, ..)| name == case);
            **result != "OK" && known.map(|(_, result, _)| *result) != Some(&**result)
        })
        .collect();
    assert!(unexpected.is_empty(), "{unexpected:?}");
}

/// How each case went.
fn read(reports: &Path) -> BTreeMap<String, String> {
    let index = std::fs::read(reports.join("index.json")).unwrap();
    let index: Value = serde_json::from_slice(&index).unwrap();
    let agents = index.as_object().unwrap();
    let cases = agents.values().flat_map(|cases| cases.as_object().unwrap());
    cases
        .map(|(case, result)| {
            let (how, close) = (&result["behavior"], &result["behaviorClose"]);
            let how = match how.as_str().unwrap() {
                "OK" => close.as_str().unwrap(),
                other => other,
            };
            (case.clone(), how.to_owned())
        })
        .collect()
}
