#![allow(clippy::unwrap_used)] // a test may stop at what it did not expect

use engine::domain::{
    EventSequence, Price, Quantity, SelfTradePrevention, Side, TimeInForce, Timestamp,
};
use engine::report::OrderStatus;

use super::*;
use crate::config::{Config, DemoOptions};
use crate::wire::{Percent, PortfolioUpdate};

const ALICE: AccountId = AccountId(0);

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
    let mut private = PrivateData::new(1, 3);
    for number in 1..=4 {
        private.on_accepted(&order(number));
        assert_eq!(private.open_orders(ALICE, None).count() as u64, number - 1);
        let event = private
            .on_change(&change(number, OrderStatus::Open))
            .unwrap();
        assert_eq!(event.user_sequence, number);
    }
    let after = |private: &PrivateData, since| {
        let events = private.events_after(ALICE, since)?;
        Some(events.map(|event| event.user_sequence).collect::<Vec<_>>())
    };
    assert_eq!(after(&private, 0), None, "the first is forgotten");
    assert_eq!(after(&private, 1), Some(vec![2, 3, 4]));
    assert_eq!(after(&private, 3), Some(vec![4]));
    assert_eq!(after(&private, 4), Some(vec![]));
    assert_eq!(after(&private, 5), None, "that has not come yet");
    private
        .on_change(&change(2, OrderStatus::Cancelled))
        .unwrap();
    let open: Vec<u64> = private
        .open_orders(ALICE, None)
        .map(|(order, _)| order.order.0)
        .collect();
    assert_eq!(open, [1, 3, 4]);
    assert!(
        private.on_change(&change(2, OrderStatus::Open)).is_none(),
        "it is over"
    );
}

/// The reference's portfolio: 1,520,000 with +20,000 is +1.33%.
#[test]
fn a_portfolio_is_compared_with_the_first_one() {
    let config = Config::demo(&DemoOptions::default());
    let instruments = &config.instruments;
    let valuation = Valuation::new(instruments, config.valuation);
    let mut private = PrivateData::new(instruments.assets().len(), 10);
    let amount = |units| Amount::new(units).unwrap();
    let (xrp, luxury) = (AssetId(0), AssetId(2));
    private.on_balance(ALICE, xrp, amount(1_000_000_000_000), Amount::ZERO);
    private.on_balance(ALICE, luxury, amount(40_000), amount(10_000));
    let at = |cents: u32| move |_: PairId| Price::new(cents);
    let first = private.portfolio(ALICE, &valuation, &at(100_000));
    assert_eq!((first.total_value, first.change), (1_500_000_000_000, 0));
    let then = private.portfolio(ALICE, &valuation, &at(104_000));
    assert_eq!(then.total_value, 1_520_000_000_000);
    assert_eq!(then.change_percent, Percent(133));
    let mut out = Vec::new();
    let update = PortfolioUpdate {
        assets: instruments.assets(),
        valuation: config.valuation_asset(),
        total_value: then.total_value,
        change: then.change,
        change_percent: then.change_percent,
        positions: &then.positions,
        user_sequence: 0,
    };
    update.encode(&mut out, Timestamp(1));
    let text = String::from_utf8(out).unwrap();
    expect_test::expect![[r#"{"type":"portfolio_update","channel":"portfolio","data":{"totalValue":"1520000.00","change":"+20000.00","changePercent":"+1.33%","positions":[{"symbol":"XRP","balance":"1000000.00","value":"1000000.00","change":"+0.00"},{"symbol":"LUXURY001","balance":"500.00","value":"520000.00","change":"+20000.00"}],"valuationAsset":"XRP","userSequence":0},"timestamp":1}"#]].assert_eq(&text);
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
