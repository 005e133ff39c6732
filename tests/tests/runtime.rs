//! Promise: threads change nothing. What the venue says one request at a time is what the inline
//! exchange says; what it says under a flood is in order; and the state that it reaches is the
//! state that its journal leads to.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use engine::clearing::ExchangeConfig;
use engine::domain::*;
use engine::exchange::Exchange;
use engine::journal::{Check, CommandLog, Corrupt, Entry, Fatal, MemoryLog, Records, Tail};
use engine::report::{Answer, Report, ReportKind};
use engine::request::{Correlation, OrderRef, PlaceRequest, Request, RequestKind};
use engine::runtime::{Inbox, Reports, SubmitError, Venue, VenueConfig};
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const NOW: Timestamp = Timestamp(1_640_995_200_000);
const ACCOUNTS: u32 = 4;
const PAIRS: u16 = 3;

fn exchange() -> Exchange {
    exchange_of(50)
}

/// With so many open orders an account and pair.
fn exchange_of(max_open_orders: u32) -> Exchange {
    let pair = |number| {
        Pair::new(PairSpec {
            id: PairId(number),
            base: AssetId(number + 1),
            quote: AssetId(0),
            base_units_per_lot: 1,
            quote_units_per_tick_lot: 1,
            limits: PairLimits {
                min_quantity: Quantity::new(1).unwrap(),
                max_quantity: Quantity::new(1_000_000).unwrap(),
                min_notional: Amount::ZERO,
                price_band: 5_000,
                max_open_orders,
            },
            maker_fee: BasisPoints::new(7).unwrap(),
            taker_fee: BasisPoints::new(19).unwrap(),
            reference_price: Price::new(1_000).unwrap(),
        })
        .unwrap()
    };
    Exchange::new(ExchangeConfig::new(
        PAIRS + 1,
        (0..PAIRS).map(pair).collect(),
    ))
    .unwrap()
}

/// Opens and funds the accounts, then mixes every kind of request, some of them bad.
fn requests(seed: u64, count: u64) -> Vec<Request> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut kinds = Vec::new();
    for account in 0..ACCOUNTS {
        kinds.push(RequestKind::OpenAccount {
            name: UserName::new(&format!("user{account}")).unwrap(),
        });
        kinds.extend((0..=PAIRS).map(|asset| RequestKind::Deposit {
            account: AccountId(account),
            asset: AssetId(asset),
            amount: Amount::new(2_000_000).unwrap(),
        }));
    }
    while (kinds.len() as u64) < count {
        kinds.push(random_kind(&mut rng));
    }
    let name = |(index, kind)| Request {
        correlation: Correlation(index),
        kind,
    };
    (0..).zip(kinds).map(name).collect()
}

/// Mostly nothing; else what waits, has two ways, or hides.
fn random_special(rng: &mut ChaCha8Rng) -> Special {
    let trigger = Price::new(rng.random_range(980..1_020)).unwrap();
    let by = match rng.random_range(0..3) {
        0 => TriggerBy::Mark,
        _ => TriggerBy::Last,
    };
    match rng.random_range(0..12) {
        0 => Special::Stop {
            kind: StopKind::StopLoss,
            trigger,
            by,
        },
        1 => Special::Stop {
            kind: StopKind::TakeProfit,
            trigger,
            by,
        },
        2 => Special::Trailing {
            distance: TrailingDistance::ticks(rng.random_range(1..30)).unwrap(),
            by,
        },
        3 => Special::Oco {
            trigger,
            limit: None,
            by,
        },
        4 => Special::Iceberg {
            display: Quantity::new(rng.random_range(1..60)).unwrap(),
        },
        _ => Special::None,
    }
}

