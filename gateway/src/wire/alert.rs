//! `risk_alert`.

use crate::wire::MessageType;
use engine::domain::Timestamp;

use super::stream::stream;

/// `risk_alert`: begun, changed or ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RiskAlert<'a> {
    /// Its number.
    pub id: u64,
    /// How much it matters.
    pub severity: &'a str,
    /// What kind it is.
    pub category: &'a str,
    /// What it is about, where it is not about all of the exchange.
    pub about: Option<About<'a>>,
    /// In words.
    pub message: &'a str,
    /// Since when.
    pub started_at: Timestamp,
    /// Until when, where that is known.
    pub ends_at: Option<Timestamp>,
    /// Whether it is in force.
    pub is_in_force: bool,
}

/// What an alert is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About<'a> {
    /// `pair`
    Pair(&'a str),
    /// `symbol`
    Symbol(&'a str),
}

impl RiskAlert<'_> {
    /// Writes the message.
    pub fn encode(&self, out: &mut Vec<u8>, now: Timestamp) {
        stream(out, MessageType::RiskAlert, &["risk_alerts"], now, |json| {
            json.id("alertId", "alert_", self.id);
            json.word("severity", self.severity);
            json.word("category", self.category);
            match self.about {
                None => {}
                Some(About::Pair(pair)) => json.word("pair", pair),
                Some(About::Symbol(symbol)) => json.word("symbol", symbol),
            }
            json.text("message", self.message);
            json.number("startedAt", self.started_at.0);
            match self.ends_at {
                Some(ends_at) => json.number("endsAt", ends_at.0),
                None => json.null("endsAt"),
            }
            json.boolean("inForce", self.is_in_force);
        });
    }
}
