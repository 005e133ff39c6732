//! Who is tied, in a file of the data directory: a line a change, `+` or `-` and an account.
//!
//! Folded and written anew when it is opened, so that it holds one life's changes at most; and
//! again whenever it has many more lines than there are accounts tied.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use engine::domain::AccountId;

use crate::hub::TieLog;

const FILE: &str = "cancel-on-disconnect";
/// How many lines more than accounts are borne with.
const SLACK: usize = 4_096;

/// The file.
pub(super) struct TieFile {
    folder: PathBuf,
    file: File,
    /// Whether it must outlive the power, not the process alone.
    syncs: bool,
    tied: BTreeSet<AccountId>,
    lines: usize,
}

impl TieFile {
    /// Opens the file of `folder` and says who was tied when it was last written.
    pub(super) fn open(folder: &Path, syncs: bool) -> io::Result<(TieFile, BTreeSet<AccountId>)> {
        let before = match fs::read_to_string(folder.join(FILE)) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
            Err(error) => return Err(error),
        };
        let tied = fold(&before)?;
        let mut ties = TieFile {
            folder: folder.to_owned(),
            file: write_anew(folder, &tied, syncs)?,
            syncs,
            lines: tied.len(),
            tied,
        };
        ties.file.flush()?;
        let left = ties.tied.clone();
        Ok((ties, left))
    }

    fn append(&mut self, line: &str) -> io::Result<()> {
        self.file.write_all(line.as_bytes())?;
        if self.syncs {
            self.file.sync_data()?;
        }
        self.lines += 1;
        if self.lines > self.tied.len() + SLACK {
            self.file = write_anew(&self.folder, &self.tied, self.syncs)?;
            self.lines = self.tied.len();
        }
        Ok(())
    }
}

impl TieLog for TieFile {
    fn tie(&mut self, account: AccountId) -> io::Result<()> {
        self.tied.insert(account);
        self.append(&format!("+{}\n", account.0))
            .inspect_err(|error| {
                self.tied.remove(&account);
                tracing::error!(%error, "cannot write down whose orders go with a connection");
            })
    }

    fn untie(&mut self, account: AccountId) {
        self.tied.remove(&account);
        if let Err(error) = self.append(&format!("-{}\n", account.0)) {
            tracing::error!(%error, "cannot write down whose orders go with no connection");
        }
    }
}

/// Who is tied after all lines. The last line may be cut off: whoever wrote it told nobody.
fn fold(text: &str) -> io::Result<BTreeSet<AccountId>> {
    let mut tied = BTreeSet::new();
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    for line in whole.lines() {
        let change = line.split_at_checked(1);
        let change = change.and_then(|(sign, number)| Some((sign, number.parse().ok()?)));
        match change {
            Some(("+", account)) => tied.insert(AccountId(account)),
            Some(("-", account)) => tied.remove(&AccountId(account)),
            _ => {
                let what = format!("{FILE}: {line:?} is no change");
                return Err(io::Error::new(ErrorKind::InvalidData, what));
            }
        };
    }
    Ok(tied)
}

/// Puts a file of a line an account in the place of the one that is there.
fn write_anew(folder: &Path, tied: &BTreeSet<AccountId>, syncs: bool) -> io::Result<File> {
    let unfinished = folder.join("unfinished-cancel-on-disconnect");
    let mut file = File::create(&unfinished)?;
    let lines: String = tied.iter().map(|it| format!("+{}\n", it.0)).collect();
    file.write_all(lines.as_bytes())?;
    if syncs {
        file.sync_all()?;
    }
    fs::rename(&unfinished, folder.join(FILE))?;
    if syncs {
        File::open(folder)?.sync_all()?;
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a test may stop at what it did not expect

    use super::*;

    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Folder {
            let name = format!("exchange-ties-{name}-{}", std::process::id());
            let folder = std::env::temp_dir().join(name);
            fs::create_dir_all(&folder).unwrap();
            Folder(folder)
        }

        fn open(&self) -> (TieFile, Vec<u32>) {
            let (file, left) = TieFile::open(&self.0, true).unwrap();
            (file, left.into_iter().map(|it| it.0).collect())
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn who_was_tied_is_known_to_the_next_process() {
        let folder = Folder::new("next");
        let (mut ties, left) = folder.open();
        assert!(left.is_empty());
        for account in [3, 1, 2] {
            ties.tie(AccountId(account)).unwrap();
        }
        ties.untie(AccountId(1));
        drop(ties);
        let (mut ties, left) = folder.open();
        assert_eq!(left, [2, 3]);
        ties.untie(AccountId(2));
        drop(ties);
        assert_eq!(folder.open().1, [3]);
    }

    #[test]
    fn a_line_that_was_cut_off_counts_for_nothing_and_another_is_an_error() {
        let folder = Folder::new("cut");
        fs::write(folder.0.join(FILE), "+1\n+22\n+3").unwrap();
        assert_eq!(folder.open().1, [1, 22]);
        fs::write(folder.0.join(FILE), "+1\n*2\n").unwrap();
        assert!(TieFile::open(&folder.0, false).is_err());
    }

    #[test]
    fn the_file_stays_short() {
        let folder = Folder::new("short");
        let (mut ties, _) = folder.open();
        ties.tie(AccountId(7)).unwrap();
        for _ in 0..SLACK {
            ties.tie(AccountId(8)).unwrap();
            ties.untie(AccountId(8));
        }
        let text = fs::read_to_string(folder.0.join(FILE)).unwrap();
        assert!(
            text.lines().count() <= SLACK + 2,
            "{}",
            text.lines().count()
        );
        drop(ties);
        assert_eq!(folder.open().1, [7]);
    }
}
