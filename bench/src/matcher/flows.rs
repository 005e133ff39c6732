//! The commands that are timed. Slots start at 1, every order is its own account, prices and
//! slots stay below 65,536, so that the floor takes them too.

use std::collections::VecDeque;
use std::path::Path;

use engine::book::BookConfig;
use engine::command::{CancelOrder, OrderCommand, PlaceOrder, ReplaceOrder};
use engine::domain::{
    AccountId, OrderKey, Price, Quantity, SelfTradePrevention, Side, TimeInForce,
};
use engine::event::CancelReason;
use testkit::order_flow;

pub(super) const MIDDLE: u32 = 30_000;
const RESTING: u32 = 10_000;
const TIMED: u32 = 1_000;

/// What is timed, and what goes before it.
pub struct Flow {
    /// What the figures are headed with.
    pub name: &'static str,
    /// What builds the book.
    pub before: Vec<OrderCommand>,
    /// What is timed.
    pub timed: Vec<OrderCommand>,
}

/// Every flow there is to time.
pub fn all() -> Vec<Flow> {
    let mut flows = vec![
        add(),
        cancel(),
        replace(),
        cross_one(),
        sweep_ten(),
        mixed(),
    ];
    match std::env::var_os("EXCHANGE_DATA") {
        Some(folder) => {
            let folder = Path::new(&folder).join("order-flow");
            flows.extend(
                ["static", "normal", "swing-25", "swing-40", "flash-crash"]
                    .map(|name| recorded(&folder, name)),
            );
        }
        None => println!("******** LEFT OUT: EXCHANGE_DATA does not name recorded flows ********"),
    }
    flows
}

/// A small generator (splitmix64): benches need no better one.
struct Random(u64);

impl Random {
    /// A number below `bound`.
    fn below(&mut self, bound: u32) -> u32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let high = (bits ^ (bits >> 31)) >> 32;
        u32::try_from((high * u64::from(bound)) >> 32).unwrap()
    }
}

fn key(slot: u32) -> OrderKey {
    OrderKey {
        slot,
        generation: 0,
    }
}

fn place(slot: u32, side: Side, price: u32, lots: u32, time_in_force: TimeInForce) -> OrderCommand {
    OrderCommand::Place(PlaceOrder {
        key: key(slot),
        account: AccountId(slot),
        side,
        price: Price::new(price).unwrap(),
        quantity: Quantity::new(u64::from(lots)).unwrap(),
        time_in_force,
        post_only: false,
        self_trade: SelfTradePrevention::CancelTaker,
    })
}

fn cancel_of(slot: u32) -> OrderCommand {
    OrderCommand::Cancel(CancelOrder {
        key: key(slot),
        reason: CancelReason::Requested,
    })
}

fn rest(slot: u32, side: Side, distance: u32, lots: u32) -> OrderCommand {
    let price = match side {
        Side::Buy => MIDDLE - 1 - distance,
        Side::Sell => MIDDLE + 1 + distance,
    };
    place(slot, side, price, lots, TimeInForce::GoodTillCancelled)
}

/// `orders` at random places within 100 ticks of the middle, from slot `first` on.
fn passive(random: &mut Random, first: u32, orders: u32) -> Vec<OrderCommand> {
    (first..first + orders)
        .map(|slot| {
            let side = [Side::Buy, Side::Sell][random.below(2) as usize];
            rest(slot, side, random.below(100), 1 + random.below(100))
        })
        .collect()
}

fn add() -> Flow {
    let mut random = Random(1);
    Flow {
        name: "add",
        before: passive(&mut random, 1, RESTING),
        timed: passive(&mut random, 1 + RESTING, TIMED),
    }
}

