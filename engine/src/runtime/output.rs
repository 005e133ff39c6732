//! Puts reports into the one order of commands, and keeps them until they may leave.

use std::collections::VecDeque;

use super::lane::LaneEvent;
use super::row::{Empties, Row};
use crate::domain::CommandSequence;
use crate::journal::{Check, Outcome};
use crate::report::Report;

/// The commands whose reports have not left, oldest first, and what they said.
///
/// Matchers on several threads finish in any order; commands settle and leave in theirs, so a
/// later balance is never overtaken by an earlier one, and the outside sees the same stream
/// whatever the threads did. As commands settle in order, one row of reports holds all of them, and
/// leaves by being handed over, not copied. O(1) a report; buffers are used again.
#[derive(Debug)]
pub(super) struct OutputQueue {
    /// The command before the first of `pending`: the last that left.
    left: CommandSequence,
    /// The last command that, with all before it, is settled.
    settled: CommandSequence,
    pending: VecDeque<Pending>,
    /// What was said, in the order of commands. Of the last of them more may come.
    said: Row,
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
    /// What was said when requests were decided after it and before the next command, while it was
    /// not settled.
    trailing: Vec<Report>,
}

impl OutputQueue {
    /// An empty queue that goes on after `last`, and after what had come of it, where that is
    /// known; it looks for room among `empties`.
    pub(super) fn after(
        last: CommandSequence,
        outcome: Option<Outcome>,
        empties: Empties,
    ) -> OutputQueue {
        OutputQueue {
            left: last,
            settled: last,
            pending: VecDeque::new(),
            said: Row::new(empties),
            spare: Vec::new(),
            outcome,
            check: None,
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
            self.said.end().append(&mut self.pending[index].trailing);
        }
    }

    /// Where settlement puts the reports of the next command to settle.
    #[inline]
    pub(super) fn reports(&mut self) -> &mut Vec<Report> {
        self.said.end()
    }

    /// Takes what was said when a request was decided.
    pub(super) fn decided(&mut self, report: Report) {
        match self.index(report.after) {
            Some(index) if self.settled < report.after => self.pending[index].trailing.push(report),
            Some(_) => self.said.end().push(report),
            None => self.said.push_ready(report),
        }
    }

    /// Lets the commands up to `durable` leave that are settled.
    pub(super) fn release(&mut self, durable: CommandSequence) {
        let last = durable.min(self.settled);
        if last <= self.left {
            return;
        }
        self.count(last);
        while self.left < last {
            self.left = self.left.next();
            if let Some(mut front) = self.pending.pop_front() {
                front.finished = false;
                self.spare.push(front);
            }
        }
    }

    /// Lets what the commands up to `last` said leave, and counts it.
    fn count(&mut self, last: CommandSequence) {
        let mut counted = self.left;
        let (outcome, check) = (&mut self.outcome, &mut self.check);
        let Some(outcome) = outcome else {
            return self.said.release(last, |_| ());
        };
        let mut pass = |outcome: &Outcome, upto| {
            while counted < upto {
                counted = counted.next();
                if Outcome::is_due(counted) {
                    *check = Some(outcome.check(counted));
                }
            }
        };
        self.said.release(last, |report| {
            // All before the command that this is about are whole.
            pass(outcome, CommandSequence(report.after.0 - 1));
            outcome.take(report);
        });
        pass(outcome, last);
    }

    /// The check that fell due since this was last asked.
    pub(super) fn take_check(&mut self) -> Option<Check> {
        self.check.take()
    }

    /// Whether anything may leave.
    pub(super) fn is_ready(&self) -> bool {
        self.said.is_ready()
    }

    /// Hands over some of what may leave, at most `limit` reports; `None` where nothing is.
    pub(super) fn take(&mut self, limit: usize) -> Option<Vec<Report>> {
        self.said.take(limit)
    }

    /// How many commands and reports wait here.
    pub(super) fn len(&self) -> usize {
        self.pending.len() + self.said.len()
    }

