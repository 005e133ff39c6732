//! Those who do not behave: the attacks of `hostile`, some all the time and the others in turn, from a
//! thread of their own; and a process that is stopped for moments.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use super::attacks::{ATTACKS, Attack, Target};
use super::process::signal;

/// Those that go on all the time: slow readers, resets, churn.
const ALWAYS: [&str; 3] = [
    "readers that stop",
    "resets",
    "subscriptions that come and go",
];
/// The one that takes ten thousand open files.
const MANY_FILES: &str = "10,000 silent sockets";
/// For how long the process stands still, and how many attacks pass between.
const PAUSE: Duration = Duration::from_millis(200);
const PAUSE_EVERY: usize = 4;

pub(crate) struct Chaos {
    is_over: Arc<AtomicBool>,
    /// How many attacks were made one after the other.
    attacks: Arc<AtomicUsize>,
    thread: JoinHandle<()>,
}

impl Chaos {
    /// Begins; each attack in turn lasts so long.
    pub(crate) fn begin(target: Target, each: Duration, process: u32, many_files: bool) -> Chaos {
        let is_over = Arc::new(AtomicBool::new(false));
        let attacks = Arc::new(AtomicUsize::new(0));
        let (over, count) = (is_over.clone(), attacks.clone());
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let always = ATTACKS.iter().filter(|it| ALWAYS.contains(&it.name));
                let always = always.map(|it| (it.run)(target.clone()));
                let always = futures_util::future::join_all(always);
                tokio::select! {
                    _ = always => panic!("an attack ended by itself"),
                    () = take_turns(&target, each, process, many_files, (&over, &count)) => {}
                }
            });
        });
        Chaos {
            is_over,
            attacks,
            thread,
        }
    }

    /// Ends it; says how many attacks there were.
    pub(crate) fn end(self) -> usize {
        self.is_over.store(true, Ordering::Relaxed);
        self.thread.join().unwrap();
        self.attacks.load(Ordering::Relaxed)
    }
}

async fn take_turns(
    target: &Target,
    each: Duration,
    process: u32,
    many_files: bool,
    (is_over, count): (&AtomicBool, &AtomicUsize),
) {
    let in_turn: Vec<&Attack> = ATTACKS
        .iter()
        .filter(|it| !ALWAYS.contains(&it.name) && (many_files || it.name != MANY_FILES))
        .collect();
    for attack in in_turn.into_iter().cycle() {
        let attack = (attack.run)(target.clone());
        let _ = tokio::time::timeout(each, attack).await;
        if is_over.load(Ordering::Relaxed) {
            return;
        }
        let done = count.fetch_add(1, Ordering::Relaxed) + 1;
        if done % PAUSE_EVERY == 0 {
            signal(process, "STOP");
            tokio::time::sleep(PAUSE).await;
            signal(process, "CONT");
        }
    }
}
