//! What comes by itself: market data, private data, notices.
//!
//! Public messages are encoded once and shared, so they carry nothing of a connection.

mod order;
mod position;

use crate::wire::MessageType;
use engine::domain::{AssetId, EventSequence, Price, Quantity, Side, Timestamp, TradeId};

use crate::instrument::{Asset, Instrument, divide_half_even};

use super::answer::{amount, price};
use super::json::{Json, write_decimal};

pub use self::order::*;
pub use self::position::*;

/// What an order book message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BookKind {
    /// All levels of the depth, first of a subscription.
    Snapshot,
    /// The levels that changed.
    Delta,
    /// All levels of the depth, again.
    Full,
}

/// The total of one price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level {
    /// Which price.
    pub price: Price,
    /// How much, in lots; zero takes the level out.
    pub lots: u64,
}

/// `orderbook_update`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderBookUpdate<'a> {
    /// In which pair.
    pub instrument: &'a Instrument,
    /// What it is.
    pub kind: BookKind,
    /// How many levels a side the subscription shows.
    pub depth: u16,
    /// Best first.
    pub bids: &'a [Level],
    /// Best first.
    pub asks: &'a [Level],
    /// The last event that the message covers.
    pub sequence: EventSequence,
    /// The `sequence` of the message before it on this subscription; none before a snapshot.
    pub previous_sequence: Option<EventSequence>,
    /// The best prices of the whole book, bid and ask; `None` where a side is empty.
    pub best: Option<(Price, Price)>,
    /// [`checksum`] of the book after the update.
    pub checksum: u32,
}

impl OrderBookUpdate<'_> {
    /// Writes the message.
    pub fn encode(&self, out: &mut Vec<u8>, now: Timestamp) {
        let instrument = self.instrument;
        let channel = &["orderbook_", &instrument.symbol];
        stream(out, MessageType::OrderbookUpdate, channel, now, |json| {
            json.word("pair", &instrument.symbol);
            self.write_side(json, "bids", self.bids);
            self.write_side(json, "asks", self.asks);
            json.number("sequence", self.sequence.0);
            // A book is never crossed, so an ask is never below a bid.
            let spread = self.best.map(|(bid, ask)| {
                instrument.price_units(u64::from(ask.ticks().saturating_sub(bid.ticks())))
            });
            json.optional_decimal("spread", spread, instrument.price_scale);
            json.word(
                "kind",
                match self.kind {
                    BookKind::Snapshot => "snapshot",
                    BookKind::Delta => "delta",
                    BookKind::Full => "full",
                },
            );
            json.number("depth", u64::from(self.depth));
            if let Some(previous) = self.previous_sequence {
                json.number("previousSequence", previous.0);
            }
            json.number("checksum", u64::from(self.checksum));
        });
    }

    fn write_side(&self, json: &mut Json<'_>, key: &str, levels: &[Level]) {
        let instrument = self.instrument;
        json.list(key);
        for level in levels {
            json.item();
            json.open();
            price(json, "price", instrument, level.price);
            json.decimal(
                "amount",
                instrument.amount_units(level.lots),
                instrument.amount_scale,
            );
            let total = instrument.total_units(level.price, level.lots);
            json.signed("total", total, instrument.quote.display_scale, false, "");
            json.close();
        }
        json.close_list();
    }
}

/// How many levels a side a checksum covers.
pub const CHECKSUM_LEVELS: usize = 10;

/// CRC-32 (IEEE) over the best [`CHECKSUM_LEVELS`] of each side as they print:
/// `price:amount:price:amount…`, bids best first, then asks best first.
pub fn checksum<'a>(
    instrument: &Instrument,
    bids: impl IntoIterator<Item = &'a Level>,
    asks: impl IntoIterator<Item = &'a Level>,
) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    let mut text = Vec::with_capacity(64);
    let bids = bids.into_iter().take(CHECKSUM_LEVELS);
    let asks = asks.into_iter().take(CHECKSUM_LEVELS);
    for (index, level) in bids.chain(asks).enumerate() {
        text.clear();
        if index > 0 {
            text.push(b':');
        }
        let ticks = u64::from(level.price.ticks());
        write_decimal(
            &mut text,
            instrument.price_units(ticks),
            instrument.price_scale,
        );
        text.push(b':');
        write_decimal(
            &mut text,
            instrument.amount_units(level.lots),
            instrument.amount_scale,
        );
        hasher.update(&text);
    }
    hasher.finalize()
}

/// One public trade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TradeData {
    /// Its name.
    pub trade: TradeId,
    /// At which price.
    pub price: Price,
    /// How much.
    pub quantity: Quantity,
    /// The side of the incoming order.
    pub taker_side: Side,
    /// When.
    pub time: Timestamp,
    /// The pair's sequence.
    pub sequence: EventSequence,
}

impl TradeData {
    /// Writes `trade`, the message.
    pub fn encode(&self, instrument: &Instrument, out: &mut Vec<u8>, now: Timestamp) {
        let channel = &["trades_", &instrument.symbol];
        stream(out, MessageType::Trade, channel, now, |json| {
            self.write(json, instrument);
        });
    }

    fn write(&self, json: &mut Json<'_>, instrument: &Instrument) {
        json.word("pair", &instrument.symbol);
        json.id("tradeId", "trade_", self.trade.0);
        price(json, "price", instrument, self.price);
        amount(json, "amount", instrument, self.quantity);
        json.word("side", side_word(self.taker_side));
        json.number("timestamp", self.time.0);
        json.number("sequence", self.sequence.0);
    }
}

