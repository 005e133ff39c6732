//! The rules of `docs/margin.md` over lists of positions, with sums that are made anew.
//!
//! What the exchange decides by itself is read from the commands that it logged: each decision is
//! checked against the rules from what the model has, then done. What it should have decided and
//! did not is found when it is through.

mod asks;
mod calls;
mod complete;
mod decisions;
mod figures;
mod fills;
mod state;

use std::collections::VecDeque;

use engine::clearing::{CallState, LiquidationState, Quote};
use engine::command::{Command, CommandKind};
use engine::domain::{
    AccountId, AssetId, Funding, Pair, PairId, PositionId, PositionSide, Price, Reserve, Side,
    Timestamp,
};
use engine::report::{PositionReason, ReportKind};

use super::{PlainExchange, PlainRecord, Stage};
use crate::model::ledger::Cash;
use figures::base_units;
pub(super) use figures::notional;
pub(super) use fills::MarginFill;

/// All of margin.
#[derive(Clone, Debug, Default)]
pub(super) struct PlainMargin {
    pub(super) positions: Vec<PlainPosition>,
    /// The oldest first.
    debts: Vec<PlainDebt>,
    markets: Vec<PlainMarginMarket>,
    /// What came into a fund from outside, or below zero left it.
    booked: Vec<(Reserve, AssetId, i128)>,
    /// Interest that the pool got, by asset.
    interest: Vec<(AssetId, i128)>,
    /// What the insurance fund got for liquidations, or below zero paid.
    insured: Vec<(AssetId, i128)>,
    /// What should be said, of what was asked last.
    said: Vec<ReportKind>,
    /// What the exchange accepted and the model has not followed yet; `None` where nobody is
    /// followed.
    log: Option<VecDeque<Command>>,
    /// How often something was asked.
    asked: u64,
    /// The mark prices before what was asked last.
    marks_before: Vec<Option<Price>>,
    /// Whose orders are being cancelled, for the position to be reduced.
    deleveraging: Option<AccountId>,
    /// What was decided against the rules.
    faults: Vec<String>,
}

/// A position. // G-1, G-2
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PlainPosition {
    pub(super) account: AccountId,
    pub(super) id: PositionId,
    pub(super) pair: PairId,
    pub(super) side: PositionSide,
    /// Q, in lots.
    pub(super) size: i128,
    /// C
    pub(super) cost: i128,
    /// M
    pub(super) collateral: i128,
    /// I
    pub(super) interest: i128,
    opened_at: Timestamp,
    call: Option<CallState>,
    pub(super) liquidation: Option<LiquidationState>,
    /// When something was tried last to liquidate it.
    tried_at: Timestamp,
    /// While what was asked, by number.
    tried_in: u64,
    /// Its figures when its call was looked at last.
    judged: [i128; 4],
}

/// What a position could not pay back. // G-19
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct PlainDebt {
    account: AccountId,
    position: PositionId,
    pair: PairId,
    amount: i128,
}

/// What is known of a pair.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct PlainMarginMarket {
    quote: Quote,
    quoted_at: Timestamp,
    index: Option<Price>,
    mark: Option<Price>,
    interest_due: Option<Timestamp>,
    /// Since when a liquidation could go on.
    ready_since: Option<Timestamp>,
}

impl PlainMargin {
    pub(super) fn new(pairs: usize) -> PlainMargin {
        PlainMargin {
            markets: vec![PlainMarginMarket::default(); pairs],
            ..PlainMargin::default()
        }
    }

    pub(super) fn position(&self, account: AccountId, pair: PairId) -> Option<&PlainPosition> {
        let mut all = self.positions.iter();
        all.find(|it| it.account == account && it.pair == pair)
    }

    fn position_mut(&mut self, account: AccountId, pair: PairId) -> &mut PlainPosition {
        let mut all = self.positions.iter_mut();
        let found = all.find(|it| it.account == account && it.pair == pair);
        found.expect("it was there a moment ago")
    }

