use crate::command::{StopTerms, Terms};
use crate::domain::{
    AccountId, Amount, ClientOrderId, Funding, OrderId, Pair, Price, Quantity, SelfTradePrevention,
    Side, TimeInForce, Timestamp,
};
use crate::report::{AcceptedOrder, OrderStatus};

use super::ledger::{Commitment, FeeMeter, promise, requirement};
use super::view::OrderView;

/// What is kept of an order as long as it is known, open or ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::clearing) struct Order {
    pub(in crate::clearing) id: OrderId,
    pub(in crate::clearing) account: AccountId,
    /// Its limit (or collar) now.
    pub(in crate::clearing) price: Price,
    /// Its amount now, what is filled included.
    pub(in crate::clearing) quantity: Quantity,
    pub(in crate::clearing) filled: Quantity,
    /// What the fills came to. Stops at the largest amount: amends to ever higher prices could
    /// trade more over a life than there is at one time.
    pub(in crate::clearing) notional: Amount,
    pub(in crate::clearing) fees: FeeMeter,
    /// The limit (or collar) it came with: what a repeated client order id is compared to.
    pub(in crate::clearing) first_price: Price,
    /// The amount it came with.
    pub(in crate::clearing) first_quantity: Quantity,
    pub(in crate::clearing) side: Side,
    pub(in crate::clearing) market: bool,
    pub(in crate::clearing) time_in_force: TimeInForce,
    pub(in crate::clearing) post_only: bool,
    pub(in crate::clearing) self_trade: SelfTradePrevention,
    pub(in crate::clearing) client_order_id: Option<ClientOrderId>,
    /// What sets it off, or what it hides.
    pub(in crate::clearing) terms: Terms,
    /// When it ends by itself.
    pub(in crate::clearing) expires_at: Option<Timestamp>,
    /// Who pays for it.
    pub(in crate::clearing) funding: Funding,
}

/// Where an open order is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum OrderStage {
    /// In the book, or on its way through it.
    #[default]
    Book,
    /// Outside the book, to be set off.
    Waiting,
    /// In the book, while its stop is watched.
    Linked,
}

impl OrderStage {
    /// Where an order on these terms begins.
    pub(in crate::clearing) fn first(terms: &Terms) -> OrderStage {
        match terms {
            Terms::Plain | Terms::Iceberg { .. } => OrderStage::Book,
            Terms::Stop(StopTerms::Oco { .. }) => OrderStage::Linked,
            Terms::Stop(StopTerms::Fixed { .. } | StopTerms::Trailing { .. }) => {
                OrderStage::Waiting
            }
        }
    }
}

impl Order {
    /// Whether what does not trade at once is dropped for having come in at the market.
    pub(in crate::clearing) fn is_collared(&self) -> bool {
        let becomes_market = matches!(self.terms, Terms::Stop(StopTerms::Oco { market: true, .. }));
        self.market || becomes_market
    }

    /// What is told of it when it is accepted.
    pub(in crate::clearing) fn accepted(&self, pair: &Pair) -> AcceptedOrder {
        AcceptedOrder {
            account: self.account,
            order: self.id,
            client_order_id: self.client_order_id,
            pair: pair.id(),
            side: self.side,
            market: self.market,
            price: self.price,
            quantity: self.quantity,
            time_in_force: self.time_in_force,
            post_only: self.post_only,
            self_trade: self.self_trade,
            special: self.terms.special(self.side),
            expires_at: self.expires_at,
            funding: self.funding,
        }
    }

    fn view(&self, pair: &Pair, status: OrderStatus) -> OrderView {
        OrderView {
            order: self.accepted(pair),
            status,
            filled: self.filled,
            leaves: Quantity::ZERO,
            notional: self.notional,
            fees: self.fees.paid(),
            held: Amount::ZERO,
            finished_at: None,
        }
    }
}

/// The amends of one order that its matcher has not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::clearing) struct PendingAmends {
    pub(in crate::clearing) count: u32,
    /// How many of them take away.
    pub(in crate::clearing) lowering: u32,
    /// What all of them change, in lots.
    pub(in crate::clearing) change: i64,
    /// What those that add, add, in lots.
    pub(in crate::clearing) added: u64,
    /// The price of the last of them; without any, the order's.
    pub(in crate::clearing) price: Price,
    /// The highest price that they or the order have.
    pub(in crate::clearing) highest: Price,
}

impl PendingAmends {
    pub(in crate::clearing) fn none(price: Price) -> PendingAmends {
        PendingAmends {
            count: 0,
            lowering: 0,
            change: 0,
            added: 0,
            price,
            highest: price,
        }
    }

