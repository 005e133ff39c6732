//! What was accepted: checked, paid for by a hold, given a place in the exchange's one order.
//!
//! A [`Command`] holds the decision as it was taken, so that it is all the journal needs.
//! Refused requests change nothing and never become one.

use crate::domain::{
    AccountId, Amount, AssetId, ClientOrderId, CommandSequence, OrderId, OrderKey, PairId, Price,
    Quantity, SelfTradePrevention, Side, TimeInForce, Timestamp, TradingStatus, UserName,
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
        /// What was held for it: of quote for a buy, of base for a sell.
        hold: Amount,
        /// What the matcher gets.
        order: PlaceOrder,
    },
    /// Changes a resting order.
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
    /// Takes a resting order out of the book.
    Cancel {
        /// In which pair.
        pair: PairId,
        /// The order's public name.
        id: OrderId,
        /// What the matcher gets.
        order: CancelOrder,
    },
}

impl CommandKind {
    /// What goes to a matcher, and to whose; `None` where clearing does it alone.
    #[inline]
    pub const fn order_command(&self) -> Option<(PairId, OrderCommand)> {
        match *self {
            CommandKind::OpenAccount { .. }
            | CommandKind::Deposit { .. }
            | CommandKind::Withdraw { .. }
            | CommandKind::SetTradingStatus { .. } => None,
            CommandKind::Place { pair, order, .. } => Some((pair, OrderCommand::Place(order))),
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
    /// A resting order changes its price or its quantity.
    Replace(ReplaceOrder),
    /// A resting order leaves.
    Cancel(CancelOrder),
}

/// An order comes in. Market orders are immediate-or-cancel limits at a collar by now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlaceOrder {
    /// Where it will stand. The slot is free in the matcher.
    pub key: OrderKey,
    /// Whose it is, for self-trade prevention.
    pub account: AccountId,
    /// Which way.
    pub side: Side,
    /// The worst price it may trade at.
    pub price: Price,
    /// How much, at least one lot.
    pub quantity: Quantity,
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
pub struct ReplaceOrder {
    /// Which order.
    pub key: OrderKey,
    /// Its new price; the old one to keep it.
    pub price: Price,
    /// What is added to its quantity, in lots; below zero to take away.
    pub quantity_change: i64,
}

/// A resting order leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CancelOrder {
    /// Which order.
    pub key: OrderKey,
    /// Why, for the report.
    pub reason: CancelReason,
}
