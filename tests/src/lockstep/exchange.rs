use std::collections::BTreeMap;

use engine::clearing::OrderView;
use engine::command::Command;
use engine::domain::{AccountId, Amount, AssetId, OrderId, PairId, Reserve, Side, Timestamp};
use engine::exchange::Exchange;
use engine::matching::{Matcher, TriggerView};
use engine::report::{Answer, Fill, LiquidationStage, Report, ReportKind};
use engine::request::{Correlation, OrderRef, Request, RequestKind};

use crate::auditor::ReportAuditor;
use crate::model::{PlainExchange, PlainMatcher, PlainReserves};
use crate::scenario::Line;
use crate::workload::{Ask, Known, MarginAsk};
use crate::world::World;

/// The exchange, the plain one, and an auditor between them.
#[derive(Debug)]
pub struct ExchangeLockstep {
    world: World,
    fast: Exchange,
    plain: PlainExchange,
    auditor: ReportAuditor,
    /// All accepted commands, as a journal keeps them.
    log: Vec<Command>,
    asked: u64,
    told_fills: usize,
    /// What was said last of each insurance fund.
    told_insurance: BTreeMap<AssetId, i128>,
}

impl ExchangeLockstep {
    /// Two exchanges of this world, without accounts.
    ///
    /// # Panics
    /// If the world's configuration is none.
    pub fn new(world: World) -> ExchangeLockstep {
        let fast = Exchange::new(world.config.clone());
        ExchangeLockstep {
            fast: fast.expect("a test's configuration is one that may be"),
            plain: PlainExchange::new(world.config.clone()),
            auditor: ReportAuditor::new(&world.config),
            log: Vec::new(),
            asked: 0,
            told_fills: 0,
            told_insurance: BTreeMap::new(),
            world,
        }
    }

    /// Asks both at `now` and compares everything. The error says what differs.
    pub fn apply(&mut self, kind: RequestKind, now: Timestamp) -> Result<Vec<Report>, String> {
        self.asked += 1;
        let request = Request {
            correlation: Correlation(self.asked),
            kind,
        };
        let mut reports = Vec::new();
        let logged = self.log.len();
        self.fast
            .apply_logged(&request, now, &mut reports, &mut self.log);
        let expected = self
            .plain
            .apply_following(&request, now, &self.log[logged..]);
        let compared = self
            .auditor
            .request(&request, &self.log[logged..], &reports)
            .and_then(|()| compare("the answer", &answer(&reports), &Some(expected)))
            .and_then(|()| self.compare_state(&reports));
        let accepted = self.log[logged..]
            .iter()
            .map(|it| format!("{:?}\n", it.kind));
        compared.map_err(|what| {
            let accepted = accepted.collect::<String>();
            let line = Line::new(&self.world, &kind);
            let said: String = reports
                .iter()
                .map(|it| format!("{:?}\n", it.kind))
                .collect();
            format!("{line}: {what}\naccepted\n{accepted}said\n{said}")
        })?;
        Ok(reports)
    }

    /// Has both do what is due at `now` and compares everything. The error says what differs.
    pub fn tick(&mut self, now: Timestamp) -> Result<Vec<Report>, String> {
        let mut reports = Vec::new();
        let logged = self.log.len();
        self.fast.tick_logged(now, &mut reports, &mut self.log);
        self.plain.tick_following(now, &self.log[logged..]);
        let compared = self
            .auditor
            .tick(&self.log[logged..], &reports)
            .and_then(|()| self.compare_state(&reports));
        compared.map_err(|what| format!("time passes at time {}: {what}", now.0))?;
        Ok(reports)
    }

