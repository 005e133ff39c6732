use thiserror::Error;

use super::Matcher;
use crate::book::{BookConfig, OrderView, Resting};
use crate::domain::{EventSequence, OrderKey};

/// A list of resting orders that no book can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum RestoreError {
    /// Two orders have one slot, or the slot is beyond the book's limit.
    #[error("the place of {0:?} is taken or beyond the book's limit")]
    Slot(OrderKey),
    /// An order without a lot does not rest.
    #[error("{0:?} has nothing left")]
    Empty(OrderKey),
    /// An order that could trade does not rest.
    #[error("{0:?} would trade with what rests before it")]
    Crossed(OrderKey),
}

impl Matcher {
    /// Makes the matcher whose book held `orders` after the event of `sequence`: of each level in
    /// queue order, as [`Matcher::depth`] and [`Matcher::queue`] list them.
    pub fn restore(
        config: BookConfig,
        sequence: EventSequence,
        orders: impl IntoIterator<Item = OrderView>,
    ) -> Result<Matcher, RestoreError> {
        let mut matcher = Matcher::starting_after(config, sequence);
        for order in orders {
            let key = order.key;
            if !matcher.book.is_free(key.slot) {
                return Err(RestoreError::Slot(key));
            }
            if order.leaves.is_zero() {
                return Err(RestoreError::Empty(key));
            }
            // M-7
            if matcher.book.crosses(order.side, order.price) {
                return Err(RestoreError::Crossed(key));
            }
            let resting = Resting {
                account: order.account,
                side: order.side,
                price: order.price,
                leaves: order.leaves,
                post_only: order.post_only,
                self_trade: order.self_trade,
            };
            matcher.book.append(key, &resting);
        }
        Ok(matcher)
    }

    /// Every resting order, as [`Matcher::restore`] takes them: bids then asks, best price first,
    /// each level in queue order.
    pub fn orders(&self) -> impl Iterator<Item = OrderView> + '_ {
        use crate::domain::Side::{Buy, Sell};
        [Buy, Sell].into_iter().flat_map(move |side| {
            self.depth(side)
                .flat_map(move |level| self.queue(side, level.price))
        })
    }
}
