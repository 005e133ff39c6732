use engine::book::BookConfig;
use engine::command::{CancelOrder, OrderCommand, PlaceOrder};
use engine::domain::{
    AccountId, OrderKey, Price, Quantity, SelfTradePrevention, Side, TimeInForce,
};
use engine::event::{CancelReason, Event};
use engine::matching::Matcher;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// How many orders live in a [`Flow`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlowShape {
    /// 40% add, 55% cancel, 5% marketable, and as [`FlowShape::Deep`] while fewer than 10,000
    /// live: so about as many do.
    Steady,
    /// 60% add, 35% cancel, 5% marketable: about 90,000 live after five million commands.
    Deep,
}

/// The flow that books are measured with: limit orders of 1 to 100 lots within 50 ticks of a
/// middle that walks at random, cancels of a random live order, and one in twenty that trades.
///
/// An add stands 1 to 50 ticks behind the middle, a marketable order as far beyond it. Every
/// order has one of a thousand accounts that never meets itself. Slots are given out last in,
/// first out, as clearing does.
#[derive(Clone, Debug)]
pub struct Flow {
    rng: ChaCha8Rng,
    shape: FlowShape,
    middle: u32,
    /// Live orders, in no order.
    live: Vec<OrderKey>,
    slots: Vec<Slot>,
    free: Vec<u32>,
}

/// What is known of the order at a slot.
#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    generation: u32,
    leaves: u64,
    /// Where it stands in the list of live orders.
    place: usize,
}

impl Flow {
    /// How far from the middle an order may be, in ticks.
    pub const REACH: u32 = 50;
    /// How many orders live in [`FlowShape::Steady`].
    pub const STEADY_ORDERS: usize = 10_000;
    const START: u32 = 100_000;

    /// The flow of this shape and seed, before its first command.
    pub fn new(shape: FlowShape, seed: u64) -> Flow {
        Flow {
            rng: ChaCha8Rng::seed_from_u64(seed),
            shape,
            middle: Flow::START,
            live: Vec::new(),
            slots: Vec::new(),
            free: Vec::new(),
        }
    }

    /// The first `count` commands, each made with the knowledge of what those before it did.
    pub fn commands(shape: FlowShape, seed: u64, count: usize) -> Vec<OrderCommand> {
        let mut flow = Flow::new(shape, seed);
        let mut matcher = Matcher::new(BookConfig::default());
        let mut commands = Vec::with_capacity(count);
        let mut events = Vec::new();
        for _ in 0..count {
            let command = flow.next_command();
            matcher.apply(&command, &mut events);
            for event in events.drain(..) {
                flow.observe(&event);
            }
            commands.push(command);
        }
        commands
    }

    /// The next command. What it led to must be [observed](Flow::observe) before the one after.
    pub fn next_command(&mut self) -> OrderCommand {
        // Slow enough that the book fills faster than the walk trades it away.
        if self.rng.random_ratio(1, 90) {
            let up = self.rng.random_ratio(1, 2);
            let walked = if up { self.middle + 1 } else { self.middle - 1 };
            self.middle = walked.clamp(Flow::START / 2, Flow::START * 2);
        }
        let is_full = self.live.len() >= Flow::STEADY_ORDERS;
        let adds = match self.shape {
            FlowShape::Steady if is_full => 40,
            FlowShape::Steady | FlowShape::Deep => 60,
        };
        let drawn = self.rng.random_range(0..100);
        if drawn >= 95 {
            return self.place(true);
        }
        if drawn < adds || self.live.is_empty() {
            return self.place(false);
        }
        let index = self.rng.random_range(0..self.live.len());
        OrderCommand::Cancel(CancelOrder {
            key: self.live[index],
            reason: CancelReason::Requested,
        })
    }

