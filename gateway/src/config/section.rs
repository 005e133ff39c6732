//! Reads one table of a configuration key by key, and remembers what was wrong with it.
//!
//! Every reader returns `None` after it wrote a mistake down, so that reading goes on and the
//! next mistakes are found too. [`Section::finish`] makes mistakes of the keys nobody asked for.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use rust_decimal::Decimal;
use toml::{Table, Value};

use crate::wire::parse_decimal;

use super::Mistake;

/// What was wrong so far.
#[derive(Default)]
pub(super) struct Mistakes(RefCell<Vec<(String, String, String)>>);

impl Mistakes {
    pub(super) fn add(&self, key: &str, found: &str, expected: &str) {
        let entry = (key.to_owned(), found.to_owned(), expected.to_owned());
        self.0.borrow_mut().push(entry);
    }

    pub(super) fn into_vec(self, file: &str) -> Vec<Mistake> {
        let mistakes = self.0.into_inner().into_iter();
        mistakes
            .map(|(key, found, expected)| Mistake {
                file: file.to_owned(),
                key,
                found,
                expected,
            })
            .collect()
    }
}

/// One table.
pub(super) struct Section<'a> {
    table: Option<&'a Table>,
    path: String,
    known: BTreeSet<&'static str>,
    mistakes: &'a Mistakes,
}

