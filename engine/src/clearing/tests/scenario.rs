//! A text of requests, one a line, applied to an exchange of one pair, and what it said.
//!
//! `transfer KEY NAME|pool|insurance in|out base|quote N` · `limits NAME N N N` ·
//! `revoke token N [until=MS]` · `revoke user NAME [up-to=MS]` · `lift NAME` · `keyed N` before `open`,
//! `limits`, `halt`, `resume`, `revoke` or `lift` · `open NAME` · `deposit|withdraw NAME base|quote N` · `halt` · `resume` · `at MS` ·
//! `NAME buy|sell N @ PRICE|market [ioc|fok|post|maker|both|decrement] [id=X]` ·
//! `NAME amend #N|X [price=P] [amount=N]` · `NAME cancel #N|X` · `NAME cancel-all [buy|sell]` ·
//! `balances` · `hold` (from here on events wait) · `settle`

use std::fmt::Write;

use expect_test::Expect;

use crate::Sink;
use crate::book::BookConfig;
use crate::clearing::{Clearing, Decision, ExchangeConfig};
use crate::command::{Command, OrderCommand};
use crate::domain::*;
use crate::event::Event;
use crate::matching::Matcher;
use crate::report::{Answer, OrderChange, Report, ReportKind};
use crate::request::{Correlation, OrderRef, PlaceRequest, Request, RequestKind};

const BASE: AssetId = AssetId(0);
const QUOTE: AssetId = AssetId(1);

/// One pair: a lot is one unit of base, a tick times a lot one of quote; maker 10, taker 20
/// basis points unless `fees` says otherwise; band 50%, reference 100, 1 to 1,000 lots, 10 of
/// notional, 3 open orders a user.
pub(crate) fn pair(maker: u16, taker: u16) -> Pair {
    Pair::new(PairSpec {
        id: PairId(0),
        base: BASE,
        quote: QUOTE,
        base_units_per_lot: 1,
        quote_units_per_tick_lot: 1,
        limits: PairLimits {
            min_quantity: Quantity::new(1).unwrap(),
            max_quantity: Quantity::new(1_000).unwrap(),
            min_notional: Amount::new(10).unwrap(),
            price_band: 5_000,
            max_open_orders: 3,
        },
        maker_fee: BasisPoints::new(maker).unwrap(),
        taker_fee: BasisPoints::new(taker).unwrap(),
        reference_price: Price::new(100).unwrap(),
    })
    .unwrap()
}

/// Runs `text` and compares what was said, line by line under each request, with `expected`.
pub(crate) fn check(text: &str, expected: Expect) {
    check_pair(pair(10, 20), text, &expected);
}

/// The same with a circuit breaker, without fees: a band of 10%, a halt of a minute.
pub(crate) fn check_breaker(text: &str, expected: Expect) {
    let breaker = CircuitBreaker {
        band: 1_000,
        halt_ms: 60_000,
    };
    check_pair(pair(0, 0).with_breaker(breaker).unwrap(), text, &expected);
}

fn check_pair(pair: Pair, text: &str, expected: &Expect) {
    let mut config = ExchangeConfig::new(2, vec![pair]);
    config.retention_ms = 1_000;
    config.max_orders_per_pair = 5;
    config.max_accounts = 3;
    config.max_transfers = 3;
    config.max_revocations = 3;
    let clearing = Clearing::new(config).unwrap();
    let mut run = Run {
        matcher: Matcher::new(BookConfig::default())
            .limited(clearing.price_limits(PairId(0)).unwrap()),
        clearing,
        waiting: Vec::new(),
        holding: false,
        now: Timestamp(0),
        correlation: 0,
        said: String::new(),
    };
    for line in text.split(['\n', ';']).map(str::trim) {
        if !line.is_empty() && !line.starts_with("//") {
            run.line(line);
        }
    }
    expected.assert_eq(&run.said);
}

