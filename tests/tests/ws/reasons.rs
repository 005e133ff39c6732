//! Every reason of a refusal is one that a client can meet, and is met here by a message; those few
//! that no message leads to are named, with what does.

use std::collections::BTreeSet;
use std::path::Path;

use gateway::config::Config;
use gateway::wire::{ErrorCode, Reason};
use serde_json::{Value, json};

use super::client::{Client, subscribe, typed, why};
use super::folder::Folder;
use super::gateway::TestGateway;

/// Not met by a message here, and why.
const OTHERWISE: &[(Reason, &str)] = &[
    (Reason::MessageTooLarge, "closes with 1009: `sizes`"),
    (Reason::BinaryFrame, "is no message: `nothing_lost`"),
    (Reason::UnknownAsset, "deposits and withdrawals"),
    (Reason::BalanceTooLarge, "deposits and withdrawals"),
    (
        Reason::TokenNotYetValid,
        "wants a token of its own making: gateway/src/auth/tests.rs",
    ),
    (Reason::TokenRevoked, "the operator revokes: `revoked`"),
    (
        Reason::TokenClaims,
        "wants a token of its own making: gateway/src/auth/tests.rs",
    ),
    (
        Reason::AlreadyTriggered,
        "an amend that crosses its order's stop: engine/src/clearing/tests",
    ),
    (
        Reason::InsufficientReserve,
        "a withdrawal of the operator's: `admin`",
    ),
    (
        Reason::Busy,
        "a full inbox: gateway/src/hub/tests/refusals.rs",
    ),
    (
        Reason::ShuttingDown,
        "a stop under way: gateway/src/hub/tests/refusals.rs",
    ),
    (
        Reason::Internal,
        "our own fault: gateway/src/hub/tests/ties.rs",
    ),
];

/// Small in everything, so that each limit is met soon; prices around 100.00.
const SMALL: &str = r#"
[[auth.keys]]
id = "small"
algorithm = "HS256"
secret = "a secret that only this test has to keep"
[exchange]
max_accounts = 3
max_orders_per_pair = 6
[limits]
handshakes_per_second_per_address = 1000
messages_per_second = 100000
messages_per_second_per_address = 100000
order_commands_per_minute = 100000
[portfolio]
valuation_asset = "XRP"
[[assets]]
symbol = "XRP"
scale = 10
display_scale = 2
[[assets]]
symbol = "LUX"
scale = 6
[[pairs]]
base = "LUX"
quote = "XRP"
tick = "0.01"
lot = "0.01"
min_amount = "1.00"
max_amount = "9000000000.00"
min_notional = "60.00"
price_band_bps = 5000
reference_price = "100.00"
max_open_orders = 4
[[accounts]]
user = "alice"
balances = { XRP = "10000", LUX = "10000" }
[[accounts]]
user = "bob"
balances = { XRP = "10000", LUX = "10000" }
"#;

fn small(change: impl FnOnce(&mut Config)) -> TestGateway {
    TestGateway::patient(|config| {
        let listen = config.server.listen;
        *config = Config::parse(SMALL, "small", Path::new("")).unwrap();
        config.server.listen = listen;
        change(config);
    })
}

/// The same on margin: a pool of five, positions of at most ten, and no insurance fund.
fn on_margin() -> TestGateway {
    let margin = "max_open_orders = 40\n[pairs.margin]\nmax_position = \"10.00\"\n\
                  max_open_interest = \"100.00\"";
    let text = SMALL.replace("max_open_orders = 4", margin);
    let text = text.replace(
        "scale = 6",
        "scale = 6\nlending = { limit = \"5\", pool = \"5\" }",
    );
    let lending = "display_scale = 2\nlending = { limit = \"100000\", pool = \"100000\" }";
    let text = text.replace("display_scale = 2", lending);
    let text = text.replace("max_orders_per_pair = 6", "max_orders_per_pair = 60");
    TestGateway::patient(|config| {
        let listen = config.server.listen;
        *config = Config::parse(&text, "small", Path::new("")).unwrap();
        config.server.listen = listen;
    })
}

