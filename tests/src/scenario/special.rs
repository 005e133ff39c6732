use std::fmt;

use engine::domain::{Price, Quantity, Special, StopKind, TrailingDistance, TriggerBy};

/// What is special of an order, as a line says it.
pub(super) struct Said<'a>(pub(super) &'a Special);

/// What the numbers behind `stop`, `profit`, `trailing`, `oco`, `then` and `showing` mean.
pub(super) fn read(
    numbers: [Option<u64>; 6],
    in_points: bool,
    by_mark: bool,
) -> Result<Special, String> {
    let by = match by_mark {
        true => TriggerBy::Mark,
        false => TriggerBy::Last,
    };
    let price = |ticks| Price::from_u64(ticks).ok_or_else(|| format!("`{ticks}` is no price"));
    let stop = |kind, ticks| {
        let trigger = price(ticks)?;
        Ok(Special::Stop { kind, trigger, by })
    };
    match numbers {
        [None, None, None, None, None, None] => Ok(Special::None),
        [Some(ticks), None, None, None, None, None] => stop(StopKind::StopLoss, ticks),
        [None, Some(ticks), None, None, None, None] => stop(StopKind::TakeProfit, ticks),
        [None, None, Some(number), None, None, None] => {
            let distance = match in_points {
                true => u16::try_from(number)
                    .ok()
                    .and_then(TrailingDistance::basis_points),
                false => u32::try_from(number).ok().and_then(TrailingDistance::ticks),
            };
            let distance = distance.ok_or_else(|| format!("`{number}` is no distance"))?;
            Ok(Special::Trailing { distance, by })
        }
        [None, None, None, Some(trigger), limit, None] => Ok(Special::Oco {
            trigger: price(trigger)?,
            limit: limit.map(price).transpose()?,
            by,
        }),
        [None, None, None, None, None, Some(lots)] => {
            let display = Quantity::new(lots).ok_or_else(|| format!("`{lots}` is no quantity"))?;
            Ok(Special::Iceberg { display })
        }
        _ => Err("an order is of one type".to_owned()),
    }
}

impl fmt::Display for Said<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let by = match *self.0 {
            Special::None => return Ok(()),
            Special::Iceberg { display } => return write!(f, " showing {}", display.lots()),
            Special::Stop { kind, trigger, by } => {
                let kind = match kind {
                    StopKind::StopLoss => "stop",
                    StopKind::TakeProfit => "profit",
                };
                write!(f, " {kind} {}", trigger.ticks())?;
                by
            }
            Special::Trailing { distance, by } => {
                write!(f, " trailing {}", distance.number())?;
                let points = distance.is_in_basis_points();
                f.write_str(if points { " points" } else { "" })?;
                by
            }
            Special::Oco { trigger, limit, by } => {
                write!(f, " oco {}", trigger.ticks())?;
                limit.map_or(Ok(()), |limit| write!(f, " then {}", limit.ticks()))?;
                by
            }
        };
        f.write_str(match by {
            TriggerBy::Last => "",
            TriggerBy::Mark => " by-mark",
        })
    }
}
