use std::collections::{BTreeMap, BTreeSet};

use engine::clearing::ExchangeConfig;
use engine::command::{Command, CommandKind};
use engine::domain::{
    AccountId, AssetId, CommandSequence, Movement, PairId, Reserve, Timestamp, Transfer,
};
use engine::report::{Answer, LiquidationStage, Report, ReportKind};
use engine::request::{Correlation, Request};

use super::orders::OrderAuditor;
use super::public::PublicAuditor;

/// Watches what an exchange accepts and says.
///
/// Holds that commands are numbered without gap and time goes on; that each request has one
/// answer, said before what it led to; that owners hear before the public; that figures are the
/// sums of fills; that no balance is told twice; and that of each asset the balances told and the
/// fees paid are what came in and did not leave.
#[derive(Clone, Debug)]
pub struct ReportAuditor {
    config: ExchangeConfig,
    last: (CommandSequence, Timestamp),
    orders: OrderAuditor,
    public: PublicAuditor,
    balances: BTreeMap<(AccountId, AssetId), u128>,
    /// Of each asset what came in, less what left.
    inside: BTreeMap<AssetId, i128>,
    fees: BTreeMap<AssetId, u128>,
    /// What is free of each fund of the platform.
    reserves: BTreeMap<(Reserve, AssetId), u128>,
}

impl ReportAuditor {
    /// Before the first request to an exchange of this configuration.
    pub fn new(config: &ExchangeConfig) -> ReportAuditor {
        ReportAuditor {
            config: config.clone(),
            last: (CommandSequence(0), Timestamp(0)),
            orders: OrderAuditor::default(),
            public: PublicAuditor::default(),
            balances: BTreeMap::new(),
            inside: BTreeMap::new(),
            fees: BTreeMap::new(),
            reserves: BTreeMap::new(),
        }
    }

    /// Takes note of a request, the commands that were accepted for it, and all that was said.
    pub fn request(
        &mut self,
        request: &Request,
        commands: &[Command],
        reports: &[Report],
    ) -> Result<(), String> {
        self.commands(commands, reports, &[request.correlation])
    }

    /// Takes note of what was due at a time: of commands that nobody asked for, and all that was
    /// said of them.
    pub fn tick(&mut self, commands: &[Command], reports: &[Report]) -> Result<(), String> {
        self.commands(commands, reports, &[])
    }

    fn commands(
        &mut self,
        commands: &[Command],
        reports: &[Report],
        asked: &[Correlation],
    ) -> Result<(), String> {
        let before = self.last.0;
        for command in commands {
            self.command(command)?;
        }
        check_answers(asked, reports)?;
        check_order(reports)?;
        for report in reports {
            // That a liquidation cannot go on is no command's doing.
            let is_suspension = matches!(
                report.kind,
                ReportKind::Liquidation {
                    stage: LiquidationStage::SuspendedMarket | LiquidationStage::SuspendedLiquidity,
                    ..
                }
            );
            let is_of_these = report.after > before || commands.is_empty() || is_suspension;
            if !is_of_these || report.after > self.last.0 || report.time < self.last.1 {
                return Err(format!("said at the wrong place: {report:#?}"));
            }
            self.report(report)?;
        }
        self.public.rest()?;
        self.check_sums()
    }

    /// Takes note of one accepted command.
    pub fn command(&mut self, command: &Command) -> Result<(), String> {
        let (sequence, time) = self.last;
        // L-22
        if command.sequence != sequence.next() || command.time < time {
            return Err(format!("after {:?} comes {command:#?}", self.last));
        }
        self.last = (command.sequence, command.time);
        let moved = match command.kind {
            CommandKind::Deposit { asset, amount, .. } => (asset, i128::from(amount.units())),
            CommandKind::Withdraw { asset, amount, .. } => (asset, -i128::from(amount.units())),
            CommandKind::FundReserve { asset, change, .. }
            | CommandKind::Transfer {
                transfer: Transfer { asset, change, .. },
                ..
            } => match change {
                Movement::In(amount) => (asset, i128::from(amount.units())),
                Movement::Out(amount) => (asset, -i128::from(amount.units())),
            },
            _ => return Ok(()),
        };
        *self.inside.entry(moved.0).or_default() += moved.1;
        Ok(())
    }

