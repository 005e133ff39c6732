//! The rules of `docs/ledger.md`. L-13 and L-20 are about what is in flight and what is recorded:
//! they are proven in `delayed.rs`.

use engine::domain::{Amount, PairLimits, Quantity};
use expect_test::expect;
use testkit::world::{Terms, World};

use super::{check, check_on, check_unfunded};

fn fees(maker_fee: u16, taker_fee: u16) -> World {
    World::of(Terms {
        maker_fee,
        taker_fee,
        ..Terms::plain()
    })
}

/// 2 to 10 lots, worth 300 at least, within a fifth of the reference, one open order each.
fn limits() -> World {
    let terms = Terms::plain();
    World::of(Terms {
        limits: PairLimits {
            min_quantity: Quantity::new(2).expect("in range"),
            max_quantity: Quantity::new(10).expect("in range"),
            min_notional: Amount::new(300).expect("in range"),
            price_band: 2_000,
            max_open_orders: 1,
        },
        ..terms
    })
}

/// A lot costs 10^12 units a tick.
fn dear() -> World {
    World::of(Terms {
        tick_lot: 1_000_000_000_000,
        ..Terms::plain()
    })
}

/// Deposits and withdrawals; what is held cannot leave.
// L-1, L-3, L-4
#[test]
fn money_comes_in_and_goes_out() {
    check_unfunded(
        World::of(Terms::plain()),
        "
        alice deposits 1000 XRP
        alice deposits 0 XRP
        alice deposits 9223372036854774808 XRP
        alice deposits 9223372036854774807 XRP
        (alice withdraws 9223372036854774807 XRP)
        (alice buys 6 @ 100)
        alice withdraws 401 XRP
        alice withdraws 0 XRP
        alice withdraws 400 XRP",
        expect![[r#"
            > alice deposits 1000 XRP
              -> booked, 1000 + 0
              alice has 1000 + 0 XRP
            > alice deposits 0 XRP
              -> refused: zero amount
            > alice deposits 9223372036854774808 XRP
              -> refused: balance too large
            > alice deposits 9223372036854774807 XRP
              -> booked, 9223372036854775807 + 0
              alice has 9223372036854775807 + 0 XRP
            > alice withdraws 401 XRP
              -> refused: insufficient balance
            > alice withdraws 0 XRP
              -> refused: zero amount
            > alice withdraws 400 XRP
              -> booked, 0 + 600
              alice has 0 + 600 XRP
            GEM/XRP:
              buy  100: alice #1 6
            alice: 0 + 600 XRP
        "#]],
    );
}

/// An order that costs a unit more than there is is refused; one that costs all is taken.
// L-2, L-6
#[test]
fn a_hold_needs_funds() {
    check_unfunded(
        World::of(Terms::plain()),
        "
        (alice deposits 999 XRP)
        (bob deposits 10 GEM)
        alice buys 10 @ 100
        (alice deposits 1 XRP)
        alice buys 10 @ 100
        bob sells 11 @ 100
        bob sells 10 @ 101",
        expect![[r#"
            > alice buys 10 @ 100
              -> refused: insufficient balance
            > alice buys 10 @ 100
              -> placed #1
              alice #1 accepted
              alice #1 open, 0 of 10 @ 100
              alice has 0 + 1000 XRP
              book 1: buy 100 +10
            > bob sells 11 @ 100
              -> refused: insufficient balance
            > bob sells 10 @ 101
              -> placed #2
              bob #2 accepted
              bob #2 open, 0 of 10 @ 101
              bob has 0 + 10 GEM
              book 2: sell 101 +10
            GEM/XRP:
              sell 101: bob #2 10
              buy  100: alice #1 10
            alice: 0 + 1000 XRP
            bob: 0 + 10 GEM
        "#]],
    );
}

/// The worked example of the document: 10 basis points for the maker, 20 for the taker.
// L-5, L-6, L-7, L-8, L-9, L-10
#[test]
fn a_trade_captures_at_its_price_and_releases_the_rest() {
    check_unfunded(
        fees(10, 20),
        "
        alice deposits 10000 XRP
        bob deposits 50 GEM
        bob sells 5 @ 90
        alice buys 12 @ 100
        bob sells 3 @ 99
        alice cancels #2",
        expect![[r#"
            > alice deposits 10000 XRP
              -> booked, 10000 + 0
              alice has 10000 + 0 XRP
            > bob deposits 50 GEM
              -> booked, 50 + 0
              bob has 50 + 0 GEM
            > bob sells 5 @ 90
              -> placed #1
              bob #1 accepted
              bob #1 open, 0 of 5 @ 90
              bob has 45 + 5 GEM
              book 1: sell 90 +5
            > alice buys 12 @ 100
              -> placed #2
              alice #2 accepted
              bob #1 filled, 5 of 5 @ 90: 5 @ 90 as maker, fee 1
              alice #2 partially filled, 5 of 12 @ 100: 5 @ 90 as taker, fee 1
              alice has 5 + 0 GEM
              alice has 8847 + 702 XRP
              bob has 45 + 0 GEM
              bob has 449 + 0 XRP
              trade 2: buy 5 @ 90
              book 3: buy 100 +7
            > bob sells 3 @ 99
              -> placed #3
              bob #3 accepted
              alice #2 partially filled, 8 of 12 @ 100: 3 @ 100 as maker, fee 1
              bob #3 filled, 3 of 3 @ 99: 3 @ 100 as taker, fee 1
              alice has 8 + 0 GEM
              alice has 8848 + 400 XRP
              bob has 42 + 0 GEM
              bob has 748 + 0 XRP
              trade 4: sell 3 @ 100
            > alice cancels #2
              -> cancelled #2, 8 filled
              alice #2 cancelled, 8 of 12 @ 100 (cancel requested)
              alice has 9248 + 0 XRP
              book 5: buy 100 -4
            alice: 8 + 0 GEM, 9248 + 0 XRP
            bob: 42 + 0 GEM, 748 + 0 XRP
            fees: 4 XRP
        "#]],
    );
}

/// Fills whose exact fees are a half and one pay two in all, the half rounded up first.
// L-9
#[test]
fn fees_round_up_once_an_order() {
    check_on(
        fees(100, 0),
        "
        (alice sells 3 @ 50)
        bob buys 1 @ 50
        bob buys 2 @ 50",
        expect![[r#"
            > bob buys 1 @ 50
              -> placed #2
              bob #2 accepted
              alice #1 partially filled, 1 of 3 @ 50: 1 @ 50 as maker, fee 1
              bob #2 filled, 1 of 1 @ 50: 1 @ 50 as taker, fee 0
              alice has 997 + 2 GEM
              alice has 100049 + 0 XRP
              bob has 1001 + 0 GEM
              bob has 99950 + 0 XRP
              trade 2: buy 1 @ 50
            > bob buys 2 @ 50
              -> placed #3
              bob #3 accepted
              alice #1 filled, 3 of 3 @ 50: 2 @ 50 as maker, fee 1
              bob #3 filled, 2 of 2 @ 50: 2 @ 50 as taker, fee 0
              alice has 997 + 0 GEM
              alice has 100148 + 0 XRP
              bob has 1003 + 0 GEM
              bob has 99850 + 0 XRP
              trade 3: buy 2 @ 50
            alice: 997 + 0 GEM, 100148 + 0 XRP
            bob: 1003 + 0 GEM, 99850 + 0 XRP
            carol: 1000 + 0 GEM, 100000 + 0 XRP
            fees: 2 XRP
        "#]],
    );
}

/// A post-only order that would take: its hold is released, its client id free, its number gone.
// L-11, L-17
#[test]
fn what_the_book_refuses_leaves_no_trace() {
    check(
        "
        (alice sells 5 @ 100)
        bob buys 5 @ 100 post-only as mine
        bob buys 5 @ 99 post-only as mine",
        expect![[r#"
            > bob buys 5 @ 100 post-only as mine
              -> refused: post only would take
              bob has 100000 + 0 XRP
            > bob buys 5 @ 99 post-only as mine
              -> placed #3
              bob #3 accepted
              bob #3 open, 0 of 5 @ 99
              bob has 99505 + 495 XRP
              book 2: buy 99 +5
            GEM/XRP:
              sell 100: alice #1 5
              buy  99: bob #3 5
            alice: 995 + 5 GEM, 100000 + 0 XRP
            bob: 1000 + 0 GEM, 99505 + 495 XRP
            carol: 1000 + 0 GEM, 100000 + 0 XRP
        "#]],
    );
}

/// To a higher price the difference must be there; to a lower one it is released.
// L-12
#[test]
fn an_amend_holds_first() {
    check(
        "
        (dave deposits 1000 XRP)
        dave buys 9 @ 100
        dave amends #1 @ 112
        dave amends #1 @ 111
        dave amends #1 @ 90 to 12
        dave amends #1 @ 90 to 11",
        expect![[r#"
            > dave buys 9 @ 100
              -> placed #1
              dave #1 accepted
              dave #1 open, 0 of 9 @ 100
              dave has 100 + 900 XRP
              book 1: buy 100 +9
            > dave amends #1 @ 112
              -> refused: insufficient balance
            > dave amends #1 @ 111
              -> amended #1 to 9 @ 111, 9 left
              dave #1 open, 0 of 9 @ 111 (amended)
              dave has 1 + 999 XRP
              book 2: buy 100 -9
              book 3: buy 111 +9
            > dave amends #1 @ 90 to 12
              -> refused: insufficient balance
            > dave amends #1 @ 90 to 11
              -> refused: insufficient balance
            GEM/XRP:
              buy  111: dave #1 9
            alice: 1000 + 0 GEM, 100000 + 0 XRP
            bob: 1000 + 0 GEM, 100000 + 0 XRP
            carol: 1000 + 0 GEM, 100000 + 0 XRP
            dave: 1 + 999 XRP
        "#]],
    );
}

/// Who comes too late is told what became of the order.
// L-14
#[test]
fn too_late_to_cancel_or_amend() {
    check(
        "
        (alice sells 5 @ 100)
        (alice sells 5 @ 101)
        (bob buys 5 @ 100)
        (alice cancels #2)
        alice cancels #1
        alice cancels #2
        alice amends #1 @ 102
        alice amends #2 @ 102
        alice cancels #9
        bob cancels #2",
        expect![[r#"
            > alice cancels #1
              -> #1 is filled: 5 for 500 in GEM/XRP
            > alice cancels #2
              -> cancelled #2, 0 filled
            > alice amends #1 @ 102
              -> #1 is filled: 5 for 500 in GEM/XRP
            > alice amends #2 @ 102
              -> refused: already closed
            > alice cancels #9
              -> refused: unknown order
            > bob cancels #2
              -> refused: unknown order
            alice: 995 + 0 GEM, 100500 + 0 XRP
            bob: 1005 + 0 GEM, 99500 + 0 XRP
            carol: 1000 + 0 GEM, 100000 + 0 XRP
        "#]],
    );
}

/// What self-trade prevention takes off is no longer held.
// L-15, L-24
#[test]
fn decrement_lowers_both_and_releases() {
    check(
        "
        (alice sells 5 @ 100)
        alice buys 8 @ 100 decrement
        alice cancels #2",
        expect![[r#"
            > alice buys 8 @ 100 decrement
              -> placed #2
              alice #2 accepted
              alice #1 cancelled, 0 of 5 @ 100 (self trade prevention)
              alice #2 open, 0 of 3 @ 100 (self trade prevention)
              alice #2 open, 0 of 3 @ 100
              alice has 1000 + 0 GEM
              alice has 99700 + 300 XRP
              book 2: sell 100 -5
              book 3: buy 100 +3
            > alice cancels #2
              -> cancelled #2, 0 filled
              alice #2 cancelled, 0 of 3 @ 100 (cancel requested)
              alice has 100000 + 0 XRP
              book 4: buy 100 -3
            alice: 1000 + 0 GEM, 100000 + 0 XRP
            bob: 1000 + 0 GEM, 100000 + 0 XRP
            carol: 1000 + 0 GEM, 100000 + 0 XRP
        "#]],
    );
}

/// Half above the reference is held for; what the collar leaves is dropped.
// L-16, L-24
#[test]
fn a_market_order_is_a_limit_at_the_collar() {
    check(
        "
        (alice sells 5 @ 149)
        (alice sells 5 @ 150)
        bob buys 8 at market
        carol buys 5 at market",
        expect![[r#"
            > bob buys 8 at market
              -> placed #3
              bob #3 accepted
              alice #1 filled, 5 of 5 @ 149: 5 @ 149 as maker, fee 0
              bob #3 partially filled, 5 of 8 @ 150: 5 @ 149 as taker, fee 0
              alice #2 partially filled, 3 of 5 @ 150: 3 @ 150 as maker, fee 0
              bob #3 filled, 8 of 8 @ 150: 3 @ 150 as taker, fee 0
              alice has 990 + 2 GEM
              alice has 101195 + 0 XRP
              bob has 1008 + 0 GEM
              bob has 98805 + 0 XRP
              trade 3: buy 5 @ 149
              trade 4: buy 3 @ 150
            > carol buys 5 at market
              -> placed #4
              carol #4 accepted
              alice #2 filled, 5 of 5 @ 150: 2 @ 150 as maker, fee 0
              carol #4 partially filled, 2 of 5 @ 225: 2 @ 150 as taker, fee 0
              carol #4 expired, 2 of 5 @ 225 (collar reached)
              alice has 990 + 0 GEM
              alice has 101495 + 0 XRP
              carol has 1002 + 0 GEM
              carol has 99700 + 0 XRP
              trade 5: buy 2 @ 150
            alice: 990 + 0 GEM, 101495 + 0 XRP
            bob: 1008 + 0 GEM, 98805 + 0 XRP
            carol: 1002 + 0 GEM, 99700 + 0 XRP
        "#]],
    );
}

/// The same again gets the first answer, another order with it is refused.
// L-17
#[test]
fn a_client_order_id_places_once() {
    check(
        "
        alice buys 5 @ 100 as mine
        alice buys 5 @ 100 as mine
        alice buys 6 @ 100 as mine
        (alice amends mine to 6)
        alice buys 5 @ 100 as mine
        (GEM/XRP halts)
        alice buys 5 @ 100 as mine
        (alice cancels mine)
        alice buys 5 @ 100 as mine
        bob buys 5 @ 100 as other",
        expect![[r#"
            > alice buys 5 @ 100 as mine
              -> placed #1
              alice #1 accepted
              alice #1 open, 0 of 5 @ 100
              alice has 99500 + 500 XRP
              book 1: buy 100 +5
            > alice buys 5 @ 100 as mine
              -> placed #1 before
            > alice buys 6 @ 100 as mine
              -> refused: duplicate client order id
            > alice buys 5 @ 100 as mine
              -> placed #1 before
            > alice buys 5 @ 100 as mine
              -> placed #1 before
            > alice buys 5 @ 100 as mine
              -> placed #1 before
            > bob buys 5 @ 100 as other
              -> refused: pair halted
            alice: 1000 + 0 GEM, 100000 + 0 XRP
            bob: 1000 + 0 GEM, 100000 + 0 XRP
            carol: 1000 + 0 GEM, 100000 + 0 XRP
        "#]],
    );
}

/// A millisecond before the day is over it is known, then it never was.
// L-18
#[test]
fn an_end_is_remembered_for_a_day() {
    check(
        "
        (alice buys 5 @ 100 as mine at time 20000)
        (alice cancels mine at time 30000)
        alice cancels mine at time 86429999
        alice cancels mine at time 86430000
        alice buys 7 @ 100 as mine at time 86430000",
        expect![[r#"
            > alice cancels mine at time 86429999
              -> cancelled #1, 0 filled
            > alice cancels mine at time 86430000
              -> refused: unknown order
            > alice buys 7 @ 100 as mine at time 86430000
              -> placed #2
              alice #2 accepted
              alice #2 open, 0 of 7 @ 100
              alice has 99300 + 700 XRP
              book 3: buy 100 +7
            GEM/XRP:
              buy  100: alice #2 7
            alice: 1000 + 0 GEM, 99300 + 700 XRP
            bob: 1000 + 0 GEM, 100000 + 0 XRP
            carol: 1000 + 0 GEM, 100000 + 0 XRP
        "#]],
    );
}

/// By pair and by side, also while the pair is halted.
// L-19
#[test]
fn cancel_all_counts_what_it_took() {
    check(
        "
        (alice buys 5 @ 90)
        (alice sells 5 @ 110)
        (alice buys 5 @ 91)
        (alice buys 5 @ 90 in OIL/XRP)
        alice cancels all in GEM/XRP buys
        (GEM/XRP halts)
        alice cancels all
        alice cancels all",
        expect![[r#"
            > alice cancels all in GEM/XRP buys
              alice #1 cancelled, 0 of 5 @ 90 (cancel requested)
              alice has 99095 + 905 XRP
              book 4: buy 90 -5
              alice #3 cancelled, 0 of 5 @ 91 (cancel requested)
              alice has 99550 + 450 XRP
              book 5: buy 91 -5
              -> 2 cancelled
            > alice cancels all
              alice #2 cancelled, 0 of 5 @ 110 (cancel requested)
              alice has 1000 + 0 GEM
              book 6: sell 110 -5
              alice #4 cancelled, 0 of 5 @ 90 (cancel requested)
              alice has 100000 + 0 XRP
              book 2: buy 90 -5 in OIL/XRP
              -> 2 cancelled
            > alice cancels all
              -> 0 cancelled
            alice: 1000 + 0 GEM, 100000 + 0 XRP
            bob: 1000 + 0 GEM, 100000 + 0 XRP
            carol: 1000 + 0 GEM, 100000 + 0 XRP
        "#]],
    );
}

/// Nothing matches while a pair is halted.
// L-21
#[test]
fn a_halted_pair_takes_cancels_only() {
    check(
        "
        (alice sells 5 @ 100)
        (alice sells 5 @ 101)
        GEM/XRP halts
        bob buys 5 @ 100
        alice amends #1 @ 102
        alice cancels #1
        bob buys 5 @ 100 in OIL/XRP
        GEM/XRP resumes
        bob buys 5 @ 101",
        expect![[r#"
            > GEM/XRP halts
              -> done
              GEM/XRP is halted
            > bob buys 5 @ 100
              -> refused: pair halted
            > alice amends #1 @ 102
              -> refused: pair halted
            > alice cancels #1
              -> cancelled #1, 0 filled
              alice #1 cancelled, 0 of 5 @ 100 (cancel requested)
              alice has 995 + 5 GEM
              book 3: sell 100 -5
            > bob buys 5 @ 100 in OIL/XRP
              -> placed #3
              bob #3 accepted
              bob #3 open, 0 of 5 @ 100
              bob has 99500 + 500 XRP
              book 1: buy 100 +5 in OIL/XRP
            > GEM/XRP resumes
              -> done
              GEM/XRP is open
            > bob buys 5 @ 101
              -> placed #4
              bob #4 accepted
              alice #2 filled, 5 of 5 @ 101: 5 @ 101 as maker, fee 0
              bob #4 filled, 5 of 5 @ 101: 5 @ 101 as taker, fee 0
              alice has 995 + 0 GEM
              alice has 100505 + 0 XRP
              bob has 1005 + 0 GEM
              bob has 98995 + 500 XRP
              trade 4: buy 5 @ 101
            OIL/XRP:
              buy  100: bob #3 5
            alice: 995 + 0 GEM, 100505 + 0 XRP
            bob: 1005 + 0 GEM, 98995 + 500 XRP
            carol: 1000 + 0 GEM, 100000 + 0 XRP
        "#]],
    );
}

/// Where several reasons hold, the first of the table; the values are just outside and just inside.
// L-21
#[test]
fn the_lowest_number_is_given() {
    check_on(
        limits(),
        "
        user9 buys 0 @ 1 in pair9
        alice buys 0 @ 1 in pair9
        alice buys 1 @ 1 ioc post-only
        alice buys 11 @ 1 ioc post-only
        alice buys 2 @ 1 ioc post-only
        alice buys 4 @ 79 ioc post-only
        alice buys 4 @ 80 ioc post-only
        alice buys 4 @ 121
        alice buys 4 @ 120
        alice buys 10 @ 80",
        expect![[r#"
            > user9 buys 0 @ 1 in pair9
              -> refused: unknown account
            > alice buys 0 @ 1 in pair9
              -> refused: unknown pair
            > alice buys 1 @ 1 ioc post-only
              -> refused: below min amount
            > alice buys 11 @ 1 ioc post-only
              -> refused: above max amount
            > alice buys 2 @ 1 ioc post-only
              -> refused: below min notional
            > alice buys 4 @ 79 ioc post-only
              -> refused: price outside band
            > alice buys 4 @ 80 ioc post-only
              -> refused: post only needs good till cancelled
            > alice buys 4 @ 121
              -> refused: price outside band
            > alice buys 4 @ 120
              -> placed #1
              alice #1 accepted
              alice #1 open, 0 of 4 @ 120
              alice has 99520 + 480 XRP
              book 1: buy 120 +4
            > alice buys 10 @ 80
              -> refused: too many open orders
            GEM/XRP:
              buy  120: alice #1 4
            alice: 1000 + 0 GEM, 99520 + 480 XRP
            bob: 1000 + 0 GEM, 100000 + 0 XRP
            carol: 1000 + 0 GEM, 100000 + 0 XRP
        "#]],
    );
}

/// Price times amount beyond the largest amount.
// L-21
#[test]
fn a_notional_no_account_can_hold_is_refused() {
    check_on(
        dear(),
        "
        alice buys 1000000 @ 100",
        expect![[r#"
            > alice buys 1000000 @ 100
              -> refused: notional too large
            alice: 1000 + 0 GEM, 100000 + 0 XRP
            bob: 1000 + 0 GEM, 100000 + 0 XRP
            carol: 1000 + 0 GEM, 100000 + 0 XRP
        "#]],
    );
}

/// A command is not before the one before it, whatever the clock says.
// L-22, L-18
#[test]
fn time_never_goes_back() {
    check(
        "
        (alice buys 5 @ 100 as mine at time 50000)
        (alice cancels mine at time 10000)
        alice cancels mine at time 86449999
        alice cancels mine at time 86450000",
        expect![[r#"
            > alice cancels mine at time 86449999
              -> cancelled #1, 0 filled
            > alice cancels mine at time 86450000
              -> refused: unknown order
            alice: 1000 + 0 GEM, 100000 + 0 XRP
            bob: 1000 + 0 GEM, 100000 + 0 XRP
            carol: 1000 + 0 GEM, 100000 + 0 XRP
        "#]],
    );
}

/// The answer, the acceptance, the changes, the balances, then book and trades.
// L-23
#[test]
fn owners_hear_before_the_public() {
    check(
        "
        (alice sells 5 @ 100)
        (bob sells 5 @ 100)
        carol buys 8 @ 100",
        expect![[r#"
            > carol buys 8 @ 100
              -> placed #3
              carol #3 accepted
              alice #1 filled, 5 of 5 @ 100: 5 @ 100 as maker, fee 0
              carol #3 partially filled, 5 of 8 @ 100: 5 @ 100 as taker, fee 0
              bob #2 partially filled, 3 of 5 @ 100: 3 @ 100 as maker, fee 0
              carol #3 filled, 8 of 8 @ 100: 3 @ 100 as taker, fee 0
              alice has 995 + 0 GEM
              alice has 100500 + 0 XRP
              bob has 995 + 2 GEM
              bob has 100300 + 0 XRP
              carol has 1008 + 0 GEM
              carol has 99200 + 0 XRP
              trade 3: buy 5 @ 100
              trade 4: buy 3 @ 100
            GEM/XRP:
              sell 100: bob #2 2
            alice: 995 + 0 GEM, 100500 + 0 XRP
            bob: 995 + 2 GEM, 100300 + 0 XRP
            carol: 1008 + 0 GEM, 99200 + 0 XRP
        "#]],
    );
}
