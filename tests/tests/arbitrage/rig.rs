//! A gateway between a scripted XRP Ledger and a chain with contracts.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use gateway::arbitrage::Fixed;
use gateway::arbitrage::detector::{DetectorRules, Share, TokenRules};
use gateway::arbitrage::flare::{Address, FeedId, FlareRules, Source};
use gateway::arbitrage::xrpl::{Currency, Market};
use gateway::config::{AdminToken, ArbitrageConfig, NodeKind, NodeUrl, NodesConfig};
use serde_json::{Value, json};
use testkit::rippled::{AmmPool, LedgerState, Offer, Rippled};
use tokio::task::JoinHandle;

use super::client::{Client, subscribe};
use super::contracts::{Flare, POOL, QUOTE, REGISTRY, TOKEN};
use super::evm;
use super::gateway_process::TestGateway;
use super::node::{FlareNode, now};

pub(crate) const CURRENCY: &str = "4C55585552593030310000000000000000000000";
pub(crate) const ISSUER: &str = "rvYAfWj5gh67oV6fW32ZzP3Aw4Eubs59B";
const STALE_MS: u64 = 6_000;
/// What the operator shows.
pub(crate) const OPERATOR: &str = "an-operators-token-for-feeds-only";

/// Asks of 10,000 tokens at 1,000 XRP, bids of as many at 990.
pub(crate) fn books() -> LedgerState {
    LedgerState {
        asks: vec![Offer::new("10000", 10_000_000_000_000)],
        bids: vec![Offer::new("10000", 9_900_000_000_000)],
        pool: None,
    }
}

/// A pool of 1,000,000 tokens at 1,000 XRP.
pub(crate) fn amm() -> LedgerState {
    LedgerState {
        pool: Some(AmmPool {
            drops: 1_000_000_000_000_000,
            tokens: "1000000".to_owned(),
            trading_fee: 600,
        }),
        ..LedgerState::default()
    }
}

/// A pool of a million tokens at so many FLR; two FLR are an XRP.
pub(crate) fn flare_at(flr: u64) -> Flare {
    Flare::new(now(), 1_000_000, 1_000_000 * flr)
}

fn urls(kind: NodeKind, nodes: &[SocketAddr]) -> NodesConfig {
    let scheme = match kind {
        NodeKind::WebSocket => "ws",
        NodeKind::Http => "http",
    };
    let url = |node| NodeUrl::parse(&format!("{scheme}://{node}/"), kind).unwrap();
    NodesConfig {
        nodes: nodes.iter().map(url).collect(),
        request_timeout_ms: 1_500,
    }
}

fn address(of: evm::Address) -> Address {
    Address::parse(&format!("{of:?}")).unwrap()
}

pub(crate) fn config(xrpl: &[SocketAddr], flare: &[SocketAddr]) -> ArbitrageConfig {
    let feed = |name| FeedId::parse(name).unwrap();
    ArbitrageConfig {
        detector: DetectorRules {
            tokens: vec![TokenRules {
                symbol: "LUXURY001".into(),
                price_scale: 2,
                amount_scale: 2,
                xrpl_fee: Share::default(),
                flare_fee: Share::default(),
                deep: Fixed::parse("10000").unwrap(),
            }],
            xrpl_stale_after_ms: STALE_MS,
            flare_stale_after_ms: STALE_MS,
            network_fee: Fixed::ZERO,
        },
        xrpl: urls(NodeKind::WebSocket, xrpl),
        markets: vec![Market {
            currency: Currency::new("LUXURY001").unwrap(),
            issuer: ISSUER.into(),
        }],
        flare: urls(NodeKind::Http, flare),
        poll_interval_ms: 50,
        flare_rules: FlareRules {
            registry: address(REGISTRY),
            xrp_feed: feed("XRP/USD"),
            sources: vec![Source::Pool {
                pool: address(POOL),
                token: address(TOKEN),
                quote: address(QUOTE),
                quote_feed: Some(feed("FLR/USD")),
                fee: Share::from_bps(30).unwrap(),
            }],
        },
    }
}

