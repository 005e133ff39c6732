//! One command as bytes: little-endian, 12 to [`MAX`] long, most of them 20 to 82.
//!
//! A record begins with its tag and its time; its sequence is its place in the frame. Tags and
//! layouts are for ever: what changes gets a new tag. Keys of orders are left out, for they
//! depend on the timing of threads. Decoding is total: bytes that no encoder wrote are an
//! error, and what decodes encodes to the same bytes again.

use super::input::Input;
use super::log::{Check, Entry};
use super::margin;
use super::operator;
use super::output::{Fields, Output};
use super::special::{self, Extension};

pub use super::input::RecordError;
use crate::command::{CancelOrder, Command, CommandKind, PlaceOrder, PriceLimits, ReplaceOrder};
use crate::domain::{
    AccountId, Amount, AssetId, ClientOrderId, CommandSequence, Funding, OrderId, OrderKey, PairId,
    SelfTradePrevention, Side, TimeInForce, Timestamp, TradingStatus, UserName,
};
use crate::event::CancelReason;

#[cfg(test)]
mod tests;

/// The longest record, in bytes.
pub const MAX: usize = 112;

/// Tags, one for each layout ever written. Never zero: a run of zeros is no record.
mod tag {
    pub(super) const CHECK: u8 = 1;
    pub(super) const OPEN_ACCOUNT: u8 = 2;
    pub(super) const DEPOSIT: u8 = 3;
    pub(super) const WITHDRAW: u8 = 4;
    pub(super) const SET_TRADING_STATUS: u8 = 5;
    pub(super) const PLACE: u8 = 6;
    pub(super) const REPLACE: u8 = 7;
    pub(super) const CANCEL: u8 = 8;
    /// A placement with terms or an expiry: that of a plain one, and these behind it.
    pub(super) const PLACE_SPECIAL: u8 = 9;
    /// A replace of an order whose stop was watched: else as any.
    pub(super) const REPLACE_LINKED: u8 = 10;
    pub(super) const CANCEL_AFTER: u8 = 11;
    pub(super) const SET_REFERENCE: u8 = 12;
    /// A special placement that is no spot order: its funding stands behind its terms.
    pub(super) const PLACE_FUNDED: u8 = 13;
    pub(super) const MARGIN: u8 = 14;
    pub(super) const FUND_RESERVE: u8 = 15;
    pub(super) const TRANSFER: u8 = 16;
    pub(super) const SET_ACCOUNT_LIMITS: u8 = 17;
    pub(super) const REVOKE: u8 = 18;
    /// What the operator asked for under a key, and the key.
    pub(super) const OPERATE: u8 = 19;
    /// The key alone, where there was nothing to change.
    pub(super) const REMEMBER: u8 = 20;
}

/// Bits of a placement's flags.
mod flag {
    pub(super) const SELL: u8 = 1;
    pub(super) const MARKET: u8 = 1 << 1;
    pub(super) const POST_ONLY: u8 = 1 << 2;
    pub(super) const TIME_IN_FORCE_SHIFT: u32 = 3;
    pub(super) const SELF_TRADE_SHIFT: u32 = 5;
    pub(super) const UNUSED: u8 = 1 << 7;
}

/// Appends the record of `command` to `out`.
pub fn encode(command: &Command, out: &mut Vec<u8>) {
    append(out, |room| put(command, room));
}

/// Appends the record of `check` to `out`.
pub fn encode_check(check: &Check, out: &mut Vec<u8>) {
    append(out, |room| put_check(check, room));
}

