use super::Matcher;
use crate::command::PlaceOrder;
use crate::domain::SelfTradePrevention;

impl Matcher {
    /// Whether the book would fill `order` whole, at once, by trades with other accounts. // M-10
    ///
    /// Counts totals of levels first, so that an order larger than the book costs a step for each
    /// level; only where these would do is the walk by order.
    pub(super) fn is_fillable(&self, order: &PlaceOrder) -> bool {
        let wanted = order.quantity.lots();
        let total = self
            .book
            .opposite_total(order.side, order.price, order.quantity);
        if total < wanted {
            return false;
        }
        let mut fillable = 0;
        for resting in self.book.opposite_orders(order.side, order.price) {
            if resting.account != order.account {
                fillable += resting.leaves.lots();
                if fillable >= wanted {
                    return true;
                }
                continue;
            }
            match order.self_trade {
                // It would be out of the way.
                SelfTradePrevention::CancelMaker => {}
                // It would end the order, or take from it what no trade gives back.
                SelfTradePrevention::CancelTaker
                | SelfTradePrevention::CancelBoth
                | SelfTradePrevention::Decrement => return false,
            }
        }
        false
    }
}
