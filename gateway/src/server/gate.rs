//! Who may hold sockets that are not upgraded yet: what is slow or half open there costs memory
//! and handshakes before anybody said who it is.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::config::Limits;
use crate::session::{AddressLimits, AddressRefusal, Addresses};

use super::Clock;

/// For each connection and handshake that an address may have, so many sockets are taken before
/// it is looked at: who is a little over its limits is told so, who is far over is not answered.
const SPARE: u32 = 4;

/// Counts sockets by address.
pub(super) struct Gate {
    addresses: Mutex<Addresses>,
    clock: Clock,
}

/// A socket's leave to be there.
pub(super) struct Pass {
    gate: Arc<Gate>,
    address: IpAddr,
}

impl Gate {
    pub(super) fn new(limits: &Limits, clock: Clock) -> Gate {
        let limits = AddressLimits {
            connections: limits.connections_per_address.saturating_mul(SPARE),
            handshakes_per_second: limits
                .handshakes_per_second_per_address
                .saturating_mul(SPARE),
            messages_per_second: 0,
        };
        Gate {
            addresses: Mutex::new(Addresses::new(limits)),
            clock,
        }
    }

    /// Lets a socket in, until the pass is dropped.
    ///
    /// # Errors
    /// Why not.
    pub(super) fn enter(self: &Arc<Gate>, address: IpAddr) -> Result<Pass, AddressRefusal> {
        let now = (self.clock)();
        self.lock().open(address, now)?;
        let gate = self.clone();
        Ok(Pass { gate, address })
    }

    /// Nothing that can panic runs under the lock.
    fn lock(&self) -> MutexGuard<'_, Addresses> {
        self.addresses
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        let now = (self.gate.clock)();
        self.gate.lock().close(self.address, now);
    }
}
