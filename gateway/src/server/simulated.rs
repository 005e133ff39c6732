//! Nodes of the demo's simulated ledgers, on this machine: the same sockets and messages that
//! real ones have, so that the feeds do not know the difference.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::time::Duration;

use anyhow::Context;
use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;

use crate::demo::chains::{flare, xrpl};

use super::Clock;

/// The largest request that is taken.
const MAX_REQUEST: usize = 1024 * 1024;

/// Two nodes that are about to run.
#[derive(Debug)]
pub struct SimulatedNodes {
    xrpl: TcpListener,
    flare: TcpListener,
}

impl SimulatedNodes {
    /// Binds two free ports of this machine.
    ///
    /// # Errors
    /// The operating system's.
    pub fn bind() -> anyhow::Result<SimulatedNodes> {
        let bind = || {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
            listener.set_nonblocking(true)?;
            Ok::<_, std::io::Error>(listener)
        };
        let bind = || bind().context("cannot listen for the simulated ledgers");
        Ok(SimulatedNodes {
            xrpl: bind()?,
            flare: bind()?,
        })
    }

    /// Where they listen: the XRP Ledger's, Flare's.
    ///
    /// # Errors
    /// The operating system's.
    pub fn addresses(&self) -> anyhow::Result<(SocketAddr, SocketAddr)> {
        Ok((self.xrpl.local_addr()?, self.flare.local_addr()?))
    }

    /// Runs both, as tasks of the runtime around it, for as long as that lives.
    ///
    /// # Errors
    /// The operating system's.
    pub fn start(self, clock: &Clock) -> anyhow::Result<()> {
        let began_ms = clock().0;
        let xrpl = tokio::net::TcpListener::from_std(self.xrpl)?;
        let xrpl_clock = clock.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = xrpl.accept().await {
                tokio::spawn(serve_xrpl(stream, xrpl_clock.clone(), began_ms));
            }
        });
        let flare = tokio::net::TcpListener::from_std(self.flare)?;
        let flare_clock = clock.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = flare.accept().await {
                tokio::spawn(serve_flare(stream, flare_clock.clone(), began_ms));
            }
        });
        Ok(())
    }
}

/// Answers requests, and tells who subscribed of each ledger.
async fn serve_xrpl(stream: TcpStream, clock: Clock, began_ms: u64) {
    // Who cannot shake hands is no feed.
    let Ok(mut socket) = tokio_tungstenite::accept_async(stream).await else {
        return;
    };
    let mut told = None;
    loop {
        let now = clock().0;
        let ms = now.saturating_sub(began_ms);
        let newest = xrpl::newest_ledger(ms);
        if told.is_some_and(|told| told < newest) {
            told = Some(newest);
            let closed = xrpl::ledger_closed(newest, now);
            if socket.send(Message::text(closed)).await.is_err() {
                return;
            }
        }
        // Until the next ledger; a frame that is not whole yet stays in the socket's buffer.
        let wait = Duration::from_millis(xrpl::LEDGER_MS - ms % xrpl::LEDGER_MS);
        let Ok(next) = tokio::time::timeout(wait, socket.next()).await else {
            continue;
        };
        let answer = match next {
            Some(Ok(Message::Text(text))) => {
                let mut bytes = text.as_bytes().to_vec();
                let (answer, subscribes) = xrpl::answer(&mut bytes, newest, now);
                if subscribes {
                    told = Some(newest);
                }
                answer
            }
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => continue,
            _ => return,
        };
        if socket.send(Message::text(answer)).await.is_err() {
            return;
        }
    }
}

/// Answers JSON-RPC.
async fn serve_flare(stream: TcpStream, clock: Clock, began_ms: u64) {
    let respond = move |request: Request<Incoming>| {
        let clock = clock.clone();
        async move {
            let body = Limited::new(request.into_body(), MAX_REQUEST)
                .collect()
                .await;
            let mut response = Response::new(Full::new(Bytes::new()));
            match body {
                Ok(body) => {
                    let mut body = body.to_bytes().to_vec();
                    let ms = clock().0.saturating_sub(began_ms);
                    let answer = flare::answer(&mut body, ms, began_ms);
                    *response.body_mut() = Full::new(Bytes::from(answer));
                }
                Err(_) => *response.status_mut() = StatusCode::PAYLOAD_TOO_LARGE,
            }
            Ok::<_, std::convert::Infallible>(response)
        }
    };
    // A connection that breaks is the client's to open again.
    let _ = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service_fn(respond))
        .await;
}
