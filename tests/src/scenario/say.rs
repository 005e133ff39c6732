use std::fmt::Write as _;

use engine::domain::{AccountId, AssetId, OrderId, PairId, Price, RevocationChange, Side};
use engine::exchange::Exchange;
use engine::report::{
    Answer, LiquidationStage, Liquidity, OrderChange, OrderReason, OrderStatus, PositionChange,
    PositionView, Report, ReportKind,
};

use super::margin::{Fund, Position};
use crate::world::World;

/// One report as a line.
pub(super) fn say(world: &World, report: &Report) -> String {
    match report.kind {
        ReportKind::Answer { answer, .. } => format!("-> {}", say_answer(world, &answer)),
        ReportKind::Accepted(order) => {
            let (who, what) = (world.user(order.account), order.order.0);
            format!("{who} #{what} accepted")
        }
        ReportKind::Order(change) => say_change(world, &change),
        ReportKind::AccountLimits { account, limits } => {
            let [orders, cancels, messages] = limits.numbers();
            let who = world.user(account);
            format!("{who} is limited to {orders} {cancels} {messages}")
        }
        ReportKind::Revoked(change) => say_revoked(change),
        ReportKind::Balance {
            account,
            asset,
            available,
            held,
        } => {
            let (who, what) = (world.user(account), world.asset(asset));
            format!("{who} has {} + {} {what}", available.units(), held.units())
        }
        ReportKind::Book {
            pair,
            sequence,
            side,
            price,
            change,
        } => {
            let side = side_name(side);
            let pair = other_pair(world, pair);
            format!(
                "book {}: {side} {} {change:+}{pair}",
                sequence.0,
                price.ticks()
            )
        }
        ReportKind::Trade {
            pair,
            sequence,
            price,
            quantity,
            taker_side,
        } => {
            let (side, pair) = (side_name(taker_side), other_pair(world, pair));
            let (quantity, price) = (quantity.lots(), price.ticks());
            format!("trade {}: {side} {quantity} @ {price}{pair}", sequence.0)
        }
        ReportKind::TradingStatus {
            pair,
            status,
            reopens_at,
        } => {
            let status = words(&format!("{status:?}"));
            let until = reopens_at.map_or(String::new(), |at| format!(" until {}", at.0));
            format!("{} is {status}{until}", world.pair(pair))
        }
        ReportKind::Position(_)
        | ReportKind::MarginCall(_)
        | ReportKind::MarginCallCleared { .. }
        | ReportKind::Liquidation { .. }
        | ReportKind::Deleveraged { .. }
        | ReportKind::Mark { .. }
        | ReportKind::Reserve { .. } => say_margin(world, &report.kind),
    }
}

fn say_answer(world: &World, answer: &Answer) -> String {
    match *answer {
        Answer::Account { account, name } => format!("{} is account {}", name.as_str(), account.0),
        Answer::Booked { available, held } => {
            format!("booked, {} + {}", available.units(), held.units())
        }
        Answer::TradingStatusSet => "done".to_owned(),
        Answer::Placed { order, duplicate } => {
            format!(
                "placed #{}{}",
                order.0,
                if duplicate { " before" } else { "" }
            )
        }
        Answer::Amended {
            order,
            price,
            quantity,
            leaves,
        } => format!(
            "amended #{} to {} @ {}, {} left",
            order.0,
            quantity.lots(),
            price.ticks(),
            leaves.lots()
        ),
        Answer::Cancelled { order, filled } => {
            format!("cancelled #{}, {} filled", order.0, filled.lots())
        }
        Answer::CancelAfterSet { deadline: None } => "no deadline".to_owned(),
        Answer::CancelAfterSet {
            deadline: Some(deadline),
        } => format!("all cancelled at {}", deadline.0),
        Answer::AllCancelled { count } => format!("{count} cancelled"),
        Answer::AlreadyFilled {
            order,
            pair,
            filled,
            notional,
        } => format!(
            "#{} is filled: {} for {} in {}",
            order.0,
            filled.lots(),
            notional.units(),
            world.pair(pair)
        ),
        Answer::MarginAdjusted {
            position,
            collateral,
        } => format!("{} has {}", Position(position), collateral.units()),
        Answer::ReserveBooked { free } => format!("booked, {} free", free.units()),
        Answer::IndexSet | Answer::AccountLimitsSet | Answer::Revoked { changed: true } => {
            "done".to_owned()
        }
        Answer::Revoked { changed: false } => "done before".to_owned(),
        Answer::Repeated { at } => format!("done at {}, as before", at.0),
        Answer::Transferred { at, duplicate } => {
            let again = if duplicate { ", as before" } else { "" };
            format!("transferred at {}{again}", at.0)
        }
        Answer::Rejected(reason) => format!("refused: {}", words(&format!("{reason:?}"))),
    }
}

