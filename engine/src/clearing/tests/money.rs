//! Scenarios of what comes in, goes out and is paid.

use expect_test::expect;

use super::scenario::check;

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
