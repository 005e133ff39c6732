//! What the operator does to users and funds, as bytes, in records and in snapshots.
//!
//! ```text
//! transfer  key u128 | party u8: 0 account, and its u32; 1 lending pool, 2 insurance fund |
//!           asset u16 | way u8: 0 in, 1 out | amount u64
//! limits    account u32 | order commands u32 | cancels u32 | messages u32, each 0 for none
//! revoked   u8: 0 token, and its id u128; 1 the same, and its end u64;
//!           2 user, and its name; 3 the same, and the last moment u64; 4 lifted, and the name
//! operation key u128 | u8: 0 status, and the pair u16 and its status u8; 1 limits, and these;
//!           2 account, and its name; 3 revocation, and that
//! remember  key u128 | digest 16 bytes
//! ```
//!
//! A name is a text after its length u8.

use super::input::{Input, RecordError};
use super::margin::{put_movement, read_movement};
use super::output::{Fields, Output};
use crate::command::CommandKind;
use crate::domain::{
    AccountId, AccountLimits, AssetId, IdempotencyKey, Operation, OperationDigest, PairId, Party,
    Reserve, Revocation, Timestamp, TokenId, TradingStatus, Transfer, UserName,
};

/// The shortest a transfer is, in bytes.
pub(super) const TRANSFER: usize = 28;

/// Appends a transfer and its key.
pub(super) fn put_transfer(key: IdempotencyKey, transfer: &Transfer, out: &mut impl Fields) {
    out.bytes(key.0.to_le_bytes());
    match transfer.party {
        Party::Account(account) => {
            out.byte(0);
            out.bytes(account.0.to_le_bytes());
        }
        Party::Reserve(Reserve::LendingPool) => out.byte(1),
        Party::Reserve(Reserve::InsuranceFund) => out.byte(2),
    }
    out.bytes(transfer.asset.0.to_le_bytes());
    put_movement(transfer.change, out);
}

/// Reads a transfer and its key.
pub(super) fn read_transfer(input: &mut Input<'_>) -> Result<CommandKind, RecordError> {
    let (key, transfer) = read_key_and_transfer(input)?;
    Ok(CommandKind::Transfer { key, transfer })
}

/// Reads what [`put_transfer`] wrote.
pub(super) fn read_key_and_transfer(
    input: &mut Input<'_>,
) -> Result<(IdempotencyKey, Transfer), RecordError> {
    let key = read_key(input)?;
    let party = match input.u8()? {
        0 => Party::Account(AccountId(input.u32()?)),
        1 => Party::Reserve(Reserve::LendingPool),
        2 => Party::Reserve(Reserve::InsuranceFund),
        _ => return Err(RecordError::Field("party")),
    };
    let transfer = Transfer {
        party,
        asset: AssetId(input.u16()?),
        change: read_movement(input)?,
    };
    Ok((key, transfer))
}

/// Appends what an account's owner may do.
pub(super) fn put_limits(account: AccountId, limits: AccountLimits, out: &mut impl Fields) {
    out.bytes(account.0.to_le_bytes());
    for limit in limits.numbers() {
        out.bytes(limit.to_le_bytes());
    }
}

/// Reads what an account's owner may do.
pub(super) fn read_limits(input: &mut Input<'_>) -> Result<CommandKind, RecordError> {
    let (account, limits) = read_account_and_limits(input)?;
    Ok(CommandKind::SetAccountLimits { account, limits })
}

/// Reads what [`put_limits`] wrote.
pub(super) fn read_account_and_limits(
    input: &mut Input<'_>,
) -> Result<(AccountId, AccountLimits), RecordError> {
    let account = AccountId(input.u32()?);
    let numbers = [input.u32()?, input.u32()?, input.u32()?];
    Ok((account, AccountLimits::of_numbers(numbers)))
}

