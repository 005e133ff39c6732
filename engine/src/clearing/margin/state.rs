//! Positions as plain data, their digest, and how they are taken up again.

use crate::clearing::deadlines::{Deadlines, Due};
use crate::clearing::digest::Digester;
use crate::clearing::ledger::{Ledger, LedgerAccount};
use crate::clearing::market::Market;
use crate::clearing::order::OpenOrder;
use crate::clearing::state::{LiquidationStep, MarginState, PositionState};
use crate::command::LiquidationCause;
use crate::domain::{AccountId, Amount, CallSeverity, Funding, PositionSide, Side, Timestamp};

use super::figures::plus;
use super::turn::wake;
use super::{Margin, Position};

impl Margin {
    /// All that is kept. At rest: nothing is in flight.
    pub(in crate::clearing) fn state(&self) -> MarginState {
        MarginState {
            quote: self.quote,
            quoted_at: self.quoted_at,
            index: self.index,
            interest_due: self.interest_due,
            positions: self.positions.values().map(|it| it.state).collect(),
            debts: self.debts.iter().copied().collect(),
        }
    }

    pub(in crate::clearing) fn digest_into(&self, to: &mut Digester) {
        to.text("on margin");
        for price in [self.quote.bid, self.quote.ask, self.quote.last, self.index] {
            to.price(price);
        }
        to.number(self.quoted_at.0);
        to.number(self.interest_due.map_or(0, |at| at.0));
        to.number(self.positions.len() as u64);
        for position in self.positions.values() {
            digest_position(&position.state, to);
        }
        to.number(self.debts.len() as u64);
        for debt in &self.debts {
            to.number(debt.account.0.into());
            to.number(debt.position.0);
            to.amount(debt.amount);
        }
    }

    /// Takes up what [`Margin::state`] gave, before any order; what is wrong, if something is.
    pub(in crate::clearing) fn restore(
        market: &mut Market,
        state: &MarginState,
        accounts: u32,
        deadlines: &mut Deadlines,
    ) -> Result<(), String> {
        let pair = market.pair;
        let margin = market.margin.as_mut();
        let margin = margin.ok_or("positions in a pair that is not on margin")?;
        margin.quote = state.quote;
        margin.quoted_at = state.quoted_at;
        margin.index = state.index;
        margin.mark = margin.find_mark();
        margin.interest_due = state.interest_due;
        if let Some(at) = state.interest_due {
            deadlines.add(at, Due::Interest(pair.id()));
        }
        let mut before = None;
        for kept in &state.positions {
            let account = kept.account;
            let id = kept.id;
            if account.0 >= accounts || before >= Some(account) {
                return Err(format!("{id:?} is of {account:?}, out of place"));
            }
            before = Some(account);
            let fits = !kept.size.is_zero()
                && kept.id.pair() == pair.id()
                && pair
                    .notional(crate::domain::Price::MIN, kept.size)
                    .is_some()
                && pair.base_amount(kept.size).is_some()
                && kept.cost.checked_add(kept.collateral).is_some();
            if !fits {
                return Err(format!("{id:?} does not fit its pair"));
            }
            *margin.open_interest.of_mut(kept.side) += kept.size.lots();
            margin.positions.insert(account, Position::new(*kept));
            if let Some(call) = kept.call {
                deadlines.add(call.deadline, Due::Grace(pair.id(), account));
            }
            margin.rewatch(account, &pair);
        }
        margin.debts = state.debts.iter().copied().collect();
        if state.debts.iter().any(|debt| debt.amount.is_zero()) {
            return Err(format!("a debt of nothing in {:?}", pair.id()));
        }
        Margin::take_up_liquidations(market, deadlines);
        Ok(())
    }

    /// Goes on with what was being liquidated, and with what is at the maintenance ratio.
    fn take_up_liquidations(market: &mut Market, deadlines: &mut Deadlines) {
        let pair = market.pair;
        let Some(margin) = market.margin.as_mut() else {
            return;
        };
        let (mark, ratio) = (margin.mark, margin.terms.maintenance);
        let falls = |state: &PositionState| {
            state.liquidation.is_some()
                || mark.is_some_and(|mark| state.is_at_most(&pair, mark, ratio))
        };
        let due: Vec<AccountId> = margin
            .positions
            .values()
            .filter(|position| falls(&position.state))
            .map(|position| position.state.account)
            .collect();
        for &account in &due {
            margin.enqueue(account);
            margin.rewatch(account, &pair);
        }
        if !due.is_empty() || !margin.debts.is_empty() {
            wake(market, deadlines, Timestamp::default());
        }
    }

