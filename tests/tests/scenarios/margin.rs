//! The rules of `docs/margin.md`, one tick or one unit on each side of every threshold.
//!
//! One tick times one lot is one unit of quote. The golden position: 1,000 lots at 100,000 ticks
//! with ten times its margin, so C = 100,000,000 and M = 10,000,000; it is liquidated at
//! 94,736.84 (947.37 in hundredths), its short at 104,761.90 (1047.62).

mod calls;
mod liquidations;
mod positions;

use std::fmt::Write as _;

use expect_test::Expect;
use testkit::world::World;

use super::check_unfunded;

/// What the platform lends, and three users with money.
const FUNDED: &str = "
    (pool gets 1000000000 XRP)
    (pool gets 500000 GEM)
    (alice deposits 1000000000 XRP)
    (bob deposits 500000 GEM)
    (bob deposits 1000000000 XRP)
    (carol deposits 500000 GEM)
    (carol deposits 2000000000 XRP)
";

/// Alice is long, or short, 1,000 lots at 100,000 with ten times her margin.
const LONG: &str = "(bob sells 1000 @ 100000)\n(alice buys 1000 @ 100000 leverage 10)\n";
const SHORT: &str = "(carol buys 1000 @ 100000)\n(alice sells 1000 @ 100000 leverage 10)\n";

fn check(world: World, text: &str, expected: Expect) {
    check_unfunded(world, &format!("{FUNDED}{text}"), expected);
}

/// The lines that bring the mark price to each of `prices`, of which only the last is shown.
fn marks(prices: &[u32]) -> String {
    let mut text = String::new();
    for price in prices {
        let above = price + 1;
        let _ = write!(
            text,
            "(bob cancels all)\n(carol cancels all)\n(carol buys 2 @ {price})\n\
             (bob sells 1 @ {price})\nbob sells 1 @ {above}\n"
        );
    }
    text
}
