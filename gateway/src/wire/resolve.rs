//! From what a client said to what the engine is asked: names looked up, decimals made ticks and
//! lots, exactly or refused with the step that they missed.

use engine::domain::{AccountId, Amount, AssetId, PairId, Price, Quantity, Side, TimeInForce};
use engine::reject::Reject;
use engine::request::{OrderRef, PlaceRequest};
use rust_decimal::Decimal;

use crate::instrument::{Asset, GridError, Instrument, Instruments};

use super::json::{decimal_text, exact_text};
use super::{
    AmendOrder, CancelAll, ChannelRequest, OrderName, Param, PlaceOrder, Reason, Refusal,
    RequestType, TimeInForceWord,
};

impl PlaceOrder {
    /// The engine's request.
    pub fn resolve(
        &self,
        account: AccountId,
        instruments: &Instruments,
    ) -> Result<PlaceRequest, Refusal> {
        let instrument = pair(instruments, &self.pair, "orderData.pair")?;
        let time_in_force = match self.time_in_force {
            // A market order never rests, so GTC is as good as nothing said.
            None | Some(TimeInForceWord::Gtc) if self.price.is_none() => {
                TimeInForce::ImmediateOrCancel
            }
            None | Some(TimeInForceWord::Gtc) => TimeInForce::GoodTillCancelled,
            Some(TimeInForceWord::Ioc) => TimeInForce::ImmediateOrCancel,
            Some(TimeInForceWord::Fok) => TimeInForce::FillOrKill,
            Some(TimeInForceWord::Gtd) => {
                return Err(Refusal::field(
                    Reason::TimeInForceNotSupported,
                    "orderData.timeInForce",
                    "GTC, IOC or FOK",
                ));
            }
        };
        let limit = self
            .price
            .map(|decimal| price(instrument, decimal, "orderData.price"))
            .transpose()?;
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
        })
    }
}

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
            | ChannelRequest::Portfolio => Ok(None),
        }
    }
}

