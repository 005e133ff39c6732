//! Puts reports into the one order of commands, and keeps them until they may leave.

use std::collections::VecDeque;

use super::lane::LaneEvent;
use crate::Sink;
use crate::domain::CommandSequence;
use crate::journal::{Check, Outcome};
use crate::report::Report;

/// The commands whose reports have not left, oldest first.
///
/// Matchers on several threads finish in any order; commands settle and leave in theirs, so a
/// later balance is never overtaken by an earlier one, and the outside sees the same stream
/// whatever the threads did. O(1) amortised a report; the
/// buffers of commands that left are used again.
#[derive(Debug, Default)]
pub(super) struct OutputQueue {
    /// The command before the first of `pending`: the last that left.
    left: CommandSequence,
    /// The last command that, with all before it, is settled.
    settled: CommandSequence,
    pending: VecDeque<Pending>,
    ready: VecDeque<Report>,
    spare: Vec<Pending>,
    /// What came of the commands that left; `None` where that is not known from the first.
    outcome: Option<Outcome>,
    /// The last check that fell due and was not taken.
    check: Option<Check>,
}

#[derive(Debug, Default)]
struct Pending {
    finished: bool,
    /// What its matcher said before its turn came.
    kept: VecDeque<LaneEvent>,
    /// What its settlement said.
    reports: Vec<Report>,
    /// What was said when requests were decided after it and before the next command.
    trailing: Vec<Report>,
}

impl OutputQueue {
    /// An empty queue that goes on after `last`, and after what had come of it, where that is
    /// known.
    pub(super) fn after(last: CommandSequence, outcome: Option<Outcome>) -> OutputQueue {
        OutputQueue {
            left: last,
            settled: last,
            outcome,
            ..OutputQueue::default()
        }
    }

    /// Makes room for the next command.
    pub(super) fn open(&mut self, sequence: CommandSequence) {
        assert_eq!(
            sequence.0,
            self.left.0 + self.pending.len() as u64 + 1,
            "invariant: commands are opened in order, without a gap"
        );
        self.pending.push_back(self.spare.pop().unwrap_or_default());
    }

    /// Says that nothing more will settle for this command.
    pub(super) fn finish(&mut self, sequence: CommandSequence) {
        let index = self
            .index(sequence)
            .expect("invariant: a command finishes before it leaves");
        self.pending[index].finished = true;
        while let Some(index) = self.index(self.settled.next())
            && self.pending[index].finished
        {
            self.settled = self.settled.next();
        }
    }

    /// Where settlement puts the reports of commands.
    pub(super) fn reports(&mut self) -> impl Sink<Report> {
        Settled(self)
    }

    /// Takes what was said when a request was decided.
    pub(super) fn decided(&mut self, report: Report) {
        match self.index(report.after) {
            Some(index) => self.pending[index].trailing.push(report),
            None => self.ready.push_back(report),
        }
    }

    /// Lets the commands up to `durable` leave that are finished and have no unfinished one
    /// before them.
    pub(super) fn release(&mut self, durable: CommandSequence) {
        while self.may_release(durable) {
            let Some(mut front) = self.pending.pop_front() else {
                return;
            };
            self.left = self.left.next();
            if let Some(outcome) = &mut self.outcome {
                let reports = front.reports.iter().chain(&front.trailing);
                reports.for_each(|report| outcome.take(report));
                if Outcome::is_due(self.left) {
                    self.check = Some(outcome.check(self.left));
                }
            }
            self.ready.extend(front.reports.drain(..));
            self.ready.extend(front.trailing.drain(..));
            front.finished = false;
            self.spare.push(front);
        }
    }

    /// The check that fell due since this was last asked.
    pub(super) fn take_check(&mut self) -> Option<Check> {
        self.check.take()
    }

    /// The next report that may leave.
    pub(super) fn peek(&self) -> Option<&Report> {
        self.ready.front()
    }

