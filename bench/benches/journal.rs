//! What durable commands cost, beside their floor and beside a kept store, in the same run.
//!
//! `floor` writes the same bytes into a zeroed file and calls `fdatasync`, and does nothing
//! else. Everybody's records are formed before the clock starts: in the exchange the core thread
//! does that. A batch is what arrived while the last one synced, so `in flight` is its size. Rounds
//! of the contenders alternate, for disks have moods; the median round is told. CPU is the
//! writing thread's, the system's part for write and sync included. `venue` is the whole
//! exchange inside the process with the log on a thread of its own, beside one that keeps
//! nothing, asked by one who yields its core while it waits and by one who sleeps. `recovery` is
//! what a restart costs.
//!
//! `EXCHANGE_BENCH_DIR` names the disk to measure; without it the build's own folder is.
//! `EXCHANGE_BENCH_ROUNDS` sets how many rounds (3), `EXCHANGE_BENCH_COMMANDS` how many commands are
//! recovered (2,000,000), `EXCHANGE_BENCH_ONLY` what is measured: `durable`, `venue` or `recovery`.

use std::ops::ControlFlow;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering, fence};
use std::thread::Thread;
use std::time::{Duration, Instant};

use engine::clearing::ExchangeConfig;
use engine::command::Command;
use engine::domain::{
    AccountId, Amount, AssetId, CommandSequence, MarginRequest, PairId, Price, Quantity,
    SelfTradePrevention, Side, TimeInForce, Timestamp, UserName,
};
use engine::exchange::Exchange;
use engine::journal::{
    CommandLog, Directory, FileLog, FileLogOptions, MemoryLog, Outcome, Records, RedbLog, compact,
    record, recover,
};
use engine::report::{Report, ReportKind};
use engine::request::{Correlation, PlaceRequest, Request, RequestKind};
use engine::runtime::{Inbox, Listener, Reports, Venue, VenueConfig};
use rustix::time::{ClockId, clock_gettime};
use testkit::sim::Commands;
use testkit::world::{Terms, World};

/// How long one contender writes in one round.
const ROUND: Duration = Duration::from_millis(1_000);
const IN_FLIGHT: [usize; 4] = [1, 64, 1_024, 8_192];
const FLOOR_BYTES: u64 = 256 << 20;
const NOW: Timestamp = Timestamp(1_640_995_200_000);
/// How many commands the core thread hands over at once at the most.
const RUN: usize = 512;
/// What a frame adds to its records, in bytes.
const FRAME: usize = 72;

/// One contender in one round.
#[derive(Clone, Copy, Debug)]
struct Measure {
    records: u64,
    batches: u64,
    /// Of one batch, in microseconds.
    p50: f64,
    p99: f64,
    wall: f64,
    cpu: f64,
}

fn main() {
    // `cargo test --benches` asks for a look, not for a measurement.
    let looks_only = std::env::args().any(|argument| argument == "--test");
    let rounds = std::env::var("EXCHANGE_BENCH_ROUNDS").ok();
    let rounds = rounds.and_then(|rounds| rounds.parse().ok()).unwrap_or(3);
    if looks_only {
        return;
    }
    let folder = std::env::var_os("EXCHANGE_BENCH_DIR").map(PathBuf::from);
    let folder = folder.unwrap_or_else(|| env!("CARGO_TARGET_TMPDIR").into());
    let only = std::env::var("EXCHANGE_BENCH_ONLY").ok();
    let is_wanted = |name: &str| only.as_deref().is_none_or(|only| only == name);
    if is_wanted("durable") {
        durable(&folder.join("bench-journal"), rounds);
    }
    if is_wanted("venue") {
        venue(&folder.join("bench-venue"), rounds);
    }
    if is_wanted("recovery") {
        let commands = std::env::var("EXCHANGE_BENCH_COMMANDS").ok();
        let commands = commands.and_then(|commands| commands.parse().ok());
        recovery(
            &folder.join("bench-recovery"),
            commands.unwrap_or(2_000_000),
        );
    }
}

