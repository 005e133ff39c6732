//! What they do. Each comes from addresses of its own, goes on until it is dropped, and begins
//! again whenever it is cut off.

use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use flate2::{Compress, Compression, FlushCompress};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;

#[derive(Clone)]
pub(crate) struct Target {
    pub(crate) address: SocketAddr,
    /// Of users who do not behave.
    pub(crate) tokens: Vec<String>,
    /// How often they connected.
    pub(crate) connects: Arc<AtomicUsize>,
}

pub(crate) struct Attack {
    pub(crate) name: &'static str,
    pub(crate) run: fn(Target) -> Pin<Box<dyn Future<Output = ()>>>,
}

pub(crate) const ATTACKS: &[Attack] = &[
    Attack {
        name: "10,000 silent sockets",
        run: |target| Box::pin(silent(target)),
    },
    Attack {
        name: "heads that drip",
        run: |target| many(target, 300, 1, |stream, _| Box::pin(drip_head(stream))),
    },
    Attack {
        name: "frames that drip",
        run: |target| many(target, 150, 2, |stream, _| Box::pin(drip_frame(stream))),
    },
    Attack {
        name: "pieces without end",
        run: |target| many(target, 20, 3, |stream, _| Box::pin(pieces(stream, 0))),
    },
    Attack {
        name: "pieces of a byte",
        run: |target| many(target, 20, 4, |stream, _| Box::pin(pieces(stream, 1))),
    },
    Attack {
        name: "giant frames",
        run: |target| many(target, 20, 5, |stream, _| Box::pin(giant(stream))),
    },
    Attack {
        name: "deflate bombs",
        run: |target| many(target, 20, 6, |stream, _| Box::pin(bomb(stream))),
    },
    Attack {
        name: "floods of pings",
        run: |target| {
            many(target, 20, 7, |stream, _| {
                Box::pin(flood(stream, 0x89, b"x"))
            })
        },
    },
    Attack {
        name: "floods of pongs",
        run: |target| {
            many(target, 20, 8, |stream, _| {
                Box::pin(flood(stream, 0x8a, &[0; 8]))
            })
        },
    },
    Attack {
        name: "resets",
        run: |target| many(target, 40, 9, |stream, _| Box::pin(reset(stream))),
    },
    Attack {
        name: "readers that stop",
        run: |target| many(target, 90, 10, |stream, _| Box::pin(stop_reading(stream))),
    },
    Attack {
        name: "subscriptions that come and go",
        run: |target| many(target, 20, 11, |stream, _| Box::pin(churn(stream))),
    },
    Attack {
        name: "floods of orders",
        run: |target| {
            many(target, 8, 12, |stream, token| {
                Box::pin(orders(stream, token))
            })
        },
    },
    Attack {
        name: "JSON of depth 10,000",
        run: |target| many(target, 4, 13, |stream, _| Box::pin(texts(stream, deep()))),
    },
    Attack {
        name: "64 KiB of escapes",
        run: |target| {
            many(target, 1, 14, |stream, _| {
                Box::pin(texts(stream, escapes()))
            })
        },
    },
    Attack {
        name: "keys by the thousand",
        run: |target| many(target, 1, 15, |stream, _| Box::pin(texts(stream, keys()))),
    },
];

type Deed = Pin<Box<dyn Future<Output = Option<()>>>>;

