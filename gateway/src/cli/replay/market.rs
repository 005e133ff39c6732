//! One pair of an inline exchange, and the order book that its public reports tell of.
//!
//! The book here is folded from reports alone, as a client would, so a comparison of it proves
//! the reports as well as the matcher.

use std::collections::BTreeMap;
use std::fmt;

use engine::clearing::ExchangeConfig;
use engine::domain::{
    AccountId, Amount, AssetId, BasisPoints, MarginRequest, OrderId, Pair, PairId, PairLimits,
    PairSpec, Price, Quantity, SelfTradePrevention, Side, Special, TimeInForce, Timestamp,
    UserName,
};
use engine::exchange::Exchange;
use engine::reject::Reject;
use engine::report::{Answer, Liquidity, OrderStatus, Report, ReportKind};
use engine::request::{Correlation, OrderRef, PlaceRequest, Request, RequestKind};

use super::ReplayError;

const PAIR: PairId = PairId(0);
const BASE: AssetId = AssetId(0);
const QUOTE: AssetId = AssetId(1);

/// What a trade took from a resting order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct MakerFill {
    pub(super) order: OrderId,
    pub(super) price: Price,
    pub(super) quantity: Quantity,
}

/// The exchange, its two accounts, and what it said of the last request.
pub(super) struct Market {
    exchange: Exchange,
    buyer: AccountId,
    seller: AccountId,
    now: Timestamp,
    commands: u64,
    reports: Vec<Report>,
    fills: Vec<MakerFill>,
    bids: BTreeMap<Price, u64>,
    asks: BTreeMap<Price, u64>,
}

impl Market {
    /// An exchange of one pair without fees, whose price band reaches from nothing to twice
    /// `reference`, and whose two accounts own all that there can be.
    pub(super) fn new(reference: Price) -> Result<Market, ReplayError> {
        let pair = Pair::new(PairSpec {
            id: PAIR,
            base: BASE,
            quote: QUOTE,
            base_units_per_lot: 1,
            quote_units_per_tick_lot: 1,
            limits: PairLimits {
                min_quantity: Quantity::new(1).expect("invariant: one lot is a quantity"),
                max_quantity: Quantity::MAX,
                min_notional: Amount::ZERO,
                price_band: BasisPoints::WHOLE,
                max_open_orders: u32::MAX,
            },
            maker_fee: BasisPoints::ZERO,
            taker_fee: BasisPoints::ZERO,
            reference_price: reference,
        })?;
        let mut market = Market {
            exchange: Exchange::new(ExchangeConfig::new(2, vec![pair]))?,
            buyer: AccountId(0),
            seller: AccountId(0),
            now: Timestamp(0),
            commands: 0,
            reports: Vec::new(),
            fills: Vec::new(),
            bids: BTreeMap::new(),
            asks: BTreeMap::new(),
        };
        market.buyer = market.open("buyer", QUOTE);
        market.seller = market.open("seller", BASE);
        Ok(market)
    }

    /// Sets the time of the requests that follow.
    pub(super) fn at(&mut self, now: Timestamp) {
        self.now = now;
    }

    /// Places a limit order.
    pub(super) fn place(
        &mut self,
        side: Side,
        price: Price,
        quantity: Quantity,
        time_in_force: TimeInForce,
    ) -> Result<OrderId, Reject> {
        let answer = self.ask(RequestKind::Place(PlaceRequest {
            account: self.account(side),
            pair: PAIR,
            client_order_id: None,
            side,
            limit: Some(price),
            quantity,
            time_in_force,
            post_only: false,
            self_trade: SelfTradePrevention::CancelTaker,
            special: Special::None,
            expires_at: None,
            margin: MarginRequest::None,
        }));
        match answer {
            Answer::Placed { order, .. } => Ok(order),
            Answer::Rejected(reject) => Err(reject),
            other => panic!("invariant: a placement is not answered by {other:?}"),
        }
    }

    /// Changes an order: its price, its amount with what is filled included.
    pub(super) fn amend(
        &mut self,
        side: Side,
        order: OrderId,
        price: Price,
        quantity: Quantity,
    ) -> Result<(), Reject> {
        let answer = self.ask(RequestKind::Amend {
            account: self.account(side),
            order: OrderRef::Id(order),
            price: Some(price),
            quantity: Some(quantity),
        });
        match answer {
            Answer::Amended { .. } => Ok(()),
            Answer::AlreadyFilled { .. } => Err(Reject::AlreadyFilled),
            Answer::Rejected(reject) => Err(reject),
            other => panic!("invariant: an amend is not answered by {other:?}"),
        }
    }

    /// Cancels an order. One that has left the book already is refused here, though its owner
    /// would hear once more that it is cancelled.
    pub(super) fn cancel(&mut self, side: Side, order: OrderId) -> Result<(), Reject> {
        let answer = self.ask(RequestKind::Cancel {
            account: self.account(side),
            order: OrderRef::Id(order),
        });
        match answer {
            Answer::Cancelled { .. } if self.ended_as(order, OrderStatus::Cancelled) => Ok(()),
            Answer::Cancelled { .. } => Err(Reject::AlreadyClosed),
            Answer::AlreadyFilled { .. } => Err(Reject::AlreadyFilled),
            Answer::Rejected(reject) => Err(reject),
            other => panic!("invariant: a cancel is not answered by {other:?}"),
        }
    }

    /// What the last request took from resting orders, in the order of its trades.
    pub(super) fn fills(&self) -> &[MakerFill] {
        &self.fills
    }

