//! What is asked of margin beside orders: collateral, closing, the platform's funds, the index.

use crate::Sink;
use crate::clearing::decide::Asker;
use crate::clearing::ledger::{LedgerAccount, Posting};
use crate::clearing::market::{NO_ORDER, Work};
use crate::clearing::pre_trade::check_open;
use crate::clearing::{Clearing, Decision};
use crate::command::{CommandKind, MarginCommand};
use crate::domain::{
    AccountId, Amount, AssetId, ClientOrderId, Movement, PairId, PositionId, Price, Reserve,
};
use crate::reject::Reject;
use crate::report::{Answer, ReportKind};

use super::Closing;
use super::turn::{may_leave, wake};

impl Clearing {
    // G-10
    pub(in crate::clearing) fn decide_close(
        &mut self,
        asker: Asker,
        account: AccountId,
        position: PositionId,
        client_order_id: Option<ClientOrderId>,
        out: &mut impl Sink<Decision>,
    ) -> Result<(), Reject> {
        self.check_account(account)?;
        let pair = self.check_position(account, position)?;
        check_open(&self.markets[usize::from(pair.0)])?;
        let closing = Closing {
            account,
            position,
            client_order_id,
            correlation: asker.correlation,
        };
        if !self.has_reduce_only(pair, account) {
            self.close_now(pair, closing, asker.now, out);
            return Ok(());
        }
        let market = &mut self.markets[usize::from(pair.0)];
        let margin = market.margin.as_mut().ok_or(Reject::MarginNotOffered)?;
        if margin.closings.len() >= Clearing::MAX_WAITING {
            return Err(Reject::Unavailable);
        }
        margin.closings.push(closing);
        self.cancel_reduce_only(pair, account, asker.now, out);
        Ok(())
    }

    // G-10
    pub(in crate::clearing) fn decide_adjust(
        &mut self,
        asker: Asker,
        account: AccountId,
        position: PositionId,
        change: Movement,
        out: &mut impl Sink<Decision>,
    ) -> Result<(), Reject> {
        self.check_account(account)?;
        if change.amount().is_zero() {
            return Err(Reject::ZeroAmount);
        }
        let pair = self.find_position(account, position)?;
        let quote = self.markets[usize::from(pair.0)].pair.quote();
        match change {
            Movement::In(amount) => self.check_funds(account, quote, amount)?,
            Movement::Out(amount) => self.check_leaving(pair, account, amount)?,
        }
        self.begin_adjust(pair, (account, position), change);
        let command = MarginCommand::Adjust {
            account,
            position,
            change,
        };
        let kind = CommandKind::Margin {
            pair,
            margin: command,
        };
        let sequence = self.accept(asker.now, kind, out);
        self.send_margin(pair, command, &[account]);
        let origin = Some(asker.correlation);
        self.send(pair, sequence, origin, NO_ORDER, Work::Margin);
        Ok(())
    }

    /// Holds what comes in, or remembers what is to leave.
    pub(in crate::clearing) fn begin_adjust(
        &mut self,
        pair: PairId,
        (account, id): (AccountId, PositionId),
        change: Movement,
    ) {
        let market = &mut self.markets[usize::from(pair.0)];
        match change {
            Movement::In(amount) => self.ledger.post(Posting {
                asset: market.pair.quote(),
                from: LedgerAccount::Available(account),
                to: LedgerAccount::Held(account),
                amount,
            }),
            Movement::Out(amount) => {
                let margin = market.margin.as_mut();
                let position = margin.and_then(|margin| margin.named(account, id));
                if let Some(position) = position {
                    position.leaving = super::figures::plus(position.leaving, amount);
                }
            }
        }
    }

    /// Whether collateral may leave, whatever is on its way.
    fn check_leaving(
        &self,
        pair: PairId,
        account: AccountId,
        amount: Amount,
    ) -> Result<(), Reject> {
        let market = &self.markets[usize::from(pair.0)];
        let margin = market.margin.as_ref().ok_or(Reject::MarginNotOffered)?;
        let position = margin.position(account).ok_or(Reject::NoPosition)?;
        let leaving = position.leaving.checked_add(amount);
        let leaving = leaving.ok_or(Reject::BelowInitialMargin)?;
        let (terms, mark) = (&margin.terms, margin.mark);
        may_leave(&position.state, &market.pair, terms, mark, leaving)?;
        let spare = self.spare(market, account, None);
        (spare >= i128::from(amount.units()))
            .then_some(())
            .ok_or(Reject::BelowInitialMargin)
    }

