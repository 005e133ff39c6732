//! Scenarios of stops.

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
