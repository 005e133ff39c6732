//! From decimals to ticks and lots, and back.

use engine::domain::{
    AccountId, SelfTradePrevention, Side, Special, StopKind, TimeInForce, TrailingDistance,
    TriggerBy,
};
use gateway::wire::*;
use proptest::prelude::*;
use rust_decimal::Decimal;

use super::{NOW, instruments, lots, luxury, price, units};

/// Each type with its prices on the grid, and each price off it by itself.
#[test]
fn every_type_is_resolved_or_refused_by_the_field_that_is_wrong() {
    let instruments = instruments();
    let by = TriggerBy::Mark;
    let resolve = |terms: OrderTerms| {
        let order = PlaceOrder {
            terms,
            ..order("1", "10.00")
        };
        order.resolve(AccountId(1), &instruments)
    };
    let decimal = |text: &str| parse_decimal(text).unwrap();
    let stop = |stop: &str, limit: Option<&str>| OrderTerms::Stop {
        kind: StopKind::TakeProfit,
        stop_price: decimal(stop),
        limit_price: limit.map(decimal),
        by,
    };
    let oco = |target: &str, stop: &str, limit: Option<&str>| OrderTerms::Oco {
        target_price: decimal(target),
        stop_price: decimal(stop),
        limit_price: limit.map(decimal),
        by,
    };
    let trailing = |distance| OrderTerms::Trailing { distance, by };
    let delta = |text: &str| trailing(TrailingTerms::Delta(decimal(text)));
    let percent = |text: &str| trailing(TrailingTerms::Percent(decimal(text)));
    let iceberg = |at: &str, display: &str| OrderTerms::Iceberg {
        price: decimal(at),
        display_amount: decimal(display),
    };
    let follows = |distance: Option<TrailingDistance>| Special::Trailing {
        distance: distance.unwrap(),
        by,
    };
    let trigger = price(95_000);
    let kind = StopKind::TakeProfit;
    for (terms, limit, special) in [
        (
            stop("950.00", Some("945")),
            Some(94_500),
            Special::Stop { kind, trigger, by },
        ),
        (
            oco("1050", "950", None),
            Some(105_000),
            Special::Oco {
                trigger,
                limit: None,
                by,
            },
        ),
        (delta("0.01"), None, follows(TrailingDistance::ticks(1))),
        (
            percent("1.5"),
            None,
            follows(TrailingDistance::basis_points(150)),
        ),
        (
            percent("50"),
            None,
            follows(TrailingDistance::basis_points(5_000)),
        ),
        (
            iceberg("995", "1.00"),
            Some(99_500),
            Special::Iceberg { display: lots(100) },
        ),
    ] {
        let resolved = resolve(terms).unwrap();
        let found = (resolved.limit, resolved.special);
        assert_eq!(found, (limit.map(price), special));
    }
    for (terms, reason, field) in [
        (stop("950.001", None), "PRICE_NOT_ON_TICK", "stopPrice"),
        (stop("950", Some("0")), "PRICE_NOT_POSITIVE", "limitPrice"),
        (oco("1.001", "1", None), "PRICE_NOT_ON_TICK", "targetPrice"),
        (
            oco("2", "1", Some("1.001")),
            "PRICE_NOT_ON_TICK",
            "limitPrice",
        ),
        (delta("0.001"), "PRICE_NOT_ON_TICK", "trailingDelta"),
        (delta("0"), "PRICE_NOT_POSITIVE", "trailingDelta"),
        (delta("30000000"), "TRAILING_OUT_OF_RANGE", "trailingDelta"),
        (percent("0"), "TRAILING_OUT_OF_RANGE", "trailingPercent"),
        (percent("0.001"), "TRAILING_OUT_OF_RANGE", "trailingPercent"),
        (percent("1.500"), "TRAILING_OUT_OF_RANGE", "trailingPercent"),
        (percent("50.01"), "TRAILING_OUT_OF_RANGE", "trailingPercent"),
        (percent("-1"), "TRAILING_OUT_OF_RANGE", "trailingPercent"),
        (
            iceberg("995", "0.001"),
            "AMOUNT_NOT_ON_LOT",
            "displayAmount",
        ),
        (iceberg("995", "0"), "AMOUNT_NOT_POSITIVE", "displayAmount"),
    ] {
        let refusal = resolve(terms).unwrap_err();
        assert_eq!(refusal.reason.word(), reason, "{terms:?}");
        let named = Param::Text(format!("orderData.{field}").into());
        assert!(refusal.params.contains(&("field", named)), "{refusal:?}");
    }
}

