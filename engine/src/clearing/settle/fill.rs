//! What a trade does to the figures, the fee and the hold of one of its two orders.

use crate::domain::{
    AccountId, Amount, EventSequence, OrderKey, Pair, PairId, Price, Quantity, Side, TradeId,
};
use crate::report::{Fill, Liquidity, OrderChange};

use super::minus;
use crate::clearing::market::Market;
use crate::clearing::order::OpenOrder;

/// What a fill did to one of its two orders.
pub(super) struct Filled {
    pub(super) account: AccountId,
    pub(super) fee: Amount,
    /// What is held and needed no more.
    pub(super) excess: Amount,
    pub(super) change: OrderChange,
}

/// One trade, in every unit that its two sides need.
pub(in crate::clearing) struct Trade {
    pub(in crate::clearing) id: TradeId,
    pub(in crate::clearing) sequence: EventSequence,
    pub(in crate::clearing) price: Price,
    pub(in crate::clearing) quantity: Quantity,
    pub(in crate::clearing) base: Amount,
    pub(in crate::clearing) notional: Amount,
}

/// Books one side of a trade on its order: figures, fee, and what was held (L-7, L-8, L-9).
#[inline]
pub(super) fn fill(
    market: &mut Market,
    key: OrderKey,
    trade: &Trade,
    liquidity: Liquidity,
) -> Filled {
    let Market { pair, orders, .. } = market;
    let open = orders
        .get_mut(key)
        .expect("invariant: only open orders trade");
    let rate = match liquidity {
        Liquidity::Maker => pair.maker_fee(),
        Liquidity::Taker => pair.taker_fee(),
    };
    let order = &mut open.order;
    let fee = order.fees.charge(trade.notional, rate);
    order.filled = order
        .filled
        .checked_add(trade.quantity)
        .expect("invariant: an order fills to its amount at most");
    let notional = order.notional.checked_add(trade.notional);
    order.notional = notional.unwrap_or(Amount::MAX);
    open.leaves = minus(open.leaves, trade.quantity);
    let captured = match open.order.side {
        Side::Buy => trade.notional.checked_add(fee),
        Side::Sell => Some(trade.base),
    };
    open.held = captured
        .and_then(|captured| open.held.checked_sub(captured))
        .expect("invariant: the hold covers every fill");
    let excess = take_excess(open, pair);
    let change = OrderChange {
        fill: Some(Fill {
            trade: trade.id,
            price: trade.price,
            quantity: trade.quantity,
            fee,
            liquidity,
        }),
        sequence: Some(trade.sequence),
        ..change_of(open, pair.id())
    };
    Filled {
        account: open.order.account,
        fee,
        excess,
        change,
    }
}

/// Takes off an order's hold what it needs no more; nothing while an amend is in flight.
#[inline]
pub(in crate::clearing) fn take_excess(open: &mut OpenOrder, pair: &Pair) -> Amount {
    if open.amends.count > 0 {
        return Amount::ZERO;
    }
    let needed = open
        .needed(pair)
        .expect("invariant: the hold was computed for at least this");
    let excess = open
        .held
        .checked_sub(needed)
        .expect("invariant: the hold covers what is left");
    open.held = needed;
    excess
}

/// The figures of an open order as they are.
#[inline]
pub(in crate::clearing) fn change_of(open: &OpenOrder, pair: PairId) -> OrderChange {
    let order = &open.order;
    OrderChange {
        account: order.account,
        order: order.id,
        pair,
        status: open.status(),
        price: order.price,
        quantity: order.quantity,
        filled: order.filled,
        leaves: open.leaves,
        notional: order.notional,
        fees: order.fees.paid(),
        fill: None,
        reason: None,
        sequence: None,
    }
}
