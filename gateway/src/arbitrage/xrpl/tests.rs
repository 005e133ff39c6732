//! The feed without sockets: a conversation as text.

#![allow(clippy::unwrap_used)] // a test may stop at what it did not expect

use serde_json::{Value, json};

use super::*;
use crate::arbitrage::Fixed;
use crate::arbitrage::detector::Share;

const NOW: Timestamp = Timestamp(1_640_995_200_000);
const ISSUER: &str = "rvYAfWj5gh67oV6fW32ZzP3Aw4Eubs59B";
const HEX: &str = "4C55585552593030310000000000000000000000";

struct Rig {
    feed: Feed,
    now: Timestamp,
    sent: Vec<Value>,
    quotes: Vec<(usize, Result<Quote, Unusable>)>,
}

impl Rig {
    fn new() -> Rig {
        let market = |name: &str| Market {
            currency: Currency::new(name).unwrap(),
            issuer: ISSUER.into(),
        };
        let mut rig = Rig {
            feed: Feed::new(vec![market("LUXURY001")], 5_000),
            now: NOW,
            sent: Vec::new(),
            quotes: Vec::new(),
        };
        rig.connect();
        rig
    }

    fn connect(&mut self) {
        let mut steps = Vec::new();
        self.feed.on_connected(self.now, &mut steps);
        self.take(steps);
    }

    fn take(&mut self, steps: Vec<Step>) {
        for step in steps {
            match step {
                Step::Send(text) => self.sent.push(serde_json::from_str(&text).unwrap()),
                Step::Quote(token, quote) => self.quotes.push((token, quote)),
            }
        }
    }

    fn hear(&mut self, message: &Value) -> Result<(), Fault> {
        self.hear_text(&message.to_string())
    }

    fn hear_text(&mut self, text: &str) -> Result<(), Fault> {
        let mut steps = Vec::new();
        let heard = self
            .feed
            .on_text(&mut text.as_bytes().to_vec(), self.now, &mut steps);
        self.take(steps);
        heard
    }

    fn ledger(&mut self, index: u32) -> Result<(), Fault> {
        self.hear(
            &json!({"type": "ledgerClosed", "ledger_index": index, "ledger_time": 700,
            "ledger_hash": "AB", "txn_count": 3, "validated_ledgers": "1-9"}),
        )
    }

    /// Subscribes, and gives the three requests about the first ledger.
    fn begin(&mut self, index: u32) -> Vec<Value> {
        let subscribe = self.sent.pop().unwrap();
        assert_eq!(subscribe["streams"], json!(["ledger"]));
        self.hear(
            &json!({"id": subscribe["id"], "status": "success", "type": "response",
            "result": {"ledger_index": index, "ledger_time": 700}}),
        )
        .unwrap();
        std::mem::take(&mut self.sent)
    }

    fn answer(&mut self, request: &Value, result: &Value) -> Result<(), Fault> {
        let mut result = result.clone();
        let fields = result.as_object_mut().unwrap();
        fields.entry("validated").or_insert(json!(true));
        fields
            .entry("ledger_index")
            .or_insert(request["ledger_index"].clone());
        self.hear(
            &json!({"id": request["id"], "status": "success", "type": "response",
            "result": result}),
        )
    }

    fn refuse(&mut self, request: &Value, word: &str) -> Result<(), Fault> {
        self.hear(
            &json!({"id": request["id"], "status": "error", "type": "response",
            "error": word, "error_code": 1, "error_message": "no"}),
        )
    }

    /// One ledger's answers: a bid at 995, an ask at 1000, no pool.
    fn round(&mut self) {
        let requests = std::mem::take(&mut self.sent);
        let [asks, bids, pool] = &requests[..] else {
            panic!("{requests:?}");
        };
        let ask = json!([offer(token("10"), json!("10000000000"))]);
        self.answer(asks, &json!({"offers": ask})).unwrap();
        let bid = json!([offer(json!("9950000000"), token("10"))]);
        self.answer(bids, &json!({"offers": bid})).unwrap();
        self.refuse(pool, "actNotFound").unwrap();
    }
}

fn token(value: &str) -> Value {
    json!({"currency": HEX, "issuer": ISSUER, "value": value})
}

