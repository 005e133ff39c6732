//! Where a token costs less on one ledger than it brings on another.
//!
//! In: quotes of each token on both chains, what makes one unusable, the time. Out: findings, to
//! be said ([`Finding`]). Pure: no clock, no I/O, integers only.
//!
//! Invariants: an opportunity is open only while both quotes are younger than their limits and
//! its net gain is above zero; it is said once, again when a spread has changed by
//! [`SAY_AGAIN_MILLIONTHS`] or its time is up, and closed once. Of each token and chain it is
//! said once that its quote is stale, and once that it is good again.
//!
//! Complexity: linear in the levels of two quotes, and a search over the grains of the amount,
//! a quote.

mod liquidity;
mod opportunity;
#[cfg(test)]
mod tests;

use engine::Sink;
use engine::domain::Timestamp;

use super::Fixed;

pub use self::liquidity::{Level, Liquidity, Pool, Share, most_profitable};
pub use self::opportunity::{Confidence, Direction, Gain};

/// How much a spread changes before an opportunity is said again: ten basis points.
pub const SAY_AGAIN_MILLIONTHS: u64 = 1_000;
/// How long an opportunity is good from its detection, in milliseconds.
pub const OPPORTUNITY_MS: u64 = 600_000;

/// A ledger that tokens are traded on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Chain {
    /// The XRP Ledger.
    Xrpl,
    /// Flare.
    Flare,
}

impl Chain {
    /// Both.
    pub const ALL: [Chain; 2] = [Chain::Xrpl, Chain::Flare];

    /// As people call it.
    pub const fn name(self) -> &'static str {
        match self {
            Chain::Xrpl => "the XRP Ledger",
            Chain::Flare => "Flare",
        }
    }

    /// As machines call it.
    pub const fn word(self) -> &'static str {
        match self {
            Chain::Xrpl => "xrpl",
            Chain::Flare => "flare",
        }
    }

    const fn index(self) -> usize {
        match self {
            Chain::Xrpl => 0,
            Chain::Flare => 1,
        }
    }
}

/// What a token can be bought and sold for on one chain, all in XRP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote {
    /// What can be bought.
    pub asks: Option<Liquidity>,
    /// What can be sold into.
    pub bids: Option<Liquidity>,
    /// When it was so.
    pub as_of: Timestamp,
    /// Whether the depth was seen, or only assumed by the configuration.
    pub is_depth_known: bool,
}

/// Why there is no quote to go by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Unusable {
    /// The last one is older than its limit.
    #[error("nothing new came in time")]
    Stale,
    /// Neither offers nor a pool with anything in it.
    #[error("there is nothing to trade with")]
    Empty,
    /// A figure came that cannot be.
    #[error("a figure came that cannot be")]
    Nonsense,
    /// One or more ledgers between two were not told.
    #[error("ledgers are missing between two")]
    LedgerGap,
    /// The pool or the contract is not what the configuration says.
    #[error("what stands at the configured address is something else")]
    WrongContract,
    /// No price converts it into XRP.
    #[error("there is no fresh price to convert it into XRP")]
    NoConversion,
}

/// What the detector knows of one token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenRules {
    /// Its name.
    pub symbol: Box<str>,
    /// Decimals that its prices print with.
    pub price_scale: u8,
    /// Decimals of its amounts.
    pub amount_scale: u8,
    /// What the XRP Ledger and its issuer take of a trade, beside a pool's fee.
    pub xrpl_fee: Share,
    /// What Flare and the way there take of a trade, beside a pool's fee.
    pub flare_fee: Share,
    /// How much XRP's worth counts as deep.
    pub deep: Fixed,
}

impl TokenRules {
    const fn fee(&self, chain: Chain) -> Share {
        match chain {
            Chain::Xrpl => self.xrpl_fee,
            Chain::Flare => self.flare_fee,
        }
    }

    fn grain(&self) -> Fixed {
        Fixed::grain(self.amount_scale)
    }
}

/// What the detector goes by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DetectorRules {
    /// The tokens; their index is their number.
    pub tokens: Vec<TokenRules>,
    /// From which age on a quote of the XRP Ledger is stale, in milliseconds.
    pub xrpl_stale_after_ms: u64,
    /// From which age on a quote of Flare is stale, in milliseconds.
    pub flare_stale_after_ms: u64,
    /// What the transactions of one trade cost on both networks together, in XRP.
    pub network_fee: Fixed,
}

