//! The XRP Ledger's nodes, by WebSocket.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use crate::arbitrage::detector::Chain;
use crate::arbitrage::xrpl::{Feed, Step};
use crate::config::NodeUrl;
use crate::server::Shared;
use crate::server::hub_task::ToHub;

use super::socket::{self, Io};
use super::{FeedError, Turns, within};

/// The largest message that a node may send: a book of 50 offers takes some 50 KiB.
const MAX_MESSAGE: usize = 2 * 1024 * 1024;

/// Keeps one node connected until the gateway ends.
pub(super) async fn run(shared: Arc<Shared>) {
    let Some(config) = &shared.config.arbitrage else {
        return;
    };
    let mut turns = Turns::new(&config.xrpl, "xrpl", (shared.clock)());
    let mut feed = Feed::new(config.markets.clone(), config.xrpl.request_timeout_ms);
    loop {
        let node = turns.node();
        let connected = connect(&node, config.xrpl.request_timeout_ms).await;
        let error = match connected {
            Ok(socket) => talk(socket, &mut feed, &mut turns, &shared).await,
            Err(error) => error,
        };
        if matches!(error, FeedError::Ended) {
            return;
        }
        turns.failed(&error).await;
    }
}

type Socket = WebSocketStream<Box<dyn Io>>;

async fn connect(node: &NodeUrl, timeout_ms: u64) -> Result<Socket, FeedError> {
    let stream = within(timeout_ms, socket::connect(node)).await?;
    let scheme = if node.is_secure { "wss" } else { "ws" };
    let url = format!("{scheme}://{}{}", node.authority(), node.path);
    let config = WebSocketConfig::default()
        .max_message_size(Some(MAX_MESSAGE))
        .max_frame_size(Some(MAX_MESSAGE));
    let shake = async {
        let shaken = client_async_with_config(url, stream, Some(config)).await;
        shaken.map_err(Box::new)
    };
    let (socket, _) = within(timeout_ms, shake).await?;
    Ok(socket)
}

/// Talks to one node until it is of no use; gives why.
async fn talk(
    mut socket: Socket,
    feed: &mut Feed,
    turns: &mut Turns,
    shared: &Shared,
) -> FeedError {
    let mut steps = Vec::new();
    feed.on_connected((shared.clock)(), &mut steps);
    loop {
        if let Err(error) = perform(&mut steps, &mut socket, turns, shared).await {
            return error;
        }
        let now = (shared.clock)();
        if let Err(fault) = feed.on_timeout(now) {
            return fault.into();
        }
        let wait = Duration::from_millis(feed.deadline().since(now));
        // Nothing is lost: a frame that is not whole yet stays in the socket's buffer.
        let next = tokio::time::timeout(wait, socket.next()).await;
        let taken = match next {
            Err(_) => continue,
            Ok(None | Some(Ok(Message::Close(_)))) => return FeedError::HungUp,
            Ok(Some(Err(error))) => return Box::new(error).into(),
            Ok(Some(Ok(Message::Text(text)))) => {
                let mut bytes = text.as_bytes().to_vec();
                feed.on_text(&mut bytes, (shared.clock)(), &mut steps)
            }
            Ok(Some(Ok(Message::Binary(bytes)))) => {
                feed.on_text(&mut bytes.to_vec(), (shared.clock)(), &mut steps)
            }
            // Pings are answered by the library.
            Ok(Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_)))) => continue,
        };
        if let Err(fault) = taken {
            // What was found before the fault counts.
            let told = perform(&mut steps, &mut socket, turns, shared).await;
            return told.err().unwrap_or_else(|| fault.into());
        }
    }
}

/// Sends what is to be sent, in one write, and tells the hub of quotes.
async fn perform(
    steps: &mut Vec<Step>,
    socket: &mut Socket,
    turns: &mut Turns,
    shared: &Shared,
) -> Result<(), FeedError> {
    let mut has_sent = false;
    for step in steps.drain(..) {
        match step {
            Step::Send(text) => {
                socket.feed(Message::text(text)).await.map_err(Box::new)?;
                has_sent = true;
            }
            Step::Quote(token, quote) => {
                if quote.is_ok() {
                    turns.works();
                }
                let told = shared
                    .hub
                    .send(ToHub::Quote(Chain::Xrpl, token, quote))
                    .await;
                told.map_err(|_| FeedError::Ended)?;
            }
        }
    }
    if has_sent {
        socket.flush().await.map_err(Box::new)?;
    }
    Ok(())
}
