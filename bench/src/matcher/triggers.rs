//! What waits beside a flow of plain orders, and what it costs them.

use std::hint::black_box;
use std::time::Duration;

use engine::book::BookConfig;
use engine::command::{OrderCommand, PlaceOrder, StopTerms};
use engine::domain::{
    AccountId, OrderKey, Price, Quantity, SelfTradePrevention, Side, StopKind, TimeInForce,
    TrailingDistance, TriggerBy,
};
use engine::matching::Matcher;

use super::flows::MIDDLE;
use super::{Flow, Ring, sum_but_first, time_once};

/// Slots from here on are nobody's of a flow.
const FIRST_SLOT: u32 = 1 << 16;
const SLOTS: u32 = 1 << 18;
const STOPS: u32 = 100_000;
const TRAILING: u32 = 1_000;

/// What waits to be set off while a flow goes on, and never is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waiting {
    /// Nothing.
    Nothing,
    /// 100,000 stops by the last trade, below and above the market.
    Stops,
    /// Those, and 1,000 trailing stops that follow the flow's best prices.
    StopsAndTrailing,
    /// 100,000 stops by the mark price, which is looked at after every command.
    ByMark,
}

impl Waiting {
    /// Each of them.
    pub const ALL: [Waiting; 4] = [
        Waiting::Nothing,
        Waiting::Stops,
        Waiting::StopsAndTrailing,
        Waiting::ByMark,
    ];

    /// What figures are headed with.
    pub const fn name(self) -> &'static str {
        match self {
            Waiting::Nothing => "nothing",
            Waiting::Stops => "100,000 stops",
            Waiting::StopsAndTrailing => "100,000 stops, 1,000 trailing",
            Waiting::ByMark => "100,000 stops by mark",
        }
    }

    fn commands(self) -> Vec<OrderCommand> {
        let stops = |by| (0..STOPS).map(move |number| fixed(number, by));
        match self {
            Waiting::Nothing => Vec::new(),
            Waiting::Stops => stops(TriggerBy::Last).collect(),
            Waiting::StopsAndTrailing => {
                let trailing = (0..TRAILING).map(trailing);
                stops(TriggerBy::Last).chain(trailing).collect()
            }
            Waiting::ByMark => stops(TriggerBy::Mark).collect(),
        }
    }

    fn matcher(self, ring: &mut Ring) -> Matcher {
        let mut matcher = Matcher::new(BookConfig::new(1 << 16, SLOTS).unwrap());
        matcher.reserve(SLOTS as usize);
        let commands = self.commands();
        for command in &commands {
            matcher.apply(command, ring);
        }
        assert_eq!(matcher.stops().len(), commands.len());
        matcher
    }
}

/// How long `iterations` times `flow.timed` take while `waiting` waits.
pub fn time_beside(waiting: Waiting, flow: &Flow, iterations: u64) -> Duration {
    let mut ring = Ring::new();
    let mut matcher = waiting.matcher(&mut ring);
    let took = sum_but_first(iterations, || time_once(&mut matcher, &mut ring, flow));
    black_box(ring.next);
    took
}

/// How many times as long `flow` takes beside `waiting` as beside nothing: the best of `rounds`,
/// in turns, so that both have the same machine.
pub fn ratio(waiting: Waiting, flow: &Flow, rounds: u32) -> f64 {
    let mut ring = Ring::new();
    let mut both = [Waiting::Nothing, waiting].map(|it| it.matcher(&mut ring));
    let mut best = [Duration::MAX; 2];
    for _ in 0..rounds {
        for (matcher, best) in both.iter_mut().zip(&mut best) {
            *best = time_once(matcher, &mut ring, flow).min(*best);
        }
    }
    assert_eq!(both[1].stops().len(), waiting.commands().len());
    best[1].as_secs_f64() / best[0].as_secs_f64()
}

fn order(number: u32, side: Side) -> PlaceOrder {
    PlaceOrder {
        key: OrderKey {
            slot: FIRST_SLOT + number,
            generation: 0,
        },
        account: AccountId(FIRST_SLOT + number),
        side,
        price: Price::new(MIDDLE).unwrap(),
        quantity: Quantity::new(1).unwrap(),
        time_in_force: TimeInForce::ImmediateOrCancel,
        post_only: false,
        self_trade: SelfTradePrevention::CancelTaker,
    }
}

/// A stop 1,000 to 11,000 ticks from the middle, ten at a price.
fn fixed(number: u32, by: TriggerBy) -> OrderCommand {
    let side = [Side::Buy, Side::Sell][(number % 2) as usize];
    let away = 1_000 + number / 10;
    let trigger = match side {
        Side::Buy => MIDDLE + away,
        Side::Sell => MIDDLE - away,
    };
    let terms = StopTerms::Fixed {
        trigger: Price::new(trigger).unwrap(),
        crossing: StopKind::StopLoss.crossing(side),
        by,
    };
    OrderCommand::PlaceStop(order(number, side), terms)
}

/// A trailing stop 1,000 to 2,000 ticks behind the best price of the flow.
fn trailing(number: u32) -> OrderCommand {
    let side = [Side::Buy, Side::Sell][(number % 2) as usize];
    let terms = StopTerms::Trailing {
        anchor: Price::new(MIDDLE).unwrap(),
        distance: TrailingDistance::ticks(1_000 + number).unwrap(),
        collar: 1_000,
        by: TriggerBy::Last,
    };
    OrderCommand::PlaceStop(order(STOPS + number, side), terms)
}
