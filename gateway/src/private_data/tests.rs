#![allow(clippy::unwrap_used)] // a test may stop at what it did not expect

use engine::domain::{
    EventSequence, Funding, PairId, Price, Quantity, SelfTradePrevention, Side, StopKind,
    TimeInForce, TradeId, TrailingDistance, TriggerBy,
};
use engine::report::{Fill, Liquidity, OrderStatus};

use proptest::prelude::*;

use super::*;
use crate::config::{Config, DemoOptions};
use crate::wire::{Percent, PortfolioUpdate};

mod margin;

const ALICE: AccountId = AccountId(0);
const NOW: Timestamp = Timestamp(1_000_000);
const KEPT: Kept = Kept {
    events: 3,
    history: 3,
    history_ms: 1_000,
};

fn order(number: u64) -> AcceptedOrder {
    AcceptedOrder {
        account: ALICE,
        order: OrderId(number),
        client_order_id: None,
        pair: PairId(0),
        side: Side::Buy,
        market: false,
        price: Price::new(1).unwrap(),
        quantity: Quantity::new(2).unwrap(),
        time_in_force: TimeInForce::GoodTillCancelled,
        post_only: false,
        self_trade: SelfTradePrevention::CancelTaker,
        special: Special::None,
        expires_at: None,
        funding: Funding::Spot,
    }
}

fn change(number: u64, status: OrderStatus) -> OrderChange {
    OrderChange {
        account: ALICE,
        order: OrderId(number),
        pair: PairId(0),
        status,
        price: Price::new(1).unwrap(),
        quantity: Quantity::new(2).unwrap(),
        filled: Quantity::ZERO,
        leaves: Quantity::new(2).unwrap(),
        notional: Amount::ZERO,
        fees: Amount::ZERO,
        fill: None,
        reason: None,
        sequence: Some(EventSequence(number)),
    }
}

#[test]
fn changes_are_counted_without_a_gap_and_replayed_from_anywhere_that_is_kept() {
    let mut private = PrivateData::new(1, KEPT);
    for number in 1..=4 {
        private.on_accepted(&order(number));
        assert_eq!(private.open_orders(ALICE).count() as u64, number - 1);
        let event = private
            .on_change(&change(number, OrderStatus::Open), NOW)
            .unwrap();
        assert_eq!(event.user_sequence, number);
    }
    let after = |private: &PrivateData, since| {
        let events = private.events_after(ALICE, since)?;
        Some(
            events
                .map(|event| event.user_sequence())
                .collect::<Vec<_>>(),
        )
    };
    assert_eq!(after(&private, 0), None, "the first is forgotten");
    assert_eq!(after(&private, 1), Some(vec![2, 3, 4]));
    assert_eq!(after(&private, 3), Some(vec![4]));
    assert_eq!(after(&private, 4), Some(vec![]));
    assert_eq!(after(&private, 5), None, "that has not come yet");
    private
        .on_change(&change(2, OrderStatus::Cancelled), NOW)
        .unwrap();
    let open: Vec<u64> = private
        .open_orders(ALICE)
        .map(|record| record.order.order.0)
        .collect();
    assert_eq!(open, [1, 3, 4]);
    assert!(
        private
            .on_change(&change(2, OrderStatus::Open), NOW)
            .is_none(),
        "it is over"
    );
}

/// Worths and holdings of one exchange, at prices of the test's own.
struct Rig {
    private: PrivateData,
    worths: Worths,
    config: Config,
    /// Of the first pair.
    cents: u32,
    time: u64,
}

const XRP: AssetId = AssetId(0);
const LUXURY: AssetId = AssetId(2);
const HOUR: u64 = 3_600_000;

impl Rig {
    fn new() -> Rig {
        let config = Config::demo(&DemoOptions::default());
        let instruments = &config.instruments;
        let valuation = Valuation::new(instruments, config.valuation);
        let (assets, pairs) = (instruments.assets().len(), instruments.all().len());
        Rig {
            private: PrivateData::new(assets, KEPT),
            worths: Worths::new(valuation, pairs, &|_| Price::new(100_000)),
            config,
            cents: 100_000,
            time: 1_640_995_200_000,
        }
    }

