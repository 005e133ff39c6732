use engine::clearing::ExchangeConfig;
use engine::domain::{
    AccountId, AssetId, BasisPoints, Funding, OrderId, Pair, PairId, Price, Quantity, Side, TradeId,
};
use engine::report::Liquidity;

use super::exchange::{PlainExchange, PlainRecord};

/// Everything that ever moved money, in order. Every sum is made anew.
#[derive(Clone, Debug, Default)]
pub(super) struct PlainLedger {
    pub(super) cash: Vec<Cash>,
    /// What users' own money gained or lost in positions. // G-5 to G-7, G-10
    pub(super) moves: Vec<Cash>,
    pub(super) fills: Vec<PlainFill>,
}

/// A deposit, or below zero a withdrawal.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cash {
    pub(super) account: AccountId,
    pub(super) asset: AssetId,
    pub(super) change: i128,
}

/// One side of a trade.
#[derive(Clone, Copy, Debug)]
pub(super) struct PlainFill {
    pub(super) trade: TradeId,
    pub(super) pair: PairId,
    pub(super) order: OrderId,
    pub(super) account: AccountId,
    pub(super) side: Side,
    pub(super) price: Price,
    pub(super) quantity: u64,
    pub(super) notional: u128,
    pub(super) rate: u128,
    /// What it paid. // L-9
    pub(super) fee: u128,
    pub(super) liquidity: Liquidity,
    pub(super) funding: Funding,
}

impl Cash {
    pub(super) fn new(account: AccountId, asset: AssetId, change: i128) -> Cash {
        Cash {
            account,
            asset,
            change,
        }
    }
}

impl PlainLedger {
    /// What an account has of an asset, held or not.
    pub(super) fn total(
        &self,
        account: AccountId,
        asset: AssetId,
        config: &ExchangeConfig,
    ) -> i128 {
        let mine = self.cash.iter().chain(&self.moves);
        let mine = mine.filter(|cash| cash.account == account && cash.asset == asset);
        let mut total: i128 = mine.map(|cash| cash.change).sum();
        for fill in &self.fills {
            if fill.account != account || fill.funding.is_margin() {
                continue;
            }
            let pair = &config.pairs[usize::from(fill.pair.0)];
            let base = signed(base_units(pair, fill.quantity));
            let (notional, fee) = (signed(fill.notional), signed(fill.fee));
            // L-7, L-10
            let (of_base, of_quote) = match fill.side {
                Side::Buy => (base, -notional - fee),
                Side::Sell => (-base, notional - fee),
            };
            if pair.base() == asset {
                total += of_base;
            }
            if pair.quote() == asset {
                total += of_quote;
            }
        }
        total
    }

    /// What came in and did not leave. // L-1
    pub(super) fn inside(&self, asset: AssetId) -> i128 {
        let moved = self.cash.iter().filter(|cash| cash.asset == asset);
        moved.map(|cash| cash.change).sum()
    }

    /// Takes down one side of a trade. It pays by how much it raises what its order owes, at most
    /// `most`. // L-9, G-17
    pub(super) fn trade(&mut self, fill: PlainFill, most: Option<u128>) -> u128 {
        let before = self.exact_fees(fill.order);
        let fee = owed(before + fill.notional * fill.rate) - owed(before);
        let fee = most.map_or(fee, |most| fee.min(most));
        self.fills.push(PlainFill { fee, ..fill });
        fee
    }

    /// What an order paid.
    pub(super) fn fees_of(&self, order: OrderId) -> u128 {
        let fills = self.fills.iter().filter(|fill| fill.order == order);
        fills.map(|fill| fill.fee).sum()
    }

    /// What all orders paid in an asset.
    pub(super) fn fees(&self, asset: AssetId, config: &ExchangeConfig) -> u128 {
        let is_of = |fill: &PlainFill| config.pairs[usize::from(fill.pair.0)].quote() == asset;
        // G-17: that of a liquidation goes to the insurance fund.
        let is_fee = |fill: &&PlainFill| is_of(fill) && fill.funding != Funding::Liquidation;
        let fills = self.fills.iter().filter(is_fee);
        fills.map(|fill| fill.fee).sum()
    }

