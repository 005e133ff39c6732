//! What the operator brings in and takes out, once for each key, and what it lets users do.

use crate::Sink;
use crate::command::CommandKind;
use crate::domain::{
    AccountId, AccountLimits, Amount, IdempotencyKey, Movement, Party, Timestamp, Transfer,
};
use crate::reject::Reject;
use crate::report::{Answer, ReportKind};

use super::decide::Asker;
use super::keys::Content;
use super::replay::{Check, ReplayError};
use super::{Clearing, Decision};

impl Clearing {
    /// Brings in or takes out what has a key: once, however often it is asked. // L-33
    pub(in crate::clearing) fn decide_transfer(
        &mut self,
        asker: Asker,
        key: IdempotencyKey,
        transfer: Transfer,
        out: &mut impl Sink<Decision>,
    ) -> Result<(), Reject> {
        let first = self.keys.get(key, asker.now);
        if let Some((known, at)) = first
            && known == Content::Transfer(transfer)
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
        self.check_key(key, asker.now)?;
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
        (key, transfer): (IdempotencyKey, Transfer),
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
        self.check_key_replay(check, key, now)?;
        self.step(now);
        self.book_transfer(key, transfer, now);
        Ok(self.told_of(transfer))
    }

    fn book_transfer(&mut self, key: IdempotencyKey, transfer: Transfer, now: Timestamp) {
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
        self.remember(key, Content::Transfer(transfer), now);
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
        let kind = CommandKind::SetAccountLimits { account, limits };
        self.accept(asker.now, kind, out);
        self.change_limits(asker, account, limits, out);
        Ok(())
    }

    /// Sets them, by a command that was accepted.
    pub(in crate::clearing) fn change_limits(
        &mut self,
        asker: Asker,
        account: AccountId,
        limits: AccountLimits,
        out: &mut impl Sink<Decision>,
    ) {
        self.accounts.set_limits(account, limits);
        self.answer(asker, Answer::AccountLimitsSet, out);
        self.say(
            asker.now,
            ReportKind::AccountLimits { account, limits },
            out,
        );
    }

    /// What the operator lets an account do instead of what the configuration says.
    pub fn account_limits(&self, account: AccountId) -> Option<AccountLimits> {
        let known = self.accounts.contains(account);
        known.then(|| self.accounts.limits(account))
    }
}