    /// Asks both for the opening and then what `bytes` mean. The error says what differs, and which
    /// lines led there.
    pub fn run(world: World, bytes: &[[u8; Ask::BYTES]]) -> Result<ExchangeLockstep, String> {
        let opening = Ask::opening(&world);
        let mut both = ExchangeLockstep::new(world);
        let mut lines = Vec::new();
        let mut ask = Ask::new();
        for index in 0..opening.len() + bytes.len() {
            let (kind, now) = match index.checked_sub(opening.len()) {
                None => opening[index],
                Some(index) => ask.decode(bytes[index], &both.known()),
            };
            let pause = index
                .checked_sub(opening.len())
                .and_then(|index| Ask::pause(bytes[index]));
            if let Some(pause) = pause {
                let passed = Timestamp(now.0.saturating_sub(pause));
                lines.push(format!("time passes at time {}", passed.0));
                both.tick(passed)
                    .map_err(|what| format!("{what}\nafter\n{}", lines.join("\n")))?;
            }
            lines.push(Line::new(&both.world, &kind).at(now).to_string());
            if let Err(what) = both.apply(kind, now) {
                return Err(format!("{what}\nafter\n{}", lines.join("\n")));
            }
        }
        Ok(both)
    }

    /// As [`ExchangeLockstep::run`], of an exchange of [`World::margin`].
    pub fn run_margin(
        world: World,
        bytes: &[[u8; MarginAsk::BYTES]],
    ) -> Result<ExchangeLockstep, String> {
        let opening = MarginAsk::opening(&world);
        let mut both = ExchangeLockstep::new(world);
        let mut lines = Vec::new();
        for (kind, now) in opening {
            lines.push(Line::new(&both.world, &kind).at(now).to_string());
            both.apply(kind, now)?;
        }
        let mut ask = MarginAsk::new();
        for bytes in bytes {
            let (kind, now) = ask.decode(*bytes, &both.known());
            let after = |what, lines: &[String]| format!("{what}\nafter\n{}", lines.join("\n"));
            if MarginAsk::pause(*bytes) {
                let passed = Timestamp(now.0 - 1);
                lines.push(format!("time passes at time {}", passed.0));
                both.tick(passed).map_err(|what| after(what, &lines))?;
            }
            lines.push(Line::new(&both.world, &kind).at(now).to_string());
            both.apply(kind, now).map_err(|what| after(what, &lines))?;
        }
        Ok(both)
    }

    /// Walks the fast one whole. Happens by itself after every request.
    pub fn verify(&self) -> Result<(), String> {
        self.fast.verify().map_err(|what| what.to_string())
    }

    /// What a client may know by now.
    pub fn known(&self) -> Known {
        Known {
            open: self.plain.open_orders(),
            numbers: self.plain.numbers(),
            positions: self.plain.positions(),
        }
    }

    /// The fast one of the two.
    pub fn fast(&self) -> &Exchange {
        &self.fast
    }

    /// The plain one of the two.
    pub fn plain(&self) -> &PlainExchange {
        &self.plain
    }

    /// What they are exchanges of.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// All accepted commands so far, as a journal keeps them.
    pub fn log(&self) -> &[Command] {
        &self.log
    }

    fn compare_state(&mut self, reports: &[Report]) -> Result<(), String> {
        self.verify()?;
        self.compare_deadlines()?;
        self.plain.verify()?;
        self.compare_fills(reports)?;
        self.compare_margin(reports)?;
        self.compare_balances()?;
        self.compare_orders()?;
        (0..self.world.config.pairs.len())
            .try_for_each(|pair| self.compare_book(PairId(u16::try_from(pair).unwrap_or(u16::MAX))))
    }

    /// What is due of positions is not the model's to know: of such pairs the exchange may wake
    /// before the model does, not after it.
    fn compare_deadlines(&self) -> Result<(), String> {
        let (fast, plain) = (self.fast.next_deadline(), self.plain.next_deadline());
        let has_margin = self.plain.has_margin();
        let is_in_time = match (fast, plain) {
            (Some(fast), Some(plain)) => fast <= plain,
            (None, Some(_)) => false,
            (_, None) => true,
        };
        match has_margin && is_in_time {
            true => Ok(()),
            false => compare("the next deadline", &fast, &plain),
        }
    }

