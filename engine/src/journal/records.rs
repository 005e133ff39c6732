//! Commands as records, side by side: formed where they are decided, written where they are synced.

use super::frame::Entries;
use super::log::Entry;
use super::output::Output;
use super::record;
use crate::command::Command;
use crate::domain::CommandSequence;

/// Commands in their order, without a gap, formed as records.
///
/// To form one takes a few stores; a record has less than half of a command's bytes. Room is used again after
/// [`Records::clear`].
#[derive(Clone, Debug, Default)]
pub struct Records {
    /// The records, then room that means nothing.
    bytes: Vec<u8>,
    /// Where the records end.
    end: usize,
    count: usize,
    /// The last command, once there was one.
    last: CommandSequence,
}

impl Records {
    /// For how many records room is made at once.
    const ROOM: usize = 16;

    /// The records of `commands`.
    pub fn of(commands: &[Command]) -> Records {
        let mut records = Records::default();
        for command in commands {
            records.push(command);
        }
        records
    }

    /// Forms the next command.
    #[inline]
    pub fn push(&mut self, command: &Command) {
        assert!(
            self.is_empty() || command.sequence == self.last.next(),
            "invariant: commands are recorded in order, without a gap"
        );
        if self.bytes.len() < self.end + record::MAX {
            self.grow();
        }
        let room = self.bytes[self.end..].first_chunk_mut();
        let mut record = Output::new(room.expect("invariant: room was made for a record"));
        record::put(command, &mut record);
        self.end += record.len();
        self.count += 1;
        self.last = command.sequence;
    }

    #[cold]
    fn grow(&mut self) {
        let room = Self::ROOM * record::MAX;
        self.bytes.resize(self.bytes.len().max(room) + room, 0);
    }

    /// Empties it, and keeps its room.
    pub fn clear(&mut self) {
        self.end = 0;
        self.count = 0;
    }

    /// How many commands there are.
    #[inline]
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there is none.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The first and the last command; `None` where there is none.
    pub fn span(&self) -> Option<(CommandSequence, CommandSequence)> {
        let before = self.last.0.checked_sub(self.count as u64)?;
        let first = CommandSequence(before).next();
        (!self.is_empty()).then_some((first, self.last))
    }

    /// The commands again. Keys of orders are not kept.
    pub fn commands(&self) -> impl Iterator<Item = Command> {
        let first = self.span().map_or(self.last, |(first, _)| first);
        let entries = Entries::new(self.bytes(), first, self.count);
        entries.map(|entry| match entry {
            Ok(Entry::Command(command)) => command,
            Ok(Entry::Check(_)) | Err(_) => {
                unreachable!("invariant: what was formed here can be read")
            }
        })
    }

    /// The records.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes[..self.end]
    }
}

/// The first and the last command of runs that follow one another, and `after`; `None` where there is
/// none.
///
/// # Panics
/// Where one does not begin where the one before ended, or there are more than a batch may have.
pub(super) fn span(
    runs: &[Records],
    after: CommandSequence,
) -> Option<(CommandSequence, CommandSequence)> {
    let mut last = after;
    for (first, end) in runs.iter().filter_map(Records::span) {
        assert!(
            first == last.next(),
            "invariant: commands are appended in order, without a gap"
        );
        last = end;
    }
    assert!(
        runs.iter().map(Records::len).sum::<usize>() <= super::MAX_BATCH,
        "invariant: at most MAX_BATCH commands are appended at once"
    );
    (last > after).then_some((after.next(), last))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::CommandKind;
    use crate::domain::{AccountId, Timestamp, UserName};

    fn command(sequence: u64) -> Command {
        Command {
            sequence: CommandSequence(sequence),
            time: Timestamp(sequence * 3),
            kind: CommandKind::OpenAccount {
                account: AccountId(7),
                name: UserName::new("alice").expect("it is a name"),
            },
        }
    }

    #[test]
    fn what_is_formed_is_read_again() {
        let commands: Vec<_> = (5..300).map(command).collect();
        let mut records = Records::default();
        assert_eq!(records.span(), None);
        for _ in 0..2 {
            for command in &commands {
                records.push(command);
            }
            assert_eq!(records.len(), commands.len());
            let span = (CommandSequence(5), CommandSequence(299));
            assert_eq!(records.span(), Some(span));
            assert!(records.commands().eq(commands.iter().copied()));
            records.clear();
            assert!(records.is_empty() && records.commands().next().is_none());
        }
    }

    #[test]
    fn runs_are_one_batch_where_they_follow_one_another() {
        let run = |from, upto| Records::of(&(from..upto).map(command).collect::<Vec<_>>());
        let runs = [run(1, 4), Records::default(), run(4, 5), run(5, 10)];
        let (before, last) = (CommandSequence(0), CommandSequence(9));
        assert_eq!(span(&runs, before), Some((CommandSequence(1), last)));
        assert_eq!(span(&[], last), None);
        let gap = [run(1, 4), run(5, 6)];
        assert!(std::panic::catch_unwind(|| span(&gap, before)).is_err());
        assert!(std::panic::catch_unwind(|| span(&runs, last)).is_err());
    }
}
