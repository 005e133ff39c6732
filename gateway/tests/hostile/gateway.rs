//! The gateway as a process of its own, with the limits that it has by default.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::process::{self, Process};

const CONFIG: &str = r#"
[server]
listen = "127.0.0.1:0"
admin_listen = "127.0.0.1:0"
[[auth.keys]]
algorithm = "HS256"
secret = "a secret that only this test has to keep"
[runtime]
shards = 2
[storage]
durability = "none"
[limits]
order_commands_per_minute = 100000
# A debug build takes ten times as long for what the limits let through: a fifth of it is let.
messages_per_second_per_address = 100
# What is slow to begin is cut off while the test looks.
handshake_timeout_ms = 1000
[portfolio]
valuation_asset = "XRP"
[[assets]]
symbol = "XRP"
scale = 6
[[assets]]
symbol = "LUXURY001"
scale = 2
[[pairs]]
base = "LUXURY001"
quote = "XRP"
tick = "0.01"
lot = "0.01"
min_amount = "0.01"
max_amount = "1000.00"
price_band_bps = 5000
reference_price = "1000.00"
max_open_orders = 100000
[[accounts]]
user = "alice"
balances = { XRP = "1000000000" }
[[accounts]]
user = "bob"
balances = { XRP = "1000000" }
[[accounts]]
user = "carol"
balances = { XRP = "1000000" }
"#;

pub(crate) struct Gateway {
    process: Process,
    pub(crate) address: SocketAddr,
    config: PathBuf,
}

/// One of its threads.
pub(crate) struct Thread {
    pub(crate) name: String,
    pub(crate) niceness: i32,
    pub(crate) took: Duration,
}

impl Thread {
    /// From a folder of `/proc`; none where the thread has just ended.
    fn read(task: &Path) -> Option<Thread> {
        let read = |name| std::fs::read_to_string(task.join(name)).ok();
        // "PID (name) state …", from which on the niceness is the seventeenth.
        let stat = read("stat")?;
        let (name, fields) = stat.rsplit_once(") ")?;
        let niceness = fields.split(' ').nth(16)?;
        let ran = read("schedstat")?;
        Some(Thread {
            name: name.split_once(" (")?.1.to_owned(),
            niceness: niceness.parse().ok()?,
            took: Duration::from_nanos(ran.split(' ').next()?.parse().ok()?),
        })
    }
}

impl Gateway {
    pub(crate) fn start() -> Gateway {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("hostile");
        std::fs::create_dir_all(&folder).unwrap();
        let config = folder.join("gateway.toml");
        std::fs::write(&config, CONFIG).unwrap();
        let mut serve = process::gateway(&["serve", "--config"]);
        serve.arg(&config).env("RUST_LOG", "warn");
        let mut process = Process::run(&mut serve, &folder.join("log"));
        Gateway {
            address: process.listening().parse().unwrap(),
            process,
            config,
        }
    }

    pub(crate) fn token(&self, user: &str) -> String {
        process::token(&self.config, user)
    }

    /// The most memory that it had so far.
    pub(crate) fn most_resident_mib(&self) -> u64 {
        let status =
            std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let line = status.lines().find(|it| it.starts_with("VmHWM:")).unwrap();
        let kib: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
        kib / 1_024
    }

    /// Of each of its threads: its name, its niceness, and the processor time that it took.
    pub(crate) fn threads(&self) -> Vec<Thread> {
        let tasks = format!("/proc/{}/task", self.process.id());
        let tasks = std::fs::read_dir(tasks).unwrap();
        tasks
            .filter_map(|it| Thread::read(&it.unwrap().path()))
            .collect()
    }

    /// Stops it, and says whether it went well.
    pub(crate) fn stop(mut self) -> bool {
        self.process.terminate();
        self.process.wait().success()
    }
}
