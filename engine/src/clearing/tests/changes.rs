//! Scenarios of amends and cancels, and of what they meet on their way.

use expect_test::expect;

use super::scenario::check;

// L-12
#[test]
fn an_amend_holds_what_it_may_need_and_frees_what_it_does_not() {
    check(
        "
        open alice; open bob
        deposit alice quote 1200
        deposit bob base 50
        alice buy 10 @ 100
        alice amend #1 amount=6
        alice amend #1 price=90
        alice amend #1 price=120 amount=8
        alice amend #1 price=150 amount=9
        alice amend #1 price=151
        alice amend #1
        alice amend #1 price=120 amount=8
        alice amend #1 amount=0
        alice amend #1 amount=1001
        bob sell 3 @ 120
        alice amend #1 amount=3
        alice amend #1 amount=4
        bob sell 1 @ 120
        alice amend #1 amount=4
        balances
        ",
        expect![[r#"
            > open alice
              1: account 0
            > open bob
              2: account 1
            > deposit alice quote 1200
              3: booked 1200 + 0
              alice quote 1200 + 0
            > deposit bob base 50
              4: booked 50 + 0
              bob base 50 + 0
            > alice buy 10 @ 100
              5: placed #1
              #1 accepted: alice Buy 10 @ 100
              #1 Open 0/10 @ 100, 10 left
              alice quote 198 + 1002
              book 1: Buy 100 +10
            > alice amend #1 amount=6
              6: amended #1 to 6 @ 100, 6 left
              #1 Open 0/6 @ 100, 6 left, Amended
              alice quote 598 + 602
              book 2: Buy 100 -4
            > alice amend #1 price=90
              7: amended #1 to 6 @ 90, 6 left
              #1 Open 0/6 @ 90, 6 left, Amended
              alice quote 658 + 542
              book 3: Buy 100 -6
              book 4: Buy 90 +6
            > alice amend #1 price=120 amount=8
              8: amended #1 to 8 @ 120, 8 left
              #1 Open 0/8 @ 120, 8 left, Amended
              alice quote 238 + 962
              book 5: Buy 90 -6
              book 6: Buy 120 +8
            > alice amend #1 price=150 amount=9
              9: rejected InsufficientBalance
            > alice amend #1 price=151
              10: rejected PriceOutsideBand
            > alice amend #1
              11: rejected NothingToAmend
            > alice amend #1 price=120 amount=8
              12: rejected NothingToAmend
            > alice amend #1 amount=0
              13: rejected BelowMinAmount
            > alice amend #1 amount=1001
              14: rejected AboveMaxAmount
            > bob sell 3 @ 120
              15: placed #2
              #2 accepted: bob Sell 3 @ 120
              #1 PartiallyFilled 3/8 @ 120, 5 left, Maker 3 @ 120 fee 1
              #2 Filled 3/3 @ 120, 0 left, Taker 3 @ 120 fee 1
              alice base 3 + 0
              alice quote 238 + 601
              bob base 47 + 0
              bob quote 359 + 0
              trade 7: Sell 3 @ 120
            > alice amend #1 amount=3
              16: rejected AmountBelowFilled
            > alice amend #1 amount=4
              17: amended #1 to 4 @ 120, 1 left
              #1 PartiallyFilled 3/4 @ 120, 1 left, Amended
              alice quote 719 + 120
              book 8: Buy 120 -4
            > bob sell 1 @ 120
              18: placed #3
              #3 accepted: bob Sell 1 @ 120
              #1 Filled 4/4 @ 120, 0 left, Maker 1 @ 120 fee 0
              #3 Filled 1/1 @ 120, 0 left, Taker 1 @ 120 fee 1
              alice base 4 + 0
              alice quote 719 + 0
              bob base 46 + 0
              bob quote 478 + 0
              trade 9: Sell 1 @ 120
            > alice amend #1 amount=4
              19: already filled #1: 4 for 480
            > balances
              alice base 4 + 0
              bob base 46 + 0
              fees base 0, inside 50
              alice quote 719 + 0
              bob quote 478 + 0
              fees quote 3, inside 1200
        "#]],
    );
}

// L-12, L-13
#[test]
fn amends_and_fills_pass_each_other() {
    check(
        "
        open alice; open bob
        deposit alice quote 5000
        deposit bob base 50
        alice buy 10 @ 100
        hold
        bob sell 7 @ 100
        alice amend #1 amount=12 price=101
        alice amend #1 amount=11
        alice amend #1 amount=12
        balances
        settle
        balances
        hold
        bob sell 3 @ 100
        alice amend #1 amount=8
        alice amend #1 price=99
        bob cancel-all
        settle
        balances
        ",
        expect![[r#"
            > open alice
              1: account 0
            > open bob
              2: account 1
            > deposit alice quote 5000
              3: booked 5000 + 0
              alice quote 5000 + 0
            > deposit bob base 50
              4: booked 50 + 0
              bob base 50 + 0
            > alice buy 10 @ 100
              5: placed #1
              #1 accepted: alice Buy 10 @ 100
              #1 Open 0/10 @ 100, 10 left
              alice quote 3998 + 1002
              book 1: Buy 100 +10
            > hold
            > bob sell 7 @ 100
            > alice amend #1 amount=12 price=101
            > alice amend #1 amount=11
            > alice amend #1 amount=12
              9: rejected Unavailable
            > balances
              alice base 0 + 0
              bob base 43 + 7
              fees base 0, inside 50
              alice quote 3785 + 1215
              bob quote 0 + 0
              fees quote 0, inside 5000
            > settle
              6: placed #2
              #2 accepted: bob Sell 7 @ 100
              #1 PartiallyFilled 7/10 @ 100, 3 left, Maker 7 @ 100 fee 1
              #2 Filled 7/7 @ 100, 0 left, Taker 7 @ 100 fee 2
              alice base 7 + 0
              alice quote 3785 + 514
              bob base 43 + 0
              bob quote 698 + 0
              trade 2: Sell 7 @ 100
              7: amended #1 to 12 @ 101, 5 left
              #1 PartiallyFilled 7/12 @ 101, 5 left, Amended
              alice quote 3785 + 514
              book 3: Buy 100 -3
              book 4: Buy 101 +5
              8: amended #1 to 11 @ 101, 4 left
              #1 PartiallyFilled 7/11 @ 101, 4 left, Amended
              alice quote 3894 + 405
              book 5: Buy 101 -1
            > balances
              alice base 7 + 0
              bob base 43 + 0
              fees base 0, inside 50
              alice quote 3894 + 405
              bob quote 698 + 0
              fees quote 3, inside 5000
            > hold
            > bob sell 3 @ 100
            > alice amend #1 amount=8
            > alice amend #1 price=99
            > bob cancel-all
            > settle
              10: placed #3
              #3 accepted: bob Sell 3 @ 100
              #1 PartiallyFilled 10/11 @ 101, 1 left, Maker 3 @ 101 fee 1
              #3 Filled 3/3 @ 100, 0 left, Taker 3 @ 101 fee 1
              alice base 10 + 0
              alice quote 3894 + 101
              bob base 40 + 0
              bob quote 1000 + 0
              trade 6: Sell 3 @ 101
              11: rejected AmountBelowFilled
              alice quote 3894 + 101
              12: amended #1 to 11 @ 99, 1 left
              #1 PartiallyFilled 10/11 @ 99, 1 left, Amended
              alice quote 3896 + 99
              book 7: Buy 101 -1
              book 8: Buy 99 +1
              13: cancelled 0
            > balances
              alice base 10 + 0
              bob base 40 + 0
              fees base 0, inside 50
              alice quote 3896 + 99
              bob quote 1000 + 0
              fees quote 5, inside 5000
        "#]],
    );
}

// L-14
#[test]
fn a_cancel_that_comes_too_late_is_told_what_became_of_the_order() {
    check(
        "
        open alice; open bob
        deposit alice quote 5000
        deposit bob base 50
        alice buy 10 @ 100 id=a
        alice buy 10 @ 99 id=b
        hold
        bob sell 10 @ 100
        alice cancel a
        alice amend a price=90
        alice cancel b
        alice cancel b
        alice amend b price=90
        settle
        alice cancel a
        alice amend a price=90
        alice cancel b
        alice amend b price=90
        bob cancel #1
        bob cancel #77
        bob amend #1 price=90
        balances
        ",
        expect![[r#"
            > open alice
              1: account 0
            > open bob
              2: account 1
            > deposit alice quote 5000
              3: booked 5000 + 0
              alice quote 5000 + 0
            > deposit bob base 50
              4: booked 50 + 0
              bob base 50 + 0
            > alice buy 10 @ 100 id=a
              5: placed #1
              #1 accepted: alice Buy 10 @ 100
              #1 Open 0/10 @ 100, 10 left
              alice quote 3998 + 1002
              book 1: Buy 100 +10
            > alice buy 10 @ 99 id=b
              6: placed #2
              #2 accepted: alice Buy 10 @ 99
              #2 Open 0/10 @ 99, 10 left
              alice quote 3006 + 1994
              book 2: Buy 99 +10
            > hold
            > bob sell 10 @ 100
            > alice cancel a
            > alice amend a price=90
            > alice cancel b
            > alice cancel b
            > alice amend b price=90
            > settle
              7: placed #3
              #3 accepted: bob Sell 10 @ 100
              #1 Filled 10/10 @ 100, 0 left, Maker 10 @ 100 fee 1
              #3 Filled 10/10 @ 100, 0 left, Taker 10 @ 100 fee 2
              alice base 10 + 0
              alice quote 3007 + 992
              bob base 40 + 0
              bob quote 998 + 0
              trade 3: Sell 10 @ 100
              8: already filled #1: 10 for 1000
              9: already filled #1: 10 for 1000
              10: cancelled #2, 0 filled
              #2 Cancelled 0/10 @ 99, 0 left, CancelRequested
              alice quote 3999 + 0
              book 4: Buy 99 -10
              11: cancelled #2, 0 filled
              12: rejected AlreadyClosed
            > alice cancel a
              13: already filled #1: 10 for 1000
            > alice amend a price=90
              14: already filled #1: 10 for 1000
            > alice cancel b
              15: cancelled #2, 0 filled
            > alice amend b price=90
              16: rejected AlreadyClosed
            > bob cancel #1
              17: rejected UnknownOrder
            > bob cancel #77
              18: rejected UnknownOrder
            > bob amend #1 price=90
              19: rejected UnknownOrder
            > balances
              alice base 10 + 0
              bob base 40 + 0
              fees base 0, inside 50
              alice quote 3999 + 0
              bob quote 998 + 0
              fees quote 3, inside 5000
        "#]],
    );
}

// L-19
#[test]
fn cancel_all_is_one_answer_to_many_cancels() {
    check(
        "
        open alice; open bob
        deposit alice quote 5000; deposit alice base 10
        deposit bob base 50
        alice cancel-all
        alice buy 2 @ 100
        alice sell 2 @ 110
        alice buy 2 @ 99
        alice buy 2 @ 98
        alice cancel-all sell
        alice buy 2 @ 98
        hold
        bob sell 3 @ 99
        alice cancel-all
        alice cancel-all buy
        settle
        nobody cancel-all
        balances
        ",
        expect![[r#"
            > open alice
              1: account 0
            > open bob
              2: account 1
            > deposit alice quote 5000
              3: booked 5000 + 0
              alice quote 5000 + 0
            > deposit alice base 10
              4: booked 10 + 0
              alice base 10 + 0
            > deposit bob base 50
              5: booked 50 + 0
              bob base 50 + 0
            > alice cancel-all
              6: cancelled 0
            > alice buy 2 @ 100
              7: placed #1
              #1 accepted: alice Buy 2 @ 100
              #1 Open 0/2 @ 100, 2 left
              alice quote 4799 + 201
              book 1: Buy 100 +2
            > alice sell 2 @ 110
              8: placed #2
              #2 accepted: alice Sell 2 @ 110
              #2 Open 0/2 @ 110, 2 left
              alice base 8 + 2
              book 2: Sell 110 +2
            > alice buy 2 @ 99
              9: placed #3
              #3 accepted: alice Buy 2 @ 99
              #3 Open 0/2 @ 99, 2 left
              alice quote 4600 + 400
              book 3: Buy 99 +2
            > alice buy 2 @ 98
              10: rejected TooManyOpenOrders
            > alice cancel-all sell
              #2 Cancelled 0/2 @ 110, 0 left, CancelRequested
              alice base 10 + 0
              book 4: Sell 110 -2
              11: cancelled 1
            > alice buy 2 @ 98
              12: placed #4
              #4 accepted: alice Buy 2 @ 98
              #4 Open 0/2 @ 98, 2 left
              alice quote 4403 + 597
              book 5: Buy 98 +2
            > hold
            > bob sell 3 @ 99
            > alice cancel-all
            > alice cancel-all buy
            > settle
              13: placed #5
              #5 accepted: bob Sell 3 @ 99
              #1 Filled 2/2 @ 100, 0 left, Maker 2 @ 100 fee 1
              #5 PartiallyFilled 2/3 @ 99, 1 left, Taker 2 @ 100 fee 1
              #3 PartiallyFilled 1/2 @ 99, 1 left, Maker 1 @ 99 fee 1
              #5 Filled 3/3 @ 99, 0 left, Taker 1 @ 99 fee 0
              alice base 13 + 0
              alice quote 4403 + 296
              bob base 47 + 0
              bob quote 298 + 0
              trade 6: Sell 2 @ 100
              trade 7: Sell 1 @ 99
              #3 Cancelled 1/2 @ 99, 0 left, CancelRequested
              alice quote 4502 + 197
              book 8: Buy 99 -1
              #4 Cancelled 0/2 @ 98, 0 left, CancelRequested
              alice quote 4699 + 0
              book 9: Buy 98 -2
              14: cancelled 2
              15: cancelled 0
            > nobody cancel-all
              16: rejected UnknownAccount
            > balances
              alice base 13 + 0
              bob base 47 + 0
              fees base 0, inside 60
              alice quote 4699 + 0
              bob quote 298 + 0
              fees quote 3, inside 5000
        "#]],
    );
}
