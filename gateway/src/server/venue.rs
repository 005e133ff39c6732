//! The exchange behind the gateway: built, funded, started.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Context;
use engine::command::Command;
use engine::domain::{AccountId, Amount, AssetId, CommandSequence, Movement, UserName};
use engine::exchange::Exchange;
use engine::journal::{MAX_BATCH, Outcome, Rim};
use engine::report::{Answer, Report, ReportKind};
use engine::request::{Correlation, Request, RequestKind};
use engine::runtime::{Reports, Venue, VenueConfig};

use crate::config::{Config, OpeningReserve};
use crate::hub::Hub;
use crate::telemetry::{JournalMeter, Marks};

use super::Clock;
use super::memory::Memory;
use super::metered::{MarkingListener, MeteredLog};
use super::revocations::OldRevocations;
use super::storage::{self, DiskWatch, Opened, Snapshots};

/// Accounts beside those of the configuration that are opened and funded when they are new.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Funding {
    /// Who gets what, in order.
    pub accounts: Vec<(UserName, Vec<(AssetId, Amount)>)>,
}

pub(super) struct Started {
    pub(super) venue: Venue,
    pub(super) reports: Reports,
    pub(super) hub: Hub,
    pub(super) snapshots: Option<Snapshots>,
    pub(super) disk: Option<DiskWatch>,
    /// Those who were funded.
    pub(super) accounts: BTreeMap<UserName, AccountId>,
}

/// Builds the exchange, opens and funds the accounts that do not exist, and starts its threads.
pub(super) fn start(
    config: &Config,
    clock: &Clock,
    shards: usize,
    funding: &Funding,
    (meter, marks): (Arc<JournalMeter>, Arc<Marks>),
    wake: impl Fn() + Send + 'static,
) -> anyhow::Result<Started> {
    let Opened {
        mut exchange,
        mut memory,
        check,
        mut log,
        syncs,
        snapshots,
        disk,
        ties,
    } = storage::open(config)?;
    let mut outcome = Outcome::after(check);
    let configured = config.accounts.iter().map(|it| (it.user, &it.balances));
    let others = funding.accounts.iter().map(|(user, it)| (*user, it));
    let (mut commands, mut accounts) = (Vec::new(), BTreeMap::new());
    if exchange.clearing().last_sequence() == CommandSequence(0) {
        let place = (&mut commands, &mut outcome, &mut memory);
        fund_reserves(&mut exchange, &config.reserves, clock, place)?;
    }
    for (user, balances) in configured.chain(others) {
        let account = match exchange.clearing().account(&user) {
            Some(known) => known,
            None => fund(
                &mut exchange,
                user,
                balances,
                clock,
                (&mut commands, &mut outcome, &mut memory),
            )?,
        };
        accounts.insert(user, account);
    }
    log.append(&commands)?;
    commands.clear();
    if let Some(old) = OldRevocations::find(config).context("cannot read what was revoked")? {
        let place = (&mut commands, &mut outcome, &mut memory);
        migrate(&mut exchange, &old, clock, place)?;
        for batch in commands.chunks(MAX_BATCH) {
            log.append(batch)?;
        }
        old.put_aside().context("cannot put `revocations` aside")?;
    }
    let check = outcome.check(exchange.clearing().last_sequence());
    let mut hub = Hub::with_shards(config, &exchange, shards);
    hub.remember(memory.into_remembered());
    if let Some((log, left)) = ties {
        hub.tie_by(Box::new(log), left);
    }
    let clock = clock.clone();
    let venue_config = VenueConfig {
        matcher_threads: usize::from(config.runtime.matcher_threads.unwrap_or(0)),
        journal_thread: syncs,
        // A thread that spins never sleeps: it gives its core to whoever else wants it.
        yields: if config.runtime.spin {
            u32::MAX
        } else {
            VenueConfig::default().yields
        },
        ..VenueConfig::default()
    };
    let time = Box::new(move || clock());
    let log = Box::new(MeteredLog::new(log, meter, marks.clone()));
    let listener = MarkingListener { wake, marks };
    let (venue, reports) = Venue::resume(exchange, log, check, venue_config, time, listener)
        .context("cannot start the exchange's threads")?;
    hub.connect(Box::new(venue.inbox()));
    Ok(Started {
        venue,
        reports,
        hub,
        accounts,
        snapshots,
        disk,
    })
}

