//! Orders of a quiet moment and of an attack, in turn, and what they come to.

use std::fmt::{Display, Formatter};
use std::time::Duration;

/// How long the orders of a while took, the fastest first.
pub(crate) struct Window(Vec<Duration>);

impl Window {
    pub(crate) fn of(mut times: Vec<Duration>) -> Window {
        assert!(!times.is_empty());
        times.sort_unstable();
        Window(times)
    }

    /// What so many of a hundred took at most: the nearest rank.
    pub(crate) fn percentile(&self, percent: usize) -> Duration {
        self.0[(self.0.len() * percent).div_ceil(100).max(1) - 1]
    }
}

/// One attack, measured.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    /// Before the attack, between its rounds and after it.
    pub(crate) quiet: Vec<Window>,
    pub(crate) attacked: Vec<Window>,
    /// How often attackers connected.
    pub(crate) connects: usize,
    /// The most resident memory before and since it began, in MiB.
    pub(crate) memory_mib: [u64; 2],
}

/// The median over the windows of what so many of a hundred took.
pub(crate) fn median(windows: &[Window], percent: usize) -> Duration {
    Window::of(windows.iter().map(|it| it.percentile(percent)).collect()).percentile(50)
}

/// How many times as long as before orders may take.
const SLOWER: u32 = 3;
/// What half of the orders may take beyond that where nobody measures: a debug build, on a core that
/// compilers want too.
const CROWDED: Duration = Duration::from_millis(100);
/// How much more memory an attack may take, in MiB: 400 connections of each of three addresses at
/// about 70 KiB each, and as much again for what the allocator keeps.
const MEMORY_MIB: u64 = 64;

impl Row {
    pub(crate) const HEAD: &str = "| attack | p50, quiet | attacked | p99, quiet | attacked | times | connects | MiB |\n\
                                   |---|---|---|---|---|---|---|---|";

    /// What is not as it should be: judged as a measurement, or as what has to be so on any machine.
    pub(crate) fn faults(&self, measures: bool) -> Vec<String> {
        let mut faults = Vec::new();
        let limits: &[(usize, Duration)] = match measures {
            true => &[(50, Duration::ZERO), (99, Duration::ZERO)],
            false => &[(50, CROWDED)],
        };
        for (percent, spare) in limits {
            let quiet = median(&self.quiet, *percent);
            let attacked = median(&self.attacked, *percent);
            if attacked > quiet * SLOWER + *spare {
                let fault = format!(
                    "{}: p{percent} {attacked:?} instead of {quiet:?}",
                    self.name
                );
                faults.push(fault);
            }
        }
        let [before, after] = self.memory_mib;
        if after > before + MEMORY_MIB {
            faults.push(format!("{}: {before} MiB became {after}", self.name));
        }
        if self.connects == 0 {
            faults.push(format!("{}: there was no attack", self.name));
        }
        faults
    }

    /// How many times as long as in quiet the slowest of a hundred took, in hundredths.
    fn times(&self) -> u128 {
        let quiet = median(&self.quiet, 99).as_nanos().max(1);
        median(&self.attacked, 99).as_nanos() * 100 / quiet
    }
}

impl Display for Row {
    fn fmt(&self, out: &mut Formatter<'_>) -> std::fmt::Result {
        let figures = [
            (&self.quiet, 50),
            (&self.attacked, 50),
            (&self.quiet, 99),
            (&self.attacked, 99),
        ];
        write!(out, "| {} ", self.name)?;
        for (windows, percent) in figures {
            let micros = median(windows, percent).as_micros();
            write!(out, "| {}.{:02} ms ", micros / 1_000, micros % 1_000 / 10)?;
        }
        let (times, [before, after]) = (self.times(), self.memory_mib);
        let (whole, hundredths) = (times / 100, times % 100);
        write!(
            out,
            "| {whole}.{hundredths:02} | {} | {before} to {after} |",
            self.connects
        )
    }
}
