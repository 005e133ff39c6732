//! How many bytes of messages may come, before anything is decoded: on one connection, and from one
//! address on all of its connections, whichever shards they live on.
//!
//! Addresses with connections are as many as there are connections. Of those without, the ones are
//! remembered whose bucket is not empty yet, [`MAX_IDLE`] at most: who comes back within a second finds
//! what was left.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use engine::domain::Timestamp;

use crate::config::Limits;
use crate::session::{ByteRate, address_prefix};
use crate::wire::{Reason, Refusal};

use super::Clock;

/// How many addresses without a connection are remembered.
const MAX_IDLE: usize = 16_384;
/// For how long: a bucket is empty by then.
const IDLE_MS: u64 = 1_000;

/// The addresses' buckets.
pub(super) struct ByteRates {
    per_connection: u32,
    per_address: u32,
    clock: Clock,
    seats: Mutex<Seats>,
}

#[derive(Default)]
struct Seats {
    by_address: BTreeMap<IpAddr, Seat>,
    /// Those without a connection, by when the last one left.
    idle: BTreeSet<(Timestamp, IpAddr)>,
}

struct Seat {
    connections: u32,
    left_at: Timestamp,
    rate: Arc<Mutex<ByteRate>>,
}

/// One connection's place.
pub(super) struct BytePass {
    rates: Arc<ByteRates>,
    address: IpAddr,
    own: ByteRate,
    shared: Arc<Mutex<ByteRate>>,
}

impl ByteRates {
    pub(super) fn new(limits: &Limits, clock: Clock) -> ByteRates {
        ByteRates {
            per_connection: limits.bytes_per_second,
            per_address: limits.bytes_per_second_per_address,
            clock,
            seats: Mutex::default(),
        }
    }

    /// A connection's place, until it is dropped.
    pub(super) fn enter(self: &Arc<ByteRates>, address: IpAddr) -> BytePass {
        let (address, now) = (address_prefix(address), (self.clock)());
        let mut seats = lock(&self.seats);
        seats.forget(now);
        let seat = seats.by_address.entry(address).or_insert_with(|| Seat {
            connections: 0,
            left_at: now,
            rate: Arc::new(Mutex::new(ByteRate::new(self.per_address))),
        });
        seat.connections += 1;
        let (shared, left_at) = (seat.rate.clone(), seat.left_at);
        seats.idle.remove(&(left_at, address));
        BytePass {
            rates: self.clone(),
            address,
            own: ByteRate::new(self.per_connection),
            shared,
        }
    }
}

impl Seats {
    fn leave(&mut self, address: IpAddr, now: Timestamp) {
        let Some(seat) = self.by_address.get_mut(&address) else {
            return;
        };
        seat.connections = seat.connections.saturating_sub(1);
        if seat.connections == 0 {
            seat.left_at = now;
            self.idle.insert((now, address));
        }
        if self.idle.len() > MAX_IDLE
            && let Some((_, oldest)) = self.idle.pop_first()
        {
            self.by_address.remove(&oldest);
        }
    }

    fn forget(&mut self, now: Timestamp) {
        while let Some(&(left_at, address)) = self.idle.first()
            && now.since(left_at) >= IDLE_MS
        {
            self.idle.pop_first();
            self.by_address.remove(&address);
        }
    }
}

impl BytePass {
    /// Lets a message of so many bytes be decoded.
    ///
    /// # Errors
    /// The refusal that its client is told. What is refused takes nothing from either bucket.
    pub(super) fn take(&mut self, bytes: usize) -> Result<(), Refusal> {
        let now = (self.rates.clock)();
        let before = self.own.clone();
        self.own.take(bytes, now).map_err(|retry| {
            let (limit, what) = (
                self.rates.per_connection,
                "bytes a second on one connection",
            );
            Refusal::over_rate(Reason::ByteRate, limit, what, retry)
        })?;
        let taken = lock(&self.shared).take(bytes, now);
        taken.map_err(|retry| {
            self.own = before;
            let (limit, what) = (self.rates.per_address, "bytes a second from one address");
            Refusal::over_rate(Reason::AddressRate, limit, what, retry)
        })
    }
}

impl Drop for BytePass {
    fn drop(&mut self) {
        let now = (self.rates.clock)();
        lock(&self.rates.seats).leave(self.address, now);
    }
}

/// Nothing that can panic runs under these locks.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a test may stop at what it did not expect

    use std::net::Ipv4Addr;
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;
    use crate::config::{Config, DemoOptions};

    fn rates(time: &Arc<AtomicU64>) -> Arc<ByteRates> {
        let mut limits = Config::demo(&DemoOptions::default()).limits;
        limits.bytes_per_second = 1_000;
        limits.bytes_per_second_per_address = 1_500;
        let time = time.clone();
        let clock: Clock = Arc::new(move || Timestamp(time.load(Ordering::Relaxed)));
        Arc::new(ByteRates::new(&limits, clock))
    }

    #[test]
    fn connections_of_an_address_share_its_bucket_and_coming_back_fills_none() {
        let time = Arc::new(AtomicU64::new(5_000));
        let rates = rates(&time);
        let home = Ipv4Addr::new(10, 0, 0, 1).into();
        let (mut one, mut two) = (rates.enter(home), rates.enter(home));
        let reason = |refused: Result<(), Refusal>| refused.unwrap_err().reason;
        assert_eq!(one.take(1_000), Ok(()));
        assert_eq!(reason(one.take(1)), Reason::ByteRate);
        assert_eq!(reason(two.take(501)), Reason::AddressRate);
        assert_eq!(two.take(500), Ok(()), "what was refused took nothing");
        drop((one, two));
        let mut again = rates.enter(home);
        assert_eq!(reason(again.take(1)), Reason::AddressRate);
        assert_eq!(
            rates.enter(Ipv4Addr::new(10, 0, 0, 2).into()).take(1_000),
            Ok(())
        );
        time.store(5_999, Ordering::Relaxed);
        drop(again);
        assert_eq!(rates.enter(home).take(1_000), Ok(()));
    }

    #[test]
    fn a_million_addresses_cost_no_more_than_those_that_are_kept() {
        let time = Arc::new(AtomicU64::new(5_000));
        let rates = rates(&time);
        for index in 0..1_000_000_u32 {
            drop(rates.enter(Ipv4Addr::from(0x0a00_0000 + index).into()));
        }
        assert_eq!(lock(&rates.seats).by_address.len(), MAX_IDLE);
        time.store(6_000, Ordering::Relaxed);
        let _last = rates.enter(Ipv4Addr::from(0x0b00_0000).into());
        assert_eq!(lock(&rates.seats).by_address.len(), 1);
        assert!(lock(&rates.seats).idle.is_empty());
    }
}
