mod state;

use engine::clearing::{ExchangeConfig, OrderView};
use engine::command::{CancelOrder, OrderCommand, PlaceOrder, ReplaceOrder};
use engine::domain::{
    AccountId, Amount, EventSequence, OrderId, OrderKey, Pair, PairId, Price, Quantity, Side,
    TimeInForce, Timestamp, TradeId, TradingStatus, UserName,
};
use engine::event::{CancelReason, DropReason, Event};
use engine::reject::Reject;
use engine::report::{AcceptedOrder, Answer, Fill, Liquidity, OrderStatus};
use engine::request::{OrderRef, PlaceRequest, Request, RequestKind};

use super::PlainMatcher;
use super::ledger::{Cash, PlainFill, PlainLedger};

/// The rules of `docs/ledger.md` over lists of everything that ever happened.
#[derive(Clone, Debug)]
pub struct PlainExchange {
    pub(super) config: ExchangeConfig,
    books: Vec<PlainMatcher>,
    halted: Vec<bool>,
    last_trades: Vec<Option<Price>>,
    users: Vec<UserName>,
    pub(super) ledger: PlainLedger,
    /// Every order that a book took, ended or not.
    orders: Vec<PlainRecord>,
    /// How many numbers orders have used up, also those that a book refused.
    numbers: u64,
    /// How many orders of each pair have ended.
    ends: Vec<u64>,
    time: Timestamp,
}

/// One order, as it came and as it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct PlainRecord {
    pub(super) id: OrderId,
    /// As it was asked for.
    first: PlaceRequest,
    pub(super) price: Price,
    pub(super) quantity: u64,
    pub(super) leaves: u64,
    end: Option<End>,
}

#[derive(Clone, Copy, Debug)]
struct End {
    status: OrderStatus,
    at: Timestamp,
    /// How many of its pair ended before it.
    number: u64,
}

impl PlainRecord {
    pub(super) fn side(&self) -> Side {
        self.first.side
    }

    pub(super) fn account(&self) -> AccountId {
        self.first.account
    }

    pub(super) fn pair(&self) -> PairId {
        self.first.pair
    }

    pub(super) fn is_open(&self) -> bool {
        self.end.is_none()
    }
}

impl PlainExchange {
    /// An exchange without accounts, all pairs open, all books empty.
    pub fn new(config: ExchangeConfig) -> PlainExchange {
        let pairs = config.pairs.len();
        PlainExchange {
            config,
            books: vec![PlainMatcher::new(u32::MAX); pairs],
            halted: vec![false; pairs],
            last_trades: vec![None; pairs],
            users: Vec::new(),
            ledger: PlainLedger::default(),
            orders: Vec::new(),
            numbers: 0,
            ends: vec![0; pairs],
            time: Timestamp(0),
        }
    }

    /// Does what is asked at `now`, and says the answer.
    pub fn apply(&mut self, request: &Request, now: Timestamp) -> Answer {
        let now = now.max(self.time); // L-22
        let answer = match request.kind {
            RequestKind::OpenAccount { name } => self.open_account(name),
            RequestKind::Deposit {
                account,
                asset,
                amount,
            } => self.book(Cash::new(account, asset, i128::from(amount.units()))),
            RequestKind::Withdraw {
                account,
                asset,
                amount,
            } => self.book(Cash::new(account, asset, -i128::from(amount.units()))),
            RequestKind::SetTradingStatus { pair, status } => self.set_status(pair, status),
            RequestKind::Place(ask) => self.place(&ask, now),
            RequestKind::Amend {
                account,
                order,
                price,
                quantity,
            } => self.amend(account, order, (price, quantity), now),
            RequestKind::Cancel { account, order } => self.cancel(account, order, now),
            RequestKind::CancelAll {
                account,
                pair,
                side,
            } => self.cancel_all(account, (pair, side), now),
        };
        match answer {
            Ok((answer, is_command)) => {
                if is_command {
                    self.time = now;
                }
                answer
            }
            Err(reject) => Answer::Rejected(reject),
        }
    }

    /// How many accounts are open.
    pub fn accounts(&self) -> u32 {
        u32::try_from(self.users.len()).expect("a test has few users")
    }

    /// How many numbers orders have used up.
    pub const fn numbers(&self) -> u64 {
        self.numbers
    }

    /// The book of a pair.
    pub fn matcher(&self, pair: PairId) -> Option<&PlainMatcher> {
        self.books.get(usize::from(pair.0))
    }

