use std::fmt;

use engine::domain::{
    Amount, EventSequence, Leverage, MarginRequest, Movement, PairId, PositionId, PositionSide,
    Reserve, TradeId,
};

/// What a placement asks of margin, as a line says it.
pub(super) struct Asked(pub(super) MarginRequest);

/// A position by the trade that opened it: `long3` in the first pair, `short3.1` in the second.
pub(super) struct Position(pub(super) PositionId);

/// A fund of the platform.
pub(super) struct Fund(pub(super) Reserve);

/// What is asked of a position or a fund: an amount with its verb.
pub(super) fn movement(verb: &str, amount: u64) -> Option<Movement> {
    let amount = Amount::new(amount)?;
    match verb {
        "adds" | "gets" => Some(Movement::In(amount)),
        "takes" | "gives" => Some(Movement::Out(amount)),
        _ => None,
    }
}

/// The verb of an owner, then that of a fund.
pub(super) const fn verbs(change: Movement) -> (&'static str, &'static str) {
    match change {
        Movement::In(_) => ("adds", "gets"),
        Movement::Out(_) => ("takes", "gives"),
    }
}

/// Which fund a line is about.
pub(super) fn fund(name: &str) -> Option<Reserve> {
    match name {
        "pool" => Some(Reserve::LendingPool),
        "fund" => Some(Reserve::InsuranceFund),
        _ => None,
    }
}

/// `10` or `2.5` times.
pub(super) fn leverage(text: &str) -> Result<Leverage, String> {
    let fault = || format!("`{text}` is no leverage");
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let part = format!("{part:0<2}");
    if part.len() != 2 {
        return Err(fault());
    }
    let number = |digits: &str| digits.parse::<u16>().map_err(|_| fault());
    let hundredths = number(whole)?
        .checked_mul(100)
        .and_then(|it| it.checked_add(number(&part).ok()?));
    hundredths.and_then(Leverage::new).ok_or_else(fault)
}

/// `long3`, `short3.1`.
pub(super) fn position(text: &str) -> Result<PositionId, String> {
    let fault = || format!("`{text}` is no position");
    let (side, rest) = match (text.strip_prefix("long"), text.strip_prefix("short")) {
        (Some(rest), _) => (PositionSide::Long, rest),
        (_, Some(rest)) => (PositionSide::Short, rest),
        _ => return Err(fault()),
    };
    let (sequence, pair) = rest.split_once('.').unwrap_or((rest, "0"));
    let sequence = sequence.parse().map_err(|_| fault())?;
    let pair = pair.parse().map_err(|_| fault())?;
    Ok(PositionId::new(PairId(pair), EventSequence(sequence), side))
}

/// Which way a position named so goes, and the trade that opened it.
pub(super) fn parts(position: PositionId) -> (PositionSide, TradeId) {
    let side = match position.0 % 2 {
        0 => PositionSide::Long,
        _ => PositionSide::Short,
    };
    (side, TradeId(position.0 / 2))
}

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            MarginRequest::None => Ok(()),
            MarginRequest::ReduceOnly => f.write_str(" reduce-only"),
            MarginRequest::Leverage(leverage) => {
                let hundredths = leverage.hundredths();
                let (whole, part) = (hundredths / Leverage::WHOLE, hundredths % Leverage::WHOLE);
                match part {
                    0 => write!(f, " leverage {whole}"),
                    part => write!(f, " leverage {whole}.{part:02}"),
                }
            }
        }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (side, TradeId(trade)) = parts(self.0);
        let side = match side {
            PositionSide::Long => "long",
            PositionSide::Short => "short",
        };
        let pair = self.0.pair();
        write!(f, "{side}{}", trade / PairId::LIMIT as u64)?;
        match pair {
            PairId(0) => Ok(()),
            PairId(pair) => write!(f, ".{pair}"),
        }
    }
}

impl fmt::Display for Fund {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Reserve::LendingPool => "pool",
            Reserve::InsuranceFund => "fund",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_leverages_are_read_back() {
        for text in ["long3", "short7", "long12.1"] {
            let read = position(text).map(|it| Position(it).to_string());
            assert_eq!(read, Ok(text.to_owned()));
        }
        for (text, said) in [
            ("10", " leverage 10"),
            ("2.5", " leverage 2.50"),
            ("1.01", " leverage 1.01"),
        ] {
            let read = leverage(text).map(|it| Asked(MarginRequest::Leverage(it)).to_string());
            assert_eq!(read, Ok(said.to_owned()));
        }
        for text in ["1", "x", "2.555", "900"] {
            assert_eq!(leverage(text), Err(format!("`{text}` is no leverage")));
        }
        assert!(position("wide3").is_err());
    }
}
