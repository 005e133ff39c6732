//! Positions beside orders: one counter, one image, one portfolio.

use engine::domain::{CallSeverity, Leverage, PositionSide};
use engine::report::{MarginCall, PositionChange, PositionReason, PositionView};

use super::*;

fn position(side: PositionSide, lots: u64) -> PositionView {
    PositionView {
        account: ALICE,
        position: PositionId::new(PairId(0), EventSequence(7), side),
        pair: PairId(0),
        side,
        size: Quantity::new(lots).unwrap(),
        cost: Amount::new(100_000_000 * lots / 10).unwrap(),
        collateral: Amount::new(10_000_000 * lots / 10).unwrap(),
        interest: Amount::ZERO,
        liquidating: false,
        opened_at: NOW,
    }
}

fn told(position: PositionView, reason: PositionReason) -> PositionChange {
    PositionChange {
        position,
        reason,
        realised: -5,
    }
}

/// Orders and positions are counted in one row, which an image keeps; what is open is not in it.
#[test]
fn changes_of_positions_are_counted_with_those_of_orders_and_kept() {
    let mut private = PrivateData::new(1, KEPT);
    let fundings = [
        Funding::Margin {
            leverage: Leverage::new(250).unwrap(),
            floor: price(3),
        },
        Funding::ReduceOnly,
        Funding::Liquidation,
        Funding::Backstop,
    ];
    for (number, funding) in (1_u64..).zip(fundings) {
        private.on_accepted(&AcceptedOrder {
            funding,
            ..order(number)
        });
    }
    let sequence = |event: Option<OrderEvent>| event.unwrap().user_sequence;
    let open = change(1, OrderStatus::Open);
    assert_eq!(sequence(private.on_change(&open, NOW)), 1);
    let long = position(PositionSide::Long, 10);
    let opened = private.on_position(&told(long, PositionReason::Opened));
    assert_eq!(opened.user_sequence, 2);
    private.on_call(&MarginCall {
        position: long,
        severity: CallSeverity::Critical,
        mark: price(4),
        since: NOW,
        deadline: NOW.plus(9),
    });
    assert_eq!(private.user_sequence(ALICE), 2, "a call takes no number");
    let called = private.position(ALICE, long.position).unwrap();
    assert_eq!(called.call.map(|it| it.deadline), Some(NOW.plus(9)));
    let cancelled = OrderChange {
        reason: Some(OrderReason::Liquidation),
        ..change(1, OrderStatus::Cancelled)
    };
    assert_eq!(sequence(private.on_change(&cancelled, NOW)), 3);
    let less = position(PositionSide::Long, 4);
    private.on_position(&told(less, PositionReason::Liquidated));
    let left = private.position(ALICE, long.position).unwrap();
    assert_eq!(left.view, less);
    assert!(left.call.is_some(), "a change leaves the call alone");
    let mut saved = Vec::new();
    private.save(&mut saved);
    let mut again = PrivateData::new(1, KEPT);
    let mut rest = saved.as_slice();
    again.load(&mut rest).unwrap();
    assert!(rest.is_empty());
    let events = |private: &PrivateData| -> Vec<UserEvent> {
        private.events_after(ALICE, 1).unwrap().copied().collect()
    };
    assert_eq!(events(&again), events(&private));
    let record = |private: &PrivateData, number| *private.order(ALICE, OrderId(number)).unwrap();
    for number in 1..=4 {
        assert_eq!(record(&again, number), record(&private, number));
    }
    for cut in 0..saved.len() {
        let mut short = PrivateData::new(1, KEPT);
        assert!(short.load(&mut &saved[..cut]).is_err(), "cut at {cut}");
    }
    // The exchange says what is open, to whoever takes the image up.
    assert_eq!(again.positions(ALICE).count(), 0);
    let mut hub = PrivateData::new(1, KEPT);
    hub.load_position(less);
    hub.take_up(again);
    assert_eq!(hub.user_sequence(ALICE), 4);
    assert_eq!(
        hub.positions(ALICE).map(|it| it.view).collect::<Vec<_>>(),
        [less]
    );
    private.on_call_cleared(ALICE, long.position);
    assert_eq!(private.position(ALICE, long.position).unwrap().call, None);
    private.on_position(&told(
        position(PositionSide::Long, 0),
        PositionReason::Closed,
    ));
    assert_eq!(private.positions(ALICE).count(), 0);
}

/// Margin that goes into a position and comes back is neither deposited nor lost, and what the
/// position gains or loses is.
#[test]
fn a_position_counts_with_what_it_was_a_day_ago() {
    let mut rig = Rig::new();
    rig.balance(XRP, 1_000_000_000, 0);
    rig.pass(30 * HOUR, 100_000);
    assert_eq!(rig.portfolio().margin, None);
    // 10.00 at 1000.00 for 1,000: of the million drops a tick and lot are worth a hundred.
    let long = |collateral: u64| PositionView {
        size: Quantity::new(1_000).unwrap(),
        cost: Amount::new(10_000_000_000).unwrap(),
        collateral: Amount::new(collateral).unwrap(),
        ..position(PositionSide::Long, 1_000)
    };
    let say = |rig: &mut Rig, view, reason| {
        let pair = rig.config.instruments.all()[0].pair;
        rig.worths.on_position(&pair, &told(view, reason));
    };
    say(&mut rig, long(1_000_000_000), PositionReason::Opened);
    rig.balance(XRP, 0, 0);
    rig.pass(HOUR, 110_000);
    let margin = |rig: &Rig| {
        rig.portfolio()
            .margin
            .map(|(now, change)| (now / 1_000_000, change / 1_000_000))
    };
    let total = |rig: &Rig| rig.portfolio().change / 1_000_000;
    assert_eq!(margin(&rig), Some((2_000, 2_000)));
    assert_eq!(total(&rig), 1_000, "what it gained");
    // Interest changes no balance, so a deposit behind it is one.
    say(&mut rig, long(1_000_000_000), PositionReason::Interest);
    rig.balance(XRP, 500_000_000, 0);
    assert_eq!(total(&rig), 1_000);
    rig.pass(30 * HOUR, 110_000);
    assert_eq!(margin(&rig), Some((2_000, 0)));
    rig.pass(HOUR, 105_000);
    assert_eq!(margin(&rig), Some((1_500, -500)));
    rig.restart();
    assert_eq!(margin(&rig), Some((1_500, -500)));
    let closed = PositionView {
        size: Quantity::ZERO,
        ..long(0)
    };
    say(&mut rig, closed, PositionReason::Closed);
    rig.balance(XRP, 2_000_000_000, 0);
    assert_eq!((margin(&rig), total(&rig)), (Some((0, -2_000)), -500));
}
