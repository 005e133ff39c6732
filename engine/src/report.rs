//! What the exchange says to the outside: answers, private reports, public data.
//!
//! Of one command, the answer comes first, then what concerns its owners, then what the public
//! may know. Nothing of a command is said before that command is durable, and nothing of a
//! later command before all of an earlier one.

use crate::command::LiquidationCause;
use crate::domain::{
    AccountId, AccountLimits, Amount, AssetId, CallSeverity, ClientOrderId, CommandSequence,
    EventSequence, Funding, OrderId, PairId, PositionId, PositionSide, Price, Quantity, Reserve,
    RevocationChange, SelfTradePrevention, Side, Special, TimeInForce, Timestamp, TradeId,
    TradingStatus, UserName,
};
use crate::reject::Reject;
use crate::request::Correlation;

/// One report, with when and after what it was said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Report {
    /// The command that must be durable first: the one this tells of, or for a refusal (which
    /// is no command) the last one before it; 0 before the first.
    pub after: CommandSequence,
    /// The time of that command, or of the refusal.
    pub time: Timestamp,
    /// What is said.
    pub kind: ReportKind,
}

/// What is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReportKind {
    /// To who asked: the one answer to a request.
    Answer {
        /// From the request.
        correlation: Correlation,
        /// What became of it.
        answer: Answer,
    },
    /// To the owner: an order was accepted. Comes after its answer, before its changes.
    Accepted(AcceptedOrder),
    /// To the owner: an order changed.
    Order(OrderChange),
    /// To the owner: a balance as it now is.
    Balance {
        /// Whose.
        account: AccountId,
        /// Of what.
        asset: AssetId,
        /// What can be spent.
        available: Amount,
        /// What is held for open orders.
        held: Amount,
    },
    /// To all: the total of a level changed. Trades tell of theirs themselves.
    Book {
        /// In which pair.
        pair: PairId,
        /// The pair's sequence.
        sequence: EventSequence,
        /// On which side.
        side: Side,
        /// At which price.
        price: Price,
        /// By how many lots.
        change: i64,
    },
    /// To all: a trade. The maker's level lost `quantity` by it.
    Trade {
        /// In which pair.
        pair: PairId,
        /// The pair's sequence.
        sequence: EventSequence,
        /// At which price.
        price: Price,
        /// How much.
        quantity: Quantity,
        /// The side of the incoming order.
        taker_side: Side,
    },
    /// To all: a pair opened or halted.
    TradingStatus {
        /// Which.
        pair: PairId,
        /// To what.
        status: TradingStatus,
        /// When it opens again by itself: what the circuit breaker halted.
        reopens_at: Option<Timestamp>,
    },
    /// To the owner: a position changed.
    Position(PositionChange),
    /// To the owner: a margin call began, or changed its severity.
    MarginCall(MarginCall),
    /// To the owner: a margin call is over.
    MarginCallCleared {
        /// Whose.
        account: AccountId,
        /// Of which position.
        position: PositionId,
    },
    /// To the owner, and without a name to all: where the liquidation of a position stands.
    Liquidation {
        /// Whose.
        account: AccountId,
        /// Of which position.
        position: PositionId,
        /// Where it stands.
        stage: LiquidationStage,
    },
    /// To the owner, and without a name to all: a position was reduced against one that is
    /// liquidated.
    Deleveraged {
        /// Whose was reduced.
        account: AccountId,
        /// Which.
        position: PositionId,
        /// By how much.
        quantity: Quantity,
        /// At what notional.
        notional: Amount,
    },
    /// To all: the mark price of a pair that is traded on margin changed.
    Mark {
        /// Of which pair.
        pair: PairId,
        /// To what; `None` where there is none.
        mark: Option<Price>,
    },
    /// To all: what is free of a fund of the platform changed.
    Reserve {
        /// Which fund.
        reserve: Reserve,
        /// Of what.
        asset: AssetId,
        /// What is free of it now.
        free: Amount,
    },
    /// To who counts: what the owner of an account may do changed.
    AccountLimits {
        /// Whose.
        account: AccountId,
        /// To what.
        limits: AccountLimits,
    },
    /// To who lets users in: what is revoked changed.
    Revoked(RevocationChange),
}

/// A position as it now is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PositionChange {
    /// What is said.
    pub position: PositionView,
    /// Why.
    pub reason: PositionReason,
    /// What was gained by it, in quote units: below zero for a loss. A fee that the position paid is
    /// in it; one from the hold of a margin order is not.
    pub realised: i64,
}

