//! Where pairs stand elsewhere: quotes of other ledgers made the index of a pair, and told to the
//! exchange at most once a second, when it moved by a tick or was lost. // G-24
//!
//! In: quotes and the time. Out: requests to the exchange. A quote counts until it is as old as its
//! ledger's limit; until the first has had that time nothing is said, so that a restart forgets no
//! index that is about to be told again.

use engine::domain::{PairId, Price, Timestamp};
use engine::request::{Request, RequestKind};

use crate::arbitrage::detector::{Chain, Quote, Unusable};
use crate::config::{Config, IndexSource};
use crate::instrument::{Instruments, divide_half_even, pow10};

use super::{ConnectionId, Hub, correlation};

/// How often an index is told at most, in milliseconds.
const INDEX_INTERVAL_MS: u64 = 1_000;

/// The pairs that have an index.
#[derive(Debug, Default)]
pub(super) struct Indices(Vec<Index>);

#[derive(Debug)]
struct Index {
    source: IndexSource,
    stale_after_ms: u64,
    /// The last quote, and when it was so.
    now: Option<(Price, Timestamp)>,
    /// Until when nothing is said of a source that was not heard.
    patience: Timestamp,
    /// What the exchange was told; nothing yet.
    told: Option<Option<Price>>,
    /// When it may be told again.
    next: Timestamp,
}

impl Index {
    fn price(&self, now: Timestamp) -> Option<Price> {
        let (price, as_of) = self.now?;
        (now.since(as_of) < self.stale_after_ms).then_some(price)
    }

    /// When there is something to say, unless a quote comes before.
    fn deadline(&self) -> Option<Timestamp> {
        match self.now {
            Some((price, _)) if self.told != Some(Some(price)) => Some(self.next),
            Some((_, as_of)) => Some(as_of.plus(self.stale_after_ms).max(self.next)),
            None if self.told == Some(None) => None,
            None => Some(self.patience.max(self.next)),
        }
    }

    /// What is to be said now.
    fn due(&mut self, now: Timestamp) -> Option<Option<Price>> {
        if now < self.next {
            return None;
        }
        let price = self.price(now);
        if price.is_none() {
            self.now = None;
            if self.told.is_none() && now < self.patience {
                return None;
            }
        }
        (self.told != Some(price)).then_some(price)
    }
}

impl Indices {
    pub(super) fn new(config: &Config) -> Indices {
        let Some(arbitrage) = &config.arbitrage else {
            return Indices::default();
        };
        let index = |source: &IndexSource| Index {
            source: *source,
            stale_after_ms: match source.chain {
                Chain::Xrpl => arbitrage.detector.xrpl_stale_after_ms,
                Chain::Flare => arbitrage.detector.flare_stale_after_ms,
            },
            now: None,
            patience: Timestamp(0),
            told: None,
            next: Timestamp(0),
        };
        Indices(config.indices.iter().map(index).collect())
    }

    /// The gateway begins: sources have their time to be heard from now on.
    pub(super) fn begin(&mut self, now: Timestamp) {
        for index in &mut self.0 {
            index.patience = now.plus(index.stale_after_ms);
        }
    }

    /// Takes a quote of a token, or that there is none to go by.
    pub(super) fn on_quote(
        &mut self,
        chain: Chain,
        token: usize,
        quote: &Result<Quote, Unusable>,
        instruments: &Instruments,
    ) {
        let of_token = |it: &&mut Index| it.source.chain == chain && it.source.token == token;
        for index in self.0.iter_mut().filter(of_token) {
            index.now = quote.as_ref().ok().and_then(|quote| {
                let price = price(quote, index.source.pair, instruments)?;
                Some((price, quote.as_of))
            });
        }
    }

    pub(super) fn deadline(&self) -> Option<Timestamp> {
        self.0.iter().filter_map(Index::deadline).min()
    }

    /// What the exchange is to be told now.
    fn due(&mut self, now: Timestamp) -> Vec<(PairId, Option<Price>)> {
        let due = self.0.iter_mut().filter_map(|index| {
            let price = index.due(now)?;
            index.next = now.plus(INDEX_INTERVAL_MS);
            Some((index.source.pair, price))
        });
        due.collect()
    }

    fn told(&mut self, pair: PairId, price: Option<Price>) {
        let mut of_pair = self.0.iter_mut();
        if let Some(index) = of_pair.find(|it| it.source.pair == pair) {
            index.told = Some(price);
        }
    }
}

/// The middle of what a token costs and what it brings, in ticks of a pair, half to even; `None`
/// where one of the two is missing, or no tick is near.
fn price(quote: &Quote, pair: PairId, instruments: &Instruments) -> Option<Price> {
    let instrument = instruments.get(pair)?;
    let ask = quote.asks.as_ref()?.price()?;
    let bid = quote.bids.as_ref()?.price()?;
    let sum = i128::try_from(ask.plus(bid)?.units()).ok()?;
    let scale = crate::arbitrage::Fixed::SCALE;
    // Two prices, in units of the last digit.
    let tick = i128::from(instrument.tick_units)
        .checked_mul(pow10(scale.checked_sub(instrument.price_scale)?))?
        .checked_mul(2)?;
    let ticks = divide_half_even(sum, tick);
    Price::from_u64(u64::try_from(ticks).ok()?)
}

