//! All that clearing keeps, as plain data: what a snapshot is written from and read into.
//!
//! Taken at rest (nothing in flight) and in canonical order: accounts by number, open orders by
//! id, ended ones as they ended. Two equal states are one state. What is read back is checked
//! whole before it is believed: bytes from a disk cannot make a [`Clearing`] that breaks an
//! invariant, nor one that panics.

use thiserror::Error;

use crate::command::{LiquidationCause, StopTerms, Terms};
use crate::domain::{
    AccountId, AccountLimits, Amount, AssetId, CallSeverity, ClientOrderId, CommandSequence,
    EventSequence, Funding, IdempotencyKey, OperationDigest, OrderId, OrderKey, Party, PositionId,
    PositionSide, Price, Quantity, RevocationChange, SelfTradePrevention, Side, TimeInForce,
    Timestamp, TokenId, TradingStatus, Transfer, UserName,
};
use crate::report::OrderStatus;

use super::deadlines::Due;
use super::keys::Content;
use super::ledger::FeeMeter;
use super::margin::Margin;
use super::market::Market;
use super::order::{FinishedOrder, OpenOrder, Order, OrderStage};
use super::order_table::Location;
use super::reference::Reference;
use super::view::Balance;
use super::{Clearing, ConfigError, ExchangeConfig, Violation, is_forgotten};

/// All that clearing keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClearingState {
    /// The last accepted command.
    pub last_sequence: CommandSequence,
    /// Its time.
    pub last_time: Timestamp,
    /// The id that the next order gets.
    pub next_order: OrderId,
    /// Each asset, by number.
    pub assets: Vec<AssetState>,
    /// Each account, by number.
    pub accounts: Vec<AccountState>,
    /// Each pair, by number.
    pub markets: Vec<MarketState>,
    /// Transfers that are remembered by their keys, the oldest first.
    pub transfers: Vec<TransferState>,
    /// What else is remembered by a key, the oldest first.
    pub operations: Vec<OperationState>,
    /// What is revoked.
    pub revoked: RevokedState,
}

/// What the operator asked for that is remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OperationState {
    /// What the operator calls it.
    pub key: IdempotencyKey,
    /// What it was.
    pub digest: OperationDigest,
    /// The time of its command.
    pub at: Timestamp,
}

/// What is revoked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RevokedState {
    /// Tokens by id, and when each can be forgotten.
    pub tokens: Vec<(TokenId, Option<Timestamp>)>,
    /// Users by name, each with the last moment of what is revoked.
    pub users: Vec<(UserName, Timestamp)>,
}

/// A transfer that is remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransferState {
    /// What the operator calls it.
    pub key: IdempotencyKey,
    /// What it was.
    pub transfer: Transfer,
    /// The time of its command.
    pub at: Timestamp,
}

/// What is kept of an asset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AssetState {
    /// What came in and did not leave.
    pub inside: Amount,
    /// What the fee account has.
    pub fees: Amount,
    /// What the lending pool has free.
    pub pool: Amount,
    /// What the insurance fund has free.
    pub insurance: Amount,
}

/// What is kept of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountState {
    /// What the outside calls it.
    pub name: UserName,
    /// What it has of each asset, by number.
    pub balances: Vec<Balance>,
    /// When all its open orders are cancelled.
    pub cancel_after: Option<Timestamp>,
    /// What the operator lets its owner do.
    pub limits: AccountLimits,
}

/// What is kept of a pair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MarketState {
    /// Whether it takes orders.
    pub status: TradingStatus,
    /// The price of the last trade.
    pub last_trade: Option<Price>,
    /// The sequence of the last event that has one.
    pub last_event: EventSequence,
    /// Of a pair with a circuit breaker: where it stands.
    pub breaker: Option<BreakerState>,
    /// Of a pair that is traded on margin: its positions.
    pub margin: Option<MarginState>,
    /// Its open orders, by id.
    pub open: Vec<OpenOrderState>,
    /// Its remembered ends, the oldest first.
    pub finished: Vec<FinishedOrderState>,
}

/// Where a circuit breaker stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BreakerState {
    /// The price of five minutes ago.
    pub reference: Price,
    /// The minutes since the epoch since then that had a trade, with the last price of each.
    pub closes: Vec<(u64, Price)>,
    /// When the pair opens again by itself.
    pub reopens_at: Option<Timestamp>,
}

