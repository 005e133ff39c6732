//! What is asked of the exchange, before anybody looked at it.

use crate::domain::{
    AccountId, AccountLimits, Amount, AssetId, ClientOrderId, IdempotencyKey, MarginRequest,
    Movement, Operation, OrderId, PairId, PositionId, Price, Quantity, Reserve, Revocation,
    SelfTradePrevention, Side, Special, TimeInForce, Timestamp, TradingStatus, Transfer, UserName,
};

/// What the asker calls its request; the answer carries it back. The engine never looks inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Correlation(pub u64);

/// One request. Every request gets exactly one answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// Carried back in the answer.
    pub correlation: Correlation,
    /// What is asked.
    pub kind: RequestKind,
}

/// What may be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestKind {
    /// Find the account of this name, or open it.
    OpenAccount {
        /// What the outside calls it.
        name: UserName,
    },
    /// Bring an amount in.
    Deposit {
        /// Whose.
        account: AccountId,
        /// Of what.
        asset: AssetId,
        /// How much.
        amount: Amount,
    },
    /// Send an amount out.
    Withdraw {
        /// Whose.
        account: AccountId,
        /// Of what.
        asset: AssetId,
        /// How much.
        amount: Amount,
    },
    /// Open or halt a pair.
    SetTradingStatus {
        /// Which.
        pair: PairId,
        /// To what.
        status: TradingStatus,
    },
    /// Place an order.
    Place(PlaceRequest),
    /// Change an open order's price or amount.
    Amend {
        /// Whose.
        account: AccountId,
        /// Which order.
        order: OrderRef,
        /// The new limit; `None` keeps it.
        price: Option<Price>,
        /// The new amount, what is filled included; `None` keeps it.
        quantity: Option<Quantity>,
    },
    /// Cancel an order.
    Cancel {
        /// Whose.
        account: AccountId,
        /// Which order.
        order: OrderRef,
    },
    /// Cancel all open orders, or those of one pair or side.
    CancelAll {
        /// Whose.
        account: AccountId,
        /// In which pair; `None` for all.
        pair: Option<PairId>,
        /// On which side; `None` for both.
        side: Option<Side>,
        /// Whether a lost connection asks for it, not the owner.
        disconnected: bool,
    },
    /// Cancel all open orders at a time to come, unless it is asked anew before.
    CancelAfter {
        /// Whose.
        account: AccountId,
        /// In how many milliseconds; 0 takes it back.
        timeout_ms: u64,
    },
    /// Close a position at the market; answered as the order that does it.
    ClosePosition {
        /// Whose.
        account: AccountId,
        /// Which.
        position: PositionId,
        /// The client's own name for the order.
        client_order_id: Option<ClientOrderId>,
    },
    /// Put collateral in, or take it out.
    AdjustMargin {
        /// Whose.
        account: AccountId,
        /// Of which position.
        position: PositionId,
        /// How much of quote.
        change: Movement,
    },
    /// Bring an amount into a fund of the platform, or take it out.
    FundReserve {
        /// Which fund.
        reserve: Reserve,
        /// Of what.
        asset: AssetId,
        /// How much.
        change: Movement,
    },
    /// Say what the index of a pair stands at.
    SetIndex {
        /// Which pair.
        pair: PairId,
        /// Where; `None` where nobody knows.
        index: Option<Price>,
    },
    /// Bring an amount in, or send it out, once for each key.
    Transfer {
        /// What the operator calls it.
        key: IdempotencyKey,
        /// What.
        transfer: Transfer,
    },
    /// Say what the owner of an account may do.
    SetAccountLimits {
        /// Whose.
        account: AccountId,
        /// What.
        limits: AccountLimits,
    },
    /// Revoke tokens, or let them count again.
    Revoke(Revocation),
    /// Do what an operator asks for, once for each key.
    Operate {
        /// What the operator calls it.
        key: IdempotencyKey,
        /// What.
        operation: Operation,
    },
}

impl RequestKind {
    /// What asks for an operation: once, where it has a key.
    pub const fn operation(operation: Operation, key: Option<IdempotencyKey>) -> RequestKind {
        match (key, operation) {
            (Some(key), operation) => RequestKind::Operate { key, operation },
            (None, Operation::SetTradingStatus { pair, status }) => {
                RequestKind::SetTradingStatus { pair, status }
            }
            (None, Operation::SetAccountLimits { account, limits }) => {
                RequestKind::SetAccountLimits { account, limits }
            }
            (None, Operation::OpenAccount { name }) => RequestKind::OpenAccount { name },
            (None, Operation::Revoke(revocation)) => RequestKind::Revoke(revocation),
        }
    }
}

/// Place an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlaceRequest {
    /// Whose.
    pub account: AccountId,
    /// In which pair.
    pub pair: PairId,
    /// The client's own name for it.
    pub client_order_id: Option<ClientOrderId>,
    /// Which way.
    pub side: Side,
    /// Its limit; `None` for a market order, and for a stop that becomes one.
    pub limit: Option<Price>,
    /// How much.
    pub quantity: Quantity,
    /// How long it stays. A market order is immediate-or-cancel, unless it is fill-or-kill.
    pub time_in_force: TimeInForce,
    /// Refused if it would trade at once.
    pub post_only: bool,
    /// What happens where it meets its owner's own order.
    pub self_trade: SelfTradePrevention,
    /// What else is asked of it.
    pub special: Special,
    /// Good till when, if not till cancelled.
    pub expires_at: Option<Timestamp>,
    /// What it asks of margin.
    pub margin: MarginRequest,
}

/// An order, by either of its names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderRef {
    /// The exchange's name.
    Id(OrderId),
    /// The owner's name.
    Client(ClientOrderId),
}
