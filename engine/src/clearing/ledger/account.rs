use crate::domain::AccountId;

/// One account of the ledger. Of each asset there is one of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::clearing) enum LedgerAccount {
    /// What a user can spend.
    Available(AccountId),
    /// What is held for a user's open orders.
    Held(AccountId),
    /// What the platform took for trades.
    Fees,
    /// What positions may still borrow.
    Pool,
    /// What of it is promised to open margin orders.
    PoolPromised,
    /// What pays where positions cannot.
    Insurance,
    /// What of it is promised to backstop orders.
    InsurancePromised,
    /// What all positions have.
    Positions,
    /// The rest of the world: below zero by what came in from it.
    Outside,
}
