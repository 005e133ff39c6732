//! What a matcher says of each command, in order.
//!
//! A command is answered by any number of changes and then by exactly one *fate* of the order
//! it is about, whose `last` is set: the end of the command. (`last` is unset only where a
//! command goes on with orders that it triggered.) Events that change the book or print a
//! trade carry the pair's next [`EventSequence`]; the others change nothing that the public
//! sees.
//!
//! The incoming order of a [`Event::Trade`] is the command's own, or the one triggered last, so
//! no event repeats it and each is 32 bytes.

use crate::domain::{EventSequence, OrderKey, Price, Quantity, Side};
use crate::reject::Reject;

/// One thing that happened in a book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The incoming order traded with a resting one, at the resting order's price.
    Trade {
        /// The pair's sequence.
        sequence: EventSequence,
        /// The resting order. It has left the book when this was all it had left.
        maker: OrderKey,
        /// The resting order's side.
        maker_side: Side,
        /// The resting order's price.
        price: Price,
        /// How much, at least one lot.
        quantity: Quantity,
    },
    /// The incoming order and a resting order of the same account each lost `quantity`,
    /// without a trade ([`SelfTradePrevention::Decrement`]).
    ///
    /// [`SelfTradePrevention::Decrement`]: crate::domain::SelfTradePrevention::Decrement
    Decremented {
        /// The pair's sequence.
        sequence: EventSequence,
        /// The resting order. It has left the book when this was all it had left.
        maker: OrderKey,
        /// The resting order's side.
        maker_side: Side,
        /// The resting order's price.
        price: Price,
        /// How much, at least one lot.
        quantity: Quantity,
    },
    /// A resting order gave up its place, to come in again with what its owner changed. Its
    /// trades and its fate follow in the same command.
    Replaced {
        /// The pair's sequence.
        sequence: EventSequence,
        /// Which order.
        order: OrderKey,
        /// Its side.
        side: Side,
        /// The price that it left.
        price: Price,
        /// What it had at that price.
        quantity: Quantity,
    },
    /// A one-cancels-other order left its place, for its stop was reached: it comes in again
    /// ([`Event::Triggered`]) in the same command.
    Pulled {
        /// The pair's sequence.
        sequence: EventSequence,
        /// Which order.
        order: OrderKey,
        /// Its side.
        side: Side,
        /// The price that it left.
        price: Price,
        /// What it had at that price.
        quantity: Quantity,
    },
    /// An iceberg order whose slice was taken shows the next one, behind all others at its
    /// price.
    Refilled {
        /// The pair's sequence.
        sequence: EventSequence,
        /// Which order.
        order: OrderKey,
        /// Its side.
        side: Side,
        /// Where.
        price: Price,
        /// How much shows now, at least one lot.
        quantity: Quantity,
    },
    /// An order that waited is set off and comes in: from here to its fate it is the incoming
    /// order.
    Triggered {
        /// Which order.
        order: OrderKey,
        /// The limit with which it comes in.
        price: Price,
    },
    /// Fate: what is left of the order rests, behind all others at its price.
    Rested {
        /// The pair's sequence.
        sequence: EventSequence,
        /// Which order.
        order: OrderKey,
        /// Its side.
        side: Side,
        /// Where.
        price: Price,
        /// How much rests, at least one lot.
        quantity: Quantity,
        /// Whether this ends the command.
        last: bool,
    },
    /// Fate: a resting order became smaller and kept its place.
    Reduced {
        /// The pair's sequence.
        sequence: EventSequence,
        /// Which order.
        order: OrderKey,
        /// Its side.
        side: Side,
        /// Where.
        price: Price,
        /// How much it lost, at least one lot.
        quantity: Quantity,
        /// Whether this ends the command.
        last: bool,
    },
    /// A resting order left the book: the fate of a cancel, or on the way of another order by
    /// self-trade prevention (`last` is then unset).
    Cancelled {
        /// The pair's sequence.
        sequence: EventSequence,
        /// Which order.
        order: OrderKey,
        /// Its side.
        side: Side,
        /// Where it stood.
        price: Price,
        /// What it had left, at least one lot.
        quantity: Quantity,
        /// Why.
        reason: CancelReason,
        /// Whether this ends the command.
        last: bool,
    },
    /// Fate: the order waits outside the book to be set off.
    Waiting {
        /// Which order.
        order: OrderKey,
        /// Whether this ends the command.
        last: bool,
    },
    /// Fate: an order changed in what the book does not show: it waits, or it is the hidden part
    /// of an iceberg order that became smaller.
    Amended {
        /// Which order.
        order: OrderKey,
        /// Whether this ends the command.
        last: bool,
    },
    /// Fate: an order that waited outside the book is gone.
    Withdrawn {
        /// Which order.
        order: OrderKey,
        /// Why.
        reason: CancelReason,
        /// Whether this ends the command.
        last: bool,
    },
    /// A trade would have printed beyond the limits: the pair is halted from here on. The fate of
    /// the order that would have traded follows.
    Tripped {
        /// At which price it would have printed.
        price: Price,
    },
    /// What the best prices and the last trade are when the command is through: comes right before
    /// the last event of a command that changed one of them, where the matcher was asked for it.
    Quoted {
        /// The best bid.
        bid: Option<Price>,
        /// The best ask.
        ask: Option<Price>,
        /// The last trade.
        last: Option<Price>,
    },
    /// Fate, of a command about the pair itself: its status, or its limits, are as told; or it went
    /// through for its place among the others alone.
    StatusSet {
        /// Whether this ends the command.
        last: bool,
    },
    /// Fate: nothing of the incoming order is left.
    Filled {
        /// Which order.
        order: OrderKey,
        /// Whether this ends the command.
        last: bool,
    },
    /// Fate: what was left of the incoming order does not rest.
    Dropped {
        /// Which order.
        order: OrderKey,
        /// How much; zero where [`Event::Decremented`] took the last of it.
        quantity: Quantity,
        /// Why.
        reason: DropReason,
        /// Whether this ends the command.
        last: bool,
    },
    /// Fate: the command changed nothing. The order it names is as it was; one that was to be
    /// placed does not exist.
    Rejected {
        /// Which order.
        order: OrderKey,
        /// Why.
        reason: Reject,
        /// Whether this ends the command.
        last: bool,
    },
}

