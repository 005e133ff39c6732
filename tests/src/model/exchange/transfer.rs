use engine::clearing::{KEY_MEMORY_MS, TransferState};
use engine::domain::{
    AccountId, AccountLimits, IdempotencyKey, Movement, Party, Timestamp, Transfer,
};
use engine::report::Answer;

use super::{Answered, PlainExchange};
use crate::model::ledger::Cash;

impl PlainExchange {
    /// The transfers that are remembered at `now`, the oldest first. // L-33
    pub(super) fn known_transfers(&self, now: Timestamp) -> impl Iterator<Item = &TransferState> {
        let all = self.transfers.iter();
        all.filter(move |it| now.since(it.at) < KEY_MEMORY_MS)
    }

    // L-33
    pub(super) fn transfer(
        &mut self,
        key: IdempotencyKey,
        transfer: Transfer,
        at: Timestamp,
    ) -> Answered {
        let first = self.known_transfers(at).find(|it| it.key == key).copied();
        if let Some(first) = first
            && first.transfer == transfer
        {
            let (at, duplicate) = (first.at, true);
            return Ok((Answer::Transferred { at, duplicate }, false));
        }
        // What is wrong with the amount comes before what is wrong with the key.
        let Transfer { asset, change, .. } = transfer;
        let units = i128::from(change.amount().units());
        let units = match change {
            Movement::In(_) => units,
            Movement::Out(_) => -units,
        };
        match transfer.party {
            Party::Account(account) => self.try_book(Cash::new(account, asset, units))?,
            Party::Reserve(reserve) => self.try_fund(reserve, asset, change)?,
        };
        self.check_key(key, at)?;
        match transfer.party {
            Party::Account(account) => self.book(Cash::new(account, asset, units))?,
            Party::Reserve(reserve) => self.fund_reserve(reserve, asset, change)?,
        };
        self.transfers.push(TransferState { key, transfer, at });
        let duplicate = false;
        Ok((Answer::Transferred { at, duplicate }, true))
    }

    // L-34
    pub(super) fn set_limits(&mut self, account: AccountId, limits: AccountLimits) -> Answered {
        self.check_account(account)?;
        let known = &mut self.limits[account.0 as usize];
        let is_other = *known != limits;
        *known = limits;
        Ok((Answer::AccountLimitsSet, is_other))
    }
}