fn durable(folder: &Path, rounds: usize) {
    println!(
        "in flight | contender | records/s | of floor | batch p50 us | p99 us | CPU us/record"
    );
    for in_flight in IN_FLIGHT {
        let mut measures = [const { Vec::new() }; 3];
        for _ in 0..rounds {
            measures[0].push(floor(&fresh(folder), in_flight));
            measures[1].push(file_log(&fresh(folder), in_flight));
            measures[2].push(redb(&fresh(folder), in_flight));
        }
        let medians = measures.map(median);
        let floor = medians[0].records as f64 / medians[0].wall;
        for (name, it) in ["floor", "file log", "redb"].iter().zip(medians) {
            let rate = it.records as f64 / it.wall;
            println!(
                "{in_flight:>9} | {name:<9} | {rate:>9.0} | {:>8.2} | {:>12.0} | {:>6.0} | {:.2}",
                rate / floor,
                it.p50,
                it.p99,
                it.cpu * 1e6 / it.records as f64
            );
        }
    }
}

fn floor(folder: &Path, in_flight: usize) -> Measure {
    let file = std::fs::File::create_new(folder.join("floor")).expect("the folder is fresh");
    let zeros = vec![0; 1 << 20];
    for at in (0..FLOOR_BYTES).step_by(1 << 20) {
        file.write_all_at(&zeros, at).expect("there is room");
    }
    file.sync_all().expect("the disk works");
    let mut source = Commands::new(1);
    let mut at = 0;
    measure(in_flight, |batch| {
        batch.clear();
        batch.extend(source.by_ref().take(in_flight));
        let mut bytes = vec![1; FRAME];
        batch
            .iter()
            .for_each(|command| record::encode(command, &mut bytes));
        let started = (Instant::now(), cpu());
        if at + bytes.len() as u64 > FLOOR_BYTES {
            at = 0;
        }
        file.write_all_at(&bytes, at).expect("there is room");
        file.sync_data().expect("the disk works");
        at += bytes.len() as u64;
        started
    })
}

fn file_log(folder: &Path, in_flight: usize) -> Measure {
    let directory = Directory::open(folder).expect("the folder is fresh");
    let opened = FileLog::open(directory, FileLogOptions::default());
    append(&mut opened.expect("the folder is fresh").0, in_flight)
}

fn redb(folder: &Path, in_flight: usize) -> Measure {
    let opened = RedbLog::open(&folder.join("journal.redb"));
    append(&mut opened.expect("the folder is fresh").0, in_flight)
}

/// Of a log, which gets its records formed and by the run, as the core thread hands them over.
fn append(log: &mut dyn CommandLog, in_flight: usize) -> Measure {
    let mut source = Commands::new(1);
    measure(in_flight, |batch| {
        batch.clear();
        batch.extend(source.by_ref().take(in_flight));
        let runs: Vec<_> = batch.chunks(RUN).map(Records::of).collect();
        let started = (Instant::now(), cpu());
        log.append_records(&runs).expect("the disk works");
        started
    })
}

/// Times `write` from when it says that it started.
fn measure(
    in_flight: usize,
    mut write: impl FnMut(&mut Vec<Command>) -> (Instant, f64),
) -> Measure {
    let mut batch = Vec::new();
    let mut walls = Vec::new();
    let mut cpu_total = 0.0;
    let begun = Instant::now();
    while begun.elapsed() < ROUND || walls.len() < 20 {
        let (started, cpu_started) = write(&mut batch);
        walls.push(started.elapsed().as_secs_f64());
        cpu_total += cpu() - cpu_started;
    }
    let wall = walls.iter().sum();
    walls.sort_by(f64::total_cmp);
    let at = |share: f64| walls[((walls.len() - 1) as f64 * share) as usize] * 1e6;
    Measure {
        records: (walls.len() * in_flight) as u64,
        batches: walls.len() as u64,
        p50: at(0.5),
        p99: at(0.99),
        wall,
        cpu: cpu_total,
    }
}

fn median(mut rounds: Vec<Measure>) -> Measure {
    rounds.sort_by(|one, other| {
        let rate = |it: &Measure| it.batches as f64 / it.wall;
        rate(one).total_cmp(&rate(other))
    });
    rounds[rounds.len() / 2]
}

/// What this thread used, in seconds.
fn cpu() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

fn fresh(folder: &Path) -> PathBuf {
    if folder.exists() {
        std::fs::remove_dir_all(folder).expect("the folder is ours");
    }
    std::fs::create_dir_all(folder).expect("there is room");
    folder.to_owned()
}

fn config() -> ExchangeConfig {
    let mut terms = Terms::plain();
    terms.limits.max_open_orders = 1_000_000;
    let mut config = World::of(terms).config;
    config.retention_ms = 0;
    config
}

