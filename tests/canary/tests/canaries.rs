//! Promise: a fault in what matters most turns a test red, the very test that watches for it.
//!
//! The tests under proof are those of `tests`, from the same files, built here once over an engine
//! with the feature `canary`. Each is run without a fault, and passes; and with its fault, and
//! fails in the words that name what went wrong.
#![allow(clippy::unwrap_used)] // a failed unwrap fails the test

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// The variable of `engine/src/canary.rs` that names the fault of a process.
const VARIABLE: &str = "EXCHANGE_CANARY";

/// A fault, the test that must see it, and what that test then says: one of these.
struct Canary {
    fault: &'static str,
    binary: &'static str,
    test: &'static str,
    says: &'static [&'static str],
}

const CANARIES: [Canary; 4] = [
    Canary {
        fault: "sync-skipped",
        binary: "broken_journal_disk",
        test: "power_cuts_at_random_lose_nothing_acknowledged",
        // Whether the first seed that meets it lost its end or a part before depends on what the
        // histories hold.
        says: &[" acknowledged, ", ": Some(Corrupt("],
    },
    Canary {
        fault: "answered-early",
        binary: "broken_runtime",
        test: "nothing_is_said_of_a_command_before_it_is_durable",
        says: &["assertion `left == right` failed"],
    },
    Canary {
        fault: "hold-kept",
        binary: "broken_exchange_model",
        test: "a_long_flow_equals_the_model_and_meets_every_answer",
        says: &["held, its orders hold"],
    },
    Canary {
        fault: "frame-unchecked",
        binary: "broken_journal_disk",
        test: "every_flipped_bit_is_found_out",
        says: &["nobody saw it"],
    },
];

#[test]
fn each_fault_turns_its_test_red() {
    let binaries = build();
    for canary in &CANARIES {
        let Canary {
            fault, test, says, ..
        } = canary;
        let binary = &binaries[canary.binary];
        let sound = run(binary, test, None);
        assert!(
            sound.status.success(),
            "{test} fails without a fault: {}",
            text(&sound)
        );
        // A name that no test has would pass, and prove nothing.
        assert!(
            text(&sound).contains("1 passed"),
            "{test}: {}",
            text(&sound)
        );
        let broken = run(binary, test, Some(fault));
        let said = text(&broken);
        assert_eq!(
            broken.status.code(),
            Some(101),
            "{test} does not notice {fault}: {said}"
        );
        assert!(
            says.iter().any(|words| said.contains(words)),
            "{test} fails of {fault}, but for another reason: {said}"
        );
        println!("{fault}: {test} is red");
    }
}

#[test]
fn a_fault_that_does_not_exist_is_no_proof() {
    let binaries = build();
    let test = "nothing_is_said_of_a_command_before_it_is_durable";
    let refused = run(&binaries["broken_runtime"], test, Some("no-such-fault"));
    assert!(
        text(&refused).contains("no fault is called"),
        "{}",
        text(&refused)
    );
}

/// No optimised build takes a fault, and no other package asks for one.
#[test]
fn faults_stay_in_tests() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let compile = |options: &[&str]| {
        let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
        let mut command = Command::new(rustc);
        command.args([
            "--edition",
            "2024",
            "--crate-type",
            "lib",
            "--emit",
            "metadata",
        ]);
        command.args(options).arg(root.join("engine/src/canary.rs"));
        command.arg("--out-dir").arg(env!("CARGO_TARGET_TMPDIR"));
        command.output().unwrap()
    };
    let with_faults = "feature=\"canary\"";
    let optimised = compile(&["-C", "opt-level=3", "--cfg", with_faults]);
    assert!(!optimised.status.success());
    assert!(
        text(&optimised).contains("breaks the exchange on purpose"),
        "{}",
        text(&optimised)
    );
    assert!(compile(&["--cfg", with_faults]).status.success());
    assert!(compile(&["-C", "opt-level=3"]).status.success());
    for package in ["engine", "gateway", "bench", "tests", "fuzz"] {
        let manifest = std::fs::read_to_string(root.join(package).join("Cargo.toml")).unwrap();
        let asks = manifest
            .lines()
            .filter(|line| line.contains("canary") && !line.starts_with('#'));
        let expected: &[&str] = if package == "engine" {
            &["canary = []"]
        } else {
            &[]
        };
        assert_eq!(asks.collect::<Vec<_>>(), expected, "{package}");
    }
}

/// Builds the tests over a breakable engine, and says where each is.
fn build() -> BTreeMap<String, PathBuf> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let mut command = Command::new(cargo);
    command.args([
        "test",
        "--no-run",
        "--locked",
        "-p",
        "canary",
        "--features",
        "broken",
    ]);
    command.arg("--message-format=json-render-diagnostics");
    let names = CANARIES.map(|canary| canary.binary);
    names.iter().for_each(|name| {
        command.args(["--test", name]);
    });
    command.current_dir(env!("CARGO_MANIFEST_DIR"));
    let built = command.output().unwrap();
    assert!(built.status.success(), "{}", text(&built));
    let lines = String::from_utf8(built.stdout).unwrap();
    let messages = lines
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let binary = |message: Value| {
        let name = message["target"]["name"].as_str()?.to_owned();
        Some((name, PathBuf::from(message["executable"].as_str()?)))
    };
    messages.filter_map(binary).collect()
}

fn run(binary: &PathBuf, test: &str, fault: Option<&str>) -> Output {
    let mut command = Command::new(binary);
    command
        .args(["--exact", test, "--nocapture"])
        .env_remove(VARIABLE)
        .env("RUST_BACKTRACE", "0");
    if let Some(fault) = fault {
        command.env(VARIABLE, fault);
    }
    command.output().unwrap()
}

/// All that a process said.
fn text(output: &Output) -> String {
    let both = [&output.stdout, &output.stderr];
    both.map(|it| String::from_utf8_lossy(it)).join("\n")
}
