//! Margin: what positions a pair has, what they owe, when they are called and liquidated. The
//! rules are numbered in `docs/margin.md`.
//!
//! In two times. *Deciding* looks at what is settled and at what is on its way, takes the worst of
//! both, and never changes a position. *Settling* changes positions in the order of the pair's
//! commands, and depends on nothing that was decided later; so a replay, which settles each
//! command before the next, does the same (G-22).
//!
//! Invariants, walked by [`Clearing::verify`](super::Clearing::verify): what all positions have is
//! what the ledger says; what is lent is what positions and debts owe; reduce-only orders are at
//! most their position; each position is watched at the prices that its figures give.

mod ask;
mod calls;
mod check;
mod close;
mod figures;
mod fill;
mod liquidate;
mod progress;
mod release;
mod replay;
mod state;
#[cfg(test)]
mod tests;
mod turn;
mod verify;
mod watch;

use std::collections::{BTreeMap, VecDeque};

use crate::command::MarginCommand;
use crate::domain::{
    AccountId, Amount, AssetId, ClientOrderId, Pair, PairMargin, PositionId, PositionSide, Price,
    Timestamp,
};
use crate::report::{MarginCall, PositionView};
use crate::request::Correlation;

use super::ExchangeConfig;
use super::state::{DebtState, PositionState, Quote};

pub(in crate::clearing) use check::fund_order;
pub(in crate::clearing) use figures::fee_ceiling;
use watch::{Bounds, Watch};

/// What clearing keeps of a pair that is traded on margin.
#[derive(Clone, Debug)]
pub(in crate::clearing) struct Margin {
    terms: PairMargin,
    /// Interest of an hour for base and for quote, in billionths.
    rates: (u32, u32),
    quote: Quote,
    quoted_at: Timestamp,
    index: Option<Price>,
    /// What the quote and the index make.
    mark: Option<Price>,
    interest_due: Option<Timestamp>,
    positions: BTreeMap<AccountId, Position>,
    debts: VecDeque<DebtState>,
    watch: Watch,
    /// What longs and shorts have in all, in lots.
    open_interest: BySide,
    /// What open margin orders may still buy and sell, in lots.
    ordered: BySide,
    /// What is in flight, in the order of commands.
    commands: VecDeque<MarginCommand>,
    /// Of the command at the front: whose positions it changed,
    changed: Vec<AccountId>,
    /// whose calls ended with their positions,
    cleared: Vec<(AccountId, PositionId)>,
    /// whose liquidations' orders ended,
    ended: Vec<AccountId>,
    /// and whether it moved the mark price, or may let a liquidation go on.
    moved: bool,
    /// Whose positions are to be liquidated, the first being worked at.
    queue: VecDeque<AccountId>,
    /// Who waits for orders to go, to close a position.
    closings: Vec<Closing>,
    /// Whether a debt is being paid.
    covering: bool,
    /// When the queue is looked at again.
    wake_at: Option<Timestamp>,
    /// Whether the last that was said is that nothing can be liquidated.
    suspended: bool,
}

/// A figure for each way, in lots.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(in crate::clearing) struct BySide {
    pub(in crate::clearing) long: u64,
    pub(in crate::clearing) short: u64,
}

impl BySide {
    fn of(&self, side: PositionSide) -> u64 {
        match side {
            PositionSide::Long => self.long,
            PositionSide::Short => self.short,
        }
    }

    fn of_mut(&mut self, side: PositionSide) -> &mut u64 {
        match side {
            PositionSide::Long => &mut self.long,
            PositionSide::Short => &mut self.short,
        }
    }
}

/// A position, and what of it is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::clearing) struct Position {
    pub(in crate::clearing) state: PositionState,
    /// What of its quote its open reduce-only orders have set aside.
    pub(in crate::clearing) set_aside: Amount,
    /// The bounds that it is watched at.
    bounds: Bounds,
    /// How many commands about it are in flight.
    asked: u32,
    /// What of its collateral they take out.
    leaving: Amount,
    /// Whether it is in the queue.
    queued: bool,
    /// Until when its liquidation waits.
    rests_until: Option<Timestamp>,
}

/// Who closes a position, once the orders that reduce it are gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Closing {
    account: AccountId,
    position: PositionId,
    client_order_id: Option<ClientOrderId>,
    correlation: Correlation,
}

impl Position {
    fn new(state: PositionState) -> Position {
        Position {
            state,
            set_aside: Amount::ZERO,
            bounds: Bounds::default(),
            asked: 0,
            leaving: Amount::ZERO,
            queued: false,
            rests_until: None,
        }
    }

    /// What it has of quote that no order set aside.
    fn free_quote(&self) -> Amount {
        let has = match self.state.side {
            PositionSide::Long => self.state.collateral,
            PositionSide::Short => figures::plus(self.state.cost, self.state.collateral),
        };
        figures::minus(has, self.set_aside)
    }

    pub(in crate::clearing) fn view(&self, pair: &Pair) -> PositionView {
        let state = &self.state;
        PositionView {
            account: state.account,
            position: state.id,
            pair: pair.id(),
            side: state.side,
            size: state.size,
            cost: state.cost,
            collateral: state.collateral,
            interest: state.interest,
            liquidating: state.liquidation.is_some(),
            opened_at: state.opened_at,
        }
    }
}

