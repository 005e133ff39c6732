//! One connection's socket: what its shard writes to it, and what tungstenite reads from it.
//!
//! Messages are shared bytes; a frame's head is a few bytes before them. What waits for a
//! connection leaves in one write, whatever it is made of: a vectored one, or where it is little
//! one of a copy. tungstenite reads, checks
//! and answers control frames over a [`Pipe`], which hands what it says to the same writer.
//!
//! Limits: [`FRAMES`] and about [`BYTES`] are gathered for one write; of tungstenite's control
//! frames one write waits at a time, and it keeps no more than the newest pong beside that.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use bytes::{Buf, Bytes};
use rustix::io::Errno;
use rustix::net::{SendFlags, send};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::deflate::Outflow;
use crate::hub::{Bell, Mailbox};
use crate::session::{CloseReason, Frame};
use crate::telemetry::ShardMeter;

use super::socket::Socket;

/// The most frames of one write: two slices each.
const FRAMES: usize = 32;
/// How many bytes are gathered for one write, about.
const BYTES: usize = 64 * 1024;
/// Up to so many bytes are copied together: cheaper than a list of slices, most of them short.
const JOINED: usize = 8 * 1024;
const PING: u8 = 0x89;
/// The opcode of a close frame.
const CLOSE: u8 = 0x8;
/// The longest head of a frame from a server.
const HEAD: usize = 10;

/// The socket of one connection.
///
/// What every write touches stands in one line of the processor's cache: a tick goes through
/// thousands of these, and what the kernel does for each drives the others out.
#[repr(C, align(64))]
pub(super) struct Peer {
    mailbox: Mailbox,
    wire: Mutex<Wire>,
    socket: Socket,
    /// Who waits for news of how it stands.
    waiter: Mutex<Option<Waker>>,
    /// Woken when a full socket has room again.
    room: Waker,
    /// Of its shard.
    meter: Arc<ShardMeter>,
}

#[derive(Default)]
#[repr(C)]
struct Wire {
    /// Whether a close frame is under way: nothing follows it.
    is_closing: bool,
    is_closed: bool,
    is_broken: bool,
    /// Whether there is no TLS: said here, where it costs no other line.
    is_plain: bool,
    /// The reason of the close that came out of the mailbox, for tungstenite to say.
    close: Option<CloseReason>,
    /// How many there were, as far as eight bits go.
    writes: u8,
    /// Where it was agreed that messages may come deflated.
    outflow: Option<Outflow>,
    /// What is to be written beside what the mailbox has; none most of the time.
    backlog: Option<Box<Backlog>>,
}

/// Kept as long as there is anything in it.
#[derive(Default)]
struct Backlog {
    /// Begun, or refused by a full socket.
    pending: VecDeque<Chunk>,
    /// What tungstenite wants written: whole frames.
    control: Option<Bytes>,
    /// Who waits for `control` to be taken.
    control_waiter: Option<Waker>,
}

/// What a shard's writer joins small frames in, kept for its memory, and what it counts on the way.
#[derive(Default)]
pub(super) struct Scratch {
    joined: Vec<u8>,
    messages: u64,
    message_bytes: u64,
    wire_bytes: u64,
}

impl Scratch {
    /// Adds what was counted to its shard's, and begins anew.
    pub(super) fn publish(&mut self, meter: &ShardMeter) {
        meter.messages_sent.add(std::mem::take(&mut self.messages));
        let bytes = std::mem::take(&mut self.message_bytes);
        meter.message_bytes_sent.add(bytes);
        let bytes = std::mem::take(&mut self.wire_bytes);
        meter.wire_bytes_sent.add(bytes);
    }

    fn count(&mut self, message: usize, payload: usize) {
        self.messages += 1;
        self.message_bytes += message as u64;
        self.wire_bytes += payload as u64;
    }
}

/// One frame, or what is left of it.
struct Chunk {
    head: Head,
    payload: Bytes,
    is_close: bool,
}

/// What stands before a frame's payload, or what is left of it.
#[derive(Clone, Copy)]
struct Head {
    bytes: [u8; HEAD],
    from: u8,
    to: u8,
}

impl Wire {
    /// What waits to be written, or was begun.
    fn pending(&self) -> Option<&VecDeque<Chunk>> {
        let pending = &self.backlog.as_ref()?.pending;
        (!pending.is_empty()).then_some(pending)
    }