/// Both ledgers and a gateway that looks at them.
pub(crate) struct Rig {
    pub(crate) rippled: Arc<Rippled>,
    pub(crate) flare: Arc<FlareNode>,
    pub(crate) gateway: TestGateway,
    heart: JoinHandle<()>,
    ledgers_close: Arc<AtomicBool>,
    blocks_come: Arc<AtomicBool>,
}

impl Rig {
    /// `before_*` are nodes that are asked before the good ones.
    pub(crate) async fn start(state: LedgerState, flare: Flare) -> Rig {
        Rig::with_nodes(state, flare, &[], &[]).await
    }

    pub(crate) async fn with_nodes(
        state: LedgerState,
        flare: Flare,
        before_xrpl: &[SocketAddr],
        before_flare: &[SocketAddr],
    ) -> Rig {
        let rippled = Arc::new(Rippled::start(CURRENCY, ISSUER, 100, state).await);
        let flare = Arc::new(FlareNode::start(flare).await);
        let xrpl: Vec<SocketAddr> = [before_xrpl, &[rippled.address()]].concat();
        let nodes: Vec<SocketAddr> = [before_flare, &[flare.address]].concat();
        let gateway = TestGateway::with(|it| {
            it.arbitrage = Some(config(&xrpl, &nodes));
            it.server.admin_token = AdminToken::new(OPERATOR);
        });
        let ledgers_close = Arc::new(AtomicBool::new(true));
        let blocks_come = Arc::new(AtomicBool::new(true));
        // A ledger and a block every tenth of a second.
        let heart = tokio::spawn({
            let (rippled, flare) = (rippled.clone(), flare.clone());
            let (ledgers_close, blocks_come) = (ledgers_close.clone(), blocks_come.clone());
            async move {
                loop {
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    if ledgers_close.load(Ordering::Relaxed) {
                        rippled.close_same();
                    }
                    if blocks_come.load(Ordering::Relaxed) {
                        flare.change(Flare::refresh_prices);
                    }
                }
            }
        });
        Rig {
            rippled,
            flare,
            gateway,
            heart,
            ledgers_close,
            blocks_come,
        }
    }

    /// Whether ledgers go on closing by themselves.
    pub(crate) fn ledgers(&self, close: bool) {
        self.ledgers_close.store(close, Ordering::Relaxed);
    }

    /// Whether blocks go on coming by themselves.
    pub(crate) fn blocks(&self, come: bool) {
        self.blocks_come.store(come, Ordering::Relaxed);
    }

    /// Somebody who watches both channels.
    pub(crate) async fn watcher(&self) -> Client {
        let mut client = self.gateway.client().await;
        let channels = json!([{"type": "arbitrage"}, {"type": "risk_alerts"}]);
        let answer = client.ask(subscribe(channels.clone())).await;
        assert_eq!(answer["type"], "subscribed");
        assert_eq!(answer["channels"], channels);
        client
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        self.heart.abort();
    }
}

/// The next message, which is of this type, without its envelope.
pub(crate) async fn expect(client: &mut Client, kind: &str) -> Value {
    let mut message = client.next().await;
    assert_eq!(message["type"], kind, "{message}");
    message["data"].take()
}

/// The next `risk_alert`s, which are of a stale feed and in force or not, by what they say.
pub(crate) async fn feed_alert(client: &mut Client, is_in_force: bool, says: &str) -> Value {
    let alert = expect(client, "risk_alert").await;
    assert_eq!(alert["category"], "feed_stale", "{alert}");
    assert_eq!(alert["symbol"], "LUXURY001", "{alert}");
    assert_eq!(alert["inForce"], is_in_force, "{alert}");
    assert_eq!(alert["endsAt"].is_null(), is_in_force, "{alert}");
    let message = alert["message"].as_str().unwrap();
    assert!(message.contains(says), "{message}");
    alert
}