    /// Takes note of one event of the last command.
    pub fn observe(&mut self, event: &Event) {
        match *event {
            Event::Trade {
                maker, quantity, ..
            } => {
                let slot = &mut self.slots[maker.slot as usize];
                slot.leaves -= quantity.lots();
                if slot.leaves == 0 {
                    self.leave(maker);
                }
            }
            Event::Rested {
                order, quantity, ..
            } => {
                let slot = &mut self.slots[order.slot as usize];
                slot.leaves = quantity.lots();
                slot.place = self.live.len();
                self.live.push(order);
            }
            Event::Cancelled { order, .. } => self.leave(order),
            // It never lived, and its slot is free again.
            Event::Filled { order, .. }
            | Event::Dropped { order, .. }
            | Event::Rejected { order, .. } => self.free.push(order.slot),
            Event::Decremented { .. } | Event::Replaced { .. } | Event::Reduced { .. } => {}
            // Of orders that are not the flow's.
            Event::Pulled { .. }
            | Event::Refilled { .. }
            | Event::Triggered { .. }
            | Event::Tripped { .. }
            | Event::Waiting { .. }
            | Event::Amended { .. }
            | Event::Withdrawn { .. }
            | Event::Quoted { .. }
            | Event::StatusSet { .. } => {}
        }
    }

    /// How many orders live.
    pub fn live_orders(&self) -> usize {
        self.live.len()
    }

    fn place(&mut self, is_marketable: bool) -> OrderCommand {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(Slot::default());
            u32::try_from(self.slots.len() - 1).expect("a flow has fewer than 2^32 orders")
        });
        let generation = &mut self.slots[slot as usize].generation;
        let key = OrderKey {
            slot,
            generation: *generation,
        };
        *generation += 1;
        let away = self.rng.random_range(1..=Flow::REACH);
        let is_buy = self.rng.random_ratio(1, 2);
        let is_below = is_buy != is_marketable;
        let ticks = if is_below {
            self.middle - away
        } else {
            self.middle + away
        };
        let lots = self.rng.random_range(1..=100);
        OrderCommand::Place(PlaceOrder {
            key,
            // Buyers are even and sellers odd, so that no order meets its owner.
            account: AccountId(self.rng.random_range(0..500) * 2 + u32::from(!is_buy)),
            side: if is_buy { Side::Buy } else { Side::Sell },
            price: Price::new(ticks).expect("the middle is far above what is taken off it"),
            quantity: Quantity::new(lots).expect("a hundred is within the range"),
            time_in_force: TimeInForce::GoodTillCancelled,
            post_only: false,
            self_trade: SelfTradePrevention::CancelTaker,
        })
    }

    fn leave(&mut self, order: OrderKey) {
        let place = self.slots[order.slot as usize].place;
        self.live.swap_remove(place);
        if let Some(moved) = self.live.get(place) {
            self.slots[moved.slot as usize].place = place;
        }
        self.free.push(order.slot);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(shape: FlowShape, commands: usize) -> (usize, usize) {
        let mut flow = Flow::new(shape, 7);
        let mut matcher = Matcher::new(BookConfig::default());
        let (mut trades, mut events) = (0, Vec::new());
        for _ in 0..commands {
            let command = flow.next_command();
            matcher.apply(&command, &mut events);
            for event in events.drain(..) {
                assert!(!matches!(event, Event::Rejected { .. }), "{command:?}");
                trades += usize::from(matches!(event, Event::Trade { .. }));
                flow.observe(&event);
            }
        }
        let resting: usize = [Side::Buy, Side::Sell]
            .iter()
            .map(|&side| {
                let levels: Vec<_> = matcher.depth(side).collect();
                let queued = levels
                    .iter()
                    .map(|it| matcher.queue(side, it.price).count());
                queued.sum::<usize>()
            })
            .sum();
        assert_eq!(resting, flow.live_orders());
        (flow.live_orders(), trades)
    }

    #[test]
    fn steady_holds_ten_thousand_and_deep_grows() {
        let (live, trades) = counts(FlowShape::Steady, 60_000);
        assert!((9_000..=11_000).contains(&live), "{live} live");
        assert!(trades > 3_000, "{trades} trades");
        let (live, trades) = counts(FlowShape::Deep, 60_000);
        assert!((10_000..=15_000).contains(&live), "{live} live");
        assert!(trades > 3_000, "{trades} trades");
    }

    #[test]
    fn a_seed_is_a_flow() {
        let first = Flow::commands(FlowShape::Steady, 1, 1_000);
        assert_eq!(first, Flow::commands(FlowShape::Steady, 1, 1_000));
        assert_ne!(first, Flow::commands(FlowShape::Steady, 2, 1_000));
    }
}
