//! Scenarios of one order with two ways to execute.

use expect_test::expect;

use super::scenario::check;

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
