//! What others may read of clearing: copies, never references into its slabs.

use std::fmt;

use crate::domain::{Amount, Quantity, Timestamp};
use crate::report::{AcceptedOrder, OrderStatus};

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
