//! How a thread waits for work without burning a core: it looks, it yields, it sleeps.

use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering, fence};
use std::thread::{self, Thread};
use std::time::Duration;

use crossbeam::utils::{Backoff, CachePadded};

/// Wakes one waiting thread. Ringing while it is awake costs one fence and one load.
///
/// No ring is lost: the waiter says that it sleeps, then looks once more, then sleeps; the ringer
/// publishes its work, then looks whether the waiter sleeps. The two fences put each one's write
/// before its look, so at least one of them sees the other.
#[derive(Clone, Debug, Default)]
pub(super) struct Doorbell(Arc<CachePadded<Shared>>);

#[derive(Debug, Default)]
struct Shared {
    asleep: AtomicBool,
    waiter: OnceLock<Thread>,
}

impl Doorbell {
    /// Rings. Called after the work was published.
    pub(super) fn ring(&self) {
        fence(Ordering::SeqCst);
        if self.0.asleep.load(Ordering::Relaxed) && self.0.asleep.swap(false, Ordering::AcqRel) {
            // A waiter that was not there yet finds the work on its first look.
            if let Some(waiter) = self.0.waiter.get() {
                waiter.unpark();
            }
        }
    }

    /// Waits until `has_work` or a ring, at most for `rest`, first by yielding up to `yields`
    /// times.
    ///
    /// May return without any of them. Only ever called by one thread, the first that called it.
    pub(super) fn wait(
        &self,
        yields: u32,
        rest: Option<Duration>,
        mut has_work: impl FnMut() -> bool,
    ) {
        let backoff = Backoff::new();
        while !backoff.is_completed() {
            if has_work() {
                return;
            }
            backoff.snooze();
        }
        for _ in 0..yields {
            if has_work() {
                return;
            }
            thread::yield_now();
        }
        self.0.waiter.get_or_init(thread::current);
        self.0.asleep.store(true, Ordering::Relaxed);
        fence(Ordering::SeqCst);
        if !has_work() {
            match rest {
                Some(rest) => thread::park_timeout(rest),
                None => thread::park(),
            }
        }
        self.0.asleep.store(false, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU64;

    use super::*;

    #[test]
    fn no_ring_is_lost_between_two_threads_that_sleep_at_once() {
        const HOPS: u64 = 20_000;
        let ball = Arc::new(AtomicU64::new(0));
        let bells = [Doorbell::default(), Doorbell::default()];
        let players: Vec<_> = (0..2)
            .map(|me| {
                let (ball, bells) = (ball.clone(), bells.clone());
                thread::spawn(move || {
                    let mine = |hop: u64| hop % 2 == me;
                    loop {
                        let hop = ball.load(Ordering::Acquire);
                        if hop >= HOPS {
                            return bells.iter().for_each(Doorbell::ring);
                        }
                        if mine(hop) {
                            ball.store(hop + 1, Ordering::Release);
                            bells[usize::from(me == 0)].ring();
                        } else {
                            bells[usize::from(me == 1)].wait(0, None, || {
                                let hop = ball.load(Ordering::Acquire);
                                mine(hop) || hop >= HOPS
                            });
                        }
                    }
                })
            })
            .collect();
        for player in players {
            player.join().expect("a player does not panic");
        }
        assert_eq!(ball.load(Ordering::Acquire), HOPS);
    }
}
