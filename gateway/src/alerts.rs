//! Risk alerts: what all should know, from when to when.
//!
//! One alert stands for one cause: a category and what it is about. Raising it again renews it;
//! it ends when that is said, or by itself at a time that was set. What is in force is kept, so
//! that who comes later is told too. Pure: what is to be said is given back, never sent.
//!
//! Invariants: an alert has one number from its start to its end, and no number comes twice; what
//! did not change is not said again. Limits: [`MAX_IN_FORCE`] alerts; a cause beyond that is not
//! taken, which is given back as `None` like any that changes nothing.

mod volatility;

use engine::domain::{AssetId, PairId, Timestamp};

pub use self::volatility::{Volatility, VolatilityRules};

/// The most alerts that are in force at once: far above the pairs and tokens there are.
pub const MAX_IN_FORCE: usize = 4_096;

/// How much it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Good to know.
    Info,
    /// Look at your risk.
    Warning,
    /// Something is stopped, or money may be lost.
    Critical,
}

impl Severity {
    /// The word on the wire.
    pub const fn word(self) -> &'static str {
        match self {
            Severity::Info => "info",
            Severity::Warning => "warning",
            Severity::Critical => "critical",
        }
    }
}

/// What kind of thing it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Category {
    /// A trade would have printed too far away.
    CircuitBreaker,
    /// A price moved far in a short time.
    Volatility,
    /// A pair takes no orders.
    TradingHalt,
    /// Positions are being liquidated.
    Liquidation,
    /// The insurance fund is low or empty.
    InsuranceFund,
    /// Positions are being reduced.
    AutoDeleveraging,
    /// Another ledger's prices are old or unusable.
    FeedStale,
}

impl Category {
    /// The word on the wire.
    pub const fn word(self) -> &'static str {
        match self {
            Category::CircuitBreaker => "circuit_breaker",
            Category::Volatility => "volatility",
            Category::TradingHalt => "trading_halt",
            Category::Liquidation => "liquidation",
            Category::InsuranceFund => "insurance_fund",
            Category::AutoDeleveraging => "auto_deleveraging",
            Category::FeedStale => "feed_stale",
        }
    }
}

/// What an alert is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// A pair.
    Pair(PairId),
    /// An asset.
    Asset(AssetId),
    /// A token somewhere else: its number there, and the number of the place.
    Token(u32, u8),
    /// The exchange as a whole.
    Exchange,
}

/// What there is one alert of at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cause {
    /// What kind.
    pub category: Category,
    /// About what.
    pub subject: Subject,
}

/// Something that all should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alert {
    /// Its number.
    pub id: u64,
    /// What it is about.
    pub cause: Cause,
    /// How much it matters.
    pub severity: Severity,
    /// In words.
    pub message: Box<str>,
    /// Since when.
    pub started_at: Timestamp,
    /// Until when, where that is known or past.
    pub ends_at: Option<Timestamp>,
}

/// What is in force.
#[derive(Debug, Default)]
pub struct Alerts {
    /// In the order in which they were raised.
    in_force: Vec<Alert>,
    last_id: u64,
}

