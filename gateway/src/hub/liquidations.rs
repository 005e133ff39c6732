//! What all should know of liquidations, without a name: that they go on, or cannot; that the
//! insurance fund pays, or has nothing left; that positions are reduced against others.

use engine::domain::{Amount, AssetId, MarginRatio, PairId, PositionId, Reserve};
use engine::report::LiquidationStage;

use crate::alerts::{Category, Cause, Severity, Subject};
use crate::private_data::margin;

use super::Hub;

impl Hub {
    /// The exchange says where the liquidation of a position stands.
    pub(super) fn watch_liquidation(&mut self, position: PositionId, stage: LiquidationStage) {
        let pair = position.pair();
        let Some(symbol) = self.instruments.get(pair).map(|it| it.symbol.clone()) else {
            return;
        };
        let going = format!("A position in {symbol} is being liquidated");
        let (severity, message) = match stage {
            LiquidationStage::Began(_) => (Severity::Warning, going),
            LiquidationStage::Backstop => {
                let pays = format!("The insurance fund pays for a liquidation in {symbol}");
                let cause = cause(Category::InsuranceFund, pair);
                self.raise(cause, Severity::Warning, &pays, None);
                (Severity::Warning, going)
            }
            LiquidationStage::Deleveraging => {
                let reduced = format!(
                    "Positions in {symbol} are reduced against one that is liquidated, at its \
                     bankruptcy price"
                );
                let cause = cause(Category::AutoDeleveraging, pair);
                self.raise(cause, Severity::Critical, &reduced, None);
                (Severity::Critical, going)
            }
            LiquidationStage::SuspendedMarket => {
                let why = "it is not open, or has no mark price that is recent enough";
                let message = format!("The liquidation of a position in {symbol} waits: {why}");
                (Severity::Critical, message)
            }
            LiquidationStage::SuspendedLiquidity => {
                let why = "nobody is there to trade with";
                let message = format!("The liquidation of a position in {symbol} waits: {why}");
                (Severity::Critical, message)
            }
            LiquidationStage::Recovered | LiquidationStage::Closed => {
                self.end_liquidation(position);
                return;
            }
        };
        self.watch.liquidating.insert(position);
        let cause = cause(Category::Liquidation, pair);
        self.raise(cause, severity, &message, None);
    }

    /// Of what waited before it began nobody says that it need not begin any more: the mark price, or
    /// a change of the position, does.
    pub(super) fn watch_recovery(&mut self, pair: PairId) {
        let waiting = self.watch.liquidating.iter();
        let waiting: Vec<PositionId> = waiting.filter(|it| it.pair() == pair).copied().collect();
        for position in waiting {
            if self.is_safe(position) {
                self.end_liquidation(position);
            }
        }
    }

    /// Whether no liquidation of a position has begun and its ratio asks for none.
    fn is_safe(&self, position: PositionId) -> bool {
        let mut open = self.private.all_positions();
        let Some(open) = open.find(|open| open.view.position == position) else {
            return true;
        };
        let (view, instrument) = (&open.view, self.instruments.get(position.pair()));
        let (Some(instrument), Some(mark)) = (instrument, self.margin.mark(position.pair())) else {
            return false;
        };
        let pair = &instrument.pair;
        let Some(terms) = pair.margin().filter(|_| !view.liquidating) else {
            return false;
        };
        let figures = margin::figures(view, pair, terms, mark);
        let whole = i128::from(MarginRatio::WHOLE);
        let least = i128::from(terms.maintenance.get());
        figures.is_some_and(|it| it.equity * whole > it.notional * least)
    }

    /// A position is no longer liquidated, or is gone: when no other of its pair is, it is over.
    pub(super) fn end_liquidation(&mut self, position: PositionId) {
        let pair = position.pair();
        let liquidating = &mut self.watch.liquidating;
        let was = liquidating.remove(&position);
        if !was || liquidating.iter().any(|it| it.pair() == pair) {
            return;
        }
        let Some(symbol) = self.instruments.get(pair).map(|it| it.symbol.clone()) else {
            return;
        };
        for (category, words) in [
            (Category::AutoDeleveraging, "No more positions are reduced"),
            (Category::InsuranceFund, "The insurance fund pays no more"),
            (Category::Liquidation, "No position is being liquidated"),
        ] {
            let message = format!("{words} in {symbol}");
            self.end_alert(cause(category, pair), &message);
        }
    }

    /// Says what goes on from before a restart, and which funds are empty.
    pub(super) fn begin_liquidations(&mut self) {
        let open = self.private.all_positions();
        let liquidating = open.filter(|open| open.view.liquidating);
        let liquidating: Vec<PositionId> = liquidating.map(|it| it.view.position).collect();
        for position in liquidating {
            let pair = position.pair();
            let Some(symbol) = self.instruments.get(pair).map(|it| it.symbol.clone()) else {
                continue;
            };
            self.watch.liquidating.insert(position);
            let message = format!("A position in {symbol} is being liquidated");
            let cause = cause(Category::Liquidation, pair);
            self.raise(cause, Severity::Warning, &message, None);
        }
        let margined = self.instruments.all().iter();
        let margined = margined.filter(|it| it.pair.margin().is_some());
        let mut quotes: Vec<AssetId> = margined.map(|it| it.quote.id).collect();
        quotes.sort_unstable();
        quotes.dedup();
        for asset in quotes {
            let free = self.margin.free(Reserve::InsuranceFund, asset);
            self.watch_fund(asset, free);
        }
    }

    /// The insurance fund has so much of an asset free.
    pub(super) fn watch_fund(&mut self, asset: AssetId, free: Amount) {
        let Some(symbol) = self.instruments.asset(asset).map(|it| it.symbol.clone()) else {
            return;
        };
        let cause = Cause {
            category: Category::InsuranceFund,
            subject: Subject::Asset(asset),
        };
        if free.is_zero() {
            let message = format!("The insurance fund has no {symbol} free");
            self.raise(cause, Severity::Critical, &message, None);
        } else {
            let message = format!("The insurance fund has {symbol} again");
            self.end_alert(cause, &message);
        }
    }
}

fn cause(category: Category, pair: PairId) -> Cause {
    Cause {
        category,
        subject: Subject::Pair(pair),
    }
}
