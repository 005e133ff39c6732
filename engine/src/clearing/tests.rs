//! Scenarios of money: each through one `check`, with what is said written beside it.
#![allow(
    clippy::unwrap_used,
    reason = "a test stops where its scenario is wrong"
)]

mod breaker;
mod flows;
mod operations;
mod scenario;
mod special;
mod transfers;

use expect_test::expect;

use scenario::check;

// L-3, L-4
#[test]
fn amounts_come_in_and_go_out() {
    check(
        "
        open alice
        open alice
        deposit alice quote 100
        deposit alice quote 0
        deposit nobody quote 1
        deposit alice quote 9223372036854775707
        deposit alice quote 9223372036854775708
        withdraw alice quote 101
        withdraw alice quote 9223372036854775807
        withdraw alice quote 0
        withdraw alice quote 1
        open bob
        deposit bob quote 5
        open carol
        open dave
        balances
        ",
        expect![[r#"
            > open alice
              1: account 0
            > open alice
              2: account 0
            > deposit alice quote 100
              3: booked 100 + 0
              alice quote 100 + 0
            > deposit alice quote 0
              4: rejected ZeroAmount
            > deposit nobody quote 1
              5: rejected UnknownAccount
            > deposit alice quote 9223372036854775707
              6: booked 9223372036854775807 + 0
              alice quote 9223372036854775807 + 0
            > deposit alice quote 9223372036854775708
              7: rejected BalanceTooLarge
            > withdraw alice quote 101
              8: booked 9223372036854775706 + 0
              alice quote 9223372036854775706 + 0
            > withdraw alice quote 9223372036854775807
              9: rejected InsufficientBalance
            > withdraw alice quote 0
              10: rejected ZeroAmount
            > withdraw alice quote 1
              11: booked 9223372036854775705 + 0
              alice quote 9223372036854775705 + 0
            > open bob
              12: account 1
            > deposit bob quote 5
              13: booked 5 + 0
              bob quote 5 + 0
            > open carol
              14: account 2
            > open dave
              15: rejected TooManyAccounts
            > balances
              alice base 0 + 0
              bob base 0 + 0
              carol base 0 + 0
              fees base 0, inside 0
              alice quote 9223372036854775705 + 0
              bob quote 5 + 0
              carol quote 0 + 0
              fees quote 0, inside 9223372036854775710
        "#]],
    );
}

// L-5, L-6, L-7, L-8, L-10
#[test]
fn a_trade_captures_at_its_price_and_releases_the_rest() {
    check(
        "
        open alice; open bob
        deposit alice quote 10000
        deposit bob base 50
        bob sell 5 @ 90
        alice buy 12 @ 100
        bob sell 3 @ 99
        alice cancel #2
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
            > deposit bob base 50
              4: booked 50 + 0
              bob base 50 + 0
            > bob sell 5 @ 90
              5: placed #1
              #1 accepted: bob Sell 5 @ 90
              #1 Open 0/5 @ 90, 5 left
              bob base 45 + 5
              book 1: Sell 90 +5
            > alice buy 12 @ 100
              6: placed #2
              #2 accepted: alice Buy 12 @ 100
              #1 Filled 5/5 @ 90, 0 left, Maker 5 @ 90 fee 1
              #2 PartiallyFilled 5/12 @ 100, 7 left, Taker 5 @ 90 fee 1
              alice base 5 + 0
              alice quote 8847 + 702
              bob base 45 + 0
              bob quote 449 + 0
              trade 2: Buy 5 @ 90
              book 3: Buy 100 +7
            > bob sell 3 @ 99
              7: placed #3
              #3 accepted: bob Sell 3 @ 99
              #2 PartiallyFilled 8/12 @ 100, 4 left, Maker 3 @ 100 fee 1
              #3 Filled 3/3 @ 99, 0 left, Taker 3 @ 100 fee 1
              alice base 8 + 0
              alice quote 8848 + 400
              bob base 42 + 0
              bob quote 748 + 0
              trade 4: Sell 3 @ 100
            > alice cancel #2
              8: cancelled #2, 8 filled
              #2 Cancelled 8/12 @ 100, 0 left, CancelRequested
              alice quote 9248 + 0
              book 5: Buy 100 -4
            > balances
              alice base 8 + 0
              bob base 42 + 0
              fees base 0, inside 50
              alice quote 9248 + 0
              bob quote 748 + 0
              fees quote 4, inside 10000
        "#]],
    );
}

// L-9
#[test]
fn an_order_in_pieces_pays_the_fee_of_the_whole() {
    check(
        "
        open alice; open bob
        deposit alice quote 10000
        deposit bob base 50
        alice buy 15 @ 100
        bob sell 5 @ 100
        bob sell 5 @ 100
        bob sell 5 @ 100
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
            > deposit bob base 50
              4: booked 50 + 0
              bob base 50 + 0
            > alice buy 15 @ 100
              5: placed #1
              #1 accepted: alice Buy 15 @ 100
              #1 Open 0/15 @ 100, 15 left
              alice quote 8497 + 1503
              book 1: Buy 100 +15
            > bob sell 5 @ 100
              6: placed #2
              #2 accepted: bob Sell 5 @ 100
              #1 PartiallyFilled 5/15 @ 100, 10 left, Maker 5 @ 100 fee 1
              #2 Filled 5/5 @ 100, 0 left, Taker 5 @ 100 fee 1
              alice base 5 + 0
              alice quote 8497 + 1002
              bob base 45 + 0
              bob quote 499 + 0
              trade 2: Sell 5 @ 100
            > bob sell 5 @ 100
              7: placed #3
              #3 accepted: bob Sell 5 @ 100
              #1 PartiallyFilled 10/15 @ 100, 5 left, Maker 5 @ 100 fee 0
              #3 Filled 5/5 @ 100, 0 left, Taker 5 @ 100 fee 1
              alice base 10 + 0
              alice quote 8498 + 501
              bob base 40 + 0
              bob quote 998 + 0
              trade 3: Sell 5 @ 100
            > bob sell 5 @ 100
              8: placed #4
              #4 accepted: bob Sell 5 @ 100
              #1 Filled 15/15 @ 100, 0 left, Maker 5 @ 100 fee 1
              #4 Filled 5/5 @ 100, 0 left, Taker 5 @ 100 fee 1
              alice base 15 + 0
              alice quote 8498 + 0
              bob base 35 + 0
              bob quote 1497 + 0
              trade 4: Sell 5 @ 100
            > balances
              alice base 15 + 0
              bob base 35 + 0
              fees base 0, inside 50
              alice quote 8498 + 0
              bob quote 1497 + 0
              fees quote 5, inside 10000
        "#]],
    );
}

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

// L-17
#[test]
fn a_repeated_placement_gets_the_first_answer_again() {
    check(
        "
        open alice; open bob
        deposit alice quote 50000; deposit bob quote 50000
        hold
        alice buy 10 @ 100 id=a
        alice buy 10 @ 100 id=a
        alice buy 10 @ 101 id=a
        bob buy 10 @ 101 id=a
        alice buy 10 @ 100 id=a
        settle
        alice buy 10 @ 100 id=a
        alice amend a price=90
        alice buy 10 @ 100 id=a
        halt
        alice buy 10 @ 100 id=a
        alice buy 10 @ 101 id=a
        alice buy 10 @ 101 id=b
        alice amend a price=91
        alice cancel a
        alice amend a price=91
        resume
        resume
        alice buy 10 @ 100 id=a
        alice buy 10 @ market id=m
        alice buy 10 @ market ioc id=m
        alice buy 10 @ market fok id=m
        ",
        expect![[r#"
            > open alice
              1: account 0
            > open bob
              2: account 1
            > deposit alice quote 50000
              3: booked 50000 + 0
              alice quote 50000 + 0
            > deposit bob quote 50000
              4: booked 50000 + 0
              bob quote 50000 + 0
            > hold
            > alice buy 10 @ 100 id=a
            > alice buy 10 @ 100 id=a
            > alice buy 10 @ 101 id=a
              7: rejected DuplicateClientOrderId
            > bob buy 10 @ 101 id=a
            > alice buy 10 @ 100 id=a
            > settle
              5: placed #1
              6: placed #1 again
              9: placed #1 again
              #1 accepted: alice Buy 10 @ 100
              #1 Open 0/10 @ 100, 10 left
              alice quote 48998 + 1002
              book 1: Buy 100 +10
              8: placed #2
              #2 accepted: bob Buy 10 @ 101
              #2 Open 0/10 @ 101, 10 left
              bob quote 48987 + 1013
              book 2: Buy 101 +10
            > alice buy 10 @ 100 id=a
              10: placed #1 again
            > alice amend a price=90
              11: amended #1 to 10 @ 90, 10 left
              #1 Open 0/10 @ 90, 10 left, Amended
              alice quote 49098 + 902
              book 3: Buy 100 -10
              book 4: Buy 90 +10
            > alice buy 10 @ 100 id=a
              12: placed #1 again
            > halt
              13: status set
              status Halted
            > alice buy 10 @ 100 id=a
              14: placed #1 again
            > alice buy 10 @ 101 id=a
              15: rejected PairHalted
            > alice buy 10 @ 101 id=b
              16: rejected PairHalted
            > alice amend a price=91
              17: rejected PairHalted
            > alice cancel a
              18: cancelled #1, 0 filled
              #1 Cancelled 0/10 @ 90, 0 left, CancelRequested
              alice quote 50000 + 0
              book 5: Buy 90 -10
            > alice amend a price=91
              19: rejected PairHalted
            > resume
              20: status set
              status Open
            > resume
              21: status set
            > alice buy 10 @ 100 id=a
              22: placed #1 again
            > alice buy 10 @ market id=m
              23: placed #3
              #3 accepted: alice Buy 10 @ 150, market
              #3 Expired 0/10 @ 150, 0 left, CollarReached
              alice quote 50000 + 0
            > alice buy 10 @ market ioc id=m
              24: placed #3 again
            > alice buy 10 @ market fok id=m
              25: rejected DuplicateClientOrderId
        "#]],
    );
}

// L-18, L-22
#[test]
fn ended_orders_are_remembered_for_a_time() {
    check(
        "
        open alice
        deposit alice quote 5000
        at 100
        alice buy 10 @ 100 id=a
        alice cancel a
        at 1099
        alice cancel a
        alice buy 10 @ 101 id=a
        at 1100
        alice cancel a
        alice buy 10 @ 101 id=a
        at 50
        alice cancel #1
        alice cancel #2
        at 2099
        alice cancel #2
        at 2100
        alice cancel #2
        ",
        expect![[r#"
            > open alice
              1: account 0
            > deposit alice quote 5000
              2: booked 5000 + 0
              alice quote 5000 + 0
            > at 100
            > alice buy 10 @ 100 id=a
              3: placed #1
              #1 accepted: alice Buy 10 @ 100
              #1 Open 0/10 @ 100, 10 left
              alice quote 3998 + 1002
              book 1: Buy 100 +10
            > alice cancel a
              4: cancelled #1, 0 filled
              #1 Cancelled 0/10 @ 100, 0 left, CancelRequested
              alice quote 5000 + 0
              book 2: Buy 100 -10
            > at 1099
            > alice cancel a
              5: cancelled #1, 0 filled
            > alice buy 10 @ 101 id=a
              6: rejected DuplicateClientOrderId
            > at 1100
            > alice cancel a
              7: rejected UnknownOrder
            > alice buy 10 @ 101 id=a
              8: placed #2
              #2 accepted: alice Buy 10 @ 101
              #2 Open 0/10 @ 101, 10 left
              alice quote 3987 + 1013
              book 3: Buy 101 +10
            > at 50
            > alice cancel #1
              9: rejected UnknownOrder
            > alice cancel #2
              10: cancelled #2, 0 filled
              #2 Cancelled 0/10 @ 101, 0 left, CancelRequested
              alice quote 5000 + 0
              book 4: Buy 101 -10
            > at 2099
            > alice cancel #2
              11: cancelled #2, 0 filled
            > at 2100
            > alice cancel #2
              12: rejected UnknownOrder
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
