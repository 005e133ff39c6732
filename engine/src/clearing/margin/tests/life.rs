use super::*;
use crate::domain::PositionId;
use crate::reject::Reject;
use crate::report::PositionView;

fn the_position(world: &World, account: u32) -> PositionView {
    let positions = world.exchange.clearing().positions(AccountId(account));
    assert_eq!(positions.len(), 1, "one position of {account}");
    positions[0]
}

fn id(world: &World, account: u32) -> PositionId {
    the_position(world, account).position
}

/// A pair at 1,000 with a bid one below and an ask one above, and somebody long with ten times
/// ten lots.
fn long_at_thousand(world: &mut World) {
    world.spot(1, Side::Sell, 1_000, 100);
    world.place(0, Side::Buy, Some(1_000), 100, leverage(10));
    world.spot(1, Side::Buy, 999, 10);
    world.spot(1, Side::Sell, 1_001, 10);
}

fn cancel_all(world: &mut World, account: u32) {
    world.ask(RequestKind::CancelAll {
        account: AccountId(account),
        pair: None,
        side: None,
        disconnected: false,
    });
}

// G-3, G-5
#[test]
fn a_long_borrows_quote_and_holds_its_margin() {
    let config = config(terms(), specification(), 0);
    let mut world = World::funded(config.clone(), 2, (1_000, 1_000_000));
    world.place(0, Side::Buy, Some(990), 100, leverage(10));
    assert_eq!(world.balance(0, QUOTE), (1_000_000 - 9_900, 9_900));
    let totals = world.exchange.clearing().totals(QUOTE).unwrap().reserves;
    assert_eq!(totals.pool_promised, amount(99_000));
    world.spot(1, Side::Sell, 980, 60);
    assert_eq!(
        world.said(),
        ["Opened 60 lots cost 59400 collateral 5940 realised 0"]
    );
    assert_eq!(world.balance(0, QUOTE), (1_000_000 - 9_900, 3_960));
    assert_eq!(world.balance(0, BASE), (1_000, 0));
    let totals = world.exchange.clearing().totals(BASE).unwrap().reserves;
    assert_eq!(totals.positions, amount(60));
    let totals = world.exchange.clearing().totals(QUOTE).unwrap().reserves;
    assert_eq!(
        (totals.lent, totals.positions),
        (amount(59_400), amount(5_940))
    );
    world.check_again(&config);
}

// G-6, G-8
#[test]
fn a_flip_closes_and_opens_under_a_new_name() {
    let config = config(terms(), specification(), 0);
    let mut world = World::funded(config.clone(), 3, (1_000, 1_000_000));
    long_at_thousand(&mut world);
    cancel_all(&mut world, 1);
    let before = id(&world, 0);
    world.spot(1, Side::Buy, 1_100, 150);
    world.place(0, Side::Sell, Some(1_100), 150, leverage(10));
    assert_eq!(
        world.said(),
        [
            "Closed 0 lots cost 0 collateral 0 realised 10000",
            "Opened 50 lots cost 55000 collateral 5500 realised 0"
        ]
    );
    assert_ne!(id(&world, 0), before);
    world.check_again(&config);
}

// G-9
#[test]
fn reduce_only_orders_are_at_most_the_position() {
    let config = config(terms(), specification(), 0);
    let mut world = World::funded(config.clone(), 2, (1_000, 1_000_000));
    let reduce = MarginRequest::ReduceOnly;
    let refused = |reject| Answer::Rejected(reject);
    assert_eq!(
        world.place(0, Side::Sell, Some(1_100), 1, reduce),
        refused(Reject::NoPosition)
    );
    long_at_thousand(&mut world);
    for (side, limit, quantity, reject) in [
        (Side::Buy, 900, 1, Reject::ReduceOnlyExceedsPosition),
        (Side::Sell, 1_100, 101, Reject::ReduceOnlyExceedsPosition),
        (Side::Sell, 899, 10, Reject::BeyondBankruptcy),
    ] {
        let answer = world.place(0, side, Some(limit), quantity, reduce);
        assert_eq!(answer, refused(reject), "{side:?} {quantity} at {limit}");
    }
    world.place(0, Side::Sell, Some(1_100), 60, reduce);
    assert_eq!(
        world.place(0, Side::Sell, Some(1_100), 41, reduce),
        refused(Reject::ReduceOnlyExceedsPosition)
    );
    assert_eq!(
        world.place(0, Side::Sell, Some(1_100), 1, leverage(2)),
        refused(Reject::OrdersConflict)
    );
    cancel_all(&mut world, 1);
    world.spot(1, Side::Buy, 1_100, 60);
    assert_eq!(
        world.said(),
        ["Reduced 40 lots cost 40000 collateral 10000 realised 6000"]
    );
    world.check_again(&config);
}

// G-10
#[test]
fn collateral_comes_and_goes() {
    let config = config(terms(), specification(), 0);
    let mut world = World::funded(config.clone(), 2, (1_000, 1_000_000));
    long_at_thousand(&mut world);
    let position = id(&world, 0);
    let mut adjust = |change| {
        world.ask(RequestKind::AdjustMargin {
            account: AccountId(0),
            position,
            change,
        })
    };
    assert_eq!(
        adjust(Movement::Out(amount(1))),
        Answer::Rejected(Reject::BelowInitialMargin)
    );
    let adjusted = |collateral| Answer::MarginAdjusted {
        position,
        collateral: amount(collateral),
    };
    assert_eq!(adjust(Movement::In(amount(500))), adjusted(10_500));
    assert_eq!(adjust(Movement::Out(amount(499))), adjusted(10_001));
    assert_eq!(
        adjust(Movement::Out(amount(2))),
        Answer::Rejected(Reject::BelowInitialMargin)
    );
    world.check_again(&config);
}

