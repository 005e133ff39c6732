//! What a message costs to each of many subscribers, beside two floors in the same run.
//!
//! Represents order book subscribers over loopback sockets, plain frames, ten changes a second of
//! one pair or of ten. Every server is a process of its own, on the first core; the clients are
//! one loop of this process, on the second. The floors send messages of the same size:
//!
//! - *tungstenite*: tokio-tungstenite, one task and one broadcast receiver a connection, the
//!   payload shared, each message sent by itself;
//! - *straight*: frames made beforehand, written to one socket after the other in one loop, each
//!   message by itself; *straight, joined*: all messages of a tick in one write, what nothing can
//!   be below. Both make the gateway's call, `send`, on sockets with the gateway's options.
//!
//! With an argument like `1000x10` only that load is measured, with `0x10` that at saturation. Of
//! large loads each server is measured in several rounds in turn, and the best counts.
//!
//! Processor time is what the whole server process took (for the gateway the exchange and the
//! orders that change the books, too), divided by the messages that arrived. Latency is from the
//! message's `timestamp`, whole milliseconds, to its receipt, so up to a millisecond too long,
//! for the floors as well.

// A bench may stop at what it did not expect.
#![allow(clippy::unwrap_used, missing_docs)]

mod clients;
mod floors;
mod gateway_server;
mod server;

use std::time::Duration;

use clients::Clients;
use server::{Kind, Server, Work};

/// What is measured of one server under one load.
struct Measured {
    /// Processor microseconds of the server a message.
    micros: f64,
    /// Messages that arrived a second.
    rate: f64,
    /// Bytes a message.
    bytes: f64,
    /// Microseconds from publication to receipt, sorted.
    latencies: Vec<u64>,
    /// Resident bytes an idle connection.
    resident: f64,
    /// Processor time of the server, and how many messages arrived meanwhile.
    cpu: Duration,
    messages: u64,
}

impl Measured {
    fn latency(&self, permille: usize) -> String {
        let Some(last) = self.latencies.len().checked_sub(1) else {
            return "-".to_owned();
        };
        let at = self.latencies[last * permille / 1_000];
        format!("{:.1}", at as f64 / 1_000.0)
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, role, rest @ ..] = &arguments[..]
        && role == server::ROLE
    {
        server::serve(rest);
        return;
    }
    let is_test = arguments.iter().any(|it| it == "--test");
    let open_files = server::raise_open_files();
    server::pin(1);
    let (counts, time): (&[usize], Duration) = if is_test {
        (&[20], Duration::from_millis(100))
    } else {
        (&[1, 100, 1_000, 5_000], Duration::from_secs(2))
    };
    println!(
        "{:>18} {:>6} {:>5} {:>9} {:>10} {:>6} {:>7} {:>7} {:>7} {:>9}",
        "server", "subs", "pairs", "µs/msg", "msg/s", "bytes", "p50", "p99", "p99.9", "B/idle"
    );
    let wanted = |subscribers: usize, pairs: usize| {
        let mut loads = arguments.iter().filter(|it| it.contains('x'));
        let load = format!("{subscribers}x{pairs}");
        let is_any = arguments.iter().skip(1).any(|it| it.contains('x'));
        !is_any || loads.any(|it| *it == load)
    };
    for &subscribers in counts {
        if u64::try_from(subscribers).unwrap() + 100 > open_files {
            println!("LEFT OUT: {subscribers} subscribers need more than {open_files} open files");
            continue;
        }
        for pairs in [1, 10].into_iter().filter(|it| wanted(subscribers, *it)) {
            compare(subscribers, pairs, if is_test { 10 } else { 1 }, time);
        }
    }
    if is_test {
        return;
    }
    println!("\nat saturation: as many ticks as the server can send");
    for pairs in [1, 10].into_iter().filter(|it| wanted(0, *it)) {
        compare(1_000, pairs, 40, time);
    }
}

