use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use engine::domain::Timestamp;

use super::Window;

/// What one address may do at the same time and in a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddressLimits {
    /// Connections at the same time.
    pub connections: u32,
    /// Handshakes a second.
    pub handshakes_per_second: u32,
    /// Messages a second.
    pub messages_per_second: u32,
}

/// Why an address may not go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressRefusal {
    /// It has as many connections as it may have.
    Connections,
    /// It made too many handshakes in a second; so many milliseconds until the next.
    Handshakes(u64),
}

/// Counts what comes from each address. IPv6 addresses count by their first 64 bits, because
/// one household has all the rest.
///
/// Addresses with connections are as many as there are connections; of those without, which are
/// kept for their last handshakes, 16,384 at most: the ones that were heard of longest ago
/// go first. So a million addresses cost no more than that many.
#[derive(Debug)]
pub struct Addresses {
    limits: AddressLimits,
    seats: BTreeMap<IpAddr, Seat>,
    /// Those without a connection, by when they were last heard of.
    idle: BTreeSet<(Timestamp, IpAddr)>,
}

/// How many addresses without a connection are remembered.
pub(super) const MAX_IDLE: usize = 16_384;

#[derive(Debug)]
struct Seat {
    connections: u32,
    /// When it was last heard of.
    heard_at: Timestamp,
    handshakes: Window,
    messages: Window,
}

impl Addresses {
    /// Nobody yet.
    pub fn new(limits: AddressLimits) -> Addresses {
        Addresses {
            limits,
            seats: BTreeMap::new(),
            idle: BTreeSet::new(),
        }
    }

    /// Lets a connection in, until [`Addresses::close`].
    pub fn open(&mut self, address: IpAddr, now: Timestamp) -> Result<(), AddressRefusal> {
        let limits = self.limits;
        let address = prefix(address);
        let seat = self.seats.entry(address).or_insert_with(|| Seat {
            connections: 0,
            heard_at: now,
            handshakes: Window::new(limits.handshakes_per_second, 1_000),
            messages: Window::new(limits.messages_per_second, 1_000),
        });
        if seat.connections >= limits.connections {
            return Err(AddressRefusal::Connections);
        }
        let taken = seat.handshakes.take(now);
        if seat.connections == 0 {
            self.idle.remove(&(seat.heard_at, address));
        }
        seat.heard_at = now;
        match taken {
            Ok(()) => {
                seat.connections += 1;
                Ok(())
            }
            Err(retry) => {
                if seat.connections == 0 {
                    self.keep_idle(now, address);
                }
                Err(AddressRefusal::Handshakes(retry))
            }
        }
    }

    /// A connection ended.
    pub fn close(&mut self, address: IpAddr, now: Timestamp) {
        let address = prefix(address);
        if let Some(seat) = self.seats.get_mut(&address) {
            let was_last = seat.connections == 1;
            seat.connections = seat.connections.saturating_sub(1);
            if !was_last {
                return;
            }
            if seat.handshakes.is_idle(now) {
                self.seats.remove(&address);
            } else {
                let heard_at = seat.heard_at;
                self.keep_idle(heard_at, address);
            }
        }
    }

    fn keep_idle(&mut self, heard_at: Timestamp, address: IpAddr) {
        self.idle.insert((heard_at, address));
        if self.idle.len() > MAX_IDLE
            && let Some((_, oldest)) = self.idle.pop_first()
        {
            self.seats.remove(&oldest);
        }
    }

    /// Takes a message; over the rate, says in how many milliseconds the next may come.
    pub fn message(&mut self, address: IpAddr, now: Timestamp) -> Result<(), u64> {
        match self.seats.get_mut(&prefix(address)) {
            Some(seat) => seat.messages.take(now),
            None => Ok(()),
        }
    }

