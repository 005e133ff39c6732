//! The one place in the gateway that reads a clock. Everything else takes the time as a parameter.

use std::time::{SystemTime, UNIX_EPOCH};

use engine::domain::Timestamp;

/// The time now. A clock before the epoch reads as the epoch.
pub fn now() -> Timestamp {
    let elapsed = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Timestamp(u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX))
}
