//! From events to balances and reports: capture, release, and the end of orders.

mod fill;
mod say;
mod stop;

use slab::Slab;

use crate::Sink;
use crate::canary::{self, Canary};
use crate::domain::{
    AccountId, Amount, AssetId, EventSequence, Funding, OrderKey, PairId, Price, Quantity, Side,
    TimeInForce, TradeId,
};
use crate::event::{CancelReason, DropReason, Event};
use crate::reject::Reject;
use crate::report::{Answer, Liquidity, OrderChange, OrderReason, OrderStatus, Report, ReportKind};

use crate::clearing::Clearing;
use crate::clearing::accounts::Accounts;
use crate::clearing::deadlines::{Deadlines, Due};
use crate::clearing::ledger::{FillTerms, Ledger, LedgerAccount, Posting, settle_fill};
use crate::clearing::market::{CancelGroup, InFlight, Market, Work};
use crate::clearing::order::{FinishedOrder, OpenOrder};
use crate::clearing::order_table::{Location, OrderTable};
use crate::clearing::state::Quote;

use fill::fill;
pub(in crate::clearing) use fill::{Trade, change_of, take_excess};

/// A balance that a command changed.
pub(in crate::clearing) type Touched = (AccountId, AssetId);

impl Clearing {
    /// Books what the matcher of `pair` did: its next event, in its order.
    ///
    /// A matcher answers the commands of its pair one after the other, so the event is about
    /// the first in flight. An event that fits nothing in flight is a bug and stops the process.
    pub fn settle(&mut self, pair: PairId, event: &Event, out: &mut impl Sink<Report>) {
        let market = self
            .markets
            .get_mut(usize::from(pair.0))
            .expect("invariant: events come from pairs that exist");
        let mut flight = *market
            .in_flight
            .front()
            .expect("invariant: an event answers a command in flight");
        if let Event::Triggered { order, .. } = *event {
            market.triggered = Some(order);
        }
        if let Some(key) = market.triggered {
            flight = triggered(market, flight, key);
        }
        if let Some(sequence) = event.sequence() {
            assert_eq!(
                sequence,
                market.last_event.next(),
                "invariant: a pair's events have no gap"
            );
            market.last_event = sequence;
        }
        let mut settling = Settling {
            max_finished: self.config.max_finished_per_pair as usize,
            ledger: &mut self.ledger,
            accounts: &mut self.accounts,
            orders: &mut self.orders,
            groups: &mut self.groups,
            deadlines: &mut self.deadlines,
            market,
            flight,
            out,
        };
        settling.event(event);
        if event.is_last() {
            settling.end();
        }
    }
}

/// One event on its way through everything that it changes.
pub(in crate::clearing) struct Settling<'a, S> {
    max_finished: usize,
    pub(in crate::clearing) ledger: &'a mut Ledger,
    accounts: &'a mut Accounts,
    orders: &'a mut OrderTable,
    groups: &'a mut Slab<CancelGroup>,
    pub(in crate::clearing) deadlines: &'a mut Deadlines,
    pub(in crate::clearing) market: &'a mut Market,
    pub(in crate::clearing) flight: InFlight,
    out: &'a mut S,
}