    fn backlog(&mut self) -> &mut Backlog {
        self.backlog.get_or_insert_default()
    }

    fn advance(&mut self, mut written: usize) {
        self.writes = self.writes.wrapping_add(1);
        let Some(backlog) = &mut self.backlog else {
            return;
        };
        while let Some(chunk) = backlog.pending.front_mut() {
            written = chunk.advance(written);
            if !chunk.is_done() {
                return;
            }
            self.is_closed |= chunk.is_close;
            backlog.pending.pop_front();
        }
    }

    /// Lets go of a backlog that is done with; gives who waited for room in it.
    fn tidy(&mut self) -> Option<Waker> {
        let backlog = self.backlog.as_mut()?;
        if backlog.control.is_some() {
            return None;
        }
        let waiter = backlog.control_waiter.take();
        if backlog.pending.is_empty() {
            self.backlog = None;
        }
        waiter
    }
}

/// What a connection has come to.
pub(super) struct State {
    /// Whether its end was decided.
    pub(super) is_ending: bool,
    /// What is to be said at its end, once.
    pub(super) close: Option<CloseReason>,
    /// Whether a close frame was written.
    pub(super) is_closed: bool,
    /// Whether it cannot be written to.
    pub(super) is_broken: bool,
}

/// Rings when a full socket has room again.
struct Room(Arc<Bell>, u32);

impl Wake for Room {
    fn wake(self: Arc<Self>) {
        self.0.knock(self.1);
    }
}

impl Head {
    /// Before frames that are whole.
    const NONE: Head = Head {
        bytes: [0; HEAD],
        from: 0,
        to: 0,
    };

    fn new(first: u8, payload: usize) -> Head {
        let mut bytes = [0; HEAD];
        bytes[0] = first;
        let to = match (u8::try_from(payload), u16::try_from(payload)) {
            (Ok(length @ ..126), _) => {
                bytes[1] = length;
                2
            }
            (_, Ok(length)) => {
                bytes[1] = 126;
                bytes[2..4].copy_from_slice(&length.to_be_bytes());
                4
            }
            (_, Err(_)) => {
                bytes[1] = 127;
                bytes[2..].copy_from_slice(&(payload as u64).to_be_bytes());
                10
            }
        };
        Head { bytes, from: 0, to }
    }

    fn bytes(&self) -> &[u8] {
        &self.bytes[usize::from(self.from)..usize::from(self.to)]
    }
}

impl Chunk {
    fn new(head: Head, payload: Bytes, is_close: bool) -> Chunk {
        Chunk {
            head,
            payload,
            is_close,
        }
    }

    /// Frames that are whole already.
    fn whole(frames: Bytes, is_close: bool) -> Chunk {
        Chunk::new(Head::NONE, frames, is_close)
    }

    fn head(&self) -> &[u8] {
        self.head.bytes()
    }

    /// Notes that up to `written` bytes of it left; gives how many were others'.
    fn advance(&mut self, written: usize) -> usize {
        let of_head = written.min(self.head().len());
        // A head has at most ten bytes.
        self.head.from += of_head.to_le_bytes()[0];
        let of_payload = (written - of_head).min(self.payload.len());
        self.payload.advance(of_payload);
        written - of_head - of_payload
    }

    fn is_done(&self) -> bool {
        self.head().is_empty() && self.payload.is_empty()
    }
}

/// Whether the last of these control frames of a server is a close.
fn ends_in_close(mut frames: &[u8]) -> bool {
    let mut last = 0;
    while let [first, length, rest @ ..] = frames {
        last = first & 0xf;
        frames = rest.get(usize::from(*length)..).unwrap_or_default();
    }
    last == CLOSE
}

impl Peer {
    pub(super) fn new(
        socket: Socket,
        mailbox: Mailbox,
        outflow: Option<Outflow>,
        (bell, number): (Arc<Bell>, u32),
        meter: Arc<ShardMeter>,
    ) -> Peer {
        Peer {
            mailbox,
            wire: Mutex::new(Wire {
                is_plain: socket.is_plain(),
                outflow,
                ..Wire::default()
            }),
            socket,
            waiter: Mutex::default(),
            room: Waker::from(Arc::new(Room(bell, number))),
            meter,
        }
    }

    /// Asks the memory for what a write will touch: called for several one after the other, they
    /// wait for it together.
    pub(super) fn prefetch(&self) {
        std::hint::black_box(self.wire.is_poisoned());
        self.mailbox.prefetch();
    }

