//! What the operator's port says.

use engine::domain::{Timestamp, TradingStatus};

use super::json::Json;
use super::trading_status_word;

/// How a pair stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PairNow {
    /// Whether it takes orders.
    pub status: TradingStatus,
    /// When it opens again by itself.
    pub reopens_at: Option<Timestamp>,
}

/// A pair's status as JSON.
pub fn encode_pair_now(symbol: &str, now: &PairNow, out: &mut Vec<u8>) {
    let mut json = Json::new(out);
    json.open();
    json.word("pair", symbol);
    json.word("status", trading_status_word(now.status));
    if let Some(at) = now.reopens_at {
        json.number("reopensAt", at.0);
    }
    json.close();
}

/// How many connections ended with what was revoked.
pub fn encode_revoked(ended: usize, out: &mut Vec<u8>) {
    let mut json = Json::new(out);
    json.open();
    json.number("endedConnections", ended as u64);
    json.close();
}

/// Why nothing was done.
pub fn encode_admin_error(words: &str, out: &mut Vec<u8>) {
    let mut json = Json::new(out);
    json.open();
    json.word("error", words);
    json.close();
}
