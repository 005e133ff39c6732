//! Promise: every input that a fuzzer ever kept still does no harm. `fuzz/seeds/TARGET` holds
//! one file an input; a new finding goes there under the name of what it broke.

use std::path::{Path, PathBuf};

use testkit::saved;

#[path = "../../fuzz/checks/feeds.rs"]
mod feeds;
#[path = "../../fuzz/checks/inflow.rs"]
mod inflow;
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
    ("feeds", feeds::run),
    ("inflow", inflow::run),
    ("journal_log", saved::journal_log),
    ("journal_record", saved::journal_record),
    ("journal_snapshot", saved::journal_snapshot),
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

/// The rig is no rig if nothing happens in it.
#[test]
fn a_day_of_three_clients_says_what_a_day_does() {
    let day = std::fs::read(seeds().join("session_input/a_day")).expect("it is kept");
    let said = session_input::said(&day).expect("it does no harm");
    let said: Vec<_> = said
        .iter()
        .map(|(kind, n)| format!("{n} {kind}\n"))
        .collect();
    expect_test::expect![[r#"
        2 authenticated
        1 connection_stats
        4 error
        1 get_balances
        1 get_instruments
        1 get_orders
        1 get_time
        1 order_amended
        1 order_cancelled
        3 order_placed
        5 order_update
        8 orderbook_update
        1 orders_cancelled
        1 orders_snapshot
        1 pong
        2 portfolio_update
        2 subscribed
        2 trade
        1 trades_snapshot
        1 unsubscribed
    "#]]
    .assert_eq(&said.concat());
}

/// Each message that there is, each type of order, the clock's doings and a lost connection.
#[test]
fn a_day_of_every_type_says_what_that_day_does() {
    let day = std::fs::read(seeds().join("session_input/every_type")).expect("it is kept");
    let said = session_input::said(&day).expect("it does no harm");
    let said: Vec<_> = said
        .iter()
        .map(|(kind, n)| format!("{n} {kind}\n"))
        .collect();
    expect_test::expect![[r#"
        4 authenticated
        2 cancel_all_after
        4 error
        1 get_fills
        1 get_instruments
        1 get_order
        3 get_orders
        1 order_amended
        1 order_cancelled
        11 order_placed
        21 order_update
        5 orderbook_update
        3 orders_snapshot
        3 subscribed
    "#]]
    .assert_eq(&said.concat());
}
