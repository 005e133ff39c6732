//! What must be held for an order: the most that it can still cost, and not a unit more.

use crate::domain::{Amount, BasisPoints, Pair, Price, Quantity, Side};

use super::FeeMeter;

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

/// What is held when an order comes in (L-5, L-6); `None` where no amount holds it.
pub(in crate::clearing) fn hold_at_entry(
    pair: &Pair,
    side: Side,
    price: Price,
    quantity: Quantity,
) -> Option<Amount> {
    let commitment = Commitment {
        side,
        price,
        leaves: quantity,
        fees: FeeMeter::default(),
    };
    requirement(pair, &commitment)
}

/// What an order needs held: for a buy what is left at its limit and the fee on that (L-5), for
/// a sell what is left of base (L-6). `None` where no amount holds it, which entry refuses.
#[inline]
pub(in crate::clearing) fn requirement(pair: &Pair, order: &Commitment) -> Option<Amount> {
    match order.side {
        Side::Buy => with_fee(pair, order.fees, pair.notional(order.price, order.leaves)?),
        Side::Sell => pair.base_amount(order.leaves),
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
