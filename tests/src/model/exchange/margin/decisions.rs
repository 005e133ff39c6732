use engine::clearing::{LiquidationState, LiquidationStep};
use engine::command::{
    CancelOrder, Command, CommandKind, LiquidationCause, MarginCommand, OrderCommand, PlaceOrder,
};
use engine::domain::{
    AccountId, Funding, MarginRequest, OrderId, PairId, PairMargin, PositionId, PositionSide,
    Price, Special, TimeInForce, Timestamp,
};
use engine::event::CancelReason;
use engine::report::{LiquidationStage, PositionReason, ReportKind};
use engine::request::PlaceRequest;

use super::figures::div_up;
use super::fills::Reduction;
use super::{PlainExchange, PlainPosition, is_decision, notional};
use crate::model::exchange::{PlainRecord, Stage, key};

pub(super) const HOUR_MS: u64 = 3_600_000;
/// How long a liquidation that cannot go on waits. // G-21
pub(super) const RETRY_MS: u64 = 1_000;

pub(super) type Checked = Result<(), String>;

impl PlainExchange {
    /// Checks the decisions that come next in the log, and does them. // G-22
    pub(in crate::model::exchange) fn follow_decisions(&mut self) {
        loop {
            let Some(log) = &mut self.margin.log else {
                return;
            };
            if !log.front().is_some_and(|next| is_decision(&next.kind)) {
                return;
            }
            let command = log.pop_front().expect("it was looked at");
            self.time = self.time.max(command.time);
            if !matches!(command.kind, CommandKind::Cancel { .. }) {
                self.margin.deleveraging = None;
            }
            if let Err(what) = self.decide(&command) {
                self.fault(format!("{what}: {:#?}", command.kind));
            }
            self.after_command(command.time);
        }
    }

    fn decide(&mut self, command: &Command) -> Checked {
        let now = command.time;
        match command.kind {
            CommandKind::Margin { pair, margin } => match margin {
                MarginCommand::BeginLiquidation {
                    account,
                    position,
                    cause,
                    mark,
                } => self.begin(pair, (account, position), cause, mark, now),
                MarginCommand::EndLiquidation {
                    account,
                    position,
                    mark,
                } => self.end_liquidation(pair, (account, position), mark, now),
                MarginCommand::Deleverage {
                    account,
                    position,
                    counterparty,
                    against,
                    quantity,
                    notional,
                } => {
                    let figures = (quantity.lots().into(), notional.units().into());
                    let against = (counterparty, against);
                    self.deleverage(pair, (account, position), against, figures, now)
                }
                MarginCommand::CoverDebt {
                    account,
                    position,
                    amount,
                } => self.cover_debt(pair, (account, position), amount.units().into()),
                MarginCommand::AccrueInterest { hours } => self.accrue(pair, hours, now),
                MarginCommand::Adjust { .. } | MarginCommand::SetIndex(_) => {
                    Err("this is no decision".to_owned())
                }
            },
            CommandKind::Place { .. } => self.place_decided(command),
            CommandKind::Cancel { pair, id, order } => {
                self.cancel_decided(pair, id, order.reason, now)
            }
            _ => Err("this is no decision".to_owned()),
        }
    }

    fn named(&self, pair: PairId, of: (AccountId, PositionId)) -> Result<PlainPosition, String> {
        let found = self.margin.position(of.0, pair).copied();
        let found = found.filter(|it| it.id == of.1);
        found.ok_or_else(|| "there is no such position".to_owned())
    }

    // G-15
    pub(super) fn check_market(&self, pair: PairId, now: Timestamp) -> Result<Price, String> {
        let terms = *self.terms_of(pair);
        let mark = self.mark(pair).ok_or("there is no mark price")?;
        if !self.statuses[usize::from(pair.0)].is_open() {
            return Err("the pair is not open".to_owned());
        }
        let age = now.since(self.margin.markets[usize::from(pair.0)].quoted_at);
        if age > terms.max_mark_age_ms {
            return Err(format!("the mark price is {age} ms old"));
        }
        Ok(mark)
    }

    pub(super) fn terms_of(&self, pair: PairId) -> &PairMargin {
        let terms = self.config.pairs[usize::from(pair.0)].margin();
        terms.expect("it has positions")
    }

    /// Whether the ratio is at most m.
    pub(super) fn is_unsafe(&self, position: &PlainPosition, mark: Price) -> bool {
        let pair = self.pair_of(position.pair);
        position.is_at_most(
            &pair,
            mark,
            self.terms_of(position.pair).maintenance.get(),
            10,
        )
    }

