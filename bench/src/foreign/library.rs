//! A library behind the benchmark's interface, loaded by its path.

#![allow(
    unsafe_code,
    reason = "a library is loaded by name, and its functions are C's"
)]

use std::ffi::c_void;
use std::path::Path;

use adapter::abi::{Cancel, Message, Modify, NewOrder, Report, Transport};
use libloading::Library;

use super::reports::Reports;
use super::{Pass, Purpose, RUN, thread_time};

type Init = unsafe extern "C" fn(u64, *const Transport, *mut c_void);
type Batch = unsafe extern "C" fn(*const Message, u32);
type Prebuild = unsafe extern "C" fn(u8, *const c_void);
type Nothing = unsafe extern "C" fn();

struct Functions {
    init: Init,
    new_order: unsafe extern "C" fn(*const NewOrder),
    cancel: unsafe extern "C" fn(*const Cancel),
    modify: unsafe extern "C" fn(*const Modify),
    batch: Option<Batch>,
    prebuild: Option<Prebuild>,
    flush: Nothing,
    shutdown: Nothing,
}

impl Functions {
    /// The functions of `library`, which must outlive them.
    fn of(library: &Library) -> Result<Functions, libloading::Error> {
        // SAFETY: the names are the interface's, and so are the types.
        unsafe {
            Ok(Functions {
                init: *library.get(b"engine_init")?,
                new_order: *library.get(b"engine_on_new_order")?,
                cancel: *library.get(b"engine_on_cancel")?,
                modify: *library.get(b"engine_on_modify")?,
                batch: library.get(b"engine_on_batch").ok().map(|it| *it),
                prebuild: library.get(b"engine_prebuild").ok().map(|it| *it),
                flush: *library.get(b"engine_flush")?,
                shutdown: *library.get(b"engine_shutdown")?,
            })
        }
    }
}

impl Functions {
    fn send(&self, flow: &[Message], in_runs: bool) {
        match self.batch.filter(|_| in_runs) {
            Some(batch) => {
                for run in flow.chunks(RUN) {
                    // SAFETY: a run is as long as it says.
                    unsafe { batch(run.as_ptr(), run.len() as u32) };
                }
            }
            None => {
                for message in flow {
                    // SAFETY: the kind says which body it is.
                    unsafe {
                        match message.kind {
                            0 => (self.new_order)(&raw const message.body.new),
                            1 => (self.cancel)(&raw const message.body.cancel),
                            _ => (self.modify)(&raw const message.body.modify),
                        }
                    }
                }
            }
        }
    }
}

/// Sends `flow` through the library at `path`, in runs where it takes them and `in_runs`, and times
/// what comes after `warm_up` messages.
///
/// # Errors
/// The loader's.
pub fn run_library(
    path: &Path,
    flow: &[Message],
    in_runs: bool,
    warm_up: usize,
    purpose: Purpose,
) -> Result<Pass, libloading::Error> {
    // SAFETY: whoever names a library to this program trusts what it does when loaded.
    let library = unsafe { Library::new(path)? };
    let functions = Functions::of(&library)?;
    let mut reports = Reports::new(purpose);
    let handle = (&raw mut reports).cast();
    // SAFETY: the transport is static, and `reports` stays until after the shutdown.
    unsafe { (functions.init)(0x5eed, &raw const LOCAL, handle) };
    if let Some(prebuild) = functions.prebuild {
        for message in flow {
            // SAFETY: whatever the kind, the body begins there.
            unsafe { prebuild(message.kind, (&raw const message.body).cast()) };
        }
    }
    let (before, timed) = flow.split_at(warm_up);
    functions.send(before, in_runs);
    let began = thread_time(purpose);
    functions.send(timed, in_runs);
    // SAFETY: it takes nothing.
    unsafe { (functions.flush)() };
    let took = thread_time(purpose) - began;
    // SAFETY: it is the last call.
    unsafe { (functions.shutdown)() };
    // What is left of its state and threads may still run: the process ends soon.
    std::mem::forget(library);
    Ok(Pass {
        took,
        reports: reports.count,
        digest: reports.digest(),
    })
}

static LOCAL: Transport = Transport {
    create,
    push,
    drain,
    flush,
    destroy,
};

/// # Safety
/// `handle` points to the pass's [`Reports`], `report` to one.
unsafe extern "C" fn push(handle: *mut c_void, report: *const Report) -> i32 {
    // SAFETY: by this function's contract, and one thread.
    unsafe { (*handle.cast::<Reports>()).push(&*report) };
    1
}

extern "C" fn create(_: u32) -> *mut c_void {
    std::ptr::null_mut()
}

extern "C" fn drain(_: *mut c_void, _: *mut Report, _: u32) -> u32 {
    0
}

extern "C" fn flush(_: *mut c_void) {}

extern "C" fn destroy(_: *mut c_void) {}
