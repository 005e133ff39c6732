//! How a scenario is read, and what happened is written.

use std::fmt::Write as _;

use crate::command::{
    CancelOrder, OrderCommand, PlaceOrder, PriceLimits, ReplaceOrder, StopTerms, Terms,
};
use crate::domain::{
    AccountId, OrderKey, Price, Quantity, SelfTradePrevention, Side, StopKind, TimeInForce,
    TradingStatus, TrailingDistance, TriggerBy,
};
use crate::event::{CancelReason, Event};
use crate::matching::{Matcher, TriggerView};

fn key(text: &str) -> OrderKey {
    let (slot, generation) = text.split_once('.').unwrap_or((text, "0"));
    OrderKey {
        slot: slot.parse().unwrap(),
        generation: generation.parse().unwrap(),
    }
}

fn price(text: &str) -> Price {
    Price::new(text.parse().unwrap()).unwrap()
}

pub(super) fn command(line: &str) -> OrderCommand {
    let words: Vec<&str> = line.split_whitespace().collect();
    match words[..] {
        ["cancel", order] => OrderCommand::Cancel(CancelOrder {
            key: key(order),
            reason: CancelReason::Requested,
        }),
        ["replace", order, "@", at, change, ref options @ ..] => {
            OrderCommand::Replace(ReplaceOrder {
                key: key(order),
                price: price(at),
                quantity_change: change.parse().unwrap(),
                linked: options.contains(&"linked"),
            })
        }
        ["limits", low, high] => OrderCommand::SetPriceLimits(PriceLimits {
            low: price(low),
            high: price(high),
        }),
        ["pass"] => OrderCommand::Pass,
        ["status", "open"] => OrderCommand::SetTradingStatus(TradingStatus::Open),
        ["status", "halted"] => OrderCommand::SetTradingStatus(TradingStatus::Halted),
        [order, owner, side, quantity, "@", at, ref options @ ..] => {
            let has = |option: &str| options.contains(&option);
            let pick = |names: [&str; 3]| names.iter().position(|name| has(name));
            let side = if side == "buy" { Side::Buy } else { Side::Sell };
            let order = PlaceOrder {
                key: key(order),
                account: AccountId(u32::from(owner.as_bytes()[0])),
                side,
                price: price(at),
                quantity: Quantity::new(quantity.parse().unwrap()).unwrap(),
                time_in_force: if has("ioc") {
                    TimeInForce::ImmediateOrCancel
                } else if has("fok") {
                    TimeInForce::FillOrKill
                } else {
                    TimeInForce::GoodTillCancelled
                },
                post_only: has("post-only"),
                self_trade: match pick(["cancel-maker", "cancel-both", "decrement"]) {
                    Some(0) => SelfTradePrevention::CancelMaker,
                    Some(1) => SelfTradePrevention::CancelBoth,
                    Some(_) => SelfTradePrevention::Decrement,
                    None => SelfTradePrevention::CancelTaker,
                },
            };
            OrderCommand::place(order, terms(side, options))
        }
        _ => panic!("not a scenario line: {line}"),
    }
}

fn terms(side: Side, options: &[&str]) -> Terms {
    let after = |name: &str| {
        let at = options.iter().position(|option| *option == name)?;
        options.get(at + 1).copied()
    };
    let by = if options.contains(&"by-mark") {
        TriggerBy::Mark
    } else {
        TriggerBy::Last
    };
    let fixed = |trigger: &str, kind: StopKind| StopTerms::Fixed {
        trigger: price(trigger),
        crossing: kind.crossing(side),
        by,
    };
    if let Some(shown) = after("show") {
        let display = Quantity::new(shown.parse().unwrap()).unwrap();
        return Terms::Iceberg { display };
    }
    let stop = if let Some(trigger) = after("stop") {
        fixed(trigger, StopKind::StopLoss)
    } else if let Some(trigger) = after("profit") {
        fixed(trigger, StopKind::TakeProfit)
    } else if let Some(distance) = after("trail") {
        StopTerms::Trailing {
            anchor: price(after("from").unwrap()),
            distance: match distance.strip_suffix("bp") {
                Some(points) => TrailingDistance::basis_points(points.parse().unwrap()),
                None => TrailingDistance::ticks(distance.parse().unwrap()),
            }
            .unwrap(),
            collar: after("band").unwrap().parse().unwrap(),
            by,
        }
    } else if let Some(trigger) = after("oco") {
        let limit = after("then").or(after("market")).unwrap();
        StopTerms::Oco {
            trigger: price(trigger),
            limit: price(limit),
            market: options.contains(&"market"),
            by,
        }
    } else {
        return Terms::Plain;
    };
    Terms::Stop(stop)
}

