//! What open positions cost a command that moves the mark price: 100, 10,000 and 100,000 of them,
//! of which the move concerns none, beside the same pair without positions. One element is one
//! command: an immediate order that trades one lot, through clearing, matcher and settlement.
//!
//! The figure to look at is the ratio between the sizes: only positions whose threshold the price
//! crosses are touched, the others are not even looked at.

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use engine::Sink;
use engine::clearing::ExchangeConfig;
use engine::domain::{
    AccountId, Amount, AssetId, BasisPoints, Lending, Leverage, MarginRatio, MarginRequest,
    Movement, Pair, PairId, PairLimits, PairMargin, PairSpec, Price, Quantity, Reserve,
    SelfTradePrevention, Side, Special, TimeInForce, Timestamp, UserName,
};
use engine::exchange::{Discard, Exchange};
use engine::report::{Report, ReportKind};
use engine::request::{Correlation, PlaceRequest, Request, RequestKind};

const PAIR: PairId = PairId(0);
const QUOTE: AssetId = AssetId(1);
/// Who stands in the book, and who takes from it.
const MAKER: AccountId = AccountId(0);
const TAKER: AccountId = AccountId(1);
const ROOM: u64 = 1 << 50;

fn config() -> ExchangeConfig {
    let pair = Pair::new(PairSpec {
        id: PAIR,
        base: AssetId(0),
        quote: QUOTE,
        base_units_per_lot: 1,
        quote_units_per_tick_lot: 1,
        limits: PairLimits {
            min_quantity: Quantity::new(1).expect("in range"),
            max_quantity: Quantity::MAX,
            min_notional: Amount::ZERO,
            price_band: 10_000,
            max_open_orders: 1 << 20,
        },
        maker_fee: BasisPoints::ZERO,
        taker_fee: BasisPoints::ZERO,
        reference_price: Price::new(100_000).expect("in range"),
    });
    let ratio = |percent: u32| MarginRatio::new(percent * 1_000).expect("in range");
    let pair = pair.expect("well formed").with_margin(PairMargin {
        max_leverage: Leverage::new(1_000).expect("in range"),
        initial: ratio(10),
        maintenance: ratio(5),
        grace_ms: 3_600_000,
        liquidation_fee: BasisPoints::new(50).expect("in range"),
        max_position: Quantity::MAX,
        max_open_interest: Quantity::MAX,
        max_mark_age_ms: 3_600_000,
        index_band: None,
    });
    let lending = Lending {
        limit: Amount::MAX,
        hourly_rate: 0,
    };
    let mut config = ExchangeConfig::new(2, vec![pair.expect("well formed")]);
    config.lending = vec![lending; 2];
    config.retention_ms = 50;
    config
}

/// An exchange with so many longs, of leverages from 1.5 to 5 and so with calls far below.
struct Market {
    exchange: Exchange,
    now: u64,
}

impl Market {
    fn new(positions: u32) -> Market {
        let exchange = Exchange::new(config()).expect("well formed");
        let mut market = Market { exchange, now: 1 };
        for account in 0..positions + 2 {
            let name = UserName::new(&format!("user{account}")).expect("a short name");
            market.ask(RequestKind::OpenAccount { name });
        }
        let amount = Amount::new(ROOM).expect("in range");
        for asset in [AssetId(0), QUOTE] {
            for account in [MAKER, TAKER] {
                market.ask(RequestKind::Deposit {
                    account,
                    asset,
                    amount,
                });
            }
            market.ask(RequestKind::FundReserve {
                reserve: Reserve::LendingPool,
                asset,
                change: Movement::In(amount),
            });
        }
        market.place(
            MAKER,
            Side::Sell,
            100_000,
            u64::from(positions).max(1),
            MarginRequest::None,
        );
        for number in 0..positions {
            let account = AccountId(number + 2);
            market.ask(RequestKind::Deposit {
                account,
                asset: QUOTE,
                amount: Amount::new(100_000).expect("in range"),
            });
            let leverage = 150 + u16::try_from(number % 350).expect("below 350");
            let leverage = MarginRequest::Leverage(Leverage::new(leverage).expect("in range"));
            market.place(account, Side::Buy, 100_000, 1, leverage);
        }
        market.place(MAKER, Side::Buy, 99_900, 1 << 30, MarginRequest::None);
        market.place(MAKER, Side::Sell, 100_100, 1 << 30, MarginRequest::None);
        market
    }

