//! What is told of orders that wait, and of those that a price sets off.

use super::{Settling, open_mut};
use crate::Sink;
use crate::clearing::market::Work;
use crate::clearing::order::{OrderStage, PendingAmends};
use crate::clearing::settle::fill::change_of;
use crate::domain::{OrderKey, Price};
use crate::report::{Answer, OrderChange, OrderReason, Report, ReportKind};

impl<S: Sink<Report>> Settling<'_, S> {
    /// The order waits outside the book.
    pub(super) fn waits(&mut self, key: OrderKey) {
        let pair = self.market.pair.id();
        let change = change_of(open_mut(self.market, key), pair);
        self.say(ReportKind::Order(change));
    }

    /// The order was set off and comes in at `price`, which is not worse than what it was held
    /// for (L-25, L-26).
    pub(super) fn set_off(&mut self, key: OrderKey, price: Price) {
        let pair = self.market.pair.id();
        let open = open_mut(self.market, key);
        let status = open.status();
        open.stage = OrderStage::Book;
        open.order.price = price;
        if open.amends.count == 0 {
            open.amends = PendingAmends::none(price);
        }
        let change = OrderChange {
            status,
            reason: Some(OrderReason::Triggered),
            ..change_of(open, pair)
        };
        self.release_excess(key);
        self.say(ReportKind::Order(change));
    }

    /// The pair's status is as it was asked for.
    pub(super) fn status_set(&mut self) {
        let Work::Status(status) = self.flight.work else {
            unreachable!("invariant: only a status is answered so");
        };
        self.answer(Answer::TradingStatusSet);
        let pair = self.market.pair.id();
        self.publish(ReportKind::TradingStatus { pair, status });
    }
}
