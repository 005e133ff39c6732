use engine::clearing::{KEY_MEMORY_MS, OperationState, RevokedState, operation_digest};
use engine::domain::{IdempotencyKey, Operation, Revocation, Timestamp, TokenId, UserName};
use engine::reject::Reject;
use engine::report::Answer;

use super::{Answered, PlainExchange};

/// What was asked for under a key. // L-36
#[derive(Clone, Copy, Debug)]
pub(super) struct PlainOperation {
    key: IdempotencyKey,
    operation: Operation,
    at: Timestamp,
}

/// What is revoked, in no order. // L-35
#[derive(Clone, Debug, Default)]
pub(super) struct PlainRevoked {
    tokens: Vec<(TokenId, Option<Timestamp>)>,
    users: Vec<(UserName, Timestamp)>,
}

impl PlainRevoked {
    fn len(&self) -> usize {
        self.tokens.len() + self.users.len()
    }

    pub(super) fn state(&self) -> RevokedState {
        let (mut tokens, mut users) = (self.tokens.clone(), self.users.clone());
        tokens.sort_unstable();
        users.sort_unstable();
        RevokedState { tokens, users }
    }

    /// Forgets the token that ended first by `now`; says whether there was one.
    fn forget_one(&mut self, now: Timestamp) -> bool {
        let ended = self
            .tokens
            .iter()
            .filter_map(|(id, at)| Some(((*at)?, *id)));
        let Some((at, first)) = ended.min().filter(|(at, _)| *at <= now) else {
            return false;
        };
        self.tokens.retain(|it| *it != (first, Some(at)));
        true
    }
}

impl PlainExchange {
    // L-36
    fn remembered(&self, now: Timestamp) -> impl Iterator<Item = &PlainOperation> {
        let all = self.operations.iter();
        all.filter(move |it| now.since(it.at) < KEY_MEMORY_MS)
    }

    pub(super) fn known_operations(&self, now: Timestamp) -> impl Iterator<Item = OperationState> {
        self.remembered(now).map(|it| OperationState {
            key: it.key,
            digest: operation_digest(&it.operation),
            at: it.at,
        })
    }

    /// Whether a key that was not used for the same may be used. // L-33, L-36
    pub(super) fn check_key(&self, key: IdempotencyKey, now: Timestamp) -> Result<(), Reject> {
        let transfers = self.known_transfers(now).map(|it| it.key);
        let keys: Vec<_> = transfers
            .chain(self.remembered(now).map(|it| it.key))
            .collect();
        if keys.contains(&key) {
            return Err(Reject::TransferKeyReused);
        }
        match keys.len() < self.config.max_transfers as usize {
            true => Ok(()),
            false => Err(Reject::TooManyTransfers),
        }
    }

    // L-36
    pub(super) fn operate(
        &mut self,
        key: IdempotencyKey,
        operation: Operation,
        at: Timestamp,
    ) -> Answered {
        let first = self.remembered(at).find(|it| it.key == key);
        if let Some(first) = first
            && first.operation == operation
        {
            return Ok((Answer::Repeated { at: first.at }, false));
        }
        // What is wrong with what is asked comes before what is wrong with the key.
        self.check_operation(operation)?;
        self.check_key(key, at)?;
        let (answer, is_other) = match operation {
            Operation::SetTradingStatus { pair, status } => self.set_status(pair, status, at)?,
            Operation::SetAccountLimits { account, limits } => self.set_limits(account, limits)?,
            Operation::OpenAccount { name } => self.open_account(name)?,
            Operation::Revoke(asked) => self.revoke(asked, at)?,
        };
        if !is_other && is_status(&operation) {
            // No book takes note of it.
            self.time = at;
            self.own_command(at);
        }
        self.operations.push(PlainOperation { key, operation, at });
        Ok((answer, true))
    }

    fn check_operation(&self, operation: Operation) -> Result<(), Reject> {
        match operation {
            Operation::SetTradingStatus { pair, .. } => self.check_pair(pair).map(|_| ()),
            Operation::SetAccountLimits { account, .. } => self.check_account(account),
            Operation::OpenAccount { name } => {
                let is_full = self.accounts() >= self.config.max_accounts;
                match is_full && !self.users.contains(&name) {
                    true => Err(Reject::TooManyAccounts),
                    false => Ok(()),
                }
            }
            Operation::Revoke(_) => Ok(()),
        }
    }

    // L-35
    pub(super) fn revoke(&mut self, asked: Revocation, now: Timestamp) -> Answered {
        let changed = match asked {
            Revocation::Token { token, expires_at } => {
                let known = self.revoked.tokens.iter().position(|it| it.0 == token);
                let is_other = known.is_none_or(|at| self.revoked.tokens[at].1 != expires_at);
                match known {
                    Some(at) => self.revoked.tokens[at].1 = expires_at,
                    None => {
                        self.make_room(now)?;
                        self.revoked.tokens.push((token, expires_at));
                    }
                }
                is_other
            }
            Revocation::User { user, issued_up_to } => {
                let last = issued_up_to.unwrap_or(now).min(now);
                let known = self.revoked.users.iter().position(|it| it.0 == user);
                match known {
                    Some(at) if self.revoked.users[at].1 >= last => false,
                    Some(at) => {
                        self.revoked.users[at].1 = last;
                        true
                    }
                    None => {
                        self.make_room(now)?;
                        self.revoked.users.push((user, last));
                        true
                    }
                }
            }
            Revocation::Lift { user } => {
                let before = self.revoked.len();
                self.revoked.users.retain(|it| it.0 != user);
                self.revoked.len() < before
            }
        };
        Ok((Answer::Revoked { changed }, changed))
    }

    fn make_room(&mut self, now: Timestamp) -> Result<(), Reject> {
        let has_room = self.revoked.len() < self.config.max_revocations as usize;
        match has_room || self.revoked.forget_one(now) {
            true => Ok(()),
            false => Err(Reject::TooManyRevocations),
        }
    }
}

fn is_status(operation: &Operation) -> bool {
    matches!(operation, Operation::SetTradingStatus { .. })
}
