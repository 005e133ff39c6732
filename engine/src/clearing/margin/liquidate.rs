//! What is decided about positions without anybody asking: liquidations step by step.
//!
//! One position of a pair at a time. Each step is one command, decided when the one before it is
//! settled (G-22), so the number of commands is bounded: a step closes lots, goes on to the next
//! way of closing them, or waits.

use crate::Sink;
use crate::clearing::ledger::FeeMeter;
use crate::clearing::market::{Market, NO_ORDER, Work};
use crate::clearing::order::Order;
use crate::clearing::state::{LiquidationStep, PositionState};
use crate::clearing::{Clearing, Decision};
use crate::command::{CommandKind, LiquidationCause, MarginCommand, PlaceOrder, Terms};
use crate::domain::{
    AccountId, Amount, Funding, OrderId, OrderKey, PairId, PositionSide, Price, Quantity,
    SelfTradePrevention, Side, TimeInForce, Timestamp,
};
use crate::event::CancelReason;
use crate::report::{LiquidationStage, ReportKind};

use super::figures::units;
use super::fill::margin_mut;
use super::turn::wake;
use super::{Margin, Position};

/// How long a liquidation that nobody takes waits, in milliseconds.
const RETRY_MS: u64 = 1_000;
const HOUR_MS: u64 = 3_600_000;

/// What became of the position at the front of the queue.
enum Progress {
    /// A command about it is on its way, or what it waits for is.
    Waits,
    /// It is off the queue.
    Done,
    /// Nobody takes it: it rests.
    Rests,
    /// Nothing can be liquidated in the pair now.
    Unfit,
}

impl Clearing {
    /// Does what is due about the positions of a pair.
    #[cold]
    pub(in crate::clearing) fn look_at_positions(
        &mut self,
        pair: PairId,
        now: Timestamp,
        out: &mut impl Sink<Decision>,
    ) {
        let index = usize::from(pair.0);
        let Some(margin) = self.markets[index].margin.as_mut() else {
            return;
        };
        margin.wake_at = None;
        self.close_positions(pair, now, out);
        self.cover_debts(now, out);
        let waiting = margin_mut(&mut self.markets[index]).queue.len();
        // Each is looked at once: what rests goes to the end.
        for _ in 0..waiting {
            let Some(&account) = margin_mut(&mut self.markets[index]).queue.front() else {
                return;
            };
            match self.liquidate(pair, account, now, out) {
                Progress::Waits | Progress::Unfit => return,
                Progress::Done => {}
                Progress::Rests => margin_mut(&mut self.markets[index]).queue.rotate_left(1),
            }
        }
        // All rest: the first of them is looked at again when its time comes.
        let market = &mut self.markets[index];
        let margin = margin_mut(market);
        let next = margin.queue.iter().filter_map(|account| {
            let position = margin.positions.get(account)?;
            position.rests_until
        });
        if let Some(next) = next.min() {
            wake(market, &mut self.deadlines, next);
        }
    }

    /// The hour is full: all positions of a pair owe interest. // G-11
    pub(in crate::clearing) fn decide_interest(
        &mut self,
        pair: PairId,
        now: Timestamp,
        out: &mut impl Sink<Decision>,
    ) {
        let margin = self.markets[usize::from(pair.0)].margin.as_ref();
        let Some(due) = margin.and_then(|margin| margin.interest_due) else {
            return;
        };
        let hours = 1 + now.since(due) / HOUR_MS;
        let hours = u32::try_from(hours).unwrap_or(u32::MAX);
        let command = MarginCommand::AccrueInterest { hours };
        self.ask(pair, command, &[], now, out);
    }

    /// The time of a margin call is up. // G-14
    pub(in crate::clearing) fn decide_grace(
        &mut self,
        pair: PairId,
        account: AccountId,
        now: Timestamp,
        out: &mut impl Sink<Decision>,
    ) {
        let market = &mut self.markets[usize::from(pair.0)];
        if let Some(margin) = &mut market.margin {
            margin.enqueue(account);
            margin.rewatch(account, &market.pair);
            self.look_at_positions(pair, now, out);
        }
    }

