//! Trailing stops: they follow the best price and never go back.

use expect_test::expect;

use super::check;

/// A seller's stop goes up with each better print and stays where it is with each worse one.
// M-24
#[test]
fn it_ratchets_and_never_loosens() {
    check(
        "(1 m sell 1 @ 100)
         (2 t buy 1 @ 100)
         3 a sell 1 @ 50 ioc trail 5 from 100 band 1000
         (4 m sell 1 @ 104)
         (5 t buy 1 @ 104)
         (6 m buy 9 @ 90)
         7 m buy 1 @ 100
         8 t sell 1 @ 100
         9 m sell 1 @ 103
         10 t buy 1 @ 103
         (11 m buy 1 @ 99)
         12 t sell 1 @ 99",
        expect![[r#"
            > 3 a sell 1 @ 50 ioc trail 5 from 100 band 1000
              3 waits
            > 7 m buy 1 @ 100
              #6 7 rests, Buy 1 @ 100
            > 8 t sell 1 @ 100
              #7 trade 1 @ 100 with 7
              8 filled
            > 9 m sell 1 @ 103
              #8 9 rests, Sell 1 @ 103
            > 10 t buy 1 @ 103
              #9 trade 1 @ 103 with 9
              10 filled
            > 12 t sell 1 @ 99
              #11 trade 1 @ 99 with 11
              12 filled
              3 set off, @ 90
              #12 trade 1 @ 90 with 6
              3 filled
            Buy 90 = 8: 6m8
        "#]],
    );
}

/// A buyer's goes down with each lower print.
// M-24
#[test]
fn a_buyers_stop_follows_downwards() {
    check(
        "(1 m buy 1 @ 100)
         (2 t sell 1 @ 100)
         3 a buy 1 @ 200 ioc trail 5 from 100 band 1000
         (4 m buy 1 @ 96)
         (5 t sell 1 @ 96)
         (6 m sell 9 @ 110)
         7 m sell 1 @ 100
         8 t buy 1 @ 100
         (9 m sell 1 @ 101)
         10 t buy 1 @ 101",
        expect![[r#"
            > 3 a buy 1 @ 200 ioc trail 5 from 100 band 1000
              3 waits
            > 7 m sell 1 @ 100
              #6 7 rests, Sell 1 @ 100
            > 8 t buy 1 @ 100
              #7 trade 1 @ 100 with 7
              8 filled
            > 10 t buy 1 @ 101
              #9 trade 1 @ 101 with 9
              10 filled
              3 set off, @ 111
              #10 trade 1 @ 110 with 6
              3 filled
            Sell 110 = 8: 6m8
        "#]],
    );
}

/// It starts from the better of what its command says and the last trade when it arrives, so a
/// command that is late loosens nothing.
// M-24, M-20
#[test]
fn it_starts_from_the_better_price() {
    check(
        "1 a sell 1 @ 50 ioc trail 5 from 100 band 1000
         (2 m sell 1 @ 104)
         (3 t buy 1 @ 104)
         4 b sell 1 @ 50 ioc trail 5 from 100 band 1000
         5 c sell 1 @ 50 ioc trail 5 from 110 band 1000
         5 c sell 1 @ 50 ioc trail 5 from 109 band 1000
         5 c sell 1 @ 50 ioc trail 5 from 108 band 1000",
        expect![[r#"
            > 1 a sell 1 @ 50 ioc trail 5 from 100 band 1000
              1 waits
            > 4 b sell 1 @ 50 ioc trail 5 from 100 band 1000
              4 waits
            > 5 c sell 1 @ 50 ioc trail 5 from 110 band 1000
              5 rejected (WouldTriggerImmediately)
            > 5 c sell 1 @ 50 ioc trail 5 from 109 band 1000
              5 rejected (WouldTriggerImmediately)
            > 5 c sell 1 @ 50 ioc trail 5 from 108 band 1000
              5 waits
            Stops: 1 behind 104, 4 behind 104, 5 behind 108
        "#]],
    );
}

/// A share of the price, rounded down to ticks, at least one.
// M-24
#[test]
fn a_share_of_the_price() {
    check(
        "(1 m sell 1 @ 199)
         (2 t buy 1 @ 199)
         3 a sell 1 @ 50 ioc trail 100bp from 199 band 1000
         4 b sell 1 @ 50 ioc trail 10bp from 199 band 1000
         (5 m sell 1 @ 200)
         6 t buy 1 @ 200
         (7 m buy 1 @ 199)
         8 t sell 1 @ 199
         (9 m buy 1 @ 198)
         10 t sell 1 @ 198",
        expect![[r#"
            > 3 a sell 1 @ 50 ioc trail 100bp from 199 band 1000
              3 waits
            > 4 b sell 1 @ 50 ioc trail 10bp from 199 band 1000
              4 waits
            > 6 t buy 1 @ 200
              #4 trade 1 @ 200 with 5
              6 filled
            > 8 t sell 1 @ 199
              #6 trade 1 @ 199 with 7
              8 filled
              4 set off, @ 180
              4 dropped 1 (ImmediateOrCancel)
            > 10 t sell 1 @ 198
              #8 trade 1 @ 198 with 9
              10 filled
              3 set off, @ 179
              3 dropped 1 (ImmediateOrCancel)
            empty
        "#]],
    );
}

/// A print is first compared with the trigger as it stands, then followed: one jump through it sets
/// off, it does not lift it.
// M-24, M-22
#[test]
fn compared_first_then_followed() {
    check(
        "(1 m sell 1 @ 100)
         (2 t buy 1 @ 100)
         (3 a sell 1 @ 50 ioc trail 2 from 100 band 5000)
         (4 b buy 1 @ 150 ioc trail 2 from 100 band 5000)
         (5 m sell 1 @ 101)
         (6 m sell 1 @ 105)
         7 t buy 2 @ 105",
        expect![[r#"
            > 7 t buy 2 @ 105
              #5 trade 1 @ 101 with 5
              #6 trade 1 @ 105 with 6
              7 filled
              4 set off, @ 153
              4 dropped 1 (ImmediateOrCancel)
            Stops: 3 behind 105
        "#]],
    );
}

/// Where it comes in: at the far end of the band around its trigger, rounded inward.
// M-23, M-24
#[test]
fn its_collar_is_around_its_trigger() {
    check(
        "(1 m sell 1 @ 100)
         (2 t buy 1 @ 100)
         (3 a sell 2 @ 1 ioc trail 1 from 100 band 150)
         (4 b sell 2 @ 1 fok trail 1 from 100 band 150)
         (5 m buy 1 @ 99)
         (6 m buy 1 @ 98)
         (7 m buy 1 @ 97)
         8 t sell 1 @ 99",
        expect![[r#"
            > 8 t sell 1 @ 99
              #6 trade 1 @ 99 with 5
              8 filled
              3 set off, @ 98
              #7 trade 1 @ 98 with 6
              3 dropped 1 (ImmediateOrCancel)
              4 set off, @ 98
              4 dropped 2 (FillOrKill)
            Buy 97 = 1: 7m1
        "#]],
    );
}

/// A trigger that would be no price.
// M-24, M-3
#[test]
fn out_of_range() {
    check(
        "1 a sell 1 @ 1 ioc trail 100 from 100 band 1000
         1 a sell 1 @ 1 ioc trail 99 from 100 band 1000
         2 a buy 1 @ 1 ioc trail 1 from 4294967295 band 1000
         2 a buy 1 @ 1 ioc trail 1 from 4294967294 band 1000",
        expect![[r#"
            > 1 a sell 1 @ 1 ioc trail 100 from 100 band 1000
              1 rejected (TrailingOutOfRange)
            > 1 a sell 1 @ 1 ioc trail 99 from 100 band 1000
              1 waits
            > 2 a buy 1 @ 1 ioc trail 1 from 4294967295 band 1000
              2 rejected (TrailingOutOfRange)
            > 2 a buy 1 @ 1 ioc trail 1 from 4294967294 band 1000
              2 waits
            Stops: 1 behind 100, 2 behind 4294967294
        "#]],
    );
}

/// By mark: an ask that leaves lifts it, one that rests below the last trade sets it off.
// M-24, M-19
#[test]
fn it_follows_the_mark_price() {
    check(
        "(1 m sell 1 @ 110)
         (2 t buy 1 @ 110)
         (3 m sell 5 @ 120)
         (4 m buy 1 @ 100)
         (5 m buy 1 @ 105)
         (7 m sell 5 @ 108)
         6 a sell 1 @ 50 ioc trail 4 from 100 band 1000 by-mark
         cancel 7
         8 m sell 5 @ 107
         9 m sell 5 @ 106",
        expect![[r#"
            > 6 a sell 1 @ 50 ioc trail 4 from 100 band 1000 by-mark
              6 waits
            > cancel 7
              #7 7 cancelled, 5 @ 108 (Requested)
            > 8 m sell 5 @ 107
              #8 8 rests, Sell 5 @ 107
            > 9 m sell 5 @ 106
              #9 9 rests, Sell 5 @ 106
              6 set off, @ 96
              #10 trade 1 @ 105 with 5
              6 filled
            Sell 120 = 5: 3m5
            Sell 107 = 5: 8m5
            Sell 106 = 5: 9m5
            Buy 100 = 1: 4m1
        "#]],
    );
}
