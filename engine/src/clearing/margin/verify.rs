//! The full walk over positions, what they have, owe and are watched at.

use crate::clearing::deadlines::{Deadlines, Due};
use crate::clearing::market::Market;
use crate::clearing::{Clearing, Violation};
use crate::command::MarginCommand;
use crate::domain::{AccountId, AssetId, Funding, Movement, PairId, PositionSide, Side};

use super::{BySide, Margin, bounds};

macro_rules! ensure {
    ($holds:expr, $($text:tt)+) => {
        if !$holds {
            return Err(Violation(format!($($text)+)));
        }
    };
}

/// What positions and orders say of one asset.
#[derive(Clone, Copy, Default)]
struct Sums {
    positions: u128,
    lent: u128,
    pool_promised: u128,
    insurance_promised: u128,
}

impl Clearing {
    // G-2
    pub(in crate::clearing) fn verify_margin(&self) -> Result<(), Violation> {
        let mut sums = vec![Sums::default(); usize::from(self.config.assets)];
        for market in &self.markets {
            sum_market(market, &mut sums);
            verify_positions(market)?;
            self.verify_margin_orders(market)?;
        }
        for (asset, sums) in (0..self.config.assets).map(AssetId).zip(&sums) {
            let kept = self.ledger.reserves(asset);
            let kept = [
                kept.positions,
                kept.lent,
                kept.pool_promised,
                kept.insurance_promised,
            ]
            .map(|amount| u128::from(amount.units()));
            let counted = [
                sums.positions,
                sums.lent,
                sums.pool_promised,
                sums.insurance_promised,
            ];
            ensure!(
                kept == counted,
                "{asset:?}: positions, lent, promised by pool and fund are {kept:?}, counted {counted:?}"
            );
        }
        Ok(())
    }

    // G-9
    fn verify_margin_orders(&self, market: &Market) -> Result<(), Violation> {
        let mut ordered = BySide::default();
        for (_, open) in market.orders.iter() {
            let order = &open.order;
            let promised = open.needed_promise(&market.pair);
            ensure!(
                promised == Some(open.promised),
                "{:?} is promised {:?}, needs {promised:?}",
                order.id,
                open.promised
            );
            match order.funding {
                Funding::Spot => {}
                Funding::Margin { .. } => {
                    let side = PositionSide::opened_by(order.side);
                    *ordered.of_mut(side) += open.leaves.lots();
                }
                Funding::ReduceOnly | Funding::Liquidation | Funding::Backstop => {
                    let margin = market.margin.as_ref();
                    let position = margin.and_then(|it| it.position(order.account));
                    let list = self.accounts.open_list(order.account, market.id());
                    let all = market.orders.of_list(&list).filter(|(_, other)| {
                        other.order.funding.is_margin() && other.order.side == order.side
                    });
                    let all: u64 = all.map(|(_, other)| other.leaves.lots()).sum();
                    let fits = position.is_some_and(|position| {
                        position.state.side.closes() == order.side
                            && all <= position.state.size.lots()
                    });
                    ensure!(
                        fits || open.leaves.is_zero(),
                        "{:?} and others reduce {all} lots of {position:?}",
                        order.id
                    );
                }
            }
        }
        let kept = market.margin.as_ref().map_or(ordered, |it| it.ordered);
        ensure!(
            kept == ordered,
            "orders for {ordered:?} lots are open in {:?}, {kept:?} are counted",
            market.id()
        );
        Ok(())
    }

    /// What collateral on its way holds of each account's balance.
    pub(in crate::clearing) fn held_by_margin(&self, account: AccountId, asset: AssetId) -> u128 {
        let on_margin = self.markets.iter().filter(|it| it.pair.quote() == asset);
        let commands = on_margin.filter_map(|it| it.margin.as_ref());
        let commands = commands.flat_map(|margin| &margin.commands);
        let amounts = commands.filter_map(|command| match *command {
            MarginCommand::Adjust {
                account: of,
                change: Movement::In(amount),
                ..
            } if of == account => Some(u128::from(amount.units())),
            _ => None,
        });
        amounts.sum()
    }
}

impl Margin {
    /// How many deadlines are of the positions of a pair.
    pub(in crate::clearing) fn known_deadlines(&self, pair: PairId, kept: &Deadlines) -> usize {
        let interest = self.interest_due.map(|at| (at, Due::Interest(pair)));
        let wake = self.wake_at.map(|at| (at, Due::Margin(pair)));
        let calls = self.positions.values().filter_map(|position| {
            let call = position.state.call?;
            Some((call.deadline, Due::Grace(pair, position.state.account)))
        });
        let all = interest.into_iter().chain(wake).chain(calls);
        all.filter(|(at, due)| kept.contains(*at, *due)).count()
    }
}

fn sum_market(market: &Market, sums: &mut [Sums]) {
    let (base, quote) = (market.pair.base(), market.pair.quote());
    let at = |asset: AssetId| usize::from(asset.0);
    if let Some(margin) = &market.margin {
        for position in margin.positions.values() {
            let state = &position.state;
            let lots = market.pair.base_amount(state.size);
            let lots = lots.map_or(u128::MAX / 4, |amount| u128::from(amount.units()));
            let (cost, collateral) = (
                u128::from(state.cost.units()),
                u128::from(state.collateral.units()),
            );
            match state.side {
                PositionSide::Long => {
                    sums[at(base)].positions += lots;
                    sums[at(quote)].positions += collateral;
                    sums[at(quote)].lent += cost;
                }
                PositionSide::Short => {
                    sums[at(quote)].positions += cost + collateral;
                    sums[at(base)].lent += lots;
                }
            }
        }
        for debt in &margin.debts {
            sums[at(quote)].lent += u128::from(debt.amount.units());
        }
    }
    for (_, open) in market.orders.iter() {
        let asset = match open.order.side {
            Side::Buy => quote,
            Side::Sell => base,
        };
        sums[at(asset)].pool_promised += u128::from(open.promised.units());
        if open.order.funding == Funding::Backstop {
            sums[at(quote)].insurance_promised += u128::from(open.held.units());
        }
    }
}

fn verify_positions(market: &Market) -> Result<(), Violation> {
    let Some(margin) = &market.margin else {
        return Ok(());
    };
    let mut interest = BySide::default();
    let mut watched = 0;
    for (account, position) in &margin.positions {
        let state = &position.state;
        let id = state.id;
        *interest.of_mut(state.side) += state.size.lots();
        let expected = bounds(position, &market.pair, &margin.terms);
        watched += usize::from(position.bounds.danger.is_some());
        watched += usize::from(position.bounds.relief.is_some());
        let settling = !margin.changed.is_empty();
        ensure!(
            state.account == *account && !state.size.is_zero(),
            "{id:?} of {account:?} has no lots, or another owner"
        );
        ensure!(
            position.bounds == expected || settling,
            "{id:?} is watched at {:?}, its figures give {expected:?}",
            position.bounds
        );
        let queued = margin.queue.iter().filter(|it| *it == account).count();
        ensure!(
            queued == usize::from(position.queued),
            "{id:?} is {queued} times in the queue"
        );
    }
    ensure!(
        interest == margin.open_interest && watched == margin.watch.len(),
        "{:?} has {interest:?} lots open, {:?} are counted; {watched} bounds, {} are watched",
        market.id(),
        margin.open_interest,
        margin.watch.len()
    );
    Ok(())
}