/// So many at the same time, from the addresses of this number, each again and again.
fn many(
    target: Target,
    count: usize,
    number: u8,
    deed: fn(TcpStream, String) -> Deed,
) -> Pin<Box<dyn Future<Output = ()>>> {
    Box::pin(async move {
        let set = tokio::task::LocalSet::new();
        for index in 0..count {
            let target = target.clone();
            set.spawn_local(async move {
                // A hundred an address, as may be.
                let host = u8::try_from(1 + index / 100).unwrap();
                let token = target.tokens[index % target.tokens.len()].clone();
                loop {
                    if let Some(stream) = connect(&target, [127, 0, number, host]).await {
                        let _ = deed(stream, token.clone()).await;
                    }
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            });
        }
        set.await;
    })
}

async fn connect(target: &Target, from: [u8; 4]) -> Option<TcpStream> {
    let socket = TcpSocket::new_v4().ok()?;
    socket
        .bind(SocketAddr::from((Ipv4Addr::from(from), 0)))
        .ok()?;
    let stream = socket.connect(target.address).await.ok()?;
    target.connects.fetch_add(1, Ordering::Relaxed);
    Some(stream)
}

async fn upgrade(stream: &mut TcpStream) -> Option<()> {
    let request = "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
        Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
        Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n";
    stream.write_all(request.as_bytes()).await.ok()?;
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        answer.push(stream.read_u8().await.ok()?);
    }
    answer.starts_with(b"HTTP/1.1 101").then_some(())
}

fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match u16::try_from(payload.len()) {
        Ok(length) if length < 126 => frame.push(0x80 | payload.len().to_le_bytes()[0]),
        Ok(length) => {
            frame.push(0x80 | 126);
            frame.extend(length.to_be_bytes());
        }
        Err(_) => {
            frame.push(0x80 | 127);
            frame.extend((payload.len() as u64).to_be_bytes());
        }
    }
    frame.extend([0; 4]);
    frame.extend(payload);
    frame
}

