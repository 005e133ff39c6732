//! What is watched beside the pairs: alerts in force, and other ledgers' prices.

use std::collections::BTreeSet;

use bytes::Bytes;
use engine::domain::{PairId, PositionId, Price, Timestamp, TradingStatus};

use crate::alerts::{Alert, Alerts, Category, Cause, Severity, Subject, Volatility};
use crate::arbitrage::detector::{
    Chain, Closed, Detector, DetectorRules, Finding, Opportunity, Quote, TokenRules, Unusable,
};
use crate::config::Config;
use crate::deflate::Payload;
use crate::wire::{About, ArbitrageClosed, ArbitrageOpportunity, RiskAlert};

use super::{ConnectionId, Hub, Seat};

/// What is watched, and who wants to know.
pub(super) struct Watch {
    alerts: Alerts,
    /// By pair.
    volatility: Vec<Volatility>,
    rules: Option<DetectorRules>,
    /// Since the feeds began.
    detector: Option<Detector>,
    /// Positions whose liquidation is under way, or waits.
    pub(super) liquidating: BTreeSet<PositionId>,
    pub(super) arbitrage_seats: Vec<Seat>,
    pub(super) alert_seats: Vec<Seat>,
}

impl Watch {
    pub(super) fn new(config: &Config) -> Watch {
        let volatility = config.alerts.volatility.iter();
        Watch {
            alerts: Alerts::default(),
            volatility: volatility.map(|rules| Volatility::new(*rules)).collect(),
            rules: config.arbitrage.as_ref().map(|it| it.detector.clone()),
            detector: None,
            liquidating: BTreeSet::new(),
            arbitrage_seats: Vec::new(),
            alert_seats: Vec::new(),
        }
    }

    /// Of each token and ledger, how old its quote is, in milliseconds.
    pub(super) fn feed_ages(&self, now: Timestamp) -> Vec<(Chain, Box<str>, Option<u64>)> {
        let Some(detector) = &self.detector else {
            return Vec::new();
        };
        let named = detector.ages(now).filter_map(|(token, chain, age)| {
            let rules = detector.rules().tokens.get(token)?;
            Some((chain, rules.symbol.clone(), age))
        });
        named.collect()
    }

    /// When [`Hub::watch_time`] has something to do.
    pub(super) fn deadline(&self) -> Option<Timestamp> {
        self.detector.as_ref()?.deadline()
    }
}

impl Hub {
    /// The gateway begins: halts that stand are said to who comes, and other ledgers' prices, if
    /// there are feeds, are waited for from now on.
    pub fn begin_watch(&mut self, now: Timestamp) {
        self.advance(now);
        let now = self.now;
        let rules = self.watch.rules.take();
        self.watch.detector = rules.map(|rules| Detector::new(rules, now));
        for index in 0..self.instruments.all().len() {
            let Some(pair) = self.instruments.all().get(index).map(|it| it.id()) else {
                continue;
            };
            self.watch_status(pair);
        }
        self.begin_liquidations();
        self.indices.begin(now);
    }

    /// A feed has a quote of a token, or none to go by.
    pub fn quote(
        &mut self,
        chain: Chain,
        token: usize,
        quote: Result<Quote, Unusable>,
        now: Timestamp,
    ) {
        self.advance(now);
        self.indices
            .on_quote(chain, token, &quote, &self.instruments);
        self.tell_indices();
        let mut findings = Vec::new();
        if let Some(detector) = &mut self.watch.detector {
            detector.on_quote(token, chain, quote, self.now, &mut findings);
        }
        self.tell_findings(findings);
        self.settle_overflow();
    }

    pub(super) fn watch_time(&mut self) {
        let now = self.now;
        let mut findings = Vec::new();
        if let Some(detector) = &mut self.watch.detector
            && detector.deadline().is_some_and(|at| at <= now)
        {
            detector.on_timeout(now, &mut findings);
        }
        self.tell_findings(findings);
    }

