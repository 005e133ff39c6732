//! What one user may see: open orders, balances, the order events of late, the portfolio.
//!
//! In: `Accepted`, `Order` and `Balance` reports, in order. Out: views of them, and for each
//! change of an order its place in the user's own gapless counter, `userSequence`.
//!
//! Invariants: an order is among the open ones from its first change until its last;
//! `userSequence` steps once a change of an order. Complexity: O(log open orders) a report.
//! Limits: so many order events a user are kept for those who come back, the oldest go first.

mod history;
mod image;
mod portfolio;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};

use engine::domain::{AccountId, Amount, AssetId, ClientOrderId, OrderId, PairId};
use engine::report::{AcceptedOrder, OrderChange};

pub use self::history::{Earlier, History};
pub use self::image::ImageError;
pub use self::portfolio::{Portfolio, Valuation};

/// The private view of all users.
#[derive(Debug)]
pub struct PrivateData {
    assets: usize,
    replay_events: usize,
    users: BTreeMap<AccountId, UserData>,
}

/// One change of one order, at its place in its user's counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderEvent {
    /// The place.
    pub user_sequence: u64,
    /// What the order started with.
    pub order: AcceptedOrder,
    /// The change.
    pub change: OrderChange,
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
    orders: BTreeMap<OrderId, (AcceptedOrder, Option<OrderChange>)>,
    events: VecDeque<OrderEvent>,
    holdings: Vec<Holding>,
}

impl PrivateData {
    /// Nobody yet, of an exchange with so many assets; of each user `replay_events` are kept.
    pub fn new(assets: usize, replay_events: usize) -> PrivateData {
        PrivateData {
            assets,
            replay_events,
            users: BTreeMap::new(),
        }
    }

    /// Takes an open order as it stands, where the exchange did not begin empty.
    pub fn load_order(&mut self, order: AcceptedOrder, change: OrderChange) {
        let user = self.user_mut(order.account);
        user.orders.insert(order.order, (order, Some(change)));
    }

    /// Takes up the counters, open orders and kept events of `earlier`; holdings stay.
    pub fn take_up(&mut self, earlier: PrivateData) {
        for (account, data) in earlier.users {
            let user = self.user_mut(account);
            user.user_sequence = data.user_sequence;
            user.orders = data.orders;
            user.events = data.events;
        }
    }

    /// Takes an order that was accepted. Nothing is said of it before its first change.
    pub fn on_accepted(&mut self, order: &AcceptedOrder) {
        let user = self.user_mut(order.account);
        user.orders.insert(order.order, (*order, None));
    }

    /// Takes the change of an order; `None` where the order is unknown, which is our bug.
    pub fn on_change(&mut self, change: &OrderChange) -> Option<OrderEvent> {
        let kept = self.replay_events;
        let user = self.user_mut(change.account);
        let (order, last) = user.orders.get_mut(&change.order)?;
        *last = Some(*change);
        let order = *order;
        if change.status.is_final() {
            user.orders.remove(&change.order);
        }
        user.user_sequence += 1;
        let event = OrderEvent {
            user_sequence: user.user_sequence,
            order,
            change: *change,
        };
        while user.events.len() >= kept.max(1) {
            user.events.pop_front();
        }
        user.events.push_back(event);
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
    pub fn open_orders(
        &self,
        account: AccountId,
        pair: Option<PairId>,
    ) -> impl Iterator<Item = (&AcceptedOrder, &OrderChange)> {
        let orders = self
            .users
            .get(&account)
            .into_iter()
            .flat_map(|it| &it.orders);
        orders
            .filter_map(|(_, (order, change))| Some((order, change.as_ref()?)))
            .filter(move |(order, _)| pair.is_none_or(|pair| order.pair == pair))
    }

    /// The pair and the client's own name of an order that is open or changed of late.
    pub fn order(&self, account: AccountId, order: OrderId) -> Option<&AcceptedOrder> {
        let user = self.users.get(&account)?;
        let open = user.orders.get(&order).map(|(order, _)| order);
        open.or_else(|| {
            let mut events = user.events.iter().rev();
            events
                .find(|it| it.order.order == order)
                .map(|it| &it.order)
        })
    }

    /// The client's own name of an order.
    pub fn client_order_id(&self, account: AccountId, order: OrderId) -> Option<ClientOrderId> {
        self.order(account, order)?.client_order_id
    }

    /// What came after `since`, oldest first; `None` where some of it is no longer kept, or
    /// where that has not come yet.
    pub fn events_after(
        &self,
        account: AccountId,
        since: u64,
    ) -> Option<impl Iterator<Item = &OrderEvent>> {
        static NONE: VecDeque<OrderEvent> = VecDeque::new();
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

    fn user_mut(&mut self, account: AccountId) -> &mut UserData {
        self.users.entry(account).or_default()
    }
}
