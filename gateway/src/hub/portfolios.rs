//! Portfolios, told to their owners: on change at most once a second, unchanged within ten.

use bytes::Bytes;
use engine::domain::{AccountId, PairId, Price, Timestamp};

use crate::private_data::Portfolio;
use crate::wire::PortfolioUpdate;

use super::{HOUSEKEEPING_INTERVAL_MS, Hub, PORTFOLIO_INTERVAL_MS, PORTFOLIO_KEY};

/// When one that did not change is told again: early enough that the housekeeping after it, which
/// may be late, would be too late.
const REPEAT_AFTER_MS: u64 = PORTFOLIO_INTERVAL_MS - HOUSEKEEPING_INTERVAL_MS - 100;

impl Hub {
    /// Time passes in the history of worths.
    pub(super) fn pass_worths(&mut self, time: Timestamp) {
        let market = &self.market;
        self.worths.pass(time, &|pair| market.mark(pair));
    }

    /// Tells portfolios that changed since they were last told, and those not told for long.
    pub(super) fn publish_portfolios(&mut self) {
        let now = self.now;
        if self.users.values().all(|it| it.portfolio_seats.is_empty()) {
            return;
        }
        let marks = self.instruments.all().iter().map(|it| it.id());
        let marks: Vec<Option<Price>> = marks.map(|pair| self.market.mark(pair)).collect();
        let have_marks_changed = marks != self.told_marks;
        self.told_marks = marks;
        let mut due = Vec::new();
        for (account, user) in &mut self.users {
            if user.portfolio_seats.is_empty() {
                continue;
            }
            user.is_portfolio_changed |= have_marks_changed;
            let since = now.since(user.portfolio_told_at);
            if since >= REPEAT_AFTER_MS
                || (user.is_portfolio_changed && since >= HOUSEKEEPING_INTERVAL_MS)
            {
                due.push(*account);
            }
        }
        for account in due {
            self.tell_portfolio(account);
        }
    }

    fn tell_portfolio(&mut self, account: AccountId) {
        let now = self.now;
        let portfolio = self.portfolio(account);
        let Some(user) = self.users.get_mut(&account) else {
            return;
        };
        user.is_portfolio_changed = false;
        let is_long_ago = now.since(user.portfolio_told_at) >= REPEAT_AFTER_MS;
        if user.told_portfolio.as_ref() == Some(&portfolio) && !is_long_ago {
            return;
        }
        user.portfolio_told_at = now;
        let message = self.encode_portfolio(account, &portfolio);
        let Some(user) = self.users.get_mut(&account) else {
            return;
        };
        for seat in &user.portfolio_seats {
            let mailbox = &seat.mailbox;
            let was_waiting = mailbox.replace_conflated(PORTFOLIO_KEY, message.clone());
            self.counts.conflated(was_waiting);
        }
        user.told_portfolio = Some(portfolio);
    }

    /// The first message of a subscription.
    pub(super) fn portfolio_snapshot(&mut self, account: AccountId) -> Bytes {
        let portfolio = self.portfolio(account);
        let message = self.encode_portfolio(account, &portfolio);
        if let Some(user) = self.users.get_mut(&account)
            && user.portfolio_seats.len() == 1
        {
            // Nobody else waits to be told of this.
            user.portfolio_told_at = self.now;
            user.told_portfolio = Some(portfolio);
            user.is_portfolio_changed = false;
        }
        message
    }

    fn portfolio(&mut self, account: AccountId) -> Portfolio {
        self.pass_worths(self.now);
        let market = &self.market;
        let mark = |pair: PairId| market.mark(pair);
        let instruments = &self.instruments;
        let pairs = |pair: PairId| Some(instruments.get(pair)?.pair);
        self.private.portfolio(account, &self.worths, &pairs, &mark)
    }

    fn encode_portfolio(&self, account: AccountId, portfolio: &Portfolio) -> Bytes {
        let mut out = Vec::with_capacity(1_024);
        if let Some(valuation) = self.instruments.asset(self.valuation_asset()) {
            let update = PortfolioUpdate {
                assets: self.instruments.assets(),
                valuation,
                total_value: portfolio.total_value,
                change: portfolio.change,
                change_percent: portfolio.change_percent,
                positions: &portfolio.positions,
                margin: portfolio.margin,
                user_sequence: self.private.user_sequence(account),
            };
            update.encode(&mut out, self.now);
        }
        out.into()
    }
}
