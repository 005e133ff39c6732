//! One cancels other: one order with two ways to execute.

use expect_test::expect;

use super::check;

/// The target trades whole: the stop is gone with it.
// M-25
#[test]
fn the_target_fills_whole() {
    check(
        "(1 m buy 1 @ 100)
         (2 t sell 1 @ 100)
         3 a sell 5 @ 105 oco 95 then 94
         4 t buy 5 @ 105
         (5 m buy 1 @ 95)
         6 t sell 1 @ 95",
        expect![[r#"
            > 3 a sell 5 @ 105 oco 95 then 94
              #3 3 rests, Sell 5 @ 105
            > 4 t buy 5 @ 105
              #4 trade 5 @ 105 with 3
              4 filled
            > 6 t sell 1 @ 95
              #6 trade 1 @ 95 with 5
              6 filled
            empty
        "#]],
    );
}

/// The target trades in part, then the stop is reached: the rest leaves the book and comes in at
/// its limit.
// M-25, M-21
#[test]
fn the_target_fills_in_part_then_the_stop() {
    check(
        "(1 m buy 1 @ 100)
         (2 t sell 1 @ 100)
         3 a sell 5 @ 105 oco 95 then 94
         4 t buy 2 @ 105
         (5 m buy 9 @ 94)
         (6 m buy 1 @ 95)
         7 t sell 1 @ 95",
        expect![[r#"
            > 3 a sell 5 @ 105 oco 95 then 94
              #3 3 rests, Sell 5 @ 105
            > 4 t buy 2 @ 105
              #4 trade 2 @ 105 with 3
              4 filled
            > 7 t sell 1 @ 95
              #7 trade 1 @ 95 with 6
              7 filled
              #8 3 pulled, left 3 @ 105
              3 set off, @ 94
              #9 trade 3 @ 94 with 5
              3 filled
            Buy 94 = 6: 5m6
        "#]],
    );
}

/// The stop is reached and nobody is at its limit: it rests there, an order like any other.
// M-25, M-23
#[test]
fn the_stop_is_reached_and_its_limit_does_not_fill() {
    check(
        "(1 m buy 1 @ 100)
         (2 t sell 1 @ 100)
         3 a sell 5 @ 105 oco 95 then 95
         (4 m buy 1 @ 95)
         5 t sell 1 @ 95
         replace 3 @ 96 +0 linked
         replace 3 @ 96 +0
         6 t buy 2 @ 96
         cancel 3",
        expect![[r#"
            > 3 a sell 5 @ 105 oco 95 then 95
              #3 3 rests, Sell 5 @ 105
            > 5 t sell 1 @ 95
              #5 trade 1 @ 95 with 4
              5 filled
              #6 3 pulled, left 5 @ 105
              3 set off, @ 95
              #7 3 rests, Sell 5 @ 95
            > replace 3 @ 96 +0 linked
              3 rejected (AlreadyTriggered)
            > replace 3 @ 96 +0
              #8 3 replaced, left 5 @ 95
              #9 3 rests, Sell 5 @ 96
            > 6 t buy 2 @ 96
              #10 trade 2 @ 96 with 3
              6 filled
            > cancel 3
              #11 3 cancelled, 3 @ 96 (Requested)
            empty
        "#]],
    );
}

/// Without a limit it comes in at a collar, and its rest is dropped.
// M-25, M-23
#[test]
fn the_stop_becomes_a_market_order() {
    check(
        "(1 m buy 1 @ 100)
         (2 t sell 1 @ 100)
         3 a sell 5 @ 105 oco 95 market 90
         (4 m buy 1 @ 95)
         (5 m buy 2 @ 91)
         (6 m buy 9 @ 89)
         7 t sell 1 @ 95",
        expect![[r#"
            > 3 a sell 5 @ 105 oco 95 market 90
              #3 3 rests, Sell 5 @ 105
            > 7 t sell 1 @ 95
              #7 trade 1 @ 95 with 4
              7 filled
              #8 3 pulled, left 5 @ 105
              3 set off, @ 90
              #9 trade 2 @ 91 with 5
              3 dropped 3 (ImmediateOrCancel)
            Buy 89 = 9: 6m9
        "#]],
    );
}

/// All of it for a buyer, the other way round.
// M-25
#[test]
fn the_other_side() {
    check(
        "(1 m buy 1 @ 100)
         (2 t sell 1 @ 100)
         3 a buy 5 @ 95 oco 105 then 106
         4 t sell 2 @ 95
         (5 m sell 1 @ 105)
         (6 m sell 2 @ 106)
         7 t buy 1 @ 105",
        expect![[r#"
            > 3 a buy 5 @ 95 oco 105 then 106
              #3 3 rests, Buy 5 @ 95
            > 4 t sell 2 @ 95
              #4 trade 2 @ 95 with 3
              4 filled
            > 7 t buy 1 @ 105
              #7 trade 1 @ 105 with 5
              7 filled
              #8 3 pulled, left 3 @ 95
              3 set off, @ 106
              #9 trade 2 @ 106 with 6
              #10 3 rests, Buy 1 @ 106
            Buy 106 = 1: 3a1
        "#]],
    );
}

/// A cancel before its stop is reached, after it, and when all is over.
// M-25, M-14
#[test]
fn cancel_in_each_state() {
    check(
        "(1 m buy 1 @ 100)
         (2 t sell 1 @ 100)
         3 a sell 5 @ 105 oco 95 then 94
         cancel 3
         (4 m buy 1 @ 95)
         5 t sell 1 @ 95
         3.1 a sell 5 @ 105 oco 90 then 90
         (6 m buy 1 @ 90)
         7 t sell 1 @ 90
         cancel 3.1
         cancel 3.1",
        expect![[r#"
            > 3 a sell 5 @ 105 oco 95 then 94
              #3 3 rests, Sell 5 @ 105
            > cancel 3
              #4 3 cancelled, 5 @ 105 (Requested)
            > 5 t sell 1 @ 95
              #6 trade 1 @ 95 with 4
              5 filled
            > 3.1 a sell 5 @ 105 oco 90 then 90
              #7 3.1 rests, Sell 5 @ 105
            > 7 t sell 1 @ 90
              #9 trade 1 @ 90 with 6
              7 filled
              #10 3.1 pulled, left 5 @ 105
              3.1 set off, @ 90
              #11 3.1 rests, Sell 5 @ 90
            > cancel 3.1
              #12 3.1 cancelled, 5 @ 90 (Requested)
            > cancel 3.1
              3.1 rejected (UnknownOrder)
            empty
        "#]],
    );
}

/// Smaller keeps its place and its stop's; another price takes both behind all others.
// M-25, M-16, M-17, M-22
#[test]
fn amend() {
    check(
        "(1 m buy 1 @ 100)
         (2 t sell 1 @ 100)
         (3 a sell 5 @ 105 oco 95 then 80)
         (4 b sell 5 @ 105 oco 95 then 80)
         (5 c sell 5 @ 104 oco 95 then 80)
         replace 3 @ 105 -2 linked
         replace 3 @ 105 +0 linked
         replace 4 @ 105 +1 linked
         replace 5 @ 106 +0 linked
         (6 m buy 1 @ 95)
         (7 m buy 3 @ 80)
         8 t sell 1 @ 95",
        expect![[r#"
            > replace 3 @ 105 -2 linked
              #6 3 reduced by 2
            > replace 3 @ 105 +0 linked
              3 rejected (NothingToAmend)
            > replace 4 @ 105 +1 linked
              #7 4 replaced, left 5 @ 105
              #8 4 rests, Sell 6 @ 105
            > replace 5 @ 106 +0 linked
              #9 5 replaced, left 5 @ 104
              #10 5 rests, Sell 5 @ 106
            > 8 t sell 1 @ 95
              #13 trade 1 @ 95 with 6
              8 filled
              #14 3 pulled, left 3 @ 105
              #15 4 pulled, left 6 @ 105
              #16 5 pulled, left 5 @ 106
              3 set off, @ 80
              #17 trade 3 @ 80 with 7
              3 filled
              4 set off, @ 80
              #18 4 rests, Sell 6 @ 80
              5 set off, @ 80
              #19 5 rests, Sell 5 @ 80
            Sell 80 = 11: 4b6 5c5
        "#]],
    );
}

/// What was meant for the order before its stop was reached is refused after it; a reason with a
/// lower number comes first.
// M-25, M-3, M-15
#[test]
fn amend_that_is_late() {
    check(
        "(1 m buy 1 @ 100)
         (2 t sell 1 @ 100)
         (3 a sell 5 @ 105 oco 95 then 94)
         (4 m buy 1 @ 95)
         (5 t sell 1 @ 95)
         replace 3 @ 110 +1 linked
         replace 3 @ 94 -1 linked
         replace 3 @ 94 +0 linked
         replace 3 @ 110 -5 linked
         replace 3 @ 110 +1",
        expect![[r#"
            > replace 3 @ 110 +1 linked
              3 rejected (AlreadyTriggered)
            > replace 3 @ 94 -1 linked
              3 rejected (AlreadyTriggered)
            > replace 3 @ 94 +0 linked
              3 rejected (NothingToAmend)
            > replace 3 @ 110 -5 linked
              3 rejected (AmountBelowFilled)
            > replace 3 @ 110 +1
              #8 3 replaced, left 5 @ 94
              #9 3 rests, Sell 6 @ 110
            Sell 110 = 6: 3a6
        "#]],
    );
}

/// It may trade when it comes in; what rests is watched, and its own trades count for its stop.
// M-25, M-20
#[test]
fn it_may_trade_first() {
    check(
        "(1 m buy 1 @ 100)
         (2 t sell 1 @ 100)
         (3 m buy 2 @ 103)
         4 a sell 5 @ 103 oco 100 then 90
         4 a sell 5 @ 103 oco 95 then 90
         (5 m buy 1 @ 95)
         6 t sell 1 @ 95",
        expect![[r#"
            > 4 a sell 5 @ 103 oco 100 then 90
              4 rejected (WouldTriggerImmediately)
            > 4 a sell 5 @ 103 oco 95 then 90
              #4 trade 2 @ 103 with 3
              #5 4 rests, Sell 3 @ 103
            > 6 t sell 1 @ 95
              #7 trade 1 @ 95 with 5
              6 filled
              #8 4 pulled, left 3 @ 103
              4 set off, @ 90
              #9 4 rests, Sell 3 @ 90
            Sell 90 = 3: 4a3
        "#]],
    );
    check(
        "(1 m buy 1 @ 100)
         (2 t sell 1 @ 100)
         (3 m buy 2 @ 94)
         4 a sell 5 @ 90 oco 95 then 92",
        expect![[r#"
            > 4 a sell 5 @ 90 oco 95 then 92
              #4 trade 2 @ 94 with 3
              #5 4 rests, Sell 3 @ 90
              #6 4 pulled, left 3 @ 90
              4 set off, @ 92
              #7 4 rests, Sell 3 @ 92
            Sell 92 = 3: 4a3
        "#]],
    );
}

/// By mark its own rest may be what reaches its stop: it rests, then it leaves.
// M-25, M-19, M-21
#[test]
fn pulled_as_soon_as_it_rests() {
    check(
        "(1 m buy 1 @ 90)
         (2 t sell 1 @ 90)
         (3 m buy 1 @ 85)
         4 a sell 5 @ 105 oco 95 then 86 by-mark",
        expect![[r#"
            > 4 a sell 5 @ 105 oco 95 then 86 by-mark
              #4 4 rests, Sell 5 @ 105
              #5 4 pulled, left 5 @ 105
              4 set off, @ 86
              #6 4 rests, Sell 5 @ 86
            Sell 86 = 5: 4a5
            Buy 85 = 1: 3m1
        "#]],
    );
}

/// An order that trades with the target and then reaches the stop leaves the stop what it left.
// M-25, M-21
#[test]
fn the_stop_takes_what_the_command_left() {
    check(
        "(1 m sell 1 @ 100)
         (2 t buy 1 @ 100)
         (3 a buy 5 @ 95 oco 110 then 120)
         (4 m buy 1 @ 110)
         5 t sell 3 @ 95",
        expect![[r#"
            > 5 t sell 3 @ 95
              #5 trade 1 @ 110 with 4
              #6 trade 2 @ 95 with 3
              5 filled
              #7 3 pulled, left 3 @ 95
              3 set off, @ 120
              #8 3 rests, Buy 3 @ 120
            Buy 120 = 3: 3a3
        "#]],
    );
}

/// By self-trade prevention both ways end.
// M-25, M-12
#[test]
fn self_trade_ends_both_ways() {
    check(
        "(1 m buy 1 @ 100)
         (2 t sell 1 @ 100)
         (3 a sell 5 @ 105 oco 95 then 94)
         4 a buy 1 @ 105 cancel-maker
         (5 m buy 1 @ 95)
         6 t sell 1 @ 95",
        expect![[r#"
            > 4 a buy 1 @ 105 cancel-maker
              #4 3 cancelled, 5 @ 105 (SelfTrade)
              #5 4 rests, Buy 1 @ 105
            > 6 t sell 1 @ 95
              #7 trade 1 @ 105 with 4
              6 filled
            Buy 95 = 1: 5m1
        "#]],
    );
}
