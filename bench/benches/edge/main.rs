//! What deflating costs a subscriber, and what an idle connection costs in memory.
//!
//! Represents 1,000 order book subscribers over loopback sockets, ten messages a second of about
//! 500 bytes of JSON, on one core; the clients are one loop of this process on the other. In the
//! same run, with the same bytes: the gateway without deflate, node's `ws` with
//! `perMessageDeflate`, which deflates for each connection, and nginx with nchan, which deflates
//! once. The last two are measured where they are installed.
//!
//! Processor time is what all threads of the server's processes ran, divided by the messages that
//! arrived; the median of several rounds in turn. For the gateway it includes the exchange and the
//! orders that change the book, for nginx the HTTP requests that publish.
//!
//! With `idle` only memory is measured, of 2,000 connections of each kind or as many as said:
//! `idle 19000` holds them from several processes, as one may not have so many open files.

// A bench may stop at what it did not expect.
#![allow(clippy::unwrap_used, missing_docs)]

mod clients;
#[path = "../fanout/gateway_server.rs"]
mod gateway_server;
mod idle;
mod peers;
mod server;

use std::time::Duration;

use clients::Clients;
use peers::{Kind, Peer};

const SUBSCRIBERS: usize = 1_000;
const ROUNDS: usize = 5;
/// Sent until the gateway has said what its messages look like.
const TIME: Duration = Duration::from_secs(4);

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    match &arguments[1..] {
        [role, rest @ ..] if role == server::ROLE => return server::serve(rest),
        [role, rest @ ..] if role == idle::ROLE => return idle::hold(rest),
        _ => {}
    }
    server::raise_open_files();
    server::pin(1);
    let is_test = arguments.iter().any(|it| it == "--test");
    let is_idle = arguments.iter().any(|it| it == "idle");
    if is_test {
        fan_out(20, 1, Duration::from_millis(200));
        idle::measure(40);
        return;
    }
    if !is_idle {
        fan_out(SUBSCRIBERS, ROUNDS, TIME);
    }
    let count = arguments.last().and_then(|it| it.parse().ok());
    idle::measure(count.unwrap_or(2_000));
}

struct Measured {
    micros: f64,
    bytes: f64,
    resident: f64,
}

fn fan_out(subscribers: usize, rounds: usize, time: Duration) {
    let mut kinds = vec![Kind::Plain, Kind::Deflated];
    for kind in [Kind::Node, Kind::Nchan] {
        match kind.is_installed() {
            true => kinds.push(kind),
            false => println!(
                "******** LEFT OUT: {} is not installed ********",
                kind.name()
            ),
        }
    }
    let mut measured: Vec<Vec<Measured>> = kinds.iter().map(|_| Vec::new()).collect();
    // The peers say what the gateway says.
    let mut message = String::new();
    for _ in 0..rounds {
        for (kind, measured) in kinds.iter().zip(&mut measured) {
            measured.push(measure(*kind, subscribers, time, &mut message));
        }
    }
    println!(
        "{:>22} {:>9} {:>7} {:>9}",
        "server", "µs/msg", "bytes", "B/conn"
    );
    let mut medians = Vec::new();
    for (kind, measured) in kinds.iter().zip(&mut measured) {
        measured.sort_by(|a, b| a.micros.total_cmp(&b.micros));
        let Measured {
            micros,
            bytes,
            resident,
        } = measured[measured.len() / 2];
        println!(
            "{:>22} {micros:>9.2} {bytes:>7.0} {resident:>9.0}",
            kind.name()
        );
        medians.push(micros);
    }
    for (kind, micros) in kinds.iter().zip(&medians) {
        if *kind != Kind::Deflated {
            println!(
                "{:>22} {:.2} of {}",
                "deflated is",
                medians[1] / micros,
                kind.name()
            );
        }
    }
}

fn measure(kind: Kind, subscribers: usize, time: Duration, message: &mut String) -> Measured {
    let mut peer = Peer::start(kind, message);
    let before = peer.resident_bytes();
    let mut clients = Clients::connect(peer.address(), kind, subscribers);
    peer.begin();
    clients.read_for(time / 4, || peer.tick());
    let (cpu, messages, bytes) = (peer.cpu(), clients.messages, clients.bytes);
    clients.read_for(time, || peer.tick());
    let cpu = peer.cpu() - cpu;
    let (messages, bytes) = (clients.messages - messages, clients.bytes - bytes);
    let due = time.as_millis() as f64 / 100.0 * subscribers as f64;
    assert!(messages > 0, "{} sends nothing", kind.name());
    if (messages as f64) < due * 0.9 {
        println!(
            "{:>22} sent {:.0} % of what was due",
            kind.name(),
            messages as f64 * 100.0 / due
        );
    }
    if let Some(text) = clients.last_text.take() {
        *message = text;
    }
    Measured {
        micros: cpu.as_secs_f64() * 1e6 / messages as f64,
        bytes: bytes as f64 / messages as f64,
        resident: peer.resident_bytes().saturating_sub(before) as f64 / subscribers as f64,
    }
}
