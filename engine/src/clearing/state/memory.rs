//! What is remembered by a key, and what is revoked.

use crate::clearing::Clearing;
use crate::clearing::keys::Content;
use crate::domain::{
    IdempotencyKey, OperationDigest, Party, RevocationChange, Timestamp, TokenId, Transfer,
    UserName,
};

use super::{ClearingState, RestoreError};

/// A transfer that is remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransferState {
    /// What the operator calls it.
    pub key: IdempotencyKey,
    /// What it was.
    pub transfer: Transfer,
    /// The time of its command.
    pub at: Timestamp,
}

/// What the operator asked for that is remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OperationState {
    /// What the operator calls it.
    pub key: IdempotencyKey,
    /// What it was.
    pub digest: OperationDigest,
    /// The time of its command.
    pub at: Timestamp,
}

/// What is revoked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RevokedState {
    /// Tokens by id, and when each can be forgotten.
    pub tokens: Vec<(TokenId, Option<Timestamp>)>,
    /// Users by name, each with the last moment of what is revoked.
    pub users: Vec<(UserName, Timestamp)>,
}

impl Clearing {
    /// The transfers that are remembered, the oldest first.
    pub(in crate::clearing) fn known_transfers(&self) -> impl Iterator<Item = TransferState> {
        let known = self.keys.remembered(self.last_time);
        known.filter_map(|(key, content, at)| match content {
            Content::Transfer(transfer) => Some(TransferState { key, transfer, at }),
            Content::Operation(_) => None,
        })
    }

    /// What else is remembered by a key, the oldest first.
    pub(in crate::clearing) fn known_operations(&self) -> impl Iterator<Item = OperationState> {
        let known = self.keys.remembered(self.last_time);
        known.filter_map(|(key, content, at)| match content {
            Content::Operation(digest) => Some(OperationState { key, digest, at }),
            Content::Transfer(_) => None,
        })
    }

    /// What is revoked.
    pub(super) fn revoked_state(&self) -> RevokedState {
        RevokedState {
            tokens: self.revocations.tokens().collect(),
            users: self.revocations.users().collect(),
        }
    }

    /// Takes up both kinds of what is remembered by a key, in the one order in which it is forgotten.
    pub(super) fn restore_keys(&mut self, state: &ClearingState) -> Result<(), RestoreError> {
        let count = state.transfers.len() + state.operations.len();
        let most = self.config.max_transfers;
        ensure!(
            count <= most as usize,
            "{count} keys are remembered, at most {most} may be"
        );
        let mut operations = state.operations.iter().peekable();
        for TransferState { key, transfer, at } in &state.transfers {
            while let Some(earlier) = operations.next_if(|it| it.at < *at) {
                self.restore_operation(earlier)?;
            }
            let is_known = self.ledger.has_asset(transfer.asset)
                && match transfer.party {
                    Party::Account(account) => self.accounts.contains(account),
                    Party::Reserve(_) => true,
                };
            ensure!(
                is_known && !transfer.change.amount().is_zero(),
                "{key:?} names what there is not: {transfer:?}"
            );
            self.restore_key(*key, Content::Transfer(*transfer), *at)?;
        }
        operations.try_for_each(|it| self.restore_operation(it))
    }

    fn restore_operation(&mut self, state: &OperationState) -> Result<(), RestoreError> {
        self.restore_key(state.key, Content::Operation(state.digest), state.at)
    }

    /// Takes up one more, which is no older than those before it.
    fn restore_key(
        &mut self,
        key: IdempotencyKey,
        content: Content,
        at: Timestamp,
    ) -> Result<(), RestoreError> {
        let is_next = self.keys.last_at() <= at && at <= self.last_time;
        ensure!(
            is_next && self.keys.get(key, at).is_none(),
            "{key:?} is remembered twice, or at {at:?}, which is out of place"
        );
        self.remember(key, content, at);
        Ok(())
    }

    pub(super) fn restore_revoked(&mut self, state: &RevokedState) -> Result<(), RestoreError> {
        let count = state.tokens.len() + state.users.len();
        let most = self.config.max_revocations;
        ensure!(
            count <= most as usize,
            "{count} revocations stand, at most {most} may"
        );
        let tokens = state.tokens.is_sorted_by(|one, next| one.0 < next.0);
        let users = state.users.is_sorted_by(|one, next| one.0 < next.0);
        ensure!(tokens && users, "what is revoked is out of order");
        for &(user, issued_up_to) in &state.users {
            ensure!(
                issued_up_to <= self.last_time,
                "what is to come is revoked of {user:?}"
            );
            let change = RevocationChange::User { user, issued_up_to };
            self.revocations.apply(&change, most);
        }
        for &(token, expires_at) in &state.tokens {
            let change = RevocationChange::Token { token, expires_at };
            self.revocations.apply(&change, most);
        }
        Ok(())
    }
}
