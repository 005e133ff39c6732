//! Scenarios of what is remembered of an order.

use expect_test::expect;

use super::scenario::check;

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
