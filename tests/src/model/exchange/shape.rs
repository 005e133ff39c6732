use engine::command::{StopTerms, Terms};
use engine::domain::{
    Crossing, Pair, Price, Quantity, Side, Special, StopKind, TimeInForce, Timestamp,
    TrailingDistance, TriggerBy,
};
use engine::reject::Reject;
use engine::request::PlaceRequest;

use super::{PlainExchange, PlainRecord, Stage};

/// As what an order goes to its book.
pub(super) struct Shape {
    /// Its limit or its collar.
    pub(super) price: Price,
    /// At which price its worth is looked at.
    pub(super) worth: Price,
    /// The worst price that it may trade at.
    pub(super) worst: Price,
    /// Which prices lie within the band around which.
    pub(super) banded: Vec<(Price, Price)>,
    pub(super) terms: Terms,
    pub(super) stage: Stage,
}

impl PlainExchange {
    /// What the type of an order asks for, in the order of the reasons' numbers. // L-21
    pub(super) fn shape(
        &self,
        pair: &Pair,
        ask: &PlaceRequest,
        now: Timestamp,
    ) -> Result<Shape, Reject> {
        let reference = self.reference(pair);
        let last = self.last_trades[usize::from(pair.id().0)];
        let market = |around: Price| far_end(pair, ask.side, around);
        // L-16
        let mut shape = Shape {
            price: ask.limit.unwrap_or(market(reference)),
            worth: ask.limit.unwrap_or(reference),
            worst: ask.limit.unwrap_or(market(reference)),
            banded: ask.limit.iter().map(|it| (*it, reference)).collect(),
            terms: Terms::Plain,
            stage: Stage::Book,
        };
        match ask.special {
            Special::None => {}
            Special::Iceberg { display } => {
                check_display(pair, ask.quantity, display)?;
                shape.terms = Terms::Iceberg { display };
            }
            // L-25
            Special::Stop { kind, trigger, by } => {
                let crossing = crossing_of(kind, ask.side);
                let seen = last.filter(|_| by == TriggerBy::Last);
                if seen.is_some_and(|seen| is_beyond(crossing, seen, trigger)) {
                    return Err(Reject::WouldTriggerImmediately);
                }
                shape.price = ask.limit.unwrap_or(market(trigger));
                shape.worth = ask.limit.unwrap_or(trigger);
                shape.worst = shape.price;
                shape.banded = ask.limit.iter().map(|it| (*it, trigger)).collect();
                shape.stage = Stage::Waiting;
                shape.terms = Terms::Stop(StopTerms::Fixed {
                    trigger,
                    crossing,
                    by,
                });
            }
            Special::Trailing { distance, by } => {
                let trigger = behind(reference, distance, ask.side);
                let trigger = trigger.ok_or(Reject::TrailingOutOfRange)?;
                shape.price = market(trigger);
                shape.worth = trigger;
                shape.worst = shape.price;
                shape.banded = Vec::new();
                shape.stage = Stage::Waiting;
                shape.terms = Terms::Stop(StopTerms::Trailing {
                    anchor: reference,
                    distance,
                    collar: pair.limits().price_band,
                    by,
                });
            }
            // L-26
            Special::Oco { trigger, limit, by } => {
                if ask
                    .limit
                    .is_some_and(|target| !is_in_order(ask.side, limit, trigger, reference, target))
                {
                    return Err(Reject::OcoPriceRelation);
                }
                let target = ask.limit.unwrap_or(reference);
                let then = limit.unwrap_or(market(trigger));
                shape.worth = target.min(then);
                shape.worst = match ask.side {
                    Side::Buy => target.max(then),
                    Side::Sell => target.min(then),
                };
                shape.banded.extend(limit.map(|it| (it, trigger)));
                shape.stage = Stage::Linked(then);
                shape.terms = Terms::Stop(StopTerms::Oco {
                    trigger,
                    limit: then,
                    market: limit.is_none(),
                    by,
                });
            }
        }
        if ask.expires_at.is_some_and(|at| at.0 <= now.0) {
            return Err(Reject::ExpiryInPast); // L-30
        }
        if !goes_together(ask) {
            return Err(Reject::OptionNotForOrderType);
        }
        Ok(shape)
    }

    /// What the type of an open order lets its owner change.
    pub(super) fn check_amend_shape(
        &self,
        order: &PlainRecord,
        price: Option<Price>,
        quantity: Option<Quantity>,
    ) -> Result<(), Reject> {
        let first = &order.first;
        let new_price = price.filter(|price| *price != order.price);
        let is_linked = matches!(order.stage, Stage::Linked(_));
        if let Special::Oco { trigger, .. } = first.special
            && is_linked
            && let Some(target) = new_price
        {
            let stands = match first.side {
                Side::Sell => target > trigger,
                Side::Buy => target < trigger,
            };
            if !stands {
                return Err(Reject::OcoPriceRelation);
            }
        }
        if let Special::Iceberg { display } = first.special
            && quantity.is_some_and(|it| u128::from(it.lots()) > 100 * u128::from(display.lots()))
        {
            return Err(Reject::InvalidDisplayAmount); // L-27
        }
        let becomes_market = first.limit.is_none()
            || matches!(first.special, Special::Oco { limit: None, .. } if !is_linked);
        if becomes_market && new_price.is_some() {
            return Err(Reject::PriceNotAmendable);
        }
        Ok(())
    }

