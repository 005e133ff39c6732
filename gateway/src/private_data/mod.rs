//! What one user may see: open orders, positions, balances, the events of late, the portfolio.
//!
//! In: `Accepted`, `Order`, `Position`, `MarginCall` and `Balance` reports, in order. Out: views of
//! them, and for each change of an order or a position its place in the user's own gapless counter,
//! `userSequence`.
//!
//! Invariants: an order is among the open ones from its first change until its last, and in the
//! history from then on; `userSequence` steps once a change of an order or a position; what is
//! kept depends on the reports and their times alone, so that a restart keeps the same. Complexity: O(log orders)
//! a report. Limits: [`Kept`], the oldest go first.

mod equity;
mod history;
mod image;
pub mod margin;
mod portfolio;
mod positions;
#[cfg(test)]
mod tests;
mod worth;

use std::collections::{BTreeMap, VecDeque};

use engine::domain::{
    AccountId, Amount, AssetId, ClientOrderId, OrderId, PositionId, Special, Timestamp,
};
use engine::report::{AcceptedOrder, OrderChange, OrderReason};

use self::history::History;

pub use self::history::FillEvent;
pub use self::image::ImageError;
pub use self::portfolio::{Portfolio, Valuation};
pub use self::positions::{Call, OpenPosition, PositionEvent};
pub use self::worth::{Earlier, Worths};

/// The private view of all users.
#[derive(Debug)]
pub struct PrivateData {
    assets: usize,
    kept: Kept,
    users: BTreeMap<AccountId, UserData>,
}

/// How much of a user is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Events of orders and positions, for those who come back.
    pub events: usize,
    /// Ended orders, and as many fills.
    pub history: usize,
    /// For how long those are kept, in milliseconds.
    pub history_ms: u64,
}

/// One order: what it is, and how it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderRecord {
    /// What it started with; but the target of a one-cancels-other order is the one that it has.
    pub order: AcceptedOrder,
    /// Whether its stop was reached.
    pub is_triggered: bool,
    /// Its last change; `None` as long as it is only accepted.
    pub change: Option<OrderChange>,
}

/// One change of one order, at its place in its user's counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderEvent {
    /// The place.
    pub user_sequence: u64,
    /// The order after the change, which is its last.
    pub record: OrderRecord,
}

/// One thing that a user was told in its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserEvent {
    /// An order changed.
    Order(OrderEvent),
    /// A position changed.
    Position(PositionEvent),
}

impl UserEvent {
    /// The place.
    pub const fn user_sequence(&self) -> u64 {
        match self {
            UserEvent::Order(event) => event.user_sequence,
            UserEvent::Position(event) => event.user_sequence,
        }
    }
}

/// What a user has of one asset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Holding {
    /// What can be spent.
    pub available: Amount,
    /// What is held for open orders.
    pub held: Amount,
}

impl Holding {
    /// Both together.
    pub fn total(self) -> u128 {
        u128::from(self.available.units()) + u128::from(self.held.units())
    }

    /// Both together as 64 bits, which all there is of an asset fits in.
    pub fn units(self) -> u64 {
        self.available.units().saturating_add(self.held.units())
    }
}

#[derive(Debug, Default)]
struct UserData {
    user_sequence: u64,
    orders: BTreeMap<OrderId, OrderRecord>,
    /// The newest order under each of the client's own names, as long as it is known.
    names: BTreeMap<ClientOrderId, OrderId>,
    events: VecDeque<UserEvent>,
    positions: BTreeMap<PositionId, OpenPosition>,
    history: History,
    holdings: Vec<Holding>,
}

impl OrderRecord {
    fn take(&mut self, change: &OrderChange) {
        self.is_triggered |= change.reason == Some(OrderReason::Triggered);
        if matches!(self.order.special, Special::Oco { .. }) && !self.is_triggered {
            self.order.price = change.price;
        }
        self.change = Some(*change);
    }
}

impl UserData {
    fn insert(&mut self, record: OrderRecord) {
        let order = record.order;
        if let Some(name) = order.client_order_id {
            self.names.insert(name, order.order);
        }
        self.orders.insert(order.order, record);
    }

    /// Adds an event; the oldest beyond what is kept go.
    fn keep(&mut self, kept: Kept, event: UserEvent) {
        while self.events.len() >= kept.events.max(1) {
            self.events.pop_front();
        }
        self.events.push_back(event);
    }

    /// Forgets ended orders and fills beyond what is kept, and the names of those.
    fn forget(&mut self, kept: Kept, now: Timestamp) {
        while let Some(order) = self.history.forget(kept, now) {
            if let Some(name) = order.client_order_id
                && self.names.get(&name) == Some(&order.order)
            {
                self.names.remove(&name);
            }
        }
    }
}

impl PrivateData {
    /// Nobody yet, of an exchange with so many assets; of each user so much is kept.
    pub fn new(assets: usize, kept: Kept) -> PrivateData {
        PrivateData {
            assets,
            kept,
            users: BTreeMap::new(),
        }
    }

    /// Takes an open order as it stands, where the exchange did not begin empty.
    pub fn load_order(&mut self, order: AcceptedOrder, change: OrderChange) {
        let record = OrderRecord {
            order,
            is_triggered: false,
            change: Some(change),
        };
        self.user_mut(order.account).insert(record);
    }

    /// Takes up the counters, orders and kept events of `earlier`; holdings and positions stay.
    pub fn take_up(&mut self, earlier: PrivateData) {
        for (account, data) in earlier.users {
            let user = self.user_mut(account);
            let holdings = std::mem::take(&mut user.holdings);
            let positions = std::mem::take(&mut user.positions);
            *user = UserData {
                holdings,
                positions,
                ..data
            };
        }
    }