impl<S: Sink<Report>> Settling<'_, S> {
    #[inline]
    fn event(&mut self, event: &Event) {
        match *event {
            Event::Trade {
                sequence,
                maker,
                maker_side,
                price,
                quantity,
            } => {
                self.announce();
                self.trade(sequence, maker, maker_side, price, quantity);
            }
            Event::Decremented {
                sequence,
                maker,
                quantity,
                ..
            } => {
                self.announce();
                self.decrement(maker, quantity, sequence, Liquidity::Maker);
                self.decrement(self.flight.key, quantity, sequence, Liquidity::Taker);
                self.book(event);
            }
            Event::Replaced {
                sequence, order, ..
            }
            | Event::Reduced {
                sequence, order, ..
            } => {
                self.amended(order, Some(sequence));
                self.book(event);
            }
            Event::Amended { order, .. } => self.amended(order, None),
            Event::Pulled { .. } | Event::Refilled { .. } => self.book(event),
            Event::Triggered { order, price } => self.set_off(order, price),
            Event::Waiting { order, .. } => {
                self.announce();
                self.waits(order);
            }
            Event::Withdrawn { order, reason, .. } => self.cancelled(order, reason, None),
            Event::StatusSet { .. } => self.status_set(),
            Event::Tripped { .. } => self.tripped(),
            Event::Quoted { bid, ask, last } => self.quoted(Quote { bid, ask, last }),
            Event::Rested {
                sequence, order, ..
            } => {
                self.announce();
                self.rested(order, sequence);
                self.book(event);
            }
            Event::Cancelled {
                sequence,
                order,
                reason,
                ..
            } => {
                self.cancelled(order, reason, Some(sequence));
                self.book(event);
            }
            Event::Filled { order, .. } => self.finish(order, OrderStatus::Filled),
            Event::Dropped { order, reason, .. } => {
                self.announce();
                self.dropped(order, reason);
            }
            Event::Rejected { order, reason, .. } => self.rejected(order, reason),
        }
    }

    /// Says that the order of a placement is accepted, before anything else of it.
    #[inline]
    fn announce(&mut self) {
        if self.flight.work != Work::Place {
            return;
        }
        let open = open_mut(self.market, self.flight.key);
        if open.announced {
            return;
        }
        open.announced = true;
        let order = open.order;
        let answer = |duplicate| Answer::Placed {
            order: order.id,
            duplicate,
        };
        self.answer(answer(false));
        // L-17
        self.answer_waiting(answer(true));
        let accepted = order.accepted(&self.market.pair);
        self.say(ReportKind::Accepted(accepted));
        match order.funding {
            Funding::Spot => self.touch(order.account, hold_asset(self.market, order.side)),
            Funding::ReduceOnly => self.set_aside(self.flight.key),
            Funding::Margin { .. } | Funding::Liquidation | Funding::Backstop => {
                self.touch(order.account, self.market.pair.quote());
            }
        }
    }

    // L-7, L-8
    #[inline]
    fn trade(
        &mut self,
        sequence: EventSequence,
        maker: OrderKey,
        maker_side: Side,
        price: Price,
        quantity: Quantity,
    ) {
        let pair = self.market.pair.id();
        let base = self.market.pair.base_amount(quantity);
        let base = base.expect("invariant: more than a trade moves was held for it");
        let notional = self.market.pair.notional(price, quantity);
        let notional = notional.expect("invariant: more than a trade moves was held for it");
        self.market.last_trade = Some(price);
        if self.market.pair.breaker().is_some() {
            self.note_reference(price);
        }
        let trade = Trade {
            id: TradeId::new(pair, sequence),
            sequence,
            price,
            quantity,
            base,
            notional,
        };
        let on_margin = self.market.margin.is_some()
            && [maker, self.flight.key].into_iter().any(|key| {
                let open = self.market.orders.get(key);
                open.is_some_and(|open| open.order.funding.is_margin())
            });
        let made = if on_margin {
            let (made, _) = self.trade_on_margin(&trade, maker);
            made
        } else {
            self.trade_for_cash(&trade, maker, maker_side)
        };
        if made.status == OrderStatus::Filled {
            self.finish(maker, OrderStatus::Filled);
        }
        let taker_side = maker_side.opposite();
        self.publish(ReportKind::Trade {
            pair,
            sequence,
            price,
            quantity,
            taker_side,
        });
    }

    /// Books a trade between two orders that their owners pay for whole, and says it; what it made
    /// of the resting one.
    #[inline]
    fn trade_for_cash(&mut self, trade: &Trade, maker: OrderKey, maker_side: Side) -> OrderChange {
        let made = fill(self.market, maker, trade, Liquidity::Maker);
        let took = fill(self.market, self.flight.key, trade, Liquidity::Taker);
        let (buy, sell) = match maker_side {
            Side::Buy => (&made, &took),
            Side::Sell => (&took, &made),
        };
        let terms = FillTerms {
            buyer: buy.account,
            seller: sell.account,
            base: trade.base,
            notional: trade.notional,
            buyer_fee: buy.fee,
            seller_fee: sell.fee,
        };
        settle_fill(self.ledger, &self.market.pair, &terms);
        self.release(buy.account, self.market.pair.quote(), buy.excess);
        self.release(sell.account, self.market.pair.base(), sell.excess);
        for account in [made.account, took.account] {
            self.touch(account, self.market.pair.base());
            self.touch(account, self.market.pair.quote());
        }
        self.say(ReportKind::Order(made.change));
        self.say(ReportKind::Order(took.change));
        made.change
    }

    /// Takes `quantity` off one of two orders of the same owner, without a trade (L-15).
    fn decrement(
        &mut self,
        key: OrderKey,
        quantity: Quantity,
        sequence: EventSequence,
        liquidity: Liquidity,
    ) {
        let open = open_mut(self.market, key);
        open.leaves = minus(open.leaves, quantity);
        let (funding, side) = (open.order.funding, open.order.side);
        if let Funding::Margin { .. } = funding {
            self.ordered(side, quantity);
        }
        let open = open_mut(self.market, key);
        let ended = open.leaves.is_zero();
        if !ended {
            open.order.quantity = minus(open.order.quantity, quantity);
        }
        self.release_excess(key);
        if ended {
            // The incoming order's end is said by its fate.
            if liquidity == Liquidity::Maker {
                let reason = Some(OrderReason::SelfTradePrevention);
                self.close(key, OrderStatus::Cancelled, reason, Some(sequence));
            }
            return;
        }
        let pair = self.market.pair.id();
        let open = open_mut(self.market, key);
        let change = OrderChange {
            reason: Some(OrderReason::SelfTradePrevention),
            sequence: Some(sequence),
            ..change_of(open, pair)
        };
        self.say(ReportKind::Order(change));
    }

    /// An amend came through (L-12): answers it and frees what it does not need.
    fn amended(&mut self, key: OrderKey, sequence: Option<EventSequence>) {
        let Work::Replace { price, change } = self.flight.work else {
            unreachable!("invariant: only an amend changes an order's price or amount");
        };
        let pair = self.market.pair.id();
        let open = open_mut(self.market, key);
        open.order.price = price;
        open.order.quantity = changed(open.order.quantity, change);
        open.leaves = changed(open.leaves, change);
        open.amends.end(price, change);
        let told = OrderChange {
            reason: Some(OrderReason::Amended),
            sequence,
            ..change_of(open, pair)
        };
        self.release_excess(key);
        self.answer(Answer::Amended {
            order: told.order,
            price,
            quantity: told.quantity,
            leaves: told.leaves,
        });
        self.say(ReportKind::Order(told));
    }

    #[inline]
    fn rested(&mut self, key: OrderKey, sequence: EventSequence) {
        let pair = self.market.pair.id();
        let open = open_mut(self.market, key);
        // What traded said so with its fill, and what was amended with the amend.
        let comes_in = matches!(self.flight.work, Work::Place | Work::Triggered);
        if comes_in && open.order.filled.is_zero() {
            let change = OrderChange {
                sequence: Some(sequence),
                ..change_of(open, pair)
            };
            self.say(ReportKind::Order(change));
        }
    }

    #[inline]
    fn cancelled(&mut self, key: OrderKey, reason: CancelReason, sequence: Option<EventSequence>) {
        let cancelled = OrderStatus::Cancelled;
        let (status, reason) = match reason {
            CancelReason::Requested => (cancelled, OrderReason::CancelRequested),
            CancelReason::SelfTrade => {
                self.announce();
                (cancelled, OrderReason::SelfTradePrevention)
            }
            CancelReason::Expired => (OrderStatus::Expired, OrderReason::Expired),
            CancelReason::CancelAfter => (cancelled, OrderReason::CancelAfter),
            CancelReason::Disconnected => (cancelled, OrderReason::Disconnected),
            CancelReason::Liquidation => (cancelled, OrderReason::Liquidation),
            CancelReason::AutoDeleveraging => (cancelled, OrderReason::AutoDeleveraging),
            CancelReason::Closing => (cancelled, OrderReason::Closing),
        };
        if let Work::Cancel { group } = self.flight.work {
            let order = open_mut(self.market, key).order;
            match group {
                Some(group) => self.groups[group].cancelled += 1,
                None => self.answer(Answer::Cancelled {
                    order: order.id,
                    filled: order.filled,
                }),
            }
        }
        self.close(key, status, Some(reason), sequence);
    }

    // L-24
    #[inline]
    fn dropped(&mut self, key: OrderKey, reason: DropReason) {
        let order = &open_mut(self.market, key).order;
        let (status, reason) = match reason {
            DropReason::ImmediateOrCancel if order.is_collared() => {
                (OrderStatus::Expired, OrderReason::CollarReached)
            }
            DropReason::ImmediateOrCancel => (OrderStatus::Expired, OrderReason::ImmediateOrCancel),
            DropReason::FillOrKill => (OrderStatus::Expired, OrderReason::FillOrKill),
            DropReason::CircuitBreaker => (OrderStatus::Expired, OrderReason::CircuitBreaker),
            DropReason::SelfTrade => {
                let status = match order.time_in_force {
                    TimeInForce::GoodTillCancelled => OrderStatus::Cancelled,
                    TimeInForce::ImmediateOrCancel | TimeInForce::FillOrKill => {
                        OrderStatus::Expired
                    }
                };
                (status, OrderReason::SelfTradePrevention)
            }
        };
        self.close(key, status, Some(reason), None);
    }

    /// The matcher changed nothing: a placement is undone (L-11), an amend's hold is freed, and
    /// who asked is told what became of the order meanwhile.
    fn rejected(&mut self, key: OrderKey, reason: Reject) {
        match self.flight.work {
            Work::Place => {
                self.forget(key);
                self.answer(Answer::Rejected(reason));
                self.answer_waiting(Answer::Rejected(reason));
            }
            Work::Replace { change, .. } => {
                if let Some(open) = self.market.orders.get_mut(key) {
                    let price = open.order.price;
                    open.amends.end(price, change);
                    self.release_excess(key);
                }
                let answer = self.answer_of_ended(reason);
                self.answer(match answer {
                    Answer::Cancelled { .. } => Answer::Rejected(Reject::AlreadyClosed),
                    answer => answer,
                });
            }
            Work::Cancel { group: None } => {
                let answer = self.answer_of_ended(reason);
                self.answer(answer);
            }
            Work::Cancel { group: Some(_) } => {}
            Work::Status(_) | Work::Reference(_) | Work::Margin | Work::Triggered => {
                unreachable!("invariant: neither a status nor what was accepted is refused")
            }
        }
    }

    /// What the matcher's refusal means, seen what became of the order.
    fn answer_of_ended(&self, reason: Reject) -> Answer {
        let Location::Ended { position, .. } = self.orders.get(self.flight.order) else {
            return Answer::Rejected(reason);
        };
        let ended = self.market.finished.get(position);
        let ended = ended.expect("invariant: the table names what is kept");
        answer_of_finished(ended, self.market.pair.id())
    }

    /// Tells of an order's end and ends it.
    fn close(
        &mut self,
        key: OrderKey,
        status: OrderStatus,
        reason: Option<OrderReason>,
        sequence: Option<EventSequence>,
    ) {
        let pair = self.market.pair.id();
        let open = open_mut(self.market, key);
        let left = std::mem::replace(&mut open.leaves, Quantity::ZERO);
        let (funding, side) = (open.order.funding, open.order.side);
        if let Funding::Margin { .. } = funding {
            self.ordered(side, left);
        }
        let open = open_mut(self.market, key);
        let change = OrderChange {
            status,
            reason,
            sequence,
            ..change_of(open, pair)
        };
        self.say(ReportKind::Order(change));
        self.finish(key, status);
    }

    /// Ends an order: releases what is held (L-8), remembers it, frees its slot.
    #[inline]
    fn finish(&mut self, key: OrderKey, status: OrderStatus) {
        let pair = self.market.pair.id();
        let open = self.remove(key);
        let position = self.market.finished.push(FinishedOrder {
            order: open.order,
            status,
            at: self.flight.time,
        });
        self.orders
            .set(open.order.id, Location::Ended { pair, position });
        if self.market.finished.len() > self.max_finished {
            forget_oldest(self.market, self.orders, self.accounts);
        }
        if let Funding::Liquidation | Funding::Backstop = open.order.funding {
            self.liquidation_order_ended(&open);
        }
    }

    /// Undoes an order that never was in the book (L-11): its client id is free again.
    fn forget(&mut self, key: OrderKey) {
        let order = self.remove(key).order;
        self.orders.set(order.id, Location::Nowhere);
        if let Some(name) = &order.client_order_id {
            self.accounts.free_client_id(order.account, name, order.id);
        }
    }

    #[inline]
    fn remove(&mut self, key: OrderKey) -> OpenOrder {
        let account = open_mut(self.market, key).order.account;
        let list = self.accounts.open_list_mut(account, self.market.pair.id());
        let open = self.market.orders.remove(key, list);
        if let Some(at) = open.order.expires_at {
            self.deadlines.remove(at, Due::Order(open.order.id));
        }
        if open.order.funding.is_margin() {
            self.release_margin_order(&open);
            return open;
        }
        let asset = hold_asset(self.market, open.order.side);
        self.release(account, asset, open.held);
        self.touch(account, asset);
        open
    }

    /// Releases what an order holds above what it needs, unless an amend may still need it.
    fn release_excess(&mut self, key: OrderKey) {
        if open_mut(self.market, key).order.funding.is_margin() {
            self.release_excess_of_margin(key);
            return;
        }
        let (account, side, excess) = {
            let pair = self.market.pair;
            let open = open_mut(self.market, key);
            (
                open.order.account,
                open.order.side,
                take_excess(open, &pair),
            )
        };
        let asset = hold_asset(self.market, side);
        self.release(account, asset, excess);
        self.touch(account, asset);
    }

    #[inline]
    fn release(&mut self, account: AccountId, asset: AssetId, amount: Amount) {
        if !amount.is_zero() && !canary::has(Canary::HoldKept) {
            self.ledger.post(Posting {
                asset,
                from: LedgerAccount::Held(account),
                to: LedgerAccount::Available(account),
                amount,
            });
        }
    }
}

