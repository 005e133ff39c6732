//! From requests to decisions: checks everything, then changes everything.

use crate::Sink;
use crate::command::{CancelOrder, CommandKind, PlaceOrder, PriceLimits, ReplaceOrder};
use crate::domain::{
    AccountId, Amount, AssetId, Funding, MarginRequest, Movement, OrderId, OrderKey, PairId, Price,
    Quantity, Side, Timestamp, TradingStatus, UserName,
};
use crate::event::CancelReason;
use crate::reject::Reject;
use crate::report::{Answer, OrderStatus, Report, ReportKind};
use crate::request::{Correlation, OrderRef, PlaceRequest, Request, RequestKind};

use super::deadlines::Due;
use super::ledger::FeeMeter;
use super::market::{CancelGroup, NO_ORDER, Work};
use super::order::{FinishedOrder, OpenOrder, Order, OrderStage};
use super::order_table::Location;
use super::pre_trade::{check_amend, check_open, check_place, is_same};
use super::settle::{answer_of_finished, hold_asset};
use super::{Clearing, Decision, OrderView, is_forgotten};

/// Who asks, and when.
#[derive(Clone, Copy)]
pub(in crate::clearing) struct Asker {
    pub(in crate::clearing) correlation: Correlation,
    pub(in crate::clearing) now: Timestamp,
}

