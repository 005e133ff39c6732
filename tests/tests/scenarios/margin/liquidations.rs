//! Liquidation, what comes after it, and where there is none.

use expect_test::expect;
use testkit::world::World;

use super::{LONG, check, marks};

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
              alice #11 accepted
              alice #11 expired, 0 of 420 @ 90000 (collar reached)
              alice has 990000000 + 0 XRP
              alice liquidation of long3: backstop
              alice #12 accepted
              carol #4 partially filled, 249 of 301 @ 85000: 68 @ 85000 as maker, fee 0
              alice #12 filled, 68 of 68 @ 59500: 68 @ 85000 as taker, fee 0
              alice long3 liquidated: 352 lots for 35200000 with 3520000, realised -680000, liquidating
              alice has 0 + 0 GEM
              alice has 990000000 + 0 XRP
              carol has 500249 + 0 GEM
              carol has 1974415000 + 4420000 XRP
              trade 10: sell 68 @ 85000
              fund has 1760000 XRP
              alice liquidation of long3: deleveraging
              alice liquidation of long3: suspended liquidity
            GEM/XRP:
              sell 85001: bob #6 1
              buy  85000: carol #4 52
            alice: 990000000 + 0 XRP
            bob: 499398 + 1 GEM, 1060085000 + 0 XRP
            carol: 500249 + 0 GEM, 1974415000 + 4420000 XRP
            dave: 104000000 + 0 XRP
        "#]],
    );
}

/// A reduction at the end of a grace leaves the ratio at most m, and nobody takes the rest: it waits.
/// When the ratio is above m again it ends, and what was not reduced waits another grace.
// G-14, G-21
#[test]
fn a_reduction_that_waits_ends_when_the_ratio_is_above_m_again() {
    let text = format!(
        "{LONG}(carol buys 2 @ 96000)\n(bob sells 1 @ 96000)\n(bob sells 1 @ 96001)
        (carol buys 1 @ 94000)
        (carol buys 5 @ 85000)
        time passes at time 3612000
        bob buys 1 @ 95000 at time 3612500
        time passes at time 7212499
        time passes at time 7212500"
    );
    check(
        World::positions(5_000, 0),
        &text,
        expect![[r#"
        > time passes at time 3612000
          alice long2 liquidation: 1000 lots for 100000000 with 10000000, liquidating
          alice liquidation of long2: began for grace
          alice #8 accepted
          carol #3 filled, 2 of 2 @ 96000: 1 @ 96000 as maker, fee 0
          alice #8 partially filled, 1 of 375 @ 90000: 1 @ 96000 as taker, fee 0
          alice long2 liquidated: 999 lots for 99900000 with 9996000, realised -4000, liquidating
          carol #6 filled, 1 of 1 @ 94000: 1 @ 94000 as maker, fee 0
          alice #8 partially filled, 2 of 375 @ 90000: 1 @ 94000 as taker, fee 0
          alice long2 liquidated: 998 lots for 99800000 with 9990000, realised -6000, liquidating
          alice #8 expired, 2 of 375 @ 90000 (collar reached)
          alice is called: long2 is critical at 94000, until 3612000
          alice has 0 + 0 GEM
          alice has 990000000 + 0 XRP
          carol has 500003 + 0 GEM
          carol has 1999289000 + 425000 XRP
          trade 8: sell 1 @ 96000
          trade 9: sell 1 @ 94000
          mark 94000
          alice liquidation of long2: backstop
          alice liquidation of long2: suspended liquidity
        > bob buys 1 @ 95000 at time 3612500
          -> placed #9
          bob #9 accepted
          bob #9 open, 0 of 1 @ 95000
          bob has 1100001000 + 95000 XRP
          book 10: buy 95000 +1
          mark 95000
          alice long2 liquidation: 998 lots for 99800000 with 9990000
          alice liquidation of long2: recovered
        > time passes at time 7212499
        > time passes at time 7212500
          alice long2 liquidation: 998 lots for 99800000 with 9990000, liquidating
          alice liquidation of long2: began for grace
          alice #10 accepted
          bob #9 filled, 1 of 1 @ 95000: 1 @ 95000 as maker, fee 0
          alice #10 partially filled, 1 of 472 @ 89990: 1 @ 95000 as taker, fee 0
          alice long2 liquidated: 997 lots for 99700000 with 9985000, realised -5000, liquidating
          alice #10 expired, 1 of 472 @ 89990 (collar reached)
          alice long2 liquidation: 997 lots for 99700000 with 9985000
          alice has 0 + 0 GEM
          alice has 990000000 + 0 XRP
          bob has 498999 + 1 GEM
          bob has 1100001000 + 0 XRP
          trade 11: sell 1 @ 95000
          alice liquidation of long2: recovered
        GEM/XRP:
          sell 96001: bob #5 1
          buy  85000: carol #7 5
        alice: 990000000 + 0 XRP
        bob: 498999 + 1 GEM, 1100001000 + 0 XRP
        carol: 500003 + 0 GEM, 1999289000 + 425000 XRP
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
              mark lost
              alice liquidation of long2: backstop
              alice liquidation of long2: suspended market
            GEM/XRP:
              sell 100002: bob #7 1
            alice: 990000000 + 0 XRP
            bob: 498998 + 1 GEM, 1100100000 + 0 XRP
            carol: 500502 + 0 GEM, 1949800000 + 0 XRP
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
              fund has 0 XRP
            > fund gets 300000 XRP
              -> booked, 300000 free
              fund has 300000 XRP
              fund has 159000 XRP
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