    /// All fills so far, both sides of each trade: the resting one first.
    pub fn fills(&self) -> impl Iterator<Item = (OrderId, Fill)> {
        self.ledger.fills.iter().map(|fill| {
            let told = Fill {
                trade: fill.trade,
                price: fill.price,
                quantity: lots(fill.quantity),
                fee: amount(fill.fee),
                liquidity: fill.liquidity,
            };
            (fill.order, told)
        })
    }

    /// Every order that is open or remembered, by number. // L-18
    pub fn known_orders(&self) -> Vec<OrderView> {
        let known = self.orders.iter().filter(|it| self.is_known(it, self.time));
        known.map(|order| self.view(order)).collect()
    }

    /// Whose every open order is, and its number.
    pub fn open_orders(&self) -> Vec<(AccountId, OrderId)> {
        self.open()
            .map(|order| (order.account(), order.id))
            .collect()
    }

    /// What is available and what is held. // L-1, L-2
    pub fn balance(&self, account: AccountId, asset: engine::domain::AssetId) -> (u128, u128) {
        let total = self.ledger.total(account, asset, &self.config);
        let held = self.open().filter(|order| order.account() == account);
        let held = held.filter(|order| self.hold_asset(order) == asset);
        let held: u128 = held.map(|order| self.need(order)).sum();
        let available = u128::try_from(total)
            .ok()
            .and_then(|it| it.checked_sub(held));
        (available.expect("no balance is below zero"), held)
    }

    /// What the platform earned. // L-10
    pub fn fees(&self, asset: engine::domain::AssetId) -> u128 {
        self.ledger.fees(asset, &self.config)
    }

    fn open_account(&mut self, name: UserName) -> Answered {
        let found = self.users.iter().position(|user| *user == name);
        if found.is_none() && self.accounts() >= self.config.max_accounts {
            return Err(Reject::TooManyAccounts);
        }
        let index = found.unwrap_or(self.users.len());
        if found.is_none() {
            self.users.push(name);
        }
        let account = AccountId(u32::try_from(index).expect("a test has few users"));
        Ok((Answer::Account { account, name }, found.is_none()))
    }

    // L-3, L-4
    fn book(&mut self, cash: Cash) -> Answered {
        self.check_account(cash.account)?;
        if cash.asset.0 >= self.config.assets {
            return Err(Reject::UnknownAsset);
        }
        let (available, held) = self.balance(cash.account, cash.asset);
        let after = i128::try_from(available).expect("a balance is below 2^63") + cash.change;
        if after < 0 {
            return Err(Reject::InsufficientBalance);
        }
        if cash.change == 0 {
            return Err(Reject::ZeroAmount);
        }
        if self.ledger.inside(cash.asset) + cash.change > i128::from(i64::MAX) {
            return Err(Reject::BalanceTooLarge);
        }
        self.ledger.cash.push(cash);
        let available = amount(u128::try_from(after).expect("it was looked at"));
        let held = amount(held);
        Ok((Answer::Booked { available, held }, true))
    }

    fn set_status(&mut self, pair: PairId, status: TradingStatus) -> Answered {
        self.check_pair(pair)?;
        let halted = status == TradingStatus::Halted;
        let before = std::mem::replace(&mut self.halted[usize::from(pair.0)], halted);
        Ok((Answer::TradingStatusSet, before != halted))
    }

