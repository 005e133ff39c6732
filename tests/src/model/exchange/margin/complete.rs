use engine::domain::{AccountId, Pair, PairId, Price, Timestamp};

use super::decisions::{Checked, RETRY_MS};
use super::figures::WHOLE;
use super::{PlainExchange, PlainPosition, notional};

impl PlainExchange {
    /// What should have been decided by `now`, and was not. // G-14 to G-21
    pub(in crate::model::exchange) fn check_complete(&mut self, now: Timestamp) {
        let Some(log) = &self.margin.log else {
            return;
        };
        if !log.is_empty() {
            let left = format!("{log:#?}");
            self.fault(format!("the model did not follow {left}"));
        }
        for index in 0..self.config.pairs.len() {
            if let Err(what) = self.check_pair_complete(self.config.pairs[index], now) {
                self.fault(what);
            }
        }
        let debts = &self.margin.debts;
        let payable = debts.iter().find(|debt| {
            let quote = self.pair_of(debt.pair).quote();
            self.reserves(quote).insurance > 0
        });
        if let Some(debt) = payable {
            self.fault(format!("the fund could pay {debt:?}"));
        }
    }

    fn check_pair_complete(&self, pair: Pair, now: Timestamp) -> Checked {
        if pair.margin().is_none() {
            return Ok(());
        }
        let market = &self.margin.markets[usize::from(pair.id().0)];
        if market.interest_due.is_some_and(|due| due.0 <= now.0) {
            return Err(format!("interest is due since {:?}", market.interest_due));
        }
        let Ok(mark) = self.check_market(pair.id(), now) else {
            return Ok(());
        };
        let here = || {
            self.margin
                .positions
                .iter()
                .filter(|it| it.pair == pair.id())
        };
        let mut is_busy = false;
        for position in here().filter(|it| it.liquidation.is_some()) {
            is_busy = true;
            let ready = market.ready_since.unwrap_or(now);
            let has_time = now.since(position.tried_at.max(ready)) <= RETRY_MS;
            if !has_time && self.can_go_on(position, mark) {
                return Err(format!("nothing was tried: {position:#?}"));
            }
        }
        for position in here().filter(|it| it.liquidation.is_none()) {
            // F12
            let since = |at: Timestamp| now.since(at.max(position.tried_at)) > RETRY_MS;
            let is_late = position
                .call
                .is_some_and(|call| since(call.deadline) && call.deadline > position.tried_at);
            if !is_busy && (self.is_unsafe(position, mark) || is_late) {
                return Err(format!("it is not liquidated: {position:#?}"));
            }
        }
        Ok(())
    }

    /// Whether a liquidation that waits has something to do. // G-21
    fn can_go_on(&self, position: &PlainPosition, mark: Price) -> bool {
        let pair = self.pair_of(position.pair);
        let book = &self.books[usize::from(position.pair.0)];
        let best = book.best(position.side.opens()).map(|(price, _)| price);
        let worst = position.worst_of(pair.band(self.reference(&pair)));
        let meets = |limit: Price| best.is_some_and(|best| position.better(best, limit) == best);
        let bankrupt = position.bankruptcy_price(&pair);
        !self.is_unsafe(position, mark)
            || bankrupt.is_some_and(|price| meets(position.better(price, worst)))
            || (meets(worst) && self.affordable(position).is_ok())
            || self.first_to_deleverage(position).is_some()
    }

    /// Where this is checked exactly: equity is above m of the position's worth.
    pub fn ratio_is_above_maintenance(&self, account: AccountId, pair: PairId) -> Option<bool> {
        let position = self.margin.position(account, pair)?;
        let terms = self.pair_of(pair);
        let mark = self.mark(pair)?;
        let worth = notional(&terms, mark, position.size);
        let maintenance = i128::from(self.terms_of(pair).maintenance.get());
        Some(position.equity(&terms, mark) * WHOLE > maintenance * worth)
    }
}
