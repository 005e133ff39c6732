//! What both families of cases run on: an exchange with the plain model and the auditor beside
//! it, where users and orders have the names of the case.

use engine::clearing::{ExchangeConfig, OrderView};
use engine::domain::{
    AccountId, Amount, AssetId, BasisPoints, ClientOrderId, Pair, PairId, PairLimits, PairSpec,
    Price, Quantity, SelfTradePrevention, Side, TimeInForce, Timestamp, UserName,
};
use engine::report::{Answer, OrderChange, Report, ReportKind};
use engine::request::{OrderRef, PlaceRequest, RequestKind};
use testkit::lockstep::ExchangeLockstep;
use testkit::world::World;

/// Base and quote units, and the price that bands start from.
#[derive(Clone, Copy)]
pub(crate) struct Scale {
    pub(crate) lot: u64,
    pub(crate) tick_lot: u64,
    pub(crate) reference: u64,
}

pub(crate) struct Market {
    both: ExchangeLockstep,
    users: Vec<String>,
    now: Timestamp,
    /// All that was said since the last action began.
    said: Vec<Report>,
}

/// An order as a case asks for it.
pub(crate) struct Ask<'a> {
    pub(crate) user: &'a str,
    pub(crate) name: &'a str,
    pub(crate) side: Side,
    pub(crate) quantity: u64,
    pub(crate) limit: Option<u64>,
    pub(crate) time_in_force: TimeInForce,
}

impl Market {
    pub(crate) fn new(assets: [&str; 2], scale: Scale) -> Market {
        let pair = Pair::new(PairSpec {
            id: PairId(0),
            base: AssetId(0),
            quote: AssetId(1),
            base_units_per_lot: scale.lot,
            quote_units_per_tick_lot: scale.tick_lot,
            limits: PairLimits {
                min_quantity: Quantity::new(1).unwrap(),
                max_quantity: Quantity::MAX,
                min_notional: Amount::ZERO,
                price_band: BasisPoints::WHOLE,
                max_open_orders: 100,
            },
            maker_fee: BasisPoints::ZERO,
            taker_fee: BasisPoints::ZERO,
            reference_price: Price::from_u64(scale.reference).unwrap(),
        });
        let world = World {
            config: ExchangeConfig::new(2, vec![pair.unwrap()]),
            assets: assets.map(str::to_owned).into(),
            users: Vec::new(),
        };
        Market {
            both: ExchangeLockstep::new(world),
            users: Vec::new(),
            now: Timestamp(0),
            said: Vec::new(),
        }
    }

    /// Forgets what was said before.
    pub(crate) fn begin_action(&mut self) {
        self.said.clear();
    }

    pub(crate) fn place(&mut self, ask: &Ask<'_>) -> Answer {
        let account = self.account(ask.user);
        self.ask(RequestKind::Place(PlaceRequest {
            account,
            pair: PairId(0),
            client_order_id: ClientOrderId::new(ask.name).ok(),
            side: ask.side,
            limit: ask.limit.map(|ticks| Price::from_u64(ticks).unwrap()),
            quantity: Quantity::new(ask.quantity).unwrap(),
            time_in_force: ask.time_in_force,
            post_only: false,
            self_trade: SelfTradePrevention::CancelTaker,
            special: engine::domain::Special::None,
            expires_at: None,
            margin: engine::domain::MarginRequest::None,
        }))
    }

    pub(crate) fn amend_price(&mut self, user: &str, order: &str, ticks: u64) -> Answer {
        let account = self.account(user);
        self.ask(RequestKind::Amend {
            account,
            order: named(order),
            price: Price::from_u64(ticks),
            quantity: None,
        })
    }

    pub(crate) fn cancel(&mut self, user: &str, order: &str) -> Answer {
        let account = self.account(user);
        let order = named(order);
        self.ask(RequestKind::Cancel { account, order })
    }

    pub(crate) fn deposit(&mut self, user: &str, asset: &str, units: u64) {
        let known = self.both.world().assets.iter().position(|it| it == asset);
        // What this pair does not trade would only lie there.
        let Some(asset) = known else { return };
        let answer = RequestKind::Deposit {
            account: self.account(user),
            asset: AssetId(u16::try_from(asset).unwrap()),
            amount: Amount::new(units).unwrap(),
        };
        assert!(matches!(self.ask(answer), Answer::Booked { .. }));
    }

