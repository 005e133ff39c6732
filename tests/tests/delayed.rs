//! Promise: it does not matter when matchers get to their commands and clearing to their events.
//! Requests are decided while any number of commands and events of each pair wait; then the
//! accepted commands are replayed one by one, and everything is the same to the bit.
//!
//! `EXCHANGE_CASES` sets how many sequences are tried (500 without it).

use std::collections::{BTreeMap, VecDeque};

use engine::book::BookConfig;
use engine::clearing::{Clearing, Decision};
use engine::command::{Command, OrderCommand};
use engine::domain::{AccountId, AssetId, PairId};
use engine::event::Event;
use engine::exchange::Exchange;
use engine::matching::Matcher;
use engine::reject::Reject;
use engine::report::{Answer, Report, ReportKind};
use engine::request::{Correlation, Request, RequestKind};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError};
use testkit::auditor::ReportAuditor;
use testkit::scenario::Line;
use testkit::workload::{Ask, Known};
use testkit::world::World;

/// An exchange whose parts are as far apart as the schedule has them.
struct Delayed {
    world: World,
    clearing: Clearing,
    pairs: Vec<DelayedPair>,
    log: Vec<Command>,
    answers: BTreeMap<u64, Answer>,
    auditor: ReportAuditor,
    asked: u64,
}

struct DelayedPair {
    matcher: Matcher,
    commands: VecDeque<OrderCommand>,
    events: VecDeque<Event>,
    /// All that ever happened.
    history: Vec<Event>,
}

/// What happens next.
#[derive(Clone, Copy, Debug)]
enum Step {
    Ask([u8; Ask::BYTES]),
    Match(usize),
    Settle(usize),
}

impl Delayed {
    fn new(world: World) -> Delayed {
        let config = world.config.clone();
        let book = BookConfig::new(64, config.max_orders_per_pair).expect("in range");
        let pair = || DelayedPair {
            matcher: Matcher::new(book),
            commands: VecDeque::new(),
            events: VecDeque::new(),
            history: Vec::new(),
        };
        Delayed {
            pairs: config.pairs.iter().map(|_| pair()).collect(),
            clearing: Clearing::new(config).expect("a world's configuration may be"),
            log: Vec::new(),
            answers: BTreeMap::new(),
            auditor: ReportAuditor::new(&world.config),
            asked: 0,
            world,
        }
    }

    fn ask(&mut self, kind: RequestKind, now: engine::domain::Timestamp) -> Result<(), String> {
        self.asked += 1;
        let correlation = Correlation(self.asked);
        let mut decisions = Vec::new();
        let request = Request { correlation, kind };
        self.clearing.decide(&request, now, &mut decisions);
        for decision in decisions {
            match decision {
                Decision::Report(report) => self.say(&report)?,
                Decision::Command(command) => {
                    self.auditor.command(&command)?;
                    self.log.push(command);
                    if let Some((pair, order)) = command.kind.order_command() {
                        self.pairs[usize::from(pair.0)].commands.push_back(order);
                    }
                }
            }
        }
        Ok(())
    }

    fn run_matcher(&mut self, pair: usize) -> bool {
        let pair = &mut self.pairs[pair];
        let Some(command) = pair.commands.pop_front() else {
            return false;
        };
        let before = pair.history.len();
        pair.matcher.apply(&command, &mut pair.history);
        pair.events.extend(&pair.history[before..]);
        true
    }

    fn settle(&mut self, index: usize) -> Result<bool, String> {
        let Some(event) = self.pairs[index].events.pop_front() else {
            return Ok(false);
        };
        let pair = PairId(u16::try_from(index).expect("a world has few pairs"));
        let mut reports = Vec::new();
        self.clearing.settle(pair, &event, &mut reports);
        for report in &reports {
            self.say(report)?;
        }
        Ok(true)
    }

