//! The one place in the gateway that reads a clock. Everything else takes the time as a parameter.

use std::sync::OnceLock;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use engine::domain::Timestamp;

/// The time now. A clock before the epoch reads as the epoch.
pub fn now() -> Timestamp {
    let elapsed = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Timestamp(u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX))
}

/// How many nanoseconds have passed since this was first asked: never falls, and says nothing of the
/// time of day. For measuring how long something takes.
pub fn nanos() -> u64 {
    static FIRST: OnceLock<Instant> = OnceLock::new();
    let elapsed = FIRST.get_or_init(Instant::now).elapsed();
    u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX)
}