fn offer(gets: Value, pays: Value) -> Value {
    json!({"Account": ISSUER, "TakerGets": gets, "TakerPays": pays, "quality": "1",
        "owner_funds": "10000", "Flags": 0, "Sequence": 5})
}

fn level(base: &str, quote: &str) -> Level {
    Level {
        base: Fixed::parse(base).unwrap(),
        quote: Fixed::parse(quote).unwrap(),
    }
}

#[test]
fn a_ledger_is_asked_both_ways_and_for_its_pool() {
    let mut rig = Rig::new();
    let requests = rig.begin(90);
    let market = json!({"currency": HEX, "issuer": ISSUER});
    let xrp = json!({"currency": "XRP"});
    assert_eq!(requests.len(), 3);
    for (request, expected) in requests.iter().zip([
        json!({"command": "book_offers", "taker_gets": market, "taker_pays": xrp, "limit": 50}),
        json!({"command": "book_offers", "taker_gets": xrp, "taker_pays": market, "limit": 50}),
        json!({"command": "amm_info", "asset": market, "asset2": xrp}),
    ]) {
        let mut request = request.clone();
        let fields = request.as_object_mut().unwrap();
        assert!(fields.remove("id").unwrap().is_u64());
        assert_eq!(fields.remove("ledger_index").unwrap(), 90);
        assert_eq!(request, expected);
    }
}

#[test]
fn offers_count_with_what_their_owners_can_pay_and_until_they_expire() {
    let mut rig = Rig::new();
    let [asks, bids, pool] = &rig.begin(90)[..] else {
        panic!();
    };
    let mut partly = offer(token("10"), json!("10000000000"));
    partly["taker_gets_funded"] = token("2.5");
    partly["taker_pays_funded"] = json!("2500000000");
    let mut unfunded = offer(token("10"), json!("9000000000"));
    unfunded["taker_gets_funded"] = token("0");
    unfunded["taker_pays_funded"] = json!("0");
    let mut expired = offer(token("10"), json!("9000000000"));
    expired["Expiration"] = json!(700);
    let mut lives = offer(token("1e1"), json!("10010000000"));
    lives["Expiration"] = json!(701);
    let offers = json!({"offers": [unfunded, expired, lives, partly]});
    rig.now = NOW.plus(1_000);
    rig.answer(asks, &offers).unwrap();
    rig.answer(bids, &json!({"offers": []})).unwrap();
    assert_eq!(rig.quotes, [], "not all is there");
    rig.refuse(pool, "actNotFound").unwrap();
    let levels = vec![level("2.5", "2500"), level("10", "10010")];
    let quote = Quote {
        asks: Some(Liquidity::Book(levels)),
        bids: None,
        as_of: NOW,
        is_depth_known: true,
    };
    assert_eq!(
        rig.quotes,
        [(0, Ok(quote))],
        "best first, as old as the ledger"
    );
}

#[test]
fn the_better_of_book_and_pool_counts_a_side_each() {
    let mut rig = Rig::new();
    let [asks, bids, pool] = &rig.begin(90)[..] else {
        panic!();
    };
    // The pool's price is 1000; with its fee of 0.6% it sells at 1006.04 and buys at 994.
    rig.answer(
        asks,
        &json!({"offers": [offer(token("1"), json!("1006000000"))]}),
    )
    .unwrap();
    rig.answer(
        bids,
        &json!({"offers": [offer(json!("993000000"), token("1"))]}),
    )
    .unwrap();
    let amm = json!({"amm": {"account": ISSUER, "amount": "5000000000000", "amount2": token("5000"),
        "asset2_frozen": false, "trading_fee": 600, "lp_token": token("1")}});
    rig.answer(pool, &amm).unwrap();
    let (_, quote) = rig.quotes.pop().unwrap();
    let quote = quote.unwrap();
    assert_eq!(quote.asks, Some(Liquidity::Book(vec![level("1", "1006")])));
    let pool = Pool {
        base: Fixed::parse("5000").unwrap(),
        quote: Fixed::parse("5000000").unwrap(),
        fee: Share::from_millionths(6_000).unwrap(),
    };
    assert_eq!(quote.bids, Some(Liquidity::Pool(pool)));
}

