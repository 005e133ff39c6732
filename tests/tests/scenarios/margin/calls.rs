//! Margin calls and thresholds, to the tick.

use expect_test::expect;
use testkit::world::World;

use super::{LONG, SHORT, check, marks};

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
              mark lost
              alice liquidation of long2: backstop
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
              mark lost
              alice liquidation of short2: backstop
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
              mark lost
              alice liquidation of long2: backstop
              alice liquidation of long2: suspended market
            GEM/XRP:
              sell 90001: bob #8 1
            alice: 990000000 + 0 XRP
            bob: 498997 + 1 GEM, 1100180001 + 0 XRP
            carol: 500003 + 0 GEM, 1999729999 + 0 XRP
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
