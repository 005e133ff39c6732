//! Every type of order as a trader sees it: what is held, what is said, and what is left.

use engine::domain::CircuitBreaker;
use expect_test::expect;
use testkit::world::{Terms, World};

use super::{check, check_on};

fn with_fees() -> World {
    World::of(Terms {
        maker_fee: 10,
        taker_fee: 20,
        ..Terms::plain()
    })
}

/// With a circuit breaker of 5% that halts for a second.
fn with_breaker() -> World {
    let mut world = World::of(Terms::plain());
    let (band, halt_ms) = (500, 1_000);
    let pair = &mut world.config.pairs[0];
    let breaker = pair.with_breaker(CircuitBreaker { band, halt_ms });
    *pair = breaker.expect("a breaker that may be");
    world
}

/// A stop that becomes a market order holds its collar, comes in without holding more, and gives
/// back what it does not need. What it is set off by is said first.
// L-25, M-21, M-23
#[test]
fn a_stop_buy_holds_its_collar_and_no_more() {
    check_on(
        with_fees(),
        "
        (alice sells 5 @ 100)
        (bob buys 1 @ 100)
        (alice sells 5 @ 104)
        (alice sells 9 @ 106)
        carol buys 5 at market stop 104
        bob buys 6 @ 104",
        expect![[r#"
            > carol buys 5 at market stop 104
              -> placed #5
              carol #5 accepted
              carol #5 pending, 0 of 5 @ 156
              carol has 99218 + 782 XRP
            > bob buys 6 @ 104
              -> placed #6
              bob #6 accepted
              alice #1 filled, 5 of 5 @ 100: 4 @ 100 as maker, fee 0
              bob #6 partially filled, 4 of 6 @ 104: 4 @ 100 as taker, fee 1
              alice #3 partially filled, 2 of 5 @ 104: 2 @ 104 as maker, fee 1
              bob #6 filled, 6 of 6 @ 104: 2 @ 104 as taker, fee 1
              carol #5 pending, 0 of 5 @ 156 (triggered)
              alice #3 filled, 5 of 5 @ 104: 3 @ 104 as maker, fee 0
              carol #5 partially filled, 3 of 5 @ 156: 3 @ 104 as taker, fee 1
              alice #4 partially filled, 2 of 9 @ 106: 2 @ 106 as maker, fee 1
              carol #5 filled, 5 of 5 @ 156: 2 @ 106 as taker, fee 1
              alice has 981 + 7 GEM
              alice has 101229 + 0 XRP
              bob has 1007 + 0 GEM
              bob has 99289 + 0 XRP
              carol has 1005 + 0 GEM
              carol has 99474 + 0 XRP
              trade 5: buy 4 @ 100
              trade 6: buy 2 @ 104
              trade 7: buy 3 @ 104
              trade 8: buy 2 @ 106
            GEM/XRP:
              sell 106: alice #4 7
            alice: 981 + 7 GEM, 101229 + 0 XRP
            bob: 1007 + 0 GEM, 99289 + 0 XRP
            carol: 1005 + 0 GEM, 99474 + 0 XRP
            fees: 8 XRP
        "#]],
    );
}

/// One order, one hold: base for a seller, whichever way it goes.
// L-26, M-25
#[test]
fn an_oco_sell_holds_once() {
    check(
        "
        (bob buys 1 @ 100)
        (alice sells 1 @ 100)
        alice sells 6 @ 110 oco 95 then 94
        bob buys 2 @ 110
        (bob buys 1 @ 95)
        (bob buys 9 @ 94)
        carol sells 1 @ 95",
        expect![[r#"
            > alice sells 6 @ 110 oco 95 then 94
              -> placed #3
              alice #3 accepted
              alice #3 open, 0 of 6 @ 110
              alice has 993 + 6 GEM
              book 3: sell 110 +6
            > bob buys 2 @ 110
              -> placed #4
              bob #4 accepted
              alice #3 partially filled, 2 of 6 @ 110: 2 @ 110 as maker, fee 0
              bob #4 filled, 2 of 2 @ 110: 2 @ 110 as taker, fee 0
              alice has 993 + 4 GEM
              alice has 100320 + 0 XRP
              bob has 1003 + 0 GEM
              bob has 99680 + 0 XRP
              trade 4: buy 2 @ 110
            > carol sells 1 @ 95
              -> placed #7
              carol #7 accepted
              bob #5 filled, 1 of 1 @ 95: 1 @ 95 as maker, fee 0
              carol #7 filled, 1 of 1 @ 95: 1 @ 95 as taker, fee 0
              alice #3 partially filled, 2 of 6 @ 94 (triggered)
              bob #6 partially filled, 4 of 9 @ 94: 4 @ 94 as maker, fee 0
              alice #3 filled, 6 of 6 @ 94: 4 @ 94 as taker, fee 0
              alice has 993 + 0 GEM
              alice has 100696 + 0 XRP
              bob has 1008 + 0 GEM
              bob has 98739 + 470 XRP
              carol has 999 + 0 GEM
              carol has 100095 + 0 XRP
              trade 7: sell 1 @ 95
              book 8: sell 110 -4
              trade 9: sell 4 @ 94
            GEM/XRP:
              buy  94: bob #6 5
            alice: 993 + 0 GEM, 100696 + 0 XRP
            bob: 1008 + 0 GEM, 98739 + 470 XRP
            carol: 999 + 0 GEM, 100095 + 0 XRP
        "#]],
    );
}

/// A buyer holds for the worse of the two prices; when the stop is reached it holds for that alone,
/// and a cancel gives all back.
// L-26, L-8, M-25
#[test]
fn an_oco_buy_holds_for_the_worse_price() {
    check(
        "
        (bob buys 1 @ 100)
        (alice sells 1 @ 100)
        carol buys 6 @ 90 oco 110 then 112
        (alice sells 1 @ 110)
        bob buys 1 @ 110
        carol cancels #3",
        expect![[r#"
            > carol buys 6 @ 90 oco 110 then 112
              -> placed #3
              carol #3 accepted
              carol #3 open, 0 of 6 @ 90
              carol has 99328 + 672 XRP
              book 3: buy 90 +6
            > bob buys 1 @ 110
              -> placed #5
              bob #5 accepted
              alice #4 filled, 1 of 1 @ 110: 1 @ 110 as maker, fee 0
              bob #5 filled, 1 of 1 @ 110: 1 @ 110 as taker, fee 0
              carol #3 open, 0 of 6 @ 112 (triggered)
              carol #3 open, 0 of 6 @ 112
              alice has 998 + 0 GEM
              alice has 100210 + 0 XRP
              bob has 1002 + 0 GEM
              bob has 99790 + 0 XRP
              carol has 99328 + 672 XRP
              trade 5: buy 1 @ 110
              book 6: buy 90 -6
              book 7: buy 112 +6
            > carol cancels #3
              -> cancelled #3, 0 filled
              carol #3 cancelled, 0 of 6 @ 112 (cancel requested)
              carol has 100000 + 0 XRP
              book 8: buy 112 -6
            alice: 998 + 0 GEM, 100210 + 0 XRP
            bob: 1002 + 0 GEM, 99790 + 0 XRP
            carol: 1000 + 0 GEM, 100000 + 0 XRP
        "#]],
    );
}

/// All of it is held for, what shows is in the book, and it is filled as one order.
// L-27, M-26
#[test]
fn an_iceberg_is_one_order() {
    check(
        "
        alice sells 10 @ 100 showing 4
        (bob sells 1 @ 100)
        carol buys 6 @ 100
        alice amends #1 to 8
        alice amends #1 to 7
        carol buys 9 @ 100",
        expect![[r#"
            > alice sells 10 @ 100 showing 4
              -> placed #1
              alice #1 accepted
              alice #1 open, 0 of 10 @ 100
              alice has 990 + 10 GEM
              book 1: sell 100 +4
            > carol buys 6 @ 100
              -> placed #3
              carol #3 accepted
              alice #1 partially filled, 4 of 10 @ 100: 4 @ 100 as maker, fee 0
              carol #3 partially filled, 4 of 6 @ 100: 4 @ 100 as taker, fee 0
              bob #2 filled, 1 of 1 @ 100: 1 @ 100 as maker, fee 0
              carol #3 partially filled, 5 of 6 @ 100: 1 @ 100 as taker, fee 0
              alice #1 partially filled, 5 of 10 @ 100: 1 @ 100 as maker, fee 0
              carol #3 filled, 6 of 6 @ 100: 1 @ 100 as taker, fee 0
              alice has 990 + 5 GEM
              alice has 100500 + 0 XRP
              bob has 999 + 0 GEM
              bob has 100100 + 0 XRP
              carol has 1006 + 0 GEM
              carol has 99400 + 0 XRP
              trade 3: buy 4 @ 100
              book 4: sell 100 +4
              trade 5: buy 1 @ 100
              trade 6: buy 1 @ 100
            > alice amends #1 to 8
              -> amended #1 to 8 @ 100, 3 left
              alice #1 partially filled, 5 of 8 @ 100 (amended)
              alice has 992 + 3 GEM
            > alice amends #1 to 7
              -> amended #1 to 7 @ 100, 2 left
              alice #1 partially filled, 5 of 7 @ 100 (amended)
              alice has 993 + 2 GEM
              book 7: sell 100 -1
            > carol buys 9 @ 100
              -> placed #4
              carol #4 accepted
              alice #1 filled, 7 of 7 @ 100: 2 @ 100 as maker, fee 0
              carol #4 partially filled, 2 of 9 @ 100: 2 @ 100 as taker, fee 0
              alice has 993 + 0 GEM
              alice has 100700 + 0 XRP
              carol has 1008 + 0 GEM
              carol has 98500 + 700 XRP
              trade 8: buy 2 @ 100
              book 9: buy 100 +7
            GEM/XRP:
              buy  100: carol #4 7
            alice: 993 + 0 GEM, 100700 + 0 XRP
            bob: 999 + 0 GEM, 100100 + 0 XRP
            carol: 1008 + 0 GEM, 98500 + 700 XRP
        "#]],
    );
}

/// It is told to wait as pending, can be amended within the band around its trigger, and cancelled.
// L-25, L-24, M-18
#[test]
fn a_waiting_stop_is_pending() {
    check(
        "
        (bob buys 1 @ 100)
        (alice sells 1 @ 100)
        alice sells 5 @ 89 stop 90
        alice amends #3 @ 90 to 4
        alice amends #3 @ 200
        bob buys 1 @ 100 stop 100
        alice cancels #3
        alice cancels #3",
        expect![[r#"
            > alice sells 5 @ 89 stop 90
              -> placed #3
              alice #3 accepted
              alice #3 pending, 0 of 5 @ 89
              alice has 994 + 5 GEM
            > alice amends #3 @ 90 to 4
              -> amended #3 to 4 @ 90, 4 left
              alice #3 pending, 0 of 4 @ 90 (amended)
              alice has 995 + 4 GEM
            > alice amends #3 @ 200
              -> refused: price outside band
            > bob buys 1 @ 100 stop 100
              -> refused: would trigger immediately
            > alice cancels #3
              -> cancelled #3, 0 filled
              alice #3 cancelled, 0 of 4 @ 90 (cancel requested)
              alice has 999 + 0 GEM
            > alice cancels #3
              -> cancelled #3, 0 filled
            alice: 999 + 0 GEM, 100100 + 0 XRP
            bob: 1001 + 0 GEM, 99900 + 0 XRP
            carol: 1000 + 0 GEM, 100000 + 0 XRP
        "#]],
    );
}

/// A trailing stop has a collar for a price, which nobody can amend; it follows, is set off, and
/// drops its rest.
// L-25, L-30, M-24
#[test]
fn a_trailing_stop_follows() {
    check(
        "
        (bob buys 1 @ 100)
        (alice sells 1 @ 100)
        alice sells 5 at market trailing 5
        alice amends #3 @ 90
        (bob sells 1 @ 110)
        (carol buys 1 @ 110)
        (bob buys 1 @ 105)
        (bob buys 2 @ 60)
        carol sells 1 @ 105",
        expect![[r#"
            > alice sells 5 at market trailing 5
              -> placed #3
              alice #3 accepted
              alice #3 pending, 0 of 5 @ 48
              alice has 994 + 5 GEM
            > alice amends #3 @ 90
              -> refused: price not amendable
            > carol sells 1 @ 105
              -> placed #8
              carol #8 accepted
              bob #6 filled, 1 of 1 @ 105: 1 @ 105 as maker, fee 0
              carol #8 filled, 1 of 1 @ 105: 1 @ 105 as taker, fee 0
              alice #3 pending, 0 of 5 @ 53 (triggered)
              bob #7 filled, 2 of 2 @ 60: 2 @ 60 as maker, fee 0
              alice #3 partially filled, 2 of 5 @ 53: 2 @ 60 as taker, fee 0
              alice #3 expired, 2 of 5 @ 53 (collar reached)
              alice has 997 + 0 GEM
              alice has 100220 + 0 XRP
              bob has 1003 + 0 GEM
              bob has 99785 + 0 XRP
              carol has 1000 + 0 GEM
              carol has 99995 + 0 XRP
              trade 7: sell 1 @ 105
              trade 8: sell 2 @ 60
            alice: 997 + 0 GEM, 100220 + 0 XRP
            bob: 1003 + 0 GEM, 99785 + 0 XRP
            carol: 1000 + 0 GEM, 99995 + 0 XRP
        "#]],
    );
}

/// A market buy pays its collar at most: what costs more stays, and the rest of the hold is free.
// L-16, M-9, M-7
#[test]
fn a_market_buy_never_spends_beyond_its_collar() {
    check(
        "
        (alice sells 1 @ 110)
        (bob buys 1 @ 110)
        (bob sells 5 @ 151)
        (alice sells 2 @ 149)
        (alice sells 5 @ 150)
        (alice sells 1 @ 100)
        (bob buys 1 @ 100)
        carol buys 9 at market",
        expect![[r#"
            > carol buys 9 at market
              -> placed #8
              carol #8 accepted
              alice #4 filled, 2 of 2 @ 149: 2 @ 149 as maker, fee 0
              carol #8 partially filled, 2 of 9 @ 150: 2 @ 149 as taker, fee 0
              alice #5 filled, 5 of 5 @ 150: 5 @ 150 as maker, fee 0
              carol #8 partially filled, 7 of 9 @ 150: 5 @ 150 as taker, fee 0
              carol #8 expired, 7 of 9 @ 150 (collar reached)
              alice has 991 + 0 GEM
              alice has 101258 + 0 XRP
              carol has 1007 + 0 GEM
              carol has 98952 + 0 XRP
              trade 8: buy 2 @ 149
              trade 9: buy 5 @ 150
            GEM/XRP:
              sell 151: bob #3 5
            alice: 991 + 0 GEM, 101258 + 0 XRP
            bob: 997 + 5 GEM, 99790 + 0 XRP
            carol: 1007 + 0 GEM, 98952 + 0 XRP
        "#]],
    );
}

/// What is good till a time ends at that time, before anything that is asked then, and a waiting
/// stop too.
// L-29, L-24
#[test]
fn orders_end_at_their_time() {
    check(
        "
        alice sells 5 @ 100 until 19000 at time 15000
        alice sells 5 @ 90 stop 80 until 19000 at time 15000
        bob buys 5 @ 100 until 15000 at time 15000
        bob buys 5 @ 100 ioc until 16000 at time 15000
        time passes at time 18999
        bob buys 5 @ 100 at time 19000",
        expect![[r#"
            > alice sells 5 @ 100 until 19000 at time 15000
              -> placed #1
              alice #1 accepted
              alice #1 open, 0 of 5 @ 100
              alice has 995 + 5 GEM
              book 1: sell 100 +5
            > alice sells 5 @ 90 stop 80 until 19000 at time 15000
              -> placed #2
              alice #2 accepted
              alice #2 pending, 0 of 5 @ 90
              alice has 990 + 10 GEM
            > bob buys 5 @ 100 until 15000 at time 15000
              -> refused: expiry in past
            > bob buys 5 @ 100 ioc until 16000 at time 15000
              -> refused: option not for order type
            > time passes at time 18999
            > bob buys 5 @ 100 at time 19000
              alice #1 expired, 0 of 5 @ 100 (expired)
              alice has 995 + 5 GEM
              book 2: sell 100 -5
              alice #2 expired, 0 of 5 @ 90 (expired)
              alice has 1000 + 0 GEM
              -> placed #3
              bob #3 accepted
              bob #3 open, 0 of 5 @ 100
              bob has 99500 + 500 XRP
              book 3: buy 100 +5
            GEM/XRP:
              buy  100: bob #3 5
            alice: 1000 + 0 GEM, 100000 + 0 XRP
            bob: 1000 + 0 GEM, 99500 + 500 XRP
            carol: 1000 + 0 GEM, 100000 + 0 XRP
        "#]],
    );
}

/// All open orders of a user at the time of the switch, unless it was set anew or taken back.
// L-28, L-29
#[test]
fn the_dead_man_switch() {
    check(
        "
        (alice sells 5 @ 100)
        (alice sells 5 @ 90 stop 80)
        alice cancels all after 5000 at time 20000
        alice cancels all after 5000 at time 24000
        time passes at time 25000
        time passes at time 29000
        (alice sells 5 @ 100)
        alice cancels all after 5000 at time 40000
        alice cancels all after 0 at time 41000
        time passes at time 45000
        alice cancels all disconnected",
        expect![[r#"
            > alice cancels all after 5000 at time 20000
              -> all cancelled at 25000
            > alice cancels all after 5000 at time 24000
              -> all cancelled at 29000
            > time passes at time 25000
            > time passes at time 29000
              alice #1 cancelled, 0 of 5 @ 100 (cancel after)
              alice has 995 + 5 GEM
              book 2: sell 100 -5
              alice #2 cancelled, 0 of 5 @ 90 (cancel after)
              alice has 1000 + 0 GEM
            > alice cancels all after 5000 at time 40000
              -> all cancelled at 45000
            > alice cancels all after 0 at time 41000
              -> no deadline
            > time passes at time 45000
            > alice cancels all disconnected
              alice #3 cancelled, 0 of 5 @ 100 (disconnected)
              alice has 1000 + 0 GEM
              book 4: sell 100 -5
              -> 1 cancelled
            alice: 1000 + 0 GEM, 100000 + 0 XRP
            bob: 1000 + 0 GEM, 100000 + 0 XRP
            carol: 1000 + 0 GEM, 100000 + 0 XRP
        "#]],
    );
}

/// Halted, winding down and closed: orders leave.
// M-27, L-19
#[test]
fn every_status_but_open_lets_orders_leave() {
    check(
        "
        (alice sells 5 @ 100)
        (alice sells 5 @ 101)
        (alice sells 5 @ 102)
        GEM/XRP winds-down
        bob buys 1 @ 102
        alice cancels #1
        GEM/XRP closes
        alice amends #2 @ 103
        alice cancels #2
        GEM/XRP resumes
        bob buys 1 @ 102",
        expect![[r#"
            > GEM/XRP winds-down
              -> done
              GEM/XRP is cancel only
            > bob buys 1 @ 102
              -> refused: pair halted
            > alice cancels #1
              -> cancelled #1, 0 filled
              alice #1 cancelled, 0 of 5 @ 100 (cancel requested)
              alice has 990 + 10 GEM
              book 4: sell 100 -5
            > GEM/XRP closes
              -> done
              GEM/XRP is closed
            > alice amends #2 @ 103
              -> refused: pair halted
            > alice cancels #2
              -> cancelled #2, 0 filled
              alice #2 cancelled, 0 of 5 @ 101 (cancel requested)
              alice has 995 + 5 GEM
              book 5: sell 101 -5
            > GEM/XRP resumes
              -> done
              GEM/XRP is open
            > bob buys 1 @ 102
              -> placed #4
              bob #4 accepted
              alice #3 partially filled, 1 of 5 @ 102: 1 @ 102 as maker, fee 0
              bob #4 filled, 1 of 1 @ 102: 1 @ 102 as taker, fee 0
              alice has 995 + 4 GEM
              alice has 100102 + 0 XRP
              bob has 1001 + 0 GEM
              bob has 99898 + 0 XRP
              trade 6: buy 1 @ 102
            GEM/XRP:
              sell 102: alice #3 4
            alice: 995 + 4 GEM, 100102 + 0 XRP
            bob: 1001 + 0 GEM, 99898 + 0 XRP
            carol: 1000 + 0 GEM, 100000 + 0 XRP
        "#]],
    );
}

/// What would print beyond the band halts the pair and is dropped; a second later the pair opens by
/// itself, around the last trade.
// M-28, L-31, L-32
#[test]
fn a_circuit_breaker_halts_and_opens_again() {
    check_on(
        with_breaker(),
        "
        (alice sells 5 @ 104 at time 11000)
        (alice sells 5 @ 106 at time 11000)
        bob buys 9 @ 110 at time 12000
        bob buys 9 @ 106 at time 12500
        time passes at time 12999
        time passes at time 13000
        bob buys 1 @ 106 at time 13000",
        expect![[r#"
            > bob buys 9 @ 110 at time 12000
              -> placed #3
              bob #3 accepted
              alice #1 filled, 5 of 5 @ 104: 5 @ 104 as maker, fee 0
              bob #3 partially filled, 5 of 9 @ 110: 5 @ 104 as taker, fee 0
              bob #3 expired, 5 of 9 @ 110 (circuit breaker)
              alice has 990 + 5 GEM
              alice has 100520 + 0 XRP
              bob has 1005 + 0 GEM
              bob has 99480 + 0 XRP
              trade 3: buy 5 @ 104
              GEM/XRP is halted until 13000
            > bob buys 9 @ 106 at time 12500
              -> refused: pair halted
            > time passes at time 12999
            > time passes at time 13000
              GEM/XRP is open
            > bob buys 1 @ 106 at time 13000
              -> placed #4
              bob #4 accepted
              alice #2 partially filled, 1 of 5 @ 106: 1 @ 106 as maker, fee 0
              bob #4 filled, 1 of 1 @ 106: 1 @ 106 as taker, fee 0
              alice has 990 + 4 GEM
              alice has 100626 + 0 XRP
              bob has 1006 + 0 GEM
              bob has 99374 + 0 XRP
              trade 4: buy 1 @ 106
            GEM/XRP:
              sell 106: alice #2 4
            alice: 990 + 4 GEM, 100626 + 0 XRP
            bob: 1006 + 0 GEM, 99374 + 0 XRP
            carol: 1000 + 0 GEM, 100000 + 0 XRP
        "#]],
    );
}

/// An opening starts the reference anew even where it stands at the last trade: an older trade does
/// not become it later.
// L-32, L-31
#[test]
fn an_opening_forgets_older_trades() {
    check_on(
        with_breaker(),
        "
        (alice sells 1 @ 104 at time 60000)
        (bob buys 1 @ 104 at time 60000)
        (alice sells 1 @ 100 at time 120000)
        (bob buys 1 @ 100 at time 120000)
        (GEM/XRP halts at time 121000)
        (GEM/XRP resumes at time 122000)
        time passes at time 400000
        (alice sells 1 @ 106 at time 400000)
        bob buys 1 @ 106 at time 400000",
        expect![[r#"
            > time passes at time 400000
            > bob buys 1 @ 106 at time 400000
              -> placed #6
              bob #6 accepted
              bob #6 expired, 0 of 1 @ 106 (circuit breaker)
              bob has 99796 + 0 XRP
              GEM/XRP is halted until 401000
            GEM/XRP:
              sell 106: alice #5 1
            alice: 997 + 1 GEM, 100204 + 0 XRP
            bob: 1002 + 0 GEM, 99796 + 0 XRP
            carol: 1000 + 0 GEM, 100000 + 0 XRP
        "#]],
    );
}
