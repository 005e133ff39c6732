//! The port: bound, accepted from, and the signals that end it.

use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::OwnedSemaphorePermit;

use super::gate::Pass;
use super::socket::Io;
use super::{Shared, http, proxy};

/// How much the kernel may keep for one slow client, so that lag shows here and not there.
const SEND_BUFFER: u32 = 128 * 1024;
const BACKLOG: u32 = 1_024;

pub(super) fn bind(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    socket.set_reuseaddr(true)?;
    // Accepted sockets inherit it.
    socket.set_send_buffer_size(SEND_BUFFER)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

pub(super) async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    loop {
        let (stream, peer) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of descriptors, or a client that left before it was accepted.
                tracing::warn!(%error, "cannot accept");
                tokio::time::sleep(Duration::from_millis(20)).await;
                continue;
            }
        };
        let Ok(permit) = shared.sockets.clone().try_acquire_owned() else {
            tracing::warn!(%peer, "too many sockets");
            continue;
        };
        let address = peer.ip().to_canonical();
        let is_proxy = proxy::is_trusted(address, &shared.config.server.trusted_proxies);
        // All that come through a proxy come from one address.
        let pass = match is_proxy {
            true => None,
            false => match shared.gate.enter(address) {
                Ok(pass) => Some(pass),
                Err(_) => {
                    tracing::debug!(%peer, "too many sockets from this address");
                    continue;
                }
            },
        };
        // Not of one that is turned away: a storm of those costs nothing that is not needed.
        if stream.set_nodelay(true).is_err() {
            continue;
        }
        tokio::spawn(greet(stream, address, pass, shared.clone(), permit));
    }
}

/// Serves a socket from its first byte on. Whatever comes before HTTP has as long as a handshake
/// may take; the pass is given back when HTTP has ended or was upgraded.
async fn greet(
    mut stream: TcpStream,
    peer: IpAddr,
    mut pass: Option<Pass>,
    shared: Arc<Shared>,
    permit: OwnedSemaphorePermit,
) {
    let limit = Duration::from_millis(shared.config.limits.handshake_timeout_ms);
    let begin = async {
        let mut address = peer;
        if pass.is_none() && shared.config.server.proxy_protocol {
            if let Some(client) = proxy::read_header(&mut stream).await? {
                address = client.to_canonical();
            }
            let entered = shared.gate.enter(address);
            pass = Some(entered.map_err(|_| std::io::Error::other("too many from its client"))?);
        }
        let io = match &shared.tls {
            None => Io::Plain(stream),
            Some(tls) => Io::Tls(Box::new(tls.accept(stream).await?)),
        };
        Ok::<_, std::io::Error>((io, address))
    };
    match tokio::time::timeout(limit, begin).await {
        Ok(Ok((io, address))) => http::serve(io, address, shared, permit).await,
        Ok(Err(error)) => tracing::debug!(%peer, %error, "a socket did not get to HTTP"),
        Err(_) => tracing::debug!(%peer, "a socket took too long to get to HTTP"),
    }
    drop(pass);
}

/// Ends at SIGINT or SIGTERM.
pub(super) fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            // Neither loses anything: the first signal is enough.
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}
