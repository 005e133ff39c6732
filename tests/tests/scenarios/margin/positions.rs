//! Positions as orders and their owners change them.

use engine::domain::{Amount, Lending, Quantity};
use expect_test::expect;
use testkit::world::World;

use super::{LONG, SHORT, check, marks};

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