fn random_kind(rng: &mut ChaCha8Rng) -> RequestKind {
    let account = AccountId(rng.random_range(0..ACCOUNTS));
    let order = |rng: &mut ChaCha8Rng| match rng.random_bool(0.7) {
        true => OrderRef::Id(OrderId(rng.random_range(1..500))),
        false => OrderRef::Client(client_id(rng)),
    };
    let side = |rng: &mut ChaCha8Rng| {
        if rng.random_bool(0.5) {
            Side::Buy
        } else {
            Side::Sell
        }
    };
    match rng.random_range(0..100) {
        0..70 => RequestKind::Place(PlaceRequest {
            account,
            pair: PairId(rng.random_range(0..PAIRS)),
            client_order_id: rng.random_bool(0.3).then(|| client_id(rng)),
            side: side(rng),
            limit: (!rng.random_bool(0.1))
                .then(|| Price::new(rng.random_range(980..1_020)).unwrap()),
            quantity: Quantity::new(rng.random_range(1..200)).unwrap(),
            time_in_force: match rng.random_range(0..6) {
                0 => TimeInForce::ImmediateOrCancel,
                1 => TimeInForce::FillOrKill,
                _ => TimeInForce::GoodTillCancelled,
            },
            post_only: rng.random_bool(0.1),
            self_trade: match rng.random_range(0..4) {
                0 => SelfTradePrevention::CancelTaker,
                1 => SelfTradePrevention::CancelMaker,
                2 => SelfTradePrevention::CancelBoth,
                _ => SelfTradePrevention::Decrement,
            },
            special: random_special(rng),
            expires_at: None,
            margin: engine::domain::MarginRequest::None,
        }),
        70..82 => RequestKind::Cancel {
            account,
            order: order(rng),
        },
        82..94 => RequestKind::Amend {
            account,
            order: order(rng),
            price: rng
                .random_bool(0.6)
                .then(|| Price::new(rng.random_range(980..1_020)).unwrap()),
            quantity: rng
                .random_bool(0.6)
                .then(|| Quantity::new(rng.random_range(1..250)).unwrap()),
        },
        94..96 => RequestKind::CancelAll {
            account,
            pair: None,
            side: None,
            disconnected: false,
        },
        96..98 => RequestKind::Withdraw {
            account,
            asset: AssetId(rng.random_range(0..=PAIRS)),
            amount: Amount::new(rng.random_range(0..1_000)).unwrap(),
        },
        _ => RequestKind::Deposit {
            account,
            asset: AssetId(rng.random_range(0..=PAIRS)),
            amount: Amount::new(rng.random_range(0..1_000)).unwrap(),
        },
    }
}

fn client_id(rng: &mut impl Rng) -> ClientOrderId {
    ClientOrderId::new(&format!("c{}", rng.random_range(0..200))).unwrap()
}

fn layouts() -> [VenueConfig; 5] {
    let tiny = VenueConfig {
        inbox: 2,
        ring: 1,
        reports: 2,
        yields: 0,
        ..VenueConfig::default()
    };
    [
        VenueConfig::default(),
        VenueConfig {
            matcher_threads: 0,
            journal_thread: false,
            ..VenueConfig::default()
        },
        VenueConfig {
            matcher_threads: 3,
            yields: 0,
            ..VenueConfig::default()
        },
        VenueConfig {
            matcher_threads: 2,
            ..tiny
        },
        VenueConfig {
            matcher_threads: 0,
            ..tiny
        },
    ]
}

fn start(config: VenueConfig, log: impl CommandLog + Send + 'static) -> (Venue, Reports) {
    Venue::start(exchange(), Box::new(log), config, Box::new(|| NOW), || ()).unwrap()
}

/// Submits until there is room, taking reports meanwhile.
fn submit(inbox: &Inbox, request: Request, reports: &mut Reports, out: &mut Vec<Report>) {
    loop {
        match inbox.submit(request) {
            Ok(()) => return,
            Err(SubmitError::Full) => {
                reports.drain(out, usize::MAX);
                std::thread::yield_now();
            }
            Err(SubmitError::Closed) => panic!("the venue closed by itself"),
        }
    }
}

