//! What an exchange is configured with: typed, checked as a whole, its mistakes told all at once.
//!
//! [`Config::load`] reads a TOML file, [`Config::demo`] the demo's built-in one; both go the same
//! way. A mistake names the file, the path of the key, what was found and what was expected.
//! Unknown keys are mistakes. Nothing that is built here can be refused later.
//!
//! Secrets print as `hidden`.

mod arbitrage;
mod auth;
mod margin;
mod market;
mod node;
mod price;
mod section;
mod service;

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use engine::clearing::ExchangeConfig;
use engine::domain::{Amount, AssetId, PairId, Reserve, UserName};
use ipnet::IpNet;

use crate::alerts::VolatilityRules;
use crate::arbitrage::detector::{Chain, DetectorRules};
use crate::arbitrage::flare::FlareRules;
use crate::arbitrage::xrpl::Market;
use crate::auth::{Key, TokenRules, Verifier};
use crate::instrument::{Asset, Instruments};
use crate::private_data::Kept;
use crate::tls::TlsFiles;

pub use node::{NodeKind, NodeUrl};
use section::{Mistakes, Section};

/// Everything that can be configured.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where clients connect.
    pub server: ServerConfig,
    /// Whose tokens are good.
    pub auth: AuthConfig,
    /// Where the journal is and what it promises.
    pub storage: StorageConfig,
    /// Threads and waiting.
    pub runtime: RuntimeConfig,
    /// What a client may do, and how much of it is remembered.
    pub limits: Limits,
    /// What the engine is made of.
    pub exchange: ExchangeConfig,
    /// Assets and pairs as the outside sees them.
    pub instruments: Arc<Instruments>,
    /// What portfolios are valued in.
    pub valuation: AssetId,
    /// What development users start with, users in the order of the file.
    pub accounts: Vec<OpeningAccount>,
    /// What the platform's funds start with, in the order of the assets.
    pub reserves: Vec<OpeningReserve>,
    /// Where the index of each pair that has one comes from.
    pub indices: Vec<IndexSource>,
    /// What is worth an alert.
    pub alerts: AlertsConfig,
    /// The other ledgers that are looked at, if any are.
    pub arbitrage: Option<ArbitrageConfig>,
    /// Whether the terminal may sign in as any of `accounts`. The demo's alone: no file can ask
    /// for it.
    pub demo_sign_in: bool,
}

/// What a fund of the platform starts with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpeningReserve {
    /// Which fund.
    pub reserve: Reserve,
    /// Of what.
    pub asset: AssetId,
    /// How much, more than nothing.
    pub amount: Amount,
}

/// Where the index of a pair comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IndexSource {
    /// Whose index it is.
    pub pair: PairId,
    /// On which ledger the token is looked at.
    pub chain: Chain,
    /// The token's number there.
    pub token: usize,
}

/// What is worth an alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertsConfig {
    /// When a pair counts as volatile, by pair.
    pub volatility: Vec<VolatilityRules>,
}

/// The other ledgers that are looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArbitrageConfig {
    /// The tokens, by number, and what quotes are compared by.
    pub detector: DetectorRules,
    /// Nodes of the XRP Ledger.
    pub xrpl: NodesConfig,
    /// What stands for each token there.
    pub markets: Vec<Market>,
    /// Nodes of Flare.
    pub flare: NodesConfig,
    /// Milliseconds between two polls of Flare.
    pub poll_interval_ms: u64,
    /// What stands for each token there, and where prices come from.
    pub flare_rules: FlareRules,
}

/// Nodes of one ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodesConfig {
    /// At least one; the first is asked first.
    pub nodes: Vec<NodeUrl>,
    /// How long one may take to answer, in milliseconds.
    pub request_timeout_ms: u64,
}

/// The operator's secret. Prints as `hidden`.
#[derive(Clone, PartialEq, Eq)]
pub struct AdminToken(Arc<str>);

impl AdminToken {
    /// The shortest there may be, in bytes.
    pub const MIN_BYTES: usize = 32;

