//! What the engine refused, with the field and the figures that it is about.

use engine::domain::{
    Amount, BasisPoints, MarginRequest, Price, Quantity, Side, Special, TriggerBy,
};
use engine::reject::Reject;
use engine::request::PlaceRequest;

use crate::instrument::{Asset, Instrument};
use crate::wire::json::{decimal_text, exact_text};
use crate::wire::{MAX_ICEBERG_PARTS, Param, Refusal, RequestType};

use super::{
    DISPLAY_AMOUNT, LIMIT_PRICE, PRICE, STOP_PRICE, TARGET_PRICE, TRAILING_DELTA, TRAILING_PERCENT,
    margin,
};

/// What is known of a request that the engine refused.
#[derive(Clone, Copy, Debug, Default)]
pub struct Known<'a> {
    /// What was asked.
    pub request: Option<RequestType>,
    /// Whether the request named its order by `clientOrderId`.
    pub by_client_order_id: bool,
    /// The order that was to be placed.
    pub placed: Option<&'a PlaceRequest>,
    /// The price and the amount that an order was to be given.
    pub amended: Option<(Option<Price>, Option<Quantity>)>,
    /// What the order that was to be amended is, beside a limit or a market order, as long as its
    /// stop, where it has one, was not reached.
    pub untriggered: Option<Special>,
    /// What of the order is filled.
    pub filled: Option<Quantity>,
    /// The order's pair.
    pub instrument: Option<&'a Instrument>,
    /// The reference price in force there.
    pub reference: Option<Price>,
    /// What the order is paid in, and how much of that is available.
    pub funds: Option<(&'a Asset, Amount)>,
    /// The position that is meant: its size, and the price at which nothing is left of it, in
    /// units of the price scale.
    pub position: Option<(Quantity, Option<u128>)>,
}

/// A refusal of the engine with the field and the figures that it is about.
pub fn explain(reject: Reject, known: &Known<'_>) -> Refusal {
    let (expected, figures) = figures(reject, known);
    let field = field_of(reject, known);
    let refusal = Refusal::from(reject);
    let refusal = match (field, expected) {
        (Some(field), Some(expected)) => Refusal::field(refusal.reason, field, &expected),
        (Some(field), None) => refusal.text("field", field),
        (None, Some(expected)) => refusal.details(format!("expected {expected}")),
        (None, None) => refusal,
    };
    let refusal = figures
        .into_iter()
        .fold(refusal, |refusal, (name, figure)| match figure {
            Param::Text(text) => refusal.text(name, text),
            Param::Number(number) => refusal.number(name, number),
        });
    match known.instrument {
        Some(instrument) => refusal.text("pair", instrument.symbol.to_string()),
        None => refusal,
    }
}

