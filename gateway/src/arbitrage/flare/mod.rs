//! Prices on Flare, by JSON-RPC.
//!
//! In: a node's answers, the time. Out: what to ask next, and quotes ([`Next`]). A poll asks for
//! the newest block, then for everything *at that block*: the address of FTSOv2 from the contract
//! registry, each pool's tokens, their decimals and its reserves, and then the feeds, each with
//! its decimals. Nothing is remembered from poll to poll but the number of the last block: what
//! is not read is not assumed.
//!
//! A pool's quote currency becomes XRP by two feeds, in dollars; one without a feed is XRP under
//! another name. A quote's time is the oldest of the block's, its feeds' and the poll's own, so a
//! node whose clock is ahead cannot make a quote younger.

mod abi;
mod rpc;
#[cfg(test)]
mod tests;

use engine::domain::Timestamp;
use num_bigint::BigUint;
use thiserror::Error;

use super::Fixed;
use super::detector::{Level, Liquidity, Pool, Quote, Share, Unusable};
use super::fixed::fixed;

use self::abi::Words;
pub use self::abi::{Address, FeedId};
use self::rpc::{Block, Call};

/// How long the newest block is remembered, so that a node that is behind is recognised.
const MEMORY_MS: u64 = 60_000;
/// What the registry knows FTSOv2 by.
const FTSO: &str = "FtsoV2";

/// Where a token's price on Flare comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A constant-product pool.
    Pool {
        /// The pool.
        pool: Address,
        /// The token.
        token: Address,
        /// What it is traded for.
        quote: Address,
        /// What that is worth in dollars; `None` where it is worth an XRP.
        quote_feed: Option<FeedId>,
        /// What the pool keeps of a trade.
        fee: Share,
    },
    /// A price alone, in dollars.
    Feed {
        /// The feed.
        feed: FeedId,
        /// How many tokens are taken to be tradable at it.
        depth: Fixed,
    },
}

/// What is read on Flare.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlareRules {
    /// Flare's contract registry.
    pub registry: Address,
    /// What an XRP is worth in dollars.
    pub xrp_feed: FeedId,
    /// Where each token's price comes from.
    pub sources: Vec<Source>,
}

/// Why a node is of no use now. The next one is asked.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Fault {
    /// It said something that is not the protocol.
    #[error("said something that cannot be read")]
    Unreadable,
    /// It refused.
    #[error("refused: {0}")]
    Refused(Box<str>),
    /// It has older blocks than were seen before.
    #[error("is behind: it has block {0}, and {1} was seen before")]
    Behind(u64, u64),
}

/// What follows an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Ask this.
    Ask(String),
    /// The poll is over: a quote of each token, or why there is none.
    Done(Vec<Result<Quote, Unusable>>),
}

/// All tokens, poll after poll.
#[derive(Debug)]
pub struct Feed {
    rules: FlareRules,
    /// The feeds that are needed, each once; the first is XRP's where any is.
    feeds: Vec<FeedId>,
    state: State,
    newest: Option<(u64, Timestamp)>,
}

#[derive(Debug)]
enum State {
    Idle,
    /// The newest block is asked for.
    Block {
        began: Timestamp,
    },
    /// The registry and the pools are asked.
    Pools {
        began: Timestamp,
        block: Block,
    },
    /// The feeds are asked.
    Feeds {
        began: Timestamp,
        block: Block,
        pools: Vec<Result<Reserves, Unusable>>,
    },
}

/// What is in a pool, in units of its tokens.
#[derive(Clone, Debug)]
struct Reserves {
    base: BigUint,
    base_decimals: u8,
    quote: BigUint,
    quote_decimals: u8,
}

/// A price in dollars.
#[derive(Clone, Debug)]
struct Price {
    value: BigUint,
    decimals: i8,
    /// Seconds since 1970.
    time: u64,
}

/// How many calls a pool takes.
const CALLS_PER_POOL: usize = 5;

impl Feed {
    /// Between polls.
    pub fn new(rules: FlareRules) -> Feed {
        let mut feeds = Vec::new();
        for source in &rules.sources {
            let needed = match source {
                Source::Pool { quote_feed, .. } => *quote_feed,
                Source::Feed { feed, .. } => Some(*feed),
            };
            for feed in needed.into_iter().flat_map(|feed| [rules.xrp_feed, feed]) {
                if !feeds.contains(&feed) {
                    feeds.push(feed);
                }
            }
        }
        Feed {
            rules,
            feeds,
            state: State::Idle,
            newest: None,
        }
    }

    /// Begins a poll, whatever became of the last one: gives what to ask first.
    pub fn begin(&mut self, now: Timestamp) -> String {
        self.state = State::Block { began: now };
        rpc::newest_block()
    }

