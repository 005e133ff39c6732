//! A pair on margin through the whole: its quotes, what is due at once, its snapshots; and the
//! requests that the tests of threads ask too.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use super::*;
use crate::domain::*;
use crate::journal::{Check, Snapshot};
use crate::report::{LiquidationStage, ReportKind};
use crate::request::{Correlation, PlaceRequest, RequestKind};

pub(crate) const NOW: Timestamp = Timestamp(1_640_995_200_000);
const ASSETS: u16 = 3;

/// Two pairs of one quote, both on margin.
pub(crate) fn config() -> ExchangeConfig {
    let pair = |number| {
        let pair = Pair::new(PairSpec {
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
                max_open_orders: 50,
            },
            maker_fee: BasisPoints::new(7).unwrap(),
            taker_fee: BasisPoints::new(19).unwrap(),
            reference_price: Price::new(1_000).unwrap(),
        });
        pair.unwrap().with_margin(PairMargin {
            max_leverage: Leverage::new(1_000).unwrap(),
            initial: MarginRatio::new(10_000).unwrap(),
            maintenance: MarginRatio::new(5_000).unwrap(),
            grace_ms: 3_600_000,
            liquidation_fee: BasisPoints::new(50).unwrap(),
            max_position: Quantity::new(1_000_000).unwrap(),
            max_open_interest: Quantity::new(10_000_000).unwrap(),
            max_mark_age_ms: 3_600_000,
            index_band: None,
        })
    };
    let lending = Lending {
        limit: Amount::MAX,
        hourly_rate: 1_000,
    };
    ExchangeConfig {
        lending: vec![lending; usize::from(ASSETS)],
        ..ExchangeConfig::new(ASSETS, (0..2).map(|number| pair(number).unwrap()).collect())
    }
}

/// Opens and funds `accounts`, and fills the lending pool.
pub(crate) fn opening(accounts: u32) -> Vec<RequestKind> {
    let amount = Amount::new(10_000_000).unwrap();
    let mut asks = Vec::new();
    for asset in (0..ASSETS).map(AssetId) {
        asks.push(RequestKind::FundReserve {
            reserve: Reserve::LendingPool,
            asset,
            change: Movement::In(amount),
        });
    }
    for account in 0..accounts {
        let name = UserName::new(&format!("user{account}")).unwrap();
        asks.push(RequestKind::OpenAccount { name });
        asks.extend((0..ASSETS).map(|asset| RequestKind::Deposit {
            account: AccountId(account),
            asset: AssetId(asset),
            amount,
        }));
    }
    asks
}

/// An order of `account` in a pair; with `leverage` on margin.
pub(crate) fn order(
    (account, pair): (u32, u16),
    side: Side,
    lots: u64,
    at: u32,
    leverage: Option<u16>,
) -> RequestKind {
    RequestKind::Place(PlaceRequest {
        account: AccountId(account),
        pair: PairId(pair),
        client_order_id: None,
        side,
        limit: Price::new(at),
        quantity: Quantity::new(lots).unwrap(),
        time_in_force: TimeInForce::GoodTillCancelled,
        post_only: false,
        self_trade: SelfTradePrevention::CancelTaker,
        special: Special::None,
        expires_at: None,
        margin: leverage.map_or(MarginRequest::None, |times| {
            MarginRequest::Leverage(Leverage::new(times * 100).unwrap())
        }),
    })
}

/// Somebody is long ten times at 1,000, and the price falls to where that is liquidated; `bids`
/// lots are bid there, and one at less than the position is worth.
pub(crate) fn fall(pair: u16, bids: u64) -> Vec<RequestKind> {
    vec![
        order((1, pair), Side::Sell, 100, 1_000, None),
        order((0, pair), Side::Buy, 100, 1_000, Some(10)),
        order((1, pair), Side::Sell, 10, 1_002, None),
        order((1, pair), Side::Buy, bids, 945, None),
        order((1, pair), Side::Buy, 1, 600, None),
        order((1, pair), Side::Sell, 10, 947, None),
        order((2, pair), Side::Sell, 1, 945, None),
    ]
}

pub(crate) fn request(kind: RequestKind) -> Request {
    Request {
        correlation: Correlation(7),
        kind,
    }
}

