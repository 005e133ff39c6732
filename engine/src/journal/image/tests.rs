#![allow(clippy::unwrap_used)] // a failed unwrap fails the test

use std::fmt::Write;

use expect_test::expect;
use proptest::prelude::*;

use super::super::input::RecordError;
use super::{decode, encode};
use crate::clearing::{
    AccountState, AssetState, Balance, CallState, ClearingState, DebtState, FinishedOrderState,
    LiquidationState, LiquidationStep, MarginState, MarketState, OpenOrderState, OperationState,
    OrderStage, OrderState, PositionState, Quote, RevokedState, TransferState,
};
use crate::command::{LiquidationCause, StopTerms, Terms};
use crate::domain::*;
use crate::exchange::{BookState, ExchangeState};
use crate::report::OrderStatus;

fn price(ticks: u32) -> Price {
    Price::new(ticks).unwrap()
}

fn amount(units: u64) -> Amount {
    Amount::new(units).unwrap()
}

fn lots(lots: u64) -> Quantity {
    Quantity::new(lots).unwrap()
}

fn order(id: u64, funding: Funding) -> OrderState {
    OrderState {
        id: OrderId(id),
        account: AccountId(0),
        client_order_id: None,
        side: Side::Sell,
        market: false,
        time_in_force: TimeInForce::GoodTillCancelled,
        post_only: true,
        self_trade: SelfTradePrevention::CancelBoth,
        first_price: price(100),
        first_quantity: lots(9),
        price: price(101),
        quantity: lots(8),
        filled: lots(3),
        notional: amount(303),
        fees: amount(2),
        fee_credit: 77,
        terms: Terms::Plain,
        expires_at: None,
        funding,
    }
}

fn open(order: OrderState, stage: OrderStage) -> OpenOrderState {
    OpenOrderState {
        order,
        leaves: lots(5),
        held: amount(51),
        stage,
    }
}

/// A state that no exchange leads to, small, with all that an order of a spot market has.
fn plain() -> ExchangeState {
    let asset = AssetState {
        inside: amount(1_000),
        fees: amount(3),
        pool: Amount::ZERO,
        insurance: Amount::ZERO,
    };
    ExchangeState {
        clearing: ClearingState {
            last_sequence: CommandSequence(9),
            last_time: Timestamp(1_700_000_000_000),
            next_order: OrderId(8),
            assets: vec![asset; 2],
            accounts: vec![AccountState {
                name: UserName::new("alice").unwrap(),
                balances: vec![Balance::default(); 2],
                cancel_after: None,
                limits: AccountLimits::default(),
            }],
            markets: vec![MarketState {
                status: TradingStatus::Open,
                last_trade: Some(price(100)),
                last_event: EventSequence(12),
                breaker: None,
                margin: None,
                open: vec![open(order(1, Funding::Spot), OrderStage::Book)],
                finished: Vec::new(),
            }],
            transfers: Vec::new(),
            operations: Vec::new(),
            revoked: RevokedState::default(),
        },
        books: vec![BookState {
            asks: vec![OrderId(1)],
            ..BookState::default()
        }],
    }
}

fn position(account: u32, side: PositionSide) -> PositionState {
    PositionState {
        account: AccountId(account),
        id: PositionId::new(PairId(0), EventSequence(3), side),
        side,
        size: lots(40),
        cost: amount(4_000),
        collateral: amount(400),
        interest: amount(7),
        opened_at: Timestamp(1_700_000_000_001),
        call: None,
        liquidation: None,
    }
}

