//! Promise: out of the files comes the same exchange, to the bit, whatever ended the process;
//! and where that cannot be, recovery says what differs, and where.
#![allow(clippy::unwrap_used)] // a failed unwrap fails the test

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use engine::clearing::{ExchangeConfig, StateDigest};
use engine::command::{Command, CommandKind};
use engine::domain::{
    AccountId, Amount, CommandSequence, PairId, Price, Quantity, SelfTradePrevention, Side,
    TimeInForce, Timestamp,
};
use engine::exchange::{Discard, Exchange};
use engine::journal::{
    Check, CommandLog, Durability, FileLog, FileLogOptions, Outcome, RecoverError, Rim, Snapshot,
    Storage, compact, rebuild, recover, snapshots,
};
use engine::report::{Report, ReportKind};
use engine::request::{Correlation, PlaceRequest, Request, RequestKind};
use engine::runtime::{Venue, VenueConfig};
use expect_test::expect;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use testkit::lockstep::ExchangeLockstep;
use testkit::sim::{Disk, Fault};
use testkit::workload::Ask;
use testkit::world::{Terms, World};

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

/// What threads make of the same requests at the same times, each asked when the one before is
/// answered.
fn on_threads(history: &History, matcher_threads: usize) -> StateDigest {
    let disk = Disk::new(6);
    let exchange = Exchange::new(history.config.clone()).unwrap();
    let now = Arc::new(AtomicU64::new(0));
    let clock = {
        let now = now.clone();
        Box::new(move || Timestamp(now.load(Ordering::Acquire)))
    };
    let config = VenueConfig {
        matcher_threads,
        ..VenueConfig::default()
    };
    let log = Box::new(open(&disk));
    let (venue, mut reports) = Venue::start(exchange, log, config, clock, || ()).unwrap();
    let mut said = Vec::new();
    for (asked, (kind, at)) in (0..).zip(&history.asked) {
        now.store(at.0, Ordering::Release);
        let correlation = Correlation(asked);
        let kind = *kind;
        venue.inbox().submit(Request { correlation, kind }).unwrap();
        let is_answer = |report: &Report| match report.kind {
            ReportKind::Answer { correlation, .. } => correlation.0 == asked,
            _ => false,
        };
        wait_until(|| {
            reports.drain(&mut said, usize::MAX);
            said.drain(..).any(|report| is_answer(&report))
        });
    }
    drop(reports);
    venue.stop().unwrap().0.state_digest()
}

#[test]
fn the_state_is_the_same_however_it_came_about() {
    let history = &*HISTORY;
    let inline = history.digests[history.commands.len()];
    assert_eq!(history.model, inline, "the plain model");
    assert_eq!(on_threads(history, 0), inline, "no matcher threads");
    let asked_only = &*ASKED_ONLY;
    for matcher_threads in [1, 2] {
        let threaded = on_threads(asked_only, matcher_threads);
        let same = asked_only.digests[asked_only.commands.len()];
        assert_eq!(threaded, same, "{matcher_threads} matcher threads");
    }
    let disk = Disk::new(6);
    let mut log = open(&disk);
    history.write(&mut log, 0, history.len());
    drop(log);
    let replayed = history.check(&disk, history.len());
    assert_eq!(replayed.replayed, history.len());
    assert_eq!(replayed.exchange.state_digest(), inline, "replayed");
    let half = CommandSequence(history.len() / 2);
    compact(&disk, &history.config, half, &mut Heard::default()).unwrap();
    let shorter = history.check(&disk, history.len());
    assert_eq!(
        (shorter.snapshot, shorter.replayed),
        (Some(half), history.len() - half.0)
    );
    assert_eq!(
        shorter.exchange.state_digest(),
        inline,
        "a snapshot and what is after it"
    );
}

