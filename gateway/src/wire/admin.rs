//! What the operator's port says.

use engine::domain::{Amount, Lending, Reserve, Timestamp, TradingStatus};
use rust_decimal::Decimal;
use simd_json::{Buffers, Tape};

use crate::instrument::Asset;

use super::fields::{Field, read};
use super::json::Json;
use super::{Reason, Refusal, trading_status_word};

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

/// What a fund has free after a deposit or a withdrawal, as JSON.
pub fn encode_reserve_booked(reserve: Reserve, asset: &Asset, free: Amount, out: &mut Vec<u8>) {
    let mut json = Json::new(out);
    json.open();
    json.word("reserve", reserve_word(reserve));
    json.word("asset", &asset.symbol);
    let units = u128::from(free.units());
    json.exact("available", units, asset.scale, asset.display_scale);
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

/// Reads what comes into a fund, or leaves it: `asset` and `amount`. The bytes are scratch
/// afterwards. An `idempotencyKey` is refused for as long as nothing remembers it: who sends one
/// relies on it.
pub fn decode_movement(body: &mut [u8]) -> Result<(Box<str>, Decimal), Refusal> {
    let malformed = || Refusal::new(Reason::MalformedJson);
    let mut buffers = Buffers::with_max_depth(0, super::MAX_DEPTH);
    let mut tape = Tape::null();
    simd_json::fill_tape(body, &mut buffers, &mut tape).map_err(|_| malformed())?;
    let root = tape.as_value();
    let root = root.as_object().ok_or_else(malformed)?;
    let fields = ["asset", "amount", "idempotencyKey"].map(Field::root);
    let [asset, amount, key] = read(&root, fields)?;
    if !key.is_absent() {
        return Err(key
            .field
            .refuse(Reason::InvalidValue, "no key: there is none yet"));
    }
    let asset = asset.needed("the symbol of an asset")?.symbol()?;
    let expected = "a decimal string like \"100.00\"";
    let amount = amount.needed(expected)?;
    let amount = amount.decimal()?.unwrap_or_default();
    Ok((asset, amount))
}

/// How many connections ended with what was revoked.
pub fn encode_revoked(ended: usize, out: &mut Vec<u8>) {
    let mut json = Json::new(out);
    json.open();
    json.number("endedConnections", ended as u64);
    json.close();
}

/// Why nothing was done.
pub fn encode_admin_error(words: &str, out: &mut Vec<u8>) {
    let mut json = Json::new(out);
    json.open();
    json.word("error", words);
    json.close();
}