    fn say(&mut self, report: &Report) -> Result<(), String> {
        if let ReportKind::Answer {
            correlation,
            answer,
        } = report.kind
            && let Some(first) = self.answers.insert(correlation.0, answer)
        {
            return Err(format!("answered {first:?}, then {answer:?}"));
        }
        self.auditor.report(report)
    }

    fn known(&self) -> Known {
        let accounts = (0..self.clearing.accounts()).map(AccountId);
        let open = accounts.flat_map(|account| {
            let open = self.clearing.open_orders(account);
            open.into_iter().map(move |it| (account, it.order.order))
        });
        Known {
            open: open.collect(),
            numbers: self.clearing.next_order_id().0 - 1,
            positions: self
                .clearing
                .all_positions()
                .iter()
                .map(|it| (it.account, it.position))
                .collect(),
        }
    }

    fn verify(&self) -> Result<(), String> {
        self.clearing.verify().map_err(|what| what.to_string())
    }

    fn come_to_rest(&mut self) -> Result<(), String> {
        for pair in 0..self.pairs.len() {
            while self.run_matcher(pair) {}
            while self.settle(pair)? {}
        }
        let unanswered = (1..=self.asked).find(|it| !self.answers.contains_key(it));
        match unanswered {
            Some(request) => Err(format!("request {request} was never answered")),
            None => self.verify(),
        }
    }
}

/// Runs the schedule, then replays what was accepted, and compares.
fn run(steps: &[Step]) -> Result<BTreeMap<u64, Answer>, String> {
    let mut lines = Vec::new();
    run_noting(steps, &mut lines).map_err(|what| format!("{what}\nafter\n{}", lines.join("\n")))
}

fn run_noting(steps: &[Step], lines: &mut Vec<String>) -> Result<BTreeMap<u64, Answer>, String> {
    let mut delayed = Delayed::new(World::tight());
    for (kind, now) in Ask::opening(&delayed.world) {
        delayed.ask(kind, now)?;
    }
    let mut ask = Ask::new();
    for step in steps {
        match *step {
            Step::Ask(bytes) => {
                let (kind, now) = ask.decode(bytes, &delayed.known());
                lines.push(Line::new(&delayed.world, &kind).at(now).to_string());
                delayed.ask(kind, now)?;
            }
            Step::Match(pair) => {
                if delayed.run_matcher(pair) {
                    lines.push(format!("  pair{pair} matches"));
                }
            }
            Step::Settle(pair) => {
                if delayed.settle(pair)? {
                    lines.push(format!("  pair{pair} settles an event"));
                }
            }
        }
        // L-2: also in between, holds are what open orders need at least, and nothing is missing.
        delayed.verify()?;
    }
    delayed.come_to_rest()?;
    compare_with_replay(&mut delayed)?;
    Ok(delayed.answers)
}

// L-20
fn compare_with_replay(delayed: &mut Delayed) -> Result<(), String> {
    let config = delayed.world.config.clone();
    let mut replayed = Exchange::new(config).expect("a world's configuration may be");
    let mut reports = Vec::new();
    for command in &delayed.log {
        let done = replayed.replay(command, &mut reports);
        done.map_err(|what| format!("{what}: {command:#?}"))?;
    }
    for asset in (0..delayed.world.config.assets).map(AssetId) {
        let totals = (
            delayed.clearing.totals(asset),
            replayed.clearing().totals(asset),
        );
        if totals.0 != totals.1 {
            return Err(format!("replay has {totals:#?} of {asset:?}"));
        }
        for account in (0..delayed.clearing.accounts()).map(AccountId) {
            let live = delayed.clearing.balance(account, asset);
            let again = replayed.clearing().balance(account, asset);
            if live != again {
                return Err(format!("{account:?} has {live:?}, in replay {again:?}"));
            }
        }
    }
    for account in (0..delayed.clearing.accounts()).map(AccountId) {
        let live = delayed.clearing.open_orders(account);
        let again = replayed.clearing().open_orders(account);
        if live != again {
            return Err(format!("open are {live:#?}, in replay {again:#?}"));
        }
    }
    let matchers = std::mem::take(&mut delayed.pairs)
        .into_iter()
        .map(|it| it.matcher);
    let parts = (delayed.clearing.clone(), matchers.collect());
    let live = Exchange::from_parts(parts.0, parts.1).map_err(|what| what.to_string())?;
    live.verify().map_err(|what| what.to_string())?;
    if live.state_digest() != replayed.state_digest() {
        return Err("the digests differ".to_owned());
    }
    Ok(())
}

