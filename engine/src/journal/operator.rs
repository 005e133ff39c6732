//! What the operator does to users and funds, as bytes, in records and in snapshots.
//!
//! ```text
//! transfer  key u128 | party u8: 0 account, and its u32; 1 lending pool, 2 insurance fund |
//!           asset u16 | way u8: 0 in, 1 out | amount u64
//! limits    account u32 | order commands u32 | cancels u32 | messages u32, each 0 for none
//! ```

use super::input::{Input, RecordError};
use super::margin::{put_movement, read_movement};
use super::output::Fields;
use crate::command::CommandKind;
use crate::domain::{AccountId, AccountLimits, AssetId, Party, Reserve, Transfer, TransferKey};

/// The shortest a transfer is, in bytes.
pub(super) const TRANSFER: usize = 28;

/// Appends a transfer and its key.
pub(super) fn put_transfer(key: TransferKey, transfer: &Transfer, out: &mut impl Fields) {
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
) -> Result<(TransferKey, Transfer), RecordError> {
    let key = TransferKey(input.take().map(u128::from_le_bytes)?);
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