#[test]
fn a_pool_that_is_empty_or_frozen_is_none() {
    for (change, value) in [
        ("amount", json!("0")),
        ("amount2", token("0")),
        ("asset2_frozen", json!(true)),
    ] {
        let mut rig = Rig::new();
        let [asks, bids, pool] = &rig.begin(90)[..] else {
            panic!();
        };
        rig.answer(asks, &json!({"offers": []})).unwrap();
        rig.answer(bids, &json!({"offers": []})).unwrap();
        let mut amm = json!({"amm": {"amount": "5", "amount2": token("5"), "trading_fee": 0}});
        amm["amm"][change] = value;
        rig.answer(pool, &amm).unwrap();
        let (_, quote) = rig.quotes.pop().unwrap();
        let quote = quote.unwrap();
        assert_eq!((quote.asks, quote.bids), (None, None), "{change}");
    }
}

#[test]
fn ledgers_follow_each_other_and_a_gap_is_told() {
    let mut rig = Rig::new();
    rig.sent = rig.begin(90);
    rig.round();
    rig.ledger(91).unwrap();
    rig.ledger(91).unwrap();
    assert_eq!(rig.sent.len(), 3);
    // Two ledgers close while one is asked about: the newest is next.
    rig.ledger(92).unwrap();
    rig.ledger(93).unwrap();
    assert_eq!(rig.sent.len(), 3);
    rig.round();
    assert_eq!(rig.sent[0]["ledger_index"], 93);
    rig.round();
    assert_eq!(rig.quotes.len(), 3);
    assert!(rig.quotes.drain(..).all(|(_, quote)| quote.is_ok()));
    rig.ledger(95).unwrap();
    assert_eq!(rig.quotes.pop(), Some((0, Err(Unusable::LedgerGap))));
    assert_eq!(rig.sent[0]["ledger_index"], 95);
    rig.round();
    assert!(rig.quotes.pop().unwrap().1.is_ok());
    assert_eq!(rig.ledger(94), Err(Fault::Behind(94, 95)));
}

#[test]
fn answers_that_come_after_a_gap_are_passed_over() {
    let mut rig = Rig::new();
    let late = rig.begin(90);
    rig.ledger(92).unwrap();
    assert_eq!(rig.quotes.pop(), Some((0, Err(Unusable::LedgerGap))));
    let ask = json!({"offers": [offer(token("1"), json!("1"))]});
    rig.answer(&late[0], &ask).unwrap();
    rig.refuse(&late[2], "actNotFound").unwrap();
    assert_eq!(rig.quotes, []);
    rig.round();
    let quote = rig.quotes.pop().unwrap().1.unwrap();
    let asks = vec![level("10", "10000")];
    assert_eq!(
        quote.asks,
        Some(Liquidity::Book(asks)),
        "of the newer ledger alone"
    );
}

#[test]
fn the_next_node_may_not_be_behind_but_a_ledger_does_not_get_younger_there() {
    let mut rig = Rig::new();
    rig.sent = rig.begin(90);
    rig.round();
    rig.quotes.clear();
    rig.now = NOW.plus(3_000);
    rig.connect();
    rig.sent = rig.begin(90);
    rig.round();
    assert_eq!(rig.quotes.pop().unwrap().1.unwrap().as_of, NOW);
    rig.connect();
    rig.sent = rig.begin(95);
    rig.round();
    let quote = rig.quotes.pop().unwrap().1.unwrap();
    assert_eq!(
        quote.as_of, rig.now,
        "ledgers pass from one node to the next"
    );
    rig.connect();
    let subscribe = rig.sent.pop().unwrap();
    let mut behind = json!({"id": subscribe["id"], "status": "success", "type": "response",
        "result": {"ledger_index": 94, "ledger_time": 1}});
    assert_eq!(rig.hear(&behind), Err(Fault::Behind(94, 95)));
    // After a minute nobody knows any more what was seen.
    rig.now = rig.now.plus(MEMORY_MS);
    rig.connect();
    behind["id"] = rig.sent.pop().unwrap()["id"].clone();
    assert_eq!(rig.hear(&behind), Ok(()));
}