impl<'a> Section<'a> {
    pub(super) fn root(table: &'a Table, mistakes: &'a Mistakes) -> Section<'a> {
        Section::at(Some(table), String::new(), mistakes)
    }

    fn at(table: Option<&'a Table>, path: String, mistakes: &'a Mistakes) -> Section<'a> {
        Section {
            table,
            path,
            known: BTreeSet::new(),
            mistakes,
        }
    }

    /// The table under `key`; an empty one where there is none, so that defaults apply.
    pub(super) fn section(&mut self, key: &'static str) -> Section<'a> {
        let table = match self.value(key) {
            None => None,
            Some(Value::Table(table)) => Some(table),
            Some(other) => {
                self.mistake(key, &shown(other), "a table");
                None
            }
        };
        Section::at(table, self.path_of(key), self.mistakes)
    }

    /// The tables of the list under `key`.
    pub(super) fn sections(&mut self, key: &'static str) -> Vec<Section<'a>> {
        let mut sections = Vec::new();
        let path = self.path_of(key);
        for (index, value) in self.array(key).iter().enumerate() {
            let path = format!("{path}[{index}]");
            match value {
                Value::Table(table) => {
                    sections.push(Section::at(Some(table), path, self.mistakes));
                }
                other => self.mistakes.add(&path, &shown(other), "a table"),
            }
        }
        sections
    }

    /// Each key of a table whose keys are names, with its value.
    pub(super) fn entries(&mut self, key: &'static str) -> Vec<(&'a str, &'a Value)> {
        match self.value(key) {
            None => Vec::new(),
            Some(Value::Table(table)) => {
                table.iter().map(|(name, value)| (&**name, value)).collect()
            }
            Some(other) => {
                self.mistake(key, &shown(other), "a table");
                Vec::new()
            }
        }
    }

    /// Each named table of a table whose keys are names.
    pub(super) fn named_sections(&mut self, key: &'static str) -> Vec<(&'a str, Section<'a>)> {
        let mut sections = Vec::new();
        for (name, value) in self.entries(key) {
            let path = format!("{}.{name}", self.path_of(key));
            match value {
                Value::Table(table) => {
                    let section = Section::at(Some(table), path, self.mistakes);
                    sections.push((name, section));
                }
                other => self.mistakes.add(&path, &shown(other), "a table"),
            }
        }
        sections
    }

    pub(super) fn has(&mut self, key: &'static str) -> bool {
        self.value(key).is_some()
    }

    pub(super) fn text(&mut self, key: &'static str) -> Option<&'a str> {
        match self.value(key)? {
            Value::String(text) => Some(text),
            other => {
                self.mistake(key, &shown(other), "a string");
                None
            }
        }
    }

    pub(super) fn needed_text(&mut self, key: &'static str, expected: &str) -> Option<&'a str> {
        if self.value(key).is_none() {
            self.mistake(key, "nothing", expected);
        }
        self.text(key)
    }

    pub(super) fn texts(&mut self, key: &'static str) -> Vec<(String, &'a str)> {
        let mut texts = Vec::new();
        let path = self.path_of(key);
        for (index, value) in self.array(key).iter().enumerate() {
            let path = format!("{path}[{index}]");
            match value {
                Value::String(text) => texts.push((path, &**text)),
                other => self.mistakes.add(&path, &shown(other), "a string"),
            }
        }
        texts
    }

    pub(super) fn boolean(&mut self, key: &'static str, default: bool) -> Option<bool> {
        match self.value(key) {
            None => Some(default),
            Some(Value::Boolean(value)) => Some(*value),
            Some(other) => {
                self.mistake(key, &shown(other), "true or false");
                None
            }
        }
    }

    /// A whole number within `range`; `default` where there is none.
    pub(super) fn integer<T: Copy + TryFrom<i64> + PartialOrd + std::fmt::Display>(
        &mut self,
        key: &'static str,
        default: T,
        range: RangeInclusive<T>,
    ) -> Option<T> {
        match self.value(key) {
            None => Some(default),
            Some(_) => self.needed_integer(key, range),
        }
    }

    pub(super) fn needed_integer<T: Copy + TryFrom<i64> + PartialOrd + std::fmt::Display>(
        &mut self,
        key: &'static str,
        range: RangeInclusive<T>,
    ) -> Option<T> {
        let value = self.value(key);
        let number = match value {
            Some(Value::Integer(number)) => T::try_from(*number).ok(),
            _ => None,
        };
        let number = number.filter(|number| range.contains(number));
        if number.is_none() {
            let expected = format!("a whole number from {} to {}", range.start(), range.end());
            self.mistake(key, &value.map_or("nothing".to_owned(), shown), &expected);
        }
        number
    }

    /// A decimal string.
    pub(super) fn decimal(&mut self, key: &'static str) -> Option<Decimal> {
        let value = self.value(key)?;
        let path = self.path_of(key);
        read_decimal(&path, value, self.mistakes)
    }

    pub(super) fn needed_decimal(&mut self, key: &'static str) -> Option<Decimal> {
        if self.value(key).is_none() {
            self.mistake(key, "nothing", "a decimal string like \"0.01\"");
        }
        self.decimal(key)
    }

    /// Writes a mistake about `key` down.
    pub(super) fn mistake(&mut self, key: &'static str, found: &str, expected: &str) {
        self.known.insert(key);
        self.mistakes.add(&self.path_of(key), found, expected);
    }

    /// Writes a mistake about a string under `key` down.
    pub(super) fn wrong_text(&mut self, key: &'static str, found: &str, expected: &str) {
        self.mistake(key, &format!("{found:?}"), expected);
    }

    pub(super) fn mistakes(&self) -> &'a Mistakes {
        self.mistakes
    }

    /// `key` behind the section's own path.
    pub(super) fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.path)
        }
    }

    /// Makes mistakes of the keys that nobody asked for.
    pub(super) fn finish(&self) {
        for key in self.table.iter().flat_map(|table| table.keys()) {
            if !self.known.contains(key.as_str()) {
                let known: Vec<&str> = self.known.iter().copied().collect();
                let expected = format!("one of {}", known.join(", "));
                self.mistakes
                    .add(&self.path_of(key), "an unknown key", &expected);
            }
        }
    }

    fn array(&mut self, key: &'static str) -> &'a [Value] {
        match self.value(key) {
            None => &[],
            Some(Value::Array(values)) => values,
            Some(other) => {
                self.mistake(key, &shown(other), "a list");
                &[]
            }
        }
    }

    fn value(&mut self, key: &'static str) -> Option<&'a Value> {
        self.known.insert(key);
        self.table?.get(key)
    }
}

/// Reads the decimal at `path`.
pub(super) fn read_decimal(path: &str, value: &Value, mistakes: &Mistakes) -> Option<Decimal> {
    let expected = "a decimal string like \"0.01\"";
    match value {
        Value::String(text) => match parse_decimal(text) {
            Ok(decimal) => Some(decimal),
            Err(_) => {
                mistakes.add(path, &shown(value), expected);
                None
            }
        },
        other => {
            mistakes.add(path, &shown(other), expected);
            None
        }
    }
}

/// A value as a mistake shows it: short, whatever stands in the file.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => format!("{:?}", text.chars().take(60).collect::<String>()),
        Value::Table(_) => "a table".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        Value::Integer(_) | Value::Float(_) | Value::Boolean(_) | Value::Datetime(_) => {
            value.to_string()
        }
    }
}
