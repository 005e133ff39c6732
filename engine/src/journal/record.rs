//! One command as bytes: little-endian, 12 to [`MAX`] long, most of them 20 to 82.
//!
//! A record begins with its tag and its time; its sequence is its place in the frame. Tags and
//! layouts are for ever: what changes gets a new tag. Keys of orders are left out, for they
//! depend on the timing of threads. Decoding is total: bytes that no encoder wrote are an
//! error, and what decodes encodes to the same bytes again.

use super::input::Input;
use super::log::{Check, Entry};
use super::margin;
use super::output::{Fields, Output};
use super::special::{self, Extension};

pub use super::input::RecordError;
use crate::command::{CancelOrder, Command, CommandKind, PlaceOrder, PriceLimits, ReplaceOrder};
use crate::domain::{
    AccountId, Amount, AssetId, ClientOrderId, CommandSequence, Funding, OrderId, OrderKey, PairId,
    SelfTradePrevention, Side, TimeInForce, Timestamp, TradingStatus, UserName,
};
use crate::event::CancelReason;

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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a failed unwrap fails the test

    use std::fmt::Write;

    use expect_test::expect;
    use proptest::prelude::*;

    use super::*;
    use crate::command::{LiquidationCause, MarginCommand, StopTerms, Terms};
    use crate::domain::{
        Crossing, Leverage, Movement, PositionId, Price, Quantity, Reserve, TrailingDistance,
        TriggerBy,
    };

    fn command(kind: CommandKind) -> Command {
        Command {
            sequence: CommandSequence(7),
            time: Timestamp(1_700_000_000_123),
            kind,
        }
    }

    fn place_order() -> PlaceOrder {
        PlaceOrder {
            key: OrderKey::NONE,
            account: AccountId(3),
            side: Side::Sell,
            price: Price::new(100_250).unwrap(),
            quantity: Quantity::new(5_000).unwrap(),
            time_in_force: TimeInForce::ImmediateOrCancel,
            post_only: false,
            self_trade: SelfTradePrevention::CancelBoth,
        }
    }

    fn one_of_each() -> Vec<(&'static str, CommandKind)> {
        let (pair, id) = (PairId(2), OrderId(77));
        let amount = Amount::new(1_000_000).unwrap();
        let (account, asset) = (AccountId(3), AssetId(1));
        let placement = |client_order_id, market| CommandKind::Place {
            pair,
            id,
            client_order_id,
            market,
            expires_at: None,
            hold: amount,
            funding: Funding::Spot,
            order: place_order(),
            terms: Terms::Plain,
        };
        let special = |expires_at, terms| CommandKind::Place {
            pair,
            id,
            client_order_id: None,
            market: false,
            expires_at,
            hold: amount,
            funding: Funding::Spot,
            order: place_order(),
            terms,
        };
        let mut all = vec![
            (
                "open account",
                CommandKind::OpenAccount {
                    account,
                    name: UserName::new("alice").unwrap(),
                },
            ),
            (
                "deposit",
                CommandKind::Deposit {
                    account,
                    asset,
                    amount,
                },
            ),
            (
                "withdraw",
                CommandKind::Withdraw {
                    account,
                    asset,
                    amount,
                },
            ),
            (
                "halt",
                CommandKind::SetTradingStatus {
                    pair,
                    status: TradingStatus::Halted,
                },
            ),
            ("place", placement(None, false)),
            (
                "place, named, market",
                placement(Some(ClientOrderId::new("my-1").unwrap()), true),
            ),
            (
                "replace",
                CommandKind::Replace {
                    pair,
                    id,
                    hold: amount,
                    order: ReplaceOrder {
                        key: OrderKey::NONE,
                        price: Price::new(99_000).unwrap(),
                        quantity_change: -250,
                        linked: false,
                    },
                },
            ),
            (
                "replace, linked",
                CommandKind::Replace {
                    pair,
                    id,
                    hold: amount,
                    order: ReplaceOrder {
                        key: OrderKey::NONE,
                        price: Price::new(99_000).unwrap(),
                        quantity_change: 1,
                        linked: true,
                    },
                },
            ),
            (
                "reference",
                CommandKind::SetReference {
                    pair,
                    reference: Price::new(100_000).unwrap(),
                    limits: PriceLimits::around(Price::new(100_000).unwrap(), 1_000),
                },
            ),
            (
                "cancel after",
                CommandKind::CancelAfter {
                    account,
                    deadline: Some(Timestamp(1_700_000_060_000)),
                },
            ),
            (
                "cancel never",
                CommandKind::CancelAfter {
                    account,
                    deadline: None,
                },
            ),
            (
                "good till",
                special(Some(Timestamp(1_700_000_060_000)), Terms::Plain),
            ),
            (
                "stop",
                special(
                    None,
                    Terms::Stop(StopTerms::Fixed {
                        trigger: Price::new(95_000).unwrap(),
                        crossing: Crossing::Rising,
                        by: TriggerBy::Mark,
                    }),
                ),
            ),
            (
                "trailing",
                special(
                    None,
                    Terms::Stop(StopTerms::Trailing {
                        anchor: Price::new(100_000).unwrap(),
                        distance: TrailingDistance::basis_points(150).unwrap(),
                        collar: 500,
                        by: TriggerBy::Last,
                    }),
                ),
            ),
            (
                "oco",
                special(
                    None,
                    Terms::Stop(StopTerms::Oco {
                        trigger: Price::new(95_000).unwrap(),
                        limit: Price::new(94_500).unwrap(),
                        market: true,
                        by: TriggerBy::Last,
                    }),
                ),
            ),
            (
                "iceberg",
                special(
                    None,
                    Terms::Iceberg {
                        display: Quantity::new(100).unwrap(),
                    },
                ),
            ),
            (
                "cancel",
                CommandKind::Cancel {
                    pair,
                    id,
                    order: CancelOrder {
                        key: OrderKey::NONE,
                        reason: CancelReason::Requested,
                    },
                },
            ),
        ];
        all.extend(one_of_each_of_margin());
        all
    }

    fn one_of_each_of_margin() -> Vec<(&'static str, CommandKind)> {
        let (pair, account, position) = (PairId(2), AccountId(3), PositionId(0x8004));
        let amount = Amount::new(1_000_000).unwrap();
        let mark = Price::new(100_000).unwrap();
        let funded = |funding, terms| CommandKind::Place {
            pair,
            id: OrderId(77),
            client_order_id: None,
            market: false,
            expires_at: None,
            hold: amount,
            funding,
            order: place_order(),
            terms,
        };
        let leverage = Leverage::new(1_000).unwrap();
        let stop = StopTerms::Fixed {
            trigger: Price::new(95_000).unwrap(),
            crossing: Crossing::Falling,
            by: TriggerBy::Mark,
        };
        let floor = mark;
        let cancelled = |reason| CommandKind::Cancel {
            pair,
            id: OrderId(77),
            order: CancelOrder {
                key: OrderKey::NONE,
                reason,
            },
        };
        let margin = |margin| CommandKind::Margin { pair, margin };
        let adjusted = |change| {
            margin(MarginCommand::Adjust {
                account,
                position,
                change,
            })
        };
        let begun = |cause| {
            margin(MarginCommand::BeginLiquidation {
                account,
                position,
                cause,
                mark,
            })
        };
        let reserve = |reserve, change| CommandKind::FundReserve {
            reserve,
            asset: AssetId(1),
            change,
        };
        vec![
            (
                "margin order",
                funded(Funding::Margin { leverage, floor }, Terms::Plain),
            ),
            (
                "reduce only, stop",
                funded(Funding::ReduceOnly, Terms::Stop(stop)),
            ),
            ("liquidation", funded(Funding::Liquidation, Terms::Plain)),
            ("backstop", funded(Funding::Backstop, Terms::Plain)),
            (
                "cancelled, liquidation",
                cancelled(CancelReason::Liquidation),
            ),
            (
                "cancelled, deleveraging",
                cancelled(CancelReason::AutoDeleveraging),
            ),
            ("cancelled, closing", cancelled(CancelReason::Closing)),
            ("margin in", adjusted(Movement::In(amount))),
            ("margin out", adjusted(Movement::Out(amount))),
            ("begin", begun(LiquidationCause::Maintenance)),
            ("begin, grace", begun(LiquidationCause::Grace)),
            (
                "end",
                margin(MarginCommand::EndLiquidation {
                    account,
                    position,
                    mark,
                }),
            ),
            (
                "deleverage",
                margin(MarginCommand::Deleverage {
                    account,
                    position,
                    counterparty: AccountId(4),
                    against: PositionId(0x8005),
                    quantity: Quantity::new(5_000).unwrap(),
                    notional: amount,
                }),
            ),
            (
                "cover debt",
                margin(MarginCommand::CoverDebt {
                    account,
                    position,
                    amount,
                }),
            ),
            (
                "interest",
                margin(MarginCommand::AccrueInterest { hours: 3 }),
            ),
            ("index", margin(MarginCommand::SetIndex(Some(mark)))),
            ("no index", margin(MarginCommand::SetIndex(None))),
            (
                "pool in",
                reserve(Reserve::LendingPool, Movement::In(amount)),
            ),
            (
                "fund out",
                reserve(Reserve::InsuranceFund, Movement::Out(amount)),
            ),
        ]
    }

    #[test]
    fn layouts_of_version_1_are_for_ever() {
        let mut printed = String::new();
        for (name, kind) in one_of_each() {
            let mut bytes = Vec::new();
            encode(&command(kind), &mut bytes);
            assert_eq!(
                decode(&bytes, CommandSequence(7)),
                Ok((Entry::Command(command(kind)), bytes.len()))
            );
            let hex: String = bytes.iter().fold(String::new(), |mut hex, byte| {
                write!(hex, "{byte:02x}").unwrap();
                hex
            });
            writeln!(printed, "{name}: {} bytes {hex}", bytes.len()).unwrap();
        }
        expect![[r#"
            open account: 19 bytes 027b68e5cf8b0100000300000005616c696365
            deposit: 23 bytes 037b68e5cf8b01000003000000010040420f0000000000
            withdraw: 23 bytes 047b68e5cf8b01000003000000010040420f0000000000
            halt: 12 bytes 057b68e5cf8b010000020001
            place: 45 bytes 067b68e5cf8b01000002004d0000000000000040420f000000000003000000499a870100881300000000000000
            place, named, market: 49 bytes 067b68e5cf8b01000002004d0000000000000040420f0000000000030000004b9a8701008813000000000000046d792d31
            replace: 39 bytes 077b68e5cf8b01000002004d0000000000000040420f0000000000b882010006ffffffffffffff
            replace, linked: 39 bytes 0a7b68e5cf8b01000002004d0000000000000040420f0000000000b88201000100000000000000
            reference: 23 bytes 0c7b68e5cf8b0100000200a0860100905f0100b0ad0100
            cancel after: 21 bytes 0b7b68e5cf8b010000030000006052e6cf8b010000
            cancel never: 21 bytes 0b7b68e5cf8b010000030000000000000000000000
            good till: 54 bytes 097b68e5cf8b01000002004d0000000000000040420f000000000003000000499a8701008813000000000000006052e6cf8b01000000
            stop: 59 bytes 097b68e5cf8b01000002004d0000000000000040420f000000000003000000499a8701008813000000000000000000000000000000011873010003
            trailing: 65 bytes 097b68e5cf8b01000002004d0000000000000040420f000000000003000000499a870100881300000000000000000000000000000002a086010096000080f40100
            oco: 63 bytes 097b68e5cf8b01000002004d0000000000000040420f000000000003000000499a870100881300000000000000000000000000000003187301002471010001
            iceberg: 62 bytes 097b68e5cf8b01000002004d0000000000000040420f000000000003000000499a8701008813000000000000000000000000000000046400000000000000
            cancel: 20 bytes 087b68e5cf8b01000002004d0000000000000000
            margin order: 61 bytes 0d7b68e5cf8b01000002004d0000000000000040420f000000000003000000499a87010088130000000000000000000000000000008001e803a0860100
            reduce only, stop: 60 bytes 0d7b68e5cf8b01000002004d0000000000000040420f000000000003000000499a870100881300000000000000000000000000000081187301000202
            liquidation: 55 bytes 0d7b68e5cf8b01000002004d0000000000000040420f000000000003000000499a87010088130000000000000000000000000000008003
            backstop: 55 bytes 0d7b68e5cf8b01000002004d0000000000000040420f000000000003000000499a87010088130000000000000000000000000000008004
            cancelled, liquidation: 20 bytes 087b68e5cf8b01000002004d0000000000000005
            cancelled, deleveraging: 20 bytes 087b68e5cf8b01000002004d0000000000000006
            cancelled, closing: 20 bytes 087b68e5cf8b01000002004d0000000000000007
            margin in: 33 bytes 0e7b68e5cf8b0100000200010300000004800000000000000040420f0000000000
            margin out: 33 bytes 0e7b68e5cf8b0100000200010300000004800000000000000140420f0000000000
            begin: 29 bytes 0e7b68e5cf8b01000002000203000000048000000000000000a0860100
            begin, grace: 29 bytes 0e7b68e5cf8b01000002000203000000048000000000000001a0860100
            end: 28 bytes 0e7b68e5cf8b010000020003030000000480000000000000a0860100
            deleverage: 52 bytes 0e7b68e5cf8b010000020004030000000480000000000000040000000580000000000000881300000000000040420f0000000000
            cover debt: 32 bytes 0e7b68e5cf8b01000002000503000000048000000000000040420f0000000000
            interest: 16 bytes 0e7b68e5cf8b01000002000603000000
            index: 16 bytes 0e7b68e5cf8b010000020007a0860100
            no index: 16 bytes 0e7b68e5cf8b01000002000700000000
            pool in: 21 bytes 0f7b68e5cf8b0100000001000040420f0000000000
            fund out: 21 bytes 0f7b68e5cf8b0100000101000140420f0000000000
        "#]].assert_eq(&printed);
    }

    #[test]
    fn the_longest_record_is_within_the_limit() {
        let mut bytes = Vec::new();
        encode(
            &command(CommandKind::OpenAccount {
                account: AccountId(u32::MAX),
                name: UserName::new(&"x".repeat(UserName::MAX)).unwrap(),
            }),
            &mut bytes,
        );
        assert!(bytes.len() <= MAX, "{}", bytes.len());
        bytes.clear();
        encode(
            &command(CommandKind::Place {
                pair: PairId(2),
                id: OrderId(77),
                client_order_id: ClientOrderId::new(&"x".repeat(ClientOrderId::MAX)).ok(),
                market: true,
                expires_at: Some(Timestamp(u64::MAX)),
                hold: Amount::MAX,
                funding: Funding::Margin {
                    leverage: Leverage::new(u16::MAX).unwrap(),
                    floor: Price::MAX,
                },
                order: place_order(),
                terms: Terms::Stop(StopTerms::Trailing {
                    anchor: Price::MAX,
                    distance: TrailingDistance::basis_points(1).unwrap(),
                    collar: 1,
                    by: TriggerBy::Mark,
                }),
            }),
            &mut bytes,
        );
        assert!(bytes.len() <= MAX, "{}", bytes.len());
    }

    #[test]
    fn a_record_cut_short_is_refused() {
        for (name, kind) in one_of_each() {
            let mut bytes = Vec::new();
            encode(&command(kind), &mut bytes);
            for len in 0..bytes.len() {
                assert_eq!(
                    decode(&bytes[..len], CommandSequence(7)),
                    Err(RecordError::Short),
                    "{name} at {len}"
                );
            }
        }
    }

    proptest! {
        /// Whatever decodes encodes to the same bytes, and nothing panics.
        #[test]
        fn decoding_is_total_and_has_one_spelling(
            mut bytes in prop::collection::vec(any::<u8>(), 0..140),
            tag in 0_u8..17,
        ) {
            if let Some(first) = bytes.first_mut() {
                *first = tag;
            }
            if let Ok((entry, len)) = decode(&bytes, CommandSequence(7)) {
                let mut again = Vec::new();
                match entry {
                    Entry::Command(command) => encode(&command, &mut again),
                    Entry::Check(check) => encode_check(&check, &mut again),
                }
                prop_assert_eq!(&again[..], &bytes[..len]);
            }
        }
    }
}