    // G-23
    pub(in crate::clearing) fn decide_reserve(
        &mut self,
        asker: Asker,
        (reserve, asset): (Reserve, AssetId),
        change: Movement,
        out: &mut impl Sink<Decision>,
    ) -> Result<(), Reject> {
        self.check_reserve(reserve, asset, change)?;
        self.move_reserve(reserve, asset, change);
        let kind = CommandKind::FundReserve {
            reserve,
            asset,
            change,
        };
        self.accept(asker.now, kind, out);
        let free = self.free_of(reserve, asset);
        self.answer(asker, Answer::ReserveBooked { free }, out);
        let told = ReportKind::Reserve {
            reserve,
            asset,
            free,
        };
        self.say(asker.now, told, out);
        Ok(())
    }

    /// Whether a fund may take in so much, or let it out.
    pub(in crate::clearing) fn check_reserve(
        &self,
        reserve: Reserve,
        asset: AssetId,
        change: Movement,
    ) -> Result<(), Reject> {
        self.check_asset(asset)?;
        if change.amount().is_zero() {
            return Err(Reject::ZeroAmount);
        }
        match change {
            Movement::In(amount) => {
                let inside = self.ledger.inside(asset).checked_add(amount);
                inside.map(|_| ()).ok_or(Reject::BalanceTooLarge)
            }
            Movement::Out(amount) if self.free_of(reserve, asset) < amount => {
                Err(Reject::InsufficientReserve)
            }
            Movement::Out(_) => Ok(()),
        }
    }

    /// What is free of a fund of the platform.
    pub(in crate::clearing) fn free_of(&self, reserve: Reserve, asset: AssetId) -> Amount {
        let totals = self.ledger.reserves(asset);
        match reserve {
            Reserve::LendingPool => totals.pool,
            Reserve::InsuranceFund => totals.insurance,
        }
    }

    pub(in crate::clearing) fn move_reserve(
        &mut self,
        reserve: Reserve,
        asset: AssetId,
        change: Movement,
    ) {
        let fund = match reserve {
            Reserve::LendingPool => LedgerAccount::Pool,
            Reserve::InsuranceFund => LedgerAccount::Insurance,
        };
        let (from, to) = match change {
            Movement::In(_) => (LedgerAccount::Outside, fund),
            Movement::Out(_) => (fund, LedgerAccount::Outside),
        };
        let amount = change.amount();
        self.ledger.post(Posting {
            asset,
            from,
            to,
            amount,
        });
        // Debts may be paid now, and liquidations go on.
        let at = self.last_time;
        for market in &mut self.markets {
            let waits = market.margin.as_ref();
            let waits = waits.is_some_and(|it| !it.debts.is_empty());
            if waits && market.pair.quote() == asset {
                wake(market, &mut self.deadlines, at);
            }
        }
    }

    /// The insurance fund pays the pool.
    pub(in crate::clearing) fn pay_debt(&mut self, quote: AssetId, amount: Amount) {
        self.ledger.post(Posting {
            asset: quote,
            from: LedgerAccount::Insurance,
            to: LedgerAccount::Pool,
            amount,
        });
    }

    // G-24
    pub(in crate::clearing) fn decide_index(
        &mut self,
        asker: Asker,
        pair: PairId,
        index: Option<Price>,
        out: &mut impl Sink<Decision>,
    ) -> Result<(), Reject> {
        let market = self.market(pair).ok_or(Reject::UnknownPair)?;
        let margin = market.margin.as_ref().ok_or(Reject::MarginNotOffered)?;
        if margin.index == index && margin.commands.is_empty() {
            self.answer(asker, Answer::IndexSet, out);
            return Ok(());
        }
        let command = MarginCommand::SetIndex(index);
        let kind = CommandKind::Margin {
            pair,
            margin: command,
        };
        let sequence = self.accept(asker.now, kind, out);
        self.send_margin(pair, command, &[]);
        let origin = Some(asker.correlation);
        self.send(pair, sequence, origin, NO_ORDER, Work::Margin);
        Ok(())
    }

    /// The pair of a position that its owner may reduce.
    fn check_position(&self, account: AccountId, id: PositionId) -> Result<PairId, Reject> {
        let pair = self.find_position(account, id)?;
        let margin = self.markets[usize::from(pair.0)].margin.as_ref();
        let position = margin.and_then(|margin| margin.position(account));
        let position = position.ok_or(Reject::NoPosition)?;
        if position.state.liquidation.is_some() {
            return Err(Reject::PositionInLiquidation);
        }
        Ok(pair)
    }

    fn find_position(&self, account: AccountId, id: PositionId) -> Result<PairId, Reject> {
        let pair = id.pair();
        let market = self.market(pair).ok_or(Reject::NoPosition)?;
        let margin = market.margin.as_ref().ok_or(Reject::NoPosition)?;
        let position = margin.position(account);
        let found = position.is_some_and(|position| position.state.id == id);
        found.then_some(pair).ok_or(Reject::NoPosition)
    }
}