    /// How many lots of an order are filled.
    pub(super) fn filled(&self, order: OrderId) -> u64 {
        let fills = self.fills.iter().filter(|fill| fill.order == order);
        fills.map(|fill| fill.quantity).sum()
    }

    /// What an order's fills came to.
    pub(super) fn notional(&self, order: OrderId) -> u128 {
        let fills = self.fills.iter().filter(|fill| fill.order == order);
        fills.map(|fill| fill.notional).sum()
    }

    /// Σ notional × rate of an order.
    fn exact_fees(&self, order: OrderId) -> u128 {
        let fills = self.fills.iter().filter(|fill| fill.order == order);
        fills.map(|fill| fill.notional * fill.rate).sum()
    }
}

impl PlainExchange {
    /// What an open order must hold. // L-5, L-6
    pub(super) fn need(&self, order: &PlainRecord) -> u128 {
        let pair = &self.config.pairs[usize::from(order.pair().0)];
        let fees = self.ledger.exact_fees(order.id);
        let worst = order.worst(order.price);
        match order.funding {
            _ if order.leaves == 0 => Some(0),
            Funding::Spot => self.hold(pair, order.side(), worst, order.leaves, fees),
            _ => self.margin_hold(pair, order.funding, (worst, order.leaves)),
        }
        .expect("what cannot be held for was refused")
    }

    /// What must be held for `quantity` at `price`, after fills that owe `fees` ten-thousandths.
    pub(super) fn hold(
        &self,
        pair: &Pair,
        side: Side,
        price: Price,
        quantity: u64,
        fees: u128,
    ) -> Option<u128> {
        let quantity = Quantity::new(quantity)?;
        match side {
            Side::Sell => Some(u128::from(pair.base_amount(quantity)?.units())),
            Side::Buy => {
                let notional = u128::from(pair.notional(price, quantity)?.units());
                Some(notional + fee_on(pair, notional, fees))
            }
        }
    }

    /// The most that an order may need while it is amended. // L-12
    pub(super) fn bound(
        &self,
        pair: &Pair,
        order: &PlainRecord,
        price: Price,
        added: u64,
    ) -> Option<u128> {
        let leaves = order.leaves + added;
        let (old_price, price) = (order.worst(order.price), order.worst(price));
        let fees = self.ledger.exact_fees(order.id);
        if order.side() == Side::Sell || price > old_price {
            return self.hold(pair, order.side(), price, leaves, fees);
        }
        let old = pair.notional(old_price, Quantity::new(order.leaves)?)?;
        let new = pair.notional(price, Quantity::new(added)?)?;
        let notional = u128::from(old.units()) + u128::from(new.units());
        Some(notional + fee_on(pair, notional, fees))
    }

    /// Of what an order holds.
    pub(super) fn hold_asset(&self, order: &PlainRecord) -> AssetId {
        let pair = &self.config.pairs[usize::from(order.pair().0)];
        match order.side() {
            _ if order.funding.is_margin() => pair.quote(),
            Side::Buy => pair.quote(),
            Side::Sell => pair.base(),
        }
    }
}

/// What a fill of `notional` can cost at most, after fills that owe `fees` ten-thousandths.
pub(super) fn fee_on(pair: &Pair, notional: u128, fees: u128) -> u128 {
    let rate = u128::from(pair.maker_fee().max(pair.taker_fee()).get());
    owed(fees + notional * rate) - owed(fees)
}

/// Whole units, rounded up. // L-9
fn owed(exact: u128) -> u128 {
    exact.div_ceil(u128::from(BasisPoints::WHOLE))
}

fn base_units(pair: &Pair, quantity: u64) -> u128 {
    let quantity = super::exchange::lots(quantity);
    let units = pair.base_amount(quantity).expect("it was held for");
    u128::from(units.units())
}

fn signed(units: u128) -> i128 {
    i128::try_from(units).expect("an amount is below 2^63")
}
