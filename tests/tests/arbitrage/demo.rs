//! The demo's simulated ledgers: read by the real feeds, opportunities come and go.

use std::net::{IpAddr, Ipv4Addr};

use engine::domain::{Movement, Timestamp};
use engine::exchange::Exchange;
use engine::request::{Correlation, Request, RequestKind};
use gateway::arbitrage::detector::Chain;
use gateway::arbitrage::{flare, xrpl};
use gateway::config::{Config, DemoOptions};
use gateway::demo::chains;
use gateway::hub::{Hub, Mailbox};
use gateway::server::SimulatedNodes;
use gateway::session::{Frame, Inbound};
use gateway::wire::decode;
use serde_json::Value;

use super::client::subscribe;
use super::gateway_process::TestGateway;

const BEGAN: Timestamp = Timestamp(1_640_995_200_000);

/// Everything but sockets: both feeds, both simulated nodes and the hub, by a clock of its own.
struct Rig {
    hub: Hub,
    xrpl: xrpl::Feed,
    flare: flare::Feed,
    told: u64,
    now: Timestamp,
}

impl Rig {
    /// One step of two seconds: a poll of Flare, and a ledger when one is due.
    fn step(&mut self) {
        self.now = self.now.plus(2_000);
        let ms = self.now.since(BEGAN);
        self.hub.timeout(self.now);
        let newest = chains::xrpl::newest_ledger(ms);
        if newest > self.told {
            self.told = newest;
            self.hear(&chains::xrpl::ledger_closed(newest, self.now.0));
        }
        let mut ask = self.flare.begin(self.now);
        loop {
            let mut body = ask.into_bytes();
            let answer = chains::flare::answer(&mut body, ms, BEGAN.0);
            match self.flare.on_answer(&mut answer.into_bytes()).unwrap() {
                flare::Next::Ask(next) => ask = next,
                flare::Next::Done(quotes) => {
                    for (token, quote) in quotes.into_iter().enumerate() {
                        self.hub.quote(Chain::Flare, token, quote, self.now);
                    }
                    return;
                }
            }
        }
    }

    fn hear(&mut self, text: &str) {
        let mut steps = Vec::new();
        let mut bytes = text.as_bytes().to_vec();
        self.xrpl.on_text(&mut bytes, self.now, &mut steps).unwrap();
        self.perform(steps);
    }

    fn perform(&mut self, steps: Vec<xrpl::Step>) {
        for step in steps {
            match step {
                xrpl::Step::Send(request) => {
                    let mut bytes = request.into_bytes();
                    let (answer, _) = chains::xrpl::answer(&mut bytes, self.told, self.now.0);
                    self.hear(&answer);
                }
                xrpl::Step::Quote(token, quote) => {
                    assert!(quote.is_ok(), "{quote:?}");
                    self.hub.quote(Chain::Xrpl, token, quote, self.now);
                }
            }
        }
    }
}

fn demo(nodes: std::net::SocketAddr) -> Config {
    Config::demo(&DemoOptions {
        nodes: Some((nodes, nodes)),
        ..DemoOptions::default()
    })
}

#[test]
fn opportunities_come_and_go_both_ways_and_no_price_is_ever_lost() {
    let config = demo("127.0.0.1:9".parse().unwrap());
    let mut exchange = Exchange::new(config.exchange.clone()).unwrap();
    // An empty insurance fund would be an alert.
    for opening in &config.reserves {
        let kind = RequestKind::FundReserve {
            reserve: opening.reserve,
            asset: opening.asset,
            change: Movement::In(opening.amount),
        };
        let correlation = Correlation(0);
        exchange.apply(&Request { correlation, kind }, BEGAN, &mut Vec::new());
    }
    let arbitrage = config.arbitrage.clone().unwrap();
    let mut rig = Rig {
        hub: Hub::new(&config, &exchange),
        xrpl: xrpl::Feed::new(arbitrage.markets, 5_000),
        flare: flare::Feed::new(arbitrage.flare_rules),
        told: chains::xrpl::newest_ledger(0),
        now: BEGAN,
    };
    rig.hub.begin_watch(BEGAN);
    // It never answers a ping, so it is opened for as long as it lives, again and again.
    let watch = br#"{"type":"subscribe","channels":[{"type":"arbitrage"},{"type":"risk_alerts"}]}"#;
    let mut mailbox = Mailbox::new(1 << 20);
    let mut steps = Vec::new();
    rig.xrpl.on_connected(BEGAN, &mut steps);
    rig.perform(steps);
    let mut said = Vec::new();
    for step in 0..240_u64 {
        if step.is_multiple_of(20) {
            mailbox = Mailbox::new(1 << 20);
            let id = rig
                .hub
                .open(IpAddr::V4(Ipv4Addr::LOCALHOST), mailbox.clone(), rig.now);
            let watch = decode(&mut watch.to_vec()).unwrap();
            rig.hub.receive(id, Inbound::Request(watch), rig.now);
        }
        rig.step();
        while let Some(frame) = mailbox.pop() {
            if let Frame::Text(text) = frame {
                let message: Value = serde_json::from_slice(&text).unwrap();
                testkit::contract::received(&message);
                said.push((rig.now.since(BEGAN), message));
            }
        }
    }
    let of = |kind: &str, key: &str, value: &str| {
        let found = said
            .iter()
            .filter(|(_, it)| it["type"] == kind && it["data"][key] == value);
        found.map(|(at, _)| *at).collect::<Vec<u64>>()
    };
    for token in ["LUXURY001", "LUXURY002"] {
        assert!(
            of("arbitrage_opportunity", "tokenPair", token).len() > 10,
            "{token}"
        );
        assert!(
            of("arbitrage_closed", "tokenPair", token).len() >= 4,
            "{token}: it goes, too"
        );
    }
    for direction in ["xrpl_to_flare", "flare_to_xrpl"] {
        assert!(
            of("arbitrage_opportunity", "direction", direction).len() > 10,
            "{direction}"
        );
    }
    assert!(of("arbitrage_closed", "reason", "stale").is_empty());
    assert!(
        !said.iter().any(|(_, it)| it["type"] == "risk_alert"),
        "{said:?}"
    );
    let first = of("arbitrage_opportunity", "tokenPair", "LUXURY001")[0];
    assert!(first <= 15_000, "a newcomer waits {first} ms");
}

#[tokio::test]
async fn the_feeds_read_the_simulated_nodes_over_sockets() {
    let nodes = SimulatedNodes::bind().unwrap();
    let (xrpl, flare) = nodes.addresses().unwrap();
    let options = DemoOptions {
        nodes: Some((xrpl, flare)),
        ..DemoOptions::default()
    };
    let mut arbitrage = Config::demo(&options).arbitrage;
    arbitrage.as_mut().unwrap().poll_interval_ms = 100;
    let clock: gateway::server::Clock = std::sync::Arc::new(gateway::clock::now);
    nodes.start(&clock).unwrap();
    let gateway = TestGateway::with(|config| config.arbitrage = arbitrage);
    let mut client = gateway.client().await;
    let channels = serde_json::json!([{"type": "arbitrage"}, {"type": "risk_alerts"}]);
    client.ask(subscribe(channels)).await;
    let said = client.until("arbitrage_opportunity").await;
    assert_eq!(said["data"]["tokenPair"], "LUXURY001", "{said}");
}
