use std::collections::BTreeMap;
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
#[derive(Debug)]
pub struct Addresses {
    limits: AddressLimits,
    seats: BTreeMap<IpAddr, Seat>,
}

#[derive(Debug)]
struct Seat {
    connections: u32,
    handshakes: Window,
    messages: Window,
}

impl Addresses {
    /// Nobody yet.
    pub fn new(limits: AddressLimits) -> Addresses {
        Addresses {
            limits,
            seats: BTreeMap::new(),
        }
    }

    /// Lets a connection in, until [`Addresses::close`].
    pub fn open(&mut self, address: IpAddr, now: Timestamp) -> Result<(), AddressRefusal> {
        let limits = self.limits;
        let seat = self.seats.entry(prefix(address)).or_insert_with(|| Seat {
            connections: 0,
            handshakes: Window::new(limits.handshakes_per_second, 1_000),
            messages: Window::new(limits.messages_per_second, 1_000),
        });
        if seat.connections >= limits.connections {
            return Err(AddressRefusal::Connections);
        }
        let taken = seat.handshakes.take(now);
        taken.map_err(AddressRefusal::Handshakes)?;
        seat.connections += 1;
        Ok(())
    }

    /// A connection ended.
    pub fn close(&mut self, address: IpAddr, now: Timestamp) {
        let address = prefix(address);
        if let Some(seat) = self.seats.get_mut(&address) {
            seat.connections = seat.connections.saturating_sub(1);
            if seat.connections == 0 && seat.handshakes.is_idle(now) {
                self.seats.remove(&address);
            }
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
        self.seats
            .retain(|_, seat| seat.connections > 0 || !seat.handshakes.is_idle(now));
    }
}

fn prefix(address: IpAddr) -> IpAddr {
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
    fn a_household_of_ipv6_is_one_address() {
        let of = |text: &str| prefix(text.parse().unwrap());
        assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff::9"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_eq!(of("::ffff:10.0.0.1"), of("10.0.0.1"));
    }
}
