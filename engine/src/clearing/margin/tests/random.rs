use proptest::prelude::*;

use super::*;
use crate::domain::TradingStatus;

#[derive(Clone, Debug)]
enum Step {
    Spot(u32, Side, u32, u64),
    Margin(u32, Side, Option<u32>, u64, u16),
    Reduce(u32, Option<u32>, u64),
    Close(u32),
    Adjust(u32, i64),
    CancelAll(u32),
    Fund(Reserve, bool, u64),
    Wait(u64),
    Halt(bool),
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
        1 => account.clone().prop_map(Step::Close),
        2 => (account.clone(), -3_000..3_000_i64).prop_map(|(a, c)| Step::Adjust(a, c)),
        2 => account.prop_map(Step::CancelAll),
        1 => (any::<bool>(), any::<bool>(), 1..5_000_u64).prop_map(|(pool, out, units)| {
            let reserve = if pool { Reserve::LendingPool } else { Reserve::InsuranceFund };
            Step::Fund(reserve, out, units)
        }),
        1 => prop_oneof![Just(1_500_u64), Just(600_000), Just(4_000_000)].prop_map(Step::Wait),
        1 => any::<bool>().prop_map(Step::Halt),
    ]
}

fn run(steps: &[Step], (maker, taker): (u16, u16)) {
    let specification = PairSpec {
        maker_fee: BasisPoints::new(maker).unwrap(),
        taker_fee: BasisPoints::new(taker).unwrap(),
        base_units_per_lot: 3,
        quote_units_per_tick_lot: 7,
        ..specification()
    };
    let config = config(terms(), specification, 100_000);
    let mut world = World::funded(config.clone(), 4, (100_000, 10_000_000));
    world.fund(Reserve::InsuranceFund, QUOTE, 3_000);
    for step in steps {
        take(&mut world, step);
        world.now = world.now.plus(10);
    }
    world.check_again(&config);
}

fn take(world: &mut World, step: &Step) {
    let position = |world: &World, account: u32| {
        let positions = world.exchange.clearing().positions(AccountId(account));
        positions.first().copied()
    };
    match *step {
        Step::Spot(account, side, limit, quantity) => {
            world.spot(account, side, limit, quantity);
        }
        Step::Margin(account, side, limit, quantity, times) => {
            world.place(account, side, limit, quantity, leverage(times));
        }
        Step::Reduce(account, limit, quantity) => {
            if let Some(position) = position(world, account) {
                let side = position.side.closes();
                let quantity = quantity.min(position.size.lots());
                world.place(account, side, limit, quantity, MarginRequest::ReduceOnly);
            }
        }
        Step::Close(account) => {
            if let Some(position) = position(world, account) {
                world.ask(RequestKind::ClosePosition {
                    account: AccountId(account),
                    position: position.position,
                    client_order_id: None,
                });
            }
        }
        Step::Adjust(account, change) => {
            if let Some(position) = position(world, account) {
                let units = amount(change.unsigned_abs());
                let change = if change > 0 {
                    Movement::In(units)
                } else {
                    Movement::Out(units)
                };
                world.ask(RequestKind::AdjustMargin {
                    account: AccountId(account),
                    position: position.position,
                    change,
                });
            }
        }
        Step::CancelAll(account) => {
            world.ask(RequestKind::CancelAll {
                account: AccountId(account),
                pair: None,
                side: None,
                disconnected: false,
            });
        }
        Step::Fund(reserve, out, units) => {
            let change = if out {
                Movement::Out(amount(units))
            } else {
                Movement::In(amount(units))
            };
            world.ask(RequestKind::FundReserve {
                reserve,
                asset: QUOTE,
                change,
            });
        }
        Step::Wait(ms) => world.wait(ms),
        Step::Halt(halted) => {
            let status = if halted {
                TradingStatus::Halted
            } else {
                TradingStatus::Open
            };
            world.ask(RequestKind::SetTradingStatus { pair: PAIR, status });
            world.ask(RequestKind::SetTradingStatus {
                pair: PAIR,
                status: TradingStatus::Open,
            });
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    // G-2, G-22
    #[test]
    fn every_coin_is_accounted_for(
        steps in proptest::collection::vec(step(), 1..120),
        fees in prop_oneof![Just((0, 0)), Just((10, 25)), Just((1_000, 1_000))],
    ) {
        run(&steps, fees);
    }
}
