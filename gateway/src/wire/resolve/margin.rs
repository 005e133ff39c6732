//! Leverage and collateral: decimals made hundredths and units, exactly.

use engine::domain::{Amount, Leverage, MarginRequest, Movement, PairMargin, Quantity};
use engine::reject::Reject;
use rust_decimal::Decimal;

use crate::instrument::{GridError, Instrument};
use crate::wire::json::{decimal_text, exact_text};
use crate::wire::{AdjustMargin, MarginTerms, Param, RATIO_SCALE, Reason, Refusal, RequestType};

use super::explain::Figures;
use super::{Known, hundredths};

const LEVERAGE: &str = "orderData.leverage";
const REDUCE_ONLY: &str = "orderData.reduceOnly";

impl MarginTerms {
    /// What the exchange is asked. A pair without margin, and a leverage that no order may have,
    /// are refused here, with what the pair allows.
    pub(super) fn resolve(self, instrument: &Instrument) -> Result<MarginRequest, Refusal> {
        let field = match self {
            MarginTerms::None => return Ok(MarginRequest::None),
            MarginTerms::Leverage(_) => LEVERAGE,
            MarginTerms::ReduceOnly => REDUCE_ONLY,
        };
        let Some(terms) = instrument.pair.margin() else {
            let expected = "a spot order without it";
            let refusal = Refusal::field(Reason::MarginNotAvailable, field, expected);
            return Err(refusal.text("pair", instrument.symbol.to_string()));
        };
        match self {
            MarginTerms::None => Ok(MarginRequest::None),
            MarginTerms::ReduceOnly => Ok(MarginRequest::ReduceOnly),
            MarginTerms::Leverage(decimal) => hundredths(decimal)
                .and_then(Leverage::new)
                .filter(|leverage| *leverage <= terms.max_leverage)
                .map(MarginRequest::Leverage)
                .ok_or_else(|| out_of_range(terms)),
        }
    }
}

/// The refusal of a leverage, with the pair's.
pub(super) fn out_of_range(terms: &PairMargin) -> Refusal {
    let most = decimal_text(u128::from(terms.max_leverage.hundredths()), 2);
    let expected = format!("above 1 and at most {most}, with at most 2 decimals");
    let refusal = Refusal::field(Reason::LeverageOutOfRange, LEVERAGE, &expected);
    refusal.text("maxLeverage", most)
}

impl AdjustMargin {
    /// How much of the pair's quote comes in, or goes out.
    pub fn resolve(&self, instrument: &Instrument) -> Result<Movement, Refusal> {
        let magnitude = self.amount.abs();
        let amount = collateral(magnitude, instrument)?;
        Ok(if self.amount.is_sign_negative() {
            Movement::Out(amount)
        } else {
            Movement::In(amount)
        })
    }
}

fn collateral(decimal: Decimal, instrument: &Instrument) -> Result<Amount, Refusal> {
    let quote = &instrument.quote;
    let wrong = |reason, expected: &str| Refusal::field(reason, "amount", expected);
    match quote.amount(decimal) {
        Ok(amount) if amount.is_zero() => {
            let expected = "more than zero to add, less to take out";
            Err(wrong(Reason::ZeroAmount, expected))
        }
        Ok(amount) => Ok(amount),
        Err(GridError::TooLarge) => Err(wrong(Reason::InvalidValue, "less")),
        Err(GridError::NotPositive | GridError::OffGrid) => {
            let expected = format!("at most {} decimals of {}", quote.scale, quote.symbol);
            Err(wrong(Reason::InvalidValue, &expected))
        }
    }
}

