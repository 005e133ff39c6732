//! Who may know whom, and what a pure room may not contain (`docs/architecture.md`).

use super::check;
use super::source::{File, files, find_word, is_word, place};

/// Rooms without thread, clock, socket, file, randomness, async or float.
const PURE: &[&str] = &[
    "engine/src/",
    "gateway/src/instrument.rs",
    "gateway/src/wire",
    "gateway/src/session",
    "gateway/src/market_data",
    "gateway/src/private_data",
    "gateway/src/alerts",
    "gateway/src/arbitrage",
];

/// Inside those, the rooms whose business is threads and files. Floats, clocks, randomness and
/// async stay out of them too.
/// A build with faults on purpose asks its environment which; no other has that code.
const MACHINERY: &[&str] = &[
    "engine/src/runtime",
    "engine/src/journal",
    "engine/src/canary.rs",
];

const NOT_IN_PURE_ROOMS: &[&str] = &[
    "thread",
    "thread_local",
    "Mutex",
    "RwLock",
    "Condvar",
    "Once",
    "fs",
    "env",
    "process",
    "File",
    "TcpStream",
    "TcpListener",
    "UdpSocket",
    "ToSocketAddrs",
    "println",
    "eprintln",
    "print",
    "eprint",
];

const NOT_IN_PURE_ROOMS_NOR_MACHINERY: &[&str] = &[
    "f32",
    "f64",
    "Instant",
    "SystemTime",
    "UNIX_EPOCH",
    "tokio",
    "async",
    "await",
    "rand",
    "rand_chacha",
    "getrandom",
    "RandomState",
];

/// Reading a clock. Only a file named `clock.rs` does, one in a crate.
const CLOCKS: &[&str] = &["Instant::now", "SystemTime::now", "UNIX_EPOCH", "Utc::now"];

/// Where tokio may be named: the rim, what starts it, and what drives it from the command line.
const TOKIO: &[&str] = &[
    "gateway/src/server",
    "gateway/src/main.rs",
    "gateway/src/cli",
];

/// The contract: commands, events and what they are made of, and which faults a build may have on
/// purpose. Every room of the engine knows it.
const CONTRACT: &[&str] = &[
    "domain", "command", "event", "reject", "report", "request", "sink", "canary",
];

/// What each room of the engine knows of its own crate beside the contract and itself.
const ENGINE: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("command", &[]),
    ("event", &[]),
    ("reject", &[]),
    ("report", &[]),
    ("request", &[]),
    ("sink", &[]),
    ("canary", &[]),
    ("book", &[]),
    ("matching", &["book"]),
    ("clearing", &[]),
    ("exchange", &["book", "matching", "clearing"]),
    // A snapshot holds what clearing keeps, as plain data.
    ("journal", &["clearing", "exchange"]),
    (
        "runtime",
        &["book", "matching", "clearing", "exchange", "journal"],
    ),
];

/// What each pure room of the gateway knows of its own crate. Any other room may know them all
/// but `server`.
const GATEWAY: &[(&str, &[&str])] = &[
    ("instrument", &[]),
    ("wire", &["instrument"]),
    ("deflate", &[]),
    ("session", &["instrument", "wire", "deflate"]),
    ("market_data", &["instrument", "wire", "deflate"]),
    ("private_data", &["instrument", "wire"]),
    ("alerts", &[]),
    ("arbitrage", &[]),
];

/// Who may know `server` and `cli`: nobody but what starts them.
const STARTERS: &[&str] = &["main", "lib", "cli", "server"];

#[test]
fn pure_rooms_hold_no_machine() {
    let mut violations = Vec::new();
    for file in files().iter().filter(|file| file.is_rust_under(PURE)) {
        let code = file.shipped_code();
        let is_machinery = MACHINERY.iter().any(|room| file.path.starts_with(room));
        let is_clock = file.path.ends_with("/clock.rs");
        let mut words = Vec::new();
        if !is_machinery {
            words.extend(NOT_IN_PURE_ROOMS);
        }
        if !is_clock {
            words.extend(NOT_IN_PURE_ROOMS_NOR_MACHINERY);
        }
        for word in words {
            for at in find_word(&code, word) {
                violations.push(format!("{}: `{word}`", place(&file.path, &code, at)));
            }
        }
        for at in float_literals(&code) {
            violations.push(format!("{}: a float", place(&file.path, &code, at)));
        }
    }
    check(
        "A pure room takes time as a parameter and integers as numbers.",
        violations,
    );
}

