//! Promise: in a crash every coin is accounted for. A thousand longs of two to ten times their
//! margin stand against a few shorts while the price falls by 30% through a thin book: they are
//! liquidated, the insurance fund pays until it is empty, opposite positions are reduced, and who
//! finds nobody waits. It takes a bounded number of commands, and a seed is a history.

use engine::clearing::PositionState;
use engine::command::{Command, CommandKind, MarginCommand};
use engine::domain::{
    AccountId, Amount, AssetId, Funding, Leverage, MarginRatio, MarginRequest, Movement, Pair,
    PairId, PairLimits, PairMargin, PositionSide, Price, Quantity, Reserve, SelfTradePrevention,
    Side, Special, TimeInForce, Timestamp, UserName,
};
use engine::exchange::Exchange;
use engine::report::{Answer, LiquidationStage, Report, ReportKind};
use engine::request::{Correlation, PlaceRequest, Request, RequestKind};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use testkit::world::{Terms, World};

const LONGS: u32 = 1_000;
const SHORTS: u32 = 60;
/// Two who make the market.
const BUYER: AccountId = AccountId(LONGS + SHORTS);
const SELLER: AccountId = AccountId(LONGS + SHORTS + 1);
const START: u32 = 10_000;
/// What the insurance fund begins with.
const FUND: u64 = 100_000;
const QUOTE: AssetId = AssetId(1);

struct Crash {
    exchange: Exchange,
    random: ChaCha8Rng,
    now: Timestamp,
    asked: u64,
    orders: u64,
    log: Vec<Command>,
    reports: Vec<Report>,
}

impl Crash {
    fn new(seed: u64) -> Crash {
        let config = world().config;
        let mut crash = Crash {
            exchange: Exchange::new(config).expect("it may be"),
            random: ChaCha8Rng::seed_from_u64(seed),
            now: Timestamp(1_000_000),
            asked: 0,
            orders: 0,
            log: Vec::new(),
            reports: Vec::new(),
        };
        for account in 0..LONGS + SHORTS + 2 {
            let name = UserName::new(&format!("user{account}")).expect("it is short");
            crash.ask(RequestKind::OpenAccount { name });
            let account = AccountId(account);
            for asset in [AssetId(0), QUOTE] {
                let is_maker = account == BUYER || account == SELLER;
                let amount = amount(match (is_maker, asset) {
                    (true, QUOTE) => 1_000_000_000_000,
                    (true, _) => 1_000_000,
                    (false, QUOTE) => 10_000_000,
                    (false, _) => continue,
                });
                crash.ask(RequestKind::Deposit {
                    account,
                    asset,
                    amount,
                });
            }
        }
        for (reserve, asset, units) in [
            (Reserve::LendingPool, AssetId(0), 1_000_000),
            (Reserve::LendingPool, QUOTE, 1_000_000_000_000),
            (Reserve::InsuranceFund, QUOTE, FUND),
        ] {
            let change = Movement::In(amount(units));
            crash.ask(RequestKind::FundReserve {
                reserve,
                asset,
                change,
            });
        }
        crash
    }

    /// Everybody opens: each long against a short, or against who only sells.
    fn open(&mut self) {
        for long in 0..LONGS {
            let lots = self.random.random_range(5..40);
            let leverage = self.random.random_range(200..=1_000);
            let (seller, margin) = match long % 5 {
                0 => {
                    let short = LONGS + long / 5 % SHORTS;
                    (AccountId(short), self.random.random_range(200..=1_000))
                }
                _ => (SELLER, 0),
            };
            self.place(seller, Side::Sell, (Some(START), lots), margin);
            self.place(AccountId(long), Side::Buy, (Some(START), lots), leverage);
        }
    }

    /// The price falls, in steps, and a little is bid at each.
    fn fall(&mut self) {
        for step in 0..60 {
            for account in [BUYER, SELLER] {
                self.ask(RequestKind::CancelAll {
                    account,
                    pair: None,
                    side: None,
                    disconnected: false,
                });
            }
            let price = START - (step + 1) * 50;
            self.place(SELLER, Side::Sell, (Some(price + 10), 500), 0);
            self.place(BUYER, Side::Buy, (Some(price * 3 / 4), 5), 0);
            self.place(BUYER, Side::Buy, (Some(price), 20), 0);
            self.place(SELLER, Side::Sell, (Some(price), 1), 0);
            for _ in 0..6 {
                let lots = self.random.random_range(5..60);
                self.place(BUYER, Side::Buy, (Some(price), lots), 0);
                self.tick(1_000);
            }
            self.check();
        }
    }

