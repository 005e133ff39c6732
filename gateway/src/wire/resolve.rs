//! From what a client said to what the engine is asked: names looked up, decimals made ticks and
//! lots, exactly or refused with the step that they missed.

mod explain;
mod margin;

use engine::domain::{
    AccountId, PairId, Price, Quantity, Side, Special, TimeInForce, TrailingDistance,
};
use engine::request::{OrderRef, PlaceRequest};
use rust_decimal::Decimal;

use crate::instrument::{GridError, Instrument, Instruments, Priced};

use super::json::decimal_text;
use super::{
    AmendOrder, CancelAll, ChannelRequest, Lasting, OrderName, OrderTerms, PlaceOrder, Reason,
    Refusal, TrailingTerms,
};

pub use self::explain::{Known, explain};

impl PlaceOrder {
    /// The engine's request.
    pub fn resolve(
        &self,
        account: AccountId,
        instruments: &Instruments,
    ) -> Result<PlaceRequest, Refusal> {
        let instrument = pair(instruments, &self.pair, "orderData.pair")?;
        let is_market = matches!(self.terms, OrderTerms::Market);
        let (time_in_force, expires_at) = match self.lasting {
            // A market order never rests, so GTC is as good as nothing said.
            Lasting::Gtc if is_market => (TimeInForce::ImmediateOrCancel, None),
            Lasting::Gtc => (TimeInForce::GoodTillCancelled, None),
            Lasting::Ioc => (TimeInForce::ImmediateOrCancel, None),
            Lasting::Fok => (TimeInForce::FillOrKill, None),
            Lasting::Gtd(at) => (TimeInForce::GoodTillCancelled, Some(at)),
        };
        let margin = self.margin.resolve(instrument)?;
        let (limit, special) = self.terms.resolve(instrument)?;
        Ok(PlaceRequest {
            account,
            pair: instrument.id(),
            client_order_id: self.client_order_id,
            side: self.side,
            limit,
            quantity: quantity(instrument, self.amount, "orderData.amount")?,
            time_in_force,
            post_only: self.post_only,
            self_trade: self.self_trade,
            special,
            expires_at,
            margin,
        })
    }
}

impl OrderTerms {
    /// The limit with which it comes in, and what else is asked.
    fn resolve(&self, instrument: &Instrument) -> Result<(Option<Price>, Special), Refusal> {
        let limit_at = |decimal: Option<Decimal>| {
            let limit = decimal.map(|decimal| price(instrument, decimal, LIMIT_PRICE));
            limit.transpose()
        };
        Ok(match *self {
            OrderTerms::Limit { price: at } => (Some(price(instrument, at, PRICE)?), Special::None),
            OrderTerms::Market => (None, Special::None),
            OrderTerms::Stop {
                kind,
                stop_price,
                limit_price,
                by,
            } => {
                let trigger = price(instrument, stop_price, STOP_PRICE)?;
                let special = Special::Stop { kind, trigger, by };
                (limit_at(limit_price)?, special)
            }
            OrderTerms::Trailing { distance, by } => {
                let distance = distance.resolve(instrument)?;
                (None, Special::Trailing { distance, by })
            }
            OrderTerms::Oco {
                target_price,
                stop_price,
                limit_price,
                by,
            } => {
                let target = price(instrument, target_price, TARGET_PRICE)?;
                let trigger = price(instrument, stop_price, STOP_PRICE)?;
                let limit = limit_at(limit_price)?;
                (Some(target), Special::Oco { trigger, limit, by })
            }
            OrderTerms::Iceberg {
                price: at,
                display_amount,
            } => {
                let display = quantity(instrument, display_amount, DISPLAY_AMOUNT)?;
                let at = price(instrument, at, PRICE)?;
                (Some(at), Special::Iceberg { display })
            }
        })
    }
}

impl TrailingTerms {
    fn resolve(self, instrument: &Instrument) -> Result<TrailingDistance, Refusal> {
        match self {
            TrailingTerms::Delta(delta) => {
                let delta = price(instrument, delta, TRAILING_DELTA)?;
                TrailingDistance::ticks(delta.ticks()).ok_or_else(|| {
                    let expected = "a price above it";
                    Refusal::field(Reason::TrailingOutOfRange, TRAILING_DELTA, expected)
                })
            }
            TrailingTerms::Percent(percent) => hundredths(percent)
                .and_then(TrailingDistance::basis_points)
                .ok_or_else(|| {
                    let (least, most) = TRAILING_PERCENT_RANGE;
                    let expected = format!("from {least} to {most}, with at most 2 decimals");
                    Refusal::field(Reason::TrailingOutOfRange, TRAILING_PERCENT, &expected)
                        .text("minPercent", least)
                        .text("maxPercent", most)
                }),
        }
    }
}

/// The least and the most of `trailingPercent`.
pub(super) const TRAILING_PERCENT_RANGE: (&str, &str) = ("0.01", "50.00");

/// A decimal of at most two decimals in hundredths.
fn hundredths(percent: Decimal) -> Option<u16> {
    let missing = 2_u32.checked_sub(percent.scale())?;
    let points = percent.mantissa().checked_mul(10_i128.pow(missing))?;
    u16::try_from(points).ok()
}

const PRICE: &str = "orderData.price";
const STOP_PRICE: &str = "orderData.stopPrice";
const LIMIT_PRICE: &str = "orderData.limitPrice";
const TARGET_PRICE: &str = "orderData.targetPrice";
const TRAILING_DELTA: &str = "orderData.trailingDelta";
const TRAILING_PERCENT: &str = "orderData.trailingPercent";
const DISPLAY_AMOUNT: &str = "orderData.displayAmount";