    // G-14, G-15, G-16
    fn begin(
        &mut self,
        pair: PairId,
        of: (AccountId, PositionId),
        cause: LiquidationCause,
        mark: Price,
        now: Timestamp,
    ) -> Checked {
        let position = self.named(pair, of)?;
        // F15: or as it was when what is due was looked at; what it is by its turn decides.
        let before = self.margin.marks_before[usize::from(pair.0)];
        let is_as_decided = self.check_market(pair, now) == Ok(mark);
        if !is_as_decided && before != Some(mark) {
            return Err("it is another mark price".to_owned());
        }
        if position.liquidation.is_some() {
            return Err("it is liquidated already".to_owned());
        }
        // G-15: one that waits for somebody to trade with lets the others go on.
        let others = self.margin.positions.iter().filter(|it| it.pair == pair);
        let mut others = others.filter(|it| it.liquidation.is_some());
        if let Some(other) = others.find(|it| self.first_to_deleverage(it).is_some()) {
            return Err(format!("another is liquidated: {other:#?}"));
        }
        let is_due = self.mark(pair).is_some_and(|mark| match cause {
            LiquidationCause::Maintenance => self.is_unsafe(&position, mark),
            LiquidationCause::Grace => position.call.is_some_and(|call| call.deadline <= now),
        });
        if !is_due {
            return match is_as_decided {
                true => Err(format!("there is no cause: {cause:?}")),
                false => Ok(()),
            };
        }
        let asked = self.margin.asked;
        let position = self.margin.position_mut(of.0, pair);
        position.tried_at = now;
        position.tried_in = asked;
        position.liquidation = Some(LiquidationState {
            cause,
            step: LiquidationStep::Slice,
        });
        let position = *position;
        self.say_stage(&position, LiquidationStage::Began(cause));
        self.say_position(&position, PositionReason::Liquidation, 0);
        Ok(())
    }

    fn end_liquidation(
        &mut self,
        pair: PairId,
        of: (AccountId, PositionId),
        mark: Price,
        now: Timestamp,
    ) -> Checked {
        let position = self.named(pair, of)?;
        if position.liquidation.is_none() {
            return Err("it is not liquidated".to_owned());
        }
        if self.mark(pair) != Some(mark) {
            return Err("it is another mark price".to_owned());
        }
        if self.is_unsafe(&position, mark) {
            return Err("it is not safe".to_owned());
        }
        self.recover(&position, now);
        Ok(())
    }

    // G-17, G-18
    fn place_decided(&mut self, command: &Command) -> Checked {
        let now = command.time;
        let CommandKind::Place {
            pair,
            id,
            hold,
            funding,
            order,
            ..
        } = command.kind
        else {
            return Err("this places nothing".to_owned());
        };
        let position = self.margin.position(order.account, pair).copied();
        let position = position.ok_or("there is no position")?;
        let Some(state) = position.liquidation else {
            return Err("it is not liquidated".to_owned());
        };
        // F15: or as it was when what is due was looked at.
        let mark = match self.check_market(pair, now) {
            Ok(mark) => mark,
            Err(what) => self.margin.marks_before[usize::from(pair.0)].ok_or(what)?,
        };
        let own = self.open().filter(|it| it.account() == order.account);
        let own = own.filter(|it| it.pair() == pair && it.funding.is_margin());
        if own.count() > 0 {
            return Err("its orders are open".to_owned());
        }
        if order.side != position.side.closes()
            || order.time_in_force != TimeInForce::ImmediateOrCancel
        {
            return Err("it closes nothing at once".to_owned());
        }
        // G-21: so does a reduction at the end of a grace, once it was tried.
        let ends =
            state.cause == LiquidationCause::Maintenance || state.step != LiquidationStep::Slice;
        if ends && !self.is_unsafe(&position, mark) {
            return Err("it is safe".to_owned());
        }
        // It is looked at anew each second, and when the market is there again.
        let is_retry = position.tried_in != self.margin.asked;
        self.check_order(&position, (funding, state.step, is_retry), mark, &order)?;
        let held = match funding {
            Funding::Backstop => {
                let (_, cost) = self.affordable(&position)?;
                cost
            }
            _ => 0,
        };
        if i128::from(hold.units()) != held {
            return Err(format!("it needs {held} held"));
        }
        if id != OrderId(self.numbers + 1) {
            return Err("it has another number".to_owned());
        }
        self.place_for_position(&position, command, &order);
        let size = self.margin.position(order.account, pair).map(|it| it.size);
        let filled = position.size - size.unwrap_or(0);
        let is_whole = filled == i128::from(order.quantity.lots());
        let next = match (funding, state.step, is_whole) {
            (Funding::Backstop, ..) => LiquidationStep::Deleverage,
            (_, _, true) => LiquidationStep::Whole,
            _ => LiquidationStep::Backstop,
        };
        // G-13: its call is looked at, whatever the order did.
        let mut all = self.margin.positions.iter_mut();
        if let Some(it) = all.find(|it| (it.account, it.pair) == (order.account, pair)) {
            it.judged = [0; 4];
        }
        if !self.end_if_safe(order.account, pair, now) {
            self.go_on(order.account, pair, next, now);
        }
        Ok(())
    }

