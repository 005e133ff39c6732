//! Stopped pairs, and the circuit breaker that stops one.

use expect_test::expect;

use super::check;

/// While it is stopped orders leave, and nothing else happens.
// M-27
#[test]
fn a_stopped_pair_lets_orders_leave() {
    check(
        "(1 m buy 1 @ 100)
         (2 t sell 1 @ 100)
         (3 m buy 1 @ 99)
         (4 a sell 1 @ 90 stop 98)
         status halted
         5 t sell 1 @ 99
         5 t sell 1 @ 99 show 1
         5 t sell 1 @ 99 stop 90
         replace 3 @ 98 +0
         replace 9 @ 98 +0
         cancel 9
         cancel 3
         cancel 4
         status open",
        expect![[r#"
            > status halted
              status set
            > 5 t sell 1 @ 99
              5 rejected (PairHalted)
            > 5 t sell 1 @ 99 show 1
              5 rejected (PairHalted)
            > 5 t sell 1 @ 99 stop 90
              5 rejected (PairHalted)
            > replace 3 @ 98 +0
              3 rejected (PairHalted)
            > replace 9 @ 98 +0
              9 rejected (PairHalted)
            > cancel 9
              9 rejected (UnknownOrder)
            > cancel 3
              #4 3 cancelled, 1 @ 99 (Requested)
            > cancel 4
              4 withdrawn (Requested)
            > status open
              status set
            empty
        "#]],
    );
}

/// What the mark price reaches while the pair is stopped is set off when it opens, at the mark
/// price that there then is.
// M-27, M-19
#[test]
fn the_mark_price_counts_again_when_it_opens() {
    check(
        "(1 m buy 1 @ 90)
         (2 t sell 1 @ 90)
         (3 m buy 1 @ 99)
         (4 m buy 1 @ 95)
         (5 m sell 1 @ 110)
         (6 a sell 1 @ 91 stop 97 by-mark)
         (7 b sell 1 @ 50 ioc trail 1 from 99 band 1000 by-mark)
         status halted
         cancel 3
         status open",
        expect![[r#"
            > status halted
              status set
            > cancel 3
              #6 3 cancelled, 1 @ 99 (Requested)
            > status open
              status set
              7 set off, @ 89
              #7 trade 1 @ 95 with 4
              7 filled
              6 set off, @ 91
              #8 6 rests, Sell 1 @ 91
            Sell 110 = 1: 5m1
            Sell 91 = 1: 6a1
        "#]],
    );
    check(
        "(1 m buy 1 @ 90)
         (2 t sell 1 @ 90)
         (3 m buy 1 @ 99)
         (5 m sell 1 @ 110)
         (6 a sell 1 @ 91 stop 97 by-mark)
         status halted
         cancel 3
         status open
         7 m buy 1 @ 92",
        expect![[r#"
            > status halted
              status set
            > cancel 3
              #5 3 cancelled, 1 @ 99 (Requested)
            > status open
              status set
            > 7 m buy 1 @ 92
              #6 7 rests, Buy 1 @ 92
              6 set off, @ 91
              #7 trade 1 @ 92 with 7
              6 filled
            Sell 110 = 1: 5m1
        "#]],
    );
}

/// A trade beyond the limits does not take place: the pair halts, and what is left of the order
/// goes.
// M-28
#[test]
fn a_trade_beyond_the_limits_halts_the_pair() {
    check(
        "limits 95 105
         (1 m sell 1 @ 105)
         (2 m sell 1 @ 106)
         3 t buy 3 @ 110
         4 t buy 1 @ 106
         status open
         limits 90 110
         4 t buy 1 @ 106",
        expect![[r#"
            > limits 95 105
              status set
            > 3 t buy 3 @ 110
              #3 trade 1 @ 105 with 1
              tripped by 106
              3 dropped 2 (CircuitBreaker)
            > 4 t buy 1 @ 106
              4 rejected (PairHalted)
            > status open
              status set
            > limits 90 110
              status set
            > 4 t buy 1 @ 106
              #4 trade 1 @ 106 with 2
              4 filled
            empty
        "#]],
    );
    check(
        "limits 95 105
         (1 m buy 2 @ 94)
         2 t sell 1 @ 90 fok
         3 m sell 1 @ 94 post-only
         4 t sell 1 @ 94
         status open",
        expect![[r#"
            > limits 95 105
              status set
            > 2 t sell 1 @ 90 fok
              2 dropped 1 (FillOrKill)
            > 3 m sell 1 @ 94 post-only
              3 rejected (PostOnlyWouldTake)
            > 4 t sell 1 @ 94
              tripped by 94
              4 dropped 1 (CircuitBreaker)
            > status open
              status set
            Buy 94 = 2: 1m2
        "#]],
    );
}

/// Own orders beyond the limits are no trade.
// M-28, M-12
#[test]
fn own_orders_beyond_the_limits() {
    check(
        "limits 95 105
         (1 a sell 2 @ 106)
         2 a buy 1 @ 106
         3 a buy 1 @ 106 decrement
         4 a buy 1 @ 106 fok cancel-maker
         5 a buy 1 @ 106 cancel-maker",
        expect![[r#"
            > limits 95 105
              status set
            > 2 a buy 1 @ 106
              2 dropped 1 (SelfTrade)
            > 3 a buy 1 @ 106 decrement
              #2 decremented 1 @ 106 with 1
              3 dropped 0 (SelfTrade)
            > 4 a buy 1 @ 106 fok cancel-maker
              4 dropped 1 (FillOrKill)
            > 5 a buy 1 @ 106 cancel-maker
              #3 1 cancelled, 1 @ 106 (SelfTrade)
              #4 5 rests, Buy 1 @ 106
            Buy 106 = 1: 5a1
        "#]],
    );
}

/// What the trades before had set off is told and waits for the opening; then it comes in first, in
/// its order, and what the mark price reaches after it.
// M-28, M-21, M-25
#[test]
fn what_was_set_off_waits_for_the_opening() {
    check(
        "limits 95 105
         (1 m buy 1 @ 100)
         (2 t sell 1 @ 100)
         (3 a sell 1 @ 90 stop 97)
         (4 b sell 1 @ 90 stop 98)
         (5 c sell 2 @ 104 oco 97 then 91)
         (9 m sell 1 @ 110)
         (6 m buy 1 @ 97)
         (7 m buy 9 @ 94)
         (10 d sell 1 @ 90 stop 99 by-mark)
         8 t sell 2 @ 94
         cancel 4
         limits 90 105
         status open",
        expect![[r#"
            > limits 95 105
              status set
            > 8 t sell 2 @ 94
              #7 trade 1 @ 97 with 6
              tripped by 94
              8 dropped 1 (CircuitBreaker)
              #8 5 pulled, left 2 @ 104
              4 set off, @ 90
              4 waits
              3 set off, @ 90
              3 waits
              5 set off, @ 91
              5 waits
            > cancel 4
              4 withdrawn (Requested)
            > limits 90 105
              status set
            > status open
              status set
              3 set off, @ 90
              #9 trade 1 @ 94 with 7
              3 filled
              5 set off, @ 91
              #10 trade 2 @ 94 with 7
              5 filled
              10 set off, @ 90
              #11 trade 1 @ 94 with 7
              10 filled
            Sell 110 = 1: 9m1
            Buy 94 = 5: 7m5
        "#]],
    );
}

/// A step of a cascade that halts the pair: what is behind it waits.
// M-28, M-22
#[test]
fn a_cascade_that_halts_the_pair() {
    check(
        "limits 95 105
         (1 m buy 1 @ 100)
         (2 t sell 1 @ 100)
         (3 a sell 1 @ 90 stop 98)
         (4 b sell 1 @ 90 stop 98)
         (5 m buy 1 @ 98)
         (6 m buy 9 @ 94)
         7 t sell 1 @ 98
         limits 94 105
         status open",
        expect![[r#"
            > limits 95 105
              status set
            > 7 t sell 1 @ 98
              #5 trade 1 @ 98 with 5
              7 filled
              3 set off, @ 90
              tripped by 94
              3 dropped 1 (CircuitBreaker)
              4 set off, @ 90
              4 waits
            > limits 94 105
              status set
            > status open
              status set
              4 set off, @ 90
              #6 trade 1 @ 94 with 6
              4 filled
            Buy 94 = 8: 6m8
        "#]],
    );
}
