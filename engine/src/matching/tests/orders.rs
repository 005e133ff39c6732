use expect_test::expect;

use super::check;

// M-4
#[test]
fn the_best_price_trades_first() {
    check(
        "1 a sell 5 @ 102
         2 a sell 5 @ 100
         3 a sell 5 @ 101
         4 b buy 12 @ 102",
        expect![[r#"
            > 1 a sell 5 @ 102
              #1 1 rests, Sell 5 @ 102
            > 2 a sell 5 @ 100
              #2 2 rests, Sell 5 @ 100
            > 3 a sell 5 @ 101
              #3 3 rests, Sell 5 @ 101
            > 4 b buy 12 @ 102
              #4 trade 5 @ 100 with 2
              #5 trade 5 @ 101 with 3
              #6 trade 2 @ 102 with 1
              4 filled
            Sell 102 = 3: 1a3
        "#]],
    );
    check(
        "1 a buy 5 @ 98
         2 a buy 5 @ 100
         3 a buy 5 @ 99
         4 b sell 12 @ 98",
        expect![[r#"
            > 1 a buy 5 @ 98
              #1 1 rests, Buy 5 @ 98
            > 2 a buy 5 @ 100
              #2 2 rests, Buy 5 @ 100
            > 3 a buy 5 @ 99
              #3 3 rests, Buy 5 @ 99
            > 4 b sell 12 @ 98
              #4 trade 5 @ 100 with 2
              #5 trade 5 @ 99 with 3
              #6 trade 2 @ 98 with 1
              4 filled
            Buy 98 = 3: 1a3
        "#]],
    );
}

// M-5
#[test]
fn at_one_price_the_oldest_trades_first_and_a_partial_fill_keeps_its_place() {
    check(
        "1 a buy 5 @ 100
         2 b buy 5 @ 100
         3 c sell 2 @ 100
         4 a buy 1 @ 100
         5 c sell 4 @ 100",
        expect![[r#"
            > 1 a buy 5 @ 100
              #1 1 rests, Buy 5 @ 100
            > 2 b buy 5 @ 100
              #2 2 rests, Buy 5 @ 100
            > 3 c sell 2 @ 100
              #3 trade 2 @ 100 with 1
              3 filled
            > 4 a buy 1 @ 100
              #4 4 rests, Buy 1 @ 100
            > 5 c sell 4 @ 100
              #5 trade 3 @ 100 with 1
              #6 trade 1 @ 100 with 2
              5 filled
            Buy 100 = 5: 2b4 4a1
        "#]],
    );
}

// M-5
#[test]
fn an_order_leaves_the_middle_the_head_and_the_tail_of_its_queue() {
    check(
        "1 a buy 1 @ 100
         2 a buy 2 @ 100
         3 a buy 3 @ 100
         4 a buy 4 @ 100
         5 a buy 5 @ 100
         cancel 3
         cancel 1
         cancel 5
         6 a buy 6 @ 100
         7 b sell 3 @ 100 ioc
         cancel 4
         cancel 6",
        expect![[r#"
            > 1 a buy 1 @ 100
              #1 1 rests, Buy 1 @ 100
            > 2 a buy 2 @ 100
              #2 2 rests, Buy 2 @ 100
            > 3 a buy 3 @ 100
              #3 3 rests, Buy 3 @ 100
            > 4 a buy 4 @ 100
              #4 4 rests, Buy 4 @ 100
            > 5 a buy 5 @ 100
              #5 5 rests, Buy 5 @ 100
            > cancel 3
              #6 3 cancelled, 3 @ 100 (Requested)
            > cancel 1
              #7 1 cancelled, 1 @ 100 (Requested)
            > cancel 5
              #8 5 cancelled, 5 @ 100 (Requested)
            > 6 a buy 6 @ 100
              #9 6 rests, Buy 6 @ 100
            > 7 b sell 3 @ 100 ioc
              #10 trade 2 @ 100 with 2
              #11 trade 1 @ 100 with 4
              7 filled
            > cancel 4
              #12 4 cancelled, 3 @ 100 (Requested)
            > cancel 6
              #13 6 cancelled, 6 @ 100 (Requested)
            empty
        "#]],
    );
}

// M-6
#[test]
fn a_trade_is_at_the_resting_price() {
    check(
        "1 a sell 1 @ 100
         2 b buy 1 @ 150
         3 a buy 1 @ 100
         4 b sell 1 @ 50",
        expect![[r#"
            > 1 a sell 1 @ 100
              #1 1 rests, Sell 1 @ 100
            > 2 b buy 1 @ 150
              #2 trade 1 @ 100 with 1
              2 filled
            > 3 a buy 1 @ 100
              #3 3 rests, Buy 1 @ 100
            > 4 b sell 1 @ 50
              #4 trade 1 @ 100 with 3
              4 filled
            empty
        "#]],
    );
}

// M-7
#[test]
fn an_order_trades_up_to_its_price_and_not_beyond() {
    check(
        "1 a sell 5 @ 100
         2 a sell 5 @ 101
         3 b buy 20 @ 100
         4 b buy 1 @ 99
         5 a sell 1 @ 101",
        expect![[r#"
            > 1 a sell 5 @ 100
              #1 1 rests, Sell 5 @ 100
            > 2 a sell 5 @ 101
              #2 2 rests, Sell 5 @ 101
            > 3 b buy 20 @ 100
              #3 trade 5 @ 100 with 1
              #4 3 rests, Buy 15 @ 100
            > 4 b buy 1 @ 99
              #5 4 rests, Buy 1 @ 99
            > 5 a sell 1 @ 101
              #6 5 rests, Sell 1 @ 101
            Sell 101 = 6: 2a5 5a1
            Buy 100 = 15: 3b15
            Buy 99 = 1: 4b1
        "#]],
    );
}

// M-8
#[test]
fn what_is_left_of_a_good_till_cancelled_order_rests() {
    check(
        "1 a sell 5 @ 100
         2 b buy 8 @ 100
         3 c sell 2 @ 100",
        expect![[r#"
            > 1 a sell 5 @ 100
              #1 1 rests, Sell 5 @ 100
            > 2 b buy 8 @ 100
              #2 trade 5 @ 100 with 1
              #3 2 rests, Buy 3 @ 100
            > 3 c sell 2 @ 100
              #4 trade 2 @ 100 with 2
              3 filled
            Buy 100 = 1: 2b1
        "#]],
    );
}

// M-9
#[test]
fn what_is_left_of_an_immediate_or_cancel_order_is_dropped() {
    check(
        "1 b buy 8 @ 100 ioc
         2 a sell 5 @ 100
         3 b buy 8 @ 100 ioc
         4 a sell 5 @ 100
         5 b buy 5 @ 100 ioc",
        expect![[r#"
            > 1 b buy 8 @ 100 ioc
              1 dropped 8 (ImmediateOrCancel)
            > 2 a sell 5 @ 100
              #1 2 rests, Sell 5 @ 100
            > 3 b buy 8 @ 100 ioc
              #2 trade 5 @ 100 with 2
              3 dropped 3 (ImmediateOrCancel)
            > 4 a sell 5 @ 100
              #3 4 rests, Sell 5 @ 100
            > 5 b buy 5 @ 100 ioc
              #4 trade 5 @ 100 with 4
              5 filled
            empty
        "#]],
    );
}

// M-10
#[test]
fn fill_or_kill_is_whole_or_nothing() {
    check(
        "1 a sell 5 @ 100
         2 a sell 5 @ 102
         3 b buy 10 @ 101 fok
         4 b buy 11 @ 102 fok
         5 b buy 10 @ 102 fok
         6 b buy 1 @ 102 fok",
        expect![[r#"
            > 1 a sell 5 @ 100
              #1 1 rests, Sell 5 @ 100
            > 2 a sell 5 @ 102
              #2 2 rests, Sell 5 @ 102
            > 3 b buy 10 @ 101 fok
              3 dropped 10 (FillOrKill)
            > 4 b buy 11 @ 102 fok
              4 dropped 11 (FillOrKill)
            > 5 b buy 10 @ 102 fok
              #3 trade 5 @ 100 with 1
              #4 trade 5 @ 102 with 2
              5 filled
            > 6 b buy 1 @ 102 fok
              6 dropped 1 (FillOrKill)
            empty
        "#]],
    );
}

// M-11
#[test]
fn post_only_rests_or_is_refused_whole() {
    check(
        "1 a sell 5 @ 100
         2 b buy 5 @ 100 post-only
         2 b buy 5 @ 99 post-only
         3 a sell 5 @ 99 post-only
         4 b buy 5 @ 101 post-only
         5 a buy 5 @ 100 post-only cancel-maker",
        expect![[r#"
            > 1 a sell 5 @ 100
              #1 1 rests, Sell 5 @ 100
            > 2 b buy 5 @ 100 post-only
              2 rejected (PostOnlyWouldTake)
            > 2 b buy 5 @ 99 post-only
              #2 2 rests, Buy 5 @ 99
            > 3 a sell 5 @ 99 post-only
              3 rejected (PostOnlyWouldTake)
            > 4 b buy 5 @ 101 post-only
              4 rejected (PostOnlyWouldTake)
            > 5 a buy 5 @ 100 post-only cancel-maker
              5 rejected (PostOnlyWouldTake)
            Sell 100 = 5: 1a5
            Buy 99 = 5: 2b5
        "#]],
    );
}

// M-14
#[test]
fn a_cancel_takes_what_is_left_and_knows_only_orders_that_rest() {
    check(
        "1 a sell 5 @ 100
         2 b buy 2 @ 100
         cancel 2
         cancel 1.1
         cancel 1
         cancel 1
         1.1 a sell 4 @ 100
         cancel 1
         cancel 15
         cancel 4000000",
        expect![[r#"
            > 1 a sell 5 @ 100
              #1 1 rests, Sell 5 @ 100
            > 2 b buy 2 @ 100
              #2 trade 2 @ 100 with 1
              2 filled
            > cancel 2
              2 rejected (UnknownOrder)
            > cancel 1.1
              1.1 rejected (UnknownOrder)
            > cancel 1
              #3 1 cancelled, 3 @ 100 (Requested)
            > cancel 1
              1 rejected (UnknownOrder)
            > 1.1 a sell 4 @ 100
              #4 1.1 rests, Sell 4 @ 100
            > cancel 1
              1 rejected (UnknownOrder)
            > cancel 15
              15 rejected (UnknownOrder)
            > cancel 4000000
              4000000 rejected (UnknownOrder)
            Sell 100 = 4: 1a4
        "#]],
    );
}