impl Hub {
    /// Tells the exchange what is due; what it has no room for is told a second later.
    pub(super) fn tell_indices(&mut self) {
        for (pair, index) in self.indices.due(self.now) {
            let request = Request {
                correlation: correlation(ConnectionId::NOBODY, 0),
                kind: RequestKind::SetIndex { pair, index },
            };
            if self.exchange.submit(request).is_ok() {
                self.indices.told(pair, index);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a test may stop at what it did not expect

    use super::*;
    use crate::arbitrage::Fixed;
    use crate::arbitrage::detector::{Level, Liquidity};
    use crate::config::DemoOptions;

    const START: Timestamp = Timestamp(1_640_995_200_000);

    fn at(ms: u64) -> Timestamp {
        START.plus(ms)
    }

    fn index() -> Indices {
        let mut indices = Indices(vec![Index {
            source: IndexSource {
                pair: PairId(0),
                chain: Chain::Flare,
                token: 3,
            },
            stale_after_ms: 10_000,
            now: None,
            patience: Timestamp(0),
            told: None,
            next: Timestamp(0),
        }]);
        indices.begin(START);
        indices
    }

    fn quote(bid: &str, ask: &str, as_of: Timestamp) -> Result<Quote, Unusable> {
        let book = |price: &str| {
            Some(Liquidity::Book(vec![Level {
                base: Fixed::ONE,
                quote: Fixed::parse(price).unwrap(),
            }]))
        };
        Ok(Quote {
            asks: book(ask),
            bids: book(bid),
            as_of,
            is_depth_known: true,
        })
    }

    /// Takes what is due, as if the exchange had room for it.
    fn say(indices: &mut Indices, now: Timestamp) -> Vec<Option<u32>> {
        let due = indices.due(now);
        for (pair, price) in &due {
            indices.told(*pair, *price);
        }
        due.iter().map(|(_, it)| it.map(Price::ticks)).collect()
    }

    #[test]
    fn an_index_is_told_when_it_moves_by_a_tick_and_at_most_once_a_second() {
        let instruments = crate::config::Config::demo(&DemoOptions::default()).instruments;
        let mut indices = index();
        let hear = |indices: &mut Indices, bid, ask, now| {
            indices.on_quote(Chain::Flare, 3, &quote(bid, ask, now), &instruments);
            // Another token, and another ledger.
            indices.on_quote(Chain::Flare, 2, &quote("1", "1", now), &instruments);
            indices.on_quote(Chain::Xrpl, 3, &quote("1", "1", now), &instruments);
        };
        hear(&mut indices, "999.99", "1000.02", at(1));
        assert_eq!(indices.deadline(), Some(Timestamp(0)), "at once");
        assert_eq!(say(&mut indices, at(1)), [Some(100_000)], "half to even");
        hear(&mut indices, "999.991", "1000.011", at(2));
        assert_eq!(say(&mut indices, at(1_001)), [], "less than a tick");
        hear(&mut indices, "1001", "1001", at(1_002));
        assert_eq!(say(&mut indices, at(1_002)), [Some(100_100)]);
        hear(&mut indices, "1002", "1002", at(1_003));
        assert_eq!(say(&mut indices, at(2_001)), [], "within a second");
        assert_eq!(indices.deadline(), Some(at(2_002)));
        assert_eq!(say(&mut indices, at(2_002)), [Some(100_200)]);
    }

    #[test]
    fn an_index_is_lost_when_its_source_is_stale_or_says_so() {
        let instruments = crate::config::Config::demo(&DemoOptions::default()).instruments;
        let mut indices = index();
        assert_eq!(indices.deadline(), Some(at(10_000)));
        assert_eq!(say(&mut indices, at(9_999)), [], "it may come yet");
        assert_eq!(say(&mut indices, at(10_000)), [None]);
        assert_eq!(indices.deadline(), None);
        let heard = quote("1", "1", at(11_000));
        indices.on_quote(Chain::Flare, 3, &heard, &instruments);
        assert_eq!(say(&mut indices, at(11_000)), [Some(100)]);
        assert_eq!(indices.deadline(), Some(at(21_000)));
        assert_eq!(say(&mut indices, at(20_999)), []);
        assert_eq!(say(&mut indices, at(21_000)), [None]);
        let heard = quote("2", "2", at(30_000));
        indices.on_quote(Chain::Flare, 3, &heard, &instruments);
        assert_eq!(say(&mut indices, at(30_000)), [Some(200)]);
        let lost = Err(Unusable::WrongContract);
        indices.on_quote(Chain::Flare, 3, &lost, &instruments);
        assert_eq!(say(&mut indices, at(31_000)), [None]);
        let one_sided = Ok(Quote {
            bids: None,
            ..quote("2", "2", at(32_000)).unwrap()
        });
        indices.on_quote(Chain::Flare, 3, &one_sided, &instruments);
        assert_eq!(say(&mut indices, at(32_000)), [], "half a market is none");
    }
}