impl Event {
    /// Whether this is the end-of-command event.
    #[inline]
    pub const fn is_last(&self) -> bool {
        match *self {
            Event::Trade { .. }
            | Event::Decremented { .. }
            | Event::Replaced { .. }
            | Event::Pulled { .. }
            | Event::Refilled { .. }
            | Event::Triggered { .. }
            | Event::Quoted { .. }
            | Event::Tripped { .. } => false,
            Event::Rested { last, .. }
            | Event::Reduced { last, .. }
            | Event::Cancelled { last, .. }
            | Event::Waiting { last, .. }
            | Event::Amended { last, .. }
            | Event::Withdrawn { last, .. }
            | Event::StatusSet { last }
            | Event::Filled { last, .. }
            | Event::Dropped { last, .. }
            | Event::Rejected { last, .. } => last,
        }
    }

    /// The pair's sequence, where the event has one: it changed the book or printed a trade.
    #[inline]
    pub const fn sequence(&self) -> Option<EventSequence> {
        match *self {
            Event::Trade { sequence, .. }
            | Event::Decremented { sequence, .. }
            | Event::Replaced { sequence, .. }
            | Event::Pulled { sequence, .. }
            | Event::Refilled { sequence, .. }
            | Event::Rested { sequence, .. }
            | Event::Reduced { sequence, .. }
            | Event::Cancelled { sequence, .. } => Some(sequence),
            Event::Triggered { .. }
            | Event::Quoted { .. }
            | Event::Tripped { .. }
            | Event::Waiting { .. }
            | Event::Amended { .. }
            | Event::Withdrawn { .. }
            | Event::StatusSet { .. }
            | Event::Filled { .. }
            | Event::Dropped { .. }
            | Event::Rejected { .. } => None,
        }
    }

    /// How the total of a level changed, where it did: side, price, and the change in lots.
    #[inline]
    pub fn level_change(&self) -> Option<(Side, Price, i64)> {
        let lots = |quantity: Quantity| {
            i64::try_from(quantity.lots()).expect("invariant: a quantity is at most 2^40 lots")
        };
        match *self {
            Event::Trade {
                maker_side: side,
                price,
                quantity,
                ..
            }
            | Event::Decremented {
                maker_side: side,
                price,
                quantity,
                ..
            }
            | Event::Replaced {
                side,
                price,
                quantity,
                ..
            }
            | Event::Pulled {
                side,
                price,
                quantity,
                ..
            }
            | Event::Reduced {
                side,
                price,
                quantity,
                ..
            }
            | Event::Cancelled {
                side,
                price,
                quantity,
                ..
            } => Some((side, price, -lots(quantity))),
            Event::Rested {
                side,
                price,
                quantity,
                ..
            }
            | Event::Refilled {
                side,
                price,
                quantity,
                ..
            } => Some((side, price, lots(quantity))),
            Event::Triggered { .. }
            | Event::Quoted { .. }
            | Event::Tripped { .. }
            | Event::Waiting { .. }
            | Event::Amended { .. }
            | Event::Withdrawn { .. }
            | Event::StatusSet { .. }
            | Event::Filled { .. }
            | Event::Dropped { .. }
            | Event::Rejected { .. } => None,
        }
    }
}

/// Why an order was cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum CancelReason {
    /// Its owner asked for it.
    Requested = 0,
    /// It met an order of its own account.
    SelfTrade = 1,
    /// The time that it was good till came.
    Expired = 2,
    /// Its owner's dead-man switch was not set anew in time.
    CancelAfter = 3,
    /// The connection that its owner tied its orders to is gone.
    Disconnected = 4,
    /// Its owner's position is being liquidated.
    Liquidation = 5,
    /// Its owner's position is being reduced against one that is liquidated.
    AutoDeleveraging = 6,
    /// Its owner closes the position.
    Closing = 7,
}

impl CancelReason {
    /// The stable number.
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// The reason of this number.
    pub const fn from_number(number: u8) -> Option<CancelReason> {
        match number {
            0 => Some(CancelReason::Requested),
            1 => Some(CancelReason::SelfTrade),
            2 => Some(CancelReason::Expired),
            3 => Some(CancelReason::CancelAfter),
            4 => Some(CancelReason::Disconnected),
            5 => Some(CancelReason::Liquidation),
            6 => Some(CancelReason::AutoDeleveraging),
            7 => Some(CancelReason::Closing),
            _ => None,
        }
    }
}

/// Why the rest of an incoming order did not rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum DropReason {
    /// Immediate-or-cancel: nothing more to trade with at its price.
    ImmediateOrCancel = 0,
    /// Fill-or-kill: the book could not fill it whole.
    FillOrKill = 1,
    /// It met a resting order of its own account.
    SelfTrade = 2,
    /// It would have traded beyond the limits, and halted the pair.
    CircuitBreaker = 3,
}

const _: () = assert!(size_of::<Event>() == 32);
