//! Flare's nodes, by HTTP.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::{Request, header};
use hyper_util::rt::TokioIo;

use crate::arbitrage::detector::Chain;
use crate::arbitrage::flare::{Feed, Next};
use crate::config::NodeUrl;
use crate::server::Shared;
use crate::server::hub_task::ToHub;

use super::socket;
use super::{FeedError, Turns, within};

/// The largest answer that a node may give.
const MAX_BODY: usize = 4 * 1024 * 1024;

/// Polls one node after the other until the gateway ends.
pub(super) async fn run(shared: Arc<Shared>) {
    let Some(config) = &shared.config.arbitrage else {
        return;
    };
    let mut turns = Turns::new(&config.flare, "flare", (shared.clock)());
    let mut feed = Feed::new(config.flare_rules.clone());
    let mut link = None;
    loop {
        let node = turns.node();
        let timeout_ms = config.flare.request_timeout_ms;
        match poll(&mut feed, &node, &mut link, timeout_ms, &shared).await {
            Ok(()) => {
                turns.works();
                tokio::time::sleep(Duration::from_millis(config.poll_interval_ms)).await;
            }
            Err(FeedError::Ended) => return,
            Err(error) => {
                link = None;
                turns.failed(&error).await;
            }
        }
    }
}

type Link = SendRequest<Full<Bytes>>;

/// One poll, over the connection that stands where one does.
async fn poll(
    feed: &mut Feed,
    node: &NodeUrl,
    link: &mut Option<Link>,
    timeout_ms: u64,
    shared: &Shared,
) -> Result<(), FeedError> {
    let mut ask = feed.begin((shared.clock)());
    loop {
        let answer = async {
            let is_kept = link.as_ref().is_some_and(|link| !link.is_closed());
            if !is_kept {
                *link = Some(connect(node).await?);
            }
            let kept = link.as_mut().ok_or(FeedError::HungUp)?;
            match post(kept, node, ask.clone()).await {
                // A node may close a connection between two polls: that is no fault of its.
                Err(FeedError::Http(_)) if is_kept => {
                    let fresh = link.insert(connect(node).await?);
                    post(fresh, node, ask.clone()).await
                }
                answered => answered,
            }
        };
        let mut body = within(timeout_ms, answer).await?;
        match feed.on_answer(&mut body)? {
            Next::Ask(next) => ask = next,
            Next::Done(quotes) => {
                for (token, quote) in quotes.into_iter().enumerate() {
                    let told = shared
                        .hub
                        .send(ToHub::Quote(Chain::Flare, token, quote))
                        .await;
                    told.map_err(|_| FeedError::Ended)?;
                }
                return Ok(());
            }
        }
    }
}

async fn connect(node: &NodeUrl) -> Result<Link, FeedError> {
    let stream = socket::connect(node).await?;
    let (link, connection) = http1::handshake(TokioIo::new(stream)).await?;
    // Ends by itself when its other half is dropped; its errors come out there.
    tokio::spawn(connection);
    Ok(link)
}

async fn post(link: &mut Link, node: &NodeUrl, body: String) -> Result<Vec<u8>, FeedError> {
    link.ready().await?;
    let request = Request::post(&*node.path)
        .header(header::HOST, node.authority())
        .header(header::CONTENT_TYPE, "application/json")
        .body(Full::new(Bytes::from(body)))
        .map_err(|error| FeedError::Body(error.into()))?;
    let response = link.send_request(request).await?;
    let status = response.status();
    // A node says in the body what it does not like, whatever the status; but a proxy's page is
    // no answer.
    if !status.is_success() {
        return Err(FeedError::Status(status.as_u16()));
    }
    let body = Limited::new(response.into_body(), MAX_BODY).collect().await;
    Ok(body.map_err(FeedError::Body)?.to_bytes().to_vec())
}
