//! Prices on the XRP Ledger, by the WebSocket API of its nodes.
//!
//! In: what a node says, the time. Out: what to send, and quotes ([`Step`]). With each validated
//! ledger both order books of every token against XRP, with what their owners can pay for, and
//! the pool of both are asked for *in that ledger*, so that a quote is of one moment; of book and
//! pool the better counts, a side each. The quote's time is when the ledger was told of, so slow
//! answers make old quotes.
//!
//! Invariants: nothing that is not validated becomes a quote; ledgers never go back, also from one
//! node to the next; a message that cannot be read, an answer about something else, a refusal and
//! silence end the connection ([`Fault`]), and the next node is asked.
//!
//! Limits: a token costs three requests a ledger; one round runs at a time, and ledgers that
//! close meanwhile are passed over but for the newest.

mod currency;
mod message;
#[cfg(test)]
mod tests;

use engine::Sink;
use engine::domain::Timestamp;
use thiserror::Error;

use super::detector::{Level, Liquidity, Pool, Quote, Unusable};

pub use self::currency::{Currency, CurrencyError, is_address};
use self::message::{Answer, Asked, Part, PartAnswer, Said};

/// After this long without a newly validated ledger a node is given up, in milliseconds.
pub const SILENCE_MS: u64 = 15_000;
/// How long the newest ledger is remembered, so that a node that is behind is recognised.
const MEMORY_MS: u64 = 60_000;

/// What stands for a token on the XRP Ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Market {
    /// Its currency code.
    pub currency: Currency,
    /// Whose it is.
    pub issuer: Box<str>,
}

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Send this to the node.
    Send(String),
    /// A token has a new quote, or none to go by.
    Quote(usize, Result<Quote, Unusable>),
}

/// Why a node is of no use now. The connection ends and the next one is asked.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Fault {
    /// It said something that is not the protocol.
    #[error("said something that cannot be read")]
    Unreadable,
    /// It answered about another token than was asked for.
    #[error("answered about another token")]
    OtherToken,
    /// It answered about another ledger than was asked for, or about one that is not validated.
    #[error("answered about another ledger, or one that is not validated")]
    OtherLedger,
    /// It has older ledgers than were seen before.
    #[error("is behind: it has ledger {0}, and {1} was seen before")]
    Behind(u32, u32),
    /// It refused.
    #[error("refused: {0}")]
    Refused(Box<str>),
    /// It did not answer in time.
    #[error("did not answer within {0} ms")]
    Slow(u64),
    /// It told of no new ledger.
    #[error("told of no new ledger for {SILENCE_MS} ms")]
    Silent,
}

/// All tokens on one node after the other.
#[derive(Debug)]
pub struct Feed {
    markets: Vec<Market>,
    timeout_ms: u64,
    last_id: u64,
    /// The request that subscribes, while it is not answered.
    subscribing: Option<(u64, Timestamp)>,
    round: Option<Round>,
    /// A ledger that closed during a round.
    next: Option<Ledger>,
    /// The newest ledger, and when it was told of.
    newest: Option<Ledger>,
    /// When this node told of a ledger last, or was connected.
    heard: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Ledger {
    index: u32,
    /// Seconds since 2000.
    closed: u64,
    told_at: Timestamp,
}

/// What is asked about one ledger.
#[derive(Debug)]
struct Round {
    ledger: Ledger,
    asked_at: Timestamp,
    first_id: u64,
    missing: usize,
    tokens: Vec<Parts>,
}

#[derive(Clone, Debug, Default)]
struct Parts {
    asks: Option<Vec<Level>>,
    bids: Option<Vec<Level>>,
    pool: Option<Option<Pool>>,
    is_refused: bool,
}

impl Feed {
    /// Not connected. A node has `timeout_ms` to answer.
    pub fn new(markets: Vec<Market>, timeout_ms: u64) -> Feed {
        Feed {
            markets,
            timeout_ms,
            last_id: 0,
            subscribing: None,
            round: None,
            next: None,
            newest: None,
            heard: Timestamp(0),
        }
    }

    /// A connection to a node stands.
    pub fn on_connected(&mut self, now: Timestamp, out: &mut impl Sink<Step>) {
        self.last_id += 1;
        self.subscribing = Some((self.last_id, now));
        self.round = None;
        self.next = None;
        self.heard = now;
        out.push(Step::Send(message::subscribe(self.last_id)));
    }