    /// If the ratio is above m after an order, it ends. // G-14, G-17
    fn end_if_safe(&mut self, account: AccountId, pair: PairId, now: Timestamp) -> bool {
        self.look_at_market(usize::from(pair.0), now);
        let Some(position) = self.margin.position(account, pair).copied() else {
            return true;
        };
        let Some(state) = position.liquidation else {
            return true;
        };
        let is_over = match self.mark(pair) {
            Some(mark) => !self.is_unsafe(&position, mark),
            None => state.cause == LiquidationCause::Grace,
        };
        if is_over {
            self.recover(&position, now);
        }
        is_over
    }

    /// A liquidation ends; what a reduction at the end of a grace did not do waits another. // G-14
    fn recover(&mut self, position: &PlainPosition, now: Timestamp) {
        let grace = self.terms_of(position.pair).grace_ms;
        let is_reduction = position
            .liquidation
            .is_some_and(|it| it.cause == LiquidationCause::Grace);
        let asked = self.margin.asked;
        let it = self.margin.position_mut(position.account, position.pair);
        it.liquidation = None;
        it.tried_at = now;
        it.tried_in = asked;
        if let Some(call) = &mut it.call
            && (is_reduction || call.deadline <= now)
        {
            call.deadline = now.plus(grace);
        }
        let position = *it;
        self.say_stage(&position, LiquidationStage::Recovered);
        self.say_position(&position, PositionReason::Liquidation, 0);
    }

    /// What comes next, where something is left.
    fn go_on(&mut self, account: AccountId, pair: PairId, next: LiquidationStep, now: Timestamp) {
        let asked = self.margin.asked;
        let mut all = self.margin.positions.iter_mut();
        let Some(it) = all.find(|it| (it.account, it.pair) == (account, pair)) else {
            return;
        };
        it.tried_at = now;
        it.tried_in = asked;
        let Some(state) = &mut it.liquidation else {
            return;
        };
        state.step = next;
        let position = *it;
        match next {
            LiquidationStep::Slice | LiquidationStep::Whole => {}
            LiquidationStep::Backstop => self.say_stage(&position, LiquidationStage::Backstop),
            LiquidationStep::Deleverage => {
                self.say_stage(&position, LiquidationStage::Deleveraging);
            }
        }
    }

    fn check_order(
        &mut self,
        position: &PlainPosition,
        (funding, step, is_retry): (Funding, LiquidationStep, bool),
        mark: Price,
        order: &PlaceOrder,
    ) -> Checked {
        let pair = self.pair_of(position.pair);
        let band = pair.band(self.reference(&pair));
        let worst = position.worst_of(band);
        let bankrupt = position.bankruptcy_price(&pair).ok_or("no price does")?;
        let step = if is_retry {
            LiquidationStep::Slice
        } else {
            step
        };
        let quantity = i128::from(order.quantity.lots());
        let (quantities, price) = match (funding, step) {
            (Funding::Liquidation, LiquidationStep::Slice) => {
                let slice = position.slice(&pair, self.terms_of(position.pair), mark);
                (vec![slice], position.better(bankrupt, worst))
            }
            (Funding::Liquidation, LiquidationStep::Whole) => {
                (vec![position.size], position.better(bankrupt, worst))
            }
            (Funding::Backstop, LiquidationStep::Backstop | LiquidationStep::Slice) => {
                let (most, _) = self.affordable(position)?;
                (vec![most], worst)
            }
            _ => return Err(format!("{step:?} comes next")),
        };
        if !quantities.contains(&quantity) {
            return Err(format!("it is for {quantities:?}"));
        }
        if order.price != price {
            return Err(format!("its price is {price:?}"));
        }
        Ok(())
    }