    pub(crate) fn available(&mut self, user: &str, asset: &str) -> Option<u64> {
        let account = self.account(user);
        let known = self.both.world().assets.iter().position(|it| it == asset)?;
        let asset = AssetId(u16::try_from(known).unwrap());
        let balance = self.both.fast().clearing().balance(account, asset)?;
        Some(balance.available.units())
    }

    pub(crate) fn open_orders(&mut self, user: &str) -> Vec<OrderView> {
        let account = self.account(user);
        self.both.fast().clearing().open_orders(account)
    }

    /// Trades since the action began, by the incoming order: buyer, seller, lots, ticks.
    pub(crate) fn trades(&self) -> Vec<(String, String, u64, u64)> {
        let fills: Vec<OrderChange> = self.changes().filter(|it| it.fill.is_some()).collect();
        let (pairs, _) = fills.as_chunks::<2>();
        pairs
            .iter()
            .map(|sides| {
                let user = |side| {
                    let is_it = |it: &&OrderChange| self.side_of(it) == side;
                    let account = sides.iter().find(is_it).unwrap().account;
                    self.users[account.0 as usize].clone()
                };
                let fill = sides[0].fill.unwrap();
                let (lots, ticks) = (fill.quantity.lots(), fill.price.ticks());
                (user(Side::Buy), user(Side::Sell), lots, u64::from(ticks))
            })
            .collect()
    }

    /// The last fill of an order since the action began, whoever's it is.
    pub(crate) fn last_fill_of(&self, order: &str) -> Option<OrderChange> {
        let is_named = |it: &OrderChange| {
            let view = self.both.fast().clearing().order(it.account, named(order));
            view.is_some_and(|view| view.order.order == it.order)
        };
        self.changes()
            .filter(|it| it.fill.is_some())
            .filter(is_named)
            .last()
    }

    /// The orders of a side, first to trade first: user, lots, ticks.
    pub(crate) fn book(&self, side: Side) -> Vec<(String, u64, u64)> {
        let matcher = self.both.fast().matcher(PairId(0)).unwrap();
        let orders = matcher
            .depth(side)
            .flat_map(|it| matcher.queue(side, it.price));
        orders
            .map(|it| {
                let user = self.users[it.account.0 as usize].clone();
                (user, it.leaves.lots(), u64::from(it.price.ticks()))
            })
            .collect()
    }

    /// The levels of a side, best first: ticks, lots.
    pub(crate) fn levels(&self, side: Side) -> Vec<(u64, u64)> {
        let depth = self.both.fast().matcher(PairId(0)).unwrap().depth(side);
        depth
            .map(|it| (u64::from(it.price.ticks()), it.total))
            .collect()
    }

    pub(crate) fn verify(&self) -> Result<(), String> {
        self.both.verify()
    }

    fn changes(&self) -> impl Iterator<Item = OrderChange> {
        self.said.iter().filter_map(|report| match report.kind {
            ReportKind::Order(change) => Some(change),
            _ => None,
        })
    }

    fn side_of(&self, change: &OrderChange) -> Side {
        let order = OrderRef::Id(change.order);
        let view = self.both.fast().clearing().order(change.account, order);
        view.unwrap().order.side
    }

    fn account(&mut self, user: &str) -> AccountId {
        let index = self.users.iter().position(|it| it == user);
        let index = index.unwrap_or_else(|| {
            self.users.push(user.to_owned());
            let name = UserName::new(user).unwrap();
            self.ask(RequestKind::OpenAccount { name });
            self.users.len() - 1
        });
        AccountId(u32::try_from(index).unwrap())
    }

    fn ask(&mut self, kind: RequestKind) -> Answer {
        self.now = self.now.plus(1);
        let reports = self.both.apply(kind, self.now).unwrap();
        let answer = reports.iter().find_map(|report| match report.kind {
            ReportKind::Answer { answer, .. } => Some(answer),
            _ => None,
        });
        self.said.extend(reports);
        answer.unwrap()
    }
}

fn named(order: &str) -> OrderRef {
    OrderRef::Client(ClientOrderId::new(order).unwrap())
}
