//! Prices of symbols, told to those who subscribed: on change at most once a second, unchanged
//! within five. A symbol without subscribers sets no timer.

use bytes::Bytes;
use engine::domain::{AssetId, PairId, Timestamp};

use crate::deflate::Payload;
use crate::instrument::Instruments;
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

/// All symbols' subscribers.
pub(super) struct Prices {
    /// By asset.
    feeds: Vec<Feed>,
    /// By pair: whose price it makes.
    symbols: Vec<Option<AssetId>>,
    /// When the next one is to be told.
    pub(super) due: Option<Timestamp>,
}

/// The subscribers of one symbol.
#[derive(Clone, Default)]
struct Feed {
    seats: Vec<Seat>,
    told_at: Timestamp,
    is_changed: bool,
}

impl Feed {
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
        let mut symbols = vec![None; instruments.all().len()];
        for asset in instruments.assets() {
            if let Some(source) = instruments.price_source(asset.id) {
                symbols[usize::from(source.pair.0)] = Some(asset.id);
            }
        }
        Prices {
            feeds: vec![Feed::default(); instruments.assets().len()],
            symbols,
            due: None,
        }
    }

    pub(super) fn join(&mut self, asset: AssetId, seat: Seat, now: Timestamp) {
        let feed = &mut self.feeds[usize::from(asset.0)];
        if feed.seats.is_empty() {
            // The first one's snapshot tells all there is.
            (feed.told_at, feed.is_changed) = (now, false);
        }
        feed.seats.push(seat);
        self.arm();
    }

    pub(super) fn leave(&mut self, asset: AssetId, id: ConnectionId) {
        let seats = &mut self.feeds[usize::from(asset.0)].seats;
        if let Some(at) = seats.iter().position(|seat| seat.connection == id) {
            seats.swap_remove(at).mailbox.withdraw(price_key(asset));
        }
        self.arm();
    }

    /// A trade of `pair` changes the price of its symbol.
    pub(super) fn on_trade(&mut self, pair: PairId) {
        let Some(asset) = self.symbols.get(usize::from(pair.0)).copied().flatten() else {
            return;
        };
        let feed = &mut self.feeds[usize::from(asset.0)];
        if !feed.is_changed && !feed.seats.is_empty() {
            feed.is_changed = true;
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
            let Ok(asset) = u16::try_from(index).map(AssetId) else {
                break;
            };
            let message = self.encode_price(asset);
            let feed = &mut self.prices.feeds[index];
            if let Some(message) = message.map(Payload::shared) {
                for seat in &feed.seats {
                    let mailbox = &seat.mailbox;
                    let was_waiting = mailbox.replace_conflated(price_key(asset), message.clone());
                    self.counts.conflated(was_waiting);
                }
            }
            (feed.told_at, feed.is_changed) = (now, false);
        }
        self.prices.arm();
    }

    /// The price of a symbol as it now is.
    pub(super) fn encode_price(&mut self, asset: AssetId) -> Option<Bytes> {
        let source = self.instruments.price_source(asset)?;
        let instrument = self.instruments.get(source.pair)?;
        let reference = instrument.pair.reference_price();
        let figures = self.market.day(source.pair, self.now);
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
            instrument,
            last: day.last,
            open: day.open,
            high: day.high,
            low: day.low,
            lots: day.lots,
            tick_lots: day.tick_lots,
            market_cap: source.circulating_supply.and_then(capitalisation),
        };
        let mut out = Vec::with_capacity(384);
        update.encode(&mut out, self.now);
        Some(out.into())
    }
}

/// The price's channel in an outbox, above those of books.
pub(super) fn price_key(asset: AssetId) -> ChannelKey {
    ChannelKey(1 << 16 | u32::from(asset.0))
}
