//! Promise: the documents that the gateway serves say what its code says, word for word, and are
//! whole in themselves.
#![allow(clippy::unwrap_used)] // a failed unwrap fails the test

use std::collections::BTreeSet;

use gateway::wire::{
    BookUpdates, ChannelType, ErrorCode, MessageType, OrderType, Reason, RequestType,
    TimeInForceWord,
};
use serde_json::{Value, json};
use testkit::contract::{self, asyncapi, openapi};

fn set<'a>(words: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
    words.into_iter().map(str::to_owned).collect()
}

fn of_enum(schema: &str) -> BTreeSet<String> {
    let words = &asyncapi()["components"]["schemas"][schema]["enum"];
    let words = words
        .as_array()
        .unwrap_or_else(|| panic!("no enum {schema}"));
    set(words.iter().map(|word| word.as_str().unwrap()))
}

/// The messages of one way.
fn messages(way: &str) -> BTreeSet<String> {
    let all = asyncapi()["components"]["messages"].as_object().unwrap();
    set(all.keys().filter_map(|name| name.strip_prefix(way)))
}

#[test]
fn every_word_of_the_code_is_in_the_document_and_no_other() {
    let requests = set(RequestType::ALL.iter().map(|it| it.word()));
    assert_eq!(messages("request."), requests);
    assert_eq!(of_enum("RequestType"), requests);
    assert_eq!(
        messages("said."),
        set(MessageType::ALL.iter().map(|it| it.word()))
    );
    assert_eq!(
        of_enum("ErrorCode"),
        set(ErrorCode::ALL.iter().map(|it| it.word()))
    );
    assert_eq!(
        of_enum("ErrorReason"),
        set(Reason::ALL.iter().map(|it| it.word()))
    );
    assert_eq!(
        of_enum("OrderType"),
        set(OrderType::ALL.iter().map(|it| it.word()))
    );
    assert_eq!(
        of_enum("TimeInForce"),
        set(TimeInForceWord::ALL.iter().map(|it| it.word()))
    );
    assert_eq!(
        of_enum("BookUpdates"),
        set(BookUpdates::ALL.iter().map(|it| it.word()))
    );
    let channels = set(ChannelType::ALL.iter().map(|it| it.word()));
    for schema in ["AskedChannel", "HeldChannel"] {
        let mut named = BTreeSet::new();
        for one in asyncapi()["components"]["schemas"][schema]["oneOf"]
            .as_array()
            .unwrap()
        {
            let kind = &one["properties"]["type"];
            named.extend(kind["const"].as_str().map(str::to_owned));
            let several = kind["enum"].as_array().into_iter().flatten();
            named.extend(several.map(|word| word.as_str().unwrap().to_owned()));
        }
        assert_eq!(named, channels, "{schema}");
    }
}

/// Each message is in the one channel, in an operation, and its name is its type.
#[test]
fn every_message_has_its_place() {
    let document = asyncapi();
    assert_eq!(document["asyncapi"], "3.0.0");
    let named: BTreeSet<&String> = document["components"]["messages"]
        .as_object()
        .unwrap()
        .keys()
        .collect();
    let carried: BTreeSet<&String> = document["channels"]["socket"]["messages"]
        .as_object()
        .unwrap()
        .keys()
        .collect();
    assert_eq!(named, carried);
    let operations = document["operations"].to_string();
    for name in named {
        let message = &document["components"]["messages"][name];
        let (_, kind) = name.split_once('.').unwrap();
        assert_eq!(message["name"], kind);
        assert_eq!(
            message["payload"]["properties"]["type"]["const"], kind,
            "{name}"
        );
        let place = format!("\"#/channels/socket/messages/{name}\"");
        assert!(operations.contains(&place), "{name} is in no operation");
    }
}

fn walk<'a>(value: &'a Value, found: &mut impl FnMut(&'a Value)) {
    found(value);
    match value {
        Value::Object(members) => members.values().for_each(|it| walk(it, found)),
        Value::Array(items) => items.iter().for_each(|it| walk(it, found)),
        _ => {}
    }
}

#[test]
fn what_is_referred_to_is_there() {
    for document in [asyncapi(), openapi()] {
        let mut count = 0;
        walk(document, &mut |value| {
            if let Some(pointer) = value.get("$ref").and_then(Value::as_str) {
                let pointer = pointer.strip_prefix('#').expect("it refers to itself");
                assert!(document.pointer(pointer).is_some(), "{pointer}");
                count += 1;
            }
        });
        assert!(count > 50);
    }
    for text in [contract::ASYNCAPI, contract::OPENAPI] {
        assert!(text.len() < 150 * 1024);
    }
    assert_eq!(contract::ASYNCAPI, gateway::contracts::ASYNCAPI);
    assert_eq!(contract::OPENAPI, gateway::contracts::OPENAPI);
}

#[test]
fn every_example_is_one() {
    let mut count = 0;
    for (name, message) in asyncapi()["components"]["messages"].as_object().unwrap() {
        for example in message["examples"].as_array().into_iter().flatten() {
            let payload = &example["payload"];
            let checked = match name.starts_with("request.") {
                true => contract::check_request(payload),
                false => contract::check_said(payload),
            };
            checked.unwrap_or_else(|what| panic!("{name}: {payload}\n{what}"));
            count += 1;
        }
    }
    assert!(count > 45, "{count}");
    for document in [asyncapi(), openapi()] {
        for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
            for example in schema["examples"].as_array().into_iter().flatten() {
                let checked = contract::check_schema(document, name, example);
                checked.unwrap_or_else(|what| panic!("{name}: {example}\n{what}"));
            }
        }
    }
    let mut count = 0;
    walk(openapi(), &mut |value| {
        let (Some(schema), Some(example)) = (value.get("schema"), value.get("example")) else {
            return;
        };
        let name = schema["$ref"].as_str().unwrap().rsplit_once('/').unwrap().1;
        let checked = contract::check_schema(openapi(), name, example);
        checked.unwrap_or_else(|what| panic!("{name}: {example}\n{what}"));
        count += 1;
    });
    assert!(count > 10, "{count}");
}

/// The canary: whatever the gateway would say beyond the documents is found, wherever it stands.
#[test]
fn an_unknown_field_is_found_anywhere() {
    for message in asyncapi()["components"]["messages"]
        .as_object()
        .unwrap()
        .values()
    {
        let Some(example) = message["examples"].get(0).map(|it| &it["payload"]) else {
            continue;
        };
        if contract::check_said(example).is_err() {
            // A request, where unknown fields are ignored.
            continue;
        }
        let mut places = Vec::new();
        objects(example, String::new(), &mut places);
        for place in places {
            let mut changed = example.clone();
            changed.pointer_mut(&place).unwrap()["unknown"] = json!(1);
            let found = contract::check_said(&changed);
            assert!(found.is_err(), "at {place}: {changed}");
        }
        for missing in example.as_object().unwrap().keys() {
            let mut changed = example.clone();
            changed.as_object_mut().unwrap().remove(missing);
            let optional = ["requestId", "index"].contains(&missing.as_str());
            assert_eq!(
                contract::check_said(&changed).is_ok(),
                optional,
                "without {missing}"
            );
        }
    }
}

fn objects(value: &Value, place: String, places: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                objects(
                    member,
                    format!("{place}/{}", name.replace('/', "~1")),
                    places,
                );
            }
            places.push(place);
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                objects(item, format!("{place}/{index}"), places);
            }
        }
        _ => {}
    }
}
