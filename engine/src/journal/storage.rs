//! The few calls that a journal makes of a disk, and the real disk behind them.

use std::fs;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// In what pieces the system keeps files in memory, and many a disk its content, in bytes.
pub(super) const PAGE: usize = 4_096;
/// How many zeros are written at once, in bytes.
const ZEROS: usize = 1 << 20;

/// One flat folder of files that nobody else writes to.
///
/// Errors are the system's; callers take each as final.
pub trait Storage: Clone + Send + Sync + 'static {
    /// An open file.
    type File: StorageFile;

    /// The names of all files, in no order.
    fn list(&self) -> io::Result<Vec<String>>;

    /// Makes a new, empty file; an old one of that name is an error.
    fn create(&self, name: &str) -> io::Result<Self::File>;

    /// Opens a file that is there.
    fn open(&self, name: &str) -> io::Result<Self::File>;

    /// Gives a file another name, replacing the file of that name. Durable after
    /// [`Storage::sync_names`].
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Removes a file. Durable after [`Storage::sync_names`].
    fn remove(&self, name: &str) -> io::Result<()>;

    /// Makes durable which files there are.
    fn sync_names(&self) -> io::Result<()>;

    /// How many bytes the disk has room for.
    fn free_bytes(&self) -> io::Result<u64>;

    /// Where a file is, for messages.
    fn path(&self, name: &str) -> PathBuf;
}

/// One open file.
pub trait StorageFile: Send + 'static {
    /// How long it is, in bytes.
    fn len(&self) -> io::Result<u64>;

    /// Whether it has no bytes.
    fn is_empty(&self) -> io::Result<bool> {
        Ok(self.len()? == 0)
    }

    /// Fills `bytes` from `offset` on; it is an error if the file ends before.
    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<()>;

    /// Writes some of `bytes` at `offset`, growing the file where it ends before; returns how
    /// many. Durable after a sync.
    fn write_at(&mut self, bytes: &[u8], offset: u64) -> io::Result<usize>;

    /// Writes `len` zeros from the start. Durable after a sync.
    fn write_zeros(&mut self, len: u64) -> io::Result<()>
    where
        Self: Sized,
    {
        zero(self, 0, len)
    }

    /// Makes the content durable, and the length where it changed.
    fn sync_data(&mut self) -> io::Result<()>;

    /// Makes the content and all that the file system knows of it durable.
    fn sync_all(&mut self) -> io::Result<()>;
}

/// Writes all of `bytes` at `offset`.
pub(super) fn write_all(file: &mut impl StorageFile, bytes: &[u8], offset: u64) -> io::Result<()> {
    let mut done = 0;
    while done < bytes.len() {
        // An interrupted call did nothing; every other error is final.
        match file.write_at(&bytes[done..], offset + done as u64) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => done += written,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Writes zeros from `at` up to `end`, piece by piece.
fn zero(file: &mut impl StorageFile, mut at: u64, end: u64) -> io::Result<()> {
    let zeros = vec![0; ZEROS];
    while at < end {
        let left = usize::try_from(end - at).unwrap_or(ZEROS);
        let piece = &zeros[..left.min(ZEROS)];
        write_all(file, piece, at)?;
        at += piece.len() as u64;
    }
    Ok(())
}

/// Zeros that go past the system's cache, where the file system takes them: no processor copies
/// them, and the sync of a batch in the meantime does not wait for all of them at once. Whole
/// [`PAGE`]s only; returns how many bytes that was.
#[cfg(target_os = "linux")]
fn zero_directly(file: &mut fs::File, len: u64) -> io::Result<u64> {
    use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};

    let flags = fcntl_getfl(&*file)?;
    if fcntl_setfl(&*file, flags | OFlags::DIRECT).is_err() {
        // A file system without.
        return Ok(0);
    }
    // What is written directly lies in memory as it does on the disk.
    let zeros = vec![0_u8; ZEROS + PAGE];
    let zeros = &zeros[zeros.as_ptr().align_offset(PAGE)..][..ZEROS];
    let end = len - len % PAGE as u64;
    let mut at = 0;
    while at < end {
        let left = usize::try_from(end - at).unwrap_or(ZEROS);
        match FileExt::write_at(file, &zeros[..left.min(ZEROS)], at) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => at += written as u64,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            // A file system that wants it otherwise: the rest goes as usual.
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => break,
            Err(error) => return Err(error),
        }
    }
    fcntl_setfl(&*file, flags)?;
    Ok(at)
}

