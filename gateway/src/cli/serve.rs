//! `gateway serve`: the exchange of a configuration file.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use crate::clock;
use crate::config::Config;
use crate::server::{self, Funding};

/// Runs the exchange until SIGINT or SIGTERM.
///
/// # Errors
/// The configuration's mistakes, what keeps it from starting, or what ended it.
pub(super) fn run(file: &Path, out: &mut impl Write) -> anyhow::Result<()> {
    let config = Config::load(file)?;
    let funding = Funding::default();
    server::run_until_signal(&config, Arc::new(clock::now), &funding, |server| {
        let scheme = if config.server.tls.is_some() {
            "wss"
        } else {
            "ws"
        };
        writeln!(out, "listening on {scheme}://{}", server.address()?)?;
        if let Some(admin) = server.admin_address() {
            writeln!(out, "the operator's port is http://{admin}")?;
        }
        out.flush()?;
        Ok(())
    })
    .map(drop)
}
