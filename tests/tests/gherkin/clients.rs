//! Cases of clients with balances: orders are placed, moved and cancelled, or refused for want
//! of funds. Sizes are lots of 100,000 base units; a tick on a lot is ten quote units.

use engine::domain::{Side, TimeInForce};
use engine::reject::Reject;
use engine::report::{Answer, OrderStatus};

use super::market::{Ask, Market, Scale};
use super::reader::{Case, Step};

/// What a case asks for that our rules do otherwise: the case, the first step of it that is not
/// run, and the rule.
pub(crate) const DIFFERENT: &[(&str, &str, &str)] = &[
    (
        "basic full cycle test [EUR_USD]",
        "A client Alice places an ASK order 101",
        "L-6: a sell holds what it sells; the case sells EUR on margin without having any",
    ),
    (
        "move orders UP and DOWN",
        "A client Bob could not place an BID order 203 at 18000@500",
        "L-5, L-12: a buy holds at its limit and an amend holds the difference; the case holds \
         at a separate reserve price, above which no move is allowed",
    ),
];

/// Runs the case, up to where our rules differ; then says how.
pub(crate) fn run(case: &Case) -> Result<Option<String>, String> {
    let mut market = Market::new(
        ["ETH", "XBT"],
        Scale {
            lot: 100_000,
            tick_lot: 10,
            reference: 40_000,
        },
    );
    let different = DIFFERENT.iter().find(|(name, _, _)| *name == case.name);
    for (index, step) in case.steps.iter().enumerate() {
        if let Some((name, first, rule)) = different
            && step.text.starts_with(first)
        {
            let all = case.steps.len();
            return Ok(Some(format!(
                "{name}: {index} of {all} steps are run; {rule}"
            )));
        }
        check(&mut market, step).map_err(|what| format!("{}: {what}", step.text))?;
    }
    match different {
        Some((name, first, _)) => Err(format!("{name} has no step `{first}`")),
        None => market.verify().map(|()| None),
    }
}

fn check(market: &mut Market, step: &Step) -> Result<(), String> {
    let words: Vec<&str> = step.text.split_whitespace().collect();
    match words[..] {
        ["New", "client", user, "has", "a", "balance:"] => {
            for row in &step.table {
                market.deposit(user, &row[0], number(&row[1]));
            }
            Ok(())
        }
        [
            units,
            asset,
            "is",
            "added",
            "to",
            "the",
            "balance",
            "of",
            "a",
            "client",
            user,
        ] => {
            market.deposit(user, asset, number(units));
            Ok(())
        }
        [
            "A",
            "client",
            user,
            "places",
            "an",
            side,
            "order",
            id,
            "at",
            at,
            "(type:",
            kind,
            ..,
        ] => {
            let answer = place(market, (user, id), side, at, kind);
            expect(answer, |it| matches!(it, Answer::Placed { .. }))
        }
        [
            "A",
            "client",
            user,
            "could",
            "not",
            "place",
            "an",
            side,
            "order",
            id,
            "at",
            at,
            _,
            kind,
            ..,
            "RISK_NSF",
        ] => {
            let answer = place(market, (user, id), side, at, kind);
            expect(answer, |it| {
                *it == Answer::Rejected(Reject::InsufficientBalance)
            })
        }
        [
            "A",
            "client",
            user,
            "moves",
            "a",
            "price",
            "to",
            price,
            "of",
            "the",
            "order",
            id,
        ] => {
            market.begin_action();
            let answer = market.amend_price(user, id, number(price));
            expect(answer, |it| matches!(it, Answer::Amended { .. }))
        }
        [
            "A",
            "client",
            user,
            "cancels",
            "the",
            "remaining",
            "size",
            _,
            "of",
            "the",
            "order",
            id,
        ] => {
            market.begin_action();
            let answer = market.cancel(user, id);
            expect(answer, |it| matches!(it, Answer::Cancelled { .. }))
        }
        [
            "The",
            "order",
            id,
            "is",
            how,
            "matched.",
            "LastPx:",
            price,
            "LastQty:",
            lots,
            ..,
        ] => check_fill(market, id, how, (number(price), number(lots))),
        ["No", "trade", "events"] => same(&market.trades(), &Vec::new()),
        ["An", _, "order", "book", "is:"] => check_levels(market, step),
        ["A", "balance", "of", "a", "client", user]
        | ["A", "balance", "of", "a", "client", user, ..] => {
            let user = user.trim_end_matches(':');
            step.table
                .iter()
                .try_for_each(|row| same(&market.available(user, &row[0]), &Some(number(&row[1]))))
        }
        ["A", "client", user, "orders:"] => check_orders(market, user, step),
        [
            "A",
            "client",
            user,
            "does",
            "not",
            "have",
            "active",
            "orders",
        ] => same(&market.open_orders(user).len(), &0),
        _ => Err("no such step".to_owned()),
    }
}