    /// Writes what waits, in as few calls as the socket allows; when it is full, the shard's
    /// bell rings once there is room.
    pub(super) fn write(&self, scratch: &mut Scratch) {
        let mut wire = self.wire();
        self.write_out(&mut wire, scratch);
        let is_news = wire.close.is_some() || wire.is_closed || wire.is_broken;
        let control_waiter = wire.tidy();
        drop(wire);
        let waiter = is_news.then(|| self.waiter().take()).flatten();
        for waiter in [waiter, control_waiter].into_iter().flatten() {
            waiter.wake();
        }
    }

    /// Whose counts its bytes are in.
    pub(super) fn meter(&self) -> &ShardMeter {
        &self.meter
    }

    fn write_out(&self, wire: &mut Wire, scratch: &mut Scratch) {
        let mut is_more = true;
        while !wire.is_broken {
            let Some(pending) = wire.pending() else {
                if !is_more {
                    return self.flush(wire);
                }
                is_more = self.gather(wire, scratch);
                if !scratch.joined.is_empty() {
                    self.write_joined(wire, &scratch.joined);
                } else if wire.pending().is_none() {
                    return self.flush(wire);
                }
                continue;
            };
            match self.write_pending(pending) {
                Ok(0) => wire.is_broken = true,
                Ok(written) => wire.advance(written),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    let context = &mut Context::from_waker(&self.room);
                    match self.socket.poll_write_ready(context) {
                        Poll::Ready(Ok(())) => {}
                        Poll::Ready(Err(_)) => wire.is_broken = true,
                        Poll::Pending => return,
                    }
                }
                Err(_) => wire.is_broken = true,
            }
        }
        if let Some(backlog) = &mut wire.backlog {
            backlog.pending.clear();
        }
    }

    /// Writes what TLS holds back; the shard's bell rings once there is room for what is left.
    fn flush(&self, wire: &mut Wire) {
        while !wire.is_plain {
            match self.socket.try_flush() {
                Ok(()) => return,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    let context = &mut Context::from_waker(&self.room);
                    match self.socket.poll_write_ready(context) {
                        Poll::Ready(Ok(())) => {}
                        Poll::Ready(Err(_)) => return wire.is_broken = true,
                        Poll::Pending => return,
                    }
                }
                Err(_) => return wire.is_broken = true,
            }
        }
    }

    /// Writes small frames from one buffer; what of them does not leave waits as bytes of its own,
    /// before what waits already.
    fn write_joined(&self, wire: &mut Wire, joined: &[u8]) {
        let is_alone = wire.pending().is_none();
        let is_close = wire.is_closing && is_alone;
        let mut sent = 0;
        if is_alone {
            match self.send(wire.is_plain, joined) {
                Ok(0) => wire.is_broken = true,
                Ok(written) => {
                    wire.writes = wire.writes.wrapping_add(1);
                    sent = written;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(_) => wire.is_broken = true,
            }
        }
        match joined.get(sent..) {
            Some(rest @ [_, ..]) => {
                let rest = Bytes::copy_from_slice(rest);
                let pending = &mut wire.backlog().pending;
                pending.push_front(Chunk::whole(rest, is_close));
            }
            _ => wire.is_closed |= is_close,
        }
    }

    /// Sends from the front of `bytes` what there is room for.
    fn send(&self, is_plain: bool, bytes: &[u8]) -> io::Result<usize> {
        if !is_plain {
            return self.socket.try_write(&[IoSlice::new(bytes)]);
        }
        // Past what tokio knows of the socket, which is another line of the cache. Where it is full
        // or interrupts, the rest goes through tokio, which learns it then.
        let flags = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
        match send(self.socket.tcp(), bytes, flags) {
            Err(Errno::INTR) => Err(ErrorKind::WouldBlock.into()),
            sent => Ok(sent?),
        }
    }

    fn write_pending(&self, pending: &VecDeque<Chunk>) -> io::Result<usize> {
        let mut slices = [IoSlice::new(&[]); 2 * FRAMES];
        let parts = pending.iter().flat_map(|it| [it.head(), &it.payload[..]]);
        let mut count = 0;
        for (slice, part) in slices.iter_mut().zip(parts.filter(|it| !it.is_empty())) {
            *slice = IoSlice::new(part);
            count += 1;
        }
        self.socket.try_write(&slices[..count])
    }

    /// Takes what waits out of the mailbox and of tungstenite: joined as long as it is little,
    /// then as chunks. Whether there may be more.
    fn gather(&self, wire: &mut Wire, scratch: &mut Scratch) -> bool {
        scratch.joined.clear();
        if wire.is_closing {
            return false;
        }
        let control = wire.backlog.as_mut().and_then(|it| it.control.take());
        let Wire {
            backlog,
            close,
            outflow,
            ..
        } = wire;
        let mut is_joined = backlog.as_ref().is_none_or(|it| it.pending.is_empty());
        let mut add = |joined: &mut Vec<u8>, head: &Head, payload: Bytes, is_close: bool| {
            is_joined &= joined.len() + payload.len() <= JOINED;
            if is_joined {
                joined.extend_from_slice(head.bytes());
                joined.extend_from_slice(&payload);
            } else {
                let pending = &mut backlog.get_or_insert_default().pending;
                pending.push_back(Chunk::new(*head, payload, is_close));
            }
        };
        let is_more = self.mailbox.take(FRAMES - 2, BYTES, |frame| match frame {
            Frame::Text(text) => {
                let (first, payload) = text.frame(*outflow);
                scratch.count(text.len(), payload.len());
                let head = Head::new(first, payload.len());
                add(&mut scratch.joined, &head, payload, false);
            }
            Frame::Ping(number) => {
                let number = Bytes::copy_from_slice(&number.to_be_bytes());
                let head = Head::new(PING, number.len());
                add(&mut scratch.joined, &head, number, false);
            }
            Frame::Close(reason) => *close = Some(reason),
        });
        if let Some(control) = control {
            wire.is_closing = ends_in_close(&control);
            add(&mut scratch.joined, &Head::NONE, control, wire.is_closing);
        }
        is_more && !wire.is_closing
    }

    /// How it stands; the task is woken when that changes.
    pub(super) fn look(&self, context: &Context<'_>) -> State {
        let is_ending = self.mailbox.is_ending(context);
        // Before it looks: what comes to it after that wakes.
        match &mut *self.waiter() {
            Some(waiter) => waiter.clone_from(context.waker()),
            none => *none = Some(context.waker().clone()),
        }
        let mut wire = self.wire();
        State {
            is_ending: is_ending || wire.is_closing,
            close: wire.close.take(),
            is_closed: wire.is_closed,
            is_broken: wire.is_broken,
        }
    }

    pub(super) fn into_socket(self) -> Socket {
        self.socket
    }

    /// See [`Peer::wire`].
    fn waiter(&self) -> MutexGuard<'_, Option<Waker>> {
        self.waiter.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Nothing that can panic runs under the lock.
    fn wire(&self) -> MutexGuard<'_, Wire> {
        self.wire.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What tungstenite reads from and writes to.
pub(super) struct Pipe(pub(super) Arc<Peer>);

impl AsyncRead for Pipe {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.0.socket.poll_read(context, buffer)
    }
}

