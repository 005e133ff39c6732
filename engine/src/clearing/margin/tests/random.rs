use std::collections::VecDeque;

use proptest::prelude::*;

use super::*;
use crate::clearing::{Clearing, Decision};
use crate::command::OrderCommand;
use crate::domain::{StopKind, TradingStatus, TrailingDistance, TriggerBy};
use crate::matching::Matcher;

#[derive(Clone, Debug)]
enum Step {
    Spot(u32, Side, u32, u64),
    Margin(u32, Side, Option<u32>, u64, u16),
    Reduce(u32, Option<u32>, u64),
    Close(u32),
    Adjust(u32, i64),
    CancelAll(u32),
    Fund(Reserve, bool, u64),
    /// A stop, an iceberg or a one-cancels-other order of the kind, by leverage (0: reduce-only).
    Special(u32, Side, u8, u32, u64, u16),
    Index(Option<u32>),
    Wait(u64),
    Halt(bool),
    /// So many commands are matched and settled, where they wait.
    Lag(usize),
}

fn side() -> impl Strategy<Value = Side> {
    prop_oneof![Just(Side::Buy), Just(Side::Sell)]
}

fn step() -> impl Strategy<Value = Step> {
    let account = 0..4_u32;
    prop_oneof![
        6 => (account.clone(), side(), 700..1_300_u32, 1..60_u64)
            .prop_map(|(a, s, p, q)| Step::Spot(a, s, p, q)),
        6 => (account.clone(), side(), proptest::option::weighted(0.7, 700..1_300_u32), 1..40_u64, 2..11_u16)
            .prop_map(|(a, s, p, q, l)| Step::Margin(a, s, p, q, l)),
        3 => (account.clone(), proptest::option::weighted(0.7, 700..1_300_u32), 1..40_u64)
            .prop_map(|(a, p, q)| Step::Reduce(a, p, q)),
        3 => (account.clone(), side(), 0..5_u8, 800..1_200_u32, 1..40_u64, 0..11_u16)
            .prop_map(|(a, s, k, p, q, l)| Step::Special(a, s, k, p, q, l)),
        1 => proptest::option::weighted(0.9, 800..1_200_u32).prop_map(Step::Index),
        1 => account.clone().prop_map(Step::Close),
        2 => (account.clone(), -3_000..3_000_i64).prop_map(|(a, c)| Step::Adjust(a, c)),
        2 => account.prop_map(Step::CancelAll),
        1 => (any::<bool>(), any::<bool>(), 1..5_000_u64).prop_map(|(pool, out, units)| {
            let reserve = if pool { Reserve::LendingPool } else { Reserve::InsuranceFund };
            Step::Fund(reserve, out, units)
        }),
        1 => prop_oneof![Just(1_500_u64), Just(600_000), Just(4_000_000)].prop_map(Step::Wait),
        1 => any::<bool>().prop_map(Step::Halt),
        6 => (0..6_usize).prop_map(Step::Lag),
    ]
}

/// A special order of one of five kinds around `at`.
fn special(kind: u8, side: Side, at: u32) -> (Special, Option<u32>) {
    let away = |by: u32| match side {
        Side::Buy => at + by,
        Side::Sell => at - by,
    };
    let trigger = price(away(20));
    let by = if kind.is_multiple_of(2) {
        TriggerBy::Last
    } else {
        TriggerBy::Mark
    };
    let stop = Special::Stop {
        kind: StopKind::StopLoss,
        trigger,
        by,
    };
    let distance = TrailingDistance::ticks(30).unwrap();
    match kind {
        0 => (stop, None),
        1 => (stop, Some(away(30))),
        2 => (Special::Trailing { distance, by }, None),
        3 => {
            let limit = Some(price(away(40)));
            (Special::Oco { trigger, limit, by }, Some(at))
        }
        _ => (Special::Iceberg { display: lots(2) }, Some(at)),
    }
}

/// What a step asks of an exchange whose clearing is this, if anything.
fn request(clearing: &Clearing, step: &Step) -> Option<RequestKind> {
    let position = |account: u32| clearing.positions(AccountId(account)).first().copied();
    Some(match *step {
        Step::Spot(account, side, limit, quantity) => {
            let limit = Some(limit);
            RequestKind::Place(place(account, side, limit, quantity, MarginRequest::None))
        }
        Step::Margin(account, side, limit, quantity, times) => {
            RequestKind::Place(place(account, side, limit, quantity, leverage(times)))
        }
        Step::Reduce(account, limit, quantity) => {
            let position = position(account)?;
            let side = position.side.closes();
            let quantity = quantity.min(position.size.lots());
            let margin = MarginRequest::ReduceOnly;
            RequestKind::Place(place(account, side, limit, quantity, margin))
        }
        Step::Close(account) => RequestKind::ClosePosition {
            account: AccountId(account),
            position: position(account)?.position,
            client_order_id: None,
        },
        Step::Adjust(account, change) => RequestKind::AdjustMargin {
            account: AccountId(account),
            position: position(account)?.position,
            change: movement(change < 0, change.unsigned_abs()),
        },
        Step::CancelAll(account) => RequestKind::CancelAll {
            account: AccountId(account),
            pair: None,
            side: None,
            disconnected: false,
        },
        Step::Fund(reserve, out, units) => RequestKind::FundReserve {
            reserve,
            asset: QUOTE,
            change: movement(out, units),
        },
        Step::Special(account, side, kind, at, quantity, times) => {
            let (special, limit) = special(kind, side, at);
            let held = position(account).map_or(0, |it| it.size.lots());
            let (margin, quantity) = match times {
                0 => (MarginRequest::ReduceOnly, quantity.min(held).max(1)),
                1 => (MarginRequest::None, quantity),
                times => (leverage(times), quantity),
            };
            let ask = place(account, side, limit, quantity, margin);
            RequestKind::Place(PlaceRequest { special, ..ask })
        }
        Step::Index(index) => RequestKind::SetIndex {
            pair: PAIR,
            index: index.map(price),
        },
        Step::Halt(halted) => RequestKind::SetTradingStatus {
            pair: PAIR,
            status: if halted {
                TradingStatus::Halted
            } else {
                TradingStatus::Open
            },
        },
        Step::Wait(_) | Step::Lag(_) => return None,
    })
}

