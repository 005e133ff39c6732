//! `GET /metrics`: what was counted and measured, for Prometheus.
//!
//! Threads count for themselves ([`crate::telemetry`]); a scrape reads what they have, and asks the
//! hub how all stands. So a scrape costs the hub a walk over users and positions, and an order
//! nothing. There is no name of a user, an order, a token or an address in it.

mod exchange;

use std::time::Duration;

use http_body_util::Full;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Response, StatusCode};
use prometheus_client::registry::Unit;
use tokio::sync::oneshot;

use super::admin::{Ask, Reply, error, stopping};
use super::hub_task::ToHub;
use super::{MAX_SOCKETS, Shared};
use crate::clock;
use crate::hub::{Counts, Figures};
use crate::session::CloseReason;
use crate::telemetry::{self, Count, Exposition, Labels, ShardMeter, Value};
use crate::wire::Reason;

/// How long a scrape waits for the hub: less than Prometheus waits for us.
const PATIENCE: Duration = Duration::from_secs(5);

/// Tells it all.
pub(super) async fn tell(shared: &Shared) -> Reply {
    let (sender, told) = oneshot::channel();
    let ask = async {
        let asked = ToHub::Admin(Ask::Figures(sender));
        shared.hub.send(asked).await.ok()?;
        told.await.ok()
    };
    let figures = match tokio::time::timeout(PATIENCE, ask).await {
        Ok(Some(figures)) => figures,
        Ok(None) => return stopping(),
        Err(_) => {
            let words = "the exchange is too busy to tell";
            return error(StatusCode::SERVICE_UNAVAILABLE, words);
        }
    };
    let mut all = Exposition::default();
    of_process(shared, &mut all);
    of_clients(&figures, &mut all);
    of_messages(shared, &mut all);
    of_requests(&figures.counts, &mut all);
    exchange::of_stages(shared, &mut all);
    exchange::of_journal(&shared.meters, &mut all);
    exchange::of_margin(&figures, shared.config.instruments.assets(), &mut all);
    exchange::of_feeds(&figures, &mut all);
    let mut reply = Response::new(Full::new(all.encode().into()));
    let kind = HeaderValue::from_static(telemetry::CONTENT_TYPE);
    reply.headers_mut().insert(CONTENT_TYPE, kind);
    reply
}

fn of_process(shared: &Shared, all: &mut Exposition) {
    let version = vec![("version", env!("CARGO_PKG_VERSION").to_owned())];
    let info = vec![(version, Value::Info)];
    all.add("build", None, "The program", info);
    let up = clock::nanos().saturating_sub(shared.meters.began_at);
    let up = Value::Real(Duration::from_nanos(up).as_secs_f64());
    let help = "How long it has served";
    all.one("uptime", Some(Unit::Seconds), help, up);
    if let Some(bytes) = resident_bytes() {
        let help = "Memory of the process that is resident";
        let bytes = Value::Whole(bytes);
        all.one("process_resident", Some(Unit::Bytes), help, bytes);
    }
    let used = whole(MAX_SOCKETS - shared.sockets.available_permits());
    all.one("sockets_open", None, "Sockets, upgraded or not", used);
    let low = Value::Whole(u64::from(shared.health.is_low()));
    let help = "1 while the disk is so full that only cancels are taken";
    all.one("disk_low", None, help, low);
}

fn of_clients(figures: &Figures, all: &mut Exposition) {
    let counts = &figures.counts;
    let connections = whole(figures.connections);
    all.one(
        "connections_open",
        None,
        "WebSocket connections",
        connections,
    );
    let help = "WebSocket connections that came";
    all.one(
        "connections_opened",
        None,
        help,
        Value::Count(counts.opened),
    );
    let help = "WebSocket connections that left";
    all.one(
        "connections_closed",
        None,
        help,
        Value::Count(counts.closed),
    );
    let ended = CloseReason::ALL.iter().zip(counts.ended);
    let ended = ended.map(|(reason, count)| (label("reason", reason.word()), Value::Count(count)));
    let help = "Connections that the exchange ended; too_slow are slow consumers";
    all.add("connections_ended", None, help, ended.collect());
    let refused = vec![
        (label("reason", "connections"), counts.refused_connections),
        (label("reason", "handshakes"), counts.refused_handshakes),
    ];
    let help = "Handshakes refused with 429 for what their address had";
    all.add("handshakes_refused", None, help, counted(refused));
    all.one(
        "users_connected",
        None,
        "Users with a connection",
        whole(figures.users),
    );
    let held = figures.subscriptions.iter();
    let held = held.map(|(channel, count)| (label("channel", channel), whole(*count)));
    all.add("subscriptions_open", None, "Subscriptions", held.collect());
}

fn of_messages(shared: &Shared, all: &mut Exposition) {
    let sum = |count: fn(&ShardMeter) -> &Count| {
        let shards = shared.shards.iter();
        shards.map(|shard| count(&shard.meter).get()).sum::<u64>()
    };
    let received = Value::Count(sum(|it| &it.messages_received));
    all.one("messages_received", None, "Messages of clients", received);
    let sent = Value::Count(sum(|it| &it.messages_sent));
    all.one("messages_sent", None, "Messages to clients", sent);
    let forms = |message, wire| {
        let message = (label("form", "message"), sum(message));
        counted(vec![message, (label("form", "wire"), sum(wire))])
    };
    let came = forms(
        |it| &it.message_bytes_received,
        |it| &it.wire_bytes_received,
    );
    let help = "Bytes of clients: of messages inflated, and as they came, frames' heads included";
    all.add("messages_received", Some(Unit::Bytes), help, came);
    let left = forms(|it| &it.message_bytes_sent, |it| &it.wire_bytes_sent);
    let help = "Bytes of messages to clients: before deflating, and as they were sent";
    all.add("messages_sent", Some(Unit::Bytes), help, left);
}

fn of_requests(counts: &Counts, all: &mut Exposition) {
    let help = "Messages not sent because one of their channel still waited";
    all.one(
        "messages_conflated",
        None,
        help,
        Value::Count(counts.conflated),
    );
    let help = "Orders accepted, whoever placed them";
    all.one("orders_accepted", None, help, Value::Count(counts.orders));
    all.one(
        "trades_printed",
        None,
        "Trades",
        Value::Count(counts.trades),
    );
    let refused = Reason::ALL.iter().zip(&counts.refusals);
    let refused = refused.map(|(reason, count)| {
        let code = ("code", reason.code().word().to_owned());
        let labels = vec![code, ("reason", reason.word().to_owned())];
        (labels, Value::Count(*count))
    });
    let help = "Errors said to clients";
    all.add("requests_refused", None, help, refused.collect());
}

fn label(name: &'static str, value: &str) -> Labels {
    vec![(name, value.to_owned())]
}

fn whole(count: usize) -> Value {
    Value::Whole(u64::try_from(count).unwrap_or(u64::MAX))
}

fn counted(samples: Vec<(Labels, u64)>) -> Vec<(Labels, Value)> {
    let samples = samples.into_iter();
    samples
        .map(|(labels, count)| (labels, Value::Count(count)))
        .collect()
}

/// As the system says, where it does.
fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1_024)
}
