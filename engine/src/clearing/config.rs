use thiserror::Error;

use crate::domain::{AssetId, Lending, Pair, PairId};

/// What an exchange is made of, and the limits of everything that it keeps.
///
/// Part of the state's meaning: a journal is replayed under the configuration that it was
/// written under.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExchangeConfig {
    /// How many assets there are: their numbers are those below it.
    pub assets: u16,
    /// The pairs, each at the index that is its number.
    pub pairs: Vec<Pair>,
    /// The most accounts that may be opened.
    pub max_accounts: u32,
    /// The most orders that one pair may have open, in flight included, below 2^24.
    pub max_orders_per_pair: u32,
    /// How long the end of an order is remembered, in milliseconds.
    pub retention_ms: u64,
    /// The most ended orders that one pair remembers; above it the oldest is forgotten before
    /// its time.
    pub max_finished_per_pair: u32,
    /// The most transfers and other requests of the operator that are remembered by their keys; one
    /// more within a day is refused.
    pub max_transfers: u32,
    /// The most that is revoked at the same time, tokens and users; one more is refused.
    pub max_revocations: u32,
    /// How each asset is lent, at the index that is its number; an asset beyond the end is not lent.
    pub lending: Vec<Lending>,
}

/// A configuration that may not be: what of it is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ConfigError {
    /// There are more pairs than a pair's number can tell apart.
    #[error("{pairs} pairs; at most {} can be told apart", PairId::LIMIT)]
    TooManyPairs {
        /// How many were given.
        pairs: usize,
    },
    /// A pair is not at the index that is its number.
    #[error("pair {} stands at index {index}; a pair's index is its number", pair.0)]
    PairOutOfPlace {
        /// Which pair.
        pair: PairId,
        /// Where it stands.
        index: usize,
    },
    /// A pair trades an asset that does not exist.
    #[error("pair {} trades asset {}, but there are only {assets} assets", pair.0, asset.0)]
    UnknownAsset {
        /// Which pair.
        pair: PairId,
        /// Which asset.
        asset: AssetId,
        /// How many there are.
        assets: u16,
    },
    /// The cap on a pair's open orders is not 1 to 2^24 - 1.
    #[error(
        "{orders} open orders a pair; expected 1 to {}",
        ExchangeConfig::MAX_ORDERS_PER_PAIR
    )]
    OrdersPerPair {
        /// What was given.
        orders: u32,
    },
}

impl ExchangeConfig {
    /// The most open orders that a pair can be configured for: with the bound of a quantity it
    /// keeps the total of a level inside 64 bits.
    pub const MAX_ORDERS_PER_PAIR: u32 = (1 << 24) - 1;

    /// A configuration with the default limits: a million accounts, a million open orders a
    /// pair, ends remembered for 24 hours and at most four million a pair, a million keys a day,
    /// a hundred thousand revocations.
    pub fn new(assets: u16, pairs: Vec<Pair>) -> ExchangeConfig {
        ExchangeConfig {
            assets,
            pairs,
            max_accounts: 1 << 20,
            max_orders_per_pair: 1 << 20,
            retention_ms: 24 * 60 * 60 * 1_000,
            max_finished_per_pair: 1 << 22,
            max_transfers: 1 << 20,
            max_revocations: 100_000,
            lending: Vec::new(),
        }
    }

    /// Whether the parts fit together; if not, the first that does not.
    pub fn check(&self) -> Result<(), ConfigError> {
        if self.pairs.len() > usize::from(PairId::LIMIT) {
            return Err(ConfigError::TooManyPairs {
                pairs: self.pairs.len(),
            });
        }
        if !(1..=Self::MAX_ORDERS_PER_PAIR).contains(&self.max_orders_per_pair) {
            return Err(ConfigError::OrdersPerPair {
                orders: self.max_orders_per_pair,
            });
        }
        for (index, pair) in self.pairs.iter().enumerate() {
            if usize::from(pair.id().0) != index {
                return Err(ConfigError::PairOutOfPlace {
                    pair: pair.id(),
                    index,
                });
            }
            for asset in [pair.base(), pair.quote()] {
                if asset.0 >= self.assets {
                    return Err(ConfigError::UnknownAsset {
                        pair: pair.id(),
                        asset,
                        assets: self.assets,
                    });
                }
            }
        }
        Ok(())
    }
}