/// What is kept of a pair that is traded on margin.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MarginState {
    /// The best bid, the best ask and the last trade.
    pub quote: Quote,
    /// The time of the command that changed one of them last.
    pub quoted_at: Timestamp,
    /// Where the index stands.
    pub index: Option<Price>,
    /// The hour at which interest is owed next.
    pub interest_due: Option<Timestamp>,
    /// The open positions, by account.
    pub positions: Vec<PositionState>,
    /// What nobody could pay back, the oldest first.
    pub debts: Vec<DebtState>,
}

/// The best prices and the last trade of a pair.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quote {
    /// The best bid.
    pub bid: Option<Price>,
    /// The best ask.
    pub ask: Option<Price>,
    /// The last trade.
    pub last: Option<Price>,
}

/// What is kept of a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PositionState {
    /// Whose.
    pub account: AccountId,
    /// Its name.
    pub id: PositionId,
    /// Which way.
    pub side: PositionSide,
    /// How much, at least one lot.
    pub size: Quantity,
    /// What the lots cost or brought.
    pub cost: Amount,
    /// What stands for it.
    pub collateral: Amount,
    /// The interest that it owes.
    pub interest: Amount,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// The call on it.
    pub call: Option<CallState>,
    /// How far its liquidation is.
    pub liquidation: Option<LiquidationState>,
}

/// A margin call on a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallState {
    /// How bad.
    pub severity: CallSeverity,
    /// When it began.
    pub since: Timestamp,
    /// When the position is reduced, if nothing is done.
    pub deadline: Timestamp,
}

/// How far the liquidation of a position is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LiquidationState {
    /// Why it began.
    pub cause: LiquidationCause,
    /// What comes next.
    pub step: LiquidationStep,
}

/// What of a liquidation comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LiquidationStep {
    /// Cancel what is open, then sell as much as restores the initial ratio.
    Slice,
    /// All that is left, no worse than the bankruptcy price.
    Whole,
    /// All that the insurance fund can pay for, down to the price band.
    Backstop,
    /// Opposite positions.
    Deleverage,
}

/// What a position could not pay back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DebtState {
    /// Whose position it was.
    pub account: AccountId,
    /// Which.
    pub position: PositionId,
    /// How much of the pair's quote.
    pub amount: Amount,
}

/// What is kept of any order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderState {
    /// Its name.
    pub id: OrderId,
    /// Whose.
    pub account: AccountId,
    /// The owner's name for it.
    pub client_order_id: Option<ClientOrderId>,
    /// Which way.
    pub side: Side,
    /// Whether it is a market order.
    pub market: bool,
    /// How long it stays.
    pub time_in_force: TimeInForce,
    /// Whether it may only rest.
    pub post_only: bool,
    /// What happens where it meets its owner's own order.
    pub self_trade: SelfTradePrevention,
    /// The limit or collar that it came with.
    pub first_price: Price,
    /// The amount that it came with.
    pub first_quantity: Quantity,
    /// Its limit or collar now.
    pub price: Price,
    /// Its amount now.
    pub quantity: Quantity,
    /// What is filled.
    pub filled: Quantity,
    /// What the fills came to, in quote units.
    pub notional: Amount,
    /// The fees paid, in quote units.
    pub fees: Amount,
    /// What they are above the exact sum, in ten-thousandths of a unit, below 10,000.
    pub fee_credit: u16,
    /// What sets it off, or what it hides.
    pub terms: Terms,
    /// When it ends by itself.
    pub expires_at: Option<Timestamp>,
    /// Who pays for it.
    pub funding: Funding,
}

/// What is kept of an open order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenOrderState {
    /// The order.
    pub order: OrderState,
    /// What is left of it.
    pub leaves: Quantity,
    /// What is held for it.
    pub held: Amount,
    /// Where it is.
    pub stage: OrderStage,
}

/// What is kept of an ended order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FinishedOrderState {
    /// The order.
    pub order: OrderState,
    /// How it ended.
    pub status: OrderStatus,
    /// The time of the command that ended it.
    pub at: Timestamp,
}