fn append(out: &mut Vec<u8>, put: impl FnOnce(&mut Output<'_>)) {
    let mut room = [0; MAX];
    let mut record = Output::new(&mut room);
    put(&mut record);
    let len = record.len();
    out.extend(&room[..len]);
}

/// Puts the record of `command` together.
#[inline]
pub(super) fn put(command: &Command, out: &mut Output<'_>) {
    match command.kind {
        CommandKind::OpenAccount { account, name } => {
            start(out, tag::OPEN_ACCOUNT, command.time);
            out.extend(account.0.to_le_bytes());
            out.text(name.padded());
        }
        CommandKind::Deposit {
            account,
            asset,
            amount,
        } => {
            start(out, tag::DEPOSIT, command.time);
            movement(out, account, asset, amount);
        }
        CommandKind::Withdraw {
            account,
            asset,
            amount,
        } => {
            start(out, tag::WITHDRAW, command.time);
            movement(out, account, asset, amount);
        }
        CommandKind::SetTradingStatus { pair, status } => {
            start(out, tag::SET_TRADING_STATUS, command.time);
            out.extend(pair.0.to_le_bytes());
            out.push(status.number());
        }
        CommandKind::SetReference {
            pair,
            reference,
            limits,
        } => {
            start(out, tag::SET_REFERENCE, command.time);
            out.extend(pair.0.to_le_bytes());
            for price in [reference, limits.low, limits.high] {
                out.extend(price.ticks().to_le_bytes());
            }
        }
        CommandKind::CancelAfter { account, deadline } => {
            start(out, tag::CANCEL_AFTER, command.time);
            out.extend(account.0.to_le_bytes());
            moment(out, deadline);
        }
        CommandKind::Place {
            pair,
            id,
            client_order_id,
            market,
            expires_at,
            hold,
            funding,
            order,
            terms,
        } => {
            let extension = Extension {
                expires_at,
                terms,
                funding,
            };
            let plain = extension.is_empty();
            let tag = if plain {
                tag::PLACE
            } else if funding == Funding::Spot {
                tag::PLACE_SPECIAL
            } else {
                tag::PLACE_FUNDED
            };
            start(out, tag, command.time);
            target(out, pair, id);
            out.extend(hold.units().to_le_bytes());
            place(out, &order, market, client_order_id);
            if !plain {
                special::encode(&extension, out);
            }
        }
        CommandKind::Replace {
            pair,
            id,
            hold,
            order,
        } => {
            let tag = if order.linked {
                tag::REPLACE_LINKED
            } else {
                tag::REPLACE
            };
            start(out, tag, command.time);
            target(out, pair, id);
            out.extend(hold.units().to_le_bytes());
            out.extend(order.price.ticks().to_le_bytes());
            out.extend(order.quantity_change.to_le_bytes());
        }
        CommandKind::Margin { pair, margin } => {
            start(out, tag::MARGIN, command.time);
            out.extend(pair.0.to_le_bytes());
            margin::put(&margin, out);
        }
        CommandKind::FundReserve {
            reserve,
            asset,
            change,
        } => {
            start(out, tag::FUND_RESERVE, command.time);
            margin::put_reserve(reserve, asset, change, out);
        }
        CommandKind::Transfer { key, transfer } => {
            start(out, tag::TRANSFER, command.time);
            operator::put_transfer(key, &transfer, out);
        }
        CommandKind::SetAccountLimits { account, limits } => {
            start(out, tag::SET_ACCOUNT_LIMITS, command.time);
            operator::put_limits(account, limits, out);
        }
        CommandKind::Revoke(ref revocation) => {
            start(out, tag::REVOKE, command.time);
            operator::put_revocation(revocation, out);
        }
        CommandKind::Operate { key, ref operation } => {
            start(out, tag::OPERATE, command.time);
            operator::put_operation(key, operation, out);
        }
        CommandKind::Remember { key, digest } => {
            start(out, tag::REMEMBER, command.time);
            operator::put_remembered(key, digest, out);
        }
        CommandKind::Cancel { pair, id, order } => {
            start(out, tag::CANCEL, command.time);
            target(out, pair, id);
            out.push(order.reason.number());
        }
    }
}

/// Puts the record of `check` together.
pub(super) fn put_check(check: &Check, out: &mut Output<'_>) {
    out.push(tag::CHECK);
    out.extend(check.upto.0.to_le_bytes());
    out.extend(check.outcome.to_le_bytes());
}

/// Reads the record at the start of `bytes`, a command's under the given `sequence`; with it,
/// how long it is.
#[inline]
pub fn decode(bytes: &[u8], sequence: CommandSequence) -> Result<(Entry, usize), RecordError> {
    let mut input = Input::new(bytes);
    let tag = input.u8()?;
    if tag == tag::CHECK {
        let check = Check {
            upto: CommandSequence(input.u64()?),
            outcome: input.u64()?,
        };
        return Ok((Entry::Check(check), bytes.len() - input.len()));
    }
    let time = Timestamp(input.u64()?);
    let kind = match tag {
        tag::OPEN_ACCOUNT => CommandKind::OpenAccount {
            account: AccountId(input.u32()?),
            name: UserName::new(input.text()?).map_err(|_| RecordError::Field("name"))?,
        },
        tag::DEPOSIT => CommandKind::Deposit {
            account: AccountId(input.u32()?),
            asset: AssetId(input.u16()?),
            amount: input.amount()?,
        },
        tag::WITHDRAW => CommandKind::Withdraw {
            account: AccountId(input.u32()?),
            asset: AssetId(input.u16()?),
            amount: input.amount()?,
        },
        tag::SET_TRADING_STATUS => CommandKind::SetTradingStatus {
            pair: PairId(input.u16()?),
            status: TradingStatus::from_number(input.u8()?).ok_or(RecordError::Field("status"))?,
        },
        tag::SET_REFERENCE => CommandKind::SetReference {
            pair: PairId(input.u16()?),
            reference: input.price()?,
            limits: PriceLimits {
                low: input.price()?,
                high: input.price()?,
            },
        },
        tag::CANCEL_AFTER => CommandKind::CancelAfter {
            account: AccountId(input.u32()?),
            deadline: read_moment(&mut input)?,
        },
        tag::PLACE => decode_place(&mut input, false)?,
        tag::PLACE_SPECIAL | tag::PLACE_FUNDED => {
            let kind = decode_place(&mut input, true)?;
            let is_funded = !matches!(
                kind,
                CommandKind::Place {
                    funding: Funding::Spot,
                    ..
                }
            );
            if is_funded != (tag == tag::PLACE_FUNDED) {
                return Err(RecordError::Field("funding"));
            }
            kind
        }
        tag::MARGIN => CommandKind::Margin {
            pair: PairId(input.u16()?),
            margin: margin::read(&mut input)?,
        },
        tag::FUND_RESERVE => margin::read_reserve(&mut input)?,
        tag::TRANSFER => operator::read_transfer(&mut input)?,
        tag::SET_ACCOUNT_LIMITS => operator::read_limits(&mut input)?,
        tag::REVOKE => CommandKind::Revoke(operator::read_revocation(&mut input)?),
        tag::OPERATE => operator::read_operation(&mut input)?,
        tag::REMEMBER => {
            let (key, digest) = operator::read_remembered(&mut input)?;
            CommandKind::Remember { key, digest }
        }
        tag::REPLACE | tag::REPLACE_LINKED => CommandKind::Replace {
            pair: PairId(input.u16()?),
            id: OrderId(input.u64()?),
            hold: input.amount()?,
            order: ReplaceOrder {
                key: OrderKey::NONE,
                price: input.price()?,
                quantity_change: input.i64()?,
                linked: tag == tag::REPLACE_LINKED,
            },
        },
        tag::CANCEL => CommandKind::Cancel {
            pair: PairId(input.u16()?),
            id: OrderId(input.u64()?),
            order: CancelOrder {
                key: OrderKey::NONE,
                reason: CancelReason::from_number(input.u8()?)
                    .ok_or(RecordError::Field("reason"))?,
            },
        },
        unknown => return Err(RecordError::Tag(unknown)),
    };
    let command = Command {
        sequence,
        time,
        kind,
    };
    Ok((Entry::Command(command), bytes.len() - input.len()))
}

fn start(out: &mut Output<'_>, tag: u8, time: Timestamp) {
    out.push(tag);
    out.extend(time.0.to_le_bytes());
}

fn movement(out: &mut Output<'_>, account: AccountId, asset: AssetId, amount: Amount) {
    out.extend(account.0.to_le_bytes());
    out.extend(asset.0.to_le_bytes());
    out.extend(amount.units().to_le_bytes());
}

fn target(out: &mut Output<'_>, pair: PairId, id: OrderId) {
    out.extend(pair.0.to_le_bytes());
    out.extend(id.0.to_le_bytes());
}

fn place(out: &mut Output<'_>, order: &PlaceOrder, market: bool, name: Option<ClientOrderId>) {
    out.extend(order.account.0.to_le_bytes());
    let flags = Flags {
        side: order.side,
        market,
        post_only: order.post_only,
        time_in_force: order.time_in_force,
        self_trade: order.self_trade,
    };
    out.push(flags.encode());
    out.extend(order.price.ticks().to_le_bytes());
    out.extend(order.quantity.lots().to_le_bytes());
    match &name {
        Some(name) => out.text(name.padded()),
        None => out.push(0),
    }
}

/// What of an order is one of a few things, in one byte.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flags {
    pub(super) side: Side,
    pub(super) market: bool,
    pub(super) post_only: bool,
    pub(super) time_in_force: TimeInForce,
    pub(super) self_trade: SelfTradePrevention,
}

