//! The state at one command as a file, and the files of a folder.
//!
//! ```text
//! header  magic 8 | crc u32 | 0 u32 | sequence u64 | outcome u64 | digest 16 | chain 32 |
//!         state length u64 | rim length u64                                          = 96
//! blocks  of 1 MiB, the last shorter: crc u32 | bytes of the state, then of the rim
//! ```
//!
//! A file is written under another name, synced, and only then given its own; so a file with a
//! snapshot's name is whole, or the medium lied, which checksums and the digest find out.

use std::io;

use super::image;
use super::input::Input;
use super::log::{Check, Corrupt, Fatal};
use super::storage::{Storage, StorageFile, write_all};
use crate::clearing::{ExchangeConfig, StateDigest};
use crate::domain::CommandSequence;
use crate::exchange::{Exchange, ExchangeState};

/// The first bytes of a snapshot; the last of them is the version.
const MAGIC: [u8; 8] = *b"\xF0XSNAP\x00\x01";
const HEADER: usize = 96;
const BLOCK: usize = 1 << 20;
const PREFIX: &str = "snapshot-";
/// What a snapshot is called while it is written.
const UNFINISHED: &str = "unfinished-snapshot";

const SKIP: &str = "An older snapshot and the journal lead to the same state: move this file \
                    away, then start again";

/// The state at one command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// What the exchange keeps, at its last command.
    pub state: ExchangeState,
    /// What came of the commands so far.
    pub check: Check,
    /// The journal's chain value after the last command; zeros where it is not known.
    pub chain: [u8; 32],
    /// The digest of the state.
    pub digest: StateDigest,
    /// What the rim keeps beside it, in its own form.
    pub rim: Vec<u8>,
}

impl Snapshot {
    /// The bytes of the file.
    pub fn encode(&self) -> Vec<u8> {
        let mut content = Vec::new();
        image::encode(&self.state, &mut content);
        let state_len = content.len();
        content.extend(&self.rim);
        let mut out = Vec::with_capacity(HEADER + content.len() + content.len() / BLOCK * 4 + 4);
        out.extend(MAGIC);
        out.extend([0; 8]);
        out.extend(self.check.upto.0.to_le_bytes());
        out.extend(self.check.outcome.to_le_bytes());
        out.extend(self.digest.0.to_le_bytes());
        out.extend(self.chain);
        out.extend((state_len as u64).to_le_bytes());
        out.extend((self.rim.len() as u64).to_le_bytes());
        let crc = crc32c::crc32c(&out[16..]);
        out[8..12].copy_from_slice(&crc.to_le_bytes());
        for block in content.chunks(BLOCK) {
            // The place is part of the checksum, so that no block stands for another.
            let place = (out.len() as u64).to_le_bytes();
            let crc = crc32c::crc32c_append(crc32c::crc32c(&place), block);
            out.extend(crc.to_le_bytes());
            out.extend(block);
        }
        out
    }

    /// Reads the bytes of a file; otherwise says where they are wrong, and what is.
    pub fn decode(bytes: &[u8]) -> Result<Snapshot, (u64, String)> {
        let wrong = |at: usize, what: &str| (at as u64, what.to_owned());
        let Some((header, mut rest)) = bytes.split_first_chunk::<HEADER>() else {
            return Err(wrong(bytes.len(), "the snapshot ends within its header"));
        };
        if header[..7] != MAGIC[..7] {
            return Err(wrong(0, "this is no snapshot"));
        }
        if header[7] != MAGIC[7] {
            let what = format!("the snapshot has format version {}", header[7]);
            return Err((7, what));
        }
        let mut input = Input::new(&header[8..]);
        let field = |error: super::record::RecordError| (8, error.to_string());
        let crc = input.u32().map_err(field)?;
        if crc != crc32c::crc32c(&header[16..]) || input.u32().map_err(field)? != 0 {
            return Err(wrong(8, "the header does not match its checksum"));
        }
        let check = Check {
            upto: CommandSequence(input.u64().map_err(field)?),
            outcome: input.u64().map_err(field)?,
        };
        let digest = StateDigest(u128::from_le_bytes(input.take().map_err(field)?));
        let chain = input.take().map_err(field)?;
        let state_len = input.u64().map_err(field)?;
        let rim_len = input.u64().map_err(field)?;
        let mut content = Vec::with_capacity(rest.len());
        while !rest.is_empty() {
            let at = bytes.len() - rest.len();
            let Some((crc, more)) = rest.split_first_chunk::<4>() else {
                return Err(wrong(at, "the snapshot ends within a block"));
            };
            let (block, more) = more.split_at(more.len().min(BLOCK));
            let place = (at as u64).to_le_bytes();
            if u32::from_le_bytes(*crc) != crc32c::crc32c_append(crc32c::crc32c(&place), block) {
                return Err(wrong(at, "the block does not match its checksum"));
            }
            content.extend(block);
            rest = more;
        }
        if state_len.checked_add(rim_len) != Some(content.len() as u64) {
            return Err(wrong(
                bytes.len(),
                "the snapshot is not as long as its header says",
            ));
        }
        let mut input = Input::new(&content);
        let state = input.bytes(state_len).map_err(field)?;
        let state = image::decode(state).map_err(|error| (HEADER as u64, error.to_string()))?;
        if state.clearing.last_sequence != check.upto {
            return Err(wrong(
                16,
                "the state is not of the command that the header names",
            ));
        }
        Ok(Snapshot {
            state,
            check,
            chain,
            digest,
            rim: input.rest().to_vec(),
        })
    }

