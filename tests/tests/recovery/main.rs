//! Promise: out of the files comes the same exchange, to the bit, whatever ended the process;
//! and where that cannot be, recovery says what differs, and where.
#![allow(clippy::unwrap_used)] // a failed unwrap fails the test

mod damage;
mod killed;
mod power_cut;
mod same_state;

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use engine::clearing::{ExchangeConfig, StateDigest};
use engine::command::Command;
use engine::domain::{CommandSequence, Timestamp};
use engine::exchange::Exchange;
use engine::journal::{
    CommandLog, Durability, FileLog, FileLogOptions, Outcome, RecoverError, Rim, recover,
};
use engine::report::{Report, ReportKind};
use engine::request::{PlaceRequest, RequestKind};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use testkit::lockstep::ExchangeLockstep;
use testkit::sim::Disk;
use testkit::workload::Ask;
use testkit::world::World;

const OPTIONS: FileLogOptions = FileLogOptions {
    segment_bytes: 4096,
    prepares_ahead: false,
    reserve_bytes: 0,
    durability: Durability::Sync,
};

/// What an exchange did, held to the plain model while it did it.
struct History {
    config: ExchangeConfig,
    /// What was asked, and when.
    asked: Vec<(RequestKind, Timestamp)>,
    commands: Vec<Command>,
    /// The digest of the plain model's state after all of it.
    model: StateDigest,
    /// The digest after each command; at index 0 that of an empty exchange.
    digests: Vec<StateDigest>,
    outcomes: Vec<Outcome>,
}

static HISTORY: LazyLock<History> = LazyLock::new(|| history(|kind| kind));

/// One in which nothing happens by itself: on threads, what is due is decided together with the
/// request that comes at that time, and not settled before it, as it is inline.
static ASKED_ONLY: LazyLock<History> = LazyLock::new(|| {
    history(|kind| match kind {
        RequestKind::Place(ask) => RequestKind::Place(PlaceRequest {
            expires_at: None,
            ..ask
        }),
        RequestKind::CancelAfter { account, .. } => RequestKind::CancelAfter {
            account,
            timeout_ms: 0,
        },
        kind => kind,
    })
});

fn history(change: impl Fn(RequestKind) -> RequestKind) -> History {
    let world = World::tight();
    let mut random = ChaCha8Rng::seed_from_u64(7);
    let mut both = ExchangeLockstep::new(world.clone());
    let mut ask = Ask::new();
    let opening = Ask::opening(&world);
    let mut asked = Vec::new();
    for index in 0..opening.len() + 700 {
        let next = opening.get(index).copied();
        let (kind, now) = next.unwrap_or_else(|| ask.random(&mut random, &both.known()));
        let kind = change(kind);
        both.apply(kind, now).unwrap();
        asked.push((kind, now));
    }
    let config = world.config;
    // The model's state is put together without the exchange, and gets its digest from one that
    // takes it up.
    let plain = both.plain().state(both.log().len() as u64);
    assert_eq!(plain, both.fast().state());
    let model = Exchange::restore(config.clone(), &plain)
        .unwrap()
        .state_digest();
    let mut exchange = Exchange::new(config.clone()).unwrap();
    let mut digests = vec![exchange.state_digest()];
    let mut outcomes = vec![Outcome::default()];
    for command in both.log() {
        let mut reports = Vec::new();
        exchange.replay(command, &mut reports).unwrap();
        let mut outcome = *outcomes.last().unwrap();
        reports.iter().for_each(|report| outcome.take(report));
        outcomes.push(outcome);
        digests.push(exchange.state_digest());
    }
    // What the model agreed with is what the replay leads to.
    assert_eq!(*digests.last().unwrap(), both.fast().state_digest());
    History {
        config,
        asked,
        commands: both.log().to_vec(),
        model,
        digests,
        outcomes,
    }
}

impl History {
    fn len(&self) -> u64 {
        self.commands.len() as u64
    }

    /// Appends the commands after `from` up to `upto`, a few at once.
    fn write(&self, log: &mut impl CommandLog, from: u64, upto: u64) {
        let (from, upto) = (
            usize::try_from(from).unwrap(),
            usize::try_from(upto).unwrap(),
        );
        for batch in self.commands[from..upto].chunks(7) {
            log.append(batch).unwrap();
        }
    }

    fn recover(
        &self,
        disk: &Disk,
    ) -> Result<(StateDigest, Heard, engine::journal::Rebuilt), RecoverError> {
        let mut rim = Heard::default();
        let (rebuilt, _) = recover(disk, &self.config, OPTIONS, None, &mut rim, &mut |_, _| {})?;
        rebuilt.exchange.verify().unwrap();
        Ok((rebuilt.exchange.state_digest(), rim, rebuilt))
    }

    /// Recovers, and expects the state after `upto`.
    fn check(&self, disk: &Disk, upto: u64) -> engine::journal::Rebuilt {
        let (digest, rim, rebuilt) = self.recover(disk).unwrap();
        let index = usize::try_from(upto).unwrap();
        assert_eq!(
            rebuilt.check,
            self.outcomes[index].check(CommandSequence(upto))
        );
        assert_eq!(digest, self.digests[index]);
        assert_eq!(rim, self.heard(upto), "what the rim kept");
        rebuilt
    }

    /// What a rim keeps that heard everything.
    fn heard(&self, upto: u64) -> Heard {
        let mut exchange = Exchange::new(self.config.clone()).unwrap();
        let mut rim = Heard::default();
        for command in &self.commands[..usize::try_from(upto).unwrap()] {
            let mut reports = Vec::new();
            exchange.replay(command, &mut reports).unwrap();
            reports.iter().for_each(|report| rim.take(report));
        }
        rim
    }
}

/// A rim that counts what it hears.
#[derive(Debug, Default, PartialEq, Eq)]
struct Heard {
    orders: u64,
    trades: u64,
}

impl Rim for Heard {
    fn take(&mut self, report: &Report) {
        match report.kind {
            ReportKind::Order(_) => self.orders += 1,
            ReportKind::Trade { .. } => self.trades += 1,
            _ => {}
        }
    }

    fn save(&self, out: &mut Vec<u8>) {
        out.extend(self.orders.to_le_bytes());
        out.extend(self.trades.to_le_bytes());
    }

    fn load(&mut self, bytes: &[u8]) -> Result<(), String> {
        let number = |at: usize| bytes[at..].first_chunk().map(|it| u64::from_le_bytes(*it));
        self.orders = number(0).ok_or("it is too short")?;
        self.trades = number(8).ok_or("it is too short")?;
        Ok(())
    }
}

fn open(disk: &Disk) -> FileLog<Disk> {
    FileLog::open(disk.clone(), OPTIONS).unwrap().0
}

/// Waits until `done`, which must be so within a minute on any machine.
#[track_caller]
fn wait_until(mut done: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !done() {
        assert!(Instant::now() < deadline, "the venue went silent");
        std::thread::yield_now();
    }
}
