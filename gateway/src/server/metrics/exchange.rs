//! What is told of the exchange and of what surrounds it: stages, rings, the journal, margin, feeds.

use std::time::Duration;

use engine::runtime::VenueConfig;
use prometheus_client::registry::Unit;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;

use super::super::{HUB_QUEUE, Meters, Shared};
use super::{label, whole};
use crate::hub::Figures;
use crate::instrument::Asset;
use crate::telemetry::{Exposition, Stage, Value};

pub(super) fn of_stages(shared: &Shared, all: &mut Exposition) {
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

pub(super) fn of_journal(meters: &Meters, all: &mut Exposition) {
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

pub(super) fn of_margin(figures: &Figures, assets: &[Asset], all: &mut Exposition) {
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

pub(super) fn of_feeds(figures: &Figures, all: &mut Exposition) {
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

/// In whole units of the asset. What is read here is looked at, not settled: digits beyond what a
/// float holds are left out.
fn amount(units: u128, asset: &Asset) -> Value {
    let units = i128::try_from(units).unwrap_or(i128::MAX);
    let whole = Decimal::try_from_i128_with_scale(units, u32::from(asset.scale));
    Value::Real(whole.ok().and_then(|it| it.to_f64()).unwrap_or_default())
}
