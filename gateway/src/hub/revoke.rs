//! Tokens that an operator revokes, on connections that stand and on those that come. The exchange
//! keeps which; here stands what it said of them.

use engine::clearing::Clearing;
use engine::domain::{RevocationChange, Revocations};

use crate::auth::is_revoked;
use crate::session::{CloseReason, Login, Refused, RequestHead};
use crate::wire::Reason;

use super::{ConnectionId, Hub};

/// What is revoked, by what the exchange said.
#[derive(Debug)]
pub(super) struct Revoked {
    standing: Revocations,
    /// How many may stand, as in the exchange.
    most: u32,
    /// How many connections the last change ended, unless somebody asked.
    ended: Option<usize>,
}

impl Revoked {
    /// Nothing, and so many that may be.
    pub(super) fn new(most: u32) -> Revoked {
        Revoked {
            standing: Revocations::default(),
            most,
            ended: None,
        }
    }

    /// Takes over all that an exchange knows.
    pub(super) fn load(&mut self, clearing: &Clearing) {
        self.standing = clearing.revocations().clone();
    }
}

impl Hub {
    /// How many connections ended with the change of what is revoked that the last report told of, if
    /// it told of one and nobody asked yet.
    pub fn take_ended(&mut self) -> Option<usize> {
        self.revoked.ended.take()
    }

    /// Learns what is revoked. Connections whose token it is end at once.
    pub(super) fn on_revoked(&mut self, change: &RevocationChange) {
        self.revoked.standing.apply(change, self.revoked.most);
        let revoked = &self.revoked.standing;
        let concerned = self.connections.iter().filter(|(_, connection)| {
            let user = connection.session.user();
            user.is_some_and(|user| is_revoked(revoked, &user.name, &user.mark))
        });
        let mut ids: Vec<ConnectionId> = concerned.map(|(id, _)| *id).collect();
        ids.sort_unstable();
        for id in &ids {
            self.refuse_token(*id, RequestHead::default());
        }
        self.settle_overflow();
        self.revoked.ended = Some(ids.len());
    }

    /// Whether a token that is good otherwise was revoked; then its connection ends.
    pub(super) fn refuse_revoked(
        &mut self,
        id: ConnectionId,
        login: &Login,
        head: &RequestHead,
    ) -> bool {
        let is_revoked = is_revoked(&self.revoked.standing, &login.name, &login.mark);
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