#[test]
fn one_file_of_a_crate_reads_a_clock() {
    let mut violations = Vec::new();
    for crate_folder in ["engine/src/", "gateway/src/"] {
        let mut clocks = Vec::new();
        for file in &files() {
            if !file.is_rust_under(&[crate_folder]) {
                continue;
            }
            if file.path.ends_with("/clock.rs") {
                clocks.push(file.path.clone());
                continue;
            }
            let code = file.shipped_code();
            for clock in CLOCKS {
                for at in find_word(&code, clock) {
                    violations.push(format!("{}: `{clock}`", place(&file.path, &code, at)));
                }
            }
        }
        if clocks.len() > 1 {
            violations.push(format!(
                "{crate_folder} has more than one clock: {clocks:?}"
            ));
        }
    }
    check(
        "Ask `clock.rs`, or take the time as a parameter.",
        violations,
    );
}

#[test]
fn tokio_is_at_the_rim() {
    let mut violations = Vec::new();
    for file in &files() {
        let is_rim = TOKIO.iter().any(|rim| file.path.starts_with(rim));
        if is_rim || !file.is_rust_under(&["engine/src/", "gateway/src/"]) {
            continue;
        }
        let code = file.shipped_code();
        for word in ["tokio", "tokio_tungstenite", "hyper", "hyper_util"] {
            for at in find_word(&code, word) {
                violations.push(format!("{}: `{word}`", place(&file.path, &code, at)));
            }
        }
    }
    check("All tokio code is in `gateway/src/server`.", violations);
}

#[test]
fn arrows_point_inward() {
    let mut violations = Vec::new();
    for file in &files() {
        let code = file.shipped_code();
        if file.is_rust_under(&["engine/src/"]) {
            let module = module_path(&file.path, "engine/src/");
            violations.extend(engine_arrows(file, &code, &module));
        } else if file.is_rust_under(&["gateway/src/"]) {
            let module = module_path(&file.path, "gateway/src/");
            violations.extend(gateway_arrows(file, &code, &module));
        }
    }
    check(
        "Turn the arrow round, or change the table in tests/tests/tidy/rooms.rs and say why.",
        violations,
    );
}

fn engine_arrows(file: &File, code: &str, module: &[String]) -> Vec<String> {
    let Some(room) = module.first() else {
        return Vec::new();
    };
    let Some((_, known)) = ENGINE.iter().find(|(name, _)| name == room) else {
        return vec![format!("{}: `{room}` is no room of the engine", file.path)];
    };
    let mut violations = Vec::new();
    for (at, path) in crate_paths(code, module) {
        let target = path[0].as_str();
        let is_known = target == room || known.contains(&target) || CONTRACT.contains(&target);
        if is_room(target) && !is_known {
            let place = place(&file.path, code, at);
            violations.push(format!("{place}: `{room}` knows `{}`", path.join("::")));
        }
    }
    violations
}

fn gateway_arrows(file: &File, code: &str, module: &[String]) -> Vec<String> {
    let mut violations = Vec::new();
    let room = module.first().map_or("lib", String::as_str);
    let pure = GATEWAY.iter().find(|(name, _)| *name == room);
    for (at, path) in crate_paths(code, module) {
        let target = path[0].as_str();
        if !is_room(target) || target == room {
            continue;
        }
        let is_known = match pure {
            Some((_, known)) => known.contains(&target),
            None => !["server", "cli"].contains(&target) || STARTERS.contains(&room),
        };
        if !is_known {
            let place = place(&file.path, code, at);
            violations.push(format!("{place}: `{room}` knows `{}`", path.join("::")));
        }
    }
    if pure.is_some() {
        for (at, path) in paths_after(code, "engine") {
            let target = path[0].as_str();
            if is_room(target) && !CONTRACT.contains(&target) {
                let place = place(&file.path, code, at);
                violations.push(format!(
                    "{place}: `{room}` knows `engine::{}`",
                    path.join("::")
                ));
            }
        }
    }
    violations
}

/// Modules are written small, types and constants are not.
fn is_room(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_lowercase())
}

