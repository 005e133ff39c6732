//! The rules of `docs/ledger.md`, over lists of everything that ever happened.

mod breaker;
mod due;
mod margin;
mod operate;
mod settle;
mod shape;
mod state;
mod transfer;

use engine::clearing::{ExchangeConfig, OrderView, TransferState};
use engine::command::{CancelOrder, Command, OrderCommand, PlaceOrder, ReplaceOrder, Terms};
use engine::domain::{
    AccountId, AccountLimits, Amount, AssetId, Funding, Operation, OrderId, OrderKey, Pair, PairId,
    Price, Quantity, Side, TimeInForce, Timestamp, TradingStatus, UserName,
};
use engine::event::CancelReason;
use engine::reject::Reject;
use engine::report::{AcceptedOrder, Answer, Fill, OrderStatus};
use engine::request::{OrderRef, PlaceRequest, Request, RequestKind};

use super::PlainMatcher;
use super::ledger::{Cash, PlainLedger};
use breaker::PlainBreaker;
use margin::PlainMargin;
pub use margin::PlainReserves;
use operate::{PlainOperation, PlainRevoked};
use shape::{check_quantity, check_worth, is_same, time_in_force};

/// The rules of `docs/ledger.md` over lists of everything that ever happened.
#[derive(Clone, Debug)]
pub struct PlainExchange {
    pub(super) config: ExchangeConfig,
    books: Vec<PlainMatcher>,
    statuses: Vec<TradingStatus>,
    breakers: Vec<PlainBreaker>,
    last_trades: Vec<Option<Price>>,
    users: Vec<UserName>,
    /// When all orders of a user are cancelled, by account. // L-28
    cancel_after: Vec<Option<Timestamp>>,
    /// What the operator lets a user do, by account. // L-34
    limits: Vec<AccountLimits>,
    /// Every transfer that had a key. // L-33
    transfers: Vec<TransferState>,
    /// What else had a key. // L-36
    operations: Vec<PlainOperation>,
    revoked: PlainRevoked,
    pub(super) ledger: PlainLedger,
    margin: PlainMargin,
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
    /// Its limit or collar as it was taken, and what its book was told beside it.
    first_price: Price,
    terms: Terms,
    pub(super) price: Price,
    pub(super) quantity: u64,
    pub(super) leaves: u64,
    stage: Stage,
    end: Option<End>,
    /// Who pays for it.
    pub(super) funding: Funding,
}

/// Where an open order is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// In the book, or through it.
    Book,
    /// Outside the book. // L-25
    Waiting,
    /// In the book, and at this worst price if its stop is reached. // L-26
    Linked(Price),
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

    /// The worst price that it may trade at while its own is `price`. // L-26
    pub(super) fn worst(&self, price: Price) -> Price {
        if matches!(self.funding, Funding::Margin { .. }) {
            return self.worst_of_margin(price);
        }
        match (self.stage, self.side()) {
            (Stage::Linked(limit), Side::Buy) => price.max(limit),
            (Stage::Linked(limit), Side::Sell) => price.min(limit),
            (Stage::Book | Stage::Waiting, _) => price,
        }
    }
}

impl PlainExchange {
    /// An exchange without accounts, all pairs open, all books empty.
    pub fn new(config: ExchangeConfig) -> PlainExchange {
        let pairs = config.pairs.len();
        let mut exchange = PlainExchange {
            books: vec![PlainMatcher::new(u32::MAX); pairs],
            statuses: vec![TradingStatus::Open; pairs],
            breakers: config.pairs.iter().map(PlainBreaker::new).collect(),
            last_trades: vec![None; pairs],
            users: Vec::new(),
            cancel_after: Vec::new(),
            limits: Vec::new(),
            transfers: Vec::new(),
            operations: Vec::new(),
            revoked: PlainRevoked::default(),
            ledger: PlainLedger::default(),
            margin: PlainMargin::new(pairs),
            orders: Vec::new(),
            numbers: 0,
            ends: vec![0; pairs],
            time: Timestamp(0),
            config,
        };
        for index in 0..pairs {
            exchange.limit(index);
        }
        exchange
    }

