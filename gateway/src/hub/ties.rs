//! Orders that go with their owner's connection: `cancel_on_disconnect`.
//!
//! A user is *tied* while a connection of theirs asks for it, and from then on until the
//! cancelling that its end led to is answered. Who is tied is written down before it is said, so
//! that an exchange that died with its connections cancels when it starts again, before anybody
//! can reach it: nothing trades in between, for the exchange is the same process.
//!
//! Invariant: whoever is in the log has a connection that asked for it, or is owed a cancelling.

use std::collections::BTreeMap;
use std::io;

use engine::domain::{AccountId, Timestamp};
use engine::request::{Request, RequestKind};
use engine::runtime::SubmitError;

use super::{ConnectionId, Hub, correlation};

/// How long a cancelling waits that the exchange had no room for, in milliseconds.
const RETRY_MS: u64 = 10;

/// Where it is written down who is tied.
pub trait TieLog: Send {
    /// Writes that the account is tied; when it returns, that outlives the process.
    ///
    /// # Errors
    /// The operating system's. The account is not tied then.
    fn tie(&mut self, account: AccountId) -> io::Result<()>;

    /// Writes that the account is tied no more. Where that gets lost, its orders are cancelled
    /// once too often.
    fn untie(&mut self, account: AccountId);
}

/// Writes nothing down: for an exchange that does not outlive its process either.
#[derive(Clone, Copy, Debug, Default)]
pub struct Forgetful;

impl TieLog for Forgetful {
    fn tie(&mut self, _: AccountId) -> io::Result<()> {
        Ok(())
    }

    fn untie(&mut self, _: AccountId) {}
}

/// Who is tied.
pub(super) struct Ties {
    log: Box<dyn TieLog>,
    tied: BTreeMap<AccountId, Tie>,
    /// When to ask again for what the exchange had no room for.
    retry: Option<Timestamp>,
}

#[derive(Default)]
struct Tie {
    /// Connections that asked for it.
    connections: u32,
    /// Whether a cancelling is to be asked for.
    is_owed: bool,
    /// Cancellings that were asked for and not answered.
    asked: u32,
}

impl Default for Ties {
    fn default() -> Ties {
        Ties {
            log: Box::new(Forgetful),
            tied: BTreeMap::new(),
            retry: None,
        }
    }
}

impl Ties {
    pub(super) fn deadline(&self) -> Option<Timestamp> {
        self.retry
    }

    /// One more connection asks for it; `false` where that cannot be written down.
    fn tie(&mut self, account: AccountId) -> bool {
        if !self.tied.contains_key(&account) && self.log.tie(account).is_err() {
            return false;
        }
        self.tied.entry(account).or_default().connections += 1;
        true
    }

    /// A connection does not ask for it any more.
    fn release(&mut self, account: AccountId) {
        if let Some(tie) = self.tied.get_mut(&account) {
            tie.connections = tie.connections.saturating_sub(1);
            self.settle(account);
        }
    }

    fn answered(&mut self, account: AccountId) {
        if let Some(tie) = self.tied.get_mut(&account) {
            tie.asked = tie.asked.saturating_sub(1);
            self.settle(account);
        }
    }

    fn settle(&mut self, account: AccountId) {
        let tie = self.tied.get(&account);
        if tie.is_some_and(|it| it.connections == 0 && !it.is_owed && it.asked == 0) {
            self.tied.remove(&account);
            self.log.untie(account);
        }
    }
}

impl Hub {
    /// Writes down there from now on who is tied. `left` were tied when the process before this
    /// one ended: their connections are gone, so their orders are cancelled first of all.
    pub fn tie_by(&mut self, log: Box<dyn TieLog>, left: impl IntoIterator<Item = AccountId>) {
        self.ties.log = log;
        for account in left {
            self.ties.tied.entry(account).or_default().is_owed = true;
        }
    }

    /// A login's choice for a connection that has none yet, or another one; `false` where it
    /// cannot be written down.
    pub(super) fn tie_again(
        &mut self,
        id: ConnectionId,
        account: AccountId,
        choice: Option<bool>,
    ) -> bool {
        let user = self.connections.get(&id).and_then(|it| it.session.user());
        let before = user.is_some_and(|user| user.cancel_on_disconnect);
        match (before, choice.unwrap_or(before)) {
            (false, true) => self.ties.tie(account),
            (true, false) => {
                self.ties.release(account);
                true
            }
            (true, true) | (false, false) => true,
        }
    }

    /// A connection ended to which its user's orders were tied.
    pub(super) fn part(&mut self, account: AccountId) {
        if let Some(tie) = self.ties.tied.get_mut(&account) {
            tie.connections = tie.connections.saturating_sub(1);
            tie.is_owed = true;
        }
        self.submit_owed();
    }

    /// The exchange answered a cancelling.
    pub(super) fn parted(&mut self, account: AccountId) {
        self.ties.answered(account);
    }

    /// Asks for all that is owed, as far as there is room; the rest is asked for again. Where the
    /// exchange has stopped, the next one is owed it.
    pub(super) fn submit_owed(&mut self) {
        self.ties.retry = None;
        for (&account, tie) in &mut self.ties.tied {
            if !tie.is_owed {
                continue;
            }
            let request = Request {
                correlation: correlation(ConnectionId::TIES, account.0),
                kind: RequestKind::CancelAll {
                    account,
                    pair: None,
                    side: None,
                    disconnected: true,
                },
            };
            match self.exchange.submit(request) {
                Ok(()) => {
                    tie.is_owed = false;
                    tie.asked += 1;
                }
                Err(SubmitError::Full) => {
                    self.ties.retry = Some(self.now.plus(RETRY_MS));
                    return;
                }
                Err(SubmitError::Closed) => return,
            }
        }
    }

    pub(super) fn retry_owed(&mut self) {
        if self.ties.retry.is_some_and(|at| at <= self.now) {
            self.submit_owed();
        }
    }
}
