//! Stop-loss and take-profit: what sets them off, when, and in which order they come in.

use expect_test::expect;

use super::check;

/// A trigger is reached at its price, not a tick before.
// M-18, M-19
#[test]
fn a_trigger_is_reached_at_its_price() {
    check(
        "(1 m buy 9 @ 100)
         (2 m sell 9 @ 103)
         (3 t sell 1 @ 100)
         4 a sell 2 @ 90 stop 98
         5 b buy 2 @ 110 stop 103
         (6 m buy 1 @ 99)
         7 t sell 8 @ 100
         8 t sell 1 @ 99
         9 t buy 1 @ 103",
        expect![[r#"
            > 4 a sell 2 @ 90 stop 98
              4 waits
            > 5 b buy 2 @ 110 stop 103
              5 waits
            > 7 t sell 8 @ 100
              #5 trade 8 @ 100 with 1
              7 filled
            > 8 t sell 1 @ 99
              #6 trade 1 @ 99 with 6
              8 filled
            > 9 t buy 1 @ 103
              #7 trade 1 @ 103 with 2
              9 filled
              5 set off, @ 110
              #8 trade 2 @ 103 with 2
              5 filled
            Sell 103 = 6: 2m6
            Stops: 4 at 98
        "#]],
    );
}

/// What is reached when it comes in is refused; a full book comes before that, and before the first
/// trade nothing is reached.
// M-20, M-13
#[test]
fn a_stop_that_is_reached_already_is_refused() {
    check(
        "1 a sell 1 @ 90 stop 100
         (2 m buy 9 @ 100)
         (3 t sell 1 @ 100 ioc)
         4 a sell 1 @ 90 stop 100
         4 a sell 1 @ 90 stop 99
         5 a buy 1 @ 110 stop 100
         5 a buy 1 @ 110 stop 101
         6 a buy 1 @ 110 profit 100
         6 a buy 1 @ 110 profit 99
         7 a sell 1 @ 90 profit 100
         7 a sell 1 @ 90 profit 101
         7 a sell 1 @ 90 stop 100
         99 a sell 1 @ 90 stop 100",
        expect![[r#"
            > 1 a sell 1 @ 90 stop 100
              1 waits
            > 4 a sell 1 @ 90 stop 100
              4 rejected (WouldTriggerImmediately)
            > 4 a sell 1 @ 90 stop 99
              4 waits
            > 5 a buy 1 @ 110 stop 100
              5 rejected (WouldTriggerImmediately)
            > 5 a buy 1 @ 110 stop 101
              5 waits
            > 6 a buy 1 @ 110 profit 100
              6 rejected (WouldTriggerImmediately)
            > 6 a buy 1 @ 110 profit 99
              6 waits
            > 7 a sell 1 @ 90 profit 100
              7 rejected (WouldTriggerImmediately)
            > 7 a sell 1 @ 90 profit 101
              7 waits
            > 7 a sell 1 @ 90 stop 100
              7 rejected (BookFull)
            > 99 a sell 1 @ 90 stop 100
              99 rejected (BookFull)
            Buy 100 = 7: 2m7
            Stops: 4 at 99, 5 at 101, 6 at 99, 7 at 101
        "#]],
    );
}

/// The command that sets an order off has its own fate first: what it leaves in the book is met by
/// what it set off.
// M-21
#[test]
fn what_is_set_off_comes_in_after_the_command() {
    check(
        "(1 m buy 2 @ 100)
         (2 m buy 9 @ 97)
         (3 t sell 1 @ 100)
         (4 a sell 2 @ 101 profit 105)
         5 s sell 1 @ 105
         6 t buy 4 @ 105",
        expect![[r#"
            > 5 s sell 1 @ 105
              #4 5 rests, Sell 1 @ 105
            > 6 t buy 4 @ 105
              #5 trade 1 @ 105 with 5
              #6 6 rests, Buy 3 @ 105
              4 set off, @ 101
              #7 trade 2 @ 105 with 6
              4 filled
            Buy 105 = 1: 6t1
            Buy 100 = 1: 1m1
            Buy 97 = 9: 2m9
        "#]],
    );
}

/// Of what one price reaches: falling triggers from the highest down, at one trigger who came
/// first.
// M-22, M-21
#[test]
fn by_trigger_price_then_by_arrival() {
    check(
        "(1 m buy 1 @ 100)
         (2 t sell 1 @ 100)
         (3 a sell 1 @ 90 stop 97)
         (4 b sell 1 @ 90 stop 99)
         (5 c sell 1 @ 90 stop 98)
         (6 d sell 1 @ 90 stop 99)
         (7 m buy 1 @ 96)
         (8 m buy 4 @ 90)
         9 t sell 1 @ 96",
        expect![[r#"
            > 9 t sell 1 @ 96
              #5 trade 1 @ 96 with 7
              9 filled
              4 set off, @ 90
              #6 trade 1 @ 90 with 8
              4 filled
              6 set off, @ 90
              #7 trade 1 @ 90 with 8
              6 filled
              5 set off, @ 90
              #8 trade 1 @ 90 with 8
              5 filled
              3 set off, @ 90
              #9 trade 1 @ 90 with 8
              3 filled
            empty
        "#]],
    );
    check(
        "(1 m sell 1 @ 100)
         (2 t buy 1 @ 100)
         (3 a buy 1 @ 110 stop 103)
         (4 b buy 1 @ 110 stop 101)
         (5 c buy 1 @ 110 stop 102)
         (6 d buy 1 @ 110 stop 101)
         (7 m sell 1 @ 104)
         (8 m sell 4 @ 110)
         9 t buy 1 @ 104",
        expect![[r#"
            > 9 t buy 1 @ 104
              #5 trade 1 @ 104 with 7
              9 filled
              4 set off, @ 110
              #6 trade 1 @ 110 with 8
              4 filled
              6 set off, @ 110
              #7 trade 1 @ 110 with 8
              6 filled
              5 set off, @ 110
              #8 trade 1 @ 110 with 8
              5 filled
              3 set off, @ 110
              #9 trade 1 @ 110 with 8
              3 filled
            empty
        "#]],
    );
}

/// One order trades at two prices: first comes in what the first print reaches, then what the
/// second does, all that lies in the gap between them.
// M-19, M-22
#[test]
fn a_gap_through_several_stops() {
    check(
        "(1 m buy 1 @ 100)
         (2 t sell 1 @ 100)
         (3 a sell 1 @ 80 stop 92)
         (4 b sell 1 @ 80 stop 95)
         (5 c sell 1 @ 80 stop 97)
         (6 d sell 1 @ 80 stop 99)
         (7 m buy 1 @ 98)
         (8 m buy 1 @ 91)
         (9 m buy 9 @ 80)
         10 t sell 2 @ 91",
        expect![[r#"
            > 10 t sell 2 @ 91
              #6 trade 1 @ 98 with 7
              #7 trade 1 @ 91 with 8
              10 filled
              6 set off, @ 80
              #8 trade 1 @ 80 with 9
              6 filled
              5 set off, @ 80
              #9 trade 1 @ 80 with 9
              5 filled
              4 set off, @ 80
              #10 trade 1 @ 80 with 9
              4 filled
              3 set off, @ 80
              #11 trade 1 @ 80 with 9
              3 filled
            Buy 80 = 5: 9m5
        "#]],
    );
}

/// One trade between two stops that stand close reaches both: falling ones come in before rising
/// ones.
// M-22
#[test]
fn stops_on_both_sides_of_one_trade() {
    check(
        "(1 a buy 1 @ 120 stop 100)
         (2 b sell 1 @ 80 stop 100)
         (3 m sell 1 @ 110)
         (4 m buy 1 @ 90)
         (5 m buy 1 @ 100)
         6 t sell 1 @ 100",
        expect![[r#"
            > 6 t sell 1 @ 100
              #4 trade 1 @ 100 with 5
              6 filled
              2 set off, @ 80
              #5 trade 1 @ 90 with 4
              2 filled
              1 set off, @ 120
              #6 trade 1 @ 110 with 3
              1 filled
            empty
        "#]],
    );
}

/// What a first step sets off waits behind all that the command set off: two steps of the first
/// generation come before one of the second.
// M-22, M-1
#[test]
fn a_cascade_goes_breadth_first() {
    check(
        "(1 m buy 1 @ 100)
         (2 t sell 1 @ 100)
         (3 a sell 1 @ 80 stop 99)
         (4 b sell 1 @ 80 stop 98)
         (5 c sell 1 @ 80 stop 95)
         (6 d sell 1 @ 80 stop 90)
         (7 m buy 1 @ 98)
         (8 m buy 1 @ 95)
         (9 m buy 1 @ 90)
         (10 m buy 9 @ 80)
         11 t sell 1 @ 98",
        expect![[r#"
            > 11 t sell 1 @ 98
              #7 trade 1 @ 98 with 7
              11 filled
              3 set off, @ 80
              #8 trade 1 @ 95 with 8
              3 filled
              4 set off, @ 80
              #9 trade 1 @ 90 with 9
              4 filled
              5 set off, @ 80
              #10 trade 1 @ 80 with 10
              5 filled
              6 set off, @ 80
              #11 trade 1 @ 80 with 10
              6 filled
            Buy 80 = 7: 10m7
        "#]],
    );
}

/// Each order is set off once, so a cascade ends: here each of four sets off the next.
// M-22
#[test]
fn a_cascade_has_as_many_steps_as_orders_that_waited() {
    check(
        "(0 m buy 1 @ 100)
         (15 t sell 1 @ 100)
         (1 a sell 1 @ 50 stop 99)
         (2 b sell 1 @ 50 stop 98)
         (3 c sell 1 @ 50 stop 97)
         (4 d sell 1 @ 50 stop 96)
         (5 m buy 1 @ 99)
         (6 m buy 1 @ 98)
         (7 m buy 1 @ 97)
         (8 m buy 1 @ 96)
         9 t sell 1 @ 99",
        expect![[r#"
            > 9 t sell 1 @ 99
              #7 trade 1 @ 99 with 5
              9 filled
              1 set off, @ 50
              #8 trade 1 @ 98 with 6
              1 filled
              2 set off, @ 50
              #9 trade 1 @ 97 with 7
              2 filled
              3 set off, @ 50
              #10 trade 1 @ 96 with 8
              3 filled
              4 set off, @ 50
              #11 4 rests, Sell 1 @ 50
            Sell 50 = 1: 4d1
        "#]],
    );
}

/// Into an empty book: with a limit it rests, for immediate it is dropped, and whole or nothing is
/// nothing.
// M-23
#[test]
fn a_stop_that_sets_off_into_an_empty_book() {
    check(
        "(1 m buy 1 @ 100)
         (2 t sell 1 @ 100)
         (3 a sell 2 @ 95 stop 99)
         (4 b sell 2 @ 90 ioc stop 99)
         (5 c sell 2 @ 90 fok stop 99)
         (6 m buy 1 @ 99)
         7 t sell 1 @ 99",
        expect![[r#"
            > 7 t sell 1 @ 99
              #4 trade 1 @ 99 with 6
              7 filled
              3 set off, @ 95
              #5 3 rests, Sell 2 @ 95
              4 set off, @ 90
              4 dropped 2 (ImmediateOrCancel)
              5 set off, @ 90
              5 dropped 2 (FillOrKill)
            Sell 95 = 2: 3a2
        "#]],
    );
}

/// In favour of its holder: a seller above the market, a buyer below.
// M-19, M-23
#[test]
fn take_profit_sets_off_the_other_way() {
    check(
        "(1 m buy 1 @ 100)
         (2 t sell 1 @ 100)
         (3 a sell 2 @ 104 profit 105)
         (4 b buy 2 @ 96 profit 95)
         (5 m sell 1 @ 104)
         6 t buy 1 @ 104
         (7 m sell 1 @ 105)
         8 t buy 1 @ 105
         (9 m buy 1 @ 95)
         10 t sell 1 @ 95",
        expect![[r#"
            > 6 t buy 1 @ 104
              #4 trade 1 @ 104 with 5
              6 filled
            > 8 t buy 1 @ 105
              #6 trade 1 @ 105 with 7
              8 filled
              3 set off, @ 104
              #7 3 rests, Sell 2 @ 104
            > 10 t sell 1 @ 95
              #9 trade 1 @ 95 with 9
              10 filled
              4 set off, @ 96
              #10 4 rests, Buy 2 @ 96
            Sell 104 = 2: 3a2
            Buy 96 = 2: 4b2
        "#]],
    );
}

/// The median of best bid, best ask and last trade, after the order rests or is gone: a bid that
/// rests or leaves may set off what no trade does. While one of the three is missing nothing is
/// reached.
// M-19, M-20, M-22
#[test]
fn by_mark_price() {
    check(
        "1 a sell 1 @ 80 stop 99 by-mark
         (2 m buy 1 @ 98)
         (3 m sell 5 @ 106)
         (4 m buy 1 @ 104)
         5 t sell 1 @ 104
         6 b buy 1 @ 110 stop 104 by-mark
         6 b buy 1 @ 110 stop 105 by-mark
         7 m buy 1 @ 105
         cancel 3
         8 m sell 1 @ 107",
        expect![[r#"
            > 1 a sell 1 @ 80 stop 99 by-mark
              1 waits
            > 5 t sell 1 @ 104
              #4 trade 1 @ 104 with 4
              5 filled
            > 6 b buy 1 @ 110 stop 104 by-mark
              6 rejected (WouldTriggerImmediately)
            > 6 b buy 1 @ 110 stop 105 by-mark
              6 waits
            > 7 m buy 1 @ 105
              #5 7 rests, Buy 1 @ 105
              6 set off, @ 110
              #6 trade 1 @ 106 with 3
              6 filled
            > cancel 3
              #7 3 cancelled, 4 @ 106 (Requested)
            > 8 m sell 1 @ 107
              #8 8 rests, Sell 1 @ 107
            Sell 107 = 1: 8m1
            Buy 105 = 1: 7m1
            Buy 98 = 1: 2m1
            Stops: 1 at 99
        "#]],
    );
    check(
        "(1 m buy 1 @ 104)
         (2 t sell 1 @ 104)
         (3 m buy 1 @ 98)
         (4 m buy 1 @ 102)
         (5 m sell 5 @ 103)
         6 a sell 1 @ 90 stop 102 by-mark
         7 b sell 1 @ 90 stop 102
         8 t sell 1 @ 102",
        expect![[r#"
            > 6 a sell 1 @ 90 stop 102 by-mark
              6 waits
            > 7 b sell 1 @ 90 stop 102
              7 waits
            > 8 t sell 1 @ 102
              #6 trade 1 @ 102 with 4
              8 filled
              7 set off, @ 90
              #7 trade 1 @ 98 with 3
              7 filled
              6 set off, @ 90
              #8 6 rests, Sell 1 @ 90
            Sell 103 = 5: 5m5
            Sell 90 = 1: 6a1
        "#]],
    );
}

/// It waits outside the book, keeps its slot, and is withdrawn by a cancel.
// M-18, M-13, M-14
#[test]
fn what_waits_is_in_no_book() {
    check(
        "1 a sell 5 @ 90 stop 95
         2 m buy 5 @ 100
         1 a sell 5 @ 101
         cancel 1.1
         cancel 1
         cancel 1
         1.1 a sell 5 @ 101",
        expect![[r#"
            > 1 a sell 5 @ 90 stop 95
              1 waits
            > 2 m buy 5 @ 100
              #1 2 rests, Buy 5 @ 100
            > 1 a sell 5 @ 101
              1 rejected (BookFull)
            > cancel 1.1
              1.1 rejected (UnknownOrder)
            > cancel 1
              1 withdrawn (Requested)
            > cancel 1
              1 rejected (UnknownOrder)
            > 1.1 a sell 5 @ 101
              #2 1.1 rests, Sell 5 @ 101
            Sell 101 = 5: 1a5
            Buy 100 = 5: 2m5
        "#]],
    );
}

/// A smaller quantity at the same limit keeps its place among equal triggers, anything else goes
/// behind.
// M-18, M-15, M-22
#[test]
fn a_change_of_what_waits() {
    check(
        "(1 m buy 1 @ 100)
         (2 t sell 1 @ 100)
         (3 a sell 5 @ 80 stop 99)
         (4 b sell 5 @ 80 stop 99)
         (5 c sell 5 @ 80 stop 99)
         (6 d sell 5 @ 80 stop 99)
         replace 3 @ 80 -4
         replace 4 @ 80 +1
         replace 5 @ 81 -4
         replace 6 @ 80 -5
         replace 6 @ 80 +0
         replace 6 @ 80 +1099511627776
         replace 6.1 @ 80 -1
         (7 m buy 1 @ 99)
         8 t sell 1 @ 99",
        expect![[r#"
            > replace 3 @ 80 -4
              3 amended
            > replace 4 @ 80 +1
              4 amended
            > replace 5 @ 81 -4
              5 amended
            > replace 6 @ 80 -5
              6 rejected (AmountBelowFilled)
            > replace 6 @ 80 +0
              6 rejected (NothingToAmend)
            > replace 6 @ 80 +1099511627776
              6 rejected (AboveMaxAmount)
            > replace 6.1 @ 80 -1
              6.1 rejected (UnknownOrder)
            > 8 t sell 1 @ 99
              #4 trade 1 @ 99 with 7
              8 filled
              3 set off, @ 80
              #5 3 rests, Sell 1 @ 80
              6 set off, @ 80
              #6 6 rests, Sell 5 @ 80
              4 set off, @ 80
              #7 4 rests, Sell 6 @ 80
              5 set off, @ 81
              #8 5 rests, Sell 1 @ 81
            Sell 81 = 1: 5c1
            Sell 80 = 12: 3a1 6d5 4b6
        "#]],
    );
}