/// Why a state cannot be taken up.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RestoreError {
    /// The configuration is wrong by itself.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The state does not fit the configuration or itself: the first thing found.
    #[error("the state is not one that this configuration can lead to: {0}")]
    State(String),
}

macro_rules! ensure {
    ($holds:expr, $($text:tt)+) => {
        if !$holds {
            return Err(RestoreError::State(format!($($text)+)));
        }
    };
}

/// No counter of commands, orders or events comes near this: a trade's name has 52 bits for its
/// sequence, which at a million a second are 142 years.
const MAX_COUNT: u64 = 1 << 52;

impl Clearing {
    /// All that is kept, to be written down; `None` while something is in flight. Time and
    /// memory grow with it.
    pub fn state(&self) -> Option<ClearingState> {
        if self.in_flight() > 0 {
            return None;
        }
        let assets = || (0..self.config.assets).map(AssetId);
        Some(ClearingState {
            last_sequence: self.last_sequence,
            last_time: self.last_time,
            next_order: self.next_order,
            assets: assets()
                .map(|asset| AssetState {
                    inside: self.ledger.inside(asset),
                    fees: self.ledger.fees(asset),
                    pool: self.ledger.reserves(asset).pool,
                    insurance: self.ledger.reserves(asset).insurance,
                })
                .collect(),
            accounts: (0..self.accounts.len())
                .map(AccountId)
                .filter_map(|account| {
                    let balances = assets().map(|asset| self.ledger.balance(account, asset));
                    Some(AccountState {
                        name: self.accounts.name(account)?,
                        balances: balances.collect(),
                        cancel_after: self.accounts.cancel_after(account),
                        limits: self.accounts.limits(account),
                    })
                })
                .collect(),
            markets: self.markets.iter().map(|it| self.state_of(it)).collect(),
            transfers: self.known_transfers().collect(),
            operations: self.known_operations().collect(),
            revoked: RevokedState {
                tokens: self.revocations.tokens().collect(),
                users: self.revocations.users().collect(),
            },
        })
    }

    /// The transfers that are remembered, the oldest first.
    pub(in crate::clearing) fn known_transfers(&self) -> impl Iterator<Item = TransferState> {
        let known = self.keys.remembered(self.last_time);
        known.filter_map(|(key, content, at)| match content {
            Content::Transfer(transfer) => Some(TransferState { key, transfer, at }),
            Content::Operation(_) => None,
        })
    }

    /// What else is remembered by a key, the oldest first.
    pub(in crate::clearing) fn known_operations(&self) -> impl Iterator<Item = OperationState> {
        let known = self.keys.remembered(self.last_time);
        known.filter_map(|(key, content, at)| match content {
            Content::Operation(digest) => Some(OperationState { key, digest, at }),
            Content::Transfer(_) => None,
        })
    }

    fn state_of(&self, market: &Market) -> MarketState {
        let mut open: Vec<_> = market
            .orders
            .iter()
            .map(|(_, open)| OpenOrderState {
                order: state_of_order(&open.order),
                leaves: open.leaves,
                held: open.held,
                stage: open.stage,
            })
            .collect();
        open.sort_unstable_by_key(|open| open.order.id);
        // What is kept beyond its time is known to nobody.
        let finished = market
            .finished
            .iter()
            .filter(|ended| !is_forgotten(ended.at, self.last_time, &self.config))
            .map(|ended| FinishedOrderState {
                order: state_of_order(&ended.order),
                status: ended.status,
                at: ended.at,
            })
            .collect();
        MarketState {
            status: market.status,
            last_trade: market.last_trade,
            last_event: market.last_event,
            breaker: market.pair.breaker().map(|_| BreakerState {
                reference: market.reference.price(),
                closes: market.reference.closes(),
                reopens_at: market.reopens_at,
            }),
            margin: market.margin.as_ref().map(|margin| margin.state()),
            open,
            finished,
        }
    }

