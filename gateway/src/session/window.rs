use std::collections::VecDeque;

use engine::domain::Timestamp;

/// At most so many in any span of time: exact, by remembering when each was.
///
/// O(1) amortised; eight bytes for each that is allowed.
#[derive(Clone, Debug)]
pub struct Window {
    limit: usize,
    span_ms: u64,
    /// When each of the span was, oldest first.
    taken: VecDeque<Timestamp>,
}

impl Window {
    /// Allows `limit` in any `span_ms`.
    pub fn new(limit: u32, span_ms: u64) -> Window {
        Window {
            limit: usize::try_from(limit).unwrap_or(usize::MAX),
            span_ms,
            taken: VecDeque::new(),
        }
    }

    /// Allows another number from now on.
    pub fn set_limit(&mut self, limit: u32) {
        self.limit = usize::try_from(limit).unwrap_or(usize::MAX);
    }

    /// Takes one; if none is left, says in how many milliseconds one will be.
    pub fn take(&mut self, now: Timestamp) -> Result<(), u64> {
        self.forget(now);
        if self.taken.len() < self.limit {
            self.taken.push_back(now);
            return Ok(());
        }
        let oldest = self.taken.front().copied().unwrap_or(now);
        Err(oldest.plus(self.span_ms).since(now).max(1))
    }

    /// How many are left.
    pub fn remaining(&mut self, now: Timestamp) -> u32 {
        self.forget(now);
        u32::try_from(self.limit.saturating_sub(self.taken.len())).unwrap_or(u32::MAX)
    }

    /// In how many milliseconds all are back.
    pub fn reset_ms(&self, now: Timestamp) -> u64 {
        self.taken
            .back()
            .map_or(0, |last| last.plus(self.span_ms).since(now))
    }

    /// Whether nothing of it is in use, so that it can be forgotten.
    pub fn is_idle(&mut self, now: Timestamp) -> bool {
        self.forget(now);
        self.taken.is_empty()
    }

    fn forget(&mut self, now: Timestamp) {
        while let Some(oldest) = self.taken.front()
            && now.since(*oldest) >= self.span_ms
        {
            self.taken.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_holds_its_limit_in_any_span() {
        let mut window = Window::new(3, 1_000);
        let at = Timestamp;
        assert_eq!(window.take(at(0)), Ok(()));
        assert_eq!(window.take(at(400)), Ok(()));
        assert_eq!(window.take(at(400)), Ok(()));
        assert_eq!(window.remaining(at(400)), 0);
        assert_eq!(window.reset_ms(at(400)), 1_000);
        assert_eq!(window.take(at(999)), Err(1), "one millisecond too early");
        assert_eq!(window.take(at(1_000)), Ok(()), "the first is over");
        assert_eq!(window.take(at(1_000)), Err(400));
        assert!(!window.is_idle(at(1_999)));
        assert!(window.is_idle(at(2_000)));
        assert_eq!(window.remaining(at(2_000)), 3);
    }
}