impl Margin {
    /// Of a pair without positions; `None` where the pair is not traded on margin.
    pub(in crate::clearing) fn new(pair: &Pair, config: &ExchangeConfig) -> Option<Box<Margin>> {
        let terms = *pair.margin()?;
        let rate = |asset: AssetId| {
            let lending = config.lending.get(usize::from(asset.0));
            lending.map_or(0, |lending| lending.hourly_rate)
        };
        Some(Box::new(Margin {
            terms,
            rates: (rate(pair.base()), rate(pair.quote())),
            quote: Quote::default(),
            quoted_at: Timestamp::default(),
            index: None,
            mark: None,
            interest_due: None,
            positions: BTreeMap::new(),
            debts: VecDeque::new(),
            watch: Watch::default(),
            open_interest: BySide::default(),
            ordered: BySide::default(),
            commands: VecDeque::new(),
            changed: Vec::new(),
            cleared: Vec::new(),
            ended: Vec::new(),
            moved: false,
            queue: VecDeque::new(),
            closings: Vec::new(),
            covering: false,
            wake_at: None,
            suspended: false,
        }))
    }

    /// The mark price.
    pub(in crate::clearing) fn mark(&self) -> Option<Price> {
        self.mark
    }

    /// The best bid, as far as settled.
    pub(in crate::clearing) fn best_bid(&self) -> Option<Price> {
        self.quote.bid
    }

    /// The position of this account.
    pub(in crate::clearing) fn position(&self, account: AccountId) -> Option<&Position> {
        self.positions.get(&account)
    }

    pub(in crate::clearing) fn position_mut(
        &mut self,
        account: AccountId,
    ) -> Option<&mut Position> {
        self.positions.get_mut(&account)
    }

    /// The position of this account, if it has this name.
    fn named(&mut self, account: AccountId, id: PositionId) -> Option<&mut Position> {
        self.positions
            .get_mut(&account)
            .filter(|position| position.state.id == id)
    }

    /// The calls in force, by account.
    pub(in crate::clearing) fn calls<'a>(
        &'a self,
        pair: &'a Pair,
    ) -> impl Iterator<Item = MarginCall> + 'a {
        self.positions.values().filter_map(|position| {
            let call = position.state.call?;
            Some(MarginCall {
                position: position.view(pair),
                severity: call.severity,
                mark: self.mark?,
                since: call.since,
                deadline: call.deadline,
            })
        })
    }

    /// All positions, by account.
    pub(in crate::clearing) fn views<'a>(
        &'a self,
        pair: &'a Pair,
    ) -> impl Iterator<Item = PositionView> + 'a {
        self.positions.values().map(|position| position.view(pair))
    }

    // G-12
    fn find_mark(&self) -> Option<Price> {
        let Quote { bid, ask, last } = self.quote;
        let mut prices = [bid?, ask?, last?];
        prices.sort_unstable();
        let median = prices[1];
        let Some(band) = self.terms.index_band else {
            return Some(median);
        };
        // G-24
        let (low, high) = self.index?.band(band);
        Some(median.clamp(low, high.max(low)))
    }

    /// Watches a position at the prices that its figures give. // G-13
    fn rewatch(&mut self, account: AccountId, pair: &Pair) {
        let Some(position) = self.positions.get_mut(&account) else {
            return;
        };
        let now = bounds(position, pair, &self.terms);
        let before = std::mem::replace(&mut position.bounds, now);
        let side = position.state.side;
        self.watch.change(account, side, before, now);
    }

    /// Takes a position out that has no lots left.
    fn remove(&mut self, account: AccountId) {
        if self.positions.get(&account).is_some_and(|it| it.queued) {
            self.dequeue(account);
        }
        if let Some(position) = self.positions.remove(&account) {
            let none = Bounds::default();
            let side = position.state.side;
            self.watch.change(account, side, position.bounds, none);
        }
    }

    /// Takes a position out of the queue.
    fn dequeue(&mut self, account: AccountId) {
        if self.queue.front() == Some(&account) {
            self.queue.pop_front();
        } else {
            self.queue.retain(|queued| *queued != account);
        }
        if let Some(position) = self.positions.get_mut(&account) {
            position.queued = false;
            position.rests_until = None;
        }
    }

    /// Puts a position last in the queue.
    fn enqueue(&mut self, account: AccountId) {
        if let Some(position) = self.positions.get_mut(&account)
            && !position.queued
        {
            position.queued = true;
            self.queue.push_back(account);
        }
    }
}

/// Between which prices nothing about a position changes.
fn bounds(position: &Position, pair: &Pair, terms: &PairMargin) -> Bounds {
    use crate::domain::CallSeverity::{Critical, Warning};
    let state = &position.state;
    if state.liquidation.is_some() {
        return Bounds::default();
    }
    let danger = |ratio| state.threshold(pair, ratio);
    let relief = |ratio| one_better(state, state.threshold(pair, ratio));
    match state.call.map(|call| call.severity) {
        None => Bounds {
            danger: danger(terms.warning()),
            relief: None,
        },
        Some(Warning) => Bounds {
            danger: danger(terms.critical()),
            relief: relief(terms.warning_ends()),
        },
        Some(Critical) => Bounds {
            danger: danger(terms.maintenance).filter(|_| !position.queued),
            relief: relief(terms.critical_ends()),
        },
    }
}

/// The first price at which the ratio is above the one whose threshold is given.
fn one_better(state: &PositionState, threshold: Option<Price>) -> Option<Price> {
    match state.side {
        PositionSide::Long => match threshold {
            Some(price) => Price::from_u64(u64::from(price.ticks()) + 1),
            None => Some(Price::MIN),
        },
        PositionSide::Short => match threshold {
            Some(price) => Price::new(price.ticks() - 1),
            None => Some(Price::MAX),
        },
    }
}