    /// What came into both funds from outside.
    pub(super) fn inside(&self, asset: AssetId) -> i128 {
        let booked = self.booked.iter().filter(|(_, of, _)| *of == asset);
        booked.map(|(_, _, change)| change).sum()
    }
}

/// What the platform's funds and all positions have of an asset, made anew.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PlainReserves {
    /// What the pool has free, promised, and lent.
    pub pool: (i128, i128, i128),
    /// What the insurance fund has.
    pub insurance: i128,
    /// What positions have.
    pub positions: i128,
}

impl PlainExchange {
    /// What the funds and positions have. // G-2
    pub fn reserves(&self, asset: AssetId) -> PlainReserves {
        let margin = &self.margin;
        let of = |list: &[(AssetId, i128)]| {
            let these = list.iter().filter(|(it, _)| *it == asset);
            these.map(|(_, change)| change).sum::<i128>()
        };
        let booked = |reserve| {
            let these = margin.booked.iter();
            let these = these.filter(move |(which, it, _)| (*which, *it) == (reserve, asset));
            these.map(|(_, _, change)| change).sum::<i128>()
        };
        let (mut lent, mut has) = (0, 0);
        for position in &margin.positions {
            let pair = self.pair_of(position.pair);
            let base = base_units(&pair, position.size);
            let PlainPosition {
                cost, collateral, ..
            } = *position;
            match position.side {
                PositionSide::Long => {
                    lent += if pair.quote() == asset { cost } else { 0 };
                    has += if pair.base() == asset { base } else { 0 };
                    has += if pair.quote() == asset { collateral } else { 0 };
                }
                PositionSide::Short => {
                    lent += if pair.base() == asset { base } else { 0 };
                    has += if pair.quote() == asset {
                        cost + collateral
                    } else {
                        0
                    };
                }
            }
        }
        for debt in &margin.debts {
            let is_of = self.pair_of(debt.pair).quote() == asset;
            lent += if is_of { debt.amount } else { 0 };
        }
        let promised = self.open().map(|order| self.promise(order, asset)).sum();
        let pool = booked(Reserve::LendingPool) + of(&margin.interest) - lent;
        PlainReserves {
            pool: (pool - promised, promised, lent),
            insurance: booked(Reserve::InsuranceFund) + of(&margin.insured),
            positions: has,
        }
    }

    /// What the pool must deliver for what is left of a margin order. // G-3
    fn promise(&self, order: &PlainRecord, asset: AssetId) -> i128 {
        if !matches!(order.funding, Funding::Margin { .. }) {
            return 0;
        }
        let pair = self.pair_of(order.pair());
        let leaves = i128::from(order.leaves);
        match order.side() {
            Side::Buy if pair.quote() == asset => notional(&pair, order.worst(order.price), leaves),
            Side::Sell if pair.base() == asset => base_units(&pair, leaves),
            Side::Buy | Side::Sell => 0,
        }
    }

    pub(super) fn pair_of(&self, pair: PairId) -> Pair {
        self.config.pairs[usize::from(pair.0)]
    }

    /// A user's available changes, other than by a spot trade or from outside.
    fn pay(&mut self, account: AccountId, asset: AssetId, change: i128) {
        if change != 0 {
            self.ledger.moves.push(Cash::new(account, asset, change));
        }
    }

    fn fault(&mut self, what: String) {
        self.margin.faults.push(what);
    }

    /// Whether a pair is traded on margin.
    pub fn has_margin(&self) -> bool {
        self.config.pairs.iter().any(|pair| pair.margin().is_some())
    }

    /// Whose every open position is, and its name, by pair and account.
    pub fn positions(&self) -> Vec<(AccountId, PositionId)> {
        let all = self.margin.positions.iter();
        let mut all: Vec<_> = all.map(|it| (it.pair, it.account, it.id)).collect();
        all.sort_unstable();
        all.into_iter()
            .map(|(_, account, id)| (account, id))
            .collect()
    }

