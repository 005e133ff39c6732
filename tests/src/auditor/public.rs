use std::collections::BTreeMap;

use engine::domain::{PairId, Price, Quantity, Side, TradeId};
use engine::report::{Fill, Liquidity, ReportKind};

/// What the public hears: books without gap and never crossed, and trades that two owners
/// heard of before, with the same figures.
#[derive(Clone, Debug, Default)]
pub(super) struct PublicAuditor {
    pairs: BTreeMap<PairId, PublicBook>,
    /// Fills told and not yet printed, by trade: the resting side, then the incoming one.
    waiting: BTreeMap<TradeId, Vec<(Side, Fill)>>,
    /// The newest trade of each pair that was printed, so that no name comes twice.
    printed: BTreeMap<PairId, TradeId>,
}

#[derive(Clone, Debug, Default)]
struct PublicBook {
    sequence: u64,
    bids: BTreeMap<Price, u64>,
    asks: BTreeMap<Price, u64>,
}

impl PublicAuditor {
    /// Takes note of one side of a trade.
    pub(super) fn fill(&mut self, side: Side, fill: Fill) {
        self.waiting
            .entry(fill.trade)
            .or_default()
            .push((side, fill));
    }

    /// Takes note of what the public hears.
    pub(super) fn hear(&mut self, told: &ReportKind) -> Result<(), String> {
        match *told {
            ReportKind::Book {
                pair,
                sequence,
                side,
                price,
                change,
            } => {
                let book = self.pairs.entry(pair).or_default();
                book.step(sequence.0)?;
                book.change(side, price, change)
            }
            ReportKind::Trade {
                pair,
                sequence,
                price,
                quantity,
                taker_side,
            } => {
                let book = self.pairs.entry(pair).or_default();
                book.step(sequence.0)?;
                let lots = i64::try_from(quantity.lots()).map_err(|it| it.to_string())?;
                book.change(taker_side.opposite(), price, -lots)?;
                let trade = TradeId::new(pair, sequence);
                self.trade(trade, price, quantity, taker_side)?;
                match self.printed.insert(pair, trade) {
                    Some(before) if before >= trade => Err(format!("{trade:?} is not new")),
                    _ => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }

    /// Between commands nothing is half told.
    pub(super) fn rest(&self) -> Result<(), String> {
        if let Some((trade, _)) = self.waiting.first_key_value() {
            return Err(format!("{trade:?} was filled and not printed"));
        }
        for (pair, book) in &self.pairs {
            let ends = (book.bids.last_key_value(), book.asks.first_key_value());
            if let (Some((bid, _)), Some((ask, _))) = ends
                && bid >= ask
            {
                return Err(format!("{pair:?} is crossed: {bid:?} and {ask:?}"));
            }
        }
        Ok(())
    }

    fn trade(
        &mut self,
        trade: TradeId,
        price: Price,
        quantity: Quantity,
        taker_side: Side,
    ) -> Result<(), String> {
        let sides = self.waiting.remove(&trade).unwrap_or_default();
        let is_two_sided = match sides[..] {
            [(resting, maker), (incoming, taker)] => {
                maker.liquidity == Liquidity::Maker
                    && taker.liquidity == Liquidity::Taker
                    && incoming == taker_side
                    && resting == taker_side.opposite()
            }
            _ => false,
        };
        let is_same = |(_, fill): &(Side, Fill)| fill.price == price && fill.quantity == quantity;
        if is_two_sided && sides.iter().all(is_same) {
            return Ok(());
        }
        Err(format!("{trade:?} is not two fills of the same: {sides:?}"))
    }
}

impl PublicBook {
    // M-2
    fn step(&mut self, sequence: u64) -> Result<(), String> {
        self.sequence += 1;
        if sequence == self.sequence {
            return Ok(());
        }
        Err(format!("{} is expected, {sequence} came", self.sequence))
    }

    fn change(&mut self, side: Side, price: Price, change: i64) -> Result<(), String> {
        let levels = match side {
            Side::Buy => &mut self.bids,
            Side::Sell => &mut self.asks,
        };
        let total = levels.entry(price).or_default();
        *total = total
            .checked_add_signed(change)
            .ok_or_else(|| format!("{side:?} {price:?} has {total}, and changes by {change}"))?;
        if *total == 0 {
            levels.remove(&price);
        }
        Ok(())
    }
}
