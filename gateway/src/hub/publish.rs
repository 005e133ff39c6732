//! What the exchange reports, told to whom it concerns.

use bytes::Bytes;
use engine::domain::{EventSequence, PairId, Price, Quantity, Reserve, Side, Timestamp};
use engine::report::{OrderChange, Report, ReportKind};

use crate::deflate::Payload;
use crate::instrument::Instrument;
use crate::private_data::OrderRecord;
use crate::wire::{OrderData, OrderUpdate};

use super::Hub;

impl Hub {
    /// Takes a report of the exchange.
    pub fn report(&mut self, report: &Report, now: Timestamp) {
        self.advance(now);
        self.pass_worths(report.time);
        self.operated.hear(report);
        match report.kind {
            ReportKind::Answer {
                correlation,
                answer,
            } => self.answer(correlation, answer),
            ReportKind::AccountLimits { .. } => {}
            ReportKind::Revoked(ref change) => self.on_revoked(change),
            ReportKind::Accepted(ref order) => {
                self.counts.orders += 1;
                self.private.on_accepted(order);
            }
            ReportKind::Order(ref change) => self.tell_change(change, report.time),
            ReportKind::Balance {
                account,
                asset,
                available,
                held,
            } => {
                self.private.on_balance(account, asset, available, held);
                let market = &self.market;
                let units = available.units().saturating_add(held.units());
                self.worths
                    .on_balance(account, asset, units, &|pair| market.mark(pair));
                if let Some(user) = self.users.get_mut(&account) {
                    user.is_portfolio_changed = true;
                }
            }
            ReportKind::Book {
                pair,
                sequence,
                side,
                price,
                change,
            } => {
                self.market.on_book(pair, sequence, side, price, change);
                self.arm_book_ticks();
            }
            ReportKind::Trade {
                pair,
                sequence,
                price,
                quantity,
                taker_side,
            } => {
                self.counts.trades += 1;
                self.tell_trade(pair, sequence, price, quantity, taker_side, report.time);
                self.watch_trade(pair, price);
            }
            ReportKind::TradingStatus {
                pair,
                status,
                reopens_at,
            } => {
                self.market.on_status(pair, status, reopens_at);
                self.watch_status(pair);
            }
            ReportKind::Position(ref change) => self.tell_position(change),
            ReportKind::MarginCall(ref call) => {
                self.counts.margin_calls += 1;
                self.tell_call(call);
            }
            ReportKind::MarginCallCleared { account, position } => {
                self.tell_call_cleared(account, position);
            }
            ReportKind::Liquidation {
                position, stage, ..
            } => {
                self.counts.liquidation(stage);
                self.watch_liquidation(position, stage);
            }
            // Its owner is told by the change of the position, all by the liquidation's stage.
            ReportKind::Deleveraged { .. } => self.counts.deleveragings += 1,
            ReportKind::Mark { pair, mark } => {
                self.margin.on_mark(pair, mark);
                self.watch_recovery(pair);
            }
            ReportKind::Reserve {
                reserve,
                asset,
                free,
            } => {
                self.margin.on_reserve(reserve, asset, free);
                match reserve {
                    Reserve::InsuranceFund => self.watch_fund(asset, free),
                    Reserve::LendingPool => {}
                }
            }
        }
        self.settle_overflow();
    }

    fn tell_change(&mut self, change: &OrderChange, time: Timestamp) {
        let now = self.now;
        let Some(event) = self.private.on_change(change, time) else {
            return;
        };
        // What a margin order trades goes into its position.
        let is_spot = !event.record.order.funding.is_margin();
        let instrument = self.instruments.get(change.pair).filter(|_| is_spot);
        if let (Some(fill), Some(it)) = (&change.fill, instrument) {
            let side = event.record.order.side;
            self.worths.on_fill(change.account, &it.pair, side, fill);
        }
        let Some(user) = self.users.get(&change.account) else {
            return;
        };
        let Some(instrument) = self.instruments.get(change.pair) else {
            return;
        };
        if user.order_seats.is_empty() {
            return;
        }
        let update = OrderUpdate {
            order: order_data(instrument, &event.record),
            user_sequence: event.user_sequence,
        };
        self.buffer.clear();
        update.encode(&mut self.buffer, now);
        let message = Bytes::copy_from_slice(&self.buffer);
        for seat in &user.order_seats {
            if seat.mailbox.push(message.clone()).is_err() {
                self.overflowed.push(seat.connection);
            }
        }
    }

    fn tell_trade(
        &mut self,
        pair: PairId,
        sequence: EventSequence,
        price: Price,
        quantity: Quantity,
        taker_side: Side,
        time: Timestamp,
    ) {
        let trade = self
            .market
            .on_trade(pair, sequence, price, quantity, taker_side, time);
        self.prices.on_trade(pair);
        self.arm_book_ticks();
        let seats = self.trades.get(usize::from(pair.0));
        let seats = seats.map_or(&[][..], Vec::as_slice);
        let Some(instrument) = self.instruments.get(pair).filter(|_| !seats.is_empty()) else {
            return;
        };
        self.buffer.clear();
        trade.encode(instrument, &mut self.buffer, self.now);
        let message = Payload::shared(Bytes::copy_from_slice(&self.buffer));
        for seat in seats {
            if seat.mailbox.push(message.clone()).is_err() {
                self.overflowed.push(seat.connection);
            }
        }
    }
}

/// An order as it is told.
pub(super) fn order_data<'a>(instrument: &'a Instrument, record: &'a OrderRecord) -> OrderData<'a> {
    OrderData {
        instrument,
        order: &record.order,
        is_triggered: record.is_triggered,
        change: record.change.as_ref(),
    }
}
