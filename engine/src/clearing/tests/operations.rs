//! Scenarios of what an operator revokes, and of what it asks for under keys. Three keys are
//! remembered, and three revocations stand.

use expect_test::expect;

use super::scenario::{Log, check};
use crate::clearing::{Clearing, ExchangeConfig, KEY_MEMORY_MS, RestoreError, operation_digest};
use crate::command::Command;
use crate::domain::*;
use crate::request::{Correlation, Request, RequestKind};

// L-35
#[test]
fn revocations_are_kept_and_told_when_they_change() {
    check(
        "
        at 1000
        revoke token 7 until=5000
        revoke token 7 until=5000
        revoke token 7
        revoke user alice up-to=400
        revoke user alice up-to=300
        revoke user alice
        at 2000
        revoke user alice up-to=9999
        lift bob
        lift alice
        lift alice
        ",
        expect![[r#"
            > at 1000
            > revoke token 7 until=5000
              1: revoked
              token 7 is revoked until 5000
            > revoke token 7 until=5000
              2: revoked already
            > revoke token 7
              3: revoked
              token 7 is revoked
            > revoke user alice up-to=400
              4: revoked
              alice is revoked up to 400
            > revoke user alice up-to=300
              5: revoked already
            > revoke user alice
              6: revoked
              alice is revoked up to 1000
            > at 2000
            > revoke user alice up-to=9999
              7: revoked
              alice is revoked up to 2000
            > lift bob
              8: revoked already
            > lift alice
              9: revoked
              alice is not revoked
            > lift alice
              10: revoked already
        "#]],
    );
}

// L-35: three stand, and a fourth has room when one has ended; the first to end goes.
#[test]
fn no_more_is_revoked_than_may_be() {
    check(
        "
        at 1000
        revoke token 1 until=3000
        revoke token 2 until=2000
        revoke user alice
        revoke token 3
        at 1999
        revoke user bob
        revoke token 2 until=2500
        at 2499
        revoke token 3
        at 2500
        revoke token 3
        revoke user bob
        lift alice
        revoke user bob
        at 2999
        keyed 1 revoke token 4
        at 3000
        keyed 1 revoke token 4
        ",
        expect![[r#"
            > at 1000
            > revoke token 1 until=3000
              1: revoked
              token 1 is revoked until 3000
            > revoke token 2 until=2000
              2: revoked
              token 2 is revoked until 2000
            > revoke user alice
              3: revoked
              alice is revoked up to 1000
            > revoke token 3
              4: rejected TooManyRevocations
            > at 1999
            > revoke user bob
              5: rejected TooManyRevocations
            > revoke token 2 until=2500
              6: revoked
              token 2 is revoked until 2500
            > at 2499
            > revoke token 3
              7: rejected TooManyRevocations
            > at 2500
            > revoke token 3
              8: revoked
              token 3 is revoked
            > revoke user bob
              9: rejected TooManyRevocations
            > lift alice
              10: revoked
              alice is not revoked
            > revoke user bob
              11: revoked
              bob is revoked up to 2500
            > at 2999
            > keyed 1 revoke token 4
              12: rejected TooManyRevocations
            > at 3000
            > keyed 1 revoke token 4
              13: revoked
              token 4 is revoked
        "#]],
    );
}

// L-36: asked again after somebody opened the pair, it is not halted again.
#[test]
fn a_halt_that_comes_late_halts_once() {
    check(
        "
        at 1000
        open alice
        keyed 1 halt
        resume
        at 2000
        keyed 1 halt
        alice buy 5 @ 100
        keyed 1 resume
        keyed 2 resume
        halt
        keyed 2 resume
        keyed 3 halt
        resume
        keyed 3 halt
        keyed 4 halt
        keyed 4 resume
        at 86401000
        keyed 1 halt
        ",
        expect![[r#"
            > at 1000
            > open alice
              1: account 0
            > keyed 1 halt
              2: status set
              status Halted
            > resume
              3: status set
              status Open
            > at 2000
            > keyed 1 halt
              4: done at 1000, as before
            > alice buy 5 @ 100
              5: rejected InsufficientBalance
            > keyed 1 resume
              6: rejected TransferKeyReused
            > keyed 2 resume
              7: status set
            > halt
              8: status set
              status Halted
            > keyed 2 resume
              9: done at 2000, as before
            > keyed 3 halt
              10: status set
            > resume
              11: status set
              status Open
            > keyed 3 halt
              12: done at 2000, as before
            > keyed 4 halt
              13: rejected TooManyTransfers
            > keyed 4 resume
              14: rejected TooManyTransfers
            > at 86401000
            > keyed 1 halt
              15: status set
              status Halted
        "#]],
    );
}

// L-36
#[test]
fn a_key_is_of_one_request() {
    check(
        "
        keyed 1 open alice
        keyed 1 open alice
        keyed 1 open bob
        keyed 2 limits alice 5 0 0
        limits alice 6 0 0
        keyed 2 limits alice 5 0 0
        keyed 2 limits alice 5 0 1
        transfer 1 alice in quote 5
        transfer 3 alice in quote 5
        keyed 3 open alice
        keyed 4 open alice
        keyed 4 limits nobody 1 1 1
        ",
        expect![[r#"
            > keyed 1 open alice
              1: account 0
            > keyed 1 open alice
              2: done at 0, as before
            > keyed 1 open bob
              3: rejected TransferKeyReused
            > keyed 2 limits alice 5 0 0
              4: limits set
              alice may [5, 0, 0]
            > limits alice 6 0 0
              5: limits set
              alice may [6, 0, 0]
            > keyed 2 limits alice 5 0 0
              6: done at 0, as before
            > keyed 2 limits alice 5 0 1
              7: rejected TransferKeyReused
            > transfer 1 alice in quote 5
              8: rejected TransferKeyReused
            > transfer 3 alice in quote 5
              9: transferred at 0
              alice quote 5 + 0
            > keyed 3 open alice
              10: rejected TransferKeyReused
            > keyed 4 open alice
              11: rejected TooManyTransfers
            > keyed 4 limits nobody 1 1 1
              12: rejected UnknownAccount
        "#]],
    );
}

// L-35, L-36
#[test]
fn a_revocation_that_comes_late_takes_nothing_that_was_issued_since() {
    check(
        "
        at 1000
        keyed 1 revoke user alice
        lift alice
        at 2000
        keyed 1 revoke user alice
        keyed 1 lift alice
        keyed 2 lift alice
        revoke user alice
        keyed 2 lift alice
        keyed 3 revoke token 5
        keyed 3 revoke token 5
        ",
        expect![[r#"
            > at 1000
            > keyed 1 revoke user alice
              1: revoked
              alice is revoked up to 1000
            > lift alice
              2: revoked
              alice is not revoked
            > at 2000
            > keyed 1 revoke user alice
              3: done at 1000, as before
            > keyed 1 lift alice
              4: rejected TransferKeyReused
            > keyed 2 lift alice
              5: revoked already
            > revoke user alice
              6: revoked
              alice is revoked up to 2000
            > keyed 2 lift alice
              7: done at 2000, as before
            > keyed 3 revoke token 5
              8: revoked
              token 5 is revoked
            > keyed 3 revoke token 5
              9: done at 2000, as before
        "#]],
    );
}

fn config() -> ExchangeConfig {
    ExchangeConfig {
        max_transfers: 4,
        max_revocations: 2,
        ..ExchangeConfig::new(1, Vec::new())
    }
}

fn user(name: &str) -> UserName {
    UserName::new(name).unwrap()
}

fn token(id: u128, expires_at: Option<u64>) -> Revocation {
    Revocation::Token {
        token: TokenId(id),
        expires_at: expires_at.map(Timestamp),
    }
}

fn keyed(key: u128, operation: Operation) -> RequestKind {
    RequestKind::Operate {
        key: IdempotencyKey(key),
        operation,
    }
}

fn transfer(key: u128) -> RequestKind {
    RequestKind::Transfer {
        key: IdempotencyKey(key),
        transfer: Transfer {
            party: Party::Account(AccountId(0)),
            asset: AssetId(0),
            change: Movement::In(Amount::new(5).unwrap()),
        },
    }
}

fn ask(clearing: &mut Clearing, at: u64, kind: RequestKind) -> Vec<Command> {
    let request = Request {
        correlation: Correlation(0),
        kind,
    };
    let mut log = Log::default();
    clearing.decide(&request, Timestamp(at), &mut log);
    log.0
}

/// A state with all that there is, and the commands that led to it.
fn full() -> (Clearing, Vec<Command>) {
    let mut clearing = Clearing::new(config()).unwrap();
    let name = user("alice");
    let up_to = |issued_up_to| Revocation::User {
        user: name,
        issued_up_to,
    };
    let log = [
        (1, keyed(7, Operation::OpenAccount { name })),
        (2, transfer(8)),
        (3, RequestKind::Revoke(token(1, Some(4)))),
        (4, RequestKind::Revoke(token(2, None))),
        (5, keyed(9, Operation::Revoke(up_to(None)))),
        (6, keyed(9, Operation::Revoke(up_to(None)))),
        (7, keyed(10, Operation::OpenAccount { name })),
    ];
    let log = log
        .into_iter()
        .flat_map(|(at, kind)| ask(&mut clearing, at, kind))
        .collect();
    (clearing, log)
}

// L-20, L-35, L-36
#[test]
fn a_replay_and_a_snapshot_keep_the_same() {
    let (clearing, log) = full();
    assert_eq!(log.len(), 6, "a repeat is no command");
    let mut replayed = Clearing::new(config()).unwrap();
    for command in &log {
        let before = replayed.state_digest();
        replayed.replay(command, &mut Vec::new()).unwrap();
        assert_ne!(replayed.state_digest(), before);
    }
    assert_eq!(replayed.state(), clearing.state());
    assert_eq!(replayed.state_digest(), clearing.state_digest());
    let state = clearing.state().unwrap();
    assert_eq!(
        state.revoked.tokens,
        [(TokenId(2), None)],
        "the first ended and made room"
    );
    let mut restored = Clearing::restore(config(), &state).unwrap();
    assert_eq!(restored.state(), clearing.state());
    assert_eq!(restored.state_digest(), clearing.state_digest());
    let name = user("alice");
    for (key, operation) in [
        (7, Operation::OpenAccount { name }),
        (10, Operation::OpenAccount { name }),
    ] {
        assert_eq!(ask(&mut restored, 8, keyed(key, operation)), []);
    }
    // What each part says counts.
    for change in [
        |state: &mut crate::clearing::ClearingState| state.operations[0].digest.0[0] ^= 1,
        |state: &mut crate::clearing::ClearingState| state.operations[0].key.0 += 100,
        |state: &mut crate::clearing::ClearingState| {
            state.revoked.tokens[0].1 = Some(Timestamp(0));
        },
        |state: &mut crate::clearing::ClearingState| state.revoked.users[0].1 = Timestamp(4),
    ] {
        let mut other = state.clone();
        change(&mut other);
        let other = Clearing::restore(config(), &other).unwrap();
        assert_ne!(other.state_digest(), clearing.state_digest());
    }
}

// L-36: all that an operation asks for is in what it is known again by.
#[test]
fn other_operations_have_other_digests() {
    let (alice, bob) = (user("alice"), user("bob"));
    let status = |pair, status| Operation::SetTradingStatus {
        pair: PairId(pair),
        status,
    };
    let limits = |account, limits| Operation::SetAccountLimits {
        account: AccountId(account),
        limits: AccountLimits::of_numbers(limits),
    };
    let up_to = |user, at: Option<u64>| {
        Operation::Revoke(Revocation::User {
            user,
            issued_up_to: at.map(Timestamp),
        })
    };
    let all = [
        status(0, TradingStatus::Halted),
        status(1, TradingStatus::Halted),
        status(0, TradingStatus::Open),
        limits(0, [1, 0, 0]),
        limits(1, [1, 0, 0]),
        limits(0, [0, 1, 0]),
        Operation::OpenAccount { name: alice },
        Operation::OpenAccount { name: bob },
        Operation::Revoke(token(1, None)),
        Operation::Revoke(token(1, Some(0))),
        Operation::Revoke(token(1 << 64, None)),
        up_to(alice, None),
        up_to(alice, Some(0)),
        up_to(bob, None),
        Operation::Revoke(Revocation::Lift { user: alice }),
    ];
    for (index, one) in all.iter().enumerate() {
        for other in &all[index + 1..] {
            assert_ne!(
                operation_digest(one),
                operation_digest(other),
                "{one:?} {other:?}"
            );
        }
    }
}

#[test]
fn a_record_of_what_was_done_is_no_record() {
    let (mut clearing, log) = full();
    let next = |command: &Command, at| Command {
        sequence: CommandSequence(7),
        time: Timestamp(at),
        ..*command
    };
    for (command, what) in [
        (&log[0], "transfers of this key"),
        (&log[3], "changes of what is revoked"),
        (&log[5], "transfers of this key"),
    ] {
        let refused = clearing.replay(&next(command, KEY_MEMORY_MS), &mut Vec::new());
        assert_eq!(refused.unwrap_err().what, what);
    }
    // There is no room for one more.
    let one_more = next(&log[2], 8);
    let refused = clearing.replay(&one_more, &mut Vec::new()).unwrap_err();
    assert_eq!(refused.what, "changes of what is revoked");
    let opened = next(&log[0], 1 + KEY_MEMORY_MS);
    let refused = clearing.replay(&opened, &mut Vec::new()).unwrap_err();
    assert_eq!(refused.what, "accounts of this name");
    let remembered = next(&log[5], 7 + KEY_MEMORY_MS);
    clearing.replay(&remembered, &mut Vec::new()).unwrap();
    clearing.verify().unwrap();
}

#[test]
fn a_memory_that_cannot_be_is_not_taken_up() {
    let (clearing, _) = full();
    let state = clearing.state().unwrap();
    let mut twice = state.clone();
    twice.operations[1].key = twice.operations[0].key;
    let mut both = state.clone();
    both.operations[1].key = both.transfers[0].key;
    let mut backwards = state.clone();
    backwards.operations.swap(0, 1);
    let mut ahead = state.clone();
    ahead.operations[2].at = Timestamp(8);
    let mut many = state.clone();
    many.operations.extend([many.operations[2]; 2]);
    let mut again = state.clone();
    again.revoked.tokens.push((TokenId(2), Some(Timestamp(9))));
    let mut later = state.clone();
    later.revoked.users[0].1 = Timestamp(8);
    let mut more = state.clone();
    more.revoked.tokens.push((TokenId(3), None));
    let mut unsorted = state.clone();
    unsorted.revoked.users.clear();
    unsorted.revoked.tokens.insert(0, (TokenId(3), None));
    for wrong in [
        twice, both, backwards, ahead, many, again, later, more, unsorted,
    ] {
        let refused = Clearing::restore(config(), &wrong);
        assert!(matches!(refused, Err(RestoreError::State(_))), "{wrong:?}");
    }
}
