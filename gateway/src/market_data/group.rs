use std::cmp::Ordering;

use bytes::Bytes;
use engine::domain::{EventSequence, Price, Timestamp};

use crate::deflate::Payload;
use crate::instrument::Instrument;
use crate::wire::{BookDepth, BookKind, BookUpdates, Level, OrderBookUpdate, checksum};

use super::pair_view::PairView;

/// What tells the groups of one pair apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupKey {
    /// How many levels a side.
    pub depth: BookDepth,
    /// Changes only, or all levels each time.
    pub updates: BookUpdates,
}

impl GroupKey {
    /// How many there are.
    pub const COUNT: usize = 8;

    /// All of them.
    pub fn all() -> impl Iterator<Item = GroupKey> {
        let of_depth = |depth| {
            [BookUpdates::Delta, BookUpdates::Full].map(|updates| GroupKey { depth, updates })
        };
        BookDepth::ALL.into_iter().flat_map(of_depth)
    }

    /// Its place among [`GroupKey::all`].
    pub fn index(self) -> usize {
        self.depth as usize * 2 + self.updates as usize
    }
}

/// What one group was told so far.
#[derive(Debug, Default)]
pub(super) struct Group {
    subscribers: u32,
    told: Told,
    /// The snapshot of `told`, and when it was encoded: joiners of one moment share it.
    snapshot: Option<(Timestamp, Payload)>,
    /// Kept for their memory.
    next: Told,
    changed: [Vec<Level>; 2],
}

#[derive(Debug, Default)]
struct Told {
    sequence: EventSequence,
    best: Option<(Price, Price)>,
    bids: Vec<Level>,
    asks: Vec<Level>,
}

impl Told {
    fn look(&mut self, view: &PairView, depth: BookDepth) {
        self.sequence = view.sequence();
        let (bid, ask) = view.best_of_each();
        self.best = bid.zip(ask);
        self.bids.clear();
        self.asks.clear();
        let depth = usize::from(depth.levels());
        view.top(depth, &mut self.bids, &mut self.asks);
    }
}

impl Group {
    pub(super) fn is_active(&self) -> bool {
        self.subscribers > 0
    }

    pub(super) fn join(&mut self, key: GroupKey, view: &PairView) {
        if self.subscribers == 0 {
            self.told.look(view, key.depth);
        }
        self.subscribers += 1;
    }

    pub(super) fn leave(&mut self) {
        self.subscribers = self.subscribers.saturating_sub(1);
        if self.subscribers == 0 {
            // Nobody remembers what was told; the next joiner begins afresh.
            self.told = Told::default();
            self.snapshot = None;
        }
    }

    /// The message that brings the group from what it was told to `view`; `None` when that is
    /// the same, or when nobody listens.
    pub(super) fn publish(
        &mut self,
        key: GroupKey,
        instrument: &Instrument,
        view: &PairView,
        now: Timestamp,
    ) -> Option<Bytes> {
        if !self.is_active() {
            return None;
        }
        self.next.look(view, key.depth);
        let [bids, asks] = &mut self.changed;
        bids.clear();
        asks.clear();
        // Best bid first is falling prices.
        changes(&self.told.bids, &self.next.bids, bids, |a, b| b.cmp(&a));
        changes(&self.told.asks, &self.next.asks, asks, |a, b| a.cmp(&b));
        if bids.is_empty() && asks.is_empty() {
            return None;
        }
        let previous = self.told.sequence;
        std::mem::swap(&mut self.told, &mut self.next);
        self.snapshot = None;
        Some(match key.updates {
            BookUpdates::Full => self.told.encode(
                BookKind::Full,
                key,
                [&self.told.bids, &self.told.asks],
                Some(previous),
                instrument,
                now,
            ),
            BookUpdates::Delta => self.told.encode(
                BookKind::Delta,
                key,
                [&self.changed[0], &self.changed[1]],
                Some(previous),
                instrument,
                now,
            ),
        })
    }

    pub(super) fn snapshot(
        &mut self,
        key: GroupKey,
        instrument: &Instrument,
        now: Timestamp,
    ) -> Option<Payload> {
        if !self.is_active() {
            return None;
        }
        if let Some((at, bytes)) = &self.snapshot
            && *at == now
        {
            return Some(bytes.clone());
        }
        let levels = [&self.told.bids, &self.told.asks];
        let bytes = self
            .told
            .encode(BookKind::Snapshot, key, levels, None, instrument, now);
        let snapshot = Payload::shared(bytes);
        self.snapshot = Some((now, snapshot.clone()));
        Some(snapshot)
    }
}

impl Told {
    fn encode(
        &self,
        kind: BookKind,
        key: GroupKey,
        [bids, asks]: [&Vec<Level>; 2],
        previous_sequence: Option<EventSequence>,
        instrument: &Instrument,
        now: Timestamp,
    ) -> Bytes {
        let mut out = Vec::with_capacity(320 + 72 * (bids.len() + asks.len()));
        let update = OrderBookUpdate {
            instrument,
            kind,
            depth: key.depth.levels(),
            bids,
            asks,
            sequence: self.sequence,
            previous_sequence,
            best: self.best,
            checksum: checksum(instrument, &self.bids, &self.asks),
        };
        update.encode(&mut out, now);
        out.into()
    }
}

/// What turns `old` into `new`, both best first by `order`: levels with their new amount, zero
/// where one is gone.
fn changes(
    old: &[Level],
    new: &[Level],
    out: &mut Vec<Level>,
    order: impl Fn(Price, Price) -> Ordering,
) {
    let (mut old, mut new) = (old.iter().peekable(), new.iter().peekable());
    loop {
        let which = match (old.peek(), new.peek()) {
            (None, None) => return,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(was), Some(is)) => order(was.price, is.price),
        };
        let was = which.is_le().then(|| old.next()).flatten();
        let is = which.is_ge().then(|| new.next()).flatten();
        match (was, is) {
            (Some(was), None) => out.push(Level {
                price: was.price,
                lots: 0,
            }),
            (was, Some(is)) if was.map(|level| level.lots) != Some(is.lots) => out.push(*is),
            _ => {}
        }
    }
}