// G-13: the life of a call.
#[test]
fn a_call_grows_and_clears() {
    let config = config(terms(), specification(), 0);
    let mut world = World::funded(config.clone(), 2, (10_000, 10_000_000));
    long_at_thousand(&mut world);
    // 100 lots at 1,000 with 10,000: 7.5% at 972.97, 6% at 957.4, 6.5% at 962.6, 8% at 978.3.
    let mut mark = |ticks: u32| {
        world.ask(RequestKind::CancelAll {
            account: AccountId(1),
            pair: None,
            side: None,
            disconnected: false,
        });
        let mut said = Vec::new();
        world.spot(1, Side::Buy, ticks, 1);
        said.extend(world.said());
        world.spot(0, Side::Sell, ticks, 1);
        said.extend(world.said());
        world.spot(1, Side::Buy, ticks - 1, 10);
        said.extend(world.said());
        world.spot(1, Side::Sell, ticks + 1, 10);
        said.extend(world.said());
        said
    };
    assert_eq!(mark(973), [""; 0]);
    assert_eq!(mark(972), ["Warning call"]);
    assert_eq!(mark(958), [""; 0]);
    assert_eq!(mark(957), ["Critical call"]);
    assert_eq!(mark(962), [""; 0]);
    assert_eq!(mark(963), ["Warning call"]);
    assert_eq!(mark(978), [""; 0]);
    assert_eq!(mark(979), ["call cleared"]);
    world.check_again(&config);
}

// G-16, G-17
#[test]
fn a_liquidation_sells_what_restores_the_initial_ratio() {
    let config = config(terms(), specification(), 0);
    let mut world = World::funded(config.clone(), 2, (10_000, 10_000_000));
    long_at_thousand(&mut world);
    cancel_all(&mut world, 1);
    world.spot(1, Side::Sell, 941, 10);
    // The median of 940, 941 and the last trade, 1,000.
    world.spot(1, Side::Buy, 940, 200);
    assert_eq!(
        world.said(),
        [
            "Critical call",
            "Liquidation 100 lots cost 100000 collateral 10000 realised 0",
            "liquidation Began(Maintenance)",
            "Liquidated 40 lots cost 40000 collateral 6118 realised -3882",
            "Liquidation 40 lots cost 40000 collateral 6118 realised 0",
            "call cleared",
            "liquidation Recovered",
        ]
    );
    world.check_again(&config);
}

// G-20, G-21
#[test]
fn without_a_fund_opposite_positions_are_reduced() {
    let config = config(terms(), specification(), 0);
    let mut world = World::funded(config.clone(), 3, (10_000, 10_000_000));
    // A short at 1,000 against the long; then nobody buys but one lot at 700.
    world.place(2, Side::Sell, Some(1_000), 40, leverage(5));
    world.place(0, Side::Buy, Some(1_000), 40, leverage(10));
    world.spot(1, Side::Sell, 702, 10);
    world.spot(1, Side::Buy, 700, 1);
    let said = world.said();
    assert!(
        said.iter().any(|line| line == "deleveraged 40"),
        "{said:#?}"
    );
    assert_eq!(world.exchange.clearing().all_positions(), []);
    world.check_again(&config);
}

// G-11
#[test]
fn interest_is_owed_each_hour_and_paid_at_the_end() {
    let config = config(terms(), specification(), 1_000_000);
    let mut world = World::funded(config.clone(), 2, (10_000, 10_000_000));
    long_at_thousand(&mut world);
    world.wait(3_600_000);
    assert_eq!(the_position(&world, 0).interest, amount(100));
    world.wait(2 * 3_600_000);
    assert_eq!(the_position(&world, 0).interest, amount(300));
    let before = world.exchange.clearing().totals(QUOTE).unwrap();
    world.spot(1, Side::Buy, 1_000, 100);
    world.ask(RequestKind::ClosePosition {
        account: AccountId(0),
        position: id(&world, 0),
        client_order_id: None,
    });
    let after = world.exchange.clearing().totals(QUOTE).unwrap();
    assert_eq!(after.reserves.lent, Amount::ZERO);
    assert_eq!(
        after.reserves.pool.units(),
        before.reserves.pool.units() + 100_000 + 300
    );
    world.check_again(&config);
}

// G-14
#[test]
fn a_call_that_is_not_answered_reduces_the_position() {
    let config = config(terms(), specification(), 0);
    let mut world = World::funded(config.clone(), 2, (10_000, 10_000_000));
    long_at_thousand(&mut world);
    cancel_all(&mut world, 1);
    world.spot(1, Side::Sell, 971, 10);
    world.spot(1, Side::Buy, 970, 200);
    assert_eq!(world.said(), ["Warning call"]);
    world.wait(3_599_999);
    assert_eq!(world.said(), [""; 0]);
    world.spot(1, Side::Buy, 970, 1);
    world.wait(1);
    let said = world.said();
    assert!(
        said.iter().any(|line| line.starts_with("Liquidated ")),
        "{said:#?}"
    );
    assert!(said.iter().any(|line| line == "call cleared"), "{said:#?}");
    world.check_again(&config);
}
