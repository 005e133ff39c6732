//! What of a state only an operator's doings make: users' limits, what is remembered by a key, and
//! what is revoked. The last three lists are written where one of them has something, so that a state
//! without is written as it always was.
//!
//! ```text
//! limits     list of account u32 | three limits u32, not all 0; by account
//! transfers  list of a transfer and its key | at u64
//! operations list of key u128 | digest 16 bytes | at u64
//! tokens     list of id u128 | u8: 1 with an end, and it u64; by id
//! users      list of a name after its length u8 | the last moment u64; by name
//! ```

use super::super::input::{Input, RecordError};
use super::super::operator::{
    TRANSFER, put_limits, put_remembered, put_transfer, read_account_and_limits,
    read_key_and_transfer, read_name, read_remembered,
};
use super::super::record::text;
use super::{list, number, read_list};
use crate::clearing::{ClearingState, OperationState, RevokedState, TransferState};
use crate::domain::{AccountId, AccountLimits, Timestamp, TokenId};

/// How long the limits of one user are, in bytes.
const LIMITS: usize = 16;
/// How long what is remembered of an operation is, in bytes.
const OPERATION: usize = 40;
/// The shortest a revoked token is, in bytes.
const TOKEN: usize = 17;
/// The shortest a user of whom something is revoked is, in bytes.
const USER: usize = 10;

/// Whether there is anything.
pub(super) fn is_any(state: &ClearingState) -> bool {
    let limited = |account: &crate::clearing::AccountState| !account.limits.is_default();
    !state.transfers.is_empty() || state.accounts.iter().any(limited) || is_more(state)
}

/// Whether there is anything in the last three lists.
fn is_more(state: &ClearingState) -> bool {
    let RevokedState { tokens, users } = &state.revoked;
    !state.operations.is_empty() || !tokens.is_empty() || !users.is_empty()
}

/// Appends it.
pub(super) fn encode(state: &ClearingState, out: &mut Vec<u8>) {
    let accounts = (0_u32..).map(AccountId).zip(&state.accounts);
    let limits: Vec<(AccountId, AccountLimits)> = accounts
        .map(|(account, kept)| (account, kept.limits))
        .filter(|(_, limits)| !limits.is_default())
        .collect();
    list(out, &limits, |out, (account, limits)| {
        put_limits(*account, *limits, out);
    });
    list(out, &state.transfers, |out, it| {
        put_transfer(it.key, &it.transfer, out);
        number(out, it.at.0);
    });
    if !is_more(state) {
        return;
    }
    list(out, &state.operations, |out, it| {
        put_remembered(it.key, it.digest, out);
        number(out, it.at.0);
    });
    list(out, &state.revoked.tokens, |out, (token, expires_at)| {
        out.extend(token.0.to_le_bytes());
        out.push(expires_at.is_some().into());
        if let Some(at) = expires_at {
            number(out, at.0);
        }
    });
    list(out, &state.revoked.users, |out, (user, issued_up_to)| {
        text(out, user.as_str());
        number(out, issued_up_to.0);
    });
}

/// Reads it into `state`, the rest of which is read.
pub(super) fn decode(input: &mut Input<'_>, state: &mut ClearingState) -> Result<(), RecordError> {
    let limits = read_list(input, LIMITS, read_account_and_limits)?;
    let mut before = None;
    for (account, limits) in limits {
        let kept = state.accounts.get_mut(account.0 as usize);
        let kept = kept.filter(|_| before < Some(account) && !limits.is_default());
        kept.ok_or(RecordError::Field("limits"))?.limits = limits;
        before = Some(account);
    }
    state.transfers = read_list(input, TRANSFER + 8, |input| {
        let (key, transfer) = read_key_and_transfer(input)?;
        let at = Timestamp(input.u64()?);
        Ok(TransferState { key, transfer, at })
    })?;
    if input.len() > 0 {
        decode_more(input, state)?;
    }
    match is_any(state) {
        true => Ok(()),
        false => Err(RecordError::Field("tail")),
    }
}

fn decode_more(input: &mut Input<'_>, state: &mut ClearingState) -> Result<(), RecordError> {
    state.operations = read_list(input, OPERATION, |input| {
        let (key, digest) = read_remembered(input)?;
        let at = Timestamp(input.u64()?);
        Ok(OperationState { key, digest, at })
    })?;
    state.revoked.tokens = read_list(input, TOKEN, |input| {
        let token = TokenId(input.take().map(u128::from_le_bytes)?);
        let expires_at = match input.u8()? {
            0 => None,
            1 => Some(Timestamp(input.u64()?)),
            _ => return Err(RecordError::Field("token")),
        };
        Ok((token, expires_at))
    })?;
    state.revoked.users = read_list(input, USER, |input| {
        Ok((read_name(input)?, Timestamp(input.u64()?)))
    })?;
    match is_more(state) {
        true => Ok(()),
        false => Err(RecordError::Field("operator")),
    }
}
