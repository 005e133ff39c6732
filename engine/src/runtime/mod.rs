//! The whole exchange, wired with threads and rings.
//!
//! ```text
//! submit → inbox ring → core thread: decide ─┬→ journal ring → journal thread → watermark ─┐
//!                                            └→ lane ring → matcher thread → event ring ─┐ │
//!                       core thread: settle ←────────────────────────────────────────────┘ │
//!                       core thread: reports of commands up to the watermark, in order ←───┘ → report ring
//! ```
//!
//! The same [`Clearing`](crate::clearing::Clearing) and [`Matcher`](crate::matching::Matcher)s
//! that [`Exchange`] runs inline. Rings are bounded. The core never waits for a full one: it
//! keeps what found no room, takes no further request, and goes on draining events, so rings
//! cannot deadlock. A full inbox is said to who submits.
//!
//! Threads spin shortly, yield, then sleep: an idle exchange costs nothing.

mod core;
mod depths;
mod doorbell;
mod guard;
mod inbox;
mod journal_stage;
mod lane;
mod outbox;
mod output;
mod row;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::thread::JoinHandle;

use crossbeam::utils::CachePadded;
use thiserror::Error;

use self::core::{Core, Lanes, Rim};
use self::depths::Between;
use self::doorbell::Doorbell;
use self::inbox::{Intake, RequestRing};
use self::journal_stage::{JournalStage, Log};
use self::lane::Lane;
use self::outbox::Outbox;
use self::output::OutputQueue;
use crate::domain::{CommandSequence, PairId, Timestamp};
use crate::exchange::Exchange;
use crate::journal::{Check, CommandLog, Fatal, Outcome};
use crate::report::Report;
use crate::request::Request;

pub use self::depths::Depths;

/// Where the time comes from. Only the rim has clocks; the core asks once a batch.
pub type Clock = Box<dyn Fn() -> Timestamp + Send>;

/// Who is told, on the core thread, what a venue has come to. What it does must be quick and may not
/// block. A function without arguments is one that wants to know of reports only.
pub trait Listener {
    /// All commands behind `after`, up to `last`, were decided since the last time.
    fn decided(&self, _after: CommandSequence, _last: CommandSequence) {}

    /// Reports came, or the exchange ended.
    fn reported(&self);
}

impl<F: Fn()> Listener for F {
    fn reported(&self) {
        self();
    }
}

/// How the threads are laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VenueConfig {
    /// Threads for matchers; 0 runs them on the core thread, which saves a hop and is best on
    /// one or two cores.
    pub matcher_threads: usize,
    /// Whether the journal has a thread of its own, so that matching and syncing overlap. Set
    /// for a log that syncs; a log that only remembers does without the hop.
    pub journal_thread: bool,
    /// Room in the inbox, in requests, at least 1.
    pub inbox: usize,
    /// Room in each ring between threads, in entries, at least 1.
    pub ring: usize,
    /// Room in the ring of reports, at least 1.
    pub reports: usize,
    /// How often a thread without work yields the core before it sleeps.
    pub yields: u32,
}

impl Default for VenueConfig {
    fn default() -> Self {
        VenueConfig {
            matcher_threads: 1,
            journal_thread: true,
            inbox: 8_192,
            ring: 8_192,
            reports: 65_536,
            yields: 32,
        }
    }
}

/// Why a request was not taken. It had no effect and gets no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SubmitError {
    /// The inbox is full: try again later.
    #[error("the exchange is busy")]
    Full,
    /// The exchange is stopping, or its journal failed.
    #[error("the exchange is stopping")]
    Closed,
}

/// A running exchange.
pub struct Venue {
    inbox: Inbox,
    core: JoinHandle<Result<(Exchange, Log), Fatal>>,
}

/// Where requests go in. Clones are cheap and may be used from any thread.
#[derive(Clone)]
pub struct Inbox(Arc<Rim>);

/// How far the journal is behind what was decided, as the core thread saw it last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JournalProgress {
    /// The last command that was decided.
    pub decided: CommandSequence,
    /// The last command that is durable.
    pub durable: CommandSequence,
}

/// Where reports come out: one consumer. Dropped, it lets the exchange go on unheard.
pub struct Reports {
    rim: Arc<Rim>,
    /// The batch that was begun.
    batch: Vec<Report>,
    /// How many of it were taken.
    taken: usize,
}

