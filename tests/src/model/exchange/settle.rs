use engine::command::OrderCommand;
use engine::domain::{
    BasisPoints, EventSequence, Funding, OrderId, OrderKey, PairId, Price, TimeInForce, Timestamp,
    TradeId,
};
use engine::event::{CancelReason, DropReason, Event};
use engine::report::{Answer, Liquidity, OrderStatus};

use super::margin::MarginFill;
use super::shape::time_in_force;
use super::{End, PlainExchange, PlainRecord, Stage, id, lots};
use crate::model::ledger::PlainFill;

impl PlainExchange {
    /// Has the pair's book do it, and takes down what happened; an answer if it refused.
    pub(super) fn run(
        &mut self,
        pair: PairId,
        command: &OrderCommand,
        now: Timestamp,
    ) -> Option<Answer> {
        let answer = self.run_decided(pair, command, now);
        self.own_command(now);
        answer
    }

    /// As [`PlainExchange::run`], of a command that the model follows.
    pub(super) fn run_decided(
        &mut self,
        pair: PairId,
        command: &OrderCommand,
        now: Timestamp,
    ) -> Option<Answer> {
        let events = self.books[usize::from(pair.0)].apply(command);
        let is_set_off = |event: &Event| matches!(event, Event::Triggered { .. });
        self.margin.is_cascade = events.iter().any(is_set_off);
        let mut answer = None;
        // Whom the events are about.
        let mut incoming = command.key();
        for event in &events {
            match *event {
                Event::Trade {
                    sequence,
                    maker,
                    price,
                    quantity,
                    ..
                } => {
                    let trade = (pair, sequence, price, quantity.lots());
                    self.trade(maker, incoming, trade, now);
                }
                Event::Decremented {
                    maker, quantity, ..
                } => {
                    self.decrement(id(maker), quantity.lots());
                    self.decrement(id(incoming), quantity.lots());
                    if self.record(id(maker)).leaves == 0 {
                        self.end(id(maker), OrderStatus::Cancelled, now);
                    }
                }
                Event::Replaced { .. } | Event::Reduced { .. } | Event::Amended { .. } => {
                    self.change(command);
                }
                // L-25, L-26
                Event::Triggered { order, price } => {
                    incoming = order;
                    let record = self.record(id(order));
                    record.stage = Stage::Book;
                    record.price = price;
                }
                // M-28: what was set off waits again, at its new price.
                Event::Waiting { order, .. } => self.record(id(order)).stage = Stage::Waiting,
                Event::Tripped { .. } => self.trip(pair, now),
                Event::Rested { .. }
                | Event::Pulled { .. }
                | Event::Refilled { .. }
                | Event::Quoted { .. }
                | Event::StatusSet { .. } => {}
                Event::Cancelled { order, reason, .. } | Event::Withdrawn { order, reason, .. } => {
                    let status = match reason {
                        CancelReason::Expired => OrderStatus::Expired, // L-29
                        _ => OrderStatus::Cancelled,
                    };
                    self.end(id(order), status, now);
                }
                Event::Filled { order, .. } => self.end(id(order), OrderStatus::Filled, now),
                Event::Dropped { order, reason, .. } => {
                    let status = self.status_of_dropped(id(order), reason);
                    self.end(id(order), status, now);
                }
                Event::Rejected { order, reason, .. } => {
                    // L-11
                    let changes_one =
                        matches!(command, OrderCommand::Replace(_) | OrderCommand::Cancel(_));
                    if !changes_one {
                        self.orders.retain(|record| record.id != id(order));
                    }
                    answer = Some(Answer::Rejected(reason));
                }
            }
        }
        answer
    }

    // L-7
    fn trade(
        &mut self,
        maker: OrderKey,
        taker: OrderKey,
        (pair, sequence, price, quantity): (PairId, EventSequence, Price, u64),
        now: Timestamp,
    ) {
        self.last_trades[usize::from(pair.0)] = Some(price);
        self.breakers[usize::from(pair.0)].trades.push((now, price));
        let config = self.config.pairs[usize::from(pair.0)];
        let notional = config.notional(price, lots(quantity));
        let sides = [
            (id(maker), Liquidity::Maker, config.maker_fee()),
            (id(taker), Liquidity::Taker, config.taker_fee()),
        ];
        for (order, liquidity, rate) in sides {
            let before = *self.record(order);
            let held = self.need(&before).cast_signed();
            let most = self.most_fee(&before, price, quantity.into());
            let rate = match (before.funding, config.margin()) {
                (Funding::Liquidation, Some(terms)) => terms.liquidation_fee,
                (Funding::Backstop, _) => BasisPoints::ZERO,
                _ => rate,
            };
            let record = self.record(order);
            let (account, side) = (record.account(), record.side());
            record.leaves -= quantity;
            let after = *record;
            let fee = self.ledger.trade(
                PlainFill {
                    trade: TradeId::new(pair, sequence),
                    pair,
                    order,
                    account,
                    side,
                    price,
                    quantity,
                    notional: u128::from(notional.expect("it was held for").units()),
                    rate: u128::from(rate.get()),
                    fee: 0,
                    funding: before.funding,
                    liquidity,
                },
                most,
            );
            let fill = MarginFill {
                sequence,
                price,
                quantity: quantity.into(),
                fee: fee.cast_signed(),
                held,
            };
            self.margin_fill(&after, fill, now);
        }
        if self.record(id(maker)).leaves == 0 {
            self.end(id(maker), OrderStatus::Filled, now);
        }
    }

    // L-15
    fn decrement(&mut self, order: OrderId, quantity: u64) {
        let record = self.record(order);
        record.leaves -= quantity;
        if record.leaves > 0 {
            record.quantity -= quantity;
        }
    }

    fn change(&mut self, command: &OrderCommand) {
        let OrderCommand::Replace(change) = command else {
            panic!("only a replace changes an order");
        };
        let record = self.record(id(change.key));
        record.price = change.price;
        record.quantity = record
            .quantity
            .saturating_add_signed(change.quantity_change);
        record.leaves = record.leaves.saturating_add_signed(change.quantity_change);
    }

    // L-24
    fn status_of_dropped(&mut self, order: OrderId, reason: DropReason) -> OrderStatus {
        let stays = time_in_force(&self.record(order).first) == TimeInForce::GoodTillCancelled;
        if reason == DropReason::SelfTrade && stays {
            OrderStatus::Cancelled
        } else {
            OrderStatus::Expired
        }
    }

    fn end(&mut self, order: OrderId, status: OrderStatus, at: Timestamp) {
        let pair = self.record(order).pair();
        let ends = &mut self.ends[usize::from(pair.0)];
        let number = *ends;
        *ends += 1;
        let record = self.record(order);
        record.leaves = 0;
        record.end = Some(End { status, at, number });
    }

    pub(super) fn record(&mut self, order: OrderId) -> &mut PlainRecord {
        let mut records = self.orders.iter_mut();
        let found = records.find(|record| record.id == order);
        found.expect("a book tells of orders that were sent to it")
    }
}
