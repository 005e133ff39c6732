//! From what a client said to what the engine is asked: names looked up, decimals made ticks and
//! lots, exactly or refused with the step that they missed.

use engine::domain::{AccountId, PairId, Price, Quantity, Side, TimeInForce};
use engine::reject::Reject;
use engine::request::{OrderRef, PlaceRequest};
use rust_decimal::Decimal;

use crate::instrument::{GridError, Instrument, Instruments};

use super::json::{decimal_text, exact_text};
use super::{
    AmendOrder, CancelAll, ChannelRequest, OrderName, PlaceOrder, Reason, Refusal, TimeInForceWord,
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
            ChannelRequest::Orders { .. } | ChannelRequest::Portfolio => Ok(None),
        }
    }
}

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

/// A refusal of the engine with the figures of the pair that it is about.
pub fn explain(reject: Reject, instrument: Option<&Instrument>) -> Refusal {
    let refusal = Refusal::from(reject);
    let Some(instrument) = instrument else {
        return refusal;
    };
    let limits = instrument.pair.limits();
    let lots = |quantity: Quantity| {
        decimal_text(
            instrument.amount_units(quantity.lots()),
            instrument.amount_scale,
        )
    };
    let figure = |refusal: Refusal, name, expected: &str, value: String| {
        refusal
            .details(format!(
                "{}: expected {expected} {value}",
                instrument.symbol
            ))
            .text(name, value)
    };
    let refusal = match reject {
        Reject::BelowMinAmount => {
            let value = lots(limits.min_quantity);
            figure(refusal, "minAmount", "an amount of at least", value)
        }
        Reject::AboveMaxAmount => {
            let value = lots(limits.max_quantity);
            figure(refusal, "maxAmount", "an amount of at most", value)
        }
        Reject::BelowMinNotional => {
            let quote = &instrument.quote;
            let units = u128::from(limits.min_notional.units());
            let value = exact_text(units, quote.scale, quote.display_scale);
            figure(refusal, "minNotional", "price × amount of at least", value)
        }
        Reject::PriceOutsideBand => {
            let band = format!("{}%", decimal_text(u128::from(limits.price_band), 2));
            figure(
                refusal,
                "priceBand",
                "a price within the reference price ±",
                band,
            )
        }
        Reject::TooManyOpenOrders => {
            let most = limits.max_open_orders;
            let expected = format!("{}: expected at most {most} open orders", instrument.symbol);
            refusal
                .details(expected)
                .number("maxOpenOrders", u64::from(most))
        }
        _ => refusal,
    };
    refusal.text("pair", instrument.symbol.to_string())
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
