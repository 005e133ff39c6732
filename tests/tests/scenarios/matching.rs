//! The rules of `docs/matching-rules.md`.

use engine::clearing::ExchangeConfig;
use expect_test::expect;
use testkit::world::{Terms, World};

use super::{check, check_on};

fn small_book() -> World {
    let world = World::of(Terms::plain());
    World {
        config: ExchangeConfig {
            max_orders_per_pair: 2,
            ..world.config
        },
        ..world
    }
}

/// The best price trades first, and at one price who came first.
// M-4, M-5, M-6, M-8
#[test]
fn best_price_first_then_first_come() {
    check(
        "
        (alice sells 5 @ 102)
        (bob sells 5 @ 101)
        (alice sells 5 @ 101)
        carol buys 12 @ 102",
        expect![[r#"
            > carol buys 12 @ 102
              -> placed #4
              carol #4 accepted
              bob #2 filled, 5 of 5 @ 101: 5 @ 101 as maker, fee 0
              carol #4 partially filled, 5 of 12 @ 102: 5 @ 101 as taker, fee 0
              alice #3 filled, 5 of 5 @ 101: 5 @ 101 as maker, fee 0
              carol #4 partially filled, 10 of 12 @ 102: 5 @ 101 as taker, fee 0
              alice #1 partially filled, 2 of 5 @ 102: 2 @ 102 as maker, fee 0
              carol #4 filled, 12 of 12 @ 102: 2 @ 102 as taker, fee 0
              alice has 990 + 3 GEM
              alice has 100709 + 0 XRP
              bob has 995 + 0 GEM
              bob has 100505 + 0 XRP
              carol has 1012 + 0 GEM
              carol has 98786 + 0 XRP
              trade 4: buy 5 @ 101
              trade 5: buy 5 @ 101
              trade 6: buy 2 @ 102
            GEM/XRP:
              sell 102: alice #1 3
            alice: 990 + 3 GEM, 100709 + 0 XRP
            bob: 995 + 0 GEM, 100505 + 0 XRP
            carol: 1012 + 0 GEM, 98786 + 0 XRP
        "#]],
    );
}

/// What traded in part still stands before who came later.
// M-5, M-2
#[test]
fn a_partial_fill_keeps_its_place() {
    check(
        "
        (alice sells 10 @ 100)
        (bob sells 10 @ 100)
        carol buys 4 @ 100
        carol buys 10 @ 100",
        expect![[r#"
            > carol buys 4 @ 100
              -> placed #3
              carol #3 accepted
              alice #1 partially filled, 4 of 10 @ 100: 4 @ 100 as maker, fee 0
              carol #3 filled, 4 of 4 @ 100: 4 @ 100 as taker, fee 0
              alice has 990 + 6 GEM
              alice has 100400 + 0 XRP
              carol has 1004 + 0 GEM
              carol has 99600 + 0 XRP
              trade 3: buy 4 @ 100
            > carol buys 10 @ 100
              -> placed #4
              carol #4 accepted
              alice #1 filled, 10 of 10 @ 100: 6 @ 100 as maker, fee 0
              carol #4 partially filled, 6 of 10 @ 100: 6 @ 100 as taker, fee 0
              bob #2 partially filled, 4 of 10 @ 100: 4 @ 100 as maker, fee 0
              carol #4 filled, 10 of 10 @ 100: 4 @ 100 as taker, fee 0
              alice has 990 + 0 GEM
              alice has 101000 + 0 XRP
              bob has 990 + 6 GEM
              bob has 100400 + 0 XRP
              carol has 1014 + 0 GEM
              carol has 98600 + 0 XRP
              trade 4: buy 6 @ 100
              trade 5: buy 4 @ 100
            GEM/XRP:
              sell 100: bob #2 6
            alice: 990 + 0 GEM, 101000 + 0 XRP
            bob: 990 + 6 GEM, 100400 + 0 XRP
            carol: 1014 + 0 GEM, 98600 + 0 XRP
        "#]],
    );
}

/// An order trades at its limit or better, and rests at it.
// M-6, M-7, M-8
#[test]
fn never_beyond_the_limit() {
    check(
        "
        (alice sells 5 @ 100)
        (alice sells 5 @ 103)
        bob buys 10 @ 102",
        expect![[r#"
            > bob buys 10 @ 102
              -> placed #3
              bob #3 accepted
              alice #1 filled, 5 of 5 @ 100: 5 @ 100 as maker, fee 0
              bob #3 partially filled, 5 of 10 @ 102: 5 @ 100 as taker, fee 0
              alice has 990 + 5 GEM
              alice has 100500 + 0 XRP
              bob has 1005 + 0 GEM
              bob has 98990 + 510 XRP
              trade 3: buy 5 @ 100
              book 4: buy 102 +5
            GEM/XRP:
              sell 103: alice #2 5
              buy  102: bob #3 5
            alice: 990 + 5 GEM, 100500 + 0 XRP
            bob: 1005 + 0 GEM, 98990 + 510 XRP
            carol: 1000 + 0 GEM, 100000 + 0 XRP
        "#]],
    );
}

/// What cannot trade at once is dropped.
// M-1, M-9
#[test]
fn immediate_or_cancel_leaves_nothing() {
    check(
        "
        (alice sells 5 @ 100)
        bob buys 8 @ 100 ioc
        bob buys 1 @ 100 ioc",
        expect![[r#"
            > bob buys 8 @ 100 ioc
              -> placed #2
              bob #2 accepted
              alice #1 filled, 5 of 5 @ 100: 5 @ 100 as maker, fee 0
              bob #2 partially filled, 5 of 8 @ 100: 5 @ 100 as taker, fee 0
              bob #2 expired, 5 of 8 @ 100 (immediate or cancel)
              alice has 995 + 0 GEM
              alice has 100500 + 0 XRP
              bob has 1005 + 0 GEM
              bob has 99500 + 0 XRP
              trade 2: buy 5 @ 100
            > bob buys 1 @ 100 ioc
              -> placed #3
              bob #3 accepted
              bob #3 expired, 0 of 1 @ 100 (immediate or cancel)
              bob has 99500 + 0 XRP
            alice: 995 + 0 GEM, 100500 + 0 XRP
            bob: 1005 + 0 GEM, 99500 + 0 XRP
            carol: 1000 + 0 GEM, 100000 + 0 XRP
        "#]],
    );
}

/// A lot short, and nothing happens.
// M-10
#[test]
fn fill_or_kill_is_whole_or_nothing() {
    check(
        "
        (alice sells 5 @ 100)
        (alice sells 5 @ 101)
        bob buys 11 @ 101 fok
        bob buys 10 @ 100 fok
        bob buys 10 @ 101 fok",
        expect![[r#"
            > bob buys 11 @ 101 fok
              -> placed #3
              bob #3 accepted
              bob #3 expired, 0 of 11 @ 101 (fill or kill)
              bob has 100000 + 0 XRP
            > bob buys 10 @ 100 fok
              -> placed #4
              bob #4 accepted
              bob #4 expired, 0 of 10 @ 100 (fill or kill)
              bob has 100000 + 0 XRP
            > bob buys 10 @ 101 fok
              -> placed #5
              bob #5 accepted
              alice #1 filled, 5 of 5 @ 100: 5 @ 100 as maker, fee 0
              bob #5 partially filled, 5 of 10 @ 101: 5 @ 100 as taker, fee 0
              alice #2 filled, 5 of 5 @ 101: 5 @ 101 as maker, fee 0
              bob #5 filled, 10 of 10 @ 101: 5 @ 101 as taker, fee 0
              alice has 990 + 0 GEM
              alice has 101005 + 0 XRP
              bob has 1010 + 0 GEM
              bob has 98995 + 0 XRP
              trade 3: buy 5 @ 100
              trade 4: buy 5 @ 101
            alice: 990 + 0 GEM, 101005 + 0 XRP
            bob: 1010 + 0 GEM, 98995 + 0 XRP
            carol: 1000 + 0 GEM, 100000 + 0 XRP
        "#]],
    );
}

/// An own order in the way ends it before it begins, unless it would be cancelled.
// M-10, M-12
#[test]
fn fill_or_kill_never_counts_on_its_owner() {
    check(
        "
        (alice sells 5 @ 100)
        (bob sells 5 @ 100)
        (carol sells 5 @ 100)
        bob buys 10 @ 100 fok
        bob buys 10 @ 100 fok decrement
        bob buys 10 @ 100 fok cancel-maker",
        expect![[r#"
            > bob buys 10 @ 100 fok
              -> placed #4
              bob #4 accepted
              bob #4 expired, 0 of 10 @ 100 (fill or kill)
              bob has 100000 + 0 XRP
            > bob buys 10 @ 100 fok decrement
              -> placed #5
              bob #5 accepted
              bob #5 expired, 0 of 10 @ 100 (fill or kill)
              bob has 100000 + 0 XRP
            > bob buys 10 @ 100 fok cancel-maker
              -> placed #6
              bob #6 accepted
              alice #1 filled, 5 of 5 @ 100: 5 @ 100 as maker, fee 0
              bob #6 partially filled, 5 of 10 @ 100: 5 @ 100 as taker, fee 0
              bob #2 cancelled, 0 of 5 @ 100 (self trade prevention)
              carol #3 filled, 5 of 5 @ 100: 5 @ 100 as maker, fee 0
              bob #6 filled, 10 of 10 @ 100: 5 @ 100 as taker, fee 0
              alice has 995 + 0 GEM
              alice has 100500 + 0 XRP
              bob has 1010 + 0 GEM
              bob has 99000 + 0 XRP
              carol has 995 + 0 GEM
              carol has 100500 + 0 XRP
              trade 4: buy 5 @ 100
              book 5: sell 100 -5
              trade 6: buy 5 @ 100
            alice: 995 + 0 GEM, 100500 + 0 XRP
            bob: 1010 + 0 GEM, 99000 + 0 XRP
            carol: 995 + 0 GEM, 100500 + 0 XRP
        "#]],
    );
}

/// At the best opposite price it would take, a tick below it rests; also when amended.
// M-3, M-11
#[test]
fn post_only_rests_or_is_refused() {
    check(
        "
        (alice sells 5 @ 101)
        bob buys 5 @ 101 post-only
        bob buys 5 @ 100 post-only
        bob amends #3 @ 101
        bob amends #3 to 6",
        expect![[r#"
            > bob buys 5 @ 101 post-only
              -> refused: post only would take
              bob has 100000 + 0 XRP
            > bob buys 5 @ 100 post-only
              -> placed #3
              bob #3 accepted
              bob #3 open, 0 of 5 @ 100
              bob has 99500 + 500 XRP
              book 2: buy 100 +5
            > bob amends #3 @ 101
              -> refused: post only would take
              bob has 99500 + 500 XRP
            > bob amends #3 to 6
              -> amended #3 to 6 @ 100, 6 left
              bob #3 open, 0 of 6 @ 100 (amended)
              bob has 99400 + 600 XRP
              book 3: buy 100 -5
              book 4: buy 100 +6
            GEM/XRP:
              sell 101: alice #1 5
              buy  100: bob #3 6
            alice: 995 + 5 GEM, 100000 + 0 XRP
            bob: 1000 + 0 GEM, 99400 + 600 XRP
            carol: 1000 + 0 GEM, 100000 + 0 XRP
        "#]],
    );
}

/// The incoming order is dropped; what it filled stands.
// M-12
#[test]
fn an_order_never_trades_with_its_owner_cancel_taker() {
    check(
        "
        (bob sells 2 @ 100)
        (alice sells 5 @ 100)
        alice buys 4 @ 100",
        expect![[r#"
            > alice buys 4 @ 100
              -> placed #3
              alice #3 accepted
              bob #1 filled, 2 of 2 @ 100: 2 @ 100 as maker, fee 0
              alice #3 partially filled, 2 of 4 @ 100: 2 @ 100 as taker, fee 0
              alice #3 cancelled, 2 of 4 @ 100 (self trade prevention)
              alice has 997 + 5 GEM
              alice has 99800 + 0 XRP
              bob has 998 + 0 GEM
              bob has 100200 + 0 XRP
              trade 3: buy 2 @ 100
            GEM/XRP:
              sell 100: alice #2 5
            alice: 997 + 5 GEM, 99800 + 0 XRP
            bob: 998 + 0 GEM, 100200 + 0 XRP
            carol: 1000 + 0 GEM, 100000 + 0 XRP
        "#]],
    );
}

/// The resting order is cancelled and the incoming goes on.
// M-12
#[test]
fn an_order_never_trades_with_its_owner_cancel_maker() {
    check(
        "
        (alice sells 5 @ 100)
        (bob sells 2 @ 100)
        alice buys 4 @ 100 cancel-maker",
        expect![[r#"
            > alice buys 4 @ 100 cancel-maker
              -> placed #3
              alice #3 accepted
              alice #1 cancelled, 0 of 5 @ 100 (self trade prevention)
              bob #2 filled, 2 of 2 @ 100: 2 @ 100 as maker, fee 0
              alice #3 partially filled, 2 of 4 @ 100: 2 @ 100 as taker, fee 0
              alice has 1002 + 0 GEM
              alice has 99600 + 200 XRP
              bob has 998 + 0 GEM
              bob has 100200 + 0 XRP
              book 3: sell 100 -5
              trade 4: buy 2 @ 100
              book 5: buy 100 +2
            GEM/XRP:
              buy  100: alice #3 2
            alice: 1002 + 0 GEM, 99600 + 200 XRP
            bob: 998 + 0 GEM, 100200 + 0 XRP
            carol: 1000 + 0 GEM, 100000 + 0 XRP
        "#]],
    );
}

/// Both end.
// M-12
#[test]
fn an_order_never_trades_with_its_owner_cancel_both() {
    check(
        "
        (alice sells 5 @ 100)
        (bob sells 2 @ 100)
        alice buys 4 @ 100 cancel-both",
        expect![[r#"
            > alice buys 4 @ 100 cancel-both
              -> placed #3
              alice #3 accepted
              alice #1 cancelled, 0 of 5 @ 100 (self trade prevention)
              alice #3 cancelled, 0 of 4 @ 100 (self trade prevention)
              alice has 1000 + 0 GEM
              alice has 100000 + 0 XRP
              book 3: sell 100 -5
            GEM/XRP:
              sell 100: bob #2 2
            alice: 1000 + 0 GEM, 100000 + 0 XRP
            bob: 998 + 2 GEM, 100000 + 0 XRP
            carol: 1000 + 0 GEM, 100000 + 0 XRP
        "#]],
    );
}

/// Both lose the smaller quantity, without a trade.
// M-12
#[test]
fn an_order_never_trades_with_its_owner_decrement() {
    check(
        "
        (alice sells 5 @ 100)
        (bob sells 2 @ 100)
        alice buys 4 @ 100 decrement
        alice buys 6 @ 100 decrement",
        expect![[r#"
            > alice buys 4 @ 100 decrement
              -> placed #3
              alice #3 accepted
              alice #1 open, 0 of 1 @ 100 (self trade prevention)
              alice #3 cancelled, 0 of 4 @ 100 (self trade prevention)
              alice has 999 + 1 GEM
              alice has 100000 + 0 XRP
              book 3: sell 100 -4
            > alice buys 6 @ 100 decrement
              -> placed #4
              alice #4 accepted
              alice #1 cancelled, 0 of 1 @ 100 (self trade prevention)
              alice #4 open, 0 of 5 @ 100 (self trade prevention)
              bob #2 filled, 2 of 2 @ 100: 2 @ 100 as maker, fee 0
              alice #4 partially filled, 2 of 5 @ 100: 2 @ 100 as taker, fee 0
              alice has 1002 + 0 GEM
              alice has 99500 + 300 XRP
              bob has 998 + 0 GEM
              bob has 100200 + 0 XRP
              book 4: sell 100 -1
              trade 5: buy 2 @ 100
              book 6: buy 100 +3
            GEM/XRP:
              buy  100: alice #4 3
            alice: 1002 + 0 GEM, 99500 + 300 XRP
            bob: 998 + 0 GEM, 100200 + 0 XRP
            carol: 1000 + 0 GEM, 100000 + 0 XRP
        "#]],
    );
}

/// An order beyond what a book may hold is refused.
// M-13
#[test]
fn a_full_book_takes_no_order() {
    check_on(
        small_book(),
        "
        (alice sells 5 @ 101)
        (alice sells 5 @ 102)
        bob sells 5 @ 103
        (alice cancels #1)
        bob sells 5 @ 103",
        expect![[r#"
            > bob sells 5 @ 103
              -> refused: book full
            > bob sells 5 @ 103
              -> placed #3
              bob #3 accepted
              bob #3 open, 0 of 5 @ 103
              bob has 995 + 5 GEM
              book 4: sell 103 +5
            GEM/XRP:
              sell 103: bob #3 5
              sell 102: alice #2 5
            alice: 995 + 5 GEM, 100000 + 0 XRP
            bob: 995 + 5 GEM, 100000 + 0 XRP
            carol: 1000 + 0 GEM, 100000 + 0 XRP
        "#]],
    );
}

/// A cancel takes what is left; another says so again, and of a filled order that it is filled.
// M-14
#[test]
fn cancel_takes_out_what_is_left() {
    check(
        "
        (alice sells 5 @ 100)
        (bob buys 2 @ 100)
        alice cancels #1
        alice cancels #1
        bob cancels #2
        bob cancels #1",
        expect![[r#"
            > alice cancels #1
              -> cancelled #1, 2 filled
              alice #1 cancelled, 2 of 5 @ 100 (cancel requested)
              alice has 998 + 0 GEM
              book 3: sell 100 -3
            > alice cancels #1
              -> cancelled #1, 2 filled
            > bob cancels #2
              -> #2 is filled: 2 for 200 in GEM/XRP
            > bob cancels #1
              -> refused: unknown order
            alice: 998 + 0 GEM, 100200 + 0 XRP
            bob: 1002 + 0 GEM, 99800 + 0 XRP
            carol: 1000 + 0 GEM, 100000 + 0 XRP
        "#]],
    );
}

/// An amend below what is filled, or of nothing, changes nothing.
// M-3, M-15
#[test]
fn replace_is_all_or_nothing() {
    check(
        "
        (alice sells 5 @ 100)
        (bob buys 2 @ 100)
        alice amends #1 to 2
        alice amends #1 @ 100 to 5
        alice amends #1
        alice amends #2 @ 101",
        expect![[r#"
            > alice amends #1 to 2
              -> refused: amount below filled
            > alice amends #1 @ 100 to 5
              -> refused: nothing to amend
            > alice amends #1
              -> refused: nothing to amend
            > alice amends #2 @ 101
              -> refused: unknown order
            GEM/XRP:
              sell 100: alice #1 3
            alice: 995 + 3 GEM, 100200 + 0 XRP
            bob: 1002 + 0 GEM, 99800 + 0 XRP
            carol: 1000 + 0 GEM, 100000 + 0 XRP
        "#]],
    );
}

/// Less at the same price stays where it is.
// M-16
#[test]
fn a_smaller_quantity_keeps_its_place() {
    check(
        "
        (alice sells 5 @ 100)
        (bob sells 5 @ 100)
        alice amends #1 to 3
        carol buys 4 @ 100",
        expect![[r#"
            > alice amends #1 to 3
              -> amended #1 to 3 @ 100, 3 left
              alice #1 open, 0 of 3 @ 100 (amended)
              alice has 997 + 3 GEM
              book 3: sell 100 -2
            > carol buys 4 @ 100
              -> placed #3
              carol #3 accepted
              alice #1 filled, 3 of 3 @ 100: 3 @ 100 as maker, fee 0
              carol #3 partially filled, 3 of 4 @ 100: 3 @ 100 as taker, fee 0
              bob #2 partially filled, 1 of 5 @ 100: 1 @ 100 as maker, fee 0
              carol #3 filled, 4 of 4 @ 100: 1 @ 100 as taker, fee 0
              alice has 997 + 0 GEM
              alice has 100300 + 0 XRP
              bob has 995 + 4 GEM
              bob has 100100 + 0 XRP
              carol has 1004 + 0 GEM
              carol has 99600 + 0 XRP
              trade 4: buy 3 @ 100
              trade 5: buy 1 @ 100
            GEM/XRP:
              sell 100: bob #2 4
            alice: 997 + 0 GEM, 100300 + 0 XRP
            bob: 995 + 4 GEM, 100100 + 0 XRP
            carol: 1004 + 0 GEM, 99600 + 0 XRP
        "#]],
    );
}

/// More, or another price, goes behind all others.
// M-17
#[test]
fn a_larger_quantity_or_another_price_starts_again() {
    check(
        "
        (alice sells 5 @ 100)
        (bob sells 5 @ 100)
        alice amends #1 to 6
        bob amends #2 @ 101
        bob amends #2 @ 100
        carol buys 7 @ 100",
        expect![[r#"
            > alice amends #1 to 6
              -> amended #1 to 6 @ 100, 6 left
              alice #1 open, 0 of 6 @ 100 (amended)
              alice has 994 + 6 GEM
              book 3: sell 100 -5
              book 4: sell 100 +6
            > bob amends #2 @ 101
              -> amended #2 to 5 @ 101, 5 left
              bob #2 open, 0 of 5 @ 101 (amended)
              bob has 995 + 5 GEM
              book 5: sell 100 -5
              book 6: sell 101 +5
            > bob amends #2 @ 100
              -> amended #2 to 5 @ 100, 5 left
              bob #2 open, 0 of 5 @ 100 (amended)
              bob has 995 + 5 GEM
              book 7: sell 101 -5
              book 8: sell 100 +5
            > carol buys 7 @ 100
              -> placed #3
              carol #3 accepted
              alice #1 filled, 6 of 6 @ 100: 6 @ 100 as maker, fee 0
              carol #3 partially filled, 6 of 7 @ 100: 6 @ 100 as taker, fee 0
              bob #2 partially filled, 1 of 5 @ 100: 1 @ 100 as maker, fee 0
              carol #3 filled, 7 of 7 @ 100: 1 @ 100 as taker, fee 0
              alice has 994 + 0 GEM
              alice has 100600 + 0 XRP
              bob has 995 + 4 GEM
              bob has 100100 + 0 XRP
              carol has 1007 + 0 GEM
              carol has 99300 + 0 XRP
              trade 9: buy 6 @ 100
              trade 10: buy 1 @ 100
            GEM/XRP:
              sell 100: bob #2 4
            alice: 994 + 0 GEM, 100600 + 0 XRP
            bob: 995 + 4 GEM, 100100 + 0 XRP
            carol: 1007 + 0 GEM, 99300 + 0 XRP
        "#]],
    );
}

/// Nobody comes between leaving and coming in again.
// M-17, M-12
#[test]
fn an_amend_may_trade_at_once() {
    check(
        "
        (alice sells 5 @ 103)
        (bob buys 2 @ 99)
        (alice buys 2 @ 98)
        alice amends #1 @ 98",
        expect![[r#"
            > alice amends #1 @ 98
              -> amended #1 to 5 @ 98, 5 left
              alice #1 open, 0 of 5 @ 98 (amended)
              bob #2 filled, 2 of 2 @ 99: 2 @ 99 as maker, fee 0
              alice #1 partially filled, 2 of 5 @ 98: 2 @ 99 as taker, fee 0
              alice #1 cancelled, 2 of 5 @ 98 (self trade prevention)
              alice has 998 + 0 GEM
              alice has 100002 + 196 XRP
              bob has 1002 + 0 GEM
              bob has 99802 + 0 XRP
              book 4: sell 103 -5
              trade 5: sell 2 @ 99
            GEM/XRP:
              buy  98: alice #3 2
            alice: 998 + 0 GEM, 100002 + 196 XRP
            bob: 1002 + 0 GEM, 99802 + 0 XRP
            carol: 1000 + 0 GEM, 100000 + 0 XRP
        "#]],
    );
}