/// The field of the request that a refusal is about.
fn field_of(reject: Reject, known: &Known<'_>) -> Option<&'static str> {
    if let Some(field) = margin::field_of(reject, known) {
        return Some(field);
    }
    let is_placement = match known.request {
        Some(RequestType::PlaceOrder | RequestType::PlaceOrders) => true,
        Some(RequestType::AmendOrder) => false,
        // A cancel says nothing but which order.
        _ if reject != Reject::UnknownOrder => return None,
        _ => false,
    };
    let of = |placement, amend| Some(if is_placement { placement } else { amend });
    let special = known.placed.map_or(Special::None, |placed| placed.special);
    match reject {
        Reject::BelowMinAmount
        | Reject::AboveMaxAmount
        | Reject::AmountBelowFilled
        | Reject::BelowMinNotional
        | Reject::NotionalTooLarge => of("orderData.amount", "amount"),
        Reject::PriceOutsideBand => of(banded(known).0, "price"),
        Reject::PostOnlyWouldTake => of(PRICE, "price"),
        Reject::NothingToAmend => Some(match known.amended {
            Some((None, Some(_))) => "amount",
            _ => "price",
        }),
        Reject::PostOnlyNeedsGoodTillCancelled => Some("orderData.timeInForce"),
        Reject::DuplicateClientOrderId => Some("orderData.clientOrderId"),
        Reject::UnknownOrder if known.by_client_order_id => Some("clientOrderId"),
        Reject::UnknownOrder => Some("orderId"),
        Reject::WouldTriggerImmediately => match special {
            Special::Trailing { distance, .. } if distance.is_in_basis_points() => {
                Some(TRAILING_PERCENT)
            }
            Special::Trailing { .. } => Some(TRAILING_DELTA),
            _ => Some(STOP_PRICE),
        },
        Reject::OcoPriceRelation => of(STOP_PRICE, "price"),
        Reject::InvalidDisplayAmount => of(DISPLAY_AMOUNT, "amount"),
        Reject::TrailingOutOfRange => match special {
            Special::Trailing { distance, .. } if distance.is_in_basis_points() => {
                Some(TRAILING_PERCENT)
            }
            _ => Some(TRAILING_DELTA),
        },
        Reject::ExpiryInPast => Some("orderData.expiresAt"),
        Reject::AlreadyTriggered | Reject::PriceNotAmendable => Some("price"),
        _ => None,
    }
}

/// The price that lies outside its band, and the price that the band is around: the order's
/// limit, or the target or the limit of the stop.
fn banded(known: &Known<'_>) -> (&'static str, Option<Price>) {
    let (Some(placed), Some(instrument)) = (known.placed, known.instrument) else {
        return match known.untriggered {
            // The limit of one that waits is near its stop.
            Some(Special::Stop { trigger, .. }) => (PRICE, Some(trigger)),
            _ => (PRICE, known.reference),
        };
    };
    match placed.special {
        Special::Stop { trigger, .. } => (LIMIT_PRICE, Some(trigger)),
        Special::Oco { trigger, .. } => {
            let center = known.reference.unwrap_or(instrument.pair.reference_price());
            let (low, high) = instrument.pair.band(center);
            match placed.limit {
                Some(target) if !(low..=high).contains(&target) => (TARGET_PRICE, Some(center)),
                _ => (LIMIT_PRICE, Some(trigger)),
            }
        }
        Special::None | Special::Trailing { .. } | Special::Iceberg { .. } => {
            (PRICE, known.reference)
        }
    }
}

pub(super) type Figures = Vec<(&'static str, Param)>;

/// What was expected, and the figures of it.
fn figures(reject: Reject, known: &Known<'_>) -> (Option<String>, Figures) {
    let word = |text: &str| (Some(text.to_owned()), Vec::new());
    match reject {
        Reject::NothingToAmend => return word("another price, or another amount"),
        Reject::PostOnlyNeedsGoodTillCancelled => return word("GTC or GTD, as postOnly is true"),
        Reject::PostOnlyWouldTake => return word("a price at which nothing trades at once"),
        Reject::DuplicateClientOrderId => return word("one that no other order has"),
        Reject::UnknownOrder => return word("an order of this user"),
        Reject::ExpiryInPast => return word("a time to come"),
        Reject::TrailingOutOfRange => return word("a distance that leaves a price for the stop"),
        Reject::AlreadyTriggered => return word("an amend of the order as it is now"),
        Reject::PriceNotAmendable => return word("an amend of the amount alone"),
        Reject::NoPosition => return word("a position of this user"),
        Reject::InsufficientBalance => return funds(known),
        _ => {}
    }
    known.instrument.map_or((None, Vec::new()), |instrument| {
        figures_of_pair(reject, instrument, known)
    })
}

/// What is there, and what would have to be.
fn funds(known: &Known<'_>) -> (Option<String>, Figures) {
    let Some((asset, available)) = known.funds else {
        return (None, Vec::new());
    };
    let shown = |amount: Amount| {
        let units = u128::from(amount.units());
        exact_text(units, asset.scale, asset.display_scale)
    };
    let mut figures = vec![
        ("asset", Param::Text(asset.symbol.to_string().into())),
        ("available", Param::Text(shown(available).into())),
    ];
    let mut expected = format!(
        "no more than the {} {} available",
        shown(available),
        asset.symbol
    );
    if let Some(required) = required(known) {
        expected += &format!(", found {}", shown(required));
        figures.push(("required", Param::Text(shown(required).into())));
    }
    (Some(expected), figures)
}

/// What must be held for the order that was to be placed, where that follows from what is known
/// here: all of a spot sell, and of a buy its worst price, divided by the leverage of a margin
/// order, with the higher fee.
fn required(known: &Known<'_>) -> Option<Amount> {
    let (placed, instrument) = (known.placed?, known.instrument?);
    let pair = &instrument.pair;
    let leverage = match placed.margin {
        MarginRequest::None => None,
        MarginRequest::Leverage(leverage) => Some(leverage),
        MarginRequest::ReduceOnly => return None,
    };
    if placed.side == Side::Sell {
        return match leverage {
            None => pair.base_amount(placed.quantity),
            // It follows what the market was when the order came.
            Some(_) => None,
        };
    }
    let reference = known.reference.unwrap_or(pair.reference_price());
    let collar = |center: Price| center.collar(placed.side, pair.limits().price_band);
    let price = match placed.special {
        Special::None | Special::Iceberg { .. } => {
            placed.limit.unwrap_or_else(|| collar(reference))
        }
        Special::Stop { trigger, .. } => placed.limit.unwrap_or_else(|| collar(trigger)),
        Special::Oco { trigger, limit, .. } => {
            placed.limit?.max(limit.unwrap_or_else(|| collar(trigger)))
        }
        // It follows a price that may have moved since.
        Special::Trailing { .. } => return None,
    };
    let notional = pair.notional(price, placed.quantity)?;
    let rate = pair.maker_fee().max(pair.taker_fee()).get();
    let fee = u128::from(notional.units()) * u128::from(rate);
    let fee = fee.div_ceil(u128::from(BasisPoints::WHOLE));
    let held = leverage.map_or(notional, |leverage| leverage.margin(notional));
    Amount::new(u64::try_from(fee).ok()?).and_then(|fee| held.checked_add(fee))
}

/// The limits of the pair that a request missed.
fn figures_of_pair(
    reject: Reject,
    instrument: &Instrument,
    known: &Known<'_>,
) -> (Option<String>, Figures) {
    let limits = instrument.pair.limits();
    let lots = |quantity: Quantity| {
        let units = instrument.amount_units(quantity.lots());
        decimal_text(units, instrument.amount_scale)
    };
    let price = |price: Price| {
        let units = instrument.price_units(u64::from(price.ticks()));
        decimal_text(units, instrument.price_scale)
    };
    let one = |name, expected: &str, value: String| {
        let expected = format!("{expected} {value}");
        (Some(expected), vec![(name, Param::Text(value.into()))])
    };
    match reject {
        Reject::BelowMinAmount => one("minAmount", "at least", lots(limits.min_quantity)),
        Reject::AboveMaxAmount => one("maxAmount", "at most", lots(limits.max_quantity)),
        Reject::AmountBelowFilled => match known.filled {
            Some(filled) => one("filled", "more than the filled", lots(filled)),
            None => (Some("more than is filled".to_owned()), Vec::new()),
        },
        Reject::BelowMinNotional => {
            let quote = &instrument.quote;
            let units = u128::from(limits.min_notional.units());
            let value = exact_text(units, quote.scale, quote.display_scale);
            one("minNotional", "price × amount of at least", value)
        }
        Reject::PriceOutsideBand => {
            let center = banded(known).1.unwrap_or(instrument.pair.reference_price());
            let (low, high) = instrument.pair.band(center);
            let (low, high) = (price(low), price(high));
            let band = format!("{}%", decimal_text(u128::from(limits.price_band), 2));
            let expected = format!("from {low} to {high}");
            let figures = vec![
                ("lowPrice", Param::Text(low.into())),
                ("highPrice", Param::Text(high.into())),
                ("priceBand", Param::Text(band.into())),
            ];
            (Some(expected), figures)
        }
        Reject::TooManyOpenOrders => {
            let most = limits.max_open_orders;
            let figure = ("maxOpenOrders", Param::Number(u64::from(most)));
            (Some(format!("at most {most} open orders")), vec![figure])
        }
        Reject::WouldTriggerImmediately if is_by_mark(known) => {
            let expected = "a stop that the mark price has not reached".to_owned();
            (Some(expected), Vec::new())
        }
        Reject::WouldTriggerImmediately => {
            let expected = "a stop that the price has not reached".to_owned();
            let last = known.reference.map(|last| ("lastPrice", last));
            let figures = last.map(|(name, last)| (name, Param::Text(price(last).into())));
            (Some(expected), figures.into_iter().collect())
        }
        Reject::OcoPriceRelation => {
            let order = match known.placed.map(|placed| placed.side) {
                Some(Side::Buy) => "targetPrice < the last price < stopPrice ≤ limitPrice",
                Some(Side::Sell) => "limitPrice ≤ stopPrice < the last price < targetPrice",
                None => "the target and the stop on their two sides of the market",
            };
            let last = known.reference.map(|last| ("lastPrice", last));
            let figures = last.map(|(name, last)| (name, Param::Text(price(last).into())));
            (Some(order.to_owned()), figures.into_iter().collect())
        }
        Reject::InvalidDisplayAmount => display(known, lots(limits.min_quantity), &lots),
        _ => margin::figures(reject, instrument, known),
    }
}

/// Whether the mark price sets off what was to be placed.
fn is_by_mark(known: &Known<'_>) -> bool {
    match known.placed.map(|placed| placed.special) {
        Some(Special::Stop { by, .. } | Special::Trailing { by, .. } | Special::Oco { by, .. }) => {
            by == TriggerBy::Mark
        }
        Some(Special::None | Special::Iceberg { .. }) | None => false,
    }
}

/// What an iceberg order may show, or, of one that shows what it shows, be.
fn display(
    known: &Known<'_>,
    least: String,
    lots: &dyn Fn(Quantity) -> String,
) -> (Option<String>, Figures) {
    let parts = ("maxIcebergParts", Param::Number(MAX_ICEBERG_PARTS));
    if let Some(Special::Iceberg { display }) = known.untriggered {
        let display = lots(display);
        let expected = format!("at most {MAX_ICEBERG_PARTS} times the displayAmount {display}");
        let shown = ("displayAmount", Param::Text(display.into()));
        return (Some(expected), vec![shown, parts]);
    }
    let expected = format!(
        "at least {least}, at most the amount, and a part in {MAX_ICEBERG_PARTS} of it or more"
    );
    let least = ("minAmount", Param::Text(least.into()));
    (Some(expected), vec![least, parts])
}
