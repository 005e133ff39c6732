//! Order books, told at the ticks of the shards.

use engine::Sink;
use engine::domain::{PairId, Timestamp};

use crate::deflate::Payload;
use crate::market_data::{GroupKey, GroupMessage};
use crate::session::Window;

use super::{BOOK_INTERVAL_MS, BOOK_MESSAGES_PER_SECOND, Hub, Seat, book_key};

/// How many subscribers are fetched from memory together.
const AHEAD: usize = 8;

/// The books' subscribers on one shard. All pairs share its tick, so that what a tick makes for
/// a connection leaves at once; the shards' ticks are spread over the interval.
pub(super) struct BookShard {
    /// By pair.
    pub(super) seats: Vec<[Vec<BookSeat>; GroupKey::COUNT]>,
    /// How many of them are behind.
    pub(super) stale: usize,
    /// How many messages were not sent because one waited.
    pub(super) conflated: u64,
    tick: Option<Timestamp>,
    /// The ticks of the last second: one that comes late does not crowd those after it.
    ticks: Window,
}

impl BookShard {
    pub(super) fn new(pairs: usize) -> BookShard {
        BookShard {
            seats: (0..pairs).map(|_| Default::default()).collect(),
            stale: 0,
            conflated: 0,
            tick: None,
            ticks: Window::new(BOOK_MESSAGES_PER_SECOND, 1_000),
        }
    }
}

/// One subscriber of a book.
pub(super) struct BookSeat {
    pub(super) seat: Seat,
    /// Whether it missed a message, so that it gets a snapshot as soon as nothing waits.
    pub(super) is_stale: bool,
}

impl Hub {
    /// When the next tick of any shard is due.
    pub(super) fn next_book_tick(&self) -> Option<Timestamp> {
        self.shards.iter().filter_map(|shard| shard.tick).min()
    }

    /// Tells the books of the shards whose tick is due.
    pub(super) fn publish_books(&mut self) {
        for index in 0..self.shards.len() {
            let shard = &mut self.shards[index];
            if shard.tick.is_none_or(|at| at > self.now) {
                continue;
            }
            shard.tick = None;
            if shard.ticks.take(self.now).is_ok() {
                self.publish_shard(index);
            }
            self.arm_book_tick(index);
        }
    }

    /// Sets the ticks of the shards where a book changed that somebody watches.
    pub(super) fn arm_book_ticks(&mut self) {
        for index in 0..self.shards.len() {
            self.arm_book_tick(index);
        }
    }

    fn arm_book_tick(&mut self, index: usize) {
        let (now, count) = (self.now, self.shards.len());
        let shard = &mut self.shards[index];
        if shard.tick.is_none() && (shard.stale > 0 || self.market.has_changes(index)) {
            shard.tick = Some(next_tick(now, index, count));
        }
    }

    /// Tells each group of each changed pair what is new, and those who fell behind all of it,
    /// once nothing waits for them.
    fn publish_shard(&mut self, index: usize) {
        let instruments = self.instruments.clone();
        let now = self.now;
        let mut delivery = Delivery(&mut self.shards[index]);
        self.market.publish(index, &instruments, now, &mut delivery);
        if self.shards[index].stale > 0 {
            self.catch_up(index);
        }
    }

    fn catch_up(&mut self, index: usize) {
        let instruments = self.instruments.clone();
        let shard = &mut self.shards[index];
        for (pair, groups) in shard.seats.iter_mut().enumerate() {
            let Ok(pair) = u16::try_from(pair).map(PairId) else {
                return;
            };
            for (group, seats) in GroupKey::all().zip(groups) {
                for seat in seats.iter_mut().filter(|seat| seat.is_stale) {
                    let mailbox = &seat.seat.mailbox;
                    if mailbox.waits(book_key(pair)) {
                        continue;
                    }
                    let snapshot = self
                        .market
                        .snapshot(index, pair, group, &instruments, self.now);
                    if let Some(snapshot) = snapshot {
                        mailbox.push_conflated(book_key(pair), snapshot);
                    }
                    seat.is_stale = false;
                    shard.stale -= 1;
                }
            }
        }
    }
}

/// The first tick of a shard after `now`. Ticks are at fixed times, so they do not drift, and
/// those of the shards stand evenly in the interval.
fn next_tick(now: Timestamp, shard: usize, shards: usize) -> Timestamp {
    let (shard, shards) = (shard as u64, shards.max(1) as u64);
    let phase = BOOK_INTERVAL_MS * shard / shards;
    let ticks = (now.0 + BOOK_INTERVAL_MS - phase) / BOOK_INTERVAL_MS;
    Timestamp(ticks * BOOK_INTERVAL_MS + phase)
}

/// Hands one group's message to its subscribers.
struct Delivery<'a>(&'a mut BookShard);

impl Sink<GroupMessage> for Delivery<'_> {
    fn push(&mut self, message: GroupMessage) {
        let groups = &mut self.0.seats[usize::from(message.pair.0)];
        let key = book_key(message.pair);
        let payload = Payload::shared(message.bytes);
        for next in groups[message.group.index()].chunks_mut(AHEAD) {
            next.iter().for_each(|it| it.seat.mailbox.prefetch());
            for seat in next.iter_mut().filter(|it| !it.is_stale) {
                let mailbox = &seat.seat.mailbox;
                if !mailbox.push_conflated(key, payload.clone()) {
                    seat.is_stale = true;
                    self.0.stale += 1;
                    self.0.conflated += 1;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_at_fixed_times_and_spread_over_the_interval() {
        for shards in 1..=7 {
            for shard in 0..shards {
                let phase = (100 * shard / shards) as u64;
                for now in 1_640_995_200_000..1_640_995_200_250 {
                    let tick = next_tick(Timestamp(now), shard, shards).0;
                    assert!(tick > now && tick <= now + 100, "{now} {tick}");
                    assert_eq!(tick % 100, phase);
                }
            }
        }
    }
}
