//! Recorded margin commands: what must be so for them to have been taken from this state.

use crate::clearing::Clearing;
use crate::clearing::ledger::{Commitment, FeeMeter, promise, requirement};
use crate::clearing::market::Market;
use crate::clearing::replay::{Check, ReplayError};
use crate::command::{MarginCommand, PlaceOrder};
use crate::domain::{
    AccountId, Amount, Funding, Movement, PairId, PositionSide, Price, Quantity, Side,
};

use super::figures::units;
use super::liquidate::reduces;

impl Clearing {
    /// Whether an order could be paid for as it says. // L-20
    pub(in crate::clearing) fn check_funding_replay(
        &self,
        check: Check,
        market: &Market,
        order: &PlaceOrder,
        (funding, worst, hold): (Funding, Price, Amount),
    ) -> Result<(), ReplayError> {
        let pair = &market.pair;
        check.equal("pairs on margin", market.margin.is_some().into(), 1)?;
        let commitment = Commitment {
            side: order.side,
            price: worst,
            leaves: order.quantity,
            fees: FeeMeter::default(),
            funding,
        };
        let needed = requirement(pair, &commitment).unwrap_or(Amount::MAX);
        match funding {
            Funding::Margin { .. } => {
                check.equal("hold", hold.units(), needed.units())?;
                let available = self.ledger.balance(order.account, pair.quote()).available;
                check.at_most("hold", hold.units(), available.units())?;
                let promised = promise(pair, funding, order.side, worst, order.quantity);
                let promised = promised.unwrap_or(Amount::MAX);
                let asset = match order.side {
                    Side::Buy => pair.quote(),
                    Side::Sell => pair.base(),
                };
                let pool = self.ledger.reserves(asset).pool;
                return check.at_most("promise", promised.units(), pool.units());
            }
            Funding::Backstop => {
                let quote = pair.quote();
                let free = self.ledger.reserves(quote).insurance;
                check.at_most("hold", hold.units(), free.units())?;
            }
            Funding::ReduceOnly | Funding::Liquidation | Funding::Spot => {
                check.equal("hold", hold.units(), 0)?;
            }
        }
        self.check_reducing_replay(check, market, order, (funding, worst, hold))
    }

    fn check_reducing_replay(
        &self,
        check: Check,
        market: &Market,
        order: &PlaceOrder,
        (funding, worst, hold): (Funding, Price, Amount),
    ) -> Result<(), ReplayError> {
        let pair = &market.pair;
        let margin = market.margin.as_ref();
        let position = margin.and_then(|margin| margin.position(order.account));
        let position = position.filter(|it| reduces(&it.state, order.side));
        let Some(position) = position else {
            return check.equal("positions to reduce", 0, 1);
        };
        let list = self.accounts.open_list(order.account, market.id());
        let others = market.orders.of_list(&list);
        let others = others
            .filter(|(_, open)| open.order.funding.is_margin() && open.order.side == order.side);
        let others: u64 = others.map(|(_, open)| open.leaves.lots()).sum();
        let lots = others.saturating_add(order.quantity.lots());
        check.at_most("reducing orders", lots, position.state.size.lots())?;
        let notional = pair.notional(worst, order.quantity).unwrap_or(Amount::MAX);
        let free = units(position.free_quote());
        let value = position.state.bankruptcy_value(order.quantity);
        let missing = match order.side {
            Side::Buy => units(notional) - units(value),
            Side::Sell => units(value) - units(notional),
        };
        let fits = match (funding, order.side) {
            (Funding::ReduceOnly, Side::Buy) => {
                let commitment = Commitment {
                    side: Side::Buy,
                    price: worst,
                    leaves: order.quantity,
                    fees: FeeMeter::default(),
                    funding,
                };
                requirement(pair, &commitment).is_some_and(|needed| units(needed) <= free)
            }
            (Funding::Liquidation, Side::Buy) => units(notional) <= free,
            (Funding::Backstop, Side::Buy | Side::Sell) => missing <= units(hold),
            (Funding::Margin { .. } | Funding::Spot, _)
            | (Funding::ReduceOnly | Funding::Liquidation, Side::Sell) => true,
        };
        check.equal("orders that can be paid", fits.into(), 1)
    }

