//! `gateway journal --data-dir DIR`: what the journal holds, one entry a line, oldest first.
//!
//! Integers as the engine has them: prices in ticks, quantities in lots, amounts in smallest
//! units. Changes nothing.

use std::io::{BufWriter, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use clap::Args;
use engine::command::{Command, CommandKind, LiquidationCause, MarginCommand, StopTerms, Terms};
use engine::domain::{
    AccountId, AccountLimits, CommandSequence, Crossing, Funding, Movement, Operation, Party,
    Price, Revocation, SelfTradePrevention, Side, TimeInForce, TradingStatus, TriggerBy,
};
use engine::event::CancelReason;
use engine::journal::{Entry, FileLog};
use serde::Serialize;

use super::verify::open;
use crate::wire::reserve_word;

/// Arguments of `gateway journal`.
#[derive(Args, Debug)]
pub(super) struct JournalArgs {
    /// Where the journal is. No process may be using it.
    #[arg(long, value_name = "DIR")]
    data_dir: PathBuf,
    /// The first command to print; without it, the first that is there.
    #[arg(long, value_name = "N")]
    from: Option<u64>,
    /// One JSON object a line.
    #[arg(long)]
    json: bool,
}

/// One line.
#[derive(Debug, Default, Serialize)]
struct Line<'a> {
    sequence: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<u64>,
    kind: &'static str,
    #[serde(flatten)]
    fields: Fields<'a>,
}

macro_rules! fields {
    ($($name:ident: $type:ty,)+) => {
        /// What a line may say beside; each kind says some of it.
        #[derive(Debug, Default, Serialize)]
        struct Fields<'a> {
            $(#[serde(skip_serializing_if = "Option::is_none")] $name: Option<$type>,)+
        }

        impl Fields<'_> {
            /// As `name=value`, with a space before each.
            fn write(&self, out: &mut impl Write) -> std::io::Result<()> {
                $(if let Some(value) = &self.$name {
                    write!(out, concat!(" ", stringify!($name), "={}"), value)?;
                })+
                Ok(())
            }
        }
    };
}

fields! {
    account: u32,
    name: &'a str,
    asset: u16,
    amount: u64,
    pair: u16,
    status: &'static str,
    order: u64,
    client_order_id: &'a str,
    side: &'static str,
    market: bool,
    price: u32,
    quantity: u64,
    quantity_change: i64,
    hold: u64,
    time_in_force: &'static str,
    post_only: bool,
    self_trade: &'static str,
    expires_at: u64,
    stop: &'static str,
    trigger: u32,
    crossing: &'static str,
    trigger_by: &'static str,
    stop_limit: u32,
    stop_market: bool,
    anchor: u32,
    trailing_ticks: u32,
    trailing_basis_points: u32,
    collar_basis_points: u16,
    display: u64,
    linked: bool,
    funding: &'static str,
    leverage_hundredths: u16,
    floor: u32,
    position: u64,
    counterparty: u32,
    against: u64,
    notional: u64,
    hours: u32,
    reserve: &'static str,
    direction: &'static str,
    deadline: u64,
    key: String,
    digest: String,
    token: String,
    user: &'a str,
    issued_up_to: u64,
    operation: &'static str,
    order_commands_per_minute: u32,
    cancels_per_minute: u32,
    messages_per_second: u32,
    reason: &'static str,
    outcome: String,
}

/// Prints the journal.
pub(super) fn run(args: &JournalArgs, out: &mut impl Write) -> anyhow::Result<()> {
    print(
        &args.data_dir,
        CommandSequence(args.from.unwrap_or(0)),
        args.json,
        out,
    )
}

/// Prints the entries of the journal in the directory `path` from the command `from` on; from
/// the first that is there where `from` is 0.
pub(super) fn print(
    path: &Path,
    from: CommandSequence,
    json: bool,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let directory = open(path)?;
    let from = match (from, FileLog::first(&directory)?) {
        (CommandSequence(0), Some(first)) => first,
        (CommandSequence(0), None) => return Ok(()),
        (from, _) => from,
    };
    let mut out = BufWriter::new(out);
    let mut written = Ok(());
    let (_, torn) = FileLog::read(&directory, from, &mut |entry| {
        written = write_entry(&entry, json, &mut out);
        match written {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        }
    })?;
    written?;
    out.flush()?;
    if let Some(torn) = torn {
        eprintln!(
            "gateway: {} bytes at byte {} of {} are of a batch that nobody was told of",
            torn.bytes,
            torn.offset,
            torn.file.display()
        );
    }
    Ok(())
}

