use engine::domain::PairId;

use crate::instrument::Priced;
use crate::wire::{BookDepth, BookUpdates};

/// One channel that a connection holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// The levels of a pair. One a pair: another depth or mode takes its place.
    OrderBook {
        /// Which pair.
        pair: PairId,
        /// How many levels a side.
        depth: BookDepth,
        /// What comes after the snapshot.
        updates: BookUpdates,
    },
    /// The trades of a pair.
    Trades {
        /// Which pair.
        pair: PairId,
    },
    /// The price of a symbol, or of a pair.
    Price {
        /// Of which.
        of: Priced,
    },
    /// The user's orders.
    Orders,
    /// The user's worth.
    Portfolio,
    /// The user's positions.
    Positions,
    /// The calls on them.
    MarginCalls,
    /// What can be gained between other ledgers.
    Arbitrage,
    /// What all should know.
    RiskAlerts,
}

impl Channel {
    /// Whether it takes a token.
    pub const fn is_private(self) -> bool {
        match self {
            Channel::OrderBook { .. }
            | Channel::Trades { .. }
            | Channel::Price { .. }
            | Channel::Arbitrage
            | Channel::RiskAlerts => false,
            Channel::Orders | Channel::Portfolio | Channel::Positions | Channel::MarginCalls => {
                true
            }
        }
    }

    /// Whether both are the same but for how they are shown.
    pub fn is_same(self, other: Channel) -> bool {
        match (self, other) {
            (Channel::OrderBook { pair: a, .. }, Channel::OrderBook { pair: b, .. })
            | (Channel::Trades { pair: a }, Channel::Trades { pair: b }) => a == b,
            (Channel::Price { of: a }, Channel::Price { of: b }) => a == b,
            (Channel::Orders, Channel::Orders)
            | (Channel::Portfolio, Channel::Portfolio)
            | (Channel::Positions, Channel::Positions)
            | (Channel::MarginCalls, Channel::MarginCalls)
            | (Channel::Arbitrage, Channel::Arbitrage)
            | (Channel::RiskAlerts, Channel::RiskAlerts) => true,
            (
                Channel::OrderBook { .. }
                | Channel::Trades { .. }
                | Channel::Price { .. }
                | Channel::Orders
                | Channel::Portfolio
                | Channel::Positions
                | Channel::MarginCalls
                | Channel::Arbitrage
                | Channel::RiskAlerts,
                _,
            ) => false,
        }
    }
}

/// What one connection holds, in the order in which it came, up to a limit.
#[derive(Debug, Default)]
pub struct Subscriptions {
    held: Vec<Channel>,
}

/// What became of a subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subscribed {
    /// It is new.
    New,
    /// It was held already, as this.
    Again(Channel),
}

impl Subscriptions {
    /// Adds a channel; `None` where there is no room for another.
    pub fn add(&mut self, channel: Channel, limit: u32) -> Option<Subscribed> {
        if let Some(held) = self.held.iter_mut().find(|held| held.is_same(channel)) {
            return Some(Subscribed::Again(std::mem::replace(held, channel)));
        }
        let is_room = self.held.len() < usize::try_from(limit).unwrap_or(usize::MAX);
        is_room.then(|| {
            self.held.push(channel);
            Subscribed::New
        })
    }

    /// Takes a channel out and gives back what was held.
    pub fn remove(&mut self, channel: Channel) -> Option<Channel> {
        let at = self.held.iter().position(|held| held.is_same(channel))?;
        Some(self.held.remove(at))
    }

    /// Takes the private ones out.
    pub fn remove_private(&mut self) -> Vec<Channel> {
        let (private, public) = self.held.iter().partition(|held| held.is_private());
        self.held = public;
        private
    }

    /// What is held.
    pub fn held(&self) -> &[Channel] {
        &self.held
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn book(pair: u16, depth: BookDepth) -> Channel {
        Channel::OrderBook {
            pair: PairId(pair),
            depth,
            updates: BookUpdates::Delta,
        }
    }

    #[test]
    fn a_book_is_held_once_a_pair_and_the_limit_holds() {
        let mut subscriptions = Subscriptions::default();
        let (five, fifty) = (book(0, BookDepth::Five), book(0, BookDepth::Fifty));
        let trades = Channel::Trades { pair: PairId(0) };
        assert_eq!(subscriptions.add(five, 2), Some(Subscribed::New));
        assert_eq!(subscriptions.add(fifty, 2), Some(Subscribed::Again(five)));
        assert_eq!(subscriptions.add(Channel::Orders, 2), Some(Subscribed::New));
        assert_eq!(subscriptions.add(trades, 2), None);
        assert_eq!(
            subscriptions.add(fifty, 2),
            Some(Subscribed::Again(fifty)),
            "a repeat needs no room"
        );
        assert_eq!(subscriptions.remove_private(), [Channel::Orders]);
        assert_eq!(subscriptions.remove(five), Some(fifty));
        assert_eq!(subscriptions.held(), []);
    }
}
