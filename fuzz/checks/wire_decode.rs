//! Any bytes as a client's message.

use gateway::wire::{Decoder, ErrorMessage, decode};
use serde::de::IgnoredAny;

/// Reads `bytes` twice, with a fresh decoder and with one that has read something else: both say
/// the same. What is taken is valid JSON, and an error can be said as valid JSON.
pub(crate) fn run(bytes: &[u8]) -> Result<(), String> {
    let fresh = decode(&mut bytes.to_vec());
    let mut used = Decoder::new();
    let _ = used.decode(&mut br#"{"type":"ping","requestId":"before"}"#.to_vec());
    let _ = used.decode(&mut b"{\"type\":\"pi".to_vec());
    let again = used.decode(&mut bytes.to_vec());
    if fresh != again {
        return Err(format!("{fresh:?} at first, then {again:?}"));
    }
    // Bytes that stay are read as those that do not, but for what the error of a number that is
    // too large tells of the rest.
    let kept = Decoder::new().read(bytes);
    let is_same = match (&fresh, &kept) {
        (Err(fresh), Err(kept)) => fresh.refusal == kept.refusal,
        (fresh, kept) => fresh == kept,
    };
    if !is_same {
        return Err(format!("{fresh:?} in place, {kept:?} kept"));
    }
    match kept {
        Ok(envelope) => match serde_json::from_slice::<IgnoredAny>(bytes) {
            Ok(_) => Ok(()),
            Err(what) => Err(format!("{what}, and yet it is taken as {envelope:?}")),
        },
        Err(error) => {
            let message = ErrorMessage {
                refusal: &error.refusal,
                request_type: error.request_type,
                client_order_id: error.client_order_id,
                index: None,
            };
            let mut out = Vec::new();
            let now = engine::domain::Timestamp(0);
            message.encode(&mut out, error.request_id.as_ref(), now);
            let said = serde_json::from_slice::<IgnoredAny>(&out);
            said.map(|_| ())
                .map_err(|what| format!("{what}, in {out:?}"))
        }
    }
}
