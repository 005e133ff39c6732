//! What must be held for an order: the most that it can still cost, and not a unit more.

use crate::domain::{Amount, BasisPoints, Funding, Pair, Price, Quantity, Side};

use super::FeeMeter;
use crate::clearing::margin::fee_ceiling;

/// What an open order may still cost its owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::clearing) struct Commitment {
    /// Which way.
    pub(in crate::clearing) side: Side,
    /// The worst price it may trade at.
    pub(in crate::clearing) price: Price,
    /// What is left of it.
    pub(in crate::clearing) leaves: Quantity,
    /// What it paid so far.
    pub(in crate::clearing) fees: FeeMeter,
    /// Who pays for it.
    pub(in crate::clearing) funding: Funding,
}

/// What an amend asks for beside what the order already has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::clearing) struct AmendBound {
    /// The new price.
    pub(in crate::clearing) price: Price,
    /// What is added to the quantity, zero where it falls.
    pub(in crate::clearing) added: u64,
}

/// The higher of the two rates: what a fill can cost at most.
pub(in crate::clearing) fn worst_rate(pair: &Pair) -> BasisPoints {
    pair.maker_fee().max(pair.taker_fee())
}

/// The fee on `notional` at the higher of the pair's two rates, rounded up.
pub(in crate::clearing) fn fee_of_worst_rate(pair: &Pair, notional: Amount) -> Amount {
    fee_ceiling(notional, worst_rate(pair))
}

/// What is held when an order comes in (L-5, L-6); `None` where no amount holds it.
pub(in crate::clearing) fn hold_at_entry(
    pair: &Pair,
    side: Side,
    price: Price,
    quantity: Quantity,
    funding: Funding,
) -> Option<Amount> {
    let commitment = Commitment {
        side,
        price,
        leaves: quantity,
        fees: FeeMeter::default(),
        funding,
    };
    requirement(pair, &commitment)
}

/// What an order needs held: for a buy what is left at its limit and the fee on that (L-5), for
/// a sell what is left of base (L-6). `None` where no amount holds it, which entry refuses.
#[inline]
pub(in crate::clearing) fn requirement(pair: &Pair, order: &Commitment) -> Option<Amount> {
    if order.funding.is_margin() {
        return margin_requirement(pair, order);
    }
    match order.side {
        Side::Buy => with_fee(pair, order.fees, pair.notional(order.price, order.leaves)?),
        Side::Sell => pair.base_amount(order.leaves),
    }
}

/// What a margin order needs held of its owner's quote (G-3), or set aside of its position's
/// (G-9): of what is left alone, whatever was paid before.
#[cold]
fn margin_requirement(pair: &Pair, order: &Commitment) -> Option<Amount> {
    let rate = worst_rate(pair);
    match (order.funding, order.side) {
        (Funding::Margin { leverage, floor }, side) => {
            let price = match side {
                Side::Buy => order.price,
                Side::Sell => floor,
            };
            let notional = pair.notional(price, order.leaves)?;
            pair.base_amount(order.leaves)?;
            let margin = leverage.margin(notional);
            margin.checked_add(fee_ceiling(notional, rate))
        }
        (Funding::ReduceOnly, Side::Buy) => {
            let notional = pair.notional(order.price, order.leaves)?;
            notional.checked_add(fee_ceiling(notional, rate))
        }
        // A sell has its lots in the position; a liquidation meets no other order.
        (Funding::ReduceOnly, Side::Sell)
        | (Funding::Liquidation | Funding::Backstop | Funding::Spot, _) => Some(Amount::ZERO),
    }
}

/// What the lending pool promises a margin order of which so much is left: of quote to a buy, of
/// base to a sell. // G-3
pub(in crate::clearing) fn promise(
    pair: &Pair,
    funding: Funding,
    side: Side,
    price: Price,
    leaves: Quantity,
) -> Option<Amount> {
    match (funding, side) {
        (Funding::Margin { .. }, Side::Buy) => pair.notional(price, leaves),
        (Funding::Margin { .. }, Side::Sell) => pair.base_amount(leaves),
        (
            Funding::Spot | Funding::ReduceOnly | Funding::Liquidation | Funding::Backstop,
            Side::Buy | Side::Sell,
        ) => Some(Amount::ZERO),
    }
}

/// The most that an order and its amends in flight may need, whatever of them comes through
/// (L-12). `None` where no amount holds it.
///
/// `leaves` and `price` of `order` are the most that earlier amends may have made of it. What
/// trades before this amend costs at most that price, what trades after it its own; so it is the
/// old rest at the higher of the two, and what is added at its own.
pub(in crate::clearing) fn bound_of_amend(
    pair: &Pair,
    order: &Commitment,
    amend: AmendBound,
) -> Option<Amount> {
    let added = Quantity::new(amend.added)?;
    let leaves = order.leaves.checked_add(added)?;
    match order.side {
        Side::Sell => pair.base_amount(leaves),
        Side::Buy => {
            let old = pair.notional(order.price.max(amend.price), order.leaves)?;
            let added = pair.notional(amend.price, added)?;
            with_fee(pair, order.fees, old.checked_add(added)?)
        }
    }
}

#[inline]
fn with_fee(pair: &Pair, fees: FeeMeter, notional: Amount) -> Option<Amount> {
    notional.checked_add(fees.quote(notional, worst_rate(pair)))
}
