//! The core thread: decides, hands on, settles, lets out.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use crossbeam::utils::CachePadded;

use super::depths::Between;
use super::doorbell::Doorbell;
use super::inbox::{Intake, RequestRing};
use super::journal_stage::{JournalStage, Log};
use super::lane::{Lane, LaneCommand};
use super::outbox::Outbox;
use super::output::OutputQueue;
use super::{Clock, Listener};
use crate::Sink;
use crate::clearing::{Clearing, Decision};
use crate::domain::{CommandSequence, PairId, Timestamp};
use crate::event::Event;
use crate::exchange::Exchange;
use crate::journal::Fatal;
use crate::matching::Matcher;

/// How many requests are decided before events are looked at again.
const REQUESTS: usize = 64;
/// How many events are settled before requests are looked at again.
const EVENTS: usize = 256;

/// What the core thread shares with those outside.
pub(super) struct Rim {
    pub(super) inbox: RequestRing,
    pub(super) outbox: Outbox,
    /// Rung when requests came, reports were taken, or the end was asked for.
    pub(super) core: Doorbell,
    /// No more requests are taken.
    pub(super) stopping: AtomicBool,
    /// How many threads are between looking at `stopping` and having put a request in.
    pub(super) submitting: CachePadded<AtomicUsize>,
    /// Nobody takes reports any more.
    pub(super) abandoned: AtomicBool,
    /// The core thread is gone; what is in `reports` is the last.
    pub(super) closed: AtomicBool,
    /// The last command that was decided. With the next, on a line that others only read.
    pub(super) decided: CachePadded<AtomicU64>,
    /// The last command that is durable.
    pub(super) durable: AtomicU64,
    pub(super) between: Between,
}

/// Where the matchers run.
pub(super) enum Lanes {
    /// On the core thread, by pair.
    Inline(Vec<Matcher>),
    /// On threads of their own; pair `n` is served by lane `n % lanes`.
    Threads(Vec<Lane>),
}

pub(super) struct Core<W> {
    pub(super) rim: Arc<Rim>,
    pub(super) intake: Intake,
    pub(super) clearing: Clearing,
    pub(super) lanes: Lanes,
    pub(super) journal: JournalStage,
    pub(super) output: OutputQueue,
    pub(super) clock: Clock,
    /// Told when commands were decided, and when reports came.
    pub(super) listener: W,
    pub(super) yields: u32,
    /// No request is taken while this many commands and reports wait to leave.
    pub(super) output_limit: usize,
}

impl<W: Listener> Core<W> {
    /// Runs until it is asked to stop and everything taken is settled, durable and out; gives
    /// the exchange and the log back. Ends early, with nothing more let out, when the journal
    /// fails.
    pub(super) fn run(mut self) -> Result<(Exchange, Log), Fatal> {
        let mut scratch = Scratch::default();
        let mut told = self.clearing.last_sequence();
        let outcome = loop {
            let mut busy = self.settle_events();
            busy |= self.decide_due(&mut scratch);
            busy |= self.decide_requests(&mut scratch);
            let decided = self.clearing.last_sequence();
            if decided != told {
                self.listener.decided(told, decided);
                told = decided;
            }
            if let Err(failure) = self.journal.flush() {
                break Err(failure);
            }
            if let Lanes::Threads(lanes) = &mut self.lanes {
                lanes.iter_mut().for_each(Lane::flush);
            }
            busy |= self.let_out();
            if !busy {
                if self.is_drained() {
                    break Ok(());
                }
                self.wait();
            }
        };
        self.rim.closed.store(true, Ordering::Release);
        self.listener.reported();
        if outcome.is_err()
            && let Lanes::Threads(lanes) = &self.lanes
        {
            lanes.iter().for_each(Lane::close);
        }
        outcome.map(|()| {
            let matchers = match self.lanes {
                Lanes::Inline(matchers) => matchers,
                Lanes::Threads(lanes) => {
                    let mut matchers: Vec<_> = lanes.into_iter().flat_map(Lane::stop).collect();
                    matchers.sort_by_key(|(pair, _)| *pair);
                    matchers.into_iter().map(|(_, matcher)| matcher).collect()
                }
            };
            let exchange = Exchange::from_parts(self.clearing, matchers)
                .expect("invariant: each pair's matcher came back");
            (exchange, self.journal.stop())
        })
    }