/// A gain that lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opportunity {
    /// Its number, never twice.
    pub id: u64,
    /// Which token.
    pub token: usize,
    /// The figures as last said.
    pub gain: Gain,
    /// Until when it is good.
    pub expires_at: Timestamp,
}

/// Why an opportunity closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closed {
    /// Nothing can be gained that way any more.
    Gone,
    /// A quote is stale or unusable.
    Stale,
}

impl Closed {
    /// The word on the wire.
    pub const fn word(self) -> &'static str {
        match self {
            Closed::Gone => "gone",
            Closed::Stale => "stale",
        }
    }
}

/// Something to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finding {
    /// An opportunity is there, or its figures changed.
    Open(Opportunity),
    /// An opportunity is not there any more.
    Closed(Opportunity, Closed),
    /// There is no usable quote of this token on this chain.
    Lost(usize, Chain, Unusable),
    /// There is again.
    Found(usize, Chain),
}

/// Compares what comes of both chains.
#[derive(Debug)]
pub struct Detector {
    rules: DetectorRules,
    tokens: Vec<Token>,
    last_id: u64,
}

#[derive(Clone, Debug)]
struct Token {
    /// By chain.
    seats: [Seat; 2],
    open: Option<Opportunity>,
}

#[derive(Clone, Debug)]
struct Seat {
    quote: Option<Quote>,
    /// Since when there has been nothing, where there is no quote.
    waits_since: Timestamp,
    /// What was said of it last, if it is bad.
    said: Option<Unusable>,
}

impl Detector {
    /// Without quotes; from `now` on the first ones are waited for.
    pub fn new(rules: DetectorRules, now: Timestamp) -> Detector {
        let seat = Seat {
            quote: None,
            waits_since: now,
            said: None,
        };
        let token = Token {
            seats: [seat.clone(), seat],
            open: None,
        };
        Detector {
            tokens: vec![token; rules.tokens.len()],
            rules,
            last_id: 0,
        }
    }

    /// What it goes by.
    pub fn rules(&self) -> &DetectorRules {
        &self.rules
    }

    /// The opportunities that are open, by token.
    pub fn open(&self) -> impl Iterator<Item = &Opportunity> {
        self.tokens.iter().filter_map(|token| token.open.as_ref())
    }

    /// Takes a quote of a token on a chain, or what makes it unusable.
    pub fn on_quote(
        &mut self,
        token: usize,
        chain: Chain,
        quote: Result<Quote, Unusable>,
        now: Timestamp,
        out: &mut impl Sink<Finding>,
    ) {
        let limit = self.limit(chain);
        let Some(seat) = self.seat(token, chain) else {
            return;
        };
        let usable = quote.and_then(|quote| {
            if now.since(quote.as_of) >= limit {
                Err(Unusable::Stale)
            } else if quote.asks.is_none() && quote.bids.is_none() {
                Err(Unusable::Empty)
            } else {
                Ok(quote)
            }
        });
        match usable {
            Ok(quote) => {
                seat.quote = Some(quote);
                if seat.said.take().is_some() {
                    out.push(Finding::Found(token, chain));
                }
            }
            Err(why) => seat.lose(token, chain, why, now, out),
        }
        self.compare(token, now, out);
    }

    /// Of each token and chain, how old its quote is at `now`, in milliseconds; `None` without one.
    pub fn ages(&self, now: Timestamp) -> impl Iterator<Item = (usize, Chain, Option<u64>)> {
        self.tokens.iter().enumerate().flat_map(move |(at, token)| {
            let seats = Chain::ALL.into_iter().zip(&token.seats);
            seats.map(move |(chain, seat)| {
                let age = seat.quote.as_ref().map(|quote| now.since(quote.as_of));
                (at, chain, age)
            })
        })
    }

