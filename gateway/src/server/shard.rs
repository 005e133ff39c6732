//! Where connections live: as many shards as there are cores. The first one shares the thread of
//! the hub, so that one core needs no hop between threads; each other has a thread of its own.
//!
//! A shard's one writer waits for its bell, and then writes to each connection that has
//! something, one after the other. There is no task or receiver for writing a connection.

use std::future::poll_fn;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use bytes::Bytes;
use slab::Slab;
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::task::JoinSet;

use crate::clock;
use crate::deflate::Outflow;
use crate::hub::{Bell, Mailbox};
use crate::telemetry::ShardMeter;

use super::connection::Arrived;
use super::peer::{Peer, Scratch};
use super::socket::{Socket, Unbound};
use super::{Shared, connection};

/// After how many connections others on the thread get a turn.
const BATCH: usize = 64;
/// How many connections are fetched from memory together.
const AHEAD: usize = 8;
/// How many upgraded sockets may be on their way to a shard.
const ARRIVALS: usize = 1_024;

/// One shard.
pub(super) struct Shard {
    index: usize,
    pub(super) bell: Arc<Bell>,
    pub(super) meter: Arc<ShardMeter>,
    peers: Mutex<Slab<Arc<Peer>>>,
    /// How many connections it has, those on their way included.
    load: AtomicUsize,
    arrivals: mpsc::Sender<Arrival>,
}

/// An upgraded socket on its way to its shard.
pub(super) struct Arrival {
    pub(super) socket: Unbound,
    /// What came right behind the handshake.
    pub(super) early: Bytes,
    pub(super) arrived: Arrived,
    pub(super) permit: Arc<OwnedSemaphorePermit>,
}

/// The end of a shard's arrivals, for the thread that serves them.
pub(super) struct Arrivals(Arc<Shard>, mpsc::Receiver<Arrival>);

impl Shard {
    /// The shard of this number, and its arrivals.
    pub(super) fn new(index: usize) -> (Arc<Shard>, Arrivals) {
        let (arrivals, receiver) = mpsc::channel(ARRIVALS);
        let shard = Arc::new(Shard {
            index,
            bell: Arc::default(),
            meter: Arc::default(),
            peers: Mutex::default(),
            load: AtomicUsize::new(0),
            arrivals,
        });
        (shard.clone(), Arrivals(shard, receiver))
    }

    /// The one with the fewest connections; it has one more then.
    pub(super) fn pick(shards: &[Arc<Shard>]) -> Option<&Arc<Shard>> {
        let picked = shards
            .iter()
            .min_by_key(|shard| shard.load.load(Ordering::Relaxed));
        if let Some(shard) = picked {
            shard.load.fetch_add(1, Ordering::Relaxed);
        }
        picked
    }

    /// A connection that was picked for it is gone.
    pub(super) fn left(&self) {
        self.load.fetch_sub(1, Ordering::Relaxed);
    }

    /// Sends an upgraded socket to the shard's thread; gives it back where that has ended.
    pub(super) async fn send(&self, arrival: Arrival) -> Result<(), Arrival> {
        let sent = self.arrivals.send(arrival).await;
        sent.map_err(|mpsc::error::SendError(arrival)| arrival)
    }

    /// Seats a socket on this thread: its mailbox, its peer and its number.
    pub(super) fn seat(
        &self,
        socket: Socket,
        max_bytes: usize,
        outflow: Option<Outflow>,
    ) -> (Mailbox, Arc<Peer>, usize) {
        let mut peers = self.peers();
        let entry = peers.vacant_entry();
        let key = entry.key();
        // There are fewer sockets than that.
        let number = u32::try_from(key).unwrap_or(u32::MAX);
        let bell = self.bell.clone();
        let mailbox = Mailbox::on_shard(max_bytes, self.index, bell.clone(), number);
        let meter = self.meter.clone();
        let peer = Peer::new(socket, mailbox.clone(), outflow, (bell, number), meter);
        let peer = Arc::new(peer);
        entry.insert(peer.clone());
        (mailbox, peer, key)
    }

    /// Takes a socket off: nothing is written to it any more.
    pub(super) fn unseat(&self, key: usize) {
        self.peers().try_remove(key);
    }

    /// Writes what waits, whenever the bell rings; never ends.
    pub(super) async fn write_out(self: Arc<Shard>) {
        let mut numbers = Vec::new();
        let mut scratch = Scratch::default();
        loop {
            let rung_at = poll_fn(|context| self.bell.poll_take(context, &mut numbers)).await;
            for (index, batch) in numbers.chunks(BATCH).enumerate() {
                if index > 0 {
                    tokio::task::yield_now().await;
                }
                self.write_batch(batch, &mut scratch);
            }
            if let Some(rung_at) = rung_at {
                let took = clock::nanos().saturating_sub(rung_at);
                self.meter.write.record(took);
            }
            numbers.clear();
        }
    }

    fn write_batch(&self, numbers: &[u32], scratch: &mut Scratch) {
        let peers = self.peers();
        let peer = |number: &u32| peers.get(usize::try_from(*number).unwrap_or(usize::MAX));
        for next in numbers.chunks(AHEAD) {
            next.iter().filter_map(peer).for_each(|it| it.prefetch());
            for peer in next.iter().filter_map(peer) {
                peer.write(scratch);
            }
        }
        scratch.publish(&self.meter);
    }

    /// Used by the shard's own thread only. Nothing that can panic runs under the lock.
    fn peers(&self) -> MutexGuard<'_, Slab<Arc<Peer>>> {
        self.peers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Arrivals {
    /// Serves a shard on this thread, as long as anybody may arrive.
    pub(super) async fn serve(self, shared: Arc<Shared>) {
        let Arrivals(shard, mut arrivals) = self;
        // Aborted with this one.
        let mut writer = JoinSet::new();
        writer.spawn(shard.clone().write_out());
        while let Some(arrival) = arrivals.recv().await {
            tokio::spawn(connection::arrive(arrival, shard.clone(), shared.clone()));
        }
    }

    /// Serves a shard on a thread of its own, until its sockets are gone after `stop`.
    ///
    /// # Errors
    /// The operating system's, if it gives no thread.
    pub(super) fn start(
        self,
        shared: Arc<Shared>,
        stop: tokio::sync::oneshot::Receiver<()>,
    ) -> std::io::Result<JoinHandle<()>> {
        let name = format!("shard-{}", self.0.index);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let body = move || {
            runtime.block_on(async {
                tokio::select! {
                    // Who is on the way when the server has stopped is cut off.
                    () = self.serve(shared) => {}
                    _ = stop => {}
                }
            });
        };
        std::thread::Builder::new().name(name).spawn(body)
    }
}
