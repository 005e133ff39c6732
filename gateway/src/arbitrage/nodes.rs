//! Which node is asked, and how long is waited before.

/// The shortest wait after a failure, in milliseconds.
pub const MIN_WAIT_MS: u64 = 250;
/// The longest wait after a failure, in milliseconds.
pub const MAX_WAIT_MS: u64 = 30_000;

/// Several nodes that say the same. The one that works is kept; after a failure the next one is
/// asked, and once all have failed the waits double, up to [`MAX_WAIT_MS`].
#[derive(Clone, Debug)]
pub struct Nodes {
    count: usize,
    current: usize,
    failures: u32,
}

impl Nodes {
    /// So many nodes, at least one; the first is asked first.
    pub fn new(count: usize) -> Nodes {
        Nodes {
            count: count.max(1),
            current: 0,
            failures: 0,
        }
    }

    /// The one to ask.
    pub const fn current(&self) -> usize {
        self.current
    }

    /// The current one works.
    pub fn on_success(&mut self) {
        self.failures = 0;
    }

    /// The current one does not: gives the milliseconds to wait before the next is asked, between
    /// half of the wait and all of it as `random` falls, so that not all who lost a node come to
    /// the next one at once.
    pub fn on_failure(&mut self, random: u64) -> u64 {
        self.current = (self.current + 1) % self.count;
        let rounds = self.failures / u32::try_from(self.count).unwrap_or(u32::MAX);
        self.failures = self.failures.saturating_add(1);
        let wait = 1_u64
            .checked_shl(rounds.min(32))
            .map_or(MAX_WAIT_MS, |factor| MIN_WAIT_MS.saturating_mul(factor))
            .min(MAX_WAIT_MS);
        wait / 2 + random % (wait - wait / 2 + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_take_turns_and_waits_double_when_all_have_failed() {
        let mut nodes = Nodes::new(2);
        let mut seen = Vec::new();
        for _ in 0..20 {
            let node = nodes.current();
            seen.push((node, nodes.on_failure(u64::MAX / 7)));
        }
        for (turn, (node, wait)) in seen.iter().enumerate() {
            assert_eq!(*node, turn % 2);
            let most = (MIN_WAIT_MS << (turn / 2).min(20)).min(MAX_WAIT_MS);
            assert!((most / 2..=most).contains(wait), "{turn}: {wait}");
        }
        nodes.on_success();
        assert_eq!(nodes.current(), 0, "the one that works is kept");
        assert!(nodes.on_failure(0) <= MIN_WAIT_MS);
        let mut one = Nodes::new(1);
        for _ in 0..100_000 {
            assert!(one.on_failure(7) <= MAX_WAIT_MS);
            assert_eq!(one.current(), 0);
        }
    }
}
