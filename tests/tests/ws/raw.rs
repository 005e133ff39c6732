//! A client that says bytes and sees bytes.

use std::net::SocketAddr;

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::client::PATIENCE;

pub(crate) const TEXT: u8 = 0x81;
pub(crate) const CLOSE: u8 = 0x88;
/// The mark of a deflated message.
pub(crate) const DEFLATED: u8 = 0x40;

pub(crate) struct Raw<S = TcpStream> {
    pub(crate) stream: S,
    /// The status line and the headers of the answer.
    pub(crate) answer: String,
}

impl Raw {
    /// Asks for the upgrade with these headers beside those that it needs.
    pub(crate) async fn connect(address: SocketAddr, headers: &str) -> Raw {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Raw::over(stream, headers).await
    }
}

impl<S: AsyncReadExt + AsyncWriteExt + Unpin> Raw<S> {
    /// The same over something that is connected.
    pub(crate) async fn over(mut stream: S, headers: &str) -> Raw<S> {
        let request = format!(
            "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             {headers}\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            answer.push(stream.read_u8().await.unwrap());
        }
        let answer = String::from_utf8(answer).unwrap();
        Raw { stream, answer }
    }

    /// The value of a header of the answer.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let lines = self.answer.split("\r\n");
        let mut fields = lines.filter_map(|line| line.split_once(": "));
        let field = fields.find(|(field, _)| field.eq_ignore_ascii_case(name));
        field.map(|(_, value)| value)
    }

    /// Sends a frame, masked.
    pub(crate) async fn send(&mut self, first: u8, payload: &[u8]) {
        self.stream.write_all(&frame(first, payload)).await.unwrap();
    }

    /// Sends a message as it deflates.
    pub(crate) async fn send_deflated(&mut self, text: &str) {
        self.send(TEXT | DEFLATED, &deflate(text.as_bytes())).await;
    }

    /// The next frame: its first byte and its payload.
    pub(crate) async fn next(&mut self) -> (u8, Vec<u8>) {
        let read = async {
            let stream = &mut self.stream;
            let first = stream.read_u8().await.unwrap();
            let length = match stream.read_u8().await.unwrap() {
                126 => u64::from(stream.read_u16().await.unwrap()),
                127 => stream.read_u64().await.unwrap(),
                length => u64::from(length),
            };
            let mut payload = vec![0; usize::try_from(length).unwrap()];
            stream.read_exact(&mut payload).await.unwrap();
            (first, payload)
        };
        tokio::time::timeout(PATIENCE, read)
            .await
            .expect("no frame came")
    }

    /// The next message of this type, and whether it came deflated.
    pub(crate) async fn until(&mut self, kind: &str) -> (Value, bool) {
        loop {
            let (first, payload) = self.next().await;
            let is_deflated = first & DEFLATED != 0;
            let text = match is_deflated {
                true => inflate(&payload),
                false => payload,
            };
            if first & 0xf == 1 {
                let message: Value = serde_json::from_slice(&text).unwrap();
                testkit::contract::received(&message);
                if message["type"] == kind {
                    return (message, is_deflated);
                }
            }
        }
    }

    /// The close code, whatever came before.
    pub(crate) async fn closed(&mut self) -> u16 {
        loop {
            let (first, payload) = self.next().await;
            if first == CLOSE {
                return u16::from_be_bytes(payload[..2].try_into().unwrap());
            }
        }
    }
}

/// A frame as clients send them, masked with zeros.
pub(crate) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match payload.len() {
        length @ ..126 => frame.push(0x80 | u8::try_from(length).unwrap()),
        length @ ..65_536 => {
            frame.push(0x80 | 126);
            frame.extend(u16::try_from(length).unwrap().to_be_bytes());
        }
        length => {
            frame.push(0x80 | 127);
            frame.extend(u64::try_from(length).unwrap().to_be_bytes());
        }
    }
    frame.extend([0; 4]);
    frame.extend(payload);
    frame
}

pub(crate) fn deflate(plain: &[u8]) -> Vec<u8> {
    let mut compress = Compress::new(Compression::new(9), false);
    let mut out = Vec::with_capacity(plain.len() + 1_000);
    compress
        .compress_vec(plain, &mut out, FlushCompress::Sync)
        .unwrap();
    out.truncate(out.len() - 4);
    out
}

pub(crate) fn inflate(deflated: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(1 << 22);
    let whole = [deflated, &[0, 0, 0xff, 0xff]].concat();
    Decompress::new(false)
        .decompress_vec(&whole, &mut out, FlushDecompress::Sync)
        .unwrap();
    out
}
