//! The machine around the pure rooms, and the only code that knows tokio.
//!
//! One thread, the door, accepts and speaks TLS and HTTP. One runs the task that owns the
//! [`Hub`](crate::hub::Hub). Upgraded connections live on shards, one a core: of each a task reads,
//! decodes and verifies, and the shard's one writer writes to all. The first shard is on the hub's
//! thread, each other has its own. The exchange has threads of its own; its reports wake the hub's task.
//!
//! ```text
//! socket → door: TLS, HTTP, upgrade → shard
//! socket → connection: frames, decode, verify → channel → hub → inbox ring → exchange
//! socket ← shard: one vectored write ← mailboxes ← bell ← hub ← report ring ←──────┘
//! ```
//!
//! A graceful stop tells everybody, closes with 1012, and lets the exchange finish what it took.

mod admin;
mod byte_rates;
mod connection;
mod contract;
mod door;
mod echo;
mod feeds;
mod gate;
mod health;
mod http;
mod hub_task;
mod inflated;
mod jwks;
mod listen;
mod markets;
mod memory;
mod metered;
mod metrics;
mod open_files;
mod pace;
mod peer;
mod proxy;
mod revocations;
mod shard;
mod simulated;
mod socket;
mod storage;
mod terminal;
mod ties;
mod venue;
mod watched;

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use engine::domain::{AccountId, Timestamp, UserName};
use engine::exchange::Exchange;
use engine::runtime::Inbox;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use crate::auth::Verifier;
use crate::config::Config;
use crate::telemetry::{JournalMeter, Stages};
use crate::tls::{self, Certificate, TlsFiles};

use self::byte_rates::ByteRates;
use self::door::Door;
use self::gate::Gate;
use self::health::Health;
use self::hub_task::{HubTask, ToHub};
use self::jwks::Published;
use self::shard::{Arrivals, Shard};

pub use self::echo::echo;
pub use self::simulated::SimulatedNodes;
pub use self::venue::Funding;

/// Where the server reads the time.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// The most sockets at the same time, HTTP and WebSocket together.
pub const MAX_SOCKETS: usize = 32_768;
/// How many messages may wait for the hub before connections wait to read on.
const HUB_QUEUE: usize = 4_096;
/// How long a stop waits for clients to close.
const STOP_GRACE: Duration = Duration::from_secs(3);
/// How long `/health` tells of a failure before the process ends.
const FAILED_GRACE: Duration = Duration::from_secs(3);

/// What all connections share.
struct Shared {
    hub: mpsc::Sender<ToHub>,
    verifier: Verifier,
    published: Option<Arc<Published>>,
    clock: Clock,
    config: Config,
    health: Arc<Health>,
    shards: Vec<Arc<Shard>>,
    gate: Arc<Gate>,
    byte_rates: Arc<ByteRates>,
    tls: Option<TlsAcceptor>,
    sockets: Arc<Semaphore>,
    meters: Meters,
}

/// What is measured all the time, to be read when somebody asks.
struct Meters {
    /// When the server began, by [`crate::clock::nanos`].
    began_at: u64,
    inbox: Inbox,
    stages: Arc<Stages>,
    journal: Arc<JournalMeter>,
}

/// A gateway that listens and is about to run.
pub struct Server {
    listener: TcpListener,
    admin: Option<admin::Port>,
    shared: Arc<Shared>,
    arrivals: Vec<Arrivals>,
    hub_task: HubTask,
    inbox: Inbox,
}

impl Server {
    /// Starts the exchange, funds the accounts of the configuration and of `funding`, and binds
    /// the port. Needs a tokio runtime around it.
    ///
    /// # Errors
    /// What the operating system refuses, in words.
    pub fn bind(config: &Config, clock: Clock, funding: &Funding) -> anyhow::Result<Server> {
        let listener = listen::bind(config.server.listen)
            .with_context(|| format!("cannot listen on {}", config.server.listen))?;
        let admin = admin::Port::bind(&config.server, &clock)?;
        let tls = tls_acceptor(config.server.tls.as_ref(), "server.tls", &clock)?;
        let (sender, receiver) = mpsc::channel(HUB_QUEUE);
        let count = shard_count(config);
        let (shards, arrivals): (Vec<_>, Vec<_>) = (0..count).map(Shard::new).unzip();
        let bells = shards.iter().map(|shard| shard.bell.clone()).collect();
        let (hub_task, inbox) = HubTask::start(config, clock.clone(), receiver, bells, funding)?;
        let verifier = config.auth.verifier();
        let published = config.auth.published.clone().map(|(source, refresh)| {
            Arc::new(Published::new(
                source,
                refresh,
                verifier.clone(),
                clock.clone(),
            ))
        });
        let shared = Arc::new(Shared {
            hub: sender,
            verifier,
            published,
            gate: Arc::new(Gate::new(&config.limits, clock.clone())),
            byte_rates: Arc::new(ByteRates::new(&config.limits, clock.clone())),
            tls,
            clock,
            config: config.clone(),
            health: hub_task.health(),
            shards,
            sockets: Arc::new(Semaphore::new(MAX_SOCKETS)),
            meters: Meters {
                began_at: crate::clock::nanos(),
                inbox: inbox.clone(),
                stages: hub_task.stages(),
                journal: hub_task.journal_meter(),
            },
        });
        Ok(Server {
            listener,
            admin,
            shared,
            arrivals,
            hub_task,
            inbox,
        })
    }

