//! The next segment, written with zeros before it is needed.
//!
//! A write into space that was only allocated makes every sync a commit of the file system's
//! own records too; into zeros that were synced it does not.

use std::io;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use super::log::Fatal;
use super::reader;
use super::storage::{Storage, StorageFile};

/// Makes segments, one ahead.
pub(super) enum Spare<S: Storage> {
    /// When it is asked for: for a simulated disk, where every call has its place.
    Inline { storage: S, segment_bytes: u64 },
    /// On a thread of its own.
    Ahead(Ahead<S>),
}

/// The thread that makes segments.
pub(super) struct Ahead<S: Storage> {
    /// Dropped to end the thread.
    orders: Option<SyncSender<u64>>,
    made: Receiver<Result<S::File, Fatal>>,
    thread: Option<JoinHandle<()>>,
}

impl<S: Storage> Spare<S> {
    /// Makes segments when they are asked for.
    pub(super) fn inline(storage: S, segment_bytes: u64) -> Spare<S> {
        Spare::Inline {
            storage,
            segment_bytes,
        }
    }

    /// Starts the thread, and begins with segment `first`.
    pub(super) fn ahead(storage: S, segment_bytes: u64, first: u64) -> io::Result<Spare<S>> {
        let (orders, ordered) = sync_channel(1);
        let (finished, made) = sync_channel(1);
        let thread = std::thread::Builder::new()
            .name("journal-spare".to_owned())
            .spawn(move || {
                while let Ok(index) = ordered.recv() {
                    if finished.send(make(&storage, segment_bytes, index)).is_err() {
                        return;
                    }
                }
            })?;
        // There is room for one order, and the thread cannot be gone.
        let _ = orders.send(first);
        Ok(Spare::Ahead(Ahead {
            orders: Some(orders),
            made,
            thread: Some(thread),
        }))
    }

    /// Takes segment `index`, waiting for it where it is not made yet, and has the next made.
    pub(super) fn take(&mut self, index: u64) -> Result<S::File, Fatal> {
        match self {
            Spare::Inline {
                storage,
                segment_bytes,
            } => make(storage, *segment_bytes, index),
            Spare::Ahead(ahead) => {
                let file = ahead.made.recv().unwrap_or_else(|_| {
                    Err(Fatal::Failed {
                        first: "the thread that makes segments ended".to_owned(),
                    })
                })?;
                if let Some(orders) = &ahead.orders {
                    let _ = orders.send(index + 1);
                }
                Ok(file)
            }
        }
    }
}

impl<S: Storage> Drop for Ahead<S> {
    fn drop(&mut self) {
        self.orders = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Makes segment `index`: zeros, synced, with its name.
pub(super) fn make<S: Storage>(
    storage: &S,
    segment_bytes: u64,
    index: u64,
) -> Result<S::File, Fatal> {
    let name = reader::name(index);
    let fail = |action| {
        let file = storage.path(&name);
        move |error| Fatal::new(file, action, &error)
    };
    let mut file = storage
        .create(&name)
        .map_err(fail("make the next segment"))?;
    file.write_zeros(segment_bytes)
        .map_err(fail("fill the next segment"))?;
    file.sync_all().map_err(fail("sync the next segment"))?;
    storage
        .sync_names()
        .map_err(fail("sync the next segment's name"))?;
    Ok(file)
}
