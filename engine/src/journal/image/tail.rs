//! What of a state only dead-man switches, stops and icebergs have: written where there is any,
//! so that a state without them is written as it always was.

use super::super::input::{Input, RecordError};
use super::{list, number, read_list};
use crate::domain::{AccountId, OrderId, Price, Timestamp};
use crate::exchange::{ExchangeState, StopState};

/// Appends it, if there is any.
pub(super) fn encode(state: &ExchangeState, out: &mut Vec<u8>) {
    let accounts = (0_u32..).map(AccountId).zip(&state.clearing.accounts);
    let switches: Vec<(AccountId, Timestamp)> = accounts
        .filter_map(|(account, kept)| Some((account, kept.cancel_after?)))
        .collect();
    let plain = |book: &crate::exchange::BookState| book.stops.is_empty() && book.slices.is_empty();
    if switches.is_empty() && state.books.iter().all(plain) {
        return;
    }
    list(out, &switches, |out, (account, at)| {
        out.extend(account.0.to_le_bytes());
        number(out, at.0);
    });
    for book in &state.books {
        list(out, &book.stops, |out, stop| {
            number(out, stop.id.0);
            // No price is zero.
            out.extend(stop.anchor.map_or(0, Price::ticks).to_le_bytes());
        });
        list(out, &book.slices, |out, (id, shown)| {
            number(out, id.0);
            number(out, shown.lots());
        });
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
    for book in &mut state.books {
        book.stops = read_list(input, 12, |input| {
            Ok(StopState {
                id: OrderId(input.u64()?),
                anchor: Price::new(input.u32()?),
            })
        })?;
        book.slices = read_list(input, 16, |input| {
            Ok((OrderId(input.u64()?), input.quantity()?))
        })?;
        any |= !book.stops.is_empty() || !book.slices.is_empty();
    }
    if !any {
        return Err(RecordError::Field("tail"));
    }
    Ok(())
}
