//! Promise: for as long as it runs, under clients of all kinds and those who do not behave, the gateway
//! takes no more memory than it did when it was warm, nothing that was told is wrong, nothing that was
//! acknowledged is lost, and its metrics are what its clients counted.
//!
//! `EXCHANGE_SOAK_SECONDS` says for how long (a few seconds without it, with fewer clients), and
//! `EXCHANGE_GATEWAY` which program: see `docs/testing.md`.
#![allow(clippy::unwrap_used)] // a failed unwrap fails the test
#![allow(clippy::float_arithmetic)] // figures of metrics are floats

#[path = "../hostile/attacks.rs"]
mod attacks;
mod chaos;
mod ending;
#[path = "../../../tests/tests/ws/folded.rs"]
mod folded;
mod gauges;
mod margin;
#[path = "../trader/market.rs"]
mod market;
#[path = "../../../tests/tests/ws/openmetrics.rs"]
#[allow(dead_code)] // its own tests and others use the rest
mod openmetrics;
mod place;
#[path = "../process/mod.rs"]
mod process;
#[path = "../../../tests/tests/ws/raw.rs"]
#[allow(dead_code)]
mod raw;
mod traders;
#[path = "../trader/trades.rs"]
mod trades;
#[path = "../trader/user.rs"]
#[allow(dead_code)]
mod user;
mod watchers;

/// What the reader of frames takes from its other place.
mod client {
    /// The gateway pings every 15 seconds.
    pub(crate) const PATIENCE: std::time::Duration = std::time::Duration::from_secs(40);
}

use std::cell::Cell;
use std::net::Ipv4Addr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::task::{JoinHandle, JoinSet, LocalSet};

use attacks::Target;
use chaos::Chaos;
use ending::Live;
use gauges::{Memory, scrape};
use margin::MarginTrader;
use place::Place;
use process::Process;
use user::User;
use watchers::{Follower, Watcher};

/// How long it runs where nobody says so, and from how long on it is the whole thing.
const SECONDS: u64 = 6;
const WHOLE_SECONDS: u64 = 60;
/// Of the whole thing.
const CLIENTS: usize = 2_000;
const CLIENTS_OF_A_FEW_SECONDS: usize = 100;
/// Open files that ten thousand silent sockets need beside all others.
const FILES: u64 = 20_000;

/// How much of everything there is.
struct Plan {
    length: Duration,
    is_whole: bool,
    watchers: usize,
    followers: usize,
    traders: usize,
    margin_traders: usize,
    /// For how long each attack lasts.
    attack: Duration,
    many_files: bool,
}

impl Plan {
    fn from_environment() -> Plan {
        let seconds = std::env::var("EXCHANGE_SOAK_SECONDS").ok();
        let seconds = seconds.map_or(SECONDS, |text| text.parse().unwrap());
        let is_whole = seconds >= WHOLE_SECONDS;
        let clients = if is_whole {
            CLIENTS
        } else {
            CLIENTS_OF_A_FEW_SECONDS
        };
        if !is_whole {
            println!(
                "******** EXCHANGE_SOAK_SECONDS is not set to {WHOLE_SECONDS} or more: {seconds} s \
                 with {clients} clients; that memory is flat is LEFT OUT ********"
            );
        }
        let files = raise_open_files();
        let many_files = is_whole && files >= FILES;
        if !many_files {
            println!("******** 10,000 silent sockets are LEFT OUT: {files} open files ********");
        }
        Plan {
            length: Duration::from_secs(seconds),
            is_whole,
            watchers: clients * 65 / 100,
            followers: clients * 12 / 100,
            traders: clients * 2 / 100,
            margin_traders: clients / 100,
            attack: Duration::from_millis((seconds * 25).clamp(200, 10_000)),
            many_files,
        }
    }
}

/// Lets this process, and those that it starts, open as many files as they may; how many that is.
fn raise_open_files() -> u64 {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    if let Err(error) = setrlimit(Resource::Nofile, raised) {
        println!("******** the limit of open files stays as it is: {error} ********");
    }
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
}

