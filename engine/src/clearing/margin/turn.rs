//! What happens to positions in the order of their pair's commands: collateral, debts, interest.

use crate::Sink;
use crate::clearing::deadlines::Due;
use crate::clearing::ledger::LedgerAccount;
use crate::clearing::market::Market;
use crate::clearing::settle::Settling;
use crate::clearing::state::{PositionState, Quote};
use crate::command::MarginCommand;
use crate::domain::{
    AccountId, Amount, MarginRatio, Movement, Pair, PairMargin, PositionId, Price, Reserve,
    Timestamp,
};
use crate::reject::Reject;
use crate::report::{Answer, LiquidationStage, PositionChange, PositionReason, Report, ReportKind};

use super::figures::{minus, plus};
use super::fill::margin_mut;

const HOUR_MS: u64 = 3_600_000;

impl<S: Sink<Report>> Settling<'_, S> {
    /// The matcher says what the best prices and the last trade are.
    #[cold]
    pub(in crate::clearing) fn quoted(&mut self, quote: Quote) {
        let at = self.flight.time;
        if let Some(margin) = &mut self.market.margin {
            margin.quote = quote;
            margin.quoted_at = at;
            margin.moved = true;
        }
    }

    /// The first margin command in flight has its turn. // G-22
    #[cold]
    pub(in crate::clearing) fn margin_turn(&mut self) {
        let command = margin_mut(self.market).commands.pop_front();
        match command.expect("invariant: a margin command in flight is remembered") {
            MarginCommand::Adjust {
                account,
                position,
                change,
            } => self.adjust(account, position, change),
            MarginCommand::BeginLiquidation {
                account,
                position,
                cause,
                mark: _,
            } => self.begin_liquidation(account, position, cause),
            MarginCommand::EndLiquidation {
                account,
                position,
                mark: _,
            } => {
                self.answered(account, position);
                self.recheck_liquidation(account);
            }
            MarginCommand::Deleverage {
                account,
                position,
                counterparty,
                against,
                quantity,
                notional,
            } => self.deleverage(
                (account, position),
                (counterparty, against),
                (quantity, notional),
            ),
            MarginCommand::CoverDebt {
                account,
                position,
                amount,
            } => self.cover_debt(account, position, amount),
            MarginCommand::AccrueInterest { hours } => self.accrue_interest(hours),
            MarginCommand::SetIndex(index) => {
                margin_mut(self.market).index = index;
                margin_mut(self.market).moved = true;
                self.answer(Answer::IndexSet);
            }
        }
    }

    // G-10
    fn adjust(&mut self, account: AccountId, id: PositionId, change: Movement) {
        let pair = self.market.pair;
        let quote = pair.quote();
        self.answered(account, id);
        let margin = margin_mut(self.market);
        let (mark, terms) = (margin.mark, margin.terms);
        let decided = match (margin.named(account, id), change) {
            (Some(position), Movement::In(amount)) => {
                position.state.collateral = plus(position.state.collateral, amount);
                Ok(LedgerAccount::Positions)
            }
            (Some(position), Movement::Out(amount)) => {
                position.leaving = minus(position.leaving, amount);
                let checked = may_leave(&position.state, &pair, &terms, mark, amount);
                let enough = amount <= position.free_quote();
                match checked {
                    Ok(()) if enough => {
                        position.state.collateral = minus(position.state.collateral, amount);
                        Ok(LedgerAccount::Available(account))
                    }
                    Ok(()) => Err(Reject::BelowInitialMargin),
                    Err(reject) => Err(reject),
                }
            }
            (None, Movement::In(_) | Movement::Out(_)) => Err(Reject::NoPosition),
        };
        let held = LedgerAccount::Held(account);
        match (change, decided) {
            (Movement::In(amount), Ok(to)) => self.move_amount(quote, held, to, amount),
            (Movement::In(amount), Err(_)) => {
                self.move_amount(quote, held, LedgerAccount::Available(account), amount);
            }
            (Movement::Out(amount), Ok(to)) => {
                self.move_amount(quote, LedgerAccount::Positions, to, amount);
            }
            (Movement::Out(_), Err(_)) => {}
        }
        self.touch(account, quote);
        match decided {
            Ok(_) => {
                let view = margin_mut(self.market).positions[&account].view(&pair);
                self.answer(Answer::MarginAdjusted {
                    position: id,
                    collateral: view.collateral,
                });
                self.say_position(account, PositionReason::Adjusted);
            }
            Err(reject) => self.answer(Answer::Rejected(reject)),
        }
    }

    // G-19
    fn cover_debt(&mut self, account: AccountId, id: PositionId, amount: Amount) {
        let quote = self.market.pair.quote();
        self.ledger.forgive(quote, amount);
        let margin = margin_mut(self.market);
        margin.covering = false;
        let first = margin.debts.front_mut();
        let debt = first.expect("invariant: a debt that is paid is there");
        assert!(
            debt.account == account && debt.position == id,
            "invariant: the oldest debt is paid first"
        );
        debt.amount = minus(debt.amount, amount);
        if debt.amount.is_zero() {
            margin.debts.pop_front();
        }
        if !margin.debts.is_empty() {
            self.wake(self.flight.time);
        }
    }

    // G-11
    fn accrue_interest(&mut self, hours: u32) {
        let pair = self.market.pair;
        let margin = margin_mut(self.market);
        let (mark, rates) = (margin.mark, margin.rates);
        let before = margin.interest_due.take();
        let mut owing: Vec<AccountId> = Vec::new();
        for position in margin.positions.values_mut() {
            let hourly = position.state.hourly_interest(&pair, mark, rates);
            let due = u128::from(hourly.units()) * u128::from(hours);
            let due = Amount::from_u128(due).unwrap_or(Amount::MAX);
            let interest = position.state.interest.checked_add(due);
            // More than all there is cannot be paid either.
            position.state.interest = interest.unwrap_or(Amount::MAX);
            if !due.is_zero() {
                owing.push(position.state.account);
            }
        }
        if let Some(at) = before {
            self.deadlines.remove(at, Due::Interest(pair.id()));
            if !margin_mut(self.market).positions.is_empty() {
                let next = at.plus(u64::from(hours) * HOUR_MS);
                margin_mut(self.market).interest_due = Some(next);
                self.deadlines.add(next, Due::Interest(pair.id()));
            }
        }
        for account in owing {
            self.say_position(account, PositionReason::Interest);
        }
    }

    /// A position was opened: interest is owed from the next full hour.
    pub(super) fn expect_interest(&mut self) {
        let pair = self.market.pair.id();
        let now = self.flight.time;
        let margin = margin_mut(self.market);
        if margin.rates == (0, 0) || margin.interest_due.is_some() {
            return;
        }
        let next = Timestamp((now.0 / HOUR_MS + 1).saturating_mul(HOUR_MS));
        margin.interest_due = Some(next);
        self.deadlines.add(next, Due::Interest(pair));
    }

    /// One command less about a position is in flight.
    pub(super) fn answered(&mut self, account: AccountId, id: PositionId) {
        if let Some(position) = margin_mut(self.market).named(account, id) {
            position.asked = position.asked.saturating_sub(1);
        }
    }

    pub(super) fn say_position(&mut self, account: AccountId, reason: PositionReason) {
        let pair = self.market.pair;
        let margin = margin_mut(self.market);
        let Some(position) = margin.positions.get(&account) else {
            return;
        };
        let change = PositionChange {
            position: position.view(&pair),
            reason,
            realised: 0,
        };
        margin.changed.push(account);
        self.say(ReportKind::Position(change));
    }

    pub(super) fn say_closed(&mut self, account: AccountId, position: PositionId) {
        self.say_liquidation(account, position, LiquidationStage::Closed);
    }

    pub(super) fn say_liquidation(
        &mut self,
        account: AccountId,
        position: PositionId,
        stage: LiquidationStage,
    ) {
        self.publish(ReportKind::Liquidation {
            account,
            position,
            stage,
        });
    }

    pub(super) fn say_insurance(&mut self) {
        let asset = self.market.pair.quote();
        let free = self.ledger.reserves(asset).insurance;
        self.publish(ReportKind::Reserve {
            reserve: Reserve::InsuranceFund,
            asset,
            free,
        });
    }

    /// Lets the pair's liquidations be looked at at `at`, or before.
    pub(super) fn wake(&mut self, at: Timestamp) {
        wake(self.market, self.deadlines, at);
    }
}

