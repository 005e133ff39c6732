//! What fuzz targets of the journal do with their bytes.

use std::ops::ControlFlow;

use engine::domain::CommandSequence;
use engine::exchange::Exchange;
use engine::journal::{
    CommandLog, Durability, Entry, FileLog, FileLogOptions, Snapshot, Storage, StorageFile, record,
};

use super::{Commands, Disk, snapshot};
use crate::world::World;

const OPTIONS: FileLogOptions = FileLogOptions {
    segment_bytes: 4096,
    prepares_ahead: false,
    reserve_bytes: 0,
    durability: Durability::Sync,
};
const SEGMENT: &str = "journal-0000000001";
/// How many commands the journal has that is mutated.
const WRITTEN: usize = 40;

/// Bytes read as a record: what decodes has one spelling.
pub fn journal_record(bytes: &[u8]) -> Result<(), String> {
    let Ok((entry, len)) = record::decode(bytes, CommandSequence(1)) else {
        return Ok(());
    };
    let mut again = Vec::new();
    match entry {
        Entry::Command(command) => record::encode(&command, &mut again),
        Entry::Check(check) => record::encode_check(&check, &mut again),
    }
    match again == bytes[..len] {
        true => Ok(()),
        false => Err(format!("{entry:?} is spelt in two ways")),
    }
}

/// Bytes read as a segment, and as changes of a valid one: what is read is what was written, up
/// to some command; and what is read once is read again after the log was opened.
pub fn journal_log(bytes: &[u8]) -> Result<(), String> {
    let disk = Disk::new(0);
    disk.put(SEGMENT, bytes);
    read(&disk)?;
    let (disk, written) = valid();
    mutate(&disk, bytes)?;
    let Some(found) = read(&disk)? else {
        return Ok(());
    };
    match written.starts_with(&found) {
        true => Ok(()),
        false => Err("a changed journal is read as if nothing were".to_owned()),
    }
}

/// Bytes read as a snapshot, and as changes of a valid one whose checksums are made to hold
/// again: no state is taken up but the one that was written.
pub fn journal_snapshot(bytes: &[u8]) -> Result<(), String> {
    // What is no snapshot is refused; nothing else is asked of it.
    let _ = Snapshot::decode(bytes);
    let written = snapshot();
    let mut changed = written.clone();
    changed.rim = bytes.to_vec();
    if Snapshot::decode(&changed.encode()).as_ref() != Ok(&changed) {
        return Err("a snapshot is not read as it was written".to_owned());
    }
    let mut file = written.encode();
    change(&mut file, bytes);
    let sound = checksums(&mut file);
    let Some(Ok(found)) = sound.then(|| Snapshot::decode(&file)) else {
        return Ok(());
    };
    let config = World::tight().config;
    match found.restore(&config) {
        Ok(exchange) if found.digest == written.digest && found.state != written.state => {
            Err(format!(
                "another state has the same digest {}",
                exchange.state_digest()
            ))
        }
        Ok(exchange) => exchange.verify().map_err(|what| what.to_string()),
        // Refused by what it says or by its digest; a state that cannot be is no panic either.
        Err(_) => {
            let _ = Exchange::restore(config, &found.state).map(|it| it.verify());
            Ok(())
        }
    }
}

/// All entries, if the log can be read; an error if reading it again says otherwise.
fn read(disk: &Disk) -> Result<Option<Vec<Entry>>, String> {
    let all = |found: &mut Vec<Entry>| {
        FileLog::read(disk, CommandSequence(1), &mut |entry| {
            found.push(entry);
            ControlFlow::Continue(())
        })
    };
    let mut found = Vec::new();
    if all(&mut found).is_err() {
        return Ok(None);
    }
    let opened = FileLog::open(disk.clone(), OPTIONS);
    let (mut log, _) = opened.map_err(|what| format!("it was read, but: {what}"))?;
    let next = found.iter().rev().find_map(|entry| match entry {
        Entry::Command(command) => Some(command.sequence.next()),
        Entry::Check(_) => None,
    });
    let next = next.unwrap_or(CommandSequence(1));
    if let Some(mut command) = Commands::new(9).next() {
        command.sequence = next;
        let appended = log.append(&[command]);
        appended.map_err(|what| format!("it was opened, but: {what}"))?;
        found.push(Entry::Command(command));
    }
    let mut again = Vec::new();
    all(&mut again).map_err(|what| format!("it was appended to, but: {what}"))?;
    if again != found {
        return Err("it is read differently after it was opened".to_owned());
    }
    found.pop();
    Ok(Some(found))
}

/// A valid journal, and what is in it.
fn valid() -> (Disk, Vec<Entry>) {
    let disk = Disk::new(0);
    let commands = Commands::new(1).batch(WRITTEN);
    let (mut log, _) = FileLog::open(disk.clone(), OPTIONS).expect("invariant: the disk is sound");
    for batch in commands.chunks(9) {
        log.append(batch).expect("invariant: the disk is sound");
    }
    (disk, commands.into_iter().map(Entry::Command).collect())
}

/// Changes the journal on `disk` as `bytes` say.
fn mutate(disk: &Disk, bytes: &[u8]) -> Result<(), String> {
    let mut content = disk.content(SEGMENT);
    change(&mut content, bytes);
    let mut file = disk.open(SEGMENT).map_err(|what| what.to_string())?;
    let written = file.write_at(&content, 0);
    written.map(|_| ()).map_err(|what| what.to_string())
}

/// Changes `content` as `bytes` say: four are a place, what is done there, and with what.
fn change(content: &mut [u8], bytes: &[u8]) {
    for &[low, high, kind, value] in bytes.as_chunks::<4>().0.iter().take(16) {
        let at = usize::from(u16::from_le_bytes([low, high])) % content.len();
        match kind % 4 {
            0 => content[at] ^= value.max(1),
            1 => content[at] = value,
            2 => content[at..].fill(0),
            _ => {
                let from = usize::from(value) * 8 % content.len();
                let len = 64.min(content.len() - at).min(content.len() - from);
                content.copy_within(from..from + len, at);
            }
        }
    }
}

/// Makes the checksums of a snapshot of one block hold; whether it still has its shape.
fn checksums(file: &mut [u8]) -> bool {
    const HEADER: usize = 96;
    if file.len() < HEADER + 4 {
        return false;
    }
    let crc = crc32c::crc32c(&file[16..HEADER]);
    file[8..12].copy_from_slice(&crc.to_le_bytes());
    let place = crc32c::crc32c(&(HEADER as u64).to_le_bytes());
    let crc = crc32c::crc32c_append(place, &file[HEADER + 4..]);
    file[HEADER..HEADER + 4].copy_from_slice(&crc.to_le_bytes());
    true
}
