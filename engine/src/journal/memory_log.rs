use std::ops::ControlFlow;
use std::path::PathBuf;

use super::log::{Check, CommandLog, Corrupt, Entry, Fatal, Tail};
use super::records::{self, Records};
use crate::command::Command;
use crate::domain::CommandSequence;

/// A log that forgets with its process: for tests, benches and `durability = "none"`.
///
/// Keeps every entry, or none where [`MemoryLog::forgetful`] made it.
#[derive(Clone, Debug, Default)]
pub struct MemoryLog {
    entries: Vec<Entry>,
    /// The last command that is no longer kept.
    trimmed: CommandSequence,
    last: CommandSequence,
    check: Option<Check>,
    keeps: bool,
}

impl MemoryLog {
    /// An empty log that keeps what it is given.
    pub fn new() -> MemoryLog {
        MemoryLog {
            keeps: true,
            ..MemoryLog::default()
        }
    }

    /// A log that goes on after `last` and keeps nothing.
    pub fn forgetful(last: CommandSequence) -> MemoryLog {
        MemoryLog {
            last,
            trimmed: last,
            ..MemoryLog::default()
        }
    }

    fn take(
        &mut self,
        (first, last): (CommandSequence, CommandSequence),
        commands: impl Iterator<Item = Command>,
    ) {
        assert!(
            first == self.last.next(),
            "invariant: commands are appended in order, without a gap"
        );
        self.last = last;
        if self.keeps {
            self.entries.extend(self.check.take().map(Entry::Check));
            self.entries.extend(commands.map(Entry::Command));
        } else {
            self.trimmed = self.last;
        }
    }

    /// What it keeps.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }
}

impl CommandLog for MemoryLog {
    fn append_records(&mut self, runs: &[Records]) -> Result<CommandSequence, Fatal> {
        let Some((first, last)) = records::span(runs, self.last) else {
            return Ok(self.last);
        };
        self.take((first, last), runs.iter().flat_map(Records::commands));
        Ok(self.last)
    }

    /// As they are: no record is formed.
    fn append(&mut self, batch: &[Command]) -> Result<CommandSequence, Fatal> {
        let [first, ..] = batch else {
            return Ok(self.last);
        };
        let last = batch[batch.len() - 1].sequence;
        self.take((first.sequence, last), batch.iter().copied());
        Ok(self.last)
    }

    fn note(&mut self, check: Check) {
        self.check = Some(check);
    }

    fn replay(
        &mut self,
        from: CommandSequence,
        each: &mut dyn FnMut(Entry) -> ControlFlow<()>,
    ) -> Result<Tail, Corrupt> {
        if from <= self.trimmed {
            return Err(Corrupt {
                file: PathBuf::from("(memory)"),
                offset: 0,
                what: format!("command {} is no longer kept", from.0),
                remedy: "Recover from a snapshot of a later command",
            });
        }
        let mut last = CommandSequence(from.0.saturating_sub(1));
        for &entry in &self.entries {
            match entry {
                Entry::Command(command) if command.sequence < from => continue,
                Entry::Check(check) if check.upto < from => continue,
                Entry::Command(command) => last = command.sequence,
                Entry::Check(_) => {}
            }
            if each(entry).is_break() {
                break;
            }
        }
        Ok(Tail {
            last,
            chain: [0; 32],
        })
    }

    fn trim(&mut self, upto: CommandSequence) -> Result<(), Fatal> {
        let upto = upto.min(self.last);
        if upto > self.trimmed {
            self.trimmed = upto;
            self.entries.retain(|entry| match entry {
                Entry::Command(command) => command.sequence > upto,
                Entry::Check(check) => check.upto > upto,
            });
        }
        Ok(())
    }
}
