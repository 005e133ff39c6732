//! What the operator's port reads and says of users: accounts, limits, transfers.

use engine::domain::{AccountLimits, Movement, Reserve, Timestamp};
use rust_decimal::Decimal;
use serde::Deserialize;
use simd_json::{Buffers, Tape};

use crate::instrument::Asset;

use super::super::fields::{Field, read};
use super::super::json::Json;
use super::super::{BalanceData, MAX_DEPTH, PositionData, Reason, Refusal};
use super::{KeyName, MAX_KEY_BYTES, reserve_word};

/// The highest limit that an operator may set.
pub const MAX_RATE: u32 = 10_000_000;

/// How an account stands, beside its balances and positions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountNow<'a> {
    /// Whose.
    pub user: &'a str,
    /// How many orders are open.
    pub open_orders: usize,
    /// What the operator lets the user do.
    pub limits: AccountLimits,
}

/// An account as JSON.
pub fn encode_account_now<'a>(
    now: &AccountNow<'_>,
    balances: impl Iterator<Item = BalanceData<'a>>,
    positions: impl Iterator<Item = PositionData<'a>>,
    out: &mut Vec<u8>,
) {
    let mut json = Json::new(out);
    json.open();
    json.text("user", now.user);
    json.list("balances");
    for balance in balances {
        json.item();
        json.open();
        balance.write(&mut json);
        json.close();
    }
    json.close_list();
    json.number("openOrders", now.open_orders as u64);
    json.list("positions");
    for position in positions {
        json.item();
        json.open();
        position.write(&mut json);
        json.close();
    }
    json.close_list();
    json.object("limits");
    let names = [
        "orderCommandsPerMinute",
        "cancelsPerMinute",
        "messagesPerSecond",
    ];
    for (name, limit) in names.into_iter().zip(now.limits.numbers()) {
        match limit {
            0 => json.null(name),
            limit => json.number(name, limit.into()),
        }
    }
    json.close();
    json.close();
}

/// Whose transfer it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder<'a> {
    /// A user's.
    User(&'a str),
    /// The platform's.
    Reserve(Reserve),
}

/// A transfer that is booked.
#[derive(Clone, Copy, Debug)]
pub struct Booked<'a> {
    /// What the operator called it.
    pub key: &'a str,
    /// Whose.
    pub holder: Holder<'a>,
    /// Of what.
    pub asset: &'a Asset,
    /// How much, and which way.
    pub change: Movement,
    /// The time of its command.
    pub at: Timestamp,
}

impl Booked<'_> {
    /// As JSON: the same whenever it is asked for.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let mut json = Json::new(out);
        json.open();
        json.text("idempotencyKey", self.key);
        match self.holder {
            Holder::User(user) => json.text("user", user),
            Holder::Reserve(reserve) => json.word("reserve", reserve_word(reserve)),
        }
        json.word(
            "direction",
            match self.change {
                Movement::In(_) => "deposit",
                Movement::Out(_) => "withdrawal",
            },
        );
        json.word("asset", &self.asset.symbol);
        let units = u128::from(self.change.amount().units());
        json.exact("amount", units, self.asset.scale, self.asset.display_scale);
        json.number("bookedAt", self.at.0);
        json.close();
    }
}

/// What an operator wants brought in or taken out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AskedTransfer {
    /// The symbol of the asset.
    pub asset: Box<str>,
    /// How much.
    pub amount: Decimal,
    /// What the operator calls it.
    pub key: KeyName,
}

/// Reads what is to be brought in or taken out: `asset`, `amount` and `idempotencyKey`. The bytes
/// are scratch afterwards.
///
/// # Errors
/// What is wrong with the first field that is.
pub fn decode_transfer(body: &mut [u8]) -> Result<AskedTransfer, Refusal> {
    let malformed = || Refusal::new(Reason::MalformedJson);
    let mut buffers = Buffers::with_max_depth(0, MAX_DEPTH);
    let mut tape = Tape::null();
    simd_json::fill_tape(body, &mut buffers, &mut tape).map_err(|_| malformed())?;
    let root = tape.as_value();
    let root = root.as_object().ok_or_else(malformed)?;
    let fields = ["asset", "amount", "idempotencyKey"].map(Field::root);
    let [asset, amount, key] = read(&root, fields)?;
    let asset = asset.needed("the symbol of an asset")?.symbol()?;
    let amount = amount.needed("a decimal string like \"100.00\"")?;
    let amount = amount.decimal()?.unwrap_or_default();
    let expected = format!("1 to {MAX_KEY_BYTES} visible ASCII characters");
    let key = key.needed(&expected)?;
    let Some(key) = KeyName::new(key.text()?.unwrap_or_default()) else {
        return Err(key.field.refuse(Reason::InvalidValue, &expected));
    };
    Ok(AskedTransfer { asset, amount, key })
}

/// Reads what a user may do; all of it is set, and what is not named is as configured. `None` where
/// a field is unknown, or no whole number from 1 to [`MAX_RATE`]. With them the key, where there is
/// one.
pub fn decode_account_limits(body: &[u8]) -> Option<(AccountLimits, Option<KeyName>)> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields, rename_all = "camelCase")]
    struct Asked {
        order_commands_per_minute: Option<u32>,
        cancels_per_minute: Option<u32>,
        messages_per_second: Option<u32>,
        idempotency_key: Option<KeyName>,
    }
    let asked: Asked = serde_json::from_slice(body).ok()?;
    let limits = [
        asked.order_commands_per_minute,
        asked.cancels_per_minute,
        asked.messages_per_second,
    ];
    let fits = |limit: &u32| (1..=MAX_RATE).contains(limit);
    let fit = limits.iter().flatten().all(fits);
    let limits = AccountLimits::of_numbers(limits.map(Option::unwrap_or_default));
    fit.then_some((limits, asked.idempotency_key))
}
