/// A moment, in milliseconds since the epoch (UTC).
///
/// Always a parameter: nothing in the engine reads a clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(pub u64);

impl Timestamp {
    /// How many milliseconds passed since `earlier`; 0 when it is not earlier.
    #[inline]
    pub const fn since(self, earlier: Timestamp) -> u64 {
        self.0.saturating_sub(earlier.0)
    }

    /// This moment and `millis` more, at most the end of time.
    #[inline]
    #[must_use]
    pub const fn plus(self, millis: u64) -> Timestamp {
        Timestamp(self.0.saturating_add(millis))
    }
}
