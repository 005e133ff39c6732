//! What the type of an order asks for: which options go together, where its prices must lie, and
//! as what it goes to the matcher. Looked at before its amount, its prices and its funds (L-21).

use crate::command::{StopTerms, Terms};
use crate::domain::{
    Crossing, Pair, Price, Quantity, Side, Special, StopKind, TimeInForce, Timestamp, TriggerBy,
};
use crate::reject::Reject;
use crate::request::PlaceRequest;

use super::Clearing;
use super::market::Market;
use super::order::{OpenOrder, OrderStage};

/// An iceberg order has at most so many slices when it comes in.
pub(in crate::clearing) const MAX_SLICES: u64 = 100;

/// As what an order goes to the matcher.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::clearing) struct Shape {
    /// Its limit, or its collar.
    pub(in crate::clearing) price: Price,
    pub(in crate::clearing) terms: Terms,
    /// At which price its worth is looked at.
    pub(in crate::clearing) worth: Price,
    /// Which prices must lie within the band, each with the price that the band is around.
    pub(in crate::clearing) banded: [Option<(Price, Price)>; 2],
    /// Where its stop stands, if it has one.
    pub(in crate::clearing) trigger: Option<Price>,
}

/// Where the stop of an order stands and what it leads to.
#[derive(Clone, Copy)]
struct Stop {
    trigger: Price,
    limit: Option<Price>,
    by: TriggerBy,
}

/// Checks what the type asks for, in the order of the reasons' numbers.
pub(in crate::clearing) fn check_shape(
    market: &Market,
    ask: &PlaceRequest,
    now: Timestamp,
) -> Result<Shape, Reject> {
    let reference = market.reference_price();
    let shape = match ask.special {
        Special::None => plain(market, ask),
        Special::Iceberg { display } => {
            let shape = plain(market, ask);
            check_display(market, ask.quantity, display)?;
            Shape {
                terms: Terms::Iceberg { display },
                ..shape
            }
        }
        Special::Stop { kind, trigger, by } => {
            let crossing = kind.crossing(ask.side);
            check_not_reached(market, crossing, trigger, by)?;
            let stop = Stop {
                trigger,
                limit: ask.limit,
                by,
            };
            fixed(&market.pair, ask.side, crossing, &stop)
        }
        Special::Trailing { distance, by } => {
            let crossing = StopKind::StopLoss.crossing(ask.side);
            let trigger = distance.trigger(reference, crossing);
            let trigger = trigger.ok_or(Reject::TrailingOutOfRange)?;
            let collar = market.pair.limits().price_band;
            let terms = StopTerms::Trailing {
                anchor: reference,
                distance,
                collar,
                by,
            };
            Shape {
                price: trigger.collar(ask.side, collar),
                terms: Terms::Stop(terms),
                worth: trigger,
                banded: [None; 2],
                trigger: Some(trigger),
            }
        }
        Special::Oco { trigger, limit, by } => {
            let stop = Stop { trigger, limit, by };
            check_relation(reference, ask, &stop)?;
            linked(&market.pair, ask, reference, &stop)
        }
    };
    if ask.expires_at.is_some_and(|at| at <= now) {
        return Err(Reject::ExpiryInPast);
    }
    if !options_go_together(ask) {
        return Err(Reject::OptionNotForOrderType);
    }
    Clearing::check_margin_type(market, ask)?;
    Ok(shape)
}

/// A limit at its own price, or a market order at its collar (L-16).
fn plain(market: &Market, ask: &PlaceRequest) -> Shape {
    let reference = market.reference_price();
    let collar = reference.collar(ask.side, market.pair.limits().price_band);
    Shape {
        price: ask.limit.unwrap_or(collar),
        terms: Terms::Plain,
        worth: ask.limit.unwrap_or(reference),
        banded: [ask.limit.map(|limit| (limit, reference)), None],
        trigger: None,
    }
}

/// A stop that waits (L-25): at its limit, which lies within the band around its trigger, or at
/// the collar there.
fn fixed(pair: &Pair, side: Side, crossing: Crossing, stop: &Stop) -> Shape {
    let collar = stop.trigger.collar(side, pair.limits().price_band);
    let terms = StopTerms::Fixed {
        trigger: stop.trigger,
        crossing,
        by: stop.by,
    };
    Shape {
        price: stop.limit.unwrap_or(collar),
        terms: Terms::Stop(terms),
        worth: stop.limit.unwrap_or(stop.trigger),
        banded: [stop.limit.map(|limit| (limit, stop.trigger)), None],
        trigger: Some(stop.trigger),
    }
}

