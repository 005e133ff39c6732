use std::sync::atomic::{AtomicU64, Ordering};

/// Bounds of latencies, in nanoseconds: 1, 2.5, 5 in each decade from a microsecond to a second.
pub const LATENCIES: &[u64] = &[
    1_000,
    2_500,
    5_000,
    10_000,
    25_000,
    50_000,
    100_000,
    250_000,
    500_000,
    1_000_000,
    2_500_000,
    5_000_000,
    10_000_000,
    25_000_000,
    50_000_000,
    100_000_000,
    250_000_000,
    500_000_000,
    1_000_000_000,
];
/// Bounds of numbers of things that are done together.
pub const COUNTS: &[u64] = &[
    1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024, 2_048, 4_096, 8_192,
];

/// How often a figure was in which range. One writer, any number of readers; no lock, and no
/// operation that another processor has to be asked for.
#[derive(Debug)]
pub struct Histogram {
    bounds: &'static [u64],
    /// By bound; the last is of what is above all of them.
    counts: Box<[AtomicU64]>,
    sum: AtomicU64,
}

/// What a histogram has at some moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Each upper bound, inclusive, with how many were above the one before and not above it.
    pub buckets: Vec<(u64, u64)>,
    /// How many were above the last bound.
    pub above: u64,
    /// The sum of all figures.
    pub sum: u64,
}

impl Histogram {
    /// Empty, with these upper bounds, ascending.
    pub fn new(bounds: &'static [u64]) -> Histogram {
        Histogram {
            bounds,
            counts: (0..=bounds.len()).map(|_| AtomicU64::new(0)).collect(),
            sum: AtomicU64::new(0),
        }
    }

    /// Counts a figure. Only one thread may.
    pub fn record(&self, figure: u64) {
        let at = self.bounds.partition_point(|bound| *bound < figure);
        if let Some(count) = self.counts.get(at) {
            add(count, 1);
        }
        add(&self.sum, figure);
    }

    /// How it stands. What is recorded meanwhile is in it or not.
    pub fn read(&self) -> Reading {
        let mut counts = self.counts.iter().map(|it| it.load(Ordering::Relaxed));
        Reading {
            buckets: self.bounds.iter().copied().zip(&mut counts).collect(),
            above: counts.next().unwrap_or_default(),
            sum: self.sum.load(Ordering::Relaxed),
        }
    }
}

impl Reading {
    /// How many figures there were.
    pub fn count(&self) -> u64 {
        self.buckets.iter().map(|(_, count)| count).sum::<u64>() + self.above
    }
}

/// For a number with one writer.
pub(super) fn add(number: &AtomicU64, more: u64) {
    let now = number.load(Ordering::Relaxed);
    number.store(now.wrapping_add(more), Ordering::Relaxed);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_is_the_last_of_its_range() {
        let histogram = Histogram::new(&[10, 100]);
        for figure in [0, 10, 11, 100, 101, u64::MAX] {
            histogram.record(figure);
        }
        let reading = histogram.read();
        assert_eq!(reading.buckets, [(10, 2), (100, 2)]);
        assert_eq!((reading.above, reading.count()), (2, 6));
        assert_eq!(reading.sum, 221, "it goes round, as counters may");
    }

    #[test]
    fn bounds_ascend() {
        assert!(LATENCIES.is_sorted() && COUNTS.is_sorted());
        assert_eq!((LATENCIES[0], LATENCIES[18]), (1_000, 1_000_000_000));
    }
}
