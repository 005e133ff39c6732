//! Every frame and every answer of the operator's port, held against the documents that the gateway
//! serves of them.
//!
//! The documents are read and compiled once; a schema is compiled when its first frame comes. A
//! frame that its schema does not allow fails the test that saw it, so nothing is said on the
//! wire that a reader of the documents would not expect, an unknown field included.

mod recorded;
mod schema;

use std::sync::LazyLock;

use serde_json::Value;

pub use recorded::{Recorded, check_recording, recorded};
pub use schema::{Schema, Schemas};

/// The document of the WebSocket.
pub const ASYNCAPI: &str = include_str!("../../../gateway/src/contracts/asyncapi.yaml");
/// The document of the operator's port.
pub const OPENAPI: &str = include_str!("../../../gateway/src/contracts/openapi.yaml");

static SOCKET_DOCUMENT: LazyLock<Value> = LazyLock::new(|| parsed(ASYNCAPI));
static SOCKET: LazyLock<Schemas<'static>> = LazyLock::new(|| Schemas::new(&SOCKET_DOCUMENT));
static OPERATOR_DOCUMENT: LazyLock<Value> = LazyLock::new(|| parsed(OPENAPI));
static OPERATOR: LazyLock<Schemas<'static>> = LazyLock::new(|| Schemas::new(&OPERATOR_DOCUMENT));

fn parsed(text: &str) -> Value {
    yaml_serde::from_str(text).expect("the document is YAML")
}

/// The document of the WebSocket, parsed.
pub fn asyncapi() -> &'static Value {
    &SOCKET_DOCUMENT
}

/// The document of the operator's port, parsed.
pub fn openapi() -> &'static Value {
    &OPERATOR_DOCUMENT
}

/// What is wrong with a client's frame.
///
/// # Errors
/// All that its schema does not allow.
pub fn check_request(frame: &Value) -> Result<(), String> {
    check_message("request", frame)
}

/// What is wrong with a frame of the gateway's.
///
/// # Errors
/// All that its schema does not allow.
pub fn check_said(frame: &Value) -> Result<(), String> {
    check_message("said", frame)
}

fn check_message(way: &str, frame: &Value) -> Result<(), String> {
    let kind = frame["type"].as_str().ok_or("it has no type")?;
    SOCKET.check(&format!("/components/messages/{way}.{kind}/payload"), frame)
}

/// What is wrong with a value under a named schema of one of the documents.
///
/// # Errors
/// All that the schema does not allow.
pub fn check_schema(document: &Value, name: &str, value: &Value) -> Result<(), String> {
    let document: &Schemas<'_> = match document.get("asyncapi") {
        Some(_) => &SOCKET,
        None => &OPERATOR,
    };
    document.check(&format!("/components/schemas/{name}"), value)
}

/// A well-behaved client sent this frame.
///
/// # Panics
/// Where its schema does not allow it.
pub fn sent(frame: &Value) {
    if let Err(what) = check_request(frame) {
        panic!("no request of asyncapi.yaml: {frame}\n{what}");
    }
}

/// A client sent this frame to see it refused.
///
/// # Panics
/// Where its schema allows it: then either of the two is wrong.
pub fn sent_bad(frame: &Value) {
    let is_bad = check_request(frame).is_err();
    assert!(is_bad, "asyncapi.yaml allows what is bad: {frame}");
}

/// The gateway said this frame.
///
/// # Panics
/// Where its schema does not allow it.
pub fn received(frame: &Value) {
    if let Err(what) = check_said(frame) {
        panic!("no message of asyncapi.yaml: {frame}\n{what}");
    }
}

/// The operator's port answered: a body that was taken was one that may be sent, and the answer is
/// one that may come.
///
/// # Panics
/// Where the document says otherwise. What is no path or method of it has no schema, but that of
/// an error.
pub fn operated(method: &str, path: &str, body: &str, status: u16, answer: &Value) {
    let method = method.to_lowercase();
    let found = template(path).filter(|it| openapi()["paths"][it].get(&method).is_some());
    let Some(template) = found else {
        assert!(
            status >= 400,
            "{method} {path} is no operation of openapi.yaml"
        );
        let refused = OPERATOR.check("/components/schemas/Refusal", answer);
        return refused.unwrap_or_else(|what| panic!("{method} {path}: {answer}\n{what}"));
    };
    let operation = format!("/paths/{}/{method}", template.replace('/', "~1"));
    let content = "content/application~1json/schema";
    let response = format!("{operation}/responses/{status}");
    let response = match openapi()
        .pointer(&response)
        .and_then(|it| it["$ref"].as_str())
    {
        Some(shared) => shared.trim_start_matches('#').to_owned(),
        None => response,
    };
    let checked = OPERATOR.check(&format!("{response}/{content}"), answer);
    if let Err(what) = checked {
        panic!("no answer of openapi.yaml to {method} {path}: {status} {answer}\n{what}");
    }
    let asked = format!("{operation}/requestBody");
    let Some(wanted) = openapi().pointer(&asked).filter(|_| status == 200) else {
        return;
    };
    if !body.is_empty() || wanted["required"] == true {
        let asked = format!("{asked}/{content}");
        let body = serde_json::from_str(body).expect("what was taken is JSON");
        if let Err(what) = OPERATOR.check(&asked, &body) {
            panic!("{method} {path} took what openapi.yaml does not: {body}\n{what}");
        }
    }
}

/// The path of the document that `path` is one of.
fn template(path: &str) -> Option<String> {
    let parts: Vec<&str> = path.split('/').collect();
    let paths = openapi()["paths"].as_object()?;
    let fits = |template: &&String| {
        let wanted: Vec<&str> = template.split('/').collect();
        let same = |(wanted, found): (&&str, &&str)| {
            wanted == found || (wanted.starts_with('{') && !found.is_empty())
        };
        wanted.len() == parts.len() && wanted.iter().zip(&parts).all(same)
    };
    paths.keys().find(fits).cloned()
}