impl Flags {
    pub(super) fn encode(self) -> u8 {
        let side = match self.side {
            Side::Buy => 0,
            Side::Sell => flag::SELL,
        };
        let time_in_force: u8 = match self.time_in_force {
            TimeInForce::GoodTillCancelled => 0,
            TimeInForce::ImmediateOrCancel => 1,
            TimeInForce::FillOrKill => 2,
        };
        let self_trade: u8 = match self.self_trade {
            SelfTradePrevention::CancelTaker => 0,
            SelfTradePrevention::CancelMaker => 1,
            SelfTradePrevention::CancelBoth => 2,
            SelfTradePrevention::Decrement => 3,
        };
        side | if self.market { flag::MARKET } else { 0 }
            | if self.post_only { flag::POST_ONLY } else { 0 }
            | time_in_force << flag::TIME_IN_FORCE_SHIFT
            | self_trade << flag::SELF_TRADE_SHIFT
    }

    pub(super) fn decode(flags: u8) -> Result<Flags, RecordError> {
        if flags & flag::UNUSED != 0 {
            return Err(RecordError::Field("flags"));
        }
        Ok(Flags {
            side: match flags & flag::SELL {
                0 => Side::Buy,
                _ => Side::Sell,
            },
            market: flags & flag::MARKET != 0,
            post_only: flags & flag::POST_ONLY != 0,
            time_in_force: match flags >> flag::TIME_IN_FORCE_SHIFT & 3 {
                0 => TimeInForce::GoodTillCancelled,
                1 => TimeInForce::ImmediateOrCancel,
                2 => TimeInForce::FillOrKill,
                _ => return Err(RecordError::Field("time in force")),
            },
            self_trade: match flags >> flag::SELF_TRADE_SHIFT & 3 {
                0 => SelfTradePrevention::CancelTaker,
                1 => SelfTradePrevention::CancelMaker,
                2 => SelfTradePrevention::CancelBoth,
                _ => SelfTradePrevention::Decrement,
            },
        })
    }
}

