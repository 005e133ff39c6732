//! A disk in memory that does what disks do at the worst moment.
//!
//! Owns files as the process sees them and as the medium has them. What was written and not
//! synced is kept apart by sectors of 512 bytes; when the power goes, each of them survives or
//! does not, by itself, and so does each change of a name. Every call has a number, and a fault
//! can be set on any of them. The same seed does the same again.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use engine::journal::{Storage, StorageFile};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const SECTOR: usize = 512;

/// What happens at a call, and the caller is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It fails: an input/output error. Of a write some part may be done; after a sync some
    /// of what was not synced may be lost though it is still read.
    Io,
    /// It fails: no space left.
    Full,
    /// The power goes before it is done; every later call fails.
    PowerCut,
}

/// What the medium does behind the process's back, and says that it went well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lie {
    /// A write never reaches the medium, though it is read until the power goes.
    Lost,
    /// A write reaches another place of the same file.
    Misdirected,
    /// A sync does nothing.
    Unsynced,
}

/// One simulated disk; its copies are the same disk.
#[derive(Clone, Debug)]
pub struct Disk {
    inner: Arc<Mutex<Inner>>,
    /// Told when syncs go on.
    syncs: Arc<Condvar>,
}

/// One open file of a [`Disk`].
#[derive(Debug)]
pub struct DiskFile {
    inner: Arc<Mutex<Inner>>,
    syncs: Arc<Condvar>,
    content: usize,
}

#[derive(Clone, Debug)]
struct Inner {
    random: ChaCha8Rng,
    /// Contents, by number; never reused.
    contents: Vec<Content>,
    /// Names as the process sees them.
    names: BTreeMap<String, usize>,
    /// Names as the medium has them.
    durable_names: BTreeMap<String, usize>,
    /// Changes of names since the last sync of names.
    name_changes: Vec<NameChange>,
    calls: u64,
    fault: Option<(u64, Fault)>,
    lie: Option<(u64, Lie)>,
    writes_short: bool,
    capacity: u64,
    holds_syncs: bool,
    is_off: bool,
}

#[derive(Clone, Debug, Default)]
struct Content {
    /// What the process reads.
    seen: Vec<u8>,
    /// What the medium has.
    durable: Vec<u8>,
    /// Sectors to be brought to the medium by the next sync.
    dirty: BTreeSet<usize>,
}

#[derive(Clone, Debug)]
enum NameChange {
    Put(String, usize),
    Remove(String),
    Rename(String, String),
}

impl Disk {
    /// An empty disk without faults.
    pub fn new(seed: u64) -> Disk {
        Disk {
            inner: Arc::new(Mutex::new(Inner {
                random: ChaCha8Rng::seed_from_u64(seed),
                contents: Vec::new(),
                names: BTreeMap::new(),
                durable_names: BTreeMap::new(),
                name_changes: Vec::new(),
                calls: 0,
                fault: None,
                lie: None,
                writes_short: false,
                capacity: u64::MAX,
                holds_syncs: false,
                is_off: false,
            })),
            syncs: Arc::new(Condvar::new()),
        }
    }

    /// Another disk, which is as this one is now and has its own future.
    pub fn copy(&self, seed: u64) -> Disk {
        let inner = Inner {
            random: ChaCha8Rng::seed_from_u64(seed),
            holds_syncs: false,
            ..self.lock().clone()
        };
        Disk {
            inner: Arc::new(Mutex::new(inner)),
            syncs: Arc::new(Condvar::new()),
        }
    }

    /// Lets every sync take until [`Disk::release_syncs`].
    pub fn hold_syncs(&self) {
        self.lock().holds_syncs = true;
    }

    /// Lets syncs go on.
    pub fn release_syncs(&self) {
        self.lock().holds_syncs = false;
        self.syncs.notify_all();
    }

    /// How many calls were made.
    pub fn calls(&self) -> u64 {
        self.lock().calls
    }

    /// Lets call number `call`, counted from 0, fail.
    pub fn fail_at(&self, call: u64, fault: Fault) {
        self.lock().fault = Some((call, fault));
    }

    /// Lets the first write or sync from call number `call` on lie.
    pub fn lie_at(&self, call: u64, lie: Lie) {
        self.lock().lie = Some((call, lie));
    }

    /// Takes back a lie that was set; whether it was told before.
    pub fn has_lied(&self) -> bool {
        self.lock().lie.take().is_none()
    }

    /// Lets writes be cut short now and then.
    pub fn write_short(&self) {
        self.lock().writes_short = true;
    }

    /// Bounds what all files hold together, in bytes.
    pub fn set_capacity(&self, bytes: u64) {
        self.lock().capacity = bytes;
    }

    /// What all files hold together, in bytes.
    pub fn used(&self) -> u64 {
        self.lock().used()
    }

    /// The process ends and begins again, the system goes on: all that was written is there.
    pub fn restart(&self) {
        let mut inner = self.lock();
        inner.fault = None;
        inner.is_off = false;
    }

