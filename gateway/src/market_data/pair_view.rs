use std::cmp::Reverse;
use std::collections::{BTreeMap, VecDeque};

use engine::domain::{EventSequence, Price, Side};

use crate::wire::{Level, TradeData};

/// One pair by price, as its reports tell it.
#[derive(Debug)]
pub(super) struct PairView {
    sequence: EventSequence,
    bids: BTreeMap<Reverse<Price>, u64>,
    asks: BTreeMap<Price, u64>,
    last_trade: Option<Price>,
    trades: VecDeque<TradeData>,
    /// How many of them are kept.
    recent_trades: usize,
}

impl PairView {
    /// An empty book that keeps its last `recent_trades`.
    pub(super) fn new(recent_trades: u32) -> PairView {
        PairView {
            sequence: EventSequence::default(),
            bids: BTreeMap::new(),
            asks: BTreeMap::new(),
            last_trade: None,
            trades: VecDeque::new(),
            recent_trades: usize::try_from(recent_trades).unwrap_or(usize::MAX),
        }
    }

    pub(super) fn load(
        &mut self,
        sequence: EventSequence,
        levels: impl Iterator<Item = (Side, Price, u64)>,
        last_trade: Option<Price>,
    ) {
        self.sequence = sequence;
        self.last_trade = last_trade;
        for (side, price, lots) in levels {
            match side {
                Side::Buy => self.bids.insert(Reverse(price), lots),
                Side::Sell => self.asks.insert(price, lots),
            };
        }
    }

    pub(super) fn change(&mut self, sequence: EventSequence, side: Side, price: Price, lots: i64) {
        self.step(sequence);
        match side {
            Side::Buy => change(&mut self.bids, Reverse(price), lots),
            Side::Sell => change(&mut self.asks, price, lots),
        }
    }

    pub(super) fn trade(&mut self, trade: TradeData) {
        let lots = i64::try_from(trade.quantity.lots())
            .expect("invariant: a quantity is at most 2^40 lots");
        let maker_side = trade.taker_side.opposite();
        self.change(trade.sequence, maker_side, trade.price, -lots);
        self.last_trade = Some(trade.price);
        self.keep(trade);
    }

    pub(super) fn load_trades(&mut self, trades: impl IntoIterator<Item = TradeData>) {
        trades.into_iter().for_each(|trade| self.keep(trade));
    }

    fn keep(&mut self, trade: TradeData) {
        self.trades.push_back(trade);
        if self.trades.len() > self.recent_trades {
            self.trades.pop_front();
        }
    }

    pub(super) fn sequence(&self) -> EventSequence {
        self.sequence
    }

    pub(super) fn last_trade(&self) -> Option<Price> {
        self.last_trade
    }

    /// The last trades, oldest first.
    pub(super) fn trades(&self) -> impl Iterator<Item = &TradeData> {
        self.trades.iter()
    }

    /// The best `depth` levels of each side, best first, behind what the buffers hold.
    pub(super) fn top(&self, depth: usize, bids: &mut Vec<Level>, asks: &mut Vec<Level>) {
        let level = |(price, lots)| Level { price, lots };
        bids.extend(self.bids.iter().take(depth).map(|(p, l)| level((p.0, *l))));
        asks.extend(self.asks.iter().take(depth).map(|(p, l)| level((*p, *l))));
    }

    pub(super) fn best_of_each(&self) -> (Option<Price>, Option<Price>) {
        let bid = self.bids.first_key_value().map(|(price, _)| price.0);
        (bid, self.asks.first_key_value().map(|(price, _)| *price))
    }

    fn step(&mut self, sequence: EventSequence) {
        assert!(
            sequence > self.sequence,
            "invariant: a pair's events come in order"
        );
        self.sequence = sequence;
    }
}

fn change<K: Ord>(levels: &mut BTreeMap<K, u64>, price: K, change: i64) {
    let entry = levels.entry(price);
    let lots = match &entry {
        std::collections::btree_map::Entry::Occupied(level) => *level.get(),
        std::collections::btree_map::Entry::Vacant(_) => 0,
    };
    let lots = lots
        .checked_add_signed(change)
        .expect("invariant: reports take no more from a level than they put there");
    match entry {
        std::collections::btree_map::Entry::Occupied(level) if lots == 0 => {
            level.remove();
        }
        std::collections::btree_map::Entry::Vacant(_) if lots == 0 => {}
        std::collections::btree_map::Entry::Occupied(mut level) => {
            level.insert(lots);
        }
        std::collections::btree_map::Entry::Vacant(level) => {
            level.insert(lots);
        }
    }
}
