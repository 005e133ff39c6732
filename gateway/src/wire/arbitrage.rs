//! `arbitrage_opportunity` and `arbitrage_closed`.

use crate::wire::MessageType;
use engine::domain::Timestamp;

use super::stream::stream;

const CHANNEL: &[&str] = &["arbitrage"];

/// `arbitrage_opportunity`: figures ready to print, in units of their scales.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArbitrageOpportunity<'a> {
    /// Its number.
    pub id: u64,
    /// Which token.
    pub token: &'a str,
    /// Decimals of prices and gains.
    pub price_scale: u8,
    /// Decimals of amounts.
    pub amount_scale: u8,
    /// The price on the XRP Ledger.
    pub xrpl_price: u128,
    /// The price on Flare.
    pub flare_price: u128,
    /// Their difference, of the lower one, in basis points.
    pub spread_bps: u64,
    /// Their difference.
    pub gross: u128,
    /// What is left of the spread after all fees, in basis points.
    pub net_spread_bps: u64,
    /// What the first token brings after all fees.
    pub net: u128,
    /// What `max_amount` brings after all fees.
    pub total_net: u128,
    /// From where on it pays.
    pub min_amount: u128,
    /// Up to where the next token pays.
    pub max_amount: u128,
    /// Where to buy and where to sell.
    pub direction: &'a str,
    /// How old the older quote is.
    pub as_of: Timestamp,
    /// Until when it is good.
    pub expires_at: Timestamp,
    /// How far it can be relied upon.
    pub confidence: &'a str,
}

impl ArbitrageOpportunity<'_> {
    /// Writes the message.
    pub fn encode(&self, out: &mut Vec<u8>, now: Timestamp) {
        let (price, amount) = (self.price_scale, self.amount_scale);
        stream(
            out,
            MessageType::ArbitrageOpportunity,
            CHANNEL,
            now,
            |json| {
                json.id("opportunityId", "arb_", self.id);
                json.word("tokenPair", self.token);
                json.decimal("xrplPrice", self.xrpl_price, price);
                json.decimal("flarePrice", self.flare_price, price);
                json.signed("spreadPercent", i128::from(self.spread_bps), 2, false, "%");
                json.decimal("estimatedProfit", self.gross, price);
                json.decimal("minAmount", self.min_amount, amount);
                json.decimal("maxAmount", self.max_amount, amount);
                json.number("expiresAt", self.expires_at.0);
                json.word("confidence", self.confidence);
                json.word("direction", self.direction);
                let net_spread = i128::from(self.net_spread_bps);
                json.signed("netSpreadPercent", net_spread, 2, false, "%");
                json.decimal("netProfit", self.net, price);
                json.decimal("totalNetProfit", self.total_net, price);
                json.number("asOf", self.as_of.0);
            },
        );
    }
}

/// `arbitrage_closed`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArbitrageClosed<'a> {
    /// Its number.
    pub id: u64,
    /// Which token.
    pub token: &'a str,
    /// Why.
    pub reason: &'a str,
}

impl ArbitrageClosed<'_> {
    /// Writes the message.
    pub fn encode(&self, out: &mut Vec<u8>, now: Timestamp) {
        stream(out, MessageType::ArbitrageClosed, CHANNEL, now, |json| {
            json.id("opportunityId", "arb_", self.id);
            json.word("tokenPair", self.token);
            json.word("reason", self.reason);
        });
    }
}
