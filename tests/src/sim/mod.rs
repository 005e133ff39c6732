//! What stands in for the world, from a seed: so far a disk that loses power and lies.

use engine::exchange::{Discard, Exchange};
use engine::journal::{Outcome, Snapshot};
use rand::SeedableRng;

use crate::lockstep::ExchangeLockstep;
use crate::workload::Ask;
use crate::world::World;

mod commands;
mod disk;
pub(crate) mod inputs;

pub use commands::Commands;
pub use disk::{Disk, DiskFile, Fault, Lie};

/// A snapshot of a small exchange ([`World::tight`]) after some trading, for readers of files.
pub fn snapshot() -> Snapshot {
    let world = World::tight();
    let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(0);
    let mut both = ExchangeLockstep::new(world.clone());
    let mut ask = Ask::new();
    let opening = Ask::opening(&world);
    for index in 0..opening.len() + 60 {
        let next = opening.get(index).copied();
        let (kind, now) = next.unwrap_or_else(|| ask.random(&mut random, &both.known()));
        let applied = both.apply(kind, now);
        applied.expect("invariant: the exchange does what its model does");
    }
    let mut exchange = Exchange::new(world.config).expect("invariant: the world is sound");
    for command in both.log() {
        let replayed = exchange.replay(command, &mut Discard);
        replayed.expect("invariant: what was accepted is accepted again");
    }
    let last = exchange.clearing().last_sequence();
    Snapshot {
        state: exchange.state(),
        check: Outcome::default().check(last),
        chain: [7; 32],
        digest: exchange.state_digest(),
        rim: b"what the rim keeps".to_vec(),
    }
}
