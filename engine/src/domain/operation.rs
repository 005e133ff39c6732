use super::{AccountId, AccountLimits, PairId, Revocation, TradingStatus, UserName};

/// What an operator calls a request that counts once: 128 bits of a hash of the name, so that any
/// name fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IdempotencyKey(pub u128);

/// What an operator may ask for under a key, beside a [`Transfer`](super::Transfer).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    /// Open or halt a pair.
    SetTradingStatus {
        /// Which.
        pair: PairId,
        /// To what.
        status: TradingStatus,
    },
    /// Say what the owner of an account may do.
    SetAccountLimits {
        /// Whose.
        account: AccountId,
        /// What.
        limits: AccountLimits,
    },
    /// Find the account of this name, or open it.
    OpenAccount {
        /// What the outside calls it.
        name: UserName,
    },
    /// Revoke tokens, or let them count again.
    Revoke(Revocation),
}

/// What is kept of an [`Operation`] to know it again: 128 bits of a hash of its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct OperationDigest(pub [u8; 16]);