    /// The power goes and comes back: of what was not synced a random part is there.
    pub fn lose_power(&self) {
        let mut inner = self.lock();
        inner.lose_power();
        inner.fault = None;
        inner.is_off = false;
    }

    /// Turns over one bit of a file.
    pub fn flip(&self, name: &str, bit: usize) {
        let mut inner = self.lock();
        let content = inner.names[name];
        let content = &mut inner.contents[content];
        for side in [&mut content.seen, &mut content.durable] {
            if let Some(byte) = side.get_mut(bit / 8) {
                *byte ^= 1 << (bit % 8);
            }
        }
    }

    /// What is in a file.
    pub fn content(&self, name: &str) -> Vec<u8> {
        let inner = self.lock();
        inner.contents[inner.names[name]].seen.clone()
    }

    /// Puts a file there, durable.
    pub fn put(&self, name: &str, bytes: &[u8]) {
        let mut inner = self.lock();
        inner.contents.push(Content {
            seen: bytes.to_vec(),
            durable: bytes.to_vec(),
            ..Content::default()
        });
        let content = inner.contents.len() - 1;
        inner.names.insert(name.to_owned(), content);
        inner.durable_names.insert(name.to_owned(), content);
    }

    /// The names of all files, in order.
    pub fn names(&self) -> Vec<String> {
        self.lock().names.keys().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        lock(&self.inner)
    }

    fn change(&self, change: NameChange) -> io::Result<()> {
        let mut inner = self.lock();
        inner.call().map_err(|(_, error)| error)?;
        if let NameChange::Remove(name) | NameChange::Rename(name, _) = &change {
            inner.number(name)?;
        }
        change.apply(&mut inner.names);
        inner.name_changes.push(change);
        Ok(())
    }
}