    /// Takes `text` of at least [`Self::MIN_BYTES`] visible ASCII characters.
    pub fn new(text: &str) -> Option<AdminToken> {
        let fits = text.len() >= Self::MIN_BYTES && text.bytes().all(|it| it.is_ascii_graphic());
        fits.then(|| AdminToken(text.into()))
    }

    /// The secret itself.
    pub fn expose(&self) -> Arc<str> {
        self.0.clone()
    }
}

impl fmt::Debug for AdminToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("hidden")
    }
}

/// Where clients connect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerConfig {
    /// HTTP and WebSocket.
    pub listen: SocketAddr,
    /// Where the operator connects: this machine only, unless there is `admin_tls`.
    pub admin_listen: SocketAddr,
    /// What the operator shows; without it nobody is let in there.
    pub admin_token: Option<AdminToken>,
    /// The certificate of `admin_listen`; without it that is plain.
    pub admin_tls: Option<TlsFiles>,
    /// The certificate of `listen`; without it that is plain.
    pub tls: Option<TlsFiles>,
    /// Whether messages are deflated for clients that offer it.
    pub compression: bool,
    /// The `Origin` headers that may connect; empty for any.
    pub allowed_origins: Vec<String>,
    /// The networks of proxies whose word on their clients' addresses counts.
    pub trusted_proxies: Vec<IpNet>,
    /// Whether those begin each connection with the PROXY protocol's header, version 2.
    pub proxy_protocol: bool,
}

/// Whose tokens are good.
#[derive(Clone, Debug)]
pub struct AuthConfig {
    /// The keys, at least one unless some are published.
    pub keys: Vec<Key>,
    /// Where more of them are published, and how often that is read, in seconds.
    pub published: Option<(JwksSource, u32)>,
    /// What is asked beside a signature.
    pub rules: TokenRules,
}

/// Where a set of keys is published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JwksSource {
    /// A file.
    File(PathBuf),
    /// An address.
    Url(NodeUrl),
}

impl fmt::Display for JwksSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            JwksSource::File(path) => path.display().fmt(f),
            JwksSource::Url(url) => url.fmt(f),
        }
    }
}

impl AuthConfig {
    /// The verifier of these keys and rules.
    pub fn verifier(&self) -> Verifier {
        Verifier::new(self.keys.clone(), self.rules.clone())
    }
}

/// Where the journal is and what it promises.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StorageConfig {
    /// The directory of journal and snapshots; `None` keeps all in memory.
    pub data_dir: Option<PathBuf>,
    /// What an answer waits for.
    pub durability: Durability,
    /// How long a segment of the journal is, in MiB.
    pub segment_mib: u32,
    /// Below how much free space on the journal's disk pairs take cancels only, in MiB.
    pub min_free_mib: u32,
    /// How many commands lie between two snapshots.
    pub snapshot_every: u64,
}

/// What an answer waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Durability {
    /// `sync`: the disk has it. Survives power loss.
    #[default]
    Sync,
    /// `os`: the operating system has it. Survives a crash of the process.
    Os,
    /// `none`: nothing. What was answered can be lost.
    None,
}

impl Durability {
    /// Its name in the configuration.
    pub const fn word(self) -> &'static str {
        match self {
            Durability::Sync => "sync",
            Durability::Os => "os",
            Durability::None => "none",
        }
    }
}

/// Threads and waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RuntimeConfig {
    /// How many threads match; `None` lets the core thread match.
    pub matcher_threads: Option<u16>,
    /// How many shards connections live on; `None` for one a core.
    pub shards: Option<u16>,
    /// Whether idle threads spin instead of parking: faster, and a core each.
    pub spin: bool,
}

