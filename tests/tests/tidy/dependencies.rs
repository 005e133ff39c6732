//! What the exchange is built of: licences and double versions against `deny.toml`, and what
//! may not stand in the engine's tree.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

use super::check;
use super::source::{file, root};

/// Nothing of these is in the engine's tree, however deep: no async, no JSON, no clock, no
/// randomness.
const NOT_IN_ENGINE: &[&str] = &[
    "tokio",
    "mio",
    "hyper",
    "async-std",
    "smol",
    "serde_json",
    "simd-json",
    "sonic-rs",
    "chrono",
    "time",
    "jiff",
    "quanta",
    "coarsetime",
    "rand",
    "rand_core",
    "getrandom",
    "fastrand",
    "rust_decimal",
];

#[test]
fn the_engine_stands_on_little() {
    let metadata = metadata();
    let mut violations = Vec::new();
    for (name, through) in normal_tree(&metadata, "engine") {
        if NOT_IN_ENGINE.contains(&name.as_str()) {
            violations.push(format!("engine → … → {through} → {name}"));
        }
    }
    check("The engine is pure: put it at the rim.", violations);
}

#[test]
fn licences_are_allowed() {
    let deny: toml::Table = toml::from_str(&file("deny.toml")).unwrap();
    let licences = &deny["licenses"];
    let allowed = strings(&licences["allow"]);
    let exceptions: BTreeMap<&str, BTreeSet<&str>> = licences["exceptions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| (entry["crate"].as_str().unwrap(), strings(&entry["allow"])))
        .collect();
    let metadata = metadata();
    let mut violations = Vec::new();
    for package in metadata["packages"].as_array().unwrap() {
        let name = package["name"].as_str().unwrap();
        let licence = package["license"].as_str().unwrap_or("none named");
        let mut allowed = allowed.clone();
        allowed.extend(exceptions.get(name).into_iter().flatten());
        if !is_allowed(licence, &allowed) {
            violations.push(format!("{name} {}: {licence}", package["version"]));
        }
    }
    check("The allowed licences are in deny.toml.", violations);
}

#[test]
fn double_versions_have_a_reason() {
    let deny: toml::Table = toml::from_str(&file("deny.toml")).unwrap();
    let mut skipped = BTreeMap::new();
    for entry in deny["bans"]["skip"].as_array().unwrap() {
        let reason = entry["reason"].as_str().unwrap_or_default();
        skipped.insert(
            entry["crate"].as_str().unwrap().to_owned(),
            reason.to_owned(),
        );
    }
    let metadata = metadata();
    let mut versions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for package in metadata["packages"].as_array().unwrap() {
        let of_name = versions
            .entry(package["name"].as_str().unwrap())
            .or_default();
        of_name.push(package["version"].as_str().unwrap());
    }
    let mut violations = Vec::new();
    let mut doubled = BTreeSet::new();
    for (name, versions) in versions.iter().filter(|(_, versions)| versions.len() > 1) {
        let named: Vec<String> = versions.iter().map(|v| format!("{name}@{v}")).collect();
        let left: Vec<&String> = named.iter().filter(|v| !skipped.contains_key(*v)).collect();
        if left.len() > 1 {
            violations.push(format!("stand side by side without a reason: {left:?}"));
        }
        doubled.extend(named);
    }
    for (entry, reason) in &skipped {
        if !doubled.contains(entry) {
            violations.push(format!("deny.toml: {entry} is not double any more"));
        }
        if reason.trim().is_empty() {
            violations.push(format!("deny.toml: {entry} gives no reason"));
        }
    }
    check(
        "Double versions are listed in deny.toml, with a reason.",
        violations,
    );
}

/// `cargo metadata` of this platform, from what is on this machine where that suffices.
fn metadata() -> Value {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let about = Command::new(&cargo).arg("-vV").output().unwrap();
    let about = String::from_utf8(about.stdout).unwrap();
    let host = about
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .unwrap();
    let mut arguments = vec![
        "metadata",
        "--format-version",
        "1",
        "--locked",
        "--filter-platform",
    ];
    arguments.extend([host, "--offline"]);
    loop {
        let output = Command::new(&cargo)
            .args(&arguments)
            .current_dir(root())
            .output()
            .unwrap();
        if output.status.success() {
            return serde_json::from_slice(&output.stdout).unwrap();
        }
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(
            arguments.pop(),
            Some("--offline"),
            "cargo metadata: {error}"
        );
    }
}

/// The names of all that `package` links to, each with one that asks for it.
fn normal_tree(metadata: &Value, package: &str) -> BTreeMap<String, String> {
    let mut names = BTreeMap::new();
    for package in metadata["packages"].as_array().unwrap() {
        names.insert(
            package["id"].as_str().unwrap(),
            package["name"].as_str().unwrap(),
        );
    }
    let mut nodes = BTreeMap::new();
    for node in metadata["resolve"]["nodes"].as_array().unwrap() {
        nodes.insert(
            node["id"].as_str().unwrap(),
            node["deps"].as_array().unwrap(),
        );
    }
    let start = names.iter().find(|(_, name)| **name == package);
    let mut open = vec![*start.expect("the package is in the workspace").0];
    let mut found = BTreeMap::new();
    while let Some(id) = open.pop() {
        for dependency in nodes[id] {
            let mut kinds = dependency["dep_kinds"].as_array().unwrap().iter();
            let target = dependency["pkg"].as_str().unwrap();
            let is_normal = kinds.any(|kind| kind["kind"].is_null());
            if is_normal && !found.contains_key(names[target]) {
                found.insert(names[target].to_owned(), names[id].to_owned());
                open.push(target);
            }
        }
    }
    found
}

fn strings(array: &toml::Value) -> BTreeSet<&str> {
    let array = array.as_array().unwrap();
    array.iter().map(|text| text.as_str().unwrap()).collect()
}

/// Whether a licence expression (`(A OR B) AND C`, and the old `A/B`) can be met with `allowed`.
fn is_allowed(expression: &str, allowed: &BTreeSet<&str>) -> bool {
    let spaced = expression
        .replace('/', " OR ")
        .replace('(', " ( ")
        .replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let (met, rest) = any_of(&words, allowed);
    met && rest.is_empty()
}

fn any_of<'a>(words: &'a [&'a str], allowed: &BTreeSet<&str>) -> (bool, &'a [&'a str]) {
    let (mut met, mut rest) = all_of(words, allowed);
    while let ["OR", after @ ..] = rest {
        let (also, after) = all_of(after, allowed);
        met |= also;
        rest = after;
    }
    (met, rest)
}

fn all_of<'a>(words: &'a [&'a str], allowed: &BTreeSet<&str>) -> (bool, &'a [&'a str]) {
    let (mut met, mut rest) = one(words, allowed);
    while let ["AND", after @ ..] = rest {
        let (also, after) = one(after, allowed);
        met &= also;
        rest = after;
    }
    (met, rest)
}

fn one<'a>(words: &'a [&'a str], allowed: &BTreeSet<&str>) -> (bool, &'a [&'a str]) {
    match words {
        ["(", inner @ ..] => match any_of(inner, allowed) {
            (met, [")", rest @ ..]) => (met, rest),
            (_, rest) => (false, rest),
        },
        // An exception to a licence only allows more.
        [licence, "WITH", _, rest @ ..] | [licence, rest @ ..] => (allowed.contains(licence), rest),
        [] => (false, &[]),
    }
}

#[test]
fn licence_expressions_are_read() {
    let allowed = BTreeSet::from(["MIT", "ISC"]);
    for (expression, met) in [
        ("MIT", true),
        ("GPL-3.0", false),
        ("Apache-2.0/MIT", true),
        ("Apache-2.0 OR MIT", true),
        ("(Apache-2.0 OR MIT) AND ISC", true),
        ("MIT AND Apache-2.0", false),
        ("MIT WITH LLVM-exception", true),
        ("none named", false),
    ] {
        assert_eq!(is_allowed(expression, &allowed), met, "{expression}");
    }
}
