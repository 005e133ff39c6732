//! `gateway check-config FILE`

use std::io::Write;
use std::path::Path;

use anyhow::bail;

use crate::config::Config;

/// Prints what the file configures, or fails with all its mistakes.
pub(super) fn run(file: &Path, out: &mut impl Write) -> anyhow::Result<()> {
    let config = match Config::load(file) {
        Ok(config) => config,
        Err(errors) => bail!("{} mistakes\n{errors}", errors.0.len()),
    };
    writeln!(out, "{}: ok", file.display())?;
    writeln!(
        out,
        "  listens on {}, admin on {}",
        config.server.listen, config.server.admin_listen
    )?;
    let symbols = |symbols: Vec<&str>| symbols.join(", ");
    let assets = config.instruments.assets().iter().map(|a| &*a.symbol);
    let pairs = config.instruments.all().iter().map(|i| &*i.symbol);
    writeln!(out, "  assets: {}", symbols(assets.collect()))?;
    writeln!(out, "  pairs: {}", symbols(pairs.collect()))?;
    writeln!(
        out,
        "  {} keys, {} opening accounts, durability {}",
        config.auth.keys.len(),
        config.accounts.len(),
        config.storage.durability.word()
    )?;
    Ok(())
}
