//! Random flows: decisions run ahead of settlement by as much as they like, pairs interleave as
//! they like, and everything adds up at every step, and comes to the same as without delay.

use std::collections::{BTreeMap, VecDeque};

use proptest::prelude::*;

use crate::clearing::{
    Clearing, Decision, ExchangeConfig, MarketState, OpenOrderState, OrderStage,
};
use crate::command::{Command, OrderCommand};
use crate::domain::*;
use crate::event::Event;
use crate::exchange::{Exchange, ExchangeState};
use crate::matching::{Matcher, RestoredTrigger};
use crate::reject::Reject;
use crate::report::{Answer, OrderStatus, Report, ReportKind};
use crate::request::{Correlation, OrderRef, PlaceRequest, Request, RequestKind};

const ACCOUNTS: u32 = 3;
const PAIRS: u16 = 3;

/// Three assets and every pair of them, so that pairs share what accounts have; odd units and
/// fees, so that nothing comes out even by luck.
fn config() -> ExchangeConfig {
    let pair = |id, base, quote, lot, tick_lot, maker, taker| {
        Pair::new(PairSpec {
            id: PairId(id),
            base: AssetId(base),
            quote: AssetId(quote),
            base_units_per_lot: lot,
            quote_units_per_tick_lot: tick_lot,
            limits: PairLimits {
                min_quantity: Quantity::new(1).unwrap(),
                max_quantity: Quantity::new(40).unwrap(),
                min_notional: Amount::new(5).unwrap(),
                price_band: 4_000,
                max_open_orders: 6,
            },
            maker_fee: BasisPoints::new(maker).unwrap(),
            taker_fee: BasisPoints::new(taker).unwrap(),
            reference_price: Price::new(10).unwrap(),
        })
        .unwrap()
    };
    let breaker = CircuitBreaker {
        band: 3_000,
        halt_ms: 30,
    };
    let pairs = vec![
        pair(0, 0, 2, 1, 1, 7, 33),
        pair(1, 1, 2, 3, 7, 1_000, 0),
        pair(2, 0, 1, 2, 1, 0, 250).with_breaker(breaker).unwrap(),
    ];
    let mut config = ExchangeConfig::new(3, pairs);
    config.max_orders_per_pair = 15;
    config.retention_ms = 40;
    config.max_finished_per_pair = 12;
    config
}

#[derive(Clone, Debug)]
enum Step {
    Ask(RequestKind),
    /// An amend of one of the account's open orders, counted round and round.
    Amend(AccountId, usize, Option<Price>, Option<Quantity>),
    /// Time goes on, or tries to go back.
    Clock(i64),
    /// The pair's matcher does so many of the commands that wait for it.
    Match(PairId, usize),
    /// So many of the pair's events are settled.
    Settle(PairId, usize),
}

fn step() -> impl Strategy<Value = Step> {
    let pair = || (0..PAIRS).prop_map(PairId);
    prop_oneof![
        12 => place().prop_map(|ask| Step::Ask(RequestKind::Place(ask))),
        12 => (account(), 0..4_usize, prop::option::of(price()), prop::option::of(quantity()))
            .prop_map(|(account, nth, price, quantity)| Step::Amend(account, nth, price, quantity)),
        4 => other().prop_map(Step::Ask),
        1 => prop_oneof![3 => -5..20_i64, 1 => 20_000..400_000_i64].prop_map(Step::Clock),
        4 => (pair(), 1..6_usize).prop_map(|(pair, count)| Step::Match(pair, count)),
        4 => (pair(), 1..9_usize).prop_map(|(pair, count)| Step::Settle(pair, count)),
    ]
}

fn account() -> impl Strategy<Value = AccountId> {
    (0..ACCOUNTS).prop_map(AccountId)
}

fn price() -> impl Strategy<Value = Price> {
    (5..16_u32).prop_map(|ticks| Price::new(ticks).unwrap())
}

