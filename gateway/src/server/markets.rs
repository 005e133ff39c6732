//! What a configuration and a journal have to agree on, in a file beside the journal.

use std::fmt::Write as _;
use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::Path;

use anyhow::{Context, bail};
use engine::domain::AssetId;

use crate::config::Config;

/// What a journal's numbers mean: assets and pairs in the order of their numbers, each with all
/// that a replay computes with.
const MARKETS: &str = "markets";

/// Refuses a configuration under which the journal would mean something else. Assets and pairs
/// may be added at the end, and are remembered; a circuit breaker, and margin trading, come with
/// their pair or not at all, for what they let through, and what they told, is not in the journal.
pub(super) fn check_markets(folder: &Path, config: &Config) -> anyhow::Result<()> {
    let file = folder.join(MARKETS);
    let now = markets(config)?;
    let before = match fs::read_to_string(&file) {
        Ok(before) => before,
        Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
        Err(error) => return Err(error).with_context(|| file.display().to_string()),
    };
    if let Some(line) = before
        .lines()
        .find(|line| !now.lines().any(|it| it == *line))
    {
        bail!(
            "{}: the journal was written with \"{line}\", which the configuration does not have: \
             start with the configuration that it was written under, or another data_dir",
            file.display()
        );
    }
    let pair_before = |line: &&str| {
        let breaker = line.strip_prefix("breaker ");
        let breaker = breaker.and_then(|it| it.split(" band ").next());
        let margin = line.strip_prefix("margin ");
        let margin = margin.and_then(|it| it.split(" initial ").next());
        let name = breaker.or(margin);
        name.is_some_and(|name| before.contains(&format!("pair {name} ")))
    };
    let mut new = now
        .lines()
        .filter(|line| !before.lines().any(|it| it == *line));
    if let Some(line) = new.find(pair_before) {
        bail!(
            "{}: the journal was written without \"{line}\", which the configuration has: {} cannot be \
             given to a pair that has traded without it; start without, or with another data_dir",
            file.display(),
            if line.starts_with("margin") {
                "margin trading"
            } else {
                "a circuit breaker"
            }
        );
    }
    if before != now {
        let unfinished = folder.join("unfinished-markets");
        let written = fs::File::create(&unfinished).and_then(|mut it| {
            it.write_all(now.as_bytes())?;
            it.sync_all()?;
            fs::rename(&unfinished, &file)?;
            fs::File::open(folder)?.sync_all()
        });
        written.with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(())
}

/// A line for each asset, pair, circuit breaker and pair on margin, with what a replay computes
/// with.
fn markets(config: &Config) -> Result<String, std::fmt::Error> {
    let instruments = &config.instruments;
    let mut now = String::new();
    for asset in instruments.assets() {
        writeln!(
            now,
            "asset {} {} scale {}",
            asset.id.0, asset.symbol, asset.scale
        )?;
    }
    for it in instruments.all() {
        let (maker, taker) = (it.pair.maker_fee().get(), it.pair.taker_fee().get());
        let lot = engine::domain::Quantity::new(1).and_then(|lot| it.pair.base_amount(lot));
        let lot = lot.unwrap_or_default().units();
        let tick = it.quote_units_per_tick_lot;
        writeln!(
            now,
            "pair {} {} lot {lot} tick {tick} fees {maker} {taker}",
            it.id().0,
            it.symbol
        )?;
    }
    for it in instruments.all() {
        let Some(breaker) = it.pair.breaker() else {
            continue;
        };
        let (band, halt) = (breaker.band, breaker.halt_ms);
        let from = it.pair.reference_price().ticks();
        writeln!(
            now,
            "breaker {} {} band {band} halt {halt} from {from}",
            it.id().0,
            it.symbol
        )?;
    }
    for it in instruments.all() {
        let Some(terms) = it.pair.margin() else {
            continue;
        };
        let rate = |asset: AssetId| {
            let lending = config.exchange.lending.get(usize::from(asset.0));
            lending.map_or(0, |lending| lending.hourly_rate)
        };
        let (base, quote) = (rate(it.base.id), rate(it.quote.id));
        let (initial, maintenance) = (terms.initial.get(), terms.maintenance.get());
        let (grace, fee) = (terms.grace_ms, terms.liquidation_fee.get());
        let index = terms.index_band.unwrap_or(0);
        writeln!(
            now,
            "margin {} {} initial {initial} maintenance {maintenance} grace {grace} fee {fee} \
             index {index} rates {base} {quote}",
            it.id().0,
            it.symbol
        )?;
    }
    Ok(now)
}
