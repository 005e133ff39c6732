use super::Matcher;
use crate::book::Resting;
use crate::domain::SelfTradePrevention;

impl Matcher {
    /// Whether the book would fill `incoming` whole, at once, by trades with other accounts.
    // M-10
    ///
    /// Counts totals of levels first, so that an order larger than the book costs a step for each
    /// level; only where these would do is the walk by order. What icebergs hide counts too,
    /// behind all that shows at their price.
    pub(super) fn is_fillable(&self, incoming: &Resting) -> bool {
        let wanted = incoming.leaves.lots();
        let (side, price) = (incoming.side, incoming.price);
        let nothing_hidden = self.specials.icebergs.is_empty();
        if nothing_hidden && self.book.opposite_total(side, price, incoming.leaves) < wanted {
            return false;
        }
        let mut fillable = 0;
        for queue in self.book.opposite_levels(side, price) {
            let mut hidden = 0;
            for resting in queue {
                // M-28: it would halt the pair instead.
                if !self.limits.allow(resting.price) && resting.account != incoming.account {
                    return false;
                }
                if resting.account != incoming.account {
                    fillable += resting.leaves.lots();
                    let iceberg = self.specials.icebergs.get(&resting.key.slot);
                    if resting.iceberg
                        && let Some(iceberg) = iceberg
                    {
                        hidden += iceberg.hidden.lots();
                    }
                } else {
                    match incoming.self_trade {
                        // It would be out of the way.
                        SelfTradePrevention::CancelMaker => {}
                        // It would end the order, or take from it what no trade gives back.
                        SelfTradePrevention::CancelTaker
                        | SelfTradePrevention::CancelBoth
                        | SelfTradePrevention::Decrement => return false,
                    }
                }
                if fillable >= wanted {
                    return true;
                }
            }
            fillable += hidden;
            if fillable >= wanted {
                return true;
            }
        }
        false
    }
}