    pub(in crate::clearing) fn begin(&mut self, price: Price, change: i64) {
        self.count += 1;
        self.lowering += u32::from(change < 0);
        self.change += change;
        self.added += u64::try_from(change).unwrap_or(0);
        self.price = price;
        self.highest = self.highest.max(price);
    }

    /// One of them came through, or not; `price` is what the order has after it.
    pub(in crate::clearing) fn end(&mut self, price: Price, change: i64) {
        self.count -= 1;
        self.lowering -= u32::from(change < 0);
        self.change -= change;
        self.added -= u64::try_from(change).unwrap_or(0);
        if self.count == 0 {
            *self = PendingAmends::none(price);
        }
    }
}

/// An order that has not ended: in the book, or on its way there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::clearing) struct OpenOrder {
    pub(in crate::clearing) order: Order,
    pub(in crate::clearing) leaves: Quantity,
    /// What is held for it: of quote for a buy, of base for a sell; of its owner's quote for a
    /// margin order, of its position's for a reduce-only one, of the insurance fund's for a backstop.
    pub(in crate::clearing) held: Amount,
    /// What the lending pool has promised it: of quote for a buy, of base for a sell.
    pub(in crate::clearing) promised: Amount,
    pub(in crate::clearing) amends: PendingAmends,
    /// Where it is.
    pub(in crate::clearing) stage: OrderStage,
    /// Whether its owner was told that it is accepted: its matcher took it.
    pub(in crate::clearing) announced: bool,
    /// The slots of the account's orders in this pair before and after it, by id.
    pub(in crate::clearing) older: Option<u32>,
    pub(in crate::clearing) newer: Option<u32>,
}

impl OpenOrder {
    /// A fresh order, for which `held` was posted.
    pub(in crate::clearing) fn new(order: Order, held: Amount) -> OpenOrder {
        OpenOrder {
            leaves: order.quantity,
            held,
            promised: Amount::ZERO,
            amends: PendingAmends::none(order.price),
            stage: OrderStage::first(&order.terms),
            announced: false,
            older: None,
            newer: None,
            order,
        }
    }

    /// What it needs held, with no amend in flight.
    #[inline]
    pub(in crate::clearing) fn commitment(&self) -> Commitment {
        Commitment {
            side: self.order.side,
            price: self.worst_price(self.order.price),
            leaves: self.leaves,
            fees: self.order.fees,
            funding: self.order.funding,
        }
    }

    /// What must be held for it now, with no amend in flight. A reduce-only order sets aside when
    /// its matcher took it; what was promised to a backstop stays until it is used, or it ends.
    #[inline]
    pub(in crate::clearing) fn needed(&self, pair: &Pair) -> Option<Amount> {
        match self.order.funding {
            Funding::Spot | Funding::Margin { .. } => requirement(pair, &self.commitment()),
            Funding::ReduceOnly if self.announced => requirement(pair, &self.commitment()),
            Funding::ReduceOnly | Funding::Liquidation => Some(Amount::ZERO),
            Funding::Backstop => Some(self.held),
        }
    }

    /// What the lending pool must have promised it.
    pub(in crate::clearing) fn needed_promise(&self, pair: &Pair) -> Option<Amount> {
        let price = self.worst_price(self.order.price);
        promise(
            pair,
            self.order.funding,
            self.order.side,
            price,
            self.leaves,
        )
    }

    /// The worst price at which it may trade when its own is `price`.
    #[inline]
    pub(in crate::clearing) fn worst_price(&self, price: Price) -> Price {
        match self.stage {
            OrderStage::Book | OrderStage::Waiting => price,
            OrderStage::Linked => self.order.terms.worst_price(self.order.side, price),
        }
    }

    /// Where it stands, given that it has not ended otherwise than by fills.
    #[inline]
    pub(in crate::clearing) fn status(&self) -> OrderStatus {
        if self.order.filled.is_zero() {
            match self.stage {
                OrderStage::Waiting => OrderStatus::Pending,
                OrderStage::Book | OrderStage::Linked => OrderStatus::Open,
            }
        } else if self.leaves.is_zero() {
            OrderStatus::Filled
        } else {
            OrderStatus::PartiallyFilled
        }
    }

    pub(in crate::clearing) fn view(&self, pair: &Pair) -> OrderView {
        OrderView {
            leaves: self.leaves,
            held: self.held,
            ..self.order.view(pair, self.status())
        }
    }
}

/// An order that ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::clearing) struct FinishedOrder {
    pub(in crate::clearing) order: Order,
    pub(in crate::clearing) status: OrderStatus,
    /// The time of the command that ended it.
    pub(in crate::clearing) at: Timestamp,
}

impl FinishedOrder {
    pub(in crate::clearing) fn view(&self, pair: &Pair) -> OrderView {
        OrderView {
            finished_at: Some(self.at),
            ..self.order.view(pair, self.status)
        }
    }
}