/// The same, with all that margin has.
fn margin() -> ExchangeState {
    let mut state = plain();
    state.clearing.assets[1].pool = amount(5_000);
    state.clearing.assets[0].insurance = amount(60);
    let leverage = Leverage::new(500).unwrap();
    let floor = price(99);
    let stop = StopTerms::Fixed {
        trigger: price(95),
        crossing: Crossing::Falling,
        by: TriggerBy::Mark,
    };
    let mut stopped = order(2, Funding::ReduceOnly);
    stopped.terms = Terms::Stop(stop);
    let ended = |id, funding| FinishedOrderState {
        order: order(id, funding),
        status: OrderStatus::Filled,
        at: Timestamp(1_700_000_000_000),
    };
    let call = CallState {
        severity: CallSeverity::Critical,
        since: Timestamp(1_700_000_000_002),
        deadline: Timestamp(1_700_003_600_002),
    };
    let liquidation = |cause, step| Some(LiquidationState { cause, step });
    let mut sold = position(1, PositionSide::Short);
    sold.call = Some(call);
    sold.liquidation = liquidation(LiquidationCause::Grace, LiquidationStep::Deleverage);
    let mut called = position(2, PositionSide::Long);
    called.call = Some(CallState {
        severity: CallSeverity::Warning,
        ..call
    });
    called.liquidation = liquidation(LiquidationCause::Maintenance, LiquidationStep::Slice);
    let market = &mut state.clearing.markets[0];
    market.open.extend([
        open(stopped, OrderStage::Waiting),
        open(
            order(3, Funding::Margin { leverage, floor }),
            OrderStage::Book,
        ),
    ]);
    market.finished = vec![ended(4, Funding::Liquidation), ended(5, Funding::Backstop)];
    market.margin = Some(MarginState {
        quote: Quote {
            bid: Some(price(99)),
            ask: None,
            last: Some(price(100)),
        },
        quoted_at: Timestamp(1_700_000_000_000),
        index: Some(price(98)),
        interest_due: Some(Timestamp(1_700_002_800_000)),
        positions: vec![position(0, PositionSide::Long), sold, called],
        debts: vec![DebtState {
            account: AccountId(0),
            position: PositionId(6),
            amount: amount(11),
        }],
    });
    state
}

fn bytes(state: &ExchangeState) -> Vec<u8> {
    let mut out = Vec::new();
    encode(state, &mut out);
    out
}

fn hex(bytes: &[u8]) -> String {
    let mut hex = String::new();
    for row in bytes.chunks(48) {
        for byte in row {
            write!(hex, "{byte:02x}").unwrap();
        }
        hex.push('\n');
    }
    hex
}