struct Run {
    clearing: Clearing,
    matcher: Matcher,
    /// What the matcher was told and has not done.
    waiting: Vec<OrderCommand>,
    holding: bool,
    now: Timestamp,
    correlation: u64,
    said: String,
}

impl Run {
    fn line(&mut self, line: &str) {
        writeln!(self.said, "> {line}").unwrap();
        let words: Vec<&str> = line.split_whitespace().collect();
        match *words.as_slice() {
            ["at", ms] => self.now = Timestamp(ms.parse().unwrap()),
            ["hold"] => self.holding = true,
            ["settle"] => {
                self.holding = false;
                self.settle();
            }
            ["balances"] => self.balances(),
            ["tick"] => self.tick(),
            _ => {
                let kind = self.request(&words);
                self.ask(kind);
            }
        }
        self.clearing.verify().unwrap();
    }

    fn request(&self, words: &[&str]) -> RequestKind {
        match *words {
            ["open", name] => RequestKind::OpenAccount {
                name: UserName::new(name).unwrap(),
            },
            ["deposit", name, asset, amount] => RequestKind::Deposit {
                account: self.account(name),
                asset: asset_of(asset),
                amount: Amount::new(amount.parse().unwrap()).unwrap(),
            },
            ["withdraw", name, asset, amount] => RequestKind::Withdraw {
                account: self.account(name),
                asset: asset_of(asset),
                amount: Amount::new(amount.parse().unwrap()).unwrap(),
            },
            ["transfer", key, who, way, asset, amount] => RequestKind::Transfer {
                key: IdempotencyKey(key.parse().unwrap()),
                transfer: Transfer {
                    party: match who {
                        "pool" => Party::Reserve(Reserve::LendingPool),
                        "insurance" => Party::Reserve(Reserve::InsuranceFund),
                        name => Party::Account(self.account(name)),
                    },
                    asset: asset_of(asset),
                    change: match way {
                        "in" => Movement::In(Amount::new(amount.parse().unwrap()).unwrap()),
                        _ => Movement::Out(Amount::new(amount.parse().unwrap()).unwrap()),
                    },
                },
            },
            ["limits", name, orders, cancels, messages] => RequestKind::SetAccountLimits {
                account: self.account(name),
                limits: AccountLimits::of_numbers(
                    [orders, cancels, messages].map(|limit| limit.parse().unwrap()),
                ),
            },
            ["revoke", "token", id, ref rest @ ..] => RequestKind::Revoke(Revocation::Token {
                token: TokenId(id.parse().unwrap()),
                expires_at: value(rest, "until=").map(|ms| Timestamp(ms.parse().unwrap())),
            }),
            ["revoke", "user", name, ref rest @ ..] => RequestKind::Revoke(Revocation::User {
                user: UserName::new(name).unwrap(),
                issued_up_to: value(rest, "up-to=").map(|ms| Timestamp(ms.parse().unwrap())),
            }),
            ["lift", name] => RequestKind::Revoke(Revocation::Lift {
                user: UserName::new(name).unwrap(),
            }),
            ["keyed", key, ref asked @ ..] => RequestKind::Operate {
                key: IdempotencyKey(key.parse().unwrap()),
                operation: operation_of(self.request(asked)),
            },
            ["halt"] => RequestKind::SetTradingStatus {
                pair: PairId(0),
                status: TradingStatus::Halted,
            },
            ["resume"] => RequestKind::SetTradingStatus {
                pair: PairId(0),
                status: TradingStatus::Open,
            },
            [
                name,
                side @ ("buy" | "sell"),
                quantity,
                "@",
                price,
                ref rest @ ..,
            ] => self.place(name, side, quantity, price, rest),
            [name, "amend", order, ref rest @ ..] => RequestKind::Amend {
                account: self.account(name),
                order: order_of(order),
                price: value(rest, "price=").map(price_of),
                quantity: value(rest, "amount=").map(quantity_of),
            },
            [name, "cancel-after", ms] => RequestKind::CancelAfter {
                account: self.account(name),
                timeout_ms: ms.parse().unwrap(),
            },
            [name, "cancel", order] => RequestKind::Cancel {
                account: self.account(name),
                order: order_of(order),
            },
            [name, "cancel-all", ref rest @ ..] => RequestKind::CancelAll {
                account: self.account(name),
                pair: None,
                side: rest.first().map(|side| side_of(side)),
                disconnected: false,
            },
            _ => panic!("no such request: {words:?}"),
        }
    }

