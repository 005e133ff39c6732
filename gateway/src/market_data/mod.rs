//! What the public sees of each pair: levels by price, the last trades, one encoding a group.
//!
//! In: `Book` and `Trade` reports, in order. Out: messages as shared bytes. A *group* is one
//! (depth, mode) of one pair: all of its subscribers get the same bytes. A joiner is given the
//! view that the group was last told, so that the next shared delta goes on from it. Connections
//! live on shards, each with ticks of its own, so each has groups of its own.
//!
//! Invariants: a level is never empty; a group's deltas, folded over its snapshot, are its view
//! at each checksum; a group without subscribers and a pair without changes cost nothing.
//!
//! Complexity: O(log levels) a report, O(depth) a publication and group. Limits: so many of the
//! last trades of a pair are kept as the configuration says.

mod day;
mod group;
mod margin;
mod pair_view;
#[cfg(test)]
mod tests;

use bytes::Bytes;
use engine::Sink;
use engine::domain::{
    EventSequence, PairId, Price, Quantity, Side, Timestamp, TradeId, TradingStatus,
};

use crate::deflate::Payload;
use crate::instrument::{Instrument, Instruments};
use crate::wire::{TradeData, encode_trades_snapshot};

pub use self::day::{Day, DayFigures};
use self::group::Group;
pub use self::group::GroupKey;
pub use self::margin::MarginMarket;
use self::pair_view::PairView;

/// The public view of all pairs.
#[derive(Debug)]
pub struct MarketData {
    pairs: Vec<PairFeed>,
    /// By shard: pairs with a group to tell, in the order in which they changed.
    changed: Vec<Vec<PairId>>,
}

/// One message for all subscribers of one group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupMessage {
    /// Of which shard.
    pub shard: usize,
    /// Of which pair.
    pub pair: PairId,
    /// To which group.
    pub group: GroupKey,
    /// The message, encoded once.
    pub bytes: Bytes,
}

#[derive(Debug)]
struct PairFeed {
    view: PairView,
    status: TradingStatus,
    reopens_at: Option<Timestamp>,
    /// The price before the first trade.
    reference: Price,
    day: Day,
    shelves: Vec<Shelf>,
}

/// The groups of one pair on one shard.
#[derive(Debug, Default)]
struct Shelf {
    groups: [Group; GroupKey::COUNT],
    /// Whether the pair is in the shard's `changed`.
    is_changed: bool,
}

impl MarketData {
    /// Empty books of all pairs, open, without a trade, for so many shards. A new subscriber is
    /// shown the last `recent_trades` of a pair.
    pub fn new(instruments: &Instruments, recent_trades: u32, shards: usize) -> MarketData {
        let feed = |it: &Instrument| PairFeed {
            view: PairView::new(recent_trades),
            status: TradingStatus::Open,
            reopens_at: None,
            reference: it.pair.reference_price(),
            day: Day::default(),
            shelves: (0..shards).map(|_| Shelf::default()).collect(),
        };
        MarketData {
            pairs: instruments.all().iter().map(feed).collect(),
            changed: vec![Vec::new(); shards],
        }
    }

    /// Takes a book as it stands, where the exchange did not begin empty.
    pub fn load(
        &mut self,
        pair: PairId,
        sequence: EventSequence,
        levels: impl Iterator<Item = (Side, Price, u64)>,
        last_trade: Option<Price>,
    ) {
        if let Some(feed) = self.pairs.get_mut(usize::from(pair.0)) {
            feed.view.load(sequence, levels, last_trade);
        }
    }

    /// Takes the last trades of a pair, oldest first, where the exchange did not begin empty.
    pub fn load_trades(&mut self, pair: PairId, trades: impl IntoIterator<Item = TradeData>) {
        if let Some(feed) = self.pairs.get_mut(usize::from(pair.0)) {
            feed.view.load_trades(trades);
        }
    }

    /// Takes the last 24 hours of a pair, where the exchange did not begin empty.
    pub fn load_day(&mut self, pair: PairId, day: Day) {
        if let Some(feed) = self.pairs.get_mut(usize::from(pair.0)) {
            feed.day = day;
        }
    }

    /// Takes the change of a level.
    pub fn on_book(
        &mut self,
        pair: PairId,
        sequence: EventSequence,
        side: Side,
        price: Price,
        change: i64,
    ) {
        if let Some(feed) = self.pairs.get_mut(usize::from(pair.0)) {
            feed.view.change(sequence, side, price, change);
            self.note_change(pair);
        }
    }

    /// Takes a trade, which took `quantity` from the maker's level, and says how it is told.
    pub fn on_trade(
        &mut self,
        pair: PairId,
        sequence: EventSequence,
        price: Price,
        quantity: Quantity,
        taker_side: Side,
        time: Timestamp,
    ) -> TradeData {
        let trade = TradeData {
            trade: TradeId::new(pair, sequence),
            price,
            quantity,
            taker_side,
            time,
            sequence,
        };
        if let Some(feed) = self.pairs.get_mut(usize::from(pair.0)) {
            feed.view.trade(trade);
            feed.day.trade(time, price, quantity);
            self.note_change(pair);
        }
        trade
    }

    /// Takes the status of a pair, and when it opens again by itself.
    pub fn on_status(
        &mut self,
        pair: PairId,
        status: TradingStatus,
        reopens_at: Option<Timestamp>,
    ) {
        if let Some(feed) = self.pairs.get_mut(usize::from(pair.0)) {
            feed.status = status;
            feed.reopens_at = reopens_at;
        }
    }

