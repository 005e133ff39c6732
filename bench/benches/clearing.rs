//! What money and risk cost: a decision and the settlement of its events, alone and with the
//! matcher between them (the inline [`Exchange`]), beside the matcher alone as the floor.
//!
//! `rest_cancel`: an order that rests and is cancelled, far from the market: two requests.
//! `cross`: an order that trades whole with one resting order: two requests, one trade.
//! `mixed`: orders of 64 accounts around a price, three in ten of them taking, with cancels:
//! what a busy pair looks like. One element is one request everywhere.

use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use engine::Sink;
use engine::clearing::{Clearing, Decision, ExchangeConfig};
use engine::command::OrderCommand;
use engine::domain::{
    AccountId, Amount, AssetId, BasisPoints, MarginRequest, OrderId, Pair, PairId, PairLimits,
    PairSpec, Price, Quantity, SelfTradePrevention, Side, TimeInForce, Timestamp, UserName,
};
use engine::event::Event;
use engine::exchange::{Discard, Exchange};
use engine::matching::Matcher;
use engine::report::Report;
use engine::request::{Correlation, OrderRef, PlaceRequest, Request, RequestKind};

const ACCOUNTS: u32 = 64;
const BATCH: usize = 10_000;
const PAIR: PairId = PairId(0);

fn config() -> ExchangeConfig {
    let pair = Pair::new(PairSpec {
        id: PAIR,
        base: AssetId(0),
        quote: AssetId(1),
        base_units_per_lot: 10_000,
        quote_units_per_tick_lot: 100,
        limits: PairLimits {
            min_quantity: Quantity::new(1).expect("in range"),
            max_quantity: Quantity::MAX,
            min_notional: Amount::ZERO,
            price_band: 10_000,
            max_open_orders: 1 << 20,
        },
        maker_fee: BasisPoints::new(10).expect("in range"),
        taker_fee: BasisPoints::new(25).expect("in range"),
        reference_price: Price::new(100_000).expect("in range"),
    });
    let mut config = ExchangeConfig::new(2, vec![pair.expect("the pair is well formed")]);
    // A few seconds of memory, as a day's is too much for a bench: forgetting is then part of
    // what is measured.
    config.retention_ms = 50;
    config
}

fn funded() -> Exchange {
    let mut exchange = Exchange::new(config()).expect("the configuration is well formed");
    for account in 0..ACCOUNTS {
        let name = UserName::new(&format!("user{account}")).expect("a short name");
        ask(&mut exchange, RequestKind::OpenAccount { name });
        for asset in [AssetId(0), AssetId(1)] {
            let kind = RequestKind::Deposit {
                account: AccountId(account),
                asset,
                amount: Amount::new(1 << 56).expect("in range"),
            };
            ask(&mut exchange, kind);
        }
    }
    exchange
}

fn ask(exchange: &mut Exchange, kind: RequestKind) {
    let request = Request {
        correlation: Correlation(0),
        kind,
    };
    exchange.apply(&request, Timestamp(1), &mut Discard);
}

fn place(account: u32, side: Side, price: u32, lots: u64, time_in_force: TimeInForce) -> Request {
    Request {
        correlation: Correlation(1),
        kind: RequestKind::Place(PlaceRequest {
            account: AccountId(account),
            pair: PAIR,
            client_order_id: None,
            side,
            limit: Price::new(price),
            quantity: Quantity::new(lots).expect("in range"),
            time_in_force,
            post_only: false,
            self_trade: SelfTradePrevention::CancelMaker,
            special: engine::domain::Special::None,
            expires_at: None,
            margin: MarginRequest::None,
        }),
    }
}

fn cancel(account: u32, id: u64) -> Request {
    Request {
        correlation: Correlation(1),
        kind: RequestKind::Cancel {
            account: AccountId(account),
            order: OrderRef::Id(OrderId(id)),
        },
    }
}

/// A small generator of its own, so that the flow is the same everywhere and for ever.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

fn rest_cancel(first_id: u64) -> Vec<Request> {
    let mut requests = Vec::with_capacity(BATCH);
    for index in 0..(BATCH / 2) as u64 {
        let account = (index % u64::from(ACCOUNTS)) as u32;
        let price = 90_000 - (index % 50) as u32;
        requests.push(place(
            account,
            Side::Buy,
            price,
            10,
            TimeInForce::GoodTillCancelled,
        ));
        requests.push(cancel(account, first_id + index));
    }
    requests
}

fn cross() -> Vec<Request> {
    let mut requests = Vec::with_capacity(BATCH);
    for index in 0..(BATCH / 2) as u64 {
        let maker = (index % u64::from(ACCOUNTS)) as u32;
        let taker = (maker + 1) % ACCOUNTS;
        let good = TimeInForce::GoodTillCancelled;
        requests.push(place(maker, Side::Sell, 100_000, 10, good));
        requests.push(place(taker, Side::Buy, 100_001, 10, good));
    }
    requests
}

/// A flow whose ids are known beforehand, since no request of it is refused.
fn mixed(random: &mut Random, next_id: &mut u64, live: &mut Vec<(u32, u64)>) -> Vec<Request> {
    let mut requests = Vec::with_capacity(BATCH);
    while requests.len() < BATCH {
        if live.len() > 2_000 || random.below(10) < 4 && !live.is_empty() {
            let index = random.below(live.len() as u64) as usize;
            let (account, id) = live.swap_remove(index);
            requests.push(cancel(account, id));
            continue;
        }
        let account = random.below(u64::from(ACCOUNTS)) as u32;
        let side = if random.below(2) == 0 {
            Side::Buy
        } else {
            Side::Sell
        };
        let taking = random.below(10) < 3;
        let away = random.below(60) as u32;
        let price = match (side, taking) {
            (Side::Buy, false) => 99_999 - away,
            (Side::Buy, true) => 100_010,
            (Side::Sell, false) => 100_001 + away,
            (Side::Sell, true) => 99_990,
        };
        let time_in_force = if taking {
            TimeInForce::ImmediateOrCancel
        } else {
            live.push((account, *next_id));
            TimeInForce::GoodTillCancelled
        };
        *next_id += 1;
        requests.push(place(
            account,
            side,
            price,
            1 + random.below(20),
            time_in_force,
        ));
    }
    requests
}