    fn place(
        &self,
        name: &str,
        side: &str,
        quantity: &str,
        price: &str,
        rest: &[&str],
    ) -> RequestKind {
        let has = |word| rest.contains(&word);
        RequestKind::Place(PlaceRequest {
            account: self.account(name),
            pair: PairId(0),
            client_order_id: value(rest, "id=").map(|id| ClientOrderId::new(id).unwrap()),
            side: side_of(side),
            limit: (price != "market").then(|| price_of(price)),
            quantity: quantity_of(quantity),
            time_in_force: match () {
                () if has("ioc") => TimeInForce::ImmediateOrCancel,
                () if has("fok") => TimeInForce::FillOrKill,
                () => TimeInForce::GoodTillCancelled,
            },
            post_only: has("post"),
            self_trade: match () {
                () if has("maker") => SelfTradePrevention::CancelMaker,
                () if has("both") => SelfTradePrevention::CancelBoth,
                () if has("decrement") => SelfTradePrevention::Decrement,
                () => SelfTradePrevention::CancelTaker,
            },
            special: special(rest),
            expires_at: value(rest, "until=").map(|ms| Timestamp(ms.parse().unwrap())),
            margin: MarginRequest::None,
        })
    }

    fn ask(&mut self, kind: RequestKind) {
        self.correlation += 1;
        let request = Request {
            correlation: Correlation(self.correlation),
            kind,
        };
        let mut decisions = Vec::new();
        self.clearing.decide(&request, self.now, &mut decisions);
        self.carry_out(decisions);
    }

    fn tick(&mut self) {
        let mut decisions = Vec::new();
        self.clearing.tick(self.now, &mut decisions);
        self.carry_out(decisions);
    }

    fn carry_out(&mut self, decisions: Vec<Decision>) {
        for decision in decisions {
            match decision {
                Decision::Report(report) => self.say(&report),
                Decision::Command(command) => {
                    if let Some((_, order)) = command.kind.order_command() {
                        self.waiting.push(order);
                    }
                }
            }
            if !self.holding {
                self.settle();
            }
        }
    }

    fn settle(&mut self) {
        let mut reports = Vec::new();
        for command in std::mem::take(&mut self.waiting) {
            let mut events: Vec<Event> = Vec::new();
            self.matcher.run(&command, &mut events);
            for event in events {
                self.clearing.settle(PairId(0), &event, &mut reports);
                self.clearing.verify().unwrap();
            }
        }
        for report in reports {
            self.say(&report);
        }
    }

    fn account(&self, name: &str) -> AccountId {
        let known = self.clearing.account(&UserName::new(name).unwrap());
        known.unwrap_or(AccountId(99))
    }

    fn name(&self, account: AccountId) -> UserName {
        self.clearing.account_name(account).unwrap()
    }

    fn balances(&mut self) {
        for (asset, called) in [(BASE, "base"), (QUOTE, "quote")] {
            for account in (0..self.clearing.accounts()).map(AccountId) {
                let name = self.name(account);
                let balance = self.clearing.balance(account, asset).unwrap();
                writeln!(
                    self.said,
                    "  {} {called} {} + {}",
                    name.as_str(),
                    balance.available.units(),
                    balance.held.units()
                )
                .unwrap();
            }
            let totals = self.clearing.totals(asset).unwrap();
            let (fees, inside) = (totals.fees.units(), totals.inside.units());
            writeln!(self.said, "  fees {called} {fees}, inside {inside}").unwrap();
        }
    }

