//! The words of the market as types. Integers only: prices in ticks, quantities in lots,
//! amounts in the smallest unit of an asset. Nothing here knows decimals, text or clocks;
//! the rim converts.

mod amount;
mod fee;
mod id;
mod margin;
mod name;
mod operation;
mod pair;
mod price;
mod quantity;
mod revocation;
mod sequence;
mod side;
mod special;
mod time;
mod time_in_force;
mod transfer;

pub use amount::Amount;
pub use fee::BasisPoints;
pub use id::{AccountId, AssetId, OrderId, OrderKey, PairId, TradeId};
pub use margin::{
    CallSeverity, Funding, Lending, Leverage, MarginRatio, MarginRequest, Movement, PairMargin,
    PositionId, PositionSide, Reserve,
};
pub use name::{ClientOrderId, NameError, UserName};
pub use operation::{IdempotencyKey, Operation, OperationDigest};
pub use pair::{CircuitBreaker, Pair, PairError, PairLimits, PairSpec, TradingStatus};
pub use price::Price;
pub use quantity::Quantity;
pub use revocation::{Revocation, RevocationChange, Revocations, TokenId};
pub use sequence::{CommandSequence, EventSequence};
pub use side::Side;
pub use special::{Crossing, Special, StopKind, TrailingDistance, TriggerBy};
pub use time::Timestamp;
pub use time_in_force::{SelfTradePrevention, TimeInForce};
pub use transfer::{AccountLimits, Party, Transfer};