fn quantity() -> impl Strategy<Value = Quantity> {
    (0..42_u64).prop_map(|lots| Quantity::new(lots).unwrap())
}

fn client_id() -> impl Strategy<Value = ClientOrderId> {
    prop_oneof![Just("a"), Just("b"), Just("c")].prop_map(|id| ClientOrderId::new(id).unwrap())
}

fn order_ref() -> impl Strategy<Value = OrderRef> {
    prop_oneof![
        4 => (1..60_u64).prop_map(|id| OrderRef::Id(OrderId(id))),
        1 => client_id().prop_map(OrderRef::Client),
    ]
}

fn place() -> impl Strategy<Value = PlaceRequest> {
    let terms = (
        prop_oneof![
            5 => Just(TimeInForce::GoodTillCancelled),
            1 => Just(TimeInForce::ImmediateOrCancel),
            1 => Just(TimeInForce::FillOrKill),
        ],
        prop::bool::weighted(0.15),
        prop_oneof![
            Just(SelfTradePrevention::CancelTaker),
            Just(SelfTradePrevention::CancelMaker),
            Just(SelfTradePrevention::CancelBoth),
            Just(SelfTradePrevention::Decrement),
        ],
    );
    let what = (
        account(),
        0..PAIRS,
        prop::option::weighted(0.3, client_id()),
        prop_oneof![Just(Side::Buy), Just(Side::Sell)],
        prop::option::weighted(0.9, price()),
        quantity(),
    );
    (what, terms, special(), expiry()).prop_map(
        |((account, pair, client_order_id, side, limit, quantity), terms, special, expires_at)| {
            PlaceRequest {
                account,
                pair: PairId(pair),
                client_order_id,
                side,
                limit,
                quantity,
                time_in_force: terms.0,
                post_only: terms.1,
                self_trade: terms.2,
                special,
                expires_at,
                margin: MarginRequest::None,
            }
        },
    )
}

/// What else may be asked of an order; mostly nothing.
fn special() -> impl Strategy<Value = Special> {
    let kind = || prop_oneof![Just(StopKind::StopLoss), Just(StopKind::TakeProfit)];
    let by = || prop_oneof![3 => Just(TriggerBy::Last), 1 => Just(TriggerBy::Mark)];
    let distance = prop_oneof![
        (1..20_u32).prop_map(|ticks| TrailingDistance::ticks(ticks).unwrap()),
        (1..2_000_u16).prop_map(|points| TrailingDistance::basis_points(points).unwrap()),
    ];
    prop_oneof![
        12 => Just(Special::None),
        3 => (kind(), price(), by())
            .prop_map(|(kind, trigger, by)| Special::Stop { kind, trigger, by }),
        2 => (distance, by()).prop_map(|(distance, by)| Special::Trailing { distance, by }),
        3 => (price(), prop::option::weighted(0.7, price()), by())
            .prop_map(|(trigger, limit, by)| Special::Oco { trigger, limit, by }),
        3 => quantity().prop_map(|display| Special::Iceberg { display }),
    ]
}

fn expiry() -> impl Strategy<Value = Option<Timestamp>> {
    prop::option::weighted(0.1, (900..1_200_u64).prop_map(Timestamp))
}

