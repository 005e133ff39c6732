//! What an order is beside its price and its amount, as bytes: at most 19.
//!
//! ```text
//! expiry u64, 0 for none | kind u8 | by its kind:
//!   0 plain     nothing
//!   1 stop      trigger u32 | bits u8: 1 rising, 2 by mark
//!   2 trailing  anchor u32 | distance u32 | collar u16 | bits u8: 2 by mark
//!   3 oco       trigger u32 | limit u32 | bits u8: 1 to market, 2 by mark
//!   4 iceberg   display u64
//! ```

use super::input::{Input, RecordError};
use super::output::Fields;
use super::record::{moment, read_moment};
use crate::command::{StopTerms, Terms};
use crate::domain::{BasisPoints, Crossing, Timestamp, TrailingDistance, TriggerBy};

const BIT: u8 = 1;
const BY_MARK: u8 = 2;

/// Appends it. Never for a plain order without expiry, which is written without.
pub(super) fn encode(expires_at: Option<Timestamp>, terms: &Terms, out: &mut impl Fields) {
    moment(out, expires_at);
    let mark = |by| match by {
        TriggerBy::Last => 0,
        TriggerBy::Mark => BY_MARK,
    };
    match *terms {
        Terms::Plain => out.byte(0),
        Terms::Stop(StopTerms::Fixed {
            trigger,
            crossing,
            by,
        }) => {
            out.byte(1);
            out.bytes(trigger.ticks().to_le_bytes());
            out.byte(crossing as u8 | mark(by));
        }
        Terms::Stop(StopTerms::Trailing {
            anchor,
            distance,
            collar,
            by,
        }) => {
            out.byte(2);
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
            out.byte(3);
            out.bytes(trigger.ticks().to_le_bytes());
            out.bytes(limit.ticks().to_le_bytes());
            out.byte(u8::from(market) | mark(by));
        }
        Terms::Iceberg { display } => {
            out.byte(4);
            out.bytes(display.lots().to_le_bytes());
        }
    }
}

/// Reads it.
pub(super) fn decode(input: &mut Input<'_>) -> Result<(Option<Timestamp>, Terms), RecordError> {
    let expires_at = read_moment(input)?;
    let terms = match input.u8()? {
        0 if expires_at.is_some() => Terms::Plain,
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
    Ok((expires_at, terms))
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
