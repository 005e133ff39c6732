//! A state that was written down is taken up again, after all of it was checked.

use crate::clearing::deadlines::Due;
use crate::clearing::ledger::FeeMeter;
use crate::clearing::margin::Margin;
use crate::clearing::order::{FinishedOrder, OpenOrder, Order, OrderStage};
use crate::clearing::order_table::Location;
use crate::clearing::reference::Reference;
use crate::clearing::{Clearing, ExchangeConfig, Violation};
use crate::command::{StopTerms, Terms};
use crate::domain::{AssetId, OrderId, OrderKey, TimeInForce, TradingStatus};

use super::{
    BreakerState, ClearingState, MarginState, MarketState, OpenOrderState, OrderState, RestoreError,
};

/// No counter of commands, orders or events comes near this: a trade's name has 52 bits for its
/// sequence, which at a million a second are 142 years.
const MAX_COUNT: u64 = 1 << 52;

impl Clearing {
    /// Takes up a state that [`Clearing::state`] gave, after checking all of it.
    pub fn restore(
        config: ExchangeConfig,
        state: &ClearingState,
    ) -> Result<Clearing, RestoreError> {
        let mut clearing = Clearing::new(config)?;
        clearing.last_sequence = state.last_sequence;
        clearing.last_time = state.last_time;
        clearing.next_order = state.next_order;
        let counts = [state.last_sequence.0, state.next_order.0];
        let events = state.markets.iter().map(|market| market.last_event.0);
        let highest = counts.into_iter().chain(events).max();
        ensure!(
            highest < Some(MAX_COUNT) && state.next_order >= OrderId(1),
            "a counter stands at {highest:?}"
        );
        clearing.restore_accounts(state)?;
        let pairs = clearing.markets.len();
        ensure!(
            state.markets.len() == pairs,
            "it has {} pairs, the configuration {pairs}",
            state.markets.len()
        );
        for (index, market) in state.markets.iter().enumerate() {
            clearing.restore_market(index, market)?;
        }
        clearing.restore_keys(state)?;
        clearing.restore_revoked(&state.revoked)?;
        clearing
            .verify()
            .map_err(|Violation(what)| RestoreError::State(what))?;
        Ok(clearing)
    }

    fn restore_accounts(&mut self, state: &ClearingState) -> Result<(), RestoreError> {
        let assets = usize::from(self.config.assets);
        ensure!(
            state.assets.len() == assets,
            "it has {} assets, the configuration {assets}",
            state.assets.len()
        );
        ensure!(
            state.accounts.len() <= self.config.max_accounts as usize,
            "it has {} accounts, at most {} may be",
            state.accounts.len(),
            self.config.max_accounts
        );
        for (asset, kept) in (0..self.config.assets).map(AssetId).zip(&state.assets) {
            self.ledger.restore_asset(asset, kept);
        }
        for account in &state.accounts {
            let name = account.name.as_str();
            ensure!(
                self.accounts.by_name(&account.name).is_none(),
                "two accounts are named {name}"
            );
            ensure!(
                account.balances.len() == assets,
                "{name} has {} balances for {assets} assets",
                account.balances.len()
            );
            let number = self.open_account(account.name);
            for (asset, balance) in (0..self.config.assets).map(AssetId).zip(&account.balances) {
                self.ledger.restore_balance(number, asset, *balance);
            }
            self.set_cancel_after(number, account.cancel_after);
            self.accounts.set_limits(number, account.limits);
        }
        Ok(())
    }

    fn restore_market(&mut self, index: usize, state: &MarketState) -> Result<(), RestoreError> {
        let limit = self.config.max_orders_per_pair as usize;
        ensure!(
            state.open.len() <= limit,
            "{} orders are open in a pair, at most {limit} may be",
            state.open.len()
        );
        ensure!(
            state.finished.len() <= self.config.max_finished_per_pair as usize,
            "{} ends are remembered in a pair, at most {} may be",
            state.finished.len(),
            self.config.max_finished_per_pair
        );
        let market = &mut self.markets[index];
        market.status = state.status;
        market.last_trade = state.last_trade;
        market.last_event = state.last_event;
        self.restore_breaker(index, state.breaker.as_ref())?;
        self.restore_margin(index, state.margin.as_ref())?;
        let mut before = OrderId(0);
        for open in &state.open {
            let id = open.order.id;
            ensure!(before < id, "{id:?} is out of place among the open");
            before = id;
            self.restore_open(index, open)?;
        }
        for ended in &state.finished {
            let id = ended.order.id;
            self.check_order(&ended.order)?;
            ensure!(
                ended.status.is_final() && ended.at <= self.last_time,
                "{id:?} ended as {:?} at {:?}",
                ended.status,
                ended.at
            );
            let market = &mut self.markets[index];
            let pair = market.id();
            let position = market.finished.push(FinishedOrder {
                order: order_of_state(&ended.order),
                status: ended.status,
                at: ended.at,
            });
            self.index_order(&ended.order, Location::Ended { pair, position });
        }
        Ok(())
    }

