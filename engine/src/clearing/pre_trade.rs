//! What an order or an amend must pass before it is accepted, in the order of the numbers of
//! [`Reject`]: pure functions of the pair, the order and what is asked.

use crate::command::Terms;
use crate::domain::{Amount, Funding, MarginRequest, Price, Quantity, TimeInForce, Timestamp};
use crate::reject::Reject;
use crate::request::PlaceRequest;

use super::ledger::{AmendBound, Commitment, bound_of_amend, hold_at_entry};
use super::market::Market;
use super::order::{OpenOrder, Order};
use super::shape::{band_center, check_amend_shape, check_shape, is_in_band};

/// On what terms an order is accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::clearing) struct PlaceTerms {
    /// Its limit, or its collar.
    pub(in crate::clearing) price: Price,
    pub(in crate::clearing) time_in_force: TimeInForce,
    /// What must be held.
    pub(in crate::clearing) hold: Amount,
    /// What sets it off, or what it hides.
    pub(in crate::clearing) terms: Terms,
    /// Whether its price is a collar.
    pub(in crate::clearing) is_collar: bool,
    /// Where its stop stands, if it has one.
    pub(in crate::clearing) trigger: Option<Price>,
}

/// On what terms an amend is accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::clearing) struct AmendTerms {
    pub(in crate::clearing) price: Price,
    /// What is added to the amount, in lots.
    pub(in crate::clearing) change: i64,
    /// What must be held beside what is.
    pub(in crate::clearing) hold: Amount,
}

/// Checks everything of a placement but client id, open orders, margin and funds: what its type
/// asks for first (L-21). What closes a whole position may be of `any_amount` (G-9).
pub(in crate::clearing) fn check_place(
    market: &Market,
    ask: &PlaceRequest,
    now: Timestamp,
    any_amount: bool,
) -> Result<PlaceTerms, Reject> {
    let pair = &market.pair;
    let limits = pair.limits();
    let shape = check_shape(market, ask, now)?;
    if !any_amount {
        check_amount(market, ask.quantity)?;
    }
    // L-16: a market order is a limit at the collar, and is worth what it costs at the reference.
    let worth = pair.notional(shape.worth, ask.quantity);
    if !any_amount && worth.is_some_and(|worth| worth < limits.min_notional) {
        return Err(Reject::BelowMinNotional);
    }
    let worst = shape.terms.worst_price(ask.side, shape.price);
    let hold = worth
        .and_then(|_| pair.notional(shape.price, ask.quantity))
        .and_then(|_| pair.notional(worst, ask.quantity))
        .and_then(|_| hold_at_entry(pair, ask.side, worst, ask.quantity, Funding::Spot))
        .ok_or(Reject::NotionalTooLarge)?;
    for (price, reference) in shape.banded.into_iter().flatten() {
        if !is_in_band(pair, price, reference) {
            return Err(Reject::PriceOutsideBand);
        }
    }
    let time_in_force = time_in_force(ask);
    if ask.post_only && time_in_force != TimeInForce::GoodTillCancelled {
        return Err(Reject::PostOnlyNeedsGoodTillCancelled);
    }
    Ok(PlaceTerms {
        price: shape.price,
        time_in_force,
        hold,
        terms: shape.terms,
        is_collar: ask.limit.is_none(),
        trigger: shape.trigger,
    })
}

/// How long an order stays once it is in: one at the market's price never rests.
pub(in crate::clearing) fn time_in_force(ask: &PlaceRequest) -> TimeInForce {
    match (ask.limit, ask.time_in_force) {
        (None, TimeInForce::GoodTillCancelled) => TimeInForce::ImmediateOrCancel,
        (_, time_in_force) => time_in_force,
    }
}

/// Whether `ask` asks for what `order` was accepted as (L-17).
pub(in crate::clearing) fn is_same(
    order: &Order,
    pair: crate::domain::PairId,
    ask: &PlaceRequest,
) -> bool {
    ask.pair == pair
        && ask.side == order.side
        && ask.limit.is_none() == order.market
        && ask.limit.is_none_or(|limit| limit == order.first_price)
        && ask.quantity == order.first_quantity
        && time_in_force(ask) == order.time_in_force
        && ask.post_only == order.post_only
        && ask.self_trade == order.self_trade
        && ask.special == order.terms.special(order.side)
        && ask.expires_at == order.expires_at
        && is_same_margin(order.funding, ask.margin)
}