    /// Puts the exchange together again, and compares its digest.
    pub fn restore(&self, config: &ExchangeConfig) -> Result<Exchange, String> {
        let exchange = Exchange::restore(config.clone(), &self.state);
        let exchange = exchange.map_err(|error| error.to_string())?;
        let digest = exchange.state_digest();
        if digest != self.digest {
            return Err(format!(
                "its state has the digest {digest}, the snapshot was taken of {}",
                self.digest
            ));
        }
        Ok(exchange)
    }

    /// Writes it to `storage`, durable when this returns.
    pub fn write<S: Storage>(&self, storage: &S) -> Result<(), Fatal> {
        let fail = |action| move |error| Fatal::new(storage.path(UNFINISHED), action, &error);
        let names = storage.list().map_err(fail("list the folder"))?;
        if names.iter().any(|name| name == UNFINISHED) {
            let removed = storage.remove(UNFINISHED);
            removed.map_err(fail("remove what another process left"))?;
        }
        let mut file = storage
            .create(UNFINISHED)
            .map_err(fail("make a snapshot"))?;
        write_all(&mut file, &self.encode(), 0).map_err(fail("write a snapshot"))?;
        file.sync_all().map_err(fail("sync a snapshot"))?;
        let renamed = storage.rename(UNFINISHED, &name(self.check.upto));
        renamed.map_err(fail("name a snapshot"))?;
        storage.sync_names().map_err(fail("sync a snapshot's name"))
    }

    /// Reads the snapshot of this command.
    pub fn read<S: Storage>(storage: &S, upto: CommandSequence) -> Result<Snapshot, Corrupt> {
        let name = name(upto);
        let load = || -> io::Result<Vec<u8>> {
            let file = storage.open(&name)?;
            let len = usize::try_from(file.len()?).map_err(io::Error::other)?;
            let mut bytes = vec![0; len];
            file.read_at(&mut bytes, 0)?;
            Ok(bytes)
        };
        let snapshot = match load() {
            Ok(bytes) => Snapshot::decode(&bytes),
            Err(error) => Err((0, format!("it cannot be read: {error}"))),
        };
        let snapshot = match snapshot {
            Ok(snapshot) if snapshot.check.upto != upto => {
                Err((16, format!("it is of command {}", snapshot.check.upto.0)))
            }
            other => other,
        };
        snapshot.map_err(|(offset, what)| damaged(storage, upto, offset, what))
    }
}

/// The commands of all snapshots there are, the newest first.
pub fn snapshots<S: Storage>(storage: &S) -> Result<Vec<CommandSequence>, Corrupt> {
    let names = storage.list().map_err(|error| Corrupt {
        file: storage.path(""),
        offset: 0,
        what: format!("it cannot be listed: {error}"),
        remedy: "Check the disk and who may read this folder, then start again",
    })?;
    let mut found: Vec<_> = names
        .iter()
        .filter_map(|name| name.strip_prefix(PREFIX)?.parse().ok().map(CommandSequence))
        .collect();
    found.sort_unstable_by(|one, other| other.cmp(one));
    Ok(found)
}

/// Removes the snapshot of this command.
pub(super) fn remove<S: Storage>(storage: &S, upto: CommandSequence) -> Result<(), Fatal> {
    let name = name(upto);
    let fail = |error| Fatal::new(storage.path(&name), "remove an old snapshot", &error);
    storage.remove(&name).map_err(fail)?;
    storage.sync_names().map_err(fail)
}

/// What to say of the snapshot of this command.
pub(super) fn damaged<S: Storage>(
    storage: &S,
    upto: CommandSequence,
    offset: u64,
    what: String,
) -> Corrupt {
    Corrupt {
        file: storage.path(&name(upto)),
        offset,
        what,
        remedy: SKIP,
    }
}

fn name(upto: CommandSequence) -> String {
    format!("{PREFIX}{:020}", upto.0)
}