/// An order that is still known.
enum Known<'a> {
    Open(PairId, OrderKey, &'a OpenOrder),
    Ended(PairId, &'a FinishedOrder),
}

impl Clearing {
    /// Decides `request` at `now`: its commands and what can be said at once, in order.
    ///
    /// `now` is taken as not before the time of the last accepted command. Placements, amends
    /// and cancels that reach a matcher are answered when their events are settled; everything
    /// else here. A refusal changes nothing.
    pub fn decide(&mut self, request: &Request, now: Timestamp, out: &mut impl Sink<Decision>) {
        // What is due by now comes first, so that nothing meets an order after its time.
        self.tick(now, out);
        let asker = Asker {
            correlation: request.correlation,
            // L-22
            now: now.max(self.last_time),
        };
        let decided = match request.kind {
            RequestKind::OpenAccount { name } => self.decide_account(asker, name, out),
            RequestKind::Deposit {
                account,
                asset,
                amount,
            } => self.decide_deposit(asker, account, asset, amount, out),
            RequestKind::Withdraw {
                account,
                asset,
                amount,
            } => self.decide_withdraw(asker, account, asset, amount, out),
            RequestKind::SetTradingStatus { pair, status } => {
                self.decide_status(asker, pair, status, out)
            }
            RequestKind::Place(ref ask) => self.decide_place(asker, ask, out),
            RequestKind::Amend {
                account,
                order,
                price,
                quantity,
            } => self.decide_amend(asker, account, order, (price, quantity), out),
            RequestKind::Cancel { account, order } => {
                self.decide_cancel(asker, account, order, out)
            }
            RequestKind::CancelAll {
                account,
                pair,
                side,
                disconnected,
            } => {
                let reason = if disconnected {
                    CancelReason::Disconnected
                } else {
                    CancelReason::Requested
                };
                self.decide_cancel_all(asker, account, (pair, side), reason, out)
            }
            RequestKind::CancelAfter {
                account,
                timeout_ms,
            } => self.decide_cancel_after(asker, account, timeout_ms, out),
            RequestKind::ClosePosition {
                account,
                position,
                client_order_id,
            } => self.decide_close(asker, account, position, client_order_id, out),
            RequestKind::AdjustMargin {
                account,
                position,
                change,
            } => self.decide_adjust(asker, account, position, change, out),
            RequestKind::FundReserve {
                reserve,
                asset,
                change,
            } => self.decide_reserve(asker, (reserve, asset), change, out),
            RequestKind::SetIndex { pair, index } => self.decide_index(asker, pair, index, out),
            RequestKind::Transfer { key, transfer } => {
                self.decide_transfer(asker, key, transfer, out)
            }
            RequestKind::SetAccountLimits { account, limits } => {
                self.decide_limits(asker, account, limits, out)
            }
            RequestKind::Revoke(ref asked) => self.decide_revoke(asker, asked, out),
            RequestKind::Operate { key, ref operation } => {
                self.decide_operation(asker, key, operation, out)
            }
        };
        if let Err(reject) = decided {
            self.answer(asker, Answer::Rejected(reject), out);
        }
    }

    fn decide_account(
        &mut self,
        asker: Asker,
        name: UserName,
        out: &mut impl Sink<Decision>,
    ) -> Result<(), Reject> {
        self.check_name(&name)?;
        let account = match self.accounts.by_name(&name) {
            Some(account) => account,
            None => {
                let account = self.open_account(name);
                self.accept(asker.now, CommandKind::OpenAccount { account, name }, out);
                account
            }
        };
        self.answer(asker, Answer::Account { account, name }, out);
        Ok(())
    }

    /// Whether there is an account of this name, or room for it.
    pub(in crate::clearing) fn check_name(&self, name: &UserName) -> Result<(), Reject> {
        let has_room = self.accounts.len() < self.config.max_accounts;
        let fits = has_room || self.accounts.by_name(name).is_some();
        fits.then_some(()).ok_or(Reject::TooManyAccounts)
    }

    // L-3
    fn decide_deposit(
        &mut self,
        asker: Asker,
        account: AccountId,
        asset: AssetId,
        amount: Amount,
        out: &mut impl Sink<Decision>,
    ) -> Result<(), Reject> {
        self.check_account_transfer(account, asset, Movement::In(amount))?;
        self.deposit(account, asset, amount);
        let kind = CommandKind::Deposit {
            account,
            asset,
            amount,
        };
        self.accept(asker.now, kind, out);
        self.say_booked(asker, account, asset, out);
        Ok(())
    }

    // L-4
    fn decide_withdraw(
        &mut self,
        asker: Asker,
        account: AccountId,
        asset: AssetId,
        amount: Amount,
        out: &mut impl Sink<Decision>,
    ) -> Result<(), Reject> {
        self.check_account_transfer(account, asset, Movement::Out(amount))?;
        self.withdraw(account, asset, amount);
        let kind = CommandKind::Withdraw {
            account,
            asset,
            amount,
        };
        self.accept(asker.now, kind, out);
        self.say_booked(asker, account, asset, out);
        Ok(())
    }

    /// Whether an account may take in so much, or let it out. // L-3, L-4
    pub(in crate::clearing) fn check_account_transfer(
        &self,
        account: AccountId,
        asset: AssetId,
        change: Movement,
    ) -> Result<(), Reject> {
        self.check_account(account)?;
        self.check_asset(asset)?;
        match change {
            Movement::In(amount) if amount.is_zero() => Err(Reject::ZeroAmount),
            Movement::In(amount) => {
                let inside = self.ledger.inside(asset).checked_add(amount);
                inside.map(|_| ()).ok_or(Reject::BalanceTooLarge)
            }
            Movement::Out(amount) if self.ledger.balance(account, asset).available < amount => {
                Err(Reject::InsufficientBalance)
            }
            Movement::Out(amount) if amount.is_zero() => Err(Reject::ZeroAmount),
            Movement::Out(_) => Ok(()),
        }
    }

    fn decide_status(
        &mut self,
        asker: Asker,
        pair: PairId,
        status: TradingStatus,
        out: &mut impl Sink<Decision>,
    ) -> Result<(), Reject> {
        if !self.changes_status(pair, status)? {
            self.answer(asker, Answer::TradingStatusSet, out);
            return Ok(());
        }
        let kind = CommandKind::SetTradingStatus { pair, status };
        self.change_status(
            asker.now,
            kind,
            (pair, status),
            Some(asker.correlation),
            out,
        );
        Ok(())
    }

    /// Whether a pair would stand otherwise with `status`.
    pub(in crate::clearing) fn changes_status(
        &self,
        pair: PairId,
        status: TradingStatus,
    ) -> Result<bool, Reject> {
        let market = self.market(pair).ok_or(Reject::UnknownPair)?;
        Ok(market.status != status || market.reopens_at.is_some())
    }

    /// Opens or halts a pair by a command of this kind. One that opens with a circuit breaker starts
    /// from its last trade.
    // L-32
    pub(in crate::clearing) fn change_status(
        &mut self,
        now: Timestamp,
        kind: CommandKind,
        (pair, status): (PairId, TradingStatus),
        origin: Option<Correlation>,
        out: &mut impl Sink<Decision>,
    ) {
        let market = &self.markets[usize::from(pair.0)];
        let price = market.reference_price();
        if status.is_open() {
            // What it was to move to counts no more, even if that is due in the same moment.
            if let Some(at) = market.reference.due() {
                self.deadlines.remove(at, Due::Reference(pair));
            }
            self.move_reference(now, pair, price, out);
        }
        self.set_status(pair, status);
        let sequence = self.accept(now, kind, out);
        self.send(pair, sequence, origin, NO_ORDER, Work::Status(status));
    }

    /// Moves the reference of a pair to `reference`. // L-31
    fn move_reference(
        &mut self,
        now: Timestamp,
        pair: PairId,
        reference: Price,
        out: &mut impl Sink<Decision>,
    ) {
        let breaker = self.markets[usize::from(pair.0)].pair.breaker();
        let Some(breaker) = breaker else {
            return;
        };
        let limits = PriceLimits::around(reference, breaker.band);
        let kind = CommandKind::SetReference {
            pair,
            reference,
            limits,
        };
        let sequence = self.accept(now, kind, out);
        let work = Work::Reference(reference);
        self.send(pair, sequence, None, NO_ORDER, work);
    }

    // L-28
    fn decide_cancel_after(
        &mut self,
        asker: Asker,
        account: AccountId,
        timeout_ms: u64,
        out: &mut impl Sink<Decision>,
    ) -> Result<(), Reject> {
        self.check_account(account)?;
        let deadline = (timeout_ms > 0).then(|| asker.now.plus(timeout_ms));
        if deadline.is_some() || self.accounts.cancel_after(account).is_some() {
            self.set_cancel_after(account, deadline);
            let kind = CommandKind::CancelAfter { account, deadline };
            self.accept(asker.now, kind, out);
        }
        self.answer(asker, Answer::CancelAfterSet { deadline }, out);
        Ok(())
    }

    /// The checks of a placement, in the order of their numbers (L-21); then its hold.
    pub(in crate::clearing) fn decide_place(
        &mut self,
        asker: Asker,
        ask: &PlaceRequest,
        out: &mut impl Sink<Decision>,
    ) -> Result<(), Reject> {
        self.check_account(ask.account)?;
        let market = self.market(ask.pair).ok_or(Reject::UnknownPair)?;
        let known = self.known_client_id(ask, asker.now);
        if let Some(first) = &known
            && is_repeat(first, ask)
        {
            return self.repeat(asker, ask.pair, known_id(first), out);
        }
        check_open(market)?;
        if known.is_some() {
            return Err(Reject::DuplicateClientOrderId);
        }
        let any_amount = self.closes_all(market, ask);
        let mut terms = check_place(market, ask, asker.now, any_amount)?;
        let limits = market.pair.limits();
        if self.accounts.open_list(ask.account, ask.pair).count >= limits.max_open_orders {
            return Err(Reject::TooManyOpenOrders);
        }
        let mut funding = Funding::Spot;
        if ask.margin == MarginRequest::None {
            self.check_funds(ask.account, hold_asset(market, ask.side), terms.hold)?;
        } else {
            let margin = self.check_margin(market, ask, &mut terms)?;
            (funding, terms.hold) = (margin.funding, margin.hold);
            self.check_funds(ask.account, market.pair.quote(), terms.hold)?;
        }
        if market.orders.len() >= self.config.max_orders_per_pair as usize {
            return Err(Reject::BookFull);
        }

        let market_order = ask.limit.is_none();
        let order = Order {
            id: self.next_order,
            account: ask.account,
            price: terms.price,
            quantity: ask.quantity,
            filled: Quantity::ZERO,
            notional: Amount::ZERO,
            fees: FeeMeter::default(),
            first_price: terms.price,
            first_quantity: ask.quantity,
            side: ask.side,
            market: market_order,
            time_in_force: terms.time_in_force,
            post_only: ask.post_only,
            self_trade: ask.self_trade,
            client_order_id: ask.client_order_id,
            terms: terms.terms,
            expires_at: ask.expires_at,
            funding,
        };
        let id = order.id;
        let key = self.open_order(ask.pair, order, terms.hold);
        let kind = CommandKind::Place {
            pair: ask.pair,
            id,
            client_order_id: ask.client_order_id,
            market: market_order,
            expires_at: ask.expires_at,
            hold: terms.hold,
            funding,
            terms: terms.terms,
            order: PlaceOrder {
                key,
                account: ask.account,
                side: ask.side,
                price: terms.price,
                quantity: ask.quantity,
                time_in_force: terms.time_in_force,
                post_only: ask.post_only,
                self_trade: ask.self_trade,
            },
        };
        let sequence = self.accept(asker.now, kind, out);
        let origin = Some(asker.correlation);
        self.send(ask.pair, sequence, origin, (id, key), Work::Place);
        Ok(())
    }

    fn decide_amend(
        &mut self,
        asker: Asker,
        account: AccountId,
        order: OrderRef,
        (price, quantity): (Option<Price>, Option<Quantity>),
        out: &mut impl Sink<Decision>,
    ) -> Result<(), Reject> {
        self.check_account(account)?;
        let known = self
            .known(account, order, asker.now)
            .ok_or(Reject::UnknownOrder)?;
        let (pair, key, open) = match known {
            Known::Open(pair, key, open) => (pair, key, open),
            Known::Ended(pair, ended) => {
                let answer = answer_of_finished(ended, pair);
                check_open(&self.markets[usize::from(pair.0)])?;
                if ended.status != OrderStatus::Filled {
                    return Err(Reject::AlreadyClosed);
                }
                self.answer(asker, answer, out);
                return Ok(());
            }
        };
        let market = &self.markets[usize::from(pair.0)];
        check_open(market)?;
        let terms = check_amend(market, open, price, quantity)?;
        self.check_funds(account, hold_asset(market, open.order.side), terms.hold)?;

        let id = open.order.id;
        let linked = open.stage == OrderStage::Linked;
        self.begin_amend(pair, key, terms.price, terms.change, terms.hold);
        let kind = CommandKind::Replace {
            pair,
            id,
            hold: terms.hold,
            order: ReplaceOrder {
                key,
                price: terms.price,
                quantity_change: terms.change,
                linked,
            },
        };
        let sequence = self.accept(asker.now, kind, out);
        let work = Work::Replace {
            price: terms.price,
            change: terms.change,
        };
        self.send(pair, sequence, Some(asker.correlation), (id, key), work);
        Ok(())
    }

    fn decide_cancel(
        &mut self,
        asker: Asker,
        account: AccountId,
        order: OrderRef,
        out: &mut impl Sink<Decision>,
    ) -> Result<(), Reject> {
        self.check_account(account)?;
        let known = self
            .known(account, order, asker.now)
            .ok_or(Reject::UnknownOrder)?;
        match known {
            Known::Open(pair, key, open) => {
                let order = (open.order.id, key);
                let origin = Some(asker.correlation);
                let asked = (CancelReason::Requested, origin, None);
                self.cancel(asker.now, pair, order, asked, out);
            }
            Known::Ended(pair, ended) => {
                let answer = answer_of_finished(ended, pair);
                self.answer(asker, answer, out);
            }
        }
        Ok(())
    }

    // L-19
    fn decide_cancel_all(
        &mut self,
        asker: Asker,
        account: AccountId,
        (pair, side): (Option<PairId>, Option<Side>),
        reason: CancelReason,
        out: &mut impl Sink<Decision>,
    ) -> Result<(), Reject> {
        self.check_account(account)?;
        if pair.is_some_and(|pair| self.market(pair).is_none()) {
            return Err(Reject::UnknownPair);
        }
        let found = self.find_open(account, pair, side);
        if found.is_empty() {
            self.answer(asker, Answer::AllCancelled { count: 0 }, out);
        } else {
            let group = self.groups.insert(CancelGroup {
                origin: asker.correlation,
                sequence: self.last_sequence,
                time: asker.now,
                outstanding: u32::try_from(found.len())
                    .expect("invariant: caps on open orders and pairs are below 2^32"),
                cancelled: 0,
            });
            for &(id, pair, key) in &found {
                let asked = (reason, None, Some(group));
                self.cancel(asker.now, pair, (id, key), asked, out);
            }
            self.groups[group].sequence = self.last_sequence;
        }
        self.found = found;
        Ok(())
    }

    /// The open orders of an account, of a pair and a side, by number. Give the list back.
    fn find_open(
        &mut self,
        account: AccountId,
        pair: Option<PairId>,
        side: Option<Side>,
    ) -> Vec<(OrderId, PairId, OrderKey)> {
        let mut found = std::mem::take(&mut self.found);
        found.clear();
        for (of, list) in self.accounts.open_lists(account) {
            if pair.is_some_and(|pair| pair != of) {
                continue;
            }
            let orders = self.markets[usize::from(of.0)].orders.of_list(&list);
            found.extend(
                orders
                    .filter(|(_, open)| side.is_none_or(|side| side == open.order.side))
                    .map(|(key, open)| (open.order.id, of, key)),
            );
        }
        found.sort_unstable();
        found
    }

    /// When [`Clearing::tick`] has something to do next; `None` for never.
    #[inline]
    pub fn next_deadline(&self) -> Option<Timestamp> {
        self.deadlines.first()
    }

    /// Decides what is due by `now`: orders whose time has come, and dead-man switches that were
    /// not set anew (L-29). Nothing is answered, for nobody asked.
    #[inline]
    pub fn tick(&mut self, now: Timestamp, out: &mut impl Sink<Decision>) {
        if self.deadlines.is_due(now) {
            self.decide_due(now.max(self.last_time), out);
        }
    }

    #[cold]
    fn decide_due(&mut self, now: Timestamp, out: &mut impl Sink<Decision>) {
        while let Some(due) = self.deadlines.pop(now) {
            match due {
                Due::Order(id) => {
                    let Location::Open { pair, slot } = self.orders.get(id) else {
                        continue;
                    };
                    let market = &self.markets[usize::from(pair.0)];
                    if let Some((key, _)) = market.orders.in_slot(slot) {
                        let asked = (CancelReason::Expired, None, None);
                        self.cancel(now, pair, (id, key), asked, out);
                    }
                }
                Due::Reference(pair) => {
                    let market = &self.markets[usize::from(pair.0)];
                    let mut reference = market.reference.clone();
                    reference.roll(now);
                    self.move_reference(now, pair, reference.price(), out);
                }
                Due::Reopening(pair) => {
                    let status = TradingStatus::Open;
                    let kind = CommandKind::SetTradingStatus { pair, status };
                    self.change_status(now, kind, (pair, status), None, out);
                }
                Due::Interest(pair) => self.decide_interest(pair, now, out),
                Due::Grace(pair, account) => self.decide_grace(pair, account, now, out),
                Due::Margin(pair) => self.look_at_positions(pair, now, out),
                Due::Account(account) => {
                    self.accounts.set_cancel_after(account, None);
                    let deadline = None;
                    let kind = CommandKind::CancelAfter { account, deadline };
                    self.accept(now, kind, out);
                    let found = self.find_open(account, None, None);
                    for &(id, pair, key) in &found {
                        let asked = (CancelReason::CancelAfter, None, None);
                        self.cancel(now, pair, (id, key), asked, out);
                    }
                    self.found = found;
                }
            }
        }
    }

    pub(in crate::clearing) fn cancel(
        &mut self,
        now: Timestamp,
        pair: PairId,
        (id, key): (OrderId, OrderKey),
        (reason, origin, group): (CancelReason, Option<Correlation>, Option<usize>),
        out: &mut impl Sink<Decision>,
    ) {
        let kind = CommandKind::Cancel {
            pair,
            id,
            order: CancelOrder { key, reason },
        };
        let sequence = self.accept(now, kind, out);
        self.send(pair, sequence, origin, (id, key), Work::Cancel { group });
    }

    /// Answers a placement that was made before: at once, or with the first's answer (L-17).
    fn repeat(
        &mut self,
        asker: Asker,
        pair: PairId,
        order: OrderId,
        out: &mut impl Sink<Decision>,
    ) -> Result<(), Reject> {
        if let Location::Open { slot, .. } = self.orders.get(order) {
            let market = &mut self.markets[usize::from(pair.0)];
            let open = market.orders.in_slot(slot);
            if open.is_some_and(|(_, open)| !open.announced) {
                if market.waiting.len() >= Self::MAX_WAITING {
                    return Err(Reject::Unavailable);
                }
                market.waiting.push((order, asker.correlation));
                return Ok(());
            }
        }
        let answer = Answer::Placed {
            order,
            duplicate: true,
        };
        self.answer(asker, answer, out);
        Ok(())
    }

    /// The order that used the placement's client id, if it still counts.
    fn known_client_id(&self, ask: &PlaceRequest, now: Timestamp) -> Option<Known<'_>> {
        let name = ask.client_order_id.as_ref()?;
        self.known(ask.account, OrderRef::Client(*name), now)
    }

    pub(in crate::clearing) fn view_of_known(
        &self,
        account: AccountId,
        order: OrderRef,
        now: Timestamp,
    ) -> Option<OrderView> {
        Some(match self.known(account, order, now)? {
            Known::Open(pair, _, open) => open.view(&self.markets[usize::from(pair.0)].pair),
            Known::Ended(pair, ended) => ended.view(&self.markets[usize::from(pair.0)].pair),
        })
    }

    /// An order of `account`, open or remembered at `now`.
    #[inline]
    fn known(&self, account: AccountId, order: OrderRef, now: Timestamp) -> Option<Known<'_>> {
        let id = match order {
            OrderRef::Id(id) => id,
            OrderRef::Client(name) => self.accounts.client_id(account, &name)?,
        };
        match self.orders.get(id) {
            Location::Nowhere => None,
            Location::Open { pair, slot } => {
                let market = &self.markets[usize::from(pair.0)];
                let (key, open) = market.orders.in_slot(slot)?;
                (open.order.account == account).then_some(Known::Open(pair, key, open))
            }
            Location::Ended { pair, position } => {
                let ended = self.markets[usize::from(pair.0)].finished.get(position)?;
                let known =
                    ended.order.account == account && !is_forgotten(ended.at, now, &self.config);
                known.then_some(Known::Ended(pair, ended))
            }
        }
    }

    pub(in crate::clearing) fn check_account(&self, account: AccountId) -> Result<(), Reject> {
        let known = self.accounts.contains(account);
        known.then_some(()).ok_or(Reject::UnknownAccount)
    }

    pub(in crate::clearing) fn check_asset(&self, asset: AssetId) -> Result<(), Reject> {
        let known = self.ledger.has_asset(asset);
        known.then_some(()).ok_or(Reject::UnknownAsset)
    }

    // L-2
    pub(in crate::clearing) fn check_funds(
        &self,
        account: AccountId,
        asset: AssetId,
        hold: Amount,
    ) -> Result<(), Reject> {
        let enough = self.ledger.balance(account, asset).available >= hold;
        enough.then_some(()).ok_or(Reject::InsufficientBalance)
    }

    fn say_booked(
        &self,
        asker: Asker,
        account: AccountId,
        asset: AssetId,
        out: &mut impl Sink<Decision>,
    ) {
        let balance = self.ledger.balance(account, asset);
        let (available, held) = (balance.available, balance.held);
        self.answer(asker, Answer::Booked { available, held }, out);
        let told = ReportKind::Balance {
            account,
            asset,
            available,
            held,
        };
        self.say(asker.now, told, out);
    }

    pub(in crate::clearing) fn answer(
        &self,
        asker: Asker,
        answer: Answer,
        out: &mut impl Sink<Decision>,
    ) {
        let told = ReportKind::Answer {
            correlation: asker.correlation,
            answer,
        };
        self.say(asker.now, told, out);
    }

    /// Says something that may be known once all that was accepted so far is durable.
    pub(in crate::clearing) fn say(
        &self,
        time: Timestamp,
        kind: ReportKind,
        out: &mut impl Sink<Decision>,
    ) {
        out.push(Decision::Report(Report {
            after: self.last_sequence,
            time,
            kind,
        }));
    }
}

fn is_repeat(first: &Known<'_>, ask: &PlaceRequest) -> bool {
    match first {
        Known::Open(pair, _, open) => is_same(&open.order, *pair, ask),
        Known::Ended(pair, ended) => is_same(&ended.order, *pair, ask),
    }
}

fn known_id(known: &Known<'_>) -> OrderId {
    match known {
        Known::Open(_, _, open) => open.order.id,
        Known::Ended(_, ended) => ended.order.id,
    }
}
