//! The feed without sockets: a chain as a table of answers.

#![allow(clippy::unwrap_used)] // a test may stop at what it did not expect

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::*;

const NOW: Timestamp = Timestamp(1_640_995_200_000);
const REGISTRY: u8 = 1;
const FTSO_AT: u8 = 2;
const POOL: u8 = 3;
const TOKEN: u8 = 4;
const QUOTE: u8 = 5;

fn address(of: u8) -> Address {
    Address::parse(&format!("0x{}", format!("{of:02x}").repeat(20))).unwrap()
}

/// What contracts answer: by address and the data's beginning.
struct Node {
    block: u64,
    time: u64,
    calls: BTreeMap<(String, String), Value>,
}

fn words(words: &[String]) -> Value {
    json!(format!("0x{}", words.concat()))
}

fn word(number: u128) -> String {
    format!("{number:064x}")
}

fn address_word(of: u8) -> String {
    format!("{:0>64}", &address(of).text()[2..])
}

fn feed_call(name: &str) -> String {
    abi::call_with_feed(abi::FEED_BY_ID, FeedId::parse(name).unwrap())
}

impl Node {
    /// 1,000 tokens of 18 decimals and 2,000 FLR of 6; an XRP is $2, a FLR $0.02.
    fn new() -> Node {
        let mut node = Node {
            block: 70,
            time: NOW.0 / 1_000 - 1,
            calls: BTreeMap::new(),
        };
        let name = abi::call_with_text(abi::CONTRACT_BY_NAME, "FtsoV2");
        node.set(REGISTRY, &name, &[address_word(FTSO_AT)]);
        node.set(POOL, &abi::call(abi::TOKEN_0), &[address_word(QUOTE)]);
        node.set(POOL, &abi::call(abi::TOKEN_1), &[address_word(TOKEN)]);
        node.reserves(2_000 * 10_u128.pow(6), 1_000 * 10_u128.pow(18));
        node.set(TOKEN, &abi::call(abi::DECIMALS), &[word(18)]);
        node.set(QUOTE, &abi::call(abi::DECIMALS), &[word(6)]);
        node.price("XRP/USD", 2_000_000, 6);
        node.price("FLR/USD", 200, 4);
        node
    }

    fn set(&mut self, to: u8, data: &str, answer: &[String]) {
        self.calls
            .insert((address(to).text(), data.to_owned()), words(answer));
    }

    fn reserves(&mut self, first: u128, second: u128) {
        self.set(
            POOL,
            &abi::call(abi::RESERVES),
            &[word(first), word(second), word(1)],
        );
    }

    fn price(&mut self, feed: &str, value: u128, decimals: i8) {
        let decimals = match decimals {
            0.. => word(u128::from(decimals.unsigned_abs())),
            _ => format!("{}{:02x}", "f".repeat(62), decimals),
        };
        let time = word(u128::from(self.time));
        self.set(FTSO_AT, &feed_call(feed), &[word(value), decimals, time]);
    }

    fn answer(&self, ask: &str) -> Value {
        match serde_json::from_str::<Value>(ask).unwrap() {
            Value::Array(calls) => {
                let answers = calls.iter().rev().map(|call| {
                    assert_eq!(call["method"], "eth_call");
                    assert_eq!(call["params"][1], format!("0x{:x}", self.block));
                    let text = |key: &str| call["params"][0][key].as_str().unwrap().to_owned();
                    match self.calls.get(&(text("to"), text("data"))) {
                        Some(result) => json!({"id": call["id"], "result": result}),
                        None => json!({"id": call["id"], "error":
                            {"code": 3, "message": "execution reverted"}}),
                    }
                });
                // Backwards: the order of a batch's answers says nothing.
                Value::Array(answers.collect())
            }
            block => {
                assert_eq!(block["method"], "eth_getBlockByNumber");
                json!({"id": 0, "result": {"number": format!("0x{:x}", self.block),
                    "timestamp": format!("0x{:x}", self.time), "hash": "0x1"}})
            }
        }
    }

    fn poll(&self, feed: &mut Feed) -> Result<Vec<Result<Quote, Unusable>>, Fault> {
        let mut ask = feed.begin(NOW);
        loop {
            let mut answer = self.answer(&ask).to_string().into_bytes();
            match feed.on_answer(&mut answer)? {
                Next::Ask(next) => ask = next,
                Next::Done(quotes) => return Ok(quotes),
            }
        }
    }

