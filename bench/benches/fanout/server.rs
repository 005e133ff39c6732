//! A server under measurement: a process of its own that is told what to do over its input.

use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::thread::{CpuSet, sched_setaffinity};
use rustix::time::{ClockId, clock_gettime};

use crate::{floors, gateway_server};

/// The first argument of a process that is a server.
pub(crate) const ROLE: &str = "--serve";

/// Which server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Gateway,
    Tungstenite,
    Straight,
    StraightJoined,
}

impl Kind {
    pub(crate) const ALL: [Kind; 4] = [
        Kind::Gateway,
        Kind::Tungstenite,
        Kind::Straight,
        Kind::StraightJoined,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Kind::Gateway => "gateway",
            Kind::Tungstenite => "tungstenite",
            Kind::Straight => "straight",
            Kind::StraightJoined => "straight, joined",
        }
    }
}

/// What a server has to do.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Work {
    pub(crate) kind: Kind,
    pub(crate) subscribers: usize,
    /// How many messages a tick.
    pub(crate) pairs: usize,
    /// Ten times so many ticks a second.
    pub(crate) pace: u32,
    /// Of a message of a floor.
    pub(crate) bytes: usize,
}

impl Work {
    fn arguments(&self) -> [String; 6] {
        [
            ROLE.to_owned(),
            self.kind.name().to_owned(),
            self.subscribers.to_string(),
            self.pairs.to_string(),
            self.pace.to_string(),
            self.bytes.to_string(),
        ]
    }

    pub(crate) fn tick(&self) -> Duration {
        Duration::from_millis(100) / self.pace
    }
}

/// The process.
pub(crate) struct Server {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    address: SocketAddr,
}

impl Server {
    pub(crate) fn start(work: &Work) -> Server {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(work.arguments())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let input = child.stdin.take().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        let address = line.trim().parse().expect("the address of a server");
        Server {
            child,
            input,
            output,
            address,
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Lets it publish.
    pub(crate) fn begin(&mut self) {
        writeln!(self.input, "begin").unwrap();
    }

    /// The processor time of all of it so far.
    pub(crate) fn cpu(&mut self) -> Duration {
        writeln!(self.input, "cpu").unwrap();
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        Duration::from_nanos(line.trim().parse().unwrap())
    }

    pub(crate) fn resident_bytes(&self) -> u64 {
        let path = format!("/proc/{}/status", self.child.id());
        let status = std::fs::read_to_string(path).unwrap();
        let line = status.lines().find(|it| it.starts_with("VmRSS:")).unwrap();
        let kib: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
        kib * 1_024
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// The process itself: prints its address, waits for `begin`, answers `cpu`, ends with its input.
pub(crate) fn serve(arguments: &[String]) {
    raise_open_files();
    pin(0);
    let number = |at: usize| arguments[at].parse().unwrap();
    let kind = Kind::ALL.into_iter().find(|it| it.name() == arguments[0]);
    let work = Work {
        kind: kind.unwrap(),
        subscribers: number(1),
        pairs: number(2),
        pace: u32::try_from(number(3)).unwrap(),
        bytes: number(4),
    };
    let (begin, begun) = std::sync::mpsc::channel();
    let (ready, address) = std::sync::mpsc::channel();
    std::thread::spawn(move || match work.kind {
        Kind::Gateway => gateway_server::run(&work, &ready, &begun),
        Kind::Tungstenite => floors::tungstenite(&work, &ready, &begun),
        Kind::Straight | Kind::StraightJoined => floors::straight(&work, &ready, &begun),
    });
    let address: SocketAddr = address.recv().unwrap();
    println!("{address}");
    for line in std::io::stdin().lines() {
        match line.unwrap().as_str() {
            "begin" => begin.send(()).unwrap(),
            "cpu" => {
                let time = clock_gettime(ClockId::ProcessCPUTime);
                println!("{}", time.tv_sec * 1_000_000_000 + time.tv_nsec);
            }
            other => panic!("{other}"),
        }
    }
    std::process::exit(0);
}

/// As many open files as may be, and how many that is.
pub(crate) fn raise_open_files() -> u64 {
    let limit = getrlimit(Resource::Nofile);
    let most = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    if setrlimit(Resource::Nofile, most).is_err() {
        return limit.current.unwrap_or(u64::MAX);
    }
    limit.maximum.unwrap_or(u64::MAX)
}

/// Keeps this thread and those it starts on one core, where there is another for the others.
pub(crate) fn pin(core: usize) {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut set = CpuSet::new();
    set.set(core);
    // A server is started by a process that is pinned already, so it sees one core only.
    if (cores > 1 || core == 0) && sched_setaffinity(None, &set).is_err() {
        eprintln!("cannot be pinned to core {core}");
    }
}
