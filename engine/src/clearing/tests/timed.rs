//! Scenarios of what ends by time.

use expect_test::expect;

use super::scenario::check;

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
