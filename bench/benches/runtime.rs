//! What the threads and rings cost, beside their floors.
//!
//! `ring hop` is a message to another thread and back by two crossbeam rings, both sides
//! spinning: the least that handing one order over and hearing of it can take. `orders` is the
//! whole venue inside the process: requests in by the inbox, one by one or 64 at once, decided, held, matched, settled,
//! reports out, on one account a side, half the orders resting and half trading with them,
//! without a journal that syncs. `inline` is the same requests through the exchange without
//! threads: the floor of the work itself. Throughput is accepted orders a second.

use std::hint::{black_box, spin_loop};
use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use crossbeam::queue::ArrayQueue;
use engine::clearing::ExchangeConfig;
use engine::domain::{
    AccountId, Amount, AssetId, BasisPoints, MarginRequest, Pair, PairId, PairLimits, PairSpec,
    Price, Quantity, SelfTradePrevention, Side, TimeInForce, Timestamp, UserName,
};
use engine::exchange::{Discard, Exchange};
use engine::journal::MemoryLog;
use engine::report::Report;
use engine::request::{Correlation, PlaceRequest, Request, RequestKind};
use engine::runtime::{Inbox, Reports, SubmitError, Venue, VenueConfig};

const ORDERS: u64 = 20_000;
const PAIRS: u16 = 2;
const NOW: Timestamp = Timestamp(1_640_995_200_000);

/// Two funded accounts and two pairs, nothing remembered.
fn exchange() -> Exchange {
    let quantity = |lots| Quantity::new(lots).expect("it is in range");
    let pair = |number| {
        Pair::new(PairSpec {
            id: PairId(number),
            base: AssetId(number + 1),
            quote: AssetId(0),
            base_units_per_lot: 1,
            quote_units_per_tick_lot: 1,
            limits: PairLimits {
                min_quantity: quantity(1),
                max_quantity: Quantity::MAX,
                min_notional: Amount::ZERO,
                price_band: 10_000,
                max_open_orders: u32::MAX,
            },
            maker_fee: BasisPoints::ZERO,
            taker_fee: BasisPoints::ZERO,
            reference_price: Price::new(1_000).expect("it is above zero"),
        })
        .expect("it is a valid pair")
    };
    let mut config = ExchangeConfig::new(PAIRS + 1, (0..PAIRS).map(pair).collect());
    config.retention_ms = 0;
    let mut exchange = Exchange::new(config).expect("it is a valid configuration");
    for (account, name) in (0..).map(AccountId).zip(["maker", "taker"]) {
        let name = UserName::new(name).expect("it is a name");
        exchange.apply(
            &request(RequestKind::OpenAccount { name }),
            NOW,
            &mut Discard,
        );
        for asset in (0..=PAIRS).map(AssetId) {
            let amount = Amount::new(1 << 50).expect("it is in range");
            let deposit = RequestKind::Deposit {
                account,
                asset,
                amount,
            };
            exchange.apply(&request(deposit), NOW, &mut Discard);
        }
    }
    exchange
}

fn request(kind: RequestKind) -> Request {
    Request {
        correlation: Correlation(0),
        kind,
    }
}

/// An ask of the maker, then the taker's bid that takes it, and so on, pair by pair.
fn orders() -> Vec<Request> {
    (0..ORDERS)
        .map(|index| {
            let (account, side) = match index % 2 {
                0 => (AccountId(0), Side::Sell),
                _ => (AccountId(1), Side::Buy),
            };
            request(RequestKind::Place(PlaceRequest {
                account,
                pair: PairId(u16::from(index % 4 >= 2)),
                client_order_id: None,
                side,
                limit: Price::new(1_000),
                quantity: Quantity::new(10).expect("it is in range"),
                time_in_force: TimeInForce::GoodTillCancelled,
                post_only: false,
                self_trade: SelfTradePrevention::CancelTaker,
                special: engine::domain::Special::None,
                expires_at: None,
                margin: MarginRequest::None,
            }))
        })
        .collect()
}