    /// Takes up a state that [`Clearing::state`] gave, after checking all of it.
    pub fn restore(
        config: ExchangeConfig,
        state: &ClearingState,
    ) -> Result<Clearing, RestoreError> {
        let mut clearing = Clearing::new(config)?;
        clearing.last_sequence = state.last_sequence;
        clearing.last_time = state.last_time;
        clearing.next_order = state.next_order;
        let counts = [state.last_sequence.0, state.next_order.0];
        let events = state.markets.iter().map(|market| market.last_event.0);
        let highest = counts.into_iter().chain(events).max();
        ensure!(
            highest < Some(MAX_COUNT) && state.next_order >= OrderId(1),
            "a counter stands at {highest:?}"
        );
        clearing.restore_accounts(state)?;
        let pairs = clearing.markets.len();
        ensure!(
            state.markets.len() == pairs,
            "it has {} pairs, the configuration {pairs}",
            state.markets.len()
        );
        for (index, market) in state.markets.iter().enumerate() {
            clearing.restore_market(index, market)?;
        }
        clearing.restore_keys(state)?;
        clearing.restore_revoked(&state.revoked)?;
        clearing
            .verify()
            .map_err(|Violation(what)| RestoreError::State(what))?;
        Ok(clearing)
    }

    fn restore_accounts(&mut self, state: &ClearingState) -> Result<(), RestoreError> {
        let assets = usize::from(self.config.assets);
        ensure!(
            state.assets.len() == assets,
            "it has {} assets, the configuration {assets}",
            state.assets.len()
        );
        ensure!(
            state.accounts.len() <= self.config.max_accounts as usize,
            "it has {} accounts, at most {} may be",
            state.accounts.len(),
            self.config.max_accounts
        );
        for (asset, kept) in (0..self.config.assets).map(AssetId).zip(&state.assets) {
            self.ledger.restore_asset(asset, kept);
        }
        for account in &state.accounts {
            let name = account.name.as_str();
            ensure!(
                self.accounts.by_name(&account.name).is_none(),
                "two accounts are named {name}"
            );
            ensure!(
                account.balances.len() == assets,
                "{name} has {} balances for {assets} assets",
                account.balances.len()
            );
            let number = self.open_account(account.name);
            for (asset, balance) in (0..self.config.assets).map(AssetId).zip(&account.balances) {
                self.ledger.restore_balance(number, asset, *balance);
            }
            self.set_cancel_after(number, account.cancel_after);
            self.accounts.set_limits(number, account.limits);
        }
        Ok(())
    }

    /// Takes up both kinds of what is remembered by a key, in the one order in which it is forgotten.
    fn restore_keys(&mut self, state: &ClearingState) -> Result<(), RestoreError> {
        let count = state.transfers.len() + state.operations.len();
        let most = self.config.max_transfers;
        ensure!(
            count <= most as usize,
            "{count} keys are remembered, at most {most} may be"
        );
        let mut operations = state.operations.iter().peekable();
        for TransferState { key, transfer, at } in &state.transfers {
            while let Some(earlier) = operations.next_if(|it| it.at < *at) {
                self.restore_operation(earlier)?;
            }
            let is_known = self.ledger.has_asset(transfer.asset)
                && match transfer.party {
                    Party::Account(account) => self.accounts.contains(account),
                    Party::Reserve(_) => true,
                };
            ensure!(
                is_known && !transfer.change.amount().is_zero(),
                "{key:?} names what there is not: {transfer:?}"
            );
            self.restore_key(*key, Content::Transfer(*transfer), *at)?;
        }
        operations.try_for_each(|it| self.restore_operation(it))
    }

    fn restore_operation(&mut self, state: &OperationState) -> Result<(), RestoreError> {
        self.restore_key(state.key, Content::Operation(state.digest), state.at)
    }

    /// Takes up one more, which is no older than those before it.
    fn restore_key(
        &mut self,
        key: IdempotencyKey,
        content: Content,
        at: Timestamp,
    ) -> Result<(), RestoreError> {
        let is_next = self.keys.last_at() <= at && at <= self.last_time;
        ensure!(
            is_next && self.keys.get(key, at).is_none(),
            "{key:?} is remembered twice, or at {at:?}, which is out of place"
        );
        self.remember(key, content, at);
        Ok(())
    }

