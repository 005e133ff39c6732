//! Requests on their way in: one by one, or many as one entry.

use std::sync::atomic::{AtomicUsize, Ordering};

use crossbeam::queue::ArrayQueue;
use crossbeam::utils::CachePadded;

use crate::request::Request;

/// The most requests of one entry.
pub(super) const BATCH: usize = 64;
/// How many taken batches are kept to be filled again.
const EMPTIES: usize = 128;

/// The ring of requests: any number of producers, one consumer.
///
/// A request by itself is copied into the ring, and the producer waits until the consumer's core has
/// given the line up. Of a batch only a pointer crosses; the requests stay where they were written,
/// and the consumer's core fetches them in a row.
pub(super) struct RequestRing {
    entries: ArrayQueue<Entry>,
    empties: ArrayQueue<Vec<Request>>,
    /// How many requests wait beside the first of every batch.
    behind_first: CachePadded<AtomicUsize>,
}

enum Entry {
    One(Request),
    Many(Vec<Request>),
}

impl RequestRing {
    /// An empty ring for `capacity` requests.
    pub(super) fn new(capacity: usize) -> RequestRing {
        RequestRing {
            entries: ArrayQueue::new(capacity),
            empties: ArrayQueue::new(EMPTIES),
            behind_first: CachePadded::new(AtomicUsize::new(0)),
        }
    }

    /// Puts a request in, where there is room.
    pub(super) fn push(&self, request: Request) -> bool {
        self.entries.push(Entry::One(request)).is_ok()
    }

    /// Puts as many of `requests` in as there is room for, in order, and says how many. Producers at
    /// the same time may both find the same room, so that up to a batch of each is too much.
    pub(super) fn push_all(&self, requests: &[Request]) -> usize {
        let mut pushed = 0;
        while pushed < requests.len() {
            let room = self.entries.capacity().saturating_sub(self.len());
            let count = (requests.len() - pushed).min(room).min(BATCH);
            if count == 0 {
                break;
            }
            let mut batch = self
                .empties
                .pop()
                .unwrap_or_else(|| Vec::with_capacity(BATCH));
            batch.extend_from_slice(&requests[pushed..pushed + count]);
            self.behind_first.fetch_add(count - 1, Ordering::Relaxed);
            if let Err(Entry::Many(batch)) = self.entries.push(Entry::Many(batch)) {
                self.behind_first.fetch_sub(count - 1, Ordering::Relaxed);
                self.give_back(batch);
                break;
            }
            pushed += count;
        }
        pushed
    }

    /// How many requests wait.
    pub(super) fn len(&self) -> usize {
        self.entries.len() + self.behind_first.load(Ordering::Relaxed)
    }

    /// Whether nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn give_back(&self, mut batch: Vec<Request>) {
        batch.clear();
        // Enough are kept: this one goes back to the allocator.
        let _ = self.empties.push(batch);
    }
}

/// The consumer's side: the batch that was begun.
#[derive(Default)]
pub(super) struct Intake {
    batch: Vec<Request>,
    taken: usize,
}

impl Intake {
    /// The next request.
    #[inline]
    pub(super) fn next(&mut self, ring: &RequestRing) -> Option<Request> {
        if let Some(request) = self.batch.get(self.taken) {
            self.taken += 1;
            return Some(*request);
        }
        match ring.entries.pop()? {
            Entry::One(request) => Some(request),
            Entry::Many(batch) => {
                ring.behind_first
                    .fetch_sub(batch.len() - 1, Ordering::Relaxed);
                let done = std::mem::replace(&mut self.batch, batch);
                if done.capacity() > 0 {
                    ring.give_back(done);
                }
                self.taken = 1;
                self.batch.first().copied()
            }
        }
    }

    /// Whether no request of the batch is left.
    pub(super) fn is_empty(&self) -> bool {
        self.taken == self.batch.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::UserName;
    use crate::request::{Correlation, RequestKind};

    fn request(number: u64) -> Request {
        let name = UserName::new("alice").expect("it is a name");
        Request {
            correlation: Correlation(number),
            kind: RequestKind::OpenAccount { name },
        }
    }

    fn requests(numbers: std::ops::Range<u64>) -> Vec<Request> {
        numbers.map(request).collect()
    }

    #[test]
    fn batches_and_single_requests_keep_their_order() {
        let (ring, mut intake) = (RequestRing::new(1_000), Intake::default());
        assert!(ring.push(request(0)));
        assert_eq!(ring.push_all(&requests(1..200)), 199);
        assert!(ring.push(request(200)));
        assert_eq!(ring.push_all(&[]), 0);
        assert_eq!(ring.len(), 201);
        for number in 0..201 {
            assert_eq!(intake.next(&ring), Some(request(number)));
            assert_eq!(ring.len(), waiting_after(number));
        }
        assert_eq!(intake.next(&ring), None);
        assert!(intake.is_empty() && ring.is_empty());
    }

    /// A batch that was begun no longer waits in the ring: of 1 to 199, three are whole ones.
    fn waiting_after(taken: u64) -> usize {
        match taken {
            0 => 200,
            1..=64 => 136,
            65..=128 => 72,
            129..=192 => 8,
            193..=199 => 1,
            _ => 0,
        }
    }

    #[test]
    fn a_batch_goes_in_as_far_as_there_is_room() {
        let (ring, mut intake) = (RequestRing::new(100), Intake::default());
        assert_eq!(ring.push_all(&requests(0..99)), 99);
        assert_eq!(ring.push_all(&requests(99..102)), 1);
        assert_eq!(ring.push_all(&requests(100..102)), 0);
        assert_eq!(intake.next(&ring), Some(request(0)));
        // The first batch is out of the ring, and makes room for as many.
        assert_eq!(ring.push_all(&requests(100..300)), 64);
        let taken = std::iter::from_fn(|| intake.next(&ring));
        assert_eq!(taken.collect::<Vec<_>>(), requests(1..164));
    }

    /// What one producer finds no entry for, it takes back.
    #[test]
    fn a_full_ring_counts_nothing_that_is_not_in_it() {
        let ring = RequestRing::new(2);
        assert!(ring.push(request(0)) && ring.push(request(1)));
        assert!(!ring.push(request(2)));
        assert_eq!(ring.push_all(&requests(2..5)), 0);
        assert_eq!(ring.len(), 2);
    }
}
