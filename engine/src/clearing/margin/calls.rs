//! What the mark price means for positions when a command is through: calls, and which are to be
//! liquidated.

use crate::Sink;
use crate::clearing::deadlines::Due;
use crate::clearing::settle::Settling;
use crate::clearing::state::{CallState, PositionState};
use crate::domain::{AccountId, CallSeverity, Pair, PairMargin, PositionId, Price, Timestamp};
use crate::report::{MarginCall, Report, ReportKind};

use super::fill::margin_mut;

impl<S: Sink<Report>> Settling<'_, S> {
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

    /// The position of a call is closed.
    pub(super) fn end_call(&mut self, account: AccountId, position: PositionId, at: Timestamp) {
        let due = Due::Grace(self.market.pair.id(), account);
        self.deadlines.remove(at, due);
        margin_mut(self.market).cleared.push((account, position));
    }
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
