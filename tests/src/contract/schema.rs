//! A value held against a JSON Schema (2020-12): the keywords that the documents use, and no other.
//! One that is not known fails whoever compiles it, so that none is passed over in silence.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use regex::Regex;
use serde_json::{Map, Value};

/// What says something to people alone.
const ANNOTATIONS: [&str; 3] = ["description", "examples", "title"];

/// A schema, ready to be used.
#[derive(Debug, Default)]
pub struct Schema {
    reference: Option<String>,
    types: Option<Vec<String>>,
    constant: Option<Value>,
    words: Option<Vec<Value>>,
    pattern: Option<Regex>,
    length: (Option<usize>, Option<usize>),
    range: (Option<i128>, Option<i128>),
    items: Option<Box<Schema>>,
    item_count: (Option<usize>, Option<usize>),
    properties: BTreeMap<String, Schema>,
    required: BTreeSet<String>,
    property_count: usize,
    is_closed: bool,
    all: Vec<Schema>,
    any: Vec<Schema>,
    one: Vec<Schema>,
}

impl Schema {
    /// Reads a schema.
    ///
    /// # Errors
    /// The first keyword that is not known, or has a value that it may not have.
    pub fn compile(value: &Value) -> Result<Schema, String> {
        let members = value.as_object().ok_or("a schema is an object")?;
        let mut schema = Schema::default();
        for (keyword, value) in members {
            let read = schema.read(keyword, value);
            read.ok_or_else(|| format!("{keyword}: {value} is not understood"))?;
        }
        Ok(schema)
    }

    fn read(&mut self, keyword: &str, value: &Value) -> Option<()> {
        let count = || value.as_u64().and_then(|it| usize::try_from(it).ok());
        let number = || value.as_i64().map(i128::from);
        let texts = || -> Option<Vec<String>> {
            let all = value.as_array()?.iter();
            all.map(|it| it.as_str().map(str::to_owned)).collect()
        };
        let schemas = || -> Option<Vec<Schema>> {
            let all = value.as_array()?.iter();
            all.map(|it| Schema::compile(it).ok()).collect()
        };
        match keyword {
            "$ref" => self.reference = Some(value.as_str()?.strip_prefix('#')?.to_owned()),
            "type" => {
                let one = value.as_str().map(|it| vec![it.to_owned()]);
                self.types = Some(one.or_else(texts)?);
            }
            "const" => self.constant = Some(value.clone()),
            "enum" => self.words = Some(value.as_array()?.clone()),
            "pattern" => self.pattern = Some(Regex::new(value.as_str()?).ok()?),
            "minLength" => self.length.0 = Some(count()?),
            "maxLength" => self.length.1 = Some(count()?),
            "minimum" => self.range.0 = Some(number()?),
            "maximum" => self.range.1 = Some(number()?),
            "items" => self.items = Some(Box::new(Schema::compile(value).ok()?)),
            "minItems" => self.item_count.0 = Some(count()?),
            "maxItems" => self.item_count.1 = Some(count()?),
            "properties" => {
                for (name, value) in value.as_object()? {
                    let schema = Schema::compile(value).ok()?;
                    self.properties.insert(name.clone(), schema);
                }
            }
            "required" => self.required = texts()?.into_iter().collect(),
            "minProperties" => self.property_count = count()?,
            "additionalProperties" => self.is_closed = !value.as_bool()?,
            "allOf" => self.all = schemas()?,
            "anyOf" => self.any = schemas()?,
            "oneOf" => self.one = schemas()?,
            annotation => return ANNOTATIONS.contains(&annotation).then_some(()),
        }
        Some(())
    }