fn cancel() -> Flow {
    let mut random = Random(2);
    let before = passive(&mut random, 1, RESTING);
    let mut slots: Vec<u32> = (1..=RESTING).collect();
    let timed = (0..TIMED)
        .map(|_| {
            let index = random.below(u32::try_from(slots.len()).unwrap());
            cancel_of(slots.swap_remove(index as usize))
        })
        .collect();
    Flow {
        name: "cancel",
        before,
        timed,
    }
}

fn replace() -> Flow {
    let mut random = Random(3);
    let before = passive(&mut random, 1, RESTING);
    let timed = (0..TIMED)
        .map(|index| {
            let OrderCommand::Place(order) = before[(index * 7 % RESTING) as usize] else {
                unreachable!("every order before is placed")
            };
            // Away from the market, so that it never trades.
            let away = 1 + random.below(50);
            let price = match order.side {
                Side::Buy => order.price.ticks() - away,
                Side::Sell => order.price.ticks() + away,
            };
            OrderCommand::Replace(ReplaceOrder {
                linked: false,
                key: order.key,
                price: Price::new(price).unwrap(),
                quantity_change: 0,
            })
        })
        .collect();
    Flow {
        name: "replace",
        before,
        timed,
    }
}

fn cross_one() -> Flow {
    let mut random = Random(4);
    let before = passive(&mut random, 1, RESTING)
        .into_iter()
        .chain((1..=TIMED).map(|index| rest(RESTING + index, Side::Sell, 0, 1)))
        .collect();
    let slot = RESTING + TIMED + 1;
    let taker = place(
        slot,
        Side::Buy,
        MIDDLE + 1,
        1,
        TimeInForce::ImmediateOrCancel,
    );
    Flow {
        name: "cross one",
        before,
        timed: vec![taker; TIMED as usize],
    }
}

fn sweep_ten() -> Flow {
    let before = (0..TIMED)
        .map(|index| rest(1 + index, Side::Sell, index, 1))
        .collect();
    let taker = place(
        TIMED + 1,
        Side::Buy,
        60_000,
        10,
        TimeInForce::ImmediateOrCancel,
    );
    Flow {
        name: "sweep ten",
        before,
        timed: vec![taker; TIMED as usize / 10],
    }
}

/// 200,000 commands at about 10,000 live orders.
pub fn mixed() -> Flow {
    let mut random = Random(5);
    let before = passive(&mut random, 1, RESTING);
    let mut live: Vec<u32> = (1..=RESTING).collect();
    let mut free: VecDeque<u32> = (RESTING + 1..60_000).collect();
    let timed = (0..200_000)
        .map(|_| {
            let kind = random.below(100);
            // About as many come as go: most of what crosses takes a few orders along.
            let adds = if live.len() < RESTING as usize {
                60
            } else {
                35
            };
            let side = [Side::Buy, Side::Sell][random.below(2) as usize];
            if kind < 5 {
                let price = match side {
                    Side::Buy => MIDDLE + 50,
                    Side::Sell => MIDDLE - 50,
                };
                let lots = 1 + random.below(100);
                place(60_000, side, price, lots, TimeInForce::ImmediateOrCancel)
            } else if kind < 5 + adds && !free.is_empty() {
                // Back only by way of a cancel, so the slot is vacant even where a trade came first.
                let slot = free.pop_front().unwrap();
                live.push(slot);
                rest(slot, side, random.below(100), 1 + random.below(100))
            } else {
                let index = random.below(u32::try_from(live.len()).unwrap());
                let slot = live.swap_remove(index as usize);
                free.push_back(slot);
                cancel_of(slot)
            }
        })
        .collect();
    Flow {
        name: "mixed",
        before,
        timed,
    }
}

fn recorded(folder: &Path, name: &'static str) -> Flow {
    let file = std::fs::read(folder.join(format!("{name}.bin"))).unwrap();
    let messages = order_flow::read_messages(&file).unwrap();
    let config = BookConfig::new(1 << 16, 1 << 16).unwrap();
    Flow {
        name,
        before: Vec::new(),
        timed: order_flow::commands(&messages, config),
    }
}