fn other() -> impl Strategy<Value = RequestKind> {
    let amount = || (0..300_u64).prop_map(|units| Amount::new(units).unwrap());
    let asset = || (0..3_u16).prop_map(AssetId);
    prop_oneof![
        6 => (account(), order_ref(), prop::option::of(price()), prop::option::of(quantity()))
            .prop_map(|(account, order, price, quantity)| RequestKind::Amend {
                account, order, price, quantity,
            }),
        4 => (account(), order_ref())
            .prop_map(|(account, order)| RequestKind::Cancel { account, order }),
        1 => (account(), prop::option::of((0..PAIRS).prop_map(PairId)), prop::option::of(
            prop_oneof![Just(Side::Buy), Just(Side::Sell)]
        )).prop_map(|(account, pair, side)| RequestKind::CancelAll {
            account, pair, side, disconnected: false,
        }),
        1 => (account(), 0..40_u64)
            .prop_map(|(account, timeout_ms)| RequestKind::CancelAfter { account, timeout_ms }),
        1 => (account(), asset(), amount())
            .prop_map(|(account, asset, amount)| RequestKind::Deposit { account, asset, amount }),
        1 => (account(), asset(), amount())
            .prop_map(|(account, asset, amount)| RequestKind::Withdraw { account, asset, amount }),
        1 => ((0..PAIRS).prop_map(PairId), prop::bool::weighted(0.7)).prop_map(|(pair, open)| {
            let status = if open { TradingStatus::Open } else { TradingStatus::Halted };
            RequestKind::SetTradingStatus { pair, status }
        }),
    ]
}

/// Accounts with some of everything, before a flow begins.
fn opening() -> Vec<RequestKind> {
    let mut requests = Vec::new();
    for account in 0..ACCOUNTS {
        requests.push(RequestKind::OpenAccount {
            name: UserName::new(&format!("user {account}")).unwrap(),
        });
        for asset in 0..3 {
            requests.push(RequestKind::Deposit {
                account: AccountId(account),
                asset: AssetId(asset),
                amount: Amount::new(1_500).unwrap(),
            });
        }
    }
    requests
}

/// An amend of the account's `nth` open order, counted round and round.
fn amend_open(
    clearing: &Clearing,
    account: AccountId,
    nth: usize,
    price: Option<Price>,
    quantity: Option<Quantity>,
) -> Option<RequestKind> {
    let open = clearing.open_orders(account);
    let order = open.get(nth.checked_rem(open.len())?)?;
    Some(RequestKind::Amend {
        account,
        order: OrderRef::Id(order.order.order),
        price,
        quantity,
    })
}

/// An exchange whose threads are queues: everything is done when the flow says so.
struct Delayed {
    clearing: Clearing,
    matchers: Vec<Matcher>,
    commands: Vec<VecDeque<OrderCommand>>,
    events: Vec<VecDeque<Event>>,
    log: Vec<Command>,
    reports: Vec<Report>,
    asked: u64,
    now: Timestamp,
}

impl Delayed {
    fn new() -> Delayed {
        let (clearing, matchers) = Exchange::new(config()).unwrap().into_parts();
        let pairs = usize::from(PAIRS);
        let mut run = Delayed {
            clearing,
            matchers,
            commands: vec![VecDeque::new(); pairs],
            events: vec![VecDeque::new(); pairs],
            log: Vec::new(),
            reports: Vec::new(),
            asked: 0,
            now: Timestamp(1_000),
        };
        for request in opening() {
            run.ask(request);
        }
        run
    }

    fn step(&mut self, step: &Step) {
        match *step {
            Step::Ask(kind) => self.ask(kind),
            Step::Amend(account, nth, price, quantity) => {
                if let Some(kind) = amend_open(&self.clearing, account, nth, price, quantity) {
                    self.ask(kind);
                }
            }
            Step::Clock(ms) => self.now = Timestamp(self.now.0.saturating_add_signed(ms)),
            Step::Match(pair, count) => self.run_matcher(pair, count),
            Step::Settle(pair, count) => self.settle(pair, count),
        }
        self.clearing.verify().unwrap();
    }

    fn ask(&mut self, kind: RequestKind) {
        self.asked += 1;
        let request = Request {
            correlation: Correlation(self.asked),
            kind,
        };
        let mut decisions = Vec::new();
        self.clearing.decide(&request, self.now, &mut decisions);
        self.carry_out(decisions);
    }

    /// What is due is decided.
    fn tick(&mut self) {
        let mut decisions = Vec::new();
        self.clearing.tick(self.now, &mut decisions);
        self.carry_out(decisions);
    }