fn say_revoked(change: RevocationChange) -> String {
    match change {
        RevocationChange::Token { token, expires_at } => {
            let until = expires_at.map_or(String::new(), |at| format!(" until {}", at.0));
            format!("token {} is revoked{until}", token.0)
        }
        RevocationChange::User { user, issued_up_to } => {
            format!("{} is revoked up to {}", user.as_str(), issued_up_to.0)
        }
        RevocationChange::Lifted { user } => format!("{} is not revoked", user.as_str()),
    }
}

fn say_change(world: &World, change: &OrderChange) -> String {
    let mut line = format!(
        "{} #{} {}, {} of {} @ {}",
        world.user(change.account),
        change.order.0,
        status_name(change.status),
        change.filled.lots(),
        change.quantity.lots(),
        change.price.ticks()
    );
    if let Some(fill) = change.fill {
        let role = match fill.liquidity {
            Liquidity::Maker => "maker",
            Liquidity::Taker => "taker",
        };
        let (quantity, price, fee) = (fill.quantity.lots(), fill.price.ticks(), fill.fee.units());
        let _ = write!(line, ": {quantity} @ {price} as {role}, fee {fee}");
    }
    if let Some(reason) = change.reason {
        let _ = write!(line, " ({})", reason_name(reason));
    }
    line
}

/// What is said of positions, of the mark price and of the platform's funds.
fn say_margin(world: &World, kind: &ReportKind) -> String {
    match *kind {
        ReportKind::Position(change) => say_position(world, &change),
        ReportKind::MarginCall(call) => {
            let (who, position) = (world.user(call.position.account), call.position.position);
            let severity = words(&format!("{:?}", call.severity));
            format!(
                "{who} is called: {} is {severity} at {}, until {}",
                Position(position),
                call.mark.ticks(),
                call.deadline.0
            )
        }
        ReportKind::MarginCallCleared { account, position } => {
            format!(
                "{} is called no more for {}",
                world.user(account),
                Position(position)
            )
        }
        ReportKind::Liquidation {
            account,
            position,
            stage,
        } => {
            let stage = match stage {
                LiquidationStage::Began(cause) => {
                    format!("began for {}", words(&format!("{cause:?}")))
                }
                stage => words(&format!("{stage:?}")),
            };
            let (who, position) = (world.user(account), Position(position));
            format!("{who} liquidation of {position}: {stage}")
        }
        ReportKind::Deleveraged {
            account,
            position,
            quantity,
            notional,
        } => format!(
            "{} is deleveraged: {} by {} for {}",
            world.user(account),
            Position(position),
            quantity.lots(),
            notional.units()
        ),
        ReportKind::Mark { pair, mark } => {
            let mark = mark.map_or("lost".to_owned(), |mark| mark.ticks().to_string());
            format!("mark {mark}{}", other_pair(world, pair))
        }
        ReportKind::Reserve {
            reserve,
            asset,
            free,
        } => format!(
            "{} has {} {}",
            Fund(reserve),
            free.units(),
            world.asset(asset)
        ),
        ReportKind::Answer { .. }
        | ReportKind::Accepted(_)
        | ReportKind::Order(_)
        | ReportKind::Balance { .. }
        | ReportKind::Book { .. }
        | ReportKind::Trade { .. }
        | ReportKind::TradingStatus { .. }
        | ReportKind::AccountLimits { .. }
        | ReportKind::Revoked(_) => unreachable!("invariant: it is about margin"),
    }
}

fn say_position(world: &World, change: &PositionChange) -> String {
    let PositionView {
        account,
        position,
        size,
        cost,
        collateral,
        interest,
        liquidating,
        ..
    } = change.position;
    let mut line = format!(
        "{} {} {}: {} lots for {} with {}",
        world.user(account),
        Position(position),
        words(&format!("{:?}", change.reason)),
        size.lots(),
        cost.units(),
        collateral.units()
    );
    if interest.units() > 0 {
        let _ = write!(line, ", owes {}", interest.units());
    }
    if change.realised != 0 {
        let _ = write!(line, ", realised {:+}", change.realised);
    }
    if liquidating {
        line.push_str(", liquidating");
    }
    line
}

