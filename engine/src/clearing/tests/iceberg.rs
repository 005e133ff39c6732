//! Scenarios of hidden parts, and of options that do not go together.

use expect_test::expect;

use super::scenario::check;

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