/// The field that a refusal of a margin order, or of a request about a position, is about.
pub(super) fn field_of(reject: Reject, known: &Known<'_>) -> Option<&'static str> {
    let is_amend = known.request == Some(RequestType::AmendOrder);
    let is_placement = known.placed.is_some();
    let of = |placement, amend| match (is_placement, is_amend) {
        (true, _) => Some(placement),
        (false, true) => Some(amend),
        (false, false) => None,
    };
    let amount = || of("orderData.amount", "amount");
    match reject {
        Reject::MarginNotOffered => Some(match known.placed.map(|it| it.margin) {
            Some(MarginRequest::Leverage(_)) => LEVERAGE,
            Some(MarginRequest::ReduceOnly) => REDUCE_ONLY,
            Some(MarginRequest::None) | None => return None,
        }),
        Reject::LeverageOutOfRange => Some(LEVERAGE),
        Reject::NoPosition if is_placement => Some(REDUCE_ONLY),
        Reject::NoPosition => Some("positionId"),
        Reject::ReduceOnlyExceedsPosition => amount(),
        Reject::PositionLimit | Reject::PoolExhausted => amount(),
        Reject::BeyondBankruptcy => match known.placed {
            // What comes in at the market stops there by itself, if it can.
            Some(placed) if placed.limit.is_none() => None,
            _ => of("orderData.price", "price"),
        },
        Reject::BelowInitialMargin | Reject::ZeroAmount => match known.request {
            Some(RequestType::AdjustMargin) => Some("amount"),
            _ => None,
        },
        _ => None,
    }
}

/// What was expected of it, and the figures of that.
pub(super) fn figures(
    reject: Reject,
    instrument: &Instrument,
    known: &Known<'_>,
) -> (Option<String>, Figures) {
    let none = (None, Vec::new());
    let Some(terms) = instrument.pair.margin() else {
        return none;
    };
    let lots = |quantity: Quantity| {
        let units = instrument.amount_units(quantity.lots());
        decimal_text(units, instrument.amount_scale)
    };
    match reject {
        Reject::LeverageOutOfRange => {
            let refusal = out_of_range(terms);
            let figures = refusal.params.into_iter();
            let figures = figures.filter(|(name, _)| *name != "field").collect();
            (Some("a leverage that the pair allows".to_owned()), figures)
        }
        Reject::ReduceOnlyExceedsPosition => {
            let size = known.position.map_or(Quantity::ZERO, |(size, _)| size);
            let size = lots(size);
            let expected = format!(
                "on the side that closes, and with the other open orders there at most the \
                 position's {size}"
            );
            (
                Some(expected),
                vec![("positionSize", Param::Text(size.into()))],
            )
        }
        Reject::OrdersConflict => {
            let expected = "no open orders of the other kind on this side: reduce-only orders and \
                            other margin orders do not stand there together";
            (Some(expected.to_owned()), Vec::new())
        }
        Reject::BeyondBankruptcy => {
            let Some(price) = known.position.and_then(|(_, bankruptcy)| bankruptcy) else {
                return none;
            };
            let price = decimal_text(price, instrument.price_scale);
            let expected = format!("a price no worse than the position's bankruptcy at {price}");
            (
                Some(expected),
                vec![("bankruptcyPrice", Param::Text(price.into()))],
            )
        }
        Reject::PositionLimit => {
            let (most, all) = (lots(terms.max_position), lots(terms.max_open_interest));
            let expected = format!(
                "a position of at most {most} with its open orders, and at most {all} of all users"
            );
            let figures = vec![
                ("maxPosition", Param::Text(most.into())),
                ("maxOpenInterest", Param::Text(all.into())),
            ];
            (Some(expected), figures)
        }
        Reject::BelowInitialMargin => {
            let ratio = exact_text(u128::from(terms.initial.get()), RATIO_SCALE, 2);
            let expected = format!(
                "less: the position's margin ratio stays at {ratio} or above, and what its open \
                 reduce-only orders may need stays in it"
            );
            let figure = ("requiredMarginRatio", Param::Text(ratio.into()));
            (Some(expected), vec![figure])
        }
        Reject::NoMarkPrice => {
            let expected = "a market with both sides and a trade, to know the position's worth";
            (Some(expected.to_owned()), Vec::new())
        }
        _ => none,
    }
}