    /// How many lots the fund can pay for down to the band, and what they can cost it. // G-18
    pub(super) fn affordable(&self, position: &PlainPosition) -> Result<(i128, i128), String> {
        let pair = self.pair_of(position.pair);
        let worst = position.worst_of(pair.band(self.reference(&pair)));
        let free = self.reserves(pair.quote()).insurance;
        let cost = |q| {
            let value = position.insured_value(q);
            (position.sign() * (value - notional(&pair, worst, q))).max(0)
        };
        let (mut most, mut above) = (0, position.size + 1);
        while above - most > 1 {
            let middle = i128::midpoint(most, above);
            if cost(middle) <= free {
                most = middle;
            } else {
                above = middle;
            }
        }
        if most == 0 {
            return Err("the fund can pay for no lot".to_owned());
        }
        Ok((most, cost(most)))
    }

    fn place_for_position(
        &mut self,
        position: &PlainPosition,
        command: &Command,
        order: &PlaceOrder,
    ) {
        let CommandKind::Place {
            id,
            market,
            funding,
            terms,
            ..
        } = command.kind
        else {
            return;
        };
        self.numbers += 1;
        self.orders.push(PlainRecord {
            id,
            first: PlaceRequest {
                account: order.account,
                pair: position.pair,
                client_order_id: None,
                side: order.side,
                limit: (!market).then_some(order.price),
                quantity: order.quantity,
                time_in_force: order.time_in_force,
                post_only: order.post_only,
                self_trade: order.self_trade,
                special: Special::None,
                expires_at: None,
                margin: MarginRequest::None,
            },
            first_price: order.price,
            terms,
            price: order.price,
            quantity: order.quantity.lots(),
            leaves: order.quantity.lots(),
            stage: Stage::Book,
            end: None,
            funding,
        });
        let order = PlaceOrder {
            key: key(id),
            ..*order
        };
        self.run_decided(position.pair, &OrderCommand::Place(order), command.time);
    }

    // G-16, G-20
    fn cancel_decided(
        &mut self,
        pair: PairId,
        id: OrderId,
        reason: CancelReason,
        now: Timestamp,
    ) -> Checked {
        let order = *self.record(id);
        let account = order.account();
        if order.funding == Funding::Liquidation && !order.is_open() {
            return Ok(()); // F6
        }
        if !order.is_open() || !order.funding.is_margin() || order.pair() != pair {
            return Err("it is no open margin order".to_owned());
        }
        let position = self.margin.position(account, pair);
        let is_liquidated = position.is_some_and(|it| it.liquidation.is_some());
        if (reason == CancelReason::Liquidation) != is_liquidated {
            return Err("it is not for that reason".to_owned());
        }
        if reason == CancelReason::AutoDeleveraging {
            let all = self.margin.positions.iter();
            let mut liquidated = all.filter(|it| it.pair == pair && it.liquidation.is_some());
            let is_first = liquidated.any(|it| {
                let first = self.first_to_deleverage(it);
                first.is_some_and(|first| first.account == account)
            });
            // All of one owner's orders are decided on at once.
            if !is_first && self.margin.deleveraging != Some(account) {
                return Err("another comes first".to_owned());
            }
            self.margin.deleveraging = Some(account);
        }
        let command = OrderCommand::Cancel(CancelOrder {
            key: key(id),
            reason,
        });
        self.run_decided(pair, &command, now);
        Ok(())
    }

    /// Whom a liquidated position is closed against first: profit / C × n(P, Q) / equity. // G-20
    pub(super) fn first_to_deleverage(&self, liquidated: &PlainPosition) -> Option<PlainPosition> {
        let pair = self.pair_of(liquidated.pair);
        let mark = self.mark(liquidated.pair)?;
        let all = self.margin.positions.iter();
        let opposite = all.filter(|it| it.pair == liquidated.pair && it.side != liquidated.side);
        let gains = opposite.filter(|it| {
            let q = it.size.min(liquidated.size);
            it.sign() * (liquidated.bankruptcy_value(q) - it.share(q)) >= 0
        });
        let rank = |it: &PlainPosition| {
            let worth = notional(&pair, mark, it.size);
            let profit = it.sign() * (worth - it.cost);
            (profit * worth, it.cost * it.equity(&pair, mark))
        };
        let mut ranked: Vec<_> = gains
            .filter(|it| it.liquidation.is_none())
            .filter(|it| rank(it).0 > 0 && rank(it).1 > 0)
            .copied()
            .collect();
        ranked.sort_by(|one, other| {
            let ((a, b), (c, d)) = (rank(one), rank(other));
            (c * b).cmp(&(a * d)).then(one.account.cmp(&other.account))
        });
        ranked.first().copied()
    }

