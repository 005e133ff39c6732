//! One matcher thread: commands in by one ring, events out by another.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use crossbeam::queue::ArrayQueue;
use crossbeam::utils::Backoff;

use super::doorbell::Doorbell;
use super::guard;
use crate::Sink;
use crate::command::OrderCommand;
use crate::domain::{CommandSequence, PairId};
use crate::event::Event;
use crate::matching::Matcher;

/// How many commands a matcher thread takes before it rings for their events.
const BATCH: usize = 64;

/// A command on its way to its pair.
#[derive(Clone, Copy, Debug)]
pub(super) struct LaneCommand {
    pub(super) sequence: CommandSequence,
    pub(super) pair: PairId,
    pub(super) order: OrderCommand,
}

/// An event on its way back.
#[derive(Clone, Copy, Debug)]
pub(super) struct LaneEvent {
    pub(super) sequence: CommandSequence,
    pub(super) pair: PairId,
    pub(super) event: Event,
}

// Both fit one cache line, so one hop moves one line.
const _: () = assert!(size_of::<LaneCommand>() <= 64);
const _: () = assert!(size_of::<LaneEvent>() <= 64);

/// The core thread's end of one matcher thread.
#[derive(Debug)]
pub(super) struct Lane {
    rings: Rings,
    /// What the command ring had no room for; the core never waits for it.
    backlog: VecDeque<LaneCommand>,
    thread: JoinHandle<Vec<(PairId, Matcher)>>,
}

#[derive(Clone, Debug)]
pub(super) struct Rings {
    commands: Arc<ArrayQueue<LaneCommand>>,
    events: Arc<ArrayQueue<LaneEvent>>,
    /// Rung when commands came or the end did.
    matcher: Doorbell,
    /// Rung when events came.
    core: Doorbell,
    closing: Arc<AtomicBool>,
}

impl Rings {
    /// How many commands and events wait.
    pub(super) fn depths(&self) -> (usize, usize) {
        (self.commands.len(), self.events.len())
    }
}

impl Lane {
    /// Starts a thread for the `matchers` of some pairs.
    pub(super) fn start(
        index: usize,
        matchers: Vec<(PairId, Matcher)>,
        ring: usize,
        yields: u32,
        core: Doorbell,
    ) -> std::io::Result<Lane> {
        let rings = Rings {
            commands: Arc::new(ArrayQueue::new(ring)),
            events: Arc::new(ArrayQueue::new(ring)),
            matcher: Doorbell::default(),
            core,
            closing: Arc::default(),
        };
        let theirs = rings.clone();
        let thread = guard::spawn(format!("matcher-{index}"), move || {
            run(&theirs, matchers, yields)
        })?;
        Ok(Lane {
            rings,
            backlog: VecDeque::new(),
            thread,
        })
    }

    /// Its rings, to be looked at.
    pub(super) fn rings(&self) -> Rings {
        self.rings.clone()
    }

    /// Sends a command, at once or as soon as there is room.
    pub(super) fn send(&mut self, command: LaneCommand) {
        if !self.backlog.is_empty() {
            self.backlog.push_back(command);
        } else if let Err(command) = self.rings.commands.push(command) {
            self.backlog.push_back(command);
        }
    }

    /// Moves what waited for room, and wakes the thread if it has anything to do.
    pub(super) fn flush(&mut self) {
        while let Some(command) = self.backlog.pop_front() {
            if let Err(command) = self.rings.commands.push(command) {
                self.backlog.push_front(command);
                break;
            }
        }
        if !self.rings.commands.is_empty() {
            self.rings.matcher.ring();
        }
    }

    /// The next event.
    pub(super) fn receive(&self) -> Option<LaneEvent> {
        self.rings.events.pop()
    }

    /// Whether events wait.
    pub(super) fn has_events(&self) -> bool {
        !self.rings.events.is_empty()
    }

    /// Whether every command so far found room.
    pub(super) fn has_room(&self) -> bool {
        self.backlog.is_empty()
    }

    /// Lets the thread end once it has no work, whether or not anybody takes its events.
    pub(super) fn close(&self) {
        self.rings.closing.store(true, Ordering::Release);
        self.rings.matcher.ring();
    }

    /// Ends the thread, which must have no work, and gives its matchers back.
    pub(super) fn stop(self) -> Vec<(PairId, Matcher)> {
        self.close();
        self.thread
            .join()
            .expect("invariant: a matcher thread that panics ends the process")
    }
}

fn run(rings: &Rings, mut matchers: Vec<(PairId, Matcher)>, yields: u32) -> Vec<(PairId, Matcher)> {
    // Where the matcher of a pair stands in `matchers`.
    let highest = matchers.iter().map(|(pair, _)| usize::from(pair.0)).max();
    let mut place = vec![usize::MAX; highest.map_or(0, |highest| highest + 1)];
    for (index, (pair, _)) in matchers.iter().enumerate() {
        place[usize::from(pair.0)] = index;
    }
    let mut batch: Vec<LaneCommand> = Vec::with_capacity(BATCH);
    loop {
        batch.clear();
        batch.extend(std::iter::from_fn(|| rings.commands.pop()).take(BATCH));
        for (index, command) in batch.iter().enumerate() {
            if let Some(later) = batch.get(index + Matcher::AHEAD) {
                let (_, matcher) = &matchers[place[usize::from(later.pair.0)]];
                matcher.prefetch(later.order.key());
            }
            let (_, matcher) = &mut matchers[place[usize::from(command.pair.0)]];
            matcher.run(&command.order, &mut Out { rings, command });
        }
        if !batch.is_empty() {
            rings.core.ring();
        } else if rings.closing.load(Ordering::Acquire) {
            return matchers;
        } else {
            rings.matcher.wait(yields, None, || {
                !rings.commands.is_empty() || rings.closing.load(Ordering::Acquire)
            });
        }
    }
}

/// Puts events into the ring; waits for room, which the core always makes.
struct Out<'a> {
    rings: &'a Rings,
    command: &'a LaneCommand,
}

impl Sink<Event> for Out<'_> {
    fn push(&mut self, event: Event) {
        let LaneCommand { sequence, pair, .. } = *self.command;
        let mut event = LaneEvent {
            sequence,
            pair,
            event,
        };
        let backoff = Backoff::new();
        while let Err(back) = self.rings.events.push(event) {
            if self.rings.closing.load(Ordering::Acquire) {
                // The core is gone, by a failed journal: nobody will make room.
                return;
            }
            event = back;
            self.rings.core.ring();
            backoff.snooze();
        }
    }
}
