//! Promise: fifty worked cases that others wrote for their matching engines come out the same
//! here. They are read from the folder of recorded inputs; what our rules do otherwise is named.

#![allow(
    clippy::unwrap_used,
    reason = "a file that cannot be read stops its test"
)]

mod brokers;
mod clients;
mod market;
mod reader;

use std::path::{Path, PathBuf};

use reader::Case;

fn data() -> Option<PathBuf> {
    let folder = std::env::var_os("EXCHANGE_DATA").map(PathBuf::from);
    if folder.is_none() {
        println!("******** LEFT OUT: EXCHANGE_DATA does not name the recorded inputs ********");
    }
    folder.map(|folder| folder.join("gherkin"))
}

fn cases(folder: &Path) -> Vec<Case> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let texts = files
        .iter()
        .map(|file| std::fs::read_to_string(file).unwrap());
    texts.flat_map(|text| reader::read(&text)).collect()
}

#[test]
fn forty_five_cases_of_brokers() {
    let Some(folder) = data() else { return };
    let cases = cases(&folder.join("MultiBitExchange"));
    assert_eq!(cases.len(), 45);
    let fails = |case: &Case| {
        brokers::run(case)
            .err()
            .map(|it| format!("{}: {it}", case.name))
    };
    let failures: Vec<String> = cases.iter().filter_map(fails).collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

// L-5, L-6, L-12
#[test]
fn five_cases_of_clients_with_balances() {
    let Some(folder) = data() else { return };
    let cases = cases(&folder.join("exchange-core"));
    assert_eq!(cases.len(), 5);
    let mut left_out = Vec::new();
    let mut failures = Vec::new();
    for case in &cases {
        match clients::run(case) {
            Ok(rest) => left_out.extend(rest),
            Err(what) => failures.push(format!("{}: {what}", case.name)),
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert_eq!(left_out.len(), clients::DIFFERENT.len());
    for line in left_out {
        println!("******** LEFT OUT IN PART: {line} ********");
    }
}