    /// Takes the answer to what was asked last. Its bytes are scratch afterwards.
    ///
    /// # Errors
    /// The node is of no use now, and the poll is over.
    pub fn on_answer(&mut self, body: &mut [u8]) -> Result<Next, Fault> {
        match std::mem::replace(&mut self.state, State::Idle) {
            State::Idle => Err(Fault::Unreadable),
            State::Block { began } => self.on_block(rpc::read_block(body)?, began),
            State::Pools { began, block } => {
                let answers = rpc::read_batch(body, self.pool_calls().len())?;
                Ok(self.on_pools(&answers, began, block))
            }
            State::Feeds {
                began,
                block,
                pools,
            } => {
                let answers = rpc::read_batch(body, self.feeds.len())?;
                let prices: Vec<Option<Price>> =
                    answers.iter().map(|it| read_price(it.as_deref())).collect();
                Ok(Next::Done(self.quotes(&pools, &prices, began, block)))
            }
        }
    }

    fn on_block(&mut self, block: Block, began: Timestamp) -> Result<Next, Fault> {
        if let Some((newest, at)) = self.newest
            && block.number < newest
            && began.since(at) < MEMORY_MS
        {
            return Err(Fault::Behind(block.number, newest));
        }
        if self.newest.is_none_or(|(newest, _)| newest != block.number) {
            self.newest = Some((block.number, began));
        }
        let calls = self.pool_calls();
        if calls.is_empty() {
            return Ok(Next::Done(Vec::new()));
        }
        let ask = rpc::batch(&calls, block.number);
        self.state = State::Pools { began, block };
        Ok(Next::Ask(ask))
    }

    /// The registry, where feeds are needed, then each pool.
    fn pool_calls(&self) -> Vec<Call> {
        let mut calls = Vec::new();
        if !self.feeds.is_empty() {
            calls.push(Call {
                to: self.rules.registry,
                data: abi::call_with_text(abi::CONTRACT_BY_NAME, FTSO),
            });
        }
        for source in &self.rules.sources {
            if let Source::Pool {
                pool, token, quote, ..
            } = source
            {
                let of = |to: &Address, selector| Call {
                    to: *to,
                    data: abi::call(selector),
                };
                calls.extend([
                    of(pool, abi::TOKEN_0),
                    of(pool, abi::TOKEN_1),
                    of(pool, abi::RESERVES),
                    of(token, abi::DECIMALS),
                    of(quote, abi::DECIMALS),
                ]);
            }
        }
        calls
    }

    fn on_pools(&mut self, answers: &[Option<String>], began: Timestamp, block: Block) -> Next {
        let (registry, mut answers) = answers.split_at(usize::from(!self.feeds.is_empty()));
        let mut pools = Vec::new();
        for source in &self.rules.sources {
            if let Source::Pool { token, quote, .. } = source {
                let (of_pool, rest) = answers.split_at(CALLS_PER_POOL);
                pools.push(read_reserves(of_pool, *token, *quote));
                answers = rest;
            }
        }
        let ftso = registry.first().and_then(|it| it.as_deref());
        let ftso = ftso.and_then(|text| Words::parse(text, 1)?.address(0));
        let Some(ftso) = ftso.filter(|address| !address.is_zero()) else {
            // Without FTSOv2 what needs no feed still has its price.
            let none = vec![None; self.feeds.len()];
            return Next::Done(self.quotes(&pools, &none, began, block));
        };
        let calls: Vec<Call> = self
            .feeds
            .iter()
            .map(|feed| Call {
                to: ftso,
                data: abi::call_with_feed(abi::FEED_BY_ID, *feed),
            })
            .collect();
        let ask = rpc::batch(&calls, block.number);
        self.state = State::Feeds {
            began,
            block,
            pools,
        };
        Next::Ask(ask)
    }

