//! How much waits in the rings, for who looks after the exchange.

use std::sync::Arc;

use super::core::Rim;
use super::journal_stage::Waiting;
use super::lane::Rings;

/// How many entries wait in each ring at some moment. Each ring is looked at by itself, so the
/// numbers are of one moment only where nothing moves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Depths {
    /// Requests to be decided.
    pub inbox: usize,
    /// Reports that nobody took yet.
    pub reports: usize,
    /// Commands to be written; 0 where the journal has no thread of its own.
    pub journal: usize,
    /// By matcher thread: commands to be matched, and events to be settled.
    pub lanes: Vec<(usize, usize)>,
}

/// The rings between the threads. What waits for room in one is not in it.
pub(super) struct Between {
    pub(super) lanes: Vec<Rings>,
    pub(super) journal: Option<Waiting>,
}

impl Depths {
    pub(super) fn of(rim: &Arc<Rim>) -> Depths {
        let between = &rim.between;
        Depths {
            inbox: rim.inbox.len(),
            reports: rim.outbox.len(),
            journal: between.journal.as_ref().map_or(0, Waiting::count),
            lanes: between.lanes.iter().map(Rings::depths).collect(),
        }
    }
}
