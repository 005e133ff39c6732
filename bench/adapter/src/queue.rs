//! The library's own way out for reports: one producer, one consumer, one report a cache line.
//!
//! The producer publishes every [`ReportQueue::BATCH`] reports, on [`ReportQueue::flush`], and
//! when it finds no room: a line that carries the position between two cores costs more than the
//! reports that it announces. Words are atomics without order, so no `unsafe` is needed; the
//! positions carry the order.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use crate::abi::Report;

#[derive(Default)]
#[repr(align(64))]
struct Slot([AtomicU64; 8]);

/// What only the producer writes.
#[derive(Default)]
#[repr(align(128))]
struct Producer {
    /// Reports written.
    written: AtomicUsize,
    /// Reports that the consumer may take.
    published: AtomicUsize,
    /// The consumer's position as last seen.
    seen: AtomicUsize,
}

/// What only the consumer writes.
#[derive(Default)]
#[repr(align(128))]
struct Consumer {
    taken: AtomicUsize,
}

/// A bounded queue of reports.
pub struct ReportQueue {
    slots: Box<[Slot]>,
    producer: Producer,
    consumer: Consumer,
}

impl ReportQueue {
    /// How many reports are published at once.
    pub const BATCH: usize = 32;

    /// Makes a queue of at least `capacity` reports.
    pub fn new(capacity: usize) -> ReportQueue {
        let capacity = capacity.max(2 * Self::BATCH).next_power_of_two();
        ReportQueue {
            slots: (0..capacity).map(|_| Slot::default()).collect(),
            producer: Producer::default(),
            consumer: Consumer::default(),
        }
    }

    /// Producer: takes `report`, or says that there is no room.
    #[inline]
    pub fn push(&self, report: &Report) -> bool {
        let written = self.producer.written.load(Ordering::Relaxed);
        let seen = self.producer.seen.load(Ordering::Relaxed);
        if written.wrapping_sub(seen) == self.slots.len() && !self.has_room(written) {
            return false;
        }
        let slot = &self.slots[written & (self.slots.len() - 1)];
        for (place, word) in slot.0.iter().zip(report.0) {
            place.store(word, Ordering::Relaxed);
        }
        let written = written.wrapping_add(1);
        self.producer.written.store(written, Ordering::Relaxed);
        if written.is_multiple_of(Self::BATCH) {
            self.producer.published.store(written, Ordering::Release);
        }
        true
    }

    /// Producer: lets the consumer see all that was pushed.
    #[inline]
    pub fn flush(&self) {
        let written = self.producer.written.load(Ordering::Relaxed);
        self.producer.published.store(written, Ordering::Release);
    }

    /// Consumer: gives up to `max` reports to `take`, oldest first, and says how many.
    pub fn drain(&self, max: usize, mut take: impl FnMut(usize, Report)) -> usize {
        let taken = self.consumer.taken.load(Ordering::Relaxed);
        let published = self.producer.published.load(Ordering::Acquire);
        let count = published.wrapping_sub(taken).min(max);
        for index in 0..count {
            let slot = &self.slots[taken.wrapping_add(index) & (self.slots.len() - 1)];
            let words = std::array::from_fn(|word| slot.0[word].load(Ordering::Relaxed));
            take(index, Report(words));
        }
        if count > 0 {
            self.consumer
                .taken
                .store(taken.wrapping_add(count), Ordering::Release);
        }
        count
    }

    /// Looks again how far the consumer is, and lets it see what keeps the queue full.
    #[cold]
    fn has_room(&self, written: usize) -> bool {
        self.flush();
        let taken = self.consumer.taken.load(Ordering::Acquire);
        self.producer.seen.store(taken, Ordering::Relaxed);
        written.wrapping_sub(taken) < self.slots.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(queue: &ReportQueue, max: usize) -> Vec<u64> {
        let mut out = Vec::new();
        queue.drain(max, |index, report| {
            assert_eq!(index, out.len());
            out.push(report.0[1]);
        });
        out
    }

    fn report(number: u64) -> Report {
        Report([0, number, 0, 0, 0, 0, 0, 0])
    }

    #[test]
    fn reports_are_seen_in_batches_and_when_flushed() {
        let queue = ReportQueue::new(64);
        for number in 0..31 {
            assert!(queue.push(&report(number)));
        }
        assert_eq!(numbers(&queue, 100), [0_u64; 0]);
        assert!(queue.push(&report(31)));
        assert_eq!(numbers(&queue, 3), [0, 1, 2]);
        assert!(queue.push(&report(32)));
        assert_eq!(numbers(&queue, 100), (3..32).collect::<Vec<_>>());
        queue.flush();
        assert_eq!(numbers(&queue, 100), [32]);
    }

    #[test]
    fn a_full_queue_takes_no_more_until_it_is_drained() {
        let queue = ReportQueue::new(64);
        assert!((0..64).all(|number| queue.push(&report(number))));
        assert!(!queue.push(&report(64)));
        assert_eq!(numbers(&queue, 1), [0]);
        assert!(queue.push(&report(64)));
        assert!(!queue.push(&report(65)));
    }

    #[test]
    fn two_threads_lose_and_double_nothing() {
        let queue = ReportQueue::new(64);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for number in 0..10_000 {
                    while !queue.push(&report(number)) {
                        std::thread::yield_now();
                    }
                }
                queue.flush();
            });
            let mut expected = 0;
            while expected < 10_000 {
                let came = queue.drain(50, |_, report| {
                    assert_eq!(report, self::report(expected));
                    expected += 1;
                });
                if came == 0 {
                    std::thread::yield_now();
                }
            }
        });
    }
}
