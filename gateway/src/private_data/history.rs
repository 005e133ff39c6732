//! What one user's orders came to: those that ended, by id, and the fills, in their order.

use std::collections::{BTreeMap, VecDeque};

use engine::domain::{ClientOrderId, OrderId, PairId, Side, Timestamp};
use engine::report::{AcceptedOrder, Fill};

use super::{Kept, OrderRecord, behind};

/// One fill of one order, at its place in its user's counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FillEvent {
    /// The place of the update that told of it.
    pub user_sequence: u64,
    /// Of which order.
    pub order: OrderId,
    /// The client's own name for that.
    pub client_order_id: Option<ClientOrderId>,
    /// In which pair.
    pub pair: PairId,
    /// Which way the order went.
    pub side: Side,
    /// The fill.
    pub fill: Fill,
    /// When it happened.
    pub time: Timestamp,
}

/// What ended, and what was filled.
#[derive(Debug, Default)]
pub(super) struct History {
    orders: BTreeMap<OrderId, (OrderRecord, Timestamp)>,
    /// In the order in which they ended.
    ends: VecDeque<OrderId>,
    fills: VecDeque<FillEvent>,
}

impl History {
    pub(super) fn fill(&mut self, fill: FillEvent) {
        self.fills.push_back(fill);
    }

    pub(super) fn finish(&mut self, record: OrderRecord, at: Timestamp) {
        let order = record.order.order;
        self.orders.insert(order, (record, at));
        self.ends.push_back(order);
    }

    /// Forgets fills beyond what is kept, and one ended order, which it returns; `None` when no
    /// more is to be forgotten.
    pub(super) fn forget(&mut self, kept: Kept, now: Timestamp) -> Option<AcceptedOrder> {
        while let Some(oldest) = self.fills.front()
            && (self.fills.len() > kept.history || now.since(oldest.time) > kept.history_ms)
        {
            self.fills.pop_front();
        }
        let oldest = self.ends.front()?;
        let (_, at) = self.orders.get(oldest)?;
        if self.ends.len() <= kept.history && now.since(*at) <= kept.history_ms {
            return None;
        }
        let oldest = self.ends.pop_front()?;
        self.orders.remove(&oldest).map(|(record, _)| record.order)
    }

    pub(super) fn order(&self, order: OrderId) -> Option<&OrderRecord> {
        self.orders.get(&order).map(|(record, _)| record)
    }

    /// Those behind `after` that ended at `since` or later, by ascending id.
    pub(super) fn orders_after(
        &self,
        after: OrderId,
        since: Timestamp,
    ) -> impl Iterator<Item = &OrderRecord> {
        let orders = self.orders.range(behind(after)).map(|(_, kept)| kept);
        orders
            .filter(move |(_, at)| *at >= since)
            .map(|(record, _)| record)
    }

    /// Those behind `after` that happened at `since` or later, oldest first.
    pub(super) fn fills_after(
        &self,
        after: u64,
        since: Timestamp,
    ) -> impl Iterator<Item = &FillEvent> {
        let first = self.fills.partition_point(|it| it.user_sequence <= after);
        let fills = self.fills.range(first..);
        fills.filter(move |it| it.time >= since)
    }

    /// All that ended, in that order, with when.
    pub(super) fn ended(&self) -> Vec<(&OrderRecord, Timestamp)> {
        let ended = self.ends.iter().filter_map(|order| self.orders.get(order));
        ended.map(|(record, at)| (record, *at)).collect()
    }

    /// All fills, in their order.
    pub(super) fn fills(&self) -> &VecDeque<FillEvent> {
        &self.fills
    }
}
