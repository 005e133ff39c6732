#![allow(clippy::unwrap_used)] // a failed unwrap fails the test

use std::fmt::Write;

use expect_test::expect;
use proptest::prelude::*;

use super::*;
use crate::command::{LiquidationCause, MarginCommand, StopTerms, Terms};
use crate::domain::{
    AccountLimits, Crossing, IdempotencyKey, Leverage, Movement, Operation, OperationDigest, Party,
    PositionId, Price, Quantity, Reserve, Revocation, TokenId, TrailingDistance, Transfer,
    TriggerBy,
};

fn command(kind: CommandKind) -> Command {
    Command {
        sequence: CommandSequence(7),
        time: Timestamp(1_700_000_000_123),
        kind,
    }
}

fn place_order() -> PlaceOrder {
    PlaceOrder {
        key: OrderKey::NONE,
        account: AccountId(3),
        side: Side::Sell,
        price: Price::new(100_250).unwrap(),
        quantity: Quantity::new(5_000).unwrap(),
        time_in_force: TimeInForce::ImmediateOrCancel,
        post_only: false,
        self_trade: SelfTradePrevention::CancelBoth,
    }
}

fn one_of_each() -> Vec<(&'static str, CommandKind)> {
    let (pair, id) = (PairId(2), OrderId(77));
    let amount = Amount::new(1_000_000).unwrap();
    let (account, asset) = (AccountId(3), AssetId(1));
    let placement = |client_order_id, market| CommandKind::Place {
        pair,
        id,
        client_order_id,
        market,
        expires_at: None,
        hold: amount,
        funding: Funding::Spot,
        order: place_order(),
        terms: Terms::Plain,
    };
    let special = |expires_at, terms| CommandKind::Place {
        pair,
        id,
        client_order_id: None,
        market: false,
        expires_at,
        hold: amount,
        funding: Funding::Spot,
        order: place_order(),
        terms,
    };
    let mut all = vec![
        (
            "open account",
            CommandKind::OpenAccount {
                account,
                name: UserName::new("alice").unwrap(),
            },
        ),
        (
            "deposit",
            CommandKind::Deposit {
                account,
                asset,
                amount,
            },
        ),
        (
            "withdraw",
            CommandKind::Withdraw {
                account,
                asset,
                amount,
            },
        ),
        (
            "halt",
            CommandKind::SetTradingStatus {
                pair,
                status: TradingStatus::Halted,
            },
        ),
        ("place", placement(None, false)),
        (
            "place, named, market",
            placement(Some(ClientOrderId::new("my-1").unwrap()), true),
        ),
        (
            "replace",
            CommandKind::Replace {
                pair,
                id,
                hold: amount,
                order: ReplaceOrder {
                    key: OrderKey::NONE,
                    price: Price::new(99_000).unwrap(),
                    quantity_change: -250,
                    linked: false,
                },
            },
        ),
        (
            "replace, linked",
            CommandKind::Replace {
                pair,
                id,
                hold: amount,
                order: ReplaceOrder {
                    key: OrderKey::NONE,
                    price: Price::new(99_000).unwrap(),
                    quantity_change: 1,
                    linked: true,
                },
            },
        ),
        (
            "reference",
            CommandKind::SetReference {
                pair,
                reference: Price::new(100_000).unwrap(),
                limits: PriceLimits::around(Price::new(100_000).unwrap(), 1_000),
            },
        ),
        (
            "cancel after",
            CommandKind::CancelAfter {
                account,
                deadline: Some(Timestamp(1_700_000_060_000)),
            },
        ),
        (
            "cancel never",
            CommandKind::CancelAfter {
                account,
                deadline: None,
            },
        ),
        (
            "good till",
            special(Some(Timestamp(1_700_000_060_000)), Terms::Plain),
        ),
        (
            "stop",
            special(
                None,
                Terms::Stop(StopTerms::Fixed {
                    trigger: Price::new(95_000).unwrap(),
                    crossing: Crossing::Rising,
                    by: TriggerBy::Mark,
                }),
            ),
        ),
        (
            "trailing",
            special(
                None,
                Terms::Stop(StopTerms::Trailing {
                    anchor: Price::new(100_000).unwrap(),
                    distance: TrailingDistance::basis_points(150).unwrap(),
                    collar: 500,
                    by: TriggerBy::Last,
                }),
            ),
        ),
        (
            "oco",
            special(
                None,
                Terms::Stop(StopTerms::Oco {
                    trigger: Price::new(95_000).unwrap(),
                    limit: Price::new(94_500).unwrap(),
                    market: true,
                    by: TriggerBy::Last,
                }),
            ),
        ),
        (
            "iceberg",
            special(
                None,
                Terms::Iceberg {
                    display: Quantity::new(100).unwrap(),
                },
            ),
        ),
        (
            "cancel",
            CommandKind::Cancel {
                pair,
                id,
                order: CancelOrder {
                    key: OrderKey::NONE,
                    reason: CancelReason::Requested,
                },
            },
        ),
    ];
    all.extend(one_of_each_of_margin());
    all.extend(of_operators());
    all
}

