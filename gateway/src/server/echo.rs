//! An echo over the gateway's own connections, for suites that test how well WebSocket is spoken.
//! Nothing that is shipped starts it: `gateway/examples/echo.rs` does.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hyper::Request;
use hyper::body::Incoming;
use tokio::net::TcpListener;
use tokio_tungstenite::tungstenite::Message;

use crate::deflate::{Agreement, Outflow, Payload};
use crate::hub::Mailbox;

use super::connection::{Event, Link, linger};
use super::http;
use super::shard::Shard;
use super::socket::{Io, Socket};

/// How long a handshake may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Says back whatever clients say, each message of up to `max_bytes`, deflated however short it is
/// where that was agreed on. Never ends.
///
/// # Errors
/// The operating system's, if it accepts no more.
pub async fn echo(listener: TcpListener, max_bytes: u32) -> std::io::Result<()> {
    let (shard, _arrivals) = Shard::new(0);
    tokio::spawn(shard.clone().write_out());
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let shard = shard.clone();
        tokio::spawn(async move {
            let answer = |request| answer(request, shard.clone(), max_bytes);
            http::serve_with(Io::Plain(stream), TIMEOUT, answer).await;
        });
    }
}

async fn answer(request: Request<Incoming>, shard: Arc<Shard>, max_bytes: u32) -> http::Answer {
    let (response, deflate) = match http::handshake(&request, true) {
        Ok(agreed) => agreed,
        Err(refusal) => return *refusal,
    };
    tokio::spawn(async move {
        if let Some((socket, early)) = http::upgraded(request, TIMEOUT).await {
            serve(socket, early, deflate, &shard, max_bytes).await;
        }
    });
    response
}

async fn serve(
    socket: Socket,
    early: Bytes,
    deflate: Option<Agreement>,
    shard: &Shard,
    max_bytes: u32,
) {
    let outflow = deflate.as_ref().map(Outflow::thorough);
    let (mailbox, peer, key) = shard.seat(socket, usize::MAX, outflow);
    let mut link = Link::new(peer.clone(), early, max_bytes, deflate.is_some()).await;
    loop {
        match link.next().await {
            Event::Ended => break,
            Event::Broken(reason) => mailbox.close(reason),
            Event::Came(message) => say_back(message, &mailbox),
        }
        shard.bell.ring();
    }
    drop(link);
    shard.unseat(key);
    if let Some(peer) = Arc::into_inner(peer) {
        linger(peer.into_socket()).await;
    }
}

fn say_back(message: Message, mailbox: &Mailbox) {
    let payload = match message {
        Message::Text(text) => Payload::from(Bytes::from(text)),
        Message::Binary(bytes) => Payload::binary(bytes),
        // tungstenite answers these.
        Message::Ping(_) | Message::Pong(_) | Message::Close(_) | Message::Frame(_) => return,
    };
    // There is no limit that it could be over.
    let _ = mailbox.push(payload);
}
