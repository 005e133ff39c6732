//! What is told of orders that wait, and of those that a price sets off.

use super::{Settling, open_mut};
use crate::Sink;
use crate::clearing::deadlines::Due;
use crate::clearing::market::Work;
use crate::clearing::order::{OrderStage, PendingAmends};
use crate::clearing::settle::fill::change_of;
use crate::domain::{OrderKey, Price, TradingStatus};
use crate::report::{Answer, OrderChange, OrderReason, Report, ReportKind};

impl<S: Sink<Report>> Settling<'_, S> {
    /// The order waits outside the book.
    pub(super) fn waits(&mut self, key: OrderKey) {
        let pair = self.market.pair.id();
        let open = open_mut(self.market, key);
        open.stage = OrderStage::Waiting;
        let change = change_of(open, pair);
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

    /// The pair's status, or the price around which its breaker stands, is as it was asked for.
    pub(super) fn status_set(&mut self) {
        match self.flight.work {
            // L-32
            Work::Status(status) => {
                self.market.status = status;
                self.let_liquidations_go_on();
                if let Some(at) = self.market.reopens_at.take() {
                    let due = Due::Reopening(self.market.pair.id());
                    self.deadlines.remove(at, due);
                }
                self.answer(Answer::TradingStatusSet);
                self.publish_status(status);
            }
            Work::Reference(price) => self.set_reference(price),
            Work::Margin => self.margin_turn(),
            Work::Place | Work::Replace { .. } | Work::Cancel { .. } | Work::Triggered => {
                unreachable!("invariant: only what is about a pair is answered so")
            }
        }
    }

    /// Lets the reference of the pair be what it is at the time of the command. // L-31
    fn set_reference(&mut self, price: Price) {
        let due = Due::Reference(self.market.pair.id());
        let reference = &mut self.market.reference;
        if let Some(at) = reference.due() {
            self.deadlines.remove(at, due);
        }
        // What is due moves it; where nothing is, the pair opens, and it starts anew (L-32).
        let moved = reference.roll(self.flight.time);
        if !moved || reference.price() != price {
            reference.restart(price);
        }
        if let Some(at) = reference.due() {
            self.deadlines.add(at, due);
        }
    }

    fn publish_status(&mut self, status: TradingStatus) {
        self.publish(ReportKind::TradingStatus {
            pair: self.market.pair.id(),
            status,
            reopens_at: self.market.reopens_at,
        });
    }

    /// The circuit breaker halted the pair, for a time (L-32).
    #[cold]
    pub(super) fn tripped(&mut self) {
        // It was accepted, or it could not have traded.
        self.announce();
        let pair = self.market.pair.id();
        let breaker = self.market.pair.breaker();
        let breaker = breaker.expect("invariant: prices are limited by a circuit breaker");
        let at = self.flight.time.plus(breaker.halt_ms);
        self.market.status = TradingStatus::Halted;
        if let Some(before) = self.market.reopens_at.replace(at) {
            self.deadlines.remove(before, Due::Reopening(pair));
        }
        self.deadlines.add(at, Due::Reopening(pair));
        self.publish_status(TradingStatus::Halted);
    }

    /// Takes down the price of a trade for the circuit breaker (L-31).
    pub(super) fn note_reference(&mut self, price: Price) {
        let pair = self.market.pair.id();
        if let Some(due) = self.market.reference.note(self.flight.time, price) {
            self.deadlines.add(due, Due::Reference(pair));
        }
    }
}