fn write_entry(entry: &Entry, json: bool, out: &mut impl Write) -> anyhow::Result<()> {
    let line = match entry {
        Entry::Command(command) => line(command),
        Entry::Check(check) => Line {
            sequence: check.upto.0,
            time: None,
            kind: "check",
            fields: Fields {
                outcome: Some(format!("{:016x}", check.outcome)),
                ..Fields::default()
            },
        },
    };
    if json {
        writeln!(out, "{}", simd_json::to_string(&line)?)?;
        return Ok(());
    }
    write!(out, "{}", line.sequence)?;
    if let Some(time) = line.time {
        write!(out, " {time}")?;
    }
    write!(out, " {}", line.kind)?;
    line.fields.write(out)?;
    writeln!(out)?;
    Ok(())
}

fn line(command: &Command) -> Line<'_> {
    let mut fields = Fields::default();
    let kind = match &command.kind {
        CommandKind::OpenAccount { account, name } => {
            fields.account = Some(account.0);
            fields.name = Some(name.as_str());
            "open_account"
        }
        CommandKind::Deposit {
            account,
            asset,
            amount,
        }
        | CommandKind::Withdraw {
            account,
            asset,
            amount,
        } => {
            fields.account = Some(account.0);
            fields.asset = Some(asset.0);
            fields.amount = Some(amount.units());
            match command.kind {
                CommandKind::Deposit { .. } => "deposit",
                _ => "withdraw",
            }
        }
        CommandKind::SetTradingStatus { pair, status } => {
            fields.pair = Some(pair.0);
            fields.status = Some(status_word(*status));
            "set_trading_status"
        }
        CommandKind::SetReference {
            pair, reference, ..
        } => {
            fields.pair = Some(pair.0);
            fields.price = Some(reference.ticks());
            "set_reference"
        }
        CommandKind::CancelAfter { account, deadline } => {
            fields.account = Some(account.0);
            fields.deadline = deadline.map(|at| at.0);
            "cancel_after"
        }
        CommandKind::Place { .. } => place(&command.kind, &mut fields),
        CommandKind::Replace {
            pair,
            id,
            hold,
            order,
        } => {
            fields.pair = Some(pair.0);
            fields.order = Some(id.0);
            fields.hold = Some(hold.units());
            fields.price = Some(order.price.ticks());
            fields.quantity_change = Some(order.quantity_change);
            fields.linked = order.linked.then_some(true);
            "replace"
        }
        CommandKind::Cancel { pair, id, order } => {
            fields.pair = Some(pair.0);
            fields.order = Some(id.0);
            fields.reason = Some(match order.reason {
                CancelReason::Requested => "requested",
                CancelReason::SelfTrade => "self_trade",
                CancelReason::Expired => "expired",
                CancelReason::CancelAfter => "cancel_after",
                CancelReason::Disconnected => "disconnected",
                CancelReason::Liquidation => "liquidation",
                CancelReason::AutoDeleveraging => "auto_deleveraging",
                CancelReason::Closing => "closing",
            });
            "cancel"
        }
        CommandKind::Margin { pair, margin } => {
            fields.pair = Some(pair.0);
            write_margin(margin, &mut fields)
        }
        CommandKind::FundReserve {
            reserve,
            asset,
            change,
        } => {
            fields.reserve = Some(reserve_word(*reserve));
            fields.asset = Some(asset.0);
            write_movement(*change, &mut fields);
            "fund_reserve"
        }
        CommandKind::Transfer { key, transfer } => {
            fields.key = Some(format!("{:032x}", key.0));
            match transfer.party {
                Party::Account(account) => fields.account = Some(account.0),
                Party::Reserve(reserve) => fields.reserve = Some(reserve_word(reserve)),
            }
            fields.asset = Some(transfer.asset.0);
            write_movement(transfer.change, &mut fields);
            "transfer"
        }
        CommandKind::SetAccountLimits { account, limits } => {
            write_limits(*account, *limits, &mut fields);
            "set_account_limits"
        }
        CommandKind::Revoke(revocation) => write_revocation(revocation, &mut fields),
        CommandKind::Operate { key, operation } => {
            fields.key = Some(format!("{:032x}", key.0));
            fields.operation = Some(write_operation(operation, &mut fields));
            "operate"
        }
        CommandKind::Remember { key, digest } => {
            fields.key = Some(format!("{:032x}", key.0));
            fields.digest = Some(format!("{:032x}", u128::from_be_bytes(digest.0)));
            "remember"
        }
    };
    Line {
        sequence: command.sequence.0,
        time: Some(command.time.0),
        kind,
        fields,
    }
}