    /// Adds all that is wrong with `value`, which stands at `at`.
    fn check(&self, value: &Value, at: &str, others: &Schemas<'_>, faults: &mut Vec<String>) {
        let mut say = |what: String| faults.push(format!("{at}: {what}"));
        if let Some(types) = &self.types
            && !types.iter().any(|name| is_of(value, name))
        {
            say(format!("{value} is none of {types:?}"));
        }
        if self.constant.as_ref().is_some_and(|it| it != value) {
            say(format!("{value} is not {:?}", self.constant));
        }
        if self.words.as_ref().is_some_and(|it| !it.contains(value)) {
            say(format!("{value} is no word of the list"));
        }
        if let Some(text) = value.as_str() {
            if self.pattern.as_ref().is_some_and(|it| !it.is_match(text)) {
                say(format!("{text:?} does not match {:?}", self.pattern));
            }
            if !is_within(text.chars().count(), self.length) {
                say(format!("{text:?} is too short or too long"));
            }
        }
        let number = value.as_i64().map(i128::from);
        let number = number.or_else(|| value.as_u64().map(i128::from));
        if number.is_some_and(|it| !is_within(it, self.range)) {
            say(format!("{value} is out of range"));
        }
        if let Value::Array(items) = value {
            if !is_within(items.len(), self.item_count) {
                say(format!("{} items", items.len()));
            }
            for (index, item) in items.iter().enumerate() {
                if let Some(schema) = &self.items {
                    schema.check(item, &format!("{at}/{index}"), others, faults);
                }
            }
        }
        if let Value::Object(members) = value {
            self.check_members(members, at, others, faults);
        }
        self.check_combined(value, at, others, faults);
    }

    fn check_members(
        &self,
        members: &Map<String, Value>,
        at: &str,
        others: &Schemas<'_>,
        faults: &mut Vec<String>,
    ) {
        for name in &self.required {
            if !members.contains_key(name) {
                faults.push(format!("{at}: {name} is missing"));
            }
        }
        if members.len() < self.property_count {
            faults.push(format!("{at}: too few members"));
        }
        for (name, member) in members {
            match self.properties.get(name) {
                Some(schema) => schema.check(member, &format!("{at}/{name}"), others, faults),
                None if self.is_closed => faults.push(format!("{at}: {name} is not known")),
                None => {}
            }
        }
    }

    fn check_combined(
        &self,
        value: &Value,
        at: &str,
        others: &Schemas<'_>,
        faults: &mut Vec<String>,
    ) {
        if let Some(pointer) = &self.reference {
            match others.get(pointer) {
                Ok(schema) => schema.check(value, at, others, faults),
                Err(what) => faults.push(format!("{at}: {what}")),
            }
        }
        for schema in &self.all {
            schema.check(value, at, others, faults);
        }
        for (schemas, name, most) in [(&self.any, "anyOf", usize::MAX), (&self.one, "oneOf", 1)] {
            let mut tried = Vec::new();
            let fitting = schemas.iter().filter(|schema| {
                let before = tried.len();
                schema.check(value, at, others, &mut tried);
                tried.len() == before
            });
            let fitting = fitting.count();
            if !schemas.is_empty() && !(1..=most).contains(&fitting) {
                faults.push(format!(
                    "{at}: {fitting} of {name} fit: {}",
                    tried.join("; ")
                ));
            }
        }
    }
}

fn is_of(value: &Value, name: &str) -> bool {
    match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => false,
    }
}

fn is_within<T: PartialOrd>(found: T, (least, most): (Option<T>, Option<T>)) -> bool {
    least.is_none_or(|it| found >= it) && most.is_none_or(|it| found <= it)
}

/// The schemas of one document, each compiled when it is first asked for.
pub struct Schemas<'d> {
    document: &'d Value,
    compiled: Mutex<HashMap<String, Arc<Schema>>>,
}

