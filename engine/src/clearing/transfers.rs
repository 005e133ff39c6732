//! What the operator brought in and took out, by the name that it gave each transfer.
//!
//! Kept for [`MEMORY_MS`] after the command, and no more of them than the configuration says: one
//! more is refused, for what is forgotten before its time could be done twice. Look-up and
//! insertion are O(1).

use std::collections::{HashMap, VecDeque};

use crate::Sink;
use crate::command::CommandKind;
use crate::domain::{
    AccountId, AccountLimits, Amount, Movement, Party, Timestamp, Transfer, TransferKey,
};
use crate::reject::Reject;
use crate::report::{Answer, ReportKind};

use super::decide::Asker;
use super::replay::{Check, ReplayError};
use super::state::TransferState;
use super::{Clearing, Decision};

/// How long a transfer is remembered by its key, in milliseconds: a day.
pub const MEMORY_MS: u64 = 24 * 60 * 60 * 1_000;

/// Transfers that are remembered.
#[derive(Clone, Debug, Default)]
pub(in crate::clearing) struct Transfers {
    by_key: HashMap<TransferKey, (Transfer, Timestamp)>,
    /// The oldest first. One whose key was used again since is of another time.
    by_age: VecDeque<(TransferKey, Timestamp)>,
}

impl Transfers {
    /// How many are kept.
    pub(in crate::clearing) fn len(&self) -> usize {
        self.by_age.len()
    }

    /// The transfer of this key that is remembered at `now`, and when it was.
    pub(in crate::clearing) fn get(
        &self,
        key: TransferKey,
        now: Timestamp,
    ) -> Option<(Transfer, Timestamp)> {
        let found = self.by_key.get(&key).copied();
        found.filter(|(_, at)| !is_forgotten(*at, now))
    }

    /// Whether there is room for one more at `now`, where `most` may be kept.
    fn has_room(&self, now: Timestamp, most: u32) -> bool {
        let oldest = self.by_age.front();
        self.len() < most as usize || oldest.is_some_and(|(_, at)| is_forgotten(*at, now))
    }

    /// Remembers one; the oldest goes where there would be more than `most`.
    pub(in crate::clearing) fn insert(
        &mut self,
        key: TransferKey,
        transfer: Transfer,
        at: Timestamp,
        most: u32,
    ) {
        if self.len() >= most as usize {
            self.forget_oldest();
        }
        self.by_key.insert(key, (transfer, at));
        self.by_age.push_back((key, at));
    }

    /// Forgets at most `steps` that are past their time at `now`.
    #[inline]
    pub(in crate::clearing) fn prune(&mut self, now: Timestamp, steps: usize) {
        for _ in 0..steps {
            match self.by_age.front() {
                Some((_, at)) if is_forgotten(*at, now) => self.forget_oldest(),
                _ => return,
            }
        }
    }

    fn forget_oldest(&mut self) {
        if let Some((key, at)) = self.by_age.pop_front()
            && self.by_key.get(&key).is_some_and(|(_, last)| *last == at)
        {
            self.by_key.remove(&key);
        }
    }

    /// What is remembered at `now`, the oldest first.
    pub(in crate::clearing) fn remembered(
        &self,
        now: Timestamp,
    ) -> impl Iterator<Item = TransferState> {
        let known = self.by_age.iter();
        let known = known.filter(move |(_, at)| !is_forgotten(*at, now));
        known.filter_map(|(key, at)| {
            let (transfer, _) = *self.by_key.get(key)?;
            let (key, at) = (*key, *at);
            Some(TransferState { key, transfer, at })
        })
    }

    /// Whether each key that is known has its place in time.
    pub(in crate::clearing) fn is_whole(&self) -> bool {
        let ages = self.by_age.iter();
        let found = ages.filter(|(key, at)| self.by_key.get(key).is_some_and(|it| it.1 == *at));
        let ages: Vec<Timestamp> = self.by_age.iter().map(|(_, at)| *at).collect();
        found.count() == self.by_key.len() && ages.is_sorted()
    }
}

