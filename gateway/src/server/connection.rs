//! One WebSocket: frames in and out.

use std::future::poll_fn;
use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{FutureExt as _, Sink, Stream};
use tokio::sync::oneshot;
use tokio::time::Sleep;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::{CapacityError, ProtocolError};
use tokio_tungstenite::tungstenite::protocol::frame::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::auth::AuthError;
use crate::clock;
use crate::deflate::{Agreement, Broken, Outflow};
use crate::hub::ConnectionId;
use crate::session::{CloseReason, Inbound, Login, Refused};
use crate::wire::{ClientMessage, Decoder, Refusal};

use super::Shared;
use super::byte_rates::BytePass;
use super::hub_task::ToHub;
use super::inflated::{Flood, Inflated};
use super::pace::{Pace, Sign};
use super::peer::{Peer, Pipe};
use super::shard::{Arrival, Shard};
use super::socket::Socket;

/// The library's default of 128 KiB costs as much for every idle connection.
const READ_BUFFER: usize = 4 * 1024;
/// tungstenite writes control frames only, each at once.
const WRITE_BUFFER: usize = 0;
const MAX_WRITE_BUFFER: usize = 1024;
/// How long the end of a connection may take.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);
/// How long, and for how many bytes, is read on after the end, so that the client sees why.
const LINGER: Duration = Duration::from_secs(1);
const LINGER_BYTES: usize = 1024 * 1024;

/// Who was let in, and how.
pub(super) struct Arrived {
    /// The client's, whoever was between.
    pub(super) address: IpAddr,
    pub(super) deflate: Option<Agreement>,
    /// What its request showed of who it is.
    pub(super) login: Option<Login>,
}

/// Serves a socket that came to its shard.
pub(super) async fn arrive(arrival: Arrival, shard: Arc<Shard>, shared: Arc<Shared>) {
    let Arrival {
        socket,
        early,
        arrived,
        permit,
    } = arrival;
    let address = arrived.address;
    match socket.bind() {
        Ok(socket) => serve(socket, early, arrived, &shard, &shared).await,
        Err(error) => {
            tracing::warn!(%error, "a socket cannot change its thread");
            // The knock is taken back; a hub that is gone needs no telling.
            let _ = shared.hub.send(ToHub::Left(address)).await;
        }
    }
    shard.left();
    drop(permit);
}

/// Serves an upgraded socket to its end, on the shard's thread. `early` came right behind the
/// handshake.
async fn serve(socket: Socket, early: Bytes, arrived: Arrived, shard: &Shard, shared: &Shared) {
    let Arrived {
        address,
        deflate,
        login,
    } = arrived;
    let limits = &shared.config.limits;
    let max_bytes = usize::try_from(limits.outbox_bytes).unwrap_or(usize::MAX);
    let outflow = deflate.as_ref().map(Outflow::new);
    let (mailbox, peer, key) = shard.seat(socket, max_bytes, outflow);
    let (reply, id) = oneshot::channel();
    let open = ToHub::Open(address, mailbox, reply);
    let id = match shared.hub.send(open).await {
        Ok(()) => id.await.ok(),
        Err(_) => None,
    };
    if let Some(id) = id {
        let mut link =
            Link::new(peer.clone(), early, limits.message_bytes, deflate.is_some()).await;
        let rates = limits.tiers.iter().map(|tier| tier.messages_per_second);
        let most = rates.fold(limits.messages_per_second, u32::max);
        link.pace = Some(Pace::new(shared.clock.clone(), most, limits.rate_strikes));
        link.bytes = Some(shared.byte_rates.enter(address));
        if let Some(login) = login {
            let login = Inbound::Login {
                request_id: None,
                login: Ok(login),
            };
            // A hub that is gone ends the connection below.
            let came = clock::nanos();
            let _ = shared.hub.send(ToHub::Received(id, login, came)).await;
        }
        // What panics in here ends this connection, in good order, and nothing else.
        if let Err(_panic) = AssertUnwindSafe(link.run(id, shared)).catch_unwind().await {
            tracing::error!(connection = id.0, "a connection panicked: it ends");
        }
        // A hub that is gone knows no connections.
        let _ = shared.hub.send(ToHub::Closed(id)).await;
    }
    shard.unseat(key);
    // Nobody else has it now, unless its shard is writing to it for the last time.
    if let Some(peer) = Arc::into_inner(peer) {
        linger(peer.into_socket()).await;
    }
}

/// Lets the last frame reach the client: a socket closed over unread bytes is reset, and a reset
/// takes what is under way with it.
pub(super) async fn linger(mut socket: Socket) {
    let shut_down = tokio::time::timeout(LINGER, socket.shut_down());
    if !matches!(shut_down.await, Ok(Ok(()))) {
        return;
    }
    let drain = async {
        // On the heap: in the future it would be there from the first day on.
        let mut buffer = vec![0; 4_096];
        let mut left = LINGER_BYTES;
        while let Ok(read @ 1..) = socket.drain(&mut buffer).await {
            left = left.saturating_sub(read);
            if left == 0 {
                return;
            }
        }
    };
    let _ = tokio::time::timeout(LINGER, drain).await;
}

