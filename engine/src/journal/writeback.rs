//! Has the system begin to write what a file was given, without waiting for it.

use std::fs::File;
use std::io;

/// Has what was written to `len` bytes of `file` from `offset` on brought on its way to the disk.
/// A hint: nothing is durable before a sync, which also tells what went wrong on the way.
#[cfg(target_os = "linux")]
pub(super) fn begin(file: &File, offset: u64, len: u64) -> io::Result<()> {
    use std::os::fd::AsRawFd;

    let range = |number: u64| i64::try_from(number).map_err(io::Error::other);
    let (offset, len) = (range(offset)?, range(len)?);
    // SAFETY: the call takes numbers only, no memory; the descriptor is open, for `file` is
    // borrowed. A number out of its range is an error of the call.
    #[expect(
        unsafe_code,
        reason = "no safe crate has this call, and it hides the hash of a large frame behind the \
                  disk (decision 0004)"
    )]
    let status = unsafe {
        libc::sync_file_range(file.as_raw_fd(), offset, len, libc::SYNC_FILE_RANGE_WRITE)
    };
    match status {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Elsewhere the sync does it all.
#[cfg(not(target_os = "linux"))]
pub(super) fn begin(_: &File, _: u64, _: u64) -> io::Result<()> {
    Ok(())
}
