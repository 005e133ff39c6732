use expect_test::expect;

use super::check;

// M-12
#[test]
fn cancel_taker_drops_the_rest_of_the_incoming_order() {
    check(
        "1 b sell 3 @ 100
         2 a sell 3 @ 100
         3 b sell 3 @ 100
         4 a buy 9 @ 100
         5 a buy 9 @ 100 ioc",
        expect![[r#"
            > 1 b sell 3 @ 100
              #1 1 rests, Sell 3 @ 100
            > 2 a sell 3 @ 100
              #2 2 rests, Sell 3 @ 100
            > 3 b sell 3 @ 100
              #3 3 rests, Sell 3 @ 100
            > 4 a buy 9 @ 100
              #4 trade 3 @ 100 with 1
              4 dropped 6 (SelfTrade)
            > 5 a buy 9 @ 100 ioc
              5 dropped 9 (SelfTrade)
            Sell 100 = 6: 2a3 3b3
        "#]],
    );
}

// M-12
#[test]
fn cancel_maker_cancels_own_orders_and_goes_on() {
    check(
        "1 a sell 3 @ 100
         2 b sell 3 @ 100
         3 a sell 3 @ 101
         4 a buy 9 @ 101 cancel-maker",
        expect![[r#"
            > 1 a sell 3 @ 100
              #1 1 rests, Sell 3 @ 100
            > 2 b sell 3 @ 100
              #2 2 rests, Sell 3 @ 100
            > 3 a sell 3 @ 101
              #3 3 rests, Sell 3 @ 101
            > 4 a buy 9 @ 101 cancel-maker
              #4 1 cancelled, 3 @ 100 (SelfTrade)
              #5 trade 3 @ 100 with 2
              #6 3 cancelled, 3 @ 101 (SelfTrade)
              #7 4 rests, Buy 6 @ 101
            Buy 101 = 6: 4a6
        "#]],
    );
}

// M-12
#[test]
fn cancel_both_ends_both() {
    check(
        "1 b sell 3 @ 100
         2 a sell 3 @ 100
         3 a sell 3 @ 101
         4 a buy 9 @ 101 cancel-both",
        expect![[r#"
            > 1 b sell 3 @ 100
              #1 1 rests, Sell 3 @ 100
            > 2 a sell 3 @ 100
              #2 2 rests, Sell 3 @ 100
            > 3 a sell 3 @ 101
              #3 3 rests, Sell 3 @ 101
            > 4 a buy 9 @ 101 cancel-both
              #4 trade 3 @ 100 with 1
              #5 2 cancelled, 3 @ 100 (SelfTrade)
              4 dropped 6 (SelfTrade)
            Sell 101 = 3: 3a3
        "#]],
    );
}

// M-12
#[test]
fn decrement_takes_the_smaller_from_both_without_a_trade() {
    check(
        "1 a sell 3 @ 100
         2 b sell 3 @ 100
         3 a sell 9 @ 101
         4 a buy 10 @ 101 decrement
         5 a buy 3 @ 101 decrement",
        expect![[r#"
            > 1 a sell 3 @ 100
              #1 1 rests, Sell 3 @ 100
            > 2 b sell 3 @ 100
              #2 2 rests, Sell 3 @ 100
            > 3 a sell 9 @ 101
              #3 3 rests, Sell 9 @ 101
            > 4 a buy 10 @ 101 decrement
              #4 decremented 3 @ 100 with 1
              #5 trade 3 @ 100 with 2
              #6 decremented 4 @ 101 with 3
              4 dropped 0 (SelfTrade)
            > 5 a buy 3 @ 101 decrement
              #7 decremented 3 @ 101 with 3
              5 dropped 0 (SelfTrade)
            Sell 101 = 2: 3a2
        "#]],
    );
    check(
        "1 a sell 3 @ 100
         2 a buy 3 @ 100 decrement
         3 a sell 3 @ 100
         4 a buy 5 @ 100 decrement
         5 a buy 9 @ 90",
        expect![[r#"
            > 1 a sell 3 @ 100
              #1 1 rests, Sell 3 @ 100
            > 2 a buy 3 @ 100 decrement
              #2 decremented 3 @ 100 with 1
              2 dropped 0 (SelfTrade)
            > 3 a sell 3 @ 100
              #3 3 rests, Sell 3 @ 100
            > 4 a buy 5 @ 100 decrement
              #4 decremented 3 @ 100 with 3
              #5 4 rests, Buy 2 @ 100
            > 5 a buy 9 @ 90
              #6 5 rests, Buy 9 @ 90
            Buy 100 = 2: 4a2
            Buy 90 = 9: 5a9
        "#]],
    );
}

// M-12
#[test]
fn the_mode_is_the_incoming_orders() {
    check(
        "1 a sell 3 @ 100 decrement
         2 a buy 3 @ 100 cancel-maker",
        expect![[r#"
            > 1 a sell 3 @ 100 decrement
              #1 1 rests, Sell 3 @ 100
            > 2 a buy 3 @ 100 cancel-maker
              #2 1 cancelled, 3 @ 100 (SelfTrade)
              #3 2 rests, Buy 3 @ 100
            Buy 100 = 3: 2a3
        "#]],
    );
}

// M-12, M-10
#[test]
fn fill_or_kill_counts_only_what_it_may_trade_with() {
    let book = "1 b sell 3 @ 100
         2 a sell 3 @ 100
         3 b sell 3 @ 101
         ";
    let check = |order: &str, expected| check(&format!("{book}{order}"), expected);
    check(
        "4 a buy 3 @ 101 fok",
        expect![[r#"
        > 1 b sell 3 @ 100
          #1 1 rests, Sell 3 @ 100
        > 2 a sell 3 @ 100
          #2 2 rests, Sell 3 @ 100
        > 3 b sell 3 @ 101
          #3 3 rests, Sell 3 @ 101
        > 4 a buy 3 @ 101 fok
          #4 trade 3 @ 100 with 1
          4 filled
        Sell 101 = 3: 3b3
        Sell 100 = 3: 2a3
    "#]],
    );
    check(
        "4 a buy 4 @ 101 fok",
        expect![[r#"
        > 1 b sell 3 @ 100
          #1 1 rests, Sell 3 @ 100
        > 2 a sell 3 @ 100
          #2 2 rests, Sell 3 @ 100
        > 3 b sell 3 @ 101
          #3 3 rests, Sell 3 @ 101
        > 4 a buy 4 @ 101 fok
          4 dropped 4 (FillOrKill)
        Sell 101 = 3: 3b3
        Sell 100 = 6: 1b3 2a3
    "#]],
    );
    check(
        "4 a buy 6 @ 101 fok cancel-maker",
        expect![[r#"
        > 1 b sell 3 @ 100
          #1 1 rests, Sell 3 @ 100
        > 2 a sell 3 @ 100
          #2 2 rests, Sell 3 @ 100
        > 3 b sell 3 @ 101
          #3 3 rests, Sell 3 @ 101
        > 4 a buy 6 @ 101 fok cancel-maker
          #4 trade 3 @ 100 with 1
          #5 2 cancelled, 3 @ 100 (SelfTrade)
          #6 trade 3 @ 101 with 3
          4 filled
        empty
    "#]],
    );
    check(
        "4 a buy 7 @ 101 fok cancel-maker",
        expect![[r#"
        > 1 b sell 3 @ 100
          #1 1 rests, Sell 3 @ 100
        > 2 a sell 3 @ 100
          #2 2 rests, Sell 3 @ 100
        > 3 b sell 3 @ 101
          #3 3 rests, Sell 3 @ 101
        > 4 a buy 7 @ 101 fok cancel-maker
          4 dropped 7 (FillOrKill)
        Sell 101 = 3: 3b3
        Sell 100 = 6: 1b3 2a3
    "#]],
    );
    check(
        "4 a buy 4 @ 101 fok cancel-both",
        expect![[r#"
        > 1 b sell 3 @ 100
          #1 1 rests, Sell 3 @ 100
        > 2 a sell 3 @ 100
          #2 2 rests, Sell 3 @ 100
        > 3 b sell 3 @ 101
          #3 3 rests, Sell 3 @ 101
        > 4 a buy 4 @ 101 fok cancel-both
          4 dropped 4 (FillOrKill)
        Sell 101 = 3: 3b3
        Sell 100 = 6: 1b3 2a3
    "#]],
    );
    check(
        "4 a buy 4 @ 101 fok decrement",
        expect![[r#"
        > 1 b sell 3 @ 100
          #1 1 rests, Sell 3 @ 100
        > 2 a sell 3 @ 100
          #2 2 rests, Sell 3 @ 100
        > 3 b sell 3 @ 101
          #3 3 rests, Sell 3 @ 101
        > 4 a buy 4 @ 101 fok decrement
          4 dropped 4 (FillOrKill)
        Sell 101 = 3: 3b3
        Sell 100 = 6: 1b3 2a3
    "#]],
    );
    check(
        "4 a buy 3 @ 101 fok decrement",
        expect![[r#"
        > 1 b sell 3 @ 100
          #1 1 rests, Sell 3 @ 100
        > 2 a sell 3 @ 100
          #2 2 rests, Sell 3 @ 100
        > 3 b sell 3 @ 101
          #3 3 rests, Sell 3 @ 101
        > 4 a buy 3 @ 101 fok decrement
          #4 trade 3 @ 100 with 1
          4 filled
        Sell 101 = 3: 3b3
        Sell 100 = 3: 2a3
    "#]],
    );
}