    /// Takes what the matcher threads said, and settles it in the order of commands.
    fn settle_events(&mut self) -> bool {
        let Lanes::Threads(lanes) = &self.lanes else {
            return false;
        };
        let mut taken = 0;
        for lane in lanes {
            for _ in 0..EVENTS {
                let Some(it) = lane.receive() else { break };
                taken += 1;
                if self.output.is_next_to_settle(it.sequence) {
                    settle(
                        &mut self.clearing,
                        &mut self.output,
                        it.pair,
                        it.sequence,
                        &it.event,
                    );
                } else {
                    self.output.keep(it);
                    continue;
                }
                // What other lanes said of the commands right behind it waited for this one.
                while let Some(it) = self.output.next_kept() {
                    settle(
                        &mut self.clearing,
                        &mut self.output,
                        it.pair,
                        it.sequence,
                        &it.event,
                    );
                }
            }
        }
        taken > 0
    }

    /// Decides what is due, unless something is not getting away.
    fn decide_due(&mut self, scratch: &mut Scratch) -> bool {
        if self.clearing.next_deadline().is_none() || !self.may_decide() {
            return false;
        }
        let now = (self.clock)();
        self.tick(now, scratch)
    }

    /// Decides what waits in the inbox, unless something is not getting away.
    fn decide_requests(&mut self, scratch: &mut Scratch) -> bool {
        if !self.may_decide() {
            return false;
        }
        let now = (self.clock)();
        for count in 0..REQUESTS {
            let Some(request) = self.intake.next(&self.rim.inbox) else {
                return count > 0;
            };
            // What is due is on its way before the request is decided, as in a replay.
            self.tick(now, scratch);
            let (clearing, mut decided) = self.deciding(scratch);
            clearing.decide(&request, now, &mut decided);
            self.match_orders(scratch);
            // What it led to may be due at once: a liquidation.
            self.tick(now, scratch);
            if !self.may_decide() {
                break;
            }
        }
        true
    }

    /// Decides what is due by `now`, and what that leads to where the matchers run here; where they
    /// do not, that is due when they answered. Says whether anything was.
    #[inline]
    fn tick(&mut self, now: Timestamp, scratch: &mut Scratch) -> bool {
        let mut any = false;
        while self.clearing.next_deadline().is_some_and(|due| due <= now) {
            let (clearing, mut decided) = self.deciding(scratch);
            clearing.tick(now, &mut decided);
            if !decided.any {
                break;
            }
            any = true;
            self.match_orders(scratch);
        }
        any
    }