    /// The best `levels` of a side, best first: price and lots.
    pub(super) fn depth(&self, side: Side, levels: usize) -> Vec<(Price, u64)> {
        let level = |(price, lots): (&Price, &u64)| (*price, *lots);
        match side {
            Side::Buy => self.bids.iter().rev().map(level).take(levels).collect(),
            Side::Sell => self.asks.iter().map(level).take(levels).collect(),
        }
    }

    /// How many requests were answered, funding left out.
    pub(super) fn commands(&self) -> u64 {
        self.commands
    }

    /// Walks the whole exchange, and holds the book that its reports tell of to the matcher's.
    pub(super) fn verify(&self) -> Result<(), ReplayError> {
        let unsound = |what: String| ReplayError::Unsound(what);
        let checked = self.exchange.verify();
        checked.map_err(|violation| unsound(violation.to_string()))?;
        let matcher = self.exchange.matcher(PAIR);
        let matcher = matcher.expect("invariant: the exchange has this one pair");
        for side in [Side::Buy, Side::Sell] {
            let levels = matcher.depth(side).map(|level| (level.price, level.total));
            if !levels.eq(self.depth(side, usize::MAX)) {
                return Err(unsound(format!(
                    "reports tell of another book than the matcher's ({side:?})"
                )));
            }
        }
        Ok(())
    }

    /// Opens an account and deposits all that there can be of `asset`.
    fn open(&mut self, name: &str, asset: AssetId) -> AccountId {
        let name = UserName::new(name).expect("invariant: the name is short ASCII");
        let Answer::Account { account, .. } = self.ask(RequestKind::OpenAccount { name }) else {
            panic!("invariant: an empty exchange opens an account");
        };
        let funded = self.ask(RequestKind::Deposit {
            account,
            asset,
            amount: Amount::MAX,
        });
        assert!(
            matches!(funded, Answer::Booked { .. }),
            "invariant: an empty exchange takes a deposit"
        );
        self.commands = 0;
        account
    }

    fn account(&self, side: Side) -> AccountId {
        match side {
            Side::Buy => self.buyer,
            Side::Sell => self.seller,
        }
    }

    /// Whether the last request ended `order` in this way.
    fn ended_as(&self, order: OrderId, status: OrderStatus) -> bool {
        self.reports.iter().any(|report| match report.kind {
            ReportKind::Order(change) => change.order == order && change.status == status,
            _ => false,
        })
    }

    /// Sends a request through the exchange and books what comes out.
    fn ask(&mut self, kind: RequestKind) -> Answer {
        self.reports.clear();
        self.fills.clear();
        self.commands += 1;
        let request = Request {
            correlation: Correlation(self.commands),
            kind,
        };
        self.exchange.apply(&request, self.now, &mut self.reports);
        let mut answered = None;
        for index in 0..self.reports.len() {
            match self.reports[index].kind {
                ReportKind::Answer { answer, .. } => answered = Some(answer),
                ReportKind::Order(change) => {
                    if let Some(fill) = change.fill
                        && fill.liquidity == Liquidity::Maker
                    {
                        self.fills.push(MakerFill {
                            order: change.order,
                            price: fill.price,
                            quantity: fill.quantity,
                        });
                    }
                }
                ReportKind::Book {
                    side,
                    price,
                    change,
                    ..
                } => self.change_level(side, price, change),
                ReportKind::Trade {
                    price,
                    quantity,
                    taker_side,
                    ..
                } => {
                    let lots = i64::try_from(quantity.lots())
                        .expect("invariant: a quantity is at most 2^40 lots");
                    self.change_level(taker_side.opposite(), price, -lots);
                }
                ReportKind::Accepted(_)
                | ReportKind::Balance { .. }
                | ReportKind::TradingStatus { .. }
                | ReportKind::Position(_)
                | ReportKind::MarginCall(_)
                | ReportKind::MarginCallCleared { .. }
                | ReportKind::Liquidation { .. }
                | ReportKind::Deleveraged { .. }
                | ReportKind::Mark { .. }
                | ReportKind::AccountLimits { .. }
                | ReportKind::Revoked(_)
                | ReportKind::Reserve { .. } => {}
            }
        }
        answered.expect("invariant: every request gets one answer")
    }

    fn change_level(&mut self, side: Side, price: Price, change: i64) {
        let levels = match side {
            Side::Buy => &mut self.bids,
            Side::Sell => &mut self.asks,
        };
        let lots = levels.entry(price).or_insert(0);
        *lots = lots
            .checked_add_signed(change)
            .expect("invariant: the public never hears of a level below nothing");
        if *lots == 0 {
            levels.remove(&price);
        }
    }
}

/// Writes the best five levels of both sides, prices as `price` prints them.
pub(super) fn write_book(
    f: &mut fmt::Formatter<'_>,
    bids: &[(Price, u64)],
    asks: &[(Price, u64)],
    price: impl Fn(Price) -> String,
) -> fmt::Result {
    writeln!(f, "final book")?;
    writeln!(f, "{:>12} {:>12} | {:<12} amount", "amount", "bid", "ask")?;
    for level in 0..bids.len().max(asks.len()).min(5) {
        let (bid, bid_lots) = cells(bids.get(level), &price);
        let (ask, ask_lots) = cells(asks.get(level), &price);
        writeln!(f, "{bid_lots:>12} {bid:>12} | {ask:<12} {ask_lots}")?;
    }
    Ok(())
}

fn cells(level: Option<&(Price, u64)>, price: &impl Fn(Price) -> String) -> (String, String) {
    match level {
        Some(&(at, lots)) => (price(at), lots.to_string()),
        None => (String::new(), String::new()),
    }
}