fn one_of_each_of_margin() -> Vec<(&'static str, CommandKind)> {
    let (pair, account, position) = (PairId(2), AccountId(3), PositionId(0x8004));
    let amount = Amount::new(1_000_000).unwrap();
    let mark = Price::new(100_000).unwrap();
    let funded = |funding, terms| CommandKind::Place {
        pair,
        id: OrderId(77),
        client_order_id: None,
        market: false,
        expires_at: None,
        hold: amount,
        funding,
        order: place_order(),
        terms,
    };
    let leverage = Leverage::new(1_000).unwrap();
    let stop = StopTerms::Fixed {
        trigger: Price::new(95_000).unwrap(),
        crossing: Crossing::Falling,
        by: TriggerBy::Mark,
    };
    let floor = mark;
    let cancelled = |reason| CommandKind::Cancel {
        pair,
        id: OrderId(77),
        order: CancelOrder {
            key: OrderKey::NONE,
            reason,
        },
    };
    let margin = |margin| CommandKind::Margin { pair, margin };
    let adjusted = |change| {
        margin(MarginCommand::Adjust {
            account,
            position,
            change,
        })
    };
    let begun = |cause| {
        margin(MarginCommand::BeginLiquidation {
            account,
            position,
            cause,
            mark,
        })
    };
    let reserve = |reserve, change| CommandKind::FundReserve {
        reserve,
        asset: AssetId(1),
        change,
    };
    let transfer = |party, change| CommandKind::Transfer {
        key: IdempotencyKey(0x0102_0304_0506_0708_090a_0b0c_0d0e_0f10),
        transfer: Transfer {
            party,
            asset: AssetId(1),
            change,
        },
    };
    vec![
        (
            "margin order",
            funded(Funding::Margin { leverage, floor }, Terms::Plain),
        ),
        (
            "reduce only, stop",
            funded(Funding::ReduceOnly, Terms::Stop(stop)),
        ),
        ("liquidation", funded(Funding::Liquidation, Terms::Plain)),
        ("backstop", funded(Funding::Backstop, Terms::Plain)),
        (
            "cancelled, liquidation",
            cancelled(CancelReason::Liquidation),
        ),
        (
            "cancelled, deleveraging",
            cancelled(CancelReason::AutoDeleveraging),
        ),
        ("cancelled, closing", cancelled(CancelReason::Closing)),
        ("margin in", adjusted(Movement::In(amount))),
        ("margin out", adjusted(Movement::Out(amount))),
        ("begin", begun(LiquidationCause::Maintenance)),
        ("begin, grace", begun(LiquidationCause::Grace)),
        (
            "end",
            margin(MarginCommand::EndLiquidation {
                account,
                position,
                mark,
            }),
        ),
        (
            "deleverage",
            margin(MarginCommand::Deleverage {
                account,
                position,
                counterparty: AccountId(4),
                against: PositionId(0x8005),
                quantity: Quantity::new(5_000).unwrap(),
                notional: amount,
            }),
        ),
        (
            "cover debt",
            margin(MarginCommand::CoverDebt {
                account,
                position,
                amount,
            }),
        ),
        (
            "interest",
            margin(MarginCommand::AccrueInterest { hours: 3 }),
        ),
        ("index", margin(MarginCommand::SetIndex(Some(mark)))),
        ("no index", margin(MarginCommand::SetIndex(None))),
        (
            "pool in",
            reserve(Reserve::LendingPool, Movement::In(amount)),
        ),
        (
            "fund out",
            reserve(Reserve::InsuranceFund, Movement::Out(amount)),
        ),
        (
            "transfer in",
            transfer(Party::Account(account), Movement::In(amount)),
        ),
        (
            "transfer, pool",
            transfer(Party::Reserve(Reserve::LendingPool), Movement::In(amount)),
        ),
        (
            "transfer, fund out",
            transfer(
                Party::Reserve(Reserve::InsuranceFund),
                Movement::Out(amount),
            ),
        ),
        (
            "limits",
            CommandKind::SetAccountLimits {
                account,
                limits: AccountLimits::of_numbers([600, 0, 70]),
            },
        ),
    ]
}

