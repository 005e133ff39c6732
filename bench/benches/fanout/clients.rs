//! All subscribers in one loop: as little work as can be, so that the server is the limit.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rustix::buffer::spare_capacity;
use rustix::event::{Timespec, epoll};
use rustix::fd::OwnedFd;
use testkit::contract::check_recording;

/// Above what comes in one read.
const BUFFER: usize = 256 * 1_024;

pub(crate) struct Clients {
    epoll: OwnedFd,
    sockets: Vec<TcpStream>,
    /// What came of a frame that did not come whole.
    rests: Vec<Vec<u8>>,
    buffer: Vec<u8>,
    /// How many messages came of all.
    pub(crate) messages: u64,
    /// What they had, frames' heads left out.
    pub(crate) bytes: u64,
    /// Whether each message's latency is kept.
    pub(crate) is_timing: bool,
    /// In microseconds.
    pub(crate) latencies: Vec<u64>,
}

impl Clients {
    pub(crate) fn connect(address: SocketAddr, count: usize) -> Clients {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC).unwrap();
        let mut sockets = Vec::with_capacity(count);
        for index in 0..count {
            let mut socket = TcpStream::connect(address).unwrap();
            socket.set_nodelay(true).unwrap();
            shake_hands(&mut socket, address);
            socket.set_nonblocking(true).unwrap();
            let data = epoll::EventData::new_u64(u64::try_from(index).unwrap());
            epoll::add(&epoll, &socket, data, epoll::EventFlags::IN).unwrap();
            sockets.push(socket);
        }
        Clients {
            epoll,
            rests: vec![Vec::new(); count],
            sockets,
            buffer: vec![0; BUFFER],
            messages: 0,
            bytes: 0,
            is_timing: false,
            latencies: Vec::new(),
        }
    }

    /// Subscribes all to the books of so many pairs.
    pub(crate) fn subscribe(&mut self, pairs: usize) {
        let channels: Vec<String> = (0..pairs)
            .map(|pair| format!(r#"{{"type":"orderbook","pair":"A{pair}/XRP"}}"#))
            .collect();
        let message = format!(
            r#"{{"type":"subscribe","channels":[{}]}}"#,
            channels.join(",")
        );
        check_recording(&format!(r#"{{"sent":{message}}}"#)).unwrap();
        let mut frame = vec![0x81];
        match u8::try_from(message.len()) {
            Ok(length @ ..126) => frame.push(0x80 | length),
            _ => {
                frame.push(0x80 | 126);
                frame.extend(u16::try_from(message.len()).unwrap().to_be_bytes());
            }
        }
        // A mask of zeros changes nothing.
        frame.extend([0; 4]);
        frame.extend(message.as_bytes());
        for index in 0..self.sockets.len() {
            self.sockets[index].write_all(&frame).unwrap();
            if index % 64 == 63 {
                self.read_for(Duration::from_millis(1));
            }
        }
    }

    /// Reads what comes in this time.
    pub(crate) fn read_for(&mut self, time: Duration) {
        let end = Instant::now() + time;
        let mut events = Vec::with_capacity(1_024);
        loop {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            let left = Timespec::try_from(left).unwrap();
            epoll::wait(&self.epoll, spare_capacity(&mut events), Some(&left)).unwrap();
            for event in events.drain(..) {
                self.read(usize::try_from(event.data.u64()).unwrap());
            }
        }
    }

    fn read(&mut self, index: usize) {
        let mut buffer = std::mem::take(&mut self.buffer);
        let mut rest = std::mem::take(&mut self.rests[index]);
        buffer[..rest.len()].copy_from_slice(&rest);
        let got = match self.sockets[index].read(&mut buffer[rest.len()..]) {
            Ok(0) => panic!("the server closed a connection"),
            Ok(got) => got,
            Err(error) if error.kind() == ErrorKind::WouldBlock => 0,
            Err(error) => panic!("{error}"),
        };
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let mut bytes = &buffer[..rest.len() + got];
        while let Some(frame) = next_frame(&mut bytes) {
            let Some(payload) = frame else { continue };
            self.messages += 1;
            self.bytes += u64::try_from(payload.len()).unwrap();
            if self.is_timing
                && let Some(told) = timestamp(payload)
            {
                let now = u64::try_from(now.as_micros()).unwrap();
                self.latencies.push(now.saturating_sub(told * 1_000));
            }
        }
        rest.clear();
        rest.extend_from_slice(bytes);
        self.rests[index] = rest;
        self.buffer = buffer;
    }
}

/// The next whole frame, and its payload where it is a text.
fn next_frame<'a>(bytes: &mut &'a [u8]) -> Option<Option<&'a [u8]>> {
    let (&first, &second) = (bytes.first()?, bytes.get(1)?);
    let (head, length) = match second {
        126 => {
            let length = bytes.get(2..4)?;
            (
                4,
                usize::from(u16::from_be_bytes(length.try_into().unwrap())),
            )
        }
        127 => panic!("no message is that long"),
        length => (2, usize::from(length)),
    };
    let payload = bytes.get(head..head + length)?;
    *bytes = &bytes[head + length..];
    assert_ne!(first & 15, 8, "the server said goodbye: {payload:?}");
    Some((first == 0x81).then_some(payload))
}

/// The last member of each message.
fn timestamp(payload: &[u8]) -> Option<u64> {
    let digits = payload.strip_suffix(b"}")?;
    let start = digits.iter().rposition(|byte| !byte.is_ascii_digit())? + 1;
    std::str::from_utf8(&digits[start..]).ok()?.parse().ok()
}

fn shake_hands(socket: &mut TcpStream, address: SocketAddr) {
    write!(
        socket,
        "GET / HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    )
    .unwrap();
    let mut answer = Vec::new();
    let mut byte = [0];
    while !answer.ends_with(b"\r\n\r\n") {
        socket.read_exact(&mut byte).unwrap();
        answer.extend(byte);
    }
    assert!(answer.starts_with(b"HTTP/1.1 101"), "{answer:?}");
}
