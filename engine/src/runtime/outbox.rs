//! Reports on their way out: by the batch, so that a hand-over costs the same however many.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crossbeam::queue::ArrayQueue;
use crossbeam::utils::CachePadded;

use super::row::{Empties, PIECE};
use crate::report::Report;

/// How many batches may wait. While as many do, no further one leaves.
const BATCHES: usize = 1_024;
/// How many taken batches are kept to be filled again.
const EMPTIES: usize = 128;
/// A batch that grew beyond this goes back to the allocator, so that no burst is kept for ever.
const KEPT_CAPACITY: usize = 2 * PIECE;

/// The ring of batches: one producer, the core thread, and one consumer.
///
/// What crosses is a pointer; the reports stay where settlement put them, and the consumer's
/// core fetches them in a row.
pub(super) struct Outbox {
    batches: ArrayQueue<Vec<Report>>,
    empties: Empties,
    /// How many reports are in `batches` or in the hands of the consumer.
    waiting: CachePadded<AtomicUsize>,
    limit: usize,
}

impl Outbox {
    /// An empty one for `limit` reports.
    pub(super) fn new(limit: usize) -> Outbox {
        Outbox {
            batches: ArrayQueue::new(BATCHES),
            empties: Arc::new(ArrayQueue::new(EMPTIES)),
            waiting: CachePadded::new(AtomicUsize::new(0)),
            limit,
        }
    }

    /// For how many reports there is room; `None` for none. Grows until [`Outbox::push`].
    pub(super) fn room(&self) -> Option<usize> {
        let room = self.limit.saturating_sub(self.len());
        (room > 0 && !self.batches.is_full()).then_some(room)
    }

    /// Where batches without reports are, to be filled.
    pub(super) fn empties(&self) -> Empties {
        self.empties.clone()
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
        if (1..=KEPT_CAPACITY).contains(&batch.capacity()) {
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