/// What a client may do, and how much of it is remembered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections of one user at the same time.
    pub connections_per_user: u32,
    /// Messages a second on one connection.
    pub messages_per_second: u32,
    /// Subscriptions on one connection.
    pub subscriptions_per_connection: u32,
    /// Placements and amends a minute of one user.
    pub order_commands_per_minute: u32,
    /// Cancels a minute of one user.
    pub cancels_per_minute: u32,
    /// Other rates for the users whose token names a tier.
    pub tiers: Vec<Tier>,
    /// Connections from one address at the same time.
    pub connections_per_address: u32,
    /// Handshakes a second from one address.
    pub handshakes_per_second_per_address: u32,
    /// Messages a second from one address.
    pub messages_per_second_per_address: u32,
    /// Bytes of messages a second on one connection, as they are decoded.
    pub bytes_per_second: u32,
    /// The same from one address.
    pub bytes_per_second_per_address: u32,
    /// Refusals for a rate in a row after which the connection closes.
    pub rate_strikes: u32,
    /// Bytes of one message, before and after inflation.
    pub message_bytes: u32,
    /// Bytes that may wait for one connection before it counts as slow.
    pub outbox_bytes: u32,
    /// Milliseconds between two pings of the server.
    pub ping_interval_ms: u64,
    /// Milliseconds without a byte from the client after which a connection closes.
    pub idle_timeout_ms: u64,
    /// Milliseconds that a handshake may take.
    pub handshake_timeout_ms: u64,
    /// Milliseconds between two `connection_stats` that come by themselves.
    pub stats_interval_ms: u64,
    /// Private events of one user that can be replayed.
    pub replay_events: u32,
    /// Ended orders of one user, and as many fills, that `get_orders` and `get_fills` know of.
    pub history: u32,
    /// Trades of one pair that a snapshot shows.
    pub recent_trades: u32,
}

/// Rates for the users whose token names this tier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tier {
    /// The `tier` claim.
    pub name: Box<str>,
    /// Placements and amends a minute.
    pub order_commands_per_minute: u32,
    /// Cancels a minute.
    pub cancels_per_minute: u32,
    /// Messages a second on one connection.
    pub messages_per_second: u32,
}

impl Limits {
    /// The tier of this name.
    pub fn tier(&self, name: &str) -> Option<&Tier> {
        self.tiers.iter().find(|tier| &*tier.name == name)
    }
}

/// What one development user starts with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpeningAccount {
    /// The token's `sub`.
    pub user: UserName,
    /// Each asset once, more than nothing of it.
    pub balances: Vec<(AssetId, Amount)>,
}

/// What of the demo can be chosen on the command line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DemoOptions {
    /// Another port than 8080.
    pub port: Option<u16>,
    /// Another admin port than 9090.
    pub admin_port: Option<u16>,
    /// Another directory than `./data/demo`.
    pub data_dir: Option<PathBuf>,
    /// Where the simulated nodes of the XRP Ledger and of Flare listen; without them no other
    /// ledger is looked at.
    pub nodes: Option<(SocketAddr, SocketAddr)>,
}