/// Where what is done before the threads run is noted.
type Place<'a> = (&'a mut Vec<Command>, &'a mut Outcome, &'a mut Memory);

fn apply(
    exchange: &mut Exchange,
    kind: RequestKind,
    clock: &Clock,
    (commands, outcome, memory): (&mut Vec<Command>, &mut Outcome, &mut Memory),
) -> Vec<Report> {
    let correlation = Correlation(0);
    let request = Request { correlation, kind };
    let mut reports = Vec::new();
    exchange.apply_logged(&request, clock(), &mut reports, commands);
    for report in &reports {
        outcome.take(report);
        memory.take(report);
    }
    reports
}

/// Brings into the platform's funds what they start with.
fn fund_reserves(
    exchange: &mut Exchange,
    reserves: &[OpeningReserve],
    clock: &Clock,
    (commands, outcome, memory): Place<'_>,
) -> anyhow::Result<()> {
    for &OpeningReserve {
        reserve,
        asset,
        amount,
    } in reserves
    {
        let kind = RequestKind::FundReserve {
            reserve,
            asset,
            change: Movement::In(amount),
        };
        let reports = apply(exchange, kind, clock, (commands, outcome, memory));
        let is_booked = reports.iter().any(|report| {
            let ReportKind::Answer { answer, .. } = report.kind else {
                return false;
            };
            matches!(answer, Answer::ReserveBooked { .. })
        });
        anyhow::ensure!(
            is_booked,
            "{reserve:?} cannot be given {amount:?} of {asset:?}"
        );
    }
    Ok(())
}

/// Asks for what was revoked before that was a command. What stands already is asked for in vain, so
/// that a start which broke off is no harm.
fn migrate(
    exchange: &mut Exchange,
    old: &OldRevocations,
    clock: &Clock,
    (commands, outcome, memory): Place<'_>,
) -> anyhow::Result<()> {
    let before = commands.len();
    for revocation in old.asked() {
        let kind = RequestKind::Revoke(revocation);
        let reports = apply(exchange, kind, clock, (commands, outcome, memory));
        let is_done = reports.iter().any(|report| {
            let ReportKind::Answer { answer, .. } = report.kind else {
                return false;
            };
            matches!(answer, Answer::Revoked { .. })
        });
        anyhow::ensure!(is_done, "there is no room for {revocation:?}");
    }
    let revocations = commands.len() - before;
    tracing::warn!(revocations, "took over what was revoked in a file");
    Ok(())
}

fn fund(
    exchange: &mut Exchange,
    name: UserName,
    balances: &[(AssetId, Amount)],
    clock: &Clock,
    (commands, outcome, memory): Place<'_>,
) -> anyhow::Result<AccountId> {
    let mut apply = |exchange: &mut Exchange, kind| {
        apply(exchange, kind, clock, (commands, outcome, memory));
    };
    apply(exchange, RequestKind::OpenAccount { name });
    let account = exchange.clearing().account(&name);
    let account = account.with_context(|| format!("no account can be opened for {name:?}"))?;
    for &(asset, amount) in balances {
        apply(
            exchange,
            RequestKind::Deposit {
                account,
                asset,
                amount,
            },
        );
        let balance = exchange.clearing().balance(account, asset);
        anyhow::ensure!(
            balance.is_some_and(|it| it.available == amount),
            "{name:?} cannot be given {amount:?} of {asset:?}"
        );
    }
    Ok(account)
}