    fn restore_revoked(&mut self, state: &RevokedState) -> Result<(), RestoreError> {
        let count = state.tokens.len() + state.users.len();
        let most = self.config.max_revocations;
        ensure!(
            count <= most as usize,
            "{count} revocations stand, at most {most} may"
        );
        let tokens = state.tokens.is_sorted_by(|one, next| one.0 < next.0);
        let users = state.users.is_sorted_by(|one, next| one.0 < next.0);
        ensure!(tokens && users, "what is revoked is out of order");
        for &(user, issued_up_to) in &state.users {
            ensure!(
                issued_up_to <= self.last_time,
                "what is to come is revoked of {user:?}"
            );
            let change = RevocationChange::User { user, issued_up_to };
            self.revocations.apply(&change, most);
        }
        for &(token, expires_at) in &state.tokens {
            let change = RevocationChange::Token { token, expires_at };
            self.revocations.apply(&change, most);
        }
        Ok(())
    }

    fn restore_market(&mut self, index: usize, state: &MarketState) -> Result<(), RestoreError> {
        let limit = self.config.max_orders_per_pair as usize;
        ensure!(
            state.open.len() <= limit,
            "{} orders are open in a pair, at most {limit} may be",
            state.open.len()
        );
        ensure!(
            state.finished.len() <= self.config.max_finished_per_pair as usize,
            "{} ends are remembered in a pair, at most {} may be",
            state.finished.len(),
            self.config.max_finished_per_pair
        );
        let market = &mut self.markets[index];
        market.status = state.status;
        market.last_trade = state.last_trade;
        market.last_event = state.last_event;
        self.restore_breaker(index, state.breaker.as_ref())?;
        self.restore_margin(index, state.margin.as_ref())?;
        let mut before = OrderId(0);
        for open in &state.open {
            let id = open.order.id;
            ensure!(before < id, "{id:?} is out of place among the open");
            before = id;
            self.restore_open(index, open)?;
        }
        for ended in &state.finished {
            let id = ended.order.id;
            self.check_order(&ended.order)?;
            ensure!(
                ended.status.is_final() && ended.at <= self.last_time,
                "{id:?} ended as {:?} at {:?}",
                ended.status,
                ended.at
            );
            let market = &mut self.markets[index];
            let pair = market.id();
            let position = market.finished.push(FinishedOrder {
                order: order_of_state(&ended.order),
                status: ended.status,
                at: ended.at,
            });
            self.index_order(&ended.order, Location::Ended { pair, position });
        }
        Ok(())
    }

    fn restore_breaker(
        &mut self,
        index: usize,
        state: Option<&BreakerState>,
    ) -> Result<(), RestoreError> {
        let market = &mut self.markets[index];
        let pair = market.id();
        ensure!(
            market.pair.breaker().is_some() == state.is_some(),
            "{pair:?} has a circuit breaker and had none, or had one and has none"
        );
        let Some(state) = state else {
            return Ok(());
        };
        let reference = Reference::of(state.reference, &state.closes);
        let Some(reference) = reference else {
            ensure!(false, "{pair:?} has its minutes out of order");
            return Ok(());
        };
        ensure!(
            state.reopens_at.is_none() || market.status == TradingStatus::Halted,
            "{pair:?} is to open and is not halted"
        );
        market.reference = reference;
        market.reopens_at = state.reopens_at;
        if let Some(due) = market.reference.due() {
            self.deadlines.add(due, Due::Reference(pair));
        }
        if let Some(at) = state.reopens_at {
            self.deadlines.add(at, Due::Reopening(pair));
        }
        Ok(())
    }

    fn restore_margin(
        &mut self,
        index: usize,
        state: Option<&MarginState>,
    ) -> Result<(), RestoreError> {
        let accounts = self.accounts.len();
        let market = &mut self.markets[index];
        ensure!(
            market.margin.is_some() == state.is_some(),
            "{:?} is on margin and was not, or was and is not",
            market.id()
        );
        if let Some(state) = state {
            Margin::restore(market, state, accounts, &mut self.deadlines)
                .map_err(RestoreError::State)?;
            Margin::restore_ledger(market, &mut self.ledger);
        }
        Ok(())
    }

