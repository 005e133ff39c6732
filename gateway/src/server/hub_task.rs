//! The task that owns the hub.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use engine::domain::{
    AccountId, Operation, PairId, Party, Timestamp, TradingStatus, Transfer, UserName,
};
use engine::exchange::Exchange;
use engine::reject::Reject;
use engine::report::{Answer, Report, ReportKind};
use engine::request::{Correlation, Request, RequestKind};
use engine::runtime::{Inbox, Reports, Venue};
use tokio::sync::{Notify, mpsc, oneshot};

use crate::arbitrage::detector::{Chain, Quote, Unusable};
use crate::clock;
use crate::config::Config;
use crate::hub::{Bell, ConnectionId, Hub, Mailbox, admin_correlation, admin_ticket};
use crate::session::{AddressRefusal, Arrival, CloseReason, Inbound};
use crate::telemetry::{JournalMeter, Stages};
use crate::wire::PairNow;

use super::admin::{Ask, AskOfUser};
use super::health::Health;
use super::storage::{DiskWatch, Snapshots};
use super::watched::Watched;
use super::{Clock, Funding, venue};

/// How much is handled before others get a turn.
const BATCH: usize = 256;
/// How many reports are told before what they led to is written: at less than a kilobyte each,
/// no more than the smallest outbox holds.
const REPORTS: usize = 64;
/// How often a stop looks whether the exchange has ended.
const STOP_LOOK: Duration = Duration::from_millis(5);

/// What connections tell the hub.
pub(super) enum ToHub {
    /// May a client of this address connect?
    Knock(IpAddr, oneshot::Sender<Result<(), AddressRefusal>>),
    /// One that might did not.
    Left(IpAddr),
    /// A client connected and writes from this mailbox.
    Open(IpAddr, Mailbox, oneshot::Sender<ConnectionId>),
    /// A message came, its last frame at this moment ([`clock::nanos`]).
    Received(ConnectionId, Inbound, u64),
    /// A pong came.
    Pong(ConnectionId, u64),
    /// Something else came.
    Heard(ConnectionId),
    /// Something came that may not.
    Violated(ConnectionId, CloseReason),
    /// The connection is gone.
    Closed(ConnectionId),
    /// The operator asks.
    Admin(Ask),
    /// Look after the disk.
    Look,
    /// A feed has a quote of a token, or none to go by.
    Quote(Chain, usize, Result<Quote, Unusable>),
    /// End everything.
    Stop,
}

/// An operator that waits.
enum Waiting {
    /// For the answer.
    Answer(oneshot::Sender<Answer>),
    /// For the answer, and until what it tells of is in force; with it how many connections ended.
    Revoked(oneshot::Sender<(Answer, usize)>),
}

pub(super) struct HubTask {
    hub: Hub,
    clock: Clock,
    inbound: mpsc::Receiver<ToHub>,
    /// Until it is stopped.
    venue: Option<Venue>,
    reports: Reports,
    reported: Arc<Notify>,
    accounts: BTreeMap<UserName, AccountId>,
    snapshots: Option<Snapshots>,
    disk: Option<DiskWatch>,
    health: Arc<Health>,
    pairs: u16,
    /// Operators that wait for an answer, by ticket.
    asked: BTreeMap<u32, Waiting>,
    /// Who is answered by the next change of what is revoked.
    revoking: Option<oneshot::Sender<(Answer, usize)>>,
    last_ticket: u32,
    /// Of the shards.
    bells: Vec<Arc<Bell>>,
    /// How many times as fast as this machine's the clock runs.
    pace: u32,
    watched: Watched,
}

