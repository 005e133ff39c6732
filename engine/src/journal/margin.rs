//! What is done to the positions of a pair, and to the platform's funds, as bytes.
//!
//! ```text
//! margin   kind u8 | by its kind:
//!   1 adjust        account u32 | position u64 | movement
//!   2 begin         account u32 | position u64 | cause u8: 0 maintenance, 1 grace | mark u32
//!   3 end           account u32 | position u64 | mark u32
//!   4 deleverage    account u32 | position u64 | account u32 | position u64 | lots u64 | notional u64
//!   5 cover debt    account u32 | position u64 | amount u64
//!   6 interest      hours u32
//!   7 index         price u32, 0 for none
//! reserve  fund u8: 0 lending pool, 1 insurance fund | asset u16 | movement
//! movement way u8: 0 in, 1 out | amount u64
//! ```

use super::input::{Input, RecordError};
use super::output::{Fields, Output};
use crate::command::{CommandKind, LiquidationCause, MarginCommand};
use crate::domain::{AccountId, AssetId, Movement, PositionId, Price, Reserve};

mod kind {
    pub(super) const ADJUST: u8 = 1;
    pub(super) const BEGIN: u8 = 2;
    pub(super) const END: u8 = 3;
    pub(super) const DELEVERAGE: u8 = 4;
    pub(super) const COVER_DEBT: u8 = 5;
    pub(super) const INTEREST: u8 = 6;
    pub(super) const INDEX: u8 = 7;
}

/// Appends what is done to positions.
pub(super) fn put(margin: &MarginCommand, out: &mut Output<'_>) {
    match *margin {
        MarginCommand::Adjust {
            account,
            position,
            change,
        } => {
            out.push(kind::ADJUST);
            put_position(account, position, out);
            put_movement(change, out);
        }
        MarginCommand::BeginLiquidation {
            account,
            position,
            cause,
            mark,
        } => {
            out.push(kind::BEGIN);
            put_position(account, position, out);
            out.push(cause_number(cause));
            out.extend(mark.ticks().to_le_bytes());
        }
        MarginCommand::EndLiquidation {
            account,
            position,
            mark,
        } => {
            out.push(kind::END);
            put_position(account, position, out);
            out.extend(mark.ticks().to_le_bytes());
        }
        MarginCommand::Deleverage {
            account,
            position,
            counterparty,
            against,
            quantity,
            notional,
        } => {
            out.push(kind::DELEVERAGE);
            put_position(account, position, out);
            put_position(counterparty, against, out);
            out.extend(quantity.lots().to_le_bytes());
            out.extend(notional.units().to_le_bytes());
        }
        MarginCommand::CoverDebt {
            account,
            position,
            amount,
        } => {
            out.push(kind::COVER_DEBT);
            put_position(account, position, out);
            out.extend(amount.units().to_le_bytes());
        }
        MarginCommand::AccrueInterest { hours } => {
            out.push(kind::INTEREST);
            out.extend(hours.to_le_bytes());
        }
        MarginCommand::SetIndex(index) => {
            out.push(kind::INDEX);
            // No price is zero.
            out.extend(index.map_or(0, Price::ticks).to_le_bytes());
        }
    }
}

/// Reads what is done to positions.
pub(super) fn read(input: &mut Input<'_>) -> Result<MarginCommand, RecordError> {
    let kind = input.u8()?;
    Ok(match kind {
        kind::ADJUST => MarginCommand::Adjust {
            account: AccountId(input.u32()?),
            position: PositionId(input.u64()?),
            change: read_movement(input)?,
        },
        kind::BEGIN => MarginCommand::BeginLiquidation {
            account: AccountId(input.u32()?),
            position: PositionId(input.u64()?),
            cause: cause_of(input.u8()?).ok_or(RecordError::Field("cause"))?,
            mark: input.price()?,
        },
        kind::END => MarginCommand::EndLiquidation {
            account: AccountId(input.u32()?),
            position: PositionId(input.u64()?),
            mark: input.price()?,
        },
        kind::DELEVERAGE => MarginCommand::Deleverage {
            account: AccountId(input.u32()?),
            position: PositionId(input.u64()?),
            counterparty: AccountId(input.u32()?),
            against: PositionId(input.u64()?),
            quantity: input.quantity()?,
            notional: input.amount()?,
        },
        kind::COVER_DEBT => MarginCommand::CoverDebt {
            account: AccountId(input.u32()?),
            position: PositionId(input.u64()?),
            amount: input.amount()?,
        },
        kind::INTEREST => MarginCommand::AccrueInterest {
            hours: input.u32()?,
        },
        kind::INDEX => MarginCommand::SetIndex(Price::new(input.u32()?)),
        _ => return Err(RecordError::Field("kind")),
    })
}

/// Appends what is done to a fund.
pub(super) fn put_reserve(
    reserve: Reserve,
    asset: AssetId,
    change: Movement,
    out: &mut Output<'_>,
) {
    out.push(match reserve {
        Reserve::LendingPool => 0,
        Reserve::InsuranceFund => 1,
    });
    out.extend(asset.0.to_le_bytes());
    put_movement(change, out);
}

/// Reads what is done to a fund.
pub(super) fn read_reserve(input: &mut Input<'_>) -> Result<CommandKind, RecordError> {
    Ok(CommandKind::FundReserve {
        reserve: match input.u8()? {
            0 => Reserve::LendingPool,
            1 => Reserve::InsuranceFund,
            _ => return Err(RecordError::Field("fund")),
        },
        asset: AssetId(input.u16()?),
        change: read_movement(input)?,
    })
}

/// The number of a cause, in records and in snapshots.
pub(super) const fn cause_number(cause: LiquidationCause) -> u8 {
    match cause {
        LiquidationCause::Maintenance => 0,
        LiquidationCause::Grace => 1,
    }
}

/// The cause of this number.
pub(super) const fn cause_of(number: u8) -> Option<LiquidationCause> {
    match number {
        0 => Some(LiquidationCause::Maintenance),
        1 => Some(LiquidationCause::Grace),
        _ => None,
    }
}

fn put_position(account: AccountId, position: PositionId, out: &mut Output<'_>) {
    out.extend(account.0.to_le_bytes());
    out.extend(position.0.to_le_bytes());
}

/// Appends an amount and its way.
pub(super) fn put_movement(movement: Movement, out: &mut impl Fields) {
    out.byte(match movement {
        Movement::In(_) => 0,
        Movement::Out(_) => 1,
    });
    out.bytes(movement.amount().units().to_le_bytes());
}

/// Reads an amount and its way.
pub(super) fn read_movement(input: &mut Input<'_>) -> Result<Movement, RecordError> {
    match input.u8()? {
        0 => Ok(Movement::In(input.amount()?)),
        1 => Ok(Movement::Out(input.amount()?)),
        _ => Err(RecordError::Field("way")),
    }
}