fn movement(out: bool, units: u64) -> Movement {
    if out {
        Movement::Out(amount(units))
    } else {
        Movement::In(amount(units))
    }
}

fn run(steps: &[Step], config: &ExchangeConfig) {
    let mut world = World::funded(config.clone(), 4, (100_000, 10_000_000));
    world.fund(Reserve::InsuranceFund, QUOTE, 3_000);
    for step in steps {
        if let Step::Wait(ms) = step {
            world.wait(*ms);
        } else if let Some(kind) = request(world.exchange.clearing(), step) {
            world.ask(kind);
        }
        world.now = world.now.plus(10);
    }
    world.check_again(config);
}

/// Clearing and a matcher that lags behind it.
struct Lagging {
    clearing: Clearing,
    matcher: Matcher,
    waiting: VecDeque<OrderCommand>,
    log: Vec<Command>,
    now: Timestamp,
}

impl Lagging {
    fn take(&mut self, decisions: Vec<Decision>) {
        for decision in decisions {
            if let Decision::Command(command) = decision {
                self.log.push(command);
                let order = command.kind.order_command();
                self.waiting.extend(order.map(|(_, order)| order));
            }
        }
    }

    /// Matches and settles the first command that waits; whether there was one.
    fn step(&mut self) -> bool {
        let Some(order) = self.waiting.pop_front() else {
            return false;
        };
        let mut events = Vec::new();
        self.matcher.run(&order, &mut events);
        for event in events {
            self.clearing.settle(PAIR, &event, &mut Vec::new());
            self.clearing.verify().unwrap();
        }
        true
    }

    fn tick(&mut self) {
        let mut decisions = Vec::new();
        self.clearing.tick(self.now, &mut decisions);
        self.take(decisions);
    }
}

/// As [`run`], with so many commands on their way as the steps say.
fn run_lagging(steps: &[Step], config: &ExchangeConfig) {
    let mut world = World::funded(config.clone(), 4, (100_000, 10_000_000));
    world.fund(Reserve::InsuranceFund, QUOTE, 3_000);
    let (now, log) = (world.now, world.log);
    let (clearing, mut matchers) = world.exchange.into_parts();
    let mut world = Lagging {
        clearing,
        matcher: matchers.pop().unwrap(),
        waiting: VecDeque::new(),
        log,
        now,
    };
    for step in steps {
        world.now = world.now.plus(10);
        match step {
            Step::Wait(ms) => world.now = world.now.plus(*ms),
            Step::Lag(count) => (0..*count).for_each(|_| {
                world.step();
            }),
            step => {
                if let Some(kind) = request(&world.clearing, step) {
                    let request = Request {
                        correlation: Correlation(7),
                        kind,
                    };
                    let mut decisions = Vec::new();
                    world.clearing.decide(&request, world.now, &mut decisions);
                    world.take(decisions);
                }
            }
        }
        world.tick();
        world.clearing.verify().unwrap();
    }
    // At the same moment until nothing is left to be done at it.
    for round in 0.. {
        assert!(round < 10_000, "it does not come to an end");
        world.tick();
        if !world.step()
            && world
                .clearing
                .next_deadline()
                .is_none_or(|at| at > world.now)
        {
            break;
        }
    }
    let exchange = Exchange::from_parts(world.clearing, vec![world.matcher]).unwrap();
    exchange.verify().unwrap();
    let mut again = Exchange::new(config.clone()).unwrap();
    for command in &world.log {
        again.replay(command, &mut Vec::new()).unwrap();
    }
    assert_eq!(again.state_digest(), exchange.state_digest(), "replayed");
    let restored = Exchange::restore(config.clone(), &exchange.state()).unwrap();
    assert_eq!(restored.state_digest(), exchange.state_digest(), "restored");
}

fn configs() -> impl Strategy<Value = ExchangeConfig> {
    let fees = prop_oneof![Just((0, 0)), Just((10, 25)), Just((1_000, 1_000))];
    let band = prop_oneof![3 => Just(None), 1 => Just(Some(500))];
    let lent = prop_oneof![3 => Just(u64::MAX / 2), 1 => Just(60_000)];
    (fees, band, lent).prop_map(|((maker, taker), index_band, lent)| {
        let specification = PairSpec {
            maker_fee: BasisPoints::new(maker).unwrap(),
            taker_fee: BasisPoints::new(taker).unwrap(),
            base_units_per_lot: 3,
            quote_units_per_tick_lot: 7,
            ..specification()
        };
        let terms = PairMargin {
            index_band,
            ..terms()
        };
        let mut config = config(terms, specification, 100_000);
        for lending in &mut config.lending {
            lending.limit = amount(lent);
        }
        config
    })
}

proptest! {
    // G-2, G-22
    #[test]
    fn every_coin_is_accounted_for(
        steps in proptest::collection::vec(step(), 1..120),
        config in configs(),
    ) {
        run(&steps, &config);
    }

    // G-22: what is on its way when something is decided makes no difference to a replay.
    #[test]
    fn a_matcher_that_lags_changes_nothing(
        steps in proptest::collection::vec(step(), 1..150),
        config in configs(),
    ) {
        run_lagging(&steps, &config);
    }
}