    /// What the positions of a pair have and owe, put back into the ledger.
    pub(in crate::clearing) fn restore_ledger(market: &Market, ledger: &mut Ledger) {
        let Some(margin) = &market.margin else {
            return;
        };
        let (base, quote) = (market.pair.base(), market.pair.quote());
        for position in margin.positions.values() {
            let state = &position.state;
            let lots = market.pair.base_amount(state.size);
            let lots = lots.expect("invariant: it was checked");
            match state.side {
                PositionSide::Long => {
                    ledger.restore_into(base, LedgerAccount::Positions, lots);
                    ledger.restore_into(quote, LedgerAccount::Positions, state.collateral);
                    ledger.lend(quote, state.cost);
                }
                PositionSide::Short => {
                    let has = plus(state.cost, state.collateral);
                    ledger.restore_into(quote, LedgerAccount::Positions, has);
                    ledger.lend(base, lots);
                }
            }
        }
        for debt in &margin.debts {
            ledger.lend(quote, debt.amount);
        }
    }

    /// Takes up what an open order of a pair was promised or has set aside.
    pub(in crate::clearing) fn restore_order(
        market: &mut Market,
        ledger: &mut Ledger,
        open: &mut OpenOrder,
    ) -> Result<(), String> {
        let pair = market.pair;
        let order = &open.order;
        let id = order.id;
        let Some(margin) = market.margin.as_mut() else {
            return Err(format!("{id:?} is a margin order in a pair without margin"));
        };
        match order.funding {
            Funding::Spot => {}
            Funding::Margin { .. } => {
                let promised = open.needed_promise(&pair);
                open.promised = promised.ok_or_else(|| format!("{id:?} is promised too much"))?;
                let asset = match order.side {
                    Side::Buy => pair.quote(),
                    Side::Sell => pair.base(),
                };
                ledger.restore_into(asset, LedgerAccount::PoolPromised, open.promised);
                let side = PositionSide::opened_by(order.side);
                *margin.ordered.of_mut(side) += open.leaves.lots();
            }
            Funding::ReduceOnly => {
                let position = margin.position_mut(order.account);
                let position = position.ok_or_else(|| format!("{id:?} reduces nothing"))?;
                if open.held > position.free_quote() {
                    return Err(format!("{id:?} has more set aside than there is"));
                }
                position.set_aside = plus(position.set_aside, open.held);
            }
            Funding::Liquidation | Funding::Backstop => {
                return Err(format!("{id:?} of a liquidation rests"));
            }
        }
        Ok(())
    }
}

fn digest_position(state: &PositionState, to: &mut Digester) {
    to.number(state.account.0.into());
    to.number(state.id.0);
    to.number(match state.side {
        PositionSide::Long => 0,
        PositionSide::Short => 1,
    });
    to.quantity(state.size);
    for amount in [state.cost, state.collateral, state.interest] {
        to.amount(amount);
    }
    to.number(state.opened_at.0);
    if let Some(call) = state.call {
        to.text(match call.severity {
            CallSeverity::Warning => "warning",
            CallSeverity::Critical => "critical",
        });
        to.number(call.since.0);
        to.number(call.deadline.0);
    }
    if let Some(liquidation) = state.liquidation {
        to.text(match liquidation.cause {
            LiquidationCause::Maintenance => "liquidated",
            LiquidationCause::Grace => "reduced",
        });
        to.number(match liquidation.step {
            LiquidationStep::Slice => 0,
            LiquidationStep::Whole => 1,
            LiquidationStep::Backstop => 2,
            LiquidationStep::Deleverage => 3,
        });
    }
}

impl Ledger {
    /// Puts an amount where it once was.
    fn restore_into(
        &mut self,
        asset: crate::domain::AssetId,
        account: LedgerAccount,
        amount: Amount,
    ) {
        let cell = self.cell(asset, account);
        // A sum that is too large does not fit what is inside, and is found out.
        *cell = cell.checked_add(amount).unwrap_or(Amount::MAX);
    }
}
