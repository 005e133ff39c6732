//! Why a request is refused. Numbers are stable: a refusal means the same in every version.

/// A refusal. Where several apply, the one with the lowest number is given; but what an order's
/// type asks for (25 to 30, 33, 34) comes before its amount, its price and its owner's money (10 to
/// 23); what margin asks for beside that (35 to 41) comes after the cap on open orders (18).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Reject {
    /// The exchange is stopping, or its rings are full.
    Unavailable = 1,
    /// No account has this number.
    UnknownAccount = 2,
    /// No asset has this number.
    UnknownAsset = 3,
    /// No pair has this number.
    UnknownPair = 4,
    /// The pair is halted and takes cancels only.
    PairHalted = 5,
    /// Another order of this user has this client order id, with another content.
    DuplicateClientOrderId = 6,
    /// No such order, or one of somebody else: the two are told apart by nobody.
    UnknownOrder = 7,
    /// The order is filled.
    AlreadyFilled = 8,
    /// The order is cancelled or expired.
    AlreadyClosed = 9,
    /// The amount is below the pair's minimum.
    BelowMinAmount = 10,
    /// The amount is above the pair's maximum.
    AboveMaxAmount = 11,
    /// The new amount is not above what is filled already.
    AmountBelowFilled = 12,
    /// The amend names neither a new price nor a new amount.
    NothingToAmend = 13,
    /// Price × amount is below the pair's minimum.
    BelowMinNotional = 14,
    /// Price × amount is more than any account can hold.
    NotionalTooLarge = 15,
    /// The price is outside the band around the reference price.
    PriceOutsideBand = 16,
    /// Post-only goes with good-till-cancelled only.
    PostOnlyNeedsGoodTillCancelled = 17,
    /// The account has as many open orders in the pair as it may have.
    TooManyOpenOrders = 18,
    /// The account has less available than the order must hold.
    InsufficientBalance = 19,
    /// The deposit or withdrawal is of nothing.
    ZeroAmount = 20,
    /// The balance would pass the largest amount.
    BalanceTooLarge = 21,
    /// A post-only order would trade at once.
    PostOnlyWouldTake = 22,
    /// The pair's book holds as many orders as it may.
    BookFull = 23,
    /// As many accounts are open as may be.
    TooManyAccounts = 24,
    /// A stop that the market's price has reached already.
    WouldTriggerImmediately = 25,
    /// The prices of a one-cancels-other order are not on their sides of the market.
    OcoPriceRelation = 26,
    /// The shown part of an iceberg order is zero, above its amount, below the pair's minimum,
    /// or less than a hundredth of the amount.
    InvalidDisplayAmount = 27,
    /// A trailing stop's distance leaves no price for the stop.
    TrailingOutOfRange = 28,
    /// The time that an order is good till has come already.
    ExpiryInPast = 29,
    /// The option does not go with this type of order.
    OptionNotForOrderType = 30,
    /// The amend was for the order as it was before its stop was reached.
    AlreadyTriggered = 31,
    /// The order has no price that its owner may change.
    PriceNotAmendable = 32,
    /// The pair is not traded on margin.
    MarginNotOffered = 33,
    /// The leverage is above the pair's.
    LeverageOutOfRange = 34,
    /// The account has no such position.
    NoPosition = 35,
    /// The position is being liquidated.
    PositionInLiquidation = 36,
    /// It would reduce more than there is, with the other open orders on its side; or it is on the
    /// side that opens.
    ReduceOnlyExceedsPosition = 37,
    /// Reduce-only orders and other margin orders do not stand on one side together.
    OrdersConflict = 38,
    /// It could trade at a worse price than that at which the position has nothing left.
    BeyondBankruptcy = 39,
    /// The account's position, or that of all accounts, would be larger than the pair allows.
    PositionLimit = 40,
    /// The lending pool has not enough left.
    PoolExhausted = 41,
    /// Without it the position would be below the initial ratio, or open orders may need it.
    BelowInitialMargin = 42,
    /// The position's worth is unknown: a side of the book is empty, nothing traded, or the index
    /// is missing.
    NoMarkPrice = 43,
    /// The fund of the platform has less than is to leave.
    InsufficientReserve = 44,
    /// A margin order cannot be changed: cancel it, and place another.
    MarginNotAmendable = 45,
    /// Another request of the operator has this key.
    TransferKeyReused = 46,
    /// As many keys are remembered as may be: one more could not be told from a repeat.
    TooManyTransfers = 47,
    /// As much is revoked as may be.
    TooManyRevocations = 48,
}

impl Reject {
    /// Every refusal, by number.
    pub const ALL: [Reject; 48] = [
        Reject::Unavailable,
        Reject::UnknownAccount,
        Reject::UnknownAsset,
        Reject::UnknownPair,
        Reject::PairHalted,
        Reject::DuplicateClientOrderId,
        Reject::UnknownOrder,
        Reject::AlreadyFilled,
        Reject::AlreadyClosed,
        Reject::BelowMinAmount,
        Reject::AboveMaxAmount,
        Reject::AmountBelowFilled,
        Reject::NothingToAmend,
        Reject::BelowMinNotional,
        Reject::NotionalTooLarge,
        Reject::PriceOutsideBand,
        Reject::PostOnlyNeedsGoodTillCancelled,
        Reject::TooManyOpenOrders,
        Reject::InsufficientBalance,
        Reject::ZeroAmount,
        Reject::BalanceTooLarge,
        Reject::PostOnlyWouldTake,
        Reject::BookFull,
        Reject::TooManyAccounts,
        Reject::WouldTriggerImmediately,
        Reject::OcoPriceRelation,
        Reject::InvalidDisplayAmount,
        Reject::TrailingOutOfRange,
        Reject::ExpiryInPast,
        Reject::OptionNotForOrderType,
        Reject::AlreadyTriggered,
        Reject::PriceNotAmendable,
        Reject::MarginNotOffered,
        Reject::LeverageOutOfRange,
        Reject::NoPosition,
        Reject::PositionInLiquidation,
        Reject::ReduceOnlyExceedsPosition,
        Reject::OrdersConflict,
        Reject::BeyondBankruptcy,
        Reject::PositionLimit,
        Reject::PoolExhausted,
        Reject::BelowInitialMargin,
        Reject::NoMarkPrice,
        Reject::InsufficientReserve,
        Reject::MarginNotAmendable,
        Reject::TransferKeyReused,
        Reject::TooManyTransfers,
        Reject::TooManyRevocations,
    ];

    /// The stable number.
    pub const fn number(self) -> u8 {
        self as u8
    }
}

#[cfg(test)]
mod tests {
    use super::Reject;

    #[test]
    fn numbers_count_from_one_and_all_is_all() {
        for (index, reject) in Reject::ALL.iter().enumerate() {
            assert_eq!(usize::from(reject.number()), index + 1);
        }
    }
}
