//! The operator's port itself: what listens, over TLS where it is configured.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;

use super::answer;
use crate::config::ServerConfig;
use crate::server::{Clock, Shared, listen, tls_acceptor};

const MAX_HEADERS: usize = 64;
const MAX_HEAD_BYTES: usize = 16 * 1024;
/// The most operators at the same time.
const MAX_SOCKETS: usize = 64;

/// Where operators connect.
pub(in crate::server) struct Port {
    listener: TcpListener,
    token: Arc<str>,
    tls: Option<TlsAcceptor>,
}

impl Port {
    /// Opens it, if there is a token that operators can show.
    pub(in crate::server) fn bind(
        config: &ServerConfig,
        clock: &Clock,
    ) -> anyhow::Result<Option<Port>> {
        let Some(token) = &config.admin_token else {
            return Ok(None);
        };
        let address = config.admin_listen;
        anyhow::ensure!(
            address.ip().is_loopback() || config.admin_tls.is_some(),
            "{address} is not of this machine alone: the operator's port (admin_listen) needs TLS \
             there (server.admin_tls)"
        );
        let listener = listen::bind(address).with_context(|| {
            format!("cannot listen on {address} for the operator (admin_listen)")
        })?;
        Ok(Some(Port {
            listener,
            token: token.expose(),
            tls: tls_acceptor(config.admin_tls.as_ref(), "server.admin_tls", clock)?,
        }))
    }

    pub(in crate::server) fn address(&self) -> Option<SocketAddr> {
        self.listener.local_addr().ok()
    }

    /// Serves operators, until it is aborted.
    pub(in crate::server) async fn accept(self, shared: Arc<Shared>) {
        let sockets = Arc::new(Semaphore::new(MAX_SOCKETS));
        loop {
            let Ok((stream, peer)) = self.listener.accept().await else {
                // Out of descriptors, or one that left before it was accepted.
                tokio::time::sleep(Duration::from_millis(20)).await;
                continue;
            };
            let Ok(permit) = sockets.clone().try_acquire_owned() else {
                tracing::warn!(%peer, "too many sockets at the admin port");
                continue;
            };
            let (shared, token, tls) = (shared.clone(), self.token.clone(), self.tls.clone());
            tokio::spawn(async move {
                greet(stream, tls, &token, &shared).await;
                drop(permit);
            });
        }
    }
}

async fn greet(
    stream: TcpStream,
    tls: Option<TlsAcceptor>,
    token: &Arc<str>,
    shared: &Arc<Shared>,
) {
    let Some(tls) = tls else {
        return serve(stream, token, shared).await;
    };
    let limit = Duration::from_millis(shared.config.limits.handshake_timeout_ms);
    match tokio::time::timeout(limit, tls.accept(stream)).await {
        Ok(Ok(stream)) => serve(stream, token, shared).await,
        Ok(Err(error)) => tracing::debug!(%error, "an operator did not get to HTTP"),
        Err(_) => tracing::debug!("an operator took too long to get to HTTP"),
    }
}

async fn serve<S>(stream: S, token: &Arc<str>, shared: &Arc<Shared>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let timeout = Duration::from_millis(shared.config.limits.handshake_timeout_ms);
    let service =
        service_fn(
            |request| async move { Ok::<_, Infallible>(answer(request, token, shared).await) },
        );
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(timeout)
        .max_headers(MAX_HEADERS)
        .max_buf_size(MAX_HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), service);
    if let Err(error) = connection.await {
        tracing::debug!(%error, "an admin connection ended");
    }
}