/// One of each of what an operator revokes, and asks for under a key.
fn of_operators() -> Vec<(&'static str, CommandKind)> {
    let token = TokenId(0x1112_1314_1516_1718_191a_1b1c_1d1e_1f20);
    let key = IdempotencyKey(0x0102_0304_0506_0708_090a_0b0c_0d0e_0f10);
    let user = UserName::new("alice").unwrap();
    let longest = UserName::new(&"x".repeat(64)).unwrap();
    let at = Some(Timestamp(1_700_000_060_000));
    let revoked = |expires_at| Revocation::Token { token, expires_at };
    let barred = |user, issued_up_to| Revocation::User { user, issued_up_to };
    let keyed = |operation| CommandKind::Operate { key, operation };
    vec![
        ("revoke token", CommandKind::Revoke(revoked(None))),
        ("revoke token, end", CommandKind::Revoke(revoked(at))),
        (
            "revoke token, long ended",
            CommandKind::Revoke(revoked(Some(Timestamp(0)))),
        ),
        ("revoke user", CommandKind::Revoke(barred(user, None))),
        ("revoke user, up to", CommandKind::Revoke(barred(user, at))),
        ("lift", CommandKind::Revoke(Revocation::Lift { user })),
        (
            "keyed halt",
            keyed(Operation::SetTradingStatus {
                pair: PairId(2),
                status: TradingStatus::Halted,
            }),
        ),
        (
            "keyed limits",
            keyed(Operation::SetAccountLimits {
                account: AccountId(3),
                limits: AccountLimits::of_numbers([600, 0, 70]),
            }),
        ),
        (
            "keyed account",
            keyed(Operation::OpenAccount { name: user }),
        ),
        (
            "keyed revocation",
            keyed(Operation::Revoke(barred(longest, at))),
        ),
        (
            "remember",
            CommandKind::Remember {
                key,
                digest: OperationDigest(*b"0123456789abcdef"),
            },
        ),
    ]
}

