//! A matcher that has its room allocates nothing, whatever its commands are; where prices leave the
//! window of its book, once it has gone through as many of them. A counting allocator proves it.

#![allow(
    clippy::unwrap_used,
    reason = "a file that cannot be read stops its test"
)]
#![allow(
    unsafe_code,
    reason = "an allocator cannot be written without; this one counts and passes on"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::path::PathBuf;

use engine::book::BookConfig;
use engine::command::{CancelOrder, OrderCommand, PlaceOrder, ReplaceOrder};
use engine::domain::{
    AccountId, OrderKey, Price, Quantity, SelfTradePrevention, Side, TimeInForce,
};
use engine::event::{CancelReason, Event};
use engine::matching::Matcher;
use rand::{RngExt as _, SeedableRng};
use rand_chacha::ChaCha8Rng;
use testkit::order_flow::{commands, read_messages};

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

// SAFETY: every call is passed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller's promises are those that the system asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: `pointer` came from `alloc` above, with this layout.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Applies `commands` one by one and returns how many allocations that took, and how many events
/// there were.
fn allocations(config: BookConfig, commands: &[OrderCommand]) -> (u64, usize) {
    let mut matcher = Matcher::new(config);
    matcher.reserve(config.max_orders() as usize);
    let mut events: Vec<Event> = Vec::with_capacity(config.max_orders() as usize);
    let mut count = 0;
    let before = ALLOCATIONS.get();
    for command in commands {
        matcher.apply(command, &mut events);
        count += events.len();
        events.clear();
    }
    let after = ALLOCATIONS.get();
    assert_eq!(matcher.verify(), Ok(()));
    (after - before, count)
}

#[test]
fn the_counter_counts() {
    let before = ALLOCATIONS.get();
    drop(std::hint::black_box(Box::new(1)));
    assert_eq!(ALLOCATIONS.get(), before + 1);
}

#[test]
fn a_recorded_flow_allocates_nothing() {
    let Some(folder) = std::env::var_os("EXCHANGE_DATA").map(PathBuf::from) else {
        println!("******** LEFT OUT: EXCHANGE_DATA does not name the recorded inputs ********");
        return;
    };
    let config = BookConfig::new(1 << 16, 1 << 15).unwrap();
    for flow in ["normal", "flash-crash"] {
        let file = std::fs::read(folder.join(format!("order-flow/{flow}.bin"))).unwrap();
        let commands = commands(&read_messages(&file).unwrap(), config);
        let (allocations, events) = allocations(config, &commands);
        assert_eq!(allocations, 0, "{flow}: {} commands", commands.len());
        assert!(events >= commands.len());
    }
}

const SLOTS: u32 = 2_000;

#[test]
fn a_seeded_flow_of_every_kind_of_command_allocates_nothing() {
    let commands = seeded_flow(9_900..10_100);
    let config = BookConfig::new(1024, SLOTS).unwrap();
    let (allocations, events) = allocations(config, &commands);
    assert_eq!(allocations, 0);
    assert!(events >= commands.len());
}

/// 65,536 times the window: nearly every level is outside, and parts of the tree come and go.
#[test]
fn a_flow_far_outside_the_window_allocates_nothing_once_it_was_gone_through() {
    let mut commands = seeded_flow(1..4_194_304);
    let cancels = (0..SLOTS).map(|slot| {
        OrderCommand::Cancel(CancelOrder {
            key: OrderKey {
                slot,
                generation: 0,
            },
            reason: CancelReason::Requested,
        })
    });
    commands.extend(cancels);
    let mut matcher = Matcher::new(BookConfig::new(64, SLOTS).unwrap());
    matcher.reserve(SLOTS as usize);
    let mut events: Vec<Event> = Vec::with_capacity(SLOTS as usize);
    let counts = [(); 3].map(|()| {
        let before = ALLOCATIONS.get();
        for command in &commands {
            matcher.apply(command, &mut events);
            events.clear();
        }
        ALLOCATIONS.get() - before
    });
    assert!(counts[0] > 100, "{counts:?}");
    assert_eq!(counts[1..], [0, 0]);
}

/// Commands at prices within `prices`, which leave no slot alone.
fn seeded_flow(prices: std::ops::Range<u32>) -> Vec<OrderCommand> {
    let mut random = ChaCha8Rng::seed_from_u64(7);
    (0..200_000)
        .map(|_| {
            let key = OrderKey {
                slot: random.random_range(0..SLOTS),
                generation: 0,
            };
            let price = Price::new(random.random_range(prices.clone())).unwrap();
            match random.random_range(0..10) {
                0..6 => place(key, price, &mut random),
                6..9 => OrderCommand::Cancel(CancelOrder {
                    key,
                    reason: CancelReason::Requested,
                }),
                _ => OrderCommand::Replace(ReplaceOrder {
                    linked: false,
                    key,
                    price,
                    quantity_change: random.random_range(-20..20),
                }),
            }
        })
        .collect()
}

fn place(key: OrderKey, price: Price, random: &mut ChaCha8Rng) -> OrderCommand {
    OrderCommand::Place(PlaceOrder {
        key,
        account: AccountId(random.random_range(0..20)),
        side: [Side::Buy, Side::Sell][random.random_range(0..2)],
        price,
        quantity: Quantity::new(random.random_range(1..100)).unwrap(),
        time_in_force: [
            TimeInForce::GoodTillCancelled,
            TimeInForce::GoodTillCancelled,
            TimeInForce::ImmediateOrCancel,
            TimeInForce::FillOrKill,
        ][random.random_range(0..4)],
        post_only: random.random_range(0..8) == 0,
        self_trade: [
            SelfTradePrevention::CancelTaker,
            SelfTradePrevention::CancelMaker,
            SelfTradePrevention::CancelBoth,
            SelfTradePrevention::Decrement,
        ][random.random_range(0..4)],
    })
}