/// Sends all in, `batch` at once, and takes all answers.
fn flood(
    inbox: &Inbox,
    reports: &mut Reports,
    orders: &[Request],
    batch: usize,
    out: &mut Vec<Report>,
) {
    let mut answers = 0;
    let mut take = |reports: &mut Reports| {
        let count = reports.next_batch(out);
        let answer = |it: &&Report| matches!(it.kind, engine::report::ReportKind::Answer { .. });
        answers += out.iter().filter(answer).count();
        (count, answers)
    };
    let mut rest = orders;
    while let Some(order) = rest.first() {
        let taken = match batch {
            1 => inbox.submit(*order).map(|()| 1),
            _ => inbox.submit_all(&rest[..batch.min(rest.len())]),
        };
        match taken {
            Ok(count) => rest = &rest[count..],
            Err(error) => {
                assert_eq!(error, SubmitError::Full);
                // Who waits gives its core away, as a gateway does.
                if take(reports).0 == 0 {
                    std::thread::yield_now();
                }
            }
        }
    }
    loop {
        match take(reports) {
            (_, done) if done == orders.len() => break,
            (0, _) => std::thread::yield_now(),
            _ => {}
        }
    }
}

fn venue(criterion: &mut Criterion) {
    let orders = orders();
    let mut group = criterion.benchmark_group("orders");
    group.throughput(Throughput::Elements(ORDERS));
    group.sample_size(20);
    group.bench_function("inline", |bencher| {
        let mut exchange = exchange();
        let mut out = Vec::new();
        bencher.iter(|| {
            for order in &orders {
                exchange.apply(order, NOW, &mut out);
                black_box(&out);
                out.clear();
            }
        });
    });
    for (matcher_threads, batch) in [(0, 1), (0, 64), (1, 1), (1, 64)] {
        let config = VenueConfig {
            matcher_threads,
            journal_thread: false,
            ..Default::default()
        };
        let at_once = if batch == 1 {
            "one by one"
        } else {
            "in batches"
        };
        let id = BenchmarkId::new(at_once, format!("{matcher_threads} matcher threads"));
        group.bench_function(id, |bencher| {
            let exchange = exchange();
            let log = MemoryLog::forgetful(exchange.clearing().last_sequence());
            let (venue, mut reports) =
                Venue::start(exchange, Box::new(log), config, Box::new(|| NOW), || ())
                    .expect("threads can be started");
            let mut out = Vec::new();
            bencher.iter(|| flood(&venue.inbox(), &mut reports, &orders, batch, &mut out));
            drop(reports);
            venue.stop().expect("a log in memory does not fail");
        });
    }
    group.finish();
}

fn ring_hop(criterion: &mut Criterion) {
    criterion.bench_function("ring hop/there and back", |bencher| {
        bencher.iter_custom(|iterations| {
            let there = Arc::new(ArrayQueue::<u64>::new(64));
            let back = Arc::new(ArrayQueue::<u64>::new(64));
            let other = {
                let (there, back) = (there.clone(), back.clone());
                std::thread::spawn(move || {
                    for _ in 0..iterations {
                        let message = pop(&there);
                        back.push(message).expect("there is one message at a time");
                    }
                })
            };
            let start = Instant::now();
            for message in 0..iterations {
                there.push(message).expect("there is one message at a time");
                black_box(pop(&back));
            }
            let taken = start.elapsed();
            other.join().expect("the other side does not panic");
            taken
        });
    });
    criterion.bench_function("ring hop/push and pop on one thread", |bencher| {
        let ring = ArrayQueue::<[u64; 8]>::new(64);
        bencher.iter(|| {
            ring.push(black_box([7; 8])).expect("it is empty");
            black_box(ring.pop())
        });
    });
}

fn pop(ring: &ArrayQueue<u64>) -> u64 {
    loop {
        match ring.pop() {
            Some(message) => return message,
            None => spin_loop(),
        }
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2));
    targets = ring_hop, venue
}
criterion_main!(benches);