#[derive(Default)]
struct Met(BTreeSet<&'static str>);

impl Met {
    fn meets(&mut self, answer: &Value, reason: Reason) {
        let expected = (reason.code().word(), reason.word());
        assert_eq!(why(answer), expected, "{answer}");
        self.0.insert(reason.word());
    }

    async fn ask(&mut self, client: &mut Client, message: Value, reason: Reason) {
        // What is wrong with a message by itself is the reason that the documents do not allow it.
        let by_itself = matches!(
            reason.code(),
            ErrorCode::InvalidMessage | ErrorCode::InvalidSubscription
        );
        let answer = match testkit::contract::check_request(&message) {
            Err(_) if by_itself => client.ask_bad(message).await,
            _ => client.ask(message).await,
        };
        self.meets(&answer, reason);
    }
}

fn place(kind: &str, fields: Value) -> Value {
    let mut data = json!({"pair": "LUX/XRP", "side": "buy", "amount": "1.00"});
    for (field, value) in fields.as_object().unwrap() {
        data[field] = value.clone();
    }
    typed(kind, data)
}

/// What is wrong with a message by itself.
async fn malformed(met: &mut Met, client: &mut Client) {
    for (text, reason) in [
        ("{".to_owned(), Reason::MalformedJson),
        (
            r#"{"type":"ping","n":1e999}"#.to_owned(),
            Reason::NumberTooLarge,
        ),
        ("5".to_owned(), Reason::NotAnObject),
        (
            format!("{}{}", r#"{"a":"#, "[".repeat(40)),
            Reason::NestedTooDeeply,
        ),
        (
            r#"{"type":"ping","type":"ping"}"#.to_owned(),
            Reason::DuplicateField,
        ),
        ("{}".to_owned(), Reason::MissingField),
        (r#"{"type":5}"#.to_owned(), Reason::WrongKind),
        (r#"{"type":"dance"}"#.to_owned(), Reason::UnknownType),
        (
            r#"{"type":"ping","requestId":""}"#.to_owned(),
            Reason::InvalidRequestId,
        ),
    ] {
        client.send_text(text).await;
        let answer = client.next().await;
        met.meets(&answer, reason);
    }
    let limit = |fields| place("limit", fields);
    for (message, reason) in [
        (
            limit(json!({"side": "hold", "price": "99.00"})),
            Reason::InvalidValue,
        ),
        (
            limit(json!({"clientOrderId": "", "price": "99.00"})),
            Reason::InvalidClientOrderId,
        ),
        (limit(json!({"price": 99})), Reason::DecimalNotAString),
        (limit(json!({"price": "1e2"})), Reason::InvalidDecimal),
        (
            limit(json!({"price": "9".repeat(29)})),
            Reason::DecimalTooLong,
        ),
        (
            json!({"type": "cancel_orders", "orders": []}),
            Reason::EmptyList,
        ),
        (
            json!({"type": "cancel_orders", "orders": vec![json!({}); 21]}),
            Reason::TooManyItems,
        ),
    ] {
        met.ask(client, message, reason).await;
    }
    for (channel, reason) in [
        (json!({"type": "gossip"}), Reason::UnknownChannel),
        (json!({"type": "trades"}), Reason::InvalidChannel),
        (
            json!({"type": "trades", "pair": "NO/PAIR"}),
            Reason::UnknownChannelPair,
        ),
        (
            json!({"type": "price", "symbol": "NONE"}),
            Reason::UnknownSymbol,
        ),
    ] {
        met.ask(client, subscribe(json!([channel])), reason).await;
    }
}

/// What is wrong with an order by itself, and with the money.
async fn orders(met: &mut Met, alice: &mut Client, now: u64) {
    let stop = |fields| place("stop_loss", fields);
    for (message, reason) in [
        (
            place("limit", json!({"pair": "NO/PAIR", "price": "99.00"})),
            Reason::UnknownPair,
        ),
        (
            place("limit", json!({"price": "99.00", "leverage": "2"})),
            Reason::MarginNotAvailable,
        ),
        (
            stop(json!({"stopPrice": "120.00", "price": "99.00"})),
            Reason::OptionNotForOrderType,
        ),
        (
            place("limit", json!({"price": "99.00", "expiresAt": 1})),
            Reason::ExpiryNeedsGtd,
        ),
        (
            place(
                "limit",
                json!({"price": "99.00", "timeInForce": "GTD", "expiresAt": now}),
            ),
            Reason::ExpiryInPast,
        ),
        (
            stop(json!({"stopPrice": "90.00"})),
            Reason::WouldTriggerImmediately,
        ),
        (
            place("oco", json!({"stopPrice": "90.00", "targetPrice": "80.00"})),
            Reason::OcoPriceRelation,
        ),
        (
            place(
                "trailing_stop",
                json!({"side": "sell", "trailingDelta": "100.00"}),
            ),
            Reason::TrailingOutOfRange,
        ),
        (
            place(
                "iceberg",
                json!({"price": "99.00", "displayAmount": "0.50"}),
            ),
            Reason::InvalidDisplayAmount,
        ),
        (
            place("market", json!({"price": "99.00"})),
            Reason::PriceOnMarketOrder,
        ),
        (
            place("limit", json!({"price": "0.00"})),
            Reason::PriceNotPositive,
        ),
        (
            place("limit", json!({"price": "99.001"})),
            Reason::PriceNotOnTick,
        ),
        (
            place("limit", json!({"price": "99999999999.00"})),
            Reason::PriceTooLarge,
        ),
        (
            place("limit", json!({"price": "99.00", "amount": "0"})),
            Reason::AmountNotPositive,
        ),
        (
            place("limit", json!({"price": "99.00", "amount": "1.001"})),
            Reason::AmountNotOnLot,
        ),
        (
            place("limit", json!({"price": "99.00", "amount": "0.99"})),
            Reason::BelowMinAmount,
        ),
        (
            place(
                "limit",
                json!({"price": "99.00", "amount": "9000000000.01"}),
            ),
            Reason::AboveMaxAmount,
        ),
        (
            place("limit", json!({"price": "59.99"})),
            Reason::BelowMinNotional,
        ),
        (
            place(
                "limit",
                json!({"price": "120.00", "amount": "9000000000.00"}),
            ),
            Reason::NotionalTooLarge,
        ),
        (
            place("limit", json!({"price": "150.01"})),
            Reason::PriceOutsideBand,
        ),
        (
            place(
                "limit",
                json!({"price": "99.00", "timeInForce": "IOC", "postOnly": true}),
            ),
            Reason::PostOnlyNeedsGtc,
        ),
        (
            place("limit", json!({"price": "120.00", "postOnly": true})),
            Reason::PostOnlyWouldTake,
        ),
        (
            place("limit", json!({"price": "99.00", "amount": "1000.00"})),
            Reason::InsufficientAvailable,
        ),
    ] {
        met.ask(alice, message, reason).await;
    }
}

/// What is wrong with what is done to orders that are there.
async fn changes(met: &mut Met, alice: &mut Client, bob: &mut Client) {
    let named = |name: &str, price: &str, amount: &str| {
        place(
            "limit",
            json!({"price": price, "amount": amount, "clientOrderId": name}),
        )
    };
    assert_eq!(
        alice.ask(named("a", "99.00", "2.00")).await["type"],
        "order_placed"
    );
    met.ask(
        alice,
        named("a", "98.00", "2.00"),
        Reason::DuplicateClientOrderId,
    )
    .await;
    let sell = place("limit", json!({"side": "sell", "price": "99.00"}));
    assert_eq!(bob.ask(sell).await["type"], "order_placed");
    let amend = |fields: Value| {
        let mut amend = json!({"type": "amend_order"});
        for (field, value) in fields.as_object().unwrap() {
            amend[field] = value.clone();
        }
        amend
    };
    for (message, reason) in [
        (
            amend(json!({"clientOrderId": "a", "amount": "1.00"})),
            Reason::AmountBelowFilled,
        ),
        (
            amend(json!({"clientOrderId": "a", "amount": "2.00"})),
            Reason::NothingToAmend,
        ),
        (
            json!({"type": "cancel_order", "clientOrderId": "nobody's"}),
            Reason::UnknownOrder,
        ),
    ] {
        met.ask(alice, message, reason).await;
    }
    let cancel = json!({"type": "cancel_order", "clientOrderId": "a"});
    assert_eq!(alice.ask(cancel).await["type"], "order_cancelled");
    let amend_closed = amend(json!({"clientOrderId": "a", "price": "98.00"}));
    met.ask(alice, amend_closed, Reason::AlreadyClosed).await;
    assert_eq!(
        alice.ask(named("b", "99.00", "1.00")).await["type"],
        "order_placed"
    );
    let sell = place("limit", json!({"side": "sell", "price": "99.00"}));
    assert_eq!(bob.ask(sell).await["type"], "order_placed");
    let cancel = json!({"type": "cancel_order", "clientOrderId": "b"});
    met.ask(alice, cancel, Reason::AlreadyFilled).await;
    let stop = place(
        "stop_loss",
        json!({"stopPrice": "120.00", "clientOrderId": "s"}),
    );
    assert_eq!(alice.ask(stop).await["type"], "order_placed");
    let amend_stop = amend(json!({"clientOrderId": "s", "price": "110.00"}));
    met.ask(alice, amend_stop, Reason::PriceNotAmendable).await;
    // Four of one user, six of the pair.
    for name in ["c", "d", "e"] {
        let placed = alice.ask(named(name, "90.00", "1.00")).await;
        assert_eq!(placed["type"], "order_placed", "{placed}");
    }
    met.ask(
        alice,
        named("f", "90.00", "1.00"),
        Reason::TooManyOpenOrders,
    )
    .await;
    let other = || place("limit", json!({"price": "90.00"}));
    for _ in 0..2 {
        assert_eq!(bob.ask(other()).await["type"], "order_placed");
    }
    met.ask(bob, other(), Reason::BookFull).await;
}

/// What is wrong with margin orders and with what is done to positions. Ten times ten at 100.00
/// have nothing left at 90.00.
async fn margin(met: &mut Met) {
    let gateway = on_margin();
    let mut alice = gateway.trader("alice").await;
    let mut bob = gateway.trader("bob").await;
    let order = |side: &str, price: &str, amount: &str, more: Value| {
        let mut data = json!({"side": side, "price": price, "amount": amount});
        for (field, value) in more.as_object().unwrap() {
            data[field] = value.clone();
        }
        place("limit", data)
    };
    let spot = || json!({});
    let long = |amount: &str| order("buy", "100.00", amount, json!({"leverage": "10"}));
    let short = |amount: &str| order("sell", "110.00", amount, json!({"leverage": "10"}));
    let reduce =
        |price: &str, amount: &str| order("sell", price, amount, json!({"reduceOnly": true}));
    let one = order("buy", "100.00", "1.00", json!({"leverage": "1"}));
    met.ask(&mut alice, one, Reason::LeverageOutOfRange).await;
    met.ask(&mut alice, long("10.01"), Reason::PositionLimit)
        .await;
    met.ask(&mut alice, short("5.01"), Reason::PoolExhausted)
        .await;
    let nobodys = json!({"type": "close_position", "positionId": "pos_42"});
    met.ask(&mut alice, nobodys, Reason::NoPosition).await;
    assert_eq!(
        bob.ask(order("sell", "100.00", "1.00", spot())).await["type"],
        "order_placed"
    );
    let opened = json!({"leverage": "10", "clientOrderId": "open"});
    let opened = alice.ask(order("buy", "100.00", "2.00", opened)).await;
    assert_eq!(opened["type"], "order_placed", "{opened}");
    let amend = json!({"type": "amend_order", "clientOrderId": "open", "amount": "1.50"});
    met.ask(&mut alice, amend, Reason::MarginNotAmendable).await;
    alice.ask(json!({"type": "cancel_all"})).await;
    let positions = alice.ask(json!({"type": "get_positions"})).await;
    let position = positions["result"]["positions"][0]["positionId"].clone();
    let adjust =
        |amount: &str| json!({"type": "adjust_margin", "positionId": position, "amount": amount});
    met.ask(&mut alice, adjust("0"), Reason::ZeroAmount).await;
    met.ask(&mut alice, adjust("-0.01"), Reason::NoMarkPrice)
        .await;
    met.ask(
        &mut alice,
        reduce("95.00", "1.01"),
        Reason::ReduceOnlyExceedsPosition,
    )
    .await;
    met.ask(
        &mut alice,
        reduce("89.99", "1.00"),
        Reason::BeyondBankruptcy,
    )
    .await;
    let resting = alice.ask(reduce("120.00", "1.00")).await;
    assert_eq!(resting["type"], "order_placed", "{resting}");
    met.ask(&mut alice, short("1.00"), Reason::OrdersConflict)
        .await;
    alice.ask(json!({"type": "cancel_all"})).await;
    // Nobody buys at 90.00 or above, and 94.60 is too low for it.
    for quote in [
        order("buy", "80.00", "1.00", spot()),
        order("sell", "99.00", "1.00", spot()),
    ] {
        assert_eq!(bob.ask(quote).await["type"], "order_placed");
    }
    met.ask(&mut alice, adjust("-5"), Reason::BelowInitialMargin)
        .await;
    bob.ask(order("buy", "94.60", "1.00", spot())).await;
    let sold = alice.ask(order("sell", "94.60", "1.00", spot())).await;
    assert_eq!(sold["type"], "order_placed", "{sold}");
    met.ask(&mut alice, long("1.00"), Reason::PositionInLiquidation)
        .await;
}

/// Who may, and how often.
async fn rights(met: &mut Met, gateway: &TestGateway) {
    let mut stranger = gateway.client().await;
    let balances = json!({"type": "get_balances"});
    met.ask(&mut stranger, balances, Reason::NotAuthenticated)
        .await;
    let answer = stranger.log_in("no.token.here").await;
    met.meets(&answer, Reason::TokenInvalid);
    let mut alice = gateway.trader("alice").await;
    let token = gateway.token("bob", 60);
    let answer = alice.log_in(&token).await;
    met.meets(&answer, Reason::OtherUser);
    gateway.advance(60_000);
    let mut late = gateway.client().await;
    let answer = late.log_in(&token).await;
    met.meets(&answer, Reason::TokenExpired);
    // The third account is the last.
    gateway.trader("carol").await;
    let mut fourth = gateway.client().await;
    let answer = fourth.log_in(&gateway.token("dora", 60)).await;
    met.meets(&answer, Reason::TooManyAccounts);
}

async fn rates(met: &mut Met) {
    let gateway = small(|config| {
        let limits = &mut config.limits;
        limits.messages_per_second = 100;
        limits.messages_per_second_per_address = 109;
        limits.bytes_per_second = 65_536;
        limits.order_commands_per_minute = 1;
        limits.cancels_per_minute = 1;
        limits.subscriptions_per_connection = 1;
        limits.connections_per_user = 1;
    });
    let mut alice = gateway.trader("alice").await;
    let cancel = || json!({"type": "cancel_all"});
    assert_eq!(alice.ask(cancel()).await["type"], "orders_cancelled");
    met.ask(&mut alice, cancel(), Reason::CancelRate).await;
    let order = || place("limit", json!({"price": "99.00"}));
    assert_eq!(alice.ask(order()).await["type"], "order_placed");
    met.ask(&mut alice, order(), Reason::OrderRate).await;
    let channels = json!([{"type": "portfolio"}, {"type": "orders"}]);
    met.ask(&mut alice, subscribe(channels), Reason::SubscriptionLimit)
        .await;
    let mut second = gateway.client().await;
    let answer = second.log_in(&gateway.token("alice", 60)).await;
    met.meets(&answer, Reason::ConnectionLimit);
    let mut chatty = gateway.client().await;
    for _ in 0..100 {
        assert_eq!(chatty.ask(json!({"type": "ping"})).await["type"], "pong");
    }
    met.ask(&mut chatty, json!({"type": "ping"}), Reason::MessageRate)
        .await;
    let mut wordy = gateway.client().await;
    let long = json!({"type": "ping", "words": "x".repeat(60_000)});
    assert_eq!(wordy.ask(long.clone()).await["type"], "pong");
    met.ask(&mut wordy, long, Reason::ByteRate).await;
    met.ask(
        &mut gateway.client().await,
        json!({"type": "ping"}),
        Reason::AddressRate,
    )
    .await;
}

#[tokio::test]
async fn every_reason_can_be_met() {
    let mut met = Met::default();
    let gateway = small(|_| {});
    let mut alice = gateway.trader("alice").await;
    let mut bob = gateway.trader("bob").await;
    malformed(&mut met, &mut alice).await;
    // A trade at 100.00, and an offer at 110.00.
    let sell = |price: &str| place("limit", json!({"side": "sell", "price": price}));
    bob.ask(sell("100.00")).await;
    alice.ask(place("limit", json!({"price": "100.00"}))).await;
    bob.ask(sell("110.00")).await;
    orders(&mut met, &mut alice, gateway.now().0).await;
    bob.ask(json!({"type": "cancel_all"})).await;
    changes(&mut met, &mut alice, &mut bob).await;
    rights(&mut met, &gateway).await;
    rates(&mut met).await;
    margin(&mut met).await;
    {
        // No disk has this much room.
        let folder = Folder::new("reasons");
        let gateway = folder.gateway(u32::MAX, 1_000_000);
        let mut alice = gateway.trader("alice").await;
        let order = super::client::order("buy", "1.00", "900.00");
        met.ask(&mut alice, order, Reason::PairHalted).await;
    }
    for (reason, why) in OTHERWISE {
        assert!(!met.0.contains(reason.word()), "{reason:?} is met: {why}");
    }
    let missing: Vec<&str> = Reason::ALL
        .iter()
        .filter(|reason| !OTHERWISE.iter().any(|(other, _)| other == *reason))
        .map(|reason| reason.word())
        .filter(|word| !met.0.contains(word))
        .collect();
    assert_eq!(missing, Vec::<&str>::new(), "never met");
}
