//! Reads feature files: scenarios with their background before them, one for each example of an
//! outline. Knows the few words that the recorded files use.

use std::collections::BTreeMap;

/// One case.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    /// The scenario's name, and the example's values.
    pub(crate) name: String,
    pub(crate) steps: Vec<Step>,
}

/// One step: its text without the word it begins with, and the table below it.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) is_action: bool,
    pub(crate) text: String,
    pub(crate) table: Vec<Vec<String>>,
}

#[derive(Clone, Copy, PartialEq)]
enum At {
    Nowhere,
    Background,
    Scenario,
    Examples,
}

/// All cases of a feature file, in order.
pub(crate) fn read(text: &str) -> Vec<Case> {
    let mut background = Vec::new();
    let mut outlines: Vec<(Case, Vec<Vec<String>>)> = Vec::new();
    let mut at = At::Nowhere;
    for line in text.lines().map(str::trim) {
        if line.is_empty() || line.starts_with('@') || line.starts_with('#') {
            continue;
        }
        if line.starts_with("Background:") {
            at = At::Background;
        } else if let Some((kind, name)) = line.split_once(':').filter(|it| is_scenario(it.0)) {
            let _ = kind;
            let name = name.trim().to_owned();
            let steps = background.clone();
            outlines.push((Case { name, steps }, Vec::new()));
            at = At::Scenario;
        } else if line.starts_with("Examples:") {
            at = At::Examples;
        } else {
            let steps = match at {
                At::Nowhere => continue,
                At::Background => &mut background,
                At::Scenario => &mut outlines.last_mut().unwrap().0.steps,
                At::Examples => {
                    let examples = &mut outlines.last_mut().unwrap().1;
                    examples.push(cells(line));
                    continue;
                }
            };
            read_step(line, steps);
        }
    }
    outlines
        .into_iter()
        .flat_map(|(case, rows)| fill_in(&case, &rows))
        .collect()
}

fn is_scenario(word: &str) -> bool {
    word == "Scenario" || word == "Scenario Outline"
}

/// A step, or a row of the table of the one before; other lines are prose.
fn read_step(line: &str, steps: &mut Vec<Step>) {
    if line.starts_with('|') {
        steps.last_mut().unwrap().table.push(cells(line));
        return;
    }
    let Some((word, text)) = line.split_once(' ') else {
        return;
    };
    let was_action = steps.last().is_some_and(|step| step.is_action);
    let is_action = match word {
        "Given" | "When" => true,
        "Then" => false,
        "And" => was_action,
        _ => return,
    };
    steps.push(Step {
        is_action,
        text: text.trim().to_owned(),
        table: Vec::new(),
    });
}

fn cells(line: &str) -> Vec<String> {
    let inner = line.trim().trim_start_matches('|').trim_end_matches('|');
    inner
        .split('|')
        .map(|cell| cell.trim().to_owned())
        .collect()
}

/// The outline with each example's values in it; a scenario without examples is one case.
fn fill_in(outline: &Case, rows: &[Vec<String>]) -> Vec<Case> {
    let Some((names, examples)) = rows.split_first() else {
        return vec![outline.clone()];
    };
    let fill = |values: &BTreeMap<String, String>, text: &str| {
        let mut text = text.to_owned();
        for (name, value) in values {
            text = text.replace(&format!("<{name}>"), value);
        }
        text
    };
    let one = |example: &Vec<String>| {
        let values: BTreeMap<_, _> = names.iter().cloned().zip(example.iter().cloned()).collect();
        let steps = outline.steps.iter().map(|step| Step {
            is_action: step.is_action,
            text: fill(&values, &step.text),
            table: step
                .table
                .iter()
                .map(|row| row.iter().map(|cell| fill(&values, cell)).collect())
                .collect(),
        });
        Case {
            name: format!("{} [{}]", outline.name, example.join(", ")),
            steps: steps.collect(),
        }
    };
    examples.iter().map(one).collect()
}

#[test]
fn outlines_are_filled_in_behind_their_background() {
    let cases = read(
        "Feature: f\n prose\n Background:\n  Given a\n   | x | y |\n Scenario Outline: s\n  \
         When <b> is\n  And c\n  Then d\n Examples:\n  | b |\n  | 1 |\n  | 2 |\n Scenario: t\n  \
         Then e\n",
    );
    let told: Vec<_> = cases
        .iter()
        .map(|case| {
            let steps = case.steps.iter().map(|step| {
                let mark = if step.is_action { "!" } else { "?" };
                format!("{mark}{}{}", step.text, step.table.len())
            });
            format!("{}: {}", case.name, steps.collect::<Vec<_>>().join(" "))
        })
        .collect();
    let expected = [
        "s [1]: !a1 !1 is0 !c0 ?d0",
        "s [2]: !a1 !2 is0 !c0 ?d0",
        "t: !a1 ?e0",
    ];
    assert_eq!(told, expected);
}
