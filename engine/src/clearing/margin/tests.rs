//! Margin through the whole exchange: figures that the rules give, and random orders under the
//! full walk after every command, a replay and a snapshot.

#![allow(clippy::unwrap_used, reason = "a test stops where its table is wrong")]

mod figures;
mod life;
mod random;

use crate::clearing::ExchangeConfig;
use crate::command::Command;
use crate::domain::{
    AccountId, Amount, AssetId, BasisPoints, Lending, Leverage, MarginRatio, MarginRequest,
    Movement, Pair, PairId, PairLimits, PairMargin, PairSpec, Price, Quantity, Reserve,
    SelfTradePrevention, Side, Special, TimeInForce, Timestamp, UserName,
};
use crate::exchange::Exchange;
use crate::report::{Answer, Report, ReportKind};
use crate::request::{Correlation, PlaceRequest, Request, RequestKind};

const BASE: AssetId = AssetId(0);
const QUOTE: AssetId = AssetId(1);
const PAIR: PairId = PairId(0);

fn price(ticks: u32) -> Price {
    Price::new(ticks).unwrap()
}

fn lots(lots: u64) -> Quantity {
    Quantity::new(lots).unwrap()
}

fn amount(units: u64) -> Amount {
    Amount::new(units).unwrap()
}

/// A ratio in hundredths.
fn percent(hundredths: u32) -> MarginRatio {
    MarginRatio::new(hundredths * 1_000).unwrap()
}

fn terms() -> PairMargin {
    PairMargin {
        max_leverage: Leverage::new(1_000).unwrap(),
        initial: percent(10),
        maintenance: percent(5),
        grace_ms: 3_600_000,
        liquidation_fee: BasisPoints::new(50).unwrap(),
        max_position: lots(1_000_000),
        max_open_interest: lots(10_000_000),
        max_mark_age_ms: 3_600_000,
        index_band: None,
    }
}

fn specification() -> PairSpec {
    PairSpec {
        id: PAIR,
        base: BASE,
        quote: QUOTE,
        base_units_per_lot: 1,
        quote_units_per_tick_lot: 1,
        limits: PairLimits {
            min_quantity: lots(1),
            max_quantity: lots(1 << 30),
            min_notional: Amount::ZERO,
            price_band: 5_000,
            max_open_orders: 1_000,
        },
        maker_fee: BasisPoints::ZERO,
        taker_fee: BasisPoints::ZERO,
        reference_price: price(1_000),
    }
}

fn config(terms: PairMargin, specification: PairSpec, hourly_rate: u32) -> ExchangeConfig {
    let pair = Pair::new(specification).unwrap().with_margin(terms);
    let lending = Lending {
        limit: Amount::MAX,
        hourly_rate,
    };
    ExchangeConfig {
        lending: vec![lending; 2],
        ..ExchangeConfig::new(2, vec![pair.unwrap()])
    }
}

/// An exchange that is walked over whole after every request.
struct World {
    exchange: Exchange,
    now: Timestamp,
    log: Vec<Command>,
    told: Vec<Report>,
}

impl World {
    fn new(config: ExchangeConfig, accounts: u32) -> World {
        let mut world = World {
            exchange: Exchange::new(config).unwrap(),
            now: Timestamp(1_000),
            log: Vec::new(),
            told: Vec::new(),
        };
        for account in 0..accounts {
            let name = UserName::new(&format!("user{account}")).unwrap();
            world.ask(RequestKind::OpenAccount { name });
        }
        world
    }

    /// With so much for each account, and as much in pool and fund.
    fn funded(config: ExchangeConfig, accounts: u32, (base, quote): (u64, u64)) -> World {
        let mut world = World::new(config, accounts);
        for (asset, units) in [(BASE, base), (QUOTE, quote)] {
            for account in (0..accounts).map(AccountId) {
                world.ask(RequestKind::Deposit {
                    account,
                    asset,
                    amount: amount(units),
                });
            }
            world.fund(Reserve::LendingPool, asset, units);
        }
        world
    }