impl Clearing {
    /// Brings in or takes out what has a key: once, however often it is asked. // L-33
    pub(in crate::clearing) fn decide_transfer(
        &mut self,
        asker: Asker,
        key: TransferKey,
        transfer: Transfer,
        out: &mut impl Sink<Decision>,
    ) -> Result<(), Reject> {
        let first = self.transfers.get(key, asker.now);
        if let Some((known, at)) = first
            && known == transfer
        {
            let duplicate = true;
            self.answer(asker, Answer::Transferred { at, duplicate }, out);
            return Ok(());
        }
        let Transfer {
            party,
            asset,
            change,
        } = transfer;
        match party {
            Party::Account(account) => self.check_account_transfer(account, asset, change)?,
            Party::Reserve(reserve) => self.check_reserve(reserve, asset, change)?,
        }
        if first.is_some() {
            return Err(Reject::TransferKeyReused);
        }
        let most = self.config.max_transfers;
        if !self.transfers.has_room(asker.now, most) {
            return Err(Reject::TooManyTransfers);
        }
        self.book_transfer(key, transfer, asker.now);
        self.accept(asker.now, CommandKind::Transfer { key, transfer }, out);
        let answer = Answer::Transferred {
            at: asker.now,
            duplicate: false,
        };
        self.answer(asker, answer, out);
        self.say(asker.now, self.told_of(transfer), out);
        Ok(())
    }

    /// Applies a transfer that was decided before.
    pub(in crate::clearing) fn replay_transfer(
        &mut self,
        check: Check,
        (key, transfer): (TransferKey, Transfer),
        now: Timestamp,
    ) -> Result<ReportKind, ReplayError> {
        let Transfer {
            party,
            asset,
            change,
        } = transfer;
        check.below("asset", asset.0.into(), self.config.assets.into())?;
        if let Party::Account(account) = party {
            check.below("account", account.0.into(), self.accounts.len().into())?;
        }
        let most = match change {
            Movement::In(_) => Amount::MAX.units() - self.ledger.inside(asset).units(),
            Movement::Out(_) => match party {
                Party::Account(account) => self.ledger.balance(account, asset).available.units(),
                Party::Reserve(reserve) => self.free_of(reserve, asset).units(),
            },
        };
        check.at_most("amount", change.amount().units(), most)?;
        let known = self.transfers.get(key, now).is_some();
        check.equal("transfers of this key", known.into(), 0)?;
        self.step(now);
        self.book_transfer(key, transfer, now);
        Ok(self.told_of(transfer))
    }

    fn book_transfer(&mut self, key: TransferKey, transfer: Transfer, now: Timestamp) {
        let Transfer { asset, change, .. } = transfer;
        match (transfer.party, change) {
            (Party::Account(account), Movement::In(amount)) => {
                self.deposit(account, asset, amount);
            }
            (Party::Account(account), Movement::Out(amount)) => {
                self.withdraw(account, asset, amount);
            }
            (Party::Reserve(reserve), change) => self.move_reserve(reserve, asset, change),
        }
        let most = self.config.max_transfers;
        self.transfers.insert(key, transfer, now, most);
    }

    fn told_of(&self, transfer: Transfer) -> ReportKind {
        let asset = transfer.asset;
        match transfer.party {
            Party::Account(account) => {
                let balance = self.ledger.balance(account, asset);
                ReportKind::Balance {
                    account,
                    asset,
                    available: balance.available,
                    held: balance.held,
                }
            }
            Party::Reserve(reserve) => ReportKind::Reserve {
                reserve,
                asset,
                free: self.free_of(reserve, asset),
            },
        }
    }

    /// Sets what the operator lets one user do. // L-34
    pub(in crate::clearing) fn decide_limits(
        &mut self,
        asker: Asker,
        account: AccountId,
        limits: AccountLimits,
        out: &mut impl Sink<Decision>,
    ) -> Result<(), Reject> {
        self.check_account(account)?;
        if self.accounts.limits(account) == limits {
            self.answer(asker, Answer::AccountLimitsSet, out);
            return Ok(());
        }
        self.accounts.set_limits(account, limits);
        let kind = CommandKind::SetAccountLimits { account, limits };
        self.accept(asker.now, kind, out);
        self.answer(asker, Answer::AccountLimitsSet, out);
        self.say(
            asker.now,
            ReportKind::AccountLimits { account, limits },
            out,
        );
        Ok(())
    }

    /// What the operator lets an account do instead of what the configuration says.
    pub fn account_limits(&self, account: AccountId) -> Option<AccountLimits> {
        let known = self.accounts.contains(account);
        known.then(|| self.accounts.limits(account))
    }
}

/// Whether what was transferred at `at` is past remembering at `now`.
fn is_forgotten(at: Timestamp, now: Timestamp) -> bool {
    now.since(at) >= MEMORY_MS
}
