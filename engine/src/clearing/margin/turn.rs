//! What happens to positions in the order of their pair's commands: collateral, liquidations'
//! beginnings and ends, interest, and what a new mark price means.

use crate::Sink;
use crate::clearing::deadlines::Due;
use crate::clearing::ledger::LedgerAccount;
use crate::clearing::market::Market;
use crate::clearing::order::OpenOrder;
use crate::clearing::settle::{Settling, open_mut, take_excess};
use crate::clearing::state::{CallState, LiquidationState, LiquidationStep, PositionState, Quote};
use crate::command::{LiquidationCause, MarginCommand};
use crate::domain::{
    AccountId, Amount, CallSeverity, Funding, MarginRatio, Movement, OrderKey, Pair, PairMargin,
    PositionId, Price, Quantity, Reserve, Side, Timestamp,
};
use crate::reject::Reject;
use crate::report::{
    Answer, LiquidationStage, MarginCall, PositionChange, PositionReason, Report, ReportKind,
};

use super::figures::{minus, plus};
use super::fill::{Delivers, margin_mut};

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

    // G-16
    fn begin_liquidation(&mut self, account: AccountId, id: PositionId, cause: LiquidationCause) {
        let pair = self.market.pair;
        let now = self.flight.time;
        self.answered(account, id);
        let margin = margin_mut(self.market);
        let (mark, maintenance) = (margin.mark, margin.terms.maintenance);
        let Some(position) = margin.named(account, id) else {
            return;
        };
        let state = &mut position.state;
        let begins = mark.is_some_and(|mark| match cause {
            LiquidationCause::Maintenance => state.is_at_most(&pair, mark, maintenance),
            LiquidationCause::Grace => state.call.is_some_and(|call| call.deadline <= now),
        });
        if begins && state.liquidation.is_none() {
            let step = LiquidationStep::Slice;
            state.liquidation = Some(LiquidationState { cause, step });
            self.say_position(account, PositionReason::Liquidation);
            self.say_liquidation(account, id, LiquidationStage::Began(cause));
        } else {
            margin.changed.push(account);
        }
        self.wake(now);
    }

    /// Ends the liquidation of a position that needs none any more. // G-17, G-21
    fn recheck_liquidation(&mut self, account: AccountId) {
        let mark = margin_mut(self.market).mark;
        if self.is_safe(account, mark) == Some(true) {
            self.end_liquidation(account);
        }
        self.wake(self.flight.time);
    }

    /// The next grace begins, for what the market did not take. // G-14
    fn renew_grace(&mut self, account: AccountId) {
        let pair = self.market.pair.id();
        let now = self.flight.time;
        let margin = margin_mut(self.market);
        let grace_ms = margin.terms.grace_ms;
        let position = margin.positions.get_mut(&account);
        let Some(call) = position.and_then(|it| it.state.call.as_mut()) else {
            return;
        };
        let due = Due::Grace(pair, account);
        self.deadlines.remove(call.deadline, due);
        call.deadline = now.plus(grace_ms);
        self.deadlines.add(call.deadline, due);
    }

    /// A liquidation's order ended: what comes next. // G-17, G-18
    #[cold]
    pub(in crate::clearing) fn liquidation_order_ended(&mut self, open: &OpenOrder) {
        let order = &open.order;
        let account = order.account;
        if order.funding == Funding::Backstop {
            self.say_insurance();
        }
        let margin = margin_mut(self.market);
        if let Some(position) = margin.positions.get_mut(&account)
            && let Some(liquidation) = &mut position.state.liquidation
        {
            liquidation.step = match order.funding {
                Funding::Backstop => LiquidationStep::Deleverage,
                Funding::Liquidation if order.filled == order.quantity => LiquidationStep::Whole,
                Funding::Liquidation
                | Funding::Spot
                | Funding::Margin { .. }
                | Funding::ReduceOnly => LiquidationStep::Backstop,
            };
            margin.moved = true;
            margin.changed.push(account);
            margin.ended.push(account);
        }
        self.wake(self.flight.time);
    }

    /// What a liquidation's order made of its position, once its command is through.
    fn judge_liquidation(&mut self, account: AccountId) {
        let margin = margin_mut(self.market);
        let mark = margin.mark;
        let Some(position) = margin.positions.get(&account) else {
            return;
        };
        let Some(liquidation) = position.state.liquidation else {
            return;
        };
        let id = position.state.id;
        let safe = self.is_safe(account, mark);
        let by_grace = liquidation.cause == LiquidationCause::Grace;
        // A reduction at the end of a grace goes no further, unless it comes to the worst.
        if safe == Some(true) || (safe.is_none() && by_grace) {
            self.end_liquidation(account);
            return;
        }
        match liquidation.step {
            LiquidationStep::Backstop => {
                self.say_liquidation(account, id, LiquidationStage::Backstop);
            }
            LiquidationStep::Deleverage => {
                self.say_liquidation(account, id, LiquidationStage::Deleveraging);
            }
            LiquidationStep::Slice | LiquidationStep::Whole => {}
        }
    }

    /// Whether the ratio of a position is above the maintenance ratio; `None` without a mark price.
    fn is_safe(&self, account: AccountId, mark: Option<Price>) -> Option<bool> {
        let margin = self.market.margin.as_ref()?;
        let state = &margin.positions.get(&account)?.state;
        let ratio = margin.terms.maintenance;
        Some(!state.is_at_most(&self.market.pair, mark?, ratio))
    }

    /// The liquidation of a position is over, and it is still there.
    fn end_liquidation(&mut self, account: AccountId) {
        let margin = margin_mut(self.market);
        margin.dequeue(account);
        let Some(position) = margin.positions.get_mut(&account) else {
            return;
        };
        let Some(liquidation) = position.state.liquidation.take() else {
            return;
        };
        let id = position.state.id;
        let now = self.flight.time;
        let late = position.state.call.is_some_and(|call| call.deadline <= now);
        self.say_liquidation(account, id, LiquidationStage::Recovered);
        self.say_position(account, PositionReason::Liquidation);
        if late || liquidation.cause == LiquidationCause::Grace {
            self.renew_grace(account);
        }
    }

    // G-20
    fn deleverage(
        &mut self,
        (account, id): (AccountId, PositionId),
        (counterparty, against): (AccountId, PositionId),
        (quantity, notional): (Quantity, Amount),
    ) {
        self.answered(account, id);
        self.answered(counterparty, against);
        let margin = margin_mut(self.market);
        let has = |margin: &mut super::Margin, account, id| {
            let position = margin.named(account, id);
            position.is_some_and(|it| it.state.size >= quantity)
        };
        if !has(margin, account, id) || !has(margin, counterparty, against) {
            self.wake(self.flight.time);
            return;
        }
        self.begin_deleveraging(account, id);
        let moved = (quantity, notional, Amount::ZERO);
        let reason = PositionReason::Liquidated;
        let told = self.reduce_position(account, moved, (Delivers::Own, true, reason));
        self.say(ReportKind::Position(told));
        let reason = PositionReason::Deleveraged;
        let told = self.reduce_position(counterparty, moved, (Delivers::Own, false, reason));
        self.say(ReportKind::Position(told));
        self.publish(ReportKind::Deleveraged {
            account: counterparty,
            position: against,
            quantity,
            notional,
        });
        margin_mut(self.market).moved = true;
        self.wake(self.flight.time);
    }

    /// From here on opposite positions are reduced, if they were not before.
    fn begin_deleveraging(&mut self, account: AccountId, id: PositionId) {
        let position = margin_mut(self.market).named(account, id);
        let Some(liquidation) = position.and_then(|it| it.state.liquidation.as_mut()) else {
            return;
        };
        let step = LiquidationStep::Deleverage;
        if std::mem::replace(&mut liquidation.step, step) != step {
            self.say_liquidation(account, id, LiquidationStage::Deleveraging);
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

    /// A reduce-only order was taken by its matcher: what it may cost is set aside. // G-9
    #[cold]
    pub(in crate::clearing) fn set_aside(&mut self, key: OrderKey) {
        let Market {
            pair,
            orders,
            margin,
            ..
        } = &mut *self.market;
        let open = orders.get_mut(key);
        let open = open.expect("invariant: what a matcher took is open");
        let needed = open.needed(pair).unwrap_or(Amount::MAX);
        let position = margin
            .as_mut()
            .and_then(|it| it.position_mut(open.order.account));
        let position = position.expect("invariant: a reduce-only order has a position");
        // Its decision left this alone.
        assert!(
            needed <= position.free_quote(),
            "invariant: a reduce-only order finds what it was promised"
        );
        position.set_aside = plus(position.set_aside, needed);
        open.held = needed;
    }

    /// A margin order is out: what it held goes back. // G-3
    #[cold]
    pub(in crate::clearing) fn release_margin_order(&mut self, open: &OpenOrder) {
        self.release_of_margin(open, open.held, open.promised);
        let order = &open.order;
        if let Funding::Margin { .. } = order.funding {
            self.ordered(order.side, open.leaves);
        }
        self.after_margin_order(order.account);
    }

    /// Gives back what a margin order needs no more.
    #[cold]
    pub(in crate::clearing) fn release_of_margin(
        &mut self,
        open: &OpenOrder,
        held: Amount,
        promised: Amount,
    ) {
        let (base, quote) = (self.market.pair.base(), self.market.pair.quote());
        let account = open.order.account;
        match open.order.funding {
            Funding::Margin { .. } => {
                let (from, to) = (
                    LedgerAccount::Held(account),
                    LedgerAccount::Available(account),
                );
                self.move_amount(quote, from, to, held);
                let asset = match open.order.side {
                    Side::Buy => quote,
                    Side::Sell => base,
                };
                let (from, to) = (LedgerAccount::PoolPromised, LedgerAccount::Pool);
                self.move_amount(asset, from, to, promised);
                self.touch(account, quote);
            }
            Funding::ReduceOnly if !held.is_zero() => {
                let position = margin_mut(self.market).position_mut(account);
                let position = position.expect("invariant: what is set aside is of a position");
                position.set_aside = minus(position.set_aside, held);
            }
            Funding::Backstop if !held.is_zero() => {
                let (from, to) = (LedgerAccount::InsurancePromised, LedgerAccount::Insurance);
                self.move_amount(quote, from, to, held);
            }
            Funding::Spot | Funding::ReduceOnly | Funding::Liquidation | Funding::Backstop => {}
        }
    }

    /// Releases what an open margin order needs no more.
    #[cold]
    pub(in crate::clearing) fn release_excess_of_margin(&mut self, key: OrderKey) {
        let pair = self.market.pair;
        let open = open_mut(self.market, key);
        let held = take_excess(open, &pair);
        let needed = open.needed_promise(&pair);
        let needed = needed.expect("invariant: more was promised before");
        let promised = minus(open.promised, needed);
        open.promised = needed;
        let open = *open;
        self.release_of_margin(&open, held, promised);
    }

    /// What could not be liquidated may be when the pair's status changed.
    pub(in crate::clearing) fn let_liquidations_go_on(&mut self) {
        if let Some(margin) = &mut self.market.margin {
            margin.moved = true;
        }
    }

    /// Somebody may wait for the order to be gone.
    fn after_margin_order(&mut self, account: AccountId) {
        let now = self.flight.time;
        let margin = margin_mut(self.market);
        let waits =
            !margin.queue.is_empty() || margin.closings.iter().any(|it| it.account == account);
        if waits {
            self.wake(now);
        }
    }

    /// Ends a command on a pair with margin: the mark price, and what it means. // G-12, G-13
    #[cold]
    pub(in crate::clearing) fn end_of_margin(&mut self) {
        let pair = self.market.pair;
        let margin = margin_mut(self.market);
        if !margin.moved && margin.changed.is_empty() && margin.cleared.is_empty() {
            return;
        }
        for (account, position) in std::mem::take(&mut margin.cleared) {
            self.say(ReportKind::MarginCallCleared { account, position });
        }
        let margin = margin_mut(self.market);
        let ended = std::mem::take(&mut margin.ended);
        let mut changed = std::mem::take(&mut margin.changed);
        let moved = std::mem::take(&mut margin.moved);
        if moved {
            let before = margin.mark;
            margin.mark = margin.find_mark();
            if margin.mark != before {
                let mark = margin.mark;
                if let Some(mark) = mark {
                    margin.watch.reached(mark, &mut changed);
                }
                let pair = pair.id();
                self.publish(ReportKind::Mark { pair, mark });
            }
        }
        for account in ended {
            self.judge_liquidation(account);
        }
        let mut judged = std::mem::take(&mut margin_mut(self.market).changed);
        changed.append(&mut judged);
        changed.sort_unstable();
        changed.dedup();
        for account in changed.drain(..) {
            self.evaluate(account);
        }
        let margin = margin_mut(self.market);
        margin.changed = changed;
        // What could not go on may go on now.
        if moved && !margin.queue.is_empty() {
            self.wake(self.flight.time);
        }
    }

    /// Looks at one position anew: its call, and whether it is to be liquidated. // G-13, G-15
    fn evaluate(&mut self, account: AccountId) {
        let pair = self.market.pair;
        let now = self.flight.time;
        let margin = margin_mut(self.market);
        let terms = margin.terms;
        let (Some(mark), Some(position)) = (margin.mark, margin.positions.get_mut(&account)) else {
            margin.rewatch(account, &pair);
            return;
        };
        let state = &mut position.state;
        let (id, before) = (state.id, state.call);
        let severity = severity(state, &pair, &terms, mark);
        let call = severity.map(|severity| CallState {
            severity,
            ..before.unwrap_or(CallState {
                severity,
                since: now,
                deadline: now.plus(terms.grace_ms),
            })
        });
        state.call = call;
        let falls = state.liquidation.is_none() && state.is_at_most(&pair, mark, terms.maintenance);
        let view = position.view(&pair);
        if falls {
            margin.enqueue(account);
        }
        margin.rewatch(account, &pair);
        if falls {
            self.wake(now);
        }
        let due = Due::Grace(pair.id(), account);
        match (before, call) {
            (Some(before), None) => {
                self.deadlines.remove(before.deadline, due);
                let position = id;
                self.say(ReportKind::MarginCallCleared { account, position });
            }
            (before, Some(call)) if before.is_none_or(|it| it.severity != call.severity) => {
                self.deadlines.add(call.deadline, due);
                self.say(ReportKind::MarginCall(MarginCall {
                    position: view,
                    severity: call.severity,
                    mark,
                    since: call.since,
                    deadline: call.deadline,
                }));
            }
            (None | Some(_), _) => {}
        }
    }

    /// One command less about a position is in flight.
    fn answered(&mut self, account: AccountId, id: PositionId) {
        if let Some(position) = margin_mut(self.market).named(account, id) {
            position.asked = position.asked.saturating_sub(1);
        }
    }

    fn say_position(&mut self, account: AccountId, reason: PositionReason) {
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

    /// The position of a call is closed.
    pub(super) fn end_call(&mut self, account: AccountId, position: PositionId, at: Timestamp) {
        let due = Due::Grace(self.market.pair.id(), account);
        self.deadlines.remove(at, due);
        margin_mut(self.market).cleared.push((account, position));
    }

    pub(super) fn say_closed(&mut self, account: AccountId, position: PositionId) {
        self.say_liquidation(account, position, LiquidationStage::Closed);
    }

    fn say_liquidation(
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

/// How bad the call on a position is at `mark`, seen what it was. // G-13
fn severity(
    state: &PositionState,
    pair: &Pair,
    terms: &PairMargin,
    mark: Price,
) -> Option<CallSeverity> {
    let at_most = |ratio| state.is_at_most(pair, mark, ratio);
    let before = state.call.map(|call| call.severity);
    let stays = |severity| before >= Some(severity);
    if at_most(terms.critical())
        || (stays(CallSeverity::Critical) && at_most(terms.critical_ends()))
    {
        Some(CallSeverity::Critical)
    } else if at_most(terms.warning())
        || (stays(CallSeverity::Warning) && at_most(terms.warning_ends()))
    {
        Some(CallSeverity::Warning)
    } else {
        None
    }
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