/// Two funded accounts.
fn opening() -> Vec<RequestKind> {
    let mut kinds = Vec::new();
    for (account, name) in (0..).map(AccountId).zip(["maker", "taker"]) {
        let name = UserName::new(name).expect("it is a name");
        kinds.push(RequestKind::OpenAccount { name });
        let amount = Amount::new(1 << 50).expect("it is in range");
        kinds.extend((0..3).map(AssetId).map(|asset| RequestKind::Deposit {
            account,
            asset,
            amount,
        }));
    }
    kinds
}

/// An ask of the maker, then the taker's bid that takes it.
fn order(index: u64) -> RequestKind {
    let (account, side) = match index % 2 {
        0 => (AccountId(0), Side::Sell),
        _ => (AccountId(1), Side::Buy),
    };
    RequestKind::Place(PlaceRequest {
        account,
        pair: PairId(0),
        client_order_id: None,
        side,
        limit: Price::new(100),
        quantity: Quantity::new(10).expect("it is in range"),
        time_in_force: TimeInForce::GoodTillCancelled,
        post_only: false,
        self_trade: SelfTradePrevention::CancelTaker,
        special: engine::domain::Special::None,
        expires_at: None,
        margin: MarginRequest::None,
    })
}

fn request(kind: RequestKind) -> Request {
    Request {
        correlation: Correlation(0),
        kind,
    }
}

fn venue(folder: &Path, rounds: usize) {
    println!("\nvenue, orders answered a second; who asks | no log | file log | of no log");
    for sleeps in [false, true] {
        let mut rates = [Vec::new(), Vec::new()];
        for _ in 0..rounds {
            let last = CommandSequence(0);
            let forgetful = MemoryLog::forgetful(last);
            rates[0].push(flood(Box::new(forgetful), false, sleeps));
            let directory = Directory::open(&fresh(folder)).expect("the folder is fresh");
            let opened = FileLog::open(directory, FileLogOptions::default());
            let log = opened.expect("the folder is fresh").0;
            rates[1].push(flood(Box::new(log), true, sleeps));
        }
        let [none, file] = rates.map(|mut rates| {
            rates.sort_by(f64::total_cmp);
            rates[rates.len() / 2]
        });
        let name = if sleeps {
            "sleeps while it waits"
        } else {
            "yields while it waits"
        };
        println!(
            "{name:>41} | {none:>6.0} | {file:>8.0} | {:.2}",
            file / none
        );
    }
}

/// Who asks, and waits for answers: yields its core, or sleeps until there are some, as a gateway does.
#[derive(Clone)]
struct Asker {
    thread: Thread,
    is_asleep: Arc<AtomicBool>,
    sleeps: bool,
}

impl Asker {
    fn new(sleeps: bool) -> Asker {
        Asker {
            thread: std::thread::current(),
            is_asleep: Arc::default(),
            sleeps,
        }
    }

    /// Takes the next reports, or waits a while for some; how many came.
    fn take(&self, reports: &mut Reports, out: &mut Vec<Report>) -> usize {
        let count = reports.next_batch(out);
        if count > 0 || !self.sleeps {
            if count == 0 {
                std::thread::yield_now();
            }
            return count;
        }
        // It says that it sleeps, then looks once more: so does who would wake it, the other way round.
        self.is_asleep.store(true, Ordering::Relaxed);
        fence(Ordering::SeqCst);
        let count = reports.next_batch(out);
        if count == 0 {
            std::thread::park_timeout(Duration::from_millis(1));
        }
        self.is_asleep.store(false, Ordering::Relaxed);
        count
    }
}

impl Listener for Asker {
    fn reported(&self) {
        fence(Ordering::SeqCst);
        if self.is_asleep.load(Ordering::Relaxed) && self.is_asleep.swap(false, Ordering::AcqRel) {
            self.thread.unpark();
        }
    }
}