impl HubTask {
    pub(super) fn start(
        config: &Config,
        clock: Clock,
        inbound: mpsc::Receiver<ToHub>,
        bells: Vec<Arc<Bell>>,
        funding: &Funding,
    ) -> anyhow::Result<(HubTask, Inbox)> {
        let reported = Arc::new(Notify::new());
        let wake = {
            let reported = reported.clone();
            move || reported.notify_one()
        };
        let watched = Watched::new();
        let meters = (watched.journal.clone(), watched.marks.clone());
        let mut started = venue::start(config, &clock, bells.len(), funding, meters, wake)?;
        started.hub.begin_watch(clock());
        let inbox = started.venue.inbox();
        let task = HubTask {
            hub: started.hub,
            clock,
            inbound,
            venue: Some(started.venue),
            reports: started.reports,
            reported,
            accounts: started.accounts,
            snapshots: started.snapshots,
            disk: started.disk,
            health: Arc::new(Health::new(inbox.clone())),
            bells,
            pairs: u16::try_from(config.exchange.pairs.len()).unwrap_or(PairId::LIMIT),
            asked: BTreeMap::new(),
            revoking: None,
            last_ticket: 0,
            pace: 1,
            watched,
        };
        Ok((task, inbox))
    }

    pub(super) fn set_pace(&mut self, pace: u32) {
        self.pace = pace.max(1);
    }

    pub(super) fn account(&self, name: &UserName) -> Option<AccountId> {
        self.accounts.get(name).copied()
    }

    /// What is told of it on `/health`.
    pub(super) fn health(&self) -> Arc<Health> {
        self.health.clone()
    }

    /// How long stages take.
    pub(super) fn stages(&self) -> Arc<Stages> {
        self.watched.stages.clone()
    }

    /// What the journal takes.
    pub(super) fn journal_meter(&self) -> Arc<JournalMeter> {
        self.watched.journal.clone()
    }

    /// Runs until it is told to stop or the exchange ends.
    pub(super) async fn run(self) -> anyhow::Result<Exchange> {
        let health = self.health.clone();
        let ended = self.serve().await;
        if let Err(error) = &ended {
            health.fail();
            tracing::error!(error = format!("{error:#}"), "the exchange ended");
        }
        ended
    }

