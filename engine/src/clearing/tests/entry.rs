//! Scenarios of orders that come in, and of those that do not stay.

use expect_test::expect;

use super::scenario::check;

// L-11
#[test]
fn a_refused_placement_never_was() {
    check(
        "
        open alice; open bob
        deposit alice quote 2000
        deposit bob base 50
        bob sell 5 @ 100
        alice buy 5 @ 100 post id=x
        alice cancel x
        alice cancel #2
        alice buy 5 @ 99 post id=x
        hold
        alice buy 5 @ 101 post id=y
        alice buy 5 @ 101 post id=y
        alice amend y amount=6
        alice cancel y
        settle
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
            > deposit bob base 50
              4: booked 50 + 0
              bob base 50 + 0
            > bob sell 5 @ 100
              5: placed #1
              #1 accepted: bob Sell 5 @ 100
              #1 Open 0/5 @ 100, 5 left
              bob base 45 + 5
              book 1: Sell 100 +5
            > alice buy 5 @ 100 post id=x
              6: rejected PostOnlyWouldTake
              alice quote 2000 + 0
            > alice cancel x
              7: rejected UnknownOrder
            > alice cancel #2
              8: rejected UnknownOrder
            > alice buy 5 @ 99 post id=x
              9: placed #3
              #3 accepted: alice Buy 5 @ 99
              #3 Open 0/5 @ 99, 5 left
              alice quote 1504 + 496
              book 2: Buy 99 +5
            > hold
            > alice buy 5 @ 101 post id=y
            > alice buy 5 @ 101 post id=y
            > alice amend y amount=6
            > alice cancel y
            > settle
              10: rejected PostOnlyWouldTake
              11: rejected PostOnlyWouldTake
              alice quote 1504 + 496
              12: rejected UnknownOrder
              13: rejected UnknownOrder
            > balances
              alice base 0 + 0
              bob base 45 + 5
              fees base 0, inside 50
              alice quote 1504 + 496
              bob quote 0 + 0
              fees quote 0, inside 2000
        "#]],
    );
}