impl AsyncWrite for Pipe {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        frames: &[u8],
    ) -> Poll<io::Result<usize>> {
        let mut wire = self.0.wire();
        if wire.is_broken {
            return Poll::Ready(Err(ErrorKind::BrokenPipe.into()));
        }
        let backlog = wire.backlog();
        if backlog.control.is_some() {
            backlog.control_waiter = Some(context.waker().clone());
            return Poll::Pending;
        }
        backlog.control = Some(Bytes::copy_from_slice(frames));
        drop(wire);
        let mut scratch = Scratch::default();
        self.0.write(&mut scratch);
        scratch.publish(&self.0.meter);
        Poll::Ready(Ok(frames.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a test may stop at what it did not expect

    use tokio::io::AsyncReadExt;
    use tokio::net::{TcpListener, TcpStream};

    use super::super::socket::Io;
    use super::*;

    const TEXT: u8 = 0x81;

    /// A peer and the other end of its socket.
    async fn pair(send_buffer: Option<u32>) -> (Peer, Arc<Bell>, Mailbox, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let client = tokio::net::TcpSocket::new_v4().unwrap();
        if let Some(bytes) = send_buffer {
            client.set_recv_buffer_size(bytes).unwrap();
        }
        let client = client.connect(address).await.unwrap();
        let (socket, _) = listener.accept().await.unwrap();
        let bell = Arc::new(Bell::default());
        let mailbox = Mailbox::on_shard(1 << 24, 0, bell.clone(), 3);
        let socket = Socket::from(Io::Plain(socket));
        let peer = Peer::new(
            socket,
            mailbox.clone(),
            None,
            (bell.clone(), 3),
            Arc::default(),
        );
        (peer, bell, mailbox, client)
    }

    #[test]
    fn what_every_write_touches_is_in_one_line() {
        use std::mem::{offset_of, size_of};
        assert_eq!(align_of::<Peer>(), 64);
        assert!(offset_of!(Peer, wire) + size_of::<Mutex<Wire>>() <= 64);
        // A socket begins with what there is of it without TLS. mio adds the number of its selector
        // where assertions of bugs are compiled in.
        let added = if cfg!(debug_assertions) { 8 } else { 0 };
        assert!(offset_of!(Peer, socket) + size_of::<TcpStream>() <= 64 + added);
    }

    #[tokio::test]
    async fn all_that_a_tick_made_leaves_in_one_write() {
        let (peer, _, mailbox, mut client) = pair(None).await;
        peer.socket.tcp().writable().await.unwrap();
        let mut expected = Vec::new();
        for index in 0..10_u8 {
            let text = vec![b'a' + index; 100 + 20 * usize::from(index)];
            match u8::try_from(text.len()) {
                Ok(length @ ..126) => expected.extend([TEXT, length]),
                _ => {
                    expected.extend([TEXT, 126]);
                    expected.extend(u16::try_from(text.len()).unwrap().to_be_bytes());
                }
            }
            expected.extend(&text);
            mailbox.push(text).unwrap();
        }
        mailbox.ping(5);
        expected.extend([PING, 8, 0, 0, 0, 0, 0, 0, 0, 5]);
        peer.write(&mut Scratch::default());
        assert_eq!(peer.wire().writes, 1);
        let mut read = vec![0; expected.len()];
        client.read_exact(&mut read).await.unwrap();
        assert_eq!(read, expected);
    }

    /// However full the socket is and however the writes are cut, the bytes are all there, once.
    #[tokio::test]
    async fn a_slow_reader_gets_every_byte_in_order() {
        let (peer, bell, mailbox, mut client) = pair(Some(4_096)).await;
        peer.socket.tcp().writable().await.unwrap();
        let mut expected = Vec::new();
        for index in 0..200_u32 {
            let text = vec![index.to_le_bytes()[0]; 40_000];
            expected.extend([TEXT, 126]);
            expected.extend(40_000_u16.to_be_bytes());
            expected.extend(&text);
            mailbox.push(text).unwrap();
            for small in 0..index % 4 {
                let text = vec![small.to_le_bytes()[0]; 100];
                expected.extend([TEXT, 100]);
                expected.extend(&text);
                mailbox.push(text).unwrap();
            }
        }
        for index in 0..3_000_u32 {
            let text = vec![index.to_le_bytes()[0]; 90];
            expected.extend([TEXT, 90]);
            expected.extend(&text);
            mailbox.push(text).unwrap();
        }
        let large = vec![7; 70_000];
        expected.extend([TEXT, 127]);
        expected.extend(70_000_u64.to_be_bytes());
        expected.extend(&large);
        mailbox.push(large).unwrap();
        let mut scratch = Scratch::default();
        peer.write(&mut scratch);
        assert!(peer.wire().pending().is_some(), "it did not all fit");
        let writing = async {
            while peer.wire().pending().is_some() || mailbox.messages() == 0 {
                let mut numbers = Vec::new();
                std::future::poll_fn(|context| bell.poll_take(context, &mut numbers)).await;
                assert!(numbers.iter().all(|it| *it == 3));
                peer.write(&mut scratch);
            }
        };
        let mut read = vec![0; expected.len()];
        let (_, got) = tokio::join!(writing, client.read_exact(&mut read));
        got.unwrap();
        assert!(read == expected, "bytes got lost or mixed up");
    }

    #[test]
    fn the_last_of_several_control_frames_counts() {
        assert!(ends_in_close(&[0x88, 2, 3, 0xe8]));
        assert!(ends_in_close(&[0x8a, 1, b'x', 0x88, 0]));
        assert!(!ends_in_close(&[0x8a, 1, 8]));
        assert!(!ends_in_close(&[]));
    }
}
