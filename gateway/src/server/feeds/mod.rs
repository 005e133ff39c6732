//! Other ledgers' nodes: a task a ledger, which keeps one node connected and tells the hub what
//! comes of it. What is said and what it means is `arbitrage`'s; here are sockets and waits.

mod flare;
mod socket;
mod tls;
mod xrpl;

use std::sync::Arc;
use std::time::Duration;

use engine::domain::Timestamp;
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use thiserror::Error;
use tokio::task::JoinHandle;

use crate::arbitrage::nodes::Nodes;
use crate::arbitrage::{flare as flare_feed, xrpl as xrpl_feed};
use crate::config::{NodeUrl, NodesConfig};

use super::Shared;

pub(super) use self::socket::connect;

/// Starts what is configured.
pub(super) fn start(shared: &Arc<Shared>) -> Vec<JoinHandle<()>> {
    if shared.config.arbitrage.is_none() {
        return Vec::new();
    }
    vec![
        tokio::spawn(xrpl::run(shared.clone())),
        tokio::spawn(flare::run(shared.clone())),
    ]
}

/// Why a node was left.
#[derive(Debug, Error)]
enum FeedError {
    /// What its feed makes of what it said.
    #[error(transparent)]
    Xrpl(#[from] xrpl_feed::Fault),
    #[error(transparent)]
    Flare(#[from] flare_feed::Fault),
    /// The network's, or TLS's.
    #[error("{0}")]
    Network(#[from] std::io::Error),
    #[error("{0}")]
    WebSocket(#[from] Box<tokio_tungstenite::tungstenite::Error>),
    #[error("{0}")]
    Http(#[from] hyper::Error),
    /// The body's, its size among it.
    #[error("{0}")]
    Body(Box<dyn std::error::Error + Send + Sync>),
    #[error("answered with HTTP status {0}")]
    Status(u16),
    #[error("hung up")]
    HungUp,
    #[error("did not answer within {0} ms")]
    Slow(u64),
    /// The gateway ends.
    #[error("the gateway ends")]
    Ended,
}

/// The nodes of one ledger, and the dice for the waits between them.
struct Turns {
    nodes: Nodes,
    urls: Vec<NodeUrl>,
    ledger: &'static str,
    random: ChaCha8Rng,
    /// Whether the current node was told to work.
    is_working: bool,
}

impl Turns {
    fn new(config: &NodesConfig, ledger: &'static str, now: Timestamp) -> Turns {
        Turns {
            nodes: Nodes::new(config.nodes.len()),
            urls: config.nodes.clone(),
            ledger,
            // Only so that not all gateways come at once: nobody gains by knowing it.
            random: ChaCha8Rng::seed_from_u64(now.0 ^ u64::from(std::process::id()) << 32),
            is_working: false,
        }
    }

    fn node(&self) -> NodeUrl {
        self.urls[self.nodes.current()].clone()
    }

    fn works(&mut self) {
        self.nodes.on_success();
        if !self.is_working {
            self.is_working = true;
            tracing::info!(ledger = self.ledger, node = %self.node(), "prices come");
        }
    }

    /// Waits before the next node's turn.
    async fn failed(&mut self, error: &FeedError) {
        let node = self.node();
        let wait_ms = self.nodes.on_failure(self.random.next_u64());
        self.is_working = false;
        tracing::warn!(ledger = self.ledger, %node, %error, wait_ms, "a node was left");
        tokio::time::sleep(Duration::from_millis(wait_ms)).await;
    }
}

/// What `future` gives, unless it takes too long.
async fn within<T, E>(ms: u64, future: impl Future<Output = Result<T, E>>) -> Result<T, FeedError>
where
    FeedError: From<E>,
{
    match tokio::time::timeout(Duration::from_millis(ms), future).await {
        Ok(result) => Ok(result?),
        Err(_) => Err(FeedError::Slow(ms)),
    }
}