/// The books, first to trade first, and the balances, without what is nothing.
pub(super) fn say_state(world: &World, exchange: &Exchange) -> String {
    let mut text = String::new();
    for pair in &world.config.pairs {
        let Some(matcher) = exchange.matcher(pair.id()) else {
            continue;
        };
        let line = |side: Side, at: Price| {
            let queue = matcher.queue(side, at).map(|it| {
                let hidden = matcher.hidden(it.key).lots();
                let id = order_id(exchange, pair.id(), &it, hidden);
                let shown = it.leaves.lots();
                let hidden = match hidden {
                    0 => String::new(),
                    hidden => format!(" + {hidden} hidden"),
                };
                format!("{} #{id} {shown}{hidden}", world.user(it.account))
            });
            let queue: Vec<_> = queue.collect();
            format!(
                "  {:<4} {}: {}\n",
                side_name(side),
                at.ticks(),
                queue.join(", ")
            )
        };
        let asks: Vec<_> = matcher.depth(Side::Sell).map(|it| it.price).collect();
        let bids: Vec<_> = matcher.depth(Side::Buy).map(|it| it.price).collect();
        if asks.is_empty() && bids.is_empty() {
            continue;
        }
        let _ = writeln!(text, "{}:", world.pair(pair.id()));
        text.extend(asks.iter().rev().map(|at| line(Side::Sell, *at)));
        text.extend(bids.iter().map(|at| line(Side::Buy, *at)));
    }
    let clearing = exchange.clearing();
    for order in (0..clearing.accounts()).flat_map(|it| clearing.open_orders(AccountId(it))) {
        if order.status == OrderStatus::Pending {
            let (id, lots) = (order.order.order.0, order.leaves.lots());
            let (side, price) = (side_name(order.order.side), order.order.price.ticks());
            let who = world.user(order.order.account);
            let _ = writeln!(text, "waits: {who} #{id} {side} {lots} @ {price}");
        }
    }
    for account in (0..clearing.accounts()).map(AccountId) {
        let mut parts = Vec::new();
        for asset in (0..world.config.assets).map(AssetId) {
            let balance = clearing.balance(account, asset).unwrap_or_default();
            let (available, held) = (balance.available.units(), balance.held.units());
            if available + held > 0 {
                parts.push(format!("{available} + {held} {}", world.asset(asset)));
            }
        }
        if !parts.is_empty() {
            let _ = writeln!(text, "{}: {}", world.user(account), parts.join(", "));
        }
    }
    for asset in (0..world.config.assets).map(AssetId) {
        let fees = clearing.totals(asset).unwrap_or_default().fees.units();
        if fees > 0 {
            let _ = writeln!(text, "fees: {fees} {}", world.asset(asset));
        }
    }
    text
}

/// The public number of a resting order: its owner's open order at its side, price and place.
fn order_id(
    exchange: &Exchange,
    pair: PairId,
    resting: &engine::book::OrderView,
    hidden: u64,
) -> u64 {
    let open = exchange.clearing().open_orders(resting.account);
    let same = |it: &&engine::clearing::OrderView| {
        let order = &it.order;
        let leaves = resting.leaves.lots() + hidden;
        let place = (order.pair, order.side, order.price, it.leaves.lots());
        place == (pair, resting.side, resting.price, leaves) && it.status != OrderStatus::Pending
    };
    let found: Vec<OrderId> = open.iter().filter(same).map(|it| it.order.order).collect();
    found.first().map_or(0, |id| id.0)
}

fn other_pair(world: &World, pair: PairId) -> String {
    if pair == PairId(0) {
        return String::new();
    }
    format!(" in {}", world.pair(pair))
}

fn side_name(side: Side) -> &'static str {
    match side {
        Side::Buy => "buy",
        Side::Sell => "sell",
    }
}

fn status_name(status: OrderStatus) -> &'static str {
    match status {
        OrderStatus::Pending => "pending",
        OrderStatus::Open => "open",
        OrderStatus::PartiallyFilled => "partially filled",
        OrderStatus::Filled => "filled",
        OrderStatus::Cancelled => "cancelled",
        OrderStatus::Expired => "expired",
    }
}

fn reason_name(reason: OrderReason) -> String {
    words(&format!("{reason:?}"))
}

/// `PriceOutsideBand` as `price outside band`.
fn words(name: &str) -> String {
    let mut words = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.extend(letter.to_lowercase());
    }
    words
}
