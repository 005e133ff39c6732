use super::*;
use crate::clearing::state::PositionState;
use crate::domain::{EventSequence, PositionId, PositionSide};

/// Ticks and lots are hundredths, so an amount is in ten-thousandths.
fn position(side: PositionSide, size: u64, entry: u64, collateral: u64) -> PositionState {
    PositionState {
        account: AccountId(0),
        id: PositionId::new(PAIR, EventSequence(1), side),
        side,
        size: lots(size * 100),
        cost: amount(size * entry * 10_000),
        collateral: amount(collateral * 10_000),
        interest: Amount::ZERO,
        opened_at: Timestamp(0),
        call: None,
        liquidation: None,
    }
}

fn pair(maintenance: u32, fee: u16) -> (Pair, PairMargin) {
    let terms = PairMargin {
        maintenance: percent(maintenance),
        liquidation_fee: BasisPoints::new(fee).unwrap(),
        ..terms()
    };
    (Pair::new(specification()).unwrap(), terms)
}

fn ticks(price: Option<Price>) -> Option<u32> {
    price.map(Price::ticks)
}

// G-12: the reference's two examples, with maintenance 0.
#[test]
fn the_figures_of_the_reference() {
    let (pair, terms) = pair(0, 0);
    let first = position(PositionSide::Long, 1_000, 1_000, 100_000);
    assert_eq!(first.equity(&pair, price(100_500)), 105_000 * 10_000);
    assert_eq!(
        ticks(first.threshold(&pair, terms.maintenance)),
        Some(90_000)
    );
    let second = position(PositionSide::Long, 1_000, 1_000, 50_000);
    assert_eq!(
        ticks(second.threshold(&pair, terms.maintenance)),
        Some(95_000)
    );
    assert!(second.is_at_most(&pair, price(100_000), percent(5)));
    assert!(!second.is_at_most(&pair, price(100_000), MarginRatio::new(4_999).unwrap()));
}

// G-12, G-17: with maintenance 0.05.
#[test]
fn the_figures_with_maintenance() {
    let (pair, terms) = pair(5, 0);
    let long = position(PositionSide::Long, 1_000, 1_000, 100_000);
    let short = position(PositionSide::Short, 1_000, 1_000, 100_000);
    // 947.368… and 1047.619…: the last price that liquidates.
    assert_eq!(
        ticks(long.threshold(&pair, terms.maintenance)),
        Some(94_736)
    );
    assert_eq!(
        ticks(short.threshold(&pair, terms.maintenance)),
        Some(104_762)
    );
    for (state, at, safe) in [(long, 94_736, 94_737), (short, 104_762, 104_761)] {
        assert!(state.is_at_most(&pair, price(at), terms.maintenance));
        assert!(!state.is_at_most(&pair, price(safe), terms.maintenance));
    }
    assert_eq!(ticks(long.bankruptcy(&pair)), Some(90_000));
    assert_eq!(ticks(short.bankruptcy(&pair)), Some(110_000));
    let at = price(94_000);
    assert_eq!(long.equity(&pair, at), 40_000 * 10_000);
    assert_eq!(long.slice(&pair, &terms, at).lots(), 57_447);
    let (_, dear) = super::figures::pair(5, 50);
    assert_eq!(long.slice(&pair, &dear, at).lots(), 60_471);
}

// G-17
#[test]
fn a_slice_is_all_where_too_little_would_be_left() {
    let (_, terms) = pair(5, 50);
    let at = price(94_000);
    let long = position(PositionSide::Long, 1_000, 1_000, 100_000);
    let with_minimum = |lots_left: u64| {
        let limits = PairLimits {
            min_quantity: lots(lots_left),
            ..specification().limits
        };
        let pair = Pair::new(PairSpec {
            limits,
            ..specification()
        });
        long.slice(&pair.unwrap(), &terms, at).lots()
    };
    assert_eq!(with_minimum(100_000 - 60_471), 60_471);
    assert_eq!(with_minimum(100_000 - 60_471 + 1), 100_000);
    let late = position(PositionSide::Long, 1_000, 1_000, 61_000);
    assert_eq!(
        late.slice(&Pair::new(specification()).unwrap(), &terms, at),
        late.size
    );
}

// G-6, G-7
#[test]
fn a_reduction_pays_the_share_of_the_cost() {
    let mut long = position(PositionSide::Long, 3, 100, 30);
    // 1 of 3 at 110: 10 gained on a share of 100.
    let told = long.reduce(lots(100), amount(1_100_000), amount(10_000), false);
    assert_eq!(told.realised, 90_000);
    assert_eq!(
        (told.repaid, told.paid_out),
        (amount(1_000_000), amount(90_000))
    );
    assert_eq!(
        (long.cost, long.collateral),
        (amount(2_000_000), amount(300_000))
    );
    // 1 of 2 at 60: 40 lost, 30 of it there; the rest stays in the cost.
    let told = long.reduce(lots(100), amount(600_000), Amount::ZERO, false);
    assert_eq!((told.realised, told.repaid), (-400_000, amount(900_000)));
    assert_eq!(
        (long.cost, long.collateral),
        (amount(1_100_000), Amount::ZERO)
    );
    // The last at 100: 10 cannot be paid back.
    let told = long.reduce(lots(100), amount(1_000_000), Amount::ZERO, false);
    assert_eq!((told.debt, told.paid_out), (amount(100_000), Amount::ZERO));

    let mut short = position(PositionSide::Short, 2, 100, 20);
    short.interest = amount(50_000);
    let told = short.reduce(lots(200), amount(1_800_000), amount(10_000), false);
    assert_eq!(told.realised, 190_000);
    assert_eq!(told.interest, amount(50_000));
    assert_eq!(told.paid_out, amount(190_000 + 200_000 - 50_000));
    assert!(short.size.is_zero());
}
