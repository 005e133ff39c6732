//! Keys that a login service publishes: read when the gateway starts, again at fixed times, and
//! when a token names a key that is not known, at most every [`MISS_MS`].
//!
//! What was read last stays in force while its source does not answer.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use engine::domain::Timestamp;
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::client::conn::http1;
use hyper::{Request, header};
use hyper_util::rt::TokioIo;
use tokio::sync::Mutex;

use crate::auth::{self, Key, Verifier};
use crate::config::{JwksSource, NodeUrl};

use super::Clock;
use super::feeds::connect;

/// The largest set that is read.
const MAX_BODY: usize = 256 * 1024;
/// How long a source may take to answer.
const TIMEOUT: Duration = Duration::from_secs(5);
/// How long after one reading an unknown key leads to the next.
const MISS_MS: u64 = 10_000;
/// The first wait after a failure; it doubles up to the usual one.
const RETRY: Duration = Duration::from_secs(1);

/// Where keys are published, and who verifies by them.
pub(super) struct Published {
    source: JwksSource,
    refresh: Duration,
    verifier: Verifier,
    clock: Clock,
    /// When it was last read for an unknown key. Who comes meanwhile waits for that reading.
    missed_at: Mutex<Option<Timestamp>>,
}

impl Published {
    pub(super) fn new(
        source: JwksSource,
        refresh_seconds: u32,
        verifier: Verifier,
        clock: Clock,
    ) -> Published {
        Published {
            source,
            refresh: Duration::from_secs(refresh_seconds.into()),
            verifier,
            clock,
            missed_at: Mutex::new(None),
        }
    }

    /// Reads it again and again, until it is aborted.
    pub(super) async fn run(self: Arc<Published>) {
        let mut retry = RETRY;
        loop {
            // A reading that is cut off has put nothing.
            let wait = match self.read().await {
                Ok(()) => {
                    retry = RETRY;
                    self.refresh
                }
                Err(()) => {
                    let wait = retry.min(self.refresh);
                    retry = retry.saturating_mul(2);
                    wait
                }
            };
            tokio::time::sleep(wait).await;
        }
    }

    /// A token named a key that is not known: reads the source, unless that was done of late.
    /// Says whether to look again.
    pub(super) async fn missed(&self) -> bool {
        let asked_at = (self.clock)();
        let mut missed_at = self.missed_at.lock().await;
        match *missed_at {
            // Somebody else's reading began after this token came.
            Some(at) if at >= asked_at => return true,
            Some(at) if asked_at.since(at) < MISS_MS => return false,
            _ => {}
        }
        *missed_at = Some((self.clock)());
        self.read().await.is_ok()
    }

    async fn read(&self) -> Result<(), ()> {
        let read = async {
            let text = match &self.source {
                JwksSource::File(path) => tokio::fs::read(path)
                    .await
                    .map_err(|error| error.to_string())?,
                JwksSource::Url(url) => tokio::time::timeout(TIMEOUT, get(url))
                    .await
                    .map_err(|_| "it did not answer in time".to_owned())??
                    .into(),
            };
            auth::jwks_keys(&text).map_err(|error| error.to_string())
        };
        let read: Result<Vec<Key>, String> = read.await;
        match read {
            Ok(keys) => {
                tracing::debug!(source = %self.source, keys = keys.len(), "keys were read");
                self.verifier.publish(keys);
                Ok(())
            }
            Err(error) => {
                tracing::warn!(source = %self.source, error, "keys cannot be read; the old ones stay");
                Err(())
            }
        }
    }
}

async fn get(url: &NodeUrl) -> Result<Bytes, String> {
    let stream = connect(url).await.map_err(|error| error.to_string())?;
    let handshake = http1::handshake(TokioIo::new(stream)).await;
    let (mut link, connection) = handshake.map_err(|error| error.to_string())?;
    // Ends by itself when its other half is dropped; its errors come out there.
    tokio::spawn(connection);
    let request = Request::get(&*url.path)
        .header(header::HOST, url.authority())
        .header(header::ACCEPT, "application/json")
        .body(Empty::<Bytes>::new())
        .map_err(|error| error.to_string())?;
    let response = link.send_request(request).await;
    let response = response.map_err(|error| error.to_string())?;
    if response.status() != hyper::StatusCode::OK {
        return Err(format!("answered with HTTP status {}", response.status()));
    }
    let body = Limited::new(response.into_body(), MAX_BODY).collect().await;
    Ok(body.map_err(|error| error.to_string())?.to_bytes())
}
