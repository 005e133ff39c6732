//! How long each stage of an order takes.
//!
//! The engine has no clock. So those who have one mark how far it was when: a [`Mark`] says that
//! all commands of a range were decided, or durable, at a moment. Of each answer the hub then
//! finds the marks of its command. Marks wait in bounded rings; where nobody takes them the oldest
//! go, and the answers that would have needed them are not measured.

use crossbeam::queue::ArrayQueue;
use engine::domain::CommandSequence;

use super::histogram::{Histogram, LATENCIES};
use crate::session::Arrival;

/// How many marks wait at most.
const MARKS: usize = 4_096;

/// All commands behind `after`, up to `last`, had come so far at this moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The last one before.
    pub after: CommandSequence,
    /// The last one.
    pub last: CommandSequence,
    /// When, in nanoseconds ([`crate::clock::nanos`]).
    pub at: u64,
}

/// What the exchange's threads mark, until the hub looks.
#[derive(Debug)]
pub struct Marks {
    /// By the core thread.
    pub decided: ArrayQueue<Mark>,
    /// By the thread that writes the journal.
    pub durable: ArrayQueue<Mark>,
}

impl Default for Marks {
    fn default() -> Marks {
        Marks {
            decided: ArrayQueue::new(MARKS),
            durable: ArrayQueue::new(MARKS),
        }
    }
}

/// A part of the way of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// From the frame to the hub's hands: decoding, verifying a token, waiting for the hub. Of
    /// every message.
    Receive,
    /// From there to the decision.
    Decide,
    /// From there to durability.
    Persist,
    /// From there to the mailbox of whoever asked.
    Answer,
    /// All of these together.
    RoundTrip,
}

impl Stage {
    /// All, in order.
    pub const ALL: [Stage; 5] = [
        Stage::Receive,
        Stage::Decide,
        Stage::Persist,
        Stage::Answer,
        Stage::RoundTrip,
    ];
}

/// The latencies of the stages, in nanoseconds. The hub's thread writes.
#[derive(Debug)]
pub struct Stages([Histogram; 5]);

impl Default for Stages {
    fn default() -> Stages {
        Stages(std::array::from_fn(|_| Histogram::new(LATENCIES)))
    }
}

impl Stages {
    /// That of a stage.
    pub fn of(&self, stage: Stage) -> &Histogram {
        let [receive, decide, persist, answer, round_trip] = &self.0;
        match stage {
            Stage::Receive => receive,
            Stage::Decide => decide,
            Stage::Persist => persist,
            Stage::Answer => answer,
            Stage::RoundTrip => round_trip,
        }
    }

    /// A message came into the hub's hands.
    pub fn received(&self, arrival: Arrival) {
        let took = arrival.taken_at.saturating_sub(arrival.came_at);
        self.of(Stage::Receive).record(took);
    }

    /// An accepted command was answered at `now`; its marks, where they are known.
    pub fn answered(&self, arrival: Arrival, decided: u64, durable: u64, now: u64) {
        let record = |stage, from: u64, to: u64| self.of(stage).record(to.saturating_sub(from));
        record(Stage::Decide, arrival.taken_at, decided);
        record(Stage::Persist, decided, durable);
        record(Stage::Answer, durable, now);
        record(Stage::RoundTrip, arrival.came_at, now);
    }
}

/// Looks marks up, in the order of commands.
#[derive(Debug, Default)]
pub struct Finder(Option<Mark>);

impl Finder {
    /// When the command had come so far, if that is still known.
    pub fn find(&mut self, marks: &ArrayQueue<Mark>, command: CommandSequence) -> Option<u64> {
        loop {
            if let Some(mark) = &self.0
                && mark.last >= command
            {
                return (mark.after < command).then_some(mark.at);
            }
            self.0 = Some(marks.pop()?);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(after: u64, last: u64, at: u64) -> Mark {
        Mark {
            after: CommandSequence(after),
            last: CommandSequence(last),
            at,
        }
    }

    #[test]
    fn a_command_has_the_mark_of_its_range_and_no_other() {
        let marks = ArrayQueue::new(2);
        let mut finder = Finder::default();
        let mut find =
            |marks: &ArrayQueue<Mark>, command| finder.find(marks, CommandSequence(command));
        assert_eq!(find(&marks, 1), None);
        marks.force_push(mark(0, 2, 10));
        marks.force_push(mark(2, 3, 20));
        assert_eq!(find(&marks, 1), Some(10));
        assert_eq!(find(&marks, 2), Some(10));
        assert_eq!(find(&marks, 3), Some(20));
        assert_eq!(find(&marks, 2), None, "it is gone");
        for at in 3..7 {
            marks.force_push(mark(at, at + 1, 10 * at));
        }
        assert_eq!(find(&marks, 4), None, "pushed out");
        assert_eq!(find(&marks, 6), Some(50));
        assert_eq!(find(&marks, 9), None, "not yet");
    }
}