fn lock(inner: &Mutex<Inner>) -> MutexGuard<'_, Inner> {
    inner.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Inner {
    /// Counts a call; an error if it is to fail.
    fn call(&mut self) -> Result<(), (Fault, io::Error)> {
        let call = self.calls;
        self.calls += 1;
        if self.is_off {
            return Err((Fault::PowerCut, power_is_off()));
        }
        match self.fault {
            Some((at, fault)) if at == call => {
                let error = match fault {
                    Fault::Io => io::Error::from_raw_os_error(5),
                    Fault::Full => io::ErrorKind::StorageFull.into(),
                    Fault::PowerCut => {
                        self.is_off = true;
                        power_is_off()
                    }
                };
                Err((fault, error))
            }
            _ => Ok(()),
        }
    }

    /// The lie for this call, if one is set and `fits`.
    fn lie(&mut self, fits: impl Fn(Lie) -> bool) -> Option<Lie> {
        let (at, lie) = self.lie?;
        (at < self.calls && fits(lie)).then(|| {
            self.lie = None;
            lie
        })
    }

    fn used(&self) -> u64 {
        let lens = self.names.values().map(|it| self.contents[*it].seen.len());
        lens.sum::<usize>() as u64
    }

    fn number(&self, name: &str) -> io::Result<usize> {
        let number = self.names.get(name).copied();
        number.ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn lose_power(&mut self) {
        for change in std::mem::take(&mut self.name_changes) {
            // File systems keep the order of names by a journal of their own, but promise
            // nothing: any change may be lost by itself.
            if self.random.random_bool(0.5) {
                change.apply(&mut self.durable_names);
            }
        }
        self.names = self.durable_names.clone();
        for content in &mut self.contents {
            content.lose_power(&mut self.random);
        }
    }
}

fn power_is_off() -> io::Error {
    io::Error::other("the power is off")
}

impl NameChange {
    fn apply(&self, names: &mut BTreeMap<String, usize>) {
        match self {
            NameChange::Put(name, content) => {
                names.insert(name.clone(), *content);
            }
            NameChange::Remove(name) => {
                names.remove(name);
            }
            NameChange::Rename(from, to) => {
                if let Some(content) = names.remove(from) {
                    names.insert(to.clone(), content);
                }
            }
        }
    }
}

impl Content {
    fn write(&mut self, bytes: &[u8], offset: usize) {
        let end = offset + bytes.len();
        if self.seen.len() < end {
            self.seen.resize(end, 0);
        }
        self.seen[offset..end].copy_from_slice(bytes);
        if !bytes.is_empty() {
            self.dirty.extend(offset / SECTOR..=(end - 1) / SECTOR);
        }
    }

    /// Brings a sector to the medium.
    fn keep(&mut self, sector: usize) {
        let start = sector * SECTOR;
        let end = (start + SECTOR).min(self.seen.len());
        if self.durable.len() < end {
            self.durable.resize(end, 0);
        }
        self.durable[start..end].copy_from_slice(&self.seen[start..end]);
    }

    fn sync(&mut self) {
        for sector in std::mem::take(&mut self.dirty) {
            self.keep(sector);
        }
        self.durable.resize(self.seen.len(), 0);
    }

    fn lose_power(&mut self, random: &mut ChaCha8Rng) {
        // All, none, most, or each by itself: every kind of loss has to be common to be met.
        let survival = [0.0, 0.5, 0.9, 1.0][random.random_range(0..4)];
        for sector in std::mem::take(&mut self.dirty) {
            if random.random_bool(survival) {
                self.keep(sector);
            }
        }
        self.seen.clone_from(&self.durable);
    }
}

impl Storage for Disk {
    type File = DiskFile;

    fn list(&self) -> io::Result<Vec<String>> {
        let mut inner = self.lock();
        inner.call().map_err(|(_, error)| error)?;
        Ok(inner.names.keys().cloned().collect())
    }

    fn create(&self, name: &str) -> io::Result<DiskFile> {
        let content = {
            let mut inner = self.lock();
            if inner.names.contains_key(name) {
                return Err(io::ErrorKind::AlreadyExists.into());
            }
            inner.contents.push(Content::default());
            inner.contents.len() - 1
        };
        self.change(NameChange::Put(name.to_owned(), content))?;
        Ok(DiskFile {
            inner: self.inner.clone(),
            syncs: self.syncs.clone(),
            content,
        })
    }

    fn open(&self, name: &str) -> io::Result<DiskFile> {
        let mut inner = self.lock();
        inner.call().map_err(|(_, error)| error)?;
        Ok(DiskFile {
            inner: self.inner.clone(),
            syncs: self.syncs.clone(),
            content: inner.number(name)?,
        })
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.change(NameChange::Rename(from.to_owned(), to.to_owned()))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.change(NameChange::Remove(name.to_owned()))
    }

    fn sync_names(&self) -> io::Result<()> {
        let mut inner = self.lock();
        inner.call().map_err(|(_, error)| error)?;
        inner.name_changes.clear();
        inner.durable_names = inner.names.clone();
        Ok(())
    }

    fn free_bytes(&self) -> io::Result<u64> {
        let mut inner = self.lock();
        inner.call().map_err(|(_, error)| error)?;
        Ok(inner.capacity.saturating_sub(inner.used()))
    }

    fn path(&self, name: &str) -> PathBuf {
        PathBuf::from("(simulated)").join(name)
    }
}

impl StorageFile for DiskFile {
    fn len(&self) -> io::Result<u64> {
        let mut inner = lock(&self.inner);
        inner.call().map_err(|(_, error)| error)?;
        Ok(inner.contents[self.content].seen.len() as u64)
    }

    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<()> {
        let mut inner = lock(&self.inner);
        inner.call().map_err(|(_, error)| error)?;
        let from = usize::try_from(offset).map_err(io::Error::other)?;
        let seen = &inner.contents[self.content].seen;
        let found = seen.get(from..from + bytes.len());
        bytes.copy_from_slice(found.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn write_at(&mut self, bytes: &[u8], offset: u64) -> io::Result<usize> {
        let mut guard = lock(&self.inner);
        let inner = &mut *guard;
        let offset = usize::try_from(offset).map_err(io::Error::other)?;
        if let Err((_, error)) = inner.call() {
            if !inner.is_off || inner.fault.is_some_and(|(at, _)| at + 1 == inner.calls) {
                let part = inner.random.random_range(0..=bytes.len());
                inner.contents[self.content].write(&bytes[..part], offset);
            }
            return Err(error);
        }
        let end = (offset + bytes.len()) as u64;
        let grows = end.saturating_sub(inner.contents[self.content].seen.len() as u64);
        if grows > 0 && inner.used().saturating_add(grows) > inner.capacity {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let mut len = bytes.len();
        if inner.writes_short && len > 1 && inner.random.random_bool(0.2) {
            len = inner.random.random_range(1..len);
        }
        let bytes = &bytes[..len];
        let lie = inner.lie(|lie| lie != Lie::Unsynced);
        let sector = inner.random.random_range(0..=offset / SECTOR);
        let content = &mut inner.contents[self.content];
        match lie {
            None | Some(Lie::Unsynced) => content.write(bytes, offset),
            Some(Lie::Lost) => {
                let dirty = content.dirty.clone();
                content.write(bytes, offset);
                content.dirty = dirty;
            }
            Some(Lie::Misdirected) => content.write(bytes, sector * SECTOR + offset % SECTOR),
        }
        Ok(len)
    }

    fn sync_data(&mut self) -> io::Result<()> {
        let held = self
            .syncs
            .wait_while(lock(&self.inner), |inner| inner.holds_syncs);
        let mut guard = held.unwrap_or_else(PoisonError::into_inner);
        let inner = &mut *guard;
        if let Err((fault, error)) = inner.call() {
            let content = &mut inner.contents[self.content];
            if fault != Fault::PowerCut {
                // What a failed sync leaves is taken for clean: a later one does not write it.
                for sector in std::mem::take(&mut content.dirty) {
                    if inner.random.random_bool(0.5) {
                        content.keep(sector);
                    }
                }
            }
            return Err(error);
        }
        if inner.lie(|lie| lie == Lie::Unsynced).is_none() {
            inner.contents[self.content].sync();
        }
        Ok(())
    }

    fn sync_all(&mut self) -> io::Result<()> {
        self.sync_data()
    }
}