/// Takes everything and keeps nothing but that it was there.
struct Swallow;

impl Sink<Report> for Swallow {
    fn push(&mut self, report: Report) {
        black_box(&report);
    }
}

fn run(exchange: &mut Exchange, requests: &[Request], now: &mut u64) {
    // A millisecond for each thousand requests.
    for chunk in requests.chunks(1_000) {
        *now += 1;
        for request in chunk {
            exchange.apply(request, Timestamp(*now), &mut Swallow);
        }
    }
}

fn exchange(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("exchange");
    group.throughput(Throughput::Elements(BATCH as u64));
    group.bench_function("rest_cancel", |bencher| {
        let (mut exchange, mut now) = (funded(), 1);
        bencher.iter_batched(
            || (),
            |()| {
                let first = exchange.clearing().next_order_id().0;
                // Ids move on; making the requests is a few nanoseconds of each.
                let requests = rest_cancel(first);
                run(&mut exchange, &requests, &mut now);
            },
            BatchSize::LargeInput,
        );
    });
    group.bench_function("cross", |bencher| {
        let (mut exchange, mut now) = (funded(), 1);
        let requests = cross();
        bencher.iter(|| run(&mut exchange, &requests, &mut now));
    });
    group.bench_function("mixed", |bencher| {
        let (mut exchange, mut now) = (funded(), 1);
        let (mut random, mut next, mut live) = (Random(7), 1, Vec::new());
        bencher.iter_batched(
            || mixed(&mut random, &mut next, &mut live),
            |requests| run(&mut exchange, &requests, &mut now),
            BatchSize::LargeInput,
        );
    });
    group.finish();
}

/// The same mixed flow through a matcher alone: what is left is clearing's.
fn floor(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("matcher_alone");
    group.throughput(Throughput::Elements(BATCH as u64));
    group.bench_function("mixed", |bencher| {
        let (mut clearing, mut matcher) = parts();
        let (mut random, mut next, mut live) = (Random(7), 1, Vec::new());
        let mut alone = Matcher::new(engine::book::BookConfig::default());
        bencher.iter_batched(
            || {
                commands_of(
                    &mixed(&mut random, &mut next, &mut live),
                    &mut clearing,
                    &mut matcher,
                )
            },
            |commands| {
                let mut events = Vec::new();
                for command in &commands {
                    events.clear();
                    alone.apply(command, &mut events);
                    black_box(&events);
                }
            },
            BatchSize::LargeInput,
        );
    });
    group.finish();
}

fn parts() -> (Clearing, Matcher) {
    let (clearing, mut matchers) = funded().into_parts();
    (clearing, matchers.remove(0))
}

/// What the matcher is told of `requests`.
fn commands_of(
    requests: &[Request],
    clearing: &mut Clearing,
    matcher: &mut Matcher,
) -> Vec<OrderCommand> {
    let mut commands = Vec::new();
    let (mut decisions, mut events) = (Vec::new(), Vec::<Event>::new());
    for request in requests {
        clearing.decide(request, Timestamp(1), &mut decisions);
        for decision in decisions.drain(..) {
            if let Decision::Command(command) = decision
                && let Some((pair, order)) = command.kind.order_command()
            {
                commands.push(order);
                matcher.apply(&order, &mut events);
                for event in events.drain(..) {
                    clearing.settle(pair, &event, &mut Discard);
                }
            }
        }
    }
    commands
}

/// Decisions ahead of settlement by a batch, as on threads: clearing's two halves by themselves.
fn clearing(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("clearing");
    group.throughput(Throughput::Elements(BATCH as u64));
    group.bench_function("decide_settle_mixed", |bencher| {
        let (mut clearing, mut matcher) = parts();
        let (mut random, mut next, mut live) = (Random(7), 1, Vec::new());
        let mut decisions = Vec::new();
        let mut events: Vec<Event> = Vec::new();
        let mut spent = std::time::Duration::ZERO;
        bencher.iter_custom(|iterations| {
            for _ in 0..iterations {
                let requests = mixed(&mut random, &mut next, &mut live);
                for chunk in requests.chunks(100) {
                    decisions.clear();
                    events.clear();
                    let start = std::time::Instant::now();
                    for request in chunk {
                        clearing.decide(request, Timestamp(1), &mut decisions);
                    }
                    spent += start.elapsed();
                    for decision in &decisions {
                        if let Decision::Command(command) = decision
                            && let Some((_, order)) = command.kind.order_command()
                        {
                            matcher.apply(&order, &mut events);
                        }
                    }
                    let start = std::time::Instant::now();
                    for event in &events {
                        clearing.settle(PAIR, event, &mut Swallow);
                    }
                    spent += start.elapsed();
                }
            }
            std::mem::take(&mut spent)
        });
    });
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(20)
        .warm_up_time(std::time::Duration::from_secs(1))
        .measurement_time(std::time::Duration::from_secs(3));
    targets = exchange, clearing, floor
}
criterion_main!(benches);
