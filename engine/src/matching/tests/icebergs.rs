//! Icebergs: what shows, what hides, and where the next slice stands.

use expect_test::expect;

use super::check;

/// When its slice is gone the next one stands behind all others at its price, and one incoming
/// order meets it again there.
// M-26, M-5
#[test]
fn the_next_slice_stands_at_the_tail() {
    check(
        "1 a sell 10 @ 100 show 3
         2 b sell 2 @ 100
         3 t buy 1 @ 100
         4 t buy 2 @ 100
         5 t buy 6 @ 100
         6 t buy 9 @ 100",
        expect![[r#"
            > 1 a sell 10 @ 100 show 3
              #1 1 rests, Sell 3 @ 100
            > 2 b sell 2 @ 100
              #2 2 rests, Sell 2 @ 100
            > 3 t buy 1 @ 100
              #3 trade 1 @ 100 with 1
              3 filled
            > 4 t buy 2 @ 100
              #4 trade 2 @ 100 with 1
              #5 1 shows 3 more @ 100
              4 filled
            > 5 t buy 6 @ 100
              #6 trade 2 @ 100 with 2
              #7 trade 3 @ 100 with 1
              #8 1 shows 3 more @ 100
              #9 trade 1 @ 100 with 1
              5 filled
            > 6 t buy 9 @ 100
              #10 trade 2 @ 100 with 1
              #11 1 shows 1 more @ 100
              #12 trade 1 @ 100 with 1
              #13 6 rests, Buy 6 @ 100
            Buy 100 = 6: 6t6
        "#]],
    );
}

/// What comes in trades with all of it, and shows a slice of what rests.
// M-26, M-8
#[test]
fn an_iceberg_trades_whole_and_rests_by_slices() {
    check(
        "(1 m sell 4 @ 100)
         2 a buy 10 @ 100 show 4
         3 b buy 1 @ 100 show 1
         4 t sell 5 @ 100",
        expect![[r#"
            > 2 a buy 10 @ 100 show 4
              #2 trade 4 @ 100 with 1
              #3 2 rests, Buy 4 @ 100
            > 3 b buy 1 @ 100 show 1
              #4 3 rests, Buy 1 @ 100
            > 4 t sell 5 @ 100
              #5 trade 4 @ 100 with 2
              #6 2 shows 2 more @ 100
              #7 trade 1 @ 100 with 3
              4 filled
            Buy 100 = 2: 2a2+0
        "#]],
    );
}

/// Two that meet, slice by slice on the resting side only.
// M-26, M-6
#[test]
fn two_icebergs_meet() {
    check(
        "(1 a sell 6 @ 100 show 2)
         2 b buy 9 @ 100 show 4",
        expect![[r#"
            > 2 b buy 9 @ 100 show 4
              #2 trade 2 @ 100 with 1
              #3 1 shows 2 more @ 100
              #4 trade 2 @ 100 with 1
              #5 1 shows 2 more @ 100
              #6 trade 2 @ 100 with 1
              #7 2 rests, Buy 3 @ 100
            Buy 100 = 3: 2b3+0
        "#]],
    );
}

/// The depth, and what fill-or-kill counts: all that hides, behind all that shows at its price; own
/// orders never.
// M-26, M-10
#[test]
fn fill_or_kill_counts_what_hides() {
    check(
        "(1 a sell 10 @ 100 show 2)
         (2 b sell 2 @ 100)
         3 t buy 13 @ 100 fok
         4 t buy 12 @ 100 fok
         (1.1 a sell 10 @ 100 show 2)
         (2.1 b sell 2 @ 101)
         5 a buy 2 @ 101 fok
         6 a buy 3 @ 101 fok cancel-maker
         7 a buy 2 @ 101 fok cancel-maker",
        expect![[r#"
            > 3 t buy 13 @ 100 fok
              3 dropped 13 (FillOrKill)
            > 4 t buy 12 @ 100 fok
              #3 trade 2 @ 100 with 1
              #4 1 shows 2 more @ 100
              #5 trade 2 @ 100 with 2
              #6 trade 2 @ 100 with 1
              #7 1 shows 2 more @ 100
              #8 trade 2 @ 100 with 1
              #9 1 shows 2 more @ 100
              #10 trade 2 @ 100 with 1
              #11 1 shows 2 more @ 100
              #12 trade 2 @ 100 with 1
              4 filled
            > 5 a buy 2 @ 101 fok
              5 dropped 2 (FillOrKill)
            > 6 a buy 3 @ 101 fok cancel-maker
              6 dropped 3 (FillOrKill)
            > 7 a buy 2 @ 101 fok cancel-maker
              #15 1.1 cancelled, 2 @ 100 (SelfTrade)
              #16 trade 2 @ 101 with 2.1
              7 filled
            empty
        "#]],
    );
    check(
        "(1 a sell 9 @ 100 show 2)
         (2 t sell 1 @ 100)
         3 t buy 3 @ 100 fok
         4 t buy 2 @ 100 fok
         5 t buy 7 @ 100 fok cancel-maker",
        expect![[r#"
            > 3 t buy 3 @ 100 fok
              3 dropped 3 (FillOrKill)
            > 4 t buy 2 @ 100 fok
              #3 trade 2 @ 100 with 1
              #4 1 shows 2 more @ 100
              4 filled
            > 5 t buy 7 @ 100 fok cancel-maker
              #5 2 cancelled, 1 @ 100 (SelfTrade)
              #6 trade 2 @ 100 with 1
              #7 1 shows 2 more @ 100
              #8 trade 2 @ 100 with 1
              #9 1 shows 2 more @ 100
              #10 trade 2 @ 100 with 1
              #11 1 shows 1 more @ 100
              #12 trade 1 @ 100 with 1
              5 filled
            empty
        "#]],
    );
}

/// Smaller takes from what hides, then from the slice; the place stays. Larger, and another price,
/// start with a fresh slice behind the others.
// M-26, M-16, M-17
#[test]
fn amend() {
    check(
        "(1 a sell 10 @ 100 show 3)
         (2 b sell 1 @ 100)
         replace 1 @ 100 -5
         replace 1 @ 100 -3
         replace 1 @ 100 +0
         replace 1 @ 100 -2
         replace 1 @ 100 +6
         replace 1 @ 101 +0
         3 t buy 1 @ 101
         replace 1 @ 100 +0",
        expect![[r#"
            > replace 1 @ 100 -5
              1 amended
            > replace 1 @ 100 -3
              #3 1 reduced by 1
            > replace 1 @ 100 +0
              1 rejected (NothingToAmend)
            > replace 1 @ 100 -2
              1 rejected (AmountBelowFilled)
            > replace 1 @ 100 +6
              #4 1 replaced, left 2 @ 100
              #5 1 rests, Sell 3 @ 100
            > replace 1 @ 101 +0
              #6 1 replaced, left 3 @ 100
              #7 1 rests, Sell 3 @ 101
            > 3 t buy 1 @ 101
              #8 trade 1 @ 100 with 2
              3 filled
            > replace 1 @ 100 +0
              #9 1 replaced, left 3 @ 101
              #10 1 rests, Sell 3 @ 100
            Sell 100 = 3: 1a3+5
        "#]],
    );
}

/// A cancel takes out all of it, and says what showed.
// M-26, M-14, M-12
#[test]
fn a_cancel_takes_all() {
    check(
        "(1 a sell 10 @ 100 show 3)
         cancel 1
         (2 a sell 10 @ 100 show 3)
         3 a buy 1 @ 100 cancel-maker
         (4 a sell 5 @ 101 show 2)
         5 a buy 3 @ 101 decrement
         6 a buy 1 @ 101 cancel-both",
        expect![[r#"
            > cancel 1
              #2 1 cancelled, 3 @ 100 (Requested)
            > 3 a buy 1 @ 100 cancel-maker
              #4 2 cancelled, 3 @ 100 (SelfTrade)
              #5 3 rests, Buy 1 @ 100
            > 5 a buy 3 @ 101 decrement
              #7 decremented 2 @ 101 with 4
              #8 4 shows 2 more @ 101
              #9 decremented 1 @ 101 with 4
              5 dropped 0 (SelfTrade)
            > 6 a buy 1 @ 101 cancel-both
              #10 4 cancelled, 1 @ 101 (SelfTrade)
              6 dropped 1 (SelfTrade)
            Buy 100 = 1: 3a1
        "#]],
    );
}

/// Post-only and immediate or cancel are as for any other order.
// M-26, M-11, M-9, M-13
#[test]
fn other_options() {
    check(
        "(1 m sell 2 @ 100)
         2 a buy 5 @ 100 post-only show 2
         2 a buy 5 @ 100 ioc show 2
         3 a buy 5 @ 99 post-only show 2
         3 a buy 5 @ 99 show 2",
        expect![[r#"
            > 2 a buy 5 @ 100 post-only show 2
              2 rejected (PostOnlyWouldTake)
            > 2 a buy 5 @ 100 ioc show 2
              #2 trade 2 @ 100 with 1
              2 dropped 3 (ImmediateOrCancel)
            > 3 a buy 5 @ 99 post-only show 2
              #3 3 rests, Buy 2 @ 99
            > 3 a buy 5 @ 99 show 2
              3 rejected (BookFull)
            Buy 99 = 2: 3a2+3
        "#]],
    );
}