fn steps(most: usize) -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => any::<[u8; Ask::BYTES]>().prop_map(Step::Ask),
        2 => (0..3_usize).prop_map(Step::Match),
        3 => (0..3_usize).prop_map(Step::Settle),
    ];
    prop::collection::vec(step, 1..most)
}

fn config() -> Config {
    let cases = std::env::var("EXCHANGE_CASES").ok();
    Config {
        cases: cases.and_then(|cases| cases.parse().ok()).unwrap_or(500),
        failure_persistence: None,
        max_shrink_iters: 20_000,
        ..Config::default()
    }
}

proptest! {
    #![proptest_config(config())]

    // L-2, L-12, L-13, L-14, L-17, L-20
    #[test]
    fn any_schedule_ends_where_replay_ends(steps in steps(120)) {
        run(&steps).map_err(TestCaseError::fail)?;
    }
}

/// One request after the other, with nothing matched in between.
fn ask_all(delayed: &mut Delayed, text: &str) {
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let read = Line::parse(&delayed.world, line);
        let (kind, at) = read.expect("a test's lines can be read");
        let asked = delayed.ask(kind, at.unwrap_or_default());
        asked.expect("the auditor has nothing to say");
    }
}

fn scenario(before: &str, in_flight: &str) -> Delayed {
    let world = World {
        config: World::of(testkit::world::Terms::plain()).config,
        ..World::tight()
    };
    let mut delayed = Delayed::new(world);
    for (kind, now) in Ask::opening(&delayed.world) {
        delayed.ask(kind, now).expect("the opening is in order");
    }
    ask_all(&mut delayed, before);
    delayed.come_to_rest().expect("all is answered");
    delayed.answers.clear();
    delayed.asked = 0;
    ask_all(&mut delayed, in_flight);
    delayed.come_to_rest().expect("all is answered");
    delayed
}

// L-13
#[test]
fn a_raise_behind_a_cut_is_refused() {
    let delayed = scenario(
        "alice buys 10 @ 100",
        "alice amends #1 to 5
         alice amends #1 to 8",
    );
    let second = delayed.answers.get(&2);
    assert_eq!(second, Some(&Answer::Rejected(Reject::Unavailable)));
}

// L-14
#[test]
fn a_cancel_that_crosses_a_fill_is_told_of_it() {
    let delayed = scenario(
        "alice buys 10 @ 100",
        "bob sells 10 @ 100
         alice cancels #1",
    );
    let second = delayed.answers.get(&2);
    assert!(
        matches!(second, Some(Answer::AlreadyFilled { .. })),
        "{second:?}"
    );
}

// L-17
#[test]
fn a_repeat_in_flight_gets_the_first_s_outcome() {
    let delayed = scenario(
        "alice buys 10 @ 100",
        "bob sells 10 @ 100 post-only as mine
         bob sells 10 @ 100 post-only as mine
         bob sells 10 @ 101 as other
         bob sells 10 @ 101 as other",
    );
    let refused = Some(&Answer::Rejected(Reject::PostOnlyWouldTake));
    assert_eq!(delayed.answers.get(&1), refused);
    assert_eq!(delayed.answers.get(&2), refused);
    let again = delayed.answers.get(&4);
    let is_repeat = |it: &&Answer| {
        matches!(
            it,
            Answer::Placed {
                duplicate: true,
                ..
            }
        )
    };
    assert!(again.filter(is_repeat).is_some(), "{again:?}");
}
