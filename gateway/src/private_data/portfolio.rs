use engine::domain::{AccountId, AssetId, Pair, PairId, Price, Quantity};

use crate::instrument::{Instrument, Instruments, divide_half_even};
use crate::wire::{Percent, PortfolioPosition};

use super::{PrivateData, Worths};

/// How each asset is valued in one of them: by a pair with it, or by two over a third asset.
#[derive(Debug)]
pub struct Valuation {
    asset: AssetId,
    paths: Vec<Option<Path>>,
}

/// A user's worth. Worths are in smallest units of the valuation asset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Portfolio {
    /// The sum of all worths, those in margin positions included.
    pub total_value: i128,
    /// How the sum changed in a day, what was deposited and withdrawn left out.
    pub change: i128,
    /// The same, of the sum then and what was deposited since.
    pub change_percent: Percent,
    /// Each asset that the user has, or that changed.
    pub positions: Vec<PortfolioPosition>,
    /// What the user has in margin positions, and how that changed; `None` for who never had one.
    pub margin: Option<(i128, i128)>,
}

/// Up to two steps from an asset to the valuation asset.
type Path = [Option<Step>; 2];

/// One conversion: units × price × `quote` ÷ `base`, or the other way round.
#[derive(Clone, Copy, Debug)]
struct Step {
    pair: PairId,
    base_units_per_lot: i128,
    quote_units_per_tick_lot: i128,
    is_selling: bool,
}

impl Valuation {
    /// Finds the ways to `asset`, the shortest first, then by the pairs' numbers.
    pub fn new(instruments: &Instruments, asset: AssetId) -> Valuation {
        let path = |from: AssetId| -> Option<Path> {
            if from == asset {
                return Some([None, None]);
            }
            let steps = || instruments.all().iter().filter_map(move |i| step(i, from));
            if let Some((step, _)) = steps().find(|(_, to)| *to == asset) {
                return Some([Some(step), None]);
            }
            steps().find_map(|(first, over)| {
                let mut seconds = instruments.all().iter().filter_map(|i| step(i, over));
                let (second, _) = seconds.find(|(_, to)| *to == asset)?;
                Some([Some(first), Some(second)])
            })
        };
        Valuation {
            asset,
            paths: instruments.assets().iter().map(|a| path(a.id)).collect(),
        }
    }

    /// What worths are told in.
    pub fn asset(&self) -> AssetId {
        self.asset
    }

    /// What `units` of `asset` are worth at the prices that `price` tells, rounded half to even
    /// once; `None` where no pair leads there, or where it is beyond 128 bits.
    pub fn value(
        &self,
        asset: AssetId,
        units: u128,
        price: &impl Fn(PairId) -> Option<Price>,
    ) -> Option<i128> {
        let path = (*self.paths.get(usize::from(asset.0))?)?;
        let (mut above, mut below) = (i128::try_from(units).ok()?, 1_i128);
        for step in path.into_iter().flatten() {
            let ticks = i128::from(price(step.pair)?.ticks());
            let quote = ticks.checked_mul(step.quote_units_per_tick_lot)?;
            let (times, by) = if step.is_selling {
                (quote, step.base_units_per_lot)
            } else {
                (step.base_units_per_lot, quote)
            };
            let common = greatest_common_divisor(times, by);
            above = above.checked_mul(times / common)?;
            below = below.checked_mul(by / common)?;
        }
        Some(divide_half_even(above, below))
    }
}

fn step(instrument: &Instrument, from: AssetId) -> Option<(Step, AssetId)> {
    let (base, quote) = (instrument.base.id, instrument.quote.id);
    let lot = instrument.pair.base_amount(Quantity::new(1)?)?;
    let step = Step {
        pair: instrument.id(),
        base_units_per_lot: i128::from(lot.units()),
        quote_units_per_tick_lot: i128::from(instrument.quote_units_per_tick_lot),
        is_selling: from == base,
    };
    if from == base {
        Some((step, quote))
    } else {
        (from == quote).then_some((step, base))
    }
}

fn greatest_common_divisor(mut a: i128, mut b: i128) -> i128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a.max(1)
}

impl PrivateData {
    /// The user's portfolio at the marks that `mark` tells, compared with what `worths` knows
    /// of a day ago.
    pub fn portfolio(
        &self,
        account: AccountId,
        worths: &Worths,
        pairs: &impl Fn(PairId) -> Option<Pair>,
        mark: &impl Fn(PairId) -> Option<Price>,
    ) -> Portfolio {
        let mut positions = Vec::new();
        for (asset, holding) in self.holdings(account) {
            let value = worths.valuation().value(asset, holding.total(), mark);
            let earlier = worths.day_ago(account, asset);
            let before = earlier.value.unwrap_or(0) + earlier.net_deposits;
            positions.push(PortfolioPosition {
                asset,
                balance: holding.total(),
                available: holding.available.units(),
                held: holding.held.units(),
                value,
                change: value.unwrap_or(0) - before,
            });
        }
        let margin = worths.equities(account, pairs, mark);
        let margin = margin.map(|(now, before)| (now, now - before));
        let (equity, equity_change) = margin.unwrap_or_default();
        let values = positions.iter().filter_map(|it| it.value);
        let total_value: i128 = values.sum::<i128>() + equity;
        let changes = positions.iter().map(|it| it.change);
        let change: i128 = changes.sum::<i128>() + equity_change;
        positions.retain(|it| it.balance > 0 || it.change != 0);
        Portfolio {
            total_value,
            change,
            change_percent: Percent::of(change, total_value - change),
            positions,
            margin,
        }
    }
}