    fn say(&mut self, report: &Report) {
        let text = match report.kind {
            ReportKind::Answer {
                correlation,
                answer,
            } => format!("{}: {}", correlation.0, answer_text(answer)),
            ReportKind::Accepted(it) => format!(
                "#{} accepted: {} {:?} {} @ {}{}",
                it.order.0,
                self.name(it.account).as_str(),
                it.side,
                it.quantity.lots(),
                it.price.ticks(),
                if it.market { ", market" } else { "" }
            ),
            ReportKind::Order(change) => order_text(&change),
            ReportKind::AccountLimits { account, limits } => {
                let name = self.name(account);
                format!("{} may {:?}", name.as_str(), limits.numbers())
            }
            ReportKind::Revoked(change) => change_text(change),
            ReportKind::Balance {
                account,
                asset,
                available,
                held,
            } => format!(
                "{} {} {} + {}",
                self.name(account).as_str(),
                if asset == BASE { "base" } else { "quote" },
                available.units(),
                held.units()
            ),
            ReportKind::Book {
                sequence,
                side,
                price,
                change,
                ..
            } => format!("book {}: {side:?} {} {change:+}", sequence.0, price.ticks()),
            ReportKind::Trade {
                sequence,
                price,
                quantity,
                taker_side,
                ..
            } => format!(
                "trade {}: {taker_side:?} {} @ {}",
                sequence.0,
                quantity.lots(),
                price.ticks()
            ),
            ReportKind::TradingStatus { status, .. } => format!("status {status:?}"),
            ReportKind::Position(_)
            | ReportKind::MarginCall(_)
            | ReportKind::MarginCallCleared { .. }
            | ReportKind::Liquidation { .. }
            | ReportKind::Deleveraged { .. }
            | ReportKind::Mark { .. }
            | ReportKind::Reserve { .. } => format!("{:?}", report.kind),
        };
        writeln!(self.said, "  {text}").unwrap();
    }
}

/// The same, under a key.
fn operation_of(kind: RequestKind) -> Operation {
    match kind {
        RequestKind::OpenAccount { name } => Operation::OpenAccount { name },
        RequestKind::SetTradingStatus { pair, status } => {
            Operation::SetTradingStatus { pair, status }
        }
        RequestKind::SetAccountLimits { account, limits } => {
            Operation::SetAccountLimits { account, limits }
        }
        RequestKind::Revoke(revocation) => Operation::Revoke(revocation),
        other => panic!("no key goes with {other:?}"),
    }
}

fn change_text(change: RevocationChange) -> String {
    match change {
        RevocationChange::Token { token, expires_at } => match expires_at {
            Some(at) => format!("token {} is revoked until {}", token.0, at.0),
            None => format!("token {} is revoked", token.0),
        },
        RevocationChange::User { user, issued_up_to } => {
            format!("{} is revoked up to {}", user.as_str(), issued_up_to.0)
        }
        RevocationChange::Lifted { user } => format!("{} is not revoked", user.as_str()),
    }
}

/// What else is asked of an order: `stop=90`, `profit=110`, `trail=5`, `trail=150bp`, `oco=90` with
/// or without `oco-limit=88`, `display=3`; `mark` for the mark price.
fn special(words: &[&str]) -> Special {
    let by = if words.contains(&"mark") {
        TriggerBy::Mark
    } else {
        TriggerBy::Last
    };
    let stop = |kind, trigger| Special::Stop { kind, trigger, by };
    if let Some(trigger) = value(words, "stop=") {
        return stop(StopKind::StopLoss, price_of(trigger));
    }
    if let Some(trigger) = value(words, "profit=") {
        return stop(StopKind::TakeProfit, price_of(trigger));
    }
    if let Some(distance) = value(words, "trail=") {
        let distance = match distance.strip_suffix("bp") {
            Some(points) => TrailingDistance::basis_points(points.parse().unwrap()),
            None => TrailingDistance::ticks(distance.parse().unwrap()),
        };
        let distance = distance.unwrap();
        return Special::Trailing { distance, by };
    }
    if let Some(trigger) = value(words, "oco=") {
        let limit = value(words, "oco-limit=").map(price_of);
        let trigger = price_of(trigger);
        return Special::Oco { trigger, limit, by };
    }
    match value(words, "display=") {
        Some(display) => Special::Iceberg {
            display: quantity_of(display),
        },
        None => Special::None,
    }
}

