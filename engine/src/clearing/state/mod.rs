//! All that clearing keeps, as plain data: what a snapshot is written from and read into.
//!
//! Taken at rest (nothing in flight) and in canonical order: accounts by number, open orders by
//! id, ended ones as they ended. Two equal states are one state. What is read back is checked
//! whole before it is believed: bytes from a disk cannot make a [`Clearing`] that breaks an
//! invariant, nor one that panics.

macro_rules! ensure {
    ($holds:expr, $($text:tt)+) => {
        if !$holds {
            return Err(RestoreError::State(format!($($text)+)));
        }
    };
}

mod memory;
mod restore;

use thiserror::Error;

use crate::command::{LiquidationCause, Terms};
use crate::domain::{
    AccountId, AccountLimits, Amount, AssetId, CallSeverity, ClientOrderId, CommandSequence,
    EventSequence, Funding, OrderId, PositionId, PositionSide, Price, Quantity,
    SelfTradePrevention, Side, TimeInForce, Timestamp, TradingStatus, UserName,
};
use crate::report::OrderStatus;

use super::market::Market;
use super::order::{Order, OrderStage};
use super::view::Balance;
use super::{Clearing, ConfigError, is_forgotten};

pub use memory::{OperationState, RevokedState, TransferState};

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
            revoked: self.revoked_state(),
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
