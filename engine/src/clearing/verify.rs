//! The full walk: every invariant of clearing, for tests and for a stopped exchange.

use crate::domain::{
    AccountId, Amount, AssetId, CommandSequence, Funding, OrderId, OrderKey, PairId,
};

use super::deadlines::Due;
use super::market::{Market, Work};
use super::order::OpenOrder;
use super::order_table::Location;
use super::settle::hold_asset;
use super::{Clearing, Violation};

macro_rules! ensure {
    ($holds:expr, $($text:tt)+) => {
        if !$holds {
            return Err(Violation(format!($($text)+)));
        }
    };
}

impl Clearing {
    /// Walks everything that is kept and says the first thing that is wrong. Holds between any
    /// two events, with any number of commands in flight. Time and memory grow with all that
    /// is kept.
    pub fn verify(&self) -> Result<(), Violation> {
        self.verify_sums()?;
        self.verify_holds()?;
        let mut known = 0;
        for market in &self.markets {
            self.verify_orders(market)?;
            self.verify_lists(market)?;
            self.verify_finished(market)?;
            self.verify_flight(market)?;
            known += market.orders.len() + market.finished.len();
        }
        let indexed = self.orders.known();
        ensure!(
            indexed == known,
            "the table knows {indexed} orders, there are {known}"
        );
        self.verify_margin()?;
        self.verify_deadlines()?;
        ensure!(
            self.keys.is_whole() && self.keys.len() <= self.config.max_transfers as usize,
            "the memory of keys is out of order, or larger than it may be"
        );
        let most = self.config.max_revocations as usize;
        ensure!(
            self.revocations.is_whole() && self.revocations.len() <= most,
            "what is revoked is out of order, or more than it may be"
        );
        self.verify_client_ids()
    }

    // L-1
    fn verify_sums(&self) -> Result<(), Violation> {
        for asset in (0..self.config.assets).map(AssetId) {
            let totals = self.ledger.totals(asset);
            let sum = totals.sum();
            let inside = u128::from(totals.inside.units());
            ensure!(
                sum == inside,
                "accounts, fees, funds and positions have {sum} of {asset:?}, {inside} came in"
            );
        }
        Ok(())
    }

    // L-2
    fn verify_holds(&self) -> Result<(), Violation> {
        let assets = usize::from(self.config.assets);
        let mut held = vec![0_u128; self.accounts.len() as usize * assets];
        for market in &self.markets {
            for (_, open) in market.orders.iter() {
                let asset = match open.order.funding {
                    Funding::Spot => hold_asset(market, open.order.side),
                    Funding::Margin { .. } => market.pair.quote(),
                    Funding::ReduceOnly | Funding::Liquidation | Funding::Backstop => continue,
                };
                let index = open.order.account.0 as usize * assets + usize::from(asset.0);
                held[index] += u128::from(open.held.units());
            }
        }
        for account in (0..self.accounts.len()).map(AccountId) {
            for asset in (0..self.config.assets).map(AssetId) {
                let booked = u128::from(self.ledger.balance(account, asset).held.units());
                let orders = held[account.0 as usize * assets + usize::from(asset.0)];
                let orders = orders + self.held_by_margin(account, asset);
                ensure!(
                    booked == orders,
                    "{account:?} has {booked} of {asset:?} held, its orders hold {orders}"
                );
            }
        }
        Ok(())
    }

    // L-5, L-6, L-12
    fn verify_orders(&self, market: &Market) -> Result<(), Violation> {
        for (key, open) in market.orders.iter() {
            let id = open.order.id;
            let needed = open.needed(&market.pair);
            let needed = needed.unwrap_or(Amount::MAX);
            let exact = open.amends.count == 0;
            ensure!(
                open.held == needed || (!exact && open.held > needed),
                "{id:?} holds {:?} and needs {needed:?}",
                open.held
            );
            let sum = open.order.filled.lots() + open.leaves.lots();
            ensure!(
                sum == open.order.quantity.lots() || open.leaves.is_zero(),
                "{id:?} has {sum} lots filled and left, of {:?}",
                open.order.quantity
            );
            let (pair, slot) = (market.id(), key.slot);
            let indexed = self.orders.get(id);
            ensure!(
                indexed == Location::Open { pair, slot },
                "{id:?} is in slot {slot} of {pair:?}, the table says {indexed:?}"
            );
            if let Some(name) = &open.order.client_order_id {
                let named = self.accounts.client_id(open.order.account, name);
                ensure!(
                    named == Some(id),
                    "{id:?} is named {name:?}, which is {named:?}"
                );
            }
        }
        Ok(())
    }

    fn verify_lists(&self, market: &Market) -> Result<(), Violation> {
        let mut listed = 0;
        for account in (0..self.accounts.len()).map(AccountId) {
            let list = self.accounts.open_list(account, market.id());
            let mut before: Option<(OrderKey, OrderId)> = None;
            let mut count = 0;
            for (key, open) in market.orders.of_list(&list) {
                let id = open.order.id;
                ensure!(
                    open.order.account == account,
                    "{id:?} of {:?} is listed under {account:?}",
                    open.order.account
                );
                ensure!(
                    open.older == before.map(|(key, _)| key.slot)
                        && before.is_none_or(|(_, older)| older < id),
                    "{id:?} is out of place in the list of {account:?}"
                );
                before = Some((key, id));
                count += 1;
            }
            let newest = before.map(|(key, _)| key.slot);
            ensure!(
                list.count == count && list.newest == newest,
                "{account:?} has {count} orders in {:?}, its list says {}",
                market.id(),
                list.count
            );
            listed += count as usize;
        }
        ensure!(
            listed == market.orders.len(),
            "{} orders are open in {:?}, {listed} are listed",
            market.orders.len(),
            market.id()
        );
        Ok(())
    }

