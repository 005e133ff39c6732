//! Orders of a quiet moment and of an attack, in turn, and what they come to.

use std::time::Duration;

/// How long the orders of a while took, the fastest first.
pub(crate) struct Window(Vec<Duration>);

impl Window {
    pub(crate) fn of(mut times: Vec<Duration>) -> Window {
        assert!(!times.is_empty());
        times.sort_unstable();
        Window(times)
    }

    /// What so many of a hundred took at most: the nearest rank.
    pub(crate) fn percentile(&self, percent: usize) -> Duration {
        self.0[(self.0.len() * percent).div_ceil(100).max(1) - 1]
    }
}

/// One attack, measured.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    /// Before the attack, between its rounds and after it.
    pub(crate) quiet: Vec<Window>,
    pub(crate) attacked: Vec<Window>,
    /// How often attackers connected.
    pub(crate) connects: usize,
    /// The most resident memory before and since it began, in MiB.
    pub(crate) memory_mib: [u64; 2],
}

/// The median over the windows of what so many of a hundred took.
pub(crate) fn median(windows: &[Window], percent: usize) -> Duration {
    Window::of(windows.iter().map(|it| it.percentile(percent)).collect()).percentile(50)
}

impl Row {
    pub(crate) const HEAD: &str = "| attack | quiet p50 | attacked p50 | quiet p99 | attacked p99 | ratio | connects | MiB |\n\
                                   |---|---|---|---|---|---|---|---|";

    /// How many times as long as in quiet the slowest of a hundred took, in hundredths.
    fn ratio(&self) -> u128 {
        let quiet = median(&self.quiet, 99).as_nanos().max(1);
        median(&self.attacked, 99).as_nanos() * 100 / quiet
    }
}

impl std::fmt::Display for Row {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Row {
            quiet, attacked, ..
        } = self;
        let ratio = self.ratio();
        write!(
            out,
            "| {} | {:.2?} | {:.2?} | {:.2?} | {:.2?} | {}.{:02} | {} | {} to {} |",
            self.name,
            median(quiet, 50),
            median(attacked, 50),
            median(quiet, 99),
            median(attacked, 99),
            ratio / 100,
            ratio % 100,
            self.connects,
            self.memory_mib[0],
            self.memory_mib[1],
        )
    }
}
