//! A connection to a node.

use std::io;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use crate::config::NodeUrl;

/// Bytes both ways, with or without TLS.
pub(in crate::server) trait Io: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// Connects to a node.
///
/// # Errors
/// The network's.
pub(in crate::server) async fn connect(node: &NodeUrl) -> io::Result<Box<dyn Io>> {
    let stream = TcpStream::connect((&*node.host, node.port)).await?;
    stream.set_nodelay(true)?;
    if !node.is_secure {
        return Ok(Box::new(stream));
    }
    super::tls::wrap(&node.host, stream).await
}