/// Measures all servers under one load and prints a line each.
fn compare(subscribers: usize, pairs: usize, pace: u32, time: Duration) {
    let rounds = if subscribers < 1_000 { 1 } else { 3 };
    let mut bytes = 500;
    let mut best: [Option<Measured>; Kind::ALL.len()] = [const { None }; Kind::ALL.len()];
    // What each round says by itself.
    let mut ratios = Vec::new();
    let mut orders = Duration::MAX;
    for _ in 0..rounds {
        let mut micros = [f64::NAN; Kind::ALL.len()];
        for (index, (kind, best)) in Kind::ALL.into_iter().zip(&mut best).enumerate() {
            if kind == Kind::StraightJoined && pairs == 1 {
                continue;
            }
            let work = Work {
                kind,
                subscribers,
                pairs,
                pace,
                bytes,
            };
            let measured = measure(work, time);
            micros[index] = measured.micros;
            if kind == Kind::Gateway {
                bytes = measured.bytes as usize;
            }
            if best.as_ref().is_none_or(|it| measured.micros < it.micros) {
                *best = Some(measured);
            }
        }
        ratios.push(micros[Kind::Gateway as usize] / micros[Kind::Straight as usize]);
        // The least: what is not the orders' counts for the fan-out.
        orders = orders.min(unwatched(pairs, pace, time));
    }
    for (kind, measured) in Kind::ALL.into_iter().zip(&best) {
        let Some(measured) = measured else { continue };
        println!(
            "{:>18} {subscribers:>6} {pairs:>5} {:>9.2} {:>10.0} {:>6.0} {:>7} {:>7} {:>7} {:>9.0}",
            kind.name(),
            measured.micros,
            measured.rate,
            measured.bytes,
            measured.latency(500),
            measured.latency(990),
            measured.latency(999),
            measured.resident,
        );
    }
    let of = |kind: Kind| best[kind as usize].as_ref();
    if let (Some(gateway), Some(straight)) = (of(Kind::Gateway), of(Kind::Straight)) {
        let fan_out = gateway.cpu.saturating_sub(orders).as_secs_f64();
        let alone = fan_out * 1e6 / gateway.messages as f64;
        let rounds: Vec<String> = ratios.iter().map(|it| format!("{it:.2}")).collect();
        println!(
            "{:>18} {:.2} of the straight loop (each round: {}); without the orders \
             {alone:.2} µs/msg, {:.2} of it",
            "",
            gateway.micros / straight.micros,
            rounds.join(", "),
            alone / straight.micros,
        );
    }
}

fn measure(work: Work, time: Duration) -> Measured {
    let mut server = Server::start(&work);
    let before = server.resident_bytes();
    let mut clients = Clients::connect(server.address(), work.subscribers);
    // What the handshakes needed for moments is given back, or not.
    clients.read_for(time.min(Duration::from_millis(300)));
    let resident = server.resident_bytes().saturating_sub(before);
    if work.kind == Kind::Gateway {
        clients.subscribe(work.pairs);
    }
    server.begin();
    clients.read_for(time.min(Duration::from_millis(700)));
    let (cpu, messages, bytes) = (server.cpu(), clients.messages, clients.bytes);
    clients.latencies.clear();
    clients.is_timing = work.pace == 1;
    clients.read_for(time);
    clients.is_timing = false;
    let cpu = server.cpu() - cpu;
    let messages = clients.messages - messages;
    assert!(messages > 0, "{:?} sends nothing", work.kind.name());
    let mut latencies = std::mem::take(&mut clients.latencies);
    latencies.sort_unstable();
    Measured {
        micros: cpu.as_secs_f64() * 1e6 / messages as f64,
        rate: messages as f64 / time.as_secs_f64(),
        bytes: (clients.bytes - bytes) as f64 / messages as f64,
        latencies,
        resident: resident as f64 / work.subscribers as f64,
        cpu,
        messages,
    }
}

/// The processor time that the gateway takes for the orders alone, while nobody watches.
fn unwatched(pairs: usize, pace: u32, time: Duration) -> Duration {
    let mut server = Server::start(&Work {
        kind: Kind::Gateway,
        subscribers: 0,
        pairs,
        pace,
        bytes: 0,
    });
    server.begin();
    std::thread::sleep(time / 2);
    let before = server.cpu();
    std::thread::sleep(time);
    server.cpu() - before
}
