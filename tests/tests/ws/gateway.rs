//! A gateway in this process, on a port of its own, with a clock that tests may put forward.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;

use engine::domain::{Timestamp, UserName};
use engine::exchange::Exchange;
use gateway::auth;
use gateway::config::{Config, DemoOptions};
use gateway::server::{Clock, Funding, Server};
use tokio::sync::oneshot;

use super::client::Client;

pub(crate) struct TestGateway {
    pub(crate) address: SocketAddr,
    /// Where the operator connects.
    pub(crate) admin: Option<SocketAddr>,
    config: Config,
    clock: Clock,
    ahead: Arc<AtomicU64>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<Exchange>>,
}

impl TestGateway {
    /// The demo's exchange without simulated traders.
    pub(crate) fn start() -> TestGateway {
        TestGateway::with(|_| {})
    }

    /// The same, with something changed.
    pub(crate) fn with(change: impl FnOnce(&mut Config)) -> TestGateway {
        TestGateway::launch(change, None, 1)
    }

    /// The same, with a clock that runs so many times as fast.
    pub(crate) fn at_pace(pace: u32, change: impl FnOnce(&mut Config)) -> TestGateway {
        TestGateway::launch(change, None, pace)
    }

    /// The same, with a clock that stands still but for [`TestGateway::advance`], so that rates
    /// do not depend on how busy the machine is. Nothing that takes time happens by itself.
    pub(crate) fn standing_still(change: impl FnOnce(&mut Config)) -> TestGateway {
        TestGateway::launch(change, Some(gateway::clock::now()), 1)
    }

    /// The same, where a client may stay silent and nothing comes by itself, however far the clock
    /// is put forward.
    pub(crate) fn patient(change: impl FnOnce(&mut Config)) -> TestGateway {
        TestGateway::standing_still(|config| {
            config.limits.ping_interval_ms = u64::MAX / 4;
            config.limits.idle_timeout_ms = u64::MAX / 4;
            config.limits.stats_interval_ms = u64::MAX / 4;
            change(config);
        })
    }

    /// The same, where whoever reads the clock does `hook` first.
    pub(crate) fn hooked(
        hook: impl Fn() + Send + Sync + 'static,
        change: impl FnOnce(&mut Config),
    ) -> TestGateway {
        TestGateway::launch_hooked(change, None, 1, hook)
    }

    fn launch(
        change: impl FnOnce(&mut Config),
        standing: Option<Timestamp>,
        pace: u32,
    ) -> TestGateway {
        TestGateway::launch_hooked(change, standing, pace, || {})
    }

    fn launch_hooked(
        change: impl FnOnce(&mut Config),
        standing: Option<Timestamp>,
        pace: u32,
        hook: impl Fn() + Send + Sync + 'static,
    ) -> TestGateway {
        let mut config = Config::demo(&DemoOptions {
            port: Some(0),
            admin_port: Some(0),
            ..DemoOptions::default()
        });
        config.storage.data_dir = None;
        // All tests come from one address.
        config.limits.handshakes_per_second_per_address = 10_000;
        config.limits.messages_per_second_per_address = 1_000_000;
        config.limits.bytes_per_second = 1 << 30;
        config.limits.bytes_per_second_per_address = 1 << 30;
        change(&mut config);
        let ahead = Arc::new(AtomicU64::new(0));
        let clock: Clock = {
            let ahead = ahead.clone();
            let start = gateway::clock::now();
            let fast = move |now: Timestamp| start.plus(now.since(start) * u64::from(pace));
            let now = move || standing.unwrap_or_else(|| fast(gateway::clock::now()));
            Arc::new(move || {
                hook();
                now().plus(ahead.load(Ordering::Relaxed))
            })
        };
        let (ready, address) = std::sync::mpsc::channel();
        let (stop, stopped) = oneshot::channel::<()>();
        let thread = {
            let (config, clock) = (config.clone(), clock.clone());
            std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build()
                    .unwrap();
                runtime.block_on(async {
                    let server = Server::bind(&config, clock, &Funding::default()).unwrap();
                    let server = server.at_pace(pace);
                    let addresses = (server.address().unwrap(), server.admin_address());
                    ready.send(addresses).unwrap();
                    let stop = async {
                        let _ = stopped.await;
                    };
                    server.run(stop).await.unwrap()
                })
            })
        };
        let (address, admin) = address.recv().unwrap();
        TestGateway {
            address,
            admin,
            config,
            clock,
            ahead,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    pub(crate) fn config(&self) -> &Config {
        &self.config
    }

    pub(crate) fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// Puts the gateway's clock forward. What that makes due happens within a second.
    pub(crate) fn advance(&self, ms: u64) {
        self.ahead.fetch_add(ms, Ordering::Relaxed);
    }

    pub(crate) fn token(&self, user: &str, seconds: u64) -> String {
        let user = UserName::new(user).unwrap();
        let auth = &self.config.auth;
        auth::mint(&auth.keys[0], &auth.rules, &user, None, self.now(), seconds).unwrap()
    }

    /// A client that did not say who it is.
    pub(crate) async fn client(&self) -> Client {
        Client::connect(self.address, "/").await
    }

    /// A client that did.
    pub(crate) async fn trader(&self, user: &str) -> Client {
        let mut client = self.client().await;
        let token = self.token(user, 1_000_000);
        let answer = client.log_in(&token).await;
        assert_eq!(answer["type"], "authenticated", "{answer}");
        client
    }

    /// Stops it in good order and gives the exchange back, checked.
    pub(crate) fn stop(mut self) -> Exchange {
        self.end().unwrap()
    }

    pub(crate) fn begin_stop(&mut self) {
        drop(self.stop.take());
    }

    fn end(&mut self) -> Option<Exchange> {
        drop(self.stop.take());
        let exchange = self.thread.take()?.join().unwrap();
        exchange.verify().unwrap();
        Some(exchange)
    }
}

impl Drop for TestGateway {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.end();
        }
    }
}
