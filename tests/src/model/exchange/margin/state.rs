use engine::clearing::{DebtState, MarginState, PositionState};
use engine::domain::PairId;

use super::PlainExchange;
use super::figures::units;
use crate::model::exchange::lots;

impl PlainExchange {
    /// What is kept of a pair's positions; `None` where it is not traded on margin.
    pub fn margin_state(&self, pair: PairId) -> Option<MarginState> {
        self.pair_of(pair).margin()?;
        let market = &self.margin.markets[usize::from(pair.0)];
        let here = self.margin.positions.iter().filter(|it| it.pair == pair);
        let mut positions: Vec<_> = here
            .map(|it| PositionState {
                account: it.account,
                id: it.id,
                side: it.side,
                size: lots(u64::try_from(it.size).expect("it is a quantity")),
                cost: units(it.cost),
                collateral: units(it.collateral),
                interest: units(it.interest),
                opened_at: it.opened_at,
                call: it.call,
                liquidation: it.liquidation,
            })
            .collect();
        positions.sort_by_key(|it| it.account);
        let debts = self.margin.debts.iter().filter(|it| it.pair == pair);
        Some(MarginState {
            quote: market.quote,
            quoted_at: market.quoted_at,
            index: market.index,
            interest_due: market.interest_due,
            positions,
            debts: debts
                .map(|it| DebtState {
                    account: it.account,
                    position: it.position,
                    amount: units(it.amount),
                })
                .collect(),
        })
    }
}