/// The figures of a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PositionView {
    /// Whose.
    pub account: AccountId,
    /// Its name.
    pub position: PositionId,
    /// In which pair.
    pub pair: PairId,
    /// Which way.
    pub side: PositionSide,
    /// How much; zero when it is closed.
    pub size: Quantity,
    /// What the lots cost or brought, in quote units: the entry price is this by lot.
    pub cost: Amount,
    /// What stands for it, without profit, in quote units.
    pub collateral: Amount,
    /// The interest that it owes, in quote units.
    pub interest: Amount,
    /// Whether it is being liquidated.
    pub liquidating: bool,
    /// When it was opened.
    pub opened_at: Timestamp,
}

/// Why a position changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PositionReason {
    /// A fill opened it.
    Opened,
    /// A fill made it larger.
    Grown,
    /// A fill made it smaller.
    Reduced,
    /// A fill closed it.
    Closed,
    /// Its owner put collateral in, or took it out.
    Adjusted,
    /// It owes interest.
    Interest,
    /// It was reduced, or closed, by its liquidation.
    Liquidated,
    /// It was reduced, or closed, outside the book, against an opposite one.
    Deleveraged,
    /// Its liquidation began or ended.
    Liquidation,
}

/// A margin call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MarginCall {
    /// Of which position, as it is.
    pub position: PositionView,
    /// How bad.
    pub severity: CallSeverity,
    /// The mark price that it was called at.
    pub mark: Price,
    /// When it began.
    pub since: Timestamp,
    /// When the position is reduced, if nothing is done.
    pub deadline: Timestamp,
}

/// Where a liquidation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LiquidationStage {
    /// It began.
    Began(LiquidationCause),
    /// The insurance fund pays from here on.
    Backstop,
    /// Opposite positions are reduced from here on.
    Deleveraging,
    /// It cannot go on: the pair is not open, has no mark price or an old one.
    SuspendedMarket,
    /// It cannot go on: nobody is there to trade with.
    SuspendedLiquidity,
    /// The position is safe again.
    Recovered,
    /// The position is closed.
    Closed,
}

/// The answer to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The account of that name.
    Account {
        /// Its number.
        account: AccountId,
        /// Its name.
        name: UserName,
    },
    /// The deposit or withdrawal is booked.
    Booked {
        /// What can be spent now.
        available: Amount,
        /// What is held now.
        held: Amount,
    },
    /// The pair's status is as asked.
    TradingStatusSet,
    /// The order is accepted, now or the first time this client order id came.
    Placed {
        /// Its name.
        order: OrderId,
        /// Whether this is the repeated answer to a repeated client order id.
        duplicate: bool,
    },
    /// The order is changed.
    Amended {
        /// Its name.
        order: OrderId,
        /// Its limit now.
        price: Price,
        /// Its amount now, what is filled included.
        quantity: Quantity,
        /// What is left of it now.
        leaves: Quantity,
    },
    /// The order is out of the book, now or since before.
    Cancelled {
        /// Its name.
        order: OrderId,
        /// What was filled of it.
        filled: Quantity,
    },
    /// The collateral is as it is told.
    MarginAdjusted {
        /// Of which position.
        position: PositionId,
        /// What it is now, in quote units.
        collateral: Amount,
    },
    /// The fund has what is told.
    ReserveBooked {
        /// What is free of it now.
        free: Amount,
    },
    /// The index is as asked.
    IndexSet,
    /// The transfer is booked, now or the first time this key came.
    Transferred {
        /// The time of its command.
        at: Timestamp,
        /// Whether this is the repeated answer to a repeated key.
        duplicate: bool,
    },
    /// What the owner of the account may do is as asked.
    AccountLimitsSet,
    /// What is revoked is as asked.
    Revoked {
        /// Whether that changed something, which is told next.
        changed: bool,
    },
    /// What the operator asked for was done the first time this key came; nothing happened now.
    Repeated {
        /// The time of its command.
        at: Timestamp,
    },
    /// All open orders are cancelled at this time, or at none.
    CancelAfterSet {
        /// When; `None` for never.
        deadline: Option<Timestamp>,
    },
    /// So many orders were cancelled.
    AllCancelled {
        /// How many.
        count: u32,
    },
    /// The order is filled, so it can neither be cancelled nor changed.
    AlreadyFilled {
        /// Its name.
        order: OrderId,
        /// Its pair.
        pair: PairId,
        /// What was filled: all of it.
        filled: Quantity,
        /// What that came to, in quote units.
        notional: Amount,
    },
    /// Refused; nothing changed.
    Rejected(Reject),
}

