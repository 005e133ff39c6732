//! Where commands become durable: on a thread of their own, or on the core's.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::thread::JoinHandle;

use crossbeam::queue::ArrayQueue;
use crossbeam::utils::CachePadded;

use super::doorbell::Doorbell;
use super::guard;
use crate::canary::{self, Canary};
use crate::command::Command;
use crate::domain::CommandSequence;
use crate::journal::{Check, CommandLog, Fatal, MAX_BATCH, Records};

/// How many commands are handed over at once at the most.
const RUN: usize = 512;
/// How many runs that were written are kept to be filled again.
const EMPTIES: usize = 64;
const _: () = assert!(RUN <= MAX_BATCH);

/// A log that can be moved to its thread.
pub(super) type Log = Box<dyn CommandLog + Send>;

/// The core thread's end of the journal.
pub(super) enum JournalStage {
    /// For a log that only remembers: no hop, no wait.
    Inline {
        log: Log,
        batch: Vec<Command>,
        durable: CommandSequence,
    },
    /// For a log that syncs: the next batch forms while the last one is written.
    Thread(JournalThread),
}

/// The core thread's end of the journal thread.
pub(super) struct JournalThread {
    shared: Arc<Shared>,
    /// What was decided since the last hand-over, as it will be written: the core has the commands
    /// at hand, and what crosses is a pointer.
    forming: Records,
    /// What the ring had no room for; the core never waits for it.
    backlog: VecDeque<Records>,
    /// How many commands may wait.
    room: usize,
    thread: JoinHandle<Log>,
}

/// What waits for the journal thread, to be counted.
pub(super) struct Waiting(Arc<Shared>);

impl Waiting {
    pub(super) fn count(&self) -> usize {
        self.0.waiting.load(Ordering::Relaxed)
    }
}

struct Shared {
    runs: ArrayQueue<Records>,
    /// Runs without commands, to be filled again.
    empties: ArrayQueue<Records>,
    /// How many commands are in `runs`.
    waiting: CachePadded<AtomicUsize>,
    /// The last check; a later one covers what an earlier did.
    check: ArrayQueue<Check>,
    durable: CachePadded<AtomicU64>,
    closing: AtomicBool,
    failed: AtomicBool,
    failure: Mutex<Option<Fatal>>,
    /// Rung when commands came or the end did.
    journal: Doorbell,
    /// Rung when the watermark moved.
    core: Doorbell,
}

impl JournalStage {
    /// Appends on the core's own thread, after `durable`.
    pub(super) fn inline(log: Log, durable: CommandSequence) -> JournalStage {
        JournalStage::Inline {
            log,
            batch: Vec::new(),
            durable,
        }
    }

    /// Starts a thread for `log`, after `durable`.
    pub(super) fn thread(
        log: Log,
        durable: CommandSequence,
        ring: usize,
        yields: u32,
        core: Doorbell,
    ) -> std::io::Result<JournalStage> {
        let shared = Arc::new(Shared {
            runs: ArrayQueue::new(ring),
            empties: ArrayQueue::new(EMPTIES),
            waiting: CachePadded::new(AtomicUsize::new(0)),
            check: ArrayQueue::new(1),
            durable: CachePadded::new(AtomicU64::new(durable.0)),
            closing: AtomicBool::new(false),
            failed: AtomicBool::new(false),
            failure: Mutex::new(None),
            journal: Doorbell::default(),
            core,
        });
        let theirs = shared.clone();
        let thread = guard::spawn("journal".to_owned(), move || run(&theirs, log, yields))?;
        Ok(JournalStage::Thread(JournalThread {
            shared,
            forming: Records::default(),
            backlog: VecDeque::new(),
            room: ring,
            thread,
        }))
    }

    /// What waits for its thread, where it has one.
    pub(super) fn waiting(&self) -> Option<Waiting> {
        match self {
            JournalStage::Inline { .. } => None,
            JournalStage::Thread(stage) => Some(Waiting(stage.shared.clone())),
        }
    }

    /// Takes a command, in order.
    #[inline]
    pub(super) fn push(&mut self, command: &Command) {
        match self {
            JournalStage::Inline { batch, .. } => batch.push(*command),
            JournalStage::Thread(stage) => {
                stage.forming.push(command);
                if stage.forming.len() == RUN {
                    stage.hand_over();
                }
            }
        }
    }

    /// Takes what came of commands that are durable, to be written with the next ones.
    pub(super) fn note(&mut self, check: Check) {
        match self {
            JournalStage::Inline { log, .. } => log.note(check),
            JournalStage::Thread(stage) => {
                stage.shared.check.force_push(check);
            }
        }
    }