/// The asset of this symbol, if it has a price.
pub fn priced_symbol(symbol: &str, instruments: &Instruments) -> Result<AssetId, Refusal> {
    let known = instruments.asset_by_symbol(symbol).map(|asset| asset.id);
    let priced = known.filter(|asset| instruments.price_source(*asset).is_some());
    priced.ok_or_else(|| {
        let assets = instruments.assets().iter();
        let priced = assets.filter(|it| instruments.price_source(it.id).is_some());
        let names: Vec<&str> = priced.map(|it| &*it.symbol).take(MOST_NAMED).collect();
        let expected = format!("one of {}", names.join(", "));
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

/// What is known of a request that the engine refused.
#[derive(Clone, Copy, Debug, Default)]
pub struct Known<'a> {
    /// What was asked.
    pub request: Option<RequestType>,
    /// Whether the request named its order by `clientOrderId`.
    pub by_client_order_id: bool,
    /// The order's pair.
    pub instrument: Option<&'a Instrument>,
    /// The reference price in force there.
    pub reference: Option<Price>,
    /// What the order is paid in, and how much of that is available.
    pub funds: Option<(&'a Asset, Amount)>,
}

/// A refusal of the engine with the field and the figures that it is about.
pub fn explain(reject: Reject, known: &Known<'_>) -> Refusal {
    let (expected, figures) = figures(reject, known);
    let field = field_of(reject, known);
    let refusal = Refusal::from(reject);
    let refusal = match (field, expected) {
        (Some(field), Some(expected)) => Refusal::field(refusal.reason, field, &expected),
        (Some(field), None) => refusal.text("field", field),
        (None, Some(expected)) => refusal.details(format!("expected {expected}")),
        (None, None) => refusal,
    };
    let refusal = figures
        .into_iter()
        .fold(refusal, |refusal, (name, figure)| match figure {
            Param::Text(text) => refusal.text(name, text),
            Param::Number(number) => refusal.number(name, number),
        });
    match known.instrument {
        Some(instrument) => refusal.text("pair", instrument.symbol.to_string()),
        None => refusal,
    }
}

/// The field of the request that a refusal is about.
fn field_of(reject: Reject, known: &Known<'_>) -> Option<&'static str> {
    let is_placement = match known.request {
        Some(RequestType::PlaceOrder) => true,
        Some(RequestType::AmendOrder) => false,
        // A cancel says nothing but which order.
        _ if reject != Reject::UnknownOrder => return None,
        _ => false,
    };
    let of = |placement, amend| Some(if is_placement { placement } else { amend });
    match reject {
        Reject::BelowMinAmount
        | Reject::AboveMaxAmount
        | Reject::AmountBelowFilled
        | Reject::BelowMinNotional
        | Reject::NotionalTooLarge => of("orderData.amount", "amount"),
        Reject::PriceOutsideBand | Reject::PostOnlyWouldTake => of("orderData.price", "price"),
        Reject::NothingToAmend => Some("price"),
        Reject::PostOnlyNeedsGoodTillCancelled => Some("orderData.timeInForce"),
        Reject::DuplicateClientOrderId => Some("orderData.clientOrderId"),
        Reject::UnknownOrder if known.by_client_order_id => Some("clientOrderId"),
        Reject::UnknownOrder => Some("orderId"),
        _ => None,
    }
}

type Figures = Vec<(&'static str, Param)>;

/// What was expected, and the figures of it.
fn figures(reject: Reject, known: &Known<'_>) -> (Option<String>, Figures) {
    let word = |text: &str| (Some(text.to_owned()), Vec::new());
    match reject {
        Reject::AmountBelowFilled => return word("more than is filled"),
        Reject::NothingToAmend => return word("another price, or another amount"),
        Reject::PostOnlyNeedsGoodTillCancelled => return word("GTC, as postOnly is true"),
        Reject::PostOnlyWouldTake => return word("a price at which nothing trades at once"),
        Reject::DuplicateClientOrderId => return word("one that no other order has"),
        Reject::UnknownOrder => return word("an order of this user"),
        Reject::InsufficientBalance => {
            let Some((asset, available)) = known.funds else {
                return (None, Vec::new());
            };
            let units = u128::from(available.units());
            let available = exact_text(units, asset.scale, asset.display_scale);
            let expected = format!("no more than the {available} {} available", asset.symbol);
            let asset = Param::Text(asset.symbol.to_string().into());
            let available = Param::Text(available.into());
            return (
                Some(expected),
                vec![("asset", asset), ("available", available)],
            );
        }
        _ => {}
    }
    known.instrument.map_or((None, Vec::new()), |instrument| {
        figures_of_pair(reject, instrument, known.reference)
    })
}

/// The limits of the pair that a request missed.
fn figures_of_pair(
    reject: Reject,
    instrument: &Instrument,
    reference: Option<Price>,
) -> (Option<String>, Figures) {
    let limits = instrument.pair.limits();
    let lots = |quantity: Quantity| {
        let units = instrument.amount_units(quantity.lots());
        decimal_text(units, instrument.amount_scale)
    };
    let price = |price: Price| {
        let units = instrument.price_units(u64::from(price.ticks()));
        decimal_text(units, instrument.price_scale)
    };
    let one = |name, expected: &str, value: String| {
        let expected = format!("{expected} {value}");
        (Some(expected), vec![(name, Param::Text(value.into()))])
    };
    match reject {
        Reject::BelowMinAmount => one("minAmount", "at least", lots(limits.min_quantity)),
        Reject::AboveMaxAmount => one("maxAmount", "at most", lots(limits.max_quantity)),
        Reject::BelowMinNotional => {
            let quote = &instrument.quote;
            let units = u128::from(limits.min_notional.units());
            let value = exact_text(units, quote.scale, quote.display_scale);
            one("minNotional", "price × amount of at least", value)
        }
        Reject::PriceOutsideBand => {
            let reference = reference.unwrap_or(instrument.pair.reference_price());
            let (low, high) = instrument.pair.band(reference);
            let (low, high) = (price(low), price(high));
            let band = format!("{}%", decimal_text(u128::from(limits.price_band), 2));
            let expected = format!("from {low} to {high}");
            let figures = vec![
                ("lowPrice", Param::Text(low.into())),
                ("highPrice", Param::Text(high.into())),
                ("priceBand", Param::Text(band.into())),
            ];
            (Some(expected), figures)
        }
        Reject::TooManyOpenOrders => {
            let most = limits.max_open_orders;
            let figure = ("maxOpenOrders", Param::Number(u64::from(most)));
            (Some(format!("at most {most} open orders")), vec![figure])
        }
        _ => (None, Vec::new()),
    }
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