fn after(asks: &[RequestKind]) -> (Exchange, Vec<Report>, Vec<Command>) {
    let mut exchange = Exchange::new(config()).unwrap();
    let (mut reports, mut log) = (Vec::new(), Vec::new());
    for kind in asks {
        exchange.apply_logged(&request(*kind), NOW, &mut reports, &mut log);
        exchange.verify().unwrap();
    }
    (exchange, reports, log)
}

fn stages(reports: &[Report]) -> Vec<LiquidationStage> {
    let stage = |report: &Report| match report.kind {
        ReportKind::Liquidation { stage, .. } => Some(stage),
        _ => None,
    };
    reports.iter().filter_map(stage).collect()
}

/// A liquidation goes as far as it can within the request that led to it, step by step. // G-17
#[test]
fn what_is_due_at_once_is_done_at_once() {
    for (bids, expected) in [
        (200, "Began Recovered"),
        (5, "Began Backstop SuspendedLiquidity"),
    ] {
        let asks = [opening(3), fall(0, bids)].concat();
        let (mut exchange, reports, log) = after(&asks);
        let said = stages(&reports).iter().fold(String::new(), |said, stage| {
            let stage = format!("{stage:?}");
            let (name, _) = stage.split_once('(').unwrap_or((&stage, ""));
            format!("{said} {name}")
        });
        assert_eq!(said.trim(), expected, "{bids} bids");
        assert!(log.iter().all(|command| command.time == NOW));
        // What is left to do comes later: a retry, a grace, interest.
        let next = exchange.next_deadline().unwrap();
        assert!(next > NOW, "{next:?}");
        let before = exchange.state_digest();
        let (mut reports, mut log) = (Vec::new(), Vec::new());
        exchange.tick_logged(NOW, &mut reports, &mut log);
        assert_eq!((reports.len(), log.len()), (0, 0));
        assert_eq!(exchange.state_digest(), before);
    }
}

/// Positions come through a snapshot's bytes as they were, and so do the books' quotes: what is
/// said next is what would have been said.
#[test]
fn a_pair_on_margin_comes_through_a_snapshot() {
    let asks = [opening(4), fall(0, 200), fall(1, 5)].concat();
    let (mut exchange, _, _) = after(&asks);
    let snapshot = Snapshot {
        state: exchange.state(),
        check: Check {
            upto: exchange.clearing().last_sequence(),
            outcome: 1,
        },
        chain: [0; 32],
        digest: exchange.state_digest(),
        rim: Vec::new(),
    };
    let read = Snapshot::decode(&snapshot.encode()).unwrap();
    assert_eq!(read, snapshot);
    let mut again = read.restore(&config()).unwrap();
    // That a liquidation is suspended is said again after a restart.
    let is_kept = |report: &Report| {
        let suspended = [
            LiquidationStage::SuspendedMarket,
            LiquidationStage::SuspendedLiquidity,
        ];
        stages(&[*report])
            .iter()
            .all(|stage| !suspended.contains(stage))
    };
    for kind in [
        order((3, 1), Side::Buy, 1, 930, None),
        order((3, 1), Side::Sell, 1, 946, Some(2)),
        order((3, 0), Side::Buy, 400, 960, Some(5)),
    ] {
        let (mut said, mut said_again) = (Vec::new(), Vec::new());
        let later = NOW.plus(10);
        exchange.apply(&request(kind), later, &mut said);
        again.apply(&request(kind), later, &mut said_again);
        said.retain(is_kept);
        said_again.retain(is_kept);
        assert_eq!(said, said_again);
        assert_eq!(again.state(), exchange.state());
    }
}

/// The quotes that clearing goes by are those of the book. // G-12
#[test]
fn a_state_with_other_quotes_than_its_book_is_refused() {
    let asks = [opening(3), fall(0, 200)].concat();
    let state = after(&asks).0.state();
    assert!(Exchange::restore(config(), &state).is_ok());
    let spoils: [fn(&mut crate::clearing::Quote); 3] = [
        |quote| quote.bid = Price::new(944),
        |quote| quote.ask = None,
        |quote| quote.last = Price::new(946),
    ];
    for spoil in spoils {
        let mut spoilt = state.clone();
        spoil(&mut spoilt.clearing.markets[0].margin.as_mut().unwrap().quote);
        let error = Exchange::restore(config(), &spoilt).unwrap_err();
        assert!(error.to_string().contains("quote"), "{error}");
    }
}