    // L-21: the checks stand in the order of their numbers.
    fn place(&mut self, ask: &PlaceRequest, now: Timestamp) -> Answered {
        self.check_account(ask.account)?;
        let pair = self.check_pair(ask.pair)?;
        let named = ask.client_order_id.map(OrderRef::Client);
        let first = named.and_then(|name| self.find(ask.account, name, now));
        // L-17
        if let Some(first) = first
            && is_same(&self.orders[first].first, ask)
        {
            let order = self.orders[first].id;
            let duplicate = true;
            return Ok((Answer::Placed { order, duplicate }, false));
        }
        self.check_open(ask.pair)?;
        if first.is_some() {
            return Err(Reject::DuplicateClientOrderId);
        }
        let (price, worth) = self.price_and_worth(&pair, ask);
        check_quantity(&pair, ask.quantity)?;
        check_worth(&pair, worth, ask.quantity)?;
        let hold = self.hold(&pair, ask.side, price, ask.quantity.lots(), 0);
        if pair.notional(price, ask.quantity).is_none() || hold.is_none_or(is_too_large) {
            return Err(Reject::NotionalTooLarge);
        }
        let (low, high) = self.band(&pair);
        if price < low || price > high {
            return Err(Reject::PriceOutsideBand);
        }
        let time_in_force = time_in_force(ask);
        if ask.post_only && time_in_force != TimeInForce::GoodTillCancelled {
            return Err(Reject::PostOnlyNeedsGoodTillCancelled);
        }
        let in_pair = || self.open().filter(|order| order.pair() == ask.pair);
        let own = in_pair()
            .filter(|order| order.account() == ask.account)
            .count();
        if own >= pair.limits().max_open_orders as usize {
            return Err(Reject::TooManyOpenOrders);
        }
        let asset = match ask.side {
            Side::Buy => pair.quote(),
            Side::Sell => pair.base(),
        };
        if self.balance(ask.account, asset).0 < hold.unwrap_or(u128::MAX) {
            return Err(Reject::InsufficientBalance);
        }
        // Clearing sees a full book before the matcher sees a post-only order that would take.
        if in_pair().count() >= self.config.max_orders_per_pair as usize {
            return Err(Reject::BookFull);
        }
        self.numbers += 1;
        let id = OrderId(self.numbers);
        self.orders.push(PlainRecord {
            id,
            first: *ask,
            price,
            quantity: ask.quantity.lots(),
            leaves: ask.quantity.lots(),
            end: None,
        });
        let command = OrderCommand::Place(PlaceOrder {
            key: key(id),
            account: ask.account,
            side: ask.side,
            price,
            quantity: ask.quantity,
            time_in_force,
            post_only: ask.post_only,
            self_trade: ask.self_trade,
        });
        let duplicate = false;
        let placed = Answer::Placed {
            order: id,
            duplicate,
        };
        Ok((self.run(ask.pair, &command, now).unwrap_or(placed), true))
    }

    fn amend(
        &mut self,
        account: AccountId,
        order: OrderRef,
        (price, quantity): (Option<Price>, Option<Quantity>),
        now: Timestamp,
    ) -> Answered {
        self.check_account(account)?;
        let index = self.find(account, order, now).ok_or(Reject::UnknownOrder)?;
        let order = self.orders[index];
        let pair = self.check_pair(order.pair())?;
        self.check_open(order.pair())?;
        // L-14
        if let Some(end) = order.end {
            return match end.status {
                OrderStatus::Filled => Ok((self.too_late(&order), false)),
                _ => Err(Reject::AlreadyClosed),
            };
        }
        if let Some(quantity) = quantity {
            check_quantity(&pair, quantity)?;
            if quantity.lots() <= self.ledger.filled(order.id) {
                return Err(Reject::AmountBelowFilled);
            }
        }
        let new_price = price.unwrap_or(order.price);
        let new_quantity = quantity.map_or(order.quantity, Quantity::lots);
        if new_price == order.price && new_quantity == order.quantity {
            return Err(Reject::NothingToAmend);
        }
        check_worth(&pair, new_price, lots(new_quantity))?;
        let added = new_quantity.saturating_sub(order.quantity);
        let bound = self.bound(&pair, &order, new_price, added);
        let bound = bound.filter(|bound| !is_too_large(*bound));
        let bound = bound.ok_or(Reject::NotionalTooLarge)?;
        let (low, high) = self.band(&pair);
        if new_price != order.price && !(low..=high).contains(&new_price) {
            return Err(Reject::PriceOutsideBand);
        }
        let more = bound.saturating_sub(self.need(&order));
        if self.balance(account, self.hold_asset(&order)).0 < more {
            return Err(Reject::InsufficientBalance);
        }
        let change = i128::from(new_quantity) - i128::from(order.quantity);
        let change = i64::try_from(change).expect("a quantity is at most 2^40");
        let command = OrderCommand::Replace(ReplaceOrder {
            key: key(order.id),
            price: new_price,
            quantity_change: change,
        });
        let amended = Answer::Amended {
            order: order.id,
            price: new_price,
            quantity: lots(new_quantity),
            leaves: lots(order.leaves.saturating_add_signed(change)),
        };
        Ok((
            self.run(order.pair(), &command, now).unwrap_or(amended),
            true,
        ))
    }

    fn cancel(&mut self, account: AccountId, order: OrderRef, now: Timestamp) -> Answered {
        self.check_account(account)?;
        let index = self.find(account, order, now).ok_or(Reject::UnknownOrder)?;
        let order = self.orders[index];
        if order.is_open() {
            self.cancel_open(&order, now);
        }
        let answer = self.too_late(&self.orders[index]);
        Ok((answer, order.is_open()))
    }

