//! Frames that programs in other languages wrote down while they ran: a line each, `{"sent": …}` or
//! `{"received": …}`, and `"bad": true` beside what was sent to see it refused.

use std::path::Path;

use serde_json::Value;

use super::{check_request, check_said};

/// How many frames a recording has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// Good ones of the clients'.
    pub sent: usize,
    /// The gateway's.
    pub received: usize,
    /// Those that clients sent to see them refused.
    pub bad: usize,
}

/// Holds a recording against the document of the WebSocket.
///
/// # Errors
/// The first line that is none of a recording, or whose frame the document does not allow; or one
/// that it allows although it is marked as bad.
pub fn check_recording(text: &str) -> Result<Recorded, String> {
    let mut found = Recorded {
        sent: 0,
        received: 0,
        bad: 0,
    };
    for line in text.lines() {
        let wrong = |what: String| format!("{line}\n{what}");
        let read: Value = serde_json::from_str(line).map_err(|it| wrong(it.to_string()))?;
        let members = read.as_object().map_or(0, serde_json::Map::len);
        match (read.get("sent"), read.get("received"), read.get("bad")) {
            (Some(frame), None, None) if members == 1 => {
                check_request(frame).map_err(wrong)?;
                found.sent += 1;
            }
            (None, Some(frame), None) if members == 1 => {
                check_said(frame).map_err(wrong)?;
                found.received += 1;
            }
            (Some(frame), None, Some(Value::Bool(true))) if members == 2 => {
                if check_request(frame).is_ok() {
                    return Err(wrong("it is marked as bad, and allowed".into()));
                }
                found.bad += 1;
            }
            _ => {
                return Err(wrong(
                    "a line has one frame, and clients alone send bad ones".into(),
                ));
            }
        }
    }
    Ok(found)
}

/// A program has run, and wrote its frames into this file: at least so many of each way, so that a
/// recorder that writes nothing down is seen, and exactly so many that are bad, so that a mark that
/// no frame got is.
///
/// # Panics
/// Where there is no file, it has other numbers of frames, or one that the document does not allow.
pub fn recorded(file: &Path, least: Recorded) {
    let text = std::fs::read_to_string(file).expect("a recording is a file");
    match check_recording(&text) {
        Ok(found) => {
            println!("{}: {found:?}", file.display());
            let is_enough = found.sent >= least.sent && found.received >= least.received;
            let is_enough = is_enough && found.bad == least.bad;
            assert!(
                is_enough,
                "{found:?} in {}, expected {least:?}",
                file.display()
            );
        }
        Err(what) => panic!("asyncapi.yaml and {} differ: {what}", file.display()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PING: &str = r#"{"sent":{"type":"ping"}}"#;
    const PONG: &str = r#"{"received":{"type":"pong","timestamp":1640995200000}}"#;

    #[test]
    fn each_way_is_counted_and_what_is_bad_by_itself() {
        let bad = r#"{"sent":{"type":"nothing"},"bad":true}"#;
        let found = check_recording(&[PING, PONG, bad, PONG].join("\n"));
        let expected = Recorded {
            sent: 1,
            received: 2,
            bad: 1,
        };
        assert_eq!(found, Ok(expected));
    }

    #[test]
    fn what_the_document_does_not_allow_is_found() {
        for line in [
            r#"{"sent":{"type":"nothing"}}"#,
            r#"{"sent":{"type":"ping","requestId":""}}"#,
            r#"{"sent":{"type":"ping"},"bad":true}"#,
            r#"{"received":{"type":"pong"}}"#,
            r#"{"received":{"type":"pong","timestamp":1640995200000,"extra":1}}"#,
            r#"{"received":{"type":"pong"},"bad":true}"#,
            r#"{"sent":{"type":"ping"},"received":{"type":"pong","timestamp":1640995200000}}"#,
            r#"{"sent":{"type":"ping""#,
            "{}",
            "",
        ] {
            let found = check_recording(&format!("{PING}\n{line}\n{PONG}"));
            assert!(found.is_err(), "{line}");
        }
    }
}