    /// Positions, debts, funds and what is said of them.
    fn compare_margin(&mut self, reports: &[Report]) -> Result<(), String> {
        if !self.plain.has_margin() {
            return Ok(());
        }
        let state = self.fast.state();
        for (index, market) in (0..).zip(&state.clearing.markets) {
            let what = format!("margin in pair {index}");
            compare(
                &what,
                &market.margin,
                &self.plain.margin_state(PairId(index)),
            )?;
        }
        for asset in (0..self.world.config.assets).map(AssetId) {
            let totals = self.fast.clearing().totals(asset).unwrap_or_default();
            let number = |amount: Amount| i128::from(amount.units());
            let seen = PlainReserves {
                pool: (
                    number(totals.reserves.pool),
                    number(totals.reserves.pool_promised),
                    number(totals.reserves.lent),
                ),
                insurance: number(totals.reserves.insurance),
                positions: number(totals.reserves.positions),
            };
            let what = format!("the funds of {}", self.world.asset(asset));
            compare(&what, &seen, &self.plain.reserves(asset))?;
            compare(&what, &totals.sum(), &u128::from(totals.inside.units()))?;
        }
        self.compare_insurance(reports)?;
        let said = |kinds: &mut dyn Iterator<Item = &ReportKind>| {
            let margin = kinds.filter(|kind| is_about_margin(kind));
            let mut said: Vec<_> = margin.map(|kind| format!("{kind:?}")).collect();
            said.sort_unstable();
            said
        };
        let mut seen = said(&mut reports.iter().map(|report| &report.kind));
        let mut expected = said(&mut self.plain.said().iter());
        // Only what differs is shown.
        seen.retain(|it| match expected.iter().position(|other| other == it) {
            Some(at) => {
                expected.remove(at);
                false
            }
            None => true,
        });
        compare("what is said of positions", &seen, &expected)
    }

    /// Whoever hears of the insurance fund knows what it has. // G-23
    fn compare_insurance(&mut self, reports: &[Report]) -> Result<(), String> {
        for report in reports {
            if let ReportKind::Reserve {
                reserve: Reserve::InsuranceFund,
                asset,
                free,
            } = report.kind
            {
                self.told_insurance.insert(asset, free.units().into());
            }
        }
        for asset in (0..self.world.config.assets).map(AssetId) {
            let told = self.told_insurance.get(&asset).copied().unwrap_or(0);
            let what = format!("what is said of the fund of {}", self.world.asset(asset));
            compare(&what, &told, &self.plain.reserves(asset).insurance)?;
        }
        Ok(())
    }

    /// Each side of each trade: whose, at which price, at which fee.
    fn compare_fills(&mut self, reports: &[Report]) -> Result<(), String> {
        let fill = |report: &Report| match report.kind {
            ReportKind::Order(change) => change.fill.map(|fill| (change.order, fill)),
            _ => None,
        };
        let told: Vec<(OrderId, Fill)> = reports.iter().filter_map(fill).collect();
        let expected: Vec<_> = self.plain.fills().skip(self.told_fills).collect();
        self.told_fills += told.len();
        compare("fills", &told, &expected)
    }

    fn compare_balances(&self) -> Result<(), String> {
        let clearing = self.fast.clearing();
        compare("accounts", &clearing.accounts(), &self.plain.accounts())?;
        for asset in (0..self.world.config.assets).map(AssetId) {
            for account in (0..self.plain.accounts()).map(AccountId) {
                let balance = clearing.balance(account, asset).unwrap_or_default();
                let (available, held) = (balance.available.units(), balance.held.units());
                compare(
                    &format!(
                        "{} of {}",
                        self.world.asset(asset),
                        self.world.user(account)
                    ),
                    &(u128::from(available), u128::from(held)),
                    &self.plain.balance(account, asset),
                )?;
            }
            let totals = clearing.totals(asset).unwrap_or_default();
            compare(
                &format!("fees in {}", self.world.asset(asset)),
                &u128::from(totals.fees.units()),
                &self.plain.fees(asset),
            )?;
        }
        Ok(())
    }

    fn compare_orders(&self) -> Result<(), String> {
        let clearing = self.fast.clearing();
        let known = self.plain.known_orders();
        compare(
            "the next order",
            &clearing.next_order_id().0,
            &(self.plain.numbers() + 1),
        )?;
        for account in (0..self.plain.accounts()).map(AccountId) {
            let mine = known.iter().filter(|it| it.order.account == account);
            let open = mine.clone().filter(|it| !it.status.is_final());
            let open: Vec<_> = open.copied().collect();
            compare("open orders", &clearing.open_orders(account), &open)?;
            // Those that are known, and the newest: unknown, another's, or known.
            let newest = self.plain.numbers().saturating_sub(20)..=self.plain.numbers() + 1;
            let numbers = mine.map(|it| it.order.order.0).chain(newest);
            for number in numbers {
                let is_it =
                    |it: &&OrderView| it.order.order.0 == number && it.order.account == account;
                let id = OrderRef::Id(OrderId(number));
                let expected = known.iter().find(is_it).copied();
                compare("an order", &clearing.order(account, id), &expected)?;
            }
        }
        Ok(())
    }

