//! Money and risk: who may do what, what is held for it, and who has what after each event.
//!
//! Owns accounts, balances, open orders and the memory of ended ones; their single writer. In:
//! requests ([`Clearing::decide`]), matchers' events ([`Clearing::settle`]) and, in recovery,
//! recorded commands ([`Clearing::replay`]). Out: commands and reports. Knows nothing of books,
//! threads, clocks or journals. The rules are numbered in `docs/ledger.md`.
//!
//! Between a decision and its settlement any number of others may be decided: a decision holds
//! the worst that it can cost and assumes nothing settled that is not.
//!
//! Invariants, all walked by [`Clearing::verify`]: of each asset, accounts and fees have what
//! came in from outside; what an account has held is the sum of what its open orders hold, and
//! each holds what it needs; no balance is below zero; tracker, lists, table and client ids
//! name the same orders.
//!
//! Complexity: constant for each request and each event; for a cancel-all, and an account's
//! list of pairs, in the number of its orders and pairs. Limits: [`ExchangeConfig`], the pair's
//! own, [`Clearing::MAX_WAITING`] repeats of placements in flight a pair.

mod accounts;
mod config;
mod deadlines;
mod decide;
mod digest;
mod finished;
mod keys;
mod ledger;
mod margin;
mod market;
mod operate;
mod order;
mod order_table;
mod order_tracker;
mod pre_trade;
mod reference;
mod replay;
mod revoke;
mod settle;
mod shape;
mod state;
#[cfg(test)]
mod tests;
mod transfers;
mod verify;
mod view;

use slab::Slab;

use crate::Sink;
use crate::command::{Command, CommandKind};
use crate::domain::{
    AccountId, Amount, AssetId, CommandSequence, OrderId, OrderKey, PairId, Price, Revocations,
    Timestamp, TradingStatus, UserName,
};
use crate::report::Report;
use crate::request::Correlation;

use accounts::Accounts;
use deadlines::{Deadlines, Due};
use keys::Keys;
use ledger::{Ledger, LedgerAccount, Posting};
use market::{CancelGroup, InFlight, Market, Work};
use order::{OpenOrder, Order};
use order_table::{Location, OrderTable};
use settle::{forget_oldest, hold_asset};

pub use config::{ConfigError, ExchangeConfig};
pub(crate) use digest::Digester;
pub use digest::StateDigest;
pub use keys::MEMORY_MS as KEY_MEMORY_MS;
pub use operate::digest_of as operation_digest;
pub use order::OrderStage;
pub use replay::ReplayError;
pub use state::{
    AccountState, AssetState, BreakerState, CallState, ClearingState, DebtState,
    FinishedOrderState, LiquidationState, LiquidationStep, MarginState, MarketState,
    OpenOrderState, OperationState, OrderState, PositionState, Quote, RestoreError, RevokedState,
    TransferState,
};
pub use view::{AssetTotals, Balance, OrderView, ReserveTotals, Violation};

/// What clearing made of a request, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Accepted: goes to the journal, and to its pair's matcher where it is an order command.
    Command(Command),
    /// To be said, as soon as `after` is durable and all before it is said.
    Report(Report),
}

/// Money and risk, the single writer of both.
#[derive(Clone, Debug)]
pub struct Clearing {
    config: ExchangeConfig,
    last_sequence: CommandSequence,
    last_time: Timestamp,
    next_order: OrderId,
    ledger: Ledger,
    accounts: Accounts,
    orders: OrderTable,
    markets: Vec<Market>,
    groups: Slab<CancelGroup>,
    deadlines: Deadlines,
    /// What the operator asked for once.
    keys: Keys,
    revocations: Revocations,
    /// The pair whose memory is looked through next.
    prune_next: usize,
    /// What a cancel-all found, kept for its memory.
    found: Vec<(OrderId, PairId, OrderKey)>,
}

impl Clearing {
    /// How many repeats of placements in flight wait for their answer, a pair; one more is
    /// refused as [`Unavailable`](crate::reject::Reject::Unavailable).
    pub const MAX_WAITING: usize = 1_024;

    /// How many ended orders a command looks at in each of two pairs, to forget them.
    const PRUNE_STEPS: usize = 2;

    /// An exchange without accounts, all pairs open.
    pub fn new(config: ExchangeConfig) -> Result<Clearing, ConfigError> {
        config.check()?;
        Ok(Clearing {
            last_sequence: CommandSequence::default(),
            last_time: Timestamp::default(),
            next_order: OrderId(1),
            ledger: Ledger::new(config.assets),
            accounts: Accounts::default(),
            orders: OrderTable::default(),
            markets: config
                .pairs
                .iter()
                .map(|pair| Market::new(*pair, &config))
                .collect(),
            groups: Slab::new(),
            deadlines: Deadlines::default(),
            keys: Keys::default(),
            revocations: Revocations::default(),
            prune_next: 0,
            found: Vec::new(),
            config,
        })
    }

    /// Gives a decision its place in the one order, and says it.
    #[inline]
    fn accept(
        &mut self,
        now: Timestamp,
        kind: CommandKind,
        out: &mut impl Sink<Decision>,
    ) -> CommandSequence {
        let sequence = self.step(now);
        let command = Command {
            sequence,
            time: now,
            kind,
        };
        out.push(Decision::Command(command));
        sequence
    }