    /// Whether [`OutputQueue::release`] would let a command go.
    pub(super) fn may_release(&self, durable: CommandSequence) -> bool {
        self.left < durable.min(self.settled)
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crossbeam::queue::ArrayQueue;

    use super::super::row::tests::report;
    use super::*;
    use crate::domain::{EventSequence, PairId, Price, Side, Timestamp};
    use crate::report::ReportKind;

    fn queue(last: u64, outcome: Option<Outcome>) -> OutputQueue {
        let empties = Arc::new(ArrayQueue::new(4));
        OutputQueue::after(CommandSequence(last), outcome, empties)
    }

    fn take(queue: &mut OutputQueue) -> Vec<u64> {
        take_at_most(queue, usize::MAX)
    }

    fn take_at_most(queue: &mut OutputQueue, limit: usize) -> Vec<u64> {
        let reports: Vec<_> = queue.take(limit).into_iter().flatten().collect();
        let name = |report: &Report| match report.kind {
            ReportKind::Answer { correlation, .. } => correlation.0,
            _ => unreachable!(),
        };
        reports.iter().map(name).collect()
    }

    #[test]
    fn reports_leave_in_the_order_of_commands_when_durable_and_finished() {
        let mut queue = queue(0, None);
        queue.decided(report(0, 1));
        assert_eq!(
            take(&mut queue),
            [1],
            "a refusal before the first command waits for nothing"
        );

        queue.open(CommandSequence(1));
        queue.open(CommandSequence(2));
        queue.decided(report(2, 29));
        queue.finish(CommandSequence(2));
        queue.release(CommandSequence(2));
        assert_eq!(
            take(&mut queue),
            [0_u64; 0],
            "the second waits for the first"
        );

        assert!(queue.is_next_to_settle(CommandSequence(1)));
        queue.reports().push(report(1, 10));
        queue.finish(CommandSequence(1));
        queue.release(CommandSequence(0));
        assert_eq!(take(&mut queue), [0_u64; 0], "finished is not durable");
        queue.release(CommandSequence(1));
        assert_eq!(take(&mut queue), [10]);
        queue.release(CommandSequence(2));
        assert_eq!(
            take(&mut queue),
            [29],
            "a refusal comes after the command before it"
        );
        assert_eq!(queue.left, CommandSequence(2));

        queue.decided(report(2, 30));
        assert_eq!(take(&mut queue), [30], "nothing stands before it any more");
    }

    #[test]
    fn what_a_command_has_said_so_far_waits_for_its_end() {
        let mut queue = queue(7, None);
        for sequence in 8..=9 {
            queue.open(CommandSequence(sequence));
            queue.reports().push(report(sequence, sequence));
            if sequence == 8 {
                queue.finish(CommandSequence(8));
                queue.decided(report(8, 80));
            }
        }
        queue.release(CommandSequence(9));
        assert_eq!(take(&mut queue), [8, 80]);
        assert_eq!(queue.len(), 2, "the command and what it said");
        queue.finish(CommandSequence(9));
        assert!(queue.may_release(CommandSequence(9)));
        queue.release(CommandSequence(9));
        assert!(queue.is_ready());
        assert_eq!(take(&mut queue), [9]);
        assert!(!queue.is_ready() && queue.len() == 0);
    }

    #[test]
    fn no_more_leave_at_once_than_there_is_room_for() {
        let mut queue = queue(0, None);
        queue.open(CommandSequence(1));
        (1..=5).for_each(|name| queue.reports().push(report(1, name)));
        queue.finish(CommandSequence(1));
        queue.release(CommandSequence(1));
        assert_eq!(take_at_most(&mut queue, 0), [0_u64; 0]);
        assert_eq!(take_at_most(&mut queue, 2), [1, 2]);
        assert_eq!(take_at_most(&mut queue, 3), [3, 4, 5]);
    }

    #[test]
    fn checks_are_of_whole_commands_however_they_leave() {
        // A balance is not counted; a level is.
        let level = |after: u64| Report {
            after: CommandSequence(after),
            time: Timestamp(0),
            kind: ReportKind::Book {
                pair: PairId(0),
                sequence: EventSequence(after),
                side: Side::Buy,
                price: Price::new(7).expect("it is above zero"),
                change: 1,
            },
        };
        let last = Outcome::EVERY + 10;
        let mut one_by_one = Vec::new();
        let mut expected = Outcome::default();
        for sequence in 1..=Outcome::EVERY {
            if sequence % 3 == 0 {
                expected.take(&level(sequence));
            }
        }
        for step in [1, 7, 4_000, last] {
            let mut queue = queue(0, Some(Outcome::default()));
            for sequence in (1..=last).map(CommandSequence) {
                queue.open(sequence);
                if sequence.0 % 3 == 0 {
                    queue.reports().push(level(sequence.0));
                }
                queue.finish(sequence);
            }
            let mut durable = 0;
            while durable < last {
                durable = (durable + step).min(last);
                queue.release(CommandSequence(durable));
                while queue.take(usize::MAX).is_some() {}
                one_by_one.extend(queue.take_check());
            }
        }
        let due = expected.check(CommandSequence(Outcome::EVERY));
        assert_eq!(one_by_one, [due; 4]);
    }
}