/// What of an order never changes, and what it starts with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AcceptedOrder {
    /// Whose.
    pub account: AccountId,
    /// Its name.
    pub order: OrderId,
    /// The client's own name for it.
    pub client_order_id: Option<ClientOrderId>,
    /// In which pair.
    pub pair: PairId,
    /// Which way.
    pub side: Side,
    /// Whether it is a market order, or becomes one; `price` is then its collar.
    pub market: bool,
    /// The worst price it may trade at.
    pub price: Price,
    /// How much.
    pub quantity: Quantity,
    /// How long it stays.
    pub time_in_force: TimeInForce,
    /// Whether it may only rest.
    pub post_only: bool,
    /// What happens where it meets its owner's own order.
    pub self_trade: SelfTradePrevention,
    /// What else was asked of it.
    pub special: Special,
    /// Good till when, if not till cancelled.
    pub expires_at: Option<Timestamp>,
    /// Who pays for it.
    pub funding: Funding,
}

/// One change of an order, with its figures after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderChange {
    /// Whose.
    pub account: AccountId,
    /// Its name.
    pub order: OrderId,
    /// In which pair.
    pub pair: PairId,
    /// Where it stands now.
    pub status: OrderStatus,
    /// Its limit (or collar) now.
    pub price: Price,
    /// Its amount now, what is filled included.
    pub quantity: Quantity,
    /// What is filled so far.
    pub filled: Quantity,
    /// What is left: still in the book, or zero when it ended.
    pub leaves: Quantity,
    /// What the fills came to so far, in quote units.
    pub notional: Amount,
    /// The fees so far, in quote units.
    pub fees: Amount,
    /// The fill, if this change is one.
    pub fill: Option<Fill>,
    /// Why, if somebody would ask.
    pub reason: Option<OrderReason>,
    /// The pair's sequence, if the book changed or a trade printed.
    pub sequence: Option<EventSequence>,
}

/// One fill of one order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fill {
    /// The trade, which the other side's fill names too.
    pub trade: TradeId,
    /// At which price.
    pub price: Price,
    /// How much.
    pub quantity: Quantity,
    /// What this side paid for it, in quote units.
    pub fee: Amount,
    /// Whether it rested or came in.
    pub liquidity: Liquidity,
}

/// Which side of a trade an order was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Liquidity {
    /// It rested.
    Maker,
    /// It came in.
    Taker,
}

/// Where an order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OrderStatus {
    /// Accepted, and outside the book: a stop that waits. Nothing filled.
    Pending,
    /// In the book, nothing filled.
    Open,
    /// Some of it filled; the rest in the book, or still on its way through it.
    PartiallyFilled,
    /// All of it filled. Final.
    Filled,
    /// Taken out by its owner or by self-trade prevention. Final.
    Cancelled,
    /// Its time in force ended it. Final.
    Expired,
}

impl OrderStatus {
    /// Whether nothing comes after it.
    pub const fn is_final(self) -> bool {
        match self {
            OrderStatus::Pending | OrderStatus::Open | OrderStatus::PartiallyFilled => false,
            OrderStatus::Filled | OrderStatus::Cancelled | OrderStatus::Expired => true,
        }
    }
}

/// Why an order changed other than by a fill.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OrderReason {
    /// Its owner changed it.
    Amended,
    /// Its owner cancelled it.
    CancelRequested,
    /// It met an order of its own account.
    SelfTradePrevention,
    /// Immediate-or-cancel: nothing more to trade with at its price.
    ImmediateOrCancel,
    /// A market order reached its collar.
    CollarReached,
    /// Fill-or-kill: it could not be filled whole.
    FillOrKill,
    /// Its stop was reached: it comes into the book.
    Triggered,
    /// It would have traded beyond the limits, and halted the pair.
    CircuitBreaker,
    /// The time that it was good till came.
    Expired,
    /// Its owner's dead-man switch was not set anew in time.
    CancelAfter,
    /// The connection that its owner tied its orders to is gone.
    Disconnected,
    /// Its owner's position is being liquidated.
    Liquidation,
    /// Its owner's position is being reduced against one that is liquidated.
    AutoDeleveraging,
    /// Its owner closes the position.
    Closing,
}
