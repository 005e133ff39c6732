//! Files that are not what was written: damaged, cut, of another past.

use engine::command::{Command, CommandKind};
use engine::domain::{Amount, CommandSequence};
use engine::journal::{Check, CommandLog, Snapshot, Storage, compact, recover};
use expect_test::expect;
use testkit::sim::Disk;

use super::{HISTORY, Heard, OPTIONS, open};

#[test]
fn a_damaged_snapshot_is_skipped_for_the_one_before() {
    let history = &*HISTORY;
    let disk = Disk::new(1);
    let mut log = open(&disk);
    for (from, upto) in [(0, 100), (100, 200)] {
        history.write(&mut log, from, upto);
        compact(
            &disk,
            &history.config,
            CommandSequence(upto),
            &mut Heard::default(),
        )
        .unwrap();
    }
    history.write(&mut log, 200, 250);
    disk.flip("snapshot-00000000000000000200", 8 * 700);
    let rebuilt = history.check(&disk, 250);
    assert_eq!(rebuilt.snapshot, Some(CommandSequence(100)));
    expect![[r#"(simulated)/snapshot-00000000000000000200: at byte 96: the block does not match its checksum. An older snapshot and the journal lead to the same state: move this file away, then start again."#]]
        .assert_eq(&rebuilt.skipped[0].to_string());
}

#[test]
fn every_flipped_bit_of_a_snapshot_is_found_out() {
    let history = &*HISTORY;
    let disk = Disk::new(1);
    history.write(&mut open(&disk), 0, 120);
    compact(
        &disk,
        &history.config,
        CommandSequence(120),
        &mut Heard::default(),
    )
    .unwrap();
    let bytes = disk.content("snapshot-00000000000000000120");
    assert!(Snapshot::decode(&bytes).is_ok());
    for bit in 0..bytes.len() * 8 {
        let mut bytes = bytes.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        assert!(Snapshot::decode(&bytes).is_err(), "bit {bit}");
    }
    for len in 0..bytes.len() {
        assert!(Snapshot::decode(&bytes[..len]).is_err(), "cut at {len}");
    }
}

/// Writes `commands` with whatever `change` makes of them, and says what recovery says.
fn refused(mut change: impl FnMut(&mut Command), check: Option<Check>) -> String {
    let history = &*HISTORY;
    let disk = Disk::new(1);
    let mut log = open(&disk);
    let mut commands = history.commands.clone();
    commands.iter_mut().for_each(&mut change);
    for batch in commands.chunks(5) {
        if let Some(check) = check {
            log.note(check);
        }
        log.append(batch).unwrap();
    }
    let mut rim = Heard::default();
    match recover(
        &disk,
        &history.config,
        OPTIONS,
        None,
        &mut rim,
        &mut |_, _| {},
    ) {
        Ok(_) => "recovered".to_owned(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn a_decision_that_comes_out_otherwise_stops_recovery() {
    let first = HISTORY
        .commands
        .iter()
        .find(|it| matches!(it.kind, CommandKind::Place { .. }))
        .unwrap()
        .sequence;
    let what = refused(
        |command| {
            if let CommandKind::Place { hold, .. } = &mut command.kind
                && command.sequence == first
            {
                *hold = hold.checked_add(Amount::new(1).unwrap()).unwrap();
            }
        },
        None,
    );
    expect![[r#"(simulated)/journal-0000000001: at byte 432: command 14: hold is 2432, expected 2431; it is Command { sequence: CommandSequence(14), time: Timestamp(1000002), kind: Place { pair: PairId(0), id: OrderId(1), client_order_id: Some("c1"), market: false, expires_at: None, hold: Amount(2432), funding: Spot, order: PlaceOrder { key: OrderKey(4294967295v4294967295), quantity: Quantity(24), account: AccountId(2), price: Price(101), side: Buy, time_in_force: GoodTillCancelled, post_only: false, self_trade: CancelTaker }, terms: Plain } }. Nothing was changed. Start the program and configuration that wrote this journal, and report the difference."#]].assert_eq(&what);
}

#[test]
fn a_journal_that_ends_before_a_snapshot_stops_recovery() {
    let history = &*HISTORY;
    let disk = Disk::new(1);
    history.write(&mut open(&disk), 0, 40);
    let before = disk.content("journal-0000000001");
    history.write(&mut open(&disk), 40, 60);
    compact(
        &disk,
        &history.config,
        CommandSequence(60),
        &mut Heard::default(),
    )
    .unwrap();
    disk.put("journal-0000000001", &before);
    let error = history.recover(&disk).unwrap_err();
    expect!["(simulated)/journal-0000000001: at byte 1712: the journal ends with command 40, a snapshot has command 60. The journal lost its end: restore it from a copy, then start again."].assert_eq(&error.to_string());
}

#[test]
fn a_journal_of_another_past_stops_recovery() {
    let history = &*HISTORY;
    let disk = Disk::new(1);
    let mut log = open(&disk);
    history.write(&mut log, 0, 60);
    compact(
        &disk,
        &history.config,
        CommandSequence(60),
        &mut Heard::default(),
    )
    .unwrap();
    disk.remove("journal-0000000001").unwrap();
    // The same commands, in other batches: another chain.
    let mut log = open(&disk);
    for batch in history.commands[..60].chunks(3) {
        log.append(batch).unwrap();
    }
    history.write(&mut log, 60, 80);
    let error = history.recover(&disk).unwrap_err();
    expect!["(simulated)/journal-0000000002: at byte 64: what comes before is not what it was when the snapshot was taken. Nothing was changed. Restore this file from a copy, or the whole data directory from a backup, then start again."].assert_eq(&error.to_string());
}