impl Venue {
    /// Starts the threads around `exchange`, which goes on where it is, and `log`, which must
    /// end where the exchange is. The journal gets checks for later replays only if the
    /// exchange is at its beginning; otherwise see [`Venue::resume`].
    ///
    /// `listener` is told on the core thread.
    ///
    /// # Errors
    /// The operating system's, when it has no thread left.
    pub fn start(
        exchange: Exchange,
        log: Box<dyn CommandLog + Send>,
        config: VenueConfig,
        clock: Clock,
        listener: impl Listener + Send + 'static,
    ) -> std::io::Result<(Venue, Reports)> {
        let is_new = exchange.clearing().last_sequence() == CommandSequence(0);
        let outcome = is_new.then(Outcome::default);
        Venue::run(exchange, log, outcome, config, clock, listener)
    }

    /// Starts the threads as [`Venue::start`] does, around a recovered exchange; `check` is
    /// what had come of its commands.
    ///
    /// # Errors
    /// The operating system's, when it has no thread left.
    pub fn resume(
        exchange: Exchange,
        log: Box<dyn CommandLog + Send>,
        check: Check,
        config: VenueConfig,
        clock: Clock,
        listener: impl Listener + Send + 'static,
    ) -> std::io::Result<(Venue, Reports)> {
        Venue::run(
            exchange,
            log,
            Some(Outcome::after(check)),
            config,
            clock,
            listener,
        )
    }

    fn run(
        exchange: Exchange,
        log: Box<dyn CommandLog + Send>,
        outcome: Option<Outcome>,
        config: VenueConfig,
        clock: Clock,
        listener: impl Listener + Send + 'static,
    ) -> std::io::Result<(Venue, Reports)> {
        let core = Doorbell::default();
        let (clearing, matchers) = exchange.into_parts();
        let last = clearing.last_sequence();
        let journal = if config.journal_thread {
            JournalStage::thread(log, last, config.ring, config.yields, core.clone())?
        } else {
            JournalStage::inline(log, last)
        };
        let lanes = match config.matcher_threads {
            0 => Lanes::Inline(matchers),
            threads => {
                let mut hands: Vec<Vec<_>> = (0..threads).map(|_| Vec::new()).collect();
                for (pair, matcher) in (0..).map(PairId).zip(matchers) {
                    hands[usize::from(pair.0) % threads].push((pair, matcher));
                }
                let start = |(index, matchers)| {
                    Lane::start(index, matchers, config.ring, config.yields, core.clone())
                };
                Lanes::Threads(
                    hands
                        .into_iter()
                        .enumerate()
                        .map(start)
                        .collect::<Result<_, _>>()?,
                )
            }
        };
        let between = Between {
            lanes: match &lanes {
                Lanes::Inline(_) => Vec::new(),
                Lanes::Threads(lanes) => lanes.iter().map(Lane::rings).collect(),
            },
            journal: journal.waiting(),
        };
        let rim = Arc::new(Rim {
            inbox: RequestRing::new(config.inbox),
            outbox: Outbox::new(config.reports),
            core,
            stopping: AtomicBool::new(false),
            submitting: CachePadded::new(AtomicUsize::new(0)),
            abandoned: AtomicBool::new(false),
            closed: AtomicBool::new(false),
            decided: CachePadded::new(AtomicU64::new(last.0)),
            durable: AtomicU64::new(last.0),
            between,
        });
        let core = Core {
            rim: rim.clone(),
            intake: Intake::default(),
            clearing,
            lanes,
            journal,
            output: OutputQueue::after(last, outcome, rim.outbox.empties()),
            clock,
            listener,
            yields: config.yields,
            output_limit: config.reports,
        };
        let core = guard::spawn("core".to_owned(), move || core.run())?;
        Ok((
            Venue {
                inbox: Inbox(rim.clone()),
                core,
            },
            Reports {
                rim,
                batch: Vec::new(),
                taken: 0,
            },
        ))
    }

    /// Where requests go in.
    pub fn inbox(&self) -> Inbox {
        self.inbox.clone()
    }

    /// Takes no more requests, settles, writes and lets out everything taken, and gives the
    /// exchange and its log back.
    ///
    /// Blocks until then, so somebody must go on taking reports, or have dropped [`Reports`].
    ///
    /// # Errors
    /// The journal's failure, if that ended the exchange.
    pub fn stop(self) -> Result<(Exchange, Box<dyn CommandLog + Send>), Fatal> {
        self.inbox.0.stopping.store(true, Ordering::SeqCst);
        self.inbox.0.core.ring();
        self.core
            .join()
            .expect("invariant: a core thread that panics ends the process")
    }
}