impl AmendOrder {
    /// The new price and amount, in the order's own pair.
    pub fn resolve(
        &self,
        instrument: &Instrument,
    ) -> Result<(Option<Price>, Option<Quantity>), Refusal> {
        let new_price = self
            .price
            .map(|decimal| price(instrument, decimal, "price"));
        let new_amount = self
            .amount
            .map(|decimal| quantity(instrument, decimal, "amount"));
        Ok((new_price.transpose()?, new_amount.transpose()?))
    }
}

impl CancelAll {
    /// The pair and the side.
    pub fn resolve(
        &self,
        instruments: &Instruments,
    ) -> Result<(Option<PairId>, Option<Side>), Refusal> {
        let found = self
            .pair
            .as_deref()
            .map(|name| pair(instruments, name, "pair"));
        Ok((found.transpose()?.map(Instrument::id), self.side))
    }
}

impl From<OrderName> for OrderRef {
    fn from(name: OrderName) -> OrderRef {
        match name {
            OrderName::Id(id) => OrderRef::Id(id),
            OrderName::Client(id) => OrderRef::Client(id),
        }
    }
}

impl ChannelRequest {
    /// The pair of a channel that has one.
    pub fn resolve_pair<'a>(
        &self,
        instruments: &'a Instruments,
    ) -> Result<Option<&'a Instrument>, Refusal> {
        match self {
            ChannelRequest::OrderBook { pair, .. } | ChannelRequest::Trades { pair } => {
                let known = instruments.by_symbol(pair).ok_or_else(|| {
                    unknown(
                        Reason::UnknownChannelPair,
                        "channels[].pair",
                        pair,
                        instruments,
                    )
                })?;
                Ok(Some(known))
            }
            ChannelRequest::Price { .. }
            | ChannelRequest::Orders { .. }
            | ChannelRequest::Portfolio
            | ChannelRequest::Positions { .. }
            | ChannelRequest::MarginCalls
            | ChannelRequest::Arbitrage
            | ChannelRequest::RiskAlerts => Ok(None),
        }
    }
}

/// What has a price by this name.
pub fn priced(symbol: &str, instruments: &Instruments) -> Result<Priced, Refusal> {
    instruments.priced(symbol).ok_or_else(|| {
        let assets = instruments.assets().iter();
        let priced = assets.filter(|it| instruments.price_source(it.id).is_some());
        let names: Vec<&str> = priced.map(|it| &*it.symbol).take(MOST_NAMED).collect();
        let expected = format!("one of {}, or a pair", names.join(", "));
        Refusal::field(Reason::UnknownSymbol, "channels[].symbol", &expected)
            .message(format!("Symbol '{symbol}' has no price here"))
            .text("symbol", symbol.to_owned())
    })
}

/// How many symbols an error names.
const MOST_NAMED: usize = 20;

/// The pair of this name, which `field` brought.
pub fn pair<'a>(
    instruments: &'a Instruments,
    name: &str,
    field: &'static str,
) -> Result<&'a Instrument, Refusal> {
    instruments
        .by_symbol(name)
        .ok_or_else(|| unknown(Reason::UnknownPair, field, name, instruments))
}

fn unknown(reason: Reason, field: &'static str, name: &str, instruments: &Instruments) -> Refusal {
    // A list that no one reads to its end helps no one.
    let known: Vec<&str> = instruments
        .all()
        .iter()
        .take(20)
        .map(|instrument| &*instrument.symbol)
        .collect();
    Refusal::field(reason, field, &format!("one of {}", known.join(", ")))
        .message(format!("Pair '{name}' does not exist"))
        .text("pair", name.to_owned())
}

fn price(instrument: &Instrument, decimal: Decimal, field: &'static str) -> Result<Price, Refusal> {
    instrument.price(decimal).map_err(|error| {
        let tick = decimal_text(u128::from(instrument.tick_units), instrument.price_scale);
        let refusal = match error {
            GridError::NotPositive => {
                Refusal::field(Reason::PriceNotPositive, field, "more than zero")
            }
            GridError::OffGrid => {
                let expected = step(&tick, "the tick", instrument.price_scale);
                Refusal::field(Reason::PriceNotOnTick, field, &expected)
            }
            GridError::TooLarge => {
                let most = decimal_text(
                    instrument.price_units(u64::from(Price::MAX.ticks())),
                    instrument.price_scale,
                );
                Refusal::field(Reason::PriceTooLarge, field, &format!("at most {most}"))
            }
        };
        refusal.text("tickSize", tick)
    })
}

fn quantity(
    instrument: &Instrument,
    decimal: Decimal,
    field: &'static str,
) -> Result<Quantity, Refusal> {
    instrument.quantity(decimal).map_err(|error| {
        let lot = decimal_text(u128::from(instrument.lot_units), instrument.amount_scale);
        let most = decimal_text(
            instrument.amount_units(instrument.pair.limits().max_quantity.lots()),
            instrument.amount_scale,
        );
        let refusal = match error {
            GridError::NotPositive => {
                Refusal::field(Reason::AmountNotPositive, field, "more than zero")
            }
            GridError::OffGrid => {
                let expected = step(&lot, "the lot", instrument.amount_scale);
                Refusal::field(Reason::AmountNotOnLot, field, &expected)
            }
            GridError::TooLarge => {
                Refusal::field(Reason::AboveMaxAmount, field, &format!("at most {most}"))
                    .text("maxAmount", most)
            }
        };
        refusal.text("lotSize", lot)
    })
}

fn step(step: &str, name: &str, scale: u8) -> String {
    format!("a multiple of {name} {step}, with at most {scale} decimals")
}
