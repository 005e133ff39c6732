//! How a liquidation goes on in its pair's turn: begun, carried on by its orders, ended, or carried
//! to opposite positions.

use crate::Sink;
use crate::clearing::deadlines::Due;
use crate::clearing::order::OpenOrder;
use crate::clearing::settle::Settling;
use crate::clearing::state::{LiquidationState, LiquidationStep};
use crate::command::LiquidationCause;
use crate::domain::{AccountId, Amount, Funding, PositionId, Price, Quantity};
use crate::report::{LiquidationStage, PositionReason, Report, ReportKind};

use super::fill::{Delivers, margin_mut};

impl<S: Sink<Report>> Settling<'_, S> {
    // G-16
    pub(super) fn begin_liquidation(
        &mut self,
        account: AccountId,
        id: PositionId,
        cause: LiquidationCause,
    ) {
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
    pub(super) fn recheck_liquidation(&mut self, account: AccountId) {
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
    pub(super) fn judge_liquidation(&mut self, account: AccountId) {
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
    pub(super) fn deleverage(
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
}
