//! What the figures of a position are, at a mark price: pure arithmetic, in integers.
//!
//! In: a position's raw figures ([`PositionView`]), its pair, the mark price. Out:
//! [`PositionFigures`], [`PositionPrices`] and what a call asks for ([`Restoring`]). *Q* size, *C* cost, *M* collateral, *I* interest owed, *P*
//! mark price, *d* +1 for a long and −1 for a short, *m* and *r* the pair's maintenance and initial
//! ratio, *n* the notional; `docs/margin.md` has the same letters.
//!
//! Every division names its rounding. Prices round half to even, what is asked of the owner rounds
//! up, what the owner has rounds down: no figure says that a position is safer than it is, and no
//! deposit as told is too little.

use engine::domain::{BasisPoints, MarginRatio, Pair, PairMargin, PositionSide, Price, Quantity};
use engine::report::PositionView;

use crate::instrument::{Instrument, divide_half_even};
use crate::wire::{Percent, PositionFigures, PositionPrices, Restoring};

/// d of a side.
const fn sign(side: PositionSide) -> i128 {
    match side {
        PositionSide::Long => 1,
        PositionSide::Short => -1,
    }
}

/// `dividend ÷ divisor` (above zero), rounded up.
fn divide_up(dividend: i128, divisor: i128) -> i128 {
    -(-dividend).div_euclid(divisor)
}

/// n(P, Q) as a number that other figures can be set against.
fn notional(pair: &Pair, mark: Price, size: Quantity) -> Option<i128> {
    pair.notional(mark, size).map(|it| i128::from(it.units()))
}

/// A ratio's share of an amount, in hundred-thousandths of a unit.
fn share(ratio: MarginRatio, amount: i128) -> i128 {
    // 2^17 × 2^63 is far from the end.
    i128::from(ratio.get()) * amount
}

const WHOLE: i128 = MarginRatio::WHOLE as i128;

/// The figures of an open position at a mark price; `None` where it is closed, or worth more than
/// any amount can be.
pub fn figures(
    view: &PositionView,
    pair: &Pair,
    terms: &PairMargin,
    mark: Price,
) -> Option<PositionFigures> {
    if view.size.is_zero() {
        return None;
    }
    let notional = notional(pair, mark, view.size).filter(|it| *it > 0)?;
    let cost = i128::from(view.cost.units());
    let pnl = sign(view.side) * (notional - cost);
    let equity = equity(view, notional);
    Some(PositionFigures {
        pnl,
        pnl_percent: Percent::of(pnl, cost),
        equity,
        notional,
        ratio: (equity * WHOLE).div_euclid(notional),
        maintenance: divide_up(share(terms.maintenance, notional), WHOLE),
        leverage: (equity > 0).then(|| divide_half_even(notional * 100, equity)),
    })
}

/// What is left of a position that is worth `notional` for its owner: M − I + d·(n(P, Q) − C).
pub fn equity(view: &PositionView, notional: i128) -> i128 {
    let pnl = sign(view.side) * (notional - i128::from(view.cost.units()));
    i128::from(view.collateral.units()) - i128::from(view.interest.units()) + pnl
}

/// What would restore the pair's initial ratio, where closing costs `fee` of what is closed. A
/// part is closed at the mark price, and what it lost is paid by its own collateral, so that equity
/// falls by the fee alone.
pub fn restoring(
    figures: &PositionFigures,
    view: &PositionView,
    pair: &Pair,
    terms: &PairMargin,
    mark: Price,
    fee: BasisPoints,
) -> Restoring {
    let missing = share(terms.initial, figures.notional) - figures.equity * WHOLE;
    if missing <= 0 {
        return Restoring::default();
    }
    // A basis point is ten hundred-thousandths.
    let kept = i128::from(terms.initial.get()) - i128::from(fee.get()) * 10;
    let lot = Quantity::new(1).and_then(|lot| notional(pair, mark, lot));
    let lots = lot
        .filter(|_| kept > 0)
        .map(|lot| divide_up(missing, lot * kept))
        .and_then(|lots| u64::try_from(lots).ok());
    let all = view.size.lots();
    Restoring {
        deposit: divide_up(missing, WHOLE),
        lots: lots.map_or(all, |lots| lots.min(all)),
    }
}

/// The prices of a position: of its entry, its liquidation, its bankruptcy.
pub fn prices(view: &PositionView, instrument: &Instrument, terms: &PairMargin) -> PositionPrices {
    PositionPrices {
        entry: instrument.average_price(view.cost, view.size),
        liquidation: threshold(view, instrument, terms.maintenance),
        bankruptcy: bankruptcy_price(view, instrument),
    }
}