#[test]
fn layouts_of_version_1_are_for_ever() {
    let mut printed = String::new();
    for (name, kind) in one_of_each() {
        let mut bytes = Vec::new();
        encode(&command(kind), &mut bytes);
        assert_eq!(
            decode(&bytes, CommandSequence(7)),
            Ok((Entry::Command(command(kind)), bytes.len()))
        );
        let hex: String = bytes.iter().fold(String::new(), |mut hex, byte| {
            write!(hex, "{byte:02x}").unwrap();
            hex
        });
        writeln!(printed, "{name}: {} bytes {hex}", bytes.len()).unwrap();
    }
    expect![[r#"
        open account: 19 bytes 027b68e5cf8b0100000300000005616c696365
        deposit: 23 bytes 037b68e5cf8b01000003000000010040420f0000000000
        withdraw: 23 bytes 047b68e5cf8b01000003000000010040420f0000000000
        halt: 12 bytes 057b68e5cf8b010000020001
        place: 45 bytes 067b68e5cf8b01000002004d0000000000000040420f000000000003000000499a870100881300000000000000
        place, named, market: 49 bytes 067b68e5cf8b01000002004d0000000000000040420f0000000000030000004b9a8701008813000000000000046d792d31
        replace: 39 bytes 077b68e5cf8b01000002004d0000000000000040420f0000000000b882010006ffffffffffffff
        replace, linked: 39 bytes 0a7b68e5cf8b01000002004d0000000000000040420f0000000000b88201000100000000000000
        reference: 23 bytes 0c7b68e5cf8b0100000200a0860100905f0100b0ad0100
        cancel after: 21 bytes 0b7b68e5cf8b010000030000006052e6cf8b010000
        cancel never: 21 bytes 0b7b68e5cf8b010000030000000000000000000000
        good till: 54 bytes 097b68e5cf8b01000002004d0000000000000040420f000000000003000000499a8701008813000000000000006052e6cf8b01000000
        stop: 59 bytes 097b68e5cf8b01000002004d0000000000000040420f000000000003000000499a8701008813000000000000000000000000000000011873010003
        trailing: 65 bytes 097b68e5cf8b01000002004d0000000000000040420f000000000003000000499a870100881300000000000000000000000000000002a086010096000080f40100
        oco: 63 bytes 097b68e5cf8b01000002004d0000000000000040420f000000000003000000499a870100881300000000000000000000000000000003187301002471010001
        iceberg: 62 bytes 097b68e5cf8b01000002004d0000000000000040420f000000000003000000499a8701008813000000000000000000000000000000046400000000000000
        cancel: 20 bytes 087b68e5cf8b01000002004d0000000000000000
        margin order: 61 bytes 0d7b68e5cf8b01000002004d0000000000000040420f000000000003000000499a87010088130000000000000000000000000000008001e803a0860100
        reduce only, stop: 60 bytes 0d7b68e5cf8b01000002004d0000000000000040420f000000000003000000499a870100881300000000000000000000000000000081187301000202
        liquidation: 55 bytes 0d7b68e5cf8b01000002004d0000000000000040420f000000000003000000499a87010088130000000000000000000000000000008003
        backstop: 55 bytes 0d7b68e5cf8b01000002004d0000000000000040420f000000000003000000499a87010088130000000000000000000000000000008004
        cancelled, liquidation: 20 bytes 087b68e5cf8b01000002004d0000000000000005
        cancelled, deleveraging: 20 bytes 087b68e5cf8b01000002004d0000000000000006
        cancelled, closing: 20 bytes 087b68e5cf8b01000002004d0000000000000007
        margin in: 33 bytes 0e7b68e5cf8b0100000200010300000004800000000000000040420f0000000000
        margin out: 33 bytes 0e7b68e5cf8b0100000200010300000004800000000000000140420f0000000000
        begin: 29 bytes 0e7b68e5cf8b01000002000203000000048000000000000000a0860100
        begin, grace: 29 bytes 0e7b68e5cf8b01000002000203000000048000000000000001a0860100
        end: 28 bytes 0e7b68e5cf8b010000020003030000000480000000000000a0860100
        deleverage: 52 bytes 0e7b68e5cf8b010000020004030000000480000000000000040000000580000000000000881300000000000040420f0000000000
        cover debt: 32 bytes 0e7b68e5cf8b01000002000503000000048000000000000040420f0000000000
        interest: 16 bytes 0e7b68e5cf8b01000002000603000000
        index: 16 bytes 0e7b68e5cf8b010000020007a0860100
        no index: 16 bytes 0e7b68e5cf8b01000002000700000000
        pool in: 21 bytes 0f7b68e5cf8b0100000001000040420f0000000000
        fund out: 21 bytes 0f7b68e5cf8b0100000101000140420f0000000000
        transfer in: 41 bytes 107b68e5cf8b010000100f0e0d0c0b0a090807060504030201000300000001000040420f0000000000
        transfer, pool: 37 bytes 107b68e5cf8b010000100f0e0d0c0b0a0908070605040302010101000040420f0000000000
        transfer, fund out: 37 bytes 107b68e5cf8b010000100f0e0d0c0b0a0908070605040302010201000140420f0000000000
        limits: 25 bytes 117b68e5cf8b01000003000000580200000000000046000000
        revoke token: 26 bytes 127b68e5cf8b01000000201f1e1d1c1b1a191817161514131211
        revoke token, end: 34 bytes 127b68e5cf8b01000001201f1e1d1c1b1a1918171615141312116052e6cf8b010000
        revoke token, long ended: 34 bytes 127b68e5cf8b01000001201f1e1d1c1b1a1918171615141312110000000000000000
        revoke user: 16 bytes 127b68e5cf8b0100000205616c696365
        revoke user, up to: 24 bytes 127b68e5cf8b0100000305616c6963656052e6cf8b010000
        lift: 16 bytes 127b68e5cf8b0100000405616c696365
        keyed halt: 29 bytes 137b68e5cf8b010000100f0e0d0c0b0a09080706050403020100020001
        keyed limits: 42 bytes 137b68e5cf8b010000100f0e0d0c0b0a0908070605040302010103000000580200000000000046000000
        keyed account: 32 bytes 137b68e5cf8b010000100f0e0d0c0b0a0908070605040302010205616c696365
        keyed revocation: 100 bytes 137b68e5cf8b010000100f0e0d0c0b0a090807060504030201030340787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878786052e6cf8b010000
        remember: 41 bytes 147b68e5cf8b010000100f0e0d0c0b0a09080706050403020130313233343536373839616263646566
    "#]].assert_eq(&printed);
}

#[test]
fn the_longest_record_is_within_the_limit() {
    let mut bytes = Vec::new();
    encode(
        &command(CommandKind::OpenAccount {
            account: AccountId(u32::MAX),
            name: UserName::new(&"x".repeat(UserName::MAX)).unwrap(),
        }),
        &mut bytes,
    );
    assert!(bytes.len() <= MAX, "{}", bytes.len());
    bytes.clear();
    encode(
        &command(CommandKind::Place {
            pair: PairId(2),
            id: OrderId(77),
            client_order_id: ClientOrderId::new(&"x".repeat(ClientOrderId::MAX)).ok(),
            market: true,
            expires_at: Some(Timestamp(u64::MAX)),
            hold: Amount::MAX,
            funding: Funding::Margin {
                leverage: Leverage::new(u16::MAX).unwrap(),
                floor: Price::MAX,
            },
            order: place_order(),
            terms: Terms::Stop(StopTerms::Trailing {
                anchor: Price::MAX,
                distance: TrailingDistance::basis_points(1).unwrap(),
                collar: 1,
                by: TriggerBy::Mark,
            }),
        }),
        &mut bytes,
    );
    assert!(bytes.len() <= MAX, "{}", bytes.len());
}

#[test]
fn a_record_cut_short_is_refused() {
    for (name, kind) in one_of_each() {
        let mut bytes = Vec::new();
        encode(&command(kind), &mut bytes);
        for len in 0..bytes.len() {
            assert_eq!(
                decode(&bytes[..len], CommandSequence(7)),
                Err(RecordError::Short),
                "{name} at {len}"
            );
        }
    }
}

proptest! {
    /// Whatever decodes encodes to the same bytes, and nothing panics.
    #[test]
    fn decoding_is_total_and_has_one_spelling(
        mut bytes in prop::collection::vec(any::<u8>(), 0..140),
        tag in 0_u8..19,
    ) {
        if let Some(first) = bytes.first_mut() {
            *first = tag;
        }
        if let Ok((entry, len)) = decode(&bytes, CommandSequence(7)) {
            let mut again = Vec::new();
            match entry {
                Entry::Command(command) => encode(&command, &mut again),
                Entry::Check(check) => encode_check(&check, &mut again),
            }
            prop_assert_eq!(&again[..], &bytes[..len]);
        }
    }
}
