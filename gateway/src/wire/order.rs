//! What a client may say about orders, as types. An order's terms are one type of their own, so
//! that no order holds a price that its type does not have.

use engine::domain::{
    ClientOrderId, OrderId, PositionId, SelfTradePrevention, Side, Special, StopKind, Timestamp,
    TriggerBy,
};
use engine::report::AcceptedOrder;
use rust_decimal::Decimal;

use super::client::{OrderType, PairName};

/// Place an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlaceOrder {
    /// In which pair.
    pub pair: PairName,
    /// The client's own name for it.
    pub client_order_id: Option<ClientOrderId>,
    /// Which way.
    pub side: Side,
    /// How much.
    pub amount: Decimal,
    /// Its type, with the prices of that type.
    pub terms: OrderTerms,
    /// How long it stays.
    pub lasting: Lasting,
    /// Refused if it would trade at once.
    pub post_only: bool,
    /// What happens where it meets its owner's own order.
    pub self_trade: SelfTradePrevention,
    /// What it asks of margin.
    pub margin: MarginTerms,
}

/// What an order asks of margin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MarginTerms {
    /// Nothing: it is a spot order.
    #[default]
    None,
    /// `leverage`: to trade so many times the margin.
    Leverage(Decimal),
    /// `reduceOnly`: to reduce a position and nothing else.
    ReduceOnly,
}

/// Close a position at the market.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClosePosition {
    /// Which.
    pub position: PositionId,
    /// The client's own name for the order that does it.
    pub client_order_id: Option<ClientOrderId>,
}

/// Put collateral into a position, or take it out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AdjustMargin {
    /// Which.
    pub position: PositionId,
    /// How much of the pair's quote; below zero to take out.
    pub amount: Decimal,
}

/// An order's type, with the prices of that type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderTerms {
    /// `limit`
    Limit {
        /// Its limit.
        price: Decimal,
    },
    /// `market`
    Market,
    /// `stop_loss` and `take_profit`
    Stop {
        /// Which of the two.
        kind: StopKind,
        /// Where it sets off.
        stop_price: Decimal,
        /// Its limit from then on; `None` for a market order.
        limit_price: Option<Decimal>,
        /// Which price sets it off.
        by: TriggerBy,
    },
    /// `trailing_stop`
    Trailing {
        /// How far behind the best price it follows.
        distance: TrailingTerms,
        /// Which price it follows.
        by: TriggerBy,
    },
    /// `oco`
    Oco {
        /// Its limit as long as it rests.
        target_price: Decimal,
        /// Where it sets off.
        stop_price: Decimal,
        /// Its limit from then on; `None` for a market order.
        limit_price: Option<Decimal>,
        /// Which price sets it off.
        by: TriggerBy,
    },
    /// `iceberg`
    Iceberg {
        /// Its limit.
        price: Decimal,
        /// How much of it shows.
        display_amount: Decimal,
    },
}

/// How far behind the best price a trailing stop follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrailingTerms {
    /// `trailingDelta`: a difference of prices.
    Delta(Decimal),
    /// `trailingPercent`: a share of the best price.
    Percent(Decimal),
}

/// How long an order stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Lasting {
    /// Until it is filled or cancelled. A market order: as long as there is something to trade
    /// with.
    #[default]
    Gtc,
    /// Immediate or cancel.
    Ioc,
    /// Fill or kill.
    Fok,
    /// Until this time.
    Gtd(Timestamp),
}

impl OrderTerms {
    /// The type.
    pub const fn order_type(&self) -> OrderType {
        match self {
            OrderTerms::Limit { .. } => OrderType::Limit,
            OrderTerms::Market => OrderType::Market,
            OrderTerms::Stop { kind, .. } => of_stop(*kind),
            OrderTerms::Trailing { .. } => OrderType::TrailingStop,
            OrderTerms::Oco { .. } => OrderType::Oco,
            OrderTerms::Iceberg { .. } => OrderType::Iceberg,
        }
    }
}

impl PlaceOrder {
    /// The type.
    pub const fn order_type(&self) -> OrderType {
        self.terms.order_type()
    }
}

impl OrderType {
    /// What an order was placed as.
    pub const fn of(order: &AcceptedOrder) -> OrderType {
        match order.special {
            Special::None if order.market => OrderType::Market,
            Special::None => OrderType::Limit,
            Special::Stop { kind, .. } => of_stop(kind),
            Special::Trailing { .. } => OrderType::TrailingStop,
            Special::Oco { .. } => OrderType::Oco,
            Special::Iceberg { .. } => OrderType::Iceberg,
        }
    }
}

const fn of_stop(kind: StopKind) -> OrderType {
    match kind {
        StopKind::StopLoss => OrderType::StopLoss,
        StopKind::TakeProfit => OrderType::TakeProfit,
    }
}

/// An order, by either of its names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderName {
    /// `orderId`
    Id(OrderId),
    /// `clientOrderId`
    Client(ClientOrderId),
}

/// Change an open order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AmendOrder {
    /// Which order.
    pub order: OrderName,
    /// Its new limit; `None` keeps it.
    pub price: Option<Decimal>,
    /// Its new amount, what is filled included; `None` keeps it.
    pub amount: Option<Decimal>,
}

/// Cancel all open orders, or those of one pair or side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CancelAll {
    /// In which pair; `None` for all.
    pub pair: Option<PairName>,
    /// On which side; `None` for both.
    pub side: Option<Side>,
}

/// A page of the user's orders, by ascending id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GetOrders {
    /// Only those of this pair.
    pub pair: Option<PairName>,
    /// Those that ended of late, not those that are open.
    pub finished: bool,
    /// Only those behind this one.
    pub after: Option<OrderId>,
    /// At most so many.
    pub limit: usize,
}

/// A page of the user's fills, by ascending `userSequence`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GetFills {
    /// Only those of this pair.
    pub pair: Option<PairName>,
    /// Only those of this order.
    pub order: Option<OrderName>,
    /// Only those behind this `userSequence`.
    pub after: u64,
    /// At most so many.
    pub limit: usize,
}
