//! Tokens that the operator revokes. Kept here for who lets users in; nothing of theirs changes.

use crate::Sink;
use crate::command::CommandKind;
use crate::domain::{Revocation, RevocationChange, Revocations, Timestamp};
use crate::reject::Reject;
use crate::report::{Answer, ReportKind};

use super::decide::Asker;
use super::replay::{Check, ReplayError};
use super::{Clearing, Decision};

impl Clearing {
    /// Revokes, or lets count again. // L-35
    pub(in crate::clearing) fn decide_revoke(
        &mut self,
        asker: Asker,
        asked: &Revocation,
        out: &mut impl Sink<Decision>,
    ) -> Result<(), Reject> {
        let Some(change) = self.revocations.change_of(asked, asker.now) else {
            self.answer(asker, Answer::Revoked { changed: false }, out);
            return Ok(());
        };
        self.check_room_to_revoke(&change, asker.now)?;
        self.accept(asker.now, CommandKind::Revoke(*asked), out);
        self.change_revoked(asker, &change, out);
        Ok(())
    }

    /// Whether a change fits beside all that is revoked.
    pub(in crate::clearing) fn check_room_to_revoke(
        &self,
        change: &RevocationChange,
        now: Timestamp,
    ) -> Result<(), Reject> {
        let most = self.config.max_revocations;
        let fits = self.revocations.has_room(change, now, most);
        fits.then_some(()).ok_or(Reject::TooManyRevocations)
    }

    /// Makes a change by a command that was accepted.
    pub(in crate::clearing) fn change_revoked(
        &mut self,
        asker: Asker,
        change: &RevocationChange,
        out: &mut impl Sink<Decision>,
    ) {
        let told = self.revoke(change);
        self.answer(asker, Answer::Revoked { changed: true }, out);
        self.say(asker.now, told, out);
    }

    /// What a recorded revocation changes.
    pub(in crate::clearing) fn check_revoke_replay(
        &self,
        check: Check,
        asked: &Revocation,
        now: Timestamp,
    ) -> Result<RevocationChange, ReplayError> {
        let change = self.revocations.change_of(asked, now);
        let most = self.config.max_revocations;
        let fits = |change: &RevocationChange| self.revocations.has_room(change, now, most);
        let fitting = change.filter(fits);
        match fitting {
            Some(change) => Ok(change),
            None => Err(check.differs("changes of what is revoked", 0, 1)),
        }
    }

    pub(in crate::clearing) fn revoke(&mut self, change: &RevocationChange) -> ReportKind {
        self.revocations.apply(change, self.config.max_revocations);
        ReportKind::Revoked(*change)
    }

    /// All that is revoked.
    pub fn revocations(&self) -> &Revocations {
        &self.revocations
    }
}
