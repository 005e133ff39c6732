//! Prices of symbols and of pairs, told to those who subscribed: on change at most once a second,
//! unchanged within five. What has no subscribers sets no timer.

use bytes::Bytes;
use engine::domain::{PairId, Timestamp};

use crate::deflate::Payload;
use crate::instrument::{Instruments, Priced};
use crate::market_data::DayFigures;
use crate::session::ChannelKey;
use crate::wire::PriceUpdate;

use super::{BOOK_INTERVAL_MS, ConnectionId, Hub, Seat};

/// How often a price that changes is told at most, in milliseconds.
pub const PRICE_INTERVAL_MS: u64 = 1_000;
/// How often a price is told at least, in milliseconds.
pub const PRICE_REPEAT_MS: u64 = 5_000;
/// When one that did not change is told again: a tick early, and one more for what comes late.
const REPEAT_AFTER_MS: u64 = PRICE_REPEAT_MS - 2 * BOOK_INTERVAL_MS;

/// All prices' subscribers.
pub(super) struct Prices {
    feeds: Vec<Feed>,
    /// How many of `feeds` are of symbols, by asset; the others are of pairs, by pair.
    symbols: usize,
    /// By pair: the place in `feeds` of the symbol whose price it makes.
    makes: Vec<Option<usize>>,
    /// When the next one is to be told.
    pub(super) due: Option<Timestamp>,
}

/// The subscribers of one price.
struct Feed {
    of: Priced,
    seats: Vec<Seat>,
    told_at: Timestamp,
    is_changed: bool,
}

impl Feed {
    fn new(of: Priced) -> Feed {
        Feed {
            of,
            seats: Vec::new(),
            told_at: Timestamp(0),
            is_changed: false,
        }
    }

    /// When it is told next; `None` without subscribers.
    fn due(&self) -> Option<Timestamp> {
        let after = if self.is_changed {
            PRICE_INTERVAL_MS
        } else {
            REPEAT_AFTER_MS
        };
        // At a tick of the books, so that both leave in one write.
        let at = self
            .told_at
            .plus(after)
            .0
            .next_multiple_of(BOOK_INTERVAL_MS);
        (!self.seats.is_empty()).then_some(Timestamp(at))
    }
}

impl Prices {
    pub(super) fn new(instruments: &Instruments) -> Prices {
        let mut makes = vec![None; instruments.all().len()];
        for (place, asset) in instruments.assets().iter().enumerate() {
            if let Some(source) = instruments.price_source(asset.id) {
                makes[usize::from(source.pair.0)] = Some(place);
            }
        }
        let symbols = instruments.assets().iter();
        let symbols = symbols.map(|asset| Priced::Symbol(asset.id));
        let pairs = instruments.all().iter().map(|it| Priced::Pair(it.id()));
        Prices {
            feeds: symbols.chain(pairs).map(Feed::new).collect(),
            symbols: instruments.assets().len(),
            makes,
            due: None,
        }
    }

    fn place(&self, of: Priced) -> usize {
        match of {
            Priced::Symbol(asset) => usize::from(asset.0),
            Priced::Pair(pair) => self.symbols + usize::from(pair.0),
        }
    }

    pub(super) fn join(&mut self, of: Priced, seat: Seat, now: Timestamp) {
        let place = self.place(of);
        let feed = &mut self.feeds[place];
        if feed.seats.is_empty() {
            // The first one's snapshot tells all there is.
            (feed.told_at, feed.is_changed) = (now, false);
        }
        feed.seats.push(seat);
        self.arm();
    }

    pub(super) fn leave(&mut self, of: Priced, id: ConnectionId) {
        let place = self.place(of);
        let seats = &mut self.feeds[place].seats;
        if let Some(at) = seats.iter().position(|seat| seat.connection == id) {
            seats.swap_remove(at).mailbox.withdraw(price_key(of));
        }
        self.arm();
    }

    /// A trade of `pair` changes its price, and that of the symbol whose primary pair it is.
    pub(super) fn on_trade(&mut self, pair: PairId) {
        let symbol = self.makes.get(usize::from(pair.0)).copied().flatten();
        let mut is_news = false;
        for place in [Some(self.place(Priced::Pair(pair))), symbol] {
            let feed = place.and_then(|place| self.feeds.get_mut(place));
            if let Some(feed) = feed
                && !feed.is_changed
                && !feed.seats.is_empty()
            {
                (feed.is_changed, is_news) = (true, true);
            }
        }
        if is_news {
            self.arm();
        }
    }

    /// How many subscriptions there are.
    pub(super) fn subscribers(&self) -> usize {
        self.feeds.iter().map(|feed| feed.seats.len()).sum()
    }

    fn arm(&mut self) {
        self.due = self.feeds.iter().filter_map(Feed::due).min();
    }
}

impl Hub {
    /// Tells all prices that are due.
    pub(super) fn publish_prices(&mut self) {
        let now = self.now;
        for index in 0..self.prices.feeds.len() {
            if self.prices.feeds[index].due().is_none_or(|at| at > now) {
                continue;
            }
            let of = self.prices.feeds[index].of;
            let message = self.encode_price(of);
            let feed = &mut self.prices.feeds[index];
            if let Some(message) = message.map(Payload::shared) {
                for seat in &feed.seats {
                    let mailbox = &seat.mailbox;
                    let was_waiting = mailbox.replace_conflated(price_key(of), message.clone());
                    self.counts.conflated(was_waiting);
                }
            }
            (feed.told_at, feed.is_changed) = (now, false);
        }
        self.prices.arm();
    }

    /// A price as it now is.
    pub(super) fn encode_price(&mut self, of: Priced) -> Option<Bytes> {
        let (pair, supply) = match of {
            Priced::Symbol(asset) => {
                let source = self.instruments.price_source(asset)?;
                (source.pair, source.circulating_supply)
            }
            // A supply is worth what its primary pair says.
            Priced::Pair(pair) => (pair, None),
        };
        let instrument = self.instruments.get(pair)?;
        let reference = instrument.pair.reference_price();
        let figures = self.market.day(pair, self.now);
        // Before the first trade the price is the configured one.
        let day = figures.unwrap_or(DayFigures {
            open: reference,
            high: reference,
            low: reference,
            last: reference,
            lots: 0,
            tick_lots: 0,
        });
        let capitalisation = |supply| instrument.capitalisation_units(day.last, supply);
        let update = PriceUpdate {
            name: match of {
                Priced::Symbol(_) => &instrument.base.symbol,
                Priced::Pair(_) => &instrument.symbol,
            },
            instrument,
            last: day.last,
            open: day.open,
            high: day.high,
            low: day.low,
            lots: day.lots,
            tick_lots: day.tick_lots,
            market_cap: supply.and_then(capitalisation),
        };
        let mut out = Vec::with_capacity(384);
        update.encode(&mut out, self.now);
        Some(out.into())
    }
}

/// The price's channel in an outbox, above those of books.
pub(super) fn price_key(of: Priced) -> ChannelKey {
    ChannelKey(match of {
        Priced::Symbol(asset) => 1 << 16 | u32::from(asset.0),
        Priced::Pair(pair) => 2 << 16 | u32::from(pair.0),
    })
}
