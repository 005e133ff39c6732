//! `place_order`: each type has the prices that it needs, and what does not go with a type is
//! refused and not ignored: it would be another order than was asked for.

use engine::domain::{SelfTradePrevention, StopKind, Timestamp, TriggerBy};
use simd_json::tape::Object;

use crate::wire::fields::{Field, Slot, read};
use crate::wire::{
    Lasting, MAX_TIME_MS, MarginTerms, OrderTerms, OrderType, PlaceOrder, Reason, Refusal,
    TimeInForceWord, TrailingTerms,
};

use super::margin::margin_terms;
use super::{Context, needed};

const PRICE: &str = "a decimal string like \"995.00\"";
const AMOUNT: &str = "a decimal string like \"100.00\"";

pub(super) fn place_order(
    root: &Object<'_, '_>,
    context: &mut Context,
) -> Result<PlaceOrder, Refusal> {
    let [order_type, data, outer_id] = read(
        root,
        ["orderType", "orderData", "clientOrderId"].map(Field::root),
    )?;
    let data = needed(data.needed("an object")?.object()?);
    // The id first, so that every error about the rest repeats it.
    let inner = Field::at("clientOrderId", "orderData.clientOrderId");
    let [inner_id] = read(&data, [inner])?;
    if !inner_id.is_absent() && !outer_id.is_absent() {
        let expected = "it once, in orderData";
        return Err(outer_id.field.refuse(Reason::DuplicateField, expected));
    }
    let id = if inner_id.is_absent() {
        outer_id
    } else {
        inner_id
    };
    context.client_order_id = id.client_order_id()?;
    let fields = [
        Field::at("pair", "orderData.pair"),
        Field::at("side", "orderData.side"),
        Field::at("amount", "orderData.amount"),
        Field::at("selfTradePrevention", "orderData.selfTradePrevention"),
    ];
    let [pair, side, amount, self_trade] = read(&data, fields)?;
    let mut prices = Prices::read(&data)?;
    let kind = order_type_of(&order_type)?;
    let margin = margin_terms(&data)?;
    let pair = pair.needed("a pair like \"BASE/QUOTE\"")?.pair()?;
    let side = needed(side.needed("\"buy\" or \"sell\"")?.side()?);
    let amount = needed(amount.needed(AMOUNT)?.decimal()?);
    if margin == MarginTerms::ReduceOnly {
        // What only reduces is not set off by one stray trade.
        prices.default_trigger = TriggerBy::Mark;
    }
    let terms = prices.terms(kind)?;
    let (lasting, post_only) = lasting(&data, &terms)?;
    Ok(PlaceOrder {
        pair: needed(pair),
        client_order_id: context.client_order_id,
        side,
        amount,
        terms,
        lasting,
        post_only,
        self_trade: self_trade_mode(&self_trade)?,
        margin,
    })
}

fn order_type_of(slot: &Slot<'_, '_>) -> Result<OrderType, Refusal> {
    let words: Vec<&str> = OrderType::ALL.iter().map(|kind| kind.word()).collect();
    let expected = format!("one of {}", words.join(", "));
    let kind = slot
        .needed(&expected)?
        .word(&expected, OrderType::from_word)?;
    Ok(needed(kind))
}

/// The fields that belong to some types and not to others.
struct Prices<'t, 'i> {
    price: Slot<'t, 'i>,
    stop_price: Slot<'t, 'i>,
    limit_price: Slot<'t, 'i>,
    target_price: Slot<'t, 'i>,
    trailing_delta: Slot<'t, 'i>,
    trailing_percent: Slot<'t, 'i>,
    display_amount: Slot<'t, 'i>,
    trigger_by: Slot<'t, 'i>,
    /// What sets it off where `triggerBy` does not say.
    default_trigger: TriggerBy,
}

