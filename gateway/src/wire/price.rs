//! The price of a symbol and what it did in the last 24 hours.

use crate::wire::MessageType;
use engine::domain::{Price, Timestamp};

use crate::instrument::Instrument;

use super::Percent;
use super::json::Json;
use super::stream::stream;

/// `price_update`: the price of a symbol in its primary pair, or of a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PriceUpdate<'a> {
    /// The symbol, or the pair where that was asked for.
    pub name: &'a str,
    /// The symbol's primary pair, or that pair.
    pub instrument: &'a Instrument,
    /// The last trade.
    pub last: Price,
    /// The price in force 24 hours ago.
    pub open: Price,
    /// The highest trade of the 24 hours.
    pub high: Price,
    /// The lowest trade of the 24 hours.
    pub low: Price,
    /// How many lots traded in the 24 hours.
    pub lots: u128,
    /// What they came to, in ticks times lots.
    pub tick_lots: u128,
    /// The price times the circulating supply, in units of the quote's display scale; `None`
    /// where no supply is configured.
    pub market_cap: Option<i128>,
}

impl PriceUpdate<'_> {
    /// Writes the message.
    pub fn encode(&self, out: &mut Vec<u8>, now: Timestamp) {
        let instrument = self.instrument;
        let symbol = self.name;
        let display = instrument.quote.display_scale;
        let price = |json: &mut Json<'_>, key: &str, price: Price| {
            let units = instrument.price_units(u64::from(price.ticks()));
            json.decimal(key, units, instrument.price_scale);
        };
        let moved = i128::from(self.last.ticks()) - i128::from(self.open.ticks());
        let (change, decimals) = shown(Percent::of(moved, i128::from(self.open.ticks())));
        stream(
            out,
            MessageType::PriceUpdate,
            &["price_", symbol],
            now,
            |json| {
                json.word("symbol", symbol);
                price(json, "price", self.last);
                json.signed("change24h", change, decimals, true, "%");
                let volume = instrument.volume_units(self.lots);
                json.decimal("volume24h", volume, instrument.amount_scale);
                price(json, "high24h", self.high);
                price(json, "low24h", self.low);
                match self.market_cap {
                    Some(units) => json.signed("marketCap", units, display, false, ""),
                    None => json.null("marketCap"),
                }
                json.word("pair", &instrument.symbol);
                price(json, "open24h", self.open);
                let quote_volume = instrument.worth_units(self.tick_lots);
                json.signed("quoteVolume24h", quote_volume, display, false, "");
            },
        );
    }
}

/// A percentage as the reference prints that of `change24h`: two decimals, the second only where
/// it is not zero, as in `+2.5%`.
fn shown(Percent(hundredths): Percent) -> (i128, u8) {
    if hundredths % 10 == 0 {
        (hundredths / 10, 1)
    } else {
        (hundredths, 2)
    }
}