impl<'d> Schemas<'d> {
    /// Those of `document`.
    pub fn new(document: &'d Value) -> Schemas<'d> {
        Schemas {
            document,
            compiled: Mutex::default(),
        }
    }

    /// The schema at a JSON pointer.
    ///
    /// # Errors
    /// That there is none, or why it is none.
    pub fn get(&self, pointer: &str) -> Result<Arc<Schema>, String> {
        let mut compiled = self.compiled.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = compiled.get(pointer) {
            return Ok(known.clone());
        }
        let value = self.document.pointer(pointer);
        let value = value.ok_or_else(|| format!("the document has no {pointer}"))?;
        let schema = Schema::compile(value).map_err(|what| format!("{pointer}: {what}"))?;
        let schema = Arc::new(schema);
        compiled.insert(pointer.to_owned(), schema.clone());
        Ok(schema)
    }

    /// What is wrong with `value` under the schema at a JSON pointer.
    ///
    /// # Errors
    /// All that it does not allow.
    pub fn check(&self, pointer: &str, value: &Value) -> Result<(), String> {
        let mut faults = Vec::new();
        self.get(pointer)?.check(value, "", self, &mut faults);
        match faults.is_empty() {
            true => Ok(()),
            false => Err(faults.join("\n")),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Each keyword: a schema, what it allows, and what it does not.
    #[test]
    fn every_keyword_allows_and_refuses() {
        for (schema, good, bad) in [
            (
                json!({"type": "integer"}),
                json!([1, -1, u64::MAX]),
                json!([1.5, "1", null]),
            ),
            (
                json!({"type": ["string", "null"]}),
                json!(["", null]),
                json!([0, {}, []]),
            ),
            (
                json!({"type": "boolean"}),
                json!([true]),
                json!([0, "true"]),
            ),
            (json!({"type": "array"}), json!([[]]), json!([{}])),
            (json!({"const": "a"}), json!(["a"]), json!(["b", null])),
            (json!({"enum": [5, "a"]}), json!([5, "a"]), json!([6, "b"])),
            (
                json!({"pattern": "^a+$"}),
                json!(["aa", 5]),
                json!(["", "ab"]),
            ),
            (
                json!({"minLength": 2, "maxLength": 3}),
                json!(["ää", "abc", 1]),
                json!(["a", "abcd"]),
            ),
            (
                json!({"minimum": 2, "maximum": 3}),
                json!([2, 3, "1"]),
                json!([1, 4, -2]),
            ),
            (
                json!({"items": {"type": "null"}}),
                json!([[], [null]]),
                json!([[null, 1]]),
            ),
            (
                json!({"minItems": 1, "maxItems": 2}),
                json!([[1], [1, 2]]),
                json!([[], [1, 2, 3]]),
            ),
            (
                json!({"properties": {"a": {"type": "null"}}, "additionalProperties": false}),
                json!([{}, {"a": null}, 5]),
                json!([{"a": 1}, {"b": null}]),
            ),
            (
                json!({"properties": {"a": {"type": "null"}}}),
                json!([{"b": 1}]),
                json!([{"a": 1}]),
            ),
            (
                json!({"required": ["a"]}),
                json!([{"a": 1}, 5]),
                json!([{}, {"b": 1}]),
            ),
            (json!({"minProperties": 1}), json!([{"a": 1}]), json!([{}])),
            (
                json!({"allOf": [{"minimum": 1}, {"maximum": 2}]}),
                json!([1, 2]),
                json!([0, 3]),
            ),
            (
                json!({"anyOf": [{"minimum": 2}, {"maximum": 3}]}),
                json!([1, 2, 3, 4]),
                json!([]),
            ),
            (
                json!({"anyOf": [{"const": 1}, {"const": 2}]}),
                json!([1, 2]),
                json!([3]),
            ),
            (
                json!({"oneOf": [{"minimum": 2}, {"maximum": 3}]}),
                json!([1, 4]),
                json!([2, 3]),
            ),
            (json!({"$ref": "#/other"}), json!([7]), json!([8])),
        ] {
            let document = json!({"it": schema, "other": {"const": 7}});
            let schemas = Schemas::new(&document);
            for value in good.as_array().unwrap() {
                assert_eq!(schemas.check("/it", value), Ok(()), "{schema} {value}");
            }
            for value in bad.as_array().unwrap() {
                assert!(schemas.check("/it", value).is_err(), "{schema} {value}");
            }
        }
    }

    #[test]
    fn what_is_not_known_is_no_schema() {
        for schema in [
            json!({"uniqueItems": true}),
            json!({"properties": {"a": {"format": "date"}}}),
            json!({"pattern": "("}),
            json!({"type": 5}),
            json!({"additionalProperties": {}}),
            json!(true),
        ] {
            assert!(Schema::compile(&schema).is_err(), "{schema}");
        }
    }
}
