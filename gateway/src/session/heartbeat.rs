use engine::domain::Timestamp;

/// Whether a client is still there, and how far away.
#[derive(Debug)]
pub struct Heartbeat {
    last_heard: Timestamp,
    next_ping: Timestamp,
    /// The ping that waits for its pong: its number and when it went.
    sent: Option<(u64, Timestamp)>,
    pings: u64,
    latency_ms: Option<u64>,
}

/// What to do about a client's pulse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pulse {
    /// Nothing.
    Wait,
    /// Send the ping of this number.
    Ping(u64),
    /// Nothing came for too long.
    Dead,
}

impl Heartbeat {
    /// Alive from `now` on.
    pub fn new(now: Timestamp, interval_ms: u64) -> Heartbeat {
        Heartbeat {
            last_heard: now,
            next_ping: now.plus(interval_ms),
            sent: None,
            pings: 0,
            latency_ms: None,
        }
    }

    /// Something came.
    pub fn heard(&mut self, now: Timestamp) {
        self.last_heard = now;
    }

    /// The pong of this number came.
    pub fn pong(&mut self, number: u64, now: Timestamp) {
        if let Some((sent, at)) = self.sent
            && sent == number
        {
            self.latency_ms = Some(now.since(at));
            self.sent = None;
        }
    }

    /// The round trip of the last answered ping in milliseconds.
    pub fn latency_ms(&self) -> Option<u64> {
        self.latency_ms
    }

    /// What is due.
    pub fn check(&mut self, now: Timestamp, interval_ms: u64, idle_ms: u64) -> Pulse {
        if now.since(self.last_heard) >= idle_ms {
            return Pulse::Dead;
        }
        if now < self.next_ping {
            return Pulse::Wait;
        }
        self.next_ping = now.plus(interval_ms);
        self.pings += 1;
        self.sent = Some((self.pings, now));
        Pulse::Ping(self.pings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_pinged_and_dies_of_silence() {
        let at = Timestamp;
        let mut heart = Heartbeat::new(at(0), 15_000);
        let check = |heart: &mut Heartbeat, now| heart.check(at(now), 15_000, 45_000);
        assert_eq!(check(&mut heart, 14_999), Pulse::Wait);
        assert_eq!(check(&mut heart, 15_000), Pulse::Ping(1));
        heart.pong(2, at(15_010));
        assert_eq!(heart.latency_ms(), None, "not the ping that was sent");
        heart.pong(1, at(15_040));
        heart.heard(at(15_040));
        assert_eq!(heart.latency_ms(), Some(40));
        assert_eq!(check(&mut heart, 30_000), Pulse::Ping(2));
        assert_eq!(check(&mut heart, 45_000), Pulse::Ping(3));
        assert_eq!(check(&mut heart, 60_039), Pulse::Ping(4));
        assert_eq!(check(&mut heart, 60_040), Pulse::Dead);
    }
}