    /// What was decided against the rules, or not decided.
    pub fn faults(&self) -> &[String] {
        &self.margin.faults
    }

    /// What is to be said of margin for what was asked last.
    pub fn said(&self) -> &[ReportKind] {
        &self.margin.said
    }

    /// Follows the decisions in `log` from here on.
    pub fn follow(&mut self, log: &[Command]) {
        self.margin.said.clear();
        self.margin.asked += 1;
        let markets = self.margin.markets.iter();
        self.margin.marks_before = markets.map(|market| market.mark).collect();
        let has_margin = self.config.pairs.iter().any(|pair| pair.margin().is_some());
        self.margin.log = has_margin.then(|| log.iter().copied().collect());
    }

    /// Takes note of a command that was asked for, or due: it stands next in the log. Then comes
    /// what was decided because of it.
    pub(super) fn own_command(&mut self, now: Timestamp) {
        let Some(log) = &mut self.margin.log else {
            return;
        };
        match log.pop_front() {
            Some(command) if !is_decision(&command.kind) => {}
            other => self.fault(format!("a command of the model is not there: {other:#?}")),
        }
        self.skip_late_cancels();
        self.after_command(now);
        self.follow_decisions();
    }

    /// F15: what is due at one time is decided at once, so an order may be cancelled twice.
    fn skip_late_cancels(&mut self) {
        loop {
            let next = self.margin.log.as_ref().and_then(VecDeque::front);
            let Some(CommandKind::Cancel { id, .. }) = next.map(|next| next.kind) else {
                return;
            };
            if self.open().any(|order| order.id == id) {
                return;
            }
            if let Some(log) = &mut self.margin.log {
                log.pop_front();
            }
        }
    }

    /// What the next command says was held, and who pays.
    fn next_terms(&self) -> Option<(u128, Funding)> {
        match self.margin.log.as_ref()?.front()?.kind {
            CommandKind::Place { hold, funding, .. } => Some((u128::from(hold.units()), funding)),
            _ => None,
        }
    }

    pub(super) fn check_terms(&mut self, hold: u128, funding: Funding) {
        if let Some(terms) = self.next_terms()
            && terms != (hold, funding)
        {
            self.fault(format!("held {terms:?}, the model {hold} and {funding:?}"));
        }
    }

    fn say_position(&mut self, position: &PlainPosition, reason: PositionReason, realised: i128) {
        let change = engine::report::PositionChange {
            position: position.view(),
            reason,
            realised: i64::try_from(realised).expect("it is in range"),
        };
        self.margin.said.push(ReportKind::Position(change));
    }
}

/// Whether clearing decided it without being asked.
fn is_decision(kind: &CommandKind) -> bool {
    use engine::command::MarginCommand as Of;
    use engine::event::CancelReason;
    match kind {
        CommandKind::Margin { margin, .. } => match margin {
            Of::BeginLiquidation { .. }
            | Of::EndLiquidation { .. }
            | Of::Deleverage { .. }
            | Of::CoverDebt { .. }
            | Of::AccrueInterest { .. } => true,
            Of::Adjust { .. } | Of::SetIndex(_) => false,
        },
        CommandKind::Place { funding, .. } => {
            matches!(funding, Funding::Liquidation | Funding::Backstop)
        }
        CommandKind::Cancel { order, .. } => matches!(
            order.reason,
            CancelReason::Liquidation | CancelReason::AutoDeleveraging
        ),
        _ => false,
    }
}

impl PlainRecord {
    /// The worst price of a margin order: a sell may trade above its limit. // G-3
    pub(super) fn worst_of_margin(&self, price: Price) -> Price {
        let Funding::Margin { floor, .. } = self.funding else {
            return price;
        };
        match (self.side(), self.stage) {
            (Side::Buy, Stage::Linked(limit)) => price.max(limit),
            (Side::Buy, _) => price,
            (Side::Sell, _) => floor,
        }
    }
}
