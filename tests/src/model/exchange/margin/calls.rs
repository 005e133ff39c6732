use engine::clearing::{CallState, Quote};
use engine::domain::{CallSeverity, PairId, Price, Side, Timestamp};
use engine::report::{MarginCall, ReportKind};

use super::decisions::HOUR_MS;
use super::{PlainExchange, PlainPosition};

impl PlainExchange {
    /// What follows from a command, once it is through: quotes, mark prices, calls, funds. // G-12
    pub(super) fn after_command(&mut self, now: Timestamp) {
        for index in 0..self.config.pairs.len() {
            if self.config.pairs[index].margin().is_some() {
                self.look_at_market(index, now);
            }
        }
        for position in self.margin.positions.clone() {
            self.look_at_call(&position, now);
        }
    }

    /// A position was opened, if only for a moment: interest is owed from the next full hour. // G-11
    pub(super) fn expect_interest(&mut self, pair: PairId, now: Timestamp) {
        let terms = self.pair_of(pair);
        let is_lent = self.rate_of(terms.base()) + self.rate_of(terms.quote()) > 0;
        let next = Timestamp((now.0 / HOUR_MS + 1) * HOUR_MS);
        let market = &mut self.margin.markets[usize::from(pair.0)];
        if is_lent && market.interest_due.is_none() {
            market.interest_due = Some(next);
        }
    }

    pub(super) fn look_at_market(&mut self, index: usize, now: Timestamp) {
        let pair = self.config.pairs[index];
        let book = &self.books[index];
        let quote = Quote {
            bid: book.best(Side::Buy).map(|(price, _)| price),
            ask: book.best(Side::Sell).map(|(price, _)| price),
            last: book.last_trade(),
        };
        let market = &mut self.margin.markets[index];
        if market.quote != quote {
            market.quote = quote;
            market.quoted_at = now;
        }
        let mark = self.find_mark(pair.id());
        let market = &mut self.margin.markets[index];
        if market.mark != mark {
            market.mark = mark;
            let pair = pair.id();
            self.margin.said.push(ReportKind::Mark { pair, mark });
        }
        let is_ready = self.check_market(pair.id(), now).is_ok();
        let market = &mut self.margin.markets[index];
        if is_ready && market.ready_since.is_none() {
            // G-21: what waited for a market is tried from its beginning, even within one request.
            self.margin.asked += 1;
        }
        market.ready_since = match is_ready {
            true => market.ready_since.or(Some(now)),
            false => None,
        };
    }

    /// The middle one of best bid, best ask and last trade, within the band. // G-12
    fn find_mark(&self, pair: PairId) -> Option<Price> {
        let terms = *self.pair_of(pair).margin()?;
        let market = &self.margin.markets[usize::from(pair.0)];
        let mut three = [market.quote.bid?, market.quote.ask?, market.quote.last?];
        three.sort_unstable();
        let Some(band) = terms.index_band else {
            return Some(three[1]);
        };
        let index = u64::from(market.index?.ticks());
        let band = u64::from(band);
        let low = (index * (10_000 - band)).div_ceil(10_000).max(1);
        let high = (index * (10_000 + band) / 10_000).min(u64::from(u32::MAX));
        let kept = u64::from(three[1].ticks()).clamp(low, high);
        Price::from_u64(kept)
    }

    pub(super) fn mark(&self, pair: PairId) -> Option<Price> {
        self.margin.markets[usize::from(pair.0)].mark
    }

    // G-13
    fn look_at_call(&mut self, position: &PlainPosition, now: Timestamp) {
        let figures = [
            position.size,
            position.cost,
            position.collateral,
            position.interest,
        ];
        let key = (position.account, position.pair);
        let judged = &mut self.margin.position_mut(key.0, key.1).judged;
        let is_same = std::mem::replace(judged, figures) == figures;
        let pair = self.pair_of(position.pair);
        let (Some(terms), Some(mark)) = (pair.margin(), self.mark(position.pair)) else {
            return;
        };
        // F13: while it is liquidated, only where it changed.
        if position.liquidation.is_some() && is_same {
            return;
        }
        let maintenance = terms.maintenance.get();
        let at_most = |tenths| position.is_at_most(&pair, mark, maintenance, tenths);
        let before = position.call.map(|call| call.severity);
        let severity = match before {
            _ if at_most(12) => Some(CallSeverity::Critical),
            Some(CallSeverity::Critical) if at_most(13) => Some(CallSeverity::Critical),
            Some(_) if at_most(16) => Some(CallSeverity::Warning),
            None if at_most(15) => Some(CallSeverity::Warning),
            _ => None,
        };
        if severity == before {
            return;
        }
        let call = severity.map(|severity| CallState {
            severity,
            since: position.call.map_or(now, |call| call.since),
            deadline: position
                .call
                .map_or(now.plus(terms.grace_ms), |call| call.deadline),
        });
        let (account, pair) = (position.account, position.pair);
        self.margin.position_mut(account, pair).call = call;
        match call {
            Some(call) => self.margin.said.push(ReportKind::MarginCall(MarginCall {
                position: position.view(),
                severity: call.severity,
                mark,
                since: call.since,
                deadline: call.deadline,
            })),
            None => self.say_call_over(position),
        }
    }

    /// A call ends, also where its position does.
    pub(super) fn say_call_over(&mut self, position: &PlainPosition) {
        if position.call.is_some() {
            self.margin.said.push(ReportKind::MarginCallCleared {
                account: position.account,
                position: position.id,
            });
        }
    }
}