    pub(super) fn watch_trade(&mut self, pair: PairId, price: Price) {
        let now = self.now;
        let Some(volatility) = self.watch.volatility.get_mut(usize::from(pair.0)) else {
            return;
        };
        let Some(found) = volatility.on_trade(price, now) else {
            return;
        };
        let rules = volatility.rules();
        let Some(instrument) = self.instruments.get(pair) else {
            return;
        };
        let message = format!(
            "{} moved by {}.{:02}% or more within {} s",
            instrument.symbol,
            found.limit_bps / 100,
            found.limit_bps % 100,
            rules.window_ms / 1_000
        );
        let cause = Cause {
            category: Category::Volatility,
            subject: Subject::Pair(pair),
        };
        self.raise(cause, found.severity, &message, Some(found.ends_at));
    }

    /// Says what the status of a pair, as it is now, means: a halt by the circuit breaker ends at
    /// a known time, any other when somebody ends it.
    pub(super) fn watch_status(&mut self, pair: PairId) {
        let Some(instrument) = self.instruments.get(pair) else {
            return;
        };
        let symbol = &instrument.symbol;
        let (status, reopens_at) = (self.market.status(pair), self.market.reopens_at(pair));
        let cause = |category| Cause {
            category,
            subject: Subject::Pair(pair),
        };
        let (breaker, halt) = (
            cause(Category::CircuitBreaker),
            cause(Category::TradingHalt),
        );
        let trades_again = format!("{symbol} trades again");
        let message = match (status, reopens_at) {
            (TradingStatus::Open, _) => {
                self.end_alert(breaker, &trades_again);
                self.end_alert(halt, &trades_again);
                return;
            }
            (TradingStatus::Halted, Some(_)) => {
                format!("{symbol} is halted: a trade would have printed too far from its price")
            }
            (TradingStatus::Halted, None) => format!("{symbol} is halted and takes cancels only"),
            (TradingStatus::CancelOnly, _) => format!("{symbol} takes cancels only"),
            (TradingStatus::Closed, _) => format!("{symbol} is closed and takes cancels only"),
        };
        let (raised, other) = match reopens_at {
            Some(_) => (breaker, halt),
            None => (halt, breaker),
        };
        self.end_alert(other, &message);
        self.raise(raised, Severity::Critical, &message, reopens_at);
    }

    /// Raises or renews an alert, and says it where something is new.
    pub(super) fn raise(
        &mut self,
        cause: Cause,
        severity: Severity,
        message: &str,
        ends_at: Option<Timestamp>,
    ) {
        let now = self.now;
        if let Some(alert) = self
            .watch
            .alerts
            .raise(cause, severity, message, ends_at, now)
        {
            let message = self.encode_alert(&alert, true);
            self.say_to_watchers(message, |watch| &watch.alert_seats);
        }
    }

    /// Ends an alert, if it is in force, and says so with `message`.
    pub(super) fn end_alert(&mut self, cause: Cause, message: &str) {
        if let Some(mut alert) = self.watch.alerts.end(cause, self.now) {
            alert.message = message.into();
            let message = self.encode_alert(&alert, false);
            self.say_to_watchers(message, |watch| &watch.alert_seats);
        }
    }

    pub(super) fn say_alerts_in_force(&mut self, id: ConnectionId) {
        self.watch.alerts.expire(self.now);
        let alerts = self.watch.alerts.in_force().to_vec();
        for alert in alerts {
            let message = self.encode_alert(&alert, true);
            self.send(id, message);
        }
    }

    pub(super) fn say_open_opportunities(&mut self, id: ConnectionId) {
        let Some(detector) = &self.watch.detector else {
            return;
        };
        let open: Vec<Opportunity> = detector.open().copied().collect();
        for opportunity in open {
            if let Some(message) = self.encode_opportunity(&opportunity) {
                self.send(id, message);
            }
        }
    }

    fn tell_findings(&mut self, findings: Vec<Finding>) {
        for finding in findings {
            let message = match finding {
                Finding::Open(opportunity) => self.encode_opportunity(&opportunity),
                Finding::Closed(opportunity, why) => self.encode_closed(&opportunity, why),
                Finding::Lost(token, chain, why) => {
                    self.tell_lost(token, chain, why);
                    None
                }
                Finding::Found(token, chain) => {
                    self.tell_found(token, chain);
                    None
                }
            };
            if let Some(message) = message {
                self.say_to_watchers(message, |watch| &watch.arbitrage_seats);
            }
        }
    }