    /// Does what is asked at `now`, and says the answer.
    pub fn apply(&mut self, request: &Request, now: Timestamp) -> Answer {
        self.tick(now);
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
            RequestKind::SetTradingStatus { pair, status } => self.set_status(pair, status, now),
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
                disconnected,
            } => {
                let reason = match disconnected {
                    true => CancelReason::Disconnected,
                    false => CancelReason::Requested,
                };
                self.cancel_all(account, (pair, side), reason, now)
            }
            RequestKind::CancelAfter {
                account,
                timeout_ms,
            } => self.set_cancel_after(account, timeout_ms, now),
            RequestKind::ClosePosition {
                account,
                position,
                client_order_id,
            } => self.close_position(account, position, client_order_id, now),
            RequestKind::AdjustMargin {
                account,
                position,
                change,
            } => self.adjust_margin(account, position, change),
            RequestKind::FundReserve {
                reserve,
                asset,
                change,
            } => self.fund_reserve(reserve, asset, change),
            RequestKind::SetIndex { pair, index } => self.set_index(pair, index),
            RequestKind::Transfer { key, transfer } => self.transfer(key, transfer, now),
            RequestKind::SetAccountLimits { account, limits } => self.set_limits(account, limits),
            RequestKind::Revoke(asked) => self.revoke(asked, now),
            RequestKind::Operate { key, operation } => self.operate(key, operation, now),
        };
        let answer = match answer {
            Ok((answer, is_command)) => {
                if is_command {
                    self.time = now;
                }
                if is_command && !is_for_a_book(&request.kind) {
                    self.own_command(now);
                }
                answer
            }
            Err(reject) => Answer::Rejected(reject),
        };
        self.check_complete(now);
        answer
    }

    /// As [`PlainExchange::apply`], following what was decided in `log` for it.
    pub fn apply_following(
        &mut self,
        request: &Request,
        now: Timestamp,
        log: &[Command],
    ) -> Answer {
        self.follow(log);
        self.apply(request, now)
    }

    /// As [`PlainExchange::tick`], following what was decided in `log`.
    pub fn tick_following(&mut self, now: Timestamp, log: &[Command]) {
        self.follow(log);
        self.tick(now);
        self.check_complete(now);
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

    /// Of each asset all that users have and the fees are what came in, nobody has less than
    /// nothing, and nobody's orders hold more than that. // L-1, L-2
    pub fn verify(&self) -> Result<(), String> {
        for asset in (0..self.config.assets).map(AssetId) {
            let users = (0..self.accounts()).map(AccountId);
            let totals = users.map(|it| self.ledger.total(it, asset, &self.config));
            let fees = i128::try_from(self.fees(asset)).map_err(|what| what.to_string())?;
            let PlainReserves {
                pool: (free, promised, lent),
                insurance,
                positions,
            } = self.reserves(asset);
            if [free, promised, lent, insurance, positions]
                .iter()
                .any(|it| *it < 0)
            {
                return Err(format!("a fund is below zero: {:#?}", self.reserves(asset)));
            }
            let totals = totals.sum::<i128>();
            let there = totals + fees + free + promised + insurance + positions;
            let inside = self.inside(asset);
            if there != inside {
                return Err(format!("{there} of {asset:?} is there, {inside} came in"));
            }
        }
        let faults = self.faults();
        match faults.first() {
            Some(fault) => Err(fault.clone()),
            None => Ok(()),
        }
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
    pub fn balance(&self, account: AccountId, asset: AssetId) -> (u128, u128) {
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
    pub fn fees(&self, asset: AssetId) -> u128 {
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
            self.cancel_after.push(None);
            self.limits.push(AccountLimits::default());
        }
        let account = AccountId(u32::try_from(index).expect("a test has few users"));
        Ok((Answer::Account { account, name }, found.is_none()))
    }

    // L-3, L-4
    fn book(&mut self, cash: Cash) -> Answered {
        let answered = self.try_book(cash);
        if answered.is_ok() {
            self.ledger.cash.push(cash);
        }
        answered
    }

    fn try_book(&self, cash: Cash) -> Answered {
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
        if self.inside(cash.asset) + cash.change > i128::from(i64::MAX) {
            return Err(Reject::BalanceTooLarge);
        }
        let available = amount(u128::try_from(after).expect("it was looked at"));
        let held = amount(held);
        Ok((Answer::Booked { available, held }, true))
    }

    fn set_status(&mut self, pair: PairId, status: TradingStatus, now: Timestamp) -> Answered {
        self.check_pair(pair)?;
        let index = usize::from(pair.0);
        let is_other = self.statuses[index] != status || self.breakers[index].reopens_at.is_some();
        if is_other {
            self.change_status(index, status, now);
        }
        Ok((Answer::TradingStatusSet, is_other))
    }

    /// Whether the breaker opens the pair again, and when. // L-32
    pub fn reopens_at(&self, pair: PairId) -> Option<Timestamp> {
        self.breakers.get(usize::from(pair.0))?.reopens_at
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
        let mut shape = self.shape(&pair, ask, now)?;
        let asked = self.asked(&pair, ask, &mut shape)?;
        let record = PlainRecord {
            id: OrderId(self.numbers + 1),
            first: *ask,
            first_price: shape.price,
            terms: shape.terms,
            price: shape.price,
            quantity: ask.quantity.lots(),
            leaves: ask.quantity.lots(),
            stage: shape.stage,
            end: None,
            funding: asked.funding,
        };
        match check_quantity(&pair, ask.quantity) {
            Err(Reject::BelowMinAmount) if asked.closes_all => {}
            checked => checked?,
        }
        match check_worth(&pair, shape.worth, ask.quantity) {
            Err(Reject::BelowMinNotional) if asked.closes_all => {}
            checked => checked?,
        }
        let fits = |price: Price| pair.notional(price, ask.quantity).is_some();
        let trades_at = PlainRecord {
            funding: Funding::Spot,
            ..record
        };
        let trades_at = trades_at.worst(shape.price);
        if asked.funding.is_margin() {
            shape.worst = record.worst(shape.price);
        }
        let hold = match asked.funding {
            Funding::Spot => self.hold(&pair, ask.side, shape.worst, ask.quantity.lots(), 0),
            funding => self.margin_hold(&pair, funding, (shape.worst, ask.quantity.lots())),
        };
        if !fits(shape.price) || !fits(shape.worst) || hold.is_none_or(is_too_large) {
            return Err(Reject::NotionalTooLarge);
        }
        for (price, around) in &shape.banded {
            let (low, high) = pair.band(*around);
            if *price < low || *price > high {
                return Err(Reject::PriceOutsideBand);
            }
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
        self.check_margin(&pair, ask, asked.funding, (shape.worst, trades_at))?;
        let asset = self.hold_asset(&record);
        if self.balance(ask.account, asset).0 < hold.unwrap_or(u128::MAX) {
            return Err(Reject::InsufficientBalance);
        }
        // Clearing sees a full book before the matcher sees a post-only order that would take.
        if in_pair().count() >= self.config.max_orders_per_pair as usize {
            return Err(Reject::BookFull);
        }
        self.check_terms(hold.unwrap_or(u128::MAX), asked.funding);
        self.numbers += 1;
        let id = OrderId(self.numbers);
        self.orders.push(record);
        let order = PlaceOrder {
            key: key(id),
            account: ask.account,
            side: ask.side,
            price: shape.price,
            quantity: ask.quantity,
            time_in_force,
            post_only: ask.post_only,
            self_trade: ask.self_trade,
        };
        let command = OrderCommand::place(order, shape.terms);
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
        if order.funding.is_margin() {
            return Err(Reject::MarginNotAmendable);
        }
        self.check_amend_shape(&order, price, quantity)?;
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
        let (low, high) = pair.band(self.band_center(&pair, &order));
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
            linked: matches!(order.stage, Stage::Linked(_)),
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
            self.cancel_open(&order, CancelReason::Requested, now);
        }
        let answer = self.too_late(&self.orders[index]);
        Ok((answer, order.is_open()))
    }

    // L-19
    fn cancel_all(
        &mut self,
        account: AccountId,
        (pair, side): (Option<PairId>, Option<Side>),
        reason: CancelReason,
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
        let mut count = 0;
        for order in &own {
            count += u32::from(self.cancel_open(order, reason, now));
        }
        Ok((Answer::AllCancelled { count }, count > 0))
    }

    /// Cancels an order, unless what was cancelled before it ended it; whether it did.
    fn cancel_open(&mut self, order: &PlainRecord, reason: CancelReason, now: Timestamp) -> bool {
        let is_open = self.record(order.id).is_open();
        if is_open {
            let key = key(order.id);
            let command = OrderCommand::Cancel(CancelOrder { key, reason });
            self.run(order.pair(), &command, now);
        }
        is_open
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
                special: first.special,
                expires_at: first.expires_at,
                funding: record.funding,
            },
            status: match record.end {
                Some(end) => end.status,
                None if record.stage == Stage::Waiting && filled == 0 => OrderStatus::Pending,
                None if filled == 0 => OrderStatus::Open,
                None => OrderStatus::PartiallyFilled,
            },
            filled: lots(filled),
            leaves: lots(record.leaves),
            notional: amount(self.ledger.notional(record.id)),
            fees: amount(self.ledger.fees_of(record.id)),
            held: amount(if record.is_open() {
                self.held_for(record)
            } else {
                0
            }),
            finished_at: record.end.map(|end| end.at),
        }
    }

    fn reference(&self, pair: &Pair) -> Price {
        self.last_trades[usize::from(pair.id().0)].unwrap_or(pair.reference_price())
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
        let status = self.statuses[usize::from(pair.0)];
        status.is_open().then_some(()).ok_or(Reject::PairHalted)
    }
}

/// Whether what is asked goes to a book, which takes note of its commands itself.
fn is_for_a_book(kind: &RequestKind) -> bool {
    match kind {
        RequestKind::SetTradingStatus { .. }
        | RequestKind::Operate {
            operation: Operation::SetTradingStatus { .. },
            ..
        }
        | RequestKind::Place(_)
        | RequestKind::Amend { .. }
        | RequestKind::Cancel { .. }
        | RequestKind::CancelAll { .. }
        | RequestKind::ClosePosition { .. } => true,
        RequestKind::OpenAccount { .. }
        | RequestKind::Deposit { .. }
        | RequestKind::Withdraw { .. }
        | RequestKind::CancelAfter { .. }
        | RequestKind::AdjustMargin { .. }
        | RequestKind::FundReserve { .. }
        | RequestKind::Transfer { .. }
        | RequestKind::SetAccountLimits { .. }
        | RequestKind::Revoke(_)
        | RequestKind::Operate { .. }
        | RequestKind::SetIndex { .. } => false,
    }
}

/// An answer and whether a command was accepted, or a refusal.
type Answered = Result<(Answer, bool), Reject>;

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