    /// Whether a margin command could be decided here. // L-20
    pub(in crate::clearing) fn check_margin_replay(
        &self,
        check: Check,
        pair: PairId,
        command: &MarginCommand,
    ) -> Result<(), ReplayError> {
        let market = &self.markets[usize::from(pair.0)];
        let Some(margin) = &market.margin else {
            return check.equal("pairs on margin", 0, 1);
        };
        let known = |account: AccountId| {
            let accounts = u64::from(self.accounts.len());
            check.below("account", account.0.into(), accounts)
        };
        match *command {
            MarginCommand::Adjust {
                account, change, ..
            } => {
                known(account)?;
                if let Movement::In(amount) = change {
                    let balance = self.ledger.balance(account, market.pair.quote());
                    check.at_most("hold", amount.units(), balance.available.units())?;
                }
                Ok(())
            }
            MarginCommand::BeginLiquidation { account, .. }
            | MarginCommand::EndLiquidation { account, .. } => known(account),
            MarginCommand::Deleverage {
                account,
                position,
                counterparty,
                against,
                quantity,
                notional,
            } => {
                let find = |account, id| {
                    let found = margin.position(account);
                    found.filter(|it| it.state.id == id && it.state.size >= quantity)
                };
                check.at_least("amount", quantity.lots(), 1)?;
                let (one, other) = (find(account, position), find(counterparty, against));
                let (Some(one), Some(other)) = (one, other) else {
                    return Ok(());
                };
                let expected = one.state.deleveraging_value(quantity);
                check.equal("notional", notional.units(), expected.units())?;
                let opposite = one.state.side != other.state.side;
                check.equal("opposite positions", opposite.into(), 1)?;
                let gains = gains(other.state.side, &other.state, quantity, notional);
                check.equal("positions that gain", gains.into(), 1)
            }
            MarginCommand::CoverDebt {
                account,
                position,
                amount,
            } => {
                let debt = margin.debts.front();
                let debt = debt.filter(|it| it.account == account && it.position == position);
                let owed = debt.map_or(0, |debt| debt.amount.units());
                check.at_most("debt", amount.units(), owed)?;
                let free = self.ledger.reserves(market.pair.quote()).insurance;
                check.at_most("debt", amount.units(), free.units())?;
                check.at_least("debt", amount.units(), 1)
            }
            MarginCommand::AccrueInterest { hours } => {
                check.equal("interest due", margin.interest_due.is_some().into(), 1)?;
                check.at_least("hours", hours.into(), 1)
            }
            MarginCommand::SetIndex(_) => Ok(()),
        }
    }

    /// Does what a margin command does when it is decided.
    pub(in crate::clearing) fn begin_margin_replay(
        &mut self,
        pair: PairId,
        command: &MarginCommand,
    ) {
        let quote = self.markets[usize::from(pair.0)].pair.quote();
        match *command {
            MarginCommand::Adjust {
                account,
                position,
                change,
            } => {
                self.begin_adjust(pair, (account, position), change);
                self.send_margin(pair, *command, &[account]);
            }
            MarginCommand::BeginLiquidation { account, .. }
            | MarginCommand::EndLiquidation { account, .. } => {
                self.send_margin(pair, *command, &[account]);
            }
            MarginCommand::Deleverage {
                account,
                counterparty,
                ..
            } => self.send_margin(pair, *command, &[account, counterparty]),
            MarginCommand::CoverDebt { amount, .. } => {
                self.pay_debt(quote, amount);
                if let Some(margin) = &mut self.markets[usize::from(pair.0)].margin {
                    margin.covering = true;
                }
                self.send_margin(pair, *command, &[]);
            }
            MarginCommand::AccrueInterest { .. } | MarginCommand::SetIndex(_) => {
                self.send_margin(pair, *command, &[]);
            }
        }
    }
}

fn gains(
    side: PositionSide,
    state: &crate::clearing::PositionState,
    quantity: Quantity,
    notional: Amount,
) -> bool {
    let share = state.share_of_cost(quantity);
    match side {
        PositionSide::Long => notional >= share,
        PositionSide::Short => notional <= share,
    }
}
