//! Margin over threads: what is due at once is done before the end, what comes later is not
//! waited for, and the journal leads to the same.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::ops::ControlFlow;

use super::*;
use crate::domain::{AccountId, Side};
use crate::exchange::tests::{NOW, config, fall, opening, order, request};
use crate::journal::{Entry, MemoryLog};
use crate::report::ReportKind;
use crate::request::RequestKind;

fn layouts() -> [VenueConfig; 3] {
    [(0, false), (1, true), (2, true)].map(|(matcher_threads, journal_thread)| VenueConfig {
        matcher_threads,
        journal_thread,
        // Small, so that rings are full now and then.
        ring: 8,
        ..VenueConfig::default()
    })
}

/// Runs `asks` through threads, stops at once, and gives what became of it: the exchange, what was
/// said, and what a replay of the journal says.
fn run(asks: &[RequestKind], layout: VenueConfig) -> (Exchange, Vec<Report>, Vec<Report>) {
    let exchange = Exchange::new(config()).unwrap();
    let log = Box::new(MemoryLog::new());
    let clock: Clock = Box::new(|| NOW);
    let (venue, mut reports) = Venue::start(exchange, log, layout, clock, || {}).unwrap();
    let inbox = venue.inbox();
    for kind in asks {
        while inbox.submit(request(*kind)) == Err(SubmitError::Full) {
            std::thread::yield_now();
        }
    }
    let (exchange, mut log) = venue.stop().unwrap();
    // By the batch and one by one: in order either way.
    let (mut said, mut batch) = (Vec::new(), Vec::new());
    while reports.drain(&mut said, 3) + reports.next_batch(&mut batch) > 0 {
        said.append(&mut batch);
    }
    assert!(said.is_sorted_by_key(|report| report.after));
    let mut again = Exchange::new(config()).unwrap();
    let mut replayed = Vec::new();
    log.replay(CommandSequence(1), &mut |entry| {
        if let Entry::Command(command) = entry {
            again.replay(&command, &mut replayed).unwrap();
        }
        ControlFlow::Continue(())
    })
    .unwrap();
    assert_eq!(again.state_digest(), exchange.state_digest(), "{layout:?}");
    exchange.verify().unwrap();
    (exchange, said, replayed)
}

fn outcome(reports: &[Report]) -> Check {
    let mut outcome = Outcome::default();
    reports.iter().for_each(|report| outcome.take(report));
    outcome.check(CommandSequence(0))
}

/// The end waits for a liquidation that can go on, and for no retry of one that cannot. // G-21
#[test]
fn liquidations_end_before_the_venue_does() {
    let asks = [opening(3), fall(0, 200), fall(1, 5)].concat();
    let mut inline = Exchange::new(config()).unwrap();
    let mut expected = Vec::new();
    for kind in &asks {
        inline.apply(&request(*kind), NOW, &mut expected);
    }
    for layout in layouts() {
        let (exchange, said, replayed) = run(&asks, layout);
        let next = exchange.next_deadline();
        assert!(next > Some(NOW), "{layout:?}: {next:?}");
        assert_eq!(outcome(&said), outcome(&replayed), "{layout:?}");
        if layout.matcher_threads == 0 {
            assert_eq!(said, expected);
            assert_eq!(exchange.state_digest(), inline.state_digest());
        }
    }
}

/// Whatever threads did in between, the journal leads to the same, and says the same. // G-22
#[test]
fn the_journal_of_threads_says_what_they_said() {
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = |below: u64| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed % below
    };
    let mut asks = opening(5);
    for index in 0..1_500_u32 {
        let who = u32::try_from(random(5)).unwrap();
        let pair = u16::try_from(random(2)).unwrap();
        let side = if random(2) == 0 {
            Side::Buy
        } else {
            Side::Sell
        };
        let times = [None, Some(2), Some(5), Some(10)][usize::try_from(random(4)).unwrap()];
        // The market goes up and down, far enough for liquidations.
        let middle =
            [1_000, 960, 900, 850, 930, 1_040, 1_120][usize::try_from(index / 60).unwrap() % 7];
        let at = middle + u32::try_from(random(40)).unwrap() - 20;
        asks.push(match random(12) {
            0 => RequestKind::CancelAll {
                account: AccountId(who),
                pair: None,
                side: None,
                disconnected: false,
            },
            _ => order((who, pair), side, 1 + random(60), at, times),
        });
    }
    let mut liquidated = 0;
    for layout in layouts() {
        let (_, said, replayed) = run(&asks, layout);
        assert_eq!(outcome(&said), outcome(&replayed), "{layout:?}");
        let began = |it: &&Report| matches!(it.kind, ReportKind::Liquidation { .. });
        liquidated += said.iter().filter(began).count();
    }
    assert!(liquidated > 9, "{liquidated} steps of liquidations");
}

/// Notes what it is told.
struct Ear(std::sync::mpsc::Sender<(CommandSequence, CommandSequence)>);

impl Listener for Ear {
    fn decided(&self, after: CommandSequence, last: CommandSequence) {
        self.0.send((after, last)).unwrap();
    }

    fn reported(&self) {}
}

#[test]
fn every_command_is_told_as_decided_once_and_in_order() {
    let asks = [opening(3), fall(0, 200), fall(1, 5)].concat();
    for layout in layouts() {
        let exchange = Exchange::new(config()).unwrap();
        let (ear, heard) = std::sync::mpsc::channel();
        let (log, clock): (_, Clock) = (Box::new(MemoryLog::new()), Box::new(|| NOW));
        let (venue, reports) = Venue::start(exchange, log, layout, clock, Ear(ear)).unwrap();
        let inbox = venue.inbox();
        assert_eq!(inbox.depths().lanes.len(), layout.matcher_threads);
        drop(reports);
        for kind in &asks {
            while inbox.submit(request(*kind)) == Err(SubmitError::Full) {
                std::thread::yield_now();
            }
        }
        let (exchange, _) = venue.stop().unwrap();
        let mut at = CommandSequence(0);
        for (after, last) in heard {
            assert_eq!(after, at, "{layout:?}");
            assert!(last > after);
            at = last;
        }
        assert_eq!(at, exchange.clearing().last_sequence(), "{layout:?}");
        let empty = Depths {
            lanes: vec![(0, 0); layout.matcher_threads],
            ..Depths::default()
        };
        assert_eq!(inbox.depths(), empty, "{layout:?}");
    }
}