fn place(
    market: &mut Market,
    (user, name): (&str, &str),
    side: &str,
    at: &str,
    kind: &str,
) -> Answer {
    market.begin_action();
    let (price, quantity) = at.split_once('@').unwrap();
    market.place(&Ask {
        user,
        name,
        side: side_of(side),
        quantity: number(quantity),
        limit: Some(number(price)),
        time_in_force: match kind {
            "IOC," => TimeInForce::ImmediateOrCancel,
            _ => TimeInForce::GoodTillCancelled,
        },
    })
}

fn check_fill(market: &Market, id: &str, how: &str, last: (u64, u64)) -> Result<(), String> {
    let change = market.last_fill_of(id).ok_or("it was not filled")?;
    let status = match how {
        "fully" => OrderStatus::Filled,
        _ => OrderStatus::PartiallyFilled,
    };
    let fill = change.fill.ok_or("it was not filled")?;
    let seen = (u64::from(fill.price.ticks()), fill.quantity.lots());
    same(&(change.status, seen), &(status, last))
}

fn check_levels(market: &Market, step: &Step) -> Result<(), String> {
    let rows = step.table.iter().filter(|row| row[1] != "price");
    let (mut bids, mut asks) = (Vec::new(), Vec::new());
    for row in rows {
        let ticks = number(&row[1]);
        match (row[0].as_str(), row[2].as_str()) {
            ("", ask) => asks.insert(0, (ticks, number(ask))),
            (bid, _) => bids.push((ticks, number(bid))),
        }
    }
    same(&market.levels(Side::Buy), &bids)?;
    same(&market.levels(Side::Sell), &asks)
}

/// Without the reserve price, which we do not have.
fn check_orders(market: &mut Market, user: &str, step: &Step) -> Result<(), String> {
    let open = market.open_orders(user);
    let seen: Vec<_> = open
        .iter()
        .map(|it| {
            let order = &it.order;
            let name = order.client_order_id.map(|name| name.as_str().to_owned());
            let figures = (u64::from(order.price.ticks()), order.quantity.lots());
            (name, figures, it.filled.lots(), order.side)
        })
        .collect();
    let rows = step.table.get(1..).unwrap_or_default();
    let expected = rows.iter().map(|row| {
        let figures = (number(&row[1]), number(&row[2]));
        let side = side_of(row.last().unwrap());
        (Some(row[0].clone()), figures, number(&row[3]), side)
    });
    same(&seen, &expected.collect())
}

fn side_of(name: &str) -> Side {
    match name {
        "BID" => Side::Buy,
        _ => Side::Sell,
    }
}

fn number(text: &str) -> u64 {
    text.trim_end_matches(',').parse().unwrap()
}

fn expect(answer: Answer, is_right: impl Fn(&Answer) -> bool) -> Result<(), String> {
    if is_right(&answer) {
        return Ok(());
    }
    Err(format!("answered {answer:?}"))
}

fn same<T: PartialEq + std::fmt::Debug>(seen: &T, expected: &T) -> Result<(), String> {
    if seen == expected {
        return Ok(());
    }
    Err(format!("there is {seen:?}, expected {expected:?}"))
}