/// Submits by the batch, of all lengths, until all are in, taking reports meanwhile.
fn submit_all(inbox: &Inbox, requests: &[Request], reports: &mut Reports, out: &mut Vec<Report>) {
    let mut rest = requests;
    for length in (1..200).cycle() {
        match inbox.submit_all(&rest[..length.min(rest.len())]) {
            Ok(count) => rest = &rest[count..],
            Err(SubmitError::Full) => {
                reports.drain(out, usize::MAX);
                std::thread::yield_now();
            }
            Err(SubmitError::Closed) => panic!("the venue closed by itself"),
        }
        if rest.is_empty() {
            return;
        }
    }
}

/// Takes reports until `done`.
fn drain_until(
    reports: &mut Reports,
    out: &mut Vec<Report>,
    mut done: impl FnMut(&[Report]) -> bool,
) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !done(out) {
        assert!(Instant::now() < deadline, "the venue went silent");
        if reports.drain(out, usize::MAX) == 0 {
            std::thread::yield_now();
        }
    }
}

fn answered(report: &Report) -> Option<Correlation> {
    match report.kind {
        ReportKind::Answer { correlation, .. } => Some(correlation),
        _ => None,
    }
}

/// Stops the venue while somebody takes what comes out, and gives back all of it.
fn stop(
    venue: Venue,
    mut reports: Reports,
    mut out: Vec<Report>,
) -> (Exchange, Box<dyn CommandLog + Send>, Vec<Report>) {
    let taker = std::thread::spawn(move || {
        drain_until(&mut reports, &mut Vec::new(), |_| true);
        while !reports.is_finished() {
            if reports.drain(&mut out, usize::MAX) == 0 {
                std::thread::yield_now();
            }
        }
        reports.drain(&mut out, usize::MAX);
        out
    });
    let (exchange, log) = venue.stop().unwrap();
    (exchange, log, taker.join().unwrap())
}

fn replayed(log: &mut dyn CommandLog) -> Exchange {
    replayed_from(exchange(), log)
}

fn replayed_from(mut again: Exchange, log: &mut dyn CommandLog) -> Exchange {
    log.replay(CommandSequence(1), &mut |entry| {
        if let Entry::Command(command) = entry {
            again.replay(&command, &mut Vec::new()).unwrap();
        }
        ControlFlow::Continue(())
    })
    .unwrap();
    again
}

#[test]
fn one_request_at_a_time_the_venue_says_what_the_inline_exchange_says() {
    let requests = requests(1, 1_500);
    let mut inline = exchange();
    let mut expected = Vec::new();
    for request in &requests {
        inline.apply(request, NOW, &mut expected);
    }
    for layout in layouts() {
        let (venue, mut reports) = start(layout, MemoryLog::new());
        let mut said = Vec::new();
        for request in &requests {
            submit(&venue.inbox(), *request, &mut reports, &mut said);
            let answer = Some(request.correlation);
            drain_until(&mut reports, &mut said, |out| {
                out.iter().rev().any(|report| answered(report) == answer)
            });
        }
        let (exchange, mut log, said) = stop(venue, reports, said);
        assert_eq!(said.len(), expected.len(), "{layout:?}");
        for (said, expected) in said.iter().zip(&expected) {
            assert_eq!(said, expected, "{layout:?}");
        }
        assert_eq!(exchange.state_digest(), inline.state_digest(), "{layout:?}");
        assert_eq!(
            replayed(&mut *log).state_digest(),
            inline.state_digest(),
            "{layout:?}"
        );
        exchange.verify().unwrap();
    }
}