    /// The node said something. Its bytes are scratch afterwards.
    ///
    /// # Errors
    /// The node is of no use now; what was pushed before stands.
    pub fn on_text(
        &mut self,
        text: &mut [u8],
        now: Timestamp,
        out: &mut impl Sink<Step>,
    ) -> Result<(), Fault> {
        let (round, markets, subscribing) = (&self.round, &self.markets, self.subscribing);
        let closed = round.as_ref().map_or(0, |round| round.ledger.closed);
        let asked = |id| {
            if subscribing.is_some_and(|(subscribing, _)| subscribing == id) {
                return Some(Asked::Subscription);
            }
            let (token, part) = round.as_ref()?.place(id)?;
            Some(Asked::Part(part, markets.get(token)?))
        };
        match message::read(text, closed, asked)? {
            Said::Ledger { index, closed } => self.on_ledger(index, closed, false, now, out),
            Said::Answer { id, answer } => self.on_answer(id, answer, now, out),
            Said::Other => Ok(()),
        }
    }

    /// When [`Feed::on_timeout`] ends the connection, if nothing comes before.
    pub fn deadline(&self) -> Timestamp {
        let asked = self.round.as_ref().map(|round| round.asked_at);
        let asked = asked.or(self.subscribing.map(|(_, at)| at));
        let silence = self.heard.plus(SILENCE_MS);
        asked.map_or(silence, |at| at.plus(self.timeout_ms).min(silence))
    }

    /// Time passed.
    ///
    /// # Errors
    /// The node did not say in time what it should have.
    pub fn on_timeout(&mut self, now: Timestamp) -> Result<(), Fault> {
        if now < self.deadline() {
            Ok(())
        } else if self.heard.plus(SILENCE_MS) <= now {
            Err(Fault::Silent)
        } else {
            Err(Fault::Slow(self.timeout_ms))
        }
    }

    fn on_ledger(
        &mut self,
        index: u32,
        closed: u64,
        is_first: bool,
        now: Timestamp,
        out: &mut impl Sink<Step>,
    ) -> Result<(), Fault> {
        if let Some(newest) = self.newest.filter(|it| now.since(it.told_at) < MEMORY_MS) {
            if index < newest.index {
                return Err(Fault::Behind(index, newest.index));
            }
            if index == newest.index && !is_first {
                return Ok(());
            }
            // From one node to the next some pass; on one node none is left out.
            if index > newest.index.saturating_add(1) && !is_first {
                for token in 0..self.markets.len() {
                    out.push(Step::Quote(token, Err(Unusable::LedgerGap)));
                }
                self.round = None;
            }
        }
        self.heard = now;
        let ledger = Ledger {
            index,
            closed,
            // Asked about again on another node, a ledger is as old as when it was first told of.
            told_at: match self.newest {
                Some(newest) if newest.index == index => newest.told_at,
                _ => now,
            },
        };
        self.newest = Some(ledger);
        if self.round.is_some() {
            self.next = Some(ledger);
        } else {
            self.begin(ledger, now, out);
        }
        Ok(())
    }

    fn begin(&mut self, ledger: Ledger, now: Timestamp, out: &mut impl Sink<Step>) {
        let first_id = self.last_id + 1;
        for market in &self.markets {
            for part in Part::ALL {
                self.last_id += 1;
                out.push(Step::Send(message::ask(
                    self.last_id,
                    market,
                    part,
                    ledger.index,
                )));
            }
        }
        let tokens = vec![Parts::default(); self.markets.len()];
        self.round = (!tokens.is_empty()).then_some(Round {
            ledger,
            asked_at: now,
            first_id,
            missing: tokens.len() * Part::ALL.len(),
            tokens,
        });
    }

