//! The port: bound, accepted from, and the signals that end it.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket};

use super::{Shared, http};

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
        if stream.set_nodelay(true).is_err() {
            continue;
        }
        tokio::spawn(http::serve(stream, peer, shared.clone(), permit));
    }
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
