//! One WebSocket: frames in and out.

use std::future::poll_fn;
use std::net::IpAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Sink, Stream};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::time::Sleep;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::{CapacityError, ProtocolError};
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::tungstenite::protocol::frame::{CloseFrame, Frame as WireFrame};
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::hub::{ConnectionId, Mailbox};
use crate::session::{CloseReason, Frame, Inbound, Login, Refused};
use crate::wire::{ClientMessage, Decoder, Refusal};

use super::Shared;
use super::hub_task::ToHub;

/// The library's default of 128 KiB costs as much for every idle connection.
const READ_BUFFER: usize = 4 * 1024;
/// What is gathered before it is written: one write carries many messages.
const WRITE_BUFFER: usize = 16 * 1024;
/// Above what the largest message needs; the mailbox bounds what waits.
const MAX_WRITE_BUFFER: usize = 16 * 1024 * 1024;
/// How long the end of a connection may take.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);
/// How long, and for how many bytes, is read on after the end, so that the client sees why.
const LINGER: Duration = Duration::from_secs(1);
const LINGER_BYTES: usize = 1024 * 1024;

/// Serves an upgraded socket to its end. `early` came right behind the handshake.
pub(super) async fn serve(stream: TcpStream, early: Bytes, address: IpAddr, shared: &Shared) {
    let limits = &shared.config.limits;
    let max_bytes = usize::try_from(limits.outbox_bytes).unwrap_or(usize::MAX);
    let mailbox = Mailbox::new(max_bytes);
    let (reply, id) = oneshot::channel();
    let open = ToHub::Open(address, mailbox.clone(), reply);
    if shared.hub.send(open).await.is_err() {
        return;
    }
    let Ok(id) = id.await else { return };
    let message_bytes = usize::try_from(limits.message_bytes).unwrap_or(usize::MAX);
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(WRITE_BUFFER)
        .max_write_buffer_size(MAX_WRITE_BUFFER)
        .max_message_size(Some(message_bytes))
        .max_frame_size(Some(message_bytes));
    let socket =
        WebSocketStream::from_partially_read(stream, early.into(), Role::Server, Some(config));
    let mut link = Link {
        socket: socket.await,
        mailbox,
        has_unflushed: false,
        is_close_sent: false,
        is_read_ended: false,
        deadline: None,
    };
    link.run(id, shared).await;
    // A hub that is gone knows no connections.
    let _ = shared.hub.send(ToHub::Closed(id)).await;
    linger(link.socket.into_inner()).await;
}

/// Lets the last frame reach the client: a socket closed over unread bytes is reset, and a reset
/// takes what is under way with it.
async fn linger(mut stream: TcpStream) {
    if stream.shutdown().await.is_err() {
        return;
    }
    let drain = async {
        let mut buffer = [0; 4_096];
        let mut left = LINGER_BYTES;
        while let Ok(read @ 1..) = stream.read(&mut buffer).await {
            left = left.saturating_sub(read);
            if left == 0 {
                return;
            }
        }
    };
    let _ = tokio::time::timeout(LINGER, drain).await;
}

struct Link {
    socket: WebSocketStream<TcpStream>,
    mailbox: Mailbox,
    has_unflushed: bool,
    is_close_sent: bool,
    is_read_ended: bool,
    /// When it is cut off, since its end was decided.
    deadline: Option<Pin<Box<Sleep>>>,
}

/// What came of a socket.
enum Event {
    Came(Message),
    Broken(CloseReason),
    Ended,
}

impl Link {
    async fn run(&mut self, id: ConnectionId, shared: &Shared) {
        let mut decoder = Decoder::new();
        loop {
            let to_hub = match poll_fn(|context| self.poll(context)).await {
                Event::Ended => return,
                Event::Broken(reason) => ToHub::Violated(id, reason),
                Event::Came(Message::Text(text)) => {
                    ToHub::Received(id, read(&mut decoder, text.as_bytes(), shared))
                }
                Event::Came(Message::Binary(_)) => ToHub::Violated(id, CloseReason::BinaryFrame),
                Event::Came(Message::Pong(payload)) => match <[u8; 8]>::try_from(&payload[..]) {
                    Ok(number) => ToHub::Pong(id, u64::from_be_bytes(number)),
                    Err(_) => ToHub::Heard(id),
                },
                Event::Came(Message::Ping(_) | Message::Close(_) | Message::Frame(_)) => {
                    ToHub::Heard(id)
                }
            };
            if shared.hub.send(to_hub).await.is_err() {
                return;
            }
        }
    }

