//! The gateway as a process of its own, on the first core.

use std::io::BufRead as _;
use std::net::SocketAddr;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::thread::{CpuSet, sched_setaffinity};

use crate::gateway_server;

/// The first argument of a process that is one.
pub(crate) const ROLE: &str = "--serve";

/// What `gateway_server` asks for.
pub(crate) struct Work {
    pub(crate) pairs: usize,
    pub(crate) pace: u32,
}

impl Work {
    pub(crate) fn tick(&self) -> Duration {
        Duration::from_millis(100) / self.pace
    }
}

/// The process itself: prints its address, publishes from a line of input on, ends with it.
pub(crate) fn serve(_: &[String]) {
    raise_open_files();
    pin(0);
    let (begin, begun) = std::sync::mpsc::channel();
    let (ready, address) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        gateway_server::run(&Work { pairs: 1, pace: 1 }, &ready, &begun);
    });
    let address: SocketAddr = address.recv().unwrap();
    println!("{address}");
    for line in std::io::stdin().lock().lines() {
        line.unwrap();
        begin.send(()).unwrap();
    }
    std::process::exit(0);
}

/// As many open files as may be.
pub(crate) fn raise_open_files() {
    let limit = getrlimit(Resource::Nofile);
    let most = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    if setrlimit(Resource::Nofile, most).is_err() {
        eprintln!("the limit on open files stays");
    }
}

/// Keeps this thread and those it starts on one core, where there is another for the others.
pub(crate) fn pin(core: usize) {
    let mut set = CpuSet::new();
    set.set(core);
    if sched_setaffinity(None, &set).is_err() {
        eprintln!("cannot be pinned to core {core}");
    }
}