    // G-20
    fn deleverage(
        &mut self,
        pair: PairId,
        of: (AccountId, PositionId),
        against: (AccountId, PositionId),
        (quantity, notional): (i128, i128),
        now: Timestamp,
    ) -> Checked {
        let position = self.named(pair, of)?;
        let other = self.named(pair, against)?;
        let mark = self.check_market(pair, now)?;
        if position.liquidation.is_none() || !self.is_unsafe(&position, mark) {
            return Err("it is not to be liquidated".to_owned());
        }
        if other.side == position.side {
            return Err("both go the same way".to_owned());
        }
        let first = self.first_to_deleverage(&position);
        if first != Some(other) {
            return Err(format!("the first to be deleveraged is {first:#?}"));
        }
        let expected = position.size.min(other.size);
        if quantity != expected || notional != position.bankruptcy_value(quantity) {
            let value = position.bankruptcy_value(expected);
            return Err(format!("it is {expected} for {value}"));
        }
        let own = self.open().filter(|it| it.account() == other.account);
        if own
            .filter(|it| it.pair() == pair && it.funding.is_margin())
            .count()
            > 0
        {
            return Err("its orders are open".to_owned());
        }
        let step = position.liquidation.map(|it| it.step);
        if step != Some(LiquidationStep::Deleverage) {
            self.say_stage(&position, LiquidationStage::Deleveraging);
        }
        let reasons = [PositionReason::Liquidated, PositionReason::Deleveraged];
        for (it, reason) in [position, other].into_iter().zip(reasons) {
            let reduction = Reduction {
                quantity,
                notional,
                fee: 0,
                paid: 0,
                reason,
            };
            self.reduce(it.account, pair, reduction);
        }
        self.margin.said.push(ReportKind::Deleveraged {
            account: other.account,
            position: other.id,
            quantity: engine::domain::Quantity::new(u64::try_from(quantity).unwrap_or(0))
                .unwrap_or_default(),
            notional: super::figures::units(notional),
        });
        let asked = self.margin.asked;
        let mut all = self.margin.positions.iter_mut();
        if let Some(it) = all.find(|it| (it.account, it.pair) == (of.0, pair)) {
            it.tried_at = now;
            it.tried_in = asked;
            if let Some(state) = &mut it.liquidation {
                state.step = LiquidationStep::Deleverage;
            }
        }
        Ok(())
    }

    // G-19
    fn cover_debt(&mut self, pair: PairId, of: (AccountId, PositionId), amount: i128) -> Checked {
        let quote = self.pair_of(pair).quote();
        let free = self.reserves(quote).insurance;
        let mut debts = self.margin.debts.iter();
        let at = debts.position(|it| it.pair == pair);
        let at = at.ok_or("nobody owes anything")?;
        let debt = self.margin.debts[at];
        if (debt.account, debt.position) != of || amount != debt.amount.min(free) || amount <= 0 {
            return Err(format!("the first is {debt:?}, the fund has {free}"));
        }
        self.cover(at, amount);
        Ok(())
    }

    // G-11
    fn accrue(&mut self, pair: PairId, hours: u32, now: Timestamp) -> Checked {
        let due = self.margin.markets[usize::from(pair.0)].interest_due;
        let due = due.ok_or("nothing is due")?;
        if due.0 > now.0 || (now.0 - due.0) / HOUR_MS + 1 != u64::from(hours) {
            return Err(format!("it is due at {}", due.0));
        }
        let terms = self.pair_of(pair);
        let mark = self.mark(pair);
        for position in self.margin.positions.clone() {
            if position.pair != pair {
                continue;
            }
            let (asset, owed) = match (position.side, mark) {
                (PositionSide::Long, _) => (terms.quote(), position.cost),
                (PositionSide::Short, None) => (terms.base(), position.cost),
                (PositionSide::Short, Some(mark)) => {
                    (terms.base(), notional(&terms, mark, position.size))
                }
            };
            let hour = div_up(owed * self.rate_of(asset), 1_000_000_000);
            let position = self.margin.position_mut(position.account, pair);
            position.interest += hour * i128::from(hours);
            let position = *position;
            if hour > 0 {
                self.say_position(&position, PositionReason::Interest, 0);
            }
        }
        let next = due.plus(u64::from(hours) * HOUR_MS);
        let is_over = self.margin.positions.iter().all(|it| it.pair != pair);
        let market = &mut self.margin.markets[usize::from(pair.0)];
        market.interest_due = (!is_over).then_some(next);
        Ok(())
    }

    pub(super) fn rate_of(&self, asset: engine::domain::AssetId) -> i128 {
        let lending = self.config.lending.get(usize::from(asset.0));
        lending.map_or(0, |lending| i128::from(lending.hourly_rate))
    }

    pub(super) fn say_stage(&mut self, position: &PlainPosition, stage: LiquidationStage) {
        self.margin.said.push(ReportKind::Liquidation {
            account: position.account,
            position: position.id,
            stage,
        });
    }
}