    /// Takes note of one report.
    pub fn report(&mut self, report: &Report) -> Result<(), String> {
        match report.kind {
            ReportKind::Accepted(accepted) => self.orders.accept(accepted),
            ReportKind::Order(change) => {
                let PairId(index) = change.pair;
                let pair = self.config.pairs.get(usize::from(index));
                let pair = pair.ok_or_else(|| format!("{change:#?} is in no pair"))?;
                let side = self.orders.change(&change, pair)?;
                if let Some(fill) = change.fill {
                    *self.fees.entry(pair.quote()).or_default() += u128::from(fill.fee.units());
                    self.public.fill(side, fill);
                }
                Ok(())
            }
            ReportKind::Balance {
                account,
                asset,
                available,
                held,
            } => {
                let total = u128::from(available.units()) + u128::from(held.units());
                self.balances.insert((account, asset), total);
                Ok(())
            }
            ReportKind::Book { .. } | ReportKind::Trade { .. } => self.public.hear(&report.kind),
            ReportKind::Answer { .. }
            | ReportKind::TradingStatus { .. }
            | ReportKind::Position(_)
            | ReportKind::MarginCall(_)
            | ReportKind::MarginCallCleared { .. }
            | ReportKind::Liquidation { .. }
            | ReportKind::Deleveraged { .. }
            | ReportKind::Mark { .. }
            | ReportKind::AccountLimits { .. }
            | ReportKind::Revoked(_) => Ok(()),
            ReportKind::Reserve {
                reserve,
                asset,
                free,
            } => {
                self.reserves.insert((reserve, asset), free.units().into());
                Ok(())
            }
        }
    }

    // L-1
    fn check_sums(&self) -> Result<(), String> {
        for asset in (0..self.config.assets).map(AssetId) {
            let told = self.balances.iter().filter(|((_, of), _)| *of == asset);
            let fees = self.fees.get(&asset).copied().unwrap_or_default();
            let total = told.map(|(_, total)| total).sum::<u128>() + fees;
            let inside = self.inside.get(&asset).copied().unwrap_or_default();
            // What positions have is told, but not what the pool promised.
            let has_margin = self.config.pairs.iter().any(|pair| pair.margin().is_some());
            let is_all = match has_margin {
                true => i128::try_from(total).is_ok_and(|total| total <= inside),
                false => {
                    let funds = self.reserves.iter().filter(|((_, of), _)| *of == asset);
                    let funds: u128 = funds.map(|(_, free)| free).sum();
                    i128::try_from(total + funds) == Ok(inside)
                }
            };
            if !is_all {
                return Err(format!("{total} of {asset:?} is there, {inside} came in"));
            }
        }
        Ok(())
    }
}

fn check_answers(asked: &[Correlation], reports: &[Report]) -> Result<(), String> {
    let answers = reports.iter().filter_map(|report| match report.kind {
        ReportKind::Answer { correlation, .. } => Some(correlation),
        _ => None,
    });
    let answers: Vec<_> = answers.collect();
    if answers == asked {
        return Ok(());
    }
    Err(format!("answered {answers:?}"))
}

/// Of one command: the answer, the acceptance, the changes, the balances, the public; and the
/// answer to a cancel-all at the very end. // L-23
fn check_order(reports: &[Report]) -> Result<(), String> {
    let mut last = (CommandSequence(0), 0);
    let mut balances = BTreeSet::new();
    for (index, report) in reports.iter().enumerate() {
        let rank = match report.kind {
            ReportKind::Answer {
                answer: Answer::AllCancelled { .. },
                ..
            } => 5,
            // A refusal is said behind what was due before it.
            ReportKind::Answer {
                answer: Answer::Rejected(_),
                ..
            } => match last {
                (after, rank) if after == report.after => rank,
                _ => 0,
            },
            ReportKind::Answer { .. } if index + 1 == reports.len() => 5,
            ReportKind::Answer { .. } => 0,
            ReportKind::Accepted(_) => 1,
            ReportKind::Order(_) | ReportKind::Position(_) => 2,
            // Owners hear of them too, before or behind their balances.
            ReportKind::MarginCall(_)
            | ReportKind::MarginCallCleared { .. }
            | ReportKind::Deleveraged { .. } => match last {
                (after, rank) if after == report.after && rank <= 3 => rank.max(2),
                _ => 2,
            },
            // The owner and the public hear of it.
            ReportKind::Liquidation { .. } => match last {
                (after, rank) if after == report.after => rank.max(2),
                _ => 2,
            },
            ReportKind::Balance { account, asset, .. } => {
                if !balances.insert((report.after, account, asset)) {
                    return Err(format!("a balance is told twice: {reports:#?}"));
                }
                3
            }
            ReportKind::Book { .. }
            | ReportKind::Trade { .. }
            | ReportKind::TradingStatus { .. }
            | ReportKind::Mark { .. }
            | ReportKind::Reserve { .. }
            | ReportKind::AccountLimits { .. }
            | ReportKind::Revoked(_) => 4,
        };
        if (report.after, rank) < last {
            return Err(format!("said out of order: {reports:#?}"));
        }
        last = (report.after, rank);
    }
    Ok(())
}