    /// Takes the next step with the position at the front of the queue.
    fn liquidate(
        &mut self,
        pair: PairId,
        account: AccountId,
        now: Timestamp,
        out: &mut impl Sink<Decision>,
    ) -> Progress {
        let market = &mut self.markets[usize::from(pair.0)];
        let (specification, is_open) = (market.pair, market.status.is_open());
        let margin = margin_mut(market);
        let (terms, quoted_at) = (margin.terms, margin.quoted_at);
        let Some(position) = margin.positions.get_mut(&account) else {
            margin.dequeue(account);
            return Progress::Done;
        };
        if position.asked > 0 {
            return Progress::Waits;
        }
        let rests_until = position.rests_until;
        // G-15
        let fresh = now.since(quoted_at) <= terms.max_mark_age_ms;
        let mark = margin.mark.filter(|_| is_open && fresh);
        let Some(mark) = mark else {
            // When it goes on, it starts from the book again.
            position.rests_until = Some(rests_until.unwrap_or(now));
            self.say_suspended(pair, account, LiquidationStage::SuspendedMarket, now, out);
            return Progress::Unfit;
        };
        let state = margin.positions[&account].state;
        let falls = state.is_at_most(&specification, mark, terms.maintenance);
        if falls && rests_until.is_some_and(|until| now < until) {
            return Progress::Rests;
        }
        margin.suspended = false;
        let retries = margin
            .position_mut(account)
            .and_then(|it| it.rests_until.take());
        let retries = retries.is_some();
        let Some(liquidation) = state.liquidation else {
            let late = state.call.is_some_and(|call| call.deadline <= now);
            let cause = match (falls, late) {
                (true, _) => LiquidationCause::Maintenance,
                (false, true) => LiquidationCause::Grace,
                (false, false) => {
                    margin.dequeue(account);
                    margin.rewatch(account, &specification);
                    return Progress::Done;
                }
            };
            let begin = MarginCommand::BeginLiquidation {
                account,
                position: state.id,
                cause,
                mark,
            };
            self.ask(pair, begin, &[account], now, out);
            return Progress::Waits;
        };
        // G-16
        if self.clear_orders(pair, account, CancelReason::Liquidation, now, out) {
            return Progress::Waits;
        }
        // A call is looked at anew only after its liquidation.
        let called = state.is_at_most(&specification, mark, terms.warning_ends());
        // What a reduction at the end of a grace did not do when it was tried waits another. // G-14, G-21
        let tried = liquidation.step != LiquidationStep::Slice;
        if !falls && (liquidation.cause == LiquidationCause::Maintenance || tried || !called) {
            let end = MarginCommand::EndLiquidation {
                account,
                position: state.id,
                mark,
            };
            self.ask(pair, end, &[account], now, out);
            return Progress::Waits;
        }
        let step = if retries {
            LiquidationStep::Slice
        } else {
            liquidation.step
        };
        self.take_step(pair, &state, step, mark, now, out)
    }

    // G-17, G-18, G-20, G-21
    fn take_step(
        &mut self,
        pair: PairId,
        state: &PositionState,
        step: LiquidationStep,
        mark: Price,
        now: Timestamp,
        out: &mut impl Sink<Decision>,
    ) -> Progress {
        let market = &self.markets[usize::from(pair.0)];
        if market.orders.len() >= self.config.max_orders_per_pair as usize {
            return self.rest(pair, state.account, now, out);
        }
        let terms = market.margin.as_ref().map(|margin| margin.terms);
        let terms = terms.expect("invariant: a position is of a pair on margin");
        let at_bankruptcy = bankruptcy_limit(market, state);
        match (step, at_bankruptcy) {
            (LiquidationStep::Slice, Some(limit)) => {
                let quantity = state.slice(&market.pair, &terms, mark);
                let order = (Funding::Liquidation, limit, quantity, Amount::ZERO);
                self.place_liquidation(pair, state, order, now, out);
                return Progress::Waits;
            }
            (LiquidationStep::Whole, Some(limit)) => {
                let order = (Funding::Liquidation, limit, state.size, Amount::ZERO);
                self.place_liquidation(pair, state, order, now, out);
                return Progress::Waits;
            }
            (LiquidationStep::Slice | LiquidationStep::Whole, None)
            | (LiquidationStep::Backstop, _) => {
                let free = self.ledger.reserves(market.pair.quote()).insurance;
                if let Some((limit, quantity, promise)) = backstop(market, state, free) {
                    let order = (Funding::Backstop, limit, quantity, promise);
                    self.place_liquidation(pair, state, order, now, out);
                    return Progress::Waits;
                }
            }
            (LiquidationStep::Deleverage, _) => {}
        }
        self.deleverage(pair, state, mark, now, out)
    }