impl<'t, 'i> Prices<'t, 'i> {
    fn read(data: &Object<'t, 'i>) -> Result<Prices<'t, 'i>, Refusal> {
        let fields = [
            Field::at("price", "orderData.price"),
            Field::at("stopPrice", "orderData.stopPrice"),
            Field::at("limitPrice", "orderData.limitPrice"),
            Field::at("targetPrice", "orderData.targetPrice"),
            Field::at("trailingDelta", "orderData.trailingDelta"),
            Field::at("trailingPercent", "orderData.trailingPercent"),
            Field::at("displayAmount", "orderData.displayAmount"),
            Field::at("triggerBy", "orderData.triggerBy"),
        ];
        let [
            price,
            stop_price,
            limit_price,
            target_price,
            trailing_delta,
            trailing_percent,
            display_amount,
            trigger_by,
        ] = read(data, fields)?;
        Ok(Prices {
            price,
            stop_price,
            limit_price,
            target_price,
            trailing_delta,
            trailing_percent,
            display_amount,
            trigger_by,
            default_trigger: TriggerBy::default(),
        })
    }

    /// The terms of an order of this type, or which field is missing or too much.
    fn terms(&self, kind: OrderType) -> Result<OrderTerms, Refusal> {
        self.refuse_foreign(kind)?;
        let price = |slot: &Slot<'_, '_>| Ok::<_, Refusal>(needed(slot.needed(PRICE)?.decimal()?));
        Ok(match kind {
            OrderType::Limit => OrderTerms::Limit {
                price: price(&self.price)?,
            },
            OrderType::Market => OrderTerms::Market,
            OrderType::StopLoss | OrderType::TakeProfit => OrderTerms::Stop {
                kind: match kind {
                    OrderType::TakeProfit => StopKind::TakeProfit,
                    _ => StopKind::StopLoss,
                },
                stop_price: price(&self.stop_price)?,
                limit_price: self.limit_price.decimal()?,
                by: self.trigger_by()?,
            },
            OrderType::TrailingStop => OrderTerms::Trailing {
                distance: self.distance()?,
                by: self.trigger_by()?,
            },
            OrderType::Oco => OrderTerms::Oco {
                target_price: price(&self.target_price)?,
                stop_price: price(&self.stop_price)?,
                limit_price: self.limit_price.decimal()?,
                by: self.trigger_by()?,
            },
            OrderType::Iceberg => OrderTerms::Iceberg {
                price: price(&self.price)?,
                display_amount: needed(self.display_amount.needed(AMOUNT)?.decimal()?),
            },
        })
    }

    fn refuse_foreign(&self, kind: OrderType) -> Result<(), Refusal> {
        use OrderType::{Iceberg, Limit, Market, Oco, StopLoss, TakeProfit, TrailingStop};
        let stops: &[OrderType] = &[StopLoss, TakeProfit, Oco];
        let triggered: &[OrderType] = &[StopLoss, TakeProfit, Oco, TrailingStop];
        let table: [(&Slot<'_, '_>, &[OrderType]); 8] = [
            (&self.price, &[Limit, Iceberg]),
            (&self.stop_price, stops),
            (&self.limit_price, stops),
            (&self.target_price, &[Oco]),
            (&self.trailing_delta, &[TrailingStop]),
            (&self.trailing_percent, &[TrailingStop]),
            (&self.display_amount, &[Iceberg]),
            (&self.trigger_by, triggered),
        ];
        for (index, (slot, kinds)) in table.into_iter().enumerate() {
            if slot.is_absent() || kinds.contains(&kind) {
                continue;
            }
            if index == 0 && kind == Market {
                let expected = "a market order without it";
                return Err(slot.field.refuse(Reason::PriceOnMarketOrder, expected));
            }
            return Err(foreign(slot, kind.word()));
        }
        Ok(())
    }

    fn distance(&self) -> Result<TrailingTerms, Refusal> {
        let delta = self.trailing_delta.decimal()?;
        let percent = self.trailing_percent.decimal()?;
        match (delta, percent) {
            (Some(delta), None) => Ok(TrailingTerms::Delta(delta)),
            (None, Some(percent)) => Ok(TrailingTerms::Percent(percent)),
            (Some(_), Some(_)) => {
                let expected = "it or trailingDelta, not both";
                let field = self.trailing_percent.field;
                Err(field.refuse(Reason::DuplicateField, expected))
            }
            (None, None) => {
                let expected = "trailingDelta or trailingPercent, a decimal string";
                let field = self.trailing_delta.field;
                Err(field.refuse(Reason::MissingField, expected))
            }
        }
    }

