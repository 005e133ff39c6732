//! What of a state only margin has: the platform's funds, and of each pair its positions.
//!
//! ```text
//! of each asset  pool u64 | insurance u64
//! of each pair   0 u8, or 1 u8 and:
//!   bid u32 | ask u32 | last u32 | quoted at u64 | index u32 | interest due u64, each 0 for none
//!   positions: account u32 | id u64 | side u8 | size, cost, collateral, interest, opened at u64 |
//!              call u8: 0 none, 1 warning, 2 critical; since u64, deadline u64 |
//!              liquidation u8: 0 none, else its cause and 1; step u8
//!   debts: account u32 | position u64 | amount u64
//! ```

use super::super::input::{Input, RecordError};
use super::super::margin::{cause_number, cause_of};
use super::super::record::{moment, read_moment};
use super::{list, number, read_list};
use crate::clearing::{
    CallState, ClearingState, DebtState, LiquidationState, LiquidationStep, MarginState,
    PositionState, Quote,
};
use crate::domain::{AccountId, Amount, CallSeverity, PositionId, PositionSide, Price, Timestamp};

/// The shortest a position is, in bytes.
const POSITION: usize = 55;
/// How long a debt is, in bytes.
const DEBT: usize = 20;

/// Whether there is anything.
pub(super) fn is_any(state: &ClearingState) -> bool {
    let funds = |asset: &crate::clearing::AssetState| {
        asset.pool > Amount::ZERO || asset.insurance > Amount::ZERO
    };
    state.assets.iter().any(funds) || state.markets.iter().any(|market| market.margin.is_some())
}

/// Appends it.
pub(super) fn encode(state: &ClearingState, out: &mut Vec<u8>) {
    for asset in &state.assets {
        number(out, asset.pool.units());
        number(out, asset.insurance.units());
    }
    for market in &state.markets {
        out.push(market.margin.is_some().into());
        if let Some(margin) = &market.margin {
            encode_market(margin, out);
        }
    }
}

/// Reads it into `state`, the rest of which is read.
pub(super) fn decode(input: &mut Input<'_>, state: &mut ClearingState) -> Result<(), RecordError> {
    for asset in &mut state.assets {
        asset.pool = input.amount()?;
        asset.insurance = input.amount()?;
    }
    for market in &mut state.markets {
        market.margin = match input.u8()? {
            0 => None,
            1 => Some(decode_market(input)?),
            _ => return Err(RecordError::Field("margin")),
        };
    }
    Ok(())
}

fn encode_market(margin: &MarginState, out: &mut Vec<u8>) {
    let Quote { bid, ask, last } = margin.quote;
    for it in [bid, ask, last] {
        price(out, it);
    }
    number(out, margin.quoted_at.0);
    price(out, margin.index);
    moment(out, margin.interest_due);
    list(out, &margin.positions, encode_position);
    list(out, &margin.debts, |out, debt| {
        out.extend(debt.account.0.to_le_bytes());
        number(out, debt.position.0);
        number(out, debt.amount.units());
    });
}

fn decode_market(input: &mut Input<'_>) -> Result<MarginState, RecordError> {
    Ok(MarginState {
        quote: Quote {
            bid: Price::new(input.u32()?),
            ask: Price::new(input.u32()?),
            last: Price::new(input.u32()?),
        },
        quoted_at: Timestamp(input.u64()?),
        index: Price::new(input.u32()?),
        interest_due: read_moment(input)?,
        positions: read_list(input, POSITION, decode_position)?,
        debts: read_list(input, DEBT, |input| {
            Ok(DebtState {
                account: AccountId(input.u32()?),
                position: PositionId(input.u64()?),
                amount: input.amount()?,
            })
        })?,
    })
}

fn encode_position(out: &mut Vec<u8>, position: &PositionState) {
    out.extend(position.account.0.to_le_bytes());
    number(out, position.id.0);
    out.push(match position.side {
        PositionSide::Long => 0,
        PositionSide::Short => 1,
    });
    number(out, position.size.lots());
    number(out, position.cost.units());
    number(out, position.collateral.units());
    number(out, position.interest.units());
    number(out, position.opened_at.0);
    match &position.call {
        None => out.push(0),
        Some(call) => {
            out.push(match call.severity {
                CallSeverity::Warning => 1,
                CallSeverity::Critical => 2,
            });
            number(out, call.since.0);
            number(out, call.deadline.0);
        }
    }
    match &position.liquidation {
        None => out.push(0),
        Some(LiquidationState { cause, step }) => {
            out.push(1 + cause_number(*cause));
            out.push(match step {
                LiquidationStep::Slice => 0,
                LiquidationStep::Whole => 1,
                LiquidationStep::Backstop => 2,
                LiquidationStep::Deleverage => 3,
            });
        }
    }
}

fn decode_position(input: &mut Input<'_>) -> Result<PositionState, RecordError> {
    Ok(PositionState {
        account: AccountId(input.u32()?),
        id: PositionId(input.u64()?),
        side: match input.u8()? {
            0 => PositionSide::Long,
            1 => PositionSide::Short,
            _ => return Err(RecordError::Field("side")),
        },
        size: input.quantity()?,
        cost: input.amount()?,
        collateral: input.amount()?,
        interest: input.amount()?,
        opened_at: Timestamp(input.u64()?),
        call: decode_call(input)?,
        liquidation: decode_liquidation(input)?,
    })
}

fn decode_call(input: &mut Input<'_>) -> Result<Option<CallState>, RecordError> {
    let severity = match input.u8()? {
        0 => return Ok(None),
        1 => CallSeverity::Warning,
        2 => CallSeverity::Critical,
        _ => return Err(RecordError::Field("call")),
    };
    Ok(Some(CallState {
        severity,
        since: Timestamp(input.u64()?),
        deadline: Timestamp(input.u64()?),
    }))
}

fn decode_liquidation(input: &mut Input<'_>) -> Result<Option<LiquidationState>, RecordError> {
    let Some(cause) = input.u8()?.checked_sub(1) else {
        return Ok(None);
    };
    Ok(Some(LiquidationState {
        cause: cause_of(cause).ok_or(RecordError::Field("cause"))?,
        step: match input.u8()? {
            0 => LiquidationStep::Slice,
            1 => LiquidationStep::Whole,
            2 => LiquidationStep::Backstop,
            3 => LiquidationStep::Deleverage,
            _ => return Err(RecordError::Field("step")),
        },
    }))
}

/// Appends a price, or the zero that stands for none.
fn price(out: &mut Vec<u8>, price: Option<Price>) {
    out.extend(price.map_or(0, Price::ticks).to_le_bytes());
}
