//! What is asked about the hub's own knowledge, and answered out of it.

use engine::domain::{AccountId, OrderId, PairId};

use crate::private_data::{FillEvent, OrderRecord};
use crate::session::RequestHead;
use crate::wire::{
    self, BalanceData, ConnectionStats, FillData, GetFills, GetOrders, OrderData, OrderName,
    Reason, Refusal,
};

use super::publish::order_data;
use super::{ConnectionId, Hub};

impl Hub {
    pub(super) fn say_stats(&mut self, id: ConnectionId, head: &RequestHead) {
        let now = self.now;
        let Some(connection) = self.connections.get(&id) else {
            return;
        };
        let session = &connection.session;
        let subscriptions = session.subscriptions.held().len();
        let stats = ConnectionStats {
            connected_at: session.opened_at,
            messages_received: session.messages_received,
            messages_sent: connection.mailbox.messages(),
            subscriptions: u32::try_from(subscriptions).unwrap_or(u32::MAX),
            latency_ms: session.heartbeat.latency_ms(),
        };
        self.say(id, |_, out| stats.encode(out, head.id.as_ref(), now));
    }

    pub(super) fn say_instruments(&mut self, id: ConnectionId, head: &RequestHead) {
        let now = self.now;
        self.say_reply(id, |hub, out| {
            let instruments = hub.instruments.all().iter();
            let as_they_are = instruments.map(|it| wire::InstrumentNow {
                instrument: it,
                status: hub.market.status(it.id()),
                reopens_at: hub.market.reopens_at(it.id()),
                reference: hub.price(it.id()).unwrap_or(it.pair.reference_price()),
            });
            wire::encode_instruments(as_they_are, out, head.id.as_ref(), now);
        });
    }

    pub(super) fn say_balances(
        &mut self,
        id: ConnectionId,
        head: &RequestHead,
    ) -> Result<(), Refusal> {
        let (account, now) = (self.account(id)?, self.now);
        self.say_reply(id, |hub, out| {
            let holdings = hub.private.holdings(account);
            let balances = holdings.filter_map(|(asset, holding)| {
                Some(BalanceData {
                    asset: hub.instruments.asset(asset)?,
                    available: holding.available,
                    held: holding.held,
                })
            });
            wire::encode_balances(balances, out, head.id.as_ref(), now);
        });
        Ok(())
    }

    pub(super) fn say_orders_page(
        &mut self,
        id: ConnectionId,
        query: &GetOrders,
        head: &RequestHead,
    ) -> Result<(), Refusal> {
        let (account, now) = (self.account(id)?, self.now);
        let pair = self.pair_asked(query.pair.as_deref())?;
        let after = query.after.unwrap_or(OrderId(0));
        let is_asked = |it: &&OrderRecord| pair.is_none_or(|pair| it.order.pair == pair);
        self.say_reply(id, |hub, out| {
            let private = &hub.private;
            let size = query.limit + 1;
            let mut page: Vec<&OrderRecord> = if query.finished {
                let finished = private.finished_orders_after(account, after, now);
                finished.filter(is_asked).take(size).collect()
            } else {
                let open = private.open_orders_after(account, after);
                open.filter(is_asked).take(size).collect()
            };
            let has_more = page.len() > query.limit;
            page.truncate(query.limit);
            let last = page.last().filter(|_| has_more);
            let next_after = last.map(|record| record.order.order);
            let orders = page.iter().filter_map(|record| hub.order_data(record));
            let orders: Vec<OrderData<'_>> = orders.collect();
            wire::encode_orders(&orders, next_after, out, head.id.as_ref(), now);
        });
        Ok(())
    }

    pub(super) fn say_order(
        &mut self,
        id: ConnectionId,
        order: OrderName,
        head: &RequestHead,
    ) -> Result<(), Refusal> {
        let (account, now) = (self.account(id)?, self.now);
        let order = self.order_named(account, order)?.order.order;
        self.say_reply(id, |hub, out| {
            let record = hub.private.order(account, order);
            if let Some(data) = record.and_then(|record| hub.order_data(record)) {
                wire::encode_order(&data, out, head.id.as_ref(), now);
            }
        });
        Ok(())
    }

    pub(super) fn say_fills_page(
        &mut self,
        id: ConnectionId,
        query: &GetFills,
        head: &RequestHead,
    ) -> Result<(), Refusal> {
        let (account, now) = (self.account(id)?, self.now);
        let pair = self.pair_asked(query.pair.as_deref())?;
        let order = match query.order {
            Some(name) => Some(self.order_named(account, name)?.order.order),
            None => None,
        };
        let is_asked = |it: &&FillEvent| {
            pair.is_none_or(|pair| it.pair == pair) && order.is_none_or(|order| it.order == order)
        };
        self.say_reply(id, |hub, out| {
            let fills = hub.private.fills_after(account, query.after, now);
            let fills = fills.filter(is_asked).take(query.limit + 1);
            let fills = fills.filter_map(|it| {
                Some(FillData {
                    instrument: hub.instruments.get(it.pair)?,
                    order: it.order,
                    client_order_id: it.client_order_id,
                    side: it.side,
                    fill: it.fill,
                    time: it.time,
                    user_sequence: it.user_sequence,
                })
            });
            let mut page: Vec<FillData<'_>> = fills.collect();
            let has_more = page.len() > query.limit;
            page.truncate(query.limit);
            let last = page.last().filter(|_| has_more);
            let next_after = last.map(|fill| fill.user_sequence);
            wire::encode_fills(&page, next_after, out, head.id.as_ref(), now);
        });
        Ok(())
    }

    /// An order as it is told; every order's pair is known.
    pub(super) fn order_data<'a>(&'a self, record: &'a OrderRecord) -> Option<OrderData<'a>> {
        let instrument = self.instruments.get(record.order.pair)?;
        Some(order_data(instrument, record))
    }

    fn pair_asked(&self, name: Option<&str>) -> Result<Option<PairId>, Refusal> {
        match name {
            Some(name) => Ok(Some(wire::pair(&self.instruments, name, "pair")?.id())),
            None => Ok(None),
        }
    }

    /// An order of `account` that is open, or ended and still remembered.
    fn order_named(&self, account: AccountId, name: OrderName) -> Result<&OrderRecord, Refusal> {
        let (record, field) = match name {
            OrderName::Id(order) => (self.private.order(account, order), "orderId"),
            OrderName::Client(name) => (self.private.order_by_name(account, name), "clientOrderId"),
        };
        record
            .filter(|record| record.change.is_some())
            .ok_or_else(|| Refusal::field(Reason::UnknownOrder, field, "an order of this user"))
    }
}