/// Lets a pair's liquidations be looked at at `at`, or before.
pub(in crate::clearing) fn wake(
    market: &mut Market,
    deadlines: &mut crate::clearing::deadlines::Deadlines,
    at: Timestamp,
) {
    let due = Due::Margin(market.pair.id());
    let margin = margin_mut(market);
    if margin.wake_at.is_some_and(|before| before <= at) {
        return;
    }
    if let Some(before) = margin.wake_at.replace(at) {
        deadlines.remove(before, due);
    }
    deadlines.add(at, due);
}

/// Whether `amount` of collateral may leave a position at the mark price. // G-10
pub(super) fn may_leave(
    state: &PositionState,
    pair: &Pair,
    terms: &PairMargin,
    mark: Option<Price>,
    amount: Amount,
) -> Result<(), Reject> {
    if state.liquidation.is_some() {
        return Err(Reject::PositionInLiquidation);
    }
    if amount > state.collateral {
        return Err(Reject::BelowInitialMargin);
    }
    let mark = mark.ok_or(Reject::NoMarkPrice)?;
    let after = PositionState {
        collateral: minus(state.collateral, amount),
        ..*state
    };
    let initial = i128::from(terms.initial.get());
    let whole = i128::from(MarginRatio::WHOLE);
    let enough = after.equity(pair, mark) * whole >= initial * after.value(pair, mark);
    enough.then_some(()).ok_or(Reject::BelowInitialMargin)
}