/// The command in flight as it is for the order that it set off, which comes in now.
#[cold]
fn triggered(market: &Market, flight: InFlight, key: OrderKey) -> InFlight {
    let open = market.orders.get(key);
    InFlight {
        origin: None,
        order: open.map_or(flight.order, |open| open.order.id),
        key,
        work: Work::Triggered,
        ..flight
    }
}

/// What is answered to who would cancel an order that ended (L-14).
pub(in crate::clearing) fn answer_of_finished(ended: &FinishedOrder, pair: PairId) -> Answer {
    let order = &ended.order;
    match ended.status {
        OrderStatus::Filled => Answer::AlreadyFilled {
            order: order.id,
            pair,
            filled: order.filled,
            notional: order.notional,
        },
        OrderStatus::Cancelled | OrderStatus::Expired => Answer::Cancelled {
            order: order.id,
            filled: order.filled,
        },
        OrderStatus::Pending | OrderStatus::Open | OrderStatus::PartiallyFilled => {
            unreachable!("invariant: what ended has a final status")
        }
    }
}

/// Forgets the order of a pair that ended first, and frees its client id.
pub(in crate::clearing) fn forget_oldest(
    market: &mut Market,
    orders: &mut OrderTable,
    accounts: &mut Accounts,
) {
    let Some(FinishedOrder { order, .. }) = market.finished.front() else {
        return;
    };
    orders.set(order.id, Location::Nowhere);
    if let Some(name) = &order.client_order_id {
        accounts.free_client_id(order.account, name, order.id);
    }
    market.finished.forget_front();
}

/// Of which asset an order of `side` holds.
#[inline]
pub(in crate::clearing) fn hold_asset(market: &Market, side: Side) -> AssetId {
    match side {
        Side::Buy => market.pair.quote(),
        Side::Sell => market.pair.base(),
    }
}

#[inline]
pub(in crate::clearing) fn open_mut(market: &mut Market, key: OrderKey) -> &mut OpenOrder {
    market
        .orders
        .get_mut(key)
        .expect("invariant: a matcher tells of open orders only")
}

#[inline]
fn minus(quantity: Quantity, less: Quantity) -> Quantity {
    quantity
        .checked_sub(less)
        .expect("invariant: an order loses what it has at most")
}

fn changed(quantity: Quantity, change: i64) -> Quantity {
    quantity
        .checked_change(change)
        .expect("invariant: the matcher refuses an amend that leaves nothing or too much")
}
