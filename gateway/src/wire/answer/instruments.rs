//! `get_instruments`: all that an order of a pair is checked against.

use crate::wire::MessageType;
use engine::domain::{BasisPoints, PairMargin, Price, Side, Timestamp, TradingStatus};

use crate::instrument::Instrument;
use crate::wire::json::Json;
use crate::wire::resolve::TRAILING_PERCENT_RANGE;
use crate::wire::{MAX_ICEBERG_PARTS, OrderType, RATIO_SCALE, RequestId, TimeInForceWord};

use super::{amount, answer, price};

/// A pair as it is now.
#[derive(Clone, Copy, Debug)]
pub struct InstrumentNow<'a> {
    /// The pair.
    pub instrument: &'a Instrument,
    /// Whether it takes orders.
    pub status: TradingStatus,
    /// When it opens again by itself.
    pub reopens_at: Option<Timestamp>,
    /// Where its band starts.
    pub reference: Price,
}

/// `get_instruments`: every pair with its status and its reference price now.
pub fn encode_instruments<'a>(
    instruments: impl Iterator<Item = InstrumentNow<'a>>,
    out: &mut Vec<u8>,
    request: Option<&RequestId>,
    now: Timestamp,
) {
    answer(out, MessageType::GetInstruments, request, now, |json| {
        json.object("result");
        json.list("instruments");
        for instrument in instruments {
            json.item();
            json.open();
            write_instrument(json, &instrument);
            json.close();
        }
        json.close_list();
        json.close();
    });
}

fn write_instrument(json: &mut Json<'_>, now: &InstrumentNow<'_>) {
    let InstrumentNow {
        instrument,
        status,
        reopens_at,
        reference,
    } = *now;
    let pair = &instrument.pair;
    let limits = pair.limits();
    let quote = &instrument.quote;
    let (tick, lot) = (instrument.tick_units, instrument.lot_units);
    json.word("pair", &instrument.symbol);
    json.word("base", &instrument.base.symbol);
    json.word("quote", &quote.symbol);
    json.word("status", trading_status_word(status));
    if let Some(at) = reopens_at {
        json.number("reopensAt", at.0);
    }
    json.decimal("tickSize", u128::from(tick), instrument.price_scale);
    json.decimal("lotSize", u128::from(lot), instrument.amount_scale);
    json.number("priceScale", u64::from(instrument.price_scale));
    json.number("amountScale", u64::from(instrument.amount_scale));
    json.number("totalScale", u64::from(quote.display_scale));
    amount(json, "minAmount", instrument, limits.min_quantity);
    amount(json, "maxAmount", instrument, limits.max_quantity);
    let min_notional = u128::from(limits.min_notional.units());
    let (scale, shown) = (quote.scale, quote.display_scale);
    json.exact("minNotional", min_notional, scale, shown);
    json.signed("priceBand", i128::from(limits.price_band), 2, false, "%");
    percent(json, "makerFee", pair.maker_fee());
    percent(json, "takerFee", pair.taker_fee());
    price(json, "referencePrice", instrument, reference);
    json.number("maxOpenOrders", u64::from(limits.max_open_orders));
    words(
        json,
        "orderTypes",
        OrderType::ALL.iter().map(|it| it.word()),
    );
    let times = TimeInForceWord::ALL.iter().map(|it| it.word());
    words(json, "timesInForce", times);
    // What a limit may be now, and where a market order would stop.
    let (low, high) = (
        reference.collar(Side::Sell, limits.price_band),
        reference.collar(Side::Buy, limits.price_band),
    );
    price(json, "minPrice", instrument, low);
    price(json, "maxPrice", instrument, high);
    if let Some(breaker) = pair.breaker() {
        json.signed(
            "circuitBreakerBand",
            i128::from(breaker.band),
            2,
            false,
            "%",
        );
        json.number("circuitBreakerHaltMs", breaker.halt_ms);
    }
    if let Some(terms) = pair.margin() {
        write_margin(json, instrument, terms);
    }
    json.number("maxIcebergParts", MAX_ICEBERG_PARTS);
    let (least, most) = TRAILING_PERCENT_RANGE;
    price(json, "minTrailingDelta", instrument, Price::MIN);
    json.word("minTrailingPercent", least);
    json.word("maxTrailingPercent", most);
}

/// On what terms the pair is traded on margin.
fn write_margin(json: &mut Json<'_>, instrument: &Instrument, terms: &PairMargin) {
    json.object("margin");
    let leverage = u128::from(terms.max_leverage.hundredths());
    json.decimal("maxLeverage", leverage, 2);
    for (key, ratio) in [
        ("initialMarginRatio", terms.initial),
        ("maintenanceMarginRatio", terms.maintenance),
    ] {
        json.exact(key, u128::from(ratio.get()), RATIO_SCALE, 2);
    }
    percent(json, "liquidationFee", terms.liquidation_fee);
    json.number("graceMs", terms.grace_ms);
    json.number("maxMarkAgeMs", terms.max_mark_age_ms);
    amount(json, "maxPosition", instrument, terms.max_position);
    amount(json, "maxOpenInterest", instrument, terms.max_open_interest);
    if let Some(band) = terms.index_band {
        json.signed("indexBand", i128::from(band), 2, false, "%");
    }
    json.close();
}

fn percent(json: &mut Json<'_>, key: &str, rate: BasisPoints) {
    json.signed(key, i128::from(rate.get()), 2, false, "%");
}

fn words<'a>(json: &mut Json<'_>, key: &str, words: impl Iterator<Item = &'a str>) {
    json.list(key);
    for word in words {
        json.item();
        json.escaped(word);
    }
    json.close_list();
}

/// The word of a pair's status.
pub const fn trading_status_word(status: TradingStatus) -> &'static str {
    match status {
        TradingStatus::Open => "open",
        TradingStatus::Halted => "halted",
        TradingStatus::CancelOnly => "cancel_only",
        TradingStatus::Closed => "closed",
    }
}