    fn quote(&self, feed: &mut Feed) -> Result<Quote, Unusable> {
        let mut quotes = self.poll(feed).unwrap();
        assert_eq!(quotes.len(), 1);
        quotes.remove(0)
    }
}

fn feed(quote_feed: Option<&str>) -> Feed {
    feed_of(Source::Pool {
        pool: address(POOL),
        token: address(TOKEN),
        quote: address(QUOTE),
        quote_feed: quote_feed.map(|name| FeedId::parse(name).unwrap()),
        fee: Share::from_bps(30).unwrap(),
    })
}

fn feed_of(source: Source) -> Feed {
    Feed::new(FlareRules {
        registry: address(REGISTRY),
        xrp_feed: FeedId::parse("XRP/USD").unwrap(),
        sources: vec![source],
    })
}

fn reserves_of(quote: &Quote) -> (Fixed, Fixed) {
    match &quote.asks {
        Some(Liquidity::Pool(pool)) => (pool.base, pool.quote),
        other => panic!("{other:?}"),
    }
}

fn amount(text: &str) -> Fixed {
    Fixed::parse(text).unwrap()
}

#[test]
fn a_pool_becomes_xrp_by_two_feeds() {
    let mut feed = feed(Some("FLR/USD"));
    let quote = Node::new().quote(&mut feed).unwrap();
    // 2,000 FLR of $0.02 are 20 XRP of $2.
    assert_eq!(reserves_of(&quote), (amount("1000"), amount("20")));
    assert_eq!(quote.asks, quote.bids);
    assert_eq!(quote.as_of, Timestamp(NOW.0 - 1_000));
    let quote = Node::new().quote(&mut self::feed(None)).unwrap();
    assert_eq!(
        reserves_of(&quote),
        (amount("1000"), amount("2000")),
        "XRP by another name"
    );
}

#[test]
fn decimals_are_read_with_each_poll() {
    let mut feed = feed(Some("FLR/USD"));
    let mut node = Node::new();
    for (value, decimals) in [(200, 4), (2_000_000, 8), (2, 2)] {
        node.price("FLR/USD", value, decimals);
        let quote = node.quote(&mut feed).unwrap();
        assert_eq!(reserves_of(&quote).1, amount("20"), "{decimals}");
    }
    node.price("FLR/USD", 2, -1);
    assert_eq!(
        reserves_of(&node.quote(&mut feed).unwrap()).1,
        amount("20000")
    );
    node.price("FLR/USD", 200, 4);
    node.set(TOKEN, &abi::call(abi::DECIMALS), &[word(17)]);
    node.set(QUOTE, &abi::call(abi::DECIMALS), &[word(8)]);
    let quote = node.quote(&mut feed).unwrap();
    assert_eq!(reserves_of(&quote), (amount("10000"), amount("0.2")));
    node.set(TOKEN, &abi::call(abi::DECIMALS), &[word(256)]);
    assert_eq!(node.quote(&mut feed), Err(Unusable::Nonsense));
}

#[test]
fn a_feed_alone_is_a_price_of_assumed_depth() {
    let feed_id = FeedId::parse("FLR/USD").unwrap();
    let mut feed = feed_of(Source::Feed {
        feed: feed_id,
        depth: amount("500"),
    });
    let quote = Node::new().quote(&mut feed).unwrap();
    let level = Level {
        base: amount("500"),
        quote: amount("5"),
    };
    assert_eq!(quote.asks, Some(Liquidity::Book(vec![level])));
    assert!(!quote.is_depth_known);
}

#[test]
fn a_quote_is_as_old_as_the_oldest_of_what_it_is_made_of() {
    let mut node = Node::new();
    node.time -= 5;
    node.price("FLR/USD", 200, 4);
    node.time += 5;
    let as_of = |node: &Node| node.quote(&mut feed(Some("FLR/USD"))).unwrap().as_of;
    assert_eq!(as_of(&node), Timestamp(NOW.0 - 6_000));
    let mut ahead = Node::new();
    ahead.time += 3_600;
    ahead.price("FLR/USD", 200, 4);
    ahead.price("XRP/USD", 2_000_000, 6);
    assert_eq!(
        as_of(&ahead),
        NOW,
        "a clock that is ahead makes nothing younger"
    );
}