/// Appends what is revoked, or counts again.
pub(super) fn put_revocation(revocation: &Revocation, out: &mut Output<'_>) {
    match revocation {
        Revocation::Token { token, expires_at } => {
            out.push(expires_at.is_some().into());
            out.extend(token.0.to_le_bytes());
            put_some(*expires_at, out);
        }
        Revocation::User { user, issued_up_to } => {
            out.push(2 + u8::from(issued_up_to.is_some()));
            out.text(user.padded());
            put_some(*issued_up_to, out);
        }
        Revocation::Lift { user } => {
            out.push(4);
            out.text(user.padded());
        }
    }
}

fn put_some(at: Option<Timestamp>, out: &mut Output<'_>) {
    if let Some(at) = at {
        out.extend(at.0.to_le_bytes());
    }
}

/// Reads what is revoked, or counts again.
pub(super) fn read_revocation(input: &mut Input<'_>) -> Result<Revocation, RecordError> {
    let kind = input.u8()?;
    let token = |input: &mut Input<'_>| input.take().map(u128::from_le_bytes).map(TokenId);
    let at = |input: &mut Input<'_>| input.u64().map(Timestamp);
    Ok(match kind {
        0 => Revocation::Token {
            token: token(input)?,
            expires_at: None,
        },
        1 => Revocation::Token {
            token: token(input)?,
            expires_at: Some(at(input)?),
        },
        2 => Revocation::User {
            user: read_name(input)?,
            issued_up_to: None,
        },
        3 => Revocation::User {
            user: read_name(input)?,
            issued_up_to: Some(at(input)?),
        },
        4 => Revocation::Lift {
            user: read_name(input)?,
        },
        _ => return Err(RecordError::Field("revocation")),
    })
}

/// Reads a user's name.
pub(super) fn read_name(input: &mut Input<'_>) -> Result<UserName, RecordError> {
    UserName::new(input.text()?).map_err(|_| RecordError::Field("name"))
}

/// Appends what is done under a key.
pub(super) fn put_operation(key: IdempotencyKey, operation: &Operation, out: &mut Output<'_>) {
    out.extend(key.0.to_le_bytes());
    match operation {
        Operation::SetTradingStatus { pair, status } => {
            out.push(0);
            out.extend(pair.0.to_le_bytes());
            out.push(status.number());
        }
        Operation::SetAccountLimits { account, limits } => {
            out.push(1);
            put_limits(*account, *limits, out);
        }
        Operation::OpenAccount { name } => {
            out.push(2);
            out.text(name.padded());
        }
        Operation::Revoke(revocation) => {
            out.push(3);
            put_revocation(revocation, out);
        }
    }
}

/// Reads what is done under a key.
pub(super) fn read_operation(input: &mut Input<'_>) -> Result<CommandKind, RecordError> {
    let key = read_key(input)?;
    let operation = match input.u8()? {
        0 => Operation::SetTradingStatus {
            pair: PairId(input.u16()?),
            status: TradingStatus::from_number(input.u8()?).ok_or(RecordError::Field("status"))?,
        },
        1 => {
            let (account, limits) = read_account_and_limits(input)?;
            Operation::SetAccountLimits { account, limits }
        }
        2 => Operation::OpenAccount {
            name: read_name(input)?,
        },
        3 => Operation::Revoke(read_revocation(input)?),
        _ => return Err(RecordError::Field("operation")),
    };
    Ok(CommandKind::Operate { key, operation })
}

/// Appends a key and what it was used for.
pub(super) fn put_remembered(key: IdempotencyKey, digest: OperationDigest, out: &mut impl Fields) {
    out.bytes(key.0.to_le_bytes());
    out.bytes(digest.0);
}

/// Reads what [`put_remembered`] wrote.
pub(super) fn read_remembered(
    input: &mut Input<'_>,
) -> Result<(IdempotencyKey, OperationDigest), RecordError> {
    Ok((read_key(input)?, OperationDigest(input.take()?)))
}

fn read_key(input: &mut Input<'_>) -> Result<IdempotencyKey, RecordError> {
    input.take().map(u128::from_le_bytes).map(IdempotencyKey)
}