    async fn serve(mut self) -> anyhow::Result<Exchange> {
        self.watch_disk();
        let mut batch = Vec::with_capacity(BATCH);
        let mut reports: Vec<Report> = Vec::with_capacity(REPORTS);
        loop {
            let deadline = self.hub.deadline();
            let wait =
                deadline.map(|at| Duration::from_millis(at.since((self.clock)())) / self.pace);
            let sleep = async {
                match wait {
                    Some(wait) => tokio::time::sleep(wait).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                // What is received stays in `batch`; a cancelled notification is kept by
                // `Notify`; a cancelled sleep is set again from the hub's deadline.
                _ = self.inbound.recv_many(&mut batch, BATCH) => {}
                () = self.reported.notified() => {}
                () = sleep => {}
            }
            // Reports first: a request that was just read may ask for what they tell.
            self.take_reports(&mut reports).await?;
            let (now, taken_at) = ((self.clock)(), clock::nanos());
            for message in batch.drain(..) {
                if !self.take(message, now, taken_at) {
                    return self.stop().await;
                }
            }
            self.hub.timeout((self.clock)());
            self.ring();
            self.watch_disk();
            if self.reports.is_finished() {
                // Nobody asked it to end.
                self.health.fail();
                // A snapshot under way is of no use to this process, and may take long.
                self.snapshots = None;
                return self.stop().await;
            }
        }
    }

    fn take(&mut self, message: ToHub, now: Timestamp, taken_at: u64) -> bool {
        match message {
            // Who no longer waits for a reply has hung up.
            ToHub::Knock(address, reply) => {
                let answer = self.hub.addresses().open(address, now);
                if let Err(refusal) = answer {
                    self.hub.counts().turned_away(refusal);
                }
                if reply.send(answer).is_err() && answer.is_ok() {
                    self.hub.addresses().close(address, now);
                }
            }
            ToHub::Left(address) => self.hub.addresses().close(address, now),
            ToHub::Open(address, mailbox, reply) => {
                let id = self.hub.open(address, mailbox, now);
                if reply.send(id).is_err() {
                    self.hub.closed(id, now);
                }
            }
            ToHub::Received(id, inbound, came_at) => {
                let arrival = Arrival { came_at, taken_at };
                self.watched.received(arrival);
                self.hub.receive_at(id, inbound, arrival, now);
            }
            ToHub::Pong(id, number) => self.hub.pong(id, number, now),
            ToHub::Heard(id) => self.hub.heard(id, now),
            ToHub::Violated(id, reason) => self.hub.violate(id, reason, now),
            ToHub::Closed(id) => self.hub.closed(id, now),
            ToHub::Admin(ask) => self.ask(ask),
            // Every round does.
            ToHub::Look => {}
            ToHub::Quote(chain, token, quote) => self.hub.quote(chain, token, quote, now),
            ToHub::Stop => return false,
        }
        true
    }

    /// A step is done: what it made for each connection leaves.
    fn ring(&mut self) {
        let now = clock::nanos();
        self.bells.iter().for_each(|bell| bell.ring_at(Some(now)));
        self.watched.step(now);
    }

    /// Does what an operator asks. Who no longer waits has hung up; who is never answered is told
    /// so by the end of the channel.
    fn ask(&mut self, ask: Ask) {
        match ask {
            Ask::Status(pair, reply) => {
                let market = self.hub.market();
                let now = PairNow {
                    status: market.status(pair),
                    reopens_at: market.reopens_at(pair),
                };
                let _ = reply.send(now);
            }
            Ask::Submit(kind, reply) => self.submit_asked(kind, Waiting::Answer(reply)),
            Ask::Revoke(kind, reply) => self.submit_asked(kind, Waiting::Revoked(reply)),
            Ask::Figures(reply) => {
                let _ = reply.send(self.hub.figures((self.clock)()));
            }
            Ask::Reserves(reply) => {
                let _ = reply.send(self.hub.reserves());
            }
            Ask::User(user, ask) => self.ask_of_user(user, ask),
        }
    }

    /// Does what an operator asks of a user.
    fn ask_of_user(&mut self, name: UserName, ask: AskOfUser) {
        match (ask, self.hub.account_named(&name)) {
            (AskOfUser::Open(key, reply), _) => {
                let kind = RequestKind::operation(Operation::OpenAccount { name }, key);
                self.submit_asked(kind, Waiting::Answer(reply));
            }
            (AskOfUser::Tell(reply), _) => {
                let _ = reply.send(self.hub.account_now(&name));
            }
            (AskOfUser::Limit(limits, key, reply), Some(account)) => {
                let limits = Operation::SetAccountLimits { account, limits };
                let kind = RequestKind::operation(limits, key);
                self.submit_asked(kind, Waiting::Answer(reply));
            }
            (AskOfUser::Transfer(key, asset, change, reply), Some(account)) => {
                let transfer = Transfer {
                    party: Party::Account(account),
                    asset,
                    change,
                };
                let kind = RequestKind::Transfer { key, transfer };
                self.submit_asked(kind, Waiting::Answer(reply));
            }
            (AskOfUser::Limit(_, _, reply) | AskOfUser::Transfer(_, _, _, reply), None) => {
                let _ = reply.send(Answer::Rejected(Reject::UnknownAccount));
            }
        }
    }

    /// Asks the exchange in an operator's name.
    fn submit_asked(&mut self, kind: RequestKind, reply: Waiting) {
        let Some(venue) = &self.venue else { return };
        self.last_ticket = self.last_ticket.wrapping_add(1);
        let request = Request {
            correlation: admin_correlation(self.last_ticket),
            kind,
        };
        if venue.inbox().submit(request).is_ok() {
            self.asked.insert(self.last_ticket, reply);
        }
    }

    fn answer_operator(&mut self, report: &Report) {
        if let ReportKind::Answer {
            correlation,
            answer,
        } = report.kind
            && let Some(ticket) = admin_ticket(correlation)
            && let Some(waiting) = self.asked.remove(&ticket)
        {
            match (waiting, answer) {
                (Waiting::Answer(reply), answer) => {
                    let _ = reply.send(answer);
                }
                // The change is told next; it is in force then.
                (Waiting::Revoked(reply), Answer::Revoked { changed: true }) => {
                    self.revoking = Some(reply);
                }
                (Waiting::Revoked(reply), answer) => {
                    let _ = reply.send((answer, 0));
                }
            }
        }
    }

    /// Answers who revoked what the last report told of: it is in force.
    fn answer_revoked(&mut self) {
        if let Some(ended) = self.hub.take_ended()
            && let Some(reply) = self.revoking.take()
        {
            let _ = reply.send((Answer::Revoked { changed: true }, ended));
        }
    }

    /// Lets pairs take cancels only, or opens them again, as the disk's room asks for. A pair that
    /// somebody else halted stays as it is.
    fn watch_disk(&mut self) {
        let (Some(disk), Some(venue)) = (&mut self.disk, &self.venue) else {
            return;
        };
        let looked = disk.look((self.clock)());
        self.health.set_low(disk.is_low());
        let Some(status) = looked else {
            return;
        };
        let inbox = venue.inbox();
        let market = self.hub.market();
        let from = match status {
            TradingStatus::Open => TradingStatus::CancelOnly,
            TradingStatus::Halted | TradingStatus::CancelOnly | TradingStatus::Closed => {
                TradingStatus::Open
            }
        };
        let concerned = (0..self.pairs).map(PairId);
        let mut concerned = concerned.filter(|pair| market.status(*pair) == from);
        let all_asked = concerned.all(|pair| {
            let kind = RequestKind::SetTradingStatus { pair, status };
            let request = Request {
                correlation: Correlation(0),
                kind,
            };
            inbox.submit(request).is_ok()
        });
        if !all_asked {
            disk.again();
            self.health.set_low(disk.is_low());
        }
    }

    /// Takes all reports that came. Between batches others run, so that what one large command
    /// led to is written as it comes and fills no outbox of a client that reads.
    async fn take_reports(&mut self, reports: &mut Vec<Report>) -> anyhow::Result<()> {
        while self.reports.drain(reports, REPORTS) > 0 {
            if let (Some(snapshots), Some(last)) = (&mut self.snapshots, reports.last()) {
                // A report that came out tells of a command that is durable.
                snapshots.durable(last.after)?;
            }
            let now = (self.clock)();
            for report in reports.drain(..) {
                self.answer_operator(&report);
                self.hub.report(&report, now);
                self.answer_revoked();
                if let Some(arrival) = self.hub.take_answered() {
                    self.watched.answered(arrival, report.after);
                }
            }
            self.ring();
            tokio::task::yield_now().await;
        }
        Ok(())
    }

    /// Lets the exchange finish what it took and its answers out, then tells everybody.
    async fn stop(mut self) -> anyhow::Result<Exchange> {
        let mut reports = Vec::with_capacity(REPORTS);
        let venue = self.venue.take();
        let stopped = tokio::task::spawn_blocking(move || venue.map(Venue::stop));
        while !self.reports.is_finished() {
            self.take_reports(&mut reports).await?;
            let wait = tokio::time::sleep(STOP_LOOK);
            tokio::select! {
                // Nothing is lost by either: both only say when to look again.
                () = self.reported.notified() => {}
                () = wait => {}
            }
        }
        // What came too late is refused: the exchange takes nothing more.
        while let Ok(message) = self.inbound.try_recv() {
            self.take(message, (self.clock)(), clock::nanos());
        }
        self.hub.shut_down((self.clock)());
        self.ring();
        if let Some(mut snapshots) = self.snapshots {
            let finished = tokio::task::spawn_blocking(move || snapshots.finish()).await;
            finished.context("the last snapshot was cut off")??;
        }
        let stopped = stopped.await.context("the exchange's end was cut off")?;
        let (exchange, _log) = stopped.context("the exchange was stopped before")??;
        Ok(exchange)
    }
}