    // L-19
    fn cancel_all(
        &mut self,
        account: AccountId,
        (pair, side): (Option<PairId>, Option<Side>),
        now: Timestamp,
    ) -> Answered {
        self.check_account(account)?;
        if let Some(pair) = pair {
            self.check_pair(pair)?;
        }
        let own = self.open().filter(|order| order.account() == account);
        let own = own.filter(|order| pair.is_none_or(|pair| pair == order.pair()));
        let own = own.filter(|order| side.is_none_or(|side| side == order.side()));
        let own: Vec<PlainRecord> = own.copied().collect();
        for order in &own {
            self.cancel_open(order, now);
        }
        let count = u32::try_from(own.len()).expect("a test has few orders");
        Ok((Answer::AllCancelled { count }, count > 0))
    }

    fn cancel_open(&mut self, order: &PlainRecord, now: Timestamp) {
        let command = OrderCommand::Cancel(CancelOrder {
            key: key(order.id),
            reason: CancelReason::Requested,
        });
        self.run(order.pair(), &command, now);
    }

    /// What is said of an order that has ended. // L-14
    fn too_late(&self, order: &PlainRecord) -> Answer {
        let filled = lots(self.ledger.filled(order.id));
        match order.end.map(|end| end.status) {
            Some(OrderStatus::Filled) => Answer::AlreadyFilled {
                order: order.id,
                pair: order.pair(),
                filled,
                notional: amount(self.ledger.notional(order.id)),
            },
            _ => Answer::Cancelled {
                order: order.id,
                filled,
            },
        }
    }

