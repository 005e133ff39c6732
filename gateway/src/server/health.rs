//! What the gateway says of itself to who looks after it, on `/health` and `/ready`.
//!
//! Whoever reaches the port may ask, so no answer names a file or an error: the log does.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use engine::domain::{CommandSequence, Timestamp};
use engine::runtime::Inbox;
use hyper::StatusCode;

/// For how long commands may wait for the disk before the journal counts as stalled, in
/// milliseconds. A slow disk takes a second or two at its worst.
const STALL_MS: u64 = 5_000;

/// What is wrong, if anything is.
pub(super) struct Health {
    inbox: Inbox,
    has_failed: AtomicBool,
    is_stopping: AtomicBool,
    is_low: AtomicBool,
    /// Which command was the last durable one while others waited, and when that was first seen.
    waiting: Mutex<Option<(CommandSequence, Timestamp)>>,
}

/// An answer: its status and its text.
pub(super) type Told = (StatusCode, &'static str);

const FAILED: &str = "failed: nothing is taken any more and the process ends; the log says why\n";
const STALLED: &str = "stalled: the journal waits for its disk\n";

impl Health {
    /// Of a gateway that starts, over the exchange behind `inbox`.
    pub(super) fn new(inbox: Inbox) -> Health {
        Health {
            inbox,
            has_failed: AtomicBool::new(false),
            is_stopping: AtomicBool::new(false),
            is_low: AtomicBool::new(false),
            waiting: Mutex::new(None),
        }
    }

    /// The exchange ended by itself: there is no way back.
    pub(super) fn fail(&self) {
        self.has_failed.store(true, Ordering::Release);
    }

    /// A stop was asked for.
    pub(super) fn stop(&self) {
        self.is_stopping.store(true, Ordering::Release);
    }

    /// Whether the disk is so full that cancels only are taken.
    pub(super) fn set_low(&self, is_low: bool) {
        self.is_low.store(is_low, Ordering::Release);
    }

    /// Whether the disk is so full that cancels only are taken.
    pub(super) fn is_low(&self) -> bool {
        self.is_low.load(Ordering::Acquire)
    }

    /// Whether it works: 503 where somebody has to look.
    pub(super) fn health(&self, now: Timestamp) -> Told {
        if self.has_failed() {
            (StatusCode::SERVICE_UNAVAILABLE, FAILED)
        } else if self.is_stalled(now) {
            (StatusCode::SERVICE_UNAVAILABLE, STALLED)
        } else if self.is_low.load(Ordering::Acquire) {
            (StatusCode::OK, "cancels only: the disk is nearly full\n")
        } else {
            (StatusCode::OK, "ok\n")
        }
    }

    /// Whether clients shall be sent here. With a disk that is nearly full they shall: they have
    /// orders to cancel.
    pub(super) fn ready(&self, now: Timestamp) -> Told {
        if self.has_failed() {
            (StatusCode::SERVICE_UNAVAILABLE, FAILED)
        } else if self.is_stopping.load(Ordering::Acquire) {
            (StatusCode::SERVICE_UNAVAILABLE, "stopping\n")
        } else if self.is_stalled(now) {
            (StatusCode::SERVICE_UNAVAILABLE, STALLED)
        } else if self.is_low.load(Ordering::Acquire) {
            (
                StatusCode::OK,
                "ready, for cancels only: the disk is nearly full\n",
            )
        } else {
            (StatusCode::OK, "ready\n")
        }
    }

    fn has_failed(&self) -> bool {
        self.has_failed.load(Ordering::Acquire)
    }

    /// Whether commands have waited for the disk since a look [`STALL_MS`] ago, and none of them
    /// became durable in the meantime. Who asks is the clock: nothing is watched in between.
    fn is_stalled(&self, now: Timestamp) -> bool {
        let progress = self.inbox.journal();
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        match *waiting {
            _ if progress.durable >= progress.decided => *waiting = None,
            Some((durable, since)) if durable == progress.durable => {
                return now.since(since) >= STALL_MS;
            }
            _ => *waiting = Some((progress.durable, now)),
        }
        false
    }
}