    /// Time passes, and then the price is another.
    fn pass(&mut self, ms: u64, cents: u32) {
        self.time += ms;
        let before = self.cents;
        let time = Timestamp(self.time);
        self.worths.pass(time, &|_| Price::new(before));
        self.cents = cents;
    }

    fn balance(&mut self, asset: AssetId, available: u64, held: u64) {
        let amount = |units| Amount::new(units).unwrap();
        self.private
            .on_balance(ALICE, asset, amount(available), amount(held));
        let cents = self.cents;
        let price = |_: PairId| Price::new(cents);
        self.worths
            .on_balance(ALICE, asset, available + held, &price);
    }

    /// Alice trades LUXURY001 for XRP at the price.
    fn trade(&mut self, side: Side, lots: u64) {
        let fill = Fill {
            trade: TradeId(1),
            price: Price::new(self.cents).unwrap(),
            quantity: Quantity::new(lots).unwrap(),
            fee: Amount::ZERO,
            liquidity: Liquidity::Taker,
        };
        let pair = &self.config.instruments.get(PairId(0)).unwrap().pair;
        self.worths.on_fill(ALICE, pair, side, &fill);
        let worth = u64::from(self.cents) * lots * 100;
        let holding = |private: &PrivateData, asset| {
            let (_, holding) = private.holdings(ALICE).find(|it| it.0 == asset).unwrap();
            holding.units()
        };
        let (base, quote) = (holding(&self.private, LUXURY), holding(&self.private, XRP));
        let (base, quote) = match side {
            Side::Buy => (base + lots, quote - worth),
            Side::Sell => (base - lots, quote + worth),
        };
        self.balance(XRP, quote, 0);
        self.balance(LUXURY, base, 0);
    }

    fn portfolio(&self) -> Portfolio {
        let cents = self.cents;
        let price = |_: PairId| Price::new(cents);
        let instruments = &self.config.instruments;
        let pairs = |pair: PairId| Some(instruments.get(pair)?.pair);
        self.private.portfolio(ALICE, &self.worths, &pairs, &price)
    }

    /// In whole XRP.
    fn change(&self) -> i128 {
        let portfolio = self.portfolio();
        let sum: i128 = portfolio.positions.iter().map(|it| it.change).sum();
        assert_eq!(sum, portfolio.change, "a sum is that of its parts");
        portfolio.change / 1_000_000
    }

    /// As a restart takes it up.
    fn restart(&mut self) {
        let mut saved = Vec::new();
        self.worths.save(&mut saved);
        self.worths.save_positions(&mut saved);
        let mut other = Rig::new();
        let mut bytes = &saved[..];
        other.worths.load(&mut bytes).unwrap();
        other.worths.load_positions(&mut bytes).unwrap();
        assert_eq!(bytes, [0_u8; 0]);
        self.worths = other.worths;
    }
}

#[test]
fn a_history_that_is_cut_short_is_refused() {
    let mut rig = Rig::new();
    rig.balance(XRP, 1_000_000_000, 0);
    rig.pass(HOUR, 110_000);
    rig.balance(LUXURY, 500, 0);
    let mut saved = Vec::new();
    rig.worths.save(&mut saved);
    for end in 0..saved.len() {
        let cut = Rig::new().worths.load(&mut &saved[..end]);
        assert!(cut.is_err(), "{end}");
    }
}