impl Alerts {
    /// Raises an alert, or renews the one of this cause, and gives back what is to be said: `None`
    /// where neither severity nor words changed. A later end is only said once half of the time to it is over, so
    /// that a cause which goes on is not said at every turn.
    pub fn raise(
        &mut self,
        cause: Cause,
        severity: Severity,
        message: &str,
        ends_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Option<Alert> {
        self.expire(now);
        if let Some(alert) = self.in_force.iter_mut().find(|it| it.cause == cause) {
            let is_same = alert.severity == severity
                && *alert.message == *message
                && !is_end_other(alert.ends_at, ends_at, now);
            if is_same {
                return None;
            }
            alert.severity = severity;
            alert.message = message.into();
            alert.ends_at = ends_at;
            return Some(alert.clone());
        }
        if self.in_force.len() >= MAX_IN_FORCE {
            return None;
        }
        // Above all numbers before it, those of an earlier process too.
        self.last_id = (self.last_id + 1).max(now.0);
        let alert = Alert {
            id: self.last_id,
            cause,
            severity,
            message: message.into(),
            started_at: now,
            ends_at,
        };
        self.in_force.push(alert.clone());
        Some(alert)
    }

    /// Ends the alert of a cause, if it is in force, and gives it back with its end.
    pub fn end(&mut self, cause: Cause, now: Timestamp) -> Option<Alert> {
        let at = self.in_force.iter().position(|it| it.cause == cause)?;
        let mut alert = self.in_force.remove(at);
        alert.ends_at = Some(now);
        Some(alert)
    }

    /// Takes out what has reached its end. Its end was said, so there is nothing to say.
    pub fn expire(&mut self, now: Timestamp) {
        self.in_force
            .retain(|it| it.ends_at.is_none_or(|end| end > now));
    }

    /// What is in force, oldest first.
    pub fn in_force(&self) -> &[Alert] {
        &self.in_force
    }
}

/// Whether another end is worth saying.
fn is_end_other(said: Option<Timestamp>, new: Option<Timestamp>, now: Timestamp) -> bool {
    match (said, new) {
        (None, None) => false,
        (Some(said), Some(new)) if new >= said => said.since(now) < new.since(now).div_ceil(2),
        (Some(_), Some(_)) | (None, Some(_)) | (Some(_), None) => true,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a test may stop at what it did not expect

    use super::*;

    const HALT: Cause = Cause {
        category: Category::TradingHalt,
        subject: Subject::Pair(PairId(3)),
    };
    const START: Timestamp = Timestamp(1_640_995_200_000);

    fn at(ms: u64) -> Timestamp {
        START.plus(ms)
    }

    #[test]
    fn an_alert_is_said_once_and_again_when_it_changes_and_ends_once() {
        let mut alerts = Alerts::default();
        let first = alerts
            .raise(HALT, Severity::Warning, "a", None, at(0))
            .unwrap();
        assert_eq!(
            (first.id, first.started_at, first.ends_at),
            (START.0, at(0), None)
        );
        assert_eq!(
            alerts.raise(HALT, Severity::Warning, "a", None, at(1)),
            None
        );
        let worse = alerts
            .raise(HALT, Severity::Critical, "b", None, at(2))
            .unwrap();
        assert_eq!((worse.id, worse.started_at), (first.id, at(0)));
        assert_eq!(&*worse.message, "b");
        let other = Cause {
            subject: Subject::Exchange,
            ..HALT
        };
        assert_eq!(alerts.end(other, at(3)), None);
        let second = alerts
            .raise(other, Severity::Info, "c", None, at(0))
            .unwrap();
        assert_eq!(second.id, first.id + 1, "no number comes twice");
        assert_eq!(alerts.in_force().len(), 2);
        assert_eq!(alerts.end(HALT, at(4)).unwrap().ends_at, Some(at(4)));
        assert_eq!(alerts.end(HALT, at(5)), None);
        assert_eq!(alerts.in_force(), [second]);
    }

    #[test]
    fn a_later_end_is_said_when_half_of_the_time_is_over() {
        let mut alerts = Alerts::default();
        let mut raise = |ms| alerts.raise(HALT, Severity::Info, "", Some(at(ms + 100)), at(ms));
        assert!(raise(0).is_some());
        assert_eq!(raise(1), None);
        assert_eq!(
            raise(50),
            None,
            "50 ms of the 100 that are now meant are left"
        );
        assert!(raise(51).is_some());
        assert_eq!(raise(101), None);
        alerts.expire(at(150));
        assert_eq!(alerts.in_force().len(), 1);
        alerts.expire(at(151));
        assert_eq!(alerts.in_force(), []);
    }

    #[test]
    fn there_is_a_limit() {
        let mut alerts = Alerts::default();
        let limit = u32::try_from(MAX_IN_FORCE).unwrap();
        let cause = |token| Cause {
            category: Category::FeedStale,
            subject: Subject::Token(token, 0),
        };
        for token in 0..limit {
            assert!(
                alerts
                    .raise(cause(token), Severity::Info, "", None, START)
                    .is_some()
            );
        }
        assert_eq!(
            alerts.raise(cause(limit), Severity::Info, "", None, START),
            None
        );
        assert!(alerts.end(cause(0), START).is_some());
        assert!(
            alerts
                .raise(cause(limit), Severity::Info, "", None, START)
                .is_some()
        );
    }
}
