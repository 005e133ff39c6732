use expect_test::expect;

use super::{BookConfig, check, check_on};

// M-13
#[test]
fn a_slot_that_is_taken_or_out_of_range_is_refused() {
    let small = BookConfig::new(64, 2).unwrap();
    check_on(
        small,
        "0 a buy 1 @ 100
         0.1 a buy 1 @ 101
         1 a buy 1 @ 100
         2 a buy 1 @ 100
         2 b sell 2 @ 100 ioc
         2 b sell 2 @ 100 post-only
         cancel 1
         1.1 b sell 2 @ 100",
        expect![[r#"
            > 0 a buy 1 @ 100
              #1 0 rests, Buy 1 @ 100
            > 0.1 a buy 1 @ 101
              0.1 rejected (BookFull)
            > 1 a buy 1 @ 100
              #2 1 rests, Buy 1 @ 100
            > 2 a buy 1 @ 100
              2 rejected (BookFull)
            > 2 b sell 2 @ 100 ioc
              2 rejected (BookFull)
            > 2 b sell 2 @ 100 post-only
              2 rejected (PostOnlyWouldTake)
            > cancel 1
              #3 1 cancelled, 1 @ 100 (Requested)
            > 1.1 b sell 2 @ 100
              #4 trade 1 @ 100 with 0
              #5 1.1 rests, Sell 1 @ 100
            Sell 100 = 1: 1b1
        "#]],
    );
}

// M-4
#[test]
fn prices_outside_the_window_are_as_good() {
    check(
        "1 a sell 1 @ 4294967295
         2 a sell 2 @ 1000000
         3 a sell 3 @ 1000
         4 a sell 4 @ 4294967294
         5 b buy 1 @ 1
         6 b buy 2 @ 900
         7 b buy 3 @ 2
         8 b buy 8 @ 4294967295
         9 a sell 5 @ 1
         cancel 1
         cancel 5
         10 a sell 1 @ 4294967294
         11 b buy 4 @ 4294967294",
        expect![[r#"
            > 1 a sell 1 @ 4294967295
              #1 1 rests, Sell 1 @ 4294967295
            > 2 a sell 2 @ 1000000
              #2 2 rests, Sell 2 @ 1000000
            > 3 a sell 3 @ 1000
              #3 3 rests, Sell 3 @ 1000
            > 4 a sell 4 @ 4294967294
              #4 4 rests, Sell 4 @ 4294967294
            > 5 b buy 1 @ 1
              #5 5 rests, Buy 1 @ 1
            > 6 b buy 2 @ 900
              #6 6 rests, Buy 2 @ 900
            > 7 b buy 3 @ 2
              #7 7 rests, Buy 3 @ 2
            > 8 b buy 8 @ 4294967295
              #8 trade 3 @ 1000 with 3
              #9 trade 2 @ 1000000 with 2
              #10 trade 3 @ 4294967294 with 4
              8 filled
            > 9 a sell 5 @ 1
              #11 trade 2 @ 900 with 6
              #12 trade 3 @ 2 with 7
              9 filled
            > cancel 1
              #13 1 cancelled, 1 @ 4294967295 (Requested)
            > cancel 5
              #14 5 cancelled, 1 @ 1 (Requested)
            > 10 a sell 1 @ 4294967294
              #15 10 rests, Sell 1 @ 4294967294
            > 11 b buy 4 @ 4294967294
              #16 trade 1 @ 4294967294 with 4
              #17 trade 1 @ 4294967294 with 10
              #18 11 rests, Buy 2 @ 4294967294
            Buy 4294967294 = 2: 11b2
        "#]],
    );
}