/// Orders answered a second by a venue over `log`, once it has run for a while: a log that was just
/// opened makes its next segment beside the first orders.
fn flood(log: Box<dyn CommandLog + Send>, journal_thread: bool, sleeps: bool) -> f64 {
    const WARM_UP: u64 = 400_000;
    const ORDERS: u64 = 2_000_000;
    let venue_config = VenueConfig {
        matcher_threads: 0,
        journal_thread,
        ..VenueConfig::default()
    };
    let exchange = Exchange::new(config()).expect("it is a valid configuration");
    let clock = Box::new(|| NOW);
    let asker = Asker::new(sleeps);
    let started = Venue::start(exchange, log, venue_config, clock, asker.clone());
    let (venue, mut reports) = started.expect("threads can be started");
    let inbox = venue.inbox();
    let opening: Vec<_> = opening().into_iter().map(request).collect();
    ask(&inbox, &asker, &mut reports, &opening, opening.len() as u64);
    let orders: Vec<_> = (0..40_000).map(order).map(request).collect();
    ask(&inbox, &asker, &mut reports, &orders, WARM_UP);
    let begun = Instant::now();
    ask(&inbox, &asker, &mut reports, &orders, ORDERS);
    let rate = ORDERS as f64 / begun.elapsed().as_secs_f64();
    drop(reports);
    venue.stop().expect("the disk works");
    rate
}

/// Asks for `count` of `asked`, over and over and 64 at once, and waits for all answers.
fn ask(inbox: &Inbox, asker: &Asker, reports: &mut Reports, asked: &[Request], count: u64) {
    let (mut out, mut sent, mut answers) = (Vec::new(), 0, 0);
    let mut rest = asked;
    while answers < count {
        while sent < count
            && let Ok(taken) = inbox.submit_all(&rest[..rest.len().min(64)])
        {
            sent += taken as u64;
            rest = match &rest[taken..] {
                [] => asked,
                rest => rest,
            };
        }
        asker.take(reports, &mut out);
        let is_answer = |report: &&Report| matches!(report.kind, ReportKind::Answer { .. });
        answers += out.iter().filter(is_answer).count() as u64;
    }
}

/// A history as a running exchange writes it, checks included.
fn history(directory: &Directory, commands: u64) -> Exchange {
    let mut exchange = Exchange::new(config()).expect("it is a valid configuration");
    let opened = FileLog::open(directory.clone(), FileLogOptions::default());
    let mut log = opened.expect("the folder is fresh").0;
    let (mut batch, mut reports, mut outcome) = (Vec::new(), Vec::new(), Outcome::default());
    for kind in opening().into_iter().chain((0..commands).map(order)) {
        exchange.apply_logged(&request(kind), NOW, &mut reports, &mut batch);
        reports.drain(..).for_each(|report| outcome.take(&report));
        let last = exchange.clearing().last_sequence();
        if Outcome::is_due(last) {
            log.append(&batch).expect("the disk works");
            batch.clear();
            log.note(outcome.check(last));
        }
    }
    log.append(&batch).expect("the disk works");
    exchange
}

fn recovery(folder: &Path, commands: u64) {
    let directory = Directory::open(&fresh(folder)).expect("the folder is fresh");
    let exchange = history(&directory, commands);
    let options = FileLogOptions::default();
    let last = exchange.clearing().last_sequence();
    let timed = |name: &str, count: u64, run: &mut dyn FnMut()| {
        let begun = (Instant::now(), cpu());
        run();
        let (wall, used) = (begun.0.elapsed().as_secs_f64(), cpu() - begun.1);
        println!(
            "{name}: {wall:.2} s, {used:.2} s of CPU; {:.2} M commands a second of CPU",
            count as f64 / used / 1e6
        );
    };
    println!("\nrecovery of {} commands", last.0);
    timed("read and check", last.0, &mut || {
        let mut count = 0_u64;
        let read = FileLog::read(&directory, CommandSequence(1), &mut |_| {
            count += 1;
            ControlFlow::Continue(())
        });
        read.expect("the journal is whole");
        assert!(count >= last.0);
    });
    let recovered = |name: &str, count: u64| {
        timed(name, count, &mut || {
            let recovered = recover(
                &directory,
                &config(),
                options,
                None,
                &mut (),
                &mut |_, _| {},
            );
            let rebuilt = recovered.expect("the journal is whole").0;
            assert_eq!(rebuilt.replayed, count);
            assert!(count < 2 * Outcome::EVERY || rebuilt.compared > 0);
            assert_eq!(rebuilt.exchange.state_digest(), exchange.state_digest());
        });
    };
    recovered("open and recover without a snapshot", last.0);
    let at = CommandSequence(last.0 / 10 * 9);
    timed(
        "make a snapshot of all but the last tenth",
        at.0,
        &mut || {
            compact(&directory, &config(), at, &mut ()).expect("the journal is whole");
        },
    );
    recovered("open and recover from it", last.0 - at.0);
}