#[test]
fn slow_and_silent_nodes_are_left() {
    let mut rig = Rig::new();
    assert_eq!(rig.feed.deadline(), NOW.plus(5_000));
    let requests = rig.begin(90);
    assert_eq!(rig.feed.on_timeout(NOW.plus(4_999)), Ok(()));
    assert_eq!(
        rig.feed.on_timeout(NOW.plus(5_000)),
        Err(Fault::Slow(5_000))
    );
    rig.sent = requests;
    rig.round();
    assert_eq!(rig.feed.on_timeout(NOW.plus(14_999)), Ok(()));
    assert_eq!(rig.feed.on_timeout(NOW.plus(15_000)), Err(Fault::Silent));
    // A node that has no validated ledger yet is waited for as long.
    let mut rig = Rig::new();
    let subscribe = rig.sent.pop().unwrap();
    let answer = json!({"id": subscribe["id"], "status": "success", "type": "response",
        "result": {}});
    rig.hear(&answer).unwrap();
    assert_eq!(rig.feed.deadline(), NOW.plus(15_000));
}

#[test]
fn what_is_not_validated_or_of_another_ledger_is_no_quote() {
    for (result, fault) in [
        (
            json!({"offers": [], "validated": false}),
            Fault::OtherLedger,
        ),
        (
            json!({"offers": [], "ledger_index": 89}),
            Fault::OtherLedger,
        ),
        (
            json!({"offers": [], "ledger_index": "90"}),
            Fault::Unreadable,
        ),
        (json!({"offers": {}}), Fault::Unreadable),
        (json!({}), Fault::Unreadable),
        (
            json!({"offers": [offer(json!(5), json!("5"))]}),
            Fault::Unreadable,
        ),
        (
            json!({"offers": [offer(token("-5"), json!("5"))]}),
            Fault::Unreadable,
        ),
        (
            json!({"offers": [offer(token("5"), json!("5.5"))]}),
            Fault::Unreadable,
        ),
        (
            json!({"offers": [offer(token("9999999999999999e80"), json!("5"))]}),
            Fault::Unreadable,
        ),
        (
            json!({"offers": [offer(json!({"currency": HEX, "issuer": "rOther", "value": "1"}),
            json!("5"))]}),
            Fault::OtherToken,
        ),
        (
            json!({"offers": [offer(json!({"currency": "USD", "issuer": ISSUER, "value": "1"}),
            json!("5"))]}),
            Fault::OtherToken,
        ),
    ] {
        let mut rig = Rig::new();
        let requests = rig.begin(90);
        assert_eq!(rig.answer(&requests[0], &result), Err(fault), "{result}");
        assert_eq!(rig.quotes, []);
    }
}

#[test]
fn refusals_are_of_the_node_or_of_the_request() {
    let mut rig = Rig::new();
    let requests = rig.begin(90);
    let busy = rig.refuse(&requests[0], "tooBusy");
    assert_eq!(busy, Err(Fault::Refused("tooBusy".into())));
    let mut rig = Rig::new();
    let requests = rig.begin(90);
    for request in &requests {
        rig.refuse(request, "actMalformed").unwrap();
    }
    assert_eq!(rig.quotes, [(0, Err(Unusable::WrongContract))]);
    let mut rig = Rig::new();
    let subscribe = rig.sent.pop().unwrap();
    let refused = rig.refuse(&subscribe, "noNetwork");
    assert_eq!(refused, Err(Fault::Refused("noNetwork".into())));
}

#[test]
fn texts_that_are_not_the_protocol_end_the_connection_and_unknown_ones_do_not() {
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    for text in [
        "",
        "{",
        "[]",
        "null",
        "5",
        r#"{"type":5}"#,
        r#"{"type":"response"}"#,
        r#"{"type":"ledgerClosed"}"#,
        r#"{"type":"ledgerClosed","ledger_index":-1,"ledger_time":1}"#,
        r#"{"type":"ledgerClosed","ledger_index":4294967296,"ledger_time":1}"#,
        &deep,
    ] {
        assert_eq!(
            Rig::new().hear_text(text),
            Err(Fault::Unreadable),
            "{text:.60}"
        );
    }
    let mut rig = Rig::new();
    rig.hear(&json!({"type": "serverStatus", "load_factor": 1}))
        .unwrap();
    rig.hear(&json!({"type": "response", "id": 99, "status": "error", "error": "x"}))
        .unwrap();
    // An answer that comes twice.
    let requests = rig.begin(90);
    rig.answer(&requests[0], &json!({"offers": []})).unwrap();
    let twice = rig.answer(&requests[0], &json!({"offers": []}));
    assert_eq!(twice, Err(Fault::Unreadable));
}