    /// When [`Detector::on_timeout`] has something to do.
    pub fn deadline(&self) -> Option<Timestamp> {
        let stale = self.tokens.iter().flat_map(|token| {
            let seats = Chain::ALL.into_iter().zip(&token.seats);
            seats.filter_map(|(chain, seat)| seat.stale_at(self.limit(chain)))
        });
        let expires = self.open().map(|opportunity| opportunity.expires_at);
        stale.chain(expires).min()
    }

    /// Does what is due.
    pub fn on_timeout(&mut self, now: Timestamp, out: &mut impl Sink<Finding>) {
        for token in 0..self.tokens.len() {
            let mut is_due = false;
            for chain in Chain::ALL {
                let limit = self.limit(chain);
                if let Some(seat) = self.seat(token, chain)
                    && seat.stale_at(limit).is_some_and(|at| at <= now)
                {
                    seat.lose(token, chain, Unusable::Stale, now, out);
                    is_due = true;
                }
            }
            let open = self.tokens.get(token).and_then(|it| it.open.as_ref());
            is_due |= open.is_some_and(|it| it.expires_at <= now);
            if is_due {
                self.compare(token, now, out);
            }
        }
    }

    fn limit(&self, chain: Chain) -> u64 {
        match chain {
            Chain::Xrpl => self.rules.xrpl_stale_after_ms,
            Chain::Flare => self.rules.flare_stale_after_ms,
        }
    }

    fn seat(&mut self, token: usize, chain: Chain) -> Option<&mut Seat> {
        self.tokens.get_mut(token)?.seats.get_mut(chain.index())
    }

    /// Looks at both quotes of a token and says what is new.
    fn compare(&mut self, index: usize, now: Timestamp, out: &mut impl Sink<Finding>) {
        let limits = Chain::ALL.map(|chain| self.limit(chain));
        let (Some(token), Some(rules)) = (self.tokens.get_mut(index), self.rules.tokens.get(index))
        else {
            return;
        };
        let [xrpl, flare] = &token.seats;
        let Some(quotes) = xrpl.quote.as_ref().zip(flare.quote.as_ref()) else {
            close(token, Closed::Stale, out);
            return;
        };
        let Some(gain) = opportunity::gain(rules, self.rules.network_fee, quotes, limits, now)
        else {
            close(token, Closed::Gone, out);
            return;
        };
        if token
            .open
            .is_some_and(|it| it.gain.direction != gain.direction)
        {
            close(token, Closed::Gone, out);
        }
        let expires_at = now.plus(OPPORTUNITY_MS);
        let said = match token.open {
            None => {
                // Above all numbers before it, those of an earlier process too.
                self.last_id = (self.last_id + 1).max(now.0);
                Opportunity {
                    id: self.last_id,
                    token: index,
                    gain,
                    expires_at,
                }
            }
            Some(open) if open.expires_at <= now => Opportunity {
                gain,
                expires_at,
                ..open
            },
            Some(open) if is_other(&open.gain, &gain) => Opportunity { gain, ..open },
            Some(_) => return,
        };
        token.open = Some(said);
        out.push(Finding::Open(said));
    }
}

fn close(token: &mut Token, why: Closed, out: &mut impl Sink<Finding>) {
    if let Some(open) = token.open.take() {
        out.push(Finding::Closed(open, why));
    }
}

/// Whether the gross or the net spread has changed enough to be said.
fn is_other(said: &Gain, now: &Gain) -> bool {
    said.spread_millionths.abs_diff(now.spread_millionths) >= SAY_AGAIN_MILLIONTHS
        || said
            .net_spread_millionths
            .abs_diff(now.net_spread_millionths)
            >= SAY_AGAIN_MILLIONTHS
}

impl Seat {
    /// When what it has, or its waiting, gets too old; never twice.
    fn stale_at(&self, limit: u64) -> Option<Timestamp> {
        match &self.quote {
            Some(quote) => Some(quote.as_of.plus(limit)),
            None if self.said.is_none() => Some(self.waits_since.plus(limit)),
            None => None,
        }
    }

    fn lose(
        &mut self,
        token: usize,
        chain: Chain,
        why: Unusable,
        now: Timestamp,
        out: &mut impl Sink<Finding>,
    ) {
        self.quote = None;
        self.waits_since = now;
        if self.said.replace(why) != Some(why) {
            out.push(Finding::Lost(token, chain, why));
        }
    }
}