#[test]
fn under_a_flood_reports_are_in_order_and_the_journal_leads_to_the_same_state() {
    for (seed, layout) in (2..).zip(layouts()) {
        let requests = requests(seed, 20_000);
        let (venue, mut reports) = start(layout, MemoryLog::new());
        let mut said = Vec::new();
        let (one_by_one, by_the_batch) = requests.split_at(requests.len() / 2);
        for request in one_by_one {
            submit(&venue.inbox(), *request, &mut reports, &mut said);
        }
        submit_all(&venue.inbox(), by_the_batch, &mut reports, &mut said);
        let (exchange, mut log, said) = stop(venue, reports, said);
        exchange.verify().unwrap();
        assert_eq!(exchange.clearing().in_flight(), 0);
        assert_eq!(
            replayed(&mut *log).state_digest(),
            exchange.state_digest(),
            "{layout:?}"
        );
        check_order(&said, requests.len());
    }
}

/// One answer a request; nothing of a later command before all of an earlier one; an order's
/// acceptance before its changes; each pair's sequence without a gap.
fn check_order(said: &[Report], requests: usize) {
    let mut answers = vec![0; requests];
    let mut after = CommandSequence(0);
    let mut known = HashMap::new();
    let mut sequences = [EventSequence(0); PAIRS as usize];
    for report in said {
        assert!(report.after >= after, "{report:?} after {after:?}");
        after = report.after;
        match report.kind {
            ReportKind::Answer { correlation, .. } => {
                answers[usize::try_from(correlation.0).unwrap()] += 1;
            }
            ReportKind::Accepted(order) => {
                assert!(
                    known.insert(order.order, false).is_none(),
                    "accepted twice: {order:?}"
                );
            }
            ReportKind::Order(change) => {
                let ended = known
                    .get_mut(&change.order)
                    .expect("accepted before it changes");
                assert!(!*ended, "changed after its end: {change:?}");
                *ended = change.status.is_final();
            }
            ReportKind::Book { pair, sequence, .. } | ReportKind::Trade { pair, sequence, .. } => {
                let last = &mut sequences[usize::from(pair.0)];
                assert_eq!(sequence, last.next(), "a gap in {pair:?}");
                *last = sequence;
            }
            ReportKind::Balance { .. }
            | ReportKind::TradingStatus { .. }
            | ReportKind::Position(_)
            | ReportKind::MarginCall(_)
            | ReportKind::MarginCallCleared { .. }
            | ReportKind::Liquidation { .. }
            | ReportKind::Deleveraged { .. }
            | ReportKind::Mark { .. }
            | ReportKind::Reserve { .. }
            | ReportKind::AccountLimits { .. }
            | ReportKind::Revoked(_) => (),
        }
    }
    assert!(
        answers.iter().all(|&count| count == 1),
        "every request has one answer"
    );
}

/// A log whose appends wait until they are let, and whose failure can be ordered.
struct Held {
    inner: MemoryLog,
    open: Arc<AtomicBool>,
    fails: bool,
}

impl CommandLog for Held {
    fn append_records(&mut self, runs: &[Records]) -> Result<CommandSequence, Fatal> {
        while !self.open.load(Ordering::Acquire) {
            std::thread::yield_now();
        }
        if self.fails {
            return Err(Fatal::Failed {
                first: "ordered by the test".to_owned(),
            });
        }
        self.inner.append_records(runs)
    }
    fn note(&mut self, check: Check) {
        self.inner.note(check);
    }
    fn replay(
        &mut self,
        from: CommandSequence,
        each: &mut dyn FnMut(Entry) -> ControlFlow<()>,
    ) -> Result<Tail, Corrupt> {
        self.inner.replay(from, each)
    }
    fn trim(&mut self, upto: CommandSequence) -> Result<(), Fatal> {
        self.inner.trim(upto)
    }
}