/// A folder on a real disk, locked against every other process for as long as this lives.
#[derive(Clone, Debug)]
pub struct Directory {
    path: PathBuf,
    /// Open for syncs of names.
    folder: std::sync::Arc<fs::File>,
    /// Locked while it is open; the system unlocks it when the process ends, however it ends.
    _lock: std::sync::Arc<fs::File>,
}

/// Why a folder cannot be used.
#[derive(Debug, Error)]
pub enum DirectoryError {
    /// Another process has it.
    #[error("{} is in use by another process: stop that one first", path.display())]
    InUse {
        /// Which folder.
        path: PathBuf,
    },
    /// The system refused a call.
    #[error("{}: {action} failed: {error}", path.display())]
    Io {
        /// Which folder.
        path: PathBuf,
        /// What was tried.
        action: &'static str,
        /// What the system said.
        error: io::Error,
    },
}

impl Directory {
    /// The file whose lock is the folder's.
    pub const LOCK: &str = "lock";

    /// Takes the folder at `path`, made if it is not there.
    pub fn open(path: &Path) -> Result<Directory, DirectoryError> {
        let fail = |action| {
            move |error| DirectoryError::Io {
                path: path.to_owned(),
                action,
                error,
            }
        };
        let is_new = !path.exists();
        fs::create_dir_all(path).map_err(fail("making it"))?;
        if is_new && let Some(parent) = path.parent() {
            // The folder's own name must outlive a power cut too.
            let parent = if parent.as_os_str().is_empty() {
                Path::new(".")
            } else {
                parent
            };
            fs::File::open(parent)
                .and_then(|parent| parent.sync_all())
                .map_err(fail("syncing the folder above it"))?;
        }
        let lock = fs::OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path.join(Self::LOCK))
            .map_err(fail("opening its lock"))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => {
                return Err(DirectoryError::InUse {
                    path: path.to_owned(),
                });
            }
            Err(fs::TryLockError::Error(error)) => return Err(fail("locking it")(error)),
        }
        let folder = fs::File::open(path).map_err(fail("opening it"))?;
        Ok(Directory {
            path: path.to_owned(),
            folder: folder.into(),
            _lock: lock.into(),
        })
    }
}

impl Storage for Directory {
    type File = fs::File;

    fn list(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            // What has no text for a name is not ours.
            names.extend(entry?.file_name().into_string());
        }
        Ok(names)
    }

    fn create(&self, name: &str) -> io::Result<fs::File> {
        fs::OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .open(self.path.join(name))
    }

    fn open(&self, name: &str) -> io::Result<fs::File> {
        fs::OpenOptions::new()
            .read(true)
            .write(true)
            .open(self.path.join(name))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.path.join(from), self.path.join(to))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.path.join(name))
    }

    fn sync_names(&self) -> io::Result<()> {
        self.folder.sync_all()
    }

    fn free_bytes(&self) -> io::Result<u64> {
        let disk = rustix::fs::fstatvfs(&*self.folder)?;
        Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }
}

impl StorageFile for fs::File {
    fn len(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }

    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<()> {
        self.read_exact_at(bytes, offset)
    }

    fn write_at(&mut self, bytes: &[u8], offset: u64) -> io::Result<usize> {
        FileExt::write_at(self, bytes, offset)
    }

    #[cfg(target_os = "linux")]
    fn write_zeros(&mut self, len: u64) -> io::Result<()> {
        let done = zero_directly(self, len)?;
        zero(self, done, len)
    }

    fn sync_data(&mut self) -> io::Result<()> {
        fs::File::sync_data(self)
    }

    fn sync_all(&mut self) -> io::Result<()> {
        fs::File::sync_all(self)
    }
}