impl Config {
    /// Reads and checks the file at `path`.
    pub fn load(path: &Path) -> Result<Config, ConfigErrors> {
        let file = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|error| {
            ConfigErrors::one(&file, "", &error.to_string(), "a readable TOML file")
        })?;
        let folder = path.parent().unwrap_or_else(|| Path::new(""));
        Config::parse(&text, &file, folder)
    }

    /// Checks `text`. Mistakes name `file`; paths in it are relative to `folder`.
    pub fn parse(text: &str, file: &str, folder: &Path) -> Result<Config, ConfigErrors> {
        let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
            let place = error.span().map_or(String::new(), |span| {
                let line = text
                    .get(..span.start)
                    .map_or(0, |before| before.matches('\n').count());
                format!("line {}", line + 1)
            });
            ConfigErrors::one(file, &place, error.message(), "valid TOML")
        })?;
        let mistakes = Mistakes::default();
        let config = read(&table, folder, &mistakes);
        let mistakes = mistakes.into_vec(file);
        match config {
            Some(config) if mistakes.is_empty() => Ok(config),
            _ => Err(ConfigErrors(mistakes)),
        }
    }

    /// The demo's configuration: four pairs, three funded users, no fees.
    pub fn demo(options: &DemoOptions) -> Config {
        let mut text = include_str!("config/demo.toml").to_owned();
        if let Some((xrpl, flare)) = options.nodes {
            let arbitrage = include_str!("config/demo_arbitrage.toml");
            let arbitrage = arbitrage.replace("ws://XRPL", &format!("ws://{xrpl}"));
            text += &arbitrage.replace("http://FLARE", &format!("http://{flare}"));
        }
        let mut config = Config::parse(&text, "demo", Path::new(""))
            .expect("invariant: the demo's configuration is tested to load");
        config.demo_sign_in = true;
        if let Some(port) = options.port {
            config.server.listen.set_port(port);
        }
        if let Some(port) = options.admin_port {
            config.server.admin_listen.set_port(port);
        }
        if let Some(data_dir) = &options.data_dir {
            config.storage.data_dir = Some(data_dir.clone());
        }
        config
    }

    /// How much of each user is kept.
    pub fn kept(&self) -> Kept {
        let count = |count| usize::try_from(count).unwrap_or(usize::MAX);
        Kept {
            events: count(self.limits.replay_events),
            history: count(self.limits.history),
            history_ms: self.exchange.retention_ms,
        }
    }

    /// The asset that portfolios are valued in.
    pub fn valuation_asset(&self) -> &Asset {
        self.instruments
            .asset(self.valuation)
            .expect("invariant: the valuation asset was looked up when the file was read")
    }
}

/// Reads all sections, whatever is wrong with those before.
fn read(table: &toml::Table, folder: &Path, mistakes: &Mistakes) -> Option<Config> {
    let mut root = Section::root(table, mistakes);
    let server = service::server(&mut root.section("server"), folder);
    let auth = auth::auth(&mut root.section("auth"), folder);
    let storage = service::storage(&mut root.section("storage"));
    let runtime = service::runtime(&mut root.section("runtime"));
    let limits = service::limits(&mut root.section("limits"));
    let markets = market::markets(&mut root);
    let none = Instruments::default();
    let instruments = markets.as_ref().map_or(&none, |it| &it.instruments);
    // Without good markets every look-up would fail: the mistakes would be told many times.
    let (alerts, arbitrage, indices) = match &markets {
        Some(markets) => {
            let alerts = arbitrage::alerts(&mut root, instruments);
            let arbitrage = arbitrage::arbitrage(&mut root, instruments);
            let indices = arbitrage.as_ref().and_then(|arbitrage| {
                margin::indices(&markets.indices, instruments, arbitrage.as_ref(), mistakes)
            });
            (alerts, arbitrage, indices)
        }
        None => {
            let _ = (root.has("alerts"), root.has("arbitrage"));
            (None, None, None)
        }
    };
    root.finish();
    let markets = markets?;
    Some(Config {
        server: server?,
        auth: auth?,
        storage: storage?,
        runtime: runtime?,
        limits: limits?,
        exchange: markets.exchange,
        instruments: Arc::new(markets.instruments),
        valuation: markets.valuation?,
        accounts: markets.accounts?,
        reserves: markets.reserves,
        indices: indices?,
        alerts: alerts?,
        arbitrage: arbitrage?,
        demo_sign_in: false,
    })
}

/// One mistake of a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The file.
    pub file: String,
    /// The path of the key, like `pairs[0].tick`; empty where the file itself is meant.
    pub key: String,
    /// What was found there.
    pub found: String,
    /// What was expected there.
    pub expected: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.file)?;
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        write!(f, "found {}; expected {}", self.found, self.expected)
    }
}

/// All mistakes of a configuration, in the order of its sections.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigErrors(pub Vec<Mistake>);

impl ConfigErrors {
    fn one(file: &str, key: &str, found: &str, expected: &str) -> ConfigErrors {
        ConfigErrors(vec![Mistake {
            file: file.to_owned(),
            key: key.to_owned(),
            found: found.trim().to_owned(),
            expected: expected.to_owned(),
        }])
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, mistake) in self.0.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            write!(f, "{mistake}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigErrors {}
