//! `GET /metrics`: what was counted and measured, for Prometheus.
//!
//! Threads count for themselves ([`crate::telemetry`]); a scrape reads what they have, and asks the
//! hub how all stands. So a scrape costs the hub a walk over users and positions, and an order
//! nothing. There is no name of a user, an order, a token or an address in it.

use std::time::Duration;

use engine::runtime::VenueConfig;
use http_body_util::Full;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Response, StatusCode};
use prometheus_client::registry::Unit;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;
use tokio::sync::oneshot;

use super::admin::{Ask, Reply, error, stopping};
use super::hub_task::ToHub;
use super::{HUB_QUEUE, MAX_SOCKETS, Meters, Shared};
use crate::clock;
use crate::hub::{Counts, Figures};
use crate::instrument::Asset;
use crate::session::CloseReason;
use crate::telemetry::{self, Count, Exposition, Labels, ShardMeter, Stage, Value};
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
    of_stages(shared, &mut all);
    of_journal(&shared.meters, &mut all);
    of_margin(&figures, shared.config.instruments.assets(), &mut all);
    of_feeds(&figures, &mut all);
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

fn of_stages(shared: &Shared, all: &mut Exposition) {
    let stages = &shared.meters.stages;
    let of = |stage| Value::Latencies(stages.of(stage).read());
    let mut samples = vec![
        (label("stage", "receive"), of(Stage::Receive)),
        (label("stage", "decide"), of(Stage::Decide)),
        (label("stage", "persist"), of(Stage::Persist)),
        (label("stage", "answer"), of(Stage::Answer)),
    ];
    for (index, shard) in shared.shards.iter().enumerate() {
        let written = Value::Latencies(shard.meter.write.read());
        let labels = vec![("stage", "write".to_owned()), ("shard", index.to_string())];
        samples.push((labels, written));
    }
    let help = "How long each part of the way of an order takes";
    all.add("stage_latency", Some(Unit::Seconds), help, samples);
    let help = "From an order's frame to its answer in the client's mailbox";
    let whole_way = of(Stage::RoundTrip);
    all.one("order_latency", Some(Unit::Seconds), help, whole_way);
    let depths = shared.meters.inbox.depths();
    let capacity = VenueConfig::default();
    let hub = HUB_QUEUE - shared.hub.capacity();
    let mut rings = vec![
        ("hub".to_owned(), hub, HUB_QUEUE),
        ("inbox".to_owned(), depths.inbox, capacity.inbox),
        ("journal".to_owned(), depths.journal, capacity.ring),
        ("reports".to_owned(), depths.reports, capacity.reports),
    ];
    for (index, (commands, events)) in depths.lanes.into_iter().enumerate() {
        rings.push((format!("commands-{index}"), commands, capacity.ring));
        rings.push((format!("events-{index}"), events, capacity.ring));
    }
    let each = |figure: fn(&(String, usize, usize)) -> usize| {
        let rings = rings.iter();
        let rings = rings.map(|it| (label("ring", &it.0), whole(figure(it))));
        rings.collect::<Vec<_>>()
    };
    all.add("ring_depth", None, "Entries that wait", each(|it| it.1));
    let help = "Entries that may wait";
    all.add("ring_capacity", None, help, each(|it| it.2));
}

fn of_journal(meters: &Meters, all: &mut Exposition) {
    let sync = Value::Latencies(meters.journal.sync.read());
    let help = "How long a batch took to be written and, where the journal syncs, durable";
    all.one("journal_sync", Some(Unit::Seconds), help, sync);
    let batch = Value::Sizes(meters.journal.batch.read());
    let commands = Some(Unit::Other("commands".to_owned()));
    all.one(
        "journal_batch",
        commands,
        "How many commands a batch had",
        batch,
    );
    let progress = meters.inbox.journal();
    let help = "Commands that were decided, of all lives of this journal";
    all.one(
        "commands_decided",
        None,
        help,
        Value::Count(progress.decided.0),
    );
    let help = "Commands that are durable, of all lives of this journal";
    all.one(
        "commands_persisted",
        None,
        help,
        Value::Count(progress.durable.0),
    );
}

fn of_margin(figures: &Figures, assets: &[Asset], all: &mut Exposition) {
    let counts = &figures.counts;
    let by_status = figures.pairs.iter();
    let by_status = by_status.map(|(status, count)| (label("status", status), whole(*count)));
    all.add("pairs", None, "Pairs by status", by_status.collect());
    all.one(
        "positions_open",
        None,
        "Positions",
        whole(figures.positions),
    );
    let calls = vec![
        (label("severity", "warning"), whole(figures.calls.0)),
        (label("severity", "critical"), whole(figures.calls.1)),
    ];
    all.add("margin_calls_open", None, "Margin calls in force", calls);
    let help = "Margin calls that began or changed their severity";
    all.one(
        "margin_calls_issued",
        None,
        help,
        Value::Count(counts.margin_calls),
    );
    let help = "Liquidations under way or waiting";
    all.one("liquidations_open", None, help, whole(figures.liquidating));
    let help = "Liquidations that began";
    all.one(
        "liquidations_begun",
        None,
        help,
        Value::Count(counts.liquidations),
    );
    let help = "Positions reduced against one that was liquidated";
    let deleveraged = Value::Count(counts.deleveragings);
    all.one("positions_deleveraged", None, help, deleveraged);
    let (mut insurance, mut lent) = (Vec::new(), Vec::new());
    for (asset, reserves) in assets.iter().zip(&figures.reserves) {
        let labels = || label("asset", &asset.symbol);
        let free = u128::from(reserves.insurance.units());
        insurance.push((labels(), amount(free, asset)));
        lent.push((labels(), amount(reserves.lent, asset)));
    }
    let help = "What the insurance fund has free, in whole units of the asset";
    all.add("insurance_fund_balance", None, help, insurance);
    let help = "What open positions owe the lending pool, in whole units of the asset";
    all.add("lending_pool_lent", None, help, lent);
}

fn of_feeds(figures: &Figures, all: &mut Exposition) {
    let known = figures.feeds.iter().filter_map(|(chain, symbol, age)| {
        let age = Duration::from_millis((*age)?).as_secs_f64();
        let labels = vec![
            ("chain", chain.word().to_owned()),
            ("symbol", symbol.to_string()),
        ];
        Some((labels, Value::Real(age)))
    });
    let help = "How old the last usable quote of a token on a ledger is";
    all.add("feed_age", Some(Unit::Seconds), help, known.collect());
    let usable = figures.feeds.iter().map(|(chain, symbol, age)| {
        let labels = vec![
            ("chain", chain.word().to_owned()),
            ("symbol", symbol.to_string()),
        ];
        (labels, Value::Whole(u64::from(age.is_some())))
    });
    let help = "1 while a token's quote on a ledger can be used";
    all.add("feed_usable", None, help, usable.collect());
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

/// In whole units of the asset. What is read here is looked at, not settled: digits beyond what a
/// float holds are left out.
fn amount(units: u128, asset: &Asset) -> Value {
    let units = i128::try_from(units).unwrap_or(i128::MAX);
    let whole = Decimal::try_from_i128_with_scale(units, u32::from(asset.scale));
    Value::Real(whole.ok().and_then(|it| it.to_f64()).unwrap_or_default())
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
