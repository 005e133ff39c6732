//! What margin orders hold, are promised and set aside, once their matcher has answered.

use crate::Sink;
use crate::clearing::ledger::LedgerAccount;
use crate::clearing::market::Market;
use crate::clearing::order::OpenOrder;
use crate::clearing::settle::{Settling, open_mut, take_excess};
use crate::domain::{AccountId, Amount, Funding, OrderKey, Side};
use crate::report::Report;

use super::figures::{minus, plus};
use super::fill::margin_mut;

impl<S: Sink<Report>> Settling<'_, S> {
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
}