fn answer_text(answer: Answer) -> String {
    match answer {
        Answer::Transferred { at, duplicate } => {
            let again = if duplicate { ", as before" } else { "" };
            format!("transferred at {}{again}", at.0)
        }
        Answer::AccountLimitsSet => "limits set".to_owned(),
        Answer::Revoked { changed: true } => "revoked".to_owned(),
        Answer::Revoked { changed: false } => "revoked already".to_owned(),
        Answer::Repeated { at } => format!("done at {}, as before", at.0),
        Answer::Account { account, .. } => format!("account {}", account.0),
        Answer::Booked { available, held } => {
            format!("booked {} + {}", available.units(), held.units())
        }
        Answer::TradingStatusSet => "status set".to_owned(),
        Answer::Placed { order, duplicate } => {
            let again = if duplicate { " again" } else { "" };
            format!("placed #{}{again}", order.0)
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
        Answer::CancelAfterSet { deadline } => match deadline {
            Some(at) => format!("cancels all at {}", at.0),
            None => "cancels all never".to_owned(),
        },
        Answer::AllCancelled { count } => format!("cancelled {count}"),
        Answer::AlreadyFilled {
            order,
            filled,
            notional,
            ..
        } => format!(
            "already filled #{}: {} for {}",
            order.0,
            filled.lots(),
            notional.units()
        ),
        Answer::Rejected(reject) => format!("rejected {reject:?}"),
        Answer::MarginAdjusted {
            position,
            collateral,
        } => format!("margin of {} is {}", position.0, collateral.units()),
        Answer::ReserveBooked { free } => format!("reserve is {}", free.units()),
        Answer::IndexSet => "index set".to_owned(),
    }
}

fn order_text(change: &OrderChange) -> String {
    let mut text = format!(
        "#{} {:?} {}/{} @ {}, {} left",
        change.order.0,
        change.status,
        change.filled.lots(),
        change.quantity.lots(),
        change.price.ticks(),
        change.leaves.lots()
    );
    if let Some(fill) = change.fill {
        let (lots, price, fee) = (fill.quantity.lots(), fill.price.ticks(), fill.fee.units());
        write!(text, ", {:?} {lots} @ {price} fee {fee}", fill.liquidity).unwrap();
    }
    if let Some(reason) = change.reason {
        write!(text, ", {reason:?}").unwrap();
    }
    text
}

fn value<'a>(words: &[&'a str], key: &str) -> Option<&'a str> {
    words.iter().find_map(|word| word.strip_prefix(key))
}

fn order_of(text: &str) -> OrderRef {
    match text.strip_prefix('#') {
        Some(id) => OrderRef::Id(OrderId(id.parse().unwrap())),
        None => OrderRef::Client(ClientOrderId::new(text).unwrap()),
    }
}

fn price_of(text: &str) -> Price {
    Price::new(text.parse().unwrap()).unwrap()
}

fn quantity_of(text: &str) -> Quantity {
    Quantity::new(text.parse().unwrap()).unwrap()
}

fn side_of(text: &str) -> Side {
    if text == "buy" { Side::Buy } else { Side::Sell }
}

fn asset_of(text: &str) -> AssetId {
    if text == "base" { BASE } else { QUOTE }
}

/// The commands that were decided, as the journal would have them.
#[derive(Default)]
pub(crate) struct Log(pub(crate) Vec<Command>);

impl Sink<Decision> for Log {
    fn push(&mut self, decision: Decision) {
        if let Decision::Command(command) = decision {
            self.0.push(command);
        }
    }
}