pub(super) struct Link {
    socket: WebSocketStream<Inflated<Pipe>>,
    peer: Arc<Peer>,
    is_close_said: bool,
    is_read_ended: bool,
    /// When it is cut off, since its end was decided.
    deadline: Option<Pin<Box<Sleep>>>,
    /// Where frames have a rate.
    pace: Option<Pace>,
    /// Where bytes of messages have one.
    bytes: Option<BytePass>,
}

/// What came of a socket.
pub(super) enum Event {
    Came(Message),
    Broken(CloseReason),
    Ended,
}

impl Link {
    /// Of an upgraded socket. `early` came right behind the handshake.
    pub(super) async fn new(
        peer: Arc<Peer>,
        early: Bytes,
        message_bytes: u32,
        is_deflating: bool,
    ) -> Link {
        let message_bytes = usize::try_from(message_bytes).unwrap_or(usize::MAX);
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER)
            .write_buffer_size(WRITE_BUFFER)
            .max_write_buffer_size(MAX_WRITE_BUFFER)
            .max_message_size(Some(message_bytes))
            .max_frame_size(Some(message_bytes));
        if !is_deflating {
            // Past the layer that counts.
            peer.meter().wire_bytes_received.add(early.len() as u64);
        }
        let pipe = Pipe(peer.clone());
        // Nothing early came: then the buffer that it did not come in is not kept.
        let early: Vec<u8> = if early.is_empty() {
            Vec::new()
        } else {
            early.into()
        };
        let (pipe, early) = if is_deflating {
            (Inflated::new(pipe, early, message_bytes), Vec::new())
        } else {
            (Inflated::plain(pipe), early)
        };
        let socket = WebSocketStream::from_partially_read(pipe, early, Role::Server, Some(config));
        Link {
            socket: socket.await,
            peer,
            is_close_said: false,
            is_read_ended: false,
            deadline: None,
            pace: None,
            bytes: None,
        }
    }

    async fn run(&mut self, id: ConnectionId, shared: &Shared) {
        let mut decoder = Decoder::new();
        loop {
            let event = self.next().await;
            self.count(&event);
            let to_hub = match event {
                Event::Ended => return,
                Event::Broken(reason) => ToHub::Violated(id, reason),
                // It was told that this is over, and may not have read it yet.
                Event::Came(_) if self.is_close_said => continue,
                Event::Came(Message::Text(_)) if !self.takes_message() => {
                    self.is_read_ended = true;
                    ToHub::Violated(id, CloseReason::RateLimit)
                }
                Event::Came(Message::Text(text)) => {
                    let came_at = clock::nanos();
                    let inbound = match self.takes_bytes(text.len()) {
                        Ok(()) => read(&mut decoder, text.as_bytes(), shared).await,
                        // Nobody read what it would repeat.
                        Err(refusal) => Inbound::Refused(Refused::new(refusal, Default::default())),
                    };
                    ToHub::Received(id, inbound, came_at)
                }
                Event::Came(Message::Binary(_)) => ToHub::Violated(id, CloseReason::BinaryFrame),
                Event::Came(Message::Pong(payload)) if payload.len() == 8 => {
                    let number = payload[..].try_into().map(u64::from_be_bytes);
                    match number {
                        Ok(number) if self.is_news(Sign::Pong) => ToHub::Pong(id, number),
                        Ok(_) | Err(_) => continue,
                    }
                }
                Event::Came(
                    Message::Ping(_) | Message::Pong(_) | Message::Close(_) | Message::Frame(_),
                ) => {
                    if !self.is_news(Sign::Other) {
                        continue;
                    }
                    ToHub::Heard(id)
                }
            };
            if shared.hub.send(to_hub).await.is_err() {
                return;
            }
        }
    }

    fn count(&mut self, event: &Event) {
        let wire_bytes = self.socket.get_mut().take_bytes();
        let meter = self.peer.meter();
        meter.wire_bytes_received.add(wire_bytes);
        if let Event::Came(Message::Text(text)) = event {
            meter.messages_received.add(1);
            meter.message_bytes_received.add(text.len() as u64);
        }
    }

    /// Whether a message is to be read.
    fn takes_message(&mut self) -> bool {
        self.pace.as_mut().is_none_or(Pace::takes_message)
    }

    /// Whether a message of so many bytes is to be decoded, or why not.
    fn takes_bytes(&mut self, bytes: usize) -> Result<(), Refusal> {
        self.bytes.as_mut().map_or(Ok(()), |it| it.take(bytes))
    }

    /// Whether the hub is to be told: what is no message is news only now and then.
    fn is_news(&mut self, sign: Sign) -> bool {
        self.pace.as_mut().is_none_or(|pace| pace.is_news(sign))
    }

    /// What comes next.
    pub(super) async fn next(&mut self) -> Event {
        poll_fn(|context| self.poll(context)).await
    }

    /// Says the end when it has come, and reads.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Event> {
        let state = self.peer.look(context);
        if state.is_ending && self.deadline.is_none() {
            self.deadline = Some(Box::pin(tokio::time::sleep(CLOSE_TIMEOUT)));
        }
        if let Some(deadline) = &mut self.deadline
            && deadline.as_mut().poll(context).is_ready()
        {
            return Poll::Ready(Event::Ended);
        }
        if state.is_broken || (self.is_read_ended && state.is_closed) {
            return Poll::Ready(Event::Ended);
        }
        if let Some(reason) = state.close
            && self.say_close(reason).is_err()
        {
            return Poll::Ready(Event::Ended);
        }
        if self.is_read_ended {
            return Poll::Pending;
        }
        if let Some(pace) = &mut self.pace {
            let socket = self.socket.get_mut();
            socket.allow(pace.limit(socket.frames()));
        }
        match Pin::new(&mut self.socket).poll_next(context) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Some(Ok(message))) => Poll::Ready(Event::Came(message)),
            Poll::Ready(None) => Poll::Ready(Event::Ended),
            Poll::Ready(Some(Err(error))) => match close_reason(&error) {
                None => Poll::Ready(Event::Ended),
                Some(_) if self.is_close_said => Poll::Ready(Event::Ended),
                Some(reason) => {
                    self.is_read_ended = true;
                    Poll::Ready(Event::Broken(reason))
                }
            },
        }
    }

    /// All that waited is out: tungstenite says goodbye, and knows that it did.
    fn say_close(&mut self, reason: CloseReason) -> Result<(), Error> {
        self.is_close_said = true;
        let close = Message::Close(Some(CloseFrame {
            code: reason.code().into(),
            reason: reason.text().into(),
        }));
        // The pipe takes each frame at once, but while another waits in it: then tungstenite
        // keeps it, and the pipe wakes this task.
        Pin::new(&mut self.socket).start_send(close)
    }
}

