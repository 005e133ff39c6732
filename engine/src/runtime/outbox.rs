//! Reports on their way out: by the batch, so that a hand-over costs the same however many.

use std::sync::atomic::{AtomicUsize, Ordering};

use crossbeam::queue::ArrayQueue;
use crossbeam::utils::CachePadded;

use crate::report::Report;

/// How many batches may wait. While as many do, the next one grows.
const BATCHES: usize = 1_024;
/// How many taken batches are kept to be filled again.
const EMPTIES: usize = 128;
/// For how many reports a new batch has room: what one turn of the core thread says.
const CAPACITY: usize = 512;
/// A batch that grew beyond this goes back to the allocator, so that no burst is kept for ever.
const KEPT_CAPACITY: usize = 2 * CAPACITY;

/// The ring of batches: one producer, the core thread, and one consumer.
///
/// What crosses is a pointer; the reports stay where settlement put them, and the consumer's
/// core fetches them in a row.
pub(super) struct Outbox {
    batches: ArrayQueue<Vec<Report>>,
    empties: ArrayQueue<Vec<Report>>,
    /// How many reports are in `batches` or in the hands of the consumer.
    waiting: CachePadded<AtomicUsize>,
    limit: usize,
}

impl Outbox {
    /// An empty one for `limit` reports.
    pub(super) fn new(limit: usize) -> Outbox {
        Outbox {
            batches: ArrayQueue::new(BATCHES),
            empties: ArrayQueue::new(EMPTIES),
            waiting: CachePadded::new(AtomicUsize::new(0)),
            limit,
        }
    }

    /// For how many reports there is room; `None` for none. Grows until [`Outbox::push`].
    pub(super) fn room(&self) -> Option<usize> {
        let room = self.limit.saturating_sub(self.len());
        (room > 0 && !self.batches.is_full()).then_some(room)
    }

    /// A batch without reports, to be filled.
    pub(super) fn empty(&self) -> Vec<Report> {
        self.empties
            .pop()
            .unwrap_or_else(|| Vec::with_capacity(CAPACITY))
    }

    /// Lets a batch out, for which there must be room. Only for the producer.
    pub(super) fn push(&self, batch: Vec<Report>) {
        self.waiting.fetch_add(batch.len(), Ordering::Relaxed);
        self.batches
            .push(batch)
            .expect("invariant: nobody else fills the room");
    }

    /// The next batch. Its reports count as waiting until they are [`Outbox::taken`].
    pub(super) fn pop(&self) -> Option<Vec<Report>> {
        self.batches.pop()
    }

    /// Says that reports were taken.
    pub(super) fn taken(&self, count: usize) {
        self.waiting.fetch_sub(count, Ordering::Relaxed);
    }

    /// Gives a batch back that was taken.
    pub(super) fn give_back(&self, mut batch: Vec<Report>) {
        if batch.capacity() <= KEPT_CAPACITY {
            batch.clear();
            // Enough are kept: this one goes back to the allocator.
            let _ = self.empties.push(batch);
        }
    }

    /// How many reports wait.
    pub(super) fn len(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }
}
