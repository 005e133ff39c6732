//! What of a state only dead-man switches, stops and icebergs have, and behind it what only margin
//! has, and what only an operator's doings make: written where there is any, so that a state without them is written as it always was.

use super::super::input::{Input, RecordError};
use super::super::record::{moment, read_moment};
use super::{list, margin, number, operator, read_list};
use crate::clearing::BreakerState;
use crate::domain::{AccountId, OrderId, Price, Timestamp};
use crate::exchange::{BookState, ExchangeState, RestoredTrigger, StopState};

/// Appends it, if there is any.
pub(super) fn encode(state: &ExchangeState, out: &mut Vec<u8>) {
    let accounts = (0_u32..).map(AccountId).zip(&state.clearing.accounts);
    let switches: Vec<(AccountId, Timestamp)> = accounts
        .filter_map(|(account, kept)| Some((account, kept.cancel_after?)))
        .collect();
    let plain = |book: &BookState| book.stops.is_empty() && book.slices.is_empty();
    let markets = &state.clearing.markets;
    let breaks = markets.iter().any(|market| market.breaker.is_some());
    let has_margin = margin::is_any(&state.clearing);
    let has_operator = operator::is_any(&state.clearing);
    let plain = state.books.iter().all(plain);
    if switches.is_empty() && !breaks && plain && !has_margin && !has_operator {
        return;
    }
    list(out, &switches, |out, (account, at)| {
        out.extend(account.0.to_le_bytes());
        number(out, at.0);
    });
    for market in markets {
        out.push(market.breaker.is_some().into());
        if let Some(breaker) = &market.breaker {
            out.extend(breaker.reference.ticks().to_le_bytes());
            list(out, &breaker.closes, |out, (minute, close)| {
                number(out, *minute);
                out.extend(close.ticks().to_le_bytes());
            });
            moment(out, breaker.reopens_at);
        }
    }
    for book in &state.books {
        list(out, &book.stops, |out, stop| {
            number(out, stop.id.0);
            let (until, anchor) = match stop.until {
                RestoredTrigger::Fixed => (0, 0),
                RestoredTrigger::Trailing(anchor) => (1, anchor.ticks()),
                RestoredTrigger::Opening => (2, 0),
            };
            out.push(until);
            out.extend(u32::to_le_bytes(anchor));
        });
        list(out, &book.slices, |out, (id, shown)| {
            number(out, id.0);
            number(out, shown.lots());
        });
    }
    if has_margin || has_operator {
        margin::encode(&state.clearing, out);
    }
    if has_operator {
        operator::encode(&state.clearing, out);
    }
}

/// Reads it into `state`, the rest of which is read.
pub(super) fn decode(input: &mut Input<'_>, state: &mut ExchangeState) -> Result<(), RecordError> {
    let switches = read_list(input, 12, |input| {
        Ok((AccountId(input.u32()?), Timestamp(input.u64()?)))
    })?;
    let mut any = !switches.is_empty();
    let mut before = None;
    for (account, at) in switches {
        let kept = state.clearing.accounts.get_mut(account.0 as usize);
        let kept = kept.filter(|_| before < Some(account) && at.0 > 0);
        let kept = kept.ok_or(RecordError::Field("switch"))?;
        kept.cancel_after = Some(at);
        before = Some(account);
    }
    for market in &mut state.clearing.markets {
        market.breaker = match input.u8()? {
            0 => None,
            1 => Some(BreakerState {
                reference: input.price()?,
                closes: read_list(input, 12, |input| Ok((input.u64()?, input.price()?)))?,
                reopens_at: read_moment(input)?,
            }),
            _ => return Err(RecordError::Field("breaker")),
        };
        any |= market.breaker.is_some();
    }
    for book in &mut state.books {
        book.stops = read_list(input, 13, |input| {
            Ok(StopState {
                id: OrderId(input.u64()?),
                until: match (input.u8()?, Price::new(input.u32()?)) {
                    (0, None) => RestoredTrigger::Fixed,
                    (1, Some(anchor)) => RestoredTrigger::Trailing(anchor),
                    (2, None) => RestoredTrigger::Opening,
                    _ => return Err(RecordError::Field("trigger")),
                },
            })
        })?;
        book.slices = read_list(input, 16, |input| {
            Ok((OrderId(input.u64()?), input.quantity()?))
        })?;
        any |= !book.stops.is_empty() || !book.slices.is_empty();
    }
    if input.len() > 0 {
        margin::decode(input, &mut state.clearing)?;
        // Written for its own sake, or for what stands behind it.
        any = margin::is_any(&state.clearing);
        if input.len() > 0 {
            operator::decode(input, &mut state.clearing)?;
            any = true;
        }
    }
    if !any {
        return Err(RecordError::Field("tail"));
    }
    Ok(())
}
