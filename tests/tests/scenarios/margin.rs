//! The rules of `docs/margin.md`, one tick or one unit on each side of every threshold.
//!
//! One tick times one lot is one unit of quote. The golden position: 1,000 lots at 100,000 ticks
//! with ten times its margin, so C = 100,000,000 and M = 10,000,000; it is liquidated at
//! 94,736.84 (947.37 in hundredths), its short at 104,761.90 (1047.62).

use std::fmt::Write as _;

use engine::domain::{Amount, Lending, Quantity};
use expect_test::{Expect, expect};
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

/// A warning at 1.5 · m, critical at 1.2 · m, better again above 1.3 · m and 1.6 · m, liquidated
/// at m: 90,000 / (1 − k) for each k.
// G-1, G-2, G-12, G-13, G-15
#[test]
fn a_long_is_called_and_liquidated_to_the_tick() {
    let prices = [
        97_298, 97_297, 95_745, 95_744, 96_256, 96_257, 97_826, 97_827, 94_737, 94_736,
    ];
    let text = format!("{LONG}{}", marks(&prices));
    check(
        World::positions(5_000, 0),
        &text,
        expect![[r#"
        > bob sells 1 @ 97299
          -> placed #5
          bob #5 accepted
          bob #5 open, 0 of 1 @ 97299
          bob has 498998 + 1 GEM
          book 5: sell 97299 +1
          mark 97298
        > bob sells 1 @ 97298
          -> placed #8
          bob #8 accepted
          bob #8 open, 0 of 1 @ 97298
          alice is called: long2 is warning at 97297, until 3619000
          bob has 498997 + 1 GEM
          book 10: sell 97298 +1
          mark 97297
        > bob sells 1 @ 95746
          -> placed #11
          bob #11 accepted
          bob #11 open, 0 of 1 @ 95746
          bob has 498996 + 1 GEM
          book 15: sell 95746 +1
          mark 95745
        > bob sells 1 @ 95745
          -> placed #14
          bob #14 accepted
          bob #14 open, 0 of 1 @ 95745
          alice is called: long2 is critical at 95744, until 3619000
          bob has 498995 + 1 GEM
          book 20: sell 95745 +1
          mark 95744
        > bob sells 1 @ 96257
          -> placed #17
          bob #17 accepted
          bob #17 open, 0 of 1 @ 96257
          bob has 498994 + 1 GEM
          book 25: sell 96257 +1
          mark 96256
        > bob sells 1 @ 96258
          -> placed #20
          bob #20 accepted
          bob #20 open, 0 of 1 @ 96258
          alice is called: long2 is warning at 96257, until 3619000
          bob has 498993 + 1 GEM
          book 30: sell 96258 +1
          mark 96257
        > bob sells 1 @ 97827
          -> placed #23
          bob #23 accepted
          bob #23 open, 0 of 1 @ 97827
          bob has 498992 + 1 GEM
          book 35: sell 97827 +1
          mark 97826
        > bob sells 1 @ 97828
          -> placed #26
          bob #26 accepted
          bob #26 open, 0 of 1 @ 97828
          alice is called no more for long2
          bob has 498991 + 1 GEM
          book 40: sell 97828 +1
          mark 97827
        > bob sells 1 @ 94738
          -> placed #29
          bob #29 accepted
          bob #29 open, 0 of 1 @ 94738
          alice is called: long2 is critical at 94737, until 3654000
          bob has 498990 + 1 GEM
          book 45: sell 94738 +1
          mark 94737
        > bob sells 1 @ 94737
          -> placed #32
          bob #32 accepted
          bob #32 open, 0 of 1 @ 94737
          bob has 498989 + 1 GEM
          book 50: sell 94737 +1
          mark 94736
          alice long2 liquidation: 1000 lots for 100000000 with 10000000, liquidating
          alice liquidation of long2: began for maintenance
          alice #33 accepted
          carol #30 filled, 2 of 2 @ 94736: 1 @ 94736 as maker, fee 0
          alice #33 partially filled, 1 of 501 @ 90000: 1 @ 94736 as taker, fee 0
          alice long2 liquidated: 999 lots for 99900000 with 9994736, realised -5264, liquidating
          alice #33 expired, 1 of 501 @ 90000 (collar reached)
          alice has 0 + 0 GEM
          alice has 990000000 + 0 XRP
          carol has 500011 + 0 GEM
          carol has 1998941541 + 0 XRP
          trade 51: sell 1 @ 94736
          alice liquidation of long2: backstop
          mark lost
          alice liquidation of long2: suspended market
        GEM/XRP:
          sell 94737: bob #32 1
        alice: 990000000 + 0 XRP
        bob: 498989 + 1 GEM, 1100963723 + 0 XRP
        carol: 500011 + 0 GEM, 1998941541 + 0 XRP
    "#]],
    );
}

/// As a long, on the other side: 110,000 / (1 + k).
// G-2, G-12, G-13
#[test]
fn a_short_is_called_and_liquidated_to_the_tick() {
    let prices = [
        102_325, 102_326, 103_773, 103_774, 103_287, 103_286, 101_852, 101_851, 104_761, 104_762,
    ];
    let text = format!("{SHORT}{}", marks(&prices));
    check(
        World::positions(5_000, 0),
        &text,
        expect![[r#"
        > bob sells 1 @ 102326
          -> placed #5
          bob #5 accepted
          bob #5 open, 0 of 1 @ 102326
          bob has 499998 + 1 GEM
          book 5: sell 102326 +1
          mark 102325
        > bob sells 1 @ 102327
          -> placed #8
          bob #8 accepted
          bob #8 open, 0 of 1 @ 102327
          alice is called: short2 is warning at 102326, until 3619000
          bob has 499997 + 1 GEM
          book 10: sell 102327 +1
          mark 102326
        > bob sells 1 @ 103774
          -> placed #11
          bob #11 accepted
          bob #11 open, 0 of 1 @ 103774
          bob has 499996 + 1 GEM
          book 15: sell 103774 +1
          mark 103773
        > bob sells 1 @ 103775
          -> placed #14
          bob #14 accepted
          bob #14 open, 0 of 1 @ 103775
          alice is called: short2 is critical at 103774, until 3619000
          bob has 499995 + 1 GEM
          book 20: sell 103775 +1
          mark 103774
        > bob sells 1 @ 103288
          -> placed #17
          bob #17 accepted
          bob #17 open, 0 of 1 @ 103288
          bob has 499994 + 1 GEM
          book 25: sell 103288 +1
          mark 103287
        > bob sells 1 @ 103287
          -> placed #20
          bob #20 accepted
          bob #20 open, 0 of 1 @ 103287
          alice is called: short2 is warning at 103286, until 3619000
          bob has 499993 + 1 GEM
          book 30: sell 103287 +1
          mark 103286
        > bob sells 1 @ 101853
          -> placed #23
          bob #23 accepted
          bob #23 open, 0 of 1 @ 101853
          bob has 499992 + 1 GEM
          book 35: sell 101853 +1
          mark 101852
        > bob sells 1 @ 101852
          -> placed #26
          bob #26 accepted
          bob #26 open, 0 of 1 @ 101852
          alice is called no more for short2
          bob has 499991 + 1 GEM
          book 40: sell 101852 +1
          mark 101851
        > bob sells 1 @ 104762
          -> placed #29
          bob #29 accepted
          bob #29 open, 0 of 1 @ 104762
          alice is called: short2 is critical at 104761, until 3654000
          bob has 499990 + 1 GEM
          book 45: sell 104762 +1
          mark 104761
        > bob sells 1 @ 104763
          -> placed #32
          bob #32 accepted
          bob #32 open, 0 of 1 @ 104763
          bob has 499989 + 1 GEM
          book 50: sell 104763 +1
          mark 104762
          alice short2 liquidation: 1000 lots for 100000000 with 10000000, liquidating
          alice liquidation of short2: began for maintenance
          alice #33 accepted
          bob #32 filled, 1 of 1 @ 104763: 1 @ 104763 as maker, fee 0
          alice #33 partially filled, 1 of 501 @ 110000: 1 @ 104763 as taker, fee 0
          alice short2 liquidated: 999 lots for 99900000 with 9995237, realised -4763, liquidating
          alice #33 expired, 1 of 501 @ 110000 (collar reached)
          alice has 0 + 0 GEM
          alice has 990000000 + 0 XRP
          bob has 499989 + 0 GEM
          bob has 1001136760 + 0 XRP
          trade 51: buy 1 @ 104763
          alice liquidation of short2: backstop
          mark lost
          alice liquidation of short2: suspended market
        GEM/XRP:
          buy  104762: carol #30 1
        alice: 990000000 + 0 XRP
        bob: 499989 + 0 GEM, 1001136760 + 0 XRP
        carol: 501010 + 0 GEM, 1898863241 + 104762 XRP
    "#]],
    );
}

/// Without a maintenance ratio a position is liquidated where nothing is left of it.
// G-12, G-15
#[test]
fn with_no_maintenance_ratio_the_end_is_bankruptcy() {
    let text = format!("{LONG}{}", marks(&[90_001, 90_000]));
    check(
        World::positions(0, 0),
        &text,
        expect![[r#"
        > bob sells 1 @ 90002
          -> placed #5
          bob #5 accepted
          bob #5 open, 0 of 1 @ 90002
          bob has 498998 + 1 GEM
          book 5: sell 90002 +1
          mark 90001
        > bob sells 1 @ 90001
          -> placed #8
          bob #8 accepted
          bob #8 open, 0 of 1 @ 90001
          alice is called: long2 is critical at 90000, until 3619000
          bob has 498997 + 1 GEM
          book 10: sell 90001 +1
          mark 90000
          alice long2 liquidation: 1000 lots for 100000000 with 10000000, liquidating
          alice liquidation of long2: began for maintenance
          alice #9 accepted
          carol #6 filled, 2 of 2 @ 90000: 1 @ 90000 as maker, fee 0
          alice #9 partially filled, 1 of 1000 @ 90000: 1 @ 90000 as taker, fee 0
          alice long2 liquidated: 999 lots for 99900000 with 9990000, realised -10000, liquidating
          alice #9 expired, 1 of 1000 @ 90000 (collar reached)
          alice has 0 + 0 GEM
          alice has 990000000 + 0 XRP
          carol has 500003 + 0 GEM
          carol has 1999729999 + 0 XRP
          trade 11: sell 1 @ 90000
          alice liquidation of long2: backstop
          mark lost
          alice liquidation of long2: suspended market
        GEM/XRP:
          sell 90001: bob #8 1
        alice: 990000000 + 0 XRP
        bob: 498997 + 1 GEM, 1100180001 + 0 XRP
        carol: 500003 + 0 GEM, 1999729999 + 0 XRP
    "#]],
    );
}

/// At 94,000 the equity is 4,000,000; 575 lots restore a tenth, 605 with a fee of half a percent
/// (574.47 and 604.70 rounded up to the lot).
// G-17
#[test]
fn a_slice_restores_the_initial_ratio() {
    let text =
        format!("{LONG}(carol buys 700 @ 94000)\n(bob sells 1 @ 94000)\nbob sells 1 @ 94001");
    check(
        World::positions(5_000, 0),
        &text,
        expect![[r#"
        > bob sells 1 @ 94001
          -> placed #5
          bob #5 accepted
          bob #5 open, 0 of 1 @ 94001
          alice is called: long2 is critical at 94000, until 3612000
          bob has 498998 + 1 GEM
          book 5: sell 94001 +1
          mark 94000
          alice long2 liquidation: 1000 lots for 100000000 with 10000000, liquidating
          alice liquidation of long2: began for maintenance
          alice #6 accepted
          carol #3 partially filled, 576 of 700 @ 94000: 575 @ 94000 as maker, fee 0
          alice #6 filled, 575 of 575 @ 90000: 575 @ 94000 as taker, fee 0
          alice long2 liquidated: 425 lots for 42500000 with 6550000, realised -3450000, liquidating
          alice long2 liquidation: 425 lots for 42500000 with 6550000
          alice is called no more for long2
          alice has 0 + 0 GEM
          alice has 990000000 + 0 XRP
          carol has 500576 + 0 GEM
          carol has 1934200000 + 11656000 XRP
          trade 6: sell 575 @ 94000
          alice liquidation of long2: recovered
        GEM/XRP:
          sell 94001: bob #5 1
          buy  94000: carol #3 124
        alice: 990000000 + 0 XRP
        bob: 498998 + 1 GEM, 1100094000 + 0 XRP
        carol: 500576 + 0 GEM, 1934200000 + 11656000 XRP
    "#]],
    );
    check(
        World::positions(5_000, 50),
        &text,
        expect![[r#"
        > bob sells 1 @ 94001
          -> placed #5
          bob #5 accepted
          bob #5 open, 0 of 1 @ 94001
          alice is called: long2 is critical at 94000, until 3612000
          bob has 498998 + 1 GEM
          book 5: sell 94001 +1
          mark 94000
          alice long2 liquidation: 1000 lots for 100000000 with 10000000, liquidating
          alice liquidation of long2: began for maintenance
          alice #6 accepted
          carol #3 partially filled, 606 of 700 @ 94000: 605 @ 94000 as maker, fee 0
          alice #6 filled, 605 of 605 @ 90000: 605 @ 94000 as taker, fee 284350
          alice long2 liquidated: 395 lots for 39500000 with 6085650, realised -3914350, liquidating
          alice long2 liquidation: 395 lots for 39500000 with 6085650
          alice is called no more for long2
          alice has 0 + 0 GEM
          alice has 990000000 + 0 XRP
          carol has 500606 + 0 GEM
          carol has 1934200000 + 8836000 XRP
          fund has 284350 XRP
          trade 6: sell 605 @ 94000
          alice liquidation of long2: recovered
        GEM/XRP:
          sell 94001: bob #5 1
          buy  94000: carol #3 94
        alice: 990000000 + 0 XRP
        bob: 498998 + 1 GEM, 1100094000 + 0 XRP
        carol: 500606 + 0 GEM, 1934200000 + 8836000 XRP
    "#]],
    );
}

/// What the book does not take at the bankruptcy price or better, the fund pays for; then
/// opposite positions; then nobody is there, and it waits.
// G-18, G-20, G-21
#[test]
fn the_fund_then_opposite_positions_then_nobody() {
    let text = "
        (fund gets 3000000 XRP)
        (dave deposits 100000000 XRP)
        (bob sells 600 @ 100000)
        (dave sells 400 @ 100000 leverage 2)
        (alice buys 1000 @ 100000 leverage 10)
        (carol buys 301 @ 85000)
        (bob sells 1 @ 85000)
        bob sells 1 @ 85001
        GEM/XRP halts at time 16000
        time passes at time 20000
        GEM/XRP resumes at time 21000";
    check(
        World::positions(5_000, 50),
        text,
        expect![[r#"
        > bob sells 1 @ 85001
          -> placed #6
          bob #6 accepted
          bob #6 open, 0 of 1 @ 85001
          alice is called: long3 is critical at 85000, until 3615000
          bob has 499398 + 1 GEM
          book 7: sell 85001 +1
          mark 85000
          alice long3 liquidation: 1000 lots for 100000000 with 10000000, liquidating
          alice liquidation of long3: began for maintenance
          alice #7 accepted
          alice #7 expired, 0 of 1000 @ 90000 (collar reached)
          alice has 990000000 + 0 XRP
          alice liquidation of long3: backstop
          alice #8 accepted
          carol #4 partially filled, 99 of 301 @ 85000: 98 @ 85000 as maker, fee 0
          alice #8 filled, 98 of 98 @ 59500: 98 @ 85000 as taker, fee 0
          alice long3 liquidated: 902 lots for 90200000 with 9020000, realised -980000, liquidating
          alice has 0 + 0 GEM
          alice has 990000000 + 0 XRP
          carol has 500099 + 0 GEM
          carol has 1974415000 + 17170000 XRP
          trade 8: sell 98 @ 85000
          fund has 2510000 XRP
          alice liquidation of long3: deleveraging
          alice long3 liquidated: 502 lots for 50200000 with 5020000, realised -4000000, liquidating
          dave short4 deleveraged: 0 lots for 0 with 0, realised +4000000
          alice has 990000000 + 0 XRP
          dave has 104000000 + 0 XRP
          dave is deleveraged: short4 by 400 for 36000000
          alice liquidation of long3: suspended liquidity
        > GEM/XRP halts at time 16000
          alice #9 accepted
          alice #9 expired, 0 of 502 @ 90000 (collar reached)
          alice has 990000000 + 0 XRP
          alice liquidation of long3: backstop
          alice #10 accepted
          carol #4 partially filled, 181 of 301 @ 85000: 82 @ 85000 as maker, fee 0
          alice #10 filled, 82 of 82 @ 59500: 82 @ 85000 as taker, fee 0
          alice long3 liquidated: 420 lots for 42000000 with 4200000, realised -820000, liquidating
          alice has 0 + 0 GEM
          alice has 990000000 + 0 XRP
          carol has 500181 + 0 GEM
          carol has 1974415000 + 10200000 XRP
          trade 9: sell 82 @ 85000
          fund has 2100000 XRP
          alice liquidation of long3: deleveraging
          alice liquidation of long3: suspended liquidity
          -> done
          GEM/XRP is halted
        > time passes at time 20000
        > GEM/XRP resumes at time 21000
          -> done
          GEM/XRP is open
          alice liquidation of long3: suspended liquidity
        GEM/XRP:
          sell 85001: bob #6 1
          buy  85000: carol #4 120
        alice: 990000000 + 0 XRP
        bob: 499398 + 1 GEM, 1060085000 + 0 XRP
        carol: 500181 + 0 GEM, 1974415000 + 10200000 XRP
        dave: 104000000 + 0 XRP
    "#]],
    );
}

/// Not while the pair is halted, nor without a mark price, nor with an old one.
// G-15, G-21
#[test]
fn no_liquidation_where_the_market_is_not() {
    let text = format!(
        "{LONG}(carol buys 1000 @ 94000)\n(bob sells 1 @ 94000)\n(GEM/XRP halts)\n
        (bob cancels all)
        GEM/XRP resumes
        bob sells 1 @ 94001"
    );
    check(
        World::positions(5_000, 0),
        &text,
        expect![[r#"
        > GEM/XRP resumes
          -> done
          GEM/XRP is open
        > bob sells 1 @ 94001
          -> placed #5
          bob #5 accepted
          bob #5 open, 0 of 1 @ 94001
          alice is called: long2 is critical at 94000, until 3615000
          bob has 498998 + 1 GEM
          book 5: sell 94001 +1
          mark 94000
          alice long2 liquidation: 1000 lots for 100000000 with 10000000, liquidating
          alice liquidation of long2: began for maintenance
          alice #6 accepted
          carol #3 partially filled, 576 of 1000 @ 94000: 575 @ 94000 as maker, fee 0
          alice #6 filled, 575 of 575 @ 90000: 575 @ 94000 as taker, fee 0
          alice long2 liquidated: 425 lots for 42500000 with 6550000, realised -3450000, liquidating
          alice long2 liquidation: 425 lots for 42500000 with 6550000
          alice is called no more for long2
          alice has 0 + 0 GEM
          alice has 990000000 + 0 XRP
          carol has 500576 + 0 GEM
          carol has 1906000000 + 39856000 XRP
          trade 6: sell 575 @ 94000
          alice liquidation of long2: recovered
        GEM/XRP:
          sell 94001: bob #5 1
          buy  94000: carol #3 424
        alice: 990000000 + 0 XRP
        bob: 498998 + 1 GEM, 1100094000 + 0 XRP
        carol: 500576 + 0 GEM, 1906000000 + 39856000 XRP
    "#]],
    );
}

/// Interest alone brings a position down; at a mark price of more than two hours ago nobody is
/// liquidated, until there is a new one.
// G-11, G-15
#[test]
fn an_old_mark_price_liquidates_nobody() {
    let mut world = World::positions(5_000, 0);
    world.config.lending[1].hourly_rate = 20_000_000;
    let text = format!(
        "{LONG}{}
        time passes at time 7200000
        time passes at time 10800000
        (carol buys 500 @ 100000)
        (bob cancels all)
        bob sells 1 @ 100002",
        marks(&[100_000]).replace("bob sells 1 @ 100001", "(bob sells 1 @ 100001)")
    );
    check(
        world,
        &text,
        expect![[r#"
        > time passes at time 7200000
          alice long2 interest: 1000 lots for 100000000 with 10000000, owes 4000000
          alice is called: long2 is critical at 100000, until 10800000
        > time passes at time 10800000
          alice long2 interest: 1000 lots for 100000000 with 10000000, owes 6000000
          alice liquidation of long2: suspended market
        > bob sells 1 @ 100002
          -> placed #7
          bob #7 accepted
          bob #7 open, 0 of 1 @ 100002
          bob has 498998 + 1 GEM
          book 8: sell 100002 +1
          mark 100000
          alice long2 liquidation: 1000 lots for 100000000 with 10000000, owes 6000000, liquidating
          alice liquidation of long2: began for maintenance
          alice #8 accepted
          carol #3 filled, 2 of 2 @ 100000: 1 @ 100000 as maker, fee 0
          alice #8 partially filled, 1 of 600 @ 90000: 1 @ 100000 as taker, fee 0
          alice long2 liquidated: 999 lots for 99900000 with 10000000, owes 6000000, liquidating
          carol #6 filled, 500 of 500 @ 100000: 500 @ 100000 as maker, fee 0
          alice #8 partially filled, 501 of 600 @ 90000: 500 @ 100000 as taker, fee 0
          alice long2 liquidated: 499 lots for 49900000 with 10000000, owes 6000000, liquidating
          alice #8 expired, 501 of 600 @ 90000 (collar reached)
          alice has 0 + 0 GEM
          alice has 990000000 + 0 XRP
          carol has 500502 + 0 GEM
          carol has 1949800000 + 0 XRP
          trade 9: sell 1 @ 100000
          trade 10: sell 500 @ 100000
          alice liquidation of long2: backstop
          mark lost
          alice liquidation of long2: suspended market
        GEM/XRP:
          sell 100002: bob #7 1
        alice: 990000000 + 0 XRP
        bob: 498998 + 1 GEM, 1100100000 + 0 XRP
        carol: 500502 + 0 GEM, 1949800000 + 0 XRP
    "#]],
    );
}

/// The grace counts from the beginning of the call; at its end the position is reduced until the
/// initial ratio is restored.
// G-14
#[test]
fn a_call_has_its_grace() {
    let text = format!(
        "{LONG}(carol buys 700 @ 96000)\n(bob sells 1 @ 96000)\nbob sells 1 @ 96001
        time passes at time 3611999
        time passes at time 3612000"
    );
    check(
        World::positions(5_000, 0),
        &text,
        expect![[r#"
        > bob sells 1 @ 96001
          -> placed #5
          bob #5 accepted
          bob #5 open, 0 of 1 @ 96001
          alice is called: long2 is warning at 96000, until 3612000
          bob has 498998 + 1 GEM
          book 5: sell 96001 +1
          mark 96000
        > time passes at time 3611999
        > time passes at time 3612000
          alice long2 liquidation: 1000 lots for 100000000 with 10000000, liquidating
          alice liquidation of long2: began for grace
          alice #6 accepted
          carol #3 partially filled, 376 of 700 @ 96000: 375 @ 96000 as maker, fee 0
          alice #6 filled, 375 of 375 @ 90000: 375 @ 96000 as taker, fee 0
          alice long2 liquidated: 625 lots for 62500000 with 8500000, realised -1500000, liquidating
          alice long2 liquidation: 625 lots for 62500000 with 8500000
          alice is called no more for long2
          alice has 0 + 0 GEM
          alice has 990000000 + 0 XRP
          carol has 500376 + 0 GEM
          carol has 1932800000 + 31104000 XRP
          trade 6: sell 375 @ 96000
          alice liquidation of long2: recovered
        GEM/XRP:
          sell 96001: bob #5 1
          buy  96000: carol #3 324
        alice: 990000000 + 0 XRP
        bob: 498998 + 1 GEM, 1100096000 + 0 XRP
        carol: 500376 + 0 GEM, 1932800000 + 31104000 XRP
    "#]],
    );
}

/// A position begins to be liquidated: its orders go first.
// G-16, G-22
#[test]
fn what_is_open_is_cancelled_first() {
    let text = format!(
        "{LONG}
        (alice sells 300 @ 110000 reduce-only)
        (alice buys 10 @ 80000 leverage 10)
        (bob sells 1 @ 109000)
        (carol buys 1000 @ 94000)
        bob sells 1 @ 94000"
    );
    check(
        World::positions(5_000, 0),
        &text,
        expect![[r#"
        > bob sells 1 @ 94000
          -> placed #7
          bob #7 accepted
          carol #6 partially filled, 1 of 1000 @ 94000: 1 @ 94000 as maker, fee 0
          bob #7 filled, 1 of 1 @ 94000: 1 @ 94000 as taker, fee 0
          alice is called: long2 is critical at 94000, until 3614000
          bob has 498998 + 1 GEM
          bob has 1100094000 + 0 XRP
          carol has 500001 + 0 GEM
          carol has 1906000000 + 93906000 XRP
          trade 7: sell 1 @ 94000
          mark 94000
          alice long2 liquidation: 1000 lots for 100000000 with 10000000, liquidating
          alice liquidation of long2: began for maintenance
          alice #3 cancelled, 0 of 300 @ 110000 (liquidation)
          book 8: sell 110000 -300
          alice #4 cancelled, 0 of 10 @ 80000 (liquidation)
          alice has 990000000 + 0 XRP
          book 9: buy 80000 -10
          alice #8 accepted
          carol #6 partially filled, 576 of 1000 @ 94000: 575 @ 94000 as maker, fee 0
          alice #8 filled, 575 of 575 @ 90000: 575 @ 94000 as taker, fee 0
          alice long2 liquidated: 425 lots for 42500000 with 6550000, realised -3450000, liquidating
          alice long2 liquidation: 425 lots for 42500000 with 6550000
          alice is called no more for long2
          alice has 0 + 0 GEM
          alice has 990000000 + 0 XRP
          carol has 500576 + 0 GEM
          carol has 1906000000 + 39856000 XRP
          trade 10: sell 575 @ 94000
          alice liquidation of long2: recovered
        GEM/XRP:
          sell 109000: bob #5 1
          buy  94000: carol #6 424
        alice: 990000000 + 0 XRP
        bob: 498998 + 1 GEM, 1100094000 + 0 XRP
        carol: 500576 + 0 GEM, 1906000000 + 39856000 XRP
    "#]],
    );
}

/// Collateral comes in at any time; it leaves down to a tenth of what the position is worth.
// G-10
#[test]
fn collateral_is_added_and_taken_out_to_the_unit() {
    let text = format!(
        "{LONG}
        alice takes 1 from long2
        {}alice takes 1 from long2
        alice adds 0 to long2
        alice adds 10000000 to long2
        alice takes 10000001 from long2
        alice takes 10000000 from long2
        alice adds 1 to long7
        alice adds 990000001 to long2",
        marks(&[100_000]).replace("bob sells 1 @ 100001", "(bob sells 1 @ 100001)")
    );
    check(
        World::positions(5_000, 0),
        &text,
        expect![[r#"
        > alice takes 1 from long2
          -> refused: no mark price
        > alice takes 1 from long2
          -> refused: below initial margin
        > alice adds 0 to long2
          -> refused: zero amount
        > alice adds 10000000 to long2
          -> long2 has 20000000
          alice long2 adjusted: 1000 lots for 100000000 with 20000000
          alice has 980000000 + 0 XRP
        > alice takes 10000001 from long2
          -> refused: below initial margin
        > alice takes 10000000 from long2
          -> long2 has 10000000
          alice long2 adjusted: 1000 lots for 100000000 with 10000000
          alice has 990000000 + 0 XRP
        > alice adds 1 to long7
          -> refused: no position
        > alice adds 990000001 to long2
          -> refused: insufficient balance
        GEM/XRP:
          sell 100001: bob #5 1
          buy  100000: carol #3 1
        alice: 990000000 + 0 XRP
        bob: 498998 + 1 GEM, 1100100000 + 0 XRP
        carol: 500001 + 0 GEM, 1999800000 + 100000 XRP
    "#]],
    );
}

/// Leverage, the position's limit and the pool's, each at it and one beyond.
// G-3, G-4
#[test]
fn who_may_and_how_much() {
    let mut world = World::positions(5_000, 0);
    let terms = *world.config.pairs[0]
        .margin()
        .expect("it is traded on margin");
    let limited = engine::domain::PairMargin {
        max_position: Quantity::new(300).expect("in range"),
        max_open_interest: Quantity::new(500).expect("in range"),
        ..terms
    };
    world.config.pairs[0] = world.config.pairs[0]
        .with_margin(limited)
        .expect("it may be");
    world.config.lending[1] = Lending {
        limit: Amount::new(45_000_000).expect("in range"),
        hourly_rate: 0,
    };
    check(
        world,
        "
        alice buys 301 @ 100000 leverage 10
        alice buys 300 @ 100000 leverage 10.01
        alice buys 300 @ 100000 leverage 10
        alice buys 1 @ 100000 leverage 10
        alice sells 300 @ 130000 leverage 2
        bob buys 201 @ 100000 leverage 10
        bob buys 151 @ 100000 leverage 10
        bob buys 150 @ 100000 leverage 10
        alice amends #1 @ 90000",
        expect![[r#"
            > alice buys 301 @ 100000 leverage 10
              -> refused: position limit
            > alice buys 300 @ 100000 leverage 10.01
              -> refused: leverage out of range
            > alice buys 300 @ 100000 leverage 10
              -> placed #1
              alice #1 accepted
              alice #1 open, 0 of 300 @ 100000
              alice has 997000000 + 3000000 XRP
              book 1: buy 100000 +300
            > alice buys 1 @ 100000 leverage 10
              -> refused: position limit
            > alice sells 300 @ 130000 leverage 2
              -> placed #2
              alice #2 accepted
              alice #2 open, 0 of 300 @ 130000
              alice has 977500000 + 22500000 XRP
              book 2: sell 130000 +300
            > bob buys 201 @ 100000 leverage 10
              -> refused: position limit
            > bob buys 151 @ 100000 leverage 10
              -> refused: pool exhausted
            > bob buys 150 @ 100000 leverage 10
              -> placed #3
              bob #3 accepted
              bob #3 open, 0 of 150 @ 100000
              bob has 998500000 + 1500000 XRP
              book 3: buy 100000 +150
            > alice amends #1 @ 90000
              -> refused: margin not amendable
            GEM/XRP:
              sell 130000: alice #2 300
              buy  100000: alice #1 300, bob #3 150
            alice: 977500000 + 22500000 XRP
            bob: 500000 + 0 GEM, 998500000 + 1500000 XRP
            carol: 500000 + 0 GEM, 2000000000 + 0 XRP
        "#]],
    );
}

/// Reduce-only: its side, its size, its price, and who stands beside it.
// G-9
#[test]
fn a_reduce_only_order_only_reduces() {
    let text = format!(
        "
        alice sells 1 @ 100000 reduce-only
        {LONG}
        alice buys 1 @ 100000 reduce-only
        alice sells 1001 @ 100000 reduce-only
        alice sells 600 @ 89999 reduce-only
        alice sells 600 @ 90000 reduce-only
        alice sells 401 @ 110000 reduce-only
        alice sells 100 @ 110000 leverage 2
        alice sells 400 @ 110000 reduce-only
        carol buys 600 @ 90000"
    );
    check(
        World::positions(5_000, 0),
        &text,
        expect![[r#"
        > alice sells 1 @ 100000 reduce-only
          -> refused: no position
        > alice buys 1 @ 100000 reduce-only
          -> refused: reduce only exceeds position
        > alice sells 1001 @ 100000 reduce-only
          -> refused: reduce only exceeds position
        > alice sells 600 @ 89999 reduce-only
          -> refused: beyond bankruptcy
        > alice sells 600 @ 90000 reduce-only
          -> placed #3
          alice #3 accepted
          alice #3 open, 0 of 600 @ 90000
          book 3: sell 90000 +600
        > alice sells 401 @ 110000 reduce-only
          -> refused: reduce only exceeds position
        > alice sells 100 @ 110000 leverage 2
          -> refused: orders conflict
        > alice sells 400 @ 110000 reduce-only
          -> placed #4
          alice #4 accepted
          alice #4 open, 0 of 400 @ 110000
          book 4: sell 110000 +400
        > carol buys 600 @ 90000
          -> placed #5
          carol #5 accepted
          alice #3 filled, 600 of 600 @ 90000: 600 @ 90000 as maker, fee 0
          carol #5 filled, 600 of 600 @ 90000: 600 @ 90000 as taker, fee 0
          alice long2 reduced: 400 lots for 40000000 with 4000000, realised -6000000
          alice has 0 + 0 GEM
          alice has 990000000 + 0 XRP
          carol has 500600 + 0 GEM
          carol has 1946000000 + 0 XRP
          trade 5: buy 600 @ 90000
        GEM/XRP:
          sell 110000: alice #4 400
        alice: 990000000 + 0 XRP
        bob: 499000 + 0 GEM, 1100000000 + 0 XRP
        carol: 500600 + 0 GEM, 1946000000 + 0 XRP
    "#]],
    );
}

/// A short's reduce-only buy sets aside what it may cost; a short can always be closed.
// G-9, G-10
#[test]
fn a_short_closes_and_sets_aside() {
    let text = format!(
        "{SHORT}
        alice buys 1000 @ 110001 reduce-only
        alice buys 500 @ 110000 reduce-only
        alice buys 500 @ 110000 reduce-only
        alice takes 1 from short2
        (bob sells 1000 @ 105000)
        (alice sells 1000 @ 100000 leverage 10)
        (carol buys 1000 @ 100000)
        (alice buys 400 @ 104000 reduce-only)
        (bob sells 1000 @ 105000)
        alice closes short8
        alice closes short8"
    );
    check(
        World::positions(0, 0),
        &text,
        expect![[r#"
        > alice buys 1000 @ 110001 reduce-only
          -> refused: beyond bankruptcy
        > alice buys 500 @ 110000 reduce-only
          -> placed #3
          alice #3 accepted
          alice #3 open, 0 of 500 @ 110000
          book 3: buy 110000 +500
        > alice buys 500 @ 110000 reduce-only
          -> placed #4
          alice #4 accepted
          alice #4 open, 0 of 500 @ 110000
          book 4: buy 110000 +500
        > alice takes 1 from short2
          -> refused: no mark price
        > alice closes short8
          alice #8 cancelled, 0 of 400 @ 104000 (closing)
          book 11: buy 104000 -400
          mark lost
          -> placed #10
          alice #10 accepted
          bob #9 filled, 1000 of 1000 @ 105000: 1000 @ 105000 as maker, fee 0
          alice #10 filled, 1000 of 1000 @ 110000: 1000 @ 105000 as taker, fee 0
          alice short8 closed: 0 lots for 0 with 0, realised -5000000
          alice has 0 + 0 GEM
          alice has 985000000 + 0 XRP
          bob has 498000 + 0 GEM
          bob has 1215000000 + 0 XRP
          trade 12: buy 1000 @ 105000
        > alice closes short8
          -> refused: no position
        alice: 985000000 + 0 XRP
        bob: 498000 + 0 GEM, 1215000000 + 0 XRP
        carol: 502000 + 0 GEM, 1800000000 + 0 XRP
    "#]],
    );
}

/// A fill grows a position, shrinks it with a gain and a loss, and flips it under a new name.
// G-5, G-6, G-7, G-8
#[test]
fn fills_grow_shrink_close_and_flip() {
    let text = "
        (bob sells 10 @ 100000)
        alice buys 10 @ 100000 leverage 10
        (bob sells 20 @ 110000)
        alice buys 20 @ 110000 leverage 5
        (carol buys 5 @ 120000)
        alice sells 5 @ 120000 reduce-only
        (carol buys 5 @ 100000)
        alice sells 5 @ 100000 leverage 4
        (carol buys 50 @ 110000)
        alice sells 50 @ 110000 leverage 10";
    check(
        World::positions(5_000, 0),
        text,
        expect![[r#"
        > alice buys 10 @ 100000 leverage 10
          -> placed #2
          alice #2 accepted
          bob #1 filled, 10 of 10 @ 100000: 10 @ 100000 as maker, fee 0
          alice #2 filled, 10 of 10 @ 100000: 10 @ 100000 as taker, fee 0
          alice long2 opened: 10 lots for 1000000 with 100000
          alice has 0 + 0 GEM
          alice has 999900000 + 0 XRP
          bob has 499990 + 0 GEM
          bob has 1001000000 + 0 XRP
          trade 2: buy 10 @ 100000
        > alice buys 20 @ 110000 leverage 5
          -> placed #4
          alice #4 accepted
          bob #3 filled, 20 of 20 @ 110000: 20 @ 110000 as maker, fee 0
          alice #4 filled, 20 of 20 @ 110000: 20 @ 110000 as taker, fee 0
          alice long2 grown: 30 lots for 3200000 with 540000
          alice has 0 + 0 GEM
          alice has 999460000 + 0 XRP
          bob has 499970 + 0 GEM
          bob has 1003200000 + 0 XRP
          trade 4: buy 20 @ 110000
        > alice sells 5 @ 120000 reduce-only
          -> placed #6
          alice #6 accepted
          carol #5 filled, 5 of 5 @ 120000: 5 @ 120000 as maker, fee 0
          alice #6 filled, 5 of 5 @ 120000: 5 @ 120000 as taker, fee 0
          alice long2 reduced: 25 lots for 2666667 with 540000, realised +66667
          alice has 0 + 0 GEM
          alice has 999526667 + 0 XRP
          carol has 500005 + 0 GEM
          carol has 1999400000 + 0 XRP
          trade 6: sell 5 @ 120000
        > alice sells 5 @ 100000 leverage 4
          -> placed #8
          alice #8 accepted
          carol #7 filled, 5 of 5 @ 100000: 5 @ 100000 as maker, fee 0
          alice #8 filled, 5 of 5 @ 100000: 5 @ 100000 as taker, fee 0
          alice long2 reduced: 20 lots for 2133334 with 506667, realised -33333
          alice has 0 + 0 GEM
          alice has 999526667 + 0 XRP
          carol has 500010 + 0 GEM
          carol has 1998900000 + 0 XRP
          trade 8: sell 5 @ 100000
        > alice sells 50 @ 110000 leverage 10
          -> placed #10
          alice #10 accepted
          carol #9 filled, 50 of 50 @ 110000: 50 @ 110000 as maker, fee 0
          alice #10 filled, 50 of 50 @ 110000: 50 @ 110000 as taker, fee 0
          alice long2 closed: 0 lots for 0 with 0, realised +66666
          alice short10 opened: 30 lots for 3300000 with 330000
          alice has 0 + 0 GEM
          alice has 999770000 + 0 XRP
          carol has 500060 + 0 GEM
          carol has 1993400000 + 0 XRP
          trade 10: sell 50 @ 110000
        alice: 999770000 + 0 XRP
        bob: 499970 + 0 GEM, 1003200000 + 0 XRP
        carol: 500060 + 0 GEM, 1993400000 + 0 XRP
    "#]],
    );
}

/// Interest is owed on the hour, rounded up, counts at once and is paid at the end.
// G-11
#[test]
fn interest_is_owed_each_hour_and_paid_at_the_end() {
    let mut world = World::positions(5_000, 0);
    world.config.lending[1].hourly_rate = 1_000_001;
    let text = format!(
        "{LONG}
        time passes at time 3599999
        time passes at time 3600000
        time passes at time 10800001
        carol buys 1000 @ 100000
        alice closes long2"
    );
    check(
        world,
        &text,
        expect![[r#"
        > time passes at time 3599999
        > time passes at time 3600000
          alice long2 interest: 1000 lots for 100000000 with 10000000, owes 100001
        > time passes at time 10800001
          alice long2 interest: 1000 lots for 100000000 with 10000000, owes 300003
        > carol buys 1000 @ 100000
          -> placed #3
          carol #3 accepted
          carol #3 open, 0 of 1000 @ 100000
          carol has 1900000000 + 100000000 XRP
          book 3: buy 100000 +1000
        > alice closes long2
          -> placed #4
          alice #4 accepted
          carol #3 filled, 1000 of 1000 @ 100000: 1000 @ 100000 as maker, fee 0
          alice #4 filled, 1000 of 1000 @ 90000: 1000 @ 100000 as taker, fee 0
          alice long2 closed: 0 lots for 0 with 0
          alice has 0 + 0 GEM
          alice has 999699997 + 0 XRP
          carol has 501000 + 0 GEM
          carol has 1900000000 + 0 XRP
          trade 4: sell 1000 @ 100000
        alice: 999699997 + 0 XRP
        bob: 499000 + 0 GEM, 1100000000 + 0 XRP
        carol: 501000 + 0 GEM, 1900000000 + 0 XRP
    "#]],
    );
}

/// Where an owner's own order closes for less than the position owes, the rest is a debt; the
/// fund pays it when it has something.
// G-19, G-23
#[test]
fn a_debt_is_paid_by_the_fund() {
    let text = "
        (bob sells 10 @ 100000)
        (alice buys 10 @ 100000 leverage 10)
        (alice sells 20 @ 91000 stop 92000 leverage 2)
        (bob sells 10 @ 129000)
        (alice buys 10 @ 129000 leverage 10)
        (carol buys 30 @ 91000)
        bob sells 1 @ 91000
        fund gets 100000 XRP
        fund gets 300000 XRP
        fund gives 300000 XRP
        pool gives 1000000001 XRP
        pool gives 0 XRP";
    check(
        World::positions(5_000, 0),
        text,
        expect![[r#"
        > bob sells 1 @ 91000
          -> placed #7
          bob #7 accepted
          carol #6 partially filled, 1 of 30 @ 91000: 1 @ 91000 as maker, fee 0
          bob #7 filled, 1 of 1 @ 91000: 1 @ 91000 as taker, fee 0
          alice #3 pending, 0 of 20 @ 91000 (triggered)
          carol #6 partially filled, 21 of 30 @ 91000: 20 @ 91000 as maker, fee 0
          alice #3 filled, 20 of 20 @ 91000: 20 @ 91000 as taker, fee 0
          alice long2 closed: 0 lots for 0 with 0, realised -470000
          alice has 0 + 0 GEM
          alice has 999771000 + 0 XRP
          bob has 499979 + 0 GEM
          bob has 1002381000 + 0 XRP
          carol has 500021 + 0 GEM
          carol has 1997270000 + 819000 XRP
          trade 6: sell 1 @ 91000
          trade 7: sell 20 @ 91000
        > fund gets 100000 XRP
          -> booked, 100000 free
          fund has 100000 XRP
        > fund gets 300000 XRP
          -> booked, 300000 free
          fund has 300000 XRP
        > fund gives 300000 XRP
          -> refused: insufficient reserve
        > pool gives 1000000001 XRP
          -> refused: insufficient reserve
        > pool gives 0 XRP
          -> refused: zero amount
        GEM/XRP:
          buy  91000: carol #6 9
        alice: 999771000 + 0 XRP
        bob: 499979 + 0 GEM, 1002381000 + 0 XRP
        carol: 500021 + 0 GEM, 1997270000 + 819000 XRP
    "#]],
    );
}

/// The mark price is kept within the band around the index, and there is none without one.
// G-12, G-24
#[test]
fn the_index_keeps_the_mark_price() {
    let mut world = World::positions(5_000, 0);
    let terms = *world.config.pairs[0]
        .margin()
        .expect("it is traded on margin");
    let banded = engine::domain::PairMargin {
        index_band: Some(100),
        ..terms
    };
    world.config.pairs[0] = world.config.pairs[0]
        .with_margin(banded)
        .expect("it may be");
    check(
        world,
        "
        (carol buys 2 @ 100000)
        (bob sells 1 @ 100000)
        bob sells 1 @ 100001
        GEM/XRP index 100000
        GEM/XRP index 99009
        GEM/XRP index 99008
        GEM/XRP index 101012
        GEM/XRP index lost",
        expect![[r#"
            > bob sells 1 @ 100001
              -> placed #3
              bob #3 accepted
              bob #3 open, 0 of 1 @ 100001
              bob has 499998 + 1 GEM
              book 3: sell 100001 +1
            > GEM/XRP index 100000
              -> done
              mark 100000
            > GEM/XRP index 99009
              -> done
              mark 99999
            > GEM/XRP index 99008
              -> done
              mark 99998
            > GEM/XRP index 101012
              -> done
              mark 100002
            > GEM/XRP index lost
              -> done
              mark lost
            GEM/XRP:
              sell 100001: bob #3 1
              buy  100000: carol #1 1
            alice: 1000000000 + 0 XRP
            bob: 499998 + 1 GEM, 1000100000 + 0 XRP
            carol: 500001 + 0 GEM, 1999800000 + 100000 XRP
        "#]],
    );
}
