//! A connection's bytes, with or without TLS, for one that reads and one that writes.
//!
//! Both are on the shard's thread; the lock is for the compiler. What TLS has encrypted and the
//! socket did not take waits in TLS, bounded by what one write may bring: no more is taken before
//! it is out.

use std::io::{self, ErrorKind, IoSlice, Read as _, Write as _};
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use rustls::ServerConnection;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

/// What HTTP is spoken over, until it is upgraded.
pub(super) enum Io {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// What an upgraded connection is read from and written to. Writes through no TLS need the first
/// field only.
#[repr(C)]
pub(super) struct Socket {
    tcp: TcpStream,
    tls: Option<Box<Mutex<ServerConnection>>>,
}

/// One on its way to another thread.
pub(super) struct Unbound {
    tcp: std::net::TcpStream,
    tls: Option<Box<Mutex<ServerConnection>>>,
}

impl From<Io> for Socket {
    fn from(io: Io) -> Socket {
        match io {
            Io::Plain(tcp) => Socket { tcp, tls: None },
            Io::Tls(stream) => {
                let (tcp, tls) = stream.into_inner();
                let tls = Some(Box::new(Mutex::new(tls)));
                Socket { tcp, tls }
            }
        }
    }
}

impl Socket {
    /// Takes it off this thread.
    ///
    /// # Errors
    /// The operating system's.
    pub(super) fn unbind(self) -> io::Result<Unbound> {
        let Socket { tcp, tls } = self;
        let tcp = tcp.into_std()?;
        Ok(Unbound { tcp, tls })
    }

    pub(super) fn poll_read(
        &self,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            if let Some(result) = self.read_plain(buffer) {
                return Poll::Ready(result);
            }
            ready!(self.tcp.poll_read_ready(context))?;
            let read = match &self.tls {
                None => {
                    let read = self.tcp.try_read(buffer.initialize_unfilled());
                    read.map(|count| {
                        buffer.advance(count);
                        true
                    })
                }
                Some(tls) => self.read_tls(&mut lock(tls)),
            };
            match read {
                Ok(true) => return Poll::Ready(Ok(())),
                Ok(false) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }

    /// What TLS has decrypted already, or its end.
    fn read_plain(&self, buffer: &mut ReadBuf<'_>) -> Option<io::Result<()>> {
        let tls = self.tls.as_ref()?;
        match lock(tls).reader().read(buffer.initialize_unfilled()) {
            Ok(count) => {
                buffer.advance(count);
                Some(Ok(()))
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => None,
            Err(error) => Some(Err(error)),
        }
    }

    /// Feeds TLS; whether the client has hung up.
    fn read_tls(&self, tls: &mut ServerConnection) -> io::Result<bool> {
        if tls.read_tls(&mut Raw(&self.tcp))? == 0 {
            return Ok(true);
        }
        let processed = tls.process_new_packets();
        // An alert, or the answer to a new key. What does not fit leaves with the next write.
        self.send(tls)?;
        processed.map_err(|error| io::Error::new(ErrorKind::InvalidData, error))?;
        Ok(false)
    }

    /// Writes from the front of `slices` what there is room for.
    ///
    /// # Errors
    /// `WouldBlock` where there is none, and the operating system's.
    pub(super) fn try_write(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        let Some(tls) = &self.tls else {
            return match slices {
                [only] => self.tcp.try_write(only),
                _ => self.tcp.try_write_vectored(slices),
            };
        };
        let mut tls = lock(tls);
        if !self.send(&mut tls)? {
            return Err(ErrorKind::WouldBlock.into());
        }
        let taken = tls.writer().write_vectored(slices)?;
        self.send(&mut tls)?;
        Ok(taken)
    }

    /// Writes what TLS holds back.
    ///
    /// # Errors
    /// As [`Socket::try_write`].
    pub(super) fn try_flush(&self) -> io::Result<()> {
        match &self.tls {
            Some(tls) if !self.send(&mut lock(tls))? => Err(ErrorKind::WouldBlock.into()),
            _ => Ok(()),
        }
    }

    pub(super) fn poll_write_ready(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.tcp.poll_write_ready(context)
    }

    /// Whether all that TLS had is out.
    fn send(&self, tls: &mut ServerConnection) -> io::Result<bool> {
        while tls.wants_write() {
            match tls.write_tls(&mut Raw(&self.tcp)) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }

    /// Says that nothing more will be written.
    ///
    /// # Errors
    /// The operating system's.
    pub(super) async fn shut_down(&mut self) -> io::Result<()> {
        if let Some(tls) = &self.tls {
            lock(tls).send_close_notify();
            while !self.send(&mut lock(tls))? {
                self.tcp.writable().await?;
            }
        }
        self.tcp.shutdown().await
    }

    /// Reads and throws away, whatever it is.
    ///
    /// # Errors
    /// The operating system's.
    pub(super) async fn drain(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.tcp.read(buffer).await
    }

    /// Whether there is no TLS, so that its bytes are those of [`Socket::tcp`].
    pub(super) fn is_plain(&self) -> bool {
        self.tls.is_none()
    }

    /// What is below TLS.
    pub(super) fn tcp(&self) -> &TcpStream {
        &self.tcp
    }
}

impl Unbound {
    /// Puts it on this thread.
    ///
    /// # Errors
    /// The operating system's.
    pub(super) fn bind(self) -> io::Result<Socket> {
        let Unbound { tcp, tls } = self;
        let tcp = TcpStream::from_std(tcp)?;
        Ok(Socket { tcp, tls })
    }
}

/// Nothing that can panic runs under the lock.
fn lock(tls: &Mutex<ServerConnection>) -> MutexGuard<'_, ServerConnection> {
    tls.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The socket itself, as TLS reads and writes.
struct Raw<'a>(&'a TcpStream);

impl io::Read for Raw<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.try_read(buffer)
    }
}

impl io::Write for Raw<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.try_write(bytes)
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.0.try_write_vectored(slices)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl AsyncRead for Io {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Io::Plain(stream) => Pin::new(stream).poll_read(context, buffer),
            Io::Tls(stream) => Pin::new(stream).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Io {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Io::Plain(stream) => Pin::new(stream).poll_write(context, bytes),
            Io::Tls(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Io::Plain(stream) => Pin::new(stream).poll_flush(context),
            Io::Tls(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Io::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Io::Tls(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}