    /// Writes what can be written, then reads.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Event> {
        if self.deadline.is_none() && (self.is_close_sent || self.mailbox.is_ending(context)) {
            self.deadline = Some(Box::pin(tokio::time::sleep(CLOSE_TIMEOUT)));
        }
        if let Some(deadline) = &mut self.deadline
            && deadline.as_mut().poll(context).is_ready()
        {
            return Poll::Ready(Event::Ended);
        }
        if self.poll_write(context).is_err() {
            return Poll::Ready(Event::Ended);
        }
        if self.is_read_ended {
            let is_done = self.is_close_sent && !self.has_unflushed;
            return if is_done {
                Poll::Ready(Event::Ended)
            } else {
                Poll::Pending
            };
        }
        match Pin::new(&mut self.socket).poll_next(context) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Some(Ok(message))) => {
                // Pongs and the echo of a close are queued inside and want a flush.
                self.has_unflushed = true;
                Poll::Ready(Event::Came(message))
            }
            Poll::Ready(None) => Poll::Ready(Event::Ended),
            Poll::Ready(Some(Err(error))) => match close_reason(&error) {
                None => Poll::Ready(Event::Ended),
                Some(_) if self.is_close_sent => Poll::Ready(Event::Ended),
                Some(reason) => {
                    self.is_read_ended = true;
                    Poll::Ready(Event::Broken(reason))
                }
            },
        }
    }

    /// Moves frames into the socket's buffer and the buffer into the socket; stops where either
    /// would wait, with this task to be woken.
    fn poll_write(&mut self, context: &mut Context<'_>) -> Result<(), Error> {
        while !self.is_close_sent {
            match Pin::new(&mut self.socket).poll_ready(context) {
                Poll::Ready(ready) => ready?,
                Poll::Pending => return Ok(()),
            }
            let Poll::Ready(frame) = self.mailbox.poll_pop(context) else {
                break;
            };
            self.is_close_sent = matches!(frame, Frame::Close(_));
            self.has_unflushed = true;
            Pin::new(&mut self.socket).start_send(message(frame))?;
        }
        if self.has_unflushed
            && let Poll::Ready(flushed) = Pin::new(&mut self.socket).poll_flush(context)
        {
            flushed?;
            self.has_unflushed = false;
        }
        Ok(())
    }
}

fn message(frame: Frame) -> Message {
    match frame {
        // Our own encoders write UTF-8; a frame of bytes is not looked through again.
        Frame::Text(text) => {
            Message::Frame(WireFrame::message(text, OpCode::Data(Data::Text), true))
        }
        Frame::Ping(number) => Message::Ping(Bytes::copy_from_slice(&number.to_be_bytes())),
        Frame::Close(reason) => Message::Close(Some(CloseFrame {
            code: reason.code().into(),
            reason: reason.text().into(),
        })),
    }
}

/// Decodes a message; a token is verified here, so that the hub never does.
fn read(decoder: &mut Decoder, text: &[u8], shared: &Shared) -> Inbound {
    let envelope = match decoder.read(text) {
        Ok(envelope) => envelope,
        Err(error) => return Inbound::Refused(Refused::from(error)),
    };
    let ClientMessage::Authenticate(authenticate) = &envelope.message else {
        return Inbound::Request(envelope);
    };
    let verified = shared
        .verifier
        .verify(&authenticate.token, (shared.clock)());
    let login = match verified {
        Ok(claims) => Ok(Login {
            name: claims.user,
            expires_at: claims.expires_at,
            tier: claims.tier,
            cancel_on_disconnect: authenticate.cancel_on_disconnect,
        }),
        Err(error) => {
            tracing::info!(%error, "token refused");
            Err(Refusal::new(error.reason()))
        }
    };
    Inbound::Login {
        request_id: envelope.request_id,
        login,
    }
}

/// How to say to the client what it did wrong; `None` where it is gone.
fn close_reason(error: &Error) -> Option<CloseReason> {
    match error {
        Error::Capacity(CapacityError::MessageTooLong { .. }) => Some(CloseReason::TooBig),
        Error::Utf8(_) => Some(CloseReason::InvalidText),
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => None,
        Error::Protocol(_) | Error::Capacity(_) => Some(CloseReason::Protocol),
        _ => None,
    }
}
