//! What was accepted: checked, paid for by a hold, given a place in the exchange's one order.
//!
//! A [`Command`] holds the decision as it was taken, so that it is all the journal needs.
//! Refused requests change nothing and never become one.

use crate::domain::{
    AccountId, AccountLimits, Amount, AssetId, ClientOrderId, CommandSequence, Crossing, Funding,
    IdempotencyKey, Movement, Operation, OperationDigest, OrderId, OrderKey, PairId, PositionId,
    Price, Quantity, Reserve, Revocation, SelfTradePrevention, Side, Special, StopKind,
    TimeInForce, Timestamp, TradingStatus, TrailingDistance, Transfer, TriggerBy, UserName,
};
use crate::event::CancelReason;

/// One accepted command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Command {
    /// Its place in the one order, from 1, without a gap.
    pub sequence: CommandSequence,
    /// When it was accepted. Never before the command before it.
    pub time: Timestamp,
    /// What it does.
    pub kind: CommandKind,
}

/// What a command does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommandKind {
    /// Opens an account under the next number.
    OpenAccount {
        /// The number it gets.
        account: AccountId,
        /// What the outside calls it.
        name: UserName,
    },
    /// Brings an amount in from outside.
    Deposit {
        /// Whose.
        account: AccountId,
        /// Of what.
        asset: AssetId,
        /// How much, more than nothing.
        amount: Amount,
    },
    /// Sends an amount out.
    Withdraw {
        /// Whose.
        account: AccountId,
        /// Of what.
        asset: AssetId,
        /// How much, more than nothing, at most what is available.
        amount: Amount,
    },
    /// Opens or halts a pair.
    SetTradingStatus {
        /// Which.
        pair: PairId,
        /// To what.
        status: TradingStatus,
    },
    /// Sets when all open orders of an account are cancelled, unless it is set anew before.
    CancelAfter {
        /// Whose.
        account: AccountId,
        /// At what time; `None` for never.
        deadline: Option<Timestamp>,
    },
    /// Moves the price around which a pair's circuit breaker stands.
    SetReference {
        /// In which pair.
        pair: PairId,
        /// To where.
        reference: Price,
        /// The lowest and the highest price that may print from now on.
        limits: PriceLimits,
    },
    /// Sends an order into its pair's book.
    Place {
        /// In which pair.
        pair: PairId,
        /// The order's public name.
        id: OrderId,
        /// The client's own name for it.
        client_order_id: Option<ClientOrderId>,
        /// Whether the client asked for a market order; `order.price` is then its collar.
        market: bool,
        /// When it ends by itself, if it does.
        expires_at: Option<Timestamp>,
        /// What was held for it: of quote for a buy, of base for a sell; of quote for a margin
        /// order; of the insurance fund's quote for a backstop.
        hold: Amount,
        /// Who pays for it.
        funding: Funding,
        /// What the matcher gets.
        order: PlaceOrder,
        /// What it gets beside it.
        terms: Terms,
    },
    /// Changes an open order.
    Replace {
        /// In which pair.
        pair: PairId,
        /// The order's public name.
        id: OrderId,
        /// What was held beside the order's hold, until the change is through.
        hold: Amount,
        /// What the matcher gets.
        order: ReplaceOrder,
    },
    /// Takes an open order out.
    Cancel {
        /// In which pair.
        pair: PairId,
        /// The order's public name.
        id: OrderId,
        /// What the matcher gets.
        order: CancelOrder,
    },
    /// Does something to the positions of a pair, in its turn among the pair's commands.
    Margin {
        /// In which pair.
        pair: PairId,
        /// What.
        margin: MarginCommand,
    },
    /// Brings an amount into a fund of the platform, or takes it out.
    FundReserve {
        /// Which fund.
        reserve: Reserve,
        /// Of what.
        asset: AssetId,
        /// How much.
        change: Movement,
    },
    /// Brings an amount in from outside, or sends it out, under a name that counts once.
    Transfer {
        /// What the operator calls it.
        key: IdempotencyKey,
        /// What.
        transfer: Transfer,
    },
    /// Sets what the operator lets the owner of an account do.
    SetAccountLimits {
        /// Whose.
        account: AccountId,
        /// What.
        limits: AccountLimits,
    },
    /// Revokes tokens, or lets them count again.
    Revoke(Revocation),
    /// Does what the operator asked for, under a name that counts once.
    Operate {
        /// What the operator calls it.
        key: IdempotencyKey,
        /// What.
        operation: Operation,
    },
    /// Remembers what the operator asked for when there was nothing to change, so that it changes
    /// nothing later.
    Remember {
        /// What the operator calls it.
        key: IdempotencyKey,
        /// What it was.
        digest: OperationDigest,
    },
}

