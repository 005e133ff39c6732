//! `gateway demo`: everything in one command, nothing needed.

use std::io::{IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Context;
use engine::domain::AccountId;
use engine::request::{Correlation, Request};
use engine::runtime::{Inbox, SubmitError};

use crate::auth;
use crate::clock;
use crate::config::{Config, DemoOptions};
use crate::demo::{Style, TICK_MS, Traders, Welcome};
use crate::server::{self, Clock, Funding, Server, SimulatedNodes};

/// What the simulated traders begin from: the same every time.
const SEED: u64 = 1;
/// How long a demo token is good, in seconds.
const TOKEN_SECONDS: u64 = 7 * 24 * 60 * 60;
/// The demo runs for days at dozens of orders a second: it remembers this many ends a pair.
pub(super) const MAX_FINISHED: u32 = 1 << 17;

/// Runs the demo until SIGINT or SIGTERM.
///
/// # Errors
/// What keeps it from starting, or what ended it.
pub(super) fn run(
    options: &DemoOptions,
    quiet_market: bool,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let nodes = SimulatedNodes::bind()?;
    let mut config = Config::demo(&DemoOptions {
        nodes: Some(nodes.addresses()?),
        ..options.clone()
    });
    config.exchange.max_finished_per_pair = MAX_FINISHED;
    let funds = Traders::funds(&config.instruments);
    let names = if quiet_market {
        Vec::new()
    } else {
        Traders::names()
    };
    let funding = Funding {
        accounts: names
            .into_iter()
            .map(|name| (name, funds.clone()))
            .collect(),
    };
    let stop = Arc::new(AtomicBool::new(false));
    let mut traders = None;
    let style = if std::io::stdout().is_terminal() {
        Style::Colour
    } else {
        Style::Plain
    };
    let time: Clock = Arc::new(clock::now);
    let ended = server::run_until_signal(&config, time.clone(), &funding, |server| {
        nodes.start(&time)?;
        say_welcome(&config, server, !quiet_market, style, out)?;
        if !quiet_market {
            traders = Some(trade(&config, server, stop.clone())?);
        }
        Ok(())
    });
    stop.store(true, Ordering::Release);
    if let Some(traders) = traders
        && traders.join().is_err()
    {
        tracing::error!("the simulated traders panicked");
    }
    ended.map(drop)
}

fn say_welcome(
    config: &Config,
    server: &Server,
    has_traders: bool,
    style: Style,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let key = config.auth.keys.first().context("the demo has no key")?;
    let mut tokens = Vec::new();
    for account in &config.accounts {
        let (rules, now) = (&config.auth.rules, clock::now());
        let token = auth::mint(key, rules, &account.user, None, now, TOKEN_SECONDS)?;
        tokens.push((account.user.as_str().to_owned(), token));
    }
    let admin_token = config.server.admin_token.as_ref().map(|it| it.expose());
    let welcome = Welcome {
        address: server.address()?,
        operator: server.admin_address().zip(admin_token.as_deref()),
        instruments: &config.instruments,
        tokens: &tokens,
        has_traders,
    };
    welcome.write(out, style)?;
    Ok(())
}

/// Starts the simulated traders on a thread of their own.
fn trade(
    config: &Config,
    server: &Server,
    stop: Arc<AtomicBool>,
) -> anyhow::Result<std::thread::JoinHandle<()>> {
    let accounts: Vec<AccountId> = Traders::names()
        .iter()
        .filter_map(|name| server.account(name))
        .collect();
    let run = clock::now().0;
    let mut traders = Traders::new(SEED, run, &accounts, &config.instruments);
    let inbox = server.inbox();
    let body = move || {
        let mut asked = Vec::new();
        while !stop.load(Ordering::Acquire) {
            asked.clear();
            traders.step(&mut asked);
            if !submit(&inbox, &asked) {
                return;
            }
            std::thread::sleep(Duration::from_millis(TICK_MS));
        }
    };
    let thread = std::thread::Builder::new().name("traders".to_owned());
    thread.spawn(body).context("cannot start the traders")
}

/// Sends requests in; `false` when the exchange ended.
fn submit(inbox: &Inbox, asked: &[engine::request::RequestKind]) -> bool {
    let correlation = Correlation(0);
    let requests = asked.iter().map(|&kind| Request { correlation, kind });
    // A full inbox is for customers; traders come back with the next step.
    inbox.submit_all(&requests.collect::<Vec<_>>()) != Err(SubmitError::Closed)
}
