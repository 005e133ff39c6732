//! What the gateway is read beside: the same bytes to the same sockets, and nothing else.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::mpsc::{Receiver, Sender};
use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use rustix::net::sockopt::set_socket_send_buffer_size;
use tokio::sync::broadcast;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

use crate::server::{Kind, Work};

/// A message of so many bytes that ends as the gateway's do.
fn message(bytes: usize) -> String {
    let end = format!(r#"","timestamp":{}}}"#, gateway::clock::now().0);
    let start = r#"{"data":""#;
    let filling = bytes.saturating_sub(start.len() + end.len());
    format!("{start}{}{end}", "x".repeat(filling))
}

/// As much as the gateway lets the kernel keep for a client. Accepted sockets inherit it.
const SEND_BUFFER: usize = 128 * 1_024;

/// Sleeps from tick to tick, which do not drift.
struct Ticks {
    next: Instant,
    every: Duration,
}

impl Ticks {
    fn wait(&mut self) -> Duration {
        let now = Instant::now();
        // Who cannot keep up goes on at once, and owes nothing.
        self.next = (self.next + self.every).max(now);
        self.next - now
    }
}

pub(crate) fn straight(work: &Work, ready: &Sender<SocketAddr>, begun: &Receiver<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    set_socket_send_buffer_size(&listener, SEND_BUFFER).unwrap();
    ready.send(listener.local_addr().unwrap()).unwrap();
    let mut sockets = Vec::with_capacity(work.subscribers);
    while sockets.len() < work.subscribers {
        let (mut socket, _) = listener.accept().unwrap();
        socket.set_nodelay(true).unwrap();
        let mut request = Vec::new();
        let mut chunk = [0; 1_024];
        while !request.ends_with(b"\r\n\r\n") {
            let got = socket.read(&mut chunk).unwrap();
            request.extend_from_slice(&chunk[..got]);
        }
        let key = derive_accept_key(b"AAAAAAAAAAAAAAAAAAAAAA==");
        write!(
            socket,
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Accept: {key}\r\n\r\n"
        )
        .unwrap();
        sockets.push(socket);
    }
    begun.recv().unwrap();
    let mut ticks = Ticks {
        next: Instant::now(),
        every: work.tick(),
    };
    loop {
        std::thread::sleep(ticks.wait());
        let message = message(work.bytes);
        let mut frame = vec![0x81, 126];
        frame.extend(u16::try_from(message.len()).unwrap().to_be_bytes());
        frame.extend(message.as_bytes());
        let (bytes, writes) = match work.kind {
            Kind::StraightJoined => (frame.repeat(work.pairs), 1),
            _ => (frame, work.pairs),
        };
        for socket in &mut sockets {
            for _ in 0..writes {
                // The clients are gone: so is the measurement.
                if socket.write_all(&bytes).is_err() {
                    return;
                }
            }
        }
    }
}

pub(crate) fn tungstenite(work: &Work, ready: &Sender<SocketAddr>, begun: &Receiver<()>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        set_socket_send_buffer_size(&listener, SEND_BUFFER).unwrap();
        ready.send(listener.local_addr().unwrap()).unwrap();
        let (sender, _) = broadcast::channel(1_024);
        for _ in 0..work.subscribers {
            let (stream, _) = listener.accept().await.unwrap();
            stream.set_nodelay(true).unwrap();
            tokio::spawn(subscriber(stream, sender.subscribe()));
        }
        while begun.try_recv().is_err() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let mut ticks = Ticks {
            next: Instant::now(),
            every: work.tick(),
        };
        loop {
            tokio::time::sleep(ticks.wait()).await;
            let payload = Utf8Bytes::from(message(work.bytes));
            for _ in 0..work.pairs {
                // An error says that nobody is there.
                let _ = sender.send(payload.clone());
                tokio::task::yield_now().await;
            }
        }
    });
}

async fn subscriber(stream: tokio::net::TcpStream, mut messages: broadcast::Receiver<Utf8Bytes>) {
    let config = WebSocketConfig::default().read_buffer_size(4_096);
    let socket = tokio_tungstenite::accept_async_with_config(stream, Some(config)).await;
    let Ok(mut socket) = socket else { return };
    loop {
        tokio::select! {
            // Nothing that was received or read is lost by the other.
            message = messages.recv() => match message {
                Ok(text) => {
                    if socket.send(Message::Text(text)).await.is_err() {
                        return;
                    }
                }
                Err(broadcast::error::RecvError::Lagged(_)) => {}
                Err(broadcast::error::RecvError::Closed) => return,
            },
            read = socket.next() => {
                if read.is_none_or(|it| it.is_err()) {
                    return;
                }
            }
        }
    }
}
