//! The reference's example, message for message, under a clock of the test's own.

use std::net::{IpAddr, Ipv4Addr};

use engine::domain::Timestamp;
use engine::exchange::Exchange;
use gateway::arbitrage::Fixed;
use gateway::arbitrage::detector::{Chain, Level, Liquidity, Quote};
use gateway::config::{Config, DemoOptions};
use gateway::hub::{Hub, Mailbox};
use gateway::session::{Frame, Inbound};
use gateway::wire::decode;
use serde_json::{Value, json};

const NOW: Timestamp = Timestamp(1_640_995_200_000);

fn taken(mailbox: &Mailbox) -> Vec<Value> {
    let next = || match mailbox.pop()? {
        Frame::Text(text) => {
            let message = serde_json::from_slice(&text).unwrap();
            testkit::contract::received(&message);
            Some(message)
        }
        other => panic!("{other:?}"),
    };
    std::iter::from_fn(next).collect()
}

fn quote(price: &str) -> Quote {
    let base = Fixed::parse("10000").unwrap();
    let quote = base.scaled_down(Fixed::parse(price).unwrap(), Fixed::ONE);
    let book = Some(Liquidity::Book(vec![Level {
        base,
        quote: quote.unwrap(),
    }]));
    Quote {
        asks: book.clone(),
        bids: book,
        as_of: NOW,
        is_depth_known: true,
    }
}

#[test]
fn the_reference_s_message_comes_out() {
    let nowhere = "127.0.0.1:9".parse().unwrap();
    let mut config = Config::demo(&DemoOptions {
        nodes: Some((nowhere, nowhere)),
        ..DemoOptions::default()
    });
    let rules = &mut config.arbitrage.as_mut().unwrap().detector;
    rules.network_fee = Fixed::parse("1500").unwrap();
    let exchange = Exchange::new(config.exchange.clone()).unwrap();
    let mut hub = Hub::new(&config, &exchange);
    hub.begin_watch(NOW);
    let mailbox = Mailbox::new(65_536);
    let id = hub.open(IpAddr::V4(Ipv4Addr::LOCALHOST), mailbox.clone(), NOW);
    let mut ask = br#"{"type":"subscribe","channels":[{"type":"arbitrage"}]}"#.to_vec();
    hub.receive(id, Inbound::Request(decode(&mut ask).unwrap()), NOW);
    assert_eq!(taken(&mailbox).len(), 1, "nothing is open");
    hub.quote(Chain::Xrpl, 0, Ok(quote("1000.00")), NOW);
    hub.quote(Chain::Flare, 0, Ok(quote("1015.00")), NOW);
    let mut said = taken(&mailbox);
    assert_eq!(said.len(), 1, "{said:?}");
    let mut said = said.remove(0);
    // A number that is above those of earlier processes: the time when it was found.
    assert_eq!(said["data"]["opportunityId"], "arb_1640995200000");
    said["data"]["opportunityId"] = json!("arb_123456789");
    let reference = json!({
        "type": "arbitrage_opportunity",
        "channel": "arbitrage",
        "data": {
            "opportunityId": "arb_123456789",
            "tokenPair": "LUXURY001",
            "xrplPrice": "1000.00",
            "flarePrice": "1015.00",
            "spreadPercent": "1.50%",
            "estimatedProfit": "15.00",
            "minAmount": "100.00",
            "maxAmount": "10000.00",
            "expiresAt": 1_640_995_800_000_u64,
            "confidence": "high",
            // What is added to it.
            "direction": "xrpl_to_flare",
            "netSpreadPercent": "1.48%",
            "netProfit": "14.85",
            "totalNetProfit": "148500.00",
            "asOf": 1_640_995_200_000_u64
        },
        "timestamp": 1_640_995_200_000_u64
    });
    assert_eq!(said, reference);
    // Fifteen seconds without a ledger, ten without a block.
    assert_eq!(
        hub.deadline(),
        Some(NOW.plus(1_000)),
        "the connection's own"
    );
    hub.timeout(NOW.plus(10_000));
    let closed = taken(&mailbox);
    assert_eq!(closed[0]["type"], "arbitrage_closed");
    assert_eq!(closed[0]["data"]["reason"], "stale");
}

#[test]
fn without_other_ledgers_nothing_is_waited_for() {
    let config = Config::demo(&DemoOptions::default());
    let exchange = Exchange::new(config.exchange.clone()).unwrap();
    let mut hub = Hub::new(&config, &exchange);
    hub.begin_watch(NOW);
    assert_eq!(hub.deadline(), None);
    hub.quote(Chain::Xrpl, 0, Ok(quote("1000.00")), NOW);
    assert_eq!(hub.deadline(), None);
}
