//! Promise: an order goes from one state to the next in the ways that `docs/protocol.md` lists, and
//! in all of them: the table there is what really happens in a run of all types.

#![allow(clippy::unwrap_used)] // a test may stop at what it did not expect

use std::collections::{BTreeMap, BTreeSet};

use engine::domain::{
    AccountId, Amount, AssetId, CircuitBreaker, ClientOrderId, OrderId, PairId, Price, Quantity,
    SelfTradePrevention, Side, Special, StopKind, TimeInForce, Timestamp, TradingStatus,
    TrailingDistance, TriggerBy, UserName,
};
use engine::exchange::Exchange;
use engine::report::{OrderChange, OrderReason, OrderStatus, Report, ReportKind};
use engine::request::{Correlation, OrderRef, PlaceRequest, Request, RequestKind};
use gateway::config::{Config, DemoOptions};
use gateway::wire::{order_reason_word, order_status_word};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const SEEDS: u64 = 24;
const STEPS: u32 = 4_000;
const PAIR: PairId = PairId(0);
const USERS: [&str; 3] = ["alice", "bob", "carol"];
/// Where the demo's first pair starts from, in ticks.
const CENTER: u32 = 100_000;

/// A way from one state to the next: from, reason, to.
type Way = (Option<OrderStatus>, Option<OrderReason>, OrderStatus);

struct Run {
    exchange: Exchange,
    random: ChaCha8Rng,
    now: Timestamp,
    orders: u64,
    states: BTreeMap<OrderId, OrderStatus>,
    ways: BTreeSet<[&'static str; 3]>,
}

impl Run {
    fn new(seed: u64) -> Run {
        let mut config = Config::demo(&DemoOptions::default());
        // Every other run has a circuit breaker of ten ticks.
        if seed % 2 == 1 {
            let breaker = CircuitBreaker {
                band: 1,
                halt_ms: 300,
            };
            let pair = config.exchange.pairs[0].with_breaker(breaker).unwrap();
            config.exchange.pairs[0] = pair;
        }
        let mut run = Run {
            exchange: Exchange::new(config.exchange).unwrap(),
            random: ChaCha8Rng::seed_from_u64(seed),
            now: Timestamp(1_700_000_000_000),
            orders: 0,
            states: BTreeMap::new(),
            ways: BTreeSet::new(),
        };
        for (account, user) in (0..).map(AccountId).zip(USERS) {
            let name = UserName::new(user).unwrap();
            run.ask(RequestKind::OpenAccount { name });
            for asset in (0..4).map(AssetId) {
                let amount = Amount::new(1 << 50).unwrap();
                run.ask(RequestKind::Deposit {
                    account,
                    asset,
                    amount,
                });
            }
        }
        run
    }

    fn ask(&mut self, kind: RequestKind) {
        let correlation = Correlation(0);
        let request = Request { correlation, kind };
        let mut reports: Vec<Report> = Vec::new();
        self.exchange.apply(&request, self.now, &mut reports);
        for report in &reports {
            if let ReportKind::Order(change) = &report.kind {
                self.take(change);
            }
        }
    }

    fn take(&mut self, change: &OrderChange) {
        let before = self.states.insert(change.order, change.status);
        assert!(
            before.is_none_or(|status| !status.is_final()),
            "after its end: {change:?}"
        );
        self.ways
            .insert(words((before, change.reason, change.status)));
    }

    fn step(&mut self) {
        let random = &mut self.random;
        self.now = self.now.plus(random.random_range(0..50));
        let account = AccountId(random.random_range(0..3));
        let order = OrderRef::Id(OrderId(
            random.random_range(self.orders.saturating_sub(60)..=self.orders.max(1)),
        ));
        let kind = match random.random_range(0..100) {
            0..70 => RequestKind::Place(self.place(account)),
            70..80 => RequestKind::Amend {
                account,
                order,
                price: self.maybe(|run| run.price()),
                quantity: self.maybe(|run| run.lots(1..12)),
            },
            80..88 => RequestKind::Cancel { account, order },
            88 => RequestKind::CancelAll {
                account,
                pair: None,
                side: None,
                disconnected: random.random_bool(0.5),
            },
            89..91 => RequestKind::CancelAfter {
                account,
                timeout_ms: random.random_range(0..500),
            },
            91 => RequestKind::SetTradingStatus {
                pair: PAIR,
                status: TradingStatus::Halted,
            },
            _ => RequestKind::SetTradingStatus {
                pair: PAIR,
                status: TradingStatus::Open,
            },
        };
        self.ask(kind);
        self.orders = self.exchange.clearing().next_order_id().0;
    }