#[test]
fn what_is_empty_wrong_or_missing_is_unusable() {
    type Change = fn(&mut Node);
    let cases: [(Change, Unusable); 9] = [
        (|node| node.reserves(0, 5), Unusable::Empty),
        (|node| node.reserves(5, 0), Unusable::Empty),
        (|node| node.reserves(5, u128::MAX), Unusable::Nonsense),
        (
            |node| node.set(POOL, &abi::call(abi::TOKEN_0), &[address_word(POOL)]),
            Unusable::WrongContract,
        ),
        (
            |node| node.set(POOL, &abi::call(abi::RESERVES), &[]),
            Unusable::WrongContract,
        ),
        (
            |node| node.calls.retain(|(to, _), _| *to != address(POOL).text()),
            Unusable::WrongContract,
        ),
        (|node| node.price("XRP/USD", 0, 6), Unusable::NoConversion),
        (
            |node| {
                node.calls
                    .retain(|(to, _), _| *to != address(FTSO_AT).text())
            },
            Unusable::NoConversion,
        ),
        (
            |node| {
                node.calls
                    .retain(|(to, _), _| *to != address(REGISTRY).text())
            },
            Unusable::NoConversion,
        ),
    ];
    for (index, (change, why)) in cases.into_iter().enumerate() {
        let mut node = Node::new();
        change(&mut node);
        if index == 2 {
            node.set(TOKEN, &abi::call(abi::DECIMALS), &[word(0)]);
        }
        assert_eq!(
            node.quote(&mut feed(Some("FLR/USD"))),
            Err(why),
            "case {index}"
        );
    }
}

#[test]
fn blocks_do_not_go_back_within_a_minute() {
    let mut feed = feed(None);
    let mut node = Node::new();
    node.poll(&mut feed).unwrap();
    node.block = 69;
    assert_eq!(node.poll(&mut feed), Err(Fault::Behind(69, 70)));
    node.block = 70;
    node.poll(&mut feed).unwrap();
}

#[test]
fn answers_that_are_not_the_protocol_end_the_poll() {
    let good = |ask: &str| Node::new().answer(ask);
    for (step, answer) in [
        (0, json!(null)),
        (0, json!({"id": 0, "result": null})),
        (
            0,
            json!({"id": 0, "result": {"number": "70", "timestamp": "0x1"}}),
        ),
        (0, json!({"id": 0, "result": {"number": "0x46"}})),
        (1, json!([])),
        (1, json!({"id": 0, "result": "0x"})),
        (1, json!([{"id": 0, "result": "0x"}])),
        (
            1,
            json!([{"id": 0}, {"id": 1}, {"id": 2}, {"id": 3}, {"id": 4}, {"id": 5}]),
        ),
        (
            1,
            json!([{"id": 0, "result": "0x"}, {"id": 0, "result": "0x"}, {"id": 2, "result": "0x"},
            {"id": 3, "result": "0x"}, {"id": 4, "result": "0x"}, {"id": 5, "result": "0x"}]),
        ),
        (
            2,
            json!([{"id": 0, "result": 5}, {"id": 1, "result": "0x"}]),
        ),
    ] {
        let mut feed = feed(Some("FLR/USD"));
        let mut ask = feed.begin(NOW);
        for _ in 0..step {
            match feed.on_answer(&mut good(&ask).to_string().into_bytes()) {
                Ok(Next::Ask(next)) => ask = next,
                other => panic!("{other:?}"),
            }
        }
        let answered = feed.on_answer(&mut answer.to_string().into_bytes());
        assert_eq!(answered, Err(Fault::Unreadable), "{answer}");
        let after = feed.on_answer(&mut good(&ask).to_string().into_bytes());
        assert_eq!(after, Err(Fault::Unreadable), "the poll is over");
    }
    let mut feed = feed(None);
    feed.begin(NOW);
    let refused = json!({"id": 0, "error": {"code": -32_005, "message": "too many requests"}});
    let refused = feed.on_answer(&mut refused.to_string().into_bytes());
    assert_eq!(refused, Err(Fault::Refused("too many requests".into())));
}
