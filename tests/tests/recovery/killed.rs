//! Processes that are killed before they are done, over and over.

use engine::journal::{recover, snapshots};
use testkit::sim::{Disk, Fault};

use super::{HISTORY, Heard, OPTIONS, open};

/// One life of a process that never finishes a snapshot beside its work: recovers, with snapshots
/// every so many commands on the way, and appends up to `upto`.
fn short_life(disk: &Disk, every: u64, upto: u64) -> engine::journal::Rebuilt {
    let history = &*HISTORY;
    let mut rim = Heard::default();
    let recovered = recover(
        disk,
        &history.config,
        OPTIONS,
        Some(every),
        &mut rim,
        &mut |_, _| {},
    );
    let (rebuilt, mut log) = recovered.unwrap();
    let at = rebuilt.check.upto.0;
    assert_eq!(
        rebuilt.exchange.state_digest(),
        history.digests[usize::try_from(at).unwrap()]
    );
    assert_eq!(rim, history.heard(at), "what the rim kept");
    history.write(&mut log, at, upto.max(at));
    rebuilt
}

#[test]
fn a_process_that_is_always_killed_early_replays_no_more_each_time() {
    let history = &*HISTORY;
    let (every, life) = (50, 20);
    let disk = Disk::new(4);
    let mut written = 0;
    while written < history.len() {
        written = (written + life).min(history.len());
        let rebuilt = short_life(&disk, every, written);
        // What one life adds, what is too little for a snapshot, and a frame that goes over it.
        assert!(
            rebuilt.replayed < every + life + 7,
            "{} replayed",
            rebuilt.replayed
        );
        assert!(snapshots(&disk).unwrap().len() <= 3);
        disk.lose_power();
    }
    assert!(
        !disk.names().contains(&"journal-0000000001".to_owned()),
        "the journal before what was loaded is given back"
    );
    history.check(&disk, written);
}

#[test]
fn a_recovery_that_is_killed_over_and_over_gets_further_each_time() {
    let history = &*HISTORY;
    let prepared = |seed| {
        let disk = Disk::new(seed);
        history.write(&mut open(&disk), 0, history.len());
        disk
    };
    let calls = {
        let disk = prepared(1);
        let before = disk.calls();
        short_life(&disk, 100, 0);
        disk.calls() - before
    };
    for fault in [Fault::PowerCut, Fault::Io, Fault::Full] {
        for call in 0..calls {
            let disk = prepared(call);
            disk.fail_at(disk.calls() + call, fault);
            let mut rim = Heard::default();
            let killed = recover(
                &disk,
                &history.config,
                OPTIONS,
                Some(100),
                &mut rim,
                &mut |_, _| {},
            );
            assert!(killed.is_err(), "call {call} failed and nobody was told");
            disk.lose_power();
            let newest = snapshots(&disk).unwrap().first().map(|at| at.0);
            let rebuilt = short_life(&disk, 100, 0);
            assert_eq!(rebuilt.check.upto.0, history.len());
            assert_eq!(
                rebuilt.replayed,
                history.len() - newest.unwrap_or(0),
                "{fault:?} at {call}"
            );
        }
    }
}