#[test]
fn nothing_is_said_of_a_command_before_it_is_durable() {
    let open = Arc::new(AtomicBool::new(false));
    let log = Held {
        inner: MemoryLog::new(),
        open: open.clone(),
        fails: false,
    };
    let (venue, mut reports) = start(VenueConfig::default(), log);
    let mut said = Vec::new();
    for request in requests(9, 40) {
        submit(&venue.inbox(), request, &mut reports, &mut said);
    }
    // Everything is decided once the inbox is empty; nothing may have come out.
    while venue.inbox().depth() > 0 {
        std::thread::yield_now();
    }
    for _ in 0..1_000 {
        reports.drain(&mut said, usize::MAX);
        std::thread::yield_now();
    }
    assert_eq!(said, []);
    open.store(true, Ordering::Release);
    drain_until(&mut reports, &mut said, |out| {
        out.iter().filter_map(answered).count() == 40
    });
}

#[test]
fn a_journal_that_fails_ends_the_venue_and_nothing_more_is_said() {
    let open = Arc::new(AtomicBool::new(true));
    let log = Held {
        inner: MemoryLog::new(),
        open,
        fails: true,
    };
    let (venue, mut reports) = start(VenueConfig::default(), log);
    let inbox = venue.inbox();
    for request in requests(9, 10) {
        if inbox.submit(request).is_err() {
            break;
        }
    }
    let deadline = Instant::now() + Duration::from_secs(60);
    while !inbox.is_closed() {
        assert!(
            Instant::now() < deadline,
            "the venue goes on without a journal"
        );
        std::thread::yield_now();
    }
    let mut said = Vec::new();
    reports.drain(&mut said, usize::MAX);
    assert_eq!(said, []);
    assert!(reports.is_finished());
    assert_eq!(inbox.submit(requests(9, 1)[0]), Err(SubmitError::Closed));
    assert_eq!(inbox.submit_all(&requests(9, 2)), Err(SubmitError::Closed));
    assert!(venue.stop().is_err());
}

/// A cancel-all is decided in one turn, whatever it takes: more commands than a batch of the journal
/// may have, and more than any ring.
#[test]
fn one_request_may_be_more_commands_than_a_batch() {
    const OPEN: u64 = 2 * engine::journal::MAX_BATCH as u64 + 1_000;
    for config in layouts() {
        let limit = u32::try_from(OPEN).unwrap();
        let log = Box::new(MemoryLog::new());
        let started = Venue::start(exchange_of(limit), log, config, Box::new(|| NOW), || ());
        let (venue, mut reports) = started.unwrap();
        let (inbox, mut out) = (venue.inbox(), Vec::new());
        let mut asked = requests(1, 0);
        asked.extend((0..OPEN).map(|_| Request {
            correlation: Correlation(7),
            kind: RequestKind::Place(PlaceRequest {
                account: AccountId(0),
                pair: PairId(0),
                client_order_id: None,
                side: Side::Sell,
                limit: Price::new(1_000),
                quantity: Quantity::new(1).unwrap(),
                time_in_force: TimeInForce::GoodTillCancelled,
                post_only: false,
                self_trade: SelfTradePrevention::CancelTaker,
                special: Special::None,
                expires_at: None,
                margin: MarginRequest::None,
            }),
        }));
        asked.push(Request {
            correlation: Correlation(8),
            kind: RequestKind::CancelAll {
                account: AccountId(0),
                pair: None,
                side: None,
                disconnected: false,
            },
        });
        submit_all(&inbox, &asked, &mut reports, &mut out);
        let (exchange, mut log, out) = stop(venue, reports, out);
        let cancelled = out.iter().find_map(|report| match report.kind {
            ReportKind::Answer {
                correlation: Correlation(8),
                answer: Answer::AllCancelled { count },
            } => Some(u64::from(count)),
            _ => None,
        });
        assert_eq!(cancelled, Some(OPEN), "{config:?}");
        let again = replayed_from(exchange_of(limit), &mut *log);
        assert_eq!(again.state_digest(), exchange.state_digest(), "{config:?}");
        assert!(out.is_sorted_by_key(|report| report.after), "{config:?}");
    }
}