    fn quotes(
        &self,
        pools: &[Result<Reserves, Unusable>],
        prices: &[Option<Price>],
        began: Timestamp,
        block: Block,
    ) -> Vec<Result<Quote, Unusable>> {
        let price = |feed: FeedId| {
            let index = self.feeds.iter().position(|it| *it == feed);
            let price = index.and_then(|index| prices.get(index)?.as_ref());
            price.ok_or(Unusable::NoConversion)
        };
        let seconds = |time: u64| Timestamp(time.saturating_mul(1_000));
        let as_of = began.min(seconds(block.time));
        let mut pools = pools.iter();
        let quote = |source: &Source| match source {
            Source::Pool {
                quote_feed, fee, ..
            } => {
                let reserves = pools.next().ok_or(Unusable::Nonsense)?.clone()?;
                let rate = match quote_feed {
                    None => None,
                    Some(feed) => Some((price(*feed)?, price(self.rules.xrp_feed)?)),
                };
                let times = rate
                    .iter()
                    .flat_map(|(a, b)| [seconds(a.time), seconds(b.time)]);
                let as_of = times.fold(as_of, Timestamp::min);
                let pool = Liquidity::Pool(pool(&reserves, rate, *fee)?);
                Ok(Quote {
                    asks: Some(pool.clone()),
                    bids: Some(pool),
                    as_of,
                    is_depth_known: true,
                })
            }
            Source::Feed { feed, depth } => {
                let (of_token, of_xrp) = (price(*feed)?, price(self.rules.xrp_feed)?);
                let quote = convert(BigUint::from(depth.units()), Fixed::SCALE, of_token, of_xrp);
                let quote = quote.filter(|it| !it.is_zero()).ok_or(Unusable::Nonsense)?;
                let base = *depth;
                let book = Some(Liquidity::Book(vec![Level { base, quote }]));
                Ok(Quote {
                    asks: book.clone(),
                    bids: book,
                    as_of: as_of.min(seconds(of_token.time)).min(seconds(of_xrp.time)),
                    is_depth_known: false,
                })
            }
        };
        self.rules.sources.iter().map(quote).collect()
    }
}

/// A pool's five answers.
fn read_reserves(
    answers: &[Option<String>],
    token: Address,
    quote: Address,
) -> Result<Reserves, Unusable> {
    let word = |index: usize, count| {
        let text = answers.get(index).and_then(|it| it.as_deref());
        text.and_then(|text| Words::parse(text, count))
            .ok_or(Unusable::WrongContract)
    };
    let side = |index| word(index, 1)?.address(0).ok_or(Unusable::WrongContract);
    let (first, second) = (side(0)?, side(1)?);
    let is_token_first = (first, second) == (token, quote);
    if !is_token_first && (first, second) != (quote, token) {
        return Err(Unusable::WrongContract);
    }
    let reserves = word(2, 2)?;
    let reserve = |index| reserves.unsigned(index).ok_or(Unusable::Nonsense);
    let decimals = |index| word(index, 1)?.small::<u8>(0).ok_or(Unusable::Nonsense);
    let (base, quote) = if is_token_first {
        (reserve(0)?, reserve(1)?)
    } else {
        (reserve(1)?, reserve(0)?)
    };
    if base == BigUint::ZERO || quote == BigUint::ZERO {
        return Err(Unusable::Empty);
    }
    Ok(Reserves {
        base,
        base_decimals: decimals(3)?,
        quote,
        quote_decimals: decimals(4)?,
    })
}

/// Value, decimals and time of a feed; a price of nothing is none.
fn read_price(answer: Option<&str>) -> Option<Price> {
    let words = Words::parse(answer?, 3)?;
    let value = words.unsigned(0).filter(|value| *value != BigUint::ZERO)?;
    Some(Price {
        value,
        decimals: words.int8(1)?,
        time: words.small(2)?,
    })
}

/// The pool in tokens and XRP, both rounded down.
fn pool(reserves: &Reserves, rate: Option<(&Price, &Price)>, fee: Share) -> Result<Pool, Unusable> {
    let base = Fixed::from_raw(&reserves.base, u32::from(reserves.base_decimals));
    let quote = match rate {
        None => Fixed::from_raw(&reserves.quote, u32::from(reserves.quote_decimals)),
        Some((quote, xrp)) => convert(reserves.quote.clone(), reserves.quote_decimals, quote, xrp),
    };
    let pool = base
        .zip(quote)
        .filter(|(base, quote)| !base.is_zero() && !quote.is_zero());
    let (base, quote) = pool.ok_or(Unusable::Nonsense)?;
    Ok(Pool { base, quote, fee })
}

/// `raw` units of something in XRP by what both are worth in dollars, rounded down.
fn convert(raw: BigUint, decimals: u8, of_it: &Price, of_xrp: &Price) -> Option<Fixed> {
    let power = |exponent: i16| BigUint::from(10_u8).pow(u32::from(exponent.unsigned_abs()));
    // In powers of ten: XRP's decimals up, the others' down, and the digits of the result up.
    let exponent = i16::from(of_xrp.decimals) - i16::from(of_it.decimals) - i16::from(decimals)
        + i16::from(Fixed::SCALE);
    let worth = raw * &of_it.value;
    fixed(if exponent >= 0 {
        worth * power(exponent) / &of_xrp.value
    } else {
        worth / (power(exponent) * &of_xrp.value)
    })
}