    fn compare_book(&self, pair: PairId) -> Result<(), String> {
        let (Some(fast), Some(plain)) = (self.fast.matcher(pair), self.plain.matcher(pair)) else {
            return Err(format!("{pair:?} has no book"));
        };
        compare("the sequence", &fast.sequence(), &plain.sequence())?;
        compare("the status", &fast.status(), &plain.status())?;
        compare("the last trade", &fast.last_trade(), &plain.last_trade())?;
        compare("the limits", &fast.limits(), &plain.limits())?;
        let reopens_at = self.fast.clearing().reopens_at(pair);
        compare("the reopening", &reopens_at, &self.plain.reopens_at(pair))?;
        self.compare_stops(fast, plain)?;
        for side in [Side::Buy, Side::Sell] {
            let levels = fast.depth(side).flat_map(|it| fast.queue(side, it.price));
            let seen: Vec<_> = levels
                .map(|it| {
                    let hidden = fast.hidden(it.key).lots();
                    (it.account, it.price, it.leaves.lots(), hidden, it.linked)
                })
                .collect();
            let orders = plain.orders(side).iter();
            let expected: Vec<_> = orders
                .map(|it| (it.account, it.price, it.leaves, it.hidden, it.is_linked()))
                .collect();
            compare(
                &format!("{side:?} of {}", self.world.pair(pair)),
                &seen,
                &expected,
            )?;
        }
        Ok(())
    }

    /// Who waits to be set off, in the order of arrival, and where each stands.
    fn compare_stops(&self, fast: &Matcher, plain: &PlainMatcher) -> Result<(), String> {
        let stops = fast.stops();
        let seen: Vec<_> = stops
            .iter()
            .map(|stop| {
                let waiting = stop.waiting.map(|it| (it.account, it.price, it.quantity));
                (stop.trigger, waiting)
            })
            .collect();
        let stops = plain.stops();
        let expected: Vec<_> = stops
            .iter()
            .map(|stop| {
                let waiting = stop.waiting.map(|it| (it.account, it.price, it.quantity));
                let trigger = match stop.trigger.trailing {
                    _ if stop.trigger.is_held => TriggerView::Opening,
                    Some((best, _)) => TriggerView::Trailing(best),
                    None => TriggerView::Fixed(stop.trigger.price),
                };
                (trigger, waiting)
            })
            .collect();
        compare("stops", &seen, &expected)
    }
}

fn is_about_margin(kind: &ReportKind) -> bool {
    match kind {
        ReportKind::Liquidation {
            stage: LiquidationStage::SuspendedMarket | LiquidationStage::SuspendedLiquidity,
            ..
        } => false,
        ReportKind::Position(_)
        | ReportKind::MarginCall(_)
        | ReportKind::MarginCallCleared { .. }
        | ReportKind::Liquidation { .. }
        | ReportKind::Deleveraged { .. }
        | ReportKind::Mark { .. } => true,
        ReportKind::Reserve { .. }
        | ReportKind::AccountLimits { .. }
        | ReportKind::Revoked(_)
        | ReportKind::Answer { .. }
        | ReportKind::Accepted(_)
        | ReportKind::Order(_)
        | ReportKind::Balance { .. }
        | ReportKind::Book { .. }
        | ReportKind::Trade { .. }
        | ReportKind::TradingStatus { .. } => false,
    }
}

fn answer(reports: &[Report]) -> Option<Answer> {
    reports.iter().find_map(|report| match report.kind {
        ReportKind::Answer { answer, .. } => Some(answer),
        _ => None,
    })
}

fn compare<T: PartialEq + std::fmt::Debug>(
    what: &str,
    seen: &T,
    expected: &T,
) -> Result<(), String> {
    if seen == expected {
        return Ok(());
    }
    Err(format!("{what} is {seen:#?}, the model has {expected:#?}"))
}
