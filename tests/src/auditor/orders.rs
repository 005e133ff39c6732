use std::collections::BTreeMap;

use engine::domain::{OrderId, Pair, Side};
use engine::report::{AcceptedOrder, OrderChange, OrderStatus};

/// What owners hear of their orders: accepted once and first, figures that are the sums of the
/// fills, nothing after the end.
#[derive(Clone, Debug, Default)]
pub(super) struct OrderAuditor {
    orders: BTreeMap<OrderId, Known>,
}

#[derive(Clone, Copy, Debug)]
struct Known {
    accepted: AcceptedOrder,
    filled: u64,
    notional: u64,
    fees: u64,
    is_over: bool,
}

impl OrderAuditor {
    /// An order is accepted.
    pub(super) fn accept(&mut self, accepted: AcceptedOrder) -> Result<(), String> {
        let known = Known {
            accepted,
            filled: 0,
            notional: 0,
            fees: 0,
            is_over: false,
        };
        match self.orders.insert(accepted.order, known) {
            None => Ok(()),
            Some(_) => Err(format!("{:?} is accepted twice", accepted.order)),
        }
    }

    /// An order changes. Returns its side.
    pub(super) fn change(&mut self, change: &OrderChange, pair: &Pair) -> Result<Side, String> {
        let known = self.orders.get_mut(&change.order);
        let known = known.ok_or_else(|| format!("{:?} was never accepted", change.order))?;
        known.check(change, pair)?;
        Ok(known.accepted.side)
    }
}

impl Known {
    fn check(&mut self, change: &OrderChange, pair: &Pair) -> Result<(), String> {
        let fault = |what: &str| Err(format!("{what}: {change:#?}"));
        if self.is_over {
            return fault("it had ended"); // L-24
        }
        if (change.account, change.pair) != (self.accepted.account, self.accepted.pair) {
            return fault("it is another's");
        }
        if let Some(fill) = change.fill {
            let notional = pair.notional(fill.price, fill.quantity);
            self.filled += fill.quantity.lots();
            self.notional += notional.map_or(0, engine::domain::Amount::units);
            self.fees += fill.fee.units();
            let (limit, is_buy) = (change.price, self.accepted.side == Side::Buy);
            if (is_buy && fill.price > limit) || (!is_buy && fill.price < limit) {
                return fault("it traded beyond its limit"); // M-7
            }
        }
        let told = (
            change.filled.lots(),
            change.notional.units(),
            change.fees.units(),
        );
        if told != (self.filled, self.notional, self.fees) {
            return fault("its figures are not the sums of its fills");
        }
        let (leaves, quantity) = (change.leaves.lots(), change.quantity.lots());
        if leaves + self.filled > quantity {
            return fault("more is filled and left than it had");
        }
        self.is_over = change.status.is_final();
        let fits = match change.status {
            OrderStatus::Pending | OrderStatus::Open => self.filled == 0 && leaves > 0,
            OrderStatus::PartiallyFilled => self.filled > 0 && leaves > 0,
            OrderStatus::Filled => self.filled == quantity && leaves == 0,
            OrderStatus::Cancelled | OrderStatus::Expired => leaves == 0,
        };
        if !fits {
            return fault("its status is not what its figures say");
        }
        Ok(())
    }
}
