//! What of a state only an operator's doings make: users' limits, and the transfers that are
//! remembered.
//!
//! ```text
//! limits     list of account u32 | three limits u32, not all 0; by account
//! transfers  list of a transfer and its key | at u64
//! ```

use super::super::input::{Input, RecordError};
use super::super::operator::{
    TRANSFER, put_limits, put_transfer, read_account_and_limits, read_key_and_transfer,
};
use super::{list, number, read_list};
use crate::clearing::{ClearingState, TransferState};
use crate::domain::{AccountId, AccountLimits, Timestamp};

/// How long the limits of one user are, in bytes.
const LIMITS: usize = 16;

/// Whether there is anything.
pub(super) fn is_any(state: &ClearingState) -> bool {
    let limited = |account: &crate::clearing::AccountState| !account.limits.is_default();
    !state.transfers.is_empty() || state.accounts.iter().any(limited)
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
    match is_any(state) {
        true => Ok(()),
        false => Err(RecordError::Field("tail")),
    }
}