    /// Reduces the opposite position that comes first. // G-20
    fn deleverage(
        &mut self,
        pair: PairId,
        state: &PositionState,
        mark: Price,
        now: Timestamp,
        out: &mut impl Sink<Decision>,
    ) -> Progress {
        let market = &self.markets[usize::from(pair.0)];
        let margin = market.margin.as_ref();
        let margin = margin.expect("invariant: a position is of a pair on margin");
        let Some(opposite) = first_to_deleverage(margin, market, state, mark) else {
            return self.rest(pair, state.account, now, out);
        };
        let (counterparty, against) = (opposite.state.account, opposite.state.id);
        if opposite.asked > 0 {
            return Progress::Waits;
        }
        let quantity = state.size.min(opposite.state.size);
        let reason = CancelReason::AutoDeleveraging;
        if self.clear_orders(pair, counterparty, reason, now, out) {
            return Progress::Waits;
        }
        let command = MarginCommand::Deleverage {
            account: state.account,
            position: state.id,
            counterparty,
            against,
            quantity,
            notional: state.deleveraging_value(quantity),
        };
        self.ask(pair, command, &[state.account, counterparty], now, out);
        Progress::Waits
    }

    /// Lets a liquidation wait for somebody to trade with. // G-21
    fn rest(
        &mut self,
        pair: PairId,
        account: AccountId,
        now: Timestamp,
        out: &mut impl Sink<Decision>,
    ) -> Progress {
        self.say_suspended(
            pair,
            account,
            LiquidationStage::SuspendedLiquidity,
            now,
            out,
        );
        let margin = margin_mut(&mut self.markets[usize::from(pair.0)]);
        if let Some(position) = margin.positions.get_mut(&account) {
            position.rests_until = Some(now.plus(RETRY_MS));
        }
        Progress::Rests
    }

    /// Says that a liquidation cannot go on; once, until one does.
    fn say_suspended(
        &mut self,
        pair: PairId,
        account: AccountId,
        stage: LiquidationStage,
        now: Timestamp,
        out: &mut impl Sink<Decision>,
    ) {
        let margin = margin_mut(&mut self.markets[usize::from(pair.0)]);
        if std::mem::replace(&mut margin.suspended, true) {
            return;
        }
        let Some(position) = margin.positions.get(&account) else {
            return;
        };
        let told = ReportKind::Liquidation {
            account,
            position: position.state.id,
            stage,
        };
        self.say(now, told, out);
    }

    /// Cancels the open margin orders of an account in a pair; whether there are any.
    fn clear_orders(
        &mut self,
        pair: PairId,
        account: AccountId,
        reason: CancelReason,
        now: Timestamp,
        out: &mut impl Sink<Decision>,
    ) -> bool {
        let found = self.margin_orders(pair, account, |_| true);
        // The exchange's own are left to themselves.
        let owned = self.margin_orders(pair, account, |order| {
            !matches!(order.funding, Funding::Liquidation | Funding::Backstop)
        });
        for (id, key) in owned {
            let flights = &self.markets[usize::from(pair.0)].in_flight;
            let is_going = flights
                .iter()
                .any(|flight| flight.key == key && matches!(flight.work, Work::Cancel { .. }));
            if !is_going {
                self.cancel(now, pair, (id, key), (reason, None, None), out);
            }
        }
        !found.is_empty()
    }

    /// The open margin orders of an account in a pair that `which` picks, by number.
    pub(super) fn margin_orders(
        &self,
        pair: PairId,
        account: AccountId,
        which: impl Fn(&Order) -> bool,
    ) -> Vec<(OrderId, OrderKey)> {
        let list = self.accounts.open_list(account, pair);
        let market = &self.markets[usize::from(pair.0)];
        let orders = market.orders.of_list(&list);
        let found = orders.filter(|(_, open)| open.order.funding.is_margin() && which(&open.order));
        let mut found: Vec<_> = found.map(|(key, open)| (open.order.id, key)).collect();
        found.sort_unstable();
        found
    }

    /// Sends a margin command to its turn, about the positions of `accounts`.
    pub(super) fn ask(
        &mut self,
        pair: PairId,
        margin: MarginCommand,
        accounts: &[AccountId],
        now: Timestamp,
        out: &mut impl Sink<Decision>,
    ) {
        let kind = CommandKind::Margin { pair, margin };
        let sequence = self.accept(now, kind, out);
        self.send_margin(pair, margin, accounts);
        self.send(pair, sequence, None, NO_ORDER, Work::Margin);
    }

    /// Remembers a margin command until its turn comes.
    pub(in crate::clearing) fn send_margin(
        &mut self,
        pair: PairId,
        command: MarginCommand,
        accounts: &[AccountId],
    ) {
        let margin = margin_mut(&mut self.markets[usize::from(pair.0)]);
        margin.commands.push_back(command);
        for account in accounts {
            if let Some(position) = margin.positions.get_mut(account) {
                position.asked += 1;
            }
        }
    }