impl Inbox {
    /// Sends `request` in.
    ///
    /// # Errors
    /// See [`SubmitError`]: the request had no effect.
    pub fn submit(&self, request: Request) -> Result<(), SubmitError> {
        self.put(|ring| ring.push(request).then_some(()))
    }

    /// Sends as many of `requests` in as there is room for, in their order, and says how many. To
    /// hand many over at once costs about as much as one.
    ///
    /// # Errors
    /// See [`SubmitError`]: none of the requests had an effect. Of none at all there is none.
    pub fn submit_all(&self, requests: &[Request]) -> Result<usize, SubmitError> {
        self.put(|ring| {
            let count = ring.push_all(requests);
            (count > 0 || requests.is_empty()).then_some(count)
        })
    }

    /// Puts something into the ring, unless the exchange stops.
    #[inline]
    fn put<T>(&self, into: impl FnOnce(&RequestRing) -> Option<T>) -> Result<T, SubmitError> {
        let rim = &*self.0;
        rim.submitting.fetch_add(1, Ordering::SeqCst);
        let outcome = if rim.stopping.load(Ordering::SeqCst) || rim.closed.load(Ordering::Acquire) {
            Err(SubmitError::Closed)
        } else {
            into(&rim.inbox).ok_or(SubmitError::Full)
        };
        rim.submitting.fetch_sub(1, Ordering::SeqCst);
        rim.core.ring();
        outcome
    }

    /// How many requests wait to be decided.
    pub fn depth(&self) -> usize {
        self.0.inbox.len()
    }

    /// How much waits in each ring.
    pub fn depths(&self) -> Depths {
        Depths::of(&self.0)
    }

    /// How far the journal is. For who looks after the exchange: it says nothing of an order.
    pub fn journal(&self) -> JournalProgress {
        let of = |number: &AtomicU64| CommandSequence(number.load(Ordering::Relaxed));
        JournalProgress {
            decided: of(&self.0.decided),
            durable: of(&self.0.durable),
        }
    }

    /// Whether the exchange ended, by [`Venue::stop`] or by a failure of its journal.
    pub fn is_closed(&self) -> bool {
        self.0.closed.load(Ordering::Acquire)
    }
}

impl Reports {
    /// Copies up to `limit` reports to the end of `into`, oldest first, and says how many.
    pub fn drain(&mut self, into: &mut Vec<Report>, limit: usize) -> usize {
        let mut count = 0;
        while count < limit {
            if self.taken == self.batch.len() {
                let Some(next) = self.rim.outbox.pop() else {
                    break;
                };
                let done = std::mem::replace(&mut self.batch, next);
                self.rim.outbox.give_back(done);
                self.taken = 0;
            }
            let rest = &self.batch[self.taken..];
            let fitting = rest.len().min(limit - count);
            into.extend_from_slice(&rest[..fitting]);
            self.taken += fitting;
            count += fitting;
        }
        self.took(count);
        count
    }

    /// Puts the next batch of reports in the place of what `into` holds, and says how many they are;
    /// 0 where none waits. Nothing is copied: the room of `into` goes back to the core.
    pub fn next_batch(&mut self, into: &mut Vec<Report>) -> usize {
        into.clear();
        if self.taken < self.batch.len() {
            into.extend_from_slice(&self.batch[self.taken..]);
            self.taken = self.batch.len();
        } else if let Some(next) = self.rim.outbox.pop() {
            let done = std::mem::replace(into, next);
            self.rim.outbox.give_back(done);
        }
        self.took(into.len());
        into.len()
    }

    /// Says that reports were taken, where any were.
    fn took(&self, count: usize) {
        if count > 0 {
            self.rim.outbox.taken(count);
            self.rim.core.ring();
        }
    }

    /// Whether the exchange ended and every report was taken.
    pub fn is_finished(&self) -> bool {
        self.rim.closed.load(Ordering::Acquire) && self.rim.outbox.len() == 0
    }
}

impl Drop for Reports {
    fn drop(&mut self) {
        self.rim.abandoned.store(true, Ordering::Release);
        self.rim.core.ring();
    }
}