fn status_word(status: TradingStatus) -> &'static str {
    match status {
        TradingStatus::Open => "open",
        TradingStatus::Halted => "halted",
        TradingStatus::CancelOnly => "cancel_only",
        TradingStatus::Closed => "closed",
    }
}

fn write_limits(account: AccountId, limits: AccountLimits, fields: &mut Fields<'_>) {
    fields.account = Some(account.0);
    let [orders, cancels, messages] = limits.numbers();
    fields.order_commands_per_minute = (orders > 0).then_some(orders);
    fields.cancels_per_minute = (cancels > 0).then_some(cancels);
    fields.messages_per_second = (messages > 0).then_some(messages);
}

fn write_revocation<'a>(revocation: &'a Revocation, fields: &mut Fields<'a>) -> &'static str {
    match revocation {
        Revocation::Token { token, expires_at } => {
            fields.token = Some(format!("{:032x}", token.0));
            fields.expires_at = expires_at.map(|at| at.0);
            "revoke_token"
        }
        Revocation::User { user, issued_up_to } => {
            fields.user = Some(user.as_str());
            fields.issued_up_to = issued_up_to.map(|at| at.0);
            "revoke_user"
        }
        Revocation::Lift { user } => {
            fields.user = Some(user.as_str());
            "lift_revocation"
        }
    }
}

fn write_operation<'a>(operation: &'a Operation, fields: &mut Fields<'a>) -> &'static str {
    match operation {
        Operation::SetTradingStatus { pair, status } => {
            fields.pair = Some(pair.0);
            fields.status = Some(status_word(*status));
            "set_trading_status"
        }
        Operation::SetAccountLimits { account, limits } => {
            write_limits(*account, *limits, fields);
            "set_account_limits"
        }
        Operation::OpenAccount { name } => {
            fields.user = Some(name.as_str());
            "open_account"
        }
        Operation::Revoke(revocation) => write_revocation(revocation, fields),
    }
}

fn place<'a>(kind: &'a CommandKind, fields: &mut Fields<'a>) -> &'static str {
    if let CommandKind::Place {
        pair,
        id,
        client_order_id,
        market,
        expires_at,
        hold,
        funding,
        order,
        terms,
    } = kind
    {
        fields.pair = Some(pair.0);
        fields.order = Some(id.0);
        fields.account = Some(order.account.0);
        fields.client_order_id = client_order_id.as_ref().map(|name| name.as_str());
        fields.market = market.then_some(true);
        fields.hold = Some(hold.units());
        write_funding(*funding, fields);
        fields.price = Some(order.price.ticks());
        fields.quantity = Some(order.quantity.lots());
        fields.post_only = order.post_only.then_some(true);
        fields.side = Some(match order.side {
            Side::Buy => "buy",
            Side::Sell => "sell",
        });
        fields.time_in_force = Some(match order.time_in_force {
            TimeInForce::GoodTillCancelled => "GTC",
            TimeInForce::ImmediateOrCancel => "IOC",
            TimeInForce::FillOrKill => "FOK",
        });
        fields.self_trade = Some(match order.self_trade {
            SelfTradePrevention::CancelTaker => "cancel_taker",
            SelfTradePrevention::CancelMaker => "cancel_maker",
            SelfTradePrevention::CancelBoth => "cancel_both",
            SelfTradePrevention::Decrement => "decrement",
        });
        fields.expires_at = expires_at.map(|at| at.0);
        match terms {
            Terms::Plain => {}
            Terms::Stop(stop) => write_stop(stop, fields),
            Terms::Iceberg { display } => fields.display = Some(display.lots()),
        }
    }
    "place"
}

