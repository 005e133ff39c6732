//! A socket's bytes with what came deflated put plainly, for a library that knows no extensions.

use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::deflate::{Broken, FrameCount, Inflow};

/// So much memory is kept between two reads; more is given back.
const KEPT: usize = 1_024;

/// What tungstenite reads from and writes to: bytes out pass, bytes in are inflated where that
/// was agreed on.
pub(super) struct Inflated<S> {
    io: S,
    count: FrameCount,
    /// How many frames may come.
    limit: u64,
    /// How many bytes came, before anything was inflated.
    bytes: u64,
    inbound: Option<Box<Inbound>>,
}

struct Inbound {
    inflow: Inflow,
    /// Read and not put plainly yet.
    input: Vec<u8>,
    /// Put plainly, and read up to `read`.
    out: Vec<u8>,
    read: usize,
    broken: Option<Broken>,
}

impl<S> Inflated<S> {
    /// Bytes pass as they are.
    pub(super) fn plain(io: S) -> Inflated<S> {
        Inflated {
            io,
            count: FrameCount::default(),
            limit: u64::MAX,
            bytes: 0,
            inbound: None,
        }
    }

    /// Bytes are inflated. `early` was read already.
    pub(super) fn new(io: S, early: Vec<u8>, max_bytes: usize) -> Inflated<S> {
        let mut count = FrameCount::default();
        count.feed(&early);
        let bytes = early.len() as u64;
        let inbound = Inbound {
            inflow: Inflow::new(max_bytes),
            input: early,
            out: Vec::new(),
            read: 0,
            broken: None,
        };
        Inflated {
            io,
            count,
            limit: u64::MAX,
            bytes,
            inbound: Some(Box::new(inbound)),
        }
    }

    /// Lets so many frames come, all that came counted. What is over that is not read to its end:
    /// frames that make no message would keep whoever reads them busy as long as they come.
    pub(super) fn allow(&mut self, limit: u64) {
        self.limit = limit;
    }

    /// How many bytes came since this was asked last.
    pub(super) fn take_bytes(&mut self) -> u64 {
        std::mem::take(&mut self.bytes)
    }

    /// How many frames came.
    pub(super) fn frames(&self) -> u64 {
        self.count.frames()
    }
}

impl Inbound {
    /// Takes all that was read as far as it goes.
    fn feed(&mut self, bytes: &[u8]) {
        let mut left = bytes;
        if let Err(broken) = self.inflow.feed(&mut left, &mut self.out) {
            self.broken = Some(broken);
            return;
        }
        self.input.extend_from_slice(left);
    }

    /// The same with what waited.
    fn feed_waiting(&mut self) {
        let waited = std::mem::take(&mut self.input);
        self.feed(&waited);
    }

    fn give(&mut self, buffer: &mut ReadBuf<'_>) {
        let waiting = &self.out[self.read..];
        let count = waiting.len().min(buffer.remaining());
        buffer.put_slice(&waiting[..count]);
        self.read += count;
        if self.read == self.out.len() {
            self.read = 0;
            self.out.clear();
            self.out.shrink_to(KEPT);
        }
    }
}

/// More frames came than may. The connection is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("too many frames")]
pub(super) struct Flood;

fn check(count: &FrameCount, limit: u64) -> io::Result<()> {
    match count.frames() > limit {
        true => Err(io::Error::new(ErrorKind::InvalidData, Flood)),
        false => Ok(()),
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Inflated<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Inflated {
            io,
            count,
            limit,
            bytes,
            inbound,
        } = &mut *self;
        let Some(inbound) = inbound else {
            let before = buffer.filled().len();
            ready!(Pin::new(io).poll_read(context, buffer))?;
            let came = &buffer.filled()[before..];
            *bytes += came.len() as u64;
            count.feed(came);
            return Poll::Ready(check(count, *limit));
        };
        loop {
            if inbound.read < inbound.out.len() {
                inbound.give(buffer);
                return Poll::Ready(Ok(()));
            }
            if let Some(broken) = inbound.broken {
                return Poll::Ready(Err(io::Error::new(ErrorKind::InvalidData, broken)));
            }
            if !inbound.input.is_empty() {
                inbound.feed_waiting();
                continue;
            }
            // Into the caller's buffer, where there is room before it is needed.
            let mut raw = ReadBuf::new(buffer.initialize_unfilled());
            ready!(Pin::new(&mut *io).poll_read(context, &mut raw))?;
            if raw.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
            *bytes += raw.filled().len() as u64;
            count.feed(raw.filled());
            check(count, *limit)?;
            inbound.feed(raw.filled());
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Inflated<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a test may stop at what it did not expect

    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    /// "Hello" as RFC 7692, 7.2.3.1 prints it, masked with zeros.
    const HELLO: &[u8] = &[
        0xc1, 0x87, 0, 0, 0, 0, 0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00,
    ];
    const PLAIN: &[u8] = &[0x81, 0x85, 0, 0, 0, 0, b'H', b'e', b'l', b'l', b'o'];

    #[tokio::test]
    async fn what_came_early_and_what_comes_later_is_inflated_in_order() {
        let (mut client, server) = tokio::io::duplex(7);
        let (early, late) = HELLO.split_at(5);
        let mut inflated = Inflated::new(server, [HELLO, early].concat(), 100);
        let write = async move {
            client.write_all(late).await.unwrap();
            client.write_all(&HELLO.repeat(3_000)).await.unwrap();
            // Deflated data that is none.
            client
                .write_all(&[0xc1, 0x81, 0, 0, 0, 0, 0xff])
                .await
                .unwrap();
            client
        };
        let read = async {
            let mut out = vec![0; PLAIN.len() * 3_002];
            inflated.read_exact(&mut out).await.unwrap();
            assert!(out == PLAIN.repeat(3_002));
            let error = inflated.read_u8().await.unwrap_err();
            let broken = error.get_ref().and_then(|it| it.downcast_ref::<Broken>());
            assert_eq!(broken, Some(&Broken::Corrupt));
        };
        tokio::join!(write, read);
    }
}