    /// Has the pair's book do it, and takes down what happened; an answer if it refused.
    fn run(&mut self, pair: PairId, command: &OrderCommand, now: Timestamp) -> Option<Answer> {
        let events = self.books[usize::from(pair.0)].apply(command);
        let mut answer = None;
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
                    self.trade(maker, command, trade, now);
                }
                Event::Decremented {
                    maker, quantity, ..
                } => {
                    self.decrement(id(maker), quantity.lots());
                    self.decrement(id(key_of(command)), quantity.lots());
                    if self.record(id(maker)).leaves == 0 {
                        self.end(id(maker), OrderStatus::Cancelled, now);
                    }
                }
                Event::Replaced { .. } | Event::Reduced { .. } => self.change(command),
                Event::Rested { .. } => {}
                Event::Cancelled { order, .. } => {
                    self.end(id(order), OrderStatus::Cancelled, now);
                }
                Event::Filled { order, .. } => self.end(id(order), OrderStatus::Filled, now),
                Event::Dropped { order, reason, .. } => {
                    let status = self.status_of_dropped(id(order), reason);
                    self.end(id(order), status, now);
                }
                Event::Rejected { order, reason, .. } => {
                    // L-11
                    if matches!(command, OrderCommand::Place(_)) {
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
        command: &OrderCommand,
        (pair, sequence, price, quantity): (PairId, EventSequence, Price, u64),
        now: Timestamp,
    ) {
        self.last_trades[usize::from(pair.0)] = Some(price);
        let config = self.config.pairs[usize::from(pair.0)];
        let notional = config.notional(price, lots(quantity));
        let sides = [
            (id(maker), Liquidity::Maker, config.maker_fee()),
            (id(key_of(command)), Liquidity::Taker, config.taker_fee()),
        ];
        for (order, liquidity, rate) in sides {
            let record = self.record(order);
            let (account, side) = (record.account(), record.side());
            record.leaves -= quantity;
            self.ledger.trade(PlainFill {
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
                liquidity,
            });
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

    fn record(&mut self, order: OrderId) -> &mut PlainRecord {
        let mut records = self.orders.iter_mut();
        let found = records.find(|record| record.id == order);
        found.expect("a book tells of orders that were sent to it")
    }

    fn find(&self, account: AccountId, order: OrderRef, now: Timestamp) -> Option<usize> {
        self.orders.iter().position(|record| {
            let is_named = match order {
                OrderRef::Id(id) => record.id == id,
                OrderRef::Client(name) => record.first.client_order_id == Some(name),
            };
            is_named && record.account() == account && self.is_known(record, now)
        })
    }

    // L-18
    fn is_known(&self, order: &PlainRecord, now: Timestamp) -> bool {
        let Some(end) = order.end else { return true };
        let later = self.ends[usize::from(order.pair().0)] - end.number - 1;
        now.since(end.at) < self.config.retention_ms
            && later < u64::from(self.config.max_finished_per_pair)
    }

    pub(super) fn open(&self) -> impl Iterator<Item = &PlainRecord> {
        self.orders.iter().filter(|order| order.is_open())
    }

    fn view(&self, record: &PlainRecord) -> OrderView {
        let first = &record.first;
        let filled = self.ledger.filled(record.id);
        OrderView {
            order: AcceptedOrder {
                account: first.account,
                order: record.id,
                client_order_id: first.client_order_id,
                pair: first.pair,
                side: first.side,
                market: first.limit.is_none(),
                price: record.price,
                quantity: lots(record.quantity),
                time_in_force: time_in_force(first),
                post_only: first.post_only,
                self_trade: first.self_trade,
            },
            status: match record.end {
                Some(end) => end.status,
                None if filled == 0 => OrderStatus::Open,
                None => OrderStatus::PartiallyFilled,
            },
            filled: lots(filled),
            leaves: lots(record.leaves),
            notional: amount(self.ledger.notional(record.id)),
            fees: amount(self.ledger.fees_of(record.id)),
            held: amount(if record.is_open() {
                self.need(record)
            } else {
                0
            }),
            finished_at: record.end.map(|end| end.at),
        }
    }

    /// The price that binds the order, and the one that its worth is looked at. // L-16
    fn price_and_worth(&self, pair: &Pair, ask: &PlaceRequest) -> (Price, Price) {
        let (low, high) = self.band(pair);
        match (ask.limit, ask.side) {
            (Some(limit), _) => (limit, limit),
            (None, Side::Buy) => (high, self.reference(pair)),
            (None, Side::Sell) => (low, self.reference(pair)),
        }
    }

    fn reference(&self, pair: &Pair) -> Price {
        self.last_trades[usize::from(pair.id().0)].unwrap_or(pair.reference_price())
    }

    fn band(&self, pair: &Pair) -> (Price, Price) {
        pair.band(self.reference(pair))
    }

    fn check_account(&self, account: AccountId) -> Result<(), Reject> {
        let is_open = account.0 < self.accounts();
        is_open.then_some(()).ok_or(Reject::UnknownAccount)
    }

    fn check_pair(&self, pair: PairId) -> Result<Pair, Reject> {
        let known = self.config.pairs.get(usize::from(pair.0));
        known.copied().ok_or(Reject::UnknownPair)
    }

    fn check_open(&self, pair: PairId) -> Result<(), Reject> {
        let is_halted = self.halted[usize::from(pair.0)];
        (!is_halted).then_some(()).ok_or(Reject::PairHalted)
    }
}

/// An answer and whether a command was accepted, or a refusal.
type Answered = Result<(Answer, bool), Reject>;

fn check_quantity(pair: &Pair, quantity: Quantity) -> Result<(), Reject> {
    match quantity {
        few if few < pair.limits().min_quantity => Err(Reject::BelowMinAmount),
        many if many > pair.limits().max_quantity => Err(Reject::AboveMaxAmount),
        _ => Ok(()),
    }
}

fn check_worth(pair: &Pair, price: Price, quantity: Quantity) -> Result<(), Reject> {
    match pair.notional(price, quantity) {
        None => Err(Reject::NotionalTooLarge),
        Some(worth) if worth < pair.limits().min_notional => Err(Reject::BelowMinNotional),
        Some(_) => Ok(()),
    }
}

fn is_same(first: &PlaceRequest, ask: &PlaceRequest) -> bool {
    let canonical = |ask: &PlaceRequest| PlaceRequest {
        time_in_force: time_in_force(ask),
        ..*ask
    };
    canonical(first) == canonical(ask)
}

/// A market order never rests.
fn time_in_force(ask: &PlaceRequest) -> TimeInForce {
    match ask.time_in_force {
        TimeInForce::GoodTillCancelled if ask.limit.is_none() => TimeInForce::ImmediateOrCancel,
        asked => asked,
    }
}

fn is_too_large(units: u128) -> bool {
    Amount::from_u128(units).is_none()
}

pub(super) fn lots(lots: u64) -> Quantity {
    Quantity::new(lots).expect("no order has more than the largest quantity")
}

pub(super) fn amount(units: u128) -> Amount {
    Amount::from_u128(units).expect("no account has more than the largest amount")
}

fn key(order: OrderId) -> OrderKey {
    OrderKey {
        slot: u32::try_from(order.0).expect("a test has few orders"),
        generation: 0,
    }
}

fn id(key: OrderKey) -> OrderId {
    OrderId(u64::from(key.slot))
}

fn key_of(command: &OrderCommand) -> OrderKey {
    match command {
        OrderCommand::Place(order) => order.key,
        OrderCommand::Replace(order) => order.key,
        OrderCommand::Cancel(order) => order.key,
    }
}
