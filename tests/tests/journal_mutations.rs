//! Promise: no bytes make the journal's readers panic, and no change of a valid file is read as if
//! nothing were. What the fuzz targets do at length, here from seeds; `EXCHANGE_SEEDS` multiplies
//! how many.

use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use testkit::saved;

fn check(seeds: u64, target: fn(&[u8]) -> Result<(), String>) {
    let times = std::env::var("EXCHANGE_SEEDS").ok();
    let times: u64 = times.and_then(|times| times.parse().ok()).unwrap_or(1);
    for seed in 0..seeds * times {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut bytes = vec![0; random.random_range(0..80)];
        random.fill_bytes(&mut bytes);
        if let Some(first) = bytes.first_mut().filter(|_| seed % 2 == 0) {
            // A tag of a record, or a place near the start.
            *first %= 10;
        }
        if let Err(what) = target(&bytes) {
            panic!("seed {seed}, {bytes:?}: {what}");
        }
    }
}

#[test]
fn records() {
    check(100_000, saved::journal_record);
}

#[test]
fn journals() {
    check(2_000, saved::journal_log);
}

#[test]
fn snapshots() {
    check(150, saved::journal_snapshot);
}
