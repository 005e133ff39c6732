//! Two ledgers that are not there: what a node of the XRP Ledger and one of Flare would answer,
//! by ledger and by block, so that the demo's feeds have something real to talk to.
//!
//! Prices follow a slow wave, each token's another, against the demo's reference prices: on Flare
//! they move away from the XRP Ledger and come back, so that opportunities come and go. Nothing
//! is kept: an answer depends on the request and on the number of the ledger or block alone.

pub mod flare;
pub mod xrpl;

/// A token of the demo on both ledgers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DemoToken {
    /// Its symbol.
    pub symbol: &'static str,
    /// Its price in XRP that all begins from.
    pub price_xrp: u64,
    /// Where in the wave it begins, in milliseconds.
    phase_ms: u64,
}

/// The tokens.
pub const TOKENS: [DemoToken; 2] = [
    DemoToken {
        symbol: "LUXURY001",
        price_xrp: 1_000,
        phase_ms: 12_000,
    },
    DemoToken {
        symbol: "LUXURY002",
        price_xrp: 500,
        phase_ms: 72_000,
    },
];

/// How long a wave takes, in milliseconds.
const WAVE_MS: u64 = 160_000;
/// How far it goes to each side, in millionths of the price.
const WAVE_MILLIONTHS: u64 = 12_000;
const MILLION: u64 = 1_000_000;

/// The price on Flare at a time since the beginning, in millionths of [`DemoToken::price_xrp`]:
/// up, down through the middle, and up again, in a straight line each.
fn flare_millionths(token: &DemoToken, ms: u64) -> u64 {
    let quarter = WAVE_MS / 4;
    let at = (ms.saturating_add(token.phase_ms)) % WAVE_MS;
    let (of, down) = match at / quarter {
        0 => (at, false),
        1 => (2 * quarter - at, false),
        2 => (at - 2 * quarter, true),
        _ => (WAVE_MS - at, true),
    };
    let by = WAVE_MILLIONTHS * of / quarter;
    if down { MILLION - by } else { MILLION + by }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wave_goes_up_and_down_and_has_no_jump() {
        for token in &TOKENS {
            let prices: Vec<u64> = (0..=WAVE_MS / 100)
                .map(|at| flare_millionths(token, at * 100))
                .collect();
            assert_eq!(prices.iter().max(), Some(&(MILLION + WAVE_MILLIONTHS)));
            assert_eq!(prices.iter().min(), Some(&(MILLION - WAVE_MILLIONTHS)));
            assert!(
                prices
                    .windows(2)
                    .all(|pair| pair[0].abs_diff(pair[1]) <= 31)
            );
            assert_eq!(prices.first(), prices.last());
        }
    }
}