fn order(price: &str, amount: &str) -> PlaceOrder {
    PlaceOrder {
        pair: "LUXURY001/XRP".into(),
        client_order_id: None,
        side: Side::Buy,
        amount: parse_decimal(amount).unwrap(),
        terms: match parse_decimal(price) {
            Ok(price) => OrderTerms::Limit { price },
            Err(_) => OrderTerms::Market,
        },
        lasting: Lasting::Gtc,
        post_only: false,
        self_trade: SelfTradePrevention::CancelTaker,
        margin: MarginTerms::None,
    }
}

#[test]
fn orders_are_on_the_grid_or_refused() {
    let instruments = instruments();
    let resolve = |order: &PlaceOrder| order.resolve(AccountId(1), &instruments);
    let good = resolve(&order("995.00", "100.00")).unwrap();
    assert_eq!(
        (good.limit, good.quantity),
        (Some(price(99_500)), lots(10_000))
    );
    assert_eq!(
        resolve(&order("995", "1")).unwrap().limit,
        Some(price(99_500))
    );
    assert_eq!(resolve(&order("0.01", "0.01")).unwrap().quantity, lots(1));
    for (at, amount, reason) in [
        ("995.001", "100.00", "PRICE_NOT_ON_TICK"),
        ("995.000", "100.00", "PRICE_NOT_ON_TICK"),
        ("0", "1", "PRICE_NOT_POSITIVE"),
        ("-1", "1", "PRICE_NOT_POSITIVE"),
        ("42949672.95", "1", ""),
        ("42949672.96", "1", "PRICE_TOO_LARGE"),
        ("9999999999999999999999999999", "1", "PRICE_TOO_LARGE"),
        ("995.00", "0.001", "AMOUNT_NOT_ON_LOT"),
        ("995.00", "0.00", "AMOUNT_NOT_POSITIVE"),
        ("995.00", "-0.01", "AMOUNT_NOT_POSITIVE"),
        ("995.00", "10995116277.76", ""),
        ("995.00", "10995116277.77", "ABOVE_MAX_AMOUNT"),
        ("995.00", "9999999999999999999999999999", "ABOVE_MAX_AMOUNT"),
    ] {
        let refusal = resolve(&order(at, amount)).err();
        let word = refusal.as_ref().map_or("", |refusal| refusal.reason.word());
        assert_eq!(word, reason, "{amount} at {at}");
        if let Some(refusal) = refusal {
            let names: Vec<&str> = refusal.params.iter().map(|(name, _)| *name).collect();
            assert!(names.contains(&"field") && names.len() >= 2, "{refusal:?}");
        }
    }
    let market = resolve(&order("", "1")).unwrap();
    assert_eq!(market.limit, None);
    assert_eq!(market.time_in_force, TimeInForce::ImmediateOrCancel);
    let gtd = PlaceOrder {
        lasting: Lasting::Gtd(NOW),
        ..order("1", "1")
    };
    let gtd = resolve(&gtd).unwrap();
    assert_eq!(
        (gtd.time_in_force, gtd.expires_at),
        (TimeInForce::GoodTillCancelled, Some(NOW))
    );
    let unknown = PlaceOrder {
        pair: "NO/PAIR".into(),
        ..order("1", "1")
    };
    assert_eq!(resolve(&unknown).unwrap_err().reason, Reason::UnknownPair);
}

proptest! {
    #[test]
    fn decimals_round_trip(ticks in 1_u32.., amount in 1_u64..=1 << 40, pair in 0_usize..4) {
        let instruments = instruments();
        let instrument = &instruments.all()[pair];
        let text = |units: u128, scale: u8| {
            let units = i128::try_from(units).unwrap();
            Decimal::from_i128_with_scale(units, u32::from(scale)).to_string()
        };
        let at = text(instrument.price_units(u64::from(ticks)), instrument.price_scale);
        prop_assert_eq!(instrument.price(parse_decimal(&at).unwrap()), Ok(price(ticks)));
        let amount_text = text(instrument.amount_units(amount), instrument.amount_scale);
        prop_assert_eq!(
            instrument.quantity(parse_decimal(&amount_text).unwrap()),
            Ok(lots(amount))
        );
    }

    #[test]
    fn an_average_is_exact_to_half_a_digit(
        fills in prop::collection::vec((1_u32..10_000_000, 1_u64..1_000_000), 1..20),
    ) {
        let instrument = luxury();
        let (mut notional, mut filled) = (0_u128, 0_u64);
        for (ticks, amount) in fills {
            notional += u128::from(ticks) * u128::from(amount);
            filled += amount;
        }
        let worth = units(u64::try_from(notional * 100).unwrap());
        let average = instrument.average_price(worth, lots(filled)).unwrap();
        // 100 units of the average are one tick; twice the error is at most one unit.
        let exact = notional * 100;
        let told = average * u128::from(filled);
        prop_assert!(exact.abs_diff(told) * 2 <= u128::from(filled));
    }
}
