//! The exchange's threads, watched: when commands were decided and durable, and what the journal
//! takes. The engine has no clock; what it calls here reads ours.

use std::ops::ControlFlow;
use std::sync::Arc;

use engine::command::Command;
use engine::domain::CommandSequence;
use engine::journal::{Check, CommandLog, Corrupt, Entry, Fatal, Tail};
use engine::runtime::Listener;

use crate::clock;
use crate::telemetry::{JournalMeter, Mark, Marks};

/// A log whose batches are counted and timed.
pub(super) struct MeteredLog {
    log: Box<dyn CommandLog + Send>,
    meter: Arc<JournalMeter>,
    marks: Arc<Marks>,
}

impl MeteredLog {
    pub(super) fn new(
        log: Box<dyn CommandLog + Send>,
        meter: Arc<JournalMeter>,
        marks: Arc<Marks>,
    ) -> MeteredLog {
        MeteredLog { log, meter, marks }
    }
}

impl CommandLog for MeteredLog {
    fn append(&mut self, batch: &[Command]) -> Result<CommandSequence, Fatal> {
        let began = clock::nanos();
        let durable = self.log.append(batch)?;
        let at = clock::nanos();
        if let Some(first) = batch.first() {
            self.meter.sync.record(at.saturating_sub(began));
            // A batch has a limit far below that.
            let count = u64::try_from(batch.len()).unwrap_or(u64::MAX);
            self.meter.batch.record(count);
            self.marks.durable.force_push(Mark {
                after: CommandSequence(first.sequence.0.saturating_sub(1)),
                last: durable,
                at,
            });
        }
        Ok(durable)
    }

    fn note(&mut self, check: Check) {
        self.log.note(check);
    }

    fn replay(
        &mut self,
        from: CommandSequence,
        each: &mut dyn FnMut(Entry) -> ControlFlow<()>,
    ) -> Result<Tail, Corrupt> {
        self.log.replay(from, each)
    }

    fn trim(&mut self, upto: CommandSequence) -> Result<(), Fatal> {
        self.log.trim(upto)
    }
}

/// Wakes the hub, and marks what was decided.
pub(super) struct MarkingListener<W> {
    pub(super) wake: W,
    pub(super) marks: Arc<Marks>,
}

impl<W: Fn()> Listener for MarkingListener<W> {
    fn decided(&self, after: CommandSequence, last: CommandSequence) {
        let at = clock::nanos();
        self.marks.decided.force_push(Mark { after, last, at });
    }

    fn reported(&self) {
        (self.wake)();
    }
}