/// What is done to the positions of a pair. A position that is gone by its turn is left alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MarginCommand {
    /// Collateral comes in, or leaves. What comes in is held until then.
    Adjust {
        /// Whose.
        account: AccountId,
        /// Of which position.
        position: PositionId,
        /// How much.
        change: Movement,
    },
    /// A position begins to be liquidated, or reduced.
    BeginLiquidation {
        /// Whose.
        account: AccountId,
        /// Which.
        position: PositionId,
        /// Why.
        cause: LiquidationCause,
        /// The mark price that it was decided at.
        mark: Price,
    },
    /// It need not go on.
    EndLiquidation {
        /// Whose.
        account: AccountId,
        /// Which.
        position: PositionId,
        /// The mark price that it was decided at.
        mark: Price,
    },
    /// A position is reduced against an opposite one, outside the book.
    Deleverage {
        /// Whose is liquidated.
        account: AccountId,
        /// Which.
        position: PositionId,
        /// Whose is reduced.
        counterparty: AccountId,
        /// Which.
        against: PositionId,
        /// By how much.
        quantity: Quantity,
        /// What it costs the buying side, in quote.
        notional: Amount,
    },
    /// The insurance fund pays a debt.
    CoverDebt {
        /// Whose.
        account: AccountId,
        /// Of which position.
        position: PositionId,
        /// How much.
        amount: Amount,
    },
    /// All positions owe interest.
    AccrueInterest {
        /// For so many hours.
        hours: u32,
    },
    /// The index moved, or is lost.
    SetIndex(Option<Price>),
}

/// Why a position is reduced by the exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LiquidationCause {
    /// Its ratio fell to the maintenance ratio.
    Maintenance,
    /// Its margin call was not answered in time.
    Grace,
}

impl CommandKind {
    /// What goes to a matcher, and to whose; `None` where clearing does it alone.
    #[inline]
    pub const fn order_command(&self) -> Option<(PairId, OrderCommand)> {
        match *self {
            CommandKind::OpenAccount { .. }
            | CommandKind::Deposit { .. }
            | CommandKind::Withdraw { .. }
            | CommandKind::FundReserve { .. }
            | CommandKind::Transfer { .. }
            | CommandKind::SetAccountLimits { .. }
            | CommandKind::Revoke(_)
            | CommandKind::Remember { .. }
            | CommandKind::CancelAfter { .. } => None,
            CommandKind::Operate { operation, .. } => match operation {
                Operation::SetTradingStatus { pair, status } => {
                    Some((pair, OrderCommand::SetTradingStatus(status)))
                }
                Operation::SetAccountLimits { .. }
                | Operation::OpenAccount { .. }
                | Operation::Revoke(_) => None,
            },
            CommandKind::Margin { pair, .. } => Some((pair, OrderCommand::Pass)),
            CommandKind::SetTradingStatus { pair, status } => {
                Some((pair, OrderCommand::SetTradingStatus(status)))
            }
            CommandKind::SetReference { pair, limits, .. } => {
                Some((pair, OrderCommand::SetPriceLimits(limits)))
            }
            CommandKind::Place {
                pair, order, terms, ..
            } => Some((pair, OrderCommand::place(order, terms))),
            CommandKind::Replace { pair, order, .. } => Some((pair, OrderCommand::Replace(order))),
            CommandKind::Cancel { pair, order, .. } => Some((pair, OrderCommand::Cancel(order))),
        }
    }
}

/// What the matcher of one pair is told to do. Small and `Copy`: one cache line in a ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderCommand {
    /// An order comes in.
    Place(PlaceOrder),
    /// An order comes in that a price may set off.
    PlaceStop(PlaceOrder, StopTerms),
    /// An order comes in that shows so much of itself at a time, at most all of it.
    PlaceIceberg(PlaceOrder, Quantity),
    /// A resting order changes its price or its quantity.
    Replace(ReplaceOrder),
    /// An order leaves.
    Cancel(CancelOrder),
    /// The pair opens, or stops.
    SetTradingStatus(TradingStatus),
    /// Trades may print within these from now on.
    SetPriceLimits(PriceLimits),
    /// Nothing: what clearing does in its turn.
    Pass,
}

/// The lowest and the highest price that may print, both allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PriceLimits {
    /// The lowest.
    pub low: Price,
    /// The highest.
    pub high: Price,
}

impl Default for PriceLimits {
    /// Every price.
    fn default() -> PriceLimits {
        PriceLimits {
            low: Price::MIN,
            high: Price::MAX,
        }
    }
}

impl PriceLimits {
    /// The prices within `band` basis points around `reference`.
    pub fn around(reference: Price, band: u16) -> PriceLimits {
        let (low, high) = reference.band(band);
        PriceLimits { low, high }
    }

    /// Whether a trade may print at `price`.
    #[inline]
    pub fn allow(&self, price: Price) -> bool {
        self.low <= price && price <= self.high
    }
}

// With the sequence and the pair, one cache line in a ring.
const _: () = assert!(size_of::<OrderCommand>() <= 48);

impl OrderCommand {
    /// The placement of `order` on `terms`.
    #[inline]
    pub const fn place(order: PlaceOrder, terms: Terms) -> OrderCommand {
        match terms {
            Terms::Plain => OrderCommand::Place(order),
            Terms::Stop(stop) => OrderCommand::PlaceStop(order, stop),
            Terms::Iceberg { display } => OrderCommand::PlaceIceberg(order, display),
        }
    }

