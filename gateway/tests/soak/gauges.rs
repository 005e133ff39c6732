//! What is seen of the gateway from outside: its metrics and its memory.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use super::openmetrics::Scrape;
use super::place::operator;

/// How much more memory there may be in the end than after the warm-up: a tenth, and what an allocator
/// keeps of a burst.
const MORE_PERCENT: u64 = 10;
const MORE_MIB: u64 = 32;

/// Reads the metrics at this address, strictly.
pub(crate) fn scrape(address: &str) -> Scrape {
    let mut stream = TcpStream::connect(address).unwrap();
    let patience = Some(Duration::from_secs(20));
    stream.set_read_timeout(patience).unwrap();
    let request = format!(
        "GET /metrics HTTP/1.1\r\nHost: x\r\n{}Connection: close\r\n\r\n",
        operator()
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    Scrape::read(body).unwrap_or_else(|wrong| panic!("{wrong}"))
}

/// The figures of a family together, whatever their labels.
pub(crate) fn sum(scrape: &Scrape, name: &str) -> f64 {
    let named = scrape.series.iter();
    let named = named.filter(|(series, _)| series.split('{').next() == Some(name));
    named.map(|(_, value)| value).sum()
}

/// The bound below which so many in a hundred of a histogram without labels are.
pub(crate) fn quantile(scrape: &Scrape, name: &str, percent: f64) -> f64 {
    let begin = format!("{name}_bucket{{le=\"");
    let mut buckets: Vec<(f64, f64)> = scrape
        .series
        .iter()
        .filter_map(|(series, count)| {
            let bound = series.strip_prefix(&begin)?.trim_end_matches("\"}");
            Some((bound.parse().unwrap(), *count))
        })
        .collect();
    buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
    let all = buckets.last().unwrap().1;
    let within = |it: &&(f64, f64)| it.1 >= all * percent / 100.0;
    buckets.iter().find(within).unwrap().0
}

/// The memory of a process over time.
pub(crate) struct Memory {
    process: u32,
    begun: Instant,
    length: Duration,
    /// When, and how many MiB.
    samples: Vec<(Duration, u64)>,
}

impl Memory {
    pub(crate) fn new(process: u32, length: Duration) -> Memory {
        Memory {
            process,
            begun: Instant::now(),
            length,
            samples: Vec::new(),
        }
    }

    pub(crate) fn look(&mut self) {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process)).unwrap();
        let line = status.lines().find(|it| it.starts_with("VmRSS:")).unwrap();
        let kib: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
        self.samples.push((self.begun.elapsed(), kib / 1_024));
    }

    /// The most after the warm-up, from 25% to 60% of the time, and the most of the last 35%: every
    /// attack has its turn in both.
    pub(crate) fn check(&self) -> (u64, u64) {
        let most = |from: u32, to: u32| {
            let (from, to) = (self.length * from / 100, self.length * to / 100);
            let within = self
                .samples
                .iter()
                .filter(|(at, _)| (from..=to).contains(at));
            within.map(|(_, mib)| *mib).max().unwrap()
        };
        let (warm, last) = (most(25, 60), most(65, 101));
        let bound = warm + warm * MORE_PERCENT / 100 + MORE_MIB;
        assert!(
            last <= bound,
            "{warm} MiB became {last}: {:?}",
            self.samples
        );
        (warm, last)
    }
}