    fn on_answer(
        &mut self,
        id: u64,
        answer: Answer,
        now: Timestamp,
        out: &mut impl Sink<Step>,
    ) -> Result<(), Fault> {
        if self
            .subscribing
            .is_some_and(|(subscribing, _)| subscribing == id)
        {
            self.subscribing = None;
            return match answer {
                Answer::Refused(word) => Err(Fault::Refused(word)),
                Answer::Subscribed(Some((index, closed))) => {
                    self.on_ledger(index, closed, true, now, out)
                }
                // A node that has none yet is waited for, as long as silence lasts.
                Answer::Subscribed(None) | Answer::Part { .. } => Ok(()),
            };
        }
        let Some(round) = &mut self.round else {
            return Ok(());
        };
        let Some((token, part)) = round.place(id) else {
            return Ok(());
        };
        round.take(token, part, answer)?;
        if round.tokens[token].is_complete() {
            let quote = std::mem::take(&mut round.tokens[token]).quote(round.ledger.told_at);
            out.push(Step::Quote(token, quote));
        }
        if round.missing == 0 {
            self.round = None;
            if let Some(next) = self.next.take() {
                self.begin(next, now, out);
            }
        }
        Ok(())
    }
}

/// The words with which a node says that the request itself is wrong: a market that cannot be.
const WRONG_REQUEST: &[&str] = &[
    "srcCurMalformed",
    "srcIsrMalformed",
    "dstAmtMalformed",
    "dstIsrMalformed",
    "badMarket",
    "actMalformed",
    "issueMalformed",
    "invalidParams",
];

impl Round {
    /// Which token and part a request asked for.
    fn place(&self, id: u64) -> Option<(usize, Part)> {
        let index = usize::try_from(id.checked_sub(self.first_id)?).ok()?;
        let (token, part) = (index / Part::ALL.len(), index % Part::ALL.len());
        (token < self.tokens.len()).then_some((token, Part::ALL[part]))
    }

    fn take(&mut self, token: usize, part: Part, answer: Answer) -> Result<(), Fault> {
        let parts = &mut self.tokens[token];
        if parts.has(part) {
            return Err(Fault::Unreadable);
        }
        match answer {
            // There is no such pool.
            Answer::Refused(word) if part == Part::Pool && &*word == "actNotFound" => {
                parts.pool = Some(None);
            }
            Answer::Refused(word) if WRONG_REQUEST.contains(&&*word) => {
                parts.is_refused = true;
                parts.fill(part);
            }
            Answer::Refused(word) => return Err(Fault::Refused(word)),
            Answer::Subscribed(_) => return Err(Fault::Unreadable),
            Answer::Part {
                ledger,
                is_validated,
                ..
            } if ledger != self.ledger.index || !is_validated => {
                return Err(Fault::OtherLedger);
            }
            Answer::Part { part: answer, .. } => match (part, answer) {
                (Part::Asks, PartAnswer::Offers(levels)) => parts.asks = Some(levels),
                (Part::Bids, PartAnswer::Offers(levels)) => parts.bids = Some(levels),
                (Part::Pool, PartAnswer::Pool(pool)) => parts.pool = Some(pool),
                (Part::Asks | Part::Bids | Part::Pool, _) => return Err(Fault::Unreadable),
            },
        }
        self.missing -= 1;
        Ok(())
    }
}

impl Parts {
    const fn has(&self, part: Part) -> bool {
        match part {
            Part::Asks => self.asks.is_some(),
            Part::Bids => self.bids.is_some(),
            Part::Pool => self.pool.is_some(),
        }
    }

    fn fill(&mut self, part: Part) {
        match part {
            Part::Asks => self.asks = Some(Vec::new()),
            Part::Bids => self.bids = Some(Vec::new()),
            Part::Pool => self.pool = Some(None),
        }
    }

    const fn is_complete(&self) -> bool {
        self.asks.is_some() && self.bids.is_some() && self.pool.is_some()
    }

    fn quote(self, as_of: Timestamp) -> Result<Quote, Unusable> {
        if self.is_refused {
            return Err(Unusable::WrongContract);
        }
        let pool = self.pool.flatten().map(Liquidity::Pool);
        let book = |levels: Option<Vec<Level>>| {
            levels
                .filter(|levels| !levels.is_empty())
                .map(Liquidity::Book)
        };
        Ok(Quote {
            asks: better(book(self.asks), pool.clone(), true),
            bids: better(book(self.bids), pool, false),
            as_of,
            is_depth_known: true,
        })
    }
}

/// The one with the better first price, the pool's fee counted.
fn better(book: Option<Liquidity>, pool: Option<Liquidity>, buys: bool) -> Option<Liquidity> {
    match (book, pool) {
        (Some(book), Some(pool)) => {
            let prices = (book.price_with_fee(buys), pool.price_with_fee(buys));
            let is_pool_better = if buys {
                prices.1 < prices.0
            } else {
                prices.1 > prices.0
            };
            Some(if is_pool_better { pool } else { book })
        }
        (book, pool) => book.or(pool),
    }
}
