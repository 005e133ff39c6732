//! Promise: every message of a client is read field for field, and what is wrong with one is told
//! with its code, reason and field, and with the `requestId` wherever that could be read.

#![allow(
    clippy::unwrap_used,
    reason = "a test may stop at what it did not expect"
)]

mod limits;
mod messages;
mod mistakes;
mod orders;

use expect_test::Expect;
use gateway::wire::{Decoder, ErrorMessage, WireError};

/// Reads `message` and shows what it was taken for, or the error that answers it.
fn read(message: &str) -> String {
    match Decoder::new().read(message.as_bytes()) {
        Ok(envelope) => format!("{envelope:?}"),
        Err(error) => encoded(&error),
    }
}

fn encoded(error: &WireError) -> String {
    let mut out = Vec::new();
    ErrorMessage {
        refusal: &error.refusal,
        request_type: error.request_type,
        client_order_id: error.client_order_id,
        index: None,
    }
    .encode(
        &mut out,
        error.request_id.as_ref(),
        engine::domain::Timestamp(0),
    );
    String::from_utf8(out).unwrap()
}

#[track_caller]
fn check(messages: &[&str], expected: &Expect) {
    let mut shown = String::new();
    for message in messages {
        shown.push_str(message);
        shown.push_str("\n  → ");
        shown.push_str(&read(message));
        shown.push('\n');
    }
    expected.assert_eq(&shown);
}
