//! Conversations with bytes changed, lines moved and figures made large: no panic, and nothing
//! that does not hold together. `fuzz/fuzz_targets/feeds.rs` looks longer.

use std::path::Path;

use gateway::arbitrage::detector::Finding;
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

#[path = "../../../fuzz/checks/feeds.rs"]
mod feeds;

const FIGURES: &[&str] = &[
    "0",
    "-1",
    "1e80",
    "9999999999999999e80",
    "18446744073709551616",
    "null",
    "\"\"",
    "0x",
    "1.5",
    "340282366920938463463374607431768211456",
    "[]",
    "{}",
    "true",
];

#[test]
fn changed_conversations_do_no_harm() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/seeds/feeds");
    let seed = std::fs::read(path.join("opportunity-then-gap")).unwrap();
    let found = feeds::findings(&seed);
    let [Finding::Open(_), Finding::Lost(..), Finding::Closed(..)] = found[..] else {
        panic!("an opportunity, and a gap that ends it: {found:?}");
    };
    let mut random = ChaCha8Rng::seed_from_u64(7);
    for round in 0..5_000 {
        let mut bytes = seed.clone();
        let mut below = |end: usize| usize::try_from(random.next_u64() % end as u64).unwrap();
        for _ in 0..=below(4) {
            let at = below(bytes.len());
            match below(4) {
                0 => bytes[at] = u8::try_from(below(256)).unwrap(),
                1 => {
                    let end = (at + below(40)).min(bytes.len());
                    bytes.drain(at..end);
                }
                2 => {
                    let figure = FIGURES[below(FIGURES.len())].bytes();
                    let end = (at + below(3)).min(bytes.len());
                    bytes.splice(at..end, figure);
                }
                _ => {
                    let mut lines: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').collect();
                    let (one, other) = (below(lines.len()), below(lines.len()));
                    lines.swap(one, other);
                    bytes = lines.join(&b'\n');
                }
            }
            if bytes.is_empty() {
                bytes.push(b'0');
            }
        }
        if let Err(what) = feeds::run(&bytes) {
            panic!("round {round}: {what}\n{}", String::from_utf8_lossy(&bytes));
        }
    }
}