    fn tell_lost(&mut self, token: usize, chain: Chain, why: Unusable) {
        let Some(rules) = self.token(token) else {
            return;
        };
        let message = format!(
            "No usable price of {} on {}: {why}",
            rules.symbol,
            chain.name()
        );
        self.raise(feed_cause(token, chain), Severity::Warning, &message, None);
    }

    fn tell_found(&mut self, token: usize, chain: Chain) {
        if let Some(rules) = self.token(token) {
            let message = format!("The price of {} on {} is back", rules.symbol, chain.name());
            self.end_alert(feed_cause(token, chain), &message);
        }
    }

    fn token(&self, token: usize) -> Option<&TokenRules> {
        self.watch.detector.as_ref()?.rules().tokens.get(token)
    }

    fn encode_alert(&mut self, alert: &Alert, is_in_force: bool) -> Bytes {
        let about = match alert.cause.subject {
            Subject::Pair(pair) => {
                let instrument = self.instruments.get(pair);
                instrument.map(|instrument| About::Pair(&instrument.symbol))
            }
            Subject::Token(token, _) => {
                let rules = usize::try_from(token).ok().and_then(|it| self.token(it));
                rules.map(|rules| About::Symbol(&rules.symbol))
            }
            Subject::Asset(asset) => {
                let asset = self.instruments.asset(asset);
                asset.map(|asset| About::Symbol(&asset.symbol))
            }
            Subject::Exchange => None,
        };
        let mut out = Vec::with_capacity(320);
        RiskAlert {
            id: alert.id,
            severity: alert.severity.word(),
            category: alert.cause.category.word(),
            about,
            message: &alert.message,
            started_at: alert.started_at,
            ends_at: alert.ends_at,
            is_in_force,
        }
        .encode(&mut out, self.now);
        out.into()
    }

    fn encode_opportunity(&self, opportunity: &Opportunity) -> Option<Bytes> {
        let rules = self.token(opportunity.token)?;
        let (gain, scale) = (&opportunity.gain, rules.price_scale);
        let mut out = Vec::with_capacity(512);
        ArbitrageOpportunity {
            id: opportunity.id,
            token: &rules.symbol,
            price_scale: scale,
            amount_scale: rules.amount_scale,
            xrpl_price: gain.xrpl_price.display_units(scale),
            flare_price: gain.flare_price.display_units(scale),
            spread_bps: gain.spread_bps,
            gross: gain.gross.display_units(scale),
            net_spread_bps: gain.net_spread_millionths / 100,
            net: gain.net.display_units_down(scale),
            total_net: gain.total_net.display_units_down(scale),
            min_amount: gain.min_amount.display_units_down(rules.amount_scale),
            max_amount: gain.max_amount.display_units_down(rules.amount_scale),
            direction: gain.direction.word(),
            as_of: gain.as_of,
            expires_at: opportunity.expires_at,
            confidence: gain.confidence.word(),
        }
        .encode(&mut out, self.now);
        Some(out.into())
    }

    fn encode_closed(&self, opportunity: &Opportunity, why: Closed) -> Option<Bytes> {
        let rules = self.token(opportunity.token)?;
        let mut out = Vec::with_capacity(192);
        ArbitrageClosed {
            id: opportunity.id,
            token: &rules.symbol,
            reason: why.word(),
        }
        .encode(&mut out, self.now);
        Some(out.into())
    }

    /// The same bytes to every subscriber; nothing of it is ever dropped.
    fn say_to_watchers(&mut self, message: Bytes, seats: impl Fn(&Watch) -> &Vec<Seat>) {
        let message = Payload::shared(message);
        for seat in seats(&self.watch) {
            if seat.mailbox.push(message.clone()).is_err() {
                self.overflowed.push(seat.connection);
            }
        }
    }
}

fn feed_cause(token: usize, chain: Chain) -> Cause {
    let place = match chain {
        Chain::Xrpl => 0,
        Chain::Flare => 1,
    };
    Cause {
        category: Category::FeedStale,
        subject: Subject::Token(u32::try_from(token).unwrap_or(u32::MAX), place),
    }
}
