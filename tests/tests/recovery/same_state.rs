//! The same state, whichever way it came about: inline, on threads, replayed, from a snapshot.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use engine::clearing::StateDigest;
use engine::domain::{
    AccountId, CommandSequence, PairId, Price, Quantity, SelfTradePrevention, Side, TimeInForce,
    Timestamp,
};
use engine::exchange::{Discard, Exchange};
use engine::journal::{FileLogOptions, compact, rebuild, recover, snapshots};
use engine::report::{Report, ReportKind};
use engine::request::{Correlation, PlaceRequest, Request, RequestKind};
use engine::runtime::{Venue, VenueConfig};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use testkit::sim::Disk;
use testkit::workload::Ask;
use testkit::world::{Terms, World};

use super::{ASKED_ONLY, HISTORY, Heard, History, OPTIONS, open, wait_until};

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