    /// When a pair that the circuit breaker halted opens again.
    pub fn reopens_at(&self, pair: PairId) -> Option<Timestamp> {
        self.feed(pair)?.reopens_at
    }

    /// The status of a pair; an unknown one is halted.
    pub fn status(&self, pair: PairId) -> TradingStatus {
        self.feed(pair)
            .map_or(TradingStatus::Halted, |feed| feed.status)
    }

    /// The price of the pair's last trade.
    pub fn last_trade(&self, pair: PairId) -> Option<Price> {
        self.feed(pair)?.view.last_trade()
    }

    /// What the pair did in the 24 hours before `now`; `None` before its first trade.
    pub fn day(&mut self, pair: PairId, now: Timestamp) -> Option<DayFigures> {
        self.pairs.get_mut(usize::from(pair.0))?.day.figures(now)
    }

    /// The mark: the median of best bid, best ask and last trade. Of an empty side that leaves the
    /// last trade, held within the other side; before the first trade the reference price stands
    /// for it.
    pub fn mark(&self, pair: PairId) -> Option<Price> {
        let feed = self.feed(pair)?;
        let (bid, ask) = feed.view.best_of_each();
        let last = feed.view.last_trade().unwrap_or(feed.reference);
        let at_least = bid.map_or(last, |bid| last.max(bid));
        Some(ask.map_or(at_least, |ask| at_least.min(ask)))
    }

    /// Best bid and ask, where a side has one.
    pub fn best(&self, pair: PairId) -> (Option<Price>, Option<Price>) {
        self.feed(pair)
            .map_or((None, None), |feed| feed.view.best_of_each())
    }

    /// Whether [`MarketData::publish`] has anything to look at.
    pub fn has_changes(&self, shard: usize) -> bool {
        self.changed.get(shard).is_some_and(|it| !it.is_empty())
    }

    /// Tells every group of a shard, of every pair that changed since the last time, what is new
    /// to it.
    pub fn publish(
        &mut self,
        shard: usize,
        instruments: &Instruments,
        now: Timestamp,
        out: &mut impl Sink<GroupMessage>,
    ) {
        let Some(changed) = self.changed.get_mut(shard) else {
            return;
        };
        let mut changed = std::mem::take(changed);
        for pair in changed.drain(..) {
            let (Some(feed), Some(instrument)) = (
                self.pairs.get_mut(usize::from(pair.0)),
                instruments.get(pair),
            ) else {
                continue;
            };
            let Some(shelf) = feed.shelves.get_mut(shard) else {
                continue;
            };
            shelf.is_changed = false;
            for key in GroupKey::all() {
                let group = &mut shelf.groups[key.index()];
                if let Some(bytes) = group.publish(key, instrument, &feed.view, now) {
                    out.push(GroupMessage {
                        shard,
                        pair,
                        group: key,
                        bytes,
                    });
                }
            }
        }
        // Nothing changed meanwhile: its memory is kept.
        self.changed[shard] = changed;
    }

    /// Adds a subscriber to a group. [`MarketData::snapshot`] is its first message.
    pub fn join(&mut self, shard: usize, pair: PairId, key: GroupKey) {
        if let Some(feed) = self.pairs.get_mut(usize::from(pair.0))
            && let Some(shelf) = feed.shelves.get_mut(shard)
        {
            shelf.groups[key.index()].join(key, &feed.view);
        }
    }

    /// Takes a subscriber out of a group.
    pub fn leave(&mut self, shard: usize, pair: PairId, key: GroupKey) {
        if let Some(feed) = self.pairs.get_mut(usize::from(pair.0))
            && let Some(shelf) = feed.shelves.get_mut(shard)
        {
            shelf.groups[key.index()].leave();
        }
    }

    /// What the group was told so far, whole. `None` for a group without subscribers.
    pub fn snapshot(
        &mut self,
        shard: usize,
        pair: PairId,
        key: GroupKey,
        instruments: &Instruments,
        now: Timestamp,
    ) -> Option<Payload> {
        let feed = self.pairs.get_mut(usize::from(pair.0))?;
        let shelf = feed.shelves.get_mut(shard)?;
        shelf.groups[key.index()].snapshot(key, instruments.get(pair)?, now)
    }

    /// The last trades of a pair.
    pub fn trades_snapshot(
        &self,
        pair: PairId,
        instruments: &Instruments,
        now: Timestamp,
    ) -> Option<Bytes> {
        let feed = self.feed(pair)?;
        let mut out = Vec::with_capacity(256);
        encode_trades_snapshot(
            instruments.get(pair)?,
            feed.view.trades(),
            feed.view.sequence(),
            &mut out,
            now,
        );
        Some(out.into())
    }

    fn feed(&self, pair: PairId) -> Option<&PairFeed> {
        self.pairs.get(usize::from(pair.0))
    }

    fn note_change(&mut self, pair: PairId) {
        let feed = &mut self.pairs[usize::from(pair.0)];
        for (shelf, changed) in feed.shelves.iter_mut().zip(&mut self.changed) {
            if !shelf.is_changed && shelf.groups.iter().any(Group::is_active) {
                shelf.is_changed = true;
                changed.push(pair);
            }
        }
    }
}