    fn restore_open(&mut self, index: usize, state: &OpenOrderState) -> Result<(), RestoreError> {
        let id = state.order.id;
        self.check_order(&state.order)?;
        let market = &mut self.markets[index];
        let mut open = OpenOrder::new(order_of_state(&state.order), state.held);
        open.leaves = state.leaves;
        // Nothing is in flight, so its acceptance was told.
        open.announced = true;
        open.stage = state.stage;
        ensure!(
            stage_fits(state),
            "{id:?} cannot be {:?}: {:?}",
            state.stage,
            state.order.terms
        );
        let needed = open.needed(&market.pair);
        ensure!(
            needed == Some(state.held),
            "{id:?} holds {:?} and needs {needed:?}",
            state.held
        );
        ensure!(
            !state.leaves.is_zero()
                && state.order.filled.checked_add(state.leaves) == Some(state.order.quantity)
                && (state.order.time_in_force == TimeInForce::GoodTillCancelled
                    || state.stage == OrderStage::Waiting),
            "{id:?} does not rest with {:?} of {:?}",
            state.leaves,
            state.order.quantity
        );
        if open.order.funding.is_margin() {
            Margin::restore_order(market, &mut self.ledger, &mut open)
                .map_err(RestoreError::State)?;
        }
        let pair = market.id();
        let list = self.accounts.open_list_mut(state.order.account, pair);
        let OrderKey { slot, .. } = market.orders.insert(open, list);
        self.index_order(&state.order, Location::Open { pair, slot });
        if let Some(at) = state.order.expires_at {
            self.deadlines.add(at, Due::Order(id));
        }
        Ok(())
    }

    /// Whether the order may be one more.
    fn check_order(&self, order: &OrderState) -> Result<(), RestoreError> {
        let id = order.id;
        ensure!(
            OrderId(1) <= id && id < self.next_order && self.orders.get(id) == Location::Nowhere,
            "{id:?} is there twice, or was never given out"
        );
        ensure!(
            self.accounts.contains(order.account),
            "{id:?} is of {:?}, which is unknown",
            order.account
        );
        ensure!(
            order.fee_credit < 10_000,
            "{id:?} has a fee credit of {}",
            order.fee_credit
        );
        let taken = order
            .client_order_id
            .and_then(|name| self.accounts.client_id(order.account, &name));
        ensure!(taken.is_none(), "{id:?} and {taken:?} have one client id");
        Ok(())
    }

    fn index_order(&mut self, order: &OrderState, location: Location) {
        self.orders.set(order.id, location);
        if let Some(name) = order.client_order_id {
            self.accounts.set_client_id(order.account, name, order.id);
        }
    }
}

/// Whether an open order on its terms may be where it is said to be.
fn stage_fits(state: &OpenOrderState) -> bool {
    match (state.order.terms, state.stage) {
        (Terms::Plain | Terms::Iceberg { .. } | Terms::Stop(_), OrderStage::Book) => true,
        // One that was set off before the pair halted waits for it to open.
        (Terms::Stop(StopTerms::Oco { .. }), _) => true,
        (Terms::Stop(StopTerms::Fixed { .. } | StopTerms::Trailing { .. }), stage) => {
            stage == OrderStage::Waiting && state.order.filled.is_zero()
        }
        (Terms::Plain | Terms::Iceberg { .. }, _) => false,
    }
}

fn state_of_order(order: &Order) -> OrderState {
    OrderState {
        id: order.id,
        account: order.account,
        client_order_id: order.client_order_id,
        side: order.side,
        market: order.market,
        time_in_force: order.time_in_force,
        post_only: order.post_only,
        self_trade: order.self_trade,
        first_price: order.first_price,
        first_quantity: order.first_quantity,
        price: order.price,
        quantity: order.quantity,
        filled: order.filled,
        notional: order.notional,
        fees: order.fees.paid(),
        fee_credit: order.fees.credit(),
        terms: order.terms,
        expires_at: order.expires_at,
        funding: order.funding,
    }
}

fn order_of_state(state: &OrderState) -> Order {
    Order {
        id: state.id,
        account: state.account,
        price: state.price,
        quantity: state.quantity,
        filled: state.filled,
        notional: state.notional,
        fees: FeeMeter::of(state.fees, state.fee_credit),
        first_price: state.first_price,
        first_quantity: state.first_quantity,
        side: state.side,
        market: state.market,
        time_in_force: state.time_in_force,
        post_only: state.post_only,
        self_trade: state.self_trade,
        client_order_id: state.client_order_id,
        terms: state.terms,
        expires_at: state.expires_at,
        funding: state.funding,
    }
}
