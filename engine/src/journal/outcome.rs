use super::log::Check;
use crate::domain::{CallSeverity, CommandSequence};
use crate::report::{LiquidationStage, OrderChange, PositionView, Report, ReportKind};

/// Hashes what commands do, so that a replay which does anything else is found out.
///
/// Takes reports in the order of their commands. Counts what depends on the command order alone:
/// orders' changes, trades, levels, statuses. Balances, which between two commands depend on
/// what was decided in the meantime, and answers, which go to nobody in a replay, are left out;
/// both follow from what is counted. A few nanoseconds a report; no cryptography: it stands
/// against faults, not against forgery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    hash: u64,
}

impl Default for Outcome {
    /// Before the first command.
    fn default() -> Outcome {
        Outcome {
            hash: 0x6a09_e667_f3bc_c908,
        }
    }
}

impl Outcome {
    /// Every how many commands a check is written.
    pub const EVERY: u64 = 4096;

    /// Goes on from a check.
    pub fn after(check: Check) -> Outcome {
        Outcome {
            hash: check.outcome,
        }
    }

    /// Whether a check is due after `sequence`.
    #[inline]
    pub const fn is_due(sequence: CommandSequence) -> bool {
        sequence.0.is_multiple_of(Self::EVERY)
    }

    /// The check of all taken so far, which must be what the commands up to `upto` did.
    pub const fn check(&self, upto: CommandSequence) -> Check {
        Check {
            upto,
            outcome: self.hash,
        }
    }

    /// Takes the next report.
    #[inline]
    pub fn take(&mut self, report: &Report) {
        match &report.kind {
            // These may be said by a decision, which a replay does not take.
            ReportKind::Answer { .. }
            | ReportKind::Balance { .. }
            | ReportKind::Reserve { .. }
            | ReportKind::AccountLimits { .. }
            | ReportKind::Revoked(_) => {}
            ReportKind::Accepted(order) => {
                self.add(report.after.0);
                self.add(order.order.0);
                self.add(order.quantity.lots());
                self.add(u64::from(order.price.ticks()) << 32 | u64::from(order.account.0));
            }
            ReportKind::Order(change) => self.add_change(report.after, change),
            ReportKind::Book {
                pair,
                sequence,
                price,
                change,
                ..
            } => {
                self.add(sequence.0);
                self.add(u64::from(price.ticks()) << 16 | u64::from(pair.0));
                self.add(change.cast_unsigned());
            }
            ReportKind::Trade {
                pair,
                sequence,
                price,
                quantity,
                ..
            } => {
                self.add(sequence.0);
                self.add(u64::from(price.ticks()) << 16 | u64::from(pair.0));
                self.add(quantity.lots());
            }
            ReportKind::TradingStatus { pair, .. } => {
                self.add(report.after.0);
                self.add(pair.0.into());
            }
            ReportKind::Position(_)
            | ReportKind::MarginCall(_)
            | ReportKind::MarginCallCleared { .. }
            | ReportKind::Liquidation { .. }
            | ReportKind::Deleveraged { .. }
            | ReportKind::Mark { .. } => self.take_margin(report),
        }
    }

    #[cold]
    fn take_margin(&mut self, report: &Report) {
        match &report.kind {
            ReportKind::Position(change) => {
                self.add(report.after.0);
                self.add_position(&change.position);
                self.add(change.realised.cast_unsigned());
            }
            ReportKind::MarginCall(call) => {
                self.add(report.after.0);
                self.add_position(&call.position);
                self.add(call.deadline.0 << 1 | u64::from(call.severity == CallSeverity::Critical));
            }
            ReportKind::MarginCallCleared { position, .. } => {
                self.add(report.after.0);
                self.add(position.0);
            }
            ReportKind::Liquidation {
                position, stage, ..
            } => {
                if let Some(stage) = stage_number(*stage) {
                    self.add(report.after.0);
                    self.add(position.0);
                    self.add(stage);
                }
            }
            ReportKind::Deleveraged {
                position,
                quantity,
                notional,
                ..
            } => {
                self.add(report.after.0);
                self.add(position.0);
                self.add(quantity.lots());
                self.add(notional.units());
            }
            ReportKind::Mark { pair, mark } => {
                self.add(report.after.0);
                let ticks = mark.map_or(0, |mark| mark.ticks());
                self.add(u64::from(ticks) << 16 | u64::from(pair.0));
            }
            ReportKind::Answer { .. }
            | ReportKind::Accepted(_)
            | ReportKind::Order(_)
            | ReportKind::Balance { .. }
            | ReportKind::Book { .. }
            | ReportKind::Trade { .. }
            | ReportKind::TradingStatus { .. }
            | ReportKind::AccountLimits { .. }
            | ReportKind::Revoked(_)
            | ReportKind::Reserve { .. } => {}
        }
    }

    fn add_position(&mut self, position: &PositionView) {
        self.add(position.position.0);
        self.add(position.size.lots());
        self.add(position.cost.units());
        self.add(position.collateral.units());
        self.add(position.interest.units());
    }

    #[inline]
    fn add_change(&mut self, after: CommandSequence, change: &OrderChange) {
        self.add(after.0);
        self.add(change.order.0);
        self.add(change.leaves.lots());
        self.add(change.filled.lots());
        self.add(change.notional.units());
        self.add(change.fees.units());
        self.add(change.fill.map_or(0, |fill| fill.trade.0));
    }

    #[inline]
    fn add(&mut self, word: u64) {
        let mixed = (self.hash ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.hash = mixed ^ mixed >> 29;
    }
}

/// What a stage counts as; `None` for what is said by a decision, which a replay does not take.
const fn stage_number(stage: LiquidationStage) -> Option<u64> {
    match stage {
        LiquidationStage::SuspendedMarket | LiquidationStage::SuspendedLiquidity => None,
        LiquidationStage::Began(cause) => Some(super::margin::cause_number(cause) as u64),
        LiquidationStage::Backstop => Some(2),
        LiquidationStage::Deleveraging => Some(3),
        LiquidationStage::Recovered => Some(4),
        LiquidationStage::Closed => Some(5),
    }
}
