//! Sizes, depths and counts; nothing that bytes from outside can do harm with.

use gateway::wire::decode;
use proptest::prelude::*;

use super::{encoded, read};

#[test]
fn limits_hold_just_inside_and_refuse_just_outside() {
    let id = |length| format!(r#"{{"type":"ping","requestId":"{}"}}"#, "é".repeat(length));
    assert!(decode(&mut id(64).into_bytes()).is_ok());
    assert!(decode(&mut id(65).into_bytes()).is_err());

    let nested = |depth: usize| {
        let (open, close) = ("[".repeat(depth - 1), "]".repeat(depth - 1));
        format!(r#"{{"type":"ping","x":{open}{close}}}"#)
    };
    assert!(decode(&mut nested(16).into_bytes()).is_ok());
    let error = decode(&mut nested(17).into_bytes()).unwrap_err();
    assert_eq!(error.refusal.reason.word(), "NESTED_TOO_DEEPLY");

    let channels = |count| {
        let channels = vec![r#"{"type":"portfolio"}"#; count].join(",");
        format!(r#"{{"type":"subscribe","channels":[{channels}]}}"#)
    };
    assert!(decode(&mut channels(100).into_bytes()).is_ok());
    let error = decode(&mut channels(101).into_bytes()).unwrap_err();
    assert_eq!(error.refusal.reason.word(), "TOO_MANY_ITEMS");

    let padded = |length: usize| {
        let frame = r#"{"type":"ping","x":""}"#.len();
        format!(r#"{{"type":"ping","x":"{}"}}"#, "x".repeat(length - frame))
    };
    assert!(decode(&mut padded(65_536).into_bytes()).is_ok());
    let error = decode(&mut padded(65_537).into_bytes()).unwrap_err();
    assert_eq!(error.refusal.reason.word(), "MESSAGE_TOO_LARGE");
}

#[test]
fn thirty_thousand_brackets_are_refused_on_a_small_stack() {
    let brackets = "[".repeat(30_000);
    let messages = [
        brackets.clone(),
        format!("{brackets}{}", "]".repeat(30_000)),
        format!(r#"{{"type":"ping","x":{brackets}"#),
        "{\"a\":".repeat(13_000),
    ];
    let small = std::thread::Builder::new().stack_size(128 * 1024);
    let thread = small.spawn(move || {
        for message in messages {
            assert!(decode(&mut message.into_bytes()).is_err());
        }
    });
    thread.unwrap().join().unwrap();
}

#[test]
fn a_token_is_never_shown() {
    let shown = read(r#"{"type":"authenticate","token":"do-not-show-this"}"#);
    assert!(!shown.contains("do-not-show-this"), "{shown}");
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        if let Err(error) = decode(&mut bytes.clone()) {
            let encoded = encoded(&error);
            prop_assert!(serde_json::from_str::<serde_json::Value>(&encoded).is_ok(), "{encoded}");
        }
    }

    #[test]
    fn broken_messages_are_read_or_refused(
        at in 0_usize..200,
        cut in 0_usize..8,
        put in prop::collection::vec(any::<u8>(), 0..8),
    ) {
        let message = br#"{"type":"place_order","orderType":"limit","requestId":"r","orderData":{"pair":"A/B","side":"buy","amount":"100.00","price":"995.00","timeInForce":"GTC"}}"#;
        let at = at.min(message.len());
        let mut bytes = message[..at].to_vec();
        bytes.extend_from_slice(&put);
        bytes.extend_from_slice(&message[(at + cut).min(message.len())..]);
        if let Err(error) = decode(&mut bytes) {
            let encoded = encoded(&error);
            prop_assert!(serde_json::from_str::<serde_json::Value>(&encoded).is_ok(), "{encoded}");
        }
    }
}
