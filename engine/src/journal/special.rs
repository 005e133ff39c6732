//! What an order is beside its price and its amount, as bytes: at most 27.
//!
//! ```text
//! expiry u64, 0 for none | kind u8: 128 with funding | by its kind:
//!   0 plain     nothing
//!   1 stop      trigger u32 | bits u8: 1 rising, 2 by mark
//!   2 trailing  anchor u32 | distance u32 | collar u16 | bits u8: 2 by mark
//!   3 oco       trigger u32 | limit u32 | bits u8: 1 to market, 2 by mark
//!   4 iceberg   display u64
//! funding, where the kind says so: kind u8 | by its kind:
//!   1 margin       leverage u16 | floor u32
//!   2 reduce only, 3 liquidation, 4 backstop   nothing
//! ```

use super::input::{Input, RecordError};
use super::output::Fields;
use super::record::{moment, read_moment};
use crate::command::{StopTerms, Terms};
use crate::domain::{
    BasisPoints, Crossing, Funding, Leverage, Timestamp, TrailingDistance, TriggerBy,
};

const BIT: u8 = 1;
const BY_MARK: u8 = 2;
/// The bit of the kind that says that the funding stands behind.
const FUNDED: u8 = 1 << 7;

/// What it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) struct Extension {
    /// When the order ends by itself.
    pub(super) expires_at: Option<Timestamp>,
    /// What sets it off, or what it hides.
    pub(super) terms: Terms,
    /// Who pays for it.
    pub(super) funding: Funding,
}

impl Extension {
    /// Whether there is nothing to say: the order is written without.
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.expires_at.is_none() && self.terms == Terms::Plain && self.funding == Funding::Spot
    }
}

/// Appends it. Never for an empty one, which is left out.
pub(super) fn encode(extension: &Extension, out: &mut impl Fields) {
    moment(out, extension.expires_at);
    let funded = match extension.funding {
        Funding::Spot => 0,
        Funding::Margin { .. } | Funding::ReduceOnly | Funding::Liquidation | Funding::Backstop => {
            FUNDED
        }
    };
    encode_terms(&extension.terms, funded, out);
    match extension.funding {
        Funding::Spot => {}
        Funding::Margin { leverage, floor } => {
            out.byte(1);
            out.bytes(leverage.hundredths().to_le_bytes());
            out.bytes(floor.ticks().to_le_bytes());
        }
        Funding::ReduceOnly => out.byte(2),
        Funding::Liquidation => out.byte(3),
        Funding::Backstop => out.byte(4),
    }
}

/// Appends the terms, their kind with the bits of `funded`.
fn encode_terms(terms: &Terms, funded: u8, out: &mut impl Fields) {
    let mark = |by| match by {
        TriggerBy::Last => 0,
        TriggerBy::Mark => BY_MARK,
    };
    match *terms {
        Terms::Plain => out.byte(funded),
        Terms::Stop(StopTerms::Fixed {
            trigger,
            crossing,
            by,
        }) => {
            out.byte(1 | funded);
            out.bytes(trigger.ticks().to_le_bytes());
            out.byte(crossing as u8 | mark(by));
        }
        Terms::Stop(StopTerms::Trailing {
            anchor,
            distance,
            collar,
            by,
        }) => {
            out.byte(2 | funded);
            out.bytes(anchor.ticks().to_le_bytes());
            out.bytes(distance.raw().to_le_bytes());
            out.bytes(collar.to_le_bytes());
            out.byte(mark(by));
        }
        Terms::Stop(StopTerms::Oco {
            trigger,
            limit,
            market,
            by,
        }) => {
            out.byte(3 | funded);
            out.bytes(trigger.ticks().to_le_bytes());
            out.bytes(limit.ticks().to_le_bytes());
            out.byte(u8::from(market) | mark(by));
        }
        Terms::Iceberg { display } => {
            out.byte(4 | funded);
            out.bytes(display.lots().to_le_bytes());
        }
    }
}

/// Reads it.
pub(super) fn decode(input: &mut Input<'_>) -> Result<Extension, RecordError> {
    let expires_at = read_moment(input)?;
    let kind = input.u8()?;
    let terms = decode_terms(kind & !FUNDED, input)?;
    let funding = if kind & FUNDED == 0 {
        Funding::Spot
    } else {
        decode_funding(input)?
    };
    let extension = Extension {
        expires_at,
        terms,
        funding,
    };
    if extension.is_empty() {
        return Err(RecordError::Field("terms"));
    }
    Ok(extension)
}

fn decode_funding(input: &mut Input<'_>) -> Result<Funding, RecordError> {
    match input.u8()? {
        1 => Ok(Funding::Margin {
            leverage: Leverage::new(input.u16()?).ok_or(RecordError::Field("leverage"))?,
            floor: input.price()?,
        }),
        2 => Ok(Funding::ReduceOnly),
        3 => Ok(Funding::Liquidation),
        4 => Ok(Funding::Backstop),
        _ => Err(RecordError::Field("funding")),
    }
}

fn decode_terms(kind: u8, input: &mut Input<'_>) -> Result<Terms, RecordError> {
    let terms = match kind {
        0 => Terms::Plain,
        1 => {
            let trigger = input.price()?;
            let (rising, by) = bits(input.u8()?, BIT)?;
            let crossing = if rising {
                Crossing::Rising
            } else {
                Crossing::Falling
            };
            Terms::Stop(StopTerms::Fixed {
                trigger,
                crossing,
                by,
            })
        }
        2 => {
            let anchor = input.price()?;
            let distance = TrailingDistance::from_raw(input.u32()?);
            let distance = distance.ok_or(RecordError::Field("trailing distance"))?;
            let collar = input.u16()?;
            if !(1..=BasisPoints::WHOLE).contains(&collar) {
                return Err(RecordError::Field("collar"));
            }
            let (_, by) = bits(input.u8()?, 0)?;
            Terms::Stop(StopTerms::Trailing {
                anchor,
                distance,
                collar,
                by,
            })
        }
        3 => {
            let trigger = input.price()?;
            let limit = input.price()?;
            let (market, by) = bits(input.u8()?, BIT)?;
            Terms::Stop(StopTerms::Oco {
                trigger,
                limit,
                market,
                by,
            })
        }
        4 => {
            let display = input.quantity()?;
            if display.is_zero() {
                return Err(RecordError::Field("display"));
            }
            Terms::Iceberg { display }
        }
        _ => return Err(RecordError::Field("terms")),
    };
    Ok(terms)
}

/// The one bit that `allowed` names, and the price that sets off.
fn bits(bits: u8, allowed: u8) -> Result<(bool, TriggerBy), RecordError> {
    if bits & !(allowed | BY_MARK) != 0 {
        return Err(RecordError::Field("terms"));
    }
    let by = if bits & BY_MARK == 0 {
        TriggerBy::Last
    } else {
        TriggerBy::Mark
    };
    Ok((bits & BIT != 0, by))
}
