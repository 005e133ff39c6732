//! The eight worked cases of Binance's self-trade-prevention FAQ (A to H), as our own tables: with
//! quantities and prices ten times theirs, in lots and ticks; but for H all orders are of one
//! account.
//!
//! | case | theirs | ours |
//! |---|---|---|
//! | A | without prevention the two orders trade | there is no such mode: an account never trades with itself, and the default is `cancel_taker` |
//! | B to G | as the incoming order's mode says | the same; they call what ends here `cancelled` or `expired` an order expired in match |
//! | H | two accounts of a group: both lose the quantity, and it is transferred between them | there are no groups: two accounts trade, and one account's orders are as in G |

use expect_test::expect;

use super::check;

/// Without a mode.
// M-12
#[test]
fn case_a() {
    check(
        "1 a buy 10 @ 10
         2 a sell 10 @ 10",
        expect![[r#"
            > 1 a buy 10 @ 10
              #1 1 rests, Buy 10 @ 10
            > 2 a sell 10 @ 10
              2 dropped 10 (SelfTrade)
            Buy 10 = 10: 1a10
        "#]],
    );
}

/// The incoming order cancels all that it meets, and rests.
// M-12
#[test]
fn case_b() {
    check(
        "(1 a buy 12 @ 12)
         (2 a buy 13 @ 11)
         (3 a buy 81 @ 10)
         4 a sell 30 @ 10 cancel-maker",
        expect![[r#"
            > 4 a sell 30 @ 10 cancel-maker
              #4 1 cancelled, 12 @ 12 (SelfTrade)
              #5 2 cancelled, 13 @ 11 (SelfTrade)
              #6 3 cancelled, 81 @ 10 (SelfTrade)
              #7 4 rests, Sell 30 @ 10
            Sell 10 = 30: 4a30
        "#]],
    );
}

/// The incoming order ends, and what rests stays.
// M-12
#[test]
fn case_c() {
    check(
        "(1 a buy 12 @ 12)
         (2 a buy 13 @ 11)
         (3 a buy 81 @ 10)
         4 a sell 30 @ 10 cancel-taker",
        expect![[r#"
            > 4 a sell 30 @ 10 cancel-taker
              4 dropped 30 (SelfTrade)
            Buy 12 = 12: 1a12
            Buy 11 = 13: 2a13
            Buy 10 = 81: 3a81
        "#]],
    );
}

/// Both end.
// M-12
#[test]
fn case_d() {
    check(
        "(1 a buy 10 @ 10)
         2 a sell 30 @ 10 cancel-both",
        expect![[r#"
            > 2 a sell 30 @ 10 cancel-both
              #2 1 cancelled, 10 @ 10 (SelfTrade)
              2 dropped 30 (SelfTrade)
            empty
        "#]],
    );
}

/// The mode is the incoming order's.
// M-12
#[test]
fn case_e() {
    check(
        "(1 a buy 10 @ 10 cancel-maker)
         2 a sell 10 @ 10 cancel-taker",
        expect![[r#"
            > 2 a sell 10 @ 10 cancel-taker
              2 dropped 10 (SelfTrade)
            Buy 10 = 10: 1a10
        "#]],
    );
}

/// At the market: what rests is cancelled, and the rest finds nothing.
// M-12, M-9
#[test]
fn case_f() {
    check(
        "(1 a buy 10 @ 10)
         2 a sell 10 @ 8 ioc cancel-maker",
        expect![[r#"
            > 2 a sell 10 @ 8 ioc cancel-maker
              #2 1 cancelled, 10 @ 10 (SelfTrade)
              2 dropped 10 (ImmediateOrCancel)
            empty
        "#]],
    );
}

/// Both lose the smaller quantity, and the incoming one ends.
// M-12
#[test]
fn case_g() {
    check(
        "(1 a buy 60 @ 20)
         2 a sell 20 @ 20 decrement",
        expect![[r#"
            > 2 a sell 20 @ 20 decrement
              #2 decremented 20 @ 20 with 1
              2 dropped 0 (SelfTrade)
            Buy 20 = 40: 1a40
        "#]],
    );
}

/// Two accounts trade; one account's orders do as in G.
// M-12
#[test]
fn case_h() {
    check(
        "(1 a buy 6 @ 2)
         2 b sell 2 @ 2 decrement
         3 a sell 2 @ 2 decrement",
        expect![[r#"
            > 2 b sell 2 @ 2 decrement
              #2 trade 2 @ 2 with 1
              2 filled
            > 3 a sell 2 @ 2 decrement
              #3 decremented 2 @ 2 with 1
              3 dropped 0 (SelfTrade)
            Buy 2 = 2: 1a2
        "#]],
    );
}
