//! What happens because time passed.

use engine::domain::Timestamp;

use crate::session::{CloseReason, Pulse, Refused, RequestHead, TokenAge};
use crate::wire::{Notice, Reason};

use super::{ConnectionId, HOUSEKEEPING_INTERVAL_MS, Hub};

impl Hub {
    /// When [`Hub::timeout`] has something to do; `None` as long as nothing happens.
    pub fn deadline(&self) -> Option<Timestamp> {
        let due = [
            self.next_book_tick(),
            self.prices.due,
            self.housekeeping,
            self.next_expiry,
            self.ties.deadline(),
            self.watch.deadline(),
            self.indices.deadline(),
        ];
        due.into_iter().flatten().min()
    }

    /// Does what is due.
    pub fn timeout(&mut self, now: Timestamp) {
        self.advance(now);
        self.retry_owed();
        self.publish_books();
        if self.prices.due.is_some_and(|at| at <= self.now) {
            self.publish_prices();
        }
        if self.housekeeping.is_some_and(|at| at <= self.now) {
            self.housekeeping = None;
            self.keep_house();
            self.arm_housekeeping();
        }
        self.watch_time();
        self.tell_indices();
        self.settle_overflow();
    }

    pub(super) fn arm_housekeeping(&mut self) {
        if self.housekeeping.is_none() && !self.connections.is_empty() {
            self.housekeeping = Some(self.now.plus(HOUSEKEEPING_INTERVAL_MS));
        }
    }

    /// Notes when a token ends.
    pub(super) fn watch_token(&mut self, expires_at: Timestamp) {
        let next = self.next_expiry.map_or(expires_at, |at| at.min(expires_at));
        self.next_expiry = Some(next);
    }

    /// Looks at the token of a connection; what it ends is ended here.
    pub(super) fn check_token(&mut self, id: ConnectionId) {
        let Some(connection) = self.connections.get_mut(&id) else {
            return;
        };
        let now = self.now;
        match connection.session.age_token(now) {
            TokenAge::Fresh => {}
            TokenAge::Ending(expires_at) => {
                let notice = Notice::TokenExpiring { expires_at };
                self.say(id, |_, out| notice.encode(out, now));
            }
            TokenAge::Ended => {
                let head = RequestHead::default();
                self.say_error(id, &Refused::new(Reason::TokenExpired, head));
                self.end_private_channels(id);
            }
        }
    }

    fn keep_house(&mut self) {
        let mut ids: Vec<ConnectionId> = self.connections.keys().copied().collect();
        ids.sort_unstable();
        for id in ids {
            self.check_token(id);
            self.check_pulse(id);
            self.check_stats(id);
        }
        self.publish_portfolios();
        self.publish_positions();
        self.addresses.forget_idle(self.now);
        let now = self.now;
        // A user without connections is kept as long as a rate of his is in use, so that
        // connecting again gives nobody a fresh budget.
        self.users.retain(|_, user| {
            !user.connections.is_empty() || !user.orders.is_idle(now) || !user.cancels.is_idle(now)
        });
    }

    fn check_pulse(&mut self, id: ConnectionId) {
        let (interval, idle) = (self.limits.ping_interval_ms, self.limits.idle_timeout_ms);
        let Some(connection) = self.connections.get_mut(&id) else {
            return;
        };
        match connection.session.heartbeat.check(self.now, interval, idle) {
            Pulse::Wait => {}
            Pulse::Ping(number) => connection.mailbox.ping(number),
            Pulse::Dead => self.end(id, CloseReason::Silent),
        }
    }

    fn check_stats(&mut self, id: ConnectionId) {
        let interval = self.limits.stats_interval_ms;
        let now = self.now;
        let Some(connection) = self.connections.get_mut(&id) else {
            return;
        };
        let session = &mut connection.session;
        if session.next_stats <= now {
            session.next_stats = now.plus(interval);
            self.say_stats(id, &RequestHead::default());
        }
    }
}
