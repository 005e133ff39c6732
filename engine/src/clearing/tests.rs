//! Scenarios of money: each through one `check`, with what is said written beside it.
#![allow(
    clippy::unwrap_used,
    reason = "a test stops where its scenario is wrong"
)]

mod scenario;

use expect_test::expect;

use scenario::check;

// L-5, L-7, L-8
#[test]
fn smoke() {
    check(
        "
        open alice; open bob
        deposit alice quote 10000
        deposit bob base 50
        alice buy 5 @ 100
        bob sell 7 @ 99
        bob cancel #2
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
            > alice buy 5 @ 100
              5: placed #1
              #1 accepted: alice Buy 5 @ 100
              #1 Open 0/5 @ 100, 5 left
              alice quote 9499 + 501
              book 1: Buy 100 +5
            > bob sell 7 @ 99
              6: placed #2
              #2 accepted: bob Sell 7 @ 99
              #1 Filled 5/5 @ 100, 0 left, Maker 5 @ 100 fee 1
              #2 PartiallyFilled 5/7 @ 99, 2 left, Taker 5 @ 100 fee 1
              alice base 5 + 0
              alice quote 9499 + 0
              bob base 43 + 2
              bob quote 499 + 0
              trade 2: Sell 5 @ 100
              book 3: Sell 99 +2
            > bob cancel #2
              7: cancelled #2, 5 filled
              #2 Cancelled 5/7 @ 99, 0 left, CancelRequested
              bob base 45 + 0
              book 4: Sell 99 -2
            > balances
              alice base 5 + 0
              bob base 45 + 0
              fees base 0, inside 50
              alice quote 9499 + 0
              bob quote 499 + 0
              fees quote 2, inside 10000
        "#]],
    );
}
