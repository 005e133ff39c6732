use expect_test::expect;

use super::check;

// M-15
#[test]
fn a_replace_that_cannot_be_changes_nothing() {
    check(
        "1 a buy 5 @ 100
         2 b sell 2 @ 100
         replace 1 @ 100 +0
         replace 1 @ 100 -3
         replace 1 @ 101 -4
         replace 1 @ 100 -9223372036854775808
         replace 1 @ 100 +1099511627776
         replace 1 @ 100 +9223372036854775807
         replace 2 @ 100 +1
         replace 1.1 @ 100 +1
         replace 9 @ 100 +0",
        expect![[r#"
            > 1 a buy 5 @ 100
              #1 1 rests, Buy 5 @ 100
            > 2 b sell 2 @ 100
              #2 trade 2 @ 100 with 1
              2 filled
            > replace 1 @ 100 +0
              1 rejected (NothingToAmend)
            > replace 1 @ 100 -3
              1 rejected (AmountBelowFilled)
            > replace 1 @ 101 -4
              1 rejected (AmountBelowFilled)
            > replace 1 @ 100 -9223372036854775808
              1 rejected (AmountBelowFilled)
            > replace 1 @ 100 +1099511627776
              1 rejected (AboveMaxAmount)
            > replace 1 @ 100 +9223372036854775807
              1 rejected (AboveMaxAmount)
            > replace 2 @ 100 +1
              2 rejected (UnknownOrder)
            > replace 1.1 @ 100 +1
              1.1 rejected (UnknownOrder)
            > replace 9 @ 100 +0
              9 rejected (UnknownOrder)
            Buy 100 = 3: 1a3
        "#]],
    );
}

// M-16
#[test]
fn a_smaller_quantity_at_the_same_price_keeps_its_place() {
    check(
        "1 a buy 5 @ 100
         2 b buy 5 @ 100
         replace 1 @ 100 -4
         3 c sell 2 @ 100",
        expect![[r#"
            > 1 a buy 5 @ 100
              #1 1 rests, Buy 5 @ 100
            > 2 b buy 5 @ 100
              #2 2 rests, Buy 5 @ 100
            > replace 1 @ 100 -4
              #3 1 reduced by 4
            > 3 c sell 2 @ 100
              #4 trade 1 @ 100 with 1
              #5 trade 1 @ 100 with 2
              3 filled
            Buy 100 = 4: 2b4
        "#]],
    );
}

// M-17
#[test]
fn a_larger_quantity_or_another_price_loses_its_place() {
    check(
        "1 a buy 5 @ 100
         2 b buy 5 @ 100
         replace 1 @ 100 +1
         3 c sell 6 @ 100
         replace 1 @ 99 -1
         replace 1 @ 101 +0",
        expect![[r#"
            > 1 a buy 5 @ 100
              #1 1 rests, Buy 5 @ 100
            > 2 b buy 5 @ 100
              #2 2 rests, Buy 5 @ 100
            > replace 1 @ 100 +1
              #3 1 replaced, left 5 @ 100
              #4 1 rests, Buy 6 @ 100
            > 3 c sell 6 @ 100
              #5 trade 5 @ 100 with 2
              #6 trade 1 @ 100 with 1
              3 filled
            > replace 1 @ 99 -1
              #7 1 replaced, left 5 @ 100
              #8 1 rests, Buy 4 @ 99
            > replace 1 @ 101 +0
              #9 1 replaced, left 4 @ 99
              #10 1 rests, Buy 4 @ 101
            Buy 101 = 4: 1a4
        "#]],
    );
}

// M-17
#[test]
fn a_replaced_order_matches_like_a_new_one_under_its_own_mode() {
    check(
        "1 a buy 5 @ 98
         2 b sell 2 @ 100
         3 b sell 2 @ 101
         replace 1 @ 100 +0
         replace 1 @ 101 -1
         4 a sell 3 @ 105 cancel-maker
         5 a buy 1 @ 103
         replace 4 @ 103 +0
         6 a buy 1 @ 102
         replace 6 @ 103 +4
         7 b sell 9 @ 110
         8 b buy 9 @ 100
         replace 8 @ 120 +0",
        expect![[r#"
            > 1 a buy 5 @ 98
              #1 1 rests, Buy 5 @ 98
            > 2 b sell 2 @ 100
              #2 2 rests, Sell 2 @ 100
            > 3 b sell 2 @ 101
              #3 3 rests, Sell 2 @ 101
            > replace 1 @ 100 +0
              #4 1 replaced, left 5 @ 98
              #5 trade 2 @ 100 with 2
              #6 1 rests, Buy 3 @ 100
            > replace 1 @ 101 -1
              #7 1 replaced, left 3 @ 100
              #8 trade 2 @ 101 with 3
              1 filled
            > 4 a sell 3 @ 105 cancel-maker
              #9 4 rests, Sell 3 @ 105
            > 5 a buy 1 @ 103
              #10 5 rests, Buy 1 @ 103
            > replace 4 @ 103 +0
              #11 4 replaced, left 3 @ 105
              #12 5 cancelled, 1 @ 103 (SelfTrade)
              #13 4 rests, Sell 3 @ 103
            > 6 a buy 1 @ 102
              #14 6 rests, Buy 1 @ 102
            > replace 6 @ 103 +4
              #15 6 replaced, left 1 @ 102
              6 dropped 5 (SelfTrade)
            > 7 b sell 9 @ 110
              #16 7 rests, Sell 9 @ 110
            > 8 b buy 9 @ 100
              #17 8 rests, Buy 9 @ 100
            > replace 8 @ 120 +0
              #18 8 replaced, left 9 @ 100
              #19 trade 3 @ 103 with 4
              8 dropped 6 (SelfTrade)
            Sell 110 = 9: 7b9
        "#]],
    );
}

// M-11, M-17
#[test]
fn a_post_only_order_stays_where_it_is_when_its_new_price_would_take() {
    check(
        "1 a buy 5 @ 98 post-only
         2 a buy 5 @ 98
         3 b sell 2 @ 100
         replace 1 @ 100 +0
         replace 1 @ 99 +0
         replace 1 @ 99 +1
         replace 1 @ 100 +1",
        expect![[r#"
            > 1 a buy 5 @ 98 post-only
              #1 1 rests, Buy 5 @ 98
            > 2 a buy 5 @ 98
              #2 2 rests, Buy 5 @ 98
            > 3 b sell 2 @ 100
              #3 3 rests, Sell 2 @ 100
            > replace 1 @ 100 +0
              1 rejected (PostOnlyWouldTake)
            > replace 1 @ 99 +0
              #4 1 replaced, left 5 @ 98
              #5 1 rests, Buy 5 @ 99
            > replace 1 @ 99 +1
              #6 1 replaced, left 5 @ 99
              #7 1 rests, Buy 6 @ 99
            > replace 1 @ 100 +1
              1 rejected (PostOnlyWouldTake)
            Sell 100 = 2: 3b2
            Buy 99 = 6: 1a6
            Buy 98 = 5: 2a5
        "#]],
    );
}
