//! Debts that the insurance fund pays, and positions that are closed once the orders that reduce
//! them are gone.

use crate::Sink;
use crate::clearing::decide::Asker;
use crate::clearing::order::Order;
use crate::clearing::{Clearing, Decision};
use crate::command::MarginCommand;
use crate::domain::{
    AccountId, Funding, MarginRequest, PairId, Reserve, SelfTradePrevention, Special, TimeInForce,
    Timestamp,
};
use crate::event::CancelReason;
use crate::reject::Reject;
use crate::report::{Answer, ReportKind};
use crate::request::PlaceRequest;

use super::Closing;
use super::fill::margin_mut;

impl Clearing {
    /// Pays debts as far as the insurance fund reaches, the oldest of each pair first. // G-19
    pub(super) fn cover_debts(&mut self, now: Timestamp, out: &mut impl Sink<Decision>) {
        for index in 0..self.markets.len() {
            let market = &mut self.markets[index];
            let (pair, quote) = (market.id(), market.pair.quote());
            let free = self.ledger.reserves(quote).insurance;
            let Some(margin) = market.margin.as_mut() else {
                continue;
            };
            let Some(debt) = margin.debts.front().copied() else {
                continue;
            };
            let amount = debt.amount.min(free);
            if margin.covering || amount.is_zero() {
                continue;
            }
            margin.covering = true;
            self.pay_debt(quote, amount);
            let told = ReportKind::Reserve {
                reserve: Reserve::InsuranceFund,
                asset: quote,
                free: self.free_of(Reserve::InsuranceFund, quote),
            };
            self.say(now, told, out);
            let command = MarginCommand::CoverDebt {
                account: debt.account,
                position: debt.position,
                amount,
            };
            self.ask(pair, command, &[], now, out);
        }
    }

    /// Closes the positions whose reducing orders are gone by now. // G-10
    pub(super) fn close_positions(
        &mut self,
        pair: PairId,
        now: Timestamp,
        out: &mut impl Sink<Decision>,
    ) {
        let margin = margin_mut(&mut self.markets[usize::from(pair.0)]);
        if margin.closings.is_empty() {
            return;
        }
        let closings = std::mem::take(&mut margin.closings);
        let mut left = Vec::new();
        for closing in closings {
            if self.has_reduce_only(pair, closing.account) {
                left.push(closing);
            } else {
                self.close_now(pair, closing, now, out);
            }
        }
        let margin = margin_mut(&mut self.markets[usize::from(pair.0)]);
        left.append(&mut margin.closings);
        margin.closings = left;
    }

    pub(super) fn has_reduce_only(&self, pair: PairId, account: AccountId) -> bool {
        let reduces = |order: &Order| order.funding == Funding::ReduceOnly;
        !self.margin_orders(pair, account, reduces).is_empty()
    }

    /// Asks an account's reduce-only orders in a pair to go.
    pub(super) fn cancel_reduce_only(
        &mut self,
        pair: PairId,
        account: AccountId,
        now: Timestamp,
        out: &mut impl Sink<Decision>,
    ) {
        let reduces = |order: &Order| order.funding == Funding::ReduceOnly;
        for (id, key) in self.margin_orders(pair, account, reduces) {
            let asked = (CancelReason::Closing, None, None);
            self.cancel(now, pair, (id, key), asked, out);
        }
    }

    /// Reduces all that is left of a position, at the market.
    pub(super) fn close_now(
        &mut self,
        pair: PairId,
        closing: Closing,
        now: Timestamp,
        out: &mut impl Sink<Decision>,
    ) {
        let asker = Asker {
            correlation: closing.correlation,
            now,
        };
        let margin = margin_mut(&mut self.markets[usize::from(pair.0)]);
        let position = margin.named(closing.account, closing.position);
        let ask = position.map(|position| PlaceRequest {
            account: closing.account,
            pair,
            client_order_id: closing.client_order_id,
            side: position.state.side.closes(),
            limit: None,
            quantity: position.state.size,
            time_in_force: TimeInForce::ImmediateOrCancel,
            post_only: false,
            self_trade: SelfTradePrevention::CancelMaker,
            special: Special::None,
            expires_at: None,
            margin: MarginRequest::ReduceOnly,
        });
        let decided = match ask {
            Some(ask) => self.decide_place(asker, &ask, out),
            None => Err(Reject::NoPosition),
        };
        if let Err(reject) = decided {
            self.answer(asker, Answer::Rejected(reject), out);
        }
    }
}