    /// Around which price an amended limit must lie.
    pub(super) fn band_center(&self, pair: &Pair, order: &PlainRecord) -> Price {
        match order.first.special {
            Special::Stop { trigger, .. } if order.stage == Stage::Waiting => trigger,
            _ => self.reference(pair),
        }
    }
}

/// Which way the price must go. A stop-loss of a seller and a take-profit of a buyer fall.
fn crossing_of(kind: StopKind, side: Side) -> Crossing {
    match (kind, side) {
        (StopKind::StopLoss, Side::Sell) | (StopKind::TakeProfit, Side::Buy) => Crossing::Falling,
        (StopKind::StopLoss, Side::Buy) | (StopKind::TakeProfit, Side::Sell) => Crossing::Rising,
    }
}

fn is_beyond(crossing: Crossing, seen: Price, trigger: Price) -> bool {
    match crossing {
        Crossing::Falling => seen <= trigger,
        Crossing::Rising => seen >= trigger,
    }
}

/// The far end of the band around a price: the collar of an order that goes to the market there.
fn far_end(pair: &Pair, side: Side, around: Price) -> Price {
    let (low, high) = pair.band(around);
    match side {
        Side::Buy => high,
        Side::Sell => low,
    }
}

/// Where a trailing stop stands that has seen `best`.
fn behind(best: Price, distance: TrailingDistance, side: Side) -> Option<Price> {
    let best = i128::from(best.ticks());
    let number = i128::from(distance.number());
    let distance = match distance.is_in_basis_points() {
        true => (best * number / 10_000).max(1),
        false => number,
    };
    let stands = match side {
        Side::Sell => best - distance,
        Side::Buy => best + distance,
    };
    u32::try_from(stands).ok().and_then(Price::new)
}

/// From below for a sell, from above for a buy: the stop's limit, its trigger, the market, the
/// target. // L-26
fn is_in_order(
    side: Side,
    limit: Option<Price>,
    trigger: Price,
    reference: Price,
    target: Price,
) -> bool {
    let limit = limit.unwrap_or(trigger);
    match side {
        Side::Sell => limit <= trigger && trigger < reference && reference < target,
        Side::Buy => limit >= trigger && trigger > reference && reference > target,
    }
}

// L-27
fn check_display(pair: &Pair, quantity: Quantity, display: Quantity) -> Result<(), Reject> {
    let is_too_small = display.is_zero() || display < pair.limits().min_quantity;
    let is_a_sliver = u128::from(display.lots()) * 100 < u128::from(quantity.lots());
    if is_too_small || is_a_sliver || display > quantity {
        return Err(Reject::InvalidDisplayAmount);
    }
    Ok(())
}

/// Which options go with which type. // L-30
fn goes_together(ask: &PlaceRequest) -> bool {
    let may_stay = ask.time_in_force == TimeInForce::GoodTillCancelled;
    let expires = ask.expires_at.is_some();
    let has_limit = ask.limit.is_some();
    match ask.special {
        Special::None if expires => may_stay && has_limit,
        Special::None => true,
        Special::Iceberg { .. } => may_stay && has_limit,
        Special::Oco { .. } => may_stay && has_limit && !ask.post_only,
        Special::Stop { .. } => !ask.post_only && (may_stay || !expires),
        Special::Trailing { .. } => !ask.post_only && !has_limit && (may_stay || !expires),
    }
}

pub(super) fn check_quantity(pair: &Pair, quantity: Quantity) -> Result<(), Reject> {
    match quantity {
        few if few < pair.limits().min_quantity => Err(Reject::BelowMinAmount),
        many if many > pair.limits().max_quantity => Err(Reject::AboveMaxAmount),
        _ => Ok(()),
    }
}

pub(super) fn check_worth(pair: &Pair, price: Price, quantity: Quantity) -> Result<(), Reject> {
    match pair.notional(price, quantity) {
        None => Err(Reject::NotionalTooLarge),
        Some(worth) if worth < pair.limits().min_notional => Err(Reject::BelowMinNotional),
        Some(_) => Ok(()),
    }
}

pub(super) fn is_same(first: &PlaceRequest, ask: &PlaceRequest) -> bool {
    let canonical = |ask: &PlaceRequest| PlaceRequest {
        time_in_force: time_in_force(ask),
        ..*ask
    };
    canonical(first) == canonical(ask)
}

/// A market order never rests.
pub(super) fn time_in_force(ask: &PlaceRequest) -> TimeInForce {
    match ask.time_in_force {
        TimeInForce::GoodTillCancelled if ask.limit.is_none() => TimeInForce::ImmediateOrCancel,
        asked => asked,
    }
}