fn is_same_margin(funding: Funding, asked: MarginRequest) -> bool {
    match (funding, asked) {
        (Funding::Spot, MarginRequest::None) | (Funding::ReduceOnly, MarginRequest::ReduceOnly) => {
            true
        }
        (Funding::Margin { leverage, .. }, MarginRequest::Leverage(asked)) => leverage == asked,
        (
            Funding::Spot
            | Funding::ReduceOnly
            | Funding::Margin { .. }
            | Funding::Liquidation
            | Funding::Backstop,
            _,
        ) => false,
    }
}

/// Whether the pair takes orders and amends.
pub(in crate::clearing) fn check_open(market: &Market) -> Result<(), Reject> {
    let open = market.status.is_open();
    open.then_some(()).ok_or(Reject::PairHalted)
}

/// Checks an amend of an open order, all but funds. What is not named stays as the amends in
/// flight leave it.
pub(in crate::clearing) fn check_amend(
    market: &Market,
    open: &OpenOrder,
    price: Option<Price>,
    quantity: Option<Quantity>,
) -> Result<AmendTerms, Reject> {
    let pair = &market.pair;
    let now = pending_quantity(open);
    if open.order.funding.is_margin() {
        return Err(Reject::MarginNotAmendable);
    }
    check_amend_shape(open, price, quantity)?;
    if let Some(quantity) = quantity {
        check_amount(market, quantity)?;
        if quantity <= open.order.filled {
            return Err(Reject::AmountBelowFilled);
        }
    }
    let new_price = price.unwrap_or(open.amends.price);
    let change = quantity.map_or(0, |quantity| signed(quantity) - now);
    if new_price == open.amends.price && change == 0 {
        return Err(Reject::NothingToAmend);
    }
    let new_quantity = quantity.or_else(|| Quantity::new(u64::try_from(now).ok()?));
    let worth = new_quantity.and_then(|quantity| pair.notional(new_price, quantity));
    if worth.is_some_and(|worth| worth < pair.limits().min_notional) {
        return Err(Reject::BelowMinNotional);
    }
    let bound = worth
        .and_then(|_| bound(market, open, new_price, change))
        .ok_or(Reject::NotionalTooLarge)?;
    if price.is_some_and(|price| price != open.amends.price)
        && !is_in_band(pair, new_price, band_center(market, open))
    {
        return Err(Reject::PriceOutsideBand);
    }
    // L-13: were the lower amount refused, the higher one would be added to the old.
    if change > 0 && open.amends.lowering > 0 {
        return Err(Reject::Unavailable);
    }
    Ok(AmendTerms {
        price: new_price,
        change,
        hold: bound.checked_sub(open.held).unwrap_or(Amount::ZERO),
    })
}

/// What an amend needs held in all, beside what is held now being enough (L-12).
pub(in crate::clearing) fn bound(
    market: &Market,
    open: &OpenOrder,
    price: Price,
    change: i64,
) -> Option<Amount> {
    let most = Commitment {
        price: open.worst_price(open.amends.highest),
        leaves: Quantity::new(open.leaves.lots() + open.amends.added)?,
        ..open.commitment()
    };
    let amend = AmendBound {
        price: open.worst_price(price),
        added: u64::try_from(change).unwrap_or(0),
    };
    bound_of_amend(&market.pair, &most, amend)
}

fn check_amount(market: &Market, quantity: Quantity) -> Result<(), Reject> {
    let limits = market.pair.limits();
    if quantity < limits.min_quantity {
        return Err(Reject::BelowMinAmount);
    }
    if quantity > limits.max_quantity {
        return Err(Reject::AboveMaxAmount);
    }
    Ok(())
}

/// The amount if all amends in flight come through, in lots.
fn pending_quantity(open: &OpenOrder) -> i64 {
    signed(open.order.quantity) + open.amends.change
}

fn signed(quantity: Quantity) -> i64 {
    i64::try_from(quantity.lots()).expect("invariant: a quantity is at most 2^40 lots")
}
