//! An order's way there and back through a loopback socket, beside a bare echo.
//!
//! Represents one client that sends a limit order and waits for its answer, over and over. The
//! order finds nothing to trade with and, being immediate-or-cancel, leaves nothing behind. The floor is tokio-tungstenite echoing
//! the same message from a thread of its own, in the same run. The floor crosses threads twice,
//! an order four times: in and out of the exchange's core thread as well.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use engine::domain::UserName;
use futures_util::{SinkExt, StreamExt};
use gateway::config::{Config, DemoOptions};
use gateway::server::{Funding, Server};
use gateway::{auth, clock};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

const ORDER: &str = r#"{"type":"place_order","orderType":"limit","orderData":{"pair":"LUXURY001/XRP","side":"buy","amount":"0.01","price":"500.00","timeInForce":"IOC"}}"#;

fn runtime() -> Runtime {
    Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
}

fn config() -> Config {
    let mut config = Config::demo(&DemoOptions {
        admin_port: Some(0),
        port: Some(0),
        ..DemoOptions::default()
    });
    config.storage.data_dir = None;
    config.exchange.max_finished_per_pair = 1_000;
    let limits = &mut config.limits;
    limits.messages_per_second = 10_000_000;
    limits.messages_per_second_per_address = 10_000_000;
    limits.bytes_per_second = 1 << 30;
    limits.bytes_per_second_per_address = 1 << 30;
    limits.order_commands_per_minute = 10_000_000;
    config
}

/// Starts `serve` on a thread of its own, which lives as long as the process.
fn on_a_thread<F>(
    serve: impl FnOnce(std::sync::mpsc::Sender<SocketAddr>) -> F + Send + 'static,
) -> SocketAddr
where
    F: Future<Output = ()>,
{
    let (ready, address) = std::sync::mpsc::channel();
    std::thread::spawn(move || runtime().block_on(serve(ready)));
    address.recv().expect("an address")
}

async fn gateway(ready: std::sync::mpsc::Sender<SocketAddr>) {
    let config = config();
    let server = Server::bind(&config, Arc::new(clock::now), &Funding::default());
    let server = server.expect("a server");
    ready
        .send(server.address().expect("an address"))
        .expect("a listener");
    server
        .run(std::future::pending())
        .await
        .expect("no failure");
}

async fn echo(ready: std::sync::mpsc::Sender<SocketAddr>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    ready
        .send(listener.local_addr().expect("an address"))
        .expect("a listener");
    loop {
        let (stream, _) = listener.accept().await.expect("a client");
        stream.set_nodelay(true).expect("an option");
        let mut socket = tokio_tungstenite::accept_async(stream)
            .await
            .expect("a handshake");
        while let Some(Ok(message)) = socket.next().await {
            if message.is_text() && socket.send(message).await.is_err() {
                break;
            }
        }
    }
}

async fn connect(address: SocketAddr) -> WebSocketStream<TcpStream> {
    let stream = TcpStream::connect(address).await.expect("a connection");
    stream.set_nodelay(true).expect("an option");
    let url = format!("ws://{address}/");
    tokio_tungstenite::client_async(url, stream)
        .await
        .expect("a handshake")
        .0
}

async fn ask(socket: &mut WebSocketStream<TcpStream>, text: &'static str) -> Message {
    socket.send(Message::text(text)).await.expect("sent");
    loop {
        let message = socket.next().await.expect("open").expect("an answer");
        if message.is_text() {
            return message;
        }
    }
}

/// Times of single round trips, sorted.
async fn sample(socket: &mut WebSocketStream<TcpStream>, count: usize) -> Vec<Duration> {
    let mut times = Vec::with_capacity(count);
    for _ in 0..count {
        let start = Instant::now();
        ask(socket, ORDER).await;
        times.push(start.elapsed());
    }
    times.sort_unstable();
    times
}

fn round_trip(criterion: &mut Criterion) {
    let runtime = runtime();
    let mut floor = runtime.block_on(connect(on_a_thread(echo)));
    let mut trader = runtime.block_on(async {
        let mut socket = connect(on_a_thread(gateway)).await;
        let (config, user) = (config(), UserName::new("alice").expect("a name"));
        let (key, rules) = (&config.auth.keys[0], &config.auth.rules);
        let token = auth::mint(key, rules, &user, None, clock::now(), 3_600).expect("a token");
        let login = format!(r#"{{"type":"authenticate","token":"{token}"}}"#);
        socket.send(Message::text(&login)).await.expect("sent");
        let answer = socket.next().await.expect("open").expect("an answer");
        let placed = ask(&mut socket, ORDER).await.into_text().expect("text");
        assert!(placed.contains("order_placed"), "{placed}");
        // Those that are timed are the same.
        let recording = format!(
            "{{\"sent\":{login}}}\n{{\"received\":{answer}}}\n{{\"sent\":{ORDER}}}\n{{\"received\":{placed}}}"
        );
        testkit::contract::check_recording(&recording).expect("frames of the document");
        socket
    });

    // Taken in turns, so that what else the machine does falls on both.
    let mut all = [Vec::new(), Vec::new()];
    for _ in 0..20 {
        all[0].extend(runtime.block_on(sample(&mut floor, 250)));
        all[1].extend(runtime.block_on(sample(&mut trader, 250)));
    }
    all.iter_mut().for_each(|times| times.sort_unstable());
    for (name, times) in ["echo", "order"].iter().zip(&all) {
        let at = |permille: usize| times[times.len() * permille / 1_000];
        println!(
            "{name:>6}: p50 {:?}  p99 {:?}  p99.9 {:?}",
            at(500),
            at(990),
            at(999)
        );
    }

    let mut group = criterion.benchmark_group("round_trip");
    group.sample_size(20);
    group.bench_function("echo", |bencher| {
        bencher.iter(|| runtime.block_on(ask(&mut floor, ORDER)));
    });
    group.bench_function("order", |bencher| {
        bencher.iter(|| runtime.block_on(ask(&mut trader, ORDER)));
    });
    group.finish();
}

criterion_group!(benches, round_trip);
criterion_main!(benches);