/// A sync that takes long holds back what is said and nothing else, and when the power goes in the
/// middle of it, what is there is the state after some command of those that nobody was told of.
#[test]
fn nothing_is_said_while_a_sync_takes_long_and_a_power_cut_in_it_loses_nothing() {
    let history = &*HISTORY;
    let (before, asked) = (40, 90);
    let disk = Disk::new(8);
    let exchange = Exchange::new(history.config.clone()).unwrap();
    let clock = Box::new(|| Timestamp(1_000_000));
    let log = Box::new(open(&disk));
    let config = VenueConfig::default();
    let (venue, mut reports) = Venue::start(exchange, log, config, clock, || ()).unwrap();
    let inbox = venue.inbox();
    let mut said = Vec::new();
    let mut answers = |out: &mut Vec<Report>| {
        reports.drain(out, usize::MAX);
        let is_answer = |it: &&Report| matches!(it.kind, ReportKind::Answer { .. });
        out.iter().filter(is_answer).count()
    };
    let mut durable = 0;
    for (index, (kind, _)) in history.asked[..asked].iter().enumerate() {
        if index == before {
            wait_until(|| answers(&mut said) == before);
            durable = inbox.journal().durable.0;
            disk.hold_syncs();
        }
        let (correlation, kind) = (Correlation(index as u64), *kind);
        inbox.submit(Request { correlation, kind }).unwrap();
    }
    // All is decided when the last is, and the core looks at its reports after that.
    wait_until(|| inbox.depth() == 0 && inbox.journal().decided.0 > durable);
    for _ in 0..1_000 {
        std::thread::yield_now();
    }
    answers(&mut said);
    let early = said.iter().find(|report| report.after.0 > durable);
    assert_eq!(early, None, "said before it was durable");
    for seed in 0..20 {
        let cut = disk.copy(seed);
        cut.lose_power();
        let (_, _, rebuilt) = history.recover(&cut).unwrap();
        assert!(
            rebuilt.check.upto.0 >= durable,
            "{} is lost",
            rebuilt.check.upto.0
        );
    }
    disk.release_syncs();
    wait_until(|| answers(&mut said) == asked);
    drop(reports);
    venue.stop().unwrap();
}

#[test]
fn the_journal_leads_to_the_same_state() {
    let history = &*HISTORY;
    for upto in [0, 1, 100, history.len()] {
        let disk = Disk::new(1);
        history.write(&mut open(&disk), 0, upto);
        let rebuilt = history.check(&disk, upto);
        assert_eq!((rebuilt.snapshot, rebuilt.replayed), (None, upto));
    }
}

#[test]
fn snapshots_and_what_is_after_them_lead_to_the_same_state() {
    let history = &*HISTORY;
    let disk = Disk::new(1);
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let mut written = 0;
    let mut log = open(&disk);
    let mut snapshot = None;
    while written < history.len() {
        let upto = (written + random.random_range(1..80)).min(history.len());
        history.write(&mut log, written, upto);
        written = upto;
        // Beside the log, which stays open, and not always of all that is there.
        let at = random.random_range(snapshot.unwrap_or(0)..=written);
        let made = compact(
            &disk,
            &history.config,
            CommandSequence(at),
            &mut Heard::default(),
        );
        snapshot = made.unwrap().map(|made| made.0).or(snapshot);
        assert!(snapshots(&disk).unwrap().len() <= 2);
        let lasting = Disk::new(2);
        for name in disk.names() {
            lasting.put(&name, &disk.content(&name));
        }
        let rebuilt = history.check(&lasting, written);
        assert_eq!(
            rebuilt.snapshot.map(|at| at.0),
            snapshot.filter(|at| *at > 0)
        );
    }
    assert!(
        !disk.names().contains(&"journal-0000000001".to_owned()),
        "the journal before the older snapshot is given back"
    );
}

#[test]
fn a_power_cut_at_each_call_of_a_snapshot_loses_nothing() {
    let history = &*HISTORY;
    let (first, second, third) = (150, 300, history.len().min(420));
    let prepared = || {
        let disk = Disk::new(3);
        let mut log = open(&disk);
        history.write(&mut log, 0, first);
        compact(
            &disk,
            &history.config,
            CommandSequence(first),
            &mut Heard::default(),
        )
        .unwrap();
        history.write(&mut log, first, second);
        compact(
            &disk,
            &history.config,
            CommandSequence(second),
            &mut Heard::default(),
        )
        .unwrap();
        history.write(&mut log, second, third);
        disk
    };
    let third = CommandSequence(third);
    let disk = prepared();
    let before = disk.calls();
    compact(&disk, &history.config, third, &mut Heard::default()).unwrap();
    let calls = disk.calls() - before;
    for fault in [Fault::PowerCut, Fault::Io, Fault::Full] {
        for call in 0..calls {
            let disk = prepared();
            disk.fail_at(before + call, fault);
            let _ = compact(&disk, &history.config, third, &mut Heard::default());
            disk.lose_power();
            history.check(&disk, third.0);
            // And the next one succeeds, whatever the last left behind.
            let made = compact(&disk, &history.config, third, &mut Heard::default()).unwrap();
            assert!(made.is_none_or(|made| made == third));
            history.check(&disk, third.0);
        }
    }
}

