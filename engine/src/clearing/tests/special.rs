//! Scenarios of stops, one-cancels-other and iceberg orders, expiry and dead-man switches: what
//! is held, what is said, what is left.

use expect_test::expect;

use super::scenario::check;

// L-25: held at its limit, or at the collar of its trigger; nothing more when it comes in.
#[test]
fn a_stop_holds_what_it_will_come_in_as() {
    check(
        "
        open alice
        open bob
        deposit alice quote 10000
        deposit bob base 100
        bob sell 1 @ 100
        alice buy 1 @ 100
        alice buy 10 @ 112 stop=110
        alice buy 10 @ market stop=110
        balances
        bob sell 1 @ 110
        bob sell 20 @ 112
        open carol
        deposit carol quote 1000
        carol buy 1 @ 110
        balances
        ",
        expect![[r#"
            > open alice
              1: account 0
            > open bob
              2: account 1
            > deposit alice quote 10000
              3: booked 10000 + 0
              alice quote 10000 + 0
            > deposit bob base 100
              4: booked 100 + 0
              bob base 100 + 0
            > bob sell 1 @ 100
              5: placed #1
              #1 accepted: bob Sell 1 @ 100
              #1 Open 0/1 @ 100, 1 left
              bob base 99 + 1
              book 1: Sell 100 +1
            > alice buy 1 @ 100
              6: placed #2
              #2 accepted: alice Buy 1 @ 100
              #1 Filled 1/1 @ 100, 0 left, Maker 1 @ 100 fee 1
              #2 Filled 1/1 @ 100, 0 left, Taker 1 @ 100 fee 1
              alice base 1 + 0
              alice quote 9899 + 0
              bob base 99 + 0
              bob quote 99 + 0
              trade 2: Buy 1 @ 100
            > alice buy 10 @ 112 stop=110
              7: placed #3
              #3 accepted: alice Buy 10 @ 112
              #3 Pending 0/10 @ 112, 10 left
              alice quote 8776 + 1123
            > alice buy 10 @ market stop=110
              8: placed #4
              #4 accepted: alice Buy 10 @ 165, market
              #4 Pending 0/10 @ 165, 10 left
              alice quote 7122 + 2777
            > balances
              alice base 1 + 0
              bob base 99 + 0
              fees base 0, inside 100
              alice quote 7122 + 2777
              bob quote 99 + 0
              fees quote 2, inside 10000
            > bob sell 1 @ 110
              9: placed #5
              #5 accepted: bob Sell 1 @ 110
              #5 Open 0/1 @ 110, 1 left
              bob base 98 + 1
              book 3: Sell 110 +1
            > bob sell 20 @ 112
              10: placed #6
              #6 accepted: bob Sell 20 @ 112
              #6 Open 0/20 @ 112, 20 left
              bob base 78 + 21
              book 4: Sell 112 +20
            > open carol
              11: account 2
            > deposit carol quote 1000
              12: booked 1000 + 0
              carol quote 1000 + 0
            > carol buy 1 @ 110
              13: placed #7
              #7 accepted: carol Buy 1 @ 110
              #5 Filled 1/1 @ 110, 0 left, Maker 1 @ 110 fee 1
              #7 Filled 1/1 @ 110, 0 left, Taker 1 @ 110 fee 1
              #3 Pending 0/10 @ 112, 10 left, Triggered
              #6 PartiallyFilled 10/20 @ 112, 10 left, Maker 10 @ 112 fee 2
              #3 Filled 10/10 @ 112, 0 left, Taker 10 @ 112 fee 3
              #4 Pending 0/10 @ 165, 10 left, Triggered
              #6 Filled 20/20 @ 112, 0 left, Maker 10 @ 112 fee 1
              #4 Filled 10/10 @ 165, 0 left, Taker 10 @ 112 fee 3
              alice base 21 + 0
              alice quote 7653 + 0
              bob base 78 + 0
              bob quote 2445 + 0
              carol base 1 + 0
              carol quote 889 + 0
              trade 5: Buy 1 @ 110
              trade 6: Buy 10 @ 112
              trade 7: Buy 10 @ 112
            > balances
              alice base 21 + 0
              bob base 78 + 0
              carol base 1 + 0
              fees base 0, inside 100
              alice quote 7653 + 0
              bob quote 2445 + 0
              carol quote 889 + 0
              fees quote 13, inside 11000
        "#]],
    );
}

// L-25, L-24, L-14: a waiting stop is cancelled, amended, and refused where it is through.
#[test]
fn a_waiting_stop_gives_all_back() {
    check(
        "
        open alice
        open bob
        deposit alice base 50
        deposit bob base 50
        deposit bob quote 10000
        bob sell 1 @ 100
        bob buy 1 @ 100 maker
        bob sell 1 @ 101
        bob buy 1 @ 99
        alice sell 10 @ 90 stop=95
        alice amend #5 amount=4
        alice amend #5 price=88
        alice amend #5 price=40
        alice sell 10 @ market stop=95
        alice amend #6 price=88
        alice cancel #5
        alice cancel #5
        balances
        ",
        expect![[r#"
            > open alice
              1: account 0
            > open bob
              2: account 1
            > deposit alice base 50
              3: booked 50 + 0
              alice base 50 + 0
            > deposit bob base 50
              4: booked 50 + 0
              bob base 50 + 0
            > deposit bob quote 10000
              5: booked 10000 + 0
              bob quote 10000 + 0
            > bob sell 1 @ 100
              6: placed #1
              #1 accepted: bob Sell 1 @ 100
              #1 Open 0/1 @ 100, 1 left
              bob base 49 + 1
              book 1: Sell 100 +1
            > bob buy 1 @ 100 maker
              7: placed #2
              #2 accepted: bob Buy 1 @ 100
              #1 Cancelled 0/1 @ 100, 0 left, SelfTradePrevention
              #2 Open 0/1 @ 100, 1 left
              bob base 50 + 0
              bob quote 9899 + 101
              book 2: Sell 100 -1
              book 3: Buy 100 +1
            > bob sell 1 @ 101
              8: placed #3
              #3 accepted: bob Sell 1 @ 101
              #3 Open 0/1 @ 101, 1 left
              bob base 49 + 1
              book 4: Sell 101 +1
            > bob buy 1 @ 99
              9: placed #4
              #4 accepted: bob Buy 1 @ 99
              #4 Open 0/1 @ 99, 1 left
              bob quote 9799 + 201
              book 5: Buy 99 +1
            > alice sell 10 @ 90 stop=95
              10: placed #5
              #5 accepted: alice Sell 10 @ 90
              #5 Pending 0/10 @ 90, 10 left
              alice base 40 + 10
            > alice amend #5 amount=4
              11: amended #5 to 4 @ 90, 4 left
              #5 Pending 0/4 @ 90, 4 left, Amended
              alice base 46 + 4
            > alice amend #5 price=88
              12: amended #5 to 4 @ 88, 4 left
              #5 Pending 0/4 @ 88, 4 left, Amended
              alice base 46 + 4
            > alice amend #5 price=40
              13: rejected PriceOutsideBand
            > alice sell 10 @ market stop=95
              14: placed #6
              #6 accepted: alice Sell 10 @ 48, market
              #6 Pending 0/10 @ 48, 10 left
              alice base 36 + 14
            > alice amend #6 price=88
              15: rejected PriceNotAmendable
            > alice cancel #5
              16: cancelled #5, 0 filled
              #5 Cancelled 0/4 @ 88, 0 left, CancelRequested
              alice base 40 + 10
            > alice cancel #5
              17: cancelled #5, 0 filled
            > balances
              alice base 40 + 10
              bob base 49 + 1
              fees base 0, inside 100
              alice quote 0 + 0
              bob quote 9799 + 201
              fees quote 0, inside 10000
        "#]],
    );
}

// L-25: a trailing stop is held for at its first collar, and frees what its last one needs less.
#[test]
fn a_trailing_stop_comes_in_at_the_collar_of_where_it_was_set_off() {
    check(
        "
        open alice
        open bob
        open carol
        deposit alice quote 10000
        deposit bob base 100
        deposit carol quote 10000
        alice buy 2 @ market trail=10
        balances
        bob sell 1 @ 90
        carol buy 1 @ 90
        bob sell 1 @ 99
        carol buy 1 @ 99
        bob sell 5 @ 100
        carol buy 1 @ 100
        balances
        alice sell 1 @ market trail=200
        ",
        expect![[r#"
            > open alice
              1: account 0
            > open bob
              2: account 1
            > open carol
              3: account 2
            > deposit alice quote 10000
              4: booked 10000 + 0
              alice quote 10000 + 0
            > deposit bob base 100
              5: booked 100 + 0
              bob base 100 + 0
            > deposit carol quote 10000
              6: booked 10000 + 0
              carol quote 10000 + 0
            > alice buy 2 @ market trail=10
              7: placed #1
              #1 accepted: alice Buy 2 @ 165, market
              #1 Pending 0/2 @ 165, 2 left
              alice quote 9669 + 331
            > balances
              alice base 0 + 0
              bob base 100 + 0
              carol base 0 + 0
              fees base 0, inside 100
              alice quote 9669 + 331
              bob quote 0 + 0
              carol quote 10000 + 0
              fees quote 0, inside 20000
            > bob sell 1 @ 90
              8: placed #2
              #2 accepted: bob Sell 1 @ 90
              #2 Open 0/1 @ 90, 1 left
              bob base 99 + 1
              book 1: Sell 90 +1
            > carol buy 1 @ 90
              9: placed #3
              #3 accepted: carol Buy 1 @ 90
              #2 Filled 1/1 @ 90, 0 left, Maker 1 @ 90 fee 1
              #3 Filled 1/1 @ 90, 0 left, Taker 1 @ 90 fee 1
              bob base 99 + 0
              bob quote 89 + 0
              carol base 1 + 0
              carol quote 9909 + 0
              trade 2: Buy 1 @ 90
            > bob sell 1 @ 99
              10: placed #4
              #4 accepted: bob Sell 1 @ 99
              #4 Open 0/1 @ 99, 1 left
              bob base 98 + 1
              book 3: Sell 99 +1
            > carol buy 1 @ 99
              11: placed #5
              #5 accepted: carol Buy 1 @ 99
              #4 Filled 1/1 @ 99, 0 left, Maker 1 @ 99 fee 1
              #5 Filled 1/1 @ 99, 0 left, Taker 1 @ 99 fee 1
              bob base 98 + 0
              bob quote 187 + 0
              carol base 2 + 0
              carol quote 9809 + 0
              trade 4: Buy 1 @ 99
            > bob sell 5 @ 100
              12: placed #6
              #6 accepted: bob Sell 5 @ 100
              #6 Open 0/5 @ 100, 5 left
              bob base 93 + 5
              book 5: Sell 100 +5
            > carol buy 1 @ 100
              13: placed #7
              #7 accepted: carol Buy 1 @ 100
              #6 PartiallyFilled 1/5 @ 100, 4 left, Maker 1 @ 100 fee 1
              #7 Filled 1/1 @ 100, 0 left, Taker 1 @ 100 fee 1
              #1 Pending 0/2 @ 150, 2 left, Triggered
              #6 PartiallyFilled 3/5 @ 100, 2 left, Maker 2 @ 100 fee 0
              #1 Filled 2/2 @ 150, 0 left, Taker 2 @ 100 fee 1
              alice base 2 + 0
              alice quote 9799 + 0
              bob base 93 + 2
              bob quote 486 + 0
              carol base 3 + 0
              carol quote 9708 + 0
              trade 6: Buy 1 @ 100
              trade 7: Buy 2 @ 100
            > balances
              alice base 2 + 0
              bob base 93 + 2
              carol base 3 + 0
              fees base 0, inside 100
              alice quote 9799 + 0
              bob quote 486 + 0
              carol quote 9708 + 0
              fees quote 7, inside 20000
            > alice sell 1 @ market trail=200
              14: rejected TrailingOutOfRange
        "#]],
    );
}

// L-26: one hold, at the worse of the two prices of a buy.
#[test]
fn one_cancels_other_holds_once() {
    check(
        "
        open alice
        open bob
        deposit alice quote 2000
        deposit bob base 100
        alice buy 10 @ 90 oco=110 oco-limit=120
        balances
        bob sell 4 @ 90
        balances
        bob sell 1 @ 95
        bob sell 3 @ 115
        bob sell 9 @ 116
        alice amend #1 amount=8
        alice amend #1 price=111
        open carol
        deposit carol quote 1000
        carol buy 1 @ 95
        carol buy 1 @ 115
        balances
        ",
        expect![[r#"
            > open alice
              1: account 0
            > open bob
              2: account 1
            > deposit alice quote 2000
              3: booked 2000 + 0
              alice quote 2000 + 0
            > deposit bob base 100
              4: booked 100 + 0
              bob base 100 + 0
            > alice buy 10 @ 90 oco=110 oco-limit=120
              5: placed #1
              #1 accepted: alice Buy 10 @ 90
              #1 Open 0/10 @ 90, 10 left
              alice quote 797 + 1203
              book 1: Buy 90 +10
            > balances
              alice base 0 + 0
              bob base 100 + 0
              fees base 0, inside 100
              alice quote 797 + 1203
              bob quote 0 + 0
              fees quote 0, inside 2000
            > bob sell 4 @ 90
              6: placed #2
              #2 accepted: bob Sell 4 @ 90
              #1 PartiallyFilled 4/10 @ 90, 6 left, Maker 4 @ 90 fee 1
              #2 Filled 4/4 @ 90, 0 left, Taker 4 @ 90 fee 1
              alice base 4 + 0
              alice quote 918 + 721
              bob base 96 + 0
              bob quote 359 + 0
              trade 2: Sell 4 @ 90
            > balances
              alice base 4 + 0
              bob base 96 + 0
              fees base 0, inside 100
              alice quote 918 + 721
              bob quote 359 + 0
              fees quote 2, inside 2000
            > bob sell 1 @ 95
              7: placed #3
              #3 accepted: bob Sell 1 @ 95
              #3 Open 0/1 @ 95, 1 left
              bob base 95 + 1
              book 3: Sell 95 +1
            > bob sell 3 @ 115
              8: placed #4
              #4 accepted: bob Sell 3 @ 115
              #4 Open 0/3 @ 115, 3 left
              bob base 92 + 4
              book 4: Sell 115 +3
            > bob sell 9 @ 116
              9: placed #5
              #5 accepted: bob Sell 9 @ 116
              #5 Open 0/9 @ 116, 9 left
              bob base 83 + 13
              book 5: Sell 116 +9
            > alice amend #1 amount=8
              10: amended #1 to 8 @ 90, 4 left
              #1 PartiallyFilled 4/8 @ 90, 4 left, Amended
              alice quote 1158 + 481
              book 6: Buy 90 -2
            > alice amend #1 price=111
              11: rejected OcoPriceRelation
            > open carol
              12: account 2
            > deposit carol quote 1000
              13: booked 1000 + 0
              carol quote 1000 + 0
            > carol buy 1 @ 95
              14: placed #6
              #6 accepted: carol Buy 1 @ 95
              #3 Filled 1/1 @ 95, 0 left, Maker 1 @ 95 fee 1
              #6 Filled 1/1 @ 95, 0 left, Taker 1 @ 95 fee 1
              bob base 83 + 12
              bob quote 453 + 0
              carol base 1 + 0
              carol quote 904 + 0
              trade 7: Buy 1 @ 95
            > carol buy 1 @ 115
              15: placed #7
              #7 accepted: carol Buy 1 @ 115
              #4 PartiallyFilled 1/3 @ 115, 2 left, Maker 1 @ 115 fee 1
              #7 Filled 1/1 @ 115, 0 left, Taker 1 @ 115 fee 1
              #1 PartiallyFilled 4/8 @ 120, 4 left, Triggered
              #4 Filled 3/3 @ 115, 0 left, Maker 2 @ 115 fee 0
              #1 PartiallyFilled 6/8 @ 120, 2 left, Taker 2 @ 115 fee 0
              #5 PartiallyFilled 2/9 @ 116, 7 left, Maker 2 @ 116 fee 1
              #1 Filled 8/8 @ 120, 0 left, Taker 2 @ 116 fee 1
              alice base 8 + 0
              alice quote 1176 + 0
              bob base 83 + 7
              bob quote 1028 + 0
              carol base 2 + 0
              carol quote 788 + 0
              trade 8: Buy 1 @ 115
              book 9: Buy 90 -4
              trade 10: Buy 2 @ 115
              trade 11: Buy 2 @ 116
            > balances
              alice base 8 + 0
              bob base 83 + 7
              carol base 2 + 0
              fees base 0, inside 100
              alice quote 1176 + 0
              bob quote 1028 + 0
              carol quote 788 + 0
              fees quote 8, inside 3000
        "#]],
    );
}

// L-26: the relation of its prices, on both sides.
#[test]
fn one_cancels_other_stands_around_the_market() {
    check(
        "
        open alice
        deposit alice base 100
        deposit alice quote 100000
        alice sell 10 @ 105 oco=95 oco-limit=96
        alice sell 10 @ 105 oco=100 oco-limit=94
        alice sell 10 @ 100 oco=95 oco-limit=94
        alice sell 10 @ 101 oco=99 oco-limit=99
        alice buy 10 @ 95 oco=105 oco-limit=104
        alice buy 10 @ 100 oco=105 oco-limit=106
        alice buy 10 @ 95 oco=100 oco-limit=106
        alice buy 10 @ 99 oco=101 oco-limit=101
        alice buy 10 @ 99 oco=101
        balances
        alice cancel-all sell
        alice cancel-all buy
        balances
        ",
        expect![[r#"
            > open alice
              1: account 0
            > deposit alice base 100
              2: booked 100 + 0
              alice base 100 + 0
            > deposit alice quote 100000
              3: booked 100000 + 0
              alice quote 100000 + 0
            > alice sell 10 @ 105 oco=95 oco-limit=96
              4: rejected OcoPriceRelation
            > alice sell 10 @ 105 oco=100 oco-limit=94
              5: rejected OcoPriceRelation
            > alice sell 10 @ 100 oco=95 oco-limit=94
              6: rejected OcoPriceRelation
            > alice sell 10 @ 101 oco=99 oco-limit=99
              7: placed #1
              #1 accepted: alice Sell 10 @ 101
              #1 Open 0/10 @ 101, 10 left
              alice base 90 + 10
              book 1: Sell 101 +10
            > alice buy 10 @ 95 oco=105 oco-limit=104
              8: rejected OcoPriceRelation
            > alice buy 10 @ 100 oco=105 oco-limit=106
              9: rejected OcoPriceRelation
            > alice buy 10 @ 95 oco=100 oco-limit=106
              10: rejected OcoPriceRelation
            > alice buy 10 @ 99 oco=101 oco-limit=101
              11: placed #2
              #2 accepted: alice Buy 10 @ 99
              #2 Open 0/10 @ 99, 10 left
              alice quote 98987 + 1013
              book 2: Buy 99 +10
            > alice buy 10 @ 99 oco=101
              12: placed #3
              #3 accepted: alice Buy 10 @ 99
              #3 Open 0/10 @ 99, 10 left
              alice quote 97473 + 2527
              book 3: Buy 99 +10
            > balances
              alice base 90 + 10
              fees base 0, inside 100
              alice quote 97473 + 2527
              fees quote 0, inside 100000
            > alice cancel-all sell
              #1 Cancelled 0/10 @ 101, 0 left, CancelRequested
              alice base 100 + 0
              book 4: Sell 101 -10
              13: cancelled 1
            > alice cancel-all buy
              #2 Cancelled 0/10 @ 99, 0 left, CancelRequested
              alice quote 98486 + 1514
              book 5: Buy 99 -10
              #3 Cancelled 0/10 @ 99, 0 left, CancelRequested
              alice quote 100000 + 0
              book 6: Buy 99 -10
              14: cancelled 2
            > balances
              alice base 100 + 0
              fees base 0, inside 100
              alice quote 100000 + 0
              fees quote 0, inside 100000
        "#]],
    );
}

// L-27: a slice within its limits; all of it is held for.
#[test]
fn an_iceberg_holds_for_what_it_hides() {
    check(
        "
        open alice
        open bob
        deposit alice base 1000
        deposit bob quote 100000
        alice sell 500 @ 100 display=4
        alice sell 500 @ 100 display=501
        alice sell 400 @ 100 display=4
        balances
        bob buy 10 @ 100
        alice amend #1 amount=411
        alice amend #1 amount=300
        alice amend #1 amount=12
        bob buy 1 @ 100
        alice cancel #1
        balances
        ",
        expect![[r#"
            > open alice
              1: account 0
            > open bob
              2: account 1
            > deposit alice base 1000
              3: booked 1000 + 0
              alice base 1000 + 0
            > deposit bob quote 100000
              4: booked 100000 + 0
              bob quote 100000 + 0
            > alice sell 500 @ 100 display=4
              5: rejected InvalidDisplayAmount
            > alice sell 500 @ 100 display=501
              6: rejected InvalidDisplayAmount
            > alice sell 400 @ 100 display=4
              7: placed #1
              #1 accepted: alice Sell 400 @ 100
              #1 Open 0/400 @ 100, 400 left
              alice base 600 + 400
              book 1: Sell 100 +4
            > balances
              alice base 600 + 400
              bob base 0 + 0
              fees base 0, inside 1000
              alice quote 0 + 0
              bob quote 100000 + 0
              fees quote 0, inside 100000
            > bob buy 10 @ 100
              8: placed #2
              #2 accepted: bob Buy 10 @ 100
              #1 PartiallyFilled 4/400 @ 100, 396 left, Maker 4 @ 100 fee 1
              #2 PartiallyFilled 4/10 @ 100, 6 left, Taker 4 @ 100 fee 1
              #1 PartiallyFilled 8/400 @ 100, 392 left, Maker 4 @ 100 fee 0
              #2 PartiallyFilled 8/10 @ 100, 2 left, Taker 4 @ 100 fee 1
              #1 PartiallyFilled 10/400 @ 100, 390 left, Maker 2 @ 100 fee 0
              #2 Filled 10/10 @ 100, 0 left, Taker 2 @ 100 fee 0
              alice base 600 + 390
              alice quote 999 + 0
              bob base 10 + 0
              bob quote 98998 + 0
              trade 2: Buy 4 @ 100
              book 3: Sell 100 +4
              trade 4: Buy 4 @ 100
              book 5: Sell 100 +4
              trade 6: Buy 2 @ 100
            > alice amend #1 amount=411
              9: rejected InvalidDisplayAmount
            > alice amend #1 amount=300
              10: amended #1 to 300 @ 100, 290 left
              #1 PartiallyFilled 10/300 @ 100, 290 left, Amended
              alice base 700 + 290
            > alice amend #1 amount=12
              11: amended #1 to 12 @ 100, 2 left
              #1 PartiallyFilled 10/12 @ 100, 2 left, Amended
              alice base 988 + 2
            > bob buy 1 @ 100
              12: placed #3
              #3 accepted: bob Buy 1 @ 100
              #1 PartiallyFilled 11/12 @ 100, 1 left, Maker 1 @ 100 fee 1
              #3 Filled 1/1 @ 100, 0 left, Taker 1 @ 100 fee 1
              alice base 988 + 1
              alice quote 1098 + 0
              bob base 11 + 0
              bob quote 98897 + 0
              trade 7: Buy 1 @ 100
            > alice cancel #1
              13: cancelled #1, 11 filled
              #1 Cancelled 11/12 @ 100, 0 left, CancelRequested
              alice base 989 + 0
              book 8: Sell 100 -1
            > balances
              alice base 989 + 0
              bob base 11 + 0
              fees base 0, inside 1000
              alice quote 1098 + 0
              bob quote 98897 + 0
              fees quote 5, inside 100000
        "#]],
    );
}

// L-28, L-29: all open orders go at the deadline, in the order of their numbers.
#[test]
fn a_dead_man_switch_fires_once() {
    check(
        "
        at 1000
        open alice
        deposit alice quote 10000
        alice cancel-after 0
        alice cancel-after 500
        alice cancel-after 800
        alice buy 1 @ 90
        alice buy 1 @ 91 id=mine
        at 1799
        tick
        at 1800
        tick
        at 9999
        tick
        alice cancel-after 10
        alice cancel-after 0
        at 20000
        tick
        balances
        ",
        expect![[r#"
            > at 1000
            > open alice
              1: account 0
            > deposit alice quote 10000
              2: booked 10000 + 0
              alice quote 10000 + 0
            > alice cancel-after 0
              3: cancels all never
            > alice cancel-after 500
              4: cancels all at 1500
            > alice cancel-after 800
              5: cancels all at 1800
            > alice buy 1 @ 90
              6: placed #1
              #1 accepted: alice Buy 1 @ 90
              #1 Open 0/1 @ 90, 1 left
              alice quote 9909 + 91
              book 1: Buy 90 +1
            > alice buy 1 @ 91 id=mine
              7: placed #2
              #2 accepted: alice Buy 1 @ 91
              #2 Open 0/1 @ 91, 1 left
              alice quote 9817 + 183
              book 2: Buy 91 +1
            > at 1799
            > tick
            > at 1800
            > tick
              #1 Cancelled 0/1 @ 90, 0 left, CancelAfter
              alice quote 9908 + 92
              book 3: Buy 90 -1
              #2 Cancelled 0/1 @ 91, 0 left, CancelAfter
              alice quote 10000 + 0
              book 4: Buy 91 -1
            > at 9999
            > tick
            > alice cancel-after 10
              8: cancels all at 10009
            > alice cancel-after 0
              9: cancels all never
            > at 20000
            > tick
            > balances
              alice base 0 + 0
              fees base 0, inside 0
              alice quote 10000 + 0
              fees quote 0, inside 10000
        "#]],
    );
}

// L-29, L-24, L-22: an order's time comes before whatever is asked at that time.
#[test]
fn an_order_ends_at_its_time() {
    check(
        "
        at 1000
        open alice
        open bob
        deposit alice quote 10000
        deposit bob base 100
        alice buy 1 @ 99 until=1000
        alice buy 1 @ 99 until=1001
        alice buy 2 @ 98 until=2000
        at 1001
        bob sell 1 @ 99 ioc
        at 1999
        bob sell 1 @ 98
        at 2000
        tick
        alice sell 1 @ 90 stop=95 until=3000
        bob sell 1 @ 90 stop=95 until=3000
        at 3000
        tick
        alice cancel #2
        balances
        ",
        expect![[r#"
            > at 1000
            > open alice
              1: account 0
            > open bob
              2: account 1
            > deposit alice quote 10000
              3: booked 10000 + 0
              alice quote 10000 + 0
            > deposit bob base 100
              4: booked 100 + 0
              bob base 100 + 0
            > alice buy 1 @ 99 until=1000
              5: rejected ExpiryInPast
            > alice buy 1 @ 99 until=1001
              6: placed #1
              #1 accepted: alice Buy 1 @ 99
              #1 Open 0/1 @ 99, 1 left
              alice quote 9900 + 100
              book 1: Buy 99 +1
            > alice buy 2 @ 98 until=2000
              7: placed #2
              #2 accepted: alice Buy 2 @ 98
              #2 Open 0/2 @ 98, 2 left
              alice quote 9703 + 297
              book 2: Buy 98 +2
            > at 1001
            > bob sell 1 @ 99 ioc
              #1 Expired 0/1 @ 99, 0 left, Expired
              alice quote 9803 + 197
              book 3: Buy 99 -1
              8: placed #3
              #3 accepted: bob Sell 1 @ 99
              #3 Expired 0/1 @ 99, 0 left, ImmediateOrCancel
              bob base 100 + 0
            > at 1999
            > bob sell 1 @ 98
              9: placed #4
              #4 accepted: bob Sell 1 @ 98
              #2 PartiallyFilled 1/2 @ 98, 1 left, Maker 1 @ 98 fee 1
              #4 Filled 1/1 @ 98, 0 left, Taker 1 @ 98 fee 1
              alice base 1 + 0
              alice quote 9803 + 98
              bob base 99 + 0
              bob quote 97 + 0
              trade 4: Sell 1 @ 98
            > at 2000
            > tick
              #2 Expired 1/2 @ 98, 0 left, Expired
              alice quote 9901 + 0
              book 5: Buy 98 -1
            > alice sell 1 @ 90 stop=95 until=3000
              10: placed #5
              #5 accepted: alice Sell 1 @ 90
              #5 Pending 0/1 @ 90, 1 left
              alice base 0 + 1
            > bob sell 1 @ 90 stop=95 until=3000
              11: placed #6
              #6 accepted: bob Sell 1 @ 90
              #6 Pending 0/1 @ 90, 1 left
              bob base 98 + 1
            > at 3000
            > tick
              #5 Expired 0/1 @ 90, 0 left, Expired
              alice base 1 + 0
              #6 Expired 0/1 @ 90, 0 left, Expired
              bob base 99 + 0
            > alice cancel #2
              12: rejected UnknownOrder
            > balances
              alice base 1 + 0
              bob base 99 + 0
              fees base 0, inside 100
              alice quote 9901 + 0
              bob quote 97 + 0
              fees quote 2, inside 10000
        "#]],
    );
}

// L-30, L-21: which options go together, and which reason is given.
#[test]
fn options_go_with_their_types() {
    check(
        "
        at 1000
        open alice
        open bob
        deposit alice base 100
        deposit alice quote 10000
        alice sell 1 @ market until=2000
        alice sell 1 @ 101 ioc until=2000
        alice sell 1 @ 90 stop=95 post
        alice sell 1 @ 105 oco=95 ioc
        alice sell 1 @ market oco=95
        alice sell 10 @ 105 display=2 fok
        alice sell 1 @ 105 trail=5
        alice sell 10 @ 105 display=2 post
        alice sell 0 @ 105 stop=95 until=5
        bob sell 5000 @ 105 oco=105
        bob sell 5000 @ 105 oco=95
        alice sell 1 @ 40 stop=95
        ",
        expect![[r#"
            > at 1000
            > open alice
              1: account 0
            > open bob
              2: account 1
            > deposit alice base 100
              3: booked 100 + 0
              alice base 100 + 0
            > deposit alice quote 10000
              4: booked 10000 + 0
              alice quote 10000 + 0
            > alice sell 1 @ market until=2000
              5: rejected OptionNotForOrderType
            > alice sell 1 @ 101 ioc until=2000
              6: rejected OptionNotForOrderType
            > alice sell 1 @ 90 stop=95 post
              7: rejected OptionNotForOrderType
            > alice sell 1 @ 105 oco=95 ioc
              8: rejected OptionNotForOrderType
            > alice sell 1 @ market oco=95
              9: rejected OptionNotForOrderType
            > alice sell 10 @ 105 display=2 fok
              10: rejected OptionNotForOrderType
            > alice sell 1 @ 105 trail=5
              11: rejected OptionNotForOrderType
            > alice sell 10 @ 105 display=2 post
              12: placed #1
              #1 accepted: alice Sell 10 @ 105
              #1 Open 0/10 @ 105, 10 left
              alice base 90 + 10
              book 1: Sell 105 +2
            > alice sell 0 @ 105 stop=95 until=5
              13: rejected ExpiryInPast
            > bob sell 5000 @ 105 oco=105
              14: rejected OcoPriceRelation
            > bob sell 5000 @ 105 oco=95
              15: rejected AboveMaxAmount
            > alice sell 1 @ 40 stop=95
              16: rejected PriceOutsideBand
        "#]],
    );
}

// L-25, L-21: while the pair is halted nothing is taken, and what waits stays.
#[test]
fn a_halt_sets_nothing_off() {
    check(
        "
        open alice
        open bob
        deposit alice base 100
        deposit bob quote 10000
        deposit bob base 10
        bob buy 1 @ 99
        alice sell 1 @ 99 ioc
        bob buy 5 @ 100
        bob buy 1 @ 95
        alice sell 1 @ 105
        alice sell 2 @ 90 stop=99 mark
        halt
        bob cancel #3
        alice sell 1 @ 90 stop=80
        resume
        balances
        ",
        expect![[r#"
            > open alice
              1: account 0
            > open bob
              2: account 1
            > deposit alice base 100
              3: booked 100 + 0
              alice base 100 + 0
            > deposit bob quote 10000
              4: booked 10000 + 0
              bob quote 10000 + 0
            > deposit bob base 10
              5: booked 10 + 0
              bob base 10 + 0
            > bob buy 1 @ 99
              6: placed #1
              #1 accepted: bob Buy 1 @ 99
              #1 Open 0/1 @ 99, 1 left
              bob quote 9900 + 100
              book 1: Buy 99 +1
            > alice sell 1 @ 99 ioc
              7: placed #2
              #2 accepted: alice Sell 1 @ 99
              #1 Filled 1/1 @ 99, 0 left, Maker 1 @ 99 fee 1
              #2 Filled 1/1 @ 99, 0 left, Taker 1 @ 99 fee 1
              alice base 99 + 0
              alice quote 98 + 0
              bob base 11 + 0
              bob quote 9900 + 0
              trade 2: Sell 1 @ 99
            > bob buy 5 @ 100
              8: placed #3
              #3 accepted: bob Buy 5 @ 100
              #3 Open 0/5 @ 100, 5 left
              bob quote 9399 + 501
              book 3: Buy 100 +5
            > bob buy 1 @ 95
              9: placed #4
              #4 accepted: bob Buy 1 @ 95
              #4 Open 0/1 @ 95, 1 left
              bob quote 9303 + 597
              book 4: Buy 95 +1
            > alice sell 1 @ 105
              10: placed #5
              #5 accepted: alice Sell 1 @ 105
              #5 Open 0/1 @ 105, 1 left
              alice base 98 + 1
              book 5: Sell 105 +1
            > alice sell 2 @ 90 stop=99 mark
              11: placed #6
              #6 accepted: alice Sell 2 @ 90
              #6 Pending 0/2 @ 90, 2 left
              alice base 96 + 3
            > halt
              12: status set
              status Halted
            > bob cancel #3
              13: cancelled #3, 0 filled
              #3 Cancelled 0/5 @ 100, 0 left, CancelRequested
              bob quote 9804 + 96
              book 6: Buy 100 -5
            > alice sell 1 @ 90 stop=80
              14: rejected PairHalted
            > resume
              15: status set
              #6 Pending 0/2 @ 90, 2 left, Triggered
              #4 Filled 1/1 @ 95, 0 left, Maker 1 @ 95 fee 1
              #6 PartiallyFilled 1/2 @ 90, 1 left, Taker 1 @ 95 fee 1
              alice base 96 + 2
              alice quote 192 + 0
              bob base 12 + 0
              bob quote 9804 + 0
              status Open
              trade 7: Sell 1 @ 95
              book 8: Sell 90 +1
            > balances
              alice base 96 + 2
              bob base 12 + 0
              fees base 0, inside 110
              alice quote 192 + 0
              bob quote 9804 + 0
              fees quote 4, inside 10000
        "#]],
    );
}
