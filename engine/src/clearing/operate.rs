//! What the operator asks for under a key: done once, however often it is asked.
//!
//! One command does it and remembers its key, so that no crash comes between the two. Where there is
//! nothing to change, a command remembers the key alone: asked again later, when somebody else has
//! changed it, it must change nothing either.

use crate::Sink;
use crate::command::{Command, CommandKind, OrderCommand};
use crate::domain::{
    IdempotencyKey, Operation, OperationDigest, PairId, Revocation, RevocationChange, Timestamp,
};
use crate::reject::Reject;
use crate::report::{Answer, Report, ReportKind};

use super::decide::Asker;
use super::digest::Digester;
use super::keys::Content;
use super::market::{NO_ORDER, Work};
use super::replay::{Check, ReplayError, report};
use super::{Clearing, Decision};

/// What an operation is known again by. Two are the same if and only if all that they ask for is.
pub fn digest_of(operation: &Operation) -> OperationDigest {
    let mut to = Digester::new();
    match operation {
        Operation::SetTradingStatus { pair, status } => {
            to.text("trading status");
            to.number(pair.0.into());
            to.number(status.number().into());
        }
        Operation::SetAccountLimits { account, limits } => {
            to.text("limits");
            to.number(account.0.into());
            for limit in limits.numbers() {
                to.number(limit.into());
            }
        }
        Operation::OpenAccount { name } => {
            to.text("account");
            to.text(name.as_str());
        }
        Operation::Revoke(Revocation::Token { token, expires_at }) => {
            to.text("revoked token");
            to.wide(token.0);
            to.moment(*expires_at);
        }
        Operation::Revoke(Revocation::User { user, issued_up_to }) => {
            to.text("revoked user");
            to.text(user.as_str());
            to.moment(*issued_up_to);
        }
        Operation::Revoke(Revocation::Lift { user }) => {
            to.text("lifted user");
            to.text(user.as_str());
        }
    }
    OperationDigest(to.finish().0.to_be_bytes())
}

/// What an operation that may be done has to do.
enum Deed {
    /// All is as it asks for.
    Nothing,
    /// Something, of which revocations know what.
    Change(Option<RevocationChange>),
}

impl Clearing {
    /// Does what has a key: once, however often it is asked. // L-36
    pub(in crate::clearing) fn decide_operation(
        &mut self,
        asker: Asker,
        key: IdempotencyKey,
        operation: &Operation,
        out: &mut impl Sink<Decision>,
    ) -> Result<(), Reject> {
        let digest = digest_of(operation);
        let content = Content::Operation(digest);
        if let Some((known, at)) = self.keys.get(key, asker.now)
            && known == content
        {
            self.answer(asker, Answer::Repeated { at }, out);
            return Ok(());
        }
        self.check_operation(operation)?;
        self.check_key(key, asker.now)?;
        match self.deed(operation, asker.now)? {
            Deed::Nothing => {
                self.accept(asker.now, CommandKind::Remember { key, digest }, out);
                self.answer_unchanged(asker, operation, out);
            }
            Deed::Change(change) => self.operate(asker, (key, operation), change, out),
        }
        self.remember(key, content, asker.now);
        Ok(())
    }

    fn check_operation(&self, operation: &Operation) -> Result<(), Reject> {
        match operation {
            Operation::SetTradingStatus { pair, .. } => {
                let known = self.market(*pair);
                known.map(|_| ()).ok_or(Reject::UnknownPair)
            }
            Operation::SetAccountLimits { account, .. } => self.check_account(*account),
            Operation::OpenAccount { name } => self.check_name(name),
            Operation::Revoke(_) => Ok(()),
        }
    }

    fn deed(&self, operation: &Operation, now: Timestamp) -> Result<Deed, Reject> {
        let mut revoked = None;
        let changes = match operation {
            Operation::SetTradingStatus { pair, status } => self.changes_status(*pair, *status)?,
            Operation::SetAccountLimits { account, limits } => {
                self.accounts.limits(*account) != *limits
            }
            Operation::OpenAccount { name } => self.accounts.by_name(name).is_none(),
            Operation::Revoke(asked) => {
                revoked = self.revocations.change_of(asked, now);
                if let Some(change) = &revoked {
                    self.check_room_to_revoke(change, now)?;
                }
                revoked.is_some()
            }
        };
        Ok(match changes {
            true => Deed::Change(revoked),
            false => Deed::Nothing,
        })
    }