/// One life of a process that never finishes a snapshot beside its work: recovers, with snapshots
/// every so many commands on the way, and appends up to `upto`.
fn short_life(disk: &Disk, every: u64, upto: u64) -> engine::journal::Rebuilt {
    let history = &*HISTORY;
    let mut rim = Heard::default();
    let recovered = recover(
        disk,
        &history.config,
        OPTIONS,
        Some(every),
        &mut rim,
        &mut |_, _| {},
    );
    let (rebuilt, mut log) = recovered.unwrap();
    let at = rebuilt.check.upto.0;
    assert_eq!(
        rebuilt.exchange.state_digest(),
        history.digests[usize::try_from(at).unwrap()]
    );
    assert_eq!(rim, history.heard(at), "what the rim kept");
    history.write(&mut log, at, upto.max(at));
    rebuilt
}

#[test]
fn a_process_that_is_always_killed_early_replays_no_more_each_time() {
    let history = &*HISTORY;
    let (every, life) = (50, 20);
    let disk = Disk::new(4);
    let mut written = 0;
    while written < history.len() {
        written = (written + life).min(history.len());
        let rebuilt = short_life(&disk, every, written);
        // What one life adds, what is too little for a snapshot, and a frame that goes over it.
        assert!(
            rebuilt.replayed < every + life + 7,
            "{} replayed",
            rebuilt.replayed
        );
        assert!(snapshots(&disk).unwrap().len() <= 3);
        disk.lose_power();
    }
    assert!(
        !disk.names().contains(&"journal-0000000001".to_owned()),
        "the journal before what was loaded is given back"
    );
    history.check(&disk, written);
}

#[test]
fn a_recovery_that_is_killed_over_and_over_gets_further_each_time() {
    let history = &*HISTORY;
    let prepared = |seed| {
        let disk = Disk::new(seed);
        history.write(&mut open(&disk), 0, history.len());
        disk
    };
    let calls = {
        let disk = prepared(1);
        let before = disk.calls();
        short_life(&disk, 100, 0);
        disk.calls() - before
    };
    for fault in [Fault::PowerCut, Fault::Io, Fault::Full] {
        for call in 0..calls {
            let disk = prepared(call);
            disk.fail_at(disk.calls() + call, fault);
            let mut rim = Heard::default();
            let killed = recover(
                &disk,
                &history.config,
                OPTIONS,
                Some(100),
                &mut rim,
                &mut |_, _| {},
            );
            assert!(killed.is_err(), "call {call} failed and nobody was told");
            disk.lose_power();
            let newest = snapshots(&disk).unwrap().first().map(|at| at.0);
            let rebuilt = short_life(&disk, 100, 0);
            assert_eq!(rebuilt.check.upto.0, history.len());
            assert_eq!(
                rebuilt.replayed,
                history.len() - newest.unwrap_or(0),
                "{fault:?} at {call}"
            );
        }
    }
}

