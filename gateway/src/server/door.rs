//! Where sockets come in: a thread of its own accepts, speaks TLS and HTTP, and hands what is upgraded
//! to its shard.
//!
//! Who knocks may be anybody, as often as they like: a thousand heads that drip, a storm of handshakes
//! or of sockets that are turned away keep this thread busy and no other. It yields to those that serve
//! who is in already (by [`step_back`]). On the hub's thread each of them would be one more task in front of
//! somebody's order.

use std::sync::Arc;
use std::thread::JoinHandle;

use anyhow::Context;
#[cfg(target_os = "linux")]
use rustix::process::{getpriority_process, setpriority_process};
#[cfg(target_os = "linux")]
use rustix::thread::gettid;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::AbortHandle;

use super::{Shared, listen};

/// How much nicer the thread is than the others of the process: with 5 it gets a quarter of a core that one
/// of them wants whole. Much more, and clients wait for their handshakes wherever something else on the
/// machine is busy. The system stops at 19.
#[cfg(target_os = "linux")]
const STEP: i32 = 5;

/// The thread that lets sockets in.
pub(super) struct Door {
    accepting: AbortHandle,
    stop: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

impl Door {
    /// Accepts from now on. Where the listener was registered before, it no longer is.
    ///
    /// # Errors
    /// The operating system's, if it gives no thread.
    pub(super) fn open(listener: TcpListener, shared: Arc<Shared>) -> anyhow::Result<Door> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .context("cannot start the runtime of the door")?;
        let listener = listener.into_std().context("cannot move the listener")?;
        let listener = {
            let _entered = runtime.enter();
            TcpListener::from_std(listener).context("cannot move the listener")?
        };
        let accepting = runtime
            .spawn(listen::accept(listener, shared))
            .abort_handle();
        let (stop, stopped) = oneshot::channel::<()>();
        let body = move || {
            step_back();
            // Told or dropped: either way it is over.
            let _ = runtime.block_on(stopped);
        };
        let thread = std::thread::Builder::new()
            .name("door".to_owned())
            .spawn(body);
        Ok(Door {
            accepting,
            stop,
            thread: thread.context("cannot start the thread of the door")?,
        })
    }

    /// Lets nobody in any more. Who speaks HTTP is served on.
    pub(super) fn close(&self) {
        self.accepting.abort();
    }

    /// Ends the thread; who still speaks HTTP is cut off.
    pub(super) fn end(self) {
        drop(self.stop);
        if self.thread.join().is_err() {
            tracing::error!("the door panicked");
        }
    }
}

/// Lets the other threads go first. A system without priorities of threads is left as it is.
fn step_back() {
    #[cfg(target_os = "linux")]
    {
        let thread = Some(gettid());
        let stepped = getpriority_process(thread)
            .and_then(|niceness| setpriority_process(thread, niceness.saturating_add(STEP)));
        if let Err(error) = stepped {
            tracing::warn!(%error, "the door runs at the priority of the others");
        }
    }
}