    /// The order that it is about; that of nothing where it is about the pair.
    pub const fn key(&self) -> OrderKey {
        match self {
            OrderCommand::Place(order)
            | OrderCommand::PlaceStop(order, _)
            | OrderCommand::PlaceIceberg(order, _) => order.key,
            OrderCommand::Replace(order) => order.key,
            OrderCommand::Cancel(order) => order.key,
            OrderCommand::SetTradingStatus(_)
            | OrderCommand::SetPriceLimits(_)
            | OrderCommand::Pass => OrderKey::NONE,
        }
    }
}

/// What an order is beside its price and its amount, as it was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Terms {
    /// A limit, or a market order at its collar.
    #[default]
    Plain,
    /// A price may set it off.
    Stop(StopTerms),
    /// It shows so much of what rests at a time.
    Iceberg {
        /// How much, from one lot to all of it.
        display: Quantity,
    },
}

impl Terms {
    /// What was asked of an order of `side`, of which these are the terms.
    pub const fn special(&self, side: Side) -> Special {
        match *self {
            Terms::Plain => Special::None,
            Terms::Iceberg { display } => Special::Iceberg { display },
            Terms::Stop(StopTerms::Fixed {
                trigger,
                crossing,
                by,
            }) => Special::Stop {
                kind: StopKind::of(crossing, side),
                trigger,
                by,
            },
            Terms::Stop(StopTerms::Trailing { distance, by, .. }) => {
                Special::Trailing { distance, by }
            }
            Terms::Stop(StopTerms::Oco {
                trigger,
                limit,
                market,
                by,
            }) => Special::Oco {
                trigger,
                limit: if market { None } else { Some(limit) },
                by,
            },
        }
    }

    /// The worst price at which an order of `side` may trade that comes in at `price`.
    #[inline]
    pub fn worst_price(&self, side: Side, price: Price) -> Price {
        match *self {
            Terms::Stop(StopTerms::Oco { limit, .. }) => match side {
                Side::Buy => price.max(limit),
                Side::Sell => price.min(limit),
            },
            Terms::Plain | Terms::Iceberg { .. } | Terms::Stop(_) => price,
        }
    }
}

/// What sets an order off, and as what it then comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StopTerms {
    /// It waits outside the book, and comes in at its own price and for its own time in force.
    Fixed {
        /// Where it sets off.
        trigger: Price,
        /// Which way.
        crossing: Crossing,
        /// By which price.
        by: TriggerBy,
    },
    /// It waits outside the book and follows the market; it comes in at the collar of where it
    /// was set off, for its own time in force. Its own price is the collar of where it started.
    Trailing {
        /// The best price that it has seen when it starts.
        anchor: Price,
        /// How far behind the best price it follows.
        distance: TrailingDistance,
        /// The band that makes the collar, in basis points.
        collar: u16,
        /// Which price it follows.
        by: TriggerBy,
    },
    /// It rests at its own price until it is set off; then it leaves the book and comes in.
    Oco {
        /// Where it sets off: below the market for a sell, above for a buy.
        trigger: Price,
        /// Its limit from then on.
        limit: Price,
        /// Whether it then comes in at the market: `limit` is a collar, and nothing rests.
        market: bool,
        /// By which price.
        by: TriggerBy,
    },
}

/// An order comes in. Market orders are immediate-or-cancel limits at a collar by now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
// Every kind begins with its key at the same place, so that a batch is looked over without asking
// what each command is.
#[repr(C, align(8))]
pub struct PlaceOrder {
    /// Where it will stand. The slot is free in the matcher.
    pub key: OrderKey,
    /// How much, at least one lot.
    pub quantity: Quantity,
    /// Whose it is, for self-trade prevention.
    pub account: AccountId,
    /// The worst price it may trade at.
    pub price: Price,
    /// Which way.
    pub side: Side,
    /// How long it stays.
    pub time_in_force: TimeInForce,
    /// Refused, whole, if it would trade at once.
    pub post_only: bool,
    /// What happens where it meets its owner's own resting order.
    pub self_trade: SelfTradePrevention,
}

/// A resting order changes.
///
/// The change of quantity is a difference, so that a fill which passes this command on its way
/// to the matcher is not undone by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
// Laid out as `PlaceOrder` is.
#[repr(C, align(8))]
pub struct ReplaceOrder {
    /// Which order.
    pub key: OrderKey,
    /// What is added to its quantity, in lots; below zero to take away.
    pub quantity_change: i64,
    /// Its new price; the old one to keep it.
    pub price: Price,
    /// Whether it was a one-cancels-other order that had not been set off when this was decided:
    /// `price` is then not meant for what comes after.
    pub linked: bool,
}

/// An order leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
// Laid out as `PlaceOrder` is.
#[repr(C, align(8))]
pub struct CancelOrder {
    /// Which order.
    pub key: OrderKey,
    /// Why, for the report.
    pub reason: CancelReason,
}
