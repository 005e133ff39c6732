//! How many frames may come on one connection, messages or not: pings and pieces cost something
//! too, and are no messages that a rate counts.

use super::Clock;

/// So many frames a second may come on any connection.
const MIN_FRAMES: u64 = 250;
/// So many for each message that may come.
const FRAMES_A_MESSAGE: u64 = 4;
/// How often the hub hears of what is no message.
const HEARD_EVERY_MS: u64 = 1_000;

/// One connection's.
pub(super) struct Pace {
    clock: Clock,
    most: u64,
    /// The second of the clock, and how many had come before it.
    second: u64,
    before: u64,
    /// How many messages may be read in a second, and how many were in the one of the clock.
    most_messages: u64,
    messages: (u64, u64),
    heard_at: [u64; 2],
}

/// What is no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    /// The answer to a ping.
    Pong,
    /// Anything else.
    Other,
}

impl Pace {
    /// `strikes` are what may come in a row beyond the messages of a second.
    pub(super) fn new(clock: Clock, messages_per_second: u32, strikes: u32) -> Pace {
        let most = u64::from(messages_per_second).saturating_mul(FRAMES_A_MESSAGE);
        Pace {
            clock,
            most: most.max(MIN_FRAMES),
            second: 0,
            before: 0,
            most_messages: u64::from(messages_per_second) + u64::from(strikes),
            messages: (0, 0),
            heard_at: [0; 2],
        }
    }

    /// Up to how many frames may have come by now, of which so many have. Twice as many as a second
    /// allows may pass within one second, across the border of two; never more.
    pub(super) fn limit(&mut self, frames: u64) -> u64 {
        let second = (self.clock)().0 / 1_000;
        if second != self.second {
            (self.second, self.before) = (second, frames);
        }
        self.before.saturating_add(self.most)
    }

    /// Whether a message that came is worth reading: one that the hub could only end the connection
    /// for, because as many came before it in this second as it takes for that, is not.
    pub(super) fn takes_message(&mut self) -> bool {
        let second = (self.clock)().0 / 1_000;
        if second != self.messages.0 {
            self.messages = (second, 0);
        }
        self.messages.1 += 1;
        self.messages.1 <= self.most_messages
    }

    /// Whether it is time to tell of this sign of life.
    pub(super) fn is_news(&mut self, sign: Sign) -> bool {
        let now = (self.clock)().0;
        let heard_at = &mut self.heard_at[usize::from(sign == Sign::Other)];
        let is_news = now.saturating_sub(*heard_at) >= HEARD_EVERY_MS;
        if is_news {
            *heard_at = now;
        }
        is_news
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    use engine::domain::Timestamp;

    use super::*;

    #[test]
    fn frames_have_a_rate_and_news_a_longer_one() {
        let time = Arc::new(AtomicU64::new(5_000));
        let clock = time.clone();
        let clock: Clock = Arc::new(move || Timestamp(clock.load(Ordering::Relaxed)));
        let mut pace = Pace::new(clock, 50, 10);
        for _ in 0..2 {
            assert!((0..60).all(|_| pace.takes_message()));
            assert!(!pace.takes_message());
            time.fetch_add(1_000, Ordering::Relaxed);
        }
        time.store(5_000, Ordering::Relaxed);
        assert_eq!(pace.limit(0), 250);
        assert_eq!(pace.limit(200), 250);
        time.store(5_999, Ordering::Relaxed);
        assert_eq!(pace.limit(249), 250);
        time.store(6_000, Ordering::Relaxed);
        assert_eq!(pace.limit(249), 499);
        assert_eq!(pace.limit(400), 499);
        assert!(pace.is_news(Sign::Other));
        assert!(!pace.is_news(Sign::Other));
        assert!(pace.is_news(Sign::Pong), "it tells something else");
        time.store(6_999, Ordering::Relaxed);
        assert!(!pace.is_news(Sign::Other));
        time.store(7_000, Ordering::Relaxed);
        assert!(pace.is_news(Sign::Other));
    }
}
