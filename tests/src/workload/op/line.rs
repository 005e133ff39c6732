use std::fmt;

use engine::command::{StopTerms, Terms};
use engine::domain::{
    Crossing, Price, SelfTradePrevention, Side, StopKind, TimeInForce, TradingStatus, TriggerBy,
};
use engine::event::CancelReason;

use super::Op;

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stale = |stale: bool| if stale { " (stale)" } else { "" };
        match *self {
            Op::Place { .. } => self.fmt_place(f),
            Op::Replace {
                slot,
                stale: is_stale,
                price,
                change,
                before,
            } => {
                write!(f, "replace {slot} @ ")?;
                match price {
                    Some(price) => write!(f, "{}", price.ticks())?,
                    None => f.write_str("same")?,
                }
                let before = if before { " linked" } else { "" };
                write!(f, " {change:+}{before}{}", stale(is_stale))
            }
            Op::Cancel {
                slot,
                stale: is_stale,
                reason,
            } => {
                let reason = match reason {
                    CancelReason::Requested | CancelReason::SelfTrade => "",
                    CancelReason::Expired => " expired",
                    CancelReason::CancelAfter => " cancel-after",
                    CancelReason::Disconnected => " disconnected",
                    CancelReason::Liquidation => " liquidation",
                    CancelReason::AutoDeleveraging => " deleveraging",
                    CancelReason::Closing => " closing",
                };
                write!(f, "cancel {slot}{reason}{}", stale(is_stale))
            }
            Op::Limits(low, high) => write!(f, "limits {} {}", low.ticks(), high.ticks()),
            Op::Status(status) => f.write_str(match status {
                TradingStatus::Open => "status open",
                TradingStatus::Halted => "status halted",
                TradingStatus::CancelOnly => "status cancel-only",
                TradingStatus::Closed => "status closed",
            }),
        }
    }
}

impl Op {
    fn fmt_place(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Op::Place {
            slot,
            account,
            side,
            price,
            quantity,
            time_in_force,
            post_only,
            self_trade,
            terms,
        } = *self
        else {
            return Ok(());
        };
        let owner = char::from(b"ABCDEFGH"[account.0 as usize % 8]);
        let said = match side {
            Side::Buy => "buy",
            Side::Sell => "sell",
        };
        let (quantity, price) = (quantity.lots(), price.ticks());
        write!(f, "{slot} {owner} {said} {quantity} @ {price}")?;
        f.write_str(match time_in_force {
            TimeInForce::GoodTillCancelled => "",
            TimeInForce::ImmediateOrCancel => " ioc",
            TimeInForce::FillOrKill => " fok",
        })?;
        f.write_str(if post_only { " post-only" } else { "" })?;
        f.write_str(match self_trade {
            SelfTradePrevention::CancelTaker => "",
            SelfTradePrevention::CancelMaker => " cancel-maker",
            SelfTradePrevention::CancelBoth => " cancel-both",
            SelfTradePrevention::Decrement => " decrement",
        })?;
        match terms {
            Terms::Plain => Ok(()),
            Terms::Iceberg { display } => write!(f, " show {}", display.lots()),
            Terms::Stop(stop) => fmt_stop(&stop, side, f),
        }
    }
}

fn fmt_stop(stop: &StopTerms, side: Side, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let is_loss = |crossing: Crossing| StopKind::StopLoss.crossing(side) == crossing;
    let by = match *stop {
        StopTerms::Fixed {
            trigger,
            crossing,
            by,
        } => {
            let kind = if is_loss(crossing) { "stop" } else { "profit" };
            write!(f, " {kind} {}", trigger.ticks())?;
            by
        }
        StopTerms::Trailing {
            anchor,
            distance,
            collar,
            by,
        } => {
            let unit = if distance.is_in_basis_points() {
                "bp"
            } else {
                ""
            };
            let (number, anchor) = (distance.number(), anchor.ticks());
            write!(f, " trail {number}{unit} from {anchor} band {collar}")?;
            by
        }
        StopTerms::Oco {
            trigger,
            limit,
            market,
            by,
        } => {
            let then = if market { "market" } else { "then" };
            let [trigger, limit] = [trigger, limit].map(Price::ticks);
            write!(f, " oco {trigger} {then} {limit}")?;
            by
        }
    };
    f.write_str(match by {
        TriggerBy::Last => "",
        TriggerBy::Mark => " by-mark",
    })
}

impl fmt::Debug for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
