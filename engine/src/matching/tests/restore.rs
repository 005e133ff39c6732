use super::{BookConfig, Matcher, book, command};
use crate::book::OrderView;
use crate::domain::{EventSequence, Price, Quantity, Side};
use crate::matching::RestoreError;

fn matcher(scenario: &[&str]) -> Matcher {
    let mut matcher = Matcher::new(BookConfig::new(64, 16).unwrap());
    for line in scenario {
        matcher.apply(&command(line), &mut Vec::new());
    }
    matcher
}

#[test]
fn a_restored_matcher_goes_on_as_the_first() {
    let config = BookConfig::new(64, 16).unwrap();
    let mut first = matcher(&[
        "1 a buy 5 @ 100",
        "2 b buy 5 @ 100 post-only",
        "3 c buy 5 @ 7",
        "4 c sell 5 @ 100000 decrement",
        "5 c sell 5 @ 101",
        "6.3 d buy 1 @ 101",
        "7.2 d sell 9 @ 101",
        "replace 1 @ 100 +1",
    ]);
    let mut second = Matcher::restore(config, first.sequence(), first.orders()).unwrap();
    assert_eq!(second.verify(), Ok(()));
    assert_eq!(book(&second), book(&first));
    assert!(second.orders().eq(first.orders()));
    for line in [
        "replace 2 @ 101 +0",
        "8 e sell 12 @ 7",
        "cancel 7.2",
        "cancel 3",
    ] {
        let (mut one, mut other) = (Vec::new(), Vec::new());
        first.apply(&command(line), &mut one);
        second.apply(&command(line), &mut other);
        assert_eq!(one, other, "{line}");
    }
    assert_eq!(book(&second), book(&first));
}

// M-7
#[test]
fn orders_that_no_book_can_hold_are_refused() {
    let config = BookConfig::new(64, 16).unwrap();
    let good: Vec<OrderView> = matcher(&["1 a buy 5 @ 100", "2 b sell 5 @ 101"])
        .orders()
        .collect();
    let error = |change: fn(&mut OrderView)| {
        let mut orders = good.clone();
        change(&mut orders[1]);
        Matcher::restore(config, EventSequence(9), orders).err()
    };
    let key = good[1].key;
    assert_eq!(error(|_| {}), None);
    assert_eq!(
        error(|order| order.leaves = Quantity::ZERO),
        Some(RestoreError::Empty(key))
    );
    assert_eq!(
        error(|order| order.price = Price::new(100).unwrap()),
        Some(RestoreError::Crossed(key))
    );
    assert_eq!(
        error(|order| order.side = Side::Buy),
        None,
        "the same price on the other side is as good"
    );
    assert!(matches!(
        error(|order| order.key.slot = 1),
        Some(RestoreError::Slot(_))
    ));
    assert!(matches!(
        error(|order| order.key.slot = 16),
        Some(RestoreError::Slot(_))
    ));
}