    fn restore_breaker(
        &mut self,
        index: usize,
        state: Option<&BreakerState>,
    ) -> Result<(), RestoreError> {
        let market = &mut self.markets[index];
        let pair = market.id();
        ensure!(
            market.pair.breaker().is_some() == state.is_some(),
            "{pair:?} has a circuit breaker and had none, or had one and has none"
        );
        let Some(state) = state else {
            return Ok(());
        };
        let reference = Reference::of(state.reference, &state.closes);
        let Some(reference) = reference else {
            ensure!(false, "{pair:?} has its minutes out of order");
            return Ok(());
        };
        ensure!(
            state.reopens_at.is_none() || market.status == TradingStatus::Halted,
            "{pair:?} is to open and is not halted"
        );
        market.reference = reference;
        market.reopens_at = state.reopens_at;
        if let Some(due) = market.reference.due() {
            self.deadlines.add(due, Due::Reference(pair));
        }
        if let Some(at) = state.reopens_at {
            self.deadlines.add(at, Due::Reopening(pair));
        }
        Ok(())
    }

    fn restore_margin(
        &mut self,
        index: usize,
        state: Option<&MarginState>,
    ) -> Result<(), RestoreError> {
        let accounts = self.accounts.len();
        let market = &mut self.markets[index];
        ensure!(
            market.margin.is_some() == state.is_some(),
            "{:?} is on margin and was not, or was and is not",
            market.id()
        );
        if let Some(state) = state {
            Margin::restore(market, state, accounts, &mut self.deadlines)
                .map_err(RestoreError::State)?;
            Margin::restore_ledger(market, &mut self.ledger);
        }
        Ok(())
    }

    fn restore_open(&mut self, index: usize, state: &OpenOrderState) -> Result<(), RestoreError> {
        let id = state.order.id;
        self.check_order(&state.order)?;
        let market = &mut self.markets[index];
        let mut open = OpenOrder::new(order_of_state(&state.order), state.held);
        open.leaves = state.leaves;
        // Nothing is in flight, so its acceptance was told.
        open.announced = true;
        open.stage = state.stage;
        ensure!(
            stage_fits(state),
            "{id:?} cannot be {:?}: {:?}",
            state.stage,
            state.order.terms
        );
        let needed = open.needed(&market.pair);
        ensure!(
            needed == Some(state.held),
            "{id:?} holds {:?} and needs {needed:?}",
            state.held
        );
        ensure!(
            !state.leaves.is_zero()
                && state.order.filled.checked_add(state.leaves) == Some(state.order.quantity)
                && (state.order.time_in_force == TimeInForce::GoodTillCancelled
                    || state.stage == OrderStage::Waiting),
            "{id:?} does not rest with {:?} of {:?}",
            state.leaves,
            state.order.quantity
        );
        if open.order.funding.is_margin() {
            Margin::restore_order(market, &mut self.ledger, &mut open)
                .map_err(RestoreError::State)?;
        }
        let pair = market.id();
        let list = self.accounts.open_list_mut(state.order.account, pair);
        let OrderKey { slot, .. } = market.orders.insert(open, list);
        self.index_order(&state.order, Location::Open { pair, slot });
        if let Some(at) = state.order.expires_at {
            self.deadlines.add(at, Due::Order(id));
        }
        Ok(())
    }

    /// Whether the order may be one more.
    fn check_order(&self, order: &OrderState) -> Result<(), RestoreError> {
        let id = order.id;
        ensure!(
            OrderId(1) <= id && id < self.next_order && self.orders.get(id) == Location::Nowhere,
            "{id:?} is there twice, or was never given out"
        );
        ensure!(
            self.accounts.contains(order.account),
            "{id:?} is of {:?}, which is unknown",
            order.account
        );
        ensure!(
            order.fee_credit < 10_000,
            "{id:?} has a fee credit of {}",
            order.fee_credit
        );
        let taken = order
            .client_order_id
            .and_then(|name| self.accounts.client_id(order.account, &name));
        ensure!(taken.is_none(), "{id:?} and {taken:?} have one client id");
        Ok(())
    }

    fn index_order(&mut self, order: &OrderState, location: Location) {
        self.orders.set(order.id, location);
        if let Some(name) = order.client_order_id {
            self.accounts.set_client_id(order.account, name, order.id);
        }
    }
}

/// Whether an open order on its terms may be where it is said to be.
fn stage_fits(state: &OpenOrderState) -> bool {
    match (state.order.terms, state.stage) {
        (Terms::Plain | Terms::Iceberg { .. } | Terms::Stop(_), OrderStage::Book) => true,
        // One that was set off before the pair halted waits for it to open.
        (Terms::Stop(StopTerms::Oco { .. }), _) => true,
        (Terms::Stop(StopTerms::Fixed { .. } | StopTerms::Trailing { .. }), stage) => {
            stage == OrderStage::Waiting && state.order.filled.is_zero()
        }
        (Terms::Plain | Terms::Iceberg { .. }, _) => false,
    }
}

fn order_of_state(state: &OrderState) -> Order {
    Order {
        id: state.id,
        account: state.account,
        price: state.price,
        quantity: state.quantity,
        filled: state.filled,
        notional: state.notional,
        fees: FeeMeter::of(state.fees, state.fee_credit),
        first_price: state.first_price,
        first_quantity: state.first_quantity,
        side: state.side,
        market: state.market,
        time_in_force: state.time_in_force,
        post_only: state.post_only,
        self_trade: state.self_trade,
        client_order_id: state.client_order_id,
        terms: state.terms,
        expires_at: state.expires_at,
        funding: state.funding,
    }
}
