//! Adapters of the public matching-engine benchmark on one core, beside the floor.
//!
//! ```text
//! foreign FLOWS LIBRARY...     a table: every flow, every library, median of seven
//! foreign pass FLOW WHAT       one pass, for the table: ns of thread time, reports, digest
//! foreign write FOLDER         the second workload, as flows for the two above
//! ```
//!
//! FLOWS is a folder with what the benchmark's generator wrote, `orders_<scenario>_*.bin`; what of a
//! flow is not timed, in messages, comes from `EXCHANGE_BENCH_WARM_UP` (0). WHAT is
//! a library's path, `one-by-one:PATH`, `strict:PATH` (in runs, but ours does not look ahead),
//! `floor` or `floor-without-look-ahead`. Every pass is a
//! process of its own, for libraries keep their state; passes take turns, so that all meet the
//! same neighbours. Run it under `taskset -c 1`. Rounds come from `EXCHANGE_BENCH_ROUNDS` (7).

use std::path::{Path, PathBuf};
use std::process::Command;

use bench::foreign::{Pass, Purpose, read_flow, run_floor, run_library};
use bench::second::Second;
use testkit::workload::FlowShape;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.as_slice() {
        [pass, flow, what, purpose @ ..] if pass == "pass" => {
            let purpose = match purpose {
                [] => Purpose::Time,
                _ => Purpose::Check,
            };
            let pass = one(Path::new(flow), what, purpose);
            println!("{} {} {}", pass.took.as_nanos(), pass.reports, pass.digest);
        }
        [write, folder] if write == "write" => {
            for (shape, name) in [(FlowShape::Steady, "steady"), (FlowShape::Deep, "deep")] {
                let file = Path::new(folder).join(format!("orders_{name}_s42.bin"));
                let written = std::fs::write(&file, Second::new(shape, false).to_file());
                written.unwrap_or_else(|error| panic!("{}: {error}", file.display()));
            }
        }
        [flows, libraries @ ..] => table(Path::new(flows), libraries),
        [] => println!("foreign FLOWS LIBRARY... (the head of bench/src/bin/foreign.rs says more)"),
    }
}

fn one(flow: &Path, what: &str, purpose: Purpose) -> Pass {
    let flow = read_flow(flow);
    match what {
        "floor" => run_floor(&flow, true, warm_up(), purpose),
        "floor-without-look-ahead" => run_floor(&flow, false, warm_up(), purpose),
        _ => {
            let (path, in_runs) = match what.strip_prefix("one-by-one:") {
                Some(path) => (path, false),
                None => (what, true),
            };
            run_library(Path::new(path), &flow, in_runs, warm_up(), purpose)
                .unwrap_or_else(|error| panic!("{path}: {error}"))
        }
    }
}

fn table(flows: &Path, libraries: &[String]) {
    let mut what: Vec<&str> = vec!["floor", "floor-without-look-ahead"];
    what.extend(libraries.iter().map(String::as_str));
    let rounds = std::env::var("EXCHANGE_BENCH_ROUNDS").ok();
    let rounds: usize = rounds.and_then(|it| it.parse().ok()).unwrap_or(7);
    print!("{:<34}", "ns a message, median");
    let flows = flow_files(flows);
    flows.iter().for_each(|(name, _)| print!("{name:>12}"));
    println!("{:>9}{:>8}", "worst", "ratio");
    let figures: Vec<Vec<f64>> = flows
        .iter()
        .map(|(_, flow)| scenario_medians(flow, &what, rounds))
        .collect();
    let worst = |row: usize| figures.iter().map(|of| of[row]).fold(0.0, f64::max);
    for (row, what) in what.iter().enumerate() {
        let name: String = what.chars().rev().take(33).collect();
        let name: String = name.chars().rev().collect();
        print!("{name:<34}");
        figures.iter().for_each(|of| print!("{:>12.1}", of[row]));
        println!("{:>9.1}{:>8.2}", worst(row), worst(row) / worst(0));
    }
}

/// The median of each of `what`, in ns a message.
fn scenario_medians(flow: &Path, what: &[&str], rounds: usize) -> Vec<f64> {
    let expected = child(flow, what[0], true);
    for what in &what[1..] {
        let (_, reports, digest) = child(flow, what, true);
        if (reports, digest) != (expected.1, expected.2) {
            println!("******** {what}: OTHER REPORTS than the floor's on {flow:?} ********");
        }
    }
    let messages = (std::fs::metadata(flow).expect("the flow is there").len() - 16) / 40;
    let messages = messages - warm_up() as u64;
    let mut times = vec![Vec::new(); what.len()];
    for _ in 0..rounds {
        for (what, times) in what.iter().zip(&mut times) {
            times.push(child(flow, what, false).0);
        }
    }
    let median = |times: &mut Vec<u64>| {
        times.sort_unstable();
        times[times.len() / 2] as f64 / messages as f64
    };
    times.iter_mut().map(median).collect()
}

/// One pass in a process of its own: time, reports, digest.
fn child(flow: &Path, what: &str, checks: bool) -> (u64, u64, u64) {
    let program = std::env::current_exe().expect("this program has a path");
    let mut command = Command::new(program);
    let what = match what.strip_prefix("strict:") {
        Some(path) => {
            command.env("EXCHANGE_LOOK_AHEAD", "0");
            path
        }
        None => what,
    };
    command.arg("pass").arg(flow).arg(what);
    if checks {
        command.arg("check");
    }
    let output = command.output().expect("this program starts");
    let said = String::from_utf8_lossy(&output.stdout);
    let numbers: Vec<u64> = said
        .lines()
        .last()
        .unwrap_or_default()
        .split(' ')
        .filter_map(|number| number.parse().ok())
        .collect();
    match numbers[..] {
        [took, reports, digest] => (took, reports, digest),
        _ => panic!("{what}: {}", String::from_utf8_lossy(&output.stderr)),
    }
}

/// The flows in a folder, by name.
fn flow_files(folder: &Path) -> Vec<(String, PathBuf)> {
    let files = std::fs::read_dir(folder).expect("the folder of flows can be read");
    let mut flows: Vec<(String, PathBuf)> = files
        .filter_map(|file| {
            let path = file.ok()?.path();
            let name = path.file_name()?.to_str()?;
            let flow = name.strip_prefix("orders_")?.strip_suffix(".bin")?;
            Some((flow.split('_').next()?.to_owned(), path))
        })
        .collect();
    assert!(!flows.is_empty(), "no orders_*.bin in {}", folder.display());
    flows.sort();
    flows
}

/// How many messages at the beginning are not timed.
fn warm_up() -> usize {
    let messages = std::env::var("EXCHANGE_BENCH_WARM_UP").ok();
    messages.and_then(|it| it.parse().ok()).unwrap_or(0)
}