    fn operate(
        &mut self,
        asker: Asker,
        (key, operation): (IdempotencyKey, &Operation),
        revoked: Option<RevocationChange>,
        out: &mut impl Sink<Decision>,
    ) {
        let kind = CommandKind::Operate {
            key,
            operation: *operation,
        };
        match *operation {
            Operation::SetTradingStatus { pair, status } => {
                let origin = Some(asker.correlation);
                self.change_status(asker.now, kind, (pair, status), origin, out);
            }
            Operation::SetAccountLimits { account, limits } => {
                self.accept(asker.now, kind, out);
                self.change_limits(asker, account, limits, out);
            }
            Operation::OpenAccount { name } => {
                let account = self.open_account(name);
                self.accept(asker.now, kind, out);
                self.answer(asker, Answer::Account { account, name }, out);
            }
            Operation::Revoke(_) => {
                self.accept(asker.now, kind, out);
                if let Some(change) = &revoked {
                    self.change_revoked(asker, change, out);
                }
            }
        }
    }

    fn answer_unchanged(&self, asker: Asker, operation: &Operation, out: &mut impl Sink<Decision>) {
        let answer = match *operation {
            Operation::SetTradingStatus { .. } => Answer::TradingStatusSet,
            Operation::SetAccountLimits { .. } => Answer::AccountLimitsSet,
            Operation::OpenAccount { name } => match self.accounts.by_name(&name) {
                Some(account) => Answer::Account { account, name },
                None => unreachable!("invariant: an account that is not there would be opened"),
            },
            Operation::Revoke(_) => Answer::Revoked { changed: false },
        };
        self.answer(asker, answer, out);
    }

    /// Whether a key that was not used for the same may be used, and remembered. // L-33, L-36
    pub(in crate::clearing) fn check_key(
        &self,
        key: IdempotencyKey,
        now: Timestamp,
    ) -> Result<(), Reject> {
        if self.keys.get(key, now).is_some() {
            return Err(Reject::TransferKeyReused);
        }
        let has_room = self.keys.has_room(now, self.config.max_transfers);
        has_room.then_some(()).ok_or(Reject::TooManyTransfers)
    }

    pub(in crate::clearing) fn remember(
        &mut self,
        key: IdempotencyKey,
        content: Content,
        at: Timestamp,
    ) {
        self.keys
            .insert(key, content, at, self.config.max_transfers);
    }

    pub(in crate::clearing) fn check_key_replay(
        &self,
        check: Check,
        key: IdempotencyKey,
        now: Timestamp,
    ) -> Result<(), ReplayError> {
        let known = self.keys.get(key, now).is_some();
        check.equal("transfers of this key", known.into(), 0)
    }

    /// Applies an operation that was decided before; what of it goes to a pair's matcher comes back.
    pub(in crate::clearing) fn replay_operation(
        &mut self,
        check: Check,
        command: &Command,
        (key, operation): (IdempotencyKey, &Operation),
        out: &mut impl Sink<Report>,
    ) -> Result<Option<(PairId, OrderCommand)>, ReplayError> {
        self.check_key_replay(check, key, command.time)?;
        let mut matched = None;
        match operation {
            Operation::SetTradingStatus { pair, status } => {
                self.replay_market(check, *pair)?;
                let sequence = self.step(command.time);
                self.set_status(*pair, *status);
                self.send(*pair, sequence, None, NO_ORDER, Work::Status(*status));
                matched = Some((*pair, OrderCommand::SetTradingStatus(*status)));
            }
            Operation::SetAccountLimits { account, limits } => {
                check.below("account", account.0.into(), self.accounts.len().into())?;
                self.step(command.time);
                self.accounts.set_limits(*account, *limits);
                let (account, limits) = (*account, *limits);
                out.push(report(
                    command,
                    ReportKind::AccountLimits { account, limits },
                ));
            }
            Operation::OpenAccount { name } => {
                let taken = self.accounts.by_name(name).is_some();
                check.equal("accounts of this name", taken.into(), 0)?;
                self.step(command.time);
                self.open_account(*name);
            }
            Operation::Revoke(asked) => {
                let change = self.check_revoke_replay(check, asked, command.time)?;
                self.step(command.time);
                let told = self.revoke(&change);
                out.push(report(command, told));
            }
        }
        let content = Content::Operation(digest_of(operation));
        self.remember(key, content, command.time);
        Ok(matched)
    }
}