    /// Places an immediate-or-cancel order for a position, in its owner's name.
    fn place_liquidation(
        &mut self,
        pair: PairId,
        state: &PositionState,
        (funding, price, quantity, hold): (Funding, Price, Quantity, Amount),
        now: Timestamp,
        out: &mut impl Sink<Decision>,
    ) {
        let side = state.side.closes();
        let order = Order {
            id: self.next_order,
            account: state.account,
            price,
            quantity,
            filled: Quantity::ZERO,
            notional: Amount::ZERO,
            fees: FeeMeter::default(),
            first_price: price,
            first_quantity: quantity,
            side,
            market: true,
            time_in_force: TimeInForce::ImmediateOrCancel,
            post_only: false,
            // Its owner's own orders in the book must not stop it.
            self_trade: SelfTradePrevention::CancelMaker,
            client_order_id: None,
            terms: Terms::Plain,
            expires_at: None,
            funding,
        };
        let id = order.id;
        let key = self.open_order(pair, order, hold);
        let kind = CommandKind::Place {
            pair,
            id,
            client_order_id: None,
            market: true,
            expires_at: None,
            hold,
            funding,
            terms: Terms::Plain,
            order: PlaceOrder {
                key,
                account: state.account,
                side,
                price,
                quantity,
                time_in_force: TimeInForce::ImmediateOrCancel,
                post_only: false,
                self_trade: SelfTradePrevention::CancelMaker,
            },
        };
        let sequence = self.accept(now, kind, out);
        self.send(pair, sequence, None, (id, key), Work::Place);
    }
}

/// The worst price of a liquidation that its position can pay for, within the pair's band.
fn bankruptcy_limit(market: &Market, state: &PositionState) -> Option<Price> {
    let (low, high) = market.pair.band(market.reference_price());
    match state.side {
        // It may have more than it owes: any price will do.
        PositionSide::Long => Some(match state.bankruptcy(&market.pair) {
            Some(price) => price.max(low),
            None if state.cost <= state.collateral => low,
            None => return None,
        }),
        PositionSide::Short => Some(state.bankruptcy(&market.pair)?.min(high)),
    }
}

/// An order down to the price band: its price, as much as the insurance fund can pay for, and what
/// it must promise; `None` where that is nothing. // G-18
fn backstop(
    market: &Market,
    state: &PositionState,
    free: Amount,
) -> Option<(Price, Quantity, Amount)> {
    let (low, high) = market.pair.band(market.reference_price());
    let limit = match state.side {
        PositionSide::Long => low,
        PositionSide::Short => high,
    };
    let cost_of = |lots: u64| -> Option<Amount> {
        let quantity = Quantity::new(lots)?;
        let notional = market.pair.notional(limit, quantity)?;
        let value = state.bankruptcy_value(quantity);
        let missing = match state.side {
            PositionSide::Long => units(value) - units(notional),
            PositionSide::Short => units(notional) - units(value),
        };
        u128::try_from(missing.max(0))
            .ok()
            .and_then(Amount::from_u128)
    };
    let all = state.size.lots();
    // The cost does not fall with the quantity, but for a unit by rounding: what is found is
    // checked by itself.
    let (mut fits, mut too_many) = (0, all + 1);
    while fits + 1 < too_many {
        let lots = fits + (too_many - fits) / 2;
        if cost_of(lots).is_some_and(|cost| cost <= free) {
            fits = lots;
        } else {
            too_many = lots;
        }
    }
    if fits == 0 {
        return None;
    }
    Some((limit, Quantity::new(fits)?, cost_of(fits)?))
}

/// The opposite position that is reduced first: the highest rank that gains by it. O(positions).
fn first_to_deleverage<'a>(
    margin: &'a Margin,
    market: &Market,
    state: &PositionState,
    mark: Price,
) -> Option<&'a Position> {
    let gains = |position: &&Position| {
        let other = &position.state;
        if other.side == state.side || other.liquidation.is_some() {
            return false;
        }
        let quantity = state.size.min(other.size);
        let value = state.deleveraging_value(quantity);
        let share = other.share_of_cost(quantity);
        match other.side {
            PositionSide::Long => value >= share,
            PositionSide::Short => value <= share,
        }
    };
    let ranked = margin.positions.values().filter(gains);
    let ranked = ranked.filter_map(|position| {
        let rank = position.state.deleveraging_rank(&market.pair, mark)?;
        Some((rank, position))
    });
    // Of equal rank, the account that was opened first.
    ranked
        .max_by_key(|(rank, position)| (*rank, std::cmp::Reverse(position.state.account)))
        .map(|(_, position)| position)
}

/// Whether an order of `side` reduces a position of the other one.
pub(super) fn reduces(position: &PositionState, side: Side) -> bool {
    position.side.closes() == side
}