/// The reference's portfolio: 1,520,000 with +20,000 is +1.33%.
#[test]
fn a_portfolio_is_compared_with_a_day_ago() {
    let mut rig = Rig::new();
    rig.balance(XRP, 1_000_000_000_000, 0);
    rig.balance(LUXURY, 40_000, 10_000);
    let first = rig.portfolio();
    assert_eq!((first.total_value, first.change), (1_500_000_000_000, 0));
    rig.pass(30 * HOUR, 100_000);
    rig.pass(HOUR, 104_000);
    rig.restart();
    let then = rig.portfolio();
    assert_eq!(then.total_value, 1_520_000_000_000);
    assert_eq!(then.change_percent, Percent(133));
    let mut out = Vec::new();
    let update = PortfolioUpdate {
        assets: rig.config.instruments.assets(),
        valuation: rig.config.valuation_asset(),
        total_value: then.total_value,
        change: then.change,
        change_percent: then.change_percent,
        positions: &then.positions,
        margin: then.margin,
        user_sequence: 0,
    };
    update.encode(&mut out, Timestamp(1));
    let text = String::from_utf8(out).unwrap();
    expect_test::expect![[r#"{"type":"portfolio_update","channel":"portfolio","data":{"totalValue":"1520000.00","change":"+20000.00","changePercent":"+1.33%","positions":[{"symbol":"XRP","balance":"1000000.00","value":"1000000.00","change":"+0.00","available":"1000000.00","held":"0.00"},{"symbol":"LUXURY001","balance":"500.00","value":"520000.00","change":"+20000.00","available":"400.00","held":"100.00"}],"valuationAsset":"XRP","userSequence":0},"timestamp":1}"#]].assert_eq(&text);
}

#[test]
fn what_comes_from_outside_or_goes_there_is_no_gain() {
    let mut rig = Rig::new();
    rig.balance(XRP, 1_000_000_000, 0);
    assert_eq!(rig.change(), 0, "a first deposit is none");
    rig.pass(HOUR, 110_000);
    rig.balance(LUXURY, 1_000, 0);
    assert_eq!(rig.change(), 0, "nor is a later one, at its price");
    rig.pass(HOUR, 120_000);
    assert_eq!(
        rig.change(),
        1_000,
        "what it gains afterwards is: 10 at 100 more"
    );
    rig.balance(LUXURY, 500, 0);
    assert_eq!(rig.change(), 1_000, "taking it out takes nothing back");
    rig.pass(HOUR, 130_000);
    assert_eq!(rig.change(), 1_500);
    rig.trade(Side::Sell, 500);
    assert_eq!(
        rig.change(),
        1_500,
        "selling changes what it is, not its worth"
    );
    rig.pass(HOUR, 90_000);
    assert_eq!(rig.change(), 1_500, "and what was sold gains no more");
    rig.restart();
    rig.trade(Side::Buy, 100);
    rig.balance(XRP, 6_000_000_000, 0);
    assert_eq!(rig.change(), 1_500, "held money and deposits look alike");
    rig.balance(XRP, 1_000_000_000, 5_000_000_000);
    assert_eq!(rig.change(), 1_500, "and what is held is still there");
}

/// Hour by hour for two days, whatever was done, a day ago is what was seen a day ago.
#[test]
fn a_day_ago_is_what_it_was() {
    let mut rig = Rig::new();
    rig.balance(XRP, 10_000_000_000_000, 0);
    rig.balance(LUXURY, 100_000, 0);
    rig.pass(48 * HOUR, 100_000);
    let mut seen = Vec::new();
    for hour in 0..72_u32 {
        rig.pass(HOUR, 100_000 + 500 * (hour % 7));
        let portfolio = rig.portfolio();
        seen.push(portfolio.total_value);
        // An hour begins with the price of the one before.
        if let Some(ago) = seen.len().checked_sub(26).and_then(|at| seen.get(at)) {
            assert_eq!(
                portfolio.total_value - portfolio.change,
                *ago,
                "hour {hour}"
            );
        }
        if hour % 3 == 0 {
            rig.restart();
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Pass(u64, u32),
    Deposit(u64),
    Withdraw(u64),
    Trade(Side, u64),
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    let time = prop_oneof![6 => 0..HOUR, 3 => 0..8 * HOUR, 1 => 20 * HOUR..60 * HOUR];
    let side = prop_oneof![Just(Side::Buy), Just(Side::Sell)];
    prop_oneof![
        6 => (time, 90_000..110_000_u32).prop_map(|(ms, cents)| Step::Pass(ms, cents)),
        1 => (1..500_u64).prop_map(Step::Deposit),
        1 => (1..500_u64).prop_map(Step::Withdraw),
        4 => (side, 1..50_u64).prop_map(|(side, lots)| Step::Trade(side, lots)),
        1 => Just(Step::Restart),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Against a list of all that ever happened, each entry with the quarter hour it fell in.
    #[test]
    fn a_day_ago_is_what_a_plain_list_says(steps in prop::collection::vec(step(), 1..120)) {
        const QUARTER: u64 = 15 * 60 * 1_000;
        let mut rig = Rig::new();
        rig.pass(1, 100_000);
        rig.balance(XRP, 1_000_000_000_000, 0);
        rig.balance(LUXURY, 50_000, 0);
        let begin = rig.time / QUARTER;
        let mut units = vec![(begin, 1_000_000_000_000_i128, 50_000_i128)];
        let mut prices = vec![(0, 100_000_i128)];
        let mut flows = vec![(begin, XRP, 1_000_000_000_000), (begin, LUXURY, 500_000_000_000)];
        for step in steps {
            let (_, mut xrp, mut luxury) = *units.last().unwrap();
            match step {
                Step::Pass(ms, cents) => {
                    rig.pass(ms, cents);
                    prices.push((rig.time / QUARTER, i128::from(cents)));
                }
                Step::Deposit(lots) => luxury += i128::from(lots),
                Step::Withdraw(lots) => luxury -= i128::from(lots),
                Step::Trade(side, lots) => {
                    let sign = if side == Side::Buy { 1 } else { -1 };
                    let lots_traded = sign * i128::from(lots);
                    luxury += lots_traded;
                    xrp -= lots_traded * i128::from(rig.cents) * 100;
                    rig.trade(side, lots);
                }
                Step::Restart => rig.restart(),
            }
            let slot = rig.time / QUARTER;
            if let Step::Deposit(_) | Step::Withdraw(_) = step {
                let before = units.last().unwrap().2;
                flows.push((slot, LUXURY, (luxury - before) * i128::from(rig.cents) * 100));
                rig.balance(LUXURY, u64::try_from(luxury).unwrap(), 0);
            }
            units.push((slot, xrp, luxury));
            let begin = slot - 96;
            let then = units.iter().rev().find(|it| it.0 < begin);
            let (_, xrp, luxury) = then.copied().unwrap_or_default();
            let price = prices.iter().rev().find(|it| it.0 < begin).map_or(100_000, |it| it.1);
            for (asset, value) in [(XRP, xrp), (LUXURY, luxury * price * 100)] {
                let came = flows.iter().filter(|it| it.0 >= begin && it.1 == asset);
                let expected = Earlier {
                    value: Some(value),
                    net_deposits: came.map(|it| it.2).sum(),
                };
                prop_assert_eq!(rig.worths.day_ago(ALICE, asset), expected);
            }
        }
    }
}

/// FLR is worth XRP by XRP/FLR the other way round; valued in LUXURY002 it goes over XRP.
#[test]
fn assets_are_valued_by_a_pair_or_over_a_third_asset() {
    let config = Config::demo(&DemoOptions::default());
    let instruments = &config.instruments;
    let price = |pair: PairId| Some(instruments.get(pair)?.pair.reference_price());
    let in_xrp = Valuation::new(instruments, AssetId(0));
    assert_eq!(
        in_xrp.value(AssetId(1), 10_000_000, &price),
        Some(5_000_000)
    );
    let in_luxury = Valuation::new(instruments, AssetId(3));
    let flr = in_luxury.value(AssetId(1), 2_000_000_000, &price);
    assert_eq!(flr, Some(200), "2,000 FLR are 1,000 XRP are 2.00 LUXURY002");
}

fn price(ticks: u32) -> Price {
    Price::new(ticks).unwrap()
}

fn fill_at(sequence: u64) -> Fill {
    Fill {
        trade: TradeId::new(PairId(0), EventSequence(sequence)),
        price: price(7),
        quantity: Quantity::new(1).unwrap(),
        fee: Amount::ZERO,
        liquidity: Liquidity::Maker,
    }
}

/// Orders by name, ended ones and fills are kept as long and as many as said, no longer.
#[test]
fn history_is_bounded_in_number_and_time() {
    let mut private = PrivateData::new(1, KEPT);
    let name = |text| ClientOrderId::new(text).ok();
    for (number, at) in (1..=5).zip([0, 400, 800, 1_200, 1_600]) {
        let at = Timestamp(at);
        let client_order_id = name(if number < 5 { "again" } else { "other" });
        private.on_accepted(&AcceptedOrder {
            client_order_id,
            ..order(number)
        });
        let filled = OrderChange {
            fill: Some(fill_at(number)),
            ..change(number, OrderStatus::Filled)
        };
        private.on_change(&filled, at).unwrap();
    }
    let finished = |now, after| -> Vec<u64> {
        let orders = private.finished_orders_after(ALICE, OrderId(after), Timestamp(now));
        orders.map(|it| it.order.order.0).collect()
    };
    assert_eq!(finished(1_600, 0), [3, 4, 5], "three of five");
    assert_eq!(finished(1_600, 3), [4, 5]);
    assert_eq!(
        finished(2_200, 0),
        [4, 5],
        "the third is older than a second"
    );
    let fills = |now, after| -> Vec<u64> {
        let fills = private.fills_after(ALICE, after, Timestamp(now));
        fills.map(|it| it.user_sequence).collect()
    };
    assert_eq!(fills(1_600, 0), [3, 4, 5]);
    assert_eq!(fills(2_201, 4), [5]);
    let by_name = |text| {
        let record = private.order_by_name(ALICE, name(text)?)?;
        Some(record.order.order.0)
    };
    assert_eq!(by_name("again"), Some(4), "the newest of that name");
    assert_eq!(by_name("other"), Some(5));
    assert_eq!(by_name("none"), None);
    assert!(private.order(ALICE, OrderId(1)).is_none(), "forgotten");
}

/// All kinds of orders in all their states, and the same again out of their image.
#[test]
fn an_image_brings_everything_back() {
    let kinds = [
        Special::None,
        Special::Stop {
            kind: StopKind::TakeProfit,
            trigger: price(5),
            by: TriggerBy::Mark,
        },
        Special::Trailing {
            distance: TrailingDistance::basis_points(150).unwrap(),
            by: TriggerBy::Last,
        },
        Special::Oco {
            trigger: price(5),
            limit: Some(price(4)),
            by: TriggerBy::Last,
        },
        Special::Oco {
            trigger: price(5),
            limit: None,
            by: TriggerBy::Mark,
        },
        Special::Iceberg {
            display: Quantity::new(1).unwrap(),
        },
    ];
    let mut private = PrivateData::new(
        1,
        Kept {
            events: 100,
            ..KEPT
        },
    );
    for (number, special) in (1_u64..).zip(kinds) {
        private.on_accepted(&AcceptedOrder {
            special,
            client_order_id: ClientOrderId::new(&format!("n{number}")).ok(),
            expires_at: Some(Timestamp(2_000_000)).filter(|_| number % 2 == 0),
            ..order(number)
        });
        let steps = [
            (OrderStatus::Pending, None, None),
            (OrderStatus::Open, Some(OrderReason::Triggered), None),
            (OrderStatus::PartiallyFilled, None, Some(fill_at(number))),
            (
                OrderStatus::Cancelled,
                Some(OrderReason::Disconnected),
                None,
            ),
        ];
        let steps = steps.into_iter().take(if number == 3 { 3 } else { 4 });
        for (status, reason, fill) in steps {
            let told = OrderChange {
                reason,
                fill,
                ..change(number, status)
            };
            private.on_change(&told, NOW).unwrap();
        }
    }
    let mut saved = Vec::new();
    private.save(&mut saved);
    saved.push(99);
    let mut again = PrivateData::new(
        1,
        Kept {
            events: 100,
            ..KEPT
        },
    );
    let mut rest = saved.as_slice();
    again.load(&mut rest).unwrap();
    assert_eq!(rest, [99]);
    for cut in 0..saved.len() - 1 {
        let mut short = PrivateData::new(1, KEPT);
        assert!(short.load(&mut &saved[..cut]).is_err(), "cut at {cut}");
    }
    assert_eq!(format!("{again:?}"), format!("{private:?}"));
}

/// What an exchange wrote before there were other orders than limit and market ones.
#[test]
fn an_image_of_old_is_read() {
    let mut old = Vec::new();
    let number = |out: &mut Vec<u8>, number: u64| out.extend(number.to_le_bytes());
    number(&mut old, 1);
    old.extend(0_u32.to_le_bytes());
    number(&mut old, 9);
    let order = |out: &mut Vec<u8>| {
        number(out, 42);
        out.extend([1, b'n']);
        out.extend([0, 0, 1, 0]);
        out.extend(7_u32.to_le_bytes());
        number(out, 2);
        out.extend([0, 0, 3]);
    };
    let change = |out: &mut Vec<u8>| {
        out.push(0);
        out.extend(7_u32.to_le_bytes());
        for figure in [2, 0, 2, 0, 0] {
            number(out, figure);
        }
        out.push(1);
        number(out, 5);
        out.push(0);
    };
    number(&mut old, 1);
    order(&mut old);
    old.push(1);
    change(&mut old);
    number(&mut old, 1);
    order(&mut old);
    change(&mut old);
    let mut private = PrivateData::new(1, KEPT);
    let mut rest = old.as_slice();
    private.load(&mut rest).unwrap();
    assert!(rest.is_empty());
    let record = private.order(ALICE, OrderId(42)).unwrap();
    assert_eq!(
        (record.order.side, record.order.special),
        (Side::Sell, Special::None)
    );
    assert_eq!(record.change.unwrap().reason, Some(OrderReason::Amended));
    assert_eq!(private.user_sequence(ALICE), 9);
    assert_eq!(private.events_after(ALICE, 8).unwrap().count(), 1);
}

/// What an exchange wrote before there were margin orders.
#[test]
fn an_image_without_margin_is_read() {
    let mut old = Vec::new();
    let number = |out: &mut Vec<u8>, number: u64| out.extend(number.to_le_bytes());
    number(&mut old, u64::MAX - 1);
    number(&mut old, 1);
    old.extend(0_u32.to_le_bytes());
    number(&mut old, 9);
    let record = |out: &mut Vec<u8>| {
        number(out, 42);
        out.extend([1, b'n']);
        out.extend([0, 0, 1, 0]);
        out.extend(7_u32.to_le_bytes());
        number(out, 2);
        out.extend([0, 0, 3]);
        // Special, expiry, triggered, changed.
        out.push(4);
        number(out, 1);
        number(out, 0);
        out.extend([0, 1]);
        out.push(0);
        out.extend(7_u32.to_le_bytes());
        for figure in [2, 0, 2, 0, 0] {
            number(out, figure);
        }
        out.push(1);
        number(out, 5);
        out.push(0);
    };
    number(&mut old, 1);
    record(&mut old);
    number(&mut old, 1);
    record(&mut old);
    // Nothing ended, nothing filled.
    number(&mut old, 0);
    number(&mut old, 0);
    let mut private = PrivateData::new(1, KEPT);
    let mut rest = old.as_slice();
    private.load(&mut rest).unwrap();
    assert!(rest.is_empty());
    let order = private.order(ALICE, OrderId(42)).unwrap().order;
    assert!(matches!(order.special, Special::Iceberg { .. }));
    assert_eq!(order.funding, Funding::Spot);
    assert_eq!(private.user_sequence(ALICE), 9);
    assert_eq!(private.events_after(ALICE, 8).unwrap().count(), 1);
}

/// An amend moves the target of a one-cancels-other order, and its stop leaves it alone.
#[test]
fn a_target_is_known_after_its_stop() {
    let mut private = PrivateData::new(1, KEPT);
    private.on_accepted(&AcceptedOrder {
        special: Special::Oco {
            trigger: price(5),
            limit: Some(price(4)),
            by: TriggerBy::Last,
        },
        ..order(1)
    });
    let mut told = |at, reason| {
        let told = OrderChange {
            price: price(at),
            reason,
            ..change(1, OrderStatus::Open)
        };
        private.on_change(&told, NOW).unwrap().record
    };
    assert_eq!(told(8, Some(OrderReason::Amended)).order.price, price(8));
    let triggered = told(4, Some(OrderReason::Triggered));
    assert!(triggered.is_triggered);
    assert_eq!(triggered.order.price, price(8));
    assert_eq!(told(3, Some(OrderReason::Amended)).order.price, price(8));
}