/// The price at which a position has nothing left, in units of the price scale, half to even;
/// `None` where no price above zero takes all.
pub fn bankruptcy_price(view: &PositionView, instrument: &Instrument) -> Option<u128> {
    threshold(view, instrument, MarginRatio::new(0)?)
}

/// The mark price at which a position's ratio is `ratio`, in units of the price scale, half to
/// even: (C − d·(M − I)) ÷ (n(1, Q)·(1 − d·m)). `None` where no price above zero does it.
fn threshold(view: &PositionView, instrument: &Instrument, ratio: MarginRatio) -> Option<u128> {
    let d = sign(view.side);
    let owed = i128::from(view.cost.units())
        - d * (i128::from(view.collateral.units()) - i128::from(view.interest.units()));
    let per_tick = i128::from(instrument.quote_units_per_tick_lot)
        .checked_mul(i128::from(view.size.lots()))
        .filter(|it| *it > 0)?;
    let divisor = per_tick.checked_mul(WHOLE - d * i128::from(ratio.get()))?;
    let dividend = owed.checked_mul(WHOLE * i128::from(instrument.tick_units))?;
    if dividend <= 0 || divisor <= 0 {
        return None;
    }
    u128::try_from(divide_half_even(dividend, divisor)).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a test may stop at what it did not expect

    use engine::domain::{
        AccountId, Amount, Leverage, PairId, PositionId, PositionSide::Long, PositionSide::Short,
        Timestamp,
    };

    use super::*;
    use crate::config::{Config, DemoOptions};

    /// XRP has six decimals in the demo, prices and amounts two.
    const XRP: u64 = 1_000_000;

    fn instrument() -> Instrument {
        Config::demo(&DemoOptions::default()).instruments.all()[0].clone()
    }

    fn terms(maintenance: u32, initial: u32) -> PairMargin {
        PairMargin {
            max_leverage: Leverage::new(1_000).unwrap(),
            initial: MarginRatio::new(initial).unwrap(),
            maintenance: MarginRatio::new(maintenance).unwrap(),
            grace_ms: 3_600_000,
            liquidation_fee: BasisPoints::new(50).unwrap(),
            max_position: Quantity::MAX,
            max_open_interest: Quantity::MAX,
            max_mark_age_ms: 3_600_000,
            index_band: None,
        }
    }

    /// 1,000.00 at an average of 1000.00 with so much margin, in whole XRP.
    fn position(side: PositionSide, margin: u64) -> PositionView {
        PositionView {
            account: AccountId(0),
            position: PositionId(1),
            pair: PairId(0),
            side,
            size: Quantity::new(100_000).unwrap(),
            cost: Amount::new(1_000_000 * XRP).unwrap(),
            collateral: Amount::new(margin * XRP).unwrap(),
            interest: Amount::ZERO,
            liquidating: false,
            opened_at: Timestamp(0),
        }
    }

    fn at(cents: u32) -> Price {
        Price::new(cents).unwrap()
    }

    fn at_cents(view: &PositionView, terms: &PairMargin, cents: u32) -> PositionFigures {
        figures(view, &instrument().pair, terms, at(cents)).unwrap()
    }

    #[test]
    fn the_first_example_of_the_reference_comes_out() {
        let view = position(Long, 100_000);
        let figures = at_cents(&view, &terms(0, 10_000), 100_500);
        assert_eq!(figures.pnl, 5_000 * i128::from(XRP));
        assert_eq!(figures.pnl_percent, Percent(50));
        assert_eq!(figures.ratio, 10_447, "0.10 to two decimals");
        let instrument = instrument();
        let none = MarginRatio::new(0).unwrap();
        assert_eq!(threshold(&view, &instrument, none), Some(90_000));
        let prices = prices(&view, &instrument, &terms(0, 10_000));
        assert_eq!(prices.entry, Some(10_000_000), "two digits more");
        assert_eq!(prices.bankruptcy, prices.liquidation);
    }

    #[test]
    fn the_second_example_of_the_reference_comes_out() {
        let view = position(Long, 50_000);
        let terms = terms(0, 10_000);
        let figures = at_cents(&view, &terms, 100_000);
        assert_eq!(figures.ratio, 5_000);
        let instrument = instrument();
        let free = BasisPoints::new(0).unwrap();
        let restoring = restoring(&figures, &view, &instrument.pair, &terms, at(100_000), free);
        assert_eq!(restoring.deposit, 50_000 * i128::from(XRP));
        assert_eq!(
            threshold(&view, &instrument, terms.maintenance),
            Some(95_000)
        );
    }

    #[test]
    fn with_a_maintenance_ratio_positions_are_liquidated_before_nothing_is_left() {
        let instrument = instrument();
        let five = MarginRatio::new(5_000).unwrap();
        let price = |side| threshold(&position(side, 100_000), &instrument, five);
        assert_eq!(price(Long), Some(94_737));
        assert_eq!(price(Short), Some(104_762));
        let nothing = |side| bankruptcy_price(&position(side, 100_000), &instrument);
        assert_eq!(nothing(Long), Some(90_000));
        assert_eq!(nothing(Short), Some(110_000));
    }

    #[test]
    fn a_part_that_is_closed_restores_the_initial_ratio_and_pays_for_its_fee() {
        let view = position(Long, 100_000);
        let terms = terms(5_000, 10_000);
        let figures = at_cents(&view, &terms, 94_000);
        assert_eq!(figures.equity, 40_000 * i128::from(XRP));
        let lots = |points| {
            let fee = BasisPoints::new(points).unwrap();
            let pair = instrument().pair;
            restoring(&figures, &view, &pair, &terms, at(94_000), fee).lots
        };
        assert_eq!(lots(0), 57_447);
        assert_eq!(lots(50), 60_471, "604.703… and up to the lot");
        assert_eq!(lots(1_000), 100_000, "what costs all cannot restore");
    }

    #[test]
    fn interest_counts_against_equity_at_once_and_moves_every_threshold() {
        let view = PositionView {
            interest: Amount::new(10_000 * XRP).unwrap(),
            ..position(Short, 110_000)
        };
        let instrument = instrument();
        let terms = terms(5_000, 10_000);
        let five = terms.maintenance;
        let figures = at_cents(&view, &terms, 100_000);
        assert_eq!(figures.equity, 100_000 * i128::from(XRP));
        assert_eq!(threshold(&view, &instrument, five), Some(104_762));
    }

    #[test]
    fn ratios_round_down_and_what_is_asked_rounds_up() {
        let view = PositionView {
            collateral: Amount::new(1).unwrap(),
            ..position(Long, 0)
        };
        let terms = terms(5_000, 10_000);
        let held = at_cents(&view, &terms, 100_000);
        assert_eq!((held.ratio, held.equity), (0, 1));
        let below = PositionView {
            interest: Amount::new(2).unwrap(),
            ..view
        };
        let lost = at_cents(&below, &terms, 100_000);
        assert_eq!((lost.ratio, lost.equity), (-1, -1));
        assert_eq!(lost.leverage, None);
        let one = PositionView {
            size: Quantity::new(1).unwrap(),
            cost: Amount::new(XRP / 100 * 1_000 + 1).unwrap(),
            ..view
        };
        let small = at_cents(&one, &terms, 100_001);
        assert_eq!(small.maintenance, 500_005, "5% of 10.0001");
        let free = BasisPoints::new(0).unwrap();
        let asked = restoring(&small, &one, &instrument().pair, &terms, at(100_001), free);
        assert_eq!(asked.deposit, 1_000_010 - small.equity);
        assert_eq!(asked.lots, 1, "no part of a lot is closed");
    }

    #[test]
    fn what_more_than_pays_for_itself_is_never_liquidated_and_what_is_closed_has_no_figures() {
        let instrument = instrument();
        let paid = position(Long, 2_000_000);
        assert_eq!(bankruptcy_price(&paid, &instrument), None);
        let closed = PositionView {
            size: Quantity::ZERO,
            ..position(Long, 0)
        };
        let terms = terms(5_000, 10_000);
        assert_eq!(figures(&closed, &instrument.pair, &terms, at(1)), None);
        let none = PositionPrices::default();
        assert_eq!(prices(&closed, &instrument, &terms), none);
    }

    #[test]
    fn at_the_liquidation_price_the_ratio_is_the_maintenance_ratio() {
        let instrument = instrument();
        let terms = terms(5_000, 10_000);
        for (side, margin) in [
            (Long, 100_000),
            (Short, 100_000),
            (Long, 77_777),
            (Short, 1),
        ] {
            let view = position(side, margin);
            let price = threshold(&view, &instrument, terms.maintenance).unwrap();
            let price = u32::try_from(price).unwrap();
            let (safer, worse) = match side {
                Long => (price + 1, price - 1),
                Short => (price - 1, price + 1),
            };
            assert!(at_cents(&view, &terms, safer).ratio >= 5_000, "{side:?}");
            assert!(at_cents(&view, &terms, worse).ratio < 5_000, "{side:?}");
        }
    }
}