    /// Clearing, and where what it decides goes.
    #[inline]
    fn deciding<'a>(&'a mut self, scratch: &'a mut Scratch) -> (&'a mut Clearing, Decided<'a>) {
        let decided = Decided {
            journal: &mut self.journal,
            output: &mut self.output,
            orders: &mut scratch.orders,
            any: false,
        };
        (&mut self.clearing, decided)
    }

    /// Sends the orders to their lanes, or matches and settles them here.
    fn match_orders(&mut self, scratch: &mut Scratch) {
        while let Some(command) = scratch.orders.pop_front() {
            let LaneCommand {
                sequence,
                pair,
                order,
            } = command;
            match &mut self.lanes {
                Lanes::Threads(lanes) => {
                    let lane = usize::from(pair.0) % lanes.len();
                    lanes[lane].send(command);
                }
                Lanes::Inline(matchers) => {
                    matchers[usize::from(pair.0)].run(&order, &mut scratch.events);
                    for event in scratch.events.drain(..) {
                        settle(&mut self.clearing, &mut self.output, pair, sequence, &event);
                    }
                }
            }
        }
    }

    /// Whether everything behind has room, so that another request may be taken.
    fn may_decide(&self) -> bool {
        let lanes = match &self.lanes {
            Lanes::Inline(_) => true,
            Lanes::Threads(lanes) => lanes.iter().all(Lane::has_room),
        };
        lanes && self.journal.has_room() && self.output.len() < self.output_limit
    }

    /// Lets out what is durable, as far as the ring has room.
    fn let_out(&mut self) -> bool {
        let durable = self.journal.durable();
        self.output.release(durable);
        let decided = self.clearing.last_sequence();
        self.rim.decided.store(decided.0, Ordering::Relaxed);
        self.rim.durable.store(durable.0, Ordering::Relaxed);
        if let Some(check) = self.output.take_check() {
            self.journal.note(check);
        }
        if !self.output.is_ready() {
            return false;
        }
        if self.rim.abandoned.load(Ordering::Acquire) {
            while self.output.take(usize::MAX).is_some() {}
            return true;
        }
        let mut any = false;
        while let Some(room) = self.rim.outbox.room()
            && let Some(batch) = self.output.take(room)
        {
            self.rim.outbox.push(batch);
            any = true;
        }
        if !any {
            return false;
        }
        self.listener.reported();
        true
    }

    /// Whether the end was asked for and nothing is left to do.
    fn is_drained(&self) -> bool {
        self.rim.stopping.load(Ordering::SeqCst)
            && self.rim.submitting.load(Ordering::SeqCst) == 0
            && self.has_no_request()
            && self.output.len() == 0
    }

    fn has_no_request(&self) -> bool {
        self.intake.is_empty() && self.rim.inbox.is_empty()
    }

    /// Sleeps until there is something to do.
    fn wait(&self) {
        let may_decide = self.may_decide();
        let deadline = self.clearing.next_deadline().filter(|_| may_decide);
        let rest = deadline.map(|at| Duration::from_millis(at.since((self.clock)())));
        self.rim.core.wait(self.yields, rest, || {
            let events = match &self.lanes {
                Lanes::Inline(_) => false,
                Lanes::Threads(lanes) => lanes.iter().any(Lane::has_events),
            };
            events
                || (may_decide && !self.has_no_request())
                || self.output.may_release(self.journal.durable())
                || (self.output.is_ready() && self.rim.outbox.room().is_some())
                || self.journal.has_failed()
                || self.is_drained()
        });
    }
}

/// Buffers that are used again.
#[derive(Default)]
struct Scratch {
    orders: VecDeque<LaneCommand>,
    events: Vec<Event>,
}

/// Where decisions go, one by one as they are made: into the journal, into the order in which
/// things leave, and to the matchers.
struct Decided<'a> {
    journal: &'a mut JournalStage,
    output: &'a mut OutputQueue,
    orders: &'a mut VecDeque<LaneCommand>,
    /// Whether anything was decided.
    any: bool,
}

impl Sink<Decision> for Decided<'_> {
    #[inline]
    fn push(&mut self, decision: Decision) {
        self.any = true;
        match decision {
            Decision::Report(report) => self.output.decided(report),
            Decision::Command(command) => {
                self.journal.push(&command);
                self.output.open(command.sequence);
                match command.kind.order_command() {
                    Some((pair, order)) => self.orders.push_back(LaneCommand {
                        sequence: command.sequence,
                        pair,
                        order,
                    }),
                    None => self.output.finish(command.sequence),
                }
            }
        }
    }
}

fn settle(
    clearing: &mut Clearing,
    output: &mut OutputQueue,
    pair: PairId,
    sequence: CommandSequence,
    event: &Event,
) {
    let said = output.reports();
    let before = said.len();
    clearing.settle(pair, event, said);
    debug_assert!(
        said[before..].iter().all(|it| it.after == sequence),
        "invariant: settlement speaks of the command that it settles"
    );
    if event.is_last() {
        output.finish(sequence);
    }
}
