//! Scenarios of what an operator does: transfers that count once, and limits of users. Three
//! transfers are remembered.

use expect_test::expect;

use super::scenario::{Log, check};
use crate::clearing::{Clearing, ExchangeConfig, KEY_MEMORY_MS, RestoreError};
use crate::command::Command;
use crate::domain::*;
use crate::request::{Correlation, Request, RequestKind};

// L-33
#[test]
fn a_transfer_counts_once_for_its_key() {
    check(
        "
        at 1000
        open alice
        transfer 1 alice in quote 100
        at 2000
        transfer 1 alice in quote 100
        transfer 1 alice in quote 101
        transfer 1 alice out quote 100
        transfer 1 alice in base 100
        transfer 1 pool in quote 100
        transfer 2 alice out quote 100
        transfer 2 alice out quote 100
        transfer 1 alice in quote 100
        balances
        ",
        expect![[r#"
            > at 1000
            > open alice
              1: account 0
            > transfer 1 alice in quote 100
              2: transferred at 1000
              alice quote 100 + 0
            > at 2000
            > transfer 1 alice in quote 100
              3: transferred at 1000, as before
            > transfer 1 alice in quote 101
              4: rejected TransferKeyReused
            > transfer 1 alice out quote 100
              5: rejected TransferKeyReused
            > transfer 1 alice in base 100
              6: rejected TransferKeyReused
            > transfer 1 pool in quote 100
              7: rejected TransferKeyReused
            > transfer 2 alice out quote 100
              8: transferred at 2000
              alice quote 0 + 0
            > transfer 2 alice out quote 100
              9: transferred at 2000, as before
            > transfer 1 alice in quote 100
              10: transferred at 1000, as before
            > balances
              alice base 0 + 0
              fees base 0, inside 0
              alice quote 0 + 0
              fees quote 0, inside 0
        "#]],
    );
}

// L-2, L-3, L-4, L-33: a refusal remembers nothing, so that its key may come again.
#[test]
fn a_refused_transfer_does_not_use_its_key_up() {
    check(
        "
        open alice
        transfer 1 nobody in quote 5
        transfer 1 alice in quote 0
        transfer 1 alice out quote 1
        transfer 1 alice out quote 0
        transfer 1 alice in quote 9223372036854775807
        transfer 2 alice in quote 1
        transfer 3 pool in quote 1
        transfer 3 pool out base 1
        transfer 3 insurance in base 4
        transfer 4 insurance out base 5
        transfer 4 insurance out base 4
        ",
        expect![[r#"
            > open alice
              1: account 0
            > transfer 1 nobody in quote 5
              2: rejected UnknownAccount
            > transfer 1 alice in quote 0
              3: rejected ZeroAmount
            > transfer 1 alice out quote 1
              4: rejected InsufficientBalance
            > transfer 1 alice out quote 0
              5: rejected ZeroAmount
            > transfer 1 alice in quote 9223372036854775807
              6: transferred at 0
              alice quote 9223372036854775807 + 0
            > transfer 2 alice in quote 1
              7: rejected BalanceTooLarge
            > transfer 3 pool in quote 1
              8: rejected BalanceTooLarge
            > transfer 3 pool out base 1
              9: rejected InsufficientReserve
            > transfer 3 insurance in base 4
              10: transferred at 0
              Reserve { reserve: InsuranceFund, asset: AssetId(0), free: Amount(4) }
            > transfer 4 insurance out base 5
              11: rejected InsufficientReserve
            > transfer 4 insurance out base 4
              12: transferred at 0
              Reserve { reserve: InsuranceFund, asset: AssetId(0), free: Amount(0) }
        "#]],
    );
}

// L-33: held is not available.
#[test]
fn what_an_open_order_holds_cannot_be_withdrawn() {
    check(
        "
        open alice
        transfer 1 alice in quote 1000
        alice buy 5 @ 100
        transfer 2 alice out quote 500
        transfer 2 alice out quote 499
        transfer 3 alice out quote 1
        alice cancel #1
        transfer 3 alice out quote 501
        balances
        ",
        expect![[r#"
            > open alice
              1: account 0
            > transfer 1 alice in quote 1000
              2: transferred at 0
              alice quote 1000 + 0
            > alice buy 5 @ 100
              3: placed #1
              #1 accepted: alice Buy 5 @ 100
              #1 Open 0/5 @ 100, 5 left
              alice quote 499 + 501
              book 1: Buy 100 +5
            > transfer 2 alice out quote 500
              4: rejected InsufficientBalance
            > transfer 2 alice out quote 499
              5: transferred at 0
              alice quote 0 + 501
            > transfer 3 alice out quote 1
              6: rejected InsufficientBalance
            > alice cancel #1
              7: cancelled #1, 0 filled
              #1 Cancelled 0/5 @ 100, 0 left, CancelRequested
              alice quote 501 + 0
              book 2: Buy 100 -5
            > transfer 3 alice out quote 501
              8: transferred at 0
              alice quote 0 + 0
            > balances
              alice base 0 + 0
              fees base 0, inside 0
              alice quote 0 + 0
              fees quote 0, inside 0
        "#]],
    );
}

// L-33: a day, and not a millisecond less; while three are remembered there is no fourth.
#[test]
fn keys_are_remembered_for_a_day_and_no_more_than_fit() {
    check(
        "
        at 1000
        open alice
        transfer 1 alice in quote 1
        at 2000
        transfer 2 alice in quote 1
        transfer 3 alice in quote 1
        transfer 4 alice in quote 1
        at 86400999
        transfer 4 alice in quote 1
        transfer 1 alice in quote 1
        at 86401000
        transfer 1 alice in quote 7
        transfer 4 alice in quote 1
        at 86402000
        transfer 4 alice in quote 1
        transfer 1 alice in quote 7
        balances
        ",
        expect![[r#"
            > at 1000
            > open alice
              1: account 0
            > transfer 1 alice in quote 1
              2: transferred at 1000
              alice quote 1 + 0
            > at 2000
            > transfer 2 alice in quote 1
              3: transferred at 2000
              alice quote 2 + 0
            > transfer 3 alice in quote 1
              4: transferred at 2000
              alice quote 3 + 0
            > transfer 4 alice in quote 1
              5: rejected TooManyTransfers
            > at 86400999
            > transfer 4 alice in quote 1
              6: rejected TooManyTransfers
            > transfer 1 alice in quote 1
              7: transferred at 1000, as before
            > at 86401000
            > transfer 1 alice in quote 7
              8: transferred at 86401000
              alice quote 10 + 0
            > transfer 4 alice in quote 1
              9: rejected TooManyTransfers
            > at 86402000
            > transfer 4 alice in quote 1
              10: transferred at 86402000
              alice quote 11 + 0
            > transfer 1 alice in quote 7
              11: transferred at 86401000, as before
            > balances
              alice base 0 + 0
              fees base 0, inside 0
              alice quote 11 + 0
              fees quote 0, inside 11
        "#]],
    );
}

// L-34
#[test]
fn limits_are_kept_and_told_when_they_change() {
    check(
        "
        open alice
        limits alice 600 0 70
        limits alice 600 0 70
        limits nobody 1 1 1
        limits alice 0 0 0
        limits alice 0 0 0
        ",
        expect![[r#"
            > open alice
              1: account 0
            > limits alice 600 0 70
              2: limits set
              alice may [600, 0, 70]
            > limits alice 600 0 70
              3: limits set
            > limits nobody 1 1 1
              4: rejected UnknownAccount
            > limits alice 0 0 0
              5: limits set
              alice may [0, 0, 0]
            > limits alice 0 0 0
              6: limits set
        "#]],
    );
}

fn config() -> ExchangeConfig {
    ExchangeConfig {
        max_transfers: 2,
        ..ExchangeConfig::new(1, Vec::new())
    }
}

fn transfer(key: u128, units: u64) -> RequestKind {
    RequestKind::Transfer {
        key: IdempotencyKey(key),
        transfer: Transfer {
            party: Party::Account(AccountId(0)),
            asset: AssetId(0),
            change: Movement::In(Amount::new(units).unwrap()),
        },
    }
}

/// A state with two transfers, and the commands that led to it.
fn two() -> (Clearing, Vec<Command>) {
    let mut clearing = Clearing::new(config()).unwrap();
    let mut log = Log::default();
    let name = UserName::new("alice").unwrap();
    let limits = RequestKind::SetAccountLimits {
        account: AccountId(0),
        limits: AccountLimits::of_numbers([0, 5, 0]),
    };
    let asks = [
        (1, RequestKind::OpenAccount { name }),
        (2, transfer(7, 10)),
        (3, transfer(8, 20)),
        (4, transfer(7, 10)),
        (5, limits),
    ];
    for (at, kind) in asks {
        let request = Request {
            correlation: Correlation(0),
            kind,
        };
        clearing.decide(&request, Timestamp(at), &mut log);
    }
    (clearing, log.0)
}

// L-20, L-33
#[test]
fn a_replay_and_a_snapshot_remember_the_same() {
    let (clearing, log) = two();
    assert_eq!(log.len(), 4, "a repeat is no command");
    let mut replayed = Clearing::new(config()).unwrap();
    for command in &log {
        replayed.replay(command, &mut Vec::new()).unwrap();
    }
    assert_eq!(replayed.state(), clearing.state());
    assert_eq!(replayed.state_digest(), clearing.state_digest());
    let state = clearing.state().unwrap();
    let mut restored = Clearing::restore(config(), &state).unwrap();
    assert_eq!(restored.state_digest(), clearing.state_digest());
    let mut log = Log::default();
    let request = Request {
        correlation: Correlation(0),
        kind: transfer(8, 20),
    };
    restored.decide(&request, Timestamp(6), &mut log);
    assert!(log.0.is_empty(), "{:?}", log.0);
    // What is forgotten counts for nothing.
    let mut other = Clearing::new(ExchangeConfig::new(1, Vec::new())).unwrap();
    let digest = |clearing: &mut Clearing, log: &[Command]| {
        for command in log {
            clearing.replay(command, &mut Vec::new()).unwrap();
        }
        clearing.state_digest()
    };
    let (_, log) = two();
    assert_ne!(digest(&mut other, &log[..2]), clearing.state_digest());
}

#[test]
fn a_record_of_a_key_that_is_remembered_is_no_record() {
    let (mut clearing, log) = two();
    let mut again = log[2];
    again.sequence = CommandSequence(5);
    again.time = Timestamp(3 + KEY_MEMORY_MS - 1);
    let refused = clearing.replay(&again, &mut Vec::new()).unwrap_err();
    assert_eq!(refused.what, "transfers of this key");
    again.time = Timestamp(3 + KEY_MEMORY_MS);
    clearing.replay(&again, &mut Vec::new()).unwrap();
    clearing.verify().unwrap();
}

#[test]
fn a_memory_that_cannot_be_is_not_taken_up() {
    let (clearing, _) = two();
    let state = clearing.state().unwrap();
    let mut twice = state.clone();
    twice.transfers[1].key = twice.transfers[0].key;
    let mut backwards = state.clone();
    backwards.transfers.swap(0, 1);
    let mut ahead = state.clone();
    ahead.transfers[1].at = Timestamp(6);
    let mut stranger = state.clone();
    stranger.transfers[0].transfer.party = Party::Account(AccountId(1));
    let mut foreign = state.clone();
    foreign.transfers[0].transfer.asset = AssetId(1);
    let mut nothing = state.clone();
    nothing.transfers[0].transfer.change = Movement::In(Amount::ZERO);
    let mut many = state.clone();
    many.transfers.push(many.transfers[1]);
    for wrong in [twice, backwards, ahead, stranger, foreign, nothing, many] {
        let refused = Clearing::restore(config(), &wrong);
        assert!(matches!(refused, Err(RestoreError::State(_))), "{wrong:?}");
    }
}
