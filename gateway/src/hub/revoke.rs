//! Tokens that an operator revokes, on connections that stand and on those that come.

use engine::domain::Timestamp;

use crate::auth::{Revocation, Revocations, TooMany};
use crate::session::{CloseReason, Login, Refused, RequestHead};
use crate::wire::Reason;

use super::{ConnectionId, Hub};

impl Hub {
    /// Takes up what was revoked before this gateway started.
    pub fn load_revocations(&mut self, revocations: Revocations) {
        self.revocations = revocations;
    }

    /// What is revoked.
    pub fn revocations(&self) -> &Revocations {
        &self.revocations
    }

    /// Whether there is room to revoke one more.
    ///
    /// # Errors
    /// [`TooMany`]
    pub fn make_room_to_revoke(&mut self, now: Timestamp) -> Result<(), TooMany> {
        self.revocations.make_room(now)
    }

    /// Revokes, or lifts it. Connections whose token it was end at once; says how many.
    pub fn revoke(&mut self, revocation: &Revocation, now: Timestamp) -> usize {
        self.advance(now);
        self.revocations.apply(revocation);
        let revocations = &self.revocations;
        let concerned = self.connections.iter().filter(|(_, connection)| {
            let user = connection.session.user();
            user.is_some_and(|user| revocations.covers(&user.name, &user.mark))
        });
        let mut ids: Vec<ConnectionId> = concerned.map(|(id, _)| *id).collect();
        ids.sort_unstable();
        for id in &ids {
            self.refuse_token(*id, RequestHead::default());
        }
        self.settle_overflow();
        ids.len()
    }

    /// Whether a token that is good otherwise was revoked; then its connection ends.
    pub(super) fn refuse_revoked(
        &mut self,
        id: ConnectionId,
        login: &Login,
        head: &RequestHead,
    ) -> bool {
        let is_revoked = self.revocations.covers(&login.name, &login.mark);
        if is_revoked {
            self.refuse_token(id, head.clone());
        }
        is_revoked
    }

    fn refuse_token(&mut self, id: ConnectionId, head: RequestHead) {
        self.say_error(id, &Refused::new(Reason::TokenRevoked, head));
        self.end_private_channels(id);
        self.end(id, CloseReason::AuthFailed);
    }
}