    fn fund(&mut self, reserve: Reserve, asset: AssetId, units: u64) -> Answer {
        self.ask(RequestKind::FundReserve {
            reserve,
            asset,
            change: Movement::In(amount(units)),
        })
    }

    fn ask(&mut self, kind: RequestKind) -> Answer {
        let request = Request {
            correlation: Correlation(7),
            kind,
        };
        self.told.clear();
        let now = self.now;
        self.exchange
            .apply_logged(&request, now, &mut self.told, &mut self.log);
        self.exchange.verify().unwrap();
        let answers: Vec<Answer> = self
            .told
            .iter()
            .filter_map(|report| match report.kind {
                ReportKind::Answer { answer, .. } => Some(answer),
                _ => None,
            })
            .collect();
        assert_eq!(answers.len(), 1, "one answer to {kind:?}: {answers:?}");
        answers[0]
    }

    fn wait(&mut self, ms: u64) {
        self.now = self.now.plus(ms);
        self.told.clear();
        let now = self.now;
        self.exchange
            .tick_logged(now, &mut self.told, &mut self.log);
        self.exchange.verify().unwrap();
    }

    fn place(
        &mut self,
        account: u32,
        side: Side,
        limit: Option<u32>,
        quantity: u64,
        margin: MarginRequest,
    ) -> Answer {
        self.ask(RequestKind::Place(place(
            account, side, limit, quantity, margin,
        )))
    }

    fn spot(&mut self, account: u32, side: Side, limit: u32, quantity: u64) -> Answer {
        self.place(account, side, Some(limit), quantity, MarginRequest::None)
    }

    /// What the positions, calls and liquidations say in the last request, a line each.
    fn said(&self) -> Vec<String> {
        let lines = self.told.iter().filter_map(|report| match report.kind {
            ReportKind::Position(change) => Some(format!(
                "{:?} {} lots cost {} collateral {} realised {}",
                change.reason,
                change.position.size.lots(),
                change.position.cost.units(),
                change.position.collateral.units(),
                change.realised
            )),
            ReportKind::MarginCall(call) => Some(format!("{:?} call", call.severity)),
            ReportKind::MarginCallCleared { .. } => Some("call cleared".to_owned()),
            ReportKind::Liquidation { stage, .. } => Some(format!("liquidation {stage:?}")),
            ReportKind::Deleveraged { quantity, .. } => {
                Some(format!("deleveraged {}", quantity.lots()))
            }
            _ => None,
        });
        lines.collect()
    }

    fn balance(&self, account: u32, asset: AssetId) -> (u64, u64) {
        let balance = self.exchange.clearing().balance(AccountId(account), asset);
        let balance = balance.unwrap();
        (balance.available.units(), balance.held.units())
    }

    /// Replays what was logged, and takes a snapshot up: both must be as this.
    fn check_again(&self, config: &ExchangeConfig) {
        let mut again = Exchange::new(config.clone()).unwrap();
        for command in &self.log {
            again.replay(command, &mut Vec::new()).unwrap();
        }
        again.verify().unwrap();
        let digest = self.exchange.state_digest();
        assert_eq!(again.state_digest(), digest, "replayed");
        let restored = Exchange::restore(config.clone(), &self.exchange.state()).unwrap();
        assert_eq!(restored.state_digest(), digest, "restored");
        assert_eq!(restored.state(), self.exchange.state());
    }
}

fn place(
    account: u32,
    side: Side,
    limit: Option<u32>,
    quantity: u64,
    margin: MarginRequest,
) -> PlaceRequest {
    PlaceRequest {
        account: AccountId(account),
        pair: PAIR,
        client_order_id: None,
        side,
        limit: limit.map(price),
        quantity: lots(quantity),
        time_in_force: TimeInForce::GoodTillCancelled,
        post_only: false,
        self_trade: SelfTradePrevention::CancelTaker,
        special: Special::None,
        expires_at: None,
        margin,
    }
}

fn leverage(times: u16) -> MarginRequest {
    MarginRequest::Leverage(Leverage::new(times * 100).unwrap())
}
