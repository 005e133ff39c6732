//! A batch says what its commands say one by one, wherever their levels stand.

use crate::book::BookConfig;
use crate::command::{CancelOrder, OrderCommand, PlaceOrder};
use crate::domain::{AccountId, OrderKey, Price, Quantity, SelfTradePrevention, Side, TimeInForce};
use crate::event::{CancelReason, Event};
use crate::matching::Matcher;

const ORDERS: u32 = 12_000;

fn key(slot: u32) -> OrderKey {
    OrderKey {
        slot,
        generation: 0,
    }
}

/// An order a hundred ticks or more from all others; every seventh reaches into the other side.
fn place(slot: u32, number: u32) -> OrderCommand {
    let away = 1 + number % ORDERS * 100;
    let away = i64::from(away) * if number.is_multiple_of(7) { -1 } else { 1 };
    let (side, price) = match slot % 2 {
        0 => (Side::Buy, (1 << 30) - away),
        _ => (Side::Sell, (1 << 30) + away),
    };
    OrderCommand::Place(PlaceOrder {
        key: key(slot),
        account: AccountId(slot),
        side,
        price: Price::new(u32::try_from(price).expect("it is in range")).expect("it is not zero"),
        quantity: Quantity::new(u64::from(1 + number % 5)).expect("it is small"),
        time_in_force: TimeInForce::GoodTillCancelled,
        post_only: number.is_multiple_of(7) && !number.is_multiple_of(1_001),
        self_trade: SelfTradePrevention::CancelTaker,
    })
}

/// A book that fills far from its window, then cancels and orders, and at last empties.
fn commands() -> Vec<OrderCommand> {
    let cancel = |slot| {
        OrderCommand::Cancel(CancelOrder {
            key: key(slot),
            reason: CancelReason::Requested,
        })
    };
    let mut commands: Vec<OrderCommand> = (0..ORDERS).map(|slot| place(slot, slot)).collect();
    for number in 0..ORDERS {
        let slot = number.wrapping_mul(7_919) % ORDERS;
        commands.push(cancel(slot));
        commands.push(place(slot, number.wrapping_mul(104_729)));
    }
    commands.extend((0..ORDERS).map(cancel));
    commands
}

#[test]
fn a_batch_says_what_its_commands_say_one_by_one_where_levels_are_far() {
    let commands = commands();
    let matcher = || Matcher::new(BookConfig::new(64, ORDERS).expect("the sizes are in range"));
    let mut one_by_one = matcher();
    let mut expected: Vec<Event> = Vec::new();
    for command in &commands {
        one_by_one.apply(command, &mut expected);
    }
    for batch in [1, 3, 8, 64, 1_000] {
        let mut batched = matcher();
        let mut events = Vec::new();
        let mut spread = 0;
        for batch in commands.chunks(batch) {
            spread += usize::from(batched.book.is_spread());
            batched.apply_batch(batch, &mut events);
        }
        assert!(events == expected, "in batches of {batch}");
        assert!(spread > 10, "in batches of {batch}");
        assert_eq!(batched.verify(), Ok(()));
    }
    let trades = |event: &&Event| matches!(event, Event::Trade { .. });
    assert!(expected.iter().filter(trades).count() > 5);
}