    fn carry_out(&mut self, decisions: Vec<Decision>) {
        for decision in decisions {
            match decision {
                Decision::Report(report) => self.reports.push(report),
                Decision::Command(command) => {
                    self.log.push(command);
                    if let Some((pair, order)) = command.kind.order_command() {
                        self.commands[usize::from(pair.0)].push_back(order);
                    }
                }
            }
        }
    }

    fn run_matcher(&mut self, pair: PairId, count: usize) {
        let index = usize::from(pair.0);
        for _ in 0..count {
            let Some(command) = self.commands[index].pop_front() else {
                return;
            };
            let mut events = Vec::new();
            self.matchers[index].run(&command, &mut events);
            self.events[index].extend(events);
        }
    }

    fn settle(&mut self, pair: PairId, count: usize) {
        for _ in 0..count {
            let Some(event) = self.events[usize::from(pair.0)].pop_front() else {
                return;
            };
            self.clearing.settle(pair, &event, &mut self.reports);
            self.clearing.verify().unwrap();
        }
    }

    fn drain(&mut self) {
        for pair in (0..PAIRS).map(PairId) {
            self.run_matcher(pair, usize::MAX);
            self.settle(pair, usize::MAX);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    // L-1, L-2, L-12, L-20
    #[test]
    fn decisions_ahead_of_settlement_come_to_the_same(
        steps in prop::collection::vec(step(), 1..200),
    ) {
        let mut delayed = Delayed::new();
        for step in &steps {
            delayed.step(step);
        }
        delayed.drain();
        let exchange = Exchange::from_parts(delayed.clearing, delayed.matchers).unwrap();
        exchange.verify().unwrap();
        check_answers(delayed.asked, &delayed.reports);
        check_reports(&delayed.reports);

        let mut replayed = Exchange::new(config()).unwrap();
        let mut reports = Vec::new();
        for command in &delayed.log {
            replayed.replay(command, &mut reports).unwrap();
            replayed.verify().unwrap();
        }
        for asset in (0..3).map(AssetId) {
            for account in (0..ACCOUNTS).map(AccountId) {
                prop_assert_eq!(
                    exchange.clearing().balance(account, asset),
                    replayed.clearing().balance(account, asset)
                );
            }
        }
        prop_assert_eq!(exchange.state_digest(), replayed.state_digest());
        prop_assert_eq!(by_command(&delayed.reports), by_command(&reports));
    }

    // L-11, L-17
    #[test]
    fn a_repeat_in_flight_is_answered_right_after_the_first(
        ask in place(),
        before in prop::collection::vec(step(), 0..40),
        repeats in 1..4_usize,
    ) {
        let mut delayed = Delayed::new();
        for step in &before {
            delayed.step(step);
        }
        let ask = PlaceRequest { client_order_id: Some(ClientOrderId::new("new").unwrap()), ..ask };
        delayed.tick();
        let accepted = delayed.log.len();
        delayed.ask(RequestKind::Place(ask));
        let first = delayed.asked;
        let taken = delayed.log.len() > accepted;
        for _ in 0..repeats {
            delayed.ask(RequestKind::Place(ask));
        }
        prop_assert!(!taken || delayed.log.len() == accepted + 1);
        delayed.drain();
        check_answers(delayed.asked, &delayed.reports);
        let at = position_of_answer(&delayed.reports, first);
        for repeat in 1..=repeats {
            let other = position_of_answer(&delayed.reports, first + repeat as u64);
            prop_assert_eq!(other, at + repeat);
            match (answer_at(&delayed.reports, at), answer_at(&delayed.reports, other)) {
                (Answer::Placed { order, duplicate }, Answer::Placed { order: again, duplicate: is }) => {
                    prop_assert!(order == again && !duplicate && is);
                }
                (one, two) => prop_assert_eq!(one, two),
            }
        }
    }

    // L-22
    #[test]
    fn inline_and_replayed_are_the_same(steps in prop::collection::vec(step(), 1..200)) {
        let mut exchange = Exchange::new(config()).unwrap();
        let (mut reports, mut log) = (Vec::new(), Vec::new());
        let mut now = Timestamp(1_000);
        let steps = opening().into_iter().map(Step::Ask).chain(steps);
        for (asked, step) in steps.enumerate() {
            let kind = match step {
                Step::Ask(kind) => kind,
                Step::Amend(account, nth, price, quantity) => {
                    let clearing = exchange.clearing();
                    let Some(kind) = amend_open(clearing, account, nth, price, quantity) else {
                        continue;
                    };
                    kind
                }
                Step::Clock(ms) => {
                    now = Timestamp(now.0.saturating_add_signed(ms));
                    continue;
                }
                Step::Match(..) | Step::Settle(..) => continue,
            };
            let before = exchange.state_digest();
            let request = Request { correlation: Correlation(asked as u64), kind };
            let said = reports.len();
            let accepted = log.len();
            exchange.apply_logged(&request, now, &mut reports, &mut log);
            exchange.verify().unwrap();
            // What is refused leaves no trace.
            let refused = reports[said..].iter().any(|report| matches!(
                report.kind,
                ReportKind::Answer { answer: Answer::Rejected(_), .. }
            ));
            if refused && log.len() == accepted {
                prop_assert_eq!(before, exchange.state_digest());
            }
        }
        prop_assert!(log.windows(2).all(|two| two[0].time <= two[1].time
            && two[0].sequence.next() == two[1].sequence));
        check_reports(&reports);
        let mut replayed = Exchange::new(config()).unwrap();
        let mut said = Vec::new();
        for (done, command) in log.iter().enumerate() {
            if done == log.len() / 2 {
                // Half way a snapshot is taken, and all goes on from what was read back.
                let digest = replayed.state_digest();
                let state = replayed.state();
                replayed = Exchange::restore(config(), &state).unwrap();
                prop_assert_eq!(digest, replayed.state_digest());
                prop_assert_eq!(&state, &replayed.state());
            }
            replayed.replay(command, &mut said).unwrap();
        }
        prop_assert_eq!(exchange.state_digest(), replayed.state_digest());
        let private: Vec<_> = reports.into_iter().filter(|it| !is_answer(it)).collect();
        prop_assert_eq!(private, said);
    }
}

/// Puts one thing of a state wrong; `false` where there is no such thing to put wrong.
fn spoil(state: &mut ExchangeState, what: u32) -> bool {
    let clearing = &mut state.clearing;
    let market = &mut clearing.markets[0];
    let more = |amount: Amount| amount.checked_add(Amount::new(1).unwrap()).unwrap();
    match what {
        24 => clearing.last_sequence = CommandSequence(u64::MAX),
        0 => clearing.accounts[0].balances[0].available = Amount::MAX,
        1 => clearing.accounts[0].balances[2].held = more(clearing.accounts[0].balances[2].held),
        2 => clearing.assets[1].fees = more(clearing.assets[1].fees),
        3 => clearing.accounts[1].name = clearing.accounts[0].name,
        4 => drop(clearing.accounts[1].balances.pop()),
        5 => drop(clearing.accounts.pop()),
        6 => drop(clearing.markets.pop()),
        7 => drop(state.books.pop()),
        8 => market.last_event = EventSequence(u64::MAX),
        // Found by the orders that are known: where all ended long ago, nothing contradicts it.
        9 => {
            let knows_orders = |it: &MarketState| !it.open.is_empty() || !it.finished.is_empty();
            if !clearing.markets.iter().any(knows_orders) {
                return false;
            }
            clearing.next_order = OrderId(1);
        }
        25 => return state.books[0].stops.pop().is_some(),
        26 => match state.books[0].slices.last_mut() {
            Some((_, shown)) => *shown = Quantity::ZERO,
            None => return false,
        },
        27 => match state.books[0].stops.last_mut() {
            Some(stop) if stop.until == RestoredTrigger::Fixed => {
                stop.until = RestoredTrigger::Trailing(Price::MAX);
            }
            Some(stop) if stop.until == RestoredTrigger::Opening => return false,
            Some(stop) => stop.until = RestoredTrigger::Fixed,
            None => return false,
        },
        28 => {
            let waits = |open: &&mut OpenOrderState| open.stage != OrderStage::Book;
            match market.open.iter_mut().find(waits) {
                Some(open) => open.stage = OrderStage::Book,
                None => return false,
            }
        }
        29 => {
            let rests = |open: &&mut OpenOrderState| open.stage == OrderStage::Book;
            match market.open.iter_mut().find(rests) {
                Some(open) => open.stage = OrderStage::Waiting,
                None => return false,
            }
        }
        10..20 => {
            let Some(open) = market.open.last_mut() else {
                return false;
            };
            match what {
                10 => open.held = more(open.held),
                11 => open.leaves = Quantity::MAX,
                12 => open.order.id = OrderId(u64::MAX),
                13 => open.order.account = AccountId(u32::MAX),
                // A sell may stand anywhere above the bids.
                14 if open.order.side == Side::Sell => return false,
                14 => open.order.price = Price::MAX,
                15 => open.order.fee_credit = u16::MAX,
                16 => open.order.side = open.order.side.opposite(),
                17 => open.order.filled = Quantity::MAX,
                18 => {
                    let twice = *open;
                    market.open.push(twice);
                }
                _ => {
                    let book = &mut state.books[0];
                    return book.bids.pop().or(book.asks.pop()).is_some();
                }
            }
        }
        _ => {
            let Some(ended) = market.finished.last_mut() else {
                return false;
            };
            match what {
                20 => ended.status = OrderStatus::Open,
                21 => ended.at = Timestamp(u64::MAX),
                22 => ended.order.id = OrderId(0),
                _ => {
                    let twice = *ended;
                    market.finished.push(twice);
                }
            }
        }
    }
    true
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_spoilt_state_is_not_taken_up(steps in prop::collection::vec(step(), 20..80)) {
        let mut run = Delayed::new();
        for step in &steps {
            run.step(step);
            run.drain();
        }
        let exchange = Exchange::from_parts(run.clearing, run.matchers).unwrap();
        let good = exchange.state();
        prop_assert!(Exchange::restore(config(), &good).is_ok());
        for what in 0..30 {
            let mut state = good.clone();
            if spoil(&mut state, what) {
                let restored = Exchange::restore(config(), &state);
                prop_assert!(restored.is_err(), "mistake {} of {:?}", what, state);
            }
        }
    }
}

#[test]
fn a_command_that_was_not_taken_from_this_state_is_refused_with_both_values() {
    let mut source = Exchange::new(config()).unwrap();
    let (mut log, mut reports) = (Vec::new(), Vec::new());
    for kind in opening() {
        let request = Request {
            correlation: Correlation(0),
            kind,
        };
        source.apply_logged(&request, Timestamp(5), &mut reports, &mut log);
    }
    let mut target = Exchange::new(config()).unwrap();
    let second = target.replay(&log[1], &mut reports).unwrap_err();
    assert_eq!(second.to_string(), "command 2: sequence is 2, expected 1");
    for command in &log {
        target.replay(command, &mut reports).unwrap();
    }
    let again = target.replay(&log[0], &mut reports).unwrap_err();
    assert_eq!((again.found, again.expected), (1, 13));
    assert_eq!(source.state_digest(), target.state_digest());
}

fn is_answer(report: &Report) -> bool {
    matches!(report.kind, ReportKind::Answer { .. })
}

/// What was said of each command, but answers, and balances, which tell of decisions ahead too.
fn by_command(reports: &[Report]) -> BTreeMap<CommandSequence, Vec<ReportKind>> {
    let mut said: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for report in reports {
        if !is_answer(report) && !matches!(report.kind, ReportKind::Balance { .. }) {
            said.entry(report.after).or_default().push(report.kind);
        }
    }
    said
}

/// Every request is answered, once.
fn check_answers(asked: u64, reports: &[Report]) {
    let mut answered: Vec<u64> = reports
        .iter()
        .filter_map(|report| match report.kind {
            ReportKind::Answer { correlation, .. } => Some(correlation.0),
            _ => None,
        })
        .collect();
    answered.sort_unstable();
    assert_eq!(answered, (1..=asked).collect::<Vec<_>>());
}

fn position_of_answer(reports: &[Report], asked: u64) -> usize {
    let is_it = |report: &Report| match report.kind {
        ReportKind::Answer { correlation, .. } => correlation.0 == asked,
        _ => false,
    };
    reports.iter().position(is_it).unwrap()
}

fn answer_at(reports: &[Report], at: usize) -> Answer {
    match reports[at].kind {
        ReportKind::Answer { answer, .. } => answer,
        other => panic!("{other:?} is no answer"),
    }
}

/// Of each command the owners hear before the public, and of each order: answer, acceptance,
/// changes that add up, one end, nothing after it. // L-23, L-24
fn check_reports(reports: &[Report]) {
    let mut orders: BTreeMap<OrderId, (Quantity, u64, u64, bool)> = BTreeMap::new();
    let mut published: Option<CommandSequence> = None;
    for report in reports {
        match report.kind {
            ReportKind::Answer { answer, .. } => {
                if let Answer::Placed { order, .. } = answer {
                    orders.entry(order).or_default();
                }
                if answer == Answer::Rejected(Reject::PostOnlyWouldTake) {
                    assert_ne!(published, Some(report.after));
                }
            }
            ReportKind::Accepted(order) => {
                assert!(!order.post_only || order.time_in_force == TimeInForce::GoodTillCancelled);
                orders.entry(order.order).or_default();
            }
            ReportKind::Order(change) => {
                assert_ne!(published, Some(report.after), "owners hear first");
                let (filled, notional, fees, ended) = orders.get_mut(&change.order).unwrap();
                assert!(!*ended, "{change:?} after the end");
                if let Some(fill) = change.fill {
                    *filled = filled.checked_add(fill.quantity).unwrap();
                    *fees += fill.fee.units();
                    let unit = [1, 7, 1][usize::from(change.pair.0)];
                    *notional += fill.quantity.lots() * u64::from(fill.price.ticks()) * unit;
                }
                assert_eq!(change.filled, *filled);
                assert_eq!(change.notional.units(), *notional);
                assert_eq!(change.fees.units(), *fees);
                *ended = change.status.is_final();
                let left = change.quantity.checked_sub(change.filled).unwrap();
                match change.status {
                    OrderStatus::Pending | OrderStatus::Open => {
                        assert!(filled.is_zero() && change.leaves == left)
                    }
                    OrderStatus::PartiallyFilled => assert_eq!(change.leaves, left),
                    OrderStatus::Filled => {
                        assert_eq!((left, change.leaves.lots()), (Quantity::ZERO, 0))
                    }
                    OrderStatus::Cancelled | OrderStatus::Expired => {
                        assert!(change.leaves.is_zero() && change.reason.is_some());
                    }
                }
            }
            ReportKind::Balance { .. }
            | ReportKind::Position(_)
            | ReportKind::MarginCall(_)
            | ReportKind::MarginCallCleared { .. }
            | ReportKind::Liquidation { .. }
            | ReportKind::Deleveraged { .. } => assert_ne!(published, Some(report.after)),
            ReportKind::Mark { .. }
            | ReportKind::Reserve { .. }
            | ReportKind::AccountLimits { .. }
            | ReportKind::Revoked(_) => {}
            ReportKind::Book { .. }
            | ReportKind::Trade { .. }
            | ReportKind::TradingStatus { .. } => published = Some(report.after),
        }
    }
}
