use std::sync::atomic::{AtomicU64, Ordering};

use super::histogram::{COUNTS, Histogram, LATENCIES, add};

/// A number that one thread counts and any may read.
#[derive(Debug, Default)]
pub struct Count(AtomicU64);

impl Count {
    /// Counts more. Only one thread may.
    pub fn add(&self, more: u64) {
        add(&self.0, more);
    }

    /// How many by now.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// What the thread of a shard counts: nobody else writes here, so it has its lines of the
/// processor's cache to itself most of the time.
#[derive(Debug)]
#[repr(align(128))]
pub struct ShardMeter {
    /// Text messages that came.
    pub messages_received: Count,
    /// Their bytes, inflated.
    pub message_bytes_received: Count,
    /// Bytes that came of WebSocket, before anything was inflated.
    pub wire_bytes_received: Count,
    /// Text messages that were taken out of mailboxes to be written.
    pub messages_sent: Count,
    /// Their bytes, before anything was deflated.
    pub message_bytes_sent: Count,
    /// Their bytes as they are written, frames' heads excluded.
    pub wire_bytes_sent: Count,
    /// How long after the bell all that it rang for was written, in nanoseconds.
    pub write: Histogram,
}

impl Default for ShardMeter {
    fn default() -> ShardMeter {
        ShardMeter {
            messages_received: Count::default(),
            message_bytes_received: Count::default(),
            wire_bytes_received: Count::default(),
            messages_sent: Count::default(),
            message_bytes_sent: Count::default(),
            wire_bytes_sent: Count::default(),
            write: Histogram::new(LATENCIES),
        }
    }
}

/// What the thread counts that writes the journal.
#[derive(Debug)]
pub struct JournalMeter {
    /// How long a batch took to be durable, in nanoseconds.
    pub sync: Histogram,
    /// How many commands a batch had.
    pub batch: Histogram,
}

impl Default for JournalMeter {
    fn default() -> JournalMeter {
        JournalMeter {
            sync: Histogram::new(LATENCIES),
            batch: Histogram::new(COUNTS),
        }
    }
}