    fn place(
        &mut self,
        account: AccountId,
        side: Side,
        (limit, lots): (Option<u32>, u64),
        hundredths: u16,
    ) {
        self.orders += 1;
        self.ask(RequestKind::Place(PlaceRequest {
            account,
            pair: PairId(0),
            client_order_id: None,
            side,
            limit: limit.and_then(Price::new),
            quantity: Quantity::new(lots).expect("in range"),
            time_in_force: TimeInForce::GoodTillCancelled,
            post_only: false,
            self_trade: SelfTradePrevention::CancelTaker,
            special: Special::None,
            expires_at: None,
            margin: Leverage::new(hundredths).map_or(MarginRequest::None, MarginRequest::Leverage),
        }));
    }

    fn ask(&mut self, kind: RequestKind) {
        self.now = self.now.plus(1);
        self.asked += 1;
        let request = Request {
            correlation: Correlation(self.asked),
            kind,
        };
        let told = self.reports.len();
        self.exchange
            .apply_logged(&request, self.now, &mut self.reports, &mut self.log);
        let refused = self.reports[told..].iter().find(|report| {
            let answer = &report.kind;
            matches!(
                answer,
                ReportKind::Answer {
                    answer: Answer::Rejected(_),
                    ..
                }
            )
        });
        assert_eq!(refused, None, "{kind:?}");
    }

    fn tick(&mut self, millis: u64) {
        self.now = self.now.plus(millis);
        self.exchange
            .tick_logged(self.now, &mut self.reports, &mut self.log);
    }

    /// Totals are exact, and whoever is below the maintenance ratio is being liquidated.
    // G-2, G-15
    fn check(&self) {
        self.exchange.verify().expect("the exchange is whole");
        let clearing = self.exchange.clearing();
        let positions = self.positions();
        for asset in [AssetId(0), QUOTE] {
            let totals = clearing.totals(asset).expect("it is an asset");
            assert_eq!(totals.sum(), u128::from(totals.inside.units()));
            let owed: u64 = positions.iter().map(|it| owes(it, asset)).sum();
            let debts: u64 = self.debts(asset);
            assert_eq!(totals.reserves.lent.units(), owed + debts);
        }
        let state = self.exchange.state();
        let margin = state.clearing.markets[0].margin.as_ref();
        let quote = margin.expect("it is traded on margin").quote;
        let (Some(bid), Some(ask), Some(last)) = (quote.bid, quote.ask, quote.last) else {
            return;
        };
        let mut three = [bid, ask, last];
        three.sort_unstable();
        for position in positions.iter().filter(|it| it.liquidation.is_none()) {
            assert!(
                is_above_maintenance(position, three[1]),
                "not liquidated at {:?}: {position:#?}",
                three[1]
            );
        }
    }

    fn positions(&self) -> Vec<PositionState> {
        let state = self.exchange.state();
        let margin = state.clearing.markets[0].margin.clone();
        margin.expect("it is traded on margin").positions
    }

    fn debts(&self, asset: AssetId) -> u64 {
        let state = self.exchange.state();
        let margin = state.clearing.markets[0].margin.clone();
        let debts = margin.expect("it is traded on margin").debts;
        match asset {
            QUOTE => debts.iter().map(|it| it.amount.units()).sum(),
            _ => 0,
        }
    }
}

/// One market of longs, shorts and two makers, with 5% of maintenance.
fn world() -> World {
    let mut world = World::positions(5_000, 50);
    let terms = *world.config.pairs[0].margin().expect("it is on margin");
    let spec = testkit::world::spec(
        0,
        (0, 1),
        Terms {
            limits: PairLimits {
                max_open_orders: 1_000,
                ..Terms::plain().limits
            },
            ..Terms::plain()
        },
    );
    let spec = engine::domain::PairSpec {
        reference_price: Price::new(START).expect("it is above zero"),
        ..spec
    };
    let pair = Pair::new(spec).and_then(|pair| pair.with_margin(PairMargin { ..terms }));
    world.config.pairs = vec![pair.expect("it may be")];
    world.config.max_accounts = LONGS + SHORTS + 2;
    world
}