/// Decodes a message; a token is verified here, so that the hub never does. Verifying takes the
/// shard's thread, so never more are verified at once than there are shards.
async fn read(decoder: &mut Decoder, text: &[u8], shared: &Shared) -> Inbound {
    let envelope = match decoder.read(text) {
        Ok(envelope) => envelope,
        Err(error) => return Inbound::Refused(Refused::from(error)),
    };
    let ClientMessage::Authenticate(authenticate) = &envelope.message else {
        return Inbound::Request(envelope);
    };
    let login = match verify(&authenticate.token, shared).await {
        Ok(login) => Ok(Login {
            cancel_on_disconnect: authenticate.cancel_on_disconnect,
            ..login
        }),
        Err(error) => Err(Refusal::new(error.reason())),
    };
    Inbound::Login {
        request_id: envelope.request_id,
        login,
    }
}

/// What a token says, if it is good. One of an unknown key may have to wait for the keys that are
/// published.
pub(super) async fn verify(token: &str, shared: &Shared) -> Result<Login, AuthError> {
    let verify = || shared.verifier.verify(token, (shared.clock)());
    let mut verified = verify();
    if verified == Err(AuthError::NoKey)
        && let Some(published) = &shared.published
        // On the heap: in the future of every connection it would be there from the first day on.
        && Box::pin(published.missed()).await
    {
        verified = verify();
    }
    match verified {
        Ok(claims) => Ok(Login {
            name: claims.user,
            expires_at: claims.expires_at,
            tier: claims.tier,
            cancel_on_disconnect: None,
            mark: claims.mark,
        }),
        Err(error) => {
            tracing::info!(%error, "token refused");
            Err(error)
        }
    }
}

/// How to say to the client what it did wrong; `None` where it is gone.
fn close_reason(error: &Error) -> Option<CloseReason> {
    match error {
        Error::Capacity(CapacityError::MessageTooLong { .. }) => Some(CloseReason::TooBig),
        Error::Utf8(_) => Some(CloseReason::InvalidText),
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => None,
        Error::Protocol(_) | Error::Capacity(_) => Some(CloseReason::Protocol),
        Error::Io(error) => {
            let cause = error.get_ref()?;
            if cause.is::<Flood>() {
                return Some(CloseReason::RateLimit);
            }
            Some(match cause.downcast_ref::<Broken>()? {
                Broken::TooBig => CloseReason::TooBig,
                Broken::Corrupt => CloseReason::InvalidText,
            })
        }
        _ => None,
    }
}
