//! What an order or an amend must pass before it is accepted, in the order of the numbers of
//! [`Reject`]: pure functions of the pair, the order and what is asked.

use crate::domain::{Amount, Price, Quantity, Side, TimeInForce, TradingStatus};
use crate::reject::Reject;
use crate::request::PlaceRequest;

use super::ledger::{AmendBound, Commitment, bound_of_amend, hold_at_entry};
use super::market::Market;
use super::order::{OpenOrder, Order};

/// On what terms an order is accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::clearing) struct PlaceTerms {
    /// Its limit, or its collar.
    pub(in crate::clearing) price: Price,
    pub(in crate::clearing) time_in_force: TimeInForce,
    /// What must be held.
    pub(in crate::clearing) hold: Amount,
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

/// Checks everything of a placement but client id, open orders and funds.
pub(in crate::clearing) fn check_place(
    market: &Market,
    ask: &PlaceRequest,
) -> Result<PlaceTerms, Reject> {
    let pair = &market.pair;
    let limits = pair.limits();
    check_amount(market, ask.quantity)?;
    let reference = market.reference_price();
    let (low, high) = pair.band(reference);
    // L-16: a market order is a limit at the collar, and is worth what it costs at the reference.
    let (price, worth) = match (ask.limit, ask.side) {
        (Some(limit), _) => (limit, limit),
        (None, Side::Buy) => (high, reference),
        (None, Side::Sell) => (low, reference),
    };
    let worth = pair.notional(worth, ask.quantity);
    if worth.is_some_and(|worth| worth < limits.min_notional) {
        return Err(Reject::BelowMinNotional);
    }
    let hold = worth
        .and_then(|_| pair.notional(price, ask.quantity))
        .and_then(|_| hold_at_entry(pair, ask.side, price, ask.quantity))
        .ok_or(Reject::NotionalTooLarge)?;
    if !(low..=high).contains(&price) {
        return Err(Reject::PriceOutsideBand);
    }
    let time_in_force = time_in_force(ask);
    if ask.post_only && time_in_force != TimeInForce::GoodTillCancelled {
        return Err(Reject::PostOnlyNeedsGoodTillCancelled);
    }
    Ok(PlaceTerms {
        price,
        time_in_force,
        hold,
    })
}

/// How long an order stays: one at the market's price never rests.
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
}

/// Whether the pair takes orders and amends.
pub(in crate::clearing) fn check_open(market: &Market) -> Result<(), Reject> {
    match market.status {
        TradingStatus::Open => Ok(()),
        TradingStatus::Halted => Err(Reject::PairHalted),
    }
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
    if price.is_some_and(|price| price != open.amends.price) {
        let (low, high) = pair.band(market.reference_price());
        if !(low..=high).contains(&new_price) {
            return Err(Reject::PriceOutsideBand);
        }
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
        price: open.amends.highest,
        leaves: Quantity::new(open.leaves.lots() + open.amends.added)?,
        ..open.commitment()
    };
    let amend = AmendBound {
        price,
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