pub(super) fn describe(event: &Event) -> String {
    let name = |key: OrderKey| match key.generation {
        0 => key.slot.to_string(),
        generation => format!("{}.{generation}", key.slot),
    };
    let text = match *event {
        Event::Trade {
            maker,
            price,
            quantity,
            ..
        } => format!(
            "trade {} @ {} with {}",
            quantity.lots(),
            price.ticks(),
            name(maker)
        ),
        Event::Decremented {
            maker,
            price,
            quantity,
            ..
        } => format!(
            "decremented {} @ {} with {}",
            quantity.lots(),
            price.ticks(),
            name(maker)
        ),
        Event::Replaced {
            order,
            price,
            quantity,
            ..
        } => format!(
            "{} replaced, left {} @ {}",
            name(order),
            quantity.lots(),
            price.ticks()
        ),
        Event::Pulled {
            order,
            price,
            quantity,
            ..
        } => format!(
            "{} pulled, left {} @ {}",
            name(order),
            quantity.lots(),
            price.ticks()
        ),
        Event::Refilled {
            order,
            price,
            quantity,
            ..
        } => format!(
            "{} shows {} more @ {}",
            name(order),
            quantity.lots(),
            price.ticks()
        ),
        Event::Triggered { order, price } => {
            format!("{} set off, @ {}", name(order), price.ticks())
        }
        Event::Waiting { order, .. } => format!("{} waits", name(order)),
        Event::Amended { order, .. } => format!("{} amended", name(order)),
        Event::Withdrawn { order, reason, .. } => format!("{} withdrawn ({reason:?})", name(order)),
        Event::Tripped { price } => format!("tripped by {}", price.ticks()),
        Event::Quoted { bid, ask, last } => {
            let text =
                |price: Option<Price>| price.map_or("-".to_owned(), |it| it.ticks().to_string());
            format!("quoted {} {} {}", text(bid), text(ask), text(last))
        }
        Event::StatusSet { .. } => "status set".to_owned(),
        Event::Rested {
            order,
            side,
            price,
            quantity,
            ..
        } => format!(
            "{} rests, {side:?} {} @ {}",
            name(order),
            quantity.lots(),
            price.ticks()
        ),
        Event::Reduced {
            order, quantity, ..
        } => format!("{} reduced by {}", name(order), quantity.lots()),
        Event::Cancelled {
            order,
            price,
            quantity,
            reason,
            ..
        } => format!(
            "{} cancelled, {} @ {} ({reason:?})",
            name(order),
            quantity.lots(),
            price.ticks()
        ),
        Event::Filled { order, .. } => format!("{} filled", name(order)),
        Event::Dropped {
            order,
            quantity,
            reason,
            ..
        } => format!("{} dropped {} ({reason:?})", name(order), quantity.lots()),
        Event::Rejected { order, reason, .. } => format!("{} rejected ({reason:?})", name(order)),
    };
    match event.sequence() {
        Some(sequence) => format!("#{} {text}", sequence.0),
        None => text,
    }
}

/// Every level, highest price first, with its queue, and every stop that is watched.
pub(super) fn book(matcher: &Matcher) -> String {
    let mut output = String::new();
    let mut asks: Vec<_> = matcher.depth(Side::Sell).collect();
    asks.reverse();
    let sides = [
        (Side::Sell, asks),
        (Side::Buy, matcher.depth(Side::Buy).collect()),
    ];
    for (side, levels) in sides {
        for level in levels {
            let (price, total) = (level.price.ticks(), level.total);
            write!(output, "{side:?} {price} = {total}:").unwrap();
            for order in matcher.queue(side, level.price) {
                assert_eq!(matcher.order(order.key), Some(order));
                let owner = char::from_u32(order.account.0).unwrap();
                write!(output, " {}{owner}{}", order.key.slot, order.leaves.lots()).unwrap();
                if order.iceberg {
                    write!(output, "+{}", matcher.hidden(order.key).lots()).unwrap();
                }
            }
            output.push('\n');
        }
    }
    let stops = matcher.stops();
    if !stops.is_empty() {
        let text = stops.iter().map(|stop| match stop.trigger {
            TriggerView::Fixed(price) => format!("{} at {}", stop.key.slot, price.ticks()),
            TriggerView::Opening => format!("{} at opening", stop.key.slot),
            TriggerView::Trailing(best) => format!("{} behind {}", stop.key.slot, best.ticks()),
        });
        writeln!(output, "Stops: {}", text.collect::<Vec<_>>().join(", ")).unwrap();
    }
    if output.is_empty() {
        output.push_str("empty\n");
    }
    output
}
