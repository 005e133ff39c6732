use std::collections::VecDeque;

use crate::command::PriceLimits;
use crate::domain::{
    CommandSequence, EventSequence, OrderId, OrderKey, Pair, PairId, Price, Timestamp,
    TradingStatus,
};
use crate::report::Report;
use crate::request::Correlation;

use super::ExchangeConfig;
use super::finished::Finished;
use super::margin::Margin;
use super::order_tracker::OrderTracker;
use super::reference::Reference;
use super::settle::Touched;

/// What clearing keeps of one pair.
#[derive(Clone, Debug)]
pub(in crate::clearing) struct Market {
    pub(in crate::clearing) pair: Pair,
    pub(in crate::clearing) status: TradingStatus,
    /// The price of the last trade settled.
    pub(in crate::clearing) last_trade: Option<Price>,
    /// Around which price the circuit breaker stands.
    pub(in crate::clearing) reference: Reference,
    /// When the pair opens again by itself.
    pub(in crate::clearing) reopens_at: Option<Timestamp>,
    /// The sequence of the last event settled that has one.
    pub(in crate::clearing) last_event: EventSequence,
    pub(in crate::clearing) orders: OrderTracker,
    pub(in crate::clearing) finished: Finished,
    /// What the matcher was told and has not answered whole, in its order.
    pub(in crate::clearing) in_flight: VecDeque<InFlight>,
    /// The order that the command at the front of `in_flight` set off last: the incoming one.
    pub(in crate::clearing) triggered: Option<OrderKey>,
    /// Who repeated a placement that is in flight: which order, and who waits.
    pub(in crate::clearing) waiting: Vec<(OrderId, Correlation)>,
    /// Of the command at the front of `in_flight`: the balances that it changed so far,
    pub(in crate::clearing) touched: Vec<Touched>,
    /// and what the public is told when the owners were.
    pub(in crate::clearing) public: Vec<Report>,
    /// Of a pair that is traded on margin: its positions.
    pub(in crate::clearing) margin: Option<Box<Margin>>,
}

/// One command on its way through its matcher.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::clearing) struct InFlight {
    pub(in crate::clearing) sequence: CommandSequence,
    pub(in crate::clearing) time: Timestamp,
    /// Who is to be answered; nobody in a replay, or where a group is answered.
    pub(in crate::clearing) origin: Option<Correlation>,
    pub(in crate::clearing) order: OrderId,
    pub(in crate::clearing) key: OrderKey,
    pub(in crate::clearing) work: Work,
}

/// What a command in flight does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::clearing) enum Work {
    Place,
    Replace {
        price: Price,
        change: i64,
    },
    Cancel {
        /// The cancel-all that it is part of.
        group: Option<usize>,
    },
    /// The pair's status, which is not an order's business.
    Status(TradingStatus),
    /// The price around which the circuit breaker stands.
    Reference(Price),
    /// Positions: the first of the margin's own commands in flight.
    Margin,
    /// What a command sets off behind its own fate. Never in flight by itself.
    Triggered,
}

/// A cancel-all of which some cancels are in flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::clearing) struct CancelGroup {
    pub(in crate::clearing) origin: Correlation,
    /// The last of its commands.
    pub(in crate::clearing) sequence: CommandSequence,
    pub(in crate::clearing) time: Timestamp,
    pub(in crate::clearing) outstanding: u32,
    pub(in crate::clearing) cancelled: u32,
}

/// What a command about the pair itself has in place of an order.
pub(in crate::clearing) const NO_ORDER: (OrderId, OrderKey) = (OrderId(0), OrderKey::NONE);

impl Market {
    pub(in crate::clearing) fn new(pair: Pair, config: &ExchangeConfig) -> Market {
        Market {
            pair,
            status: TradingStatus::default(),
            last_trade: None,
            reference: Reference::new(pair.reference_price()),
            reopens_at: None,
            last_event: EventSequence::default(),
            orders: OrderTracker::default(),
            finished: Finished::default(),
            in_flight: VecDeque::new(),
            triggered: None,
            waiting: Vec::new(),
            touched: Vec::new(),
            public: Vec::new(),
            margin: Margin::new(&pair, config),
        }
    }

    pub(in crate::clearing) fn id(&self) -> PairId {
        self.pair.id()
    }

    /// Which prices may print.
    pub(in crate::clearing) fn limits(&self) -> PriceLimits {
        match self.pair.breaker() {
            Some(breaker) => PriceLimits::around(self.reference.price(), breaker.band),
            None => PriceLimits::default(),
        }
    }

    /// Where bands and collars start from.
    pub(in crate::clearing) fn reference_price(&self) -> Price {
        self.last_trade.unwrap_or(self.pair.reference_price())
    }
}
