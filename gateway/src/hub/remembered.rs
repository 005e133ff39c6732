//! What a gateway takes up of the one before it.

use std::collections::VecDeque;

use crate::market_data::Day;
use crate::private_data::{PrivateData, Worths};
use crate::wire::TradeData;

use super::Hub;

/// What outlives a gateway beside the exchange.
pub struct Remembered {
    /// Users' counters, open orders and events.
    pub private: PrivateData,
    /// By pair, the last trades, oldest first.
    pub trades: Vec<VecDeque<TradeData>>,
    /// By pair, the last 24 hours.
    pub days: Vec<Day>,
    /// What users had, and what it was worth.
    pub worths: Worths,
}

impl Hub {
    /// Takes up what a gateway before this one knew.
    pub fn remember(&mut self, earlier: Remembered) {
        self.private.take_up(earlier.private);
        let instruments = self.instruments.clone();
        let pairs = || instruments.all().iter().map(|it| it.id());
        for (pair, trades) in pairs().zip(earlier.trades) {
            self.market.load_trades(pair, trades);
        }
        for (pair, day) in pairs().zip(earlier.days) {
            self.market.load_day(pair, day);
        }
        self.worths.take_up(earlier.worths);
        let open: Vec<_> = self.private.all_positions().map(|it| it.view).collect();
        for view in open {
            self.worths.assume_position(&view);
        }
        for account in self.private.accounts() {
            for (asset, holding) in self.private.holdings(account) {
                self.worths.assume(account, asset, holding.units());
            }
        }
    }
}