    /// Forgets addresses that have neither a connection nor a handshake of late.
    pub fn forget_idle(&mut self, now: Timestamp) {
        while let Some(&(heard_at, address)) = self.idle.first() {
            let seat = self.seats.get_mut(&address);
            if seat.is_some_and(|seat| !seat.handshakes.is_idle(now)) {
                return;
            }
            self.idle.remove(&(heard_at, address));
            self.seats.remove(&address);
        }
    }
}

/// What an address counts as.
pub fn prefix(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => {
            let mut octets = address.octets();
            octets[8..].fill(0);
            IpAddr::V6(octets.into())
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a test may stop at what it did not expect

    use super::*;

    #[test]
    fn an_address_has_its_connections_handshakes_and_messages() {
        let mut addresses = Addresses::new(AddressLimits {
            connections: 3,
            handshakes_per_second: 2,
            messages_per_second: 2,
        });
        let (home, other): (IpAddr, IpAddr) = ([10, 0, 0, 1].into(), [10, 0, 0, 2].into());
        let at = Timestamp;
        assert_eq!(addresses.open(home, at(0)), Ok(()));
        assert_eq!(addresses.open(home, at(0)), Ok(()));
        assert_eq!(
            addresses.open(home, at(1)),
            Err(AddressRefusal::Handshakes(999))
        );
        assert_eq!(addresses.open(other, at(1)), Ok(()), "another is not meant");
        assert_eq!(addresses.open(home, at(1_000)), Ok(()));
        assert_eq!(
            addresses.open(home, at(5_000)),
            Err(AddressRefusal::Connections)
        );
        addresses.close(home, at(5_000));
        assert_eq!(addresses.open(home, at(5_000)), Ok(()));
        assert_eq!(addresses.message(home, at(5_000)), Ok(()));
        assert_eq!(addresses.message(home, at(5_000)), Ok(()));
        assert_eq!(addresses.message(home, at(5_999)), Err(1));
        assert_eq!(addresses.message(home, at(6_000)), Ok(()));
        addresses.close(other, at(9_000));
        addresses.forget_idle(at(9_000));
        assert_eq!(addresses.seats.len(), 1);
    }

    #[test]
    fn a_million_addresses_cost_no_more_than_those_that_are_kept() {
        let mut addresses = Addresses::new(AddressLimits {
            connections: 2,
            handshakes_per_second: 2,
            messages_per_second: 2,
        });
        let resident: IpAddr = [192, 168, 0, 1].into();
        addresses.open(resident, Timestamp(0)).unwrap();
        for index in 0..1_000_000_u32 {
            let now = Timestamp(u64::from(index / 100_000));
            let address = std::net::Ipv4Addr::from(0x0a00_0000 + index).into();
            addresses.open(address, now).unwrap();
            addresses.close(address, now);
            assert!(addresses.seats.len() <= MAX_IDLE + 1);
            assert_eq!(addresses.seats.len(), addresses.idle.len() + 1);
        }
        assert_eq!(addresses.seats.len(), MAX_IDLE + 1);
        assert!(addresses.seats.contains_key(&resident), "it is connected");
        let first = std::net::Ipv4Addr::from(0x0a00_0000).into();
        assert!(
            !addresses.seats.contains_key(&first),
            "the oldest went first"
        );
        let last = std::net::Ipv4Addr::from(0x0a00_0000 + 999_999).into();
        addresses.open(last, Timestamp(10)).unwrap();
        let refused = addresses.open(last, Timestamp(10));
        assert_eq!(refused, Err(AddressRefusal::Handshakes(999)), "known");
        addresses.close(last, Timestamp(10));
        addresses.forget_idle(Timestamp(5_000));
        assert_eq!(addresses.seats.len(), 1);
        assert!(addresses.idle.is_empty());
    }

    #[test]
    fn a_household_of_ipv6_is_one_address() {
        let of = |text: &str| prefix(text.parse().unwrap());
        assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff::9"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_eq!(of("::ffff:10.0.0.1"), of("10.0.0.1"));
    }
}