fn owes(position: &PositionState, asset: AssetId) -> u64 {
    match (position.side, asset) {
        (PositionSide::Long, QUOTE) => position.cost.units(),
        (PositionSide::Short, AssetId(0)) => position.size.lots(),
        _ => 0,
    }
}

// G-12
fn is_above_maintenance(position: &PositionState, mark: Price) -> bool {
    let number = |amount: Amount| i128::from(amount.units());
    let worth = i128::from(mark.ticks()) * i128::from(position.size.lots());
    let profit = match position.side {
        PositionSide::Long => worth - number(position.cost),
        PositionSide::Short => number(position.cost) - worth,
    };
    let equity = number(position.collateral) - number(position.interest) + profit;
    equity * i128::from(MarginRatio::WHOLE) > 5_000 * worth
}

fn amount(units: u64) -> Amount {
    Amount::new(units).expect("it is in range")
}

fn crash(seed: u64) -> Crash {
    let mut crash = Crash::new(seed);
    crash.open();
    crash.check();
    crash.fall();
    crash
}

/// How many reports, or commands, are of a kind.
fn count<T>(all: &[T], is_it: impl Fn(&T) -> bool) -> usize {
    all.iter().filter(|it| is_it(it)).count()
}

fn is_stage(report: &Report, wanted: fn(&LiquidationStage) -> bool) -> bool {
    matches!(&report.kind, ReportKind::Liquidation { stage, .. } if wanted(stage))
}

fn is_margin(command: &Command, wanted: fn(&MarginCommand) -> bool) -> bool {
    matches!(&command.kind, CommandKind::Margin { margin, .. } if wanted(margin))
}

// G-15 to G-22
#[test]
fn a_crash_of_a_thousand_positions_adds_up_and_ends() {
    let crash = crash(7);
    let placed = |wanted: Funding| {
        count(
            &crash.log,
            |command| matches!(command.kind, CommandKind::Place { funding, .. } if funding == wanted),
        )
    };
    let begun = count(&crash.log, |it| {
        is_margin(it, |it| {
            matches!(it, MarginCommand::BeginLiquidation { .. })
        })
    });
    let deleveraged = count(&crash.log, |it| {
        is_margin(it, |it| matches!(it, MarginCommand::Deleverage { .. }))
    });
    let waited = count(&crash.reports, |it| {
        is_stage(it, |it| *it == LiquidationStage::SuspendedLiquidity)
    });
    let told = crash.reports.iter().filter_map(|report| match report.kind {
        ReportKind::Reserve {
            reserve: Reserve::InsuranceFund,
            free,
            ..
        } => Some(free),
        _ => None,
    });
    let least = told.min().expect("something is said of the fund");
    assert!(begun > 500, "{begun} liquidations began");
    assert!(placed(Funding::Backstop) > 0, "the fund paid for nothing");
    assert!(least < amount(FUND / 10), "the fund kept {least:?}");
    assert!(deleveraged > 0, "nobody was deleveraged");
    assert!(waited > 0, "everybody found somebody");
    // No loop: beside what was asked, a few commands a position.
    let own = crash.log.len() as u64 - crash.asked;
    let most = 8 * u64::from(LONGS + SHORTS) + crash.orders;
    assert!(own <= most, "{own} commands, at most {most} are needed");
    println!(
        "{begun} liquidations, {} orders, {} of the fund, {deleveraged} deleveragings, {own} \
         commands of its own, {least:?} left of the fund, {waited} waits",
        placed(Funding::Liquidation),
        placed(Funding::Backstop)
    );
}

// G-22
#[test]
fn a_seed_is_a_history_and_its_log_replays() {
    let (one, other) = (crash(11), crash(11));
    assert!(
        one.reports == other.reports,
        "the same seed says something else"
    );
    assert!(one.log == other.log, "the same seed accepts something else");
    // Half of the log, written down and taken up again, then the rest.
    let config = world().config;
    let mut again = Exchange::new(config.clone()).expect("it may be");
    let (first, rest) = one.log.split_at(one.log.len() * 2 / 3);
    for command in first {
        again
            .replay(command, &mut Vec::new())
            .expect("it was accepted");
    }
    let mut resumed = Exchange::restore(config, &again.state()).expect("a state is whole");
    assert_eq!(resumed.state_digest(), again.state_digest());
    for command in rest {
        resumed
            .replay(command, &mut Vec::new())
            .expect("it was accepted");
    }
    assert_eq!(resumed.state_digest(), one.exchange.state_digest());
}
