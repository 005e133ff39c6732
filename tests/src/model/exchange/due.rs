use engine::domain::{AccountId, OrderId, Timestamp};
use engine::event::CancelReason;
use engine::report::Answer;

use super::{Answered, PlainExchange};

/// What happens at a time: of one time first the ends of orders, by number, then the switches of
/// accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    Order(OrderId),
    Account(AccountId),
}

impl PlainExchange {
    /// Does what is due by `now`, the earliest first. // L-28, L-29
    pub fn tick(&mut self, now: Timestamp) {
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
                Due::Account(account) => {
                    self.cancel_after[account.0 as usize] = None;
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
        orders.chain(accounts).min()
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