/// An order with two ways to execute (L-26).
fn linked(pair: &Pair, ask: &PlaceRequest, reference: Price, stop: &Stop) -> Shape {
    let collar = stop.trigger.collar(ask.side, pair.limits().price_band);
    let limit = stop.limit.unwrap_or(collar);
    // Without a target the options do not go together, which is said further on.
    let target = ask.limit.unwrap_or(reference);
    let terms = StopTerms::Oco {
        trigger: stop.trigger,
        limit,
        market: stop.limit.is_none(),
        by: stop.by,
    };
    Shape {
        price: target,
        terms: Terms::Stop(terms),
        worth: target.min(limit),
        banded: [
            Some((target, reference)),
            stop.limit.map(|limit| (limit, stop.trigger)),
        ],
        trigger: Some(stop.trigger),
    }
}

/// Whether the last trade has not reached the trigger. What the mark price says, the book knows.
fn check_not_reached(
    market: &Market,
    crossing: Crossing,
    trigger: Price,
    by: TriggerBy,
) -> Result<(), Reject> {
    let last = market.last_trade.filter(|_| by == TriggerBy::Last);
    match last {
        Some(last) if crossing.is_reached(trigger, last) => Err(Reject::WouldTriggerImmediately),
        _ => Ok(()),
    }
}

/// Whether stop, market and target stand in their order: from below for a sell, from above for a
/// buy; the stop's limit may not be better than its trigger (L-26).
fn check_relation(reference: Price, ask: &PlaceRequest, stop: &Stop) -> Result<(), Reject> {
    let Some(target) = ask.limit else {
        return Ok(());
    };
    let stands = match ask.side {
        Side::Sell => {
            stop.limit.is_none_or(|limit| limit <= stop.trigger)
                && stop.trigger < reference
                && reference < target
        }
        Side::Buy => {
            stop.limit.is_none_or(|limit| limit >= stop.trigger)
                && stop.trigger > reference
                && reference > target
        }
    };
    stands.then_some(()).ok_or(Reject::OcoPriceRelation)
}

/// L-27
fn check_display(market: &Market, quantity: Quantity, display: Quantity) -> Result<(), Reject> {
    let fits = !display.is_zero()
        && display >= market.pair.limits().min_quantity
        && display <= quantity
        && quantity.lots() <= display.lots().saturating_mul(MAX_SLICES);
    fits.then_some(()).ok_or(Reject::InvalidDisplayAmount)
}

/// Which options go with which type. // L-30
fn options_go_together(ask: &PlaceRequest) -> bool {
    let stays = ask.time_in_force == TimeInForce::GoodTillCancelled;
    let expires = ask.expires_at.is_some();
    match ask.special {
        // Only what may rest can expire.
        Special::None => !expires || (stays && ask.limit.is_some()),
        Special::Iceberg { .. } => stays && ask.limit.is_some(),
        Special::Stop { .. } => !ask.post_only && (stays || !expires),
        Special::Trailing { .. } => !ask.post_only && ask.limit.is_none() && (stays || !expires),
        Special::Oco { .. } => !ask.post_only && ask.limit.is_some() && stays,
    }
}

/// What the type of an open order lets its owner change.
pub(in crate::clearing) fn check_amend_shape(
    open: &OpenOrder,
    price: Option<Price>,
    quantity: Option<Quantity>,
) -> Result<(), Reject> {
    let order = &open.order;
    let price = price.filter(|price| *price != open.amends.price);
    if let (OrderStage::Linked, Some(target)) = (open.stage, price)
        && let Terms::Stop(StopTerms::Oco { trigger, .. }) = order.terms
    {
        let stands = match order.side {
            Side::Sell => trigger < target,
            Side::Buy => trigger > target,
        };
        if !stands {
            return Err(Reject::OcoPriceRelation);
        }
    }
    if let (Terms::Iceberg { display }, Some(quantity)) = (order.terms, quantity)
        && quantity.lots() > display.lots().saturating_mul(MAX_SLICES)
    {
        return Err(Reject::InvalidDisplayAmount);
    }
    // Its price is a collar.
    if price.is_some() && order.is_collared() && open.stage != OrderStage::Linked {
        return Err(Reject::PriceNotAmendable);
    }
    Ok(())
}

/// Around which price the limit of an open order must lie.
pub(in crate::clearing) fn band_center(market: &Market, open: &OpenOrder) -> Price {
    match (open.stage, open.order.terms) {
        (OrderStage::Waiting, Terms::Stop(StopTerms::Fixed { trigger, .. })) => trigger,
        _ => market.reference_price(),
    }
}

/// Whether `price` lies within the pair's band around `reference`.
pub(in crate::clearing) fn is_in_band(pair: &Pair, price: Price, reference: Price) -> bool {
    let (low, high) = pair.band(reference);
    (low..=high).contains(&price)
}
