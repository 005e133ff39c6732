//! What stands in an exchange when a hub begins, and what the platform's funds have.

use engine::domain::{AccountId, Lending, PositionSide, Reserve};
use engine::exchange::Exchange;
use engine::report::OrderChange;

use crate::wire::ReservesNow;

use super::Hub;

impl Hub {
    /// Takes over what stands in an exchange.
    pub(super) fn load(&mut self, state: &Exchange) {
        let clearing = state.clearing();
        self.operated.load(clearing);
        self.revoked.load(clearing);
        for index in 0..self.instruments.all().len() {
            let Some(pair) = self.instruments.all().get(index).map(|it| it.id()) else {
                continue;
            };
            if let Some(matcher) = state.matcher(pair) {
                let levels = [engine::domain::Side::Buy, engine::domain::Side::Sell];
                let levels = levels.into_iter().flat_map(|side| {
                    let depth = matcher.depth(side);
                    depth.map(move |level| (side, level.price, level.total))
                });
                let last = clearing.last_trade(pair);
                self.market.load(pair, matcher.sequence(), levels, last);
            }
            self.margin.on_mark(pair, clearing.mark(pair));
            if let Some(status) = clearing.trading_status(pair) {
                let reopens_at = clearing.reopens_at(pair);
                self.market.on_status(pair, status, reopens_at);
            }
        }
        for asset in self.instruments.assets() {
            if let Some(totals) = clearing.totals(asset.id) {
                let (pool, fund) = (totals.reserves.pool, totals.reserves.insurance);
                self.margin.on_reserve(Reserve::LendingPool, asset.id, pool);
                self.margin
                    .on_reserve(Reserve::InsuranceFund, asset.id, fund);
            }
        }
        for account in (0..clearing.accounts()).map(AccountId) {
            for asset in self.instruments.assets() {
                if let Some(balance) = clearing.balance(account, asset.id) {
                    let (available, held) = (balance.available, balance.held);
                    self.private.on_balance(account, asset.id, available, held);
                    let units = available.units().saturating_add(held.units());
                    self.worths.assume(account, asset.id, units);
                }
            }
            for view in clearing.open_orders(account) {
                self.private.load_order(view.order, change_of(&view));
            }
        }
        for view in clearing.all_positions() {
            self.private.load_position(view);
            self.worths.assume_position(&view);
        }
        for call in clearing.margin_calls() {
            self.private.on_call(&call);
        }
    }

    /// How the platform's funds stand, by asset.
    pub fn reserves(&self) -> Vec<ReservesNow> {
        let (assets, none) = (self.instruments.assets().iter(), Lending::default());
        let mut reserves: Vec<ReservesNow> = assets
            .map(|asset| ReservesNow {
                pool: self.margin.free(Reserve::LendingPool, asset.id),
                insurance: self.margin.free(Reserve::InsuranceFund, asset.id),
                lent: 0,
                lending: *self.lending.get(usize::from(asset.id.0)).unwrap_or(&none),
            })
            .collect();
        for open in self.private.all_positions() {
            let view = &open.view;
            let Some(pair) = self.instruments.get(view.pair).map(|it| &it.pair) else {
                continue;
            };
            let (asset, owed) = match view.side {
                PositionSide::Long => (pair.quote(), Some(view.cost)),
                PositionSide::Short => (pair.base(), pair.base_amount(view.size)),
            };
            if let Some(now) = reserves.get_mut(usize::from(asset.0)) {
                now.lent += u128::from(owed.unwrap_or_default().units());
            }
        }
        reserves
    }
}

/// An open order's figures as its last change would tell them.
fn change_of(view: &engine::clearing::OrderView) -> OrderChange {
    OrderChange {
        account: view.order.account,
        order: view.order.order,
        pair: view.order.pair,
        status: view.status,
        price: view.order.price,
        quantity: view.order.quantity,
        filled: view.filled,
        leaves: view.leaves,
        notional: view.notional,
        fees: view.fees,
        fill: None,
        reason: None,
        sequence: None,
    }
}