    /// Takes an order that was accepted. Nothing is said of it before its first change.
    pub fn on_accepted(&mut self, order: &AcceptedOrder) {
        let record = OrderRecord {
            order: *order,
            is_triggered: false,
            change: None,
        };
        self.user_mut(order.account).insert(record);
    }

    /// Takes the change of an order at `time`; `None` where the order is unknown, which is our
    /// bug.
    pub fn on_change(&mut self, change: &OrderChange, time: Timestamp) -> Option<OrderEvent> {
        let kept = self.kept;
        let user = self.user_mut(change.account);
        let record = user.orders.get_mut(&change.order)?;
        record.take(change);
        let record = *record;
        user.user_sequence += 1;
        let event = OrderEvent {
            user_sequence: user.user_sequence,
            record,
        };
        if let Some(fill) = change.fill {
            user.history.fill(FillEvent {
                user_sequence: event.user_sequence,
                order: record.order.order,
                client_order_id: record.order.client_order_id,
                pair: record.order.pair,
                side: record.order.side,
                fill,
                time,
            });
        }
        if change.status.is_final() {
            user.orders.remove(&change.order);
            user.history.finish(record, time);
        }
        user.forget(kept, time);
        user.keep(kept, UserEvent::Order(event));
        Some(event)
    }

    /// Takes a balance as it now is.
    pub fn on_balance(
        &mut self,
        account: AccountId,
        asset: AssetId,
        available: Amount,
        held: Amount,
    ) {
        let assets = self.assets;
        let user = self.user_mut(account);
        user.holdings.resize(assets, Holding::default());
        if let Some(holding) = user.holdings.get_mut(usize::from(asset.0)) {
            *holding = Holding { available, held };
        }
    }

    /// All who are known.
    pub fn accounts(&self) -> Vec<AccountId> {
        self.users.keys().copied().collect()
    }

    /// The user's counter: the place of the last change.
    pub fn user_sequence(&self, account: AccountId) -> u64 {
        self.users
            .get(&account)
            .map_or(0, |user| user.user_sequence)
    }

    /// The open orders of a user, by ascending id, each with its last change.
    pub fn open_orders(&self, account: AccountId) -> impl Iterator<Item = &OrderRecord> {
        self.open_orders_after(account, OrderId(0))
    }

    /// As [`PrivateData::open_orders`], those behind `after`.
    pub fn open_orders_after(
        &self,
        account: AccountId,
        after: OrderId,
    ) -> impl Iterator<Item = &OrderRecord> {
        let user = self.users.get(&account).into_iter();
        let orders = user.flat_map(move |user| user.orders.range(behind(after)));
        orders
            .map(|(_, record)| record)
            .filter(|record| record.change.is_some())
    }

    /// The orders of a user that ended and are still remembered at `now`, by ascending id, those
    /// behind `after`.
    pub fn finished_orders_after(
        &self,
        account: AccountId,
        after: OrderId,
        now: Timestamp,
    ) -> impl Iterator<Item = &OrderRecord> {
        let since = self.history_begins(now);
        let user = self.users.get(&account).into_iter();
        user.flat_map(move |user| user.history.orders_after(after, since))
    }

    /// The fills of a user that are still remembered at `now`, oldest first, those behind the
    /// `userSequence` `after`.
    pub fn fills_after(
        &self,
        account: AccountId,
        after: u64,
        now: Timestamp,
    ) -> impl Iterator<Item = &FillEvent> {
        let since = self.history_begins(now);
        let user = self.users.get(&account).into_iter();
        user.flat_map(move |user| user.history.fills_after(after, since))
    }

    /// An order that is open, or ended and still remembered.
    pub fn order(&self, account: AccountId, order: OrderId) -> Option<&OrderRecord> {
        let user = self.users.get(&account)?;
        let open = user.orders.get(&order);
        open.or_else(|| user.history.order(order))
    }

    /// The newest order that has this name of its owner's.
    pub fn order_by_name(&self, account: AccountId, name: ClientOrderId) -> Option<&OrderRecord> {
        let order = *self.users.get(&account)?.names.get(&name)?;
        self.order(account, order)
    }

    /// What came after `since`, oldest first; `None` where some of it is no longer kept, or
    /// where that has not come yet.
    pub fn events_after(
        &self,
        account: AccountId,
        since: u64,
    ) -> Option<impl Iterator<Item = &UserEvent>> {
        static NONE: VecDeque<UserEvent> = VecDeque::new();
        let (last, events) = match self.users.get(&account) {
            Some(user) => (user.user_sequence, &user.events),
            None => (0, &NONE),
        };
        let missed = last.checked_sub(since)?;
        let skip = events.len().checked_sub(usize::try_from(missed).ok()?)?;
        Some(events.iter().skip(skip))
    }

    /// What a user has, by asset.
    pub fn holdings(&self, account: AccountId) -> impl Iterator<Item = (AssetId, Holding)> {
        let holdings = self.users.get(&account).map(|user| &user.holdings);
        (0..self.assets).map(move |index| {
            let asset =
                AssetId(u16::try_from(index).expect("invariant: assets are numbered by u16"));
            let holding = holdings.and_then(|it| it.get(index));
            (asset, holding.copied().unwrap_or_default())
        })
    }

    fn history_begins(&self, now: Timestamp) -> Timestamp {
        Timestamp(now.0.saturating_sub(self.kept.history_ms))
    }

    fn user_mut(&mut self, account: AccountId) -> &mut UserData {
        self.users.entry(account).or_default()
    }
}

/// The range of the ids behind `after`.
fn behind(after: OrderId) -> (std::ops::Bound<OrderId>, std::ops::Bound<OrderId>) {
    use std::ops::Bound::{Excluded, Unbounded};
    (Excluded(after), Unbounded)
}
