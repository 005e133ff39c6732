/// How long an order stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
#[repr(u8)]
pub enum TimeInForce {
    /// Good till cancelled: what is not filled rests.
    #[default]
    GoodTillCancelled = 0,
    /// Immediate or cancel: what is not filled at once is dropped.
    ImmediateOrCancel = 1,
    /// Fill or kill: filled whole at once, or nothing happens.
    FillOrKill = 2,
}

/// What happens where an order meets a resting order of the same account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
#[repr(u8)]
pub enum SelfTradePrevention {
    /// The rest of the incoming order is dropped; what it filled before stands.
    #[default]
    CancelTaker = 0,
    /// The resting order is cancelled; matching goes on.
    CancelMaker = 1,
    /// Both end.
    CancelBoth = 2,
    /// Both lose the smaller of the two quantities, without a trade; matching goes on.
    Decrement = 3,
}
