//! A cut of the power, within a sync and at each call of a snapshot.

use engine::domain::{CommandSequence, Timestamp};
use engine::exchange::Exchange;
use engine::journal::compact;
use engine::report::{Report, ReportKind};
use engine::request::{Correlation, Request};
use engine::runtime::{Venue, VenueConfig};
use testkit::sim::{Disk, Fault};

use super::{HISTORY, Heard, open, wait_until};

/// A sync that takes long holds back what is said and nothing else, and when the power goes in the
/// middle of it, what is there is the state after some command of those that nobody was told of.
#[test]
fn nothing_is_said_while_a_sync_takes_long_and_a_power_cut_in_it_loses_nothing() {
    let history = &*HISTORY;
    let (before, asked) = (40, 90);
    let disk = Disk::new(8);
    let exchange = Exchange::new(history.config.clone()).unwrap();
    let clock = Box::new(|| Timestamp(1_000_000));
    let log = Box::new(open(&disk));
    let config = VenueConfig::default();
    let (venue, mut reports) = Venue::start(exchange, log, config, clock, || ()).unwrap();
    let inbox = venue.inbox();
    let mut said = Vec::new();
    let mut answers = |out: &mut Vec<Report>| {
        reports.drain(out, usize::MAX);
        let is_answer = |it: &&Report| matches!(it.kind, ReportKind::Answer { .. });
        out.iter().filter(is_answer).count()
    };
    let mut durable = 0;
    for (index, (kind, _)) in history.asked[..asked].iter().enumerate() {
        if index == before {
            wait_until(|| answers(&mut said) == before);
            durable = inbox.journal().durable.0;
            disk.hold_syncs();
        }
        let (correlation, kind) = (Correlation(index as u64), *kind);
        inbox.submit(Request { correlation, kind }).unwrap();
    }
    // All is decided when the last is, and the core looks at its reports after that.
    wait_until(|| inbox.depth() == 0 && inbox.journal().decided.0 > durable);
    for _ in 0..1_000 {
        std::thread::yield_now();
    }
    answers(&mut said);
    let early = said.iter().find(|report| report.after.0 > durable);
    assert_eq!(early, None, "said before it was durable");
    for seed in 0..20 {
        let cut = disk.copy(seed);
        cut.lose_power();
        let (_, _, rebuilt) = history.recover(&cut).unwrap();
        assert!(
            rebuilt.check.upto.0 >= durable,
            "{} is lost",
            rebuilt.check.upto.0
        );
    }
    disk.release_syncs();
    wait_until(|| answers(&mut said) == asked);
    drop(reports);
    venue.stop().unwrap();
}

#[test]
fn a_power_cut_at_each_call_of_a_snapshot_loses_nothing() {
    let history = &*HISTORY;
    let (first, second, third) = (150, 300, history.len().min(420));
    let prepared = || {
        let disk = Disk::new(3);
        let mut log = open(&disk);
        history.write(&mut log, 0, first);
        compact(
            &disk,
            &history.config,
            CommandSequence(first),
            &mut Heard::default(),
        )
        .unwrap();
        history.write(&mut log, first, second);
        compact(
            &disk,
            &history.config,
            CommandSequence(second),
            &mut Heard::default(),
        )
        .unwrap();
        history.write(&mut log, second, third);
        disk
    };
    let third = CommandSequence(third);
    let disk = prepared();
    let before = disk.calls();
    compact(&disk, &history.config, third, &mut Heard::default()).unwrap();
    let calls = disk.calls() - before;
    for fault in [Fault::PowerCut, Fault::Io, Fault::Full] {
        for call in 0..calls {
            let disk = prepared();
            disk.fail_at(before + call, fault);
            let _ = compact(&disk, &history.config, third, &mut Heard::default());
            disk.lose_power();
            history.check(&disk, third.0);
            // And the next one succeeds, whatever the last left behind.
            let made = compact(&disk, &history.config, third, &mut Heard::default()).unwrap();
            assert!(made.is_none_or(|made| made == third));
            history.check(&disk, third.0);
        }
    }
}
