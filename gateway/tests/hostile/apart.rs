//! Where threads run. On the internet attackers bring processors of their own; here they would take
//! those of whom they attack, and what is measured would be the machine's scheduler.
//!
//! So the last core is the attackers' and no one else's; the gateway and the client that behaves have
//! the others. With one core there is nothing to divide: attackers then go last.

use std::sync::OnceLock;

use rustix::process::setpriority_process;
use rustix::thread::{CpuSet, gettid, sched_getaffinity, sched_setaffinity};

/// The last priority that there is.
const LAST: i32 = 19;

/// Which cores are whose.
pub(crate) struct Cores {
    theirs: CpuSet,
    ours: CpuSet,
    is_divided: bool,
}

impl Cores {
    /// Divides what the first thread that asks may run on; later ones, which may have their part of it
    /// already, are told the same.
    pub(crate) fn divided() -> &'static Cores {
        static DIVIDED: OnceLock<Cores> = OnceLock::new();
        DIVIDED.get_or_init(Cores::divide)
    }

    fn divide() -> Cores {
        let all = sched_getaffinity(None).unwrap();
        let last = (0..CpuSet::MAX_CPU).rfind(|core| all.is_set(*core));
        let mut theirs = CpuSet::new();
        theirs.set(last.unwrap());
        let mut ours = all;
        let is_divided = all.count() > 1;
        if is_divided {
            ours.unset(last.unwrap());
        }
        Cores {
            theirs,
            ours,
            is_divided,
        }
    }

    /// Puts this thread, and the processes and threads that it begins, beside the gateway.
    pub(crate) fn go_with_the_gateway(&self) {
        sched_setaffinity(None, &self.ours).unwrap();
    }

    /// Puts this thread with the attackers.
    pub(crate) fn go_with_the_attackers(&self) {
        if !self.is_divided {
            setpriority_process(Some(gettid()), LAST).unwrap();
        }
        sched_setaffinity(None, &self.theirs).unwrap();
    }
}
