//! Reports in their order, in pieces that are handed over whole.

use std::collections::VecDeque;
use std::sync::Arc;

use crossbeam::queue::ArrayQueue;

use crate::domain::CommandSequence;
use crate::report::Report;

/// For how many reports a piece has room.
pub(super) const PIECE: usize = 512;
/// A piece with less room than this takes no further command: what one says seldom is more.
const SPARE: usize = 32;

/// The reports that have not been handed over, oldest first.
///
/// They stand in pieces of about [`PIECE`], so that none is moved when more come, and so that room goes
/// round: what is handed over comes back empty among the [`Empties`]. O(1) a report.
#[derive(Debug)]
pub(super) struct Row {
    full: VecDeque<Vec<Report>>,
    /// The piece that is filled.
    last: Vec<Report>,
    /// How many reports are in `full`.
    in_full: usize,
    /// How many of the first may leave.
    ready: usize,
    empties: Empties,
}

/// Pieces without reports, to be filled again.
pub(super) type Empties = Arc<ArrayQueue<Vec<Report>>>;

impl Row {
    /// An empty row that looks for room among `empties`.
    pub(super) fn new(empties: Empties) -> Row {
        Row {
            full: VecDeque::new(),
            last: Vec::with_capacity(PIECE),
            in_full: 0,
            ready: 0,
            empties,
        }
    }

    /// Where what is said next goes.
    #[inline]
    pub(super) fn end(&mut self) -> &mut Vec<Report> {
        if self.last.len() + SPARE > PIECE {
            let empty = self.empty();
            let full = std::mem::replace(&mut self.last, empty);
            self.in_full += full.len();
            self.full.push_back(full);
        }
        &mut self.last
    }

    /// Adds a report that nothing holds back, where nothing before it is held back.
    pub(super) fn push_ready(&mut self, report: Report) {
        debug_assert!(self.ready == self.len(), "invariant: reports stay in order");
        self.end().push(report);
        self.ready += 1;
    }

    /// How many reports there are.
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.in_full + self.last.len()
    }

    /// Whether any may leave.
    #[inline]
    pub(super) fn is_ready(&self) -> bool {
        self.ready > 0
    }

    /// Lets those leave that are of commands up to `upto`, and shows them to `each`.
    pub(super) fn release(&mut self, upto: CommandSequence, mut each: impl FnMut(&Report)) {
        let mut before = self.ready;
        for piece in self.full.iter().chain([&self.last]) {
            let Some(rest) = piece.get(before..) else {
                before -= piece.len();
                continue;
            };
            let leaves = match rest.last() {
                Some(last) if last.after <= upto => rest.len(),
                _ => rest.partition_point(|report| report.after <= upto),
            };
            rest[..leaves].iter().for_each(&mut each);
            self.ready += leaves;
            if leaves < rest.len() {
                break;
            }
            before = 0;
        }
    }

    /// Hands over what may leave, oldest first, at most `limit` reports and one piece; `None` where
    /// there is none.
    pub(super) fn take(&mut self, limit: usize) -> Option<Vec<Report>> {
        let front = self.full.front().unwrap_or(&self.last);
        let count = front.len().min(self.ready).min(limit);
        if count == 0 {
            return None;
        }
        self.ready -= count;
        if count < front.len() {
            let mut part = self.empty();
            match self.full.front_mut() {
                Some(front) => {
                    part.extend(front.drain(..count));
                    self.in_full -= count;
                }
                None => part.extend(self.last.drain(..count)),
            }
            return Some(part);
        }
        let whole = self.full.pop_front();
        self.in_full -= whole.as_ref().map_or(0, Vec::len);
        whole.or_else(|| {
            let empty = self.empty();
            Some(std::mem::replace(&mut self.last, empty))
        })
    }

    fn empty(&self) -> Vec<Report> {
        let kept = self.empties.pop();
        kept.unwrap_or_else(|| Vec::with_capacity(PIECE))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::domain::Timestamp;
    use crate::reject::Reject;
    use crate::report::{Answer, ReportKind};
    use crate::request::Correlation;

    fn row() -> Row {
        Row::new(Arc::new(ArrayQueue::new(4)))
    }

    /// A report that is told from others by its correlation.
    pub(in crate::runtime) fn report(after: u64, name: u64) -> Report {
        Report {
            after: CommandSequence(after),
            time: Timestamp(0),
            kind: ReportKind::Answer {
                correlation: Correlation(name),
                answer: Answer::Rejected(Reject::Unavailable),
            },
        }
    }

    fn names(reports: &[Report]) -> impl Iterator<Item = u64> {
        reports.iter().map(|report| match report.kind {
            ReportKind::Answer { correlation, .. } => correlation.0,
            _ => unreachable!("it is an answer"),
        })
    }

    /// However it is released and taken: all of it, once, in order, and never too early.
    #[test]
    fn reports_leave_in_order_through_pieces_and_parts_of_them() {
        for (each, step, limit) in [(1, 1, 1), (3, 700, 100), (7, 64, 10_000), (5, 3_000, 513)] {
            let (mut row, mut said, mut gone, mut upto) = (row(), 0, Vec::new(), 0);
            for command in 1..=3_000 {
                for _ in 0..each {
                    row.end().push(report(command, said));
                    said += 1;
                }
                if command % step != 0 && command != 3_000 {
                    continue;
                }
                let mut seen = 0;
                row.release(CommandSequence(command), |_| seen += 1);
                assert_eq!(seen, (command - upto) * each);
                upto = command;
                while let Some(piece) = row.take(limit) {
                    assert!((1..=limit).contains(&piece.len()));
                    gone.extend(names(&piece));
                    if command % 2 == 0 {
                        let _ = row.empties.push(Vec::new());
                    }
                }
                assert!(!row.is_ready() && row.len() == 0);
            }
            assert!(gone.into_iter().eq(0..said));
        }
    }

    #[test]
    fn what_is_released_twice_is_shown_once() {
        let mut row = row();
        (1..=2_000).for_each(|command| row.end().push(report(command, command)));
        let mut shown = Vec::new();
        for upto in [0, 1, 700, 700, 1_999, 2_000, 9_000] {
            row.release(CommandSequence(upto), |it| shown.push(it.after.0));
            assert_eq!(shown.len() as u64, upto.min(2_000));
        }
        assert!(shown.into_iter().eq(1..=2_000));
        row.push_ready(report(2_000, 2_001));
        let mut left = Vec::new();
        while let Some(piece) = row.take(usize::MAX) {
            left.extend(names(&piece));
        }
        assert!(left.into_iter().eq(1..=2_001));
    }
}
