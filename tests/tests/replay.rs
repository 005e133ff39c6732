//! Promise: recorded order flow, sent through the whole exchange, gives what was recorded beside
//! it: NASDAQ's published books and executions, and the answers on which three independent
//! engines agree.

// A test may stop at what it did not expect.
#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};

use engine::domain::{Quantity, Side};
use gateway::cli::replay::bench::{self, Action, Flow, Record};
use gateway::cli::replay::lobster;
use gateway::cli::replay::{self, Format, ReplayArgs};
use serde::Deserialize;

/// The folder of recorded inputs, or a loud word that the test is left out.
fn data(test: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("EXCHANGE_DATA").map(PathBuf::from);
    if folder.is_none() {
        eprintln!("\n*** LEFT OUT: {test}: EXCHANGE_DATA names no folder of recorded inputs ***\n");
    }
    folder
}

fn nasdaq(data: &Path) -> (String, String) {
    let read = |kind| {
        let name = format!("AAPL_2012-06-21_34200000_57600000_{kind}_10.csv");
        std::fs::read_to_string(data.join("lobster-aapl").join(name)).unwrap()
    };
    (read("message"), read("orderbook"))
}

#[test]
fn nasdaq_messages_give_the_published_books() {
    let Some(data) = data("NASDAQ messages against published books") else {
        return;
    };
    let (messages, books) = nasdaq(&data);
    let outcome = lobster::run(&messages, Some(&books)).unwrap();
    println!("{outcome}");
    assert_eq!(outcome.messages, 999);
    assert_eq!(outcome.rows_compared, 998);
    assert_eq!(outcome.rows_equal[..9], [998; 9]);
    assert_eq!(
        outcome.rows_equal[9], 984,
        "1.4% of the rows differ at level ten"
    );
    assert_eq!((outcome.executions, outcome.misses), (94, 0));
    assert!(outcome.is_equal());
}

#[test]
fn a_wrong_row_is_found_and_named() {
    let Some(data) = data("a falsified published book") else {
        return;
    };
    let (messages, books) = nasdaq(&data);
    let mut rows: Vec<String> = books.lines().map(str::to_owned).collect();
    let mut fields: Vec<String> = rows[500].split(',').map(str::to_owned).collect();
    // The size at the third bid.
    let size: u64 = fields[11].parse().unwrap();
    fields[11] = (size + 7).to_string();
    rows[500] = fields.join(",");
    let outcome = lobster::run(&messages, Some(&rows.join("\n"))).unwrap();
    assert!(!outcome.is_equal());
    let sure = |difference: &&lobster::Difference| difference.level < 10;
    let first = outcome.differences.iter().find(sure).unwrap();
    assert_eq!((first.row, first.level, first.side), (500, 3, Side::Buy));
    let shown = first.to_string();
    assert!(shown.contains("row 500, level 3, bid"), "{shown}");
    assert!(
        shown.contains(&format!("published {}", size + 7)),
        "{shown}"
    );
    assert!(shown.contains(&format!("ours {size}")), "{shown}");
}

/// A file of this test alone, taken away with the value.
struct Temporary(PathBuf);

