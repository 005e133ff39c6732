//! How long orders take, put together on the hub's thread.

use std::sync::Arc;

use engine::domain::CommandSequence;

use crate::session::Arrival;
use crate::telemetry::{Finder, JournalMeter, Marks, Stages};

/// What is measured of orders.
pub(super) struct Watched {
    pub(super) marks: Arc<Marks>,
    pub(super) stages: Arc<Stages>,
    pub(super) journal: Arc<JournalMeter>,
    decided: Finder,
    durable: Finder,
    /// Accepted commands that were answered in this step.
    answered: Vec<(Arrival, CommandSequence)>,
}

impl Watched {
    pub(super) fn new() -> Watched {
        Watched {
            marks: Arc::default(),
            stages: Arc::default(),
            journal: Arc::default(),
            decided: Finder::default(),
            durable: Finder::default(),
            answered: Vec::new(),
        }
    }

    /// A message came into the hub's hands.
    pub(super) fn received(&self, arrival: Arrival) {
        self.stages.received(arrival);
    }

    /// An accepted command was answered in this step.
    pub(super) fn answered(&mut self, arrival: Arrival, command: CommandSequence) {
        self.answered.push((arrival, command));
    }

    /// A step is done: its answers leave now.
    pub(super) fn step(&mut self, now: u64) {
        for (arrival, command) in self.answered.drain(..) {
            let decided = self.decided.find(&self.marks.decided, command);
            let durable = self.durable.find(&self.marks.durable, command);
            if let Some((decided, durable)) = decided.zip(durable) {
                self.stages.answered(arrival, decided, durable, now);
            }
        }
    }
}