    /// Serves a clock that runs so many times as fast as this machine's, so that a day of a test
    /// takes less.
    #[must_use]
    pub fn at_pace(mut self, pace: u32) -> Server {
        self.hub_task.set_pace(pace);
        self
    }

    /// Where it listens.
    ///
    /// # Errors
    /// The operating system's.
    pub fn address(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Where it listens for the operator, if it does.
    pub fn admin_address(&self) -> Option<SocketAddr> {
        self.admin.as_ref()?.address()
    }

    /// The account of this name, as the exchange stood when it started.
    pub fn account(&self, name: &UserName) -> Option<AccountId> {
        self.hub_task.account(name)
    }

    /// Where requests to the exchange go in, for those who do not come through a socket.
    pub fn inbox(&self) -> Inbox {
        self.inbox.clone()
    }

    /// Serves until `stop` comes to an end or the exchange does, then stops in good order and
    /// gives the exchange back.
    ///
    /// # Errors
    /// What ended the exchange, if it did not end by `stop`.
    pub async fn run(self, stop: impl Future<Output = ()>) -> anyhow::Result<Exchange> {
        let Server {
            listener,
            admin,
            shared,
            arrivals,
            hub_task,
            ..
        } = self;
        let mut arrivals = arrivals.into_iter();
        let first = arrivals
            .next()
            .map(|it| tokio::spawn(it.serve(shared.clone())));
        let shards = start_shards(arrivals, &shared)?;
        let door = Door::open(listener, shared.clone())?;
        let operators = admin.map(|port| tokio::spawn(port.accept(shared.clone())));
        let mut feeds = feeds::start(&shared);
        if let Some(published) = &shared.published {
            feeds.push(tokio::spawn(published.clone().run()));
        }
        let hub = tokio::spawn(hub_task.run());
        tokio::pin!(hub, stop);
        let ended = tokio::select! {
            // Cancelled, the hub loses nothing: it is polled on below.
            ended = &mut hub => Some(ended),
            () = &mut stop => None,
        };
        if let Some(Err(_) | Ok(Err(_))) = ended {
            shared.health.fail();
            // Who watches shall see why it is gone; nothing else is served any more.
            let told = tokio::time::timeout(FAILED_GRACE, stop).await;
            tracing::info!(stopped = told.is_ok(), "ending after a failure");
        }
        shared.health.stop();
        door.close();
        operators.iter().for_each(JoinHandle::abort);
        // Between two messages or in the middle of one: what a feed loses nobody was told.
        feeds.iter().for_each(JoinHandle::abort);
        let ended = match ended {
            Some(ended) => ended,
            None => {
                tracing::info!("stopping");
                // A hub that ended by itself in this moment needs no telling.
                let _ = shared.hub.send(ToHub::Stop).await;
                hub.await
            }
        };
        let used = |shared: &Shared| MAX_SOCKETS - shared.sockets.available_permits();
        let gone = async {
            while used(&shared) > 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        // Who does not close in time is cut off with the process.
        let _ = tokio::time::timeout(STOP_GRACE, gone).await;
        door.end();
        first.iter().for_each(JoinHandle::abort);
        for (stop, thread) in shards {
            drop(stop);
            if thread.join().is_err() {
                tracing::error!("a shard panicked");
            }
        }
        ended.context("the hub's task failed")?
    }
}

/// TLS by the configured files, if there are any.
fn tls_acceptor(
    files: Option<&TlsFiles>,
    name: &str,
    clock: &Clock,
) -> anyhow::Result<Option<TlsAcceptor>> {
    let Some(files) = files else {
        return Ok(None);
    };
    let clock = clock.clone();
    let certificate = Certificate::new(files.clone(), Box::new(move || clock()))
        .with_context(|| format!("cannot use the certificate ({name})"))?;
    let server = tls::server(certificate).context("cannot start TLS")?;
    Ok(Some(TlsAcceptor::from(server)))
}

/// Starts shards on threads of their own. Each ends when its sender is dropped.
fn start_shards(
    arrivals: impl Iterator<Item = Arrivals>,
    shared: &Arc<Shared>,
) -> anyhow::Result<Vec<(oneshot::Sender<()>, std::thread::JoinHandle<()>)>> {
    let mut threads = Vec::new();
    for arrivals in arrivals {
        let (stop, stopped) = oneshot::channel();
        let thread = arrivals.start(shared.clone(), stopped);
        threads.push((stop, thread.context("cannot start a shard's thread")?));
    }
    Ok(threads)
}

/// As many as configured, or as there are cores.
fn shard_count(config: &Config) -> usize {
    match config.runtime.shards {
        Some(count) => usize::from(count),
        None => std::thread::available_parallelism().map_or(1, usize::from),
    }
}

/// Runs a server on this thread until SIGINT or SIGTERM; `started` is called when it listens.
///
/// # Errors
/// What keeps it from starting, or what ended it.
pub fn run_until_signal(
    config: &Config,
    clock: Clock,
    funding: &Funding,
    started: impl FnOnce(&Server) -> anyhow::Result<()>,
) -> anyhow::Result<Exchange> {
    open_files::raise_limit();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    runtime.block_on(async {
        let server = Server::bind(config, clock, funding)?;
        // Before anybody is told that it runs, so that no signal gets lost.
        let signal = listen::stop_signal()?;
        started(&server)?;
        server.run(signal).await
    })
}