/// `trades_snapshot`: the last trades of a pair, oldest first, up to its event `sequence`.
pub fn encode_trades_snapshot<'a>(
    instrument: &Instrument,
    trades: impl Iterator<Item = &'a TradeData>,
    sequence: EventSequence,
    out: &mut Vec<u8>,
    now: Timestamp,
) {
    let channel = &["trades_", &instrument.symbol];
    stream(out, MessageType::TradesSnapshot, channel, now, |json| {
        json.word("pair", &instrument.symbol);
        json.list("trades");
        for trade in trades {
            json.item();
            json.open();
            trade.write(json, instrument);
            json.close();
        }
        json.close_list();
        json.number("sequence", sequence.0);
    });
}

/// A ratio in hundredths of a percent, rounded half to even.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Percent(pub i128);

impl Percent {
    /// `change` of `base`; nothing where `base` is not above zero.
    pub fn of(change: i128, base: i128) -> Percent {
        match change.checked_mul(10_000) {
            Some(scaled) if base > 0 => Percent(divide_half_even(scaled, base)),
            _ => Percent(0),
        }
    }
}

/// One asset of a portfolio; worths in smallest units of the valuation asset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PortfolioPosition {
    /// Which asset.
    pub asset: AssetId,
    /// Available and held together, in its own smallest units, as the two below.
    pub balance: u128,
    /// What of it can be spent.
    pub available: u64,
    /// What of it is held for open orders.
    pub held: u64,
    /// What it is worth; `None` where no price leads to the valuation asset.
    pub value: Option<i128>,
    /// How the worth changed.
    pub change: i128,
}

/// `portfolio_update`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PortfolioUpdate<'a> {
    /// All assets, by number.
    pub assets: &'a [Asset],
    /// What worths are told in.
    pub valuation: &'a Asset,
    /// The sum of all worths.
    pub total_value: i128,
    /// How the sum changed.
    pub change: i128,
    /// The same, of the sum before it.
    pub change_percent: Percent,
    /// Each asset that the user has.
    pub positions: &'a [PortfolioPosition],
    /// What the user has in margin positions, and how that changed; `None` for who never had one.
    pub margin: Option<(i128, i128)>,
    /// The user's own counter.
    pub user_sequence: u64,
}

impl PortfolioUpdate<'_> {
    /// Writes the message.
    pub fn encode(&self, out: &mut Vec<u8>, now: Timestamp) {
        let scale = self.valuation.display_scale;
        let shown = |units| self.valuation.display_units(units);
        stream(
            out,
            MessageType::PortfolioUpdate,
            &["portfolio"],
            now,
            |json| {
                json.signed("totalValue", shown(self.total_value), scale, false, "");
                json.signed("change", shown(self.change), scale, true, "");
                json.signed("changePercent", self.change_percent.0, 2, true, "%");
                json.list("positions");
                for position in self.positions {
                    let Some(asset) = self.assets.get(usize::from(position.asset.0)) else {
                        continue;
                    };
                    json.item();
                    json.open();
                    json.word("symbol", &asset.symbol);
                    json.exact(
                        "balance",
                        position.balance,
                        asset.scale,
                        asset.display_scale,
                    );
                    match position.value {
                        Some(value) => json.signed("value", shown(value), scale, false, ""),
                        None => json.null("value"),
                    }
                    json.signed("change", shown(position.change), scale, true, "");
                    for (key, units) in [("available", position.available), ("held", position.held)]
                    {
                        json.exact(key, u128::from(units), asset.scale, asset.display_scale);
                    }
                    json.close();
                }
                json.close_list();
                if let Some((equity, change)) = self.margin {
                    json.signed("marginEquity", shown(equity), scale, false, "");
                    json.signed("marginChange", shown(change), scale, true, "");
                }
                json.word("valuationAsset", &self.valuation.symbol);
                json.number("userSequence", self.user_sequence);
            },
        );
    }
}

/// `notice`: something that a client should know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    /// The exchange stops; the connection closes next.
    Maintenance,
    /// The token ends in a minute.
    TokenExpiring {
        /// When.
        expires_at: Timestamp,
    },
}

impl Notice {
    /// Writes the message.
    pub fn encode(self, out: &mut Vec<u8>, now: Timestamp) {
        let json = &mut Json::new(out);
        json.open();
        json.word("type", MessageType::Notice.word());
        json.object("data");
        match self {
            Notice::Maintenance => {
                json.word("category", "maintenance");
                json.word("message", "The exchange is stopping; please connect again");
            }
            Notice::TokenExpiring { expires_at } => {
                json.word("category", "token_expiring");
                json.word(
                    "message",
                    "The token is about to expire; please authenticate again",
                );
                json.number("expiresAt", expires_at.0);
            }
        }
        json.close();
        json.number("timestamp", now.0);
        json.close();
    }
}

/// The word of a side.
pub const fn side_word(side: Side) -> &'static str {
    match side {
        Side::Buy => "buy",
        Side::Sell => "sell",
    }
}

/// Writes the frame of a channel's message around `data`.
pub(super) fn stream(
    out: &mut Vec<u8>,
    kind: MessageType,
    channel: &[&str],
    now: Timestamp,
    data: impl FnOnce(&mut Json<'_>),
) {
    let json = &mut Json::new(out);
    json.open();
    json.word("type", kind.word());
    json.parts("channel", channel);
    json.object("data");
    data(json);
    json.close();
    json.number("timestamp", now.0);
    json.close();
}