#[test]
fn a_damaged_snapshot_is_skipped_for_the_one_before() {
    let history = &*HISTORY;
    let disk = Disk::new(1);
    let mut log = open(&disk);
    for (from, upto) in [(0, 100), (100, 200)] {
        history.write(&mut log, from, upto);
        compact(
            &disk,
            &history.config,
            CommandSequence(upto),
            &mut Heard::default(),
        )
        .unwrap();
    }
    history.write(&mut log, 200, 250);
    disk.flip("snapshot-00000000000000000200", 8 * 700);
    let rebuilt = history.check(&disk, 250);
    assert_eq!(rebuilt.snapshot, Some(CommandSequence(100)));
    expect![[r#"(simulated)/snapshot-00000000000000000200: at byte 96: the block does not match its checksum. An older snapshot and the journal lead to the same state: move this file away, then start again."#]]
        .assert_eq(&rebuilt.skipped[0].to_string());
}

#[test]
fn every_flipped_bit_of_a_snapshot_is_found_out() {
    let history = &*HISTORY;
    let disk = Disk::new(1);
    history.write(&mut open(&disk), 0, 120);
    compact(
        &disk,
        &history.config,
        CommandSequence(120),
        &mut Heard::default(),
    )
    .unwrap();
    let bytes = disk.content("snapshot-00000000000000000120");
    assert!(Snapshot::decode(&bytes).is_ok());
    for bit in 0..bytes.len() * 8 {
        let mut bytes = bytes.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        assert!(Snapshot::decode(&bytes).is_err(), "bit {bit}");
    }
    for len in 0..bytes.len() {
        assert!(Snapshot::decode(&bytes[..len]).is_err(), "cut at {len}");
    }
}

/// Writes `commands` with whatever `change` makes of them, and says what recovery says.
fn refused(mut change: impl FnMut(&mut Command), check: Option<Check>) -> String {
    let history = &*HISTORY;
    let disk = Disk::new(1);
    let mut log = open(&disk);
    let mut commands = history.commands.clone();
    commands.iter_mut().for_each(&mut change);
    for batch in commands.chunks(5) {
        if let Some(check) = check {
            log.note(check);
        }
        log.append(batch).unwrap();
    }
    let mut rim = Heard::default();
    match recover(
        &disk,
        &history.config,
        OPTIONS,
        None,
        &mut rim,
        &mut |_, _| {},
    ) {
        Ok(_) => "recovered".to_owned(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn a_decision_that_comes_out_otherwise_stops_recovery() {
    let first = HISTORY
        .commands
        .iter()
        .find(|it| matches!(it.kind, CommandKind::Place { .. }))
        .unwrap()
        .sequence;
    let what = refused(
        |command| {
            if let CommandKind::Place { hold, .. } = &mut command.kind
                && command.sequence == first
            {
                *hold = hold.checked_add(Amount::new(1).unwrap()).unwrap();
            }
        },
        None,
    );
    expect![[r#"(simulated)/journal-0000000001: at byte 432: command 14: hold is 2432, expected 2431; it is Command { sequence: CommandSequence(14), time: Timestamp(1000002), kind: Place { pair: PairId(0), id: OrderId(1), client_order_id: Some("c1"), market: false, expires_at: None, hold: Amount(2432), funding: Spot, order: PlaceOrder { key: OrderKey(4294967295v4294967295), quantity: Quantity(24), account: AccountId(2), price: Price(101), side: Buy, time_in_force: GoodTillCancelled, post_only: false, self_trade: CancelTaker }, terms: Plain } }. Nothing was changed. Start the program and configuration that wrote this journal, and report the difference."#]].assert_eq(&what);
}

#[test]
fn a_journal_that_ends_before_a_snapshot_stops_recovery() {
    let history = &*HISTORY;
    let disk = Disk::new(1);
    history.write(&mut open(&disk), 0, 40);
    let before = disk.content("journal-0000000001");
    history.write(&mut open(&disk), 40, 60);
    compact(
        &disk,
        &history.config,
        CommandSequence(60),
        &mut Heard::default(),
    )
    .unwrap();
    disk.put("journal-0000000001", &before);
    let error = history.recover(&disk).unwrap_err();
    expect!["(simulated)/journal-0000000001: at byte 1712: the journal ends with command 40, a snapshot has command 60. The journal lost its end: restore it from a copy, then start again."].assert_eq(&error.to_string());
}

#[test]
fn a_journal_of_another_past_stops_recovery() {
    let history = &*HISTORY;
    let disk = Disk::new(1);
    let mut log = open(&disk);
    history.write(&mut log, 0, 60);
    compact(
        &disk,
        &history.config,
        CommandSequence(60),
        &mut Heard::default(),
    )
    .unwrap();
    disk.remove("journal-0000000001").unwrap();
    // The same commands, in other batches: another chain.
    let mut log = open(&disk);
    for batch in history.commands[..60].chunks(3) {
        log.append(batch).unwrap();
    }
    history.write(&mut log, 60, 80);
    let error = history.recover(&disk).unwrap_err();
    expect!["(simulated)/journal-0000000002: at byte 64: what comes before is not what it was when the snapshot was taken. Nothing was changed. Restore this file from a copy, or the whole data directory from a backup, then start again."].assert_eq(&error.to_string());
}

/// Orders that trade, and now and then a cancel of all.
fn busy_kind(random: &mut ChaCha8Rng) -> RequestKind {
    let account = AccountId(random.random_range(0..3));
    if random.random_bool(0.02) {
        return RequestKind::CancelAll {
            account,
            pair: None,
            side: None,
            disconnected: false,
        };
    }
    RequestKind::Place(PlaceRequest {
        account,
        pair: PairId(random.random_range(0..2)),
        client_order_id: None,
        side: [Side::Buy, Side::Sell][random.random_range(0..2)],
        limit: Price::new(random.random_range(90..110)),
        quantity: Quantity::new(random.random_range(1..9)).unwrap(),
        time_in_force: TimeInForce::GoodTillCancelled,
        post_only: false,
        self_trade: SelfTradePrevention::Decrement,
        special: engine::domain::Special::None,
        expires_at: None,
        margin: engine::domain::MarginRequest::None,
    })
}

#[test]
fn threads_and_a_crash_lead_to_the_state_that_checks_confirm() {
    let world = World::of(Terms::plain());
    for (seed, matcher_threads) in [(1, 0), (2, 1), (3, 2)] {
        let disk = Disk::new(seed);
        let options = FileLogOptions {
            segment_bytes: 64 << 10,
            ..OPTIONS
        };
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut expected = None;
        for life in 0..3 {
            let mut rim = Heard::default();
            let recovered = recover(
                &disk,
                &world.config,
                options,
                None,
                &mut rim,
                &mut |_, _| {},
            );
            let (rebuilt, log) = recovered.unwrap();
            assert_eq!(
                expected.unwrap_or(rebuilt.exchange.state_digest()),
                rebuilt.exchange.state_digest()
            );
            assert_eq!(
                rebuilt.compared > 0,
                life > 0,
                "a life has 4,096 commands and more"
            );
            let config = VenueConfig {
                matcher_threads,
                ..VenueConfig::default()
            };
            let now = Timestamp(1_000_000 + life * 100_000);
            let clock = Box::new(move || now);
            let (venue, reports) = Venue::resume(
                rebuilt.exchange,
                Box::new(log),
                rebuilt.check,
                config,
                clock,
                || (),
            )
            .unwrap();
            drop(reports);
            let opening = Ask::opening(&world).into_iter().map(|(kind, _)| kind);
            let flow = opening.chain(std::iter::repeat_with(|| busy_kind(&mut random)));
            for (asked, kind) in (0..).zip(flow.take(12_000)) {
                let correlation = Correlation(asked);
                while venue.inbox().submit(Request { correlation, kind }).is_err() {
                    std::thread::yield_now();
                }
            }
            let (exchange, _) = venue.stop().unwrap();
            exchange.verify().unwrap();
            expected = Some(exchange.state_digest());
            if life == 1 {
                let at = CommandSequence(exchange.clearing().last_sequence().0 / 2);
                compact(&disk, &world.config, at, &mut Heard::default()).unwrap();
            }
            disk.lose_power();
        }
    }
}

#[test]
fn a_rebuild_changes_no_file_and_stops_where_it_is_told() {
    let history = &*HISTORY;
    let disk = Disk::new(1);
    history.write(&mut open(&disk), 0, 90);
    let files = |disk: &Disk| -> Vec<(String, Vec<u8>)> {
        let names = disk.names().into_iter();
        names
            .map(|name| (name.clone(), disk.content(&name)))
            .collect()
    };
    let before = files(&disk);
    let rebuilt = rebuild(
        &disk,
        &history.config,
        Some(CommandSequence(33)),
        &mut (),
        &mut |_| {},
    );
    assert_eq!(
        rebuilt.unwrap().exchange.state_digest(),
        history.digests[33]
    );
    assert_eq!(before, files(&disk));
    let mut exchange = Exchange::new(history.config.clone()).unwrap();
    exchange.replay(&history.commands[0], &mut Discard).unwrap();
    assert_eq!(exchange.state_digest(), history.digests[1]);
}
