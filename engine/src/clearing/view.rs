//! What others may read of clearing: copies, never references into its slabs.

use std::fmt;

use crate::command::PriceLimits;
use crate::domain::{
    AccountId, Amount, AssetId, CommandSequence, EventSequence, OrderId, OrderKey, Pair, PairId,
    Price, Quantity, Side, Timestamp, TradingStatus, UserName,
};
use crate::report::{AcceptedOrder, MarginCall, OrderStatus, PositionView};
use crate::request::OrderRef;

use super::market::Market;
use super::{Clearing, ExchangeConfig, OrderStage};

/// What an account has of one asset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Balance {
    /// What can be spent.
    pub available: Amount,
    /// What is held for open orders.
    pub held: Amount,
}

/// Where all units of one asset are. What came in from outside is the sum of the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct AssetTotals {
    /// What accounts can spend, summed.
    pub available: u128,
    /// What accounts have held, summed.
    pub held: u128,
    /// What the fee account has.
    pub fees: Amount,
    /// What came in from outside and did not leave: the outside account, its sign turned.
    pub inside: Amount,
    /// What the platform's funds and all positions have.
    pub reserves: ReserveTotals,
}

impl AssetTotals {
    /// What all accounts, funds and positions have: what came in from outside.
    pub fn sum(&self) -> u128 {
        let ReserveTotals {
            pool,
            pool_promised,
            insurance,
            insurance_promised,
            positions,
            lent: _,
        } = self.reserves;
        let kept = [
            self.fees,
            pool,
            pool_promised,
            insurance,
            insurance_promised,
            positions,
        ];
        let kept = kept.iter().map(|amount| u128::from(amount.units()));
        self.available + self.held + kept.sum::<u128>()
    }
}

/// What the platform's funds and all positions have of one asset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct ReserveTotals {
    /// What the lending pool has free.
    pub pool: Amount,
    /// What it has promised to open margin orders.
    pub pool_promised: Amount,
    /// What the insurance fund has free.
    pub insurance: Amount,
    /// What it has promised to backstop orders.
    pub insurance_promised: Amount,
    /// What all positions have.
    pub positions: Amount,
    /// What is owed to the pool: a claim, which nobody has.
    pub lent: Amount,
}

/// One order that clearing knows, open or ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderView {
    /// As it was accepted; but `price` and `quantity` are as they are now.
    pub order: AcceptedOrder,
    /// Where it stands.
    pub status: OrderStatus,
    /// What is filled so far.
    pub filled: Quantity,
    /// What is left: still in the book, or zero when it ended.
    pub leaves: Quantity,
    /// What the fills came to so far, in quote units.
    pub notional: Amount,
    /// The fees so far, in quote units.
    pub fees: Amount,
    /// What is held for it: of quote for a buy, of base for a sell.
    pub held: Amount,
    /// When it ended, if it did.
    pub finished_at: Option<Timestamp>,
}

/// The first thing that a full walk found wrong. Always our bug, never a client's doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation(pub String);

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "invariant: {}", self.0)
    }
}

impl std::error::Error for Violation {}

impl Clearing {
    /// The configuration.
    pub fn config(&self) -> &ExchangeConfig {
        &self.config
    }

    /// The pair of this number.
    pub fn pair(&self, pair: PairId) -> Option<&Pair> {
        self.market(pair).map(|market| &market.pair)
    }

    /// Whether the pair takes orders; `None` for an unknown one.
    pub fn trading_status(&self, pair: PairId) -> Option<TradingStatus> {
        self.market(pair).map(|market| market.status)
    }

    /// Which prices may print in the pair; `None` for an unknown one.
    pub fn price_limits(&self, pair: PairId) -> Option<PriceLimits> {
        self.market(pair).map(Market::limits)
    }

    /// When a pair that the circuit breaker halted opens again.
    pub fn reopens_at(&self, pair: PairId) -> Option<Timestamp> {
        self.market(pair)?.reopens_at
    }

    /// The price of the pair's last settled trade; `None` before the first.
    pub fn last_trade(&self, pair: PairId) -> Option<Price> {
        self.market(pair)?.last_trade
    }

    /// The sequence of the pair's last settled event that has one; `None` for an unknown pair.
    pub fn last_event(&self, pair: PairId) -> Option<EventSequence> {
        self.market(pair).map(|market| market.last_event)
    }