// L-21
#[test]
fn of_several_reasons_the_lowest_number_is_given() {
    check(
        "
        open alice
        deposit alice quote 1000
        nobody buy 0 @ 1
        alice buy 0 @ 1
        alice buy 1001 @ 1
        alice buy 1 @ 9
        alice buy 10 @ 49 ioc post
        alice buy 10 @ 50 ioc post
        alice buy 10 @ 150 ioc post
        alice buy 10 @ 151
        alice sell 10 @ 149
        alice buy 10 @ 100
        alice buy 1 @ 100; alice buy 1 @ 50; alice buy 1 @ 50
        alice buy 1 @ 50
        halt
        alice buy 0 @ 1
        alice cancel-all
        ",
        expect![[r#"
            > open alice
              1: account 0
            > deposit alice quote 1000
              2: booked 1000 + 0
              alice quote 1000 + 0
            > nobody buy 0 @ 1
              3: rejected UnknownAccount
            > alice buy 0 @ 1
              4: rejected BelowMinAmount
            > alice buy 1001 @ 1
              5: rejected AboveMaxAmount
            > alice buy 1 @ 9
              6: rejected BelowMinNotional
            > alice buy 10 @ 49 ioc post
              7: rejected PriceOutsideBand
            > alice buy 10 @ 50 ioc post
              8: rejected PostOnlyNeedsGoodTillCancelled
            > alice buy 10 @ 150 ioc post
              9: rejected PostOnlyNeedsGoodTillCancelled
            > alice buy 10 @ 151
              10: rejected PriceOutsideBand
            > alice sell 10 @ 149
              11: rejected InsufficientBalance
            > alice buy 10 @ 100
              12: rejected InsufficientBalance
            > alice buy 1 @ 100
              13: placed #1
              #1 accepted: alice Buy 1 @ 100
              #1 Open 0/1 @ 100, 1 left
              alice quote 899 + 101
              book 1: Buy 100 +1
            > alice buy 1 @ 50
              14: placed #2
              #2 accepted: alice Buy 1 @ 50
              #2 Open 0/1 @ 50, 1 left
              alice quote 848 + 152
              book 2: Buy 50 +1
            > alice buy 1 @ 50
              15: placed #3
              #3 accepted: alice Buy 1 @ 50
              #3 Open 0/1 @ 50, 1 left
              alice quote 797 + 203
              book 3: Buy 50 +1
            > alice buy 1 @ 50
              16: rejected TooManyOpenOrders
            > halt
              17: status set
              status Halted
            > alice buy 0 @ 1
              18: rejected PairHalted
            > alice cancel-all
              #1 Cancelled 0/1 @ 100, 0 left, CancelRequested
              alice quote 898 + 102
              book 4: Buy 100 -1
              #2 Cancelled 0/1 @ 50, 0 left, CancelRequested
              alice quote 949 + 51
              book 5: Buy 50 -1
              #3 Cancelled 0/1 @ 50, 0 left, CancelRequested
              alice quote 1000 + 0
              book 6: Buy 50 -1
              19: cancelled 3
        "#]],
    );
}

// L-16, L-24
#[test]
fn what_does_not_rest_expires() {
    check(
        "
        open alice; open bob
        deposit alice quote 3000
        deposit bob base 50
        bob sell 5 @ 100
        alice buy 6 @ 100 fok
        alice buy 6 @ 100 ioc
        bob sell 5 @ market
        alice buy 5 @ 60
        bob sell 7 @ market
        bob sell 7 @ market fok
        bob sell 7 @ market post
        balances
        ",
        expect![[r#"
            > open alice
              1: account 0
            > open bob
              2: account 1
            > deposit alice quote 3000
              3: booked 3000 + 0
              alice quote 3000 + 0
            > deposit bob base 50
              4: booked 50 + 0
              bob base 50 + 0
            > bob sell 5 @ 100
              5: placed #1
              #1 accepted: bob Sell 5 @ 100
              #1 Open 0/5 @ 100, 5 left
              bob base 45 + 5
              book 1: Sell 100 +5
            > alice buy 6 @ 100 fok
              6: placed #2
              #2 accepted: alice Buy 6 @ 100
              #2 Expired 0/6 @ 100, 0 left, FillOrKill
              alice quote 3000 + 0
            > alice buy 6 @ 100 ioc
              7: placed #3
              #3 accepted: alice Buy 6 @ 100
              #1 Filled 5/5 @ 100, 0 left, Maker 5 @ 100 fee 1
              #3 PartiallyFilled 5/6 @ 100, 1 left, Taker 5 @ 100 fee 1
              #3 Expired 5/6 @ 100, 0 left, ImmediateOrCancel
              alice base 5 + 0
              alice quote 2499 + 0
              bob base 45 + 0
              bob quote 499 + 0
              trade 2: Buy 5 @ 100
            > bob sell 5 @ market
              8: placed #4
              #4 accepted: bob Sell 5 @ 50, market
              #4 Expired 0/5 @ 50, 0 left, CollarReached
              bob base 45 + 0
            > alice buy 5 @ 60
              9: placed #5
              #5 accepted: alice Buy 5 @ 60
              #5 Open 0/5 @ 60, 5 left
              alice quote 2198 + 301
              book 3: Buy 60 +5
            > bob sell 7 @ market
              10: placed #6
              #6 accepted: bob Sell 7 @ 50, market
              #5 Filled 5/5 @ 60, 0 left, Maker 5 @ 60 fee 1
              #6 PartiallyFilled 5/7 @ 50, 2 left, Taker 5 @ 60 fee 1
              #6 Expired 5/7 @ 50, 0 left, CollarReached
              alice base 10 + 0
              alice quote 2198 + 0
              bob base 40 + 0
              bob quote 798 + 0
              trade 4: Sell 5 @ 60
            > bob sell 7 @ market fok
              11: placed #7
              #7 accepted: bob Sell 7 @ 30, market
              #7 Expired 0/7 @ 30, 0 left, FillOrKill
              bob base 40 + 0
            > bob sell 7 @ market post
              12: rejected PostOnlyNeedsGoodTillCancelled
            > balances
              alice base 10 + 0
              bob base 40 + 0
              fees base 0, inside 50
              alice quote 2198 + 0
              bob quote 798 + 0
              fees quote 4, inside 3000
        "#]],
    );
}

// L-15, L-24
#[test]
fn an_owner_never_trades_with_himself() {
    check(
        "
        open alice; open bob
        deposit alice quote 10000; deposit alice base 100
        deposit bob quote 10000; deposit bob base 100
        alice buy 5 @ 100
        alice sell 3 @ 100
        alice sell 3 @ 100 ioc
        alice sell 3 @ 100 decrement
        alice sell 3 @ 100 decrement
        alice sell 3 @ 100 both
        balances
        alice cancel-all
        alice buy 5 @ 100
        alice sell 3 @ 100 maker
        alice buy 3 @ 100 both
        alice buy 2 @ 90; bob buy 2 @ 95
        alice sell 4 @ 90 both
        bob buy 2 @ 80; alice buy 2 @ 81
        alice sell 2 @ 80 decrement
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
            > deposit alice base 100
              4: booked 100 + 0
              alice base 100 + 0
            > deposit bob quote 10000
              5: booked 10000 + 0
              bob quote 10000 + 0
            > deposit bob base 100
              6: booked 100 + 0
              bob base 100 + 0
            > alice buy 5 @ 100
              7: placed #1
              #1 accepted: alice Buy 5 @ 100
              #1 Open 0/5 @ 100, 5 left
              alice quote 9499 + 501
              book 1: Buy 100 +5
            > alice sell 3 @ 100
              8: placed #2
              #2 accepted: alice Sell 3 @ 100
              #2 Cancelled 0/3 @ 100, 0 left, SelfTradePrevention
              alice base 100 + 0
            > alice sell 3 @ 100 ioc
              9: placed #3
              #3 accepted: alice Sell 3 @ 100
              #3 Expired 0/3 @ 100, 0 left, SelfTradePrevention
              alice base 100 + 0
            > alice sell 3 @ 100 decrement
              10: placed #4
              #4 accepted: alice Sell 3 @ 100
              #1 Open 0/2 @ 100, 2 left, SelfTradePrevention
              #4 Cancelled 0/3 @ 100, 0 left, SelfTradePrevention
              alice base 100 + 0
              alice quote 9799 + 201
              book 2: Buy 100 -3
            > alice sell 3 @ 100 decrement
              11: placed #5
              #5 accepted: alice Sell 3 @ 100
              #1 Cancelled 0/2 @ 100, 0 left, SelfTradePrevention
              #5 Open 0/1 @ 100, 1 left, SelfTradePrevention
              #5 Open 0/1 @ 100, 1 left
              alice base 99 + 1
              alice quote 10000 + 0
              book 3: Buy 100 -2
              book 4: Sell 100 +1
            > alice sell 3 @ 100 both
              12: placed #6
              #6 accepted: alice Sell 3 @ 100
              #6 Open 0/3 @ 100, 3 left
              alice base 96 + 4
              book 5: Sell 100 +3
            > balances
              alice base 96 + 4
              bob base 100 + 0
              fees base 0, inside 200
              alice quote 10000 + 0
              bob quote 10000 + 0
              fees quote 0, inside 20000
            > alice cancel-all
              #5 Cancelled 0/1 @ 100, 0 left, CancelRequested
              alice base 97 + 3
              book 6: Sell 100 -1
              #6 Cancelled 0/3 @ 100, 0 left, CancelRequested
              alice base 100 + 0
              book 7: Sell 100 -3
              13: cancelled 2
            > alice buy 5 @ 100
              14: placed #7
              #7 accepted: alice Buy 5 @ 100
              #7 Open 0/5 @ 100, 5 left
              alice quote 9499 + 501
              book 8: Buy 100 +5
            > alice sell 3 @ 100 maker
              15: placed #8
              #8 accepted: alice Sell 3 @ 100
              #7 Cancelled 0/5 @ 100, 0 left, SelfTradePrevention
              #8 Open 0/3 @ 100, 3 left
              alice base 97 + 3
              alice quote 10000 + 0
              book 9: Buy 100 -5
              book 10: Sell 100 +3
            > alice buy 3 @ 100 both
              16: placed #9
              #9 accepted: alice Buy 3 @ 100
              #8 Cancelled 0/3 @ 100, 0 left, SelfTradePrevention
              #9 Cancelled 0/3 @ 100, 0 left, SelfTradePrevention
              alice base 100 + 0
              alice quote 10000 + 0
              book 11: Sell 100 -3
            > alice buy 2 @ 90
              17: placed #10
              #10 accepted: alice Buy 2 @ 90
              #10 Open 0/2 @ 90, 2 left
              alice quote 9819 + 181
              book 12: Buy 90 +2
            > bob buy 2 @ 95
              18: placed #11
              #11 accepted: bob Buy 2 @ 95
              #11 Open 0/2 @ 95, 2 left
              bob quote 9809 + 191
              book 13: Buy 95 +2
            > alice sell 4 @ 90 both
              19: placed #12
              #12 accepted: alice Sell 4 @ 90
              #11 Filled 2/2 @ 95, 0 left, Maker 2 @ 95 fee 1
              #12 PartiallyFilled 2/4 @ 90, 2 left, Taker 2 @ 95 fee 1
              #10 Cancelled 0/2 @ 90, 0 left, SelfTradePrevention
              #12 Cancelled 2/4 @ 90, 0 left, SelfTradePrevention
              alice base 98 + 0
              alice quote 10189 + 0
              bob base 102 + 0
              bob quote 9809 + 0
              trade 14: Sell 2 @ 95
              book 15: Buy 90 -2
            > bob buy 2 @ 80
              20: placed #13
              #13 accepted: bob Buy 2 @ 80
              #13 Open 0/2 @ 80, 2 left
              bob quote 9648 + 161
              book 16: Buy 80 +2
            > alice buy 2 @ 81
              21: placed #14
              #14 accepted: alice Buy 2 @ 81
              #14 Open 0/2 @ 81, 2 left
              alice quote 10026 + 163
              book 17: Buy 81 +2
            > alice sell 2 @ 80 decrement
              22: placed #15
              #15 accepted: alice Sell 2 @ 80
              #14 Cancelled 0/2 @ 81, 0 left, SelfTradePrevention
              #15 Cancelled 0/2 @ 80, 0 left, SelfTradePrevention
              alice base 98 + 0
              alice quote 10189 + 0
              book 18: Buy 81 -2
            > balances
              alice base 98 + 0
              bob base 102 + 0
              fees base 0, inside 200
              alice quote 10189 + 0
              bob quote 9648 + 161
              fees quote 2, inside 20000
        "#]],
    );
}
