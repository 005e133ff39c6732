//! All subscribers in one loop: as little work as can be, so that the server is the limit.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use rustix::buffer::spare_capacity;
use rustix::event::{Timespec, epoll};
use rustix::fd::OwnedFd;
use testkit::contract::check_recording;

use crate::peers::Kind;

/// Above what comes in one read.
const BUFFER: usize = 256 * 1_024;
const TEXT: u8 = 0x81;
const DEFLATED: u8 = 0xc1;
pub(crate) const OFFER: &str =
    "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n";

pub(crate) struct Clients {
    epoll: OwnedFd,
    sockets: Vec<TcpStream>,
    rests: Vec<Vec<u8>>,
    buffer: Vec<u8>,
    pub(crate) messages: u64,
    /// Of payloads.
    pub(crate) bytes: u64,
    /// The last message that came plainly.
    pub(crate) last_text: Option<String>,
    is_deflated: bool,
}

impl Clients {
    /// Connects so many, and subscribes them where that has to be said.
    pub(crate) fn connect(address: SocketAddr, kind: Kind, count: usize) -> Clients {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC).unwrap();
        let is_deflated = kind != Kind::Plain;
        let offer = if is_deflated { OFFER } else { "" };
        let mut sockets = Vec::with_capacity(count);
        for index in 0..count {
            let mut socket = TcpStream::connect(address).unwrap();
            socket.set_nodelay(true).unwrap();
            shake_hands(&mut socket, offer);
            if matches!(kind, Kind::Plain | Kind::Deflated) {
                let message =
                    r#"{"type":"subscribe","channels":[{"type":"orderbook","pair":"A0/XRP"}]}"#;
                check_recording(&format!(r#"{{"sent":{message}}}"#)).unwrap();
                let mut frame = vec![TEXT, 0x80 | u8::try_from(message.len()).unwrap()];
                // A mask of zeros changes nothing.
                frame.extend([0; 4]);
                frame.extend(message.as_bytes());
                socket.write_all(&frame).unwrap();
            }
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
            last_text: None,
            is_deflated,
        }
    }

    /// Reads what comes in this time, and does `tick` often.
    pub(crate) fn read_for(&mut self, time: Duration, mut tick: impl FnMut()) {
        let end = Instant::now() + time;
        let mut events = Vec::with_capacity(1_024);
        while Instant::now() < end {
            tick();
            let left = end.saturating_duration_since(Instant::now());
            let left = Timespec::try_from(left.min(Duration::from_millis(5))).unwrap();
            epoll::wait(&self.epoll, spare_capacity(&mut events), Some(&left)).unwrap();
            for event in events.drain(..) {
                self.read(usize::try_from(event.data.u64()).unwrap());
            }
        }
    }

    fn read(&mut self, index: usize) {
        let mut rest = std::mem::take(&mut self.rests[index]);
        self.buffer[..rest.len()].copy_from_slice(&rest);
        let got = match self.sockets[index].read(&mut self.buffer[rest.len()..]) {
            Ok(0) => panic!("the server closed a connection"),
            Ok(got) => got,
            Err(error) if error.kind() == ErrorKind::WouldBlock => 0,
            Err(error) => panic!("{error}"),
        };
        let mut bytes = &self.buffer[..rest.len() + got];
        while let Some((first, payload)) = next_frame(&mut bytes) {
            if first == TEXT && !self.is_deflated {
                let text = std::str::from_utf8(payload).unwrap();
                if text.contains("\"delta\"") {
                    self.last_text = Some(text.to_owned());
                }
            }
            if first == DEFLATED || (first == TEXT && !self.is_deflated) {
                self.messages += 1;
                self.bytes += u64::try_from(payload.len()).unwrap();
            }
        }
        rest.clear();
        rest.extend_from_slice(bytes);
        self.rests[index] = rest;
    }
}

/// The first byte and the payload of the next whole frame.
fn next_frame<'a>(bytes: &mut &'a [u8]) -> Option<(u8, &'a [u8])> {
    let (&first, &second) = (bytes.first()?, bytes.get(1)?);
    let (head, length) = match second {
        126 => {
            let length = bytes.get(2..4)?.try_into().unwrap();
            (4, usize::from(u16::from_be_bytes(length)))
        }
        127 => panic!("no message is that long"),
        length => (2, usize::from(length)),
    };
    let payload = bytes.get(head..head + length)?;
    *bytes = &bytes[head + length..];
    assert_ne!(first & 15, 8, "the server said goodbye: {payload:?}");
    Some((first, payload))
}

pub(crate) fn shake_hands(socket: &mut (impl Read + Write), offer: &str) {
    write!(
        socket,
        "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n{offer}\r\n"
    )
    .unwrap();
    let mut answer = Vec::new();
    let mut byte = [0];
    while !answer.ends_with(b"\r\n\r\n") {
        socket.read_exact(&mut byte).unwrap();
        answer.extend(byte);
    }
    let answer = String::from_utf8_lossy(&answer).to_ascii_lowercase();
    assert!(answer.starts_with("http/1.1 101"), "{answer}");
    let is_deflated = answer.contains("permessage-deflate");
    assert_eq!(is_deflated, !offer.is_empty(), "{answer}");
}