fn write_funding(funding: Funding, fields: &mut Fields<'_>) {
    fields.funding = match funding {
        Funding::Spot => None,
        Funding::Margin { leverage, floor } => {
            fields.leverage_hundredths = Some(leverage.hundredths());
            fields.floor = Some(floor.ticks());
            Some("margin")
        }
        Funding::ReduceOnly => Some("reduce_only"),
        Funding::Liquidation => Some("liquidation"),
        Funding::Backstop => Some("backstop"),
    };
}

fn write_movement(change: Movement, fields: &mut Fields<'_>) {
    fields.amount = Some(change.amount().units());
    fields.direction = Some(match change {
        Movement::In(_) => "in",
        Movement::Out(_) => "out",
    });
}

/// What is done to positions, and what it is called.
fn write_margin(margin: &MarginCommand, fields: &mut Fields<'_>) -> &'static str {
    match *margin {
        MarginCommand::Adjust {
            account,
            position,
            change,
        } => {
            (fields.account, fields.position) = (Some(account.0), Some(position.0));
            write_movement(change, fields);
            "adjust_margin"
        }
        MarginCommand::BeginLiquidation {
            account,
            position,
            cause,
            mark,
        } => {
            (fields.account, fields.position) = (Some(account.0), Some(position.0));
            fields.reason = Some(match cause {
                LiquidationCause::Maintenance => "maintenance",
                LiquidationCause::Grace => "grace",
            });
            fields.price = Some(mark.ticks());
            "begin_liquidation"
        }
        MarginCommand::EndLiquidation {
            account,
            position,
            mark,
        } => {
            (fields.account, fields.position) = (Some(account.0), Some(position.0));
            fields.price = Some(mark.ticks());
            "end_liquidation"
        }
        MarginCommand::Deleverage {
            account,
            position,
            counterparty,
            against,
            quantity,
            notional,
        } => {
            (fields.account, fields.position) = (Some(account.0), Some(position.0));
            (fields.counterparty, fields.against) = (Some(counterparty.0), Some(against.0));
            fields.quantity = Some(quantity.lots());
            fields.notional = Some(notional.units());
            "deleverage"
        }
        MarginCommand::CoverDebt {
            account,
            position,
            amount,
        } => {
            (fields.account, fields.position) = (Some(account.0), Some(position.0));
            fields.amount = Some(amount.units());
            "cover_debt"
        }
        MarginCommand::AccrueInterest { hours } => {
            fields.hours = Some(hours);
            "accrue_interest"
        }
        MarginCommand::SetIndex(index) => {
            fields.price = index.map(Price::ticks);
            "set_index"
        }
    }
}

fn write_stop(terms: &StopTerms, fields: &mut Fields<'_>) {
    let trigger_by = match *terms {
        StopTerms::Fixed {
            trigger,
            crossing,
            by,
        } => {
            fields.stop = Some("fixed");
            fields.trigger = Some(trigger.ticks());
            fields.crossing = Some(match crossing {
                Crossing::Falling => "falling",
                Crossing::Rising => "rising",
            });
            by
        }
        StopTerms::Trailing {
            anchor,
            distance,
            collar,
            by,
        } => {
            fields.stop = Some("trailing");
            fields.anchor = Some(anchor.ticks());
            if distance.is_in_basis_points() {
                fields.trailing_basis_points = Some(distance.number());
            } else {
                fields.trailing_ticks = Some(distance.number());
            }
            fields.collar_basis_points = Some(collar);
            by
        }
        StopTerms::Oco {
            trigger,
            limit,
            market,
            by,
        } => {
            fields.stop = Some("oco");
            fields.trigger = Some(trigger.ticks());
            fields.stop_limit = Some(limit.ticks());
            fields.stop_market = market.then_some(true);
            by
        }
    };
    fields.trigger_by = Some(match trigger_by {
        TriggerBy::Last => "last",
        TriggerBy::Mark => "mark",
    });
}