    /// Drops the report that [`OutputQueue::peek`] showed.
    pub(super) fn advance(&mut self) {
        self.ready.pop_front();
    }

    /// How many commands and ready reports wait here.
    pub(super) fn len(&self) -> usize {
        self.pending.len() + self.ready.len()
    }

    /// Drops what may leave, because nobody listens any more.
    pub(super) fn discard_ready(&mut self) {
        self.ready.clear();
    }

    /// Whether [`OutputQueue::release`] would let a command go.
    pub(super) fn may_release(&self, durable: CommandSequence) -> bool {
        self.left < durable && self.pending.front().is_some_and(|front| front.finished)
    }

    /// Whether every command before this one is settled.
    pub(super) fn is_next_to_settle(&self, sequence: CommandSequence) -> bool {
        self.settled.next() == sequence
    }

    /// Keeps an event until its command is the next to settle.
    pub(super) fn keep(&mut self, event: LaneEvent) {
        let index = self
            .index(event.sequence)
            .expect("invariant: an event comes before its command leaves");
        self.pending[index].kept.push_back(event);
    }

    /// The next event that was kept and whose turn has come.
    pub(super) fn next_kept(&mut self) -> Option<LaneEvent> {
        let index = self.index(self.settled.next())?;
        self.pending[index].kept.pop_front()
    }

    /// Where a command stands in `pending`; `None` when it left.
    fn index(&self, sequence: CommandSequence) -> Option<usize> {
        let ahead = sequence.0.checked_sub(self.left.0 + 1)?;
        usize::try_from(ahead)
            .ok()
            .filter(|&index| index < self.pending.len())
    }
}

struct Settled<'a>(&'a mut OutputQueue);

impl Sink<Report> for Settled<'_> {
    fn push(&mut self, report: Report) {
        match self.0.index(report.after) {
            Some(index) => self.0.pending[index].reports.push(report),
            None => self.0.ready.push_back(report),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Timestamp;
    use crate::reject::Reject;
    use crate::report::{Answer, ReportKind};
    use crate::request::Correlation;

    /// A report that is told from others by its correlation.
    fn report(after: u64, name: u64) -> Report {
        Report {
            after: CommandSequence(after),
            time: Timestamp(0),
            kind: ReportKind::Answer {
                correlation: Correlation(name),
                answer: Answer::Rejected(Reject::Unavailable),
            },
        }
    }

    fn take(queue: &mut OutputQueue) -> Vec<u64> {
        let mut names = Vec::new();
        while let Some(report) = queue.peek() {
            let ReportKind::Answer { correlation, .. } = report.kind else {
                unreachable!()
            };
            names.push(correlation.0);
            queue.advance();
        }
        names
    }

    #[test]
    fn reports_leave_in_the_order_of_commands_when_durable_and_finished() {
        let mut queue = OutputQueue::after(CommandSequence(0), None);
        queue.decided(report(0, 1));
        assert_eq!(
            take(&mut queue),
            [1],
            "a refusal before the first command waits for nothing"
        );

        queue.open(CommandSequence(1));
        queue.open(CommandSequence(2));
        queue.decided(report(2, 29));
        queue.reports().push(report(2, 20));
        queue.finish(CommandSequence(2));
        queue.release(CommandSequence(2));
        assert_eq!(
            take(&mut queue),
            [0_u64; 0],
            "the second waits for the first"
        );

        queue.reports().push(report(1, 10));
        queue.finish(CommandSequence(1));
        queue.release(CommandSequence(0));
        assert_eq!(take(&mut queue), [0_u64; 0], "finished is not durable");
        queue.release(CommandSequence(1));
        assert_eq!(take(&mut queue), [10]);
        queue.release(CommandSequence(2));
        assert_eq!(
            take(&mut queue),
            [20, 29],
            "a refusal comes after the command before it"
        );
        assert_eq!(queue.left, CommandSequence(2));

        queue.decided(report(2, 30));
        assert_eq!(take(&mut queue), [30], "nothing stands before it any more");
    }
}