/// Says this over and over, and reads what comes.
async fn repeat(mut stream: TcpStream, bytes: Vec<u8>) -> Option<()> {
    let (mut read, mut write) = stream.split();
    let say = async {
        loop {
            if write.write_all(&bytes).await.is_err() {
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    let hear = async {
        let mut heard = vec![0; 4_096];
        while let Ok(1..) = read.read(&mut heard).await {}
    };
    tokio::select! {
        () = say => {}
        () = hear => {}
    }
    Some(())
}

async fn silent(target: Target) {
    let mut held = JoinSet::new();
    for index in 0..10_000_usize {
        let host = u8::try_from(1 + index % 10).unwrap();
        if let Some(mut stream) = connect(&target, [127, 0, 100, host]).await {
            held.spawn(async move {
                let mut heard = [0];
                let _ = stream.read(&mut heard).await;
            });
        }
        if index % 100 == 0 {
            tokio::task::yield_now().await;
        }
        while held.try_join_next().is_some() {}
    }
    std::future::pending().await
}

async fn drip_head(mut stream: TcpStream) -> Option<()> {
    stream.write_all(b"GET / HTTP/1.1\r\nX-Slow: ").await.ok()?;
    loop {
        tokio::time::sleep(Duration::from_millis(200)).await;
        stream.write_all(b"x").await.ok()?;
    }
}

async fn drip_frame(mut stream: TcpStream) -> Option<()> {
    upgrade(&mut stream).await?;
    stream
        .write_all(&frame(0x81, &[b' '; 60_000])[..10])
        .await
        .ok()?;
    loop {
        tokio::time::sleep(Duration::from_millis(200)).await;
        stream.write_all(b" ").await.ok()?;
    }
}

async fn pieces(mut stream: TcpStream, bytes: usize) -> Option<()> {
    upgrade(&mut stream).await?;
    stream.write_all(&frame(0x01, b"")).await.ok()?;
    repeat(stream, frame(0x00, &vec![b' '; bytes]).repeat(1_000)).await
}

async fn giant(mut stream: TcpStream) -> Option<()> {
    upgrade(&mut stream).await?;
    let mut head = vec![0x82, 0xff];
    head.extend((1_u64 << 40).to_be_bytes());
    head.extend([0; 4]);
    stream.write_all(&head).await.ok()?;
    repeat(stream, vec![b' '; 16_384]).await
}

async fn bomb(mut stream: TcpStream) -> Option<()> {
    upgrade(&mut stream).await?;
    let mut compress = Compress::new(Compression::best(), false);
    let mut deflated = Vec::with_capacity(1 << 16);
    let plain = vec![b' '; 40 << 20];
    compress
        .compress_vec(&plain, &mut deflated, FlushCompress::Sync)
        .ok()?;
    drop(plain);
    repeat(stream, frame(0xc1, &deflated)).await
}

async fn flood(mut stream: TcpStream, first: u8, payload: &[u8]) -> Option<()> {
    upgrade(&mut stream).await?;
    repeat(stream, frame(first, payload).repeat(1_000)).await
}

/// A message that is no attack by itself.
fn message(text: &str) -> Vec<u8> {
    testkit::contract::sent(&serde_json::from_str(text).unwrap());
    frame(0x81, text.as_bytes())
}

async fn reset(mut stream: TcpStream) -> Option<()> {
    upgrade(&mut stream).await?;
    let mut ask = message(r#"{"type":"get_instruments"}"#);
    let alerts = r#"{"type":"subscribe","channels":[{"type":"risk_alerts"}]}"#;
    ask.extend(message(alerts));
    stream.write_all(&ask).await.ok()?;
    // Closed over what was not read: that is a reset.
    tokio::time::sleep(Duration::from_millis(5)).await;
    Some(())
}

async fn stop_reading(mut stream: TcpStream) -> Option<()> {
    upgrade(&mut stream).await?;
    let subscribe = r#"{"type":"subscribe","channels":[{"type":"orderbook","pair":"LUXURY001/XRP","depth":200,"updates":"full"},{"type":"trades","pair":"LUXURY001/XRP"},{"type":"price","symbol":"LUXURY001"},{"type":"risk_alerts"},{"type":"arbitrage"}]}"#;
    stream.write_all(&message(subscribe)).await.ok()?;
    let ask = message(r#"{"type":"get_instruments"}"#);
    loop {
        tokio::time::sleep(Duration::from_millis(100)).await;
        stream.write_all(&ask).await.ok()?;
    }
}

async fn churn(mut stream: TcpStream) -> Option<()> {
    upgrade(&mut stream).await?;
    let channel = r#""channels":[{"type":"orderbook","pair":"LUXURY001/XRP","depth":200}]}"#;
    let mut both = Vec::new();
    for verb in ["subscribe", "unsubscribe"] {
        both.extend(message(&format!(r#"{{"type":"{verb}",{channel}"#)));
    }
    repeat(stream, both).await
}

async fn orders(mut stream: TcpStream, token: String) -> Option<()> {
    upgrade(&mut stream).await?;
    let log_in = format!(r#"{{"type":"authenticate","token":"{token}"}}"#);
    stream.write_all(&message(&log_in)).await.ok()?;
    let order = r#"{"type":"place_order","orderType":"limit","orderData":{"pair":"LUXURY001/XRP","side":"buy","amount":"0.01","price":"900.00"}}"#;
    repeat(stream, message(order).repeat(20)).await
}

/// As many as may come of one connection: what each of them costs is what is measured. More of them, and a
/// debug build, which takes 2.4 ms for 64 KiB of escapes, does nothing else (docs/testing.md).
async fn texts(mut stream: TcpStream, text: String) -> Option<()> {
    upgrade(&mut stream).await?;
    let bytes = frame(0x81, text.as_bytes());
    let (mut read, mut write) = stream.split();
    let say = async {
        let mut tick = tokio::time::interval(Duration::from_millis(22));
        loop {
            tick.tick().await;
            if write.write_all(&bytes).await.is_err() {
                return;
            }
        }
    };
    let hear = async {
        let mut heard = vec![0; 4_096];
        while let Ok(1..) = read.read(&mut heard).await {}
    };
    tokio::select! {
        () = say => {}
        () = hear => {}
    }
    Some(())
}

fn deep() -> String {
    format!(
        r#"{{"type":"ping","a":{}{}}}"#,
        "[".repeat(10_000),
        "]".repeat(10_000)
    )
}

fn escapes() -> String {
    format!(
        r#"{{"type":"ping","requestId":"{}"}}"#,
        r"\u0041".repeat(10_900)
    )
}

fn keys() -> String {
    let keys: Vec<String> = (0..6_000).map(|key| format!(r#""{key:x}":0"#)).collect();
    format!(r#"{{"type":"ping",{}}}"#, keys.join(","))
}