#[test]
fn everything_holds_for_as_long_as_it_runs() {
    let plan = Plan::from_environment();
    let names = |kind: &str, count: usize| (0..count).map(|it| format!("{kind}{it}")).collect();
    let (traders, margin): (Vec<String>, Vec<String>) = (
        names("trader", plan.traders),
        names("margin", plan.margin_traders),
    );
    let mallory: Vec<String> = names("mallory", 2);
    let place = Place::new(&[&traders[..], &margin, &mallory].concat());
    let mut process = place.spawn();
    let address = process.listening();
    let operator = process.says("the operator's port is http://");
    let target = Target {
        address: address.parse().unwrap(),
        tokens: mallory.iter().map(|user| place.token(user)).collect(),
        connects: Default::default(),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let local = LocalSet::new();
    let live = runtime.block_on(local.run_until(async {
        let mut live = Live::new(&address, &operator);
        watch(&plan, &mut live).await;
        let is_over = Rc::new(Cell::new(false));
        let users = traders
            .iter()
            .map(|name| User::new(name, place.token(name)));
        let trading = start_traders(users, &live.address, &is_over);
        let margin = margin.iter().map(|name| (name.clone(), place.token(name)));
        let margin_trading = start_margin_traders(margin, &live.address, &is_over);
        let chaos = Chaos::begin(target, plan.attack, process.id(), plan.many_files);
        let has_ended = || {
            trading.iter().any(JoinHandle::is_finished)
                || margin_trading.iter().any(JoinHandle::is_finished)
        };
        soak(&plan, &process, &mut live, &has_ended).await;
        println!("{} attacks, one after the other", chaos.end());
        is_over.set(true);
        for task in trading {
            live.users.push(task.await.unwrap());
        }
        for task in margin_trading {
            live.margin.push(task.await.unwrap());
        }
        live.check(plan.is_whole).await;
        live
    }));
    drop((live, local));
    process.terminate();
    assert!(process.wait().success(), "it does not stop in good order");
    print!("{}", place.verify());
}

/// So many of a kind to an address, as their connections may come.
fn from(kind: u8, number: usize) -> Ipv4Addr {
    let number = u16::try_from(number / 20).unwrap();
    let [high, low] = number.to_be_bytes();
    Ipv4Addr::new(127, kind, high, low + 1)
}

/// Those who watch come, and wait until all of them are there.
async fn watch(plan: &Plan, live: &mut Live) {
    for number in 0..plan.watchers {
        let watcher = Rc::new(Watcher::new(number));
        let task = watcher.clone().watch(live.address.clone(), from(2, number));
        live.tasks.spawn_local(task);
        live.watchers.push(watcher);
    }
    for number in 0..plan.followers {
        let follower = Rc::new(Follower::new(number));
        let task = follower
            .clone()
            .follow(live.address.clone(), from(3, number));
        live.tasks.spawn_local(task);
        live.followers.push(follower);
    }
    let is_there = |live: &Live| {
        live.watchers.iter().all(|it| it.messages.get() > 0)
            && live.followers.iter().all(|it| it.is_ready.get())
    };
    live.until("all who watch are there", |live| {
        is_there(live).then_some(())
    })
    .await;
}

type Trading<T> = Vec<JoinHandle<(T, user::Socket)>>;

fn start_traders(
    users: impl Iterator<Item = User>,
    address: &Rc<str>,
    is_over: &Rc<Cell<bool>>,
) -> Trading<User> {
    let start = |(number, mut user): (usize, User)| {
        let (address, is_over) = (address.clone(), is_over.clone());
        user.from = from(4, number);
        user.in_second_pair = 1;
        user.most_tries = 10;
        tokio::task::spawn_local(async move {
            let socket = traders::trade(&mut user, &address, &is_over).await;
            (user, socket)
        })
    };
    users.enumerate().map(start).collect()
}

fn start_margin_traders(
    users: impl Iterator<Item = (String, String)>,
    address: &Rc<str>,
    is_over: &Rc<Cell<bool>>,
) -> Trading<MarginTrader> {
    let start = |(number, (name, token)): (usize, (String, String))| {
        let (address, is_over) = (address.clone(), is_over.clone());
        let seed = u8::try_from(number).unwrap();
        tokio::task::spawn_local(async move {
            let mut trader = MarginTrader::new(seed, name, token);
            let socket = trader.trade(&address, from(5, number), &is_over).await;
            (trader, socket)
        })
    };
    users.enumerate().map(start).collect()
}

/// Lets time pass, and looks every second.
async fn soak(plan: &Plan, process: &Process, live: &mut Live, has_ended: &dyn Fn() -> bool) {
    let mut memory = Memory::new(process.id(), plan.length);
    let begun = Instant::now();
    let mut said = 0;
    while begun.elapsed() < plan.length {
        tokio::time::sleep(Duration::from_secs(1)).await;
        memory.look();
        live.nobody_failed();
        assert!(!has_ended(), "one who trades ended");
        let minutes = begun.elapsed().as_secs() / 60;
        if minutes > said {
            said = minutes;
            let now = scrape(&live.operator);
            let orders = now.get("nexvestxr_orders_accepted_total");
            let memory = now.get("nexvestxr_process_resident_bytes") / 1_048_576.0;
            println!("{minutes} min: {orders} orders, {memory:.0} MiB");
        }
    }
    if plan.is_whole {
        let (warm, last) = memory.check();
        println!("memory: {warm} MiB when it was warm, {last} MiB in the end");
    }
}

/// Tasks that never end by themselves.
type Tasks = JoinSet<()>;