/// `engine/src/book/ladder.rs` → `book`, `ladder`.
fn module_path(path: &str, source: &str) -> Vec<String> {
    let inner = path.trim_start_matches(source).trim_end_matches(".rs");
    let mut names: Vec<String> = inner.split('/').map(str::to_owned).collect();
    if names
        .last()
        .is_some_and(|last| ["mod", "lib"].contains(&last.as_str()))
    {
        names.pop();
    }
    names
}

/// All paths that begin at the crate's root, by `crate::` or by enough `super::`.
fn crate_paths(code: &str, module: &[String]) -> Vec<(usize, Vec<String>)> {
    let mut paths = paths_after(code, "crate");
    for (at, path) in paths_after(code, "super") {
        let up = 1 + path.iter().take_while(|name| *name == "super").count();
        if up >= module.len() && path.len() >= up {
            paths.push((at, path[up - 1..].to_vec()));
        }
    }
    paths.retain(|(_, path)| !path.is_empty());
    paths
}

/// The paths that follow `start::`, groups in braces taken apart.
fn paths_after(code: &str, start: &str) -> Vec<(usize, Vec<String>)> {
    let mut paths = Vec::new();
    for at in find_word(code, start) {
        let rest = &code[at + start.len()..];
        let is_first = !code[..at].trim_end().ends_with("::");
        if let Some(tree) = rest.trim_start().strip_prefix("::").filter(|_| is_first) {
            let mut found = Vec::new();
            read_tree(tree, &mut Vec::new(), &mut found);
            paths.extend(found.into_iter().map(|path| (at, path)));
        }
    }
    paths
}

/// Reads one `a::b` or `a::{b, c::d}` and gives what follows it.
fn read_tree<'a>(text: &'a str, before: &mut Vec<String>, found: &mut Vec<Vec<String>>) -> &'a str {
    let text = text.trim_start();
    if let Some(group) = text.strip_prefix('{') {
        let mut rest = group.trim_start();
        while !rest.is_empty() && !rest.starts_with('}') {
            let next = read_tree(rest, &mut before.clone(), found).trim_start();
            let next = next.strip_prefix(',').unwrap_or(next).trim_start();
            // What is no path (an expression after `crate::x::{`) ends the reading.
            if next.len() == rest.len() {
                return "";
            }
            rest = next;
        }
        return rest.strip_prefix('}').unwrap_or(rest);
    }
    let length = text.bytes().take_while(|&byte| is_word(byte)).count();
    let (name, rest) = text.split_at(length);
    if name.is_empty() {
        found.push(before.clone());
        return text.strip_prefix('*').unwrap_or(text);
    }
    before.push(name.to_owned());
    match rest.strip_prefix("::") {
        Some(deeper) if !deeper.starts_with('<') => read_tree(deeper, before, found),
        _ => {
            found.push(before.clone());
            let end = rest.find([',', '}', ';']).unwrap_or(rest.len());
            if rest.trim_start().starts_with("as ") {
                &rest[end..]
            } else {
                rest
            }
        }
    }
}

/// Where `1.5` stands; `1..5` and `pair.0.1` are none.
fn float_literals(code: &str) -> Vec<usize> {
    let bytes = code.as_bytes();
    let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let mut found = Vec::new();
    for (at, _) in code.match_indices('.') {
        if at == 0 || !digit(at - 1) || !digit(at + 1) {
            continue;
        }
        let word = bytes[..at]
            .iter()
            .rev()
            .take_while(|&&byte| is_word(byte))
            .count();
        let from = at - word;
        let is_field = from > 0 && bytes[from - 1] == b'.';
        if digit(from) && !is_field {
            found.push(from);
        }
    }
    found
}

#[test]
fn paths_and_floats_are_read() {
    let code = "use crate::{book::{Ladder, depth::View}, domain::*}; crate::event::Event::Filled; \
                use super::super::matching::Matcher; let x = super::y(); 1.5; 1..5; a.0.1";
    let module = ["book".to_owned(), "ladder".to_owned()];
    let paths: Vec<String> = crate_paths(code, &module)
        .iter()
        .map(|(_, path)| path.join("::"))
        .collect();
    let expected = [
        "book::Ladder",
        "book::depth::View",
        "domain",
        "event::Event::Filled",
        "matching::Matcher",
    ];
    assert_eq!(paths, expected);
    assert_eq!(float_literals(code).len(), 1);
}