    /// Writes or hands over what was pushed.
    pub(super) fn flush(&mut self) -> Result<(), Fatal> {
        match self {
            JournalStage::Inline {
                log,
                batch,
                durable,
            } => {
                for part in batch.chunks(MAX_BATCH) {
                    *durable = log.append(part)?;
                }
                batch.clear();
                Ok(())
            }
            JournalStage::Thread(stage) => {
                stage.hand_over();
                if !stage.shared.runs.is_empty() {
                    stage.shared.journal.ring();
                }
                if stage.shared.failed.load(Ordering::Acquire) {
                    let failure = stage
                        .shared
                        .failure
                        .lock()
                        .ok()
                        .and_then(|mut it| it.take());
                    return Err(failure.expect("invariant: a failed journal left its failure"));
                }
                Ok(())
            }
        }
    }

    /// The last command that survives a power cut.
    pub(super) fn durable(&self) -> CommandSequence {
        match self {
            JournalStage::Inline { durable, .. } => *durable,
            JournalStage::Thread(stage) => {
                CommandSequence(stage.shared.durable.load(Ordering::Acquire))
            }
        }
    }

    /// Whether the journal failed for good.
    pub(super) fn has_failed(&self) -> bool {
        match self {
            JournalStage::Inline { .. } => false,
            JournalStage::Thread(stage) => stage.shared.failed.load(Ordering::Acquire),
        }
    }

    /// Whether every command so far found room, and the next would.
    pub(super) fn has_room(&self) -> bool {
        match self {
            JournalStage::Inline { .. } => true,
            JournalStage::Thread(stage) => {
                stage.backlog.is_empty()
                    && stage.shared.waiting.load(Ordering::Relaxed) < stage.room
            }
        }
    }

    /// Ends the journal, which must have nothing left to write, and gives the log back.
    pub(super) fn stop(self) -> Log {
        match self {
            JournalStage::Inline { log, .. } => log,
            JournalStage::Thread(stage) => {
                stage.shared.closing.store(true, Ordering::Release);
                stage.shared.journal.ring();
                stage
                    .thread
                    .join()
                    .expect("invariant: a journal thread that panics ends the process")
            }
        }
    }
}

impl JournalThread {
    /// Hands over what was formed, as far as there is room.
    fn hand_over(&mut self) {
        if !self.forming.is_empty() {
            let empty = self.shared.empties.pop().unwrap_or_default();
            let run = std::mem::replace(&mut self.forming, empty);
            self.backlog.push_back(run);
        }
        while let Some(run) = self.backlog.pop_front() {
            let count = run.len();
            self.shared.waiting.fetch_add(count, Ordering::Relaxed);
            if let Err(run) = self.shared.runs.push(run) {
                self.shared.waiting.fetch_sub(count, Ordering::Relaxed);
                self.backlog.push_front(run);
                break;
            }
        }
    }
}

/// The journal thread's end of the ring: what was taken and is no batch yet.
struct Taken<'a> {
    shared: &'a Shared,
    /// What the last batch had no room for.
    next: Option<Records>,
}

impl Taken<'_> {
    /// Moves what waits into `batch`, up to the most that one may have.
    fn fill(&mut self, batch: &mut Vec<Records>) {
        let mut count = 0;
        while let Some(run) = self.next.take().or_else(|| self.shared.runs.pop()) {
            if count + run.len() > MAX_BATCH {
                self.next = Some(run);
                break;
            }
            count += run.len();
            batch.push(run);
        }
        self.shared.waiting.fetch_sub(count, Ordering::Relaxed);
    }

    /// Gives runs back that were written.
    fn give_back(&self, batch: &mut Vec<Records>) {
        for mut run in batch.drain(..) {
            run.clear();
            // Enough are kept: this one goes back to the allocator.
            let _ = self.shared.empties.push(run);
        }
    }
}

fn run(shared: &Shared, mut log: Log, yields: u32) -> Log {
    let mut taken = Taken { shared, next: None };
    let mut batch = Vec::new();
    loop {
        taken.fill(&mut batch);
        if !batch.is_empty() {
            if let Some(check) = shared.check.pop() {
                log.note(check);
            }
            if canary::has(Canary::AnsweredEarly)
                && let Some((_, last)) = batch.last().and_then(Records::span)
            {
                shared.durable.store(last.0, Ordering::Release);
                shared.core.ring();
            }
            match log.append_records(&batch) {
                Ok(durable) => shared.durable.store(durable.0, Ordering::Release),
                Err(failure) => {
                    // No retry: after a failed sync nobody knows what the disk holds.
                    if let Ok(mut place) = shared.failure.lock() {
                        *place = Some(failure);
                    }
                    shared.failed.store(true, Ordering::Release);
                    shared.core.ring();
                    return log;
                }
            }
            shared.core.ring();
            taken.give_back(&mut batch);
        } else if shared.closing.load(Ordering::Acquire) {
            return log;
        } else {
            shared.journal.wait(yields, None, || {
                !shared.runs.is_empty() || shared.closing.load(Ordering::Acquire)
            });
        }
    }
}