#[test]
fn the_layout_of_margin_is_for_ever() {
    let state = margin();
    assert_eq!(decode(&bytes(&state)), Ok(state.clone()));
    expect![[r#"
        09000000000000000068e5cf8b01000008000000000000000200000000000000e8030000000000000300000000000000
        e8030000000000000300000000000000010000000000000005616c696365020000000000000000000000000000000000
        00000000000000000000000000000000000000000000010000000000000000640000000c000000000000000300000000
        000000010000000000000000000000456400000009000000000000006500000008000000000000000300000000000000
        2f0100000000000002000000000000004d000005000000000000003300000000000000020000000000000000000000c5
        64000000090000000000000065000000080000000000000003000000000000002f010000000000000200000000000000
        4d00000000000000000000815f00000002020500000000000000330000000000000001030000000000000000000000c5
        64000000090000000000000065000000080000000000000003000000000000002f010000000000000200000000000000
        4d000000000000000000008001f401630000000500000000000000330000000000000002000000000000000400000000
        00000000000000c564000000090000000000000065000000080000000000000003000000000000002f01000000000000
        02000000000000004d000000000000000000008003020068e5cf8b010000050000000000000000000000c56400000009
        0000000000000065000000080000000000000003000000000000002f0100000000000002000000000000004d00000000
        0000000000008004020068e5cf8b01000001000000000000000000000000000000010000000000000001000000000000
        000000000000000000000000000000000000000000000000000000000000000000003c00000000000000881300000000
        00000000000000000000016300000000000000640000000068e5cf8b01000062000000802110d08b0100000300000000
        000000000000000060000000000000002800000000000000a00f00000000000090010000000000000700000000000000
        0168e5cf8b0100000000010000000160000000000000012800000000000000a00f000000000000900100000000000007
        000000000000000168e5cf8b010000020268e5cf8b01000082561cd08b01000002030200000000600000000000000028
        00000000000000a00f000000000000900100000000000007000000000000000168e5cf8b010000010268e5cf8b010000
        82561cd08b010000010001000000000000000000000006000000000000000b00000000000000
    "#]].assert_eq(&hex(&bytes(&state)));
}

/// A state without margin is written as it always was.
#[test]
fn the_layout_without_margin_is_for_ever() {
    let state = plain();
    assert_eq!(decode(&bytes(&state)), Ok(state.clone()));
    expect![[r#"
        09000000000000000068e5cf8b01000008000000000000000200000000000000e8030000000000000300000000000000
        e8030000000000000300000000000000010000000000000005616c696365020000000000000000000000000000000000
        00000000000000000000000000000000000000000000010000000000000000640000000c000000000000000100000000
        000000010000000000000000000000456400000009000000000000006500000008000000000000000300000000000000
        2f0100000000000002000000000000004d00000500000000000000330000000000000000000000000000000100000000
        000000000000000000000001000000000000000100000000000000
    "#]].assert_eq(&hex(&bytes(&state)));
}

/// A state with what only an operator's doings make.
fn operator() -> ExchangeState {
    let mut state = plain();
    state.clearing.accounts[0].limits = AccountLimits::of_numbers([600, 0, 70]);
    let kept = |key, party, change| TransferState {
        key: IdempotencyKey(key),
        transfer: Transfer {
            party,
            asset: AssetId(1),
            change,
        },
        at: Timestamp(1_700_000_000_000),
    };
    state.clearing.transfers = vec![
        kept(
            u128::MAX - 1,
            Party::Account(AccountId(0)),
            Movement::In(amount(9)),
        ),
        kept(
            2,
            Party::Reserve(Reserve::LendingPool),
            Movement::Out(amount(8)),
        ),
        kept(
            3,
            Party::Reserve(Reserve::InsuranceFund),
            Movement::In(amount(7)),
        ),
    ];
    state
}

#[test]
fn the_layout_of_what_operators_do_is_for_ever() {
    let state = operator();
    assert_eq!(decode(&bytes(&state)), Ok(state.clone()));
    // What stands before it is that of a state without it.
    let behind = &bytes(&state)[bytes(&plain()).len()..];
    expect![[r#"
        000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000
        000000000000000000000100000000000000000000005802000000000000460000000300000000000000feffffffffff
        ffffffffffffffffffff000000000001000009000000000000000068e5cf8b0100000200000000000000000000000000
        00000101000108000000000000000068e5cf8b0100000300000000000000000000000000000002010000070000000000
        00000068e5cf8b010000
    "#]].assert_eq(&hex(behind));
    for bit in 0..behind.len() * 8 {
        let mut changed = bytes(&state);
        let at = bytes(&plain()).len() + bit / 8;
        changed[at] ^= 1 << (bit % 8);
        if let Ok(other) = decode(&changed) {
            assert_eq!(bytes(&other), changed, "bit {bit}");
        }
    }
    let mut limits = plain();
    limits.clearing.accounts[0].limits = AccountLimits::of_numbers([0, 0, 1]);
    let mut transfers = margin();
    transfers.clearing.transfers = state.clearing.transfers[..1].to_vec();
    for state in [limits, transfers] {
        assert_eq!(decode(&bytes(&state)), Ok(state));
    }
}

/// The same, with what is revoked and what else is remembered by a key.
fn revoked() -> ExchangeState {
    let mut state = operator();
    state.clearing.operations = vec![OperationState {
        key: IdempotencyKey(4),
        digest: OperationDigest(*b"0123456789abcdef"),
        at: Timestamp(1_700_000_000_000),
    }];
    state.clearing.revoked = RevokedState {
        tokens: vec![
            (TokenId(5), None),
            (TokenId(u128::MAX - 5), Some(Timestamp(0))),
        ],
        users: vec![(UserName::new("bob").unwrap(), Timestamp(1_699_999_999_999))],
    };
    state
}

#[test]
fn the_layout_of_what_is_revoked_is_for_ever() {
    let state = revoked();
    assert_eq!(decode(&bytes(&state)), Ok(state.clone()));
    let before = bytes(&operator()).len();
    assert_eq!(bytes(&state)[..before], bytes(&operator()));
    expect![[r#"
        010000000000000004000000000000000000000000000000303132333435363738396162636465660068e5cf8b010000
        02000000000000000500000000000000000000000000000000faffffffffffffffffffffffffffffff01000000000000
        0000010000000000000003626f62ff67e5cf8b010000
    "#]].assert_eq(&hex(&bytes(&state)[before..]));
    for bit in before * 8..bytes(&state).len() * 8 {
        let mut changed = bytes(&state);
        changed[bit / 8] ^= 1 << (bit % 8);
        if let Ok(other) = decode(&changed) {
            assert_eq!(bytes(&other), changed, "bit {bit}");
        }
    }
    let (operations, revoked) = (state.clearing.operations, state.clearing.revoked);
    let mut remembered = plain();
    remembered.clearing.operations = operations;
    let mut tokens = margin();
    tokens.clearing.revoked.tokens = revoked.tokens;
    let mut users = plain();
    users.clearing.revoked.users = revoked.users;
    for state in [remembered, tokens, users] {
        assert_eq!(decode(&bytes(&state)), Ok(state));
    }
    let mut none = bytes(&operator());
    none.extend([0; 24]);
    assert_eq!(decode(&none), Err(RecordError::Field("operator")));
}

/// Of what only margin has, each part alone is read again as it was.
#[test]
fn each_part_alone_is_read_again() {
    let mut pool = plain();
    pool.clearing.assets[0].pool = amount(1);
    let mut fund = plain();
    fund.clearing.assets[1].insurance = amount(1);
    let mut nothing = plain();
    nothing.clearing.markets[0].margin = Some(MarginState::default());
    let mut order = plain();
    order.clearing.markets[0].open[0].order.funding = Funding::ReduceOnly;
    let mut switch = nothing.clone();
    switch.clearing.accounts[0].cancel_after = Some(Timestamp(4));
    for state in [pool, fund, nothing, order, switch] {
        assert_eq!(decode(&bytes(&state)), Ok(state));
    }
}

/// Where the tail begins the bytes are those of a state without one: nowhere else may they end.
#[test]
fn what_is_cut_short_or_goes_on_is_refused() {
    let mut whole = bytes(&margin());
    let read: Vec<_> = (0..whole.len())
        .filter_map(|len| Some((len, decode(&whole[..len]).ok()?)))
        .collect();
    let [(len, state)] = &read[..] else {
        panic!("{read:?}");
    };
    assert_eq!(bytes(state), whole[..*len]);
    assert_eq!(state.clearing.markets[0].margin, None);
    whole.push(0);
    assert!(decode(&whole).is_err());
}

/// Whatever decodes has one spelling.
#[test]
fn each_flipped_bit_is_refused_or_another_state() {
    let whole = bytes(&margin());
    for bit in 0..whole.len() * 8 {
        let mut changed = whole.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        if let Ok(state) = decode(&changed) {
            assert_eq!(bytes(&state), changed, "bit {bit}");
        }
    }
}

proptest! {
    /// The same of anything that stands where only margin does.
    #[test]
    fn arbitrary_bytes_behind_do_no_harm(
        behind in prop::collection::vec(prop_oneof![3 => 0_u8..4, 1 => any::<u8>()], 0..400),
    ) {
        let mut changed = bytes(&plain());
        // No dead-man switch, no breaker, no stop and no slice.
        changed.extend([0; 8 + 1 + 16]);
        changed.extend(behind);
        if let Ok(state) = decode(&changed) {
            prop_assert_eq!(bytes(&state), changed);
        }
    }
}
