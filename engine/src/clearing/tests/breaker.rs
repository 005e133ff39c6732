//! Scenarios of a pair with a circuit breaker: band 10%, a halt of a minute.

use expect_test::expect;

use super::scenario::check_breaker;

// L-31, L-32, M-28: what prints within the band stands, what would beyond it halts the pair; it
// opens by itself, around its last trade.
#[test]
fn a_trade_beyond_the_band_halts_the_pair_for_its_time() {
    check_breaker(
        "
        at 1000000
        open alice
        open bob
        deposit alice quote 100000
        deposit bob base 100
        bob sell 1 @ 110
        bob sell 1 @ 111
        alice buy 3 @ 120
        alice buy 1 @ 109
        bob cancel #2
        at 1059999
        tick
        at 1060000
        tick
        bob sell 1 @ 121
        alice buy 1 @ 121
        balances
        ",
        expect![[r#"
            > at 1000000
            > open alice
              1: account 0
            > open bob
              2: account 1
            > deposit alice quote 100000
              3: booked 100000 + 0
              alice quote 100000 + 0
            > deposit bob base 100
              4: booked 100 + 0
              bob base 100 + 0
            > bob sell 1 @ 110
              5: placed #1
              #1 accepted: bob Sell 1 @ 110
              #1 Open 0/1 @ 110, 1 left
              bob base 99 + 1
              book 1: Sell 110 +1
            > bob sell 1 @ 111
              6: placed #2
              #2 accepted: bob Sell 1 @ 111
              #2 Open 0/1 @ 111, 1 left
              bob base 98 + 2
              book 2: Sell 111 +1
            > alice buy 3 @ 120
              7: placed #3
              #3 accepted: alice Buy 3 @ 120
              #1 Filled 1/1 @ 110, 0 left, Maker 1 @ 110 fee 0
              #3 PartiallyFilled 1/3 @ 120, 2 left, Taker 1 @ 110 fee 0
              #3 Expired 1/3 @ 120, 0 left, CircuitBreaker
              alice base 1 + 0
              alice quote 99890 + 0
              bob base 98 + 1
              bob quote 110 + 0
              trade 3: Buy 1 @ 110
              status Halted
            > alice buy 1 @ 109
              8: rejected PairHalted
            > bob cancel #2
              9: cancelled #2, 0 filled
              #2 Cancelled 0/1 @ 111, 0 left, CancelRequested
              bob base 99 + 0
              book 4: Sell 111 -1
            > at 1059999
            > tick
            > at 1060000
            > tick
              status Open
            > bob sell 1 @ 121
              10: placed #4
              #4 accepted: bob Sell 1 @ 121
              #4 Open 0/1 @ 121, 1 left
              bob base 98 + 1
              book 5: Sell 121 +1
            > alice buy 1 @ 121
              11: placed #5
              #5 accepted: alice Buy 1 @ 121
              #4 Filled 1/1 @ 121, 0 left, Maker 1 @ 121 fee 0
              #5 Filled 1/1 @ 121, 0 left, Taker 1 @ 121 fee 0
              alice base 2 + 0
              alice quote 99769 + 0
              bob base 98 + 0
              bob quote 231 + 0
              trade 6: Buy 1 @ 121
            > balances
              alice base 2 + 0
              bob base 98 + 0
              fees base 0, inside 100
              alice quote 99769 + 0
              bob quote 231 + 0
              fees quote 0, inside 100000
        "#]],
    );
}

// L-31: the reference is the price of five minutes ago.
#[test]
fn the_band_follows_the_price_of_five_minutes_ago() {
    check_breaker(
        "
        at 60000
        open alice
        open bob
        deposit alice quote 100000
        deposit bob base 100
        bob sell 1 @ 105
        alice buy 1 @ 105
        at 359999
        bob sell 1 @ 112
        alice buy 1 @ 112 fok
        at 360000
        alice buy 1 @ 112 fok
        ",
        expect![[r#"
            > at 60000
            > open alice
              1: account 0
            > open bob
              2: account 1
            > deposit alice quote 100000
              3: booked 100000 + 0
              alice quote 100000 + 0
            > deposit bob base 100
              4: booked 100 + 0
              bob base 100 + 0
            > bob sell 1 @ 105
              5: placed #1
              #1 accepted: bob Sell 1 @ 105
              #1 Open 0/1 @ 105, 1 left
              bob base 99 + 1
              book 1: Sell 105 +1
            > alice buy 1 @ 105
              6: placed #2
              #2 accepted: alice Buy 1 @ 105
              #1 Filled 1/1 @ 105, 0 left, Maker 1 @ 105 fee 0
              #2 Filled 1/1 @ 105, 0 left, Taker 1 @ 105 fee 0
              alice base 1 + 0
              alice quote 99895 + 0
              bob base 99 + 0
              bob quote 105 + 0
              trade 2: Buy 1 @ 105
            > at 359999
            > bob sell 1 @ 112
              7: placed #3
              #3 accepted: bob Sell 1 @ 112
              #3 Open 0/1 @ 112, 1 left
              bob base 98 + 1
              book 3: Sell 112 +1
            > alice buy 1 @ 112 fok
              8: placed #4
              #4 accepted: alice Buy 1 @ 112
              #4 Expired 0/1 @ 112, 0 left, FillOrKill
              alice quote 99895 + 0
            > at 360000
            > alice buy 1 @ 112 fok
              9: placed #5
              #5 accepted: alice Buy 1 @ 112
              #3 Filled 1/1 @ 112, 0 left, Maker 1 @ 112 fee 0
              #5 Filled 1/1 @ 112, 0 left, Taker 1 @ 112 fee 0
              alice base 2 + 0
              alice quote 99783 + 0
              bob base 98 + 0
              bob quote 217 + 0
              trade 4: Buy 1 @ 112
        "#]],
    );
}

// L-32, M-28: what was set off before the halt waits, can be cancelled, and comes in first.
#[test]
fn what_was_set_off_before_the_halt_comes_in_at_the_opening() {
    check_breaker(
        "
        at 60000
        open alice
        open bob
        open carol
        deposit alice quote 100000
        deposit bob base 100
        deposit carol quote 100000
        alice buy 1 @ 115 stop=105
        alice buy 1 @ market stop=106
        bob sell 1 @ 106
        bob sell 2 @ 114
        carol buy 2 @ 120
        at 60500
        alice cancel #2
        at 120000
        tick
        balances
        ",
        expect![[r#"
            > at 60000
            > open alice
              1: account 0
            > open bob
              2: account 1
            > open carol
              3: account 2
            > deposit alice quote 100000
              4: booked 100000 + 0
              alice quote 100000 + 0
            > deposit bob base 100
              5: booked 100 + 0
              bob base 100 + 0
            > deposit carol quote 100000
              6: booked 100000 + 0
              carol quote 100000 + 0
            > alice buy 1 @ 115 stop=105
              7: placed #1
              #1 accepted: alice Buy 1 @ 115
              #1 Pending 0/1 @ 115, 1 left
              alice quote 99885 + 115
            > alice buy 1 @ market stop=106
              8: placed #2
              #2 accepted: alice Buy 1 @ 159, market
              #2 Pending 0/1 @ 159, 1 left
              alice quote 99726 + 274
            > bob sell 1 @ 106
              9: placed #3
              #3 accepted: bob Sell 1 @ 106
              #3 Open 0/1 @ 106, 1 left
              bob base 99 + 1
              book 1: Sell 106 +1
            > bob sell 2 @ 114
              10: placed #4
              #4 accepted: bob Sell 2 @ 114
              #4 Open 0/2 @ 114, 2 left
              bob base 97 + 3
              book 2: Sell 114 +2
            > carol buy 2 @ 120
              11: placed #5
              #5 accepted: carol Buy 2 @ 120
              #3 Filled 1/1 @ 106, 0 left, Maker 1 @ 106 fee 0
              #5 PartiallyFilled 1/2 @ 120, 1 left, Taker 1 @ 106 fee 0
              #5 Expired 1/2 @ 120, 0 left, CircuitBreaker
              #1 Pending 0/1 @ 115, 1 left, Triggered
              #1 Pending 0/1 @ 115, 1 left
              #2 Pending 0/1 @ 159, 1 left, Triggered
              #2 Pending 0/1 @ 159, 1 left
              alice quote 99726 + 274
              bob base 97 + 2
              bob quote 106 + 0
              carol base 1 + 0
              carol quote 99894 + 0
              trade 3: Buy 1 @ 106
              status Halted
            > at 60500
            > alice cancel #2
              12: cancelled #2, 0 filled
              #2 Cancelled 0/1 @ 159, 0 left, CancelRequested
              alice quote 99885 + 115
            > at 120000
            > tick
              #1 Pending 0/1 @ 115, 1 left, Triggered
              #4 PartiallyFilled 1/2 @ 114, 1 left, Maker 1 @ 114 fee 0
              #1 Filled 1/1 @ 115, 0 left, Taker 1 @ 114 fee 0
              alice base 1 + 0
              alice quote 99886 + 0
              bob base 97 + 1
              bob quote 220 + 0
              status Open
              trade 4: Buy 1 @ 114
            > balances
              alice base 1 + 0
              bob base 97 + 1
              carol base 1 + 0
              fees base 0, inside 100
              alice quote 99886 + 0
              bob quote 220 + 0
              carol quote 99894 + 0
              fees quote 0, inside 200000
        "#]],
    );
}