    // L-18
    fn verify_finished(&self, market: &Market) -> Result<(), Violation> {
        let mut before = None;
        for ended in market.finished.iter() {
            let id = ended.order.id;
            let location = self.orders.get(id);
            let found = match location {
                Location::Ended { pair, position } if pair == market.id() => {
                    market.finished.get(position)
                }
                Location::Ended { .. } | Location::Open { .. } | Location::Nowhere => None,
            };
            ensure!(
                found == Some(ended),
                "{id:?} ended in {:?}, the table says {location:?}",
                market.id()
            );
            ensure!(
                ended.status.is_final(),
                "{id:?} ended as {:?}",
                ended.status
            );
            ensure!(
                before.is_none_or(|before| before <= ended.at),
                "{id:?} ended before the one that ended before it"
            );
            before = Some(ended.at);
        }
        Ok(())
    }

    // L-28, L-29
    fn verify_deadlines(&self) -> Result<(), Violation> {
        let mut known = 0;
        for account in (0..self.accounts.len()).map(AccountId) {
            if let Some(at) = self.accounts.cancel_after(account) {
                known += 1;
                ensure!(
                    self.deadlines.contains(at, Due::Account(account)),
                    "{account:?} is to be cancelled at {at:?}, which no deadline says"
                );
            }
        }
        for market in &self.markets {
            let (pair, settling) = (market.id(), !market.in_flight.is_empty());
            let due = market.reference.due().map(|at| (at, Due::Reference(pair)));
            let reopening = market.reopens_at.map(|at| (at, Due::Reopening(pair)));
            known += market
                .margin
                .as_ref()
                .map_or(0, |margin| margin.known_deadlines(pair, &self.deadlines));
            for (at, due) in due.into_iter().chain(reopening) {
                let waits = self.deadlines.contains(at, due);
                known += usize::from(waits);
                ensure!(
                    waits || settling,
                    "{due:?} at {at:?} is said by no deadline"
                );
            }
            for (_, open) in market.orders.iter() {
                let Some(at) = open.order.expires_at else {
                    continue;
                };
                let id = open.order.id;
                let waits = self.deadlines.contains(at, Due::Order(id));
                known += usize::from(waits);
                ensure!(
                    waits || !market.in_flight.is_empty(),
                    "{id:?} expires at {at:?}, which no deadline says"
                );
            }
        }
        let kept = self.deadlines.len();
        ensure!(
            kept == known,
            "{kept} deadlines are kept, {known} are of something"
        );
        Ok(())
    }

    fn verify_flight(&self, market: &Market) -> Result<(), Violation> {
        let mut before = CommandSequence::default();
        let mut amends = 0;
        for flight in &market.in_flight {
            ensure!(
                before < flight.sequence && flight.sequence <= self.last_sequence,
                "{:?} is out of place in flight",
                flight.sequence
            );
            before = flight.sequence;
            let open: Option<&OpenOrder> = market.orders.get(flight.key);
            if flight.work == Work::Place {
                // The first may be past its own fate, and go on with what it set off.
                let goes_on = flight == &market.in_flight[0] && !market.touched.is_empty();
                ensure!(
                    open.is_some() || goes_on,
                    "{:?} is in flight and unknown",
                    flight.order
                );
            }
            amends += usize::from(open.is_some() && matches!(flight.work, Work::Replace { .. }));
        }
        let counted: usize = market
            .orders
            .iter()
            .map(|(_, open)| open.amends.count as usize)
            .sum();
        ensure!(
            amends == counted || !market.touched.is_empty(),
            "{amends} amends are in flight in {:?}, orders count {counted}",
            market.id()
        );
        Ok(())
    }

    // L-17
    fn verify_client_ids(&self) -> Result<(), Violation> {
        for account in (0..self.accounts.len()).map(AccountId) {
            for (name, id) in self.accounts.client_ids(account) {
                let order = match self.orders.get(*id) {
                    Location::Nowhere => None,
                    Location::Open { pair, slot } => {
                        let open = self.open_in(pair, slot);
                        open.map(|open| &open.order)
                    }
                    Location::Ended { pair, position } => {
                        let market = self.market(pair);
                        let ended = market.and_then(|market| market.finished.get(position));
                        ended.map(|ended| &ended.order)
                    }
                };
                let agrees = order.is_some_and(|order| {
                    order.account == account && order.client_order_id == Some(*name)
                });
                ensure!(
                    agrees,
                    "{account:?} calls {id:?} {name:?}, which is not its name"
                );
            }
        }
        Ok(())
    }

    fn open_in(&self, pair: PairId, slot: u32) -> Option<&OpenOrder> {
        let (_, open) = self.market(pair)?.orders.in_slot(slot)?;
        Some(open)
    }
}