    fn ask(&mut self, kind: RequestKind) {
        let request = Request {
            correlation: Correlation(0),
            kind,
        };
        self.now += 1;
        let now = Timestamp(self.now);
        self.exchange.apply(&request, now, &mut Discard);
    }

    fn place(
        &mut self,
        account: AccountId,
        side: Side,
        limit: u32,
        lots: u64,
        margin: MarginRequest,
    ) {
        self.ask(RequestKind::Place(PlaceRequest {
            account,
            pair: PAIR,
            client_order_id: None,
            side,
            limit: Price::new(limit),
            quantity: Quantity::new(lots).expect("in range"),
            time_in_force: TimeInForce::GoodTillCancelled,
            post_only: false,
            self_trade: SelfTradePrevention::CancelMaker,
            special: Special::None,
            expires_at: None,
            margin,
        }));
    }

    /// One command that moves the mark price to the bid or to the ask.
    fn move_mark(&mut self, up: bool, out: &mut Marks) {
        let (side, limit) = if up {
            (Side::Buy, 100_100)
        } else {
            (Side::Sell, 99_900)
        };
        let request = Request {
            correlation: Correlation(0),
            kind: RequestKind::Place(PlaceRequest {
                account: TAKER,
                pair: PAIR,
                client_order_id: None,
                side,
                limit: Price::new(limit),
                quantity: Quantity::new(1).expect("in range"),
                time_in_force: TimeInForce::ImmediateOrCancel,
                post_only: false,
                self_trade: SelfTradePrevention::CancelTaker,
                special: Special::None,
                expires_at: None,
                margin: MarginRequest::None,
            }),
        };
        self.now += 1;
        self.exchange.apply(&request, Timestamp(self.now), out);
    }
}

/// Counts what is said of the mark price, and of calls.
#[derive(Default)]
struct Marks {
    moved: u64,
    called: u64,
}

impl Sink<Report> for Marks {
    fn push(&mut self, report: Report) {
        match black_box(&report).kind {
            ReportKind::Mark { .. } => self.moved += 1,
            ReportKind::MarginCall(_) | ReportKind::MarginCallCleared { .. } => self.called += 1,
            _ => {}
        }
    }
}

fn moves(market: &mut Market, count: u64) -> Duration {
    let mut marks = Marks::default();
    let began = Instant::now();
    for number in 0..count {
        market.move_mark(number % 2 == 0, &mut marks);
    }
    let took = began.elapsed();
    assert!(
        marks.moved + 1 >= count,
        "each command moves the mark price"
    );
    assert_eq!(marks.called, 0, "no position is concerned");
    took
}

fn margin(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("margin");
    group.sample_size(20);
    group.warm_up_time(Duration::from_millis(300));
    group.measurement_time(Duration::from_secs(1));
    group.throughput(Throughput::Elements(1));
    let mut best = Vec::new();
    for positions in [0, 100, 10_000, 100_000] {
        let mut market = Market::new(positions);
        let id = BenchmarkId::new("mark_moves", positions);
        group.bench_with_input(id, &positions, |b, _| {
            b.iter_custom(|iterations| moves(&mut market, iterations));
        });
        let rounds = (0..20).map(|_| moves(&mut market, 2_000));
        best.push((positions, rounds.min().unwrap_or_default()));
    }
    group.finish();
    let (_, none) = best[0];
    for (positions, took) in best {
        let ratio = took.as_secs_f64() / none.as_secs_f64();
        println!("margin: {positions} positions: {ratio:.3} of none");
    }
}

criterion_group!(benches, margin);
criterion_main!(benches);
