//! What the operator's port says.

use engine::domain::{Amount, Lending, Reserve, Timestamp, TradingStatus};

use crate::instrument::Asset;

use super::json::Json;
use super::trading_status_word;

mod account;
mod key;

pub use account::*;
pub use key::*;

/// How a pair stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PairNow {
    /// Whether it takes orders.
    pub status: TradingStatus,
    /// When it opens again by itself.
    pub reopens_at: Option<Timestamp>,
}

/// A pair's status as JSON.
pub fn encode_pair_now(symbol: &str, now: &PairNow, out: &mut Vec<u8>) {
    let mut json = Json::new(out);
    json.open();
    json.word("pair", symbol);
    json.word("status", trading_status_word(now.status));
    if let Some(at) = now.reopens_at {
        json.number("reopensAt", at.0);
    }
    json.close();
}

/// How the platform's funds stand in one asset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReservesNow {
    /// What the lending pool can lend.
    pub pool: Amount,
    /// What the insurance fund can pay.
    pub insurance: Amount,
    /// What open positions owe the pool, interest left out.
    pub lent: u128,
    /// How the asset is lent.
    pub lending: Lending,
}

/// The funds of all assets as JSON.
pub fn encode_reserves<'a>(
    reserves: impl Iterator<Item = (&'a Asset, ReservesNow)>,
    out: &mut Vec<u8>,
) {
    let mut json = Json::new(out);
    json.open();
    json.list("reserves");
    for (asset, now) in reserves {
        let units = |amount: Amount| u128::from(amount.units());
        let (scale, shown) = (asset.scale, asset.display_scale);
        json.item();
        json.open();
        json.word("asset", &asset.symbol);
        json.object("pool");
        json.exact("available", units(now.pool), scale, shown);
        json.exact("lent", now.lent, scale, shown);
        json.exact("limit", units(now.lending.limit), scale, shown);
        json.exact("hourlyRate", u128::from(now.lending.hourly_rate), 9, 0);
        json.close();
        json.object("insurance");
        json.exact("available", units(now.insurance), scale, shown);
        json.close();
        json.close();
    }
    json.close_list();
    json.close();
}

/// The word of a fund.
pub const fn reserve_word(reserve: Reserve) -> &'static str {
    match reserve {
        Reserve::LendingPool => "pool",
        Reserve::InsuranceFund => "insurance",
    }
}

/// The fund of this word.
pub fn reserve_of_word(word: &str) -> Option<Reserve> {
    let all = [Reserve::LendingPool, Reserve::InsuranceFund];
    all.into_iter().find(|it| reserve_word(*it) == word)
}

/// How many connections ended with what was revoked.
pub fn encode_revoked(ended: usize, out: &mut Vec<u8>) {
    let mut json = Json::new(out);
    json.open();
    json.number("endedConnections", ended as u64);
    json.close();
}

/// Why nothing was done: a stable word, and words for people.
pub fn encode_admin_error(reason: &str, words: &str, out: &mut Vec<u8>) {
    let mut json = Json::new(out);
    json.open();
    json.word("reason", reason);
    json.text("error", words);
    json.close();
}
