use engine::command::{OrderCommand, PriceLimits};
use engine::domain::{Pair, PairId, Price, Timestamp, TradingStatus};

use super::PlainExchange;

const MINUTE_MS: u64 = 60_000;

/// What a pair's circuit breaker looks at.
#[derive(Clone, Debug)]
pub(super) struct PlainBreaker {
    pub(super) reference: Price,
    /// Every trade that may still become the reference, in its order.
    pub(super) trades: Vec<(Timestamp, Price)>,
    pub(super) reopens_at: Option<Timestamp>,
}

impl PlainBreaker {
    pub(super) fn new(pair: &Pair) -> PlainBreaker {
        PlainBreaker {
            reference: pair.reference_price(),
            trades: Vec::new(),
            reopens_at: None,
        }
    }

    /// The last price of each minute that had one of the trades.
    pub(super) fn closes(&self) -> Vec<(u64, Price)> {
        let mut closes: Vec<(u64, Price)> = Vec::new();
        for (at, price) in &self.trades {
            let minute = at.0 / MINUTE_MS;
            closes.retain(|(before, _)| *before != minute);
            closes.push((minute, *price));
        }
        closes
    }

    /// When the first of the trades is five minutes old, to the minute. // L-31
    pub(super) fn due(&self) -> Option<Timestamp> {
        self.trades.first().map(|(at, _)| old_at(*at))
    }
}

fn old_at(at: Timestamp) -> Timestamp {
    Timestamp((at.0 / MINUTE_MS + 5) * MINUTE_MS)
}

impl PlainExchange {
    /// The last trade that is old enough becomes the reference. // L-31
    pub(super) fn roll(&mut self, index: usize, now: Timestamp) {
        let breaker = &mut self.breakers[index];
        let is_old = |(at, _): &&(Timestamp, Price)| old_at(*at).0 <= now.0;
        if let Some((_, price)) = breaker.trades.iter().rfind(is_old) {
            breaker.reference = *price;
        }
        breaker.trades.retain(|(at, _)| old_at(*at).0 > now.0);
        self.limit(index);
        self.own_command(now);
    }

    /// The pair opens or stops. A breaker starts anew when it opens. // L-32
    pub(super) fn change_status(&mut self, index: usize, status: TradingStatus, now: Timestamp) {
        let pair = self.config.pairs[index];
        self.statuses[index] = status;
        self.breakers[index].reopens_at = None;
        if status.is_open() {
            let reference = self.last_trades[index].unwrap_or(pair.reference_price());
            self.breakers[index].reference = reference;
            self.breakers[index].trades.clear();
            self.limit(index);
        }
        self.run(pair.id(), &OrderCommand::SetTradingStatus(status), now);
    }

    /// A trade would have printed beyond the limits. // L-32
    pub(super) fn trip(&mut self, pair: PairId, now: Timestamp) {
        let index = usize::from(pair.0);
        let breaker = self.config.pairs[index].breaker();
        let breaker = breaker.expect("only a breaker limits prices");
        self.statuses[index] = TradingStatus::Halted;
        self.breakers[index].reopens_at = Some(now.plus(breaker.halt_ms));
    }

    /// Tells the book which prices may print.
    pub(super) fn limit(&mut self, index: usize) {
        if let Some(breaker) = self.config.pairs[index].breaker() {
            let limits = PriceLimits::around(self.breakers[index].reference, breaker.band);
            self.books[index].apply(&OrderCommand::SetPriceLimits(limits));
        }
    }
}
