//! Every numbered rule of the documents is cited at the code that keeps it and at a test that
//! proves it, and no citation names a rule that there is not.

use std::collections::{BTreeMap, BTreeSet};

use super::check;
use super::source::{files, is_word, root};

/// The documents that number rules, and their letters.
const DOCUMENTS: &[(&str, &str)] = &[
    ("docs/matching-rules.md", "M"),
    ("docs/ledger.md", "L"),
    ("docs/margin.md", "G"),
];

#[test]
fn every_rule_is_cited_at_code_and_at_a_test() {
    let mut violations = Vec::new();
    for &(document, letter) in DOCUMENTS {
        let text = std::fs::read_to_string(root().join(document)).unwrap_or_default();
        let defined = defined_rules(&text, letter, document, &mut violations);
        let (mut code, mut tests) = (BTreeMap::new(), BTreeMap::new());
        for file in &files() {
            if file.is_rust_under(&["engine/src/"]) {
                let (shipped, test) = file.split_tests();
                cite(&mut code, &file.path, &shipped, letter);
                cite(&mut tests, &file.path, &test, letter);
            } else if file.path.starts_with("tests/") && !file.path.starts_with("tests/tests/tidy")
            {
                cite(&mut tests, &file.path, &file.text, letter);
            }
        }
        for rule in &defined {
            if !code.contains_key(rule) {
                violations.push(format!("{document}: {letter}-{rule} is cited at no code"));
            }
            if !tests.contains_key(rule) {
                violations.push(format!("{document}: {letter}-{rule} is cited at no test"));
            }
        }
        for (rule, path) in code.iter().chain(&tests) {
            if !defined.contains(rule) {
                violations.push(format!("{path}: {letter}-{rule} is not in {document}"));
            }
        }
    }
    check(
        "A comment with the number is the citation, e.g. `// M-3`; code is engine/src, tests are \
         its test modules and tests/.",
        violations,
    );
}

/// The numbers that begin a line, a heading, a list entry or a table row.
fn defined_rules(
    text: &str,
    letter: &str,
    document: &str,
    violations: &mut Vec<String>,
) -> BTreeSet<u32> {
    let mut defined = BTreeSet::new();
    for line in text.lines() {
        let line = line.trim_start_matches(['#', '-', '*', '|', ' ', '`', '<', '[']);
        if let Some(&(0, rule)) = citations(line, letter).first()
            && !defined.insert(rule)
        {
            violations.push(format!("{document}: {letter}-{rule} is there twice"));
        }
    }
    if defined.is_empty() {
        violations.push(format!("{document}: no line begins with `{letter}-1`"));
    }
    defined
}

fn cite(cited: &mut BTreeMap<u32, String>, path: &str, text: &str, letter: &str) {
    for (_, rule) in citations(text, letter) {
        cited.entry(rule).or_insert_with(|| path.to_owned());
    }
}

/// Where `M-12` stands, and its number.
fn citations(text: &str, letter: &str) -> Vec<(usize, u32)> {
    let mark = format!("{letter}-");
    let mut found = Vec::new();
    for (at, _) in text.match_indices(&mark) {
        let before = at.checked_sub(1).map(|at| text.as_bytes()[at]);
        if before.is_some_and(|byte| is_word(byte) || byte == b'-') {
            continue;
        }
        let digits = &text[at + mark.len()..];
        let length = digits.bytes().take_while(u8::is_ascii_digit).count();
        if let Ok(rule) = digits[..length].parse() {
            found.push((at, rule));
        }
    }
    found
}

#[test]
fn citations_are_read() {
    assert_eq!(
        citations("M-3, (M-12) xM-4 M-x UM-5", "M"),
        [(0, 3), (6, 12)]
    );
    let mut violations = Vec::new();
    let text = "# M-1 Price\nSee M-2.\n- **M-2** time\n| M-3 | x |\n### M-3\n";
    let defined = defined_rules(text, "M", "d", &mut violations);
    assert_eq!(defined.into_iter().collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(violations, ["d: M-3 is there twice"]);
}