    /// Makes room in time: the next sequence, at `now`, and a look at what may be forgotten.
    #[inline]
    fn step(&mut self, now: Timestamp) -> CommandSequence {
        self.last_sequence = self.last_sequence.next();
        self.last_time = now;
        self.keys.prune(now, Self::PRUNE_STEPS);
        if !self.markets.is_empty() {
            self.prune_next = (self.prune_next + 1) % self.markets.len();
            self.prune(self.prune_next);
        }
        self.last_sequence
    }

    /// Forgets what ended so long ago that nobody may ask any more (L-18), in bounded steps.
    #[inline]
    fn prune(&mut self, market: usize) {
        let market = &mut self.markets[market];
        for _ in 0..Self::PRUNE_STEPS {
            let oldest = market.finished.front();
            if !oldest.is_some_and(|it| is_forgotten(it.at, self.last_time, &self.config)) {
                return;
            }
            forget_oldest(market, &mut self.orders, &mut self.accounts);
        }
    }

    /// Holds `held` for `order`, and sends it on its way under the next id.
    #[inline]
    fn open_order(&mut self, pair: PairId, order: Order, held: Amount) -> OrderKey {
        let market = &mut self.markets[usize::from(pair.0)];
        let mut promised = Amount::ZERO;
        if order.funding.is_margin() {
            promised = margin::fund_order(market, &mut self.ledger, &order, held);
        } else {
            self.ledger.post(Posting {
                asset: hold_asset(market, order.side),
                from: LedgerAccount::Available(order.account),
                to: LedgerAccount::Held(order.account),
                amount: held,
            });
        }
        let list = self.accounts.open_list_mut(order.account, pair);
        let (id, account, name) = (order.id, order.account, order.client_order_id);
        if let Some(at) = order.expires_at {
            self.deadlines.add(at, Due::Order(id));
        }
        let mut open = OpenOrder::new(order, held);
        open.promised = promised;
        let key = market.orders.insert(open, list);
        let slot = key.slot;
        self.orders.set(id, Location::Open { pair, slot });
        if let Some(name) = name {
            self.accounts.set_client_id(account, name, id);
        }
        self.next_order = OrderId(id.0 + 1);
        key
    }

    /// Holds `hold` more for an open order that is to be amended.
    fn begin_amend(
        &mut self,
        pair: PairId,
        key: OrderKey,
        price: Price,
        change: i64,
        hold: Amount,
    ) {
        let market = &mut self.markets[usize::from(pair.0)];
        let open = market
            .orders
            .get_mut(key)
            .expect("invariant: an order to amend is open");
        open.amends.begin(price, change);
        open.held = open
            .held
            .checked_add(hold)
            .expect("invariant: an asset's total is at most the largest amount");
        let (account, side) = (open.order.account, open.order.side);
        self.ledger.post(Posting {
            asset: hold_asset(market, side),
            from: LedgerAccount::Available(account),
            to: LedgerAccount::Held(account),
            amount: hold,
        });
    }

    /// Remembers what the matcher of `pair` was told.
    #[inline]
    fn send(
        &mut self,
        pair: PairId,
        sequence: CommandSequence,
        origin: Option<Correlation>,
        (order, key): (OrderId, OrderKey),
        work: Work,
    ) {
        let time = self.last_time;
        let market = &mut self.markets[usize::from(pair.0)];
        market.in_flight.push_back(InFlight {
            sequence,
            time,
            origin,
            order,
            key,
            work,
        });
        self.prune(usize::from(pair.0));
    }

    #[inline]
    fn market(&self, pair: PairId) -> Option<&Market> {
        self.markets.get(usize::from(pair.0))
    }

    /// Opens or halts a pair for what is asked from here on. What its matcher said before is
    /// settled after this, so it counts again when the matcher has answered.
    fn set_status(&mut self, pair: PairId, status: TradingStatus) {
        self.markets[usize::from(pair.0)].status = status;
    }

    fn deposit(&mut self, account: AccountId, asset: AssetId, amount: Amount) {
        self.ledger.post(Posting {
            asset,
            from: LedgerAccount::Outside,
            to: LedgerAccount::Available(account),
            amount,
        });
    }

    fn withdraw(&mut self, account: AccountId, asset: AssetId, amount: Amount) {
        self.ledger.post(Posting {
            asset,
            from: LedgerAccount::Available(account),
            to: LedgerAccount::Outside,
            amount,
        });
    }

    /// Sets when all open orders of an account are cancelled (L-28).
    fn set_cancel_after(&mut self, account: AccountId, deadline: Option<Timestamp>) {
        if let Some(before) = self.accounts.cancel_after(account) {
            self.deadlines.remove(before, Due::Account(account));
        }
        self.accounts.set_cancel_after(account, deadline);
        if let Some(deadline) = deadline {
            self.deadlines.add(deadline, Due::Account(account));
        }
    }

    fn open_account(&mut self, name: UserName) -> AccountId {
        self.ledger.open_account();
        self.accounts.open(name)
    }
}

/// Whether what ended at `at` is past remembering at `now` (L-18).
#[inline]
fn is_forgotten(at: Timestamp, now: Timestamp, config: &ExchangeConfig) -> bool {
    now.since(at) >= config.retention_ms
}