/// Appends a time, or the zero that stands for none.
pub(super) fn moment(out: &mut impl Fields, at: Option<Timestamp>) {
    out.bytes(at.map_or(0, |at| at.0).to_le_bytes());
}

/// Reads a time, or the zero that stands for none.
pub(super) fn read_moment(input: &mut Input<'_>) -> Result<Option<Timestamp>, RecordError> {
    let millis = input.u64()?;
    Ok((millis > 0).then_some(Timestamp(millis)))
}

/// Appends a text of at most 255 bytes.
pub(super) fn text(out: &mut Vec<u8>, text: &str) {
    out.push(u8::try_from(text.len()).expect("invariant: names are at most 64 characters"));
    out.extend(text.as_bytes());
}

#[inline]
fn decode_place(input: &mut Input<'_>, is_special: bool) -> Result<CommandKind, RecordError> {
    let pair = PairId(input.u16()?);
    let id = OrderId(input.u64()?);
    let hold = input.amount()?;
    let account = AccountId(input.u32()?);
    let flags = Flags::decode(input.u8()?)?;
    let price = input.price()?;
    let quantity = input.quantity()?;
    let client_order_id = decode_client_order_id(input)?;
    let Extension {
        expires_at,
        terms,
        funding,
    } = if is_special {
        special::decode(input)?
    } else {
        Extension::default()
    };
    Ok(CommandKind::Place {
        pair,
        id,
        client_order_id,
        market: flags.market,
        expires_at,
        hold,
        funding,
        terms,
        order: PlaceOrder {
            key: OrderKey::NONE,
            account,
            side: flags.side,
            price,
            quantity,
            time_in_force: flags.time_in_force,
            post_only: flags.post_only,
            self_trade: flags.self_trade,
        },
    })
}

/// Reads a client order id, or the empty text that stands for none.
pub(super) fn decode_client_order_id(
    input: &mut Input<'_>,
) -> Result<Option<ClientOrderId>, RecordError> {
    match input.text()? {
        "" => Ok(None),
        name => match ClientOrderId::new(name) {
            Ok(name) => Ok(Some(name)),
            Err(_) => Err(RecordError::Field("client order id")),
        },
    }
}