    fn place(&mut self, account: AccountId) -> PlaceRequest {
        let limit = self.price();
        let by = if self.random.random_bool(0.7) {
            TriggerBy::Last
        } else {
            TriggerBy::Mark
        };
        let special = match self.random.random_range(0..10) {
            0..4 => Special::None,
            4..6 => Special::Stop {
                kind: [StopKind::StopLoss, StopKind::TakeProfit][self.random.random_range(0..2)],
                trigger: self.price(),
                by,
            },
            6 => Special::Trailing {
                distance: if self.random.random_bool(0.5) {
                    TrailingDistance::ticks(self.random.random_range(1..8)).unwrap()
                } else {
                    TrailingDistance::basis_points(1).unwrap()
                },
                by,
            },
            7..9 => Special::Oco {
                trigger: self.price(),
                limit: self.maybe(|run| run.price()),
                by,
            },
            _ => Special::Iceberg {
                display: self.lots(1..4),
            },
        };
        let may_be_market = matches!(special, Special::None | Special::Stop { .. });
        let is_market = matches!(special, Special::Trailing { .. })
            || (may_be_market && self.random.random_bool(0.3));
        let time_in_force = match special {
            Special::None | Special::Stop { .. } => match self.random.random_range(0..6) {
                0 => TimeInForce::ImmediateOrCancel,
                1 => TimeInForce::FillOrKill,
                _ => TimeInForce::GoodTillCancelled,
            },
            _ => TimeInForce::GoodTillCancelled,
        };
        let stays = time_in_force == TimeInForce::GoodTillCancelled;
        let may_expire = stays && !(is_market && special == Special::None);
        let self_trade = [
            SelfTradePrevention::CancelTaker,
            SelfTradePrevention::CancelMaker,
            SelfTradePrevention::CancelBoth,
            SelfTradePrevention::Decrement,
        ][self.random.random_range(0..4)];
        PlaceRequest {
            account,
            pair: PAIR,
            client_order_id: None::<ClientOrderId>,
            side: [Side::Buy, Side::Sell][self.random.random_range(0..2)],
            limit: Some(limit).filter(|_| !is_market),
            quantity: self.lots(1..10),
            time_in_force,
            post_only: false,
            self_trade,
            special,
            expires_at: Some(self.now.plus(self.random.random_range(1..3_000)))
                .filter(|_| may_expire && self.random.random_bool(0.3)),
            margin: engine::domain::MarginRequest::None,
        }
    }

    fn maybe<T>(&mut self, make: impl FnOnce(&mut Run) -> T) -> Option<T> {
        self.random.random_bool(0.6).then(|| make(self))
    }

    fn price(&mut self) -> Price {
        Price::new(CENTER + self.random.random_range(0..24) - 12).unwrap()
    }

    fn lots(&mut self, range: std::ops::Range<u64>) -> Quantity {
        Quantity::new(self.random.random_range(range)).unwrap()
    }
}

fn words((from, reason, to): Way) -> [&'static str; 3] {
    [
        from.map_or("(placed)", order_status_word),
        reason.map_or("-", order_reason_word),
        order_status_word(to),
    ]
}

#[test]
fn an_order_goes_the_ways_that_are_written_down_and_no_others() {
    let mut found = BTreeSet::new();
    for seed in 0..SEEDS {
        let mut run = Run::new(seed);
        for _ in 0..STEPS {
            run.step();
        }
        run.exchange.verify().unwrap();
        found.append(&mut run.ways);
    }
    let rows = found.into_iter().map(|[from, reason, to]| {
        let quoted = |word: &str| match word {
            "(placed)" | "-" => word.to_owned(),
            word => format!("`{word}`"),
        };
        format!("| {} | {} | {} |", quoted(from), quoted(reason), quoted(to))
    });
    let found: Vec<String> = rows.collect();
    let document = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/protocol.md");
    let document = std::fs::read_to_string(document).unwrap();
    let table = document
        .split("| from | reason | to |\n|---|---|---|\n")
        .nth(1);
    let listed: Vec<&str> = table
        .unwrap()
        .lines()
        .take_while(|it| !it.is_empty())
        .collect();
    assert_eq!(listed.join("\n"), found.join("\n"));
}
