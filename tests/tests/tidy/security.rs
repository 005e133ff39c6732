//! `docs/security.md` has a row for every check, and every test that it names is there.

use super::check;
use super::source::{file, paths};

/// How many there are.
const CHECKS: u32 = 27;

#[test]
fn every_security_check_names_tests_that_are_there() {
    let text = file("docs/security.md");
    check(
        "A row is `| number | what | what happens | tests |`, a test `path::function` in backticks.",
        faults(&text, &|path, name| {
            paths().iter().any(|it| it == path) && file(path).contains(&format!("fn {name}("))
        }),
    );
}

fn faults(text: &str, is_there: &dyn Fn(&str, &str) -> bool) -> Vec<String> {
    let mut faults = Vec::new();
    let mut expected = 1;
    for line in text.lines() {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let Some(number) = cells.get(1).and_then(|it| it.parse::<u32>().ok()) else {
            continue;
        };
        if number != expected {
            faults.push(format!("row {number} stands where {expected} should"));
        }
        expected = number + 1;
        let tests: Vec<(&str, &str)> = cells[cells.len() - 2]
            .split('`')
            .filter_map(|word| word.split_once("::"))
            .collect();
        if tests.is_empty() {
            faults.push(format!("row {number} names no test"));
        }
        for (path, name) in tests {
            if !is_there(path, name) {
                faults.push(format!("row {number}: there is no {path}::{name}"));
            }
        }
    }
    if expected != CHECKS + 1 {
        faults.push(format!("the last row is {}, not {CHECKS}", expected - 1));
    }
    faults
}

#[test]
fn a_missing_row_and_a_missing_test_are_found() {
    let row = |number: u32, test: &str| format!("| {number} | a | b | {test} |\n");
    let whole: String = (1..=CHECKS)
        .map(|number| row(number, "`a.rs::t`"))
        .collect();
    let there = |path: &str, name: &str| (path, name) == ("a.rs", "t");
    assert_eq!(faults(&whole, &there), Vec::<String>::new());
    let found = |text: &str| faults(text, &there).len();
    assert_eq!(found(&whole.replace(&row(9, "`a.rs::t`"), "")), 1);
    assert_eq!(found(&whole.replace(&row(27, "`a.rs::t`"), "")), 1);
    assert_eq!(
        found(&whole.replace(&row(9, "`a.rs::t`"), &row(9, "`a.rs::u`"))),
        1
    );
    assert_eq!(
        found(&whole.replace(&row(9, "`a.rs::t`"), &row(9, "one day"))),
        1
    );
}
