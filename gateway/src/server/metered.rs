//! The exchange's threads, watched: when commands were decided and durable, and what the journal
//! takes. The engine has no clock; what it calls here reads ours.

use std::ops::ControlFlow;
use std::sync::Arc;

use engine::command::Command;
use engine::domain::CommandSequence;
use engine::journal::{Check, CommandLog, Corrupt, Entry, Fatal, Records, Tail};
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

    /// Has a batch of `count` commands appended, and counts and times it.
    fn measured(
        &mut self,
        first: Option<CommandSequence>,
        count: usize,
        append: impl FnOnce(&mut dyn CommandLog) -> Result<CommandSequence, Fatal>,
    ) -> Result<CommandSequence, Fatal> {
        let began = clock::nanos();
        let durable = append(&mut *self.log)?;
        let at = clock::nanos();
        if let Some(first) = first {
            self.meter.sync.record(at.saturating_sub(began));
            // A batch has a limit far below that.
            let count = u64::try_from(count).unwrap_or(u64::MAX);
            self.meter.batch.record(count);
            self.marks.durable.force_push(Mark {
                after: CommandSequence(first.0.saturating_sub(1)),
                last: durable,
                at,
            });
        }
        Ok(durable)
    }
}

impl CommandLog for MeteredLog {
    fn append_records(&mut self, runs: &[Records]) -> Result<CommandSequence, Fatal> {
        let first = runs.iter().find_map(Records::span).map(|(first, _)| first);
        let count = runs.iter().map(Records::len).sum();
        self.measured(first, count, |log| log.append_records(runs))
    }

    fn append(&mut self, batch: &[Command]) -> Result<CommandSequence, Fatal> {
        let first = batch.first().map(|command| command.sequence);
        self.measured(first, batch.len(), |log| log.append(batch))
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
