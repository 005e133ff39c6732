use engine::domain::{AccountId, OrderId, Timestamp, TradingStatus};
use engine::event::CancelReason;
use engine::report::Answer;

use super::{Answered, PlainExchange};

/// What happens at a time: of one time first the ends of orders, by number, then the switches of
/// accounts, then what circuit breakers do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    Order(OrderId),
    Account(AccountId),
    Reference(usize),
    Reopening(usize),
}

impl PlainExchange {
    /// Does what is due by `now`, the earliest first. // L-28, L-29, L-31, L-32
    pub fn tick(&mut self, now: Timestamp) {
        self.follow_decisions();
        while let Some((at, due)) = self.next_due()
            && at.0 <= now.0
        {
            self.time = self.time.max(now);
            let now = self.time;
            match due {
                Due::Order(id) => {
                    let order = *self.record(id);
                    self.cancel_open(&order, CancelReason::Expired, now);
                }
                Due::Reference(index) => self.roll(index, now),
                Due::Reopening(index) => self.change_status(index, TradingStatus::Open, now),
                Due::Account(account) => {
                    self.cancel_after[account.0 as usize] = None;
                    self.own_command(now);
                    let own = self.open().filter(|order| order.account() == account);
                    for order in own.copied().collect::<Vec<_>>() {
                        self.cancel_open(&order, CancelReason::CancelAfter, now);
                    }
                }
            }
        }
    }

    /// When the first of it is due.
    pub fn next_deadline(&self) -> Option<Timestamp> {
        self.next_due().map(|(at, _)| at)
    }

    fn next_due(&self) -> Option<(Timestamp, Due)> {
        let orders = self.open().filter_map(|order| {
            let at = order.first.expires_at?;
            Some((at, Due::Order(order.id)))
        });
        let accounts = (0..).zip(&self.cancel_after);
        let accounts = accounts.filter_map(|(number, at)| {
            let due = Due::Account(AccountId(number));
            at.map(|at| (at, due))
        });
        let pairs = self.config.pairs.iter().enumerate();
        let pairs = pairs.filter(|(_, pair)| pair.breaker().is_some());
        let breakers = pairs.flat_map(|(index, _)| {
            let breaker = &self.breakers[index];
            let reference = breaker.due().map(|at| (at, Due::Reference(index)));
            let reopening = breaker.reopens_at.map(|at| (at, Due::Reopening(index)));
            reference.into_iter().chain(reopening)
        });
        orders.chain(accounts).chain(breakers).min()
    }

    /// Sets a user's dead-man switch anew, or takes it back. // L-28
    pub(super) fn set_cancel_after(
        &mut self,
        account: AccountId,
        timeout_ms: u64,
        now: Timestamp,
    ) -> Answered {
        self.check_account(account)?;
        let deadline = (timeout_ms > 0).then(|| now.plus(timeout_ms));
        let switch = &mut self.cancel_after[account.0 as usize];
        let before = std::mem::replace(switch, deadline);
        let is_command = deadline.is_some() || before.is_some();
        Ok((Answer::CancelAfterSet { deadline }, is_command))
    }
}