    fn trigger_by(&self) -> Result<TriggerBy, Refusal> {
        let by = self
            .trigger_by
            .word("\"last\" or \"mark\"", |word| match word {
                "last" => Some(TriggerBy::Last),
                "mark" => Some(TriggerBy::Mark),
                _ => None,
            })?;
        Ok(by.unwrap_or(self.default_trigger))
    }
}

/// The refusal of a field that orders of a type do not have.
fn foreign(slot: &Slot<'_, '_>, kind: &'static str) -> Refusal {
    let expected = format!("{kind} without it");
    let refusal = slot.field.refuse(Reason::OptionNotForOrderType, &expected);
    refusal.text("orderType", kind)
}

/// `timeInForce`, `expiresAt` and `postOnly`, as far as they go with the order.
fn lasting(data: &Object<'_, '_>, terms: &OrderTerms) -> Result<(Lasting, bool), Refusal> {
    let fields = [
        Field::at("timeInForce", "orderData.timeInForce"),
        Field::at("expiresAt", "orderData.expiresAt"),
        Field::at("postOnly", "orderData.postOnly"),
    ];
    let [time_in_force, expires_at, post_only] = read(data, fields)?;
    let word = time_in_force.word("GTC, IOC, FOK or GTD", TimeInForceWord::from_word)?;
    let kind = terms.order_type();
    let may_rest = !matches!(terms, OrderTerms::Market);
    // What waits, or hides, cannot be immediate; a stop with a limit is when it comes in.
    let may_be_immediate = match terms {
        OrderTerms::Limit { .. } | OrderTerms::Market => true,
        OrderTerms::Stop { limit_price, .. } => limit_price.is_some(),
        OrderTerms::Trailing { .. } | OrderTerms::Oco { .. } | OrderTerms::Iceberg { .. } => false,
    };
    let lasting = match word {
        None | Some(TimeInForceWord::Gtc) => Lasting::Gtc,
        Some(TimeInForceWord::Ioc) if may_be_immediate => Lasting::Ioc,
        Some(TimeInForceWord::Fok) if may_be_immediate => Lasting::Fok,
        Some(TimeInForceWord::Gtd) if may_rest => Lasting::Gtd(expiry(&expires_at)?),
        Some(word) => {
            let expected = if may_rest { "GTC or GTD" } else { "IOC or FOK" };
            let refusal = time_in_force
                .field
                .refuse(Reason::OptionNotForOrderType, expected);
            return Err(refusal
                .text("orderType", kind.word())
                .text("timeInForce", word.word()));
        }
    };
    if !expires_at.is_absent() && !matches!(lasting, Lasting::Gtd(_)) {
        let expected = "it with timeInForce GTD only";
        return Err(expires_at.field.refuse(Reason::ExpiryNeedsGtd, expected));
    }
    let is_post_only = post_only.boolean()?.unwrap_or(false);
    if is_post_only && !matches!(terms, OrderTerms::Limit { .. } | OrderTerms::Iceberg { .. }) {
        return Err(foreign(&post_only, kind.word()));
    }
    Ok((lasting, is_post_only))
}

fn expiry(slot: &Slot<'_, '_>) -> Result<Timestamp, Refusal> {
    let expected = "milliseconds since the epoch, a whole number below 2^53";
    let at = needed(slot.needed(expected)?.unsigned(expected)?);
    if at > MAX_TIME_MS {
        return Err(slot.field.refuse(Reason::InvalidValue, expected));
    }
    Ok(Timestamp(at))
}

fn self_trade_mode(slot: &Slot<'_, '_>) -> Result<SelfTradePrevention, Refusal> {
    let expected = "cancel_taker, cancel_maker, cancel_both or decrement";
    let mode = slot.word(expected, |word| match word {
        "cancel_taker" => Some(SelfTradePrevention::CancelTaker),
        "cancel_maker" => Some(SelfTradePrevention::CancelMaker),
        "cancel_both" => Some(SelfTradePrevention::CancelBoth),
        "decrement" => Some(SelfTradePrevention::Decrement),
        _ => None,
    })?;
    Ok(mode.unwrap_or_default())
}