    /// The sequence of the last accepted command; 0 before the first.
    pub fn last_sequence(&self) -> CommandSequence {
        self.last_sequence
    }

    /// The time of the last accepted command.
    pub fn last_time(&self) -> Timestamp {
        self.last_time
    }

    /// The id that the next accepted order gets.
    pub fn next_order_id(&self) -> OrderId {
        self.next_order
    }

    /// How many order commands wait for their matchers' events.
    pub fn in_flight(&self) -> usize {
        self.markets.iter().map(|it| it.in_flight.len()).sum()
    }

    /// How many accounts are open: their numbers are those below it.
    pub fn accounts(&self) -> u32 {
        self.accounts.len()
    }

    /// The account of this name.
    pub fn account(&self, name: &UserName) -> Option<AccountId> {
        self.accounts.by_name(name)
    }

    /// The name of this account.
    pub fn account_name(&self, account: AccountId) -> Option<UserName> {
        self.accounts.name(account)
    }

    /// What `account` has of `asset`; `None` if either is unknown.
    pub fn balance(&self, account: AccountId, asset: AssetId) -> Option<Balance> {
        let known = self.accounts.contains(account) && self.ledger.has_asset(asset);
        known.then(|| self.ledger.balance(account, asset))
    }

    /// Where all units of `asset` are; `None` if it is unknown. O(accounts).
    pub fn totals(&self, asset: AssetId) -> Option<AssetTotals> {
        let known = self.ledger.has_asset(asset);
        known.then(|| self.ledger.totals(asset))
    }

    /// The mark price of a pair; `None` where there is none.
    pub fn mark(&self, pair: PairId) -> Option<Price> {
        self.market(pair)?.margin.as_ref()?.mark()
    }

    /// The open positions of `account`, by pair.
    pub fn positions(&self, account: AccountId) -> Vec<PositionView> {
        let views = self.markets.iter().filter_map(|market| {
            let margin = market.margin.as_ref()?;
            Some(margin.position(account)?.view(&market.pair))
        });
        views.collect()
    }

    /// All open positions, by pair, then by account.
    pub fn all_positions(&self) -> Vec<PositionView> {
        let markets = self.markets.iter();
        let views = markets.filter_map(|market| Some((market.margin.as_ref()?, market)));
        views
            .flat_map(|(margin, market)| margin.views(&market.pair))
            .collect()
    }

    /// The margin calls in force, by pair, then by account.
    pub fn margin_calls(&self) -> Vec<MarginCall> {
        let markets = self.markets.iter();
        let margins = markets.filter_map(|market| Some((market.margin.as_ref()?, market)));
        margins
            .flat_map(|(margin, market)| margin.calls(&market.pair))
            .collect()
    }

    /// The open orders of `account`, by ascending id, with those in flight.
    pub fn open_orders(&self, account: AccountId) -> Vec<OrderView> {
        if !self.accounts.contains(account) {
            return Vec::new();
        }
        let mut found = Vec::new();
        for (pair, list) in self.accounts.open_lists(account) {
            let market = &self.markets[usize::from(pair.0)];
            let orders = market.orders.of_list(&list);
            found.extend(orders.map(|(_, open)| open.view(&market.pair)));
        }
        found.sort_unstable_by_key(|view| view.order.order);
        found
    }

    /// An order of `account`, open or remembered, at the time of the last accepted command.
    pub fn order(&self, account: AccountId, order: OrderRef) -> Option<OrderView> {
        if !self.accounts.contains(account) {
            return None;
        }
        self.view_of_known(account, order, self.last_time)
    }

    /// Owner, side, price, rest and place of the open order of this key, for walks over a book.
    pub(crate) fn figures_of_open(
        &self,
        pair: PairId,
        key: OrderKey,
    ) -> Option<((AccountId, Side, Price, Quantity), OrderStage)> {
        let open = self.market(pair)?.orders.get(key)?;
        let order = &open.order;
        let figures = (order.account, order.side, order.price, open.leaves);
        Some((figures, open.stage))
    }

    /// How many orders are open in the pair.
    pub(crate) fn open_count(&self, pair: PairId) -> usize {
        self.market(pair).map_or(0, |market| market.orders.len())
    }
}