impl Temporary {
    fn new(name: &str, bytes: impl AsRef<[u8]>) -> Temporary {
        let name = format!("replay-{}-{name}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, bytes).unwrap();
        Temporary(path)
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // What cannot be taken away stays in the temporary folder.
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Runs `gateway replay` with these files and gives whether it would exit with 0, and its output.
fn command(args: &ReplayArgs) -> (bool, String) {
    let mut out = Vec::new();
    let is_equal = replay::run(args, &mut out).unwrap();
    (is_equal, String::from_utf8(out).unwrap())
}

#[test]
fn the_command_compares_a_recording() {
    let messages = "34200.1,1,11,18,5853300,1\n34200.2,1,12,20,5853400,-1\n34200.3,4,12,5,5853400,-1\n\
                    34200.4,5,0,5,5853350,1\n34200.5,2,12,5,5853400,-1\n34200.6,3,11,18,5853300,1";
    // The levels beyond the first are not there.
    let row = |ask: u32, bid: u32| {
        let first = format!("5853400,{ask},5853300,{bid}");
        let first = first.replace("5853300,0", "-9999999999,0");
        first + &",9999999999,0,-9999999999,0".repeat(9)
    };
    let right = [
        row(0, 18),
        row(20, 18),
        row(15, 18),
        row(15, 18),
        row(10, 18),
        row(10, 0),
    ];
    let mut wrong = right.clone();
    wrong[2] = row(14, 18);
    let messages = Temporary::new("messages", messages);
    for (books, is_right) in [(right, true), (wrong, false)] {
        let books = Temporary::new("books", books.join("\n"));
        let (is_equal, output) = command(&ReplayArgs {
            format: Format::Lobster,
            file: messages.0.clone(),
            check: Some(books.0.clone()),
            reports: None,
        });
        assert_eq!(is_equal, is_right, "{output}");
        assert!(output.contains("order named: 1 of 1"), "{output}");
        let verdict = "WRONG row 2, level 1, ask: published 14 at 585.34, ours 15 at 585.34";
        assert_eq!(output.contains(verdict), !is_right, "{output}");
    }
}

#[test]
fn the_command_writes_the_reports_of_a_flow() {
    let flow = Temporary::new("flow", small_flow());
    let reports = Temporary::new("reports", "");
    let (is_equal, output) = command(&ReplayArgs {
        format: Format::Bench,
        file: flow.0.clone(),
        check: None,
        reports: Some(reports.0.clone()),
    });
    assert!(is_equal && output.contains("3 commands in"), "{output}");
    let written = std::fs::read_to_string(&reports.0).unwrap();
    assert_eq!(written, SMALL_FLOW_REPORTS);
}

#[test]
fn benchmark_flows_are_answered_byte_for_byte() {
    let Some(data) = data("benchmark order flows") else {
        return;
    };
    for name in ["static", "normal", "swing-25", "swing-40", "flash-crash"] {
        let folder = data.join("order-flow");
        let records = bench::read(&std::fs::read(folder.join(format!("{name}.bin"))).unwrap());
        let outcome = bench::run(&records.unwrap()).unwrap();
        let expected = folder.join(format!("{name}.expected.txt"));
        same(
            name,
            &outcome.reports,
            &std::fs::read_to_string(expected).unwrap(),
        );
        println!("{name}: {}", outcome.throughput);
    }
}

#[derive(Deserialize)]
struct Case {
    name: String,
    commands: Vec<Command>,
    reports: Vec<String>,
}

#[derive(Deserialize)]
struct Command {
    op: String,
    order: u64,
    side: Option<String>,
    #[serde(default)]
    ioc: bool,
    quantity: Option<u64>,
    price: Option<u32>,
}

impl Command {
    fn record(&self, sequence: usize) -> Record {
        let side = match self.side.as_deref() {
            Some("buy") | None => Side::Buy,
            Some("sell") => Side::Sell,
            Some(other) => panic!("no side: {other}"),
        };
        let quantity = self.quantity.map(|lots| Quantity::new(lots).unwrap());
        let action = match self.op.as_str() {
            "new" => Action::New {
                side,
                immediate_or_cancel: self.ioc,
                price: self.price.unwrap(),
                quantity: quantity.unwrap(),
            },
            "cancel" => Action::Cancel,
            "replace" => Action::Replace {
                price: self.price.unwrap(),
                quantity: quantity.unwrap(),
            },
            other => panic!("no operation: {other}"),
        };
        Record {
            sequence: u64::try_from(sequence).unwrap(),
            id: self.order,
            action,
        }
    }
}

#[test]
fn conformance_cases_are_answered_as_three_engines_agree() {
    let Some(data) = data("34 conformance cases") else {
        return;
    };
    let text = std::fs::read_to_string(data.join("order-flow/conformance.json")).unwrap();
    let cases: Vec<Case> = serde_json::from_str(&text).unwrap();
    assert_eq!(cases.len(), 34);
    for case in cases {
        let records = case.commands.iter().enumerate();
        let records: Vec<Record> = records.map(|(at, command)| command.record(at)).collect();
        let outcome = bench::run(&records).unwrap();
        let mut flow = Flow::new(&records).unwrap();
        // A full walk takes as long as the book is deep: one case has 5,000 orders.
        let every = 1 + records.len() / 256;
        for (at, record) in records.iter().enumerate() {
            flow.apply(record).unwrap();
            if at % every != 0 {
                continue;
            }
            // Money, holds, indexes, and the public book against the matcher's.
            flow.verify()
                .unwrap_or_else(|error| panic!("{}, {record:?}: {error}", case.name));
        }
        same(&case.name, &outcome.reports, &case.reports.join("\n"));
    }
}

/// Fails with the first line that differs.
fn same(name: &str, ours: &str, expected: &str) {
    let mut lines = ours.lines().zip(expected.lines()).enumerate();
    if let Some((at, (ours, expected))) = lines.find(|(_, (ours, expected))| ours != expected) {
        panic!(
            "{name}, line {}: ours `{ours}`, expected `{expected}`",
            at + 1
        );
    }
    assert_eq!(
        ours.len(),
        expected.len(),
        "{name}: one ends before the other"
    );
}

/// A flow of three messages, written by hand.
fn small_flow() -> Vec<u8> {
    let mut bytes = Vec::new();
    bytes.extend(0x4d45_4257_5f30_3031_u64.to_le_bytes());
    bytes.extend(1_u32.to_le_bytes());
    bytes.extend(3_u32.to_le_bytes());
    for (kind, side, ioc, quantity, sequence, id, price) in [
        (0, 1, 0, 5_u32, 0_u64, 7_u64, 100_i64),
        (0, 0, 1, 8, 1, 8, 101),
        (1, 1, 0, 0, 2, 7, 0),
    ] {
        bytes.extend([kind, side, ioc, 0]);
        bytes.extend(quantity.to_le_bytes());
        bytes.extend(sequence.to_le_bytes());
        bytes.extend(id.to_le_bytes());
        bytes.extend(price.to_le_bytes());
        bytes.extend([0; 8]);
    }
    bytes
}

const SMALL_FLOW_REPORTS: &str = "0,0,1,7,100,5\n0,1,0,8,101,8\n1,1,100,5,7,8\n2,1,0,8,101\n4,2,7";

#[test]
fn a_small_flow_is_answered() {
    let outcome = bench::run(&bench::read(&small_flow()).unwrap()).unwrap();
    assert_eq!(outcome.reports, SMALL_FLOW_REPORTS);
    assert_eq!(outcome.lines, [2, 1, 1, 0, 1, 0]);
}

#[test]
fn what_is_no_flow_is_refused() {
    let good = small_flow();
    let change = |at: usize, byte: u8| {
        let mut bytes = good.clone();
        bytes[at] = byte;
        bytes
    };
    for (what, bytes) in [
        ("nothing", Vec::new()),
        ("a short header", good[..15].to_vec()),
        ("half a record", good[..good.len() - 1].to_vec()),
        ("a record too few", good[..good.len() - 40].to_vec()),
        ("another magic number", change(0, 0)),
        ("another version", change(8, 2)),
        ("an unknown type", change(16, 3)),
        ("an unknown side", change(17, 2)),
        ("a quantity of zero", change(20, 0)),
        ("a price of zero", change(40, 0)),
        ("a negative price", change(47, 0x80)),
    ] {
        assert!(bench::read(&bytes).is_err(), "{what} was taken");
    }
}

#[test]
fn what_is_no_recording_is_refused() {
    let message = "34200.004241176,1,16113575,18,5853300,1";
    assert!(lobster::run(message, None).is_ok());
    for bad in [
        "",
        "34200,1,1,18,5853300",
        "x,1,1,18,5853300,1",
        "34200,9,1,18,5853300,1",
        "34200,1,-1,18,5853300,1",
        "34200,1,1,-18,5853300,1",
        "34200,1,1,18,5853350,1",
        "34200,1,1,18,0,1",
        "34200,1,1,18,5853300,0",
        "99999999999999999999,1,1,18,5853300,1",
    ] {
        assert!(lobster::run(bad, None).is_err(), "{bad:?} was taken");
    }
    assert!(lobster::run(message, Some("1,2,3")).is_err());
    assert!(lobster::run(message, Some("")).is_err());
}
