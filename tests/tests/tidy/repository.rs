//! The files themselves: what stands at the top, how large, and what no text may hold.

use super::check;
use super::source::{file, files, paths, place, root};

/// What the design names at the top level, beside hidden files.
const TOP_LEVEL: &[&str] = &[
    "Cargo.toml",
    "Cargo.lock",
    "engine",
    "gateway",
    "bench",
    "fuzz",
    "tests",
    "docs",
    "README.md",
    "LICENSE-MIT",
    "LICENSE-APACHE",
    "deny.toml",
    "rustfmt.toml",
];

const MAX_FILE_BYTES: u64 = 1 << 20;

/// Work that is not done, written so that this file does not hold the marks itself.
const UNFINISHED: &[&str] = &[
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("XX", "X"),
    concat!("todo", "!("),
    concat!("unimplemented", "!("),
    concat!("#[ign", "ore"),
];

/// Beginnings of paths of one machine.
const MACHINE_PATHS: &[&str] = &["/work/", "/home/", "/root/", "/Users/", "/farm/"];

/// The README's two commands: the first comes up as a demo, the second proves the build.
const COMMANDS: [&str; 2] = [
    "cargo run --release -p gateway -- demo",
    "cargo test --workspace",
];

#[test]
fn the_top_level_holds_what_the_design_names() {
    let extra = |path: &String| {
        let top = path.split('/').next()?;
        let is_named = TOP_LEVEL.contains(&top) || top.starts_with('.');
        (!is_named).then(|| top.to_owned())
    };
    check(
        "Every file has a room.",
        paths().iter().filter_map(extra).collect(),
    );
}

#[test]
fn files_are_small() {
    let large = |path: String| {
        let bytes = std::fs::metadata(root().join(&path)).unwrap().len();
        (bytes > MAX_FILE_BYTES).then(|| format!("{path}: {bytes} bytes"))
    };
    let large = paths().into_iter().filter_map(large).collect();
    check("Recorded inputs stay outside the repository.", large);
}

#[test]
fn nothing_is_left_for_later() {
    let mut violations = Vec::new();
    for file in files().iter().filter(|file| file.path != "Cargo.lock") {
        for mark in UNFINISHED {
            for (at, _) in file.text.match_indices(mark) {
                violations.push(format!("{}: {mark}", place(&file.path, &file.text, at)));
            }
        }
    }
    check("Do it now, or open an issue.", violations);
}

#[test]
fn no_path_of_a_machine() {
    let mut violations = Vec::new();
    for file in files()
        .iter()
        .filter(|file| !file.path.starts_with("tests/tests/tidy/"))
    {
        for start in MACHINE_PATHS {
            for (at, _) in file.text.match_indices(start) {
                let before = file.text[..at].chars().next_back();
                let after = file.text[at + start.len()..].chars().next();
                let is_start = !before.is_some_and(|c| c.is_alphanumeric() || ".~_-".contains(c));
                if is_start && after.is_some_and(|c| c.is_ascii_lowercase()) {
                    violations.push(format!("{}: {start}…", place(&file.path, &file.text, at)));
                }
            }
        }
    }
    check("Paths are relative, or come from outside.", violations);
}

#[test]
fn the_readme_s_commands_are_what_the_gate_runs() {
    let readme = file("README.md");
    let script = file(".ci/run");
    let steps: Vec<&str> = script
        .lines()
        .filter(|line| !line.trim().starts_with('#'))
        .collect();
    let mut violations = Vec::new();
    let mut commands = Vec::new();
    let mut in_block = false;
    for line in readme.lines() {
        if line.starts_with("```") {
            in_block = line == "```sh";
        } else if in_block && line.starts_with("cargo ") {
            commands.push(line.split("  #").next().unwrap_or(line).trim());
        }
    }
    for command in COMMANDS {
        if !commands.contains(&command) {
            violations.push(format!("README.md: no `sh` block holds `{command}`"));
        }
        if !steps.iter().any(|line| line.contains(command)) {
            violations.push(format!(".ci/run does not run `{command}`"));
        }
    }
    if !file(".github/workflows/ci.yml").contains("run: .ci/run") {
        violations.push(".github/workflows/ci.yml does not call .ci/run".to_owned());
    }
    check("The README promises what the gate proves.", violations);
}

#[test]
fn links_of_the_documents_lead_somewhere() {
    let mut violations = Vec::new();
    for file in files().iter().filter(|file| file.path.ends_with(".md")) {
        let folder = root().join(&file.path);
        let folder = folder.parent().unwrap();
        for (at, _) in file.text.match_indices("](") {
            let target = &file.text[at + 2..];
            let target = &target[..target.find([')', '#', ' ']).unwrap_or(0)];
            let is_ours = !target.is_empty() && !target.contains("://");
            if is_ours && !folder.join(target).exists() {
                violations.push(format!("{}: {target}", place(&file.path, &file.text, at)));
            }
        }
    }
    check(
        "A link within the repository names a file that is there.",
        violations,
    );
}

#[test]
fn every_document_is_linked_from_its_index() {
    let (readme, decisions) = (file("README.md"), file("docs/decisions/README.md"));
    let architecture = file("docs/architecture.md");
    let unlinked = |path: String| {
        let document = path.strip_prefix("docs/")?;
        let is_linked = match document.strip_prefix("decisions/") {
            Some("README.md") => true,
            Some(decision) => decisions.contains(decision),
            None => readme.contains(&path) || architecture.contains(document),
        };
        (path.ends_with(".md") && !is_linked).then_some(path)
    };
    check(
        "Documents are linked in README.md or docs/architecture.md, decisions in their index.",
        paths().into_iter().filter_map(unlinked).collect(),
    );
}
