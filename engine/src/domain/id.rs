use std::fmt;

use super::EventSequence;

/// One asset, numbered from 0 in the order of the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AssetId(pub u16);

/// One pair, numbered from 0 in the order of the configuration, below [`PairId::LIMIT`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PairId(pub u16);

impl PairId {
    /// How many pairs one exchange may have.
    pub const LIMIT: u16 = 4096;
}

/// One account, numbered from 0 in the order of opening.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId(pub u32);

/// The public name of an order: a counter over all accepted orders, from 1, never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrderId(pub u64);

/// Where a live order stands: a slot of its pair's arena, and the generation of that slot.
///
/// Clearing hands slots out and takes one back only when it has seen the order's end, so that
/// a slot means one order at any time, and looking an order up is one index. The generation
/// is the guard: a key that outlived its order finds nothing.
///
/// Slots are an internal matter. They depend on the timing of threads, so no key may reach
/// an output, a journal or a state hash: there it is [`OrderId`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrderKey {
    /// The index in the arena.
    pub slot: u32,
    /// How often the slot was given out before.
    pub generation: u32,
}

impl OrderKey {
    /// The key of nothing: what stands in a command that was read from a journal.
    pub const NONE: OrderKey = OrderKey {
        slot: u32::MAX,
        generation: u32::MAX,
    };
}

impl fmt::Debug for OrderKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OrderKey({}v{})", self.slot, self.generation)
    }
}

/// The name of a trade, unique across pairs: the pair's event sequence and the pair's number.
///
/// Made of what the pair's own engine knows, so it is the same on every replay, whatever the
/// other pairs were doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TradeId(pub u64);

impl TradeId {
    /// Names the trade that `pair` printed at `sequence`, which must be below 2^52: at a million
    /// events a second that is 142 years.
    pub const fn new(pair: PairId, sequence: EventSequence) -> TradeId {
        TradeId(sequence.0 * PairId::LIMIT as u64 + pair.0 as u64)
    }
}
