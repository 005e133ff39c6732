/// The place of an accepted command in the exchange's one order, from 1, without a gap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct CommandSequence(pub u64);

impl CommandSequence {
    /// The sequence of the next command.
    #[inline]
    #[must_use]
    pub const fn next(self) -> CommandSequence {
        CommandSequence(self.0 + 1)
    }
}

/// A pair's own counter, from 1: one step for each event that changes the book or prints a trade.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct EventSequence(pub u64);

impl EventSequence {
    /// The sequence of the next event.
    #[inline]
    #[must_use]
    pub const fn next(self) -> EventSequence {
        EventSequence(self.0 + 1)
    }
}
